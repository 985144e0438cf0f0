//! Visitors as rows.

use super::{Pen, dotted};
use crate::stage::hit::Hit;
use crate::stage::ink::Ink;
use crate::stage::shapes::{Rect, dashed, solid};
use crate::stage::text::Face;
use millrace::clickstream::Symbol;
use millrace::view::clickstream::{Boxed, ClickScene, Row, State};

/// Where times and rows are.
struct Places {
    plot: Rect,
    from: i64,
    to: i64,
    pitch: f32,
    /// The side of a click.
    mark: f32,
}

impl Places {
    fn x(&self, ts: i64) -> f32 {
        let part = (ts - self.from) as f64 / (self.to - self.from).max(1) as f64;
        self.plot.x + self.plot.w * part as f32
    }

    fn y(&self, row: usize) -> f32 {
        self.plot.y + self.pitch * (row as f32 + 0.5)
    }
}

/// Paints the rows; where they end.
pub(super) fn paint(pen: &mut Pen, height: f32, scene: &ClickScene) -> f32 {
    let top = head(pen);
    let left = if pen.narrow() { 60.0 } else { 84.0 };
    let pitch = if pen.narrow() {
        42.0
    } else {
        ((height - 380.0) / 5.0).clamp(40.0, 56.0)
    };
    let high = pitch * scene.rows.len() as f32;
    let places = Places {
        plot: Rect::new(left, top, pen.width - left - pen.margin() - 26.0, high),
        from: scene.axis.0,
        to: scene.axis.1,
        pitch,
        mark: if pen.narrow() { 14.0 } else { 18.0 },
    };
    axis(pen, &places, scene);
    for (n, row) in scene.rows.iter().enumerate() {
        visitor(pen, &places, n, row);
    }
    times(pen, &places, scene);
    places.plot.bottom() + 30.0
}

/// The title and what symbols there are; where the rows begin.
fn head(pen: &mut Pen) -> f32 {
    let (margin, narrow) = (pen.margin(), pen.narrow());
    let title = Face::Title.left(Ink::Main);
    let wide = pen.list.text(
        (margin, 28.0),
        title,
        format_args!("Clicks become sessions"),
    );
    if !narrow {
        let at = (margin + wide + 14.0, 28.0);
        let room = pen.width - at.0 - margin;
        let set = Face::Body.left(Ink::Muted);
        let words = "a session ends after 30 minutes without a click · dashed: open · ring: what is left of the gap";
        pen.list.text_in(room, at, set, format_args!("{words}"));
    }
    let (mut x, mut y) = (margin, 50.0);
    for symbol in Symbol::ALL {
        let name = match symbol {
            Symbol::Purchase => "buy",
            Symbol::Click => "search click",
            other => other.name(),
        };
        let needs = 26.0 + Face::Body.width(name) + 14.0;
        if x + needs > pen.width {
            (x, y) = (margin, y + 22.0);
        }
        pen.symbol((x + 8.0, y), 16.0, symbol.number());
        let set = Face::Body.left(Ink::Muted);
        pen.list
            .text((x + 21.0, y + 4.0), set, format_args!("{name}"));
        x += needs;
    }
    if x + 90.0 < pen.width {
        let line = solid(Ink::Faint, 1.5);
        pen.list.line((x + 4.0, y - 7.0), (x + 4.0, y + 7.0), line);
        let set = Face::Body.left(Ink::Muted);
        pen.list
            .text((x + 12.0, y + 4.0), set, format_args!("tab closed"));
    }
    y + 24.0
}

/// Times every 20 minutes of the clock.
fn axis(pen: &mut Pen, places: &Places, scene: &ClickScene) {
    const EVERY: i64 = 20 * 60_000;
    // The clock begins at some hour; what counts is what it shows.
    let begin = scene
        .hours
        .map_or(0, |hours| i64::from(hours.from_s) * 1_000);
    let mut ts = places.from + (-(places.from + begin)).rem_euclid(EVERY);
    while ts <= places.to {
        let x = places.x(ts);
        let rule = solid(Ink::Rule, 1.0);
        pen.list
            .line((x, places.plot.y), (x, places.plot.bottom()), rule);
        let set = Face::Tiny.center(Ink::Faint);
        let at = (x, places.plot.bottom() + 14.0);
        pen.list.text(at, set, format_args!("{}", scene.clock(ts)));
        ts += EVERY;
    }
}

fn visitor(pen: &mut Pen, places: &Places, n: usize, row: &Row) {
    let y = places.y(n);
    let chosen = row.sessions.iter().any(|session| session.chosen);
    let (face, ink) = if chosen {
        (Face::Name, Ink::Accent)
    } else {
        (Face::Body, Ink::Main)
    };
    let margin = pen.margin();
    let room = places.plot.x - margin - 4.0;
    pen.list.text_in(
        room,
        (margin, y + 4.0),
        face.left(ink),
        format_args!("{}", row.user),
    );
    let label = Rect::new(0.0, y - places.pitch / 2.0, places.plot.x, places.pitch);
    let hit = |at| Hit::Session { row: n as u8, at };
    pen.hits.note(label, hit(None));
    for &end in &row.ends {
        let x = places.x(end);
        if x > places.plot.x {
            let line = solid(Ink::Faint, 1.5);
            pen.list.line((x, y - 11.0), (x, y + 11.0), line);
        }
    }
    for session in &row.sessions {
        let area = bounds(places, y, session);
        frame(pen, area, session);
        for mark in &session.marks {
            let x = places.x(mark.ts);
            if x < places.plot.x {
                continue;
            }
            pen.symbol((x, y), places.mark, mark.symbol);
            if mark.late.is_some() {
                let half = places.mark / 2.0 + 1.5;
                let around = Rect::new(x - half, y - half, 2.0 * half, 2.0 * half);
                pen.list.rect(around, 4.0, solid(Ink::Warn, 2.0));
            }
        }
        if let Some(joint) = session.joint() {
            let words = if pen.narrow() {
                "late, joins both"
            } else {
                "arrived late, joins both"
            };
            let half = Face::Tiny.width(words) / 2.0 + 4.0;
            let x = places
                .x(joint.ts)
                .clamp(places.plot.x + half, pen.width - half);
            let set = Face::Tiny.center(Ink::Warn);
            pen.list
                .text((x, area.y - 3.0), set, format_args!("{words}"));
        }
        if session.state == State::Open {
            let at = (area.right() + 13.0, y);
            pen.list.dot(at, 7.0, solid(Ink::Rule, 2.0));
            pen.list
                .ring(at, 7.0, session.left, solid(Ink::Accent, 2.5));
        }
        pen.hits.note(area, hit(Some(session.start())));
    }
}

/// What a session covers, cut where the axis begins.
fn bounds(places: &Places, y: f32, session: &Boxed) -> Rect {
    let pad = places.mark / 2.0 + 4.0;
    let half = places.mark / 2.0 + 7.0;
    let left = (places.x(session.start()) - pad).max(places.plot.x - pad);
    let right = (places.x(session.last()) + pad).max(left + 8.0);
    Rect::new(left, y - half, right - left, 2.0 * half)
}

fn frame(pen: &mut Pen, area: Rect, session: &Boxed) {
    let fill = if session.chosen {
        Ink::AccentSoft
    } else {
        Ink::Card
    };
    let ink = if session.chosen {
        Ink::Accent
    } else {
        Ink::StrongRule
    };
    let style = match session.state {
        State::Told => solid(ink, 1.4),
        State::Open | State::Over => dashed(ink, 1.4),
    };
    pen.list.rect(area, 8.0, style.on(fill));
}

/// The watermark and now.
fn times(pen: &mut Pen, places: &Places, scene: &ClickScene) {
    let (top, bottom) = (places.plot.y - 4.0, places.plot.bottom());
    if scene.now <= places.to {
        let now = places.x(scene.now);
        let (from, to) = ((now, top), (now, bottom + 18.0));
        pen.list.line(from, to, dotted(Ink::Main));
        let set = Face::Tiny.left(Ink::Main);
        pen.list
            .text((now + 4.0, bottom + 26.0), set, format_args!("now"));
    }
    let Some(mark) = scene.watermark.filter(|mark| *mark >= places.from) else {
        return;
    };
    let x = places.x(mark);
    pen.list
        .line((x, top), (x, bottom + 18.0), solid(Ink::Warn, 1.8));
    let set = Face::Tiny.right(Ink::Warn);
    let wide = Face::Tiny.width("watermark");
    let at = (x.max(wide + 8.0) - 4.0, bottom + 26.0);
    pen.list.text(at, set, format_args!("watermark"));
}
