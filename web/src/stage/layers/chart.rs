//! How far both answers were off by time, and what will come of it if nobody does anything more.

use super::Pen;
use crate::stage::ink::Ink;
use crate::stage::shapes::{Dash, Rect, Stroke, Style, solid};
use crate::stage::text::Face;
use millrace::time::{Span, Time};
use millrace::view::layers::scene::{Curve, LayersScene};

/// What a chart shows.
pub struct View<'a> {
    /// What it is of, and of what.
    pub caption: (&'static str, &'static str),
    /// Whose curves they are.
    pub names: [&'static str; 2],
    /// What was.
    pub curves: &'a [Curve; 2],
    /// What would be.
    pub forecast: &'a [Curve; 2],
    /// The time shown, and what was done when.
    pub scene: &'a LayersScene,
    /// Whether to say what was done when.
    pub lines: bool,
}

/// The colour of an architecture.
pub fn ink(side: usize) -> Ink {
    if side == 0 { Ink::Warn } else { Ink::Accent }
}

/// When there are enough events for a ranking.
const BEGUN: Time = Time(600_000_000);

/// Full scales that an axis may have, in percent.
const SCALES: [u32; 6] = [5, 10, 20, 40, 60, 100];

fn dotted(ink: Ink, width: f32) -> Style {
    let dash = Dash::Dotted;
    Style {
        fill: None,
        line: Some(Stroke { ink, width, dash }),
    }
}

/// Draws one chart in its place.
pub fn paint(pen: &mut Pen, at: Rect, view: &View<'_>) {
    let all = view.curves.iter().chain(view.forecast).flatten();
    // Before there is an answer all of it is off, and after a few events most: that needs no scale.
    let begun = |(at, ppm): &&(Time, u32)| *at >= BEGUN && *ppm < 1_000_000;
    let most = all.filter(begun).map(|(_, ppm)| *ppm).max();
    let most = most.unwrap_or(0).div_ceil(10_000);
    let full = SCALES.into_iter().find(|full| *full >= most).unwrap_or(100);
    let set = Face::Name.left(Ink::Main);
    let wide = pen.list.text(
        (super::MARGIN, at.y + 12.0),
        set,
        format_args!("{}", view.caption.0),
    );
    let of = (super::MARGIN + wide + 10.0, at.y + 12.0);
    let room = legend(pen, view.names, at.y + 12.0) - of.0 - 16.0;
    if room > 120.0 {
        let set = Face::Small.left(Ink::Muted);
        pen.list
            .text_in(room, of, set, format_args!("{}", view.caption.1));
    }
    let rows = if view.lines { 26.0 } else { 8.0 };
    let plot = Rect::new(
        pen.left,
        at.y + 20.0 + rows,
        pen.right - pen.left,
        at.h - 48.0 - rows,
    );
    let y = |ppm: u32| {
        let share = ppm.min(full * 10_000) as f32 / (full * 10_000) as f32;
        plot.bottom() - plot.h * share
    };
    for part in [0, full / 2, full] {
        let line = y(part * 10_000);
        pen.list
            .line((plot.x, line), (plot.right(), line), solid(Ink::Rule, 1.0));
        let set = Face::Tiny.right(Ink::Faint);
        pen.list
            .text((plot.x - 6.0, line + 3.5), set, format_args!("{part}"));
    }
    hours(pen, plot, view.scene);
    if view.lines {
        lines(pen, plot, view.scene);
    }
    for (side, forecast) in view.forecast.iter().enumerate() {
        let points: Vec<_> = forecast
            .iter()
            .map(|(at, ppm)| (pen.x(*at), y(*ppm)))
            .collect();
        pen.list.path(points, dotted(ink(side), 2.0));
    }
    for (side, curve) in view.curves.iter().enumerate() {
        let points: Vec<_> = curve
            .iter()
            .map(|(at, ppm)| (pen.x(*at), y(*ppm)))
            .collect();
        pen.list.path(points, solid(ink(side), 2.2));
    }
    let x = pen.x(view.scene.now);
    pen.list.line(
        (x, plot.y - 2.0),
        (x, plot.bottom() + 3.0),
        solid(Ink::Main, 1.2),
    );
}

/// Whose line is which, at the right; says where that begins. Where there is no room for it, the
/// colour of the names above the boxes tells.
fn legend(pen: &mut Pen, names: [&'static str; 2], base: f32) -> f32 {
    let mut x = pen.right;
    if x < 560.0 {
        return x;
    }
    for (side, name) in names.iter().enumerate().rev() {
        x -= Face::SmallName.width(name);
        let set = Face::SmallName.left(ink(side));
        pen.list.text((x, base), set, format_args!("{name}"));
        let line = solid(ink(side), 2.2);
        pen.list
            .line((x - 22.0, base - 4.0), (x - 5.0, base - 4.0), line);
        x -= 38.0;
    }
    x
}

/// The hours along the axis.
fn hours(pen: &mut Pen, plot: Rect, scene: &LayersScene) {
    let hour = Span::secs(3_600).0;
    let step = if scene.end.0 > 4 * hour || plot.w < 420.0 {
        hour
    } else {
        hour / 2
    };
    let mut at = 0;
    while at <= scene.end.0 {
        let s = u64::from(scene.from_s) + at / 1_000_000;
        let set = Face::Tiny.center(Ink::Faint);
        let place = (pen.x(Time(at)), plot.bottom() + 14.0);
        let (hours, minutes) = (s / 3_600 % 24, s / 60 % 60);
        pen.list
            .text(place, set, format_args!("{hours:02}:{minutes:02}"));
        at += step;
    }
}

/// What was done, at its time; words in two rows so that neighbours do not meet.
fn lines(pen: &mut Pen, plot: Rect, scene: &LayersScene) {
    let mut ends = [0.0_f32; 2];
    for line in &scene.lines {
        let x = pen.x(line.at);
        pen.list.line(
            (x, plot.y - 4.0),
            (x, plot.bottom()),
            dotted(Ink::StrongRule, 1.0),
        );
        let room = Face::Tiny.width(&line.label);
        let from = (x + 3.0).min(pen.right + 12.0 - room);
        let row = usize::from(ends[0] > from);
        if ends[row] > from {
            continue;
        }
        ends[row] = from + room + 8.0;
        let y = plot.y - 20.0 + 11.0 * row as f32;
        let set = Face::Tiny.left(Ink::Muted);
        pen.list
            .text((from, y), set, format_args!("{}", line.label));
    }
}
