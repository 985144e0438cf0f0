//! Two runs from one instant side by side: one run up to where they were forked, apart after it by the
//! commands alone; and each famous failure with its mistake and without.

use millrace::id::{TopicId, TopicPartition};
use millrace::protocol::{Acks, Stop};
use millrace::scenario::{self, famous};
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::{Span, Time};
use millrace::view::cluster::ClusterScene;
use millrace::view::cluster::compare::{self, Comparison, Parting};
use millrace::view::cluster::scene::scene;

const AT: TopicPartition = TopicPartition {
    topic: TopicId(0),
    partition: 0,
};

fn run(name: &str, until: Time) -> Timeline {
    let scene = scenario::by_name(name).expect("the scene is there");
    let mut run = Timeline::new(scene, 41).expect("it starts");
    run.run_until(until, u64::MAX);
    run
}

fn kill() -> Command {
    Command::Stop {
        node: "leader of orders-0".into(),
        how: Stop::Killed,
    }
}

/// Plays both on in small steps, as a page does, and tells what differs first in what happened.
fn abreast(a: &mut Timeline, b: &mut Timeline, to: Time) -> Option<Parting> {
    let (mut parting, mut since) = (None, a.now());
    while a.now() < to {
        a.run_until((a.now() + Span::millis(250)).min(to), u64::MAX);
        b.keep_up_with(a);
        assert_eq!(a.now(), b.now());
        let moments = [a.moment(), b.moment()];
        parting = parting.or_else(|| compare::parting(moments, since, a.now()));
        since = a.now();
    }
    parting
}

fn compared(a: &Timeline, b: &Timeline, parting: Option<&Parting>) -> Comparison {
    let scenes = [a, b].map(|run| {
        let mut picture = ClusterScene::default();
        scene(run.moment(), run.now(), AT, &mut picture);
        picture
    });
    compare::compare([a, b], [&scenes[0], &scenes[1]], parting)
}

fn row<'a>(of: &'a Comparison, what: &str) -> [&'a str; 2] {
    let row = of.table.rows.iter().find(|row| row[0].starts_with(what));
    let row = row.unwrap_or_else(|| panic!("no row {what}: {:?}", of.table));
    [&row[1], &row[2]]
}

#[test]
fn a_fork_to_which_nothing_is_done_stays_the_same_run() {
    let mut a = run("leader-killed", Time(4_000_000));
    let mut b = a.fork();
    assert_eq!(abreast(&mut a, &mut b, Time(30_000_000)), None);
    assert_eq!((a.instant(), a.trace_hash()), (b.instant(), b.trace_hash()));
    let same = compared(&a, &b, None);
    assert!(same.told.starts_with("Both are one run"), "{}", same.told);
    assert!(
        same.table.rows.iter().all(|row| row[1] == row[2]),
        "{same:?}"
    );

    // Also where one stops in the middle of a microsecond, and back again.
    for _ in 0..50 {
        a.step_back();
        b.keep_up_with(&a);
        assert_eq!((a.instant(), a.trace_hash()), (b.instant(), b.trace_hash()));
    }
    a.seek(Time(2_500_000), u64::MAX);
    b.keep_up_with(&a);
    assert_eq!((a.instant(), a.trace_hash()), (b.instant(), b.trace_hash()));
}

#[test]
fn a_fork_is_one_run_up_to_its_instant_and_parts_by_its_commands_alone() {
    let mut a = run("cluster", Time(5_000_000));
    let mut b = a.fork();
    let forked = a.instant();
    b.act(kill()).expect("somebody leads");
    let seen = compared(&a, &b, None);
    assert!(
        seen.told
            .ends_with("Nothing else that happened differs yet."),
        "{}",
        seen.told
    );
    let parting = abreast(&mut a, &mut b, Time(12_000_000)).expect("the leader is gone");
    let seen = compared(&a, &b, Some(&parting));
    let acked = row(&seen, "Acknowledged in all").map(|n| n.parse::<u64>().expect("a number"));
    assert!(acked[0] > acked[1], "writers wait: {acked:?}");
    abreast(&mut a, &mut b, Time(20_000_000));
    assert!(parting.at >= Time(5_000_000), "{parting:?}");
    assert!(parting.at < Time(5_200_000), "{parting:?}");

    // The other is the run that one gets who does the same without any fork.
    let mut alone = run("cluster", Time(5_000_000));
    alone.act(kill()).expect("somebody leads");
    alone.run_until(Time(20_000_000), u64::MAX);
    assert_eq!(alone.trace_hash(), b.trace_hash());
    let untouched = run("cluster", Time(20_000_000));
    assert_eq!(untouched.trace_hash(), a.trace_hash());
    let mut again = a.afresh(b.commands().to_vec());
    again.run_until(Time(20_000_000), u64::MAX);
    assert_eq!(again.trace_hash(), b.trace_hash());

    let seen = compared(&a, &b, Some(&parting));
    assert_eq!(seen.sides, ["as it was", "leader of orders-0 killed"]);
    let told = format!(
        "Done differently first, at 00:05.000: A nothing, B leader of orders-0 killed. \
         First that came of it, at {}: in A ",
        parting.at
    );
    assert!(seen.told.starts_with(&told), "{}", seen.told);
    let [here, there] = row(&seen, "Leader epoch");
    assert_eq!((here, there), ("0", "1"));
    assert_ne!(row(&seen, "Leader")[0], row(&seen, "Leader")[1]);

    // Before the fork they are one run still, to the very event.
    for instant in [forked, forked - 1, forked - 500] {
        b.seek_instant(instant);
        a.keep_up_with(&b);
        assert_eq!(a.trace_hash(), b.trace_hash());
        let seen = compared(&a, &b, None);
        assert_eq!(seen.told, "Up to 00:05.000 both are one run.");
        assert!(
            seen.table.rows.iter().all(|row| row[1] == row[2]),
            "{seen:?}"
        );
    }
    b.seek_instant(forked + 1);
    assert!(!b.is_one_with(&a));
    assert_eq!(b.trace_hash(), {
        let mut again = alone.clone();
        again.seek_instant(forked + 1);
        again.trace_hash()
    });
}

#[test]
fn acting_in_the_past_of_one_side_leaves_the_other_as_it_is() {
    let mut a = run("cluster", Time(6_000_000));
    let mut b = a.fork();
    b.act(kill()).expect("somebody leads");
    abreast(&mut a, &mut b, Time(8_000_000));
    let there = a.clone();
    b.seek(Time(3_000_000), u64::MAX);
    a.keep_up_with(&b);
    b.act(Command::SetAcks { acks: Acks::One }).expect("always");
    abreast(&mut b, &mut a, Time(8_000_000));
    assert_eq!(a.trace_hash(), there.trace_hash());
    let seen = compared(&a, &b, None);
    assert!(
        seen.told.contains("at 00:03.000: A nothing, B acks=1"),
        "{}",
        seen.told
    );
}

/// The commands of a famous failure without its mistake: one more, before all others.
fn without_mistake() -> Vec<Acted> {
    vec![Acted {
        at_us: Time::ZERO,
        instant: None,
        command: Command::SetFlaw { flaw: None },
    }]
}

#[test]
fn every_famous_failure_is_told_old_beside_new() {
    let mut wrong = Vec::new();
    for famous in famous::all() {
        let name = famous.flaw.name();
        let mut old = run(name, Time::ZERO);
        let mut new = old.afresh(without_mistake());
        new.keep_up_with(&old);
        let end = Time::ZERO + famous.scene.length;
        let parting = abreast(&mut old, &mut new, end);
        let seen = compared(&old, &new, parting.as_ref());
        assert_eq!(seen.sides, ["with the mistake", "without the mistake"]);
        let what = famous.flaw.text();
        let makes = format!("A makes the mistake {name} ({what}), B does not.");
        assert!(seen.told.contains(&makes), "{}", seen.told);
        let [before, after] = row(&seen, "Promises broken");
        let (_, alone) = seen
            .told
            .split_once("broken in A alone: ")
            .unwrap_or_default();
        if !alone.contains(famous.breaks.text()) || before == "0" || after != "0" {
            wrong.push(format!("{name}: {before}, {after}: {}", seen.told));
        }
        match parting {
            Some(parting) if parting.sides[0] != parting.sides[1] => {}
            other => wrong.push(format!("{name}: {other:?}")),
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
