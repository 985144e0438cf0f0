//! `millrace conform`: our code against vectors taken from the real systems.
//!
//! A vector file is JSON: words about its source and rules, and lists (or maps) of cases. The kind
//! of the file, its stem, says by which code its cases are judged; a case is known by its shape.
//! (Sessions of a clickstream are a list beside a CSV file: `sessions.rs`.)
//! Nothing passes silently: what is told only in words is skipped and printed, data of a shape that
//! is not known fails.

mod bloom;
mod countmin;
mod crc32c;
mod hll;
mod hvg_motifs;
mod indexes;
mod kgrams;
mod leader_epoch;
mod log_retention;
mod partitioner;
mod record_batch;
mod replica_placement;
mod replication_hw_isr;
mod reservoir;
mod sessions;
mod topic_names;
mod varint;
mod windows;

use super::{FAILED, OK, Streams, USAGE};
use serde_json::{Map, Value};
use std::fmt::Debug;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Run every case of vector files taken from the real systems, and say what failed.
#[derive(clap::Args)]
pub(super) struct Args {
    /// Vector files; the stem is the kind: partitioner.json, varint.json, … Of sessions, as in
    /// clicks.sessions.spark.json, the clicks are in clicks.csv beside.
    #[arg(required = true, value_name = "FILE.json")]
    files: Vec<PathBuf>,
}

/// Judges `case` if it knows its shape, and reports at least one outcome then; otherwise says no.
type Judge = fn(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool>;

const KINDS: [(&str, Judge); 26] = [
    ("bloom", bloom::judge),
    ("countmin", countmin::judge),
    ("crc32c", crc32c::judge),
    ("hll", hll::judge),
    ("hvg_motifs", hvg_motifs::judge),
    ("indexes", indexes::judge),
    ("kgrams", kgrams::judge),
    ("leader_epoch", leader_epoch::judge),
    ("log_retention", log_retention::judge),
    ("partitioner", partitioner::judge),
    ("record_batch", record_batch::judge),
    ("replica_placement", replica_placement::judge),
    ("replication_hw_isr", replication_hw_isr::judge),
    ("reservoir", reservoir::judge),
    ("topic_names", topic_names::judge),
    ("varint", varint::judge),
    ("assign", windows::assign::judge),
    ("beam_panes", windows::beam_panes::judge),
    ("flink_merging_set", windows::flink_merging_set::judge),
    ("flink_operator", windows::flink_operator::judge),
    ("joins", windows::joins::judge),
    ("kafka_streams", windows::kafka_streams::judge),
    ("proc_count_punct", windows::proc_count_punct::judge),
    ("sessions_batch", windows::sessions_batch::judge),
    ("spark_dstream", windows::spark_dstream::judge),
    ("spark_structured", windows::spark_structured::judge),
];

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let mut report = Report {
        out: streams.stdout,
        passed: 0,
        failed: 0,
        skipped: 0,
    };
    let mut code = OK;
    for path in &args.files {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        if let Some(clicks) = sessions::clicks_of(&name) {
            match sessions::judge(path, clicks, &mut report) {
                Ok(judged) => judged?,
                Err(error) => {
                    writeln!(streams.stderr, "millrace: {error}")?;
                    code = USAGE;
                }
            }
            continue;
        }
        match open(path) {
            Ok((judge, vectors)) => {
                let file = Case {
                    list: "",
                    name: &name,
                    path: &name,
                    value: &vectors,
                    around: None,
                };
                walk(&file, Place::Top, judge, &mut report)?;
            }
            Err(error) => {
                writeln!(streams.stderr, "millrace: {}: {error}", path.display())?;
                code = USAGE;
            }
        }
    }
    let Report {
        passed,
        failed,
        skipped,
        ..
    } = report;
    writeln!(
        streams.stdout,
        "{passed} passed, {failed} failed, {skipped} skipped"
    )?;
    Ok(if failed > 0 { FAILED } else { code })
}

fn open(path: &Path) -> Result<(Judge, Value), String> {
    let kind = path.file_stem().unwrap_or_default().to_string_lossy();
    let (_, judge) = KINDS
        .iter()
        .find(|(name, _)| *name == kind)
        .ok_or_else(|| {
            let known: Vec<_> = KINDS.iter().map(|(name, _)| *name).collect();
            format!(
                "vectors of kind '{kind}' are not known; known are {}",
                known.join(", ")
            )
        })?;
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let vectors: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
    if vectors.is_object() {
        Ok((*judge, vectors))
    } else {
        Err("a vector file holds a JSON object".to_owned())
    }
}

/// A value of a vector file, and where it stands.
#[derive(Clone, Copy)]
struct Case<'a> {
    /// The nearest list or map around it, by its name; empty at the top.
    list: &'a str,
    /// Its key there, or its number.
    name: &'a str,
    /// The way to it from the file.
    path: &'a str,
    value: &'a Value,
    /// The map it stands in.
    around: Option<&'a Map<String, Value>>,
}

impl<'a> Case<'a> {
    fn field(&self, name: &str) -> Option<&'a Value> {
        self.value.get(name)
    }

    /// What stands beside it in the map around.
    fn beside(&self, name: &str) -> Option<&'a Value> {
        self.around?.get(name)
    }

    fn str_field(&self, name: &str) -> Option<&'a str> {
        self.field(name)?.as_str()
    }

    /// The value as a list of two.
    fn pair(&self) -> Option<(&'a Value, &'a Value)> {
        match self.value.as_array()?.as_slice() {
            [a, b] => Some((a, b)),
            _ => None,
        }
    }

    /// Fails for each field that is not `known` and holds data: it asks for something that would
    /// otherwise pass unseen.
    fn all_known(&self, known: &[&str], report: &mut Report<'_>) -> io::Result<()> {
        for (name, value) in self.value.as_object().into_iter().flatten() {
            if !known.contains(&name.as_str()) && !is_words(value) {
                let path = format!("{}.{name}", self.path);
                report.fail(&path, "data of a shape that is not known")?;
            }
        }
        Ok(())
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// The file itself.
    Top,
    /// A named thing in the file or in a map.
    Field,
    /// One of a list.
    Item,
}

/// Names of words that are not cases.
const DESCRIPTIONS: [&str; 8] = [
    "cross_checked_with",
    "history",
    "note",
    "notes",
    "record",
    "source",
    "sources",
    "topic",
];

fn walk(case: &Case<'_>, place: Place, judge: Judge, report: &mut Report<'_>) -> io::Result<()> {
    if place == Place::Field && DESCRIPTIONS.contains(&case.name) && is_words(case.value) {
        return Ok(());
    }
    if place != Place::Top && judge(case, report)? {
        return Ok(());
    }
    match (case.value, place) {
        (Value::Object(fields), Place::Top | Place::Field) => walk_map(case, fields, judge, report),
        (Value::Array(items), Place::Field) => {
            for (i, value) in items.iter().enumerate() {
                let item = Case {
                    list: case.name,
                    name: &i.to_string(),
                    path: &format!("{}[{i}]", case.path),
                    value,
                    around: None,
                };
                walk(&item, Place::Item, judge, report)?;
            }
            Ok(())
        }
        // Words beside the cases describe them.
        (Value::String(_), Place::Field) => Ok(()),
        (value, _) if is_words(value) => report.skip(case.path, &format!("told in words: {value}")),
        _ => report.fail(case.path, "data of a shape that is not known"),
    }
}

fn walk_map(
    case: &Case<'_>,
    fields: &Map<String, Value>,
    judge: Judge,
    report: &mut Report<'_>,
) -> io::Result<()> {
    for (name, value) in fields {
        let field = Case {
            list: case.name,
            name,
            path: &format!("{}.{name}", case.path),
            value,
            around: Some(fields),
        };
        walk(&field, Place::Field, judge, report)?;
    }
    Ok(())
}

fn is_words(value: &Value) -> bool {
    match value {
        Value::String(_) | Value::Null => true,
        Value::Array(items) => items.iter().all(is_words),
        Value::Object(fields) => fields.values().all(is_words),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Counts outcomes, and prints those that are not a pass.
struct Report<'a> {
    out: &'a mut dyn Write,
    passed: u64,
    failed: u64,
    skipped: u64,
}

impl Report<'_> {
    fn pass(&mut self) {
        self.passed += 1;
    }

    fn fail(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.failed += 1;
        writeln!(self.out, "FAILED {path}: {why}")
    }

    fn skip(&mut self, path: &str, why: &str) -> io::Result<()> {
        self.skipped += 1;
        writeln!(self.out, "skipped {path}: {why}")
    }

    /// Passes if `why_not` is `Ok`.
    fn check(&mut self, path: &str, why_not: Result<(), String>) -> io::Result<()> {
        match why_not {
            Ok(()) => {
                self.pass();
                Ok(())
            }
            Err(why) => self.fail(path, &why),
        }
    }
}

/// `Ok` if the two are equal, otherwise both in words.
fn equal<T: PartialEq + Debug>(what: &str, ours: T, theirs: T) -> Result<(), String> {
    if ours == theirs {
        Ok(())
    } else {
        Err(format!("{what}: {theirs:?} expected, {ours:?} found"))
    }
}

/// `Ok` if ours differs from theirs by no more than this part of it.
fn close(what: &str, ours: f64, theirs: &Value, part: f64) -> Result<(), String> {
    let near = |theirs: f64| (ours - theirs).abs() <= part * theirs.abs();
    if theirs.as_f64().is_some_and(near) {
        Ok(())
    } else {
        Err(format!("{what}: {theirs} expected, {ours} found"))
    }
}

/// The bytes that `hex` spells.
fn unhex(hex: &str) -> Result<Vec<u8>, String> {
    let digit = |c: u8| char::from(c).to_digit(16).map(|d| d as u8);
    let (pairs, rest) = hex.as_bytes().as_chunks::<2>();
    pairs
        .iter()
        .map(|&[high, low]| Some(digit(high)? << 4 | digit(low)?))
        .collect::<Option<_>>()
        .filter(|_| rest.is_empty())
        .ok_or_else(|| format!("'{hex}' is not hexadecimal"))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
