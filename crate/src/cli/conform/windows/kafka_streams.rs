//! Kafka Streams: stream time, grace, final results, what is taken back.

use super::{Case, KeyTable, Report, Row, equal, int, int_field, list, list_of, same};
use crate::stream::{Aggregate, Asked, Engine, Job, Kind, Options, Out, Record, TimeKind, Windows};
use serde_json::Value;
use std::io;

/// A case has a window, records as timestamps or `[key, timestamp]`, and the final results, the
/// changelog or what is dropped of it.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("window").is_none() {
        return Ok(false);
    }
    let marks = ["expected_final", "expected_changelog", "expected_dropped"];
    super::judge_with(case, report, &marks, &["window", "input"], |case| {
        check(case.value)
    })
}

/// `ts`, or `[key, ts]`
fn keyed(value: &Value) -> Result<(String, i64), String> {
    match value {
        Value::Array(pair) => match &pair[..] {
            [key, ts] => Ok((super::key(key), int(ts)?)),
            _ => Err(format!("{value} is no key with a timestamp")),
        },
        ts => Ok((String::new(), int(ts)?)),
    }
}

fn check(case: &Value) -> Result<(), String> {
    let input = list_of(case, "input")?.iter().map(keyed);
    let input = input.collect::<Result<Vec<_>, _>>()?;
    let keys = KeyTable::new(input.iter().map(|(key, _)| key.clone()));
    let run = |trigger: Asked| -> Result<Out, String> {
        let mut job = job(case, trigger)?;
        let mut out = Out::default();
        for (key, ts) in &input {
            let record = Record {
                key: keys.id(key),
                ts: *ts,
                value: 1,
                marks: false,
            };
            job.record(record, 0, *ts, &mut out);
        }
        Ok(out)
    };
    let last = run(Asked::Final)?;
    if let Some(rows) = case.get("expected_final") {
        let ours = last.emitted.iter().map(|e| keys.row(e)).collect();
        same("final", ours, self::rows(rows)?)?;
    }
    if let Some(expected) = case.get("expected_dropped") {
        let ours = last.dropped.iter();
        let ours = ours
            .map(|d| (keys.name(d.record.key), d.record.ts))
            .collect();
        let theirs = list(expected)?.iter().map(keyed);
        equal("dropped", ours, theirs.collect::<Result<Vec<_>, _>>()?)?;
    }
    if let Some(rows) = case.get("expected_changelog") {
        let ours = run(Asked::Each)?.emitted.into_iter().map(|emission| {
            let (key, start, end, value) = keys.row(&emission);
            // What is taken back is a tombstone in the changelog.
            let value = value.filter(|_| emission.kind != Kind::Retract);
            (key, start, end, value)
        });
        equal("changelog", ours.collect(), self::rows(rows)?)?;
    }
    Ok(())
}

/// `[start, end, value]`, or with a key before.
fn rows(value: &Value) -> Result<Vec<Row>, String> {
    let rows = list(value)?.iter().map(|row| {
        let (key, rest) = match list(row)? {
            [key, rest @ ..] if rest.len() == 3 => (super::key(key), rest),
            rest => (String::new(), rest),
        };
        match rest {
            [start, end, value] => {
                let value = if value.is_null() {
                    None
                } else {
                    Some(int(value)?)
                };
                Ok((key, int(start)?, int(end)?, value))
            }
            _ => Err(format!("{row} is no result")),
        }
    });
    rows.collect()
}

fn job(case: &Value, trigger: Asked) -> Result<Job, String> {
    let spec = case.get("window").unwrap_or(&Value::Null);
    let known = [
        "type",
        "size",
        "advance",
        "gap",
        "time_difference",
        "grace",
        "end",
        "bounds",
    ];
    super::only(spec, &known)?;
    let windows = match super::windows_of(spec)? {
        // Hopping by its own size.
        Windows::Hopping { size, slide, .. } if size == slide => {
            Windows::Tumbling { size, offset: 0 }
        }
        windows => windows,
    };
    let options = Options {
        engine: Engine::KafkaStreams,
        windows,
        time: TimeKind::Event,
        watermark: None,
        punctuated: false,
        lateness: int_field(spec, "grace")?,
        trigger: Some(trigger),
        mode: None,
    };
    Job::new(&options, Aggregate::Count, 1, None)
}
