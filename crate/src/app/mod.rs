//! Stream applications in a world: workers that run the tasks of a topology as clients of the
//! cluster, as Kafka Streams does.
//!
//! A [`StreamWorker`] is an instance with one stream thread: a consumer in the application's group, a
//! producer, and a second consumer that restores stores from their changelogs. What the tasks do is
//! in [`topology`](crate::stream::topology); here is when: which worker has which task
//! ([`worker`]), which record is next ([`running`]), and what a store needs before its task may run.

mod running;
mod worker;

pub use running::{RunningTask, TaskState};
pub use worker::{Phase, StreamWorker, WorkerKit};

use crate::stream::topology::Topology;
use serde::{Deserialize, Serialize};

/// A stream application: what it does, and who does it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AppSpec {
    /// What it does. Its source and sink topics are the scenario's; its internal topics are made as
    /// the application begins.
    pub topology: Topology,
    /// How many workers, at most [`AppSpec::MOST_WORKERS`].
    pub workers: u32,
    /// How often positions are committed, in milliseconds.
    #[serde(rename = "commit.interval.ms", default = "commit_interval_ms")]
    pub commit_interval_ms: u64,
    /// A worker that is not heard of for so long is taken for dead, in milliseconds.
    #[serde(rename = "session.timeout.ms", default = "session_timeout_ms")]
    pub session_timeout_ms: u64,
}

const fn commit_interval_ms() -> u64 {
    30_000
}

const fn session_timeout_ms() -> u64 {
    45_000
}

impl AppSpec {
    /// The most workers.
    pub const MOST_WORKERS: u32 = 16;

    /// With the settings that Kafka Streams has if nobody says otherwise.
    #[must_use]
    pub fn new(topology: Topology, workers: u32) -> Self {
        Self {
            topology,
            workers,
            commit_interval_ms: commit_interval_ms(),
            session_timeout_ms: session_timeout_ms(),
        }
    }
}
