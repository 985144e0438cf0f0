//! Brokers and what they keep: topics, partitions.

pub mod topic_name;
