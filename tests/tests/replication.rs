//! Seeded runs of a cluster under faults: what was committed is never lost, and once everything is
//! mended everything catches up.
//!
//! `MILLRACE_SEEDS=20000 cargo test --release -p millrace-tests --test replication` runs more.

use millrace::id::TopicPartition;
use millrace::protocol::Acks;
use millrace::rng::{Rng, Salt};
use millrace::time::Span;
use millrace_tests::cluster_net::ClusterNet;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What may happen to a broker's machine.
#[derive(Clone, Copy, PartialEq)]
enum Deaths {
    /// Processes are killed; what they wrote stays in the page cache.
    Processes,
    /// One machine at a time loses power, and the cluster is whole again before the next.
    OneMachineAtATime,
}

fn run(seed: u64, deaths: Deaths) {
    let mut net = ClusterNet::new(seed, 3, 3, seed.is_multiple_of(2));
    let mut rng = Rng::new(seed, Salt::Faults, 1);
    let topics = [
        net.create("a 0:1:2 min.insync.replicas=2"),
        net.create("b 1:2:0 min.insync.replicas=2"),
        net.create("c 2:0:1 min.insync.replicas=2"),
    ];
    let mut sent: Vec<(TopicPartition, u32, String)> = Vec::new();
    let mut count = 0;
    let (brokers, controllers) = net.sizes();
    for _ in 0..60 {
        for _ in 0..rng.below(8) {
            let at = topics[rng.below(3) as usize];
            let acks = if rng.chance(0.7) {
                Acks::All
            } else {
                Acks::One
            };
            count += 1;
            let value = format!("v{count}");
            if let Some(id) = net.post(at, acks, &value)
                && acks == Acks::All
            {
                sent.push((at, id, value));
            }
            net.run(Span::millis(rng.below(40)));
        }
        befall(&mut net, &mut rng, deaths);
        if rng.chance(0.2) {
            net.act(&format!(
                "latest {}",
                ["a", "b", "c"][rng.below(3) as usize]
            ));
        }
        assert!(
            net.promises.broken().is_none(),
            "{:#?}",
            net.promises.broken()
        );
    }
    net.check_promises();
    mend(&mut net);
    // Twice, since who was asked to stop may only now hear that it may.
    for _ in 0..2 {
        for node in 0..brokers + controllers {
            if !net.is_up(node) {
                net.act(&format!("start {node}"));
            }
        }
        net.act("wait 45s");
    }
    net.check_promises();
    everything_is_whole_again(&mut net, topics);
    what_was_acknowledged_is_there(&net, &sent);
}

/// The network is whole again, and whoever was frozen goes on.
fn mend(net: &mut ClusterNet) {
    let (brokers, controllers) = net.sizes();
    net.act("heal");
    for node in 0..brokers + controllers {
        net.act(&format!("wake {node}"));
    }
}

/// Something happens to somebody.
fn befall(net: &mut ClusterNet, rng: &mut Rng, deaths: Deaths) {
    let (brokers, controllers) = net.sizes();
    let node = rng.below((brokers + controllers) as u64) as usize;
    let step = match (rng.below(10), deaths) {
        (0 | 1, Deaths::Processes) => format!("kill {node}"),
        (2, Deaths::Processes) => format!("stop {node}"),
        (3, Deaths::Processes) => format!("freeze {node}"),
        (4, Deaths::Processes) => {
            let other = rng.below((brokers + controllers) as u64) as usize;
            format!("cut {node} {other}")
        }
        (5, Deaths::Processes) => {
            mend(net);
            return;
        }
        (6 | 7, Deaths::Processes) => format!("start {node}"),
        (0, Deaths::OneMachineAtATime) => {
            let node = rng.below(brokers as u64) as usize;
            net.act(&format!("crash {node}"));
            net.run(Span::millis(rng.below(15_000)));
            net.act(&format!("start {node}"));
            "wait 40s".into()
        }
        _ => format!("wait {}ms", rng.below(5_000)),
    };
    let words: Vec<&str> = step.split(' ').collect();
    let makes_sense = match words[0] {
        "kill" => net.is_up(node),
        // A frozen process does not hear that it should stop.
        "stop" => net.is_up(node) && !net.is_frozen(node),
        "start" => !net.is_up(node),
        "cut" => words[1] != words[2],
        _ => true,
    };
    if makes_sense {
        net.act(&step);
    }
}

/// Every replica is in sync and has everything, and every process knows the same metadata.
fn everything_is_whole_again(net: &mut ClusterNet, topics: [TopicPartition; 3]) {
    let (brokers, controllers) = net.sizes();
    for at in topics {
        let state = net.state(at).expect("the quorum has a leader again");
        assert_eq!(state.isr.len(), 3, "{at:?} is whole again: {state:?}");
        // That it is the same everywhere is a promise, and checked before.
        let committed = net.promises.committed(at);
        for broker in 0..brokers {
            let replica = net.broker(broker).replica(at).expect("kept everywhere");
            let end = replica.log().log_end_offset();
            assert_eq!(replica.high_watermark(), end, "broker {broker} of {at:?}");
            assert_eq!(end, committed, "broker {broker} of {at:?}");
        }
    }
    for node in 0..brokers + controllers {
        assert_eq!(
            net.quorum(node).high_watermark(),
            net.quorum(brokers).high_watermark(),
            "node {node} knows all that is committed"
        );
    }
}

/// Every record whose sender was told that all in-sync replicas have it is where it was said to be.
/// The monitors see that something is there; here it is read.
fn what_was_acknowledged_is_there(net: &ClusterNet, sent: &[(TopicPartition, u32, String)]) {
    for (at, id, value) in sent {
        let Some(offset) = net.acknowledged(*id) else {
            continue;
        };
        let log = net.broker(0).replica(*at).expect("kept").log();
        let batch = log
            .read(offset, 1, i64::MAX)
            .expect("in range")
            .next()
            .expect("there");
        let record = batch.records().next().expect("one").expect("readable");
        assert_eq!(
            record.value,
            Some(value.as_bytes()),
            "acknowledged at {offset} of {at:?}"
        );
    }
}

fn for_seeds(usual: u64, deaths: Deaths) {
    let number = |name: &str, usual: u64| {
        let set = std::env::var(name).ok().and_then(|n| n.parse().ok());
        set.unwrap_or(usual)
    };
    let (from, seeds) = (number("MILLRACE_FROM", 0), number("MILLRACE_SEEDS", usual));
    let failed = (from..from + seeds)
        .filter(|&seed| catch_unwind(AssertUnwindSafe(|| run(seed, deaths))).is_err());
    let failed: Vec<u64> = failed.collect();
    assert!(failed.is_empty(), "seeds that fail: {failed:?}");
}

#[test]
fn nothing_committed_is_lost_when_processes_die_and_networks_part() {
    for_seeds(150, Deaths::Processes);
}

#[test]
fn nothing_committed_is_lost_when_one_machine_at_a_time_loses_power() {
    for_seeds(50, Deaths::OneMachineAtATime);
}
