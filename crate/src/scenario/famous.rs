//! Famous failures: a mistake that Kafka once made, or that somebody might make, and the few faults
//! that show it. Each scene switches its mistake on at the start; played again without it, the same
//! seed and the same faults break nothing.

use super::cluster::{LEADER, cluster, start};
use super::orders::{at, caption, stop, yes_no};
use super::{Caption, ClusterSpec, Cue, Question, Rule, Scenario, Settings};

use crate::protocol::{Acks, Stop};
use crate::sim::{Acted, Command, Flaw, Promise};
use crate::time::{Span, Time};

/// A scene, the mistake it shows, and the promise that the mistake breaks.
#[derive(Clone, Debug)]
pub struct Famous {
    /// The scene.
    pub scene: Scenario,
    /// The mistake.
    pub flaw: Flaw,
    /// What it breaks.
    pub breaks: Promise,
}

/// All of them, in the order offered.
#[must_use]
pub fn all() -> Vec<Famous> {
    vec![
        ack_before_replication(),
        high_watermark_ahead(),
        below_min_isr(),
        outside_isr(),
        truncated_to_high_watermark(),
        divergent_kept(),
        trusted_after_power_loss(),
        read_too_far(),
        joined_too_soon(),
        shrunk_alone(),
        woken_leader(),
    ]
}

const FOLLOWERS: &str = "followers of orders-0";
const FOLLOWER: &str = "follower of orders-0";

fn cut(a: &str, b: &str) -> Command {
    Command::Cut {
        a: a.into(),
        b: b.into(),
    }
}

/// A scene in which this mistake is made, with these faults: its title, what to watch, and what is
/// asked before the first of them.
fn famous(
    (flaw, breaks): (Flaw, Promise),
    (title, watch, question): (&str, &str, &str),
    faults: Vec<Acted>,
) -> Famous {
    let base = cluster();
    let mistake = Command::SetFlaw { flaw: Some(flaw) };
    let captions = std::iter::once(caption(0, watch)).chain(captions(&faults));
    let captions = captions.collect();
    let script = std::iter::once(at(0, mistake)).chain(faults).collect();
    Famous {
        scene: Scenario {
            name: flaw.name().into(),
            title: format!("Famous: {title}"),
            watch: watch.into(),
            try_this:
                "Press “Old beside new” to see the same seed and the same faults with the mistake and without it."
                    .into(),
            try_done: Some(Command::SetFlaw { flaw: None }),
            script,
            captions,
            questions: vec![Question {
                id: "breaks".into(),
                ask: Cue::At(ASKED),
                graded_after: GRADED_AFTER,
                text: question.into(),
                options: yes_no(),
                rule: Rule::Breaks { promise: breaks },
            }],
            length: Span::secs(60),
            ..base
        },
        flaw,
        breaks,
    }
}

/// When a scene asks: before its first fault.
const ASKED: Time = Time(3_000_000);
/// How long after it all the faults have done what they do.
const GRADED_AFTER: Span = Span::secs(50);

/// A sentence for each time at which there are faults.
fn captions(faults: &[Acted]) -> Vec<Caption> {
    let at_once = faults.chunk_by(|a, b| a.at_us == b.at_us);
    let told = at_once.map(|faults| {
        let words: Vec<String> = faults.iter().map(|acted| told(&acted.command)).collect();
        Caption {
            at: faults[0].at_us,
            text: format!(
                "At {} s {}.",
                faults[0].at_us.0 / 1_000_000,
                words.join(", and ")
            ),
        }
    });
    told.collect()
}

/// A fault in words.
fn told(fault: &Command) -> String {
    match fault {
        Command::Stop { node, how } => {
            let how = match how {
                Stop::Clean => "told to stop",
                Stop::Killed => "killed",
                Stop::Crashed => "cut from power, and what was not on disk is gone",
                Stop::DiskFull => unreachable!("nobody does this to a node"),
            };
            let (who, are) = who(node);
            format!("{who} {are} {how}")
        }
        Command::Start { .. } => "every broker that is down starts again".into(),
        Command::Cut { a, b } if a == b => {
            let (who, are) = who(a);
            format!("{who} {are} cut from each other")
        }
        Command::Cut { a, b } => {
            let ((a, are), (b, _)) = (who(a), who(b));
            format!("{a} {are} cut from {b}")
        }
        Command::SlowLink { a, b, factor } => {
            let ((a, _), (b, _)) = (who(a), who(b));
            format!("messages between {a} and {b} begin to take {factor:.0} times as long")
        }
        Command::Freeze { node, for_us } => {
            let ((who, are), seconds) = (who(node), for_us / 1_000_000);
            format!("{who} {are} frozen for {seconds} s, as in a long garbage collection")
        }
        Command::Heal => "the network is mended".into(),
        other => unreachable!("no scene does {other:?}"),
    }
}

/// Those of this name, and whether they are one or many.
fn who(name: &str) -> (String, &'static str) {
    match name {
        FOLLOWER => (format!("a {name}"), "is"),
        FOLLOWERS => (format!("the {name}"), "are"),
        "controller" => ("the controllers".into(), "are"),
        _ => (format!("the {name}"), "is"),
    }
}

/// The leader is cut from its followers, goes on alone, and dies.
fn dies_alone() -> Vec<Acted> {
    vec![
        at(5_000, cut(LEADER, FOLLOWERS)),
        at(8_000, stop(LEADER, Stop::Killed)),
        at(9_000, Command::Heal),
        at(30_000, start("broker")),
    ]
}

fn ack_before_replication() -> Famous {
    famous(
        (Flaw::AckBeforeReplication, Promise::AcknowledgedReadable),
        (
            "acknowledged, and on one broker only",
            "acks=all is answered before anyone else has the record. At 5 s the leader of orders-0 is \
             cut off, at 8 s it dies with what it acknowledged.",
            "The leader of orders-0 is cut off at 5 s and dies at 8 s. Will the producer be told of a \
             record that it is safe, and it is not?",
        ),
        dies_alone(),
    )
}

fn high_watermark_ahead() -> Famous {
    famous(
        (Flaw::HighWatermarkAheadOfIsr, Promise::CommittedKept),
        (
            "a high watermark that waits for nobody",
            "The leader calls committed what it alone has. At 5 s it is cut off, at 8 s it dies.",
            "The leader of orders-0 is cut off at 5 s and dies at 8 s. Will a record be lost that \
             it called committed?",
        ),
        dies_alone(),
    )
}

fn below_min_isr() -> Famous {
    let mut famous = famous(
        (Flaw::HighWatermarkBelowMinIsr, Promise::CommittedKept),
        (
            "committed with too few in sync (KAFKA-15583)",
            "Both followers are stopped at 5 s: one leaves the in-sync set, the other becomes eligible. \
             With acks=1 the leader goes on, and its high watermark rises though min.insync.replicas is \
             not met. At 22 s it dies, and the others come back.",
            "Both followers stop at 5 s, and at 22 s they take the dead leader’s place. Will a \
             committed record be lost?",
        ),
        vec![
            at(5_000, stop(FOLLOWERS, Stop::Clean)),
            at(22_000, start("broker")),
            at(22_000, stop(LEADER, Stop::Killed)),
            at(50_000, start("broker")),
        ],
    );
    famous.scene.settings = Settings {
        acks: Acks::One,
        ..famous.scene.settings
    };
    famous
}

fn outside_isr() -> Famous {
    let mut famous = famous(
        (Flaw::ElectOutsideIsr, Promise::LeaderInSync),
        (
            "a leader that was out of sync",
            "At 5 s a follower is cut from its leader and falls out of the in-sync set. At 20 s the two \
             others die. Who is left leads, and nobody calls it unclean.",
            "A follower falls behind from 5 s on, and at 20 s the two other brokers die. Will the \
             one that is out of sync lead?",
        ),
        vec![
            at(5_000, cut(LEADER, FOLLOWER)),
            at(20_000, stop(FOLLOWER, Stop::Killed)),
            at(20_000, stop(LEADER, Stop::Killed)),
            at(40_000, start("broker")),
        ],
    );
    famous.scene.cluster = ClusterSpec {
        replica_lag_time_max_ms: 6_000,
        ..famous.scene.cluster
    };
    famous
}

fn truncated_to_high_watermark() -> Famous {
    let mut famous = famous(
        (Flaw::TruncateToHighWatermark, Promise::CommittedKept),
        (
            "cut at one’s own high watermark (before KIP-101)",
            "At 8 s the followers are cut from each other, at 9 s the leader stops. The new follower cuts \
             its log where it last knew the high watermark, one round trip behind, and cannot fetch \
             again. At 12 s the new leader dies, and it must lead.",
            "A leader stops at 9 s, the next one dies at 12 s. The third broker had fetched \
             everything. Will a committed record be lost all the same?",
        ),
        vec![
            at(8_000, cut(FOLLOWERS, FOLLOWERS)),
            at(9_000, stop(LEADER, Stop::Clean)),
            at(12_000, stop(LEADER, Stop::Killed)),
            at(25_000, Command::Heal),
            at(40_000, start("broker")),
        ],
    );
    // So many that a follower always knows of fewer committed records than there are.
    famous.scene.settings.per_s = 40.0;
    famous
}

fn divergent_kept() -> Famous {
    famous(
        (Flaw::KeepDivergentRecords, Promise::ReplicasAgree),
        (
            "two histories in one partition",
            "At 5 s the leader is cut off and appends what nobody else has; at 8 s it dies. At 30 s it \
             is back, and keeps its own history.",
            "A leader that was cut off appends what nobody else has, dies, and is back at 30 s. \
             Will two replicas keep different records at one offset?",
        ),
        dies_alone(),
    )
}

fn trusted_after_power_loss() -> Famous {
    famous(
        (Flaw::TrustAfterUncleanShutdown, Promise::CommittedKept),
        (
            "trusted after a power loss (against KIP-966)",
            "At 6 s both followers lose power, and what was not on disk. They stay eligible. At 22 s the \
             leader is killed, and one of them is back.",
            "Both followers lose power at 6 s, and at 22 s they are back and the leader dies. \
             Will a committed record be lost?",
        ),
        vec![
            at(6_000, stop(FOLLOWERS, Stop::Crashed)),
            at(22_000, start("broker")),
            at(22_000, stop(LEADER, Stop::Killed)),
            at(45_000, start("broker")),
        ],
    )
}

fn read_too_far() -> Famous {
    famous(
        (Flaw::ReadAboveHighWatermark, Promise::StableReads),
        (
            "read, and never written",
            "Consumers read what is not committed. At 5 s the leader is cut off, at 8 s it dies: what \
             they read from it is in no log.",
            "The leader of orders-0 is cut off at 5 s. Will a consumer read a record that is not \
             committed?",
        ),
        dies_alone(),
    )
}

fn joined_too_soon() -> Famous {
    famous(
        (Flaw::JoinIsrTooSoon, Promise::InSyncComplete),
        (
            "in sync from the first fetch on",
            "A follower dies at 4 s and is back at 20 s, behind a slow link. It counts as in sync before \
             it has what it missed.",
            "A follower was away from 4 s to 20 s, and its link is slow. Will it be called in \
             sync before it has every committed record?",
        ),
        vec![
            at(4_000, stop(FOLLOWER, Stop::Killed)),
            at(
                19_000,
                Command::SlowLink {
                    a: LEADER.into(),
                    b: FOLLOWERS.into(),
                    factor: 300.0,
                },
            ),
            at(20_000, start("broker")),
            at(30_000, Command::Heal),
        ],
    )
}

fn shrunk_alone() -> Famous {
    let mut famous = famous(
        (Flaw::ShrinkIsrAlone, Promise::InSyncComplete),
        (
            "an in-sync set of one’s own (against KIP-497)",
            "At 5 s the leader is cut from a follower, and from the controllers at 8 s. It no longer \
             waits for the follower, but to the controllers that one is in sync.",
            "A leader loses a follower at 5 s and the controllers at 8 s. Will the controllers \
             call a replica in sync that lacks a committed record?",
        ),
        vec![
            at(5_000, cut(LEADER, FOLLOWER)),
            at(8_000, cut(LEADER, "controller")),
            at(25_000, Command::Heal),
        ],
    );
    famous.scene.cluster = ClusterSpec {
        replica_lag_time_max_ms: 6_000,
        ..famous.scene.cluster
    };
    famous
}

fn woken_leader() -> Famous {
    let mut famous = famous(
        (Flaw::UnfencedStaleLeader, Promise::LeaderInSync),
        (
            "a leader that slept through its replacement",
            "Three times the leader of orders-0 freezes for 12 s, and another takes its place. It wakes \
             as a leader that knows nothing of it, and asks for an in-sync set of its own. Nobody looks \
             at its epoch.",
            "Three times the leader of orders-0 freezes, and another is elected meanwhile. Will the \
             sleeper’s old view overrule an election?",
        ),
        // Once is not enough: it may learn that it was replaced before it asks.
        [5_000, 20_000, 35_000]
            .map(|ms| {
                let freeze = Command::Freeze {
                    node: LEADER.into(),
                    for_us: 12_000_000,
                };
                at(ms, freeze)
            })
            .into(),
    );
    famous.scene.cluster = ClusterSpec {
        replica_lag_time_max_ms: 6_000,
        ..famous.scene.cluster
    };
    famous
}
