//! A broker's life in a cluster: it follows the metadata quorum, registers, says that it is alive,
//! asks for changes of in-sync sets, and hands over before it stops (`BrokerLifecycleManager`,
//! `AlterPartitionManager`).

use super::super::call::{Asker, BACKOFF, Line};
use super::super::quorum::{Quorum, QuorumConfig};
use super::Broker;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{
    AlteredIsrs, ControlRequest, ControlResponse, ErrorCode, IsrChange, Out, Request, Standing,
};
use crate::time::{Span, Time};
use std::sync::Arc;

/// How long to wait for a controller's answer (Kafka's `controller.socket.timeout.ms`, shortened by
/// its retries to about this).
const CONTROL_TIMEOUT: Span = Span::secs(4);

/// A broker's part in its cluster.
#[derive(Clone, Debug)]
pub struct Lifecycle {
    quorum: Quorum,
    /// Records of the metadata log below this are applied.
    pub(super) applied: i64,
    /// Whether what they say of partitions is carried out: not before its own registration is among
    /// them, for what it led in its last life another may lead by then.
    pub(super) published: bool,
    incarnation: u32,
    /// On disk since the last clean stop, -1 otherwise (KIP-966).
    clean_epoch: i64,
    /// What the registration gave.
    epoch: Option<i64>,
    fenced: bool,
    stopping: bool,
    line: Line,
    next_at: Time,
    isr_line: Line,
    isr_at: Time,
    /// Changes of in-sync sets to ask for.
    changes: Vec<IsrChange>,
    /// What the request on its way asks for. Until it is answered nobody knows whether it was done,
    /// so it is asked again if the answer is lost.
    asked: Vec<IsrChange>,
}

impl Lifecycle {
    pub(super) fn new(me: NodeId, controllers: Arc<[NodeId]>, seed: u64) -> Self {
        Self {
            quorum: Quorum::new(me, controllers, QuorumConfig::default(), seed),
            applied: 0,
            published: false,
            incarnation: 0,
            clean_epoch: -1,
            epoch: None,
            fenced: true,
            stopping: false,
            line: Line::new(Asker::Lifecycle),
            next_at: Time::ZERO,
            isr_line: Line::new(Asker::Isr),
            isr_at: Time::ZERO,
            changes: Vec::new(),
            asked: Vec::new(),
        }
    }

    /// The broker's view of the metadata log.
    #[must_use]
    pub fn quorum(&self) -> &Quorum {
        &self.quorum
    }

    /// What its registration gave, if it is registered.
    #[must_use]
    pub fn broker_epoch(&self) -> Option<i64> {
        self.epoch
    }

    /// Whether the controller keeps it from leading and from being in sync.
    #[must_use]
    pub fn fenced(&self) -> bool {
        self.fenced
    }

    /// Records of the metadata log below this are applied.
    #[must_use]
    pub fn applied(&self) -> i64 {
        self.applied
    }

    pub(super) fn next_deadline(&self) -> Option<Time> {
        let life = self.line.deadline().or(Some(self.next_at));
        let isr = self
            .isr_line
            .deadline()
            .or((self.epoch.is_some() && !self.changes.is_empty()).then_some(self.isr_at));
        [self.quorum.next_deadline(), life, isr]
            .into_iter()
            .flatten()
            .min()
    }

    pub(super) fn died(&mut self) {
        self.quorum.crash();
        self.epoch = None;
        self.fenced = true;
        self.stopping = false;
        self.line.clear();
        self.isr_line.clear();
        self.changes.clear();
        self.asked.clear();
    }

    /// The answer to a change of in-sync sets will not come: ask again.
    fn isr_unanswered(&mut self, now: Time) {
        self.isr_at = now + BACKOFF;
        let again = std::mem::take(&mut self.asked);
        self.changes.splice(..0, again);
    }
}

impl Broker {
    /// The broker is in this cluster, with this registration, from the beginning: what `batch` says
    /// was there before the run.
    pub fn found(&mut self, now: Time, batch: &crate::log::Batch, epoch: i64, out: &mut Out) {
        if let Some(life) = &mut self.lifecycle {
            life.quorum.found(batch.clone());
            life.incarnation = 1;
            life.epoch = Some(epoch);
            life.fenced = false;
            life.published = true;
        }
        self.follow_metadata(now, out);
        self.flush();
    }

    pub(super) fn broker_epoch(&self) -> Option<i64> {
        self.lifecycle.as_ref()?.epoch
    }

    pub(super) fn begin_lifecycle(&mut self, now: Time, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        life.next_at = now;
        life.isr_at = now;
        life.quorum.start(now, out);
        if life.epoch.is_some() {
            // It was there before the run: registered, unfenced, and knows what it keeps.
            return;
        }
        life.incarnation += 1;
        // The image is in memory: it is made anew from the log.
        life.applied = 0;
        life.published = false;
        self.image = super::Image::default();
    }

    /// Begins a controlled shutdown, if there is a cluster to hand over to.
    pub(super) fn begin_shutdown(&mut self, now: Time) -> bool {
        match &mut self.lifecycle {
            Some(life) if life.epoch.is_some() => {
                life.stopping = true;
                life.next_at = now;
                true
            }
            _ => false,
        }
    }

    pub(super) fn lifecycle_timer(&mut self, now: Time, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        life.quorum.on_timer(now, out);
        if life.line.overdue(now, out) {
            life.next_at = now + BACKOFF;
        }
        if life.isr_line.overdue(now, out) {
            life.isr_unanswered(now);
        }
        self.talk(now, out);
    }

    pub(super) fn lifecycle_lost(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        life.quorum.on_disconnect(now, peer, out);
        if life.line.lost(peer) {
            life.next_at = now + BACKOFF;
        }
        if life.isr_line.lost(peer) {
            life.isr_unanswered(now);
        }
        self.talk(now, out);
    }

    /// Says to the controller what is due.
    fn talk(&mut self, now: Time, out: &mut Out) {
        let (rack, heartbeat) = (
            self.config.rack,
            Span::millis(self.config.broker_heartbeat_interval_ms),
        );
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        let Some(controller) = life.quorum.leader() else {
            // Look again soon; the quorum says when it finds one.
            life.next_at = life.next_at.max(now + BACKOFF);
            life.isr_at = life.isr_at.max(now + BACKOFF);
            return;
        };
        if !life.line.busy() && life.next_at <= now {
            let request = match life.epoch {
                None => ControlRequest::RegisterBroker {
                    incarnation: life.incarnation,
                    rack,
                    previous_epoch: life.clean_epoch,
                },
                Some(broker_epoch) => ControlRequest::BrokerHeartbeat {
                    broker_epoch,
                    metadata_offset: life.applied,
                    want_fence: false,
                    want_shutdown: life.stopping,
                },
            };
            life.next_at = now + heartbeat;
            let request = Request::Control(request);
            life.line
                .ask(controller, now + CONTROL_TIMEOUT, request, out);
        }
        if let Some(broker_epoch) = life.epoch
            && !life.isr_line.busy()
            && life.isr_at <= now
        {
            // What the metadata has overtaken is not asked for any more.
            let replicas = &self.replicas;
            life.changes.retain(|change| {
                replicas.get(&change.at).is_some_and(|replica| {
                    replica.asks()
                        && replica.leader_epoch() == change.leader_epoch
                        && replica.partition_epoch() == change.partition_epoch
                })
            });
            if life.changes.is_empty() {
                return;
            }
            life.asked = std::mem::take(&mut life.changes);
            let request = Request::Control(ControlRequest::AlterPartition {
                broker_epoch,
                changes: Arc::from(&life.asked[..]),
            });
            life.isr_line
                .ask(controller, now + CONTROL_TIMEOUT, request, out);
        }
    }

    pub(super) fn lifecycle_response(
        &mut self,
        now: Time,
        (from, id): (NodeId, u32),
        asker: Asker,
        response: ControlResponse,
        out: &mut Out,
    ) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        let awaited = match asker {
            Asker::Lifecycle => life.line.answered(from, id),
            Asker::Isr => life.isr_line.answered(from, id),
            _ => true,
        };
        if !awaited {
            return;
        }
        match response {
            ControlResponse::RegisterBroker(Ok(epoch)) => {
                life.epoch = Some(epoch);
                life.fenced = true;
                // From now on a stop is unclean unless it is clean.
                life.clean_epoch = -1;
                life.next_at = now;
            }
            ControlResponse::RegisterBroker(Err(_)) => life.next_at = now + Span(BACKOFF.0 * 10),
            ControlResponse::BrokerHeartbeat(result) => self.stands(now, result, out),
            ControlResponse::AlterPartition(result) => self.altered(now, result, out),
            response => life.quorum.on_response(now, from, id, response, out),
        }
        self.talk(now, out);
    }

    /// The controller answered a heartbeat.
    fn stands(&mut self, now: Time, result: Result<Standing, ErrorCode>, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        match result {
            Ok(standing) if standing.may_stop && life.stopping => {
                life.clean_epoch = life.epoch.unwrap_or(-1);
                self.flush();
                out.exit();
            }
            Ok(standing) => {
                life.fenced = standing.fenced;
                if life.stopping || (standing.fenced && !standing.caught_up) {
                    life.next_at = now + BACKOFF;
                }
            }
            Err(ErrorCode::StaleBrokerEpoch | ErrorCode::BrokerIdNotRegistered) => {
                // The registration is of an earlier time: register anew.
                life.epoch = None;
                life.fenced = true;
                life.next_at = now + BACKOFF;
            }
            Err(_) => life.next_at = now + BACKOFF,
        }
    }

    /// The controller answered a change of in-sync sets.
    fn altered(&mut self, now: Time, result: AlteredIsrs, out: &mut Out) {
        let Some(life) = &mut self.lifecycle else {
            return;
        };
        let Ok(results) = result else {
            return life.isr_unanswered(now);
        };
        let asked = std::mem::take(&mut life.asked);
        for (at, result) in results {
            let Some(replica) = self.replicas.get_mut(&at) else {
                continue;
            };
            match result {
                Ok(altered)
                    if altered.leader_epoch == replica.leader_epoch()
                        && altered.partition_epoch >= replica.partition_epoch() =>
                {
                    replica.confirm(altered.isr, altered.partition_epoch);
                    self.advance(now, at, out);
                }
                // The one error that says it was not and will not be done.
                Err(ErrorCode::IneligibleReplica) => replica.take_back(),
                Err(ErrorCode::NotController) => {
                    let again = asked.iter().find(|change| change.at == at).cloned();
                    if let Some(life) = &mut self.lifecycle {
                        life.isr_at = now + BACKOFF;
                        life.changes.extend(again);
                    }
                }
                // The controller knows more: the metadata will say what is so. Until then every
                // replica that may be in sync counts (`Partition.handleAlterPartitionError`).
                Ok(_) | Err(_) => {}
            }
        }
        self.settle_appends(now, out);
    }

    /// As leader, asks the controller for another in-sync set.
    pub(super) fn ask_for_isr(&mut self, at: TopicPartition, isr: Vec<NodeId>) {
        let Some(epoch) = self.broker_epoch() else {
            return;
        };
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        let isr = replica.ask_for(&isr, epoch);
        let change = IsrChange {
            at,
            incarnation: replica.incarnation(),
            leader_epoch: replica.leader_epoch(),
            partition_epoch: replica.partition_epoch(),
            isr,
        };
        if let Some(life) = &mut self.lifecycle {
            life.changes.push(change);
        }
    }

    /// Takes followers out of sync that have not had everything for too long.
    pub(super) fn shrink_isrs(&mut self, now: Time, out: &mut Out) {
        let led: Vec<TopicPartition> = self
            .replicas
            .iter()
            .filter(|(_, replica)| replica.leads())
            .map(|(&at, _)| at)
            .collect();
        for at in led {
            let rules = self.rules(at);
            let replica = &self.replicas[&at];
            let late = replica.out_of_sync(now, rules);
            if late.is_empty() {
                continue;
            }
            let isr = replica.isr().iter().copied();
            let isr = isr.filter(|broker| !late.contains(broker)).collect();
            self.ask_for_isr(at, isr);
        }
        self.talk(now, out);
    }

    /// Asks the controller to make topics that somebody asked about.
    pub(super) fn ask_for_topics(
        &mut self,
        now: Time,
        topics: Vec<(TopicId, Arc<str>)>,
        out: &mut Out,
    ) {
        let controller = self
            .lifecycle
            .as_ref()
            .and_then(|life| life.quorum.leader());
        if let Some(controller) = controller
            && !topics.is_empty()
            && !self.topics_line.busy()
        {
            let request = Request::Control(ControlRequest::CreateTopics { topics });
            self.topics_line
                .ask(controller, now + CONTROL_TIMEOUT, request, out);
        }
    }
}
