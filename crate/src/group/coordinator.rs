//! The group coordinator: the classic protocol as the broker runs it (`GroupMetadataManager`,
//! `ClassicGroup`).

use super::member::{Caller, Group, GroupError, GroupState, GroupView, Member, Wait};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::protocol::{ErrorCode, Fact, Joined, MemberId, Out, Request, Response};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How long a member that never was in a generation may wait for its first, whatever its session
/// timeout says: it cannot heartbeat yet.
const NEW_MEMBER_TIMEOUT: Span = Span::secs(300);

/// The broker's settings for groups.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct GroupConfig {
    /// How long the first members of an empty group wait for others, in milliseconds.
    #[serde(rename = "group.initial.rebalance.delay.ms")]
    pub initial_rebalance_delay_ms: u64,
    /// The shortest session timeout a member may ask for, in milliseconds.
    #[serde(rename = "group.min.session.timeout.ms")]
    pub min_session_timeout_ms: u64,
    /// The longest, in milliseconds.
    #[serde(rename = "group.max.session.timeout.ms")]
    pub max_session_timeout_ms: u64,
}

impl Default for GroupConfig {
    fn default() -> Self {
        Self {
            initial_rebalance_delay_ms: 3_000,
            min_session_timeout_ms: 6_000,
            max_session_timeout_ms: 1_800_000,
        }
    }
}

/// What `JoinGroup` says of the member.
struct Join {
    member: Option<MemberId>,
    session_timeout: Span,
    rebalance_timeout: Span,
    topics: Vec<TopicId>,
}

/// All groups that a broker coordinates.
#[derive(Clone, Debug)]
pub struct Coordinator {
    config: GroupConfig,
    groups: BTreeMap<GroupId, Group>,
    /// Member ids given so far.
    serial: u32,
}

impl Coordinator {
    /// A coordinator of no groups.
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            groups: BTreeMap::new(),
            serial: 0,
        }
    }

    /// Handles a request about a group; the answer may come later. A commit has its own
    /// [`Coordinator::commit`]; a request that is not about a group is ignored.
    pub fn handle(&mut self, now: Time, from: NodeId, id: u32, request: Request, out: &mut Out) {
        let caller = Caller { node: from, id };
        match request {
            Request::JoinGroup {
                group,
                member,
                session_timeout,
                rebalance_timeout,
                topics,
            } => {
                let join = Join {
                    member,
                    session_timeout,
                    rebalance_timeout,
                    topics,
                };
                if let Err(refusal) = self.join(now, caller, group, join, out) {
                    let result = Err(refusal);
                    caller.answer(Response::JoinGroup { result }, out);
                }
            }
            Request::SyncGroup {
                group,
                generation,
                member,
                assignments,
            } => {
                if let Err(error) =
                    self.sync(now, caller, group, (generation, member), assignments, out)
                {
                    caller.answer(Response::SyncGroup { result: Err(error) }, out);
                }
            }
            Request::Heartbeat {
                group,
                generation,
                member,
            } => {
                let result = self.heartbeat(now, group, (generation, member));
                caller.answer(Response::Heartbeat { result }, out);
            }
            Request::LeaveGroup { group, member } => {
                let result = self.leave(now, group, member, out);
                caller.answer(Response::LeaveGroup { result }, out);
            }
            Request::OffsetFetch { group, partitions } => {
                let position = |at| self.groups.get(&group).and_then(|g| g.offsets.get(at));
                let offsets = partitions.into_iter().map(|at| (at, position(at)));
                let result = Ok(offsets.collect());
                caller.answer(Response::OffsetFetch { result }, out);
            }
            _ => {}
        }
    }

    /// When something is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        self.groups.values().filter_map(Group::next_deadline).min()
    }

    /// Does what is due: sessions that ran out, rebalances that waited long enough.
    pub fn on_timer(&mut self, now: Time, out: &mut Out) {
        for (&id, group) in &mut self.groups {
            while group.next_deadline().is_some_and(|at| at <= now) {
                group.expire(now, id, self.config, out);
            }
        }
    }

    /// The process starts again: what `__consumer_offsets` holds is read, sessions begin anew.
    pub fn reload(&mut self, now: Time) {
        for group in self.groups.values_mut() {
            group.reload(now);
        }
    }

    /// A topic was deleted, and with it what groups committed for it.
    pub fn forget_topic(&mut self, topic: TopicId) {
        for group in self.groups.values_mut() {
            group.offsets.forget_topic(topic);
        }
    }

    /// The groups there are.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, GroupView<'_>)> {
        self.groups.iter().map(|(&id, group)| (id, GroupView(group)))
    }

    /// One group.
    #[must_use]
    pub fn group(&self, group: GroupId) -> Option<GroupView<'_>> {
        self.groups.get(&group).map(GroupView)
    }

    /// Moves positions of a group without members, as `kafka-consumer-groups --reset-offsets` does;
    /// a group that is not there is made.
    ///
    /// # Errors
    /// The group has members.
    pub fn reset_offsets(
        &mut self,
        group: GroupId,
        offsets: &[(TopicPartition, i64)],
        out: &mut Out,
    ) -> Result<(), GroupError> {
        let entry = self.groups.entry(group).or_default();
        if entry.state != GroupState::Empty {
            return Err(GroupError::Active(entry.state));
        }
        entry.commit(group, offsets, out);
        Ok(())
    }

    /// Deletes a group without members and its positions.
    ///
    /// # Errors
    /// The group has members, or is not there.
    pub fn delete(&mut self, group: GroupId) -> Result<(), GroupError> {
        match self.groups.get(&group).map(|g| g.state) {
            None => Err(GroupError::NotFound),
            Some(GroupState::Empty) => {
                self.groups.remove(&group);
                Ok(())
            }
            Some(_) => Err(GroupError::NotEmpty),
        }
    }

    fn join(
        &mut self,
        now: Time,
        caller: Caller,
        group_id: GroupId,
        join: Join,
        out: &mut Out,
    ) -> Result<(), (ErrorCode, Option<MemberId>)> {
        let config = self.config;
        let allowed = Span::millis(config.min_session_timeout_ms)
            ..=Span::millis(config.max_session_timeout_ms);
        if !allowed.contains(&join.session_timeout) {
            return Err((ErrorCode::InvalidSessionTimeout, join.member));
        }
        // An unknown group is only made for a member that is new.
        let group = match self.groups.get_mut(&group_id) {
            Some(group) => group,
            None if join.member.is_none() => self.groups.entry(group_id).or_default(),
            None => return Err((ErrorCode::UnknownMemberId, join.member)),
        };
        let Some(id) = join.member else {
            self.serial += 1;
            let id = MemberId {
                client: caller.node,
                serial: self.serial,
            };
            group.pending.insert(id, now + join.session_timeout);
            return Err((ErrorCode::MemberIdRequired, Some(id)));
        };
        if group.pending.remove(&id).is_some() {
            group.add(now, id, caller, join);
            group.joined(now, group_id, config, out);
            return Ok(());
        }
        let leads = group.leader == Some(id);
        let Some(member) = group.members.get_mut(&id) else {
            return Err((ErrorCode::UnknownMemberId, Some(id)));
        };
        let changed = member.topics != join.topics;
        let current = match group.state {
            GroupState::PreparingRebalance => false,
            // It may have missed the answer to its first attempt.
            GroupState::CompletingRebalance => !changed,
            // A leader that joins again has seen topics change.
            GroupState::Stable => !changed && !leads,
            GroupState::Empty | GroupState::Dead => {
                return Err((ErrorCode::UnknownMemberId, Some(id)));
            }
        };
        if current {
            let result = Ok(group.joined_as(id));
            caller.answer(Response::JoinGroup { result }, out);
            return Ok(());
        }
        member.topics = join.topics;
        member.session_timeout = join.session_timeout;
        member.rebalance_timeout = join.rebalance_timeout;
        member.joining = Some(caller);
        group.joined(now, group_id, config, out);
        Ok(())
    }

    fn sync(
        &mut self,
        now: Time,
        caller: Caller,
        group_id: GroupId,
        of: (u32, MemberId),
        assignments: Vec<(MemberId, Vec<TopicPartition>)>,
        out: &mut Out,
    ) -> Result<(), ErrorCode> {
        let group = self.member_of(group_id, of)?;
        let leads = group.leader == Some(of.1);
        let member = group
            .members
            .get_mut(&of.1)
            .ok_or(ErrorCode::UnknownMemberId)?;
        match group.state {
            GroupState::Empty | GroupState::Dead => return Err(ErrorCode::UnknownMemberId),
            GroupState::PreparingRebalance => return Err(ErrorCode::RebalanceInProgress),
            GroupState::CompletingRebalance => {
                member.syncing = Some(caller);
                member.synced = true;
                if leads {
                    group.settle(now, group_id, assignments, out);
                }
            }
            GroupState::Stable => {
                member.synced = true;
                member.heard_of(now);
                let result = Ok(member.assignment.clone());
                caller.answer(Response::SyncGroup { result }, out);
            }
        }
        group.stop_waiting_for_syncs();
        Ok(())
    }

    fn heartbeat(
        &mut self,
        now: Time,
        group: GroupId,
        of: (u32, MemberId),
    ) -> Result<(), ErrorCode> {
        let group = self.member_of(group, of)?;
        if let Some(member) = group.members.get_mut(&of.1) {
            member.heard_of(now);
        }
        match group.state {
            GroupState::PreparingRebalance => Err(ErrorCode::RebalanceInProgress),
            _ => Ok(()),
        }
    }

    fn leave(
        &mut self,
        now: Time,
        group_id: GroupId,
        id: MemberId,
        out: &mut Out,
    ) -> Result<(), ErrorCode> {
        let config = self.config;
        let group = self
            .groups
            .get_mut(&group_id)
            .ok_or(ErrorCode::UnknownMemberId)?;
        if group.pending.remove(&id).is_some() {
            group.complete_if_all_joined(now, group_id, out);
        } else if group.remove(id).is_some() {
            group.left(now, group_id, config, out);
        } else {
            return Err(ErrorCode::UnknownMemberId);
        }
        Ok(())
    }

    /// Keeps positions of a group: `of` a member in a generation, or `None` for who assigns its
    /// partitions itself.
    ///
    /// # Errors
    /// The member is not in the group or not in this generation, the group has members and this is
    /// none, or it waits for its assignment.
    pub fn commit(
        &mut self,
        now: Time,
        group_id: GroupId,
        of: Option<(u32, MemberId)>,
        offsets: &[(TopicPartition, i64)],
        out: &mut Out,
    ) -> Result<(), ErrorCode> {
        let group = match of {
            None => self.groups.entry(group_id).or_default(),
            // A member of a group that is not there is one of an older life of it.
            Some(_) if !self.groups.contains_key(&group_id) => {
                return Err(ErrorCode::IllegalGeneration);
            }
            Some(of) => self.member_of(group_id, of)?,
        };
        match of {
            None if group.state == GroupState::Empty => {}
            None => return Err(ErrorCode::UnknownMemberId),
            Some(_) if group.state == GroupState::CompletingRebalance => {
                return Err(ErrorCode::RebalanceInProgress);
            }
            Some((_, id)) => {
                if let Some(member) = group.members.get_mut(&id) {
                    member.heard_of(now);
                }
            }
        }
        group.commit(group_id, offsets, out);
        Ok(())
    }

    /// The group, if that is a member of it in its present generation.
    fn member_of(
        &mut self,
        group: GroupId,
        (generation, member): (u32, MemberId),
    ) -> Result<&mut Group, ErrorCode> {
        let group = self
            .groups
            .get_mut(&group)
            .filter(|group| group.members.contains_key(&member))
            .ok_or(ErrorCode::UnknownMemberId)?;
        if group.generation == generation {
            Ok(group)
        } else {
            Err(ErrorCode::IllegalGeneration)
        }
    }
}

impl Caller {
    fn answer(self, response: Response, out: &mut Out) {
        out.respond(self.node, self.id, response);
    }
}

impl Group {
    fn add(&mut self, now: Time, id: MemberId, caller: Caller, join: Join) {
        self.leader.get_or_insert(id);
        self.members.insert(
            id,
            Member {
                session_timeout: join.session_timeout,
                rebalance_timeout: join.rebalance_timeout,
                topics: join.topics,
                assignment: Vec::new(),
                expires: now + NEW_MEMBER_TIMEOUT,
                joining: Some(caller),
                syncing: None,
                synced: false,
                new: true,
            },
        );
        if let Wait::First { another_came, .. } = &mut self.wait {
            *another_came = true;
        }
    }

    /// A member joined: begin a rebalance, or end it if that was the last.
    fn joined(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        if self.state != GroupState::PreparingRebalance {
            self.prepare(now, id, config, out);
        } else {
            self.complete_if_all_joined(now, id, out);
        }
    }

    /// A member is gone, by its own word or not.
    fn left(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        match self.state {
            GroupState::Stable | GroupState::CompletingRebalance => {
                self.prepare(now, id, config, out);
            }
            GroupState::PreparingRebalance => self.complete_if_all_joined(now, id, out),
            GroupState::Empty | GroupState::Dead => {}
        }
    }

    fn prepare(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        let first = self.state == GroupState::Empty;
        self.state = GroupState::PreparingRebalance;
        for member in self.members.values_mut() {
            // Who waits for an assignment that will not come is to join again.
            if let Some(caller) = member.syncing.take() {
                let result = Err(ErrorCode::RebalanceInProgress);
                caller.answer(Response::SyncGroup { result }, out);
                member.heard_of(now);
            }
        }
        out.tell(Fact::Rebalancing { group: id });
        if first {
            let delay = Span::millis(config.initial_rebalance_delay_ms);
            self.wait = Wait::First {
                until: now + delay,
                delay,
                remaining: Span(self.rebalance_timeout().0.saturating_sub(delay.0)),
                another_came: false,
            };
        } else {
            self.wait = Wait::Join {
                until: now + self.rebalance_timeout(),
            };
            self.complete_if_all_joined(now, id, out);
        }
    }

    fn complete_if_all_joined(&mut self, now: Time, id: GroupId, out: &mut Out) {
        // Only `Wait::Join` ends early: the first members of a group wait their time.
        if matches!(self.wait, Wait::Join { .. }) && self.all_joined() {
            self.complete_join(now, id, out);
        }
    }

    /// The next generation begins with those who joined.
    fn complete_join(&mut self, now: Time, id: GroupId, out: &mut Out) {
        self.retain(|member| member.joining.is_some());
        self.generation += 1;
        self.wait = Wait::Nothing;
        if self.members.is_empty() {
            self.state = GroupState::Empty;
            self.keep();
            out.tell(Fact::Rebalanced {
                group: id,
                generation: self.generation,
                members: 0,
            });
            return;
        }
        self.state = GroupState::CompletingRebalance;
        self.wait = Wait::Sync {
            until: now + self.rebalance_timeout(),
        };
        let ids: Vec<MemberId> = self.members.keys().copied().collect();
        for id in ids {
            let result = Ok(self.joined_as(id));
            let Some(member) = self.members.get_mut(&id) else {
                continue;
            };
            member.new = false;
            member.synced = false;
            member.assignment.clear();
            member.heard_of(now);
            if let Some(caller) = member.joining.take() {
                caller.answer(Response::JoinGroup { result }, out);
            }
        }
    }

    fn joined_as(&self, id: MemberId) -> Joined {
        let leader = self.leader.unwrap_or(id);
        Joined {
            generation: self.generation,
            member: id,
            leader,
            members: if id == leader {
                let subscription = |(&id, m): (&MemberId, &Member)| (id, m.topics.clone());
                self.members.iter().map(subscription).collect()
            } else {
                Vec::new()
            },
        }
    }

    /// The leader's assignment is here: everyone who waits for it gets it.
    fn settle(
        &mut self,
        now: Time,
        id: GroupId,
        assignments: Vec<(MemberId, Vec<TopicPartition>)>,
        out: &mut Out,
    ) {
        for (member, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&member) {
                member.assignment = assignment;
            }
        }
        self.state = GroupState::Stable;
        for member in self.members.values_mut() {
            if let Some(caller) = member.syncing.take() {
                member.heard_of(now);
                let result = Ok(member.assignment.clone());
                caller.answer(Response::SyncGroup { result }, out);
            }
        }
        self.keep();
        out.tell(Fact::Rebalanced {
            group: id,
            generation: self.generation,
            members: self.members.len() as u32,
        });
    }

    fn stop_waiting_for_syncs(&mut self) {
        if matches!(self.wait, Wait::Sync { .. }) && self.members.values().all(|m| m.synced) {
            self.wait = Wait::Nothing;
        }
    }

    fn commit(&mut self, id: GroupId, offsets: &[(TopicPartition, i64)], out: &mut Out) {
        for &(at, offset) in offsets {
            self.offsets.commit(at, offset);
            out.tell(Fact::Committed {
                group: id,
                at,
                offset,
            });
        }
    }

    /// Does one thing that is due.
    fn expire(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        let pending = self.pending.iter().find(|&(_, &at)| at <= now);
        if let Some((&member, _)) = pending {
            self.pending.remove(&member);
            return self.complete_if_all_joined(now, id, out);
        }
        let dead = |m: &Member| m.expires_at().is_some_and(|at| at <= now);
        if let Some((&member, _)) = self.members.iter().find(|(_, m)| dead(m)) {
            self.remove(member);
            out.tell(Fact::MemberExpired { group: id });
            return self.left(now, id, config, out);
        }
        match self.wait {
            Wait::First {
                delay,
                remaining,
                another_came: true,
                ..
            } if remaining > Span::ZERO => {
                let next = delay.min(remaining);
                self.wait = Wait::First {
                    until: now + next,
                    delay: next,
                    remaining: Span(remaining.0.saturating_sub(delay.0)),
                    another_came: false,
                };
            }
            Wait::First { .. } | Wait::Join { .. } => self.complete_join(now, id, out),
            Wait::Sync { .. } => {
                self.wait = Wait::Nothing;
                let before = self.members.len();
                self.retain(|member| member.synced);
                if self.members.len() < before {
                    self.prepare(now, id, config, out);
                }
            }
            Wait::Nothing => {}
        }
    }
}
