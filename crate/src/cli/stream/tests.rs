//! The command as a person gives it: what it prints, what it refuses, and that nothing breaks it.

use crate::cli::run;
use proptest::prelude::*;

struct Ran {
    code: u8,
    stdout: String,
    stderr: String,
}

/// `millrace stream --input - …` with this on standard input.
fn stream(input: &[u8], args: &str) -> Ran {
    let args = "millrace stream --input -"
        .split(' ')
        .chain(args.split_whitespace());
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let code = run(args, &mut &*input, &mut stdout, &mut stderr);
    let text = |bytes| String::from_utf8(bytes).expect("it prints text");
    Ran {
        code,
        stdout: text(stdout),
        stderr: text(stderr),
    }
}

const SHOP: &str = "ts_ms,key,value\n\
    1000,anna,1.5\n\
    12000,anna,2\n\
    soon,anna,3\n\
    9000,bert,-0.25\n\
    13000,anna,4,5\n\
    14000,,6\n\
    15000,\"b, c\",x\n\
    26000,\"b, c\",7\n";

#[test]
fn results_come_in_their_order_and_bad_rows_with_their_lines() {
    let ran = stream(SHOP.as_bytes(), "--window tumbling:10s --agg sum");
    assert_eq!(ran.code, 0);
    assert_eq!(
        ran.stdout,
        "key,start_ms,end_ms,value,kind,emitted_at\n\
         anna,0,10000,1.5,on_time,26000\n\
         bert,0,10000,-0.25,on_time,26000\n\
         anna,10000,20000,2,on_time,26000\n\
         \"b, c\",20000,30000,7,on_time,26000\n"
    );
    assert_eq!(
        ran.stderr,
        "-:4: ts_ms is “soon”, which is no whole number of milliseconds\n\
         -:6: 4 fields, where the header has 3\n\
         -:7: field 2 is empty, and is the key\n\
         -:8: “x” is no number (nine digits after the point at most)\n\
         -: 4 lines left out, 4 records read\n"
    );
}

#[test]
fn json_is_an_object_a_line() {
    let ran = stream(SHOP.as_bytes(), "--window session:5s --agg avg --json");
    let lines: Vec<serde_json::Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object"))
        .collect();
    assert_eq!(lines.len(), 4);
    assert_eq!(
        lines[1],
        serde_json::json!({"key": "bert", "start_ms": 9000, "end_ms": 14000, "value": -0.25,
                           "kind": "on_time", "emitted_at": 26000})
    );
}

#[test]
fn lateness_and_what_is_dropped_are_told() {
    let args = "--window tumbling:10s --watermark 0s --lateness 5s";
    let rows = "ts_ms\n1000\n12000\n2000\n16000\n3000\n";
    let ran = stream(rows.as_bytes(), args);
    assert_eq!(
        ran.stdout.lines().skip(1).collect::<Vec<_>>(),
        [
            "all,0,10000,1,on_time,12000",
            "all,0,10000,2,late,12000",
            "all,10000,20000,2,on_time,16000",
        ]
    );
    assert_eq!(ran.stderr, "1 dropped as late (by the rules of Flink)\n");
    let ran = stream(
        rows.as_bytes(),
        "--window tumbling:10s --engine kafka-streams --trigger final",
    );
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("all,0,10000,1,on_time,12000")
    );
    assert!(
        ran.stderr
            .ends_with("1 windows are still open: Kafka Streams waits for more records\n")
    );
}

#[test]
fn columns_of_partitions_batches_and_arrival_are_heeded() {
    // The slow partition holds the watermark back until it is idle.
    let rows = "ts_ms,partition,arrival_ms\n1000,a,0\n1000,b,0\n30000,a,10\n31000,a,2000\n";
    let ran = stream(rows.as_bytes(), "--window tumbling:10s --watermark 0s");
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("all,0,10000,2,on_time,2000"),
        "{}",
        ran.stderr
    );
    let ran = stream(
        rows.as_bytes(),
        "--window tumbling:10s --watermark 0s --idle 1s",
    );
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("all,0,10000,2,on_time,2000")
    );
    let rows = "ts_ms,batch\n1000,0\n50000,1\n2000,1\n3000,2\n60000,3\n";
    let ran = stream(
        rows.as_bytes(),
        "--window tumbling:10s --watermark 0s --engine spark",
    );
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("all,0,10000,2,on_time,50000")
    );
    assert!(
        ran.stderr
            .starts_with("1 dropped as late (by the rules of Spark)\n")
    );
    let rows = "ts_ms,arrival_ms\n5,100\n5,1100\n5,1200\n";
    let ran = stream(rows.as_bytes(), "--window tumbling:1s --time processing");
    assert_eq!(
        ran.stdout.lines().skip(1).collect::<Vec<_>>(),
        ["all,0,1000,1,on_time,1100", "all,1000,2000,2,on_time,1200"]
    );
}

#[test]
fn a_punctuated_watermark_moves_with_its_records_alone() {
    let rows = "ts_ms,event\n1000,a\n30000,a\n2000,a\n12000,tick\n3000,a\n";
    for mark in ["punctuated:tick", "punctuated:event=tick"] {
        let args = format!("--window tumbling:10s --watermark {mark}");
        let ran = stream(rows.as_bytes(), &args);
        let first = ran.stdout.lines().nth(1);
        assert_eq!(first, Some("all,0,10000,2,on_time,30000"));
        assert_eq!(ran.stderr, "1 dropped as late (by the rules of Flink)\n");
    }
}

#[test]
fn a_mistake_is_told_with_what_would_be_right() {
    for (args, why) in [
        ("--window monthly:1", "tumbling:SIZE[,OFFSET]"),
        ("--window tumbling:10y", "try 500ms, 10s"),
        ("", "--window"),
        (
            "--window tumbling:10s --agg median",
            "count, sum, min, max, avg or collect",
        ),
        (
            "--window tumbling:10s --agg sum:cents",
            "there is no column cents; there are: ts_ms, key, value",
        ),
        (
            "--window tumbling:10s --key user",
            "there is no column user",
        ),
        (
            "--window tumbling:10s --engine storm",
            "flink, spark, kafka-streams or beam",
        ),
        (
            "--window tumbling:10s --engine spark --lateness 5s",
            "Spark has no allowed lateness",
        ),
        (
            "--window tumbling:10s --engine beam --mode retracting",
            "Beam has no retracting mode",
        ),
        (
            "--window tumbling:10s --engine kafka-streams --watermark 1s",
            "Kafka Streams has no watermark",
        ),
        ("--window tumbling:10s --trigger sometimes", "early:N"),
        ("--window tumbling:10s --watermark -1s", "cannot be below 0"),
        ("--window tumbling:10s --time processing", "arrival_ms"),
        (
            "--window tumbling:10s --time tea",
            "event, ingestion or processing",
        ),
        ("--window punctuation:user=end", "there is no column user"),
        (
            "--window tumbling:10s --watermark punctuated:2 --engine spark",
            "Spark has no punctuated watermark",
        ),
        (
            "--window tumbling:10s --watermark punctuated:2 --engine kafka-streams",
            "Kafka Streams has no watermark",
        ),
        (
            "--window punctuation:2 --watermark punctuated:2",
            "not both",
        ),
    ] {
        let ran = stream(SHOP.as_bytes(), args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args}");
        assert!(ran.stderr.contains(why), "{args}: {}", ran.stderr);
    }
    let ran = stream(b"time,key\n1,a\n", "--window tumbling:10s");
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("there is no column ts_ms; there are: time, key")
    );
}

#[test]
fn values_stay_exact_and_those_too_large_are_named() {
    let rows = "ts_ms,value\n0,0.1\n0,0.2\n0,9223372036854775807\n0,-3\n0,0.000000001\n";
    let ran = stream(rows.as_bytes(), "--window global --agg sum");
    assert_eq!(
        ran.stdout.lines().nth(1),
        Some("all,0,0,-2.699999999,on_time,0")
    );
    assert!(
        ran.stderr
            .contains("-:4: the value is too large to be exact")
    );
    let ran = stream(rows.as_bytes(), "--window count:2 --agg count");
    assert_eq!(ran.stdout.lines().nth(1), Some("all,0,0,2,on_time,0"));
    assert_eq!(
        ran.stderr,
        "1 windows are still open: Flink waits for more records\n"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(
        std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000)
    ))]

    #[test]
    fn fuzz_no_file_of_records_panics(
        text in "(ts_ms,key,value\n|ts_ms,batch\n)?([-0-9a-c\",.é\u{0}\n\r]{0,30}\n){0,8}",
        rows in prop::collection::vec((any::<i64>(), "[a-c]", -9..9i64), 0..6),
        windows in prop::sample::select(vec![
            "tumbling:10s", "sliding:9223372036854775807,100000000000000000", "session:9223372036854775807",
            "count:2,1", "punctuation:1", "global", "sliding:5",
        ]),
        engine in prop::sample::select(vec!["flink", "spark", "kafka-streams", "beam"]),
        rest in prop::sample::select(vec!["", "--agg sum", "--watermark 1s", "--lateness 1d", "--trigger early:3s"]),
    ) {
        let rows: String = rows.iter().map(|(ts, key, value)| format!("{ts},{key},{value}\n")).collect();
        let ran = stream((text + &rows).as_bytes(), &format!("--window {windows} --engine {engine} {rest}"));
        prop_assert!(ran.code == 0 || (ran.code == 2 && !ran.stderr.is_empty()), "{}", ran.stderr);
    }

    #[test]
    fn fuzz_no_bytes_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
        let ran = stream(&[b"ts_ms\n", &bytes[..]].concat(), "--window session:1s");
        prop_assert_eq!(ran.code, 0);
    }
}
