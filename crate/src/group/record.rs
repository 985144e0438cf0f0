//! What `__consumer_offsets` keeps of groups: their positions, and their last settled generation.
//!
//! Keys and values are JSON text, so that a person can read them; Kafka's are binary messages of its
//! own (`OffsetCommitKey`, `OffsetCommitValue`, `GroupMetadataKey`, `GroupMetadataValue`). Groups,
//! topics and nodes stand there by their numbers, as in our metadata log.

use super::member::Caller;
use crate::id::{GroupId, TopicId, TopicPartition};
use crate::log::{Batch, BatchBuilder};
use crate::protocol::{MemberId, OffsetAndEpoch};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// One record. `None` is a tombstone: what the key speaks of is no more.
#[derive(Clone, PartialEq, Debug)]
pub(super) enum Record {
    /// The next offset to read of a partition, and the epoch of the record before it.
    Position(TopicPartition, Option<OffsetAndEpoch>),
    /// The last settled generation.
    Group(Option<Settled>),
}

/// A settled generation: who is in it and reads what. Nobody, once the group is empty.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct Settled {
    pub generation: u32,
    pub leader: Option<MemberId>,
    pub members: Vec<SettledMember>,
}

#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub(super) struct SettledMember {
    pub id: MemberId,
    pub session_timeout: Span,
    pub rebalance_timeout: Span,
    pub subscription: Vec<TopicId>,
    pub assignment: Vec<TopicPartition>,
}

#[derive(Serialize, Deserialize)]
struct Key {
    group: GroupId,
    /// Absent where the record is about the group itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    at: Option<TopicPartition>,
}

/// Records of one group that a coordinator writes at once, and what follows when they are stored.
#[derive(Clone, Debug)]
pub struct GroupWrite {
    pub(super) group: GroupId,
    pub(super) records: Vec<Record>,
    pub(super) then: Then,
}

/// What a write is for.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// Nobody waits for it.
    Nothing,
    /// An `OffsetCommit`, answered then with this.
    Answer(Caller, Result<(), crate::protocol::ErrorCode>),
    /// The assignment of this generation, which its members then get.
    Settle(u32),
}

impl GroupWrite {
    /// Whose records they are.
    #[must_use]
    pub fn group(&self) -> GroupId {
        self.group
    }

    /// The records as a batch.
    ///
    /// # Panics
    /// There are none.
    #[must_use]
    pub fn batch(&self, now: Time) -> Batch {
        let mut builder = BatchBuilder::new();
        let group = self.group;
        for record in &self.records {
            let (at, value) = match record {
                Record::Position(at, position) => (Some(*at), position.as_ref().map(json)),
                Record::Group(settled) => (None, settled.as_ref().map(json)),
            };
            let key = json(&Key { group, at });
            builder.append(now.event_ms(), Some(&key), value.as_deref(), &[]);
        }
        builder.build().expect("a write has records")
    }
}

fn json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("only plain members")
}

/// The records of a batch, each with its group.
///
/// # Panics
/// The batch is not one of [`GroupWrite::batch`].
pub(super) fn records_of(batch: &Batch) -> impl Iterator<Item = (GroupId, Record)> {
    batch.records().map(|record| {
        let record = record.expect("batches of groups are whole");
        let (key, value) = (record.key.unwrap_or_default(), record.value);
        let key: Key = serde_json::from_slice(key).expect("keys are ours");
        let record = match key.at {
            Some(at) => {
                let position = value.map(serde_json::from_slice);
                Record::Position(
                    at,
                    position.map(|position| position.expect("values are ours")),
                )
            }
            None => {
                let settled = value.map(serde_json::from_slice);
                Record::Group(settled.map(|settled| settled.expect("values are ours")))
            }
        };
        (key.group, record)
    })
}
