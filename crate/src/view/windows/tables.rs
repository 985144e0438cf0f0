//! A play as tables: results, windows, events.

use super::play::Play;
use super::words::{clock, outcome, said, window_text};
use crate::stream::{Kind, Windows};
use crate::view::panel::Table;

/// Tables show the latest so many rows.
const ROWS: usize = 200;

fn heads(heads: &[&str]) -> Vec<String> {
    heads.iter().map(|&head| head.to_owned()).collect()
}

/// A window and whose it is.
fn name(play: &Play, key: u32, window: crate::stream::Window, short: bool) -> String {
    let window = match play.setup().windows {
        Windows::Tumbling { .. } | Windows::Hopping { .. } if short => clock(window.start),
        _ => window_text(window),
    };
    match play.whose(key) {
        Some(key) => format!("{key} {window}"),
        None => window,
    }
}

/// How a result came out.
const fn kind_words(kind: Kind) -> &'static str {
    match kind {
        Kind::OnTime => "on time",
        Kind::Early => "early",
        Kind::Late => "late",
        Kind::Update => "update",
        Kind::Retract => "taken back",
    }
}

/// What came out by the moment shown, in that order, and what was dropped; of the first `few` if they
/// are given, the latest.
#[must_use]
pub fn results_table(play: &Play, few: Option<usize>) -> Table {
    let at = play.setup().at;
    let agg = super::AGGREGATES
        .iter()
        .find(|(_, agg)| *agg == play.setup().aggregate);
    let agg = agg.map_or("value", |(name, _)| name);
    let mut rows: Vec<(i64, Vec<String>)> = Vec::new();
    if let Ok(run) = play.run() {
        rows.extend(run.emitted_by(at).iter().map(|result| {
            let row = vec![
                name(play, result.key, result.window, true),
                said(play, &result.value),
                clock(result.at),
                kind_words(result.kind).to_owned(),
            ];
            (result.at, row)
        }));
        for &n in play.order() {
            let (event, fate) = (play.event(n), &run.fates[n as usize]);
            if fate.seen_at <= at && fate.is_dropped() {
                let mut lost = String::new();
                play.setup()
                    .windows
                    .assign(event.ts, run.rules.from_zero(), |window| {
                        lost = name(play, event.record(play.setup().keyed).key, window, true);
                    });
                if lost.is_empty() {
                    lost = format!("event of {}", clock(event.ts));
                }
                let row = vec![
                    lost,
                    "–".to_owned(),
                    clock(fate.seen_at),
                    "dropped".to_owned(),
                ];
                rows.push((fate.seen_at, row));
            }
        }
        rows.sort_by_cached_key(|&(at, _)| at as u64 ^ 1 << 63);
    }
    let all = rows.len();
    let from = all.saturating_sub(few.unwrap_or(ROWS));
    let rows: Vec<_> = rows.drain(from..).map(|(_, row)| row).collect();
    let caption = if from > 0 {
        format!("The latest {} of {all} results and losses", rows.len())
    } else {
        "Results in the order in which they came out".to_owned()
    };
    Table {
        caption,
        heads: heads(&["window", agg, "emitted", "kind"]),
        rows,
    }
}

/// The windows that are open at the moment shown.
#[must_use]
pub fn windows_table(play: &Play) -> Table {
    let at = play.setup().at;
    let mut rows = Vec::new();
    if let Ok(run) = play.run() {
        let open = run
            .lives
            .iter()
            .filter(|life| life.from <= at && at < life.to);
        let mut open: Vec<_> = open.collect();
        open.sort_by_cached_key(|life| life.window.start as u64 ^ 1 << 63);
        rows.extend(open.iter().take(ROWS).map(|life| {
            let state = if life.complete {
                "complete, takes late events"
            } else {
                "open"
            };
            vec![
                name(play, life.key, life.window, false),
                clock(life.from),
                state.to_owned(),
            ]
        }));
    }
    Table {
        caption: "Windows that are kept now".to_owned(),
        heads: heads(&["window", "like this since", "state"]),
        rows,
    }
}

/// The events, as they arrive: those around the moment shown, where they are many.
#[must_use]
pub fn events_table(play: &Play) -> Table {
    let at = play.setup().at;
    let order = play.order();
    let arrived = order.partition_point(|&n| play.event(n).arrival <= at);
    let from = arrived
        .saturating_sub(ROWS / 2)
        .min(order.len().saturating_sub(ROWS));
    let shown = &order[from..order.len().min(from + ROWS)];
    let counts = play.setup().aggregate == crate::stream::Aggregate::Count;
    let row = |&n: &u32| {
        let event = play.event(n);
        let key = play.names().get(event.key as usize);
        let mut what = match (event.marks, counts) {
            (true, _) => "end".to_owned(),
            (false, true) => String::new(),
            (false, false) => said(play, &crate::stream::Value::Number(event.value)),
        };
        if what.is_empty() {
            "1".clone_into(&mut what);
        }
        vec![
            clock(event.ts),
            clock(event.arrival),
            key.cloned().unwrap_or_default(),
            what,
            outcome(play, n),
        ]
    };
    let all = order.len();
    Table {
        caption: if shown.len() < all {
            format!("{} of {all} events, those around this moment", shown.len())
        } else {
            "The events, as they arrive".to_owned()
        },
        heads: heads(&["event time", "arrived", "key", "value", "what became of it"]),
        rows: shown.iter().map(row).collect(),
    }
}
