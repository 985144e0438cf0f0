//! Spark's DStreams: windows of whole batches.

use super::{Case, KeyTable, Report, equal, int, int_of, list, list_of};
use crate::stream::{
    Aggregate, Engine, Method, Out, Record, Rows, Rules, Sliding, TimeKind, Value as Held, Windows,
};
use serde_json::{Value, json};
use std::io;

/// A case has an operation, the batches of a window and of a slide, the batches, and what each window
/// gives; or, where more than one way is named, a map with what each gives.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("op").is_none() {
        return Ok(false);
    }
    let known = ["op", "window_batches", "slide_batches", "input"];
    super::judge_with(case, report, &["expected"], &known, |case| {
        check(case.value)
    })
}

/// What is done with a window's elements.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Op {
    Window,
    ReduceByKey,
    GroupByKey,
    CountByValue,
    Count,
    Reduce,
}

impl Op {
    /// Whether a window gives rows of a key and what it has.
    const fn is_by_key(self) -> bool {
        matches!(
            self,
            Self::ReduceByKey | Self::GroupByKey | Self::CountByValue
        )
    }
}

fn check(case: &Value) -> Result<(), String> {
    let words = super::str_of(case, "op")?;
    let name = words.split([' ', ',']).next().unwrap_or_default();
    let op = match name {
        "window" => Op::Window,
        "reduceByKeyAndWindow" => Op::ReduceByKey,
        "groupByKeyAndWindow" => Op::GroupByKey,
        "countByValueAndWindow" => Op::CountByValue,
        "countByWindow" => Op::Count,
        "reduceByWindow" => Op::Reduce,
        _ => return Err(format!("operation '{words}' is not known")),
    };
    let expected = case.get("expected").unwrap_or(&Value::Null);
    if let Some(ways) = expected.as_object() {
        for (way, theirs) in ways {
            let way_words = match way.as_str() {
                "naive" => "",
                "inverse" => "with inverse",
                "inverse_filter" => "with inverse + filter v!=0",
                _ => return Err(format!("way '{way}' is not known")),
            };
            run(case, op, way_words, theirs).map_err(|why| format!("{way}: {why}"))?;
        }
        return Ok(());
    }
    run(case, op, &words[name.len()..], expected)
}

fn way(op: Op, words: &str) -> Result<(Method, Rows), String> {
    match (op, words.trim()) {
        (Op::Window, "") => Ok((Method::Recompute, Rows::Present)),
        (Op::CountByValue, "") => Ok((Method::Inverse, Rows::NonZero)),
        // Spark counts with an inverse function: 1 for each that enters, −1 for each that leaves.
        (Op::Count, "") => Ok((Method::Inverse, Rows::EverSeen)),
        (_, "") => Ok((Method::Recompute, Rows::Present)),
        (Op::ReduceByKey | Op::Reduce, "with inverse") => Ok((Method::Inverse, Rows::EverSeen)),
        (Op::ReduceByKey, "with inverse + filter v!=0") => Ok((Method::Inverse, Rows::NonZero)),
        (_, words) => Err(format!("'{words}' is not known")),
    }
}

/// An element's key, and what is aggregated of it.
fn keyed(op: Op, element: &Value, number: usize) -> Result<(String, i64), String> {
    match (op, element) {
        (Op::Window, _) => Ok((String::new(), number as i64)),
        (Op::Count, _) => Ok((String::new(), 1)),
        (Op::Reduce, value) => Ok((String::new(), int(value)?)),
        (Op::CountByValue, value) => Ok((super::key(value), 1)),
        (Op::ReduceByKey | Op::GroupByKey, Value::Array(pair)) => match &pair[..] {
            [key, value] => Ok((super::key(key), int(value)?)),
            _ => Err(format!("{element} is no key with a value")),
        },
        // A word counts as one.
        (Op::ReduceByKey | Op::GroupByKey, word) => Ok((super::key(word), 1)),
    }
}

fn run(case: &Value, op: Op, words: &str, expected: &Value) -> Result<(), String> {
    let (method, rows) = way(op, words)?;
    let (size, slide) = (
        int_of(case, "window_batches")?,
        int_of(case, "slide_batches")?,
    );
    if size <= 0 || slide <= 0 {
        return Err("a window and a slide are one batch at least".to_owned());
    }
    // A batch is a ms; windows end at multiples of the slide.
    let windows = Windows::Hopping {
        size,
        slide,
        offset: -(size % slide),
    };
    let aggregate = match op {
        Op::Window | Op::GroupByKey => Aggregate::Collect,
        Op::Count | Op::CountByValue => Aggregate::Count,
        Op::ReduceByKey | Op::Reduce => Aggregate::Sum,
    };
    let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
    let mut sliding = Sliding::new(&windows, aggregate, rules, method, rows)?;
    let batches = list_of(case, "input")?;
    let mut elements: Vec<&Value> = Vec::new();
    let mut records: Vec<(i64, String, i64)> = Vec::new();
    for (ts, batch) in (0..).zip(batches) {
        for element in list(batch)? {
            let (key, value) = keyed(op, element, elements.len())?;
            elements.push(element);
            records.push((ts, key, value));
        }
    }
    let keys = KeyTable::new(records.iter().map(|(_, key, _)| key.clone()));
    let mut records = records.into_iter().peekable();
    let mut ours = Vec::new();
    for at in 0..batches.len() as i64 {
        let mut out = Out::default();
        while let Some((ts, key, value)) = records.next_if(|(ts, ..)| *ts == at) {
            let record = Record {
                key: keys.id(&key),
                ts,
                value,
                marks: false,
            };
            sliding.record(record, &mut out);
        }
        sliding.advance(at, at, &mut out);
        if (at + 1) % slide == 0 {
            ours.push(shown(op, &keys, &elements, &out));
        }
    }
    let theirs = list(expected)?.iter().map(|value| sorted(op, value));
    equal("the windows", ours, theirs.collect::<Vec<_>>())
}

/// What a window gives, as the vectors write it.
fn shown(op: Op, keys: &KeyTable, elements: &[&Value], out: &Out) -> Value {
    let mut rows = out.emitted.iter();
    match op {
        Op::Window => match rows.next().map(|e| &e.value) {
            Some(Held::List(inside)) => {
                let inside = inside.iter().filter_map(|&n| elements.get(n as usize));
                inside.map(|&element| element.clone()).collect()
            }
            _ => json!([]),
        },
        Op::Count | Op::Reduce => {
            let first = rows.next();
            json!(first.and_then(|e| super::number(&e.value)))
        }
        Op::ReduceByKey | Op::CountByValue => {
            let rows = rows.map(|e| json!([keys.name(e.key), super::number(&e.value)]));
            sorted(op, &rows.collect())
        }
        Op::GroupByKey => {
            let rows = rows.map(|e| match &e.value {
                Held::List(inside) => json!([keys.name(e.key), inside]),
                _ => Value::Null,
            });
            sorted(op, &rows.collect())
        }
    }
}

/// Rows in order of their keys, those as text.
fn sorted(op: Op, value: &Value) -> Value {
    match value {
        Value::Array(rows) if op.is_by_key() => {
            let mut rows: Vec<Value> = rows.clone();
            for row in &mut rows {
                if let Some(key) = row.get_mut(0) {
                    *key = Value::String(super::key(key));
                }
            }
            rows.sort_by_cached_key(Value::to_string);
            Value::Array(rows)
        }
        Value::Array(none) if none.is_empty() && op != Op::Window => Value::Null,
        other => other.clone(),
    }
}
