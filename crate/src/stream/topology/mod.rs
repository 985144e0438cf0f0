//! Topologies: what a stream application does, as data.
//!
//! A [`Topology`] is a list of named steps, each of which reads steps before it: what Kafka Streams
//! calls a topology of processors, written with the operators of its DSL. [`Topology::plan`] checks
//! it, cuts it where records must be brought together by their key (a repartition topic) into
//! sub-topologies, and names the internal topics. [`Task`] is what runs: one for each partition of a
//! sub-topology, a state machine that takes records, keeps stores, and gives records for other topics
//! and for the stores' changelogs. [`Local`] runs all tasks in one place, with topics that are lists;
//! the stream workers of a world run them on brokers.

mod describe;
mod expr;
mod local;
mod plan;
mod store;
mod task;
#[cfg(test)]
mod tests;

pub use expr::{Comparison, Expr, hashtags};
pub use local::{Line, Local};
pub use plan::{Node, Plan, Sub, TopicPlan, TopicRole};
pub use task::{Produced, Task, TaskOut};

use super::join::StreamJoinKind;
use super::window::Window;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;
use std::sync::Arc;

/// A stream application. On file it is JSON, as serde writes it.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topology {
    /// Its `application.id`: the name of its consumer group, and what its internal topics begin with.
    #[serde(rename = "application.id")]
    pub application: String,
    /// Whether stores have a cache, as with `statestore.cache.max.bytes` above 0, Kafka Streams'
    /// default: of several results for one key, and of several changes for the changelog, only the
    /// last goes on, when positions are committed.
    #[serde(default = "yes")]
    pub cache: bool,
    /// What it does, each step after those that it reads.
    pub steps: Vec<Step>,
}

const fn yes() -> bool {
    true
}

/// A step of a topology (Kafka Streams: a processor).
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// Its name, unique in the topology. The store of a step has it too.
    pub name: String,
    /// The steps that it reads.
    #[serde(default)]
    pub from: Vec<String>,
    /// What it does with their records.
    pub does: Does,
}

/// How values are written in a topic. Keys are always texts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// As JSON. What is not JSON is taken as a text.
    #[default]
    Json,
    /// As the text itself.
    Text,
}

/// Where a record's time comes from (`default.timestamp.extractor`).
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Extractor {
    /// The record's own timestamp (`FailOnInvalidTimestamp`; here one below 0 is left out).
    #[default]
    Record,
    /// A member of its value, in ms since the Unix epoch; records without it are left out.
    Field(String),
    /// The clock, when the record is taken up (`WallclockTimestampExtractor`).
    WallClock,
}

/// What a step does. Each says in brackets what it is called in Kafka Streams' DSL.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Does {
    /// Reads topics (`stream`).
    Source {
        /// Their names.
        topics: Vec<String>,
        /// How values are written there.
        #[serde(default)]
        values: Format,
        /// Where their time comes from.
        #[serde(default)]
        time: Extractor,
    },
    /// Lets records pass of which this is true (`filter`).
    Filter(Expr),
    /// Makes another value of each (`mapValues`).
    Map(Expr),
    /// Makes a list of each, and a record of each element (`flatMapValues`).
    FlatMap(Expr),
    /// Makes another key of each (`selectKey`). What needs records of a key in one place puts a
    /// repartition topic before itself then. A null takes the key away.
    SelectKey(Expr),
    /// Sends records through a topic of its own, by their keys (`repartition`).
    Repartition {
        /// Of so many partitions; as many as its sources have if not said.
        #[serde(default)]
        partitions: Option<u32>,
    },
    /// Brings records of a key together, for `aggregate` and `top` (`groupByKey`, `groupBy`).
    Group {
        /// By this in place of their key.
        #[serde(default)]
        by: Option<Expr>,
    },
    /// Makes one value of a group's records, a table (`count`, `reduce`, `aggregate`), for all of
    /// time or by windows (`windowedBy`).
    Aggregate {
        /// What is made of them.
        fold: Fold,
        /// By which windows.
        #[serde(default)]
        windows: Option<Windowing>,
    },
    /// Takes records as the newest values of their keys, a table (`toTable`, `table`). A null deletes.
    Table,
    /// Joins a stream with a table, both as `{"left": …, "right": …}`: reads the stream and then a
    /// `table` step (`join`, `leftJoin`).
    JoinTable {
        /// Records whose key is not in the table go on too, with null.
        #[serde(default)]
        left: bool,
    },
    /// Joins a stream with rows that are part of the topology (as with a `GlobalKTable` that never
    /// changes).
    JoinStatic {
        /// The rows by their keys.
        rows: Vec<(String, Json)>,
        /// What is looked up in place of the record's key.
        #[serde(default)]
        by: Option<Expr>,
        /// Records without a row go on too, with null.
        #[serde(default)]
        left: bool,
    },
    /// Joins two streams within a time (`join`, `leftJoin`, `outerJoin` with `JoinWindows`).
    JoinStream {
        /// Which records go on alone, with null in place of the other.
        kind: StreamJoinKind,
        /// The right may be so much before the left, in ms.
        before_ms: i64,
        /// And so much after.
        after_ms: i64,
        /// How late records may come, in ms.
        #[serde(default)]
        grace_ms: i64,
    },
    /// All records of several steps (`merge`).
    Union,
    /// Keeps of each group the records with the greatest numbers, one a name: a list of `[name,
    /// number]`, the greatest first, and by name where equal. (In Kafka Streams an aggregate with a
    /// sorted list in it.)
    Top {
        /// How many, 1 to 1000.
        n: u32,
        /// A record's name.
        name: Expr,
        /// Its number; null takes the name out.
        number: Expr,
    },
    /// Writes records to a topic (`to`). The key of a windowed result is written `[key@start/end]`.
    Sink {
        /// Its name.
        topic: String,
        /// How values are written there.
        #[serde(default)]
        values: Format,
    },
}

impl Does {
    /// The expressions of a step, and whether they may look back.
    fn expressions(&self) -> Vec<(&Expr, bool)> {
        match self {
            Self::Filter(expr) | Self::Map(expr) | Self::FlatMap(expr) | Self::SelectKey(expr) => {
                vec![(expr, false)]
            }
            Self::Group { by } | Self::JoinStatic { by, .. } => {
                by.iter().map(|by| (by, false)).collect()
            }
            Self::Top { name, number, .. } => vec![(name, false), (number, false)],
            Self::Aggregate { fold, .. } => match fold {
                Fold::Count => Vec::new(),
                Fold::Reduce(with) | Fold::Aggregate { with, .. } => vec![(with, true)],
                Fold::Sum(of)
                | Fold::Min(of)
                | Fold::Max(of)
                | Fold::Average(of)
                | Fold::Distinct { of, .. }
                | Fold::Frequent { of, .. }
                | Fold::Sample { of, .. }
                | Fold::Symbols(of)
                | Fold::Members { of, .. } => vec![(of, false)],
            },
            _ => Vec::new(),
        }
    }
}

/// What is made of a group's values.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Fold {
    /// How many records.
    Count,
    /// The sum of whole numbers.
    Sum(Expr),
    /// The least.
    Min(Expr),
    /// The greatest.
    Max(Expr),
    /// Their mean.
    Average(Expr),
    /// The first value, and then this of `so_far` and the next; not by windows.
    Reduce(Expr),
    /// This of `so_far` and the next, from a first value on; not by windows.
    Aggregate {
        /// What there is before the first record.
        initial: Json,
        /// What is made of it and a record.
        with: Expr,
    },
    /// The symbols of clicks, 1 to 6, as one text of digits, by their times. Of the same symbol at the same
    /// moment there is one, so that a click that is taken again after a crash changes nothing.
    Symbols(Expr),
    /// About how many different (HyperLogLog of 2 to the `precision`th registers).
    Distinct {
        /// Of what.
        of: Expr,
        /// 4 to 18.
        precision: u8,
    },
    /// Those that make up a share or more, as a list of `[item, about how often]` (Count-Min and
    /// heavy hitters).
    Frequent {
        /// Of what.
        of: Expr,
        /// The share, in percent.
        percent: u8,
    },
    /// A fair sample, as a list (a reservoir).
    Sample {
        /// Of what.
        of: Expr,
        /// How many.
        size: u32,
    },
    /// About how many different there were, by a filter that can be asked for each (Bloom).
    Members {
        /// Of what.
        of: Expr,
        /// For so many.
        items: u32,
    },
}

/// Windows, as `millrace stream` has them.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Windowing {
    /// Which: `tumbling:10s`, `sliding:10m,1s`, `session:30s`, …
    pub windows: String,
    /// By whose rules: `kafka-streams` unless told, `flink` or `beam`.
    #[serde(default)]
    pub engine: Option<String>,
    /// How late records may come (`grace`, allowed lateness), as `5s`.
    #[serde(default)]
    pub grace: Option<String>,
    /// How far the watermark is behind the newest record; not with Kafka Streams.
    #[serde(default)]
    pub watermark: Option<String>,
    /// What results are of: `accumulating`, with Flink and Beam `discarding`, with Flink `retracting`.
    #[serde(default)]
    pub mode: Option<String>,
    /// When results come out: `each` or `final` with Kafka Streams, `watermark`, `early:…` and others
    /// elsewhere.
    #[serde(default)]
    pub emit: Option<String>,
}

/// A record on its way through a topology.
#[derive(Clone, PartialEq, Debug)]
pub struct Event {
    /// Its key.
    pub key: Option<Arc<str>>,
    /// The window that it is the result of.
    pub window: Option<Window>,
    /// Its value; null also stands for none.
    pub value: Json,
    /// Its time, in ms since the Unix epoch.
    pub ts: i64,
}

impl Event {
    /// The key as a topic has it: with the window, if there is one, as `Windowed.toString` writes it.
    #[must_use]
    pub fn written_key(&self) -> Option<Arc<str>> {
        let key = self.key.as_ref()?;
        Some(match self.window {
            None => Arc::clone(key),
            Some(Window { start, end }) => format!("[{key}@{start}/{end}]").into(),
        })
    }
}
