//! Windows: which there are, how they are written, and where a timestamp falls.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A record may fall into so many windows and no more; beyond, a window and its slide are refused.
pub const MOST_WINDOWS: i64 = 10_000;

/// A stretch of event time in ms, its end excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Window {
    /// The first ms inside.
    pub start: i64,
    /// The first ms after it.
    pub end: i64,
}

impl Window {
    /// All of time.
    pub const ALWAYS: Self = Self {
        start: i64::MIN,
        end: i64::MAX,
    };

    /// `[start, end)`
    #[must_use]
    pub const fn new(start: i64, end: i64) -> Self {
        Self { start, end }
    }

    /// Whether `ts` is inside.
    #[must_use]
    pub const fn contains(self, ts: i64) -> bool {
        self.start <= ts && ts < self.end
    }

    /// Whether the two are one session: they overlap, or, where `touching` counts, meet. (Flink's
    /// `TimeWindow.intersects` counts it, Beam's `IntervalWindow.intersects` does not.)
    #[must_use]
    pub const fn joins(self, other: Self, touching: bool) -> bool {
        if touching {
            self.start <= other.end && other.start <= self.end
        } else {
            self.start < other.end && other.start < self.end
        }
    }

    /// The smallest window around both.
    #[must_use]
    pub fn cover(self, other: Self) -> Self {
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
        }
    }
}

/// Merges windows as sessions are: gives each window that comes of it with those it was made of, in
/// order of their starts (Flink's `TimeWindow.mergeWindows`).
#[must_use]
pub fn merged(windows: &[Window], touching: bool) -> Vec<(Window, Vec<Window>)> {
    let mut sorted = windows.to_vec();
    sorted.sort_by_cached_key(|window| (window.start, window.end));
    let mut groups: Vec<(Window, Vec<Window>)> = Vec::new();
    for window in sorted {
        match groups.last_mut() {
            Some((around, of)) if around.joins(window, touching) => {
                *around = around.cover(window);
                of.push(window);
            }
            _ => groups.push((window, vec![window])),
        }
    }
    groups
}

/// How records are put into windows. Lengths are ms and above 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Windows {
    /// One after the other: `[n·size + offset, (n + 1)·size + offset)`.
    Tumbling {
        /// Their length.
        size: i64,
        /// What they are shifted by.
        offset: i64,
    },
    /// One begins every `slide`. Flink and Spark call them sliding, Kafka Streams hopping.
    Hopping {
        /// Their length.
        size: i64,
        /// From one's start to the next one's.
        slide: i64,
        /// What they are shifted by.
        offset: i64,
    },
    /// Kafka Streams' sliding windows: one ends at each record, one begins 1 ms after each that is
    /// followed in time; both ends are inside (KIP-450).
    Aligned {
        /// From the first ms inside to the last.
        difference: i64,
    },
    /// Records of a key with less than a gap between one and the next.
    Session {
        /// The gap.
        gap: i64,
    },
    /// The last `size` records of a key, every `slide` records.
    Count {
        /// How many records.
        size: u32,
        /// After how many the next one comes out.
        slide: u32,
    },
    /// A record with this value ends its key's window and is the last in it (Tucker et al.,
    /// "Exploiting Punctuation Semantics in Continuous Data Streams", 2003).
    Punctuation {
        /// The value.
        marker: String,
    },
    /// One window a key, for all of time.
    Global,
}

impl Windows {
    /// The tumbling window that `ts` falls into, or the last of the hopping ones.
    fn last(ts: i64, slide: i64, offset: i64) -> i64 {
        // Both remainders lie within a slide, so nothing overflows.
        let since = (ts.rem_euclid(slide) - offset.rem_euclid(slide)).rem_euclid(slide);
        ts.saturating_sub(since)
    }

    /// Size, slide and offset of windows that lie on a grid; a tumbling one slides by its size.
    #[inline]
    pub(super) const fn grid(&self) -> Option<(i64, i64, i64)> {
        match *self {
            Self::Tumbling { size, offset } => Some((size, size, offset)),
            Self::Hopping {
                size,
                slide,
                offset,
            } => Some((size, slide, offset)),
            _ => None,
        }
    }

    /// The tumbling or hopping windows that `ts` falls into, the earliest first. With `from_zero`
    /// none begins before 0, as in Kafka Streams (`TimeWindows.windowsFor`). The others are not of
    /// this kind and give none.
    pub fn assign(&self, ts: i64, from_zero: bool, mut each: impl FnMut(Window)) {
        let Some((size, slide, offset)) = self.grid() else {
            return;
        };
        let last = Self::last(ts, slide, offset);
        // How many begin before the last one and still hold `ts`.
        let room = size
            .saturating_sub(ts.saturating_sub(last))
            .saturating_sub(1);
        let before = if room < 0 { -1 } else { room / slide };
        for n in (0..=before).rev() {
            let start = last.saturating_sub(n.saturating_mul(slide));
            if !(from_zero && start < 0) {
                each(Window::new(start, start.saturating_add(size)));
            }
        }
    }

    /// Whether all of it holds together.
    ///
    /// # Errors
    /// In words: a length that is not above 0, an offset as long as what it shifts, more than
    /// [`MOST_WINDOWS`] for a record.
    pub fn check(&self) -> Result<(), String> {
        let positive = |what: &str, n: i64| match n {
            1.. => Ok(()),
            _ => Err(format!("{what} must be above 0, and is {n}")),
        };
        let within = |offset: i64, what: &str, limit: i64| {
            if offset.unsigned_abs() < limit.unsigned_abs() {
                Ok(())
            } else {
                Err(format!(
                    "the offset {offset} ms must be shorter than the {what}, {limit} ms"
                ))
            }
        };
        let few = |windows: i64| {
            if windows <= MOST_WINDOWS {
                Ok(())
            } else {
                Err(format!(
                    "each record would fall into {windows} windows; {MOST_WINDOWS} are the most: slide \
                     further or take a shorter window"
                ))
            }
        };
        match *self {
            Self::Tumbling { size, offset } => {
                positive("the size of a window", size)?;
                within(offset, "size", size)
            }
            Self::Hopping {
                size,
                slide,
                offset,
            } => {
                positive("the size of a window", size)?;
                positive("the slide of a window", slide)?;
                within(offset, "slide", slide)?;
                few(size / slide)
            }
            Self::Aligned { difference } => positive("the size of a window", difference),
            Self::Session { gap } => positive("the gap of a session", gap),
            Self::Count { size, slide } => {
                positive("the records of a window", size.into())?;
                positive("the slide of a window", slide.into())?;
                few((size / slide).into())
            }
            Self::Punctuation { .. } | Self::Global => Ok(()),
        }
    }

    /// The kind, in a word.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Tumbling { .. } => "tumbling",
            Self::Hopping { .. } | Self::Aligned { .. } => "sliding",
            Self::Session { .. } => "session",
            Self::Count { .. } => "count",
            Self::Punctuation { .. } => "punctuation",
            Self::Global => "global",
        }
    }
}

/// A length of time in ms: digits and `ms`, `s`, `m` (or `min`), `h` or `d`; without a unit it is ms.
///
/// # Errors
/// In words.
pub fn millis(text: &str) -> Result<i64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '-'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let unit_ms = match unit.trim() {
        "" | "ms" => 1,
        "s" => 1_000,
        "m" | "min" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        _ => {
            return Err(format!(
                "“{text}” is no length of time: try 500ms, 10s, 5m, 2h or 1d"
            ));
        }
    };
    let number: i64 = number
        .parse()
        .map_err(|_| format!("“{text}” is no length of time: try 500ms, 10s, 5m, 2h or 1d"))?;
    number
        .checked_mul(unit_ms)
        .ok_or_else(|| format!("“{text}” is too long"))
}

/// How windows are written.
pub const GRAMMAR: &str = "tumbling:SIZE[,OFFSET], sliding:SIZE,SLIDE[,OFFSET], sliding:SIZE (Kafka \
    Streams, aligned with events), session:GAP, count:N[,SLIDE], punctuation:VALUE or global";

impl FromStr for Windows {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (kind, rest) = text.split_once(':').unwrap_or((text, ""));
        let parts: Vec<&str> = rest.split(',').map(str::trim).collect();
        let count = |text: &str| {
            let n = text.parse::<u32>();
            n.map_err(|_| format!("“{text}” is no number of records"))
        };
        let windows = match (kind, &parts[..]) {
            ("global", [""]) => Self::Global,
            ("punctuation", _) if !rest.is_empty() => Self::Punctuation {
                marker: rest.to_owned(),
            },
            (_, ["", ..]) => return Err(format!("“{text}” is no window: {GRAMMAR}")),
            ("tumbling", [size]) => Self::Tumbling {
                size: millis(size)?,
                offset: 0,
            },
            ("tumbling", [size, offset]) => Self::Tumbling {
                size: millis(size)?,
                offset: millis(offset)?,
            },
            ("sliding" | "hopping", [size, slide]) => Self::Hopping {
                size: millis(size)?,
                slide: millis(slide)?,
                offset: 0,
            },
            ("sliding" | "hopping", [size, slide, offset]) => Self::Hopping {
                size: millis(size)?,
                slide: millis(slide)?,
                offset: millis(offset)?,
            },
            ("sliding", [difference]) => Self::Aligned {
                difference: millis(difference)?,
            },
            ("session", [gap]) => Self::Session { gap: millis(gap)? },
            ("count", [size]) => Self::Count {
                size: count(size)?,
                slide: count(size)?,
            },
            ("count", [size, slide]) => Self::Count {
                size: count(size)?,
                slide: count(slide)?,
            },
            _ => return Err(format!("“{text}” is no window: {GRAMMAR}")),
        };
        windows.check()?;
        Ok(windows)
    }
}

impl fmt::Display for Windows {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tumbling { size, offset: 0 } => write!(f, "tumbling:{size}ms"),
            Self::Tumbling { size, offset } => write!(f, "tumbling:{size}ms,{offset}ms"),
            Self::Hopping {
                size,
                slide,
                offset: 0,
            } => write!(f, "sliding:{size}ms,{slide}ms"),
            Self::Hopping {
                size,
                slide,
                offset,
            } => write!(f, "sliding:{size}ms,{slide}ms,{offset}ms"),
            Self::Aligned { difference } => write!(f, "sliding:{difference}ms"),
            Self::Session { gap } => write!(f, "session:{gap}ms"),
            Self::Count { size, slide } if size == slide => write!(f, "count:{size}"),
            Self::Count { size, slide } => write!(f, "count:{size},{slide}"),
            Self::Punctuation { marker } => write!(f, "punctuation:{marker}"),
            Self::Global => f.write_str("global"),
        }
    }
}
