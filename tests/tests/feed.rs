//! A world without shops: plain clients, what commands do to them, and what is told of them.

use millrace::cluster::Replica;
use millrace::id::{GroupId, TopicPartition};
use millrace::protocol::{Acks, Carries, Fact, Service, Stamp, Stop};
use millrace::scenario::{self, CommitMode, Partitioning};
use millrace::sim::faults::{Intensity, Mischief, mend_all, random_faults};
use millrace::sim::{Acted, Command, Happening, Node, Status, Timeline, World};
use millrace::time::Time;
use millrace_tests::{acked_and_lag, play};
use std::collections::{BTreeMap, BTreeSet};

fn cluster(seed: u64) -> Timeline {
    let scene = scenario::by_name("cluster").expect("the scene is there");
    Timeline::new(scene, seed).expect("the scene holds together")
}

fn stop(node: &str, how: Stop) -> Command {
    let node = node.to_owned();
    Command::Stop { node, how }
}

fn start(node: &str) -> Command {
    let node = node.to_owned();
    Command::Start { node }
}

#[test]
fn what_is_sent_is_acknowledged_replicated_and_read() {
    let mut timeline = cluster(7);
    play(&mut timeline, 30);
    let (acked, lag) = acked_and_lag(&timeline);
    assert!(
        (340..=360).contains(&acked),
        "{acked} in 30 s at 12 a second"
    );
    assert!(lag < 4, "{lag}");
    assert_eq!(timeline.moment().promises.broken(), None);
    let world = &timeline.moment().world;
    let topic = world.topic_id("orders").expect("it is there");
    let mut keys = BTreeMap::new();
    for partition in 0..world.partitions(topic) {
        let at = TopicPartition::new(topic, partition);
        let logs: Vec<_> = world.brokers().filter_map(|b| b.replica(at)).collect();
        assert_eq!(logs.len(), 3, "three replicas");
        for record in logs[0].log().batches().flat_map(|b| b.records()).flatten() {
            let key = record.key.expect("it has a key").to_vec();
            assert_eq!(*keys.entry(key).or_insert(partition), partition);
            let value: serde_json::Value =
                serde_json::from_slice(record.value.expect("a value")).expect("JSON");
            assert!(value["n"].is_u64(), "{value}");
        }
    }
    assert_eq!(keys.len(), 12);
    assert!(keys.contains_key(&b"k-01"[..]) && keys.contains_key(&b"k-12"[..]));
}

#[test]
fn commands_about_clients_act_and_those_about_shops_are_refused() {
    let mut timeline = cluster(8);
    let mut before = 0;
    let mut until = 5;
    let mut acked_in_5_s = |timeline: &mut Timeline, command: Option<Command>| {
        if let Some(command) = command {
            let text = format!("{command:?}");
            let done = timeline.act(command);
            assert!(done.is_ok(), "{text}: {done:?}");
        }
        play(timeline, until);
        until += 5;
        let (acked, _) = acked_and_lag(timeline);
        acked - std::mem::replace(&mut before, acked)
    };
    let usual = acked_in_5_s(&mut timeline, None);
    assert!((55..=62).contains(&usual), "{usual}");
    let per_s = 5_000.0;
    let fast = acked_in_5_s(&mut timeline, Some(Command::SetRate { per_s }));
    assert!((24_500..=25_500).contains(&fast), "{fast}");
    let per_s = 0.0;
    acked_in_5_s(&mut timeline, Some(Command::SetRate { per_s }));
    assert_eq!(acked_in_5_s(&mut timeline, None), 0);
    let per_s = 10.0;
    acked_in_5_s(&mut timeline, Some(Command::SetRate { per_s }));
    let (factor, for_us) = (10.0, 2_000_000);
    let burst = acked_in_5_s(&mut timeline, Some(Command::Burst { factor, for_us }));
    assert!((225..=235).contains(&burst), "{burst}: 200 and 30");
    let acks = Acks::Zero;
    acked_in_5_s(&mut timeline, Some(Command::SetAcks { acks }));
    assert_eq!(acked_in_5_s(&mut timeline, None), 0, "nobody is told");
    let acks = Acks::One;
    acked_in_5_s(&mut timeline, Some(Command::SetAcks { acks }));
    acked_in_5_s(&mut timeline, Some(stop("producer", Stop::Clean)));
    assert_eq!(acked_in_5_s(&mut timeline, None), 0, "it is down");
    acked_in_5_s(&mut timeline, Some(start("producer-1")));
    assert_eq!(acked_in_5_s(&mut timeline, None), 50);
    for command in [
        stop("consumer", Stop::Killed),
        start("consumer"),
        Command::SetCommit {
            commit: CommitMode::Auto,
        },
        Command::SetPartitioning {
            partitioning: Partitioning::RoundRobin,
        },
    ] {
        acked_in_5_s(&mut timeline, Some(command));
    }
    // A killed member is missed after its session timeout.
    acked_in_5_s(&mut timeline, None);
    acked_in_5_s(&mut timeline, None);
    assert!(
        acked_and_lag(&timeline).1 < 100,
        "auto-commit is 5 s behind"
    );

    let node = "payment".to_owned();
    let service = Service::Payment;
    for (command, why) in [
        (Command::SetSkew { share: 0.5 }, "there are no shops"),
        (Command::Pause { service }, "there are no shops"),
        (Command::SetShopWorkers { workers: 3 }, "there are no shops"),
        (
            Command::Start { node },
            "There are: broker, controller, producer, consumer",
        ),
        (Command::SetRate { per_s: 2e6 }, "between 0 and 1000000"),
    ] {
        let refused = timeline.act(command).expect_err("it makes no sense here");
        assert!(refused.0.contains(why), "{refused}");
    }
}

#[test]
fn a_producer_waits_for_the_acks_it_asked_for() {
    let mut timeline = cluster(9);
    play(&mut timeline, 5);
    let waiting = |timeline: &Timeline| {
        let world = &timeline.moment().world;
        let source = world.feed().expect("there is a feed").sources[0];
        match world.node(source) {
            Node::Source(source) => source.waiting(),
            _ => None,
        }
    };
    timeline
        .act(stop("broker-2", Stop::Killed))
        .expect("it runs");
    timeline
        .act(stop("broker-3", Stop::Killed))
        .expect("it runs");
    play(&mut timeline, 6);
    let since = waiting(&timeline).expect("nobody can acknowledge").since;
    assert!(
        since >= Time(5_000_000) && since < Time(5_500_000),
        "{since}"
    );
    for node in ["broker-2", "broker-3"] {
        timeline.act(start(node)).expect("it is down");
    }
    play(&mut timeline, 30);
    let (acked, _) = acked_and_lag(&timeline);
    assert!(acked > 340, "{acked}");
    let later = waiting(&timeline).is_none_or(|waits| waits.since > Time(29_900_000));
    assert!(later);
}

/// The picture is told of a batch, its acknowledgement, and of what followers and consumers fetch.
#[test]
fn requests_on_their_way_are_told() {
    let mut timeline = cluster(10);
    let mut seen = BTreeSet::new();
    for ms in 0..2_000 {
        timeline.run_until(Time(3_000_000 + ms * 1_000), u64::MAX);
        let moment = timeline.moment();
        for carried in moment.metrics.traffic().carried() {
            assert!(carried.sent_at <= carried.due_at);
            let kind = |node| match moment.world.node(node) {
                Node::Broker(_) => "broker",
                Node::Source(_) => "producer",
                _ => "consumer",
            };
            let what = match carried.what {
                Carries::Batch => "batch",
                Carries::Ack => "ack",
                Carries::Asks => "asks",
                Carries::Given => "given",
            };
            let full = if carried.records > 0 { "full" } else { "empty" };
            seen.insert([kind(carried.from), what, full, kind(carried.to)].join(" "));
        }
    }
    let all: Vec<&str> = seen.iter().map(String::as_str).collect();
    assert_eq!(
        all,
        [
            "broker ack empty producer",
            "broker asks empty broker",
            "broker given empty broker",
            "broker given empty consumer",
            "broker given full broker",
            "broker given full consumer",
            "consumer asks empty broker",
            "producer batch full broker",
        ]
    );
}

#[test]
fn one_seed_is_one_history() {
    let at = |ms: u64, command| Acted {
        at_us: Time(ms * 1_000),
        instant: None,
        command,
    };
    let script = vec![
        at(3_000, Command::SetRate { per_s: 300.0 }),
        at(4_000, stop("broker-1", Stop::Killed)),
        at(9_000, Command::SetAcks { acks: Acks::One }),
        at(9_500, stop("consumer-2", Stop::Clean)),
        at(15_000, start("broker-1")),
        at(16_000, Command::Heal),
    ];
    for seed in 0..6 {
        let mut first = cluster(seed);
        first.script(script.clone());
        play(&mut first, 10);
        let at_10 = first.trace_hash();
        play(&mut first, 25);
        let at_25 = first.trace_hash();
        let mut again = cluster(seed);
        again.script(script.clone());
        play(&mut again, 25);
        assert_eq!(again.trace_hash(), at_25, "seed {seed}");
        again.seek(Time(10_000_000), u64::MAX);
        assert_eq!(again.trace_hash(), at_10, "seed {seed}");
        assert_ne!(cluster(seed + 1).trace_hash(), cluster(seed).trace_hash());
    }
}

/// Whatever went wrong, when it is put right every replica is in sync and has the same, the group
/// has read it, and the same seed tells it again.
#[test]
fn after_any_faults_everything_catches_up() {
    let scene = scenario::by_name("cluster").expect("the scene is there");
    let mut hit = 0;
    for seed in 0..24 {
        let intensity = [Intensity::Low, Intensity::Medium, Intensity::High][seed as usize % 3];
        let (faults_until, settled) = (Time(30_000_000), Time(110_000_000));
        let mischief = Mischief::Anything;
        let mut script = random_faults(seed, &scene, faults_until, intensity, mischief);
        script.extend(mend_all(&scene).into_iter().map(|command| Acted {
            at_us: faults_until,
            instant: None,
            command,
        }));
        let run = || {
            let mut timeline = cluster(seed);
            timeline.script(script.clone());
            assert!(
                timeline.run_until(settled, 5_000_000),
                "seed {seed} does not end"
            );
            timeline
        };
        let timeline = run();
        hit += timeline.carried_out().len();
        let world = &timeline.moment().world;
        let topic = world.topic_id("orders").expect("it is there");
        for partition in 0..3 {
            let at = TopicPartition::new(topic, partition);
            let state = world.cluster().partition(at).expect("it is there");
            assert_eq!(state.isr.len(), 3, "seed {seed}: {at:?}\n{script:#?}");
            let logs = world
                .brokers()
                .filter_map(|b| b.replica(at))
                .map(Replica::log);
            let batches = logs.map(|log| -> Vec<(i64, u32)> {
                log.batches().map(|b| (b.base_offset, b.crc())).collect()
            });
            let batches: Vec<_> = batches.collect();
            let common = batches.iter().map(Vec::len).min().unwrap_or(0);
            let most = batches.iter().map(Vec::len).max().unwrap_or(0);
            assert!(most - common <= 2, "seed {seed}: {at:?}");
            for log in &batches[1..] {
                assert_eq!(log[..common], batches[0][..common], "seed {seed}: {at:?}");
            }
        }
        let (acked, lag) = acked_and_lag(&timeline);
        assert!(acked > 700, "seed {seed}: {acked}");
        assert!(lag < 5, "seed {seed}: {lag}");
        if seed < 6 {
            assert_eq!(run().trace_hash(), timeline.trace_hash(), "seed {seed}");
        }
    }
    assert!(hit > 200, "{hit} commands");
}

#[test]
fn leadership_goes_back_to_the_preferred_leader_by_itself() {
    let led_by = |every_s, until| {
        let mut scene = scenario::by_name("cluster").expect("the scene is there");
        scene.cluster.leader_imbalance_check_interval_s = every_s;
        let mut timeline = Timeline::new(scene, 11).expect("the scene holds together");
        play(&mut timeline, 2);
        assert!(timeline.act(stop("broker-1", Stop::Killed)).is_ok());
        play(&mut timeline, 14);
        assert!(timeline.act(start("broker-1")).is_ok());
        play(&mut timeline, until);
        assert_eq!(timeline.moment().promises.broken(), None);
        let world = &timeline.moment().world;
        let broker = world.broker_ids()[0];
        let topic = world.topic_id("orders").expect("it is there");
        let states = (0..3).map(|n| TopicPartition::new(topic, n));
        let states = states.filter_map(|at| world.cluster().partition(at));
        states.filter(|state| state.leader == Some(broker)).count()
    };
    assert_eq!(led_by(300, 50), 0, "it follows until somebody looks");
    assert!(led_by(20, 50) > 0, "looked at every 20 s");
}

#[test]
fn a_frozen_broker_is_fenced_and_comes_back() {
    let mut timeline = cluster(11);
    play(&mut timeline, 5);
    let for_us = 20_000_000;
    let node = "broker-1".to_owned();
    timeline
        .act(Command::Freeze { node, for_us })
        .expect("it runs");
    play(&mut timeline, 6);
    let world = |timeline: &Timeline| timeline.moment().world.clone();
    let broker = world(&timeline).broker_ids()[0];
    let leads = |timeline: &Timeline| {
        let world = world(timeline);
        let topic = world.topic_id("orders").expect("it is there");
        let states = (0..3).map(|n| TopicPartition::new(topic, n));
        let states = states.filter_map(|at| world.cluster().partition(at).cloned());
        states.filter(|state| state.isr.contains(&broker)).count()
    };
    assert!(world(&timeline).is_frozen(broker));
    assert_eq!(leads(&timeline), 3, "nobody has missed it yet");
    play(&mut timeline, 20);
    assert_eq!(leads(&timeline), 0, "its session is over");
    let (acked, _) = acked_and_lag(&timeline);
    assert!(acked > 100, "{acked}: the others go on");
    play(&mut timeline, 40);
    assert!(!world(&timeline).is_frozen(broker));
    assert_eq!(leads(&timeline), 3, "it has caught up");
    let (node, for_us) = ("broker".to_owned(), 601_000_000);
    let refused = timeline.act(Command::Freeze { node, for_us });
    assert!(refused.is_err(), "longer than a fault lasts");
}

#[test]
fn a_slow_disk_keeps_producers_waiting_and_a_follower_in_sync() {
    // The longest that a delivery took before 12 s, and whether everyone is in sync then.
    let run = |node: &str, by_us| {
        let mut timeline = cluster(11);
        play(&mut timeline, 4);
        let node = node.to_owned();
        let command = Command::SlowDisk { node, by_us };
        timeline.act(command).expect("a broker is named");
        play(&mut timeline, 12);
        assert_eq!(timeline.moment().promises.broken(), None);
        let world = &timeline.moment().world;
        let topic = world.topic_id("orders").expect("it is there");
        let states = (0..3).map(|n| TopicPartition::new(topic, n));
        let states = states.filter_map(|at| world.cluster().partition(at));
        let in_sync: usize = states.map(|state| state.isr.len()).sum();
        (acked_and_lag(&timeline).0, in_sync)
    };
    let (quick, all) = run("broker-2", 0);
    let (slow, still_all) = run("broker-2", 2_000_000);
    assert_eq!((all, still_all), (9, 9), "it lags by less than 30 s");
    assert!(slow + 30 < quick, "{slow} acknowledged, {quick} without");
    assert!(slow > 60, "{slow}: they wait, but are answered");

    let mut timeline = cluster(11);
    for (node, by_us) in [("broker-1", 10_000_001), ("producer-1", 1), ("nobody", 1)] {
        let node = node.to_owned();
        let refused = timeline.act(Command::SlowDisk { node, by_us });
        assert!(refused.is_err());
    }
}

#[test]
fn a_broker_whose_disk_is_full_halts_until_there_is_room() {
    let mut timeline = cluster(11);
    play(&mut timeline, 4);
    let node = || "broker-1".to_owned();
    let fill = Command::FillDisk { node: node() };
    timeline.act(fill).expect("a broker is named");
    let down = |timeline: &Timeline| {
        let world = &timeline.moment().world;
        world.status(world.broker_ids()[0]) == Status::Down
    };
    let halts = |timeline: &Timeline| {
        let entries = timeline.moment().chronicle.entries();
        let halts =
            entries.filter(|(_, what)| matches!(what, Happening::Stopped(_, Stop::DiskFull)));
        halts.count()
    };
    play(&mut timeline, 5);
    assert!(down(&timeline), "producers write all the time");
    let before = acked_and_lag(&timeline).0;
    play(&mut timeline, 20);
    let after = acked_and_lag(&timeline).0;
    assert!(after > before + 60, "{before} and {after}: others lead");
    timeline.act(start("broker-1")).expect("it is down");
    play(&mut timeline, 40);
    assert!(down(&timeline), "it fetches, and cannot write");
    assert_eq!(halts(&timeline), 2);
    timeline.act(Command::Heal).expect("it may be mended");
    timeline.act(start("broker-1")).expect("it is down");
    play(&mut timeline, 70);
    assert!(!down(&timeline));
    assert_eq!(halts(&timeline), 2);
    let moment = timeline.moment();
    assert_eq!(moment.promises.broken(), None);
    let topic = moment.world.topic_id("orders").expect("it is there");
    let states = (0..3).map(|n| TopicPartition::new(topic, n));
    let states = states.filter_map(|at| moment.world.cluster().partition(at));
    assert_eq!(states.map(|state| state.isr.len()).sum::<usize>(), 9);
}

/// Two copies; the follower is away while the leader commits alone, then the leader dies and the
/// follower leads, uncleanly. What a consumer read is gone: it hears where the old epoch ended and
/// reads on from there, where without asking it would begin anew at its policy's end (KIP-320). If it
/// is away meanwhile, other records stand where it left off, which it would pass over: its commit
/// tells the epoch.
#[test]
fn a_consumer_goes_back_to_where_the_new_leaders_log_parts_from_what_it_read() {
    let mut scene = scenario::by_name("cluster").expect("the scene is there");
    let unclean = ("unclean.leader.election.enable", "true");
    let configs = [unclean].map(|(name, value)| (name.to_owned(), value.to_owned()));
    scene.topics[0].partitions = 1;
    scene.topics[0].configs.extend(configs);
    scene.cluster.brokers = 5;
    scene.cluster.replication_factor = 2;
    scene.cluster.min_insync_replicas = 1;
    scene.cluster.eligible_leader_replicas = false;
    scene.cluster.broker_session_timeout_ms = 3_000;
    scene.feed.as_mut().expect("plain clients").readers = 1;
    let consumer = "consumer-1";
    let away = [(12, stop(consumer, Stop::Clean)), (30, start(consumer))];
    let mut tried = 0;
    for (seed, away) in (0..20).flat_map(|seed| [(seed, &[][..]), (seed, &away)]) {
        let mut facts: Vec<(Stamp, Fact)> = Vec::new();
        let mut world = World::new(&scene, seed, &mut facts).expect("the scene holds together");
        let topic = world.topic_id("orders").expect("it is there");
        let at = TopicPartition::new(topic, 0);
        let broker = world.brokers().next().expect("there are five");
        let kept_at = broker.group_partition(GroupId(0));
        let replicas = |at| {
            world
                .cluster()
                .partition(at)
                .expect("there")
                .replicas
                .clone()
        };
        let (replicas, coordinators) = (replicas(at), replicas(kept_at));
        if replicas.iter().any(|broker| coordinators.contains(broker)) {
            continue;
        }
        tried += 1;
        let name = |n: usize| world.name(replicas[n]).to_owned();
        let (leader, follower) = (name(0), name(1));
        let mut script = vec![
            (5, stop(&follower, Stop::Killed)),
            (15, stop(&leader, Stop::Killed)),
            (16, start(&follower)),
            (40, Command::Heal),
        ];
        script.extend_from_slice(away);
        script.sort_by_key(|(s, _)| *s);
        for (s, command) in script {
            let until = Time(s * 1_000_000);
            while world.next_at().is_some_and(|next| next < until) {
                world.step(&mut facts);
            }
            world.apply(&command, &mut facts).expect("it makes sense");
        }
        let read = facts.iter().filter_map(|(_, fact)| match *fact {
            Fact::Delivered {
                at: of,
                first,
                next,
                ..
            } if of == at => Some((first, next)),
            _ => None,
        });
        let read: Vec<(i64, i64)> = read.collect();
        let lost = read.windows(2).find(|two| two[1].0 != two[0].1);
        let &[(_, before), (back, _)] = lost.expect("it goes back") else {
            unreachable!("two at a time");
        };
        let epochs = world.partition(at).expect("kept").epoch_log().epochs();
        let parts = epochs.entries().iter().map(|(_, start)| *start);
        let entries = epochs.entries();
        assert!(
            0 < back && back < before,
            "seed {seed}: from {before} to {back}"
        );
        assert!(
            parts.max() == Some(back),
            "seed {seed}: {back}, {entries:?}"
        );
    }
    assert!(tried > 0, "in no seed the group is kept elsewhere");
}
