//! Spark's Structured Streaming: a watermark that moves after the batch.

use super::{Case, KeyTable, Report, equal, int_field, int_of, list_of, same, str_of};
use crate::stream::{
    Aggregate, Engine, MicroBatches, Options, Out, Progress, Record, TimeKind, Windows,
};
use serde_json::Value;
use std::io;

/// A case has a kind (`stream-window`, `stream-session`), parameters, rows with the batch that brings
/// them, what each batch emitted and how it went.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("kind").is_none() {
        return Ok(false);
    }
    let known = ["kind", "params", "input"];
    let marks = ["emitted", "progress"];
    super::judge_with(case, report, &marks, &known, |case| check(case.value))
}

fn check(case: &Value) -> Result<(), String> {
    let (windows, delay, mode) = query(case)?;
    let options = Options {
        engine: Engine::Spark,
        windows: windows.clone(),
        time: TimeKind::Event,
        watermark: delay,
        punctuated: false,
        lateness: None,
        trigger: None,
        mode,
    };
    let plan = options.plan()?;
    let mut query = MicroBatches::new(windows, Aggregate::Count, &plan, delay);
    let input = list_of(case, "input")?;
    let user = |row: &Value| super::key(row.get("user").unwrap_or(&Value::Null));
    let keys = KeyTable::new(input.iter().map(user));
    let mut rows = Vec::new();
    for row in input {
        super::only(row, &["user", "ts", "batch"])?;
        let record = Record {
            key: keys.id(&user(row)),
            ts: int_of(row, "ts")?,
            value: 1,
            marks: false,
        };
        rows.push((int_field(row, "batch")?.unwrap_or(0), record));
    }
    // In order of the batches, and within one as they are.
    rows.sort_by_key(|&(batch, _)| batch);
    let mut emitted = Vec::new();
    let mut progress: Vec<Progress> = Vec::new();
    for batch in rows.chunk_by(|a, b| a.0 == b.0) {
        let batch: Vec<Record> = batch.iter().map(|&(_, record)| record).collect();
        let mut out = Out::default();
        let told = query.batch(&batch, 0, &mut out);
        let mut results = out.emitted.iter();
        for told in &told {
            let results = results.by_ref().take(told.emitted);
            emitted.extend(results.map(|result| (told.batch as i64, keys.row(result))));
        }
        progress.extend(told);
    }
    if case.get("emitted").is_some() {
        let theirs = list_of(case, "emitted")?.iter().map(|row| {
            super::only(row, &["batch_id", "user", "start_ms", "end_ms", "n"])?;
            let (start, end) = (int_of(row, "start_ms")?, int_of(row, "end_ms")?);
            let n = int_of(row, "n")?;
            Ok((int_of(row, "batch_id")?, (user(row), start, end, Some(n))))
        });
        same("emitted", emitted, theirs.collect::<Result<_, String>>()?)?;
    }
    if case.get("progress").is_some() {
        let ours = progress.iter().map(|p| {
            let (batch, rows) = (p.batch as i64, p.rows as i64);
            (batch, rows, p.watermark, p.dropped as i64)
        });
        let theirs = list_of(case, "progress")?.iter().map(|row| {
            super::only(row, &["batch_id", "rows", "watermark_ms", "dropped"])?;
            let (batch, rows) = (int_of(row, "batch_id")?, int_of(row, "rows")?);
            Ok((
                batch,
                rows,
                int_of(row, "watermark_ms")?,
                int_of(row, "dropped")?,
            ))
        });
        equal(
            "progress",
            ours.collect(),
            theirs.collect::<Result<Vec<_>, String>>()?,
        )?;
    }
    Ok(())
}

/// The windows, the watermark's delay and the output mode.
fn query(case: &Value) -> Result<(Windows, Option<i64>, Option<String>), String> {
    let params = case.get("params").unwrap_or(&Value::Null);
    let known = [
        "size_ms",
        "slide_ms",
        "offset_ms",
        "gap_ms",
        "watermark_ms",
        "output_mode",
    ];
    super::only(params, &known)?;
    let windows = match str_of(case, "kind")? {
        "stream-session" => Windows::Session {
            gap: int_of(params, "gap_ms")?,
        },
        "stream-window" => {
            let size = int_of(params, "size_ms")?;
            let offset = int_field(params, "offset_ms")?.unwrap_or(0);
            match int_field(params, "slide_ms")? {
                Some(slide) => Windows::Hopping {
                    size,
                    slide,
                    offset,
                },
                None => Windows::Tumbling { size, offset },
            }
        }
        kind => return Err(format!("queries of kind '{kind}' are not known")),
    };
    let mode = params.get("output_mode").and_then(Value::as_str);
    Ok((
        windows,
        int_field(params, "watermark_ms")?,
        mode.map(str::to_owned),
    ))
}
