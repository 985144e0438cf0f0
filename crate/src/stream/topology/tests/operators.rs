//! Each operator by itself.

use super::*;

/// Steps between a source `in` and a sink `out`.
fn through(steps: &[Json]) -> Json {
    let mut all = vec![json!({"name": "in", "does": {"source": {"topics": ["in"]}}})];
    all.extend(steps.iter().cloned());
    let last = all.last().expect("a step")["name"].clone();
    all.push(json!({"name": "end", "from": [last], "does": {"sink": {"topic": "out"}}}));
    Json::Array(all)
}

fn step(name: &str, from: &str, does: Json) -> Json {
    json!({"name": name, "from": [from], "does": does})
}

/// What comes out of records `(key, value, ts)` with these steps, without a cache.
fn out(steps: &[Json], records: &[(&str, Json, i64)]) -> Vec<String> {
    let mut local = local(false, 1, &through(steps));
    let records: Vec<_> = records
        .iter()
        .map(|(k, v, ts)| ("in", Some(*k), v.clone(), *ts))
        .collect();
    play(&mut local, &records);
    told(&local, "out")
}

#[test]
fn filter_map_flat_map_and_select_key() {
    let adults = json!({"filter": {"is": [">=", [{"field": "age"}, {"constant": 18}]]}});
    let ages = [
        ("a", json!({"age": 17}), 1),
        ("b", json!({"age": 18}), 2),
        ("c", json!({}), 3),
    ];
    assert_eq!(
        out(&[step("f", "in", adults)], &ages),
        ["b {\"age\":18} @2"]
    );

    let twice = json!({"map": {"multiply": ["value", {"constant": 2}]}});
    assert_eq!(
        out(
            &[step("m", "in", twice)],
            &[("a", json!(4), 1), ("a", json!("x"), 2)]
        ),
        ["a 8 @1", "a null @2"]
    );

    let tags = json!({"flat_map": {"hashtags": "value"}});
    let tweet = [
        ("ann", json!("#b and #a"), 5),
        ("bob", json!("none"), 6),
        ("cy", json!(1), 7),
    ];
    assert_eq!(
        out(&[step("t", "in", tags)], &tweet),
        ["ann \"b\" @5", "ann \"a\" @5"]
    );

    let by = json!({"select_key": {"field": "user"}});
    assert_eq!(
        out(
            &[step("k", "in", by)],
            &[("a", json!({"user": "ann"}), 1), ("a", json!(7), 2)]
        ),
        ["ann {\"user\":\"ann\"} @1", "– 7 @2"]
    );
}

#[test]
fn a_group_counts_sums_and_takes_means() {
    let fold = |fold: Json| {
        let steps = [
            step("g", "in", json!({"group": {}})),
            step("agg", "g", json!({"aggregate": {"fold": fold}})),
        ];
        out(
            &steps,
            &[
                ("a", json!(5), 1),
                ("b", json!(7), 2),
                ("a", json!(2), 9),
                ("a", json!(4), 3),
            ],
        )
    };
    assert_eq!(
        fold(json!("count")),
        ["a 1 @1", "b 1 @2", "a 2 @9", "a 3 @9"]
    );
    assert_eq!(
        fold(json!({"sum": "value"})),
        ["a 5 @1", "b 7 @2", "a 7 @9", "a 11 @9"]
    );
    assert_eq!(
        fold(json!({"min": "value"})),
        ["a 5 @1", "b 7 @2", "a 2 @9", "a 2 @9"]
    );
    assert_eq!(
        fold(json!({"max": "value"})),
        ["a 5 @1", "b 7 @2", "a 5 @9", "a 5 @9"]
    );
    assert_eq!(
        fold(json!({"average": "value"})),
        ["a 5 @1", "b 7 @2", "a 3.5 @9", "a 3.6666666666666665 @9"]
    );
    let concat = json!({"reduce": {"concat": ["so_far", {"constant": "+"}, "value"]}});
    assert_eq!(
        fold(concat),
        ["a 5 @1", "b 7 @2", "a \"5+2\" @9", "a \"5+2+4\" @9"]
    );
    let product = json!({"aggregate": {
        "initial": 10, "with": {"multiply": ["so_far", "value"]},
    }});
    assert_eq!(
        fold(product),
        ["a 50 @1", "b 70 @2", "a 100 @9", "a 400 @9"]
    );
}

#[test]
fn records_without_a_key_or_a_value_are_left_out_of_groups() {
    let steps = through(&[
        step("g", "in", json!({"group": {}})),
        step("agg", "g", json!({"aggregate": {"fold": "count"}})),
    ]);
    let mut local = local(false, 1, &steps);
    play(
        &mut local,
        &[("in", None, json!(1), 1), ("in", Some("a"), Json::Null, 2)],
    );
    assert_eq!(told(&local, "out"), Vec::<String>::new());
    assert_eq!(
        (local.tasks()[0].taken(), local.tasks()[0].left_out()),
        (2, 2)
    );
}

#[test]
fn windows_by_the_rules_of_each_engine() {
    let counted = |windows: Json| {
        let steps = [
            step("g", "in", json!({"group": {}})),
            step(
                "agg",
                "g",
                json!({"aggregate": {"fold": "count", "windows": windows}}),
            ),
        ];
        out(
            &steps,
            &[
                ("a", json!(1), 1_000),
                ("a", json!(1), 5_000),
                ("a", json!(1), 31_000),
                ("a", json!(1), 2_000),
            ],
        )
    };
    assert_eq!(
        counted(json!({"windows": "tumbling:10s", "grace": "5s"})),
        [
            "[a@0/10000] 1 @1000",
            "[a@0/10000] 2 @5000",
            "[a@30000/40000] 1 @31000"
        ],
        "the last is later than the grace"
    );
    assert_eq!(
        counted(json!({"windows": "tumbling:10s", "grace": "5s", "emit": "final"})),
        ["[a@0/10000] 2 @5000"]
    );
    assert_eq!(
        counted(json!({"windows": "session:6s"})),
        [
            "[a@1000/1000] 1 @1000",
            "[a@1000/1000] null @5000",
            "[a@1000/5000] 2 @5000",
            "[a@31000/31000] 1 @31000"
        ]
    );
    assert_eq!(
        counted(json!({"windows": "tumbling:10s", "engine": "flink", "watermark": "1s"})),
        ["[a@0/10000] 2 @5000"]
    );
}

#[test]
fn sketches_are_aggregates_too() {
    let steps = |fold: Json| {
        [
            step("g", "in", json!({"group": {"by": {"constant": "all"}}})),
            step(
                "agg",
                "g",
                json!({"aggregate": {"fold": fold, "windows": {"windows": "tumbling:1m"}}}),
            ),
        ]
    };
    let records: Vec<(&str, Json, i64)> = (0..300)
        .map(|n| {
            (
                "k",
                if n % 2 == 0 {
                    json!("often")
                } else {
                    json!(format!("w{}", n % 100))
                },
                1_000 + n,
            )
        })
        .collect();
    let last = |fold| out(&steps(fold), &records).pop().expect("results");
    let distinct = last(json!({"distinct": {"of": "value", "precision": 12}}));
    assert_eq!(
        distinct, "[all@0/60000] 51 @1299",
        "50 odd numbers and one word, exact while few"
    );
    let members = last(json!({"members": {"of": "value", "items": 200}}));
    assert_eq!(members, "[all@0/60000] 51 @1299");
    let frequent = last(json!({"frequent": {"of": "value", "percent": 20}}));
    assert_eq!(frequent, "[all@0/60000] [[\"often\",150]] @1299");
    let sample = last(json!({"sample": {"of": "value", "size": 4}}));
    let sample: Json =
        serde_json::from_str(sample.split(' ').nth(1).expect("a list")).expect("JSON");
    let sample = sample.as_array().expect("a list");
    assert_eq!(sample.len(), 4);
    assert!(
        sample
            .iter()
            .all(|item| *item == "often" || item.as_str().is_some_and(|s| s.starts_with('w')))
    );
}

/// Clicks as they come, a session that is told, and a late click that takes it back.
#[test]
fn symbols_of_clicks_are_in_order_of_time_and_sessions_are_taken_back() {
    let windows = json!({"windows": "session:10ms", "engine": "flink", "watermark": "5ms", "grace": "40ms",
        "mode": "retracting"});
    let steps = json!([
        {"name": "in", "does": {"source": {"topics": ["in"]}}},
        {"name": "g", "from": ["in"], "does": {"group": {}}},
        {"name": "s", "from": ["g"], "does": {"aggregate": {"fold": {"symbols": "value"}, "windows": windows}}},
        {"name": "p", "from": ["s"], "does": {"map": {"is_null": {"will_buy": "value"}}}},
        {"name": "end", "from": ["s"], "does": {"sink": {"topic": "out", "values": "text"}}},
        {"name": "asked", "from": ["p"], "does": {"sink": {"topic": "asked"}}},
    ]);
    let mut local = local(true, 1, &steps);
    for (symbol, ts) in [
        (2, 104),
        (1, 100),
        (2, 104),
        (7, 105),
        (3, 120),
        (1, 150),
        (4, 112),
    ] {
        write(&mut local, "in", Some("ann"), &json!(symbol), ts);
    }
    write(&mut local, "in", Some("ann"), &json!(1), 200);
    local.commit(0);
    assert_eq!(
        told(&local, "out"),
        [
            "[ann@100/114] 12 @104",
            "[ann@120/130] 3 @120",
            "[ann@100/114] null @150",
            "[ann@120/130] null @150",
            "[ann@100/130] 1243 @120",
            "[ann@150/160] 1 @150",
        ],
        "7 is no symbol, and a click that comes twice is one"
    );
    let asked: Vec<String> = told(&local, "asked");
    assert_eq!(asked.len(), 6);
    assert!(
        asked[0].ends_with("false @104") && asked[2].ends_with("true @150"),
        "{asked:?}"
    );
}

#[test]
fn a_stream_meets_a_table_as_it_is_then() {
    let steps = json!([
        {"name": "clicks", "does": {"source": {"topics": ["clicks"]}}},
        {"name": "users", "does": {"source": {"topics": ["users"]}}},
        {"name": "table", "from": ["users"], "does": "table"},
        {"name": "join", "from": ["clicks", "table"], "does": {"join_table": {"left": true}}},
        {"name": "end", "from": ["join"], "does": {"sink": {"topic": "out"}}},
    ]);
    let mut local = local(true, 2, &steps);
    play(
        &mut local,
        &[
            ("clicks", Some("ann"), json!(1), 1),
            ("users", Some("ann"), json!("Prague"), 2),
            ("clicks", Some("ann"), json!(2), 3),
            ("users", Some("ann"), json!("Brno"), 4),
            ("clicks", Some("ann"), json!(3), 5),
            ("users", Some("ann"), Json::Null, 6),
            ("clicks", Some("ann"), json!(4), 7),
        ],
    );
    assert_eq!(
        told(&local, "out"),
        [
            r#"ann {"left":1,"right":null} @1"#,
            r#"ann {"left":2,"right":"Prague"} @3"#,
            r#"ann {"left":3,"right":"Brno"} @5"#,
            r#"ann {"left":4,"right":null} @7"#,
        ]
    );
    assert_eq!(
        told(&local, "app-table-changelog"),
        ["ann null @0"],
        "the last of what changed"
    );
}

#[test]
fn a_stream_meets_rows_that_never_change() {
    let rows = json!({"join_static": {"rows": [["cz", "Czechia"]], "by": {"field": "country"}}});
    assert_eq!(
        out(
            &[step("j", "in", rows)],
            &[
                ("a", json!({"country": "cz"}), 1),
                ("b", json!({"country": "x"}), 2)
            ]
        ),
        [r#"a {"left":{"country":"cz"},"right":"Czechia"} @1"#]
    );
}

#[test]
fn two_streams_meet_within_a_time() {
    let join = |kind: &str| {
        let steps = json!([
            {"name": "l", "does": {"source": {"topics": ["left"]}}},
            {"name": "r", "does": {"source": {"topics": ["right"]}}},
            {"name": "j", "from": ["l", "r"], "does": {"join_stream": {
                "kind": kind, "before_ms": 5, "after_ms": 5, "grace_ms": 0,
            }}},
            {"name": "end", "from": ["j"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(true, 1, &steps);
        play(
            &mut local,
            &[
                ("left", Some("a"), json!("l1"), 10),
                ("right", Some("a"), json!("r1"), 14),
                ("right", Some("a"), json!("r2"), 30),
                ("left", Some("b"), json!("l2"), 50),
            ],
        );
        told(&local, "out")
    };
    let pair = r#"a {"left":"l1","right":"r1"} @14"#;
    assert_eq!(join("inner"), [pair]);
    assert_eq!(join("left"), [pair]);
    assert_eq!(join("outer"), [pair, r#"a {"left":null,"right":"r2"} @30"#]);
}

#[test]
fn the_greatest_of_a_group() {
    let top = json!({"top": {"n": 2, "name": {"field": "tag"}, "number": {"field": "n"}}});
    let steps = [
        step("g", "in", json!({"group": {"by": {"constant": "all"}}})),
        step("top", "g", top),
    ];
    let tag = |tag: &str, n: Json| ("k", json!({"tag": tag, "n": n}), 1);
    let records = [
        tag("b", json!(3)),
        tag("a", json!(3)),
        tag("c", json!(1)),
        tag("b", json!(2)),
        tag("a", Json::Null),
    ];
    assert_eq!(
        out(&steps, &records),
        [
            r#"all [["b",3]] @1"#,
            r#"all [["a",3],["b",3]] @1"#,
            r#"all [["a",3],["b",3]] @1"#,
            r#"all [["a",3],["b",2]] @1"#,
            r#"all [["b",2],["c",1]] @1"#,
        ]
    );
}

#[test]
fn a_cache_gives_only_the_last_of_each_key() {
    let steps = through(&[
        step("g", "in", json!({"group": {}})),
        step("agg", "g", json!({"aggregate": {"fold": "count"}})),
    ]);
    let records: Vec<_> = (0..6)
        .map(|n| ("in", Some(["a", "b"][n % 2]), json!(1), 10 + n as i64))
        .collect();
    for (cache, results) in [(true, 2), (false, 6)] {
        let mut local = local(cache, 1, &steps);
        play(&mut local, &records);
        let told = told(&local, "out");
        assert_eq!(told.len(), results);
        assert_eq!(told[results - 1], "b 3 @15");
        let changelog = local.plan().topic("app-agg-changelog").expect("it has one");
        assert_eq!(local.log(changelog)[0].len(), results);
    }
}

#[test]
fn times_come_from_where_the_source_says() {
    let source = |time: Json| {
        let steps = json!([
            {"name": "in", "does": {"source": {"topics": ["in"], "time": time}}},
            {"name": "end", "from": ["in"], "does": {"sink": {"topic": "out"}}},
        ]);
        let mut local = local(true, 1, &steps);
        play(
            &mut local,
            &[
                ("in", Some("a"), json!({"at": 77}), 5),
                ("in", Some("a"), json!({"at": "x"}), -1),
            ],
        );
        told(&local, "out")
    };
    assert_eq!(
        source(json!("record")),
        [r#"a {"at":77} @5"#],
        "one below 0 is left out"
    );
    assert_eq!(source(json!({"field": "at"})), [r#"a {"at":77} @77"#]);
    assert_eq!(
        source(json!("wall_clock")),
        [r#"a {"at":77} @0"#, r#"a {"at":"x"} @0"#]
    );
}
