//! Beam's panes: what each firing holds, whether it is on time, and whether it is the last.

use super::{Case, Report, equal, int, int_field, list, list_of};
use crate::stream::{
    Aggregate, Early, Emission, Engine, Kind, Mode, Operator, Out, Record, Rules, TimeKind,
    Trigger, Value as Held,
};
use serde_json::{Map, Value};
use std::io;

/// What a repeated trigger by the clock waits for, from the first element on, in the cases that have
/// one (`plusDelayOf`).
const DELAY_MS: i64 = 10;

/// A case has steps `["el" | "wm" | "wm_no_timers" | "proc", n, {…}]`; what lies in the maps of a step
/// is one.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("window").is_none() || case.field("mode").is_none() {
        return Ok(false);
    }
    let known = ["window", "allowed_lateness", "mode"];
    super::judge_with(case, report, &["steps"], &known, |case| check(case.value))
}

struct Step<'a> {
    op: &'a str,
    at: i64,
    with: Map<String, Value>,
}

fn step(value: &Value) -> Result<Step<'_>, String> {
    let strange = || format!("step {value} is not known");
    let [op, at, rest @ ..] = list(value)? else {
        return Err(strange());
    };
    let mut with = Map::new();
    for more in rest {
        with.extend(more.as_object().ok_or_else(strange)?.clone());
    }
    let known = [
        "value",
        "pane",
        "emits",
        "dropped",
        "trigger_fires",
        "trigger_fires_and_finishes",
    ];
    super::only(&Value::Object(with.clone()), &known)?;
    Ok(Step {
        op: op.as_str().ok_or_else(strange)?,
        at: int(at)?,
        with,
    })
}

fn check(case: &Value) -> Result<(), String> {
    let steps = list_of(case, "steps")?.iter().map(step);
    let steps = steps.collect::<Result<Vec<_>, _>>()?;
    let mut operator = operator(case, &steps)?;
    let mut now = 0;
    for (n, step) in steps.iter().enumerate() {
        let mut out = Out::default();
        match step.op {
            "el" => element(&mut operator, step, now, &mut out)?,
            "wm" => operator.advance(step.at, now, &mut out),
            "wm_no_timers" => operator.watermark_ahead(step.at),
            "proc" => {
                now = step.at;
                operator.tick(now, &mut out);
            }
            op => return Err(format!("step {n}: '{op}' is not known")),
        }
        let dropped = step.with.get("dropped") == Some(&Value::Bool(true));
        equal(
            &format!("step {n}: dropped"),
            !out.dropped.is_empty(),
            dropped,
        )?;
        let mut panes: Vec<&Value> = step.with.get("pane").into_iter().collect();
        if let Some(emits) = step.with.get("emits") {
            panes.extend(list(emits)?);
        }
        equal(&format!("step {n}: panes"), out.emitted.len(), panes.len())?;
        for (ours, theirs) in out.emitted.iter().zip(panes) {
            pane(ours, theirs).map_err(|why| format!("step {n}: {why}"))?;
        }
    }
    Ok(())
}

fn operator(case: &Value, steps: &[Step<'_>]) -> Result<Operator, String> {
    let spec = case.get("window").unwrap_or(&Value::Null);
    super::only(spec, &["type", "size", "slide", "gap", "offset"])?;
    let windows = super::windows_of(spec)?;
    let mode = match super::str_of(case, "mode")? {
        "accumulating" => Mode::Accumulating,
        "discarding" => Mode::Discarding,
        mode => return Err(format!("mode '{mode}' is not known")),
    };
    if let Some(trigger) = case.get("trigger") {
        return Err(format!("trigger {trigger} is not known"));
    }
    let by_hand = |step: &Step<'_>| step.with.keys().any(|name| name.starts_with("trigger_"));
    let trigger = if steps.iter().any(by_hand) {
        Trigger::NEVER
    } else if steps.iter().any(|step| step.op == "proc") {
        Trigger {
            early: Early::Every(DELAY_MS),
            at_watermark: false,
        }
    } else {
        Trigger::WATERMARK
    };
    let lateness = int_field(case, "allowed_lateness")?.unwrap_or(0);
    let rules = Rules::new(Engine::Beam, &windows, lateness, TimeKind::Event);
    Ok(Operator::new(
        windows,
        Aggregate::Collect,
        rules,
        trigger,
        mode,
    ))
}

fn element(
    operator: &mut Operator,
    step: &Step<'_>,
    now: i64,
    out: &mut Out,
) -> Result<(), String> {
    let value = step.with.get("value").map(int).transpose()?;
    let record = Record {
        ts: step.at,
        value: value.unwrap_or(step.at),
        ..Record::default()
    };
    operator.record(record, now, out);
    let fires = |name: &str| step.with.get(name) == Some(&Value::Bool(true));
    let finish = fires("trigger_fires_and_finishes");
    if (finish || fires("trigger_fires")) && !operator.fire_now(0, step.at, finish, out) {
        return Err("there is no window to fire".to_owned());
    }
    Ok(())
}

fn pane(ours: &Emission, theirs: &Value) -> Result<(), String> {
    let Held::List(inside) = &ours.value else {
        return Err("no elements".to_owned());
    };
    let timing = match ours.kind {
        Kind::OnTime => "ON_TIME",
        Kind::Early => "EARLY",
        _ => "LATE",
    };
    let nonspeculative = match ours.kind {
        Kind::Early => -1,
        _ => i64::from(ours.index - ours.early),
    };
    for (name, value) in theirs.as_object().into_iter().flatten() {
        match name.as_str() {
            "value" => equal(name, inside.iter().sum(), int(value)?)?,
            "elements" => super::same(name, inside.clone(), super::ints(value)?)?,
            "start" => equal(name, ours.window.start, int(value)?)?,
            "end" => equal(name, ours.window.end, int(value)?)?,
            "timing" => equal(name, timing, value.as_str().unwrap_or_default())?,
            "first" => equal(name, Some(ours.index == 0), value.as_bool())?,
            "last" => equal(name, Some(ours.last), value.as_bool())?,
            "index" => equal(name, i64::from(ours.index), int(value)?)?,
            "nonspeculative_index" => equal(name, nonspeculative, int(value)?)?,
            "ts" => equal(name, ours.earliest_new, int(value)?)?,
            _ => return Err(format!("{name} is not known in a pane")),
        }
    }
    Ok(())
}
