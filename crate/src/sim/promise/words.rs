//! What each guarantee is called, what it says, when it is given and what breaks it.

use super::Promise;

/// Meaning, settings under which it is promised, what it would take to break it.
type Words = (&'static str, &'static str, &'static str);

impl Promise {
    /// Its name in reports: kebab-case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoOrderLost => "no-order-lost",
            Self::NoOrderTwice => "no-order-twice",
            Self::OrderPerKey => "order-per-key",
            Self::CommittedKept => "committed-kept",
            Self::AcknowledgedReadable => "acknowledged-readable",
            Self::ReadInOrder => "read-in-order",
            Self::StableReads => "stable-reads",
            Self::LatestOffset => "latest-offset",
            Self::CommitWithinLog => "commit-within-log",
            Self::ReplicasAgree => "replicas-agree",
            Self::InSyncComplete => "in-sync-complete",
            Self::HighWatermark => "high-watermark",
            Self::OneLeader => "one-leader",
            Self::LeaderInSync => "leader-in-sync",
            Self::HeirWhenEmpty => "heir-when-empty",
            Self::Immutable => "immutable",
            Self::DenseOffsets => "dense-offsets",
        }
    }

    /// What it says, in a few words.
    #[must_use]
    pub fn text(self) -> &'static str {
        self.words().0
    }

    /// Under which settings it is promised.
    #[must_use]
    pub fn given_when(self) -> &'static str {
        self.words().1
    }

    /// What it would take to break it.
    #[must_use]
    pub fn broken_by(self) -> &'static str {
        self.words().2
    }

    fn words(self) -> Words {
        match self {
            Self::NoOrderLost => (
                "no accepted order is lost",
                "the shop waits for the answer, and asks for all in-sync replicas (acks=all) where \
                 there are several",
                "fire and forget, acks=0, or acks=1 and a leader that dies: then the customer is \
                 told before the order is safe",
            ),
            Self::NoOrderTwice => (
                "no order is processed twice",
                "never here: it takes transactions, or work that may be done twice",
                "a consumer that dies after the work and before the commit",
            ),
            Self::OrderPerKey => (
                "one customer's orders are paid in order",
                "never here: it takes enable.idempotence=true, a partitioner that keeps a key to \
                 one partition, and as many partitions as at the start",
                "a retry that is overtaken, or another number of partitions",
            ),
            Self::CommittedKept => (
                "no committed record is lost",
                "always, unless every in-sync copy loses power before the record is on disk, or a \
                 leader is elected uncleanly",
                "crash the machines of all in-sync replicas within half a minute of the record, or \
                 elect a replica that was out of sync",
            ),
            Self::AcknowledgedReadable => (
                "an acknowledged record can be read",
                "acks=all; with acks=1 as long as its leader leads",
                "acks=1, and kill the leader before a follower has fetched the record",
            ),
            Self::ReadInOrder => (
                "a partition is read in order, without a gap",
                "while its committed records are kept and nobody seeks; what retention deletes first is gone",
                "whatever loses committed records",
            ),
            Self::StableReads => (
                "what a consumer read never changes",
                "while committed records are kept: nobody reads above the high watermark",
                "an unclean election, after a consumer read what the new leader lacks",
            ),
            Self::LatestOffset => (
                "the latest offset a client sees never goes back",
                "while committed records are kept (KIP-207)",
                "an unclean election",
            ),
            Self::CommitWithinLog => (
                "a committed position lies within the log",
                "while committed records are kept",
                "an unclean election: a group then stands where the log no longer reaches",
            ),
            Self::ReplicasAgree => (
                "replicas agree below their high watermarks, epoch by epoch",
                "always",
                "nothing: a copy that parted from its leader's is cut back first (KIP-101, KIP-279)",
            ),
            Self::InSyncComplete => (
                "who is in sync or eligible has every committed record",
                "always, but for machines that lost power",
                "nothing: a leader counts every replica that may be in sync (KIP-497)",
            ),
            Self::HighWatermark => (
                "within its epoch a leader's high watermark and log start never go back",
                "always",
                "nothing: a leader only raises it, and never above its own log",
            ),
            Self::OneLeader => (
                "an epoch has one leader, of a partition as of the controllers",
                "always",
                "nothing: a voter votes once in an epoch, and the controller counts leaders",
            ),
            Self::LeaderInSync => (
                "the leader of a clean election was in sync or eligible",
                "always; an unclean election says that it is one",
                "nothing: unclean.leader.election.enable only makes elections that say so",
            ),
            Self::HeirWhenEmpty => (
                "where nobody is in sync somebody is eligible, or it is known who led last",
                "always (KIP-966)",
                "nothing: the last to leave stays eligible until it comes back unclean",
            ),
            Self::Immutable => (
                "what is in the log never changes",
                "always",
                "nothing: a batch is written once, or cut off with all that follows",
            ),
            Self::DenseOffsets => (
                "offsets count up without a gap",
                "always, while nothing is compacted",
                "nothing: a leader gives the next number, a follower takes what its leader gave",
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_promise_has_words_of_its_own() {
        let names: BTreeSet<&str> = Promise::ALL.iter().map(|p| p.name()).collect();
        let texts: BTreeSet<&str> = Promise::ALL.iter().map(|p| p.text()).collect();
        assert_eq!(
            (names.len(), texts.len()),
            (Promise::ALL.len(), Promise::ALL.len())
        );
        for promise in Promise::ALL {
            let kebab = |c: char| c.is_ascii_lowercase() || c == '-';
            assert!(promise.name().chars().all(kebab), "{promise:?}");
            let on_file = serde_json::to_value(promise).expect("plain");
            assert_eq!(on_file, promise.name());
            assert!(!promise.given_when().is_empty() && !promise.broken_by().is_empty());
        }
    }
}
