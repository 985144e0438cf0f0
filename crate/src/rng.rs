//! Seeded random streams and the few distributions we draw from.
//!
//! One seed forks into salted streams, so that a draw added to one never shifts another.
//! Transcendental functions come from `libm`: native and wasm agree to the bit.

use crate::time::Span;
use rand_core::{Rng as _, SeedableRng};
use rand_xoshiro::Xoshiro256PlusPlus;
use serde::{Deserialize, Serialize};

/// What a stream is for. Each salt gives a stream of its own under one seed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u64)]
pub enum Salt {
    /// Latencies and losses.
    Network = 1,
    /// When orders come, from whom, for how much.
    Workload = 2,
    /// How long work takes, and whether it declines or fails.
    Service = 3,
    /// Choices clients make: sticky partitions, back-off jitter.
    Client = 4,
    /// Faults chosen at random.
    Faults = 5,
    /// Whom the bank declines.
    Bank = 6,
    /// When controllers stand for election.
    Quorum = 7,
    /// Where replicas are placed.
    Placement = 8,
    /// Who clicks what in a shop, and when.
    Shoppers = 9,
    /// Which answers count how often, to see by how much a figure is chance.
    Resample = 10,
}

/// A seeded stream of random numbers (xoshiro256++).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Rng(Xoshiro256PlusPlus);

impl Rng {
    /// The stream of `seed` under `salt`, for the `lane`-th holder of such a stream
    /// (a node's number where each node has its own, otherwise 0).
    #[must_use]
    pub fn new(seed: u64, salt: Salt, lane: u64) -> Self {
        let mixed = mix(mix(seed ^ mix(salt as u64)) ^ lane);
        Self(Xoshiro256PlusPlus::seed_from_u64(mixed))
    }

    /// The next 64 random bits.
    pub fn bits(&mut self) -> u64 {
        self.0.next_u64()
    }

    /// A whole number in `0..bound`, uniform. `bound` is at least 1.
    pub fn below(&mut self, bound: u64) -> u64 {
        debug_assert!(bound > 0, "nothing lies below 0");
        // Lemire's multiply-shift; the bias is under 2^-32 for every bound we use.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number in `[0, 1)`, uniform, of 53 bits.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
    }

    /// True with probability `p` (0 or less: never; 1 or more: always). Draws once in any case.
    pub fn chance(&mut self, p: f64) -> bool {
        self.unit() < p
    }
}

/// SplitMix64's finalizer (Steele, Lea and Flood, 2014).
#[must_use]
pub fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// How long something takes: a named distribution of spans.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Dist {
    /// Always the same.
    Constant {
        /// The span, in microseconds.
        us: u64,
    },
    /// Exponential: many short, few long; the coefficient of variation is 1.
    Exponential {
        /// The mean, in microseconds.
        mean_us: u64,
    },
    /// Log-normal: most near the median, with a long right tail.
    LogNormal {
        /// The mean, in microseconds.
        mean_us: u64,
        /// The standard deviation of the logarithm; 0.25 is mild, 1 is wild.
        sigma: f64,
    },
}

impl Dist {
    /// Always `span`.
    #[must_use]
    pub const fn constant(span: Span) -> Self {
        Self::Constant { us: span.0 }
    }

    /// The mean span.
    #[must_use]
    pub fn mean(&self) -> Span {
        match *self {
            Self::Constant { us } => Span(us),
            Self::Exponential { mean_us } | Self::LogNormal { mean_us, .. } => Span(mean_us),
        }
    }

    /// One draw. Takes the same number of random bits whatever comes out.
    pub fn draw(&self, rng: &mut Rng) -> Span {
        match *self {
            Self::Constant { us } => Span(us),
            Self::Exponential { mean_us } => {
                Span((mean_us as f64 * -libm::log(1.0 - rng.unit())) as u64)
            }
            Self::LogNormal { mean_us, sigma } => {
                let exponent = sigma * normal(rng) - sigma * sigma / 2.0;
                Span((mean_us as f64 * libm::exp(exponent)) as u64)
            }
        }
    }

    /// The same shape with another mean.
    #[must_use]
    pub fn with_mean(&self, mean: Span) -> Self {
        match *self {
            Self::Constant { .. } => Self::Constant { us: mean.0 },
            Self::Exponential { .. } => Self::Exponential { mean_us: mean.0 },
            Self::LogNormal { sigma, .. } => Self::LogNormal {
                mean_us: mean.0,
                sigma,
            },
        }
    }
}

/// A standard normal draw (Box and Muller, 1958); the second of the pair is let go.
fn normal(rng: &mut Rng) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - rng.unit()));
    radius * libm::cos(std::f64::consts::TAU * rng.unit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_of_one_seed_do_not_meet_and_repeat_exactly() {
        let draw = |salt, lane| Rng::new(41, salt, lane).bits();
        assert_eq!(draw(Salt::Network, 0), draw(Salt::Network, 0));
        assert_ne!(draw(Salt::Network, 0), draw(Salt::Workload, 0));
        assert_ne!(draw(Salt::Network, 0), draw(Salt::Network, 1));
        assert_ne!(Rng::new(1, Salt::Network, 0), Rng::new(2, Salt::Network, 0));
    }

    #[test]
    fn draws_have_the_mean_they_name() {
        let mut rng = Rng::new(7, Salt::Service, 0);
        for dist in [
            Dist::Constant { us: 80_000 },
            Dist::Exponential { mean_us: 80_000 },
            Dist::LogNormal {
                mean_us: 80_000,
                sigma: 0.5,
            },
        ] {
            let n = 40_000;
            let sum: u64 = (0..n).map(|_| dist.draw(&mut rng).0).sum();
            let ratio = sum as f64 / n as f64 / dist.mean().0 as f64;
            assert!(
                (0.97..1.03).contains(&ratio),
                "{dist:?} drew {ratio} of its mean"
            );
        }
    }

    #[test]
    fn below_stays_below_and_reaches_every_value() {
        let mut rng = Rng::new(3, Salt::Client, 0);
        let mut seen = [0u32; 6];
        for _ in 0..6_000 {
            seen[rng.below(6) as usize] += 1;
        }
        assert!(seen.iter().all(|&n| (850..1_150).contains(&n)), "{seen:?}");
    }
}
