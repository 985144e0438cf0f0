//! Two architectures over one log, as the course notes have them.
//!
//! **Lambda**: a [`Batch`] layer counts everything again at set times, a speed layer (a
//! [`StreamJob`]) counts what the batch has not, and a [`Serving`] layer adds the two. **Kappa**: one
//! [`StreamJob`] counts as records come; to count again, a second one reads the log from its start
//! into a view of its own, and the serving layer changes over when it has caught up.
//!
//! All of them read the log through the ordinary consumer, without a group: like Flink and Spark they
//! keep their positions with their state.

mod batch;
mod serving;
mod settings;
mod stream_job;
mod tap;

pub use crate::protocol::{Delivery, Layer};
pub use batch::{Batch, Phase};
pub use serving::{Kept, Serving, Side};
pub use settings::{Architecture, LayerChange, LayersSpec, Names};
pub use stream_job::{Role, StreamJob};

use crate::id::{NodeId, TopicId};
use crate::time::Span;
use std::sync::Arc;

/// What the machines are made of, whichever process of them runs.
#[derive(Clone, Debug)]
pub struct Kit {
    /// How they are set as the run begins.
    pub spec: Arc<LayersSpec>,
    /// The log they read.
    pub topic: TopicId,
    /// Its name.
    pub name: Arc<str>,
    /// How many partitions it has.
    pub partitions: u32,
    /// Whom to ask first.
    pub bootstrap: Arc<[NodeId]>,
    /// Who serves what this one makes.
    pub serving: NodeId,
    /// The run's seed.
    pub seed: u64,
}

/// What a machine has done since the run began: kept for people, never read by it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Done {
    /// Records read and counted, each as often as that was.
    pub records: u64,
    /// Of them, those that its view has twice.
    pub twice: u64,
    /// Records that are missing in its view: passed over after a crash, or deleted before it read
    /// them.
    pub lost: u64,
    /// Records that came too late for it (`allowed lateness`), each as often as it was read.
    pub late: u64,
    /// How often its process failed by itself.
    pub failures: u32,
}

/// How long work on `records` takes `workers` that do `per_worker` events a second each, where a
/// record stands for `scale` events.
#[must_use]
pub fn work(records: u64, scale: u32, workers: u32, per_worker: u32) -> Span {
    let per_s = u64::from(workers) * u64::from(per_worker);
    Span((records * u64::from(scale) * 1_000_000).div_ceil(per_s.max(1)))
}

/// How long a machine that failed by itself is away until its supervisor has started it again.
pub const RESTART: Span = Span::secs(30);

/// How often what was made last is sent again, in case it was lost on its way.
const AGAIN: Span = Span::secs(30);
