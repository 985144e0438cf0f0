//! What would be lost if a broker died now, and who would lead: said only where it is true, whatever
//! settings, faults and mistakes are in force.

use super::scene::number;
use crate::cluster::{Flaw, PartitionState, Replica};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::Acks;
use crate::sim::{Status, World};
use crate::view::panel::Table;

/// For every broker with a replica of this partition: what would come of it if its process died now.
#[must_use]
pub fn if_it_died(world: &World, at: TopicPartition) -> Table {
    let rows = world.broker_ids().iter().filter_map(|&node| {
        let name = format!("broker {}", number(world, node));
        Some(vec![name, fate(world, at, node)?])
    });
    let topic = world.topic_name(at.topic);
    Table {
        caption: format!("If a broker died now: {topic}-{}", at.partition),
        heads: ["broker", "what would come of it"].map(String::from).into(),
        rows: rows.collect(),
    }
}

/// What would come of a partition if the process of one broker died now, or what comes of it if that is
/// so already. `None` for a broker without a replica of it.
#[must_use]
pub fn fate(world: &World, at: TopicPartition, node: NodeId) -> Option<String> {
    let state = world.cluster().partition(at)?;
    if !state.replicas.contains(&node) {
        return None;
    }
    let leads = state.leader == Some(node);
    let down = world.status(node) == Status::Down;
    if world.active_controller().is_none() {
        let is = if down { "It is down. " } else { "" };
        return Some(format!(
            "{is}Nobody would be fenced or elected until a controller is active."
        ));
    }
    let in_sync = state.isr.contains(&node);
    if down && !leads {
        let complete = in_sync || state.elr.contains(&node);
        return Some(if state.leader.is_none() && complete {
            "It is down. Nobody leads: it may, as soon as it is back, with all that is committed."
                .into()
        } else if state.leader.is_none() {
            "It is down. Its log is kept.".into()
        } else if in_sync {
            "It is down, and still in sync on paper. Its log is kept.".into()
        } else {
            "It is down. Its log is kept; what the leader's log lacks is cut off when it returns."
                .into()
        });
    }
    if !leads {
        return Some(if in_sync {
            let refused = refused(world, at, state, node);
            format!("Nothing would be lost. Fenced, it would leave the in-sync set.{refused}")
        } else if world.cluster().is_active(node) {
            "Nothing would be lost: it is not in sync and leads nothing.".into()
        } else {
            "Nothing would be lost: fenced, it neither leads nor counts as in sync.".into()
        });
    }
    let Some(heir) = heir(world, state, node) else {
        let fenced = if down {
            "It is down, and will be fenced."
        } else {
            "It would be fenced."
        };
        return Some(format!(
            "{fenced} Then nobody can lead before it is back. Its log is kept."
        ));
    };
    let would = if down {
        "It is down, and will be fenced. Then"
    } else {
        "Fenced, it would be replaced:"
    };
    let (lost, refused) = (
        only_here(world, at, node, heir),
        refused(world, at, state, node),
    );
    let heir = number(world, heir);
    Some(format!("{would} broker {heir} leads. {lost}{refused}"))
}

/// What a leader has that its heir lacks, and what that means.
fn only_here(world: &World, at: TopicPartition, leader: NodeId, heir: NodeId) -> String {
    let end_of = |node| replica(world, at, node).map_or(0, |r| r.log().log_end_offset());
    let records = match (end_of(leader) - end_of(heir)).max(0) {
        0 => return "Nothing is lost.".into(),
        1 => "1 record that it lacks is".to_owned(),
        n => format!("{n} records that it lacks are"),
    };
    let told = match (world.flaw(), world.settings().acks) {
        (Some(Flaw::AckBeforeReplication | Flaw::HighWatermarkAheadOfIsr), Acks::All) => {
            "lost, although they were acknowledged: the mistake"
        }
        (_, Acks::All) => {
            "cut off. What was sent with acks=all is not acknowledged yet: the producer sends it again"
        }
        (_, Acks::One) => "lost, although acks=1 acknowledges them",
        (_, Acks::Zero) => "lost, and with acks=0 nobody is told",
    };
    format!("{records} {told}.")
}

/// That too few would be in sync without `gone`, if so.
fn refused(world: &World, at: TopicPartition, state: &PartitionState, gone: NodeId) -> String {
    let min_isr = world.cluster().min_isr(at);
    let stays = |node: &&NodeId| **node != gone && alive(world, **node);
    let stay = state.isr.iter().filter(stays).count();
    if stay >= min_isr || world.settings().acks != Acks::All {
        return String::new();
    }
    format!(
        " Then {stay} would be in sync, fewer than min.insync.replicas={min_isr}: sends would be refused."
    )
}

/// Who would lead after this one: the first of the assignment that is in sync, or failing that
/// eligible, and alive. With the mistake that elects outside of these sets, the first that is alive.
fn heir(world: &World, state: &PartitionState, gone: NodeId) -> Option<NodeId> {
    let first = |set: &[NodeId]| {
        let mut replicas = state.replicas.iter().copied();
        replicas.find(|&node| node != gone && set.contains(&node) && alive(world, node))
    };
    if world.flaw() == Some(Flaw::ElectOutsideIsr) {
        return first(&state.replicas);
    }
    first(&state.isr).or_else(|| first(&state.elr))
}

fn alive(world: &World, node: NodeId) -> bool {
    world.status(node) != Status::Down && !world.is_frozen(node) && world.cluster().is_active(node)
}

/// A broker's replica of a partition.
pub(super) fn replica(world: &World, at: TopicPartition, node: NodeId) -> Option<&Replica> {
    world.broker(node)?.replica(at)
}
