//! `millrace hashtags`: the course notes' window of hashtags, the naive and the smart way side by
//! side.

use super::{OK, Streams, report};
use crate::scenario::hashtags::{Costs, Hashtags, Second};
use serde_json::json;
use std::io;

/// Count the hashtags in the tweets of the last ten minutes, every second, in three ways that give the
/// same: each tag in the window counted again (`window(…).countByValue()`), the counts of 600 seconds
/// added up (`reduceByKeyAndWindow`), or the second that enters added and the one that leaves taken
/// off (the same with an inverse function). A row for each minute, with the steps of its last second;
/// then the steps of all seconds.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How many minutes.
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u32).range(1..=120))]
    minutes: u32,
    /// How many tweets a second.
    #[arg(long, default_value_t = 50, value_parser = clap::value_parser!(u32).range(1..=2_000))]
    per_s: u32,
    /// Which tweets.
    #[arg(long, default_value_t = 41)]
    seed: u64,
    /// One JSON object a line, for each second.
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let mut hashtags = Hashtags::new(args.seed, args.per_s);
    let mut rows = Vec::new();
    let mut sum = Costs::default();
    for _ in 0..args.minutes * 60 {
        let second = hashtags.second();
        let Costs {
            naive,
            partial,
            smart,
        } = second.costs;
        sum.naive += naive;
        sum.partial += partial;
        sum.smart += smart;
        if args.json {
            let top = second.top.iter();
            let top: Vec<_> = top
                .map(|(tag, n)| json!({"tag": tag, "count": n}))
                .collect();
            let line = json!({
                "at_s": second.at_s, "tags": second.tags, "top": top,
                "steps": {"naive": naive, "partial": partial, "smart": smart},
            });
            writeln!(streams.stdout, "{line}")?;
        } else if second.at_s.is_multiple_of(60) {
            rows.push(row(&second));
        }
    }
    if !args.json {
        let names = [
            "minute",
            "tags in the window",
            "naive",
            "partial counts",
            "smart",
            "most",
        ];
        report::table(streams.stdout, &names, &rows)?;
        let Costs {
            naive,
            partial,
            smart,
        } = sum;
        writeln!(
            streams.stdout,
            "\nIn all {naive} steps naively, {partial} from partial counts, {smart} the smart way: {} times fewer than naively.",
            naive / smart.max(1)
        )?;
    }
    Ok(OK)
}

fn row(second: &Second) -> Vec<String> {
    let most = second.top.iter().map(|(tag, n)| format!("#{tag} {n}"));
    let Costs {
        naive,
        partial,
        smart,
    } = second.costs;
    vec![
        (second.at_s / 60).to_string(),
        second.tags.to_string(),
        naive.to_string(),
        partial.to_string(),
        smart.to_string(),
        most.collect::<Vec<_>>().join(", "),
    ]
}
