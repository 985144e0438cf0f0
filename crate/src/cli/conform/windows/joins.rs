//! Joins of two streams.

use super::{Case, Report, equal, int, int_field, int_of, list, list_of, same, str_of};
use crate::stream::{Joined, Key, Side, StreamJoin, StreamJoinKind, window_join};
use serde_json::Value;
use std::io;

/// A case has a join, and steps `[side, key, value, ts, {"emits": […]}]`; or records of the left and,
/// for each of the right, what it matches for a range of keys; or two lists that meet by window.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let Some(join) = case.field("join") else {
        return Ok(false);
    };
    let fields = case.value.as_object().into_iter().flatten();
    let for_each = fields.map(|(name, _)| name.as_str());
    let mut for_each = for_each.filter(|name| name.starts_with("right_for_each_key_"));
    let Some(for_each) = for_each.next() else {
        if case.field("steps").is_some() {
            let known = ["join"];
            return super::judge_with(case, report, &["steps"], &known, |case| {
                let steps = list_of(case.value, "steps")?;
                run(join, steps.iter().map(step).collect::<Result<_, _>>()?)
            });
        }
        let known = ["join", "left", "right"];
        return super::judge_with(case, report, &["expected"], &known, |case| {
            by_window(case.value)
        });
    };
    let known = ["join", "left", for_each];
    super::judge_with(case, report, &["left"], &known, |case| {
        run(join, for_each_key(case.value, for_each)?)
    })
}

/// A result: key, value, timestamp.
type Pair = (Key, String, i64);

/// A record, and what comes out with it; `None` where nobody says.
struct Step {
    side: Side,
    key: Key,
    value: String,
    ts: i64,
    emits: Option<Vec<Pair>>,
}

fn step(value: &Value) -> Result<Step, String> {
    let (record, rest) = list(value)?.split_at_checked(4).ok_or("a step is short")?;
    let side = match record[0].as_str() {
        Some("L") => Side::Left,
        Some("R") => Side::Right,
        _ => return Err(format!("side {} is not known", record[0])),
    };
    let emits = match rest {
        [] => Vec::new(),
        [with] => {
            super::only(with, &["emits"])?;
            pairs(with.get("emits").unwrap_or(&Value::Null))?
        }
        _ => return Err(format!("step {value} is not known")),
    };
    Ok(Step {
        side,
        key: dense(int(&record[1])?)?,
        value: super::key(&record[2]),
        ts: int(&record[3])?,
        emits: Some(emits),
    })
}

fn dense(key: i64) -> Result<Key, String> {
    let key = u32::try_from(key).ok().filter(|&key| key < 1_000_000);
    key.ok_or_else(|| "a key is a small number here".to_owned())
}

/// `[[key, value, ts], …]`
fn pairs(value: &Value) -> Result<Vec<Pair>, String> {
    let pairs = list(value)?.iter().map(|pair| match list(pair)? {
        [key, value, ts] => Ok((dense(int(key)?)?, super::key(value), int(ts)?)),
        _ => Err(format!("{pair} is no pair")),
    });
    pairs.collect()
}

/// The left, then each of the right for each of the keys, its value the name and the key.
fn for_each_key(case: &Value, field: &str) -> Result<Vec<Step>, String> {
    let keys = field
        .trim_start_matches("right_for_each_key_")
        .split_once("_to_");
    let keys = keys.and_then(|(first, last)| Some((first.parse().ok()?, last.parse().ok()?)));
    let (first, last): (u32, u32) = keys.ok_or_else(|| format!("{field} names no keys"))?;
    dense(last.into())?;
    let mut steps = Vec::new();
    for left in list_of(case, "left")? {
        let mut left = step(left)?;
        left.emits = None;
        steps.push(left);
    }
    for right in list_of(case, field)? {
        super::only(right, &["right", "ts", "matches"])?;
        let name = str_of(right, "right")?;
        let ts = int_of(right, "ts")?;
        let matches = pairs(right.get("matches").unwrap_or(&Value::Null))?;
        if matches
            .iter()
            .any(|&(key, ..)| !(first..=last).contains(&key))
        {
            return Err(format!("{right} matches a key that is not sent"));
        }
        for key in first..=last {
            let mine = matches.iter().filter(|&&(of, ..)| of == key);
            steps.push(Step {
                side: Side::Right,
                key,
                value: format!("{name}{key}"),
                ts,
                emits: Some(mine.cloned().collect()),
            });
        }
    }
    Ok(steps)
}

fn run(join: &Value, steps: Vec<Step>) -> Result<(), String> {
    super::only(join, &["type", "within", "bounds", "grace"])?;
    let kind = match str_of(join, "type")? {
        "inner" => StreamJoinKind::Inner,
        "left" => StreamJoinKind::Left,
        "outer" => StreamJoinKind::Outer,
        kind => return Err(format!("joins of type '{kind}' are not known")),
    };
    if let Some(bounds) = join.get("bounds").and_then(Value::as_str) {
        equal("bounds", bounds, "inclusive")?;
    }
    let within = super::window(join.get("within").unwrap_or(&Value::Null))?;
    let grace = int_field(join, "grace")?.unwrap_or(0);
    let mut join = StreamJoin::new(kind, within.start.saturating_neg(), within.end, grace)?;
    for (n, step) in steps.into_iter().enumerate() {
        let mut ours: Vec<Pair> = Vec::new();
        join.record(
            step.side,
            step.key,
            step.ts,
            step.value,
            &mut |joined: Joined<String>| {
                let name = |side: Option<String>| side.unwrap_or_else(|| "null".to_owned());
                let both = format!("{}+{}", name(joined.left), name(joined.right));
                ours.push((joined.key, both, joined.ts));
            },
        );
        if let Some(theirs) = step.emits {
            equal(&format!("step {n}"), ours, theirs)?;
        }
    }
    Ok(())
}

fn by_window(case: &Value) -> Result<(), String> {
    let join = case.get("join").unwrap_or(&Value::Null);
    super::only(join, &["type", "size"])?;
    equal(
        "type",
        str_of(join, "type")?,
        "inner on equal tumbling window",
    )?;
    let size = int_of(join, "size")?;
    if size <= 0 {
        return Err("the size must be above 0".to_owned());
    }
    let side = |name: &str| -> Result<Vec<(Option<i64>, i64)>, String> {
        let records = list_of(case, name)?
            .iter()
            .map(|record| match list(record)? {
                [Value::Null, value] => Ok((None, int(value)?)),
                [ts, value] => Ok((Some(int(ts)?), int(value)?)),
                _ => Err(format!("{record} is no timestamp with a value")),
            });
        records.collect()
    };
    let ours = window_join(size, &side("left")?, &side("right")?).into_iter();
    let ours = ours.map(|(window, l, r)| (window.start, window.end, l + r));
    let theirs = list_of(case, "expected")?.iter().map(|row| {
        super::only(row, &["start", "end", "total"])?;
        Ok((
            int_of(row, "start")?,
            int_of(row, "end")?,
            int_of(row, "total")?,
        ))
    });
    same(
        "the pairs",
        ours.collect(),
        theirs.collect::<Result<_, String>>()?,
    )
}
