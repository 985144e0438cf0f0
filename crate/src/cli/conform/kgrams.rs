//! Runs of k symbols, how many there are of each, and which symbol is which.

use super::{Case, Report, equal};
use crate::clickstream::Symbol;
use crate::clickstream::features::kgrams;
use crate::clickstream::symbol::digits;
use serde_json::{Map, Value};
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let checked = match (case.name, case.value) {
        ("symbols", Value::Object(names)) => check_names(names),
        ("coveo_event_mapping", Value::Object(actions)) => check_actions(actions),
        _ if case.field("series").is_some() && case.field("k").is_some() => {
            case.all_known(
                &["id", "series", "k", "counts", "windows", "frequencies"],
                report,
            )?;
            check_runs(case)
        }
        _ => return Ok(false),
    };
    report.check(case.path, checked)?;
    Ok(true)
}

/// From numbers to names.
fn check_names(names: &Map<String, Value>) -> Result<(), String> {
    for (number, name) in names {
        let symbol = number.bytes().next().and_then(Symbol::from_digit);
        equal(number, symbol.map(Symbol::name), name.as_str())?;
    }
    Ok(())
}

/// From what the public format says of a product to numbers; nothing said is a view.
fn check_actions(actions: &Map<String, Value>) -> Result<(), String> {
    for (action, number) in actions {
        let symbol = match action.as_str() {
            "product_action empty" => Some(Symbol::View),
            name => Symbol::from_name(name.as_bytes()),
        };
        let ours = symbol.map(|symbol| u64::from(symbol.number()));
        equal(action, ours, number.as_u64())?;
    }
    Ok(())
}

fn check_runs(case: &Case<'_>) -> Result<(), String> {
    let series = case.field("series").and_then(Value::as_array);
    let symbols = series.ok_or("the series is no list")?.iter().map(symbol);
    let symbols = symbols.collect::<Result<Vec<u8>, _>>()?;
    let k = case.field("k").and_then(Value::as_u64);
    let k = k.and_then(|k| usize::try_from(k).ok()).filter(|&k| k > 0);
    let k = k.ok_or("k is a whole number, 1 or more")?;
    let windows = (symbols.len() + 1).saturating_sub(k);
    if let Some(theirs) = case.field("windows") {
        equal("windows", Some(windows as u64), theirs.as_u64())?;
    }
    let runs = kgrams(&symbols, k);
    if let Some(theirs) = case.field("counts") {
        let ours = runs.iter().map(|&(run, count)| (digits(run), count.into()));
        equal("counts", &Value::Object(ours.collect()), theirs)?;
    }
    if let Some(theirs) = case.field("frequencies") {
        let ours = runs.iter().map(|&(run, count)| {
            let share = f64::from(count) / windows as f64;
            (digits(run), share.into())
        });
        equal("frequencies", &Value::Object(ours.collect()), theirs)?;
    }
    Ok(())
}

fn symbol(value: &Value) -> Result<u8, String> {
    let number = value.as_u64().and_then(|number| u8::try_from(number).ok());
    let symbol = number.and_then(Symbol::from_number);
    symbol
        .map(Symbol::number)
        .ok_or_else(|| format!("{value} is no symbol"))
}
