//! When a guarantee is given, and what takes it away.

use super::Promise;
use crate::cluster::Flaw;
use crate::protocol::Acks;
use crate::shop::{Partitioning, Sending, Settings};

/// A leader that may lack committed records was elected.
pub(super) const UNCLEAN: &str = "a leader was elected that was neither in sync nor eligible, so \
                                  committed records it lacks are gone";
/// No copy that was in sync still has what was committed.
pub(super) const POWER: &str = "every in-sync copy lost power before its records were on disk";
/// The leader alone had it.
pub(super) const ACKS_ONE: &str = "acks=1: the leader alone has the record when it says so, and \
                                   may be replaced before others have it";
/// Offsets begin anew under the feet of clients.
const DELETED: &str = "a topic was deleted: what it held is gone, and clients go on from its offsets \
                       in a new one of that name";

/// What has been done in a run that takes a promise away, beside the settings in force.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Terms {
    /// Some order was sent without anyone looking at what became of it.
    pub fired_and_forgot: bool,
    /// Some record was sent with `acks=0`.
    pub acks_zero: bool,
    /// Some record was sent with `acks=1`.
    pub acks_one: bool,
    /// Partitions have several copies, so that another broker can lead.
    pub replicated: bool,
    /// A topic was deleted.
    pub topic_deleted: bool,
    /// A topic got more partitions.
    pub partitions_added: bool,
    /// A group was told to read from elsewhere.
    pub rewound: bool,
    /// Some key's records went to more than one partition, for the partitioner's sake.
    pub keys_spread: bool,
    /// Why some partition may have lost committed records, if one may.
    pub records_lost: Option<&'static str>,
    /// The mistake that is switched on, or was last: it takes no promise away, it breaks them.
    pub flaw: Option<Flaw>,
    /// The first partitioner, to tell when it is changed.
    partitioning: Option<Partitioning>,
}

impl Terms {
    /// Takes note of settings that are in force now.
    pub fn note(&mut self, settings: &Settings) {
        self.fired_and_forgot |= settings.sending == Sending::FireAndForget;
        self.acks_zero |= settings.acks == Acks::Zero;
        self.acks_one |= settings.acks == Acks::One;
        let now = settings.partitioning;
        let by_key = matches!(now, Partitioning::Murmur2 | Partitioning::Crc32);
        self.keys_spread |= !by_key || *self.partitioning.get_or_insert(now) != now;
    }

    /// Why a promise is not given, or `None` if it is.
    #[must_use]
    pub fn excuse(&self, promise: Promise) -> Option<&'static str> {
        let acks_one = self.acks_one && self.replicated;
        match promise {
            Promise::AcknowledgedReadable if acks_one => Some(ACKS_ONE),
            _ => self.excuse_where(promise, self.records_lost),
        }
    }

    /// The same for one partition, which may have lost committed records for this reason.
    pub(super) fn excuse_where(
        &self,
        promise: Promise,
        lost: Option<&'static str>,
    ) -> Option<&'static str> {
        match promise {
            Promise::NoOrderLost if self.fired_and_forgot => {
                Some("fire and forget: the customer is answered before the log has the order")
            }
            Promise::NoOrderLost if self.acks_zero => {
                Some("acks=0: the producer does not learn whether the broker has the record")
            }
            Promise::NoOrderLost if self.acks_one && self.replicated => Some(ACKS_ONE),
            Promise::NoOrderLost
            | Promise::AcknowledgedReadable
            | Promise::ReadInOrder
            | Promise::StableReads
            | Promise::LatestOffset
            | Promise::CommitWithinLog
                if self.topic_deleted =>
            {
                Some(DELETED)
            }
            Promise::NoOrderLost
            | Promise::CommittedKept
            | Promise::AcknowledgedReadable
            | Promise::ReadInOrder
            | Promise::StableReads
            | Promise::LatestOffset
            | Promise::CommitWithinLog => lost,
            Promise::NoOrderTwice if self.rewound => Some("a group was rewound"),
            Promise::NoOrderTwice => Some(
                "at least once: a position is committed after the work, so what was not yet \
                 committed is done again after a stop",
            ),
            Promise::OrderPerKey if self.partitions_added => Some(
                "partitions were added: a key's old records and its new ones lie in different \
                 partitions",
            ),
            Promise::OrderPerKey if self.keys_spread => {
                Some("the partitioner does not keep a key to one partition, or was changed")
            }
            Promise::OrderPerKey => Some(
                "enable.idempotence is off and max.in.flight.requests.per.connection is 5: a \
                 retry may overtake",
            ),
            _ => None,
        }
    }
}
