//! A fair sample of a stream whose length nobody knows.
//!
//! The first k items fill the reservoir. Algorithm R (Vitter, 1985, after Waterman) keeps the n-th
//! with probability k/n, in the place of one of those that are there: by induction each of the n
//! items seen is in it with probability k/n. It draws once for every item. Algorithm L (Li, 1994)
//! gives the same sample, but draws how many items to skip until one is kept: for n items it draws
//! about 3k(1 + ln(n/k)) times.

use super::SketchError;
use super::bytes::{Kind, Reader, Writer};
use crate::rng::mix;

/// How it is decided what is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Algorithm {
    /// A draw for every item.
    #[default]
    R,
    /// Draws for items that are kept only.
    L,
}

/// What became of an item.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offer {
    /// It went into an empty slot.
    Filled(usize),
    /// It took the place of what was in this slot.
    Replaced(usize),
    /// It was let go.
    Passed,
}

impl Offer {
    /// The slot it is in now.
    #[must_use]
    pub fn slot(self) -> Option<usize> {
        match self {
            Self::Filled(slot) | Self::Replaced(slot) => Some(slot),
            Self::Passed => None,
        }
    }
}

/// k of the items seen, each as likely as any other.
///
/// Who samples things longer than a `u64` keeps them in a list of their own, by the slots that
/// [`offer`](Self::offer) names.
#[derive(Clone, PartialEq, Debug)]
pub struct Reservoir {
    algorithm: Algorithm,
    k: u32,
    slots: Vec<u64>,
    seen: u64,
    /// The generator: the next draw is `mix` of one more.
    state: u64,
    draws: u64,
    replaced: u64,
    /// Algorithm L: the number of the next item kept, from 0; and the greatest of the k least of
    /// `seen` uniform numbers, from which the skips are drawn.
    next: u64,
    weight: f64,
}

/// The most items that a reservoir holds.
const MOST: u32 = 1 << 24;

impl Reservoir {
    /// Empty, for `k` items. The draws are `seed`'s: equal seeds and streams give equal samples.
    ///
    /// # Errors
    /// When `k` is 0 or more than 2²⁴.
    pub fn new(algorithm: Algorithm, k: u32, seed: u64) -> Result<Self, SketchError> {
        if k == 0 || k > MOST {
            return Err(SketchError::Size(format!(
                "a reservoir holds from 1 to {MOST} items, not {k}"
            )));
        }
        Ok(Self {
            algorithm,
            k,
            slots: Vec::new(),
            seen: 0,
            state: seed,
            draws: 0,
            replaced: 0,
            next: 0,
            weight: 1.0,
        })
    }

    /// The next 64 random bits: `mix` of a counter that starts at the seed.
    fn draw(&mut self) -> u64 {
        self.state = self.state.wrapping_add(1);
        self.draws += 1;
        mix(self.state)
    }

    /// The next number in (0, 1), of 53 bits.
    fn draw_unit(&mut self) -> f64 {
        ((self.draw() >> 11) as f64 + 0.5) / (1_u64 << 53) as f64
    }

    /// A number below `bound`, which is small enough for the remainder to be as good as uniform.
    fn draw_below(&mut self, bound: u64) -> u64 {
        self.draw() % bound
    }

    /// Takes the next item of the stream.
    pub fn offer(&mut self, item: u64) -> Offer {
        let number = self.seen;
        self.seen += 1;
        let k = u64::from(self.k);
        if number < k {
            self.slots.push(item);
            if self.algorithm == Algorithm::L && self.seen == k {
                self.skip();
            }
            return Offer::Filled(number as usize);
        }
        let slot = match self.algorithm {
            Algorithm::R => self.draw_below(self.seen),
            Algorithm::L if number < self.next => return Offer::Passed,
            Algorithm::L => {
                let slot = self.draw_below(k);
                self.skip();
                slot
            }
        };
        let Some(place) = self.slots.get_mut(slot as usize) else {
            return Offer::Passed;
        };
        *place = item;
        self.replaced += 1;
        Offer::Replaced(slot as usize)
    }

    /// Draws which item is kept next, for algorithm L.
    fn skip(&mut self) {
        self.weight *= libm::exp(libm::log(self.draw_unit()) / f64::from(self.k));
        // A weight that has become 0 skips for ever, which a cast to `u64` makes of infinity.
        let skipped = libm::log(self.draw_unit()) / libm::log1p(-self.weight);
        self.next = self.seen.saturating_add(libm::floor(skipped.abs()) as u64);
    }

    /// k.
    #[must_use]
    pub fn capacity(&self) -> u32 {
        self.k
    }

    /// The sample, by slot.
    #[must_use]
    pub fn items(&self) -> &[u64] {
        &self.slots
    }

    /// How many items were offered.
    #[must_use]
    pub fn seen(&self) -> u64 {
        self.seen
    }

    /// How many items took the place of another: see [`expected_replacements`].
    #[must_use]
    pub fn replaced(&self) -> u64 {
        self.replaced
    }

    /// How many random numbers were drawn.
    #[must_use]
    pub fn draws(&self) -> u64 {
        self.draws
    }

    /// How likely each item seen is to be in the sample: k/n, or 1 while all fit.
    #[must_use]
    pub fn inclusion(&self) -> f64 {
        if self.seen <= u64::from(self.k) {
            1.0
        } else {
            f64::from(self.k) / self.seen as f64
        }
    }

    /// Becomes a sample of both streams: slots are filled from either, each time in proportion to the
    /// items that its stream has left. It goes on by algorithm R, since the skips of L belong to one
    /// stream.
    ///
    /// # Errors
    /// When the other is for another number of items, or the two saw more than 2⁶⁴ items.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        let seen = self.seen.checked_add(other.seen);
        let Some(seen) = seen.filter(|_| self.k == other.k) else {
            return Err(SketchError::Unlike);
        };
        let mut left = [
            (std::mem::take(&mut self.slots), self.seen),
            (other.slots.clone(), other.seen),
        ];
        while self.slots.len() < self.k as usize && left[0].1 + left[1].1 > 0 {
            let of_first = self.draw_below(left[0].1 + left[1].1) < left[0].1;
            let among = left[usize::from(!of_first)].0.len() as u64;
            let one = self.draw_below(among) as usize;
            let (sample, seen) = &mut left[usize::from(!of_first)];
            self.slots.push(sample.swap_remove(one));
            *seen -= 1;
        }
        self.seen = seen;
        self.replaced += other.replaced;
        self.algorithm = Algorithm::R;
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let algorithm = u8::from(self.algorithm == Algorithm::L);
        let writer = Writer::new(Kind::Reservoir).u8(algorithm).u32(self.k);
        let writer = writer.u64(self.seen).u64(self.state).u64(self.draws);
        let writer = writer.u64(self.replaced).u64(self.next).f64(self.weight);
        writer.u64s(&self.slots).finish()
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(Kind::Reservoir, bytes)?;
        let algorithm = match reader.u8()? {
            0 => Algorithm::R,
            1 => Algorithm::L,
            _ => return Err(SketchError::Damaged("there is no such algorithm")),
        };
        let k = reader.u32()?;
        let seen = reader.u64()?;
        let [state, draws, replaced, next] =
            [reader.u64()?, reader.u64()?, reader.u64()?, reader.u64()?];
        let weight = reader.f64()?;
        let slots = reader.u64s(seen.min(u64::from(k)))?;
        reader.end()?;
        if k == 0 || k > MOST || replaced > seen || !(0.0..=1.0).contains(&weight) {
            return Err(SketchError::Damaged(
                "the numbers of the reservoir contradict each other",
            ));
        }
        Ok(Self {
            algorithm,
            k,
            slots,
            seen,
            state,
            draws,
            replaced,
            next,
            weight,
        })
    }
}

/// How many of `n` items take the place of another in a reservoir of `k`, on average: k(Hₙ − Hₖ), the
/// sum of k/i for the items i that come after the first k. The same for both algorithms.
#[must_use]
pub fn expected_replacements(n: u64, k: u32) -> f64 {
    let k = u64::from(k);
    if n <= k {
        return 0.0;
    }
    k as f64 * (harmonic(n) - harmonic(k))
}

/// 1 + 1/2 + … + 1/n; beyond a million by Euler's expansion, which is exact there to all digits.
fn harmonic(n: u64) -> f64 {
    const EULER: f64 = 0.577_215_664_901_532_9;
    if n <= 1_000_000 {
        return (1..=n).rev().fold(0.0, |sum, i| sum + 1.0 / i as f64);
    }
    let n = n as f64;
    libm::log(n) + EULER + 1.0 / (2.0 * n)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sampled(algorithm: Algorithm, k: u32, seed: u64, items: std::ops::Range<u64>) -> Reservoir {
        let mut reservoir = Reservoir::new(algorithm, k, seed).expect("a size there is");
        for item in items {
            reservoir.offer(item);
        }
        reservoir
    }

    /// χ² of how often each of `n` items was in the sample, in `trials` of them.
    fn chi_squared(n: u64, k: u32, trials: u64, mut sample: impl FnMut(u64) -> Reservoir) -> f64 {
        let mut counts = vec![0_u64; n as usize];
        for trial in 0..trials {
            for &item in sample(trial).items() {
                counts[item as usize] += 1;
            }
        }
        let expected = (trials * u64::from(k)) as f64 / n as f64;
        let off = counts
            .iter()
            .map(|&c| (c as f64 - expected) * (c as f64 - expected) / expected);
        off.sum()
    }

    /// 99.9% of what is fair stays below this, with 59 degrees of freedom.
    const FAIR: f64 = 98.3;

    #[test]
    fn every_item_is_as_likely_as_any_other() {
        for algorithm in [Algorithm::R, Algorithm::L] {
            let seed = |trial| mix(trial << 20);
            let chi = chi_squared(60, 6, 20_000, |trial| {
                sampled(algorithm, 6, seed(trial), 0..60)
            });
            assert!(chi < FAIR, "{algorithm:?}: {chi}");
            // The draws take turns: some slots must not be favoured either.
            let merged = |trial| {
                let mut first = sampled(algorithm, 6, seed(trial), 0..13);
                let rest = sampled(algorithm, 6, seed(trial) + 1_000, 13..48);
                first.merge(&rest).expect("both are for 6");
                (48..60).for_each(|item| {
                    first.offer(item);
                });
                first
            };
            let chi = chi_squared(60, 6, 20_000, merged);
            assert!(chi < FAIR, "merged {algorithm:?}: {chi}");
        }
    }

    #[test]
    fn both_algorithms_replace_as_often_as_expected_and_l_draws_less() {
        for algorithm in [Algorithm::R, Algorithm::L] {
            let samples = (0..2_000).map(|trial| sampled(algorithm, 10, mix(trial), 0..500));
            let (replaced, draws) = samples.fold((0, 0), |(replaced, draws), sample| {
                (replaced + sample.replaced(), draws + sample.draws())
            });
            let mean = replaced as f64 / 2_000.0;
            let expected = expected_replacements(500, 10);
            assert!(
                (mean - expected).abs() < 0.5,
                "{algorithm:?}: {mean} of {expected}"
            );
            let draws = draws / 2_000;
            match algorithm {
                Algorithm::R => assert_eq!(draws, 490),
                Algorithm::L => assert!(draws < 130, "{draws}"),
            }
        }
    }

    #[test]
    fn harmonic_numbers_meet_where_the_expansion_takes_over() {
        let (below, above) = (harmonic(1_000_000), harmonic(1_000_001));
        assert!((above - below - 1e-6).abs() < 1e-11, "{}", above - below);
        assert_eq!(expected_replacements(10, 10), 0.0);
    }

    #[test]
    fn an_endless_stream_keeps_on() {
        let mut reservoir = sampled(Algorithm::L, 2, 3, 0..10);
        reservoir.weight = 0.0;
        reservoir.skip();
        assert_eq!(reservoir.next, u64::MAX);
        assert_eq!(reservoir.offer(1), Offer::Passed);
    }
}
