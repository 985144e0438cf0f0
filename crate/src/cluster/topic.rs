//! Topics and their partitions, and what the tools say when they cannot be made or changed.

use super::topic_config::{TopicConfig, TopicConfigError};
use super::topic_name::{self, TopicNameError};
use crate::id::NodeId;
use crate::log::{AppendError, Batch, Log};
use crate::protocol::ErrorCode;
use crate::time::Time;
use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

/// One partition of a topic. It has one copy until replication comes.
#[derive(Clone, Debug)]
pub struct Partition {
    /// What is written.
    pub log: Log,
    /// The broker that takes what is sent.
    pub leader: NodeId,
    /// Counts the leaders it had; stamped on every batch.
    pub leader_epoch: i32,
    /// Records below it are committed and may be read. With one copy that is all of them.
    pub high_watermark: i64,
}

impl Partition {
    /// Appends a producer's batch as the leader, and commits it. Returns the base offset.
    ///
    /// # Errors
    /// The batch is too large, or its timestamps are too far from the broker's clock.
    pub(super) fn append(
        &mut self,
        now: Time,
        config: &TopicConfig,
        batch: &Batch,
    ) -> Result<i64, ErrorCode> {
        if batch.size_in_bytes() > config.max_message_bytes {
            return Err(ErrorCode::MessageTooLarge);
        }
        let batch = if config.log_append_time {
            batch.with_append_time(now.event_ms())
        } else {
            check_timestamps(batch, now.event_ms(), config)?;
            batch.clone()
        };
        let appended = self.log.append(batch, self.leader_epoch, now);
        let info = appended.map_err(|error| match error {
            AppendError::TooLarge { .. } => ErrorCode::RecordListTooLarge,
            _ => ErrorCode::InvalidRecord,
        })?;
        self.high_watermark = self.log.log_end_offset();
        Ok(info.base_offset)
    }
}

fn check_timestamps(batch: &Batch, now_ms: i64, config: &TopicConfig) -> Result<(), ErrorCode> {
    let latest = now_ms.saturating_add(config.timestamp_after_max_ms);
    if batch.max_timestamp() > latest {
        return Err(ErrorCode::InvalidTimestamp);
    }
    if config.timestamp_before_max_ms == i64::MAX {
        return Ok(());
    }
    let earliest = now_ms.saturating_sub(config.timestamp_before_max_ms);
    let early = |t: i64| t != -1 && t < earliest;
    let mut records = batch.records().map_while(Result::ok);
    if records.any(|record| early(record.timestamp)) {
        return Err(ErrorCode::InvalidTimestamp);
    }
    Ok(())
}

/// A topic.
#[derive(Clone, Debug)]
pub struct Topic {
    /// Its name.
    pub name: Arc<str>,
    /// Which making of a topic by that name this is.
    pub incarnation: u32,
    /// Its settings.
    pub config: Arc<TopicConfig>,
    /// Its partitions.
    pub partitions: Vec<Partition>,
}

impl Topic {
    /// Has at least so many partitions from now on.
    pub(super) fn grow(&mut self, now: Time, leader: NodeId, partitions: u32) {
        let new = || Partition {
            log: Log::new(self.config.log, now),
            leader,
            leader_epoch: 0,
            high_watermark: 0,
        };
        let count = self.partitions.len().max(partitions as usize);
        self.partitions.resize_with(count, new);
    }
}

/// What to make.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct NewTopic {
    /// How many partitions, 1 or more; the broker's `num.partitions` if not said.
    pub partitions: Option<u32>,
    /// How many copies; the broker's `default.replication.factor` if not said.
    pub replication_factor: Option<u32>,
    /// Settings by their real names.
    pub configs: BTreeMap<String, String>,
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
    /// More copies than brokers.
    TooFewBrokers {
        /// Copies asked for.
        asked: u32,
        /// Brokers there are.
        brokers: u32,
    },
    /// A setting was refused.
    Config(TopicConfigError),
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
            Self::ReplicationFactor | Self::TooFewBrokers { .. } => {
                ErrorCode::InvalidReplicationFactor
            }
            Self::Config(_) => ErrorCode::InvalidConfig,
        }
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
            Self::TooFewBrokers { asked, brokers } => write!(
                f,
                "Unable to replicate the partition {asked} time(s): The target replication factor \
                 of {asked} cannot be reached because only {brokers} broker(s) are registered."
            ),
            Self::Config(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for TopicError {}
