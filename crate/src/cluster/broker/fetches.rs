//! What consumers and followers read (`ReplicaManager.fetchMessages`).

use super::super::Flaw;
use super::super::purgatory::WaitingFetch;
use super::Broker;
use crate::id::NodeId;
use crate::log::Batch;
use crate::protocol::{
    EpochAsked, ErrorCode, FetchPartition, Fetched, OffsetAndEpoch, OffsetAsked, OffsetSpec, Out,
    Response,
};
use crate::time::{Span, Time};

impl Broker {
    pub(super) fn fetch(
        &mut self,
        now: Time,
        max_wait: Span,
        mut fetch: WaitingFetch,
        out: &mut Out,
    ) {
        if let Some(epoch) = fetch.follower {
            for partition in &fetch.partitions {
                self.fetched_by(now, fetch.from, epoch, partition, out);
            }
        }
        let (partitions, bytes) = self.read(&fetch);
        let at_once = |p: &Fetched| p.error.is_some() || p.diverging.is_some();
        let enough = bytes >= fetch.min_bytes || max_wait == Span::ZERO;
        if enough || fetch.partitions.is_empty() || partitions.iter().any(at_once) {
            out.respond(fetch.from, fetch.id, Response::Fetch { partitions });
        } else {
            fetch.bytes = bytes;
            self.fetches.wait(fetch);
        }
    }

    /// A follower has everything before the offset it asks for, if its log is the leader's so far.
    fn fetched_by(
        &mut self,
        now: Time,
        from: NodeId,
        epoch: i64,
        wanted: &FetchPartition,
        out: &mut Out,
    ) {
        let at = wanted.at;
        let Ok(replica) = self.led_as(wanted) else {
            return;
        };
        let log = replica.epoch_log();
        let there = log.log().log_start_offset()..=log.end();
        if log
            .diverging(wanted.offset, wanted.last_fetched_epoch)
            .is_some()
            || !there.contains(&wanted.offset)
        {
            return;
        }
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        replica.fetched_by(now, from, epoch, wanted.offset);
        let joins = replica.may_join_isr(from, self.flaw);
        if joins && self.is_eligible(from, epoch) {
            let isr = self.replicas[&at].maximal_isr().chain([from]).collect();
            self.ask_for_isr(at, isr);
        }
        self.advance(now, at, out);
    }

    /// Whether a broker may be in sync: unfenced, not stopping, and still in the life it fetched in.
    fn is_eligible(&self, broker: NodeId, epoch: i64) -> bool {
        let known = self.image.brokers.get(&broker);
        known.is_some_and(|known| known.active() && known.epoch == epoch)
    }

    pub(super) fn wake_fetches(&mut self, now: Time, out: &mut Out) {
        for fetch in self.fetches.due(now) {
            self.answer_fetch(&fetch, out);
        }
    }

    pub(super) fn answer_fetch(&self, fetch: &WaitingFetch, out: &mut Out) {
        let (partitions, _) = self.read(fetch);
        out.respond(fetch.from, fetch.id, Response::Fetch { partitions });
    }

    /// Reads partitions in the order asked, `max_bytes` in all and the first batch in any case
    /// (KIP-74). A consumer is not told of partitions with nothing to say; a follower is told the
    /// high watermark of each.
    fn read(&self, fetch: &WaitingFetch) -> (Vec<Fetched>, u64) {
        let mut answer = Vec::new();
        let mut total: usize = 0;
        for wanted in &fetch.partitions {
            let left = (fetch.max_bytes as usize).saturating_sub(total);
            let fetched = self.read_partition(wanted, left, total == 0, fetch.follower.is_some());
            let bytes = fetched.batches.iter().map(Batch::size_in_bytes);
            let bytes: usize = bytes.sum();
            total += bytes;
            if bytes > 0 || fetched.error.is_some() || fetch.follower.is_some() {
                answer.push(fetched);
            }
        }
        (answer, total as u64)
    }

    fn read_partition(
        &self,
        wanted: &FetchPartition,
        left: usize,
        first: bool,
        follower: bool,
    ) -> Fetched {
        let mut fetched = Fetched {
            at: wanted.at,
            batches: Vec::new(),
            high_watermark: -1,
            log_start_offset: -1,
            diverging: None,
            error: None,
        };
        let replica = match self.led_as(wanted) {
            Ok(replica) => replica,
            Err(error) => {
                fetched.error = Some(error);
                return fetched;
            }
        };
        fetched.high_watermark = replica.high_watermark();
        fetched.log_start_offset = replica.log().log_start_offset();
        // What the follower has last may be of an epoch that is forgotten with what was deleted.
        if follower && wanted.offset >= fetched.log_start_offset {
            let log = replica.epoch_log();
            fetched.diverging = log.diverging(wanted.offset, wanted.last_fetched_epoch);
            if fetched.diverging.is_some() {
                return fetched;
            }
        }
        let limit = left.min(wanted.max_bytes as usize);
        let end = if follower || self.has(Flaw::ReadAboveHighWatermark) {
            i64::MAX
        } else {
            replica.high_watermark()
        };
        match replica.log().read(wanted.offset, limit, end) {
            Ok(batches) => {
                // The log gives its first batch whole; only the answer's first may be over.
                let mut fits = true;
                fetched.batches = batches
                    .take_while(|batch| {
                        fits &= first || batch.size_in_bytes() <= limit;
                        fits
                    })
                    .cloned()
                    .collect();
            }
            Err(_) => fetched.error = Some(ErrorCode::OffsetOutOfRange),
        }
        fetched
    }

    /// Where an epoch ended in a log led here (`Partition.lastOffsetForLeaderEpoch`).
    pub(super) fn epoch_end(&self, asked: &EpochAsked) -> Result<Option<(i32, i64)>, ErrorCode> {
        let replica = self.led_in(asked.at, asked.current_leader_epoch)?;
        let log = replica.epoch_log();
        Ok(log.epochs().end_offset_for(asked.leader_epoch, log.end()))
    }

    /// The offset asked for, and the leader epoch that the log has there
    /// (`UnifiedLog.fetchOffsetByTimestamp`).
    pub(super) fn offset(&self, asked: &OffsetAsked) -> Result<Option<OffsetAndEpoch>, ErrorCode> {
        let replica = self.led_in(asked.at, asked.current_leader_epoch)?;
        let (log, epochs) = (replica.log(), replica.epoch_log().epochs());
        // What the last leader told may be more than this one knows to be committed yet (KIP-207).
        let known = || {
            if replica.high_watermark() < replica.epoch_start() {
                Err(ErrorCode::OffsetNotAvailable)
            } else {
                Ok(replica.high_watermark())
            }
        };
        let (offset, epoch) = match asked.spec {
            OffsetSpec::Earliest => {
                let start = log.log_start_offset();
                (start, epochs.epoch_of(start))
            }
            OffsetSpec::Latest => (known()?, epochs.latest().map(|(epoch, _)| epoch)),
            OffsetSpec::Timestamp(ms) => {
                let committed = known()?;
                let found = log.offset_for_timestamp(ms);
                let found = found.map_err(|_| ErrorCode::CorruptMessage)?;
                match found.filter(|found| found.offset < committed) {
                    Some(found) => (found.offset, epochs.epoch_of(found.offset)),
                    None => return Ok(None),
                }
            }
        };
        Ok(Some(OffsetAndEpoch {
            offset,
            leader_epoch: epoch.unwrap_or(-1),
        }))
    }
}
