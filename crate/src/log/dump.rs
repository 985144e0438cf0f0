//! Batches and records as `kafka-dump-log` prints them, to the letter (`DumpLogSegments.scala`).

use super::{Batch, Record, TimestampType};
use std::fmt::{self, Display, Formatter};

/// The line of `batch`, which begins at byte `position` of its file and passed its checksum.
pub fn batch_line(batch: &Batch, position: u64) -> impl Display {
    fmt::from_fn(move |f| {
        write!(
            f,
            "baseOffset: {} lastOffset: {} count: {} baseSequence: {} lastSequence: {} \
             producerId: {} producerEpoch: {} partitionLeaderEpoch: {} isTransactional: {} \
             isControl: {} deleteHorizonMs: ",
            batch.base_offset,
            batch.last_offset(),
            batch.count(),
            batch.base_sequence(),
            batch.last_sequence(),
            batch.producer_id(),
            batch.producer_epoch(),
            batch.leader_epoch,
            batch.is_transactional(),
            batch.is_control(),
        )?;
        match batch.delete_horizon_ms() {
            None => f.write_str("OptionalLong.empty")?,
            Some(ms) => write!(f, "OptionalLong[{ms}]")?,
        }
        write!(
            f,
            " position: {position} {}: {} size: {} magic: 2 compresscodec: {} crc: {} isvalid: true",
            timestamp_name(batch),
            batch.max_timestamp(),
            batch.size_in_bytes(),
            batch.compression(),
            batch.crc(),
        )
    })
}

/// The line of `record`, one of `batch`; with its key and value if `contents` (`--print-data-log`).
/// Bytes that are not UTF-8 show as U+FFFD.
pub fn record_line<'a>(
    batch: &'a Batch,
    record: &'a Record<'a>,
    contents: bool,
) -> impl Display + 'a {
    fmt::from_fn(move |f| {
        write!(
            f,
            "| offset: {} {}: {} keySize: {} valueSize: {} sequence: {} headerKeys: [",
            record.offset,
            timestamp_name(batch),
            record.timestamp,
            size(record.key),
            size(record.value),
            record.sequence,
        )?;
        for (i, header) in record.headers.iter().enumerate() {
            let comma = if i == 0 { "" } else { "," };
            write!(f, "{comma}{}", String::from_utf8_lossy(header.key))?;
        }
        f.write_str("]")?;
        if batch.is_control() {
            return control(record, f);
        }
        if contents && let Some(key) = record.key {
            write!(f, " key: {}", String::from_utf8_lossy(key))?;
        }
        if contents && let Some(value) = record.value {
            write!(f, " payload: {}", String::from_utf8_lossy(value))?;
        }
        Ok(())
    })
}

/// A control record's key is a version and a type, two bytes each; the value of the two that end a
/// transaction, a version and the coordinator's epoch.
fn control(record: &Record<'_>, f: &mut Formatter<'_>) -> fmt::Result {
    let kind = record
        .key
        .and_then(|key| key.get(2..4)?.try_into().ok())
        .map_or(-1, i16::from_be_bytes);
    let epoch = record
        .value
        .and_then(|value| value.get(2..6)?.try_into().ok())
        .map_or(-1, i32::from_be_bytes);
    let name = match kind {
        0 => return write!(f, " endTxnMarker: ABORT coordinatorEpoch: {epoch}"),
        1 => return write!(f, " endTxnMarker: COMMIT coordinatorEpoch: {epoch}"),
        2 => "LEADER_CHANGE",
        3 => "SNAPSHOT_HEADER",
        4 => "SNAPSHOT_FOOTER",
        5 => "KRAFT_VERSION",
        6 => "KRAFT_VOTERS",
        _ => "UNKNOWN",
    };
    write!(f, " controlType: {name}({kind})")
}

fn timestamp_name(batch: &Batch) -> &'static str {
    match batch.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    }
}

fn size(field: Option<&[u8]>) -> i64 {
    field.map_or(-1, |bytes| bytes.len() as i64)
}
