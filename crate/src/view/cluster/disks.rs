//! Disks that are slow or full, in words.

use super::scene::number;
use crate::sim::{Status, World};
use crate::time::Span;

/// The disks that ail: the broker's name, and what ails its disk.
pub fn ailing(world: &World) -> impl Iterator<Item = (&str, String)> {
    let brokers = world.brokers();
    brokers.filter_map(|broker| {
        let by = broker.disk_slow_by();
        let what = match (broker.disk_is_full(), by) {
            (true, _) => "full".to_owned(),
            (false, Span::ZERO) => return None,
            _ => format!("each write takes {by} longer"),
        };
        Some((world.name(broker.node()), what))
    })
}

/// What slow and full disks come to, if there are any.
#[must_use]
pub fn words(world: &World) -> Option<String> {
    let told = world.brokers().filter_map(|broker| {
        let (node, by) = (broker.node(), broker.disk_slow_by());
        let n = number(world, node);
        let down = world.status(node) == Status::Down;
        match (broker.disk_is_full(), down) {
            (true, true) => Some(format!(
                "The disk of broker {n} is full: started again, it halts at its first write."
            )),
            (true, false) => Some(format!(
                "The disk of broker {n} is full: its next write fails, and with its only log \
                 directory gone the process halts."
            )),
            (false, _) if by > Span::ZERO => Some(format!(
                "Broker {n} takes {by} longer for each write: as a leader it answers later, and as a \
                 follower it keeps acks=all waiting as long as it is in sync."
            )),
            _ => None,
        }
    });
    let told: Vec<String> = told.collect();
    (!told.is_empty()).then(|| told.join(" "))
}
