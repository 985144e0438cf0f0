//! The scenes: nodes, topics, workload, script of commands, captions, questions, as values.

mod cluster;
pub mod commands_file;
mod orders;
pub mod orders_file;

pub use crate::feed::FeedSpec;
pub use crate::shop::{
    CommitMode, Partitioning, RecordedOrder, Sending, Settings, Wiring, Workload,
};
pub use crate::sim::{Caption, ClusterSpec, Cue, Question, Rule, Scenario, TopicSpec};
pub use orders::{all, by_name, of_shops};
