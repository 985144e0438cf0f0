//! Simulated time in integer microseconds, and event time in milliseconds.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::ops::{Add, AddAssign, Mul, Sub};

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
    fn arithmetic_saturates_at_both_ends() {
        assert_eq!(Time::MAX + Span::secs(1), Time::MAX);
        assert_eq!(Time::ZERO - Span::secs(1), Time::ZERO);
        assert_eq!(Time::ZERO.event_ms(), EVENT_EPOCH_MS);
    }
}
