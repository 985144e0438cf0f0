//! The five schedules as small living pictures, each with its table.

use super::schedule::{Bar, Call, Doing, Kind, Schedule, schedule};
use crate::panel::data_table;
use millrace::view::panel::Table;
use yew::prelude::*;

/// Pixels a tick, and a row.
const TICK: u32 = 24;
const ROW: u32 = 30;
const LEFT: u32 = 64;

/// The words, in the order of the course's table.
const WORDS: [(Kind, &str, &str); 5] = [
    (
        Kind::Synchronous,
        "Synchronous",
        "The caller asks, and does nothing else until it has the answer. The word is about waiting, not about order.",
    ),
    (
        Kind::Sequential,
        "Sequential",
        "One task after the other. The word is about order: whether anybody waits for the end is another question.",
    ),
    (
        Kind::Parallel,
        "Parallel",
        "Several tasks at the very same time, each by a worker of its own. It takes as long as the longest of them.",
    ),
    (
        Kind::Concurrent,
        "Concurrent",
        "Several tasks are under way in the same time. One worker can do that by taking turns; it takes as long as all of them together.",
    ),
    (
        Kind::Asynchronous,
        "Asynchronous",
        "The caller hands a task over, goes on with its own work, and is told when it is done. That is the order log’s way.",
    ),
];

/// All five.
pub fn miniatures() -> Html {
    html! {
        <section>
            <h2>{ "Five words for “at the same time”, and what each promises" }</h2>
            <div class="minis">
                { for WORDS.iter().map(|(kind, word, says)| miniature(*kind, word, says)) }
            </div>
        </section>
    }
}

fn miniature(kind: Kind, word: &'static str, says: &'static str) -> Html {
    let plan = schedule(kind);
    html! {
        <article class="mini">
            <h3>{ word }</h3>
            { picture(&plan, word) }
            <p>{ says }</p>
            <details><summary>{ format!("{} as a table", word) }</summary>{ data_table(&table(&plan, word), None) }</details>
        </article>
    }
}

fn picture(plan: &Schedule, word: &str) -> Html {
    let width = LEFT + 9 * TICK + 12;
    let height = plan.who.len() as u32 * ROW + 14;
    let span = plan.end() * TICK;
    // A second for four ticks, and the picture starts again after a rest.
    let style = format!(
        "--span: {span}px; --time: {:.2}s",
        f64::from(plan.end()) / 2.0 + 1.0
    );
    html! {
        <svg viewBox={format!("0 0 {width} {height}")} role="img" aria-label={format!("{word}: {}", told(plan))}>
            { for plan.who.iter().enumerate().map(|(n, who)| html! {
                <g>
                    <text x="0" y={(row(n) + 15).to_string()}>{ *who }</text>
                    <line class="rule" x1={LEFT.to_string()} x2={(width - 12).to_string()} y1={(row(n) + 22).to_string()} y2={(row(n) + 22).to_string()} />
                </g>
            }) }
            { for plan.bars.iter().map(bar) }
            { for plan.calls.iter().map(call) }
            <line class="hand" x1={LEFT.to_string()} x2={LEFT.to_string()} y1="0" y2={height.to_string()} {style} />
        </svg>
    }
}

fn row(who: usize) -> u32 {
    who as u32 * ROW + 4
}

fn bar(bar: &Bar) -> Html {
    let (x, width) = (LEFT + bar.from * TICK, (bar.to - bar.from) * TICK - 2);
    let (class, label) = match bar.doing {
        Doing::Works(task) => (
            format!("bar task-{}", task.to_ascii_lowercase()),
            task.to_string(),
        ),
        Doing::Waits(_) => ("bar waits".to_owned(), "waits".to_owned()),
        Doing::Own => ("bar own".to_owned(), "goes on with its own work".to_owned()),
    };
    html! {
        <g class={class}>
            <rect x={x.to_string()} y={row(bar.who).to_string()} width={width.to_string()} height="22" rx="4" />
            <text x={(x + width / 2).to_string()} y={(row(bar.who) + 15).to_string()}>{ label }</text>
        </g>
    }
}

fn call(call: &Call) -> Html {
    let x = (LEFT + call.at * TICK).to_string();
    let (from, to) = (row(call.from), row(call.to));
    let (y1, y2) = if to > from {
        (from + 22, to)
    } else {
        (from, to + 22)
    };
    let class = if call.to > call.from {
        "call"
    } else {
        "call back"
    };
    html! { <line {class} x1={x.clone()} x2={x} y1={y1.to_string()} y2={y2.to_string()} /> }
}

/// A bar in words.
fn does(doing: Doing) -> String {
    match doing {
        Doing::Works(task) => format!("works at {task}"),
        Doing::Waits(task) => format!("waits for {task}"),
        Doing::Own => "goes on with its own work".to_owned(),
    }
}

fn told(plan: &Schedule) -> String {
    let mut parts: Vec<String> = plan
        .bars
        .iter()
        .map(|bar| {
            format!(
                "{} {} from {} to {}",
                plan.who[bar.who],
                does(bar.doing),
                bar.from,
                bar.to
            )
        })
        .collect();
    parts.push(format!("done at {}", plan.end()));
    parts.join("; ")
}

fn table(plan: &Schedule, word: &str) -> Table {
    let mut rows: Vec<(u32, Vec<String>)> = plan
        .bars
        .iter()
        .map(|bar| {
            let cells = [
                format!("{} – {}", bar.from, bar.to),
                plan.who[bar.who].to_owned(),
                does(bar.doing),
            ];
            (bar.from, cells.into())
        })
        .chain(plan.calls.iter().map(|call| {
            let what = format!("{} {}", call.what, plan.who[call.to]);
            (
                call.at,
                vec![call.at.to_string(), plan.who[call.from].to_owned(), what],
            )
        }))
        .collect();
    rows.sort_by_cached_key(|(at, _)| u64::from(*at));
    Table {
        caption: format!("{word}: who does what in which tick"),
        heads: ["tick", "who", "does"].map(str::to_owned).into(),
        rows: rows.into_iter().map(|(_, cells)| cells).collect(),
    }
}
