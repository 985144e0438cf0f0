//! What a model reads from a session: how often which symbols follow each other, and the shapes
//! that its series of symbols draws.
//!
//! *k-grams* are the runs of k symbols, overlapping. The *horizontal visibility graph* (Luque et al.,
//! Physical Review E 80, 2009) links two clicks that see each other over lower ones between; its
//! *motifs* are the graphs of four neighbouring clicks (Iacovacci and Lacasa, Physical Review E 93,
//! 2016). Both are counted as Requena et al. do for purchase intent (Scientific Reports 10, 2020).

/// What is read before a purchase: there is none among them.
pub const SYMBOLS: [u8; 5] = [1, 2, 3, 4, 6];

/// Each run of `k` symbols with how often it occurs, in the order of the runs. There are
/// `symbols.len() + 1 - k` places for one, so a run's frequency is its count by these.
///
/// # Panics
/// If `k` is 0.
#[must_use]
pub fn kgrams(symbols: &[u8], k: usize) -> Vec<(&[u8], u32)> {
    let mut runs: Vec<&[u8]> = symbols.windows(k).collect();
    runs.sort_unstable();
    let same = runs.chunk_by(|a, b| a == b);
    same.map(|runs| (runs[0], runs.len() as u32)).collect()
}

/// The horizontal visibility graph: which two see each other over what lies between, that is, all
/// of it strictly lower than both. Neighbours always do; an equal one between blocks the view.
/// Pairs in order, the earlier node first.
#[must_use]
pub fn visibility<T: PartialOrd>(series: &[T]) -> Vec<(usize, usize)> {
    let mut edges = Vec::new();
    // Nodes that what comes can still see: each is lower than the one before.
    let mut open: Vec<usize> = Vec::new();
    for (node, value) in series.iter().enumerate() {
        while let Some(&last) = open.last() {
            edges.push((last, node));
            if series[last] > *value {
                break;
            }
            open.pop();
            if series[last] >= *value {
                break;
            }
        }
        open.push(node);
    }
    edges.sort_unstable();
    edges
}

/// Which of the six motifs four neighbours make, 0 to 5 for those numbered 1 to 6: the path alone,
/// and with the links (first, fourth); (first, third); (second, fourth); (first, third) and (first,
/// fourth); (first, fourth) and (second, fourth).
#[must_use]
pub fn motif<T: PartialOrd>([a, b, c, d]: &[T; 4]) -> usize {
    let lower = |between: &T, left: &T, right: &T| between < left && between < right;
    match (
        lower(b, a, c),
        lower(c, b, d),
        lower(b, a, d) && lower(c, a, d),
    ) {
        (false, false, false) => 0,
        (false, false, true) => 1,
        (true, _, false) => 2,
        (_, true, false) => 3,
        (true, _, true) => 4,
        (_, true, true) => 5,
    }
}

/// How often each motif occurs in a series.
#[must_use]
pub fn motifs<T: PartialOrd>(series: &[T]) -> [u32; 6] {
    let mut counts = [0; 6];
    for four in series.array_windows::<4>() {
        counts[motif(four)] += 1;
    }
    counts
}

/// The Shannon entropy of these counts, in bits: 0 if there is but one kind, or nothing.
#[must_use]
pub fn entropy(counts: &[u32]) -> f64 {
    let sum = f64::from(counts.iter().sum::<u32>());
    let shares = counts.iter().filter(|&&count| count > 0);
    let bits = shares.map(|&count| {
        let share = f64::from(count) / sum;
        -share * libm::log2(share)
    });
    // The sum of nothing is -0.
    bits.sum::<f64>() + 0.0
}

/// Which features a model reads.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Features {
    /// Frequencies of single symbols and of pairs.
    Kgram = 0,
    /// Frequencies of the motifs and their entropy.
    Hvg = 1,
    /// All of these.
    Both = 2,
}

/// Single symbols, pairs, motifs, and their entropy.
const ONES: usize = 5;
const TWOS: usize = 25;
const MOTIFS: usize = 6;

impl Features {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 3] = [Self::Kgram, Self::Hvg, Self::Both];

    /// What it is called: `kgram`, `hvg`, `both`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Kgram => "kgram",
            Self::Hvg => "hvg",
            Self::Both => "both",
        }
    }

    /// Which of all the features these are.
    #[must_use]
    pub const fn range(self) -> std::ops::Range<usize> {
        let all = Self::COUNT;
        match self {
            Self::Kgram => 0..ONES + TWOS,
            Self::Hvg => ONES + TWOS..all,
            Self::Both => 0..all,
        }
    }

    /// How many there are of all.
    pub const COUNT: usize = ONES + TWOS + MOTIFS + 1;
}

/// A feature, for people to read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Feature {
    /// How often this symbol is clicked.
    One(u8),
    /// How often these two follow each other.
    Two(u8, u8),
    /// How often this motif occurs, 1 to 6.
    Motif(u8),
    /// How mixed the motifs are.
    Entropy,
}

impl Feature {
    /// The feature at this place of all.
    ///
    /// # Panics
    /// If there is none.
    #[must_use]
    pub const fn at(place: usize) -> Self {
        match place {
            0..5 => Self::One(SYMBOLS[place]),
            5..30 => Self::Two(SYMBOLS[(place - ONES) / 5], SYMBOLS[(place - ONES) % 5]),
            30..36 => Self::Motif((place - ONES - TWOS) as u8 + 1),
            36 => Self::Entropy,
            _ => panic!("there are 37 features"),
        }
    }
}

/// The features of a session as its clicks come, in constant work for each.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Tally {
    clicks: u32,
    ones: [u32; ONES],
    twos: [[u32; 5]; 5],
    motifs: [u32; MOTIFS],
    /// The last four, the newest at the end.
    last: [u8; 4],
}

/// Where a symbol stands among those that are read.
pub(super) fn place(symbol: u8) -> Option<usize> {
    SYMBOLS.iter().position(|&known| known == symbol)
}

impl Tally {
    /// Counts one more click. A purchase is not read, nor what is no symbol.
    pub fn push(&mut self, symbol: u8) {
        let Some(at) = place(symbol) else { return };
        let before = place(self.last[3]);
        self.last = [self.last[1], self.last[2], self.last[3], symbol];
        self.clicks += 1;
        self.ones[at] += 1;
        if let Some(before) = before {
            self.twos[before][at] += 1;
        }
        if self.clicks >= 4 {
            self.motifs[motif(&self.last)] += 1;
        }
    }

    /// Of a session, or its beginning.
    #[must_use]
    pub fn of(symbols: &[u8]) -> Self {
        let mut tally = Self::default();
        symbols.iter().for_each(|&symbol| tally.push(symbol));
        tally
    }

    /// How many clicks were read.
    #[must_use]
    pub const fn clicks(&self) -> u32 {
        self.clicks
    }

    /// All features: counts by the number of places where there could be one, so that a long session
    /// is not told from a short one by them, and the entropy of the motifs.
    #[must_use]
    pub fn features(&self) -> [f32; Features::COUNT] {
        let share = |count: u32, k: u32| {
            let places = (self.clicks + 1).saturating_sub(k).max(1);
            (f64::from(count) / f64::from(places)) as f32
        };
        let ones = self.ones.iter().map(|&count| share(count, 1));
        let twos = self.twos.as_flattened().iter();
        let twos = twos.map(|&count| share(count, 2));
        let motifs = self.motifs.iter().map(|&count| share(count, 4));
        let entropy = std::iter::once(entropy(&self.motifs) as f32);
        let mut all = [0.0; Features::COUNT];
        let values = ones.chain(twos).chain(motifs).chain(entropy);
        all.iter_mut().zip(values).for_each(|(to, from)| *to = from);
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_four_uniform_symbols_make_the_motifs_as_often_as_is_known() {
        let mut counts = [0; 6];
        for number in 0..1_296 {
            let digit = |place| number / place % 6;
            counts[motif(&[1, 6, 36, 216].map(digit))] += 1;
        }
        assert_eq!(counts, [581, 55, 280, 280, 50, 50]);
    }

    #[test]
    fn a_flat_or_short_series_has_no_entropy() {
        for counts in [[0; 6], [9, 0, 0, 0, 0, 0]] {
            assert_eq!(entropy(&counts).to_bits(), 0.0_f64.to_bits());
        }
        assert!((entropy(&[2, 2, 2, 2]) - 2.0).abs() < 1e-12);
        assert_eq!(motifs(&[1, 2, 3]), [0; 6]);
        assert_eq!(visibility::<u8>(&[]), []);
        assert_eq!(kgrams(&[1, 2], 3), []);
    }

    #[test]
    fn features_are_named_by_place() {
        assert_eq!(Feature::at(0), Feature::One(1));
        assert_eq!(Feature::at(4), Feature::One(6));
        assert_eq!(Feature::at(5), Feature::Two(1, 1));
        assert_eq!(Feature::at(29), Feature::Two(6, 6));
        assert_eq!(Feature::at(30), Feature::Motif(1));
        assert_eq!(Feature::at(36), Feature::Entropy);
        let features = Tally::of(&[1, 2, 3, 3, 3, 1]).features();
        assert_eq!(features[2], 0.5, "half of them are adds");
        let pairs = (0..37).find(|&at| Feature::at(at) == Feature::Two(3, 3));
        assert_eq!(features[pairs.expect("it is one")], 0.4);
    }

    #[test]
    fn purchases_are_not_read() {
        assert_eq!(Tally::of(&[1, 5, 9, 0, 2]), Tally::of(&[1, 2]));
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod properties {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// By the definition: all between strictly lower than both.
    fn seen(series: &[u8]) -> Vec<(usize, usize)> {
        let mut edges = Vec::new();
        for i in 0..series.len() {
            for j in i + 1..series.len() {
                let lower = series[i].min(series[j]);
                if series[i + 1..j].iter().all(|&between| between < lower) {
                    edges.push((i, j));
                }
            }
        }
        edges
    }

    proptest! {
        #[test]
        fn the_graph_is_as_defined(series in vec(0..7_u8, 0..60)) {
            prop_assert_eq!(visibility(&series), seen(&series));
        }

        /// A motif is the part of the graph that four neighbours have.
        #[test]
        fn motifs_are_parts_of_the_graph(series in vec(0..7_u8, 4..40)) {
            let edges = visibility(&series);
            let mut counts = [0; 6];
            for at in 0..series.len() - 3 {
                let has = |i, j| edges.contains(&(at + i, at + j));
                let links = [has(0, 2), has(0, 3), has(1, 3)];
                let motif = [
                    [false, false, false],
                    [false, true, false],
                    [true, false, false],
                    [false, false, true],
                    [true, true, false],
                    [false, true, true],
                ];
                let motif = motif.iter().position(|motif| *motif == links);
                counts[motif.expect("one of the six")] += 1;
            }
            prop_assert_eq!(motifs(&series), counts);
        }

        /// Click by click is the same as all at once, by the k-grams of their own.
        #[test]
        fn a_tally_counts_what_is_there(symbols in vec(prop::sample::select(&SYMBOLS), 1..60)) {
            let tally = Tally::of(&symbols);
            prop_assert_eq!(tally.motifs, motifs(&symbols));
            let features = tally.features();
            for (at, &value) in features[..ONES + TWOS].iter().enumerate() {
                let run = match Feature::at(at) {
                    Feature::One(one) => vec![one],
                    Feature::Two(one, two) => vec![one, two],
                    other => panic!("{other:?} is no k-gram"),
                };
                let grams = kgrams(&symbols, run.len());
                let count = grams.iter().find(|gram| gram.0 == run).map_or(0, |gram| gram.1);
                let places = (symbols.len() + 1).saturating_sub(run.len()).max(1);
                prop_assert_eq!(value, (f64::from(count) / places as f64) as f32);
            }
        }
    }
}
