//! Famous failures: a mistake that Kafka once made, or that somebody might make, and the few faults
//! that show it. Each scene switches its mistake on at the start; played again without it, the same
//! seed and the same faults break nothing.

use super::cluster::{LEADER, cluster, start};
use super::orders::{at, caption, stop};
use super::{ClusterSpec, Scenario, Settings};

use crate::protocol::{Acks, Stop};
use crate::sim::{Acted, Command, Flaw, Promise};
use crate::time::Span;

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

/// A scene in which this mistake is made, with these faults.
fn famous(
    (flaw, breaks): (Flaw, Promise),
    (title, watch): (&str, &str),
    faults: Vec<Acted>,
) -> Famous {
    let base = cluster();
    let mistake = Command::SetFlaw { flaw: Some(flaw) };
    let script = std::iter::once(at(0, mistake)).chain(faults).collect();
    Famous {
        scene: Scenario {
            name: flaw.name().into(),
            title: format!("Famous: {title}"),
            watch: watch.into(),
            try_this:
                "Go back to the start, choose no mistake in Faults, and play: the same faults break nothing that is promised."
                    .into(),
            try_done: Some(Command::SetFlaw { flaw: None }),
            script,
            captions: vec![caption(0, watch)],
            questions: Vec::new(),
            length: Span::secs(60),
            ..base
        },
        flaw,
        breaks,
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
