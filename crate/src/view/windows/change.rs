//! Everything a person can do to a setup.

use super::scenes::{Event, Scene};
use super::{Edit, LONGEST, MOST_OVERLAP, Setup};
use crate::stream::{Aggregate, Asked, Engine, Windows};

/// One thing that a person does. Times are ms.
#[derive(Clone, PartialEq, Debug)]
pub enum Change {
    /// Another scene, from its beginning.
    Scene(Scene),
    /// Another draw of the same scene.
    Seed(u64),
    /// Another kind of windows: its place in [`KINDS`](super::KINDS).
    Kind(usize),
    /// How long windows are; of a session, its gap.
    Size(i64),
    /// From one window's start to the next one's.
    Slide(i64),
    /// What windows are shifted by.
    Offset(i64),
    /// How many records make a window.
    Count(u32),
    /// After how many the next one comes out.
    CountSlide(u32),
    /// The value that ends a punctuation window.
    Marker(String),
    /// Another engine.
    Engine(Engine),
    /// How far the watermark stays behind.
    Delay(i64),
    /// How long a complete window takes events.
    Lateness(i64),
    /// When results come out.
    Trigger(Asked),
    /// A place in [`MODES`](super::MODES).
    Mode(usize),
    /// What is made of the values.
    Aggregate(Aggregate),
    /// Whether each key has windows of its own.
    Keyed(bool),
    /// Idleness, or none.
    Idle(Option<i64>),
    /// From one micro-batch to the next.
    Batch(i64),
    /// Whether the input ends with the last event.
    Ends(bool),
    /// An event is another now, or is taken away.
    Event(u32, Option<Event>),
    /// The event that is looked at.
    Pick(Option<u32>),
    /// Every event is as the scene has it.
    Restore,
    /// The moment shown.
    At(i64),
}

impl Change {
    /// Whether the windows must be run anew.
    #[must_use]
    pub const fn reruns(&self) -> bool {
        !matches!(self, Self::Pick(_) | Self::At(_))
    }

    /// Does it to `setup`.
    ///
    /// # Errors
    /// In words, and nothing is changed then.
    pub fn apply(self, setup: &mut Setup) -> Result<(), String> {
        match self {
            Self::Scene(scene) => {
                let engine = setup.engine;
                *setup = Setup {
                    engine,
                    ..scene.setup()
                };
            }
            Self::Seed(seed) => setup.seed = seed,
            Self::Kind(kind) => setup.windows = turned(&setup.windows, kind),
            Self::Size(_)
            | Self::Slide(_)
            | Self::Offset(_)
            | Self::Count(_)
            | Self::CountSlide(_) => {
                setup.windows = self.resized(&setup.windows)?;
            }
            Self::Marker(marker) => setup.windows = Windows::Punctuation { marker },
            Self::Engine(engine) => setup.engine = engine,
            Self::Delay(ms) => setup.delay = within("the watermark’s delay", ms, 0)?,
            Self::Lateness(ms) => setup.lateness = within("the allowed lateness", ms, 0)?,
            Self::Trigger(trigger) => setup.trigger = trigger,
            Self::Mode(mode) => setup.mode = mode,
            Self::Aggregate(aggregate) => setup.aggregate = aggregate,
            Self::Keyed(keyed) => setup.keyed = keyed,
            Self::Idle(idle) => {
                setup.idle = idle.map(|ms| within("the idleness", ms, 100)).transpose()?;
            }
            Self::Batch(ms) => setup.batch = within("a micro-batch", ms, 100)?,
            Self::Ends(ends) => setup.ends = ends,
            Self::Event(n, event) => {
                let place = setup.edits.partition_point(|edit| edit.n < n);
                let edit = Edit { n, event };
                match setup.edits.get_mut(place).filter(|edit| edit.n == n) {
                    Some(old) => *old = edit,
                    None => setup.edits.insert(place, edit),
                }
                if event.is_none() {
                    setup.picked = None;
                }
            }
            Self::Pick(picked) => setup.picked = picked,
            Self::Restore => {
                setup.edits.clear();
                setup.picked = None;
            }
            Self::At(at) => setup.at = at,
        }
        setup.hold();
        Ok(())
    }

    /// Windows with this length, slide, offset or count.
    fn resized(&self, windows: &Windows) -> Result<Windows, String> {
        let mut windows = windows.clone();
        match (self, &mut windows) {
            (
                &Self::Size(ms),
                Windows::Tumbling { size, .. }
                | Windows::Hopping { size, .. }
                | Windows::Session { gap: size }
                | Windows::Aligned { difference: size },
            ) => *size = within("the length of a window", ms, 1)?,
            (&Self::Slide(ms), Windows::Hopping { slide, .. }) => {
                *slide = within("the slide of a window", ms, 1)?;
            }
            (
                &Self::Offset(ms),
                Windows::Tumbling { offset, .. } | Windows::Hopping { offset, .. },
            ) => *offset = ms,
            (&Self::Count(n), Windows::Count { size, slide }) => {
                // A tumbling one stays tumbling.
                if size == slide {
                    *slide = n;
                }
                *size = n;
            }
            (&Self::CountSlide(n), Windows::Count { slide, .. }) => *slide = n,
            _ => {}
        }
        if let Windows::Tumbling { size, offset } = &mut windows {
            *offset %= *size;
        }
        if let Windows::Hopping {
            size,
            slide,
            offset,
        } = &mut windows
        {
            *offset %= *slide;
            let overlap = *size / *slide;
            if overlap > MOST_OVERLAP {
                return Err(format!(
                    "Each event would be in {overlap} windows, and {MOST_OVERLAP} are the most that this \
                     picture shows: slide further, or take a shorter window."
                ));
            }
        }
        windows.check()?;
        Ok(windows)
    }
}

fn within(what: &str, ms: i64, least: i64) -> Result<i64, String> {
    if (least..=LONGEST).contains(&ms) {
        Ok(ms)
    } else if ms < least {
        Err(format!("{what} must be at least {least} ms, and is {ms}"))
    } else {
        Err(format!("{what} may be a year at most"))
    }
}

/// Windows of another kind, about as long as these.
fn turned(windows: &Windows, kind: usize) -> Windows {
    let (size, offset) = match *windows {
        Windows::Tumbling { size, offset } | Windows::Hopping { size, offset, .. } => {
            (size, offset)
        }
        Windows::Session { gap } => (2 * gap, 0),
        Windows::Aligned { difference } => (difference, 0),
        _ => (20_000, 0),
    };
    match kind {
        0 => Windows::Tumbling { size, offset },
        1 => {
            let slide = (size / 4).max(1);
            Windows::Hopping {
                size,
                slide,
                offset: offset % slide,
            }
        }
        2 => Windows::Session {
            gap: (size / 2).max(1),
        },
        3 => Windows::Count { size: 4, slide: 4 },
        4 => Windows::Punctuation {
            marker: "end".to_owned(),
        },
        5 => Windows::Aligned { difference: size },
        _ => Windows::Global,
    }
}
