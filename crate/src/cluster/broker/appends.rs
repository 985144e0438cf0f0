//! What producers send (`ReplicaManager.appendRecords`).

use super::super::Flaw;
use super::super::purgatory::{AppendedPart, DelayedAppend, Then};
use super::super::replica::{Reign, Rules};
use super::Broker;
use crate::id::{NodeId, TopicPartition};
use crate::log::Batch;
use crate::protocol::{Acks, ErrorCode, Fact, Out, Response};
use crate::time::{Span, Time};

impl Broker {
    pub(super) fn produce(
        &mut self,
        now: Time,
        (from, id): (NodeId, u32),
        acks: Acks,
        timeout: Span,
        batches: &[(TopicPartition, Batch)],
        out: &mut Out,
    ) {
        let mut parts = Vec::with_capacity(batches.len());
        for (at, batch) in batches {
            parts.push(self.append(now, *at, batch, acks, out));
        }
        match acks {
            // Nobody waits for an answer. An error can only be shown by closing the connection.
            Acks::Zero => {
                if parts.iter().any(|part| matches!(part.result, Some(Err(_)))) {
                    out.disconnect(from);
                    self.fetches.forget(from);
                }
            }
            Acks::One | Acks::All => {
                self.appends.push(DelayedAppend {
                    then: Then::Answer { from, id },
                    deadline: now + timeout,
                    parts,
                });
                self.settle_appends(now, out);
            }
        }
    }

    pub(super) fn append(
        &mut self,
        now: Time,
        at: TopicPartition,
        batch: &Batch,
        acks: Acks,
        out: &mut Out,
    ) -> AppendedPart {
        let nowhere = Reign {
            incarnation: 0,
            leader_epoch: -1,
        };
        let mut part = AppendedPart {
            at,
            end: 0,
            reign: nowhere,
            result: None,
            base_offset: -1,
        };
        match self.append_to(now, at, batch, acks, out) {
            Ok((base_offset, reign)) => {
                part.base_offset = base_offset;
                part.end = base_offset + i64::from(batch.count());
                part.reign = reign;
                if acks != Acks::All || self.has(Flaw::AckBeforeReplication) {
                    part.result = Some(Ok(base_offset));
                }
            }
            Err(error) => part.result = Some(Err(error)),
        }
        part
    }

    fn append_to(
        &mut self,
        now: Time,
        at: TopicPartition,
        batch: &Batch,
        acks: Acks,
        out: &mut Out,
    ) -> Result<(i64, Reign), ErrorCode> {
        let isr = self.led(at)?.isr().len();
        let config = self.topic_config(at.topic);
        let config = config.ok_or(ErrorCode::UnknownTopicOrPartition)?;
        let rules = self.rules(at);
        let broker = self.me;
        if acks == Acks::All && isr < rules.min_isr {
            return Err(ErrorCode::NotEnoughReplicas);
        }
        self.room(out)?;
        let Some(replica) = self.replicas.get_mut(&at) else {
            return Err(ErrorCode::UnknownTopicOrPartition);
        };
        let base_offset = replica.append(now, &config, batch)?;
        let reign = replica.reign();
        let bytes = batch.size_in_bytes();
        // The broker may have stamped it with its own clock, which makes it another batch.
        let appended = replica.log().batches().next_back();
        let crc = appended.map_or(0, Batch::crc);
        out.tell(Fact::Appended {
            broker,
            leader_epoch: reign.leader_epoch,
            at,
            base_offset,
            records: batch.count(),
            bytes: bytes as u32,
            crc,
        });
        self.fetches.grew(at, bytes as u64, true);
        self.advance(now, at, out);
        Ok((base_offset, reign))
    }

    /// What a leader goes by in this partition.
    pub(super) fn rules(&self, at: TopicPartition) -> Rules {
        Rules {
            min_isr: self.image.min_isr(at),
            lag_max: self.lag_max(),
            flaw: self.flaw,
        }
    }

    /// The high watermark of a partition led here may have risen: consumers see more, and producers
    /// that waited are answered.
    pub(super) fn advance(&mut self, now: Time, at: TopicPartition, out: &mut Out) {
        let rules = self.rules(at);
        let image = &self.image;
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        let before = replica.high_watermark();
        let may_join = |f: &super::super::replica::Follower| {
            let broker = image.brokers.get(&f.broker);
            broker.is_some_and(|b| b.active() && b.epoch == f.broker_epoch)
        };
        if !replica.advance(now, rules, may_join) {
            return;
        }
        let offset = replica.high_watermark();
        let readable = replica.log().read(before, usize::MAX, offset);
        let bytes: usize = readable
            .into_iter()
            .flatten()
            .map(Batch::size_in_bytes)
            .sum();
        out.tell(Fact::HighWatermark {
            broker: self.me,
            at,
            offset,
        });
        self.fetches.grew(at, bytes as u64, false);
        self.settle_appends(now, out);
    }

    /// Answers the appends whose every part is decided.
    pub(super) fn settle_appends(&mut self, now: Time, out: &mut Out) {
        if self.appends.is_empty() {
            return;
        }
        let mut appends = std::mem::take(&mut self.appends);
        for DelayedAppend { then, parts, .. } in &mut appends {
            for part in parts.iter_mut().filter(|part| part.result.is_none()) {
                part.result = match then {
                    Then::Answer { .. } => self.decided(part),
                    Then::Group(_) => self.decided_for_group(part),
                };
            }
        }
        let done = |append: &mut DelayedAppend| append.parts.iter().all(|p| p.result.is_some());
        let done: Vec<DelayedAppend> = appends.extract_if(.., done).collect();
        self.appends = appends;
        for append in done {
            match append.then {
                Then::Answer { from, id } => answer((from, id), &append.parts, out),
                Then::Group(write) => {
                    let result = append.parts.iter().find_map(|part| part.result?.err());
                    self.group_stored(now, write, result.map_or(Ok(()), Err), out);
                }
            }
        }
    }

    /// Whether a part is committed, or cannot be any more (`Partition.checkEnoughReplicasReachOffset`).
    fn decided(&self, part: &AppendedPart) -> Option<Result<i64, ErrorCode>> {
        let replica = match self.led(part.at) {
            Ok(replica) if replica.reign() == part.reign => replica,
            Ok(_) => return Some(Err(ErrorCode::NotLeaderOrFollower)),
            Err(error) => return Some(Err(error)),
        };
        if replica.high_watermark() < part.end {
            return None;
        }
        let enough = replica.maximal_isr().count() >= self.image.min_isr(part.at);
        Some(if enough {
            Ok(part.base_offset)
        } else {
            Err(ErrorCode::NotEnoughReplicasAfterAppend)
        })
    }

    /// The same for the coordinator's own: it goes on while it leads, and waits for the high
    /// watermark only (`CoordinatorRuntime`).
    fn decided_for_group(&self, part: &AppendedPart) -> Option<Result<i64, ErrorCode>> {
        match self.led(part.at) {
            Ok(replica) if replica.high_watermark() < part.end => None,
            Ok(_) => Some(Ok(part.base_offset)),
            Err(error) => Some(Err(error)),
        }
    }

    pub(super) fn expire_appends(&mut self, now: Time, out: &mut Out) {
        if self.appends.iter().all(|append| append.deadline > now) {
            return;
        }
        let mut appends = std::mem::take(&mut self.appends);
        appends.retain_mut(|append| {
            if append.deadline > now {
                return true;
            }
            match &mut append.then {
                Then::Answer { from, id } => {
                    answer((*from, *id), &append.parts, out);
                    false
                }
                // Nobody waits for it any more, but it is in the log.
                Then::Group(write) => {
                    self.group_overdue(now, write, out);
                    append.deadline = Time::MAX;
                    true
                }
            }
        });
        // Nothing was appended meanwhile.
        self.appends = appends;
    }
}

fn answer((from, id): (NodeId, u32), parts: &[AppendedPart], out: &mut Out) {
    let overdue = Err(ErrorCode::RequestTimedOut);
    let result = |part: &AppendedPart| (part.at, part.result.unwrap_or(overdue));
    let results = parts.iter().map(result).collect();
    out.respond(from, id, Response::Produce { results });
}
