//! `millrace grade`: no score need be believed.

use millrace::link::{ENGINE, Link, OwnFile};
use millrace::scenario;
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::Time;
use millrace_tests::headless::{Scratch, ok, refused};
use millrace_tests::{fuzz, millrace};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;

/// The slow-payment scene to its end, with these answers.
fn submission(answers: &[(&str, u32)]) -> Link {
    let scene = scenario::by_name("slow-payment").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 7).expect("the scene holds together");
    timeline.run_until(Time(50_000_000), u64::MAX);
    let burst = Command::Burst {
        factor: 2.0,
        for_us: 1_000_000,
    };
    timeline.act(burst).expect("always possible");
    timeline.run_until(Time(60_000_000), u64::MAX);
    Link {
        engine: ENGINE.into(),
        scenario: "slow-payment".into(),
        seed: 7,
        commands: timeline.commands().to_vec(),
        instant: Some(timeline.instant()),
        at_us: timeline.now(),
        hash: Some(millrace::link::hex(timeline.trace_hash())),
        answers: answers
            .iter()
            .map(|(id, n)| ((*id).to_owned(), *n))
            .collect(),
        ..Link::default()
    }
}

#[test]
fn a_submitted_run_is_played_again_and_graded() {
    let scratch = Scratch::new("grade");
    let grade = |name: &str, text: &str| {
        let path = scratch.write(name, text);
        let ran = millrace(&["grade", &path, "--json"]);
        let report: Value = serde_json::from_str(&ran.stdout).unwrap_or_default();
        (ran, report)
    };
    let open = submission(&[]);
    let (_, report) = grade("open", &open.encode().unwrap());
    let right: Vec<(String, u32)> = report["questions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|q| {
            (
                q["id"].as_str().unwrap().into(),
                q["right"].as_u64().unwrap() as u32,
            )
        })
        .collect();
    assert_eq!(
        right.iter().map(|(id, _)| id.as_str()).collect::<Vec<_>>(),
        ["who-gives-up", "backlog-gone"]
    );
    assert_eq!(
        report["score"],
        json!({"right": 0, "graded": 0, "asked": 2})
    );
    assert_eq!(right[0].1, 0, "customers of the synchronous shop give up");

    let [first, second] = [0, 1].map(|n: usize| (right[n].0.as_str(), right[n].1));
    let all_right = submission(&[first, second]);
    let (ran, report) = grade(
        "right",
        &format!(
            "https://example.org/m/?theme=dark#{}\n",
            all_right.encode().unwrap()
        ),
    );
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    assert_eq!(
        report["score"],
        json!({"right": 2, "graded": 2, "asked": 2})
    );
    assert_eq!(report["replays"], true);

    let wrong = submission(&[first, (second.0, (second.1 + 1) % 3)]);
    let (ran, report) = grade("wrong", &wrong.encode().unwrap());
    assert_eq!((ran.code, &report["score"]["right"]), (0, &json!(1)));
    assert_eq!(report["questions"][1]["correct"], false);
    let text = ok(&["grade", &scratch.path("wrong")]);
    for words in [
        "(right)",
        "(wrong)",
        "Gave up:",
        "score      1 of 2",
        "as submitted",
    ] {
        assert!(text.contains(words), "no “{words}” in {text}");
    }

    // The same as JSON, as a script would write it; ended before the second question is due.
    let script = json!({"scenario": "slow-payment", "seed": 7, "commands": [], "until_us": 43_000_000,
        "answers": {first.0: first.1, second.0: 1}});
    let (ran, report) = grade("script.json", &script.to_string());
    assert_eq!(
        (ran.code, &report["score"]["graded"]),
        (0, &json!(2)),
        "{}",
        ran.stderr
    );
    assert_eq!(report["replays"], Value::Null);
    let summary = ok(&["run", "slow-payment", "--until", "20s", "--json"]);
    let (ran, report) = grade("summary.json", &summary);
    assert_eq!(
        (ran.code, &report["replays"]),
        (0, &json!(true)),
        "{}",
        ran.stderr
    );
}

#[test]
fn a_submission_that_is_not_what_it_says_is_told() {
    let scratch = Scratch::new("cheat");
    let grade = |link: &Link| millrace(&["grade", &scratch.write("run", link.encode().unwrap())]);
    let mut link = submission(&[("who-gives-up", 0)]);
    link.commands.clear();
    let ran = grade(&link);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("changed by hand") && ran.stdout.contains("not as submitted"),
        "{ran:?}"
    );
    link.engine = "0.0.1".into();
    let ran = grade(&link);
    assert!(
        ran.code == 1 && ran.stderr.contains("made by Millrace 0.0.1"),
        "{ran:?}"
    );

    let mut link = submission(&[("who-gives-up", 9), ("who-knows", 0)]);
    let ran = grade(&link);
    assert_eq!(ran.code, 1);
    assert!(
        ran.stderr.contains("“who-knows”") && ran.stderr.contains("options 0 to 3"),
        "{ran:?}"
    );

    // One that would take for ever is not played for ever.
    link.at_us = Time(7_200_000_000);
    let crowd = Command::SetRate { per_s: 1_000.0 };
    link.commands = vec![Acted {
        at_us: Time(1),
        instant: None,
        command: crowd,
    }];
    link.seed = 1;
    refused(
        &[
            "grade",
            "--most-events",
            "100000",
            &scratch.write("long", link.encode().unwrap()),
        ],
        &["too many to be graded"],
    );

    refused(&["grade", &scratch.path("missing")], &["missing"]);
    for (text, words) in [
        ("", "no link"),
        ("hello", "not a Millrace link"),
        ("{", "not JSON"),
        ("{}", "there is no scenario “”"),
        (
            "{\"scenario\":\"nowhere\"}",
            "there is no scenario “nowhere”",
        ),
        ("#v1.AAAA", "damaged"),
    ] {
        refused(&["grade", &scratch.write("bad", text)], &[words]);
    }
}

#[test]
fn a_run_of_ones_own_orders_is_graded_with_that_file() {
    let scratch = Scratch::new("own");
    let orders = scratch.write("mine.csv", "ts_ms,customer\n0,ann\n900,bob\n");
    let other = scratch.write("other.csv", "ts_ms,customer\n0,ann\n901,bob\n");
    let text = fs::read_to_string(&orders).unwrap();
    let hash = scenario::orders_file::parse("mine.csv", &text).hash;
    let file = OwnFile {
        name: "mine.csv".into(),
        hash,
        speed: 2.0,
    };
    let link = Link {
        file: Some(file),
        ..submission(&[])
    };
    let link = scratch.write(
        "link",
        Link {
            hash: None,
            instant: None,
            ..link
        }
        .encode()
        .unwrap(),
    );
    refused(&["grade", &link], &["“mine.csv”", "--orders"]);
    refused(
        &["grade", &link, "--orders", &other],
        &["other.csv is not the “mine.csv”"],
    );
    assert!(ok(&["grade", &link, "--orders", &orders]).contains("score"));
    let plain = scratch.write("plain", submission(&[]).encode().unwrap());
    refused(
        &["grade", &plain, "--orders", &orders],
        &["no orders from a file"],
    );
}

proptest! {
    #![proptest_config(fuzz())]

    #[test]
    fn fuzz_commands_grade(text in "\\PC{0,80}|\\{(\"(scenario|seed|commands|at_us|answers)\":(\"orders\"|[0-9]{1,5}|\\[\\]|\\{\\}),?){0,4}\\}") {
        let scratch = Scratch::new("fuzz-grade");
        let ran = millrace(&["grade", &scratch.write("run", &text)]);
        prop_assert!(ran.code <= 2);
    }
}
