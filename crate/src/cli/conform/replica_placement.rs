//! Replicas placed by Kafka's two placers, with the random numbers of its tests.

use super::{Case, Report, equal};
use crate::cluster::placement::{
    PlacementError, Start, StripedPlacer, UsableBroker, assign_replicas_to_brokers, striped,
};
use crate::id::NodeId;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;

pub(super) fn judge(case: &Case<'_>, report: &mut Report<'_>) -> io::Result<bool> {
    let Some(fields) = case.value.as_object() else {
        return Ok(false);
    };
    if fields.contains_key("partitions") && fields.contains_key("rf") {
        case.all_known(&PLACEMENT, report)?;
        report.check(case.path, check_placement(case))?;
        return Ok(true);
    }
    if let Some((name, placed)) = fields.iter().find(|(name, _)| factor_of(name).is_some()) {
        case.all_known(&["brokers", name], report)?;
        report.check(case.path, check_rack_list(case, name, placed))?;
        return Ok(true);
    }
    if let Some(counts) = fields.get("counts") {
        case.all_known(&["brokers", "counts"], report)?;
        report.check(case.path, check_counts(case, counts))?;
        return Ok(true);
    }
    Ok(false)
}

const PLACEMENT: [&str; 10] = [
    "brokers",
    "partitions",
    "rf",
    "fixed_start_index",
    "start_partition_id",
    "existing",
    "test_expected",
    "kafka_code_result",
    "kafka_code_error",
    "agrees_with_test",
];

/// Kafka's `MockRandom`, which its tests give to the placer: a linear congruential generator.
struct MockRandom(u64);

impl MockRandom {
    fn new() -> Self {
        Self(17)
    }

    /// The next 31 bits, not negative.
    fn next(&mut self) -> i32 {
        self.0 = self
            .0
            .wrapping_mul(2_862_933_555_777_941_757)
            .wrapping_add(3_037_000_493);
        (self.0 >> 33) as i32
    }

    /// `java.util.Random.nextInt(bound)`.
    fn draw(&mut self, bound: usize) -> usize {
        let n = bound as i32;
        if n & (n - 1) == 0 {
            return ((i64::from(n) * i64::from(self.next())) >> 31) as usize;
        }
        loop {
            let bits = self.next();
            let value = bits % n;
            if bits.checked_sub(value - (n - 1)).is_some() {
                return value as usize;
            }
        }
    }
}

fn check_placement(case: &Case<'_>) -> Result<(), String> {
    let brokers = case.field("brokers").ok_or("there are no brokers")?;
    let kind = case.str_field("kind").unwrap_or(match brokers {
        Value::Object(_) => "AdminUtils",
        _ => "Striped",
    });
    let brokers = read_brokers(brokers)?;
    let partitions = number(case, "partitions")?.ok_or("partitions: a number expected")?;
    let factor = number(case, "rf")?.ok_or("rf: a number expected")?;
    let start = number(case, "start_partition_id")?.unwrap_or(-1);
    let start = usize::try_from(start).unwrap_or(0);
    let mut random = MockRandom::new();
    let mut draw = |n: usize| random.draw(n);
    let ours = match kind {
        "AdminUtils" => {
            let fixed = number(case, "fixed_start_index")?.unwrap_or(-1);
            let from = Start {
                fixed_index: usize::try_from(fixed).ok(),
                partition: start,
            };
            assign_replicas_to_brokers(&brokers, partitions, factor, from, &mut draw)
        }
        "Striped" => {
            let existing = case.field("existing").map_or(Ok(Vec::new()), read_placed)?;
            let partitions = usize::try_from(partitions).map_err(|error| error.to_string())?;
            striped(&brokers, &existing, partitions, factor, &mut draw)
        }
        _ => return Err(format!("placer '{kind}' is not known")),
    };
    let ours = ours
        .map(|placed| by_partition(&placed, start))
        .map_err(|error: PlacementError| format!("{}: {error}", error.class()));
    let told = |name: &str| case.field(name).filter(|value| !value.is_null());
    if let Some(error) = told("kafka_code_error") {
        let theirs = error.as_str().unwrap_or_default().to_owned();
        return equal("error", ours.err(), Some(theirs));
    }
    let ours = ours?;
    let begins = number(case, "fixed_start_index")?.unwrap_or(-1) >= 0;
    if kind == "AdminUtils" && !begins && brokers.len() > 1 {
        return Err("where to begin is left to chance".to_owned());
    }
    let by_code = told("kafka_code_result");
    // What the code gives counts where the test says otherwise.
    let agrees = case.field("agrees_with_test") != Some(&Value::Bool(false));
    let by_test = told("test_expected").filter(|_| agrees || by_code.is_none());
    if by_code.is_none() && by_test.is_none() {
        return Err("nothing is expected of it".to_owned());
    }
    for theirs in by_code.into_iter().chain(by_test) {
        let theirs = match theirs {
            Value::Array(_) => by_partition(&read_placed(theirs)?, start),
            _ => theirs.clone(),
        };
        equal("placement", &ours, &theirs)?;
    }
    Ok(())
}

/// A partition's number and its replicas.
fn by_partition(placed: &[Vec<NodeId>], start: usize) -> Value {
    let placed = placed.iter().enumerate();
    placed
        .map(|(i, replicas)| ((start + i).to_string(), json!(replicas)))
        .collect()
}

/// The number in `place4`.
fn factor_of(name: &str) -> Option<i32> {
    name.strip_prefix("place")?.parse().ok()
}

/// What the racks give, partition after partition.
fn check_rack_list(case: &Case<'_>, name: &str, placed: &Value) -> Result<(), String> {
    let brokers = match case.field("brokers") {
        Some(brokers) => read_brokers(brokers)?,
        None => brokers_of_test(case.str_field("source").unwrap_or_default())?,
    };
    let factor = factor_of(name).ok_or("no replication factor")?;
    let theirs = read_placed(placed)?;
    if theirs.is_empty() {
        return Err("nothing is expected of it".to_owned());
    }
    let mut random = MockRandom::new();
    let mut draw = |n: usize| random.draw(n);
    let mut placer = StripedPlacer::new(&brokers, &[], &mut draw);
    for (i, theirs) in theirs.into_iter().enumerate() {
        let ours = placer
            .place(factor, &mut draw)
            .map_err(|error| error.to_string())?;
        equal(&format!("partition {i}"), ours, theirs)?;
    }
    Ok(())
}

/// How often each list of replicas comes; there are as many partitions as lists, and the brokers are
/// those in them.
fn check_counts(case: &Case<'_>, counts: &Value) -> Result<(), String> {
    let strange = || "counts: lists of brokers and how often they come expected".to_owned();
    let counts = counts.as_object().ok_or_else(strange)?;
    let mut theirs: BTreeMap<Vec<NodeId>, u64> = BTreeMap::new();
    for (ids, count) in counts {
        let ids = ids.split(',').map(|id| id.trim().parse().map(NodeId));
        let ids: Vec<NodeId> = ids.collect::<Result<_, _>>().map_err(|_| strange())?;
        theirs.insert(ids, count.as_u64().ok_or_else(strange)?);
    }
    let brokers = if let Some(brokers) = case.field("brokers") {
        read_brokers(brokers)?
    } else {
        let mut ids: Vec<NodeId> = theirs.keys().flatten().copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids.into_iter().map(UsableBroker::new).collect()
    };
    let factor = theirs.keys().next().ok_or_else(strange)?.len() as i32;
    let partitions = theirs.values().sum::<u64>() as usize;
    let mut random = MockRandom::new();
    let placed = striped(&brokers, &[], partitions, factor, &mut |n| random.draw(n));
    let mut ours: BTreeMap<Vec<NodeId>, u64> = BTreeMap::new();
    for replicas in placed.map_err(|error| error.to_string())? {
        *ours.entry(replicas).or_default() += 1;
    }
    theirs.retain(|_, count| *count > 0);
    equal("counts", ours, theirs)
}

/// The brokers of Kafka's test that `source` names, for cases that leave them out.
fn brokers_of_test(source: &str) -> Result<Vec<UsableBroker>, String> {
    let test = source.rsplit('#').next().unwrap_or_default();
    let brokers = match test {
        "testRackListWithMultipleRacks" => "11@1,10@1,30@3,31@3,21@2,20@2(fenced)",
        "testRackListWithInvalidRacks" => {
            "11@1,10@1,30@3(fenced),31@3(fenced),20@2(fenced),21@2(fenced),41@4,40@4(fenced)"
        }
        "testAvoidFencedReplicaIfPossibleOnSingleRack" => "3,1(fenced),0,4,2",
        "testPlacementOnFencedReplicaOnSingleRack" => "3,1(fenced),2",
        _ => return Err(format!("the brokers of '{test}' are not told")),
    };
    brokers.split(',').map(read_broker).collect()
}

/// A map of racks (or `null`) by broker, a list of `{id, rack, fenced}`, or `3,1(fenced),0`.
fn read_brokers(brokers: &Value) -> Result<Vec<UsableBroker>, String> {
    match brokers {
        Value::String(text) => text.split(',').map(read_broker).collect(),
        Value::Array(list) => list.iter().map(broker_object).collect(),
        Value::Object(racks) => {
            let mut brokers = Vec::new();
            for (id, rack) in racks {
                let mut broker = read_broker(id)?;
                broker.rack = read_rack(rack)?;
                brokers.push(broker);
            }
            brokers.sort_by_key(|broker| broker.id);
            Ok(brokers)
        }
        _ => Err(format!("brokers: {brokers} is not known")),
    }
}

/// `3`, `1(fenced)`, `11@rack`
fn read_broker(text: &str) -> Result<UsableBroker, String> {
    let strange = || format!("'{text}' is no broker");
    let live = text.trim();
    let (live, fenced) = match live.strip_suffix("(fenced)") {
        Some(rest) => (rest.trim_end(), true),
        None => (live, false),
    };
    let (id, rack) = match live.split_once('@') {
        Some((id, rack)) => (id, Some(rack.to_owned())),
        None => (live, None),
    };
    let id = NodeId(id.parse().map_err(|_| strange())?);
    Ok(UsableBroker { id, rack, fenced })
}

fn broker_object(value: &Value) -> Result<UsableBroker, String> {
    let strange = || format!("{value} is no broker");
    if value.is_number() {
        return read_broker(&value.to_string());
    }
    let fields = value.as_object().ok_or_else(strange)?;
    if let Some(unknown) = fields
        .keys()
        .find(|name| !["id", "rack", "fenced"].contains(&name.as_str()))
    {
        return Err(format!("'{unknown}' of a broker is not known"));
    }
    let id = fields.get("id").and_then(Value::as_u64);
    let id = id.and_then(|id| u32::try_from(id).ok());
    let fenced = match fields.get("fenced") {
        None => false,
        Some(fenced) => fenced.as_bool().ok_or_else(strange)?,
    };
    Ok(UsableBroker {
        id: NodeId(id.ok_or_else(strange)?),
        rack: fields.get("rack").map_or(Ok(None), read_rack)?,
        fenced,
    })
}

fn read_rack(rack: &Value) -> Result<Option<String>, String> {
    match rack {
        Value::Null => Ok(None),
        Value::String(rack) => Ok(Some(rack.clone())),
        _ => Err(format!("{rack} is no rack")),
    }
}

fn read_placed(placed: &Value) -> Result<Vec<Vec<NodeId>>, String> {
    serde_json::from_value(placed.clone()).map_err(|error| format!("{placed}: {error}"))
}

fn number(case: &Case<'_>, name: &str) -> Result<Option<i32>, String> {
    let number = |value: &Value| value.as_i64().and_then(|n| i32::try_from(n).ok());
    match case.field(name).filter(|value| !value.is_null()) {
        None => Ok(None),
        Some(value) => number(value)
            .map(Some)
            .ok_or_else(|| format!("{name}: {value} is no number")),
    }
}
