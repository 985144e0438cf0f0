//! What became of the newest records, step by step: an observer of facts, kept beside the world.

use crate::pile::Pile;
use crate::protocol::{Carries, Fact, Sink, Stamp};
use crate::time::Time;

/// Facts about records and who leads their partitions, oldest first. Two piles take turns: when the younger one is full, the older
/// one is forgotten. So what is kept is bounded, and a clone is as cheap as that of a pile.
#[derive(Clone, Debug, Default)]
pub struct Trail {
    older: Pile<(Stamp, Fact)>,
    newer: Pile<(Stamp, Fact)>,
    /// How many were forgotten.
    forgotten: usize,
}

impl Trail {
    /// At least so many of the latest facts are kept, and less than twice as many.
    pub const KEPT: usize = 8_192;

    /// What happened, oldest first.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &(Stamp, Fact)> + Clone {
        self.older.iter().chain(self.newer.iter())
    }

    /// Whether nothing at or after this time is forgotten.
    #[must_use]
    pub fn reaches(&self, since: Time) -> bool {
        let mut oldest = self.facts();
        self.forgotten == 0 || oldest.next().is_some_and(|(oldest, _)| oldest.at < since)
    }

    /// What a clone may come to cost, in bytes, beside what is forgotten since.
    pub(super) fn unshared_bytes(&self) -> usize {
        self.older.unshared_bytes() + self.newer.unshared_bytes()
    }

    /// How many bytes are in memory for the sake of this one alone, and not for `later`, which is what
    /// became of it.
    pub(super) fn forgotten_in(&self, later: &Self) -> usize {
        let forgotten = later.forgotten - self.forgotten;
        forgotten.min(self.older.len() + self.newer.len()) * size_of::<(Stamp, Fact)>()
    }
}

impl Sink for Trail {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        let about_records = match fact {
            Fact::Appended { .. }
            | Fact::Replicated { .. }
            | Fact::HighWatermark { .. }
            | Fact::FollowerHighWatermark { .. }
            | Fact::Truncated { .. }
            | Fact::LogStartMoved { .. }
            | Fact::Dropped { .. }
            | Fact::Acked { .. }
            | Fact::Delivered { .. }
            | Fact::Committed { .. }
            | Fact::Follows { .. }
            | Fact::PartitionChanged { .. } => true,
            // A fetch has no record in it, and says of none.
            Fact::Carried { what, .. } | Fact::CameLate { what, .. } => what != Carries::Asks,
            _ => false,
        };
        if !about_records {
            return;
        }
        if self.newer.len() == Self::KEPT {
            self.forgotten += self.older.len();
            self.older = std::mem::take(&mut self.newer);
        }
        self.newer.push((stamp, fact));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::{NodeId, TopicId, TopicPartition};
    use crate::time::Span;

    #[test]
    fn the_latest_are_kept_and_no_more_than_twice_as_many() {
        let mut trail = Trail::default();
        let mut before: Vec<Trail> = Vec::new();
        let at = TopicPartition::new(TopicId(0), 0);
        let broker = NodeId(0);
        for n in 0..3 * Trail::KEPT as u64 + 5 {
            let stamp = Stamp {
                at: Time(n),
                instant: n,
            };
            trail.hear(stamp, Fact::Fenced { broker });
            trail.hear(stamp, Fact::Dropped { broker, at });
            let kept = trail.facts().count();
            assert!(kept < 2 * Trail::KEPT + 1 && kept as u64 >= (n + 1).min(Trail::KEPT as u64));
            assert_eq!(trail.facts().next_back().map(|f| f.0), Some(stamp));
            let oldest = trail.facts().next().map_or(Time::ZERO, |f| f.0.at);
            assert!(trail.reaches(oldest + Span::micros(1)));
            assert_eq!(trail.reaches(Time::ZERO), oldest == Time::ZERO);
            if n % 2_048 == 1 {
                before.push(trail.clone());
            }
        }
        // All that was ever heard is in some copy: counted once, beside what the last one has.
        let gone = before.windows(2).map(|two| two[0].forgotten_in(&two[1]));
        let last = before.last().map_or(0, |last| last.facts().count());
        let heard = (before.len() - 1) * 2_048 + 2;
        assert_eq!(
            gone.sum::<usize>() / size_of::<(Stamp, Fact)>(),
            heard - last
        );
        assert_eq!(trail.forgotten_in(&trail), 0);
    }
}
