//! `millrace sketch reservoir`.

use super::{Answer, Input, Rows, percent, table};
use crate::sketch::{Algorithm, Reservoir, SketchError, expected_replacements};
use serde_json::json;

/// A fair sample of the rows: a reservoir.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) input: Input,
    /// How many rows.
    #[arg(long, value_name = "K", default_value_t = 10)]
    size: u32,
    /// r draws for every row, l for those that are kept.
    #[arg(long, value_enum, default_value_t = Draws::R)]
    algorithm: Draws,
    /// Another seed, another sample.
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
}

#[derive(Clone, Copy, clap::ValueEnum)]
enum Draws {
    R,
    L,
}

pub(super) fn answer(args: &Args, rows: &Rows) -> Result<Answer, SketchError> {
    let algorithm = match args.algorithm {
        Draws::R => Algorithm::R,
        Draws::L => Algorithm::L,
    };
    let mut reservoir = Reservoir::new(algorithm, args.size, args.seed)?;
    let n = rows.keys.len() as u64;
    (0..n).for_each(|row| {
        reservoir.offer(row);
    });
    let sample: Vec<&(usize, String)> = reservoir
        .items()
        .iter()
        .map(|&row| &rows.keys[row as usize])
        .collect();
    let expected = expected_replacements(n, args.size);
    let share = |key: &str| {
        let there = sample.iter().filter(|(_, sampled)| sampled == key).count();
        there as f64 / sample.len() as f64
    };
    let ranked = rows.by_count();
    // The error of a share in a sample without putting back.
    let left = (n - sample.len() as u64) as f64 / n.saturating_sub(1).max(1) as f64;
    let shares: Vec<(&str, f64, f64, f64)> = ranked
        .iter()
        .take(5)
        .map(|&(key, count)| {
            let exact = count as f64 / n as f64;
            let error = libm::sqrt(exact * (1.0 - exact) / sample.len() as f64 * left);
            (key, share(key), exact, error)
        })
        .collect();
    let json = json!({
        "sketch": "reservoir",
        "column": rows.column,
        "rows": n,
        "bad_rows": rows.bad,
        "size": args.size,
        "seed": args.seed,
        "inclusion": reservoir.inclusion(),
        "replaced": reservoir.replaced(),
        "expected_replaced": expected,
        "draws": reservoir.draws(),
        "sample": sample.iter().map(|(line, key)| json!({"line": line, "key": key})).collect::<Vec<_>>(),
        "shares": shares.iter().map(|(key, estimate, exact, error)| {
            json!({"key": key, "estimate": estimate, "exact": exact, "standard_error": error})
        }).collect::<Vec<_>>(),
    });
    let lines: Vec<Vec<String>> = sample
        .iter()
        .map(|(line, key)| vec![line.to_string(), key.clone()])
        .collect();
    let share_lines: Vec<Vec<String>> = shares
        .iter()
        .map(|&(key, estimate, exact, error)| {
            vec![
                key.to_owned(),
                percent(estimate),
                percent(exact),
                format!("± {}", percent(error)),
            ]
        })
        .collect();
    let text = format!(
        "{} of {n} rows of “{}”, each kept with probability {}\n\n{}\nReplaced {} times, {expected:.1} expected; {} \
         random numbers drawn.\n\n{}",
        sample.len(),
        rows.column,
        percent(reservoir.inclusion()),
        table(&["line", "key"], &lines),
        reservoir.replaced(),
        reservoir.draws(),
        table(
            &["share of", "in the sample", "exactly", "standard error"],
            &share_lines
        ),
    );
    Ok(Answer { json, text })
}
