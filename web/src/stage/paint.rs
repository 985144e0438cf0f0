//! Scene to shapes. One function a part; each reads the scene and its places and adds to the list.

mod answers;
mod flights;
mod lane;
mod strips;
pub(super) mod tip;
mod unfinished;

use super::hit::{Drag, Hits};
use super::ink::{Ink, Theme};
use super::layout::{Layout, Topology};
use super::shapes::{List, Point, Rect, filled, solid};
use super::text::Face;
use super::tween::{Pace, Tween};
use millrace::id::OrderId;
use millrace::time::{Span, Time};
use millrace::view::orders::{Answers, OrdersScene, Unfinished};
use millrace::view::panel::{Marker, Tone};

/// How the picture is to be shown, apart from what it shows.
#[derive(Clone, Copy, Debug)]
pub struct Marks<'a> {
    /// The wall time of this frame in milliseconds, as `requestAnimationFrame` gives it.
    pub wall_ms: f64,
    /// Events to mark on the chart.
    pub markers: &'a [Marker],
    /// The order that is followed.
    pub selection: Option<OrderId>,
    /// Simulated seconds in a second of wall time when playing; the same when paused, so that
    /// pausing moves nothing.
    pub speed: f64,
    /// Whether the person asked for less motion.
    pub reduced: bool,
    /// Light or dark.
    pub theme: Theme,
    /// Whether the picture may be changed by hand. If not, nothing offers to be dragged.
    pub locked: bool,
}

/// A flight is shown for at least this long, in milliseconds of wall time.
const VISIBLE_MS: f64 = 220.0;
/// From this speed down flights take the time they take.
const TRUE_SPEED: f64 = 0.01;

impl Marks<'_> {
    /// The least simulated time for which a flight is shown.
    pub(super) fn min_visible(&self) -> Span {
        if self.speed <= TRUE_SPEED || self.reduced {
            return Span::ZERO;
        }
        // A scene keeps a flight only so long.
        Span::micros((VISIBLE_MS * 1_000.0 * self.speed) as u64).min(OrdersScene::RECENT)
    }
}

/// Everything one frame is made from.
pub struct View<'a> {
    /// The instant.
    pub scene: &'a OrdersScene,
    /// The history of unfinished orders.
    pub unfinished: &'a Unfinished,
    /// Times to an answer.
    pub answers: &'a Answers,
    /// How to show it.
    pub marks: &'a Marks<'a>,
    /// A pointer that is over the stage.
    pub pointer: Option<Point>,
    /// A pointer that is down.
    pub drag: Option<Drag>,
}

impl View<'_> {
    fn selected(&self, order: OrderId) -> bool {
        self.marks.selection == Some(order)
    }
}

/// What parts paint with.
#[derive(Default)]
struct Pen {
    list: List,
    hits: Hits,
    /// Waiting customers and work in hand, by place and order.
    people: Tween<(u16, u32), 2>,
    /// The first offset a strip shows, by topic and partition.
    first: Tween<(u8, u16), 1>,
    /// Positions, by topic, partition and group.
    bars: Tween<(u8, u16, u8), 1>,
    /// Scales of charts and places of captions.
    scales: Tween<u8, 1>,
}

impl Pen {
    /// Rings and names the thing at `at`, because its order is followed.
    fn follow(&mut self, at: Point, r: f32, order: OrderId) {
        self.list.dot(at, r + 3.0, solid(Ink::Accent, 2.0));
        let label = (at.0 + r + 6.0, at.1 - r - 2.0);
        let digits = order.0.max(1).ilog10() + 1;
        let width = Face::Tiny.width("#") + Face::Tiny.width("0") * digits as f32 + 4.0;
        let back = Rect::new(label.0 - 2.0, label.1 - 9.0, width, 12.0);
        self.list.rect(back, 3.0, filled(Ink::AccentSoft));
        let set = Face::Tiny.left(Ink::Accent);
        self.list.text(label, set, format_args!("#{}", order.0));
    }

    /// An arrow from `from` to `to`, along whichever axis they differ.
    fn arrow(&mut self, from: Point, to: Point) {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let length = dx.hypot(dy);
        if length < 6.0 {
            return;
        }
        let (ux, uy) = (dx / length, dy / length);
        let neck = (to.0 - ux * 5.0, to.1 - uy * 5.0);
        self.list.line(from, neck, solid(Ink::StrongRule, 1.5));
        let side = |s: f32| (neck.0 - uy * 3.5 * s, neck.1 + ux * 3.5 * s);
        self.list
            .path([to, side(1.0), side(-1.0)], filled(Ink::StrongRule));
    }
}

/// Paints frames, and remembers between them only what moves.
#[derive(Default)]
pub struct Painter {
    layout: Layout,
    topology: Topology,
    size: (f32, f32),
    pen: Pen,
    flights: flights::Flights,
    last_ms: f64,
    moving: bool,
}

impl Painter {
    /// What the last frame drew.
    #[must_use]
    pub fn list(&self) -> &List {
        &self.pen.list
    }

    /// Hands over what the last frame drew, and takes a list whose buffers the next frame may use.
    pub fn swap(&mut self, list: &mut List) {
        std::mem::swap(&mut self.pen.list, list);
    }

    /// What lies where in the last frame.
    #[must_use]
    pub fn hits(&self) -> &Hits {
        &self.pen.hits
    }

    /// How large the last frame was.
    #[must_use]
    pub fn size(&self) -> (f32, f32) {
        (self.layout.width, self.layout.height)
    }

    /// Whether something still moves to its place, so that another frame would differ even if
    /// the simulation stands still.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.moving
    }

    /// Paints one frame for a stage of `size` CSS pixels; a height of zero means as high as the
    /// content.
    pub fn paint(&mut self, size: (f32, f32), view: &View<'_>) {
        self.begin(size, view);
        let (pen, layout) = (&mut self.pen, &self.layout);
        self.flights.gather(layout, view);
        if let Some(chart) = &layout.unfinished {
            unfinished::paint(pen, chart, view);
        }
        if let Some(chart) = &layout.answers {
            answers::paint(pen, chart, view.answers);
        }
        lane::paint(pen, layout, view);
        strips::paint(pen, layout, view, &self.flights);
        self.flights.paint(pen, view);
        footer(pen, layout, view, self.flights.slowed());
        tip::paint(pen, layout, view);
        self.moving = [
            pen.people.end(),
            pen.first.end(),
            pen.bars.end(),
            pen.scales.end(),
        ]
        .contains(&true);
    }

    fn begin(&mut self, size: (f32, f32), view: &View<'_>) {
        let changed = self.topology.read(view.scene);
        if changed || self.size != size {
            self.size = size;
            self.layout = Layout::new(size.0, size.1, &self.topology);
            self.pen.people.forget();
        }
        let elapsed = view.marks.wall_ms - self.last_ms;
        self.last_ms = view.marks.wall_ms;
        // Played faster, things move faster, or they would never arrive.
        let pace = Pace::after(elapsed * view.marks.speed.max(1.0), view.marks.reduced);
        let pen = &mut self.pen;
        pen.list.clear();
        pen.hits.clear();
        pen.people.begin(pace);
        pen.first.begin(pace);
        pen.bars.begin(pace);
        pen.scales.begin(pace);
    }
}

/// The last line: what one may do here, and what is not as it seems.
fn footer(pen: &mut Pen, layout: &Layout, view: &View<'_>, slowed: bool) {
    let Some(at) = layout.footer else { return };
    const HINT: &str =
        "Drag a service sideways: slower, faster. Drag a position bar to read again.";
    const SLOWED: &str = "Dots are slowed to be seen; at 0.01× they move at true speed.";
    let hint = if view.marks.locked { "" } else { HINT };
    let base = at.y + 11.0;
    let set = Face::Tiny.left(Ink::Faint);
    if at.h < 30.0 {
        let mut left = at.w;
        if slowed {
            let right = Face::Tiny.right(Ink::Faint);
            left -= pen
                .list
                .text((at.right(), base), right, format_args!("{SLOWED}"))
                + 16.0;
        }
        // A hint that does not fit whole does not help.
        if Face::Tiny.width(hint) <= left {
            pen.list.text((at.x, base), set, format_args!("{hint}"));
        }
        return;
    }
    // One sentence a line.
    let mut lines = hint.split_inclusive(". ").chain(slowed.then_some(SLOWED));
    for base in [base, base + 15.0, base + 30.0] {
        let Some(line) = lines.next() else { break };
        pen.list
            .text_in(at.w, (at.x, base), set, format_args!("{}", line.trim_end()));
    }
}

/// How far along its way what set off at `sent_at` is shown, 0 to 1, if it is shown for `least` at
/// least; `None` before and after.
pub(super) fn along(sent_at: Time, due_at: Time, now: Time, least: Span) -> Option<f32> {
    let real = due_at.since(sent_at);
    let shown = real.max(least);
    if now < sent_at || now >= sent_at + shown {
        return None;
    }
    let share = now.since(sent_at).0 as f32 / shown.0 as f32;
    // At true speed a dot is where the message is; a slowed one may as well be pleasant to watch.
    Some(if shown == real {
        share
    } else {
        share * share * (3.0 - 2.0 * share)
    })
}

/// What share of a wait is still to come.
fn left_of(now: Time, since: Time, until: Time) -> f32 {
    let whole = until.since(since).0.max(1);
    until.since(now).0 as f32 / whole as f32
}

fn tone_ink(tone: Tone) -> Ink {
    match tone {
        Tone::Plain => Ink::Muted,
        Tone::Good => Ink::Good,
        Tone::Warn => Ink::Warn,
        Tone::Bad => Ink::Bad,
    }
}

#[cfg(test)]
mod tests;
