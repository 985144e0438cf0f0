//! The core without a browser, measured: one JSON object a line, as `cargo xtask bench` prints
//! them. `millrace::bench` holds what is run; the clock is here.

#![allow(clippy::disallowed_types)] // measuring is what this is for

use millrace::bench::{self, Clicker, Hunter, Predictor, Replicator, Sketcher, Streamer};
use millrace::protocol::Acks;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Things a call does: enough to hide the clock, few enough to end in time on a slow machine.
const BATCH: u64 = 100_000;
const WARM_UP: Duration = Duration::from_secs(1);
const MEASURE: Duration = Duration::from_secs(3);

/// What does `n` things and gives a checksum of them, so that nothing can be left out.
type Work<'a> = &'a mut dyn FnMut(u64) -> u64;

fn main() {
    // First, while nothing else has taken memory.
    if let Some(before) = peak_mib() {
        assert!(black_box(bench::hour()) > 0, "what is young is kept");
        tell("hour_peak_mib", peak_mib().unwrap_or(before), "MiB");
    }
    let mut acks_one = Replicator::new(Acks::One);
    let mut acks_all = Replicator::new(Acks::All);
    // On every core, as `millrace hunt` does it.
    let cores = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut hunters: Vec<Hunter> = (0..cores)
        .map(|core| Hunter::from_seed(core * 1_000_000))
        .collect();
    let (mut hll, mut bloom, mut cms) = (Sketcher::hll(), Sketcher::bloom(), Sketcher::cms());
    let mut clicker = Clicker::default();
    let mut predictor = Predictor::default();
    let rates: [(&str, u64, Work<'_>); 10] = [
        ("kernel_events_per_s", BATCH, &mut bench::kernel_events),
        ("appended_records_per_s", BATCH, &mut bench::append_records),
        ("hunt_seeds_per_s", cores * 8, &mut |n| {
            std::thread::scope(|scope| {
                let hunts = hunters.iter_mut();
                let hunts = hunts.map(|hunter| scope.spawn(|| hunter.seeds(n / cores)));
                let hunts: Vec<_> = hunts.collect();
                hunts.into_iter().map(|hunt| hunt.join().unwrap_or(1)).sum()
            })
        }),
        ("replicated_records_per_s_acks1", BATCH, &mut |n| {
            acks_one.records(n)
        }),
        ("replicated_records_per_s_acksall", BATCH, &mut |n| {
            acks_all.records(n)
        }),
        ("hll_updates_per_s", BATCH, &mut |n| hll.updates(n)),
        ("bloom_updates_per_s", BATCH, &mut |n| bloom.updates(n)),
        ("cms_updates_per_s", BATCH, &mut |n| cms.updates(n)),
        ("sessionize_events_per_s", BATCH, &mut |n| clicker.clicks(n)),
        ("predictions_per_s", BATCH, &mut |n| {
            predictor.predictions(n)
        }),
    ];
    for (name, batch, work) in rates {
        rate(WARM_UP, batch, work);
        tell(name, rate(MEASURE, batch, work), "1/s");
    }
    for name in [
        "tumbling_records_per_s",
        "sliding_inverse_records_per_s",
        "sliding_recompute_records_per_s",
        "session_records_per_s",
        "join_records_per_s",
    ] {
        let mut streamer = Streamer::new(name);
        let work: Work<'_> = &mut |n| streamer.records(n);
        rate(WARM_UP, BATCH, work);
        tell(name, rate(MEASURE, BATCH, work), "1/s");
    }
    let mut seeker = bench::Seeker::default();
    let mut times: Vec<f64> = (0..300)
        .map(|_| {
            let begin = Instant::now();
            black_box(seeker.seek());
            begin.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    times.sort_by(f64::total_cmp);
    tell("seek_p95_ms", times[times.len() * 95 / 100], "ms");
}

/// The most memory that this process ever had, where the system tells (Linux).
fn peak_mib() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1_024.0)
}

/// How many things a second, over about that long.
fn rate(span: Duration, batch: u64, work: Work<'_>) -> f64 {
    let begin = Instant::now();
    let mut done = 0;
    while begin.elapsed() < span {
        black_box(work(black_box(batch)));
        done += batch;
    }
    done as f64 / begin.elapsed().as_secs_f64()
}

fn tell(name: &str, value: f64, unit: &str) {
    println!(r#"{{"name":"{name}","target":"native","value":{value:.1},"unit":"{unit}"}}"#);
}
