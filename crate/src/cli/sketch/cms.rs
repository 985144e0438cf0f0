//! `millrace sketch cms`.

use super::{Answer, Input, Rows, percent, table};
use crate::sketch::{CountMin, CountMinSize, HeavyHitters, SketchError, fingerprint};
use serde_json::{Value, json};

/// How often each key came: a Count-Min sketch, and the keys that make up much of the file.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) input: Input,
    /// An answer is too high by this part of all rows at most…
    #[arg(
        long,
        value_name = "E",
        default_value_t = 0.001,
        conflicts_with = "width"
    )]
    epsilon: f64,
    /// …but with this probability.
    #[arg(
        long,
        value_name = "D",
        default_value_t = 0.01,
        conflicts_with = "width"
    )]
    delta: f64,
    /// Counters in a row, instead of sizing it.
    #[arg(long, value_name = "W", requires = "depth")]
    width: Option<u32>,
    /// How many rows.
    #[arg(long, value_name = "D", requires = "width")]
    depth: Option<u32>,
    /// Raise only those counters that the answer depends on.
    #[arg(long)]
    conservative: bool,
    /// Keys that make up this share of the rows are found.
    #[arg(long, value_name = "SHARE", default_value_t = 0.05)]
    heavy: f64,
    /// Keys to ask for; the ten that came most often, if none is named.
    #[arg(long, value_name = "KEY", num_args = 1.., action = clap::ArgAction::Append)]
    count: Vec<String>,
}

pub(super) fn answer(args: &Args, rows: &Rows) -> Result<Answer, SketchError> {
    let size = match (args.width, args.depth) {
        (Some(width), Some(depth)) => CountMinSize { width, depth },
        _ => CountMinSize::for_error(args.epsilon, args.delta)?,
    };
    let mut heavy = HeavyHitters::new(CountMin::new(size, args.conservative)?, args.heavy)?;
    rows.items().for_each(|item| heavy.add(item, 1));
    let sketch = heavy.sketch();
    let estimate = |key: &str| sketch.estimate(fingerprint(key.as_bytes()));
    let exact = |key: &str| rows.counts.get(key).copied().unwrap_or(0);
    let over = |(key, &n): (&String, &u64)| (estimate(key) - n) as f64 > sketch.bound();
    let beyond = rows.counts.iter().filter(|&entry| over(entry)).count();
    let ranked = rows.by_count();
    let asked: Vec<&str> = if args.count.is_empty() {
        ranked.iter().take(10).map(|(key, _)| *key).collect()
    } else {
        args.count.iter().map(String::as_str).collect()
    };
    let named =
        |key: &str, estimate: u64| json!({"key": key, "estimate": estimate, "exact": exact(key)});
    let counts: Vec<Value> = asked.iter().map(|key| named(key, estimate(key))).collect();
    // A sketch knows items by their hashes alone; the names come from the exact count.
    let found = heavy.found();
    let names = ranked
        .iter()
        .map(|&(key, _)| (key, fingerprint(key.as_bytes())));
    let heavy_keys: Vec<Value> = names
        .filter_map(|(key, item)| {
            let (_, estimate) = found.iter().find(|(one, _)| *one == item)?;
            Some(named(key, *estimate))
        })
        .collect();
    let lines: Vec<Vec<String>> = asked
        .iter()
        .map(|key| {
            let (estimate, exact) = (estimate(key), exact(key));
            let over = estimate - exact;
            vec![
                (*key).to_owned(),
                estimate.to_string(),
                exact.to_string(),
                format!("+{over}"),
            ]
        })
        .collect();
    let text = format!(
        "{} rows of “{}”, {} different keys\n\n{}\n{} rows of {} counters. No answer is too low; too high by more \
         than {:.1} with probability {} at most: {beyond} of {} here.\nKeys that make up {} of the rows or more: {}\n",
        rows.keys.len(),
        rows.column,
        rows.distinct(),
        table(&["key", "estimate", "exactly", "too high by"], &lines),
        size.depth,
        size.width,
        sketch.bound(),
        percent(size.delta()),
        rows.distinct(),
        percent(args.heavy),
        match &heavy_keys[..] {
            [] => "none".to_owned(),
            keys => keys
                .iter()
                .filter_map(|key| key["key"].as_str())
                .collect::<Vec<_>>()
                .join(", "),
        },
    );
    let json = json!({
        "sketch": "cms",
        "column": rows.column,
        "rows": rows.keys.len(),
        "bad_rows": rows.bad,
        "width": size.width,
        "depth": size.depth,
        "conservative": args.conservative,
        "epsilon": size.epsilon(),
        "delta": size.delta(),
        "bound": sketch.bound(),
        "beyond_bound": beyond,
        "exact_distinct": rows.distinct(),
        "counts": counts,
        "heavy": heavy_keys,
    });
    Ok(Answer { json, text })
}
