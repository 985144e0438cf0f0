use super::*;
use crate::scenario;
use crate::sim::{Flaw, Scenario};

fn tried(scene: &str, from: Time, commands: &[Command], crash: Crash) -> Crashes {
    let scene = scenario::by_name(scene).expect("the scene is there");
    all_tried(scene, from, commands, crash)
}

fn all_tried(scene: Scenario, from: Time, commands: &[Command], crash: Crash) -> Crashes {
    let mut run = Timeline::new(scene, 41).expect("the scene holds together");
    for command in commands {
        run.act(command.clone()).expect("it makes sense");
    }
    run.run_until(from, u64::MAX);
    let mut crashes = Crashes::new(&run, crash);
    while !crashes.done() {
        crashes.slice();
    }
    crashes
}

fn crash(node: &str, how: Stop, step: Span, count: usize) -> Crash {
    Crash {
        node: node.into(),
        how,
        at: TopicPartition::new(crate::id::TopicId(0), 0),
        step,
        count,
    }
}

const LEADER: &str = "leader of orders-0";

/// Followers are late: messages between them and the leader take so many times as long.
fn slow(factor: f64) -> Command {
    Command::SlowLink {
        a: LEADER.into(),
        b: "followers of orders-0".into(),
        factor,
    }
}

/// What a try says came of the crash is what comes of it when it is played.
#[test]
fn a_crash_that_is_played_ends_as_foretold() {
    let crash = crash(LEADER, Stop::Killed, Span::millis(400), 6);
    let crashes = tried("cluster", Time(5_000_000), &[], crash);
    for (n, tried) in crashes.tried().iter().enumerate() {
        let told = tried.as_ref().expect("it leads");
        assert_eq!(told.at, Time(5_000_000) + Span::millis(400 * n as u64));
        // With acks=all nothing is lost, and writers wait until the session of the dead has ended.
        assert_eq!((told.lost, told.broken), (Some(0), None));
        let session = Span::secs(6)..Span::secs(11);
        assert!(session.contains(&told.waited), "{told:?}");
        assert!(told.waits < Span::secs(1) && told.leader != told.node);

        let scene = scenario::by_name("cluster").expect("the scene is there");
        let mut played = Timeline::new(scene, 41).expect("the scene holds together");
        played.script(crashes.commands(n));
        played.run_until(told.at + crashes.watched(), u64::MAX);
        let world = &played.moment().world;
        let node = told.node.expect("one stops");
        assert_eq!(world.status(node), Status::Down);
        assert_eq!(leader(world, crashes.crash().at), told.leader);
    }
}

/// Records are lost where acks=1 acknowledges them before a follower has them, and the monitors say
/// so of the same moments; with acks=all they are not.
#[test]
fn what_is_lost_depends_on_the_moment_and_on_acks() {
    let all = |acks| {
        let commands = [slow(40.0), Command::SetAcks { acks }];
        let crash = crash(LEADER, Stop::Killed, Span::millis(20), 40);
        tried("cluster", Time(5_000_000), &commands, crash)
    };
    let crashes = all(Acks::One);
    let mut lost = 0;
    for n in 0..crashes.tried().len() {
        let told = crashes.tried()[n].as_ref().expect("it leads");
        assert_eq!(told.broken, None, "acks=1 promises less");
        let mut played = crashes.run().clone();
        played.script(crashes.commands(n));
        played.run_until(told.at + crashes.watched(), u64::MAX);
        let seen = played
            .moment()
            .promises
            .breach(Promise::AcknowledgedReadable);
        let seen = seen.filter(|breach| breach.stamp.at >= told.at);
        lost += usize::from(told.lost > Some(0));
        if told.lost > Some(0) {
            assert!(seen.is_some(), "{told:?}");
        }
    }
    assert!((1..40).contains(&lost), "{lost} of 40 moments");
    for told in all(Acks::All).tried() {
        let told = told.as_ref().expect("it leads");
        assert_eq!((told.lost, told.broken), (Some(0), None));
    }
}

/// A mistake loses what was promised; a node that is down cannot crash.
#[test]
fn a_broken_promise_and_a_crash_that_cannot_be() {
    let flaw = Some(Flaw::AckBeforeReplication);
    let crash = crash(LEADER, Stop::Killed, Span::millis(20), 40);
    let commands = [slow(1_000.0), Command::SetFlaw { flaw }];
    let crashes = tried("cluster", Time(3_000_000), &commands, crash.clone());
    let worst = crashes
        .tried()
        .iter()
        .flatten()
        .filter(|told| told.lost > Some(0));
    assert!(worst.clone().count() > 0);
    // What it acknowledges too soon is a broken promise before any crash.
    let broken = |told: &Aftermath| (told.broken, told.broken_anyway);
    let readable = (None, Some(Promise::AcknowledgedReadable));
    assert!(worst.clone().all(|told| broken(told) == readable));
    assert_eq!(crashes.without().0.broken_anyway, readable.1);

    let down = Command::Stop {
        node: "broker-2".into(),
        how: Stop::Killed,
    };
    let crash = Crash {
        node: "broker-2".into(),
        count: 2,
        ..crash
    };
    for told in tried("cluster", Time(3_000_000), &[down], crash).tried() {
        let why = told.as_ref().expect_err("it is down");
        assert_eq!(why.to_string(), "broker-2 is down at that moment");
    }
}

/// A mistake that only shows when the leader dies is the crash's doing.
#[test]
fn what_breaks_with_the_crash_alone_is_its_doing() {
    let mut scene = scenario::by_name("elect-outside-isr").expect("the scene is there");
    let dies =
        |acted: &Acted| matches!(&acted.command, Command::Stop { node, .. } if node == LEADER);
    scene.script.retain(|acted| !dies(acted));
    let crashes = all_tried(
        scene,
        Time(21_000_000),
        &[],
        crash(LEADER, Stop::Killed, Span::secs(1), 2),
    );
    for told in crashes.tried() {
        let told = told.as_ref().expect("it leads");
        assert_eq!(
            (told.broken, told.broken_anyway),
            (Some(Promise::CommittedKept), None)
        );
    }
    assert_eq!(crashes.without().0.broken_anyway, None);
}

/// Too few in sync: with two followers gone sends are refused.
#[test]
fn sends_are_refused_where_too_few_are_in_sync() {
    let down = Command::Stop {
        node: "follower of orders-0".into(),
        how: Stop::Clean,
    };
    let crash = crash("follower of orders-0", Stop::Killed, Span::secs(1), 1);
    let crashes = tried("cluster", Time(4_000_000), &[down], crash);
    let told = crashes.tried()[0].as_ref().expect("one follower is left");
    assert!(told.refused > Span::secs(1), "{told:?}");
    assert!(told.waits > Span::secs(5), "{told:?}");
}
