//! What is on its way between clients and brokers, and from leaders to followers.

use super::layout::Layout;
use super::{Pen, View};
use crate::stage::ink::Ink;
use crate::stage::shapes::{Point, dashed, solid};
use crate::stage::text::Face;
use millrace::time::{Span, Time};
use millrace::view::cluster::{Cargo, ClusterScene, Flight, Place};

/// The ways on which something flies, drawn as dashed lines below the boxes.
pub(super) fn wires(pen: &mut Pen, layout: &Layout, view: &View<'_>) {
    let mut drawn: Vec<(Place, Place)> = Vec::new();
    for (flight, _) in flying(view) {
        let way = if flight.from < flight.to {
            (flight.from, flight.to)
        } else {
            (flight.to, flight.from)
        };
        if drawn.contains(&way) {
            continue;
        }
        drawn.push(way);
        if let Some(route) = route(layout, view.scene, flight) {
            let hue = (flight.partition % u32::from(Ink::HUES)) as u8;
            pen.list.path(route, dashed(Ink::KeySoft(hue), 1.3));
        }
    }
}

pub(super) fn paint(pen: &mut Pen, layout: &Layout, view: &View<'_>) {
    for (flight, along) in flying(view) {
        let Some(route) = route(layout, view.scene, flight) else {
            continue;
        };
        let at = point(&route, along);
        let hue = (flight.partition % u32::from(Ink::HUES)) as u8;
        match flight.cargo {
            Cargo::Records(n) => {
                let r = if n > 8 { 6.5 } else { 5.0 };
                pen.list
                    .dot(at, r, solid(Ink::KeyEdge(hue), 1.0).on(Ink::Key(hue)));
                if n > 1 {
                    let set = Face::Tiny.left(Ink::Muted);
                    pen.list
                        .text((at.0 + r + 3.0, at.1 - 4.0), set, format_args!("{n}"));
                }
            }
            Cargo::Ask => pen
                .list
                .dot(at, 3.2, solid(Ink::KeyEdge(hue), 1.2).on(Ink::Card)),
            Cargo::Answer => pen
                .list
                .dot(at, 3.2, solid(Ink::Accent, 1.6).on(Ink::AccentSoft)),
        }
    }
}

/// What is shown on its way, each with how far it has come, 0 to 1.
fn flying<'a>(view: &'a View<'_>) -> impl Iterator<Item = (&'a Flight, f32)> {
    let (now, least) = (view.scene.now, view.marks.min_visible());
    let flights = view.scene.flights.iter();
    flights.filter_map(move |flight| Some((flight, along(flight, now, least)?)))
}

fn along(flight: &Flight, now: Time, least: Span) -> Option<f32> {
    crate::stage::paint::along(flight.sent_at, flight.due_at, now, least)
}

/// The way of a flight. What is produced goes above the brokers, what is read below them, and
/// what is replicated from box to box.
fn route(layout: &Layout, scene: &ClusterScene, flight: &Flight) -> Option<[Point; 5]> {
    let backwards = matches!(
        (flight.from, flight.to),
        (Place::Broker(_), Place::Client(_))
    );
    let (from, to) = if backwards {
        (flight.to, flight.from)
    } else {
        (flight.from, flight.to)
    };
    let mut way = match (from, to) {
        (Place::Client(client), Place::Broker(broker)) => {
            let at = *layout.clients.get(usize::from(client))?;
            let to = *layout.brokers.get(usize::from(broker))?;
            let produces = scene.clients.get(usize::from(client))?.produces;
            if !layout.wide {
                let start = (at.center().0, at.bottom());
                let end = (start.0.clamp(to.x + 8.0, to.right() - 8.0), to.y);
                [start, start, start, end, end]
            } else {
                let (lane, side, edge) = if produces {
                    (layout.above, 0.5, to.y)
                } else {
                    (layout.below, 0.62, to.bottom())
                };
                let column = layout.brokers.first()?.x - if produces { 26.0 } else { 14.0 };
                let start = (at.right(), at.center().1);
                let down = to.x + to.w * side;
                [
                    start,
                    (column, start.1),
                    (column, lane),
                    (down, lane),
                    (down, edge),
                ]
            }
        }
        (Place::Broker(a), Place::Broker(b)) => {
            let row = |broker: u8| {
                let row = layout.row_of(usize::from(broker), flight.partition);
                row.or_else(|| layout.brokers.get(usize::from(broker)).copied())
            };
            let (from, to) = (row(a)?, row(b)?);
            let near = a.abs_diff(b) == 1;
            if !layout.wide {
                let x = from.right() - 10.0;
                let (from, to) = ((x, from.center().1), (x, to.center().1));
                [from, from, to, to, to]
            } else if near {
                let y = from.y + 20.0;
                let (x0, x1) = if a < b {
                    (from.right() + 6.0, to.x - 6.0)
                } else {
                    (from.x - 6.0, to.right() + 6.0)
                };
                [(x0, y), (x0, y), (x1, y), (x1, y), (x1, y)]
            } else {
                // Past the brokers between them.
                let bottom = layout.brokers.first()?.bottom();
                let (x0, x1) = (from.center().0, to.center().0);
                let y = layout.below - 6.0;
                [(x0, bottom), (x0, y), (x1, y), (x1, bottom), (x1, bottom)]
            }
        }
        _ => return None,
    };
    if backwards {
        way.reverse();
    }
    Some(way)
}

/// The point that lies so far along a way.
fn point(way: &[Point; 5], along: f32) -> Point {
    let length = |(a, b): (Point, Point)| (b.0 - a.0).hypot(b.1 - a.1);
    let legs = || way.iter().copied().zip(way.iter().copied().skip(1));
    let mut left = along * legs().map(length).sum::<f32>();
    for (a, b) in legs() {
        let leg = length((a, b));
        if left <= leg && leg > 0.0 {
            let share = left / leg;
            return (a.0 + (b.0 - a.0) * share, a.1 + (b.1 - a.1) * share);
        }
        left -= leg;
    }
    way[4]
}
