//! What a coordinator writes to the log and reads from it (`GroupMetadataManager`).

use super::coordinator::Coordinator;
use super::member::{Group, GroupState};
use super::record::{GroupWrite, Record, Then, records_of};
use crate::id::{GroupId, TopicId};
use crate::log::Batch;
use crate::protocol::{ErrorCode, Fact, Out, Response};
use crate::time::Time;

impl Coordinator {
    /// What is to be written next, if anything.
    pub fn next_write(&mut self) -> Option<GroupWrite> {
        self.writes.pop_front()
    }

    /// Whether something is to be written.
    #[must_use]
    pub fn has_writes(&self) -> bool {
        !self.writes.is_empty()
    }

    pub(super) fn write(&mut self, group: GroupId, records: Vec<Record>, then: Then) {
        self.writes.push_back(GroupWrite {
            group,
            records,
            then,
        });
    }

    /// What was to be written is committed, or is not and will not be.
    pub fn stored(
        &mut self,
        now: Time,
        mut write: GroupWrite,
        result: Result<(), ErrorCode>,
        out: &mut Out,
    ) {
        self.tell_stored(now, &mut write, result, out);
        if result.is_ok() {
            for record in write.records {
                self.apply(write.group, record, out);
            }
        }
    }

    /// Whoever waits for a write is told; nobody waits for it any more.
    pub fn tell_stored(
        &mut self,
        now: Time,
        write: &mut GroupWrite,
        result: Result<(), ErrorCode>,
        out: &mut Out,
    ) {
        match std::mem::replace(&mut write.then, Then::Nothing) {
            Then::Nothing => {}
            Then::Answer(caller, otherwise) => {
                let result = result.and(otherwise);
                caller.answer(Response::OffsetCommit { result }, out);
            }
            Then::Settle(generation) => {
                let settled = write.records.iter().find_map(|record| match record {
                    Record::Group(settled) => settled.as_ref(),
                    Record::Position(..) => None,
                });
                if let (Some(group), Some(settled)) = (self.groups.get_mut(&write.group), settled)
                    && group.state == GroupState::CompletingRebalance
                    && group.generation == generation
                {
                    match result {
                        Ok(()) => group.settle(now, write.group, settled, out),
                        Err(error) => {
                            group.unsettle(now, write.group, error, self.config, out);
                            self.note_empty(write.group);
                        }
                    }
                }
            }
        }
    }

    /// A record that is committed takes effect; what a settled generation says has taken it before.
    fn apply(&mut self, id: GroupId, record: Record, out: &mut Out) {
        match record {
            Record::Position(at, Some(position)) => {
                self.groups.or_default(id).commit(id, at, position, out);
            }
            Record::Position(at, None) => {
                if let Some(group) = self.groups.get_mut(&id) {
                    group.offsets.forget(at);
                }
            }
            Record::Group(Some(_)) => {}
            Record::Group(None) => {
                if self.groups.get(&id).is_some_and(Group::is_unused) {
                    self.groups.remove(&id);
                }
            }
        }
    }

    /// Reads a batch of the log, having become the coordinator of the groups there: members keep
    /// their membership, and their sessions begin anew. Positions count once they are `committed`;
    /// what is not is returned, and [`Coordinator::stored`] when it is.
    pub fn load(&mut self, now: Time, batch: &Batch, committed: bool) -> Option<GroupWrite> {
        let mut later = Vec::new();
        let mut of = None;
        for (id, record) in records_of(batch) {
            of = Some(id);
            if let Record::Group(Some(settled)) = record {
                self.groups.or_default(id).restore(now, settled);
            } else if committed {
                self.apply(id, record, &mut Out::default());
            } else {
                later.push(record);
            }
        }
        let group = of.filter(|_| !later.is_empty())?;
        Some(GroupWrite {
            group,
            records: later,
            then: Then::Nothing,
        })
    }

    /// Has read everything of these groups: tells how far they have come.
    pub fn loaded(&self, of: impl Fn(GroupId) -> bool, out: &mut Out) {
        for (&group, kept) in self.groups.iter().filter(|(id, _)| of(**id)) {
            for (at, offset) in kept.offsets.iter() {
                out.tell(Fact::Committed { group, at, offset });
            }
        }
    }

    /// Is no longer the coordinator of these groups: whoever waits is told to look for the new one.
    pub fn unload(&mut self, of: impl Fn(GroupId) -> bool, out: &mut Out) {
        self.writes.retain(|write| {
            let gone = of(write.group);
            if let Then::Answer(caller, _) = write.then
                && gone
            {
                let result = Err(ErrorCode::NotCoordinator);
                caller.answer(Response::OffsetCommit { result }, out);
            }
            !gone
        });
        self.groups.retain(|&id, group| {
            if of(id) {
                group.unload(out);
            }
            !of(id)
        });
    }

    /// The process starts: what it had in memory is gone.
    pub fn forget(&mut self) {
        self.groups.clear();
        self.writes.clear();
    }

    /// A topic was deleted, and with it what groups committed for it.
    pub fn forget_topic(&mut self, topic: TopicId) {
        let mut writes = Vec::new();
        for (&id, group) in self.groups.iter() {
            let of_topic = group.offsets.iter().filter(|(at, _)| at.topic == topic);
            let records: Vec<Record> = of_topic.map(|(at, _)| Record::Position(at, None)).collect();
            if !records.is_empty() {
                writes.push((id, records));
            }
        }
        for (id, records) in writes {
            self.write(id, records, Then::Nothing);
        }
    }
}
