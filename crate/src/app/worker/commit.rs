//! Commits of a worker: what tasks hold back is flushed, everything produced is waited for, and then
//! positions are committed (`TaskManager.commit`).

use super::super::running::RunningTask;
use super::{Phase, StreamWorker, Why};
use crate::client::CommitError;
use crate::id::TopicPartition;
use crate::protocol::{OffsetAndEpoch, Out, Timer};
use crate::stream::topology::TaskOut;
use crate::time::Time;

impl StreamWorker {
    /// Begins a commit: what tasks hold back goes out, and is waited for.
    pub(super) fn commit(&mut self, why: Why, now: Time, out: &mut Out) {
        self.why = why;
        if why == Why::Interval {
            self.next_commit = now + self.commit_interval();
            out.wake(self.next_commit, Timer::Work(0));
        }
        let mut given = TaskOut::default();
        for place in 0..self.tasks.len() {
            if self.tasks[place].is_dirty() {
                self.tasks[place].flush(now.event_ms(), &mut given);
                self.send(now, &mut given, out);
            }
        }
        self.producer.flush(now, out);
        self.phase = Phase::Flushing;
    }

    /// Everything produced is in the logs: positions may be committed.
    pub(super) fn commit_positions(&mut self, now: Time, out: &mut Out) {
        let positions = self.tasks.iter().flat_map(RunningTask::positions);
        let positions: Vec<(TopicPartition, OffsetAndEpoch)> = positions
            .map(|(at, offset)| (at, OffsetAndEpoch::bare(offset)))
            .collect();
        if positions.is_empty() {
            self.commit_done(Ok(()), now, out);
            return;
        }
        self.phase = Phase::Committing;
        let id = self.consumer.commit_sync(now, Some(positions), out);
        self.committing = Some(id);
    }

    pub(super) fn hear_commits(&mut self, now: Time, out: &mut Out) {
        while let Some(done) = self.consumer.next_commit() {
            if self.committing == Some(done.id) {
                self.committing = None;
                self.commit_done(done.result, now, out);
            }
        }
    }

    fn commit_done(&mut self, result: Result<(), CommitError>, now: Time, out: &mut Out) {
        self.phase = Phase::Running;
        match (result, self.why) {
            (Ok(()), _) => {
                self.tasks.iter_mut().for_each(RunningTask::committed);
                if self.why == Why::Rebalance {
                    self.suspended = true;
                    self.consumer.give_up(now, out);
                    self.notice_membership(now, out);
                }
            }
            // It is tried again at the next interval, or before partitions are given up.
            (Err(CommitError::RebalanceInProgress | CommitError::TimedOut), Why::Interval) => {}
            (Err(_), Why::Stop) => {}
            // `TaskMigratedException`: the tasks are another's.
            (Err(_), _) => {
                self.lose_tasks(out);
                self.consumer.give_up(now, out);
            }
        }
    }
}
