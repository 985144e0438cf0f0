//! What a log loses: its end, where a follower's parts from its leader's; its beginning, when that
//! is old or too much, segment by segment (`UnifiedLog.deleteOldSegments`).

use super::segment::{Marks, Segment, SegmentView};
use super::{Batch, Log};
use crate::time::Time;

/// How long and how much of a partition is kept.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Retention {
    /// `retention.ms`: a segment whose latest timestamp is longer ago is deleted; negative for never.
    pub ms: i64,
    /// `retention.bytes`: of older segments no more is kept than makes up this; negative for no limit.
    pub bytes: i64,
    /// Whether `cleanup.policy` has `delete`: otherwise only what lies before the log start goes.
    pub delete: bool,
}

/// Kafka's defaults: seven days, however much.
impl Default for Retention {
    fn default() -> Self {
        Self {
            ms: 7 * 24 * 3_600_000,
            bytes: -1,
            delete: true,
        }
    }
}

impl Log {
    /// Takes away everything from `offset` on; the next record will have that offset. Returns
    /// whether the log ended after it. Before the log's start, it begins anew there
    /// (`UnifiedLog.truncateTo`).
    pub fn truncate_to(&mut self, offset: i64) -> bool {
        if offset >= self.end_offset {
            return false;
        }
        if offset < self.start_offset {
            *self = Self {
                active: Segment::new(offset, Marks::default(), self.active.created_ms),
                ..Self::starting_at(offset, self.config, Time::ZERO)
            };
            return true;
        }
        while self.active.base_offset > offset
            && let Some(last) = self.closed.len().checked_sub(1)
            && let Some(&before) = self.closed.get(last)
        {
            self.active = before;
            self.closed.truncate(last);
        }
        let from = self.active.from;
        let range = from.batches..self.batches.len();
        let before = |batch: &Batch| batch.next_offset() <= offset;
        let kept = self.batches.partition_point(range.clone(), before);
        let gone = self.batches.range(kept..range.end);
        self.size_bytes -= gone.map(|batch| batch.size_in_bytes() as u64).sum::<u64>();
        self.batches.truncate(kept);
        let range = from.offset_entries..self.offset_entries.len();
        let kept = self
            .offset_entries
            .partition_point(range, |entry| entry.offset < offset);
        self.offset_entries.truncate(kept);
        let range = from.time_entries..self.time_entries.len();
        let kept = self
            .time_entries
            .partition_point(range, |entry| entry.offset < offset);
        self.time_entries.truncate(kept);
        let mut active = Segment::new(self.active.base_offset, from, self.active.created_ms);
        for batch in self.batches.range(from.batches..self.batches.len()) {
            active.count_in(batch, batch.size_in_bytes() as u32, &self.config);
        }
        self.active = active;
        self.end_offset = offset;
        true
    }

    /// Deletes the segments that need not be kept, all below `upto` (the high watermark): those
    /// before the log start, then as `retention` says by size, then by time. The active one goes too
    /// if it has anything; an empty one is begun first then. Returns whether any went, with which the
    /// log start moves to the first that is left.
    pub fn delete_old(&mut self, now: Time, upto: i64, retention: Retention) -> bool {
        let now_ms = now.event_ms();
        let start = self.start_offset;
        let mut deleted = self.delete_while(now_ms, upto, |_, end| end <= start);
        if !retention.delete {
            return deleted;
        }
        if let Ok(kept) = u64::try_from(retention.bytes) {
            let mut over = self.size_bytes.saturating_sub(kept);
            deleted |= self.delete_while(now_ms, upto, |segment, _| {
                let left = over.checked_sub(u64::from(segment.size_bytes()));
                over = left.unwrap_or(0);
                left.is_some()
            });
        }
        if retention.ms >= 0 {
            deleted |= self.delete_while(now_ms, upto, |segment, _| {
                let latest = segment.latest_timestamp().map(|latest| latest.timestamp);
                let latest = latest.unwrap_or(segment.segment.created_ms);
                now_ms.saturating_sub(latest) > retention.ms
            });
        }
        deleted
    }

    /// Deletes segments from the oldest on, up to the first that `goes` does not name by itself and
    /// the offset after its last, or that reaches beyond `upto`.
    fn delete_while(
        &mut self,
        now_ms: i64,
        upto: i64,
        mut goes: impl FnMut(&SegmentView<'_>, i64) -> bool,
    ) -> bool {
        let first = self.closed.first();
        let mut kept = first;
        while kept <= self.closed.len() {
            let segment = self.segment(kept);
            let next = self.closed.get(kept + 1).unwrap_or(&self.active);
            let end = match segment.is_active() {
                true => self.end_offset,
                false => next.base_offset,
            };
            if segment.size_bytes() == 0 || end > upto || !goes(&segment, end) {
                break;
            }
            kept += 1;
        }
        if kept == first {
            return false;
        }
        if kept > self.closed.len() {
            self.roll(self.end_offset, now_ms);
        }
        let (from, base_offset) = {
            let segment = self.segment(kept).segment;
            (segment.from, segment.base_offset)
        };
        let gone = self.batches.range(self.batches.first()..from.batches);
        let gone: u64 = gone.map(|batch| batch.size_in_bytes() as u64).sum();
        self.size_bytes -= gone;
        self.deleted_bytes += gone;
        self.batches.drop_before(from.batches);
        self.offset_entries.drop_before(from.offset_entries);
        self.time_entries.drop_before(from.time_entries);
        self.closed.drop_before(kept);
        self.start_offset = self.start_offset.max(base_offset);
        true
    }

    /// The log begins at `offset` from now on, if that is later; segments before it go when next
    /// something is deleted.
    pub fn begin_at(&mut self, offset: i64) -> bool {
        let later = offset > self.start_offset;
        self.start_offset = self.start_offset.max(offset.min(self.end_offset));
        later
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::{BatchBuilder, LogConfig};

    /// Fifteen records in segments of five, each record a batch, with timestamps 0 to 14 s.
    fn log() -> (Log, i64) {
        let batch = |at: i64| {
            let mut builder = BatchBuilder::new();
            builder.append(Time::ZERO.event_ms() + at * 1_000, None, Some(b"v00"), &[]);
            builder.build().expect("there is a record")
        };
        let size = batch(0).size_in_bytes() as u32;
        let config = LogConfig {
            segment_bytes: 5 * size,
            ..LogConfig::default()
        };
        let mut log = Log::new(config, Time::ZERO);
        for at in 0..15 {
            log.append(batch(at), 0, Time::ZERO).expect("it is small");
        }
        (log, i64::from(size))
    }

    fn bases(log: &Log) -> Vec<i64> {
        log.segments()
            .map(|segment| segment.base_offset())
            .collect()
    }

    fn at(ms: i64) -> Time {
        Time::ZERO + crate::time::Span::millis(u64::try_from(ms).expect("it is later"))
    }

    fn by_time(ms: i64) -> Retention {
        Retention {
            ms,
            ..Retention::default()
        }
    }

    #[test]
    fn by_size_no_less_is_kept_than_asked() {
        for (records, kept) in [
            (16, 0),
            (15, 0),
            (11, 0),
            (10, 5),
            (6, 5),
            (5, 10),
            (1, 10),
            (0, 15),
        ] {
            let (mut log, size) = log();
            let retention = Retention {
                bytes: records * size,
                ..by_time(-1)
            };
            assert_eq!(
                log.delete_old(Time::ZERO, 15, retention),
                kept > 0,
                "{records}"
            );
            assert_eq!(log.log_start_offset(), kept, "{records}");
            assert_eq!(log.size_bytes() as i64, (15 - kept) * size, "{records}");
            assert_eq!(bases(&log)[0], kept);
            assert_eq!(log.log_end_offset(), 15);
        }
    }

    #[test]
    fn by_time_a_segment_goes_when_its_latest_record_is_too_old() {
        for (now, left) in [
            (14_000, vec![0, 5, 10]),
            (14_001, vec![5, 10]),
            (19_001, vec![10]),
            (24_001, vec![15]),
        ] {
            let (mut log, _) = log();
            log.delete_old(at(now), 15, by_time(10_000));
            assert_eq!(bases(&log), left, "{now}");
            assert_eq!(log.log_start_offset(), left[0]);
            assert!(log.read(left[0], 1_000, 15).is_ok());
            assert!(left[0] == 0 || log.read(left[0] - 1, 1_000, 15).is_err());
        }
    }

    #[test]
    fn what_is_not_committed_stays_and_so_does_everything_without_delete() {
        let (mut log, _) = log();
        let keep = Retention {
            delete: false,
            ..by_time(0)
        };
        let late = Time(1 << 50);
        assert!(!log.delete_old(late, 15, keep));
        assert!(log.begin_at(7));
        assert!(
            log.delete_old(late, 15, keep),
            "whole segments before the log start go"
        );
        assert_eq!((bases(&log), log.log_start_offset()), (vec![5, 10], 7));
        assert!(log.delete_old(late, 14, by_time(0)));
        assert_eq!((bases(&log), log.log_start_offset()), (vec![10], 10));
        assert!(log.delete_old(late, 15, by_time(0)));
        assert!(
            !log.delete_old(late, 15, by_time(0)),
            "an empty active one stays"
        );
        assert_eq!((bases(&log), log.size_bytes()), (vec![15], 0));
        assert!(log.truncate_to(12), "before its start it begins anew");
        assert_eq!((log.log_start_offset(), log.log_end_offset()), (12, 12));
    }
}
