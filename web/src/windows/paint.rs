//! The picture: windows, the watermark's stairs, results, events.

use super::grasp::distance;
use super::places::{Grip, Places, ruler};
use crate::stage::ink::Ink;
use crate::stage::shapes::{Dash, List, Point, Rect, Stroke, Style, dashed, filled, solid};
use crate::stage::text::Face;
use millrace::stream::{Aggregate, Emission, Kind, Windows};
use millrace::view::windows::{Event, Life, Play, Run, late_words, value_text};

/// So many results have their value beside them at most.
const MOST_PILLS: usize = 120;
/// So many of the latest losses are told in words.
const MOST_WORDS: usize = 3;

/// What to paint.
pub struct View<'a> {
    /// The play, which knows everything.
    pub play: &'a Play,
    /// What is held, or lies under the mouse.
    pub over: Option<Grip>,
}

/// Paints, and knows what lies where.
#[derive(Default)]
pub struct Painter {
    /// What the last frame drew.
    pub list: List,
    hits: Vec<(Grip, Point)>,
}

impl Painter {
    /// What lies nearest to a point, if it is near enough; what sets windows before events.
    pub fn hit(&self, at: Point, slop: f32) -> Option<Grip> {
        let far = |p: Point| distance(p, at);
        let reach = |grip: Grip| match grip {
            Grip::Event(_) => slop + 4.0,
            _ => slop + 6.0,
        };
        let near = self.hits.iter().filter(|(grip, p)| far(*p) <= reach(*grip));
        let weigh = |(grip, p): &&(Grip, Point)| {
            let event = matches!(grip, Grip::Event(_));
            (far(*p) * 16.0) as u32 + u32::from(event)
        };
        near.min_by_key(weigh).map(|(grip, _)| *grip)
    }

    /// Paints a picture of this size.
    pub fn paint(&mut self, size: (f32, f32), view: &View<'_>) {
        self.list.clear();
        self.hits.clear();
        let places = Places::new(size, view.play);
        let mut brush = Brush {
            play: view.play,
            at: view.play.setup().at,
            over: view.over,
            places,
            list: &mut self.list,
            hits: &mut self.hits,
        };
        brush.axes();
        if let Ok(run) = view.play.run() {
            brush.lives(run);
            brush.no_delay();
            brush.stairs(run);
            brush.stems(run);
            brush.bars(run);
            brush.dots(run);
            brush.pills(run);
            brush.now(run);
            brush.losses(run);
        } else {
            brush.no_delay();
            brush.plain_dots();
        }
        if let Some(ruler) = ruler(view.play) {
            brush.ruler(&ruler);
        }
    }
}

pub(super) struct Brush<'a> {
    pub(super) play: &'a Play,
    pub(super) at: i64,
    pub(super) over: Option<Grip>,
    pub(super) places: Places,
    pub(super) list: &'a mut List,
    pub(super) hits: &'a mut Vec<(Grip, Point)>,
}

impl Brush<'_> {
    /// The windows, from when they are to when they are no more.
    fn lives(&mut self, run: &Run) {
        let overlap = self.play.setup().keyed
            || matches!(
                self.play.setup().windows,
                Windows::Hopping { .. } | Windows::Aligned { .. }
            );
        let plot = self.places.plot;
        let mut edges = Vec::new();
        for life in run.lives.iter().filter(|life| life.from < self.at) {
            let (start, end) = self.across(life);
            if end < plot.x || start > plot.right() {
                continue;
            }
            let (top, bottom) = (
                self.places.y(life.from),
                self.places.y(life.to.min(self.at)),
            );
            let (start, end) = (start.max(plot.x), end.min(plot.right()));
            let at = Rect::new(start, top, (end - start).max(1.0), (bottom - top).max(0.5));
            if overlap {
                edges.push((*life, at));
            } else if life.complete {
                self.list.rect(at, 0.0, dashed(Ink::StrongRule, 1.0));
            } else {
                let style = filled(Ink::Window(self.odd(life)));
                self.list.rect(at, 0.0, style);
            }
        }
        self.overlapping(&edges);
    }

    /// Windows that lie over each other: filled alike, and then their edges.
    fn overlapping(&mut self, edges: &[(Life, Rect)]) {
        let keyed = self.play.setup().keyed;
        for (_, at) in edges {
            self.list.rect(*at, 0.0, filled(Ink::Window(false)));
        }
        for (life, at) in edges {
            let ink = if keyed {
                Ink::KeySoft((life.key % 6) as u8)
            } else {
                Ink::StrongRule
            };
            let style = if life.complete {
                dashed(ink, 1.2)
            } else {
                solid(ink, 1.2)
            };
            let (left, right) = ((at.x, at.y), (at.right(), at.y));
            self.list.line(left, (at.x, at.bottom()), style);
            self.list.line(right, (at.right(), at.bottom()), style);
            // The upper edge is where it came about, or grew.
            self.list.line(left, right, style);
        }
    }

    /// From where to where a window lies; one of a single event is as wide as that.
    fn across(&self, life: &Life) -> (f32, f32) {
        let (start, end) = (
            self.places.x(life.window.start),
            self.places.x(life.window.end),
        );
        if end - start < 3.0 {
            (start - 3.0, end + 3.0)
        } else {
            (start, end)
        }
    }

    /// Neighbours differ.
    fn odd(&self, life: &Life) -> bool {
        let size = match self.play.setup().windows {
            Windows::Tumbling { size, .. } => size,
            _ => (life.window.end - life.window.start).max(1),
        };
        life.window.start.div_euclid(size).rem_euclid(2) == 1
    }

    /// The watermark.
    fn stairs(&mut self, run: &Run) {
        let by = run.marks.partition_point(|&(when, _)| when <= self.at);
        let (places, left) = (self.places, self.places.plot.x);
        let mut x = left;
        let first = run.marks.first().map_or(self.at, |&(when, _)| when);
        let mut points = vec![(x, places.y(first.min(self.at)))];
        for &(when, mark) in &run.marks[..by] {
            let y = places.y(when);
            points.push((x, y));
            x = places.x_inside(mark);
            points.push((x, y));
        }
        points.push((x, places.y(self.at)));
        self.list.path(points, solid(Ink::Warn, 2.0));
    }

    /// From where an event would have arrived at once to where it did.
    fn stems(&mut self, run: &Run) {
        if self.play.order().len() > 600 {
            return;
        }
        for n in self.by_hue() {
            let (event, fate) = (self.play.event(n), &run.fates[n as usize]);
            let seen = fate.seen_at <= self.at;
            let style = match (
                seen && fate.is_dropped(),
                seen && (fate.late || fate.missed > 0),
            ) {
                (true, _) => dashed(Ink::Bad, 1.2),
                (_, true) => dashed(Ink::Warn, 1.2),
                _ => solid(Ink::KeySoft(hue(event)), 1.0),
            };
            let x = self.places.x(event.ts);
            let from = (x, self.places.y(event.ts));
            self.list
                .line(from, (x, self.places.y(event.arrival)), style);
        }
    }

    /// The events by their colours, so that a colour is set once.
    fn by_hue(&self) -> Vec<u32> {
        let mut order = self.play.order().to_vec();
        order.sort_by_cached_key(|&n| u64::from(hue(self.play.event(n))));
        order
    }

    fn point(&self, event: &Event) -> Point {
        (self.places.x(event.ts), self.places.y(event.arrival))
    }

    fn dots(&mut self, run: &Run) {
        let r = self.places.dot(self.play);
        // Those to come lie below, then those that came, then what went wrong.
        let mut bad = Vec::new();
        let order = self.by_hue();
        for &n in &order {
            let event = *self.play.event(n);
            let at = self.point(&event);
            self.hits.push((Grip::Event(n), at));
            let style = Style {
                fill: Some(Ink::Paper),
                line: Some(line(Ink::KeySoft(hue(&event)), 1.2)),
            };
            if event.arrival > self.at {
                self.dot(&event, at, r, style);
            }
        }
        for &n in &order {
            let (event, fate) = (*self.play.event(n), run.fates[n as usize]);
            if event.arrival > self.at {
                continue;
            }
            let seen = fate.seen_at <= self.at;
            if seen && (fate.is_dropped() || fate.late || fate.missed > 0) {
                bad.push(n);
                continue;
            }
            let fill = if seen {
                Ink::Key(hue(&event))
            } else {
                Ink::KeySoft(hue(&event))
            };
            let edge = line(Ink::KeyEdge(hue(&event)), 1.0);
            let style = if r > 3.0 {
                Style {
                    fill: Some(fill),
                    line: Some(edge),
                }
            } else {
                filled(fill)
            };
            self.dot(&event, self.point(&event), r, style);
        }
        for n in bad {
            let (event, fate) = (*self.play.event(n), run.fates[n as usize]);
            self.wrong(&event, fate.is_dropped(), r + 1.0);
        }
        let grips = [self.play.setup().picked, self.held()];
        for n in grips.into_iter().flatten() {
            if self.play.order().contains(&n) {
                self.ring(n, r + 4.0);
            }
        }
    }

    fn held(&self) -> Option<u32> {
        match self.over {
            Some(Grip::Event(n)) => Some(n),
            _ => None,
        }
    }

    /// An event; one that ends a window is square.
    fn dot(&mut self, event: &Event, at: Point, r: f32, style: Style) {
        if event.marks {
            let square = Rect::new(at.0 - r, at.1 - r, 2.0 * r, 2.0 * r);
            self.list.rect(square, 1.0, style);
        } else {
            self.list.dot(at, r, style);
        }
    }

    /// An event that came too late: hatched where no window took it, ringed where one did.
    fn wrong(&mut self, event: &Event, dropped: bool, r: f32) {
        let at = self.point(event);
        if !dropped {
            let style = filled(Ink::Key(hue(event)));
            self.dot(event, at, r - 1.0, style);
            self.list.dot(at, r + 1.5, solid(Ink::Warn, 1.8));
            return;
        }
        self.list.dot(at, r, solid(Ink::Bad, 1.6).on(Ink::Paper));
        let hatch = solid(Ink::Bad, 1.2);
        for off in [-0.55, 0.0, 0.55_f32] {
            // A chord at 45 degrees, so far off the middle.
            let half = r * (1.0 - off * off).sqrt() * 0.707;
            let (x, y) = (at.0 + off * r * 0.707, at.1 + off * r * 0.707);
            self.list
                .line((x - half, y + half), (x + half, y - half), hatch);
        }
    }

    /// The event that is looked at, with its times.
    fn ring(&mut self, n: u32, r: f32) {
        let event = *self.play.event(n);
        let (at, plot) = (self.point(&event), self.places.plot);
        self.list.dot(at, r, solid(Ink::Accent, 2.0));
        let thin = dotted(Ink::Accent);
        self.list.line((plot.x, at.1), (at.0 - r, at.1), thin);
        self.list.line((at.0, plot.y), (at.0, at.1 - r), thin);
    }

    /// Where nothing takes them.
    fn plain_dots(&mut self) {
        let r = self.places.dot(self.play);
        for n in self.by_hue() {
            let event = *self.play.event(n);
            let at = self.point(&event);
            self.hits.push((Grip::Event(n), at));
            let fill = if event.arrival > self.at {
                Ink::Paper
            } else {
                Ink::Key(hue(&event))
            };
            let style = Style {
                fill: Some(fill),
                line: Some(line(Ink::KeyEdge(hue(&event)), 1.0)),
            };
            self.dot(&event, at, r, style);
        }
    }

    /// Where a result lies, and its colour.
    fn place(&self, result: &Emission) -> (f32, f32, f32, Ink) {
        let plot = self.places.plot;
        let inside = |ts| self.places.x(ts).clamp(plot.x, plot.right());
        let ink = match (result.kind, self.play.setup().keyed) {
            (Kind::Late | Kind::Retract, _) => Ink::Warn,
            (_, true) => Ink::KeyEdge((result.key % 6) as u8),
            _ => Ink::Accent,
        };
        let (from, to) = (inside(result.window.start), inside(result.window.end));
        (from, to.max(from + 2.0), self.places.y(result.at), ink)
    }

    /// A bar where a result came out.
    fn bars(&mut self, run: &Run) {
        for result in run.emitted_by(self.at) {
            let (from, to, y, ink) = self.place(result);
            let style = match result.kind {
                Kind::OnTime | Kind::Late => solid(ink, 2.5),
                _ => dashed(ink, 1.4),
            };
            self.list.line((from, y), (to, y), style);
        }
    }

    /// The results' values, on their bars where there is room, or to the left of them.
    fn pills(&mut self, run: &Run) {
        let emitted = run.emitted_by(self.at);
        let decimals = match self.play.setup().aggregate {
            Aggregate::Count => 0,
            _ => self.play.decimals(),
        };
        let keyed = self.play.setup().keyed;
        let mut pills: Vec<Rect> = Vec::new();
        for result in &emitted[emitted.len().saturating_sub(MOST_PILLS)..] {
            let (from, to, y, ink) = self.place(result);
            let text = value_text(&result.value, decimals);
            let wide = (Face::SmallName.width(&text) + 14.0).max(24.0);
            let left = if to - from < wide + 8.0 {
                from - wide - 3.0
            } else {
                (from + to - wide) / 2.0
            };
            let mut at = Rect::new(left, y - 9.0, wide, 18.0);
            let taken = |at: &Rect| pills.iter().rev().take(24).any(|pill| meet(pill, at));
            // Results of several keys at one moment lie side by side.
            for _ in 0..if keyed { 6 } else { 0 } {
                if taken(&at) {
                    at.x += wide + 2.0;
                }
            }
            if at.x < 0.0 || at.right() > self.places.size.0 || taken(&at) {
                continue;
            }
            self.pill(at, ink, result.kind, &text);
            pills.push(at);
        }
    }

    fn pill(&mut self, at: Rect, ink: Ink, kind: Kind, text: &str) {
        let full = matches!(kind, Kind::OnTime | Kind::Late);
        let (style, words) = if full {
            (filled(ink), Ink::Paper)
        } else {
            (solid(ink, 1.4).on(Ink::Paper), ink)
        };
        self.list.rect(at, 9.0, style);
        let set = Face::SmallName.center(words);
        let base = (at.center().0, at.y + 13.0);
        match kind {
            Kind::Retract => self.list.text(base, set, format_args!("−{text}")),
            _ => self.list.text(base, set, format_args!("{text}")),
        };
    }

    /// Words at what was lost last.
    fn losses(&mut self, run: &Run) {
        let few = self.play.order().len() <= 150;
        let lost = |n: &&u32| {
            let fate = &run.fates[**n as usize];
            fate.seen_at <= self.at && fate.missed > 0
        };
        let picked = self.play.setup().picked;
        let told = self.play.order().iter().rev().filter(lost);
        let told = told.filter(|&&n| few || Some(n) == picked).take(MOST_WORDS);
        let told: Vec<u32> = told.copied().collect();
        let mut taken: Vec<Rect> = Vec::new();
        for n in told {
            let Some(words) = late_words(self.play, n) else {
                continue;
            };
            let (x, y) = self.point(self.play.event(n));
            let wide = Face::Small.width(&words);
            let left = (x - wide / 2.0).clamp(2.0, (self.places.size.0 - wide - 2.0).max(2.0));
            let mut at = Rect::new(left, y + 9.0, wide, 14.0);
            while taken.iter().any(|other| meet(other, &at)) {
                at.y += 14.0;
            }
            // The watermark's words lie under the line of now.
            if y > self.places.y(self.at) - 12.0 && at.right() > self.mark_words(run) {
                at.y += 14.0;
            }
            let set = Face::Small.left(Ink::Bad);
            self.list
                .text((at.x, at.y + 11.0), set, format_args!("{words}"));
            taken.push(at);
        }
    }

    /// Where the words about the watermark begin.
    fn mark_words(&self, run: &Run) -> f32 {
        run.watermark(self.at)
            .map_or(f32::MAX, |mark| self.places.x_inside(mark) - 60.0)
    }
}

fn hue(event: &Event) -> u8 {
    (event.key % 6) as u8
}

/// Whether two share more than an edge.
fn meet(a: &Rect, b: &Rect) -> bool {
    let far = 3.0;
    a.x < b.right() && b.x < a.right() && a.y + far < b.bottom() && b.y + far < a.bottom()
}

const fn line(ink: Ink, width: f32) -> Stroke {
    Stroke {
        ink,
        width,
        dash: Dash::Solid,
    }
}

pub(super) const fn dotted(ink: Ink) -> Style {
    Style {
        fill: None,
        line: Some(Stroke {
            ink,
            width: 1.2,
            dash: Dash::Dotted,
        }),
    }
}
