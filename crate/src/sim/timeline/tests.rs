use super::*;
use crate::scenario;
use crate::time::Span;

fn acted(ms: u64, instant: Option<u64>, command: Command) -> Acted {
    let at_us = Time::ZERO + Span::millis(ms);
    Acted {
        at_us,
        instant,
        command,
    }
}

fn add_partitions(to: u32) -> Command {
    let topic = "orders".into();
    Command::AddPartitions { topic, to }
}

fn scripted(scene: &str, commands: Vec<Acted>) -> Timeline {
    let scene = scenario::by_name(scene).expect("the scene is there");
    let mut timeline = Timeline::new(scene, 41).expect("the scene holds together");
    timeline.script(commands);
    timeline
}

#[test]
fn a_command_that_makes_no_sense_is_passed_over_and_kept_with_its_reason() {
    let commands = vec![
        acted(1_000, None, add_partitions(3)),
        acted(2_000, None, add_partitions(7)),
        acted(3_000, None, add_partitions(7)),
        acted(5_000, None, add_partitions(2_000_000)),
    ];
    let mut timeline = scripted("orders", commands);
    let refused = |timeline: &Timeline| -> Vec<u64> {
        timeline
            .refused()
            .map(|(acted, _)| acted.at_us.0 / 1_000)
            .collect()
    };
    timeline.run_until(Time(2_500_000), u64::MAX);
    assert_eq!(refused(&timeline), [1_000]);
    timeline.run_until(Time(4_000_000), u64::MAX);
    assert_eq!(refused(&timeline), [1_000, 3_000]);
    let why = timeline.refused().next().expect("one was refused").1;
    assert!(why.0.contains("6"), "{why}");
    assert_eq!(timeline.carried_out().len(), 1);
    timeline.run_until(Time(6_000_000), u64::MAX);
    assert_eq!(refused(&timeline), [1_000, 3_000, 5_000]);

    timeline.seek(Time(500_000), u64::MAX);
    assert!(refused(&timeline).is_empty());
    timeline.act(Command::Heal).expect("nothing is cut");
    timeline.run_until(Time(4_000_000), u64::MAX);
    assert!(refused(&timeline).is_empty(), "they are of the future left");
    timeline.take_up(0, u64::MAX);
    assert_eq!(refused(&timeline), [1_000, 3_000]);
}

#[test]
fn a_command_acts_at_its_time_where_its_instant_is_never_reached() {
    let slow = |instant| {
        let mut timeline = scripted(
            "orders",
            vec![
                acted(1_000, instant, add_partitions(7)),
                acted(1_500, None, add_partitions(8)),
            ],
        );
        timeline.run_until(Time(1_200_000), u64::MAX);
        timeline.run_until(Time(3_000_000), u64::MAX);
        assert_eq!(timeline.commands_done(), 2);
        timeline.trace_hash()
    };
    assert_eq!(slow(Some(u64::MAX)), slow(None));
}

#[test]
fn what_a_person_did_may_take_the_sense_of_the_script_away() {
    let commands = vec![acted(1_000, None, add_partitions(12))];
    let mut timeline = scripted("more-partitions", commands);
    timeline.run_until(Time(16_000_000), u64::MAX);
    let world = &timeline.moment().world;
    let topic = world.topic_id("orders").expect("it is there");
    assert_eq!(world.partitions(topic), 12);
}

#[test]
fn another_future_parts_where_the_commands_differ() {
    let all =
        [1_000, 3_000, 5_000].map(|ms| acted(ms, None, add_partitions(4 + ms as u32 / 1_000)));
    let mut timeline = scripted("orders", all.to_vec());
    timeline.run_until(Time(6_000_000), u64::MAX);
    let known = timeline.commands().to_vec();
    timeline.go_otherwise(known.clone());
    assert_eq!(
        (timeline.now(), timeline.forks().len()),
        (Time(6_000_000), 0),
        "the same"
    );

    let other = acted(4_000, None, add_partitions(20));
    let wanted = vec![known[0].clone(), other.clone()];
    timeline.go_otherwise(wanted.clone());
    assert_eq!(timeline.now(), Time(2_999_999));
    assert_eq!(timeline.commands_done(), 1);
    timeline.run_until(Time(6_000_000), u64::MAX);
    let world = &timeline.moment().world;
    let topic = world.topic_id("orders").expect("it is there");
    assert_eq!(world.partitions(topic), 20);
    assert_eq!(timeline.forks()[0].commands, known);

    // It is what those commands alone would have come to.
    let alone = vec![all[0].clone(), other];
    let mut afresh = scripted("orders", alone);
    afresh.run_until(Time(6_000_000), u64::MAX);
    assert_eq!(afresh.trace_hash(), timeline.trace_hash());
}

/// What the person did at the microsecond of a command of the script comes after it, unless they were
/// there before it, and again so when it is played again.
#[test]
fn a_command_at_the_time_of_the_script_keeps_its_place() {
    let scene = scenario::by_name("ack-before-replication").expect("the scene is there");
    let flaw = |timeline: &Timeline| timeline.moment().world.flaw();
    let begin = || Timeline::new(scene.clone(), 41).expect("it starts");
    let none = Command::SetFlaw { flaw: None };
    let mut after = begin();
    after.run_until(Time::ZERO, u64::MAX);
    assert!(flaw(&after).is_some());
    after.act(none.clone()).expect("always");
    after.run_until(Time(1_000_000), u64::MAX);
    assert_eq!(flaw(&after), None);
    let mut before = begin();
    before.act(none.clone()).expect("always");
    before.run_until(Time(1_000_000), u64::MAX);
    assert!(flaw(&before).is_some());
    for played in [after, before] {
        let mut again = begin();
        again.script(played.commands().to_vec());
        again.run_until(Time(1_000_000), u64::MAX);
        assert_eq!(again.trace_hash(), played.trace_hash());
    }
    let mut unknown = begin();
    unknown.script(vec![acted(0, None, none)]);
    unknown.run_until(Time(1_000_000), u64::MAX);
    assert_eq!(flaw(&unknown), None);
}
