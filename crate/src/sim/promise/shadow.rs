//! What is known of logs: of what is committed, once for all copies, and of each copy what lies
//! above that.

use crate::id::NodeId;
use crate::log::Batch;
use crate::pile::Pile;
use std::collections::VecDeque;

/// Committed batches of a partition that are known one by one; what is older is forgotten when there
/// are twice as many.
const KEPT: usize = 1 << 15;

/// A batch, as far as one must know it to know it again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Known {
    pub base: i64,
    pub records: u32,
    pub crc: u32,
    /// The leader epoch in which it was appended first.
    pub epoch: i32,
}

impl Known {
    pub fn of(batch: &Batch) -> Self {
        Self {
            base: batch.base_offset,
            records: (batch.next_offset() - batch.base_offset) as u32,
            crc: batch.crc(),
            epoch: batch.leader_epoch,
        }
    }

    /// The offset after its last.
    pub fn next(&self) -> i64 {
        self.base + i64::from(self.records)
    }
}

/// What is committed.
#[derive(Clone, Debug, Default)]
pub(super) struct Shadow {
    batches: Pile<Known>,
    /// Batches before this are forgotten.
    from: i64,
    end: i64,
}

impl Shadow {
    /// Records below this are committed.
    pub fn end(&self) -> i64 {
        self.end
    }

    /// Whether what is committed at this offset is not known any more.
    pub fn forgot(&self, offset: i64) -> bool {
        offset < self.from
    }

    pub fn push(&mut self, batch: Known) {
        if self.batches.len() == 2 * KEPT {
            let mut kept = Pile::default();
            for &known in self.batches.range(KEPT..2 * KEPT) {
                kept.push(known);
            }
            self.from = kept.get(0).map_or(self.end, |first: &Known| first.base);
            self.batches = kept;
        }
        self.end = batch.next();
        self.batches.push(batch);
    }

    /// The number of the first batch that ends after `offset`.
    fn place(&self, offset: i64) -> usize {
        let all = 0..self.batches.len();
        self.batches
            .partition_point(all, |batch| batch.next() <= offset)
    }

    /// The batches that hold records from `offset` on, as far as they are known.
    pub fn since(&self, offset: i64) -> impl Iterator<Item = &Known> {
        self.batches.range(self.place(offset)..self.batches.len())
    }

    /// The batch that begins at `base`, if there is one and it is known.
    pub fn at(&self, base: i64) -> Option<&Known> {
        let found = self.batches.get(self.place(base));
        found.filter(|batch| batch.base == base)
    }

    /// Whether this batch is what is committed in its place, as far as that is known.
    pub fn has(&self, batch: &Known) -> bool {
        self.forgot(batch.base) || self.at(batch.base) == Some(batch)
    }

    /// What was committed from `to` on is lost.
    pub fn cut(&mut self, to: i64) {
        self.batches.truncate(self.place(to));
        self.end = to;
        self.from = self.from.min(to);
    }
}

/// A replica's log.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub broker: NodeId,
    /// Which making of the topic it is of.
    pub incarnation: Option<u32>,
    /// The epoch it leads or follows in.
    pub epoch: i32,
    /// Where it begins: what was before is deleted.
    pub start: i64,
    pub end: i64,
    /// The high watermark it told as the leader of this epoch.
    pub high_watermark: i64,
    /// Below this it was compared with what is committed.
    settled: i64,
    /// The batches from there on.
    tail: VecDeque<Known>,
    /// Where it ended when its machine lost power, until it has as much again and all that is
    /// committed: its leader may count it as having that. 0 if it lost none.
    lost_power: i64,
    /// It was cut off once.
    pub was_cut: bool,
}

impl Copy {
    pub fn new(broker: NodeId, incarnation: Option<u32>) -> Self {
        Self {
            broker,
            incarnation,
            epoch: -1,
            start: 0,
            end: 0,
            high_watermark: 0,
            settled: 0,
            tail: VecDeque::new(),
            lost_power: 0,
            was_cut: false,
        }
    }

    /// The offset from which it is not known to have what is committed.
    pub fn settled(&self) -> i64 {
        self.settled
    }

    /// The epoch of its last batch that is known.
    pub fn last_epoch(&self) -> i32 {
        self.tail.back().map_or(-1, |batch| batch.epoch)
    }

    pub fn append(&mut self, batch: Known) {
        self.end = batch.next();
        self.tail.push_back(batch);
    }

    /// The batch that begins at `base`, if it has one and it is known.
    pub fn at<'a>(&'a self, base: i64, shadow: &'a Shadow) -> Option<&'a Known> {
        if base < self.settled {
            return shadow.at(base);
        }
        let place = self.tail.binary_search_by_key(&base, |batch| batch.base);
        place.ok().map(|place| &self.tail[place])
    }

    /// Whether it has this very batch, as far as one knows.
    pub fn has(&self, batch: &Known, shadow: &Shadow) -> bool {
        if batch.base < self.settled {
            return shadow.has(batch);
        }
        self.at(batch.base, shadow) == Some(batch)
    }

    /// Compares what it has below `upto` with what is committed, each batch once. Returns the offset
    /// of the first that differs.
    pub fn settle(&mut self, shadow: &Shadow, upto: i64) -> Option<i64> {
        let upto = upto.min(shadow.end());
        while let Some(&batch) = self.tail.front().filter(|batch| batch.next() <= upto) {
            if !shadow.has(&batch) {
                return Some(batch.base);
            }
            self.tail.pop_front();
            self.settled = batch.next();
        }
        if self.settled >= shadow.end() && self.end >= self.lost_power {
            self.lost_power = 0;
        }
        None
    }

    /// As the leader: what it has below `upto` is committed now.
    pub fn commit(&mut self, shadow: &mut Shadow, upto: i64) {
        while let Some(&batch) = self.tail.front().filter(|batch| batch.next() <= upto) {
            shadow.push(batch);
            self.tail.pop_front();
            self.settled = batch.next();
        }
        self.lost_power = 0;
    }

    /// Its machine lost power: it ends at `to` now.
    pub fn lose_power(&mut self, to: i64) {
        self.lost_power = self.lost_power.max(self.end);
        self.cut(to);
    }

    /// Whether it lost records with its machine's power that it has not fetched again.
    pub fn is_powerless(&self) -> bool {
        self.lost_power > 0
    }

    /// Whatever it lost, what it has counts: it leads.
    pub fn forget_power(&mut self) {
        self.lost_power = 0;
    }

    /// What is committed will end at `to`: it keeps what it has from there on to itself.
    pub fn unsettle(&mut self, shadow: &Shadow, to: i64) {
        let ours = shadow.since(to).filter(|b| b.next() <= self.settled);
        let ours: Vec<Known> = ours.copied().collect();
        for &batch in ours.iter().rev() {
            self.tail.push_front(batch);
        }
        self.settled = self.settled.min(to);
    }

    /// It lost what it had from `to` on.
    pub fn cut(&mut self, to: i64) {
        while self.tail.back().is_some_and(|batch| batch.next() > to) {
            self.tail.pop_back();
        }
        self.settled = self.settled.min(to);
        self.end = to;
        // Cut before its beginning, it begins anew there.
        self.start = self.start.min(to);
        self.was_cut = true;
    }

    /// It begins anew at `offset`, as its leader has nothing as old as its end was.
    pub fn begin_at(&mut self, offset: i64) {
        self.tail.clear();
        self.settled = offset;
        self.start = offset;
        self.end = offset;
        self.was_cut = true;
    }

    /// Every batch it is known to have, from where what is committed is known.
    pub fn known<'a>(&'a self, shadow: &'a Shadow) -> impl Iterator<Item = &'a Known> {
        let settled = shadow.since(shadow.from);
        let settled = settled.take_while(|batch| batch.next() <= self.settled);
        let tail = self.tail.iter().filter(|batch| !shadow.forgot(batch.base));
        settled.chain(tail)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_committed_is_remembered_so_far_and_no_further() {
        let batch = |n: i64| Known {
            base: n,
            records: 1,
            crc: n as u32,
            epoch: 0,
        };
        let mut shadow = Shadow::default();
        let mut copy = Copy::new(NodeId(0), None);
        let many = 200_000;
        for n in 0..many {
            copy.append(batch(n));
            copy.commit(&mut shadow, n + 1);
        }
        assert_eq!(shadow.end(), many);
        assert!(shadow.forgot(0) && !shadow.forgot(many - 1_000));
        assert!(shadow.since(0).count() < 70_000);
        assert_eq!(shadow.at(many - 1), Some(&batch(many - 1)));
        // What is lost for all a copy may keep for itself.
        copy.unsettle(&shadow, many - 3);
        shadow.cut(many - 3);
        assert_eq!((shadow.end(), copy.settled()), (many - 3, many - 3));
        assert!(copy.has(&batch(many - 1), &shadow) && !shadow.has(&batch(many - 1)));
    }
}
