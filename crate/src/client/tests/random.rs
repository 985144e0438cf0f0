//! Random runs against what must hold whatever happens: what is acknowledged is there, order holds
//! where it is promised, no two members own a partition in one generation, nobody skips a record.

use super::*;
use crate::client::OffsetReset;

/// What one run saw, so that the test knows it tried what it means to.
#[derive(Default)]
struct Seen {
    retried: usize,
    failed: usize,
    duplicates: usize,
    rebalances: usize,
    expired: usize,
}

struct Run {
    net: Net,
    rng: Rng,
    seed: u64,
    partitions: u32,
    producers: Vec<NodeId>,
    members: Vec<NodeId>,
    /// What was sent: producer, partition, tag, in order.
    sent: Vec<(NodeId, u32, u64)>,
    /// What is to be undone, and when.
    later: Vec<(Time, Undo)>,
    owners: BTreeMap<(u32, TopicPartition), NodeId>,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum Undo {
    StartBroker,
    Restart(NodeId),
    Mend(NodeId),
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed, Salt::Faults, 0);
        let partitions = 1 + rng.below(4) as u32;
        let mut net = Net::with_topic(partitions);
        net.latency = Span::micros(200 + rng.below(30_000));
        let mut run = Self {
            producers: Vec::new(),
            members: Vec::new(),
            sent: Vec::new(),
            later: Vec::new(),
            owners: BTreeMap::new(),
            net,
            rng,
            seed,
            partitions,
        };
        for max_in_flight in [1, 5] {
            let config = ProducerConfig {
                linger_ms: run.rng.below(30),
                max_in_flight,
                batch_size: [100, 1_000, 16_384][run.rng.below(3) as usize],
                buffer_memory: [200_000, 32 << 20][run.rng.below(2) as usize],
                request_timeout_ms: 4_000,
                delivery_timeout_ms: [5_000, 30_000][run.rng.below(2) as usize],
                ..ProducerConfig::default()
            };
            let producer = run.net.producer(config);
            run.producers.push(producer);
        }
        for _ in 0..3 {
            let member = run.net.member(ConsumerConfig {
                auto_offset_reset: OffsetReset::Earliest,
                session_timeout_ms: 10_000,
                max_poll_interval_ms: 15_000,
                request_timeout_ms: 8_000,
                max_poll_records: 1 + run.rng.below(50) as u32,
                auto_commit_interval_ms: 1_000,
                ..ConsumerConfig::default()
            });
            let work = run.rng.below(1_200);
            run.net.client(member).work = Some(ms(work));
            run.members.push(member);
        }
        run
    }

    fn is_down(&self, node: NodeId) -> bool {
        self.later
            .iter()
            .any(|(_, undo)| *undo == Undo::Restart(node))
    }

    fn act(&mut self) {
        let now = self.net.now;
        let (due, later) = self.later.drain(..).partition(|(at, _)| *at <= now);
        self.later = later;
        for (_, undo) in due {
            self.undo(undo);
        }
        let soon = |rng: &mut Rng, most| now + ms(100 + rng.below(most));
        let any = NodeId::from(1 + self.rng.below(5) as usize);
        match self.rng.below(150) {
            0..=99 => self.send_some(),
            100..=104 if !self.is_down(any) => self.net.drop_connection(any),
            105 if !self
                .later
                .iter()
                .any(|(_, undo)| *undo == Undo::StartBroker) =>
            {
                self.net.kill_broker();
                let at = soon(&mut self.rng, 6_000);
                self.later.push((at, Undo::StartBroker));
            }
            106..=107 => {
                let member = self.members[self.rng.below(3) as usize];
                if !self.is_down(member) {
                    self.net.kill(member);
                    let at = soon(&mut self.rng, 15_000);
                    self.later.push((at, Undo::Restart(member)));
                }
            }
            108 => {
                self.net.cut.insert(any);
                let at = soon(&mut self.rng, 20_000);
                self.later.push((at, Undo::Mend(any)));
            }
            110 => {
                let member = self.members[self.rng.below(3) as usize];
                if !self.is_down(member) {
                    self.net.consume(member, Consumer::close);
                    let at = soon(&mut self.rng, 5_000);
                    self.later.push((at, Undo::Restart(member)));
                }
            }
            // Now and then an application is stuck for longer than it may be.
            109 => {
                let member = self.members[self.rng.below(3) as usize];
                let work = [10, 500, 17_000][self.rng.below(3) as usize];
                self.net.client(member).work = Some(ms(work));
            }
            _ => {}
        }
    }

    fn undo(&mut self, undo: Undo) {
        match undo {
            Undo::StartBroker => self.net.start_broker(),
            Undo::Restart(node) => self.net.restart_member(node),
            Undo::Mend(node) => {
                self.net.cut.remove(&node);
            }
        }
    }

    fn send_some(&mut self) {
        let producer = self.producers[self.rng.below(2) as usize];
        for _ in 0..=self.rng.below(20) {
            let partition = self.rng.below(self.partitions.into()) as u32;
            let tag = self.sent.len() as u64;
            self.net
                .send(producer, partition, tag)
                .expect("small enough");
            self.sent.push((producer, partition, tag));
        }
    }

    /// No two members own one partition in one generation.
    fn check_owners(&mut self) {
        for &member in &self.members {
            if self
                .later
                .iter()
                .any(|(_, undo)| *undo == Undo::Restart(member))
            {
                continue;
            }
            let client = &self.net.clients[member.index() - 1];
            let consumer = client.consumer.as_ref().expect("a consumer");
            let Some((_, generation)) = consumer.member().filter(|_| consumer.is_stable()) else {
                continue;
            };
            for at in consumer.assignment() {
                let owner = *self.owners.entry((generation, at)).or_insert(member);
                assert_eq!(owner, member, "seed {}: two own {at:?}", self.seed);
            }
        }
    }

    fn finish(&mut self) -> Seen {
        for (_, undo) in std::mem::take(&mut self.later) {
            self.undo(undo);
        }
        for &member in &self.members {
            self.net.client(member).work = Some(ms(10));
        }
        // Longer than any time-out: everything is delivered or failed, and read.
        for _ in 0..200 {
            self.net.run(ms(1_000));
            self.check_owners();
        }
        let mut seen = Seen::default();
        self.check_sent(&mut seen);
        self.check_polled();
        self.check_positions();
        for (_, fact) in &self.net.facts {
            match fact {
                Fact::Retried { .. } => seen.retried += 1,
                Fact::Rebalanced { .. } => seen.rebalances += 1,
                Fact::MemberExpired { .. } => seen.expired += 1,
                _ => {}
            }
        }
        seen
    }

    fn logs(&self) -> Vec<Vec<u64>> {
        let tags = |p| {
            self.net
                .log(p)
                .iter()
                .map(|v| v.parse().expect("a tag"))
                .collect()
        };
        (0..self.partitions).map(tags).collect()
    }

    /// Every record has one outcome; what is acknowledged is where it was said to be.
    fn check_sent(&mut self, seen: &mut Seen) {
        let seed = self.seed;
        let logs = self.logs();
        for &producer in &self.producers.clone() {
            let (delivered, failed) = self.net.outcome(producer);
            let mine = |&&(of, ..): &&(NodeId, u32, u64)| of == producer;
            let sent: Vec<_> = self.sent.iter().filter(mine).collect();
            assert_eq!(
                delivered.len() + failed.len(),
                sent.len(),
                "seed {seed}: an outcome each"
            );
            for &&(_, partition, tag) in &sent {
                if let Some(offset) = delivered.get(&tag) {
                    let offset = offset.expect("with acks=1 the offset is known") as usize;
                    let there = logs[partition as usize].get(offset);
                    assert_eq!(there, Some(&tag), "seed {seed}: acknowledged and not there");
                }
            }
            seen.failed += failed.len();
            let retried = |(_, fact): &(Time, Fact)| matches!(fact, Fact::Retried { producer: p, .. } if *p == producer);
            let retried = self.net.facts.iter().any(retried);
            let config = self.net.clients[producer.index() - 1].producer.as_ref();
            let one = config.is_some_and(|p| p.config().max_in_flight == 1);
            for log in &logs {
                let mine: Vec<u64> = log
                    .iter()
                    .copied()
                    .filter(|&tag| self.sent[tag as usize].0 == producer)
                    .collect();
                let first: BTreeSet<u64> = mine.iter().copied().collect();
                let twice = mine.len() - first.len();
                assert!(retried || twice == 0, "seed {seed}: twice without a retry");
                seen.duplicates += twice;
                if one || !retried {
                    let mut firsts = BTreeSet::new();
                    let order: Vec<u64> = mine
                        .iter()
                        .copied()
                        .filter(|&tag| firsts.insert(tag))
                        .collect();
                    assert!(order.is_sorted(), "seed {seed}: out of order: {order:?}");
                }
            }
        }
    }

    /// Every record was given to some member, as it is in the log.
    fn check_polled(&mut self) {
        let logs = self.logs();
        let mut polled: Vec<BTreeSet<i64>> = vec![BTreeSet::new(); logs.len()];
        for client in &self.net.clients {
            for (_, at, offset, value) in &client.polled {
                let tag = logs[at.partition as usize][*offset as usize];
                assert_eq!(*value, tag.to_string().into_bytes());
                polled[at.partition as usize].insert(*offset);
            }
        }
        for (partition, (polled, log)) in polled.iter().zip(&logs).enumerate() {
            let all = (0..log.len() as i64).collect::<BTreeSet<_>>();
            assert_eq!(
                *polled, all,
                "seed {}: partition {partition} not all read",
                self.seed
            );
        }
    }

    /// Each member reads on where it began or left off.
    fn check_positions(&self) {
        let mut next: BTreeMap<(NodeId, TopicPartition), i64> = BTreeMap::new();
        for (when, fact) in &self.net.facts {
            match *fact {
                Fact::Owns {
                    consumer,
                    at,
                    position,
                    ..
                } => {
                    next.insert((consumer, at), position);
                }
                Fact::Delivered {
                    consumer,
                    at,
                    first,
                    next: after,
                    ..
                } => {
                    let expected = next.insert((consumer, at), after);
                    assert_eq!(expected, Some(first), "seed {}: at {when}", self.seed);
                }
                _ => {}
            }
        }
    }
}

#[test]
fn what_must_hold_holds_in_random_runs() {
    let mut total = Seen::default();
    for seed in 0..150 {
        let mut run = Run::new(seed);
        for _ in 0..800 {
            run.act();
            let pause = run.rng.below(150);
            run.net.run(ms(pause));
            run.check_owners();
        }
        let seen = run.finish();
        total.retried += seen.retried;
        total.failed += seen.failed;
        total.duplicates += seen.duplicates;
        total.rebalances += seen.rebalances;
        total.expired += seen.expired;
    }
    // The runs are worth something only if they met trouble.
    assert!(total.retried > 500, "{} retries", total.retried);
    assert!(total.failed > 100, "{} failures", total.failed);
    assert!(total.duplicates > 10, "{} duplicates", total.duplicates);
    assert!(total.rebalances > 500, "{} rebalances", total.rebalances);
    assert!(
        total.expired > 50,
        "{} sessions that ran out",
        total.expired
    );
}
