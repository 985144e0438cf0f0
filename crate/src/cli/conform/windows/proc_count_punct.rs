//! Windows by the clock, by counting, and by a record that ends them.

use super::{Case, KeyTable, Report, Row, int, list, list_of, same};
use crate::stream::{
    Aggregate, Early, Emission, Engine, Mode, Operator, Out, Record, Rules, TimeKind, Trigger,
    Windows,
};
use serde_json::Value;
use std::io;

/// A case has a window (with `"time": "processing"`, a `trigger`) and steps: `["clock", now]`,
/// `["el", key, ts, value]` (both may be missing), `["eos"]`, each with what it emits.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("window").is_none() {
        return Ok(false);
    }
    super::judge_with(case, report, &["steps"], &["window"], |case| {
        check(case.value)
    })
}

struct Step<'a> {
    op: &'a str,
    with: &'a [Value],
    emits: &'a [Value],
}

fn step(value: &Value) -> Result<Step<'_>, String> {
    let (op, with) = list(value)?.split_first().ok_or("a step is empty")?;
    let op = op
        .as_str()
        .ok_or_else(|| format!("step {value} is not known"))?;
    let (with, emits) = match with.split_last() {
        Some((last, with)) if last.is_object() => {
            super::only(last, &["emits"])?;
            (with, list_of(last, "emits")?)
        }
        _ => (with, &[][..]),
    };
    Ok(Step { op, with, emits })
}

fn check(case: &Value) -> Result<(), String> {
    let steps = list_of(case, "steps")?.iter().map(step);
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    let elements = || steps.iter().filter(|step| step.op == "el");
    let keys = KeyTable::new(
        elements()
            .filter_map(|step| step.with.first())
            .map(super::key),
    );
    let sums = elements().any(|step| step.with.get(2).is_some_and(Value::is_number));
    let aggregate = if sums {
        Aggregate::Sum
    } else {
        Aggregate::Count
    };
    let spec = case.get("window").unwrap_or(&Value::Null);
    let (mut operator, by_clock) = operator(spec, aggregate)?;
    let marker = marker(case);
    let mut now = 0;
    for (n, step) in steps.iter().enumerate() {
        let mut out = Out::default();
        match (step.op, step.with) {
            ("clock", [to]) => {
                now = int(to)?;
                if by_clock {
                    operator.advance(now, now, &mut out);
                }
                operator.tick(now, &mut out);
            }
            ("el", [key, rest @ ..]) if rest.len() <= 2 => {
                let ts = rest.first().map(int).transpose()?;
                let record = Record {
                    key: keys.id(&super::key(key)),
                    ts: ts.filter(|_| !by_clock).unwrap_or(now),
                    value: rest.get(1).and_then(Value::as_i64).unwrap_or(1),
                    marks: rest.get(1).and_then(Value::as_str) == Some(marker),
                };
                operator.record(record, now, &mut out);
            }
            ("wm", [to]) if !by_clock => operator.advance(int(to)?, now, &mut out),
            ("eos", []) => operator.finish(now, &mut out),
            _ => return Err(format!("step {n}: '{}' is not known", step.op)),
        }
        let theirs = step.emits.iter().map(row).collect::<Result<Vec<_>, _>>()?;
        let short = theirs.iter().any(|row| row.1.is_none());
        let ours = out.emitted.iter().map(|e| shown(&keys, e, short)).collect();
        same(&format!("step {n}"), ours, theirs)?;
    }
    Ok(())
}

/// A result, whose window may not be told.
type Shown = (String, Option<(i64, i64)>, Option<i64>);

fn shown(keys: &KeyTable, emission: &Emission, short: bool) -> Shown {
    let (key, start, end, value): Row = keys.row(emission);
    (key, (!short).then_some((start, end)), value)
}

/// `[key, value]` or `[key, start, end, value]`
fn row(value: &Value) -> Result<Shown, String> {
    match list(value)? {
        [key, n] => Ok((super::key(key), None, Some(int(n)?))),
        [key, start, end, n] => {
            let window = (int(start)?, int(end)?);
            Ok((super::key(key), Some(window), Some(int(n)?)))
        }
        _ => Err(format!("{value} is no result")),
    }
}

/// What ends a punctuation window: a field of the window, or `==…` in the words of the source.
fn marker(case: &Value) -> &str {
    let field = |name: &str| case.get("window")?.get(name)?.as_str();
    let word = || {
        let (_, rest) = case.get("source")?.as_str()?.split_once("==")?;
        rest.split(|c: char| !(c.is_alphanumeric() || c == '_'))
            .next()
    };
    let found = field("value").or_else(|| field("marker")).or_else(word);
    found.unwrap_or("purchase")
}

fn operator(spec: &Value, aggregate: Aggregate) -> Result<(Operator, bool), String> {
    let known = [
        "type", "size", "slide", "gap", "offset", "time", "trigger", "evictor", "value", "marker",
    ];
    super::only(spec, &known)?;
    let mut windows = super::windows_of(spec)?;
    let time = match spec.get("time").and_then(Value::as_str) {
        None | Some("event") => TimeKind::Event,
        Some("processing") => TimeKind::Processing,
        Some(time) => return Err(format!("time '{time}' is not known")),
    };
    let (trigger, mode) = match spec.get("trigger").and_then(Value::as_str) {
        Some(words) => count(words)?,
        None if windows == Windows::Global => (Trigger::NEVER, Mode::Accumulating),
        None => (Trigger::WATERMARK, Mode::Accumulating),
    };
    if let Some(words) = spec.get("evictor").and_then(Value::as_str) {
        // What Flink's countWindow(size, slide) is made of.
        let (Windows::Global, Early::Count(slide)) = (&windows, trigger.early) else {
            return Err(format!("evictor '{words}' is not known here"));
        };
        let (Trigger { early, .. }, _) = count(words)?;
        if let Early::Count(size) = early {
            windows = Windows::Count { size, slide };
        }
    }
    let rules = Rules::new(Engine::Flink, &windows, 0, time);
    let operator = Operator::new(windows, aggregate, rules, trigger, mode);
    Ok((operator, time == TimeKind::Processing))
}

/// `count 4`, `count 4, purging`
fn count(words: &str) -> Result<(Trigger, Mode), String> {
    let (count, mode) = match words.strip_suffix(", purging") {
        Some(count) => (count, Mode::Discarding),
        None => (words, Mode::Accumulating),
    };
    let n = count.strip_prefix("count ").and_then(|n| n.parse().ok());
    let n = n.filter(|&n: &u32| n > 0);
    let n = n.ok_or_else(|| format!("'{words}' is not known"))?;
    Ok((Trigger::count(n), mode))
}
