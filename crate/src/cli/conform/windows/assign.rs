//! Which windows a timestamp falls into.

use super::{Case, Report, Windows, int_field, int_of, ints, list, list_of, same, windows};
use crate::stream::Window;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

/// A case has timestamps and, for each, its windows (`expected`); or what each window holds
/// (`expected_contents`).
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let marks = ["expected", "expected_contents"];
    let known = ["window", "size", "slide", "offset", "input"];
    super::judge_with(case, report, &marks, &known, |case| check(case.value))
}

fn check(case: &Value) -> Result<(), String> {
    let kind = super::str_of(case, "window")?;
    let from_zero = kind.ends_with("_kafka");
    let size = int_of(case, "size")?;
    let offset = int_field(case, "offset")?.unwrap_or(0);
    let assigner = match (kind.trim_end_matches("_kafka"), int_field(case, "slide")?) {
        ("tumbling" | "fixed", None) => Windows::Tumbling { size, offset },
        ("sliding" | "hopping", Some(slide)) => Windows::Hopping {
            size,
            slide,
            offset,
        },
        _ => return Err(format!("windows '{kind}' are not known")),
    };
    assigner.check()?;
    let input = ints(case.get("input").unwrap_or(&Value::Null))?;
    let assigned = |ts: i64| {
        let mut into = Vec::new();
        assigner.assign(ts, from_zero, |window| into.push(window));
        into
    };
    if case.get("expected").is_some() {
        let expected = list_of(case, "expected")?;
        super::equal("how many", input.len(), expected.len())?;
        for (&ts, theirs) in input.iter().zip(expected) {
            same(&format!("of {ts}"), assigned(ts), windows(theirs)?)?;
        }
    }
    if case.get("expected_contents").is_some() {
        let mut ours: BTreeMap<Window, Vec<i64>> = BTreeMap::new();
        for &ts in &input {
            for window in assigned(ts) {
                ours.entry(window).or_default().push(ts);
            }
        }
        let expected = list_of(case, "expected_contents")?;
        let theirs = expected
            .iter()
            .map(contents)
            .collect::<Result<Vec<_>, _>>()?;
        let ours = ours.into_iter().map(|(window, mut inside)| {
            inside.sort_unstable();
            (window, inside)
        });
        same("the windows", ours.collect(), theirs)?;
    }
    Ok(())
}

/// `{"start": …, "end": …, "elements": […]}`
fn contents(value: &Value) -> Result<(Window, Vec<i64>), String> {
    super::only(value, &["start", "end", "elements"])?;
    let window = Window::new(int_of(value, "start")?, int_of(value, "end")?);
    let mut inside = list(value.get("elements").unwrap_or(&Value::Null))?
        .iter()
        .map(super::int)
        .collect::<Result<Vec<_>, _>>()?;
    inside.sort_unstable();
    Ok((window, inside))
}
