//! What concerns consumer groups (`GroupCoordinatorService`): a group's coordinator is the leader of
//! the partition of `__consumer_offsets` that its name falls to, and what it must remember is there.

use super::super::admin::NewTopic;
use super::super::purgatory::{AppendedPart, DelayedAppend, Then};
use super::{Broker, BrokerConfig};
use crate::group::{GroupError, GroupWrite};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::protocol::{Acks, ErrorCode, Out, Request, Response};
use crate::time::{Span, Time};
use std::sync::Arc;

/// `__consumer_offsets`, as brokers with these settings make it
/// (`GroupCoordinatorService.groupMetadataTopicConfigs`).
#[must_use]
pub fn offsets_topic(config: &BrokerConfig) -> NewTopic {
    let configs = [
        ("cleanup.policy", "compact"),
        ("compression.type", "producer"),
        ("segment.bytes", "104857600"),
    ];
    let mut new = NewTopic {
        partitions: Some(config.offsets_topic_partitions),
        replication_factor: Some(config.offsets_topic_replication_factor),
        ..NewTopic::default()
    };
    let owned = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    new.configs.extend(owned);
    new
}

/// Java's `String.hashCode`.
fn java_hash(text: &str) -> i32 {
    let units = text.encode_utf16();
    units.fold(0, |hash: i32, unit| {
        hash.wrapping_mul(31).wrapping_add(i32::from(unit))
    })
}

impl Broker {
    /// The groups' names, by their numbers; one that has none here is called by its number.
    pub fn name_groups(&mut self, names: Arc<[Arc<str>]>) {
        self.group_names = names;
    }

    /// The partition where a group is kept, whose leader is its coordinator (`partitionFor`).
    #[must_use]
    pub fn group_partition(&self, group: GroupId) -> TopicPartition {
        let hash = match self.group_names.get(group.index()) {
            Some(name) => java_hash(name),
            None => java_hash(&group.0.to_string()),
        };
        // The smallest number has no opposite: `Utils.abs` makes it 0.
        let hash = hash.checked_abs().unwrap_or(0).unsigned_abs();
        let partitions = self.config.offsets_topic_partitions.max(1);
        TopicPartition::new(TopicId::CONSUMER_OFFSETS, hash % partitions)
    }

    fn coordinates(&self, group: GroupId) -> bool {
        self.led(self.group_partition(group)).is_ok()
    }

    pub(super) fn group_request(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        request: Request,
        out: &mut Out,
    ) {
        match request {
            Request::FindCoordinator { group } => {
                let leader = self.told.leader(self.group_partition(group));
                let coordinator = leader.ok_or(ErrorCode::CoordinatorNotAvailable);
                out.respond(from, id, Response::FindCoordinator { coordinator });
            }
            request if group_of(&request).is_some_and(|group| !self.coordinates(group)) => {
                if let Some(response) = refused(&request, ErrorCode::NotCoordinator) {
                    out.respond(from, id, response);
                }
            }
            Request::OffsetCommit {
                group,
                generation,
                mut offsets,
            } => {
                // Positions are kept of partitions that are there.
                let asked = offsets.len();
                offsets.retain(|(at, _)| self.image.partition(*at).is_some());
                let all = if offsets.len() < asked {
                    Err(ErrorCode::UnknownTopicOrPartition)
                } else {
                    Ok(())
                };
                let of = (group, generation);
                self.coordinator
                    .commit(now, (from, id), of, &offsets, all, out);
                self.store_groups(now, out);
            }
            request => {
                self.coordinator.handle(now, from, id, request, out);
                self.store_groups(now, out);
            }
        }
    }

    /// Appends what the coordinator has to remember.
    pub(super) fn store_groups(&mut self, now: Time, out: &mut Out) {
        while let Some(write) = self.coordinator.next_write() {
            let at = self.group_partition(write.group());
            let part = self.append(now, at, &write.batch(now), Acks::All, out);
            self.appends.push(DelayedAppend {
                then: Then::Group(write),
                deadline: now + Span::millis(self.config.offsets_commit_timeout_ms),
                parts: vec![part],
            });
            self.settle_appends(now, out);
        }
        self.groups_due = self.coordinator.next_deadline();
    }

    /// What the coordinator wrote is committed, or will not be.
    pub(super) fn group_stored(
        &mut self,
        now: Time,
        write: GroupWrite,
        result: Result<(), ErrorCode>,
        out: &mut Out,
    ) {
        let result = result.map_err(to_coordinator);
        self.coordinator.stored(now, write, result, out);
        self.groups_due = self.coordinator.next_deadline();
    }

    /// It takes too long until what the coordinator wrote is committed.
    pub(super) fn group_overdue(&mut self, now: Time, write: &mut GroupWrite, out: &mut Out) {
        let error = to_coordinator(ErrorCode::RequestTimedOut);
        self.coordinator.tell_stored(now, write, Err(error), out);
        self.groups_due = self.coordinator.next_deadline();
    }

    /// Leads a partition from now on: if it is one of `__consumer_offsets`, the groups there are its
    /// own, as the log says. Positions that are not committed yet wait until they are.
    pub(super) fn load_groups(&mut self, now: Time, at: TopicPartition, out: &mut Out) {
        let Some(replica) = self.replicas.get(&at).filter(|_| at.topic.is_internal()) else {
            return;
        };
        let (committed, reign) = (replica.high_watermark(), replica.reign());
        for batch in replica.log().batches() {
            let end = batch.next_offset();
            let later = self.coordinator.load(now, batch, end <= committed);
            if let Some(write) = later {
                self.appends.push(DelayedAppend {
                    then: Then::Group(write),
                    deadline: Time::MAX,
                    parts: vec![AppendedPart {
                        at,
                        end,
                        reign,
                        result: None,
                        base_offset: batch.base_offset,
                    }],
                });
            }
        }
        let here = |group| self.group_partition(group) == at;
        self.coordinator.loaded(here, out);
        self.groups_due = self.coordinator.next_deadline();
    }

    /// Does not lead a partition any more: the groups there are another's.
    pub(super) fn unload_groups(&mut self, at: TopicPartition, out: &mut Out) {
        if !at.topic.is_internal() {
            return;
        }
        let here: Vec<GroupId> = self
            .coordinator
            .groups()
            .map(|(group, _)| group)
            .filter(|&group| self.group_partition(group) == at)
            .collect();
        self.coordinator.unload(|group| here.contains(&group), out);
        self.groups_due = self.coordinator.next_deadline();
    }

    /// Moves positions of a group without members, as `kafka-consumer-groups --reset-offsets` does;
    /// a group that is not there is made.
    ///
    /// # Errors
    /// The group has members, or another broker coordinates it.
    pub fn reset_offsets(
        &mut self,
        now: Time,
        group: GroupId,
        offsets: &[(TopicPartition, i64)],
        out: &mut Out,
    ) -> Result<(), GroupError> {
        if !self.coordinates(group) {
            return Err(GroupError::NotCoordinator);
        }
        self.coordinator.reset_offsets(group, offsets)?;
        self.store_groups(now, out);
        Ok(())
    }

    /// Deletes a group without members and its positions.
    ///
    /// # Errors
    /// The group has members, or is not there, or another broker coordinates it.
    pub fn delete_group(
        &mut self,
        now: Time,
        group: GroupId,
        out: &mut Out,
    ) -> Result<(), GroupError> {
        if !self.coordinates(group) {
            return Err(GroupError::NotCoordinator);
        }
        self.coordinator.delete(group)?;
        self.store_groups(now, out);
        Ok(())
    }
}

/// What a client is told of an error with the log (`handleOperationException`).
fn to_coordinator(error: ErrorCode) -> ErrorCode {
    match error {
        ErrorCode::UnknownTopicOrPartition
        | ErrorCode::NotEnoughReplicas
        | ErrorCode::RequestTimedOut => ErrorCode::CoordinatorNotAvailable,
        ErrorCode::NotLeaderOrFollower | ErrorCode::KafkaStorageError => ErrorCode::NotCoordinator,
        error => error,
    }
}

/// Which group a request is about, if it is for the group's coordinator.
fn group_of(request: &Request) -> Option<GroupId> {
    match *request {
        Request::JoinGroup { group, .. }
        | Request::SyncGroup { group, .. }
        | Request::Heartbeat { group, .. }
        | Request::LeaveGroup { group, .. }
        | Request::OffsetCommit { group, .. }
        | Request::OffsetFetch { group, .. } => Some(group),
        _ => None,
    }
}

/// The answer to such a request that cannot be done here.
fn refused(request: &Request, error: ErrorCode) -> Option<Response> {
    Some(match *request {
        Request::JoinGroup { member, .. } => Response::JoinGroup {
            result: Err((error, member)),
        },
        Request::SyncGroup { .. } => Response::SyncGroup { result: Err(error) },
        Request::Heartbeat { .. } => Response::Heartbeat { result: Err(error) },
        Request::LeaveGroup { .. } => Response::LeaveGroup { result: Err(error) },
        Request::OffsetCommit { .. } => Response::OffsetCommit { result: Err(error) },
        Request::OffsetFetch { .. } => Response::OffsetFetch { result: Err(error) },
        _ => return None,
    })
}
