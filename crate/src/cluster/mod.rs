//! Brokers and what they keep: topics, partitions.

mod broker;
mod purgatory;
mod topic;
mod topic_config;
pub mod topic_name;

pub use broker::{Broker, BrokerConfig};
pub use topic::{NewTopic, Partition, Topic, TopicError};
pub use topic_config::{TopicConfig, TopicConfigError};
