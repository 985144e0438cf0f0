//! Windows that merge as they are added (Flink's `MergingWindowSet`).

use super::{Case, Report, equal, list_of, same, window, windows};
use crate::stream::{Window, merged};
use serde_json::Value;
use std::io;

/// A case has windows and, for each, the one it is in once it is added, and those at the end; or what
/// merges into what when all are added at once.
pub(in super::super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let marks = ["expected_window_after_each_add", "expected_merges", "final"];
    super::judge_with(case, report, &marks, &["input"], |case| check(case.value))
}

fn check(case: &Value) -> Result<(), String> {
    let input = windows(case.get("input").unwrap_or(&Value::Null))?;
    let mut set: Vec<Window> = Vec::new();
    let mut after = Vec::new();
    for &added in &input {
        set.push(added);
        set = merged(&set, true)
            .into_iter()
            .map(|(around, _)| around)
            .collect();
        let around = set.iter().find(|around| around.cover(added) == **around);
        after.extend(around.copied());
    }
    if let Some(theirs) = case.get("expected_window_after_each_add") {
        equal("the window after each", after, windows(theirs)?)?;
    }
    if let Some(theirs) = case.get("final") {
        same("the windows at the end", set, windows(theirs)?)?;
    }
    if case.get("expected_merges").is_some() {
        let ours = merged(&input, true)
            .into_iter()
            .filter(|(_, of)| of.len() > 1);
        let ours = ours.map(|(into, mut of)| {
            of.sort_unstable();
            (into, of)
        });
        let theirs = list_of(case, "expected_merges")?.iter().map(|merge| {
            super::only(merge, &["from", "into"])?;
            let mut of = windows(merge.get("from").unwrap_or(&Value::Null))?;
            of.sort_unstable();
            Ok((window(merge.get("into").unwrap_or(&Value::Null))?, of))
        });
        same(
            "the merges",
            ours.collect(),
            theirs.collect::<Result<_, String>>()?,
        )?;
    }
    Ok(())
}
