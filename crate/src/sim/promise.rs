//! The guarantees: what each says, when it is promised, and a monitor that watches it.
//!
//! A monitor is fed the facts of each step and does constant work for each. What cannot be seen
//! from facts alone is checked again from the world ([`Promises::recheck`]) at the end of a run and
//! in tests.

use super::world::World;
use crate::id::{GroupId, NodeId, OrderId, TopicPartition};
use crate::protocol::{Acks, Fact, Lane, OrderStep, Service, Sink, Stamp};
use crate::shop::{Partitioning, Sending, Settings};
use std::collections::BTreeMap;

/// A guarantee.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Promise {
    /// Offsets of a partition count up without gap or repeat.
    DenseOffsets,
    /// A high watermark never goes back.
    HighWatermark,
    /// What was appended is still there, unchanged.
    Immutable,
    /// An acknowledged record can be read.
    AcknowledgedReadable,
    /// A consumer reads each of its partitions in offset order and skips nothing.
    ReadInOrder,
    /// A committed position lies within the log.
    CommitWithinLog,
    /// An order that the customer was told is accepted is in the log.
    NoOrderLost,
    /// No service works twice on one order.
    NoOrderTwice,
    /// Orders of one customer are paid for in the order in which they were sent.
    OrderPerKey,
}

impl Promise {
    /// All of them, in the order shown.
    pub const ALL: [Self; 9] = [
        Self::NoOrderLost,
        Self::NoOrderTwice,
        Self::OrderPerKey,
        Self::AcknowledgedReadable,
        Self::ReadInOrder,
        Self::Immutable,
        Self::DenseOffsets,
        Self::HighWatermark,
        Self::CommitWithinLog,
    ];

    /// What it says, in a few words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::DenseOffsets => "offsets count up without a gap",
            Self::HighWatermark => "a high watermark never goes back",
            Self::Immutable => "what is in the log never changes",
            Self::AcknowledgedReadable => "an acknowledged record can be read",
            Self::ReadInOrder => "a partition is read in order, without a gap",
            Self::CommitWithinLog => "a committed position lies within the log",
            Self::NoOrderLost => "no accepted order is lost",
            Self::NoOrderTwice => "no order is processed twice",
            Self::OrderPerKey => "one customer's orders are paid in order",
        }
    }

    /// Its name in reports: kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DenseOffsets => "dense-offsets",
            Self::HighWatermark => "high-watermark",
            Self::Immutable => "immutable",
            Self::AcknowledgedReadable => "acknowledged-readable",
            Self::ReadInOrder => "read-in-order",
            Self::CommitWithinLog => "commit-within-log",
            Self::NoOrderLost => "no-order-lost",
            Self::NoOrderTwice => "no-order-twice",
            Self::OrderPerKey => "order-per-key",
        }
    }
}

/// What has been done in a run that takes a promise away, beside the settings in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terms {
    /// Some order was sent without anyone looking at what became of it.
    pub fired_and_forgot: bool,
    /// Some record was sent with `acks=0`.
    pub acks_zero: bool,
    /// A topic was deleted.
    pub topic_deleted: bool,
    /// A topic got more partitions.
    pub partitions_added: bool,
    /// A group was told to read from elsewhere.
    pub rewound: bool,
    /// Some key's records went to more than one partition, for the partitioner's sake.
    pub keys_spread: bool,
    /// The first partitioner, to tell when it is changed.
    partitioning: Option<Partitioning>,
}

impl Terms {
    /// Takes note of settings that are in force now.
    pub fn note(&mut self, settings: &Settings) {
        self.fired_and_forgot |= settings.sending == Sending::FireAndForget;
        self.acks_zero |= settings.acks == Acks::Zero;
        let now = settings.partitioning;
        let by_key = matches!(now, Partitioning::Murmur2 | Partitioning::Crc32);
        self.keys_spread |= !by_key || *self.partitioning.get_or_insert(now) != now;
    }

    /// Why a promise is not given, or `None` if it is.
    #[must_use]
    pub fn excuse(&self, promise: Promise) -> Option<&'static str> {
        match promise {
            Promise::NoOrderLost if self.fired_and_forgot => {
                Some("fire and forget: the customer is answered before the log has the order")
            }
            Promise::NoOrderLost if self.acks_zero => {
                Some("acks=0: the producer does not learn whether the broker has the record")
            }
            Promise::NoOrderLost
            | Promise::AcknowledgedReadable
            | Promise::ReadInOrder
            | Promise::CommitWithinLog
                if self.topic_deleted =>
            {
                Some(
                    "a topic was deleted: what it held is gone, and clients go on from its offsets \
                     in a new one of that name",
                )
            }
            Promise::NoOrderTwice if self.rewound => Some("a group was rewound"),
            Promise::NoOrderTwice => Some(
                "at least once: a position is committed after the work, so what was not yet \
                 committed is done again after a stop",
            ),
            Promise::OrderPerKey if self.partitions_added => Some(
                "partitions were added: a key's old records and its new ones lie in different \
                 partitions",
            ),
            Promise::OrderPerKey if self.keys_spread => {
                Some("the partitioner does not keep a key to one partition, or was changed")
            }
            Promise::OrderPerKey => Some(
                "enable.idempotence is off and max.in.flight.requests.per.connection is 5: a \
                 retry may overtake",
            ),
            _ => None,
        }
    }
}

/// A guarantee that did not hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Breach {
    /// Which.
    pub promise: Promise,
    /// When.
    pub stamp: Stamp,
    /// Whether it was promised then: if so, that is a bug of ours.
    pub promised: bool,
    /// With what.
    pub witness: Witness,
}

/// What shows that a guarantee did not hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Witness {
    /// A partition, the offset expected and the one seen.
    Offset(TopicPartition, i64, i64),
    /// An order.
    Order(OrderId),
    /// An order that was overtaken by a later one of the same customer.
    Overtaken(OrderId, OrderId),
}

/// What is kept of a partition: enough to tell whether its log is still what was appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
struct Appended {
    end: i64,
    batches: u64,
    crcs: u64,
    high_watermark: i64,
}

impl Appended {
    fn append(&mut self, base_offset: i64, records: u32, crc: u32) {
        self.end = base_offset + i64::from(records);
        self.batches += 1;
        self.crcs = crate::rng::mix(self.crcs ^ (u64::from(crc) << 32) ^ base_offset as u64);
    }
}

/// The monitors.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    terms: Terms,
    logs: BTreeMap<TopicPartition, Appended>,
    /// The offset each consumer reads next.
    reading: BTreeMap<(NodeId, TopicPartition), i64>,
    orders: crate::pile::Pile<OrderWatch>,
    /// The last order of each customer that was paid for, by its place among those sent.
    paid: BTreeMap<u32, (u32, OrderId)>,
    sent: u32,
    first: BTreeMap<Promise, Breach>,
    count: BTreeMap<Promise, u32>,
}

/// What is kept of an order in the asynchronous shop.
#[derive(Clone, Copy, Debug, Default)]
struct OrderWatch {
    customer: u32,
    sent: Option<u32>,
    answered: bool,
    unsent: bool,
    done: [bool; 3],
}

impl Promises {
    /// What has taken promises away so far.
    #[must_use]
    pub fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The same, to note something.
    pub fn terms_mut(&mut self) -> &mut Terms {
        &mut self.terms
    }

    /// The first breach of a promise, if it did not hold.
    #[must_use]
    pub fn breach(&self, promise: Promise) -> Option<&Breach> {
        self.first.get(&promise)
    }

    /// How many times a promise did not hold.
    #[must_use]
    pub fn breaches(&self, promise: Promise) -> u32 {
        self.count.get(&promise).copied().unwrap_or(0)
    }

    /// A breach of something that was promised: a bug of ours.
    #[must_use]
    pub fn broken(&self) -> Option<&Breach> {
        self.first.values().find(|breach| breach.promised)
    }

    /// A consumer was told to read from elsewhere.
    pub fn forget_positions(&mut self) {
        self.reading.clear();
    }

    /// A topic is gone; another of the same name begins at 0.
    pub fn forget_topic(&mut self, topic: crate::id::TopicId) {
        self.logs.retain(|at, _| at.topic != topic);
        self.reading.retain(|(_, at), _| at.topic != topic);
    }

    fn breach_now(&mut self, stamp: Stamp, promise: Promise, witness: Witness) {
        let promised = self.terms.excuse(promise).is_none();
        let breach = Breach {
            promise,
            stamp,
            promised,
            witness,
        };
        // A breach of something promised is worse than one that was not, and is kept before it.
        let first = self.first.entry(promise).or_insert(breach);
        if promised && !first.promised {
            *first = breach;
        }
        *self.count.entry(promise).or_insert(0) += 1;
    }

    fn expect(&mut self, stamp: Stamp, promise: Promise, at: TopicPartition, want: i64, got: i64) {
        if want != got {
            self.breach_now(stamp, promise, Witness::Offset(at, want, got));
        }
    }

    fn order_step(&mut self, stamp: Stamp, id: OrderId, step: OrderStep) {
        if let OrderStep::Placed { customer } = step {
            self.orders.push(OrderWatch {
                customer,
                ..OrderWatch::default()
            });
            return;
        }
        let sent = self.sent;
        let Some(order) = self.orders.get_mut(id.index()) else {
            return;
        };
        let before = *order;
        match step {
            OrderStep::Sent => order.sent = Some(sent),
            OrderStep::Answered => order.answered = true,
            OrderStep::Unsent => order.unsent = true,
            OrderStep::Done(service) => order.done[service.index()] = true,
            _ => return,
        }
        let order = *order;
        match step {
            OrderStep::Sent => self.sent += 1,
            OrderStep::Answered | OrderStep::Unsent if order.answered && order.unsent => {
                self.breach_now(stamp, Promise::NoOrderLost, Witness::Order(id));
            }
            OrderStep::Done(service) if before.done[service.index()] => {
                self.breach_now(stamp, Promise::NoOrderTwice, Witness::Order(id));
            }
            OrderStep::Done(Service::Payment) => self.paid_in_order(stamp, id, order),
            _ => {}
        }
    }

    fn paid_in_order(&mut self, stamp: Stamp, id: OrderId, order: OrderWatch) {
        let Some(sent) = order.sent else { return };
        match self.paid.get(&order.customer) {
            Some(&(later, by)) if later > sent => {
                self.breach_now(stamp, Promise::OrderPerKey, Witness::Overtaken(id, by));
            }
            _ => {
                self.paid.insert(order.customer, (sent, id));
            }
        }
    }

    /// Checks again from the world what the monitors have from facts, and what facts cannot show.
    /// Costs time in proportion to the records.
    pub fn recheck(&mut self, world: &World) {
        self.recheck_logs(world);
        let stamp = world.stamp();
        // An accepted order is in the log from the moment it was accepted.
        let there = world.orders_in_log();
        for index in 0..self.orders.len() {
            let Some(&order) = self.orders.get(index) else {
                continue;
            };
            let id = OrderId::from(index);
            if order.answered && !order.unsent && !there.contains(&id) {
                self.breach_now(stamp, Promise::NoOrderLost, Witness::Order(id));
            }
        }
    }

    /// The part of [`Promises::recheck`] that reads no record: each log is still what was appended.
    /// Costs time in proportion to the batches.
    pub fn recheck_logs(&mut self, world: &World) {
        let stamp = world.stamp();
        for (&at, kept) in &self.logs.clone() {
            let Some(log) = world.log(at) else {
                self.expect(stamp, Promise::Immutable, at, kept.end, -1);
                continue;
            };
            let mut found = Appended {
                high_watermark: kept.high_watermark,
                ..Appended::default()
            };
            let mut end = log.log_start_offset();
            for batch in log.batches() {
                self.expect(stamp, Promise::DenseOffsets, at, end, batch.base_offset);
                end = batch.next_offset();
                found.append(batch.base_offset, batch.count(), batch.crc());
            }
            if found != *kept {
                let witness = Witness::Offset(at, kept.end, found.end);
                self.breach_now(stamp, Promise::Immutable, witness);
            }
        }
    }
}

impl Sink for Promises {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Appended {
                at,
                base_offset,
                records,
                crc,
                ..
            } => {
                let end = self.logs.entry(at).or_default().end;
                self.expect(stamp, Promise::DenseOffsets, at, end, base_offset);
                self.logs
                    .entry(at)
                    .or_default()
                    .append(base_offset, records, crc);
            }
            Fact::HighWatermark { at, offset, .. } => {
                let log = self.logs.entry(at).or_default();
                let before = std::mem::replace(&mut log.high_watermark, offset);
                if offset < before || offset > log.end {
                    let witness = Witness::Offset(at, before, offset);
                    self.breach_now(stamp, Promise::HighWatermark, witness);
                }
            }
            Fact::Acked {
                at,
                base_offset,
                records,
                ..
            } => {
                let end = self.logs.get(&at).map_or(0, |log| log.high_watermark);
                let next = base_offset + i64::from(records);
                if next > end {
                    let witness = Witness::Offset(at, next, end);
                    self.breach_now(stamp, Promise::AcknowledgedReadable, witness);
                }
            }
            Fact::Owns {
                consumer,
                at,
                position,
                ..
            } => {
                self.reading.insert((consumer, at), position);
            }
            Fact::Delivered {
                consumer,
                at,
                first,
                next,
                ..
            } => {
                let expected = self.reading.insert((consumer, at), next);
                if let Some(expected) = expected {
                    self.expect(stamp, Promise::ReadInOrder, at, expected, first);
                }
            }
            Fact::Committed {
                at,
                offset,
                group: GroupId(_),
            } => {
                let end = self.logs.get(&at).map_or(0, |log| log.end);
                if offset > end {
                    let witness = Witness::Offset(at, end, offset);
                    self.breach_now(stamp, Promise::CommitWithinLog, witness);
                }
            }
            Fact::Order {
                lane: Lane::Async,
                order,
                step,
            } => self.order_step(stamp, order, step),
            _ => {}
        }
    }
}
