//! The entries of a segment's two sparse indexes, and how they stand in a file
//! (`OffsetIndex.java`, `TimeIndex.java`).

/// An entry of the offset index: the batch whose last offset is `offset` begins at `position`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetPosition {
    /// The last offset of a batch.
    pub offset: i64,
    /// Where that batch begins in the segment's file, in bytes.
    pub position: u32,
}

/// An entry of the time index, and what a search by time finds: up to `offset`, no timestamp is
/// later than `timestamp`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TimestampOffset {
    /// Milliseconds since the epoch.
    pub timestamp: i64,
    /// In the index, the last offset of the batch that has the timestamp; found, the record's.
    pub offset: i64,
}

/// Bytes of an entry of the offset index in its file.
pub const OFFSET_ENTRY_BYTES: u32 = 8;
/// Bytes of an entry of the time index in its file.
pub const TIME_ENTRY_BYTES: u32 = 12;

impl OffsetPosition {
    /// Appends the file form: the offset relative to the segment's base, then the position.
    pub(super) fn encode_into(self, base_offset: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&relative(self.offset, base_offset).to_be_bytes());
        out.extend_from_slice(&self.position.to_be_bytes());
    }
}

impl TimestampOffset {
    /// Appends the file form: the timestamp, then the offset relative to the segment's base.
    pub(super) fn encode_into(self, base_offset: i64, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.timestamp.to_be_bytes());
        out.extend_from_slice(&relative(self.offset, base_offset).to_be_bytes());
    }
}

fn relative(offset: i64, base_offset: i64) -> u32 {
    u32::try_from(offset - base_offset).expect("a segment rolls before offsets leave 31 bits")
}
