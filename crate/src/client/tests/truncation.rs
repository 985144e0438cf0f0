//! A consumer whose partition gets another leader (KIP-320), its requests answered by hand.

use super::*;
use crate::client::OffsetReset;
use crate::log::BatchBuilder;
use crate::map::Map;
use crate::protocol::{
    EpochAsked, Fetched, Metadata, OffsetAsked, OffsetSpec, PartitionMetadata, TopicMetadata,
};

const OTHER: NodeId = NodeId(1);

struct ByHand {
    consumer: Consumer,
    now: Time,
    asked: VecDeque<(NodeId, u32, Request)>,
}

impl ByHand {
    /// A consumer that has read three records of epoch 0 and learns of a leader in epoch 1.
    fn new(reset: OffsetReset) -> Self {
        let mut hand = Self::assigned(ConsumerConfig {
            auto_offset_reset: reset,
            ..ConsumerConfig::default()
        });
        hand.consumer.seek(tp(0), 0);
        assert!(hand.poll().expect("it may").is_none());
        hand.answer_metadata(BROKER, 0);
        let (_, id, offset) = hand.fetch();
        assert_eq!(offset, 0);
        let mut builder = BatchBuilder::new();
        for _ in 0..3 {
            builder.append(0, None, Some(b"v"), &[]);
        }
        let mut batch = builder.build().expect("three records");
        batch.leader_epoch = 0;
        hand.answer(BROKER, id, fetched(vec![batch], None));
        assert_eq!(hand.poll().expect("it may").expect("records").len(), 3);
        assert!(hand.poll().expect("it may").is_none());
        let (_, id, offset) = hand.fetch();
        assert_eq!(offset, 3);
        let gone = Some(ErrorCode::NotLeaderOrFollower);
        hand.answer(BROKER, id, fetched(Vec::new(), gone));
        // It tries there once more, and asks who leads.
        hand.pass(1_000);
        assert_eq!(hand.fetch().0, BROKER);
        hand.answer_metadata(OTHER, 1);
        hand
    }

    /// A consumer of that one partition.
    fn assigned(config: ConsumerConfig) -> Self {
        let rng = Rng::new(1, Salt::Client, 0);
        let mut hand = Self {
            consumer: Consumer::new(NodeId(9), config, Arc::from([BROKER]), rng),
            now: Time::ZERO,
            asked: VecDeque::new(),
        };
        hand.consumer.assign(hand.now, &[(tp(0), name(TOPIC))]);
        hand
    }

    /// A consumer that resumes where its group left off, which is this, under a leader in epoch 1.
    fn resuming(reset: OffsetReset, committed: OffsetAndEpoch) -> Self {
        let mut hand = Self::assigned(ConsumerConfig {
            auto_offset_reset: reset,
            group: Some(GROUP),
            ..ConsumerConfig::default()
        });
        assert!(hand.poll().expect("it may").is_none());
        let (to, id, request) = hand.next();
        assert!(
            matches!(request, Request::FindCoordinator { .. }),
            "{request:?}"
        );
        hand.answer_metadata(OTHER, 1);
        let coordinator = Ok(BROKER);
        hand.answer(to, id, Response::FindCoordinator { coordinator });
        let (to, id, request) = hand.next();
        assert!(
            matches!(request, Request::OffsetFetch { .. }),
            "{request:?}"
        );
        let result = Ok(vec![(tp(0), Some(committed))]);
        hand.answer(to, id, Response::OffsetFetch { result });
        hand
    }

    fn pass(&mut self, after_ms: u64) {
        self.now += ms(after_ms);
        self.with(Consumer::on_timer);
    }

    fn with<T>(&mut self, act: impl FnOnce(&mut Consumer, Time, &mut Out) -> T) -> T {
        let mut out = Out::default();
        let result = act(&mut self.consumer, self.now, &mut out);
        for effect in out.effects {
            if let Effect::Send {
                to,
                body: Body::Request { id, request },
            } = effect
            {
                self.asked.push_back((to, id, *request));
            }
        }
        result
    }

    fn poll(&mut self) -> Result<Option<crate::client::Records>, PollError> {
        self.with(Consumer::poll)
    }

    fn answer(&mut self, from: NodeId, id: u32, response: Response) {
        self.with(|consumer, now, out| consumer.on_response(now, from, id, response, out));
    }

    fn next(&mut self) -> (NodeId, u32, Request) {
        self.asked.pop_front().expect("it asks")
    }

    fn answer_metadata(&mut self, leader: NodeId, leader_epoch: i32) {
        let (to, id, request) = self.next();
        assert!(matches!(request, Request::Metadata { .. }), "{request:?}");
        let leader = Some(leader);
        let topic = TopicMetadata {
            name: name(TOPIC),
            incarnation: 1,
            partitions: vec![PartitionMetadata {
                leader,
                leader_epoch,
            }],
        };
        let mut topics = Map::new();
        topics.insert(TOPIC, topic);
        let brokers = vec![BROKER, OTHER];
        let cluster = Arc::new(Metadata { brokers, topics });
        let errors = Vec::new();
        self.answer(to, id, Response::Metadata { cluster, errors });
    }

    /// Whom it asks for records, and from which offset on.
    fn fetch(&mut self) -> (NodeId, u32, i64) {
        match self.next() {
            (to, id, Request::Fetch { partitions, .. }) => (to, id, partitions[0].offset),
            (_, _, other) => panic!("no fetch: {other:?}"),
        }
    }

    /// It asks the new leader where epoch 0 ended, and hears this.
    fn hears(&mut self, ended: Result<Option<(i32, i64)>, ErrorCode>) {
        let (to, id, request) = self.next();
        let Request::OffsetForLeaderEpoch { partitions } = request else {
            panic!("it does not ask: {request:?}");
        };
        let asked = EpochAsked {
            at: tp(0),
            current_leader_epoch: 1,
            leader_epoch: 0,
        };
        assert_eq!((to, partitions), (OTHER, vec![asked]));
        assert!(self.asked.is_empty(), "it fetches nothing meanwhile");
        assert_eq!(self.consumer.position(tp(0)), None);
        let partitions = vec![(tp(0), ended)];
        self.answer(to, id, Response::OffsetForLeaderEpoch { partitions });
    }
}

fn fetched(batches: Vec<Batch>, error: Option<ErrorCode>) -> Response {
    let partitions = vec![Fetched {
        at: tp(0),
        batches,
        high_watermark: 3,
        log_start_offset: 0,
        diverging: None,
        error,
    }];
    Response::Fetch { partitions }
}

#[test]
fn a_position_that_the_new_leader_has_stays() {
    let mut hand = ByHand::new(OffsetReset::None);
    hand.hears(Ok(Some((0, 3))));
    let (to, _, offset) = hand.fetch();
    assert_eq!((to, offset), (OTHER, 3));
}

#[test]
fn with_a_policy_it_goes_back_to_where_the_logs_part() {
    for reset in [OffsetReset::Earliest, OffsetReset::Latest] {
        let mut hand = ByHand::new(reset);
        hand.hears(Ok(Some((0, 1))));
        let (to, _, offset) = hand.fetch();
        assert_eq!((to, offset), (OTHER, 1), "{reset:?}");
        // Where they part is not known: as the policy says.
        let mut hand = ByHand::new(reset);
        hand.hears(Ok(None));
        let (_, _, request) = hand.next();
        let wanted = match reset {
            OffsetReset::Earliest => OffsetSpec::Earliest,
            _ => OffsetSpec::Latest,
        };
        match request {
            Request::ListOffsets { partitions } => {
                let asked = OffsetAsked {
                    at: tp(0),
                    current_leader_epoch: 1,
                    spec: wanted,
                };
                assert_eq!(partitions, [asked]);
            }
            other => panic!("no question: {other:?}"),
        }
    }
}

#[test]
fn without_a_policy_the_application_hears_of_it_until_it_seeks() {
    for (ended, diverged, said) in [(Some((0, 1)), Some(1), "{topic-0-0=1}"), (None, None, "{}")] {
        let mut hand = ByHand::new(OffsetReset::None);
        hand.hears(Ok(ended));
        let error = hand.poll().expect_err("records are gone");
        let (at, offset) = (tp(0), 3);
        assert_eq!(
            error,
            PollError::Truncated {
                at,
                offset,
                diverged
            }
        );
        let words = format!("Truncated partitions detected with divergent offsets {said}");
        assert_eq!(error.message(|_| "topic-0"), words);
        assert!(hand.poll().expect("it asks anew").is_none());
        hand.hears(Ok(ended));
        assert_eq!(hand.poll().expect_err("still gone"), error);
        hand.consumer.seek(tp(0), 1);
        assert!(hand.poll().expect("it may").is_none());
        assert_eq!(hand.fetch().2, 1);
    }
}

/// What a group committed may be gone when it comes back, and other records stand in its place.
#[test]
fn a_position_from_a_commit_is_checked_where_its_epoch_is_known() {
    let committed = OffsetAndEpoch {
        offset: 3,
        leader_epoch: 0,
    };
    let mut hand = ByHand::resuming(OffsetReset::Latest, committed);
    hand.hears(Ok(Some((0, 3))));
    assert_eq!(hand.fetch().2, 3);
    let mut hand = ByHand::resuming(OffsetReset::Latest, committed);
    hand.hears(Ok(Some((0, 1))));
    assert_eq!(hand.fetch().2, 1, "back to where the logs part");
    let mut hand = ByHand::resuming(OffsetReset::None, committed);
    hand.hears(Ok(Some((0, 1))));
    let error = hand.poll().expect_err("records are gone");
    assert!(
        matches!(error, PollError::Truncated { offset: 3, .. }),
        "{error:?}"
    );
    let mut hand = ByHand::resuming(OffsetReset::Latest, OffsetAndEpoch::bare(3));
    assert_eq!(hand.fetch().2, 3, "a tool's commit knows no epoch");
}

/// A commit says the epoch of the last record given out, and after a resumption the one it had.
#[test]
fn a_commit_carries_the_epoch_of_the_record_before_it() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..5);
    let commits = |net: &Net| {
        let at = net.broker.group_partition(GROUP);
        let log = net.broker.replica(at).expect("it is kept").log();
        let records = log.batches().flat_map(|batch| batch.records()).flatten();
        let values = records.filter_map(|record| record.value.map(<[u8]>::to_vec));
        let text = values.map(|value| String::from_utf8(value).expect("JSON"));
        text.filter(|text| text.contains("offset"))
            .collect::<Vec<_>>()
    };
    let config = ConsumerConfig {
        auto_offset_reset: OffsetReset::Earliest,
        group: Some(GROUP),
        ..ConsumerConfig::default()
    };
    for _ in 0..2 {
        let node = net.member(config);
        net.run(Span::secs(1));
        net.consume(node, Consumer::close);
        net.run(Span::secs(1));
        let commits = commits(&net);
        let last = commits.last().expect("it committed");
        assert_eq!(last, r#"{"offset":5,"leader_epoch":0}"#);
    }
}

#[test]
fn a_leader_that_cannot_tell_is_asked_again() {
    let mut hand = ByHand::new(OffsetReset::None);
    hand.hears(Err(ErrorCode::UnknownLeaderEpoch));
    hand.pass(5_000);
    // It asks who leads, too.
    hand.asked.rotate_right(1);
    hand.answer_metadata(OTHER, 1);
    hand.hears(Ok(Some((0, 4))));
    assert_eq!(hand.fetch().2, 3);
}

/// A broker that woke late names who led before, and its log may lack what the group has read; the
/// commit knows of a later epoch.
#[test]
fn a_leader_older_than_the_commit_is_not_asked() {
    let committed = OffsetAndEpoch {
        offset: 3,
        leader_epoch: 2,
    };
    let mut hand = ByHand::resuming(OffsetReset::Earliest, committed);
    hand.pass(1_000);
    hand.answer_metadata(OTHER, 1);
    assert!(hand.asked.is_empty(), "{:?}", hand.asked);
    hand.pass(1_000);
    hand.answer_metadata(BROKER, 2);
    let (to, _, request) = hand.next();
    assert_eq!(to, BROKER);
    assert!(
        matches!(request, Request::OffsetForLeaderEpoch { .. }),
        "{request:?}"
    );
}
