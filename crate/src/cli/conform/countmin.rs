//! Count-Min: sizes for epsilon and delta, and what a sketch says of a stream of Zipf's.

use super::{Case, Report, close, equal};
use crate::rng::mix;
use crate::sketch::{CountMin, CountMinSize};
use serde_json::Value;
use std::io;

/// More would take minutes.
const MOST: u64 = 100_000_000;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if let (Some(eps), Some(delta)) = (real(case.value, "eps"), real(case.value, "delta")) {
        case.all_known(
            &["eps", "delta", "w", "d", "cells", "datasketches_suggest"],
            report,
        )?;
        report.check(case.path, check_sizing(case, eps, delta))?;
        return Ok(true);
    }
    // A stream and its result stand side by side, in the file or in one case.
    if let (Some(stream), Some(result)) = (case.field("stream"), case.field("result")) {
        case.all_known(&["stream", "result"], report)?;
        report.check(
            case.path,
            Stream::read(stream).and_then(|stream| stream.check(result)),
        )?;
        return Ok(true);
    }
    if case.name == "stream" && case.beside("result").is_some() {
        report.check(case.path, Stream::read(case.value).map(drop))?;
        return Ok(true);
    }
    if case.name == "result"
        && let Some(stream) = case.beside("stream")
    {
        let checked = Stream::read(stream).and_then(|stream| stream.check(case.value));
        report.check(case.path, checked)?;
        return Ok(true);
    }
    Ok(false)
}

fn real(value: &Value, name: &str) -> Option<f64> {
    value.get(name)?.as_f64()
}

fn check_sizing(case: &Case<'_>, eps: f64, delta: f64) -> Result<(), String> {
    let size = CountMinSize::for_error(eps, delta).map_err(|error| error.to_string())?;
    for (name, ours) in [
        ("w", u64::from(size.width)),
        ("d", u64::from(size.depth)),
        ("cells", size.cells()),
    ] {
        if let Some(theirs) = case.field(name) {
            equal(name, Some(ours), theirs.as_u64())?;
        }
    }
    if let Some(theirs) = case.field("datasketches_suggest") {
        equal(
            "datasketches_suggest",
            &Value::from(vec![size.width, size.depth]),
            theirs,
        )?;
    }
    Ok(())
}

/// A stream of items drawn with probabilities that fall as 1/(item + 1)^s, and the sketch of it.
struct Stream {
    n: u64,
    items: u64,
    s: f64,
    salt: u64,
    size: CountMinSize,
}

impl Stream {
    fn read(value: &Value) -> Result<Self, String> {
        const DRAW: (&str, &str) = (
            "u=(splitmix64(i ^ ",
            ")>>11)/2^53, item = first index with cdf > u",
        );
        const ROW: &str = "splitmix64(item ^ (row*0x9E3779B97F4A7C15 mod 2^64)) mod w";
        let text = |name| value.get(name).and_then(Value::as_str);
        let salt = text("draw").and_then(|draw| {
            draw.strip_prefix(DRAW.0)?
                .strip_suffix(DRAW.1)?
                .strip_prefix("0x")
        });
        let salt = salt.and_then(|hex| u64::from_str_radix(hex, 16).ok());
        let salt =
            salt.ok_or_else(|| format!("drawn in a way that is not known: {:?}", text("draw")))?;
        equal("row_hash", text("row_hash"), Some(ROW))?;
        for name in value
            .as_object()
            .into_iter()
            .flat_map(serde_json::Map::keys)
        {
            if !["N", "items", "zipf_s", "draw", "row_hash", "w", "d"].contains(&name.as_str()) {
                return Err(format!("{name}: data of a shape that is not known"));
            }
        }
        let number = |name: &str| {
            let number = value
                .get(name)
                .and_then(Value::as_u64)
                .filter(|&n| n > 0 && n <= MOST);
            number.ok_or_else(|| format!("{name} is not a number from 1 to {MOST}"))
        };
        Ok(Self {
            n: number("N")?,
            items: number("items")?,
            s: real(value, "zipf_s").ok_or("zipf_s is missing")?,
            salt,
            size: CountMinSize {
                width: number("w")? as u32,
                depth: number("d")? as u32,
            },
        })
    }

    /// How often each item comes, and the sketch.
    fn counted(&self) -> Result<(Vec<u64>, CountMin), String> {
        let mut sketch = CountMin::new(self.size, false).map_err(|error| error.to_string())?;
        let weights = (1..=self.items).map(|i| libm::pow(i as f64, -self.s));
        let total: f64 = weights.clone().sum();
        let mut sum = 0.0;
        let below: Vec<f64> = weights
            .map(|weight| {
                sum += weight;
                sum / total
            })
            .collect();
        let mut counts = vec![0; below.len()];
        for i in 0..self.n {
            let u = (mix(i ^ self.salt) >> 11) as f64 / (1_u64 << 53) as f64;
            let item = below.partition_point(|&cdf| cdf <= u).min(below.len() - 1);
            counts[item] += 1;
            sketch.add(item as u64, 1);
        }
        Ok((counts, sketch))
    }

    fn check(&self, result: &Value) -> Result<(), String> {
        let (counts, sketch) = self.counted()?;
        let answers: Vec<(u64, u64, u64)> = (0..)
            .zip(&counts)
            .map(|(item, &n)| (item, n, sketch.estimate(item)))
            .collect();
        let errors: Vec<u64> = answers
            .iter()
            .map(|&(_, n, answer)| answer.saturating_sub(n))
            .collect();
        let too_low = answers.iter().filter(|(_, n, answer)| answer < n).count();
        let over = |error: &&u64| **error as f64 > sketch.bound();
        let over = errors.iter().filter(over).count();
        let mean = errors.iter().sum::<u64>() as f64 / errors.len() as f64;
        for (name, theirs) in result.as_object().into_iter().flatten() {
            let whole = |ours: u64| equal(name, Some(ours), theirs.as_u64());
            let checked = match name.as_str() {
                "underestimates" => whole(too_low as u64),
                "max_error" => whole(errors.iter().copied().max().unwrap_or(0)),
                "items_over_eps_N" => whole(over as u64),
                "eps_N" => close(name, sketch.bound(), theirs, 1e-9),
                "mean_error" => close(name, mean, theirs, 1e-9),
                _ => match name.strip_prefix("top").and_then(|n| n.parse().ok()) {
                    Some(n) => equal(name, &most_frequent(&answers, n), theirs),
                    None => Err(format!("{name}: data of a shape that is not known")),
                },
            };
            checked?;
        }
        Ok(())
    }
}

/// The `n` items that came most often: item, how often, and the answer.
fn most_frequent(answers: &[(u64, u64, u64)], n: usize) -> Value {
    let mut answers = answers.to_vec();
    answers.sort_by_key(|&(item, n, _)| (std::cmp::Reverse(n), item));
    let first = answers.iter().take(n);
    let first = first.map(|&(item, n, answer)| Value::from(vec![item, n, answer]));
    Value::from(first.collect::<Vec<_>>())
}
