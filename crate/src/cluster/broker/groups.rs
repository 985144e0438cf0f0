//! What concerns consumer groups (`GroupCoordinator`).

use super::Broker;
use crate::id::{GroupId, NodeId, TopicPartition};
use crate::protocol::{ErrorCode, MemberId, Out, Request, Response};
use crate::time::Time;

impl Broker {
    pub(super) fn group_request(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        request: Request,
        out: &mut Out,
    ) {
        match request {
            Request::FindCoordinator { .. } => {
                let coordinator = Ok(self.me);
                out.respond(from, id, Response::FindCoordinator { coordinator });
            }
            Request::OffsetCommit {
                group,
                generation,
                offsets,
            } => {
                let result = self.commit(now, group, generation, offsets, out);
                out.respond(from, id, Response::OffsetCommit { result });
            }
            request => {
                self.coordinator.handle(now, from, id, request, out);
                self.groups_due = self.coordinator.next_deadline();
            }
        }
    }

    /// Keeps the positions of partitions that are there.
    fn commit(
        &mut self,
        now: Time,
        group: GroupId,
        generation: Option<(u32, MemberId)>,
        mut offsets: Vec<(TopicPartition, i64)>,
        out: &mut Out,
    ) -> Result<(), ErrorCode> {
        let asked = offsets.len();
        offsets.retain(|(at, _)| self.image.partition(*at).is_some());
        let result = self
            .coordinator
            .commit(now, group, generation, &offsets, out);
        self.groups_due = self.coordinator.next_deadline();
        if offsets.len() < asked {
            return result.and(Err(ErrorCode::UnknownTopicOrPartition));
        }
        result
    }
}
