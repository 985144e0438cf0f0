//! What is happening now, in one or two sentences made from the run's own numbers.

use super::cluster;
use super::numbers::{lag_of, quantile};
use super::outage;
use super::panel::{Explain, Text, WhatIf};
use super::scene::title;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{Lane, Service, Stop};
use crate::shop::{CommitMode, Settings, Wiring};
use crate::sim::{Acted, Command, Shops, Status, Timeline, World};
use crate::time::{Span, Time};

/// Explains the moment shown: the shops, or where there are none the first partition of the cluster.
#[must_use]
pub fn explain(timeline: &Timeline) -> Explain {
    let Some(view) = View::new(timeline) else {
        let first = TopicPartition::new(TopicId(0), 0);
        let at = cluster::scene::chosen(&timeline.moment().world, first);
        return cluster::explain::explain(timeline, at);
    };
    view.typo()
        .or_else(|| outage::urgent(timeline, view.shops))
        .or_else(|| view.stopped())
        .or_else(|| outage::replaced(timeline))
        .or_else(|| view.slow())
        .or_else(|| view.draining())
        .or_else(|| view.queue())
        .or_else(|| view.lost())
        .or_else(|| view.twice())
        .or_else(|| view.overtaken())
        .unwrap_or_else(|| view.calm())
}

struct View<'a> {
    timeline: &'a Timeline,
    world: &'a World,
    shops: &'a Shops,
    now: Settings,
    usual: &'a Settings,
    acted: Vec<&'a Acted>,
}

impl<'a> View<'a> {
    fn new(timeline: &'a Timeline) -> Option<Self> {
        let world = &timeline.moment().world;
        Some(Self {
            timeline,
            world,
            shops: world.shops()?,
            now: world.settings().clone(),
            usual: &timeline.scenario().settings,
            acted: timeline.carried_out(),
        })
    }

    fn counts(&self, lane: Lane) -> &crate::sim::Counts {
        self.timeline.moment().metrics.counts(lane)
    }

    fn people(&self) -> u32 {
        self.timeline.moment().metrics.waiting(Lane::Sync)
    }

    fn records(&self) -> u32 {
        self.counts(Lane::Async).open
    }

    /// When something last acted that `what` recognizes.
    fn since(&self, what: impl Fn(&Command) -> bool) -> Option<Time> {
        self.acted
            .iter()
            .rev()
            .find(|acted| what(&acted.command))
            .map(|acted| acted.at_us)
    }

    fn is_down(&self, id: NodeId) -> bool {
        self.world.status(id) == Status::Down
    }

    fn typo(&self) -> Option<Explain> {
        let shops = self.shops;
        if shops.sent_to == shops.topics.orders || self.counts(Lane::Async).answered == 0 {
            return None;
        }
        let name = self.world.topic_name(shops.sent_to);
        let partitions = self.world.partitions(shops.sent_to);
        let answered = self.counts(Lane::Async).answered;
        let now = Text::default()
            .say(format!(
                "The shop sends to “{name}”, which nobody had made. With "
            ))
            .stress("auto.create.topics.enable=true")
            .say(format!(
                " a broker made it by itself, with {partitions} partition{}. {answered} orders \
                 were accepted, and none is paid: payment reads “orders”.",
                if partitions == 1 { "" } else { "s" }
            ));
        Some(Explain {
            heading: "Why is nothing paid?".into(),
            now,
            hint: "With auto-creation off, sending to a topic that does not exist fails after \
                   max.block.ms, and somebody notices."
                .into(),
        })
    }

    fn stopped(&self) -> Option<Explain> {
        let shops = self.shops;
        for (down, lane) in [
            (shops.sync_shop, "synchronous"),
            (shops.async_shop, "asynchronous"),
        ] {
            if self.is_down(down) {
                let told = self.counts(if lane == "synchronous" {
                    Lane::Sync
                } else {
                    Lane::Async
                });
                return Some(Explain {
                    heading: format!("The {lane} shop is down"),
                    now: Text::default().say(format!(
                        "Its customers are refused at once: {} were told that it failed. Orders it \
                         had accepted before are worked on as if nothing had happened: {} are open.",
                        told.refused, told.open
                    )),
                    hint: "Start it again.".into(),
                });
            }
        }
        let service = Service::ALL
            .into_iter()
            .find(|service| self.all_down(*service))?;
        let name = service.name();
        let since = self.since(|command| {
            matches!(command, Command::Stop { node, .. } if node == name || node.starts_with(&format!("{name}-")))
        });
        let when = since.map_or_else(String::new, |at| {
            format!("{} stopped at {at}. ", title(service))
        });
        let lag = lag_of(self.world, service);
        let now = Text::default()
            .say(when)
            .say(format!(
                "The synchronous shop calls it and fails: {} orders are lost. The asynchronous shop \
                 goes on accepting: ",
                self.counts(Lane::Sync).lost
            ))
            .stress(format!("{lag} records wait in the log, and none is lost."));
        Some(Explain {
            heading: format!("{} has stopped. Who notices?", title(service)),
            now,
            hint: "Start it again: its group goes on from its committed positions.".into(),
        })
    }

    fn all_down(&self, service: Service) -> bool {
        let workers = &self.shops.workers[service.index()];
        let wanted = self.now.workers[service.index()] as usize;
        wanted > 0 && workers.iter().take(wanted).all(|&id| self.is_down(id))
    }

    fn slow(&self) -> Option<Explain> {
        let slow = |service: &Service| {
            self.now.work_of(*service).mean().0 >= 2 * self.usual.work_of(*service).mean().0.max(1)
        };
        let service = Service::ALL.into_iter().find(slow)?;
        let name = title(service);
        let (was, is) = (
            self.usual.work_of(service).mean(),
            self.now.work_of(service).mean(),
        );
        let since =
            self.since(|c| matches!(c, Command::SetWork { service: s, .. } if *s == service));
        let when = since.map_or_else(String::new, |at| {
            format!("At {at} {} went from {was} to {is}. ", service.name())
        });
        let (sync, async_) = (self.sync_rate(), self.async_rate(service));
        let come = self.now.per_s;
        let now = Text::default().say(when);
        let now = match (sync < come, async_ < come) {
            (true, true) => now
                .stress("The wait did not vanish; it moved.")
                .say(format!(
                    " Left behind in the synchronous shop: {}. In the asynchronous shop: {}.",
                    counted(self.people(), "person", "people"),
                    counted(self.records(), "record", "records"),
                )),
            (true, false) => now
                .say(format!(
                    "A worker of the synchronous shop is held for the whole order, so it can serve \
                 {sync:.1} a second and {come:.0} come: {} wait. In the asynchronous shop ",
                    counted(self.people(), "person", "people"),
                ))
                .stress("nothing piles up")
                .say(format!(
                    ": {} alone can do {async_:.1} a second.",
                    service.name()
                )),
            (false, true) => now.say(format!(
                "The synchronous shop keeps up. In the asynchronous one {} record{} wait: only {} \
                 of its consumers can have a partition each.",
                self.records(),
                if self.records() == 1 { "" } else { "s" },
                self.readers(service),
            )),
            (false, false) => now.say(format!(
                "Both shops keep up: {sync:.1} and {async_:.1} orders a second can be served, and \
                 {come:.0} come. Every order takes longer, in one shop before the answer, in the \
                 other after it.",
            )),
        };
        Some(Explain {
            heading: format!("{name} is slow. Who waits?"),
            now,
            hint: format!(
                "{} at {is} can do {async_:.1} orders a second; {come:.0} come.",
                counted(self.readers(service), "consumer", "consumers"),
            ),
        })
    }

    /// How many of a service's consumers can have something to read: a partition has one reader in
    /// a group.
    fn readers(&self, service: Service) -> u32 {
        let topic = self.shops.topics.read_by(service, self.now.wiring);
        self.now.workers[service.index()].min(self.world.partitions(topic))
    }

    /// Orders a second that a service of the asynchronous shop can do.
    fn async_rate(&self, service: Service) -> f64 {
        let mean = self.now.work_of(service).mean().0.max(1) as f64 / 1e6;
        f64::from(self.readers(service)) / mean
    }

    /// Orders a second that the synchronous shop can do: its own workers are held for the whole
    /// order, each service's for its part.
    fn sync_rate(&self) -> f64 {
        let seconds = |span: Span| span.0.max(1) as f64 / 1e6;
        let whole: f64 = Service::ALL
            .iter()
            .map(|s| seconds(self.now.work_of(*s).mean()))
            .sum();
        let shop = f64::from(self.now.shop_workers) / (whole + seconds(self.now.order_id.mean()));
        Service::ALL.iter().fold(shop, |least, service| {
            let workers = f64::from(self.now.workers[service.index()]);
            least.min(workers / seconds(self.now.work_of(*service).mean()))
        })
    }

    fn draining(&self) -> Option<Explain> {
        let service = Service::ALL
            .into_iter()
            .max_by_key(|s| lag_of(self.world, *s))?;
        let lag = lag_of(self.world, service);
        // With auto-commit much is read and done that is not committed: that is no backlog.
        if lag < 30 || self.records() < 30 {
            return None;
        }
        let (partition, most) = self.most_behind(service);
        let name = title(service);
        if most * 3 > lag * 2 && lag > 40 {
            return Some(Explain {
                heading: "One partition falls behind".into(),
                now: Text::default()
                    .say(format!(
                        "{most} of the {lag} records that wait for {} lie in ",
                        service.name()
                    ))
                    .stress(format!("partition {partition}"))
                    .say(
                        ": a key has one partition, a partition has one reader in a group, so more \
                         workers do not help.",
                    ),
                hint: "What would: a key that spreads, or work that is faster.".into(),
            });
        }
        let spare = self.async_rate(service) - self.now.per_s;
        let now = Text::default().say(format!("{lag} records wait for {}. ", service.name()));
        let now = if spare > 0.0 {
            let gone = Span((lag as f64 / spare * 1e6) as u64);
            now.say("Its workers can do ")
                .stress(format!("{spare:.0} a second more than come"))
                .say(format!(
                    ", so the backlog is gone in about {gone}. Every one of them was accepted \
                     already: their customers do not wait."
                ))
        } else {
            now.say("More come than its workers can do: the lag grows.")
        };
        Some(Explain {
            heading: format!("{name} works off what piled up"),
            now,
            hint: "Watch the bars move to the right until nothing filled is left.".into(),
        })
    }

    /// The partition with the largest lag at a service, and that lag.
    fn most_behind(&self, service: Service) -> (u32, u64) {
        let topic = self.shops.topics.read_by(service, self.now.wiring);
        (0..self.world.partitions(topic))
            .map(|partition| {
                let at = crate::id::TopicPartition::new(topic, partition);
                let end = self
                    .world
                    .log(at)
                    .map_or(0, crate::log::Log::log_end_offset);
                let behind = end - super::scene::committed(self.world, Shops::group(service), at);
                (partition, behind.max(0).unsigned_abs())
            })
            .max_by_key(|(_, behind)| *behind)
            .unwrap_or((0, 0))
    }

    /// More people wait in the synchronous shop than its workers serve.
    fn queue(&self) -> Option<Explain> {
        let (people, workers) = (self.people(), self.now.shop_workers);
        if people < 4 * workers {
            return None;
        }
        let rate = self.sync_rate();
        let spare = rate - self.now.per_s;
        let now = Text::default().stress(format!("{people} people")).say(format!(
            " wait in the synchronous shop. Its {} serve {:.1} customers a second, and {:.0} come",
            counted(workers, "worker", "workers"),
            rate,
            self.now.per_s
        ));
        let now = if spare > 0.0 {
            let gone = Span((f64::from(people) / spare * 1e6) as u64);
            now.say(format!(": the queue is gone in about {gone}."))
        } else {
            now.say(": the queue grows until people give up.")
        };
        Some(Explain {
            heading: "Why do people still wait?".into(),
            now,
            hint: "Whoever waits in the shop keeps a worker busy for every step, not for one."
                .into(),
        })
    }

    fn lost(&self) -> Option<Explain> {
        let lost = self.counts(Lane::Async).lost;
        if lost == 0 {
            return None;
        }
        let terms = self.timeline.moment().promises.terms();
        let excuse = terms
            .excuse(crate::sim::Promise::NoOrderLost)
            .unwrap_or_default();
        Some(Explain {
            heading: "Accepted, and lost".into(),
            now: Text::default()
                .stress(format!(
                    "{} accepted and lost.",
                    counted(lost, "order was", "orders were")
                ))
                .say(format!(" The setting that allows it: {excuse}.")),
            hint: "Choose another way of sending and play it again.".into(),
        })
    }

    fn twice(&self) -> Option<Explain> {
        let twice = self.counts(Lane::Async).duplicated;
        if twice == 0 {
            return None;
        }
        let why = match self.now.commit {
            CommitMode::Auto => {
                "positions are committed every five seconds, so what was done since the last commit \
                 was done again by the next reader"
            }
            CommitMode::EachRecord => {
                "its position is committed after the work, so what was done and not yet committed \
                 was done again"
            }
        };
        Some(Explain {
            heading: "The same work, twice".into(),
            now: Text::default()
                .stress(format!(
                    "{} processed twice",
                    counted(twice, "order was", "orders were")
                ))
                .say(format!(": {why}. That is “at least once”.")),
            hint: "At least once is safe where doing a thing again changes nothing.".into(),
        })
    }

    fn overtaken(&self) -> Option<Explain> {
        use crate::sim::{Promise, Witness};
        let breach = self
            .timeline
            .moment()
            .promises
            .breach(Promise::OrderPerKey)?;
        let Witness::Overtaken(early, late) = breach.witness else {
            return None;
        };
        Some(Explain {
            heading: "An order was overtaken".into(),
            now: Text::default()
                .say(format!("At {} order {} was paid after order {} ", breach.stamp.at, early.0, late.0))
                .stress("of the same customer")
                .say(
                    ". With more partitions the key's new records lie in another partition than its \
                     old ones, and each partition has its own reader.",
                ),
            hint: "Order is promised within a partition; a key keeps its partition only while their \
                   number stays."
                .into(),
        })
    }

    fn calm(&self) -> Explain {
        let metrics = &self.timeline.moment().metrics;
        let now = self.timeline.now();
        let median = |lane| {
            let window = super::orders::Answers::WINDOW;
            let mut spans: Vec<Span> = metrics
                .recent()
                .filter(|w| w.lane == lane && !w.shipped && now.since(w.at) <= window)
                .map(|w| w.span)
                .collect();
            quantile(&mut spans, 0.5)
        };
        let (Some(sync), Some(async_)) = (median(Lane::Sync), median(Lane::Async)) else {
            return as_proposed(self.timeline);
        };
        let people = self.now.per_s * sync.0 as f64 / 1e6;
        let fan_out = match self.now.wiring {
            Wiring::Chain => "",
            Wiring::FanOut => " All three services read orders, none waits for another.",
        };
        Explain {
            heading: self.timeline.scenario().title.clone(),
            now: Text::default()
                .say("Half of all customers are answered within ")
                .stress(format!("{sync} in one shop, {async_} in the other"))
                .say(format!(
                    ". Both do the same work; in the second the customer does not wait for it. At \
                     {:.0} orders a second, {sync} each, about {people:.0} people are in the \
                     synchronous shop at a time: Little's law.{fan_out}",
                    self.now.per_s
                )),
            hint: self.timeline.scenario().try_this.clone(),
        }
    }
}

/// What the scene itself says.
fn as_proposed(timeline: &Timeline) -> Explain {
    let scenario = timeline.scenario();
    Explain {
        heading: scenario.title.clone(),
        now: Text::default().say(scenario.watch.clone()),
        hint: scenario.try_this.clone(),
    }
}

fn counted(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// The interventions that teach most here.
#[must_use]
pub fn what_if(timeline: &Timeline) -> Vec<WhatIf> {
    let Some(view) = View::new(timeline) else {
        return Vec::new();
    };
    let payment = Service::Payment;
    let mut all = Vec::new();
    let mut offer = |label: String, commands: Vec<Command>| all.push(WhatIf { label, commands });
    let (is, was) = (
        view.now.work_of(payment).mean(),
        view.usual.work_of(payment).mean(),
    );
    if is.0 >= 2 * was.0.max(1) {
        let back = Command::SetWork {
            service: payment,
            mean_us: was.0,
        };
        offer(format!("payment back to {was}"), vec![back]);
        let workers = Command::SetWorkers {
            service: payment,
            workers: 12,
        };
        if view.now.workers[0] < 12 {
            offer("12 payment workers".into(), vec![workers]);
        }
    } else {
        let slow = Command::SetWork {
            service: payment,
            mean_us: 900_000,
        };
        offer("payment takes 900 ms".into(), vec![slow]);
    }
    let node = || "payment".to_string();
    if view.all_down(payment) {
        offer(
            "start payment".into(),
            vec![Command::Start { node: node() }],
        );
    } else {
        offer(
            "stop payment".into(),
            vec![Command::Stop {
                node: node(),
                how: Stop::Clean,
            }],
        );
    }
    offer(
        "ten times the customers for 5 s".into(),
        vec![Command::Burst {
            factor: 10.0,
            for_us: 5_000_000,
        }],
    );
    all.extend(outage::what_if(view.world, view.shops));
    all
}
