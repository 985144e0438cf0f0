//! The two shops: names, waiting customers, boxes with their workers, arrows.

use super::{Pen, View, left_of};
use crate::stage::hit::{Gesture, Hit};
use crate::stage::ink::Ink;
use crate::stage::layout::{Lane, Layout, TITLES};
use crate::stage::shapes::{Point, Rect, Style, dashed, filled, solid};
use crate::stage::text::{Count, Face};
use millrace::time::Span;
use millrace::view::orders::{OrdersScene, ShopScene, Station};

const SUBTITLES: [&str; 2] = [
    "each customer waits until every step is done",
    "each service reads the log before it, at its own pace",
];
const FANNED_OUT: &str = "all services read the same log, each at its own pace";

pub(super) fn paint(pen: &mut Pen, layout: &Layout, view: &View<'_>) {
    let (left, right) = (
        layout.lanes[0].title.x,
        layout.width - layout.lanes[0].title.x,
    );
    pen.list.line(
        (left, layout.rule),
        (right, layout.rule),
        solid(Ink::Rule, 1.0),
    );
    arrows(pen, layout, view.scene);
    for (l, shop) in [&view.scene.sync, &view.scene.async_]
        .into_iter()
        .enumerate()
    {
        let lane = &layout.lanes[l];
        let base = lane.title.y + 16.0;
        pen.list.text(
            (lane.title.x, base),
            Face::Title.left(Ink::Main),
            format_args!("{}", TITLES[l]),
        );
        let base = if lane.subtitle.y > lane.title.y {
            lane.subtitle.y + 12.0
        } else {
            base
        };
        let set = Face::Body.left(Ink::Muted);
        let fanned = l == 1
            && view
                .scene
                .topics
                .first()
                .is_some_and(|t| t.groups.len() > 1);
        let words = if fanned { FANNED_OUT } else { SUBTITLES[l] };
        let words = format_args!("{words}");
        pen.list
            .text_in(lane.subtitle.w, (lane.subtitle.x, base), set, words);
        queue(pen, lane, l as u8, shop, view);
        for (i, station) in shop.stations.iter().enumerate().take(lane.stations.len()) {
            paint_station(pen, lane, (l as u8, i as u8), station, view);
        }
    }
}

/// Which topic, by its place, the service in the box numbered `station` of the asynchronous shop
/// reads.
fn source(scene: &OrdersScene, station: usize) -> Option<usize> {
    let name = &scene.async_.stations.get(station)?.name;
    let reads = |group: &String| group.eq_ignore_ascii_case(name);
    scene
        .topics
        .iter()
        .position(|topic| topic.groups.iter().any(reads))
}

/// From a topic to a service further on than the next: over what lies between where the shop runs
/// from left to right, between strips and boxes where it runs down.
fn branch(pen: &mut Pen, layout: &Layout, topic: usize, to: Rect) {
    let from = &layout.topics[topic];
    let strips = from.strips();
    let line = solid(Ink::StrongRule, 1.5);
    if layout.wide {
        let (x, y) = (strips.right() + 4.0, from.title.y - 3.0);
        let end = to.center().0;
        pen.list
            .path([(x, strips.center().1), (x, y), (end, y)], line);
        pen.arrow((end, y), (end, to.y - 2.0));
    } else {
        let (x, y) = (to.x - 14.0, to.center().1);
        pen.list.line((x, strips.center().1), (x, y), line);
        pen.arrow((x, y), (to.x - 2.0, y));
    }
}

fn arrows(pen: &mut Pen, layout: &Layout, scene: &OrdersScene) {
    let right = |at: Rect| (at.right() + 2.0, at.center().1);
    let left = |at: Rect| (at.x - 2.0, at.center().1);
    for (l, lane) in layout.lanes.iter().enumerate() {
        let Some(&first) = lane.stations.first() else {
            continue;
        };
        let queue = lane.queue.area;
        if first.y > queue.bottom() {
            let x = first.center().0;
            pen.arrow((x, queue.bottom() - 2.0), (x, first.y - 2.0));
        } else {
            pen.arrow((queue.right() + 3.0, first.center().1), left(first));
        }
        for (i, pair) in lane.stations.windows(2).enumerate() {
            let topic = layout
                .topics
                .get(i)
                .filter(|topic| l == 1 && topic.in_pipeline);
            let Some(topic) = topic else {
                if pair[0].y == pair[1].y {
                    pen.arrow(right(pair[0]), left(pair[1]));
                }
                continue;
            };
            let strips = topic.strips();
            match source(scene, i + 1).filter(|&from| from < i) {
                Some(from) => branch(pen, layout, from, pair[1]),
                None => pen.arrow((strips.right() + 2.0, pair[1].center().1), left(pair[1])),
            }
            if layout.wide {
                let gutter = topic.rows.first().map_or(strips, |row| row.gutter);
                pen.arrow(
                    right(pair[0]),
                    (gutter.x.min(pair[0].right() + 16.0), pair[0].center().1),
                );
            } else {
                // Down between boxes and strips, then onto the log end.
                let (x, y) = (pair[0].x - 8.0, pair[0].center().1);
                let (end, turn) = (strips.right() - 4.0, strips.y - 11.0);
                let bends = [(x + 6.0, y), (x, y), (x, turn), (end, turn)];
                pen.list.path(bends, solid(Ink::StrongRule, 1.5));
                pen.arrow((end, turn), (end, strips.y - 2.0));
            }
        }
    }
}

/// Customers stand in a line that winds like a real one: who waited longest is nearest the shop,
/// and when someone leaves everybody moves up by one place.
fn queue(pen: &mut Pen, lane: &Lane, l: u8, shop: &ShopScene, view: &View<'_>) {
    let queue = &lane.queue;
    let shown = shop.waiting.len().min(queue.room());
    let rows = shown.div_ceil(queue.cols).max(1);
    let block = rows as f32 * queue.dy + queue.caption;
    let top = queue.area.y + (queue.area.h - block) / 2.0;
    let [top] = pen.scales.show(10 + l, [f64::from(top)], 0.2);
    let top = top as f32;
    let r = queue.dx.min(queue.dy) * 0.46;
    let mut followed = None;
    for (i, person) in shop.waiting[..shown].iter().enumerate() {
        let (row, col) = (i / queue.cols, (i % queue.cols) as f32 + 0.5);
        let from_right = row % 2 == 0;
        let x = if from_right {
            queue.area.right() - col * queue.dx
        } else {
            queue.area.x + col * queue.dx
        };
        let y = top + (row as f32 + 0.5) * queue.dy;
        let at = settle(pen, u16::from(l), person.order.0, (x, y));
        if view.selected(person.order) {
            followed = Some((at, person.order));
        }
        let left = left_of(view.scene.now, person.since, person.until);
        let ring = if left < 0.2 { Ink::Warn } else { Ink::Muted };
        pen.list.ring(at, r, left, solid(ring, 1.4));
        pen.list.dot(
            at,
            r * 0.6,
            solid(Ink::KeyEdge(person.hue), 1.0).on(Ink::Key(person.hue)),
        );
        pen.hits.note(
            Rect::new(at.0 - r, at.1 - r, 2.0 * r, 2.0 * r),
            Hit::Order {
                order: person.order,
                since: person.since,
                until: person.until,
                waits: true,
            },
        );
    }
    if let Some((at, order)) = followed {
        pen.follow(at, r, order);
    }
    // Below the people; where nobody is, or dots begin among them, below the way of those who are
    // served at once too.
    let below = top + rows as f32 * queue.dy + 12.0;
    let y = if shown == 0 || l == 1 {
        below.max(queue.area.center().1 + 28.0)
    } else {
        below
    };
    let words = (queue.area.x, y);
    caption(
        pen,
        words,
        (queue.caption_w, queue.caption),
        shop.waiting_total,
        shown as u32,
    );
}

/// How many wait, in as many words as fit.
fn caption(pen: &mut Pen, at: Point, (width, height): (f32, f32), total: u32, shown: u32) {
    let people = if total == 1 { "person" } else { "people" };
    let n = Count(total.into());
    let face = if width < 110.0 {
        Face::Small
    } else {
        Face::Body
    };
    let digits = face.width("0") * (total.max(1).ilog10() + 1) as f32 + 4.0;
    let set = face.left(if total > 0 { Ink::Main } else { Ink::Muted });
    let fits = |words: &str| digits + face.width(words) <= width;
    let wide = if fits(" people waiting") {
        pen.list.text(at, set, format_args!("{n} {people} waiting"))
    } else if fits(" waiting") {
        pen.list.text(at, set, format_args!("{n} waiting"))
    } else if fits(" wait") {
        pen.list.text(at, set, format_args!("{n} wait"))
    } else {
        pen.list.text_in(width, at, set, format_args!("{n}"))
    };
    let more = total.saturating_sub(shown);
    if more == 0 {
        return;
    }
    let set = Face::Small.left(Ink::Muted);
    let words = Face::Small.width(" · 00000 more");
    if wide + words <= width {
        pen.list.text(
            (at.0 + wide, at.1),
            set,
            format_args!(" · {} more", Count(more.into())),
        );
    } else if height > 28.0 {
        let at = (at.0, at.1 + 15.0);
        if Face::Small.width("00000 more than fit") > width {
            pen.list
                .text_in(width, at, set, format_args!("{} more", Count(more.into())));
            return;
        }
        pen.list.text_in(
            width,
            at,
            set,
            format_args!("{} more than fit", Count(more.into())),
        );
    }
}

/// Where a person or a piece of work is shown on its way to where it belongs.
fn settle(pen: &mut Pen, place: u16, order: u32, goal: Point) -> Point {
    let goal = [f64::from(goal.0), f64::from(goal.1)];
    let [x, y] = pen.people.show((place, order), goal, 0.2);
    (x as f32, y as f32)
}

/// How a box stands, the worst first.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Stopped,
    Rebalancing,
    Paused,
    Partly,
    Slow,
    Fine,
}

impl State {
    fn of(station: &Station) -> Self {
        match station {
            s if s.up == 0 => Self::Stopped,
            s if s.rebalancing => Self::Rebalancing,
            s if s.paused => Self::Paused,
            s if s.up < s.workers => Self::Partly,
            s if slow(s) => Self::Slow,
            _ => Self::Fine,
        }
    }

    fn style(self, station: &Station) -> Style {
        match self {
            Self::Stopped => dashed(Ink::Bad, 1.5).on(Ink::BadSoft),
            Self::Paused => dashed(Ink::Warn, 1.5).on(Ink::Card),
            _ if slow(station) => solid(Ink::Warn, 1.5).on(Ink::WarnSoft),
            Self::Rebalancing | Self::Partly => solid(Ink::Warn, 1.5).on(Ink::Card),
            Self::Slow | Self::Fine => solid(Ink::StrongRule, 1.5).on(Ink::Card),
        }
    }
}

fn slow(station: &Station) -> bool {
    station.work.0 * 4 > station.usual.0 * 5
}

fn paint_station(pen: &mut Pen, lane: &Lane, (l, i): (u8, u8), station: &Station, view: &View<'_>) {
    let at = lane.stations[usize::from(i)];
    let state = State::of(station);
    pen.list.rect(at, 8.0, state.style(station));
    pen.hits.note(
        at,
        Hit::Station {
            lane: l,
            index: i,
            work: station.work,
        },
    );
    let x = at.center().0;
    let name = lane.name.unwrap_or(Face::Name).center(Ink::Main);
    pen.list.text_in(
        at.w - 8.0,
        (x, at.y + at.h * 0.31),
        name,
        format_args!("{}", station.name),
    );

    let dragged = view
        .drag
        .filter(super::Drag::moved)
        .and_then(|drag| drag.gesture());
    let mean = match dragged {
        Some(Gesture::Work { station, mean }) if station == usize::from(i) => Some(mean),
        _ => None,
    };
    let face = if at.w < 84.0 { Face::Tiny } else { Face::Small };
    let ink = match (mean, slow(station)) {
        (Some(_), _) => Ink::Accent,
        (None, true) => Ink::Warn,
        (None, false) => Ink::Muted,
    };
    let work = mean.unwrap_or(station.work);
    let times = station.workers;
    let base = (x, at.y + at.h * 0.55);
    pen.list.text_in(
        at.w - 6.0,
        base,
        face.center(ink),
        format_args!("×{times} · {work}"),
    );
    workers(pen, at, (l, i), station, view);
    note(pen, lane.notes[usize::from(i)], state, station, mean);
}

fn note(pen: &mut Pen, at: Rect, state: State, station: &Station, mean: Option<Span>) {
    let base = (at.center().0, at.y + 11.0);
    let (small, tiny) = (Face::SmallName, Face::Tiny);
    let list = &mut pen.list;
    let _ = match state {
        _ if mean.is_some() => list.text_in(
            at.w,
            base,
            tiny.center(Ink::Accent),
            format_args!("was {}", station.work),
        ),
        State::Stopped if station.workers == 0 => list.text_in(
            at.w,
            base,
            small.center(Ink::Bad),
            format_args!("no workers"),
        ),
        State::Stopped => list.text_in(at.w, base, small.center(Ink::Bad), format_args!("stopped")),
        State::Rebalancing => list.text_in(
            at.w,
            base,
            small.center(Ink::Warn),
            format_args!("rebalancing"),
        ),
        State::Paused => list.text_in(at.w, base, small.center(Ink::Warn), format_args!("paused")),
        State::Partly => {
            let words = format_args!("{} of {} up", station.up, station.workers);
            list.text_in(at.w, base, small.center(Ink::Warn), words)
        }
        State::Slow => {
            let words = format_args!("usually {}", station.usual);
            list.text_in(at.w, base, tiny.center(Ink::Warn), words)
        }
        State::Fine if station.idle > 0 => {
            let words = format_args!("{} without a partition", station.idle);
            if tiny.width("00 without a partition") <= at.w {
                list.text_in(at.w, base, tiny.center(Ink::Muted), words)
            } else {
                list.text_in(
                    at.w,
                    base,
                    tiny.center(Ink::Muted),
                    format_args!("{} idle", station.idle),
                )
            }
        }
        State::Fine => 0.0,
    };
}

/// Workers as a row of rings: work in hand drains, free ones are hollow, those without a
/// partition are dashed, those that are down are crossed out. Where they are too many, a bar.
fn workers(pen: &mut Pen, at: Rect, (l, i): (u8, u8), station: &Station, view: &View<'_>) {
    let y = at.y + at.h * 0.79;
    let n = station.workers as usize;
    let pitch = ((at.w - 14.0) / n.max(1) as f32).min(13.0);
    if pitch < 7.0 {
        let bar = Rect::new(at.x + 10.0, y - 2.5, at.w - 20.0, 5.0);
        pen.list.rect(bar, 2.5, filled(Ink::Rule));
        let share = station.busy as f32 / n as f32;
        pen.list.rect(
            Rect {
                w: bar.w * share.min(1.0),
                ..bar
            },
            2.5,
            filled(Ink::Muted),
        );
        return;
    }
    let r = pitch * 0.41;
    let x = |slot: usize| at.center().0 + (slot as f32 - (n as f32 - 1.0) / 2.0) * pitch;
    let busy = station.in_hand.len().min(n);
    for (slot, work) in station.in_hand[..busy].iter().enumerate() {
        let place = 100 + u16::from(l) * 64 + u16::from(i);
        let at = settle(pen, place, work.order.0, (x(slot), y));
        let left = left_of(view.scene.now, work.since, work.until);
        pen.list.ring(at, r, left, solid(Ink::Muted, 1.2));
        pen.list.dot(
            at,
            r * 0.55,
            solid(Ink::KeyEdge(work.hue), 1.0).on(Ink::Key(work.hue)),
        );
        let hit = Hit::Order {
            order: work.order,
            since: work.since,
            until: work.until,
            waits: false,
        };
        pen.hits
            .note(Rect::new(at.0 - r, at.1 - r, 2.0 * r, 2.0 * r), hit);
        if view.selected(work.order) {
            pen.follow(at, r, work.order);
        }
    }
    let up = station.up as usize;
    let idle = up.saturating_sub(station.idle as usize).max(busy);
    for slot in busy..n {
        let (cx, d) = (x(slot), r * 0.6);
        if slot >= up {
            pen.list
                .line((cx - d, y - d), (cx + d, y + d), solid(Ink::Bad, 1.4));
            pen.list
                .line((cx - d, y + d), (cx + d, y - d), solid(Ink::Bad, 1.4));
        } else if slot >= idle {
            pen.list.dot((cx, y), r * 0.8, dashed(Ink::Muted, 1.0));
        } else {
            pen.list.dot((cx, y), r * 0.8, solid(Ink::StrongRule, 1.2));
        }
    }
}
