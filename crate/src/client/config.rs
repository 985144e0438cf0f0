//! The settings of producers and consumers, by their real names and with the defaults of Kafka 4.0.

use super::partitioner::Partitioner;
use crate::id::GroupId;
use crate::protocol::Acks;
use crate::time::Span;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Settings of a producer (`org.apache.kafka.clients.producer.ProducerConfig`).
///
/// `acks` is 1 until replication comes (Kafka's default is `all`), and with it idempotence is off,
/// as Kafka turns it off where it was not asked for by name: with more than one request in flight,
/// a retry may then reorder and duplicate.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ProducerConfig {
    /// How many copies before the broker answers.
    pub acks: Acks,
    /// A batch is sent when it has so many bytes; a record above it goes alone.
    #[serde(rename = "batch.size")]
    pub batch_size: u32,
    /// A batch is sent after so long even if it is not full, in milliseconds.
    #[serde(rename = "linger.ms")]
    pub linger_ms: u64,
    /// Requests that one broker may owe an answer to, 1 or more.
    #[serde(rename = "max.in.flight.requests.per.connection")]
    pub max_in_flight: u32,
    /// Bytes of records that wait to be sent or answered; at this limit sending blocks.
    #[serde(rename = "buffer.memory")]
    pub buffer_memory: u64,
    /// How many times a batch is sent again after an error that may pass.
    pub retries: u32,
    /// The pause before the first retry, in milliseconds; it doubles.
    #[serde(rename = "retry.backoff.ms")]
    pub retry_backoff_ms: u64,
    /// The longest pause, in milliseconds.
    #[serde(rename = "retry.backoff.max.ms")]
    pub retry_backoff_max_ms: u64,
    /// A record is delivered or failed within so long after it was batched, in milliseconds.
    #[serde(rename = "delivery.timeout.ms")]
    pub delivery_timeout_ms: u64,
    /// A broker that does not answer for so long is disconnected, in milliseconds.
    #[serde(rename = "request.timeout.ms")]
    pub request_timeout_ms: u64,
    /// How long sending may block for metadata or memory, in milliseconds.
    #[serde(rename = "max.block.ms")]
    pub max_block_ms: u64,
    /// The largest record and request, in bytes.
    #[serde(rename = "max.request.size")]
    pub max_request_size: u32,
    /// Metadata is asked for again after so long, in milliseconds.
    #[serde(rename = "metadata.max.age.ms")]
    pub metadata_max_age_ms: u64,
    /// How partitions are chosen (`partitioner.class`, or librdkafka's `partitioner`).
    pub partitioner: Partitioner,
    /// Whether the built-in partitioner treats every record as having no key.
    #[serde(rename = "partitioner.ignore.keys")]
    pub partitioner_ignore_keys: bool,
    /// Whether the built-in partitioner prefers partitions with short queues.
    #[serde(rename = "partitioner.adaptive.partitioning.enable")]
    pub partitioner_adaptive: bool,
}

impl Default for ProducerConfig {
    fn default() -> Self {
        Self {
            acks: Acks::One,
            batch_size: 16_384,
            linger_ms: 5,
            max_in_flight: 5,
            buffer_memory: 32 * 1024 * 1024,
            retries: i32::MAX.cast_unsigned(),
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            delivery_timeout_ms: 120_000,
            request_timeout_ms: 30_000,
            max_block_ms: 60_000,
            max_request_size: 1_048_576,
            metadata_max_age_ms: 300_000,
            partitioner: Partitioner::Default,
            partitioner_ignore_keys: false,
            partitioner_adaptive: true,
        }
    }
}

/// Settings that contradict themselves (`ConfigException`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ConfigError(pub String);

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

fn at_least(name: &str, value: u64, least: u64) -> Result<(), ConfigError> {
    if value >= least {
        return Ok(());
    }
    Err(ConfigError(format!(
        "Invalid value {value} for configuration {name}: Value must be at least {least}"
    )))
}

impl ProducerConfig {
    /// Checks what `KafkaProducer`'s constructor checks.
    ///
    /// # Errors
    /// `delivery.timeout.ms` below `linger.ms` + `request.timeout.ms`, or no request in flight
    /// allowed.
    pub fn validate(&self) -> Result<(), ConfigError> {
        at_least(
            "max.in.flight.requests.per.connection",
            self.max_in_flight.into(),
            1,
        )?;
        if self.delivery_timeout_ms < self.linger_ms.saturating_add(self.request_timeout_ms) {
            return Err(ConfigError(
                "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"
                    .into(),
            ));
        }
        Ok(())
    }

    pub(crate) fn linger(&self) -> Span {
        Span::millis(self.linger_ms)
    }

    pub(crate) fn delivery_timeout(&self) -> Span {
        Span::millis(self.delivery_timeout_ms)
    }

    pub(crate) fn request_timeout(&self) -> Span {
        Span::millis(self.request_timeout_ms)
    }
}

/// Where a consumer begins when its group has no position, or one that is out of range.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OffsetReset {
    /// At the first record still in the log.
    Earliest,
    /// After the last.
    #[default]
    Latest,
    /// Nowhere: the application gets an error.
    None,
}

/// Settings of a consumer (`org.apache.kafka.clients.consumer.ConsumerConfig`).
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ConsumerConfig {
    /// The group, for committing positions and for sharing topics with other members.
    #[serde(rename = "group.id")]
    pub group: Option<GroupId>,
    /// The broker answers a fetch when it has so many bytes.
    #[serde(rename = "fetch.min.bytes")]
    pub fetch_min_bytes: u32,
    /// Or after so long, in milliseconds.
    #[serde(rename = "fetch.max.wait.ms")]
    pub fetch_max_wait_ms: u64,
    /// At most so many bytes of one partition in an answer; the first batch comes whole.
    #[serde(rename = "max.partition.fetch.bytes")]
    pub max_partition_fetch_bytes: u32,
    /// At most so many bytes in an answer; the first batch comes whole.
    #[serde(rename = "fetch.max.bytes")]
    pub fetch_max_bytes: u32,
    /// At most so many records from one poll, 1 or more.
    #[serde(rename = "max.poll.records")]
    pub max_poll_records: u32,
    /// A member that does not poll for so long leaves its group, in milliseconds.
    #[serde(rename = "max.poll.interval.ms")]
    pub max_poll_interval_ms: u64,
    /// A member that is not heard of for so long is taken for dead, in milliseconds.
    #[serde(rename = "session.timeout.ms")]
    pub session_timeout_ms: u64,
    /// Milliseconds between heartbeats; less than the session timeout.
    #[serde(rename = "heartbeat.interval.ms")]
    pub heartbeat_interval_ms: u64,
    /// Whether positions are committed from within polls.
    #[serde(rename = "enable.auto.commit")]
    pub enable_auto_commit: bool,
    /// How often, in milliseconds.
    #[serde(rename = "auto.commit.interval.ms")]
    pub auto_commit_interval_ms: u64,
    /// Where to begin without a position.
    #[serde(rename = "auto.offset.reset")]
    pub auto_offset_reset: OffsetReset,
    /// Metadata is asked for again after so long, in milliseconds.
    #[serde(rename = "metadata.max.age.ms")]
    pub metadata_max_age_ms: u64,
    /// A broker that does not answer for so long is disconnected, in milliseconds.
    #[serde(rename = "request.timeout.ms")]
    pub request_timeout_ms: u64,
    /// How long a blocking commit tries, in milliseconds.
    #[serde(rename = "default.api.timeout.ms")]
    pub default_api_timeout_ms: u64,
    /// The pause before the first retry, in milliseconds; it doubles.
    #[serde(rename = "retry.backoff.ms")]
    pub retry_backoff_ms: u64,
    /// The longest pause, in milliseconds.
    #[serde(rename = "retry.backoff.max.ms")]
    pub retry_backoff_max_ms: u64,
    /// Whether subscribing to a topic that does not exist may make it.
    #[serde(rename = "allow.auto.create.topics")]
    pub allow_auto_create_topics: bool,
    /// Whether a pattern leaves out the cluster's own topics.
    #[serde(rename = "exclude.internal.topics")]
    pub exclude_internal_topics: bool,
    /// Whether a consumer that is closed leaves its group, or is missed after its session time-out.
    #[serde(rename = "internal.leave.group.on.close")]
    pub leave_group_on_close: bool,
}

impl Default for ConsumerConfig {
    fn default() -> Self {
        Self {
            group: None,
            fetch_min_bytes: 1,
            fetch_max_wait_ms: 500,
            max_partition_fetch_bytes: 1_048_576,
            fetch_max_bytes: 52_428_800,
            max_poll_records: 500,
            max_poll_interval_ms: 300_000,
            session_timeout_ms: 45_000,
            heartbeat_interval_ms: 3_000,
            enable_auto_commit: true,
            auto_commit_interval_ms: 5_000,
            auto_offset_reset: OffsetReset::Latest,
            metadata_max_age_ms: 300_000,
            request_timeout_ms: 30_000,
            default_api_timeout_ms: 60_000,
            retry_backoff_ms: 100,
            retry_backoff_max_ms: 1_000,
            allow_auto_create_topics: true,
            exclude_internal_topics: true,
            leave_group_on_close: true,
        }
    }
}

impl ConsumerConfig {
    /// Checks what `KafkaConsumer`'s constructor checks.
    ///
    /// # Errors
    /// A heartbeat interval that is not below the session timeout, or polls of no records.
    pub fn validate(&self) -> Result<(), ConfigError> {
        at_least("max.poll.records", self.max_poll_records.into(), 1)?;
        if self.heartbeat_interval_ms >= self.session_timeout_ms {
            return Err(ConfigError(
                "Heartbeat must be set lower than the session timeout".into(),
            ));
        }
        Ok(())
    }

    pub(crate) fn retry_backoff(&self) -> Span {
        Span::millis(self.retry_backoff_ms)
    }

    pub(crate) fn request_timeout(&self) -> Span {
        Span::millis(self.request_timeout_ms)
    }

    /// Without a group nothing is committed, whatever `enable.auto.commit` says.
    pub(crate) fn auto_commits(&self) -> bool {
        self.enable_auto_commit && self.group.is_some()
    }
}
