//! Histories of leader epochs: operations on one, and what is asked of it after.

use super::{Case, Report, equal};
use crate::log::LeaderEpochs;
use serde_json::{Map, Value, json};
use std::io;

/// A case has `ops` and what to `expect`: under `expect`, a question's name with its answer; with
/// `AfterEach` behind it, the answers after each operation; `then` gives more operations, after which
/// the names have `then` before them.
pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let Some(ops) = case.field("ops").filter(|ops| ops.is_array()) else {
        return Ok(false);
    };
    case.all_known(&["ops", "expect"], report)?;
    let checked = match case.field("expect").and_then(Value::as_object) {
        Some(expect) if !expect.is_empty() => check(ops, expect),
        _ => Err("nothing is expected of it".to_owned()),
    };
    report.check(case.path, checked)?;
    Ok(true)
}

fn check(ops: &Value, expect: &Map<String, Value>) -> Result<(), String> {
    let mut histories = vec![LeaderEpochs::default()];
    apply(&mut histories, ops)?;
    let first = histories.clone();
    if let Some(then) = expect.get("then") {
        histories = vec![histories.pop().unwrap_or_default()];
        apply(&mut histories, then)?;
    }
    for (name, theirs) in expect {
        if name == "then" || name == "note" {
            continue;
        }
        let later = name
            .strip_prefix("then")
            .filter(|rest| rest.starts_with(char::is_uppercase));
        let question = match later {
            Some(rest) => rest[..1].to_lowercase() + &rest[1..],
            None => name.clone(),
        };
        let after = if later.is_some() { &histories } else { &first };
        answer(after, &question, theirs)
            .and_then(|ours| equal(name, ours, theirs.clone()))
            .map_err(|why| format!("{why} (entries {:?})", last(after).entries()))?;
    }
    Ok(())
}

fn last(histories: &[LeaderEpochs]) -> &LeaderEpochs {
    histories.last().expect("it begins with an empty one")
}

/// Appends the history after each of the operations.
fn apply(histories: &mut Vec<LeaderEpochs>, ops: &Value) -> Result<(), String> {
    let ops = ops.as_array().ok_or("the operations are not a list")?;
    for op in ops {
        let mut epochs = last(histories).clone();
        let strange = || format!("operation {op} is not known");
        let op = op.as_array().map(Vec::as_slice).ok_or_else(strange)?;
        let (name, numbers) = op.split_first().ok_or_else(strange)?;
        let numbers: Vec<i64> = numbers.iter().filter_map(Value::as_i64).collect();
        if op.len() != numbers.len() + 1 {
            return Err(strange());
        }
        match (name.as_str().unwrap_or_default(), &numbers[..]) {
            ("assign", &[epoch, start]) if epoch >= 0 && start >= 0 => {
                let epoch = i32::try_from(epoch).map_err(|_| strange())?;
                epochs.assign(epoch, start);
            }
            ("truncateFromEnd" | "truncateFromEndAsyncFlush", &[offset]) => {
                epochs.truncate_from_end(offset);
            }
            ("truncateFromStart" | "truncateFromStartAsyncFlush", &[offset]) => {
                epochs.truncate_from_start(offset);
            }
            ("clear" | "clearAndFlush", []) => epochs.clear(),
            _ => return Err(strange()),
        }
        histories.push(epochs);
    }
    Ok(())
}

/// Our answer to `question`, in the shape of `theirs`, which holds what is asked for beside what is
/// answered.
fn answer(histories: &[LeaderEpochs], question: &str, theirs: &Value) -> Result<Value, String> {
    if let Some(question) = question.strip_suffix("AfterEach") {
        return histories[1..]
            .iter()
            .map(|epochs| ask(epochs, question))
            .collect();
    }
    let epochs = last(histories);
    match (question, theirs) {
        ("endOffsetFor", Value::Array(lines)) => {
            lines.iter().map(|line| end_offset(epochs, line)).collect()
        }
        ("nextEpoch" | "previousEpoch" | "epochForOffset" | "epochEntry", Value::Object(asked)) => {
            let ours = asked
                .keys()
                .map(|key| Ok((key.clone(), look_up(epochs, question, key)?)));
            Ok(Value::Object(ours.collect::<Result<_, String>>()?))
        }
        _ => ask(epochs, question),
    }
}

fn ask(epochs: &LeaderEpochs, question: &str) -> Result<Value, String> {
    let latest = epochs.latest();
    match question {
        "entries" | "epochEntries" => Ok(json!(epochs.entries())),
        "latestEntry" => Ok(json!(latest)),
        "earliestEntry" => Ok(json!(epochs.earliest())),
        "latestEpoch" => Ok(json!(latest.map(|(epoch, _)| epoch))),
        "previousEpoch" => Ok(json!(latest.and_then(|(epoch, _)| epochs.previous(epoch)))),
        "nonEmpty" => Ok(json!(latest.is_some())),
        _ => Err(format!("question '{question}' is not known")),
    }
}

fn look_up(epochs: &LeaderEpochs, question: &str, key: &str) -> Result<Value, String> {
    let number: i64 = key.parse().map_err(|_| format!("'{key}' is no number"))?;
    if question == "epochForOffset" {
        return Ok(json!(epochs.epoch_of(number)));
    }
    let epoch = i32::try_from(number).map_err(|_| format!("'{key}' is no epoch"))?;
    Ok(match question {
        "nextEpoch" => json!(epochs.next(epoch)),
        "previousEpoch" => json!(epochs.previous(epoch)),
        _ => json!(epochs.start_of(epoch).map(|start| (epoch, start))),
    })
}

/// `[requested epoch, log end offset, [epoch, end offset]]`, ours in the last place.
fn end_offset(epochs: &LeaderEpochs, line: &Value) -> Result<Value, String> {
    let asked = line.as_array().filter(|line| line.len() == 3);
    let number = |i: usize| asked?[i].as_i64();
    let requested = number(0).and_then(|epoch| i32::try_from(epoch).ok());
    match (requested, number(1)) {
        (Some(epoch), Some(leo)) => {
            let end = epochs.end_offset_for(epoch, leo).unwrap_or((-1, -1));
            Ok(json!([epoch, leo, end]))
        }
        _ => Err(format!("endOffsetFor: {line} is not known")),
    }
}
