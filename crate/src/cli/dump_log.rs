//! `millrace dump-log`: what is in a segment file, as `kafka-dump-log` tells it.

use super::{FAILED, OK, Streams, USAGE};
use crate::log::dump::{batch_line, record_line};
use crate::log::files::{Damage, batches};
use crate::log::{Batch, BatchError, Record, TimestampType};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::{Map, Value, json};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Print the batches and records of a segment file, ours or a real broker's, as
/// `kafka-dump-log --print-data-log` does. Of a compressed batch only the header is read yet. After
/// damage nothing more is read.
#[derive(clap::Args)]
pub(super) struct Args {
    /// A segment's `.log` file.
    #[arg(required = true, value_name = "FILE.log")]
    files: Vec<PathBuf>,
    /// One JSON object a line for each batch, with its records. Bytes that are not UTF-8 are
    /// `{"base64": …}`.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let mut code = OK;
    for path in &args.files {
        let bytes = match std::fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) => {
                writeln!(streams.stderr, "millrace: {}: {error}", path.display())?;
                code = USAGE;
                continue;
            }
        };
        let Dumped { troubles, gaps } = if args.json {
            print_json(&bytes, streams.stdout)?
        } else {
            print(&bytes, path, Detail::Contents, streams.stdout)?
        };
        // What was read comes before what could not be, wherever the two streams end up.
        streams.stdout.flush()?;
        if !gaps.is_empty() {
            let gaps = gap_lines(&gaps);
            let path = path.display();
            write!(streams.stderr, "Non-consecutive offsets in {path}\n{gaps}")?;
        }
        for trouble in &troubles {
            writeln!(streams.stderr, "millrace: {}: {trouble}", path.display())?;
        }
        if !troubles.is_empty() {
            code = code.max(FAILED);
        }
    }
    Ok(code)
}

/// How much to print of a file.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Detail {
    /// A line a batch.
    Batches,
    /// And a line a record (`--deep-iteration`).
    Records,
    /// With keys and values (`--print-data-log`).
    Contents,
}

/// What printing a file brought to light.
#[derive(Default)]
pub(super) struct Dumped {
    /// What could not be read: compressed records are passed over, damage ends it.
    pub troubles: Vec<Damage>,
    /// Offsets of records between which others are missing, as after compaction. No fault.
    pub gaps: Vec<(i64, i64)>,
}

/// The lines of `gaps` as `kafka-dump-log` ends with, the last gap first.
pub(super) fn gap_lines(gaps: &[(i64, i64)]) -> String {
    let lines = gaps.iter().rev();
    lines
        .map(|(before, after)| format!("  {before} is followed by {after}\n"))
        .collect()
}

/// Prints a file as `kafka-dump-log` does.
pub(super) fn print(
    bytes: &[u8],
    path: &Path,
    detail: Detail,
    out: &mut dyn Write,
) -> io::Result<Dumped> {
    writeln!(out, "Dumping {}", path.display())?;
    if let Some(offset) = starting_offset(path) {
        writeln!(out, "Log starting offset: {offset}")?;
    }
    let mut dumped = Dumped::default();
    let mut last: Option<i64> = None;
    for batch in batches(bytes) {
        let (position, batch) = match batch {
            Ok(read) => read,
            Err(damage) => {
                if let BatchError::Truncated { available, .. } = damage.error {
                    let name = path.file_name().unwrap_or_default().display();
                    writeln!(out, "Found {available} invalid bytes at the end of {name}")?;
                }
                dumped.troubles.push(damage);
                break;
            }
        };
        writeln!(out, "{}", batch_line(&batch, position))?;
        if detail == Detail::Batches {
            continue;
        }
        for record in batch.records() {
            match record {
                Ok(record) => {
                    if let Some(last) = last.replace(record.offset)
                        && record.offset != last.wrapping_add(1)
                    {
                        dumped.gaps.push((last, record.offset));
                    }
                    let line = record_line(&batch, &record, detail == Detail::Contents);
                    writeln!(out, "{line}")?;
                }
                Err(error) => {
                    dumped.troubles.push(Damage { position, error });
                    if !matches!(error, BatchError::Compressed(codec) if codec.is_known()) {
                        return Ok(dumped);
                    }
                    last = Some(batch.last_offset());
                }
            }
        }
    }
    Ok(dumped)
}

fn print_json(bytes: &[u8], out: &mut dyn Write) -> io::Result<Dumped> {
    let mut dumped = Dumped::default();
    for batch in batches(bytes) {
        let (position, batch) = match batch {
            Ok(read) => read,
            Err(damage) => {
                dumped.troubles.push(damage);
                break;
            }
        };
        let mut object = batch_json(&batch, position);
        let records: Result<Vec<_>, _> = batch
            .records()
            .map(|record| record.map(|record| record_json(&record)))
            .collect();
        match records {
            Ok(records) => {
                object.insert("records".to_owned(), Value::Array(records));
            }
            Err(error) => dumped.troubles.push(Damage { position, error }),
        }
        writeln!(out, "{}", Value::Object(object))?;
    }
    Ok(dumped)
}

/// The offset that a segment file is named after.
fn starting_offset(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    name.split('.').next()?.parse().ok()
}

fn batch_json(batch: &Batch, position: u64) -> Map<String, Value> {
    let timestamp_type = match batch.timestamp_type() {
        TimestampType::CreateTime => "CreateTime",
        TimestampType::LogAppendTime => "LogAppendTime",
    };
    let object = json!({
        "baseOffset": batch.base_offset,
        "lastOffset": batch.last_offset(),
        "count": batch.count(),
        "baseSequence": batch.base_sequence(),
        "lastSequence": batch.last_sequence(),
        "producerId": batch.producer_id(),
        "producerEpoch": batch.producer_epoch(),
        "partitionLeaderEpoch": batch.leader_epoch,
        "isTransactional": batch.is_transactional(),
        "isControl": batch.is_control(),
        "deleteHorizonMs": batch.delete_horizon_ms(),
        "position": position,
        "timestampType": timestamp_type,
        "maxTimestamp": batch.max_timestamp(),
        "size": batch.size_in_bytes(),
        "magic": 2,
        "compresscodec": batch.compression().to_string(),
        "crc": batch.crc(),
        "isvalid": true,
    });
    match object {
        Value::Object(fields) => fields,
        _ => unreachable!("braces make an object"),
    }
}

fn record_json(record: &Record<'_>) -> Value {
    let headers: Vec<_> = record
        .headers
        .iter()
        .map(|header| json!({"key": text(Some(header.key)), "value": text(header.value)}))
        .collect();
    json!({
        "offset": record.offset,
        "timestamp": record.timestamp,
        "sequence": record.sequence,
        "key": text(record.key),
        "payload": text(record.value),
        "headers": headers,
    })
}

fn text(field: Option<&[u8]>) -> Value {
    match field {
        None => Value::Null,
        Some(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) => Value::from(text),
            Err(_) => json!({"base64": BASE64.encode(bytes)}),
        },
    }
}
