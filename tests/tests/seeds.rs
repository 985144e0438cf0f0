//! Seeded runs with random commands, every promise watched, and the same history told again.
//!
//! `MILLRACE_SEEDS=20000 MILLRACE_FROM=0 cargo test --release -p millrace-tests --test seeds` runs
//! more. A failure names the seed that shows it again.

use millrace::cluster::{Controller, Quorum};
use millrace::map::Map;
use millrace::protocol::{Lane, Service, Stop};
use millrace::scenario::{self, ClusterSpec, Scenario, Sending};
use millrace::sim::faults::{Intensity, Mischief, mend_all, random_faults};
use millrace::sim::{Acted, Command, Promise, Timeline, Told};
use millrace::time::{Span, Time};
use millrace::view::numbers::lag_of;
use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};

const MISCHIEF_UNTIL: Time = Time(25_000_000);
const SETTLED_AT: Time = Time(110_000_000);

fn number(name: &str, usual: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(usual)
}

/// Runs `check` for as many seeds as asked, on two threads, and names those that fail.
fn for_seeds(usual: u64, check: impl Fn(u64) + Sync) {
    let (from, seeds) = (number("MILLRACE_FROM", 0), number("MILLRACE_SEEDS", usual));
    let failed = std::sync::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for half in 0..2 {
            let (check, failed) = (&check, &failed);
            scope.spawn(move || {
                for seed in (from..from + seeds).filter(|seed| seed % 2 == half) {
                    if catch_unwind(AssertUnwindSafe(|| check(seed))).is_err() {
                        failed.lock().expect("no thread dies with it").push(seed);
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().expect("no thread died with it");
    assert!(failed.is_empty(), "seeds that fail: {failed:?}");
}

/// The shops on three brokers, which have a copy each; one seed in five on one that has everything
/// alone. Eligible leader replicas are off for one seed in four.
fn orders(seed: u64) -> Scenario {
    let mut scene = scenario::by_name("orders").expect("the scene is there");
    if seed.is_multiple_of(5) {
        scene.cluster = ClusterSpec::default();
    }
    scene.cluster.eligible_leader_replicas = !seed.is_multiple_of(4);
    scene
}

fn play(scene: Scenario, seed: u64, mischief: Mischief) -> Timeline {
    let intensity = [Intensity::Low, Intensity::Medium, Intensity::High][seed as usize % 3];
    let mut commands = random_faults(seed, &scene, MISCHIEF_UNTIL, intensity, mischief);
    let mend = mend_all(&scene);
    let mut timeline = Timeline::new(scene, seed).expect("the scene holds together");
    commands.extend(mend.into_iter().map(|command| Acted {
        at_us: MISCHIEF_UNTIL,
        instant: None,
        command,
    }));
    timeline.script(commands);
    timeline
}

fn check_promises(timeline: &Timeline, seed: u64) {
    let moment = timeline.moment();
    let mut promises = moment.promises.clone();
    promises.recheck(&moment.world);
    if let Some(breach) = promises.broken() {
        panic!(
            "seed {seed}: {} broken at {} (instant {}): {:?}\ncommands: {:#?}",
            breach.promise.name(),
            breach.stamp.at,
            breach.stamp.instant,
            breach.witness,
            timeline.commands()
        );
    }
}

/// After any faults, brokers that die one by one included, once everything works again: every
/// accepted order is finished, every replica is in sync with all that is committed, and every process
/// knows the same of the cluster.
#[test]
fn promises_hold_under_faults_and_everything_catches_up() {
    for_seeds(300, |seed| {
        let mut timeline = play(orders(seed), seed, Mischief::Faults);
        all_catches_up(&mut timeline, seed);
        replicas_agree(&timeline, seed);
    });
}

fn replicas_agree(timeline: &Timeline, seed: u64) {
    let moment = timeline.moment();
    let (world, promises) = (&moment.world, &moment.promises);
    let copies = timeline.scenario().cluster.replication_factor as usize;
    for (at, state) in world.cluster().partitions() {
        assert_eq!(state.isr.len(), copies, "seed {seed}: {at:?} is {state:?}");
        for broker in world.brokers() {
            let replica = broker.replica(at).expect("kept everywhere");
            let (who, end) = (broker.node(), replica.log().log_end_offset());
            // What came in the last moments may be on its way.
            let missing = promises.committed(at) - end;
            assert!(
                missing.abs() < 20,
                "seed {seed}: {who:?} lacks {missing} of {at:?}"
            );
        }
    }
    let knows = world.controllers().map(Controller::quorum);
    let knows = knows.chain(
        world
            .brokers()
            .filter_map(|b| Some(b.lifecycle()?.quorum())),
    );
    let ends: BTreeSet<i64> = knows.map(Quorum::high_watermark).collect();
    assert!(ends.len() <= 1, "seed {seed}: metadata up to {ends:?}");
}

fn all_catches_up(timeline: &mut Timeline, seed: u64) {
    assert!(
        timeline.run_until(SETTLED_AT, 20_000_000),
        "seed {seed} does not come to an end"
    );
    check_promises(timeline, seed);
    let moment = timeline.moment();
    assert!(
        moment.promises.breach(Promise::NoOrderLost).is_none(),
        "seed {seed}"
    );
    // Whoever ordered half a minute before the end and was told "accepted" has been served.
    let late = SETTLED_AT - Span::secs(30);
    for (id, row) in moment.metrics.orders().enumerate() {
        let order = &row.lanes[Lane::Async as usize];
        let accepted = order.told == Told::Answered && row.placed_at < late;
        assert!(
            !accepted || order.is_finished(),
            "seed {seed}: order {id}, accepted {} after {}, was never finished: {order:?}\n{:#?}",
            order.told_after,
            row.placed_at,
            timeline.commands()
        );
    }
    let lag: Vec<u64> = Service::ALL.map(|s| lag_of(&moment.world, s)).into();
    assert!(
        lag.iter().all(|lag| *lag < 40),
        "seed {seed}: lag {lag:?} at the end"
    );
}

/// Whatever is done, power cuts and settings that promise less included, what is promised holds.
#[test]
fn promises_hold_whatever_is_done() {
    for_seeds(200, |seed| {
        let mut timeline = play(orders(seed), seed, Mischief::Anything);
        assert!(
            timeline.run_until(Time(60_000_000), 20_000_000),
            "seed {seed} does not end"
        );
        check_promises(&timeline, seed);
    });
}

/// Whoever was told that an order is accepted finds it in the log also where deliveries fail:
/// customers who wait longer than `delivery.timeout.ms`, and a broker that is away for longer.
#[test]
fn a_delivery_that_times_out_is_never_an_accepted_order() {
    for sending in [Sending::Callback, Sending::Synchronous] {
        for_seeds(10, |seed| {
            let mut patient = orders(seed);
            patient.settings.patience = Span::secs(600);
            patient.settings.sending = sending;
            let mut timeline = Timeline::new(patient, seed).expect("the scene holds together");
            let at = |s: u64, command| Acted {
                at_us: Time(s * 1_000_000 + seed * 7_919),
                instant: None,
                command,
            };
            let node = || "broker".to_owned();
            let how = Stop::Killed;
            timeline.script(vec![
                at(5, Command::Stop { node: node(), how }),
                at(140, Command::Start { node: node() }),
            ]);
            assert!(
                timeline.run_until(Time(170_000_000), 20_000_000),
                "seed {seed} does not end"
            );
            check_promises(&timeline, seed);
            let moment = timeline.moment();
            let counts = moment.metrics.counts(Lane::Async);
            assert!(counts.refused > 0, "seed {seed}: no delivery timed out");
            assert!(
                moment.promises.breach(Promise::NoOrderLost).is_none(),
                "seed {seed}: {:?}",
                moment.promises.breach(Promise::NoOrderLost)
            );
        });
    }
}

/// Topics that go and come back under the clients' feet, while batches and positions are on their
/// way, break no promise that is still given.
#[test]
fn promises_hold_when_topics_are_deleted_and_made_again() {
    for_seeds(40, |seed| {
        let mut timeline = play(orders(seed), seed, Mischief::Anything);
        let mut commands = timeline.commands().to_vec();
        for turn in 0..12 {
            let topic = ["orders", "payments", "shipments"][turn as usize % 3].to_owned();
            let gone_at = Time(1_000_000 + turn * 1_700_000 + seed * 7_919);
            let back_at = gone_at + Span::micros(1 + seed * 20_011);
            let (partitions, configs) = (6, Map::new());
            let made_again = Command::CreateTopic {
                topic: topic.clone(),
                partitions,
                configs,
            };
            let deleted = Command::DeleteTopic { topic };
            let both = [(gone_at, deleted), (back_at, made_again)];
            commands.extend(both.map(|(at_us, command)| Acted {
                at_us,
                instant: None,
                command,
            }));
        }
        timeline.script(commands);
        assert!(
            timeline.run_until(Time(40_000_000), 20_000_000),
            "seed {seed} does not end"
        );
        check_promises(&timeline, seed);
    });
}

/// Seed and commands are the whole history: played again, sought in, stepped through and forked.
#[test]
fn the_same_seed_and_commands_tell_the_same_history() {
    for_seeds(20, |seed| {
        let mut first = play(orders(seed), seed, Mischief::Anything);
        let mut stops = Vec::new();
        for s in [7, 19, 26, 40] {
            first.run_until(Time(s * 1_000_000), u64::MAX);
            stops.push((first.now(), first.instant(), first.trace_hash()));
        }
        let mut again = Timeline::new(orders(seed), seed).expect("the scene holds together");
        again.script(first.commands().to_vec());
        again.run_until(first.now(), u64::MAX);
        assert_eq!(again.trace_hash(), first.trace_hash(), "seed {seed}");

        for &(at, instant, hash) in stops.iter().chain(stops.iter().rev()) {
            again.seek(at, u64::MAX);
            assert_eq!(
                (again.instant(), again.trace_hash()),
                (instant, hash),
                "seed {seed} at {at}"
            );
            again.seek_instant(instant);
            assert_eq!(again.trace_hash(), hash, "seed {seed} at {instant}");
        }
        let (at, instant, hash) = stops[1];
        again.seek(at, u64::MAX);
        again.step_back();
        assert_eq!(again.instant(), instant - 1);
        assert_ne!(again.trace_hash(), hash);
        again.step_forward();
        assert_eq!(
            again.trace_hash(),
            hash,
            "seed {seed}: a step back and one forward"
        );

        // Acting in the past forks; the future that was left can be taken up again.
        again.seek(at, u64::MAX);
        let burst = Command::Burst {
            factor: 3.0,
            for_us: 1_000_000,
        };
        again.act(burst).expect("a burst is always possible");
        again.run_until(first.now(), u64::MAX);
        assert_ne!(again.trace_hash(), first.trace_hash());
        assert_eq!(again.forks().len(), 1);
        assert!(again.take_up(0, u64::MAX));
        assert_eq!(
            again.trace_hash(),
            first.trace_hash(),
            "seed {seed}: the fork taken up again"
        );
    });
}

#[test]
fn different_seeds_tell_different_histories() {
    let hash = |seed| {
        let mut timeline = Timeline::new(orders(seed), seed).expect("the scene holds together");
        timeline.run_until(Time::ZERO + Span::secs(5), u64::MAX);
        timeline.trace_hash()
    };
    assert_ne!(hash(41), hash(42));
}
