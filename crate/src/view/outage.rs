//! What the Orders page says and offers when brokers are down.

use super::panel::{Explain, Text, WhatIf};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Acks, Lane, Stop};
use crate::shop::Sending;
use crate::sim::{Command, Node, Shops, Status, Timeline, World};

/// What is to be said while customers may wait for a broker: all are down, nobody leads a partition,
/// or too few copies are in sync.
pub(super) fn urgent(timeline: &Timeline, shops: &Shops) -> Option<Explain> {
    let world = &timeline.moment().world;
    let down = down(world);
    if down.is_empty() {
        return None;
    }
    if down.len() == world.broker_ids().len() {
        return Some(all_down(timeline, shops));
    }
    let parts = Parts::of(world);
    if parts.leaderless > 0 {
        return Some(leaderless(timeline, shops, &down, &parts));
    }
    let refuses = world.settings().acks == Acks::All && parts.too_few > 0;
    refuses.then(|| too_few(timeline, shops, &down, &parts))
}

/// What is to be said when brokers are down and others do their work.
pub(super) fn replaced(timeline: &Timeline) -> Option<Explain> {
    let world = &timeline.moment().world;
    let down = down(world);
    if down.is_empty() {
        return None;
    }
    let parts = Parts::of(world);
    let now = Text::default()
        .say(format!("{} down. ", are(&down)))
        .stress(format!(
            "All {} partitions have a leader that runs.",
            parts.all
        ))
        .say(format!(
            " {} of them have fewer than {} copies in sync: what is sent now is on fewer brokers \
             than before.",
            parts.fewer_copies,
            world.broker_ids().len()
        ));
    Some(Explain {
        heading: "A broker is down, and the others lead".into(),
        now,
        hint: "Start it again: it cuts what the new leader does not have, fetches what it missed, \
               and is in sync again."
            .into(),
    })
}

/// What may be tried with brokers: to kill one that leads, or to start those that are down.
pub(super) fn what_if(world: &World, shops: &Shops) -> Option<WhatIf> {
    if !down(world).is_empty() {
        return Some(WhatIf {
            label: "start every broker".into(),
            commands: vec![Command::Start {
                node: "broker".into(),
            }],
        });
    }
    let at = TopicPartition::new(shops.topics.orders, 0);
    world.cluster().partition(at)?.leader?;
    let first = format!("{}-0", world.topic_name(at.topic));
    Some(WhatIf {
        label: format!("kill the leader of {first}"),
        commands: vec![Command::Stop {
            node: format!("leader of {first}"),
            how: Stop::Killed,
        }],
    })
}

/// The names of the brokers that are down.
fn down(world: &World) -> Vec<&str> {
    let all = world.broker_ids().iter();
    let down = all.filter(|&&broker| world.status(broker) == Status::Down);
    down.map(|&broker| world.name(broker)).collect()
}

fn are(names: &[&str]) -> String {
    let is = if names.len() == 1 { "is" } else { "are" };
    format!("{} {is}", names.join(" and "))
}

/// How the partitions of the shops' topics stand.
#[derive(Default)]
struct Parts {
    all: usize,
    /// Those whose leader is down, or that have none.
    leaderless: usize,
    /// Those with fewer copies in sync than brokers.
    fewer_copies: usize,
    /// Those with fewer copies in sync than `min.insync.replicas`.
    too_few: usize,
}

impl Parts {
    fn of(world: &World) -> Self {
        let image = world.cluster();
        let mut parts = Self::default();
        let down = |id: NodeId| world.status(id) == Status::Down;
        for (at, state) in image.partitions() {
            if at.topic.is_internal() {
                continue;
            }
            parts.all += 1;
            parts.leaderless += usize::from(state.leader.is_none_or(down));
            parts.fewer_copies += usize::from(state.isr.len() < world.broker_ids().len());
            parts.too_few += usize::from(state.isr.len() < image.min_isr(at));
        }
        parts
    }
}

fn all_down(timeline: &Timeline, shops: &Shops) -> Explain {
    Explain {
        heading: "Every broker is down. Where are the orders?".into(),
        now: held(Text::default(), timeline, shops),
        hint: "Start the brokers: what is buffered is sent, unless the shop dies first.".into(),
    }
}

fn leaderless(timeline: &Timeline, shops: &Shops, down: &[&str], parts: &Parts) -> Explain {
    let now = Text::default().say(format!(
        "{} down, and nobody leads {} of {} partitions. ",
        are(down),
        parts.leaderless,
        parts.all
    ));
    Explain {
        heading: "A leader is down. Who waits for it?".into(),
        now: held(now, timeline, shops),
        hint: format!(
            "The controllers miss its heartbeats for {} s (broker.session.timeout.ms). Then a \
             replica that is in sync leads, if one is left.",
            timeline.scenario().cluster.broker_session_timeout_ms / 1_000
        ),
    }
}

fn too_few(timeline: &Timeline, shops: &Shops, down: &[&str], parts: &Parts) -> Explain {
    let now = Text::default()
        .say(format!("{} down. ", are(down)))
        .stress(format!(
            "{} of {} partitions have fewer copies in sync than min.insync.replicas asks for,",
            parts.too_few, parts.all
        ))
        .say(" and with acks=all their leaders take nothing. ");
    Explain {
        heading: "The leader runs, and takes nothing. Why?".into(),
        now: held(now, timeline, shops),
        hint: "Start a broker, or set acks to 1 and take the risk: then one copy is enough.".into(),
    }
}

/// Where the orders are that no log has.
fn held(text: Text, timeline: &Timeline, shops: &Shops) -> Text {
    let moment = timeline.moment();
    let waiting = moment.metrics.waiting(Lane::Async);
    let held = match moment.world.node(shops.async_shop) {
        Node::AsyncShop(shop) => shop.producer().buffered().map(|b| b.records).sum::<u32>(),
        _ => 0,
    };
    if moment.world.settings().sending == Sending::FireAndForget {
        return text
            .say(format!(
                "{held} orders lie in the shop's memory, not in the log, and their customers have "
            ))
            .stress("already been told that all is well.");
    }
    text.say(format!(
        "The producer keeps {held} orders in its buffer and tries again; {waiting} customers wait \
         for an answer, since none is accepted that the log has not."
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use crate::time::Time;
    use crate::view::explain;

    fn stop(node: &str) -> Command {
        Command::Stop {
            node: node.into(),
            how: Stop::Killed,
        }
    }

    fn told(timeline: &mut Timeline, until_s: u64) -> String {
        timeline.run_until(Time(until_s * 1_000_000), u64::MAX);
        explain::explain(timeline).heading
    }

    fn offered(timeline: &Timeline) -> WhatIf {
        let all = explain::what_if(timeline);
        let names = |offer: &WhatIf| ["broker", "leader"].map(|who| offer.label.contains(who));
        let found = all.into_iter().find(|offer| names(offer).contains(&true));
        found.expect("something may always be done to brokers")
    }

    /// One broker after the other dies, each by what is offered or by name, and all come back.
    #[test]
    fn what_is_said_follows_the_brokers() {
        let scene = scenario::by_name("orders").expect("the scene is there");
        let mut timeline = Timeline::new(scene, 41).expect("it starts");
        timeline.run_until(Time(10_000_000), u64::MAX);
        let kill = offered(&timeline);
        assert_eq!(kill.label, "kill the leader of orders-0");
        timeline
            .act(kill.commands[0].clone())
            .expect("there is one");
        assert_eq!(
            told(&mut timeline, 13),
            "A leader is down. Who waits for it?"
        );
        assert_eq!(offered(&timeline).label, "start every broker");
        assert_eq!(
            told(&mut timeline, 30),
            "A broker is down, and the others lead"
        );
        timeline
            .act(stop("leader of orders-0"))
            .expect("another leads");
        assert_eq!(
            told(&mut timeline, 50),
            "The leader runs, and takes nothing. Why?"
        );
        timeline.act(stop("broker")).expect("one is left");
        assert_eq!(
            told(&mut timeline, 51),
            "Every broker is down. Where are the orders?"
        );
        let start = offered(&timeline);
        timeline.act(start.commands[0].clone()).expect("they start");
        timeline.run_until(Time(120_000_000), u64::MAX);
        let shops = timeline.moment().world.shops().expect("it has shops");
        assert_eq!(urgent(&timeline, shops).or(replaced(&timeline)), None);
        let moment = timeline.moment();
        assert_eq!(moment.metrics.counts(Lane::Async).lost, 0);
    }
}
