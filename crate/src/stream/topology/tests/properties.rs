//! What must hold whatever comes.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn records(most: usize) -> impl Strategy<Value = Vec<(usize, i64, i64)>> {
    prop::collection::vec((0..4usize, -9..10i64, 0..300i64), 0..most)
}

const KEYS: [&str; 4] = ["ann", "bob", "cy", "dee"];

/// The newest value of each key of a topic; tombstones take them away.
fn newest(local: &Local, topic: &str) -> BTreeMap<String, Json> {
    let topic = local.plan().topic(topic).expect("a topic of the plan");
    let mut rows = BTreeMap::new();
    for line in local.log(topic).iter().flatten() {
        let key = line.key.as_deref().unwrap_or("–").to_owned();
        match &line.value {
            Some(value) => rows.insert(key, serde_json::from_slice(value).expect("JSON")),
            None => rows.remove(&key),
        };
    }
    rows
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn a_union_has_every_record_once(
        records in prop::collection::vec((any::<bool>(), 0..4usize, 0..100i64), 0..40),
        partitions in 1..4u32,
    ) {
        let steps = json!([
            {"name": "a", "does": {"source": {"topics": ["a"]}}},
            {"name": "b", "does": {"source": {"topics": ["b"]}}},
            {"name": "u", "from": ["a", "b"], "does": "union"},
            {"name": "end", "from": ["u"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(true, partitions, &steps);
        let mut expected = Vec::new();
        for (n, &(left, key, ts)) in records.iter().enumerate() {
            write(&mut local, if left { "a" } else { "b" }, Some(KEYS[key]), &json!(n), ts);
            expected.push(format!("{} {n} @{ts}", KEYS[key]));
        }
        // The sink has one partition: all of it in the order it came.
        prop_assert_eq!(told(&local, "out"), expected);
    }

    #[test]
    fn the_greatest_are_those_of_a_sorted_list(
        records in records(60), n in 1..4u32, partitions in 1..4u32, cache in any::<bool>(),
    ) {
        let steps = json!([
            {"name": "in", "does": {"source": {"topics": ["in"]}}},
            {"name": "g", "from": ["in"], "does": {"group": {"by": {"constant": "all"}}}},
            {"name": "top", "from": ["g"], "does": {"top": {
                "n": n, "name": {"field": "name"}, "number": {"field": "number"},
            }}},
            {"name": "end", "from": ["top"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(cache, partitions, &steps);
        let mut numbers = BTreeMap::new();
        for (key, number, ts) in records {
            let name = KEYS[key];
            let value = if number == 0 { numbers.remove(name); Json::Null } else {
                numbers.insert(name, number);
                json!(number)
            };
            write(&mut local, "in", Some("k"), &json!({"name": name, "number": value}), ts);
        }
        local.commit(0);
        let mut sorted: Vec<_> = numbers.into_iter().collect();
        sorted.sort_by_key(|&(name, number)| (-number, name));
        sorted.truncate(n as usize);
        let expected = json!(sorted);
        let rows = newest(&local, "out");
        prop_assert_eq!(rows.get("all").cloned().unwrap_or_else(|| json!([])), expected);
    }

    #[test]
    fn aggregates_are_those_of_all_records_at_once(
        records in records(60), partitions in 1..4u32, cache in any::<bool>(), kill in 0..60usize,
    ) {
        let steps = json!([
            {"name": "in", "does": {"source": {"topics": ["in"]}}},
            {"name": "g", "from": ["in"], "does": {"group": {"by": {"field": "user"}}}},
            {"name": "sum", "from": ["g"], "does": {"aggregate": {"fold": {"sum": {"field": "n"}}}}},
            {"name": "end", "from": ["sum"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(cache, partitions, &steps);
        let mut expected = BTreeMap::new();
        for (n, (key, number, ts)) in records.into_iter().enumerate() {
            // Its own key is another, so that records change places.
            let value = json!({"user": KEYS[key], "n": number});
            write(&mut local, "in", Some(["x", "y", "z"][n % 3]), &value, ts);
            let sum = expected.entry(KEYS[key].to_owned()).or_insert(0);
            *sum += number;
            if n == kill {
                // Positions are committed, then all tasks die.
                local.commit(0);
                for task in 0..local.tasks().len() {
                    local.kill(task);
                }
            }
        }
        local.commit(0);
        let expected: BTreeMap<_, _> = expected.into_iter().map(|(k, n)| (k, json!(n))).collect();
        prop_assert_eq!(newest(&local, "out"), expected);
    }

    #[test]
    fn a_table_join_is_that_of_a_map(
        records in prop::collection::vec((any::<bool>(), 0..4usize, -3..10i64), 0..60),
        partitions in 1..4u32, left in any::<bool>(), kill in 0..60usize,
    ) {
        let steps = json!([
            {"name": "clicks", "does": {"source": {"topics": ["clicks"]}}},
            {"name": "users", "does": {"source": {"topics": ["users"]}}},
            {"name": "table", "from": ["users"], "does": "table"},
            {"name": "join", "from": ["clicks", "table"], "does": {"join_table": {"left": left}}},
            {"name": "end", "from": ["join"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(true, partitions, &steps);
        let (mut rows, mut expected) = (BTreeMap::new(), Vec::new());
        for (n, (of_table, key, value)) in records.into_iter().enumerate() {
            let (ts, key) = (n as i64, KEYS[key]);
            if of_table {
                let value = if value < 0 { Json::Null } else { json!(value) };
                write(&mut local, "users", Some(key), &value, ts);
                if value.is_null() { rows.remove(key); } else { rows.insert(key, value); }
            } else {
                write(&mut local, "clicks", Some(key), &json!(value), ts);
                if left || rows.contains_key(key) {
                    let both = json!({"left": value, "right": rows.get(key)});
                    expected.push(format!("{key} {both} @{ts}"));
                }
            }
            if n == kill {
                local.commit(0);
                (0..local.tasks().len()).for_each(|task| local.kill(task));
            }
        }
        prop_assert_eq!(told(&local, "out"), expected);
    }
}

/// A topology with every kind of store, behind a repartition topic.
fn stateful(cache: bool, windows: &Json, fold: &Json) -> Json {
    let _ = cache;
    json!([
        {"name": "in", "does": {"source": {"topics": ["in"]}}},
        {"name": "other", "does": {"source": {"topics": ["other"]}}},
        {"name": "table", "from": ["other"], "does": "table"},
        {"name": "j", "from": ["in", "other"], "does": {"join_stream": {
            "kind": "outer", "before_ms": 20, "after_ms": 30, "grace_ms": 10,
        }}},
        {"name": "l", "from": ["in", "table"], "does": {"join_table": {"left": true}}},
        {"name": "all", "from": ["j", "l"], "does": "union"},
        {"name": "g", "from": ["in"], "does": {"group": {}}},
        {"name": "w", "from": ["g"], "does": {"aggregate": {"fold": fold, "windows": windows}}},
        {"name": "r", "from": ["g"], "does": {"aggregate": {"fold": {"reduce": {"add": ["so_far", "value"]}}}}},
        {"name": "t", "from": ["g"], "does": {"top": {"n": 2, "name": "value", "number": "timestamp"}}},
        {"name": "o1", "from": ["all"], "does": {"sink": {"topic": "joined"}}},
        {"name": "o2", "from": ["w"], "does": {"sink": {"topic": "windows"}}},
        {"name": "o3", "from": ["r"], "does": {"sink": {"topic": "sums"}}},
        {"name": "o4", "from": ["t"], "does": {"sink": {"topic": "tops"}}},
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    /// The issue's property: killed at any step and restored, a task ends in the same state.
    #[test]
    fn a_task_killed_at_any_commit_comes_back_from_its_changelogs(
        windows in prop::sample::select(vec![
            json!({"windows": "tumbling:50ms", "grace": "20ms"}),
            json!({"windows": "sliding:60ms,20ms", "grace": "10ms"}),
            json!({"windows": "sliding:40ms"}),
            json!({"windows": "session:25ms", "grace": "30ms"}),
            json!({"windows": "tumbling:50ms", "grace": "20ms", "emit": "final"}),
            json!({"windows": "tumbling:40ms", "engine": "flink", "watermark": "10ms", "grace": "20ms"}),
            json!({"windows": "session:30ms", "engine": "beam", "watermark": "10ms"}),
            json!({"windows": "session:25ms", "engine": "flink", "watermark": "10ms", "grace": "30ms",
                "mode": "retracting"}),
            Json::Null,
        ]),
        fold in prop::sample::select(vec![
            json!("count"), json!({"max": "value"}), json!({"average": "value"}),
            json!({"distinct": {"of": "value", "precision": 4}}),
            json!({"frequent": {"of": "value", "percent": 30}}),
            json!({"sample": {"of": "value", "size": 3}}),
            json!({"members": {"of": "value", "items": 10}}),
            json!({"symbols": "value"}),
        ]),
        cache in any::<bool>(),
        steps in prop::collection::vec(
            (any::<bool>(), 0..4usize, -9..10i64, 100..400i64, any::<bool>(), any::<bool>()), 0..40,
        ),
    ) {
        let mut whole = local(cache, 1, &stateful(cache, &windows, &fold));
        let mut killed = whole.clone();
        for (other, key, value, ts, commit, kill) in steps {
            for local in [&mut whole, &mut killed] {
                write(local, if other { "other" } else { "in" }, Some(KEYS[key]), &json!(value), ts);
                if commit {
                    local.commit(0);
                }
            }
            // Without a cache every change is logged at once.
            if kill && (commit || !cache) {
                killed.kill(0);
            }
        }
        whole.commit(0);
        killed.commit(0);
        for topic in ["joined", "windows", "sums", "tops"] {
            let sorted = |local: &Local| {
                let mut lines = told(local, topic);
                lines.sort();
                lines
            };
            // Keys may come out in another order where several do at once.
            prop_assert_eq!(sorted(&killed), sorted(&whole), "{}", topic);
        }
        for node in 0..whole.plan().nodes.len() {
            let rows = |local: &Local| {
                let mut rows = local.tasks()[0].rows(node);
                rows.sort();
                rows
            };
            prop_assert_eq!(rows(&killed), rows(&whole), "{}", &whole.plan().nodes[node].name);
        }
    }

    #[test]
    fn fuzz_no_topology_panics(
        steps in prop::collection::vec(any_step(), 0..7),
        records in prop::collection::vec((0..3usize, any_json(), prop_oneof![0..100i64, any::<i64>()]), 0..12),
        partitions in 0..3u32,
    ) {
        let steps: Vec<Json> = steps.into_iter().enumerate().map(|(n, mut step)| {
            step["name"] = json!(n.to_string());
            step
        }).collect();
        let whole = json!({"application.id": "app", "steps": steps});
        let Ok(topology) = serde_json::from_value::<Topology>(whole) else { return Ok(()) };
        let Ok(plan) = topology.plan(|_| Some(partitions)) else { return Ok(()) };
        let mut local = Local::new(Arc::new(plan), partition);
        for (key, value, ts) in records {
            if let Some(topic) = local.plan().topic("in") {
                let line = Line {
                    key: (key > 0).then(|| KEYS[key].into()),
                    value: (!value.is_null()).then(|| value.to_string().into_bytes()),
                    ts,
                };
                local.write(topic, line, 0);
            }
        }
        local.commit(0);
        (0..local.tasks().len()).for_each(|task| local.kill(task));
        local.commit(0);
    }
}

fn any_json() -> impl Strategy<Value = Json> {
    prop_oneof![
        Just(Json::Null),
        any::<i64>().prop_map(|n| json!(n)),
        (-3..3i64).prop_map(|n| json!({"n": n, "t": "#a #b"})),
        Just(json!("#x y")),
        Just(json!([1, "a", null])),
        Just(json!(1.5)),
    ]
}

fn any_expr() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        Just(json!("key")),
        Just(json!("value")),
        Just(json!("timestamp")),
        Just(json!("window_start")),
        Just(json!("so_far")),
        Just(json!({"field": "n"})),
        Just(json!({"field": "t"})),
        any_json().prop_map(|v| json!({"constant": v})),
    ];
    leaf.prop_recursive(3, 8, 3, |inner| {
        let two = (inner.clone(), inner.clone());
        prop_oneof![
            (
                prop::sample::select(vec![
                    "hashtags",
                    "words",
                    "lowercase",
                    "length",
                    "not",
                    "is_null",
                    "will_buy"
                ]),
                inner.clone()
            )
                .prop_map(|(name, of)| json!({name: of})),
            (
                prop::sample::select(vec![
                    "add", "multiply", "subtract", "divide", "least", "concat", "and", "list"
                ]),
                two.clone()
            )
                .prop_map(|(name, (a, b))| json!({name: [a, b]})),
            (prop::sample::select(vec!["<", "==", ">="]), two)
                .prop_map(|(how, (a, b))| json!({"is": [how, [a, b]]})),
        ]
    })
}

fn any_step() -> impl Strategy<Value = Json> {
    let from = prop::collection::vec((0..6u32).prop_map(|n| n.to_string()), 0..3);
    let does = prop_oneof![
        Just(json!({"source": {"topics": ["in"]}})),
        any_expr().prop_map(|e| json!({"filter": e})),
        any_expr().prop_map(|e| json!({"map": e})),
        any_expr().prop_map(|e| json!({"flat_map": e})),
        any_expr().prop_map(|e| json!({"select_key": e})),
        any_expr().prop_map(|e| json!({"group": {"by": e}})),
        Just(json!({"group": {}})),
        (
            any_expr(),
            prop::sample::select(vec!["sum", "min", "average", "reduce", "symbols"])
        )
            .prop_map(|(e, fold)| json!({"aggregate": {"fold": {fold: e}}})),
        (
            any_expr(),
            prop::sample::select(vec![
                "tumbling:10ms",
                "session:3ms",
                "sliding:9ms,2ms",
                "sliding:4ms"
            ])
        )
            .prop_map(
                |(e, w)| json!({"aggregate": {"fold": {"max": e}, "windows": {"windows": w}}})
            ),
        any_expr()
            .prop_map(|e| json!({"aggregate": {"fold": {"frequent": {"of": e, "percent": 5}}}})),
        Just(json!("table")),
        Just(json!("union")),
        Just(json!({"repartition": {"partitions": 2}})),
        Just(json!({"join_table": {"left": true}})),
        (any::<i64>(), 0..9i64).prop_map(|(before, after)| json!({"join_stream": {
            "kind": "outer", "before_ms": before, "after_ms": after, "grace_ms": 3,
        }})),
        (any_expr(), any_expr())
            .prop_map(|(a, b)| json!({"top": {"n": 3, "name": a, "number": b}})),
        Just(json!({"sink": {"topic": "out"}})),
    ];
    (from, does).prop_map(|(from, does)| {
        let from = if does.get("source").is_some() {
            Vec::new()
        } else {
            from
        };
        json!({"from": from, "does": does})
    })
}
