//! Which brokers there are, and which of them may lead (`ClusterControlManager`,
//! `BrokerHeartbeatManager`).

use super::super::Flaw;
use super::super::election::{Change, Election};
use super::super::metadata::{MetadataRecord, Registration};
use super::Controller;
use crate::id::NodeId;
use crate::protocol::{ErrorCode, Out, Standing};
use crate::time::{Span, Time};

impl Controller {
    pub(super) fn register(
        &mut self,
        now: Time,
        broker: NodeId,
        incarnation: u32,
        rack: Option<u32>,
        previous_epoch: i64,
        out: &mut Out,
    ) -> Result<i64, ErrorCode> {
        let mut records = Vec::new();
        if let Some(&known) = self.image.brokers.get(&broker) {
            if known.incarnation == incarnation {
                return Ok(known.epoch);
            }
            if known.active() && self.session_end(broker).is_some_and(|end| now < end) {
                // Its last life may be alive yet: it resolves itself when the session ends.
                return Err(ErrorCode::DuplicateBrokerRegistration);
            }
            let trusted = self.flaw == Some(Flaw::TrustAfterUncleanShutdown);
            let clean = trusted || previous_epoch == known.epoch;
            if clean || !self.config.eligible_leader_replicas {
                records.extend(self.leave_isr(broker));
            } else {
                records.extend(self.unclean_shutdown(broker));
            }
        }
        // The registration comes first, so that its epoch is its own offset.
        let epoch = self.quorum.log().end();
        records.insert(
            0,
            MetadataRecord::RegisterBroker {
                broker,
                incarnation,
                epoch,
                rack,
            },
        );
        if let Some(active) = &mut self.active {
            active.heard.remove(&broker);
            active.stopping.remove(&broker);
        }
        self.write(now, &records, out);
        Ok(epoch)
    }

    pub(super) fn heartbeat(
        &mut self,
        now: Time,
        broker: NodeId,
        epoch: i64,
        metadata_offset: i64,
        (want_fence, want_shutdown): (bool, bool),
        out: &mut Out,
    ) -> Result<Standing, ErrorCode> {
        let known = self.image.brokers.get(&broker).copied();
        let known = known.ok_or(ErrorCode::BrokerIdNotRegistered)?;
        if known.epoch != epoch {
            return Err(ErrorCode::StaleBrokerEpoch);
        }
        let caught_up = metadata_offset > epoch;
        let leads = self
            .image
            .partitions()
            .any(|(_, state)| state.leader == Some(broker));
        let end = self.quorum.log().end();
        let Some(active) = &mut self.active else {
            return Err(ErrorCode::NotController);
        };
        active.heard.insert(broker, now);
        active.applied.insert(broker, metadata_offset);
        let mut standing = Standing {
            fenced: known.fenced,
            caught_up,
            may_stop: false,
        };
        if known.fenced {
            if want_shutdown {
                standing.may_stop = true;
            } else if !want_fence && caught_up {
                standing.fenced = false;
                let records = self.unfence(broker);
                self.write(now, &records, out);
            }
        } else if want_fence || (want_shutdown && !known.in_controlled_shutdown && !leads) {
            standing.may_stop = want_shutdown;
        } else if want_shutdown && !known.in_controlled_shutdown {
            let mut records = vec![MetadataRecord::BrokerRegistrationChange {
                broker,
                fenced: false,
                in_controlled_shutdown: true,
            }];
            records.extend(self.leave_isr(broker));
            self.write(now, &records, out);
            if let Some(active) = &mut self.active {
                active.stopping.insert(broker, end + records.len() as i64);
            }
        } else if want_shutdown {
            // It may go once every other broker knows that it leads nothing.
            let from = active.stopping.get(&broker).copied().unwrap_or(end);
            let others = self
                .image
                .brokers
                .iter()
                .filter(|&(&b, r)| b != broker && !r.fenced);
            let mut others = others.map(|(b, _)| active.applied.get(b).copied().unwrap_or(0));
            standing.may_stop = !leads && others.all(|applied| applied >= from);
        }
        if standing.may_stop && !known.fenced {
            standing.fenced = true;
            let records = self.fence(broker);
            self.write(now, &records, out);
        }
        Ok(standing)
    }

    pub(super) fn session_end(&self, broker: NodeId) -> Option<Time> {
        let heard = *self.active.as_ref()?.heard.get(&broker)?;
        Some(heard + Span::millis(self.config.broker_session_timeout_ms))
    }

    /// When the first session of an unfenced broker ends.
    pub(super) fn session_ends(&self) -> Option<Time> {
        let unfenced = self
            .image
            .brokers
            .iter()
            .filter(|(_, broker)| !broker.fenced);
        unfenced
            .filter_map(|(&broker, _)| self.session_end(broker))
            .min()
    }

    pub(super) fn fence_silent(&mut self, now: Time, out: &mut Out) {
        let silent = |&(&broker, registration): &(&NodeId, &Registration)| {
            !registration.fenced && self.session_end(broker).is_some_and(|end| end <= now)
        };
        let silent: Vec<NodeId> = self
            .image
            .brokers
            .iter()
            .filter(silent)
            .map(|(&b, _)| b)
            .collect();
        for broker in silent {
            let records = self.fence(broker);
            self.write(now, &records, out);
        }
    }

    pub(super) fn fence(&self, broker: NodeId) -> Vec<MetadataRecord> {
        let mut records = vec![MetadataRecord::BrokerRegistrationChange {
            broker,
            fenced: true,
            in_controlled_shutdown: false,
        }];
        records.extend(self.leave_isr(broker));
        records
    }

    /// The broker leaves every in-sync set; what it led is led by another.
    pub(super) fn leave_isr(&self, broker: NodeId) -> Vec<MetadataRecord> {
        self.without(broker, &[])
    }

    /// The broker may have lost what it had: it is neither in sync nor eligible (KIP-966).
    pub(super) fn unclean_shutdown(&self, broker: NodeId) -> Vec<MetadataRecord> {
        self.without(broker, &[broker])
    }

    pub(super) fn without(
        &self,
        broker: NodeId,
        unclean_shutdown: &[NodeId],
    ) -> Vec<MetadataRecord> {
        let admin = self.admin();
        let alive = |node| node != broker && self.image.is_active(node);
        let concerned = self.image.partitions().filter(|(_, state)| {
            state.isr.contains(&broker)
                || !unclean_shutdown.is_empty() && state.elr.contains(&broker)
        });
        concerned
            .filter_map(|(at, state)| {
                let change = Change {
                    target_isr: Some(state.isr_without(broker)),
                    election: Election::Online,
                    unclean_shutdown,
                    ..Change::default()
                };
                admin.change(at, state, &change, alive)
            })
            .collect()
    }

    pub(super) fn unfence(&self, broker: NodeId) -> Vec<MetadataRecord> {
        let mut records = vec![MetadataRecord::BrokerRegistrationChange {
            broker,
            fenced: false,
            in_controlled_shutdown: false,
        }];
        let admin = self.admin();
        let alive = |node| node == broker || self.image.is_active(node);
        let leaderless = self
            .image
            .partitions()
            .filter(|(_, state)| state.leader.is_none() && state.replicas.contains(&broker));
        let change = Change {
            election: Election::Online,
            ..Change::default()
        };
        records
            .extend(leaderless.filter_map(|(at, state)| admin.change(at, state, &change, alive)));
        records
    }
}
