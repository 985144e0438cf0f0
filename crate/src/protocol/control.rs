//! What brokers and controllers say to each other: the metadata quorum (KRaft, KIP-595), the
//! registration of brokers (KIP-631) and changes of the in-sync set (KIP-497).

use super::ErrorCode;
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::time::Span;
use std::sync::Arc;

/// A request to a controller. Who asks is the sender of the message.
#[derive(Clone, Debug)]
pub enum ControlRequest {
    /// Would you vote (`pre_vote`, KIP-996), or do you vote, for me?
    Vote {
        /// The epoch I stand in; with `pre_vote` the one I am in.
        epoch: i32,
        /// The epoch of the last record of my log, -1 if it has none.
        last_epoch: i32,
        /// Where my log ends.
        log_end_offset: i64,
        /// Only a question: whoever says yes has not voted.
        pre_vote: bool,
    },
    /// I am the leader of this epoch.
    BeginQuorumEpoch {
        /// The epoch.
        epoch: i32,
    },
    /// I was the leader of this epoch and go: elect another, you first if you come first here.
    EndQuorumEpoch {
        /// The epoch.
        epoch: i32,
        /// Voters, the one with the longest log first.
        successors: Arc<[NodeId]>,
    },
    /// Send the metadata log from here on (`Fetch` of `__cluster_metadata-0`).
    FetchQuorum {
        /// The epoch I am in.
        epoch: i32,
        /// Where my log ends.
        offset: i64,
        /// The epoch of its last record, -1 if it has none.
        last_fetched_epoch: i32,
        /// What I know to be committed: the answer waits until there is more (KIP-1166).
        high_watermark: i64,
        /// Wait so long for something new.
        max_wait: Span,
    },
    /// Take this broker in, fenced at first.
    RegisterBroker {
        /// Counts the lives of its process.
        incarnation: u32,
        /// Its rack.
        rack: Option<u32>,
        /// The broker epoch in which it stopped cleanly, -1 if it did not (KIP-966).
        previous_epoch: i64,
    },
    /// I am alive.
    BrokerHeartbeat {
        /// What the registration gave.
        broker_epoch: i64,
        /// The first metadata offset I have not applied.
        metadata_offset: i64,
        /// Stay fenced for now.
        want_fence: bool,
        /// Move what I lead elsewhere, and tell me when I may stop.
        want_shutdown: bool,
    },
    /// Change the in-sync sets of partitions that I lead.
    AlterPartition {
        /// What the registration gave.
        broker_epoch: i64,
        /// The changes.
        changes: Arc<[IsrChange]>,
    },
    /// Make these topics, as somebody asked about them (`auto.create.topics.enable`).
    CreateTopics {
        /// Number and name.
        topics: Vec<(TopicId, Arc<str>)>,
    },
}

/// The in-sync set that a leader asks for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct IsrChange {
    /// The partition.
    pub at: TopicPartition,
    /// Which making of its topic.
    pub incarnation: u32,
    /// The epoch in which the sender leads it.
    pub leader_epoch: i32,
    /// The partition epoch that this is to follow.
    pub partition_epoch: i32,
    /// Each replica with the broker epoch it fetched with.
    pub isr: Vec<(NodeId, i64)>,
}

/// What a controller answers.
#[derive(Clone, Debug)]
pub enum ControlResponse {
    /// To [`ControlRequest::Vote`].
    Vote {
        /// The epoch of who answers.
        epoch: i32,
        /// Whom it follows.
        leader: Option<NodeId>,
        /// Yes or no.
        granted: bool,
        /// What was asked.
        pre_vote: bool,
    },
    /// To [`ControlRequest::BeginQuorumEpoch`] and [`ControlRequest::EndQuorumEpoch`].
    Epoch {
        /// The epoch of who answers.
        epoch: i32,
        /// Whom it follows.
        leader: Option<NodeId>,
    },
    /// To [`ControlRequest::FetchQuorum`].
    FetchQuorum {
        /// The epoch of who answers.
        epoch: i32,
        /// Whom it follows, itself if it leads.
        leader: Option<NodeId>,
        /// The records, or why not.
        result: Result<QuorumFetched, ErrorCode>,
    },
    /// To [`ControlRequest::RegisterBroker`]: the broker epoch.
    RegisterBroker(Result<i64, ErrorCode>),
    /// To [`ControlRequest::BrokerHeartbeat`].
    BrokerHeartbeat(Result<Standing, ErrorCode>),
    /// To [`ControlRequest::AlterPartition`]: one result a change, in the order asked.
    AlterPartition(AlteredIsrs),
    /// To [`ControlRequest::CreateTopics`].
    CreateTopics,
}

/// What became of each change of an in-sync set, in the order asked; or why none was looked at.
pub type AlteredIsrs = Result<Vec<(TopicPartition, Result<AlteredIsr, ErrorCode>)>, ErrorCode>;

/// A piece of the metadata log.
#[derive(Clone, Debug)]
pub struct QuorumFetched {
    /// Whole batches from the offset asked for.
    pub batches: Vec<Batch>,
    /// Records below this are committed.
    pub high_watermark: i64,
    /// Where the asker's log parts from the leader's: the largest epoch both may share and where it
    /// ends. No batches then.
    pub diverging: Option<(i32, i64)>,
}

/// How the controller sees a broker.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Standing {
    /// It leads nothing and joins no in-sync set.
    pub fenced: bool,
    /// It has applied the metadata up to its own registration.
    pub caught_up: bool,
    /// It leads nothing any more and may stop.
    pub may_stop: bool,
}

/// A partition after its in-sync set was changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AlteredIsr {
    /// Who leads.
    pub leader: Option<NodeId>,
    /// Counts leaders.
    pub leader_epoch: i32,
    /// The in-sync set now.
    pub isr: Vec<NodeId>,
    /// Counts changes.
    pub partition_epoch: i32,
}
