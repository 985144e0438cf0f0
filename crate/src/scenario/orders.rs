//! The order pipeline's scenes.

use super::cluster::three_brokers;
use super::{Caption, Cue, Question, Rule, Scenario, TopicSpec, Workload};
use crate::map::Map;
use crate::protocol::{Service, Stop};
use crate::rng::Dist;
use crate::shop::{CommitMode, Sending, Settings};
use crate::sim::{Acted, Command};
use crate::time::{Span, Time};

/// Every scene, in the order offered.
#[must_use]
pub fn all() -> Vec<Scenario> {
    vec![
        orders(),
        slow_payment(),
        payment_stops(),
        burst(),
        hot_key(),
        more_partitions(),
        fire_and_forget(),
        killed_consumer(),
        typo(),
    ]
}

/// Two shops, one stream of customers, three brokers that have a copy each, nothing amiss.
fn orders() -> Scenario {
    Scenario {
        name: "orders".into(),
        title: "One order, two shops".into(),
        watch: "The same customers order in both shops at the same instant. Watch who waits, and \
                where."
            .into(),
        try_this: "Slow payment to 900 ms and see where the wait goes.".into(),
        try_done: Some(slow(Service::Payment, 900)),
        try_until: None,
        settings: Settings::default(),
        topics: [
            ("orders", 6),
            ("payments", 6),
            ("shipments", 6),
            ("dead-letters", 1),
        ]
        .map(|(name, partitions)| TopicSpec {
            name: name.into(),
            partitions,
            configs: Map::new(),
        })
        .into(),
        orders_topic: "orders".into(),
        auto_create_topics: false,
        cluster: three_brokers(),
        latency: Dist::LogNormal {
            mean_us: 900,
            sigma: 0.3,
        },
        workload: Workload::Generated { customers: 36 },
        feed: None,
        app: None,
        layers: None,
        script: Vec::new(),
        captions: Vec::new(),
        questions: vec![
            who_gives_up(),
            where_lost(),
            backlog_gone(),
            burst_question(),
            skew_question(),
            overtaken(),
        ],
        length: Span::secs(90),
        hours: None,
    }
}

fn slow_payment() -> Scenario {
    Scenario {
        name: "slow-payment".into(),
        title: "Payment is slow. Who waits?".into(),
        watch: "At 12 s payment takes 900 ms instead of 80. Watch the people in one shop and the \
                records in the other."
            .into(),
        try_this: "Give payment more workers before 42 s, when it recovers by itself.".into(),
        try_done: Some(scale(Service::Payment, 12)),
        try_until: Some(Time(42_000_000)),
        script: vec![
            at(12_000, slow(Service::Payment, 900)),
            at(42_000, slow(Service::Payment, 80)),
        ],
        captions: vec![
            caption(
                12_000,
                "Payment now takes 900 ms: six workers can do 6.7 orders a second.",
            ),
            caption(
                42_000,
                "Payment is back at 80 ms. What has piled up is worked off.",
            ),
        ],
        questions: vec![who_gives_up(), backlog_gone()],
        ..orders()
    }
}

fn payment_stops() -> Scenario {
    Scenario {
        name: "payment-stops".into(),
        title: "Payment stops for ten seconds".into(),
        watch: "At 10 s every payment process is stopped, at 20 s started again. Watch what \
                customers are told."
            .into(),
        try_this: "Kill payment instead of stopping it: its group notices later.".into(),
        try_done: Some(stop("payment", Stop::Killed)),
        script: vec![
            at(10_000, stop("payment", Stop::Clean)),
            at(
                20_000,
                Command::Start {
                    node: "payment".into(),
                },
            ),
        ],
        questions: vec![where_lost()],
        length: Span::secs(60),
        ..orders()
    }
}

fn burst() -> Scenario {
    let factor = 10.0;
    Scenario {
        name: "burst".into(),
        title: "Ten times the customers for five seconds".into(),
        watch: "At 10 s customers come ten times as fast for 5 s. Watch the queue and the lag."
            .into(),
        try_this: "Scale the services up during the burst.".into(),
        try_done: Some(scale(Service::Payment, 12)),
        try_until: Some(Time(15_000_000)),
        script: vec![at(
            10_000,
            Command::Burst {
                factor,
                for_us: 5_000_000,
            },
        )],
        questions: vec![burst_question(), who_gives_up_in_burst()],
        length: Span::secs(60),
        ..orders()
    }
}

fn hot_key() -> Scenario {
    Scenario {
        name: "hot-key".into(),
        title: "One customer orders for sixty".into(),
        watch: "From 10 s on 80 % of all orders have one key, and a key has one partition. Watch \
                that partition."
            .into(),
        try_this: "Give payment twelve workers: does it help?".into(),
        try_done: Some(scale(Service::Payment, 12)),
        script: vec![
            at(10_000, Command::SetSkew { share: 0.8 }),
            at(10_000, Command::SetRate { per_s: 20.0 }),
        ],
        questions: vec![skew_question()],
        length: Span::secs(60),
        ..orders()
    }
}

fn more_partitions() -> Scenario {
    Scenario {
        name: "more-partitions".into(),
        title: "Two more partitions, and where the keys go".into(),
        watch: "At 15 s orders gets two more partitions while a backlog waits. The colours were \
                one to a row: watch them mix."
            .into(),
        try_this: "Add the partitions when nothing waits: does anything go wrong?".into(),
        try_done: Some(Command::AddPartitions {
            topic: "orders".into(),
            to: 12,
        }),
        script: vec![
            at(5_000, slow(Service::Payment, 600)),
            at(
                15_000,
                Command::AddPartitions {
                    topic: "orders".into(),
                    to: 8,
                },
            ),
            at(40_000, slow(Service::Payment, 80)),
        ],
        questions: vec![overtaken()],
        length: Span::secs(70),
        ..orders()
    }
}

fn fire_and_forget() -> Scenario {
    let settings = Settings {
        sending: Sending::FireAndForget,
        ..Settings::default()
    };
    Scenario {
        name: "fire-and-forget".into(),
        title: "Fire and forget, and a leader dies".into(),
        watch: "The asynchronous shop answers before the log has the order. At 10 s the leader of \
                orders-0 is killed; at 14 s the shop, while its buffer is full of orders that nobody \
                takes."
            .into(),
        try_this: "Choose “with callback” and play it again.".into(),
        try_done: Some(Command::SetSending {
            sending: Sending::Callback,
        }),
        settings,
        script: vec![
            at(10_000, stop("leader of orders-0", Stop::Killed)),
            at(14_000, stop("async-shop", Stop::Killed)),
            at(
                15_000,
                Command::Start {
                    node: "async-shop".into(),
                },
            ),
            at(
                16_000,
                Command::Start {
                    node: "broker".into(),
                },
            ),
        ],
        questions: vec![Question {
            ask: Cue::At(Time(9_000_000)),
            ..where_lost()
        }],
        length: Span::secs(60),
        ..orders()
    }
}

fn killed_consumer() -> Scenario {
    let settings = Settings {
        commit: CommitMode::Auto,
        ..Settings::default()
    };
    Scenario {
        name: "auto-commit".into(),
        title: "A consumer is killed between two commits".into(),
        watch: "The services commit every five seconds (enable.auto.commit). At 12 s payment-1 is \
                killed. Watch what its successor reads again."
            .into(),
        try_this: "Let them commit after each record and play it again.".into(),
        try_done: Some(Command::SetCommit {
            commit: CommitMode::EachRecord,
        }),
        settings,
        script: vec![at(12_000, stop("payment-1", Stop::Killed))],
        questions: vec![Question {
            id: "twice".into(),
            ask: Cue::At(Time(11_000_000)),
            graded_after: Span::secs(60),
            text: "payment-1 is about to be killed. Will anyone be charged twice?".into(),
            options: yes_no(),
            rule: Rule::ProcessedTwice,
        }],
        length: Span::secs(90),
        ..orders()
    }
}

fn typo() -> Scenario {
    Scenario {
        name: "typo".into(),
        title: "A topic with a letter missing".into(),
        watch:
            "The shop sends to “oders”, and the brokers make topics by themselves. Nothing fails. \
                Watch what is paid."
                .into(),
        try_this: "Look at the topic oders: how many partitions has it?".into(),
        try_done: None,
        orders_topic: "oders".into(),
        auto_create_topics: true,
        questions: Vec::new(),
        length: Span::secs(40),
        ..orders()
    }
}

pub(super) fn at(ms: u64, command: Command) -> Acted {
    Acted {
        at_us: Time(ms * 1_000),
        instant: None,
        command,
    }
}

/// More workers for a service.
fn scale(service: Service, workers: u32) -> Command {
    Command::SetWorkers { service, workers }
}

fn slow(service: Service, ms: u64) -> Command {
    Command::SetWork {
        service,
        mean_us: ms * 1_000,
    }
}

pub(super) fn stop(node: &str, how: Stop) -> Command {
    Command::Stop {
        node: node.into(),
        how,
    }
}

pub(super) fn caption(ms: u64, text: &str) -> Caption {
    Caption {
        at: Time(ms * 1_000),
        text: text.into(),
    }
}

pub(super) fn options<const N: usize>(all: [&str; N]) -> Vec<String> {
    all.map(String::from).into()
}

fn shops() -> Vec<String> {
    options(["the synchronous", "the asynchronous", "both", "neither"])
}

pub(super) fn yes_no() -> Vec<String> {
    options(["no", "yes"])
}

fn who_gives_up() -> Question {
    Question {
        id: "who-gives-up".into(),
        ask: Cue::Slowed(Service::Payment),
        graded_after: Span::secs(25),
        text: "Payment just became slow. In which shop will customers give up waiting?".into(),
        options: shops(),
        rule: Rule::WhereGaveUp,
    }
}

fn who_gives_up_in_burst() -> Question {
    Question {
        id: "burst-gives-up".into(),
        ask: Cue::Burst,
        graded_after: Span::secs(20),
        text: "In which shop will customers give up waiting?".into(),
        options: shops(),
        rule: Rule::WhereGaveUp,
    }
}

fn where_lost() -> Question {
    Question {
        id: "where-lost".into(),
        ask: Cue::Stopped(Service::Payment),
        graded_after: Span::secs(30),
        text: "Payment has stopped. In which shop will orders be lost?".into(),
        options: shops(),
        rule: Rule::WhereLost,
    }
}

fn backlog_gone() -> Question {
    Question {
        id: "backlog-gone".into(),
        ask: Cue::Recovered(Service::Payment),
        graded_after: Span::secs(40),
        text: "Payment recovers now. When is the asynchronous backlog gone?".into(),
        options: options(["within 10 s", "within 20 s", "later"]),
        rule: Rule::BacklogGone {
            within: vec![Span::secs(10), Span::secs(20)],
        },
    }
}

fn burst_question() -> Question {
    Question {
        id: "burst-sync-fast".into(),
        ask: Cue::Burst,
        graded_after: Span::secs(8),
        text: "Eight seconds from now, will the synchronous shop answer as fast as before?".into(),
        options: options(["yes", "no"]),
        rule: Rule::SyncStillFast,
    }
}

fn skew_question() -> Question {
    Question {
        id: "hot-partition".into(),
        ask: Cue::Skewed,
        graded_after: Span::secs(20),
        text: "Most orders now have one key. How many partitions will fall behind at payment?"
            .into(),
        options: options(["none", "one", "more than one"]),
        rule: Rule::LaggingPartitions,
    }
}

fn overtaken() -> Question {
    Question {
        id: "overtaken".into(),
        ask: Cue::PartitionsAdded,
        graded_after: Span::secs(30),
        text: "The topic has more partitions now. Will any order be paid before an earlier one of \
               the same customer?"
            .into(),
        options: yes_no(),
        rule: Rule::Overtaken,
    }
}
