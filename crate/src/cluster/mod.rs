//! Brokers and what they keep: topics, partitions.

mod broker;
pub mod election;
pub mod isr;
pub mod placement;
mod purgatory;
pub mod quota;
mod topic;
mod topic_config;
pub mod topic_name;

pub use broker::{Broker, BrokerConfig};
pub use election::PartitionState;
pub use topic::{NewTopic, Partition, Topic, TopicError};
pub use topic_config::{TopicConfig, TopicConfigError};
