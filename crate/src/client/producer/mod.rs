//! The producer: takes records, gathers them into batches, sends and sends again (`KafkaProducer`
//! and its `Sender`).

mod sender;

use super::accumulator::{Accumulator, Buffered, Limits, ProducerBatch, Tags};
use super::calls::{Calls, Role};
use super::config::ProducerConfig;
use super::delivery::{Delivery, Lost, ProducerRecord, SendError, Sent};
use super::partitioner::{PartitionerConfig, Partitions, TopicPartitioner};
use super::view::ClusterView;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::log::{Header, batch_size_upper_bound};
use crate::map::Map;
use crate::protocol::{Acks, Alarm, ErrorCode, Out, Response};
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::collections::VecDeque;
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
    /// With the `acks` that it asked for, which may be set otherwise by now.
    Produce(Acks, Vec<ProducerBatch>),
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
    topics: Map<TopicId, Topic>,
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
            topics: Map::new(),
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

    /// The same as the producer of the process after that of `last`: what was answered to that one is
    /// not taken for an answer to this.
    #[must_use]
    pub fn after(mut self, last: &Self) -> Self {
        self.calls.follow_on(&last.calls);
        self
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

    /// Sends with other settings from now on, as if a new producer had taken over what this one holds.
    /// What concerns the sizes of buffers stays as it was.
    pub fn reconfigure(&mut self, config: ProducerConfig) {
        self.config = config;
        // Partitioners are made anew with the next record of each topic.
        self.topics.clear();
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
        let lacks_memory = |w: &Waiting| matches!(w.lacks, Lack::Memory { .. });
        !self.waiting.is_empty() && self.waiting.iter().any(lacks_memory)
    }

    /// Puts a record into its partition's batch. `Ok(true)`: something may be due now.
    fn append(&mut self, now: Time, record: &ProducerRecord<'_>) -> Result<bool, Lack> {
        let topic = self.topics.or_insert_with(record.topic, || {
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
            Call::Produce(_, batches) => batches.as_slice(),
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
            (Some(Call::Produce(acks, batches)), Response::Produce { results }) => {
                self.settle(now, (from, acks), batches, &results, out);
            }
            // An answer to another question would be a broker's mistake: as if it never came.
            (Some(call), _) => self.retry_call(now, call, out),
            (None, _) => {}
        }
        self.pump(now, out);
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
