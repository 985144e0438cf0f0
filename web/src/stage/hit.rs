//! What lies under a pointer, and what dragging or clicking it means. The painter notes a region
//! for each thing as it draws it, so what can be touched is what can be seen.

use super::shapes::{Point, Rect};
use millrace::id::OrderId;
use millrace::time::{Span, Time};

/// A thing on the stage.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Hit {
    /// A box. `lane` is 0 in the synchronous shop, 1 in the other.
    Station {
        /// The shop.
        lane: u8,
        /// The box's index.
        index: u8,
        /// How long a piece of work takes there.
        work: Span,
    },
    /// A record.
    Cell {
        /// The topic's index.
        topic: u8,
        /// The partition.
        partition: u16,
        /// The offset.
        offset: i64,
        /// Its order.
        order: Option<OrderId>,
    },
    /// Several partitions in one row.
    Row {
        /// The topic's index.
        topic: u8,
        /// The first of them.
        first: u16,
        /// How many.
        count: u16,
    },
    /// A customer who waits, or a piece of work in hand.
    Order {
        /// The order.
        order: OrderId,
        /// Since when.
        since: Time,
        /// Until when, at most.
        until: Time,
        /// Whether it waits; otherwise it is being worked at.
        waits: bool,
    },
    /// A dot on its way.
    Flight {
        /// The order.
        order: OrderId,
        /// When it set off.
        sent_at: Time,
        /// When it arrives.
        due_at: Time,
    },
    /// A group's position in a partition.
    Bar {
        /// The topic's index.
        topic: u8,
        /// The group's index in the topic.
        group: u8,
        /// The partition.
        partition: u16,
        /// The position.
        committed: i64,
        /// The offsets it can go to.
        range: (i64, i64),
        /// Pixels from offset to offset.
        pitch: f32,
    },
    /// An instant on the chart of unfinished orders.
    Instant {
        /// The instant.
        at: Time,
    },
    /// A broker of the cluster, by its place.
    Broker {
        /// Its place in the scene.
        broker: u8,
    },
    /// A broker's replica of a partition.
    Replica {
        /// The partition.
        partition: u16,
    },
    /// A visitor, by the row, or one of the visitor's sessions.
    Session {
        /// The row.
        row: u8,
        /// The session's first click, in ms of event time.
        at: Option<i64>,
    },
    /// A client of the cluster, by its place.
    Client {
        /// Its place in the scene.
        client: u8,
    },
}

impl Hit {
    /// The order it belongs to.
    #[must_use]
    pub fn order(self) -> Option<OrderId> {
        match self {
            Self::Cell { order, .. } => order,
            Self::Order { order, .. } | Self::Flight { order, .. } => Some(order),
            _ => None,
        }
    }

    /// What the pointer should look like over it.
    #[must_use]
    pub fn cursor(self) -> &'static str {
        match self {
            Self::Station { index: 0, .. }
            | Self::Row { .. }
            | Self::Broker { .. }
            | Self::Client { .. } => "default",
            Self::Station { .. } | Self::Bar { .. } => "ew-resize",
            Self::Instant { .. } => "crosshair",
            _ => "pointer",
        }
    }
}

/// What a person did on the stage. The shell makes commands of it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Gesture {
    /// Chose an order to follow, or none.
    Select(Option<OrderId>),
    /// Made a service's work take this long. Sent once, when the drag ends.
    Work {
        /// The box's index: 1 payment, 2 warehouse, 3 shipping.
        station: usize,
        /// The new mean.
        mean: Span,
    },
    /// Moved a group's position in one partition. Sent once, when the drag ends.
    Rewind {
        /// The topic's index in the scene.
        topic: usize,
        /// The group's index in the topic.
        group: usize,
        /// The partition.
        partition: usize,
        /// The offset to read from.
        offset: i64,
    },
    /// Chose a record: the topic view may go there.
    Record {
        /// The topic's index in the scene.
        topic: usize,
        /// The partition.
        partition: usize,
        /// The offset.
        offset: i64,
        /// Its order: the one to follow.
        order: Option<OrderId>,
    },
    /// Wants to see this instant.
    Seek(Time),
    /// Chose a partition to see its replicas.
    Partition(u32),
    /// Chose a visitor, by the row, or a session by a moment within it.
    Session(u32, Option<i64>),
}

/// Regions in the order they were painted: later ones lie on top.
#[derive(Clone, Debug, Default)]
pub struct Hits(Vec<(Rect, Hit)>);

impl Hits {
    /// Forgets the regions.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Notes that `hit` covers `at`.
    pub fn note(&mut self, at: Rect, hit: Hit) {
        self.0.push((at, hit));
    }

    /// All of them.
    #[cfg(test)]
    pub fn iter(&self) -> impl Iterator<Item = &(Rect, Hit)> {
        self.0.iter()
    }

    /// What a drag that begins at `point` moves.
    #[must_use]
    pub fn grip(&self, point: Point, slop: f32) -> Option<Hit> {
        let held = |(at, hit): &&(Rect, Hit)| match hit {
            Hit::Bar { .. } => at.grown(slop).has(point),
            Hit::Station { index, .. } => *index > 0 && at.has(point),
            _ => false,
        };
        self.0.iter().rev().find(held).map(|(_, hit)| *hit)
    }

    /// What lies at `point`; failing that, what lies within `slop` of it and is small enough to
    /// need it (a finger is thicker than a record).
    #[must_use]
    pub fn at(&self, point: Point, slop: f32) -> Option<(Rect, Hit)> {
        let found = |grow: f32| {
            let near = |(at, _): &&(Rect, Hit)| at.grown(grow).has(point);
            self.0.iter().rev().find(near).copied()
        };
        let exact = found(0.0);
        match exact {
            Some((_, Hit::Instant { .. } | Hit::Row { .. })) | None if slop > 0.0 => {
                let small = |(at, _): &&(Rect, Hit)| at.w < 40.0 && at.grown(slop).has(point);
                self.0.iter().rev().find(small).copied().or(exact)
            }
            _ => exact,
        }
    }
}

/// A pointer that is down.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Drag {
    /// What a click would choose.
    pub hit: Option<Hit>,
    /// What a drag would move: not always what lies on top, because busy workers lie on a box.
    pub grip: Option<Hit>,
    /// Where it began.
    pub from: Point,
    /// Where the pointer is.
    pub to: Point,
}

/// A pointer that moved less than this has clicked.
const CLICK: f32 = 4.0;
/// Dragging this far doubles the time a piece of work takes.
const DOUBLES: f32 = 36.0;

impl Drag {
    /// Whether it has become more than a click.
    #[must_use]
    pub fn moved(&self) -> bool {
        let (dx, dy) = (self.to.0 - self.from.0, self.to.1 - self.from.1);
        dx.abs().max(dy.abs()) >= CLICK
    }

    /// What it means if it ends here.
    #[must_use]
    pub fn gesture(&self) -> Option<Gesture> {
        if self.moved() {
            self.dragged()
        } else {
            self.clicked()
        }
    }

    fn clicked(&self) -> Option<Gesture> {
        match self.hit? {
            Hit::Cell {
                topic,
                partition,
                offset,
                order,
            } => Some(Gesture::Record {
                topic: topic.into(),
                partition: partition.into(),
                offset,
                order,
            }),
            Hit::Instant { at } => Some(Gesture::Seek(at)),
            Hit::Replica { partition } => Some(Gesture::Partition(partition.into())),
            Hit::Session { row, at } => Some(Gesture::Session(row.into(), at)),
            hit => hit.order().map(|order| Gesture::Select(Some(order))),
        }
    }

    fn dragged(&self) -> Option<Gesture> {
        let dx = self.to.0 - self.from.0;
        match self.grip? {
            Hit::Station { index, work, .. } if index > 0 => Some(Gesture::Work {
                station: index.into(),
                mean: scaled(work, dx),
            }),
            Hit::Bar {
                topic,
                group,
                partition,
                committed,
                range,
                pitch,
            } => {
                let offset = committed + offsets(dx / pitch);
                let offset = offset.max(range.0).min(range.1);
                Some(Gesture::Rewind {
                    topic: topic.into(),
                    group: group.into(),
                    partition: partition.into(),
                    offset,
                })
            }
            _ => None,
        }
    }
}

/// `work` after a drag of `dx`: doubled every [`DOUBLES`] pixels, in two figures, from 1 ms to
/// 10 s.
fn scaled(work: Span, dx: f32) -> Span {
    let ms = work.as_millis_f64().max(1.0) * f64::from(dx / DOUBLES).exp2();
    let ms = ms.clamp(1.0, 10_000.0);
    let unit = 10f64.powf((ms.log10().floor() - 1.0).max(0.0));
    Span::millis(((ms / unit).round() * unit) as u64)
}

/// A drag of `cells` cells as offsets: one for one at first, then faster and faster, so that the
/// start of a long log is within reach.
fn offsets(cells: f32) -> i64 {
    const EVEN: f32 = 6.0;
    let far = cells.abs();
    let far = if far <= EVEN {
        far
    } else {
        EVEN * ((far - EVEN) / EVEN).min(20.0).exp()
    };
    far.copysign(cells).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYMENT: Hit = Hit::Station {
        lane: 0,
        index: 1,
        work: Span::millis(80),
    };
    const BAR: Hit = Hit::Bar {
        topic: 0,
        group: 0,
        partition: 3,
        committed: 188,
        range: (0, 204),
        pitch: 9.0,
    };

    fn drag(hit: Hit, dx: f32) -> Option<Gesture> {
        Drag {
            hit: Some(hit),
            grip: Some(hit),
            from: (100.0, 100.0),
            to: (100.0 + dx, 100.0),
        }
        .gesture()
    }

    #[test]
    fn dragging_payment_to_the_right_makes_it_slower() {
        let work = |ms| {
            Some(Gesture::Work {
                station: 1,
                mean: Span::millis(ms),
            })
        };
        assert_eq!(drag(PAYMENT, 36.0), work(160));
        assert_eq!(drag(PAYMENT, -72.0), work(20));
        assert_eq!(drag(PAYMENT, 126.0), work(910));
        assert_eq!(drag(PAYMENT, 9_000.0), work(10_000));
        assert_eq!(drag(PAYMENT, -9_000.0), work(1));
        assert_eq!(drag(PAYMENT, 2.0), None, "that was a click");
    }

    #[test]
    fn dragging_a_position_rewinds_within_the_log() {
        let to = |offset| {
            Some(Gesture::Rewind {
                topic: 0,
                group: 0,
                partition: 3,
                offset,
            })
        };
        assert_eq!(drag(BAR, -27.0), to(185));
        assert_eq!(drag(BAR, -400.0), to(0));
        assert_eq!(drag(BAR, 400.0), to(204));
    }

    #[test]
    fn what_was_painted_last_is_on_top_and_fingers_may_miss_small_things() {
        let mut hits = Hits::default();
        hits.note(
            Rect::new(0.0, 0.0, 200.0, 100.0),
            Hit::Instant { at: Time(5) },
        );
        hits.note(Rect::new(10.0, 10.0, 8.0, 8.0), BAR);
        assert_eq!(hits.at((14.0, 14.0), 0.0).map(|h| h.1), Some(BAR));
        assert_eq!(
            hits.at((24.0, 14.0), 0.0).map(|h| h.1),
            Some(Hit::Instant { at: Time(5) })
        );
        assert_eq!(hits.at((24.0, 14.0), 8.0).map(|h| h.1), Some(BAR));
        assert_eq!(hits.at((300.0, 14.0), 8.0), None);
    }

    #[test]
    fn a_click_on_a_cell_or_on_the_chart_says_where() {
        let cell = Hit::Cell {
            topic: 1,
            partition: 2,
            offset: 7,
            order: None,
        };
        let record = Gesture::Record {
            topic: 1,
            partition: 2,
            offset: 7,
            order: None,
        };
        assert_eq!(drag(cell, 0.0), Some(record));
        assert_eq!(
            drag(Hit::Instant { at: Time(9) }, 1.0),
            Some(Gesture::Seek(Time(9)))
        );
    }
}
