//! What a sketch is in bytes, so that it can be kept and sent.
//!
//! `MRSK`, the version (1), the kind, the kind's own fields, and a checksum: the [`fingerprint`] of
//! all that is before it. Numbers are little-endian, of fixed width; a real number is the bits of an
//! IEEE 754 double. Kinds and their fields:
//!
//! | Kind | Sketch | Fields |
//! |---|---|---|
//! | 1 | reservoir | algorithm u8, k u32, seen u64, draws u64, replaced u64, next u64, weight f64, items u64 × min(k, seen) |
//! | 2 | HyperLogLog | p u8, registers u8 × 2^p |
//! | 3 | Bloom filter | m u64, k u32, words u64 × ⌈m/64⌉ |
//! | 4 | counting Bloom filter | m u64, k u32, counters u8 × m |
//! | 5 | Count-Min | width u32, depth u32, conservative u8, total u64, cells u64 × width × depth |
//! | 6 | heavy hitters | share f64, n u32, (item u64, estimate u64) × n, then the fields of 5 |

use super::{SketchError, fingerprint};

const MAGIC: &[u8; 4] = b"MRSK";
const VERSION: u8 = 1;
const CHECKSUM: usize = 8;

/// What a sketch is, in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    Reservoir = 1,
    HyperLogLog = 2,
    Bloom = 3,
    CountingBloom = 4,
    CountMin = 5,
    HeavyHitters = 6,
}

/// Writes a sketch.
pub struct Writer(Vec<u8>);

impl Writer {
    pub fn new(kind: Kind) -> Self {
        let mut bytes = MAGIC.to_vec();
        bytes.extend([VERSION, kind as u8]);
        Self(bytes)
    }

    pub fn u8(mut self, n: u8) -> Self {
        self.0.push(n);
        self
    }

    pub fn u32(mut self, n: u32) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    pub fn u64(mut self, n: u64) -> Self {
        self.0.extend(n.to_le_bytes());
        self
    }

    pub fn f64(self, x: f64) -> Self {
        self.u64(x.to_bits())
    }

    pub fn u8s(mut self, all: &[u8]) -> Self {
        self.0.extend(all);
        self
    }

    pub fn u64s(mut self, all: &[u64]) -> Self {
        self.0.extend(all.iter().flat_map(|n| n.to_le_bytes()));
        self
    }

    pub fn finish(self) -> Vec<u8> {
        let checksum = fingerprint(&self.0);
        self.u64(checksum).0
    }
}

/// Reads a sketch. Every list is as long as the bytes that are there, so that no header can ask for
/// memory.
pub struct Reader<'a>(&'a [u8]);

const SHORT: SketchError = SketchError::Damaged("they end too early");

impl<'a> Reader<'a> {
    /// Checks all but the fields.
    pub fn new(kind: Kind, bytes: &'a [u8]) -> Result<Self, SketchError> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or(SketchError::Damaged("they do not begin with MRSK"))?;
        let &[version, is, ref rest @ ..] = rest else {
            return Err(SHORT);
        };
        if version != VERSION {
            return Err(SketchError::Damaged("they are of another version than 1"));
        }
        if is != kind as u8 {
            return Err(SketchError::Damaged("they are another kind of sketch"));
        }
        let (fields, checksum) = rest.split_last_chunk::<CHECKSUM>().ok_or(SHORT)?;
        let checked = &bytes[..bytes.len() - CHECKSUM];
        if fingerprint(checked) != u64::from_le_bytes(*checksum) {
            return Err(SketchError::Damaged("the checksum is another"));
        }
        Ok(Self(fields))
    }

    fn chunk<const N: usize>(&mut self) -> Result<[u8; N], SketchError> {
        let (chunk, rest) = self.0.split_first_chunk().ok_or(SHORT)?;
        self.0 = rest;
        Ok(*chunk)
    }

    pub fn u8(&mut self) -> Result<u8, SketchError> {
        self.chunk().map(u8::from_le_bytes)
    }

    pub fn u32(&mut self) -> Result<u32, SketchError> {
        self.chunk().map(u32::from_le_bytes)
    }

    pub fn u64(&mut self) -> Result<u64, SketchError> {
        self.chunk().map(u64::from_le_bytes)
    }

    pub fn f64(&mut self) -> Result<f64, SketchError> {
        self.u64().map(f64::from_bits)
    }

    pub fn u8s(&mut self, n: u64) -> Result<Vec<u8>, SketchError> {
        let n = usize::try_from(n).map_err(|_| SHORT)?;
        let (taken, rest) = self.0.split_at_checked(n).ok_or(SHORT)?;
        self.0 = rest;
        Ok(taken.to_vec())
    }

    pub fn u64s(&mut self, n: u64) -> Result<Vec<u64>, SketchError> {
        let bytes = self.u8s(n.checked_mul(8).ok_or(SHORT)?)?;
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().copied().map(u64::from_le_bytes).collect())
    }

    /// Nothing may follow.
    pub fn end(self) -> Result<(), SketchError> {
        if self.0.is_empty() {
            Ok(())
        } else {
            Err(SketchError::Damaged("more follows than there should be"))
        }
    }
}
