//! Scenes of a cluster: brokers, their replicas, and plain clients.

use super::orders::{at, caption, options, stop, yes_no};
use super::{ClusterSpec, Cue, FeedSpec, Question, Rule, Scenario, Settings, TopicSpec, Workload};
use crate::map::Map;
use crate::protocol::{Acks, Stop};
use crate::rng::Dist;
use crate::sim::Command;
use crate::time::{Span, Time};

/// Every scene, in the order offered.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![
        cluster(),
        leader_killed(),
        clean_stop(),
        too_few_in_sync(),
        acks_one(),
        slow_follower(),
        last_one_standing(),
        no_quorum(),
        power_cut(),
        retention(),
    ]
    .into_iter()
    .chain(super::famous::all().into_iter().map(|famous| famous.scene))
    .chain([super::hashtags::scene(), hunt()])
    .collect()
}

/// Records are kept for ten seconds, and a group is away for longer.
fn retention() -> Scenario {
    let base = cluster();
    let configs = [("retention.ms", "10000"), ("segment.ms", "4000")];
    let mut topics = base.topics.clone();
    for topic in &mut topics {
        let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        topic.configs.extend(configs);
    }
    Scenario {
        name: "retention".into(),
        title: "Old records are deleted, read or not".into(),
        watch:
            "Records are kept for 10 s (retention.ms). From 30 s on each broker looks every 5 s \
                and deletes whole segments. The group is stopped at 20 s and starts again at 50 s: \
                what it had not read by then is gone."
                .into(),
        try_this: "Start the group at 27 s, before anything is deleted.".into(),
        try_done: Some(start("consumer")),
        try_until: Some(Time(30_000_000)),
        topics,
        cluster: ClusterSpec {
            log_retention_check_interval_ms: 5_000,
            ..base.cluster.clone()
        },
        script: vec![
            at(20_000, stop("consumer", Stop::Clean)),
            at(50_000, start("consumer")),
        ],
        captions: vec![
            caption(
                30_000,
                "The first look. A segment goes when its youngest record is older than 10 s, and the \
                 log start moves to the next.",
            ),
            caption(
                50_000,
                "The group comes back to positions that are no longer in the logs, and begins anew \
                 at the earliest records that are left (auto.offset.reset=earliest).",
            ),
        ],
        questions: Vec::new(),
        length: Span::secs(70),
        ..base
    }
}

/// Three brokers in three racks and a quorum of three controllers; three copies of everything, of
/// which two must be in sync.
pub(super) fn three_brokers() -> ClusterSpec {
    ClusterSpec {
        brokers: 3,
        racks: 3,
        controllers: 3,
        replication_factor: 3,
        min_insync_replicas: 2,
        eligible_leader_replicas: true,
        ..ClusterSpec::default()
    }
}

/// Three brokers, a topic with three replicas of each partition, nothing amiss.
pub(super) fn cluster() -> Scenario {
    Scenario {
        name: "cluster".into(),
        title: "Three brokers, one topic".into(),
        watch: "A producer waits until every in-sync replica has its record. Watch the followers \
                fetch, and the high watermark follow them."
            .into(),
        try_this:
            "Kill the broker that leads a partition: who leads it next, and is anything lost?"
                .into(),
        try_done: None,
        try_until: None,
        settings: Settings {
            per_s: 12.0,
            ..Settings::default()
        },
        topics: vec![TopicSpec {
            name: "orders".into(),
            partitions: 3,
            configs: Map::new(),
        }],
        orders_topic: String::new(),
        auto_create_topics: false,
        cluster: three_brokers(),
        latency: Dist::LogNormal {
            mean_us: 900,
            sigma: 0.3,
        },
        workload: Workload::Generated { customers: 0 },
        feed: Some(FeedSpec {
            readers: 3,
            ..FeedSpec::default()
        }),
        app: None,
        layers: None,
        script: Vec::new(),
        captions: Vec::new(),
        questions: vec![Question {
            ask: Cue::BrokerStopped,
            ..lost_by_a_kill()
        }],
        length: Span::secs(60),
        hours: None,
    }
}

fn leader_killed() -> Scenario {
    Scenario {
        name: "leader-killed".into(),
        title: "The leader is killed".into(),
        watch:
            "At 5 s the broker that leads orders-0 is killed, at 25 s it starts again. Watch when \
                the others learn of it, and what the producer does meanwhile."
                .into(),
        try_this: "Stop it instead of killing it: how long is orders-0 without a leader?".into(),
        try_done: Some(stop(LEADER, Stop::Clean)),
        script: vec![
            at(5_000, stop(LEADER, Stop::Killed)),
            at(25_000, start("broker")),
        ],
        captions: vec![
            caption(
                5_000,
                "The leader of orders-0 is killed, and nobody knows at first: another leads only when \
                 its heartbeats have been missed for long enough.",
            ),
            caption(
                25_000,
                "It is back: it asks the new leader where its epoch ended, cuts what is not in the \
                 leader's log, and fetches what it missed.",
            ),
        ],
        questions: vec![
            Question {
                id: "who-next".into(),
                ask: Cue::At(Time(4_000_000)),
                graded_after: Span::secs(16),
                text: "The leader of orders-0 is killed at 5 s. How long until another leads?"
                    .into(),
                options: options(["less than 1 s", "about 9 s", "until it is back"]),
                rule: Rule::LeaderlessFor {
                    topic: "orders".into(),
                    partition: 0,
                    bounds: vec![Span::secs(1), Span::secs(12)],
                },
            },
            Question {
                ask: Cue::At(Time(4_500_000)),
                ..lost_by_a_kill()
            },
        ],
        ..cluster()
    }
}

fn clean_stop() -> Scenario {
    Scenario {
        name: "rolling-restart".into(),
        title: "One broker after the other is restarted".into(),
        watch: "Every broker in turn is asked to stop, and started again. Each hands over what it \
                leads before it goes. Watch the epochs rise, and that nobody waits."
            .into(),
        try_this: "Kill one of them instead.".into(),
        try_done: Some(stop("broker-1", Stop::Killed)),
        script: vec![
            at(5_000, stop("broker-1", Stop::Clean)),
            at(11_000, start("broker-1")),
            at(17_000, stop("broker-2", Stop::Clean)),
            at(23_000, start("broker-2")),
            at(29_000, stop("broker-3", Stop::Clean)),
            at(35_000, start("broker-3")),
        ],
        questions: vec![Question {
            ask: Cue::At(Time(4_000_000)),
            graded_after: Span::secs(40),
            ..lost_by_a_kill()
        }],
        ..cluster()
    }
}

fn too_few_in_sync() -> Scenario {
    Scenario {
        name: "too-few-in-sync".into(),
        title: "min.insync.replicas is not met".into(),
        watch:
            "At 5 s both followers of orders-0 are killed, at 30 s they start again. The leader is \
                well. Watch what it answers."
                .into(),
        try_this: "Set acks to 1 while only the leader is in sync.".into(),
        try_done: Some(Command::SetAcks { acks: Acks::One }),
        script: vec![
            at(5_000, stop("followers of orders-0", Stop::Killed)),
            at(30_000, start("broker")),
        ],
        questions: vec![Question {
            id: "still-taken".into(),
            ask: Cue::At(Time(4_000_000)),
            graded_after: Span::secs(22),
            text:
                "Both followers are killed at 5 s. Twenty seconds later, does the leader still take \
                   what is sent with acks=all?"
                    .into(),
            options: options(["yes", "no"]),
            rule: Rule::StillTaken {
                topic: "orders".into(),
                partition: 0,
            },
        }],
        ..cluster()
    }
}

fn acks_one() -> Scenario {
    let base = cluster();
    Scenario {
        name: "acks-one".into(),
        title: "acks=1, and the leader dies alone".into(),
        watch:
            "The producer asks only the leader. At 5 s the leader is cut from its followers, at \
                9 s it is killed. Watch the records that only it has: they were acknowledged."
                .into(),
        try_this: "Set acks to all before 5 s: what does the producer hear?".into(),
        try_done: Some(Command::SetAcks { acks: Acks::All }),
        try_until: Some(Time(5_000_000)),
        settings: Settings {
            acks: Acks::One,
            ..base.settings.clone()
        },
        script: vec![
            at(
                5_000,
                Command::Cut {
                    a: LEADER.into(),
                    b: "followers of orders-0".into(),
                },
            ),
            at(9_000, stop(LEADER, Stop::Killed)),
            at(10_000, Command::Heal),
            at(30_000, start("broker")),
        ],
        captions: vec![
            caption(
                5_000,
                "The followers no longer reach the leader. With acks=1 it goes on acknowledging.",
            ),
            caption(
                9_000,
                "The leader is dead. What only it had was acknowledged, and nobody else has it.",
            ),
        ],
        questions: vec![lost_by_a_kill()],
        ..base
    }
}

fn slow_follower() -> Scenario {
    let base = cluster();
    Scenario {
        name: "slow-follower".into(),
        title: "A follower falls behind".into(),
        watch: "From 5 s on a follower of orders-0 is cut from its leader, and from 25 s on it is \
                not. replica.lag.time.max.ms is 6 s here. Watch the high watermark wait, and go on \
                without it."
            .into(),
        try_this: "Cut off the other follower too.".into(),
        try_done: None,
        cluster: ClusterSpec {
            replica_lag_time_max_ms: 6_000,
            ..base.cluster.clone()
        },
        script: vec![
            at(
                5_000,
                Command::Cut {
                    a: LEADER.into(),
                    b: "follower of orders-0".into(),
                },
            ),
            at(25_000, Command::Heal),
        ],
        questions: Vec::new(),
        ..base
    }
}

fn last_one_standing() -> Scenario {
    Scenario {
        name: "eligible-leader".into(),
        title: "Everyone dies, one after the other".into(),
        watch: "The followers of orders-0 are killed at 5 s, its leader at 20 s. At 32 s only a \
                follower comes back. Watch whether it may lead."
            .into(),
        try_this: "Set acks to 1 before the leader dies: what changes?".into(),
        try_done: Some(Command::SetAcks { acks: Acks::One }),
        try_until: Some(Time(20_000_000)),
        script: vec![
            at(5_000, stop("followers of orders-0", Stop::Killed)),
            at(20_000, stop(LEADER, Stop::Killed)),
            at(32_000, start("broker-1")),
            at(34_000, start("broker-2")),
            at(50_000, start("broker")),
        ],
        questions: vec![lost_by_a_kill()],
        length: Span::secs(75),
        ..cluster()
    }
}

fn no_quorum() -> Scenario {
    Scenario {
        name: "no-quorum".into(),
        title: "Two of three controllers die".into(),
        watch:
            "At 5 s two controllers are killed, at 10 s the leader of orders-0. Nobody is there \
                to notice. At 25 s the controllers start again."
                .into(),
        try_this: "Start one controller before 25 s.".into(),
        try_done: Some(start("controller-2")),
        try_until: Some(Time(25_000_000)),
        script: vec![
            at(5_000, stop("controller-2", Stop::Killed)),
            at(5_000, stop("controller-3", Stop::Killed)),
            at(10_000, stop(LEADER, Stop::Killed)),
            at(25_000, start("controller")),
            at(45_000, start("broker")),
        ],
        questions: vec![Question {
            id: "who-next".into(),
            ask: Cue::At(Time(9_000_000)),
            graded_after: Span::secs(15),
            text: "One controller of three is left, and the leader of orders-0 is killed at 10 s. How \
                   long until another leads?"
                .into(),
            options: options(["less than 1 s", "about 9 s", "longer"]),
            rule: Rule::LeaderlessFor {
                topic: "orders".into(),
                partition: 0,
                bounds: vec![Span::secs(1), Span::secs(12)],
            },
        }],
        ..cluster()
    }
}

fn power_cut() -> Scenario {
    Scenario {
        name: "power-cut".into(),
        title: "The power fails everywhere".into(),
        watch: "At 8 s all brokers lose power at once. Kafka does not wait for the disk before it \
                acknowledges: what was only in page caches is gone. At 12 s the power is back."
            .into(),
        try_this: "Kill all brokers instead: the page cache outlives a process.".into(),
        try_done: Some(stop("broker", Stop::Killed)),
        script: vec![
            at(8_000, stop("broker", Stop::Crashed)),
            at(12_000, start("broker")),
        ],
        questions: vec![Question {
            ask: Cue::At(Time(7_000_000)),
            graded_after: Span::secs(25),
            ..lost_by_a_kill()
        }],
        ..cluster()
    }
}

/// A small cluster in which much happens soon: where `millrace hunt` plays.
fn hunt() -> Scenario {
    let base = cluster();
    Scenario {
        name: "hunt".into(),
        title: "A cluster to hunt for failures in".into(),
        watch: "Two producers, two partitions, and time-outs of a few seconds. Hunts for \
                failures play here, with random faults."
            .into(),
        try_this: "Kill two brokers at once.".into(),
        topics: vec![TopicSpec {
            name: "orders".into(),
            partitions: 2,
            configs: Map::new(),
        }],
        settings: Settings {
            per_s: 6.0,
            ..base.settings.clone()
        },
        cluster: ClusterSpec {
            replica_lag_time_max_ms: 3_000,
            broker_session_timeout_ms: 4_000,
            ..base.cluster.clone()
        },
        feed: Some(FeedSpec {
            producers: 2,
            readers: 2,
            ..FeedSpec::default()
        }),
        questions: Vec::new(),
        length: Span::secs(30),
        ..base
    }
}

/// Whoever leads the first partition then.
pub(super) const LEADER: &str = "leader of orders-0";

pub(super) fn start(node: &str) -> Command {
    Command::Start { node: node.into() }
}

fn lost_by_a_kill() -> Question {
    Question {
        id: "acked-lost".into(),
        ask: Cue::At(Time(4_000_000)),
        graded_after: Span::secs(30),
        text: "Will any record be lost of which the producer was told that it is safe?".into(),
        options: yes_no(),
        rule: Rule::AcknowledgedLost,
    }
}
