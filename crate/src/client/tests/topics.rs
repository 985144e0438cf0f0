use super::*;
use crate::cluster::TopicError;
use crate::log::TimestampType;

fn try_create(net: &mut Net, id: u32, name: &str, new: &NewTopic) -> String {
    let made = net.broker.create_topic(
        net.now,
        TopicId(id),
        &Arc::from(name),
        new,
        &mut Out::default(),
    );
    made.map_or_else(|error| error.to_string(), |()| "made".into())
}

#[test]
fn topics_are_refused_in_the_words_of_the_tool() {
    let mut net = Net::new(BrokerConfig::default());
    let some = |partitions| NewTopic {
        partitions: Some(partitions),
        ..NewTopic::default()
    };
    assert_eq!(try_create(&mut net, 0, "orders", &some(5)), "made");
    assert_eq!(
        try_create(&mut net, 0, "orders", &some(5)),
        "Topic 'orders' already exists."
    );
    assert_eq!(try_create(&mut net, 1, "my.topic_1", &some(1)), "made");
    assert_eq!(
        try_create(&mut net, 2, "my_topic_1", &some(1)),
        "Topic 'my_topic_1' collides with existing topic: my.topic_1"
    );
    assert_eq!(
        try_create(&mut net, 3, "zero", &some(0)),
        "The partitions must be greater than 0"
    );
    let copies = |n| NewTopic {
        replication_factor: Some(n),
        ..NewTopic::default()
    };
    assert_eq!(
        try_create(&mut net, 4, "toobig", &copies(4)),
        "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot be \
         reached because only 1 broker(s) are registered."
    );
    let says = |result: Result<(), TopicError>| result.expect_err("refused").to_string();
    let (now, mut out) = (net.now, Out::default());
    assert_eq!(
        says(net.broker.add_partitions(now, "orders", 5, &mut out)),
        "Topic already has 5 partition(s)."
    );
    assert_eq!(
        says(net.broker.add_partitions(now, "orders", 2, &mut out)),
        "The topic orders currently has 5 partition(s); 2 would not be an increase."
    );
    assert_eq!(
        says(net.broker.delete_topic(now, "nosuch", &mut out)),
        "Topic 'Optional[nosuch]' does not exist as expected"
    );
    assert_eq!(
        says(
            net.broker
                .alter_config(now, "orders", "nosuch", Some("1"), &mut out)
        ),
        "Unknown topic config name: nosuch"
    );
    let (_, topic) = net.broker.describe("my.topic_1").expect("there");
    assert_eq!(topic.partitions.len(), 1, "num.partitions");
}

#[test]
fn a_mistyped_topic_is_made_or_not_as_the_broker_is_set() {
    let sent = |auto_create_topics| {
        let mut net = Net::new(BrokerConfig {
            auto_create_topics,
            ..BrokerConfig::default()
        });
        let node = net.producer(ProducerConfig {
            max_block_ms: 1_000,
            ..ProducerConfig::default()
        });
        assert_eq!(net.send_value(node, None, 1, b"v"), Ok(Sent::Blocked));
        net.run(Span::secs(2));
        let (delivered, failed) = net.outcome(node);
        (
            delivered.len(),
            failed.len(),
            net.broker.image().topics.contains_key(&TOPIC),
        )
    };
    assert_eq!(sent(true), (1, 0, true));
    assert_eq!(sent(false), (0, 1, false));
}

#[test]
fn an_invalid_name_fails_at_once() {
    let mut net = Net::new(BrokerConfig::default());
    let node = net.producer(ProducerConfig::default());
    let topic_name: Arc<str> = Arc::from("bad topic");
    let record = ProducerRecord {
        topic: TOPIC,
        name: &topic_name,
        partition: None,
        key: None,
        value: None,
        timestamp: 0,
        headers: &[],
        tag: 1,
    };
    let sent = net.produce(node, |p, now, out| p.send(now, &record, out));
    assert_eq!(sent, Ok(Sent::Blocked));
    net.run(ms(10));
    let error = net.client(node).deliveries[0]
        .1
        .result
        .expect_err("invalid");
    assert_eq!(error.message("bad topic"), "Invalid topics: [bad topic]");
}

#[test]
fn a_topic_made_again_is_another_one() {
    let mut net = Net::with_topic(1);
    net.fill(0, 0..3);
    let node = net.member(ConsumerConfig {
        auto_offset_reset: crate::client::OffsetReset::Earliest,
        ..ConsumerConfig::default()
    });
    net.run(Span::secs(6));
    assert_eq!(net.committed(0), Some(3));
    let mut out = Out::default();
    let before = net.broker.image().topics[&TOPIC].incarnation;
    net.broker
        .delete_topic(net.now, "topic-0", &mut out)
        .expect("there");
    assert_eq!(out.effects.len(), 1, "the fetch that waited is answered");
    assert_eq!(net.committed(0), None);
    net.create(TOPIC, 1, &[]);
    assert!(net.broker.image().topics[&TOPIC].incarnation > before);
    net.fill(0, 10..12);
    net.run(Span::secs(40));
    let values: Vec<_> = net
        .client(node)
        .polled
        .iter()
        .map(|p| p.3.clone())
        .collect();
    assert_eq!(
        values.last(),
        Some(&b"11".to_vec()),
        "the position was out of range"
    );
}

#[test]
fn the_brokers_clock_stamps_records_if_the_topic_says_so() {
    let mut net = Net::with_topic(1);
    net.run(Span::secs(7));
    net.broker
        .alter_config(
            net.now,
            "topic-0",
            "message.timestamp.type",
            Some("LogAppendTime"),
            &mut Out::default(),
        )
        .expect("valid");
    let node = net.producer(ProducerConfig::default());
    for (tag, partition) in [(1, 0), (2, 0)] {
        net.send(node, partition, tag).expect("taken");
    }
    net.run(ms(100));
    let replica = net.broker.replica(tp(0)).expect("there");
    let batch = replica.log().batches().next().expect("appended");
    assert_eq!(batch.timestamp_type(), TimestampType::LogAppendTime);
    let stamps: Vec<i64> = batch
        .records()
        .map(|r| r.expect("readable").timestamp)
        .collect();
    assert_eq!(stamps, [batch.max_timestamp(); 2]);
    let appended = batch.max_timestamp() - Time(7_000_000).event_ms();
    assert!((4..20).contains(&appended), "{appended}");
}

#[test]
fn a_timestamp_too_far_ahead_is_refused() {
    let mut net = Net::with_topic(1);
    let node = net.producer(ProducerConfig::default());
    let topic_name = name(TOPIC);
    let record = ProducerRecord {
        topic: TOPIC,
        name: &topic_name,
        partition: None,
        key: None,
        value: None,
        timestamp: Time::ZERO.event_ms() + 3_700_000,
        headers: &[],
        tag: 1,
    };
    net.produce(node, |p, now, out| p.send(now, &record, out))
        .expect("taken");
    net.run(ms(100));
    let failed = net.client(node).deliveries[0].1.result;
    assert_eq!(failed, Err(SendError::Broker(ErrorCode::InvalidTimestamp)));
}
