//! Bloom filters: sizes for n and p, and what is in filters that hold the items 0 to n − 1.

use super::{Case, Report, close, equal};
use crate::sketch::{BloomFilter, BloomSize};
use serde_json::Value;
use std::io;

/// Probes that are not members begin here.
const STRANGERS: u64 = 1_000_000_000;
const PROBED: &str = "false_positives_in_";

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let Some(n) = case.field("n").and_then(Value::as_u64) else {
        return Ok(false);
    };
    if let Some(p) = case.field("target_fpr").and_then(Value::as_f64) {
        case.all_known(&SIZING, report)?;
        report.check(case.path, check_sizing(case, n, p))?;
        return Ok(true);
    }
    let number = |name| case.field(name).and_then(Value::as_u64);
    if let (Some(m), Some(k)) = (number("m"), number("k")) {
        let fields = case.value.as_object().into_iter().flatten();
        let probes: Vec<&str> = fields
            .map(|(name, _)| name.as_str())
            .filter(|name| name.starts_with(PROBED))
            .collect();
        case.all_known(&[&FILLED[..], &probes].concat(), report)?;
        let size = BloomSize {
            m,
            k: k.try_into().unwrap_or(0),
        };
        report.check(case.path, check_filled(case, n, size, &probes))?;
        return Ok(true);
    }
    Ok(false)
}

const SIZING: [&str; 7] = [
    "n",
    "target_fpr",
    "m_bits",
    "k",
    "bits_per_item",
    "fpr_formula",
    "fpr_finite",
];

fn check_sizing(case: &Case<'_>, n: u64, p: f64) -> Result<(), String> {
    let size = BloomSize::for_items(n, p).map_err(|error| error.to_string())?;
    for (name, ours) in [("m_bits", size.m), ("k", size.k.into())] {
        if let Some(theirs) = case.field(name) {
            equal(name, Some(ours), theirs.as_u64())?;
        }
    }
    for (name, ours) in [
        ("bits_per_item", size.m as f64 / n as f64),
        ("fpr_formula", size.false_positive_rate(n)),
        ("fpr_finite", size.false_positive_rate_finite(n)),
    ] {
        if let Some(theirs) = case.field(name) {
            close(name, ours, theirs, 1e-9)?;
        }
    }
    Ok(())
}

const FILLED: [&str; 7] = [
    "n",
    "m",
    "k",
    "bits_set",
    "false_negatives",
    "cardinality_estimate",
    "first_item_positions",
];

fn check_filled(case: &Case<'_>, n: u64, size: BloomSize, probes: &[&str]) -> Result<(), String> {
    let mut filter = BloomFilter::new(size).map_err(|error| error.to_string())?;
    if n > STRANGERS {
        return Err(format!("more than {STRANGERS} items"));
    }
    (0..n).for_each(|item| {
        filter.add(item);
    });
    let missing = (0..n).filter(|&item| !filter.contains(item)).count();
    for (name, ours) in [
        ("bits_set", filter.bits_set()),
        ("false_negatives", missing as u64),
    ] {
        if let Some(theirs) = case.field(name) {
            equal(name, Some(ours), theirs.as_u64())?;
        }
    }
    if let Some(theirs) = case.field("cardinality_estimate") {
        close("cardinality_estimate", filter.items(), theirs, 1e-9)?;
    }
    if let Some(theirs) = case.field("first_item_positions") {
        let ours: Vec<Value> = filter.places(0).map(Value::from).collect();
        equal("first_item_positions", &Value::from(ours), theirs)?;
    }
    for name in probes {
        let count: Option<u64> = name[PROBED.len()..].parse().ok();
        let count = count.filter(|&count| count <= STRANGERS);
        let count = count.ok_or_else(|| format!("{name} says not how many were probed"))?;
        let strangers = STRANGERS..STRANGERS + count;
        let found = strangers.filter(|&item| filter.contains(item)).count() as u64;
        equal(name, Some(found), case.field(name).and_then(Value::as_u64))?;
    }
    Ok(())
}
