//! What must hold whatever comes.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn windows() -> impl Strategy<Value = Windows> {
    prop_oneof![
        (1..50i64, 0..50i64).prop_map(|(size, offset)| Windows::Tumbling {
            size,
            offset: offset % size
        }),
        (1..50i64, 1..50i64, 0..50i64).prop_map(|(size, slide, offset)| Windows::Hopping {
            size,
            slide,
            offset: offset % slide
        }),
        (1..30i64).prop_map(|gap| Windows::Session { gap }),
    ]
}

fn hopping() -> impl Strategy<Value = Windows> {
    (1..60i64, 1..60i64, -60..60i64).prop_map(|(size, slide, offset)| Windows::Hopping {
        size,
        slide,
        offset: offset % slide,
    })
}

fn commutative() -> impl Strategy<Value = Aggregate> {
    prop_oneof![
        Just(Aggregate::Count),
        Just(Aggregate::Sum),
        Just(Aggregate::Min),
        Just(Aggregate::Max),
        Just(Aggregate::Average),
    ]
}

fn records(most: usize) -> impl Strategy<Value = Vec<Record>> {
    let one = (0..3u32, 0..200i64, -5..6i64).prop_map(|(key, ts, value)| record(key, ts, value));
    prop::collection::vec(one, 0..most)
}

/// What is said of each window in the end.
type Table = BTreeMap<(Key, Window), super::Value>;

fn table(out: &Out) -> Table {
    let mut table = Table::new();
    for e in &out.emitted {
        if e.kind == Kind::Retract {
            let gone = table.remove(&(e.key, e.window));
            assert_eq!(
                gone.as_ref(),
                Some(&e.value),
                "only what was said is taken back"
            );
        } else {
            table.insert((e.key, e.window), e.value.clone());
        }
    }
    table
}

/// The windows in the end, with a watermark right behind the newest record and lateness enough for
/// every order.
fn in_the_end(
    engine: Engine,
    windows: &Windows,
    aggregate: Aggregate,
    records: &[Record],
) -> Table {
    let mut options = options(engine, "tumbling:1s");
    options.windows = windows.clone();
    options.lateness = Some(1_000);
    match engine {
        Engine::Flink => {
            options.watermark = Some(0);
            options.mode = Some("retracting".to_owned());
        }
        Engine::KafkaStreams => {}
        _ => options.watermark = Some(0),
    }
    let mut job = Job::new(&options, aggregate, 1, None).expect("the engine has it");
    let mut out = Out::default();
    for &record in records {
        job.record(record, 0, record.ts, &mut out);
    }
    job.finish(0, &mut out);
    assert_eq!(out.dropped, []);
    table(&out)
}

/// The same by brute force: all records of a key at once.
fn recomputed(windows: &Windows, aggregate: Aggregate, records: &[Record]) -> Table {
    let mut contents: BTreeMap<(Key, Window), Acc> = BTreeMap::new();
    for key in 0..3 {
        let mine: Vec<&Record> = records.iter().filter(|r| r.key == key).collect();
        let around: Vec<Window> = match *windows {
            Windows::Session { gap } => {
                let own: Vec<Window> = mine.iter().map(|r| Window::new(r.ts, r.ts + gap)).collect();
                merged(&own, true)
                    .into_iter()
                    .map(|(around, _)| around)
                    .collect()
            }
            _ => {
                let mut all = Vec::new();
                for r in &mine {
                    windows.assign(r.ts, false, |window| all.push(window));
                }
                all
            }
        };
        for window in around {
            let mut acc = aggregate.empty();
            for r in mine.iter().filter(|r| window.contains(r.ts)) {
                aggregate.add(&mut acc, r.value);
            }
            contents.insert((key, window), acc);
        }
    }
    let results = contents
        .iter()
        .map(|(at, acc)| (*at, aggregate.result(acc)));
    results.collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_order_with_enough_lateness_gives_the_same_windows(
        windows in windows(),
        aggregate in commutative(),
        records in records(40).prop_shuffle(),
    ) {
        let expected = recomputed(&windows, aggregate, &records);
        prop_assert_eq!(&in_the_end(Engine::Flink, &windows, aggregate, &records), &expected);
        if !matches!(windows, Windows::Session { .. }) {
            // Beam's sessions that only meet stay two, and it takes nothing back.
            prop_assert_eq!(&in_the_end(Engine::Beam, &windows, aggregate, &records), &expected);
        }
    }

    #[test]
    fn any_order_with_enough_grace_gives_the_same_table(
        windows in prop_oneof![
            (1..50i64).prop_map(|size| Windows::Tumbling { size, offset: 0 }),
            (1..20i64, 0..20i64).prop_map(|(slide, more)| Windows::Hopping {
                size: slide + more, slide, offset: 0,
            }),
            (1..30i64).prop_map(|gap| Windows::Session { gap }),
            (1..30i64).prop_map(|difference| Windows::Aligned { difference }),
        ],
        aggregate in commutative(),
        records in records(30),
        seed in any::<u64>(),
    ) {
        let mut other = records.clone();
        let mut rng = crate::rng::Rng::new(seed, crate::rng::Salt::Workload, 0);
        for n in (1..other.len()).rev() {
            other.swap(n, rng.below(n as u64 + 1) as usize);
        }
        let run = |records: &[Record]| in_the_end(Engine::KafkaStreams, &windows, aggregate, records);
        prop_assert_eq!(run(&records), run(&other));
    }

    #[test]
    fn slices_give_what_windows_give(
        windows in hopping(),
        aggregate in commutative(),
        records in records(60),
        delay in 0..40i64,
        offset in -100..1i64,
    ) {
        let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
        let methods = [Method::Recompute, Method::TwoStacks, Method::Inverse];
        for method in methods.into_iter().filter(|&m| m != Method::Inverse || aggregate.has_inverse()) {
            let mut operator = Operator::new(
                windows.clone(), aggregate, rules, Trigger::WATERMARK, Mode::Accumulating,
            );
            let mut sliding = Sliding::new(&windows, aggregate, rules, method, Rows::Present).expect("it has slices");
            let (mut theirs, mut ours) = (Out::default(), Out::default());
            let mut newest = i64::MIN;
            for record in &records {
                let record = Record { ts: record.ts + offset, ..*record };
                operator.record(record, 0, &mut theirs);
                sliding.record(record, &mut ours);
                newest = newest.max(record.ts);
                operator.advance(newest - delay - 1, 0, &mut theirs);
                sliding.advance(newest - delay - 1, 0, &mut ours);
                prop_assert_eq!(told(&ours), told(&theirs), "{:?}", method);
            }
            operator.finish(0, &mut theirs);
            sliding.advance(i64::MAX, 0, &mut ours);
            let rows = |out: &Out| -> Vec<(Window, Key, super::Value)> {
                out.emitted.iter().map(|e| (e.window, e.key, e.value.clone())).collect()
            };
            prop_assert_eq!(rows(&ours), rows(&theirs), "{:?}", method);
            let dropped = |out: &Out| -> Vec<Record> { out.dropped.iter().map(|d| d.record).collect() };
            // Between windows that leave gaps there is nothing to miss.
            if matches!(windows, Windows::Hopping { size, slide, .. } if slide <= size) {
                prop_assert_eq!(dropped(&ours), dropped(&theirs));
            }
        }
    }

    #[test]
    fn a_join_in_any_order_gives_every_pair_once(
        records in prop::collection::vec((any::<bool>(), 0..2u32, 0..150i64), 0..30),
        (before, after) in (0..40i64, 0..40i64),
    ) {
        let mut expected = joined_by_force(&records, before, after);
        expected.retain(|(left, right, _)| left.is_some() && right.is_some());
        prop_assert_eq!(joined(StreamJoinKind::Inner, &records, before, after), expected);
    }

    #[test]
    fn an_outer_join_in_order_gives_every_pair_and_the_rest_alone(
        mut records in prop::collection::vec((any::<bool>(), 0..2u32, 0..150i64), 0..30),
        (before, after) in (0..40i64, 0..40i64),
    ) {
        // (Out of order Kafka Streams may let a record out alone that meets another later.)
        records.sort_by_key(|&(_, _, ts)| ts);
        let expected = joined_by_force(&records, before, after);
        prop_assert_eq!(joined(StreamJoinKind::Outer, &records, before, after), expected);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn an_operator_killed_at_any_step_comes_back_from_its_changelog(
        windows in prop_oneof![
            windows(),
            (1..30i64).prop_map(|difference| Windows::Aligned { difference }),
            (1..5u32, 1..5u32).prop_map(|(size, slide)| Windows::Count { size, slide }),
            Just(Windows::Global),
            Just(Windows::Punctuation { marker: String::new() }),
        ],
        engine in prop::sample::select(Engine::ALL.to_vec()),
        lateness in 0..40i64,
        early in prop_oneof![
            Just(Early::Never), Just(Early::Count(1)), Just(Early::Count(3)), Just(Early::Every(20)),
        ],
        mode in prop::sample::select(vec![Mode::Accumulating, Mode::Discarding, Mode::Retracting]),
        steps in prop::collection::vec((0..3u32, 0..200i64, -5..6i64, any::<bool>(), any::<bool>()), 0..40),
    ) {
        let trigger = Trigger { early, at_watermark: true };
        let mut whole = operator(engine, windows, Aggregate::Sum, lateness, trigger, mode);
        let mut killed = whole.clone();
        let mut log: BTreeMap<Key, Option<KeyState>> = BTreeMap::new();
        let (mut newest, mut now) = (0, 0);
        for (key, ts, value, marks, kill) in steps {
            newest = newest.max(ts);
            now += 7;
            let step = |operator: &mut Operator| {
                let mut out = Out::default();
                operator.tick(now, &mut out);
                operator.record(Record { key, ts, value, marks }, now, &mut out);
                operator.advance(newest - 20, now, &mut out);
                (out.emitted, out.dropped)
            };
            prop_assert_eq!(step(&mut killed), step(&mut whole));
            // A topic that is compacted keeps the newest of each key.
            log.extend(killed.take_changes());
            if kill {
                killed = whole.restored(log.clone(), killed.watermark());
            }
        }
        let (mut ours, mut theirs) = (Out::default(), Out::default());
        killed.finish(now, &mut ours);
        whole.finish(now, &mut theirs);
        prop_assert_eq!(ours.emitted, theirs.emitted);
    }
}

/// Which records met, by their places in the list, and when; sorted.
type Pairs = Vec<(Option<usize>, Option<usize>, i64)>;

fn joined(kind: StreamJoinKind, records: &[(bool, Key, i64)], before: i64, after: i64) -> Pairs {
    let mut join = StreamJoin::new(kind, before, after, 1_000).expect("not empty");
    let mut pairs = Pairs::new();
    let mut out = |j: Joined<usize>| pairs.push((j.left, j.right, j.ts));
    for (n, &(left, key, ts)) in records.iter().enumerate() {
        let side = if left { Side::Left } else { Side::Right };
        join.record(side, key, ts, n, &mut out);
    }
    // Long after, so that all that waits comes out.
    join.record(Side::Left, 9, 10_000, usize::MAX, &mut out);
    pairs.sort_unstable();
    pairs
}

fn joined_by_force(records: &[(bool, Key, i64)], before: i64, after: i64) -> Pairs {
    let mut pairs = Pairs::new();
    let meets = |l: (bool, Key, i64), r: (bool, Key, i64)| {
        l.0 && !r.0 && l.1 == r.1 && (-before..=after).contains(&(r.2 - l.2))
    };
    for (n, &one) in records.iter().enumerate() {
        let others = records.iter().enumerate();
        let met: Vec<_> = others
            .filter(|&(_, &r)| meets(one, r) || meets(r, one))
            .collect();
        match (one.0, met.is_empty()) {
            (true, true) => pairs.push((Some(n), None, one.2)),
            (false, true) => pairs.push((None, Some(n), one.2)),
            (true, false) => {
                pairs.extend(met.iter().map(|&(m, r)| (Some(n), Some(m), one.2.max(r.2))));
            }
            (false, false) => {}
        }
    }
    pairs.sort_unstable();
    pairs
}

fn any_windows() -> impl Strategy<Value = String> {
    let n = prop_oneof![-3..100i64, any::<i64>()];
    let kind = prop::sample::select(vec![
        "tumbling",
        "sliding",
        "session",
        "count",
        "punctuation",
        "global",
    ]);
    (kind, prop::collection::vec(n, 0..4)).prop_map(|(kind, numbers)| {
        let numbers: Vec<String> = numbers.iter().map(ToString::to_string).collect();
        format!("{kind}:{}", numbers.join(","))
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000)
    ))]

    #[test]
    fn fuzz_no_stream_panics_or_hangs(
        windows in any_windows(),
        engine in prop::sample::select(Engine::ALL.to_vec()),
        aggregate in commutative(),
        time in prop::sample::select(vec![TimeKind::Event, TimeKind::Ingestion, TimeKind::Processing]),
        lateness in prop::option::of(prop_oneof![0..50i64, any::<i64>()]),
        watermark in prop::option::of(prop_oneof![0..50i64, any::<i64>()]),
        punctuated in any::<bool>(),
        trigger in prop::option::of(prop::sample::select(vec![
            "watermark", "early:1", "early:5ms", "count:2", "each", "final", "batch:3",
        ])),
        records in prop::collection::vec(
            (0..3u32, prop_oneof![-50..50i64, any::<i64>()], any::<i64>(), any::<bool>()), 0..12,
        ),
    ) {
        let Ok(windows) = windows.parse() else { return Ok(()) };
        let trigger = trigger.map(|t| t.parse().expect("a trigger"));
        let options = Options { engine, windows, time, watermark, punctuated, lateness, trigger, mode: None };
        let Ok(mut job) = Job::new(&options, aggregate, 2, Some(20)) else { return Ok(()) };
        let mut out = Out::default();
        for (n, (key, ts, value, marks)) in records.into_iter().enumerate() {
            job.record(Record { key, ts, value, marks }, n % 2, ts.saturating_abs(), &mut out);
        }
        job.finish(0, &mut out);
        prop_assert!(job.operator().open().count() < 200_000);
    }
}
