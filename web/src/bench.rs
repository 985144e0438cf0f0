//! What the bench asks of the wasm: it names its parts, prepares one, and does rounds of it. The
//! clock is the bench's.

use millrace::bench::{self, Clicker, Hunter, Predictor, Replicator, Seeker, Sketcher, Streamer};
use millrace::protocol::Acks;
use std::cell::RefCell;
use wasm_bindgen::prelude::*;

/// How many things a round does: enough to hide the cost of the call.
const ROUND: u64 = 20_000;

/// A part that is prepared.
enum Part {
    Kernel,
    Append,
    Seek(Box<Seeker>),
    Replicate(Box<Replicator>),
    Hunt(Box<Hunter>),
    Sketch(Box<Sketcher>),
    Predict(Box<Predictor>),
    Stream(Box<Streamer>),
    Clicks(Box<Clicker>),
}

thread_local! {
    static PART: RefCell<Part> = const { RefCell::new(Part::Kernel) };
}

/// The parts, by the names the bench prints.
#[wasm_bindgen]
pub fn bench_names() -> Vec<String> {
    [
        "kernel_events_per_s",
        "appended_records_per_s",
        "replicated_records_per_s_acks1",
        "replicated_records_per_s_acksall",
        "hunt_seeds_per_s",
        "hll_updates_per_s",
        "bloom_updates_per_s",
        "cms_updates_per_s",
        "predictions_per_s",
        "tumbling_records_per_s",
        "sliding_inverse_records_per_s",
        "sliding_recompute_records_per_s",
        "session_records_per_s",
        "join_records_per_s",
        "sessionize_events_per_s",
        "seek_p95_ms",
    ]
    .map(str::to_owned)
    .into()
}

/// Prepares a part.
#[wasm_bindgen]
pub fn bench_start(name: &str) {
    let part = match name {
        "appended_records_per_s" => Part::Append,
        "seek_p95_ms" => Part::Seek(Box::default()),
        "hunt_seeds_per_s" => Part::Hunt(Box::default()),
        "hll_updates_per_s" => Part::Sketch(Box::new(Sketcher::hll())),
        "bloom_updates_per_s" => Part::Sketch(Box::new(Sketcher::bloom())),
        "predictions_per_s" => Part::Predict(Box::default()),
        "cms_updates_per_s" => Part::Sketch(Box::new(Sketcher::cms())),
        "replicated_records_per_s_acks1" => replicate(Acks::One),
        "replicated_records_per_s_acksall" => replicate(Acks::All),
        "kernel_events_per_s" => Part::Kernel,
        "sessionize_events_per_s" => Part::Clicks(Box::default()),
        stream => Part::Stream(Box::new(Streamer::new(stream))),
    };
    PART.set(part);
}

fn replicate(acks: Acks) -> Part {
    Part::Replicate(Box::new(Replicator::new(acks)))
}

/// Does a round of it; how many things were done.
#[wasm_bindgen]
pub fn bench_round() -> f64 {
    PART.with_borrow_mut(|part| match part {
        Part::Kernel => {
            std::hint::black_box(bench::kernel_events(ROUND));
            ROUND as f64
        }
        Part::Append => {
            std::hint::black_box(bench::append_records(ROUND));
            ROUND as f64
        }
        Part::Replicate(replicator) => {
            std::hint::black_box(replicator.records(ROUND));
            ROUND as f64
        }
        Part::Hunt(hunter) => {
            std::hint::black_box(hunter.seeds(1));
            1.0
        }
        Part::Sketch(sketcher) => {
            std::hint::black_box(sketcher.updates(ROUND));
            ROUND as f64
        }
        Part::Predict(predictor) => {
            std::hint::black_box(predictor.predictions(ROUND));
            ROUND as f64
        }
        Part::Stream(streamer) => {
            std::hint::black_box(streamer.records(ROUND));
            ROUND as f64
        }
        Part::Clicks(clicker) => {
            std::hint::black_box(clicker.clicks(ROUND));
            ROUND as f64
        }
        Part::Seek(seeker) => {
            std::hint::black_box(seeker.seek());
            1.0
        }
    })
}
