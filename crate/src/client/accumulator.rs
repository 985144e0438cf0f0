//! Records that wait to be sent, gathered into a batch per partition (`RecordAccumulator`).

use super::delivery::ProducerRecord;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::log::{Batch, BatchBuilder, batch_size_upper_bound};
use crate::map::Map;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// A run of consecutive tags, so that a batch of thousands is told of in a few words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tags {
    /// The first.
    pub first: u64,
    /// How many, 1 or more.
    pub count: u32,
}

impl Tags {
    /// Each tag, in the order sent.
    pub fn iter(self) -> impl Iterator<Item = u64> {
        (0..u64::from(self.count)).map(move |i| self.first.wrapping_add(i))
    }
}

fn push_tag(runs: &mut Vec<Tags>, tag: u64) {
    match runs.last_mut() {
        Some(run) if run.first.wrapping_add(u64::from(run.count)) == tag => run.count += 1,
        _ => runs.push(Tags {
            first: tag,
            count: 1,
        }),
    }
}

/// A batch that is closed: waiting to be sent, in flight, or waiting to be sent again.
#[derive(Clone, Debug)]
pub(crate) struct ProducerBatch {
    pub at: TopicPartition,
    pub batch: Batch,
    pub tags: Vec<Tags>,
    /// When its first record came: `delivery.timeout.ms` counts from here.
    pub created: Time,
    /// How many times it was sent.
    pub attempts: u32,
    /// Backing off until then.
    pub not_before: Time,
    /// Orders batches by the time they were opened; a split batch's parts share its number.
    number: u64,
    /// What it holds of `buffer.memory`.
    reserved: u64,
    /// Whether it came out of a batch that was too large for the broker.
    split: bool,
}

/// The batch that takes records now; its bytes are in the queue's builder.
#[derive(Clone, Debug)]
struct Open {
    created: Time,
    number: u64,
    reserved: u64,
    tags: Vec<Tags>,
}

/// What waits for one partition.
#[derive(Clone, Debug, Default)]
struct Queue {
    closed: VecDeque<ProducerBatch>,
    open: Option<Open>,
    builder: BatchBuilder,
    in_flight: u32,
}

/// Whether a partition has a batch to send.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Readiness {
    Empty,
    From(Time),
}

/// What waits to be sent, for looking at.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Buffered {
    /// The partition it is for.
    pub at: TopicPartition,
    /// How many records.
    pub records: u32,
    /// The batch's size so far, in bytes.
    pub bytes: u32,
    /// When its first record came.
    pub since: Time,
    /// Whether it was sent and not answered yet.
    pub in_flight: bool,
}

/// When batches are due, and how large they may be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub batch_size: usize,
    pub linger: Span,
    pub delivery_timeout: Span,
    pub memory: u64,
    /// With one request in flight, a partition waits until its batch is answered, so that a retry
    /// cannot be overtaken.
    pub keep_order: bool,
}

/// What appending a record did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Appended {
    /// A batch was begun for it.
    pub begun: bool,
    /// Its batch is full now.
    pub full: bool,
    /// The bytes it took, a new batch's header included.
    pub bytes: usize,
}

/// All partitions' batches.
#[derive(Clone, Debug)]
pub(crate) struct Accumulator {
    limits: Limits,
    queues: Map<TopicPartition, Queue>,
    used: u64,
    next_number: u64,
    /// Batches that are not delivered or failed: number to parts.
    unfinished: Map<u64, u32>,
    /// Where each broker's last request left off, so that no partition starves.
    drained: Map<NodeId, TopicPartition>,
}

impl Accumulator {
    pub(crate) fn new(limits: Limits) -> Self {
        Self {
            limits,
            queues: Map::new(),
            used: 0,
            next_number: 0,
            unfinished: Map::new(),
            drained: Map::new(),
        }
    }

    /// Bytes of `buffer.memory` that are free.
    pub(crate) fn available(&self) -> u64 {
        self.limits.memory.saturating_sub(self.used)
    }

    /// Appends a record; `None` if it needs a new batch and there is no memory for one.
    pub(crate) fn append(
        &mut self,
        now: Time,
        at: TopicPartition,
        record: &ProducerRecord<'_>,
    ) -> Option<Appended> {
        let limit = self.limits.batch_size;
        let &ProducerRecord {
            timestamp,
            key,
            value,
            headers,
            ..
        } = record;
        let queue = self.queues.or_default(at);
        if queue.open.is_some()
            && !queue
                .builder
                .has_room_for(limit, timestamp, key, value, headers)
        {
            queue.close_open(at);
        }
        let begun = queue.open.is_none();
        if begun {
            let reserved = limit.max(batch_size_upper_bound(key, value, headers)) as u64;
            if self.used + reserved > self.limits.memory {
                return None;
            }
            self.used += reserved;
            queue.open = Some(Open {
                created: now,
                number: self.next_number,
                reserved,
                tags: Vec::new(),
            });
            self.unfinished.insert(self.next_number, 1);
            self.next_number += 1;
        }
        let before = if begun {
            0
        } else {
            queue.builder.size_in_bytes()
        };
        queue.builder.append(timestamp, key, value, headers);
        if let Some(open) = &mut queue.open {
            push_tag(&mut open.tags, record.tag);
        }
        Some(Appended {
            begun,
            full: queue.builder.is_full(limit),
            bytes: queue.builder.size_in_bytes() - before,
        })
    }

    /// Whether no batch that waits for the partition takes more records.
    pub(crate) fn all_full(&self, at: TopicPartition) -> bool {
        self.queues.get(&at).is_none_or(|queue| {
            queue.open.is_none() || queue.builder.is_full(self.limits.batch_size)
        })
    }

    /// How many batches wait for each partition of a topic that ever had one.
    pub(crate) fn queue_lengths(&self, topic: TopicId) -> Vec<(u32, u32)> {
        let length = |queue: &Queue| queue.closed.len() as u32 + u32::from(queue.open.is_some());
        self.queues
            .iter()
            .filter(|(at, _)| at.topic == topic)
            .map(|(at, queue)| (at.partition, length(queue)))
            .collect()
    }

    fn readiness(&self, queue: &Queue, hurry: bool) -> Readiness {
        if self.limits.keep_order && queue.in_flight > 0 {
            return Readiness::Empty;
        }
        if let Some(batch) = queue.closed.front() {
            return Readiness::From(batch.not_before);
        }
        match &queue.open {
            None => Readiness::Empty,
            Some(open) if hurry || queue.builder.is_full(self.limits.batch_size) => {
                Readiness::From(open.created)
            }
            Some(open) => Readiness::From(open.created + self.limits.linger),
        }
    }

    /// The partitions whose first batch is due: full, lingered or backed off long enough, or any
    /// when in a hurry (flushing, closing, out of memory).
    pub(crate) fn ready(
        &self,
        now: Time,
        hurry: bool,
    ) -> impl Iterator<Item = TopicPartition> + '_ {
        self.queues.iter().filter_map(move |(&at, queue)| {
            let due = matches!(self.readiness(queue, hurry), Readiness::From(t) if t <= now);
            due.then_some(at)
        })
    }

    /// When something becomes due or expires after `now`.
    pub(crate) fn next_deadline(&self, now: Time, hurry: bool) -> Option<Time> {
        let due = |queue: &Queue| match self.readiness(queue, hurry) {
            Readiness::From(at) => Some(at),
            Readiness::Empty => None,
        };
        let expires = |queue: &Queue| Some(queue.oldest()? + self.limits.delivery_timeout);
        self.queues
            .values()
            .flat_map(|queue| [due(queue), expires(queue)])
            .flatten()
            .filter(|&at| at > now)
            .min()
    }

    /// Takes the first batch of every partition that `leads` says the broker leads, up to
    /// `max_size` bytes, beginning after where the last request ended. As in Kafka, a broker that is
    /// sent anything is sent all partitions' batches, lingered or not.
    pub(crate) fn drain(
        &mut self,
        now: Time,
        broker: NodeId,
        leads: impl Fn(TopicPartition) -> bool,
        max_size: usize,
    ) -> Vec<ProducerBatch> {
        let keep_order = self.limits.keep_order;
        let last = self.drained.get(&broker).copied();
        let waiting = self.queues.iter();
        let waiting = waiting.filter(|(_, queue)| queue.oldest().is_some());
        let waiting = waiting.map(|(&at, _)| at);
        let after = waiting.clone().filter(|&at| Some(at) > last);
        let order: Vec<TopicPartition> = after
            .chain(waiting.filter(|&at| Some(at) <= last))
            .collect();
        let mut batches = Vec::new();
        let mut size = 0;
        for at in order {
            let Some(queue) = self.queues.get_mut(&at) else {
                continue;
            };
            if !leads(at) || keep_order && queue.in_flight > 0 {
                continue;
            }
            if queue.closed.is_empty() {
                queue.close_open(at);
            }
            let Some(first) = queue.closed.front().filter(|b| b.not_before <= now) else {
                continue;
            };
            let bytes = first.batch.size_in_bytes();
            if size + bytes > max_size && !batches.is_empty() {
                break;
            }
            size += bytes;
            if let Some(batch) = queue.closed.pop_front() {
                queue.in_flight += 1;
                batches.push(batch);
                self.drained.insert(broker, at);
            }
        }
        batches
    }

    /// A batch comes back to be sent again. As in Kafka without idempotence it goes to the front,
    /// so several that come back together are turned round.
    pub(crate) fn put_back(&mut self, batch: ProducerBatch) {
        let queue = self.queues.or_default(batch.at);
        queue.in_flight -= 1;
        queue.closed.push_front(batch);
    }

    /// A batch that was in flight is delivered or failed.
    pub(crate) fn finish(&mut self, batch: &ProducerBatch) {
        if let Some(queue) = self.queues.get_mut(&batch.at) {
            queue.in_flight -= 1;
        }
        self.forget(batch);
    }

    fn forget(&mut self, batch: &ProducerBatch) {
        self.used -= batch.reserved;
        if let Some(parts) = self.unfinished.get_mut(&batch.number) {
            *parts -= 1;
            if *parts == 0 {
                self.unfinished.remove(&batch.number);
            }
        }
    }

    /// A batch of several records was too large for the broker: its records go again in smaller
    /// ones, as if never sent. At first by `batch.size`, then by halves, as Kafka came to do it:
    /// 4.0 tries a `batch.size` that is above the broker's limit until the batch expires.
    pub(crate) fn split(&mut self, big: &ProducerBatch) {
        let target = if big.split {
            big.batch.size_in_bytes() / 2
        } else {
            self.limits.batch_size
        };
        let mut parts: Vec<ProducerBatch> = Vec::new();
        let mut builder = BatchBuilder::new();
        let mut tags = Vec::new();
        let mut close = |builder: &mut BatchBuilder, tags: &mut Vec<Tags>| {
            if let Some(batch) = builder.build() {
                parts.push(ProducerBatch {
                    at: big.at,
                    batch,
                    tags: std::mem::take(tags),
                    created: big.created,
                    attempts: 0,
                    not_before: Time::ZERO,
                    number: big.number,
                    // Kafka takes no memory from the pool for these either.
                    reserved: 0,
                    split: true,
                });
            }
        };
        let all_tags = big.tags.iter().flat_map(|run| run.iter());
        for (record, tag) in big.batch.records().map_while(Result::ok).zip(all_tags) {
            let (t, key, value) = (record.timestamp, record.key, record.value);
            if !builder.has_room_for(target, t, key, value, &record.headers) {
                close(&mut builder, &mut tags);
            }
            builder.append(t, key, value, &record.headers);
            push_tag(&mut tags, tag);
        }
        close(&mut builder, &mut tags);
        if let Some(count) = self.unfinished.get_mut(&big.number) {
            *count += parts.len() as u32;
        }
        self.finish(big);
        if let Some(queue) = self.queues.get_mut(&big.at) {
            for part in parts.into_iter().rev() {
                queue.closed.push_front(part);
            }
        }
    }

    /// Takes batches that waited longer than `delivery.timeout.ms`.
    pub(crate) fn expire(&mut self, now: Time) -> Vec<ProducerBatch> {
        let timeout = self.limits.delivery_timeout;
        let mut expired = Vec::new();
        for (&at, queue) in self.queues.iter_mut() {
            while queue
                .oldest()
                .is_some_and(|created| created + timeout <= now)
            {
                if queue.closed.is_empty() {
                    queue.close_open(at);
                }
                expired.extend(queue.closed.pop_front());
            }
        }
        for batch in &expired {
            self.forget(batch);
        }
        expired
    }

    /// A number above that of every batch so far: see [`Accumulator::finished_below`].
    pub(crate) fn mark(&self) -> u64 {
        self.next_number
    }

    /// Whether every batch opened before the mark is delivered or failed.
    pub(crate) fn finished_below(&self, mark: u64) -> bool {
        self.unfinished
            .first_key_value()
            .is_none_or(|(&number, _)| number >= mark)
    }

    /// What waits in the buffer (not what is in flight), partition by partition.
    pub(crate) fn buffered(&self) -> impl Iterator<Item = Buffered> + '_ {
        self.queues.iter().flat_map(|(&at, queue)| {
            let open = queue.open.as_ref().map(|open| Buffered {
                at,
                records: queue.builder.count(),
                bytes: queue.builder.size_in_bytes() as u32,
                since: open.created,
                in_flight: false,
            });
            queue.closed.iter().map(|b| b.view(false)).chain(open)
        })
    }

    /// The tags of what waits in the buffer, partition by partition, oldest first.
    pub(crate) fn tags(&self) -> impl Iterator<Item = Tags> + '_ {
        self.queues.values().flat_map(|queue| {
            let open = queue.open.iter().flat_map(|open| open.tags.iter());
            queue
                .closed
                .iter()
                .flat_map(|b| &b.tags)
                .chain(open)
                .copied()
        })
    }
}

impl ProducerBatch {
    /// The batch, for looking at.
    pub(crate) fn view(&self, in_flight: bool) -> Buffered {
        Buffered {
            at: self.at,
            records: self.batch.count(),
            bytes: self.batch.size_in_bytes() as u32,
            since: self.created,
            in_flight,
        }
    }
}

impl Queue {
    /// When its first batch was begun.
    fn oldest(&self) -> Option<Time> {
        match self.closed.front() {
            Some(batch) => Some(batch.created),
            None => self.open.as_ref().map(|open| open.created),
        }
    }

    /// The open batch takes no more records.
    fn close_open(&mut self, at: TopicPartition) {
        let (Some(open), Some(batch)) = (self.open.take(), self.builder.build()) else {
            return;
        };
        self.closed.push_back(ProducerBatch {
            at,
            batch,
            tags: open.tags,
            created: open.created,
            attempts: 0,
            not_before: Time::ZERO,
            number: open.number,
            reserved: open.reserved,
            split: false,
        });
    }
}
