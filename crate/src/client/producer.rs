//! The producer: takes records, gathers them into batches, sends and sends again (`KafkaProducer`
//! and its `Sender`).

use super::accumulator::{Accumulator, Buffered, Limits, ProducerBatch, Tags};
use super::calls::{Calls, Role, backoff};
use super::config::ProducerConfig;
use super::delivery::{Delivery, Lost, ProducerRecord, SendError, Sent};
use super::partitioner::{PartitionerConfig, Partitions, TopicPartitioner};
use super::view::ClusterView;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::log::{Header, batch_size_upper_bound};
use crate::protocol::{Acks, Alarm, ErrorCode, Fact, Out, Request, Response, Timer};
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// A record whose `send` does not return yet, with its own copy of the bytes.
#[derive(Clone, Debug)]
struct Waiting {
    topic: TopicId,
    name: Arc<str>,
    partition: Option<u32>,
    key: Option<Arc<[u8]>>,
    value: Option<Arc<[u8]>>,
    timestamp: i64,
    headers: Vec<OwnHeader>,
    tag: u64,
    since: Time,
    lacks: Lack,
}

type OwnHeader = (Arc<[u8]>, Option<Arc<[u8]>>);

/// What a record waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Lack {
    Topic,
    Partition { partition: u32, partitions: u32 },
    Memory { bytes: u64 },
}

#[derive(Clone, Debug)]
struct Topic {
    name: Arc<str>,
    partitioner: TopicPartitioner,
    /// The partitions there are, for the partitioner.
    partitions: Vec<u32>,
    /// Whether records without a key or partition came, so that queue lengths matter.
    sticky: bool,
}

/// What is kept about a request in flight.
#[derive(Clone, Debug)]
enum Call {
    Metadata,
    Produce(Vec<ProducerBatch>),
}

/// A producer inside a node.
///
/// The node forwards what concerns it ([`Producer::owns`] tells), and after each step takes what
/// [`Producer::next_delivery`] has. `acks=1` and `acks=0` make no promise about order or duplicates
/// once a retry happens, as idempotence is off with them.
#[derive(Clone, Debug)]
pub struct Producer {
    node: NodeId,
    config: ProducerConfig,
    rng: Rng,
    calls: Calls<Call>,
    view: ClusterView,
    topics: BTreeMap<TopicId, Topic>,
    accumulator: Accumulator,
    waiting: VecDeque<Waiting>,
    deliveries: VecDeque<Delivery>,
    /// Batches begun before this are to be sent at once.
    flush_to: u64,
    closing: bool,
    alarm: Alarm,
}

impl Producer {
    /// A producer of `node` that first asks the brokers of `bootstrap`.
    ///
    /// `rng` is its own stream ([`crate::rng::Salt::Client`]). `config` should have passed
    /// [`ProducerConfig::validate`].
    #[must_use]
    pub fn new(node: NodeId, config: ProducerConfig, bootstrap: Arc<[NodeId]>, rng: Rng) -> Self {
        Self {
            node,
            rng,
            calls: Calls::new(Role::Producer),
            view: ClusterView::new(
                bootstrap,
                config.metadata_max_age_ms,
                Span::millis(config.retry_backoff_ms),
                Span::millis(config.retry_backoff_max_ms),
            ),
            topics: BTreeMap::new(),
            accumulator: Accumulator::new(Limits {
                batch_size: config.batch_size.max(1) as usize,
                linger: config.linger(),
                delivery_timeout: config.delivery_timeout(),
                memory: config.buffer_memory,
                keep_order: config.max_in_flight == 1,
            }),
            waiting: VecDeque::new(),
            deliveries: VecDeque::new(),
            flush_to: 0,
            closing: false,
            alarm: Alarm::default(),
            config,
        }
    }

    /// Whether the response with this correlation id is for the node's producer.
    #[must_use]
    pub fn owns(id: u32) -> bool {
        Role::Producer.owns(id)
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> &ProducerConfig {
        &self.config
    }

    /// Takes a record to send. It does not block: see [`Sent::Blocked`].
    ///
    /// # Errors
    /// The record is too large, or the producer is closed: there will be no [`Delivery`].
    pub fn send(
        &mut self,
        now: Time,
        record: &ProducerRecord<'_>,
        out: &mut Out,
    ) -> Result<Sent, SendError> {
        if self.closing {
            return Err(SendError::Closed);
        }
        let size = batch_size_upper_bound(record.key, record.value, record.headers);
        if size > self.config.max_request_size as usize {
            return Err(SendError::RecordTooLarge {
                size,
                max: self.config.max_request_size,
            });
        }
        if size as u64 > self.config.buffer_memory {
            return Err(SendError::LargerThanMemory { size });
        }
        // Those who wait for memory are served in the order they came.
        let lacks = if self.waits_for_memory() {
            Lack::Memory {
                bytes: size.max(self.config.batch_size as usize) as u64,
            }
        } else {
            match self.append(now, record) {
                Ok(wake) => {
                    if wake {
                        self.pump(now, out);
                    }
                    return Ok(Sent::Buffered);
                }
                Err(lacks) => lacks,
            }
        };
        let own = |bytes: Option<&[u8]>| bytes.map(Arc::from);
        self.waiting.push_back(Waiting {
            topic: record.topic,
            name: record.name.clone(),
            partition: record.partition,
            key: own(record.key),
            value: own(record.value),
            timestamp: record.timestamp,
            headers: record
                .headers
                .iter()
                .map(|header| (Arc::from(header.key), own(header.value)))
                .collect(),
            tag: record.tag,
            since: now,
            lacks,
        });
        self.pump(now, out);
        Ok(if self.is_blocked() {
            Sent::Blocked
        } else {
            Sent::Buffered
        })
    }

    /// Whether some `send` has not returned yet.
    #[must_use]
    pub fn is_blocked(&self) -> bool {
        !self.waiting.is_empty()
    }

    fn waits_for_memory(&self) -> bool {
        self.waiting
            .iter()
            .any(|w| matches!(w.lacks, Lack::Memory { .. }))
    }

    /// Puts a record into its partition's batch. `Ok(true)`: something may be due now.
    fn append(&mut self, now: Time, record: &ProducerRecord<'_>) -> Result<bool, Lack> {
        let topic = self.topics.entry(record.topic).or_insert_with(|| {
            self.view.want_now(now);
            Topic::new(record.name.clone(), &self.config)
        });
        let count = self
            .view
            .image()
            .map_or(0, |image| image.partitions(record.topic));
        if count == 0 {
            self.view.want();
            return Err(Lack::Topic);
        }
        if topic.partitions.len() != count as usize {
            topic.partitions = (0..count).collect();
        }
        let partitions = Partitions {
            count,
            available: &topic.partitions,
        };
        let (partition, sticky) = match record.partition {
            Some(partition) if partition >= count => {
                self.view.want();
                return Err(Lack::Partition {
                    partition,
                    partitions: count,
                });
            }
            Some(partition) => (partition, false),
            None => {
                let partitioner = &mut topic.partitioner;
                let mut choice = partitioner.choose(record.key, partitions, now, &mut self.rng);
                let at = TopicPartition::new(record.topic, choice.partition);
                // A change of partition that was put off for a half full batch happens now.
                if choice.sticky && self.accumulator.all_full(at) {
                    partitioner.appended(0, true, partitions, &mut self.rng);
                    choice = partitioner.choose(record.key, partitions, now, &mut self.rng);
                }
                (choice.partition, choice.sticky)
            }
        };
        let at = TopicPartition::new(record.topic, partition);
        let Some(appended) = self.accumulator.append(now, at, record) else {
            return Err(Lack::Memory {
                bytes: batch_size_upper_bound(record.key, record.value, record.headers)
                    .max(self.config.batch_size as usize) as u64,
            });
        };
        if sticky {
            topic.sticky = true;
            topic
                .partitioner
                .appended(appended.bytes, appended.full, partitions, &mut self.rng);
        }
        Ok(appended.begun || appended.full)
    }

    /// What became of records since the last call: one run of them, oldest first.
    pub fn next_delivery(&mut self) -> Option<Delivery> {
        self.deliveries.pop_front()
    }

    /// Sends what is buffered without lingering. [`Producer::is_flushed`] tells when it is done.
    pub fn flush(&mut self, now: Time, out: &mut Out) {
        self.flush_to = self.accumulator.mark();
        self.pump(now, out);
    }

    /// Whether everything sent before the last [`Producer::flush`] is delivered or failed, and no
    /// `send` blocks.
    #[must_use]
    pub fn is_flushed(&self) -> bool {
        self.waiting.is_empty() && self.accumulator.finished_below(self.flush_to)
    }

    /// Takes no more records and sends what there is. [`Producer::is_closed`] tells when it is done;
    /// who cannot wait calls [`Producer::crash`] then, which is `close(0)`.
    pub fn close(&mut self, now: Time, out: &mut Out) {
        self.closing = true;
        self.flush(now, out);
    }

    /// Whether it was closed and everything is delivered or failed.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closing && self.is_flushed()
    }

    /// What waits and what is in flight, for looking at.
    pub fn buffered(&self) -> impl Iterator<Item = Buffered> + '_ {
        self.in_flight()
            .map(|batch| batch.view(true))
            .chain(self.accumulator.buffered())
    }

    fn in_flight(&self) -> impl Iterator<Item = &ProducerBatch> {
        self.calls.iter().flat_map(|(_, call)| match call {
            Call::Produce(batches) => batches.as_slice(),
            Call::Metadata => &[],
        })
    }

    /// The process died: everything that was not delivered is gone, in flight first.
    #[must_use]
    pub fn crash(self) -> Vec<Lost> {
        let lost = |in_flight| move |tags| Lost { tags, in_flight };
        let blocked = self.waiting.iter().map(|waiting| Tags {
            first: waiting.tag,
            count: 1,
        });
        self.in_flight()
            .flat_map(|batch| batch.tags.iter().copied())
            .map(lost(true))
            .chain(self.accumulator.tags().chain(blocked).map(lost(false)))
            .collect()
    }

    /// The timer [`Timer::Producer`] rang.
    pub fn on_timer(&mut self, now: Time, out: &mut Out) {
        self.alarm.rang(now);
        self.pump(now, out);
    }

    /// The connection to `peer` is gone.
    pub fn on_disconnect(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        self.lose(now, peer, out);
        self.pump(now, out);
    }

    /// A broker answered. One that is no longer waited for is ignored.
    pub fn on_response(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        response: Response,
        out: &mut Out,
    ) {
        match (self.calls.answered(from, id), response) {
            (Some(Call::Metadata), Response::Metadata { cluster, errors }) => {
                self.view
                    .heard(now, cluster, !errors.is_empty(), &mut self.rng);
                for (topic, error) in errors {
                    if error == ErrorCode::InvalidTopic {
                        self.refuse_topic(topic, error);
                    }
                }
            }
            (Some(Call::Produce(batches)), Response::Produce { results }) => {
                self.settle(now, batches, &results, out);
            }
            // An answer to another question would be a broker's mistake: as if it never came.
            (Some(call), _) => self.retry_call(now, call, out),
            (None, _) => {}
        }
        self.pump(now, out);
    }

    /// No broker will ever make this topic: sends that wait for it fail at once.
    fn refuse_topic(&mut self, topic: TopicId, error: ErrorCode) {
        self.topics.remove(&topic);
        let deliveries = &mut self.deliveries;
        self.waiting.retain(|waiting| {
            let keep = waiting.topic != topic;
            if !keep {
                deliveries.push_back(waiting.failed(SendError::Broker(error)));
            }
            keep
        });
    }

    fn settle(
        &mut self,
        now: Time,
        batches: Vec<ProducerBatch>,
        results: &[(TopicPartition, Result<i64, ErrorCode>)],
        out: &mut Out,
    ) {
        for batch in batches {
            match results.iter().find(|(at, _)| *at == batch.at) {
                Some((_, Ok(base_offset))) => self.deliver(&batch, Some(*base_offset), out),
                Some((_, Err(ErrorCode::MessageTooLarge))) if batch.batch.count() > 1 => {
                    self.accumulator.split(&batch);
                }
                Some((_, Err(error))) => self.retry_or_fail(now, batch, *error, out),
                None => self.retry_or_fail(now, batch, ErrorCode::NetworkException, out),
            }
        }
    }

    fn deliver(&mut self, batch: &ProducerBatch, base_offset: Option<i64>, out: &mut Out) {
        self.accumulator.finish(batch);
        if let Some(base_offset) = base_offset {
            out.tell(Fact::Acked {
                producer: self.node,
                at: batch.at,
                base_offset,
                records: batch.batch.count(),
            });
        }
        let mut offset = base_offset;
        for &tags in &batch.tags {
            self.deliveries.push_back(Delivery {
                tags,
                at: Some(batch.at),
                result: Ok(offset),
            });
            offset = offset.map(|offset| offset + i64::from(tags.count));
        }
    }

    fn retry_or_fail(
        &mut self,
        now: Time,
        mut batch: ProducerBatch,
        error: ErrorCode,
        out: &mut Out,
    ) {
        if error.stale_metadata() {
            self.view.want();
        }
        let expired = batch.created + self.config.delivery_timeout() <= now;
        if error.retriable() && batch.attempts <= self.config.retries && !expired {
            let pause = backoff(
                Span::millis(self.config.retry_backoff_ms),
                Span::millis(self.config.retry_backoff_max_ms),
                batch.attempts.saturating_sub(1),
                &mut self.rng,
            );
            batch.not_before = now + pause;
            self.accumulator.put_back(batch);
        } else {
            self.accumulator.finish(&batch);
            self.fail(&batch, SendError::Broker(error), out);
        }
    }

    /// Tells of a batch that is out of the accumulator already.
    fn fail(&mut self, batch: &ProducerBatch, error: SendError, out: &mut Out) {
        out.tell(Fact::SendFailed {
            producer: self.node,
            at: batch.at,
            records: batch.batch.count(),
            error: error.code(),
        });
        for &tags in &batch.tags {
            self.deliveries.push_back(Delivery {
                tags,
                at: Some(batch.at),
                result: Err(error),
            });
        }
    }

    fn lose(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        for call in self.calls.dropped(now, peer, &mut self.rng) {
            self.retry_call(now, call, out);
        }
        if !self.topics.is_empty() {
            self.view.want();
        }
    }

    fn retry_call(&mut self, now: Time, call: Call, out: &mut Out) {
        match call {
            Call::Metadata => self.view.failed(now, &mut self.rng),
            Call::Produce(batches) => {
                for batch in batches {
                    self.retry_or_fail(now, batch, ErrorCode::NetworkException, out);
                }
            }
        }
    }

    /// Does everything that is due: the body of the sender's loop.
    fn pump(&mut self, now: Time, out: &mut Out) {
        while let Some(peer) = self.calls.overdue(now) {
            out.disconnect(peer);
            self.lose(now, peer, out);
        }
        self.expire(now, out);
        loop {
            self.admit(now);
            let sent = self.transmit(now, out);
            // With acks=0 sending frees memory, which may let a blocked send go on.
            if !sent || self.config.acks != Acks::Zero || self.waiting.is_empty() {
                break;
            }
        }
        self.ask_metadata(now, out);
        let deadline = self.next_deadline(now);
        self.alarm.set(deadline, Timer::Producer, out);
    }

    /// Fails what has waited too long.
    fn expire(&mut self, now: Time, out: &mut Out) {
        let timeout = self.config.delivery_timeout();
        let mut expired = self.accumulator.expire(now);
        for call in self.calls.iter_mut() {
            if let Call::Produce(batches) = call {
                let late = batches.extract_if(.., |batch| batch.created + timeout <= now);
                for batch in late {
                    self.accumulator.finish(&batch);
                    expired.push(batch);
                }
            }
        }
        for batch in expired {
            let error = SendError::Expired {
                records: batch.batch.count(),
                at: batch.at,
                ms: now.since(batch.created).0 / 1_000,
            };
            self.fail(&batch, error, out);
        }
        let block = Span::millis(self.config.max_block_ms);
        let (ms, total) = (self.config.max_block_ms, self.config.buffer_memory);
        let available = self.accumulator.available();
        let deliveries = &mut self.deliveries;
        self.waiting.retain(|waiting| {
            let keep = waiting.since + block > now;
            if !keep {
                deliveries.push_back(waiting.failed(match waiting.lacks {
                    Lack::Topic => SendError::NoTopic { ms },
                    Lack::Partition {
                        partition,
                        partitions,
                    } => SendError::NoPartition {
                        partition,
                        partitions,
                        ms,
                    },
                    Lack::Memory { bytes } => SendError::BufferExhausted {
                        bytes,
                        ms,
                        total,
                        available,
                    },
                }));
            }
            keep
        });
    }

    /// Lets blocked sends go on, in the order they came; one that lacks memory holds up those after
    /// it, one that lacks its topic does not.
    fn admit(&mut self, now: Time) {
        let mut still = VecDeque::new();
        let mut exhausted = false;
        while let Some(mut waiting) = self.waiting.pop_front() {
            if !exhausted {
                match waiting.append_to(self, now) {
                    Ok(()) => continue,
                    Err(lacks) => {
                        exhausted = matches!(lacks, Lack::Memory { .. });
                        waiting.lacks = lacks;
                    }
                }
            }
            still.push_back(waiting);
        }
        self.waiting = still;
    }

    /// Whether batches go out without lingering.
    fn in_a_hurry(&self) -> bool {
        self.closing || !self.accumulator.finished_below(self.flush_to) || self.waits_for_memory()
    }

    /// Sends every request that is due and may go. Whether any did.
    fn transmit(&mut self, now: Time, out: &mut Out) -> bool {
        let Some(image) = self.view.image().cloned() else {
            return false;
        };
        let mut sent = false;
        for (&id, topic) in self.topics.iter_mut().filter(|(_, topic)| topic.sticky) {
            let queues = self.accumulator.queue_lengths(id);
            if queues.len() == topic.partitions.len() {
                topic.partitioner.set_queues(&queues, 0);
            }
        }
        loop {
            let mut brokers: Vec<NodeId> = Vec::new();
            let mut leaderless = false;
            for at in self.accumulator.ready(now, self.in_a_hurry()) {
                match image.leader(at) {
                    Some(leader) if !brokers.contains(&leader) && self.may_send(now, leader) => {
                        brokers.push(leader);
                    }
                    Some(_) => {}
                    None => leaderless = true,
                }
            }
            if leaderless {
                self.view.want();
            }
            if brokers.is_empty() {
                return sent;
            }
            for broker in brokers {
                let batches = self.accumulator.drain(
                    now,
                    broker,
                    |at| image.leader(at) == Some(broker),
                    self.config.max_request_size as usize,
                );
                self.send_produce(now, broker, batches, out);
            }
            sent = true;
        }
    }

    fn may_send(&self, now: Time, broker: NodeId) -> bool {
        self.calls.in_flight(broker) < self.config.max_in_flight
            && self.calls.connectable_at(broker) <= now
    }

    fn send_produce(
        &mut self,
        now: Time,
        broker: NodeId,
        mut batches: Vec<ProducerBatch>,
        out: &mut Out,
    ) {
        for batch in &mut batches {
            if batch.attempts > 0 {
                out.tell(Fact::Retried {
                    producer: self.node,
                    at: batch.at,
                });
            }
            batch.attempts += 1;
        }
        let acks = self.config.acks;
        let request = Request::Produce {
            acks,
            batches: batches.iter().map(|b| (b.at, b.batch.clone())).collect(),
        };
        if acks == Acks::Zero {
            self.calls.send_unanswered(broker, request, out);
            for batch in &batches {
                self.deliver(batch, None, out);
            }
        } else {
            let timeout = self.config.request_timeout();
            let call = Call::Produce(batches);
            self.calls.send(now, timeout, broker, request, call, out);
        }
    }

    fn ask_metadata(&mut self, now: Time, out: &mut Out) {
        if self.topics.is_empty() || !self.view.due(now) {
            return;
        }
        let Some(broker) = self.view.any_broker(now, &self.calls) else {
            return;
        };
        self.view.asked();
        let topics = self.topics.iter().map(|(&id, t)| (id, t.name.clone()));
        let request = Request::Metadata {
            topics: Some(topics.collect()),
            allow_auto_create: true,
        };
        let timeout = self.config.request_timeout();
        self.calls
            .send(now, timeout, broker, request, Call::Metadata, out);
    }

    fn next_deadline(&self, now: Time) -> Option<Time> {
        let timeout = self.config.delivery_timeout();
        let in_flight = self.in_flight().map(|batch| batch.created + timeout).min();
        let block = Span::millis(self.config.max_block_ms);
        let blocked = self.waiting.front().map(|waiting| waiting.since + block);
        let metadata = self
            .view
            .next_deadline()
            .filter(|_| !self.topics.is_empty());
        let reachable = metadata.map(|_| self.view.reachable_at(&self.calls));
        let reconnect = self.view.image().and_then(|image| {
            self.accumulator
                .ready(now, self.in_a_hurry())
                .filter_map(|at| image.leader(at))
                .map(|leader| self.calls.connectable_at(leader))
                .filter(|&at| at > now)
                .min()
        });
        [
            self.accumulator.next_deadline(now, self.in_a_hurry()),
            in_flight,
            blocked,
            metadata,
            reachable,
            reconnect,
            self.calls.next_deadline(),
        ]
        .into_iter()
        .flatten()
        .filter(|&at| at > now)
        .min()
    }
}

impl Topic {
    fn new(name: Arc<str>, config: &ProducerConfig) -> Self {
        Self {
            name,
            partitioner: TopicPartitioner::new(PartitionerConfig {
                partitioner: config.partitioner,
                ignore_keys: config.partitioner_ignore_keys,
                adaptive: config.partitioner_adaptive,
                batch_size: config.batch_size as usize,
                ..PartitionerConfig::default()
            }),
            partitions: Vec::new(),
            sticky: false,
        }
    }
}

impl Waiting {
    fn failed(&self, error: SendError) -> Delivery {
        Delivery {
            tags: Tags {
                first: self.tag,
                count: 1,
            },
            at: None,
            result: Err(error),
        }
    }

    fn append_to(&self, producer: &mut Producer, now: Time) -> Result<(), Lack> {
        let headers: Vec<Header<'_>> = self
            .headers
            .iter()
            .map(|(key, value)| Header {
                key,
                value: value.as_deref(),
            })
            .collect();
        let record = ProducerRecord {
            topic: self.topic,
            name: &self.name,
            partition: self.partition,
            key: self.key.as_deref(),
            value: self.value.as_deref(),
            timestamp: self.timestamp,
            headers: &headers,
            tag: self.tag,
        };
        producer.append(now, &record).map(|_| ())
    }
}
