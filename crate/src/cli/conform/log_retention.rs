//! Which segments retention deletes: cases of Kafka's own tests, and what a real broker's log
//! directory held after records came and checks ran.

use super::{Case, Report, equal};
use crate::cluster::TopicConfig;
use crate::log::files::export;
use crate::log::{Batch, BatchBuilder, Log, LogConfig, Retention};
use crate::time::{Span, Time};
use regex_lite::Regex;
use serde_json::Value;
use std::collections::BTreeMap;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if let Some(left) = case.field("segments_left") {
        case.all_known(&CASE, report)?;
        report.check(case.path, check_case(case, left))?;
        return Ok(true);
    }
    let steps = case.value.as_array().map(Vec::as_slice).unwrap_or_default();
    if !steps.iter().any(|step| step.get("files").is_some()) {
        return Ok(false);
    }
    let mut told = Transcript::default();
    for (i, value) in steps.iter().enumerate() {
        let path = format!("{}[{i}]", case.path);
        let step = Case {
            list: case.name,
            name: &i.to_string(),
            path: &path,
            value,
            around: None,
        };
        told.step(&step, report)?;
    }
    Ok(true)
}

const CASE: [&str; 9] = [
    "test",
    "segment",
    "appends",
    "timestamps",
    "retention_bytes",
    "retention_ms",
    "cleanup_policy",
    "high_watermark",
    "segments_left",
];

/// Records of one size, each a batch, in a log that is checked once. What a case does not tell is as
/// in the tests that it is from: 15 records, five to a segment, made at the moment of the check, all
/// committed, and no limit to what is kept.
fn check_case(case: &Case<'_>, left: &Value) -> Result<(), String> {
    let now = Time::ZERO + Span::millis(1);
    let number = |name: &str| match case.field(name) {
        None => Ok(None),
        Some(value) => value
            .as_i64()
            .map(Some)
            .ok_or_else(|| format!("{name} is no number")),
    };
    let timestamp = number("timestamps")?.unwrap_or(now.event_ms());
    let batch = batch_of(timestamp, None, b"test")?;
    let bytes = |name: &str, otherwise: i64| match case.field(name) {
        None => Ok(otherwise),
        Some(value) => size(value, batch.size_in_bytes())
            .ok_or_else(|| format!("{name}: {value} is neither records nor bytes")),
    };
    let five = 5 * batch.size_in_bytes() as i64;
    let config = LogConfig {
        segment_bytes: u32::try_from(bytes("segment", five)?)
            .map_err(|_| "the segments are too large".to_owned())?,
        ..LogConfig::default()
    };
    let policy = case.str_field("cleanup_policy").unwrap_or("delete");
    let retention = Retention {
        ms: number("retention_ms")?.unwrap_or(-1),
        bytes: bytes("retention_bytes", -1)?,
        delete: policy.split(',').any(|word| word.trim() == "delete"),
    };
    let appends = number("appends")?.unwrap_or(15);
    if !(0..=1 << 16).contains(&appends) {
        return Err("appends is not a moderate number".to_owned());
    }
    let mut log = Log::new(config, now);
    for _ in 0..appends {
        let appended = log.append(batch.clone(), 0, now);
        appended.map_err(|e| e.to_string())?;
    }
    let committed = number("high_watermark")?.unwrap_or(log.log_end_offset());
    log.delete_old(now, committed, retention);
    let words = left
        .as_str()
        .map_or_else(|| left.to_string(), str::to_owned);
    let count = words.split(' ').next().and_then(|n| n.parse().ok());
    let count: usize = count.ok_or_else(|| format!("segments_left: '{words}' is not clear"))?;
    equal("segments left", log.segments().count(), count)?;
    let active = log.segments().next_back();
    let empty = active.is_some_and(|segment| segment.size_bytes() == 0);
    equal("an empty active one", empty, words.contains("empty"))
}

/// `10 records` of `record` bytes each, or a number of bytes.
fn size(value: &Value, record: usize) -> Option<i64> {
    match value.as_str() {
        None => value.as_i64(),
        Some(words) => {
            let count: i64 = words.strip_suffix(" records")?.parse().ok()?;
            count.checked_mul(i64::try_from(record).ok()?)
        }
    }
}

fn batch_of(timestamp: i64, key: Option<&[u8]>, value: &[u8]) -> Result<Batch, String> {
    let mut builder = BatchBuilder::new();
    builder.append(timestamp, key, Some(value), &[]);
    builder.build().ok_or_else(|| "no batch".to_owned())
}

/// How long a step takes, which a transcript does not tell: longer than the `segment.ms` and half of
/// the `retention.ms` of those we have, as starting one of Kafka's tools does.
const STEP: Span = Span::millis(2_500);

/// Topics of one partition, as the steps so far made them.
#[derive(Default)]
struct Transcript {
    now: Time,
    topics: BTreeMap<String, Topic>,
    /// Whose files are listed: the topic named last.
    current: String,
}

struct Topic {
    config: TopicConfig,
    log: Log,
    /// Files that retention took, and their sizes; they keep their names, with `.deleted` behind.
    deleted: BTreeMap<String, u64>,
}

impl Transcript {
    fn step(&mut self, step: &Case<'_>, report: &mut Report<'_>) -> io::Result<()> {
        self.now += STEP;
        if let (Some(topic), Some(records)) = (step.str_field("produce"), step.field("records")) {
            step.all_known(&["produce", "records"], report)?;
            return match self.produce(topic, records) {
                Ok(()) => Ok(()),
                Err(why) => report.fail(step.path, &why),
            };
        }
        if let (Some(topic), Some(result)) = (step.str_field("consume"), step.field("result")) {
            step.all_known(&["consume", "result"], report)?;
            return report.check(step.path, self.consume(topic, result));
        }
        if let Some(files) = step.field("files") {
            step.all_known(&["files"], report)?;
            return report.check(step.path, self.files(files));
        }
        if let (Some(command), Some(printed)) = (step.str_field("cmd"), step.str_field("stdout")) {
            step.all_known(&["cmd", "stdout", "stderr", "log", "rc"], report)?;
            let checked = self.command(command, printed);
            let succeeded = equal("rc", Some(0), step.field("rc").and_then(Value::as_i64));
            return report.check(step.path, checked.and(succeeded));
        }
        match step.field("step") {
            Some(Value::String(_)) => step.all_known(&["step"], report),
            _ => report.fail(step.path, "a step of a shape that is not known"),
        }
    }

    fn topic(&mut self, name: &str) -> Result<&mut Topic, String> {
        name.clone_into(&mut self.current);
        let topic = self.topics.get_mut(name);
        topic.ok_or_else(|| format!("there is no topic '{name}'"))
    }

    /// Each record a batch of its own, as the console producer sends them one by one.
    fn produce(&mut self, topic: &str, records: &Value) -> Result<(), String> {
        let now = self.now;
        let log = &mut self.topic(topic)?.log;
        for record in records.as_array().ok_or("records is not a list")? {
            let text = |i: usize| record.get(i).and_then(Value::as_str);
            let (Some(key), Some(value)) = (text(0), text(1)) else {
                return Err(format!("{record} is no key with a value"));
            };
            let batch = batch_of(now.event_ms(), Some(key.as_bytes()), value.as_bytes())?;
            log.append(batch, 0, now).map_err(|e| e.to_string())?;
        }
        Ok(())
    }

    fn consume(&mut self, topic: &str, result: &Value) -> Result<(), String> {
        let log = &self.topic(topic)?.log;
        let start = log.log_start_offset();
        let mut read = Vec::new();
        for batch in log.batches() {
            for record in batch.records() {
                let record = record.map_err(|e| e.to_string())?;
                if record.offset >= start {
                    let text = [record.key, record.value].map(|b| b.map(String::from_utf8_lossy));
                    read.push(serde_json::json!(text));
                }
            }
        }
        equal("read", Value::Array(read), result.clone())
    }

    /// Creating a topic, asking for an offset, deleting records: the three that concern retention.
    fn command(&mut self, command: &str, printed: &str) -> Result<(), String> {
        let option = |name: &str| {
            let pattern = format!(r"--{name} (\S+)");
            let pattern = Regex::new(&pattern).expect("the pattern is ours");
            let found = pattern.captures_iter(command);
            found.map(|found| found[1].to_owned()).collect::<Vec<_>>()
        };
        let topics = option("topic");
        let topic = topics.first().map_or(self.current.clone(), String::clone);
        let tool = command.split(' ').next().unwrap_or_default();
        let ours = match tool {
            "kafka-topics.sh" if command.contains(" --create") => {
                let mut config = TopicConfig::default();
                for setting in option("config") {
                    let (name, value) = setting.split_once('=').ok_or("a setting has no value")?;
                    let set = config.with(name, Some(value));
                    config = set.map_err(|e| e.to_string())?;
                }
                let log = Log::new(config.log, self.now);
                let made = Topic {
                    config,
                    log,
                    deleted: BTreeMap::new(),
                };
                self.topics.insert(topic.clone(), made);
                self.current.clone_from(&topic);
                format!("Created topic {topic}.\n")
            }
            "kafka-get-offsets.sh" => {
                let log = &self.topic(&topic)?.log;
                let offset = match option("time").first().map(String::as_str) {
                    Some("earliest" | "-2") => log.log_start_offset(),
                    None | Some("latest" | "-1") => log.log_end_offset(),
                    Some(time) => return Err(format!("--time {time} is not known here")),
                };
                format!("{topic}:0:{offset}\n")
            }
            "kafka-delete-records.sh" => {
                // The file is not in the transcript: the offset is the one that was answered.
                let pattern = Regex::new(r"low_watermark: (\d+)").expect("the pattern is ours");
                let answered = pattern.captures(printed).and_then(|n| n[1].parse().ok());
                let log = &mut self.topic(&topic)?.log;
                log.begin_at(answered.ok_or("no low watermark is told")?);
                let start = log.log_start_offset();
                format!(
                    "Executing records delete operation\nRecords delete operation completed:\n\
                     partition: {topic}-0\tlow_watermark: {start}\n"
                )
            }
            _ => return Err(format!("{tool} is not known here")),
        };
        equal("printed", ours.as_str(), printed)
    }

    /// What the directory holds. Retention was checked before it where it shows more files deleted
    /// than before. The active segment's indexes, whose files are as long as they may become, are not
    /// listed; producers' snapshots are, and we have none.
    fn files(&mut self, listed: &Value) -> Result<(), String> {
        let listed: BTreeMap<String, u64> =
            serde_json::from_value::<Vec<(String, u64)>>(listed.clone())
                .map_err(|error| error.to_string())?
                .into_iter()
                .filter(|(name, _)| !name.contains(".snapshot"))
                .collect();
        let now = self.now;
        let current = self.current.clone();
        let topic = self.topic(&current)?;
        let deleted = listed.keys().filter(|name| name.ends_with(".deleted"));
        if deleted.count() > topic.deleted.len() {
            topic.check(now)?;
        }
        let there = topic.log.segments();
        let logs = there.map(|segment| {
            let [log, ..] = export(&segment);
            (log.name, log.bytes.len() as u64)
        });
        let mut ours = topic.deleted.clone();
        ours.extend(logs);
        equal("files", ours, listed)
    }
}

impl Topic {
    /// One round of retention, all records being committed.
    fn check(&mut self, now: Time) -> Result<(), String> {
        let closing = batch_of(now.event_ms(), None, b"")?;
        // What is deleted was closed first, as one more record closes it here.
        let mut before = self.log.clone();
        before.set_config(LogConfig {
            segment_bytes: closing.size_in_bytes() as u32,
            ..self.config.log
        });
        before.append(closing, 0, now).map_err(|e| e.to_string())?;
        let retention = self.config.retention;
        let upto = self.log.log_end_offset();
        self.log.delete_old(now, upto, retention);
        let left = self.log.segments().next().map(|s| s.base_offset());
        let gone = before
            .segments()
            .filter(|segment| left.is_some_and(|left| segment.base_offset() < left));
        for file in gone.flat_map(|segment| export(&segment)) {
            let name = format!("{}.deleted", file.name);
            self.deleted.insert(name, file.bytes.len() as u64);
        }
        Ok(())
    }
}
