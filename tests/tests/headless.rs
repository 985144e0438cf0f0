//! `millrace run` and its kin, as a script would call them.

use bytes::Bytes;
use kafka_protocol::records::RecordBatchDecoder;
use millrace::protocol::Service;
use millrace::scenario;
use millrace::shop::Settings;
use millrace::sim::{Command, Metrics, Timeline, Told};
use millrace::time::{Span, Time};
use millrace_tests::headless::{Scratch, ok, refused};
use millrace_tests::{fuzz, millrace};
use proptest::prelude::*;
use serde_json::{Value, json};
use std::fs;

fn run_json(args: &[&str]) -> Value {
    let args: Vec<&str> = ["run"]
        .iter()
        .chain(args)
        .chain(&["--json"])
        .copied()
        .collect();
    serde_json::from_str(&ok(&args)).expect("it prints JSON")
}

#[test]
fn the_same_seed_is_the_same_run_and_another_seed_another() {
    let first = run_json(&["orders", "--seed", "41", "--until", "60s"]);
    assert_eq!(
        run_json(&["orders", "--seed", "41", "--until", "1m"]),
        first
    );
    let hash = first["trace_hash"].as_str().unwrap();
    assert!(
        hash.len() == 16 && hash.bytes().all(|b| b.is_ascii_hexdigit()),
        "{hash}"
    );
    let other = run_json(&["orders", "--seed", "42", "--until", "60000ms"]);
    assert_ne!(other["trace_hash"], first["trace_hash"]);
}

#[test]
fn a_summary_has_every_field_a_script_may_ask_for() {
    let run = run_json(&["orders", "--seed", "41", "--until", "60s"]);
    assert_eq!(run["scenario"], "orders");
    assert_eq!(
        (&run["seed"], &run["until_us"]),
        (&json!(41), &json!(60_000_000))
    );
    assert!(run["events"].as_u64().unwrap() > 10_000);
    let lanes = [
        (
            "sync",
            &[
                "placed",
                "completed",
                "gave_up",
                "declined",
                "lost",
                "duplicated",
            ][..],
            &["response_ms"][..],
        ),
        (
            "async",
            &[
                "placed",
                "answered",
                "shipped",
                "declined",
                "lost",
                "duplicated",
            ],
            &["response_ms", "shipped_ms"],
        ),
    ];
    for (lane, counts, times) in lanes {
        for count in counts {
            assert!(run[lane][count].is_u64(), "{lane}.{count}: {run}");
        }
        for time in times {
            let [p50, p99, max] =
                ["p50", "p99", "max"].map(|q| run[lane][time][q].as_f64().unwrap());
            assert!(0.0 < p50 && p50 < p99 && p99 <= max, "{lane}.{time}: {run}");
        }
    }
    assert_eq!(run["sync"]["placed"], run["async"]["placed"]);
    let partitions = run["topics"]["orders"]["partitions"].as_array().unwrap();
    assert_eq!(partitions.len(), 6);
    let ends = partitions
        .iter()
        .map(|p| p["log_end_offset"].as_u64().unwrap());
    assert_eq!(
        ends.sum::<u64>(),
        run["async"]["answered"].as_u64().unwrap()
    );
    for field in ["log_start_offset", "high_watermark", "bytes"] {
        assert!(partitions[0][field].is_u64(), "{field}");
    }
    for group in ["payment", "warehouse", "shipping"] {
        assert!(run["groups"][group]["lag"].is_u64(), "{group}");
    }
    let names = |kind: &str| run["promises"][kind].as_array().unwrap().len();
    assert_eq!(names("broken"), 0);
    assert_eq!(names("held") + names("not_promised"), 17);

    let nothing = run_json(&["orders", "--until", "0s"]);
    assert_eq!(nothing["sync"]["response_ms"], Value::Null);

    let text = ok(&["run", "orders"]);
    for words in [
        "seed 41",
        "01:30.000 played",
        "an answer, sync",
        "dead-letters",
        "promised and held",
    ] {
        assert!(text.contains(words), "no “{words}” in {text}");
    }
}

#[test]
fn slow_payment_costs_people_in_one_shop_and_records_in_the_other() {
    let scratch = Scratch::new("slow");
    let commands = scratch.write(
        "slow.jsonl",
        "{\"at_us\":10000000,\"set_work\":{\"service\":\"payment\",\"mean_us\":900000}}\n\
         {\"at_us\":40000000,\"set_work\":{\"service\":\"payment\",\"mean_us\":80000}}\n",
    );
    for seed in ["41", "7", "1234567"] {
        let until = |until: &str| {
            run_json(&[
                "orders",
                "--seed",
                seed,
                "--commands",
                &commands,
                "--until",
                until,
            ])
        };
        let before = millrace(&[
            "run",
            "orders",
            "--seed",
            seed,
            "--until",
            "5s",
            "--commands",
            &commands,
        ]);
        assert!(
            before.stderr.contains("2 of the commands come after"),
            "{}",
            before.stderr
        );
        let (during, after) = (until("40s"), until("90s"));
        let number = |run: &Value, path: &str| run.pointer(path).and_then(Value::as_f64).unwrap();
        let p99 = number(&after, "/sync/response_ms/p99");
        assert!(p99 > 5_000.0, "seed {seed}: sync p99 {p99} ms");
        assert!(number(&after, "/sync/gave_up") > 0.0, "seed {seed}");
        let p99 = number(&after, "/async/response_ms/p99");
        assert!(p99 < 50.0, "seed {seed}: async p99 {p99} ms");
        let lags = [&during, &after].map(|run| number(run, "/groups/payment/lag"));
        assert!(
            lags[0] > 100.0 && lags[1] < 15.0,
            "seed {seed}: lag {lags:?}"
        );
        for count in ["lost", "duplicated", "gave_up", "dead_lettered"] {
            assert_eq!(after["async"][count], 0, "seed {seed}: {count}");
        }
        assert_eq!(after["promises"]["lessons"], json!([]), "seed {seed}");
    }
}

/// Customers of the partitions that it led wait until another leads, and none of them loses an order.
#[test]
fn a_leader_may_die_and_no_accepted_order_is_lost() {
    let scratch = Scratch::new("leader");
    let commands = scratch.write(
        "kill.jsonl",
        "{\"at_us\":10000000,\"stop\":{\"node\":\"leader of orders-0\",\"how\":\"killed\"}}\n",
    );
    for seed in ["41", "7", "1234567"] {
        let run = run_json(&["orders", "--seed", seed, "--commands", &commands]);
        let waited = run.pointer("/async/response_ms/max").unwrap().as_f64();
        let waited = waited.unwrap();
        assert!(
            (5_000.0..10_000.0).contains(&waited),
            "seed {seed}: {waited} ms until another led"
        );
        assert_eq!(run["async"]["answered"], run["async"]["placed"]);
        for count in ["lost", "gave_up", "refused"] {
            assert_eq!(run["async"][count], 0, "seed {seed}: {count}");
        }
        assert_eq!(run["promises"]["broken"], json!([]), "seed {seed}");
    }
}

#[test]
fn what_the_settings_allow_is_a_lesson_that_names_the_setting() {
    for (scene, count, promise, setting) in [
        (
            "fire-and-forget",
            "lost",
            "no-order-lost",
            "fire and forget",
        ),
        (
            "auto-commit",
            "duplicated",
            "no-order-twice",
            "at least once",
        ),
    ] {
        let run = run_json(&[scene]);
        assert!(run["async"][count].as_u64().unwrap() > 0, "{scene}: {run}");
        let lessons = run["promises"]["lessons"].as_array().unwrap();
        let lesson = lessons
            .iter()
            .find(|lesson| lesson["promise"] == promise)
            .unwrap();
        assert!(
            lesson["because"].as_str().unwrap().contains(setting),
            "{lesson}"
        );
        assert!(
            lesson["witness"].as_str().unwrap().contains("order"),
            "{lesson}"
        );
        assert_eq!(run["promises"]["broken"], json!([]), "{scene}");
        assert!(ok(&["run", scene]).contains(setting), "{scene}");
    }
}

fn calm(seconds: u64, seed: u64) -> Timeline {
    let scene = scenario::by_name("orders").expect("the scene is there");
    let mut timeline = Timeline::new(scene, seed).expect("the scene holds together");
    // A declined order leaves the pipeline early, and when is not kept.
    timeline
        .act(Command::SetDecline { rate: 0.0 })
        .expect("a share");
    timeline.run_until(Time::ZERO + Span::secs(seconds), u64::MAX);
    timeline
}

/// L = λW: on average as many are inside as come in a second times the seconds they stay.
#[test]
fn little_s_law_holds_in_both_shops() {
    const SECONDS: u64 = 300;
    for seed in [41, 42, 43] {
        let timeline = calm(SECONDS, seed);
        let metrics = &timeline.moment().metrics;
        let mean = |of: fn(&millrace::sim::Sample) -> u32| {
            let all: Vec<f64> = metrics
                .samples()
                .map(|sample| f64::from(of(sample)))
                .collect();
            assert!(all.len() as u64 * Metrics::EVERY.0 >= (SECONDS - 1) * 1_000_000);
            all.iter().sum::<f64>() / all.len() as f64
        };
        let per_second = |stays: &[f64]| {
            let rate = stays.len() as f64 / SECONDS as f64;
            (rate, rate * stays.iter().sum::<f64>() / stays.len() as f64)
        };
        let seconds = |span: Span| span.as_millis_f64() / 1e3;
        let [sync, async_] = [0, 1].map(|lane| {
            let orders = metrics.orders().map(move |row| &row.lanes[lane]);
            orders.filter(|order| order.told == Told::Answered)
        });
        let people: Vec<f64> = sync.map(|order| seconds(order.told_after)).collect();
        let records: Vec<f64> = async_
            .filter_map(|order| {
                let shipped = order.done_after[Service::Shipping.index()]?;
                Some(seconds(shipped) - seconds(order.told_after))
            })
            .collect();
        for (who, inside, stays) in [
            ("people", mean(|s| s.people), people),
            ("records", mean(|s| s.records), records),
        ] {
            let (rate, expected) = per_second(&stays);
            assert!(
                (14.0..16.0).contains(&rate),
                "seed {seed}, {who}: {rate} a second"
            );
            let off = (inside - expected).abs() / expected;
            assert!(
                off < 0.1,
                "seed {seed}, {who}: {inside} inside, {expected} by Little's law"
            );
        }
    }
}

#[test]
fn both_shops_are_at_most_70_percent_loaded_before_a_fault() {
    let set = Settings::default();
    let seconds = |span: Span| span.as_millis_f64() / 1e3;
    let work = Service::ALL.map(|service| seconds(set.work_of(service).mean()));
    for (service, work) in Service::ALL.into_iter().zip(work) {
        let load = set.per_s * work / f64::from(set.workers[service.index()]);
        assert!(load <= 0.7, "{}: {load}", service.name());
    }
    // A worker of the synchronous shop is busy until shipping is done.
    let all = seconds(set.order_id.mean()) + work.iter().sum::<f64>();
    let load = set.per_s * all / f64::from(set.shop_workers);
    assert!(load <= 0.7, "the synchronous shop: {load}");
}

#[test]
fn exported_partitions_are_read_by_another_implementation() {
    let scratch = Scratch::new("export");
    let dir = scratch.path("logs");
    let run = run_json(&["orders", "--until", "60s", "--export", &dir]);
    let mut orders = 0;
    for (topic, about) in run["topics"].as_object().unwrap() {
        for (number, partition) in about["partitions"].as_array().unwrap().iter().enumerate() {
            let file = |kind: &str| format!("{dir}/{topic}-{number}/{:020}.{kind}", 0);
            let bytes = fs::read(file("log")).expect("there is a log");
            assert_eq!(bytes.len() as u64, partition["bytes"].as_u64().unwrap());
            let end = partition["log_end_offset"].as_u64().unwrap();
            let sets =
                RecordBatchDecoder::decode_all(&mut Bytes::from(bytes)).expect("they can read it");
            let records: Vec<_> = sets.iter().flat_map(|set| &set.records).collect();
            let offsets = records.iter().map(|record| record.offset as u64);
            assert!(offsets.eq(0..end), "{topic}-{number}");
            let (index, timeindex) = (
                fs::read(file("index")).unwrap(),
                fs::read(file("timeindex")).unwrap(),
            );
            assert_eq!((index.len() % 8, timeindex.len() % 12), (0, 0));
            if topic == "orders" {
                let keys = records
                    .iter()
                    .map(|record| record.key.clone().expect("a key"));
                for key in keys {
                    let key = String::from_utf8(key.into()).expect("a name");
                    let said = ok(&["partition", "--partitions", "6", &key]);
                    assert!(said.trim_end().ends_with(&format!("\t{number}")), "{said}");
                }
                orders += records.len();
                let dumped = ok(&["dump-log", &file("log")]);
                let lines = dumped
                    .lines()
                    .filter(|line| line.starts_with("| offset"))
                    .count();
                assert_eq!(lines, records.len(), "{dumped}");
            }
        }
    }
    assert_eq!(orders as u64, run["async"]["answered"].as_u64().unwrap());
    refused(
        &["run", "orders", "--until", "1s", "--export", &dir],
        &["holds other things", &dir],
    );
    let file = scratch.write("file", "");
    refused(
        &["run", "orders", "--until", "1s", "--export", &file],
        &[&file],
    );
}

#[test]
fn the_sample_in_the_repository_is_the_one_the_generator_makes() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../samples/orders.csv");
    let kept = fs::read_to_string(root).expect("the sample is there");
    assert_eq!(kept.lines().count(), 2_001);
    assert!(
        ok(&["sample-orders"]) == kept,
        "make it again: millrace sample-orders > samples/orders.csv"
    );
    let run = run_json(&["orders", "--orders", root, "--speed", "1000"]);
    assert_eq!(run["async"]["placed"], 2_000);
    let scenes = ok(&["scenarios"]);
    for scene in scenario::all() {
        assert!(
            scenes.contains(&scene.name) && scenes.contains(&scene.title),
            "{scenes}"
        );
    }
}

#[test]
fn ones_own_orders_are_played_and_bad_rows_named() {
    let scratch = Scratch::new("orders");
    let path = scratch.write(
        "mine.csv",
        "ts_ms,customer,cents\n1000,ann,5\nsoon,bob,5\n3000,cid,5\n4000,,5\n2500,ann,7\n",
    );
    let ran = millrace(&["run", "orders", "--orders", &path, "--json"]);
    let run: Value = serde_json::from_str(&ran.stdout).expect("it prints JSON");
    assert_eq!(
        (ran.code, &run["sync"]["placed"]),
        (0, &json!(3)),
        "{}",
        ran.stderr
    );
    assert_eq!(
        run["until_us"], 32_000_000,
        "two seconds of orders and half a minute"
    );
    for line in [
        "mine.csv:3: ts_ms",
        "mine.csv:5: customer",
        "2 lines left out, 3 orders",
    ] {
        assert!(ran.stderr.contains(line), "{}", ran.stderr);
    }
    let bad = scratch.write("bad.csv", "a,b\n1,2\n");
    refused(
        &["run", "orders", "--orders", &bad],
        &["bad.csv:1", "ts_ms", "no order could be read"],
    );
}

#[test]
fn bad_input_gets_a_clear_error() {
    let scratch = Scratch::new("bad");
    let missing = scratch.path("missing");
    let binary = scratch.write("binary", [b'{', 0xff, 0xfe]);
    let commands = scratch.write(
        "bad.jsonl",
        "{\"at_us\":1,\"heal\":null}\nslow\n{\"at_us\":1,\"explode\":1}\n",
    );
    let run = |args: &[&'static str]| ["run"].iter().chain(args).copied().collect::<Vec<&str>>();
    refused(
        &run(&["nowhere"]),
        &["no scenario “nowhere”", "orders", "slow-payment", "typo"],
    );
    for time in ["60", "-1s", "soon", "1e99s", "99999999h"] {
        refused(&["run", "orders", &format!("--until={time}")], &["--until"]);
    }
    refused(&run(&["orders", "--seed=-1"]), &["--seed"]);
    refused(&run(&["orders", "--speed", "2"]), &["--orders"]);
    for speed in ["0", "-1", "nan", "inf", "1e-9"] {
        let args = format!("--speed={speed}");
        refused(&["run", "orders", "--orders", &missing, &args], &["speed"]);
    }
    for option in ["--commands", "--orders"] {
        refused(&["run", "orders", option, &missing], &[&missing]);
        refused(
            &["run", "orders", option, &binary],
            &[&binary, "not UTF-8", "byte 1"],
        );
    }
    refused(
        &["run", "orders", "--commands", &commands],
        &[
            "bad.jsonl:2: not JSON",
            "bad.jsonl:3: explode",
            "nothing was run",
        ],
    );

    let senseless = scratch.write(
        "senseless.jsonl",
        "{\"at_us\":2000000,\"stop\":{\"node\":\"paymnt\",\"how\":\"clean\"}}\n\
         {\"at_us\":1000000,\"add_partitions\":{\"topic\":\"orders\",\"to\":2}}\n",
    );
    let ran = millrace(&["run", "orders", "--until", "3s", "--commands", &senseless]);
    assert_eq!(ran.code, 0);
    for words in [
        "at 00:01.000, {\"add_partitions",
        "had no effect",
        "at 00:02.000",
        "no node named “paymnt”",
    ] {
        assert!(ran.stderr.contains(words), "no “{words}” in {}", ran.stderr);
    }
}

/// One command with a hole `#` for each number and `@` for each name.
const COMMANDS: [&str; 24] = [
    r##""set_rate":{"per_s":#}"##,
    r##""burst":{"factor":#,"for_us":#}"##,
    r##""set_skew":{"share":#}"##,
    r##""set_work":{"service":@,"mean_us":#}"##,
    r##""set_workers":{"service":@,"workers":#}"##,
    r##""set_shop_workers":{"workers":#}"##,
    r##""set_decline":{"rate":#}"##,
    r##""set_failure":{"service":@,"rate":#}"##,
    r##""stop":{"node":@,"how":"killed"}"##,
    r##""stop":{"node":@,"how":"clean"}"##,
    r##""start":{"node":@}"##,
    r##""set_sending":{"sending":"fire_and_forget"}"##,
    r##""set_acks":{"acks":"zero"}"##,
    r##""set_commit":{"commit":"auto"}"##,
    r##""rewind":{"service":@,"to":"earliest"}"##,
    r##""rewind":{"service":@,"to":{"timestamp":#},"partition":#}"##,
    r##""set_wiring":{"wiring":"fan_out"}"##,
    r##""create_topic":{"topic":@,"partitions":#,"configs":{"segment.bytes":"#"}}"##,
    r##""delete_topic":{"topic":@}"##,
    r##""add_partitions":{"topic":@,"to":#}"##,
    r##""set_loss":{"a":@,"b":@,"rate":#}"##,
    r##""hold_messages":{"hold":true}"##,
    r##""deliver":{"from":@,"to":@}"##,
    r##""break_connection":{"a":@,"b":@}"##,
];
const NUMBERS: [&str; 12] = [
    "0",
    "1",
    "3",
    "0.5",
    "-1",
    "7.25",
    "40",
    "300",
    "70000",
    "1e400",
    "18446744073709551615",
    "null",
];
const NAMES: [&str; 10] = [
    "payment",
    "warehouse",
    "shipping",
    "shop",
    "broker",
    "payment-3",
    "orders",
    "dead-letters",
    "é",
    "",
];

fn line() -> impl Strategy<Value = String> {
    let times = prop_oneof![4 => (0u64..50_000).boxed(), 1 => any::<u64>().boxed()];
    let command = prop::sample::select(&COMMANDS[..]);
    let holes = prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 4);
    (times, command, holes).prop_map(|(at, command, holes)| {
        let mut holes = holes.iter();
        let mut text = format!("{{\"at_us\":{at},");
        for c in command.chars() {
            match c {
                '#' => text += holes.next().map_or("1", |hole| *hole.0.get(&NUMBERS)),
                '@' => {
                    let name = holes.next().map_or("x", |hole| *hole.1.get(&NAMES));
                    text += &format!("\"{name}\"");
                }
                _ => text.push(c),
            }
        }
        text + "}"
    })
}

proptest! {
    #![proptest_config(fuzz())]

    #[test]
    fn fuzz_commands_run(
        lines in prop::collection::vec(line(), 1..6),
        edit in prop::option::weighted(0.3, any::<(prop::sample::Index, char)>()),
        seed in any::<u64>(),
    ) {
        let mut text: Vec<char> = lines.join("\n").chars().collect();
        if let Some((place, with)) = edit {
            let place = place.index(text.len());
            text[place] = with;
        }
        let scratch = Scratch::new("fuzz");
        let path = scratch.write("commands.jsonl", text.into_iter().collect::<String>());
        let seed = seed.to_string();
        let ran = millrace(&["run", "orders", "--seed", &seed, "--until", "80ms", "--commands", &path]);
        // 1 would be a broken promise.
        prop_assert!(ran.code == 0 || ran.code == 2 && ran.stderr.contains("nothing was run"), "{ran:?}");
    }
}
