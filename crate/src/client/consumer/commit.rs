//! Commits on their way (`ConsumerCoordinator`'s commit half).

use super::{Call, Consumer};
use crate::client::calls::backoff;
use crate::id::TopicPartition;
use crate::protocol::{ErrorCode, OffsetAndEpoch, Out, Request};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// Which commit; counts up in one consumer.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct CommitId(pub u64);

/// Why positions were not kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CommitError {
    /// The member was thrown out: its partitions are others' now (`CommitFailedException`).
    Failed,
    /// The group rebalances: poll, and try again (`RebalanceInProgressException`).
    RebalanceInProgress,
    /// It may work next time (`RetriableCommitFailedException`); an asynchronous commit is not
    /// tried again, since a later one may be on its way.
    Retriable(ErrorCode),
    /// It did not work within `default.api.timeout.ms`.
    TimedOut,
    /// Anything else.
    Refused(ErrorCode),
}

impl CommitError {
    /// The sentence the exception carries.
    #[must_use]
    pub fn message(self) -> &'static str {
        match self {
            Self::Failed => {
                "Offset commit cannot be completed since the consumer is not part of an active \
                 group for auto partition assignment; it is likely that the consumer was kicked \
                 out of the group."
            }
            Self::RebalanceInProgress => {
                "Offset commit cannot be completed since the consumer group is executing a \
                 rebalance at the moment. You can try completing the rebalance by calling poll() \
                 and then retry commit again"
            }
            Self::Retriable(_) => {
                "Offset commit failed with a retriable exception. You should retry committing the \
                 latest consumed offsets."
            }
            Self::TimedOut => "Timeout expired before successfully committing offsets",
            Self::Refused(code) => code.message(),
        }
    }
}

/// A commit that is done.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct CommitDone {
    /// Which.
    pub id: CommitId,
    /// Whether the positions are kept.
    pub result: Result<(), CommitError>,
}

/// Why a commit is made.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Reason {
    /// The application asked, and waits.
    Sync,
    /// The application asked, and goes on.
    Async,
    /// `auto.commit.interval.ms` is over.
    Auto,
    /// The member is about to join again.
    Rebalance,
    /// The consumer is about to close.
    Close,
}

impl Reason {
    /// Whether it is tried again after an error that may pass.
    fn persists(self) -> bool {
        matches!(self, Self::Sync | Self::Rebalance | Self::Close)
    }
}

#[derive(Clone, Debug)]
struct Commit {
    id: CommitId,
    reason: Reason,
    offsets: Vec<(TopicPartition, OffsetAndEpoch)>,
    deadline: Time,
    not_before: Time,
    attempts: u32,
    in_flight: bool,
}

/// All commits that are not done, in the order made.
#[derive(Clone, Debug, Default)]
pub(super) struct Commits {
    next: u64,
    pending: VecDeque<Commit>,
    done: VecDeque<CommitDone>,
}

impl Commits {
    pub fn add(
        &mut self,
        reason: Reason,
        offsets: Vec<(TopicPartition, OffsetAndEpoch)>,
        deadline: Time,
    ) -> CommitId {
        let id = CommitId(self.next);
        self.next += 1;
        self.pending.push_back(Commit {
            id,
            reason,
            offsets,
            deadline,
            not_before: Time::ZERO,
            attempts: 0,
            in_flight: false,
        });
        id
    }

    pub fn next_done(&mut self) -> Option<CommitDone> {
        self.done.pop_front()
    }

    pub fn is_empty(&self) -> bool {
        self.pending.is_empty()
    }

    pub fn is_pending(&self, reason: Reason) -> bool {
        self.pending.iter().any(|commit| commit.reason == reason)
    }

    pub fn next_deadline(&self, now: Time) -> Option<Time> {
        self.pending
            .iter()
            .flat_map(|c| [c.deadline, c.not_before])
            .filter(|&at| at > now)
            .min()
    }

    fn finish(&mut self, place: usize, result: Result<(), CommitError>) -> Option<Reason> {
        let commit = self.pending.remove(place)?;
        if matches!(commit.reason, Reason::Sync | Reason::Async) {
            self.done.push_back(CommitDone {
                id: commit.id,
                result,
            });
        }
        Some(commit.reason)
    }
}

impl Consumer {
    /// Sends what can be sent, and gives up on what took too long.
    pub(super) fn send_commits(&mut self, now: Time, out: &mut Out) {
        let mut place = 0;
        while let Some(commit) = self.commits.pending.get(place) {
            if commit.deadline <= now {
                let result = Err(CommitError::TimedOut);
                self.commits.finish(place, result);
                continue;
            }
            if commit.in_flight || commit.not_before > now {
                place += 1;
                continue;
            }
            if commit.offsets.is_empty() {
                self.commits.finish(place, Ok(()));
                continue;
            }
            let Some(group) = &self.group else {
                let result = Err(CommitError::Refused(ErrorCode::InvalidRequest));
                self.commits.finish(place, result);
                continue;
            };
            let generation = if self.subscription.is_shared() {
                match group.stable() {
                    Ok(generation) => Some(generation),
                    Err(error) => {
                        self.commits.finish(place, Err(error));
                        continue;
                    }
                }
            } else {
                None
            };
            let coordinator = group.coordinator;
            let Some(broker) = coordinator.filter(|&b| self.calls.connectable_at(b) <= now) else {
                place += 1;
                continue;
            };
            let request = Request::OffsetCommit {
                group: group.id,
                generation,
                offsets: commit.offsets.clone(),
            };
            let id = commit.id;
            self.commits.pending[place].in_flight = true;
            let timeout = self.config.request_timeout();
            self.calls
                .send(now, timeout, broker, request, Call::Commit(id), out);
            place += 1;
        }
    }

    /// A commit was answered, or its answer will not come.
    pub(super) fn committed(&mut self, now: Time, id: CommitId, result: Result<(), ErrorCode>) {
        let mut pending = self.commits.pending.iter_mut();
        let Some(place) = pending.position(|commit| commit.id == id) else {
            return;
        };
        let commit = &mut self.commits.pending[place];
        commit.in_flight = false;
        let Err(code) = result else {
            self.commits.finish(place, Ok(()));
            return;
        };
        if code.retriable() && commit.reason.persists() {
            commit.not_before = now
                + backoff(
                    self.config.retry_backoff(),
                    Span::millis(self.config.retry_backoff_max_ms),
                    commit.attempts,
                    &mut self.rng,
                );
            commit.attempts += 1;
            return;
        }
        let error = match code {
            ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration => CommitError::Failed,
            ErrorCode::RebalanceInProgress => CommitError::RebalanceInProgress,
            code if code.retriable() => CommitError::Retriable(code),
            code => CommitError::Refused(code),
        };
        let reason = self.commits.finish(place, Err(error));
        if reason == Some(Reason::Auto) && code.retriable() {
            // Sooner than the interval says.
            self.next_auto_commit = now + self.config.retry_backoff();
        }
    }

    /// Commits what was polled, if the interval is over.
    pub(super) fn auto_commit(&mut self, now: Time) {
        if self.config.auto_commits() && self.next_auto_commit <= now {
            self.next_auto_commit = now + Span::millis(self.config.auto_commit_interval_ms);
            let offsets = self.assignment.consumed();
            let deadline = now + self.config.request_timeout();
            self.commits.add(Reason::Auto, offsets, deadline);
        }
    }
}
