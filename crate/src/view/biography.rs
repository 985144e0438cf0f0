//! The way of one order through each shop as a space-time diagram: who had it when, and where it
//! waited. Every time in it was told when it happened.

use super::panel::Table;
use super::scene::readers;
use crate::id::{NodeId, OrderId, TopicPartition};
use crate::protocol::{Lane, OrderStep, Service};
use crate::sim::{Event, Moment, OrderInShop, Passed, Shops, Told, World};
use crate::time::{Span, Time};

/// The way of one thing: of an order through one shop, or of a record through the cluster. All
/// times are since it began.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Course {
    /// Whose way: "Synchronous shop", "Record 7 of orders-0, epoch 0".
    pub name: String,
    /// What the times are since: "the order was placed".
    pub since: &'static str,
    /// Who took part, in the order of the drawing.
    pub who: Vec<String>,
    /// What took time, in the order it began.
    pub stays: Vec<Stay>,
    /// What was sent, in the order it set off.
    pub messages: Vec<Sent>,
    /// How much time it takes, or has taken so far.
    pub span: Span,
    /// How much of it is worth drawing: what takes longer runs off the drawing's foot.
    pub drawn: Span,
    /// Whether something is still to come.
    pub open: bool,
}

/// A time somewhere.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Stay {
    /// Where: an index into [`Course::who`].
    pub place: usize,
    /// What it is: "in line", "in its batch", "in orders-3", "at work".
    pub what: String,
    /// Whether nobody works at it meanwhile.
    pub waits: bool,
    /// From when.
    pub from: Span,
    /// Until when; `None` if it lasts.
    pub to: Option<Span>,
}

/// A message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sent {
    /// From whom: an index into [`Course::who`].
    pub from: usize,
    /// To whom.
    pub to: usize,
    /// What it is: "order", "call", "to orders-3", "answer: accepted".
    pub what: String,
    /// When it set off.
    pub sent: Span,
    /// When it arrives, unless a cut or a stop keeps it.
    pub due: Span,
}

const CUSTOMER: usize = 0;
const SHOP: usize = 1;
const BROKERS: usize = 2;

impl Course {
    /// The same as a table.
    #[must_use]
    pub fn table(&self) -> Table {
        let row = |what: String, place: String, from: Span, to: Option<Span>| {
            let (until, took) = to.map_or_else(
                || ("now".to_owned(), Span(self.span.0.saturating_sub(from.0))),
                |to| (to.to_string(), Span(to.0.saturating_sub(from.0))),
            );
            let cells = [what, place, from.to_string(), until, took.to_string()];
            (from, cells.to_vec())
        };
        let stays = self.stays.iter().map(|stay| {
            let place = self.who[stay.place].clone();
            row(stay.what.clone(), place, stay.from, stay.to)
        });
        let messages = self.messages.iter().map(|sent| {
            let way = format!("{} → {}", self.who[sent.from], self.who[sent.to]);
            row(sent.what.clone(), way, sent.sent, Some(sent.due))
        });
        let mut rows: Vec<_> = stays.chain(messages).collect();
        rows.sort_by_cached_key(|(from, _)| from.0);
        Table {
            caption: format!("{}: times since {}", self.name, self.since),
            heads: ["what", "where", "from", "until", "took"]
                .map(str::to_owned)
                .into(),
            rows: rows.into_iter().map(|(_, cells)| cells).collect(),
        }
    }
}

/// The order's way through both shops, the asynchronous first: it is the one with records. Empty
/// for an order of which nothing is kept.
#[must_use]
pub fn courses(moment: &Moment, now: Time, order: OrderId) -> Vec<Course> {
    let Some(row) = moment.metrics.order(order) else {
        return Vec::new();
    };
    let Some(shops) = moment.world.shops() else {
        return Vec::new();
    };
    let sync = |node| node == shops.sync_shop || shops.sync_services.contains(&node);
    let mut builders = [Lane::Async, Lane::Sync].map(|lane| Builder {
        world: &moment.world,
        shops,
        lane,
        order: &row.lanes[lane as usize],
        stays: Vec::new(),
        messages: Vec::new(),
        appended: Vec::new(),
        read: Vec::new(),
    });
    for passage in moment.metrics.passages(order) {
        let at = passage.at.since(row.placed_at);
        match passage.what {
            Passed::Step(lane, step) => builders[usize::from(lane == Lane::Sync)].step(at, step),
            Passed::Moved {
                from,
                to,
                log,
                took_us,
            } => {
                let builder = &mut builders[usize::from(sync(from) || sync(to))];
                builder.moved(from, to, log, at, at + Span(u64::from(took_us)));
            }
        }
    }
    let stops: Vec<(Span, NodeId)> = moment
        .metrics
        .events()
        .filter_map(|(stamp, event)| match event {
            Event::Stopped(node, _) if stamp.at >= row.placed_at => {
                Some((stamp.at.since(row.placed_at), *node))
            }
            _ => None,
        })
        .collect();
    let builders = builders.into_iter().filter(|b| !b.messages.is_empty());
    builders
        .map(|b| b.finish(now.since(row.placed_at), &stops))
        .collect()
}

/// Makes a course from passages.
struct Builder<'a> {
    world: &'a World,
    shops: &'a Shops,
    lane: Lane,
    order: &'a OrderInShop,
    /// Each with the process it is at, if it ends with that process.
    stays: Vec<(Stay, Option<NodeId>)>,
    messages: Vec<Sent>,
    /// Where records of it lie, and since when.
    appended: Vec<(TopicPartition, Span)>,
    /// Which service has read where, and in which process.
    read: Vec<(TopicPartition, usize, NodeId)>,
}

impl Builder<'_> {
    fn service(&self, service: Service) -> usize {
        service.index() + if self.lane == Lane::Sync { 2 } else { 3 }
    }

    fn place(&self, node: NodeId) -> Option<usize> {
        let shops = self.shops;
        match node {
            _ if node == shops.customers => Some(CUSTOMER),
            _ if node == shops.sync_shop || node == shops.async_shop => Some(SHOP),
            _ if self.world.broker_ids().contains(&node) => Some(BROKERS),
            _ => {
                let is = |service: &Service| {
                    let n = service.index();
                    shops.sync_services[n] == node || shops.workers[n].contains(&node)
                };
                let service = Service::ALL.into_iter().find(is)?;
                Some(self.service(service))
            }
        }
    }

    fn partition(&self, at: TopicPartition) -> String {
        format!("{}-{}", self.world.topic_name(at.topic), at.partition)
    }

    fn begin(&mut self, place: usize, what: &str, waits: bool, from: Span, node: Option<NodeId>) {
        let stay = Stay {
            place,
            what: what.to_owned(),
            waits,
            from,
            to: None,
        };
        self.stays.push((stay, node));
    }

    /// Ends what lasts there.
    fn end(&mut self, place: usize, waits: bool, at: Span) {
        let lasts = |stay: &Stay| stay.place == place && stay.waits == waits && stay.to.is_none();
        if let Some((stay, _)) = self.stays.iter_mut().rev().find(|(stay, _)| lasts(stay)) {
            stay.to = Some(at);
        }
    }

    fn step(&mut self, at: Span, step: OrderStep) {
        let shops = self.shops;
        let shop = match self.lane {
            Lane::Sync => shops.sync_shop,
            Lane::Async => shops.async_shop,
        };
        match step {
            OrderStep::Began(None) => {
                self.end(SHOP, true, at);
                self.begin(SHOP, "order id", false, at, Some(shop));
            }
            OrderStep::Began(Some(service)) => {
                let place = self.service(service);
                self.end(place, true, at);
                let node = match self.lane {
                    Lane::Sync => Some(shops.sync_services[service.index()]),
                    Lane::Async => self.read.iter().rfind(|r| r.1 == place).map(|r| r.2),
                };
                self.begin(place, "at work", false, at, node);
            }
            OrderStep::Sent => {
                self.end(SHOP, false, at);
                self.begin(SHOP, "in its batch", true, at, Some(shop));
            }
            OrderStep::Done(service) | OrderStep::GivenUpOn(service) => self.worked(service, at),
            OrderStep::Declined => self.worked(Service::Payment, at),
            OrderStep::Unsent => self.end(SHOP, true, at),
            // The customer's wait is known without: see `finish`.
            _ => {}
        }
    }

    /// A service is done with it, one way or another; what it says of that goes to the next topic.
    fn worked(&mut self, service: Service, at: Span) {
        let place = self.service(service);
        self.end(place, false, at);
        if self.lane == Lane::Async {
            let node = self.read.iter().rfind(|r| r.1 == place).map(|r| r.2);
            self.begin(place, "in its batch", true, at, node);
        }
    }

    fn moved(
        &mut self,
        from_node: NodeId,
        to_node: NodeId,
        log: Option<TopicPartition>,
        sent: Span,
        due: Span,
    ) {
        let (Some(from), Some(to)) = (self.place(from_node), self.place(to_node)) else {
            return;
        };
        let what = match log {
            Some(at) if to == BROKERS => {
                self.end(from, true, sent);
                self.appended.push((at, due));
                format!("to {}", self.partition(at))
            }
            Some(at) => self.taken(at, to, to_node, sent),
            None if from == CUSTOMER => {
                self.begin(SHOP, "in line", true, due, Some(to_node));
                "order".to_owned()
            }
            None if to == CUSTOMER => match self.order.told {
                Told::Answered if self.lane == Lane::Sync => "answer: complete".to_owned(),
                Told::Answered => "answer: accepted".to_owned(),
                Told::Declined => "answer: declined".to_owned(),
                Told::Refused => "answer: failed".to_owned(),
                Told::Nothing | Told::GaveUp => "answer".to_owned(),
            },
            None if from == SHOP => {
                self.end(SHOP, false, sent);
                self.begin(to, "in line", true, due, Some(to_node));
                "call".to_owned()
            }
            None => {
                self.end(from, false, sent);
                self.end(from, true, sent);
                "return".to_owned()
            }
        };
        self.messages.push(Sent {
            from,
            to,
            what,
            sent,
            due,
        });
    }

    /// A consumer hands a record to its service: until then it lay in the log.
    fn taken(&mut self, at: TopicPartition, place: usize, node: NodeId, now: Span) -> String {
        let again = self.read.iter().any(|read| (read.0, read.1) == (at, place));
        self.read.push((at, place, node));
        if again {
            return "read again".to_owned();
        }
        let appended = self.appended.iter().rfind(|a| a.0 == at && a.1 <= now);
        if let Some(&(_, from)) = appended {
            let what = format!("in {}", self.partition(at));
            self.begin(BROKERS, &what, true, from, None);
            self.end(BROKERS, true, now);
        }
        "read".to_owned()
    }

    /// What still lasts `now`, lasts; what was in hand of a process that stopped ended with it.
    fn finish(mut self, now: Span, stops: &[(Span, NodeId)]) -> Course {
        let order = self.order;
        // Shipping has nothing to say to another topic.
        let last = self.service(Service::Shipping);
        if order.given_up_on != Some(Service::Shipping) {
            self.stays.retain(|(stay, _)| {
                !(stay.place == last && stay.waits && stay.to.is_none()) || self.lane == Lane::Sync
            });
        }
        if !order.is_finished() {
            for (at, from) in std::mem::take(&mut self.appended) {
                for service in readers(self.world, at.topic) {
                    let place = self.service(service);
                    let read = self.read.iter().any(|read| (read.0, read.1) == (at, place));
                    if !read && from <= now {
                        let what = format!("in {}", self.partition(at));
                        self.begin(BROKERS, &what, true, from, None);
                    }
                }
            }
        }
        if order.told == Told::GaveUp {
            self.end(SHOP, true, order.told_after);
        }
        let told = order.told != Told::Nothing;
        self.begin(CUSTOMER, "waits", true, Span::ZERO, None);
        if told {
            self.end(CUSTOMER, true, order.told_after);
        }
        for (stay, node) in &mut self.stays {
            let stopped = |stop: &&(Span, NodeId)| Some(stop.1) == *node && stop.0 >= stay.from;
            if stay.to.is_none()
                && let Some(stop) = stops.iter().find(stopped)
            {
                stay.to = Some(stop.0);
                stay.what.push_str(", stopped");
            }
        }
        let stays = self.stays.into_iter().map(|(stay, _)| stay);
        // What took no time is no stay.
        let mut stays: Vec<Stay> = stays
            .filter(|stay| stay.to.is_none_or(|to| to > stay.from) && stay.from <= now)
            .collect();
        stays.sort_by_cached_key(|stay| stay.from.0);
        let open = stays.iter().any(|stay| stay.to.is_none())
            || self.messages.iter().any(|message| message.due > now);
        let ends = stays.iter().filter_map(|stay| stay.to);
        let last = ends.chain(self.messages.iter().map(|m| m.due)).max();
        let mut who = vec!["customer", "shop"];
        who.extend((self.lane == Lane::Async).then_some("brokers"));
        who.extend(Service::ALL.map(Service::name));
        let name = match self.lane {
            Lane::Sync => "Synchronous shop",
            Lane::Async => "Asynchronous shop",
        };
        let span = if open { now } else { last.unwrap_or(now) };
        Course {
            name: name.to_owned(),
            since: "the order was placed",
            who: who.into_iter().map(str::to_owned).collect(),
            stays,
            messages: self.messages,
            span,
            drawn: span,
            open,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use crate::shop::Wiring;
    use crate::sim::{Command, Timeline};

    fn played(commands: &[Command], until_ms: u64) -> Timeline {
        let scene = scenario::by_name("orders").expect("the scene is there");
        let mut timeline = Timeline::new(scene, 41).expect("it starts");
        for command in commands {
            timeline.act(command.clone()).expect("it makes sense");
        }
        timeline.run_until(Time(until_ms * 1_000), u64::MAX);
        timeline
    }

    fn both(timeline: &Timeline, order: u32) -> [Course; 2] {
        let all = courses(timeline.moment(), timeline.now(), OrderId(order));
        all.try_into().expect("an order of both shops")
    }

    #[test]
    fn stays_and_messages_fill_the_whole_way() {
        let timeline = played(&[], 5_000);
        for order in 0..30 {
            let row = *timeline.moment().metrics.order(OrderId(order)).unwrap();
            for (course, shop) in both(&timeline, order)
                .into_iter()
                .zip([Lane::Async, Lane::Sync])
            {
                let lane = &row.lanes[shop as usize];
                assert!(!course.open, "order {order}: {course:?}");
                let ends = course.stays.iter().map(|s| s.to.expect("it ended"));
                assert!(ends.max().unwrap() <= course.span);
                let told = course.stays.iter().find(|s| s.place == CUSTOMER).unwrap();
                assert_eq!(told.to, Some(lane.told_after));
                // From one to the next there is no gap: somebody has it, or it is on its way.
                let stays = course.stays.iter().filter(|s| s.place != CUSTOMER);
                let mut all: Vec<(Span, Span)> = stays.map(|s| (s.from, s.to.unwrap())).collect();
                all.extend(course.messages.iter().map(|m| (m.sent, m.due)));
                all.sort();
                let mut reached = Span::ZERO;
                for (from, to) in all {
                    assert!(from <= reached, "order {order}: nobody has it at {reached}");
                    reached = reached.max(to);
                }
                assert_eq!(reached, course.span);
                let worked: Vec<Option<Span>> = course
                    .stays
                    .iter()
                    .filter(|s| s.what == "at work")
                    .map(|s| s.to)
                    .collect();
                let done: Vec<Option<Span>> = lane
                    .done_after
                    .into_iter()
                    .filter(Option::is_some)
                    .collect();
                assert!(worked.starts_with(&done), "{worked:?} {done:?}");
                assert_eq!(
                    course.table().rows.len(),
                    course.stays.len() + course.messages.len()
                );
            }
        }
    }

    #[test]
    fn a_paused_reader_leaves_the_record_in_the_log() {
        let service = Service::Payment;
        let timeline = played(&[Command::Pause { service }], 4_000);
        let [async_, sync] = both(&timeline, 3);
        let last = async_.stays.last().unwrap();
        assert!(last.what.starts_with("in orders-") && last.to.is_none());
        assert!(async_.open && !sync.open);
        assert!(async_.table().rows.iter().any(|row| row[3] == "now"));
    }

    #[test]
    fn fanned_out_three_services_read_the_same_record() {
        let wiring = Wiring::FanOut;
        let timeline = played(&[Command::SetWiring { wiring }], 6_000);
        let [async_, _] = both(&timeline, 40);
        let read: Vec<usize> = async_
            .messages
            .iter()
            .filter(|m| m.what == "read")
            .map(|m| m.to)
            .collect();
        assert_eq!(read.len(), 3);
        let in_log = async_
            .stays
            .iter()
            .filter(|s| s.what.starts_with("in orders-"));
        assert_eq!(in_log.count(), 3);
    }

    #[test]
    fn an_order_nobody_placed_has_no_way() {
        let timeline = played(&[], 100);
        assert!(courses(timeline.moment(), timeline.now(), OrderId(9_999)).is_empty());
    }
}
