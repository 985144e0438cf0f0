//! The course notes' example: which hashtags are in the tweets of the last ten minutes, every second.
//!
//! Three ways to the same counts, each with what it takes:
//!
//! - naive, `hashtags.window(Minutes(10), Seconds(1)).countByValue()`: every tag in the window is
//!   counted each second;
//! - from partial counts, `reduceByKeyAndWindow(_ + _)`: the counts of 600 seconds are added up;
//! - smart, `reduceByKeyAndWindow(_ + _, _ - _)`: the second that enters is added, the one that
//!   leaves is taken off.
//!
//! And a scene in which stream tasks count them on the brokers of a cluster, with windows of half a
//! minute, a twentieth of the notes' ten, so that one sees them fill.

use super::cluster::{cluster, start};
use super::orders::{at, caption, stop};
use super::{FeedSpec, Scenario, Settings, TopicSpec};
use crate::app::AppSpec;
use crate::feed::{Values, tweet};
use crate::id::TopicPartition;
use crate::map::Map;
use crate::protocol::Stop;
use crate::rng::{Rng, Salt};
use crate::sim::World;
use crate::stream::topology::{
    Does, Expr, Extractor, Fold, Format, Step, Topology, Windowing, hashtags,
};
use crate::stream::{
    Aggregate, Engine, Keys, Method, Out, Record, Rows, Rules, Sliding, TimeKind, Value, Windows,
};
use crate::time::{EVENT_EPOCH_MS, Span};
use std::collections::{BTreeMap, VecDeque};

/// Length of the window.
const WINDOW_S: u64 = 600;

/// How many steps of counting, adding or taking off a way took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Of the naive way.
    pub naive: u64,
    /// From partial counts.
    pub partial: u64,
    /// Of the smart way.
    pub smart: u64,
}

/// A second of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Second {
    /// How many went before, and itself.
    pub at_s: u64,
    /// Tags in the window that ends with it.
    pub tags: u64,
    /// What this second took.
    pub costs: Costs,
    /// The most frequent tags in the window, with their counts; ties by name.
    pub top: Vec<(String, i64)>,
}

/// The three ways, side by side: tags go in, and each second what is in the window.
#[derive(Clone, Debug)]
pub struct Ways {
    window_s: u64,
    at_s: u64,
    keys: Keys,
    /// By second, the tags of the window: what the naive way counts.
    window: VecDeque<Vec<u32>>,
    now: Vec<u32>,
    partial: Sliding,
    smart: Sliding,
    outs: (Out, Out),
    before: (u64, u64),
    counts: Vec<i64>,
}

impl Ways {
    /// With windows of so many seconds, one each second.
    #[must_use]
    pub fn new(window_s: u64) -> Self {
        let windows = Windows::Hopping {
            size: window_s as i64 * 1_000,
            slide: 1_000,
            offset: 0,
        };
        let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
        let sliding = |method, rows| {
            let sliding = Sliding::new(&windows, Aggregate::Count, rules, method, rows);
            sliding.expect("a count has an inverse")
        };
        Self {
            window_s,
            at_s: 0,
            keys: Keys::new(),
            window: VecDeque::new(),
            now: Vec::new(),
            partial: sliding(Method::Recompute, Rows::Present),
            smart: sliding(Method::Inverse, Rows::NonZero),
            outs: (Out::default(), Out::default()),
            before: (0, 0),
            counts: Vec::new(),
        }
    }

    /// A tag of this second.
    pub fn tag(&mut self, tag: &str, ts: i64) {
        let key = self.keys.id(tag.as_bytes());
        self.now.push(key);
        let record = Record {
            key,
            ts,
            value: 1,
            marks: false,
        };
        self.partial.record(record, &mut self.outs.0);
        self.smart.record(record, &mut self.outs.1);
    }

    /// The second is over.
    ///
    /// # Panics
    /// If the three ways do not give the same counts.
    pub fn end_second(&mut self) -> Second {
        self.window.push_back(std::mem::take(&mut self.now));
        if self.window.len() as u64 > self.window_s {
            self.window.pop_front();
        }
        self.at_s += 1;
        let end = self.at_s as i64 * 1_000;
        self.partial.advance(end - 1, end, &mut self.outs.0);
        self.smart.advance(end - 1, end, &mut self.outs.1);
        let mut counts = vec![0i64; self.keys.len()];
        let mut tags = 0;
        for &key in self.window.iter().flatten() {
            counts[key as usize] += 1;
            tags += 1;
        }
        for (way, out) in [("partial", &self.outs.0), ("smart", &self.outs.1)] {
            let mut theirs = vec![0i64; counts.len()];
            for result in &out.emitted {
                if let Value::Number(n) = result.value {
                    theirs[result.key as usize] = n;
                }
            }
            assert_eq!(theirs, counts, "the {way} way counts otherwise");
        }
        self.outs.0.clear();
        self.outs.1.clear();
        self.counts = counts;
        let now = (self.partial.work().operations, self.smart.work().operations);
        let before = std::mem::replace(&mut self.before, now);
        Second {
            at_s: self.at_s,
            tags,
            costs: Costs {
                naive: tags,
                partial: now.0 - before.0,
                smart: now.1 - before.1,
            },
            top: self.top(),
        }
    }

    /// What is in the window that ended last: tags and how often each is.
    pub fn counts(&self) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, i64)> {
        let counts = (0..).zip(&self.counts).filter(|&(_, &n)| n > 0);
        counts.map(|(key, &n)| (self.keys.name(key), n))
    }

    fn top(&self) -> Vec<(String, i64)> {
        let named = self.counts().map(|(tag, n)| (tag.into_owned(), n));
        let mut top: Vec<(String, i64)> = named.collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        top.truncate(3);
        top
    }
}

/// Tweets that come and are counted.
#[derive(Clone, Debug)]
pub struct Hashtags {
    rng: Rng,
    per_s: u32,
    ways: Ways,
}

impl Hashtags {
    /// With so many tweets a second.
    #[must_use]
    pub fn new(seed: u64, per_s: u32) -> Self {
        Self {
            rng: Rng::new(seed, Salt::Workload, 2),
            per_s,
            ways: Ways::new(WINDOW_S),
        }
    }

    /// Another second goes by. From the fifth minute on for two minutes a tag is in the news.
    ///
    /// # Panics
    /// If the three ways do not give the same counts.
    pub fn second(&mut self) -> Second {
        let at_s = self.ways.at_s;
        for n in 0..self.per_s {
            let ts = at_s as i64 * 1_000 + i64::from(n) * 1_000 / i64::from(self.per_s);
            let tweet = tweet(&mut self.rng, (300..420).contains(&at_s));
            for tag in hashtags(&tweet) {
                self.ways.tag(tag, ts);
            }
        }
        self.ways.end_second()
    }
}

/// The scene's topics: tweets come in, counts go out.
const TWEETS: &str = "tweets";
const COUNTS: &str = "hashtag-counts";
/// Length of the scene's windows.
const SCENE_WINDOW_S: u64 = 30;

/// What the scene's tasks do: tags of tweets, by tag, counted in windows of 30 s that slide by 1 s.
fn topology() -> Topology {
    let step = |name: &str, from: &str, does: Does| Step {
        name: name.into(),
        from: if from.is_empty() {
            Vec::new()
        } else {
            vec![from.into()]
        },
        does,
    };
    let tags = Expr::Hashtags(Box::new(Expr::Lowercase(Box::new(Expr::Value))));
    Topology {
        application: "hashtags".into(),
        cache: true,
        steps: vec![
            step(
                TWEETS,
                "",
                Does::Source {
                    topics: vec![TWEETS.into()],
                    values: Format::Text,
                    time: Extractor::Record,
                },
            ),
            step("tags", TWEETS, Does::FlatMap(tags)),
            step(
                "by-tag",
                "tags",
                Does::Group {
                    by: Some(Expr::Value),
                },
            ),
            step(
                "counts",
                "by-tag",
                Does::Aggregate {
                    fold: Fold::Count,
                    windows: Some(Windowing {
                        windows: format!("sliding:{SCENE_WINDOW_S}s,1s"),
                        engine: None,
                        // Longer than a worker may be missed: what its tasks take late still counts.
                        grace: Some("10s".into()),
                        watermark: None,
                        mode: None,
                        emit: Some("final".into()),
                    }),
                },
            ),
            step(
                "end",
                "counts",
                Does::Sink {
                    topic: COUNTS.into(),
                    values: Format::Json,
                },
            ),
        ],
    }
}

/// Three workers count hashtags; one of them is killed, and its tasks move.
pub(super) fn scene() -> Scenario {
    let base = cluster();
    let topic = |name: &str| TopicSpec {
        name: name.into(),
        partitions: 3,
        configs: Map::new(),
    };
    Scenario {
        name: "hashtags".into(),
        title: "Hashtags, counted by stream tasks".into(),
        watch: "Three workers cut tweets into hashtags and count each tag in windows of 30 s, one a \
                second. At 24 s worker 2 commits, and right after it is killed: watch its tasks stand \
                still, move, and fill their stores again from their changelogs."
            .into(),
        try_this: "Start worker 2 and kill it a second after a commit (at even seconds): tags that it \
                   had passed on count twice."
            .into(),
        try_done: Some(stop("worker-2", Stop::Killed)),
        try_until: None,
        settings: Settings {
            per_s: 8.0,
            ..base.settings.clone()
        },
        topics: vec![topic(TWEETS), topic(COUNTS)],
        feed: Some(FeedSpec {
            readers: 0,
            topic: TWEETS.into(),
            values: Values::Tweets {
                news_from_s: 30,
                news_until_s: 45,
            },
            ..FeedSpec::default()
        }),
        app: Some(AppSpec {
            commit_interval_ms: 2_000,
            session_timeout_ms: 6_000,
            ..AppSpec::new(topology(), 3)
        }),
        script: vec![
            at(24_050, stop("worker-2", Stop::Killed)),
            at(45_000, start("worker-2")),
        ],
        captions: vec![
            caption(
                24_050,
                "Worker 2 is killed, and its stores are gone with it. Nobody knows yet: the group misses it \
                 after session.timeout.ms, 6 s here (45 s if nobody says otherwise).",
            ),
            caption(
                45_000,
                "Worker 2 is back. All tasks are given up, committed first, and shared anew; those that move \
                 fill their stores from their changelogs.",
            ),
        ],
        questions: Vec::new(),
        length: Span::secs(70),
        ..base
    }
}

/// What came of the scene, held against a count of the tweets themselves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Tags in all tweets.
    pub tags: u64,
    /// Rows in the topic of counts: a tag and a window each.
    pub rows: u64,
    /// Rows that were written again, as after a crash.
    pub again: u64,
    /// Of each tag and window the newest row counts: so many are as they should be.
    pub right: u64,
    /// So many are not, and what they have too much or too little in all.
    pub wrong: (u64, i64),
    /// Windows of a tag that are over and have no row.
    pub missing: u64,
    /// The end of the last window that has rows, in seconds of the run, and its most frequent tags.
    pub last: (i64, Vec<(String, i64)>),
    /// What the three ways take for all windows.
    pub costs: Costs,
    /// What Kafka Streams' hopping windows take: each tag is counted in each of its windows.
    pub hopping: u64,
}

impl Outcome {
    /// Of the world as it is; `None` where the scene is another.
    #[must_use]
    pub fn of(world: &World) -> Option<Self> {
        let app = world.app()?;
        let (tweets, counts) = (world.topic_id(TWEETS)?, world.topic_id(COUNTS)?);
        if *app.plan.application != *"hashtags" {
            return None;
        }
        let mut tags: BTreeMap<i64, Vec<(String, i64)>> = BTreeMap::new();
        for_each(world, tweets, |_, value, ts| {
            let ts = ts - EVENT_EPOCH_MS;
            let tweet = value.to_lowercase();
            let tags = tags.entry(ts.div_euclid(1_000)).or_default();
            tags.extend(hashtags(&tweet).map(|tag| (tag.to_owned(), ts)));
        });
        let mut rows: BTreeMap<(i64, String), i64> = BTreeMap::new();
        let mut written = 0;
        for_each(world, counts, |key, value, _| {
            if let (Some((tag, end)), Ok(n)) =
                (windowed(key), serde_json::from_slice(value.as_bytes()))
            {
                rows.insert(((end - EVENT_EPOCH_MS) / 1_000, tag.to_owned()), n);
                written += 1;
            }
        });
        Some(Self::compare(&tags, &rows, written))
    }

    fn compare(
        tags: &BTreeMap<i64, Vec<(String, i64)>>,
        rows: &BTreeMap<(i64, String), i64>,
        written: u64,
    ) -> Self {
        let mut newest: BTreeMap<&str, i64> = BTreeMap::new();
        for (end, tag) in rows.keys() {
            newest.insert(tag, *end);
        }
        let last = rows.keys().next_back().map_or(0, |(end, _)| *end);
        let mut outcome = Self {
            tags: 0,
            rows: written,
            again: written - rows.len() as u64,
            right: 0,
            wrong: (0, 0),
            missing: 0,
            last: (last, Vec::new()),
            costs: Costs::default(),
            hopping: 0,
        };
        let mut ways = Ways::new(SCENE_WINDOW_S);
        for second in 0..last.max(tags.keys().next_back().map_or(0, |s| s + 1)) {
            for (tag, ts) in tags.get(&second).into_iter().flatten() {
                ways.tag(tag, *ts);
                outcome.tags += 1;
            }
            let took = ways.end_second();
            outcome.costs.naive += took.costs.naive;
            outcome.costs.partial += took.costs.partial;
            outcome.costs.smart += took.costs.smart;
            let end = second + 1;
            for (tag, n) in ways.counts() {
                match rows.get(&(end, tag.to_string())) {
                    Some(row) if *row == n => outcome.right += 1,
                    Some(row) => {
                        outcome.wrong.0 += 1;
                        outcome.wrong.1 += row - n;
                    }
                    None if newest.get(&*tag).is_some_and(|last| end <= *last) => {
                        outcome.missing += 1;
                    }
                    None => {}
                }
            }
            if end == last {
                outcome.last.1 = took.top;
            }
        }
        outcome.hopping = outcome.tags * SCENE_WINDOW_S;
        outcome
    }
}

/// The tag and the end of the window of a key as it is written: `[rain@0/30000]`.
fn windowed(key: &str) -> Option<(&str, i64)> {
    let (tag, window) = key.strip_prefix('[')?.strip_suffix(']')?.rsplit_once('@')?;
    let (_, end) = window.split_once('/')?;
    Some((tag, end.parse().ok()?))
}

/// Calls `each` with key, value and timestamp of every record of a topic.
fn for_each(world: &World, topic: crate::id::TopicId, mut each: impl FnMut(&str, &str, i64)) {
    for partition in 0..world.partitions(topic) {
        let Some(log) = world.log(TopicPartition::new(topic, partition)) else {
            continue;
        };
        for record in log.batches().flat_map(|batch| batch.records()).flatten() {
            let text = |bytes: Option<&[u8]>| {
                String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
            };
            each(&text(record.key), &text(record.value), record.timestamp);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smart_way_costs_the_same_however_long_the_window_is() {
        let mut hashtags = Hashtags::new(1, 20);
        let seconds: Vec<Second> = (0..700).map(|_| hashtags.second()).collect();
        let (early, late) = (&seconds[9], &seconds[699]);
        assert!(late.costs.naive > 30 * early.costs.naive);
        assert!(late.costs.partial > 30 * early.costs.partial);
        assert!(late.costs.smart < 3 * early.costs.smart);
        assert!(late.costs.naive > 100 * late.costs.smart);
        assert_eq!(seconds[450].top[0].0, "eclipse");
        let mut again = Hashtags::new(1, 20);
        assert_eq!(again.second(), seconds[0]);
    }
}
