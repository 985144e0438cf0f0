//! The picture in words and tables.

use super::{Boxed, Chosen, ClickScene, State};
use crate::clickstream::Symbol;
use crate::clickstream::features::{Feature, motifs};
use crate::clickstream::intent::{Part, before_purchase};
use crate::clickstream::symbol::digits;
use crate::protocol::Stop;
use crate::scenario::clickstream::{LATENESS_MS, Outcome, clock, youngest};
use crate::sim::{Command, Status, Timeline};
use crate::view::cluster::tasks;
use crate::view::panel::{Explain, Table, Text, WhatIf};

/// A name as it stands in a sentence.
fn named(user: &str) -> String {
    let mut letters = user.chars();
    let first = letters.next().map(|c| c.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// `1 click`, `7 clicks`.
fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

impl ClickScene {
    /// A time as the clock shows it.
    #[must_use]
    pub fn clock(&self, ts: i64) -> String {
        clock(self.hours, ts)
    }
}

/// What is happening to the session that is looked at, or to the tasks.
#[must_use]
pub fn explain(timeline: &Timeline, scene: &ClickScene) -> Explain {
    if let Some(news) = tasks::news(timeline) {
        return news;
    }
    let Some(chosen) = &scene.chosen else {
        return Explain {
            heading: "Who clicks?".into(),
            now: Text::default().say(
                "Nothing of this visitor is in sight yet. A click makes a session, and clicks no more than \
                 30 minutes apart are one.",
            ),
            hint: String::new(),
        };
    };
    let session = &chosen.session;
    let user = named(&chosen.user);
    if let Some((joint, (before, after), came)) = session
        .joint()
        .and_then(|mark| Some((mark, mark.joins?, mark.late?)))
    {
        let minutes = |ms: i64| ms / 60_000;
        let text = Text::default()
            .say("A click of ")
            .stress(scene.clock(joint.ts))
            .say(format!(
                " arrived at {}, {} minutes late ({} minutes of lateness are allowed), and joined two \
                 sessions of {user}: {} minutes after the one, {} before the other. ",
                scene.clock(came),
                minutes(came - joint.ts),
                LATENESS_MS / 60_000,
                minutes(joint.ts - before),
                minutes(after - joint.ts),
            ));
        let text = match &chosen.taken_back[..] {
            [] => text.say("Neither had been told yet."),
            [symbols, ..] => text
                .say(format!(
                    "{symbols} had been told as a session of its own, and answered: "
                ))
                .stress("both are taken back")
                .say("."),
        };
        return Explain {
            heading: format!("Why is {user}'s session one, and not two?"),
            now: text,
            hint: String::new(),
        };
    }
    let (start, last) = (scene.clock(session.start()), scene.clock(session.last()));
    let clicks = count(session.marks.len(), "click");
    let text = Text::default().say(format!("{user}: {clicks}, {start} to {last}. "));
    let end = scene.clock(session.end);
    let mark = scene.watermark.map(|mark| scene.clock(mark));
    let (heading, text) = match (session.state, mark) {
        (State::Told, _) => (
            format!("What is told of {user}?"),
            text.say(format!("The watermark passed {end}, 30 minutes after the last click: the session is "))
                .stress("told")
                .say(format!(" as {}.", digits(&chosen.symbols))),
        ),
        (State::Over, _) => (
            format!("What is told of {user}?"),
            text.say(format!(
                "The watermark has passed {end}, and the topic of sessions has not heard of it yet: tasks \
                 write when they have taken a click."
            )),
        ),
        (State::Open, mark) if bought(chosen) => (
            format!("{user} has bought. When is the session over?"),
            open(text, &end, mark),
        ),
        (State::Open, mark) => (format!("Will {user} buy?"), open(text, &end, mark)),
    };
    let hint = "Press another session, or choose a visitor, to see it in its three layers.";
    Explain {
        heading,
        now: text,
        hint: hint.into(),
    }
}

fn open(text: Text, end: &str, mark: Option<String>) -> Text {
    let mark = mark.unwrap_or_else(|| "nowhere yet".into());
    text.say("The session is ")
        .stress("open")
        .say(format!(
            ": it is over when the watermark, now {mark}, has passed {end}, and no click came before that."
        ))
}

fn bought(chosen: &Chosen) -> bool {
    before_purchase(&chosen.symbols).len() < chosen.symbols.len()
}

/// Interventions that teach.
#[must_use]
pub fn what_if(timeline: &Timeline) -> Vec<WhatIf> {
    let world = &timeline.moment().world;
    let workers = world.app().map(|app| &app.workers[..]).unwrap_or_default();
    let number = |place: usize| format!("worker-{}", place + 1);
    let buttons = workers.iter().enumerate().map(|(place, &id)| {
        let (node, n) = (number(place), place + 1);
        let (label, command) = if world.status(id) == Status::Up {
            let how = Stop::Killed;
            (format!("worker {n} is killed"), Command::Stop { node, how })
        } else {
            (format!("worker {n} starts again"), Command::Start { node })
        };
        WhatIf {
            label,
            commands: vec![command],
        }
    });
    buttons.collect()
}

/// The picture in one sentence.
#[must_use]
pub fn summary(scene: &ClickScene) -> String {
    let sessions: usize = scene.rows.iter().map(|row| row.sessions.len()).sum();
    let open = scene.rows.iter().flat_map(|row| &row.sessions);
    let open = open.filter(|session| session.state == State::Open).count();
    let mark = scene.watermark.map_or_else(
        || "there is no watermark yet".to_owned(),
        |mark| format!("the watermark is at {}", scene.clock(mark)),
    );
    format!(
        "At {}: {} of {} in sight, {open} of them open; {mark}.",
        scene.clock(scene.now),
        count(sessions, "session"),
        count(scene.rows.len(), "visitor"),
    )
}

/// The sessions in sight.
#[must_use]
pub fn sessions_table(scene: &ClickScene) -> Table {
    let state = |session: &Boxed| match session.state {
        State::Open => "open",
        State::Over => "over",
        State::Told => "told",
    };
    let rows = scene.rows.iter().flat_map(|row| {
        row.sessions.iter().map(|session| {
            let symbols: Vec<u8> = session.marks.iter().map(|mark| mark.symbol).collect();
            let late = session
                .marks
                .iter()
                .filter(|mark| mark.late.is_some())
                .count();
            vec![
                row.user.clone(),
                scene.clock(session.start()),
                scene.clock(session.last()),
                session.marks.len().to_string(),
                digits(&symbols),
                match late {
                    0 => state(session).to_owned(),
                    _ => format!("{}, {late} late", state(session)),
                },
            ]
        })
    });
    Table {
        caption: "Sessions in sight".into(),
        heads: ["visitor", "from", "to", "clicks", "symbols", "is"]
            .map(String::from)
            .into(),
        rows: rows.collect(),
    }
}

/// The youngest records of the topic of sessions.
#[must_use]
pub fn live_table(timeline: &Timeline, most: usize) -> Table {
    let hours = timeline.scenario().hours;
    let rows = youngest(&timeline.moment().world, most).into_iter();
    let rows = rows.map(|((user, start, _), symbols, _)| {
        let (events, symbols) = match symbols {
            Some(symbols) => (symbols.len().to_string(), symbols),
            None => ("–".into(), "taken back".into()),
        };
        vec![user, clock(hours, start), events, symbols]
    });
    Table {
        caption: "The youngest records, the youngest first".into(),
        heads: ["key", "start", "events", "symbols"]
            .map(String::from)
            .into(),
        rows: rows.collect(),
    }
}

/// Each model's answer after the clicks of the session.
#[must_use]
pub fn course_table(chosen: &Chosen) -> Table {
    let seen = before_purchase(&chosen.symbols).len();
    let rows = chosen.courses.iter().map(|course| {
        let share = |p: Option<&f64>| p.map_or_else(|| "–".into(), |p| format!("{p:.2}"));
        vec![
            course.model.clone(),
            share(course.after.first()),
            share(course.after.last()),
        ]
    });
    Table {
        caption: "How likely to buy, if half of all sessions did".into(),
        heads: vec![
            "model".into(),
            "after 1 click".into(),
            format!("after {seen}"),
        ],
        rows: rows.collect(),
    }
}

/// What a part of an answer is called: `33 (add, add)`, `motif 3`; `no 4 (remove)` if there is none of it
/// among the symbols, which says something too.
#[must_use]
pub fn part(part: Part, symbols: &[u8]) -> String {
    let seen = before_purchase(symbols);
    let is_there = match part {
        Part::Feature(Feature::One(symbol)) => seen.contains(&symbol),
        Part::Feature(Feature::Two(a, b)) => seen.windows(2).any(|two| two == [a, b]),
        Part::Feature(Feature::Motif(motif)) => motifs(seen)[usize::from(motif) - 1] > 0,
        _ => true,
    };
    let name_of = called(part);
    if is_there {
        name_of
    } else {
        format!("no {name_of}")
    }
}

fn called(part: Part) -> String {
    let name = |number: u8| Symbol::from_number(number).map_or("?", Symbol::name);
    match part {
        Part::Length => "how many clicks".into(),
        Part::First(symbol) => format!("first: {}", name(symbol)),
        Part::Feature(Feature::One(symbol)) => format!("{symbol} ({})", name(symbol)),
        Part::Feature(Feature::Two(a, b)) => format!("{a}{b} ({}, {})", name(a), name(b)),
        Part::Feature(Feature::Motif(motif)) => format!("motif {motif}"),
        Part::Feature(Feature::Entropy) => "mixed motifs".into(),
        Part::Click(place) => format!("click {}", place + 1),
    }
}

/// What moved the logistic regression most.
#[must_use]
pub fn moved_table(chosen: &Chosen, most: usize) -> Table {
    let rows = chosen.moved.iter().take(most);
    let rows = rows.map(|&(what, by)| vec![part(what, &chosen.symbols), format!("{by:+.2}")]);
    Table {
        caption: "What moved the regression, in log-odds".into(),
        heads: vec!["feature".into(), "moved by".into()],
        rows: rows.collect(),
    }
}

/// What came of all visitors' clicks so far, and of ends of pages beside gaps.
#[must_use]
pub fn totals(timeline: &Timeline) -> Vec<Table> {
    let Some(outcome) = Outcome::of(&timeline.moment().world) else {
        return Vec::new();
    };
    let by_end = outcome.by_end;
    let table = |caption: &str, head: &str, rows: &[(&str, u64)]| Table {
        caption: caption.into(),
        heads: vec![String::new(), head.into()],
        rows: rows
            .iter()
            .map(|(what, n)| vec![(*what).to_owned(), n.to_string()])
            .collect(),
    };
    vec![
        table(
            "All visitors so far",
            "how many",
            &[
                ("clicks", outcome.clicks),
                ("of these, late", outcome.late),
                ("of these, too late for their session", outcome.dropped),
                ("sessions by a gap of 30 minutes", outcome.sessions),
                ("sessions told", outcome.told),
                ("told rows taken back", outcome.taken_back),
            ],
        ),
        table(
            "Sessions that are over, and the end that a page sends when its tab is closed",
            "sessions",
            &[
                ("one end, after the last click: both agree", by_end.same),
                (
                    "no end: the tab crashed, and it would stay open for ever",
                    by_end.never,
                ),
                (
                    "ends in their midst: the visitor came back within 30 minutes",
                    by_end.split,
                ),
                ("all", by_end.over),
            ],
        ),
    ]
}
