//! A cluster on a small network of its own, and a person at a console.

use millrace::cluster::{
    Broker, BrokerConfig, Controller, ControllerConfig, Death, Founding, PartitionState, Quorum,
    offsets_topic,
};
use millrace::id::{GroupId, NodeId, TopicId, TopicPartition};
use millrace::log::{Batch, BatchBuilder};
use millrace::protocol::{
    Acks, Body, Effect, EpochAsked, Fact, FetchPartition, Input, MemberId, OffsetAsked, OffsetSpec,
    Out, Request, Response, Sink, Stamp,
};
use millrace::rng::Dist;
use millrace::sim::{Delivery, Kernel, Promises};
use millrace::time::{Span, Time};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

#[allow(clippy::large_enum_variant)] // there are few, and each is one
pub(crate) enum Machine {
    Broker(Broker),
    Controller(Controller),
    /// Whoever types the script.
    Person,
}

/// A cluster and a person at a console. Brokers are numbered from 0, as in the transcripts.
pub struct ClusterNet {
    pub(crate) kernel: Kernel<Body>,
    pub(crate) machines: Vec<Machine>,
    pub(crate) brokers: usize,
    topics: Vec<Arc<str>>,
    groups: Vec<Arc<str>>,
    /// The person as a member of groups: generation and id.
    pub(crate) members: BTreeMap<GroupId, (u32, MemberId)>,
    answers: BTreeMap<u32, Response>,
    asked: u32,
    out: Out,
    /// What the person posted and nobody has answered yet: where, and under what acks.
    posted: BTreeMap<u32, (TopicPartition, Acks)>,
    /// The guarantees, watched from the beginning.
    pub promises: Promises,
}

impl ClusterNet {
    /// A cluster that has run for five seconds.
    #[must_use]
    pub fn new(seed: u64, brokers: usize, controllers: usize, eligible: bool) -> Self {
        let config = ControllerConfig {
            eligible_leader_replicas: eligible,
            ..ControllerConfig::default()
        };
        let voters: Arc<[NodeId]> = (brokers..brokers + controllers).map(NodeId::from).collect();
        let mut kernel = Kernel::new(
            seed,
            Dist::LogNormal {
                mean_us: 900,
                sigma: 0.3,
            },
        );
        let mut machines = Vec::new();
        let config_of_brokers = BrokerConfig {
            offsets_topic_partitions: 3,
            ..BrokerConfig::default()
        };
        for _ in 0..brokers {
            let id = kernel.add_node();
            let broker = Broker::of_cluster(id, config_of_brokers, voters.clone(), seed);
            machines.push(Machine::Broker(broker));
        }
        for _ in 0..controllers {
            let id = kernel.add_node();
            let controller = Controller::new(id, voters.clone(), config, seed);
            machines.push(Machine::Controller(controller));
        }
        kernel.add_node();
        machines.push(Machine::Person);
        let racks: Vec<_> = (0..brokers).map(|id| (NodeId::from(id), None)).collect();
        let mut founding = Founding::new(&racks, config, seed);
        // Replicas 0, 1, 2 of the first partition, 1, 2, 0 of the second and so on.
        let mut offsets = offsets_topic(&config_of_brokers);
        let replicas = |first| (first..first + brokers.min(3)).map(|b| NodeId::from(b % brokers));
        offsets.assignment = Some((0..3).map(|p| replicas(p).collect()).collect());
        let name = Arc::from(TopicId::CONSUMER_OFFSETS_NAME);
        founding
            .create_topic(TopicId::CONSUMER_OFFSETS, &name, &offsets)
            .expect("nothing is in its way");
        let mut net = Self {
            kernel,
            machines,
            brokers,
            topics: Vec::new(),
            groups: Vec::new(),
            members: BTreeMap::new(),
            answers: BTreeMap::new(),
            asked: 0,
            out: Out {
                telling: true,
                ..Out::default()
            },
            posted: BTreeMap::new(),
            promises: Promises::default(),
        };
        for id in 0..brokers + controllers {
            net.with(NodeId::from(id), |machine, _, out| match machine {
                Machine::Broker(broker) => founding.tell_broker(broker, out),
                Machine::Controller(controller) => founding.tell_controller(controller),
                Machine::Person => {}
            });
            net.input(NodeId::from(id), Input::Start);
        }
        net.run(Span::secs(5));
        net
    }

    fn stamp(&self) -> Stamp {
        Stamp {
            at: self.kernel.now(),
            instant: self.kernel.instant(),
        }
    }

    /// Compares every log with what was told of it, and with the others.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn check_promises(&mut self) {
        let (mut brokers, mut controllers) = (Vec::new(), Vec::new());
        for machine in &self.machines {
            match machine {
                Machine::Broker(broker) => brokers.push(broker),
                Machine::Controller(controller) => controllers.push(controller),
                Machine::Person => {}
            }
        }
        let mut promises = self.promises.clone();
        promises.recheck_cluster(self.stamp(), &brokers, &controllers);
        let broken = promises.broken();
        assert!(broken.is_none(), "{broken:#?}");
    }

    fn person(&self) -> NodeId {
        NodeId::from(self.machines.len() - 1)
    }

    fn with<T>(&mut self, node: NodeId, act: impl FnOnce(&mut Machine, Time, &mut Out) -> T) -> T {
        let mut out = std::mem::take(&mut self.out);
        out.telling = true;
        let now = self.kernel.now();
        let result = act(&mut self.machines[node.index()], now, &mut out);
        let stamp = self.stamp();
        for fact in out.facts.drain(..) {
            self.promises.hear(stamp, fact);
        }
        let mut exits = false;
        for effect in out.effects.drain(..) {
            match effect {
                Effect::Send { to, body } => drop(self.kernel.send(node, to, body)),
                Effect::Wake { at, timer } => self.kernel.wake(node, at, timer),
                Effect::Disconnect { peer } => self.kernel.disconnect(node, peer),
                Effect::Exit | Effect::Halt => exits = true,
            }
        }
        self.out = out;
        if exits {
            self.kernel.take_down(node, true);
            self.die(node, Death::Process);
        }
        result
    }

    pub(crate) fn input(&mut self, node: NodeId, input: Input) {
        if node == self.person() {
            if let Input::Message {
                from,
                body: Body::Response { id, response },
            } = input
            {
                self.hear_answer(from, id, &response);
                self.answers.insert(id, *response);
            }
            return;
        }
        self.with(node, |machine, now, out| match machine {
            Machine::Broker(broker) => broker.handle(now, input, out),
            Machine::Controller(controller) => controller.handle(now, input, out),
            Machine::Person => {}
        });
    }

    /// What a person is told as a producer and as a consumer the monitors hear too.
    fn hear_answer(&mut self, leader: NodeId, id: u32, response: &Response) {
        let (stamp, person) = (self.stamp(), self.person());
        match response {
            Response::Produce { results } => {
                let posted = self.posted.remove(&id);
                if let (Some((at, acks)), &[(_, Ok(base_offset))]) = (posted, &results[..]) {
                    let acked = Fact::Acked {
                        producer: person,
                        leader,
                        acks,
                        at,
                        base_offset,
                        records: 1,
                    };
                    self.promises.hear(stamp, acked);
                }
            }
            Response::ListOffsets { offsets } => {
                if let &[(at, Ok(Some(found)))] = &offsets[..] {
                    let latest = Fact::LatestOffset {
                        client: person,
                        at,
                        offset: found.offset,
                    };
                    self.promises.hear(stamp, latest);
                }
            }
            _ => {}
        }
    }

    pub(crate) fn die(&mut self, node: NodeId, death: Death) {
        self.with(node, |machine, _, out| match machine {
            Machine::Broker(broker) => broker.died(death, out),
            Machine::Controller(controller) => controller.crash(),
            Machine::Person => {}
        });
    }

    fn step(&mut self) -> bool {
        match self.kernel.dispatch() {
            None => return false,
            Some(Delivery::Nothing | Delivery::Thawed(_)) => {}
            Some(Delivery::Message(message)) => {
                let input = Input::Message {
                    from: message.from,
                    body: message.body,
                };
                self.input(message.to, input);
            }
            Some(Delivery::Timer(node, timer)) => self.input(node, Input::Timer(timer)),
            Some(Delivery::Disconnected(node, peer)) => {
                self.input(node, Input::Disconnected { peer });
            }
        }
        true
    }

    /// Lets time pass.
    ///
    /// # Panics
    /// The cluster does more in that time than it can have to do: it spins.
    pub fn run(&mut self, span: Span) {
        let until = self.kernel.now() + span;
        let before = self.kernel.instant();
        while self.kernel.next_at().is_some_and(|at| at <= until) {
            self.step();
            let events = self.kernel.instant() - before;
            let allowed = 100_000 + span.0 / 50;
            assert!(
                events < allowed,
                "{events} events in {span} at {}",
                self.kernel.now()
            );
        }
        self.kernel.idle_until(until);
    }

    pub(crate) fn controller(&mut self) -> Option<NodeId> {
        let active = self
            .machines
            .iter()
            .enumerate()
            .filter_map(|(id, machine)| match machine {
                Machine::Controller(c) if c.is_active() => Some((c.quorum().epoch(), id)),
                _ => None,
            });
        active.max().map(|(_, id)| NodeId::from(id))
    }

    pub(crate) fn topic(&mut self, name: &str) -> TopicId {
        if name == TopicId::CONSUMER_OFFSETS_NAME {
            return TopicId::CONSUMER_OFFSETS;
        }
        let known = self.topics.iter().position(|topic| **topic == *name);
        TopicId::from(known.unwrap_or_else(|| {
            self.topics.push(Arc::from(name));
            self.topics.len() - 1
        }))
    }

    pub(crate) fn group(&mut self, name: &str) -> GroupId {
        let known = self.groups.iter().position(|group| **group == *name);
        GroupId::from(known.unwrap_or_else(|| {
            self.groups.push(Arc::from(name));
            for machine in &mut self.machines {
                if let Machine::Broker(broker) = machine {
                    broker.name_groups(self.groups.as_slice().into());
                }
            }
            self.groups.len() - 1
        }))
    }

    pub(crate) fn at(&mut self, name: &str) -> TopicPartition {
        TopicPartition::new(self.topic(name), 0)
    }

    /// A partition as the active controller has it.
    #[must_use]
    pub fn state(&mut self, at: TopicPartition) -> Option<PartitionState> {
        let id = self.controller()?;
        match &self.machines[id.index()] {
            Machine::Controller(controller) => controller.image().partition(at).cloned(),
            _ => None,
        }
    }

    /// One broker.
    ///
    /// # Panics
    /// There is none of this number.
    #[must_use]
    pub fn broker(&self, number: usize) -> &Broker {
        match &self.machines[number] {
            Machine::Broker(broker) => broker,
            _ => panic!("there is no broker {number}"),
        }
    }

    /// Asks a broker and waits for the answer, at most so long.
    pub(crate) fn ask(&mut self, broker: NodeId, request: Request, wait: Span) -> Option<Response> {
        self.asked += 1;
        let (id, person) = (self.asked, self.person());
        let body = Body::Request {
            id,
            request: Box::new(request),
        };
        self.kernel.send(person, broker, body);
        let until = self.kernel.now() + wait;
        while self.kernel.next_at().is_some_and(|at| at <= until) {
            self.step();
            if let Some(answer) = self.answers.remove(&id) {
                return Some(answer);
            }
        }
        self.kernel.idle_until(until);
        // As a client does: an answer that comes later is nobody's.
        self.kernel.disconnect(person, broker);
        None
    }

    /// Sends one record to the partition's leader and goes on. Returns the number of the request, or
    /// `None` if there is no leader to send to.
    pub fn post(&mut self, at: TopicPartition, acks: Acks, value: &str) -> Option<u32> {
        let leader = self.leader(at)?;
        self.asked += 1;
        let (id, person) = (self.asked, self.person());
        let request = Request::Produce {
            acks,
            timeout: Span::secs(10),
            batches: vec![(at, self.batch(value))],
        };
        let body = Body::Request {
            id,
            request: Box::new(request),
        };
        self.kernel.send(person, leader, body);
        self.posted.insert(id, (at, acks));
        Some(id)
    }

    /// Whether a record that was posted was acknowledged, and at which offset.
    #[must_use]
    pub fn acknowledged(&self, id: u32) -> Option<i64> {
        match self.answers.get(&id)? {
            Response::Produce { results } => results[0].1.ok(),
            _ => None,
        }
    }

    fn batch(&self, value: &str) -> Batch {
        let mut builder = BatchBuilder::new();
        let now = self.kernel.now().event_ms();
        builder.append(now, None, Some(value.as_bytes()), &[]);
        builder.build().expect("a record")
    }

    /// Makes a topic of one partition with these replicas.
    pub fn create(&mut self, step: &str) -> TopicPartition {
        assert_eq!(self.act(&format!("create {step}")), "ok");
        let name = step.split_whitespace().next().expect("a name").to_owned();
        self.at(&name)
    }

    /// Whether a node's process is frozen.
    #[must_use]
    pub fn is_frozen(&self, node: usize) -> bool {
        self.kernel.is_frozen(NodeId::from(node))
    }

    /// Whether a process runs.
    #[must_use]
    pub fn is_up(&self, node: usize) -> bool {
        self.kernel.is_up(NodeId::from(node))
    }

    /// How many brokers there are, and how many controllers.
    #[must_use]
    pub fn sizes(&self) -> (usize, usize) {
        (self.brokers, self.machines.len() - 1 - self.brokers)
    }

    /// Simulated time.
    #[must_use]
    pub fn now(&self) -> Time {
        self.kernel.now()
    }

    /// One controller.
    ///
    /// # Panics
    /// There is none of this number.
    #[must_use]
    pub fn quorum(&self, number: usize) -> &Quorum {
        match &self.machines[number] {
            Machine::Broker(broker) => broker.lifecycle().expect("of a cluster").quorum(),
            Machine::Controller(controller) => controller.quorum(),
            Machine::Person => panic!("a person does not vote"),
        }
    }

    fn leader(&mut self, at: TopicPartition) -> Option<NodeId> {
        let leader = self.state(at)?.leader?;
        self.kernel.is_up(leader).then_some(leader)
    }

    pub(crate) fn produce(&mut self, name: &str, acks: Acks, value: &str) -> String {
        let at = self.at(name);
        let Some(leader) = self.leader(at) else {
            return "no leader".into();
        };
        let mut builder = BatchBuilder::new();
        builder.append(
            self.kernel.now().event_ms(),
            None,
            Some(value.as_bytes()),
            &[],
        );
        let request = Request::Produce {
            acks,
            timeout: Span::secs(30),
            batches: vec![(at, builder.build().expect("a record"))],
        };
        let wait = if acks == Acks::Zero {
            Span::millis(500)
        } else {
            Span::secs(31)
        };
        match self.ask(leader, request, wait) {
            Some(Response::Produce { results }) => match results[0].1 {
                Ok(offset) => offset.to_string(),
                Err(error) => error.name().into(),
            },
            _ if acks == Acks::Zero => "sent".into(),
            _ => "no answer".into(),
        }
    }

    pub(crate) fn consume(&mut self, name: &str) -> String {
        let at = self.at(name);
        let Some(leader) = self.leader(at) else {
            return "no leader".into();
        };
        let mut values: Vec<String> = Vec::new();
        let mut offset = 0;
        loop {
            let request = Request::Fetch {
                max_wait: Span::millis(500),
                min_bytes: 1,
                max_bytes: 1 << 20,
                partitions: vec![FetchPartition {
                    at,
                    offset,
                    max_bytes: 1 << 20,
                    incarnation: 0,
                    current_leader_epoch: -1,
                    last_fetched_epoch: -1,
                }],
                follower: None,
            };
            let Some(Response::Fetch { partitions }) = self.ask(leader, request, Span::secs(5))
            else {
                return "no answer".into();
            };
            let Some(fetched) = partitions.into_iter().next() else {
                return values.join(" ");
            };
            if let Some(error) = fetched.error {
                return error.name().into();
            }
            for batch in &fetched.batches {
                for record in batch.records().map(|record| record.expect("readable")) {
                    values.push(String::from_utf8_lossy(record.value.unwrap_or_default()).into());
                }
                offset = batch.next_offset();
            }
        }
    }

    pub(crate) fn epoch_end(&mut self, asked: EpochAsked) -> String {
        let Some(leader) = self.leader(asked.at) else {
            return "no leader".into();
        };
        let partitions = vec![asked];
        let request = Request::OffsetForLeaderEpoch { partitions };
        match self.ask(leader, request, Span::secs(5)) {
            Some(Response::OffsetForLeaderEpoch { partitions }) => match partitions[0].1 {
                Ok(Some((epoch, end))) => format!("{epoch} {end}"),
                Ok(None) => "unknown".into(),
                Err(error) => error.name().into(),
            },
            _ => "no answer".into(),
        }
    }

    pub(crate) fn latest(&mut self, name: &str) -> String {
        let at = self.at(name);
        let Some(leader) = self.leader(at) else {
            return "no leader".into();
        };
        let request = Request::ListOffsets {
            partitions: vec![OffsetAsked {
                at,
                current_leader_epoch: -1,
                spec: OffsetSpec::Latest,
            }],
        };
        match self.ask(leader, request, Span::secs(5)) {
            Some(Response::ListOffsets { offsets }) => match offsets[0].1 {
                Ok(Some(found)) => found.offset.to_string(),
                Ok(None) => "none".into(),
                Err(error) => error.name().into(),
            },
            _ => "no answer".into(),
        }
    }

    pub(crate) fn describe(&mut self, name: &str) -> String {
        let at = self.at(name);
        let Some(state) = self.state(at) else {
            return "no such topic, or no controller".into();
        };
        let list = |nodes: &[NodeId]| {
            let nodes: Vec<String> = nodes.iter().map(|node| node.0.to_string()).collect();
            nodes.join(",")
        };
        let leader = state
            .leader
            .map_or("none".into(), |leader| leader.0.to_string());
        let mut text = format!("leader {leader} isr {}", list(&state.isr));
        if !state.elr.is_empty() {
            let _ = write!(text, " elr {}", list(&state.elr));
        }
        if !state.last_known_elr.is_empty() {
            let _ = write!(text, " last-known-elr {}", list(&state.last_known_elr));
        }
        if state.replicas.len() > 3 || !state.adding.is_empty() {
            let _ = write!(text, " replicas {}", list(&state.replicas));
        }
        text
    }

    pub(crate) fn administer(
        &mut self,
        act: impl FnOnce(&mut Controller, Time, &mut Out) -> Result<(), millrace::cluster::TopicError>,
    ) -> String {
        let Some(id) = self.controller() else {
            return "no controller".into();
        };
        let done = self.with(id, |machine, now, out| match machine {
            Machine::Controller(controller) => act(controller, now, out),
            _ => Ok(()),
        });
        match done {
            Ok(()) => "ok".into(),
            Err(error) => error.code().name().into(),
        }
    }
}
