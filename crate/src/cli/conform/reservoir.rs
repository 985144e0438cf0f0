//! Reservoirs: samples of algorithm R, draw by draw; how often items are replaced; and whether both
//! algorithms are fair.

use super::{Case, Report, close, equal};
use crate::rng::mix;
use crate::sketch::{Algorithm, Reservoir, expected_replacements};
use serde_json::Value;
use std::io;

/// More would take minutes.
const MOST: u64 = 200_000_000;
const GENERATOR: &str = "state starts at seed; for i=k..n-1: state+=1, j=splitmix64(state) mod (i+1), replace slot j if j<k";

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let number = |name| case.field(name).and_then(Value::as_u64);
    let (Some(n), Some(k)) = (number("n"), number("k")) else {
        return Ok(false);
    };
    let Ok(k) = u32::try_from(k) else {
        return Ok(false);
    };
    let checked = if let Some(seed) = number("seed") {
        case.all_known(&["n", "k", "seed", "rng", "result", "replacements"], report)?;
        check_sample(case, n, k, seed)
    } else if let Some(trials) = number("trials") {
        case.all_known(&CHECK, report)?;
        check_fairness(case, n, k, trials)
    } else if let Some(theirs) = case.field("value") {
        case.all_known(&["n", "k", "value"], report)?;
        close("replacements", expected_replacements(n, k), theirs, 1e-9)
    } else {
        return Ok(false);
    };
    report.check(case.path, checked)?;
    Ok(true)
}

fn sampled(algorithm: Algorithm, n: u64, k: u32, seed: u64) -> Result<Reservoir, String> {
    let mut reservoir = Reservoir::new(algorithm, k, seed).map_err(|error| error.to_string())?;
    (0..n).for_each(|item| {
        reservoir.offer(item);
    });
    Ok(reservoir)
}

fn check_sample(case: &Case<'_>, n: u64, k: u32, seed: u64) -> Result<(), String> {
    if let Some(rng) = case.field("rng") {
        equal("rng", rng.as_str(), Some(GENERATOR))?;
    }
    if n > MOST {
        return Err(format!("more than {MOST} items"));
    }
    let reservoir = sampled(Algorithm::R, n, k, seed)?;
    if let Some(theirs) = case.field("result") {
        equal("result", &Value::from(reservoir.items()), theirs)?;
    }
    if let Some(theirs) = case.field("replacements") {
        equal("replacements", Some(reservoir.replaced()), theirs.as_u64())?;
    }
    Ok(())
}

const CHECK: [&str; 10] = [
    "n",
    "k",
    "trials",
    "chi2_R",
    "chi2_L",
    "dof",
    "chi2_99_9pct",
    "mean_replacements_R",
    "mean_replacements_L",
    "theory",
];

/// Nobody says which seeds the trials had, so ours are others: what both algorithms drew must be as
/// fair as what was drawn there, and replace as often, within what chance allows.
fn check_fairness(case: &Case<'_>, n: u64, k: u32, trials: u64) -> Result<(), String> {
    if trials == 0 || u64::from(k) >= n || trials.checked_mul(n).is_none_or(|draws| draws > MOST) {
        return Err(format!(
            "no trial, nothing to leave out, or more than {MOST} items"
        ));
    }
    if let Some(theirs) = case.field("dof") {
        equal("dof", Some(n - 1), theirs.as_u64())?;
    }
    let fair = chi_squared_limit(n - 1, ONCE_IN_A_THOUSAND);
    if let Some(theirs) = case.field("chi2_99_9pct") {
        close("chi2_99_9pct", fair, theirs, 0.01)?;
    }
    let theory = expected_replacements(n, k);
    if let Some(theirs) = case.field("theory") {
        close("theory", theory, theirs, 1e-9)?;
    }
    // The variance of their number is less than their number; means of ours and theirs each have it.
    let chance = 5.0 * libm::sqrt(theory / trials as f64) / theory;
    for (algorithm, name) in [(Algorithm::R, "R"), (Algorithm::L, "L")] {
        let mut counts = vec![0_u64; n as usize];
        let mut replaced = 0;
        for trial in 0..trials {
            let reservoir = sampled(algorithm, n, k, mix(trial))?;
            replaced += reservoir.replaced();
            for &item in reservoir.items() {
                counts[item as usize] += 1;
            }
        }
        let expected = trials as f64 * f64::from(k) / n as f64;
        let off = counts
            .iter()
            .map(|&count| (count as f64 - expected) * (count as f64 - expected));
        let chi = off.sum::<f64>() / expected;
        let theirs = case.field(&format!("chi2_{name}"));
        let theirs = theirs.map_or(Some(chi), Value::as_f64);
        // There may be many such cases, of which ours must not fail one in a thousand by chance.
        let surely_unfair = chi_squared_limit(n - 1, ONCE_IN_A_MILLION);
        if chi > surely_unfair || theirs.is_none_or(|theirs| theirs > fair) {
            return Err(format!(
                "chi2_{name}: {chi} here, {theirs:?} there, {fair} at most"
            ));
        }
        let mean = replaced as f64 / trials as f64;
        close("mean replacements", mean, &Value::from(theory), chance)?;
        if let Some(theirs) = case.field(&format!("mean_replacements_{name}")) {
            close("mean_replacements", theory, theirs, chance)?;
        }
    }
    Ok(())
}

/// How many standard deviations above its mean a normal number lies so seldom.
const ONCE_IN_A_THOUSAND: f64 = 3.090_232;
const ONCE_IN_A_MILLION: f64 = 4.753_424;

/// What χ² exceeds as seldom, by the approximation of Wilson and Hilferty (1931).
fn chi_squared_limit(degrees: u64, deviations: f64) -> f64 {
    let ninth = 2.0 / (9.0 * degrees as f64);
    let root = 1.0 - ninth + deviations * libm::sqrt(ninth);
    degrees as f64 * root * root * root
}
