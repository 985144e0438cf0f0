//! Leadership goes back to the preferred leaders by itself
//! (`ReplicationControlManager.maybeBalancePartitionLeaders`).

use super::super::election::Election;
use super::super::metadata::MetadataRecord;
use super::Controller;
use crate::protocol::Out;
use crate::time::{Span, Time};

impl Controller {
    /// When a controller that is active at `now` looks next, if it does.
    pub(super) fn balances_after(&self, now: Time) -> Option<Time> {
        let interval = Span::secs(self.config.leader_imbalance_check_interval_s.max(1));
        self.config.auto_leader_rebalance.then(|| now + interval)
    }

    /// Elects the preferred leader wherever another leads, or nobody, and it is in sync and alive.
    /// `leader.imbalance.per.broker.percentage` was the old controller's: KRaft does not read it.
    pub(super) fn balance_leaders(&mut self, now: Time, out: &mut Out) {
        let next = self.balances_after(now);
        match &mut self.active {
            Some(active) if active.balance_at.is_some_and(|at| at <= now) => {
                active.balance_at = next;
            }
            _ => return,
        }
        let admin = self.admin();
        let elected = self.image.partitions().filter_map(|(at, _)| {
            // Most need no election, and some find their preferred leader away: then all stays.
            admin.elect_leader(at, Election::Preferred).ok()
        });
        let records: Vec<MetadataRecord> = elected.flatten().collect();
        self.write(now, &records, out);
    }
}
