//! What a play says: times, what just happened and what it means, with real numbers.

use super::play::Play;
use super::run::{Fate, Run};
use super::{Setup, kind_of};
use crate::stream::{Asked, Emission, Engine, Kind, Value, Window, Windows};
use crate::view::panel::{Explain, Text};

const DAY: i64 = 86_400_000;

/// A moment as a time of day, with as many digits as it needs; beyond a day with the date.
#[must_use]
pub fn clock(ms: i64) -> String {
    if ms == i64::MAX {
        return "the end of time".to_owned();
    }
    let (day, rest) = (ms.div_euclid(DAY), ms.rem_euclid(DAY));
    let (h, m, s, ms) = (
        rest / 3_600_000,
        rest / 60_000 % 60,
        rest / 1_000 % 60,
        rest % 1_000,
    );
    let mut text = format!("{h:02}:{m:02}:{s:02}");
    if ms > 0 {
        let digits = format!(".{ms:03}");
        text += digits.trim_end_matches('0');
    }
    // The scenes are of one day, and so is a file whose times begin at 0.
    if day == 0 || day == super::scenes::NOON.div_euclid(DAY) {
        text
    } else {
        let (year, month, day) = date(day);
        format!("{year}-{month:02}-{day:02} {text}")
    }
}

/// The date of a day counted from 1970 (after Howard Hinnant, "chrono-Compatible Low-Level Date
/// Algorithms").
fn date(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1_460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    let year = yoe + era * 400 + i64::from(month <= 2);
    (year, month, doy - (153 * mp + 2) / 5 + 1)
}

/// A length of time, exactly, as `millrace stream` reads it too.
#[must_use]
pub fn length(ms: i64) -> String {
    let (n, unit) = match ms {
        0 => (0, "s"),
        _ if ms % DAY == 0 => (ms / DAY, "d"),
        _ if ms % 3_600_000 == 0 => (ms / 3_600_000, "h"),
        _ if ms % 60_000 == 0 => (ms / 60_000, "min"),
        _ if ms % 1_000 == 0 => (ms / 1_000, "s"),
        _ => (ms, "ms"),
    };
    format!("{n} {unit}")
}

/// A length of time, nearly.
fn about(ms: i64) -> String {
    match ms {
        ..1_000 => format!("{ms} ms"),
        1_000..60_000 if ms % 1_000 >= 100 => format!("{:.1} s", ms as f64 / 1_000.0),
        1_000..120_000 => format!("{} s", ms / 1_000),
        120_000..7_200_000 => format!("{} min", ms / 60_000),
        _ => format!("{} h", ms / 3_600_000),
    }
}

/// From when to when.
#[must_use]
pub fn window_text(window: Window) -> String {
    if window == Window::ALWAYS {
        return "all of time".to_owned();
    }
    format!("{}–{}", clock(window.start), clock(window.end))
}

/// A result's value.
#[must_use]
pub fn value_text(value: &Value, decimals: u32) -> String {
    let unit = 10i64.pow(decimals) as f64;
    let short = |number: f64, digits: usize| {
        let text = format!("{number:.digits$}");
        if digits == 0 {
            return text;
        }
        text.trim_end_matches('0').trim_end_matches('.').to_owned()
    };
    match value {
        Value::Number(n) if decimals == 0 => n.to_string(),
        Value::Number(n) => short(*n as f64 / unit, decimals as usize),
        Value::Mean(sum, n) => short(*sum as f64 / (*n).max(1) as f64 / unit, 2),
        Value::List(values) => format!("{} values", values.len()),
        Value::Counts(counts) => format!("{} values", counts.len()),
    }
}

pub(super) fn said(play: &Play, value: &Value) -> String {
    let decimals = match play.setup().aggregate {
        crate::stream::Aggregate::Count => 0,
        _ => play.decimals(),
    };
    value_text(value, decimals)
}

/// Whether an event of `ts` is in a window as the engine shows it.
fn holds(setup: &Setup, window: Window, ts: i64) -> bool {
    let both_ends = match setup.windows {
        Windows::Tumbling { .. } | Windows::Hopping { .. } => false,
        Windows::Session { .. } => setup.engine == Engine::KafkaStreams,
        _ => true,
    };
    window.contains(ts) || both_ends && ts == window.end
}

/// The windows in words.
pub(super) fn windows_words(setup: &Setup) -> String {
    match &setup.windows {
        Windows::Tumbling { size, .. } => format!("tumbling windows of {}", length(*size)),
        Windows::Hopping { size, slide, .. } => {
            format!("windows of {} every {}", length(*size), length(*slide))
        }
        Windows::Aligned { difference } => format!("sliding windows of {}", length(*difference)),
        Windows::Session { gap } => format!("sessions with a gap of {}", length(*gap)),
        Windows::Count { size, slide } if size == slide => format!("windows of {size} records"),
        Windows::Count { size, slide } => format!("windows of {size} records every {slide}"),
        Windows::Punctuation { marker } => format!("windows that “{marker}” ends"),
        Windows::Global => "one window for all of time".to_owned(),
    }
}

/// The question of the windows that are played.
fn heading(setup: &Setup) -> &'static str {
    match kind_of(&setup.windows) {
        2 => "Where does a session end?",
        3 => "How long is a window of records?",
        4 => "Who says that a window is over?",
        6 => "What of a window without an end?",
        _ => "When may a window answer?",
    }
}

/// What just happened, what it means, and what to try.
#[must_use]
pub fn explain(play: &Play) -> Explain {
    let setup = play.setup();
    let run = match play.run() {
        Ok(run) => run,
        Err(why) => {
            return Explain {
                heading: format!("Not in {}", setup.engine),
                now: Text::default().say(format!("{why}.")),
                hint: "Choose another engine, or other windows.".to_owned(),
            };
        }
    };
    let hint = if play.order().is_empty() {
        "Load a file, or add an event."
    } else {
        "Drag an event, the watermark’s delay, or a window’s edge. In the picture, page keys choose an event and arrow keys move it."
    };
    let (now, moment) = match setup.picked {
        Some(n) => (event(play, run, n), i64::MIN),
        None => latest(play, run),
    };
    let now = if setup.picked.is_none() {
        answers(play, run, now, moment)
    } else {
        now
    };
    Explain {
        heading: heading(setup).to_owned(),
        now,
        hint: hint.to_owned(),
    }
}

/// The latest thing that happened, and when that was.
fn latest(play: &Play, run: &Run) -> (Text, i64) {
    let at = play.setup().at;
    let arrived = play
        .order()
        .partition_point(|&n| play.event(n).arrival <= at);
    let last = arrived.checked_sub(1).map(|place| play.order()[place]);
    let result = run.emitted_by(at).last().map(|result| result.at);
    let moved = run.marks.iter().rev().find(|&&(when, _)| when <= at);
    let seen = last.map(|n| run.fates[n as usize].seen_at);
    match (last, result) {
        (None, _) => {
            let ahead = play.order().len();
            let text = format!("{ahead} events are ahead. Press play, or step.");
            (Text::default().say(text), i64::MIN)
        }
        // Something happened without an event: a batch ended, a clock struck.
        (Some(n), Some(result)) if result > play.event(n).arrival => {
            let what = if run.engine == Engine::Spark {
                format!("The micro-batch that ended at {} ran. ", clock(result))
            } else if moved.is_some_and(|&(when, _)| when == result) {
                format!(
                    "At {} the watermark went on without an event. ",
                    clock(result)
                )
            } else {
                format!("At {} it was time. ", clock(result))
            };
            (Text::default().say(what), result)
        }
        (Some(n), _) => (event(play, run, n), seen.unwrap_or(i64::MIN)),
    }
}

/// What became of an event.
fn event(play: &Play, run: &Run, n: u32) -> Text {
    let (event, fate, at) = (play.event(n), &run.fates[n as usize], play.setup().at);
    let mut text = Text::default().say("The event of ").stress(clock(event.ts));
    if event.arrival > at {
        return text
            .say(" is on its way and arrives at ")
            .stress(clock(event.arrival))
            .say(". ");
    }
    text = text
        .say(" arrived at ")
        .stress(clock(event.arrival))
        .say(". ");
    if fate.seen_at > at {
        let waits = match fate.seen_at {
            i64::MAX => "It waits for a micro-batch to end.".to_owned(),
            end => format!(
                "It waits for the end of the micro-batch, at {}.",
                clock(end)
            ),
        };
        return text.say(waits);
    }
    text = text.say(met(play, run, n));
    if fate.is_dropped() {
        text = text.say(what_if(play, n));
    } else if matches!(play.setup().windows, Windows::Session { .. }) {
        text = text.say(session(play, run, n));
    }
    text
}

/// What the watermark was when an event came, and what the engine did about it.
fn met(play: &Play, run: &Run, n: u32) -> String {
    let (setup, fate, engine) = (play.setup(), &run.fates[n as usize], run.engine);
    if matches!(setup.windows, Windows::Global) {
        return "It is in the one window there is, which answers when the input ends. ".to_owned();
    }
    if !setup.is_timed() {
        return String::new();
    }
    let name = if engine == Engine::KafkaStreams {
        "Stream time"
    } else {
        "The watermark"
    };
    if fate.watermark <= 0 && play.range().from > 0 || fate.watermark == i64::MIN {
        return "There is no watermark yet, so nothing is late. ".to_owned();
    }
    let stood = format!("{name} stood at {}", clock(fate.watermark));
    let session = matches!(setup.windows, Windows::Session { .. });
    let extra = match engine {
        Engine::KafkaStreams if setup.delay + setup.lateness > 0 => {
            format!(" and {} of grace", length(setup.delay + setup.lateness))
        }
        Engine::Flink | Engine::Beam if setup.lateness > 0 => {
            format!(" and {} of allowed lateness", length(setup.lateness))
        }
        _ => String::new(),
    };
    if fate.is_dropped() {
        let what = match (&setup.windows, fate.windows) {
            (Windows::Session { .. }, _) => "its session".to_owned(),
            (_, 1) => "its window".to_owned(),
            (_, windows) => format!("the last of its {windows} windows"),
        };
        return format!("{stood}, past the end of {what}{extra}, so {engine} drops it here. ");
    }
    if fate.missed > 0 {
        return format!(
            "{stood}: {} of its {} windows were over, and it counts in the rest. ",
            fate.missed, fate.windows
        );
    }
    if fate.late {
        let what = if session { "session" } else { "window" };
        return format!(
            "{stood}, past the end of its {what}, which had its time before. Within{} it still takes \
             the event. ",
            extra.trim_start_matches(" and")
        );
    }
    if session {
        return format!("{stood}. ");
    }
    format!("{stood}, and its {} still open. ", are(fate))
}

fn are(fate: &Fate) -> String {
    match fate.windows {
        1 => "window is".to_owned(),
        n => format!("{n} windows are"),
    }
}

/// What an event did to the sessions of its key.
fn session(play: &Play, run: &Run, n: u32) -> String {
    let (event, fate) = (play.event(n), &run.fates[n as usize]);
    let key = event.record(play.setup().keyed).key;
    let of = |life: &&super::Life| life.key == key;
    let grown = run
        .lives
        .iter()
        .filter(of)
        .find(|life| life.from == fate.seen_at && holds(play.setup(), life.window, event.ts));
    let Some(grown) = grown else {
        return String::new();
    };
    let around = grown.window;
    let inside = |w: Window| around.start <= w.start && w.end <= around.end;
    let ended = run.lives.iter().filter(of);
    let ended = ended.filter(|life| life.to == fate.seen_at && inside(life.window));
    let whose = play
        .whose(key)
        .map_or(String::new(), |key| format!(" of {key}"));
    let now = window_text(around);
    match ended.count() {
        0 => format!("It begins a session{whose}, {now}. "),
        1 => format!("It is in a session{whose}, which is {now} now. "),
        joined => format!("It joins {joined} sessions{whose}: they are one now, {now}. "),
    }
}

/// Lengths that are tried.
const TRIED: [i64; 8] = [
    10_000,
    30_000,
    60_000,
    300_000,
    600_000,
    3_600_000,
    86_400_000,
    31_536_000_000,
];

/// By how much more room a dropped event would be counted, and with what result: tried out.
fn what_if(play: &Play, n: u32) -> String {
    let setup = play.setup();
    let tried = TRIED.into_iter().find_map(|ms| {
        let mut other = setup.clone();
        let base = if setup.engine == Engine::Spark {
            &mut other.delay
        } else {
            &mut other.lateness
        };
        if ms <= *base {
            return None;
        }
        *base = ms;
        let run = play.what_if(&other).ok()?;
        let fate = run.fates[n as usize];
        (fate.seen_at < i64::MAX && fate.missed == 0).then_some((other, run))
    });
    let Some((other, run)) = tried else {
        return String::new();
    };
    let with = match setup.engine {
        Engine::Spark => format!("With a delay of {}", length(other.delay)),
        Engine::KafkaStreams => {
            let grace = other.delay.saturating_add(other.lateness);
            format!("With {} of grace", length(grace))
        }
        _ => format!("With {} of allowed lateness", length(other.lateness)),
    };
    let (event, fate) = (play.event(n), run.fates[n as usize]);
    let key = event.record(setup.keyed).key;
    let mine = |result: &&Emission| {
        result.key == key && result.kind != Kind::Retract && holds(setup, result.window, event.ts)
    };
    let with_it = &run.emitted[fate.answers.0 as usize..fate.answers.1 as usize];
    let at_once = with_it
        .iter()
        .rev()
        .find(|result| result.kind == Kind::Late && mine(result));
    let later = &run.emitted[fate.answers.1 as usize..];
    match (at_once, later.iter().find(mine)) {
        (Some(result), _) => {
            format!(
                "{with} the window would answer again, with {}.",
                said(play, &result.value)
            )
        }
        (None, Some(result)) => format!(
            "{with} the window would answer at {}, with {}.",
            clock(result.at),
            said(play, &result.value)
        ),
        (None, None) => format!("{with} it would be counted."),
    }
}

/// Adds what came out at `moment`.
fn answers(play: &Play, run: &Run, text: Text, moment: i64) -> Text {
    let from = run.emitted.partition_point(|result| result.at < moment);
    let to = run.emitted.partition_point(|result| result.at <= moment);
    let results = &run.emitted[from..to];
    let Some(last) = results.last() else {
        return text;
    };
    let moved = run.marks.iter().find(|&&(when, _)| when == moment);
    let mark = match (moved, last.kind) {
        (Some(&(_, to)), Kind::OnTime) if play.setup().is_timed() => {
            let name = if run.engine == Engine::KafkaStreams {
                "stream time"
            } else {
                "the watermark"
            };
            format!("With it {name} comes to {}, and ", clock(to))
        }
        _ => String::new(),
    };
    let whose = play
        .whose(last.key)
        .map_or(String::new(), |key| format!("{key}’s "));
    let window = window_text(last.window);
    let value = said(play, &last.value);
    let what = match (results.len(), last.kind) {
        (1, Kind::OnTime) => format!("{whose}window {window} answers with {value}."),
        (1, Kind::Early) => format!("{whose}window {window} says {value} so far, early."),
        (1, Kind::Late) => format!("{whose}window {window} answers again, with {value}."),
        (1, Kind::Update) => format!("{whose}row of {window} is {value} now."),
        (1, Kind::Retract) => format!("{whose}result {value} of {window} is taken back."),
        (n, _) => format!("{n} results come out, the last of {whose}{window}: {value}."),
    };
    let what = if mark.is_empty() && whose.is_empty() && results.len() == 1 {
        format!("The {what}")
    } else if whose.is_empty() && results.len() == 1 {
        format!("the {what}")
    } else {
        what
    };
    text.say(mark).stress(what)
}

/// How late an event that missed windows was; nothing where it missed none.
#[must_use]
pub fn late_words(play: &Play, n: u32) -> Option<String> {
    let fate = play.run().ok()?.fates[n as usize];
    let event = play.event(n);
    let by = about(event.arrival - event.ts);
    let what = match &play.setup().windows {
        Windows::Session { .. } => "session",
        _ => "window",
    };
    if fate.is_dropped() {
        Some(format!("{by} late, {what} closed"))
    } else if fate.missed > 0 {
        Some(format!(
            "{by} late, {} of {} windows closed",
            fate.missed, fate.windows
        ))
    } else {
        None
    }
}

/// One event in a sentence, for those who move it by keyboard.
#[must_use]
pub fn brief(play: &Play, n: u32) -> String {
    let event = play.event(n);
    let key = play
        .names()
        .get(event.key as usize)
        .map_or("", String::as_str);
    let outcome = outcome(play, n);
    format!(
        "{key}’s event of {}, arrived {}: {outcome}",
        clock(event.ts),
        clock(event.arrival)
    )
}

/// What became of an event, in a few words.
pub(super) fn outcome(play: &Play, n: u32) -> String {
    let Ok(run) = play.run() else {
        return "in no window".to_owned();
    };
    let (fate, at) = (&run.fates[n as usize], play.setup().at);
    if play.event(n).arrival > at {
        "on its way".to_owned()
    } else if fate.seen_at > at {
        "waits for its batch".to_owned()
    } else if let Some(late) = late_words(play, n) {
        let dropped = if fate.is_dropped() { ", dropped" } else { "" };
        format!("{late}{dropped}")
    } else if fate.late {
        "late, and counted".to_owned()
    } else {
        "counted".to_owned()
    }
}

/// How far the watermark is behind, as it stands; nothing where there is none yet.
#[must_use]
pub fn mark_words(play: &Play) -> Option<String> {
    let (run, at, delay) = (play.run().ok()?, play.setup().at, play.setup().delay);
    let mark = run.watermark(at)?;
    let arrived = play.order().iter().map(|&n| play.event(n));
    let arrived = arrived.filter(|event| event.arrival <= at);
    let behind = arrived.map(|event| event.ts).max()?.saturating_sub(mark);
    Some(match run.engine {
        _ if mark == i64::MAX => "the input has ended".to_owned(),
        Engine::KafkaStreams => "stream time: the newest event".to_owned(),
        Engine::Spark => format!(
            "watermark: {} behind the last batch’s newest",
            length(delay)
        ),
        _ if behind > delay + 1 => format!(
            "watermark: {} behind, held back by a partition",
            about(behind)
        ),
        _ => format!("watermark: {} behind the newest", length(delay)),
    })
}

/// The picture in a few sentences, for those who do not see it.
#[must_use]
pub fn summary(play: &Play) -> String {
    let (setup, at) = (play.setup(), play.setup().at);
    let all = play.order().len();
    let windows = windows_words(setup);
    let Ok(run) = play.run() else {
        return format!("{all} events. {} has no {windows}.", setup.engine);
    };
    let arrived = play
        .order()
        .iter()
        .filter(|&&n| play.event(n).arrival <= at);
    let dropped = play.order().iter().filter(|&&n| {
        let fate = &run.fates[n as usize];
        fate.seen_at <= at && fate.is_dropped()
    });
    let results = run.emitted_by(at).len();
    let mark = match run.watermark(at) {
        Some(mark) => format!("the watermark stands at {}", clock(mark)),
        None => "there is no watermark yet".to_owned(),
    };
    format!(
        "{}, {windows}, at {}: {} of {all} events have arrived, {mark}, {results} results came out, \
         {} events were dropped.",
        setup.engine,
        clock(at),
        arrived.count(),
        dropped.count(),
    )
}

/// A trigger in words.
pub(super) fn trigger_words(trigger: Asked) -> String {
    use crate::stream::Early;
    match trigger {
        Asked::Early(Early::Count(n)) => format!("early, every {n} records"),
        Asked::Early(Early::Every(ms)) => format!("early, every {}", length(ms)),
        Asked::Each => "with each record".to_owned(),
        _ => "at the watermark".to_owned(),
    }
}
