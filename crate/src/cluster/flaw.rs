//! Mistakes of the past, and a few that nobody made, each behind a switch: to show what it breaks,
//! and to show that the promises notice.

use serde::{Deserialize, Serialize};

/// A mistake that brokers and controllers make while it is switched on.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Flaw {
    /// With `acks=all` the leader answers when it has appended, as with `acks=1`.
    AckBeforeReplication,
    /// The leader's high watermark is its own log end: it waits for nobody.
    HighWatermarkAheadOfIsr,
    /// The high watermark rises while fewer replicas are in sync than `min.insync.replicas` asks for,
    /// as before Kafka 3.7 (KAFKA-15583): what is committed then may be on one broker alone, while
    /// others still count as eligible leaders.
    HighWatermarkBelowMinIsr,
    /// A replica that is alive is elected though it is not in sync, and nobody calls it unclean.
    ElectOutsideIsr,
    /// A new follower cuts its log at its own high watermark, which is a round trip behind, and not
    /// where its history parts from its leader's, as before KIP-101.
    TruncateToHighWatermark,
    /// A new follower cuts nothing, and fetches from where its log ends.
    KeepDivergentRecords,
    /// A broker that comes back without what was not on disk stays eligible: KIP-966 without its look
    /// at unclean shutdowns.
    TrustAfterUncleanShutdown,
    /// Consumers read to the log's end, not to the high watermark.
    ReadAboveHighWatermark,
    /// A follower joins the in-sync set with its first fetch, however far behind it is.
    JoinIsrTooSoon,
    /// The leader stops waiting for a late follower when it asks the controller to take it out of the
    /// in-sync set, not when the controller has (KIP-497 makes it wait for both sets until it knows).
    ShrinkIsrAlone,
    /// Nobody looks at epochs: a leader that was replaced and has not heard of it changes the in-sync
    /// set, and is fetched from.
    UnfencedStaleLeader,
}

impl Flaw {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::AckBeforeReplication,
        Self::HighWatermarkAheadOfIsr,
        Self::HighWatermarkBelowMinIsr,
        Self::ElectOutsideIsr,
        Self::TruncateToHighWatermark,
        Self::KeepDivergentRecords,
        Self::TrustAfterUncleanShutdown,
        Self::ReadAboveHighWatermark,
        Self::JoinIsrTooSoon,
        Self::ShrinkIsrAlone,
        Self::UnfencedStaleLeader,
    ];

    /// Its name in commands and on the command line: kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::AckBeforeReplication => "ack-before-replication",
            Self::HighWatermarkAheadOfIsr => "high-watermark-ahead-of-isr",
            Self::HighWatermarkBelowMinIsr => "high-watermark-below-min-isr",
            Self::ElectOutsideIsr => "elect-outside-isr",
            Self::TruncateToHighWatermark => "truncate-to-high-watermark",
            Self::KeepDivergentRecords => "keep-divergent-records",
            Self::TrustAfterUncleanShutdown => "trust-after-unclean-shutdown",
            Self::ReadAboveHighWatermark => "read-above-high-watermark",
            Self::JoinIsrTooSoon => "join-isr-too-soon",
            Self::ShrinkIsrAlone => "shrink-isr-alone",
            Self::UnfencedStaleLeader => "unfenced-stale-leader",
        }
    }

    /// What it does, in a few words.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::AckBeforeReplication => "acks=all is answered before anyone else has the record",
            Self::HighWatermarkAheadOfIsr => "the high watermark waits for nobody",
            Self::HighWatermarkBelowMinIsr => {
                "the high watermark rises with too few in sync (KAFKA-15583)"
            }
            Self::ElectOutsideIsr => "whoever is alive is elected, in sync or not",
            Self::TruncateToHighWatermark => {
                "a new follower cuts at its own high watermark (before KIP-101)"
            }
            Self::KeepDivergentRecords => "a new follower cuts nothing",
            Self::TrustAfterUncleanShutdown => {
                "a broker that lost unflushed records is still eligible (against KIP-966)"
            }
            Self::ReadAboveHighWatermark => "consumers read what is not committed",
            Self::JoinIsrTooSoon => "a follower is in sync from its first fetch on",
            Self::ShrinkIsrAlone => {
                "the leader does not wait for the controller to shrink the ISR (against KIP-497)"
            }
            Self::UnfencedStaleLeader => "epochs are not looked at",
        }
    }

    /// The flaw of this name.
    #[must_use]
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|flaw| flaw.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_on_file() {
        for flaw in Flaw::ALL {
            let text = serde_json::to_string(&flaw).expect("plain");
            assert_eq!(text, format!("\"{}\"", flaw.name()));
            assert_eq!(Flaw::by_name(flaw.name()), Some(flaw));
        }
    }
}
