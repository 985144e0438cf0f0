//! What a poll gives: records as slices of the batches they came in.

use crate::id::TopicPartition;
use crate::log::{Batch, Record};
use crate::protocol::fingerprint;

/// Records of one partition, consecutive.
#[derive(Clone, Debug)]
pub struct PartitionRecords {
    /// The partition.
    pub at: TopicPartition,
    /// The first offset.
    pub first: i64,
    /// The offset after the last: what a consumer that is done with these commits.
    pub next: i64,
    /// How many records.
    pub count: u32,
    /// The batches they are in, which may hold others before and after.
    batches: Vec<Batch>,
}

impl PartitionRecords {
    /// The [`fingerprint`] of the batches they are in.
    pub(super) fn fingerprint(&self) -> u64 {
        fingerprint(self.batches.iter().map(|b| (b.base_offset, b.crc())))
    }

    /// The leader epoch of the last of them.
    pub(super) fn last_epoch(&self) -> Option<i32> {
        self.batches.last().map(|batch| batch.leader_epoch)
    }

    /// Each record.
    pub fn iter(&self) -> impl Iterator<Item = Record<'_>> {
        let wanted = self.first..self.next;
        self.batches
            .iter()
            .flat_map(|batch| batch.records().map_while(Result::ok))
            .filter(move |record| wanted.contains(&record.offset))
    }
}

/// What one poll gave. Cheap to clone: the bytes are the log's own.
#[derive(Clone, Debug, Default)]
pub struct Records {
    /// Partition by partition.
    pub partitions: Vec<PartitionRecords>,
}

impl Records {
    /// Each record with its partition.
    pub fn iter(&self) -> impl Iterator<Item = (TopicPartition, Record<'_>)> {
        self.partitions
            .iter()
            .flat_map(|part| part.iter().map(|record| (part.at, record)))
    }

    /// How many records.
    #[must_use]
    pub fn len(&self) -> usize {
        self.partitions.iter().map(|part| part.count as usize).sum()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }
}

/// Fetched and not yet polled.
#[derive(Clone, Debug)]
pub(super) struct Chunk {
    pub at: TopicPartition,
    pub batches: Vec<Batch>,
}

impl Chunk {
    /// The offset after its last.
    pub fn end(&self) -> i64 {
        self.batches.last().map_or(0, Batch::next_offset)
    }

    /// At most `max` records (1 or more) from `position` on. There may be none, where the log has a
    /// gap or only markers; `next` is past them then.
    pub fn take(&self, position: i64, max: u32) -> PartitionRecords {
        let mut taken = PartitionRecords {
            at: self.at,
            first: position,
            next: position,
            count: 0,
            batches: Vec::new(),
        };
        for batch in &self.batches {
            let left = max - taken.count;
            if left == 0 {
                break;
            }
            if batch.next_offset() <= taken.next {
                continue;
            }
            if batch.is_control() {
                taken.next = batch.next_offset();
                continue;
            }
            let (count, next) = from_batch(batch, taken.next, left);
            taken.count += count;
            taken.next = next;
            taken.batches.push(batch.clone());
        }
        taken
    }
}

/// How many of at most `max` records a batch has from `position` on, and the offset after them.
fn from_batch(batch: &Batch, position: i64, max: u32) -> (u32, i64) {
    let span = batch.next_offset() - batch.base_offset;
    if span == i64::from(batch.count()) {
        let first = position.max(batch.base_offset);
        let count = (batch.next_offset() - first).min(i64::from(max));
        return (count as u32, first + count);
    }
    // Compaction left gaps: count one by one.
    let offsets = batch
        .records()
        .map_while(Result::ok)
        .map(|record| record.offset)
        .filter(|&offset| offset >= position);
    let taken: Vec<i64> = offsets.take(max as usize).collect();
    match taken.last() {
        Some(&last) if taken.len() == max as usize => (max, last + 1),
        _ => (taken.len() as u32, batch.next_offset()),
    }
}
