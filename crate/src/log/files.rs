//! Segment files as bytes: what a broker's log directory holds. No file is touched here.

use super::{Batch, BatchError, SegmentView};
use std::fmt;

/// A file of a segment.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SegmentFile {
    /// The segment's base offset in 20 digits, and what the file is: `.log`, `.index`, `.timeindex`.
    pub name: String,
    /// All of it. Indexes are trimmed to what is valid, as when a broker closes them.
    pub bytes: Vec<u8>,
}

/// The three files of `segment`: batches, offset index, time index.
#[must_use]
pub fn export(segment: &SegmentView<'_>) -> [SegmentFile; 3] {
    let base = segment.base_offset();
    let mut log = Vec::with_capacity(segment.size_bytes() as usize);
    for (_, batch) in segment.batches() {
        batch.encode_into(&mut log);
    }
    let mut index = Vec::new();
    for entry in segment.offset_index() {
        entry.encode_into(base, &mut index);
    }
    let mut timeindex = Vec::new();
    for entry in segment.time_index() {
        entry.encode_into(base, &mut timeindex);
    }
    [("log", log), ("index", index), ("timeindex", timeindex)].map(|(kind, bytes)| SegmentFile {
        name: format!("{base:020}.{kind}"),
        bytes,
    })
}

/// Where a segment file is damaged, or cannot be read yet, and why.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Damage {
    /// The byte at which the batch begins that cannot be read.
    pub position: u64,
    /// What is wrong with it.
    pub error: BatchError,
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.error {
            BatchError::Compressed(codec) if codec.is_known() => write!(
                f,
                "the batch at byte {} is compressed with {codec}: it is whole, but the records of \
                 compressed batches are not read yet",
                self.position
            ),
            error => write!(f, "damaged at byte {}: {error}", self.position),
        }
    }
}

impl std::error::Error for Damage {}

/// Reads the batches of a `.log` file, each with its position. See [`batches`].
#[derive(Clone, Debug)]
pub struct Batches<'a> {
    rest: &'a [u8],
    position: u64,
}

/// The batches of a `.log` file's bytes, checksums verified, up to the end or the first damage.
///
/// # Errors
/// In the iterator, once and last: the position of the damage and what it is.
#[must_use]
pub fn batches(bytes: &[u8]) -> Batches<'_> {
    Batches {
        rest: bytes,
        position: 0,
    }
}

impl Iterator for Batches<'_> {
    type Item = Result<(u64, Batch), Damage>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let position = self.position;
        match Batch::decode(self.rest) {
            Ok(batch) => {
                let size = batch.size_in_bytes();
                self.rest = &self.rest[size..];
                self.position += size as u64;
                Some(Ok((position, batch)))
            }
            Err(error) => {
                self.rest = &[];
                Some(Err(Damage { position, error }))
            }
        }
    }
}
