//! The Windows page: a stream of events, the windows that an engine puts them into, and what there
//! is to see.
//!
//! [`Setup`] is what a person chose, [`Saved`] what a link carries of it. [`Play`] runs the events
//! through the windows, anew with each [`Change`]; a [`Run`] is what came of it from the first
//! arrival to the last, and the page shows it up to the moment it stands at. The rest makes tables
//! and words of a play.

mod change;
mod code;
mod elsewhere;
mod play;
mod questions;
mod run;
mod saved;
mod scenes;
mod tables;
mod words;
mod work;

pub use change::Change;
pub use code::listings;
pub use elsewhere::{elsewhere, grace};
pub use play::{Play, Range, nice};
pub use questions::asked;
pub use run::{Fate, Life, Run};
pub use saved::{Saved, SavedOwn};
pub use scenes::{Event, Own, Scene};
pub use tables::{events_table, results_table, windows_table};
pub use words::{brief, clock, explain, late_words, length, mark_words, summary, value_text};
pub use work::{Bar, Work, hashtags, work};

use crate::stream::{Aggregate, Asked, Early, Engine, Options, TimeKind, Windows};

/// So many windows may hold one event on the page: more are not told apart.
pub const MOST_OVERLAP: i64 = 60;
/// The longest delay, lateness or window on the page, in ms: a year.
pub const LONGEST: i64 = 366 * 86_400_000;

/// The kinds of windows: as in `--window`, and on the page.
pub const KINDS: [(&str, &str); 7] = [
    ("tumbling", "Tumbling"),
    ("hopping", "Hopping"),
    ("session", "Session"),
    ("count", "Count"),
    ("punctuation", "Punctuation"),
    ("sliding", "Sliding"),
    ("global", "Global"),
];

/// The place of these windows in [`KINDS`].
#[must_use]
pub const fn kind_of(windows: &Windows) -> usize {
    match windows {
        Windows::Tumbling { .. } => 0,
        Windows::Hopping { .. } => 1,
        Windows::Session { .. } => 2,
        Windows::Count { .. } => 3,
        Windows::Punctuation { .. } => 4,
        Windows::Aligned { .. } => 5,
        Windows::Global => 6,
    }
}

/// The aggregates of the page, as in `--agg`, and in words.
pub const AGGREGATES: [(&str, Aggregate); 5] = [
    ("count", Aggregate::Count),
    ("sum", Aggregate::Sum),
    ("min", Aggregate::Min),
    ("max", Aggregate::Max),
    ("avg", Aggregate::Average),
];

/// What results are of, where a window gives more than one; the last two are Spark's.
pub const MODES: [&str; 5] = [
    "accumulating",
    "discarding",
    "retracting",
    "update",
    "complete",
];

/// What was done to an event of the scene, or to one that was added: by its number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Edit {
    /// Which; from the number of the scene's events on it is an added one.
    pub n: u32,
    /// What it is now; `None` if it was taken away.
    pub event: Option<Event>,
}

/// What a person chose. Times are ms, as the events have them.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Setup {
    /// Where the events are from.
    pub scene: Scene,
    /// Which draw, where they are drawn by chance.
    pub seed: u64,
    /// Whose rules.
    pub engine: Engine,
    /// Which windows.
    pub windows: Windows,
    /// How far the watermark stays behind the newest event.
    pub delay: i64,
    /// How long a complete window still takes events.
    pub lateness: i64,
    /// When results come out.
    pub trigger: Asked,
    /// One of [`MODES`].
    pub mode: usize,
    /// What is made of the values.
    pub aggregate: Aggregate,
    /// Whether each key has windows of its own.
    pub keyed: bool,
    /// After how long without events a partition does not hold back the watermark.
    pub idle: Option<i64>,
    /// From one of Spark's micro-batches to the next.
    pub batch: i64,
    /// Whether the input ends with the last event.
    pub ends: bool,
    /// The moment shown, by the clock on the wall.
    pub at: i64,
    /// What was done to the events, by their numbers.
    pub edits: Vec<Edit>,
    /// The event that is looked at.
    pub picked: Option<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        Scene::default().setup()
    }
}

/// What an engine is asked for a setup, and what it does not have of it.
#[derive(Clone, Debug)]
pub struct Request {
    /// What it is asked, or why it has nothing of the kind.
    pub options: Result<Options, String>,
    /// What else was wanted, with what it offers instead, a sentence each.
    pub refused: Vec<String>,
}

impl Setup {
    /// What is asked of `engine`. What it does not have is left out, and said; a watermark's delay
    /// and lateness become what takes the same events in Kafka Streams, a grace as long as both.
    #[must_use]
    pub fn request(&self, engine: Engine) -> Request {
        let mut refused = Vec::new();
        let mut options = Options {
            engine,
            windows: self.windows.clone(),
            time: TimeKind::Event,
            watermark: Some(self.delay),
            punctuated: false,
            lateness: Some(self.lateness).filter(|&ms| ms > 0),
            trigger: Some(self.trigger).filter(|_| self.is_timed()),
            mode: (self.mode > 0).then(|| MODES[self.mode].to_owned()),
        };
        if self.trigger == Asked::Watermark && engine != Engine::Spark {
            // What comes by itself, where there is such a thing as a watermark.
            options.trigger = None;
        }
        match engine {
            Engine::Spark => {
                if options.trigger == Some(Asked::Watermark) {
                    options.trigger = None;
                }
                // Batches end by the clock, which the caller keeps.
                let wanted = options.trigger.replace(Asked::Batch(u32::MAX));
                if let Some(wanted) = wanted {
                    let trigger = Some(wanted);
                    let asked = Options {
                        trigger,
                        ..options.clone()
                    };
                    refused.extend(asked.plan().err());
                }
            }
            Engine::KafkaStreams => {
                let grace = self.delay.saturating_add(self.lateness);
                (options.watermark, options.lateness) = (None, Some(grace));
                if self.trigger == Asked::Watermark {
                    options.trigger = Some(Asked::Final);
                }
            }
            Engine::Flink | Engine::Beam => {}
        }
        let options = strip(options, &mut refused);
        Request {
            options,
            refused: refused.iter().map(|why| why.replace("--", "")).collect(),
        }
    }

    /// Whether its windows end by time, so that there is a choice when they answer.
    #[must_use]
    pub const fn is_timed(&self) -> bool {
        !matches!(
            self.windows,
            Windows::Count { .. } | Windows::Punctuation { .. } | Windows::Global
        )
    }

    /// Brings everything within what the page can show. What a link says is a person's, and may be
    /// anything.
    pub fn hold(&mut self) {
        let length = |ms: &mut i64, least: i64| *ms = (*ms).clamp(least, LONGEST);
        match &mut self.windows {
            Windows::Tumbling { size, offset } => {
                length(size, 1);
                *offset %= *size;
            }
            Windows::Hopping {
                size,
                slide,
                offset,
            } => {
                length(size, 1);
                length(slide, 1);
                *slide = (*slide).max((*size + MOST_OVERLAP - 1) / MOST_OVERLAP);
                *offset %= *slide;
            }
            Windows::Session { gap: ms } | Windows::Aligned { difference: ms } => length(ms, 1),
            Windows::Count { size, slide } => {
                *size = (*size).clamp(1, 10_000);
                *slide = (*slide).clamp(1, 10_000);
            }
            Windows::Punctuation { .. } | Windows::Global => {}
        }
        length(&mut self.delay, 0);
        length(&mut self.lateness, 0);
        length(&mut self.batch, 100);
        if let Some(idle) = &mut self.idle {
            length(idle, 100);
        }
        match &mut self.trigger {
            Asked::Early(Early::Count(n)) => *n = (*n).clamp(1, 10_000),
            Asked::Early(Early::Every(ms)) => length(ms, 100),
            Asked::Watermark | Asked::Each => {}
            _ => self.trigger = Asked::Watermark,
        }
        self.mode = self.mode.min(MODES.len() - 1);
        self.edits.sort_by_cached_key(|edit| u64::from(edit.n));
        self.edits.dedup_by_key(|edit| edit.n);
    }
}

/// Takes away what the engine refuses, one thing after the other, and keeps its reasons. What windows
/// it does not have nothing can mend.
fn strip(mut options: Options, refused: &mut Vec<String>) -> Result<Options, String> {
    loop {
        let why = match options.plan() {
            Ok(_) => return Ok(options),
            Err(why) => why,
        };
        let batch = matches!(options.trigger, Some(Asked::Batch(_)));
        let less: [&dyn Fn(&mut Options); 4] = [
            &|o| o.lateness = None,
            &|o| o.mode = None,
            &|o| o.trigger = o.trigger.filter(|_| batch),
            &|o| {
                if let Windows::Tumbling { offset, .. } | Windows::Hopping { offset, .. } =
                    &mut o.windows
                {
                    *offset = 0;
                }
            },
        ];
        let mended = less.iter().find_map(|less| {
            let mut options = options.clone();
            less(&mut options);
            (options.plan().err().as_ref() != Some(&why)).then_some(options)
        });
        match mended {
            Some(mended) => options = mended,
            None => return Err(why.replace("--", "")),
        }
        refused.push(why);
    }
}

#[cfg(test)]
mod tests;
