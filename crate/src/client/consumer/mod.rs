//! The consumer: pulls records, keeps its own positions, shares topics with its group
//! (`ClassicKafkaConsumer`).
//!
//! Kafka's consumer does nearly everything within `poll`; only heartbeats go on while the
//! application is busy. So does this one: between a poll that returned records and the next, it
//! does not fetch, does not join again, does not commit by itself, and if that lasts longer than
//! `max.poll.interval.ms` it leaves its group.

mod commit;
mod error;
mod fetcher;
mod membership;
mod partition;
mod records;
mod validation;

pub use commit::{CommitDone, CommitError, CommitId};
pub use error::PollError;
pub use records::{PartitionRecords, Records};

use self::commit::{Commits, Reason};
use self::membership::{Membership, State};
use self::partition::{Assignment, Need, Subscription};
use self::records::Chunk;
use super::calls::{Calls, Role};
use super::config::ConsumerConfig;
use super::view::ClusterView;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::{
    Alarm, EpochAsked, ErrorCode, FetchPartition, MemberId, OffsetAndEpoch, OffsetAsked,
    OffsetSpec, Out, Request, Response, Timer,
};
use crate::rng::Rng;
use crate::time::{Span, Time};
use regex_lite::Regex;
use std::collections::VecDeque;
use std::sync::Arc;

/// How long closing may take (`KafkaConsumer.DEFAULT_CLOSE_TIMEOUT_MS`).
const CLOSE_TIMEOUT: Span = Span::secs(30);

/// What is kept about a request in flight.
#[derive(Clone, Debug)]
enum Call {
    Metadata,
    FindCoordinator,
    Join,
    Sync(u32),
    Heartbeat {
        generation: u32,
        member: MemberId,
    },
    Leave,
    Commit(CommitId),
    /// Of this assignment.
    OffsetFetch(u32),
    /// Of this assignment, these questions.
    ListOffsets(u32, Vec<OffsetAsked>),
    Fetch(Vec<FetchPartition>),
    /// Of this assignment, these questions.
    Validation(u32, Vec<EpochAsked>),
}

/// A consumer inside a node.
///
/// The node forwards what concerns it ([`Consumer::owns`] tells). Its application calls
/// [`Consumer::poll`]; if that gives nothing it waits in the poll, and when [`Consumer::is_ready`]
/// turns true, which may be after any step, it calls again.
#[derive(Clone, Debug)]
pub struct Consumer {
    node: NodeId,
    config: ConsumerConfig,
    rng: Rng,
    calls: Calls<Call>,
    view: ClusterView,
    subscription: Subscription,
    assignment: Assignment,
    /// Fetched and not yet polled, in the order it came.
    fetched: VecDeque<Chunk>,
    group: Option<Membership>,
    commits: Commits,
    next_auto_commit: Time,
    failure: Option<PollError>,
    /// The application is in a poll.
    polling: bool,
    last_poll: Time,
    /// Being closed, until then at most.
    closing: Option<Time>,
    closed: bool,
    /// Whether the application is asked before partitions are given up.
    listens: bool,
    alarm: Alarm,
}

impl Consumer {
    /// A consumer of `node` that first asks the brokers of `bootstrap`.
    ///
    /// `rng` is its own stream ([`crate::rng::Salt::Client`]). `config` should have passed
    /// [`ConsumerConfig::validate`].
    #[must_use]
    pub fn new(node: NodeId, config: ConsumerConfig, bootstrap: Arc<[NodeId]>, rng: Rng) -> Self {
        Self {
            node,
            rng,
            calls: Calls::new(Role::Consumer),
            view: ClusterView::new(
                bootstrap,
                config.metadata_max_age_ms,
                config.retry_backoff(),
                Span::millis(config.retry_backoff_max_ms),
            ),
            subscription: Subscription::Nothing,
            assignment: Assignment::default(),
            fetched: VecDeque::new(),
            group: config.group.map(Membership::new),
            commits: Commits::default(),
            next_auto_commit: Time::MAX,
            failure: None,
            polling: false,
            last_poll: Time::ZERO,
            closing: None,
            closed: false,
            listens: false,
            alarm: Alarm::default(),
            config,
        }
    }

    /// The same as the consumer of the process after that of `last`: what was answered to that one is
    /// not taken for an answer to this.
    #[must_use]
    pub fn after(mut self, last: &Self) -> Self {
        self.calls.follow_on(&last.calls);
        self
    }

    /// The same as the second consumer of its node, beside another: it has correlation ids of its own.
    #[must_use]
    pub fn as_second(mut self) -> Self {
        self.calls = Calls::new(Role::SecondConsumer);
        self
    }

    /// Whether the response with this correlation id is for the node's consumer.
    #[must_use]
    pub fn owns(id: u32) -> bool {
        Role::Consumer.owns(id)
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> &ConsumerConfig {
        &self.config
    }

    /// Reads these topics, shared with the group. Takes effect at the next poll.
    pub fn subscribe(&mut self, topics: impl IntoIterator<Item = (TopicId, Arc<str>)>) {
        self.resubscribe(Subscription::Topics(topics.into_iter().collect()));
    }

    /// Reads every topic whose whole name matches, shared with the group; topics made later are
    /// found when metadata is next refreshed (`metadata.max.age.ms`).
    ///
    /// # Errors
    /// The pattern is not a regular expression.
    pub fn subscribe_pattern(&mut self, pattern: &str) -> Result<(), regex_lite::Error> {
        let pattern = Regex::new(&format!("^(?:{pattern})$"))?;
        self.resubscribe(Subscription::Pattern(Arc::new(pattern)));
        Ok(())
    }

    fn resubscribe(&mut self, subscription: Subscription) {
        if matches!(self.subscription, Subscription::Assigned(_)) {
            self.assignment.replace(&[], false);
        }
        self.subscription = subscription;
        self.view.want();
        if let Some(group) = &mut self.group {
            group.rejoin();
        }
    }

    /// Reads these partitions, without the group's say; the group, if any, keeps positions only.
    pub fn assign(&mut self, now: Time, partitions: &[(TopicPartition, Arc<str>)]) {
        let names = partitions.iter().map(|(at, name)| (at.topic, name.clone()));
        self.subscription = Subscription::Assigned(names.collect());
        let partitions: Vec<_> = partitions.iter().map(|(at, _)| *at).collect();
        self.assignment.replace(&partitions, false);
        self.fetched.clear();
        self.next_auto_commit = now + Span::millis(self.config.auto_commit_interval_ms);
        self.view.want();
    }

    /// Records, if there are any; otherwise the application waits in this poll until
    /// [`Consumer::is_ready`]. Gives at most `max.poll.records`, and commits by itself what the
    /// polls before this one returned, every `auto.commit.interval.ms`.
    ///
    /// # Errors
    /// What the application must know; the poll is over then.
    pub fn poll(&mut self, now: Time, out: &mut Out) -> Result<Option<Records>, PollError> {
        if self.closing.is_some() {
            return Err(PollError::Closed);
        }
        if matches!(self.subscription, Subscription::Nothing) {
            return Err(PollError::NotSubscribed);
        }
        self.last_poll = now;
        self.polling = true;
        self.step(now, out);
        if let Some(failure) = self.failure.take() {
            self.stop_polling(now, out);
            return Err(failure);
        }
        let records = self.collect(out);
        if records.is_some() {
            // The next fetch is on its way while the application works.
            self.fetch(now, out);
            self.stop_polling(now, out);
        }
        Ok(records)
    }

    /// The application leaves the poll it waits in, as when the poll's own time-out is over.
    pub fn stop_polling(&mut self, now: Time, out: &mut Out) {
        if self.polling {
            self.last_poll = now;
            self.polling = false;
        }
        self.arm(now, out);
    }

    /// Whether the application waits in a poll that would now return.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.polling && (self.failure.is_some() || self.has_records())
    }

    /// Whether the application waits in a poll.
    #[must_use]
    pub fn is_polling(&self) -> bool {
        self.polling
    }

    /// Commits `offsets` (the next to read, with the epoch of the record before), or everything polled
    /// so far, and tries again until it works or `default.api.timeout.ms` is over. The application waits for [`Consumer::next_commit`]
    /// to tell of it, and does not poll until then.
    pub fn commit_sync(
        &mut self,
        now: Time,
        offsets: Option<Vec<(TopicPartition, OffsetAndEpoch)>>,
        out: &mut Out,
    ) -> CommitId {
        let timeout = Span::millis(self.config.default_api_timeout_ms);
        self.commit(now, Reason::Sync, offsets, timeout, out)
    }

    /// Commits `offsets`, or everything polled so far, once; the application goes on.
    pub fn commit_async(
        &mut self,
        now: Time,
        offsets: Option<Vec<(TopicPartition, OffsetAndEpoch)>>,
        out: &mut Out,
    ) -> CommitId {
        let timeout = self.config.request_timeout();
        self.commit(now, Reason::Async, offsets, timeout, out)
    }

    fn commit(
        &mut self,
        now: Time,
        reason: Reason,
        offsets: Option<Vec<(TopicPartition, OffsetAndEpoch)>>,
        timeout: Span,
        out: &mut Out,
    ) -> CommitId {
        let offsets = offsets.unwrap_or_else(|| self.assignment.consumed());
        let id = self.commits.add(reason, offsets, now + timeout);
        self.step(now, out);
        id
    }

    /// The next commit of the application's own that is done, in the order they were done.
    pub fn next_commit(&mut self) -> Option<CommitDone> {
        self.commits.next_done()
    }

    /// Reads `at` from `offset` on. Ignored if it is not assigned.
    pub fn seek(&mut self, at: TopicPartition, offset: i64) {
        if let Some(partition) = self.assignment.get_mut(at) {
            partition.moves(OffsetAndEpoch::bare(offset));
            self.fetched.retain(|chunk| chunk.at != at);
        }
    }

    /// Reads `at` from the beginning, the end, or the first record as young as a timestamp (the end,
    /// if none is). Ignored if it is not assigned.
    pub fn seek_to(&mut self, at: TopicPartition, to: OffsetSpec) {
        if let Some(partition) = self.assignment.get_mut(at) {
            partition.needs(Need::Offset(to));
            self.fetched.retain(|chunk| chunk.at != at);
        }
    }

    /// Returns no records of `at` until resumed; the consumer stays in its group. Forgotten when
    /// partitions are assigned anew.
    pub fn pause(&mut self, at: TopicPartition) {
        if let Some(partition) = self.assignment.get_mut(at) {
            partition.paused = true;
        }
    }

    /// Returns records of `at` again.
    pub fn resume(&mut self, at: TopicPartition) {
        if let Some(partition) = self.assignment.get_mut(at) {
            partition.paused = false;
        }
    }

    /// The partitions it may read, in order.
    pub fn assignment(&self) -> impl Iterator<Item = TopicPartition> + '_ {
        self.assignment.iter().map(|(at, _)| at)
    }

    /// The offset of the next record it will return, once it is known.
    #[must_use]
    pub fn position(&self, at: TopicPartition) -> Option<i64> {
        self.assignment.get(at)?.position()
    }

    /// How many records of `at` it has not returned yet, by the high watermark it last heard of.
    #[must_use]
    pub fn lag(&self, at: TopicPartition) -> Option<i64> {
        let partition = self.assignment.get(at)?;
        Some((partition.high_watermark? - partition.position()?).max(0))
    }

    /// Its member id and generation, while it is in a group.
    #[must_use]
    pub fn member(&self) -> Option<(MemberId, u32)> {
        let group = self.group.as_ref()?;
        Some((group.member?, group.generation?))
    }

    /// Whether it has its assignment and the group does not rebalance, as far as it knows.
    #[must_use]
    pub fn is_stable(&self) -> bool {
        let stable = |group: &Membership| group.state == State::Stable;
        self.group.as_ref().is_some_and(stable)
    }

    /// Commits what was polled if it commits by itself, leaves the group, and takes no more polls.
    /// [`Consumer::is_closed`] tells when it is done, at most 30 s later.
    pub fn close(&mut self, now: Time, out: &mut Out) {
        if self.closing.is_some() {
            return;
        }
        let until = now + CLOSE_TIMEOUT;
        self.closing = Some(until);
        self.polling = false;
        if self.config.auto_commits() {
            let offsets = self.assignment.consumed();
            self.commits.add(Reason::Close, offsets, until);
        }
        self.step(now, out);
    }

    /// Whether it was closed and is done.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.closed
    }

    /// The timer [`Timer::Consumer`] rang.
    pub fn on_timer(&mut self, now: Time, out: &mut Out) {
        self.alarm.rang(now);
        self.step(now, out);
    }

    /// The connection to `peer` is gone.
    pub fn on_disconnect(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        self.lose(now, peer, out);
        self.step(now, out);
    }

    fn lose(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        for call in self.calls.dropped(now, peer, &mut self.rng) {
            self.call_failed(now, call, out);
        }
        if let Some(group) = &mut self.group
            && group.coordinator == Some(peer)
        {
            group.lost_coordinator();
        }
        self.view.want();
    }

    /// A request will not be answered.
    fn call_failed(&mut self, now: Time, call: Call, out: &mut Out) {
        let lost = ErrorCode::NetworkException;
        match call {
            Call::Metadata => self.view.failed(now, &mut self.rng),
            Call::FindCoordinator => self.found_coordinator(None),
            Call::Join => self.joined(now, None, out),
            Call::Sync(generation) => self.synced(now, generation, None, out),
            Call::Heartbeat { generation, member } => {
                self.heard_heartbeat(now, (generation, member), Err(lost));
            }
            Call::Commit(id) => self.committed(now, id, Err(lost)),
            Call::OffsetFetch(epoch) => self.found_committed(now, epoch, Err(lost), out),
            Call::ListOffsets(epoch, asked) => self.listed(now, epoch, &asked, None, out),
            Call::Validation(epoch, asked) => self.validated(now, epoch, &asked, None, out),
            Call::Leave | Call::Fetch(_) => {}
        }
    }

    /// A broker answered. One that is no longer waited for is ignored.
    pub fn on_response(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        response: Response,
        out: &mut Out,
    ) {
        match (self.calls.answered(from, id), response) {
            (Some(Call::Metadata), Response::Metadata { cluster, errors }) => {
                self.view
                    .heard(now, cluster, !errors.is_empty(), &mut self.rng);
                let mut invalid = errors.iter().filter(|(_, e)| *e == ErrorCode::InvalidTopic);
                if let Some(&(topic, _)) = invalid.next() {
                    self.failure = Some(PollError::InvalidTopic(topic));
                }
                self.notice_changes();
                self.doubt_positions();
            }
            (Some(Call::FindCoordinator), Response::FindCoordinator { coordinator }) => {
                self.found_coordinator(Some(coordinator));
            }
            (Some(Call::Join), Response::JoinGroup { result }) => {
                self.joined(now, Some(result), out);
            }
            (Some(Call::Sync(generation)), Response::SyncGroup { result }) => {
                self.synced(now, generation, Some(result), out);
                self.notice_changes();
            }
            (Some(Call::Heartbeat { generation, member }), Response::Heartbeat { result }) => {
                self.heard_heartbeat(now, (generation, member), result);
            }
            (Some(Call::Leave), Response::LeaveGroup { .. }) => {}
            (Some(Call::Commit(id)), Response::OffsetCommit { result }) => {
                self.heed_commit_error(result);
                self.committed(now, id, result);
            }
            (Some(Call::OffsetFetch(epoch)), Response::OffsetFetch { result }) => {
                self.found_committed(now, epoch, result, out);
            }
            (Some(Call::ListOffsets(epoch, asked)), Response::ListOffsets { offsets }) => {
                self.listed(now, epoch, &asked, Some(offsets), out);
            }
            (
                Some(Call::Validation(epoch, asked)),
                Response::OffsetForLeaderEpoch { partitions },
            ) => self.validated(now, epoch, &asked, Some(partitions), out),
            (Some(Call::Fetch(asked)), Response::Fetch { partitions }) => {
                self.fetched(now, &asked, partitions);
            }
            // An answer to another question would be a broker's mistake: as if it never came.
            (Some(call), _) => self.call_failed(now, call, out),
            (None, _) => {}
        }
        self.step(now, out);
    }

    /// What a failed commit says about the membership.
    fn heed_commit_error(&mut self, result: Result<(), ErrorCode>) {
        let (Some(group), Err(error)) = (&mut self.group, result) else {
            return;
        };
        match error {
            ErrorCode::UnknownMemberId if group.state != State::Preparing => group.reset(true),
            ErrorCode::IllegalGeneration if group.state != State::Preparing => group.reset(false),
            ErrorCode::RebalanceInProgress => group.rejoin(),
            ErrorCode::NotCoordinator | ErrorCode::CoordinatorNotAvailable => {
                group.lost_coordinator();
            }
            _ => {}
        }
    }

    /// Does everything that is due.
    fn step(&mut self, now: Time, out: &mut Out) {
        if self.closed {
            return;
        }
        while let Some(peer) = self.calls.overdue(now) {
            out.disconnect(peer);
            self.lose(now, peer, out);
        }
        self.heartbeat(now, out);
        // A poll that is about to fail does no more.
        if self.polling && self.failure.is_none() {
            if self.ensure_member(now, out) {
                self.auto_commit(now);
                self.find_positions(now, out);
            }
            self.fetch(now, out);
        }
        self.send_commits(now, out);
        if self.closing.is_some() {
            self.finish_closing(now, out);
        }
        // Last, since what comes before may have found that it does not know enough.
        self.find_coordinator(now, out);
        self.ask_metadata(now, out);
        self.arm(now, out);
    }

    fn finish_closing(&mut self, now: Time, out: &mut Out) {
        let out_of_time = self.closing.is_some_and(|until| until <= now);
        if !self.commits.is_empty() && !out_of_time {
            return;
        }
        let left = self
            .group
            .as_mut()
            .is_none_or(|group| std::mem::replace(&mut group.left, true));
        if !left && self.subscription.is_shared() {
            self.revoke(out);
            if self.config.leave_group_on_close {
                self.leave(now, out);
            }
        }
        let leaving = self
            .calls
            .iter()
            .any(|(_, call)| matches!(call, Call::Leave));
        self.closed = !leaving || out_of_time;
    }

    fn ask_metadata(&mut self, now: Time, out: &mut Out) {
        if matches!(self.subscription, Subscription::Nothing) || !self.view.due(now) {
            return;
        }
        let Some(broker) = self.view.any_broker(now, &self.calls) else {
            return;
        };
        self.view.asked();
        let topics = match &self.subscription {
            Subscription::Topics(topics) | Subscription::Assigned(topics) => Some(
                topics
                    .iter()
                    .map(|(&id, name)| (id, name.clone()))
                    .collect(),
            ),
            Subscription::Pattern(_) | Subscription::Nothing => None,
        };
        let request = Request::Metadata {
            topics,
            allow_auto_create: self.config.allow_auto_create_topics,
        };
        let timeout = self.config.request_timeout();
        self.calls
            .send(now, timeout, broker, request, Call::Metadata, out);
    }

    fn arm(&mut self, now: Time, out: &mut Out) {
        if self.closed {
            return;
        }
        let metadata = self.view.next_deadline();
        let reachable = metadata.map(|_| self.view.reachable_at(&self.calls));
        let waiting = self.assignment.iter().map(|(_, p)| p.not_before);
        let leaders = self.view.image().into_iter().flat_map(|image| {
            let leaders = self
                .assignment
                .iter()
                .filter_map(|(at, _)| image.leader(at));
            leaders.map(|leader| self.calls.connectable_at(leader))
        });
        let polling = self.polling && self.config.auto_commits();
        let deadline = [
            metadata,
            reachable,
            self.group_deadline(now),
            self.commits.next_deadline(now),
            self.calls.next_deadline(),
            self.closing,
            polling.then_some(self.next_auto_commit),
        ]
        .into_iter()
        .flatten()
        .chain(waiting)
        .chain(leaders)
        .filter(|&at| at > now && at < Time::MAX)
        .min();
        self.alarm.set(deadline, Timer::Consumer, out);
    }
}
