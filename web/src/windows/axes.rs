//! What lies around the events: axes, the line of no delay, the clock, the ruler of one window.

use super::paint::{Brush, dotted};
use super::places::{Grip, Ruler};
use crate::stage::ink::Ink;
use crate::stage::shapes::{Rect, filled, solid};
use crate::stage::text::Face;
use millrace::stream::{Engine, Windows};
use millrace::view::windows::{Run, clock, length, mark_words, nice};

impl Brush<'_> {
    /// Times along the axes, and what the axes are.
    pub(super) fn axes(&mut self) {
        let (plot, range) = (self.places.plot, self.play.range());
        let narrow = self.places.is_narrow();
        let wide = Face::Tiny.width(&clock(range.from)) + 18.0;
        let across = nice((f64::from(wide / plot.w) * (range.ts_to - range.from) as f64) as i64);
        let mut ts = range.from.div_euclid(across) * across;
        while ts <= range.ts_to {
            let x = self.places.x(ts);
            if ts >= range.from && x < plot.right() + 2.0 {
                let set = Face::Tiny.center(Ink::Faint);
                self.list
                    .text((x, 12.0), set, format_args!("{}", clock(ts)));
                self.list
                    .line((x, 16.0), (x, 20.0), solid(Ink::StrongRule, 1.0));
            }
            ts += across;
        }
        let down = nice((f64::from(34.0 / plot.h) * (range.to - range.from) as f64) as i64);
        let mut t = range.from.div_euclid(down) * down;
        while t <= range.to {
            if t >= range.from {
                let y = self.places.y(t);
                self.list
                    .line((plot.x, y), (plot.right(), y), solid(Ink::Rule, 0.5));
                let set = Face::Tiny.right(Ink::Faint);
                self.list.text_in(
                    plot.x - 6.0,
                    (plot.x - 6.0, y + 3.5),
                    set,
                    format_args!("{}", clock(t)),
                );
            }
            t += down;
        }
        let set = Face::Small.center(Ink::Muted);
        let below = (plot.center().0, self.places.size.1 - 4.0);
        let words = if narrow {
            "event time → · arrival ↓"
        } else {
            "event time → across, arrival (processing) time ↓ down"
        };
        self.list.text(below, set, format_args!("{words}"));
    }

    /// The thin line of no delay.
    pub(super) fn no_delay(&mut self) {
        let range = self.play.range();
        let end = range.ts_to.min(range.to);
        let from = (self.places.x(range.from), self.places.y(range.from));
        let to = (self.places.x(end), self.places.y(end));
        self.list.line(from, to, solid(Ink::Faint, 1.0));
        if !self.places.is_narrow() {
            let part = range.from + (end - range.from) * 22 / 25;
            let at = (self.places.x(part) + 10.0, self.places.y(part) - 6.0);
            let set = Face::Tiny.left(Ink::Faint);
            if at.0 + 60.0 < self.places.size.0 {
                self.list.text(at, set, format_args!("no delay"));
            }
        }
    }

    /// Where the clock stands, and how far behind the watermark is.
    pub(super) fn now(&mut self, run: &Run) {
        let (plot, y, narrow) = (
            self.places.plot,
            self.places.y(self.at),
            self.places.is_narrow(),
        );
        self.list.line(
            (plot.x, y),
            (self.places.size.0 - 8.0, y),
            dotted(Ink::Main),
        );
        if narrow {
            let set = Face::Tiny.right(Ink::Main);
            self.list.text(
                (self.places.size.0 - 4.0, y - 4.0),
                set,
                format_args!("now"),
            );
        } else {
            // Whole seconds: what moves is the line.
            let now = clock(self.at.div_euclid(1_000) * 1_000);
            let set = Face::Small.right(Ink::Main);
            let at = (self.places.size.0 - 8.0, y - 5.0);
            self.list.text(at, set, format_args!("now {now}"));
        }
        let Some(mark) = run.watermark(self.at) else {
            return;
        };
        let x = self.places.x_inside(mark);
        if run.engine != Engine::KafkaStreams {
            let held = self.over == Some(Grip::Delay);
            let at = (x, y);
            let r = if held { 7.0 } else { 5.0 };
            self.list.dot(at, r, solid(Ink::Warn, 2.0).on(Ink::Paper));
            self.hits.push((Grip::Delay, at));
        }
        let words = mark_words(self.play).unwrap_or_default();
        let wide = Face::Small.width(&words);
        let left = (x + 10.0).min(self.places.size.0 - wide - 8.0).max(4.0);
        let base = (left, (y + 15.0).min(self.places.size.1 - 18.0));
        let set = Face::Small.left(Ink::Warn);
        let behind = Rect::new(base.0 - 2.0, base.1 - 10.0, wide + 4.0, 13.0);
        self.list.rect(behind, 2.0, filled(Ink::Paper));
        self.list.text(base, set, format_args!("{words}"));
    }

    /// One window as it is set, above the picture, with what changes it.
    pub(super) fn ruler(&mut self, ruler: &Ruler) {
        let (y, x) = (32.0, |ts| self.places.x_inside(ts));
        let (from, to) = (x(ruler.from), x(ruler.to));
        let style = solid(Ink::Accent, 1.5);
        self.list.line((from, y), (to, y), style);
        let mut grips = vec![(Grip::Size, to)];
        if ruler.shifts {
            grips.push((Grip::Offset, from));
        } else {
            self.list.line((from, y - 5.0), (from, y + 5.0), style);
        }
        if let Some(next) = ruler.next {
            grips.push((Grip::Slide, x(next)));
        }
        for (grip, x) in grips {
            let r = if self.over == Some(grip) { 6.5 } else { 4.5 };
            let style = match grip {
                Grip::Slide => solid(Ink::Accent, 1.5).on(Ink::Paper),
                _ => filled(Ink::Accent),
            };
            self.list.dot((x, y), r, style);
            self.hits.push((grip, (x, y)));
        }
        let what = match self.play.setup().windows {
            Windows::Session { .. } => "gap ",
            _ => "",
        };
        let words = match ruler.next {
            Some(next) => format!(
                "{} every {}",
                length(ruler.to - ruler.from),
                length(next - ruler.from)
            ),
            None => format!("{what}{}", length(ruler.to - ruler.from)),
        };
        let set = Face::Tiny.left(Ink::Accent);
        self.list
            .text((to + 10.0, y + 3.5), set, format_args!("{words}"));
    }
}
