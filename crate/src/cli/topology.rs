//! `millrace topology`: checks a stream application that is written as data, and runs it on records of
//! a file.

use super::{FAILED, OK, Streams, USAGE, input};
use crate::client::partitioner::partition_for_key;
use crate::stream::topology::{Line, Local, Plan, Task, TopicRole, Topology};
use serde::Deserialize;
use serde_json::{Value, json};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Check a topology, and run it. A topology is JSON: an `application.id` and a list of steps, each with
/// a name, the steps it reads (`from`) and what it does: source, filter, map, flat_map, select_key,
/// repartition, group, aggregate, table, join_table, join_static, join_stream, union, top or sink.
/// Without --input it is printed as `Topology.describe()` does, with the topics it takes. With it
/// what comes into its sinks is printed, one JSON object a line, in the order it came.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The topology.
    file: PathBuf,
    /// Records, one JSON object a line: {"topic": "tweets", "key": "ann", "value": "so #rain",
    /// "ts_ms": 1000}. The topic may be left out where there is one source only, key and ts_ms
    /// always.
    #[arg(long, value_name = "FILE.jsonl")]
    input: Option<PathBuf>,
    /// How many partitions each source topic has.
    #[arg(long, default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1_000))]
    partitions: u32,
    /// Positions are committed, and caches emptied, after so many records; at the end in any case.
    #[arg(long, value_name = "N", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..))]
    commit: u32,
    /// Print the stores as they are in the end too.
    #[arg(long)]
    stores: bool,
}

/// A record of the input.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Row {
    topic: Option<String>,
    key: Option<String>,
    #[serde(default)]
    value: Value,
    #[serde(default)]
    ts_ms: i64,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let plan = match read(&args.file, args.partitions) {
        Ok(plan) => Arc::new(plan),
        Err(trouble) => {
            writeln!(streams.stderr, "millrace: {trouble}")?;
            return Ok(USAGE);
        }
    };
    let Some(path) = &args.input else {
        return describe(&plan, streams);
    };
    let text = match input::text(path) {
        Ok(text) => text,
        Err(trouble) => {
            writeln!(streams.stderr, "millrace: {trouble}")?;
            return Ok(USAGE);
        }
    };
    let mut local = Local::new(Arc::clone(&plan), partition_for_key);
    let mut printed = vec![0; plan.topics.len()];
    let (mut bad, mut good) = (0, 0);
    for (number, line) in (1..)
        .zip(text.lines())
        .filter(|(_, line)| !line.trim().is_empty())
    {
        let row = serde_json::from_str::<Row>(line).map_err(|error| error.to_string());
        match row.and_then(|row| take(&mut local, row)) {
            Ok(()) => good += 1,
            Err(why) => {
                writeln!(streams.stderr, "{}:{number}: {why}", path.display())?;
                bad += 1;
            }
        }
        if good % args.commit == 0 {
            local.commit(0);
        }
        print(&local, &mut printed, streams)?;
    }
    local.commit(0);
    print(&local, &mut printed, streams)?;
    if args.stores {
        print_stores(&local, streams)?;
    }
    let left_out: u64 = local.tasks().iter().map(Task::left_out).sum();
    if left_out > 0 {
        writeln!(
            streams.stderr,
            "{left_out} records left out by the topology, for want of a key, a time or a value"
        )?;
    }
    if bad > 0 {
        writeln!(streams.stderr, "{}: {bad} lines left out", path.display())?;
    }
    Ok(if good == 0 && bad > 0 { FAILED } else { OK })
}

fn read(path: &Path, partitions: u32) -> Result<Plan, String> {
    let text = input::text(path)?;
    let topology = serde_json::from_str::<Topology>(&text);
    let topology = topology.map_err(|error| format!("{}: {error}", path.display()))?;
    let plan = topology.plan(|_| Some(partitions));
    plan.map_err(|why| format!("{}: {why}", path.display()))
}

fn describe(plan: &Plan, streams: &mut Streams<'_>) -> io::Result<u8> {
    write!(streams.stdout, "{}", plan.describe())?;
    for topic in &plan.topics {
        let (name, partitions) = (&topic.name, topic.partitions);
        let role = match topic.role {
            TopicRole::Source => "read",
            TopicRole::Sink => "written",
            TopicRole::Repartition => "internal, repartition",
            TopicRole::Changelog(_) => "internal, changelog",
        };
        match partitions {
            0 => writeln!(streams.stdout, "{name}: {role}")?,
            _ => writeln!(streams.stdout, "{name}: {role}, {partitions} partitions")?,
        }
    }
    writeln!(streams.stdout, "{} tasks", plan.tasks().count())?;
    Ok(OK)
}

/// Writes a record to its topic.
fn take(local: &mut Local, row: Row) -> Result<(), String> {
    let topics = local.plan().topics.iter().enumerate();
    let sources: Vec<(usize, &str)> = topics
        .filter(|(_, topic)| topic.role == TopicRole::Source)
        .map(|(number, topic)| (number, &*topic.name))
        .collect();
    let found = match (&row.topic, &sources[..]) {
        (None, [(only, _)]) => Some(*only),
        (None, _) => None,
        (Some(name), all) => all.iter().find(|(_, known)| known == name).map(|(n, _)| *n),
    };
    let Some(topic) = found else {
        let names: Vec<&str> = sources.iter().map(|(_, name)| *name).collect();
        return Err(format!("`topic` is one of {}", names.join(", ")));
    };
    let value = match row.value {
        Value::Null => None,
        Value::String(text) => Some(text.into_bytes()),
        other => Some(other.to_string().into_bytes()),
    };
    let line = Line {
        key: row.key.map(Into::into),
        value,
        ts: row.ts_ms,
    };
    local.write(topic, line, row.ts_ms);
    Ok(())
}

/// Prints what came into sinks since the last time.
fn print(local: &Local, printed: &mut [usize], streams: &mut Streams<'_>) -> io::Result<()> {
    for (topic, plan) in local.plan().topics.iter().enumerate() {
        if plan.role != TopicRole::Sink {
            continue;
        }
        for line in &local.log(topic)[0][printed[topic]..] {
            let value = line.value.as_ref().map(|value| {
                serde_json::from_slice(value)
                    .unwrap_or_else(|_| Value::from(String::from_utf8_lossy(value)))
            });
            let line = json!({
                "topic": &*plan.name, "key": line.key.as_deref(), "value": value, "ts_ms": line.ts,
            });
            writeln!(streams.stdout, "{line}")?;
        }
        printed[topic] = local.log(topic)[0].len();
    }
    Ok(())
}

fn print_stores(local: &Local, streams: &mut Streams<'_>) -> io::Result<()> {
    let plan = local.plan();
    for task in local.tasks() {
        for &(node, _) in &plan.subs[task.sub()].stores {
            for (key, value) in task.rows(node) {
                let (sub, partition) = (task.sub(), task.partition());
                let line = json!({
                    "store": &*plan.nodes[node].name, "task": format!("{sub}_{partition}"),
                    "key": key, "value": value,
                });
                writeln!(streams.stdout, "{line}")?;
            }
        }
    }
    Ok(())
}
