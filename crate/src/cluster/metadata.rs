//! What a cluster is: the records of the metadata log, and the image they add up to (KRaft's
//! `MetadataImage`). Every controller and broker replays the same records.
//!
//! The values in the log are JSON, so that a person can read them; Kafka's are a binary format of
//! its own. Names of records and fields are Kafka's (`metadata/src/main/resources/common/metadata`).

use super::election::PartitionState;
use super::topic_config::TopicConfig;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::log::{Batch, BatchBuilder};
use crate::map::Map;
use crate::protocol::{Metadata, PartitionMetadata, TopicMetadata};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One record of the metadata log.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub enum MetadataRecord {
    /// The quorum has a new leader. Changes nothing in the image.
    LeaderChange {
        /// Who.
        leader: NodeId,
    },
    /// A broker is taken in, fenced at first.
    RegisterBroker {
        /// Which.
        broker: NodeId,
        /// Counts the lives of its process.
        incarnation: u32,
        /// The offset of this record: a new one for each registration.
        epoch: i64,
        /// Its rack.
        rack: Option<u32>,
    },
    /// A broker is fenced or unfenced, or begins a controlled shutdown.
    BrokerRegistrationChange {
        /// Which.
        broker: NodeId,
        /// Whether it is fenced from now on.
        fenced: bool,
        /// Whether it is shutting down.
        in_controlled_shutdown: bool,
    },
    /// A topic is made.
    Topic {
        /// Its number.
        topic: TopicId,
        /// Its name.
        name: Arc<str>,
        /// Which making of a topic by that name this is.
        incarnation: u32,
    },
    /// A topic has these settings from now on.
    Config {
        /// Whose.
        topic: TopicId,
        /// All that are set, by name.
        configs: Map<String, String>,
    },
    /// A partition is made.
    Partition {
        /// Which.
        at: TopicPartition,
        /// Its replicas and who leads.
        state: PartitionState,
    },
    /// A partition changes.
    PartitionChange {
        /// Which.
        at: TopicPartition,
        /// How it is from now on.
        state: PartitionState,
    },
    /// A topic is deleted.
    RemoveTopic {
        /// Which.
        topic: TopicId,
    },
}

/// Makes a batch of records, all or none of which are committed.
#[must_use]
pub fn batch_of(now: Time, records: &[MetadataRecord]) -> Batch {
    let mut builder = BatchBuilder::new();
    for record in records {
        let value = serde_json::to_vec(record).expect("a record has only plain members");
        builder.append(now.event_ms(), None, Some(&value), &[]);
    }
    builder.build().expect("a write has records")
}

/// The record that a new leader of the quorum writes first.
#[must_use]
pub fn leader_change(now: Time, leader: NodeId) -> Batch {
    batch_of(now, &[MetadataRecord::LeaderChange { leader }])
}

/// The records of a batch of the metadata log.
///
/// # Panics
/// The batch is not one that [`batch_of`] made.
pub fn records_of(batch: &Batch) -> impl Iterator<Item = MetadataRecord> {
    batch.records().map(|record| {
        let record = record.expect("metadata batches are whole");
        let value = record.value.expect("metadata records have values");
        serde_json::from_slice(value).expect("metadata records are ours")
    })
}

/// A broker as the controllers registered it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Registration {
    /// Counts the lives of its process.
    pub incarnation: u32,
    /// The offset of the registration's record.
    pub epoch: i64,
    /// Its rack.
    pub rack: Option<u32>,
    /// It leads nothing and joins no in-sync set.
    pub fenced: bool,
    /// It is shutting down: likewise.
    pub in_controlled_shutdown: bool,
}

impl Registration {
    /// Whether it may lead and be in sync.
    #[must_use]
    pub fn active(&self) -> bool {
        !self.fenced && !self.in_controlled_shutdown
    }
}

/// A topic as the cluster knows it.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicImage {
    /// Its name.
    pub name: Arc<str>,
    /// Which making of a topic by that name this is.
    pub incarnation: u32,
    /// Its settings.
    pub config: Arc<TopicConfig>,
    /// Its partitions.
    pub partitions: Vec<PartitionState>,
}

/// The cluster as the records up to some offset say it is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Image {
    /// The brokers that ever registered.
    pub brokers: Map<NodeId, Registration>,
    /// The topics.
    pub topics: Map<TopicId, Arc<TopicImage>>,
    /// Topics made so far.
    pub incarnations: u32,
}

impl Image {
    /// Goes on by one record.
    pub fn replay(&mut self, record: &MetadataRecord) {
        match record {
            MetadataRecord::LeaderChange { .. } => {}
            &MetadataRecord::RegisterBroker {
                broker,
                incarnation,
                epoch,
                rack,
            } => {
                let registration = Registration {
                    incarnation,
                    epoch,
                    rack,
                    fenced: true,
                    in_controlled_shutdown: false,
                };
                self.brokers.insert(broker, registration);
            }
            &MetadataRecord::BrokerRegistrationChange {
                broker,
                fenced,
                in_controlled_shutdown,
            } => {
                if let Some(registration) = self.brokers.get_mut(&broker) {
                    registration.fenced = fenced;
                    registration.in_controlled_shutdown = in_controlled_shutdown;
                }
            }
            MetadataRecord::Topic {
                topic,
                name,
                incarnation,
            } => {
                self.incarnations = self.incarnations.max(*incarnation);
                let image = TopicImage {
                    name: name.clone(),
                    incarnation: *incarnation,
                    config: Arc::default(),
                    partitions: Vec::new(),
                };
                self.topics.insert(*topic, Arc::new(image));
            }
            MetadataRecord::Config { topic, configs } => {
                if let Some(image) = self.topics.get_mut(topic) {
                    let config = TopicConfig::new(configs).expect("the controller looked at them");
                    Arc::make_mut(image).config = Arc::new(config);
                }
            }
            MetadataRecord::Partition { at, state }
            | MetadataRecord::PartitionChange { at, state } => {
                if let Some(image) = self.topics.get_mut(&at.topic) {
                    let partitions = &mut Arc::make_mut(image).partitions;
                    match partitions.get_mut(at.partition as usize) {
                        Some(partition) => *partition = state.clone(),
                        None => partitions.push(state.clone()),
                    }
                }
            }
            MetadataRecord::RemoveTopic { topic } => {
                self.topics.remove(topic);
            }
        }
    }

    /// One partition.
    #[must_use]
    pub fn partition(&self, at: TopicPartition) -> Option<&PartitionState> {
        let topic = self.topics.get(&at.topic)?;
        topic.partitions.get(at.partition as usize)
    }

    /// All partitions, in order.
    pub fn partitions(&self) -> impl Iterator<Item = (TopicPartition, &PartitionState)> {
        self.topics.iter().flat_map(|(&topic, image)| {
            let numbered = (0..).zip(&image.partitions);
            numbered.map(move |(number, state)| (TopicPartition::new(topic, number), state))
        })
    }

    /// The topic of this name.
    #[must_use]
    pub fn topic_named(&self, name: &str) -> Option<(TopicId, &Arc<TopicImage>)> {
        let mut topics = self.topics.iter();
        let found = topics.find(|(_, topic)| &*topic.name == name);
        found.map(|(&id, topic)| (id, topic))
    }

    /// How many in-sync replicas a partition needs before it takes what is sent with `acks=all`:
    /// `min.insync.replicas`, but never more than it has replicas.
    #[must_use]
    pub fn min_isr(&self, at: TopicPartition) -> usize {
        let topic = self.topics.get(&at.topic);
        let asked = topic.map_or(1, |topic| topic.config.min_insync_replicas as usize);
        let replicas = self.partition(at).map_or(1, |state| state.replicas.len());
        asked.min(replicas).max(1)
    }

    /// Whether a broker may lead and be in sync.
    #[must_use]
    pub fn is_active(&self, broker: NodeId) -> bool {
        self.brokers.get(&broker).is_some_and(Registration::active)
    }

    /// What clients are told.
    #[must_use]
    pub fn for_clients(&self) -> Metadata {
        let unfenced = self.brokers.iter().filter(|(_, broker)| !broker.fenced);
        let brokers: Vec<NodeId> = unfenced.map(|(&broker, _)| broker).collect();
        let told = |topic: &TopicImage| TopicMetadata {
            name: topic.name.clone(),
            incarnation: topic.incarnation,
            // A leader that is fenced already is not shown: there is none until the next is elected.
            partitions: topic
                .partitions
                .iter()
                .map(|state| PartitionMetadata {
                    leader: state.leader.filter(|leader| brokers.contains(leader)),
                    leader_epoch: state.leader_epoch,
                })
                .collect(),
        };
        let mut topics = Map::new();
        topics.extend(self.topics.iter().map(|(&id, topic)| (id, told(topic))));
        Metadata { brokers, topics }
    }
}
