//! Finding positions and fetching records (`OffsetFetcher`, `Fetcher`, `FetchCollector`).

use super::partition::{Need, Partition};
use super::records::{Chunk, Records};
use super::{Call, Consumer, PollError};
use crate::client::config::OffsetReset;
use crate::id::{NodeId, TopicPartition};
use crate::map::Map;
use crate::protocol::{
    ErrorCode, Fact, FetchPartition, Fetched, ListedOffsets, OffsetAndEpoch, OffsetAsked,
    OffsetSpec, Out, Request,
};
use crate::time::{Span, Time};
use std::collections::VecDeque;

impl Consumer {
    /// Asks for what partitions need before they can be fetched.
    pub(super) fn find_positions(&mut self, now: Time, out: &mut Out) {
        self.fetch_committed(now, out);
        self.list_offsets(now, out);
        self.validate_positions(now, out);
    }

    fn fetch_committed(&mut self, now: Time, out: &mut Out) {
        let wanted =
            |(_, p): &(TopicPartition, &Partition)| p.need == Need::Committed && p.is_due(now);
        let partitions: Vec<TopicPartition> = self
            .assignment
            .iter()
            .filter(wanted)
            .map(|(at, _)| at)
            .collect();
        if partitions.is_empty() {
            return;
        }
        let Some(group) = &self.group else {
            for at in partitions {
                self.reset_by_policy(at, PollError::NoOffset(at));
            }
            return;
        };
        let group_id = group.id;
        let Some(broker) = group
            .coordinator
            .filter(|&broker| self.calls.connectable_at(broker) <= now)
        else {
            return;
        };
        for &at in &partitions {
            if let Some(partition) = self.assignment.get_mut(at) {
                partition.asked = true;
            }
        }
        let request = Request::OffsetFetch {
            group: group_id,
            partitions,
        };
        let call = Call::OffsetFetch(self.assignment.epoch);
        let timeout = self.config.request_timeout();
        self.calls.send(now, timeout, broker, request, call, out);
    }

    /// What the group committed; an error if that is not known.
    pub(super) fn found_committed(
        &mut self,
        now: Time,
        epoch: u32,
        result: Result<Vec<(TopicPartition, Option<OffsetAndEpoch>)>, ErrorCode>,
        out: &mut Out,
    ) {
        if epoch != self.assignment.epoch {
            return;
        }
        match result {
            Ok(offsets) => {
                for (at, position) in offsets {
                    let needed = self.assignment.get(at).map(|p| p.need);
                    match position {
                        _ if needed != Some(Need::Committed) => {}
                        Some(position) => {
                            self.set_position(at, position, out);
                            self.doubt_position(at);
                        }
                        None => self.reset_by_policy(at, PollError::NoOffset(at)),
                    }
                }
            }
            Err(error) => {
                if error != ErrorCode::CoordinatorLoadInProgress
                    && let Some(group) = &mut self.group
                {
                    group.lost_coordinator();
                }
                let retry = now + self.config.retry_backoff();
                for (_, partition) in self.assignment.iter_mut() {
                    if partition.need == Need::Committed {
                        partition.asks_again(retry);
                    }
                }
            }
        }
    }

    /// There is no position: `auto.offset.reset` says where to begin, or that it is an error.
    pub(super) fn reset_by_policy(&mut self, at: TopicPartition, error: PollError) {
        let spec = match self.config.auto_offset_reset {
            OffsetReset::Earliest => OffsetSpec::Earliest,
            OffsetReset::Latest => OffsetSpec::Latest,
            OffsetReset::None => {
                self.failure = Some(error);
                // Asked again at the next poll.
                if let Some(partition) = self.assignment.get_mut(at) {
                    partition.asked = false;
                }
                return;
            }
        };
        if let Some(partition) = self.assignment.get_mut(at) {
            partition.needs(Need::Offset(spec));
        }
    }

    pub(super) fn set_position(&mut self, at: TopicPartition, to: OffsetAndEpoch, out: &mut Out) {
        let Some(partition) = self.assignment.get_mut(at) else {
            return;
        };
        partition.moves(to);
        if partition.announce
            && let Some(group) = &self.group
        {
            partition.announce = false;
            out.tell(Fact::Owns {
                consumer: self.node,
                group: group.id,
                at,
                position: to.offset,
            });
        }
    }

    /// What leaders are to be asked now, by leader. `question` says what of a partition, given what is
    /// known of it; what is asked counts as asked.
    pub(super) fn ask_leaders<T>(
        &mut self,
        now: Time,
        question: impl Fn(TopicPartition, i32, &Partition) -> Option<T>,
    ) -> Map<NodeId, Vec<T>> {
        let mut asks: Map<NodeId, Vec<T>> = Map::new();
        let Some(image) = self.view.image().cloned() else {
            return asks;
        };
        for (at, partition) in self.assignment.iter_mut() {
            let known = image.partition(at);
            let epoch = known.map_or(-1, |known| known.leader_epoch);
            let Some(question) = question(at, epoch, partition) else {
                continue;
            };
            if !partition.is_due(now) {
                continue;
            }
            match known.and_then(|known| known.leader) {
                Some(leader) if self.calls.connectable_at(leader) <= now => {
                    partition.asked = true;
                    asks.or_default(leader).push(question);
                }
                Some(_) => {}
                None => self.view.want(),
            }
        }
        asks
    }

    fn list_offsets(&mut self, now: Time, out: &mut Out) {
        let asks = self.ask_leaders(now, |at, current_leader_epoch, partition| {
            match partition.need {
                Need::Offset(spec) => Some(OffsetAsked {
                    at,
                    current_leader_epoch,
                    spec,
                }),
                _ => None,
            }
        });
        for (broker, partitions) in asks {
            let call = Call::ListOffsets(self.assignment.epoch, partitions.clone());
            let request = Request::ListOffsets { partitions };
            let timeout = self.config.request_timeout();
            self.calls.send(now, timeout, broker, request, call, out);
        }
    }

    /// The answer to `ListOffsets`; `None` if it will not come.
    pub(super) fn listed(
        &mut self,
        now: Time,
        epoch: u32,
        asked: &[OffsetAsked],
        answer: Option<ListedOffsets>,
        out: &mut Out,
    ) {
        if epoch != self.assignment.epoch {
            return;
        }
        let answer = answer.unwrap_or_default();
        let retry = now + self.config.retry_backoff();
        for &OffsetAsked { at, spec, .. } in asked {
            let Some(partition) = self.assignment.get_mut(at) else {
                continue;
            };
            // A seek in the meantime asked for something else.
            if partition.need != Need::Offset(spec) {
                continue;
            }
            match answer.iter().find(|(of, _)| *of == at) {
                Some(&(_, Ok(Some(position)))) => {
                    if spec == OffsetSpec::Latest {
                        out.tell(Fact::LatestOffset {
                            client: self.node,
                            at,
                            offset: position.offset,
                        });
                    }
                    self.set_position(at, position, out);
                    self.doubt_position(at);
                }
                // No record is that young: what comes next will be.
                Some((_, Ok(None))) => partition.needs(Need::Offset(OffsetSpec::Latest)),
                Some((_, Err(_))) | None => {
                    partition.asks_again(retry);
                    self.view.want();
                }
            }
        }
    }

    /// Fetches from every broker that owes no fetch, for every partition with a position and
    /// nothing fetched.
    pub(super) fn fetch(&mut self, now: Time, out: &mut Out) {
        if self.is_revoking() {
            return;
        }
        let Some(image) = self.view.image().cloned() else {
            return;
        };
        let busy: Vec<NodeId> = self
            .calls
            .iter()
            .filter(|(_, call)| matches!(call, Call::Fetch(_)))
            .map(|(broker, _)| broker)
            .collect();
        let mut asks: Map<NodeId, Vec<FetchPartition>> = Map::new();
        for (at, partition) in self.assignment.in_turn() {
            let Some(offset) = partition.position() else {
                continue;
            };
            let waits = partition.paused || partition.not_before > now;
            if waits || self.fetched.iter().any(|chunk| chunk.at == at) {
                continue;
            }
            let known = image.partition(at);
            match known.and_then(|known| known.leader) {
                Some(leader)
                    if !busy.contains(&leader) && self.calls.connectable_at(leader) <= now =>
                {
                    asks.or_default(leader).push(FetchPartition {
                        at,
                        offset,
                        max_bytes: self.config.max_partition_fetch_bytes,
                        incarnation: image.topics.get(&at.topic).map_or(0, |t| t.incarnation),
                        current_leader_epoch: known.map_or(-1, |known| known.leader_epoch),
                        last_fetched_epoch: -1,
                    });
                }
                Some(_) => {}
                None => self.view.want(),
            }
        }
        for (broker, partitions) in asks {
            let max_wait = Span::millis(self.config.fetch_max_wait_ms);
            let call = Call::Fetch(partitions.clone());
            let request = Request::Fetch {
                max_wait,
                min_bytes: self.config.fetch_min_bytes,
                max_bytes: self.config.fetch_max_bytes,
                partitions,
                follower: None,
            };
            let timeout = self.config.request_timeout();
            self.calls.send(now, timeout, broker, request, call, out);
        }
    }

    /// The answer to a fetch.
    pub(super) fn fetched(&mut self, now: Time, asked: &[FetchPartition], answer: Vec<Fetched>) {
        for fetched in answer {
            let at = fetched.at;
            let wanted = asked.iter().find(|wanted| wanted.at == at);
            let (Some(wanted), Some(partition)) = (wanted, self.assignment.get_mut(at)) else {
                continue;
            };
            // A seek or a new assignment made the answer useless.
            if partition.position() != Some(wanted.offset) {
                continue;
            }
            match fetched.error {
                None => {
                    partition.high_watermark = Some(fetched.high_watermark);
                    partition.leader_epoch = wanted.current_leader_epoch;
                    if !fetched.batches.is_empty() {
                        self.fetched.push_back(Chunk {
                            at,
                            batches: fetched.batches,
                        });
                        self.assignment.had_its_turn(at);
                    }
                }
                Some(ErrorCode::OffsetOutOfRange) => {
                    let offset = wanted.offset;
                    self.reset_by_policy(at, PollError::OutOfRange { at, offset });
                }
                Some(error) => {
                    partition.not_before = now + self.config.retry_backoff();
                    if error.stale_metadata() {
                        self.view.want();
                    }
                }
            }
        }
    }

    /// Whether a poll would return records.
    pub(super) fn has_records(&self) -> bool {
        !self.is_revoking()
            && self.fetched.iter().any(|chunk| {
                let partition = self.assignment.get(chunk.at);
                partition.is_some_and(|p| !p.paused && p.position().is_some())
            })
    }

    /// Takes what was fetched, up to `max.poll.records`, and moves positions past it.
    pub(super) fn collect(&mut self, out: &mut Out) -> Option<Records> {
        if self.is_revoking() {
            return None;
        }
        let mut records = Records::default();
        let mut left = self.config.max_poll_records.max(1);
        let mut kept = VecDeque::new();
        while let Some(chunk) = self.fetched.pop_front() {
            let Some(partition) = self.assignment.get_mut(chunk.at) else {
                continue;
            };
            let Some(position) = partition.position() else {
                continue;
            };
            if partition.paused || left == 0 {
                kept.push_back(chunk);
                continue;
            }
            let taken = chunk.take(position, left);
            partition.position = taken.next;
            partition.last_epoch = taken.last_epoch().unwrap_or(partition.last_epoch);
            left -= taken.count;
            if taken.next < chunk.end() {
                kept.push_back(chunk);
            }
            if taken.count > 0 {
                out.tell(Fact::Delivered {
                    consumer: self.node,
                    group: self.group.as_ref().map(|group| group.id),
                    at: taken.at,
                    first: taken.first,
                    next: taken.next,
                    fingerprint: taken.fingerprint(),
                });
                records.partitions.push(taken);
            }
        }
        self.fetched = kept;
        (!records.is_empty()).then_some(records)
    }
}
