//! What goes into a stream's machines and what comes out.

use super::Key;
use super::aggregate::Value;
use super::window::Window;

/// A record on its way into windows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Record {
    /// Its key.
    pub key: Key,
    /// Its time, in ms.
    pub ts: i64,
    /// What is aggregated.
    pub value: i64,
    /// Whether it ends a punctuation window, or moves a punctuated watermark.
    pub marks: bool,
}

/// Why a result came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// The window was complete.
    OnTime,
    /// It was not yet.
    Early,
    /// A record came after that.
    Late,
    /// A newer value of the same row (Kafka Streams' tables, Spark's update and complete modes).
    Update,
    /// What is here is no more so.
    Retract,
}

impl Kind {
    /// As it is printed.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::OnTime => "on_time",
            Self::Early => "early",
            Self::Late => "late",
            Self::Update => "update",
            Self::Retract => "retract",
        }
    }
}

/// A result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emission {
    /// Whose.
    pub key: Key,
    /// Of when, as the engine shows it.
    pub window: Window,
    /// What; of a retraction, what was said before.
    pub value: Value,
    /// Why.
    pub kind: Kind,
    /// The clock on the wall.
    pub at: i64,
    /// How many results came out of this window before.
    pub index: u32,
    /// Of these, how many were early.
    pub early: u32,
    /// Whether nothing more can come of it.
    pub last: bool,
    /// The earliest timestamp among the records that are new in it.
    pub earliest_new: i64,
    /// The greatest timestamp among all of its records.
    pub newest: i64,
}

/// A record that came too late.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dropped {
    /// The record.
    pub record: Record,
    /// The window that it missed; `None` where it missed all of its windows and counts once.
    pub window: Option<Window>,
    /// The watermark that it came after.
    pub watermark: i64,
}

/// Where results go.
#[derive(Clone, Debug, Default)]
pub struct Out {
    /// Results, in the order they came out.
    pub emitted: Vec<Emission>,
    /// The side output of what was dropped.
    pub dropped: Vec<Dropped>,
}

impl Out {
    /// Makes it empty and keeps its memory.
    pub fn clear(&mut self) {
        self.emitted.clear();
        self.dropped.clear();
    }
}
