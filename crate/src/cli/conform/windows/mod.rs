//! Windows, sessions and joins, step by step, by each engine's rules.
//!
//! Results that come at one moment have no order in the real engines, so they are compared sorted.

pub(super) mod assign;
pub(super) mod beam_panes;
pub(super) mod flink_merging_set;
pub(super) mod flink_operator;
pub(super) mod joins;
pub(super) mod kafka_streams;
pub(super) mod proc_count_punct;
pub(super) mod sessions_batch;
pub(super) mod spark_dstream;
pub(super) mod spark_structured;

use super::{Case, Report, equal};
use crate::stream::{Emission, Key, Value as Result_, Window, Windows};
use serde_json::Value;
use std::fmt::Debug;
use std::io;

/// A row of results: key, start, end, value.
type Row = (String, i64, i64, Option<i64>);

/// What is said of a case beside its data.
const WORDS: [&str; 4] = ["id", "source", "note", "notes"];

/// Checks a case that has one of the fields in `marks`, of which `known` are all it may have. What it
/// expects may be told in words.
fn judge_with(
    case: &Case<'_>,
    report: &mut Report<'_>,
    marks: &[&str],
    known: &[&str],
    check: impl FnOnce(&Case<'_>) -> Result<(), String>,
) -> io::Result<bool> {
    let mut found = marks.iter().filter_map(|mark| case.field(mark));
    let Some(first) = found.next() else {
        return Ok(false);
    };
    if first.is_string() && found.next().is_none() {
        let words = case.value;
        report.skip(case.path, &format!("told in words: {words}"))?;
        return Ok(true);
    }
    let known: Vec<&str> = known.iter().chain(marks).chain(&WORDS).copied().collect();
    case.all_known(&known, report)?;
    report.check(case.path, check(case))?;
    Ok(true)
}

fn int(value: &Value) -> Result<i64, String> {
    value
        .as_i64()
        .ok_or_else(|| format!("{value} is no whole number"))
}

/// The number in a field, which may be missing.
fn int_field(value: &Value, name: &str) -> Result<Option<i64>, String> {
    match value.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(number) => int(number).map(Some),
    }
}

fn int_of(value: &Value, name: &str) -> Result<i64, String> {
    int_field(value, name)?.ok_or_else(|| format!("{value} has no {name}"))
}

fn str_of<'a>(value: &'a Value, name: &str) -> Result<&'a str, String> {
    let text = value.get(name).and_then(Value::as_str);
    text.ok_or_else(|| format!("{value} has no {name}"))
}

fn list(value: &Value) -> Result<&[Value], String> {
    value
        .as_array()
        .map(Vec::as_slice)
        .ok_or_else(|| format!("{value} is no list"))
}

fn list_of<'a>(value: &'a Value, name: &str) -> Result<&'a [Value], String> {
    let found = value.get(name);
    list(found.ok_or_else(|| format!("{value} has no {name}"))?)
}

fn ints(value: &Value) -> Result<Vec<i64>, String> {
    list(value)?.iter().map(int).collect()
}

/// `[start, end]`
fn window(value: &Value) -> Result<Window, String> {
    match ints(value)?[..] {
        [start, end] => Ok(Window::new(start, end)),
        _ => Err(format!("{value} is no window")),
    }
}

fn windows(value: &Value) -> Result<Vec<Window>, String> {
    list(value)?.iter().map(window).collect()
}

/// A key as text: itself, or the JSON of what it is.
fn key(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The keys of a case in order of their names, so that ties come out in that order.
struct KeyTable(Vec<String>);

impl KeyTable {
    fn new(names: impl IntoIterator<Item = String>) -> Self {
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort_unstable();
        names.dedup();
        Self(names)
    }

    fn id(&self, name: &str) -> Key {
        let found = self.0.binary_search_by(|known| known.as_str().cmp(name));
        found.unwrap_or(0) as Key
    }

    fn name(&self, key: Key) -> String {
        self.0.get(key as usize).cloned().unwrap_or_default()
    }

    fn row(&self, emission: &Emission) -> Row {
        (
            self.name(emission.key),
            emission.window.start,
            emission.window.end,
            number(&emission.value),
        )
    }
}

fn number(value: &Result_) -> Option<i64> {
    match value {
        Result_::Number(n) => Some(*n),
        _ => None,
    }
}

/// The windows of a case that has `{"type": …, "size": …}`.
fn windows_of(spec: &Value) -> Result<Windows, String> {
    let size = || int_of(spec, "size");
    let offset = || int_field(spec, "offset").map(|offset| offset.unwrap_or(0));
    let records = |name: &str| -> Result<u32, String> {
        let n = int_of(spec, name)?;
        u32::try_from(n).map_err(|_| format!("{n} is no number of records"))
    };
    let windows = match str_of(spec, "type")? {
        "tumbling" | "fixed" => Windows::Tumbling {
            size: size()?,
            offset: offset()?,
        },
        "sliding" | "hopping" => Windows::Hopping {
            size: size()?,
            slide: match int_field(spec, "advance")? {
                Some(advance) => advance,
                None => int_of(spec, "slide")?,
            },
            offset: offset()?,
        },
        "sliding_kafka" => Windows::Aligned {
            difference: int_of(spec, "time_difference")?,
        },
        "session" => Windows::Session {
            gap: int_of(spec, "gap")?,
        },
        "count" => Windows::Count {
            size: records("size")?,
            slide: match spec.get("slide") {
                Some(_) => records("slide")?,
                None => records("size")?,
            },
        },
        "global" => Windows::Global,
        "punctuation" => Windows::Punctuation {
            marker: String::new(),
        },
        kind => return Err(format!("windows of type '{kind}' are not known")),
    };
    windows.check()?;
    Ok(windows)
}

/// Fails if a map has a field that is not known.
fn only(value: &Value, known: &[&str]) -> Result<(), String> {
    let fields = value.as_object().into_iter().flatten();
    let strange = fields
        .map(|(name, _)| name)
        .find(|name| !known.contains(&name.as_str()));
    match strange {
        Some(name) => Err(format!("{name} is not known in {value}")),
        None => Ok(()),
    }
}

/// Compares without regard to order.
fn same<T: Ord + Debug>(what: &str, mut ours: Vec<T>, mut theirs: Vec<T>) -> Result<(), String> {
    ours.sort();
    theirs.sort();
    equal(what, ours, theirs)
}
