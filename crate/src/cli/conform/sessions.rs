//! Sessions of a clickstream: a list of those that another engine found in the CSV file of clicks
//! beside it. `clicks.sessions.spark.json` holds those of `clicks.csv`, with a gap of 30 minutes.

use super::super::sessionize;
use super::{Case, Report, equal};
use crate::clickstream::session::{GAP_MS, Session};
use crate::clickstream::symbol::digits;
use crate::scenario::clicks_file::ClicksFile;
use serde_json::{Map, Value};
use std::io;
use std::path::Path;

const KNOWN: [&str; 7] = [
    "user", "start_ms", "end_ms", "n", "first_ms", "last_ms", "symbols",
];

/// The stem of the CSV file, where a vector file's stem is that of such a list.
pub(super) fn clicks_of(stem: &str) -> Option<&str> {
    let (clicks, engine) = stem.split_once(".sessions")?;
    (engine.is_empty() || engine.starts_with('.')).then_some(clicks)
}

/// Judges the sessions in the file at `path`, and that there are no others.
///
/// # Errors
/// In words, where a file cannot be read.
pub(super) fn judge(
    path: &Path,
    clicks: &str,
    report: &mut Report<'_>,
) -> Result<io::Result<()>, String> {
    let named = |error: String| format!("{}: {error}", path.display());
    let bytes = std::fs::read(path).map_err(|error| named(error.to_string()))?;
    let sessions: Vec<Value> =
        serde_json::from_slice(&bytes).map_err(|error| named(error.to_string()))?;
    let csv = path.with_file_name(format!("{clicks}.csv"));
    let (file, ours) = sessionize::read(&csv, GAP_MS)?;
    if let Some((line, why)) = file.bad().first() {
        return Err(format!("{}:{line}: {why}", csv.display()));
    }
    // Kafka Streams shows the last click in place of the end.
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let at_last = stem.ends_with("kafka_streams") || stem.ends_with("kafka-streams");
    let ours = file.by_name().into_iter().flat_map(|user| ours.of(user));
    let ours: Vec<Session<'_>> = ours.collect();
    Ok(compare(&file, &ours, &sessions, at_last, report))
}

fn compare(
    file: &ClicksFile,
    ours: &[Session<'_>],
    theirs: &[Value],
    at_last: bool,
    report: &mut Report<'_>,
) -> io::Result<()> {
    let name = |session: &Session<'_>| file.users().name(session.user).into_owned();
    let mut left: Map<String, Value> = Map::new();
    for (at, session) in ours.iter().enumerate() {
        let key = format!("{} from {}", name(session), session.start());
        left.insert(key, at.into());
    }
    for (at, session) in theirs.iter().enumerate() {
        let case = Case {
            list: "sessions",
            name: "",
            path: &format!("[{at}]"),
            value: session,
            around: None,
        };
        case.all_known(&KNOWN, report)?;
        let start = case.field("start_ms").and_then(Value::as_i64);
        let (Some(user), Some(start)) = (case.str_field("user"), start) else {
            report.fail(case.path, "data of a shape that is not known")?;
            continue;
        };
        let key = format!("{user} from {start}");
        let found = left.remove(&key).and_then(|at| at.as_u64());
        let why_not = match found {
            None => Err(format!("we find no session of {key}")),
            Some(at) => same(&case, &ours[at as usize], at_last),
        };
        report.check(case.path, why_not)?;
    }
    for key in left.keys() {
        report.fail(key, "we find a session that is not in the file")?;
    }
    Ok(())
}

fn same(case: &Case<'_>, ours: &Session<'_>, at_last: bool) -> Result<(), String> {
    let end = if at_last { ours.last() } else { ours.end() };
    let numbers = [
        ("end_ms", end),
        ("n", ours.len() as i64),
        ("first_ms", ours.start()),
        ("last_ms", ours.last()),
    ];
    for (name, number) in numbers {
        if let Some(theirs) = case.field(name) {
            equal(name, Some(number), theirs.as_i64())?;
        }
    }
    match case.field("symbols") {
        Some(theirs) => equal("symbols", Some(&*digits(&ours.symbols())), theirs.as_str()),
        None => Ok(()),
    }
}
