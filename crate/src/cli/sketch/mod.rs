//! `millrace sketch`: a sketch of a CSV column beside the exact answer, and the bound.

mod bloom;
mod cms;
mod hll;
mod reservoir;

use super::{OK, Streams, USAGE};
use crate::scenario::keys_file;
use crate::sketch::{SketchError, fingerprint};
use serde_json::Value;
use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;

/// Sketch a column of a CSV file, and print the estimate beside the exact answer and the bound.
#[derive(clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    sketch: Sketch,
}

#[derive(clap::Subcommand)]
enum Sketch {
    Hll(hll::Args),
    Bloom(bloom::Args),
    Cms(cms::Args),
    Reservoir(reservoir::Args),
}

/// What every sketch is made from.
#[derive(clap::Args)]
struct Input {
    /// A CSV file whose first line names the columns.
    #[arg(long, value_name = "FILE.csv")]
    input: PathBuf,
    /// The column of the keys; `key`, or the only one there is, if none is named.
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// The rows that could be read, and what is exactly so.
struct Rows {
    column: String,
    /// Each row's line number and key.
    keys: Vec<(usize, String)>,
    bad: usize,
    counts: BTreeMap<String, u64>,
}

impl Rows {
    /// The items, in order.
    fn items(&self) -> impl Iterator<Item = u64> {
        self.keys.iter().map(|(_, key)| fingerprint(key.as_bytes()))
    }

    /// How many keys differ.
    fn distinct(&self) -> u64 {
        self.counts.len() as u64
    }

    /// The keys and how often each came, the most frequent first.
    fn by_count(&self) -> Vec<(&str, u64)> {
        let mut all: Vec<(&str, u64)> = self.counts.iter().map(|(key, &n)| (&**key, n)).collect();
        all.sort_by_key(|&(key, n)| (std::cmp::Reverse(n), key));
        all
    }
}

/// What a sketch answered: the same for people and for programs.
struct Answer {
    json: Value,
    /// Printed line by line.
    text: String,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    match &args.sketch {
        Sketch::Hll(args) => answer(&args.input, streams, |rows| hll::answer(args, rows)),
        Sketch::Bloom(args) => answer(&args.input, streams, |rows| bloom::answer(args, rows)),
        Sketch::Cms(args) => answer(&args.input, streams, |rows| cms::answer(args, rows)),
        Sketch::Reservoir(args) => {
            answer(&args.input, streams, |rows| reservoir::answer(args, rows))
        }
    }
}

/// Reads, sketches, prints. Bad rows are listed on standard error and left out.
fn answer(
    input: &Input,
    streams: &mut Streams<'_>,
    sketch: impl FnOnce(&Rows) -> Result<Answer, SketchError>,
) -> io::Result<u8> {
    let answered = match rows(input, streams.stderr)? {
        Ok(rows) => sketch(&rows).map_err(|error| error.to_string()),
        Err(why) => Err(format!("{}: {why}", input.input.display())),
    };
    match answered {
        Ok(Answer { json, .. }) if input.json => writeln!(streams.stdout, "{json}")?,
        Ok(Answer { text, .. }) => write!(streams.stdout, "{text}")?,
        Err(why) => {
            writeln!(streams.stderr, "millrace: {why}")?;
            return Ok(USAGE);
        }
    }
    Ok(OK)
}

fn rows(input: &Input, stderr: &mut dyn Write) -> io::Result<Result<Rows, String>> {
    let bytes = match std::fs::read(&input.input) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(error.to_string())),
    };
    let file = match keys_file::parse(&bytes, input.key.as_deref()) {
        Ok(file) => file,
        Err(why) => return Ok(Err(why)),
    };
    let path = input.input.display();
    for (line, why) in &file.bad {
        writeln!(stderr, "{path}:{line}: {why}")?;
    }
    let (bad, good) = (file.bad.len(), file.keys.len());
    if good == 0 {
        return Ok(Err("no row could be read".to_owned()));
    }
    if bad > 0 {
        writeln!(stderr, "{path}: {bad} lines left out, {good} rows read")?;
    }
    let mut counts = BTreeMap::new();
    for (_, key) in &file.keys {
        *counts.entry(key.clone()).or_insert(0) += 1;
    }
    Ok(Ok(Rows {
        column: file.column,
        keys: file.keys,
        bad,
        counts,
    }))
}

/// A share as a percentage.
fn percent(share: f64) -> String {
    format!("{:.2} %", share * 100.0)
}

/// A table, as `report` sets it.
fn table(heads: &[&str], rows: &[Vec<String>]) -> String {
    let mut out = Vec::new();
    super::report::table(&mut out, heads, rows).expect("a Vec takes all");
    String::from_utf8(out).expect("text was written")
}
