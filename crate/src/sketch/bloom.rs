//! Is this item one of them: the Bloom filter (Bloom, 1970), and the counting one, from which items
//! can be taken out again (Fan, Cao, Almeida and Broder, 2000).
//!
//! An item sets k bits of m. If one of its bits is 0, it was never added; if all are 1, it probably
//! was, or else other items set them all.

use super::SketchError;
use super::bytes::{Kind, Reader, Writer};
use super::modulus::Modulus;
use crate::rng::mix;
use std::f64::consts::LN_2;

/// The size of a filter.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BloomSize {
    /// How many bits.
    pub m: u64,
    /// How many of them an item sets.
    pub k: u32,
}

/// The most bits: 256 MiB.
const MOST_BITS: u64 = 1 << 31;
const MOST_HASHES: u32 = 64;

impl BloomSize {
    /// The size at which `n` items give false positives at the rate `p`: m = ⌈−n ln p / (ln 2)²⌉ and
    /// k = m/n ln 2, rounded, at which half of the bits are set.
    ///
    /// # Errors
    /// When there is no item, `p` is not between 0 and 1, or the filter would be too big.
    pub fn for_items(n: u64, p: f64) -> Result<Self, SketchError> {
        if n == 0 || !(p > 0.0 && p < 1.0) {
            return Err(SketchError::Size(format!(
                "a Bloom filter is sized for at least 1 item and a rate of false positives between 0 and 1, \
                 not for {n} and {p}"
            )));
        }
        let m = libm::ceil(-(n as f64) * libm::log(p) / (LN_2 * LN_2)).max(1.0);
        let k = libm::rint(m / n as f64 * LN_2).max(1.0);
        Self {
            m: m as u64,
            k: k as u32,
        }
        .checked()
    }

    fn checked(self) -> Result<Self, SketchError> {
        if self.m == 0 || self.m > MOST_BITS || self.k == 0 || self.k > MOST_HASHES {
            return Err(SketchError::Size(format!(
                "a Bloom filter has from 1 to {MOST_BITS} bits and from 1 to {MOST_HASHES} hashes, \
                 not {} and {}",
                self.m, self.k
            )));
        }
        Ok(self)
    }

    /// The rate of false positives after `n` different items: (1 − e^(−kn/m))^k.
    #[must_use]
    pub fn false_positive_rate(self, n: u64) -> f64 {
        let k = f64::from(self.k);
        libm::pow(-libm::expm1(-k * n as f64 / self.m as f64), k)
    }

    /// The same with a bit still 0 with probability (1 − 1/m)^(kn), of which the other is the limit
    /// for great m. Both take the bits for independent, so the truth is a little higher in tiny filters.
    #[must_use]
    pub fn false_positive_rate_finite(self, n: u64) -> f64 {
        let k = f64::from(self.k);
        let zero = k * n as f64 * libm::log1p(-1.0 / self.m as f64);
        libm::pow(-libm::expm1(zero), k)
    }
}

/// The k places of an item among m: two hashes, and the sums of the first and i times the second
/// (Kirsch and Mitzenmacher, 2006), which is as good as k hashes. The second is odd, so that in a
/// filter of 2^x bits no two places need coincide.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Places {
    m: Modulus,
    k: u32,
    /// m less 2⁶⁴ mod m: what a sum that runs over 64 bits adds to its remainder.
    carry: u64,
}

impl Places {
    fn new(size: BloomSize) -> Self {
        Self {
            m: Modulus::new(size.m),
            k: size.k,
            carry: size.m - 1 - u64::MAX % size.m,
        }
    }

    fn of(self, item: u64) -> impl Iterator<Item = u64> {
        let (mut hash, step) = (mix(item), mix(item ^ 0xdead_beef_cafe_f00d) | 1);
        // Sums of remainders, to divide but twice.
        let m = self.m.divisor();
        let less = move |sum: u64| sum.min(sum.wrapping_sub(m));
        let mut place = self.m.of(hash);
        let plain = self.m.of(step);
        let steps = [plain, less(plain + self.carry)];
        (0..self.k).map(move |_| {
            let this = place;
            let over;
            (hash, over) = hash.overflowing_add(step);
            place = less(place + steps[usize::from(over)]);
            this
        })
    }

    fn size(self) -> BloomSize {
        BloomSize {
            m: self.m.divisor(),
            k: self.k,
        }
    }
}

/// About how many different items set `set` of m bits: −(m/k) ln(1 − set/m) (Swamidass and Baldi,
/// 2007). Infinite once all are set.
fn items(size: BloomSize, set: u64) -> f64 {
    let m = size.m as f64;
    -(m / f64::from(size.k)) * libm::log1p(-(set as f64) / m)
}

/// Which items were added, in m bits.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BloomFilter {
    places: Places,
    words: Vec<u64>,
}

impl BloomFilter {
    /// Empty.
    ///
    /// # Errors
    /// When a filter of that size there is not.
    pub fn new(size: BloomSize) -> Result<Self, SketchError> {
        let places = Places::new(size.checked()?);
        let words = vec![0; size.m.div_ceil(64) as usize];
        Ok(Self { places, words })
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> BloomSize {
        self.places.size()
    }

    /// The bits that `item` sets, in the order of its hashes; some may be the same.
    pub fn places(&self, item: u64) -> impl Iterator<Item = u64> + use<> {
        self.places.of(item)
    }

    /// Takes an item; whether it set a bit, as the first of its kind nearly always does.
    pub fn add(&mut self, item: u64) -> bool {
        self.add_at(self.places.of(item))
    }

    /// Sets the bits of an item whose hashes are somebody else's; whether one of them was 0. Places
    /// lie within the filter.
    pub fn add_at(&mut self, places: impl Iterator<Item = u64>) -> bool {
        let mut fresh = 0;
        for place in places {
            let (word, bit) = (&mut self.words[(place / 64) as usize], 1 << (place % 64));
            fresh |= !*word & bit;
            *word |= bit;
        }
        fresh != 0
    }

    /// Whether the bit is set. False beyond the filter.
    #[must_use]
    pub fn bit(&self, place: u64) -> bool {
        let word = self.words.get((place / 64) as usize);
        word.is_some_and(|word| word >> (place % 64) & 1 == 1)
    }

    /// Whether the item may have been added: no is certain, yes is not.
    #[must_use]
    pub fn contains(&self, item: u64) -> bool {
        self.places.of(item).all(|place| self.bit(place))
    }

    /// How many bits are set.
    #[must_use]
    pub fn bits_set(&self) -> u64 {
        self.words
            .iter()
            .map(|word| u64::from(word.count_ones()))
            .sum()
    }

    /// The rate of false positives as the filter is now: (set/m)^k.
    #[must_use]
    pub fn false_positive_rate(&self) -> f64 {
        let size = self.size();
        libm::pow(self.bits_set() as f64 / size.m as f64, f64::from(size.k))
    }

    /// About how many different items were added; infinite once every bit is set.
    #[must_use]
    pub fn items(&self) -> f64 {
        items(self.size(), self.bits_set())
    }

    /// Becomes the filter of both streams: each bit that either has.
    ///
    /// # Errors
    /// When the other has another size.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.places != other.places {
            return Err(SketchError::Unlike);
        }
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word |= theirs;
        }
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let BloomSize { m, k } = self.size();
        Writer::new(Kind::Bloom)
            .u64(m)
            .u32(k)
            .u64s(&self.words)
            .finish()
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(Kind::Bloom, bytes)?;
        let size = read_size(&mut reader)?;
        let words = reader.u64s(size.m.div_ceil(64))?;
        reader.end()?;
        if size.m % 64 != 0 && words.last().is_some_and(|last| last >> (size.m % 64) != 0) {
            return Err(SketchError::Damaged("there are bits beyond the last"));
        }
        Ok(Self {
            places: Places::new(size),
            words,
        })
    }
}

fn read_size(reader: &mut Reader<'_>) -> Result<BloomSize, SketchError> {
    let size = BloomSize {
        m: reader.u64()?,
        k: reader.u32()?,
    };
    size.checked()
        .map_err(|_| SketchError::Damaged("there is no such size"))
}

/// Which items were added and not taken out again, in m counters of one byte.
///
/// A counter that has reached 255 stays there, since nobody knows how many more there were: its items
/// can no longer be taken out, and none is forgotten. (Fan et al. show that even 15 is hardly ever
/// reached in a filter of the right size.)
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountingBloom {
    places: Places,
    counters: Vec<u8>,
}

impl CountingBloom {
    /// Empty.
    ///
    /// # Errors
    /// When a filter of that size there is not.
    pub fn new(size: BloomSize) -> Result<Self, SketchError> {
        let places = Places::new(size.checked()?);
        Ok(Self {
            places,
            counters: vec![0; size.m as usize],
        })
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> BloomSize {
        self.places.size()
    }

    /// The counters of `item`, in the order of its hashes; some may be the same.
    pub fn places(&self, item: u64) -> impl Iterator<Item = u64> + use<> {
        self.places.of(item)
    }

    /// The counters.
    #[must_use]
    pub fn counters(&self) -> &[u8] {
        &self.counters
    }

    /// Takes an item.
    pub fn add(&mut self, item: u64) {
        for place in self.places.of(item) {
            let counter = &mut self.counters[place as usize];
            *counter = counter.saturating_add(1);
        }
    }

    /// Takes an item out again, if it may be in; whether it was. What was never added must not be
    /// taken out: should the filter take it for one of its items, it would forget others.
    pub fn remove(&mut self, item: u64) -> bool {
        let found = self.contains(item);
        if found {
            for place in self.places.of(item) {
                let counter = &mut self.counters[place as usize];
                if *counter < u8::MAX {
                    *counter = counter.saturating_sub(1);
                }
            }
        }
        found
    }

    /// Whether the item may be in: no is certain, yes is not.
    #[must_use]
    pub fn contains(&self, item: u64) -> bool {
        self.places
            .of(item)
            .all(|place| self.counters[place as usize] > 0)
    }

    /// The filter without counts.
    #[must_use]
    pub fn to_filter(&self) -> BloomFilter {
        let mut words = vec![0; self.counters.len().div_ceil(64)];
        for (place, _) in self.counters.iter().enumerate().filter(|&(_, &n)| n > 0) {
            words[place / 64] |= 1 << (place % 64);
        }
        BloomFilter {
            places: self.places,
            words,
        }
    }

    /// Becomes the filter of both streams: the sums of the counters.
    ///
    /// # Errors
    /// When the other has another size.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.places != other.places {
            return Err(SketchError::Unlike);
        }
        for (counter, theirs) in self.counters.iter_mut().zip(&other.counters) {
            *counter = counter.saturating_add(*theirs);
        }
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let BloomSize { m, k } = self.size();
        let writer = Writer::new(Kind::CountingBloom).u64(m).u32(k);
        writer.u8s(&self.counters).finish()
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(Kind::CountingBloom, bytes)?;
        let size = read_size(&mut reader)?;
        let counters = reader.u8s(size.m)?;
        reader.end()?;
        Ok(Self {
            places: Places::new(size),
            counters,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(m: u64, k: u32) -> BloomSize {
        BloomSize { m, k }
    }

    #[test]
    fn what_was_taken_out_is_out_and_the_rest_is_in() {
        let mut filter = CountingBloom::new(size(4_000, 5)).expect("a size");
        (0..500).for_each(|item| filter.add(item));
        assert!((0..250).all(|item| filter.remove(item)));
        assert!((250..500).all(|item| filter.contains(item)));
        let still = (0..250).filter(|&item| filter.contains(item)).count();
        assert!(still < 20, "{still} false positives");
        let mut plain = BloomFilter::new(size(4_000, 5)).expect("a size");
        (250..500).for_each(|item| {
            plain.add(item);
        });
        assert_eq!(filter.to_filter(), plain);
    }

    #[test]
    fn a_counter_that_is_full_keeps_its_items() {
        let mut filter = CountingBloom::new(size(64, 1)).expect("a size");
        (0..300).for_each(|_| filter.add(7));
        assert!((0..1_000).all(|_| filter.remove(7)));
        assert!(filter.contains(7));
    }

    #[test]
    fn places_are_the_remainders_of_the_sums() {
        for m in (1..400).chain([1 << 20, MOST_BITS - 1, MOST_BITS]) {
            let places = Places::new(size(m, 20));
            for item in (0..20).map(mix) {
                let (first, second) = (mix(item), mix(item ^ 0xdead_beef_cafe_f00d) | 1);
                let sums = (0..20).map(|i| second.wrapping_mul(i).wrapping_add(first) % m);
                assert!(places.of(item).eq(sums), "{item} mod {m}");
            }
        }
    }

    #[test]
    fn there_are_no_filters_without_a_bit_an_item_or_a_chance() {
        for (m, k) in [
            (0, 1),
            (1, 0),
            (MOST_BITS + 1, 1),
            (1, MOST_HASHES + 1),
            (u64::MAX, u32::MAX),
        ] {
            assert!(BloomFilter::new(size(m, k)).is_err());
            assert!(CountingBloom::new(size(m, k)).is_err());
        }
        for (n, p) in [
            (0, 0.1),
            (1, 0.0),
            (1, 1.0),
            (1, f64::NAN),
            (1, -1.0),
            (u64::MAX, 1e-300),
        ] {
            assert!(BloomSize::for_items(n, p).is_err(), "{n} {p}");
        }
        assert_eq!(BloomSize::for_items(1, 0.999), Ok(size(1, 1)));
    }

    #[test]
    fn a_filter_of_one_bit_says_yes_to_all() {
        let mut filter = BloomFilter::new(size(1, 1)).expect("a size");
        assert!(!filter.contains(9));
        assert!(filter.add(9) && !filter.add(8));
        assert!(filter.contains(7));
        assert_eq!(
            (filter.items(), filter.false_positive_rate()),
            (f64::INFINITY, 1.0)
        );
    }
}
