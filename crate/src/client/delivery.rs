//! What a producer is given and what it gives back.

use super::accumulator::Tags;
use crate::id::{TopicId, TopicPartition};
use crate::log::Header;
use crate::protocol::ErrorCode;
use std::sync::Arc;

/// A record to send.
#[derive(Clone, Copy, Debug)]
pub struct ProducerRecord<'a> {
    /// The topic.
    pub topic: TopicId,
    /// Its name, in case it is to be made.
    pub name: &'a Arc<str>,
    /// The partition, where the application chooses it.
    pub partition: Option<u32>,
    /// What the partition is chosen by otherwise.
    pub key: Option<&'a [u8]>,
    /// The value.
    pub value: Option<&'a [u8]>,
    /// Milliseconds since the Unix epoch ([`crate::time::Time::event_ms`]).
    pub timestamp: i64,
    /// Named values beside it.
    pub headers: &'a [Header<'a>],
    /// The application's own number for it, which its [`Delivery`] repeats.
    pub tag: u64,
}

/// What became of a call to [`Producer::send`](super::Producer::send) that was not refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Sent {
    /// The record is in a batch, and `send` returned.
    Buffered,
    /// `send` does not return yet: the topic's metadata or `buffer.memory` is wanting. The thread
    /// that called it waits until [`Producer::is_blocked`](super::Producer::is_blocked) is false or the record has failed, at
    /// most `max.block.ms`.
    Blocked,
}

/// Why a record was not sent, or not known to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum SendError {
    /// The producer is closed.
    Closed,
    /// The record is larger than `max.request.size` allows (`RecordTooLargeException`).
    RecordTooLarge {
        /// Its upper bound, in bytes.
        size: usize,
        /// The limit.
        max: u32,
    },
    /// The record is larger than the whole of `buffer.memory`.
    LargerThanMemory {
        /// Its upper bound, in bytes.
        size: usize,
    },
    /// The topic was not there within `max.block.ms` (`TimeoutException`).
    NoTopic {
        /// How long it waited, in milliseconds.
        ms: u64,
    },
    /// The topic has no such partition and did not get it within `max.block.ms`.
    NoPartition {
        /// Which.
        partition: u32,
        /// How many there are.
        partitions: u32,
        /// How long it waited, in milliseconds.
        ms: u64,
    },
    /// There was no room within `max.block.ms` (`BufferExhaustedException`).
    BufferExhausted {
        /// What it needed, in bytes.
        bytes: u64,
        /// How long it waited, in milliseconds.
        ms: u64,
        /// `buffer.memory`.
        total: u64,
        /// What of it was free.
        available: u64,
    },
    /// Not delivered within `delivery.timeout.ms` (`TimeoutException`). It may be in the log all the
    /// same, if it was ever sent.
    Expired {
        /// How many records the batch had.
        records: u32,
        /// The partition.
        at: TopicPartition,
        /// How long ago the batch was begun, in milliseconds.
        ms: u64,
    },
    /// The broker said no, or the connection was lost and no retry is left.
    Broker(ErrorCode),
}

impl SendError {
    /// Whether the record is certainly not in the log. Where it is not certain, it may be.
    #[must_use]
    pub fn certainly_not_sent(self) -> bool {
        !matches!(
            self,
            Self::Expired { .. } | Self::Broker(ErrorCode::NetworkException)
        )
    }

    /// The nearest code of the protocol.
    #[must_use]
    pub fn code(self) -> ErrorCode {
        match self {
            Self::Closed => ErrorCode::InvalidRequest,
            Self::RecordTooLarge { .. } | Self::LargerThanMemory { .. } => {
                ErrorCode::MessageTooLarge
            }
            Self::NoTopic { .. }
            | Self::NoPartition { .. }
            | Self::BufferExhausted { .. }
            | Self::Expired { .. } => ErrorCode::RequestTimedOut,
            Self::Broker(code) => code,
        }
    }

    /// The sentence the exception carries, for a record of the topic of this name.
    #[must_use]
    pub fn message(self, topic: &str) -> String {
        match self {
            Self::Closed => "Cannot perform operation after producer has been closed".into(),
            Self::RecordTooLarge { size, max } => format!(
                "The message is {size} bytes when serialized which is larger than {max}, which is \
                 the value of the max.request.size configuration."
            ),
            Self::LargerThanMemory { size } => format!(
                "The message is {size} bytes when serialized which is larger than the total memory \
                 buffer you have configured with the buffer.memory configuration."
            ),
            Self::NoTopic { ms } => {
                format!("Topic {topic} not present in metadata after {ms} ms.")
            }
            Self::NoPartition {
                partition,
                partitions,
                ms,
            } => format!(
                "Partition {partition} of topic {topic} with partition count {partitions} is not \
                 present in metadata after {ms} ms."
            ),
            Self::BufferExhausted {
                bytes,
                ms,
                total,
                available,
            } => format!(
                "Failed to allocate {bytes} bytes within the configured max blocking time {ms} ms. \
                 Total memory: {total} bytes. Available memory: {available} bytes."
            ),
            Self::Expired { records, at, ms } => format!(
                "Expiring {records} record(s) for {topic}-{}:{ms} ms has passed since batch creation",
                at.partition
            ),
            Self::Broker(ErrorCode::InvalidTopic) => format!("Invalid topics: [{topic}]"),
            Self::Broker(code) => code.message().into(),
        }
    }
}

/// What became of a run of records: the callback of `send`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Delivery {
    /// The records' tags, in the order they have in the log.
    pub tags: Tags,
    /// The partition, if it came to choosing one.
    pub at: Option<TopicPartition>,
    /// The first record's offset; the others follow it. `None` with `acks=0`: nobody says.
    pub result: Result<Option<i64>, SendError>,
}

/// Records that died with the process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Lost {
    /// Their tags.
    pub tags: Tags,
    /// Whether they had been sent: the broker may have them.
    pub in_flight: bool,
}
