//! Whole segment files as hex with what `kafka-dump-log` printed of them; the header's layout.

use super::{Case, Report, equal, unhex};
use crate::cli::dump_log::{Detail, Dumped, gap_lines, print};
use crate::log::files::batches;
use crate::log::{BATCH_OVERHEAD, BatchError, LAYOUT, LOG_OVERHEAD};
use serde_json::Value;
use std::io;
use std::path::Path;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let constant = match case.name {
        "overhead_bytes" => Some(BATCH_OVERHEAD),
        "log_overhead_bytes" => Some(LOG_OVERHEAD),
        _ => None,
    };
    if let (Some(ours), Some(theirs)) = (constant, case.value.as_u64()) {
        report.check(case.path, equal(case.name, ours as u64, theirs))?;
        return Ok(true);
    }
    if case.list == "layout"
        && let Some(row) = case.value.as_array()
    {
        report.check(case.path, check_layout(row))?;
        return Ok(true);
    }
    if let Some(spelt) = case.str_field("hex") {
        case.all_known(&["hex", "dump"], report)?;
        match unhex(spelt).and_then(|bytes| check_file(case, &bytes)) {
            Ok(None) => report.pass(),
            Ok(Some(why)) => report.skip(case.path, &why)?,
            Err(why) => report.fail(case.path, &why)?,
        }
        return Ok(true);
    }
    Ok(false)
}

/// `[name, offset, bytes, …]`; the records have no length of their own.
fn check_layout(row: &[Value]) -> Result<(), String> {
    let name = row.first().and_then(Value::as_str).unwrap_or_default();
    let number = |i: usize| row.get(i).and_then(Value::as_u64);
    let theirs = (number(1), number(2));
    let ours = LAYOUT
        .iter()
        .find(|(field, ..)| *field == name)
        .map(|&(_, offset, bytes)| (Some(offset as u64), Some(bytes as u64)))
        .or((name == "records").then_some((Some(BATCH_OVERHEAD as u64), None)))
        .ok_or_else(|| format!("no field is called '{name}'"))?;
    equal(name, ours, theirs)
}

/// Reads the file, writes it again and prints it. `Some` says why that is not all of the case.
fn check_file(case: &Case<'_>, bytes: &[u8]) -> Result<Option<String>, String> {
    let mut written = Vec::new();
    for (_, batch) in batches(bytes).map_while(Result::ok) {
        batch.encode_into(&mut written);
    }
    if !bytes.starts_with(&written) {
        return Err("written again, the batches have other bytes".to_owned());
    }
    let dump = case.field("dump");
    let said = |name: &str| dump.and_then(|dump| dump.get(name)?.as_str());
    let Some(stdout) = said("stdout") else {
        return match batches(bytes).find_map(Result::err) {
            Some(damage) => Err(damage.to_string()),
            None => Ok(None),
        };
    };
    let (path, expected) = section(stdout, case.name)
        .ok_or_else(|| format!("the dump does not show {}", case.name))?;
    let detail = match said("cmd").unwrap_or("--print-data-log") {
        cmd if cmd.contains("--print-data-log") => Detail::Contents,
        cmd if cmd.contains("--deep-iteration") => Detail::Records,
        _ => Detail::Batches,
    };
    let mut printed = Vec::new();
    let Dumped { troubles, gaps } =
        print(bytes, Path::new(path), detail, &mut printed).map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&printed);
    let compressed = troubles
        .iter()
        .find(|trouble| matches!(trouble.error, BatchError::Compressed(_)));
    if let Some(trouble) = compressed {
        // The batches' own lines can be compared all the same.
        let ours: Vec<_> = batch_lines(&printed).collect();
        equal("batches", ours, batch_lines(expected).collect())?;
        return Ok(Some(format!("batches agree, but {}", trouble.error)));
    }
    match printed.lines().zip(expected.lines()).find(|(a, b)| a != b) {
        Some((ours, theirs)) => equal("line", ours, theirs)?,
        None => equal("lines", printed.lines().count(), expected.lines().count())?,
    }
    if let Some(stderr) = said("stderr") {
        check_gaps(stdout, stderr, &gaps)?;
    }
    Ok(None)
}

/// Gaps are told of on standard error, for all files of the command together.
fn check_gaps(stdout: &str, stderr: &str, gaps: &[(i64, i64)]) -> Result<(), String> {
    let starts = |line: &&str| line.starts_with("Dumping ");
    let files = stdout.lines().filter(starts).count();
    let lines = gap_lines(gaps);
    let others = gaps.is_empty() && files == 1 && stderr.contains(" is followed by ");
    if others || !stderr.contains(&lines) {
        return Err(format!(
            "gaps in offsets: {stderr:?} expected, {lines:?} found"
        ));
    }
    Ok(())
}

fn batch_lines(dump: &str) -> impl Iterator<Item = &str> {
    dump.lines().filter(|line| line.starts_with("baseOffset: "))
}

/// The part of a dump of several files that is of the one called `name`, and its path there: that of
/// `idx/0…9.log` begins `Dumping idx-0/0…9.log`. A dump of one file is of that file.
fn section<'a>(stdout: &'a str, name: &str) -> Option<(&'a str, &'a str)> {
    const START: &str = "Dumping ";
    let starts: Vec<usize> = stdout
        .match_indices(START)
        .map(|(at, _)| at)
        .filter(|&at| at == 0 || stdout[..at].ends_with('\n'))
        .collect();
    let mut sections = starts.iter().enumerate().filter_map(|(i, &at)| {
        let end = starts.get(i + 1).copied().unwrap_or(stdout.len());
        let text = &stdout[at..end];
        let path = text.lines().next()?.strip_prefix(START)?;
        Some((path, text))
    });
    let (directory, file) = name.rsplit_once('/').unwrap_or(("", name));
    let topic = format!("{directory}-");
    match starts.len() {
        1 => sections.next(),
        _ => sections
            .filter(|(path, _)| path.rsplit('/').next() == Some(file))
            .max_by_key(|(path, _)| path.contains(&topic)),
    }
}
