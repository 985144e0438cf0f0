//! Where things lie on the picture: event time across, arrival down.

use crate::stage::shapes::{Point, Rect};
use millrace::stream::{Engine, Windows};
use millrace::view::windows::{Play, Range};

/// What can be taken hold of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Grip {
    /// An event.
    Event(u32),
    /// The watermark's delay.
    Delay,
    /// The end of a window, or a session's gap.
    Size,
    /// Where the next window begins.
    Slide,
    /// Where a window begins.
    Offset,
}

impl Grip {
    /// The control that this is another form of, as `lock=` names it.
    pub const fn lock(self) -> &'static str {
        match self {
            Self::Event(_) => "events",
            _ => "window",
        }
    }
}

/// The ruler above the picture: one window, as it is set.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Ruler {
    /// Where it begins.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// Where the next one begins, if they overlap.
    pub next: Option<i64>,
    /// Whether it can be shifted.
    pub shifts: bool,
}

/// The picture's places.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// The whole.
    pub size: (f32, f32),
    /// Inside the axes.
    pub plot: Rect,
    range: Range,
}

impl Places {
    /// For a canvas of this size.
    pub fn new(size: (f32, f32), play: &Play) -> Self {
        let narrow = size.0 < 560.0;
        let (left, right) = if narrow { (54.0, 12.0) } else { (74.0, 96.0) };
        let (top, bottom) = (48.0, 34.0);
        Self {
            size,
            plot: Rect::new(
                left,
                top,
                (size.0 - left - right).max(40.0),
                (size.1 - top - bottom).max(40.0),
            ),
            range: play.range(),
        }
    }

    /// Whether it is a phone's.
    pub fn is_narrow(&self) -> bool {
        self.size.0 < 560.0
    }

    /// Where an event time lies.
    pub fn x(&self, ts: i64) -> f32 {
        let span = (self.range.ts_to - self.range.from).max(1) as f64;
        let part = (ts.saturating_sub(self.range.from)) as f64 / span;
        self.plot.x + (part.clamp(-1.0, 2.0) * f64::from(self.plot.w)) as f32
    }

    /// Where an event time lies, within the axes.
    pub fn x_inside(&self, ts: i64) -> f32 {
        self.x(ts).clamp(self.plot.x, self.plot.right())
    }

    /// Where an arrival lies.
    pub fn y(&self, arrival: i64) -> f32 {
        let span = (self.range.to - self.range.from).max(1) as f64;
        let part = (arrival.saturating_sub(self.range.from)) as f64 / span;
        self.plot.y + (part.clamp(0.0, 1.0) * f64::from(self.plot.h)) as f32
    }

    /// The event time and the arrival of a point.
    pub fn times(&self, (x, y): Point) -> (i64, i64) {
        let across = (self.range.ts_to - self.range.from) as f64;
        let down = (self.range.to - self.range.from) as f64;
        let ts = f64::from((x - self.plot.x) / self.plot.w) * across;
        let arrival = f64::from((y - self.plot.y) / self.plot.h) * down;
        (
            self.range.from.saturating_add(ts as i64),
            self.range.from.saturating_add(arrival as i64),
        )
    }

    /// So much event time in so many pixels.
    pub fn span(&self, pixels: f32) -> i64 {
        let across = (self.range.ts_to - self.range.from) as f64;
        (f64::from(pixels / self.plot.w) * across) as i64
    }

    /// How large events are drawn.
    pub fn dot(&self, play: &Play) -> f32 {
        match play.order().len() {
            ..=60 if !self.is_narrow() => 6.0,
            ..=150 => 4.5,
            151..=600 => 3.2,
            _ => 2.2,
        }
    }
}

/// The ruler of the windows that are set, if their length is one of time.
pub fn ruler(play: &Play) -> Option<Ruler> {
    let range = play.range();
    let first = |step: i64, offset: i64| {
        let since = (range.from - offset).rem_euclid(step);
        let start = range.from - since;
        if since == 0 { start } else { start + step }
    };
    Some(match play.setup().windows {
        Windows::Tumbling { size, offset } => {
            let from = first(size, offset);
            Ruler {
                from,
                to: from + size,
                next: None,
                shifts: play.setup().engine != Engine::KafkaStreams,
            }
        }
        Windows::Hopping {
            size,
            slide,
            offset,
        } => {
            let from = first(slide, offset);
            Ruler {
                from,
                to: from + size,
                next: Some(from + slide),
                shifts: play.setup().engine != Engine::KafkaStreams,
            }
        }
        Windows::Session { gap: length } | Windows::Aligned { difference: length } => {
            let times = play.order().iter().map(|&n| play.event(n).ts);
            let from = times.min().unwrap_or(range.from);
            Ruler {
                from,
                to: from + length,
                next: None,
                shifts: false,
            }
        }
        _ => return None,
    })
}
