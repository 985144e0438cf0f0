//! The scene of the clickstream: what stream tasks make of clicks, with crashes and without.

use millrace::protocol::Stop;
use millrace::scenario::{self, Scenario, clickstream::Outcome};
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::Time;
use millrace_tests::{millrace, play};
use serde_json::Value;

const HOURS_S: u64 = 3 * 3_600;

fn scene() -> Scenario {
    scenario::by_name("clickstream").expect("the scene is there")
}

fn outcome(timeline: &Timeline) -> Outcome {
    Outcome::of(&timeline.moment().world).expect("it is the scene")
}

/// The scene with these commands, until so many seconds.
fn played(seed: u64, script: Vec<Acted>, until_s: u64) -> Timeline {
    let mut scene = scene();
    scene.script = script;
    let mut timeline = Timeline::new(scene, seed).expect("it holds together");
    play(&mut timeline, until_s);
    assert_eq!(timeline.moment().promises.broken(), None, "seed {seed}");
    timeline
}

#[test]
fn without_a_crash_every_session_that_is_over_is_told_right() {
    for seed in 0..5 {
        let timeline = played(seed, Vec::new(), HOURS_S);
        let outcome = outcome(&timeline);
        assert_eq!(
            (outcome.wrong, outcome.missing),
            (0, 0),
            "seed {seed}: {outcome:?}"
        );
        assert!(
            outcome.right > 30 && outcome.clicks > 300,
            "seed {seed}: {outcome:?}"
        );
        assert!(
            outcome.taken_back >= 1 && outcome.late >= 1,
            "seed {seed}: {outcome:?}"
        );
        let by_end = outcome.by_end;
        assert_eq!(by_end.over, by_end.same + by_end.never + by_end.split);
        assert!(
            by_end.same > 10 && by_end.never > 2,
            "seed {seed}: {outcome:?}"
        );
    }
}

/// The told part: a late click of Alice joins two sessions, of which the first was told.
#[test]
fn a_late_click_joins_two_sessions_and_takes_one_back() {
    for seed in 0..5 {
        let before = outcome(&played(seed, Vec::new(), 75 * 60));
        let after = outcome(&played(seed, Vec::new(), 77 * 60));
        assert!(
            after.taken_back > before.taken_back,
            "seed {seed}: {before:?} {after:?}"
        );
    }
}

/// Killed at many moments and started again: the sessions are those of a run without a crash.
#[test]
fn a_worker_killed_at_any_moment_loses_no_click_and_tells_none_twice() {
    let at = |ms: u64, command| Acted {
        at_us: Time(ms * 1_000),
        instant: None,
        command,
    };
    for seed in 0..12 {
        let ms = 20 * 60_000 + seed * 367_013;
        let node = "worker-1".to_owned();
        let kill = Command::Stop {
            node: node.clone(),
            how: Stop::Killed,
        };
        let script = vec![at(ms, kill), at(ms + 90_000, Command::Start { node })];
        let timeline = played(seed, script, HOURS_S);
        let outcome = outcome(&timeline);
        assert_eq!(
            (outcome.wrong, outcome.missing),
            (0, 0),
            "seed {seed}, killed at {ms} ms: {outcome:?}"
        );
    }
}

#[test]
fn the_question_whether_alice_buys_has_both_answers() {
    let mut answers = [0, 0];
    for seed in 0..8 {
        let mut timeline = Timeline::new(scene(), seed).expect("it holds together");
        let given = millrace::view::predict::Answers::new();
        let until = Time(81 * 60_000_000);
        let graded = millrace::view::predict::grade(&mut timeline, until, &given, u64::MAX);
        let (asked, _) = graded.expect("it is played on");
        let outcome = asked[0].outcome.as_ref().expect("it was due");
        answers[outcome.0] += 1;
    }
    assert!(answers[0] > 0 && answers[1] > 0, "{answers:?}");
}

#[test]
fn millrace_run_says_what_came_of_it() {
    let ran = millrace(&["run", "clickstream", "--seed", "12", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).expect("one object");
    let sessions = &told["clickstream"];
    assert_eq!(
        (&sessions["wrong"], &sessions["missing"]),
        (&0.into(), &0.into())
    );
    assert!(sessions["taken_back"].as_u64() >= Some(1), "{sessions}");
    let text = millrace(&["run", "clickstream", "--seed", "12", "--until", "90m"]);
    for part in [
        "sessions by a gap of 30 minutes",
        "taken back",
        "the tab crashed",
    ] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
}
