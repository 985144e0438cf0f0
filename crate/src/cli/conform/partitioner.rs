//! Hashes and partitions of keys; the load table and the sticky rule.

use super::{Case, Report, crc32c, equal, unhex};
use crate::client::partitioner::{
    LoadTable, Partitions, Sticky, crc32, crc32_partition_for_key, murmur2, partition_for_key,
    to_positive,
};
use serde_json::Value;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if let Some(partitions) = real_cluster(case.list)
        && let Some(partition) = case.value.as_u64()
    {
        let ours = partition_for_key(case.name.as_bytes(), partitions);
        report.check(case.path, equal("partition", u64::from(ours), partition))?;
        return Ok(true);
    }
    if let Some((key, hash)) = case.pair()
        && case.list.contains("murmur2")
        && let Some(key) = key.as_str()
    {
        let ours = murmur2(key.as_bytes());
        let checked = match hash {
            Value::String(spelt) => equal("murmur2", format!("{ours:08x}"), spelt.to_lowercase()),
            other => equal("murmur2", Some(i64::from(ours)), other.as_i64()),
        };
        report.check(case.path, checked)?;
        return Ok(true);
    }
    if let Some(key) = key_of(case) {
        case.all_known(&KEYED, report)?;
        let checked = key.and_then(|key| check_key(case, &key));
        report.check(case.path, checked)?;
        return Ok(true);
    }
    if let Some(queues) = case.field("queue_sizes") {
        case.all_known(
            &[
                "queue_sizes",
                "expected_frequencies",
                "inverted",
                "cft",
                "mapping",
            ],
            report,
        )?;
        report.check(case.path, check_load(case, queues))?;
        return Ok(true);
    }
    if let Some(size) = case.field("sticky_batch_size").and_then(Value::as_u64) {
        case.all_known(&["sticky_batch_size"], report)?;
        report.check(case.path, check_sticky(size as usize))?;
        return Ok(true);
    }
    Ok(false)
}

/// The number in `confirmed_on_real_cluster_4_partitions`.
fn real_cluster(list: &str) -> Option<u32> {
    let count = list.strip_suffix("_partitions")?.rsplit('_').next()?;
    count.parse().ok().filter(|&n| n > 0)
}

const KEYED: [&str; 10] = [
    "key",
    "key_hex",
    "key_utf8",
    "hash",
    "murmur2",
    "positive",
    "partition",
    "crc32c",
    "crc32",
    "crc32_partition",
];

/// The key of a case that says something of a key.
fn key_of(case: &Case<'_>) -> Option<Result<Vec<u8>, String>> {
    let says = KEYED[3..].iter().any(|name| case.field(name).is_some());
    let key = match case.str_field("key_hex") {
        Some(spelt) => unhex(spelt),
        None => {
            let text = case
                .str_field("key")
                .or_else(|| case.str_field("key_utf8"))?;
            Ok(text.as_bytes().to_vec())
        }
    };
    says.then_some(key)
}

fn check_key(case: &Case<'_>, key: &[u8]) -> Result<(), String> {
    let hash = murmur2(key);
    let number = |name: &str, ours: i64| match case.field(name) {
        None => Ok(()),
        Some(theirs) => equal(name, Some(ours), theirs.as_i64()),
    };
    number("hash", i64::from(hash))?;
    number("murmur2", i64::from(hash))?;
    number("positive", i64::from(to_positive(hash)))?;
    number("crc32", i64::from(crc32(key)))?;
    if let Some(crc) = case.field("crc32c") {
        crc32c::check(key, crc.as_u64().ok_or("crc32c is not a number")?)?;
    }
    if let (Some(_), Some(text)) = (case.field("key_hex"), case.str_field("key_utf8")) {
        equal("key_utf8", text.as_bytes(), key)?;
    }
    partitions(case.field("partition"), |n| partition_for_key(key, n))?;
    partitions(case.field("crc32_partition"), |n| {
        crc32_partition_for_key(key, n)
    })
}

/// A map from how many partitions there are to the one chosen.
fn partitions(map: Option<&Value>, ours: impl Fn(u32) -> u32) -> Result<(), String> {
    let Some(map) = map else {
        return Ok(());
    };
    let map = map.as_object().ok_or("partition is not a map")?;
    for (count, partition) in map {
        let n = count.parse().ok().filter(|&n| n > 0);
        let n = n.ok_or_else(|| format!("'{count}' is not a number of partitions"))?;
        equal(
            &format!("partition of {n}"),
            Some(u64::from(ours(n))),
            partition.as_u64(),
        )?;
    }
    Ok(())
}

fn check_load(case: &Case<'_>, queues: &Value) -> Result<(), String> {
    let lengths = numbers(queues)?;
    let queues: Vec<(u32, u32)> = (0..).zip(lengths.iter().map(|&n| n as u32)).collect();
    let table = LoadTable::new(&queues, 0).ok_or("there is nothing to adapt to")?;
    let sums = table.sums();
    if let Some(theirs) = case.field("cft") {
        equal("cft", sums.to_vec(), numbers(theirs)?)?;
    }
    let end = sums.last().copied().unwrap_or_default();
    let mut drawn = vec![0; queues.len()];
    for random in 0..end {
        drawn[table.pick(random as u32) as usize] += 1;
    }
    for name in ["expected_frequencies", "inverted"] {
        if let Some(theirs) = case.field(name) {
            equal(name, drawn.clone(), numbers(theirs)?)?;
        }
    }
    let mapping = case.field("mapping").and_then(Value::as_object);
    for (range, partition) in mapping.into_iter().flatten() {
        let (from, to) = range.split_once('-').unwrap_or((range, range));
        let bounds = from.parse::<u32>().ok().zip(to.parse::<u32>().ok());
        let (from, to) = bounds.ok_or_else(|| format!("'{range}' is not a range"))?;
        for random in [from, to] {
            let ours = u64::from(table.pick(random));
            equal(&format!("pick of {random}"), Some(ours), partition.as_u64())?;
        }
    }
    Ok(())
}

/// `BuiltInPartitionerTest.testStickyPartitioning`: records of one byte, and random numbers in turn.
fn check_sticky(batch_size: usize) -> Result<(), String> {
    if batch_size > 1 << 20 {
        return Err("a batch of over 1 MiB, byte by byte".to_owned());
    }
    let mut random = 0;
    let mut next = || {
        random += 1;
        random
    };
    for (available, moves) in [(&[0, 1, 2][..], true), (&[0], false)] {
        let topic = Partitions {
            count: available.len() as u32,
            available,
        };
        let mut sticky = Sticky::default();
        let first = sticky.current(topic, &mut next);
        for _ in 0..batch_size {
            equal("partition", sticky.current(topic, &mut next), first)?;
            sticky.appended(1, batch_size, true, topic, &mut next);
        }
        let moved = sticky.current(topic, &mut next) != first;
        equal("moved after a batch", moved, moves)?;
    }
    Ok(())
}

fn numbers(value: &Value) -> Result<Vec<u64>, String> {
    let items = value
        .as_array()
        .map(|items| items.iter().map(Value::as_u64));
    items
        .and_then(Iterator::collect)
        .ok_or_else(|| format!("{value} is not a list of numbers"))
}
