//! How the quorum elects its leader (KIP-595, KIP-996).

use super::{Quorum, Role};
use crate::id::NodeId;
use crate::protocol::{ControlRequest, Out, Request};
use crate::time::Time;

impl Quorum {
    /// Where the log ends, as votes compare it.
    pub(super) fn last(&self) -> (i32, i64) {
        (self.log.last_epoch(), self.log.end())
    }

    pub(super) fn stand(&mut self, now: Time, pre_vote: bool, out: &mut Out) {
        if !pre_vote {
            self.epoch += 1;
            self.voted = Some(self.me);
        }
        self.line.clear();
        let until = now + self.election_timeout();
        self.role = Role::Standing {
            pre_vote,
            for_it: vec![self.me],
            against: Vec::new(),
            until,
        };
        let (last_epoch, log_end_offset) = self.last();
        for &voter in self.voters.iter().filter(|&&voter| voter != self.me) {
            let request = ControlRequest::Vote {
                epoch: self.epoch,
                last_epoch,
                log_end_offset,
                pre_vote,
            };
            out.request(voter, 0, Request::Control(request));
        }
        self.count_votes(now, out);
    }

    pub(super) fn count_vote(
        &mut self,
        now: Time,
        from: NodeId,
        epoch: i32,
        granted: bool,
        of_pre_vote: bool,
        out: &mut Out,
    ) {
        if epoch != self.epoch {
            return;
        }
        if let Role::Standing {
            pre_vote,
            for_it,
            against,
            ..
        } = &mut self.role
            && *pre_vote == of_pre_vote
        {
            let votes = if granted { for_it } else { against };
            if !votes.contains(&from) {
                votes.push(from);
            }
            self.count_votes(now, out);
        }
    }

    pub(super) fn count_votes(&mut self, now: Time, out: &mut Out) {
        let majority = self.majority();
        let Role::Standing {
            pre_vote,
            for_it,
            against,
            ..
        } = &self.role
        else {
            return;
        };
        if for_it.len() >= majority {
            if *pre_vote {
                self.stand(now, false, out);
            } else {
                self.lead(now, out);
            }
        } else if against.len() >= majority {
            let until = now + self.backoff();
            self.role = Role::Unattached { until };
        }
    }

    pub(super) fn vote(
        &mut self,
        now: Time,
        from: NodeId,
        epoch: i32,
        last: (i32, i64),
        pre_vote: bool,
        out: &mut Out,
    ) -> bool {
        if epoch < self.epoch || !self.votes() {
            return false;
        }
        if epoch > self.epoch {
            self.become_unattached(now, epoch, out);
        }
        let as_long = last >= self.last();
        if pre_vote {
            // Who has its leader would not elect another (KIP-996). Who only heard of it might: two
            // followers can tell each other of a leader that has long stepped down.
            let led = matches!(
                self.role,
                Role::Leading(_) | Role::Following { fetched: true, .. }
            );
            return as_long && !led;
        }
        let free = match &self.role {
            Role::Unattached { .. } => self.voted.is_none_or(|voted| voted == from),
            Role::Standing { pre_vote, .. } => {
                *pre_vote && self.voted.is_none_or(|voted| voted == from)
            }
            _ => self.voted == Some(from),
        };
        if free && as_long {
            self.voted = Some(from);
            if !matches!(self.role, Role::Following { .. } | Role::Leading(_)) {
                let until = now + self.election_timeout();
                self.role = Role::Unattached { until };
            }
        }
        free && as_long
    }
}
