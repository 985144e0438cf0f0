//! The scenes: nodes, topics, workload, script of commands, captions, questions, as values.

pub mod clicks_file;
pub mod clickstream;
pub mod cluster;
pub mod commands_file;
pub mod events_file;
pub mod famous;
pub mod hashtags;
pub mod keys_file;
pub mod layers;
pub mod orders;
pub mod orders_file;

pub use crate::feed::FeedSpec;
pub use crate::layers::LayersSpec;
pub use crate::shop::{
    CommitMode, Partitioning, RecordedOrder, Sending, Settings, Wiring, Workload,
};
pub use crate::sim::{Caption, ClusterSpec, Cue, Hours, Question, Rule, Scenario, TopicSpec};

/// Every scene, in the order offered.
#[must_use]
pub fn all() -> Vec<Scenario> {
    let mut all = orders::all();
    all.extend(cluster::all());
    all.extend(clickstream::all());
    all.extend(layers::all());
    all
}

/// The scene of this name.
#[must_use]
pub fn by_name(name: &str) -> Option<Scenario> {
    all().into_iter().find(|scenario| scenario.name == name)
}
