//! Stream tasks on simulated nodes: what at-least-once promises, with and without crashes.
//!
//! `MILLRACE_SEEDS=2000 cargo test --release -p millrace-tests --test stream_tasks` runs more.

use millrace::app::AppSpec;
use millrace::id::TopicPartition;
use millrace::map::Map;
use millrace::protocol::Stop;
use millrace::scenario::{self, Scenario, TopicSpec};
use millrace::sim::faults::{Intensity, Mischief, mend_all, random_faults};
use millrace::sim::{Acted, Command, Timeline, World};
use millrace::stream::topology::Topology;
use millrace::time::Time;
use millrace_tests::play;
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// Records of `orders` are counted by their keys, and, through a repartition topic, by the last digit
/// of their keys.
fn topology(cache: bool) -> Topology {
    let topology = json!({"application.id": "counter", "cache": cache, "steps": [
        {"name": "orders", "does": {"source": {"topics": ["orders"]}}},
        {"name": "by-key", "from": ["orders"], "does": {"group": {}}},
        {"name": "keys", "from": ["by-key"], "does": {"aggregate": {"fold": "count"}}},
        {"name": "even", "from": ["orders"], "does": {"group": {"by": {"subtract": [
            {"field": "n"}, {"multiply": [{"constant": 7}, {"divide": [{"field": "n"}, {"constant": 7}]}]},
        ]}}}},
        {"name": "sevenths", "from": ["even"], "does": {"aggregate": {"fold": "count"}}},
        {"name": "out-keys", "from": ["keys"], "does": {"sink": {"topic": "keys"}}},
        {"name": "out-sevenths", "from": ["sevenths"], "does": {"sink": {"topic": "sevenths"}}},
    ]});
    serde_json::from_value(topology).expect("a topology")
}

fn scene(cache: bool, workers: u32) -> Scenario {
    let mut scene = scenario::by_name("cluster").expect("the scene is there");
    for name in ["keys", "sevenths"] {
        scene.topics.push(TopicSpec {
            name: name.into(),
            partitions: 2,
            configs: Map::new(),
        });
    }
    scene.app = Some(AppSpec {
        commit_interval_ms: 2_000,
        session_timeout_ms: 6_000,
        ..AppSpec::new(topology(cache), workers)
    });
    scene
}

fn run(scene: &Scenario, seed: u64) -> Timeline {
    Timeline::new(scene.clone(), seed).expect("the scene holds together")
}

fn stop(node: &str, how: Stop) -> Command {
    Command::Stop {
        node: node.to_owned(),
        how,
    }
}

fn start(node: &str) -> Command {
    Command::Start {
        node: node.to_owned(),
    }
}

/// Each record of a topic: key and value.
fn records(world: &World, topic: &str) -> Vec<(String, Value)> {
    let topic = world.topic_id(topic).expect("the topic is there");
    let mut all = Vec::new();
    for partition in 0..world.partitions(topic) {
        let log = world
            .log(TopicPartition::new(topic, partition))
            .expect("kept");
        for record in log.batches().flat_map(|batch| batch.records()).flatten() {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let value = record
                .value
                .map_or(Value::Null, |v| serde_json::from_slice(v).expect("JSON"));
            all.push((record.key.map(text).unwrap_or_default(), value));
        }
    }
    all
}

/// The newest count of each key.
fn counts(world: &World, topic: &str) -> BTreeMap<String, i64> {
    let all = records(world, topic).into_iter();
    all.map(|(key, value)| (key, value.as_i64().expect("a count")))
        .collect()
}

/// What the counts are by what the log of `orders` has.
fn expected(world: &World) -> [BTreeMap<String, i64>; 2] {
    let (mut keys, mut sevenths) = (BTreeMap::new(), BTreeMap::new());
    for (key, value) in records(world, "orders") {
        let n = value["n"].as_i64().expect("a number");
        *keys.entry(key).or_insert(0) += 1;
        *sevenths.entry((n % 7).to_string()).or_insert(0) += 1;
    }
    [keys, sevenths]
}

/// Producers stop, and everything that was sent is counted.
fn settle(timeline: &mut Timeline) {
    timeline
        .act(Command::SetRate { per_s: 0.0 })
        .expect("a rate");
    let now = timeline.now().0 / 1_000_000;
    play(timeline, now + 30);
}

fn assert_exact(timeline: &Timeline) {
    let world = &timeline.moment().world;
    let [keys, sevenths] = expected(world);
    assert!(keys.values().sum::<i64>() > 50, "{keys:?}");
    assert_eq!(counts(world, "keys"), keys);
    assert_eq!(counts(world, "sevenths"), sevenths);
}

#[test]
fn without_a_crash_every_record_is_counted_once() {
    for (cache, workers) in [(true, 1), (true, 3), (false, 2), (true, 5)] {
        let mut timeline = run(&scene(cache, workers), 3);
        play(&mut timeline, 20);
        settle(&mut timeline);
        assert_exact(&timeline);
        let world = &timeline.moment().world;
        let tasks: usize = world
            .app()
            .expect("an application")
            .workers
            .iter()
            .map(|&w| world.worker(w).expect("a worker").tasks().len())
            .sum();
        assert_eq!(tasks, 6, "three partitions of two sub-topologies");
        let changes = records(world, "counter-keys-changelog").len();
        let orders = records(world, "orders").len();
        assert!(
            if cache {
                changes < orders
            } else {
                changes == orders
            },
            "{changes} of {orders}"
        );
        assert_eq!(timeline.moment().promises.broken(), None);
    }
}

/// How much more was counted than there is, over all keys. Never may less have been.
fn excess(world: &World) -> [i64; 2] {
    let expected = expected(world);
    ["keys", "sevenths"].map(|topic| {
        let counted = counts(world, topic);
        let expected = &expected[usize::from(topic == "sevenths")];
        for (key, n) in expected {
            let counted = counted.get(key).copied().unwrap_or(0);
            assert!(
                counted >= *n,
                "{topic}: {key} is {n} times there and was counted {counted} times"
            );
        }
        counted.values().sum::<i64>() - expected.values().sum::<i64>()
    })
}

/// How many tasks run, over all workers.
fn running(world: &World) -> usize {
    let workers = &world.app().expect("an application").workers;
    let tasks = workers
        .iter()
        .flat_map(|&w| world.worker(w).expect("a worker").tasks());
    tasks
        .filter(|task| task.state() == millrace::app::TaskState::Running)
        .count()
}

#[test]
fn a_worker_killed_with_nothing_in_flight_leaves_the_same_counts() {
    for (seed, cache) in (0..6).flat_map(|seed| [(seed, true), (seed, false)]) {
        let mut timeline = run(&scene(cache, 3), seed);
        play(&mut timeline, 12);
        timeline
            .act(Command::SetRate { per_s: 0.0 })
            .expect("a rate");
        play(&mut timeline, 17);
        timeline
            .act(stop("worker-2", Stop::Killed))
            .expect("it runs");
        timeline
            .act(Command::SetRate { per_s: 12.0 })
            .expect("a rate");
        play(&mut timeline, 30);
        let world = &timeline.moment().world;
        assert_eq!(running(world), 6, "the tasks have moved");
        let restored: u64 = world
            .app()
            .expect("an application")
            .workers
            .iter()
            .flat_map(|&w| world.worker(w).expect("a worker").tasks())
            .map(millrace::app::RunningTask::restored)
            .sum();
        assert!(restored > 0, "from their changelogs");
        if seed.is_multiple_of(2) {
            timeline.act(start("worker-2")).expect("it is down");
        }
        settle(&mut timeline);
        assert_exact(&timeline);
    }
}

#[test]
fn a_worker_that_is_asked_to_stop_commits_first() {
    for seed in 0..8_u64 {
        let mut timeline = run(&scene(seed.is_multiple_of(2), 3), seed);
        play(&mut timeline, 9);
        timeline
            .act(stop("worker-1", Stop::Clean))
            .expect("it runs");
        play(&mut timeline, 12 + seed);
        timeline.act(start("worker-1")).expect("it is down");
        play(&mut timeline, 30);
        settle(&mut timeline);
        assert_exact(&timeline);
    }
}

#[test]
fn a_worker_killed_at_any_moment_loses_nothing_and_counts_twice_what_was_not_committed() {
    let (mut twice, mut exact) = (0, 0);
    for seed in 0..40_u64 {
        let mut timeline = run(&scene(seed.is_multiple_of(2), 3), seed);
        // Anywhere in a commit interval, to the millisecond.
        let at = Time(10_000_000 + seed * 53_000);
        assert!(timeline.run_until(at, 20_000_000));
        timeline
            .act(stop("worker-2", Stop::Killed))
            .expect("it runs");
        play(&mut timeline, 30);
        settle(&mut timeline);
        let [keys, sevenths] = excess(&timeline.moment().world);
        // Two workers' shares of 12 records a second, for the commit interval and what a commit takes;
        // behind the repartition topic once more.
        assert!(
            keys <= 36 && sevenths <= 72,
            "seed {seed}: {keys} and {sevenths} too many"
        );
        assert_eq!(timeline.moment().promises.broken(), None, "seed {seed}");
        if keys + sevenths > 0 {
            twice += 1;
        } else {
            exact += 1;
        }
    }
    assert!(
        twice > 5 && exact > 0,
        "{twice} counted some twice, {exact} none"
    );
}

/// Random faults of brokers, clients, workers and the network, for a minute; then all is mended.
fn survive(seed: u64) -> (bool, [i64; 2]) {
    let scene = scene(seed.is_multiple_of(2), 1 + (seed % 3) as u32);
    let mut timeline = run(&scene, seed);
    let until = Time(60_000_000);
    let script = random_faults(seed, &scene, until, Intensity::Medium, Mischief::Faults);
    // A worker that is only cut off or frozen may still write to a changelog what is no longer so:
    // at-least-once has no fence against it.
    let mut zombies = false;
    for Acted { command, .. } in &script {
        let text = serde_json::to_string(command).expect("a command");
        zombies |=
            text.contains("worker-") && !text.contains("\"stop\"") && !text.contains("\"start\"");
    }
    timeline.script(script);
    play(&mut timeline, 60);
    // Twice, since who was asked to stop may only now hear that it may.
    for round in 1..=2 {
        for command in mend_all(&scene) {
            timeline.act(command).expect("everything may be mended");
        }
        play(&mut timeline, 60 + 45 * round);
    }
    settle(&mut timeline);
    play(&mut timeline, 240);
    let moment = timeline.moment();
    assert_eq!(moment.promises.broken(), None, "seed {seed}");
    assert_eq!(running(&moment.world), 6, "seed {seed}: every task runs");
    let summary = millrace::view::summary::Summary::of(&timeline);
    let (name, group) = summary.groups.last().expect("the application's group");
    assert_eq!(
        (&**name, group.lag),
        ("counter", 0),
        "seed {seed}: everything is read"
    );
    let counted = if zombies {
        [0, 0]
    } else {
        excess(&moment.world)
    };
    (zombies, counted)
}

#[test]
fn after_random_faults_everything_catches_up_and_nothing_is_lost() {
    let number = |name: &str, usual: u64| {
        let set = std::env::var(name).ok().and_then(|n| n.parse().ok());
        set.unwrap_or(usual)
    };
    let (from, seeds) = (number("MILLRACE_FROM", 0), number("MILLRACE_SEEDS", 120));
    let mut failed = Vec::new();
    let (mut fenced, mut twice) = (0, 0);
    for seed in from..from + seeds {
        match std::panic::catch_unwind(|| survive(seed)) {
            Ok((zombies, counted)) => {
                fenced += u64::from(!zombies);
                twice += u64::from(counted != [0, 0]);
            }
            Err(_) => failed.push(seed),
        }
    }
    assert!(failed.is_empty(), "seeds that fail: {failed:?}");
    assert!(fenced > seeds / 4, "{fenced} of {seeds} without zombies");
    println!(
        "{fenced} of {seeds} runs checked for losses, {twice} of them counted some records twice"
    );
}
