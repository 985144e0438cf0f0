//! What happened to each order, in the order it happened.

use crate::id::{NodeId, OrderId, TopicPartition};
use crate::pile::Pile;
use crate::protocol::{Lane, OrderStep};
use crate::time::Time;

/// One passage in the life of an order.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Passage {
    /// When.
    pub at: Time,
    /// Of which order.
    pub order: OrderId,
    /// What.
    pub what: Passed,
}

/// What a passage is.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Passed {
    /// A message about it set off.
    Moved {
        /// From.
        from: NodeId,
        /// To.
        to: NodeId,
        /// The partition at the broker's end.
        log: Option<TopicPartition>,
        /// How long it is on its way, in microseconds.
        took_us: u32,
    },
    /// It took a step.
    Step(Lane, OrderStep),
}

/// All of them, by time.
#[derive(Clone, Debug, Default)]
pub(super) struct Passages(Pile<Passage>);

impl Passages {
    /// So many are kept, the first: those of about 30,000 orders, in 40 MB.
    const KEPT: usize = 1_000_000;

    pub fn add(&mut self, at: Time, order: OrderId, what: Passed) {
        if self.0.len() < Self::KEPT {
            self.0.push(Passage { at, order, what });
        }
    }

    /// Those of one order, which was placed at this time.
    pub fn of(&self, order: OrderId, placed_at: Time) -> impl Iterator<Item = &Passage> {
        let all = self.0.len();
        let first = self.0.partition_point(0..all, |p| p.at < placed_at);
        let later = self.0.range(first..all);
        later.filter(move |passage| passage.order == order)
    }

    pub fn unshared_bytes(&self) -> usize {
        self.0.unshared_bytes()
    }
}
