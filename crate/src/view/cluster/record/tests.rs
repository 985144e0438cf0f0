//! The ways of records in real runs.

use super::*;
use crate::id::TopicId;
use crate::scenario;
use crate::sim::{Command, Timeline};
use crate::time::Span;

fn played(commands: &[Command], until_ms: u64) -> Timeline {
    let scene = scenario::by_name("cluster").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 41).expect("it starts");
    timeline.run_until(Time(2_000_000), u64::MAX);
    for command in commands {
        timeline.act(command.clone()).expect("it makes sense");
    }
    timeline.run_until(Time(until_ms * 1_000), u64::MAX);
    timeline
}

fn of(timeline: &Timeline, offset: i64) -> Vec<RecordWay> {
    let at = TopicPartition::new(TopicId(0), 0);
    ways(timeline.moment(), timeline.now(), at, offset)
}

#[test]
fn a_record_is_sent_copied_committed_and_acknowledged() {
    let timeline = played(&[], 5_000);
    let [way] = &of(&timeline, 2)[..] else {
        panic!("one record lay there");
    };
    let course = &way.course;
    let sent = |what| course.messages.iter().filter(move |m| m.what == what);
    assert_eq!(
        (
            sent("batch").count(),
            sent("copy").count(),
            sent("ack").count()
        ),
        (1, 2, 1),
        "{course:?}"
    );
    let committed = course
        .stays
        .iter()
        .find(|s| s.what == "not committed")
        .unwrap()
        .to
        .unwrap();
    // `acks=all` over three in-sync replicas: all have it before it is committed, and the
    // acknowledgement leaves when it is.
    assert!(sent("copy").all(|copy| copy.due <= committed));
    assert!(sent("ack").all(|ack| ack.sent >= committed));
    // Followers learn of it one fetch later.
    let known = course.stays.iter().filter(|s| s.what == "HW not past it");
    assert_eq!(known.clone().count(), 2);
    assert!(known.into_iter().all(|s| s.to.unwrap() > committed));
    assert!(way.told.contains("then waited"), "{}", way.told);
    assert_eq!(
        course.table().rows.len(),
        course.stays.len() + course.messages.len()
    );
}

/// The words of its steps, in one line.
fn steps(way: &RecordWay) -> String {
    let steps: Vec<&str> = way.steps.iter().map(|(_, words)| &words[..]).collect();
    steps.join("; ")
}

#[test]
fn its_steps_are_told_in_order() {
    let timeline = played(&[], 8_000);
    let way = &of(&timeline, 2)[0];
    assert!(way.steps.is_sorted_by_key(|(at, _)| at.0), "{way:?}");
    let told = steps(way);
    let mut from = 0;
    for words in [
        "sent it in a batch of",
        "leader in epoch 0, appended it",
        "had fetched it from broker",
        "had fetched it from broker",
        "its leader, passed it: it is committed",
        "had its acknowledgement",
        "was kept past it",
    ] {
        let at = told[from..].find(words);
        from += at.unwrap_or_else(|| panic!("no “{words}” after {from} in: {told}")) + 1;
    }
    assert!(told.contains("was handed it"), "{told}");
    assert_eq!(
        told.matches("learned that it is committed").count(),
        2,
        "{told}"
    );
}

/// A leader that is cut off appends what nobody fetches; another is elected, and the record is
/// cut off when the first comes back. Its offset is another record's then.
#[test]
fn what_nobody_fetched_is_cut_off_by_an_election() {
    let at = TopicPartition::new(TopicId(0), 0);
    let mut timeline = played(&[], 3_000);
    let world = &timeline.moment().world;
    let leader = world.cluster().partition(at).unwrap().leader.unwrap();
    let leads = world.name(leader).to_owned();
    let others: Vec<String> = world
        .nodes()
        .filter(|(id, name, ..)| {
            *id != leader && (name.starts_with("broker") || name.starts_with("controller"))
        })
        .map(|(_, name, ..)| name.to_owned())
        .collect();
    let acks = crate::protocol::Acks::One;
    timeline.act(Command::SetAcks { acks }).unwrap();
    for other in others {
        let (a, b) = (leads.clone(), other);
        timeline.act(Command::Cut { a, b }).unwrap();
    }
    timeline.run_until(Time(6_000_000), u64::MAX);
    let end = |timeline: &Timeline| {
        let replica = timeline
            .moment()
            .world
            .brokers()
            .find(|b| b.node() == leader);
        replica.unwrap().replica(at).unwrap().log().log_end_offset()
    };
    let lost = end(&timeline) - 1;
    let before = of(&timeline, lost);
    assert_eq!(before.len(), 1);
    assert!(
        before[0].told.contains("it waits there"),
        "{}",
        before[0].told
    );
    timeline.run_until(Time(16_000_000), u64::MAX);
    timeline.act(Command::Heal).unwrap();
    timeline.run_until(Time(30_000_000), u64::MAX);
    let after = of(&timeline, lost);
    let [newer, older] = &after[..] else {
        panic!("two records lay at {lost}: {after:?}");
    };
    let (told, was) = (steps(newer), steps(older));
    assert!(told.contains("leader in epoch 1, appended it"), "{told}");
    assert!(was.contains("had its acknowledgement"), "{was}");
    assert!(
        was.contains("cut it off: it is not in the log of broker"),
        "{was}"
    );
    assert!(was.contains("elected leader for epoch 1"), "{was}");
    assert!(!was.contains("it is committed"), "{was}");
    assert!(older.told.contains("was cut off"), "{}", older.told);
    // What is shown of an instant is the same however one comes there.
    timeline.seek(Time(6_000_000), u64::MAX);
    assert_eq!(of(&timeline, lost), before);
    timeline.seek(Time(30_000_000), u64::MAX);
    assert_eq!(of(&timeline, lost), after);
}

#[test]
fn what_retention_deletes_is_told_as_deleted() {
    let scene = scenario::by_name("retention").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 41).expect("it starts");
    timeline.run_until(Time(38_000_000), u64::MAX);
    let at = TopicPartition::new(TopicId(0), 0);
    let start = |timeline: &Timeline| {
        let world = &timeline.moment().world;
        let log = world.partition(at).expect("somebody leads").log();
        log.log_start_offset()
    };
    let deleted = start(&timeline) - 1;
    assert!(deleted >= 0, "nothing is deleted yet");
    let way = &of(&timeline, deleted)[0];
    let told = steps(way);
    assert!(told.contains("deleted it: its log begins at"), "{told}");
    assert!(
        !told.contains("cut it off") && !told.contains("lost"),
        "{told}"
    );
    let stays = way.course.stays.iter();
    assert!(
        stays.clone().any(|s| s.what == "committed, then deleted"),
        "{way:?}"
    );
    let story = story(timeline.moment(), timeline.now(), at, start(&timeline));
    assert!(!steps(&story.ways[0]).contains("deleted it"), "{story:?}");
}

#[test]
fn an_offset_where_nothing_lies_has_no_way() {
    assert!(of(&played(&[], 3_000), 9_999_999).is_empty());
}

/// Each message arrives when it is chosen, and its arrow ends there.
#[test]
fn what_was_delivered_by_hand_has_its_arrows() {
    let at = TopicPartition::new(TopicId(0), 0);
    let mut timeline = played(&[], 3_000);
    let end = timeline.moment().world.log(at).unwrap().log_end_offset();
    timeline.act(Command::HoldMessages { hold: true }).unwrap();
    let until = timeline.now() + Span::secs(2);
    timeline.run_until(until, u64::MAX);
    for _ in 0..600 {
        let world = &timeline.moment().world;
        let name = |node| world.name(node).to_owned();
        if let Some(first) = world.waiting().first() {
            let (from, to) = (name(first.from), name(first.to));
            timeline.act(Command::Deliver { from, to }).unwrap();
        }
        timeline.run_until(timeline.now() + Span::millis(1), u64::MAX);
    }
    let way = &of(&timeline, end)[0];
    let arrows = |what| way.course.messages.iter().filter(move |m| m.what == what);
    let counts = ["batch", "copy", "ack"].map(|what| arrows(what).count());
    assert_eq!(counts, [1, 2, 1], "{way:?}");
    let batch = arrows("batch").next().expect("it was counted");
    assert!(batch.due.0 > batch.sent.0 + 10_000, "{batch:?}");
    assert!(
        steps(way).contains("producer-1 sent it in a batch of"),
        "{way:?}"
    );
}
