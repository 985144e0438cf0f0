//! HyperLogLog: registers and estimates for the items 0 to n − 1, errors over many trials, and what
//! Apache DataSketches says of the same items.

use super::{Case, Report, close, equal, is_words};
use crate::rng::mix;
use crate::sketch::{HyperLogLog, PRECISIONS, THRESHOLDS};
use serde_json::Value;
use std::io;

/// More items would take minutes.
const MOST_ITEMS: u64 = 500_000_000;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.name.contains("linear_counting_thresholds") && case.value.is_array() {
        report.check(case.path, check_thresholds(case))?;
        return Ok(true);
    }
    if let Some(n) = case.list.strip_prefix("apache_datasketches_")
        && let Some(n) = n
            .strip_suffix("_ints_lb_est_ub")
            .and_then(|n| n.parse().ok())
        && let Ok(p) = case.name.parse()
    {
        report.check(case.path, check_datasketches(p, n, case.value))?;
        return Ok(true);
    }
    let (Some(p), Some(n)) = (number(case, "p"), number(case, "n")) else {
        return Ok(false);
    };
    if case.field("trials").is_some() {
        case.all_known(&STATISTICS, report)?;
        report.check(case.path, check_statistics(case, p, n))?;
        return Ok(true);
    }
    if !FILLED[2..]
        .iter()
        .any(|name| case.field(name).is_some_and(|value| !is_words(value)))
    {
        return Ok(false);
    }
    case.all_known(&FILLED, report)?;
    report.check(case.path, check_filled(case, p, n))?;
    Ok(true)
}

fn number(case: &Case<'_>, name: &str) -> Option<u64> {
    case.field(name)?.as_u64()
}

fn sketch(p: u64, items: impl Iterator<Item = u64>) -> Result<HyperLogLog, String> {
    let p = u8::try_from(p).map_err(|_| format!("there is no precision {p}"))?;
    let mut sketch = HyperLogLog::new(p).map_err(|error| error.to_string())?;
    items.for_each(|item| {
        sketch.add(item);
    });
    Ok(sketch)
}

fn few_enough(items: Option<u64>) -> Result<u64, String> {
    let few = items.filter(|&n| n <= MOST_ITEMS);
    few.ok_or_else(|| format!("more than {MOST_ITEMS} items"))
}

fn check_thresholds(case: &Case<'_>) -> Result<(), String> {
    let theirs: Option<Vec<u64>> = case
        .value
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::as_u64)
        .collect();
    let ours = THRESHOLDS.map(u64::from).to_vec();
    equal("thresholds", Some(ours), theirs)
}

const FILLED: [&str; 9] = [
    "p",
    "n",
    "zero_registers",
    "register_sum",
    "max_register",
    "raw",
    "hll_2007",
    "hllpp",
    "ertl",
];

fn check_filled(case: &Case<'_>, p: u64, n: u64) -> Result<(), String> {
    let sketch = sketch(p, 0..few_enough(Some(n))?)?;
    let registers = sketch.registers();
    for (name, ours) in [
        ("zero_registers", sketch.zeros() as u64),
        (
            "register_sum",
            registers.iter().map(|&rank| u64::from(rank)).sum(),
        ),
        (
            "max_register",
            registers.iter().copied().max().map_or(0, u64::from),
        ),
    ] {
        if let Some(theirs) = case.field(name) {
            equal(name, Some(ours), theirs.as_u64())?;
        }
    }
    for (name, ours) in [
        ("raw", sketch.raw()),
        ("hll_2007", sketch.estimate_2007()),
        ("hllpp", sketch.estimate_plus_plus()),
        ("ertl", sketch.estimate()),
    ] {
        if let Some(theirs) = case.field(name) {
            close(name, ours, theirs, 1e-9)?;
        }
    }
    Ok(())
}

const STATISTICS: [&str; 8] = [
    "p",
    "n",
    "std_error_theory",
    "trials",
    "hll_2007_rmse",
    "ertl_rmse",
    "hll_2007_bias",
    "ertl_bias",
];

/// Nobody says which items the trials had, so ours are others: of as many trials, the errors must be
/// the same within what chance allows. The root mean square of t errors is off by 1/√(2t) of itself,
/// their mean by 1/√t of that; two such differ by √2 as much, and hardly ever by five times that.
fn check_statistics(case: &Case<'_>, p: u64, n: u64) -> Result<(), String> {
    let trials = number(case, "trials").filter(|&trials| trials > 0 && n > 0);
    let trials = trials.ok_or("no trial, or no item")?;
    few_enough(trials.checked_mul(n))?;
    let mut errors = [Vec::new(), Vec::new()];
    let mut theory = 0.0;
    for trial in 0..trials {
        let sketch = sketch(p, (0..n).map(|i| mix(trial).wrapping_add(i)))?;
        let estimates = [sketch.estimate_2007(), sketch.estimate()];
        for (errors, estimate) in errors.iter_mut().zip(estimates) {
            errors.push(estimate / n as f64 - 1.0);
        }
        theory = sketch.standard_error();
    }
    if let Some(theirs) = case.field("std_error_theory") {
        close("std_error_theory", theory, theirs, 1e-9)?;
    }
    let chance = 5.0 / libm::sqrt(trials as f64);
    for (name, errors) in ["hll_2007", "ertl"].into_iter().zip(errors) {
        let mean = |of: &mut dyn Iterator<Item = f64>| of.sum::<f64>() / trials as f64;
        let rmse = libm::sqrt(mean(&mut errors.iter().map(|e| e * e)));
        let bias = mean(&mut errors.iter().copied());
        let [their_rmse, their_bias] =
            ["rmse", "bias"].map(|what| case.field(&format!("{name}_{what}")));
        if let Some(theirs) = their_rmse {
            close(&format!("{name}_rmse"), rmse, theirs, chance)?;
        }
        let off = their_bias.map(|theirs| theirs.as_f64().map(|theirs| (bias - theirs).abs()));
        if off
            .is_some_and(|off| off.is_none_or(|off| off > chance * std::f64::consts::SQRT_2 * rmse))
        {
            return Err(format!("{name}_bias: {bias} found, with {rmse} of chance"));
        }
    }
    Ok(())
}

/// Its hash is another and it has an estimator of its own (HIP), with a standard error of
/// 0.8326/√m, one of which its bounds are apart; so what is checked is that they are, and that both
/// estimates are of the same items.
fn check_datasketches(p: u64, n: u64, theirs: &Value) -> Result<(), String> {
    let numbers: Option<Vec<f64>> = theirs
        .as_array()
        .into_iter()
        .flatten()
        .map(Value::as_f64)
        .collect();
    let Some([low, estimate, high]) = numbers.as_deref() else {
        return Err(format!(
            "a lower bound, an estimate and an upper one expected, {theirs} found"
        ));
    };
    if !(u64::from(*PRECISIONS.start())..=u64::from(*PRECISIONS.end())).contains(&p) {
        return Err(format!("there is no precision {p}"));
    }
    let sketch = sketch(p, 0..few_enough(Some(n))?)?;
    let hip = 0.832_554_6 / libm::sqrt(libm::ldexp(1.0, p as i32));
    for (name, ours, theirs) in [
        ("below", 1.0 / (1.0 + hip), low / estimate),
        ("above", 1.0 / (1.0 - hip), high / estimate),
    ] {
        close(name, ours - 1.0, &Value::from(theirs - 1.0), 0.1)?;
    }
    let (off, theirs) = (
        sketch.estimate() / n as f64 - 1.0,
        estimate / n as f64 - 1.0,
    );
    if off.abs() > 4.0 * sketch.standard_error() || theirs.abs() > 4.0 * hip {
        return Err(format!(
            "of {n} items: {} here, {estimate} there",
            sketch.estimate()
        ));
    }
    Ok(())
}
