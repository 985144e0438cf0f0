//! What the layers of a Lambda or Kappa architecture say to each other, and tell of themselves.

use crate::social::{Rows, View};
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What has workers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Layer {
    /// The batch layer.
    Batch,
    /// The speed layer.
    Speed,
    /// Each of Kappa's jobs.
    Job,
}

impl Layer {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Batch, Self::Speed, Self::Job];

    /// Its name: `batch`, `speed` or `job`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Batch => "batch",
            Self::Speed => "speed",
            Self::Job => "job",
        }
    }
}

/// What becomes of records that a streaming process had counted since its last checkpoint when it dies.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Delivery {
    /// Counts and positions go back together, and the records are counted again: each counts once.
    #[default]
    ExactlyOnce,
    /// The counts are in a store of their own and stay; only the positions go back: those records
    /// count twice.
    AtLeastOnce,
    /// The positions stay and the counts go back: those records are not counted.
    AtMostOnce,
}

impl Delivery {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::ExactlyOnce, Self::AtLeastOnce, Self::AtMostOnce];

    /// In words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ExactlyOnce => "exactly once",
            Self::AtLeastOnce => "at least once",
            Self::AtMostOnce => "at most once",
        }
    }
}

/// A view on its way to those who serve it.
#[derive(Clone, Debug)]
pub enum LayersMessage {
    /// Batch layer to serving layer: the counts of everything up to these offsets.
    BatchView {
        /// Counts runs.
        run: u32,
        /// By partition, the offset after the last record counted.
        ends: Arc<[i64]>,
        /// The counts.
        view: Arc<View>,
        /// Whether the code that made them had the bug.
        bug: bool,
    },
    /// Speed layer to serving layer: what came since.
    SpeedView {
        /// A row for each record.
        rows: Rows,
        /// The latest event time seen, in milliseconds since the Unix epoch.
        newest_ms: i64,
    },
    /// Serving layer to speed layer: the batch view has everything up to these offsets.
    Covered {
        /// By partition.
        ends: Arc<[i64]>,
    },
    /// A job of Kappa's to the serving layer.
    JobView {
        /// Where the job runs, 0 or 1.
        slot: u8,
        /// Which version it is.
        version: u32,
        /// Its counts.
        view: Arc<View>,
        /// The latest event time seen, in milliseconds since the Unix epoch.
        newest_ms: i64,
        /// Whether it has had everything there was.
        caught_up: bool,
        /// Whether its code had the bug when it counted some of it.
        bug: bool,
    },
}

impl From<LayersMessage> for super::Body {
    fn from(message: LayersMessage) -> Self {
        Self::Layers(message)
    }
}

/// Something that a layer did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LayerStep {
    /// The batch layer began a run.
    BatchBegan(u32),
    /// It is done.
    BatchDone {
        /// Which run.
        run: u32,
        /// How many records it counted.
        records: u64,
        /// When it began.
        since: Time,
    },
    /// Other code is live, with the bug or without.
    Shipped(Layer, bool),
    /// A job began at the start of the log.
    JobBegan {
        /// Which version.
        version: u32,
        /// Whether its code has the bug.
        bug: bool,
    },
    /// A job, or a speed layer, has had everything there was.
    CaughtUp {
        /// Which version.
        version: u32,
        /// At which offsets it is, all partitions added.
        records: u64,
        /// When it began.
        since: Time,
    },
    /// A batch run, or a job of this version, is served from now on.
    Serves(u32),
    /// A job ended, and its view went.
    JobEnded(u32),
    /// A process failed by itself.
    Failed,
    /// A stream goes on after it died, and counts what it had counted since its last checkpoint twice,
    /// or not at all.
    Resumed {
        /// How.
        delivery: Delivery,
        /// How many records that are.
        since: u64,
    },
}
