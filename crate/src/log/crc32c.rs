//! CRC-32C, the checksum of a record batch (RFC 3720, appendix B.4).

use std::sync::LazyLock;

/// Bytes taken at once: as many tables, "slicing by 16" (Kounavis and Berry, 2005).
const SLICE: usize = 16;

/// What a byte does to the checksum when so many bytes follow it in its slice. Made when first
/// needed: no packer could make 16 kB of it smaller on their way to the page.
static TABLES: LazyLock<[[u32; 256]; SLICE]> = LazyLock::new(|| {
    /// Castagnoli's polynomial, bits reversed.
    const POLYNOMIAL: u32 = 0x82f6_3b78;
    let mut tables = [[0; 256]; SLICE];
    tables[0] = std::array::from_fn(|byte| {
        (0..8).fold(byte as u32, |crc, _| (crc >> 1) ^ (POLYNOMIAL * (crc & 1)))
    });
    for later in 1..SLICE {
        tables[later] = tables[later - 1].map(|crc| (crc >> 8) ^ tables[0][crc as usize & 255]);
    }
    tables
});

/// The checksum of these bytes.
#[must_use]
pub fn crc32c(bytes: &[u8]) -> u32 {
    let tables = &*TABLES;
    let mut crc = !0u32;
    let (slices, rest) = bytes.as_chunks::<SLICE>();
    for slice in slices {
        let mut slice = *slice;
        for (byte, before) in slice.iter_mut().zip(crc.to_le_bytes()) {
            *byte ^= before;
        }
        let later = tables.iter().rev().zip(slice);
        crc = later.fold(0, |crc, (table, byte)| crc ^ table[byte as usize]);
    }
    for &byte in rest {
        crc = (crc >> 8) ^ tables[0][(crc as u8 ^ byte) as usize];
    }
    !crc
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_the_standard_one_at_every_length() {
        assert_eq!(crc32c(b"123456789"), 0xe306_9283);
        let bytes: Vec<u8> = (0..=255).collect();
        for len in 0..bytes.len() {
            let bitwise = bytes[..len].iter().fold(!0u32, |crc, &byte| {
                (0..8).fold(crc ^ u32::from(byte), |crc, _| {
                    (crc >> 1) ^ (0x82f6_3b78 * (crc & 1))
                })
            });
            assert_eq!(crc32c(&bytes[..len]), !bitwise, "{len} bytes");
        }
    }
}
