//! The Cluster picture from a moment.

use super::fate::{fate, replica};
use super::{
    BrokerScene, Cargo, ClientScene, ClusterScene, ControllerScene, Flight, Place, ReplicaScene,
    Role, rack,
};
use crate::cluster::Replica;
use crate::cluster::metadata::Image;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{Brokers, Carries, Service, Stop};
use crate::sim::{Carried, Happening, Moment, Node, Status, World};
use crate::time::{Span, Time};

/// Fills `scene` with the picture of `moment` at `now`, which lies at or after the world's last
/// event. `wanted` is the partition to put on the ruler; one that is not there is replaced by the
/// first. Buffers are reused.
pub fn scene(moment: &Moment, now: Time, wanted: TopicPartition, scene: &mut ClusterScene) {
    let world = &moment.world;
    let at = chosen(world, wanted);
    scene.now = now;
    scene.chosen = at.partition;
    scene.held = world.is_by_hand();
    scene.topic.clear();
    scene.topic.push_str(world.topic_name(at.topic));
    scene.epochs.clear();
    if let Some(replica) = world.partition(at) {
        let epochs = replica.epoch_log().epochs().entries();
        scene.epochs.extend_from_slice(epochs);
    }
    let image = world.cluster();
    scene.brokers.clear();
    for (number, broker) in (1..).zip(world.brokers()) {
        let node = broker.node();
        let mut shown = BrokerScene {
            number,
            rack: broker.config().rack,
            status: world.status(node),
            frozen: world.is_frozen(node),
            fenced: image.brokers.get(&node).is_none_or(|known| known.fenced),
            disk: match (broker.disk_is_full(), broker.disk_slow_by()) {
                (true, _) => "disk full",
                (false, Span::ZERO) => "",
                _ => "slow disk",
            },
            note: String::new(),
            fate: fate(world, at, node).unwrap_or_default(),
            replicas: Vec::new(),
            unlike: false,
        };
        shown.note = note(moment, node, &shown);
        let kept = broker.replicas().filter(|(kept, _)| kept.topic == at.topic);
        let kept = kept.filter_map(|(at, replica)| replica_scene(world, image, node, at, replica));
        shown.replicas.extend(kept);
        scene.brokers.push(shown);
    }
    let active = world.active_controller();
    scene.controllers.clear();
    for (number, controller) in (1..).zip(world.controllers()) {
        let node = world.controller_ids()[number as usize - 1];
        scene.controllers.push(ControllerScene {
            number,
            up: world.status(node) != Status::Down,
            active: active == Some(node),
            epoch: controller.quorum().epoch(),
            log_end: controller.quorum().log().end(),
        });
    }
    clients(world, &mut scene.clients);
    scene.flights.clear();
    let carried = moment.metrics.traffic().carried().filter(|carried| {
        now.since(carried.due_at) <= ClusterScene::RECENT
            && carried.at.is_none_or(|about| about.topic == at.topic)
            && !world.is_held(carried.from, carried.to)
    });
    scene
        .flights
        .extend(carried.filter_map(|c| flight(world, at, c)));
    // What waits to be chosen stands halfway.
    let waiting = world.waiting_cargo().into_iter();
    let waiting = waiting.filter(|c| c.at.is_none_or(|about| about.topic == at.topic));
    scene.flights.extend(waiting.filter_map(|carried| {
        let half = ClusterScene::RECENT;
        let (sent_at, due_at) = (now - half, now + half);
        flight(
            world,
            at,
            &Carried {
                sent_at,
                due_at,
                ..carried
            },
        )
    }));
    scene.metadata.clear();
    let decided = moment.chronicle.entries().rev();
    let decided = decided.filter_map(|(_, happening)| decision(world, happening));
    scene.metadata.extend(decided.take(ClusterScene::RECORDS));
}

/// Producers and groups. Members of a group are one client.
fn clients(world: &World, into: &mut Vec<ClientScene>) {
    into.clear();
    let up = |node: &NodeId| world.status(*node) != Status::Down;
    if let Some(feed) = world.feed() {
        for (number, &node) in (1..).zip(&feed.sources) {
            let name = match feed.sources.len() {
                1 => "Producer".to_owned(),
                _ => format!("Producer {number}"),
            };
            into.push(producer(world, node, name));
        }
        let running = feed.readers.iter().filter(|node| up(node)).count();
        if !feed.readers.is_empty() {
            into.push(group(&feed.group, running));
        }
    }
    if let Some(app) = world.app() {
        for (number, &node) in (1..).zip(&app.workers) {
            into.push(worker(world, node, number));
        }
    }
    if let Some(shops) = world.shops() {
        into.push(producer(world, shops.async_shop, "Shop".to_owned()));
        for service in Service::ALL {
            let running = shops.workers[service.index()]
                .iter()
                .filter(|node| up(node));
            into.push(group(service.name(), running.count()));
        }
    }
}

fn producer(world: &World, node: NodeId, name: String) -> ClientScene {
    let producer = match world.node(node) {
        Node::Source(source) => Some(source.producer()),
        Node::AsyncShop(shop) => Some(shop.producer()),
        _ => None,
    };
    let waits_since = producer.and_then(|producer| {
        let waiting = producer.buffered().filter(|batch| batch.in_flight);
        waiting.map(|batch| batch.since).min()
    });
    let patience = producer.map(|p| Span::millis(p.config().delivery_timeout_ms));
    ClientScene {
        name,
        detail: format!("acks={}", world.settings().acks.value()),
        produces: true,
        up: world.status(node) != Status::Down,
        waits_since,
        waits_until: waits_since.zip(patience).map(|(since, span)| since + span),
    }
}

/// A stream worker: it reads and produces.
fn worker(world: &World, node: NodeId, number: usize) -> ClientScene {
    let tasks = world.worker(node).map_or(&[][..], |worker| worker.tasks());
    let tasks: Vec<String> = tasks
        .iter()
        .map(|running| format!("{}_{}", running.task().sub(), running.task().partition()))
        .collect();
    ClientScene {
        name: format!("Worker {number}"),
        detail: match tasks.is_empty() {
            true => "no task".to_owned(),
            false => tasks.join(" "),
        },
        produces: true,
        up: world.status(node) != Status::Down,
        waits_since: None,
        waits_until: None,
    }
}

fn group(name: &str, running: usize) -> ClientScene {
    ClientScene {
        name: format!("Consumer ×{running}"),
        detail: format!("group {name}"),
        produces: false,
        up: running > 0,
        waits_since: None,
        waits_until: None,
    }
}

/// A request or a response as a flight between two places of the picture.
fn flight(world: &World, chosen: TopicPartition, carried: &Carried) -> Option<Flight> {
    let cargo = match (carried.what, carried.records) {
        (Carries::Batch | Carries::Given, 1..) => Cargo::Records(carried.records),
        (Carries::Asks, _) => Cargo::Ask,
        (Carries::Ack, _) => Cargo::Answer,
        // An empty answer to a fetch says nothing.
        (Carries::Batch | Carries::Given, 0) => return None,
    };
    Some(Flight {
        from: place(world, carried.from)?,
        to: place(world, carried.to)?,
        partition: carried.at.map_or(chosen.partition, |at| at.partition),
        cargo,
        sent_at: carried.sent_at,
        due_at: carried.due_at,
    })
}

fn place(world: &World, node: NodeId) -> Option<Place> {
    let number = world.broker_ids().iter().position(|&broker| broker == node);
    if let Some(number) = number {
        return Some(Place::Broker(number as u8));
    }
    let client = match (world.feed(), world.shops()) {
        (Some(feed), _) => {
            let source = feed.sources.iter().position(|&source| source == node);
            let reader = feed.readers.contains(&node).then_some(feed.sources.len());
            let first = feed.sources.len() + usize::from(!feed.readers.is_empty());
            let mut workers = world.app().into_iter().flat_map(|app| &app.workers);
            let worker = workers.position(|&worker| worker == node);
            source.or(reader).or(worker.map(|place| first + place))?
        }
        (None, Some(shops)) if shops.async_shop == node => 0,
        (None, Some(shops)) => 1 + shops.workers.iter().position(|w| w.contains(&node))?,
        (None, None) => return None,
    };
    Some(Place::Client(client as u8))
}

/// The partition shown: the one wanted, or the first there is.
#[must_use]
pub fn chosen(world: &World, wanted: TopicPartition) -> TopicPartition {
    let image = world.cluster();
    if image.partition(wanted).is_some() {
        return wanted;
    }
    let first = TopicPartition::new(wanted.topic, 0);
    if image.partition(first).is_some() {
        return first;
    }
    let mut topics = image.topics.keys().filter(|topic| !topic.is_internal());
    TopicPartition::new(topics.next().copied().unwrap_or(TopicId(0)), 0)
}

/// A broker's number, from 1.
#[must_use]
pub fn number(world: &World, broker: NodeId) -> u32 {
    let place = world.brokers().position(|known| known.node() == broker);
    place.map_or(0, |place| place as u32 + 1)
}

/// Broker numbers as Kafka's tools list them: `1,3`.
#[must_use]
pub fn numbers(world: &World, brokers: impl IntoIterator<Item = NodeId>) -> String {
    let numbers = brokers
        .into_iter()
        .map(|node| number(world, node).to_string());
    numbers.collect::<Vec<String>>().join(",")
}

/// How a broker is, where that is worth a word.
fn note(moment: &Moment, node: NodeId, broker: &BrokerScene) -> String {
    if broker.frozen {
        return "frozen".to_owned();
    }
    let (world, chronicle) = (&moment.world, &moment.chronicle);
    if broker.status == Status::Up && !broker.fenced {
        let all = world.broker_ids().iter().copied();
        let cut = all.filter(|&other| world.is_cut(node, other) || world.is_cut(other, node));
        let cut = numbers(world, cut);
        return match broker.disk {
            "" if !cut.is_empty() => format!("cut from {cut}"),
            "" => broker.rack.map_or_else(String::new, rack),
            disk => disk.to_owned(),
        };
    }
    let said = chronicle.entries().rev().find_map(|(stamp, what)| {
        let word = match *what {
            Happening::Fenced(who) if who == node && broker.fenced => "fenced",
            Happening::Stopped(who, how) if who == node && broker.status == Status::Down => {
                stopped(how)
            }
            _ => return None,
        };
        Some(format!("{word} {}", stamp.at))
    });
    match (said, broker.status) {
        (_, Status::Stopping { .. }) => "stopping".to_owned(),
        (Some(said), _) => said,
        (None, _) => "joining".to_owned(),
    }
}

/// How a process ended, in a word.
#[must_use]
pub fn stopped(how: Stop) -> &'static str {
    match how {
        Stop::Clean => "stopped",
        Stop::Killed => "killed",
        Stop::Crashed => "lost power",
        Stop::DiskFull => "disk full",
    }
}

fn replica_scene(
    world: &World,
    image: &Image,
    broker: NodeId,
    at: TopicPartition,
    replica: &Replica,
) -> Option<ReplicaScene> {
    let state = image.partition(at)?;
    if !state.replicas.contains(&broker) {
        return None;
    }
    let role = if state.leader == Some(broker) {
        Role::Leader
    } else if state.isr.contains(&broker) {
        Role::InSync
    } else if state.elr.contains(&broker) {
        Role::Eligible
    } else {
        Role::OutOfSync
    };
    Some(ReplicaScene {
        partition: at.partition,
        role,
        leader_epoch: replica.leader_epoch(),
        log_start: replica.log().log_start_offset(),
        log_end: replica.log().log_end_offset(),
        high_watermark: replica.high_watermark(),
        parts_at: leading(world, at).and_then(|leads| parts_at(replica, leads)),
        unlike: false,
    })
}

/// The leader's replica, which the others will follow. `None` while nobody leads: then nobody knows
/// what will be cut off.
pub(super) fn leading(world: &World, at: TopicPartition) -> Option<&Replica> {
    replica(world, at, world.cluster().partition(at)?.leader?)
}

/// Where a replica's log parts from its leader's: the first offset whose record the leader does not
/// have in the same epoch. `None` if the leader's log begins with all of it.
#[must_use]
pub fn parts_at(replica: &Replica, leader: &Replica) -> Option<i64> {
    let (own, its) = (replica.epoch_log(), leader.epoch_log());
    let end = own.end();
    let shared = own.epochs().entries().iter().rev().find_map(|&(epoch, _)| {
        let (known, its_end) = its.epochs().end_offset_for(epoch, its.end())?;
        let (_, own_end) = own.epochs().end_offset_for(epoch, end)?;
        (known == epoch).then_some(its_end.min(own_end))
    });
    let shared = shared.unwrap_or_else(|| replica.log().log_start_offset());
    // What the leader's log no longer has at its beginning is not parted from it.
    let shared = shared.max(leader.log().log_start_offset());
    (shared < end).then_some(shared)
}

/// What a controller wrote, in the words of the metadata log; `None` for what it did not write.
pub(super) fn decision(world: &World, happening: &Happening) -> Option<String> {
    match *happening {
        Happening::Fenced(broker) => Some(format!("broker {} fenced", number(world, broker))),
        Happening::Unfenced(broker) => Some(format!("broker {} unfenced", number(world, broker))),
        Happening::Active(node, epoch) => {
            let controllers = world.controller_ids();
            let place = controllers.iter().position(|&known| known == node)?;
            Some(format!("controller {} active, epoch {epoch}", place + 1))
        }
        Happening::Changed { at, is, .. } if !at.topic.is_internal() => {
            let leader = is.leader.map_or_else(
                || "no leader".to_owned(),
                |leader| format!("leader {}", number(world, leader)),
            );
            let list = |brokers: Brokers| numbers(world, brokers.iter());
            let mut words = format!(
                "{}-{} {leader} epoch {} isr {}",
                world.topic_name(at.topic),
                at.partition,
                is.leader_epoch,
                if is.isr.is_empty() {
                    "–".to_owned()
                } else {
                    list(is.isr)
                }
            );
            if !is.elr.is_empty() {
                words.push_str(" elr ");
                words.push_str(&list(is.elr));
            }
            Some(words)
        }
        _ => None,
    }
}
