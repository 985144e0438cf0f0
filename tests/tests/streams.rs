//! `millrace stream` against what the real engines gave, from the same CSV.

use millrace_tests::millrace;
use serde_json::Value;
use std::fmt::Write as _;
use std::path::PathBuf;

fn vectors() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors")
}

fn cases(kind: &str) -> Vec<Value> {
    let path = vectors().join("windows").join(format!("{kind}.json"));
    let text = std::fs::read_to_string(path).expect("it is in the repository");
    let vectors: Value = serde_json::from_str(&text).expect("it is JSON");
    vectors["cases"].as_array().expect("a list").clone()
}

/// A result: key, start, end, value.
type Row = (String, i64, i64, i64);

/// What `millrace stream` gives of `csv`, sorted, and how many it dropped.
fn stream(test: &str, csv: &str, args: &str) -> (Vec<Row>, usize) {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("streams");
    std::fs::create_dir_all(&directory).expect("a place to write");
    let path = directory.join(format!("{test}.csv"));
    std::fs::write(&path, csv).expect("it can be written");
    run(path.to_str().expect("UTF-8"), args)
}

fn run(path: &str, args: &str) -> (Vec<Row>, usize) {
    let mut all = vec!["stream", "--json", "--input", path];
    all.extend(args.split_whitespace());
    let ran = millrace(&all);
    assert_eq!(ran.code, 0, "{args}: {}", ran.stderr);
    let rows = ran.stdout.lines().map(|line| {
        let row: Value = serde_json::from_str(line).expect("an object a line");
        let number = |name: &str| row[name].as_i64().expect("a number");
        let key = row["key"].as_str().expect("a key").to_owned();
        (key, number("start_ms"), number("end_ms"), number("value"))
    });
    let mut rows: Vec<Row> = rows.collect();
    rows.sort();
    let dropped = ran.stderr.lines().find_map(|line| {
        let (n, _) = line.split_once(" dropped as late")?;
        n.parse().ok()
    });
    (rows, dropped.unwrap_or(0))
}

fn int(value: &Value) -> i64 {
    value
        .as_i64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

#[test]
fn the_sessions_of_a_shop_are_those_that_spark_and_flink_found() {
    let clicks = vectors().join("clickstream/clicks_100u.csv");
    let clicks = clicks.to_str().expect("UTF-8");
    let text =
        std::fs::read_to_string(vectors().join("clickstream/clicks_100u.sessions.spark.json"));
    let sessions: Value = serde_json::from_str(&text.expect("it is there")).expect("it is JSON");
    let mut theirs: Vec<Row> = list(&sessions)
        .iter()
        .map(|s| {
            let user = s["user"].as_str().expect("a user").to_owned();
            (user, int(&s["start_ms"]), int(&s["end_ms"]), int(&s["n"]))
        })
        .collect();
    theirs.sort();
    assert_eq!(theirs.len(), 338);
    for args in [
        "",
        "--engine spark",
        // Clicks come up to ten minutes late, so nothing is lost with a watermark behind that.
        "--watermark 10m",
        "--watermark 0s --lateness 10m --mode discarding --trigger count:100000",
    ] {
        let args = format!("--window session:30m --key user {args}");
        let (ours, dropped) = run(clicks, &args);
        assert_eq!(dropped, 0, "{args}");
        if !args.contains("count") {
            assert_eq!(ours, theirs, "{args}");
        }
    }
    // In Beam sessions that only meet stay two.
    let (beam, _) = run(clicks, "--window session:30m --key user --engine beam");
    assert!(beam.len() > theirs.len());
    assert_eq!(beam.iter().map(|row| row.3).sum::<i64>(), 1_967);
}

#[test]
fn spark_gives_the_same_windows_and_sessions_batch_by_batch() {
    for case in cases("spark_structured") {
        let id = case["id"].as_str().expect("an id");
        let params = &case["params"];
        let mut csv = "ts_ms,key,batch\n".to_owned();
        for row in list(&case["input"]) {
            let key = row["user"].as_str().expect("a user");
            writeln!(csv, "{},{key},{}", row["ts"], row["batch"]).expect("into a string");
        }
        let window = match (params["gap_ms"].as_i64(), params["slide_ms"].as_i64()) {
            (Some(gap), _) => format!("session:{gap}"),
            (None, Some(slide)) => format!("sliding:{},{slide}", params["size_ms"]),
            (None, None) => format!("tumbling:{}", params["size_ms"]),
        };
        let args = format!(
            "--engine spark --window {window} --watermark {}",
            params["watermark_ms"]
        );
        let (ours, dropped) = stream(id, &csv, &args);
        let emitted = list(&case["emitted"]).iter().map(|row| {
            let user = row["user"].as_str().expect("a user").to_owned();
            (
                user,
                int(&row["start_ms"]),
                int(&row["end_ms"]),
                int(&row["n"]),
            )
        });
        let mut theirs: Vec<Row> = emitted.collect();
        theirs.sort();
        assert_eq!(ours, theirs, "{id}");
        let theirs: i64 = list(&case["progress"])
            .iter()
            .map(|p| int(&p["dropped"]))
            .sum();
        assert_eq!(dropped as i64, theirs, "{id}");
    }
}

#[test]
fn kafka_streams_gives_the_same_final_results() {
    for case in cases("kafka_streams") {
        let (id, window) = (case["id"].as_str().expect("an id"), &case["window"]);
        if case["expected_final"].is_null() {
            continue;
        }
        let mut csv = "ts_ms,key\n".to_owned();
        for record in list(&case["input"]) {
            match list(record) {
                [key, ts] => writeln!(csv, "{ts},{}", key.as_str().expect("a key")),
                _ => writeln!(csv, "{record},all"),
            }
            .expect("into a string");
        }
        let kind = match window["type"].as_str() {
            Some("hopping") => format!("sliding:{},{}", window["size"], window["advance"]),
            Some("session") => format!("session:{}", window["gap"]),
            Some("sliding_kafka") => format!("sliding:{}", window["time_difference"]),
            other => panic!("{other:?} is not known"),
        };
        let grace = &window["grace"];
        let args =
            format!("--engine kafka-streams --trigger final --window {kind} --lateness {grace}");
        let (ours, dropped) = stream(id, &csv, &args);
        let rows = list(&case["expected_final"])
            .iter()
            .map(|row| match list(row) {
                [start, end, n] => ("all".to_owned(), int(start), int(end), int(n)),
                [key, start, end, n] => {
                    let key = key.as_str().expect("a key").to_owned();
                    (key, int(start), int(end), int(n))
                }
                _ => panic!("{row} is not known"),
            });
        let mut theirs: Vec<Row> = rows.collect();
        theirs.sort();
        assert_eq!(ours, theirs, "{id}");
        if !case["expected_dropped"].is_null() {
            assert_eq!(dropped, list(&case["expected_dropped"]).len(), "{id}");
        }
    }
}

#[test]
fn tumbling_and_sliding_windows_hold_what_they_held_in_beam() {
    let mut seen = 0;
    for case in cases("assign") {
        let id = case["id"].as_str().expect("an id");
        let Some(contents) = case["expected_contents"].as_array() else {
            continue;
        };
        seen += 1;
        let input = list(&case["input"]).iter().map(|ts| format!("{ts}\n"));
        let csv: String = ["ts_ms\n".to_owned()].into_iter().chain(input).collect();
        let offset = case["offset"].as_i64().unwrap_or(0);
        let window = match case["slide"].as_i64() {
            Some(slide) => format!("sliding:{},{slide},{offset}", case["size"]),
            None => format!("tumbling:{},{offset}", case["size"]),
        };
        let theirs: Vec<Row> = contents
            .iter()
            .map(|c| {
                let inside = list(&c["elements"]).len() as i64;
                ("all".to_owned(), int(&c["start"]), int(&c["end"]), inside)
            })
            .collect();
        for engine in ["beam", "flink", "spark"] {
            let (ours, _) = stream(id, &csv, &format!("--engine {engine} --window {window}"));
            assert_eq!(ours, theirs, "{id} by {engine}");
        }
    }
    assert_eq!(seen, 4);
}

#[test]
fn counts_and_punctuation_agree_with_the_step_by_step_vectors() {
    // `count_4_purging`, whose timestamps do not matter, and `punctuation_definition`.
    let rows = "ts_ms,key\n0,key2\n1,key2\n2,key1\n3,key1\n4,key1\n5,key2\n6,key2\n7,key2\n\
                8,key1\n9,key2\n10,key2\n11,key2\n";
    let (ours, _) = stream("count", rows, "--window count:4");
    let row = |key: &str, start, end, n| (key.to_owned(), start, end, n);
    let theirs = [
        row("key1", 2, 8, 4),
        row("key2", 0, 6, 4),
        row("key2", 7, 11, 4),
    ];
    assert_eq!(ours, theirs);
    let rows = "ts_ms,key,event\n0,u,view\n5,u,detail\n9,u,purchase\n10,u,view\n400,u,add\n";
    for window in ["punctuation:purchase", "punctuation:event=purchase"] {
        let (ours, _) = stream("punctuation", rows, &format!("--window {window}"));
        assert_eq!(ours, [row("u", 0, 9, 3), row("u", 10, 400, 2)]);
    }
}

#[test]
fn the_smart_window_of_hashtags_costs_a_hundredth_of_the_naive_one() {
    let ran = millrace(&["hashtags", "--json", "--per-s", "40", "--minutes", "11"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let seconds: Vec<Value> = ran
        .stdout
        .lines()
        .map(|line| serde_json::from_str(line).expect("an object a line"))
        .collect();
    assert_eq!(seconds.len(), 660);
    let steps = |at: usize, way: &str| int(&seconds[at]["steps"][way]);
    assert_eq!(steps(659, "naive"), int(&seconds[659]["tags"]));
    assert!(steps(659, "naive") > 100 * steps(659, "smart"));
    assert!(steps(659, "partial") > 50 * steps(659, "smart"));
    // Once the window is full a second costs what it did before.
    assert!(steps(659, "smart") < 3 * steps(9, "smart"));
    let told = millrace(&["hashtags", "--minutes", "1"]).stdout;
    assert!(told.contains("times fewer than naively"), "{told}");
    assert_eq!(millrace(&["hashtags", "--minutes", "0"]).code, 2);
}
