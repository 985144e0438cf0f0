//! What the thing under the pointer is, in a few lines.

use super::strips::{beyond, unread_from};
use super::{Pen, View, unfinished};
use crate::stage::hit::{Gesture, Hit};
use crate::stage::ink::Ink;
use crate::stage::layout::{Layout, TITLES};
use crate::stage::shapes::{Point, Rect, solid};
use crate::stage::text::{Count, Face};
use millrace::view::orders::{Station, TopicScene};

const LINE: f32 = 15.0;

pub(super) fn paint(pen: &mut Pen, layout: &Layout, view: &View<'_>) {
    let Some(pointer) = view.pointer else { return };
    let (place, hit) = match view.drag {
        // A box that is dragged shows what it will become by itself.
        Some(drag) if drag.moved() => match drag.grip {
            Some(hit @ Hit::Bar { .. }) => {
                let (x, y) = pointer;
                (Rect::new(x, y - 14.0, 0.0, 28.0), hit)
            }
            _ => return,
        },
        _ => match pen.hits.at(pointer, 0.0) {
            Some(found) => found,
            None => return,
        },
    };
    let lines = describe(hit, view);
    let Some(first) = lines.first() else { return };
    let widths = lines.iter().skip(1).map(|line| Face::Small.width(line));
    let wide = widths.fold(Face::SmallName.width(first), f32::max);
    let size = (wide + 16.0, lines.len() as f32 * LINE + 9.0);
    let at = beside(place, pointer, size, (layout.width, layout.height));
    pen.list
        .rect(at, 5.0, solid(Ink::StrongRule, 1.0).on(Ink::Card));
    for (i, line) in lines.iter().enumerate() {
        let (face, ink) = if i == 0 {
            (Face::SmallName, Ink::Ink)
        } else {
            (Face::Small, Ink::Muted)
        };
        let base = (at.x + 8.0, at.y + 16.0 + LINE * i as f32);
        pen.list
            .text_in(at.w - 12.0, base, face.left(ink), format_args!("{line}"));
    }
}

/// Beside what it speaks of, and wholly on the stage.
fn beside(thing: Rect, pointer: Point, (w, h): (f32, f32), (width, height): (f32, f32)) -> Rect {
    let small = thing.w < 200.0;
    let anchor = if small {
        thing
    } else {
        Rect::new(pointer.0, pointer.1, 0.0, 0.0)
    };
    let above = anchor.y - h - 8.0;
    let y = if above >= 4.0 {
        above
    } else {
        (anchor.bottom() + 10.0).min(height - h - 4.0)
    };
    let x = (anchor.center().0 - w / 2.0).min(width - w - 4.0).max(4.0);
    Rect::new(x, y, w.min(width - 8.0), h)
}

/// The same words for an eye, a screen reader and a test.
pub fn describe(hit: Hit, view: &View<'_>) -> Vec<String> {
    let scene = view.scene;
    let now = scene.now;
    match hit {
        Hit::Station { lane, index, .. } => {
            let shop = if lane == 0 {
                &scene.sync
            } else {
                &scene.async_
            };
            let station = shop.stations.get(usize::from(index));
            station.map_or_else(Vec::new, |s| station_lines(s, lane, index, view))
        }
        Hit::Cell {
            topic,
            partition,
            offset,
            order,
        } => {
            let Some(topic) = scene.topics.get(usize::from(topic)) else {
                return Vec::new();
            };
            let Some(strip) = topic.strips.get(usize::from(partition)) else {
                return Vec::new();
            };
            let mut lines = vec![format!(
                "{}-{partition}, offset {}",
                topic.name,
                number(offset)
            )];
            lines.extend(order.map(|order| format!("order #{}", order.0)));
            lines.extend(readers(topic, strip, offset));
            lines
        }
        Hit::Row {
            topic,
            first,
            count,
        } => {
            let Some(topic) = scene.topics.get(usize::from(topic)) else {
                return Vec::new();
            };
            let range = usize::from(first)..usize::from(first) + usize::from(count);
            let strips = topic.strips.get(range).unwrap_or_default();
            let unread: i64 = strips.iter().map(|s| s.log_end - unread_from(s)).sum();
            let all: i64 = strips.iter().map(|s| s.log_end - s.log_start).sum();
            let last = first + count - 1;
            let name = &topic.name;
            let head = if count == 1 {
                format!("{name}-{first}")
            } else {
                format!("{name}, partitions {first} to {last}")
            };
            let mut lines = vec![
                head,
                format!("{} records, {} not read yet", number(all), number(unread)),
            ];
            if let [strip] = strips {
                let (unread, read) = beyond(strip, 0);
                if unread + read > 0 {
                    let (start, end) = (number(strip.log_start), number(strip.log_end));
                    lines.push(format!("offsets {start} up to {end}"));
                }
            }
            lines
        }
        Hit::Order {
            order,
            since,
            until,
            waits,
        } => {
            let head = format!("order #{}", order.0);
            let (gone, left) = (now.since(since), until.since(now));
            if waits {
                vec![head, format!("waits since {gone}, gives up in {left}")]
            } else {
                vec![head, format!("in hand since {gone}, done in {left}")]
            }
        }
        Hit::Flight {
            order,
            sent_at,
            due_at,
        } => {
            let took = due_at.since(sent_at);
            vec![
                format!("order #{}", order.0),
                format!("on its way, which takes {took}"),
            ]
        }
        Hit::Bar {
            topic,
            group,
            partition,
            committed,
            ..
        } => {
            let Some(topic) = scene.topics.get(usize::from(topic)) else {
                return Vec::new();
            };
            let name = topic
                .groups
                .get(usize::from(group))
                .map_or("", String::as_str);
            let end = topic
                .strips
                .get(usize::from(partition))
                .map_or(committed, |s| s.log_end);
            let head = format!("{name} in {}-{partition}", topic.name);
            match view
                .drag
                .filter(super::Drag::moved)
                .and_then(|drag| drag.gesture())
            {
                Some(Gesture::Rewind { offset, .. }) => {
                    vec![
                        head,
                        format!("from {} to {}", number(committed), number(offset)),
                    ]
                }
                _ => vec![
                    head,
                    format!("committed {}, log end {}", number(committed), number(end)),
                    format!("lag {}", number(end - committed)),
                ],
            }
        }
        Hit::Instant { at } => {
            unfinished::at(view.unfinished, at).map_or_else(Vec::new, |(people, records)| {
                let time = at.to_string();
                let people = Count(people.into());
                vec![
                    time,
                    format!("{people} people wait, {} records", Count(records.into())),
                ]
            })
        }
    }
}

fn number(n: i64) -> Count {
    Count(n.max(0) as u64)
}

/// Who has read an offset and who has not.
fn readers(
    topic: &TopicScene,
    strip: &millrace::view::orders::Strip,
    offset: i64,
) -> Option<String> {
    let mut waiting = topic
        .groups
        .iter()
        .zip(&strip.committed)
        .filter(|(_, at)| **at <= offset);
    if topic.groups.is_empty() {
        return Some("no group reads this topic".to_owned());
    }
    Some(match waiting.next() {
        Some((group, _)) => format!("not read yet by {group}"),
        None => "read, still in the log".to_owned(),
    })
}

fn station_lines(station: &Station, lane: u8, index: u8, view: &View<'_>) -> Vec<String> {
    let shop = TITLES[usize::from(lane.min(1))].to_lowercase();
    let mut lines = vec![format!("{}, {shop}", station.name)];
    lines.push(if station.work == station.usual {
        format!("{} a piece of work", station.work)
    } else {
        format!(
            "{} a piece of work, usually {}",
            station.work, station.usual
        )
    });
    let Station {
        workers,
        up,
        busy,
        idle,
        ..
    } = *station;
    lines.push(if up < workers {
        format!("{up} of {workers} workers up, {busy} busy")
    } else {
        format!("{busy} of {workers} workers busy")
    });
    if idle > 0 {
        lines.push(format!("{idle} without a partition"));
    }
    if index > 0 && !view.marks.locked {
        lines.push("drag sideways: slower, faster".to_owned());
    }
    lines
}
