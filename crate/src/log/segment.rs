//! Segments: the files a log is cut into. Here a segment is a few numbers that say where it begins
//! and what it has seen; batches and index entries lie in the log's piles (`LogSegment.java`).

use super::index::{OFFSET_ENTRY_BYTES, OffsetPosition, TIME_ENTRY_BYTES, TimestampOffset};
use super::{Batch, Log, LogConfig};
use std::ops::Range;

/// Why a segment was closed and the next begun (`LogSegment.shouldRoll`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Roll {
    /// The batch would have taken it over `segment.bytes`.
    Size,
    /// The batch's latest timestamp is more than `segment.ms` after that of the segment's first
    /// batch; or, where that one has no timestamp, the segment was made longer ago.
    Time,
    /// An index has reached `segment.index.bytes`.
    IndexFull,
    /// The offset would be more than 2^31 - 1 above the segment's base.
    OffsetRange,
}

/// How long the log's piles were when a segment began.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(super) struct Marks {
    pub batches: usize,
    pub offset_entries: usize,
    pub time_entries: usize,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Segment {
    pub base_offset: i64,
    pub from: Marks,
    pub size: u32,
    /// The wall clock at its making, in milliseconds since the epoch.
    pub created_ms: i64,
    /// The latest timestamp of the first batch, which rolling by time counts from.
    pub first_timestamp: Option<i64>,
    /// The latest timestamp so far, with the last offset of the first batch that has it.
    pub latest: Option<TimestampOffset>,
    pub bytes_since_entry: u32,
}

impl Segment {
    pub fn new(base_offset: i64, from: Marks, created_ms: i64) -> Self {
        Self {
            base_offset,
            from,
            size: 0,
            created_ms,
            first_timestamp: None,
            latest: None,
            bytes_since_entry: 0,
        }
    }

    /// Whether to begin a new segment before `batch`, whose offsets are assigned. `now_ms` is the
    /// wall clock, `end` the piles' lengths.
    pub fn should_roll(
        &self,
        batch: &Batch,
        batch_size: u32,
        now_ms: i64,
        end: Marks,
        config: &LogConfig,
    ) -> Option<Roll> {
        let waited_ms = match self.first_timestamp {
            Some(first) if first >= 0 => batch.max_timestamp().saturating_sub(first),
            _ => now_ms.saturating_sub(self.created_ms),
        };
        let offset_entries = end.offset_entries - self.from.offset_entries;
        let time_entries = end.time_entries - self.from.time_entries;
        let relative = batch.last_offset() - self.base_offset;
        if relative > i64::from(i32::MAX) {
            Some(Roll::OffsetRange)
        } else if self.size == 0 {
            // Nothing to close. (Kafka would make an empty segment anew at the same offset.)
            None
        } else if self.size > config.segment_limit().saturating_sub(batch_size) {
            Some(Roll::Size)
        } else if waited_ms > config.segment_ms {
            Some(Roll::Time)
        } else if offset_entries >= (config.segment_index_bytes / OFFSET_ENTRY_BYTES) as usize
            // The last place is kept for the entry made on rolling.
            || time_entries + 1 >= (config.segment_index_bytes / TIME_ENTRY_BYTES) as usize
        {
            Some(Roll::IndexFull)
        } else {
            None
        }
    }

    /// Counts `batch` in and says whether the indexes get an entry for it: when more than
    /// `index.interval.bytes` went by since the last one. So the first batch never has one.
    pub fn count_in(&mut self, batch: &Batch, batch_size: u32, config: &LogConfig) -> bool {
        let timestamp = batch.max_timestamp();
        if self.size == 0 {
            self.first_timestamp = Some(timestamp);
        }
        // The time index begins at -1, "no timestamp": batches without one never enter it.
        if timestamp > self.latest.map_or(-1, |latest| latest.timestamp) {
            self.latest = Some(TimestampOffset {
                timestamp,
                offset: batch.last_offset(),
            });
        }
        let entry = self.bytes_since_entry > config.index_interval_bytes;
        if entry {
            self.bytes_since_entry = 0;
        }
        self.bytes_since_entry = self.bytes_since_entry.saturating_add(batch_size);
        self.size += batch_size;
        entry
    }
}

/// One segment of a log, to look at.
#[derive(Clone, Copy, Debug)]
pub struct SegmentView<'a> {
    pub(super) log: &'a Log,
    pub(super) segment: &'a Segment,
    pub(super) to: Marks,
}

impl<'a> SegmentView<'a> {
    /// The offset it begins at, which names its files.
    #[must_use]
    pub fn base_offset(&self) -> i64 {
        self.segment.base_offset
    }

    /// The size of its `.log` file in bytes.
    #[must_use]
    pub fn size_bytes(&self) -> u32 {
        self.segment.size
    }

    /// Whether it is the one being written.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.segment.base_offset == self.log.active.base_offset
    }

    /// The latest timestamp in it, with the last offset of the first batch that has it.
    #[must_use]
    pub fn latest_timestamp(&self) -> Option<TimestampOffset> {
        self.segment.latest
    }

    /// Its batches, each with its position in the file.
    pub fn batches(&self) -> impl Iterator<Item = (u32, &'a Batch)> + use<'a> {
        let mut position = 0;
        self.log
            .batches
            .range(self.batch_range())
            .map(move |batch| {
                let at = position;
                position += batch.size_in_bytes() as u32;
                (at, batch)
            })
    }

    /// The entries of its offset index, ascending.
    pub fn offset_index(&self) -> impl Iterator<Item = OffsetPosition> + use<'a> {
        self.log.offset_entries.range(self.offset_range()).copied()
    }

    /// The entries of its time index, ascending.
    pub fn time_index(&self) -> impl Iterator<Item = TimestampOffset> + use<'a> {
        self.log.time_entries.range(self.time_range()).copied()
    }

    /// The floor of `offset` in the offset index; the segment's beginning where there is none.
    pub(super) fn offset_floor(&self, offset: i64) -> OffsetPosition {
        let range = self.offset_range();
        let after = self
            .log
            .offset_entries
            .partition_point(range.clone(), |entry| entry.offset <= offset);
        let floor = self
            .log
            .offset_entries
            .range(range.start..after)
            .next_back();
        floor.copied().unwrap_or(OffsetPosition {
            offset: self.base_offset(),
            position: 0,
        })
    }

    /// The offset that the floor of `timestamp` in the time index leads to: no record before it is
    /// as late.
    pub(super) fn time_floor(&self, timestamp: i64) -> i64 {
        let range = self.time_range();
        let after = self
            .log
            .time_entries
            .partition_point(range.clone(), |entry| entry.timestamp <= timestamp);
        let floor = self.log.time_entries.range(range.start..after).next_back();
        floor.map_or(self.base_offset(), |entry| entry.offset)
    }

    pub(super) fn batch_range(&self) -> Range<usize> {
        self.segment.from.batches..self.to.batches
    }

    fn offset_range(&self) -> Range<usize> {
        self.segment.from.offset_entries..self.to.offset_entries
    }

    fn time_range(&self) -> Range<usize> {
        self.segment.from.time_entries..self.to.time_entries
    }
}
