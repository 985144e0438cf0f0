//! Links and files: what is carried comes back, and nothing that is carried breaks the page.

use super::super::*;
use super::{at, changed, play};
use crate::map::Map;
use proptest::prelude::*;
use std::sync::Arc;

#[test]
fn links_carry_a_whole_setup() {
    let mut play = changed(
        Scene::Late,
        [
            Change::Kind(1),
            Change::Slide(10_000),
            Change::Engine(Engine::Beam),
            Change::Trigger(Asked::Early(Early::Count(3))),
            Change::Mode(1),
            Change::Aggregate(Aggregate::Average),
            Change::Lateness(7_000),
            Change::Idle(Some(9_000)),
            Change::Event(3, None),
            Change::Pick(Some(5)),
        ],
    );
    let moved = Event {
        ts: at(-3),
        ..*play.event(7)
    };
    play.change(Change::Event(7, Some(moved))).expect("a move");
    let saved = Saved::of(play.setup(), None);
    let bytes = serde_json::to_vec(&saved).expect("plain data");
    let read: Saved = serde_json::from_slice(&bytes).expect("it is read again");
    let (setup, complaints) = read.setup();
    assert_eq!((&setup, complaints), (play.setup(), Vec::new()));
    let again = Play::new(setup, None);
    assert_eq!(explain(&again), explain(&play));
    let (setup, complaints) = Saved {
        scene: "tea".to_owned(),
        window: "monthly".to_owned(),
        ..Saved::default()
    }
    .setup();
    assert_eq!(complaints.len(), 2, "{complaints:?}");
    assert_eq!(setup.scene, Scene::Late);
}

#[test]
fn ones_own_events_are_read_as_the_command_reads_them() {
    let text = "ts_ms,key,value,arrival_ms\n1000,b,1.5,1000\n12000,a,2,12500\nsoon,a,3,1\n9000,b,4,13000\n";
    let (own, bad) = Own::read(("f.csv", "0"), text, "sum", None).expect("it is read");
    assert_eq!(bad.len(), 1);
    assert!(bad[0].1.contains("soon") && bad[0].0 == 4);
    assert_eq!(
        (own.keys.as_slice(), own.decimals),
        (["a".to_owned(), "b".to_owned()].as_slice(), 1)
    );
    let mut play = play(Scene::Late);
    play.load(Arc::new(own.clone()), false);
    play.change(Change::Aggregate(Aggregate::Sum))
        .expect("a sum");
    play.change(Change::Size(10_000)).expect("a size");
    play.change(Change::Delay(0)).expect("a delay");
    play.change(Change::Ends(true)).expect("it ends");
    play.change(Change::At(i64::MAX)).expect("a moment");
    let rows = results_table(&play, None).rows;
    assert_eq!(rows[0][1..], ["1.5", "00:00:12.5", "on time"]);
    assert_eq!(
        (rows[1][3].as_str(), rows[2][3].as_str()),
        ("on time", "dropped")
    );
    let saved = SavedOwn {
        ..Saved::of(play.setup(), play.own())
            .own
            .expect("it is carried")
    };
    assert_eq!(saved.own().expect("few rows"), own);
    // Events of a day get windows that can be seen.
    let day: String = (0..50).map(|n| format!("{},a\n", n * 1_728_000)).collect();
    let (own, _) =
        Own::read(("d.csv", "1"), &format!("ts_ms,key\n{day}"), "count", None).expect("it is read");
    let mut play = super::play(Scene::Late);
    play.load(Arc::new(own), false);
    assert_eq!(play.setup().windows.to_string(), "tumbling:21600000ms");
    assert_eq!(play.setup().delay, 3_600_000);
    let none = Own::read(("f.csv", "0"), "time\n1\n", "count", None);
    assert!(
        none.expect_err("no column")
            .contains("there is no column ts_ms; there are: time")
    );
}

fn any_saved() -> impl Strategy<Value = Saved> {
    let scene = prop::sample::select(Scene::ALL.map(Scene::id).to_vec());
    let engine = prop::sample::select(vec!["flink", "spark", "kafka-streams", "beam", "storm"]);
    let window = prop::sample::select(vec![
        "tumbling:1ms",
        "tumbling:366d,5d",
        "sliding:20s,5s",
        "sliding:100s,1s,3ms",
        "session:1ms",
        "session:300d",
        "count:3,2",
        "count:1",
        "punctuation:end",
        "sliding:5s",
        "global",
        "tea",
    ]);
    let trigger = prop::sample::select(vec![
        "watermark",
        "each",
        "early:2",
        "early:3s",
        "final",
        "",
    ]);
    let mode = prop::sample::select(MODES.to_vec());
    let times = (
        any::<i64>(),
        0..100_000i64,
        prop::option::of(0..50_000i64),
        any::<i64>(),
    );
    let edits = prop::collection::vec(
        (0..40u32, prop::collection::vec(-100_000..200_000i64, 6)),
        0..5,
    );
    let rest = (
        any::<bool>(),
        any::<bool>(),
        prop::option::of(0..50u32),
        edits,
    );
    (scene, engine, window, trigger, mode, times, rest).prop_map(
        |(
            scene,
            engine,
            window,
            trigger,
            mode,
            (delay, lateness, idle, at),
            (keyed, ends, picked, edits),
        )| Saved {
            scene: scene.to_owned(),
            engine: engine.to_owned(),
            window: window.to_owned(),
            trigger: trigger.to_owned(),
            mode: mode.to_owned(),
            agg: "sum".to_owned(),
            delay,
            lateness,
            idle,
            at,
            keyed,
            ends,
            picked,
            edits,
            ..Saved::default()
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100)
    ))]

    #[test]
    fn no_link_breaks_the_page(saved in any_saved()) {
        let (setup, _) = saved.setup();
        let mut play = Play::new(setup, None);
        for _ in 0..2 {
            let _ = (explain(&play), summary(&play), elsewhere(&play), work(&play), listings(&play));
            let _ = (results_table(&play, None), windows_table(&play), events_table(&play));
            for question in asked(&play, &Map::new()) {
                prop_assert!(question.outcome.is_none_or(|(right, _)| right < question.options.len()));
            }
            let next = play.neighbour(true);
            prop_assert!(next >= play.setup().at);
            play.change(Change::At(next)).expect("a moment");
        }
        let saved = Saved::of(play.setup(), None);
        prop_assert_eq!(&saved.setup().0, play.setup());
    }
}
