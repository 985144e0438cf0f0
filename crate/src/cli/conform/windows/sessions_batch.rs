//! The sessions of a whole set of timestamps.

use super::{Case, Report, int_of, ints, list_of, same};
use crate::stream::{
    Acc, Aggregate, Engine, Mode, Operator, Out, Record, Rules, TimeKind, Trigger, Windows,
};
use serde_json::Value;
use std::io;

/// A case has a gap, which side of it belongs to the session (`boundary`), timestamps, and the
/// sessions, with their `elements` or without.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let known = ["gap", "boundary", "end_convention", "input"];
    if case.field("gap").is_none() {
        return Ok(false);
    }
    super::judge_with(case, report, &["expected"], &known, |case| {
        check(case.value)
    })
}

fn check(case: &Value) -> Result<(), String> {
    let convention = case.get("end_convention").and_then(Value::as_str);
    let engine = match (super::str_of(case, "boundary")?, convention) {
        ("exclusive", None) => Engine::Beam,
        ("inclusive", None) => Engine::Flink,
        ("inclusive", Some(words)) if words.starts_with("kafka") => Engine::KafkaStreams,
        (boundary, _) => return Err(format!("boundary '{boundary}' is not known")),
    };
    let windows = Windows::Session {
        gap: int_of(case, "gap")?,
    };
    windows.check()?;
    let rules = Rules::new(engine, &windows, 0, TimeKind::Event);
    let mut operator = Operator::new(
        windows,
        Aggregate::Collect,
        rules,
        Trigger::NEVER,
        Mode::Accumulating,
    );
    let mut out = Out::default();
    for ts in ints(case.get("input").unwrap_or(&Value::Null))? {
        let record = Record {
            ts,
            value: ts,
            ..Record::default()
        };
        operator.record(record, 0, &mut out);
    }
    let expected = list_of(case, "expected")?;
    let with_elements = expected.iter().any(|e| e.get("elements").is_some());
    let mut ours = Vec::new();
    for (_, pane) in operator.open() {
        let Acc::List(inside) = pane.held() else {
            continue;
        };
        let shown = operator.shown(pane);
        let mut inside = inside.clone();
        inside.sort_unstable();
        ours.push((shown.start, shown.end, with_elements.then_some(inside)));
    }
    let theirs = expected.iter().map(|session| {
        super::only(session, &["start", "end", "elements"])?;
        let mut inside = session.get("elements").map(ints).transpose()?;
        inside.iter_mut().for_each(|inside| inside.sort_unstable());
        Ok((int_of(session, "start")?, int_of(session, "end")?, inside))
    });
    same("the sessions", ours, theirs.collect::<Result<_, String>>()?)
}
