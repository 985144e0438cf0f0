//! The picture of a moment.

use super::{Boxed, Chosen, ClickScene, Course, Heavy, Mark, Row, State};
use crate::app::StreamWorker;
use crate::clickstream::features::{Features, visibility};
use crate::clickstream::intent::{BALANCED, Kind, Model};
use crate::clickstream::session::GAP_MS;
use crate::feed;
use crate::scenario::clickstream::{
    BEHIND_MS, CLICKS, Heard, SESSIONS, SessionKey, for_each, heard, session_key,
};
use crate::sim::{Hours, Moment, World};
use crate::time::{EVENT_EPOCH_MS, Time, in_order};

/// How many visitors are shown.
const ROWS: u32 = 5;
/// How long the axis is, and how much of it lies before now, in ms.
const AXIS_MS: i64 = 92 * 60_000;
const BEFORE_MS: i64 = 80 * 60_000;

/// Where a person looks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Look {
    /// The visitor, by the place of the row.
    pub visitor: u32,
    /// A moment within the session, in ms of event time; the visitor's newest without it.
    pub session: Option<i64>,
}

/// What is known of a visitor from the topics.
#[derive(Default)]
pub(super) struct Known {
    heard: Vec<Heard>,
    /// Sessions told, with their symbols; none where that was taken back.
    told: Vec<(SessionKey, Option<String>)>,
}

/// Makes the picture of this moment into `scene`.
pub fn scene(
    moment: &Moment,
    hours: Option<Hours>,
    now: Time,
    (look, heavy): (Look, &Heavy),
    scene: &mut ClickScene,
) {
    let world = &moment.world;
    let now = now.event_ms();
    let from = (now - BEFORE_MS).max(EVENT_EPOCH_MS);
    scene.hours = hours;
    scene.now = now;
    scene.axis = (from, from + AXIS_MS);
    (scene.watermark, scene.tasks) = tasks(world);
    let names: Vec<String> = (0..ROWS).map(feed::name).collect();
    let known = known(world, &names, from);
    scene.rows.clear();
    scene.chosen = None;
    for (place, (user, known)) in (0..).zip(names.into_iter().zip(known)) {
        let mut sessions = sessions(&known, scene.watermark);
        sessions.retain(|session| session.last() >= from);
        if place == look.visitor.min(ROWS - 1) {
            scene.chosen = chosen(&user, &mut sessions, &known, look.session, heavy);
        }
        let ends = known.heard.iter().filter(|heard| heard.symbol.is_none());
        scene.rows.push(Row {
            ends: ends
                .map(|heard| heard.ts)
                .filter(|&ts| ts >= from)
                .collect(),
            user,
            sessions,
        });
    }
}

/// The least watermark of the tasks that run, and how many of them do.
fn tasks(world: &World) -> (Option<i64>, (usize, usize)) {
    let Some(app) = world.app() else {
        return (None, (0, 0));
    };
    let all: u32 = app.plan.subs.iter().map(|sub| sub.partitions).sum();
    let workers = app.workers.iter().filter_map(|&id| world.worker(id));
    let tasks: Vec<Option<i64>> = workers
        .flat_map(StreamWorker::tasks)
        .map(|running| running.task().watermark())
        .collect();
    let mark = tasks.iter().flatten().min().copied();
    (mark, (tasks.len(), all as usize))
}

/// What the topics have of these visitors, as far as it may still be seen.
fn known(world: &World, names: &[String], from: i64) -> Vec<Known> {
    let mut known: Vec<Known> = names.iter().map(|_| Known::default()).collect();
    let place = |user: &[u8]| names.iter().position(|name| name.as_bytes() == user);
    // What is shown may have begun long before: most sessions are shorter than that.
    let oldest = from - 3 * 3_600_000;
    for_each(world, CLICKS, |key, value, arrived| {
        if arrived >= oldest
            && let Some(at) = place(key)
        {
            known[at]
                .heard
                .extend(heard(key, value.unwrap_or_default(), arrived));
        }
    });
    for_each(world, SESSIONS, |key, value, _| {
        if let Some(session) = session_key(key).filter(|(_, _, end)| *end >= oldest)
            && let Some(at) = place(session.0.as_bytes())
        {
            let symbols = value.map(|value| String::from_utf8_lossy(value).into_owned());
            known[at].told.push((session, symbols));
        }
    });
    known
}

/// The clicks of a visitor, cut where the gap is greater.
fn sessions(known: &Known, watermark: Option<i64>) -> Vec<Boxed> {
    let mut marks: Vec<Mark> = Vec::new();
    for heard in &known.heard {
        let late = heard.arrived - heard.ts > BEHIND_MS;
        marks.extend(heard.symbol.map(|symbol| Mark {
            ts: heard.ts,
            symbol: symbol.number(),
            late: late.then_some(heard.arrived),
            joins: None,
        }));
    }
    marks.sort_by_cached_key(|mark| in_order(mark.ts));
    for at in 1..marks.len().max(2) - 1 {
        let (before, after) = (marks[at - 1].ts, marks[at + 1].ts);
        let within = marks[at].ts - before <= GAP_MS && after - marks[at].ts <= GAP_MS;
        if marks[at].late.is_some() && within && after - before > GAP_MS {
            marks[at].joins = Some((before, after));
        }
    }
    let parts = marks.chunk_by(|a, b| b.ts - a.ts <= GAP_MS);
    let sessions = parts.map(|marks| {
        let start = marks[0].ts;
        let end = marks[marks.len() - 1].ts + GAP_MS;
        let newest = known
            .told
            .iter()
            .rfind(|((_, from, to), _)| (*from, *to) == (start, end));
        let told = newest.is_some_and(|(_, symbols)| symbols.is_some());
        let ahead = watermark.map_or(GAP_MS, |mark| end - 1 - mark);
        let state = match (told, ahead > 0) {
            (true, _) => State::Told,
            (false, true) => State::Open,
            (false, false) => State::Over,
        };
        Boxed {
            marks: marks.to_vec(),
            end,
            state,
            left: (ahead as f32 / GAP_MS as f32).clamp(0.0, 1.0),
            chosen: false,
        }
    });
    sessions.collect()
}

/// The session that is looked at: the one around a moment, or else the newest.
pub(super) fn chosen(
    user: &str,
    sessions: &mut [Boxed],
    known: &Known,
    moment: Option<i64>,
    heavy: &Heavy,
) -> Option<Chosen> {
    let within =
        |session: &&Boxed| moment.is_some_and(|at| (session.start()..session.end).contains(&at));
    let newest = sessions.len().checked_sub(1)?;
    let place = sessions.iter().position(|session| within(&session));
    let place = place.unwrap_or(newest);
    sessions[place].chosen = true;
    let session = sessions[place].clone();
    let symbols: Vec<u8> = session.marks.iter().map(|mark| mark.symbol).collect();
    let span = session.start()..=session.last();
    let own = known.heard.iter().filter(|heard| span.contains(&heard.ts));
    let newest = own
        .filter(|heard| heard.symbol.is_some())
        .max_by_key(|heard| heard.arrived);
    let taken_back = known.told.iter().filter(|((_, start, end), symbols)| {
        let within = span.contains(start) && *end <= session.end;
        symbols.is_none() && within && (*start, *end) != (session.start(), session.end)
    });
    let before = |key: &SessionKey| {
        let all = known.told.iter().filter(move |(other, _)| other == key);
        all.filter_map(|(_, symbols)| symbols.clone()).next_back()
    };
    let taken_back = taken_back.filter_map(|(key, _)| before(key)).collect();
    let models = [
        (Kind::Logistic, "k-grams + motifs, logistic"),
        (Kind::Markov, "two Markov chains"),
        (Kind::Length, "only how many clicks"),
    ];
    let models = models.map(|(kind, name)| (Model::small(kind, Features::Both), name));
    let moved = models[0].0.as_ref().map(|model| model.moved(&symbols));
    let course = |name: &str, model: &Model| Course {
        model: name.to_owned(),
        after: model.course(&symbols, BALANCED),
    };
    let small = models.iter();
    let small = small.filter_map(|(model, name)| Some(course(name, model.as_ref()?)));
    let loaded = heavy.models.iter().map(|(name, model)| course(name, model));
    let courses = small.chain(loaded);
    Some(Chosen {
        user: user.to_owned(),
        place: (place, sessions.len()),
        sent: newest.map(|heard| heard.text.clone()).unwrap_or_default(),
        edges: visibility(&symbols),
        courses: courses.collect(),
        moved: moved.unwrap_or_default(),
        taken_back,
        symbols,
        session,
    })
}
