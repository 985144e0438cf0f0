//! The page's numbers are the engines' own, and no state of it can break it.

#[cfg(not(target_arch = "wasm32"))]
mod links;

use super::scenes::NOON;
use super::*;
use crate::map::Map;
use crate::stream::{Job, Kind, Out, Value};

fn at(s: i64) -> i64 {
    NOON + s * 1_000
}

fn play(scene: Scene) -> Play {
    Play::new(scene.setup(), None)
}

/// A scene at its end, with changes.
fn changed<const N: usize>(scene: Scene, changes: [Change; N]) -> Play {
    let mut play = play(scene);
    for change in changes {
        play.change(change).expect("it can be done");
    }
    play.change(Change::At(i64::MAX)).expect("a moment");
    play
}

fn column(table: &crate::view::panel::Table, row: &str) -> Vec<String> {
    let found = table.rows.iter().find(|cells| cells[0] == row);
    found.unwrap_or_else(|| panic!("no row {row} in {table:?}"))[1..].to_vec()
}

#[test]
fn the_first_scene_is_the_picture_of_the_design() {
    let mut play = play(Scene::Late);
    play.change(Change::At(at(78))).expect("a moment");
    let run = play.run().expect("Flink has it");
    let told: Vec<_> = run
        .emitted_by(at(78))
        .iter()
        .map(|e| (e.window.start - NOON, e.value.clone(), e.at - NOON, e.kind))
        .collect();
    let result = |start, n, at| (start, Value::Number(n), at, Kind::OnTime);
    assert_eq!(
        told,
        [
            result(0, 6, 34_000),
            result(20_000, 7, 53_000),
            result(40_000, 5, 76_000)
        ]
    );
    let now = explain(&play).now.plain();
    assert_eq!(
        now,
        "The event of 12:00:41 arrived at 12:01:18. The watermark stood at 12:01:01.999, past the end of \
         its window, so Flink drops it here. With 10 s of allowed lateness the window would answer \
         again, with 6."
    );
    let n = play.order()[21];
    assert_eq!(
        late_words(&play, n).as_deref(),
        Some("37 s late, window closed")
    );
    let (table, sentences) = elsewhere(&play);
    assert_eq!(column(&table, "counted"), ["21", "22", "21", "21"]);
    assert_eq!(column(&table, "dropped"), ["1", "0", "1", "1"]);
    assert_eq!(
        sentences[0],
        "Spark counts the event of 12:00:41: it moves its watermark after a batch, and this event \
         shared the batch that ended at 12:01:20 with newer ones."
    );
    let results = results_table(&play, None);
    assert_eq!(
        results.rows.last().expect("a row"),
        &["12:00:40", "–", "12:01:18", "dropped"]
    );
    assert!(summary(&play).contains("22 of 22 events have arrived"));
}

#[test]
fn what_is_proposed_comes_true_when_it_is_done() {
    let mut play = play(Scene::Late);
    for change in [Change::Lateness(10_000), Change::At(at(78))] {
        play.change(change).expect("it can be done");
    }
    let run = play.run().expect("Flink has it");
    let last = run.emitted_by(at(78)).last().expect("a result");
    assert_eq!((last.kind, &last.value), (Kind::Late, &Value::Number(6)));
    let now = explain(&play).now.plain();
    assert!(
        now.contains("Within 10 s of allowed lateness it still takes the event"),
        "{now}"
    );
    assert!(now.contains("answers again, with 6"), "{now}");
    // And in the other engines with their own means.
    for (engine, with) in [
        (Engine::Spark, "With a delay of"),
        (
            Engine::KafkaStreams,
            "With 18 s of grace it would be counted",
        ),
        (
            Engine::Beam,
            "With 10 s of allowed lateness the window would answer again, with 6",
        ),
    ] {
        let changes = [
            Change::Engine(engine),
            Change::Batch(1_000),
            Change::Pick(Some(21)),
        ];
        let play = changed(Scene::Late, changes);
        let now = explain(&play).now.plain();
        assert!(now.contains(with), "{engine}: {now}");
    }
}

#[test]
fn a_dragged_event_changes_everything_at_once() {
    let mut play = play(Scene::Late);
    let late = *play.event(21);
    let sooner = Event {
        arrival: at(60),
        ..late
    };
    play.change(Change::Event(21, Some(sooner)))
        .expect("a move");
    play.change(Change::At(i64::MAX)).expect("a moment");
    let run = play.run().expect("Flink has it");
    assert!(!run.fates[21].is_dropped());
    assert_eq!(run.emitted[2].value, Value::Number(6));
    play.change(Change::Event(21, None)).expect("it goes");
    assert_eq!(play.order().len(), 21);
    let n = play.next();
    play.change(Change::Event(n, Some(late))).expect("another");
    assert_eq!((play.order().len(), play.setup().edits.len()), (22, 2));
    play.change(Change::Restore).expect("all as it was");
    assert_eq!(play.order().len(), 22);
    assert!(play.run().expect("Flink").fates[21].is_dropped());
}

#[test]
fn an_input_that_ends_answers_for_all_its_windows() {
    for engine in Engine::ALL {
        let play = changed(Scene::OnTime, [Change::Engine(engine), Change::Ends(true)]);
        let run = play.run().expect("every engine has it");
        let told = run.emitted.iter().map(|result| match result.value {
            Value::Number(n) => n,
            _ => 0,
        });
        let told = told.sum::<i64>();
        // The other two go on waiting for more.
        match engine {
            Engine::Flink | Engine::Beam => assert_eq!(told, 20, "{engine}"),
            Engine::Spark | Engine::KafkaStreams => assert!(told < 20, "{engine}"),
        }
        let now = explain(&play).now.plain();
        assert!(now.len() < 400 && !now.contains("292277"), "{now}");
    }
}

#[test]
fn sessions_grow_and_merge() {
    let mut play = play(Scene::Sessions);
    play.change(Change::At(at(36))).expect("a moment");
    let now = explain(&play).now.plain();
    assert!(
        now.contains("It joins 2 sessions of ana: they are one now, 12:00:03–12:00:41"),
        "{now}"
    );
    let run = play.run().expect("Flink");
    let of_ana = |at: i64| {
        let lives = run.lives.iter().filter(|life| life.key == 0);
        lives.filter(|life| life.from <= at && at < life.to).count()
    };
    assert_eq!((of_ana(at(36) - 1), of_ana(at(36))), (2, 1));
}

#[test]
fn an_idle_partition_holds_the_watermark_unless_it_is_left_out() {
    let still = play(Scene::Idle);
    let still = still.run().expect("Flink");
    let (then, later) = (still.watermark(at(45)), still.watermark(at(80)));
    assert_eq!(then, later);
    let on = changed(Scene::Idle, [Change::Idle(Some(10_000))]);
    let on = on.run().expect("Flink");
    assert!(on.watermark(at(80)) > later, "{:?}", on.watermark(at(80)));
    assert!(on.emitted_by(at(80)).len() > still.emitted_by(at(80)).len());
}

#[test]
fn each_scene_asks_what_its_run_then_answers() {
    let answers = Map::from([("late-fate".to_owned(), 0)]);
    let ask = |play: &Play| asked(play, &answers);
    let mut ids = Vec::new();
    for scene in Scene::ALL {
        let play = changed(scene, []);
        for question in ask(&play) {
            let (right, why) = question.outcome.expect("it is graded at the end");
            assert!(
                right < question.options.len() && !why.is_empty(),
                "{}",
                question.id
            );
            ids.push((question.id, right));
        }
    }
    let expected = [
        ("first-answer", 2),
        ("late-fate", 0),
        ("first-answer", 2),
        ("idle-mark", 0),
        ("merging", 0),
        ("overlap", 2),
        ("marked", 1),
    ];
    let ids: Vec<_> = ids
        .iter()
        .map(|(id, right)| (id.as_str(), *right))
        .collect();
    assert_eq!(ids, expected);
    // The run grades, not the scene.
    let play = changed(Scene::Late, [Change::Lateness(30_000)]);
    let question = ask(&play).pop().expect("it asks");
    assert_eq!(
        (question.chosen, question.outcome.expect("graded").0),
        (Some(0), 1)
    );
    let play = changed(Scene::Idle, [Change::Idle(Some(5_000))]);
    assert_eq!(ask(&play)[0].outcome.as_ref().expect("graded").0, 1);
    // Before it happened nothing is told.
    let mut play = changed(Scene::Late, []);
    play.change(Change::At(at(70))).expect("a moment");
    let asked = ask(&play);
    assert!(asked.last().expect("it asks").outcome.is_none());
}

#[test]
fn what_an_engine_lacks_is_refused_by_name() {
    let refused = |engine, changes: Vec<Change>| {
        let mut play = play(Scene::Late);
        for change in changes {
            play.change(change).expect("it can be asked");
        }
        let request = play.setup().request(engine);
        match request.options {
            Ok(_) => request.refused.join("; "),
            Err(why) => why,
        }
    };
    for (engine, change, why) in [
        (
            Engine::Spark,
            Change::Lateness(5_000),
            "Spark has no allowed lateness",
        ),
        (
            Engine::Spark,
            Change::Kind(3),
            "Spark has no windows of a number of records",
        ),
        (
            Engine::Spark,
            Change::Trigger(Asked::Each),
            "Spark has no trigger for windows",
        ),
        (Engine::Beam, Change::Mode(2), "Beam has no retracting mode"),
        (
            Engine::Beam,
            Change::Kind(4),
            "Beam has no windows that a record ends",
        ),
        (
            Engine::KafkaStreams,
            Change::Offset(5_000),
            "Kafka Streams has no offset of windows",
        ),
        (
            Engine::KafkaStreams,
            Change::Mode(1),
            "Kafka Streams has no such mode",
        ),
        (
            Engine::Flink,
            Change::Kind(5),
            "Flink has no sliding windows aligned with events",
        ),
        (Engine::Flink, Change::Mode(4), "Flink has no such mode"),
    ] {
        let told = refused(engine, vec![change]);
        assert!(
            told.starts_with(why) && !told.contains("--"),
            "{engine}: {told}"
        );
    }
    for engine in Engine::ALL {
        assert_eq!(refused(engine, vec![]), "");
    }
    // What can be left out is, and the rest is played.
    let play = changed(
        Scene::Late,
        [Change::Lateness(5_000), Change::Engine(Engine::Spark)],
    );
    assert_eq!(play.run().expect("it plays").refused.len(), 1);
    let play = changed(
        Scene::Late,
        [Change::Kind(3), Change::Engine(Engine::Spark)],
    );
    assert!(
        explain(&play)
            .now
            .plain()
            .starts_with("Spark has no windows of a number")
    );
}

#[test]
fn no_change_breaks_a_setup_and_what_is_wrong_is_said() {
    let mut play = changed(Scene::Hopping, []);
    let before = play.setup().clone();
    for (change, why) in [
        (Change::Slide(10), "at most"),
        (Change::Size(0), "at least 1 ms"),
        (Change::Size(i64::MAX), "a year at most"),
        (Change::Offset(-1), ""),
        (Change::Count(3), ""),
    ] {
        match play.change(change) {
            Ok(()) => assert_eq!(why, ""),
            Err(said) => {
                let known = said.contains(why) || said.contains("are the most");
                assert!(known && !why.is_empty(), "{said}");
                assert_eq!(play.setup(), &before);
            }
        }
    }
}

/// How many records the engine itself says were dropped.
fn dropped_by_job(play: &Play, engine: Engine) -> usize {
    let setup = play.setup();
    let options = setup.request(engine).options.expect("it has them");
    let partitions = play.order().iter().map(|&n| play.event(n).partition).max();
    let partitions = partitions.map_or(1, |most| most as usize + 1);
    let mut job = Job::new(&options, setup.aggregate, partitions, None).expect("it has them");
    let (mut out, mut batch) = (Out::default(), None);
    for &n in play.order() {
        let event = play.event(n);
        let its = event.arrival.div_euclid(setup.batch);
        if batch.is_some_and(|batch| batch != its) {
            job.end_batch(event.arrival, &mut out);
        }
        batch = Some(its);
        job.record(
            event.record(setup.keyed),
            event.partition as usize,
            event.arrival,
            &mut out,
        );
    }
    job.end_batch(i64::MAX, &mut out);
    out.dropped.len()
}

#[test]
fn what_is_shown_as_dropped_is_what_the_engine_drops() {
    for scene in [Scene::Crowd, Scene::Late, Scene::Sessions, Scene::Idle] {
        for window in [
            "tumbling:20s",
            "sliding:20s,5s",
            "session:3s",
            "sliding:10s",
        ] {
            for lateness in [0, 3_000] {
                let mut setup = scene.setup();
                setup.windows = window.parse().expect("a window");
                setup.lateness = lateness;
                let play = Play::new(setup, None);
                for (engine, run) in Engine::ALL.into_iter().zip(play.others()) {
                    let Ok(run) = run else { continue };
                    let fates = play.order().iter().map(|&n| run.fates[n as usize]);
                    let aligned = window == "sliding:10s";
                    let shown: usize = match engine {
                        Engine::Flink => fates.filter(Fate::is_dropped).count(),
                        _ => fates.map(|fate| fate.missed as usize).sum(),
                    };
                    let its = dropped_by_job(&play, engine);
                    // A record counts once for each aligned window that it misses.
                    assert!(
                        shown == its || aligned && (shown == 0) == (its == 0),
                        "{scene:?}, {window}, {lateness}, {engine}: {shown} shown, {its} dropped"
                    );
                }
            }
        }
    }
}

#[test]
fn work_is_measured_and_the_inverse_does_least() {
    let play = changed(Scene::Minute, []);
    let work = work(&play);
    let cost: Vec<f64> = work.bars.iter().map(|bar| bar.per_record).collect();
    assert_eq!(cost.len(), 4);
    assert!(cost[0] > 10.0 && cost[3] < cost[1], "{cost:?}");
    let play = changed(Scene::Minute, [Change::Aggregate(Aggregate::Max)]);
    assert_eq!(
        super::work(&play).bars.len(),
        3,
        "a greatest has no inverse"
    );
    let tags = hashtags();
    assert!(
        tags.bars[0].per_record > 100.0 * tags.bars[2].per_record,
        "{tags:?}"
    );
}

#[test]
fn code_says_what_is_set() {
    for (engine, lines) in [
        (
            Engine::Flink,
            vec![
                "forBoundedOutOfOrderness(Duration.ofSeconds(8))",
                "TumblingEventTimeWindows.of(Duration.ofSeconds(20))",
                ".allowedLateness(Duration.ofSeconds(5))",
            ],
        ),
        (
            Engine::Spark,
            vec![
                "withWatermark(\"ts\", \"8 seconds\")",
                "F.window(\"ts\", \"20 seconds\")",
                "outputMode(\"append\")",
            ],
        ),
        (
            Engine::KafkaStreams,
            vec![
                "TimeWindows.ofSizeAndGrace(Duration.ofSeconds(20), Duration.ofSeconds(13))",
                "untilWindowCloses",
            ],
        ),
        (
            Engine::Beam,
            vec![
                "window.FixedWindows(20)",
                "allowed_lateness=5",
                "AccumulationMode.ACCUMULATING",
            ],
        ),
    ] {
        let play = changed(
            Scene::Late,
            [Change::Engine(engine), Change::Lateness(5_000)],
        );
        let code = listings(&play)[0].code.clone();
        for line in lines {
            assert!(code.contains(line), "{line} in\n{code}");
        }
    }
}
