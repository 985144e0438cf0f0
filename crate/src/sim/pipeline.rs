//! The order pipeline's world: who is who, and what each command does to it.

use super::command::Command;
use super::scenario::Scenario;
use super::world::{Node, Problem, World, digest};
use crate::cluster::{NewTopic, TopicError};
use crate::id::{GroupId, NodeId, TopicId};
use crate::protocol::{Input, OffsetSpec, Out, Service, Sink, Stop};
use crate::shop::{AsyncShop, Customers, SyncService, SyncShop, Topics, Worker, WorkerKit};
use crate::time::{Span, Time};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Who is who in the order pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
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
    /// The brokers.
    pub brokers: Vec<NodeId>,
    /// The controllers; none where the one broker is its own.
    pub controllers: Vec<NodeId>,
    /// The topics the services are wired by.
    pub topics: Topics,
    /// The topic the asynchronous shop sends to: `orders`, unless somebody mistyped it.
    pub sent_to: TopicId,
}

impl Default for Pipeline {
    fn default() -> Self {
        let nobody = NodeId(0);
        Self {
            customers: nobody,
            sync_shop: nobody,
            sync_services: [nobody; 3],
            async_shop: nobody,
            workers: [const { Vec::new() }; 3],
            brokers: Vec::new(),
            controllers: Vec::new(),
            topics: Topics::default(),
            sent_to: TopicId(0),
        }
    }
}

impl Pipeline {
    /// The group a service's consumers form.
    #[must_use]
    pub fn group(service: Service) -> GroupId {
        GroupId::from(service.index())
    }
}

/// The most workers a service may have.
const MOST_WORKERS: u32 = 64;
/// The most partitions a topic may be given: a real cluster takes more, but each costs a tab memory.
const MOST_PARTITIONS: u32 = 1_000;

impl World {
    /// Makes the nodes and topics of a scenario.
    pub(super) fn lay_out(&mut self, scenario: &Scenario) -> Result<(), Problem> {
        let seed = self.seed;
        let names = ["orders", "payments", "shipments", "dead-letters"];
        let [orders, payments, shipments, dead_letters] = names.map(|name| self.intern(name));
        let sent_to = self.intern(&scenario.orders_topic);
        self.pipeline.topics = Topics {
            orders,
            payments,
            shipments,
            dead_letters,
        };

        self.lay_out_cluster(scenario)?;

        let sync_services = Service::ALL.map(|service| {
            self.add_node(&format!("sync-{}", service.name()), |id| {
                Node::SyncService(SyncService::new(seed, u64::from(id.0), service))
            })
        });
        self.pipeline.sync_services = sync_services;
        self.pipeline.sync_shop = self.add_node("sync-shop", |id| {
            Node::SyncShop(SyncShop::new(seed, u64::from(id.0), sync_services))
        });
        let bootstrap: Arc<[NodeId]> = Arc::from(&self.pipeline.brokers[..]);
        let topic_name = Arc::clone(self.topic_name(sent_to));
        self.pipeline.sent_to = sent_to;
        self.pipeline.async_shop = self.add_node("async-shop", |id| {
            Node::AsyncShop(AsyncShop::new(seed, id, sent_to, topic_name, bootstrap))
        });
        for service in Service::ALL {
            for _ in 0..self.settings.workers[service.index()] {
                self.add_worker(service);
            }
        }
        let (sync, async_) = (self.pipeline.sync_shop, self.pipeline.async_shop);
        self.pipeline.customers = self.add_node("customers", |_| {
            Node::Customers(Customers::new(seed, sync, async_, &scenario.workload))
        });
        Ok(())
    }

    fn add_worker(&mut self, service: Service) -> NodeId {
        let number = self.pipeline.workers[service.index()].len() + 1;
        let kit = WorkerKit {
            service,
            group: Pipeline::group(service),
            topics: self.pipeline.topics,
            names: self
                .pipeline
                .topics
                .all()
                .map(|topic| Arc::clone(self.topic_name(topic))),
            bootstrap: Arc::from(&self.pipeline.brokers[..]),
            seed: self.seed,
        };
        let name = format!("{}-{number}", service.name());
        let id = self.add_node(&name, |id| Node::Worker(Worker::new(id, kit)));
        self.pipeline.workers[service.index()].push(id);
        id
    }

    /// Does what a person or a script asks. What it tells goes to `sink`.
    ///
    /// # Errors
    /// The command does not make sense here: why, in words for the person. Nothing was changed.
    pub fn apply<S: Sink>(&mut self, command: &Command, sink: &mut S) -> Result<(), Problem> {
        self.carry_out(command, sink)?;
        let text = serde_json::to_string(command).expect("a command has only plain members");
        self.stamp_command(digest(&text));
        Ok(())
    }

    fn carry_out<S: Sink>(&mut self, command: &Command, sink: &mut S) -> Result<(), Problem> {
        match command {
            Command::SetRate { per_s } => {
                self.settings.per_s = within("the rate", *per_s, 0.0, 1_000.0)?;
                self.change_pace(sink);
            }
            Command::Burst { factor, for_us } => {
                let factor = within("the factor of a burst", *factor, 0.01, 100.0)?;
                let until = self.now() + Span(*for_us);
                self.with_customers(sink, |people, now, set, out| {
                    people.burst(factor, until, now, set, out);
                });
            }
            Command::SetSkew { share } => {
                self.settings.skew = within("the share", *share, 0.0, 1.0)?;
            }
            Command::SetWork { service, mean_us } => self.set_work(*service, *mean_us)?,
            Command::SetWorkers { service, workers } => {
                self.set_workers(*service, *workers, sink)?;
            }
            Command::SetShopWorkers { workers } => {
                let (most, wanted) = (1_000, f64::from(*workers));
                within(
                    "the number of the shop's workers",
                    wanted,
                    1.0,
                    f64::from(most),
                )?;
                self.settings.shop_workers = *workers;
                self.tell_settings(self.pipeline.sync_shop, sink);
                self.tell_settings(self.pipeline.async_shop, sink);
            }
            Command::SetDecline { rate } => {
                self.settings.decline = within("the share declined", *rate, 0.0, 1.0)?;
            }
            Command::SetFailure { service, rate } => {
                self.settings.failure[service.index()] =
                    within("the share that fails", *rate, 0.0, 1.0)?;
            }
            Command::Stop { node, how } => {
                for node in self.named(node)? {
                    self.stop(node, *how, sink);
                }
            }
            Command::Start { node } => {
                for node in self.named(node)? {
                    if self.is_wanted(node) {
                        self.start(node, sink);
                    }
                }
            }
            Command::SetSending { sending } => self.settings.sending = *sending,
            Command::SetAcks { acks } => {
                self.settings.acks = *acks;
                self.reconfigure_producers(sink);
            }
            Command::SetPartitioning { partitioning } => {
                self.settings.partitioning = *partitioning;
                self.reconfigure_producers(sink);
            }
            Command::SetCommit { commit } => {
                self.settings.commit = *commit;
                self.restart_workers(sink);
            }
            Command::SetWiring { wiring } => {
                self.settings.wiring = *wiring;
                self.restart_workers(sink);
            }
            Command::Pause { service } => self.pause(*service, true, sink),
            Command::Resume { service } => self.pause(*service, false, sink),
            Command::Rewind {
                service,
                to,
                partition,
            } => self.rewind(*service, *partition, *to, sink)?,
            _ => self.carry_out_beside(command, sink)?,
        }
        Ok(())
    }

    /// Commands about topics and the network, which any scenario has.
    fn carry_out_beside<S: Sink>(
        &mut self,
        command: &Command,
        sink: &mut S,
    ) -> Result<(), Problem> {
        match command {
            Command::CreateTopic {
                topic,
                partitions,
                configs,
            } => {
                self.create_topic(topic, *partitions, configs, sink)?;
            }
            Command::DeleteTopic { topic } => {
                self.administer(sink, |node, now, out| match node {
                    Node::Broker(broker) => broker.delete_topic(now, topic, out),
                    Node::Controller(controller) => {
                        controller.delete_topic(now, topic, out).map(drop)
                    }
                    _ => Ok(()),
                })?;
            }
            Command::AddPartitions { topic, to } => {
                few_partitions(*to)?;
                self.administer(sink, |node, now, out| match node {
                    Node::Broker(broker) => broker.add_partitions(now, topic, *to, out),
                    Node::Controller(controller) => controller.add_partitions(now, topic, *to, out),
                    _ => Ok(()),
                })?;
            }
            Command::Cut { a, b } => {
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.cut(a, b);
                }
            }
            Command::Heal => self.kernel.heal(),
            Command::SetLoss { a, b, rate } => {
                let rate = within("the share lost", *rate, 0.0, 0.95)?;
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.set_loss(a, b, rate);
                }
            }
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
        let running = self.pipeline.workers[service.index()].clone();
        for (number, &node) in running.iter().enumerate() {
            if number < workers as usize {
                self.start(node, sink);
            } else {
                self.stop(node, Stop::Clean, sink);
            }
        }
        for _ in running.len()..workers as usize {
            let node = self.add_worker(service);
            self.input(node, Input::Start, sink);
        }
        let sync = self.pipeline.sync_services[service.index()];
        self.tell_settings(sync, sink);
        Ok(())
    }

    fn tell_settings<S: Sink>(&mut self, node: NodeId, sink: &mut S) {
        if self.kernel.is_up(node) {
            self.input(node, Input::Settings, sink);
        }
    }

    /// Whether the settings ask for this node: a worker beyond the number set stays down.
    fn is_wanted(&self, node: NodeId) -> bool {
        Service::ALL.iter().all(|service| {
            let workers = &self.pipeline.workers[service.index()];
            workers
                .iter()
                .position(|&worker| worker == node)
                .is_none_or(|place| place < self.settings.workers[service.index()] as usize)
        })
    }

    fn reconfigure_producers<S: Sink>(&mut self, sink: &mut S) {
        let shop = self.pipeline.async_shop;
        self.with_node(shop, sink, |node, _, settings, _| {
            if let Node::AsyncShop(shop) = node {
                shop.reconfigure(settings);
            }
        });
        self.restart_workers(sink);
    }

    /// A client reads its settings when it is made: consumers whose settings changed start anew.
    fn restart_workers<S: Sink>(&mut self, sink: &mut S) {
        for node in self.pipeline.workers.clone().into_iter().flatten() {
            self.ask_to_stop(node, true, sink);
        }
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
        let id = self.pipeline.topics.read_by(service, wiring);
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

    pub(super) fn create_topic<S: Sink>(
        &mut self,
        name: &str,
        partitions: u32,
        configs: &BTreeMap<String, String>,
        sink: &mut S,
    ) -> Result<(), Problem> {
        few_partitions(partitions)?;
        let known = self.topic_id(name);
        let id = self.intern(name);
        let shared = Arc::clone(self.topic_name(id));
        let new = NewTopic {
            partitions: Some(partitions),
            configs: configs.clone(),
            ..NewTopic::default()
        };
        let made = self.administer(sink, |node, now, out| match node {
            Node::Broker(broker) => broker.create_topic(now, id, &shared, &new, out),
            Node::Controller(controller) => controller.create_topic(now, id, &shared, &new, out),
            _ => Ok(()),
        });
        if made.is_err() && known.is_none() {
            self.forget_last_topic_name();
        }
        made
    }

    /// Does what an admin tool asks for, at whoever decides: the active controller, or the broker
    /// alone.
    fn administer<S: Sink>(
        &mut self,
        sink: &mut S,
        act: impl FnOnce(&mut Node, Time, &mut Out) -> Result<(), TopicError>,
    ) -> Result<(), Problem> {
        let decides = self.active_controller().ok_or(TopicError::NoController);
        let done =
            decides.and_then(|node| self.with_node(node, sink, |n, now, _, out| act(n, now, out)));
        done.map_err(|error| Problem::new(error.to_string()))
    }

    fn change_pace<S: Sink>(&mut self, sink: &mut S) {
        self.with_customers(sink, |people, now, set, out| {
            people.change_pace(now, set, out);
        });
    }

    fn with_customers<S: Sink>(
        &mut self,
        sink: &mut S,
        act: impl FnOnce(&mut Customers, Time, &crate::shop::Settings, &mut crate::protocol::Out),
    ) {
        let customers = self.pipeline.customers;
        self.with_node(customers, sink, |node, now, settings, out| {
            if let Node::Customers(people) = node {
                act(people, now, settings, out);
            }
        });
    }

    fn with_workers<S: Sink>(
        &mut self,
        service: Service,
        sink: &mut S,
        act: impl Fn(&mut Worker, Time, &crate::shop::Settings, &mut crate::protocol::Out),
    ) {
        for id in self.pipeline.workers[service.index()].clone() {
            if self.kernel.is_up(id) {
                self.with_node(id, sink, |node, now, settings, out| {
                    if let Node::Worker(worker) = node {
                        act(worker, now, settings, out);
                    }
                });
            }
        }
    }

    /// The nodes a person means by a name: a service in both shops, both shops, all brokers, or one
    /// node's own name.
    fn named(&self, name: &str) -> Result<Vec<NodeId>, Problem> {
        if let Some(&service) = Service::ALL.iter().find(|service| service.name() == name) {
            let sync = self.pipeline.sync_services[service.index()];
            let workers = &self.pipeline.workers[service.index()];
            return Ok(std::iter::once(sync)
                .chain(workers.iter().copied())
                .collect());
        }
        match name {
            "shop" => return Ok(vec![self.pipeline.sync_shop, self.pipeline.async_shop]),
            "broker" => return Ok(self.pipeline.brokers.clone()),
            "controller" if !self.pipeline.controllers.is_empty() => {
                return Ok(self.pipeline.controllers.clone());
            }
            // Customers are people, not a process.
            "customers" => return Err(Problem::new("customers cannot be stopped or cut off")),
            _ => {}
        }
        let found = self
            .nodes()
            .find(|(_, own, ..)| *own == name)
            .map(|(id, ..)| vec![id]);
        found.ok_or_else(|| {
            let names: Vec<&str> = self.nodes().map(|(_, own, ..)| own).collect();
            Problem::new(format!(
                "there is no node named “{name}”. There are: payment, warehouse, shipping, shop, \
                 broker, and each by its own name: {}",
                names.join(", ")
            ))
        })
    }

    fn pairs(&self, a: &str, b: &str) -> Result<Vec<(NodeId, NodeId)>, Problem> {
        let (a, b) = (self.named(a)?, self.named(b)?);
        let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a, b)));
        Ok(pairs.filter(|(a, b)| a != b).collect())
    }
}

/// Too few is for the broker to refuse, in its own words.
fn few_partitions(partitions: u32) -> Result<(), Problem> {
    let (most, wanted) = (MOST_PARTITIONS, f64::from(partitions));
    within("the number of partitions", wanted, 0.0, f64::from(most)).map(drop)
}

fn within(what: &str, value: f64, least: f64, most: f64) -> Result<f64, Problem> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::new(format!(
            "{what} lies between {least} and {most}, not at {value}"
        )))
    }
}
