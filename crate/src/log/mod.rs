//! The log of one partition: batches appended one after another, never changed; cut off where a
//! follower's parts from its leader's, and deleted from the beginning when they are old (`cut.rs`).
//! Records exist as bytes in [`Batch`]es; a [`Log`] cuts them into segments with two sparse indexes
//! each, as Kafka does. Clones share everything that is written.

mod batch;
mod builder;
mod crc32c;
mod cut;
pub mod dump;
pub mod epochs;
pub mod files;
mod index;
mod record;
mod segment;
pub mod sidecar;
pub mod varint;

pub use batch::{
    BATCH_OVERHEAD, Batch, BatchError, Compression, LAYOUT, LOG_OVERHEAD, Records, TimestampType,
};
pub use builder::{BatchBuilder, ProducerStamp, batch_size_upper_bound};
pub use crc32c::crc32c;
pub use cut::Retention;
pub use epochs::LeaderEpochs;
pub use index::{OFFSET_ENTRY_BYTES, OffsetPosition, TIME_ENTRY_BYTES, TimestampOffset};
pub use record::{Header, Record};
pub use segment::{Roll, SegmentView};

use crate::pile::Pile;
use crate::time::Time;
use segment::{Marks, Segment};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The topic settings that shape segments, by their names in Kafka.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default)]
pub struct LogConfig {
    /// The most bytes of a segment's `.log` file, up to 2^31 - 1. A larger batch is refused.
    #[serde(rename = "segment.bytes")]
    pub segment_bytes: u32,
    /// The most milliseconds from a segment's first timestamp to its last (no jitter).
    #[serde(rename = "segment.ms")]
    pub segment_ms: i64,
    /// An index entry is made when more bytes than this were appended since the last one.
    #[serde(rename = "index.interval.bytes")]
    pub index_interval_bytes: u32,
    /// The most bytes of either index file; a full one ends its segment.
    #[serde(rename = "segment.index.bytes")]
    pub segment_index_bytes: u32,
}

/// Kafka's defaults.
impl Default for LogConfig {
    fn default() -> Self {
        Self {
            segment_bytes: 1 << 30,
            segment_ms: 7 * 24 * 3_600_000,
            index_interval_bytes: 4_096,
            segment_index_bytes: 10 << 20,
        }
    }
}

impl LogConfig {
    /// `segment.bytes` within what the format allows: positions have 31 bits.
    fn segment_limit(&self) -> u32 {
        self.segment_bytes.min(i32::MAX as u32)
    }
}

/// What an append did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AppendInfo {
    /// The offset of the batch's first record.
    pub base_offset: i64,
    /// The offset of its last.
    pub last_offset: i64,
    /// The base offset of the segment it lies in.
    pub segment: i64,
    /// Where it begins in that segment's file, in bytes.
    pub position: u32,
    /// Why that segment was begun for it, if it was.
    pub rolled: Option<Roll>,
}

/// Why a batch was not appended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AppendError {
    /// It is larger than a whole segment may be (`RecordBatchTooLargeException`).
    TooLarge {
        /// The batch, in bytes.
        size: usize,
        /// `segment.bytes`.
        segment_bytes: u32,
    },
    /// It does not have one record for each of its offsets, which a producer's batch must
    /// (`InvalidRecordException`).
    NotDense {
        /// Offsets it spans.
        offsets: i64,
        /// Records it holds.
        count: u32,
    },
    /// The leader's batch begins before the log's end (`UnexpectedAppendOffsetException`).
    Behind {
        /// Where it begins.
        base_offset: i64,
        /// Where the log ends.
        log_end_offset: i64,
    },
    /// There are no offsets left.
    NoOffsets,
}

impl fmt::Display for AppendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge {
                size,
                segment_bytes,
            } => write!(
                f,
                "Message batch size is {size} bytes in append which exceeds the maximum \
                 configured segment size of {segment_bytes}."
            ),
            Self::NotDense { offsets, count } => write!(
                f,
                "Inconsistent batch offset range and count: it spans {offsets} offsets and \
                 holds {count} records"
            ),
            Self::Behind {
                base_offset,
                log_end_offset,
            } => write!(
                f,
                "Unexpected offset in append. First offset {base_offset} is less than the next \
                 offset {log_end_offset}."
            ),
            Self::NoOffsets => f.write_str("the partition has no offsets left"),
        }
    }
}

impl std::error::Error for AppendError {}

/// A fetch from where the log is not (`OFFSET_OUT_OF_RANGE`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetOutOfRange {
    /// What was asked for.
    pub offset: i64,
    /// The first offset there is.
    pub log_start_offset: i64,
    /// The offset the next record will get, which may be asked for: there is nothing yet.
    pub log_end_offset: i64,
}

impl fmt::Display for OffsetOutOfRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            offset,
            log_start_offset,
            log_end_offset,
        } = self;
        write!(
            f,
            "Received request for offset {offset}, but we only have log segments in the range \
             {log_start_offset} to {log_end_offset}."
        )
    }
}

impl std::error::Error for OffsetOutOfRange {}

/// How a batch was found by offset: the segment, the floor in its sparse index, then a scan.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Found {
    /// The base offset of the segment.
    pub segment: i64,
    /// The index entry the scan began at; the segment's beginning where it has none as low.
    pub floor: OffsetPosition,
    /// Batches passed over from there.
    pub scanned: u32,
    /// The batch's number in the log.
    batch: usize,
    /// The number after the last batch of the segment.
    segment_end: usize,
}

/// An append-only log. See the module.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Log {
    config: LogConfig,
    start_offset: i64,
    end_offset: i64,
    size_bytes: u64,
    /// What was deleted from the beginning, in bytes.
    deleted_bytes: u64,
    batches: Pile<Batch>,
    offset_entries: Pile<OffsetPosition>,
    time_entries: Pile<TimestampOffset>,
    /// All segments but the one being written.
    closed: Pile<Segment>,
    active: Segment,
}

impl Log {
    /// An empty log whose first record will have offset 0, made at `now`.
    #[must_use]
    pub fn new(config: LogConfig, now: Time) -> Self {
        Self::starting_at(0, config, now)
    }

    /// An empty log whose first record will have `offset` (not negative).
    #[must_use]
    pub fn starting_at(offset: i64, config: LogConfig, now: Time) -> Self {
        Self {
            config,
            start_offset: offset,
            end_offset: offset,
            size_bytes: 0,
            deleted_bytes: 0,
            batches: Pile::default(),
            offset_entries: Pile::default(),
            time_entries: Pile::default(),
            closed: Pile::default(),
            active: Segment::new(offset, Marks::default(), now.event_ms()),
        }
    }

    /// The settings in force.
    #[must_use]
    pub fn config(&self) -> &LogConfig {
        &self.config
    }

    /// Changes the settings; what is written stays as it is.
    pub fn set_config(&mut self, config: LogConfig) {
        self.config = config;
    }

    /// Appends as a leader does: the batch gets the next offsets and `leader_epoch`.
    ///
    /// # Errors
    /// The batch is larger than a segment, or lacks a record for some of its offsets. Nothing is
    /// changed then.
    pub fn append(
        &mut self,
        mut batch: Batch,
        leader_epoch: i32,
        now: Time,
    ) -> Result<AppendInfo, AppendError> {
        let offsets = i64::from(batch.last_offset_delta()) + 1;
        if offsets != i64::from(batch.count()) {
            return Err(AppendError::NotDense {
                offsets,
                count: batch.count(),
            });
        }
        if self.end_offset.checked_add(offsets).is_none() {
            return Err(AppendError::NoOffsets);
        }
        batch.base_offset = self.end_offset;
        batch.leader_epoch = leader_epoch;
        self.push(batch, now)
    }

    /// Appends as a follower does: the batch keeps the offsets and epoch its leader gave it. There
    /// may be a gap before it, where the leader's log was compacted.
    ///
    /// # Errors
    /// The batch is larger than a segment, or begins before this log's end.
    pub fn append_as_follower(
        &mut self,
        batch: Batch,
        now: Time,
    ) -> Result<AppendInfo, AppendError> {
        if batch.base_offset < self.end_offset {
            return Err(AppendError::Behind {
                base_offset: batch.base_offset,
                log_end_offset: self.end_offset,
            });
        }
        self.push(batch, now)
    }

    fn push(&mut self, batch: Batch, now: Time) -> Result<AppendInfo, AppendError> {
        let size = batch.size_in_bytes();
        let segment_bytes = self.config.segment_limit();
        let batch_size = u32::try_from(size)
            .ok()
            .filter(|&size| size <= segment_bytes)
            .ok_or(AppendError::TooLarge {
                size,
                segment_bytes,
            })?;
        let end = self.marks();
        let rolled = self
            .active
            .should_roll(&batch, batch_size, now.event_ms(), end, &self.config);
        if rolled.is_some() {
            self.roll(batch.base_offset, now.event_ms());
        }
        let info = AppendInfo {
            base_offset: batch.base_offset,
            last_offset: batch.last_offset(),
            segment: self.active.base_offset,
            position: self.active.size,
            rolled,
        };
        if self.active.count_in(&batch, batch_size, &self.config) {
            self.offset_entries.push(OffsetPosition {
                offset: info.last_offset,
                position: info.position,
            });
            self.index_latest_timestamp();
        }
        self.end_offset = batch.next_offset();
        self.size_bytes += u64::from(batch_size);
        self.batches.push(batch);
        Ok(info)
    }

    /// Closes the active segment, if there is anything in it, and begins one at `base_offset`.
    fn roll(&mut self, base_offset: i64, now_ms: i64) {
        if self.active.size > 0 {
            self.index_latest_timestamp();
            self.closed.push(self.active);
        }
        self.active = Segment::new(base_offset, self.marks(), now_ms);
    }

    /// Adds the active segment's latest timestamp to its time index, unless it is there already.
    fn index_latest_timestamp(&mut self) {
        let Some(latest) = self.active.latest else {
            return;
        };
        let entries = self.active.from.time_entries..self.time_entries.len();
        let last = self.time_entries.range(entries).next_back();
        if last.is_none_or(|last| latest.timestamp > last.timestamp) {
            self.time_entries.push(latest);
        }
    }

    fn marks(&self) -> Marks {
        Marks {
            batches: self.batches.len(),
            offset_entries: self.offset_entries.len(),
            time_entries: self.time_entries.len(),
        }
    }

    /// The first offset there is.
    #[must_use]
    pub fn log_start_offset(&self) -> i64 {
        self.start_offset
    }

    /// The offset the next record will get ("LEO").
    #[must_use]
    pub fn log_end_offset(&self) -> i64 {
        self.end_offset
    }

    /// All batches, in bytes as they stand in files.
    #[must_use]
    pub fn size_bytes(&self) -> u64 {
        self.size_bytes
    }

    /// What a clone that goes its own way may cost, roughly, in bytes. What is written is shared
    /// and costs nothing.
    #[must_use]
    pub fn heap_bytes_unshared(&self) -> usize {
        self.batches.unshared_bytes()
            + self.offset_entries.unshared_bytes()
            + self.time_entries.unshared_bytes()
            + self.closed.unshared_bytes()
    }

    /// How many bytes of this log are deleted in `later`, which is what became of it, and how many
    /// batches they are: what is kept in memory for the sake of this one alone.
    #[must_use]
    pub fn deleted_in(&self, later: &Self) -> (u64, usize) {
        let bytes = later.deleted_bytes.saturating_sub(self.deleted_bytes);
        let batches = later.batches.first().saturating_sub(self.batches.first());
        let there = self.batches.len() - self.batches.first();
        (bytes.min(self.size_bytes), batches.min(there))
    }

    /// All batches, oldest first. Where a leader's log start was taken over, the first may lie before
    /// it, until its segment is deleted.
    pub fn batches(&self) -> impl DoubleEndedIterator<Item = &Batch> {
        self.batches.iter()
    }

    /// The segments, oldest first; there is always one, the active one, which may be empty.
    pub fn segments(&self) -> impl DoubleEndedIterator<Item = SegmentView<'_>> {
        (self.closed.first()..=self.closed.len()).map(|i| self.segment(i))
    }

    fn segment(&self, i: usize) -> SegmentView<'_> {
        let next = self.closed.get(i + 1).unwrap_or(&self.active);
        match self.closed.get(i) {
            Some(segment) => SegmentView {
                log: self,
                segment,
                to: next.from,
            },
            None => SegmentView {
                log: self,
                segment: &self.active,
                to: self.marks(),
            },
        }
    }

    /// The segment that has `offset`, if the log does.
    fn segment_of(&self, offset: i64) -> SegmentView<'_> {
        let after = self
            .closed
            .partition_point(self.closed.first()..self.closed.len(), |segment| {
                segment.base_offset <= offset
            });
        if self.active.base_offset <= offset {
            self.segment(self.closed.len())
        } else {
            self.segment(after.saturating_sub(1).max(self.closed.first()))
        }
    }

    /// Finds the batch with `offset` as Kafka does, and says how. Where compaction left a gap, it is
    /// the next batch. `None` if the log has nothing as high.
    #[must_use]
    pub fn find(&self, offset: i64) -> Option<Found> {
        if offset >= self.end_offset {
            return None;
        }
        let segment = self.segment_of(offset);
        let floor = segment.offset_floor(offset);
        let range = segment.batch_range();
        let start = self
            .batches
            .partition_point(range.clone(), |batch| batch.last_offset() < floor.offset);
        let scanned = self
            .batches
            .range(start..range.end)
            .take_while(|batch| batch.last_offset() < offset)
            .count();
        let found = Found {
            segment: segment.base_offset(),
            floor,
            scanned: scanned as u32,
            batch: start + scanned,
            segment_end: range.end,
        };
        if found.batch < range.end {
            return Some(found);
        }
        // The gap reaches to the segment's end.
        self.find(self.batches.get(range.end)?.base_offset)
    }

    /// The batch that was found.
    #[must_use]
    pub fn found(&self, found: &Found) -> &Batch {
        self.batches
            .get(found.batch)
            .expect("what was found is looked at before the log changes")
    }

    /// Batches from the one with `offset`, up to `max_bytes`, all below `end_offset` (the high
    /// watermark for a consumer, the log's end for a follower). Whole batches: the first comes even
    /// if it is over `max_bytes` (KIP-74), and it may begin before `offset`. As in Kafka, one read
    /// does not go past the end of a segment.
    ///
    /// # Errors
    /// `offset` is before the log's start or after its end.
    pub fn read(
        &self,
        offset: i64,
        max_bytes: usize,
        end_offset: i64,
    ) -> Result<impl Iterator<Item = &Batch>, OffsetOutOfRange> {
        if !(self.start_offset..=self.end_offset).contains(&offset) {
            return Err(OffsetOutOfRange {
                offset,
                log_start_offset: self.start_offset,
                log_end_offset: self.end_offset,
            });
        }
        let range = self
            .find(offset)
            .map_or(0..0, |found| found.batch..found.segment_end);
        let mut left = Some(max_bytes);
        Ok(self.batches.range(range).take_while(move |batch| {
            let Some(bytes) = left.filter(|_| batch.next_offset() <= end_offset) else {
                return false;
            };
            let first = bytes == max_bytes;
            left = bytes.checked_sub(batch.size_in_bytes());
            first || left.is_some()
        }))
    }

    /// The first record whose timestamp is `timestamp` or later: `ListOffsets` by time. `None` if
    /// none is as late. Segments are passed over by their latest timestamp, the rest is the time
    /// index's floor, then the offset index's, then a scan.
    ///
    /// # Errors
    /// The scan met a record that cannot be read, or a compressed batch.
    pub fn offset_for_timestamp(
        &self,
        timestamp: i64,
    ) -> Result<Option<TimestampOffset>, BatchError> {
        let late = |latest: Option<TimestampOffset>| {
            latest.is_some_and(|latest| latest.timestamp >= timestamp)
        };
        let Some(segment) = self
            .segments()
            .find(|segment| late(segment.latest_timestamp()))
        else {
            return Ok(None);
        };
        let from = segment.time_floor(timestamp).max(self.start_offset);
        self.first_in(&segment, from, |at| at >= timestamp)
    }

    /// The record with the latest timestamp, the first if several have it: `ListOffsets` with -3
    /// (KIP-734).
    ///
    /// # Errors
    /// As [`Log::offset_for_timestamp`].
    pub fn offset_of_max_timestamp(&self) -> Result<Option<TimestampOffset>, BatchError> {
        let mut best: Option<(SegmentView<'_>, TimestampOffset)> = None;
        for segment in self.segments() {
            if let Some(latest) = segment.latest_timestamp()
                && best.is_none_or(|(_, best)| latest.timestamp > best.timestamp)
            {
                best = Some((segment, latest));
            }
        }
        match best {
            None => Ok(None),
            Some((segment, latest)) => {
                self.first_in(&segment, latest.offset, |at| at == latest.timestamp)
            }
        }
    }

    /// The first record of `segment` whose timestamp satisfies `wanted`, in the batch of offset
    /// `from` or after it.
    fn first_in(
        &self,
        segment: &SegmentView<'_>,
        from: i64,
        wanted: impl Fn(i64) -> bool,
    ) -> Result<Option<TimestampOffset>, BatchError> {
        let Some(found) = self.find(from) else {
            return Ok(None);
        };
        for batch in self.batches.range(found.batch..segment.batch_range().end) {
            for record in batch.records() {
                let record = record?;
                if wanted(record.timestamp) && record.offset >= self.start_offset {
                    return Ok(Some(TimestampOffset {
                        timestamp: record.timestamp,
                        offset: record.offset,
                    }));
                }
            }
        }
        Ok(None)
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
