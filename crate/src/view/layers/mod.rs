//! The Lambda · Kappa page's pictures, tables and words, as plain data.

pub mod explain;
mod figures;
pub mod outcome;
pub mod scene;

pub use figures::{Figures, Formula, SideFigures};

use super::panel::Tone;
use crate::layers::{Architecture, LayerChange};
use crate::protocol::Layer;
use crate::time::Span;

/// What somebody published of a system, and where.
#[derive(Clone, Copy, Debug)]
pub struct Published {
    /// Each in one sentence.
    pub figures: [&'static str; 4],
    /// Where.
    pub source: &'static str,
}

/// What Twitter published of its migration.
pub const TWITTER: Published = Published {
    figures: [
        "About 400 billion events a day.",
        "Latency of the real-time part: 10 s to 10 min before, about 10 s after.",
        "Throughput: at most about 100 MB/s before, about 1 GB/s after.",
        "More than 95 % of the new results were exactly those of the batch pipeline.",
    ],
    source: "“Processing billions of events in real time at Twitter”, Twitter Engineering, 22 October 2021; all but the first as others sum it up.",
};

/// An architecture's name in a scene: without a speed layer the two are batch and stream.
#[must_use]
pub fn name(of: Architecture, speed: bool) -> &'static str {
    match (of, speed) {
        (Architecture::Lambda, true) => "Lambda",
        (Architecture::Kappa, true) => "Kappa",
        (Architecture::Lambda, false) => "Batch",
        (Architecture::Kappa, false) => "Stream",
    }
}

/// A span in words of people: 90 s, 12 min, 2 h.
#[must_use]
pub fn long(span: Span) -> String {
    let s = (span.0 + 500_000) / 1_000_000;
    match s {
        0..=119 => format!("{s} s"),
        120..=7_199 if s.is_multiple_of(60) => format!("{} min", s / 60),
        120..=7_199 => format!("{} min {} s", s / 60, s % 60),
        _ if s.is_multiple_of(86_400) => format!("{} days", s / 86_400),
        _ if s.is_multiple_of(3_600) => format!("{} h", s / 3_600),
        _ => format!("{} h {} min", s / 3_600, s % 3_600 / 60),
    }
}

fn of(layer: Layer) -> &'static str {
    match layer {
        Layer::Batch => "batch layer",
        Layer::Speed => "speed layer",
        Layer::Job => "job",
    }
}

/// What was done, in a few words, and its colour.
#[must_use]
pub fn label(change: &LayerChange) -> (String, Tone) {
    let plain = |label: String| (label, Tone::Plain);
    match *change {
        LayerChange::BatchEvery { us } => plain(format!("batch every {}", long(Span(us)))),
        LayerChange::Workers { layer, workers } => plain(format!("{} ×{workers}", of(layer))),
        LayerChange::Grace { us } => plain(format!("streams wait {}", long(Span(us)))),
        LayerChange::Failures { per_hour } => (format!("{per_hour} failures an hour"), Tone::Warn),
        LayerChange::Delivery { layer, delivery } => {
            plain(format!("{}: {}", of(layer), delivery.name()))
        }
        LayerChange::Sampling { one_in: 1 } => plain("speed layer counts all".into()),
        LayerChange::Sampling { one_in } => plain(format!("speed layer counts 1 in {one_in}")),
        LayerChange::Retention { us } => plain(format!("log keeps {}", long(Span(us)))),
        LayerChange::Late { share, by_us } => {
            let by = long(Span(by_us));
            plain(format!("{:.0} % late by up to {by}", share * 100.0))
        }
        LayerChange::Ship { bug: true, .. } => ("bug ships".into(), Tone::Warn),
        LayerChange::Ship { bug: false, .. } => ("fix ships".into(), Tone::Good),
        LayerChange::Reprocess { bug } => {
            let tone = if bug { Tone::Warn } else { Tone::Plain };
            ("new job replays".into(), tone)
        }
        LayerChange::CutOver => ("cut-over".into(), Tone::Good),
        LayerChange::RollBack => ("back to the old view".into(), Tone::Warn),
        LayerChange::DropOld => plain("old view deleted".into()),
    }
}
