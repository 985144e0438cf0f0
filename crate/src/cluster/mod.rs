//! Brokers, controllers, and what they keep: topics, partitions, replicas, the metadata log.

mod admin;
mod broker;
mod call;
mod controller;
pub mod election;
mod epoch_log;
mod flaw;
mod founding;
pub mod isr;
pub mod metadata;
pub mod placement;
mod purgatory;
mod quorum;
pub mod quota;
mod replica;
mod topic_config;
pub mod topic_name;

pub use admin::{NewTopic, TopicError};
pub use broker::{Broker, BrokerConfig, Death, offsets_topic};
pub use controller::{Controller, ControllerConfig};
pub use election::PartitionState;
pub use epoch_log::EpochLog;
pub use flaw::Flaw;
pub use founding::Founding;
pub use quorum::{Quorum, QuorumConfig};
pub use replica::{Follower, Replica};
pub use topic_config::{TopicConfig, TopicConfigError};
