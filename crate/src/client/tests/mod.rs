//! Scripts of clients and a broker over a small network of their own.

mod consumer;
mod group;
mod producer;
mod random;
mod topics;
mod truncation;

use super::{
    CommitDone, Consumer, ConsumerConfig, Delivery, PollError, Producer, ProducerConfig,
    ProducerRecord, SendError, Sent,
};
use crate::cluster::{Broker, BrokerConfig, Death, NewTopic};
use crate::group::GroupConfig;
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::protocol::{
    Body, Effect, ErrorCode, Fact, Input, OffsetAndEpoch, Out, Request, Response, Timer,
};
use crate::rng::{Rng, Salt};
use crate::time::{Span, Time};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

pub const BROKER: NodeId = NodeId(0);
pub const TOPIC: TopicId = TopicId(0);
pub const GROUP: GroupId = GroupId(0);

pub fn ms(n: u64) -> Span {
    Span::millis(n)
}

pub fn tp(partition: u32) -> TopicPartition {
    TopicPartition::new(TOPIC, partition)
}

/// The name that the tests give topic `id`.
pub fn name(id: TopicId) -> Arc<str> {
    Arc::from(format!("topic-{}", id.0))
}

enum Event {
    Message {
        from: NodeId,
        to: NodeId,
        body: Body,
        connection: u32,
    },
    Timer {
        node: NodeId,
        life: u32,
        timer: Timer,
    },
    Disconnected {
        node: NodeId,
        peer: NodeId,
    },
}

/// A client process: a producer, a consumer, and an application that polls.
#[derive(Default)]
pub struct Client {
    pub producer: Option<Producer>,
    pub consumer: Option<Consumer>,
    /// How long the application works on what a poll gave, before it polls again; `None`: it does
    /// not poll by itself.
    pub work: Option<Span>,
    /// What was polled: when, where, offset, value.
    pub polled: Vec<(Time, TopicPartition, i64, Vec<u8>)>,
    pub deliveries: Vec<(Time, Delivery)>,
    pub commits: Vec<CommitDone>,
    pub errors: Vec<PollError>,
}

/// Node 0 is the broker; the clients follow.
pub struct Net {
    pub now: Time,
    pub latency: Span,
    seq: u64,
    queue: BTreeMap<(Time, u64), Event>,
    pub broker: Broker,
    pub clients: Vec<Client>,
    up: Vec<bool>,
    lives: Vec<u32>,
    /// How often the connection of a client to the broker was closed.
    connections: Vec<u32>,
    /// Clients cut off: what they send and are sent is lost, without a word.
    pub cut: BTreeSet<NodeId>,
    pub facts: Vec<(Time, Fact)>,
    /// Requests that reached the broker.
    pub requests: Vec<(Time, NodeId, Request)>,
    /// What the next produce requests are answered without being looked at.
    pub refuse: VecDeque<Option<ErrorCode>>,
    out: Out,
}

impl Net {
    pub fn new(config: BrokerConfig) -> Self {
        let mut net = Self {
            now: Time::ZERO,
            latency: ms(1),
            seq: 0,
            queue: BTreeMap::new(),
            broker: Broker::alone(BROKER, config),
            clients: Vec::new(),
            up: vec![true],
            lives: vec![0],
            connections: vec![0],
            cut: BTreeSet::new(),
            facts: Vec::new(),
            requests: Vec::new(),
            refuse: VecDeque::new(),
            out: Out {
                telling: true,
                ..Out::default()
            },
        };
        net.step_broker(Input::Start);
        net
    }

    /// A broker with one topic; groups do not wait for a second member.
    pub fn with_topic(partitions: u32) -> Self {
        let mut net = Self::new(BrokerConfig {
            auto_create_topics: false,
            group: GroupConfig {
                initial_rebalance_delay_ms: 0,
                ..GroupConfig::default()
            },
            ..BrokerConfig::default()
        });
        net.create(TOPIC, partitions, &[]);
        net
    }

    pub fn create(&mut self, topic: TopicId, partitions: u32, configs: &[(&str, &str)]) {
        let new = NewTopic {
            partitions: Some(partitions),
            replication_factor: None,
            assignment: None,
            configs: configs
                .iter()
                .map(|&(n, v)| (n.to_owned(), v.to_owned()))
                .collect(),
        };
        self.broker
            .create_topic(self.now, topic, &name(topic), &new, &mut Out::default())
            .expect("the topic can be made");
    }

    fn add(&mut self, client: Client) -> NodeId {
        self.clients.push(client);
        self.up.push(true);
        self.lives.push(0);
        self.connections.push(0);
        NodeId::from(self.clients.len())
    }

    pub fn producer(&mut self, config: ProducerConfig) -> NodeId {
        config.validate().expect("a valid config");
        let node = NodeId::from(self.clients.len() + 1);
        let rng = Rng::new(1, Salt::Client, node.0.into());
        self.add(Client {
            producer: Some(Producer::new(node, config, Arc::from([BROKER]), rng)),
            ..Client::default()
        })
    }

    /// A consumer whose application polls without end.
    pub fn consumer(&mut self, config: ConsumerConfig) -> NodeId {
        config.validate().expect("a valid config");
        let node = NodeId::from(self.clients.len() + 1);
        let client = Client {
            consumer: Some(new_consumer(node, config)),
            work: Some(Span::ZERO),
            ..Client::default()
        };
        self.add(client)
    }

    /// The same, in the group and subscribed to the topic.
    pub fn member(&mut self, config: ConsumerConfig) -> NodeId {
        let node = self.consumer(ConsumerConfig {
            group: Some(GROUP),
            ..config
        });
        self.consume(node, |consumer, _, _| {
            consumer.subscribe([(TOPIC, name(TOPIC))]);
        });
        self.poll(node);
        node
    }

    pub fn client(&mut self, node: NodeId) -> &mut Client {
        &mut self.clients[node.index() - 1]
    }

    pub fn send(&mut self, node: NodeId, partition: u32, tag: u64) -> Result<Sent, SendError> {
        let value = tag.to_string();
        self.send_value(node, Some(partition), tag, value.as_bytes())
    }

    pub fn send_value(
        &mut self,
        node: NodeId,
        partition: Option<u32>,
        tag: u64,
        value: &[u8],
    ) -> Result<Sent, SendError> {
        let topic = name(TOPIC);
        let record = ProducerRecord {
            topic: TOPIC,
            name: &topic,
            partition,
            key: None,
            value: Some(value),
            timestamp: self.now.event_ms(),
            headers: &[],
            tag,
        };
        self.produce(node, |producer, now, out| producer.send(now, &record, out))
    }

    pub fn produce<T>(
        &mut self,
        node: NodeId,
        with: impl FnOnce(&mut Producer, Time, &mut Out) -> T,
    ) -> T {
        let (now, mut out) = (self.now, std::mem::take(&mut self.out));
        let client = self.client(node);
        let result = with(client.producer.as_mut().expect("a producer"), now, &mut out);
        self.done(node, out);
        result
    }

    pub fn consume<T>(
        &mut self,
        node: NodeId,
        with: impl FnOnce(&mut Consumer, Time, &mut Out) -> T,
    ) -> T {
        let (now, mut out) = (self.now, std::mem::take(&mut self.out));
        let client = self.client(node);
        let result = with(client.consumer.as_mut().expect("a consumer"), now, &mut out);
        self.done(node, out);
        result
    }

    /// The application polls. What it gets is logged; it polls again when it has worked on it.
    pub fn poll(&mut self, node: NodeId) {
        let now = self.now;
        let mut out = std::mem::take(&mut self.out);
        let client = self.client(node);
        let consumer = client.consumer.as_mut().expect("a consumer");
        match consumer.poll(now, &mut out) {
            Ok(None) => {}
            Ok(Some(records)) => {
                assert!(!records.is_empty(), "a poll gives records or waits");
                for (at, record) in records.iter() {
                    let value = record.value.unwrap_or_default().to_vec();
                    client.polled.push((now, at, record.offset, value));
                }
                if let Some(work) = client.work {
                    out.wake(now + work, Timer::Work(0));
                }
            }
            Err(error) => client.errors.push(error),
        }
        self.done(node, out);
    }

    fn step_broker(&mut self, input: Input) {
        let mut out = std::mem::take(&mut self.out);
        let now = self.now;
        if let Input::Message {
            from,
            body: Body::Request { id, request },
        } = &input
        {
            self.requests.push((now, *from, (**request).clone()));
            if let Request::Produce { batches, .. } = &**request
                && let Some(Some(error)) = self.refuse.pop_front()
            {
                let results = batches.iter().map(|(at, _)| (*at, Err(error))).collect();
                out.respond(*from, *id, Response::Produce { results });
                return self.done(BROKER, out);
            }
        }
        self.broker.handle(now, input, &mut out);
        self.done(BROKER, out);
    }

    fn step_client(&mut self, node: NodeId, input: Input) {
        let now = self.now;
        let mut out = std::mem::take(&mut self.out);
        let client = self.client(node);
        match input {
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => {
                if Producer::owns(id) {
                    let producer = client.producer.as_mut().expect("a producer");
                    producer.on_response(now, from, id, *response, &mut out);
                } else {
                    let consumer = client.consumer.as_mut().expect("a consumer");
                    consumer.on_response(now, from, id, *response, &mut out);
                }
            }
            Input::Timer(Timer::Producer) => {
                let producer = client.producer.as_mut().expect("a producer");
                producer.on_timer(now, &mut out);
            }
            Input::Timer(Timer::Consumer) => {
                let consumer = client.consumer.as_mut().expect("a consumer");
                consumer.on_timer(now, &mut out);
            }
            Input::Timer(_) => {
                self.done(node, out);
                return self.poll(node);
            }
            Input::Disconnected { peer } => {
                if let Some(producer) = &mut client.producer {
                    producer.on_disconnect(now, peer, &mut out);
                }
                if let Some(consumer) = &mut client.consumer {
                    consumer.on_disconnect(now, peer, &mut out);
                }
            }
            _ => {}
        }
        self.done(node, out);
    }

    /// Carries out what a step did.
    fn done(&mut self, node: NodeId, mut out: Out) {
        let now = self.now;
        self.facts
            .extend(out.facts.drain(..).map(|fact| (now, fact)));
        for effect in std::mem::take(&mut out.effects) {
            match effect {
                Effect::Send { to, body } => {
                    let peer = NodeId(node.0.max(to.0));
                    let connection = self.connections[peer.index()];
                    let event = Event::Message {
                        from: node,
                        to,
                        body,
                        connection,
                    };
                    self.push(now + self.latency, event);
                }
                Effect::Wake { at, timer } => {
                    let life = self.lives[node.index()];
                    self.push(at.max(now), Event::Timer { node, life, timer });
                }
                Effect::Disconnect { peer } => {
                    let client = NodeId(node.0.max(peer.0));
                    self.connections[client.index()] += 1;
                    // Both clients of a node must know, whichever closed the connection they share.
                    for (at, node, peer) in [(now, node, peer), (now + self.latency, peer, node)] {
                        self.push(at, Event::Disconnected { node, peer });
                    }
                }
                Effect::Exit | Effect::Halt => self.up[node.index()] = false,
            }
        }
        out.telling = true;
        self.out = out;
        if node != BROKER {
            let client = &mut self.clients[node.index() - 1];
            if let Some(producer) = &mut client.producer {
                let new = std::iter::from_fn(|| producer.next_delivery());
                client
                    .deliveries
                    .extend(new.map(|delivery| (now, delivery)));
            }
            if let Some(consumer) = &mut client.consumer {
                client
                    .commits
                    .extend(std::iter::from_fn(|| consumer.next_commit()));
                if consumer.is_ready() && client.work.is_some() {
                    self.poll(node);
                }
            }
        }
    }

    fn push(&mut self, at: Time, event: Event) {
        self.seq += 1;
        self.queue.insert((at, self.seq), event);
    }

    /// Lets time pass.
    pub fn run(&mut self, span: Span) {
        let until = self.now + span;
        let mut steps = 0;
        while let Some((&(at, seq), _)) = self.queue.first_key_value()
            && at <= until
        {
            let event = self.queue.remove(&(at, seq)).expect("it was there");
            self.now = at;
            self.dispatch(event);
            steps += 1;
            assert!(steps < 2_000_000, "the clients go round in circles at {at}");
        }
        self.now = until;
    }

    fn dispatch(&mut self, event: Event) {
        match event {
            Event::Message {
                from,
                to,
                body,
                connection,
            } => {
                let client = NodeId(from.0.max(to.0));
                if self.cut.contains(&client) || self.connections[client.index()] != connection {
                    return;
                }
                if !self.up[to.index()] {
                    // The connection is refused.
                    self.connections[client.index()] += 1;
                    let event = Event::Disconnected {
                        node: from,
                        peer: to,
                    };
                    return self.push(self.now + self.latency, event);
                }
                self.input(to, Input::Message { from, body });
            }
            Event::Timer { node, life, timer } => {
                if self.lives[node.index()] == life && self.up[node.index()] {
                    self.input(node, Input::Timer(timer));
                }
            }
            Event::Disconnected { node, peer } => {
                let client = NodeId(node.0.max(peer.0));
                if self.up[node.index()] && !self.cut.contains(&client) {
                    self.input(node, Input::Disconnected { peer });
                }
            }
        }
    }

    fn input(&mut self, node: NodeId, input: Input) {
        if node == BROKER {
            self.step_broker(input);
        } else {
            self.step_client(node, input);
        }
    }

    /// Drops the connection of a client: both ends are told.
    pub fn drop_connection(&mut self, client: NodeId) {
        self.connections[client.index()] += 1;
        for (node, peer) in [(client, BROKER), (BROKER, client)] {
            self.push(self.now + self.latency, Event::Disconnected { node, peer });
        }
    }

    pub fn kill_broker(&mut self) {
        self.up[0] = false;
        self.lives[0] += 1;
        self.broker.died(Death::Process, &mut Out::default());
        for client in 1..=self.clients.len() {
            self.connections[client] += 1;
            let (node, peer) = (NodeId::from(client), BROKER);
            self.push(self.now + self.latency, Event::Disconnected { node, peer });
        }
    }

    pub fn start_broker(&mut self) {
        self.up[0] = true;
        self.step_broker(Input::Start);
    }

    /// Kills a client's process. Its consumer is gone.
    pub fn kill(&mut self, client: NodeId) {
        self.up[client.index()] = false;
        self.lives[client.index()] += 1;
        self.drop_connection(client);
    }

    /// A new process of a consumer that was killed; the application polls.
    pub fn restart_member(&mut self, node: NodeId) {
        self.up[node.index()] = true;
        let client = self.client(node);
        let config = *client.consumer.as_ref().expect("a consumer").config();
        client.consumer = Some(new_consumer(node, config));
        self.consume(node, |consumer, _, _| {
            consumer.subscribe([(TOPIC, name(TOPIC))]);
        });
        self.poll(node);
    }

    /// The values in a partition, in order.
    pub fn log(&self, partition: u32) -> Vec<String> {
        let replica = self.broker.replica(tp(partition)).expect("a partition");
        let batches = replica.log().batches();
        batches
            .flat_map(|batch| batch.records().map(|record| record.expect("readable")))
            .map(|record| String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned())
            .collect()
    }

    /// The sizes of a partition's batches, in records.
    pub fn batches(&self, partition: u32) -> Vec<u32> {
        let replica = self.broker.replica(tp(partition)).expect("a partition");
        replica.log().batches().map(Batch::count).collect()
    }

    /// Tags and offsets delivered, and tags failed.
    pub fn outcome(&mut self, node: NodeId) -> (BTreeMap<u64, Option<i64>>, Vec<u64>) {
        let mut delivered = BTreeMap::new();
        let mut failed = Vec::new();
        for (_, delivery) in &self.client(node).deliveries {
            for (i, tag) in delivery.tags.iter().enumerate() {
                match delivery.result {
                    Ok(base) => {
                        let offset = base.map(|base| base + i as i64);
                        assert!(delivered.insert(tag, offset).is_none(), "tag {tag} twice");
                    }
                    Err(_) => failed.push(tag),
                }
            }
        }
        (delivered, failed)
    }

    /// Produces `values` to a partition directly, one batch each.
    pub fn fill(&mut self, partition: u32, tags: std::ops::Range<u64>) {
        for tag in tags {
            let mut builder = crate::log::BatchBuilder::new();
            let value = tag.to_string();
            builder.append(self.now.event_ms(), None, Some(value.as_bytes()), &[]);
            let batch = builder.build().expect("a record");
            let body = Body::Request {
                id: u32::MAX - 1,
                request: Box::new(Request::Produce {
                    timeout: ms(30_000),
                    acks: crate::protocol::Acks::Zero,
                    batches: vec![(tp(partition), batch)],
                }),
            };
            self.step_broker(Input::Message { from: BROKER, body });
        }
    }

    /// The offsets that a client polled of a partition, in order.
    pub fn offsets(&mut self, node: NodeId, partition: u32) -> Vec<i64> {
        let polled = &self.client(node).polled;
        polled
            .iter()
            .filter(|(_, at, ..)| *at == tp(partition))
            .map(|(_, _, offset, _)| *offset)
            .collect()
    }

    /// What a client's consumer is assigned.
    pub fn assigned(&mut self, node: NodeId) -> Vec<TopicPartition> {
        let consumer = self.client(node).consumer.as_ref().expect("a consumer");
        consumer.assignment().collect()
    }

    /// The group's committed position.
    pub fn committed(&self, partition: u32) -> Option<i64> {
        self.broker.groups().group(GROUP)?.position(tp(partition))
    }
}

fn new_consumer(node: NodeId, config: ConsumerConfig) -> Consumer {
    let rng = Rng::new(2, Salt::Client, node.0.into());
    Consumer::new(node, config, Arc::from([BROKER]), rng)
}
