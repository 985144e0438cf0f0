//! Who is in sync (`ReplicationControlManager.alterPartition`).

use super::super::Flaw;
use super::super::election::{Change, Election};
use super::super::metadata::MetadataRecord;
use super::Controller;
use crate::id::NodeId;
use crate::protocol::{AlteredIsr, AlteredIsrs, ErrorCode, IsrChange, Out};
use crate::time::Time;

impl Controller {
    pub(super) fn alter_partitions(
        &mut self,
        now: Time,
        broker: NodeId,
        epoch: i64,
        changes: &[IsrChange],
        out: &mut Out,
    ) -> AlteredIsrs {
        if self
            .image
            .brokers
            .get(&broker)
            .is_none_or(|known| known.epoch != epoch)
        {
            return Err(ErrorCode::StaleBrokerEpoch);
        }
        let mut results = Vec::new();
        let mut records = Vec::new();
        for change in changes {
            let result = self
                .alter_partition(broker, change)
                .map(|(record, altered)| {
                    records.extend(record);
                    altered
                });
            results.push((change.at, result));
        }
        self.write(now, &records, out);
        Ok(results)
    }

    pub(super) fn alter_partition(
        &self,
        broker: NodeId,
        change: &IsrChange,
    ) -> Result<(Option<MetadataRecord>, AlteredIsr), ErrorCode> {
        let at = change.at;
        let unknown = ErrorCode::UnknownTopicOrPartition;
        let state = self.image.partition(at).ok_or(unknown)?;
        let incarnation = self.image.topics.get(&at.topic).map(|t| t.incarnation);
        if incarnation != Some(change.incarnation) {
            return Err(ErrorCode::UnknownTopicId);
        }
        if change.leader_epoch > state.leader_epoch
            || change.partition_epoch > state.partition_epoch
        {
            // The asker knows more than this controller does.
            return Err(ErrorCode::NotController);
        }
        let fenced = self.flaw != Some(Flaw::UnfencedStaleLeader);
        if fenced && change.leader_epoch < state.leader_epoch {
            return Err(ErrorCode::FencedLeaderEpoch);
        }
        if fenced && state.leader != Some(broker) {
            return Err(ErrorCode::InvalidRequest);
        }
        if fenced && change.partition_epoch < state.partition_epoch {
            return Err(ErrorCode::InvalidUpdateVersion);
        }
        let isr: Vec<NodeId> = change.isr.iter().map(|&(node, _)| node).collect();
        let known = isr.iter().all(|node| state.replicas.contains(node));
        if !known || !isr.contains(&broker) {
            return Err(ErrorCode::InvalidRequest);
        }
        let eligible = |&(node, epoch): &(NodeId, i64)| {
            let registration = self.image.brokers.get(&node);
            registration.is_some_and(|r| r.active() && (epoch == -1 || epoch == r.epoch))
        };
        if !change.isr.iter().all(eligible) {
            return Err(ErrorCode::IneligibleReplica);
        }
        let alive = |node| self.image.is_active(node);
        let wanted = Change {
            target_isr: Some(isr),
            election: Election::Online,
            // A leader that asks has recovered what there was (KIP-704).
            recovering: Some(false),
            ..Change::default()
        };
        let record = self.admin().change(at, state, &wanted, alive);
        let after = match &record {
            Some(MetadataRecord::PartitionChange { state, .. }) => state,
            _ => state,
        };
        let altered = AlteredIsr {
            leader: after.leader,
            leader_epoch: after.leader_epoch,
            isr: after.isr.clone(),
            partition_epoch: after.partition_epoch,
        };
        Ok((record, altered))
    }
}
