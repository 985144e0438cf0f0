//! Which leader epoch began at which offset of a replica's log, and what a follower cuts off when
//! its leader's history differs from its own.
//!
//! Offsets are in records, epochs count a partition's leaders. In Kafka: `LeaderEpochFileCache`,
//! `AbstractFetcherThread.getOffsetTruncationState` and `Partition.readRecords`, by KIP-101 (the
//! history instead of the high watermark), KIP-279 (ask again where the follower does not know the
//! epoch it is told of) and KIP-595 (the leader tells of a divergence in its answer to a fetch).

use serde::{Deserialize, Serialize};

/// Stands for "no epoch" on the wire (`UNDEFINED_EPOCH`): a sender that tracks none.
pub const UNDEFINED_EPOCH: i32 = -1;

/// The history of a log's leaders: epochs and the offset of the first record of each, both rising.
/// A handful of entries, so a clone costs little.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct LeaderEpochs {
    entries: Vec<(i32, i64)>,
}

impl LeaderEpochs {
    /// Epochs and their start offsets, oldest first.
    #[must_use]
    pub fn entries(&self) -> &[(i32, i64)] {
        &self.entries
    }

    /// Notes that `epoch` begins at the offset `start`. Nothing changes when that epoch is the latest
    /// one already and began there or before. Otherwise entries at the end that contradict the new
    /// one (an epoch as high, or a start as late) go first, so that both columns rise.
    ///
    /// # Panics
    /// On a negative epoch or offset, as `LeaderEpochFileCache.assign` throws.
    pub fn assign(&mut self, epoch: i32, start: i64) {
        assert!(
            epoch >= 0 && start >= 0,
            "invalid partition leader epoch entry ({epoch}, {start})"
        );
        if let Some((latest, from)) = self.latest()
            && latest == epoch
            && from <= start
        {
            return;
        }
        while self
            .latest()
            .is_some_and(|(latest, from)| latest >= epoch || from >= start)
        {
            self.entries.pop();
        }
        self.entries.push((epoch, start));
    }

    /// The latest epoch that has records, and where it began.
    #[must_use]
    pub fn latest(&self) -> Option<(i32, i64)> {
        self.entries.last().copied()
    }

    /// The earliest epoch that still has records, and where what is left of it begins.
    #[must_use]
    pub fn earliest(&self) -> Option<(i32, i64)> {
        self.entries.first().copied()
    }

    /// The largest epoch that is not above `requested`, and the offset where it ended: where the next
    /// one began, or `log_end_offset` for the latest. Below the first entry it is `requested` itself
    /// with the first start, for the records of that time are gone. `None`, which is `(-1, -1)` on the
    /// wire, for [`UNDEFINED_EPOCH`] and for epochs above the latest.
    #[must_use]
    pub fn end_offset_for(&self, requested: i32, log_end_offset: i64) -> Option<(i32, i64)> {
        let (latest, _) = self.latest()?;
        if requested == UNDEFINED_EPOCH {
            return None;
        }
        if requested == latest {
            return Some((requested, log_end_offset));
        }
        let after = self.number_up_to(requested);
        let &(_, end) = self.entries.get(after)?;
        let epoch = match after.checked_sub(1) {
            Some(floor) => self.entries[floor].0,
            None => requested,
        };
        Some((epoch, end))
    }

    /// Forgets the epochs that began at `offset` or later, as the log is cut there. A negative offset
    /// stands for none and changes nothing.
    pub fn truncate_from_end(&mut self, offset: i64) {
        if offset >= 0 {
            let kept = self.entries.partition_point(|&(_, start)| start < offset);
            self.entries.truncate(kept);
        }
    }

    /// Forgets the epochs that ended before `offset`, as the log now begins there; the one that has
    /// `offset` begins at it.
    pub fn truncate_from_start(&mut self, offset: i64) {
        let begun = self.entries.partition_point(|&(_, start)| start <= offset);
        if let Some(last) = begun.checked_sub(1) {
            self.entries.drain(..last);
            self.entries[0].1 = offset;
        }
    }

    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    /// The highest known epoch below `epoch`, which need not be known.
    #[must_use]
    pub fn previous(&self, epoch: i32) -> Option<i32> {
        let below = self.entries.partition_point(|&(known, _)| known < epoch);
        Some(self.entries[below.checked_sub(1)?].0)
    }

    /// The lowest known epoch above `epoch`, which need not be known.
    #[must_use]
    pub fn next(&self, epoch: i32) -> Option<i32> {
        let &(next, _) = self.entries.get(self.number_up_to(epoch))?;
        Some(next)
    }

    /// The epoch of the record at `offset`, if it is not before the first entry. The log's end is not
    /// known here: an offset after it has the latest epoch.
    #[must_use]
    pub fn epoch_of(&self, offset: i64) -> Option<i32> {
        let begun = self.entries.partition_point(|&(_, start)| start <= offset);
        Some(self.entries[begun.checked_sub(1)?].0)
    }

    /// Where `epoch` began, if it is known.
    #[must_use]
    pub fn start_of(&self, epoch: i32) -> Option<i64> {
        let i = self
            .entries
            .binary_search_by_key(&epoch, |&(known, _)| known);
        i.ok().map(|i| self.entries[i].1)
    }

    /// How many entries have `epoch` or a lower one.
    fn number_up_to(&self, epoch: i32) -> usize {
        self.entries.partition_point(|&(known, _)| known <= epoch)
    }
}

/// What a follower does about a reply (`OffsetTruncationState`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Truncation {
    /// The offset to cut the log at: the first record that goes. The log's end, if nothing goes.
    pub offset: i64,
    /// Whether the follower may fetch from there. Otherwise it does not know the epoch it was told of:
    /// it cuts and asks again with the latest epoch it then has (KIP-279).
    pub done: bool,
}

/// What a follower cuts off when its leader has said where an epoch ended: in its answer to
/// `OffsetsForLeaderEpoch`, or as the diverging epoch of a fetch (KIP-595), for which the rule is the
/// same. `own` and `own_leo` are the follower's history and log end offset, `own_hw` is where it began
/// to fetch, its high watermark. The reply is the leader's [`LeaderEpochs::end_offset_for`];
/// [`UNDEFINED_EPOCH`] beside an offset is a leader older than KIP-279.
///
/// The offset may be below `own_hw`, as after an unclean election; Kafka then warns and cuts all the
/// same.
#[must_use]
pub fn truncation(
    own: &LeaderEpochs,
    own_leo: i64,
    own_hw: i64,
    reply: Option<(i32, i64)>,
) -> Truncation {
    let cut = |offset: i64, done| Truncation { offset, done };
    let Some((epoch, leader_end)) = reply else {
        // The leader knows nothing as high: only what was committed is sure.
        return cut(own_hw, true);
    };
    match own.end_offset_for(epoch, own_leo) {
        Some((known, end)) if known == epoch => cut(end.min(leader_end).min(own_leo), true),
        Some((_, end)) => cut(end.min(own_leo), false),
        // Nothing of our own to compare with, or a leader that names no epoch.
        None => cut(leader_end.min(own_leo), true),
    }
}

/// What a leader finds when a follower fetches from an offset and says the epoch of the record before
/// it (`lastFetchedEpoch`, KIP-595).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Divergence {
    /// The histories agree up to there: records may be sent.
    None,
    /// They part: the answer carries this epoch and its end offset instead of records, and the
    /// follower is to apply [`truncation`].
    At(i32, i64),
    /// The leader knows no epoch as high, or keeps no history: `OFFSET_OUT_OF_RANGE`.
    Unknown,
}

/// Whether a fetch from `fetch_offset` after a record of `last_fetched_epoch` continues the leader's
/// log, whose history is `own` and whose end is `own_leo` (`Partition.readRecords`).
#[must_use]
pub fn divergence(
    own: &LeaderEpochs,
    own_leo: i64,
    last_fetched_epoch: i32,
    fetch_offset: i64,
) -> Divergence {
    match own.end_offset_for(last_fetched_epoch, own_leo) {
        None => Divergence::Unknown,
        Some((epoch, end)) if epoch < last_fetched_epoch || end < fetch_offset => {
            Divergence::At(epoch, end)
        }
        Some(_) => Divergence::None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epochs(entries: &[(i32, i64)]) -> LeaderEpochs {
        let mut epochs = LeaderEpochs::default();
        for &(epoch, start) in entries {
            epochs.assign(epoch, start);
        }
        epochs
    }

    #[test]
    fn an_epoch_ends_where_the_next_begins_and_the_latest_at_the_logs_end() {
        let known = epochs(&[(2, 10), (5, 20), (6, 25)]);
        let ends: Vec<_> = [-1, 1, 2, 3, 5, 6, 7]
            .map(|epoch| known.end_offset_for(epoch, 30))
            .to_vec();
        let expected = [
            None,
            Some((1, 10)),
            Some((2, 20)),
            Some((2, 20)),
            Some((5, 25)),
            Some((6, 30)),
            None,
        ];
        assert_eq!(ends, expected);
        assert_eq!(LeaderEpochs::default().end_offset_for(0, 0), None);
    }

    #[test]
    fn an_entry_that_contradicts_earlier_ones_replaces_them() {
        assert_eq!(epochs(&[(1, 5), (2, 6), (1, 7)]).entries(), [(1, 7)]);
        assert_eq!(epochs(&[(2, 6), (3, 5)]).entries(), [(3, 5)]);
        assert_eq!(epochs(&[(2, 6), (2, 9)]).entries(), [(2, 6)]);
        assert_eq!(epochs(&[(2, 6), (2, 4)]).entries(), [(2, 4)]);
        // A leader that wrote nothing leaves no entry.
        assert_eq!(
            epochs(&[(0, 0), (1, 4), (2, 4)]).entries(),
            [(0, 0), (2, 4)]
        );
    }

    #[test]
    #[should_panic(expected = "invalid partition leader epoch entry (-1, 0)")]
    fn no_negative_epoch_is_assigned() {
        epochs(&[(-1, 0)]);
    }

    #[test]
    fn both_ends_can_be_cut() {
        let mut known = epochs(&[(2, 6), (3, 8), (4, 11)]);
        known.truncate_from_end(-1);
        known.truncate_from_start(-1);
        known.truncate_from_start(5);
        assert_eq!(known.entries(), [(2, 6), (3, 8), (4, 11)]);
        known.truncate_from_end(11);
        known.truncate_from_start(7);
        assert_eq!(known.entries(), [(2, 7), (3, 8)]);
        known.truncate_from_start(20);
        assert_eq!(known.entries(), [(3, 20)]);
        known.clear();
        assert_eq!((known.latest(), known.earliest()), (None, None));
    }

    #[test]
    fn neighbours_and_offsets_are_looked_up() {
        let known = epochs(&[(2, 6), (4, 8), (7, 11)]);
        assert_eq!(
            [2, 3, 9].map(|e| known.previous(e)),
            [None, Some(2), Some(7)]
        );
        assert_eq!([-1, 2, 7].map(|e| known.next(e)), [Some(2), Some(4), None]);
        let of = [5, 6, 10, 99].map(|offset| known.epoch_of(offset));
        assert_eq!(of, [None, Some(2), Some(4), Some(7)]);
        assert_eq!([4, 5].map(|epoch| known.start_of(epoch)), [Some(8), None]);
    }

    #[test]
    fn a_follower_cuts_to_where_the_histories_part() {
        let own = epochs(&[(0, 0), (1, 4), (3, 9)]);
        let cut = |reply| {
            let Truncation { offset, done } = truncation(&own, 12, 5, reply);
            (offset, done)
        };
        // Nothing is known of so high an epoch: to the high watermark.
        assert_eq!(cut(None), (5, true));
        // Both know the epoch; whoever has less of it decides.
        assert_eq!(cut(Some((3, 11))), (11, true));
        assert_eq!(cut(Some((3, 40))), (12, true));
        assert_eq!(cut(Some((1, 40))), (9, true));
        // Epoch 2 is not ours: back to the end of 1, and ask again (KIP-279).
        assert_eq!(cut(Some((2, 7))), (9, false));
        // Above everything we know, or a leader that names no epoch.
        assert_eq!(cut(Some((4, 7))), (7, true));
        assert_eq!(cut(Some((UNDEFINED_EPOCH, 20))), (12, true));
        // Below everything we know: what is left begins later than the leader ended.
        let young = epochs(&[(5, 30)]);
        let expected = Truncation {
            offset: 20,
            done: true,
        };
        assert_eq!(truncation(&young, 40, 30, Some((4, 20))), expected);
    }

    #[test]
    fn a_leader_sees_that_a_fetch_does_not_continue_its_log() {
        let own = epochs(&[(0, 0), (2, 4)]);
        let found = |epoch, offset| divergence(&own, 10, epoch, offset);
        assert_eq!(found(2, 10), Divergence::None);
        assert_eq!(found(0, 4), Divergence::None);
        assert_eq!(found(0, 5), Divergence::At(0, 4));
        assert_eq!(found(1, 5), Divergence::At(0, 4));
        assert_eq!(found(1, 2), Divergence::At(0, 4));
        assert_eq!(found(3, 10), Divergence::Unknown);
    }

    /// Two logs as lists of epochs, one per record: whatever two that can come about hold, asking and
    /// cutting in turns ends, and leaves the follower with a beginning of the leader's log.
    #[test]
    fn asking_in_turns_leaves_a_common_beginning() {
        let history = |log: &[i32]| {
            let mut known = LeaderEpochs::default();
            for (offset, &epoch) in log.iter().enumerate() {
                known.assign(epoch, offset as i64);
            }
            known
        };
        // Rising lists of up to five records of epochs 0 to 3.
        let mut logs: Vec<Vec<i32>> = vec![Vec::new()];
        for i in 0.. {
            let Some(log) = logs.get(i).filter(|log| log.len() < 5).cloned() else {
                break;
            };
            for epoch in log.last().copied().unwrap_or(0)..4 {
                logs.push([&log[..], &[epoch]].concat());
            }
        }
        let mut tried = 0;
        for (leader, follower) in logs.iter().flat_map(|a| logs.iter().map(move |b| (a, b))) {
            // An epoch has one leader, so whoever has a record of it has all before that record.
            let theirs = history(leader);
            let own = history(follower);
            let can_be = own.entries().iter().all(|&(epoch, start)| {
                let before = ..start as usize;
                theirs
                    .start_of(epoch)
                    .is_none_or(|at| at == start && leader[before] == follower[before])
            });
            if !can_be {
                continue;
            }
            tried += 1;
            let mut mine = follower.clone();
            for turn in 0.. {
                assert!(turn < 5, "{leader:?} {follower:?}: no end");
                let own = history(&mine);
                let Some((latest, _)) = own.latest() else {
                    break;
                };
                let reply = theirs.end_offset_for(latest, leader.len() as i64);
                let cut = truncation(&own, mine.len() as i64, 0, reply);
                mine.truncate(cut.offset as usize);
                if cut.done {
                    break;
                }
            }
            assert!(
                leader.starts_with(&mine),
                "{leader:?} {follower:?} {mine:?}"
            );
        }
        assert!(tried > 1_000, "only {tried} pairs of logs");
    }
}
