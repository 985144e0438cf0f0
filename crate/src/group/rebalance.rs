//! How a group goes from one generation to the next (`ClassicGroup`'s life).

use super::coordinator::{GroupConfig, Join};
use super::member::{Caller, Group, GroupState, Member, Wait};
use super::record::Settled;
use crate::id::{GroupId, TopicPartition};
use crate::protocol::{ErrorCode, Fact, Joined, MemberId, OffsetAndEpoch, Out, Response};
use crate::time::{Span, Time};

/// How long a member that never was in a generation may wait for its first, whatever its session
/// timeout says: it cannot heartbeat yet.
const NEW_MEMBER_TIMEOUT: Span = Span::secs(300);

impl Group {
    pub(super) fn add(&mut self, now: Time, id: MemberId, caller: Caller, join: Join) {
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
    pub(super) fn joined(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        if self.state != GroupState::PreparingRebalance {
            self.prepare(now, id, config, out);
        } else {
            self.complete_if_all_joined(now, id, out);
        }
    }

    /// A member is gone, by its own word or not.
    pub(super) fn left(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
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

    pub(super) fn complete_if_all_joined(&mut self, now: Time, id: GroupId, out: &mut Out) {
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
            self.emptied = Some(self.settled(Vec::new()));
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

    pub(super) fn joined_as(&self, id: MemberId) -> Joined {
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

    /// The leader's assignment is stored: everyone who waits for it gets it.
    pub(super) fn settle(&mut self, now: Time, id: GroupId, settled: &Settled, out: &mut Out) {
        for kept in &settled.members {
            if let Some(member) = self.members.get_mut(&kept.id) {
                member.assignment.clone_from(&kept.assignment);
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
        out.tell(Fact::Rebalanced {
            group: id,
            generation: self.generation,
            members: self.members.len() as u32,
        });
    }

    /// The leader's assignment could not be stored: whoever waits for it is told, and all join again.
    pub(super) fn unsettle(
        &mut self,
        now: Time,
        id: GroupId,
        error: ErrorCode,
        config: GroupConfig,
        out: &mut Out,
    ) {
        for member in self.members.values_mut() {
            if let Some(caller) = member.syncing.take() {
                member.heard_of(now);
                let result = Err(error);
                caller.answer(Response::SyncGroup { result }, out);
            }
        }
        self.prepare(now, id, config, out);
    }

    pub(super) fn stop_waiting_for_syncs(&mut self) {
        if matches!(self.wait, Wait::Sync { .. }) && self.members.values().all(|m| m.synced) {
            self.wait = Wait::Nothing;
        }
    }

    pub(super) fn commit(
        &mut self,
        group: GroupId,
        at: TopicPartition,
        position: OffsetAndEpoch,
        out: &mut Out,
    ) {
        self.offsets.commit(at, position);
        let offset = position.offset;
        out.tell(Fact::Committed { group, at, offset });
    }

    /// Does one thing that is due.
    pub(super) fn expire(&mut self, now: Time, id: GroupId, config: GroupConfig, out: &mut Out) {
        let pending = self.pending.iter().find(|&(_, &at)| at <= now);
        if let Some((&member, _)) = pending {
            self.pending.remove(&member);
            return self.complete_if_all_joined(now, id, out);
        }
        let dead = |m: &Member| m.expires_at().is_some_and(|at| at <= now);
        let dead = self.members.iter().find(|(_, m)| dead(m));
        if let Some((&member, _)) = dead {
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
