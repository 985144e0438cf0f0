//! The whole state at one instant.

use super::apps::App;
use super::feeds::Feed;
use super::kernel::{Delivery, Kernel, Message};
use super::layers::Layers;
use super::node::Node;
use super::problem::Problem;
use super::scenario::Scenario;
use super::shops::Shops;
use super::trace::{cargo, dots};
use crate::client::ProducerConfig;
use crate::cluster::metadata::Image;
use crate::cluster::{Broker, Controller, Flaw, Replica};
use crate::group::GroupView;
use crate::id::{GroupId, NodeId, OrderId, TopicId, TopicPartition};
use crate::log::{Batch, Log};
use crate::protocol::{
    Body, Effect, Fact, Input, Lane, OrderStep, Out, Service, Sink, Stamp, Stop,
};
use crate::shop::{OrderEvent, Settings, producer_config};
use crate::time::Time;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How a node's process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Status {
    /// It runs.
    Up,
    /// It was asked to stop and finishes what it must.
    Stopping {
        /// To start again at once, with the settings now in force.
        restart: bool,
    },
    /// It does not run.
    Down,
}

#[derive(Clone, Debug)]
pub(super) struct Slot {
    name: Arc<str>,
    status: Status,
    node: Node,
}

/// The whole state at one instant: nodes, logs, network, clocks.
///
/// A value: a clone is independent of what it was cloned from, and cheap, since logs share what is
/// written.
#[derive(Clone, Debug)]
pub struct World {
    pub(super) kernel: Kernel<Body>,
    pub(super) slots: Vec<Slot>,
    topics: Vec<Arc<str>>,
    offsets_topic: Arc<str>,
    pub(super) settings: Settings,
    pub(super) brokers: Vec<NodeId>,
    pub(super) controllers: Vec<NodeId>,
    pub(super) shops: Option<Shops>,
    pub(super) feed: Option<Feed>,
    pub(super) app: Option<App>,
    pub(super) layers: Option<Layers>,
    pub(super) seed: u64,
    out: Out,
}

impl World {
    /// The beginning of a scenario under a seed. What the start tells goes to `sink`.
    ///
    /// # Errors
    /// The scenario contradicts itself.
    pub fn new<S: Sink>(scenario: &Scenario, seed: u64, sink: &mut S) -> Result<Self, Problem> {
        let mut world = Self {
            kernel: Kernel::new(seed, scenario.latency),
            slots: Vec::new(),
            topics: Vec::new(),
            offsets_topic: Arc::from(TopicId::CONSUMER_OFFSETS_NAME),
            settings: scenario.settings.clone(),
            brokers: Vec::new(),
            controllers: Vec::new(),
            shops: None,
            feed: None,
            app: None,
            layers: None,
            seed,
            out: Out::default(),
        };
        world.lay_out(scenario, sink)?;
        for node in (0..world.slots.len()).map(NodeId::from) {
            world.input(node, Input::Start, sink);
        }
        Ok(world)
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.kernel.next_at()
    }

    /// The time of the last event or command.
    #[must_use]
    pub fn now(&self) -> Time {
        self.kernel.now()
    }

    /// How many events and commands there were.
    #[must_use]
    pub fn instant(&self) -> u64 {
        self.kernel.instant()
    }

    /// Now, as facts are stamped.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        Stamp {
            at: self.now(),
            instant: self.instant(),
        }
    }

    /// The fold of everything dispatched: equal for equal histories.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.kernel.hash()
    }

    /// The settings in force.
    #[must_use]
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// The brokers' numbers, ascending.
    #[must_use]
    pub fn broker_ids(&self) -> &[NodeId] {
        &self.brokers
    }

    /// The controllers' nodes, in order of their numbers; none where the one broker is its own.
    #[must_use]
    pub fn controller_ids(&self) -> &[NodeId] {
        &self.controllers
    }

    /// Who is who in the order pipeline, if it is played.
    #[must_use]
    pub fn shops(&self) -> Option<&Shops> {
        self.shops.as_ref()
    }

    /// Who sends and who reads where there are no shops.
    #[must_use]
    pub fn feed(&self) -> Option<&Feed> {
        self.feed.as_ref()
    }

    /// The topic that a service reads as they are wired now, where there are shops.
    #[must_use]
    pub fn read_by(&self, service: Service) -> Option<TopicId> {
        let topics = self.shops.as_ref()?.topics;
        Some(topics.read_by(service, self.settings.wiring))
    }

    /// Every node, in order of their numbers: number, name, status, machine.
    pub fn nodes(&self) -> impl Iterator<Item = (NodeId, &str, Status, &Node)> {
        let slots = self.slots.iter().enumerate();
        slots.map(|(id, slot)| (NodeId::from(id), &*slot.name, slot.status, &slot.node))
    }

    /// One node's machine.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.slots[id.index()].node
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> &mut Node {
        &mut self.slots[id.index()].node
    }

    /// One node's name.
    #[must_use]
    pub fn name(&self, id: NodeId) -> &str {
        &self.slots[id.index()].name
    }

    /// How a node's process stands.
    #[must_use]
    pub fn status(&self, id: NodeId) -> Status {
        self.slots[id.index()].status
    }

    /// Whether the way from one node to another is cut.
    #[must_use]
    pub fn is_cut(&self, from: NodeId, to: NodeId) -> bool {
        self.kernel.is_cut(from, to)
    }

    /// Whether a node's process is frozen.
    #[must_use]
    pub fn is_frozen(&self, id: NodeId) -> bool {
        self.kernel.is_frozen(id)
    }

    /// One node, if it is a broker.
    #[must_use]
    pub fn broker(&self, id: NodeId) -> Option<&Broker> {
        match self.node(id) {
            Node::Broker(broker) => Some(broker),
            _ => None,
        }
    }

    /// One node, if it is a controller.
    #[must_use]
    pub fn controller(&self, id: NodeId) -> Option<&Controller> {
        match self.node(id) {
            Node::Controller(controller) => Some(controller),
            _ => None,
        }
    }

    /// The mistake that brokers and controllers make, if any.
    #[must_use]
    pub fn flaw(&self) -> Option<Flaw> {
        self.brokers().next().and_then(Broker::flaw)
    }

    /// The brokers, in order of their numbers.
    pub fn brokers(&self) -> impl Iterator<Item = &Broker> {
        let brokers = self.brokers.iter();
        brokers.filter_map(|&broker| self.broker(broker))
    }

    /// The controllers, in order of their numbers; none where the one broker is its own.
    pub fn controllers(&self) -> impl Iterator<Item = &Controller> {
        let controllers = self.controllers.iter();
        controllers.filter_map(|&controller| self.controller(controller))
    }

    /// Who decides what the admin tools ask for: the active controller, or the broker alone.
    #[must_use]
    pub fn active_controller(&self) -> Option<NodeId> {
        if self.controllers.is_empty() {
            return self.brokers.first().copied();
        }
        let active = |&&id: &&NodeId| {
            let runs = self.status(id) == Status::Up && !self.kernel.is_frozen(id);
            runs && self.controller(id).is_some_and(Controller::is_active)
        };
        let mut controllers = self.controllers.iter().filter(active);
        // A leader that a cut hides from the others is active for a while beside its successor.
        controllers
            .by_ref()
            .max_by_key(|&&id| self.controller(id).map(|c| c.quorum().epoch()))
            .copied()
    }

    /// The cluster as the controllers have it: the active one, else the one that knows most.
    #[must_use]
    pub fn cluster(&self) -> &Image {
        let active = self.active_controller().and_then(|id| self.controller(id));
        let knows_most = || {
            self.controllers()
                .max_by_key(|c| c.quorum().high_watermark())
        };
        if let Some(controller) = active.or_else(knows_most) {
            return controller.image();
        }
        let alone = self.brokers().next();
        alone.expect("a world has a broker").image()
    }

    /// The replica that stands for a partition, if it exists: its leader's, else the one that followed
    /// or led last and has most.
    #[must_use]
    pub fn partition(&self, at: TopicPartition) -> Option<&Replica> {
        let state = self.cluster().partition(at)?;
        let there = |&broker: &NodeId| self.broker(broker)?.replica(at);
        if let Some(leader) = state.leader.as_ref().and_then(there) {
            return Some(leader);
        }
        let replicas = state.replicas.iter().filter_map(there);
        replicas.max_by_key(|r| (r.leader_epoch(), r.log().log_end_offset()))
    }

    /// A group as its coordinator has it, if it is there; while it has none, as the last had it.
    #[must_use]
    pub fn group(&self, group: GroupId) -> Option<GroupView<'_>> {
        let kept_at = self.brokers().next()?.group_partition(group);
        let state = self.cluster().partition(kept_at)?;
        match state.leader.and_then(|leader| self.broker(leader)) {
            Some(coordinator) => coordinator.groups().group(group),
            None => self.brokers().find_map(|b| b.groups().group(group)),
        }
    }

    /// The settings of the asynchronous shop's producer.
    #[must_use]
    pub fn shop_producer(&self) -> ProducerConfig {
        producer_config(&self.settings)
    }

    /// The log of a partition, if it exists.
    #[must_use]
    pub fn log(&self, at: TopicPartition) -> Option<&Log> {
        self.partition(at).map(Replica::log)
    }

    /// How many partitions a topic has, 0 if it does not exist.
    #[must_use]
    pub fn partitions(&self, topic: TopicId) -> u32 {
        let topic = self.cluster().topics.get(&topic);
        topic.map_or(0, |topic| topic.partitions.len() as u32)
    }

    /// A topic's name by its number.
    #[must_use]
    pub fn topic_name(&self, topic: TopicId) -> &Arc<str> {
        if topic.is_internal() {
            return &self.offsets_topic;
        }
        &self.topics[topic.index()]
    }

    /// The number of a topic's name, if it was ever spoken of.
    #[must_use]
    pub fn topic_id(&self, name: &str) -> Option<TopicId> {
        if name == TopicId::CONSUMER_OFFSETS_NAME {
            return Some(TopicId::CONSUMER_OFFSETS);
        }
        self.topics
            .iter()
            .position(|topic| **topic == *name)
            .map(TopicId::from)
    }

    /// The number of a topic's name, which may be new.
    pub(super) fn intern(&mut self, name: &str) -> TopicId {
        self.topic_id(name).unwrap_or_else(|| {
            self.topics.push(Arc::from(name));
            TopicId::from(self.topics.len() - 1)
        })
    }

    /// The name interned last came to nothing.
    pub(super) fn forget_last_topic_name(&mut self) {
        self.topics.pop();
    }

    /// Every order that has a record in the topic the asynchronous shop sends to.
    #[must_use]
    pub fn orders_in_log(&self) -> BTreeSet<OrderId> {
        let batches = self.order_logs().flat_map(Log::batches);
        let records = batches.flat_map(Batch::records).flatten();
        let events = records.filter_map(|record| OrderEvent::read(record.value?));
        events.map(|event| event.order).collect()
    }

    /// The logs of the topic the asynchronous shop sends to.
    pub fn order_logs(&self) -> impl Iterator<Item = &Log> {
        let topic = self.shops.as_ref().map(|shops| shops.sent_to);
        let partitions = topic.into_iter().flat_map(|topic| {
            (0..self.partitions(topic)).map(move |p| TopicPartition::new(topic, p))
        });
        partitions.filter_map(|at| self.log(at))
    }

    /// Lets time pass to `at` without an event; nothing may be due before.
    pub fn idle_until(&mut self, at: Time) {
        self.kernel.idle_until(at);
    }

    /// Dispatches the next event; what it tells goes to `sink`. `false` if there is none.
    pub fn step<S: Sink>(&mut self, sink: &mut S) -> bool {
        match self.kernel.dispatch() {
            None => return false,
            Some(Delivery::Nothing) => {}
            Some(Delivery::Thawed(node)) => {
                // What it was asked for meanwhile comes first.
                if matches!(self.status(node), Status::Stopping { .. }) {
                    self.input(node, Input::Stop, sink);
                }
            }
            Some(Delivery::Message(message)) => self.arrived(message, sink),
            Some(Delivery::Timer(node, timer)) => self.input(node, Input::Timer(timer), sink),
            Some(Delivery::Disconnected(node, peer)) => {
                self.input(node, Input::Disconnected { peer }, sink);
            }
        }
        true
    }

    /// Adds a node, which runs but has not been told to start.
    pub(super) fn add_node(&mut self, name: &str, make: impl FnOnce(NodeId) -> Node) -> NodeId {
        let id = self.kernel.add_node();
        let node = make(id);
        self.slots.push(Slot {
            name: Arc::from(name),
            status: Status::Up,
            node,
        });
        id
    }

    /// Hands `input` to a node and carries out what it does.
    pub(super) fn input<S: Sink>(&mut self, node: NodeId, input: Input, sink: &mut S) {
        let started = matches!(input, Input::Start);
        self.with_node(node, sink, |machine, now, settings, out| {
            if started {
                out.tell(Fact::Started { node });
            }
            machine.handle(now, input, settings, out);
        });
    }

    /// Does something to a node's machine and carries out what it does.
    pub(super) fn with_node<S: Sink, T>(
        &mut self,
        node: NodeId,
        sink: &mut S,
        act: impl FnOnce(&mut Node, Time, &Settings, &mut Out) -> T,
    ) -> T {
        let mut out = std::mem::take(&mut self.out);
        out.telling = S::LISTENS;
        let now = self.kernel.now();
        let result = act(
            &mut self.slots[node.index()].node,
            now,
            &self.settings,
            &mut out,
        );
        let stamp = self.stamp();
        for fact in out.facts.drain(..) {
            sink.hear(stamp, fact);
        }
        let mut exits = None;
        for effect in out.effects.drain(..) {
            match effect {
                Effect::Send { to, body } => self.send(node, to, body, sink),
                Effect::Wake { at, timer } => self.kernel.wake(node, at, timer),
                Effect::Disconnect { peer } => self.kernel.disconnect(node, peer),
                Effect::Exit => exits = Some(Stop::Clean),
                Effect::Halt => exits = Some(Stop::DiskFull),
            }
        }
        self.out = out;
        if let Some(how) = exits {
            self.exited(node, how, sink);
        }
        result
    }

    /// A message arrived, by itself or because somebody chose it.
    pub(super) fn arrived<S: Sink>(&mut self, message: Message<Body>, sink: &mut S) {
        let Message { from, to, body, .. } = message;
        if S::LISTENS && message.expected_at != self.now() {
            let (stamp, sent_at) = (self.stamp(), message.sent_at);
            cargo(&body, |what, at, _| {
                let fact = Fact::CameLate {
                    from,
                    to,
                    what,
                    at,
                    sent_at,
                };
                sink.hear(stamp, fact);
            });
        }
        self.input(to, Input::Message { from, body }, sink);
    }

    fn send<S: Sink>(&mut self, from: NodeId, to: NodeId, body: Body, sink: &mut S) {
        if !S::LISTENS {
            self.kernel.send(from, to, body);
            return;
        }
        let stamp = self.stamp();
        let due_at = self.kernel.transmit(from, to);
        cargo(&body, |what, at, records| {
            let fact = Fact::Carried {
                from,
                to,
                what,
                at,
                records,
                due_at,
            };
            sink.hear(stamp, fact);
        });
        // Orders are looked for in records where there are any.
        let dots = self.shops.as_ref().map_or(Vec::new(), |_| dots(&body));
        self.kernel.post(from, to, due_at, body);
        for (order, hue, log) in dots {
            sink.hear(
                stamp,
                Fact::Moved {
                    from,
                    to,
                    log,
                    due_at,
                    hue,
                    order,
                },
            );
        }
    }

    /// The process of `node` has ended by itself.
    fn exited<S: Sink>(&mut self, node: NodeId, how: Stop, sink: &mut S) {
        let restart = self.status(node) == Status::Stopping { restart: true };
        self.kernel.take_down(node, true);
        // Nothing of the process outlives it, however it ended.
        self.node_mut(node).crash(how, &mut Out::default());
        self.slots[node.index()].status = Status::Down;
        if restart {
            self.start(node, sink);
        } else {
            sink.hear(self.stamp(), Fact::Stopped { node, how });
        }
    }

    /// Stops a node's process.
    pub(super) fn stop<S: Sink>(&mut self, node: NodeId, how: Stop, sink: &mut S) {
        match (how, self.status(node)) {
            (_, Status::Down) => {}
            (Stop::Clean, Status::Up) => self.ask_to_stop(node, false, sink),
            (Stop::Clean, Status::Stopping { .. }) => {
                self.slots[node.index()].status = Status::Stopping { restart: false };
            }
            (Stop::Killed | Stop::Crashed | Stop::DiskFull, _) => {
                let stamp = self.stamp();
                let mut out = Out {
                    telling: true,
                    ..Out::default()
                };
                let doubtful = self.node_mut(node).crash(how, &mut out);
                self.kernel.take_down(node, false);
                self.slots[node.index()].status = Status::Down;
                for fact in out.facts {
                    sink.hear(stamp, fact);
                }
                sink.hear(stamp, Fact::Stopped { node, how });
                self.settle_doubt(&doubtful, sink);
            }
        }
    }

    /// Orders that were on their way when their sender died are lost unless the log has them.
    fn settle_doubt<S: Sink>(&self, doubtful: &[OrderId], sink: &mut S) {
        if doubtful.is_empty() {
            return;
        }
        let there = self.orders_in_log();
        for &order in doubtful.iter().filter(|order| !there.contains(order)) {
            let (lane, step) = (Lane::Async, OrderStep::Unsent);
            sink.hear(self.stamp(), Fact::Order { lane, order, step });
        }
    }

    /// Asks a process to end, and to start again at once where `restart` says so.
    pub(super) fn ask_to_stop<S: Sink>(&mut self, node: NodeId, restart: bool, sink: &mut S) {
        if self.status(node) == Status::Up {
            self.slots[node.index()].status = Status::Stopping { restart };
            if !self.kernel.is_frozen(node) {
                self.input(node, Input::Stop, sink);
            }
        }
    }

    /// Starts a node's process, or takes back that it was asked to stop, or that it was frozen.
    pub(super) fn start<S: Sink>(&mut self, node: NodeId, sink: &mut S) {
        self.kernel.thaw(node);
        match self.status(node) {
            Status::Up => {}
            Status::Stopping { .. } => {
                self.slots[node.index()].status = Status::Stopping { restart: true };
            }
            Status::Down => {
                self.kernel.bring_up(node);
                self.slots[node.index()].status = Status::Up;
                self.input(node, Input::Start, sink);
            }
        }
    }

    /// Counts a command as an event.
    pub(super) fn stamp_command(&mut self, digest: u64) {
        self.kernel.stamp_command(digest);
    }

    /// Counts a command that could not be carried out.
    pub(super) fn pass_over(&mut self) {
        self.kernel.stamp_command(0);
    }
}
