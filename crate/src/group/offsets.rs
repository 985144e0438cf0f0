//! How far a group has come.

use crate::id::TopicPartition;
use crate::map::Map;
use crate::protocol::OffsetAndEpoch;

/// The committed positions of one group.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub(super) struct Offsets(Map<TopicPartition, OffsetAndEpoch>);

impl Offsets {
    pub fn commit(&mut self, at: TopicPartition, position: OffsetAndEpoch) {
        self.0.insert(at, position);
    }

    /// What was committed last, if anything was.
    pub fn get(&self, at: TopicPartition) -> Option<OffsetAndEpoch> {
        self.0.get(&at).copied()
    }

    /// The next offset to read of each partition.
    pub fn iter(&self) -> impl Iterator<Item = (TopicPartition, i64)> + '_ {
        self.0.iter().map(|(&at, position)| (at, position.offset))
    }

    pub fn forget(&mut self, at: TopicPartition) {
        self.0.remove(&at);
    }
}
