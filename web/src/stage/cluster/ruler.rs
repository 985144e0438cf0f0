//! One partition's replicas on one ruler of offsets: epochs as bands, a high watermark each.

use super::boxes::behind;
use super::layout::{EPOCHS, Layout};
use super::{Pen, RULER, cell, role, unlike};
use crate::stage::hit::Hit;
use crate::stage::ink::Ink;
use crate::stage::shapes::{Rect, filled, solid};
use crate::stage::text::{Count, Face};
use millrace::view::cluster::{BrokerScene, ClusterScene, ReplicaScene, Role};

/// Room in which a cell is drawn, and how much of it the cell takes.
const CELL: f32 = 37.0;
const GAP: f32 = 3.0;

/// Offsets to places.
#[derive(Clone, Copy)]
struct Scale {
    area: Rect,
    first: f64,
    pitch: f32,
}

impl Scale {
    fn x(&self, offset: f64) -> f32 {
        self.area.x + (offset - self.first) as f32 * self.pitch
    }

    /// The part of the ruler from one offset to another that can be seen.
    fn span(&self, from: f64, to: f64) -> Option<(f32, f32)> {
        let from = self.x(from).max(self.area.x);
        let to = self.x(to).min(self.area.right());
        (to > from).then_some((from, to))
    }
}

pub(super) fn paint(pen: &mut Pen, layout: &Layout, scene: &ClusterScene) {
    let at = layout.ruler_title;
    let name = Face::Title.left(Ink::Main);
    let wide = pen
        .list
        .text(at, name, format_args!("{}", scene.chosen_name()));
    let told = if layout.wide {
        "filled: committed, as far as that broker knows · outlined: above its high watermark · hatched: not in the leader’s log"
    } else {
        "filled: committed · hatched: the leader lacks it"
    };
    let set = Face::Small.left(Ink::Muted);
    let x = at.0 + wide + 14.0;
    pen.list.text_in(
        layout.width - x - 8.0,
        (x, at.1),
        set,
        format_args!("{told}"),
    );
    let pitch = if layout.wide { CELL } else { 22.0 };
    let area = layout.ruler;
    let fits = (area.w / pitch).floor().max(2.0);
    let (end, last) = ends(scene.ruler().map(|(_, r)| r), fits);
    let goal = (last as f64 - f64::from(fits) + 1.0).max(0.0);
    let [first] = pen.first.show(RULER, [goal], 0.01);
    let scale = Scale { area, first, pitch };
    bands(pen, scene, scale);
    for (n, (broker, replica)) in scene.ruler().enumerate() {
        let y = area.y + EPOCHS + n as f32 * layout.ruler_row;
        let x = layout.ruler_title.0;
        let all = Rect::new(x, y, area.right() - x, layout.ruler_row);
        let place = (broker.number - 1) as u8;
        pen.hits.note(all, Hit::Broker { broker: place });
        row(pen, layout, scale, (broker, replica), end, y);
    }
    followed(pen, scene, scale);
    axis(pen, scale);
}

/// Where a partition's log ends: its leader's, or the longest if nobody leads; and the last offset to
/// have in sight, where so many are. What others have beyond the leader's end is shown, but not for so
/// much that the leader's end is out of sight.
pub(super) fn ends<'a>(replicas: impl Iterator<Item = &'a ReplicaScene>, fits: f32) -> (i64, i64) {
    let (mut longest, mut leader) = (0, None);
    for replica in replicas {
        longest = replica.log_end.max(longest);
        leader = leader.or((replica.role == Role::Leader).then_some(replica.log_end));
    }
    let end = leader.unwrap_or(longest);
    (end, longest.min(end + (fits / 2.0) as i64))
}

/// The record that is followed: a frame round all its copies.
fn followed(pen: &mut Pen, scene: &ClusterScene, scale: Scale) {
    let Some(offset) = scene.record else { return };
    let (left, area) = (scale.x(offset as f64), scale.area);
    if left >= area.x - 1.0 && left + scale.pitch <= area.right() + 1.0 {
        let (top, low) = (area.y + EPOCHS - 3.0, area.bottom());
        let frame = Rect::new(left, top, scale.pitch, low - top);
        pen.list.rect(frame, 3.0, solid(Ink::Accent, 2.0));
    }
}

/// Every epoch of the partition as a band.
fn bands(pen: &mut Pen, scene: &ClusterScene, scale: Scale) {
    let area = scale.area;
    let last = scene.epochs.len().saturating_sub(1);
    for (n, &(epoch, start)) in scene.epochs.iter().enumerate() {
        let next = scene.epochs.get(n + 1);
        let end = next.map_or(f64::INFINITY, |&(_, start)| start as f64);
        let Some((from, to)) = scale.span(start as f64, end) else {
            continue;
        };
        let ink = if n == last {
            Ink::AccentSoft
        } else if (last - n) % 2 == 1 {
            Ink::WarnSoft
        } else {
            Ink::Mass
        };
        let band = Rect::new(from, area.y, to - from, area.h);
        pen.list.rect(band, 0.0, filled(ink));
        let words = format!("epoch {epoch}");
        if Face::Tiny.width(&words) + 8.0 <= band.w {
            let set = Face::Tiny.left(Ink::Muted);
            pen.list
                .text((from + 5.0, area.y + 13.0), set, format_args!("{words}"));
        }
    }
}

fn row(
    pen: &mut Pen,
    layout: &Layout,
    scale: Scale,
    (broker, replica): (&BrokerScene, &ReplicaScene),
    end: i64,
    y: f32,
) {
    let x = layout.ruler_title.0;
    let name = Face::SmallName.left(Ink::Main);
    let (word, ink) = role(broker, replica);
    let (title, word) = match (layout.wide, word) {
        (true, word) => ("Broker", word),
        (false, "leader on paper") => ("Br.", "leader ✕"),
        (false, "in sync on paper") => ("Br.", "in sync ✕"),
        (false, "out of sync") => ("Br.", "not in sync"),
        (false, word) => ("Br.", word),
    };
    pen.list.text(
        (x, y + 12.0),
        name,
        format_args!("{title} {}", broker.number),
    );
    if replica.unlike {
        unlike(pen, (x - 6.0, y + 12.0));
    }
    let set = if layout.wide { Face::Small } else { Face::Tiny }.left(ink);
    pen.list.text((x, y + 25.0), set, format_args!("{word}"));
    let high = (layout.ruler_row - 16.0).clamp(18.0, 26.0);
    let faded = !broker.serves();
    let from = (scale.first.floor() as i64).max(replica.log_start);
    for offset in from..replica.log_end {
        let left = scale.x(offset as f64);
        if left < scale.area.x - 1.0 || left + scale.pitch > scale.area.right() + 1.0 {
            continue;
        }
        let at = Rect::new(left + GAP / 2.0, y + 2.0, scale.pitch - GAP, high);
        cell(pen, at, offset, replica, faded);
        let record = Hit::Cell {
            topic: 0,
            partition: replica.partition as u16,
            offset,
            order: None,
        };
        pen.hits.note(at, record);
    }
    if let Some(words) = behind(end - replica.log_end, replica.log_end as f64 <= scale.first) {
        let set = Face::Small.left(Ink::Muted);
        let at = (scale.area.x + 8.0, y + high / 2.0 + 5.0);
        pen.list.text(at, set, format_args!("{words}"));
    }
    if scale.x(replica.log_end as f64) > scale.area.right() + scale.pitch {
        let at = (scale.area.right() + 3.0, y + high / 2.0 + 5.0);
        let set = Face::Small.left(Ink::Muted);
        pen.list.text(at, set, format_args!("›"));
    }
    mark(pen, scale, broker, replica, (y, high));
    if replica.parts_at.is_some() {
        let at = (scale.x(replica.log_end as f64) + 8.0, y + high / 2.0 + 5.0);
        let words = "not in the leader's log: will be truncated";
        let room = scale.area.right() - at.0;
        if at.0 >= scale.area.x && room > 60.0 {
            let set = Face::Small.left(Ink::Bad);
            pen.list.text_in(room, at, set, format_args!("{words}"));
        }
    }
}

/// The high watermark, as this replica knows it.
fn mark(
    pen: &mut Pen,
    scale: Scale,
    broker: &BrokerScene,
    replica: &ReplicaScene,
    (y, high): (f32, f32),
) {
    let key = broker.number;
    let [offset] = pen.marks.show(key, [replica.high_watermark as f64], 0.01);
    let x = scale.x(offset);
    let set = Face::Tiny.left(Ink::Main);
    let (base, hw) = (y + high + 12.0, Count(replica.high_watermark.max(0) as u64));
    if x < scale.area.x - 1.0 {
        let at = (scale.area.x + 4.0, base);
        pen.list.text(at, set, format_args!("‹ HW {hw}"));
        return;
    }
    let x = x.min(scale.area.right());
    pen.list
        .line((x, y - 1.0), (x, y + high + 5.0), solid(Ink::Main, 2.0));
    let words = format!("HW {hw}");
    let wide = Face::Tiny.width(&words);
    if x + 4.0 + wide <= scale.area.right() {
        pen.list.text((x + 4.0, base), set, format_args!("{words}"));
    } else {
        let set = Face::Tiny.right(Ink::Main);
        pen.list.text((x - 4.0, base), set, format_args!("{words}"));
    }
}

/// Offsets below the ruler.
fn axis(pen: &mut Pen, scale: Scale) {
    let area = scale.area;
    let step = if scale.pitch > 30.0 { 2 } else { 4 };
    let last = scale.first + f64::from(area.w / scale.pitch);
    let first = scale.first.ceil() as i64;
    for offset in (first..=last as i64).filter(|offset| offset % step == 0) {
        let x = scale.x(offset as f64);
        let set = Face::Tiny.center(Ink::Faint);
        let count = Count(offset.max(0) as u64);
        pen.list
            .text((x, area.bottom() + 15.0), set, format_args!("{count}"));
    }
}
