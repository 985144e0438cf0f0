//! What a scenario is: everything that is played, as one value. The scenes themselves are in
//! the room of that name.

use super::command::{Acted, Command};
use super::promise::Promise;
use crate::app::AppSpec;
use crate::feed::FeedSpec;
use crate::layers::LayersSpec;
use crate::map::Map;
use crate::protocol::Service;
use crate::rng::Dist;
use crate::shop::{Settings, Workload};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Everything that is played, as one value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name in links and on the command line.
    pub name: String,
    /// The title of the scene.
    pub title: String,
    /// What to watch, in one sentence.
    pub watch: String,
    /// One thing to try, in one sentence.
    pub try_this: String,
    /// It is done when the person has done something of this kind.
    #[serde(default)]
    pub try_done: Option<Command>,
    /// It is too late for it from this time on.
    #[serde(default)]
    pub try_until: Option<Time>,
    /// What can be set, as it begins.
    pub settings: Settings,
    /// The topics as they begin.
    pub topics: Vec<TopicSpec>,
    /// The topic that the asynchronous shop, if there is one, sends orders to; one that is not in `topics` is a
    /// mistake with a lesson.
    pub orders_topic: String,
    /// The brokers' `auto.create.topics.enable`.
    pub auto_create_topics: bool,
    /// The brokers and controllers.
    #[serde(default)]
    pub cluster: ClusterSpec,
    /// How long a message between any two nodes takes.
    pub latency: Dist,
    /// Who orders what, and when, where there are shops.
    pub workload: Workload,
    /// Clients in place of the shops, if that is what it has.
    #[serde(default)]
    pub feed: Option<FeedSpec>,
    /// A stream application beside plain clients.
    #[serde(default)]
    pub app: Option<AppSpec>,
    /// A Lambda and a Kappa architecture beside plain clients.
    #[serde(default)]
    pub layers: Option<LayersSpec>,
    /// Commands that act by themselves.
    pub script: Vec<Acted>,
    /// Sentences shown at their time.
    pub captions: Vec<Caption>,
    /// Questions asked before the event and graded by the run.
    pub questions: Vec<Question>,
    /// How long the time line is at first; a run may go on after it.
    pub length: Span,
    /// The hours of a day, where that is what the scene takes.
    #[serde(default)]
    pub hours: Option<Hours>,
}

/// The latest time of a page and of links, where a scene does not take hours. To get there means to
/// simulate it all.
pub const LATEST: Time = Time(2 * 3_600 * 1_000_000);

/// A scene of hours is played faster than life, and its clock tells the time of day.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The second of the day that it begins at, below 86,400.
    pub from_s: u32,
    /// How many simulated seconds go by in a second at 1×, 1 or more.
    pub pace: u32,
}

impl Hours {
    /// A time as a clock on the wall shows it, to the second: `14:40:00`.
    #[must_use]
    pub fn clock(self, at: Time) -> String {
        let second = u64::from(self.from_s) + at.0 / 1_000_000;
        let (hours, minutes) = (second / 3_600 % 24, second / 60 % 60);
        format!("{hours:02}:{minutes:02}:{:02}", second % 60)
    }
}

impl Scenario {
    /// How many simulated seconds go by in a second at 1×.
    #[must_use]
    pub fn pace(&self) -> f64 {
        self.hours.map_or(1.0, |hours| f64::from(hours.pace))
    }

    /// The latest time that a page plays to: two hours at 1×, but a day at most.
    #[must_use]
    pub fn latest(&self) -> Time {
        let pace = self.hours.map_or(1, |hours| u64::from(hours.pace));
        Time((LATEST.0 * pace).min(12 * LATEST.0))
    }

    /// A time as its clock shows it, with milliseconds where it begins at zero.
    #[must_use]
    pub fn clock(&self, at: Time) -> String {
        self.hours
            .map_or_else(|| at.to_string(), |hours| hours.clock(at))
    }
}

/// How many of what a cluster is made of.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ClusterSpec {
    /// Brokers, 1 to 60.
    pub brokers: u32,
    /// Racks that the brokers are spread over in turn; 0 for none.
    pub racks: u32,
    /// Controllers: 0 for one broker that is its own, else 1, 3 or 5.
    pub controllers: u32,
    /// How many replicas each partition of the topics has.
    pub replication_factor: u32,
    /// The topics' `min.insync.replicas`.
    pub min_insync_replicas: u32,
    /// Whether eligible leader replicas are kept (KIP-966), as new clusters since 4.1 do.
    pub eligible_leader_replicas: bool,
    /// The brokers' `replica.lag.time.max.ms`.
    pub replica_lag_time_max_ms: u64,
    /// The controllers' `broker.session.timeout.ms`.
    pub broker_session_timeout_ms: u64,
    /// The controllers' `leader.imbalance.check.interval.seconds`, 1 or more.
    pub leader_imbalance_check_interval_s: u64,
    /// The brokers' `log.retention.check.interval.ms`, 1 or more.
    pub log_retention_check_interval_ms: u64,
}

impl Default for ClusterSpec {
    fn default() -> Self {
        Self {
            brokers: 1,
            racks: 0,
            controllers: 0,
            replication_factor: 1,
            min_insync_replicas: 1,
            eligible_leader_replicas: true,
            replica_lag_time_max_ms: 30_000,
            broker_session_timeout_ms: 9_000,
            leader_imbalance_check_interval_s: 300,
            log_retention_check_interval_ms: 300_000,
        }
    }
}

/// A topic to make at the start.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct TopicSpec {
    /// Its name.
    pub name: String,
    /// How many partitions.
    pub partitions: u32,
    /// Topic configs by their real names; `min.insync.replicas` is the cluster's unless it is here.
    #[serde(default, skip_serializing_if = "Map::is_empty")]
    pub configs: Map<String, String>,
}

/// A sentence shown at its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Caption {
    /// From when.
    pub at: Time,
    /// The sentence.
    pub text: String,
}

/// A question graded by the run itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Its name, unique in the scenario.
    pub id: String,
    /// When it is asked.
    pub ask: Cue,
    /// How long after it is asked the run has answered it.
    pub graded_after: Span,
    /// The question.
    pub text: String,
    /// What one may answer.
    pub options: Vec<String>,
    /// How the run answers.
    pub rule: Rule,
}

/// What makes a question come up: a time, or something that a person or the script does.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Cue {
    /// At this time.
    At(Time),
    /// A service was made at least three times as slow as usual.
    Slowed(Service),
    /// A service that was slow works as usual again.
    Recovered(Service),
    /// A service was stopped or killed.
    Stopped(Service),
    /// A broker was stopped, killed, or lost power.
    BrokerStopped,
    /// Orders come in a burst.
    Burst,
    /// At least half of all orders come from one customer.
    Skewed,
    /// A topic got more partitions.
    PartitionsAdded,
}

/// How a run answers a question: looks at its own outcome and names an option.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// In which shop were orders lost between asking and grading? Options: synchronous,
    /// asynchronous, both, neither.
    WhereLost,
    /// In which shop did customers give up? Options as for [`Rule::WhereLost`].
    WhereGaveUp,
    /// How long after asking was the asynchronous backlog down to what it was before the trouble?
    /// Options: one for each bound, and a last one for "later".
    BacklogGone {
        /// Upper bounds, ascending.
        within: Vec<Span>,
    },
    /// How many partitions of the orders topic have a payment lag of at least ten records when
    /// graded? Options: none, one, more than one.
    LaggingPartitions,
    /// Does this visitor buy between asking and grading, as far as the topic of clicks has heard by then?
    /// Options: no, yes.
    Buys {
        /// The visitor's name.
        user: String,
    },
    /// Were any orders processed twice in the asynchronous shop? Options: no, yes.
    ProcessedTwice,
    /// Was any order paid before an earlier one of the same customer? Options: no, yes.
    Overtaken,
    /// Was any record lost by the time of grading of which a producer was told that it is appended?
    /// Options: no, yes.
    AcknowledgedLost,
    /// Was a promise broken by the time of grading? Options: no, yes.
    Breaks {
        /// Which.
        promise: Promise,
    },
    /// For how long, between asking and grading, could nobody write to a partition because its leader
    /// was down or it had none? Options: one for each bound, and a last one for "longer".
    LeaderlessFor {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
        /// Upper bounds, ascending.
        bounds: Vec<Span>,
    },
    /// Had a partition as many in-sync replicas as `min.insync.replicas` asks for, when graded?
    /// Options: yes, no.
    StillTaken {
        /// The topic.
        topic: String,
        /// The partition.
        partition: u32,
    },
    /// Which of two architectures served right answers to both questions first, after the bug was
    /// fixed? Options: Lambda, Kappa, both at once.
    RightFirst,
    /// Whose wrong answers to what trends add up to less since the run began? Options: Lambda (batch),
    /// Kappa (stream), the same.
    LessWrong,
    /// Are the synchronous shop's customers answered as fast as before, when graded? Options: yes,
    /// no. As fast: half of the last five seconds' answers within half a second.
    SyncStillFast,
}
