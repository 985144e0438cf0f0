//! Making batches: the one place where records become bytes and a checksum.

use super::batch::{BATCH_OVERHEAD, BODY_OVERHEAD, Batch, CONTROL, TRANSACTIONAL};
use super::record::{Header, body_len, contents_len, put};
use super::varint::varint_len;

/// A producer that the broker keeps sequences for (KIP-98), and where in its sequence a batch begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ProducerStamp {
    /// `producer.id`; -1 for none.
    pub producer_id: i64,
    /// Its epoch; -1 for none.
    pub producer_epoch: i16,
    /// The sequence number of the batch's first record; -1 for none.
    pub base_sequence: i32,
}

impl ProducerStamp {
    /// Of a producer that is not idempotent.
    pub const NONE: Self = Self {
        producer_id: -1,
        producer_epoch: -1,
        base_sequence: -1,
    };
}

/// Gathers records into a batch. It keeps its buffer from one batch to the next, so appending a
/// record allocates nothing.
#[derive(Clone, Debug)]
pub struct BatchBuilder {
    /// Room for the header from the attributes on, then the records.
    body: Vec<u8>,
    count: i32,
    base_timestamp: i64,
    max_timestamp: i64,
    producer: ProducerStamp,
    attributes: i16,
}

impl Default for BatchBuilder {
    fn default() -> Self {
        Self::new()
    }
}

impl BatchBuilder {
    /// An empty batch of a producer without idempotence.
    #[must_use]
    pub fn new() -> Self {
        Self {
            body: vec![0; BODY_OVERHEAD],
            count: 0,
            base_timestamp: -1,
            max_timestamp: -1,
            producer: ProducerStamp::NONE,
            attributes: 0,
        }
    }

    /// Sets the producer's stamp, for this batch and those after it.
    pub fn set_producer(&mut self, producer: ProducerStamp) {
        self.producer = producer;
    }

    /// Marks this batch and those after it as part of a transaction, or not.
    pub fn set_transactional(&mut self, transactional: bool) {
        self.set(TRANSACTIONAL, transactional);
    }

    /// Marks this batch and those after it as control batches, or not.
    pub fn set_control(&mut self, control: bool) {
        self.set(CONTROL, control);
    }

    fn set(&mut self, bit: i16, on: bool) {
        self.attributes = if on {
            self.attributes | bit
        } else {
            self.attributes & !bit
        };
    }

    /// Appends a record. `timestamp` is in milliseconds since the epoch, -1 for none.
    pub fn append(
        &mut self,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) {
        if self.count == 0 {
            self.base_timestamp = timestamp;
            self.max_timestamp = timestamp;
        }
        self.max_timestamp = self.max_timestamp.max(timestamp);
        let delta = timestamp.wrapping_sub(self.base_timestamp);
        let body_len = body_len(delta, self.count, key, value, headers);
        self.body.reserve(5 + body_len);
        put(
            &mut self.body,
            body_len,
            delta,
            self.count,
            key,
            value,
            headers,
        );
        self.count = self
            .count
            .checked_add(1)
            .expect("memory ends far below 2^31 records");
    }

    /// Whether nothing was appended yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The records so far.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.count.cast_unsigned()
    }

    /// What [`Batch::size_in_bytes`] would be if the batch were built now.
    #[must_use]
    pub fn size_in_bytes(&self) -> usize {
        BATCH_OVERHEAD - BODY_OVERHEAD + self.body.len()
    }

    /// Whether one more record keeps the batch within `batch_size` bytes. The first always has room:
    /// a record larger than `batch.size` goes alone (`MemoryRecordsBuilder.hasRoomFor`).
    #[must_use]
    pub fn has_room_for(
        &self,
        batch_size: usize,
        timestamp: i64,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        headers: &[Header<'_>],
    ) -> bool {
        if self.count == 0 {
            return true;
        }
        let delta = timestamp.wrapping_sub(self.base_timestamp);
        let body_len = body_len(delta, self.count, key, value, headers);
        let prefix = varint_len(i32::try_from(body_len).unwrap_or(i32::MAX));
        self.size_in_bytes() + prefix + body_len <= batch_size
    }

    /// Whether the batch has reached `batch_size` bytes.
    #[must_use]
    pub fn is_full(&self, batch_size: usize) -> bool {
        self.count > 0 && self.size_in_bytes() >= batch_size
    }

    /// The batch of what was appended, at base offset 0 and without a leader's epoch; the builder
    /// is empty again. `None` if nothing was appended.
    pub fn build(&mut self) -> Option<Batch> {
        if self.count == 0 {
            return None;
        }
        self.put_header();
        let batch = Batch::seal(&self.body);
        self.body.truncate(BODY_OVERHEAD);
        self.count = 0;
        Some(batch)
    }

    /// The fields of `batch::LAYOUT` from the attributes on.
    fn put_header(&mut self) {
        let mut rest = &mut self.body[..BODY_OVERHEAD];
        let mut put = |field: &[u8]| {
            rest.split_off_mut(..field.len())
                .expect("the fields fill the header exactly")
                .copy_from_slice(field);
        };
        put(&self.attributes.to_be_bytes());
        put(&(self.count - 1).to_be_bytes());
        put(&self.base_timestamp.to_be_bytes());
        put(&self.max_timestamp.to_be_bytes());
        put(&self.producer.producer_id.to_be_bytes());
        put(&self.producer.producer_epoch.to_be_bytes());
        put(&self.producer.base_sequence.to_be_bytes());
        put(&self.count.to_be_bytes());
    }
}

/// Kafka's upper bound on a batch of one such record, in bytes: what the producer holds against
/// `max.request.size` and what it takes from `buffer.memory` for a record above `batch.size`
/// (`AbstractRecords.estimateSizeInBytesUpperBound`).
#[must_use]
pub fn batch_size_upper_bound(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) -> usize {
    /// Length 5, attributes 1, timestamp delta 10, offset delta 5.
    const MAX_RECORD_OVERHEAD: usize = 21;
    BATCH_OVERHEAD + MAX_RECORD_OVERHEAD + contents_len(key, value, headers)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use crate::log::{BatchError, Record};
    use proptest::prelude::*;

    fn one(value: &[u8]) -> Batch {
        let mut builder = BatchBuilder::new();
        builder.append(1_000, None, Some(value), &[]);
        builder.build().expect("a record was appended")
    }

    fn wire(batch: &Batch) -> Vec<u8> {
        let mut out = Vec::new();
        batch.encode_into(&mut out);
        out
    }

    #[test]
    fn sizes_are_those_of_the_real_format() {
        assert_eq!(one(b"a0").size_in_bytes(), 70);
        assert_eq!(one(b"v00").size_in_bytes(), 71);
        assert_eq!(BatchBuilder::new().build(), None);
        assert_eq!(batch_size_upper_bound(None, Some(b"a0"), &[]), 61 + 21 + 5);
    }

    #[test]
    fn the_leader_epoch_and_offset_are_outside_the_checksum() {
        let mut batch = one(b"a0");
        let crc = batch.crc();
        batch.base_offset = 41;
        batch.leader_epoch = 7;
        let read = Batch::decode(&wire(&batch)).expect("it was just written");
        assert_eq!(
            (read.crc(), read.base_offset, read.leader_epoch),
            (crc, 41, 7)
        );
    }

    #[test]
    fn every_flipped_bit_behind_the_checksum_is_noticed() {
        let bytes = wire(&one(b"hello"));
        for bit in 17 * 8..bytes.len() * 8 {
            let mut bad = bytes.clone();
            bad[bit / 8] ^= 1 << (bit % 8);
            let read = Batch::decode(&bad);
            assert!(matches!(read, Err(BatchError::Crc { .. })), "bit {bit}");
        }
    }

    #[test]
    fn a_batch_cut_anywhere_says_how_much_is_missing() {
        let bytes = wire(&one(b"hello"));
        for cut in 0..bytes.len() {
            let read = Batch::decode(&bytes[..cut]);
            assert!(
                matches!(read, Err(BatchError::Truncated { .. })),
                "cut at {cut}"
            );
        }
    }

    #[test]
    fn sequences_wrap_to_zero() {
        let mut builder = BatchBuilder::new();
        builder.set_producer(ProducerStamp {
            producer_id: 9,
            producer_epoch: 0,
            base_sequence: i32::MAX - 1,
        });
        for _ in 0..4 {
            builder.append(0, None, None, &[]);
        }
        let batch = builder.build().expect("records were appended");
        assert_eq!(batch.last_sequence(), 1);
        let sequences: Vec<_> = batch
            .records()
            .map(|record| record.expect("valid").sequence)
            .collect();
        assert_eq!(sequences, [i32::MAX - 1, i32::MAX, 0, 1]);
    }

    /// With the checksum made good, so that the records themselves are looked at.
    #[test]
    fn every_byte_of_the_records_may_be_any_other() {
        let mut builder = BatchBuilder::new();
        for timestamp in [1_000, 2_000] {
            let headers = [Header::new("name", b"v"), Header::new("n", b"")];
            builder.append(timestamp, Some(b"key"), None, &headers);
        }
        builder.put_header();
        let mut seen = std::collections::BTreeSet::new();
        for at in BODY_OVERHEAD - 4..builder.body.len() {
            for value in 0..=u8::MAX {
                let mut body = builder.body.clone();
                body[at] = value;
                let mut records = 0;
                for record in Batch::seal(&body).records() {
                    records += 1;
                    if let Err(error) = record {
                        let name = format!("{error:?}");
                        seen.insert(name.split('(').next().unwrap_or_default().to_owned());
                    }
                }
                assert!(records <= 3, "an error is the last");
            }
        }
        let seen: Vec<_> = seen.iter().map(String::as_str).collect();
        assert_eq!(
            seen,
            [
                "FieldLength",
                "HeaderCount",
                "HeaderKey",
                "RecordLength",
                "RecordsLeft",
                "Varint"
            ]
        );
    }

    type Field = Option<Vec<u8>>;

    proptest! {
        #[test]
        fn records_come_back_as_they_were_put(
            base_offset in 0..i64::MAX / 2,
            records: Vec<(i64, Field, Field, Vec<(Vec<u8>, Field)>)>,
        ) {
            let mut builder = BatchBuilder::new();
            for (timestamp, key, value, headers) in &records {
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(key, value)| Header { key, value: value.as_deref() })
                    .collect();
                let (key, value) = (key.as_deref(), value.as_deref());
                let room = builder.size_in_bytes();
                prop_assert!(builder.is_empty()
                    || !builder.has_room_for(room, *timestamp, key, value, &headers));
                builder.append(*timestamp, key, value, &headers);
                prop_assert!(builder.has_room_for(usize::MAX, *timestamp, key, value, &headers));
            }
            let size = builder.size_in_bytes();
            let Some(mut batch) = builder.build() else {
                prop_assert!(records.is_empty());
                return Ok(());
            };
            batch.base_offset = base_offset;
            prop_assert_eq!(batch.size_in_bytes(), size);
            let read = Batch::decode(&wire(&batch)).expect("it was just written");
            prop_assert_eq!(&read, &batch);
            let read: Result<Vec<Record<'_>>, _> = read.records().collect();
            let read = read.expect("they were just written");
            prop_assert_eq!(read.len(), records.len());
            for (i, (record, (timestamp, key, value, headers))) in read.iter().zip(&records).enumerate() {
                prop_assert_eq!(record.offset, base_offset + i as i64);
                prop_assert_eq!(record.timestamp, *timestamp);
                prop_assert_eq!(record.key, key.as_deref());
                prop_assert_eq!(record.value, value.as_deref());
                let headers: Vec<_> = headers
                    .iter()
                    .map(|(key, value)| Header { key, value: value.as_deref() })
                    .collect();
                prop_assert_eq!(&record.headers, &headers);
            }
        }
    }
}
