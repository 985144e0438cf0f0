//! What can be set about the layers, and what a person can do to them.

use crate::protocol::{Delivery, Layer};
use crate::time::Span;
use serde::{Deserialize, Serialize};

/// Which architecture.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Architecture {
    /// Batch and speed.
    Lambda,
    /// Streams alone.
    Kappa,
}

impl Architecture {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Lambda, Self::Kappa];
}

/// How the boxes of the picture are called.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Names {
    /// By their part.
    #[default]
    Layers,
    /// As Twitter named its own in 2021.
    Twitter,
}

/// The layers as a run begins; what commands change is changed here too.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct LayersSpec {
    /// As how many events each record stands, 1 to 1,000,000: what is simulated is a sample.
    pub scale: u32,
    /// Whether there is a batch layer.
    pub batch: bool,
    /// Whether there is a speed layer beside it.
    pub speed: bool,
    /// Whether Kappa's first job runs from the beginning; it can be started later.
    pub kappa: bool,
    /// The batch layer begins at every multiple of this, 1 minute to 1 day.
    pub batch_every: Span,
    /// What it takes before the first record is read.
    pub batch_startup: Span,
    /// How many workers the batch layer, the speed layer and each of Kappa's jobs have, 1 to 64.
    pub workers: [u32; 3],
    /// How many events a second one worker of each does.
    pub per_worker: [u32; 3],
    /// A record that is older than the latest of its partition by more than this comes too late for
    /// a stream (`allowed lateness`). The batch layer takes every record.
    pub grace: Span,
    /// How often a machine fails by itself, in times an hour, 0 to 60.
    pub failures_per_hour: f64,
    /// How often streams write down counts and positions.
    pub checkpoint: Span,
    /// What the speed layer and Kappa's jobs do after they died.
    pub delivery: [Delivery; 2],
    /// The speed layer counts one record of so many and multiplies, 1 to 100.
    pub one_in: u32,
    /// Whether Kappa changes over by itself when a new job has caught up.
    pub auto_cut_over: bool,
    /// How the picture calls its boxes.
    pub names: Names,
}

impl Default for LayersSpec {
    fn default() -> Self {
        Self {
            scale: 1_000,
            batch: true,
            speed: true,
            kappa: true,
            batch_every: Span::secs(3_600),
            batch_startup: Span::secs(60),
            workers: [4; 3],
            per_worker: [3_000, 2_400, 2_400],
            grace: Span::secs(600),
            failures_per_hour: 0.0,
            checkpoint: Span::secs(60),
            delivery: [Delivery::AtLeastOnce, Delivery::ExactlyOnce],
            one_in: 1,
            auto_cut_over: true,
            names: Names::Layers,
        }
    }
}

impl LayersSpec {
    /// The most workers of a layer.
    pub const MOST_WORKERS: u32 = 64;

    /// How many events a second a layer does.
    #[must_use]
    pub fn per_s(&self, layer: Layer) -> u32 {
        self.workers[layer as usize] * self.per_worker[layer as usize]
    }

    /// What a machine of a layer that streams does after it died. The batch layer begins again.
    #[must_use]
    pub fn delivery_of(&self, layer: Layer) -> Delivery {
        match layer {
            Layer::Batch => Delivery::ExactlyOnce,
            Layer::Speed => self.delivery[0],
            Layer::Job => self.delivery[1],
        }
    }
}

/// One thing done to the layers.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum LayerChange {
    /// The batch layer begins at every multiple of this from now on.
    BatchEvery {
        /// In microseconds, 1 minute to 1 day.
        us: u64,
    },
    /// A layer has so many workers: the batch layer from its next run on, streams from the next
    /// records they take.
    Workers {
        /// Which.
        layer: Layer,
        /// 1 to 64.
        workers: u32,
    },
    /// Streams wait so long for late records.
    Grace {
        /// In microseconds, at most a day.
        us: u64,
    },
    /// Machines fail by themselves so often.
    Failures {
        /// Times an hour, 0 to 60.
        per_hour: f64,
    },
    /// What a layer that streams does after it died.
    Delivery {
        /// `speed` or `job`.
        layer: Layer,
        /// How.
        delivery: Delivery,
    },
    /// The speed layer counts one record of so many and multiplies.
    Sampling {
        /// 1 to 100.
        one_in: u32,
    },
    /// The log keeps records so long (`retention.ms`), in segments of a tenth of it at most
    /// (`segment.ms`).
    Retention {
        /// In microseconds, 1 minute to 30 days.
        us: u64,
    },
    /// Some records come late: their authors' phones were offline.
    Late {
        /// Which share, 0 to 1.
        share: f64,
        /// By how much at most, in microseconds, at most a day.
        by_us: u64,
    },
    /// Counting code goes live, with a bug or without. It drops events whose hashtag has a capital.
    /// The batch layer uses it from its next run on. The speed layer counts anew from where the
    /// batch view ends. A job of Kappa's goes on with the counts it has.
    Ship {
        /// Where.
        code: Layer,
        /// Whether it has the bug.
        bug: bool,
    },
    /// Kappa starts another job that reads the log from its start into a view of its own.
    Reprocess {
        /// Whether its code has the bug.
        bug: bool,
    },
    /// Kappa serves the other view from now on, as when it has caught up.
    CutOver,
    /// Kappa serves the view before again, while it is there.
    RollBack,
    /// The job whose view is not served ends, and its view goes.
    DropOld,
}
