//! What controllers decide: who leads, who is in sync, who may lead.

use super::replication::{Found, State, leads_in};
use super::terms::UNCLEAN;
use super::{Promise, Promises, Witness};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{Brokers, Stamp};

impl Promises {
    /// The controller changed a partition.
    pub(super) fn partition_changed(
        &mut self,
        stamp: Stamp,
        at: TopicPartition,
        (incarnation, now): (u32, State),
        last_known: Brokers,
        unclean: bool,
    ) {
        let fenced = self.fenced;
        let partition = self.partitions.entry(at).or_default();
        let before = partition.state;
        let known = |before: State| before.partition_epoch >= now.partition_epoch;
        // A controller that becomes active tells again what is known.
        let same = partition.incarnation >= Some(incarnation);
        if !partition.meet(incarnation) || same && before.is_some_and(known) {
            return;
        }
        let before = before.filter(|_| same);
        partition.state = Some(now);
        let may_lead = before.map(|before| Brokers(before.isr.0 | before.elr.0));
        let another = before.is_none_or(|before| before.leader_epoch < now.leader_epoch);
        if another && now.leader.is_some() && unclean {
            partition.pardon = Some(UNCLEAN);
            partition.lost = Some(UNCLEAN);
        }
        let mut no = Found::new();
        let witness = Witness::State(at, now.partition_epoch);
        if another {
            partition.candidates = may_lead.unwrap_or_default();
        }
        if !is_sound(now, fenced) || another && !unclean && !is_clean(before, now) {
            no.push((Promise::LeaderInSync, witness, None));
        }
        if now.isr.is_empty() && now.elr.is_empty() && last_known.is_empty() {
            no.push((Promise::HeirWhenEmpty, witness, None));
        }
        let upto = partition.shadow.end();
        let members = Brokers(now.isr.0 | now.elr.0);
        partition.check_complete(at, members.iter(), upto, &mut no);
        self.note_found(stamp, at, no);
    }

    /// A topic is removed: who drops its copy first breaks no promise to those that have not heard.
    pub(super) fn topic_removed(&mut self, topic: TopicId, incarnation: u32) {
        for (at, partition) in &mut self.partitions {
            if at.topic == topic && partition.incarnation == Some(incarnation) {
                partition.state = None;
            }
        }
    }

    /// A controller leads the metadata quorum.
    pub(super) fn controller_leads(&mut self, stamp: Stamp, node: NodeId, epoch: i32) {
        if let Some(other) = leads_in(&mut self.controllers, epoch, node) {
            let witness = Witness::Leaders(None, epoch, other, node);
            self.breach_by_terms(stamp, Promise::OneLeader, witness);
        }
    }

    /// The controller keeps a broker from leading, or no longer does.
    pub(super) fn fence(&mut self, broker: NodeId, fenced: bool) {
        let bit = [broker].into_iter().collect::<Brokers>().0;
        self.fenced = Brokers(if fenced {
            self.fenced.0 | bit
        } else {
            self.fenced.0 & !bit
        });
    }
}

/// Whether the sets fit each other: all of them replicas, nobody both in sync and eligible, the
/// leader in sync, and nobody fenced in sync with a leader.
fn is_sound(now: State, fenced: Brokers) -> bool {
    let strangers = (now.isr.0 | now.elr.0) & !now.replicas.0;
    let both = now.isr.0 & now.elr.0;
    let led = now
        .leader
        .is_none_or(|leader| now.isr.has(leader) && now.isr.0 & fenced.0 == 0);
    strangers == 0 && both == 0 && led
}

/// Whether the leader was in sync or eligible before it was elected. One that a reassignment adds may
/// come to be in sync and lead in one change, as that ends the reassignment.
fn is_clean(before: Option<State>, now: State) -> bool {
    let (Some(before), Some(leader)) = (before, now.leader) else {
        return true;
    };
    before.isr.has(leader) || before.elr.has(leader) || before.replicas != now.replicas
}
