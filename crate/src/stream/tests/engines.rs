//! Where engines differ, at the millisecond where they do.

use super::*;

const TUMBLING: Windows = Windows::Tumbling {
    size: 1_000,
    offset: 0,
};

/// What comes out of `[0, 1000)` with a record at 500, when another comes at 999 after the watermark
/// is at `watermark`.
fn second(engine: Engine, lateness: i64, watermark: i64) -> (Vec<String>, usize) {
    let mut operator = operator(
        engine,
        TUMBLING,
        Aggregate::Count,
        lateness,
        Trigger::WATERMARK,
        Mode::Accumulating,
    );
    let mut out = Out::default();
    operator.record(record(0, 500, 1), 0, &mut out);
    operator.advance(watermark, 0, &mut out);
    operator.record(record(0, 999, 1), 0, &mut out);
    (told(&out), out.dropped.len())
}

#[test]
fn a_window_is_complete_and_over_at_its_engines_own_millisecond() {
    let waits = (vec![], 0);
    let gone = (vec!["0..1000 1 on_time".to_owned()], 1);
    for (engine, out, lateness) in [
        (Engine::Flink, 999, 0),
        (Engine::Beam, 1_000, 0),
        (Engine::Spark, 1_000, 0),
        (Engine::KafkaStreams, 1_000, 0),
        (Engine::KafkaStreams, 1_250, 250),
    ] {
        assert_eq!(second(engine, lateness, out - 1), waits, "{engine}");
        assert_eq!(second(engine, lateness, out), gone, "{engine}");
    }
    // Lateness: it came out, and comes out again with each record until it is over.
    let again = vec!["0..1000 1 on_time".to_owned(), "0..1000 2 late".to_owned()];
    for (engine, over) in [(Engine::Flink, 1_249), (Engine::Beam, 1_250)] {
        assert_eq!(second(engine, 250, over - 1), (again.clone(), 0));
        assert_eq!(second(engine, 250, over), gone, "{engine}");
    }
}

#[test]
fn the_end_of_a_window_and_its_lateness_stay_within_an_i64() {
    let mut operator = operator(
        Engine::Flink,
        TUMBLING,
        Aggregate::Sum,
        2_000,
        Trigger::WATERMARK,
        Mode::Accumulating,
    );
    let mut out = Out::default();
    operator.record(record(0, i64::MAX - 1_750, 1), 0, &mut out);
    operator.advance(i64::MAX - 1_500, 0, &mut out);
    assert_eq!(out.emitted, []);
    let end = operator.open().map(|(_, pane)| pane.window().end).max();
    operator.advance(end.expect("it is open") - 1, 0, &mut out);
    assert_eq!(out.emitted.len(), 1);
    assert_eq!(out.emitted[0].value, Value::Number(1));
    operator.advance(i64::MAX, 0, &mut out);
    assert_eq!((out.emitted.len(), operator.open().count()), (1, 0));
}

#[test]
fn what_is_taken_back_is_what_was_said() {
    let mut operator = operator(
        Engine::Flink,
        Windows::Session { gap: 10 },
        Aggregate::Sum,
        100,
        Trigger::WATERMARK,
        Mode::Retracting,
    );
    let mut out = Out::default();
    for (ts, value) in [(0, 1), (30, 5)] {
        operator.record(record(0, ts, value), 0, &mut out);
    }
    operator.advance(50, 0, &mut out);
    assert_eq!(told(&out), ["0..10 1 on_time", "30..40 5 on_time"]);
    out.clear();
    // 10 meets the first, and 20 brings the two together.
    operator.record(record(0, 10, 2), 0, &mut out);
    operator.record(record(0, 20, 4), 0, &mut out);
    operator.record(record(0, 25, 8), 0, &mut out);
    assert_eq!(
        told(&out),
        [
            "0..10 1 retract",
            "0..20 3 late",
            "0..20 3 retract",
            "30..40 5 retract",
            "0..40 12 late",
            "0..40 12 retract",
            "0..40 20 late",
        ]
    );
}

#[test]
fn early_results_come_by_count_and_by_the_clock() {
    let early = |early, mode| {
        let trigger = Trigger {
            early,
            at_watermark: true,
        };
        operator(Engine::Flink, TUMBLING, Aggregate::Count, 0, trigger, mode)
    };
    let mut out = Out::default();
    let mut by_count = early(Early::Count(2), Mode::Accumulating);
    for ts in 0..5 {
        by_count.record(record(0, ts, 1), 0, &mut out);
    }
    by_count.advance(999, 0, &mut out);
    assert_eq!(
        told(&out),
        ["0..1000 2 early", "0..1000 4 early", "0..1000 5 on_time"]
    );
    out.clear();
    let mut by_clock = early(Early::Every(100), Mode::Discarding);
    for now in [30, 60, 130, 131] {
        by_clock.tick(now, &mut out);
        by_clock.record(record(0, now, 1), now, &mut out);
    }
    by_clock.tick(1_000, &mut out);
    by_clock.advance(999, 1_000, &mut out);
    // At 100 for the first two; 200 was over when the clock was looked at.
    assert_eq!(told(&out), ["0..1000 2 early", "0..1000 2 early"]);
    assert_eq!([out.emitted[0].at, out.emitted[1].at], [130, 1_000]);
}

#[test]
fn counts_slide_over_the_last_records_of_a_key() {
    let windows: Windows = "count:3,2".parse().expect("a window");
    let mut operator = operator(
        Engine::Flink,
        windows,
        Aggregate::Sum,
        0,
        Trigger::NEVER,
        Mode::Accumulating,
    );
    let mut out = Out::default();
    for n in 1..=7 {
        operator.record(record(0, n * 10, n), 0, &mut out);
        operator.record(record(1, 0, 100), 0, &mut out);
    }
    out.emitted.retain(|e| e.key == 0);
    assert_eq!(
        told(&out),
        ["10..20 3 on_time", "20..40 9 on_time", "40..60 15 on_time"]
    );
    operator.finish(0, &mut out);
    assert_eq!(out.emitted.len(), 3, "what is not full stays");
}

#[test]
fn a_batch_query_of_spark_gives_everything_once() {
    let mut job = Job::new(
        &options(Engine::Spark, "tumbling:1s"),
        Aggregate::Count,
        1,
        None,
    )
    .expect("Spark has it");
    let mut out = Out::default();
    for ts in [5_000, 100, -1, 200] {
        job.record(record(0, ts, 1), 0, ts, &mut out);
    }
    assert_eq!(out.emitted, []);
    job.finish(0, &mut out);
    assert_eq!(
        told(&out),
        [
            "-1000..0 1 on_time",
            "0..1000 2 on_time",
            "5000..6000 1 on_time"
        ]
    );
}

#[test]
fn sparks_modes_say_what_changed_or_everything() {
    let run = |mode: &str| {
        let mut options = options(Engine::Spark, "tumbling:1s");
        options.mode = Some(mode.to_owned());
        options.watermark = Some(0);
        options.trigger = Some(Asked::Batch(2));
        let mut job = Job::new(&options, Aggregate::Count, 1, None).expect("it has it");
        let mut out = Out::default();
        for ts in [100, 200, 1_100, 300, 2_500, 150] {
            job.record(record(0, ts, 1), 0, ts, &mut out);
        }
        job.finish(0, &mut out);
        (told(&out), out.dropped.len())
    };
    assert_eq!(
        run("append"),
        (
            vec![
                "0..1000 3 on_time".to_owned(),
                "1000..2000 1 on_time".to_owned()
            ],
            1
        )
    );
    let (update, dropped) = run("update");
    assert_eq!(dropped, 1);
    assert_eq!(
        update,
        [
            "0..1000 2 update",
            "0..1000 3 update",
            "1000..2000 1 update",
            "2000..3000 1 update"
        ]
    );
    let (complete, dropped) = run("complete");
    assert_eq!((complete.len(), dropped), (6, 0));
    assert_eq!(
        complete[3], "0..1000 4 update",
        "nothing is late in complete mode"
    );
}

#[test]
fn kafka_streams_knows_no_time_before_zero() {
    let mut options = options(Engine::KafkaStreams, "session:1s");
    options.trigger = Some(Asked::Final);
    let mut job = Job::new(&options, Aggregate::Count, 1, None).expect("it has it");
    let mut out = Out::default();
    for ts in [-1, 0, 500, 1_502] {
        job.record(record(0, ts, 1), 0, 0, &mut out);
    }
    assert_eq!(out.dropped.len(), 1);
    assert_eq!(told(&out), ["0..500 2 on_time"]);
    job.finish(0, &mut out);
    assert_eq!(job.operator().open().count(), 1, "it goes on waiting");
}

#[test]
fn processing_time_waits_for_the_clock_and_knows_no_lateness() {
    let mut options = options(Engine::Flink, "tumbling:1s");
    options.time = TimeKind::Processing;
    let mut job = Job::new(&options, Aggregate::Count, 1, None).expect("it has it");
    let mut out = Out::default();
    for now in [0, 999, 999, 1_000] {
        job.record(record(0, i64::MAX, 1), 0, now, &mut out);
    }
    assert_eq!(told(&out), ["0..1000 3 on_time"]);
    assert_eq!(out.dropped, []);
}

/// An engine, its windows, what is asked of it besides and it does not have, and what its refusal must
/// name.
type Refused = (Engine, &'static str, fn(&mut Options), &'static str);

const REFUSED: &[Refused] = &[
    (
        Engine::Spark,
        "tumbling:1s",
        |o| o.lateness = Some(1),
        "withWatermark",
    ),
    (
        Engine::Spark,
        "tumbling:1s",
        |o| o.trigger = Some(Asked::Each),
        "--mode append, update",
    ),
    (
        Engine::Spark,
        "tumbling:1s",
        |o| o.mode = Some("append".into()),
        "without watermark",
    ),
    (
        Engine::Spark,
        "session:1s",
        |o| o.mode = Some("update".into()),
        "append or complete",
    ),
    (
        Engine::Spark,
        "tumbling:1s",
        |o| o.mode = Some("discarding".into()),
        "append, update",
    ),
    (
        Engine::Spark,
        "tumbling:1s",
        |o| o.time = TimeKind::Processing,
        "--time ingestion",
    ),
    (Engine::Spark, "count:3", |_| (), "session windows"),
    (Engine::Spark, "global", |_| (), "session windows"),
    (Engine::Spark, "sliding:1s,2s", |_| (), "or less"),
    (
        Engine::Beam,
        "tumbling:1s",
        |o| o.mode = Some("retracting".into()),
        "accumulating or discarding",
    ),
    (Engine::Beam, "count:3", |_| (), "--trigger count:N"),
    (Engine::Beam, "sliding:1s", |_| (), "sliding:SIZE,SLIDE"),
    (Engine::Beam, "tumbling:1s,-1ms", |_| (), "0 or more"),
    (
        Engine::Beam,
        "tumbling:1s",
        |o| o.trigger = Some(Asked::Final),
        "watermark, early:N",
    ),
    (
        Engine::Beam,
        "tumbling:1s",
        |o| o.time = TimeKind::Processing,
        "early:2s",
    ),
    (
        Engine::KafkaStreams,
        "tumbling:1s",
        |o| o.watermark = Some(1),
        "--lateness",
    ),
    (
        Engine::KafkaStreams,
        "tumbling:1s",
        |o| o.mode = Some("discarding".into()),
        "accumulating",
    ),
    (
        Engine::KafkaStreams,
        "tumbling:1s",
        |o| o.trigger = Some(Asked::Watermark),
        "final",
    ),
    (Engine::KafkaStreams, "tumbling:1s,5ms", |_| (), "multiples"),
    (Engine::KafkaStreams, "sliding:1s,2s", |_| (), "or less"),
    (
        Engine::KafkaStreams,
        "punctuation:x",
        |_| (),
        "session windows",
    ),
    (
        Engine::KafkaStreams,
        "tumbling:1s",
        |o| o.time = TimeKind::Processing,
        "Wallclock",
    ),
    (Engine::Flink, "sliding:1s", |_| (), "sliding:10s,5s"),
    (
        Engine::Flink,
        "tumbling:1s",
        |o| o.trigger = Some(Asked::Batch(3)),
        "early:N",
    ),
    (
        Engine::Flink,
        "tumbling:1s",
        |o| o.mode = Some("update".into()),
        "retracting",
    ),
    (
        Engine::Flink,
        "count:3",
        |o| o.trigger = Some(Asked::Each),
        "full",
    ),
    (
        Engine::Flink,
        "tumbling:1s",
        |o| o.watermark = Some(-1),
        "below 0",
    ),
];

#[test]
fn what_an_engine_does_not_have_is_refused_by_name_with_what_it_offers() {
    for &(engine, windows, change, offers) in REFUSED {
        let mut asked = options(engine, windows);
        change(&mut asked);
        let why = asked.plan().expect_err(windows);
        let named = ["no --trigger", "cannot be below 0", "without watermark"];
        assert!(
            why.contains(engine.name()) || named.iter().any(|part| why.contains(part)),
            "{why}"
        );
        assert!(why.contains(offers), "{why}");
    }
    for engine in Engine::ALL {
        for windows in ["tumbling:1s", "sliding:10s,3s", "session:5s"] {
            assert!(
                options(engine, windows).plan().is_ok(),
                "{engine} {windows}"
            );
        }
    }
}

#[test]
fn windows_are_read_and_shown() {
    for (text, shown) in [
        ("tumbling:10s", "tumbling:10000ms"),
        ("tumbling:1h,5m", "tumbling:3600000ms,300000ms"),
        ("sliding:10m,1s", "sliding:600000ms,1000ms"),
        ("sliding:10s", "sliding:10000ms"),
        ("session:30m", "session:1800000ms"),
        ("count:5", "count:5"),
        ("count:5,2", "count:5,2"),
        ("punctuation:a,b", "punctuation:a,b"),
        ("global", "global"),
    ] {
        let windows: Windows = text.parse().expect(text);
        assert_eq!(windows.to_string(), shown);
        assert_eq!(windows.to_string().parse(), Ok(windows));
    }
    for (text, why) in [
        ("", "is no window"),
        ("tumbling", "is no window"),
        ("tumbling:", "is no window"),
        ("tumbling:10x", "no length of time"),
        ("tumbling:0", "above 0"),
        ("tumbling:10s,10s", "shorter than the size"),
        ("sliding:10s,0", "above 0"),
        ("sliding:10d,1ms", "10000 are the most"),
        ("session:-5s", "above 0"),
        ("count:x", "no number of records"),
        ("count:99999999,1", "10000 are the most"),
        ("tumbling:99999999999999d", "too long"),
        ("monthly:1", "is no window"),
    ] {
        let refused = text.parse::<Windows>().expect_err(text);
        assert!(refused.contains(why), "{text}: {refused}");
    }
}

#[test]
fn a_table_is_looked_up_as_it_is() {
    let mut prices = Lookup::new();
    assert_eq!(prices.get(3), None);
    prices.set(3, Some(10));
    prices.set(3, Some(12));
    assert_eq!((prices.get(3), prices.get(2)), (Some(&12), None));
    prices.set(3, None);
    assert_eq!(prices.get(3), None);
}

#[test]
fn an_outer_join_lets_each_side_out_when_its_own_time_is_over() {
    // right − left from −50 to +100.
    let mut join = StreamJoin::new(StreamJoinKind::Outer, 50, 100, 10).expect("not empty");
    let mut all: Vec<String> = Vec::new();
    let mut put = |side, key, ts, value: &'static str| {
        join.record(side, key, ts, value, &mut |j: Joined<&str>| {
            let (left, right) = (j.left.unwrap_or("-"), j.right.unwrap_or("-"));
            all.push(format!("{left}{right}@{}", j.ts));
        });
    };
    put(Side::Left, 0, 0, "a");
    put(Side::Right, 1, 0, "b");
    put(Side::Right, 2, 60, "c");
    put(Side::Right, 2, 61, "d");
    put(Side::Left, 2, 110, "e");
    put(Side::Left, 2, 111, "f");
    assert_eq!(all, ["-b@0", "ec@110", "ed@110", "a-@0", "fd@111"]);
    assert!(StreamJoin::<u8>::new(StreamJoinKind::Inner, -10, 5, 0).is_err());
    assert!(StreamJoin::<u8>::new(StreamJoinKind::Inner, 0, 5, -1).is_err());
}

/// An early result that was due for a session is due for the one that takes it in.
#[test]
fn a_session_that_takes_in_another_takes_over_its_early_result() {
    let trigger = Trigger {
        early: Early::Every(20),
        at_watermark: true,
    };
    let windows = Windows::Session { gap: 29 };
    let mode = Mode::Accumulating;
    let mut operator = operator(Engine::Flink, windows, Aggregate::Count, 0, trigger, mode);
    let mut out = Out::default();
    operator.record(record(0, 169, 1), 7, &mut out);
    operator.record(record(0, 139, 1), 14, &mut out);
    operator.tick(20, &mut out);
    operator.record(record(0, 169, 1), 21, &mut out);
    operator.record(record(0, 140, 1), 22, &mut out);
    operator.tick(40, &mut out);
    let early = ["139..168 1 early", "169..198 1 early", "139..198 4 early"];
    assert_eq!(told(&out), early);
}
