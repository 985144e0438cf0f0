//! What the active controller tells of: records that are committed, since only those are what the
//! cluster goes by. What it wrote and lost with its leadership nobody hears of.

use super::super::election::PartitionState;
use super::super::metadata::{Image, MetadataRecord, records_of};
use super::super::quorum::Quorum;
use crate::id::{TopicId, TopicPartition};
use crate::protocol::{Fact, Out};
use std::collections::BTreeMap;

/// How far it has told.
#[derive(Clone, Debug, Default)]
pub(super) struct Told {
    /// Of records below this.
    to: i64,
    /// Which making of each topic they are about.
    makings: BTreeMap<TopicId, u32>,
}

impl Told {
    /// A controller becomes active, and tells what it finds: an `image` of the records below `to`.
    pub fn found(to: i64, image: &Image, out: &mut Out) -> Self {
        let makings = BTreeMap::new();
        let mut told = Self { to, makings };
        let topics = image.topics.iter();
        told.makings
            .extend(topics.map(|(&topic, image)| (topic, image.incarnation)));
        for (at, state) in image.partitions() {
            told.partition(at, state, out);
        }
        told
    }

    /// The records below `committed` are committed now.
    pub fn up_to(&mut self, committed: i64, quorum: &Quorum, out: &mut Out) {
        if self.to >= committed {
            return;
        }
        let batches = quorum.log().log().read(self.to, usize::MAX, committed);
        let batches = batches.expect("what was committed is there");
        for record in batches.flat_map(records_of) {
            self.record(&record, out);
        }
        self.to = committed;
    }

    fn record(&mut self, record: &MetadataRecord, out: &mut Out) {
        match record {
            &MetadataRecord::Topic {
                topic, incarnation, ..
            } => {
                self.makings.insert(topic, incarnation);
            }
            &MetadataRecord::RemoveTopic { topic } => {
                if let Some(incarnation) = self.makings.remove(&topic) {
                    out.tell(Fact::TopicRemoved { topic, incarnation });
                }
            }
            &MetadataRecord::RegisterBroker { broker, epoch, .. } => {
                out.tell(Fact::Registered { broker, epoch });
            }
            &MetadataRecord::BrokerRegistrationChange { broker, fenced, .. } if fenced => {
                out.tell(Fact::Fenced { broker });
            }
            // The other change is the beginning of a controlled shutdown.
            &MetadataRecord::BrokerRegistrationChange {
                broker,
                in_controlled_shutdown: false,
                ..
            } => out.tell(Fact::Unfenced { broker }),
            MetadataRecord::Partition { at, state }
            | MetadataRecord::PartitionChange { at, state } => self.partition(*at, state, out),
            _ => {}
        }
    }

    fn partition(&self, at: TopicPartition, state: &PartitionState, out: &mut Out) {
        out.tell(Fact::PartitionChanged {
            at,
            incarnation: self.makings.get(&at.topic).copied().unwrap_or(0),
            replicas: state.replicas.iter().copied().collect(),
            leader: state.leader,
            leader_epoch: state.leader_epoch,
            partition_epoch: state.partition_epoch,
            isr: state.isr.iter().copied().collect(),
            elr: state.elr.iter().copied().collect(),
            last_known: state.last_known_elr.iter().copied().collect(),
            unclean: state.recovering,
        });
    }
}
