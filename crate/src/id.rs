//! Dense identifiers. Each indexes a `Vec`; names are resolved at the edge and never inside a step.

use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u32);

        impl $name {
            /// As an index into the `Vec` that this id numbers.
            #[must_use]
            pub fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl From<usize> for $name {
            fn from(index: usize) -> Self {
                Self(u32::try_from(index).expect("ids fit in 32 bits"))
            }
        }
    };
}

id!(
    /// A node of the simulated network: a broker, a client process, a service.
    NodeId
);
id!(
    /// A topic *name*, interned. Whether a topic of that name exists is the cluster's metadata to say.
    TopicId
);
id!(
    /// A consumer group's `group.id`, interned.
    GroupId
);
id!(
    /// An order in the e-commerce scenarios; the same number in both shops.
    OrderId
);

impl TopicId {
    /// `__consumer_offsets`, where groups are kept: the only topic that is Kafka's own. It has this
    /// number wherever it is made.
    pub const CONSUMER_OFFSETS: Self = Self(u32::MAX);

    /// The name of [`TopicId::CONSUMER_OFFSETS`].
    pub const CONSUMER_OFFSETS_NAME: &'static str = "__consumer_offsets";

    /// Whether this is one of Kafka's own topics, which belong to nobody.
    #[must_use]
    pub fn is_internal(self) -> bool {
        self == Self::CONSUMER_OFFSETS
    }
}

/// One partition of one topic.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct TopicPartition {
    /// The topic.
    pub topic: TopicId,
    /// The partition's number, from 0.
    pub partition: u32,
}

impl TopicPartition {
    /// The partition numbered `partition` of `topic`.
    #[must_use]
    pub fn new(topic: TopicId, partition: u32) -> Self {
        Self { topic, partition }
    }

    /// A number by which partitions sort as they compare.
    #[must_use]
    pub fn in_order(&self) -> u64 {
        u64::from(self.topic.0) << 32 | u64::from(self.partition)
    }
}
