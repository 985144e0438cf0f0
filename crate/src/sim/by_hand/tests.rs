//! Somebody in the network's place, in a real cluster.

use super::*;
use crate::id::{TopicId, TopicPartition};
use crate::protocol::{Acks, Stop};
use crate::scenario;
use crate::sim::{Timeline, faults};
use crate::time::Time;

const AT: TopicPartition = TopicPartition {
    topic: TopicId(0),
    partition: 0,
};

fn cluster() -> Timeline {
    let mut timeline = Timeline::new(scenario::by_name("cluster").unwrap(), 41).unwrap();
    timeline.run_until(Time(3_000_000), u64::MAX);
    timeline
}

fn hold(timeline: &mut Timeline, hold: bool) {
    timeline.act(Command::HoldMessages { hold }).unwrap();
}

fn deliver(timeline: &mut Timeline, from: &str, to: &str) -> Result<(), Problem> {
    let (from, to) = (from.to_owned(), to.to_owned());
    timeline.act(Command::Deliver { from, to })
}

/// The leader's log end and high watermark.
fn ends(timeline: &Timeline, broker: NodeId) -> (i64, i64) {
    let world = &timeline.moment().world;
    let broker = world.brokers().find(|b| b.node() == broker).unwrap();
    let replica = broker.replica(AT).unwrap();
    (replica.log().log_end_offset(), replica.high_watermark())
}

fn leader(timeline: &Timeline) -> NodeId {
    let world = &timeline.moment().world;
    world.cluster().partition(AT).unwrap().leader.unwrap()
}

#[test]
fn nothing_arrives_until_it_is_chosen_and_then_in_the_order_sent() {
    let mut timeline = cluster();
    let leads = leader(&timeline);
    let name = timeline.moment().world.name(leads).to_owned();
    hold(&mut timeline, true);
    assert!(timeline.moment().world.is_by_hand());
    let before = ends(&timeline, leads);
    timeline.run_until(Time(4_500_000), u64::MAX);
    assert_eq!(ends(&timeline, leads), before, "nothing arrived");

    // Everything the producer sent the leader, one after the other, without time passing.
    let sent: Vec<u64> = {
        let world = &timeline.moment().world;
        let mine = world
            .waiting()
            .into_iter()
            .filter(|m| world.name(m.from) == "producer-1" && m.to == leads);
        mine.map(|m| m.sent_at.0).collect()
    };
    assert!(sent.len() >= 2 && sent.is_sorted(), "{sent:?}");
    let instant = timeline.instant();
    for n in 0..sent.len() {
        deliver(&mut timeline, "producer-1", &name).unwrap();
        assert!(ends(&timeline, leads).0 >= before.0);
        assert_eq!(timeline.instant(), instant + n as u64 + 1, "one step each");
    }
    assert_eq!(timeline.now(), Time(4_500_000));
    assert!(ends(&timeline, leads).0 > before.0, "appended");
    assert_eq!(
        ends(&timeline, leads).1,
        before.1,
        "and not committed: nobody fetched"
    );
    let why = deliver(&mut timeline, "producer-1", &name).unwrap_err();
    assert!(
        why.0.contains("nothing is on its way from producer-1"),
        "{why}"
    );
    let why = deliver(&mut timeline, "producer-1", "broker").unwrap_err();
    assert!(why.0.contains("several"), "{why}");

    hold(&mut timeline, false);
    timeline.run_until(Time(9_000_000), u64::MAX);
    let (end, mark) = ends(&timeline, leads);
    assert!(mark > before.1 && end - mark <= 2, "{end} {mark}");
    assert!(timeline.moment().world.waiting().is_empty());
}

/// What mends the network lets go what somebody holds.
#[test]
fn healing_lets_messages_go() {
    let mut timeline = cluster();
    let leads = leader(&timeline);
    hold(&mut timeline, true);
    timeline.run_until(Time(4_500_000), u64::MAX);
    assert!(!timeline.moment().world.waiting().is_empty());
    let before = ends(&timeline, leads);
    timeline.act(Command::Heal).unwrap();
    assert!(!timeline.moment().world.is_by_hand());
    timeline.run_until(Time(6_000_000), u64::MAX);
    assert!(timeline.moment().world.waiting().is_empty());
    assert!(ends(&timeline, leads).1 > before.1, "committed");
}

#[test]
fn steps_back_seeking_and_a_replay_give_the_same_history() {
    let mut timeline = cluster();
    hold(&mut timeline, true);
    timeline.run_until(Time(3_400_000), u64::MAX);
    let mut hashes = vec![(timeline.instant(), timeline.trace_hash())];
    for _ in 0..12 {
        let world = &timeline.moment().world;
        let first = world.waiting()[0];
        let (from, to) = (
            world.name(first.from).to_owned(),
            world.name(first.to).to_owned(),
        );
        deliver(&mut timeline, &from, &to).unwrap();
        hashes.push((timeline.instant(), timeline.trace_hash()));
    }
    let (a, b) = ("broker-1".to_owned(), "broker-2".to_owned());
    timeline.act(Command::BreakConnection { a, b }).unwrap();
    timeline.run_until(Time(5_000_000), u64::MAX);
    hold(&mut timeline, false);
    timeline.run_until(Time(20_000_000), u64::MAX);
    let end = timeline.trace_hash();
    for &(instant, hash) in hashes.iter().rev() {
        timeline.seek_instant(instant);
        assert_eq!(timeline.trace_hash(), hash, "at {instant}");
    }
    timeline.seek(Time(20_000_000), u64::MAX);
    assert_eq!(timeline.trace_hash(), end);
    let mut again = Timeline::new(scenario::by_name("cluster").unwrap(), 41).unwrap();
    again.script(timeline.commands().to_vec());
    again.run_until(Time(20_000_000), u64::MAX);
    assert_eq!(again.trace_hash(), end);
    assert_eq!(again.refused().count(), 0);
}

/// What the page asks for: with acks=1 an acknowledged record is lost by choosing only the batch and
/// its acknowledgement before the leader dies; what is committed is not.
#[test]
fn an_acknowledged_record_is_lost_and_a_committed_one_is_not() {
    let mut timeline = cluster();
    timeline.act(Command::SetAcks { acks: Acks::One }).unwrap();
    timeline.run_until(Time(4_000_000), u64::MAX);
    let leads = leader(&timeline);
    let name = timeline.moment().world.name(leads).to_owned();
    hold(&mut timeline, true);
    timeline.run_until(Time(4_700_000), u64::MAX);
    let mark = ends(&timeline, leads).1;
    while deliver(&mut timeline, "producer-1", &name).is_ok() {}
    while deliver(&mut timeline, &name, "producer-1").is_ok() {}
    assert!(ends(&timeline, leads).0 > mark);
    let (node, how) = (name, Stop::Killed);
    timeline.act(Command::Stop { node, how }).unwrap();
    hold(&mut timeline, false);
    timeline.run_until(Time(20_000_000), u64::MAX);
    let promises = &timeline.moment().promises;
    use crate::sim::Promise;
    assert!(promises.breaches(Promise::AcknowledgedReadable) > 0);
    assert!(
        promises
            .terms()
            .excuse(Promise::AcknowledgedReadable)
            .is_some()
    );
    assert_eq!(promises.breaches(Promise::CommittedKept), 0);
}

/// Whatever somebody chooses, with the usual settings no promise breaks, and let go, all catch up.
#[test]
fn no_choice_breaks_a_promise() {
    for seed in 0..25 {
        let scene = scenario::by_name("cluster").unwrap();
        let mut timeline = Timeline::new(scene.clone(), seed).unwrap();
        let until = Time(20_000_000);
        let mut script = faults::random_choices(seed, &scene, until);
        let chosen = script
            .iter()
            .filter(|acted| matches!(acted.command, Command::Deliver { .. }));
        assert!(chosen.count() > 50);
        script.extend(faults::random_faults(
            seed,
            &scene,
            until,
            faults::Intensity::Low,
            faults::Mischief::Anything,
        ));
        timeline.script(script);
        timeline.run_until(until, u64::MAX);
        hold(&mut timeline, false);
        for command in faults::mend_all(&scene) {
            timeline.act(command).unwrap();
        }
        timeline.run_until(Time(60_000_000), u64::MAX);
        let moment = timeline.moment().clone();
        let mut promises = moment.promises;
        promises.recheck(&moment.world);
        assert!(
            promises.broken().is_none(),
            "seed {seed}: {:?}",
            promises.broken()
        );
        let carried = timeline.commands_done() - timeline.refused().count();
        assert!(carried > 40, "seed {seed}: most were refused");
        let world = &timeline.moment().world;
        assert!(world.waiting().is_empty());
        let state = world.cluster().partition(AT).unwrap();
        assert_eq!(state.isr.len(), 3, "seed {seed}: all are in sync again");
    }
}
