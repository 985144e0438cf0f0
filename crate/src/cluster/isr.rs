//! The leader's rules of replication: the high watermark, who is caught up, who may join.
//!
//! Offsets are in records. In Kafka: `Partition.scala`, `Replica.scala`.

use crate::time::{Span, Time};

/// How many in-sync replicas a write needs: `min.insync.replicas`, but not more than there are
/// replicas.
#[must_use]
pub fn effective_min_isr(min_insync_replicas: usize, replicas: usize) -> usize {
    min_insync_replicas.min(replicas)
}

/// What a leader knows of a follower (`ReplicaState`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Progress {
    /// The offset of its last fetch: it has everything before.
    pub log_end_offset: i64,
    /// When it last had everything the leader had.
    pub last_caught_up: Time,
    /// The leader's log end offset at its last fetch.
    pub leader_end_at_last_fetch: i64,
    /// When that was.
    pub last_fetch: Time,
}

impl Progress {
    /// A fetch from `offset` at `now`, while the leader's log ends at `leader_leo`. A follower that
    /// asks from where the log ended at its last fetch was caught up then, if no longer now.
    #[must_use]
    pub fn fetched(self, offset: i64, leader_leo: i64, now: Time) -> Self {
        let last_caught_up = if offset >= leader_leo {
            now
        } else if offset >= self.leader_end_at_last_fetch {
            self.last_fetch
        } else {
            self.last_caught_up
        };
        Self {
            log_end_offset: offset,
            last_caught_up: last_caught_up.max(self.last_caught_up),
            leader_end_at_last_fetch: leader_leo,
            last_fetch: now,
        }
    }

    /// Whether it is at the leader's end, or was within `lag` (`replica.lag.time.max.ms`). One in the
    /// ISR that is not leaves it.
    #[must_use]
    pub fn is_caught_up(&self, leader_leo: i64, now: Time, lag: Span) -> bool {
        self.log_end_offset == leader_leo || now.since(self.last_caught_up) <= lag
    }

    /// Whether it has what a member of the ISR must have: everything committed, and everything before
    /// the present leader's epoch. (It must also be alive, which the controller judges.)
    #[must_use]
    pub fn may_join(&self, high_watermark: i64, leader_epoch_start: i64) -> bool {
        self.log_end_offset >= high_watermark && self.log_end_offset >= leader_epoch_start
    }
}

/// The high watermark of a leader after something moved: the least log end offset of the leader and of
/// `waited_for`, and never lower than it was. `waited_for` are the followers of the maximal ISR (the
/// committed one and those being added) and those that are caught up and may join.
///
/// It stays while the committed ISR, of `isr` members with the leader, is below `min_isr` (the
/// effective one), since nothing is committed then (KAFKA-15583, Kafka 3.7).
#[must_use]
pub fn high_watermark(
    present: i64,
    leader_leo: i64,
    waited_for: impl IntoIterator<Item = i64>,
    isr: usize,
    min_isr: usize,
) -> i64 {
    if isr < min_isr {
        return present;
    }
    waited_for
        .into_iter()
        .fold(leader_leo, i64::min)
        .max(present)
}

/// The high watermark of a follower after a fetch: its leader's as the answer says, as far as its own
/// log goes; so it is one round trip behind. With a new leader it may go back.
#[must_use]
pub fn follower_high_watermark(leaders: i64, own_leo: i64) -> i64 {
    leaders.min(own_leo)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LAG: Span = Span(30_000_000);

    #[test]
    fn nothing_is_committed_below_the_minimum() {
        // Kafka's testHighWatermarkAdvanceShouldNotAdvanceWhenUnderMinISR.
        let min_isr = effective_min_isr(3, 3);
        assert_eq!(high_watermark(0, 10, [10], 2, min_isr), 0);
        assert_eq!(high_watermark(0, 10, [10, 10], 2, min_isr), 0);
        assert_eq!(high_watermark(0, 10, [10, 10], 3, min_isr), 10);
        assert_eq!(effective_min_isr(3, 1), 1);
    }

    #[test]
    fn the_slowest_decides_and_nothing_goes_back() {
        assert_eq!(high_watermark(4, 10, [8, 6], 3, 2), 6);
        assert_eq!(high_watermark(7, 10, [8, 6], 3, 2), 7);
        assert_eq!(high_watermark(4, 10, [], 1, 1), 10);
        assert_eq!(follower_high_watermark(9, 7), 7);
        assert_eq!(follower_high_watermark(2, 7), 2);
    }

    #[test]
    fn a_follower_is_caught_up_if_it_read_what_there_was_at_its_last_fetch() {
        let at = |seconds: u64| Time(seconds * 1_000_000);
        let start = Progress::default();
        let behind = start.fetched(5, 10, at(100));
        assert_eq!(behind.last_caught_up, at(0));
        assert!(!behind.is_caught_up(10, at(100), LAG));
        let then = behind.fetched(10, 15, at(110));
        assert_eq!(then.last_caught_up, at(100));
        assert!(then.is_caught_up(15, at(130), LAG));
        assert!(!then.is_caught_up(15, at(131), LAG));
        let now = then.fetched(15, 15, at(140));
        assert_eq!(now.last_caught_up, at(140));
        assert!(now.is_caught_up(15, at(900), LAG));
    }

    #[test]
    fn who_is_at_the_high_watermark_but_before_the_leaders_epoch_does_not_join() {
        let progress = Progress::default().fetched(4, 12, Time(1));
        assert!(!progress.may_join(4, 10));
        assert!(!progress.may_join(5, 0));
        assert!(progress.may_join(4, 4));
    }
}
