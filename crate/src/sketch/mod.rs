//! Small sketches of data too big to keep: what was sampled, how many differ, who was there, how
//! often. Each gives an answer that is nearly right, and says how nearly.
//!
//! | Sketch | Answers | Its bound |
//! |---|---|---|
//! | [`Reservoir`] | a fair sample of a stream of unknown length | each item is in it with probability k/n |
//! | [`HyperLogLog`] | how many different items | standard error 1.04/√m |
//! | [`BloomFilter`] | is this item one of them | no false negative; false positives at the rate sized for |
//! | [`CountMin`] | how often this item | never too low; too high by more than εN with probability δ at most |
//!
//! An item is a `u64`: an id, or the [`fingerprint`] of what is longer. Every sketch hashes it by
//! [`mix`](crate::rng::mix), so that equal items are equal everywhere. Two sketches of the same size
//! merge into the sketch of both streams, and each has one form in bytes, which `to_bytes` writes
//! and `from_bytes` reads again: see `bytes.rs`.

mod bloom;
mod bytes;
mod count_min;
mod hyperloglog;
mod modulus;
mod reservoir;

pub use bloom::{BloomFilter, BloomSize, CountingBloom};
pub use count_min::{CountMin, CountMinSize, HeavyHitters};
pub use hyperloglog::{HyperLogLog, PRECISIONS, SingleRegister, THRESHOLDS};
pub use reservoir::{Algorithm, Offer, Reservoir, expected_replacements};

use crate::rng::mix;
use std::fmt;

/// Why a sketch cannot be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SketchError {
    /// It is asked to be of a size that there is not; the sentence says which there are.
    Size(String),
    /// The two are not of one kind and size, and do not merge.
    Unlike,
    /// The bytes are not a sketch of ours; the sentence says what is wrong.
    Damaged(&'static str),
}

impl fmt::Display for SketchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Size(why) => f.write_str(why),
            Self::Unlike => f.write_str("only sketches of the same kind and size merge"),
            Self::Damaged(why) => write!(f, "these bytes are not a sketch: {why}"),
        }
    }
}

impl std::error::Error for SketchError {}

/// A `u64` for any key: equal keys have equal ones, and two different keys the same one with
/// probability 2⁻⁶⁴. Its eight-byte words, in little-endian order and padded with zeros, are mixed
/// one after the other into the key's length.
#[must_use]
pub fn fingerprint(key: &[u8]) -> u64 {
    let (words, rest) = key.as_chunks::<8>();
    let mixed = words.iter().fold(key.len() as u64, |hash, word| {
        mix(hash ^ u64::from_le_bytes(*word))
    });
    let mut last = [0; 8];
    last[..rest.len()].copy_from_slice(rest);
    mix(mixed ^ u64::from_le_bytes(last))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_tell_keys_apart_and_stay_what_they_are() {
        let keys = [
            "",
            "\0",
            "\0\0",
            "a",
            "b",
            "ab",
            "ba",
            "abcdefgh",
            "abcdefgh\0",
            "abcdefghi",
        ];
        let mut all: Vec<u64> = keys.iter().map(|key| fingerprint(key.as_bytes())).collect();
        // What was written yesterday must be found today.
        assert_eq!((all[0], all[3]), (mix(0), mix(1 ^ u64::from(b'a'))));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), keys.len());
    }
}
