//! The order pipeline's two shops: who is who, and what the commands about them do.

use super::carry_out::within;
use super::command::Command;
use super::node::Node;
use super::problem::Problem;
use super::scenario::Scenario;
use super::world::World;
use crate::id::{GroupId, NodeId, TopicId};
use crate::protocol::{Input, OffsetSpec, Out, Service, Sink, Stop};
use crate::shop::{
    AsyncShop, Customers, Settings, SyncService, SyncShop, Topics, Worker, WorkerKit,
};
use crate::time::{Span, Time};
use std::sync::Arc;

/// Who is who in the order pipeline.
#[derive(Clone, Debug)]
pub struct Shops {
    /// Everyone who orders.
    pub customers: NodeId,
    /// The shop where the customer waits for everything.
    pub sync_shop: NodeId,
    /// Its services, in the order of [`Service::ALL`].
    pub sync_services: [NodeId; 3],
    /// The shop that answers when the log has the order.
    pub async_shop: NodeId,
    /// Its services' consumers. Those beyond the number set are down.
    pub workers: [Vec<NodeId>; 3],
    /// The topics the services are wired by.
    pub topics: Topics,
    /// The topic the asynchronous shop sends to: `orders`, unless somebody mistyped it.
    pub sent_to: TopicId,
}

impl Shops {
    /// The names of the groups, by their numbers.
    pub(super) fn group_names() -> Arc<[Arc<str>]> {
        Service::ALL.map(|s| Arc::from(s.name())).into()
    }

    /// The group a service's consumers form.
    #[must_use]
    pub fn group(service: Service) -> GroupId {
        GroupId::from(service.index())
    }
}

/// The most workers a service may have.
const MOST_WORKERS: u32 = 64;

impl World {
    /// Who is who in the order pipeline, where a command needs it.
    pub(super) fn shops_here(&self) -> Result<&Shops, Problem> {
        self.shops.as_ref().ok_or_else(|| {
            Problem::new(
                "there are no shops in this scene: producers send to a topic, and consumers read it",
            )
        })
    }

    /// Numbers the topics' names that the shops are wired by.
    pub(super) fn name_shop_topics(&mut self, scenario: &Scenario) -> (Topics, TopicId) {
        let names = ["orders", "payments", "shipments", "dead-letters"];
        let [orders, payments, shipments, dead_letters] = names.map(|name| self.intern(name));
        let topics = Topics {
            orders,
            payments,
            shipments,
            dead_letters,
        };
        (topics, self.intern(&scenario.orders_topic))
    }

    /// Makes both shops and their customers.
    pub(super) fn lay_out_shops(&mut self, scenario: &Scenario, topics: Topics, sent_to: TopicId) {
        let seed = self.seed;
        let sync_services = Service::ALL.map(|service| {
            self.add_node(&format!("sync-{}", service.name()), |id| {
                Node::SyncService(SyncService::new(seed, u64::from(id.0), service))
            })
        });
        let sync_shop = self.add_node("sync-shop", |id| {
            Node::SyncShop(SyncShop::new(seed, u64::from(id.0), sync_services))
        });
        let bootstrap: Arc<[NodeId]> = Arc::from(&self.brokers[..]);
        let topic_name = Arc::clone(self.topic_name(sent_to));
        let async_shop = self.add_node("async-shop", |id| {
            Node::AsyncShop(AsyncShop::new(seed, id, sent_to, topic_name, bootstrap))
        });
        let workers = Service::ALL.map(|service| {
            let numbers = 1..=self.settings.workers[service.index()];
            numbers
                .map(|number| self.add_worker(service, topics, number))
                .collect()
        });
        let customers = self.add_node("customers", |_| {
            let shop = Customers::new(seed, sync_shop, async_shop, &scenario.workload);
            Node::Customers(shop)
        });
        self.shops = Some(Shops {
            customers,
            sync_shop,
            sync_services,
            async_shop,
            workers,
            topics,
            sent_to,
        });
    }

    fn add_worker(&mut self, service: Service, topics: Topics, number: u32) -> NodeId {
        let kit = WorkerKit {
            service,
            group: Shops::group(service),
            topics,
            names: topics.all().map(|topic| Arc::clone(self.topic_name(topic))),
            bootstrap: Arc::from(&self.brokers[..]),
            seed: self.seed,
        };
        let name = format!("{}-{number}", service.name());
        self.add_node(&name, |id| Node::Worker(Worker::new(id, kit)))
    }

    /// Commands that only shops know.
    pub(super) fn carry_out_in_shops<S: Sink>(
        &mut self,
        command: &Command,
        sink: &mut S,
    ) -> Result<(), Problem> {
        self.shops_here()?;
        match command {
            Command::SetSkew { share } => {
                self.settings.skew = within("the share", *share, 0.0, 1.0)?;
            }
            Command::SetWork { service, mean_us } => self.set_work(*service, *mean_us)?,
            Command::SetWorkers { service, workers } => {
                self.set_workers(*service, *workers, sink)?;
            }
            Command::SetShopWorkers { workers } => self.set_shop_workers(*workers, sink)?,
            Command::SetDecline { rate } => {
                self.settings.decline = within("the share declined", *rate, 0.0, 1.0)?;
            }
            Command::SetFailure { service, rate } => {
                self.settings.failure[service.index()] =
                    within("the share that fails", *rate, 0.0, 1.0)?;
            }
            Command::SetSending { sending } => self.settings.sending = *sending,
            Command::SetWiring { wiring } => {
                self.settings.wiring = *wiring;
                self.restart_readers(sink);
            }
            Command::Pause { service } => self.pause(*service, true, sink),
            Command::Resume { service } => self.pause(*service, false, sink),
            Command::Rewind {
                service,
                to,
                partition,
            } => self.rewind(*service, *partition, *to, sink)?,
            _ => unreachable!("the other commands are carried out before"),
        }
        Ok(())
    }

    fn set_work(&mut self, service: Service, mean_us: u64) -> Result<(), Problem> {
        const HOUR: u64 = 3_600_000_000;
        if mean_us > HOUR {
            return Err(Problem::new("a piece of work takes at most an hour"));
        }
        let work = &mut self.settings.work[service.index()];
        *work = work.with_mean(Span(mean_us));
        Ok(())
    }

    fn set_workers<S: Sink>(
        &mut self,
        service: Service,
        workers: u32,
        sink: &mut S,
    ) -> Result<(), Problem> {
        within(
            "the number of workers",
            f64::from(workers),
            0.0,
            f64::from(MOST_WORKERS),
        )?;
        self.settings.workers[service.index()] = workers;
        let shops = self.shops_here()?;
        let (topics, sync) = (shops.topics, shops.sync_services[service.index()]);
        let running = shops.workers[service.index()].clone();
        for (number, &node) in running.iter().enumerate() {
            if number < workers as usize {
                self.start(node, sink);
            } else {
                self.stop(node, Stop::Clean, sink);
            }
        }
        for number in running.len() as u32 + 1..=workers {
            let node = self.add_worker(service, topics, number);
            if let Some(shops) = &mut self.shops {
                shops.workers[service.index()].push(node);
            }
            self.input(node, Input::Start, sink);
        }
        self.tell_settings(sync, sink);
        Ok(())
    }

    fn set_shop_workers<S: Sink>(&mut self, workers: u32, sink: &mut S) -> Result<(), Problem> {
        let wanted = f64::from(workers);
        within("the number of the shop's workers", wanted, 1.0, 1_000.0)?;
        let shops = self.shops_here()?;
        let both = [shops.sync_shop, shops.async_shop];
        self.settings.shop_workers = workers;
        for shop in both {
            self.tell_settings(shop, sink);
        }
        Ok(())
    }

    fn tell_settings<S: Sink>(&mut self, node: NodeId, sink: &mut S) {
        if self.kernel.is_up(node) {
            self.input(node, Input::Settings, sink);
        }
    }

    /// Whether the settings ask for this node: a worker beyond the number set stays down.
    pub(super) fn is_wanted(&self, node: NodeId) -> bool {
        let Some(shops) = &self.shops else {
            return true;
        };
        let wanted = shops.workers.iter().zip(self.settings.workers);
        wanted.into_iter().all(|(workers, wanted)| {
            let place = workers.iter().position(|&worker| worker == node);
            place.is_none_or(|place| place < wanted as usize)
        })
    }

    fn pause<S: Sink>(&mut self, service: Service, paused: bool, sink: &mut S) {
        self.settings.paused[service.index()] = paused;
        self.with_workers(service, sink, |worker, now, set, out| {
            worker.pause(now, set, out);
        });
    }

    fn rewind<S: Sink>(
        &mut self,
        service: Service,
        partition: Option<u32>,
        to: OffsetSpec,
        sink: &mut S,
    ) -> Result<(), Problem> {
        let wiring = self.settings.wiring;
        let id = self.shops_here()?.topics.read_by(service, wiring);
        let has = self.partitions(id) as usize;
        if let Some(wanted) = partition
            && wanted as usize >= has
        {
            return Err(Problem::new(format!(
                "{} has no partition {wanted}: its partitions are 0 to {}",
                self.topic_name(id),
                has.saturating_sub(1)
            )));
        }
        self.with_workers(service, sink, |worker, now, _, out| {
            worker.rewind(now, partition, to, out);
        });
        Ok(())
    }

    /// Does something to the customers, where there are any.
    pub(super) fn with_customers<S: Sink>(
        &mut self,
        sink: &mut S,
        act: impl FnOnce(&mut Customers, Time, &Settings, &mut Out),
    ) {
        let Some(shops) = &self.shops else { return };
        self.with_node(shops.customers, sink, |node, now, settings, out| {
            if let Node::Customers(people) = node {
                act(people, now, settings, out);
            }
        });
    }

    fn with_workers<S: Sink>(
        &mut self,
        service: Service,
        sink: &mut S,
        act: impl Fn(&mut Worker, Time, &Settings, &mut Out),
    ) {
        let shops = self.shops.iter();
        let workers: Vec<NodeId> = shops
            .flat_map(|shops| shops.workers[service.index()].iter().copied())
            .collect();
        for id in workers {
            if self.kernel.is_up(id) {
                self.with_node(id, sink, |node, now, settings, out| {
                    if let Node::Worker(worker) = node {
                        act(worker, now, settings, out);
                    }
                });
            }
        }
    }
}
