//! Scenes of two architectures over one log: batch and stream, Lambda and Kappa.

use super::cluster::cluster;
use super::orders::{at, caption, options};
use super::{
    ClusterSpec, Cue, FeedSpec, Hours, LayersSpec, Question, Rule, Scenario, Settings, TopicSpec,
};
use crate::feed::Values;
use crate::layers::{Delivery, LayerChange, Names};
use crate::map::Map;
use crate::protocol::{Layer, Stop};
use crate::sim::{Acted, Command};
use crate::time::{Span, Time};

/// Every scene, in the order offered.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![bug(), batch_and_stream(), late(), short_log(), twitter()]
}

const fn minutes(n: u64) -> Span {
    Span::secs(n * 60)
}

/// So many minutes after the run begins, in milliseconds.
const fn minute(n: u64) -> u64 {
    n * 60_000
}

fn layers(n: u64, change: LayerChange) -> Acted {
    at(minute(n), Command::Layers(change))
}

fn ship(n: u64, code: Layer, bug: bool) -> Acted {
    layers(n, LayerChange::Ship { code, bug })
}

/// The log and everyone who reads it, nothing amiss: 2,400 events a second, of which one in a thousand
/// is simulated.
fn quiet() -> Scenario {
    let base = cluster();
    let configs = [("retention.ms", "2592000000")];
    let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
    Scenario {
        name: "quiet".into(),
        title: "One log, two architectures".into(),
        watch: String::new(),
        try_this: String::new(),
        settings: Settings {
            per_s: 2.4,
            late: (0.02, minutes(5)),
            ..base.settings.clone()
        },
        topics: vec![TopicSpec {
            name: "events".into(),
            partitions: 3,
            configs: configs.into_iter().collect::<Map<String, String>>(),
        }],
        cluster: ClusterSpec::default(),
        feed: Some(FeedSpec {
            readers: 0,
            topic: "events".into(),
            group: "none".into(),
            keys: 0,
            values: Values::Social,
            linger_ms: 2_000,
            ..FeedSpec::default()
        }),
        layers: Some(LayersSpec::default()),
        questions: Vec::new(),
        length: minutes(180),
        hours: Some(Hours {
            from_s: 13 * 3_600,
            pace: 360,
        }),
        ..base
    }
}

/// A bug ships, and is fixed five minutes after a batch run began with it.
fn bug() -> Scenario {
    Scenario {
        name: "lambda-kappa".into(),
        title: "A bug was found. Who is right sooner?".into(),
        watch: "One log feeds both. At 13:32 a bug goes live in all three places where hashtags are \
                counted; at 14:05 it is fixed. Watch who serves right answers again, and when."
            .into(),
        try_this: "Give the batch layer 16 workers before 14:00: when is Lambda right then?".into(),
        try_done: Some(Command::Layers(LayerChange::Workers {
            layer: Layer::Batch,
            workers: 16,
        })),
        try_until: Some(Time(minute(60) * 1_000)),
        script: vec![
            ship(32, Layer::Batch, true),
            ship(32, Layer::Speed, true),
            ship(32, Layer::Job, true),
            ship(65, Layer::Batch, false),
            ship(65, Layer::Speed, false),
            layers(65, LayerChange::Reprocess { bug: false }),
            layers(150, LayerChange::DropOld),
        ],
        captions: vec![
            caption(
                minute(32),
                "The new code drops every event whose hashtag has a capital letter. Lambda has the \
                 counting code twice, so it has the bug twice; Kappa has it once.",
            ),
            caption(
                minute(65),
                "The bug is fixed. Kappa starts job v2, which reads the log from its start beside v1. \
                 Lambda's batch run of 14:00 is under way with the bug, and the next one begins at 15:00.",
            ),
            caption(
                minute(150),
                "Kappa deletes the old view: until now it could have gone back to it.",
            ),
        ],
        questions: vec![Question {
            id: "right-first".into(),
            ask: Cue::At(Time(minute(64) * 1_000)),
            graded_after: minutes(90),
            text: "The fix goes live at 14:05. Which side serves right answers to both questions first?"
                .into(),
            options: options(["Lambda", "Kappa", "both at once"]),
            rule: Rule::RightFirst,
        }],
        ..quiet()
    }
}

/// Batch alone against stream alone.
fn batch_and_stream() -> Scenario {
    let base = quiet();
    Scenario {
        name: "batch-stream".into(),
        title: "Batch or stream, on one log".into(),
        watch: "The batch layer counts everything every 30 minutes, the stream counts each event as it \
                comes. One event in three comes late, by up to 40 minutes. Watch how old each answer is, \
                and how wrong."
            .into(),
        try_this: "Run the batch every 10 minutes: how old is its answer then, and what does it cost?"
            .into(),
        try_done: Some(Command::Layers(LayerChange::BatchEvery {
            us: minutes(10).0,
        })),
        settings: Settings {
            late: (0.35, minutes(40)),
            ..base.settings.clone()
        },
        layers: Some(LayersSpec {
            speed: false,
            batch_every: minutes(30),
            workers: [12, 4, 4],
            grace: minutes(5),
            ..LayersSpec::default()
        }),
        captions: vec![
            caption(
                minute(30),
                "The first batch run begins. Until it is done there is no answer from it at all.",
            ),
            caption(
                minute(60),
                "Scheduled and thorough: the batch takes every event, also those that came late. \
                 Continuous and recent: the stream gave up on what came more than 5 minutes late.",
            ),
        ],
        questions: vec![Question {
            id: "less-wrong-now".into(),
            ask: Cue::At(Time(minute(5) * 1_000)),
            graded_after: minutes(100),
            text: "Over the first 105 minutes, whose answer to “what trends now” is wrong by less in all?"
                .into(),
            options: options(["batch", "stream", "the same"]),
            rule: Rule::LessWrong,
        }],
        length: minutes(120),
        ..base
    }
}

/// Many events come later than a stream waits.
fn late() -> Scenario {
    let base = quiet();
    Scenario {
        name: "late-events".into(),
        title: "A third of the events come late".into(),
        watch:
            "Phones were offline: a third of the events come up to an hour late. Streams wait 10 \
                minutes (allowed lateness). The batch layer takes every event. Watch both errors."
                .into(),
        try_this: "Let streams wait for an hour and count again: who is right then?".into(),
        try_done: Some(Command::Layers(LayerChange::Reprocess { bug: false })),
        settings: Settings {
            late: (0.33, minutes(60)),
            ..base.settings.clone()
        },
        layers: Some(LayersSpec {
            batch_every: minutes(30),
            workers: [12, 4, 4],
            ..LayersSpec::default()
        }),
        captions: vec![caption(
            minute(60),
            "What came too late is missing in the speed view and in Kappa's. Each batch run puts it in; \
             Kappa would have to wait longer and count again.",
        )],
        questions: vec![Question {
            id: "less-wrong".into(),
            ask: Cue::At(Time(minute(20) * 1_000)),
            graded_after: minutes(150),
            text:
                "A third of the events come late. Whose answers are wrong by less in all, by 15:50?"
                    .into(),
            options: options(["Lambda", "Kappa", "the same"]),
            rule: Rule::LessWrong,
        }],
        ..base
    }
}

/// The log forgets what Kappa would need to count again.
fn short_log() -> Scenario {
    let base = bug();
    let mut topics = base.topics.clone();
    let configs = [("retention.ms", "1800000"), ("segment.ms", "180000")];
    for (name, value) in configs {
        topics[0].configs.insert(name.into(), value.into());
    }
    Scenario {
        name: "short-log".into(),
        title: "The log keeps half an hour only".into(),
        watch: "The same bug and the same fix, but the log keeps records for 30 minutes. Kappa counts \
                again what is left of it. Lambda's batch layer has a copy of everything."
            .into(),
        try_this: "Keep records for 30 days before 13:25, and play on.".into(),
        try_done: Some(Command::Layers(LayerChange::Retention {
            us: Span::secs(30 * 86_400).0,
        })),
        try_until: Some(Time(minute(25) * 1_000)),
        topics,
        layers: Some(LayersSpec {
            batch_every: minutes(20),
            workers: [12, 4, 4],
            ..LayersSpec::default()
        }),
        captions: vec![caption(
            minute(65),
            "The bug is fixed. Job v2 begins at the oldest record there is, and that is of about 13:30: \
             what people did before is lost to it.",
        )],
        questions: vec![Question {
            id: "right-first".into(),
            ask: Cue::At(Time(minute(64) * 1_000)),
            graded_after: minutes(90),
            text: "The log has only half an hour. Which side serves right answers to both questions first?"
                .into(),
            options: options(["Lambda", "Kappa", "both at once"]),
            rule: Rule::RightFirst,
        }],
        ..base
    }
}

/// Twitter's way from one to the other.
fn twitter() -> Scenario {
    let base = quiet();
    Scenario {
        name: "twitter-2021".into(),
        title: "Twitter, 2021: from Lambda to Kappa".into(),
        watch: "At first there is Lambda: Scalding on Hadoop, Heron, and TSAR that queries both. At 13:40 \
                the new pipeline starts beside it and both are compared; at 15:20 the old one is switched \
                off."
            .into(),
        try_this: "Switch the old one off at 13:45, before the new one has caught up.".into(),
        try_done: Some(Command::Stop {
            node: "speed".into(),
            how: Stop::Clean,
        }),
        try_until: Some(Time(minute(50) * 1_000)),
        layers: Some(LayersSpec {
            kappa: false,
            failures_per_hour: 0.5,
            delivery: [Delivery::AtLeastOnce, Delivery::ExactlyOnce],
            names: Names::Twitter,
            ..LayersSpec::default()
        }),
        script: vec![
            layers(40, LayerChange::Reprocess { bug: false }),
            at(
                minute(140),
                Command::Stop {
                    node: "batch".into(),
                    how: Stop::Clean,
                },
            ),
            at(
                minute(140),
                Command::Stop {
                    node: "speed".into(),
                    how: Stop::Clean,
                },
            ),
        ],
        captions: vec![
            caption(
                minute(40),
                "The new pipeline starts beside the old one: it reads the same log from its start.",
            ),
            caption(
                minute(80),
                "Both run, and their answers are compared with the batch layer's: that is how Twitter \
                 checked the new one before it trusted it.",
            ),
            caption(
                minute(140),
                "The batch path is removed. What Lambda serves from now on only grows older.",
            ),
        ],
        ..base
    }
}
