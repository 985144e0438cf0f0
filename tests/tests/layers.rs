//! Two architectures over one log: their scenes, the formulas, and runs with faults.

use millrace::layers::{Delivery, LayerChange, LayersSpec};
use millrace::protocol::{Layer, Stop};
use millrace::scenario::{self, Scenario};
use millrace::sim::faults::{Intensity, Mischief, mend_all, random_faults};
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::{Span, Time};
use millrace::view::layers::Figures;
use millrace_tests::{millrace, play};
use serde_json::Value;

fn scene(name: &str) -> Scenario {
    scenario::by_name(name).expect("the scene is there")
}

fn played(scene: Scenario, seed: u64, s: u64) -> (Timeline, Figures) {
    let mut timeline = Timeline::new(scene, seed).expect("it holds together");
    play(&mut timeline, s);
    assert_eq!(timeline.moment().promises.broken(), None, "seed {seed}");
    let figures = Figures::of(&timeline).expect("there are layers");
    (timeline, figures)
}

/// With the counting code wrong everywhere and a log that has everything, Kappa is right sooner and
/// serves fewer wrong answers; with a third of the events late, Lambda is.
#[test]
fn each_architecture_is_the_better_in_one_scene() {
    for seed in [5, 41, 77] {
        let (_, bug) = played(scene("lambda-kappa"), seed, 3 * 3_600);
        let (lambda, kappa) = (&bug.lambda, &bug.kappa);
        assert!(
            kappa.wrong_pct_h < 0.8 * lambda.wrong_pct_h,
            "seed {seed}: {bug:#?}"
        );
        assert!(kappa.right_at_us.is_some(), "seed {seed}: {bug:#?}");
        assert!(
            kappa.right_at_us < lambda.right_at_us || lambda.right_at_us.is_none(),
            "seed {seed}: {bug:#?}"
        );
        let (_, late) = played(scene("late-events"), seed, 3 * 3_600);
        let (lambda, kappa) = (&late.lambda, &late.kappa);
        assert!(
            lambda.wrong_pct_h < 0.8 * kappa.wrong_pct_h,
            "seed {seed}: {late:#?}"
        );
        assert!(
            2.0 * lambda.deep_off_pct < kappa.deep_off_pct,
            "seed {seed}: {late:#?}"
        );
    }
}

/// Where the log forgets, Kappa cannot count again what is gone, and Lambda can.
#[test]
fn a_short_log_leaves_kappa_wrong_about_all_time() {
    let (_, figures) = played(scene("short-log"), 5, 3 * 3_600);
    assert!(figures.in_log * 3 < figures.events, "{figures:#?}");
    assert!(figures.kappa.lost > 1_000_000, "{figures:#?}");
    assert!(figures.kappa.deep_off_pct > 5.0, "{figures:#?}");
    assert!(figures.kappa.right_at_us.is_none(), "{figures:#?}");
    assert!(figures.lambda.deep_off_pct < 2.0, "{figures:#?}");
    assert!(figures.lambda.right_at_us.is_some(), "{figures:#?}");
}

/// What formulas say is what is measured, within a tenth, at other settings too.
#[test]
fn formulas_say_what_is_measured() {
    let mut names = Vec::new();
    for (name, seed, every, workers) in [
        ("lambda-kappa", 5, 3_600, [4, 4, 4]),
        ("lambda-kappa", 9, 1_800, [8, 4, 2]),
        ("batch-stream", 5, 1_800, [4, 4, 4]),
        ("batch-stream", 7, 1_200, [6, 4, 4]),
        ("twitter-2021", 5, 2_700, [4, 4, 6]),
    ] {
        let mut scene = scene(name);
        let layers = scene.layers.as_mut().expect("it has layers");
        layers.batch_every = Span::secs(every);
        layers.workers = workers;
        layers.failures_per_hour = 0.0;
        let (_, figures) = played(scene, seed, 3 * 3_600);
        for formula in &figures.formulas {
            let apart = (formula.says - formula.measured).abs();
            assert!(
                apart <= 0.1 * formula.measured,
                "{name}, seed {seed}: {formula:#?}"
            );
            names.push(formula.name);
        }
    }
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 4, "each formula applied somewhere: {names:?}");
}

fn small(seed: u64) -> Scenario {
    let mut scene = scene("lambda-kappa");
    scene.script.clear();
    scene.questions.clear();
    // Nothing comes later than streams wait.
    scene.settings.late = (0.1, Span::secs(300));
    let layers = scene.layers.as_mut().expect("it has layers");
    *layers = LayersSpec {
        batch_every: Span::secs(600 + 60 * (seed % 5)),
        workers: [16, 6, 6],
        failures_per_hour: (seed % 4) as f64 * 4.0,
        delivery: [Delivery::ExactlyOnce; 2],
        ..layers.clone()
    };
    scene
}

/// Kills, freezes, cuts and losses for 20 minutes, and another job on the way; then everything is
/// mended, no more events come, and both answer both questions exactly. Says how many came.
fn both_end_right(seed: u64) -> u64 {
    let scene = small(seed);
    let until = Time(1_200_000_000);
    let mut commands = random_faults(seed, &scene, until, Intensity::Low, Mischief::Faults);
    let acted = |at_us, command| Acted {
        at_us,
        instant: None,
        command,
    };
    let reprocess = Command::Layers(LayerChange::Reprocess { bug: false });
    commands.push(acted(Time(300_000_000 + seed % 97 * 1_000_000), reprocess));
    // Nobody is away for most of the time.
    for minute in 1..20 {
        let start = |node: &str| Command::Start { node: node.into() };
        let both = ["producer", "broker"].map(start);
        let at = Time(minute * 60_000_000);
        commands.extend(both.map(|c| acted(at, c)));
    }
    commands.extend(mend_all(&scene).into_iter().map(|c| acted(until, c)));
    let quiet = [
        Command::Layers(LayerChange::Failures { per_hour: 0.0 }),
        Command::SetRate { per_s: 0.0 },
    ];
    commands.extend(quiet.map(|c| acted(Time(until.0 + 60_000_000), c)));
    let mut timeline = Timeline::new(scene, seed).expect("it holds together");
    timeline.script(commands);
    play(&mut timeline, 1_200 + 2_400);
    let figures = Figures::of(&timeline).expect("there are layers");
    for (name, side) in [("Lambda", &figures.lambda), ("Kappa", &figures.kappa)] {
        assert!(
            side.trend_off_pct == 0.0 && side.deep_off_pct == 0.0 && side.lost == 0,
            "seed {seed}, {name}: {figures:#?}"
        );
    }
    assert_eq!(timeline.moment().promises.broken(), None, "seed {seed}");
    figures.events
}

/// As many seeds as `MILLRACE_SEEDS` says, else 200.
#[test]
fn without_bugs_both_end_right_whatever_befell_them() {
    let asked = std::env::var("MILLRACE_SEEDS").ok();
    let seeds: u64 = asked.and_then(|n| n.parse().ok()).unwrap_or(200);
    let events: u64 = (0..seeds).map(both_end_right).sum();
    assert!(events > seeds * 1_500_000, "much came through: {events}");
}

/// What a speed layer counted since its last checkpoint counts twice, once or not at all, as set.
#[test]
fn a_crash_counts_twice_once_or_not_at_all() {
    for (delivery, twice, lost) in [
        (Delivery::AtLeastOnce, true, false),
        (Delivery::ExactlyOnce, false, false),
        (Delivery::AtMostOnce, false, true),
    ] {
        let mut scene = small(1);
        scene.layers.as_mut().expect("it has layers").delivery[0] = delivery;
        scene
            .layers
            .as_mut()
            .expect("it has layers")
            .failures_per_hour = 0.0;
        let (kill, start) = (
            Command::Stop {
                node: "speed".into(),
                how: Stop::Killed,
            },
            Command::Start {
                node: "speed".into(),
            },
        );
        let mut timeline = Timeline::new(scene, 1).expect("it holds together");
        timeline.script(
            [(355, kill), (370, start)]
                .map(|(s, command)| Acted {
                    at_us: Time(s * 1_000_000),
                    instant: None,
                    command,
                })
                .into(),
        );
        play(&mut timeline, 590);
        let before = Figures::of(&timeline).expect("there are layers").lambda;
        assert_eq!(
            (before.twice > 0, before.lost > 0),
            (twice, lost),
            "{before:#?}"
        );
        let wrong = before.deep_off_pct > 3.0;
        assert_eq!(wrong, twice || lost, "{delivery:?}: {before:#?}");
        // The next batch run puts it right.
        play(&mut timeline, 900);
        let after = Figures::of(&timeline).expect("there are layers").lambda;
        assert!(after.deep_off_pct < 3.0, "{delivery:?}: {after:#?}");
    }
}

/// Kappa cuts over by itself, goes back while both views are there, and not after that.
#[test]
fn kappa_cuts_over_and_goes_back_while_both_views_are_there() {
    let mut scene = scene("lambda-kappa");
    scene.script.clear();
    let mut timeline = Timeline::new(scene, 5).expect("it holds together");
    let act = |timeline: &mut Timeline, change| timeline.act(Command::Layers(change));
    let serves = |timeline: &Timeline| {
        let world = &timeline.moment().world;
        let kappa = world.layers().expect("there are layers").kappa;
        let serving = world.serving(kappa).expect("it serves");
        serving.served().map(|kept| kept.number)
    };
    play(&mut timeline, 1_200);
    assert_eq!(serves(&timeline), Some(1));
    let refused = act(&mut timeline, LayerChange::RollBack).expect_err("there is one view");
    assert!(refused.to_string().contains("no second view"), "{refused}");
    act(&mut timeline, LayerChange::Reprocess { bug: false }).expect("a place is free");
    let refused = act(&mut timeline, LayerChange::Reprocess { bug: false });
    assert!(refused.is_err(), "both places are taken");
    play(&mut timeline, 1_500);
    assert_eq!(serves(&timeline), Some(1), "it has not caught up");
    play(&mut timeline, 1_800);
    assert_eq!(serves(&timeline), Some(2));
    act(&mut timeline, LayerChange::RollBack).expect("both views are there");
    assert_eq!(serves(&timeline), Some(1));
    act(&mut timeline, LayerChange::CutOver).expect("the newer one is there");
    assert_eq!(serves(&timeline), Some(2));
    act(&mut timeline, LayerChange::DropOld).expect("the old one is there");
    assert!(act(&mut timeline, LayerChange::RollBack).is_err());
    let bad = LayerChange::Workers {
        layer: Layer::Batch,
        workers: 0,
    };
    assert!(act(&mut timeline, bad).is_err(), "no workers");
}

/// What is said of a moment is the same however one comes there.
#[test]
fn a_moment_says_the_same_when_one_comes_back_to_it() {
    let mut timeline = Timeline::new(scene("twitter-2021"), 3).expect("it holds together");
    let mut seen = Vec::new();
    for s in [1_000, 4_000, 7_000, 9_500] {
        play(&mut timeline, s);
        seen.push((s, timeline.trace_hash(), Figures::of(&timeline)));
    }
    for (s, hash, figures) in seen.into_iter().rev() {
        assert!(timeline.seek(Time(s * 1_000_000), u64::MAX));
        assert_eq!(timeline.trace_hash(), hash);
        assert_eq!(Figures::of(&timeline), figures);
    }
}

#[test]
fn millrace_run_says_how_both_did() {
    let args = ["run", "lambda-kappa", "--seed", "5", "--until", "3h"];
    let ran = millrace(&[&args[..], &["--json"]].concat());
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    let told: Value = serde_json::from_str(&ran.stdout).expect("one object");
    let layers = &told["layers"];
    assert!(layers["kappa"]["right_at_us"].is_u64(), "{layers}");
    assert!(layers["minutes"].as_array().expect("a list").len() >= 180);
    assert!(layers["formulas"].as_array().expect("a list").len() >= 3);
    let again = millrace(&[&args[..], &["--json"]].concat());
    assert_eq!(ran.stdout, again.stdout);
    let plain = millrace(&args);
    assert!(
        plain.stdout.contains("wrong answers served"),
        "{}",
        plain.stdout
    );
}
