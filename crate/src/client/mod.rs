//! What runs beside the brokers: producers and consumers.

pub mod partitioner;
