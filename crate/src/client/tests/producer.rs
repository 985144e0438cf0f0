use super::*;
use crate::client::{Buffered, Tags};
use crate::protocol::Acks;

fn quick() -> ProducerConfig {
    ProducerConfig {
        linger_ms: 10,
        ..ProducerConfig::default()
    }
}

/// A producer that knows the topic already.
fn warm(net: &mut Net, config: ProducerConfig) -> NodeId {
    let node = net.producer(config);
    assert_eq!(
        net.send(node, 0, 1_000),
        Ok(Sent::Blocked),
        "metadata first"
    );
    net.run(ms(100));
    net.requests.clear();
    net.client(node).deliveries.clear();
    node
}

fn produces(net: &Net) -> Vec<(Time, usize)> {
    let produce = |(at, _, request): &(Time, NodeId, Request)| match request {
        Request::Produce { batches, .. } => Some((*at, batches.len())),
        _ => None,
    };
    net.requests.iter().filter_map(produce).collect()
}

#[test]
fn records_linger_into_one_batch_and_full_batches_do_not_wait() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    let start = net.now;
    for tag in 0..5 {
        assert_eq!(net.send(node, 0, tag), Ok(Sent::Buffered));
        net.run(ms(1));
    }
    net.run(ms(100));
    assert_eq!(
        produces(&net),
        [(start + ms(11), 1)],
        "linger, then one latency"
    );
    assert_eq!(net.batches(0), [1, 5]);
    let deliveries = &net.client(node).deliveries;
    assert_eq!(deliveries.len(), 1, "one run of tags: {deliveries:?}");
    assert_eq!(deliveries[0].1.tags, Tags { first: 0, count: 5 });
    assert_eq!(deliveries[0].1.result, Ok(Some(1)));

    // A value of 4,000 bytes makes four to a batch of 16,384.
    let start = net.now;
    net.requests.clear();
    for tag in 5..10 {
        net.send_value(node, Some(0), tag, &[b'x'; 4_000])
            .expect("taken");
    }
    net.run(ms(2));
    assert_eq!(
        produces(&net),
        [(start + ms(1), 1)],
        "the full one goes at once"
    );
    net.run(ms(100));
    assert_eq!(net.batches(0), [1, 5, 4, 1]);
}

#[test]
fn a_broker_that_is_sent_anything_is_sent_every_partitions_batch() {
    let mut net = Net::with_topic(3);
    let node = warm(&mut net, quick());
    let start = net.now;
    net.send(node, 0, 0).expect("taken");
    net.run(ms(6));
    net.send(node, 1, 1).expect("taken");
    net.run(ms(100));
    assert_eq!(produces(&net), [(start + ms(11), 2)]);
}

#[test]
fn no_more_requests_than_allowed_are_in_flight() {
    let mut net = Net::with_topic(1);
    net.latency = ms(50);
    let node = warm(
        &mut net,
        ProducerConfig {
            linger_ms: 0,
            max_in_flight: 2,
            ..quick()
        },
    );
    net.run(ms(500));
    net.requests.clear();
    let start = net.now;
    for tag in 0..5 {
        net.send(node, 0, tag).expect("taken");
        net.run(ms(1));
    }
    let in_flight = |b: &Buffered| b.in_flight;
    let producer = net.client(node).producer.as_ref().expect("there");
    assert_eq!(producer.buffered().filter(in_flight).count(), 2);
    net.run(ms(500));
    let times: Vec<u64> = produces(&net)
        .iter()
        .map(|(at, _)| at.since(start).0 / 1_000)
        .collect();
    assert_eq!(
        times,
        [50, 51, 150],
        "the third waits for the first answer, with all that came"
    );
    assert_eq!(net.log(0), ["1000", "0", "1", "2", "3", "4"]);
}

#[test]
fn a_lost_connection_is_tried_again_and_nothing_is_lost_or_failed() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    net.send(node, 0, 7).expect("taken");
    net.run(ms(10));
    // On its way: it does not arrive.
    net.drop_connection(node);
    net.run(ms(20));
    assert_eq!(net.log(0), ["1000"]);
    net.run(ms(500));
    assert_eq!(net.log(0), ["1000", "7"]);
    assert_eq!(net.outcome(node), (BTreeMap::from([(7, Some(1))]), vec![]));
    assert!(
        net.facts
            .iter()
            .any(|(_, f)| matches!(f, Fact::Retried { .. }))
    );
}

#[test]
fn an_answer_that_is_lost_makes_a_duplicate_without_idempotence() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    net.send(node, 0, 7).expect("taken");
    net.run(Span::micros(11_500));
    assert_eq!(
        net.log(0),
        ["1000", "7"],
        "appended, and the answer is on its way"
    );
    net.drop_connection(node);
    net.run(ms(500));
    assert_eq!(net.log(0), ["1000", "7", "7"]);
    assert_eq!(net.outcome(node).0, BTreeMap::from([(7, Some(2))]));
}

#[test]
fn a_retry_is_overtaken_if_more_than_one_request_may_be_in_flight() {
    let orders = |max_in_flight| {
        let mut net = Net::with_topic(1);
        let node = warm(
            &mut net,
            ProducerConfig {
                linger_ms: 0,
                max_in_flight,
                ..quick()
            },
        );
        net.refuse = VecDeque::from([Some(ErrorCode::NotLeaderOrFollower)]);
        net.send(node, 0, 1).expect("taken");
        net.run(Span::micros(100));
        net.send(node, 0, 2).expect("taken");
        net.run(ms(1_000));
        assert!(net.outcome(node).1.is_empty());
        net.log(0)
    };
    assert_eq!(orders(5), ["1000", "2", "1"]);
    assert_eq!(orders(1), ["1000", "1", "2"]);
}

#[test]
fn several_batches_that_come_back_together_are_turned_round() {
    let mut net = Net::with_topic(1);
    let node = warm(
        &mut net,
        ProducerConfig {
            linger_ms: 0,
            ..quick()
        },
    );
    for tag in 0..3 {
        net.send(node, 0, tag).expect("taken");
        net.run(Span::micros(10));
    }
    net.drop_connection(node);
    net.run(ms(2_000));
    assert_eq!(net.log(0), ["1000", "2", "1", "0"]);
}

#[test]
fn retries_pause_longer_and_longer_until_the_delivery_time_out() {
    let mut net = Net::with_topic(1);
    let node = warm(
        &mut net,
        ProducerConfig {
            delivery_timeout_ms: 5_000,
            request_timeout_ms: 1_000,
            ..quick()
        },
    );
    let start = net.now;
    net.refuse = vec![Some(ErrorCode::NotLeaderOrFollower); 1_000].into();
    net.send(node, 0, 3).expect("taken");
    net.run(Span::secs(6));
    let sent: Vec<u64> = produces(&net)
        .iter()
        .map(|(at, _)| at.since(start).0 / 1_000)
        .collect();
    let pauses: Vec<u64> = sent.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert!((80..=125).contains(&pauses[0]), "{pauses:?}");
    assert!((160..=245).contains(&pauses[1]), "{pauses:?}");
    assert!(pauses.iter().all(|&pause| pause <= 1_005), "{pauses:?}");
    let (at, failed) = net.client(node).deliveries[0];
    assert_eq!(at, start + Span::secs(5));
    let error = failed.result.expect_err("it expired");
    assert_eq!(
        error.message("orders"),
        "Expiring 1 record(s) for orders-0:5000 ms has passed since batch creation"
    );
    assert!(matches!(
        net.facts.last(),
        Some((
            _,
            Fact::SendFailed {
                error: ErrorCode::RequestTimedOut,
                ..
            }
        ))
    ));
}

#[test]
fn a_broker_that_does_not_answer_is_disconnected_and_tried_again() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    net.cut.insert(node);
    net.send(node, 0, 4).expect("taken");
    net.run(Span::secs(29));
    net.cut.clear();
    net.run(Span::secs(3));
    assert_eq!(net.log(0), ["1000", "4"]);
    assert_eq!(net.outcome(node).0, BTreeMap::from([(4, Some(1))]));
}

#[test]
fn a_record_in_flight_expires_too_and_may_be_in_the_log_all_the_same() {
    let mut net = Net::with_topic(1);
    let node = warm(
        &mut net,
        ProducerConfig {
            delivery_timeout_ms: 2_000,
            request_timeout_ms: 1_990,
            ..quick()
        },
    );
    net.send(node, 0, 4).expect("taken");
    net.run(Span::micros(11_500));
    net.cut.insert(node);
    net.run(Span::secs(3));
    assert_eq!(net.log(0), ["1000", "4"]);
    assert_eq!(net.outcome(node), (BTreeMap::new(), vec![4]));
    let error = net.client(node).deliveries[0].1.result.expect_err("failed");
    assert!(!error.certainly_not_sent());
}

#[test]
fn too_large_for_the_client_is_refused_and_for_the_broker_fails() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    let error = net
        .send_value(node, Some(0), 1, &vec![0; 1_048_576])
        .expect_err("too large");
    assert_eq!(
        error.message("orders"),
        "The message is 1048664 bytes when serialized which is larger than 1048576, which is the \
         value of the max.request.size configuration."
    );
    net.broker
        .alter_config(
            net.now,
            "topic-0",
            "max.message.bytes",
            Some("1000"),
            &mut Out::default(),
        )
        .expect("valid");
    net.send_value(node, Some(0), 2, &[0; 2_000])
        .expect("taken");
    net.run(ms(100));
    let failed = net.client(node).deliveries[0].1.result;
    assert_eq!(failed, Err(SendError::Broker(ErrorCode::MessageTooLarge)));
}

#[test]
fn a_batch_too_large_for_the_broker_is_split_until_it_fits() {
    let mut net = Net::with_topic(1);
    let node = warm(
        &mut net,
        ProducerConfig {
            max_in_flight: 1,
            ..quick()
        },
    );
    net.broker
        .alter_config(
            net.now,
            "topic-0",
            "max.message.bytes",
            Some("1000"),
            &mut Out::default(),
        )
        .expect("valid");
    for tag in 0..16 {
        net.send_value(node, Some(0), tag, &[b'y'; 300])
            .expect("taken");
    }
    net.run(ms(500));
    let (delivered, failed) = net.outcome(node);
    assert!(failed.is_empty());
    let expected: BTreeMap<u64, Option<i64>> = (0..16).map(|t| (t, Some(t as i64 + 1))).collect();
    assert_eq!(delivered, expected, "in order, though in many batches");
    assert!(net.batches(0).len() > 5);
}

#[test]
fn sending_blocks_for_a_topic_and_gives_up() {
    let mut net = Net::with_topic(1);
    let node = net.producer(ProducerConfig {
        max_block_ms: 2_000,
        ..quick()
    });
    let topic = TopicId(9);
    let topic_name = name(topic);
    let record = ProducerRecord {
        topic,
        name: &topic_name,
        partition: None,
        key: None,
        value: Some(b"v"),
        timestamp: 0,
        headers: &[],
        tag: 5,
    };
    let sent = net.produce(node, |p, now, out| p.send(now, &record, out));
    assert_eq!(sent, Ok(Sent::Blocked));
    net.run(Span::secs(3));
    let error = net.client(node).deliveries[0]
        .1
        .result
        .expect_err("no topic");
    assert_eq!(
        error.message("orders"),
        "Topic orders not present in metadata after 2000 ms."
    );
    // Made while it waits, it goes through.
    let sent = net.produce(node, |p, now, out| p.send(now, &record, out));
    assert_eq!(sent, Ok(Sent::Blocked));
    net.run(ms(500));
    net.create(topic, 1, &[]);
    net.run(Span::secs(2));
    assert_eq!(net.client(node).deliveries[1].1.result, Ok(Some(0)));
}

#[test]
fn sending_blocks_when_the_memory_is_used_up_and_goes_on_when_it_is_free() {
    let mut net = Net::with_topic(2);
    let node = warm(
        &mut net,
        ProducerConfig {
            buffer_memory: 16_384,
            max_block_ms: 1_000,
            ..quick()
        },
    );
    net.send(node, 0, 0).expect("taken");
    assert_eq!(
        net.send(node, 1, 1),
        Ok(Sent::Blocked),
        "the batch took it all"
    );
    net.run(ms(5));
    assert_eq!(
        net.log(0),
        ["1000", "0"],
        "who waits for memory sees that batches go at once"
    );
    net.run(ms(100));
    assert_eq!(net.log(1), ["1"]);
    net.cut.insert(node);
    net.send(node, 0, 2).expect("taken");
    assert_eq!(net.send(node, 1, 3), Ok(Sent::Blocked));
    net.run(Span::secs(2));
    let error = net.client(node).deliveries[2]
        .1
        .result
        .expect_err("no room");
    assert_eq!(
        error.message("orders"),
        "Failed to allocate 16384 bytes within the configured max blocking time 1000 ms. Total \
         memory: 16384 bytes. Available memory: 0 bytes."
    );
}

#[test]
fn flush_sends_at_once_and_close_takes_no_more() {
    let mut net = Net::with_topic(1);
    let node = warm(
        &mut net,
        ProducerConfig {
            linger_ms: 60_000,
            ..ProducerConfig::default()
        },
    );
    net.run(Span::secs(61));
    net.send(node, 0, 1).expect("taken");
    net.run(ms(50));
    assert_eq!(net.log(0), ["1000"]);
    net.produce(node, Producer::flush);
    assert!(!net.produce(node, |p, _, _| p.is_flushed()));
    net.run(ms(5));
    assert_eq!(net.log(0), ["1000", "1"]);
    assert!(net.produce(node, |p, _, _| p.is_flushed()));
    net.send(node, 0, 2).expect("taken");
    net.produce(node, Producer::close);
    assert_eq!(net.send(node, 0, 3), Err(SendError::Closed));
    assert!(!net.produce(node, |p, _, _| p.is_closed()));
    net.run(ms(5));
    assert!(net.produce(node, |p, _, _| p.is_closed()));
    assert_eq!(net.log(0), ["1000", "1", "2"]);
}

#[test]
fn without_acks_nobody_says_where_and_a_dead_broker_loses_in_silence() {
    let mut net = Net::with_topic(1);
    let node = net.producer(ProducerConfig {
        acks: Acks::Zero,
        ..quick()
    });
    net.send(node, 0, 0).expect("taken");
    net.run(ms(100));
    net.kill_broker();
    net.send(node, 0, 1).expect("taken");
    // The word of the broker's death and the record pass each other.
    net.produce(node, Producer::flush);
    net.run(ms(100));
    net.start_broker();
    net.run(ms(2_000));
    assert_eq!(
        net.outcome(node),
        (BTreeMap::from([(0, None), (1, None)]), vec![])
    );
    assert_eq!(net.log(0), ["0"]);
}

#[test]
fn what_dies_with_the_process_is_told() {
    let mut net = Net::with_topic(1);
    let node = warm(&mut net, quick());
    net.send(node, 0, 1).expect("taken");
    net.run(ms(10));
    net.send(node, 0, 2).expect("taken");
    net.send(node, 0, 3).expect("taken");
    let producer = net.client(node).producer.take().expect("there");
    let lost: Vec<_> = producer
        .crash()
        .iter()
        .map(|l| (l.tags, l.in_flight))
        .collect();
    let tags = |first, count| Tags { first, count };
    assert_eq!(lost, [(tags(1, 1), true), (tags(2, 2), false)]);
}

#[test]
fn records_without_a_key_stick_to_a_partition_for_a_batch() {
    let mut net = Net::with_topic(4);
    let node = warm(&mut net, quick());
    for tag in 0..200 {
        net.send_value(node, None, tag, &[b'z'; 1_000])
            .expect("taken");
        net.run(ms(1));
    }
    net.run(ms(100));
    let batches: Vec<Vec<u32>> = (0..4).map(|p| net.batches(p)).collect();
    let used = batches.iter().filter(|counts| counts.len() > 1).count();
    assert!(used >= 3, "all share: {batches:?}");
    let largest = batches.iter().flatten().max().expect("some");
    assert!(*largest > 5, "and yet they are batched: {batches:?}");
}

#[test]
fn contradicting_settings_are_refused() {
    let config = ProducerConfig {
        delivery_timeout_ms: 1_000,
        ..ProducerConfig::default()
    };
    let error = config.validate().expect_err("too short").to_string();
    assert_eq!(
        error,
        "delivery.timeout.ms should be equal to or larger than linger.ms + request.timeout.ms"
    );
    let json = r#"{"linger.ms": 0, "batch.size": 1000}"#;
    let config: ProducerConfig = serde_json::from_str(json).expect("real names");
    assert_eq!(
        (config.linger_ms, config.batch_size, config.max_in_flight),
        (0, 1_000, 5)
    );
}
