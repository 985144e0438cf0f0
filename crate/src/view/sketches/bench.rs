//! The sketch as it is after so many steps, and the exact answer beside it.

use super::stream::{Own, Step, Steps};
use super::{Kind, Setup, Stream};
use crate::rng::mix;
use crate::sketch::{
    Algorithm, BloomFilter, BloomSize, CountMin, CountMinSize, CountingBloom, HyperLogLog, Offer,
    Reservoir, SingleRegister,
};

/// The sketch that watches.
#[derive(Clone, PartialEq, Debug)]
pub enum Sketch {
    Reservoir(Reservoir),
    Register(SingleRegister),
    Hll(HyperLogLog),
    Bloom(BloomFilter),
    Counting(CountingBloom),
    CountMin(CountMin),
}

/// A moment of the chart: the estimate beside the truth, and how far apart they may be.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Point {
    /// Which step, from 0 to the last.
    pub at: u32,
    /// What the sketch says.
    pub estimate: f64,
    /// What is so.
    pub exact: f64,
    /// Between which two the estimate should lie.
    pub band: (f64, f64),
}

/// A stream under a sketch, at some step.
#[derive(Clone, PartialEq, Debug)]
pub struct Bench {
    pub(super) setup: Setup,
    pub(super) steps: Steps,
    pub(super) sketch: Sketch,
    /// How often each item came.
    pub(super) counts: Vec<u32>,
    /// How many different ones came.
    pub(super) distinct: u32,
    /// How many came in all.
    pub(super) came: u32,
    /// What the latest step did to the reservoir.
    pub(super) offer: Option<Offer>,
    /// Whether it changed anything.
    pub(super) changed: bool,
    curve: Vec<Point>,
}

/// So many points has the chart, and about twice as many at most.
const POINTS: u32 = 100;
/// So many items that never came are asked for, to see how often a Bloom filter is wrong.
pub(super) const STRANGERS: u64 = 1_000;
/// So many other samples are drawn to see whether a reservoir is fair.
pub(super) const SAMPLES: u64 = 200;

impl Bench {
    /// What `setup` asks for, at the step that it says. `own` is the person's file.
    #[must_use]
    pub fn new(mut setup: Setup, own: Option<&Own>) -> Self {
        setup.hold();
        let steps = Steps::of(&setup, own);
        let at = setup.at;
        setup.at = 0;
        let mut bench = Self {
            sketch: Sketch::empty(&setup),
            counts: vec![0; steps.items.len()],
            setup,
            steps,
            distinct: 0,
            came: 0,
            offer: None,
            changed: false,
            curve: Vec::new(),
        };
        bench.go(at);
        bench
    }

    /// What is played, and how far.
    #[must_use]
    pub fn setup(&self) -> &Setup {
        &self.setup
    }

    /// How many steps there are.
    #[must_use]
    pub fn len(&self) -> u32 {
        self.steps.steps.len() as u32
    }

    /// Whether nothing comes.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.steps.steps.is_empty()
    }

    /// Whether all steps were played.
    #[must_use]
    pub fn at_end(&self) -> bool {
        self.setup.at >= self.len()
    }

    /// What the stream is, where its name does not say it.
    #[must_use]
    pub fn note(&self) -> &str {
        &self.steps.note
    }

    /// The chart so far.
    #[must_use]
    pub fn curve(&self) -> &[Point] {
        &self.curve
    }

    /// Goes to a step. Back means from the beginning: streams are short.
    pub fn go(&mut self, at: u32) {
        let at = at.min(self.len());
        if at < self.setup.at {
            self.sketch = Sketch::empty(&self.setup);
            self.counts.fill(0);
            (self.distinct, self.came, self.setup.at) = (0, 0, 0);
            self.offer = None;
            self.changed = false;
            self.curve.clear();
        }
        while self.setup.at < at {
            self.step();
        }
    }

    fn step(&mut self) {
        let Step { which, ask } = self.steps.steps[self.setup.at as usize];
        self.setup.at += 1;
        self.offer = None;
        self.changed = false;
        if !ask {
            let item = self.steps.items[which as usize];
            let count = &mut self.counts[which as usize];
            self.distinct += u32::from(*count == 0);
            *count += 1;
            self.came += 1;
            self.changed = match &mut self.sketch {
                Sketch::Reservoir(reservoir) => {
                    // A sample is of arrivals, not of items: the number of the arrival is kept.
                    let offer = reservoir.offer(u64::from(self.setup.at - 1));
                    self.offer = Some(offer);
                    offer != Offer::Passed
                }
                Sketch::Register(register) => register.add(item),
                Sketch::Hll(sketch) => sketch.add(item),
                Sketch::Bloom(filter) => match self.steps.given.get(which as usize) {
                    Some(places) => filter.add_at(places.iter().copied()),
                    None => filter.add(item),
                },
                Sketch::Counting(filter) => {
                    let fresh = !filter.contains(item);
                    filter.add(item);
                    fresh
                }
                Sketch::CountMin(sketch) => {
                    sketch.add(item, 1);
                    true
                }
            };
        }
        let every = (self.len() / POINTS).max(1);
        if self.setup.at.is_multiple_of(every) || self.at_end() {
            self.curve.extend(self.point());
        }
    }

    /// The latest step.
    pub(super) fn latest(&self) -> Option<Step> {
        let before = (self.setup.at as usize).checked_sub(1)?;
        self.steps.steps.get(before).copied()
    }

    /// The item that is looked at: the one asked for, or the latest; its name, and how often it came.
    pub(super) fn subject(&self) -> Option<(u64, String, u32)> {
        if let Some(item) = self.setup.item {
            let which = self.steps.items.iter().position(|&one| one == item);
            return Some(match which {
                Some(which) => (item, self.steps.names[which].clone(), self.counts[which]),
                None => (item, format!("#{item}"), 0),
            });
        }
        let which = self.latest()?.which as usize;
        Some((
            self.steps.items[which],
            self.steps.names[which].clone(),
            self.counts[which],
        ))
    }

    /// Asks for the item of this name, or for the latest one if it is empty.
    pub fn ask_for(&mut self, name: &str) {
        let name = name.trim();
        let there = self
            .steps
            .names
            .iter()
            .position(|one| one == name || one.strip_prefix('#') == Some(name));
        self.setup.item = match there {
            _ if name.is_empty() => None,
            Some(which) => Some(self.steps.items[which]),
            // A number is an item of that number; anything else is a key like those of a file.
            None => name
                .trim_start_matches('#')
                .parse()
                .ok()
                .filter(|_| self.setup.stream != Stream::Own)
                .or_else(|| Some(crate::sketch::fingerprint(name.as_bytes()))),
        };
    }

    /// The names of the items that came, the latest first, without repeating any.
    #[must_use]
    pub fn names(&self, most: usize) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for step in self.steps.steps[..self.setup.at as usize].iter().rev() {
            let name = &*self.steps.names[step.which as usize];
            if names.len() == most {
                break;
            }
            if !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The estimate beside the truth, now. A reservoir has none, and is asked how fair it is.
    fn point(&self) -> Option<Point> {
        let (n, exact) = (f64::from(self.came), f64::from(self.distinct));
        let (estimate, exact, band) = match &self.sketch {
            Sketch::Reservoir(_) => return None,
            // Half of the time it is within a factor of two or so; it states no bound.
            Sketch::Register(register) => (self.register_says(*register), exact, (exact, exact)),
            Sketch::Hll(sketch) => {
                let off = 2.0 * sketch.standard_error() * exact;
                (self.hll_says(sketch), exact, (exact - off, exact + off))
            }
            Sketch::Bloom(filter) => rate(filter, self.distinct),
            Sketch::Counting(filter) => rate(&filter.to_filter(), self.distinct),
            Sketch::CountMin(sketch) => {
                let (item, _, count) = self.watched()?;
                let exact = f64::from(count);
                (
                    sketch.estimate(item) as f64,
                    exact,
                    (exact, exact + sketch.size().epsilon() * n),
                )
            }
        };
        Some(Point {
            at: self.setup.at,
            estimate,
            exact,
            band,
        })
    }

    /// The bits of an item, if the sketch has some.
    pub(super) fn bits_of(&self, item: u64) -> Vec<u64> {
        let known = self.steps.items.iter().position(|&one| one == item);
        let given = known.and_then(|which| self.steps.given.get(which));
        match (&self.sketch, given) {
            (Sketch::Bloom(_), Some(places)) => places.to_vec(),
            (Sketch::Bloom(filter), None) => filter.places(item).collect(),
            (Sketch::Counting(filter), _) => filter.places(item).collect(),
            _ => Vec::new(),
        }
    }

    /// What a Bloom filter has at a place: 0 for no, and how many where it counts.
    pub(super) fn at_bit(&self, place: u64) -> u8 {
        match &self.sketch {
            Sketch::Bloom(filter) => u8::from(filter.bit(place)),
            Sketch::Counting(filter) => filter.counters()[place as usize],
            _ => 0,
        }
    }

    /// Of [`STRANGERS`] items that never came, how many a Bloom filter says may be there.
    pub(super) fn false_positives(&self) -> u64 {
        // Far from the numbers of any stream of ours.
        let strangers = (1 << 50)..(1 << 50) + STRANGERS;
        strangers.filter(|&item| self.contains(item)).count() as u64
    }

    /// Whether a Bloom filter says that an item may be there.
    pub(super) fn contains(&self, item: u64) -> bool {
        let places = self.bits_of(item);
        places.iter().all(|&place| self.at_bit(place) > 0)
    }

    /// How many slots of a reservoir hold an item.
    pub(super) fn slots_of(&self, item: u64) -> usize {
        let Sketch::Reservoir(reservoir) = &self.sketch else {
            return 0;
        };
        let kept = |arrival: &&u64| {
            let step = self.steps.steps[**arrival as usize];
            self.steps.items[step.which as usize] == item
        };
        reservoir.items().iter().filter(kept).count()
    }

    /// The item whose count the chart shows: the one asked for, or the first that came.
    pub(super) fn watched(&self) -> Option<(u64, String, u32)> {
        if self.setup.item.is_some() {
            return self.subject();
        }
        let first = self.steps.steps.first()?.which as usize;
        Some((
            self.steps.items[first],
            self.steps.names[first].clone(),
            self.counts[first],
        ))
    }

    /// Nothing has come as long as nothing came.
    pub(super) fn register_says(&self, register: SingleRegister) -> f64 {
        if self.came == 0 {
            0.0
        } else {
            register.estimate()
        }
    }

    pub(super) fn hll_says(&self, sketch: &HyperLogLog) -> f64 {
        if self.setup.variant {
            sketch.estimate_2007()
        } else {
            sketch.estimate()
        }
    }

    /// In what share of [`SAMPLES`] other samples of what has come each arrival is, by tenths of the
    /// stream; empty unless the sketch is a reservoir and something came.
    #[must_use]
    pub fn fairness(&self) -> Vec<f64> {
        let Sketch::Reservoir(reservoir) = &self.sketch else {
            return Vec::new();
        };
        let n = u64::from(self.came);
        let tenths = n.min(10);
        let mut kept = vec![0_u64; tenths as usize];
        for sample in 0..SAMPLES {
            let seed = mix(self.setup.seed ^ sample << 32);
            let Ok(mut other) = Reservoir::new(Algorithm::L, reservoir.capacity(), seed) else {
                return Vec::new();
            };
            (0..n).for_each(|arrival| {
                other.offer(arrival);
            });
            for &arrival in other.items() {
                kept[(arrival * tenths / n) as usize] += 1;
            }
        }
        let share = |(tenth, kept): (u64, &u64)| {
            let arrivals = (0..n)
                .filter(|arrival| arrival * tenths / n == tenth)
                .count() as u64;
            *kept as f64 / (arrivals * SAMPLES) as f64
        };
        (0..).zip(&kept).map(share).collect()
    }
}

/// The rate of false positives as the bits are set, as stated for so many items, and no band: it is
/// an average over hashes.
fn rate(filter: &BloomFilter, distinct: u32) -> (f64, f64, (f64, f64)) {
    let stated = filter.size().false_positive_rate(u64::from(distinct));
    (filter.false_positive_rate(), stated, (stated, stated))
}

impl Sketch {
    fn empty(setup: &Setup) -> Self {
        let [a, b] = setup.sizes;
        let made = match setup.kind {
            Kind::Reservoir => {
                let algorithm = if setup.variant {
                    Algorithm::L
                } else {
                    Algorithm::R
                };
                Reservoir::new(algorithm, a, mix(setup.seed)).map(Self::Reservoir)
            }
            Kind::Register => Ok(Self::Register(SingleRegister::default())),
            Kind::Hll => HyperLogLog::new(a as u8).map(Self::Hll),
            Kind::Bloom if setup.variant => {
                CountingBloom::new(BloomSize { m: a.into(), k: b }).map(Self::Counting)
            }
            Kind::Bloom => BloomFilter::new(BloomSize { m: a.into(), k: b }).map(Self::Bloom),
            Kind::CountMin => CountMin::new(CountMinSize { width: a, depth: b }, setup.variant)
                .map(Self::CountMin),
        };
        made.expect("a setup is held within the sizes there are")
    }
}
