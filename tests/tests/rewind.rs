//! A group is rewound in all its partitions, or in one.

use millrace::protocol::{OffsetSpec, Service};
use millrace::scenario;
use millrace::sim::{Command, Timeline};
use millrace::time::Time;
use millrace::view::numbers;

fn at_12_s() -> Timeline {
    let orders = scenario::by_name("orders").expect("the scene is there");
    let mut timeline = Timeline::new(orders, 41).expect("it starts");
    timeline.run_until(Time(12_000_000), u64::MAX);
    timeline
}

fn rewind(partition: Option<u32>) -> Command {
    Command::Rewind {
        service: Service::Payment,
        to: OffsetSpec::Earliest,
        partition,
    }
}

/// What payment has committed, by partition.
fn committed(timeline: &Timeline) -> Vec<i64> {
    let table = numbers::lag(&timeline.moment().world);
    let rows = table
        .rows
        .into_iter()
        .filter(|row| row[0].starts_with("payment"));
    rows.map(|row| row[1].parse().expect("an offset")).collect()
}

#[test]
fn one_partition_goes_back_and_the_others_go_on() {
    let mut timeline = at_12_s();
    let before = committed(&timeline);
    assert_eq!(before.len(), 6);
    timeline
        .act(rewind(Some(2)))
        .expect("there is such a partition");
    timeline.run_until(Time(13_000_000), u64::MAX);
    let after = committed(&timeline);
    for (partition, (was, is)) in before.iter().zip(&after).enumerate() {
        assert_eq!(is < was, partition == 2, "{partition}: {was}, then {is}");
    }

    let mut timeline = at_12_s();
    timeline.act(rewind(None)).expect("always possible");
    timeline.run_until(Time(13_000_000), u64::MAX);
    let after = committed(&timeline);
    assert!(
        before.iter().zip(&after).all(|(was, is)| is < was),
        "{after:?}"
    );
}

#[test]
fn a_partition_that_is_not_there_is_refused() {
    let mut timeline = at_12_s();
    let why = timeline.act(rewind(Some(6))).expect_err("there are six");
    assert_eq!(
        why.to_string(),
        "orders has no partition 6: its partitions are 0 to 5"
    );
}

#[test]
fn what_was_written_before_there_was_a_partition_is_still_read() {
    let old = r#"{"rewind":{"service":"payment","to":"earliest"}}"#;
    let command: Command = serde_json::from_str(old).expect("it is read");
    assert_eq!(command, rewind(None));
    assert_eq!(serde_json::to_string(&command).expect("JSON"), old);
    let one = r#"{"rewind":{"service":"payment","to":"earliest","partition":2}}"#;
    assert_eq!(serde_json::to_string(&rewind(Some(2))).expect("JSON"), one);
    let command: Command = serde_json::from_str(one).expect("it is read");
    assert_eq!(command, rewind(Some(2)));
}
