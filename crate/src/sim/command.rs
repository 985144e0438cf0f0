//! Everything a person or a script can do. Nothing else changes a world from outside.

use crate::cluster::Flaw;
use crate::layers::LayerChange;
use crate::map::Map;
use crate::protocol::{Acks, OffsetSpec, Service, Stop};
use crate::shop::{CommitMode, Partitioning, Sending, Wiring};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// One thing done to the world.
///
/// Where a command names a service, it acts on that service in both shops, so that the comparison
/// stays fair. On file a command is one JSON object a line, with `at_us`:
/// `{"at_us":12400000,"set_work":{"service":"payment","mean_us":900000}}`.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Command {
    /// Customers come at this rate, 0 to 1000 orders a second. Where there are no shops: each
    /// producer sends so many records a second, 0 to 1,000,000.
    SetRate {
        /// Orders or records a second.
        per_s: f64,
    },
    /// Customers come, or producers send, `factor` times as fast for a while, then as before.
    Burst {
        /// How many times as fast, more than 0, at most 100. Ten times unless told.
        #[serde(default = "burst_factor")]
        factor: f64,
        /// For how long, in microseconds. Five seconds unless told.
        #[serde(default = "burst_for_us")]
        for_us: u64,
    },
    /// This share of all orders comes from one customer, so one key and one partition are hot.
    SetSkew {
        /// 0 (even) to 1 (nobody else orders).
        share: f64,
    },
    /// A piece of work takes this long on average from now on.
    SetWork {
        /// Which service.
        service: Service,
        /// The mean, in microseconds, at most one hour.
        mean_us: u64,
    },
    /// A service has so many workers: threads in the synchronous shop, consumers in the other.
    SetWorkers {
        /// Which service.
        service: Service,
        /// 0 to 64.
        workers: u32,
    },
    /// The synchronous shop serves so many customers at once.
    SetShopWorkers {
        /// 1 to 1000.
        workers: u32,
    },
    /// Payment declines this share of orders.
    SetDecline {
        /// 0 to 1.
        rate: f64,
    },
    /// A service fails at this share of attempts.
    SetFailure {
        /// Which service.
        service: Service,
        /// 0 to 1.
        rate: f64,
    },
    /// Stops a node, or all nodes of a kind. `node` is `payment`, `warehouse`, `shipping`, `shop`,
    /// `producer`, `consumer`, `broker`, `controller`, a single node's own name, such as `payment-3`,
    /// or whoever has a part in a partition then: `leader of orders-0`, `follower of orders-0` (the
    /// first that is in sync), `followers of orders-0` (all others with a replica).
    Stop {
        /// Which.
        node: String,
        /// Asked to stop, or killed.
        how: Stop,
    },
    /// Starts what was stopped.
    Start {
        /// Which; as in `stop`.
        node: String,
    },
    /// How the asynchronous shop sends an order and when it answers the customer.
    SetSending {
        /// The way.
        sending: Sending,
    },
    /// How many copies the producers ask for.
    SetAcks {
        /// `zero`, `one` or `all`.
        acks: Acks,
    },
    /// How the producers choose partitions.
    SetPartitioning {
        /// The way.
        partitioning: Partitioning,
    },
    /// When the consumers commit their positions.
    SetCommit {
        /// The way.
        commit: CommitMode,
    },
    /// A service's consumers stop fetching (`Consumer.pause`); they stay in their group.
    Pause {
        /// Which service.
        service: Service,
    },
    /// They fetch again.
    Resume {
        /// Which service.
        service: Service,
    },
    /// A service's consumers seek, each in its own partitions: what lies after is read again.
    Rewind {
        /// Which service.
        service: Service,
        /// To where.
        to: OffsetSpec,
        /// Only in this partition of the topic it reads, as `kafka-consumer-groups
        /// --reset-offsets --topic orders:0` does; in all of them if not said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        partition: Option<u32>,
    },
    /// How the services are wired.
    SetWiring {
        /// The way.
        wiring: Wiring,
    },
    /// Makes a topic.
    CreateTopic {
        /// Its name.
        topic: String,
        /// How many partitions, 1 to 1000.
        partitions: u32,
        /// Topic configs by their real names.
        #[serde(default)]
        configs: Map<String, String>,
    },
    /// Deletes a topic.
    DeleteTopic {
        /// Its name.
        topic: String,
    },
    /// Raises a topic's number of partitions.
    AddPartitions {
        /// Its name.
        topic: String,
        /// The new number, at most 1000.
        to: u32,
    },
    /// Cuts the network between two nodes, or sets of nodes named as in `stop`.
    Cut {
        /// One side.
        a: String,
        /// The other.
        b: String,
    },
    /// Brokers and controllers make a mistake of the past from now on, or none.
    SetFlaw {
        /// Which; `null` for none.
        flaw: Option<Flaw>,
    },
    /// Mends every link and disk: no cut, loss, slowness, lateness or repetition is left, nobody chooses
    /// messages any more, and there is room again.
    Heal,
    /// Each write of records to a broker's disk takes so much longer. What it reads is in memory.
    SlowDisk {
        /// Which broker; as in `stop`.
        node: String,
        /// How much longer, in microseconds, at most ten seconds; 0 as usual.
        by_us: u64,
    },
    /// A broker's disk is full: at the next write the process halts, and so does each process that is
    /// started there, until the disk is mended (`heal`).
    FillDisk {
        /// Which broker; as in `stop`.
        node: String,
    },
    /// The process of a node does nothing for a while, as in a long garbage collection; what arrives
    /// meanwhile and what rings is handled then, in its order. `start` ends it before its time.
    Freeze {
        /// Which; as in `stop`.
        node: String,
        /// For how long, in microseconds, at most ten minutes.
        for_us: u64,
    },
    /// Messages between two nodes take `factor` times as long.
    SlowLink {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// 1 (as usual) to 10,000.
        factor: f64,
    },
    /// This share of messages between two nodes takes longer; what is sent after them waits behind
    /// them.
    DelayRequests {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// 0 to 0.95.
        rate: f64,
        /// How much longer, in microseconds, at most ten minutes.
        by_us: u64,
    },
    /// This share of requests between two nodes arrives twice, as if whoever asks had sent it again.
    RepeatRequests {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// 0 to 0.95.
        rate: f64,
    },
    /// Somebody takes the network's place: from now on no message between brokers and producers
    /// arrives until it is chosen by `deliver`; or all of them do again, in the order sent on each
    /// connection. What consumers and controllers send and are sent goes by itself.
    HoldMessages {
        /// Hold them, or let them go.
        hold: bool,
    },
    /// What was sent first of what is on its way from one node to another arrives now.
    Deliver {
        /// Who sent it: one node's name, as in `stop`.
        from: String,
        /// Who receives it.
        to: String,
    },
    /// The connection between two nodes breaks: what is on its way on it is lost, and both learn of
    /// it.
    BreakConnection {
        /// One end: one node's name, as in `stop`.
        a: String,
        /// The other.
        b: String,
    },
    /// Something done to the layers of a Lambda and a Kappa architecture.
    Layers(LayerChange),
    /// Loses this share of packets between two nodes; what is lost is sent again after a time-out.
    SetLoss {
        /// One side.
        a: String,
        /// The other.
        b: String,
        /// 0 to 0.95.
        rate: f64,
    },
}

fn burst_factor() -> f64 {
    10.0
}

fn burst_for_us() -> u64 {
    5_000_000
}

/// A command and when it acts.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Acted {
    /// Simulated time, in microseconds.
    pub at_us: Time,
    /// The count of events dispatched before it, where that is known: one microsecond can hold
    /// many. Without it the command acts after the last event of `at_us`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub instant: Option<u64>,
    /// What is done.
    #[serde(flatten)]
    pub command: Command,
}
