//! Changes of a partition's in-sync and eligible replicas, and how long a quota throttles.

use super::{Case, Report, equal};
use crate::cluster::election::{Change, Election, PartitionState, Rules, apply};
use crate::cluster::quota::{DEFAULT_WINDOW_MS, DEFAULT_WINDOW_NUM, bounded_throttle};
use crate::id::NodeId;
use serde_json::Value;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    if case.field("isr").is_some_and(Value::is_array) {
        case.all_known(&PARTITION, report)?;
        report.check(case.path, check_change(case))?;
        return Ok(true);
    }
    if case.field("observed").is_some_and(Value::is_number) {
        case.all_known(&QUOTA, report)?;
        report.check(case.path, check_quota(case))?;
        return Ok(true);
    }
    Ok(false)
}

const PARTITION: [&str; 24] = [
    "replicas",
    "isr",
    "elr",
    "last_known_elr",
    "leader",
    "leader_epoch",
    "partition_epoch",
    "recovering",
    "min_isr",
    "target_isr",
    "target_replicas",
    "unclean_shutdown",
    "dead",
    "alive",
    "election",
    "elr_enabled",
    "unclean_allowed",
    "use_last_known_leader",
    "result_isr",
    "result_elr",
    "result_last_known_elr",
    "result_leader",
    "result_leader_epoch",
    "result_partition_epoch",
];

/// The state before, the change, and what of the state after is told as `result_…`. A case with no
/// `result_…` begins with nobody eligible, and its `elr` and `last_known_elr` are the results.
///
/// Not told, and taken from Kafka's own tests of these rules: everybody is alive but those who shut
/// down uncleanly, the first in sync leads, and former eligible replicas are noted instead of the last
/// known leader.
fn check_change(case: &Case<'_>) -> Result<(), String> {
    let fields = case.value.as_object().ok_or("it is no object")?;
    let told = fields.keys().any(|name| name.starts_with("result_"));
    let before = |name: &str| {
        if told {
            Ok(nodes(case, name)?.unwrap_or_default())
        } else {
            Ok::<_, String>(Vec::new())
        }
    };
    let isr = nodes(case, "isr")?.unwrap_or_default();
    let target_isr = nodes(case, "target_isr")?;
    let target_replicas = nodes(case, "target_replicas")?;
    let unclean = nodes(case, "unclean_shutdown")?.unwrap_or_default();
    let dead = nodes(case, "dead")?;
    let alive = nodes(case, "alive")?;
    let elr = before("elr")?;
    let last_known_elr = before("last_known_elr")?;
    let replicas = if let Some(replicas) = nodes(case, "replicas")? {
        replicas
    } else {
        let named = [&isr, &elr, &last_known_elr, &unclean];
        let named = named.into_iter().chain(&target_isr).flatten();
        let mut replicas: Vec<NodeId> = named.copied().collect();
        replicas.sort_unstable();
        replicas.dedup();
        replicas
    };
    let leader = match case.field("leader") {
        None => isr.first().copied(),
        Some(leader) => node(leader)?,
    };
    let state = PartitionState {
        leader,
        leader_epoch: number(case, "leader_epoch")?.unwrap_or(0),
        partition_epoch: number(case, "partition_epoch")?.unwrap_or(0),
        recovering: flag(case, "recovering")?.unwrap_or(false),
        replicas,
        isr,
        elr,
        last_known_elr,
        ..PartitionState::default()
    };
    let rules = Rules {
        elr: flag(case, "elr_enabled")?.unwrap_or(true),
        last_known_leader: flag(case, "use_last_known_leader")?.unwrap_or(false),
        unclean_allowed: flag(case, "unclean_allowed")?.unwrap_or(false),
        ..Rules::new(number(case, "min_isr")?.map_or(1, |n| n.max(0) as usize))
    };
    let change = Change {
        target_isr,
        target_replicas,
        election: election(case)?,
        unclean_shutdown: &unclean,
        ..Change::default()
    };
    let lives = |node: NodeId| match (&alive, &dead) {
        (Some(alive), _) => alive.contains(&node),
        (None, Some(dead)) => !dead.contains(&node),
        (None, None) => !unclean.contains(&node),
    };
    let after = apply(&state, &change, &rules, lives).unwrap_or_else(|| state.clone());
    check_after(case, &after, if told { "result_" } else { "" })
}

fn check_after(case: &Case<'_>, after: &PartitionState, prefix: &str) -> Result<(), String> {
    let mut checked = 0;
    for (name, ours, theirs_in_order) in [
        ("elr", &after.elr, false),
        ("last_known_elr", &after.last_known_elr, false),
        ("isr", &after.isr, true),
    ] {
        // Without results told apart, the ISR is the one before.
        if prefix.is_empty() && name == "isr" {
            continue;
        }
        let Some(mut theirs) = nodes(case, &format!("{prefix}{name}"))? else {
            continue;
        };
        let mut ours = ours.clone();
        if !theirs_in_order {
            ours.sort_unstable();
            theirs.sort_unstable();
        }
        checked += 1;
        equal(name, ours, theirs)?;
    }
    if let Some(leader) = case.field("result_leader") {
        checked += 1;
        equal("leader", after.leader, node(leader)?)?;
    }
    for (name, ours) in [
        ("result_leader_epoch", after.leader_epoch),
        ("result_partition_epoch", after.partition_epoch),
    ] {
        if let Some(theirs) = number(case, name)? {
            checked += 1;
            equal(name, ours, theirs)?;
        }
    }
    if checked == 0 {
        return Err("nothing is expected of it".to_owned());
    }
    Ok(())
}

fn nodes(case: &Case<'_>, name: &str) -> Result<Option<Vec<NodeId>>, String> {
    let strange = || format!("{name}: a list of brokers expected");
    let list = match case.field(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(list) => list.as_array().ok_or_else(strange)?,
    };
    let ids = list.iter().map(|id| node(id)?.ok_or_else(strange));
    ids.collect::<Result<_, _>>().map(Some)
}

/// A broker's number; `null` and -1 are none.
fn node(value: &Value) -> Result<Option<NodeId>, String> {
    match value.as_i64() {
        None if value.is_null() => Ok(None),
        Some(-1) => Ok(None),
        number => number
            .and_then(|id| u32::try_from(id).ok())
            .map(|id| Some(NodeId(id)))
            .ok_or_else(|| format!("{value} is no broker")),
    }
}

fn number(case: &Case<'_>, name: &str) -> Result<Option<i32>, String> {
    let number = |value: &Value| value.as_i64().and_then(|n| i32::try_from(n).ok());
    match case.field(name) {
        None => Ok(None),
        Some(value) => number(value)
            .map(Some)
            .ok_or_else(|| format!("{name}: {value} is no number")),
    }
}

fn flag(case: &Case<'_>, name: &str) -> Result<Option<bool>, String> {
    match case.field(name) {
        None => Ok(None),
        Some(value) => value
            .as_bool()
            .map(Some)
            .ok_or_else(|| format!("{name}: {value} is neither true nor false")),
    }
}

fn election(case: &Case<'_>) -> Result<Election, String> {
    let Some(name) = case.field("election") else {
        return Ok(Election::Preferred);
    };
    let name = name.as_str().unwrap_or_default().to_lowercase();
    match name.as_str() {
        "preferred" => Ok(Election::Preferred),
        "online" | "any" => Ok(Election::Online),
        "unclean" => Ok(Election::Unclean),
        _ => Err(format!("election '{name}' is not known")),
    }
}

const QUOTA: [&str; 6] = [
    "observed",
    "quota",
    "samples",
    "window_ms",
    "max_throttle_ms",
    "throttle_ms",
];

/// A rate over `samples` samples, the last of which is being filled, against its quota.
fn check_quota(case: &Case<'_>) -> Result<(), String> {
    let float = |name: &str| {
        let value = case.field(name).and_then(Value::as_f64);
        value.ok_or_else(|| format!("{name}: a number expected"))
    };
    let whole = |name: &str| match case.field(name) {
        None => Ok(None),
        Some(value) => {
            let number = value.as_u64().map(Some);
            number.ok_or_else(|| format!("{name}: {value} is no whole number"))
        }
    };
    let samples = whole("samples")?.unwrap_or(u64::from(DEFAULT_WINDOW_NUM));
    let window_ms = match whole("window_ms")? {
        Some(window_ms) => window_ms,
        None => samples.saturating_sub(1).saturating_mul(DEFAULT_WINDOW_MS),
    };
    let max_ms = whole("max_throttle_ms")?.unwrap_or(u64::MAX);
    let ours = bounded_throttle(float("observed")?, float("quota")?, window_ms, max_ms);
    let theirs = whole("throttle_ms")?.ok_or("nothing is expected of it")?;
    equal("throttle_ms", ours, theirs)
}
