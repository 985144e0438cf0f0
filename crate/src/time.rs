//! Simulated time in integer microseconds, and event time in milliseconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};
use std::str::FromStr;

/// An instant of simulated time: microseconds since the run began.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Time(pub u64);

/// A length of simulated time, in microseconds.
#[derive(
    Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Span(pub u64);

/// Event time at [`Time::ZERO`], in milliseconds since the Unix epoch: 2025-01-01T00:00Z.
pub const EVENT_EPOCH_MS: i64 = 1_735_689_600_000;

/// A timestamp or an offset as a number that sorts as it does, those below zero first.
#[must_use]
pub fn in_order(n: i64) -> u64 {
    n.cast_unsigned() ^ (1 << 63)
}

impl Time {
    /// The start of every run.
    pub const ZERO: Self = Self(0);
    /// Later than anything that happens.
    pub const MAX: Self = Self(u64::MAX);

    /// What a record created now carries as its timestamp: milliseconds since the Unix epoch.
    #[must_use]
    pub fn event_ms(self) -> i64 {
        EVENT_EPOCH_MS + i64::try_from(self.0 / 1_000).unwrap_or(i64::MAX - EVENT_EPOCH_MS)
    }

    /// How long ago `earlier` was; zero if it has not come yet.
    #[must_use]
    pub fn since(self, earlier: Self) -> Span {
        Span(self.0.saturating_sub(earlier.0))
    }
}

impl Span {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// Longer than any run.
    pub const MAX: Self = Self(u64::MAX);

    /// A year: the longest that anyone may ask for in words.
    const LONGEST: Self = Self::secs(366 * 24 * 3_600);

    /// `n` microseconds.
    #[must_use]
    pub const fn micros(n: u64) -> Self {
        Self(n)
    }

    /// `n` milliseconds, saturating.
    #[must_use]
    pub const fn millis(n: u64) -> Self {
        Self(n.saturating_mul(1_000))
    }

    /// `n` seconds, saturating.
    #[must_use]
    pub const fn secs(n: u64) -> Self {
        Self(n.saturating_mul(1_000_000))
    }

    /// In milliseconds, as people read it.
    #[must_use]
    pub fn as_millis_f64(self) -> f64 {
        self.0 as f64 / 1_000.0
    }
}

impl Add<Span> for Time {
    type Output = Self;
    fn add(self, span: Span) -> Self {
        Self(self.0.saturating_add(span.0))
    }
}

impl AddAssign<Span> for Time {
    fn add_assign(&mut self, span: Span) {
        *self = *self + span;
    }
}

impl Sub<Span> for Time {
    type Output = Self;
    fn sub(self, span: Span) -> Self {
        Self(self.0.saturating_sub(span.0))
    }
}

impl Add for Span {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
}

impl Mul<u64> for Span {
    type Output = Self;
    fn mul(self, times: u64) -> Self {
        Self(self.0.saturating_mul(times))
    }
}

/// `mm:ss.mmm`, with hours in front once there are any.
impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ms = self.0 / 1_000;
        let (hours, minutes, seconds, ms) = (
            ms / 3_600_000,
            ms / 60_000 % 60,
            ms / 1_000 % 60,
            ms % 1_000,
        );
        if hours > 0 {
            write!(f, "{hours}:")?;
        }
        write!(f, "{minutes:02}:{seconds:02}.{ms:03}")
    }
}

/// In the unit a person would choose: `250 µs`, `80 ms`, `9.6 s`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            us if us < 1_000 => write!(f, "{us} µs"),
            us if us < 10_000 && us % 1_000 != 0 => write!(f, "{:.1} ms", us as f64 / 1e3),
            us if us < 1_000_000 => write!(f, "{} ms", (us + 500) / 1_000),
            us if us % 1_000_000 == 0 => write!(f, "{} s", us / 1_000_000),
            us => write!(f, "{:.1} s", us as f64 / 1e6),
        }
    }
}

/// Reads `90s`, `1m30s`, `250ms`, `1.5s`, `2h`: numbers, each with its unit.
impl FromStr for Span {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let bad = || format!("“{text}” is not a length of time: write 60s, 90000ms or 1m30s");
        let mut rest = text.trim();
        let mut us = 0.0;
        while !rest.is_empty() {
            let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
            let (number, after) = rest.split_at(digits.ok_or_else(bad)?);
            let next = after.find(|c: char| c.is_ascii_digit() || c == '.');
            let (unit, after) = after.split_at(next.unwrap_or(after.len()));
            let scale = match unit.trim() {
                "us" | "µs" => 1.0,
                "ms" => 1e3,
                "s" => 1e6,
                "m" | "min" => 60e6,
                "h" => 3_600e6,
                _ => return Err(bad()),
            };
            us += number.parse::<f64>().map_err(|_| bad())? * scale;
            rest = after;
        }
        match us {
            us if text.trim().is_empty() || us.is_nan() => Err(bad()),
            us if us > Self::LONGEST.0 as f64 => Err(format!("“{text}” is longer than a year")),
            us => Ok(Self(us.round() as u64)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_read_as_a_clock_and_spans_in_their_own_unit() {
        assert_eq!(Time(32_000_000).to_string(), "00:32.000");
        assert_eq!(Time(3_661_002_000).to_string(), "1:01:01.002");
        assert_eq!(Span::millis(80).to_string(), "80 ms");
        assert_eq!(Span::micros(1_500).to_string(), "1.5 ms");
        assert_eq!(Span::millis(9_600).to_string(), "9.6 s");
        assert_eq!(Span::secs(10).to_string(), "10 s");
    }

    #[test]
    fn spans_are_read_as_people_write_them() {
        let read = |text: &str| text.parse::<Span>();
        for (text, us) in [
            ("60s", 60_000_000),
            ("90000ms", 90_000_000),
            ("1m30s", 90_000_000),
            (" 1h 0.5min ", 3_630_000_000),
            ("1.5s", 1_500_000),
            ("7us", 7),
            ("0s", 0),
        ] {
            assert_eq!(read(text), Ok(Span(us)), "{text}");
        }
        for text in [
            "", " ", "60", "s", "-1s", "1.2.3s", "1 parsec", "1s30", ".s", "é", "1e3s",
        ] {
            assert!(read(text).unwrap_err().contains("write 60s"), "{text}");
        }
        assert!(read("9999999h").unwrap_err().contains("longer than a year"));
    }

    #[test]
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::MAX + Span::secs(1), Time::MAX);
        assert_eq!(Time::ZERO - Span::secs(1), Time::ZERO);
        assert_eq!(Time::ZERO.event_ms(), EVENT_EPOCH_MS);
    }
}
