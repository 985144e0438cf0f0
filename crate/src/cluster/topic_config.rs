//! The settings of a topic, by their real names (`TopicConfig`, `LogConfig`).

use crate::log::{LogConfig, Retention};
use crate::map::Map;
use std::fmt;

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
enum Kind {
    /// A 32-bit number of at least this.
    Int(i64),
    /// A 64-bit number of at least this.
    Long(i64),
    /// A number from 0 to 1.
    Ratio,
    /// `true` or `false`, in any case.
    Bool,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// Some of these, separated by commas.
    List(&'static [&'static str]),
    /// Anything.
    Text,
}

/// Every setting there is. Those that nothing here looks at yet are taken and shown all the same.
const SETTINGS: &[(&str, Kind)] = &[
    (CLEANUP_POLICY, Kind::List(&["compact", "delete"])),
    ("compression.gzip.level", Kind::Int(-1)),
    ("compression.lz4.level", Kind::Int(1)),
    (
        "compression.type",
        Kind::OneOf(&["uncompressed", "zstd", "lz4", "snappy", "gzip", "producer"]),
    ),
    ("compression.zstd.level", Kind::Int(-131_072)),
    ("delete.retention.ms", Kind::Long(0)),
    ("file.delete.delay.ms", Kind::Long(0)),
    ("flush.messages", Kind::Long(1)),
    ("flush.ms", Kind::Long(0)),
    ("follower.replication.throttled.replicas", Kind::Text),
    (INDEX_INTERVAL_BYTES, Kind::Int(0)),
    ("leader.replication.throttled.replicas", Kind::Text),
    ("local.retention.bytes", Kind::Long(-2)),
    ("local.retention.ms", Kind::Long(-2)),
    ("max.compaction.lag.ms", Kind::Long(1)),
    (MAX_MESSAGE_BYTES, Kind::Int(0)),
    (TIMESTAMP_AFTER_MAX_MS, Kind::Long(0)),
    (TIMESTAMP_BEFORE_MAX_MS, Kind::Long(0)),
    (
        TIMESTAMP_TYPE,
        Kind::OneOf(&["CreateTime", LOG_APPEND_TIME]),
    ),
    ("min.cleanable.dirty.ratio", Kind::Ratio),
    ("min.compaction.lag.ms", Kind::Long(0)),
    (MIN_INSYNC_REPLICAS, Kind::Int(1)),
    ("preallocate", Kind::Bool),
    ("remote.log.copy.disable", Kind::Bool),
    ("remote.log.delete.on.disable", Kind::Bool),
    ("remote.storage.enable", Kind::Bool),
    (RETENTION_BYTES, Kind::Long(i64::MIN)),
    (RETENTION_MS, Kind::Long(-1)),
    // Kafka 4.0 wants 1 MiB at least; that is not enforced here, so that segments can be small
    // enough to look at.
    (SEGMENT_BYTES, Kind::Int(14)),
    (SEGMENT_INDEX_BYTES, Kind::Int(4)),
    ("segment.jitter.ms", Kind::Long(0)),
    (SEGMENT_MS, Kind::Long(1)),
    (UNCLEAN_LEADER_ELECTION, Kind::Bool),
];

const CLEANUP_POLICY: &str = "cleanup.policy";
const INDEX_INTERVAL_BYTES: &str = "index.interval.bytes";
const LOG_APPEND_TIME: &str = "LogAppendTime";
const MAX_MESSAGE_BYTES: &str = "max.message.bytes";
const MIN_INSYNC_REPLICAS: &str = "min.insync.replicas";
const UNCLEAN_LEADER_ELECTION: &str = "unclean.leader.election.enable";
const RETENTION_BYTES: &str = "retention.bytes";
const RETENTION_MS: &str = "retention.ms";
const SEGMENT_BYTES: &str = "segment.bytes";
const SEGMENT_INDEX_BYTES: &str = "segment.index.bytes";
const SEGMENT_MS: &str = "segment.ms";
const TIMESTAMP_AFTER_MAX_MS: &str = "message.timestamp.after.max.ms";
const TIMESTAMP_BEFORE_MAX_MS: &str = "message.timestamp.before.max.ms";
const TIMESTAMP_TYPE: &str = "message.timestamp.type";

/// Why a setting was refused, in Kafka's words.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TopicConfigError {
    /// There is no such setting (`InvalidConfigurationException`).
    Unknown(String),
    /// The value does not suit it (`ConfigException`).
    Invalid {
        /// The setting.
        name: String,
        /// The value.
        value: String,
        /// What it should be.
        why: String,
    },
    /// It is not set, so it cannot be unset.
    NotSet(String),
}

impl fmt::Display for TopicConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(name) => write!(f, "Unknown topic config name: {name}"),
            Self::Invalid { name, value, why } => {
                write!(f, "Invalid value {value} for configuration {name}: {why}")
            }
            Self::NotSet(name) => write!(f, "Invalid config(s): {name}"),
        }
    }
}

impl std::error::Error for TopicConfigError {}

/// What was set on a topic, and what it amounts to.
#[derive(Clone, PartialEq, Debug)]
pub struct TopicConfig {
    overrides: Map<String, String>,
    /// How the log is cut into segments.
    pub log: LogConfig,
    /// How long and how much of it is kept.
    pub retention: Retention,
    /// The largest batch that is taken, in bytes.
    pub max_message_bytes: usize,
    /// Whether the broker's clock stamps records rather than the producer's.
    pub log_append_time: bool,
    /// How far ahead of the broker's clock a timestamp may be, in milliseconds.
    pub timestamp_after_max_ms: i64,
    /// How far behind.
    pub timestamp_before_max_ms: i64,
    /// How many replicas must be in sync for a record sent with `acks=all` to be taken, and for
    /// anything to be committed.
    pub min_insync_replicas: u32,
    /// Whether a replica that may lack committed records is elected where no other is there.
    pub unclean_leader_election: bool,
}

impl Default for TopicConfig {
    fn default() -> Self {
        Self {
            overrides: Map::new(),
            log: LogConfig::default(),
            retention: Retention::default(),
            max_message_bytes: 1_048_588,
            log_append_time: false,
            timestamp_after_max_ms: 3_600_000,
            timestamp_before_max_ms: i64::MAX,
            min_insync_replicas: 1,
            unclean_leader_election: false,
        }
    }
}

impl TopicConfig {
    /// The settings of a topic made with these.
    ///
    /// # Errors
    /// The first that is unknown or unsuitable, in the order of their names.
    pub fn new(overrides: &Map<String, String>) -> Result<Self, TopicConfigError> {
        for (name, value) in overrides.iter() {
            check(name, value)?;
        }
        let number = |name: &str| {
            overrides
                .get(name)
                .and_then(|v| v.trim().parse::<i64>().ok())
        };
        let small = |name: &str| number(name).and_then(|n| u32::try_from(n).ok());
        let mut config = Self {
            overrides: overrides.clone(),
            ..Self::default()
        };
        let log = &mut config.log;
        set(&mut log.segment_bytes, small(SEGMENT_BYTES));
        set(&mut log.segment_ms, number(SEGMENT_MS));
        set(&mut log.index_interval_bytes, small(INDEX_INTERVAL_BYTES));
        set(&mut log.segment_index_bytes, small(SEGMENT_INDEX_BYTES));
        set(&mut config.retention.ms, number(RETENTION_MS));
        set(&mut config.retention.bytes, number(RETENTION_BYTES));
        let policy = overrides.get(CLEANUP_POLICY);
        let delete = policy.map(|list| list.split(',').any(|one| one.trim() == "delete"));
        set(&mut config.retention.delete, delete);
        let max = small(MAX_MESSAGE_BYTES).map(|n| n as usize);
        set(&mut config.max_message_bytes, max);
        let (after, before) = (TIMESTAMP_AFTER_MAX_MS, TIMESTAMP_BEFORE_MAX_MS);
        set(&mut config.timestamp_after_max_ms, number(after));
        set(&mut config.timestamp_before_max_ms, number(before));
        set(&mut config.min_insync_replicas, small(MIN_INSYNC_REPLICAS));
        let unclean = overrides.get(UNCLEAN_LEADER_ELECTION);
        let unclean = unclean.map(|v| v.trim().eq_ignore_ascii_case("true"));
        set(&mut config.unclean_leader_election, unclean);
        let by_broker = overrides.get(TIMESTAMP_TYPE).map(|v| v == LOG_APPEND_TIME);
        set(&mut config.log_append_time, by_broker);
        Ok(config)
    }

    /// The same with one setting changed, or unset with `None`.
    ///
    /// # Errors
    /// The setting is unknown or the value unsuitable, or there is nothing to unset.
    pub fn with(&self, name: &str, value: Option<&str>) -> Result<Self, TopicConfigError> {
        let mut overrides = self.overrides.clone();
        match value {
            Some(value) => {
                overrides.insert(name.to_owned(), value.to_owned());
            }
            None if overrides.remove(name).is_some() => {}
            None => return Err(TopicConfigError::NotSet(name.to_owned())),
        }
        Self::new(&overrides)
    }

    /// What was set, by name.
    pub fn overrides(&self) -> impl Iterator<Item = (&str, &str)> {
        self.overrides.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }
}

fn set<T>(field: &mut T, value: Option<T>) {
    if let Some(value) = value {
        *field = value;
    }
}

fn check(name: &str, value: &str) -> Result<(), TopicConfigError> {
    let Some(&(_, kind)) = SETTINGS.iter().find(|(setting, _)| *setting == name) else {
        return Err(TopicConfigError::Unknown(name.to_owned()));
    };
    let invalid = |why: String| TopicConfigError::Invalid {
        name: name.to_owned(),
        value: value.to_owned(),
        why,
    };
    let trimmed = value.trim();
    let number = |kind: &str, fits: fn(&str) -> Option<i64>, least: i64| match fits(trimmed) {
        None => Err(invalid(format!("Not a number of type {kind}"))),
        Some(n) if n < least => Err(invalid(format!("Value must be at least {least}"))),
        Some(_) => Ok(()),
    };
    let one_of = |value: &str, all: &[&str]| {
        if all.contains(&value) {
            Ok(())
        } else {
            Err(invalid(format!(
                "String must be one of: {}",
                all.join(", ")
            )))
        }
    };
    match kind {
        Kind::Int(least) => number("INT", |s| s.parse::<i32>().ok().map(i64::from), least),
        Kind::Long(least) => number("LONG", |s| s.parse().ok(), least),
        // JSON's numbers, the only ones with a fraction that the page can read, begin with a digit.
        Kind::Ratio => match serde_json::from_slice::<f64>(&match trimmed.strip_prefix('.') {
            Some(fraction) => format!("0.{fraction}").into_bytes(),
            None => trimmed.into(),
        }) {
            Ok(n) if n < 0.0 => Err(invalid("Value must be at least 0".into())),
            Ok(n) if n > 1.0 => Err(invalid("Value must be no more than 1".into())),
            Ok(_) => Ok(()),
            Err(_) => Err(invalid("Not a number of type DOUBLE".into())),
        },
        Kind::Bool if ["true", "false"].contains(&trimmed.to_ascii_lowercase().as_str()) => Ok(()),
        Kind::Bool => Err(invalid("Expected value to be either true or false".into())),
        Kind::OneOf(all) => one_of(trimmed, all),
        Kind::List(all) => trimmed
            .split(',')
            .try_for_each(|item| one_of(item.trim(), all)),
        Kind::Text => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn says(name: &str, value: &str) -> String {
        let overrides = Map::from([(name.to_owned(), value.to_owned())]);
        match TopicConfig::new(&overrides) {
            Ok(_) => "taken".into(),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn settings_are_refused_in_kafkas_words() {
        assert_eq!(says("nosuch", "1"), "Unknown topic config name: nosuch");
        assert_eq!(
            says("min.insync.replicas", "0"),
            "Invalid value 0 for configuration min.insync.replicas: Value must be at least 1"
        );
        assert_eq!(
            says("retention.ms", "soon"),
            "Invalid value soon for configuration retention.ms: Not a number of type LONG"
        );
        assert_eq!(
            says("message.timestamp.type", "Now"),
            "Invalid value Now for configuration message.timestamp.type: String must be one of: \
             CreateTime, LogAppendTime"
        );
        for (name, value) in [
            ("cleanup.policy", "compact,delete"),
            ("min.cleanable.dirty.ratio", "0.1"),
            ("retention.bytes", "-1"),
            ("preallocate", "TRUE"),
            ("remote.log.copy.disable", "true"),
            ("remote.log.delete.on.disable", "false"),
        ] {
            assert_eq!(says(name, value), "taken", "{name}");
        }
    }

    #[test]
    fn what_is_set_takes_effect_and_can_be_unset() {
        let config = TopicConfig::default()
            .with("segment.bytes", Some("700"))
            .and_then(|c| c.with("max.message.bytes", Some("1000")))
            .expect("both are valid");
        assert_eq!(
            (config.log.segment_bytes, config.max_message_bytes),
            (700, 1_000)
        );
        let config = config.with("segment.bytes", None).expect("it was set");
        assert_eq!(config.log.segment_bytes, 1 << 30);
        assert_eq!(config.overrides().count(), 1);
        let error = config
            .with("segment.bytes", None)
            .expect_err("it is not set");
        assert_eq!(error.to_string(), "Invalid config(s): segment.bytes");
    }
}
