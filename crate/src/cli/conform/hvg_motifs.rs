//! Horizontal visibility graphs, their motifs, and how often each motif occurs by chance.

use super::{Case, Report, equal};
use crate::clickstream::features::{motif, motifs, visibility};
use serde_json::Value;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let checked = match case.name {
        // Four different values, in every order.
        "iid_continuous" => {
            check_chances(case, 4, |four| (0..4).all(|value| four.contains(&value)))
        }
        "iid_uniform_1_to_6" => check_chances(case, 6, |_| true),
        "published_script_vs_rule" => {
            let why = "about a script that does not follow the rule, which is all that is ours";
            report.skip(case.path, why)?;
            return Ok(true);
        }
        _ if case.field("series").is_some() => {
            let known = [
                "id",
                "series",
                "hvg_edges",
                "motif_counts_1_to_6",
                "windows",
            ];
            case.all_known(&known, report)?;
            check_series(case)
        }
        _ => return Ok(false),
    };
    report.check(case.path, checked)?;
    Ok(true)
}

/// The share of each motif among all fours of values below `values` that are `allowed`.
fn check_chances(
    case: &Case<'_>,
    values: u32,
    allowed: impl Fn(&[u32; 4]) -> bool,
) -> Result<(), String> {
    let mut counts = [0_u64; 6];
    for number in 0..values.pow(4) {
        let four = [1, values, values.pow(2), values.pow(3)].map(|place| number / place % values);
        if allowed(&four) {
            counts[motif(&four)] += 1;
        }
    }
    let all: u64 = counts.iter().sum();
    let chances = case.value.as_object().ok_or("no map of chances")?;
    for (name, theirs) in chances {
        let place = name.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
        let ours = place.and_then(|place| counts.get(place));
        let ours = ours.ok_or_else(|| format!("there is no motif {name}"))?;
        let theirs = theirs.as_str().and_then(fraction);
        let (part, whole) = theirs.ok_or_else(|| format!("motif {name}: no fraction"))?;
        if u128::from(*ours) * u128::from(whole) != u128::from(part) * u128::from(all) {
            let found = format!("{part}/{whole} expected, {ours}/{all} found");
            return Err(format!("motif {name}: {found}"));
        }
    }
    Ok(())
}

/// `a/b`, or a whole number.
fn fraction(text: &str) -> Option<(u64, u64)> {
    let (part, whole) = text.split_once('/').unwrap_or((text, "1"));
    Some((part.parse().ok()?, whole.parse().ok().filter(|&n| n > 0)?))
}

fn check_series(case: &Case<'_>) -> Result<(), String> {
    let series = case.field("series").and_then(Value::as_array);
    let series = series.ok_or("the series is no list")?.iter();
    let series = series.map(Value::as_f64).collect::<Option<Vec<f64>>>();
    let series = series.ok_or("the series is no list of numbers")?;
    if let Some(theirs) = case.field("hvg_edges") {
        let edges: Vec<Value> = visibility(&series)
            .iter()
            .map(|&(i, j)| Value::from([i, j]))
            .collect();
        equal("hvg_edges", &Value::from(edges), theirs)?;
    }
    if let Some(theirs) = case.field("windows") {
        let windows = series.len().saturating_sub(3);
        equal("windows", Some(windows as u64), theirs.as_u64())?;
    }
    if let Some(theirs) = case.field("motif_counts_1_to_6") {
        let ours = Value::from(motifs(&series).to_vec());
        equal("motif_counts_1_to_6", &ours, theirs)?;
    }
    Ok(())
}
