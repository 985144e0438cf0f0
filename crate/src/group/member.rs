//! A group and its members, as the coordinator keeps them.

use super::offsets::Offsets;
use super::record::{Settled, SettledMember};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::map::Map;
use crate::protocol::{ErrorCode, MemberId, Out, Response};
use crate::time::{Span, Time};
use std::fmt;

/// A classic group's state, by Kafka's names (`ClassicGroupState`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupState {
    /// No members; committed positions may remain.
    Empty,
    /// Waiting for members to join (again).
    PreparingRebalance,
    /// Waiting for the leader's assignment.
    CompletingRebalance,
    /// Everyone has an assignment.
    Stable,
    /// Gone.
    Dead,
}

impl fmt::Display for GroupState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why a tool could not do something to a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum GroupError {
    /// Positions of a group with members are its members' to move.
    Active(GroupState),
    /// A group with members cannot be deleted.
    NotEmpty,
    /// There is no such group.
    NotFound,
    /// The broker asked does not coordinate it.
    NotCoordinator,
}

impl GroupError {
    /// What `kafka-consumer-groups` prints after `Error: `, for the group of this name.
    #[must_use]
    pub fn message(self, group: &str) -> String {
        match self {
            Self::Active(state) => format!(
                "Assignments can only be reset if the group '{group}' is inactive, but the current \
                 state is {state}."
            ),
            Self::NotEmpty => ErrorCode::NonEmptyGroup.message().into(),
            Self::NotFound => format!("Consumer group '{group}' does not exist."),
            Self::NotCoordinator => ErrorCode::NotCoordinator.message().into(),
        }
    }
}

/// A request that is answered later.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Caller {
    pub node: NodeId,
    pub id: u32,
}

#[derive(Clone, Debug)]
pub(super) struct Member {
    pub session_timeout: Span,
    pub rebalance_timeout: Span,
    pub topics: Vec<TopicId>,
    pub assignment: Vec<TopicPartition>,
    /// Taken for dead then, unless heard of.
    pub expires: Time,
    /// Its `JoinGroup`, while it waits.
    pub joining: Option<Caller>,
    /// Its `SyncGroup`, while it waits.
    pub syncing: Option<Caller>,
    /// Whether it asked for its assignment of this generation.
    pub synced: bool,
    /// It joined and no generation with it has begun: it cannot heartbeat yet.
    pub new: bool,
}

impl Member {
    /// When it is taken for dead: never while it waits for us, except before its first generation.
    pub fn expires_at(&self) -> Option<Time> {
        let waits = self.joining.is_some() || self.syncing.is_some();
        (self.new || !waits).then_some(self.expires)
    }

    pub fn heard_of(&mut self, now: Time) {
        self.expires = now + self.session_timeout;
    }
}

/// What the group waits for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Wait {
    Nothing,
    /// The first members of an empty group: others may come soon (KIP-134).
    First {
        until: Time,
        delay: Span,
        remaining: Span,
        another_came: bool,
    },
    /// Members to join.
    Join {
        until: Time,
    },
    /// Members to ask for their assignment.
    Sync {
        until: Time,
    },
}

impl Wait {
    pub fn until(self) -> Option<Time> {
        match self {
            Self::Nothing => None,
            Self::First { until, .. } | Self::Join { until } | Self::Sync { until } => Some(until),
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub state: GroupState,
    /// 0 before the first.
    pub generation: u32,
    pub leader: Option<MemberId>,
    pub members: Map<MemberId, Member>,
    /// Told their ids and not back with them yet (KIP-394), and until when they may be.
    pub pending: Map<MemberId, Time>,
    pub wait: Wait,
    pub offsets: Offsets,
    /// A generation without members has begun: it is to be written down.
    pub emptied: Option<Settled>,
}

impl Default for Group {
    fn default() -> Self {
        Self {
            state: GroupState::Empty,
            generation: 0,
            leader: None,
            members: Map::new(),
            pending: Map::new(),
            wait: Wait::Nothing,
            offsets: Offsets::default(),
            emptied: None,
        }
    }
}

impl Group {
    pub fn all_joined(&self) -> bool {
        self.pending.is_empty() && self.members.values().all(|m| m.joining.is_some())
    }

    /// The longest any member may take to join again.
    pub fn rebalance_timeout(&self) -> Span {
        let longest = self.members.values().map(|m| m.rebalance_timeout).max();
        longest.unwrap_or(Span::ZERO)
    }

    pub fn remove(&mut self, id: MemberId) -> Option<Member> {
        let member = self.members.remove(&id)?;
        self.elect();
        Some(member)
    }

    pub fn retain(&mut self, stays: impl Fn(&Member) -> bool) {
        self.members.retain(|_, member| stays(member));
        self.elect();
    }

    /// A leader stays the leader as long as it is there.
    fn elect(&mut self) {
        let there = |leader: &MemberId| self.members.contains_key(leader);
        self.leader = self
            .leader
            .filter(there)
            .or_else(|| self.members.keys().next().copied());
    }

    /// Whether nobody is in it or about to be.
    pub fn is_unused(&self) -> bool {
        self.state == GroupState::Empty && self.pending.is_empty()
    }

    /// This generation with these assignments, as it is written down.
    pub fn settled(&self, mut assignments: Vec<(MemberId, Vec<TopicPartition>)>) -> Settled {
        let mut of = |id: MemberId| {
            let assigned = assignments.iter_mut().find(|(member, _)| *member == id);
            assigned.map_or(Vec::new(), |(_, partitions)| std::mem::take(partitions))
        };
        let member = |(&id, member): (&MemberId, &Member)| SettledMember {
            id,
            session_timeout: member.session_timeout,
            rebalance_timeout: member.rebalance_timeout,
            subscription: member.topics.clone(),
            assignment: of(id),
        };
        Settled {
            generation: self.generation,
            leader: self.leader,
            members: self.members.iter().map(member).collect(),
        }
    }

    /// What a coordinator that takes the group over reads: sessions begin anew.
    pub fn restore(&mut self, now: Time, settled: Settled) {
        self.generation = settled.generation;
        self.leader = settled.leader;
        self.members.clear();
        self.members.extend(settled.members.into_iter().map(|kept| {
            let member = Member {
                expires: now + kept.session_timeout,
                session_timeout: kept.session_timeout,
                rebalance_timeout: kept.rebalance_timeout,
                topics: kept.subscription,
                assignment: kept.assignment,
                joining: None,
                syncing: None,
                synced: true,
                new: false,
            };
            (kept.id, member)
        }));
        self.state = if self.members.is_empty() {
            GroupState::Empty
        } else {
            GroupState::Stable
        };
    }

    /// Whoever waits for an answer is told to look for another coordinator.
    pub fn unload(&mut self, out: &mut Out) {
        for member in self.members.values_mut() {
            if let Some(caller) = member.joining.take() {
                let result = Err((ErrorCode::NotCoordinator, None));
                caller.answer(Response::JoinGroup { result }, out);
            }
            if let Some(caller) = member.syncing.take() {
                let result = Err(ErrorCode::NotCoordinator);
                caller.answer(Response::SyncGroup { result }, out);
            }
        }
    }

    /// When something is due.
    pub fn next_deadline(&self) -> Option<Time> {
        let sessions = self.members.values().filter_map(Member::expires_at);
        let pending = self.pending.values().copied();
        sessions.chain(pending).chain(self.wait.until()).min()
    }
}

/// A member, for looking at.
#[derive(Clone, Copy, Debug)]
pub struct MemberView<'a> {
    /// Who.
    pub id: MemberId,
    /// What it subscribes to.
    pub topics: &'a [TopicId],
    /// What it may read; none while the group rebalances, or if it sits idle.
    pub assignment: &'a [TopicPartition],
    /// Taken for dead then, unless heard of.
    pub expires: Time,
}

/// A group, for looking at.
#[derive(Clone, Copy, Debug)]
pub struct GroupView<'a>(pub(super) &'a Group);

impl<'a> GroupView<'a> {
    /// Its state.
    #[must_use]
    pub fn state(self) -> GroupState {
        self.0.state
    }

    /// Its generation, 0 before the first.
    #[must_use]
    pub fn generation(self) -> u32 {
        self.0.generation
    }

    /// The member that assigns.
    #[must_use]
    pub fn leader(self) -> Option<MemberId> {
        self.0.leader
    }

    /// Its members in the order of their ids.
    pub fn members(self) -> impl Iterator<Item = MemberView<'a>> {
        self.0.members.iter().map(|(&id, member)| MemberView {
            id,
            topics: &member.topics,
            assignment: &member.assignment,
            expires: member.expires,
        })
    }

    /// Committed positions: the next offset to read. Lag is the high watermark less this.
    pub fn committed(self) -> impl Iterator<Item = (TopicPartition, i64)> + 'a {
        self.0.offsets.iter()
    }

    /// The committed position of one partition.
    #[must_use]
    pub fn position(self, at: TopicPartition) -> Option<i64> {
        self.0.offsets.get(at).map(|position| position.offset)
    }
}
