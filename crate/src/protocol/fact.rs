//! Facts: what a step tells about itself. Ids and numbers only; words are made when shown.

use super::{Acks, ErrorCode, LayerStep, Service};
use crate::id::{GroupId, NodeId, OrderId, TopicId, TopicPartition};
use crate::time::Time;
use serde::{Deserialize, Serialize};

/// When a fact was told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Stamp {
    /// Simulated time.
    pub at: Time,
    /// The count of events dispatched before and with this one.
    pub instant: u64,
}

/// Which shop.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// The customer waits for everything.
    Sync,
    /// The customer is answered when the log has the order.
    Async,
}

/// How a node stopped.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stop {
    /// It was asked to, and finished what it must.
    Clean,
    /// Its process was killed. What it wrote is in the machine's page cache.
    Killed,
    /// Its machine lost power: what was not on disk is gone.
    Crashed,
    /// It halted by itself, since it could not write to its disk. Nobody does this to a node.
    #[serde(skip)]
    DiskFull,
}

/// Why a replica lost records.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Truncation {
    /// They were not in its leader's log.
    Diverged,
    /// The machine lost power before they were on disk.
    Unflushed,
    /// Its leader has nothing as old, and it begins anew.
    OutOfRange,
}

/// A set of brokers, as a fact carries it: one bit for each of the first 64 nodes.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Brokers(pub u64);

impl Brokers {
    /// Whether `node` is in it.
    #[must_use]
    pub fn has(self, node: NodeId) -> bool {
        node.0 < 64 && self.0 >> node.0 & 1 == 1
    }

    /// How many.
    #[must_use]
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// All, ascending.
    pub fn iter(self) -> impl Iterator<Item = NodeId> {
        (0..64).map(NodeId).filter(move |&node| self.has(node))
    }
}

impl FromIterator<NodeId> for Brokers {
    /// # Panics
    /// A node numbered 64 or more: scenarios add their brokers first.
    fn from_iter<I: IntoIterator<Item = NodeId>>(nodes: I) -> Self {
        Self(nodes.into_iter().fold(0, |all, node| {
            assert!(node.0 < 64, "brokers are among the first 64 nodes");
            all | 1 << node.0
        }))
    }
}

/// What became of one order in one shop. Each is told once per time it happens, so a payment told
/// twice is a payment made twice.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum OrderStep {
    /// The customer placed it.
    Placed {
        /// Which customer, numbered by first appearance or by name.
        customer: u32,
    },
    /// A worker took it up: of the shop itself, to make its order id, or of a service, for its first
    /// attempt at it.
    Began(Option<Service>),
    /// The asynchronous shop handed it to its producer.
    Sent,
    /// The customer was told it is accepted (asynchronous) or complete (synchronous).
    Answered,
    /// The customer was told that payment declined it.
    ToldDeclined,
    /// The customer was told that it failed: nothing was promised.
    Refused,
    /// The customer stopped waiting.
    GaveUp,
    /// A service did its part.
    Done(Service),
    /// Payment declined it.
    Declined,
    /// A service failed at it and gave up on it, after its retries. Asynchronous: it is in the
    /// dead-letter topic. Synchronous: the customer is told.
    GivenUpOn(Service),
    /// The asynchronous shop's producer reports that it could not be sent, or the process died with
    /// it in its buffer.
    Unsent,
}

/// Something that happened, told by the node that did it.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Fact {
    /// A leader appended a batch.
    Appended {
        /// The leader.
        broker: NodeId,
        /// Its epoch.
        leader_epoch: i32,
        /// The partition.
        at: TopicPartition,
        /// The offset of its first record.
        base_offset: i64,
        /// How many records.
        records: u32,
        /// How many bytes in the log, header included.
        bytes: u32,
        /// CRC-32C of the batch.
        crc: u32,
    },
    /// A partition's high watermark, as its leader has it, rose to `offset`.
    HighWatermark {
        /// The leader.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// Records below it are committed.
        offset: i64,
    },
    /// A stream worker has a task from now on.
    TaskAssigned {
        /// The worker.
        worker: NodeId,
        /// The sub-topology.
        sub: u32,
        /// The partition.
        partition: u32,
        /// Whether it had it before, and still has its stores.
        kept: bool,
    },
    /// A stream worker reads a changelog to restore a store.
    Restores {
        /// The worker.
        worker: NodeId,
        /// The changelog.
        at: TopicPartition,
        /// From where: what lies before the store has.
        from: i64,
        /// To where the log ended then.
        to: i64,
    },
    /// A client without a group reads a partition from here on, wherever it was before.
    ReadsFrom {
        /// Its node.
        reader: NodeId,
        /// The partition.
        at: TopicPartition,
        /// The next offset.
        from: i64,
    },
    /// The stores of a stream task have everything that was in their changelogs: it runs.
    TaskRestored {
        /// The worker.
        worker: NodeId,
        /// The sub-topology.
        sub: u32,
        /// The partition.
        partition: u32,
        /// How many changes were read.
        records: u64,
        /// Since when.
        since: Time,
    },
    /// A stream worker has a task no more.
    TaskClosed {
        /// The worker.
        worker: NodeId,
        /// The sub-topology.
        sub: u32,
        /// The partition.
        partition: u32,
    },
    /// A broker leads a partition from now on.
    Leads {
        /// The broker.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// The epoch that begins.
        leader_epoch: i32,
        /// Where its log ends.
        end: i64,
        /// Where its high watermark is.
        high_watermark: i64,
        /// Which making of the topic the partition is of.
        incarnation: u32,
    },
    /// A broker follows a leader from now on.
    Follows {
        /// The broker.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// Which making of the topic the partition is of.
        incarnation: u32,
        /// The leader, if there is one.
        leader: Option<NodeId>,
        /// Its epoch.
        leader_epoch: i32,
    },
    /// A broker keeps nothing of a partition any more: its topic is deleted, or it was moved away.
    Dropped {
        /// The broker.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
    },
    /// A follower appended what its leader sent.
    Replicated {
        /// The follower.
        broker: NodeId,
        /// The epoch in which a leader appended it first.
        leader_epoch: i32,
        /// The partition.
        at: TopicPartition,
        /// The offset of the batch's first record.
        base_offset: i64,
        /// How many records.
        records: u32,
        /// CRC-32C of the batch.
        crc: u32,
    },
    /// A follower's high watermark is at `offset`. With a new leader it may go back.
    FollowerHighWatermark {
        /// The follower.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// What it was told is committed, as far as it has it.
        offset: i64,
    },
    /// A replica's log begins later: what was before is deleted, by retention or since it is at the
    /// leader.
    LogStartMoved {
        /// The replica's broker.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// Where it began before.
        from: i64,
        /// Where it begins now.
        to: i64,
    },
    /// A replica lost its records from `to` on.
    Truncated {
        /// The replica's broker.
        broker: NodeId,
        /// The partition.
        at: TopicPartition,
        /// Where it ended before.
        from: i64,
        /// Where it ends now.
        to: i64,
        /// Why.
        why: Truncation,
    },
    /// The controller changed who leads a partition or who is in sync, and the change is committed. A
    /// controller that becomes active also tells what it finds.
    PartitionChanged {
        /// The partition.
        at: TopicPartition,
        /// Which making of the topic it is of.
        incarnation: u32,
        /// Who keeps a copy.
        replicas: Brokers,
        /// Who leads.
        leader: Option<NodeId>,
        /// Counts leaders.
        leader_epoch: i32,
        /// Counts changes.
        partition_epoch: i32,
        /// The in-sync replicas.
        isr: Brokers,
        /// The eligible leader replicas (KIP-966).
        elr: Brokers,
        /// Who was known to lead or to be eligible when nobody was left.
        last_known: Brokers,
        /// Whether the leader was elected though it may lack committed records.
        unclean: bool,
    },
    /// A topic's removal is committed: its replicas go, one broker after another.
    TopicRemoved {
        /// Which.
        topic: TopicId,
        /// Which making of it.
        incarnation: u32,
    },
    /// The controller registered a broker.
    Registered {
        /// Which.
        broker: NodeId,
        /// Its broker epoch.
        epoch: i64,
    },
    /// The controller fenced a broker: it leads nothing and is in sync with nothing.
    Fenced {
        /// Which.
        broker: NodeId,
    },
    /// The controller let a broker take part again.
    Unfenced {
        /// Which.
        broker: NodeId,
    },
    /// A controller became, or ceased to be, the leader of the metadata quorum.
    QuorumLeader {
        /// Which.
        node: NodeId,
        /// The quorum's epoch.
        epoch: i32,
        /// Became, or ceased.
        leads: bool,
    },
    /// A process cut uncommitted records off its metadata log.
    QuorumTruncated {
        /// Which.
        node: NodeId,
        /// Where it ends now.
        to: i64,
    },
    /// A producer was told that its batch is appended.
    Acked {
        /// The producer's node.
        producer: NodeId,
        /// Who said so.
        leader: NodeId,
        /// How many copies it asked for.
        acks: Acks,
        /// The partition.
        at: TopicPartition,
        /// The offset of the first record.
        base_offset: i64,
        /// How many records.
        records: u32,
    },
    /// A producer gave up on a batch.
    SendFailed {
        /// The producer's node.
        producer: NodeId,
        /// The partition.
        at: TopicPartition,
        /// How many records.
        records: u32,
        /// Why.
        error: ErrorCode,
    },
    /// A producer sends a batch again.
    Retried {
        /// The producer's node.
        producer: NodeId,
        /// The partition.
        at: TopicPartition,
    },
    /// A consumer handed records to its application.
    Delivered {
        /// The consumer's node.
        consumer: NodeId,
        /// Its group, if it has one.
        group: Option<GroupId>,
        /// The partition.
        at: TopicPartition,
        /// The first offset.
        first: i64,
        /// The offset after the last.
        next: i64,
        /// The [`fingerprint`] of the batches they are in.
        fingerprint: u64,
    },
    /// A client was told where a partition ends, for those who may read only what is committed.
    LatestOffset {
        /// The client's node.
        client: NodeId,
        /// The partition.
        at: TopicPartition,
        /// The high watermark that the leader answered with.
        offset: i64,
    },
    /// A group's position was kept by the coordinator.
    Committed {
        /// The group.
        group: GroupId,
        /// The partition.
        at: TopicPartition,
        /// The next offset to read.
        offset: i64,
    },
    /// A group began to rebalance.
    Rebalancing {
        /// The group.
        group: GroupId,
    },
    /// A group's new generation has its assignment.
    Rebalanced {
        /// The group.
        group: GroupId,
        /// The generation.
        generation: u32,
        /// How many members.
        members: u32,
    },
    /// A member's assignment became this long (0: it sits idle).
    Assigned {
        /// The consumer's node.
        consumer: NodeId,
        /// Its group.
        group: GroupId,
        /// How many partitions.
        partitions: u32,
    },
    /// A member gave up all it was assigned, to join again or because it was thrown out.
    Revoked {
        /// The consumer's node.
        consumer: NodeId,
        /// Its group.
        group: GroupId,
        /// How many partitions it had.
        partitions: u32,
    },
    /// A member may read this partition from now on, beginning at `position`.
    Owns {
        /// The consumer's node.
        consumer: NodeId,
        /// Its group.
        group: GroupId,
        /// The partition.
        at: TopicPartition,
        /// The first offset it will read.
        position: i64,
    },
    /// A member was taken for dead: no heartbeat within its session timeout.
    MemberExpired {
        /// The group.
        group: GroupId,
    },
    /// A layer of a Lambda or Kappa architecture did something.
    Layer {
        /// Its node.
        node: NodeId,
        /// What.
        step: LayerStep,
    },
    /// A node's process is up.
    Started {
        /// The node.
        node: NodeId,
    },
    /// A node's process is down.
    Stopped {
        /// The node.
        node: NodeId,
        /// How.
        how: Stop,
    },
    /// An order took a step.
    Order {
        /// In which shop.
        lane: Lane,
        /// Which order.
        order: OrderId,
        /// What happened to it.
        step: OrderStep,
    },
    /// A broker told the asynchronous shop where the log has an order.
    OrderStored {
        /// Which order.
        order: OrderId,
        /// The partition.
        at: TopicPartition,
        /// Its offset there.
        offset: i64,
    },
    /// Something about an order set off from one node to another. The picture shows most as dots.
    Moved {
        /// From.
        from: NodeId,
        /// To.
        to: NodeId,
        /// The partition it is written to or read from, where one end is a broker.
        log: Option<TopicPartition>,
        /// When it arrives.
        due_at: Time,
        /// The key's colour, 0..6; 0 for an answer, which no picture shows as a dot.
        hue: u8,
        /// The order it belongs to.
        order: OrderId,
    },
    /// A request or a response set off; one about several partitions is told of for each. Kept for
    /// pictures.
    Carried {
        /// From.
        from: NodeId,
        /// To.
        to: NodeId,
        /// What it is.
        what: Carries,
        /// The partition it has records of, or says something about.
        at: Option<TopicPartition>,
        /// How many records.
        records: u32,
        /// When it arrives, if nothing stands in its way.
        due_at: Time,
    },
    /// A request or a response arrived at another time than [`Fact::Carried`] told: a cut, a freeze or
    /// somebody in the network's place held it up, or chose it before its time.
    CameLate {
        /// From.
        from: NodeId,
        /// To.
        to: NodeId,
        /// What it is.
        what: Carries,
        /// The partition it has records of, or says something about.
        at: Option<TopicPartition>,
        /// When it set off.
        sent_at: Time,
    },
}

/// What a request or a response between a client and a broker, or two brokers, carries.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Carries {
    /// A producer's batch to the leader.
    Batch,
    /// The leader's word that a batch is appended, or why not.
    Ack,
    /// A follower or a consumer asks for what comes next.
    Asks,
    /// What it is given; no records where there is nothing new.
    Given,
}

/// A number for a run of batches, given by base offset and CRC: another one for other batches.
#[must_use]
pub fn fingerprint(batches: impl IntoIterator<Item = (i64, u32)>) -> u64 {
    let fold = |all: u64, (base, crc): (i64, u32)| {
        let one = (base as u64).rotate_left(32) ^ u64::from(crc);
        (all.rotate_left(5) ^ one).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    };
    batches.into_iter().fold(0, fold)
}

/// Who listens to facts: nobody (`()`), the promises' monitors, the metrics, a recorder.
pub trait Sink {
    /// Whether to make facts at all.
    const LISTENS: bool = true;
    /// Takes one.
    fn hear(&mut self, stamp: Stamp, fact: Fact);
}

impl Sink for () {
    const LISTENS: bool = false;
    fn hear(&mut self, _: Stamp, _: Fact) {}
}

impl Sink for Vec<(Stamp, Fact)> {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        self.push((stamp, fact));
    }
}
