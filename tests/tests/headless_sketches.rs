//! `millrace sketch`, as a script would call it.

use millrace_tests::headless::{Scratch, ok, refused};
use millrace_tests::{cases, millrace};
use proptest::prelude::*;
use serde_json::{Value, json};

/// The user of a row.
fn user(row: u32) -> String {
    let user = if row.is_multiple_of(5) {
        0
    } else {
        row * 7 % 1_000
    };
    format!("u{user}")
}

/// 5,000 rows of 1,000 users, of whom user 0 is every fifth row.
fn clicks(scratch: &Scratch) -> String {
    let rows = (0..5_000_u32).map(|i| format!("{i},{}\n", user(i)));
    scratch.write(
        "clicks.csv",
        format!("ts_ms,user\n{}", rows.collect::<String>()),
    )
}

fn sketched(args: &[&str]) -> Value {
    let args = [&["sketch"], args, &["--json"]].concat();
    serde_json::from_str(&ok(&args)).expect("it prints JSON")
}

fn number(value: &Value) -> f64 {
    value
        .as_f64()
        .unwrap_or_else(|| panic!("{value} is no number"))
}

#[test]
fn estimates_stand_beside_the_exact_answer_and_the_bound() {
    let scratch = Scratch::new("sketch");
    let file = clicks(&scratch);
    let hll = sketched(&[
        "hll",
        "--input",
        &file,
        "--key",
        "user",
        "--precision",
        "10",
    ]);
    assert_eq!(
        (&hll["rows"], &hll["registers"]),
        (&json!(5_000), &json!(1_024))
    );
    let exact = number(&hll["exact"]);
    assert_eq!(
        exact, 801.0,
        "user 0, and those whose numbers are no multiple of 5"
    );
    let off = number(&hll["estimate"]) / exact - 1.0;
    assert!(off.abs() < 3.0 * number(&hll["standard_error"]), "{off}");
    assert!((off - number(&hll["error"])).abs() < 1e-12);

    let bloom = sketched(&[
        "bloom",
        "--input",
        &file,
        "--key",
        "user",
        "--items",
        "801",
        "--contains",
        "u0",
        "u1",
        "nobody",
    ]);
    assert_eq!(
        bloom["contains"][0],
        json!({"key": "u0", "estimate": true, "exact": true})
    );
    assert_eq!(bloom["contains"][2]["exact"], false);
    let wrong = number(&bloom["false_positives"]) / number(&bloom["strangers"]);
    let stated = number(&bloom["false_positive_rate"]);
    assert!((wrong / stated - 1.0).abs() < 0.2, "{wrong} of {stated}");

    let cms = sketched(&["cms", "--input", &file, "--key", "user", "--heavy", "0.1"]);
    assert_eq!(cms["counts"][0]["exact"], 1_000);
    assert_eq!(cms["heavy"][0]["key"], "u0");
    assert_eq!(cms["heavy"].as_array().map(Vec::len), Some(1));
    for count in cms["counts"].as_array().expect("counts") {
        let over = number(&count["estimate"]) - number(&count["exact"]);
        assert!(over >= 0.0 && over <= number(&cms["bound"]), "{count}");
    }

    let sample = sketched(&[
        "reservoir",
        "--input",
        &file,
        "--key",
        "user",
        "--size",
        "50",
    ]);
    assert_eq!(
        (
            &sample["inclusion"],
            sample["sample"].as_array().map(Vec::len)
        ),
        (&json!(0.01), Some(50))
    );
    let share = &sample["shares"][0];
    let off = number(&share["estimate"]) - number(&share["exact"]);
    assert!(
        off.abs() < 4.0 * number(&share["standard_error"]),
        "{share}"
    );
    let first = &sample["sample"][0];
    let line = number(&first["line"]) as u32 - 2;
    assert_eq!(first["key"], user(line), "the line number is the row's");
}

#[test]
fn sizes_may_be_given_and_seeds_matter() {
    let scratch = Scratch::new("sketch-sizes");
    let file = clicks(&scratch);
    let with = |args: &[&str]| {
        sketched(&[&args[..1], &["--input", &file, "--key", "user"], &args[1..]].concat())
    };
    let tiny = with(&["bloom", "--bits", "64", "--hashes", "3"]);
    assert_eq!(
        (&tiny["bits_set"], &tiny["estimate"]),
        (&json!(64), &Value::Null),
        "full"
    );
    let plain = with(&[
        "cms", "--width", "100", "--depth", "3", "--count", "u1", "nobody",
    ]);
    let careful = with(&[
        "cms",
        "--width",
        "100",
        "--depth",
        "3",
        "--conservative",
        "--count",
        "u1",
        "nobody",
    ]);
    assert_eq!(plain["counts"][1]["exact"], 0);
    assert!(number(&careful["counts"][0]["estimate"]) < number(&plain["counts"][0]["estimate"]));
    let samples = ["1", "1", "2"]
        .map(|seed| with(&["reservoir", "--seed", seed, "--algorithm", "l"])["sample"].clone());
    assert_eq!(samples[0], samples[1]);
    assert_ne!(samples[0], samples[2]);
}

#[test]
fn people_read_the_same_numbers() {
    let scratch = Scratch::new("sketch-text");
    let file = clicks(&scratch);
    for (kind, words) in [
        (
            "hll",
            &["801 different keys in 5000 rows", "Standard error 0.81 %"][..],
        ),
        ("bloom", &["false negatives: none", "stated"]),
        ("cms", &["u0", "1000", "No answer is too low"]),
        (
            "reservoir",
            &["10 of 5000 rows", "each kept with probability 0.20 %"],
        ),
    ] {
        let text = ok(&["sketch", kind, "--input", &file, "--key", "user"]);
        for word in words {
            assert!(text.contains(word), "{kind}: no “{word}” in {text}");
        }
    }
}

#[test]
fn bad_rows_are_named_and_the_rest_counts() {
    let scratch = Scratch::new("sketch-bad");
    let file = scratch.write("bad.csv", b"ts_ms,key\n1,a\n2\n3,\n4,b\n5,\xff\n");
    for kind in ["hll", "bloom", "cms", "reservoir"] {
        let ran = millrace(&["sketch", kind, "--input", &file, "--json"]);
        assert_eq!(ran.code, 0, "{kind}: {}", ran.stderr);
        let json: Value = serde_json::from_str(&ran.stdout).expect("JSON");
        assert_eq!((&json["rows"], &json["bad_rows"]), (&json!(2), &json!(3)));
        for line in [
            ":3: 1 values for 2 columns",
            ":4: the key is empty",
            ":6: not UTF-8 text",
        ] {
            assert!(
                ran.stderr.contains(line),
                "{kind}: no “{line}” in {}",
                ran.stderr
            );
        }
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_could() {
    let scratch = Scratch::new("sketch-refused");
    let file = clicks(&scratch);
    let empty = scratch.write("empty.csv", "");
    let barren = scratch.write("barren.csv", "key\n");
    let with = |args: &[&'static str]| {
        let mut all = vec!["sketch", args[0], "--input", &file, "--key", "user"];
        all.extend(&args[1..]);
        all.into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    for (args, words) in [
        (with(&["hll", "--precision", "3"]), &["from 4 to 18"][..]),
        (with(&["hll", "--precision", "many"]), &["many"]),
        (with(&["bloom", "--rate", "1.5"]), &["between 0 and 1"]),
        (with(&["bloom", "--rate", "NaN"]), &["between 0 and 1"]),
        (with(&["bloom", "--bits", "8"]), &["--hashes"]),
        (
            with(&["bloom", "--bits", "0", "--hashes", "1"]),
            &["from 1 to"],
        ),
        (
            with(&["bloom", "--items", "18446744073709551615"]),
            &["bits"],
        ),
        (with(&["cms", "--epsilon", "0"]), &["between 0 and 1"]),
        (
            with(&["cms", "--width", "4294967295", "--depth", "64"]),
            &["at most"],
        ),
        (with(&["cms", "--heavy", "0"]), &["above 0"]),
        (with(&["reservoir", "--size", "0"]), &["from 1 to"]),
        (
            with(&["reservoir", "--algorithm", "x"]),
            &["possible values: r, l"],
        ),
    ] {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        refused(&args, words);
    }
    refused(
        &["sketch", "hll", "--input", &file],
        &["there are: ts_ms, user"],
    );
    refused(
        &["sketch", "hll", "--input", &file, "--key", "who"],
        &["“who”", "ts_ms, user"],
    );
    refused(
        &["sketch", "hll", "--input", &empty],
        &["the file is empty"],
    );
    refused(
        &["sketch", "hll", "--input", &barren],
        &["no row could be read"],
    );
    refused(
        &["sketch", "hll", "--input", "nowhere.csv"],
        &["nowhere.csv"],
    );
    refused(&["sketch", "hll"], &["--input"]);
    refused(&["sketch", "mean", "--input", &file], &["mean"]);
}

proptest! {
    #![proptest_config(cases(64))]

    #[test]
    fn fuzz_any_file_is_sketched_or_refused(bytes in proptest::collection::vec(prop_oneof![Just(b','), Just(b'\n'), Just(b'"'), any::<u8>()], 0..300)) {
        let scratch = Scratch::new("sketch-fuzz");
        let file = scratch.write("any.csv", [b"key,b\n", &bytes[..]].concat());
        let raw = scratch.write("raw.csv", &bytes);
        for file in [file, raw] {
            for kind in ["hll", "bloom", "cms", "reservoir"] {
                let ran = millrace(&["sketch", kind, "--input", &file, "--json"]);
                prop_assert!(matches!(ran.code, 0 | 2), "{}", ran.code);
                prop_assert_eq!(ran.code == 0, serde_json::from_str::<Value>(&ran.stdout).is_ok());
            }
        }
    }
}
