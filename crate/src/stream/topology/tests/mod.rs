//! Topologies against what each operator should do, against naive models, and against a crash.

mod checks;
mod operators;
#[cfg(not(target_arch = "wasm32"))]
mod properties;

use super::*;
use serde_json::json;

/// A partition for a key, as any hash would give it.
fn partition(key: &[u8], partitions: u32) -> u32 {
    (crate::sketch::fingerprint(key) % u64::from(partitions)) as u32
}

/// A topology of these steps, as people write it.
fn topology(cache: bool, steps: &Json) -> Topology {
    let whole = json!({"application.id": "app", "cache": cache, "steps": steps});
    serde_json::from_value(whole).expect("a topology")
}

fn plan(cache: bool, partitions: u32, steps: &Json) -> Result<Plan, String> {
    topology(cache, steps).plan(|topic| (!topic.starts_with("no")).then_some(partitions))
}

fn local(cache: bool, partitions: u32, steps: &Json) -> Local {
    let plan = plan(cache, partitions, steps).expect("a sound topology");
    Local::new(Arc::new(plan), partition)
}

/// Writes records of `(topic, key, value, ts)`, then commits.
fn play(local: &mut Local, records: &[(&str, Option<&str>, Json, i64)]) {
    for (topic, key, value, ts) in records {
        write(local, topic, *key, value, *ts);
    }
    local.commit(0);
}

fn write(local: &mut Local, topic: &str, key: Option<&str>, value: &Json, ts: i64) {
    let topic = local.plan().topic(topic).expect("a topic of the plan");
    let line = Line {
        key: key.map(Into::into),
        value: (!value.is_null()).then(|| value.to_string().into_bytes()),
        ts,
    };
    local.write(topic, line, 0);
}

/// What a topic has, as `key value @ts`, partition by partition.
fn told(local: &Local, topic: &str) -> Vec<String> {
    let topic = local.plan().topic(topic).expect("a topic of the plan");
    let lines = local.log(topic).iter().flatten();
    lines.map(line).collect()
}

fn line(line: &Line) -> String {
    let value = line
        .value
        .as_ref()
        .map(|v| String::from_utf8_lossy(v).into_owned());
    format!(
        "{} {} @{}",
        line.key.as_deref().unwrap_or("–"),
        value.unwrap_or_else(|| "null".into()),
        line.ts
    )
}
