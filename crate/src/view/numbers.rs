//! Numbers as tables: both shops side by side, lag per group, the guarantees.

use super::panel::{Mark, PromiseRow, Table};
use super::scene::{committed, readers, title};
use crate::id::{GroupId, TopicId, TopicPartition};
use crate::protocol::{Lane, Service};
use crate::scenario::famous;
use crate::sim::{Metrics, Moment, Promise, Promises, Shops, Witness, World};
use crate::time::{Span, Time};

/// The numbers of both shops: answers over the last five seconds, counts over the run.
#[must_use]
pub fn numbers(moment: &Moment, now: Time) -> Table {
    let metrics = &moment.metrics;
    let both = |of: &dyn Fn(Lane) -> String| [of(Lane::Sync), of(Lane::Async)];
    let count =
        |of: fn(&crate::sim::Counts) -> u32| both(&|lane| of(metrics.counts(lane)).to_string());
    let last = |shipped: bool, q: f64| {
        both(&|lane| span(quantile(&mut recent(metrics, lane, shipped, now), q)))
    };
    let row = |name: &str, [sync, async_]: [String; 2]| vec![name.into(), sync, async_];
    let only_async = |n: u32| ["–".to_string(), n.to_string()];
    let counts = metrics.counts(Lane::Async);
    Table {
        caption: "Both shops: times over the last 5 s, counts over the run".into(),
        heads: vec!["last 5 s".into(), "Sync".into(), "Async".into()],
        rows: vec![
            row("Answered, p50", last(false, 0.5)),
            row("Answered, p99", last(false, 0.99)),
            row("Shipped, p50", last(true, 0.5)),
            row(
                "Waiting for an answer",
                both(&|lane| metrics.waiting(lane).to_string()),
            ),
            row("Gave up waiting", count(|c| c.gave_up)),
            row("Answered, not yet paid", only_async(counts.unpaid)),
            row(
                "Confirmed, then declined",
                only_async(counts.confirmed_then_declined),
            ),
            row("Told that it failed", count(|c| c.refused)),
            row("Lost", count(|c| c.lost)),
            row("Processed twice", count(|c| c.duplicated)),
            row("Dead letters", only_async(counts.given_up_on)),
            row("Shipped", count(|c| c.shipped)),
            row("Placed", count(|c| c.placed)),
        ],
    }
}

/// The spans of waits that ended within the last five seconds.
fn recent(metrics: &Metrics, lane: Lane, shipped: bool, now: Time) -> Vec<Span> {
    let window = super::orders::Answers::WINDOW;
    metrics
        .recent()
        .filter(|w| w.lane == lane && w.shipped == shipped && now.since(w.at) <= window)
        .map(|w| w.span)
        .collect()
}

/// The `q`-quantile by nearest rank, `None` of nothing.
#[must_use]
pub fn quantile(spans: &mut [Span], q: f64) -> Option<Span> {
    if spans.is_empty() {
        return None;
    }
    spans.sort_by_cached_key(|span| span.0);
    let rank = libm::ceil(q * spans.len() as f64) as usize;
    Some(spans[rank.clamp(1, spans.len()) - 1])
}

fn span(span: Option<Span>) -> String {
    span.map_or_else(|| "–".into(), |span| span.to_string())
}

/// Each partition that a service reads: where its group stands, and how far behind.
#[must_use]
pub fn lag(world: &World) -> Table {
    let mut rows = Vec::new();
    for topic in super::scene::topic_order(world) {
        let name = world.topic_name(topic);
        for service in readers(world, topic) {
            for partition in 0..world.partitions(topic) {
                let at = TopicPartition::new(topic, partition);
                let end = world.log(at).map_or(0, crate::log::Log::log_end_offset);
                let position = committed(world, Shops::group(service), at);
                rows.push(vec![
                    format!("{} · {name}-{partition}", service.name()),
                    position.to_string(),
                    end.to_string(),
                    (end - position).max(0).to_string(),
                ]);
            }
        }
    }
    Table {
        caption: "Lag: what each group has not committed yet".into(),
        heads: ["group · partition", "committed", "log end", "lag"]
            .map(String::from)
            .into(),
        rows,
    }
}

/// How many records each service's group has not committed, in all.
#[must_use]
pub fn lag_of(world: &World, service: Service) -> u64 {
    let topic = world.read_by(service);
    topic.map_or(0, |topic| group_lag(world, Shops::group(service), topic))
}

/// How many records of a topic a group has not committed.
#[must_use]
pub fn group_lag(world: &World, group: GroupId, topic: TopicId) -> u64 {
    (0..world.partitions(topic))
        .map(|partition| {
            let at = TopicPartition::new(topic, partition);
            let end = world.log(at).map_or(0, crate::log::Log::log_end_offset);
            (end - committed(world, group, at)).max(0).unsigned_abs()
        })
        .sum()
}

/// Every guarantee and how it stands.
#[must_use]
pub fn promises(moment: &Moment) -> Vec<PromiseRow> {
    let promises = &moment.promises;
    let famous = match moment.world.feed() {
        Some(_) => famous::all(),
        None => Vec::new(),
    };
    concerned(&moment.world)
        .map(|promise| {
            let shows = famous.iter().find(|famous| famous.breaks == promise);
            let excuse = promises.terms().excuse(promise);
            let mut why = excuse.unwrap_or_default().to_owned();
            let mark = mark(promises, promise);
            if let Some(breach) = promises.breach(promise) {
                why = breach.because.unwrap_or_default().to_owned();
                let times = match promises.breaches(promise) {
                    1 => "once".to_owned(),
                    n => format!("{n} times"),
                };
                let witness = witness(&moment.world, breach.witness);
                let told = format!("{times}, first at {}: {witness}", breach.stamp.at);
                why = if why.is_empty() {
                    told
                } else {
                    format!("{told}; {why}")
                };
            }
            PromiseRow {
                name: promise.text().into(),
                mark,
                why,
                given_when: promise.given_when(),
                broken_by: promise.broken_by(),
                scene: shows.map(|famous| (famous.scene.name.clone(), famous.scene.title.clone())),
            }
        })
        .collect()
}

/// The guarantees that say something here: those about orders where there are shops, those about
/// several brokers where there are.
pub(super) fn concerned(world: &World) -> impl Iterator<Item = Promise> {
    let (shops, cluster) = (
        world.shops().is_some(),
        world.controllers().next().is_some(),
    );
    Promise::ALL
        .into_iter()
        .filter(move |promise| match promise {
            Promise::NoOrderLost | Promise::NoOrderTwice | Promise::OrderPerKey => shops,
            Promise::ReplicasAgree
            | Promise::InSyncComplete
            | Promise::OneLeader
            | Promise::LeaderInSync
            | Promise::HeirWhenEmpty => cluster,
            _ => true,
        })
}

/// How a guarantee stands.
pub(super) fn mark(promises: &Promises, promise: Promise) -> Mark {
    match promises.breach(promise) {
        Some(breach) if breach.promised() => match promises.terms().flaw {
            Some(_) => Mark::Flawed,
            None => Mark::Broken,
        },
        Some(_) => Mark::Lesson,
        None if promises.terms().excuse(promise).is_some() => Mark::Unpromised,
        None => Mark::Held,
    }
}

fn place(world: &World, at: TopicPartition) -> String {
    format!("{}-{}", world.topic_name(at.topic), at.partition)
}

/// What shows that it did not hold, in words.
pub(super) fn witness(world: &World, witness: Witness) -> String {
    match witness {
        Witness::Offset(at, want, got) => {
            format!("{}, {got} instead of {want}", place(world, at))
        }
        Witness::Record(at, offset) => format!("the record at {offset} of {}", place(world, at)),
        Witness::Replica(broker, at, offset) => format!(
            "{} at {offset}, on {}",
            place(world, at),
            world.name(broker)
        ),
        Witness::Leaders(at, epoch, one, other) => format!(
            "{} and {} both lead {} in epoch {epoch}",
            world.name(one),
            world.name(other),
            at.map_or("the controllers".into(), |at| place(world, at))
        ),
        Witness::State(at, epoch) => {
            format!("{} in its partition epoch {epoch}", place(world, at))
        }
        Witness::Metadata(offset) => format!("the metadata log below {offset}"),
        Witness::Order(order) => format!("order {}", order.0),
        Witness::Overtaken(early, late) => {
            format!(
                "order {} was paid after order {} of the same customer",
                early.0, late.0
            )
        }
    }
}

/// The three services with their load: the share of their workers' time that the arrivals need.
#[must_use]
pub fn load(world: &World) -> Table {
    let settings = world.settings();
    let rows = Service::ALL.into_iter().map(|service| {
        let mean = settings.work_of(service).mean();
        let workers = settings.workers[service.index()];
        let load = settings.per_s * mean.0 as f64 / 1e6 / f64::from(workers.max(1));
        vec![
            title(service).into(),
            mean.to_string(),
            workers.to_string(),
            format!("{:.0} %", load * 100.0),
        ]
    });
    Table {
        caption: "What the services are asked to do".into(),
        heads: ["service", "takes", "workers", "load"]
            .map(String::from)
            .into(),
        rows: rows.collect(),
    }
}
