//! What the thing under the pointer is, in a few lines.

use super::layout::Layout;
use super::{Pen, View};
use crate::stage::hit::Hit;
use crate::stage::paint::tip::show;
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
        Hit::Cell { offset, .. } => record(offset, scene),
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

/// How the copies of a record stand.
fn record(offset: i64, scene: &ClusterScene) -> Vec<String> {
    let mut lines = vec![format!("offset {offset} of {}", scene.chosen_name())];
    lines.extend(scene.ruler().map(|(broker, replica)| {
        let stands = if offset >= replica.log_end {
            "nothing there yet"
        } else if replica.parts_at.is_some_and(|from| offset >= from) {
            "a record that is not in the leader’s log"
        } else if offset < replica.high_watermark {
            "committed, as far as it knows"
        } else {
            "there, above its high watermark"
        };
        format!("broker {}: {stands}", broker.number)
    }));
    lines.push("press to follow the record".to_owned());
    lines
}

/// What would die with a broker.
fn dies(broker: &BrokerScene, scene: &ClusterScene) -> Vec<String> {
    let mut lines = vec![format!("broker {}, {}", broker.number, broker.note)];
    let leads = broker.replicas.iter().filter(|r| r.role == Role::Leader);
    let leads: Vec<String> = leads
        .map(|replica| format!("{}-{}", scene.topic, replica.partition))
        .collect();
    lines.push(if leads.is_empty() {
        format!("leads nothing of {}", scene.topic)
    } else {
        format!("leads {}", leads.join(", "))
    });
    if !broker.fate.is_empty() {
        lines.push(format!("If it died now, {}:", scene.chosen_name()));
        lines.extend(wrapped(&broker.fate));
    }
    lines
}

/// Words in lines of about this many letters.
fn wrapped(words: &str) -> Vec<String> {
    const WIDE: usize = 52;
    let mut lines: Vec<String> = Vec::new();
    for word in words.split(' ') {
        match lines.last_mut() {
            Some(line) if line.len() + word.len() < WIDE => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}
