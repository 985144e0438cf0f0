//! Markers for the scrubber: what was done, and what came of it.

use super::cluster::scene::number;
use super::panel::{Marker, Tone};
use crate::id::GroupId;
use crate::protocol::{Lane, Service, Stop};
use crate::scenario::clickstream;
use crate::shop::{CommitMode, Partitioning, Sending, Settings, Wiring};
use crate::sim::{App, Command, Event, Happening, Moment, Timeline, World};
use crate::time::{EVENT_EPOCH_MS, Span, Time};

/// What happened, for the scrubber: what was done, and what came of it.
#[must_use]
pub fn markers(timeline: &Timeline) -> Vec<Marker> {
    let mut markers = vec![Marker {
        at: Time::ZERO,
        label: "start".into(),
        tone: Tone::Good,
    }];
    let script = timeline.scenario().script.iter();
    let usual = &timeline.scenario().settings;
    for acted in script
        .chain(timeline.commands())
        .filter(|a| a.at_us <= timeline.played())
    {
        let (label, tone) = match &acted.command {
            Command::SetRate { per_s } if timeline.scenario().layers.is_some() => {
                let times = per_s / usual.per_s;
                (format!("events ×{times:.1}"), Tone::Plain)
            }
            command => command_label(command, usual),
        };
        markers.push(Marker {
            at: acted.at_us,
            label,
            tone,
        });
    }
    let moment = timeline.moment();
    for (stamp, event) in moment.metrics.events() {
        if let Some((label, tone)) = event_label(&moment.world, *event, stamp.at) {
            markers.push(Marker {
                at: stamp.at,
                label,
                tone,
            });
        }
    }
    markers.extend(cluster(moment));
    for (user, ts) in clickstream::taken_back(&moment.world) {
        let since = (ts - EVENT_EPOCH_MS).max(0).unsigned_abs();
        markers.push(Marker {
            at: Time(since * 1_000),
            label: format!("{user}: sessions merged"),
            tone: Tone::Warn,
        });
    }
    markers.sort_by_cached_key(|marker| marker.at.0);
    markers.dedup_by(|a, b| a.label == b.label && a.at.since(b.at) < Span::secs(2));
    markers
}

/// A command in a few words, and its colour. `usual` is how the scene begins.
pub(super) fn command_label(command: &Command, usual: &Settings) -> (String, Tone) {
    let plain = |label: String| (label, Tone::Plain);
    match command {
        Command::SetWork { service, mean_us } => {
            let was = usual.work_of(*service).mean().0;
            let name = service.name();
            match *mean_us {
                us if us >= 2 * was => (format!("{name} slow"), Tone::Warn),
                us if us <= was + was / 20 => (format!("{name} as usual"), Tone::Good),
                us => plain(format!("{name} {}", Span(us))),
            }
        }
        Command::SetRate { per_s } => plain(format!("{per_s:.0} orders a second")),
        Command::Burst { factor, .. } => (format!("burst ×{factor:.0}"), Tone::Warn),
        Command::SetSkew { share } => plain(format!("{:.0} % from one customer", share * 100.0)),
        Command::SetWorkers { service, workers } => plain(format!("{} ×{workers}", service.name())),
        Command::SetShopWorkers { workers } => plain(format!("shop ×{workers}")),
        Command::SetDecline { rate } => plain(format!("{:.0} % declined", rate * 100.0)),
        Command::SetFailure { service, rate } => (
            format!("{} fails {:.0} %", service.name(), rate * 100.0),
            Tone::Warn,
        ),
        Command::Stop {
            node,
            how: Stop::Clean,
        } => (format!("{node} stopped"), Tone::Bad),
        Command::Stop {
            node,
            how: Stop::Killed,
        } => (format!("{node} killed"), Tone::Bad),
        Command::Stop {
            node,
            how: Stop::Crashed,
        } => (format!("{node} lost power"), Tone::Bad),
        Command::FillDisk { node }
        | Command::Stop {
            node,
            how: Stop::DiskFull,
        } => (format!("{node}: disk full"), Tone::Bad),
        Command::SlowDisk { node, by_us } => (
            format!("{node}: writes take {} more", Span(*by_us)),
            Tone::Warn,
        ),
        Command::Start { node } => {
            // A kind means all of it that are down.
            let whole = matches!(&**node, "broker" | "controller");
            let (all, s) = if whole { ("all ", "s") } else { ("", "") };
            (format!("{all}{node}{s} started"), Tone::Good)
        }
        Command::SetSending { sending } => plain(match sending {
            Sending::Synchronous => "sends synchronously".into(),
            Sending::Callback => "sends with callback".into(),
            Sending::FireAndForget => "fire and forget".into(),
        }),
        Command::SetAcks { acks } => plain(format!("acks={}", acks.value())),
        Command::SetPartitioning { partitioning } => plain(match partitioning {
            Partitioning::Murmur2 => "by murmur2 of the key".into(),
            Partitioning::Sticky => "sticky, keys ignored".into(),
            Partitioning::RoundRobin => "round robin".into(),
            Partitioning::Crc32 => "by CRC-32 of the key".into(),
        }),
        Command::SetCommit { commit } => plain(match commit {
            CommitMode::EachRecord => "commit each record".into(),
            CommitMode::Auto => "auto-commit".into(),
        }),
        Command::Pause { service } => (format!("{} paused", service.name()), Tone::Warn),
        Command::Resume { service } => (format!("{} resumed", service.name()), Tone::Good),
        Command::Rewind {
            service, partition, ..
        } => {
            let place = partition.map_or(String::new(), |p| format!(" in partition {p}"));
            (format!("{} rewound{place}", service.name()), Tone::Warn)
        }
        Command::SetWiring { wiring } => plain(match wiring {
            Wiring::Chain => "chained".into(),
            Wiring::FanOut => "fanned out".into(),
        }),
        Command::CreateTopic { topic, .. } => plain(format!("{topic} created")),
        Command::DeleteTopic { topic } => (format!("{topic} deleted"), Tone::Bad),
        Command::AddPartitions { topic, to } => plain(format!("{topic}: {to} partitions")),
        Command::Cut { a, b } => (format!("{a} cut from {b}"), Tone::Bad),
        Command::SetFlaw { flaw } => match flaw {
            Some(flaw) => (format!("mistake: {}", flaw.name()), Tone::Warn),
            None => ("no mistake".into(), Tone::Good),
        },
        Command::Layers(change) => super::layers::label(change),
        Command::Heal => ("all mended".into(), Tone::Good),
        // Many at one instant are one marker.
        Command::Deliver { .. } => plain("messages chosen".into()),
        Command::HoldMessages { hold } => held(*hold),
        Command::BreakConnection { a, b } => (format!("{a}–{b}: connection broken"), Tone::Bad),
        Command::SetLoss { a, b, .. } => (format!("loss between {a} and {b}"), Tone::Warn),
        Command::Freeze { node, for_us } => {
            (format!("{node} frozen for {}", Span(*for_us)), Tone::Bad)
        }
        Command::SlowLink { a, b, factor } => {
            (format!("{a} to {b} takes ×{factor:.0}"), Tone::Warn)
        }
        Command::DelayRequests { a, b, .. } => (format!("delays between {a} and {b}"), Tone::Warn),
        Command::RepeatRequests { a, b, .. } => {
            (format!("requests between {a} and {b} repeated"), Tone::Warn)
        }
    }
}

fn held(hold: bool) -> (String, Tone) {
    match hold {
        true => ("messages held".into(), Tone::Warn),
        false => ("messages let go".into(), Tone::Good),
    }
}

/// What the controllers decided: who was fenced, and one marker for all that were elected at once.
fn cluster(moment: &Moment) -> Vec<Marker> {
    let world = &moment.world;
    let mut markers: Vec<Marker> = Vec::new();
    for (stamp, happening) in moment.chronicle.entries() {
        let (label, tone) = match *happening {
            Happening::Fenced(broker) => (
                format!("broker {} fenced", number(world, broker)),
                Tone::Bad,
            ),
            Happening::Changed { at, was, is }
                if !at.topic.is_internal() && is.begins_epoch(was) =>
            {
                match (is.leader, is.unclean) {
                    (None, _) => ("no leader".into(), Tone::Bad),
                    (_, true) => ("unclean election".into(), Tone::Bad),
                    _ => ("election".into(), Tone::Good),
                }
            }
            Happening::Truncated { broker, .. } => (
                format!("broker {} truncates", number(world, broker)),
                Tone::Warn,
            ),
            Happening::Active(..) if stamp.at > Time(2_000_000) => {
                ("new controller".into(), Tone::Warn)
            }
            _ => continue,
        };
        let at = stamp.at;
        // Elections come in heaps: one marker for each heap.
        if markers
            .iter()
            .any(|known| known.label == label && at.since(known.at) < Span::secs(1))
        {
            continue;
        }
        markers.push(Marker { at, label, tone });
    }
    markers
}

/// A group's name: a service's, the plain clients' own, or an application's.
pub(super) fn group_name(world: &World, group: GroupId) -> Option<&str> {
    match world.feed() {
        Some(_) if group == App::GROUP => Some(&*world.app()?.plan.application),
        Some(feed) => Some(&feed.group),
        None => Service::ALL
            .get(group.index())
            .map(|service| service.name()),
    }
}

fn event_label(world: &World, event: Event, at: Time) -> Option<(String, Tone)> {
    match event {
        // What a person stopped or started has its own marker; workers come and go by the dozen.
        Event::Stopped(..) | Event::Started(_) => None,
        Event::Rebalanced(_, _) if at < Time(2_000_000) => None,
        Event::Rebalanced(group, _) => Some((
            format!("{} rebalanced", group_name(world, group)?),
            Tone::Plain,
        )),
        Event::MemberExpired(group) => {
            let name = group_name(world, group)?;
            Some((format!("{name}: a member is taken for dead"), Tone::Warn))
        }
        Event::GivingUp(_) => Some(("customers give up".into(), Tone::Warn)),
        Event::FirstLost(Lane::Sync) => Some(("first order lost, sync".into(), Tone::Bad)),
        Event::FirstLost(Lane::Async) => Some(("first order lost, async".into(), Tone::Bad)),
        Event::FirstDuplicate(order) => {
            Some((format!("order {} processed twice", order.0), Tone::Warn))
        }
    }
}
