//! What the admin tools ask of a controller, as the records it writes for it, and what they say when
//! it cannot be done (`ReplicationControlManager`).

use super::Flaw;
use super::election::{Change, Election, ElectionError, PartitionState, Rules, apply, elect};
use super::metadata::{Image, MetadataRecord, Registration, TopicImage};
use super::placement::{PlacementError, UsableBroker, draws, striped};
use super::topic_config::{TopicConfig, TopicConfigError};
use super::topic_name::{self, TopicNameError};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::map::Map;
use crate::protocol::ErrorCode;
use crate::rng::Rng;
use std::fmt;
use std::sync::Arc;

/// Decides on what an image says; whoever asks writes the records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Admin<'a> {
    pub image: &'a Image,
    pub eligible_leader_replicas: bool,
    pub num_partitions: u32,
    pub default_replication_factor: u32,
    pub flaw: Option<Flaw>,
}

impl Admin<'_> {
    /// Makes a topic.
    ///
    /// # Errors
    /// The name is taken, invalid or collides; no partitions; more replicas than brokers; a setting
    /// is refused; an assignment names brokers that are not there.
    pub fn create_topic(
        &self,
        id: TopicId,
        name: &Arc<str>,
        new: &NewTopic,
        rng: &mut Rng,
    ) -> Result<Vec<MetadataRecord>, TopicError> {
        if self.image.topics.contains_key(&id) {
            return Err(TopicError::Exists(name.to_string()));
        }
        topic_name::validate(name).map_err(TopicError::Name)?;
        let mut others = self.image.topics.values();
        if let Some(other) = others.find(|other| topic_name::collide(&other.name, name)) {
            return Err(TopicError::Collides {
                name: name.to_string(),
                existing: other.name.to_string(),
            });
        }
        let assignment = match &new.assignment {
            Some(assignment) => self.checked(assignment)?,
            None => {
                let partitions = new.partitions.unwrap_or(self.num_partitions);
                let factor = new.replication_factor;
                if partitions == 0 {
                    return Err(TopicError::NoPartitions);
                }
                if factor.is_some_and(|factor| !(1..32_768).contains(&factor)) {
                    return Err(TopicError::ReplicationFactor);
                }
                let factor = factor.unwrap_or(self.default_replication_factor);
                self.place(&[], partitions, factor, rng)?
            }
        };
        TopicConfig::new(&new.configs).map_err(TopicError::Config)?;
        let mut records = vec![MetadataRecord::Topic {
            topic: id,
            name: name.clone(),
            incarnation: self.image.incarnations + 1,
        }];
        if !new.configs.is_empty() {
            records.push(MetadataRecord::Config {
                topic: id,
                configs: new.configs.clone(),
            });
        }
        records.extend(self.partitions(id, 0, assignment));
        Ok(records)
    }

    /// Deletes a topic. Returns its number too.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn delete_topic(&self, name: &str) -> Result<(Vec<MetadataRecord>, TopicId), TopicError> {
        let (topic, _) = self.named(name)?;
        Ok((vec![MetadataRecord::RemoveTopic { topic }], topic))
    }

    /// Raises a topic's number of partitions to `to`, each with as many replicas as the first has.
    ///
    /// # Errors
    /// There is no such topic, or it has as many or more.
    pub fn add_partitions(
        &self,
        name: &str,
        to: u32,
        rng: &mut Rng,
    ) -> Result<Vec<MetadataRecord>, TopicError> {
        let (id, topic) = self.named(name)?;
        let has = topic.partitions.len() as u32;
        if to == has {
            return Err(TopicError::SamePartitions(has));
        }
        if to < has {
            return Err(TopicError::FewerPartitions {
                name: name.to_owned(),
                has,
                asked: to,
            });
        }
        let factor = topic.partitions.first().map_or(1, |p| p.replicas.len());
        let existing = topic.partitions.iter().map(|p| p.replicas.clone());
        let existing: Vec<Vec<NodeId>> = existing.collect();
        let assignment = self.place(&existing, to - has, factor as u32, rng)?;
        Ok(self.partitions(id, has, assignment).collect())
    }

    /// Changes one setting of a topic, or with `None` unsets it.
    ///
    /// # Errors
    /// There is no such topic or setting, the value does not suit it, or there is nothing to unset.
    pub fn alter_config(
        &self,
        name: &str,
        setting: &str,
        value: Option<&str>,
    ) -> Result<Vec<MetadataRecord>, TopicError> {
        let (id, topic) = self.named(name)?;
        let config = topic.config.with(setting, value);
        let config = config.map_err(TopicError::Config)?;
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        Ok(vec![MetadataRecord::Config {
            topic: id,
            configs: config.overrides().map(owned).collect(),
        }])
    }

    /// Elects a leader.
    ///
    /// # Errors
    /// No replica can be elected that way, or none need be.
    pub fn elect_leader(
        &self,
        at: TopicPartition,
        how: Election,
    ) -> Result<Vec<MetadataRecord>, TopicError> {
        let state = self.state(at)?;
        let alive = |node| self.image.is_active(node);
        let elected = elect(state, how, &self.rules(at), alive);
        let state = elected.map_err(TopicError::Election)?;
        Ok(vec![MetadataRecord::PartitionChange { at, state }])
    }

    /// Begins to move a partition to other replicas.
    ///
    /// # Errors
    /// There is no such partition; the replicas are not brokers of the cluster, or none, or named
    /// twice.
    pub fn reassign(
        &self,
        at: TopicPartition,
        target: &[NodeId],
    ) -> Result<Vec<MetadataRecord>, TopicError> {
        let state = self.state(at)?;
        self.checked(&[target.to_vec()])?;
        let change = Change::reassign(state, target);
        let alive = |node| self.image.is_active(node);
        Ok(self.change(at, state, &change, alive).into_iter().collect())
    }

    /// The record of a change to a partition. `None` if nothing changes.
    pub fn change(
        &self,
        at: TopicPartition,
        state: &PartitionState,
        change: &Change<'_>,
        alive: impl Fn(NodeId) -> bool,
    ) -> Option<MetadataRecord> {
        let state = apply(state, change, &self.rules(at), alive)?;
        Some(MetadataRecord::PartitionChange { at, state })
    }

    fn rules(&self, at: TopicPartition) -> Rules {
        let topic = self.image.topics.get(&at.topic);
        Rules {
            min_isr: self.image.min_isr(at),
            elr: self.eligible_leader_replicas,
            last_known_leader: self.eligible_leader_replicas,
            unclean_allowed: topic.is_some_and(|t| t.config.unclean_leader_election),
            bump_on_isr_shrink: false,
            outside_isr: self.flaw == Some(Flaw::ElectOutsideIsr),
        }
    }

    fn named(&self, name: &str) -> Result<(TopicId, &Arc<TopicImage>), TopicError> {
        let found = self.image.topic_named(name);
        found.ok_or_else(|| TopicError::NotFound(name.to_owned()))
    }

    fn state(&self, at: TopicPartition) -> Result<&PartitionState, TopicError> {
        self.image
            .partition(at)
            .ok_or(TopicError::NoPartition(at.partition))
    }

    /// An assignment by hand: brokers that are there, each once a partition.
    fn checked(&self, assignment: &[Vec<NodeId>]) -> Result<Vec<Vec<NodeId>>, TopicError> {
        let invalid = |why: String| Err(TopicError::Assignment(why));
        if assignment.is_empty() {
            return Err(TopicError::NoPartitions);
        }
        for (number, replicas) in assignment.iter().enumerate() {
            if replicas.is_empty() {
                return invalid(
                    "The manual partition assignment includes an empty replica list.".into(),
                );
            }
            for (place, broker) in replicas.iter().enumerate() {
                if !self.image.brokers.contains_key(broker) {
                    return invalid(format!(
                        "The manual partition assignment includes broker {}, but no such broker is \
                         registered.",
                        broker.0
                    ));
                }
                if replicas[..place].contains(broker) {
                    return invalid(format!(
                        "The manual partition assignment includes the broker {} more than once.",
                        broker.0
                    ));
                }
            }
            if !replicas.iter().any(|&broker| self.image.is_active(broker)) {
                return invalid(format!(
                    "All brokers specified in the manual partition assignment for partition \
                     {number} are fenced or in controlled shutdown."
                ));
            }
        }
        Ok(assignment.to_vec())
    }

    /// Chooses replicas for `count` partitions after those that are there.
    fn place(
        &self,
        existing: &[Vec<NodeId>],
        count: u32,
        factor: u32,
        rng: &mut Rng,
    ) -> Result<Vec<Vec<NodeId>>, TopicError> {
        let usable = |(&id, known): (&NodeId, &Registration)| UsableBroker {
            id,
            rack: known.rack.map(|rack| rack.to_string()),
            fenced: known.fenced,
        };
        // Who is leaving gets nothing new (`UsableBrokerIterator`); who is fenced may come back.
        let stays =
            |(_, known): &(&NodeId, &Registration)| known.fenced || !known.in_controlled_shutdown;
        let brokers = self.image.brokers.iter().filter(stays).map(usable);
        let brokers: Vec<UsableBroker> = brokers.collect();
        let factor = i32::try_from(factor).unwrap_or(i32::MAX);
        let placed = striped(&brokers, existing, count as usize, factor, &mut draws(rng));
        placed.map_err(|error| TopicError::Placement {
            replication_factor: factor,
            error,
        })
    }

    /// New partitions: every replica that is there is in sync, the first of them leads.
    fn partitions(
        &self,
        topic: TopicId,
        first: u32,
        assignment: Vec<Vec<NodeId>>,
    ) -> impl Iterator<Item = MetadataRecord> {
        (first..).zip(assignment).map(move |(number, replicas)| {
            let mut state = PartitionState::new(replicas);
            let alive = state.replicas.iter().copied();
            let alive: Vec<NodeId> = alive.filter(|&r| self.image.is_active(r)).collect();
            state.leader = alive.first().copied();
            state.isr = alive;
            let at = TopicPartition::new(topic, number);
            MetadataRecord::Partition { at, state }
        })
    }
}

/// What to make.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewTopic {
    /// How many partitions, 1 or more; the broker's `num.partitions` if not said.
    pub partitions: Option<u32>,
    /// How many replicas each; the broker's `default.replication.factor` if not said.
    pub replication_factor: Option<u32>,
    /// The replicas of each partition, the preferred leader first (`--replica-assignment`); then
    /// the two numbers are not looked at.
    pub assignment: Option<Vec<Vec<NodeId>>>,
    /// Settings by their real names.
    pub configs: Map<String, String>,
}

/// Why something could not be done to a topic, in the words of `kafka-topics`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TopicError {
    /// There is one of that name.
    Exists(String),
    /// There is none of that name.
    NotFound(String),
    /// It cannot have that name.
    Name(TopicNameError),
    /// Another has a name that metrics cannot tell from it.
    Collides {
        /// The new name.
        name: String,
        /// The other's.
        existing: String,
    },
    /// No partitions were asked for.
    NoPartitions,
    /// It has as many partitions already.
    SamePartitions(u32),
    /// Partitions cannot be taken away.
    FewerPartitions {
        /// The topic.
        name: String,
        /// What it has.
        has: u32,
        /// What was asked for.
        asked: u32,
    },
    /// No copies were asked for, or more than there can be in any cluster.
    ReplicationFactor,
    /// There is no place for so many replicas.
    Placement {
        /// How many were asked for.
        replication_factor: i32,
        /// Why there is none.
        error: PlacementError,
    },
    /// A setting was refused.
    Config(TopicConfigError),
    /// An assignment by hand was refused.
    Assignment(String),
    /// No leader could be elected as asked.
    Election(ElectionError),
    /// The topic has no partition of this number.
    NoPartition(u32),
    /// The metadata quorum has no leader that could do anything.
    NoController,
}

impl TopicError {
    /// The code that a broker answers with.
    #[must_use]
    pub fn code(&self) -> ErrorCode {
        match self {
            Self::Exists(_) => ErrorCode::TopicAlreadyExists,
            Self::NotFound(_) => ErrorCode::UnknownTopicOrPartition,
            Self::Name(_) | Self::Collides { .. } => ErrorCode::InvalidTopic,
            Self::NoPartitions | Self::SamePartitions(_) | Self::FewerPartitions { .. } => {
                ErrorCode::InvalidPartitions
            }
            Self::ReplicationFactor | Self::Placement { .. } => ErrorCode::InvalidReplicationFactor,
            Self::Config(_) => ErrorCode::InvalidConfig,
            Self::Assignment(_) => ErrorCode::InvalidReplicaAssignment,
            Self::Election(error) => election_code(*error),
            Self::NoPartition(_) => ErrorCode::UnknownTopicOrPartition,
            Self::NoController => ErrorCode::RequestTimedOut,
        }
    }
}

fn election_code(error: ElectionError) -> ErrorCode {
    match error {
        ElectionError::NotNeeded => ErrorCode::ElectionNotNeeded,
        ElectionError::PreferredLeaderNotAvailable => ErrorCode::PreferredLeaderNotAvailable,
        ElectionError::EligibleLeadersNotAvailable => ErrorCode::EligibleLeadersNotAvailable,
    }
}

impl fmt::Display for TopicError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Exists(name) => write!(f, "Topic '{name}' already exists."),
            // The tool of 4.0 prints its own wrapping of the name.
            Self::NotFound(name) => {
                write!(f, "Topic 'Optional[{name}]' does not exist as expected")
            }
            Self::Name(error) => f.write_str(&error.in_request()),
            Self::Collides { name, existing } => {
                f.write_str(&topic_name::collision(name, existing))
            }
            Self::NoPartitions => f.write_str("The partitions must be greater than 0"),
            Self::SamePartitions(n) => write!(f, "Topic already has {n} partition(s)."),
            Self::FewerPartitions { name, has, asked } => write!(
                f,
                "The topic {name} currently has {has} partition(s); {asked} would not be an \
                 increase."
            ),
            Self::ReplicationFactor => {
                f.write_str("The replication factor must be between 1 and 32767 inclusive")
            }
            Self::Placement {
                replication_factor,
                error,
            } => f.write_str(&error.on_creation(*replication_factor)),
            Self::Config(error) => error.fmt(f),
            Self::Assignment(why) => f.write_str(why),
            Self::Election(error) => f.write_str(election_code(*error).message()),
            Self::NoPartition(number) => write!(f, "There is no partition {number}."),
            Self::NoController => f.write_str(
                "Timed out waiting for a node assignment: the metadata quorum has no leader",
            ),
        }
    }
}

impl std::error::Error for TopicError {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Salt;

    /// Three brokers: each may be fenced, or leaving.
    fn image(states: [(bool, bool); 3]) -> Image {
        let mut image = Image::default();
        for (id, (fenced, in_controlled_shutdown)) in states.into_iter().enumerate() {
            let broker = NodeId(id as u32);
            image.replay(&MetadataRecord::RegisterBroker {
                broker,
                incarnation: 1,
                epoch: id as i64,
                rack: None,
            });
            image.replay(&MetadataRecord::BrokerRegistrationChange {
                broker,
                fenced,
                in_controlled_shutdown,
            });
        }
        image
    }

    fn create(image: &Image, new: &NewTopic) -> Result<Vec<PartitionState>, TopicError> {
        let admin = Admin {
            image,
            eligible_leader_replicas: true,
            num_partitions: 6,
            default_replication_factor: 2,
            flaw: None,
        };
        let rng = &mut Rng::new(1, Salt::Placement, 0);
        let records = admin.create_topic(TopicId(1), &Arc::from("t"), new, rng)?;
        let states = records.into_iter().filter_map(|record| match record {
            MetadataRecord::Partition { state, .. } => Some(state),
            _ => None,
        });
        Ok(states.collect())
    }

    #[test]
    fn who_is_leaving_gets_no_new_partition() {
        let (here, leaving, fenced) = ((false, false), (false, true), (true, false));
        for state in create(&image([here, leaving, here]), &NewTopic::default()).unwrap() {
            assert!(!state.replicas.contains(&NodeId(1)), "{state:?}");
        }
        for state in create(&image([here, fenced, fenced]), &NewTopic::default()).unwrap() {
            assert_eq!(state.replicas.len(), 2);
            assert_eq!(
                (state.leader, state.isr),
                (Some(NodeId(0)), vec![NodeId(0)])
            );
        }
        let nobody = image([fenced, leaving, fenced]);
        let error = create(&nobody, &NewTopic::default())
            .unwrap_err()
            .to_string();
        assert!(
            error.ends_with("All brokers are currently fenced."),
            "{error}"
        );
        let by_hand = NewTopic {
            assignment: Some(vec![vec![NodeId(1), NodeId(0)]]),
            ..NewTopic::default()
        };
        let error = create(&nobody, &by_hand).unwrap_err().to_string();
        assert_eq!(
            error,
            "All brokers specified in the manual partition assignment for partition 0 are fenced or \
             in controlled shutdown."
        );
    }
}
