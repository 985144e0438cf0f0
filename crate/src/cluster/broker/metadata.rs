//! What the metadata log makes a broker do (`BrokerMetadataPublisher`, `ReplicaManager.applyDelta`).

use super::super::metadata::{MetadataRecord, records_of};
use super::super::replica::Replica;
use super::Broker;
use crate::id::TopicPartition;
use crate::protocol::{Fact, Out};
use crate::time::Time;
use std::sync::Arc;

impl Broker {
    /// Applies what was committed since the last time.
    pub(super) fn follow_metadata(&mut self, now: Time, out: &mut Out) {
        let Some(life) = &self.lifecycle else {
            return;
        };
        let (from, to) = (life.applied, life.quorum().high_watermark());
        if from >= to {
            return self.publish(now, out);
        }
        let log = life.quorum().log().log();
        let batches = log.read(from, usize::MAX, to);
        let batches = batches.expect("what was committed is there");
        let records: Vec<MetadataRecord> = batches.flat_map(records_of).collect();
        if let Some(life) = &mut self.lifecycle {
            life.applied = to;
        }
        self.apply(now, &records, out);
        self.publish(now, out);
    }

    /// Whether what the image says is carried out here. In a new life of a broker that begins when it
    /// has applied its own registration.
    fn publishes(&self) -> bool {
        self.lifecycle.as_ref().is_none_or(|life| life.published)
    }

    /// The broker has its registration and the metadata up to it: from now on it does what they say.
    fn publish(&mut self, now: Time, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        let caught_up = life
            .broker_epoch()
            .is_some_and(|epoch| life.applied > epoch);
        if life.published || !caught_up {
            return;
        }
        life.published = true;
        let all = self.image.partitions().map(|(at, _)| at);
        let mut all: Vec<TopicPartition> = all.chain(self.replicas.keys().copied()).collect();
        all.sort_by_cached_key(TopicPartition::in_order);
        all.dedup();
        for at in all {
            self.apply_partition(now, at, out);
        }
    }

    /// Applies records: first all of them to the image, then what they mean for replicas here.
    pub(super) fn apply(&mut self, now: Time, records: &[MetadataRecord], out: &mut Out) {
        let mut touched: Vec<TopicPartition> = Vec::new();
        for record in records {
            match record {
                MetadataRecord::Partition { at, .. }
                | MetadataRecord::PartitionChange { at, .. } => touched.push(*at),
                MetadataRecord::Config { topic, .. } | MetadataRecord::RemoveTopic { topic } => {
                    let kept = self.replicas.keys().filter(|at| at.topic == *topic);
                    touched.extend(kept);
                }
                _ => {}
            }
            self.image.replay(record);
            if let MetadataRecord::RemoveTopic { topic } = record {
                self.coordinator.forget_topic(*topic);
            }
        }
        if self.publishes() {
            touched.sort_by_cached_key(TopicPartition::in_order);
            touched.dedup();
            for at in touched {
                self.apply_partition(now, at, out);
            }
        }
        let told = self.image.for_clients();
        if told != *self.told {
            self.told = Arc::new(told);
        }
        self.settle_appends(now, out);
        self.store_groups(now, out);
        self.fetch_more(now, out);
    }

    /// Sees to it that what is kept here of a partition is as the image says.
    fn apply_partition(&mut self, now: Time, at: TopicPartition, out: &mut Out) {
        let (broker, lag_max) = (self.me, self.lag_max());
        let topic = self.image.topics.get(&at.topic).cloned();
        let state = self.image.partition(at).cloned();
        let kept = state.filter(|state| state.replicas.contains(&broker));
        let (Some(topic), Some(state)) = (topic, kept) else {
            if self.replicas.remove(&at).is_some() {
                out.tell(Fact::Dropped { broker, at });
            }
            self.stop_following(at);
            self.unload_groups(at, out);
            return self.leader_changed(at, out);
        };
        let new = || Replica::new(broker, topic.incarnation, &topic.config, now);
        let replica = self.replicas.or_insert_with(at, new);
        if replica.incarnation() != topic.incarnation {
            *replica = new();
        }
        replica.set_config(&topic.config);
        if state.leader == Some(broker) {
            let anew = !replica.leads();
            if state.leader_epoch > replica.leader_epoch() || anew {
                replica.lead(now, &state, lag_max);
                out.tell(Fact::Leads {
                    broker,
                    at,
                    leader_epoch: state.leader_epoch,
                    end: replica.log().log_end_offset(),
                    high_watermark: replica.high_watermark(),
                    incarnation: replica.incarnation(),
                });
                self.stop_following(at);
                if anew {
                    self.leader_changed(at, out);
                }
            } else if state.partition_epoch > replica.partition_epoch() {
                replica.update(now, &state, lag_max);
            }
            self.advance(now, at, out);
            if anew {
                self.load_groups(now, at, out);
            }
        } else {
            let changes = replica.leads()
                || state.leader_epoch > replica.leader_epoch()
                || state.leader != replica.leader();
            if changes {
                self.follow(now, at, &state, out);
                self.unload_groups(at, out);
                self.leader_changed(at, out);
            }
        }
    }

    /// Whoever waits for this partition here is told that it leads elsewhere, or now here.
    fn leader_changed(&mut self, at: TopicPartition, out: &mut Out) {
        for fetch in self.fetches.of_partition(at) {
            self.answer_fetch(&fetch, out);
        }
    }
}
