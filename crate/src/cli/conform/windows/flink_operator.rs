//! Flink's window operator, step by step.

use super::{Case, KeyTable, Report, Row, equal, int_field, int_of, list, list_of, same, str_of};
use crate::stream::{Aggregate, Engine, Mode, Operator, Out, Record, Rules, TimeKind, Trigger};
use serde_json::Value;
use std::io;

/// A case has a window, a trigger, an aggregate, and steps: an element or a watermark, and what comes
/// out with it.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let known = [
        "window",
        "allowed_lateness",
        "trigger",
        "aggregate",
        "expected_dropped",
    ];
    if case.field("window").is_none() {
        return Ok(false);
    }
    // One case is told in words beside its numbers.
    let marks = match case.field("steps") {
        Some(_) => ["steps"],
        None => ["expected"],
    };
    super::judge_with(case, report, &marks, &known, |case| check(case.value))
}

fn check(case: &Value) -> Result<(), String> {
    let steps = list_of(case, "steps")?;
    let keys = KeyTable::new(
        steps
            .iter()
            .filter_map(|step| step.get("key"))
            .map(super::key),
    );
    let mut operator = operator(case)?;
    let mut dropped = Vec::new();
    for (n, step) in steps.iter().enumerate() {
        let mut out = Out::default();
        let ts = int_of(step, "ts")?;
        match str_of(step, "op")? {
            "element" => {
                super::only(step, &["op", "key", "ts", "value", "emits"])?;
                let key = super::key(step.get("key").unwrap_or(&Value::Null));
                let record = Record {
                    key: keys.id(&key),
                    ts,
                    value: int_field(step, "value")?.unwrap_or(1),
                    marks: false,
                };
                operator.record(record, 0, &mut out);
            }
            "watermark" => {
                super::only(step, &["op", "ts", "emits"])?;
                operator.advance(ts, 0, &mut out);
            }
            op => return Err(format!("step {n}: '{op}' is not known")),
        }
        let ours = out.emitted.iter().map(|e| keys.row(e)).collect();
        let theirs = match step.get("emits") {
            Some(rows) => list(rows)?.iter().map(row).collect::<Result<_, _>>()?,
            None => Vec::new(),
        };
        same(&format!("step {n}"), ours, theirs)?;
        dropped.extend(
            out.dropped
                .iter()
                .map(|d| (keys.name(d.record.key), d.record.ts)),
        );
    }
    if let Some(expected) = case.get("expected_dropped") {
        let theirs = list(expected)?.iter().map(|pair| match list(pair)? {
            [key, ts] => Ok((super::key(key), super::int(ts)?)),
            _ => Err(format!("{pair} is no key with a timestamp")),
        });
        equal("dropped", dropped, theirs.collect::<Result<_, _>>()?)?;
    }
    Ok(())
}

fn operator(case: &Value) -> Result<Operator, String> {
    let spec = case.get("window").unwrap_or(&Value::Null);
    super::only(spec, &["type", "size", "slide", "gap", "offset"])?;
    let windows = super::windows_of(spec)?;
    let trigger = str_of(case, "trigger")?;
    let mode = match trigger.strip_prefix("event-time, ") {
        Some("fire (accumulating)") => Mode::Accumulating,
        Some("fire-and-purge") => Mode::Discarding,
        _ => return Err(format!("trigger '{trigger}' is not known")),
    };
    let aggregate: Aggregate = str_of(case, "aggregate")?.parse()?;
    let lateness = int_field(case, "allowed_lateness")?.unwrap_or(0);
    let rules = Rules::new(Engine::Flink, &windows, lateness, TimeKind::Event);
    Ok(Operator::new(
        windows,
        aggregate,
        rules,
        Trigger::WATERMARK,
        mode,
    ))
}

fn row(value: &Value) -> Result<Row, String> {
    super::only(value, &["key", "start", "end", "value"])?;
    Ok((
        super::key(value.get("key").unwrap_or(&Value::Null)),
        int_of(value, "start")?,
        int_of(value, "end")?,
        int_field(value, "value")?,
    ))
}
