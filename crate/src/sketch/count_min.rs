//! How often an item came: the Count-Min sketch (Cormode and Muthukrishnan, 2005).
//!
//! Each of d rows has w counters and a hash of its own. An item adds to one counter of every row;
//! the least of them is the answer. It is never too low, and too high only by what other items added
//! in all d places.

use super::SketchError;
use super::bytes::{Kind, Reader, Writer};
use super::modulus::Modulus;
use crate::map::Map;
use crate::rng::mix;
use std::f64::consts::E;

/// The size of a sketch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CountMinSize {
    /// Counters in a row: w.
    pub width: u32,
    /// Rows: d.
    pub depth: u32,
}

/// The most counters: 256 MiB.
const MOST_CELLS: u64 = 1 << 25;
const MOST_ROWS: u32 = 64;

impl CountMinSize {
    /// The size at which an answer is too high by more than `epsilon` of the total with probability
    /// `delta` at most: w = ⌈e/ε⌉, d = ⌈ln(1/δ)⌉.
    ///
    /// # Errors
    /// When one of them is not between 0 and 1, or the sketch would be too big.
    pub fn for_error(epsilon: f64, delta: f64) -> Result<Self, SketchError> {
        let within = |x: f64| x > 0.0 && x < 1.0;
        if !within(epsilon) || !within(delta) {
            return Err(SketchError::Size(format!(
                "epsilon and delta of a Count-Min sketch are between 0 and 1, not {epsilon} and {delta}"
            )));
        }
        let width = libm::ceil(E / epsilon) as u32;
        let depth = libm::ceil(libm::log(1.0 / delta)).max(1.0) as u32;
        Self { width, depth }.checked()
    }

    fn checked(self) -> Result<Self, SketchError> {
        let Self { width, depth } = self;
        if width == 0 || depth == 0 || depth > MOST_ROWS || self.cells() > MOST_CELLS {
            return Err(SketchError::Size(format!(
                "a Count-Min sketch has from 1 to {MOST_ROWS} rows and at most {MOST_CELLS} counters, \
                 not {depth} rows of {width}"
            )));
        }
        Ok(self)
    }

    /// How many counters: w d.
    #[must_use]
    pub fn cells(self) -> u64 {
        u64::from(self.width) * u64::from(self.depth)
    }

    /// ε: e/w.
    #[must_use]
    pub fn epsilon(self) -> f64 {
        E / f64::from(self.width)
    }

    /// δ: e^-d.
    #[must_use]
    pub fn delta(self) -> f64 {
        libm::exp(-f64::from(self.depth))
    }
}

/// How often each item came: a ≤ answer always, and answer ≤ a + εN with probability 1 − δ or more,
/// where N is the [`total`](Self::total), ε = e/w and δ = e^-d.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CountMin {
    size: CountMinSize,
    /// w, to divide by.
    width: Modulus,
    conservative: bool,
    total: u64,
    /// Row after row.
    cells: Vec<u64>,
}

impl CountMin {
    /// Empty. A `conservative` one raises only those counters that the answer depends on (Estan and
    /// Varghese, 2002): its answers are never higher than the plain one's and mostly lower, but to
    /// merge two makes one that is no better than two plain ones.
    ///
    /// # Errors
    /// When a sketch of that size there is not.
    pub fn new(size: CountMinSize, conservative: bool) -> Result<Self, SketchError> {
        let size = size.checked()?;
        Ok(Self {
            size,
            width: Modulus::new(u64::from(size.width)),
            conservative,
            total: 0,
            cells: vec![0; size.cells() as usize],
        })
    }

    /// Its size.
    #[must_use]
    pub fn size(&self) -> CountMinSize {
        self.size
    }

    /// Whether it raises only what it must.
    #[must_use]
    pub fn is_conservative(&self) -> bool {
        self.conservative
    }

    /// N: how much was added in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.total
    }

    /// εN: an answer is too high by more than this with probability δ at most.
    #[must_use]
    pub fn bound(&self) -> f64 {
        self.size.epsilon() * self.total as f64
    }

    /// The counters, row after row.
    #[must_use]
    pub fn cells(&self) -> &[u64] {
        &self.cells
    }

    /// The counter of `item` in each row, as its place among [`cells`](Self::cells).
    pub fn places(&self, item: u64) -> impl Iterator<Item = usize> + use<> {
        let (size, width) = (self.size, self.width);
        (0..u64::from(size.depth)).map(move |row| {
            let hash = mix(item ^ row.wrapping_mul(0x9e37_79b9_7f4a_7c15));
            (row * u64::from(size.width) + width.of(hash)) as usize
        })
    }

    /// Takes an item `times` times. Counters and total stay at 2⁶⁴ − 1 once they are there.
    pub fn add(&mut self, item: u64, times: u64) {
        self.total = self.total.saturating_add(times);
        if self.conservative {
            let mut places = [0; MOST_ROWS as usize];
            let mut least = u64::MAX;
            for (kept, place) in places.iter_mut().zip(self.places(item)) {
                *kept = place;
                least = least.min(self.cells[place]);
            }
            let least = least.saturating_add(times);
            for &place in &places[..self.size.depth as usize] {
                self.cells[place] = self.cells[place].max(least);
            }
        } else {
            for place in self.places(item) {
                self.cells[place] = self.cells[place].saturating_add(times);
            }
        }
    }

    /// How often the item came, or more.
    #[must_use]
    pub fn estimate(&self, item: u64) -> u64 {
        let counts = self.places(item).map(|place| self.cells[place]);
        counts.fold(u64::MAX, u64::min)
    }

    /// Becomes the sketch of both streams: the sums of the counters.
    ///
    /// # Errors
    /// When the other has another size, or only one of them is conservative.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if (self.size, self.conservative) != (other.size, other.conservative) {
            return Err(SketchError::Unlike);
        }
        for (cell, theirs) in self.cells.iter_mut().zip(&other.cells) {
            *cell = cell.saturating_add(*theirs);
        }
        self.total = self.total.saturating_add(other.total);
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        self.write(Writer::new(Kind::CountMin)).finish()
    }

    fn write(&self, writer: Writer) -> Writer {
        let CountMinSize { width, depth } = self.size;
        let writer = writer.u32(width).u32(depth);
        let writer = writer.u8(u8::from(self.conservative)).u64(self.total);
        writer.u64s(&self.cells)
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        Self::read(Reader::new(Kind::CountMin, bytes)?)
    }

    fn read(mut reader: Reader<'_>) -> Result<Self, SketchError> {
        let (width, depth) = (reader.u32()?, reader.u32()?);
        let size = CountMinSize { width, depth }.checked();
        let size = size.map_err(|_| SketchError::Damaged("there is no such size"))?;
        let conservative = match reader.u8()? {
            0 => false,
            1 => true,
            _ => return Err(SketchError::Damaged("it is neither plain nor conservative")),
        };
        let total = reader.u64()?;
        let cells = reader.u64s(size.cells())?;
        reader.end()?;
        if cells.iter().any(|&cell| cell > total) {
            return Err(SketchError::Damaged("a counter is higher than the total"));
        }
        Ok(Self {
            size,
            width: Modulus::new(u64::from(width)),
            conservative,
            total,
            cells,
        })
    }
}

/// The items that make up a share φ of the stream or more: a Count-Min sketch, and those items whose
/// estimate reached φN when they last came.
///
/// None that came φN times is missing; with probability 1 − δ each one found came (φ − ε)N times.
#[derive(Clone, PartialEq, Debug)]
pub struct HeavyHitters {
    sketch: CountMin,
    share: f64,
    found: Map<u64, u64>,
    /// When so many are found, those that fell behind are let go.
    limit: usize,
}

impl HeavyHitters {
    /// Of an empty `sketch`, those that make up `share` (φ).
    ///
    /// # Errors
    /// When `share` is not above 0 and at most 1, or `sketch` has counted already.
    pub fn new(sketch: CountMin, share: f64) -> Result<Self, SketchError> {
        if !(share > 0.0 && share <= 1.0) {
            return Err(SketchError::Size(format!(
                "the share of a heavy hitter is above 0 and at most 1, not {share}"
            )));
        }
        if sketch.total() > 0 {
            return Err(SketchError::Size(
                "heavy hitters begin with an empty sketch".to_owned(),
            ));
        }
        Ok(Self {
            sketch,
            share,
            found: Map::new(),
            limit: 0,
        })
    }

    /// The sketch.
    #[must_use]
    pub fn sketch(&self) -> &CountMin {
        &self.sketch
    }

    /// φ.
    #[must_use]
    pub fn share(&self) -> f64 {
        self.share
    }

    /// φN.
    fn enough(&self) -> f64 {
        self.share * self.sketch.total() as f64
    }

    /// Takes an item `times` times.
    pub fn add(&mut self, item: u64, times: u64) {
        self.sketch.add(item, times);
        let estimate = self.sketch.estimate(item);
        if times > 0 && estimate as f64 >= self.enough() {
            self.found.insert(item, estimate);
            if self.found.len() > self.limit {
                self.forget();
            }
        }
    }

    /// Lets those go that fell behind. Of true counts at most 1/φ can reach φN; estimates may be more,
    /// so that the next time is when twice as many are found.
    fn forget(&mut self) {
        let enough = self.enough();
        self.found.retain(|_, estimate| *estimate as f64 >= enough);
        self.limit = (2 * self.found.len()).max(64);
    }

    /// The items and their estimates, the most frequent first.
    #[must_use]
    pub fn found(&self) -> Vec<(u64, u64)> {
        let enough = self.enough();
        let found = self.found.iter().map(|(&item, &estimate)| (item, estimate));
        let mut found: Vec<_> = found.filter(|&(_, n)| n as f64 >= enough).collect();
        found.sort_by_key(|&(item, estimate)| (std::cmp::Reverse(estimate), item));
        found
    }

    /// The items it keeps by themselves, also those that fell behind and are not yet let go.
    pub fn known(&self) -> impl Iterator<Item = u64> {
        self.found.keys().copied()
    }

    /// Becomes what it would be of both streams: what reaches φN in both together reaches it in one.
    ///
    /// # Errors
    /// When the sketches do not merge, or the shares differ.
    pub fn merge(&mut self, other: &Self) -> Result<(), SketchError> {
        if self.share != other.share {
            return Err(SketchError::Unlike);
        }
        self.sketch.merge(&other.sketch)?;
        self.found
            .extend(other.found.iter().map(|(&item, &n)| (item, n)));
        let sketch = &self.sketch;
        for (item, estimate) in self.found.iter_mut() {
            *estimate = sketch.estimate(*item);
        }
        self.forget();
        Ok(())
    }

    /// In bytes.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let found = self.found();
        let writer = Writer::new(Kind::HeavyHitters).f64(self.share);
        let writer = found
            .iter()
            .fold(writer.u32(found.len() as u32), |writer, &(item, n)| {
                writer.u64(item).u64(n)
            });
        self.sketch.write(writer).finish()
    }

    /// From bytes.
    ///
    /// # Errors
    /// When they are not what [`to_bytes`](Self::to_bytes) writes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SketchError> {
        let mut reader = Reader::new(Kind::HeavyHitters, bytes)?;
        let share = reader.f64()?;
        if !(share > 0.0 && share <= 1.0) {
            return Err(SketchError::Damaged("there is no such share"));
        }
        let n = reader.u32()?;
        let pairs = reader.u64s(2 * u64::from(n))?;
        let (pairs, _) = pairs.as_chunks::<2>();
        let mut found = Map::new();
        found.extend(pairs.iter().map(|&[item, estimate]| (item, estimate)));
        let sketch = CountMin::read(reader)?;
        if found.iter().any(|(item, n)| *n > sketch.estimate(*item)) {
            return Err(SketchError::Damaged(
                "an item is more frequent than its sketch says",
            ));
        }
        Ok(Self {
            sketch,
            share,
            found,
            limit: 0,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sketch(width: u32, depth: u32, conservative: bool) -> CountMin {
        CountMin::new(CountMinSize { width, depth }, conservative).expect("a size")
    }

    #[test]
    fn a_conservative_sketch_is_nowhere_higher_and_somewhere_lower() {
        let (mut plain, mut careful) = (sketch(50, 4, false), sketch(50, 4, true));
        for i in 0..5_000_u64 {
            let item = mix(i) % 200;
            plain.add(item, 1 + i % 3);
            careful.add(item, 1 + i % 3);
        }
        let pairs = (0..200).map(|item| (careful.estimate(item), plain.estimate(item)));
        assert!(pairs.clone().all(|(careful, plain)| careful <= plain));
        assert!(pairs.filter(|(careful, plain)| careful < plain).count() > 100);
    }

    #[test]
    fn counts_end_where_numbers_do() {
        for conservative in [false, true] {
            let mut sketch = sketch(4, 2, conservative);
            sketch.add(1, u64::MAX);
            sketch.add(1, u64::MAX);
            assert_eq!((sketch.estimate(1), sketch.total()), (u64::MAX, u64::MAX));
        }
    }

    #[test]
    fn every_heavy_hitter_is_found_and_none_that_is_far_too_rare() {
        for (seed, conservative) in (0..40).map(|seed| (seed, seed % 2 == 0)) {
            let mut halves = [0, 1]
                .map(|_| HeavyHitters::new(sketch(600, 5, conservative), 0.02).expect("a share"));
            let mut counts = vec![0_u64; 500];
            for i in 0..20_000_u64 {
                // Items become rare as their numbers grow, and later items are others than earlier ones.
                let draw = mix(mix(seed) ^ i);
                let item = ((draw % 500) * (draw >> 32 & 0xff) / 256 + i / 4_000 * 20) % 500;
                counts[item as usize] += 1;
                halves[(i % 2) as usize].add(item, 1);
            }
            let [mut both, other] = halves;
            both.merge(&other).expect("they are alike");
            let found = both.found();
            for (item, &n) in counts.iter().enumerate() {
                let is_found = found.iter().any(|&(one, _)| one == item as u64);
                assert!(n < 400 || is_found, "seed {seed}: {item} came {n} times");
                assert!(
                    n as f64 >= 400.0 - both.sketch().bound() || !is_found,
                    "seed {seed}: {item} {n}"
                );
            }
            assert_eq!(
                HeavyHitters::from_bytes(&both.to_bytes()).map(|it| it.found()),
                Ok(found)
            );
        }
    }

    #[test]
    fn there_are_no_sketches_without_a_counter() {
        for (width, depth) in [
            (0, 1),
            (1, 0),
            (1, MOST_ROWS + 1),
            (u32::MAX, 2),
            (u32::MAX, u32::MAX),
        ] {
            assert!(CountMin::new(CountMinSize { width, depth }, false).is_err());
        }
        for (epsilon, delta) in [
            (0.0, 0.1),
            (0.1, 0.0),
            (1.0, 0.1),
            (0.1, 1.0),
            (f64::NAN, 0.1),
            (1e-300, 0.5),
        ] {
            assert!(
                CountMinSize::for_error(epsilon, delta).is_err(),
                "{epsilon} {delta}"
            );
        }
    }
}
