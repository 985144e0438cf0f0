//! The scene of the hashtags: what stream tasks count, with a crash and without.

use millrace::id::TopicPartition;
use millrace::scenario::{self, hashtags::Outcome};
use millrace::sim::{Happening, Timeline};
use millrace::time::Time;
use millrace::view::cluster::{explain::explain, tasks};
use millrace_tests::{millrace, play};
use serde_json::Value;

/// The scene with its crash so many ms after a commit, or without it.
fn outcome(seed: u64, crash: Option<u64>) -> (Timeline, Outcome) {
    let mut scene = scenario::by_name("hashtags").expect("the scene is there");
    match crash {
        Some(ms) => scene.script[0].at_us = Time(24_000_000 + ms * 1_000),
        None => scene.script.clear(),
    }
    let mut timeline = Timeline::new(scene, seed).expect("it holds together");
    play(&mut timeline, 70);
    let outcome = Outcome::of(&timeline.moment().world).expect("it is the scene");
    assert_eq!(timeline.moment().promises.broken(), None, "seed {seed}");
    (timeline, outcome)
}

#[test]
fn without_a_crash_the_counts_are_right_and_each_is_written_once() {
    for seed in 0..5 {
        let (_, outcome) = outcome(seed, None);
        assert_eq!(
            (outcome.wrong, outcome.missing, outcome.again),
            ((0, 0), 0, 0),
            "{outcome:?}"
        );
        assert!(outcome.right > 1_000, "{outcome:?}");
        assert!(outcome.last.0 > 55, "{outcome:?}");
        let costs = outcome.costs;
        assert!(
            costs.naive > 4 * costs.smart && costs.partial > 2 * costs.smart,
            "{costs:?}"
        );
        assert_eq!(outcome.hopping, 30 * outcome.tags);
    }
}

#[test]
fn a_crash_after_a_commit_leaves_the_same_counts_and_one_later_counts_some_twice() {
    let (mut exact, mut twice) = (0, 0);
    for seed in 0..12 {
        for ms in [50, 1_900] {
            let (timeline, outcome) = outcome(seed, Some(ms));
            assert_eq!(outcome.missing, 0, "seed {seed}: {outcome:?}");
            assert!(
                outcome.wrong.1 >= 0,
                "seed {seed}: at least once: {outcome:?}"
            );
            assert!(outcome.right > 900, "seed {seed}: {outcome:?}");
            if ms == 50 {
                exact += u32::from(outcome.wrong.0 == 0);
            } else {
                twice += u32::from(outcome.wrong.1 > 0);
            }
            let entries = timeline.moment().chronicle.entries();
            let restored =
                entries.filter(|(_, what)| matches!(what, Happening::TaskRestored { .. }));
            assert!(restored.count() >= 1, "seed {seed}");
        }
    }
    assert!(
        exact >= 9 && twice >= 9,
        "of 12 crashes each, {exact} left the same counts, {twice} did not"
    );
}

#[test]
fn millrace_run_says_what_came_of_it() {
    let ran = millrace(&["run", "hashtags", "--seed", "41", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).expect("one object");
    assert_eq!(told["hashtags"]["missing"], 0);
    assert_eq!(told["app"]["tasks"].as_array().expect("a list").len(), 6);
    let befell = told["app"]["befell"].as_array().expect("a list");
    let moved = befell
        .iter()
        .find(|b| b["from"] == "worker-2")
        .expect("a task moves");
    assert!(moved["at_us"].as_u64().expect("a time") > 27_000_000);
    assert!(
        befell
            .iter()
            .any(|b| b["changes"].as_u64() > Some(0) && b["took_us"].is_u64())
    );
    let steps = &told["hashtags"]["steps"];
    let step = |way: &str| steps[way].as_u64().expect("a number");
    assert!(
        step("smart") < step("partial") && step("smart") < step("naive"),
        "{steps}"
    );
    assert!(told["topics"].get("hashtags-counts-changelog").is_some());
    let text = millrace(&["run", "hashtags", "--seed", "41", "--until", "40s"]);
    assert_eq!(text.code, 0);
    for part in [
        "Stream tasks of hashtags",
        "moved from worker-2 to",
        "restored",
        "what the windows take",
    ] {
        assert!(text.stdout.contains(part), "{part}: {}", text.stdout);
    }
}

/// What the Cluster page says of the tasks, from the run's own facts.
#[test]
fn the_page_says_who_is_missed_what_moved_and_how_it_was_restored() {
    let scene = scenario::by_name("hashtags").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 41).expect("it holds together");
    let said = |timeline: &Timeline| {
        let topic = timeline
            .moment()
            .world
            .topic_id("tweets")
            .expect("it is there");
        let told = explain(timeline, TopicPartition::new(topic, 0));
        (told.heading, told.now.plain(), told.hint)
    };
    play(&mut timeline, 20);
    let (_, calm, _) = said(&timeline);
    assert!(
        calm.contains("3 workers have 6 of the 6 tasks of hashtags"),
        "{calm}"
    );
    play(&mut timeline, 26);
    let (heading, now, _) = said(&timeline);
    assert_eq!(heading, "Who counts now?");
    assert!(
        now.starts_with("Worker 2 was killed 1.9 s ago. Its tasks 0_1 and 1_1 stand still"),
        "{now}"
    );
    assert!(now.contains("6 s (session.timeout.ms)"), "{now}");
    play(&mut timeline, 33);
    let (heading, now, hint) = said(&timeline);
    assert_eq!(heading, "Who has the tasks now?");
    assert!(
        now.contains("Task 1_1 moved from worker 2 to worker"),
        "{now}"
    );
    assert!(now.contains("changes from its changelog in"), "{now}");
    assert!(now.contains("Task 0_1 moved from worker 2"), "{now}");
    assert!(now.contains("It has no store"), "{now}");
    assert!(hint.contains("at least once"), "{hint}");
    play(&mut timeline, 70);
    let world = &timeline.moment().world;
    let table = tasks::table(world).expect("it has an application");
    assert_eq!(table.rows.len(), 6);
    assert!(
        table.rows.iter().all(|row| row[2] == "running"),
        "{table:?}"
    );
}
