//! Variable-length integers: base 128, low group first, signed ones zigzagged so that -1 is short.
//!
//! The Kafka protocol guide calls them VARINT, VARLONG and UNSIGNED_VARINT. A reader takes from
//! the front of a `&mut &[u8]`, which then begins after the number.

use std::fmt;

/// Why bytes are not a variable-length integer.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum VarintError {
    /// The bytes ended before the number did.
    Short,
    /// The number goes on past the groups its type can hold: 5 for 32 bits, 10 for 64.
    Long,
}

impl fmt::Display for VarintError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Short => "the bytes end inside a variable-length integer",
            Self::Long => "a variable-length integer is too long for its type",
        })
    }
}

impl std::error::Error for VarintError {}

/// Appends `n` in base 128.
pub fn put_unsigned_varint(out: &mut Vec<u8>, n: u32) {
    put_groups(out, u64::from(n));
}

/// Appends `n` zigzagged.
pub fn put_varint(out: &mut Vec<u8>, n: i32) {
    put_groups(out, u64::from(zigzag(n)));
}

/// Appends `n` zigzagged.
pub fn put_varlong(out: &mut Vec<u8>, n: i64) {
    put_groups(out, zigzag_long(n));
}

/// The bytes [`put_varint`] would append: 1 to 5.
#[must_use]
pub fn varint_len(n: i32) -> usize {
    groups(u64::from(zigzag(n)))
}

/// The bytes [`put_varlong`] would append: 1 to 10.
#[must_use]
pub fn varlong_len(n: i64) -> usize {
    groups(zigzag_long(n))
}

/// Takes an unsigned 32-bit number from the front of `bytes`.
///
/// # Errors
/// The bytes end inside it, or it takes more than 5. As in Kafka's `ByteUtils`, bits of the fifth
/// byte beyond the 32nd are dropped.
pub fn take_unsigned_varint(bytes: &mut &[u8]) -> Result<u32, VarintError> {
    take_groups(bytes, 5).map(|n| n as u32)
}

/// Takes a zigzagged 32-bit number from the front of `bytes`.
///
/// # Errors
/// As [`take_unsigned_varint`].
pub fn take_varint(bytes: &mut &[u8]) -> Result<i32, VarintError> {
    let n = take_unsigned_varint(bytes)?;
    Ok((n >> 1) as i32 ^ -((n & 1) as i32))
}

/// Takes a zigzagged 64-bit number from the front of `bytes`.
///
/// # Errors
/// The bytes end inside it, or it takes more than 10.
pub fn take_varlong(bytes: &mut &[u8]) -> Result<i64, VarintError> {
    let n = take_groups(bytes, 10)?;
    Ok((n >> 1) as i64 ^ -((n & 1) as i64))
}

fn zigzag(n: i32) -> u32 {
    ((n << 1) ^ (n >> 31)) as u32
}

fn zigzag_long(n: i64) -> u64 {
    ((n << 1) ^ (n >> 63)) as u64
}

fn groups(n: u64) -> usize {
    let bits = 64 - (n | 1).leading_zeros() as usize;
    bits.div_ceil(7)
}

#[inline]
fn put_groups(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

#[inline]
fn take_groups(bytes: &mut &[u8], most: usize) -> Result<u64, VarintError> {
    let mut n = 0u64;
    for i in 0..most {
        let (&byte, rest) = bytes.split_first().ok_or(VarintError::Short)?;
        *bytes = rest;
        n |= u64::from(byte & 0x7f) << (7 * i);
        if byte < 0x80 {
            return Ok(n);
        }
    }
    Err(VarintError::Long)
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn too_short_and_too_long_are_errors() {
        assert_eq!(take_varint(&mut &[0x80u8][..]), Err(VarintError::Short));
        assert_eq!(take_varlong(&mut &[][..]), Err(VarintError::Short));
        assert_eq!(
            take_varint(&mut &[0xff, 0xff, 0xff, 0xff, 0xff, 0x01][..]),
            Err(VarintError::Long)
        );
        assert_eq!(take_varlong(&mut &[0xff; 11][..]), Err(VarintError::Long));
    }

    proptest! {
        #[test]
        fn what_is_put_is_taken_and_has_the_length_foretold(n: i64, rest: Vec<u8>) {
            let mut out = Vec::new();
            put_varlong(&mut out, n);
            prop_assert_eq!(out.len(), varlong_len(n));
            put_varint(&mut out, n as i32);
            prop_assert_eq!(out.len(), varlong_len(n) + varint_len(n as i32));
            put_unsigned_varint(&mut out, n as u32);
            out.extend(&rest);
            let mut bytes = &out[..];
            prop_assert_eq!(take_varlong(&mut bytes), Ok(n));
            prop_assert_eq!(take_varint(&mut bytes), Ok(n as i32));
            prop_assert_eq!(take_unsigned_varint(&mut bytes), Ok(n as u32));
            prop_assert_eq!(bytes, &rest[..]);
        }
    }
}
