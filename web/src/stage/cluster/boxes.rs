//! Brokers with their replicas, and the clients.

use super::layout::{Layout, MOST_ROWS};
use super::ruler::ends;
use super::{Pen, cell, role, unlike};
use crate::stage::hit::Hit;
use crate::stage::ink::Ink;
use crate::stage::shapes::{Rect, dashed, filled, solid};
use crate::stage::text::{Count, Face};
use millrace::view::cluster::{BrokerScene, ClientScene, ClusterScene, ReplicaScene, Role};

/// Pixels from cell to cell.
const PITCH: f32 = 13.0;

pub(super) fn paint(pen: &mut Pen, layout: &Layout, scene: &ClusterScene) {
    for (n, (broker, at)) in scene.brokers.iter().zip(&layout.brokers).enumerate() {
        head(pen, layout, broker, *at);
        pen.hits.note(*at, Hit::Broker { broker: n as u8 });
        for replica in &broker.replicas {
            if let Some(row) = layout.row_of(n, replica.partition) {
                strip(pen, layout, scene, broker, replica, row);
            }
        }
    }
    for (n, (client, at)) in scene.clients.iter().zip(&layout.clients).enumerate() {
        self::client(pen, layout, scene, client, *at);
        pen.hits.note(*at, Hit::Client { client: n as u8 });
    }
}

fn head(pen: &mut Pen, layout: &Layout, broker: &BrokerScene, at: Rect) {
    let style = if broker.serves() {
        solid(Ink::StrongRule, 1.4).on(Ink::Card)
    } else {
        dashed(Ink::Bad, 1.4).on(Ink::BadSoft)
    };
    pen.list.rect(at, 9.0, style);
    let base = at.y + if layout.wide { 23.0 } else { 19.0 };
    let name = Face::Name.left(Ink::Main);
    pen.list.text(
        (at.x + 14.0, base),
        name,
        format_args!("Broker {}", broker.number),
    );
    if broker.unlike {
        unlike(pen, (at.x + 8.0, base));
    }
    let ink = if broker.serves() {
        Ink::Muted
    } else {
        Ink::Bad
    };
    pen.list.text(
        (at.right() - 12.0, base),
        Face::Small.right(ink),
        format_args!("{}", broker.note),
    );
}

/// One replica: its partition, what it is, its epoch, its youngest records.
fn strip(
    pen: &mut Pen,
    layout: &Layout,
    scene: &ClusterScene,
    broker: &BrokerScene,
    replica: &ReplicaScene,
    row: Rect,
) {
    if replica.partition == scene.chosen {
        pen.list.rect(row, 5.0, filled(Ink::AccentSoft));
    }
    let hit = Hit::Replica {
        partition: replica.partition as u16,
    };
    pen.hits.note(row, hit);
    let (x, base) = (row.x + 8.0, row.y + 13.0);
    let name = Face::SmallName.left(Ink::Main);
    let name = pen.list.text(
        (x, base),
        name,
        format_args!("{}-{}", scene.topic, replica.partition),
    );
    if replica.unlike {
        unlike(pen, (row.x + 2.0, base));
    }
    let (word, ink) = role(broker, replica);
    let tag = x + name + 8.0;
    if replica.role == Role::Leader && broker.serves() {
        let wide = Face::SmallName.width(word) + 12.0;
        let pill = Rect::new(tag - 2.0, base - 11.0, wide, 15.0);
        pen.list.rect(pill, 7.0, filled(Ink::Accent));
        let set = Face::SmallName.left(Ink::Card);
        pen.list
            .text((tag + 4.0, base), set, format_args!("{word}"));
    } else {
        let set = Face::Small.left(ink);
        pen.list.text((tag, base), set, format_args!("{word}"));
    }
    if layout.wide {
        let set = Face::Small.right(Ink::Muted);
        let at = (row.right() - 8.0, base);
        pen.list.text(
            at,
            set,
            format_args!("epoch {}", replica.leader_epoch.max(0)),
        );
    }
    // Where there is no room below its name, the strip lies beside it.
    let cells = if layout.wide {
        Rect::new(
            x,
            base + 6.0,
            row.w - 16.0,
            13.0_f32.min(row.bottom() - base - 7.0),
        )
    } else {
        let from = tag + Face::Small.width("in sync on paper") + 6.0;
        Rect::new(from, row.y + 4.0, row.right() - from - 4.0, 12.0)
    };
    let fits = (cells.w / PITCH).floor().max(1.0);
    let all = scene.brokers.iter().flat_map(|b| &b.replicas);
    let (end, last) = ends(all.filter(|r| r.partition == replica.partition), fits);
    let goal = (last as f64 - f64::from(fits) + 2.0).max(0.0);
    let [first] = pen.first.show(replica.partition, [goal], 0.01);
    let faded = !broker.serves();
    let shown = (first.floor() as i64).max(replica.log_start)..replica.log_end;
    for offset in shown {
        let left = cells.x + (offset as f64 - first) as f32 * PITCH;
        if left < cells.x - 1.0 || left + PITCH - 2.0 > cells.right() + 1.0 {
            continue;
        }
        let at = Rect::new(left, cells.y, PITCH - 2.0, cells.h);
        cell(pen, at, offset, replica, faded);
    }
    if let Some(words) = behind(end - replica.log_end, replica.log_end as f64 <= first) {
        let set = Face::Tiny.left(Ink::Muted);
        let at = (cells.x, cells.y + 10.0);
        pen.list.text_in(cells.w, at, set, format_args!("{words}"));
    }
    let next = cells.x + (replica.log_end as f64 - first) as f32 * PITCH;
    if !faded && next + PITCH - 2.0 <= cells.right() + 1.0 && next >= cells.x {
        let at = Rect::new(next, cells.y, PITCH - 2.0, cells.h);
        pen.list.rect(at, 2.0, dashed(Ink::StrongRule, 1.0));
    }
    debug_assert!((replica.partition as usize) < MOST_ROWS, "it has a row");
}

/// How far a replica lies behind, where its records are too old to be seen.
pub(super) fn behind(by: i64, unseen: bool) -> Option<String> {
    let by = Count(u64::try_from(by).ok().filter(|&by| unseen && by > 0)?);
    Some(format!("‹ {by} records behind"))
}

fn client(pen: &mut Pen, layout: &Layout, scene: &ClusterScene, client: &ClientScene, at: Rect) {
    let style = if client.up {
        solid(Ink::StrongRule, 1.4).on(Ink::Card)
    } else {
        dashed(Ink::Bad, 1.4).on(Ink::BadSoft)
    };
    pen.list.rect(at, 8.0, style);
    let x = at.center().0;
    let mid = at.center().1;
    let name = Face::SmallName.center(Ink::Main);
    pen.list
        .text((x, mid - 3.0), name, format_args!("{}", client.name));
    let detail = Face::Small.center(Ink::Muted);
    let words = match client.waits_since {
        _ if !client.up => "down",
        Some(since) if scene.now.since(since).0 > 100_000 => "waits for its ack",
        _ => &client.detail,
    };
    // Centred words cannot be cut at one end, so what does not fit is left out.
    if Face::Small.width(words) <= at.w - 4.0 {
        pen.list
            .text((x, mid + 13.0), detail, format_args!("{words}"));
    }
    if let Some((since, until)) = client.waits_since.zip(client.waits_until) {
        let whole = until.since(since).0.max(1) as f32;
        let left = until.since(scene.now).0 as f32 / whole;
        let center = (at.x, at.y);
        let r = if layout.wide { 9.0 } else { 7.0 };
        pen.list
            .dot(center, r, solid(Ink::Rule, 3.0).on(Ink::Paper));
        pen.list.ring(center, r, left, solid(Ink::Accent, 3.0));
    }
}
