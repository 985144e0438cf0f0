//! The half of the producer that Kafka runs in its own thread (`Sender`): sends what is due, and
//! settles what was answered, lost or waited too long.

use super::{Call, Lack, Producer};
use crate::client::accumulator::ProducerBatch;
use crate::client::calls::backoff;
use crate::client::delivery::{Delivery, SendError};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{Acks, ErrorCode, Fact, Out, Request, Timer};
use crate::time::{Span, Time};
use std::collections::VecDeque;

impl Producer {
    /// No broker will ever make this topic: sends that wait for it fail at once.
    pub(super) fn refuse_topic(&mut self, topic: TopicId, error: ErrorCode) {
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

    pub(super) fn settle(
        &mut self,
        now: Time,
        (leader, acks): (NodeId, Acks),
        batches: Vec<ProducerBatch>,
        results: &[(TopicPartition, Result<i64, ErrorCode>)],
        out: &mut Out,
    ) {
        for batch in batches {
            match results.iter().find(|(at, _)| *at == batch.at) {
                Some((_, Ok(base_offset))) => {
                    self.deliver(&batch, Some((leader, acks, *base_offset)), out);
                }
                Some((_, Err(ErrorCode::MessageTooLarge))) if batch.batch.count() > 1 => {
                    self.accumulator.split(&batch);
                }
                Some((_, Err(error))) => self.retry_or_fail(now, batch, *error, out),
                None => self.retry_or_fail(now, batch, ErrorCode::NetworkException, out),
            }
        }
    }

    /// A batch is done with: `said` is who appended it, how far and where, if anybody said.
    fn deliver(&mut self, batch: &ProducerBatch, said: Option<(NodeId, Acks, i64)>, out: &mut Out) {
        self.accumulator.finish(batch);
        if let Some((leader, acks, base_offset)) = said {
            out.tell(Fact::Acked {
                producer: self.node,
                leader,
                acks,
                at: batch.at,
                base_offset,
                records: batch.batch.count(),
            });
        }
        let mut offset = said.map(|(.., base_offset)| base_offset);
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

    pub(super) fn lose(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        for call in self.calls.dropped(now, peer, &mut self.rng) {
            self.retry_call(now, call, out);
        }
        if !self.topics.is_empty() {
            self.view.want();
        }
    }

    pub(super) fn retry_call(&mut self, now: Time, call: Call, out: &mut Out) {
        match call {
            Call::Metadata => self.view.failed(now, &mut self.rng),
            Call::Produce(_, batches) => {
                for batch in batches {
                    self.retry_or_fail(now, batch, ErrorCode::NetworkException, out);
                }
            }
        }
    }

    /// Does everything that is due: the body of the sender's loop.
    pub(super) fn pump(&mut self, now: Time, out: &mut Out) {
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
            if let Call::Produce(_, batches) = call {
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
            let mut drained = false;
            for broker in brokers {
                let batches = self.accumulator.drain(
                    now,
                    broker,
                    |at| image.leader(at) == Some(broker),
                    self.config.max_request_size as usize,
                );
                if !batches.is_empty() {
                    drained = true;
                    self.send_produce(now, broker, batches, out);
                }
            }
            if !drained {
                return sent;
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
            timeout: self.config.request_timeout(),
            batches: batches.iter().map(|b| (b.at, b.batch.clone())).collect(),
        };
        if acks == Acks::Zero {
            self.calls.send_unanswered(broker, request, out);
            for batch in &batches {
                self.deliver(batch, None, out);
            }
        } else {
            let timeout = self.config.request_timeout();
            let call = Call::Produce(acks, batches);
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
