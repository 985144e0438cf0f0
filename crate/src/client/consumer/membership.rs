//! Being a member of a group (`AbstractCoordinator`, `ConsumerCoordinator`).

use super::commit::{CommitError, Reason};
use super::{Call, Consumer, PollError};
use crate::group::assignor;
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::protocol::{ErrorCode, Fact, Joined, MemberId, Metadata, Out, Request};
use crate::time::{Span, Time};

/// Where a member stands (`MemberState`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum State {
    /// Not in the group.
    Unjoined,
    /// It asked to join.
    Preparing,
    /// It joined, and waits for its assignment.
    Completing,
    /// It has its assignment.
    Stable,
}

#[derive(Clone, Debug)]
pub(super) struct Membership {
    pub id: GroupId,
    pub coordinator: Option<NodeId>,
    finding: bool,
    find_at: Time,
    pub member: Option<MemberId>,
    pub generation: Option<u32>,
    pub state: State,
    rejoin: bool,
    /// What it had is given up; it may join.
    prepared: bool,
    joining: bool,
    join_at: Time,
    /// The commit before joining, and an application that listens, may take until then.
    prepare_until: Option<Time>,
    /// The application that listens is done with what it had.
    pub given_up: bool,
    heartbeat_at: Time,
    heartbeat_in_flight: bool,
    /// When the coordinator was last heard of.
    heard_at: Time,
    /// What it subscribed to when it joined.
    joined_topics: Vec<TopicId>,
    /// For the leader: the partition counts it assigned by.
    assigned_by: Option<Vec<(TopicId, u32)>>,
    pub left: bool,
}

impl Membership {
    pub fn new(id: GroupId) -> Self {
        Self {
            id,
            coordinator: None,
            finding: false,
            find_at: Time::ZERO,
            member: None,
            generation: None,
            state: State::Unjoined,
            rejoin: true,
            prepared: false,
            joining: false,
            join_at: Time::ZERO,
            prepare_until: None,
            given_up: false,
            heartbeat_at: Time::MAX,
            heartbeat_in_flight: false,
            heard_at: Time::ZERO,
            joined_topics: Vec::new(),
            assigned_by: None,
            left: false,
        }
    }

    /// The generation and member, where a commit may be made in their name.
    pub fn stable(&self) -> Result<(u32, MemberId), CommitError> {
        match (self.state, self.generation, self.member) {
            (State::Stable, Some(generation), Some(member)) => Ok((generation, member)),
            (State::Preparing | State::Completing, ..) => Err(CommitError::RebalanceInProgress),
            _ => Err(CommitError::Failed),
        }
    }

    pub fn rejoin(&mut self) {
        self.rejoin = true;
    }

    /// The coordinator says that this is no member, or not in this generation.
    pub fn reset(&mut self, forget_member: bool) {
        self.generation = None;
        if forget_member {
            self.member = None;
        }
        self.state = State::Unjoined;
        self.rejoin = true;
        self.prepared = false;
    }

    /// The coordinator must be found again.
    pub fn lost_coordinator(&mut self) {
        self.coordinator = None;
    }

    /// Whether heartbeats are due at all.
    fn beats(&self) -> bool {
        matches!(self.state, State::Completing | State::Stable)
    }
}

/// The partition counts of these topics.
fn counts(image: &Metadata, topics: impl Iterator<Item = TopicId>) -> Vec<(TopicId, u32)> {
    let mut counts: Vec<_> = topics.map(|t| (t, image.partitions(t))).collect();
    counts.sort_by_cached_key(|(topic, _)| u64::from(topic.0));
    counts.dedup();
    counts
}

impl Consumer {
    /// The same with an application that listens to rebalances (`ConsumerRebalanceListener`): before
    /// partitions are given up it is asked ([`Consumer::is_revoking`]), and they are kept until it has
    /// said that it is done with them ([`Consumer::give_up`]), for `max.poll.interval.ms` at most.
    #[must_use]
    pub fn with_listener(mut self) -> Self {
        self.listens = true;
        self
    }

    /// The application that listens is done with the partitions it was asked for.
    pub fn give_up(&mut self, now: Time, out: &mut Out) {
        if let Some(group) = &mut self.group {
            group.given_up = true;
        }
        self.step(now, out);
    }

    /// Looks for the coordinator, if it is needed and not known.
    pub(super) fn find_coordinator(&mut self, now: Time, out: &mut Out) {
        let needed = self.subscription.is_shared()
            || !self.commits.is_empty()
            || self
                .assignment
                .iter()
                .any(|(_, p)| p.need == super::Need::Committed);
        let Some(group) = &mut self.group else {
            return;
        };
        if !needed || group.coordinator.is_some() || group.finding || group.find_at > now {
            return;
        }
        let Some(broker) = self.view.any_broker(now, &self.calls) else {
            return;
        };
        group.finding = true;
        group.find_at = now + self.config.retry_backoff();
        let request = Request::FindCoordinator { group: group.id };
        let timeout = self.config.request_timeout();
        self.calls
            .send(now, timeout, broker, request, Call::FindCoordinator, out);
    }

    /// The answer to a search for the coordinator; `None` if it will not come.
    pub(super) fn found_coordinator(&mut self, answer: Option<Result<NodeId, ErrorCode>>) {
        let Some(group) = &mut self.group else {
            return;
        };
        group.finding = false;
        match answer {
            Some(Ok(coordinator)) => group.coordinator = Some(coordinator),
            Some(Err(error)) if !error.retriable() => {
                self.failure = Some(PollError::Refused(error));
            }
            _ => {}
        }
    }

    /// What Kafka's heartbeat thread does, whether or not the application polls.
    pub(super) fn heartbeat(&mut self, now: Time, out: &mut Out) {
        let interval = Span::millis(self.config.heartbeat_interval_ms);
        let session = Span::millis(self.config.session_timeout_ms);
        let poll_expires = self.poll_expires();
        let Some(group) = &mut self.group else {
            return;
        };
        if !group.beats() || self.closing.is_some() {
            return;
        }
        if group.coordinator.is_some() && group.heard_at + session <= now {
            group.lost_coordinator();
            group.heard_at = now;
        }
        if poll_expires.is_some_and(|at| at <= now) {
            self.leave(now, out);
            return;
        }
        let (Some(broker), Some(generation), Some(member)) =
            (group.coordinator, group.generation, group.member)
        else {
            return;
        };
        let reachable = self.calls.connectable_at(broker) <= now;
        if group.heartbeat_at <= now && !group.heartbeat_in_flight && reachable {
            group.heartbeat_in_flight = true;
            group.heartbeat_at = now + interval;
            let request = Request::Heartbeat {
                group: group.id,
                generation,
                member,
            };
            let call = Call::Heartbeat { generation, member };
            let timeout = self.config.request_timeout();
            self.calls.send(now, timeout, broker, request, call, out);
        }
    }

    /// When the application must have polled again, while it does not.
    pub(super) fn poll_expires(&self) -> Option<Time> {
        let interval = Span::millis(self.config.max_poll_interval_ms);
        (!self.polling).then_some(self.last_poll + interval)
    }

    pub(super) fn heard_heartbeat(
        &mut self,
        now: Time,
        of: (u32, MemberId),
        result: Result<(), ErrorCode>,
    ) {
        let retry = now + self.config.retry_backoff();
        let Some(group) = &mut self.group else {
            return;
        };
        group.heartbeat_in_flight = false;
        let current = (group.generation, group.member) == (Some(of.0), Some(of.1));
        match result {
            Ok(()) => group.heard_at = now,
            Err(ErrorCode::RebalanceInProgress) => {
                group.heard_at = now;
                if group.state == State::Stable {
                    group.rejoin();
                }
            }
            Err(ErrorCode::UnknownMemberId) if current => group.reset(true),
            Err(ErrorCode::IllegalGeneration) if current => group.reset(false),
            Err(ErrorCode::UnknownMemberId | ErrorCode::IllegalGeneration) => {}
            Err(ErrorCode::CoordinatorLoadInProgress) => group.heartbeat_at = retry,
            Err(_) => {
                group.lost_coordinator();
                group.heartbeat_at = retry;
            }
        }
    }

    /// Goes from the group by its own will.
    pub(super) fn leave(&mut self, now: Time, out: &mut Out) {
        let Some(group) = &mut self.group else {
            return;
        };
        if let (Some(broker), Some(member)) = (group.coordinator, group.member)
            && group.state != State::Unjoined
            && self.calls.connectable_at(broker) <= now
        {
            let request = Request::LeaveGroup {
                group: group.id,
                member,
            };
            let timeout = self.config.request_timeout();
            self.calls
                .send(now, timeout, broker, request, Call::Leave, out);
        }
        group.reset(true);
    }

    /// The topics of the subscription that there are, or may be.
    fn subscribed(&self, image: &Metadata) -> Vec<TopicId> {
        match &self.subscription {
            super::Subscription::Topics(topics) => topics.keys().copied().collect(),
            super::Subscription::Pattern(pattern) => image
                .topics
                .iter()
                .filter(|(_, topic)| {
                    let internal = self.config.exclude_internal_topics
                        && ["__consumer_offsets", "__transaction_state"].contains(&&*topic.name);
                    pattern.is_match(&topic.name) && !internal
                })
                .map(|(&id, _)| id)
                .collect(),
            _ => Vec::new(),
        }
    }

    /// Topics came or went, or have more partitions: the group must share anew.
    pub(super) fn notice_changes(&mut self) {
        let Some(image) = self.view.image().cloned() else {
            return;
        };
        let subscribed = self.subscribed(&image);
        let Some(group) = &mut self.group else {
            return;
        };
        if group.state == State::Stable && !group.rejoin {
            let changed = group.assigned_by.as_ref().is_some_and(|by| {
                let now = counts(&image, by.iter().map(|&(topic, _)| topic));
                now != *by
            });
            group.rejoin = changed || subscribed != group.joined_topics;
        }
    }

    /// Joins, if that is needed. Whether the member has its assignment. Called within polls only.
    pub(super) fn ensure_member(&mut self, now: Time, out: &mut Out) -> bool {
        if !self.subscription.is_shared() {
            return true;
        }
        let Some(image) = self.view.image().cloned() else {
            return false;
        };
        let Some(group) = &mut self.group else {
            self.failure = Some(PollError::NoGroup);
            return false;
        };
        if !group.rejoin {
            return true;
        }
        let busy = group.joining || group.state == State::Completing || group.join_at > now;
        let Some(broker) = group.coordinator.filter(|_| !busy) else {
            return false;
        };
        if self.calls.connectable_at(broker) > now || !self.prepare_to_join(now, out) {
            return false;
        }
        let topics = self.subscribed(&image);
        let Some(group) = &mut self.group else {
            return false;
        };
        group.state = State::Preparing;
        group.joining = true;
        group.joined_topics.clone_from(&topics);
        let rebalance_timeout = Span::millis(self.config.max_poll_interval_ms);
        let request = Request::JoinGroup {
            group: group.id,
            member: group.member,
            session_timeout: Span::millis(self.config.session_timeout_ms),
            rebalance_timeout,
            topics,
        };
        // The answer takes as long as the others may take to join.
        let timeout = (rebalance_timeout + Span::secs(5)).max(self.config.request_timeout());
        self.calls
            .send(now, timeout, broker, request, Call::Join, out);
        false
    }

    /// Before joining again: commits what was polled, then gives up all partitions (the eager
    /// protocol). Whether that is done.
    fn prepare_to_join(&mut self, now: Time, out: &mut Out) -> bool {
        let auto = self.config.auto_commits();
        let Some(group) = &mut self.group else {
            return false;
        };
        if group.prepared {
            return true;
        }
        // Whoever is no member any more has nothing left to give up.
        let has_some = group.stable().is_ok() && self.assignment.len() > 0;
        let until = now + Span::millis(self.config.max_poll_interval_ms);
        if group.prepare_until.is_none() && auto && group.stable().is_ok() {
            group.prepare_until = Some(until);
            let offsets = self.assignment.consumed();
            self.commits.add(Reason::Rebalance, offsets, until);
            self.send_commits(now, out);
        }
        if self.commits.is_pending(Reason::Rebalance) {
            return false;
        }
        if let Some(group) = &mut self.group
            && self.listens
            && has_some
            && !group.given_up
        {
            let until = *group.prepare_until.get_or_insert(until);
            if now < until {
                return false;
            }
        }
        self.revoke(out);
        if let Some(group) = &mut self.group {
            group.prepare_until = None;
            group.given_up = false;
            group.prepared = true;
        }
        true
    }

    /// Whether the partitions are about to be given up: nothing is fetched or returned any more. An
    /// application that listens is waited for then.
    #[must_use]
    pub fn is_revoking(&self) -> bool {
        self.group
            .as_ref()
            .is_some_and(|g| g.prepare_until.is_some())
    }

    pub(super) fn revoke(&mut self, out: &mut Out) {
        if let Some(group) = &self.group
            && self.subscription.is_shared()
            && self.assignment.len() > 0
        {
            out.tell(Fact::Revoked {
                consumer: self.node,
                group: group.id,
                partitions: self.assignment.len() as u32,
            });
        }
        self.assignment.replace(&[], false);
        self.fetched.clear();
    }

    /// The answer to `JoinGroup`; `None` if it will not come.
    pub(super) fn joined(
        &mut self,
        now: Time,
        answer: Option<Result<Joined, (ErrorCode, Option<MemberId>)>>,
        out: &mut Out,
    ) {
        let retry = now + self.config.retry_backoff();
        let Some(group) = &mut self.group else {
            return;
        };
        group.joining = false;
        match answer {
            Some(Ok(joined)) if group.state == State::Preparing => {
                group.state = State::Completing;
                group.generation = Some(joined.generation);
                group.member = Some(joined.member);
                group.heartbeat_at = now + Span::millis(self.config.heartbeat_interval_ms);
                group.heard_at = now;
                self.sync(now, &joined, out);
            }
            // It left while it waited.
            Some(Ok(_)) => {}
            Some(Err((ErrorCode::MemberIdRequired, member))) => group.member = member,
            Some(Err((ErrorCode::UnknownMemberId, _))) => group.reset(true),
            Some(Err((ErrorCode::RebalanceInProgress, _))) => {}
            // It is the right one, and ready soon.
            Some(Err((ErrorCode::CoordinatorLoadInProgress, _))) => group.join_at = retry,
            Some(Err((error, _))) if !error.retriable() => {
                self.failure = Some(PollError::Refused(error));
                group.join_at = retry;
            }
            Some(Err(_)) | None => {
                group.lost_coordinator();
                group.join_at = retry;
            }
        }
    }

    fn sync(&mut self, now: Time, joined: &Joined, out: &mut Out) {
        let image = self.view.image().cloned().unwrap_or_default();
        let Some(group) = &mut self.group else {
            return;
        };
        let leads = joined.leader == joined.member;
        let assignments = if leads {
            assignor::range(&joined.members, |topic| image.partitions(topic))
        } else {
            Vec::new()
        };
        let topics = joined.members.iter().flat_map(|(_, topics)| topics);
        group.assigned_by = leads.then(|| counts(&image, topics.copied()));
        let Some(broker) = group.coordinator else {
            // Lost meanwhile: join again once it is found.
            group.state = State::Preparing;
            return;
        };
        let request = Request::SyncGroup {
            group: group.id,
            generation: joined.generation,
            member: joined.member,
            assignments,
        };
        let timeout = Span::millis(self.config.max_poll_interval_ms) + Span::secs(5);
        let timeout = timeout.max(self.config.request_timeout());
        let call = Call::Sync(joined.generation);
        self.calls.send(now, timeout, broker, request, call, out);
    }

    /// The answer to `SyncGroup`; `None` if it will not come.
    pub(super) fn synced(
        &mut self,
        now: Time,
        generation: u32,
        answer: Option<Result<Vec<TopicPartition>, ErrorCode>>,
        out: &mut Out,
    ) {
        let retry = now + self.config.retry_backoff();
        let Some(group) = &mut self.group else {
            return;
        };
        if group.state != State::Completing || group.generation != Some(generation) {
            return;
        }
        match answer {
            Some(Ok(partitions)) => {
                group.state = State::Stable;
                group.rejoin = false;
                group.prepared = false;
                out.tell(Fact::Assigned {
                    consumer: self.node,
                    group: group.id,
                    partitions: partitions.len() as u32,
                });
                self.next_auto_commit = now + Span::millis(self.config.auto_commit_interval_ms);
                self.assignment.replace(&partitions, true);
                self.fetched.clear();
            }
            Some(Err(ErrorCode::RebalanceInProgress)) => group.state = State::Preparing,
            Some(Err(ErrorCode::UnknownMemberId)) => group.reset(true),
            Some(Err(ErrorCode::IllegalGeneration)) => group.reset(false),
            Some(Err(ErrorCode::CoordinatorLoadInProgress)) => {
                group.state = State::Preparing;
                group.join_at = retry;
            }
            Some(Err(_)) | None => {
                group.state = State::Preparing;
                group.lost_coordinator();
                group.join_at = retry;
            }
        }
    }

    /// What the group waits for, in time after `now`.
    pub(super) fn group_deadline(&self, now: Time) -> Option<Time> {
        let group = self.group.as_ref()?;
        let session = Span::millis(self.config.session_timeout_ms);
        let beats = group.beats() && self.closing.is_none();
        let beat = beats.then_some([Some(group.heartbeat_at), Some(group.heard_at + session)]);
        let reachable = match group.coordinator {
            Some(broker) => Some(self.calls.connectable_at(broker)),
            None => Some(self.view.reachable_at(&self.calls).max(group.find_at)),
        };
        beat.into_iter()
            .flatten()
            .chain([
                Some(group.join_at),
                reachable,
                self.poll_expires().filter(|_| beats),
            ])
            .flatten()
            .filter(|&at| at > now)
            .min()
    }
}
