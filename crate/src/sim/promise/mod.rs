//! The guarantees: what each says, when it is promised, and a monitor that watches it.
//!
//! A monitor is fed the facts of each step and does constant work for each, by the batch and not by
//! the record. What cannot be seen from facts alone is checked again from the machines
//! ([`Promises::recheck`]) at the end of a run and in tests.

mod elections;
mod orders;
mod recheck;
mod replication;
mod shadow;
mod terms;
#[cfg(test)]
mod tests;
mod words;

use crate::id::{NodeId, OrderId, TopicId, TopicPartition};
use crate::protocol::{Brokers, Fact, Lane, Sink, Stamp};
use orders::Orders;
use replication::{Found, Partition, State};
use serde::{Deserialize, Serialize};
use shadow::Known;
use std::collections::BTreeMap;
pub use terms::Terms;

/// A guarantee.
///
/// The invariants of the formal specifications (hachikuji/kafka-specification, its names and those of
/// Vanlightly/kafka-tlaplus) are among them, each where it is listed. `TypeOk` is Rust's, and the
/// liveness properties are what seeded runs demand once everything is mended. Those of KIP-848 are
/// about a group protocol that is not here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Promise {
    /// An order that the customer was told is accepted is in the log.
    NoOrderLost,
    /// No service works twice on one order.
    NoOrderTwice,
    /// Orders of one customer are paid for in the order in which they were sent.
    OrderPerKey,
    /// A leader has every committed record: `LeaderCompletenessProperty`, `LeaderHasAllAckedValues`,
    /// `NoCommittedRecordLostGlobally`, `AckedValueNotLost`.
    CommittedKept,
    /// An acknowledged record is committed (`acks=all`), or with the leader that said so (`acks=1`).
    AcknowledgedReadable,
    /// A consumer reads each of its partitions in offset order and skips nothing.
    ReadInOrder,
    /// A consumer reads what is committed, and that stays: `ConsistentReadProperty`.
    StableReads,
    /// The end that a client is told of never goes back (KIP-207).
    LatestOffset,
    /// A committed position lies within the log.
    CommitWithinLog,
    /// Replicas have the same below their high watermarks, an epoch and an offset are one record, and
    /// epochs rise along a log: `LogMatchingProperty`, `NoLogDivergence`,
    /// `MetadataLogMatchingProperty`.
    ReplicasAgree,
    /// Whoever the controller calls in sync or eligible has what is committed: `StrongIsr`,
    /// `WeakIsr`, `ValidHighWatermark`, `LeaderCandidateCompletenessProperty`,
    /// `ReplicationQuorumSupersetProperty`.
    InSyncComplete,
    /// Within its epoch a leader's high watermark rises, and not above its log.
    HighWatermark,
    /// An epoch has one leader: `NeverTwoLeadersInSameEpoch`.
    OneLeader,
    /// A leader is in sync, was in sync or eligible before, and the sets fit each other:
    /// `LeaderInIsr`, `ValidControllerIsrAndElr`, `ValidControllerState`.
    LeaderInSync,
    /// Where nobody is in sync, somebody is eligible or was known to be: `MinIsrRecoveryQuorum`.
    HeirWhenEmpty,
    /// What was appended is still there, unchanged.
    Immutable,
    /// Offsets of each copy of a partition count up without gap or repeat.
    DenseOffsets,
}

impl Promise {
    /// All of them, in the order shown.
    pub const ALL: [Self; 17] = [
        Self::NoOrderLost,
        Self::NoOrderTwice,
        Self::OrderPerKey,
        Self::CommittedKept,
        Self::AcknowledgedReadable,
        Self::ReadInOrder,
        Self::StableReads,
        Self::LatestOffset,
        Self::CommitWithinLog,
        Self::ReplicasAgree,
        Self::InSyncComplete,
        Self::HighWatermark,
        Self::OneLeader,
        Self::LeaderInSync,
        Self::HeirWhenEmpty,
        Self::Immutable,
        Self::DenseOffsets,
    ];
}

/// A guarantee that did not hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Breach {
    /// Which.
    pub promise: Promise,
    /// When.
    pub stamp: Stamp,
    /// Why it was not promised then; `None` if it was, and that is a bug of ours.
    pub because: Option<&'static str>,
    /// With what.
    pub witness: Witness,
}

impl Breach {
    /// Whether it was promised then: if so, that is a bug of ours.
    #[must_use]
    pub fn promised(&self) -> bool {
        self.because.is_none()
    }
}

/// What shows that a guarantee did not hold.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Witness {
    /// A partition, the offset expected and the one seen.
    Offset(TopicPartition, i64, i64),
    /// A record, by its partition and offset.
    Record(TopicPartition, i64),
    /// A broker's copy of a partition, and the offset it lacks or has otherwise.
    Replica(NodeId, TopicPartition, i64),
    /// Two leaders in one epoch, of a partition or of the controllers.
    Leaders(Option<TopicPartition>, i32, NodeId, NodeId),
    /// A partition as the controller has it, by its partition epoch.
    State(TopicPartition, i32),
    /// The metadata log, at this offset.
    Metadata(i64),
    /// An order.
    Order(OrderId),
    /// An order that was overtaken by a later one of the same customer.
    Overtaken(OrderId, OrderId),
}

impl Witness {
    /// The partition in which it shows, if it is about one.
    #[must_use]
    pub fn partition(self) -> Option<TopicPartition> {
        match self {
            Self::Offset(at, ..)
            | Self::Record(at, _)
            | Self::Replica(_, at, _)
            | Self::State(at, _) => Some(at),
            Self::Leaders(at, ..) => at,
            Self::Metadata(_) | Self::Order(_) | Self::Overtaken(..) => None,
        }
    }
}

/// The monitors.
#[derive(Clone, Debug, Default)]
pub struct Promises {
    terms: Terms,
    partitions: BTreeMap<TopicPartition, Partition>,
    /// Who led the metadata quorum, by epoch.
    controllers: BTreeMap<i32, NodeId>,
    fenced: Brokers,
    /// The offset each consumer reads next.
    reading: BTreeMap<(NodeId, TopicPartition), i64>,
    /// The latest offset each client was told.
    latest: BTreeMap<(NodeId, TopicPartition), i64>,
    orders: Orders,
    first: BTreeMap<Promise, Breach>,
    count: BTreeMap<Promise, u32>,
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
        self.first.values().find(|breach| breach.promised())
    }

    /// The offset below which a partition's records are known to be committed.
    #[must_use]
    pub fn committed(&self, at: TopicPartition) -> i64 {
        self.partitions.get(&at).map_or(0, |p| p.shadow.end())
    }

    /// A consumer was told to read from elsewhere.
    pub fn forget_positions(&mut self) {
        self.reading.clear();
    }

    /// A topic is gone; another of the same name begins at 0.
    pub fn forget_topic(&mut self, topic: TopicId) {
        self.reading.retain(|(_, at), _| at.topic != topic);
        self.latest.retain(|(_, at), _| at.topic != topic);
    }

    fn breach_now(
        &mut self,
        stamp: Stamp,
        promise: Promise,
        witness: Witness,
        because: Option<&'static str>,
    ) {
        let breach = Breach {
            promise,
            stamp,
            because,
            witness,
        };
        // A breach of something promised is worse than one that was not, and is kept before it.
        let first = self.first.entry(promise).or_insert(breach);
        if breach.promised() && !first.promised() {
            *first = breach;
        }
        *self.count.entry(promise).or_insert(0) += 1;
    }

    fn breach_by_terms(&mut self, stamp: Stamp, promise: Promise, witness: Witness) {
        self.breach_now(stamp, promise, witness, self.terms.excuse(promise));
    }

    /// Takes what was found in a partition, which may have lost committed records.
    fn note_found(&mut self, stamp: Stamp, at: TopicPartition, found: Found) {
        let lost = self.partitions.get(&at).and_then(|p| p.lost);
        self.terms.records_lost = self.terms.records_lost.or(lost);
        for (promise, witness, because) in found {
            if let Promise::CommittedKept | Promise::AcknowledgedReadable = promise
                && let Witness::Replica(_, _, from) = witness
            {
                self.orders.lose(stamp.instant, at, from);
            }
            let because = match promise {
                // What may be lost is decided where it is lost.
                Promise::CommittedKept => because,
                _ => because.or_else(|| self.terms.excuse_where(promise, lost)),
            };
            self.breach_now(stamp, promise, witness, because);
        }
    }

    /// Looks at a partition.
    fn watch(
        &mut self,
        stamp: Stamp,
        at: TopicPartition,
        look: impl FnOnce(&mut Partition, &mut Found),
    ) {
        let mut found = Found::new();
        look(self.partitions.entry(at).or_default(), &mut found);
        if !found.is_empty() {
            self.note_found(stamp, at, found);
        }
    }

    /// What brokers tell of their logs.
    fn hear_broker(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Appended {
                broker,
                leader_epoch: epoch,
                at,
                base_offset: base,
                records,
                crc,
                ..
            } => self.watch(stamp, at, |partition, no| {
                let batch = Known {
                    base,
                    records,
                    crc,
                    epoch,
                };
                partition.appended(at, broker, batch, no);
            }),
            Fact::Replicated {
                broker,
                leader_epoch: epoch,
                at,
                base_offset: base,
                records,
                crc,
            } => self.watch(stamp, at, |partition, no| {
                let batch = Known {
                    base,
                    records,
                    crc,
                    epoch,
                };
                partition.replicated(at, broker, batch, no);
            }),
            Fact::HighWatermark { broker, at, offset } => self.watch(stamp, at, |partition, no| {
                partition.committed(at, broker, offset, no);
            }),
            Fact::FollowerHighWatermark { broker, at, offset } => {
                self.watch(stamp, at, |partition, no| {
                    partition.learned(at, broker, offset, no);
                });
            }
            Fact::Leads {
                broker,
                at,
                leader_epoch,
                end,
                high_watermark,
                incarnation,
            } => self.watch(stamp, at, |partition, no| {
                let reign = (incarnation, leader_epoch);
                partition.leads(at, broker, reign, (end, high_watermark), no);
            }),
            Fact::Follows {
                broker,
                at,
                incarnation,
                leader_epoch,
                ..
            } => self.watch(stamp, at, |partition, _| {
                partition.follows(broker, incarnation, leader_epoch);
            }),
            Fact::Truncated {
                broker,
                at,
                from,
                to,
                why,
            } => self.watch(stamp, at, |partition, no| {
                partition.truncated(at, broker, (from, to), why, no);
            }),
            Fact::LogStartMoved {
                broker,
                at,
                from,
                to,
            } => self.watch(stamp, at, |partition, no| {
                partition.start_moved(at, broker, (from, to), no);
            }),
            Fact::Dropped { broker, at } => self.watch(stamp, at, |partition, _| {
                partition.dropped(broker);
            }),
            _ => {}
        }
    }

    /// What controllers tell.
    fn hear_controller(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::PartitionChanged {
                at,
                incarnation,
                replicas,
                leader,
                leader_epoch,
                partition_epoch,
                isr,
                elr,
                last_known,
                unclean,
            } => {
                let state = State {
                    replicas,
                    leader,
                    leader_epoch,
                    partition_epoch,
                    isr,
                    elr,
                };
                let now = (incarnation, state);
                self.partition_changed(stamp, at, now, last_known, unclean);
            }
            Fact::TopicRemoved { topic, incarnation } => self.topic_removed(topic, incarnation),
            Fact::Registered { broker, .. } | Fact::Fenced { broker } => self.fence(broker, true),
            Fact::Unfenced { broker } => self.fence(broker, false),
            Fact::QuorumLeader {
                node,
                epoch,
                leads: true,
            } => self.controller_leads(stamp, node, epoch),
            _ => {}
        }
    }

    /// What clients are told, and what they tell.
    fn hear_client(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Acked {
                leader,
                acks,
                at,
                base_offset,
                records,
                ..
            } => self.watch(stamp, at, |partition, no| {
                partition.acknowledged(at, (leader, acks), (base_offset, records), no);
            }),
            Fact::Owns {
                consumer,
                at,
                position,
                ..
            } => {
                self.reading.insert((consumer, at), position);
            }
            Fact::Restores {
                worker: reader,
                at,
                from,
                ..
            }
            | Fact::ReadsFrom { reader, at, from } => {
                self.reading.insert((reader, at), from);
            }
            Fact::Delivered {
                consumer,
                at,
                first,
                next,
                fingerprint,
                ..
            } => {
                let expected = self.reading.insert((consumer, at), next);
                self.watch(stamp, at, |partition, no| {
                    // What retention deleted before it was read is no gap in what is kept.
                    let deleted = partition.deleted_below();
                    let gap = |&next: &i64| next != first && !(next..=deleted).contains(&first);
                    if let Some(expected) = expected.filter(gap) {
                        let witness = Witness::Offset(at, expected, first);
                        no.push((Promise::ReadInOrder, witness, None));
                    }
                    partition.read(at, (first, next), fingerprint, no);
                });
            }
            Fact::LatestOffset { client, at, offset } => {
                let before = self.latest.insert((client, at), offset);
                self.watch(stamp, at, |partition, no| {
                    let least = before.unwrap_or(0);
                    if !(least..=partition.shadow.end()).contains(&offset) {
                        let witness = Witness::Offset(at, least, offset);
                        no.push((Promise::LatestOffset, witness, None));
                    }
                });
            }
            Fact::Committed { at, offset, .. } => self.watch(stamp, at, |partition, no| {
                let end = partition.shadow.end();
                if offset > end {
                    let witness = Witness::Offset(at, end, offset);
                    no.push((Promise::CommitWithinLog, witness, None));
                }
            }),
            _ => {}
        }
    }
}

impl Sink for Promises {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Appended { .. }
            | Fact::Replicated { .. }
            | Fact::HighWatermark { .. }
            | Fact::FollowerHighWatermark { .. }
            | Fact::Leads { .. }
            | Fact::Follows { .. }
            | Fact::LogStartMoved { .. }
            | Fact::Truncated { .. }
            | Fact::Dropped { .. } => self.hear_broker(stamp, fact),
            Fact::PartitionChanged { .. }
            | Fact::Registered { .. }
            | Fact::Fenced { .. }
            | Fact::Unfenced { .. }
            | Fact::TopicRemoved { .. }
            | Fact::QuorumLeader { .. } => self.hear_controller(stamp, fact),
            Fact::Acked { .. }
            | Fact::Owns { .. }
            | Fact::Restores { .. }
            | Fact::ReadsFrom { .. }
            | Fact::Delivered { .. }
            | Fact::LatestOffset { .. }
            | Fact::Committed { .. } => self.hear_client(stamp, fact),
            Fact::Order {
                lane: Lane::Async,
                order,
                step,
            } => self.order_step(stamp, order, step),
            Fact::OrderStored { order, at, offset } => {
                self.orders.stored(stamp.instant, order, at, offset);
            }
            _ => {}
        }
    }
}
