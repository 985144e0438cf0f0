//! What can be set about the two shops, and about plain clients where there are no shops.

use crate::protocol::{Acks, Service};
use crate::rng::Dist;
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The settings as they stand. Commands change them; the page shows them. Where there are no shops,
/// the rate, `acks`, the partitioner and when consumers commit are those of plain clients, and the
/// others mean nothing.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Settings {
    /// Orders a second (exponential gaps), where the workload is generated; records a second of each
    /// plain producer (even gaps).
    pub per_s: f64,
    /// The share of orders that come from one customer.
    pub skew: f64,
    /// How long making an order id takes.
    pub order_id: Dist,
    /// How long each service's work takes, in the order of [`Service::ALL`].
    pub work: [Dist; 3],
    /// How many workers each service has.
    pub workers: [u32; 3],
    /// How many customers the synchronous shop serves at once.
    pub shop_workers: u32,
    /// The share of orders that payment declines.
    pub decline: f64,
    /// The share of attempts at which each service fails.
    pub failure: [f64; 3],
    /// Whether each service's consumers are paused.
    pub paused: [bool; 3],
    /// How long a customer waits.
    pub patience: Span,
    /// How the asynchronous shop sends.
    pub sending: Sending,
    /// What its producers ask for.
    pub acks: Acks,
    /// How its producers choose partitions.
    pub partitioning: Partitioning,
    /// When its consumers commit.
    pub commit: CommitMode,
    /// How its services are wired.
    pub wiring: Wiring,
    /// The share of what people on a social platform do that comes late, and by how much at most.
    #[serde(default)]
    pub late: (f64, Span),
}

impl Default for Settings {
    fn default() -> Self {
        let ms = |n: u64| Dist::LogNormal {
            mean_us: n * 1_000,
            sigma: 0.15,
        };
        Self {
            per_s: 15.0,
            skew: 0.0,
            order_id: ms(6),
            work: [ms(80), ms(120), ms(60)],
            workers: [6; 3],
            shop_workers: 6,
            decline: 0.02,
            failure: [0.0; 3],
            paused: [false; 3],
            patience: Span::secs(10),
            sending: Sending::default(),
            acks: Acks::All,
            partitioning: Partitioning::default(),
            commit: CommitMode::default(),
            wiring: Wiring::default(),
            late: (0.0, Span::ZERO),
        }
    }
}

impl Settings {
    /// A service's work.
    #[must_use]
    pub fn work_of(&self, service: Service) -> Dist {
        self.work[service.index()]
    }
}

/// How the asynchronous shop sends an order, as the course notes name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Sending {
    /// `send().get()`: the worker waits for each acknowledgement before it serves anyone else.
    Synchronous,
    /// `send(callback)`: the worker goes on; the callback answers the customer.
    #[default]
    Callback,
    /// `send()`: the customer is answered at once and nobody looks at what became of the record.
    FireAndForget,
}

/// How a producer chooses a record's partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Partitioning {
    /// The Java client's default: murmur2 of the key.
    #[default]
    Murmur2,
    /// `partitioner.ignore.keys=true`: sticks to a partition for `batch.size` bytes, then to another,
    /// as without a key (KIP-480, KIP-794).
    Sticky,
    /// `RoundRobinPartitioner`: in turn, whatever the key.
    RoundRobin,
    /// `consistent_random`, CRC-32 of the key: librdkafka's own default, and so what the course
    /// notes' Python client does.
    Crc32,
}

/// When a service's consumer commits.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CommitMode {
    /// After each record (a plain reader: after each poll), and waits for the answer
    /// (`enable.auto.commit=false`, `commitSync`).
    #[default]
    EachRecord,
    /// In `poll`, every `auto.commit.interval.ms` (`enable.auto.commit=true`, Kafka's default).
    Auto,
}

/// How the three services of the asynchronous shop are wired.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Wiring {
    /// `orders` → payment → `payments` → warehouse → `shipments` → shipping.
    #[default]
    Chain,
    /// All three read `orders`, each for itself.
    FanOut,
}

/// Who orders what, and when.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Workload {
    /// Customers drawn from the seed.
    Generated {
        /// How many customers there are.
        customers: u32,
    },
    /// Orders of a file.
    Recorded {
        /// The file's name.
        name: String,
        /// Its hash, so that a link can ask for the same file again.
        hash: String,
        /// How many times faster than recorded.
        speed: f64,
        /// The orders, by time. Not carried by links.
        #[serde(skip)]
        orders: Arc<[RecordedOrder]>,
    },
}

/// One order of a file.
#[derive(Clone, PartialEq, Debug)]
pub struct RecordedOrder {
    /// When, since the first order of the file.
    pub at: Span,
    /// The customer.
    pub customer: Arc<str>,
    /// The price, in cents.
    pub cents: u64,
    /// How many things.
    pub items: u32,
    /// Further columns, as the members of a JSON object without its braces.
    pub extra: Option<Arc<str>>,
}
