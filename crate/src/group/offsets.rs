//! How far a group has come.

use crate::id::TopicPartition;
use crate::map::Map;

/// The committed positions of one group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Offsets(Map<TopicPartition, i64>);

impl Offsets {
    pub fn commit(&mut self, at: TopicPartition, offset: i64) {
        self.0.insert(at, offset);
    }

    /// The next offset to read, if any was ever committed.
    pub fn get(&self, at: TopicPartition) -> Option<i64> {
        self.0.get(&at).copied()
    }

    pub fn iter(&self) -> impl Iterator<Item = (TopicPartition, i64)> + '_ {
        self.0.iter().map(|(&at, &offset)| (at, offset))
    }

    pub fn forget(&mut self, at: TopicPartition) {
        self.0.remove(&at);
    }
}
