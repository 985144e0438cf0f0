//! What `millrace run` says of a stream application: its tasks, what befell them, and what they counted.

use super::report;
use crate::scenario::clickstream;
use crate::scenario::hashtags::Outcome;
use crate::sim::{App, Happening, Timeline};
use crate::view::cluster::tasks;
use serde_json::{Value, json};
use std::io::{self, Write};

/// Moves and restorations of tasks, oldest first: when, which, by whom, from whom or how many changes
/// in how many ms.
fn befell(timeline: &Timeline, app: &App) -> Vec<Value> {
    let number = |worker| {
        let place = app.workers.iter().position(|&known| known == worker);
        place.map(|place| format!("worker-{}", place + 1))
    };
    let entries = timeline.moment().chronicle.entries();
    let told = entries.filter_map(|(stamp, what)| match *what {
        Happening::TaskMoved {
            worker,
            from: Some(from),
            task: (sub, partition),
        } => Some(json!({
            "at_us": stamp.at, "task": format!("{sub}_{partition}"), "to": number(worker),
            "from": number(from),
        })),
        Happening::TaskRestored {
            worker,
            task: (sub, partition),
            records,
            since,
        } => Some(json!({
            "at_us": stamp.at, "task": format!("{sub}_{partition}"), "on": number(worker),
            "changes": records, "took_us": stamp.at.since(since),
        })),
        _ => None,
    });
    told.collect()
}

/// Adds `app`, and what the hashtags came to, to the summary.
pub(super) fn add_to(whole: &mut Value, timeline: &Timeline) {
    let world = &timeline.moment().world;
    let (Some(app), Some(table)) = (world.app(), tasks::table(world)) else {
        return;
    };
    let tasks = table.rows.iter().map(|row| {
        json!({"task": row[0], "on": row[1], "state": row[2], "taken": number(&row[3]),
            "waiting": number(&row[4]), "restored": number(&row[5])})
    });
    let tasks: Vec<Value> = tasks.collect();
    whole["app"] = json!({
        "application.id": &*app.plan.application, "tasks": tasks, "befell": befell(timeline, app),
    });
    if let Some(outcome) = clickstream::Outcome::of(world) {
        let by_end = outcome.by_end;
        whole["clickstream"] = json!({
            "clicks": outcome.clicks, "late": outcome.late, "dropped": outcome.dropped,
            "sessions": outcome.sessions, "told": outcome.told, "right": outcome.right,
            "wrong": outcome.wrong, "missing": outcome.missing, "taken_back": outcome.taken_back,
            "by_end": {"over": by_end.over, "same": by_end.same, "never": by_end.never,
                "split": by_end.split},
        });
    }
    if let Some(outcome) = Outcome::of(world) {
        let top = outcome.last.1.iter();
        let top: Vec<Value> = top
            .map(|(tag, n)| json!({"tag": tag, "count": n}))
            .collect();
        whole["hashtags"] = json!({
            "tags": outcome.tags, "rows": outcome.rows, "again": outcome.again, "right": outcome.right,
            "wrong": outcome.wrong.0, "wrong_by": outcome.wrong.1, "missing": outcome.missing,
            "last_window_s": outcome.last.0, "top": top,
            "steps": {
                "naive": outcome.costs.naive, "partial": outcome.costs.partial,
                "smart": outcome.costs.smart, "hopping": outcome.hopping,
            },
        });
    }
}

fn print_sessions(outcome: &clickstream::Outcome, out: &mut dyn Write) -> io::Result<()> {
    writeln!(
        out,
        "\n{} clicks, {} of them after the watermark, {} too late for their session.\n\
         {} sessions by a gap of 30 minutes; {} are told: {} as by tasks to which nothing ever happens, {} \
         not, {} are missing; {} were taken back.\n",
        outcome.clicks,
        outcome.late,
        outcome.dropped,
        outcome.sessions,
        outcome.told,
        outcome.right,
        outcome.wrong,
        outcome.missing,
        outcome.taken_back,
    )?;
    let by_end = outcome.by_end;
    let rows = [
        (
            "the same: the tab was closed after the last click",
            by_end.same,
        ),
        ("never: the tab crashed", by_end.never),
        (
            "several: the visitor came back within the gap",
            by_end.split,
        ),
        ("in all", by_end.over),
    ];
    let rows = rows.map(|(what, n)| vec![what.to_owned(), n.to_string()]);
    report::table(
        out,
        &["closed by the page's end", "sessions by the gap"],
        &rows,
    )
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or(0)
}

/// Prints the same for people.
pub(super) fn print(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let world = &timeline.moment().world;
    let (Some(app), Some(table)) = (world.app(), tasks::table(world)) else {
        return Ok(());
    };
    writeln!(out, "\n{}", table.caption)?;
    let heads: Vec<&str> = table.heads.iter().map(String::as_str).collect();
    report::table(out, &heads, &table.rows)?;
    for told in befell(timeline, app) {
        let at = crate::time::Time(told["at_us"].as_u64().unwrap_or(0));
        let text = |name: &str| told[name].as_str().unwrap_or_default().to_owned();
        let task = text("task");
        match told["took_us"].as_u64() {
            None => writeln!(
                out,
                "{at} task {task} moved from {} to {}",
                text("from"),
                text("to")
            )?,
            Some(us) => writeln!(
                out,
                "{at} task {task}: {} restored {} changes in {}",
                text("on"),
                told["changes"],
                crate::time::Span(us)
            )?,
        }
    }
    if let Some(outcome) = clickstream::Outcome::of(world) {
        return print_sessions(&outcome, out);
    }
    let Some(outcome) = Outcome::of(world) else {
        return Ok(());
    };
    let top: Vec<String> = outcome
        .last
        .1
        .iter()
        .map(|(tag, n)| format!("#{tag} {n}"))
        .collect();
    writeln!(
        out,
        "\n{} tags; {} counts of tags and windows are right, {} are not (by {} in all), {} are missing; \
         {} were written again.\nIn the 30 s before {} s: {}.",
        outcome.tags,
        outcome.right,
        outcome.wrong.0,
        outcome.wrong.1,
        outcome.missing,
        outcome.again,
        outcome.last.0,
        top.join(", ")
    )?;
    let rows = [
        (
            "each tag in the window counted again (naive)",
            outcome.costs.naive,
        ),
        (
            "each tag counted in each of its windows (what the tasks do)",
            outcome.hopping,
        ),
        ("counts of 30 seconds added up", outcome.costs.partial),
        (
            "the second that enters added, the one that leaves taken off (smart)",
            outcome.costs.smart,
        ),
    ];
    let rows = rows.map(|(way, steps)| vec![way.to_owned(), steps.to_string()]);
    writeln!(out)?;
    report::table(out, &["what the windows take", "steps"], &rows)
}
