//! What the thing under the pointer is, in a few lines.

use super::layout::Layout;
use super::{Pen, View};
use crate::stage::hit::Hit;
use crate::stage::paint::tip::show;
use millrace::sim::Status;
use millrace::view::cluster::{BrokerScene, ClusterScene, Role};

pub(super) fn paint(pen: &mut Pen, layout: &Layout, view: &View<'_>) {
    let Some(pointer) = view.pointer else { return };
    let Some((place, hit)) = pen.hits.at(pointer, 0.0) else {
        return;
    };
    let bounds = (layout.width, layout.height);
    show(
        &mut pen.list,
        place,
        pointer,
        bounds,
        &describe(hit, view.scene),
    );
}

/// The same words for an eye and a test. None for what is no longer there.
pub fn describe(hit: Hit, scene: &ClusterScene) -> Vec<String> {
    match hit {
        Hit::Broker { broker } => {
            let broker = scene.brokers.get(usize::from(broker));
            broker.map_or_else(Vec::new, |broker| dies(broker, scene))
        }
        Hit::Replica { partition } => {
            vec![
                format!("{}-{partition}", scene.topic),
                "press to see its replicas on the ruler".to_owned(),
            ]
        }
        Hit::Client { client } => {
            scene
                .clients
                .get(usize::from(client))
                .map_or_else(Vec::new, |client| {
                    let mut lines = vec![client.name.clone(), client.detail.clone()];
                    if let Some(since) = client.waits_since {
                        let waited = scene.now.since(since);
                        lines.push(format!("has waited for an acknowledgement for {waited}"));
                    }
                    lines
                })
        }
        _ => Vec::new(),
    }
}

/// What would die with a broker.
fn dies(broker: &BrokerScene, scene: &ClusterScene) -> Vec<String> {
    let mut lines = vec![format!("broker {}, {}", broker.number, broker.note)];
    if broker.status == Status::Down {
        lines.push("what it has on disk is there when it comes back".to_owned());
        return lines;
    }
    let leads: Vec<String> = broker
        .replicas
        .iter()
        .filter(|replica| replica.role == Role::Leader)
        .map(|replica| format!("{}-{}", scene.topic, replica.partition))
        .collect();
    if leads.is_empty() {
        lines.push(format!("leads nothing of {}", scene.topic));
    } else {
        lines.push(format!("leads {}", leads.join(", ")));
    }
    let only: i64 = broker
        .replicas
        .iter()
        .filter(|replica| replica.role == Role::Leader)
        .map(|replica| {
            let others = scene
                .brokers
                .iter()
                .filter(|b| b.number != broker.number && b.serves());
            let others = others.flat_map(|b| &b.replicas);
            let same =
                others.filter(|r| r.partition == replica.partition && r.role == Role::InSync);
            let most = same.map(|r| r.log_end).max();
            replica.log_end - most.unwrap_or(replica.high_watermark)
        })
        .sum();
    lines.push(match only {
        0 => "every record it leads is on another in-sync replica".to_owned(),
        1 => "1 record is on no other in-sync replica: not committed yet".to_owned(),
        n => format!("{n} records are on no other in-sync replica: not committed yet"),
    });
    lines
}
