//! The Orders picture from a moment.

use super::orders::{
    Ahead, Answers, Cell, Flight, InHand, OrdersScene, Place, ShopScene, Station, Strip,
    TopicScene, Unfinished, Waiting,
};
use crate::group::GroupState;
use crate::id::{GroupId, NodeId, OrderId, TopicId, TopicPartition};
use crate::log::Log;
use crate::protocol::{Lane, Service};
use crate::shop::{OrderEvent, Settings, WorkerState, hue_of};
use crate::sim::{Metrics, Moment, Moved, Node, Shops, Status, World};
use crate::time::{Span, Time};

/// Fills `scene` with the picture of `moment` at `now`, which lies at or after the world's last
/// event. Buffers are reused. Of a world without shops there is no such picture, and `scene` stays as
/// it is.
pub fn scene(moment: &Moment, usual: &Settings, now: Time, scene: &mut OrdersScene) {
    let world = &moment.world;
    let Some(shops) = world.shops() else { return };
    let topics = topic_order(world);
    scene.now = now;
    sync_shop(world, shops, usual, &mut scene.sync);
    async_shop(world, shops, usual, &mut scene.async_);
    scene.topics.resize_with(topics.len(), TopicScene::default);
    for (topic, into) in topics.iter().zip(&mut scene.topics) {
        topic_scene(world, *topic, into);
    }
    scene.flights.clear();
    let recent = |moved: &&Moved| now.since(moved.due_at) <= OrdersScene::RECENT;
    let flights = moment.metrics.moved().filter(recent);
    scene
        .flights
        .extend(flights.filter_map(|moved| flight(world, shops, &topics, moved)));
}

/// How many orders are not finished, over the run so far.
#[must_use]
pub fn unfinished(metrics: &Metrics) -> Unfinished {
    let now = metrics.sample();
    let samples = metrics.samples().map(|s| (s.people, s.records));
    let samples: Vec<(u32, u32)> = samples.chain([(now.people, now.records)]).collect();
    Unfinished {
        every: Metrics::EVERY,
        ahead: ahead(&samples),
        samples,
    }
}

/// How both lines would go on, if one of them would move.
fn ahead(samples: &[(u32, u32)]) -> Option<Ahead> {
    let steps = (Ahead::SPAN.0 / Metrics::EVERY.0) as usize;
    let last = &samples[samples.len().checked_sub(steps + 1)?..];
    let people = carried_on(last.iter().map(|s| s.0));
    let records = carried_on(last.iter().map(|s| s.1));
    let (people_now, records_now) = last[steps];
    let moves = |is: u32, will: u32| is.abs_diff(will) >= Ahead::LEAST;
    let worth = moves(people_now, people.1) || moves(records_now, records.1);
    worth.then_some(Ahead { people, records })
}

/// Where the line through these samples, [`Metrics::EVERY`] apart, leads from the last of them in
/// as much time again; or when it comes to nothing, if that is sooner.
fn carried_on(samples: impl ExactSizeIterator<Item = u32> + Clone) -> (Span, u32) {
    let steps = samples.len() as i64 - 1;
    let now = i64::from(samples.clone().last().unwrap_or(0));
    // Least squares, with times measured from the middle in half steps.
    let times = || (0..=steps).map(|n| 2 * n - steps);
    let along: i64 = times().zip(samples).map(|(t, y)| t * i64::from(y)).sum();
    let across: i64 = times().map(|t| t * t).sum();
    let change = 2 * steps * along / across.max(1);
    if now + change >= 0 {
        return (Ahead::SPAN, (now + change) as u32);
    }
    let part = Ahead::SPAN.0 * now.unsigned_abs() / change.unsigned_abs();
    (Span(part), 0)
}

/// Times to an answer over the last five seconds before `now`.
#[must_use]
pub fn answers(metrics: &Metrics, now: Time) -> Answers {
    let mut answers = Answers {
        sync: vec![0; Answers::BUCKETS],
        async_: vec![0; Answers::BUCKETS],
    };
    for waited in metrics
        .recent()
        .filter(|w| !w.shipped && now.since(w.at) <= Answers::WINDOW)
    {
        let buckets = match waited.lane {
            Lane::Sync => &mut answers.sync,
            Lane::Async => &mut answers.async_,
        };
        buckets[Answers::bucket(waited.span)] += 1;
    }
    answers
}

impl Answers {
    /// The bucket a time falls in.
    #[must_use]
    pub fn bucket(span: Span) -> usize {
        let tenths = span.0.max(100) as f64 / 100.0;
        ((20.0 * libm::log10(tenths)) as usize).min(Self::BUCKETS - 1)
    }

    /// The time at which a bucket begins.
    #[must_use]
    pub fn from(bucket: usize) -> Span {
        Span((100.0 * libm::pow(10.0, bucket as f64 / 20.0)) as u64)
    }
}

/// The topics in the order the pipeline passes them, then all others as they were made. Kafka's own
/// are not among them.
#[must_use]
pub fn topic_order(world: &World) -> Vec<TopicId> {
    let exists = |topic: &TopicId| world.cluster().topics.contains_key(topic);
    let shops = world.shops();
    let known: Vec<TopicId> = shops.map_or(Vec::new(), |shops| shops.topics.all().into());
    let mut topics: Vec<TopicId> = known.iter().copied().filter(exists).collect();
    topics.extend(
        world
            .cluster()
            .topics
            .keys()
            .copied()
            .filter(|id| !known.contains(id) && !id.is_internal()),
    );
    topics
}

/// The services that read a topic as they are wired now.
pub fn readers(world: &World, topic: TopicId) -> impl Iterator<Item = Service> {
    let read_by = Service::ALL.map(|service| world.read_by(service));
    let all = Service::ALL.into_iter();
    all.filter(move |service| read_by[service.index()] == Some(topic))
}

/// Where a group stands in a partition: the next offset it will read.
#[must_use]
pub fn committed(world: &World, group: GroupId, at: TopicPartition) -> i64 {
    let start = world.log(at).map_or(0, Log::log_start_offset);
    let group = world.group(group);
    group.and_then(|group| group.position(at)).unwrap_or(start)
}

fn sync_shop(world: &World, shops: &Shops, usual: &Settings, into: &mut ShopScene) {
    waiting(world, shops, Lane::Sync, into);
    into.stations.clear();
    let settings = world.settings();
    if let Node::SyncShop(shop) = world.node(shops.sync_shop) {
        let in_hand = shop.serving().iter().flatten().map(|serving| InHand {
            order: serving.order,
            hue: serving.hue,
            since: serving.since,
            until: serving.since + settings.patience,
        });
        into.stations.push(shop_station(
            world,
            usual,
            shops.sync_shop,
            in_hand.collect(),
        ));
    }
    for service in Service::ALL {
        let id = shops.sync_services[service.index()];
        if let Node::SyncService(node) = world.node(id) {
            let in_hand = node.in_service().iter().flatten().map(|job| InHand {
                order: job.order,
                hue: job.hue,
                since: job.since,
                until: job.until,
            });
            let mut station = station(world, usual, service);
            station.up = if up(world, id) { station.workers } else { 0 };
            station.in_hand = in_hand.collect();
            station.busy = station.in_hand.len() as u32;
            into.stations.push(station);
        }
    }
}

fn async_shop(world: &World, shops: &Shops, usual: &Settings, into: &mut ShopScene) {
    waiting(world, shops, Lane::Async, into);
    into.stations.clear();
    let settings = world.settings();
    if let Node::AsyncShop(shop) = world.node(shops.async_shop) {
        let in_hand = shop.taking().iter().flatten().map(|taking| InHand {
            order: taking.order.id,
            hue: taking.order.hue,
            since: taking.since,
            until: taking.until,
        });
        into.stations.push(shop_station(
            world,
            usual,
            shops.async_shop,
            in_hand.collect(),
        ));
    }
    for service in Service::ALL {
        let mut station = station(world, usual, service);
        station.paused = settings.paused[service.index()];
        let group = world.group(Shops::group(service));
        station.rebalancing = group.is_some_and(|group| {
            matches!(
                group.state(),
                GroupState::PreparingRebalance | GroupState::CompletingRebalance
            )
        });
        for &id in &shops.workers[service.index()] {
            if !up(world, id) {
                continue;
            }
            station.up += 1;
            let Node::Worker(worker) = world.node(id) else {
                continue;
            };
            station.idle += u32::from(worker.is_idle());
            if let WorkerState::Working {
                order,
                hue,
                since,
                until,
                ..
            } = *worker.state()
            {
                station.busy += 1;
                station.in_hand.push(InHand {
                    order,
                    hue,
                    since,
                    until,
                });
            }
        }
        into.stations.push(station);
    }
}

/// The box of a shop itself, which makes order ids.
fn shop_station(world: &World, usual: &Settings, id: NodeId, in_hand: Vec<InHand>) -> Station {
    let settings = world.settings();
    Station {
        name: "Shop".into(),
        work: settings.order_id.mean(),
        usual: usual.order_id.mean(),
        workers: settings.shop_workers,
        up: if up(world, id) {
            settings.shop_workers
        } else {
            0
        },
        busy: in_hand.len() as u32,
        in_hand,
        ..Station::default()
    }
}

fn station(world: &World, usual: &Settings, service: Service) -> Station {
    Station {
        name: title(service).into(),
        work: world.settings().work_of(service).mean(),
        usual: usual.work_of(service).mean(),
        workers: world.settings().workers[service.index()],
        ..Station::default()
    }
}

/// A service's name as a title.
#[must_use]
pub fn title(service: Service) -> &'static str {
    match service {
        Service::Payment => "Payment",
        Service::Warehouse => "Warehouse",
        Service::Shipping => "Shipping",
    }
}

fn up(world: &World, id: NodeId) -> bool {
    world.status(id) != Status::Down
}

fn waiting(world: &World, shops: &Shops, lane: Lane, into: &mut ShopScene) {
    let Node::Customers(customers) = world.node(shops.customers) else {
        return;
    };
    let all = customers.waiting(lane);
    let patience = world.settings().patience;
    into.waiting_total = all.len() as u32;
    into.waiting.clear();
    into.waiting.extend(
        all.iter()
            .take(ShopScene::SHOWN)
            .map(|(&order, customer)| Waiting {
                order,
                hue: customer.hue,
                since: customer.since,
                until: customer.since + patience,
            }),
    );
}

fn topic_scene(world: &World, topic: TopicId, into: &mut TopicScene) {
    into.name.clear();
    into.name.push_str(world.topic_name(topic));
    into.groups.clear();
    into.groups
        .extend(readers(world, topic).map(|service| service.name().to_owned()));
    let partitions = world.partitions(topic);
    into.strips.resize_with(partitions as usize, Strip::default);
    for (partition, strip) in (0..).zip(&mut into.strips) {
        let at = TopicPartition::new(topic, partition);
        let Some(log) = world.log(at) else { continue };
        strip.log_start = log.log_start_offset();
        strip.log_end = log.log_end_offset();
        strip.committed.clear();
        strip.committed.extend(
            readers(world, topic).map(|service| committed(world, Shops::group(service), at)),
        );
        youngest(log, &mut strip.cells);
    }
}

/// The youngest records of a log, oldest first.
fn youngest(log: &Log, cells: &mut Vec<Cell>) {
    cells.clear();
    for batch in log.batches().rev() {
        let before = cells.len();
        cells.extend(batch.records().flatten().map(|record| Cell {
            offset: record.offset,
            hue: record.key.map_or(0, hue_of),
            order: record.value.and_then(order_in),
        }));
        cells[before..].reverse();
        if cells.len() >= Strip::CELLS {
            break;
        }
    }
    cells.truncate(Strip::CELLS);
    cells.reverse();
}

/// The order in a record's value: at a glance where we wrote it ourselves, by parsing otherwise.
#[must_use]
pub fn order_in(value: &[u8]) -> Option<OrderId> {
    let Some(rest) = value.strip_prefix(br#"{"order":"#) else {
        return OrderEvent::read(value).map(|event| event.order);
    };
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit());
    let number = digits.fold(0u64, |n, byte| {
        n.saturating_mul(10) + u64::from(byte - b'0')
    });
    u32::try_from(number).ok().map(OrderId)
}

fn flight(world: &World, shops: &Shops, topics: &[TopicId], moved: &Moved) -> Option<Flight> {
    let partition = |at: TopicPartition| {
        let topic = topics.iter().position(|topic| *topic == at.topic)?;
        Some(Place::Partition(topic as u8, at.partition as u16))
    };
    let worker = |id: NodeId| {
        let place = shops
            .workers
            .iter()
            .position(|workers| workers.contains(&id))?;
        Some(Place::AsyncStation(place as u8 + 1))
    };
    let Moved {
        from,
        to,
        log,
        sent_at,
        due_at,
        hue,
        order,
    } = *moved;
    let (from, to) = match log {
        Some(at) if world.broker_ids().contains(&to) => {
            let from = if from == shops.async_shop {
                Place::AsyncStation(0)
            } else {
                worker(from)?
            };
            (from, partition(at)?)
        }
        Some(at) => (partition(at)?, worker(to)?),
        // Returns and answers are not shown: what they are about goes on, or is done.
        None if to == shops.customers || shops.sync_services.contains(&from) => return None,
        None if to == shops.sync_shop => (Place::SyncCustomers, Place::SyncStation(0)),
        None if to == shops.async_shop => (Place::AsyncCustomers, Place::AsyncStation(0)),
        None => {
            // The order moves on from service to service, though it is the shop that calls each.
            let place = shops
                .sync_services
                .iter()
                .position(|service| *service == to)? as u8;
            (Place::SyncStation(place), Place::SyncStation(place + 1))
        }
    };
    Some(Flight {
        from,
        to,
        sent_at,
        due_at,
        hue,
        order,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chart_goes_on_as_it_went() {
        let steps = 20u32;
        let line = |from: u32, by: i32| -> Vec<(u32, u32)> {
            let at = |n: u32| from.saturating_add_signed(by * n as i32);
            (0..=steps).map(|n| (at(n), 3)).collect()
        };
        // Two more every quarter of a second: forty in five seconds, and forty more in the next.
        let grows = ahead(&line(10, 2)).expect("it moves");
        assert_eq!(grows.people, (Ahead::SPAN, 90));
        assert_eq!(grows.records, (Ahead::SPAN, 3));
        // Three fewer: of the fifteen left none after 1.25 s.
        let falls = ahead(&line(75, -3)).expect("it moves");
        assert_eq!(falls.people, (Span::millis(1_250), 0));
        assert_eq!(ahead(&line(40, 0)), None, "nothing moves");
        assert_eq!(ahead(&line(10, 2)[1..]), None, "too little to tell");
    }
}
