//! Somebody in the network's place: what waits to be chosen, in words.

use super::scene::number;
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Body, Request, Response};
use crate::sim::{Moment, Promise, World};
use crate::time::Time;
use crate::view::numbers;
use crate::view::panel::PromiseRow;

/// What whoever is the network has before them.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Choices {
    /// Whether messages wait to be chosen at all.
    pub held: bool,
    /// Connections with something on its way, always in the same order: whoever delivers one after the
    /// other finds the rest where it was.
    pub wires: Vec<Wire>,
    /// How the partition looked at stands: who leads it, what is committed, what is not.
    pub stands: String,
    /// How the promises stand that one may try to break.
    pub promises: Vec<PromiseRow>,
}

/// One direction of a connection.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wire {
    /// Who sends, by the name that commands know.
    pub from: String,
    /// Who receives.
    pub to: String,
    /// "producer-1 → broker 3".
    pub route: String,
    /// What its first message says: the only one that can be next.
    pub next: String,
    /// When that was sent.
    pub sent_at: Time,
    /// How many more wait behind it.
    pub behind: usize,
}

/// What there is to choose from.
#[must_use]
pub fn choices(moment: &Moment, at: TopicPartition) -> Choices {
    let world = &moment.world;
    let mut wires: Vec<((NodeId, NodeId), Wire)> = Vec::new();
    for message in world.waiting() {
        let ends = (message.from, message.to);
        if let Some((_, wire)) = wires.iter_mut().find(|(known, _)| *known == ends) {
            wire.behind += 1;
            continue;
        }
        let wire = Wire {
            from: world.name(message.from).to_owned(),
            to: world.name(message.to).to_owned(),
            route: format!(
                "{} → {}",
                called(world, message.from),
                called(world, message.to)
            ),
            next: says(world, &message.body),
            sent_at: message.sent_at,
            behind: 0,
        };
        wires.push((ends, wire));
    }
    wires.sort_by_cached_key(|((from, to), _)| u64::from(from.0) << 32 | u64::from(to.0));
    let tried = [Promise::CommittedKept, Promise::AcknowledgedReadable].map(Promise::text);
    let mut promises = numbers::promises(moment);
    promises.retain(|row| tried.contains(&&row.name[..]));
    Choices {
        held: world.is_by_hand(),
        wires: wires.into_iter().map(|(_, wire)| wire).collect(),
        stands: stands(world, at),
        promises,
    }
}

fn called(world: &World, node: NodeId) -> String {
    match number(world, node) {
        0 => world.name(node).to_owned(),
        number => format!("broker {number}"),
    }
}

fn partition(world: &World, at: TopicPartition) -> String {
    format!("{}-{}", world.topic_name(at.topic), at.partition)
}

/// What a message says, in simple words.
fn says(world: &World, body: &Body) -> String {
    let list = |words: Vec<String>, none: &str| match words.is_empty() {
        true => none.to_owned(),
        false => words.join(", "),
    };
    match body {
        Body::Request { request, .. } => match &**request {
            Request::Produce { batches, .. } => {
                let words = batches.iter().map(|(at, batch)| {
                    format!("{} for {}", records(batch.count()), partition(world, *at))
                });
                list(words.collect(), "no records")
            }
            Request::Fetch { partitions, .. } => {
                let shown = partitions
                    .iter()
                    .filter(|part| !part.at.topic.is_internal());
                let words =
                    shown.map(|part| format!("{} from {}", partition(world, part.at), part.offset));
                format!("asks for {}", list(words.collect(), "offsets of groups"))
            }
            Request::Metadata { .. } => "asks who leads".to_owned(),
            _ => "a request of another kind".to_owned(),
        },
        Body::Response { response, .. } => match &**response {
            Response::Produce { results } => {
                let words = results.iter().map(|(at, result)| match result {
                    Ok(offset) => format!("{}: appended at {offset}", partition(world, *at)),
                    Err(error) => format!("{}: {}", partition(world, *at), error.name()),
                });
                list(words.collect(), "an empty answer")
            }
            Response::Fetch { partitions } => {
                let shown = partitions
                    .iter()
                    .filter(|part| !part.at.topic.is_internal());
                let words = shown.map(|part| {
                    let name = partition(world, part.at);
                    match part.error {
                        Some(error) => format!("{name}: {}", error.name()),
                        None => {
                            let count = part.batches.iter().map(crate::log::Batch::count).sum();
                            format!(
                                "{} of {name}, high watermark {}",
                                records(count),
                                part.high_watermark
                            )
                        }
                    }
                });
                list(words.collect(), "nothing new")
            }
            Response::Metadata { .. } => "says who leads".to_owned(),
            _ => "an answer of another kind".to_owned(),
        },
        Body::Shop(_) => "a call of the shop".to_owned(),
        Body::Layers(_) => "counts".to_owned(),
    }
}

fn records(n: u32) -> String {
    match n {
        0 => "no records".to_owned(),
        1 => "1 record".to_owned(),
        n => format!("{n} records"),
    }
}

/// Who leads a partition, what is committed, and what only some have.
fn stands(world: &World, at: TopicPartition) -> String {
    let name = partition(world, at);
    let leader = world.cluster().partition(at).and_then(|state| state.leader);
    let Some(leader) = leader else {
        return format!("Nobody leads {name}.");
    };
    let named = called(world, leader);
    let replica = world.brokers().find(|broker| broker.node() == leader);
    let Some(replica) = replica.and_then(|broker| broker.replica(at)) else {
        return format!("{named} leads {name} on paper, and has no log of it yet.");
    };
    let (end, mark) = (replica.log().log_end_offset(), replica.high_watermark());
    let above = match end - mark {
        0 => "All it has is committed.".to_owned(),
        1 => format!(
            "Offset {mark} is not committed yet: not every in-sync replica has it, as far as it knows."
        ),
        n => format!(
            "The {n} from offset {mark} on are not committed yet: not every in-sync replica has them, as far as it knows."
        ),
    };
    format!(
        "By the controllers, {named} leads {name}. Its log ends at {end}, its high watermark is {mark}. {above}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TopicId;
    use crate::scenario;
    use crate::sim::{Command, Timeline};

    #[test]
    fn each_connection_is_told_by_its_first_message() {
        let mut timeline = Timeline::new(scenario::by_name("cluster").unwrap(), 41).unwrap();
        let at = TopicPartition::new(TopicId(0), 0);
        timeline.run_until(Time(3_000_000), u64::MAX);
        let idle = choices(timeline.moment(), at);
        assert!(!idle.held && idle.wires.is_empty(), "{idle:?}");
        assert_eq!(idle.promises.len(), 2, "{:?}", idle.promises);
        timeline.act(Command::HoldMessages { hold: true }).unwrap();
        timeline.run_until(Time(4_500_000), u64::MAX);
        let before = choices(timeline.moment(), at);
        assert!(before.held);
        // One line for a connection, however much is on its way on it.
        let mut routes: Vec<&str> = before.wires.iter().map(|w| &w.route[..]).collect();
        let many = routes.len();
        routes.sort_unstable();
        routes.dedup();
        assert_eq!(routes.len(), many);
        let of = |choices: &Choices, from: &str| -> Option<Wire> {
            choices
                .wires
                .iter()
                .find(|w| w.from == from && w.behind > 0)
                .cloned()
        };
        let wire = of(&before, "producer-1").expect("batches queue up");
        assert!(
            wire.next.contains("record") && wire.next.contains("for orders-"),
            "{wire:?}"
        );
        assert!(wire.route.starts_with("producer-1 → broker "), "{wire:?}");
        // A follower that is answered asks again, behind what it had sent before.
        for (from, to) in [("broker-3", "broker-1"), ("broker-1", "broker-3")] {
            let (from, to) = (from.to_owned(), to.to_owned());
            timeline.act(Command::Deliver { from, to }).unwrap();
        }
        let asks = choices(timeline.moment(), at).wires;
        let asks = asks
            .iter()
            .find(|w| w.next.starts_with("asks for orders-0 from "));
        assert_eq!(asks.map(|w| &w.route[..]), Some("broker 1 → broker 3"));
        let (from, to) = (wire.from.clone(), wire.to.clone());
        timeline.act(Command::Deliver { from, to }).unwrap();
        let after = choices(timeline.moment(), at);
        let left = after.wires.iter().find(|w| w.route == wire.route);
        assert_eq!(left.map_or(0, |w| w.behind + 1), wire.behind);
        assert!(
            after.stands.contains("leads orders-0. Its log ends at"),
            "{}",
            after.stands
        );
    }
}
