//! Scenes of a cluster: brokers, their replicas, and plain clients.

use super::{ClusterSpec, FeedSpec, Scenario, Settings, TopicSpec, Workload};
use crate::protocol::Acks;
use crate::rng::Dist;
use crate::time::Span;

/// Three brokers, a topic with three replicas of each partition, nothing amiss.
pub(super) fn cluster() -> Scenario {
    Scenario {
        name: "cluster".into(),
        title: "Three brokers, one topic".into(),
        watch: "A producer waits until every in-sync replica has its record. Watch the followers \
                fetch, and the high watermark follow them."
            .into(),
        try_this:
            "Kill the broker that leads a partition: who leads it next, and is anything lost?"
                .into(),
        try_done: None,
        try_until: None,
        settings: Settings {
            per_s: 12.0,
            acks: Acks::All,
            ..Settings::default()
        },
        topics: vec![TopicSpec {
            name: "orders".into(),
            partitions: 3,
        }],
        orders_topic: String::new(),
        auto_create_topics: false,
        cluster: ClusterSpec {
            brokers: 3,
            racks: 3,
            controllers: 3,
            replication_factor: 3,
            min_insync_replicas: 2,
            eligible_leader_replicas: true,
            ..ClusterSpec::default()
        },
        latency: Dist::LogNormal {
            mean_us: 900,
            sigma: 0.3,
        },
        workload: Workload::Generated { customers: 0 },
        feed: Some(FeedSpec {
            readers: 3,
            ..FeedSpec::default()
        }),
        script: Vec::new(),
        captions: Vec::new(),
        questions: Vec::new(),
        length: Span::secs(60),
    }
}
