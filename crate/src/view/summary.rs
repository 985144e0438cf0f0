//! What a run came to, as numbers: what `millrace run --json` prints.

use super::numbers::{concerned, group_lag, mark, quantile, witness};
use super::panel::Mark;
use super::scene::topic_order;
use crate::id::{GroupId, TopicId, TopicPartition};
use crate::protocol::{Lane, Service};
use crate::sim::{App, Feed, Moment, Shops, Timeline, World};
use crate::time::{Span, Time};
use serde::{Serialize, Serializer};

/// A run up to the moment shown.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Summary {
    /// The scenario's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// How far it was played.
    pub until_us: Time,
    /// How many events that took.
    pub events: u64,
    /// The fold of them all: 16 hex digits.
    pub trace_hash: String,
    /// The shop where the customer waits for everything, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sync: Option<SyncOrders>,
    /// The shop that answers when the log has the order, if there is one.
    #[serde(rename = "async", skip_serializing_if = "Option::is_none")]
    pub async_: Option<AsyncOrders>,
    /// The producers, where there are no shops.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub producers: Option<ProducerSummary>,
    /// The topics by name, in the order the pipeline passes them.
    #[serde(serialize_with = "as_map")]
    pub topics: Vec<(String, TopicSummary)>,
    /// The groups by name, in the order of the pipeline.
    #[serde(serialize_with = "as_map")]
    pub groups: Vec<(String, GroupSummary)>,
    /// The guarantees.
    pub promises: PromiseSummary,
}

/// What became of the records of plain producers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct ProducerSummary {
    /// Those that a producer was told are appended.
    pub acked: u64,
    /// Those that were in a batch that a producer gave up on. They may be in the log all the same.
    pub failed: u64,
}

/// Orders in the synchronous shop.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SyncOrders {
    /// Placed.
    pub placed: u32,
    /// Answered with all of it done.
    pub completed: u32,
    /// Shipped, also to customers who had stopped waiting.
    pub shipped: u32,
    /// Customers who stopped waiting.
    pub gave_up: u32,
    /// Declined by payment.
    pub declined: u32,
    /// Told that it failed.
    pub refused: u32,
    /// Customers who still wait.
    pub waiting: u32,
    /// Given up on by a service after it was taken up.
    pub lost: u32,
    /// Worked on twice by some service.
    pub duplicated: u32,
    /// How long an answer took.
    pub response_ms: Option<Times>,
}

/// Orders in the asynchronous shop.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct AsyncOrders {
    /// Placed.
    pub placed: u32,
    /// Told that they are accepted.
    pub answered: u32,
    /// Shipped.
    pub shipped: u32,
    /// Declined by payment.
    pub declined: u32,
    /// Told that they are accepted, then declined.
    pub confirmed_then_declined: u32,
    /// In the dead-letter topic.
    pub dead_lettered: u32,
    /// Told that it failed.
    pub refused: u32,
    /// Customers who stopped waiting.
    pub gave_up: u32,
    /// Customers who still wait.
    pub waiting: u32,
    /// Accepted and not yet paid for or declined.
    pub unpaid: u32,
    /// Accepted and not yet finished.
    pub open: u32,
    /// Accepted and not in the log.
    pub lost: u32,
    /// Worked on twice by some service.
    pub duplicated: u32,
    /// How long an answer took.
    pub response_ms: Option<Times>,
    /// How long it took from placing to shipping.
    pub shipped_ms: Option<Times>,
}

/// A distribution of waits, in milliseconds, by nearest rank.
#[derive(Clone, Copy, PartialEq, Debug, Serialize)]
pub struct Times {
    /// Half took no longer.
    pub p50: f64,
    /// 99 of 100 took no longer.
    pub p99: f64,
    /// The longest.
    pub max: f64,
}

/// A topic.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct TopicSummary {
    /// Its partitions.
    pub partitions: Vec<PartitionSummary>,
}

/// A partition.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct PartitionSummary {
    /// The first offset there is.
    pub log_start_offset: i64,
    /// Records below it are committed.
    pub high_watermark: i64,
    /// The next offset to be written.
    pub log_end_offset: i64,
    /// The size of its batches.
    pub bytes: u64,
}

/// A consumer group.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct GroupSummary {
    /// What it reads.
    pub topic: String,
    /// Records that it has not committed.
    pub lag: u64,
}

/// The guarantees by how they stand.
#[derive(Clone, PartialEq, Eq, Debug, Default, Serialize)]
pub struct PromiseSummary {
    /// Promised, and held.
    pub held: Vec<&'static str>,
    /// Promised, and broken: a bug in Millrace.
    pub broken: Vec<&'static str>,
    /// Not promised by the settings in force, held or not.
    pub not_promised: Vec<&'static str>,
    /// Those of `not_promised` that did not hold.
    pub lessons: Vec<Breached>,
    /// What shows that those of `broken` did not hold.
    pub bugs: Vec<Breached>,
}

/// A guarantee that did not hold.
#[derive(Clone, PartialEq, Eq, Debug, Serialize)]
pub struct Breached {
    /// Its name.
    pub promise: &'static str,
    /// How often.
    pub times: u32,
    /// When first.
    pub first_at_us: Time,
    /// What shows it.
    pub witness: String,
    /// The setting that allows it.
    pub because: Option<&'static str>,
}

impl Summary {
    /// Of the moment shown. The guarantees are checked again from the world, which takes time in
    /// proportion to the logs.
    #[must_use]
    pub fn of(timeline: &Timeline) -> Self {
        let moment = timeline.moment();
        let world = &moment.world;
        let traffic = moment.metrics.traffic();
        Self {
            scenario: timeline.scenario().name.clone(),
            seed: timeline.seed(),
            until_us: timeline.now(),
            events: timeline.instant(),
            trace_hash: format!("{:016x}", timeline.trace_hash()),
            sync: world.shops().map(|_| SyncOrders::of(moment)),
            async_: world.shops().map(|_| AsyncOrders::of(moment)),
            producers: world.feed().map(|_| ProducerSummary {
                acked: traffic.acked(),
                failed: traffic.failed(),
            }),
            topics: topics(moment),
            groups: groups(world),
            promises: PromiseSummary::of(moment),
        }
    }
}

impl SyncOrders {
    fn of(moment: &Moment) -> Self {
        let (metrics, lane) = (&moment.metrics, Lane::Sync);
        let counts = metrics.counts(lane);
        Self {
            placed: counts.placed,
            completed: counts.answered,
            shipped: counts.shipped,
            gave_up: counts.gave_up,
            declined: counts.declined,
            refused: counts.refused,
            waiting: metrics.waiting(lane),
            lost: counts.lost,
            duplicated: counts.duplicated,
            response_ms: Times::of(metrics.responses(lane)),
        }
    }
}

impl AsyncOrders {
    fn of(moment: &Moment) -> Self {
        let (metrics, lane) = (&moment.metrics, Lane::Async);
        let counts = metrics.counts(lane);
        Self {
            placed: counts.placed,
            answered: counts.answered,
            shipped: counts.shipped,
            declined: counts.declined,
            confirmed_then_declined: counts.confirmed_then_declined,
            dead_lettered: counts.given_up_on,
            refused: counts.refused,
            gave_up: counts.gave_up,
            waiting: metrics.waiting(lane),
            unpaid: counts.unpaid,
            open: counts.open,
            lost: counts.lost,
            duplicated: counts.duplicated,
            response_ms: Times::of(metrics.responses(lane)),
            shipped_ms: Times::of(metrics.shippings(lane)),
        }
    }
}

impl Times {
    fn of(spans: impl Iterator<Item = Span>) -> Option<Self> {
        let mut spans: Vec<Span> = spans.collect();
        let mut at = |q| quantile(&mut spans, q).map(Span::as_millis_f64);
        Some(Self {
            p50: at(0.5)?,
            p99: at(0.99)?,
            max: at(1.0)?,
        })
    }
}

impl PromiseSummary {
    fn of(moment: &Moment) -> Self {
        let mut promises = moment.promises.clone();
        promises.recheck(&moment.world);
        let mut summary = Self::default();
        for promise in concerned(&moment.world) {
            let name = promise.name();
            let breached = promises.breach(promise).map(|breach| Breached {
                promise: name,
                times: promises.breaches(promise),
                first_at_us: breach.stamp.at,
                witness: witness(&moment.world, breach.witness),
                because: breach.because,
            });
            match mark(&promises, promise) {
                Mark::Held => summary.held.push(name),
                Mark::Broken | Mark::Flawed => {
                    summary.broken.push(name);
                    summary.bugs.extend(breached);
                }
                Mark::Unpromised | Mark::Lesson => {
                    summary.not_promised.push(name);
                    summary.lessons.extend(breached);
                }
            }
        }
        summary
    }
}

fn topics(moment: &Moment) -> Vec<(String, TopicSummary)> {
    let world = &moment.world;
    let topics = topic_order(world).into_iter().map(|id| {
        let numbers = 0..world.partitions(id);
        let partitions = numbers.filter_map(|number| {
            let partition = world.partition(TopicPartition::new(id, number))?;
            Some(PartitionSummary {
                log_start_offset: partition.log().log_start_offset(),
                high_watermark: partition.high_watermark(),
                log_end_offset: partition.log().log_end_offset(),
                bytes: partition.log().size_bytes(),
            })
        });
        let partitions = partitions.collect();
        (
            world.topic_name(id).to_string(),
            TopicSummary { partitions },
        )
    });
    topics.collect()
}

fn groups(world: &World) -> Vec<(String, GroupSummary)> {
    let group = |name: &str, id: GroupId, topic: TopicId| {
        let group = GroupSummary {
            topic: world.topic_name(topic).to_string(),
            lag: group_lag(world, id, topic),
        };
        (name.to_owned(), group)
    };
    let services = Service::ALL.into_iter().filter_map(|service| {
        let topic = world.read_by(service)?;
        Some(group(service.name(), Shops::group(service), topic))
    });
    let feed = world.feed().filter(|feed| !feed.readers.is_empty());
    let readers = feed.map(|feed| group(&feed.group, Feed::GROUP, feed.topic));
    services.chain(readers).chain(app_group(world)).collect()
}

/// The group of a stream application, over all topics that it reads.
fn app_group(world: &World) -> Option<(String, GroupSummary)> {
    let app = world.app()?;
    let sources = app.plan.subs.iter().flat_map(|sub| &sub.sources);
    let topics: Vec<TopicId> = sources.map(|&(topic, _)| app.topics[topic]).collect();
    let names: Vec<&str> = topics.iter().map(|&t| &**world.topic_name(t)).collect();
    let lags = topics
        .iter()
        .map(|&topic| group_lag(world, App::GROUP, topic));
    let group = GroupSummary {
        topic: names.join(", "),
        lag: lags.sum(),
    };
    Some((app.plan.application.to_string(), group))
}

fn as_map<T: Serialize, S: Serializer>(rows: &[(String, T)], to: S) -> Result<S::Ok, S::Error> {
    to.collect_map(rows.iter().map(|(name, row)| (name, row)))
}
