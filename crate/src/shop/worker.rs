//! One consumer of one service of the asynchronous shop: reads an event, does the work, appends what
//! happened to the next topic, commits, and reads on.

use super::call_queue::{outcome, tell};
use super::order::{OrderEvent, Verdict, hue_of};
use super::settings::{CommitMode, Partitioning, Settings, Wiring};
use super::{ATTEMPTS, FIRST_PAUSE};
use crate::client::partitioner::Partitioner;
use crate::client::{
    Consumer, ConsumerConfig, OffsetReset, Producer, ProducerConfig, ProducerRecord,
};
use crate::id::{GroupId, NodeId, OrderId, TopicId, TopicPartition};
use crate::protocol::{
    Body, Fact, Input, Lane, OffsetSpec, OrderStep, Out, Service, Timer, WorkOutcome,
};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::sync::Arc;

/// The topics the services are wired by.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Topics {
    /// Orders as placed.
    pub orders: TopicId,
    /// What payment says happened.
    pub payments: TopicId,
    /// What the warehouse says happened.
    pub shipments: TopicId,
    /// What a service gave up on.
    pub dead_letters: TopicId,
}

impl Default for Topics {
    fn default() -> Self {
        let [orders, payments, shipments, dead_letters] = [0, 1, 2, 3].map(TopicId);
        Self {
            orders,
            payments,
            shipments,
            dead_letters,
        }
    }
}

impl Topics {
    /// All four, in the order the pipeline passes them.
    #[must_use]
    pub fn all(self) -> [TopicId; 4] {
        [
            self.orders,
            self.payments,
            self.shipments,
            self.dead_letters,
        ]
    }

    /// What a service reads.
    #[must_use]
    pub fn read_by(self, service: Service, wiring: Wiring) -> TopicId {
        match (wiring, service) {
            (Wiring::FanOut, _) | (Wiring::Chain, Service::Payment) => self.orders,
            (Wiring::Chain, Service::Warehouse) => self.payments,
            (Wiring::Chain, Service::Shipping) => self.shipments,
        }
    }

    /// What a service writes; shipping is the end.
    #[must_use]
    pub fn written_by(self, service: Service) -> Option<TopicId> {
        match service {
            Service::Payment => Some(self.payments),
            Service::Warehouse => Some(self.shipments),
            Service::Shipping => None,
        }
    }
}

/// What a worker is made of, whichever process of it runs.
#[derive(Clone, Debug)]
pub struct WorkerKit {
    /// Which service it belongs to.
    pub service: Service,
    /// The group it reads in.
    pub group: GroupId,
    /// The topics.
    pub topics: Topics,
    /// Their names, in the order of [`Topics::all`].
    pub names: [Arc<str>; 4],
    /// Whom to ask first.
    pub bootstrap: Arc<[NodeId]>,
    /// The run's seed.
    pub seed: u64,
}

impl WorkerKit {
    fn name(&self, topic: TopicId) -> &Arc<str> {
        let place = self.topics.all().iter().position(|t| *t == topic);
        &self.names[place.expect("a worker speaks of no other topics")]
    }
}

/// A record in hand.
#[derive(Clone, Debug)]
struct Job {
    event: OrderEvent,
    key: Arc<[u8]>,
    hue: u8,
    failures: u32,
}

/// What a worker is at.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum WorkerState {
    /// It polls: nothing is in hand.
    Polling,
    /// It does its part.
    Working {
        /// Of which order.
        order: OrderId,
        /// The key's colour.
        hue: u8,
        /// Since when.
        since: Time,
        /// Until when.
        until: Time,
    },
    /// An attempt failed; it pauses before the next.
    Pausing,
    /// It waits until what happened is in the log.
    Sending,
    /// It waits until its position is kept.
    Committing,
}

/// One consumer process of a service.
#[derive(Clone, Debug)]
pub struct Worker {
    node: NodeId,
    kit: Arc<WorkerKit>,
    rng: Rng,
    consumer: Consumer,
    producer: Producer,
    state: WorkerState,
    job: Option<Job>,
    stopping: bool,
    value: String,
}

impl Worker {
    /// A worker of `node`, not yet started.
    #[must_use]
    pub fn new(node: NodeId, kit: WorkerKit) -> Self {
        let settings = Settings::default();
        let kit = Arc::new(kit);
        Self {
            node,
            rng: Rng::new(kit.seed, Salt::Service, u64::from(node.0)),
            consumer: new_consumer(node, &kit, &settings),
            producer: new_producer(node, &kit, &settings),
            kit,
            state: WorkerState::Polling,
            job: None,
            stopping: false,
            value: String::new(),
        }
    }

    /// What it is at.
    #[must_use]
    pub fn state(&self) -> &WorkerState {
        &self.state
    }

    /// Its consumer.
    #[must_use]
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Whether it is a member of its group and has nothing to read: there are more members than
    /// partitions.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.consumer.is_stable() && self.consumer.assignment().next().is_none()
    }

    /// The settings of a service's consumer.
    ///
    /// `session.timeout.ms` is 10 s instead of Kafka's 45, and `metadata.max.age.ms` 5 s instead of
    /// five minutes, so that what they decide can be watched.
    #[must_use]
    pub fn consumer_config(group: GroupId, commit: CommitMode) -> ConsumerConfig {
        ConsumerConfig {
            group: Some(group),
            max_poll_records: 1,
            enable_auto_commit: commit == CommitMode::Auto,
            auto_offset_reset: OffsetReset::Earliest,
            session_timeout_ms: 10_000,
            heartbeat_interval_ms: 3_000,
            metadata_max_age_ms: 5_000,
            allow_auto_create_topics: false,
            ..ConsumerConfig::default()
        }
    }

    /// The process dies with everything it had in hand.
    pub fn crash(&mut self) {
        let settings = Settings::default();
        self.consumer = new_consumer(self.node, &self.kit, &settings).after(&self.consumer);
        self.producer = new_producer(self.node, &self.kit, &settings).after(&self.producer);
        self.state = WorkerState::Polling;
        self.job = None;
        self.stopping = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, settings: &Settings, out: &mut Out) {
        match input {
            Input::Start => self.start(settings),
            Input::Stop => self.stopping = true,
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => {
                if Producer::owns(id) {
                    self.producer.on_response(now, from, id, *response, out);
                } else {
                    self.consumer.on_response(now, from, id, *response, out);
                }
            }
            Input::Timer(Timer::Producer) => self.producer.on_timer(now, out),
            Input::Timer(Timer::Consumer) => self.consumer.on_timer(now, out),
            Input::Timer(Timer::Work(_)) => self.worked(now, settings, out),
            Input::Timer(Timer::Retry(_)) => self.begin_work(now, settings, out),
            Input::Disconnected { peer } => {
                self.producer.on_disconnect(now, peer, out);
                self.consumer.on_disconnect(now, peer, out);
            }
            _ => {}
        }
        self.go_on(now, settings, out);
    }

    /// Whether its consumers are paused changed.
    pub fn pause(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        self.keep_paused(settings);
        // A consumer that fetches again must be made to look.
        self.consumer.on_timer(now, out);
        self.go_on(now, settings, out);
    }

    /// Seeks in every partition it has, or in one of that number if it has that.
    pub fn rewind(&mut self, now: Time, only: Option<u32>, to: OffsetSpec, out: &mut Out) {
        let mut all: Vec<_> = self.consumer.assignment().collect();
        all.retain(|at| only.is_none_or(|only| at.partition == only));
        if all.is_empty() {
            return;
        }
        for at in all {
            self.consumer.seek_to(at, to);
        }
        // What was fetched for the old place is gone; the timer makes the consumer look again.
        self.consumer.on_timer(now, out);
    }

    fn start(&mut self, settings: &Settings) {
        self.consumer = new_consumer(self.node, &self.kit, settings).after(&self.consumer);
        self.producer = new_producer(self.node, &self.kit, settings).after(&self.producer);
        let topic = self.kit.topics.read_by(self.kit.service, settings.wiring);
        let name = Arc::clone(self.kit.name(topic));
        self.consumer.subscribe([(topic, name)]);
    }

    /// Does whatever can be done now.
    fn go_on(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        while let Some(delivery) = self.producer.next_delivery() {
            if self.state == WorkerState::Sending {
                match delivery.result {
                    Ok(_) => self.commit(now, settings, out),
                    // The work is done; what is left is to say so, however long it takes.
                    Err(_) => self.send(now, out),
                }
            }
        }
        while let Some(done) = self.consumer.next_commit() {
            // Where the commit failed the record may come again, to us or to another.
            let _ = done;
            if self.state == WorkerState::Committing {
                self.state = WorkerState::Polling;
            }
        }
        if self.stopping {
            self.shut_down(now, out);
            return;
        }
        while self.state == WorkerState::Polling {
            self.keep_paused(settings);
            if !self.take_record(now, settings, out) {
                break;
            }
        }
    }

    /// A rebalance forgets what was paused, so it is said again before each poll.
    fn keep_paused(&mut self, settings: &Settings) {
        let paused = settings.paused[self.kit.service.index()];
        for at in self.consumer.assignment().collect::<Vec<_>>() {
            if paused {
                self.consumer.pause(at);
            } else {
                self.consumer.resume(at);
            }
        }
    }

    /// Polls. `true` if there was a record.
    fn take_record(&mut self, now: Time, settings: &Settings, out: &mut Out) -> bool {
        // An error here would be a mistake of ours: the subscription is valid and starts over at the
        // beginning by itself.
        let polled = self.consumer.poll(now, out);
        debug_assert!(polled.is_ok(), "a worker's poll failed: {polled:?}");
        let Ok(Some(records)) = polled else {
            return false;
        };
        let Some((at, record)) = records.iter().next() else {
            return false;
        };
        let key: Arc<[u8]> = Arc::from(record.key.unwrap_or_default());
        let hue = hue_of(&key);
        let event = record.value.and_then(OrderEvent::read);
        let Some(event) = event else {
            // Not one of ours: there is nothing to do for it.
            self.commit(now, settings, out);
            return true;
        };
        self.tell_moved(now, at, hue, event.order, out);
        if matches!(event.status, Verdict::Declined | Verdict::Failed) {
            self.commit(now, settings, out);
            return true;
        }
        self.job = Some(Job {
            event,
            key,
            hue,
            failures: 0,
        });
        self.begin_work(now, settings, out);
        true
    }

    fn tell_moved(&self, now: Time, at: TopicPartition, hue: u8, order: OrderId, out: &mut Out) {
        let (from, to) = (self.kit.bootstrap[0], self.node);
        out.tell(Fact::Moved {
            from,
            to,
            log: Some(at),
            due_at: now,
            hue,
            order,
        });
    }

    fn begin_work(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        let Some(job) = &self.job else { return };
        if job.failures == 0 {
            let (lane, order) = (Lane::Async, job.event.order);
            let step = OrderStep::Began(Some(self.kit.service));
            out.tell(Fact::Order { lane, order, step });
        }
        let until = now + settings.work_of(self.kit.service).draw(&mut self.rng);
        self.state = WorkerState::Working {
            order: job.event.order,
            hue: job.hue,
            since: now,
            until,
        };
        out.wake(until, Timer::Work(0));
    }

    fn worked(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        let Some(job) = &mut self.job else { return };
        let service = self.kit.service;
        let how = outcome(
            service,
            job.event.order,
            self.kit.seed,
            settings,
            &mut self.rng,
        );
        tell(Lane::Async, job.event.order, service, how, out);
        match how {
            WorkOutcome::Done => job.event.status = Verdict::after(service),
            WorkOutcome::Declined => job.event.status = Verdict::Declined,
            WorkOutcome::Failed => {
                job.failures += 1;
                if job.failures < ATTEMPTS {
                    let pause = FIRST_PAUSE * (1 << (job.failures - 1));
                    self.state = WorkerState::Pausing;
                    out.wake(now + pause, Timer::Retry(0));
                    return;
                }
                job.event.status = Verdict::Failed;
                let (lane, order) = (Lane::Async, job.event.order);
                out.tell(Fact::Order {
                    lane,
                    order,
                    step: OrderStep::GivenUpOn(service),
                });
            }
        }
        if self.next_topic().is_some() {
            self.send(now, out);
        } else {
            self.commit(now, settings, out);
        }
    }

    fn next_topic(&self) -> Option<TopicId> {
        match self.job.as_ref()?.event.status {
            Verdict::Failed => Some(self.kit.topics.dead_letters),
            _ => self.kit.topics.written_by(self.kit.service),
        }
    }

    /// Appends what happened to the topic where it belongs, and waits until it is there.
    fn send(&mut self, now: Time, out: &mut Out) {
        let (Some(topic), Some(job)) = (self.next_topic(), &self.job) else {
            return;
        };
        job.event.write(&mut self.value);
        let record = ProducerRecord {
            topic,
            name: self.kit.name(topic),
            partition: None,
            key: Some(&job.key),
            value: Some(self.value.as_bytes()),
            timestamp: now.event_ms(),
            headers: &[],
            tag: u64::from(job.event.order.0),
        };
        self.state = WorkerState::Sending;
        let sent = self.producer.send(now, &record, out);
        debug_assert!(
            sent.is_ok(),
            "an event is small and the producer open: {sent:?}"
        );
        self.producer.flush(now, out);
    }

    fn commit(&mut self, now: Time, settings: &Settings, out: &mut Out) {
        self.job = None;
        self.state = match settings.commit {
            CommitMode::EachRecord => {
                self.consumer.commit_sync(now, None, out);
                WorkerState::Committing
            }
            CommitMode::Auto => WorkerState::Polling,
        };
    }

    /// Finishes what is in hand, then closes both clients, then ends.
    fn shut_down(&mut self, now: Time, out: &mut Out) {
        if self.state != WorkerState::Polling {
            return;
        }
        self.consumer.close(now, out);
        self.producer.close(now, out);
        if self.consumer.is_closed() && self.producer.is_closed() {
            out.exit();
        }
    }
}

fn new_consumer(node: NodeId, kit: &WorkerKit, settings: &Settings) -> Consumer {
    let config = Worker::consumer_config(kit.group, settings.commit);
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1);
    Consumer::new(node, config, Arc::clone(&kit.bootstrap), rng)
}

fn new_producer(node: NodeId, kit: &WorkerKit, settings: &Settings) -> Producer {
    let config = super::producer_config(settings);
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1 | 1);
    Producer::new(node, config, Arc::clone(&kit.bootstrap), rng)
}

/// What the shop's and the services' producers are set to.
#[must_use]
pub fn producer_config(settings: &Settings) -> ProducerConfig {
    let (partitioner, partitioner_ignore_keys) = match settings.partitioning {
        Partitioning::Murmur2 => (Partitioner::Default, false),
        Partitioning::Sticky => (Partitioner::Default, true),
        Partitioning::RoundRobin => (Partitioner::RoundRobin, false),
        Partitioning::Crc32 => (Partitioner::ConsistentRandom, false),
    };
    ProducerConfig {
        acks: settings.acks,
        partitioner,
        partitioner_ignore_keys,
        metadata_max_age_ms: 5_000,
        ..ProducerConfig::default()
    }
}
