//! A record batch: the unit that is sent, appended, replicated, fetched and stored. Format 2 ("magic
//! 2"), byte for byte (Kafka documentation, "Record Batch"; `DefaultRecordBatch.java`).

use super::crc32c;
use super::record::{Base, Record, sequence_after, take};
use super::varint::VarintError;
use std::fmt;
use std::sync::Arc;

/// The header's fields: name, offset from the start of the batch and bytes, big-endian.
/// What follows the last are the records.
pub const LAYOUT: [(&str, usize, usize); 13] = [
    ("baseOffset", 0, 8),
    ("batchLength", 8, 4),
    ("partitionLeaderEpoch", 12, 4),
    ("magic", 16, 1),
    ("crc", 17, 4),
    ("attributes", 21, 2),
    ("lastOffsetDelta", 23, 4),
    ("baseTimestamp", 27, 8),
    ("maxTimestamp", 35, 8),
    ("producerId", 43, 8),
    ("producerEpoch", 51, 2),
    ("baseSequence", 53, 4),
    ("recordsCount", 57, 4),
];

/// The header in bytes: what a batch takes beside its records.
pub const BATCH_OVERHEAD: usize = 61;
/// The bytes that the length field does not count: the base offset and the length itself.
pub const LOG_OVERHEAD: usize = 12;
/// The least length of any format, by which zeros are told from an old format's batch.
const SHORTEST: i32 = 14;
/// Where the CRC's range begins, and the bytes a [`Batch`] shares.
const ATTRIBUTES: usize = 21;
/// The header's share of those bytes.
pub(super) const BODY_OVERHEAD: usize = BATCH_OVERHEAD - ATTRIBUTES;

pub(super) const LOG_APPEND_TIME: i16 = 1 << 3;
pub(super) const TRANSACTIONAL: i16 = 1 << 4;
pub(super) const CONTROL: i16 = 1 << 5;
pub(super) const DELETE_HORIZON: i16 = 1 << 6;

/// The codec a batch's records are compressed with, as a whole (attributes, bits 0 to 2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compression {
    /// Not compressed.
    None,
    /// RFC 1952.
    Gzip,
    /// With xerial's framing.
    Snappy,
    /// The LZ4 frame format.
    Lz4,
    /// RFC 8878.
    Zstd,
    /// A number Kafka gives no codec.
    Unknown(u8),
}

impl Compression {
    fn of(attributes: i16) -> Self {
        match attributes & 7 {
            0 => Self::None,
            1 => Self::Gzip,
            2 => Self::Snappy,
            3 => Self::Lz4,
            4 => Self::Zstd,
            other => Self::Unknown(other as u8),
        }
    }

    /// Whether Kafka has such a codec; a batch that claims another is damaged.
    #[must_use]
    pub fn is_known(self) -> bool {
        !matches!(self, Self::Unknown(_))
    }
}

/// The name `compression.type` knows it by.
impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::None => f.write_str("none"),
            Self::Gzip => f.write_str("gzip"),
            Self::Snappy => f.write_str("snappy"),
            Self::Lz4 => f.write_str("lz4"),
            Self::Zstd => f.write_str("zstd"),
            Self::Unknown(id) => write!(f, "unknown codec {id}"),
        }
    }
}

/// Whose clock a batch's timestamps come from (`message.timestamp.type`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TimestampType {
    /// The producer's, record by record.
    CreateTime,
    /// The broker's when it appended: one for the whole batch.
    LogAppendTime,
}

/// What is wrong with bytes that should be a batch.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BatchError {
    /// Fewer bytes than the batch says it has, or than any batch must have.
    Truncated {
        /// Bytes a whole batch takes here; at least this many where its length cannot be read.
        needed: u64,
        /// Bytes there are.
        available: u64,
    },
    /// The length field leaves no room for the header.
    Length(i32),
    /// Another format: 0 and 1 are of before Kafka 0.11.
    Magic(i8),
    /// The bytes are not those the checksum was made of.
    Crc {
        /// In the header.
        stored: u32,
        /// Of the bytes.
        computed: u32,
    },
    /// The last offset delta is negative, or leads past the last offset there can be.
    LastOffsetDelta(i32),
    /// The count of records is negative.
    RecordCount(i32),
    /// Bytes are left after the last record.
    RecordsLeft(usize),
    /// A record's length disagrees with what it holds.
    RecordLength(i32),
    /// A key or value longer than its record.
    FieldLength(i32),
    /// A negative number of headers, or more than the record has bytes for.
    HeaderCount(i32),
    /// A header whose key is null.
    HeaderKey,
    /// A malformed number.
    Varint(VarintError),
    /// Records that we cannot read because they are compressed.
    Compressed(Compression),
}

impl From<VarintError> for BatchError {
    fn from(error: VarintError) -> Self {
        Self::Varint(error)
    }
}

impl fmt::Display for BatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Truncated { needed, available } => write!(
                f,
                "the batch is cut short: it takes {needed} bytes and {available} are left"
            ),
            Self::Length(length) => write!(
                f,
                "a batch length of {length} is smaller than the minimum, {}",
                BATCH_OVERHEAD - LOG_OVERHEAD
            ),
            Self::Magic(magic) => {
                write!(f, "the batch has magic {magic}; only magic 2 is read")
            }
            Self::Crc { stored, computed } => write!(
                f,
                "Record is corrupt (stored crc = {stored}, computed crc = {computed})"
            ),
            Self::LastOffsetDelta(delta) => {
                write!(f, "the batch has an impossible last offset delta, {delta}")
            }
            Self::RecordCount(count) => {
                write!(f, "Found invalid record count {count} in magic v2 batch")
            }
            Self::RecordsLeft(bytes) => write!(
                f,
                "Incorrect declared batch size, records still remaining in file ({bytes} bytes)"
            ),
            Self::RecordLength(length) => write!(
                f,
                "a record's length, {length}, is not that of what it holds"
            ),
            Self::FieldLength(length) => {
                write!(
                    f,
                    "a key or value of {length} bytes does not fit its record"
                )
            }
            Self::HeaderCount(count) => {
                write!(f, "Found invalid number of record headers {count}")
            }
            Self::HeaderKey => f.write_str("a record header has no key"),
            Self::Varint(error) => error.fmt(f),
            Self::Compressed(Compression::Unknown(id)) => {
                write!(f, "Unknown compression type id: {id}")
            }
            Self::Compressed(codec) => {
                write!(
                    f,
                    "the records are compressed with {codec}, which is not read yet"
                )
            }
        }
    }
}

impl std::error::Error for BatchError {}

/// A record batch. The bytes are shared by every replica and every clone; only what stands in front
/// of the checksum's range is a copy's own, so that a leader can assign offsets and its epoch
/// without touching them.
#[derive(Clone, PartialEq, Eq)]
pub struct Batch {
    /// The offset of the first record; 0 until a leader appends the batch.
    pub base_offset: i64,
    /// The epoch of the leader that appended it; -1 before.
    pub leader_epoch: i32,
    crc: u32,
    /// From the attributes to the end.
    body: Arc<[u8]>,
}

impl Batch {
    /// Takes the bytes from the attributes to the end and makes their checksum.
    pub(super) fn seal(body: &[u8]) -> Self {
        debug_assert!(body.len() >= BODY_OVERHEAD, "the header is there");
        Self {
            base_offset: 0,
            leader_epoch: -1,
            crc: crc32c(body),
            body: Arc::from(body),
        }
    }

    /// The same records with a broker's time on all of them, in milliseconds since the epoch, as
    /// `message.timestamp.type=LogAppendTime` wants it. The records' own timestamps stay in the
    /// bytes; readers go by the header (`DefaultRecordBatch.setMaxTimestamp`).
    #[must_use]
    pub fn with_append_time(&self, ms: i64) -> Self {
        let mut body = self.body.to_vec();
        let mut put = |offset: usize, value: &[u8]| {
            body[offset - ATTRIBUTES..][..value.len()].copy_from_slice(value);
        };
        put(21, &(self.attributes() | LOG_APPEND_TIME).to_be_bytes());
        put(35, &ms.to_be_bytes());
        Self {
            base_offset: self.base_offset,
            leader_epoch: self.leader_epoch,
            ..Self::seal(&body)
        }
    }

    /// Reads the batch at the front of `bytes` and verifies its checksum. It takes
    /// [`Batch::size_in_bytes`] of them. The records are not looked at: [`Batch::records`] does.
    ///
    /// # Errors
    /// The bytes are too few, not of format 2, do not have the checksum they claim, or have header
    /// fields that contradict themselves.
    pub fn decode(bytes: &[u8]) -> Result<Self, BatchError> {
        let available = bytes.len() as u64;
        let short = |needed| BatchError::Truncated { needed, available };
        let front = bytes
            .first_chunk::<17>()
            .ok_or(short(BATCH_OVERHEAD as u64))?;
        let length = i32::from_be_bytes(at(front, 8));
        if length < SHORTEST {
            return Err(BatchError::Length(length));
        }
        let magic = front[16] as i8;
        if magic != 2 {
            return Err(BatchError::Magic(magic));
        }
        let size = usize::try_from(length)
            .ok()
            .and_then(|length| length.checked_add(LOG_OVERHEAD))
            .filter(|&size| size >= BATCH_OVERHEAD)
            .ok_or(BatchError::Length(length))?;
        let whole = bytes.get(..size).ok_or(short(size as u64))?;
        let batch = Self {
            base_offset: i64::from_be_bytes(at(whole, 0)),
            leader_epoch: i32::from_be_bytes(at(whole, 12)),
            crc: u32::from_be_bytes(at(whole, 17)),
            body: Arc::from(&whole[ATTRIBUTES..]),
        };
        batch.check()?;
        Ok(batch)
    }

    fn check(&self) -> Result<(), BatchError> {
        let (stored, computed) = (self.crc, crc32c(&self.body));
        if stored != computed {
            return Err(BatchError::Crc { stored, computed });
        }
        let delta = self.last_offset_delta();
        if delta < 0 || self.base_offset.checked_add(i64::from(delta) + 1).is_none() {
            return Err(BatchError::LastOffsetDelta(delta));
        }
        let count = i32::from_be_bytes(self.field(57));
        if count < 0 {
            return Err(BatchError::RecordCount(count));
        }
        Ok(())
    }

    /// Appends the batch as it stands in a segment file and on the wire.
    pub fn encode_into(&self, out: &mut Vec<u8>) {
        let length = i32::try_from(self.size_in_bytes() - LOG_OVERHEAD)
            .expect("a batch was read from, or built within, 2 GiB");
        out.reserve(self.size_in_bytes());
        out.extend_from_slice(&self.base_offset.to_be_bytes());
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(&self.leader_epoch.to_be_bytes());
        out.push(2);
        out.extend_from_slice(&self.crc.to_be_bytes());
        out.extend_from_slice(&self.body);
    }

    /// The whole batch, header included, in bytes.
    #[must_use]
    pub fn size_in_bytes(&self) -> usize {
        ATTRIBUTES + self.body.len()
    }

    /// The offset of the last record that was in the batch, even if compaction took it since.
    #[must_use]
    pub fn last_offset(&self) -> i64 {
        self.base_offset + i64::from(self.last_offset_delta())
    }

    /// The offset of the record after the last.
    #[must_use]
    pub fn next_offset(&self) -> i64 {
        self.last_offset() + 1
    }

    /// The last offset less the base offset.
    #[must_use]
    pub fn last_offset_delta(&self) -> i32 {
        i32::from_be_bytes(self.field(23))
    }

    /// How many records it holds.
    #[must_use]
    pub fn count(&self) -> u32 {
        u32::from_be_bytes(self.field(57))
    }

    /// CRC-32C of the bytes from the attributes to the end.
    #[must_use]
    pub fn crc(&self) -> u32 {
        self.crc
    }

    /// The attributes' bits: 0–2 compression, 3 timestamp type, 4 transactional, 5 control,
    /// 6 delete horizon.
    #[must_use]
    pub fn attributes(&self) -> i16 {
        i16::from_be_bytes(self.field(21))
    }

    /// The codec of the records.
    #[must_use]
    pub fn compression(&self) -> Compression {
        Compression::of(self.attributes())
    }

    /// Whose clock the timestamps come from.
    #[must_use]
    pub fn timestamp_type(&self) -> TimestampType {
        if self.attributes() & LOG_APPEND_TIME == 0 {
            TimestampType::CreateTime
        } else {
            TimestampType::LogAppendTime
        }
    }

    /// Whether it is part of a transaction.
    #[must_use]
    pub fn is_transactional(&self) -> bool {
        self.attributes() & TRANSACTIONAL != 0
    }

    /// Whether it holds a marker for the log itself rather than records for a consumer.
    #[must_use]
    pub fn is_control(&self) -> bool {
        self.attributes() & CONTROL != 0
    }

    /// When compaction may drop the batch's tombstones or marker, once a first pass has said so
    /// (KIP-534); milliseconds since the epoch.
    #[must_use]
    pub fn delete_horizon_ms(&self) -> Option<i64> {
        (self.attributes() & DELETE_HORIZON != 0).then(|| self.base_timestamp())
    }

    /// What the records' timestamps are deltas of; the delete horizon, where there is one.
    #[must_use]
    pub fn base_timestamp(&self) -> i64 {
        i64::from_be_bytes(self.field(27))
    }

    /// The latest timestamp of its records, in milliseconds since the epoch; -1 if they have none.
    #[must_use]
    pub fn max_timestamp(&self) -> i64 {
        i64::from_be_bytes(self.field(35))
    }

    /// The idempotent or transactional producer that made it; -1 for any other.
    #[must_use]
    pub fn producer_id(&self) -> i64 {
        i64::from_be_bytes(self.field(43))
    }

    /// That producer's epoch, or -1.
    #[must_use]
    pub fn producer_epoch(&self) -> i16 {
        i16::from_be_bytes(self.field(51))
    }

    /// The sequence number of the first record, or -1.
    #[must_use]
    pub fn base_sequence(&self) -> i32 {
        i32::from_be_bytes(self.field(53))
    }

    /// The sequence number of the last record, or -1. After the largest `i32` comes 0.
    #[must_use]
    pub fn last_sequence(&self) -> i32 {
        sequence_after(self.base_sequence(), self.last_offset_delta())
    }

    /// The records, validated as they are read; after an error there are no more.
    ///
    /// # Errors
    /// In the iterator: a record that is not well formed, bytes left over, or, first and only,
    /// [`BatchError::Compressed`].
    #[must_use]
    pub fn records(&self) -> Records<'_> {
        Records {
            rest: &self.body[BODY_OVERHEAD..],
            base: Base {
                offset: self.base_offset,
                timestamp: self.base_timestamp(),
                sequence: self.base_sequence(),
                append_time: (self.timestamp_type() == TimestampType::LogAppendTime)
                    .then(|| self.max_timestamp()),
            },
            compression: self.compression(),
            left: self.count(),
            failed: false,
        }
    }

    /// Whether the two share their bytes, not merely have equal ones.
    #[must_use]
    pub fn shares_bytes_with(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.body, &other.body)
    }

    /// The `N` bytes at `offset` of the header, one of [`LAYOUT`] from the attributes on.
    fn field<const N: usize>(&self, offset: usize) -> [u8; N] {
        at(&self.body, offset - ATTRIBUTES)
    }
}

fn at<const N: usize>(bytes: &[u8], offset: usize) -> [u8; N] {
    *bytes[offset..]
        .first_chunk()
        .expect("the header was seen to be whole when the batch was made")
}

impl fmt::Debug for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Batch")
            .field("base_offset", &self.base_offset)
            .field("count", &self.count())
            .field("leader_epoch", &self.leader_epoch)
            .field("crc", &self.crc)
            .field("size_in_bytes", &self.size_in_bytes())
            .finish_non_exhaustive()
    }
}

/// The records of a batch, in order. See [`Batch::records`].
#[derive(Clone)]
pub struct Records<'a> {
    rest: &'a [u8],
    base: Base,
    compression: Compression,
    left: u32,
    failed: bool,
}

impl<'a> Records<'a> {
    fn step(&mut self) -> Result<Option<Record<'a>>, BatchError> {
        if self.left == 0 {
            return match self.rest.len() {
                0 => Ok(None),
                left => Err(BatchError::RecordsLeft(left)),
            };
        }
        if self.compression != Compression::None {
            return Err(BatchError::Compressed(self.compression));
        }
        self.left -= 1;
        take(&mut self.rest, self.base).map(Some)
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, BatchError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.failed {
            return None;
        }
        let step = self.step().transpose();
        self.failed = matches!(step, Some(Err(_)));
        step
    }
}
