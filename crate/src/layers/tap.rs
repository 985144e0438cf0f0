//! A consumer that reads all partitions of the log from positions that its owner keeps.

use super::Kit;
use crate::client::{Consumer, ConsumerConfig, OffsetReset, Records};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Body, Fact, Input, Out, Timer};
use crate::rng::{Rng, Salt};
use crate::time::Time;
use std::sync::Arc;

/// It is dropped and made anew where reading begins somewhere else.
#[derive(Clone, Debug)]
pub(super) struct Tap {
    node: NodeId,
    kit: Arc<Kit>,
    live: bool,
    consumer: Consumer,
}

impl Tap {
    /// One that reads nothing yet. `live` is for whoever waits for new records: a fetch is answered
    /// when a few are there, or after five seconds; otherwise at once.
    pub fn new(node: NodeId, kit: &Arc<Kit>, live: bool) -> Self {
        Self {
            node,
            kit: Arc::clone(kit),
            live,
            consumer: Self::consumer(node, kit, live),
        }
    }

    fn consumer(node: NodeId, kit: &Kit, live: bool) -> Consumer {
        let config = ConsumerConfig {
            auto_offset_reset: OffsetReset::Earliest,
            max_poll_records: if live { 100 } else { 1_000 },
            // In a replay each fetch is full, so that nothing waits, and the high watermark that
            // comes with it is young.
            fetch_min_bytes: if live { 2_000 } else { 1 },
            max_partition_fetch_bytes: if live { 8_000 } else { 1_048_576 },
            fetch_max_wait_ms: if live { 5_000 } else { 500 },
            ..ConsumerConfig::default()
        };
        let rng = Rng::new(kit.seed, Salt::Client, u64::from(node.0) << 1);
        Consumer::new(node, config, Arc::clone(&kit.bootstrap), rng)
    }

    /// A consumer in place of the one it has.
    fn renew(&mut self) {
        let new = Self::consumer(self.node, &self.kit, self.live);
        self.consumer = new.after(&self.consumer);
    }

    /// It reads from these offsets on. What was answered before does not count.
    pub fn begin(&mut self, from: &[i64], now: Time, out: &mut Out) {
        self.renew();
        let kit = Arc::clone(&self.kit);
        let all = |partition| TopicPartition::new(kit.topic, partition);
        let named = (0..kit.partitions).map(|p| (all(p), Arc::clone(&kit.name)));
        self.consumer.assign(now, &named.collect::<Vec<_>>());
        for (partition, &from) in (0..).zip(from) {
            let at = all(partition);
            if from > 0 {
                self.consumer.seek(at, from);
            }
            let reader = self.node;
            out.tell(Fact::ReadsFrom { reader, at, from });
        }
    }

    /// It reads no more, for now or for good.
    pub fn end(&mut self) {
        self.renew();
    }

    /// Takes what concerns it.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Message {
                from,
                body: Body::Response { id, response },
            } => self.consumer.on_response(now, from, id, *response, out),
            Input::Timer(Timer::Consumer) => self.consumer.on_timer(now, out),
            Input::Disconnected { peer } => self.consumer.on_disconnect(now, peer, out),
            _ => {}
        }
    }

    /// Records, if any came.
    pub fn poll(&mut self, now: Time, out: &mut Out) -> Option<Records> {
        if self.consumer.is_polling() && !self.consumer.is_ready() {
            return None;
        }
        // It begins over at the earliest record by itself, so an error is a mistake of ours.
        let polled = self.consumer.poll(now, out);
        debug_assert!(polled.is_ok(), "a layer's poll failed: {polled:?}");
        polled.ok().flatten()
    }

    /// How many records the log had more than were taken, as far as is known: all partitions must
    /// have answered.
    pub fn lag(&self) -> Option<i64> {
        let Kit {
            topic, partitions, ..
        } = *self.kit;
        (0..partitions)
            .map(|p| self.consumer.lag(TopicPartition::new(topic, p)))
            .sum()
    }
}
