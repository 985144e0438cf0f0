use super::*;
use crate::client::{CommitError, OffsetReset};
use crate::protocol::{OffsetAndEpoch, OffsetSpec};

fn earliest() -> ConsumerConfig {
    ConsumerConfig {
        auto_offset_reset: OffsetReset::Earliest,
        ..ConsumerConfig::default()
    }
}

fn manual() -> ConsumerConfig {
    ConsumerConfig {
        enable_auto_commit: false,
        ..earliest()
    }
}

/// A consumer without a group that reads partition 0.
fn assigned(net: &mut Net, config: ConsumerConfig) -> NodeId {
    let node = net.consumer(config);
    net.consume(node, |c, now, _| c.assign(now, &[(tp(0), name(TOPIC))]));
    net.poll(node);
    node
}

#[test]
fn a_member_begins_where_its_policy_says() {
    let first = |reset| {
        let mut net = Net::with_topic(1);
        net.fill(0, 0..3);
        let node = net.member(ConsumerConfig {
            auto_offset_reset: reset,
            ..ConsumerConfig::default()
        });
        net.run(Span::secs(1));
        net.fill(0, 3..5);
        net.run(Span::secs(1));
        (net.offsets(node, 0), net.client(node).errors.clone())
    };
    assert_eq!(first(OffsetReset::Earliest), (vec![0, 1, 2, 3, 4], vec![]));
    assert_eq!(first(OffsetReset::Latest), (vec![3, 4], vec![]));
    let (offsets, errors) = first(OffsetReset::None);
    assert_eq!((offsets, errors.len()), (vec![], 1));
    assert_eq!(
        errors[0].message(|_| "orders"),
        "Undefined offset with no reset policy for partitions: [orders-0]"
    );
}

#[test]
fn a_position_that_is_out_of_range_is_reset_by_policy() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..3);
    let node = assigned(&mut net, earliest());
    net.run(ms(100));
    net.consume(node, |c, _, _| c.seek(tp(0), 99));
    net.run(Span::secs(2));
    net.poll(node);
    net.run(Span::secs(2));
    assert_eq!(net.offsets(node, 0), [0, 1, 2, 0, 1, 2]);

    let mut net = Net::with_topic(1);
    let node = assigned(
        &mut net,
        ConsumerConfig {
            auto_offset_reset: OffsetReset::None,
            ..earliest()
        },
    );
    assert_eq!(net.client(node).errors, [PollError::NoOffset(tp(0))]);
    net.consume(node, |c, _, _| c.seek(tp(0), 99));
    net.poll(node);
    net.run(ms(100));
    assert_eq!(
        net.client(node).errors[1],
        PollError::OutOfRange {
            at: tp(0),
            offset: 99
        }
    );
}

#[test]
fn a_fetch_waits_for_bytes_and_then_for_time() {
    let mut net = Net::with_topic(1);
    let node = assigned(
        &mut net,
        ConsumerConfig {
            fetch_min_bytes: 200,
            ..earliest()
        },
    );
    net.run(ms(100));
    let start = net.now;
    net.fill(0, 0..1);
    net.run(ms(50));
    assert_eq!(net.offsets(node, 0), [0i64; 0], "71 bytes are not enough");
    net.fill(0, 1..3);
    net.run(ms(10));
    assert_eq!(net.offsets(node, 0), [0, 1, 2]);
    assert_eq!(net.client(node).polled[0].0, start + ms(51));
    net.fill(0, 3..4);
    net.run(ms(400));
    assert_eq!(net.offsets(node, 0).len(), 3);
    net.run(ms(200));
    assert_eq!(
        net.offsets(node, 0),
        [0, 1, 2, 3],
        "fetch.max.wait.ms is over"
    );
}

#[test]
fn a_poll_gives_at_most_so_many_records_and_fetches_ahead() {
    let mut net = Net::with_topic(1);
    let node = net.producer(ProducerConfig::default());
    for tag in 0..10 {
        net.send(node, 0, tag).expect("taken");
    }
    net.run(ms(100));
    assert_eq!(net.batches(0), [10]);
    let node = assigned(
        &mut net,
        ConsumerConfig {
            max_poll_records: 4,
            ..earliest()
        },
    );
    net.client(node).work = Some(ms(1_000));
    net.run(ms(100));
    assert_eq!(net.offsets(node, 0), [0, 1, 2, 3]);
    assert_eq!(net.consume(node, |c, _, _| c.position(tp(0))), Some(4));
    net.run(ms(1_000));
    assert_eq!(net.offsets(node, 0), [0, 1, 2, 3, 4, 5, 6, 7]);
    net.run(ms(1_000));
    assert_eq!(net.offsets(node, 0), (0..10).collect::<Vec<_>>());
    let fetches = |net: &Net| {
        let fetch = |(_, _, r): &&(Time, NodeId, Request)| matches!(r, Request::Fetch { .. });
        net.requests.iter().filter(fetch).count()
    };
    assert_eq!(
        fetches(&net),
        2,
        "one for all ten, one more when they were taken"
    );
}

#[test]
fn auto_commit_commits_at_a_poll_what_the_polls_before_returned() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..10);
    let node = net.member(ConsumerConfig {
        max_poll_records: 1,
        ..earliest()
    });
    net.client(node).work = Some(ms(1_500));
    net.run(ms(4_900));
    let polled = net.offsets(node, 0);
    assert_eq!((polled, net.committed(0)), (vec![0, 1, 2, 3], None));
    // The interval ends while the application works: the next poll commits what it had, not what
    // it gives.
    net.run(ms(1_300));
    assert_eq!(net.offsets(node, 0).len(), 5);
    assert_eq!(net.committed(0), Some(4));
    // A process that dies while it works on record 4 sees it again: at least once.
    net.kill(node);
    net.run(Span::secs(60));
    net.client(node).polled.clear();
    net.restart_member(node);
    net.run(Span::secs(1));
    assert_eq!(net.offsets(node, 0)[0], 4);
}

#[test]
fn closing_commits_and_leaves() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..5);
    let node = net.member(earliest());
    net.run(ms(500));
    net.consume(node, Consumer::close);
    assert!(!net.consume(node, |c, _, _| c.is_closed()));
    net.run(ms(10));
    assert!(net.consume(node, |c, _, _| c.is_closed()));
    assert_eq!(net.committed(0), Some(5));
    let group = net.broker.groups().group(GROUP).expect("there");
    assert_eq!(group.members().count(), 0);
    net.poll(node);
    assert_eq!(net.client(node).errors, [PollError::Closed]);
}

#[test]
fn manual_commits_tell_when_they_are_done() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..5);
    let node = net.member(manual());
    net.run(Span::secs(20));
    assert_eq!(net.committed(0), None, "nobody asked");
    let first = net.consume(node, |c, now, out| {
        let offsets = vec![(tp(0), OffsetAndEpoch::bare(2))];
        c.commit_sync(now, Some(offsets), out)
    });
    net.run(ms(5));
    assert_eq!(net.committed(0), Some(2));
    let second = net.consume(node, |c, now, out| c.commit_async(now, None, out));
    net.run(ms(5));
    assert_eq!(net.committed(0), Some(5));
    let done: Vec<_> = net
        .client(node)
        .commits
        .iter()
        .map(|c| (c.id, c.result))
        .collect();
    assert_eq!(done, [(first, Ok(())), (second, Ok(()))]);
}

#[test]
fn a_synchronous_commit_outlives_a_broker_that_restarts_and_an_asynchronous_one_does_not() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..5);
    let node = net.member(manual());
    net.run(ms(500));
    net.consume(node, |c, now, out| c.commit_async(now, None, out));
    net.kill_broker();
    net.run(ms(100));
    let result = net.client(node).commits[0].result;
    assert!(
        matches!(result, Err(CommitError::Retriable(_))),
        "{result:?}"
    );
    net.consume(node, |c, now, out| c.commit_sync(now, None, out));
    net.run(Span::secs(3));
    net.start_broker();
    net.run(Span::secs(3));
    assert_eq!(net.client(node).commits[1].result, Ok(()));
    assert_eq!(net.committed(0), Some(5));
}

#[test]
fn one_seeks_to_offsets_ends_and_timestamps() {
    let mut net = Net::with_topic(1);
    for tag in 0..5 {
        net.fill(0, tag..tag + 1);
        net.run(Span::secs(1));
    }
    let node = assigned(&mut net, earliest());
    net.run(Span::secs(1));
    let third = Time(2_000_000).event_ms();
    let mut after = |to: OffsetSpec| {
        net.client(node).polled.clear();
        net.consume(node, |c, _, _| c.seek_to(tp(0), to));
        net.poll(node);
        net.run(Span::secs(2));
        net.offsets(node, 0)
    };
    assert_eq!(after(OffsetSpec::Earliest), [0, 1, 2, 3, 4]);
    assert_eq!(after(OffsetSpec::Latest), [0i64; 0]);
    assert_eq!(after(OffsetSpec::Timestamp(third)), [2, 3, 4]);
    assert_eq!(after(OffsetSpec::Timestamp(third - 999)), [2, 3, 4]);
    assert_eq!(
        after(OffsetSpec::Timestamp(third + 60_000)),
        [0i64; 0],
        "nothing is so young"
    );
    net.client(node).polled.clear();
    net.consume(node, |c, _, _| c.seek(tp(0), 3));
    net.poll(node);
    net.run(Span::secs(2));
    assert_eq!(net.offsets(node, 0), [3, 4]);
}

#[test]
fn a_paused_partition_gives_nothing_and_stays_assigned() {
    let mut net = Net::with_topic(2);
    let node = net.member(earliest());
    net.run(ms(500));
    net.consume(node, |c, _, _| c.pause(tp(0)));
    net.fill(0, 0..3);
    net.fill(1, 0..3);
    net.run(Span::secs(60));
    assert_eq!(
        (net.offsets(node, 0).len(), net.offsets(node, 1).len()),
        (0, 3)
    );
    assert_eq!(net.assigned(node), [tp(0), tp(1)]);
    net.consume(node, |c, _, _| c.resume(tp(0)));
    net.poll(node);
    net.run(ms(1_000));
    assert_eq!(net.offsets(node, 0), [0, 1, 2]);
}

#[test]
fn all_partitions_get_their_turn() {
    let mut net = Net::with_topic(3);
    for partition in 0..3 {
        net.fill(partition, 0..50);
    }
    let node = net.member(ConsumerConfig {
        max_poll_records: 10,
        // One batch an answer.
        fetch_max_bytes: 1,
        ..earliest()
    });
    net.run(ms(60));
    let shares: Vec<usize> = (0..3).map(|p| net.offsets(node, p).len()).collect();
    let (least, most) = (shares.iter().min().copied(), shares.iter().max().copied());
    assert!(
        least >= Some(3) && most <= least.map(|n| n + 1),
        "{shares:?}"
    );
}

#[test]
fn polling_without_a_subscription_or_a_group_is_an_error() {
    let mut net = Net::with_topic(1);
    let node = net.consumer(earliest());
    net.poll(node);
    net.consume(node, |c, _, _| c.subscribe([(TOPIC, name(TOPIC))]));
    net.poll(node);
    net.run(ms(100));
    assert_eq!(
        net.client(node).errors,
        [PollError::NotSubscribed, PollError::NoGroup]
    );
}

#[test]
fn a_consumer_reads_on_after_the_broker_restarts() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..3);
    let node = net.member(earliest());
    net.run(ms(500));
    net.kill_broker();
    net.run(Span::secs(2));
    net.start_broker();
    net.fill(0, 3..6);
    net.run(Span::secs(5));
    assert_eq!(net.offsets(node, 0), [0, 1, 2, 3, 4, 5]);
    let generation = net
        .broker
        .groups()
        .group(GROUP)
        .expect("there")
        .generation();
    assert_eq!(generation, 1, "the group outlived the process");
}

#[test]
fn a_node_with_both_clients_recovers_from_a_long_cut() {
    let mut net = Net::with_topic(1);
    let node = net.member(earliest());
    let rng = Rng::new(3, Salt::Client, 9);
    let producer = Producer::new(node, ProducerConfig::default(), Arc::from([BROKER]), rng);
    net.client(node).producer = Some(producer);
    net.send(node, 0, 1).expect("taken");
    net.run(Span::secs(10));
    net.cut.insert(node);
    net.send(node, 0, 2).expect("taken");
    net.run(Span::secs(70));
    net.cut.clear();
    net.run(Span::secs(20));
    net.send(node, 0, 3).expect("taken");
    net.run(Span::secs(5));
    assert_eq!(net.log(0), ["1", "2", "3"]);
    assert_eq!(net.offsets(node, 0), [0, 1, 2]);
}
