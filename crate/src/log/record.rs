//! A record as a reader sees it, borrowed from the bytes of its batch.
//!
//! Layout (Kafka documentation, "Record Batch"): length, attributes, timestamp delta, offset delta,
//! key, value, headers; lengths are varints and -1 stands for null.

use super::batch::BatchError;
use super::varint::{put_varint, put_varlong, take_varint, take_varlong, varint_len, varlong_len};

/// One record.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Its place in the partition.
    pub offset: i64,
    /// Milliseconds since the Unix epoch; -1 if it has none.
    pub timestamp: i64,
    /// Its number in its producer's sequence to this partition; -1 if the producer keeps none.
    pub sequence: i32,
    /// What the partition was chosen by; `None` is null, which is not the same as empty.
    pub key: Option<&'a [u8]>,
    /// `None` is null: a tombstone, where the topic is compacted.
    pub value: Option<&'a [u8]>,
    /// In the order the producer gave them; names may repeat.
    pub headers: Vec<Header<'a>>,
}

/// A named value beside a record's key and value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Header<'a> {
    /// The name: UTF-8 where a well-behaved client wrote it.
    pub key: &'a [u8],
    /// `None` is null.
    pub value: Option<&'a [u8]>,
}

impl<'a> Header<'a> {
    /// The header `key: value`.
    #[must_use]
    pub fn new(key: &'a str, value: &'a [u8]) -> Self {
        Self {
            key: key.as_bytes(),
            value: Some(value),
        }
    }
}

/// What the records of a batch have in common, by which their deltas are read.
#[derive(Clone, Copy)]
pub(super) struct Base {
    pub offset: i64,
    pub timestamp: i64,
    pub sequence: i32,
    /// Set where the broker's clock overrides every record's own (`LogAppendTime`).
    pub append_time: Option<i64>,
}

/// The bytes a record's body takes: all of it but the length in front.
pub(super) fn body_len(
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) -> usize {
    1 + varlong_len(timestamp_delta) + varint_len(offset_delta) + contents_len(key, value, headers)
}

/// The bytes key, value and headers take with their lengths.
pub(super) fn contents_len(
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) -> usize {
    let headers_len: usize = headers
        .iter()
        .map(|header| field_len(Some(header.key)) + field_len(header.value))
        .sum();
    field_len(key) + field_len(value) + varint_len(length(headers.len())) + headers_len
}

/// Appends a record whose body takes `body_len` bytes.
pub(super) fn put(
    out: &mut Vec<u8>,
    body_len: usize,
    timestamp_delta: i64,
    offset_delta: i32,
    key: Option<&[u8]>,
    value: Option<&[u8]>,
    headers: &[Header<'_>],
) {
    put_varint(out, length(body_len));
    out.push(0); // attributes: none are in use
    put_varlong(out, timestamp_delta);
    put_varint(out, offset_delta);
    put_field(out, key);
    put_field(out, value);
    put_varint(out, length(headers.len()));
    for header in headers {
        put_field(out, Some(header.key));
        put_field(out, header.value);
    }
}

/// Takes a record from the front of `bytes`.
pub(super) fn take<'a>(bytes: &mut &'a [u8], base: Base) -> Result<Record<'a>, BatchError> {
    let body_len = take_varint(bytes)?;
    let mut body = usize::try_from(body_len)
        .ok()
        .and_then(|len| bytes.split_off(..len))
        .ok_or(BatchError::RecordLength(body_len))?;
    let _attributes = body
        .split_off_first()
        .ok_or(BatchError::RecordLength(body_len))?;
    let timestamp = base.timestamp.wrapping_add(take_varlong(&mut body)?);
    let offset_delta = take_varint(&mut body)?;
    let key = take_field(&mut body)?;
    let value = take_field(&mut body)?;
    let headers = take_headers(&mut body)?;
    if !body.is_empty() {
        return Err(BatchError::RecordLength(body_len));
    }
    Ok(Record {
        offset: base.offset.wrapping_add(i64::from(offset_delta)),
        timestamp: base.append_time.unwrap_or(timestamp),
        sequence: sequence_after(base.sequence, offset_delta),
        key,
        value,
        headers,
    })
}

/// The sequence number `by` after `base`; it wraps from the largest `i32` to 0. None (-1) stays none.
pub(super) fn sequence_after(base: i32, by: i32) -> i32 {
    if base < 0 {
        -1
    } else {
        base.wrapping_add(by) & i32::MAX
    }
}

fn take_headers<'a>(body: &mut &'a [u8]) -> Result<Vec<Header<'a>>, BatchError> {
    let count = take_varint(body)?;
    // A header takes two bytes at least, so a false count cannot make us reserve much.
    let most = body.len() / 2;
    let count = usize::try_from(count)
        .ok()
        .filter(|&n| n <= most)
        .ok_or(BatchError::HeaderCount(count))?;
    let mut headers = Vec::with_capacity(count);
    for _ in 0..count {
        let key = take_field(body)?.ok_or(BatchError::HeaderKey)?;
        let value = take_field(body)?;
        headers.push(Header { key, value });
    }
    Ok(headers)
}

fn field_len(field: Option<&[u8]>) -> usize {
    field.map_or(1, |bytes| varint_len(length(bytes.len())) + bytes.len())
}

fn put_field(out: &mut Vec<u8>, field: Option<&[u8]>) {
    match field {
        None => put_varint(out, -1),
        Some(bytes) => {
            put_varint(out, length(bytes.len()));
            out.extend_from_slice(bytes);
        }
    }
}

/// Any negative length is null, as Kafka reads it.
fn take_field<'a>(body: &mut &'a [u8]) -> Result<Option<&'a [u8]>, BatchError> {
    let len = take_varint(body)?;
    match usize::try_from(len) {
        Err(_) => Ok(None),
        Ok(n) => body
            .split_off(..n)
            .map(Some)
            .ok_or(BatchError::FieldLength(len)),
    }
}

fn length(n: usize) -> i32 {
    i32::try_from(n)
        .expect("a record is far below 2 GiB: buffer.memory and max.request.size see to it")
}
