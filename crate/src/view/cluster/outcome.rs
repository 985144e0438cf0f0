//! What a run answered to questions about its cluster. Looks only at what befell it by the time of
//! grading, so that the answer is the same however much later it is asked for.

use super::scene::number;
use crate::cluster::PartitionState;
use crate::id::{NodeId, TopicPartition};
use crate::sim::{Happening, Leadership, Moment};
use crate::time::{Span, Time};
use std::collections::BTreeSet;

/// The partition of this name.
fn named(moment: &Moment, topic: &str, partition: u32) -> Option<TopicPartition> {
    let topic = moment.world.topic_id(topic)?;
    Some(TopicPartition::new(topic, partition))
}

/// The option for how long a partition had no leader, or none that ran, between two times.
pub fn leaderless_for(
    moment: &Moment,
    (topic, partition): (&str, u32),
    (from, until): (Time, Time),
    bounds: &[Span],
) -> (usize, String) {
    let Some(wanted) = named(moment, topic, partition) else {
        return (bounds.len(), format!("There is no {topic}-{partition}."));
    };
    let world = &moment.world;
    let state = world.cluster().partition(wanted);
    // Nothing was told of how it began: the first of the assignment led.
    let mut leader = state.and_then(PartitionState::preferred);
    let mut down: BTreeSet<NodeId> = BTreeSet::new();
    let (mut without, mut since) = (Span::ZERO, None);
    for (stamp, happening) in moment.chronicle.entries() {
        if stamp.at > until {
            break;
        }
        match *happening {
            Happening::Stopped(node, _) => {
                down.insert(node);
            }
            Happening::Started(node) => {
                down.remove(&node);
            }
            Happening::Changed { at, is, .. } if at == wanted => leader = is.leader,
            _ => continue,
        }
        let served = leader.is_some_and(|leader| !down.contains(&leader));
        match (served, since) {
            (false, None) => since = Some(stamp.at),
            (true, Some(began)) => {
                without = without + stamp.at.since(began.max(from));
                since = None;
            }
            _ => {}
        }
    }
    if let Some(began) = since {
        without = without + until.since(began.max(from));
    }
    let option = bounds.iter().position(|bound| without <= *bound);
    let leads = leader.filter(|leader| !down.contains(leader));
    let now = leads.map_or_else(
        || "Nobody leads it.".to_owned(),
        |leader| format!("Then broker {} led it.", number(world, leader)),
    );
    (
        option.unwrap_or(bounds.len()),
        format!("{topic}-{partition} had no leader that ran for {without}. {now}"),
    )
}

/// Whether a partition had as many in-sync replicas as it needs: yes, no.
pub fn still_taken(
    moment: &Moment,
    (topic, partition): (&str, u32),
    until: Time,
) -> (usize, String) {
    let Some(wanted) = named(moment, topic, partition) else {
        return (1, format!("There is no {topic}-{partition}."));
    };
    let image = moment.world.cluster();
    let then = moment
        .chronicle
        .entries()
        .rev()
        .find_map(|(stamp, what)| match what {
            Happening::Changed { at, is, .. } if *at == wanted && stamp.at <= until => Some(*is),
            _ => None,
        });
    let all = image
        .partition(wanted)
        .map_or(0, |state| state.replicas.len());
    let in_sync = then.map_or(all, |is: Leadership| is.isr.len());
    let least = image.min_isr(wanted);
    let text = format!("{in_sync} of {all} replicas were in sync; min.insync.replicas is {least}.");
    (usize::from(in_sync < least), text)
}
