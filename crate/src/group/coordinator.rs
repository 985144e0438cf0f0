//! The group coordinator: the classic protocol as the broker runs it (`GroupMetadataManager`,
//! `ClassicGroup`).

use super::member::{Caller, Group, GroupError, GroupState, GroupView};
use super::record::{GroupWrite, Record, Then};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::map::Map;
use crate::protocol::{ErrorCode, MemberId, OffsetAndEpoch, Out, Request, Response};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

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
pub(super) struct Join {
    pub member: Option<MemberId>,
    pub session_timeout: Span,
    pub rebalance_timeout: Span,
    pub topics: Vec<TopicId>,
}

/// All groups that a broker coordinates.
///
/// What must outlive it is written to the log: it asks for that through
/// [`Coordinator::next_write`], and is told with [`Coordinator::stored`] when it is committed there
/// or cannot be. Only then does it count.
#[derive(Clone, Debug)]
pub struct Coordinator {
    pub(super) config: GroupConfig,
    pub(super) groups: Map<GroupId, Group>,
    /// Member ids given so far.
    serial: u32,
    /// To be written, in order.
    pub(super) writes: VecDeque<GroupWrite>,
}

impl Coordinator {
    /// A coordinator of no groups.
    #[must_use]
    pub fn new(config: GroupConfig) -> Self {
        Self {
            config,
            groups: Map::new(),
            serial: 0,
            writes: VecDeque::new(),
        }
    }

    /// Numbers the member ids it gives from here on, so that no other coordinator gives the same.
    #[must_use]
    pub fn numbering_from(self, serial: u32) -> Self {
        Self { serial, ..self }
    }

    /// Handles a request about a group it coordinates; the answer may come later. A commit has its
    /// own [`Coordinator::commit`]; a request that is not about a group is ignored.
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
        let mut emptied = Vec::new();
        for (&id, group) in self.groups.iter_mut() {
            while group.next_deadline().is_some_and(|at| at <= now) {
                group.expire(now, id, self.config, out);
            }
            if group.emptied.is_some() {
                emptied.push(id);
            }
        }
        for id in emptied {
            self.note_empty(id);
        }
    }

    /// The groups there are.
    pub fn groups(&self) -> impl Iterator<Item = (GroupId, GroupView<'_>)> {
        self.groups
            .iter()
            .map(|(&id, group)| (id, GroupView(group)))
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
    ) -> Result<(), GroupError> {
        let entry = self.groups.or_default(group);
        if entry.state != GroupState::Empty {
            return Err(GroupError::Active(entry.state));
        }
        if !offsets.is_empty() {
            // A tool knows of no epoch.
            let bare = |&(at, offset): &(_, i64)| (at, OffsetAndEpoch::bare(offset));
            let offsets: Vec<_> = offsets.iter().map(bare).collect();
            self.write(group, positions(&offsets), Then::Nothing);
        }
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
                let kept = self.groups[&group].offsets.iter();
                let mut records: Vec<Record> =
                    kept.map(|(at, _)| Record::Position(at, None)).collect();
                records.push(Record::Group(None));
                self.write(group, records, Then::Nothing);
                Ok(())
            }
            Some(_) => Err(GroupError::NotEmpty),
        }
    }

    /// A generation without members is written down too.
    pub(super) fn note_empty(&mut self, id: GroupId) {
        let group = self.groups.get_mut(&id);
        if let Some(settled) = group.and_then(|group| group.emptied.take()) {
            self.write(id, vec![Record::Group(Some(settled))], Then::Nothing);
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
            None if join.member.is_none() => self.groups.or_default(group_id),
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
                    let settled = group.settled(assignments);
                    group.stop_waiting_for_syncs();
                    let records = vec![Record::Group(Some(settled))];
                    self.write(group_id, records, Then::Settle(of.0));
                    return Ok(());
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
        self.note_empty(group_id);
        Ok(())
    }

    /// Keeps positions of a group: `of` a member in a generation, or `None` for who assigns its
    /// partitions itself. The answer comes when they are stored, and is then `otherwise`; it comes at
    /// once where the member is not in the group or not in this generation, where the group has
    /// members and this is none, and where it waits for its assignment.
    pub fn commit(
        &mut self,
        now: Time,
        (node, id): (NodeId, u32),
        (group, of): (GroupId, Option<(u32, MemberId)>),
        offsets: &[(TopicPartition, OffsetAndEpoch)],
        otherwise: Result<(), ErrorCode>,
        out: &mut Out,
    ) {
        let caller = Caller { node, id };
        match self.may_commit(now, group, of) {
            Ok(()) if !offsets.is_empty() => {
                let then = Then::Answer(caller, otherwise);
                self.write(group, positions(offsets), then);
            }
            result => {
                let result = result.and(otherwise);
                caller.answer(Response::OffsetCommit { result }, out);
            }
        }
    }

    fn may_commit(
        &mut self,
        now: Time,
        group_id: GroupId,
        of: Option<(u32, MemberId)>,
    ) -> Result<(), ErrorCode> {
        let group = match of {
            None => self.groups.or_default(group_id),
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

fn positions(offsets: &[(TopicPartition, OffsetAndEpoch)]) -> Vec<Record> {
    let position = |&(at, position)| Record::Position(at, Some(position));
    offsets.iter().map(position).collect()
}

impl Caller {
    pub(super) fn answer(self, response: Response, out: &mut Out) {
        out.respond(self.node, self.id, response);
    }
}
