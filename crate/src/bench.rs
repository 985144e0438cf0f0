//! What the bench harness runs, natively and in wasm. Timing is the caller's: nothing here has a
//! clock.

use crate::log::{BatchBuilder, Log, LogConfig};
use crate::time::Time;

/// Kafka's default `batch.size`.
const BATCH_SIZE: usize = 16_384;
/// A new log is begun here, so that memory stays bounded.
const LOG_BYTES: u64 = 256 << 20;

/// Appends `n` records with values of 100 bytes, without keys, in batches of 16 KiB; from values to
/// a log, encoding and checksums included. Gives a checksum of the batches, so that nothing of it
/// can be left out.
#[must_use]
pub fn append_records(n: u64) -> u64 {
    let mut log = Log::new(LogConfig::default(), Time::ZERO);
    let mut builder = BatchBuilder::new();
    let mut value = [b'.'; 100];
    let mut checksum = 0u64;
    let mut flush = |builder: &mut BatchBuilder| {
        if let Some(batch) = builder.build() {
            checksum = checksum.rotate_left(5) ^ u64::from(batch.crc());
            if log.size_bytes() > LOG_BYTES {
                log = Log::new(LogConfig::default(), Time::ZERO);
            }
            log.append(batch, 0, Time::ZERO)
                .expect("a batch of 16 KiB fits a segment of 1 GiB");
        }
    };
    for i in 0..n {
        value[..8].copy_from_slice(&i.to_le_bytes());
        let timestamp = Time(i).event_ms();
        if !builder.has_room_for(BATCH_SIZE, timestamp, None, Some(&value), &[]) {
            flush(&mut builder);
        }
        builder.append(timestamp, None, Some(&value), &[]);
    }
    flush(&mut builder);
    checksum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_depends_on_every_record_and_repeats() {
        assert_eq!(append_records(0), 0);
        assert_eq!(append_records(1_000), append_records(1_000));
        assert_ne!(append_records(1_000), append_records(1_001));
    }
}
