//! What the thing under the pointer is, in a few lines.

use super::strips::unread_from;
use super::{Pen, View, unfinished};
use crate::stage::hit::{Gesture, Hit};
use crate::stage::ink::Ink;
use crate::stage::layout::{Layout, TITLES};
use crate::stage::shapes::{List, Point, Rect, solid};
use crate::stage::text::{Count, Face};
use millrace::id::OrderId;
use millrace::view::orders::{Station, Strip, TopicScene};

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
    let bounds = (layout.width, layout.height);
    let lines = describe(hit, view);
    show(&mut pen.list, place, pointer, bounds, &lines);
}

/// Shows lines beside what they speak of, the first as their head; nothing if there are none.
pub(in crate::stage) fn show(
    list: &mut List,
    place: Rect,
    pointer: Point,
    bounds: (f32, f32),
    lines: &[String],
) {
    let Some(first) = lines.first() else { return };
    let widths = lines.iter().skip(1).map(|line| Face::Small.width(line));
    let wide = widths.fold(Face::SmallName.width(first), f32::max);
    let size = (wide + 16.0, lines.len() as f32 * LINE + 9.0);
    let at = beside(place, pointer, size, bounds);
    list.rect(at, 5.0, solid(Ink::StrongRule, 1.0).on(Ink::Card));
    for (i, line) in lines.iter().enumerate() {
        let (face, ink) = if i == 0 {
            (Face::SmallName, Ink::Main)
        } else {
            (Face::Small, Ink::Muted)
        };
        let base = (at.x + 8.0, at.y + 16.0 + LINE * i as f32);
        list.text_in(at.w - 12.0, base, face.left(ink), format_args!("{line}"));
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

/// The same words for an eye, a screen reader and a test. None for what is no longer there.
pub fn describe(hit: Hit, view: &View<'_>) -> Vec<String> {
    let now = view.scene.now;
    match hit {
        Hit::Station { lane, index, .. } => station(lane, index, view),
        Hit::Cell {
            topic,
            partition,
            offset,
            order,
        } => {
            let offset = (partition, offset);
            view.scene
                .topics
                .get(usize::from(topic))
                .map(|topic| cell(topic, offset, order))
        }
        Hit::Row {
            topic,
            first,
            count,
        } => {
            let topic = view.scene.topics.get(usize::from(topic));
            topic.map(|topic| row(topic, usize::from(first), usize::from(count)))
        }
        Hit::Order {
            order,
            since,
            until,
            waits,
        } => {
            let head = format!("order #{}", order.0);
            let (gone, left) = (now.since(since), until.since(now));
            Some(if waits {
                vec![head, format!("waits since {gone}, gives up in {left}")]
            } else {
                vec![head, format!("in hand since {gone}, done in {left}")]
            })
        }
        Hit::Flight {
            order,
            sent_at,
            due_at,
        } => {
            let takes = due_at.since(sent_at);
            let head = format!("order #{}", order.0);
            Some(vec![head, format!("on its way, which takes {takes}")])
        }
        Hit::Bar {
            topic,
            group,
            partition,
            committed,
            ..
        } => {
            let topic = view.scene.topics.get(usize::from(topic));
            let place = (usize::from(group), usize::from(partition));
            topic.map(|topic| position(topic, place, committed, view))
        }
        // These lie on another page's stage.
        Hit::Broker { .. } | Hit::Replica { .. } | Hit::Session { .. } | Hit::Client { .. } => None,
        Hit::Instant { at } => unfinished::at(view.unfinished, at).map(|(people, records)| {
            let [people, records] = [people, records].map(|n| Count(n.into()));
            vec![
                at.to_string(),
                format!("{people} people wait, {records} records"),
            ]
        }),
    }
    .unwrap_or_default()
}

fn cell(
    topic: &TopicScene,
    (partition, offset): (u16, i64),
    order: Option<OrderId>,
) -> Vec<String> {
    let mut lines = vec![format!(
        "{}-{partition}, offset {}",
        topic.name,
        number(offset)
    )];
    lines.extend(order.map(|order| format!("order #{}", order.0)));
    let strip = topic.strips.get(usize::from(partition));
    lines.extend(strip.map(|strip| readers(topic, strip, offset)));
    lines
}

/// Several partitions in one row.
fn row(topic: &TopicScene, first: usize, count: usize) -> Vec<String> {
    let strips = topic.strips.get(first..first + count).unwrap_or_default();
    let unread: i64 = strips.iter().map(|s| s.log_end - unread_from(s)).sum();
    let all: i64 = strips.iter().map(|s| s.log_end - s.log_start).sum();
    let head = match count {
        1 => format!("{}-{first}", topic.name),
        _ => format!(
            "{}, partitions {first} to {}",
            topic.name,
            first + count - 1
        ),
    };
    let all = number(all);
    let said = if topic.groups.is_empty() {
        format!("{all} records, read by nobody")
    } else {
        format!("{all} records, {} not read yet", number(unread))
    };
    vec![head, said]
}

/// A group's position, or where a drag would put it.
fn position(
    topic: &TopicScene,
    (group, partition): (usize, usize),
    committed: i64,
    view: &View<'_>,
) -> Vec<String> {
    let name = topic.groups.get(group).map_or("", String::as_str);
    let end = topic.strips.get(partition).map_or(committed, |s| s.log_end);
    let mut lines = vec![format!("{name} in {}-{partition}", topic.name)];
    let dragged = view
        .drag
        .filter(super::Drag::moved)
        .and_then(|drag| drag.gesture());
    if let Some(Gesture::Rewind { offset, .. }) = dragged {
        lines.push(format!("from {} to {}", number(committed), number(offset)));
    } else {
        lines.push(format!(
            "committed {}, log end {}",
            number(committed),
            number(end)
        ));
        lines.push(format!("lag {}", number(end - committed)));
    }
    lines
}

fn number(n: i64) -> Count {
    Count(n.max(0) as u64)
}

/// Who has not read an offset yet.
fn readers(topic: &TopicScene, strip: &Strip, offset: i64) -> String {
    if topic.groups.is_empty() {
        return "no group reads this topic".to_owned();
    }
    let mut groups = topic.groups.iter().zip(&strip.committed);
    match groups.find(|(_, at)| **at <= offset) {
        Some((group, _)) => format!("not read yet by {group}"),
        None => "read, still in the log".to_owned(),
    }
}

fn station(lane: u8, index: u8, view: &View<'_>) -> Option<Vec<String>> {
    let shop = if lane == 0 {
        &view.scene.sync
    } else {
        &view.scene.async_
    };
    let station = shop.stations.get(usize::from(index))?;
    let Station {
        work,
        usual,
        workers,
        up,
        busy,
        idle,
        ..
    } = *station;
    let shop = TITLES[usize::from(lane.min(1))].to_lowercase();
    let mut lines = vec![format!("{}, {shop}", station.name)];
    lines.push(match work == usual {
        true => format!("{work} a piece of work"),
        false => format!("{work} a piece of work, usually {usual}"),
    });
    lines.push(match up < workers {
        true => format!("{up} of {workers} workers up, {busy} busy"),
        false => format!("{busy} of {workers} workers busy"),
    });
    if idle > 0 {
        lines.push(format!("{idle} without a partition"));
    }
    if index > 0 && !view.marks.locked {
        lines.push("drag sideways: slower, faster".to_owned());
    }
    Some(lines)
}
