//! Things done at random from a seed: what a person might do, and what might go wrong.

use super::command::{Acted, Command};
use super::scenario::Scenario;
use crate::layers::{Delivery, Layer, LayerChange};
use crate::protocol::{Acks, OffsetSpec, Service, Stop};
use crate::rng::{Dist, Rng, Salt};
use crate::shop::{CommitMode, Partitioning, Sending, Wiring};
use crate::time::{Span, Time};

/// What may be done at random.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mischief {
    /// Only what a promise must stand: slowness, stops, kills, cuts, losses, scaling.
    Faults,
    /// Everything, settings that take promises away included.
    Anything,
}

/// How much goes wrong.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Intensity {
    /// About one fault in ten seconds.
    Low,
    /// About one in four.
    Medium,
    /// About one a second.
    High,
}

impl Intensity {
    /// All of them, the least first.
    pub const ALL: [Self; 3] = [Self::Low, Self::Medium, Self::High];

    /// Its name: `low`, `medium` or `high`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }

    /// By that name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }

    fn gap(self) -> Span {
        match self {
            Self::Low => Span::secs(10),
            Self::Medium => Span::secs(4),
            Self::High => Span::secs(1),
        }
    }
}

/// What goes wrong at random before `until`, in order of time, and what puts some of it right again.
/// In a scene of plain clients settings stay as they are; in one with shops half of it befalls the
/// shops.
#[must_use]
pub fn random_faults(
    seed: u64,
    scene: &Scenario,
    until: Time,
    intensity: Intensity,
    mischief: Mischief,
) -> Vec<Acted> {
    let mut rng = Rng::new(seed, Salt::Faults, 1);
    let numbered =
        |(kind, count): (&'static str, u32)| (1..=count).map(move |n| format!("{kind}-{n}"));
    let cluster = [
        ("broker", scene.cluster.brokers),
        ("controller", scene.cluster.controllers),
    ];
    let cluster: Vec<String> = cluster.into_iter().flat_map(numbered).collect();
    let workers = scene.app.as_ref().map_or(0, |app| app.workers);
    let clients = scene.feed.as_ref().map(|feed| {
        let clients = [
            ("producer", feed.producers),
            ("consumer", feed.readers),
            ("worker", workers),
        ];
        let clients = clients.into_iter().flat_map(numbered);
        clients.chain(layers_of(scene).map(String::from)).collect()
    });
    let clients: Option<Vec<String>> = clients;
    let mean_us = intensity.gap().0;
    let mut all = Vec::new();
    let mut at = Time::ZERO;
    loop {
        at += Dist::Exponential { mean_us }.draw(&mut rng);
        if at >= until {
            return all;
        }
        let command = match &clients {
            None if rng.chance(0.5) => in_shops(&mut rng, mischief),
            // Where there are layers, a third of it is done to them.
            _ if scene.layers.is_some() && rng.below(3) == 0 => in_layers(&mut rng, mischief),
            clients => fault(&mut rng, &cluster, clients.as_deref(), mischief),
        };
        all.push(Acted {
            at_us: at,
            instant: None,
            command,
        });
    }
}

/// The nodes of a scene's layers.
fn layers_of(scene: &Scenario) -> impl Iterator<Item = &'static str> {
    let layers = scene.layers.iter().flat_map(|spec| {
        [
            ("batch", spec.batch),
            ("speed", spec.speed),
            ("serving-lambda", true),
            ("job-1", true),
            ("job-2", true),
            ("serving-kappa", true),
        ]
    });
    layers.filter_map(|(name, there)| there.then_some(name))
}

/// Somebody in the network's place, now and then until then: messages between brokers and producers
/// are held for some seconds, and chosen at random; now and then a connection breaks. Many a choice
/// finds nothing on its way there.
#[must_use]
pub fn random_choices(seed: u64, scene: &Scenario, until: Time) -> Vec<Acted> {
    let mut rng = Rng::new(seed, Salt::Faults, 2);
    let feed = scene.feed.clone().unwrap_or_default();
    let brokers = (1..=scene.cluster.brokers).map(|n| format!("broker-{n}"));
    let producers = (1..=feed.producers).map(|n| format!("producer-{n}"));
    let nodes: Vec<String> = brokers.chain(producers).collect();
    let mut all = Vec::new();
    let mut note = |at, command| {
        all.push(Acted {
            at_us: at,
            instant: None,
            command,
        });
    };
    let mut at = Time::ZERO;
    while at < until {
        at += Span(rng.below(2_000_000));
        note(at, Command::HoldMessages { hold: true });
        let held_until = at + Span(rng.below(6_000_000));
        while at < held_until {
            at += Span(rng.below(20_000));
            let one = |rng: &mut Rng| nodes[rng.below(nodes.len() as u64) as usize].clone();
            let (from, to) = (one(&mut rng), one(&mut rng));
            note(
                at,
                match rng.below(100) {
                    0 => Command::BreakConnection { a: from, b: to },
                    _ => Command::Deliver { from, to },
                },
            );
        }
        note(at, Command::HoldMessages { hold: false });
    }
    all
}

/// What puts everything right again: every node up, every link and disk whole, work as fast as it was.
#[must_use]
pub fn mend_all(scene: &Scenario) -> Vec<Command> {
    let kinds: &[&str] = match scene.feed {
        Some(_) => &["broker", "controller", "producer", "consumer", "worker"],
        None => &[
            "broker",
            "controller",
            "shop",
            "payment",
            "warehouse",
            "shipping",
        ],
    };
    // A broker alone is its own controller.
    let alone = scene.cluster.controllers == 0;
    let app = scene.app.is_some();
    let kinds = kinds
        .iter()
        .filter(|kind| (!alone || **kind != "controller") && (app || **kind != "worker"));
    let readers = scene.feed.as_ref().is_none_or(|feed| feed.readers > 0);
    let kinds = kinds.copied().filter(|kind| readers || *kind != "consumer");
    let starts = kinds.chain(layers_of(scene));
    let starts = starts.map(|node| Command::Start { node: node.into() });
    let mut all: Vec<Command> = std::iter::once(Command::Heal).chain(starts).collect();
    if scene.feed.is_some() {
        return all;
    }
    for (service, ms) in Service::ALL.into_iter().zip([80, 120, 60]) {
        let mean_us = Span::millis(ms).0;
        all.push(Command::SetWork { service, mean_us });
        all.push(Command::SetWorkers {
            service,
            workers: 6,
        });
        all.push(Command::SetFailure { service, rate: 0.0 });
        all.push(Command::Resume { service });
    }
    all
}

/// What befalls one broker, controller or plain client, its disk, or the network between two. In a
/// scene with shops machines lose power only where promises may be taken away.
fn fault(
    rng: &mut Rng,
    cluster: &[String],
    clients: Option<&[String]>,
    mischief: Mischief,
) -> Command {
    let one = |rng: &mut Rng, of: &[String]| of[rng.below(of.len().max(1) as u64) as usize].clone();
    let often = rng.chance(0.8);
    let others = clients.filter(|clients| !often && !clients.is_empty());
    let node = one(rng, others.unwrap_or(cluster));
    let (a, b) = (node.clone(), one(rng, cluster));
    let power = mischief == Mischief::Anything;
    let is_broker = |node: &&String| node.starts_with("broker");
    let brokers = cluster.iter().filter(is_broker).count() as u64;
    match rng.below(18) {
        0..=2 => Command::Stop {
            node,
            how: match rng.below(3) {
                0 => Stop::Clean,
                2 if power => Stop::Crashed,
                _ => Stop::Killed,
            },
        },
        3..=6 => Command::Start { node },
        7 | 8 => Command::Cut { a, b },
        9 => Command::SetLoss {
            a,
            b,
            rate: rng.unit() * 0.5,
        },
        10 => Command::SlowLink {
            a,
            b,
            factor: 1.0 + rng.unit() * 500.0,
        },
        11 => Command::DelayRequests {
            a,
            b,
            rate: rng.unit() * 0.2,
            by_us: rng.below(3_000_000),
        },
        12 => Command::RepeatRequests {
            a,
            b,
            rate: rng.unit() * 0.2,
        },
        13 => Command::Freeze {
            node,
            for_us: rng.below(20_000_000),
        },
        14 => Command::SlowDisk {
            node: format!("broker-{}", 1 + rng.below(brokers)),
            by_us: rng.below(3_000_000),
        },
        15 => Command::FillDisk {
            node: format!("broker-{}", 1 + rng.below(brokers)),
        },
        _ => Command::Heal,
    }
}

/// What is done to the layers of two architectures. Many a change finds nothing to act on.
fn in_layers(rng: &mut Rng, mischief: Mischief) -> Command {
    let anything = mischief == Mischief::Anything;
    let layer = pick(rng, Layer::ALL);
    let bug = anything && rng.chance(0.5);
    Command::Layers(match rng.below(if anything { 14 } else { 8 }) {
        0 => LayerChange::BatchEvery {
            us: Span::secs(60 + rng.below(900)).0,
        },
        1 => LayerChange::Workers {
            layer,
            workers: 4 + rng.below(12) as u32,
        },
        2 => LayerChange::Reprocess { bug },
        3 => LayerChange::CutOver,
        4 => LayerChange::RollBack,
        5 => LayerChange::DropOld,
        6 | 7 => LayerChange::Ship { code: layer, bug },
        8 => LayerChange::Grace {
            us: Span::secs(rng.below(1_800)).0,
        },
        9 => LayerChange::Failures {
            per_hour: rng.unit() * 60.0,
        },
        10 => LayerChange::Delivery {
            layer,
            delivery: pick(rng, Delivery::ALL),
        },
        11 => LayerChange::Sampling {
            one_in: 1 + rng.below(10) as u32,
        },
        12 => LayerChange::Retention {
            us: Span::secs(60 + rng.below(7_200)).0,
        },
        _ => LayerChange::Late {
            share: rng.unit(),
            by_us: Span::secs(rng.below(3_600)).0,
        },
    })
}

/// What is done to shops.
fn in_shops(rng: &mut Rng, mischief: Mischief) -> Command {
    let anything = mischief == Mischief::Anything;
    match rng.below(if anything { 23 } else { 15 }) {
        0 | 1 => Command::Stop {
            node: node(rng),
            how: how(rng),
        },
        2..=4 => Command::Start { node: node(rng) },
        5 => Command::SetWork {
            service: service(rng),
            mean_us: 10_000 + rng.below(1_200_000),
        },
        6 => Command::SetWorkers {
            service: service(rng),
            workers: rng.below(10) as u32,
        },
        7 => Command::Burst {
            factor: 1.0 + rng.unit() * 9.0,
            for_us: rng.below(4_000_000),
        },
        8 => Command::SetFailure {
            service: service(rng),
            rate: rng.unit() * rng.unit(),
        },
        9 => Command::Cut {
            a: node(rng),
            b: "broker".into(),
        },
        10 => Command::SetLoss {
            a: node(rng),
            b: "broker".into(),
            rate: rng.unit() * 0.5,
        },
        11 | 12 => Command::Heal,
        13 => Command::Pause {
            service: service(rng),
        },
        14 => Command::Resume {
            service: service(rng),
        },
        15 => Command::SetCommit {
            commit: pick(rng, [CommitMode::Auto, CommitMode::EachRecord]),
        },
        16 => Command::SetSending {
            sending: pick(
                rng,
                [
                    Sending::Synchronous,
                    Sending::Callback,
                    Sending::FireAndForget,
                ],
            ),
        },
        17 => Command::SetAcks {
            acks: pick(rng, [Acks::Zero, Acks::One, Acks::All]),
        },
        18 => Command::SetWiring {
            wiring: pick(rng, [Wiring::Chain, Wiring::FanOut]),
        },
        19 => Command::Rewind {
            service: service(rng),
            to: pick(rng, [OffsetSpec::Earliest, OffsetSpec::Latest]),
            partition: pick(rng, [None, Some(0), Some(5), Some(6)]),
        },
        20 => Command::AddPartitions {
            topic: topic(rng),
            to: 7 + rng.below(3) as u32,
        },
        21 => Command::SetPartitioning {
            partitioning: pick(
                rng,
                [
                    Partitioning::Murmur2,
                    Partitioning::Sticky,
                    Partitioning::RoundRobin,
                    Partitioning::Crc32,
                ],
            ),
        },
        _ => Command::SetSkew { share: rng.unit() },
    }
}

fn pick<T: Copy, const N: usize>(rng: &mut Rng, all: [T; N]) -> T {
    all[rng.below(N as u64) as usize]
}

fn service(rng: &mut Rng) -> Service {
    pick(rng, Service::ALL)
}

fn how(rng: &mut Rng) -> Stop {
    pick(rng, [Stop::Clean, Stop::Killed])
}

fn topic(rng: &mut Rng) -> String {
    pick(rng, ["orders", "payments", "shipments"]).into()
}

fn node(rng: &mut Rng) -> String {
    let names = [
        "payment",
        "warehouse",
        "shipping",
        "async-shop",
        "broker",
        "payment-1",
        "payment-3",
        "warehouse-2",
        "shipping-6",
        "sync-shop",
        "sync-payment",
    ];
    pick(rng, names).into()
}
