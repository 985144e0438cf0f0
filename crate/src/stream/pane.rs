//! One window of one key: what it holds and when it is looked at next.

use super::aggregate::{Acc, Value};
use super::window::Window;
use serde::{Deserialize, Serialize};

/// No time.
pub(super) const NEVER: i64 = i64::MAX;

fn never() -> i64 {
    NEVER
}

#[allow(clippy::trivially_copy_pass_by_ref)] // serde asks so
fn is_never(time: &i64) -> bool {
    *time == NEVER
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A window of a key that is still kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pane {
    pub(super) window: Window,
    pub(super) acc: Acc,
    /// The least and the greatest timestamp in it.
    pub(super) span: (i64, i64),
    /// The least timestamp among records since the last result.
    #[serde(default = "never", skip_serializing_if = "is_never")]
    pub(super) earliest_new: i64,
    /// The watermark at which its timer rings; never later than what is due.
    #[serde(default = "never", skip_serializing_if = "is_never")]
    pub(super) armed: i64,
    /// The clock at which an early result is due.
    #[serde(default = "never", skip_serializing_if = "is_never")]
    pub(super) alarm: i64,
    /// Records since the count trigger fired.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) since: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) index: u32,
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) early: u32,
    /// Whether its time has come.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) complete: bool,
    /// Whether its trigger is done with it: it takes nothing more.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) finished: bool,
    /// Whether it holds something that was not said yet.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) fresh: bool,
    /// What was said last, where that may have to be taken back.
    #[serde(default, skip_serializing_if = "is_default")]
    pub(super) said: Option<Box<Value>>,
}

impl Pane {
    pub(super) fn new(window: Window, acc: Acc) -> Self {
        Self {
            window,
            acc,
            span: (i64::MAX, i64::MIN),
            earliest_new: i64::MAX,
            armed: NEVER,
            alarm: NEVER,
            since: 0,
            index: 0,
            early: 0,
            complete: false,
            finished: false,
            fresh: false,
            said: None,
        }
    }

    /// From when to when, `[start, end)`; all of time, where it has no end of its own.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// What it holds.
    #[must_use]
    pub const fn held(&self) -> &Acc {
        &self.acc
    }

    /// The least and the greatest timestamp of its records.
    #[must_use]
    pub const fn span(&self) -> (i64, i64) {
        self.span
    }

    /// Whether the watermark has passed its end.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.complete
    }

    /// Whether it holds something that did not come out yet.
    #[must_use]
    pub const fn has_news(&self) -> bool {
        self.fresh
    }

    /// How many results came out of it.
    #[must_use]
    pub const fn results(&self) -> u32 {
        self.index
    }

    pub(super) fn took(&mut self, ts: i64) {
        self.span = (self.span.0.min(ts), self.span.1.max(ts));
        self.earliest_new = self.earliest_new.min(ts);
        self.fresh = true;
        self.since += 1;
    }

    /// Takes in a later pane of the same key, except for what it holds.
    pub(super) fn absorb(&mut self, other: &Self) {
        self.window = self.window.cover(other.window);
        self.span = (self.span.0.min(other.span.0), self.span.1.max(other.span.1));
        self.earliest_new = self.earliest_new.min(other.earliest_new);
        self.alarm = self.alarm.min(other.alarm);
        self.since += other.since;
        self.index = self.index.max(other.index);
        self.early = self.early.max(other.early);
        self.fresh |= other.fresh;
    }
}
