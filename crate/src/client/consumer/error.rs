//! Why a poll failed.

use crate::id::{TopicId, TopicPartition};
use crate::protocol::ErrorCode;

/// Why a poll failed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PollError {
    /// Nothing was subscribed to or assigned (`IllegalStateException`).
    NotSubscribed,
    /// It is closed (`IllegalStateException`).
    Closed,
    /// Subscribing takes a group (`InvalidGroupIdException`).
    NoGroup,
    /// No committed position, and `auto.offset.reset` is `none` (`NoOffsetForPartitionException`).
    NoOffset(TopicPartition),
    /// The position is not in the log, and `auto.offset.reset` is `none`
    /// (`OffsetOutOfRangeException`).
    OutOfRange {
        /// The partition.
        at: TopicPartition,
        /// The position.
        offset: i64,
    },
    /// Records that were read are not in the leader's log, and `auto.offset.reset` is `none`, or
    /// where to begin again is not known (`LogTruncationException`, KIP-320).
    Truncated {
        /// The partition.
        at: TopicPartition,
        /// The position.
        offset: i64,
        /// The first offset where the leader's log may be another, if it is known.
        diverged: Option<i64>,
    },
    /// A topic cannot have that name.
    InvalidTopic(TopicId),
    /// The broker said no, for good.
    Refused(ErrorCode),
}

impl PollError {
    /// The sentence the exception carries; `name` gives topics their names.
    #[must_use]
    pub fn message<'a>(self, name: impl Fn(TopicId) -> &'a str) -> String {
        match self {
            Self::NotSubscribed => {
                "Consumer is not subscribed to any topics or assigned any partitions".into()
            }
            Self::Closed => "This consumer has already been closed.".into(),
            Self::NoGroup => "To use the group management or offset commit APIs, you must provide \
                              a valid group.id in the consumer configuration."
                .into(),
            Self::NoOffset(at) => format!(
                "Undefined offset with no reset policy for partitions: [{}-{}]",
                name(at.topic),
                at.partition
            ),
            Self::OutOfRange { at, offset } => format!(
                "Fetch position {offset} is out of range for partition {}-{}",
                name(at.topic),
                at.partition
            ),
            Self::Truncated { at, diverged, .. } => format!(
                "Truncated partitions detected with divergent offsets {{{}}}",
                diverged.map_or_else(String::new, |offset| {
                    format!("{}-{}={offset}", name(at.topic), at.partition)
                })
            ),
            Self::InvalidTopic(topic) => format!("Invalid topics: [{}]", name(topic)),
            Self::Refused(code) => code.message().into(),
        }
    }
}
