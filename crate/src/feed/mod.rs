//! Plain clients in place of the shops: programs that send a steady stream of records to a topic,
//! and a group that reads it.

mod clicks;
mod reader;
mod source;
mod tweets;

pub use clicks::{Tracked, day, name};
pub use reader::{Reader, ReaderKit};
pub use source::{AwaitedAcks, Source, SourceKit};
pub use tweets::tweet;

use serde::{Deserialize, Serialize};

/// Who sends and who reads where there are no shops. How fast (of each producer), with which `acks`
/// and partitioner, and when readers commit is in [`Settings`](crate::shop::Settings), where commands
/// change it.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct FeedSpec {
    /// Programs that send, at most [`FeedSpec::MOST_CLIENTS`].
    pub producers: u32,
    /// Members of the group that reads, at most as many.
    pub readers: u32,
    /// The topic, one of the scenario's.
    pub topic: String,
    /// The group's `group.id`.
    pub group: String,
    /// How many keys there are, `k-01` and so on; 0: records have none.
    pub keys: u32,
    /// What values are.
    pub values: Values,
    /// A number is written `{"n":17}`, padded to so many bytes by a member `pad` if that has room; at most
    /// [`FeedSpec::MOST_BYTES`].
    pub record_bytes: u32,
    /// The producers' `batch.size`, in bytes.
    pub batch_size: u32,
    /// Their `linger.ms`.
    pub linger_ms: u64,
}

/// What the values are that producers send.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Values {
    /// Numbers that count up.
    #[default]
    Numbers,
    /// Tweets, as texts; from one second of the run to another a tag is in the news.
    Tweets {
        /// From when, in seconds.
        news_from_s: u64,
        /// Until when.
        news_until_s: u64,
    },
    /// The clicks of a shop's visitors, as JSON with the visitor as key: a day of them, at their own
    /// times, whatever the rate. Their first hour is told: see [`day`].
    Clicks {
        /// How many visitors, 5 to [`FeedSpec::MOST_VISITORS`].
        visitors: u32,
    },
    /// What people on a social platform do; the key is who. Some of it comes late.
    Social,
}

impl Default for FeedSpec {
    fn default() -> Self {
        Self {
            producers: 1,
            readers: 1,
            topic: "orders".into(),
            group: "billing".into(),
            keys: 12,
            values: Values::Numbers,
            record_bytes: 0,
            batch_size: 16_384,
            linger_ms: 5,
        }
    }
}

impl FeedSpec {
    /// The most visitors of a shop.
    pub const MOST_VISITORS: u32 = 10_000;
    /// The most producers, and the most readers.
    pub const MOST_CLIENTS: u32 = 64;
    /// The largest value, in bytes: it fits `max.request.size` with what is around it.
    pub const MOST_BYTES: u32 = 1_000_000;
    /// The highest rate of one producer, in records a second.
    pub const MOST_PER_S: f64 = 1_000_000.0;
}
