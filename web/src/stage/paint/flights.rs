//! What is on its way: a dot on its arc, at the simulated latency, or slower where that would be
//! too fast to see.

use super::{Pen, View, along};
use crate::stage::hit::Hit;
use crate::stage::ink::Ink;
use crate::stage::layout::Layout;
use crate::stage::shapes::{Point, Rect, solid};
use millrace::time::Span;
use millrace::view::orders::{Flight, OrdersScene, Place, Strip};

/// A dot in the air.
#[derive(Clone, Copy)]
struct Dot {
    at: Point,
    flight: Flight,
}

/// The dots of one frame, by hue, so that the canvas draws each colour at one go.
#[derive(Default)]
pub(super) struct Flights {
    dots: [Vec<Dot>; Ink::HUES as usize],
    /// Records that are in the log while their dots are still shown on the way, by topic and
    /// partition.
    landing: Vec<Vec<u16>>,
    slowed: bool,
}

/// Up to this many dots can be pointed at.
const TOUCHABLE: usize = 300;

impl Flights {
    /// Whether dots are shown slower than they are.
    pub fn slowed(&self) -> bool {
        self.slowed
    }

    /// How many of a partition's youngest records are still shown on the way.
    pub fn landing(&self, topic: usize, partition: usize) -> u16 {
        self.landing
            .get(topic)
            .and_then(|t| t.get(partition))
            .copied()
            .unwrap_or(0)
    }

    /// Finds out where every dot is.
    pub fn gather(&mut self, layout: &Layout, view: &View<'_>) {
        let scene = view.scene;
        let least = view.marks.min_visible();
        self.slowed = least > Span::ZERO;
        self.dots.iter_mut().for_each(Vec::clear);
        self.landing.resize_with(scene.topics.len(), Vec::new);
        for (counts, topic) in self.landing.iter_mut().zip(&scene.topics) {
            counts.clear();
            counts.resize(topic.strips.len(), 0);
        }
        for flight in &scene.flights {
            let Some(along) = along(flight.sent_at, flight.due_at, scene.now, least) else {
                continue;
            };
            let Some(way) = route(layout, scene, flight) else {
                continue;
            };
            if let Place::Partition(t, p) = flight.to
                && flight.due_at <= scene.now
                && let Some(count) = self
                    .landing
                    .get_mut(usize::from(t))
                    .and_then(|t| t.get_mut(usize::from(p)))
            {
                *count += 1;
            }
            let dot = Dot {
                at: way.at(along),
                flight: *flight,
            };
            self.dots[usize::from(flight.hue % Ink::HUES)].push(dot);
        }
    }

    pub fn paint(&self, pen: &mut Pen, view: &View<'_>) {
        let count: usize = self.dots.iter().map(Vec::len).sum();
        let r = match count {
            0..=150 => 4.2,
            151..=400 => 3.4,
            _ => 2.6,
        };
        for (hue, dots) in (0..).zip(&self.dots) {
            // The outline sets a dot off from cells of its own colour below it.
            let style = solid(Ink::KeyEdge(hue), 1.0).on(Ink::Key(hue));
            for dot in dots {
                pen.list.dot(dot.at, r, style);
                if count <= TOUCHABLE {
                    let Flight {
                        order,
                        sent_at,
                        due_at,
                        ..
                    } = dot.flight;
                    let (x, y) = dot.at;
                    let hit = Hit::Flight {
                        order,
                        sent_at,
                        due_at,
                    };
                    pen.hits
                        .note(Rect::new(x - r, y - r, 2.0 * r, 2.0 * r), hit);
                }
            }
        }
        if view.marks.selection.is_some() {
            for dot in self
                .dots
                .iter()
                .flatten()
                .filter(|dot| view.selected(dot.flight.order))
            {
                pen.follow(dot.at, r, dot.flight.order);
            }
        }
    }
}

/// A cubic curve.
#[derive(Clone, Copy, PartialEq, Debug)]
pub(super) struct Way(pub [Point; 4]);

impl Way {
    /// The point a share `t` of the way along.
    pub fn at(&self, t: f32) -> Point {
        let s = 1.0 - t;
        let weights = [s * s * s, 3.0 * s * s * t, 3.0 * s * t * t, t * t * t];
        let mut at = (0.0, 0.0);
        for (weight, (x, y)) in weights.into_iter().zip(self.0) {
            at = (at.0 + weight * x, at.1 + weight * y);
        }
        at
    }
}

/// An end of a way: what it touches, and where exactly if not just anywhere on its edge.
struct End {
    at: Rect,
    exact: Option<Point>,
}

pub(super) fn route(layout: &Layout, scene: &OrdersScene, flight: &Flight) -> Option<Way> {
    let landed = flight.due_at <= scene.now;
    let from = end(layout, scene, flight.from, false, landed)?;
    let to = end(layout, scene, flight.to, true, landed)?;
    let (a, b) = (from.at, to.at);
    let beside = a.y < b.bottom() && b.y < a.bottom();
    Some(if layout.wide || beside {
        across(layout, &from, &to)
    } else {
        down(&from, &to)
    })
}

/// From left to right or back.
fn across(layout: &Layout, from: &End, to: &End) -> Way {
    let (a, b) = (from.at, to.at);
    let forward = b.center().0 >= a.center().0;
    let (west, east) = if forward { (a, b) } else { (b, a) };
    let between = |s: &Rect| {
        s.x > west.right() - 1.0
            && s.right() < east.x + 1.0
            && s.y < west.bottom().max(east.bottom())
            && s.bottom() > west.y.min(east.y)
    };
    let skips = layout
        .lanes
        .iter()
        .flat_map(|lane| &lane.stations)
        .any(between);
    if skips {
        // Over what lies between when going on, under it when coming back.
        let edge = |at: Rect| if forward { at.y } else { at.bottom() };
        let p = from.exact.unwrap_or((a.center().0, edge(a)));
        let q = to.exact.unwrap_or((b.center().0, edge(b)));
        let y = if forward {
            p.1.min(q.1) - 40.0
        } else {
            p.1.max(q.1) + 40.0
        };
        return Way([p, (p.0, y), (q.0, y), q]);
    }
    // Answers come back a little below the way the questions went.
    let back = if forward { 0.0 } else { 9.0 };
    let (leave, arrive) = if forward {
        (a.right(), b.x)
    } else {
        (a.x, b.right())
    };
    let p = from.exact.unwrap_or((leave, a.center().1 + back));
    let q = to.exact.unwrap_or((arrive, b.center().1 + back));
    let mid = (p.0 + q.0) / 2.0;
    Way([p, (mid, p.1), (mid, q.1), q])
}

/// From one line of a narrow stage to another.
fn down(from: &End, to: &End) -> Way {
    let (a, b) = (from.at, to.at);
    let below = b.center().1 > a.center().1;
    if let Some(q) = to.exact {
        let p = from.exact.unwrap_or((a.x, a.center().1));
        return Way([p, (q.0, p.1), (q.0, (p.1 + q.1) / 2.0), q]);
    }
    // A wide thing is left where the narrow one stands.
    let x = if a.w > b.w {
        b.center().0
    } else {
        a.center().0
    };
    let x_of = |at: Rect| x.clamp(at.x, at.right());
    let (leave, arrive) = if below {
        (a.bottom(), b.y)
    } else {
        (a.y, b.bottom())
    };
    let p = from.exact.unwrap_or((x_of(a), leave));
    let q = (x_of(b), arrive);
    let mid = (p.1 + q.1) / 2.0;
    Way([p, (p.0, mid), (q.0, mid), q])
}

fn end(
    layout: &Layout,
    scene: &OrdersScene,
    place: Place,
    arriving: bool,
    landed: bool,
) -> Option<End> {
    let edge = |at: Rect| Some(End { at, exact: None });
    match place {
        Place::SyncCustomers => edge(layout.lanes[0].queue.area),
        // Hardly anybody waits here: dots begin well inside, where they can be seen.
        Place::AsyncCustomers => {
            let at = layout.lanes[1].queue.area;
            edge(Rect {
                w: at.w * 0.62,
                ..at
            })
        }
        Place::SyncStation(i) => edge(*layout.lanes[0].stations.get(usize::from(i))?),
        Place::AsyncStation(i) => edge(*layout.lanes[1].stations.get(usize::from(i))?),
        Place::Partition(t, p) => {
            let Some(topic) = layout.topics.get(usize::from(t)) else {
                return layout.more.and_then(edge);
            };
            let row = topic.row_of(usize::from(p))?;
            let strip = scene
                .topics
                .get(usize::from(t))?
                .strips
                .get(usize::from(p))?;
            let offset = if arriving {
                // What has arrived has its cell already; what has not goes to the next.
                strip.log_end - i64::from(landed)
            } else {
                strip
                    .committed
                    .iter()
                    .copied()
                    .min()
                    .unwrap_or(strip.log_start)
            };
            let cells = (offset - first_shown(strip, topic.cells)).max(0) as f32;
            let x = row.strip.x + (cells + 0.5) * topic.pitch;
            let x = x.min(row.strip.right() - topic.pitch * 0.5);
            Some(End {
                at: row.strip,
                exact: Some((x, row.strip.center().1)),
            })
        }
    }
}

/// The offset at a strip's left edge where `cells` fit before the empty one at the log end.
pub(super) fn first_shown(strip: &Strip, cells: usize) -> i64 {
    let listed = strip
        .cells
        .first()
        .map_or(strip.log_end, |cell| cell.offset);
    (strip.log_end - cells as i64)
        .max(strip.log_start)
        .max(listed)
}
