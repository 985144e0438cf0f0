//! Seeded runs of a cluster under faults: what was committed is never lost, and once everything is
//! mended everything catches up.
//!
//! `MILLRACE_SEEDS=20000 cargo test --release -p millrace-tests --test replication` runs more.

use millrace::cluster::Replica;
use millrace::id::{NodeId, TopicPartition};
use millrace::log::Batch;
use millrace::protocol::{Acks, Fact};
use millrace::rng::{Rng, Salt};
use millrace::time::Span;
use millrace_tests::cluster_net::ClusterNet;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What may happen to a broker's machine.
#[derive(Clone, Copy, PartialEq)]
enum Deaths {
    /// Processes are killed; what they wrote stays in the page cache.
    Processes,
    /// One machine at a time loses power, and the cluster is whole again before the next.
    OneMachineAtATime,
}

/// What is known to be committed, and who led when.
#[derive(Default)]
struct Watch {
    seen: usize,
    leaders: BTreeMap<(TopicPartition, i32), NodeId>,
    controllers: BTreeMap<i32, NodeId>,
    committed: BTreeMap<TopicPartition, Vec<u32>>,
    marks: BTreeMap<(TopicPartition, NodeId, i32), i64>,
}

impl Watch {
    fn look(&mut self, net: &ClusterNet) {
        let facts = net.facts[self.seen..].to_vec();
        self.seen = net.facts.len();
        let mut moved: BTreeMap<(TopicPartition, NodeId), i64> = BTreeMap::new();
        for (stamp, fact) in facts {
            match fact {
                Fact::Leads {
                    broker,
                    at,
                    leader_epoch,
                    end,
                    ..
                } => {
                    let first = *self.leaders.entry((at, leader_epoch)).or_insert(broker);
                    assert_eq!(
                        first, broker,
                        "two leaders of {at:?} in epoch {leader_epoch}"
                    );
                    let committed = self.committed.get(&at).map_or(0, Vec::len) as i64;
                    assert!(
                        end >= committed,
                        "at {}: broker {} leads {at:?} from {end}, and {committed} are committed",
                        stamp.at,
                        broker.0
                    );
                }
                Fact::HighWatermark { broker, at, offset } => {
                    let epoch = net
                        .broker(broker.index())
                        .replica(at)
                        .map_or(-1, Replica::leader_epoch);
                    let before = self.marks.insert((at, broker, epoch), offset);
                    assert!(before <= Some(offset), "a high watermark went back");
                    moved.insert((at, broker), offset);
                }
                Fact::QuorumLeader {
                    node,
                    epoch,
                    leads: true,
                } => {
                    let first = *self.controllers.entry(epoch).or_insert(node);
                    assert_eq!(first, node, "two controllers lead in epoch {epoch}");
                }
                _ => {}
            }
        }
        for ((at, broker), offset) in moved {
            let Some(replica) = net.broker(broker.index()).replica(at) else {
                continue;
            };
            let known = self.committed.entry(at).or_default();
            for (number, batch) in replica.log().batches().enumerate() {
                if batch.next_offset() > offset {
                    break;
                }
                match known.get(number) {
                    Some(&crc) => {
                        assert_eq!(crc, batch.crc(), "{at:?} {number} was another record");
                    }
                    None => known.push(batch.crc()),
                }
            }
        }
    }
}

fn run(seed: u64, deaths: Deaths) {
    let mut net = ClusterNet::new(seed, 3, 3, seed.is_multiple_of(2));
    let mut rng = Rng::new(seed, Salt::Faults, 1);
    let mut watch = Watch::default();
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
        watch.look(&net);
    }
    net.act("heal");
    // Twice, since who was asked to stop may only now hear that it may.
    for _ in 0..2 {
        for node in 0..brokers + controllers {
            if !net.is_up(node) {
                net.act(&format!("start {node}"));
            }
        }
        net.act("wait 45s");
    }
    watch.look(&net);
    everything_is_whole_again(&mut net, topics, &mut watch);
    what_was_acknowledged_is_there(&net, &sent);
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
        (5, Deaths::Processes) => "heal".into(),
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
        "kill" | "stop" => net.is_up(node),
        "start" => !net.is_up(node),
        "cut" => words[1] != words[2],
        _ => true,
    };
    if makes_sense {
        net.act(&step);
    }
}

/// Every replica is in sync and has everything, and every process knows the same metadata.
fn everything_is_whole_again(net: &mut ClusterNet, topics: [TopicPartition; 3], watch: &mut Watch) {
    let (brokers, controllers) = net.sizes();
    for at in topics {
        let state = net.state(at).expect("the quorum has a leader again");
        assert_eq!(state.isr.len(), 3, "{at:?} is whole again: {state:?}");
        let logs: Vec<Vec<u32>> = (0..brokers)
            .map(|broker| {
                let replica = net.broker(broker).replica(at).expect("kept everywhere");
                let end = replica.log().log_end_offset();
                assert_eq!(replica.high_watermark(), end, "broker {broker} of {at:?}");
                replica.log().batches().map(Batch::crc).collect()
            })
            .collect();
        assert!(
            logs.iter().all(|log| *log == logs[0]),
            "replicas of {at:?} differ"
        );
        let committed = watch.committed.remove(&at).unwrap_or_default();
        assert_eq!(logs[0], committed, "what is there was committed");
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
