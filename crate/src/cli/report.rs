//! A run's summary, set for people.

use crate::scenario::Scenario;
use crate::sim::Promise;
use crate::time::Span;
use crate::view::summary::{
    AsyncOrders, Breached, ProducerSummary, PromiseSummary, Summary, SyncOrders, Times,
};
use std::io::{self, Write};

/// Prints all of it.
pub(super) fn print(summary: &Summary, scene: &Scenario, out: &mut dyn Write) -> io::Result<()> {
    let Summary {
        scenario,
        seed,
        until_us,
        events,
        trace_hash,
        ..
    } = summary;
    writeln!(out, "{scenario}: {}", scene.title)?;
    writeln!(
        out,
        "seed {seed} · {until_us} played · {events} events · trace {trace_hash}\n"
    )?;
    if let (Some(sync), Some(async_)) = (&summary.sync, &summary.async_) {
        table(out, &["orders", "sync", "async"], &orders(sync, async_))?;
        writeln!(out)?;
        table(out, &["time to", "p50", "p99", "max"], &times(sync, async_))?;
        writeln!(out)?;
    }
    if let Some(ProducerSummary { acked, failed }) = summary.producers {
        let rows = [("acknowledged", acked), ("failed", failed)];
        let rows = rows.map(|(what, n)| row([what.to_owned(), n.to_string()]));
        table(out, &["records of producers", ""], &rows)?;
        writeln!(out)?;
    }
    table(
        out,
        &["topic", "partitions", "records", "bytes"],
        &topics(summary),
    )?;
    writeln!(out)?;
    table(out, &["group", "reads", "lag"], &groups(summary))?;
    promises(&summary.promises, out)
}

fn row<const N: usize>(cells: [String; N]) -> Vec<String> {
    cells.into()
}

fn orders(sync: &SyncOrders, async_: &AsyncOrders) -> Vec<Vec<String>> {
    let both = |name: &str, a: u32, b: u32| row([name.into(), a.to_string(), b.to_string()]);
    let second = |name: &str, n: u32| row([name.into(), "–".into(), n.to_string()]);
    vec![
        both("placed", sync.placed, async_.placed),
        both("answered", sync.completed, async_.answered),
        both("gave up waiting", sync.gave_up, async_.gave_up),
        both("told that it failed", sync.refused, async_.refused),
        both("still waiting", sync.waiting, async_.waiting),
        both("shipped", sync.shipped, async_.shipped),
        both("declined by payment", sync.declined, async_.declined),
        second("confirmed, then declined", async_.confirmed_then_declined),
        second("answered, not yet paid", async_.unpaid),
        second("answered, not finished", async_.open),
        second("dead letters", async_.dead_lettered),
        both("lost", sync.lost, async_.lost),
        both("processed twice", sync.duplicated, async_.duplicated),
    ]
}

fn times(sync: &SyncOrders, async_: &AsyncOrders) -> Vec<Vec<String>> {
    let line = |name: &str, times: Option<Times>| {
        let cell = |of: fn(&Times) -> f64| {
            times.as_ref().map_or_else(
                || "–".into(),
                |times| Span((of(times) * 1e3).round() as u64).to_string(),
            )
        };
        row([
            name.into(),
            cell(|t| t.p50),
            cell(|t| t.p99),
            cell(|t| t.max),
        ])
    };
    vec![
        line("an answer, sync", sync.response_ms),
        line("an answer, async", async_.response_ms),
        line("shipping, async", async_.shipped_ms),
    ]
}

fn topics(summary: &Summary) -> Vec<Vec<String>> {
    let rows = summary.topics.iter().map(|(name, topic)| {
        let all = &topic.partitions;
        let records: i64 = all
            .iter()
            .map(|p| p.log_end_offset - p.log_start_offset)
            .sum();
        let bytes: u64 = all.iter().map(|p| p.bytes).sum();
        row([
            name.clone(),
            all.len().to_string(),
            records.to_string(),
            bytes.to_string(),
        ])
    });
    rows.collect()
}

fn groups(summary: &Summary) -> Vec<Vec<String>> {
    let groups = summary.groups.iter();
    groups
        .map(|(name, group)| row([name.clone(), group.topic.clone(), group.lag.to_string()]))
        .collect()
}

fn promises(promises: &PromiseSummary, out: &mut dyn Write) -> io::Result<()> {
    let breached = |name: &str| {
        let all = promises.lessons.iter().chain(&promises.bugs);
        all.into_iter().find(|breached| breached.promise == name)
    };
    for (head, names) in [
        ("promised and held", &promises.held),
        (
            "promised and BROKEN, which is a bug in Millrace",
            &promises.broken,
        ),
        ("not promised by these settings", &promises.not_promised),
    ] {
        if names.is_empty() {
            continue;
        }
        writeln!(out, "\n{head}")?;
        for promise in Promise::ALL
            .into_iter()
            .filter(|p| names.contains(&p.name()))
        {
            match breached(promise.name()) {
                None => writeln!(out, "  {}", promise.text())?,
                Some(Breached {
                    times,
                    first_at_us,
                    witness,
                    because,
                    ..
                }) => {
                    let times = if *times == 1 {
                        "once".into()
                    } else {
                        format!("{times} times")
                    };
                    writeln!(out, "  {}", promise.text())?;
                    writeln!(out, "    not so {times}, first at {first_at_us}: {witness}")?;
                    if let Some(because) = because {
                        writeln!(out, "    {because}")?;
                    }
                }
            }
        }
    }
    Ok(())
}

/// Sets rows under heads: what is in words to the left, numbers and times to the right.
pub(super) fn table(out: &mut dyn Write, heads: &[&str], rows: &[Vec<String>]) -> io::Result<()> {
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        let cells = cells.map(|cell| cell.chars().count());
        cells
            .chain([heads[column].chars().count()])
            .max()
            .unwrap_or(0)
    };
    let widths: Vec<usize> = (0..heads.len()).map(width).collect();
    let words = |column: usize| {
        column == 0
            || rows
                .iter()
                .all(|row| row[column].starts_with(|c: char| c.is_alphabetic()))
    };
    let words: Vec<bool> = (0..heads.len()).map(words).collect();
    let mut line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut text = String::new();
        for (column, cell) in cells.enumerate() {
            let pad = " ".repeat(widths[column] - cell.chars().count());
            let gap = if column == 0 { "" } else { "   " };
            text += &match words[column] {
                true => format!("{gap}{cell}{pad}"),
                false => format!("{gap}{pad}{cell}"),
            };
        }
        writeln!(out, "{}", text.trim_end())
    };
    line(&mut heads.iter().copied())?;
    rows.iter()
        .try_for_each(|row| line(&mut row.iter().map(String::as_str)))
}
