//! A broker: keeps replicas of partitions, answers clients, follows leaders, coordinates groups
//! (`KafkaApis`, `ReplicaManager`, `BrokerLifecycleManager`).
//!
//! A broker of a cluster learns from the metadata quorum what it keeps. A broker alone
//! (`process.roles=broker,controller`, one process) decides for itself, at once.

mod appends;
mod disk;
mod fetches;
mod following;
mod groups;
mod lifecycle;
mod metadata;
mod tools;

use super::Flaw;
use super::call::{Asker, Line};
use super::metadata::Image;
use super::purgatory::{DelayedAppend, Purgatory};
use super::replica::Replica;
use super::topic_config::TopicConfig;
use crate::group::{Coordinator, GroupConfig};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::map::Map;
use crate::protocol::{
    Alarm, Body, ControlResponse, ErrorCode, Fact, FetchPartition, Input, Metadata, Out, Request,
    Response, Timer, Truncation,
};
use crate::time::{Span, Time};
use disk::Disk;
use following::Fetcher;
pub use groups::offsets_topic;
use lifecycle::Lifecycle;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of a broker, by their real names and with the defaults of Kafka 4.0.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BrokerConfig {
    /// Whether asking about a topic makes it.
    #[serde(rename = "auto.create.topics.enable")]
    pub auto_create_topics: bool,
    /// How many partitions a topic has if nobody says, 1 or more.
    #[serde(rename = "num.partitions")]
    pub num_partitions: u32,
    /// At most so many bytes in the answer to a fetch, whatever the client asks.
    #[serde(rename = "fetch.max.bytes")]
    pub fetch_max_bytes: u32,
    /// A follower that has not had everything for so long, in milliseconds, is out of sync.
    #[serde(rename = "replica.lag.time.max.ms")]
    pub replica_lag_time_max_ms: u64,
    /// How long a follower's fetch waits for something new, in milliseconds.
    #[serde(rename = "replica.fetch.wait.max.ms")]
    pub replica_fetch_wait_max_ms: u64,
    /// At most so many bytes of a partition in the answer to a follower.
    #[serde(rename = "replica.fetch.max.bytes")]
    pub replica_fetch_max_bytes: u32,
    /// At most so many bytes in all.
    #[serde(rename = "replica.fetch.response.max.bytes")]
    pub replica_fetch_response_max_bytes: u32,
    /// How long a follower waits after something went wrong, in milliseconds.
    #[serde(rename = "replica.fetch.backoff.ms")]
    pub replica_fetch_backoff_ms: u64,
    /// How often it looks what to delete, in milliseconds, from 30 s after its start on
    /// (`log.initial.task.delay.ms`).
    #[serde(rename = "log.retention.check.interval.ms")]
    pub log_retention_check_interval_ms: u64,
    /// How often a broker tells the controller that it is alive, in milliseconds.
    #[serde(rename = "broker.heartbeat.interval.ms")]
    pub broker_heartbeat_interval_ms: u64,
    /// Its rack.
    #[serde(rename = "broker.rack")]
    pub rack: Option<u32>,
    /// How many partitions `__consumer_offsets` has; the same for all brokers of a cluster.
    #[serde(rename = "offsets.topic.num.partitions")]
    pub offsets_topic_partitions: u32,
    /// How many replicas each of them has. A broker alone has one.
    #[serde(rename = "offsets.topic.replication.factor")]
    pub offsets_topic_replication_factor: u32,
    /// How long a commit may take to be stored, in milliseconds.
    #[serde(rename = "offsets.commit.timeout.ms")]
    pub offsets_commit_timeout_ms: u64,
    /// What concerns groups.
    #[serde(rename = "group")]
    pub group: GroupConfig,
}

impl Default for BrokerConfig {
    fn default() -> Self {
        Self {
            auto_create_topics: true,
            num_partitions: 1,
            fetch_max_bytes: 57_671_680,
            replica_lag_time_max_ms: 30_000,
            replica_fetch_wait_max_ms: 500,
            replica_fetch_max_bytes: 1_048_576,
            replica_fetch_response_max_bytes: 10_485_760,
            replica_fetch_backoff_ms: 1_000,
            log_retention_check_interval_ms: 300_000,
            broker_heartbeat_interval_ms: 2_000,
            rack: None,
            offsets_topic_partitions: 50,
            offsets_topic_replication_factor: 3,
            offsets_commit_timeout_ms: 5_000,
            group: GroupConfig::default(),
        }
    }
}

/// How often the machine looks what to write to disk, and the process notes its high watermarks
/// (`vm.dirty_writeback_centisecs`, `replica.high.watermark.checkpoint.interval.ms`).
const WRITE_BACK_EVERY: Span = Span::secs(5);

/// When a broker that started first looks what to delete (`log.initial.task.delay.ms`).
const INITIAL_TASK_DELAY: Span = Span::secs(30);

/// How a broker's process ended, as far as its logs go.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Death {
    /// The process is gone; what it wrote is in the machine's page cache.
    Process,
    /// The machine lost power: what was not on disk is gone too.
    Machine,
}

/// A broker. What it has in its logs survives its process; what it remembers of requests does not.
#[derive(Clone, Debug)]
pub struct Broker {
    me: NodeId,
    config: BrokerConfig,
    flaw: Option<Flaw>,
    /// `None` for a broker alone.
    lifecycle: Option<Lifecycle>,
    /// The cluster as this broker knows it.
    image: Image,
    /// What clients are told, made anew when the image changes.
    told: Arc<Metadata>,
    replicas: Map<TopicPartition, Replica>,
    /// Who fetches from which leader.
    fetchers: Map<NodeId, Fetcher>,
    coordinator: Coordinator,
    /// The coordinator's next deadline.
    groups_due: Option<Time>,
    /// The groups' names, by their numbers.
    group_names: Arc<[Arc<str>]>,
    fetches: Purgatory,
    appends: Vec<DelayedAppend>,
    topics_line: Line,
    disk: Disk,
    write_back_at: Time,
    retention_at: Time,
    shrink_at: Time,
    alarm: Alarm,
}

impl Broker {
    /// A broker alone, without topics.
    #[must_use]
    pub fn alone(me: NodeId, config: BrokerConfig) -> Self {
        let mut broker = Self::new(me, config, None);
        broker.register_alone();
        broker.make_offsets_topic();
        broker
    }

    /// A broker of the cluster whose metadata quorum is `controllers`.
    #[must_use]
    pub fn of_cluster(
        me: NodeId,
        config: BrokerConfig,
        controllers: Arc<[NodeId]>,
        seed: u64,
    ) -> Self {
        Self::new(me, config, Some(Lifecycle::new(me, controllers, seed)))
    }

    fn new(me: NodeId, config: BrokerConfig, lifecycle: Option<Lifecycle>) -> Self {
        Self {
            me,
            config,
            flaw: None,
            lifecycle,
            image: Image::default(),
            told: Arc::default(),
            replicas: Map::new(),
            fetchers: Map::new(),
            // A member's id is given once in a cluster.
            coordinator: Coordinator::new(config.group).numbering_from(me.0 << 24),
            groups_due: None,
            group_names: Arc::from([]),
            fetches: Purgatory::default(),
            appends: Vec::new(),
            topics_line: Line::new(Asker::Topics),
            disk: Disk::default(),
            write_back_at: Time::ZERO,
            retention_at: Time::ZERO,
            shrink_at: Time::ZERO,
            alarm: Alarm::default(),
        }
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        if let Some(input) = self.disk.write(now, input) {
            self.take_in(now, input, out);
        }
        self.follow_metadata(now, out);
        self.fetch_more(now, out);
        self.wake_fetches(now, out);
        let deadline = self.next_deadline();
        self.alarm.set(deadline, Timer::Broker, out);
    }

    fn take_in(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => self.start(now, out),
            Input::Stop => self.stop(now, out),
            Input::Message {
                from,
                body: Body::Request { id, request },
            } => self.request(now, from, id, *request, out),
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => self.response(now, from, id, *response, out),
            Input::Message { .. } | Input::Settings => {}
            Input::Timer(_) => self.on_timer(now, out),
            Input::Disconnected { peer } => {
                self.fetches.forget(peer);
                self.fetcher_lost(now, peer);
                self.topics_line.lost(peer);
                self.lifecycle_lost(now, peer, out);
            }
        }
    }

    fn next_deadline(&self) -> Option<Time> {
        let led = self.replicas.values().any(|r| !r.followers().is_empty());
        let appends = self.appends.iter().map(|append| append.deadline).min();
        [
            self.fetches.next_deadline(),
            appends,
            self.groups_due,
            self.lifecycle.as_ref().and_then(Lifecycle::next_deadline),
            self.topics_line.deadline(),
            self.disk.next_deadline(),
            self.fetchers_due(),
            led.then_some(self.shrink_at),
            (!self.replicas.is_empty()).then_some(self.write_back_at.min(self.retention_at)),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    fn start(&mut self, now: Time, out: &mut Out) {
        for replica in self.replicas.values_mut() {
            replica.begin();
        }
        self.coordinator.forget();
        self.groups_due = None;
        self.write_back_at = now + WRITE_BACK_EVERY;
        self.retention_at = now + INITIAL_TASK_DELAY;
        self.shrink_at = now + Span(self.lag_max().0 / 2);
        self.begin_lifecycle(now, out);
        if self.lifecycle.is_none() {
            // Alone, it leads what it has.
            self.reclaim(now, out);
        }
    }

    fn on_timer(&mut self, now: Time, out: &mut Out) {
        self.alarm.rang(now);
        while let Some(input) = self.disk.written(now) {
            self.take_in(now, input, out);
        }
        if self.groups_due.is_some_and(|at| at <= now) {
            self.coordinator.on_timer(now, out);
            self.store_groups(now, out);
        }
        self.lifecycle_timer(now, out);
        self.topics_line.overdue(now, out);
        self.fetchers_timer(now, out);
        self.expire_appends(now, out);
        if self.shrink_at <= now {
            self.shrink_at = now + Span(self.lag_max().0 / 2);
            self.shrink_isrs(now, out);
        }
        if self.retention_at <= now {
            let every = self.config.log_retention_check_interval_ms.max(1);
            self.retention_at = now + Span::millis(every);
            self.delete_old(now, out);
        }
        if self.write_back_at <= now {
            self.write_back_at = now + WRITE_BACK_EVERY;
            for replica in self.replicas.values_mut() {
                replica.write_back(now);
            }
        }
    }

    /// Deletes what its topics' retention does not keep (`LogManager.cleanupLogs`).
    fn delete_old(&mut self, now: Time, out: &mut Out) {
        let broker = self.me;
        for (&at, replica) in self.replicas.iter_mut() {
            let Some(topic) = self.image.topics.get(&at.topic) else {
                continue;
            };
            if let Some(from) = replica.delete_old(now, &topic.config) {
                tell_log_start(broker, at, from, replica, out);
            }
        }
    }

    /// Asked to stop: alone there is nothing to hand over; in a cluster what it leads goes first.
    fn stop(&mut self, now: Time, out: &mut Out) {
        if self.begin_shutdown(now) {
            return;
        }
        self.flush();
        out.exit();
    }

    /// Everything is on disk, as after a clean stop.
    fn flush(&mut self) {
        for replica in self.replicas.values_mut() {
            replica.flush();
        }
    }

    /// The process died, or its machine: requests that waited are forgotten.
    pub fn died(&mut self, death: Death, out: &mut Out) {
        self.fetches.clear();
        self.appends.clear();
        self.fetchers.values_mut().for_each(Fetcher::crash);
        self.topics_line.clear();
        self.disk.forget();
        self.alarm = Alarm::default();
        if let Some(lifecycle) = &mut self.lifecycle {
            lifecycle.died();
        }
        let broker = self.me;
        for (&at, replica) in self.replicas.iter_mut() {
            match death {
                Death::Process => replica.process_died(),
                Death::Machine => {
                    if let Some(from) = replica.power_lost() {
                        out.tell(Fact::Truncated {
                            broker,
                            at,
                            from,
                            to: replica.log().log_end_offset(),
                            why: Truncation::Unflushed,
                        });
                    }
                }
            }
        }
    }

    /// Makes a mistake from now on, or none.
    pub fn set_flaw(&mut self, flaw: Option<Flaw>) {
        self.flaw = flaw;
    }

    /// The mistake it makes, if any.
    #[must_use]
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
    }

    fn has(&self, flaw: Flaw) -> bool {
        self.flaw == Some(flaw)
    }

    fn lag_max(&self) -> Span {
        Span::millis(self.config.replica_lag_time_max_ms)
    }

    /// Its node.
    #[must_use]
    pub fn node(&self) -> NodeId {
        self.me
    }

    /// Its settings.
    #[must_use]
    pub fn config(&self) -> &BrokerConfig {
        &self.config
    }

    /// The cluster as this broker knows it.
    #[must_use]
    pub fn image(&self) -> &Image {
        &self.image
    }

    /// Its part in the cluster; `None` if it is alone.
    #[must_use]
    pub fn lifecycle(&self) -> Option<&Lifecycle> {
        self.lifecycle.as_ref()
    }

    /// What it keeps of a partition.
    #[must_use]
    pub fn replica(&self, at: TopicPartition) -> Option<&Replica> {
        self.replicas.get(&at)
    }

    /// Everything it keeps.
    pub fn replicas(&self) -> impl Iterator<Item = (TopicPartition, &Replica)> {
        self.replicas.iter().map(|(&at, replica)| (at, replica))
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &Coordinator {
        &self.coordinator
    }

    /// How many fetches wait for more bytes.
    #[must_use]
    pub fn waiting_fetches(&self) -> usize {
        self.fetches.len()
    }

    /// How many produce requests wait for followers.
    #[must_use]
    pub fn waiting_appends(&self) -> usize {
        self.appends.len()
    }

    fn topic_config(&self, topic: TopicId) -> Option<Arc<TopicConfig>> {
        Some(self.image.topics.get(&topic)?.config.clone())
    }

    /// A replica that this broker leads.
    fn led(&self, at: TopicPartition) -> Result<&Replica, ErrorCode> {
        match self.replicas.get(&at) {
            Some(replica) if replica.leads() => Ok(replica),
            Some(_) => Err(ErrorCode::NotLeaderOrFollower),
            None if self.image.partition(at).is_some() => Err(ErrorCode::NotLeaderOrFollower),
            None => Err(ErrorCode::UnknownTopicOrPartition),
        }
    }

    /// The same, for a fetch: the epoch that the asker knows must be the one (KIP-320), and the topic
    /// the same making of it (KIP-516).
    fn led_as(&self, wanted: &FetchPartition) -> Result<&Replica, ErrorCode> {
        if let Some(replica) = self.replicas.get(&wanted.at)
            && wanted.incarnation != 0
            && wanted.incarnation != replica.incarnation()
        {
            return Err(ErrorCode::UnknownTopicId);
        }
        self.led_in(wanted.at, wanted.current_leader_epoch)
    }

    /// The same in the epoch that the asker knows, -1 if it does not say.
    pub(super) fn led_in(&self, at: TopicPartition, asked: i32) -> Result<&Replica, ErrorCode> {
        if let Some(replica) = self.replicas.get(&at) {
            let known = replica.leader_epoch();
            if (0..known).contains(&asked) && !self.has(Flaw::UnfencedStaleLeader) {
                return Err(ErrorCode::FencedLeaderEpoch);
            }
            if asked > known && !self.has(Flaw::UnfencedStaleLeader) {
                return Err(ErrorCode::UnknownLeaderEpoch);
            }
        }
        self.led(at)
    }

    fn request(&mut self, now: Time, from: NodeId, id: u32, request: Request, out: &mut Out) {
        match request {
            Request::Metadata {
                topics,
                allow_auto_create,
            } => {
                // A topic that is made now is there for the next request: as in Kafka, this one is
                // still told that it is not.
                let cluster = self.told.clone();
                let errors = self.missing(now, topics.unwrap_or_default(), allow_auto_create, out);
                out.respond(from, id, Response::Metadata { cluster, errors });
            }
            Request::Produce {
                acks,
                timeout,
                batches,
            } => self.produce(now, (from, id), acks, timeout, &batches, out),
            Request::Fetch {
                max_wait,
                min_bytes,
                max_bytes,
                partitions,
                follower,
            } => {
                let fetch = super::purgatory::WaitingFetch {
                    from,
                    id,
                    deadline: now + max_wait,
                    min_bytes: min_bytes.into(),
                    max_bytes: max_bytes.min(self.config.fetch_max_bytes),
                    partitions,
                    follower,
                    bytes: 0,
                };
                self.fetch(now, max_wait, fetch, out);
            }
            Request::ListOffsets { partitions } => {
                let found = partitions.iter();
                let offsets = found.map(|asked| (asked.at, self.offset(asked))).collect();
                out.respond(from, id, Response::ListOffsets { offsets });
            }
            Request::OffsetForLeaderEpoch { partitions } => {
                let ends = partitions.iter();
                let ends = ends.map(|asked| (asked.at, self.epoch_end(asked)));
                let partitions = ends.collect();
                out.respond(from, id, Response::OffsetForLeaderEpoch { partitions });
            }
            // Controllers answer these.
            Request::Control(_) => {}
            request => self.group_request(now, from, id, request, out),
        }
    }

    fn response(&mut self, now: Time, from: NodeId, id: u32, response: Response, out: &mut Out) {
        match (Asker::of(id), response) {
            (Asker::Fetcher, Response::Fetch { partitions }) => {
                self.fetched(now, from, id, partitions, out);
            }
            (Asker::Topics, Response::Control(ControlResponse::CreateTopics)) => {
                self.topics_line.answered(from, id);
            }
            (asker, Response::Control(response)) => {
                self.lifecycle_response(now, (from, id), asker, response, out);
            }
            _ => {}
        }
    }
}

/// A replica's log began at `from` and begins later now.
fn tell_log_start(broker: NodeId, at: TopicPartition, from: i64, replica: &Replica, out: &mut Out) {
    out.tell(Fact::LogStartMoved {
        broker,
        at,
        from,
        to: replica.log().log_start_offset(),
    });
}
