//! When a window says what it holds, and what becomes of that afterwards.

use super::window::millis;
use std::str::FromStr;

/// When a window's result comes out before its time, beside or in place of it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Early {
    /// Never.
    #[default]
    Never,
    /// After every so many records.
    Count(u32),
    /// Every so many ms of the clock on the wall: with Flink at multiples of them, with Beam so long
    /// after the first record since the last result.
    Every(i64),
}

/// When a window's result comes out. After its time it comes out again with each late record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// Before its time.
    pub early: Early,
    /// When the watermark says that it is complete.
    pub at_watermark: bool,
}

impl Trigger {
    /// Once, when the window is complete.
    pub const WATERMARK: Self = Self {
        early: Early::Never,
        at_watermark: true,
    };
    /// With each record.
    pub const EACH: Self = Self {
        early: Early::Count(1),
        at_watermark: false,
    };
    /// Only when somebody says so.
    pub const NEVER: Self = Self {
        early: Early::Never,
        at_watermark: false,
    };

    /// After every `n` records and at no other time.
    #[must_use]
    pub const fn count(n: u32) -> Self {
        Self {
            early: Early::Count(n),
            at_watermark: false,
        }
    }
}

/// What a result is of, where one window gives more than one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// Of all records so far.
    #[default]
    Accumulating,
    /// Of those since the last result.
    Discarding,
    /// Of all so far, after the last result is taken back.
    Retracting,
}

/// A trigger as it is written, before an engine has said whether it has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Asked {
    /// `watermark`: once complete, and with each late record.
    Watermark,
    /// `early:N` or `early:TIME`: and before that.
    Early(Early),
    /// `count:N`: after every so many records only.
    Count(u32),
    /// `each`: with each record.
    Each,
    /// `final`: once, when nothing can change it any more (Kafka Streams' `suppress`).
    Final,
    /// `batch:N`: so many records make a micro-batch.
    Batch(u32),
}

/// How triggers are written.
pub const GRAMMAR: &str = "watermark, early:N, early:TIME, count:N, each, final or batch:N";

impl FromStr for Asked {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let count = |n: &str| {
            let n = n.parse().ok().filter(|&n: &u32| n > 0);
            n.ok_or_else(|| format!("“{text}”: a number of records is 1 or more"))
        };
        match text.split_once(':').unwrap_or((text, "")) {
            ("watermark", "") => Ok(Self::Watermark),
            ("each", "") => Ok(Self::Each),
            ("final", "") => Ok(Self::Final),
            ("count", n) => count(n).map(Self::Count),
            ("batch", n) => count(n).map(Self::Batch),
            ("early", n) if n.bytes().all(|b| b.is_ascii_digit()) => {
                count(n).map(|n| Self::Early(Early::Count(n)))
            }
            ("early", time) => match millis(time)? {
                ms @ 1.. => Ok(Self::Early(Early::Every(ms))),
                _ => Err(format!("“{text}”: the time must be above 0")),
            },
            _ => Err(format!("“{text}” is no trigger: {GRAMMAR}")),
        }
    }
}
