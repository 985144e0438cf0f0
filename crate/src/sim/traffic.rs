//! What clients and brokers send each other: requests and responses on their way, and what
//! producers were told.

use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Carries, Fact, Stamp};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// A request or a response on its way; one that concerns several partitions is several of these.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Carried {
    /// From.
    pub from: NodeId,
    /// To.
    pub to: NodeId,
    /// What it is.
    pub what: Carries,
    /// The partition it has records of, or says something about.
    pub at: Option<TopicPartition>,
    /// How many records.
    pub records: u32,
    /// When it set off.
    pub sent_at: Time,
    /// When it arrives, if nothing stands in its way.
    pub due_at: Time,
}

/// Traffic between clients and brokers.
#[derive(Clone, Debug, Default)]
pub struct Traffic {
    carried: VecDeque<Carried>,
    acked: u64,
    failed: u64,
}

impl Traffic {
    /// How long what has arrived is kept.
    const KEPT: Span = Span::millis(400);
    /// So many are kept, the latest: a picture shows no more.
    const MOST: usize = 2_000;

    /// What set off lately, in the order it did.
    pub fn carried(&self) -> impl DoubleEndedIterator<Item = &Carried> {
        self.carried.iter()
    }

    /// Records of which producers were told that they are appended.
    #[must_use]
    pub fn acked(&self) -> u64 {
        self.acked
    }

    /// Records that producers gave up on after they were in a batch.
    #[must_use]
    pub fn failed(&self) -> u64 {
        self.failed
    }

    pub(super) fn hear(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Carried {
                from,
                to,
                what,
                at,
                records,
                due_at,
            } => {
                let old = |c: &Carried| stamp.at.since(c.due_at) > Self::KEPT;
                while self.carried.len() >= Self::MOST || self.carried.front().is_some_and(old) {
                    self.carried.pop_front();
                }
                self.carried.push_back(Carried {
                    from,
                    to,
                    what,
                    at,
                    records,
                    sent_at: stamp.at,
                    due_at,
                });
            }
            Fact::Acked { records, .. } => self.acked += u64::from(records),
            Fact::SendFailed { records, .. } => self.failed += u64::from(records),
            _ => {}
        }
    }

    pub(super) fn unshared_bytes(&self) -> usize {
        self.carried.len() * size_of::<Carried>()
    }
}
