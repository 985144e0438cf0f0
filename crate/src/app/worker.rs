//! A worker: an instance of the application with one stream thread (`StreamThread.runOnce`).
//!
//! It polls, puts what came into the queues of its tasks, lets them take records, and every
//! `commit.interval.ms` commits: caches are flushed, the producer is flushed and waited for, then
//! positions are committed. Between the two a crash does not lose anything, and what was taken since
//! the last commit is taken again: `processing.guarantee=at_least_once`.

mod commit;

use super::AppSpec;
use super::running::{RunningTask, TaskState};
use crate::client::{
    CommitId, Consumer, ConsumerConfig, OffsetReset, Producer, ProducerConfig, ProducerRecord,
};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::protocol::{Acks, Body, Fact, Input, MemberId, OffsetSpec, Out, Response, Timer};
use crate::rng::{Rng, Salt};
use crate::stream::topology::{Plan, TaskOut};
use crate::time::{Span, Time};
use std::sync::Arc;

/// What a worker is made of, whichever process of it runs.
#[derive(Clone, Debug)]
pub struct WorkerKit {
    /// How it is set.
    pub spec: AppSpec,
    /// What it runs.
    pub plan: Arc<Plan>,
    /// The plan's topics.
    pub topics: Vec<(TopicId, Arc<str>)>,
    /// The application's group.
    pub group: GroupId,
    /// Whom to ask first.
    pub bootstrap: Arc<[NodeId]>,
    /// The run's seed.
    pub seed: u64,
}

/// Why positions are committed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Why {
    /// It is time for it.
    Interval,
    /// Partitions are given up for a rebalance.
    Rebalance,
    /// The process ends.
    Stop,
}

/// What the thread does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It polls, and its tasks take records.
    Running,
    /// It waits until everything produced is acknowledged.
    Flushing,
    /// It waits until positions are committed.
    Committing,
}

/// A stream worker.
#[derive(Clone, Debug)]
pub struct StreamWorker {
    node: NodeId,
    kit: Arc<WorkerKit>,
    consumer: Consumer,
    restorer: Consumer,
    producer: Producer,
    /// In the order of their numbers.
    tasks: Vec<RunningTask>,
    phase: Phase,
    why: Why,
    committing: Option<CommitId>,
    next_commit: Time,
    /// The membership that the tasks belong to.
    member: Option<(MemberId, u32)>,
    /// The tasks are committed and wait for the next assignment.
    suspended: bool,
    /// The number of the next record sent, and the first that is of the tasks it has now.
    tag: u64,
    first_tag: u64,
    stopping: bool,
}

impl StreamWorker {
    /// A worker of `node`, not yet started.
    #[must_use]
    pub fn new(node: NodeId, kit: WorkerKit) -> Self {
        Self {
            node,
            consumer: new_consumer(node, &kit),
            restorer: new_restorer(node, &kit),
            producer: new_producer(node, &kit),
            kit: Arc::new(kit),
            tasks: Vec::new(),
            phase: Phase::Running,
            why: Why::Interval,
            committing: None,
            next_commit: Time::ZERO,
            member: None,
            suspended: false,
            tag: 0,
            first_tag: 0,
            stopping: false,
        }
    }

    /// What it runs.
    #[must_use]
    pub fn plan(&self) -> &Arc<Plan> {
        &self.kit.plan
    }

    /// The tasks it has.
    #[must_use]
    pub fn tasks(&self) -> &[RunningTask] {
        &self.tasks
    }

    /// What its thread does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// Its consumer.
    #[must_use]
    pub fn consumer(&self) -> &Consumer {
        &self.consumer
    }

    /// Its producer.
    #[must_use]
    pub fn producer(&self) -> &Producer {
        &self.producer
    }

    /// About how many bytes a clone of it takes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        let tasks = self.tasks.iter();
        tasks
            .map(|task| task.task().unshared_bytes() + task.buffered() * 64)
            .sum()
    }

    /// The process dies, and with it its stores: they are in memory (`Stores.inMemory…`).
    pub fn crash(&mut self) {
        self.consumer = new_consumer(self.node, &self.kit).after(&self.consumer);
        self.restorer = new_restorer(self.node, &self.kit).after(&self.restorer);
        self.producer = new_producer(self.node, &self.kit).after(&self.producer);
        self.tasks.clear();
        self.phase = Phase::Running;
        self.committing = None;
        self.member = None;
        self.suspended = false;
        self.first_tag = self.tag;
        self.stopping = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => {
                self.crash();
                self.subscribe();
                self.next_commit = now + self.commit_interval();
                out.wake(self.next_commit, Timer::Work(0));
            }
            Input::Stop => self.stopping = true,
            Input::Timer(Timer::Producer) => self.producer.on_timer(now, out),
            Input::Timer(Timer::Consumer) => {
                self.consumer.on_timer(now, out);
                self.restorer.on_timer(now, out);
            }
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => self.answered(now, from, id, *response, out),
            Input::Disconnected { peer } => {
                self.producer.on_disconnect(now, peer, out);
                self.consumer.on_disconnect(now, peer, out);
                self.restorer.on_disconnect(now, peer, out);
            }
            _ => {}
        }
        self.go_on(now, out);
    }

    fn answered(&mut self, now: Time, from: NodeId, id: u32, response: Response, out: &mut Out) {
        if Producer::owns(id) {
            self.producer.on_response(now, from, id, response, out);
        } else if Consumer::owns(id) {
            self.consumer.on_response(now, from, id, response, out);
        } else {
            self.restorer.on_response(now, from, id, response, out);
        }
    }

    fn subscribe(&mut self) {
        let sources = self.kit.plan.subs.iter().flat_map(|sub| &sub.sources);
        let topics = sources.map(|&(topic, _)| self.kit.topics[topic].clone());
        self.consumer.subscribe(topics.collect::<Vec<_>>());
    }

    fn commit_interval(&self) -> Span {
        Span::millis(self.kit.spec.commit_interval_ms)
    }

    /// Does whatever can be done now.
    fn go_on(&mut self, now: Time, out: &mut Out) {
        if !self.hear_deliveries() {
            self.replace_thread(out);
        }
        self.notice_membership(now, out);
        self.hear_commits(now, out);
        loop {
            match self.phase {
                Phase::Flushing if self.producer.is_flushed() => self.commit_positions(now, out),
                Phase::Flushing | Phase::Committing => break,
                Phase::Running => {}
            }
            self.hear_commits(now, out);
            if self.phase != Phase::Running {
                break;
            }
            if self.stopping && self.why == Why::Stop {
                self.shut_down(now, out);
                break;
            }
            if self.stopping {
                self.commit(Why::Stop, now, out);
            } else if self.consumer.is_revoking() && !self.suspended {
                self.commit(Why::Rebalance, now, out);
            } else if self.next_commit <= now {
                self.commit(Why::Interval, now, out);
            } else if !self.work(now, out) {
                break;
            }
        }
    }

    /// Takes what became of records. `false` if one was not delivered: the thread cannot go on.
    fn hear_deliveries(&mut self) -> bool {
        let mut all_there = true;
        while let Some(delivery) = self.producer.next_delivery() {
            match (delivery.result, delivery.at) {
                // What was sent for tasks that were lost since says nothing about those it has now.
                _ if delivery.tags.first < self.first_tag => {}
                (Ok(Some(offset)), Some(at)) => {
                    let next = offset + i64::from(delivery.tags.count);
                    self.tasks.iter_mut().for_each(|task| task.logged(at, next));
                }
                (Ok(_), _) => {}
                (Err(_), _) => all_there = false,
            }
        }
        all_there
    }

    /// The thread begins anew, as `REPLACE_THREAD` has it: with the positions that are committed and
    /// with empty stores.
    fn replace_thread(&mut self, out: &mut Out) {
        self.lose_tasks(out);
        self.consumer = new_consumer(self.node, &self.kit).after(&self.consumer);
        self.subscribe();
    }

    /// The tasks are others' now, or nobody's: what they have in memory is of no use.
    fn lose_tasks(&mut self, out: &mut Out) {
        for task in std::mem::take(&mut self.tasks) {
            self.tell_closed(&task, out);
        }
        self.member = None;
        self.suspended = false;
        self.phase = Phase::Running;
        self.committing = None;
        self.first_tag = self.tag;
    }

    fn tell_closed(&self, task: &RunningTask, out: &mut Out) {
        out.tell(Fact::TaskClosed {
            worker: self.node,
            sub: task.task().sub() as u32,
            partition: task.task().partition(),
        });
    }

    /// Sees whether the group has thrown this worker out, or given it tasks.
    fn notice_membership(&mut self, now: Time, out: &mut Out) {
        let member = self.consumer.member();
        if member == self.member {
            return;
        }
        if self.member.is_some() && !self.suspended {
            self.lose_tasks(out);
        }
        if self.consumer.is_stable() && member.is_some() {
            self.adopt(now, out);
            self.member = member;
            self.suspended = false;
        }
    }

    /// Takes up the tasks that the group's assignment gives, and lets the others go.
    fn adopt(&mut self, now: Time, out: &mut Out) {
        let assigned: Vec<TopicPartition> = self.consumer.assignment().collect();
        let kit = Arc::clone(&self.kit);
        let mut had = std::mem::take(&mut self.tasks);
        for (sub, partition) in kit.plan.tasks() {
            let at = |topic: usize| TopicPartition::new(kit.topics[topic].0, partition);
            let mut sources = kit.plan.subs[sub].sources.iter();
            if !sources.all(|&(topic, _)| assigned.contains(&at(topic))) {
                continue;
            }
            let place = had.iter().position(|known| {
                (known.task().sub(), known.task().partition()) == (sub, partition)
            });
            let kept = place.is_some();
            let mut task = match place {
                Some(place) => had.remove(place),
                None => RunningTask::new(&kit.plan, sub, partition, at),
            };
            task.begin(now);
            out.tell(Fact::TaskAssigned {
                worker: self.node,
                sub: sub as u32,
                partition,
                kept,
            });
            self.tasks.push(task);
        }
        for task in &had {
            self.tell_closed(task, out);
        }
        self.begin_restoring(now);
    }

    /// Reads the changelogs of tasks that are not restored, and no others.
    fn begin_restoring(&mut self, now: Time) {
        let topics = &self.kit.topics;
        let name = |at: TopicPartition| topics.iter().find(|(id, _)| *id == at.topic);
        let restoring = self
            .tasks
            .iter()
            .filter(|t| t.state() == TaskState::Restoring);
        let logs = restoring.flat_map(|task| &task.logs);
        let logs = logs.filter_map(|log| Some((log.at, name(log.at)?.1.clone())));
        let logs: Vec<(TopicPartition, Arc<str>)> = logs.collect();
        self.restorer.assign(now, &logs);
        for log in self.tasks.iter_mut().flat_map(|task| &mut task.logs) {
            if !log.is_restored() {
                // How far there is to go; then it begins where the store ends, and is fetched.
                log.end = None;
                self.restorer.seek_to(log.at, OffsetSpec::Latest);
                self.restorer.pause(log.at);
            }
        }
    }

    /// Reads changelogs on. `true` if a task runs that did not before.
    fn restore(&mut self, now: Time, out: &mut Out) -> bool {
        if self
            .tasks
            .iter()
            .all(|task| task.state() == TaskState::Running)
        {
            return false;
        }
        // An error here would be a mistake of ours: the partitions are given, and it begins again at
        // the earliest record by itself.
        while !self.restorer.is_polling() || self.restorer.is_ready() {
            let Ok(Some(records)) = self.restorer.poll(now, out) else {
                break;
            };
            for part in &records.partitions {
                self.tasks.iter_mut().for_each(|task| task.restore(part));
            }
        }
        let mut sought = false;
        for log in self.tasks.iter_mut().flat_map(|task| &mut task.logs) {
            if log.is_restored() {
                self.restorer.pause(log.at);
            }
            if log.end.is_none()
                && let Some(end) = self.restorer.position(log.at)
            {
                log.end = Some(end);
                if log.next < end {
                    self.restorer.seek(log.at, log.next);
                    self.restorer.resume(log.at);
                    out.tell(Fact::Restores {
                        worker: self.node,
                        at: log.at,
                        from: log.next,
                        to: end,
                    });
                    sought = true;
                }
            }
        }
        if sought {
            // It fetches from there.
            self.restorer.on_timer(now, out);
        }
        let mut some = false;
        for task in &mut self.tasks {
            if task.is_now_restored() {
                some = true;
                out.tell(Fact::TaskRestored {
                    worker: self.node,
                    sub: task.task().sub() as u32,
                    partition: task.task().partition(),
                    records: task.restored,
                    since: task.since,
                });
            }
        }
        if self
            .tasks
            .iter()
            .all(|task| task.state() == TaskState::Running)
        {
            self.restorer.stop_polling(now, out);
        }
        some
    }

    /// Polls, restores, and lets tasks take records. `false` if there is nothing to do.
    fn work(&mut self, now: Time, out: &mut Out) -> bool {
        let mut some = self.restore(now, out);
        for (at, full) in self.tasks.iter().flat_map(RunningTask::full) {
            if full {
                self.consumer.pause(at);
            } else {
                self.consumer.resume(at);
            }
        }
        if !self.consumer.is_polling() || self.consumer.is_ready() {
            match self.consumer.poll(now, out) {
                Ok(Some(records)) => {
                    let ms = now.event_ms();
                    for part in &records.partitions {
                        let mut tasks = self.tasks.iter_mut();
                        tasks.any(|task| task.fetched(part, ms));
                    }
                    some = true;
                }
                Ok(None) => {}
                // Records that were read are no more: as any other failure of the thread.
                Err(_) => {
                    self.replace_thread(out);
                    return true;
                }
            }
        }
        some | self.process(now, out)
    }

    /// Lets tasks take records, each as many as it can, while `send` does not block.
    fn process(&mut self, now: Time, out: &mut Out) -> bool {
        let mut some = false;
        let mut given = TaskOut::default();
        if self.suspended {
            // What is in the queues is read again by whoever has the task next.
            return false;
        }
        for place in 0..self.tasks.len() {
            while !self.producer.is_blocked()
                && self.tasks[place].take(&self.consumer, now.event_ms(), &mut given)
            {
                some = true;
                self.send(now, &mut given, out);
            }
        }
        some
    }

    /// Sends what a task gave.
    fn send(&mut self, now: Time, given: &mut TaskOut, out: &mut Out) {
        for produced in given.produced.drain(..) {
            let (topic, name) = &self.kit.topics[produced.topic];
            let record = ProducerRecord {
                topic: *topic,
                name,
                partition: produced.partition,
                key: produced.key.as_ref().map(|key| key.as_bytes()),
                value: produced.value.as_deref(),
                timestamp: produced.ts,
                headers: &[],
                tag: self.tag,
            };
            self.tag += 1;
            // A record too large is left out (`ProductionExceptionHandler`, continuing); the producer
            // is open.
            let _ = self.producer.send(now, &record, out);
        }
    }

    /// The last positions are committed: closes its clients, then ends. It does not leave its group
    /// (`internal.leave.group.on.close=false`): were it back within the session time-out, nothing
    /// would have moved.
    fn shut_down(&mut self, now: Time, out: &mut Out) {
        self.consumer.close(now, out);
        self.restorer.close(now, out);
        self.producer.close(now, out);
        if self.consumer.is_closed() && self.restorer.is_closed() && self.producer.is_closed() {
            out.exit();
        }
    }
}

/// What all consumers of Kafka Streams are set to (`CONSUMER_DEFAULT_OVERRIDES`).
fn consumer_config(kit: &WorkerKit) -> ConsumerConfig {
    ConsumerConfig {
        max_poll_records: 1_000,
        auto_offset_reset: OffsetReset::Earliest,
        enable_auto_commit: false,
        session_timeout_ms: kit.spec.session_timeout_ms,
        heartbeat_interval_ms: (kit.spec.session_timeout_ms / 3).clamp(1, 3_000),
        metadata_max_age_ms: 5_000,
        allow_auto_create_topics: false,
        leave_group_on_close: false,
        ..ConsumerConfig::default()
    }
}

fn new_consumer(node: NodeId, kit: &WorkerKit) -> Consumer {
    let config = ConsumerConfig {
        group: Some(kit.group),
        ..consumer_config(kit)
    };
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1);
    Consumer::new(node, config, Arc::clone(&kit.bootstrap), rng).with_listener()
}

fn new_restorer(node: NodeId, kit: &WorkerKit) -> Consumer {
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1 | 1 << 40);
    Consumer::new(node, consumer_config(kit), Arc::clone(&kit.bootstrap), rng).as_second()
}

/// As Kafka Streams sets its producer, but for idempotence, which is not played here: one request in
/// flight keeps the order in its place, and a retry may write twice.
fn new_producer(node: NodeId, kit: &WorkerKit) -> Producer {
    let config = ProducerConfig {
        acks: Acks::All,
        linger_ms: 100,
        max_in_flight: 1,
        metadata_max_age_ms: 5_000,
        ..ProducerConfig::default()
    };
    let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1 | 1);
    Producer::new(node, config, Arc::clone(&kit.bootstrap), rng)
}
