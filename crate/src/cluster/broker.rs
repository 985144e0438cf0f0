//! A broker: keeps partitions, answers clients, coordinates groups. It is its own controller
//! (`process.roles=broker,controller`) until there are several.

use super::purgatory::{Purgatory, WaitingFetch};
use super::topic::{NewTopic, Partition, Topic, TopicError};
use super::topic_config::TopicConfig;
use super::topic_name;
use crate::group::{Coordinator, GroupConfig};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::protocol::{
    Acks, Alarm, Body, ErrorCode, Fact, FetchPartition, Fetched, Input, MemberId, Metadata,
    OffsetSpec, Out, Request, Response, Timer, TopicMetadata,
};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
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
            group: GroupConfig::default(),
        }
    }
}

/// A broker. What it has in its logs survives its process; what it remembers of requests does not.
#[derive(Clone, Debug)]
pub struct Broker {
    node: NodeId,
    config: BrokerConfig,
    topics: BTreeMap<TopicId, Topic>,
    /// What clients are told, made anew when topics change.
    image: Arc<Metadata>,
    /// Topics made so far.
    incarnations: u32,
    coordinator: Coordinator,
    /// The coordinator's next deadline.
    groups_due: Option<Time>,
    purgatory: Purgatory,
    alarm: Alarm,
}

impl Broker {
    /// A broker without topics.
    #[must_use]
    pub fn new(node: NodeId, config: BrokerConfig) -> Self {
        Self {
            node,
            config,
            topics: BTreeMap::new(),
            image: Arc::new(Metadata {
                brokers: vec![node],
                topics: BTreeMap::new(),
            }),
            incarnations: 0,
            coordinator: Coordinator::new(config.group),
            groups_due: None,
            purgatory: Purgatory::default(),
            alarm: Alarm::default(),
        }
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => {
                self.crash();
                self.coordinator.reload(now);
                self.groups_due = self.coordinator.next_deadline();
            }
            // What is written is written: there is nothing to finish.
            Input::Stop => return out.exit(),
            Input::Message {
                from,
                body: Body::Request { id, request },
            } => self.request(now, from, id, *request, out),
            Input::Message { .. } | Input::Settings => {}
            Input::Timer(_) => {
                self.alarm.rang(now);
                if self.groups_due.is_some_and(|at| at <= now) {
                    self.coordinator.on_timer(now, out);
                    self.groups_due = self.coordinator.next_deadline();
                }
            }
            Input::Disconnected { peer } => self.purgatory.forget(peer),
        }
        self.wake_fetches(now, out);
        let fetches_due = self.purgatory.next_deadline();
        let deadline = [fetches_due, self.groups_due].into_iter().flatten().min();
        self.alarm.set(deadline, Timer::Broker, out);
    }

    /// The process died: requests that waited are forgotten. The logs stay, for the page cache
    /// outlives the process.
    pub fn crash(&mut self) {
        self.purgatory.clear();
        self.alarm = Alarm::default();
    }

    /// The topics, by id.
    pub fn topics(&self) -> impl Iterator<Item = (TopicId, &Topic)> {
        self.topics.iter().map(|(&id, topic)| (id, topic))
    }

    /// One topic.
    #[must_use]
    pub fn topic(&self, topic: TopicId) -> Option<&Topic> {
        self.topics.get(&topic)
    }

    /// The topic of this name, for `kafka-topics --describe`.
    ///
    /// # Errors
    /// There is none.
    pub fn describe(&self, name: &str) -> Result<(TopicId, &Topic), TopicError> {
        self.topics()
            .find(|(_, topic)| &*topic.name == name)
            .ok_or_else(|| TopicError::NotFound(name.to_owned()))
    }

    /// One partition.
    #[must_use]
    pub fn partition(&self, at: TopicPartition) -> Option<&Partition> {
        let topic = self.topics.get(&at.topic)?;
        topic.partitions.get(at.partition as usize)
    }

    /// The groups.
    #[must_use]
    pub fn groups(&self) -> &Coordinator {
        &self.coordinator
    }

    /// The groups, for tools that move positions or delete groups.
    pub fn groups_mut(&mut self) -> &mut Coordinator {
        &mut self.coordinator
    }

    /// How many fetches wait for more bytes.
    #[must_use]
    pub fn waiting_fetches(&self) -> usize {
        self.purgatory.len()
    }

    /// Makes a topic, as `kafka-topics --create` does. A warning about the name
    /// ([`topic_name::can_collide`]) is the caller's to give.
    ///
    /// # Errors
    /// The name is taken, invalid or collides; no partitions; more copies than the one broker can
    /// have; a setting is refused.
    pub fn create_topic(
        &mut self,
        now: Time,
        id: TopicId,
        name: &Arc<str>,
        new: &NewTopic,
    ) -> Result<(), TopicError> {
        if self.topics.contains_key(&id) {
            return Err(TopicError::Exists(name.to_string()));
        }
        topic_name::validate(name).map_err(TopicError::Name)?;
        let mut others = self.topics.values();
        if let Some(other) = others.find(|other| topic_name::collide(&other.name, name)) {
            return Err(TopicError::Collides {
                name: name.to_string(),
                existing: other.name.to_string(),
            });
        }
        let partitions = new.partitions.unwrap_or(self.config.num_partitions);
        if partitions == 0 {
            return Err(TopicError::NoPartitions);
        }
        let brokers = self.image.brokers.len() as u32;
        match new.replication_factor {
            Some(0 | 32_768..) => return Err(TopicError::ReplicationFactor),
            Some(asked) if asked > brokers => {
                return Err(TopicError::TooFewBrokers { asked, brokers });
            }
            _ => {}
        }
        let config = TopicConfig::new(&new.configs).map_err(TopicError::Config)?;
        self.incarnations += 1;
        let mut topic = Topic {
            name: name.clone(),
            incarnation: self.incarnations,
            config: Arc::new(config),
            partitions: Vec::new(),
        };
        topic.grow(now, self.node, partitions);
        self.topics.insert(id, topic);
        self.publish();
        Ok(())
    }

    /// Deletes a topic, and with it its records and what groups committed for it.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn delete_topic(&mut self, now: Time, name: &str, out: &mut Out) -> Result<(), TopicError> {
        let (id, _) = self.describe(name)?;
        self.topics.remove(&id);
        self.coordinator.forget_topic(id);
        self.publish();
        for fetch in self.purgatory.of_topic(id) {
            self.answer_fetch(fetch, out);
        }
        self.wake_fetches(now, out);
        Ok(())
    }

    /// Raises a topic's number of partitions to `to`. Records stay where they are; keys move.
    ///
    /// # Errors
    /// There is no such topic, or it has as many or more.
    pub fn add_partitions(&mut self, now: Time, name: &str, to: u32) -> Result<(), TopicError> {
        let (id, topic) = self.describe(name)?;
        let has = topic.partitions.len() as u32;
        if to == has {
            return Err(TopicError::SamePartitions(has));
        }
        if to < has {
            return Err(TopicError::FewerPartitions {
                name: name.to_owned(),
                has,
                asked: to,
            });
        }
        if let Some(topic) = self.topics.get_mut(&id) {
            topic.grow(now, self.node, to);
        }
        self.publish();
        Ok(())
    }

    /// Changes one setting of a topic, or with `None` unsets it.
    ///
    /// # Errors
    /// There is no such topic or setting, the value does not suit it, or there is nothing to unset.
    pub fn alter_config(
        &mut self,
        name: &str,
        setting: &str,
        value: Option<&str>,
    ) -> Result<(), TopicError> {
        let (id, topic) = self.describe(name)?;
        let config = topic.config.with(setting, value);
        let config = Arc::new(config.map_err(TopicError::Config)?);
        if let Some(topic) = self.topics.get_mut(&id) {
            for partition in &mut topic.partitions {
                partition.log.set_config(config.log);
            }
            topic.config = config;
        }
        Ok(())
    }

    /// Makes what clients are told.
    fn publish(&mut self) {
        let described = |topic: &Topic| TopicMetadata {
            name: topic.name.clone(),
            incarnation: topic.incarnation,
            leaders: topic.partitions.iter().map(|p| p.leader).collect(),
        };
        let mut topics = BTreeMap::new();
        topics.extend(self.topics().map(|(id, t)| (id, described(t))));
        self.image = Arc::new(Metadata {
            brokers: self.image.brokers.clone(),
            topics,
        });
    }

    fn request(&mut self, now: Time, from: NodeId, id: u32, request: Request, out: &mut Out) {
        match request {
            Request::Metadata {
                topics,
                allow_auto_create,
            } => {
                // A topic that is made now is there for the next request: as in Kafka, this one is
                // still told that it is not.
                let cluster = self.image.clone();
                let errors = self.missing(now, topics.unwrap_or_default(), allow_auto_create);
                out.respond(from, id, Response::Metadata { cluster, errors });
            }
            Request::Produce { acks, batches } => {
                self.produce(now, from, id, acks, &batches, out);
            }
            Request::Fetch {
                max_wait,
                min_bytes,
                max_bytes,
                partitions,
            } => {
                let fetch = WaitingFetch {
                    from,
                    id,
                    deadline: now + max_wait,
                    min_bytes: min_bytes.into(),
                    max_bytes: max_bytes.min(self.config.fetch_max_bytes),
                    partitions,
                    bytes: 0,
                };
                self.fetch(max_wait, fetch, out);
            }
            Request::ListOffsets { at } => {
                let found = at.into_iter().map(|(at, spec)| (at, self.offset(at, spec)));
                let offsets = found.collect();
                out.respond(from, id, Response::ListOffsets { offsets });
            }
            Request::FindCoordinator { .. } => {
                let coordinator = Ok(self.node);
                out.respond(from, id, Response::FindCoordinator { coordinator });
            }
            Request::OffsetCommit {
                group,
                generation,
                offsets,
            } => {
                let result = self.commit(now, group, generation, offsets, out);
                out.respond(from, id, Response::OffsetCommit { result });
            }
            request => {
                self.coordinator.handle(now, from, id, request, out);
                self.groups_due = self.coordinator.next_deadline();
            }
        }
    }

    /// Keeps the positions of partitions that are there.
    fn commit(
        &mut self,
        now: Time,
        group: GroupId,
        generation: Option<(u32, MemberId)>,
        mut offsets: Vec<(TopicPartition, i64)>,
        out: &mut Out,
    ) -> Result<(), ErrorCode> {
        let asked = offsets.len();
        offsets.retain(|(at, _)| self.partition(*at).is_some());
        let result = self
            .coordinator
            .commit(now, group, generation, &offsets, out);
        self.groups_due = self.coordinator.next_deadline();
        if offsets.len() < asked {
            return result.and(Err(ErrorCode::UnknownTopicOrPartition));
        }
        result
    }

    /// What is wrong with topics that were asked about. Those that are missing are made, if that is
    /// allowed.
    fn missing(
        &mut self,
        now: Time,
        topics: Vec<(TopicId, Arc<str>)>,
        allow_auto_create: bool,
    ) -> Vec<(TopicId, ErrorCode)> {
        let mut errors = Vec::new();
        for (id, name) in topics {
            if self.topics.contains_key(&id) {
                continue;
            }
            if topic_name::validate(&name).is_err() {
                errors.push((id, ErrorCode::InvalidTopic));
                continue;
            }
            errors.push((id, ErrorCode::UnknownTopicOrPartition));
            if allow_auto_create && self.config.auto_create_topics {
                // A name that collides is never made, and never said to be wrong either.
                let _ = self.create_topic(now, id, &name, &NewTopic::default());
            }
        }
        errors
    }

    fn produce(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        acks: Acks,
        batches: &[(TopicPartition, Batch)],
        out: &mut Out,
    ) {
        let mut results = Vec::with_capacity(batches.len());
        for (at, batch) in batches {
            results.push((*at, self.append(now, *at, batch, out)));
        }
        match acks {
            Acks::One => out.respond(from, id, Response::Produce { results }),
            // Nobody waits for an answer. An error can only be shown by closing the connection.
            Acks::Zero if results.iter().any(|(_, result)| result.is_err()) => {
                out.disconnect(from);
                self.purgatory.forget(from);
            }
            Acks::Zero => {}
        }
    }

    fn append(
        &mut self,
        now: Time,
        at: TopicPartition,
        batch: &Batch,
        out: &mut Out,
    ) -> Result<i64, ErrorCode> {
        let unknown = ErrorCode::UnknownTopicOrPartition;
        let topic = self.topics.get_mut(&at.topic).ok_or(unknown)?;
        let partition = topic.partitions.get_mut(at.partition as usize);
        let partition = partition.ok_or(unknown)?;
        if partition.leader != self.node {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        let base_offset = partition.append(now, &topic.config, batch)?;
        let bytes = batch.size_in_bytes();
        out.tell(Fact::Appended {
            at,
            base_offset,
            records: batch.count(),
            bytes: bytes as u32,
            crc: batch.crc(),
        });
        out.tell(Fact::HighWatermark {
            at,
            offset: partition.high_watermark,
        });
        self.purgatory.grew(at, bytes as u64);
        Ok(base_offset)
    }

    fn fetch(&mut self, max_wait: Span, mut fetch: WaitingFetch, out: &mut Out) {
        let (partitions, bytes) = self.read(&fetch.partitions, fetch.max_bytes);
        let failed = partitions.iter().any(|p| p.error.is_some());
        let enough = bytes >= fetch.min_bytes || max_wait == Span::ZERO;
        if enough || failed || fetch.partitions.is_empty() {
            out.respond(fetch.from, fetch.id, Response::Fetch { partitions });
        } else {
            fetch.bytes = bytes;
            self.purgatory.wait(fetch);
        }
    }

    fn wake_fetches(&mut self, now: Time, out: &mut Out) {
        for fetch in self.purgatory.due(now) {
            self.answer_fetch(fetch, out);
        }
    }

    fn answer_fetch(&self, fetch: WaitingFetch, out: &mut Out) {
        let (partitions, _) = self.read(&fetch.partitions, fetch.max_bytes);
        out.respond(fetch.from, fetch.id, Response::Fetch { partitions });
    }

    /// Reads partitions in the order asked, `max_bytes` in all and the first batch in any case
    /// (KIP-74). Partitions with nothing to say are left out.
    fn read(&self, partitions: &[FetchPartition], max_bytes: u32) -> (Vec<Fetched>, u64) {
        let mut answer = Vec::new();
        let mut total: usize = 0;
        for wanted in partitions {
            let left = (max_bytes as usize).saturating_sub(total);
            let fetched = self.read_partition(wanted, left, total == 0);
            let bytes = fetched.batches.iter().map(Batch::size_in_bytes);
            let bytes: usize = bytes.sum();
            total += bytes;
            if bytes > 0 || fetched.error.is_some() {
                answer.push(fetched);
            }
        }
        (answer, total as u64)
    }

    fn read_partition(&self, wanted: &FetchPartition, left: usize, first: bool) -> Fetched {
        let mut fetched = Fetched {
            at: wanted.at,
            batches: Vec::new(),
            high_watermark: -1,
            log_start_offset: -1,
            error: None,
        };
        let partition = match self.led(wanted.at) {
            Ok(partition) => partition,
            Err(error) => {
                fetched.error = Some(error);
                return fetched;
            }
        };
        fetched.high_watermark = partition.high_watermark;
        fetched.log_start_offset = partition.log.log_start_offset();
        let limit = left.min(wanted.max_bytes as usize);
        let end = partition.high_watermark;
        match partition.log.read(wanted.offset, limit, end) {
            Ok(batches) => {
                // The log gives its first batch whole; only the answer's first may be over.
                let mut fits = true;
                fetched.batches = batches
                    .take_while(|batch| {
                        fits &= first || batch.size_in_bytes() <= limit;
                        fits
                    })
                    .cloned()
                    .collect();
            }
            Err(_) => fetched.error = Some(ErrorCode::OffsetOutOfRange),
        }
        fetched
    }

    /// A partition that this broker leads.
    fn led(&self, at: TopicPartition) -> Result<&Partition, ErrorCode> {
        match self.partition(at) {
            None => Err(ErrorCode::UnknownTopicOrPartition),
            Some(partition) if partition.leader != self.node => Err(ErrorCode::NotLeaderOrFollower),
            Some(partition) => Ok(partition),
        }
    }

    fn offset(&self, at: TopicPartition, spec: OffsetSpec) -> Result<Option<i64>, ErrorCode> {
        let partition = self.led(at)?;
        match spec {
            OffsetSpec::Earliest => Ok(Some(partition.log.log_start_offset())),
            OffsetSpec::Latest => Ok(Some(partition.high_watermark)),
            OffsetSpec::Timestamp(ms) => match partition.log.offset_for_timestamp(ms) {
                Ok(found) => Ok(found
                    .map(|found| found.offset)
                    .filter(|&offset| offset < partition.high_watermark)),
                Err(_) => Err(ErrorCode::CorruptMessage),
            },
        }
    }
}
