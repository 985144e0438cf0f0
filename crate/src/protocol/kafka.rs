//! What clients and brokers say to each other: Kafka's own requests and responses, as plain data.
//!
//! Names and error codes are those of the Kafka protocol guide. Where a real request carries many
//! topics or groups and we only ever need one, ours carries one.

use super::{ControlRequest, ControlResponse};
use crate::id::{GroupId, NodeId, TopicId, TopicPartition};
use crate::log::Batch;
use crate::map::Map;
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// How many copies must have a record before the leader answers (`acks`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Acks {
    /// `acks=0`: no answer at all.
    Zero,
    /// `acks=1`: the leader has appended it.
    One,
    /// `acks=all`: every in-sync replica has it, and there are at least `min.insync.replicas`.
    All,
}

impl Acks {
    /// As a client's settings say it.
    #[must_use]
    pub fn value(self) -> &'static str {
        match self {
            Self::Zero => "0",
            Self::One => "1",
            Self::All => "all",
        }
    }
}

/// Who a member of a group is, assigned by the coordinator and unique in the run.
///
/// Kafka's is the text `<client.id>-<uuid>`, and range assignment sorts members by it. Ours sorts as
/// if every node had its own `client.id`, in the order of the nodes, and the uuids grew: a process
/// that starts again keeps its place among the members.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug, Serialize, Deserialize)]
pub struct MemberId {
    /// The node of the consumer.
    pub client: NodeId,
    /// Counts the ids that the coordinator has given.
    pub serial: u32,
}

/// Where to begin, for `ListOffsets` and for seeking.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffsetSpec {
    /// The log start offset.
    Earliest,
    /// The high watermark.
    Latest,
    /// The first offset whose timestamp is this or later, in milliseconds since the Unix epoch.
    Timestamp(i64),
}

/// A place in a log: an offset, and the leader epoch by which a leader can tell whether its log is
/// the one that is meant (KIP-320).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct OffsetAndEpoch {
    /// The offset: of the next record to read, where it is a position.
    pub offset: i64,
    /// The epoch of the record before it, as its reader saw it, or of the leader's log there; -1 where
    /// nobody says.
    pub leader_epoch: i32,
}

impl OffsetAndEpoch {
    /// An offset of which no more is known.
    #[must_use]
    pub fn bare(offset: i64) -> Self {
        Self {
            offset,
            leader_epoch: -1,
        }
    }
}

/// One partition of a `ListOffsets`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OffsetAsked {
    /// Which partition.
    pub at: TopicPartition,
    /// The leader epoch that the asker knows, -1 if it does not say.
    pub current_leader_epoch: i32,
    /// Which offset.
    pub spec: OffsetSpec,
}

/// For each partition the offset asked for and the epoch there; `None` where no record is that young.
pub type ListedOffsets = Vec<(TopicPartition, Result<Option<OffsetAndEpoch>, ErrorCode>)>;

/// One partition of a `Fetch`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct FetchPartition {
    /// Which partition.
    pub at: TopicPartition,
    /// The first offset wanted.
    pub offset: i64,
    /// At most so many bytes of it (`max.partition.fetch.bytes`); the first batch comes whole.
    pub max_bytes: u32,
    /// Which making of the topic is meant (Kafka's topic id, KIP-516), 0 if whichever is there.
    pub incarnation: u32,
    /// The leader epoch that the asker knows, -1 if it does not say (KIP-320).
    pub current_leader_epoch: i32,
    /// The epoch of the last record it has; -1 if it has none or is a consumer. The leader tells
    /// from it whether the two logs part (KIP-595).
    pub last_fetched_epoch: i32,
}

/// One partition of an `OffsetForLeaderEpoch`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EpochAsked {
    /// Which partition.
    pub at: TopicPartition,
    /// The leader epoch that the asker knows.
    pub current_leader_epoch: i32,
    /// The epoch asked about.
    pub leader_epoch: i32,
}

/// For each partition the largest epoch not above the one asked about, and where it ends; `None` if
/// the leader knows of none.
pub type EpochEnds = Vec<(TopicPartition, Result<Option<(i32, i64)>, ErrorCode>)>;

/// What a client asks of a broker.
#[derive(Clone, Debug)]
pub enum Request {
    /// Which topics are there, and who leads their partitions? `None` asks for all.
    Metadata {
        /// The topics asked about, with their names in case one is to be made.
        topics: Option<Vec<(TopicId, Arc<str>)>>,
        /// Whether a topic that is missing may be made (`allow.auto.create.topics`); the broker's
        /// `auto.create.topics.enable` must allow it too.
        allow_auto_create: bool,
    },
    /// Append these batches, one a partition at most.
    Produce {
        /// How many copies before the answer. With [`Acks::Zero`] there is no response.
        acks: Acks,
        /// With [`Acks::All`], answer by then in any case (the client's `request.timeout.ms`).
        timeout: Span,
        /// The batches; base offsets are the leader's to set.
        batches: Vec<(TopicPartition, Batch)>,
    },
    /// Send records from these offsets on.
    Fetch {
        /// Wait so long for `min_bytes` (`fetch.max.wait.ms`).
        max_wait: Span,
        /// Answer as soon as there are so many bytes (`fetch.min.bytes`).
        min_bytes: u32,
        /// At most so many bytes in all (`fetch.max.bytes`); the first batch comes whole.
        max_bytes: u32,
        /// The partitions and where to begin in each.
        partitions: Vec<FetchPartition>,
        /// The broker epoch of a follower that copies the log; `None` for a consumer, which only
        /// sees what is committed.
        follower: Option<i64>,
    },
    /// Which offset is it?
    ListOffsets {
        /// The questions.
        partitions: Vec<OffsetAsked>,
    },
    /// Where did this leader epoch end (KIP-101, KIP-320)?
    OffsetForLeaderEpoch {
        /// The questions.
        partitions: Vec<EpochAsked>,
    },
    /// Which broker coordinates this group?
    FindCoordinator {
        /// The group.
        group: GroupId,
    },
    /// Take me in (or keep me) as a member.
    JoinGroup {
        /// The group.
        group: GroupId,
        /// Who I am, if I was told already.
        member: Option<MemberId>,
        /// Take me for dead after so long without a heartbeat (`session.timeout.ms`).
        session_timeout: Span,
        /// Wait so long for members to join again (`max.poll.interval.ms`).
        rebalance_timeout: Span,
        /// The topics subscribed to, in ascending order.
        topics: Vec<TopicId>,
    },
    /// The leader hands out the assignment; the others ask for theirs with an empty one.
    SyncGroup {
        /// The group.
        group: GroupId,
        /// The generation this is for.
        generation: u32,
        /// Who asks.
        member: MemberId,
        /// Who gets what; empty unless from the leader.
        assignments: Vec<(MemberId, Vec<TopicPartition>)>,
    },
    /// I am alive.
    Heartbeat {
        /// The group.
        group: GroupId,
        /// The generation I am in.
        generation: u32,
        /// Who I am.
        member: MemberId,
    },
    /// I am going.
    LeaveGroup {
        /// The group.
        group: GroupId,
        /// Who I am.
        member: MemberId,
    },
    /// These positions are done: a group that starts again starts there.
    OffsetCommit {
        /// The group.
        group: GroupId,
        /// The generation and member, or `None` for a consumer outside any group protocol (and for
        /// tools, which may only commit to a group without members).
        generation: Option<(u32, MemberId)>,
        /// The position of each partition, and the epoch of the record before it.
        offsets: Vec<(TopicPartition, OffsetAndEpoch)>,
    },
    /// Where did the group leave off?
    OffsetFetch {
        /// The group.
        group: GroupId,
        /// The partitions asked about.
        partitions: Vec<TopicPartition>,
    },
    /// Between brokers and controllers.
    Control(ControlRequest),
}

/// What a broker answers.
#[derive(Clone, Debug)]
pub enum Response {
    /// To [`Request::Metadata`]: the whole image, and what is wrong with topics asked about.
    Metadata {
        /// The cluster as the broker knows it.
        cluster: Arc<Metadata>,
        /// Topics asked about that are not there to use.
        errors: Vec<(TopicId, ErrorCode)>,
    },
    /// To [`Request::Produce`]: the base offset of each batch, or why not.
    Produce {
        /// One result a batch, in the order asked.
        results: Vec<(TopicPartition, Result<i64, ErrorCode>)>,
    },
    /// To [`Request::Fetch`].
    Fetch {
        /// One a partition that has something to say, in the order asked.
        partitions: Vec<Fetched>,
    },
    /// To [`Request::ListOffsets`].
    ListOffsets {
        /// One result a question.
        offsets: ListedOffsets,
    },
    /// To [`Request::OffsetForLeaderEpoch`].
    OffsetForLeaderEpoch {
        /// One result a question.
        partitions: EpochEnds,
    },
    /// To [`Request::FindCoordinator`].
    FindCoordinator {
        /// The broker to talk to.
        coordinator: Result<NodeId, ErrorCode>,
    },
    /// To [`Request::JoinGroup`].
    JoinGroup {
        /// Everything a member needs to know, or why not. `MEMBER_ID_REQUIRED` carries the id to
        /// join again with (KIP-394).
        result: Result<Joined, (ErrorCode, Option<MemberId>)>,
    },
    /// To [`Request::SyncGroup`]: what the member may read.
    SyncGroup {
        /// The partitions.
        result: Result<Vec<TopicPartition>, ErrorCode>,
    },
    /// To [`Request::Heartbeat`].
    Heartbeat {
        /// Still welcome?
        result: Result<(), ErrorCode>,
    },
    /// To [`Request::LeaveGroup`].
    LeaveGroup {
        /// Whether the member was known.
        result: Result<(), ErrorCode>,
    },
    /// To [`Request::OffsetCommit`].
    OffsetCommit {
        /// Whether the positions are kept.
        result: Result<(), ErrorCode>,
    },
    /// To [`Request::OffsetFetch`]: `None` where the group never committed.
    OffsetFetch {
        /// What was committed, per partition asked about.
        result: Result<Vec<(TopicPartition, Option<OffsetAndEpoch>)>, ErrorCode>,
    },
    /// To [`Request::Control`].
    Control(ControlResponse),
}

/// One partition of a fetch response.
#[derive(Clone, Debug)]
pub struct Fetched {
    /// Which partition.
    pub at: TopicPartition,
    /// Whole batches; the first may begin before the offset asked for.
    pub batches: Vec<Batch>,
    /// Records below this are committed and readable.
    pub high_watermark: i64,
    /// The first offset still in the log.
    pub log_start_offset: i64,
    /// For a follower whose log parts from the leader's: the largest epoch both may share, and the
    /// offset where it ends.
    pub diverging: Option<(i32, i64)>,
    /// Why there is nothing.
    pub error: Option<ErrorCode>,
}

/// What joining a group told the member.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Joined {
    /// The generation that begins.
    pub generation: u32,
    /// Who you are.
    pub member: MemberId,
    /// Who does the assigning.
    pub leader: MemberId,
    /// For the leader only: every member and its subscription, in member order.
    pub members: Vec<(MemberId, Vec<TopicId>)>,
}

/// The cluster as one broker knows it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// The live brokers, in ascending order.
    pub brokers: Vec<NodeId>,
    /// The topics that exist.
    pub topics: Map<TopicId, TopicMetadata>,
}

impl Metadata {
    /// Who leads a partition, if it exists and has a leader.
    #[must_use]
    pub fn leader(&self, at: TopicPartition) -> Option<NodeId> {
        self.partition(at)?.leader
    }

    /// One partition, if it exists.
    #[must_use]
    pub fn partition(&self, at: TopicPartition) -> Option<&PartitionMetadata> {
        let topic = self.topics.get(&at.topic)?;
        topic.partitions.get(at.partition as usize)
    }

    /// How many partitions a topic has, 0 if it does not exist.
    #[must_use]
    pub fn partitions(&self, topic: TopicId) -> u32 {
        self.topics
            .get(&topic)
            .map_or(0, |t| t.partitions.len() as u32)
    }
}

/// One topic of the metadata.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicMetadata {
    /// Its name, for subscriptions by pattern.
    pub name: Arc<str>,
    /// Which making of a topic by that name this is: a topic deleted and made again is another one.
    pub incarnation: u32,
    /// Its partitions.
    pub partitions: Vec<PartitionMetadata>,
}

/// One partition of the metadata.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PartitionMetadata {
    /// Who leads it, if anyone does.
    pub leader: Option<NodeId>,
    /// Counts leaders: of two answers the one with the higher epoch is the newer (KIP-320).
    pub leader_epoch: i32,
}

macro_rules! errors {
    ($($variant:ident = $code:literal, $name:literal, $retriable:literal, $message:literal;)*) => {
        /// Why a request was not done: codes, names and sentences of Kafka's own
        /// (`org.apache.kafka.common.protocol.Errors`).
        #[derive(
            Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize,
        )]
        #[repr(i16)]
        #[serde(rename_all = "SCREAMING_SNAKE_CASE")]
        pub enum ErrorCode {
            $(#[doc = $message] $variant = $code,)*
        }

        impl ErrorCode {
            /// The name in the protocol guide, such as `NOT_LEADER_OR_FOLLOWER`.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What a client reads where the broker says nothing more.
            #[must_use]
            pub fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }

            /// Whether a client may try again as it is (`RetriableException`).
            #[must_use]
            pub fn retriable(self) -> bool {
                match self { $(Self::$variant => $retriable,)* }
            }
        }
    };
}

errors! {
    OffsetOutOfRange = 1, "OFFSET_OUT_OF_RANGE", false,
        "The requested offset is not within the range of offsets maintained by the server.";
    CorruptMessage = 2, "CORRUPT_MESSAGE", true,
        "This message has failed its CRC checksum, exceeds the valid size, has a null key for a compacted topic, or is otherwise corrupt.";
    UnknownTopicOrPartition = 3, "UNKNOWN_TOPIC_OR_PARTITION", true,
        "This server does not host this topic-partition.";
    LeaderNotAvailable = 5, "LEADER_NOT_AVAILABLE", true,
        "There is no leader for this topic-partition as we are in the middle of a leadership election.";
    NotLeaderOrFollower = 6, "NOT_LEADER_OR_FOLLOWER", true,
        "For requests intended only for the leader, this error indicates that the broker is not the current leader. For requests intended for any replica, this error indicates that the broker is not a replica of the topic partition.";
    RequestTimedOut = 7, "REQUEST_TIMED_OUT", true,
        "The request timed out.";
    MessageTooLarge = 10, "MESSAGE_TOO_LARGE", false,
        "The request included a message larger than the max message size the server will accept.";
    NetworkException = 13, "NETWORK_EXCEPTION", true,
        "The server disconnected before a response was received.";
    CoordinatorLoadInProgress = 14, "COORDINATOR_LOAD_IN_PROGRESS", true,
        "The coordinator is loading and hence can't process requests.";
    CoordinatorNotAvailable = 15, "COORDINATOR_NOT_AVAILABLE", true,
        "The coordinator is not available.";
    NotCoordinator = 16, "NOT_COORDINATOR", true,
        "This is not the correct coordinator.";
    InvalidTopic = 17, "INVALID_TOPIC_EXCEPTION", false,
        "The request attempted to perform an operation on an invalid topic.";
    RecordListTooLarge = 18, "RECORD_LIST_TOO_LARGE", false,
        "The request included message batch larger than the configured segment size on the server.";
    NotEnoughReplicas = 19, "NOT_ENOUGH_REPLICAS", true,
        "Messages are rejected since there are fewer in-sync replicas than required.";
    NotEnoughReplicasAfterAppend = 20, "NOT_ENOUGH_REPLICAS_AFTER_APPEND", true,
        "Messages are written to the log, but to fewer in-sync replicas than required.";
    IllegalGeneration = 22, "ILLEGAL_GENERATION", false,
        "Specified group generation id is not valid.";
    UnknownMemberId = 25, "UNKNOWN_MEMBER_ID", false,
        "The coordinator is not aware of this member.";
    InvalidSessionTimeout = 26, "INVALID_SESSION_TIMEOUT", false,
        "The session timeout is not within the range allowed by the broker (as configured by group.min.session.timeout.ms and group.max.session.timeout.ms).";
    RebalanceInProgress = 27, "REBALANCE_IN_PROGRESS", false,
        "The group is rebalancing, so a rejoin is needed.";
    InvalidTimestamp = 32, "INVALID_TIMESTAMP", false,
        "The timestamp of the message is out of acceptable range.";
    TopicAlreadyExists = 36, "TOPIC_ALREADY_EXISTS", false,
        "Topic with this name already exists.";
    InvalidPartitions = 37, "INVALID_PARTITIONS", false,
        "Number of partitions is below 1.";
    InvalidReplicationFactor = 38, "INVALID_REPLICATION_FACTOR", false,
        "Replication factor is below 1 or larger than the number of available brokers.";
    InvalidReplicaAssignment = 39, "INVALID_REPLICA_ASSIGNMENT", false,
        "Replica assignment is invalid.";
    InvalidConfig = 40, "INVALID_CONFIG", false,
        "Configuration is invalid.";
    NotController = 41, "NOT_CONTROLLER", true,
        "This is not the correct controller for this cluster.";
    InvalidRequest = 42, "INVALID_REQUEST", false,
        "This most likely occurs because of a request being malformed by the client library or the message was sent to an incompatible broker. See the broker logs for more details.";
    KafkaStorageError = 56, "KAFKA_STORAGE_ERROR", true,
        "Disk error when trying to access log file on the disk.";
    NonEmptyGroup = 68, "NON_EMPTY_GROUP", false,
        "The group is not empty.";
    GroupIdNotFound = 69, "GROUP_ID_NOT_FOUND", false,
        "The group id does not exist.";
    FencedLeaderEpoch = 74, "FENCED_LEADER_EPOCH", true,
        "The leader epoch in the request is older than the epoch on the broker.";
    UnknownLeaderEpoch = 75, "UNKNOWN_LEADER_EPOCH", true,
        "The leader epoch in the request is newer than the epoch on the broker.";
    StaleBrokerEpoch = 77, "STALE_BROKER_EPOCH", false,
        "Broker epoch has changed.";
    OffsetNotAvailable = 78, "OFFSET_NOT_AVAILABLE", true,
        "The leader high watermark has not caught up from a recent leader election so the offsets cannot be guaranteed to be monotonically increasing.";
    MemberIdRequired = 79, "MEMBER_ID_REQUIRED", false,
        "The group member needs to have a valid member id before actually entering a consumer group.";
    PreferredLeaderNotAvailable = 80, "PREFERRED_LEADER_NOT_AVAILABLE", true,
        "The preferred leader was not available.";
    EligibleLeadersNotAvailable = 83, "ELIGIBLE_LEADERS_NOT_AVAILABLE", false,
        "Eligible topic partition leaders are not available.";
    ElectionNotNeeded = 84, "ELECTION_NOT_NEEDED", false,
        "Leader election not needed for topic partition.";
    InvalidRecord = 87, "INVALID_RECORD", false,
        "This record has failed the validation on broker and hence will be rejected.";
    InvalidUpdateVersion = 95, "INVALID_UPDATE_VERSION", false,
        "The given update version was invalid.";
    UnknownTopicId = 100, "UNKNOWN_TOPIC_ID", true,
        "This server does not host this topic ID.";
    DuplicateBrokerRegistration = 101, "DUPLICATE_BROKER_REGISTRATION", false,
        "This broker ID is already in use.";
    BrokerIdNotRegistered = 102, "BROKER_ID_NOT_REGISTERED", false,
        "The given broker ID was not registered.";
    IneligibleReplica = 107, "INELIGIBLE_REPLICA", false,
        "The new ISR contains at least one ineligible replica.";
}

impl ErrorCode {
    /// The number on the wire.
    #[must_use]
    pub fn code(self) -> i16 {
        self as i16
    }

    /// Whether the client's picture of the cluster may be old (`InvalidMetadataException`).
    #[must_use]
    pub fn stale_metadata(self) -> bool {
        matches!(
            self,
            Self::UnknownTopicOrPartition
                | Self::LeaderNotAvailable
                | Self::NotLeaderOrFollower
                | Self::FencedLeaderEpoch
                | Self::UnknownLeaderEpoch
                | Self::KafkaStorageError
                | Self::NetworkException
        )
    }
}
