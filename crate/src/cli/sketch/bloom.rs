//! `millrace sketch bloom`.

use super::{Answer, Input, Rows, percent, table};
use crate::sketch::{BloomFilter, BloomSize, SketchError, fingerprint};
use serde_json::json;

/// Is this key one of them: a Bloom filter.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(flatten)]
    pub(super) input: Input,
    /// How many different keys it is sized for; as many as there are rows, if not said.
    #[arg(long, value_name = "N", conflicts_with = "bits")]
    items: Option<u64>,
    /// The rate of false positives it is sized for, between 0 and 1.
    #[arg(
        long,
        value_name = "P",
        default_value_t = 0.01,
        conflicts_with = "bits"
    )]
    rate: f64,
    /// How many bits, instead of sizing it.
    #[arg(long, value_name = "M", requires = "hashes")]
    bits: Option<u64>,
    /// How many bits a key sets.
    #[arg(long, value_name = "K", requires = "bits")]
    hashes: Option<u32>,
    /// Keys to ask for.
    #[arg(long, value_name = "KEY", num_args = 1.., action = clap::ArgAction::Append)]
    contains: Vec<String>,
}

/// So many keys that are not in the file are asked for, to see how often the filter is wrong.
const STRANGERS: u32 = 100_000;

pub(super) fn answer(args: &Args, rows: &Rows) -> Result<Answer, SketchError> {
    let size = match (args.bits, args.hashes) {
        (Some(m), Some(k)) => BloomSize { m, k },
        _ => BloomSize::for_items(args.items.unwrap_or(rows.keys.len() as u64), args.rate)?,
    };
    let mut filter = BloomFilter::new(size)?;
    rows.items().for_each(|item| {
        filter.add(item);
    });
    let exact = rows.distinct();
    let stated = size.false_positive_rate(exact);
    let strangers = (0..STRANGERS).map(|n| format!("stranger {n}"));
    let strangers = strangers.filter(|key| !rows.counts.contains_key(key));
    let (asked, wrong) = strangers.fold((0_u32, 0_u32), |(asked, wrong), key| {
        let yes = filter.contains(fingerprint(key.as_bytes()));
        (asked + 1, wrong + u32::from(yes))
    });
    let measured = f64::from(wrong) / f64::from(asked.max(1));
    let answers: Vec<(&str, bool, bool)> = args
        .contains
        .iter()
        .map(|key| {
            let maybe = filter.contains(fingerprint(key.as_bytes()));
            (&**key, maybe, rows.counts.contains_key(key))
        })
        .collect();
    let json = json!({
        "sketch": "bloom",
        "column": rows.column,
        "rows": rows.keys.len(),
        "bad_rows": rows.bad,
        "bits": size.m,
        "hashes": size.k,
        "bits_set": filter.bits_set(),
        "exact": exact,
        "estimate": filter.items(),
        "false_positive_rate": stated,
        "false_positives": wrong,
        "strangers": asked,
        "contains": answers.iter().map(|(key, estimate, exact)| {
            json!({"key": key, "estimate": estimate, "exact": exact})
        }).collect::<Vec<_>>(),
    });
    let mut text = format!(
        "{exact} different keys in {} rows of “{}”\n\n{} bits, {} of them set by {} hashes of each key\n\
         different keys, by the bits set: {:.1}, exactly {exact}\n\
         false positives: stated {}, measured {} ({wrong} of {asked} keys that are not there)\n\
         false negatives: none, as always\n",
        rows.keys.len(),
        rows.column,
        size.m,
        filter.bits_set(),
        size.k,
        filter.items(),
        percent(stated),
        percent(measured),
    );
    if !answers.is_empty() {
        let yes = |is: bool, word: &str| if is { word } else { "no" }.to_owned();
        let lines: Vec<Vec<String>> = answers
            .iter()
            .map(|&(key, maybe, is)| vec![key.to_owned(), yes(maybe, "maybe"), yes(is, "yes")])
            .collect();
        text += &format!("\n{}", table(&["key", "filter", "exactly"], &lines));
    }
    Ok(Answer { json, text })
}
