//! Logs made as a case says, and the segments, index files and look-ups they should give; the
//! aborted transaction index; the leader epoch checkpoint; when segments roll.

use super::{Case, Report, equal, hex, unhex};
use crate::log::files::export;
use crate::log::sidecar::{AbortedTxn, LeaderEpochCheckpoint};
use crate::log::{Batch, BatchBuilder, Log, LogConfig, SegmentView};
use crate::time::Time;
use regex_lite::Regex;
use serde_json::Value;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.name.starts_with("leader_epoch_sample")
        && let Some(text) = case.value.as_str()
    {
        let read = LeaderEpochCheckpoint::parse(text).map(|epochs| epochs.to_string());
        let checked = read.and_then(|written| equal("checkpoint", written.as_str(), text));
        report.check(case.path, checked)?;
        return Ok(true);
    }
    if let (Some(spelt), Some(entries)) = (case.str_field("hex"), case.field("entries")) {
        case.all_known(&["hex", "entries"], report)?;
        report.check(case.path, check_txn_index(spelt, entries))?;
        return Ok(true);
    }
    if let (Some(words), Some(times)) = (case.str_field("topic_config"), case.field("t")) {
        match make_log(words, times) {
            Ok(log) => check_log(case, &log, report)?,
            Err(why) => report.fail(case.path, &why)?,
        }
        return Ok(true);
    }
    if let (Some(_), Some(appends)) = (case.field("record_bytes"), case.field("appends")) {
        case.all_known(
            &["record_bytes", "segment_bytes", "appends", "segments"],
            report,
        )?;
        report.check(case.path, check_roll(case, appends))?;
        return Ok(true);
    }
    if let (Some(words), Some(expect)) = (case.str_field("real"), case.str_field("expect"))
        && let Some(checked) = check_real_roll(words, expect)
    {
        report.check(case.path, checked)?;
        return Ok(true);
    }
    Ok(false)
}

fn regex(pattern: &str) -> Regex {
    Regex::new(pattern).expect("the pattern is ours")
}

/// A batch of one record, `size` bytes in all, its value beginning `v` and `i` in two digits.
fn batch_of(size: u64, timestamp: i64, i: usize) -> Result<Batch, String> {
    let size = usize::try_from(size).unwrap_or(usize::MAX);
    let mut builder = BatchBuilder::new();
    // A varint grows by a byte here and there, so a size can be out of a value's reach alone; an
    // empty key is no longer than a null one, a key of a byte is.
    for key in [None, Some(&b"k"[..])] {
        for overhead in 60..90 {
            let Some(len) = size.checked_sub(overhead).filter(|&len| len < 1 << 30) else {
                continue;
            };
            let mut value = format!("v{i:02}").into_bytes();
            value.resize(len, b'.');
            builder.append(timestamp, key, Some(&value), &[]);
            match builder.build() {
                Some(batch) if batch.size_in_bytes() == size => return Ok(batch),
                _ => {}
            }
        }
    }
    Err(format!("no batch of one record takes {size} bytes"))
}

fn configured(words: &str) -> Result<LogConfig, String> {
    let mut config = LogConfig::default();
    for found in regex(r"([a-z][a-z.]*)=(\d+)").captures_iter(words) {
        let (name, number) = (&found[1], &found[2]);
        let number: u32 = number.parse().map_err(|_| format!("{name} is too large"))?;
        match name {
            "segment.bytes" => config.segment_bytes = number,
            "segment.ms" => config.segment_ms = i64::from(number),
            "index.interval.bytes" => config.index_interval_bytes = number,
            "segment.index.bytes" => config.segment_index_bytes = number,
            _ => return Err(format!("the setting {name} is not known here")),
        }
    }
    Ok(config)
}

fn batch_size(words: &str) -> Option<u64> {
    regex(r"(\d+)-byte batches").captures(words)?[1]
        .parse()
        .ok()
}

/// `index.interval.bytes=150 … 71-byte batches, one record each, CreateTime 1700000000000 + t`
fn make_log(words: &str, times: &Value) -> Result<Log, String> {
    let size = batch_size(words).ok_or("the words do not say how large batches are")?;
    let base: i64 = regex(r"CreateTime (\d+)")
        .captures(words)
        .and_then(|found| found[1].parse().ok())
        .unwrap_or(0);
    let mut log = Log::new(configured(words)?, Time::ZERO);
    for (i, t) in times
        .as_array()
        .ok_or("t is not a list")?
        .iter()
        .enumerate()
    {
        let t = t.as_i64().ok_or("t holds something else than numbers")?;
        let batch = batch_of(size, base.wrapping_add(t), i)?;
        log.append(batch, 0, Time::ZERO)
            .map_err(|e| e.to_string())?;
    }
    Ok(log)
}

fn check_log(case: &Case<'_>, log: &Log, report: &mut Report<'_>) -> io::Result<()> {
    for (name, value) in case.value.as_object().into_iter().flatten() {
        let path = format!("{}.{name}", case.path);
        if matches!(name.as_str(), "topic_config" | "t" | "note") {
            continue;
        }
        let map = value.as_object();
        match (name.as_str(), map) {
            ("segments", Some(map)) => {
                let bases = log.segments().map(|s| s.base_offset().to_string());
                let mut theirs: Vec<_> = map.keys().cloned().collect();
                theirs.sort_by_key(|base| base.parse::<i64>().ok());
                report.check(&path, equal("segments", bases.collect(), theirs))?;
                for (base, words) in map {
                    let checked = check_segment(log, base, words);
                    report.check(&format!("{path}.{base}"), checked)?;
                }
            }
            ("raw", Some(map)) => {
                for (file, spelt) in map {
                    let checked = check_raw(log, file, spelt);
                    report.check(&format!("{path}.{file}"), checked)?;
                }
            }
            ("offsets_for_time", Some(map)) => {
                for (time, offset) in map {
                    let checked = check_time(log, time, offset);
                    report.check(&format!("{path}.{time}"), checked)?;
                }
            }
            (name, None) if name.starts_with("offset_index_") => {
                let entries = segment(log, &name["offset_index_".len()..]).map(|s| {
                    let entries = s.offset_index().map(|e| (e.offset, i64::from(e.position)));
                    entries.collect()
                });
                report.check(&path, check_entries(entries, value))?;
            }
            (name, None) if name.starts_with("time_index_") => {
                let entries = segment(log, &name["time_index_".len()..])
                    .map(|s| s.time_index().map(|e| (e.timestamp, e.offset)).collect());
                report.check(&path, check_entries(entries, value))?;
            }
            _ => report.fail(&path, "data of a shape that is not known")?,
        }
    }
    Ok(())
}

fn segment<'a>(log: &'a Log, base: &str) -> Result<SegmentView<'a>, String> {
    let base: i64 = base.parse().map_err(|_| format!("{base} is no offset"))?;
    log.segments()
        .find(|segment| segment.base_offset() == base)
        .ok_or_else(|| format!("no segment begins at {base}"))
}

/// `offsets 0-8, 639 bytes`, the bytes perhaps left out.
fn check_segment(log: &Log, base: &str, words: &Value) -> Result<(), String> {
    let words = words.as_str().unwrap_or_default();
    let found = regex(r"^offsets (\d+)-(\d+)(?:, (\d+) bytes)?$").captures(words);
    let found = found.ok_or_else(|| format!("'{words}' does not say which offsets"))?;
    let segment = segment(log, base)?;
    let first = segment.batches().next().map(|(_, b)| b.base_offset);
    let last = segment.batches().last().map(|(_, b)| b.last_offset());
    equal("first offset", first, found[1].parse().ok())?;
    equal("last offset", last, found[2].parse().ok())?;
    match found.get(3) {
        None => Ok(()),
        Some(bytes) => equal(
            "bytes",
            Some(segment.size_bytes()),
            bytes.as_str().parse().ok(),
        ),
    }
}

fn check_entries(ours: Result<Vec<(i64, i64)>, String>, theirs: &Value) -> Result<(), String> {
    let pair = |entry: &Value| match entry.as_array()?.as_slice() {
        [a, b] => Some((a.as_i64()?, b.as_i64()?)),
        _ => None,
    };
    let theirs: Option<Vec<_>> = theirs
        .as_array()
        .and_then(|entries| entries.iter().map(pair).collect());
    equal("entries", Some(ours?), theirs)
}

/// A file in hex. A broker allots the active segment's indexes ahead, so zeros may follow there.
fn check_raw(log: &Log, file: &str, spelt: &Value) -> Result<(), String> {
    let theirs = unhex(spelt.as_str().unwrap_or("?"))?;
    let name = file.rsplit('/').next().unwrap_or_default();
    let base = name.split('.').next().unwrap_or_default();
    let segment = segment(log, base)?;
    let ours = export(&segment)
        .into_iter()
        .find(|ours| ours.name == name)
        .ok_or_else(|| format!("a segment has no file {name}"))?;
    let allotted = segment.is_active()
        && !name.ends_with(".log")
        && theirs
            .strip_prefix(&ours.bytes[..])
            .is_some_and(|rest| rest.iter().all(|&byte| byte == 0));
    if allotted {
        return Ok(());
    }
    equal("bytes", hex(&ours.bytes), hex(&theirs))
}

/// A timestamp, or what `ListOffsets` means by -1, -2, -3 (words may follow), to an offset or null.
fn check_time(log: &Log, time: &str, offset: &Value) -> Result<(), String> {
    let number = time.split(' ').next().and_then(|n| n.parse().ok());
    let found = match number.ok_or_else(|| format!("'{time}' is no timestamp"))? {
        -1 => Some(log.log_end_offset()),
        -2 => Some(log.log_start_offset()),
        -3 => {
            let latest = log.offset_of_max_timestamp();
            latest.map_err(|e| e.to_string())?.map(|at| at.offset)
        }
        timestamp => {
            let found = log.offset_for_timestamp(timestamp);
            found.map_err(|e| e.to_string())?.map(|at| at.offset)
        }
    };
    equal(
        "offset",
        found.map_or(Value::Null, Value::from),
        offset.clone(),
    )
}

fn check_txn_index(spelt: &str, entries: &Value) -> Result<(), String> {
    let bytes = unhex(spelt)?;
    let entries = entries.as_array().ok_or("entries is not a list")?;
    let (ours, rest) = bytes.as_chunks::<{ AbortedTxn::BYTES }>();
    equal("bytes left over", rest.len(), 0)?;
    equal("entries", ours.len(), entries.len())?;
    for (bytes, theirs) in ours.iter().zip(entries) {
        let field = |name: &str| theirs.get(name).and_then(Value::as_i64);
        equal("version", Some(0), field("version"))?;
        let ours = AbortedTxn::decode(bytes).ok_or("its version is not 0")?;
        equal("producerId", Some(ours.producer_id), field("producerId"))?;
        equal("firstOffset", Some(ours.first_offset), field("firstOffset"))?;
        equal("lastOffset", Some(ours.last_offset), field("lastOffset"))?;
        let stable = Some(ours.last_stable_offset);
        equal("lastStableOffset", stable, field("lastStableOffset"))?;
        equal("written again", &ours.encode(), bytes)?;
    }
    Ok(())
}

/// `appends` batches of `record_bytes`, which may be left open as `S`: then several sizes are tried.
fn check_roll(case: &Case<'_>, appends: &Value) -> Result<(), String> {
    let term = |name: &str| case.field(name).map(term).ok_or(format!("no {name}"));
    let (size, limit) = (term("record_bytes")?, term("segment_bytes")?);
    let appends = appends.as_u64().filter(|&n| n <= 1 << 16);
    let appends = appends.ok_or("appends is not a moderate number")?;
    let segments = case.field("segments").and_then(Value::as_u64);
    for s in [70, 71, 100, 1_000] {
        let size = evaluate(&size, s)?;
        let segment_bytes = u32::try_from(evaluate(&limit, s)?)
            .map_err(|_| "segment_bytes is out of range".to_owned())?;
        let log = filled(segment_bytes, size, appends)?;
        let ours = Some(log.segments().count() as u64);
        equal(&format!("segments with S = {s}"), ours, segments)?;
    }
    Ok(())
}

fn filled(segment_bytes: u32, size: u64, appends: u64) -> Result<Log, String> {
    let config = LogConfig {
        segment_bytes,
        ..LogConfig::default()
    };
    let mut log = Log::new(config, Time::ZERO);
    let batch = batch_of(size, 0, 0)?;
    for _ in 0..appends {
        log.append(batch.clone(), 0, Time::ZERO)
            .map_err(|e| e.to_string())?;
    }
    Ok(log)
}

fn term(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// A number, `S`, or a product, sum or difference of such: `10*(S-1)`.
fn evaluate(term: &str, s: u64) -> Result<u64, String> {
    let unclear = || format!("'{term}' is not clear");
    let term = term.trim();
    let inner = term.strip_prefix('(').and_then(|t| t.strip_suffix(')'));
    if let Some(inner) = inner.filter(|inner| !inner.contains(['(', ')'])) {
        return evaluate(inner, s);
    }
    // The operator that binds least, outside of brackets, is applied last.
    for operators in [['+', '-'], ['*', '*']] {
        let mut depth = 0;
        let outside = term.char_indices().filter(|&(_, c)| {
            depth += i32::from(c == '(') - i32::from(c == ')');
            depth == 0 && operators.contains(&c)
        });
        if let Some((at, operator)) = outside.last() {
            let (a, b) = (evaluate(&term[..at], s)?, evaluate(&term[at + 1..], s)?);
            return match operator {
                '+' => a.checked_add(b),
                '-' => a.checked_sub(b),
                _ => a.checked_mul(b),
            }
            .ok_or_else(unclear);
        }
    }
    match term {
        "S" => Ok(s),
        number => number.parse().map_err(|_| unclear()),
    }
}

/// `segment.bytes=200, 71-byte batches` gives `2 batches per segment: 0-1,2-3,…`. `None` if the words
/// are others.
fn check_real_roll(words: &str, expect: &str) -> Option<Result<(), String>> {
    let size = batch_size(words)?;
    let config = configured(words).ok()?;
    let ranges: Vec<(i64, i64)> = regex(r"(\d+)-(\d+)")
        .captures_iter(expect)
        .map(|range| Some((range[1].parse().ok()?, range[2].parse().ok()?)))
        .collect::<Option<_>>()?;
    let &(_, last) = ranges.last()?;
    let appends = u64::try_from(last).ok().filter(|&n| n < 1 << 16)? + 1;
    let segments = |log: Log| -> Vec<_> {
        let ends = |s: SegmentView<'_>| {
            let last = s.batches().last().map_or(-1, |(_, b)| b.last_offset());
            (s.base_offset(), last)
        };
        log.segments().map(ends).collect()
    };
    let log = filled(config.segment_bytes, size, appends);
    Some(log.and_then(|log| equal("segments", segments(log), ranges)))
}
