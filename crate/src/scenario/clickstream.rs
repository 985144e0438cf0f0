//! Clicks become sessions: a shop's pages send what its visitors click, and stream tasks make sessions
//! of it. A scene, and what came of it.

use super::cluster::cluster;
use super::orders::{caption, stop, yes_no};
use super::{ClusterSpec, Cue, FeedSpec, Question, Rule, Scenario, Settings, TopicSpec};
use crate::app::AppSpec;
use crate::clickstream::Symbol;
use crate::clickstream::session::{Click, GAP_MS, Sessionizer};
use crate::feed::{Values, name};
use crate::id::TopicPartition;
use crate::map::Map;
use crate::protocol::Stop;
use crate::sim::{Hours, World};
use crate::stream::Keys;
use crate::stream::topology::{
    Does, Expr, Extractor, Fold, Format, Step, Task, TaskOut, Topology, Windowing,
};
use crate::time::{EVENT_EPOCH_MS, Span, Time, in_order};
use serde_json::Value as Json;
use std::sync::Arc;

/// The scene's topics: what pages send, the sessions, and what a model makes of each.
pub const CLICKS: &str = "clicks";
/// See [`CLICKS`].
pub const SESSIONS: &str = "sessions";
/// See [`CLICKS`].
pub const PREDICTIONS: &str = "predictions";
/// So far is the watermark behind the newest click, in ms.
pub const BEHIND_MS: i64 = 5 * 60_000;
/// So long a session that is over still takes a late click, in ms.
pub const LATENESS_MS: i64 = 30 * 60_000;

/// What the tasks do: the symbols of clicks, by visitor, in sessions; each comes out when the watermark
/// passes its end, and is taken back if a late click makes it another.
fn topology() -> Topology {
    let step = |name: &str, from: &str, does: Does| Step {
        name: name.into(),
        from: match from {
            "" => Vec::new(),
            from => vec![from.into()],
        },
        does,
    };
    let symbols = Symbol::ALL.map(|symbol| (symbol.name().to_owned(), symbol.number().into()));
    Topology {
        application: "clickstream".into(),
        cache: true,
        steps: vec![
            step(
                CLICKS,
                "",
                Does::Source {
                    topics: vec![CLICKS.into()],
                    values: Format::Json,
                    time: Extractor::Field("ts_ms".into()),
                },
            ),
            // What is no click, as the end of a page, has no row.
            step(
                "symbols",
                CLICKS,
                Does::JoinStatic {
                    rows: symbols.into(),
                    by: Some(Expr::field("event")),
                    left: false,
                },
            ),
            step("visitors", "symbols", Does::Group { by: None }),
            step(
                "sessionizer",
                "visitors",
                Does::Aggregate {
                    fold: Fold::Symbols(Expr::field("right")),
                    windows: Some(Windowing {
                        windows: format!("session:{}m", GAP_MS / 60_000),
                        engine: Some("flink".into()),
                        grace: Some(format!("{}m", LATENESS_MS / 60_000)),
                        watermark: Some(format!("{}m", BEHIND_MS / 60_000)),
                        mode: Some("retracting".into()),
                        emit: Some("watermark".into()),
                    }),
                },
            ),
            step(
                "end",
                "sessionizer",
                Does::Sink {
                    topic: SESSIONS.into(),
                    values: Format::Text,
                },
            ),
            step(
                "intent",
                "sessionizer",
                Does::Map(Expr::WillBuy(Box::new(Expr::Value))),
            ),
            step(
                "answers",
                "intent",
                Does::Sink {
                    topic: PREDICTIONS.into(),
                    values: Format::Json,
                },
            ),
        ],
    }
}

/// Every scene, in the order offered.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![scene()]
}

/// Five visitors and thirty-five more; a click comes 39 minutes late.
fn scene() -> Scenario {
    let base = cluster();
    let topic = |name: &str| TopicSpec {
        name: name.into(),
        partitions: 2,
        configs: Map::new(),
    };
    Scenario {
        name: "clickstream".into(),
        title: "Clicks become sessions".into(),
        watch: "A session ends when nothing was clicked for 30 minutes. At 10:46 a click of 10:07 \
                arrives: Alice's phone had no reception. It joins two of her sessions, and what \
                was told of the first is taken back."
            .into(),
        try_this: "Kill worker 1 before 10:46: does the late click still find both sessions?"
            .into(),
        try_done: Some(stop("worker-1", Stop::Killed)),
        try_until: Some(Time(76 * 60_000_000)),
        settings: Settings {
            per_s: 1.0,
            ..base.settings.clone()
        },
        topics: vec![topic(CLICKS), topic(SESSIONS), topic(PREDICTIONS)],
        cluster: ClusterSpec::default(),
        feed: Some(FeedSpec {
            readers: 0,
            topic: CLICKS.into(),
            group: "marketing".into(),
            values: Values::Clicks { visitors: 40 },
            ..FeedSpec::default()
        }),
        app: Some(AppSpec::new(topology(), 2)),
        script: Vec::new(),
        captions: vec![
            caption(
                53 * 60_000,
                "Alice's last click before 10:00 was at 09:53. That session is over when the watermark, 5 \
                 minutes behind the newest click of its partition, has passed 10:23.",
            ),
            caption(
                76 * 60_000 + 5_000,
                "A click of 10:07 arrives, 39 minutes late. It lies 14 minutes after one session of Alice and \
                 28 before the next, so both are one. If the first was told, that is taken back.",
            ),
        ],
        questions: vec![Question {
            id: "alice-buys".into(),
            ask: Cue::At(Time(80 * 60_000_000)),
            graded_after: Span::secs(30 * 60),
            text: "Will Alice buy? Predict from what you see: does this session end in a purchase?"
                .into(),
            options: yes_no(),
            rule: Rule::Buys {
                user: "alice".into(),
            },
        }],
        length: Span::secs(3 * 3_600),
        hours: Some(Hours {
            from_s: 34_200,
            pace: 240,
        }),
        ..base
    }
}

/// A record of the topic of clicks.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    /// Whose.
    pub user: String,
    /// When it was, in ms of event time.
    pub ts: i64,
    /// When it came, in the same.
    pub arrived: i64,
    /// What was clicked; none where the page's tab closed.
    pub symbol: Option<Symbol>,
    /// What the page sent.
    pub text: String,
}

/// What a record says, if it is a click or the end of a page.
#[must_use]
pub fn heard(key: &[u8], value: &[u8], arrived: i64) -> Option<Heard> {
    let sent: Json = serde_json::from_slice(value).ok()?;
    let event = sent.get("event")?.as_str()?;
    let symbol = Symbol::from_name(event.as_bytes());
    (symbol.is_some() || event == "end").then_some(())?;
    Some(Heard {
        user: String::from_utf8_lossy(key).into_owned(),
        ts: sent.get("ts_ms")?.as_i64()?,
        arrived,
        symbol,
        text: String::from_utf8_lossy(value).into_owned(),
    })
}

/// A session as the topic has it: whose, from when, to when (a gap after its last click), in ms of event
/// time.
pub type SessionKey = (String, i64, i64);

/// Reads `[alice@start/end]`.
#[must_use]
pub fn session_key(key: &[u8]) -> Option<SessionKey> {
    let key = std::str::from_utf8(key).ok()?;
    let (user, window) = key.strip_prefix('[')?.strip_suffix(']')?.rsplit_once('@')?;
    let (start, end) = window.split_once('/')?;
    Some((user.to_owned(), start.parse().ok()?, end.parse().ok()?))
}

/// Calls `each` with key, value and timestamp of every record of a topic, partition by partition.
pub fn for_each(world: &World, topic: &str, mut each: impl FnMut(&[u8], Option<&[u8]>, i64)) {
    let Some(topic) = world.topic_id(topic) else {
        return;
    };
    for partition in 0..world.partitions(topic) {
        if let Some(log) = world.log(TopicPartition::new(topic, partition)) {
            for record in log.batches().flat_map(|batch| batch.records()).flatten() {
                each(
                    record.key.unwrap_or_default(),
                    record.value,
                    record.timestamp,
                );
            }
        }
    }
}

/// Whether a visitor bought something of which it was heard after `from` and not after `until`.
#[must_use]
pub fn bought(world: &World, user: &str, from: Time, until: Time) -> bool {
    let mut bought = false;
    for_each(world, CLICKS, |key, value, arrived| {
        let then = from.event_ms() < arrived && arrived <= until.event_ms();
        if then && key == user.as_bytes() {
            let heard = heard(key, value.unwrap_or_default(), arrived);
            bought |= heard.is_some_and(|heard| heard.symbol == Some(Symbol::Purchase));
        }
    });
    bought
}

/// The youngest records of the topic of sessions, the youngest first: session, symbols (none where it is
/// taken back) and timestamp.
#[must_use]
pub fn youngest(world: &World, most: usize) -> Vec<(SessionKey, Option<String>, i64)> {
    let mut all = Vec::new();
    for_each(world, SESSIONS, |key, value, ts| {
        if let Some(session) = session_key(key) {
            let symbols = value.map(|value| String::from_utf8_lossy(value).into_owned());
            all.push((session, symbols, ts));
        }
    });
    all.sort_by_cached_key(|(.., ts)| u64::MAX - in_order(*ts));
    all.truncate(most);
    all
}

/// Sessions of visitors with a name that were told and taken back: whose, and the newest click then, in ms
/// of event time.
#[must_use]
pub fn taken_back(world: &World) -> Vec<(String, i64)> {
    let mut taken: Vec<(String, i64)> = Vec::new();
    if world
        .app()
        .is_some_and(|app| *app.plan.application == *"clickstream")
    {
        for_each(world, SESSIONS, |key, value, ts| {
            if value.is_none()
                && let Some((user, ..)) = session_key(key)
                && (0..5).any(|number| name(number) == user)
            {
                taken.push((user, ts));
            }
        });
    }
    taken
}

/// Sessions that a page's end closes, held against those that a gap closes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ByEnd {
    /// Sessions by the gap that are over.
    pub over: u64,
    /// Of these, so many had an end of their page after the last click and none before.
    pub same: u64,
    /// So many had no end: the tab crashed, and nobody would ever close them.
    pub never: u64,
    /// So many had an end in their midst: the visitor came back within the gap, and they are several.
    pub split: u64,
}

/// What came of the scene.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Outcome {
    /// Clicks in the topic.
    pub clicks: u64,
    /// Sessions that a batch job finds in them, by the gap.
    pub sessions: u64,
    /// Rows that stand in the topic of sessions.
    pub told: u64,
    /// Of these, rows that a task gives to which nothing ever happened.
    pub right: u64,
    /// Rows that such a task does not give, or gives otherwise.
    pub wrong: u64,
    /// Rows that such a task gives and that are not there.
    pub missing: u64,
    /// Rows that were told and taken back.
    pub taken_back: u64,
    /// Clicks that came too late for their session.
    pub dropped: u64,
    /// Clicks that came after the watermark had passed them.
    pub late: u64,
    /// Sessions that ends of pages close.
    pub by_end: ByEnd,
}

impl Outcome {
    /// Of the world as it is; `None` where the scene is another.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        let app = world.app()?;
        if *app.plan.application != *"clickstream" {
            return None;
        }
        let mut outcome = Self::default();
        outcome.count_clicks(world);
        let (mut rows, mut expected) = (Map::new(), Map::new());
        for_each(world, SESSIONS, |key, value, _| {
            outcome.taken_back += u64::from(value.is_none());
            put(&mut rows, key, value);
        });
        outcome.expect(world, &mut expected);
        outcome.told = rows.len() as u64;
        for (key, row) in expected.iter() {
            match rows.get(key) {
                Some(found) if found == row => outcome.right += 1,
                Some(_) => outcome.wrong += 1,
                None => outcome.missing += 1,
            }
        }
        let strange = rows.iter().filter(|(key, _)| expected.get(*key).is_none());
        outcome.wrong += strange.count() as u64;
        Some(outcome)
    }

    /// Clicks, sessions by the gap and by ends of pages.
    fn count_clicks(&mut self, world: &World) {
        let mut users = Keys::new();
        let mut sessions = Sessionizer::new(GAP_MS).expect("there is a gap");
        let mut ends: Vec<(u32, i64)> = Vec::new();
        let mut newest = i64::MIN;
        for_each(world, CLICKS, |key, value, arrived| {
            let Some(heard) = heard(key, value.unwrap_or_default(), arrived) else {
                return;
            };
            let user = users.id(key);
            newest = newest.max(heard.ts);
            match heard.symbol {
                None => ends.push((user, heard.ts)),
                Some(symbol) => {
                    self.clicks += 1;
                    let ts = heard.ts;
                    sessions.click(Click { user, ts, symbol });
                }
            }
        });
        for session in sessions.sessions() {
            self.sessions += 1;
            if session.end() > newest - BEHIND_MS {
                continue;
            }
            let own = ends.iter().filter(|(user, ts)| {
                *user == session.user && (session.start()..session.end()).contains(ts)
            });
            let (mut within, mut after) = (0, 0);
            for &(_, ts) in own {
                within += u32::from(ts < session.last());
                after += u32::from(ts >= session.last());
            }
            let by_end = &mut self.by_end;
            by_end.over += 1;
            match (within, after) {
                (0, 0) => by_end.never += 1,
                (0, _) => by_end.same += 1,
                _ => by_end.split += 1,
            }
        }
    }

    /// What tasks give to which nothing ever happens, one for each partition of the clicks.
    fn expect(&mut self, world: &World, expected: &mut Map<Vec<u8>, Vec<u8>>) {
        let (Some(app), Some(topic)) = (world.app(), world.topic_id(CLICKS)) else {
            return;
        };
        let plan = &app.plan;
        let place = |name: &str| plan.topics.iter().position(|topic| *topic.name == *name);
        let (Some(source), Some(sink)) = (place(CLICKS), place(SESSIONS)) else {
            return;
        };
        for partition in 0..world.partitions(topic) {
            let Some(log) = world.log(TopicPartition::new(topic, partition)) else {
                continue;
            };
            let mut task = Task::new(Arc::clone(plan), 0, partition);
            let mut out = TaskOut::default();
            for record in log.batches().flat_map(|batch| batch.records()).flatten() {
                let (key, value, at) = (record.key, record.value, record.timestamp);
                let ts = task.time_of(source, value, at, at);
                let mark = task.watermark();
                let is_late = ts.zip(mark).is_some_and(|(ts, mark)| ts <= mark);
                let left_out = task.left_out();
                task.take(source, key, value, at, at, &mut out);
                self.late += u64::from(is_late && task.left_out() == left_out);
            }
            task.flush(world.now().event_ms(), &mut out);
            self.dropped += task.dropped();
            for row in out.produced.iter().filter(|row| row.topic == sink) {
                let key = row.key.as_deref().unwrap_or_default();
                put(expected, key.as_bytes(), row.value.as_deref());
            }
        }
    }
}

/// A row is this from now on; none takes it away.
fn put(rows: &mut Map<Vec<u8>, Vec<u8>>, key: &[u8], value: Option<&[u8]>) {
    match value {
        Some(value) => drop(rows.insert(key.to_vec(), value.to_vec())),
        None => drop(rows.remove(&key.to_vec())),
    }
}

/// A time of event time as the scene's clock shows it, to the minute: `10:07`; without one the time of
/// day in UTC.
#[must_use]
pub fn clock(hours: Option<Hours>, ts: i64) -> String {
    let hours = hours.unwrap_or(Hours { from_s: 0, pace: 1 });
    let ms = (ts - EVENT_EPOCH_MS).rem_euclid(86_400_000);
    let text = hours.clock(Time(ms.cast_unsigned() * 1_000));
    text.chars().take(5).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_sessions_are_read() {
        let key = session_key(b"[al@ice@-5/1800000]");
        assert_eq!(key, Some(("al@ice".to_owned(), -5, 1_800_000)));
        assert_eq!(session_key(b"alice"), None);
        assert_eq!(session_key(b"[alice@1]"), None);
        let hours = Hours {
            from_s: 34_200,
            pace: 1,
        };
        assert_eq!(clock(Some(hours), EVENT_EPOCH_MS + 37 * 60_000), "10:07");
    }
}
