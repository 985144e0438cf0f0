//! The live topic table, a record's bytes, and the life of one order.

use super::panel::{LifeStep, TopicRow};
use super::scene::{order_in, topic_order};
use crate::id::{OrderId, TopicId, TopicPartition};
use crate::log::Record;
use crate::protocol::{Lane, Service};
use crate::shop::hue_of;
use crate::sim::{Moment, Told, World};
use crate::time::{EVENT_EPOCH_MS, Span, Time, in_order};
use std::fmt::Write as _;

/// Which records of a topic to list.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Wanted {
    /// Only of this partition.
    pub partition: Option<u32>,
    /// Only those whose key contains this.
    pub key: String,
    /// Only from this offset on (in each partition); the youngest if not said.
    pub from: Option<i64>,
    /// At most so many.
    pub most: usize,
}

/// Names of all topics, those of the pipeline first.
#[must_use]
pub fn names(world: &World) -> Vec<String> {
    topic_order(world)
        .into_iter()
        .map(|topic| world.topic_name(topic).to_string())
        .collect()
}

/// Records of a topic: the youngest first, or, from an offset on, the oldest first.
#[must_use]
pub fn topic_rows(world: &World, topic: &str, wanted: &Wanted) -> Vec<TopicRow> {
    let Some(topic) = world.topic_id(topic) else {
        return Vec::new();
    };
    let partitions = 0..world.partitions(topic);
    let mut rows = Vec::new();
    for partition in partitions.filter(|p| wanted.partition.is_none_or(|only| only == *p)) {
        partition_rows(world, topic, partition, wanted, &mut rows);
    }
    // They lie partition by partition, and equals keep their places.
    rows.sort_by_cached_key(|row| in_order(row.offset));
    if wanted.from.is_none() {
        rows.sort_by_cached_key(|row| in_order(row.timestamp_ms));
        rows.reverse();
    }
    rows.truncate(wanted.most);
    rows
}

fn partition_rows(
    world: &World,
    topic: TopicId,
    partition: u32,
    wanted: &Wanted,
    rows: &mut Vec<TopicRow>,
) {
    let Some(log) = world.log(TopicPartition::new(topic, partition)) else {
        return;
    };
    let enough = rows.len() + wanted.most;
    let mut take = |record: &Record<'_>| {
        let row = row(partition, record);
        if row.key.contains(&wanted.key) && wanted.from.is_none_or(|from| row.offset >= from) {
            rows.push(row);
        }
        rows.len() < enough
    };
    // Whole batches at a time, and a few more rows than wanted do no harm: they are cut off later.
    if let Some(from) = wanted.from {
        for batch in log.batches().filter(|batch| batch.last_offset() >= from) {
            if !batch.records().flatten().all(|record| take(&record)) {
                return;
            }
        }
    } else {
        for batch in log.batches().rev() {
            let all = batch.records().flatten().map(|record| take(&record));
            if all.filter(|more| !more).count() > 0 {
                return;
            }
        }
    }
}

fn row(partition: u32, record: &Record<'_>) -> TopicRow {
    TopicRow {
        partition,
        offset: record.offset,
        hue: record.key.map_or(0, hue_of),
        key: String::from_utf8_lossy(record.key.unwrap_or_default()).into_owned(),
        value: String::from_utf8_lossy(record.value.unwrap_or_default()).into_owned(),
        timestamp_ms: record.timestamp,
        order: record.value.and_then(order_in),
    }
}

/// The batch that holds a record as it lies in the log, as a hex dump with its header named.
#[must_use]
pub fn record_bytes(world: &World, topic: &str, partition: u32, offset: i64) -> Option<String> {
    let log = world.log(TopicPartition::new(world.topic_id(topic)?, partition))?;
    let batch = log
        .batches()
        .rev()
        .find(|batch| batch.base_offset <= offset)?;
    if batch.last_offset() < offset {
        return None;
    }
    let mut bytes = Vec::with_capacity(batch.size_in_bytes());
    batch.encode_into(&mut bytes);
    let mut text = format!(
        "baseOffset {}  leaderEpoch {}  magic 2  crc {:#010x}  records {}  {} bytes\n",
        batch.base_offset,
        batch.leader_epoch,
        batch.crc(),
        batch.count(),
        bytes.len()
    );
    for (line, chunk) in bytes.chunks(16).enumerate() {
        write!(text, "{:06x} ", line * 16).expect("writing to a string cannot fail");
        for byte in chunk {
            write!(text, " {byte:02x}").expect("writing to a string cannot fail");
        }
        let shown = chunk.iter().map(|b| {
            if b.is_ascii_graphic() {
                *b as char
            } else {
                '·'
            }
        });
        let gap = "   ".repeat(16 - chunk.len());
        let shown: String = shown.collect();
        writeln!(text, "{gap}  {shown}").expect("writing to a string cannot fail");
    }
    Some(text)
}

/// Everything that happened to one order, by time: in both shops, and in the log.
#[must_use]
pub fn life(moment: &Moment, order: OrderId) -> Vec<LifeStep> {
    let Some(row) = moment.metrics.order(order) else {
        return Vec::new();
    };
    let mut steps = vec![LifeStep {
        at: row.placed_at,
        lane: String::new(),
        what: "placed in both shops".into(),
    }];
    for (lane, name) in [(Lane::Sync, "sync"), (Lane::Async, "async")] {
        let own = &row.lanes[lane as usize];
        let mut add = |after: Span, what: String| {
            steps.push(LifeStep {
                at: row.placed_at + after,
                lane: name.into(),
                what,
            });
        };
        for service in Service::ALL {
            if let Some(after) = own.done_after[service.index()] {
                add(after, done(service, own.times[service.index()], order));
            }
        }
        match own.told {
            Told::Nothing => {}
            Told::Answered if lane == Lane::Sync => {
                add(own.told_after, "answered: complete".into());
            }
            Told::Answered => add(own.told_after, "answered: accepted".into()),
            Told::Declined => add(own.told_after, "answered: payment declined".into()),
            Told::Refused => add(own.told_after, "told that it failed".into()),
            Told::GaveUp => add(own.told_after, "the customer gave up waiting".into()),
        }
    }
    steps.extend(in_log(&moment.world, order));
    steps.sort_by_cached_key(|step| step.at.0);
    steps
}

fn done(service: Service, times: u8, order: OrderId) -> String {
    let what = match service {
        Service::Payment => "paid".to_owned(),
        Service::Warehouse => "packed".to_owned(),
        Service::Shipping => format!("handed to {}", carrier(order)),
    };
    if times > 1 {
        format!("{what} ({times} times)")
    } else {
        what
    }
}

/// Who carries an order.
#[must_use]
pub fn carrier(order: OrderId) -> &'static str {
    if order.0.is_multiple_of(2) {
        "USPS"
    } else {
        "FedEx"
    }
}

fn in_log(world: &World, order: OrderId) -> Vec<LifeStep> {
    let mut steps = Vec::new();
    for topic in topic_order(world) {
        for partition in 0..world.partitions(topic) {
            let Some(log) = world.log(TopicPartition::new(topic, partition)) else {
                continue;
            };
            for record in log.batches().flat_map(|batch| batch.records()).flatten() {
                if record.value.and_then(order_in) != Some(order) {
                    continue;
                }
                let ms = (record.timestamp - EVENT_EPOCH_MS).max(0).unsigned_abs();
                let name = world.topic_name(topic);
                steps.push(LifeStep {
                    at: Time::ZERO + Span::millis(ms),
                    lane: "async".into(),
                    what: format!("sent to {name}-{partition}, offset {}", record.offset),
                });
            }
        }
    }
    steps
}
