//! Requests that wait: fetches for more bytes (`DelayedFetch`), appends for followers
//! (`DelayedProduce`).

use super::replica::Reign;
use crate::group::GroupWrite;
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{ErrorCode, FetchPartition};
use crate::time::Time;

/// A fetch that has not enough bytes yet.
#[derive(Clone, Debug)]
pub(super) struct WaitingFetch {
    pub from: NodeId,
    pub id: u32,
    /// Answered then in any case.
    pub deadline: Time,
    /// Answered when it has so many bytes.
    pub min_bytes: u64,
    pub max_bytes: u32,
    pub partitions: Vec<FetchPartition>,
    /// The broker epoch of a follower, which sees more than what is committed.
    pub follower: Option<i64>,
    /// What it has.
    pub bytes: u64,
}

/// All fetches that wait, in the order they came.
#[derive(Clone, Debug, Default)]
pub(super) struct Purgatory(Vec<WaitingFetch>);

impl Purgatory {
    pub fn wait(&mut self, fetch: WaitingFetch) {
        self.0.push(fetch);
    }

    /// More bytes of a partition can be read, by followers or by consumers.
    pub fn grew(&mut self, at: TopicPartition, bytes: u64, followers: bool) {
        for fetch in &mut self.0 {
            if fetch.follower.is_some() == followers
                && let Some(partition) = fetch.partitions.iter().find(|p| p.at == at)
            {
                fetch.bytes += bytes.min(partition.max_bytes.into());
            }
        }
    }

    /// Takes the fetches that have enough, or have waited long enough.
    pub fn due(&mut self, now: Time) -> Vec<WaitingFetch> {
        self.take(|fetch| fetch.bytes >= fetch.min_bytes || fetch.deadline <= now)
    }

    /// Takes the fetches of a partition, whose leader is another.
    pub fn of_partition(&mut self, at: TopicPartition) -> Vec<WaitingFetch> {
        self.take(|fetch| fetch.partitions.iter().any(|p| p.at == at))
    }

    /// Who asked has gone.
    pub fn forget(&mut self, from: NodeId) {
        self.0.retain(|fetch| fetch.from != from);
    }

    /// Everyone who asked has gone.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    pub fn next_deadline(&self) -> Option<Time> {
        self.0.iter().map(|fetch| fetch.deadline).min()
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    fn take(&mut self, due: impl Fn(&WaitingFetch) -> bool) -> Vec<WaitingFetch> {
        // Mostly nobody is due, and nothing is moved.
        if !self.0.iter().any(&due) {
            return Vec::new();
        }
        self.0.extract_if(.., |fetch| due(fetch)).collect()
    }
}

/// What was appended with `acks=all` and is not committed yet.
#[derive(Clone, Debug)]
pub(super) struct DelayedAppend {
    pub then: Then,
    /// Answered then in any case.
    pub deadline: Time,
    pub parts: Vec<AppendedPart>,
}

/// What follows when every part is decided.
#[derive(Clone, Debug)]
pub(super) enum Then {
    /// A `Produce` is answered.
    Answer { from: NodeId, id: u32 },
    /// The group coordinator is told.
    Group(GroupWrite),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct AppendedPart {
    pub at: TopicPartition,
    /// The offset after the batch.
    pub end: i64,
    /// In which it was appended.
    pub reign: Reign,
    /// Decided at once, or when it is committed or cannot be.
    pub result: Option<Result<i64, ErrorCode>>,
    pub base_offset: i64,
}
