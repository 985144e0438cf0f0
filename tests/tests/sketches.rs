//! The sketches, from outside: they stay inside the bounds that they state, whatever the seed;
//! merging is the sketch of both streams; bytes bring back what was written, and no others do harm.
//!
//! `MILLRACE_SEEDS=1000 cargo test --release -p millrace-tests --test sketches -- --nocapture` tries
//! more seeds and prints what was found.

use millrace::rng::mix;
use millrace::sketch::{
    Algorithm, BloomFilter, BloomSize, CountMin, CountMinSize, CountingBloom, HeavyHitters,
    HyperLogLog, Reservoir,
};
use proptest::prelude::*;

fn seeds() -> u64 {
    let seeds = std::env::var("MILLRACE_SEEDS").ok();
    seeds.map_or(200, |n| n.parse().expect("MILLRACE_SEEDS is a number"))
}

/// The `i`-th item of a stream of different ones.
fn item(seed: u64, i: u64) -> u64 {
    mix(mix(seed) ^ i)
}

/// The chance of a normal number to lie further than three standard deviations from the middle is
/// 0.0027; of `n` numbers that many do, and no more than this but once in thousands of runs.
fn allowed(n: u64, chance: f64) -> f64 {
    let expected = n as f64 * chance;
    expected + 4.0 * expected.sqrt() + 1.0
}

#[test]
fn hyperloglog_stays_within_three_standard_errors() {
    for (p, n) in [(8, 100), (10, 1_000), (12, 5_000), (12, 40_000)] {
        let mut beyond = 0;
        let mut worst = 0.0_f64;
        for seed in 0..seeds() {
            let mut sketch = HyperLogLog::new(p).expect("a precision there is");
            for i in 0..n {
                sketch.add(item(seed, i));
            }
            let off = (sketch.estimate() / n as f64 - 1.0).abs() / sketch.standard_error();
            worst = worst.max(off);
            beyond += u64::from(off > 3.0);
            // What the others say is coarser near their thresholds, but not worse than by a half.
            for other in [sketch.estimate_2007(), sketch.estimate_plus_plus()] {
                let off = (other / n as f64 - 1.0).abs() / sketch.standard_error();
                assert!(off < 6.0, "p = {p}, n = {n}, seed {seed}: {other}");
            }
        }
        println!(
            "hll p={p} n={n}: {beyond} of {} beyond three standard errors, worst {worst:.2}",
            seeds()
        );
        assert!(
            beyond as f64 <= allowed(seeds(), 0.0027),
            "p = {p}, n = {n}: {beyond}"
        );
        assert!(worst < 5.0, "p = {p}, n = {n}: {worst}");
    }
}

#[test]
fn bloom_filters_forget_nothing_and_are_wrong_as_often_as_they_say() {
    const PROBES: u64 = 4_000;
    for (n, p) in [(200, 0.1), (2_000, 0.01), (5_000, 0.001)] {
        let size = BloomSize::for_items(n, p).expect("a size");
        let mut wrong = 0;
        for seed in 0..seeds() {
            let mut filter = BloomFilter::new(size).expect("a size");
            for i in 0..n {
                filter.add(item(seed, i));
            }
            assert!(
                (0..n).all(|i| filter.contains(item(seed, i))),
                "seed {seed} forgets"
            );
            let probes = (n..n + PROBES).filter(|&i| filter.contains(item(seed, i)));
            let found = probes.count() as u64;
            let rate = size.false_positive_rate(n);
            let bound = allowed(PROBES, rate) + 3.0 * allowed(PROBES, rate).sqrt();
            assert!(
                found as f64 <= bound,
                "n = {n}, p = {p}, seed {seed}: {found}"
            );
            wrong += found;
            let items = filter.items() / n as f64;
            assert!(
                (0.8..1.2).contains(&items),
                "n = {n}, p = {p}, seed {seed}: {items} of n"
            );
        }
        let rate = wrong as f64 / (seeds() * PROBES) as f64;
        println!(
            "bloom n={n} p={p}: {rate:.5} wrong, {:.5} stated",
            size.false_positive_rate(n)
        );
        let off = rate / size.false_positive_rate(n);
        assert!((0.85..1.15).contains(&off), "n = {n}, p = {p}: {rate}");
    }
}

#[test]
fn count_min_is_never_too_low_and_hardly_ever_too_high() {
    for (epsilon, delta) in [(0.01, 0.05), (0.005, 0.01)] {
        let size = CountMinSize::for_error(epsilon, delta).expect("a size");
        for conservative in [false, true] {
            let (mut over, mut asked) = (0_u64, 0_u64);
            for seed in 0..seeds() {
                let mut sketch = CountMin::new(size, conservative).expect("a size");
                let mut counts = vec![0_u64; 1_000];
                for i in 0..20_000 {
                    // Few items come often, many seldom.
                    let draw = item(seed, i);
                    let which = (draw % 1_000) >> (draw >> 60);
                    counts[which as usize] += 1;
                    sketch.add(which ^ mix(seed), 1);
                }
                for (which, &n) in (0..).zip(&counts) {
                    let answer = sketch.estimate(which ^ mix(seed));
                    assert!(answer >= n, "seed {seed}: {answer} of {n}");
                    over += u64::from((answer - n) as f64 > sketch.bound());
                    asked += 1;
                }
            }
            println!(
                "cms eps={epsilon} delta={delta} conservative={conservative}: {over} of {asked} answers beyond"
            );
            assert!(over as f64 <= delta * asked as f64, "{over} of {asked}");
        }
    }
}

/// A stream, cut in two.
fn halves() -> impl Strategy<Value = (Vec<u64>, Vec<u64>)> {
    let half = || proptest::collection::vec(0..500_u64, 0..300);
    (half(), half())
}

fn hyperloglog(p: u8, items: &[u64]) -> HyperLogLog {
    let mut sketch = HyperLogLog::new(p).expect("a precision there is");
    items.iter().for_each(|&item| {
        sketch.add(item);
    });
    sketch
}

fn bloom(size: BloomSize, items: &[u64]) -> (BloomFilter, CountingBloom) {
    let mut filter = BloomFilter::new(size).expect("a size");
    let mut counting = CountingBloom::new(size).expect("a size");
    for &item in items {
        filter.add(item);
        counting.add(item);
    }
    (filter, counting)
}

fn heavy(width: u32, depth: u32, conservative: bool, items: &[u64]) -> HeavyHitters {
    let sketch = CountMin::new(CountMinSize { width, depth }, conservative).expect("a size");
    let mut heavy = HeavyHitters::new(sketch, 0.05).expect("a share");
    items.iter().for_each(|&item| heavy.add(item, 1));
    heavy
}

fn reservoir(algorithm: Algorithm, k: u32, items: &[u64]) -> Reservoir {
    let mut reservoir = Reservoir::new(algorithm, k, 7).expect("a size");
    items.iter().for_each(|&item| {
        reservoir.offer(item);
    });
    reservoir
}

proptest! {
    #[test]
    fn merged_sketches_are_those_of_both_streams(
        (first, second) in halves(), p in 4..=12_u8, m in 1..2_000_u64, k in 1..10_u32, width in 1..200_u32, depth in 1..6_u32,
    ) {
        let both = [&first[..], &second].concat();
        let mut sketch = hyperloglog(p, &first);
        sketch.merge(&hyperloglog(p, &second)).expect("alike");
        prop_assert_eq!(sketch, hyperloglog(p, &both));

        let size = BloomSize { m, k };
        let (mut filter, mut counting) = bloom(size, &first);
        let (other_filter, other_counting) = bloom(size, &second);
        filter.merge(&other_filter).expect("alike");
        counting.merge(&other_counting).expect("alike");
        let (of_both, counting_both) = bloom(size, &both);
        prop_assert_eq!(counting.to_filter(), of_both.clone());
        prop_assert_eq!(filter, of_both);
        prop_assert_eq!(counting, counting_both);

        let mut sketch = heavy(width, depth, false, &first);
        sketch.merge(&heavy(width, depth, false, &second)).expect("alike");
        let of_both = heavy(width, depth, false, &both);
        prop_assert_eq!(sketch.sketch(), of_both.sketch());
        let of_both: Vec<u64> = both.iter().copied().filter(|&item| {
            both.iter().filter(|&&other| other == item).count() as f64 >= 0.05 * both.len() as f64
        }).collect();
        let found = sketch.found();
        prop_assert!(of_both.iter().all(|item| found.iter().any(|(one, _)| one == item)));

        for algorithm in [Algorithm::R, Algorithm::L] {
            let mut sample = reservoir(algorithm, 10, &first);
            sample.merge(&reservoir(algorithm, 10, &second)).expect("alike");
            prop_assert_eq!(sample.seen(), both.len() as u64);
            prop_assert_eq!(sample.items().len(), both.len().min(10));
            prop_assert!(sample.items().iter().all(|item| both.contains(item)));
        }
    }

    #[test]
    fn bytes_bring_back_what_was_written((items, more) in halves(), p in 4..=10_u8, m in 1..1_000_u64, conservative: bool) {
        let sketch = hyperloglog(p, &items);
        prop_assert_eq!(HyperLogLog::from_bytes(&sketch.to_bytes()), Ok(sketch));
        let (filter, counting) = bloom(BloomSize { m, k: 3 }, &items);
        prop_assert_eq!(BloomFilter::from_bytes(&filter.to_bytes()), Ok(filter));
        prop_assert_eq!(CountingBloom::from_bytes(&counting.to_bytes()), Ok(counting));
        let sketch = heavy(50, 3, conservative, &items);
        let plain = CountMin::from_bytes(&sketch.sketch().to_bytes());
        prop_assert_eq!(plain.as_ref(), Ok(sketch.sketch()));
        prop_assert_eq!(HeavyHitters::from_bytes(&sketch.to_bytes()).expect("ours").found(), sketch.found());
        // A reservoir goes on as if nothing had been.
        for algorithm in [Algorithm::R, Algorithm::L] {
            let mut sample = reservoir(algorithm, 10, &items);
            let mut again = Reservoir::from_bytes(&sample.to_bytes()).expect("ours");
            prop_assert_eq!(&again, &sample);
            for &item in &more {
                prop_assert_eq!(again.offer(item), sample.offer(item));
            }
        }
    }

    #[test]
    fn bytes_that_are_no_sketch_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 1..7_u8) {
        refuse_all(&bytes);
        // As random, but for what every sketch begins and ends with.
        refuse_all(&sealed(&[b"MRSK\x01", &[kind][..], &bytes].concat()));
    }

    #[test]
    fn damaged_sketches_are_refused((items, _) in halves(), at: prop::sample::Index, bit in 0..8_u8, cut: prop::sample::Index) {
        for good in written(&items) {
            let mut bad = good.clone();
            bad[at.index(good.len())] ^= 1 << bit;
            refuse_all(&bad);
            refuse_all(&good[..cut.index(good.len())]);
            // The same with a checksum that fits: read or refused, and no panic either way.
            let fields = good.len() - 8;
            let mut bad = good[..fields].to_vec();
            bad[at.index(fields)] ^= 1 << bit;
            read_all(&sealed(&bad));
            read_all(&sealed(&good[..cut.index(fields)]));
        }
    }
}

fn written(items: &[u64]) -> [Vec<u8>; 7] {
    let (filter, counting) = bloom(BloomSize { m: 100, k: 3 }, items);
    let heavy = heavy(20, 3, false, items);
    [
        hyperloglog(5, items).to_bytes(),
        filter.to_bytes(),
        counting.to_bytes(),
        heavy.sketch().to_bytes(),
        heavy.to_bytes(),
        reservoir(Algorithm::R, 5, items).to_bytes(),
        reservoir(Algorithm::L, 5, items).to_bytes(),
    ]
}

/// With the checksum that belongs to it.
fn sealed(bytes: &[u8]) -> Vec<u8> {
    let checksum = millrace::sketch::fingerprint(bytes);
    [bytes, &checksum.to_le_bytes()[..]].concat()
}

/// Whether the bytes are a sketch of any kind; what is read is used.
fn read_all(bytes: &[u8]) -> bool {
    let mut read = false;
    if let Ok(mut sketch) = HyperLogLog::from_bytes(bytes) {
        sketch.add(1);
        assert!(sketch.estimate() > 0.0 && sketch.estimate_2007() > 0.0);
        read = true;
    }
    if let Ok(mut filter) = BloomFilter::from_bytes(bytes) {
        filter.add(1);
        assert!(filter.contains(1));
        read = true;
    }
    if let Ok(mut filter) = CountingBloom::from_bytes(bytes) {
        filter.add(1);
        assert!(filter.remove(1));
        read = true;
    }
    if let Ok(mut sketch) = CountMin::from_bytes(bytes) {
        sketch.add(1, 1);
        assert!(sketch.estimate(1) > 0);
        read = true;
    }
    if let Ok(mut heavy) = HeavyHitters::from_bytes(bytes) {
        heavy.add(1, 1);
        assert!(heavy.found().len() < 10_000);
        read = true;
    }
    if let Ok(mut sample) = Reservoir::from_bytes(bytes) {
        let other = sample.clone();
        for item in 0..100 {
            sample.offer(item);
        }
        let _ = sample.merge(&other);
        assert!(!sample.items().is_empty());
        read = true;
    }
    read
}

fn refuse_all(bytes: &[u8]) {
    assert!(!read_all(bytes), "{bytes:?} is read as a sketch");
}
