//! What runs beside the brokers: producers and consumers.

mod accumulator;
mod calls;
mod config;
mod consumer;
mod delivery;
pub mod partitioner;
mod producer;
mod view;

#[cfg(test)]
mod tests;

pub use accumulator::{Buffered, Tags};
pub use config::{ConfigError, ConsumerConfig, OffsetReset, ProducerConfig};
pub use consumer::{
    CommitDone, CommitError, CommitId, Consumer, PartitionRecords, PollError, Records,
};
pub use delivery::{Delivery, Lost, ProducerRecord, SendError, Sent};
pub use producer::Producer;
