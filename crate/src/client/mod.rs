//! What runs beside the brokers: producers and consumers.

mod accumulator;
mod calls;
mod config;
mod delivery;
pub mod partitioner;
mod producer;
mod view;

pub use accumulator::{Buffered, Tags};
pub use config::{ConfigError, ConsumerConfig, OffsetReset, ProducerConfig};
pub use delivery::{Delivery, Lost, ProducerRecord, SendError, Sent};
pub use producer::Producer;
