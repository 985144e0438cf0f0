//! What comes, step by step.

use super::{Kind, Setup, Stream};
use crate::rng::mix;
use crate::sketch::{
    BloomFilter, BloomSize, CountMin, CountMinSize, HyperLogLog, SingleRegister, fingerprint,
};

/// No stream is longer.
pub const MOST_STEPS: usize = 5_000;

/// An item comes, or is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Step {
    /// The item, by its place in [`Steps::items`].
    pub which: u32,
    /// Whether it is asked for, rather than put in.
    pub ask: bool,
}

/// A stream: its different items, their names, and in which order they come.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Steps {
    pub items: Vec<u64>,
    pub names: Vec<String>,
    pub steps: Vec<Step>,
    /// What it is, in a sentence, where its name does not say it.
    pub note: String,
    /// The places of the first items in a Bloom filter, where they are given.
    pub given: &'static [[u64; 3]],
}

/// x and y of the notes' examples. Under a Count-Min sketch of 4 rows of 12 counters their hashes are
/// those of the notes, 2, 5, 11, 4 and 6, 5, 12, 2, counted from 1: they were found by trying. No item
/// has those of the notes' Bloom filter, whose three hashes owe nothing to each other.
pub const XY: [u64; 2] = [30_920, 7_140];
/// The places of x and y in the notes' Bloom filter of 12 bits, counted from 0.
const GIVEN: [[u64; 3]; 2] = [[1, 4, 10], [1, 5, 8]];

/// The keys of a person's own file.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Own {
    /// The file's name.
    pub name: String,
    /// The keys of the good rows.
    pub keys: Vec<String>,
    /// How many rows were left out.
    pub bad: usize,
}

impl Steps {
    /// The stream that a setup asks for.
    pub fn of(setup: &Setup, own: Option<&Own>) -> Self {
        match setup.stream {
            Stream::Notes | Stream::Proof => example(setup),
            Stream::Own => Self::own(own),
            Stream::Adversary => adversary(setup),
            Stream::Visitors | Stream::Skewed | Stream::Distinct | Stream::Same => {
                let draws = (0..u64::from(setup.items)).map(|i| {
                    let draw = mix(mix(setup.seed) ^ i);
                    match setup.stream {
                        Stream::Visitors => draw % (u64::from(setup.items) * 3 / 4 + 1) + 1,
                        // A product of three is skewed: half of what comes is of the first eighth.
                        Stream::Skewed => {
                            let part = |at: u32| draw >> (20 * at) & 0xf_ffff;
                            let square = (part(0) * part(1)) >> 20;
                            let cube = (square * part(2)) >> 20;
                            ((cube * u64::from(setup.items) / 2) >> 20) + 1
                        }
                        Stream::Same if i >= 5 => 1,
                        _ => i + 1,
                    }
                });
                Self::numbered(draws)
            }
        }
    }

    /// Items that are numbers, put in one after the other.
    fn numbered(items: impl Iterator<Item = u64>) -> Self {
        Self::named(items.map(|item| (item, format!("#{item}"), false)))
    }

    fn named(all: impl Iterator<Item = (u64, String, bool)>) -> Self {
        let mut steps = Self::default();
        // Looked up by halving: streams are short, and a map of another kind is heavy.
        let mut known: crate::map::Map<u64, u32> = crate::map::Map::new();
        for (item, name, ask) in all.take(MOST_STEPS) {
            let which = match known.get(&item) {
                Some(&which) => which,
                None => {
                    let which = steps.items.len() as u32;
                    known.insert(item, which);
                    steps.items.push(item);
                    steps.names.push(name);
                    which
                }
            };
            steps.steps.push(Step { which, ask });
        }
        steps
    }

    fn own(own: Option<&Own>) -> Self {
        let Some(own) = own else {
            return Self {
                note: "No file is open: load a CSV file, or paste its lines.".to_owned(),
                ..Self::default()
            };
        };
        let keys = own.keys.iter();
        let mut steps =
            Self::named(keys.map(|key| (fingerprint(key.as_bytes()), key.clone(), false)));
        steps.note = format!("{}: {} rows", own.name, steps.steps.len());
        if own.keys.len() > MOST_STEPS {
            steps.note += &format!(" of {}, more are not played", own.keys.len());
        }
        if own.bad > 0 {
            steps.note += &format!("; {} bad rows were left out", own.bad);
        }
        steps.note.push('.');
        steps
    }
}

/// The examples of the notes.
fn example(setup: &Setup) -> Steps {
    let scripted = |script: &[(bool, bool)]| {
        let [x, y] = XY;
        let step = |&(is_x, ask): &(bool, bool)| {
            let (item, name) = if is_x { (x, "x") } else { (y, "y") };
            (item, name.to_owned(), ask)
        };
        Steps::named(script.iter().map(step))
    };
    let (put, get) = (false, true);
    let mut steps = match (setup.kind, setup.stream) {
        (Kind::Bloom, _) => scripted(&[(true, put), (true, get), (false, get)]),
        (Kind::CountMin, _) => scripted(&[
            (true, put),
            (true, put),
            (false, put),
            (true, get),
            (false, get),
        ]),
        (Kind::Reservoir, Stream::Proof) => valued(16),
        (Kind::Reservoir, _) => valued(60),
        // About 64 elements.
        _ => Steps::numbered((0..64).map(|i| mix(mix(setup.seed) ^ i) % 10_000)),
    };
    if setup.kind == Kind::Bloom {
        steps.given = &GIVEN;
    }
    steps.note = match setup.kind {
        Kind::Bloom => "x has the hashes 2, 5, 11 and y has 2, 6, 9, as in the notes. Only x is put in.",
        Kind::CountMin => "x has the hashes 2, 5, 11, 4 and y has 6, 5, 12, 2, as in the notes. They meet in row 2.",
        Kind::Register => "About 64 elements: one of them is expected to begin with six zeros.",
        _ => "",
    }
    .to_owned();
    steps
}

/// V1, V2, V3, …
fn valued(n: u64) -> Steps {
    Steps::named((1..=n).map(|i| (i, format!("V{i}"), false)))
}

/// The items of somebody who knows the hash and means ill.
fn adversary(setup: &Setup) -> Steps {
    let n = u64::from(setup.items);
    let [a, b] = setup.sizes;
    let from = mix(setup.seed) % 1_000_000;
    let mut steps = match setup.kind {
        Kind::Reservoir => {
            // Half of the stream is one sender, who comes last.
            Steps::named((0..n).map(|i| {
                if i < n / 2 {
                    (i + 1, format!("#{}", i + 1), false)
                } else {
                    (0, "bot".to_owned(), false)
                }
            }))
        }
        Kind::Register => {
            let lucky = (from..).find(|&item| SingleRegister::zeros(item) >= 16);
            Steps::numbered(lucky.into_iter().chain(1..n))
        }
        Kind::Hll => match HyperLogLog::new(a as u8) {
            Ok(sketch) => Steps::numbered(
                (from..)
                    .filter(|&item| sketch.place(item).0 == 0)
                    .take(n as usize),
            ),
            Err(_) => Steps::default(),
        },
        Kind::Bloom => {
            Steps::numbered(fresh_bits(BloomSize { m: a.into(), k: b }, from, n).into_iter())
        }
        Kind::CountMin => {
            Steps::numbered(colliding(CountMinSize { width: a, depth: b }, from, n).into_iter())
        }
    };
    steps.note = match setup.kind {
        Kind::Reservoir => "The second half of the stream is one bot, which hopes to be all that is kept.",
        Kind::Register => "The first item was chosen: its hash begins with 16 zeros or more.",
        Kind::Hll => "Every item was chosen to fall into register 0.",
        Kind::Bloom => "Every item was chosen to set bits that were still 0.",
        Kind::CountMin => "The first item is the victim, which comes once. The others were chosen to share a counter with it in each row.",
    }
    .to_owned();
    steps
}

/// Items that set as many fresh bits as can be found in a few hundred tries each.
fn fresh_bits(size: BloomSize, from: u64, n: u64) -> Vec<u64> {
    const TRIES: u64 = 300;
    let Ok(mut filter) = BloomFilter::new(size) else {
        return Vec::new();
    };
    let mut next = from;
    let pick = |_| {
        let mut best = (0, next);
        for item in next..next + TRIES {
            let mut places = Vec::new();
            for place in filter.places(item) {
                if !filter.bit(place) && !places.contains(&place) {
                    places.push(place);
                }
            }
            if places.len() > best.0 {
                best = (places.len(), item);
            }
            if best.0 == size.k as usize {
                break;
            }
        }
        next = best.1 + 1;
        filter.add(best.1);
        best.1
    };
    (0..n).map(pick).collect()
}

/// A victim, and then by turns one item for each row that shares the victim's counter there.
fn colliding(size: CountMinSize, victim: u64, n: u64) -> Vec<u64> {
    let Ok(sketch) = CountMin::new(size, false) else {
        return Vec::new();
    };
    let cells: Vec<usize> = sketch.places(victim).collect();
    let shares =
        |row: usize| (victim + 1..).find(|&item| sketch.places(item).nth(row) == Some(cells[row]));
    let others: Vec<u64> = (0..cells.len()).filter_map(shares).collect();
    let turns = others
        .iter()
        .copied()
        .cycle()
        .take(n.saturating_sub(1) as usize);
    std::iter::once(victim).chain(turns).collect()
}
