//! One partition: what is committed, what each copy has, and who leads.

use super::shadow::{Copy, Known, Shadow};
use super::terms::{ACKS_ONE, POWER};
use super::{Promise, Witness};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Acks, Brokers, Truncation};
use std::collections::{BTreeMap, VecDeque};

/// So many epochs back two leaders in one are noticed.
const EPOCHS: usize = 64;

/// What did not hold, and why it is not promised where that is known on the spot.
pub(super) type Found = Vec<(Promise, Witness, Option<&'static str>)>;

/// What is known of a partition.
#[derive(Clone, Debug, Default)]
pub(super) struct Partition {
    /// Which making of its topic is watched: facts of an earlier one are passed over.
    pub incarnation: Option<u32>,
    pub shadow: Shadow,
    pub copies: Vec<Copy>,
    /// As the controller has it; `None` where a broker is alone.
    pub state: Option<State>,
    /// Who was in sync or eligible before the last change of leaders.
    pub candidates: Brokers,
    /// Why the next leader may lack committed records.
    pub pardon: Option<&'static str>,
    /// Why committed records may have been lost.
    pub lost: Option<&'static str>,
    leaders: BTreeMap<i32, NodeId>,
    /// What was acknowledged with `acks=1` and is not committed yet.
    acked: VecDeque<Known>,
    /// Consumers have read up to here.
    read_to: i64,
}

/// What the controller says of a partition.
#[derive(Clone, Copy, Debug)]
pub(super) struct State {
    pub replicas: Brokers,
    pub leader: Option<NodeId>,
    pub leader_epoch: i32,
    pub partition_epoch: i32,
    pub isr: Brokers,
    pub elr: Brokers,
}

/// Notes who leads in an epoch. Returns who led in it before, if that is another.
pub(super) fn leads_in(
    leaders: &mut BTreeMap<i32, NodeId>,
    epoch: i32,
    who: NodeId,
) -> Option<NodeId> {
    let first = *leaders.entry(epoch).or_insert(who);
    if leaders.len() > EPOCHS {
        leaders.pop_first();
    }
    (first != who).then_some(first)
}

impl Partition {
    /// Somebody speaks of this making of the topic. Whether it is the one that is watched: a later
    /// one is from now on.
    pub fn meet(&mut self, incarnation: u32) -> bool {
        if self.incarnation.is_none() {
            // What a broker alone has from the beginning nobody told of.
            self.incarnation = Some(incarnation);
            for copy in &mut self.copies {
                copy.incarnation = self.incarnation;
            }
        }
        if self.incarnation < Some(incarnation) {
            *self = Self {
                incarnation: Some(incarnation),
                ..Self::default()
            };
        }
        self.incarnation == Some(incarnation)
    }

    fn place(&self, broker: NodeId) -> Option<usize> {
        self.copies.iter().position(|copy| copy.broker == broker)
    }

    /// A broker's copy, if it is of the making that is watched.
    pub fn copy(&self, broker: NodeId) -> Option<&Copy> {
        let copy = &self.copies[self.place(broker)?];
        (copy.incarnation == self.incarnation).then_some(copy)
    }

    /// The number of a broker's copy; a new one if it never spoke. `None` if it is of another making
    /// of the topic.
    fn speaking(&mut self, broker: NodeId) -> Option<usize> {
        let place = self.place(broker).unwrap_or_else(|| {
            self.copies.push(Copy::new(broker, None));
            self.copies.len() - 1
        });
        (self.copies[place].incarnation == self.incarnation).then_some(place)
    }

    /// A broker begins to lead or to follow. Returns the number of its copy, as
    /// [`Partition::speaking`].
    fn begins(&mut self, broker: NodeId, incarnation: u32, epoch: i32) -> Option<usize> {
        let watched = self.meet(incarnation);
        self.speaking(broker);
        let place = self.place(broker)?;
        let copy = &mut self.copies[place];
        if copy.incarnation != Some(incarnation) {
            *copy = Copy::new(broker, Some(incarnation));
        }
        copy.epoch = copy.epoch.max(epoch);
        watched.then_some(place)
    }

    /// Whether the controller has named a later leader than this copy knows of.
    fn is_stale(&self, copy: &Copy) -> bool {
        self.state.is_some_and(|s| s.leader_epoch > copy.epoch)
    }

    /// A leader appended.
    pub fn appended(&mut self, at: TopicPartition, broker: NodeId, batch: Known, no: &mut Found) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        if let Some(other) = leads_in(&mut self.leaders, batch.epoch, broker) {
            let witness = Witness::Leaders(Some(at), batch.epoch, other, broker);
            no.push((Promise::OneLeader, witness, None));
        }
        take(&mut self.copies[place], at, batch, no);
    }

    /// A follower took what a leader appended.
    pub fn replicated(&mut self, at: TopicPartition, broker: NodeId, batch: Known, no: &mut Found) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        // An epoch and an offset are one record, committed or not.
        let writer = self.leaders.get(&batch.epoch).copied();
        let writer = writer.and_then(|writer| self.copy(writer));
        let written = writer.and_then(|writer| writer.at(batch.base, &self.shadow));
        if written.is_some_and(|written| written.epoch == batch.epoch && *written != batch) {
            let witness = Witness::Replica(broker, at, batch.base);
            no.push((Promise::ReplicasAgree, witness, None));
        }
        take(&mut self.copies[place], at, batch, no);
    }

    /// A leader raised its high watermark.
    pub fn committed(&mut self, at: TopicPartition, broker: NodeId, offset: i64, no: &mut Found) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        let copy = &mut self.copies[place];
        let before = std::mem::replace(&mut copy.high_watermark, offset);
        if offset < before || offset > copy.end {
            let witness = Witness::Offset(at, before, offset);
            no.push((Promise::HighWatermark, witness, None));
        }
        if let Some(differs) = copy.settle(&self.shadow, offset) {
            let witness = Witness::Replica(broker, at, differs);
            return no.push((Promise::ReplicasAgree, witness, None));
        }
        // Beside a leader that was elected uncleanly an old one commits what nobody will keep.
        if self.lost.is_some() && self.is_stale(&self.copies[place]) {
            return;
        }
        if offset > self.shadow.end() {
            self.copies[place].commit(&mut self.shadow, offset);
            self.check_acked(at, no);
        }
        if let Some(state) = self.state {
            let others = state.isr.iter().filter(|&member| member != broker);
            self.check_complete(at, others, offset, no);
        }
    }

    /// Whoever of `members` lost no power has what is committed below `upto`.
    pub fn check_complete(
        &mut self,
        at: TopicPartition,
        members: impl Iterator<Item = NodeId>,
        upto: i64,
        no: &mut Found,
    ) {
        if self.pardon.is_some() {
            return;
        }
        for member in members {
            let known = self.copy(member).is_some();
            let lacks = match self.place(member).filter(|_| known) {
                None => (upto > 0).then_some(0),
                Some(place) => {
                    let copy = &mut self.copies[place];
                    let short = (copy.end < upto).then_some(copy.end);
                    let lacks = copy.settle(&self.shadow, upto).or(short);
                    lacks.filter(|_| !copy.is_powerless())
                }
            };
            if let Some(offset) = lacks {
                let witness = Witness::Replica(member, at, offset);
                no.push((Promise::InSyncComplete, witness, None));
            }
        }
    }

    /// A follower learned that what is below `offset` is committed.
    pub fn learned(&mut self, at: TopicPartition, broker: NodeId, offset: i64, no: &mut Found) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        if self.lost.is_some() && self.is_stale(&self.copies[place]) {
            return;
        }
        if offset > self.shadow.end() {
            let witness = Witness::Offset(at, self.shadow.end(), offset);
            no.push((Promise::HighWatermark, witness, None));
        }
        if let Some(differs) = self.copies[place].settle(&self.shadow, offset) {
            let witness = Witness::Replica(broker, at, differs);
            no.push((Promise::ReplicasAgree, witness, None));
        }
    }

    /// A broker leads in `epoch`, with a log up to `end` and this high watermark.
    pub fn leads(
        &mut self,
        at: TopicPartition,
        broker: NodeId,
        (incarnation, epoch): (u32, i32),
        (end, high_watermark): (i64, i64),
        no: &mut Found,
    ) {
        let anew = self.copy(broker).is_none_or(|copy| copy.epoch < epoch);
        let Some(place) = self.begins(broker, incarnation, epoch) else {
            return;
        };
        if let Some(other) = leads_in(&mut self.leaders, epoch, broker) {
            let witness = Witness::Leaders(Some(at), epoch, other, broker);
            no.push((Promise::OneLeader, witness, None));
        }
        if anew {
            self.copies[place].high_watermark = high_watermark;
        }
        if self.copies[place].end != end {
            let witness = Witness::Offset(at, self.copies[place].end, end);
            no.push((Promise::Immutable, witness, None));
        }
        if self.is_stale(&self.copies[place]) {
            return;
        }
        let differs = self.copies[place].settle(&self.shadow, i64::MAX);
        if differs.is_some() || end < self.shadow.end() {
            self.lose(at, place, no);
        }
        // Deposed, it may have committed what was passed over then, and is elected again.
        if self.lost.is_some() && high_watermark > self.shadow.end() {
            self.copies[place].commit(&mut self.shadow, high_watermark);
        }
        self.pardon = None;
        let leader = &self.copies[place];
        self.acked.retain(|batch| {
            let kept = leader.has(batch, &self.shadow);
            if !kept {
                let witness = Witness::Replica(broker, at, batch.base);
                no.push((Promise::AcknowledgedReadable, witness, Some(ACKS_ONE)));
            }
            kept
        });
    }

    /// What the new leader lacks of what was committed is gone.
    fn lose(&mut self, at: TopicPartition, leader: usize, no: &mut Found) {
        let (broker, from) = (self.copies[leader].broker, self.copies[leader].settled());
        let powerless = |broker| self.copy(broker).is_some_and(Copy::is_powerless);
        let all_lost = match self.state {
            Some(_) => !self.candidates.is_empty() && self.candidates.iter().all(powerless),
            None => powerless(broker),
        };
        let because = self.pardon.or(all_lost.then_some(POWER));
        let witness = Witness::Replica(broker, at, from);
        no.push((Promise::CommittedKept, witness, because));
        if self.read_to > from {
            no.push((Promise::StableReads, witness, because));
        }
        self.read_to = self.read_to.min(from);
        for copy in &mut self.copies {
            copy.unsettle(&self.shadow, from);
        }
        self.shadow.cut(from);
        self.lost = self.lost.or(because);
        self.copies[leader].forget_power();
    }

    /// A broker follows in `epoch`.
    pub fn follows(&mut self, broker: NodeId, incarnation: u32, epoch: i32) {
        self.begins(broker, incarnation, epoch);
    }

    /// A copy that ended at `from` ends at `to`.
    pub fn truncated(
        &mut self,
        at: TopicPartition,
        broker: NodeId,
        (from, to): (i64, i64),
        why: Truncation,
        no: &mut Found,
    ) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        let copy = &mut self.copies[place];
        if copy.end != from {
            let witness = Witness::Offset(at, copy.end, from);
            no.push((Promise::Immutable, witness, None));
        }
        match why {
            Truncation::Unflushed => {
                copy.lose_power(to);
                // A broker alone leads on in its epoch, with what its disk kept.
                copy.high_watermark = copy.high_watermark.min(to);
            }
            Truncation::OutOfRange => copy.begin_at(to),
            Truncation::Diverged => {
                copy.cut(to);
                let member = |s: State| s.isr.has(broker) || s.elr.has(broker);
                if self.state.is_some_and(member) {
                    let upto = self.shadow.end();
                    self.check_complete(at, std::iter::once(broker), upto, no);
                }
            }
        }
    }

    /// Records below this are deleted, at one copy at least: committed, and too old or too many.
    pub fn deleted_below(&self) -> i64 {
        let starts = self.copies.iter().map(|copy| copy.start);
        starts.max().unwrap_or(0)
    }

    /// A copy that began at `from` begins at `to`: only what is committed is deleted, and a log start
    /// never goes back.
    pub fn start_moved(
        &mut self,
        at: TopicPartition,
        broker: NodeId,
        (from, to): (i64, i64),
        no: &mut Found,
    ) {
        let Some(place) = self.speaking(broker) else {
            return;
        };
        let copy = &mut self.copies[place];
        if from < copy.start || to < from || to > copy.end {
            let witness = Witness::Offset(at, copy.start.max(from), to);
            no.push((Promise::HighWatermark, witness, None));
        }
        copy.start = to;
        if to > self.shadow.end() && self.lost.is_none() {
            let witness = Witness::Offset(at, self.shadow.end(), to);
            no.push((Promise::CommittedKept, witness, None));
        }
    }

    /// A broker keeps nothing of it any more.
    pub fn dropped(&mut self, broker: NodeId) {
        self.copies.retain(|copy| copy.broker != broker);
    }

    /// A producer was told by `leader` that its batch is at `base`.
    pub fn acknowledged(
        &mut self,
        at: TopicPartition,
        (leader, acks): (NodeId, Acks),
        (base, records): (i64, u32),
        no: &mut Found,
    ) {
        let next = base + i64::from(records);
        if next <= self.shadow.end() {
            let there = self.shadow.at(base).is_some_and(|b| b.next() == next);
            if !there && !self.shadow.forgot(base) {
                let because = (acks == Acks::One).then_some(ACKS_ONE);
                let witness = Witness::Replica(leader, at, base);
                no.push((Promise::AcknowledgedReadable, witness, because));
            }
            return;
        }
        if acks != Acks::One {
            let witness = Witness::Offset(at, next, self.shadow.end());
            return no.push((Promise::AcknowledgedReadable, witness, None));
        }
        let copy = self.copy(leader);
        let batch = copy.and_then(|copy| copy.at(base, &self.shadow)).copied();
        let now = self.state.and_then(|state| state.leader);
        let now = now.and_then(|leader| self.copy(leader));
        let kept = match (batch, now) {
            (Some(batch), Some(now)) => now.has(&batch, &self.shadow),
            (batch, _) => batch.is_some(),
        };
        if let Some(batch) = batch.filter(|_| kept) {
            let place = self.acked.partition_point(|acked| acked.base < base);
            return self.acked.insert(place, batch);
        }
        // A leader that was never cut back has what it says it has.
        let excused = copy.is_none_or(|copy| copy.was_cut) || batch.is_some();
        let witness = Witness::Replica(leader, at, base);
        let because = excused.then_some(ACKS_ONE);
        no.push((Promise::AcknowledgedReadable, witness, because));
    }

    /// More is committed: it must be what was acknowledged there.
    fn check_acked(&mut self, at: TopicPartition, no: &mut Found) {
        while let Some(&batch) = self.acked.front() {
            if batch.base >= self.shadow.end() {
                return;
            }
            self.acked.pop_front();
            if !self.shadow.has(&batch) {
                let witness = Witness::Record(at, batch.base);
                no.push((Promise::AcknowledgedReadable, witness, Some(ACKS_ONE)));
            }
        }
    }

    /// A consumer read from `first` up to `next`, out of batches of this fingerprint.
    pub fn read(
        &mut self,
        at: TopicPartition,
        (first, next): (i64, i64),
        fingerprint: u64,
        no: &mut Found,
    ) {
        self.read_to = self.read_to.max(next);
        if next > self.shadow.end() {
            let witness = Witness::Offset(at, self.shadow.end(), next);
            return no.push((Promise::StableReads, witness, None));
        }
        let there = self.shadow.since(first).take_while(|b| b.base < next);
        let there = crate::protocol::fingerprint(there.map(|b| (b.base, b.crc)));
        if there != fingerprint && !self.shadow.forgot(first) {
            no.push((Promise::StableReads, Witness::Record(at, first), None));
        }
    }
}

/// A copy grows by a batch.
fn take(copy: &mut Copy, at: TopicPartition, batch: Known, no: &mut Found) {
    if copy.end != batch.base {
        let witness = Witness::Offset(at, copy.end, batch.base);
        no.push((Promise::DenseOffsets, witness, None));
        copy.cut(batch.base.min(copy.end));
    }
    if batch.epoch < copy.last_epoch() {
        let witness = Witness::Replica(copy.broker, at, batch.base);
        no.push((Promise::ReplicasAgree, witness, None));
    }
    copy.append(batch);
}
