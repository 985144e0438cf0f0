//! What would be lost if a broker died now, and who would lead.

use super::scene::number;
use crate::cluster::{PartitionState, Replica};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::Acks;
use crate::sim::{Status, World};
use crate::view::panel::Table;

/// For every broker with a replica of this partition: what would come of it if its process died now.
#[must_use]
pub fn if_it_died(world: &World, at: TopicPartition) -> Table {
    let state = world.cluster().partition(at);
    let rows = state.into_iter().flat_map(|state| {
        let mut replicas = state.replicas.clone();
        replicas.sort_by_cached_key(|node| u64::from(node.0));
        let row = |node| {
            let name = format!("broker {}", number(world, node));
            vec![name, consequence(world, at, state, node)]
        };
        replicas.into_iter().map(row).collect::<Vec<_>>()
    });
    Table {
        caption: "If its process died now".into(),
        heads: ["broker", "what would come of it"].map(String::from).into(),
        rows: rows.collect(),
    }
}

fn consequence(world: &World, at: TopicPartition, state: &PartitionState, node: NodeId) -> String {
    if !alive(world, node) {
        return "It is down already.".into();
    }
    let min_isr = world.cluster().min_isr(at);
    let stay = state
        .isr
        .iter()
        .filter(|&&n| n != node && alive(world, n))
        .count();
    let refused = if stay < min_isr && world.settings().acks == Acks::All {
        format!(
            " Then {stay} would be in sync, fewer than min.insync.replicas={min_isr}: sends would be refused."
        )
    } else {
        String::new()
    };
    if state.leader != Some(node) {
        return if state.isr.contains(&node) {
            format!("Nothing would be lost. Fenced, it would leave the in-sync set.{refused}")
        } else {
            "Nothing would be lost: it is not in sync and leads nothing.".into()
        };
    }
    let Some(heir) = heir(world, state, node) else {
        return "Nobody could lead before it is back. What is on its disk is not lost.".into();
    };
    let end_of = |node| replica(world, at, node).map_or(0, |r| r.log().log_end_offset());
    let only = (end_of(node) - end_of(heir)).max(0);
    let records = if only == 1 {
        "1 record"
    } else {
        &format!("{only} records")
    };
    let fate = match (only, world.settings().acks) {
        (0, _) => "Nothing would be lost.".to_owned(),
        (_, Acks::All) => format!(
            "{records} that broker {} lacks would be cut off. None is acknowledged: the producer sends them again.",
            number(world, heir)
        ),
        (_, Acks::One) => format!(
            "{records} that broker {} lacks would be lost, although acks=1 acknowledges them.",
            number(world, heir)
        ),
        (_, Acks::Zero) => {
            format!("{records} would be lost, and with acks=0 nobody would be told.")
        }
    };
    format!("Broker {} would lead. {fate}{refused}", number(world, heir))
}

/// Who would lead after this one: the first of the assignment that is in sync, or failing that
/// eligible, and alive.
fn heir(world: &World, state: &PartitionState, gone: NodeId) -> Option<NodeId> {
    let first = |set: &[NodeId]| {
        let mut replicas = state.replicas.iter().copied();
        replicas.find(|&node| node != gone && set.contains(&node) && alive(world, node))
    };
    first(&state.isr).or_else(|| first(&state.elr))
}

fn alive(world: &World, node: NodeId) -> bool {
    world.status(node) != Status::Down && world.cluster().is_active(node)
}

/// A broker's replica of a partition.
pub(super) fn replica(world: &World, at: TopicPartition, node: NodeId) -> Option<&Replica> {
    world.broker(node)?.replica(at)
}
