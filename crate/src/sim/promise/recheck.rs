//! A full check from the machines themselves: what the monitors have from facts, and what facts
//! cannot show.

use super::orders::Place;
use super::replication::Found;
use super::shadow::Known;
use super::{Promise, Promises, Witness};
use crate::cluster::{Broker, Controller, Quorum, Replica};
use crate::id::{NodeId, TopicPartition};
use crate::log::Log;
use crate::protocol::Stamp;
use crate::sim::world::World;

impl Promises {
    /// Checks again from the world what the monitors have from facts, and what facts cannot show.
    /// Costs time in proportion to the records.
    pub fn recheck(&mut self, world: &World) {
        let brokers: Vec<&Broker> = world.brokers().collect();
        let controllers: Vec<&Controller> = world.controllers().collect();
        self.recheck_cluster(world.stamp(), &brokers, &controllers);
        // An accepted order is in the log from the moment it was accepted, until retention deletes it.
        let there = world.orders_in_log();
        let whole = world.order_logs().all(|log| log.log_start_offset() == 0);
        let start = |at| world.log(at).map_or(0, Log::log_start_offset);
        let accepted = self.orders.accepted();
        let missing = accepted.filter(|(id, _)| !there.contains(id));
        let lost = missing.filter(|&(_, place)| match place {
            Place::At(at, offset) => offset >= start(at),
            Place::Lost => true,
            // Nobody was told its offset, so it may be among what was deleted.
            Place::Untold => whole,
        });
        for (id, _) in lost.collect::<Vec<_>>() {
            self.breach_by_terms(world.stamp(), Promise::NoOrderLost, Witness::Order(id));
        }
    }

    /// The part of [`Promises::recheck`] that is about brokers and controllers: each replica against
    /// what the monitors know and against the others, each metadata log against the others.
    pub fn recheck_cluster(
        &mut self,
        stamp: Stamp,
        brokers: &[&Broker],
        controllers: &[&Controller],
    ) {
        for broker in brokers {
            self.recheck_logs(stamp, broker);
        }
        let mut no = Found::new();
        let partitions = self.partitions.iter();
        // Where committed records were lost, a copy that was away may not know it yet.
        for (&at, _) in partitions.filter(|(_, p)| p.lost.is_none()) {
            let kept = brokers
                .iter()
                .filter_map(|b| Some((b.node(), b.replica(at)?)));
            compare_replicas(at, &kept.collect::<Vec<_>>(), &mut no);
        }
        let quorums = brokers.iter().filter_map(|b| Some(b.lifecycle()?.quorum()));
        let mut quorums: Vec<&Quorum> = quorums.collect();
        quorums.extend(controllers.iter().copied().map(Controller::quorum));
        compare_metadata(&quorums, &mut no);
        for (promise, witness, _) in no {
            self.breach_by_terms(stamp, promise, witness);
        }
    }

    /// The part of it that compares a broker's logs with what was told of them. Costs time in
    /// proportion to the batches.
    pub fn recheck_logs(&mut self, stamp: Stamp, broker: &Broker) {
        let mut no = Found::new();
        let node = broker.node();
        for (at, replica) in broker.replicas() {
            let watched = self.partitions.get(&at);
            let watched = watched.filter(|p| {
                // Another making of the topic than the one watched is of no concern.
                p.incarnation.is_none_or(|i| i == replica.incarnation())
            });
            let Some(copy) = watched.and_then(|p| p.copy(node)) else {
                continue;
            };
            let shadow = &watched.expect("it has a copy").shadow;
            let witness = Witness::Offset(at, copy.end, replica.log().log_end_offset());
            let start = replica.log().log_start_offset();
            let first = replica.log().batches().next();
            // What is deleted is gone as promised; whole segments go, so a batch or more may be left
            // that lies before the log start.
            let mut end = first.map_or(replica.log().log_end_offset(), |b| b.base_offset);
            let from = end;
            let mut known = copy.known(shadow).skip_while(|b| b.next() <= from);
            if start != copy.start || end > start {
                let witness = Witness::Offset(at, copy.start, start.max(end));
                no.push((Promise::HighWatermark, witness, None));
            }
            for batch in replica.log().batches() {
                if batch.base_offset != end {
                    let witness = Witness::Offset(at, end, batch.base_offset);
                    no.push((Promise::DenseOffsets, witness, None));
                }
                end = batch.next_offset();
                let forgotten = shadow.forgot(batch.base_offset);
                if !forgotten && known.next() != Some(&Known::of(batch)) {
                    no.push((Promise::Immutable, witness, None));
                    break;
                }
            }
            if known.next().is_some() || end != copy.end {
                no.push((Promise::Immutable, witness, None));
            }
            if replica.leads() && replica.high_watermark() < copy.high_watermark {
                let (told, has) = (copy.high_watermark, replica.high_watermark());
                let witness = Witness::Offset(at, told, has);
                no.push((Promise::HighWatermark, witness, None));
            }
        }
        // What was told of and not dropped is there.
        for (&at, partition) in &self.partitions {
            if let Some(copy) = partition.copy(node)
                && copy.end > 0
                && broker.replica(at).is_none()
            {
                let witness = Witness::Offset(at, copy.end, 0);
                no.push((Promise::Immutable, witness, None));
            }
        }
        for (promise, witness, _) in no {
            self.breach_by_terms(stamp, promise, witness);
        }
    }
}

/// Below the lesser of two high watermarks two replicas have the same.
fn compare_replicas(at: TopicPartition, kept: &[(NodeId, &Replica)], no: &mut Found) {
    let most = kept
        .iter()
        .max_by_key(|(_, r)| (r.incarnation(), r.high_watermark()));
    let Some(&(_, reference)) = most else {
        return;
    };
    let same = |(_, r): &&(NodeId, &Replica)| r.incarnation() == reference.incarnation();
    for &(broker, replica) in kept.iter().filter(same) {
        let upto = replica.high_watermark().min(reference.high_watermark());
        let from = replica.log().log_start_offset();
        let from = from.max(reference.log().log_start_offset());
        let within = |r: &Replica| -> Vec<Known> {
            let all = r.log().batches().map(Known::of);
            all.filter(|b| b.base >= from && b.next() <= upto).collect()
        };
        if within(replica) != within(reference) {
            let witness = Witness::Replica(broker, at, upto);
            no.push((Promise::ReplicasAgree, witness, None));
        }
    }
}

/// The same for the metadata logs.
fn compare_metadata(quorums: &[&Quorum], no: &mut Found) {
    let Some(most) = quorums.iter().max_by_key(|q| q.high_watermark()) else {
        return;
    };
    for quorum in quorums {
        let upto = quorum.high_watermark();
        let within = |q: &Quorum| -> Vec<Known> {
            let all = q.log().log().batches().map(Known::of);
            all.take_while(|b| b.next() <= upto).collect()
        };
        if within(quorum) != within(most) {
            no.push((Promise::ReplicasAgree, Witness::Metadata(upto), None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Fact, Sink};
    use crate::scenario;
    use crate::sim::Timeline;
    use crate::time::Time;

    #[test]
    fn a_recheck_finds_what_facts_did_not_tell() {
        let mut scene = scenario::by_name("orders").expect("the scene is there");
        // One broker, which leads whatever it keeps.
        scene.cluster = scenario::ClusterSpec::default();
        let mut timeline = Timeline::new(scene, 41).expect("the scene holds together");
        timeline.run_until(Time(3_000_000), u64::MAX);
        let moment = timeline.moment();
        let (at, replica) = {
            let broker = moment.world.brokers().next().expect("one");
            let mut kept = broker
                .replicas()
                .filter(|(_, r)| r.log().log_end_offset() > 0);
            kept.next().expect("something was written")
        };
        let mut promises = moment.promises.clone();
        promises.recheck(&moment.world);
        assert!(promises.broken().is_none(), "{:#?}", promises.broken());
        let more = Fact::Appended {
            broker: moment.world.brokers().next().expect("one").node(),
            leader_epoch: replica.leader_epoch(),
            at,
            base_offset: replica.log().log_end_offset(),
            records: 1,
            bytes: 1,
            crc: 1,
        };
        promises.hear(moment.world.stamp(), more);
        assert!(promises.broken().is_none());
        promises.recheck(&moment.world);
        let broken = promises
            .broken()
            .expect("the log is not what was told of it");
        assert_eq!(broken.promise, Promise::Immutable);
    }
}
