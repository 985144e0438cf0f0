//! One session in its three layers: what the page saw, what happened, what a model reads; and what a
//! model made of it.

use super::{Pen, ink};
use crate::stage::ink::Ink;
use crate::stage::shapes::{Point, Rect, filled, solid};
use crate::stage::text::Face;
use millrace::clickstream::Symbol;
use millrace::view::clickstream::{Chosen, part};

/// How many features are shown.
const MOVED: usize = 5;
/// The models' lines.
const LINES: [Ink; 5] = [
    Ink::Accent,
    Ink::Warn,
    Ink::Muted,
    Ink::Good,
    Ink::KeyEdge(3),
];

/// Paints them below `top`; where they end.
pub(super) fn paint(pen: &mut Pen, top: f32, height: f32, chosen: &Chosen) -> f32 {
    let (margin, narrow) = (pen.margin(), pen.narrow());
    let room = pen.width - 2.0 * margin;
    let rule = solid(Ink::Rule, 1.0);
    pen.list
        .line((margin, top), (pen.width - margin, top), rule);
    let (place, all) = chosen.place;
    let title = Face::Name.left(Ink::Main);
    let which = match all {
        1 => "The session".to_owned(),
        _ => format!("Session {} of the {all} in sight", place + 1),
    };
    let at = (margin, top + 20.0);
    let wide = pen
        .list
        .text(at, title, format_args!("{which} of {}", chosen.user));
    if !narrow {
        let set = Face::Body.left(Ink::Muted);
        let words = "three layers: what the page saw, what happened, what the model reads";
        pen.list
            .text((margin + wide + 14.0, at.1), set, format_args!("{words}"));
    }
    layer(pen, (margin, top + 42.0), "A", &chosen.sent);
    let names = chosen.symbols.iter();
    let names = names.filter_map(|&symbol| Some(Symbol::from_number(symbol)?.name()));
    let names: Vec<&str> = names.collect();
    layer(pen, (margin, top + 64.0), "B", &names.join(" · "));
    let below = top + 80.0;
    if narrow {
        let graph = Rect::new(margin, below, room, 120.0);
        graph_of(pen, graph, chosen);
        let moved = Rect::new(
            margin,
            graph.bottom() + 8.0,
            room,
            22.0 + 19.0 * MOVED as f32,
        );
        moved_by(pen, moved, chosen);
        let chart = Rect::new(margin, moved.bottom() + 14.0, room, 150.0);
        courses(pen, chart, chosen);
        return chart.bottom() + 16.0;
    }
    let high = (height - below - 14.0).clamp(150.0, 220.0);
    let third = room / 100.0;
    graph_of(pen, Rect::new(margin, below, third * 42.0, high), chosen);
    moved_by(
        pen,
        Rect::new(margin + third * 44.0, below, third * 25.0, high),
        chosen,
    );
    courses(
        pen,
        Rect::new(margin + third * 72.0, below, third * 28.0, high),
        chosen,
    );
    below + high + 10.0
}

fn layer(pen: &mut Pen, at: Point, letter: &str, words: &str) {
    pen.list
        .text(at, Face::Name.left(Ink::Muted), format_args!("{letter}"));
    let room = pen.width - at.0 - 24.0 - pen.margin();
    let set = Face::Body.left(Ink::Main);
    pen.list
        .text_in(room, (at.0 + 24.0, at.1), set, format_args!("{words}"));
}

/// Layer C: the symbols, and which see each other.
fn graph_of(pen: &mut Pen, area: Rect, chosen: &Chosen) {
    let n = chosen.symbols.len();
    let base = area.bottom() - 34.0;
    pen.list.text(
        (area.x, base + 4.0),
        Face::Name.left(Ink::Muted),
        format_args!("C"),
    );
    let left = area.x + 34.0;
    // The newest, as many as can be told apart.
    let most = ((area.right() - left) / 15.0) as usize;
    let first = n.saturating_sub(most.max(1));
    let shown = n - first;
    let pitch = ((area.right() - left - 10.0) / (shown.max(2) - 1) as f32).min(46.0);
    let size = (pitch - 2.0).min(20.0);
    let x = |at: usize| left + (at - first) as f32 * pitch;
    let room = base - area.y - 18.0;
    for &(from, to) in chosen.edges.iter().filter(|(from, _)| *from >= first) {
        let (a, b) = (x(from), x(to));
        let far = (to - from) as f32;
        let high = (14.0 + 9.0 * far).min(room);
        let points = (0..=16).map(|k| {
            let turn = std::f32::consts::PI * k as f32 / 16.0;
            let across = (a + b) / 2.0 - (b - a) / 2.0 * turn.cos();
            (across, base - size / 2.0 - high * turn.sin())
        });
        let style = if to - from > 1 {
            solid(Ink::Accent, 1.6)
        } else {
            solid(Ink::KeySoft(0), 1.3)
        };
        pen.list.path(points, style);
    }
    for at in first..n {
        pen.symbol((x(at), base), size, chosen.symbols[at]);
    }
    let set = Face::Small.left(Ink::Muted);
    let words = if first > 0 {
        format!("the last {shown} of {n} clicks; two see each other over lower ones")
    } else {
        "horizontal visibility graph: two clicks see each other over lower ones".to_owned()
    };
    pen.list.text_in(
        area.w,
        (area.x, area.bottom() - 6.0),
        set,
        format_args!("{words}"),
    );
}

/// The features that moved the answer most, to the right where they speak for a purchase.
fn moved_by(pen: &mut Pen, area: Rect, chosen: &Chosen) {
    let title = Face::Name.left(Ink::Main);
    pen.list.text(
        (area.x, area.y + 12.0),
        title,
        format_args!("What moved the regression"),
    );
    let middle = area.x + area.w * 0.78;
    let reach = area.right() - middle;
    let most = chosen.moved.first().map_or(1.0, |(_, by)| by.abs());
    let room = area.w * 0.54;
    let mut y = area.y + 32.0;
    for &(what, by) in chosen.moved.iter().take(MOVED) {
        let long = (by.abs() / most) as f32 * reach;
        let (left, style) = if by > 0.0 {
            (middle, filled(ink(3)))
        } else {
            (middle - long, filled(ink(4)))
        };
        pen.list
            .rect(Rect::new(left, y - 9.0, long, 13.0), 2.0, style);
        let set = Face::Small.right(Ink::Main);
        let words = part(what, &chosen.symbols);
        pen.list
            .text_in(room, (area.x + room, y + 1.0), set, format_args!("{words}"));
        y += 19.0;
    }
    let axis = solid(Ink::StrongRule, 1.5);
    pen.list
        .line((middle, area.y + 20.0), (middle, y - 10.0), axis);
    if chosen.moved.is_empty() {
        let set = Face::Small.left(Ink::Muted);
        pen.list.text((area.x, y), set, format_args!("nothing yet"));
    }
}

/// Each model's probability after each click.
fn courses(pen: &mut Pen, area: Rect, chosen: &Chosen) {
    let title = Face::Name.left(Ink::Main);
    pen.list.text_in(
        area.w,
        (area.x, area.y + 12.0),
        title,
        format_args!("Will buy, if half of all did"),
    );
    let foot = 18.0 + 14.0 * chosen.courses.len() as f32;
    let plot = Rect::new(
        area.x + 24.0,
        area.y + 24.0,
        area.w - 32.0,
        area.h - 28.0 - foot,
    );
    for (share, words) in [(0.0, "0"), (0.5, "0.5"), (1.0, "1")] {
        let y = plot.bottom() - plot.h * share;
        pen.list
            .line((plot.x, y), (plot.right(), y), solid(Ink::Rule, 1.0));
        let set = Face::Tiny.right(Ink::Faint);
        pen.list
            .text((plot.x - 5.0, y + 3.5), set, format_args!("{words}"));
    }
    let clicks = chosen.courses.iter().map(|course| course.after.len()).max();
    let clicks = clicks.unwrap_or(0);
    let step = plot.w / (clicks.max(2) - 1) as f32;
    let every = (clicks as f32 * 11.0 / plot.w).ceil().max(1.0) as usize;
    for (at, symbol) in chosen.symbols.iter().take(clicks).enumerate() {
        if at % every == 0 {
            let set = Face::Tiny.center(Ink::Faint);
            let under = (plot.x + step * at as f32, plot.bottom() + 12.0);
            pen.list.text(under, set, format_args!("{symbol}"));
        }
    }
    let mut y = plot.bottom() + 28.0;
    for (course, line) in chosen.courses.iter().zip(LINES) {
        let points = course.after.iter().enumerate();
        let points = points.map(|(at, p)| {
            let across = plot.x + step * at as f32;
            (across, plot.bottom() - plot.h * *p as f32)
        });
        let points: Vec<Point> = points.collect();
        if let [only] = points[..] {
            pen.list.dot(only, 2.5, filled(line));
        }
        pen.list.path(points, solid(line, 1.8));
        pen.list.line(
            (area.x, y - 3.5),
            (area.x + 14.0, y - 3.5),
            solid(line, 2.0),
        );
        let p = course.after.last().copied().unwrap_or(0.5);
        let set = Face::Tiny.left(Ink::Muted);
        pen.list.text_in(
            area.w - 20.0,
            (area.x + 19.0, y),
            set,
            format_args!("{} · {p:.2}", course.model),
        );
        y += 14.0;
    }
}
