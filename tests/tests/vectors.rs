//! Our code against vectors taken from the real systems, and `millrace conform` against itself: it
//! must notice what is altered and say what it does not know.

use millrace_tests::millrace;
use serde_json::{Value, json};
use std::path::PathBuf;

fn vectors(kind: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let places = ["kafka", "sketches", "windows", "clickstream"]
        .map(|room| root.join(room).join(format!("{kind}.json")));
    let found = places.iter().find(|path| path.exists());
    found.unwrap_or(&places[0]).clone()
}

/// `N passed, M failed, K skipped`
fn tally(stdout: &str) -> [u64; 3] {
    let last = stdout.lines().last().unwrap_or_default();
    let number = |part: &str, word: &str| {
        let number = part.trim().strip_suffix(word).map(str::trim);
        number.and_then(|n| n.parse().ok())
    };
    let parts: Vec<_> = last.split(',').collect();
    match parts[..] {
        [passed, failed, skipped] => [
            number(passed, "passed"),
            number(failed, "failed"),
            number(skipped, "skipped"),
        ]
        .map(|n| n.unwrap_or_else(|| panic!("no number in '{last}'"))),
        _ => panic!("no tally in '{last}'"),
    }
}

fn conform(kind: &str) -> [u64; 3] {
    let path = vectors(kind);
    let ran = millrace(&["conform", path.to_str().expect("UTF-8")]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""), "{}", ran.stdout);
    tally(&ran.stdout)
}

/// The tally of `vectors`, as a file of `kind` in a directory of the test's own.
fn conform_altered(kind: &str, test: &str, vectors: &Value) -> [u64; 3] {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(test);
    std::fs::create_dir_all(&directory).expect("a place to write");
    let path = directory.join(format!("{kind}.json"));
    std::fs::write(&path, vectors.to_string()).expect("it can be written");
    let ran = millrace(&["conform", path.to_str().expect("UTF-8")]);
    let [passed, failed, skipped] = tally(&ran.stdout);
    assert_eq!(ran.code, u8::from(failed > 0), "{}", ran.stdout);
    [passed, failed, skipped]
}

#[test]
fn every_vector_passes() {
    // Skipped: compressed records, and what is told only in words.
    for (kind, tally) in [
        ("bloom", [7, 0, 0]),
        ("countmin", [6, 0, 0]),
        ("crc32c", [27, 0, 0]),
        ("hll", [28, 0, 0]),
        ("indexes", [22, 0, 1]),
        ("leader_epoch", [18, 0, 17]),
        ("log_retention", [22, 0, 7]),
        ("partitioner", [43, 0, 4]),
        ("record_batch", [21, 0, 3]),
        ("replica_placement", [18, 0, 0]),
        ("replication_hw_isr", [7, 0, 8]),
        ("reservoir", [8, 0, 0]),
        ("topic_names", [14, 0, 0]),
        ("varint", [58, 0, 0]),
        ("assign", [15, 0, 1]),
        ("beam_panes", [6, 0, 0]),
        ("flink_merging_set", [6, 0, 0]),
        ("flink_operator", [12, 0, 1]),
        ("joins", [4, 0, 0]),
        ("kafka_streams", [8, 0, 0]),
        ("proc_count_punct", [6, 0, 0]),
        ("sessions_batch", [9, 0, 0]),
        ("spark_dstream", [10, 0, 0]),
        ("spark_structured", [8, 0, 0]),
        ("hvg_motifs", [7, 0, 1]),
        ("kgrams", [5, 0, 0]),
        ("clicks_100u.sessions.spark", [338, 0, 0]),
    ] {
        assert_eq!(conform(kind), tally, "{kind}");
    }
}

/// A vector file, a place in it, and the JSON put there, which makes one case fail.
const ALTERED: &[(&str, &str, &str)] = &[
    ("crc32c", "/upstream/0/1", "1"),
    ("crc32c", "/check_value/1", "1"),
    ("crc32c", "/computed_with_kafka_code/3/0", r#""00""#),
    ("varint", "/varint_zigzag/2/1", r#""03""#),
    ("varint", "/unsigned_varint/1/0", r#""-2""#),
    ("varint", "/invalid/varlong_hex", r#""01""#),
    ("partitioner", "/upstream_murmur2/1/hash", "1"),
    (
        "partitioner",
        "/librdkafka_murmur2_hex/0/1",
        r#""d067cf65""#,
    ),
    (
        "partitioner",
        "/computed_with_kafka_code/0/partition/8",
        "5",
    ),
    ("partitioner", "/computed_with_kafka_code/0/crc32c", "5"),
    (
        "partitioner",
        "/confirmed_on_real_cluster_4_partitions/bob",
        "1",
    ),
    ("partitioner", "/sticky/cases/2/cft/4", "22"),
    ("partitioner", "/sticky/cases/3/mapping/4", "2"),
    ("topic_names", "/valid/0", r#""a b""#),
    ("topic_names", "/invalid/1/0", r#""a""#),
    ("topic_names", "/invalid/3/1", r#""no""#),
    ("record_batch", "/overhead_bytes", "60"),
    ("record_batch", "/layout/3/1", "15"),
    (
        "record_batch",
        "/samples/u1~100000000000000000000.log/hex",
        r#""00""#,
    ),
    (
        "record_batch",
        "/samples/tx~100000000000000000000.log/dump/stdout",
        r#""Dumping tx\n""#,
    ),
    ("indexes", "/sample/offset_index_0/1/1", "427"),
    ("indexes", "/sample/time_index_0/2/1", "8"),
    ("indexes", "/sample/offsets_for_time/1700000001004", "2"),
    (
        "indexes",
        "/sample/raw/idx~100000000000000000000.index",
        r#""00""#,
    ),
    ("indexes", "/sample/segments/9", r#""offsets 9-12""#),
    ("indexes", "/txn_index_sample/entries/0/lastOffset", "4"),
    (
        "leader_epoch",
        "/cases/0/expect/previousEpochAfterEach/3",
        "4",
    ),
    ("leader_epoch", "/cases/0/ops/0/0", r#""reassign""#),
    ("leader_epoch", "/cases/5/expect/endOffsetFor/0/2/1", "14"),
    ("leader_epoch", "/cases/9/expect/then/0/2", "6"),
    ("leader_epoch", "/cases/12/expect", "{}"),
    ("leader_epoch", "/cases/17/expect/nextEpoch/2", "3"),
    ("log_retention", "/cases/0/segments_left", "3"),
    ("log_retention", "/cases/0/segment", r#""4 records""#),
    (
        "log_retention",
        "/cases/1/retention_bytes",
        r#""9 records""#,
    ),
    ("log_retention", "/cases/2/segments_left", "1"),
    ("log_retention", "/cases/2/timestamps", "1735689600001"),
    ("log_retention", "/cases/3/segments_left", "2"),
    ("log_retention", "/real_transcript/3/files/0/1", "139"),
    (
        "log_retention",
        "/real_transcript/7/files/2/0",
        r#""00000000000000000000.timeindex""#,
    ),
    (
        "log_retention",
        "/real_transcript/8/stdout",
        r#""ret:0:2\n""#,
    ),
    (
        "log_retention",
        "/real_transcript/12/result",
        r#"[["a", "3"]]"#,
    ),
    ("log_retention", "/real_transcript/26/files/12/1", "141"),
    ("replication_hw_isr", "/elr_cases/0/elr/1", "2"),
    ("replication_hw_isr", "/elr_cases/1/result_elr", "[3]"),
    ("replication_hw_isr", "/elr_cases/2/target_isr/1", "2"),
    ("replication_hw_isr", "/elr_cases/3/min_isr", "1"),
    ("replication_hw_isr", "/elr_cases/3/unclean_shutdown", "[]"),
    ("replication_hw_isr", "/quotas/cases/0/samples", "4"),
    ("replication_hw_isr", "/quotas/cases/2/throttle_ms", "1"),
    ("replica_placement", "/cases/0/fixed_start_index", "1"),
    ("replica_placement", "/cases/1/brokers/5", r#""rack2""#),
    ("replica_placement", "/cases/2/kafka_code_result/1", "[2]"),
    ("replica_placement", "/cases/7/kafka_code_error", r#""no""#),
    ("replica_placement", "/cases/8/test_expected/4/0", "2"),
    ("replica_placement", "/cases/9/kind", r#""Random""#),
    ("replica_placement", "/rack_list_cases/0/place4/4/0", "4"),
    (
        "replica_placement",
        "/rack_list_cases/1/brokers",
        r#""3,1,2""#,
    ),
    ("replica_placement", "/rack_list_cases/2/source", r##""#""##),
    ("replica_placement", "/rack_list_cases/3/counts/0,1", "15"),
    ("hll", "/hllpp_linear_counting_thresholds_p4_to_18/3", "81"),
    ("hll", "/vectors/2/zero_registers", "8"),
    ("hll", "/vectors/2/register_sum", "15"),
    ("hll", "/vectors/2/max_register", "5"),
    ("hll", "/vectors/2/n", "11"),
    ("hll", "/vectors/2/hllpp", "10.3295"),
    ("hll", "/vectors/3/raw", "1012.4701"),
    ("hll", "/vectors/5/hll_2007", "1"),
    ("hll", "/vectors/6/ertl", "9801"),
    ("hll", "/statistics/0/std_error_theory", "0.0651"),
    ("hll", "/statistics/1/hll_2007_rmse", "0.2"),
    ("hll", "/statistics/2/ertl_bias", "0.1"),
    ("hll", "/statistics/3/trials", "0"),
    (
        "hll",
        "/apache_datasketches_100000_ints_lb_est_ub/10/0",
        "99000",
    ),
    ("bloom", "/sizing/0/m_bits", "481"),
    ("bloom", "/sizing/1/k", "8"),
    ("bloom", "/sizing/2/fpr_finite", "0.001"),
    ("bloom", "/filled/0/bits_set", "4979"),
    ("bloom", "/filled/0/false_positives_in_100000", "1057"),
    ("bloom", "/filled/0/first_item_positions/6", "9024"),
    ("bloom", "/filled/1/cardinality_estimate", "9967"),
    ("countmin", "/sizing/0/w", "27"),
    ("countmin", "/sizing/1/datasketches_suggest/1", "4"),
    ("countmin", "/stream/zipf_s", "1.2"),
    ("countmin", "/result/max_error", "291"),
    ("countmin", "/result/mean_error", "54.95"),
    ("countmin", "/result/top10/9/2", "1389"),
    ("reservoir", "/algorithm_R_vectors/0/seed", "2"),
    ("reservoir", "/algorithm_R_vectors/1/result/3", "32"),
    ("reservoir", "/algorithm_R_vectors/2/replacements", "46"),
    ("reservoir", "/expected_replacement_table/3/value", "690.3"),
    ("reservoir", "/check/dof", "200"),
    ("reservoir", "/check/mean_replacements_L", "30"),
    ("reservoir", "/check/chi2_R", "300"),
    ("indexes", "/roll/cases/0/segments", "3"),
    ("indexes", "/roll/cases/2/expect", r#""0-2,3-5""#),
    ("assign", "/cases/1/offset", "200"),
    ("assign", "/cases/4/expected/0/0/0", "-4001"),
    ("assign", "/cases/7/expected_contents/0/elements/1", "5"),
    ("assign", "/cases/10/window", r#""sliding_beam""#),
    ("sessions_batch", "/cases/0/boundary", r#""inclusive""#),
    ("sessions_batch", "/cases/4/expected/0/end", "5999999"),
    ("sessions_batch", "/cases/6/expected/0/end", "4"),
    ("flink_merging_set", "/cases/0/final/1/0", "9"),
    (
        "flink_merging_set",
        "/cases/1/expected_window_after_each_add/3/0",
        "8",
    ),
    (
        "flink_merging_set",
        "/cases/3/expected_merges/1/into/1",
        "5",
    ),
    ("flink_operator", "/cases/0/steps/9/emits/1/value", "2"),
    ("flink_operator", "/cases/3/allowed_lateness", "0"),
    (
        "flink_operator",
        "/cases/3/trigger",
        r#""event-time, fire (accumulating)""#,
    ),
    ("flink_operator", "/cases/5/expected_dropped", "[]"),
    ("flink_operator", "/cases/6/steps/6/ts", "14000"),
    ("flink_operator", "/cases/2/aggregate", r#""median""#),
    ("beam_panes", "/cases/0/steps/3/2/value", "4"),
    ("beam_panes", "/cases/1/allowed_lateness", "500"),
    ("beam_panes", "/cases/2/mode", r#""accumulating""#),
    ("beam_panes", "/cases/3/steps/2/3/pane/ts", "1"),
    ("beam_panes", "/cases/4/steps/3/0", r#""wm""#),
    ("kafka_streams", "/cases/0/window/grace", "2"),
    ("kafka_streams", "/cases/2/expected_dropped/0", "101"),
    ("kafka_streams", "/cases/5/window/grace", "2"),
    ("kafka_streams", "/cases/6/expected_changelog/1/3", "1"),
    ("kafka_streams", "/cases/7/window/time_difference", "9"),
    ("joins", "/cases/0/right_for_each_key_0_to_3/6/ts", "899"),
    ("joins", "/cases/1/join/grace", "400"),
    ("joins", "/cases/2/join/type", r#""inner""#),
    ("joins", "/cases/3/expected/0/total", "5"),
    ("proc_count_punct", "/cases/1/window/slide", "500"),
    (
        "proc_count_punct",
        "/cases/3/window/trigger",
        r#""count 4""#,
    ),
    ("proc_count_punct", "/cases/4/steps/3/3", "5"),
    ("proc_count_punct", "/cases/5/source", r#""==view""#),
    ("spark_dstream", "/cases/2/slide_batches", "2"),
    ("spark_dstream", "/cases/4/op", r#""reduceByKeyAndWindow""#),
    ("spark_dstream", "/cases/7/expected/inverse/7/2/1", "1"),
    ("spark_dstream", "/cases/8/input/5", "[1]"),
    ("spark_structured", "/cases/0/progress/6/dropped", "0"),
    ("spark_structured", "/cases/1/params/watermark_ms", "5001"),
    ("spark_structured", "/cases/4/input/1/batch", "1"),
    ("spark_structured", "/cases/7/emitted/0/end_ms", "20001"),
    ("hvg_motifs", "/cases/0/hvg_edges/2/1", "4"),
    ("hvg_motifs", "/cases/3/motif_counts_1_to_6/0", "1"),
    ("hvg_motifs", "/cases/1/windows", "4"),
    ("hvg_motifs", "/cases/4/series/1", "1"),
    ("hvg_motifs", "/iid_continuous/2", r#""1/24""#),
    ("hvg_motifs", "/iid_uniform_1_to_6/6", r#""1/24""#),
    ("kgrams", "/cases/0/counts/1", "5"),
    ("kgrams", "/cases/1/k", "3"),
    ("kgrams", "/cases/2/windows", "6"),
    ("kgrams", "/symbols/3", r#""remove""#),
    ("kgrams", "/coveo_event_mapping/click", "5"),
];

#[test]
fn an_altered_case_is_one_failure() {
    for &(kind, pointer, value) in ALTERED {
        let text = std::fs::read_to_string(vectors(kind)).expect("it is in the repository");
        let mut altered: Value = serde_json::from_str(&text).expect("it is JSON");
        let place = altered.pointer_mut(pointer);
        *place.unwrap_or_else(|| panic!("{kind} has no {pointer}")) =
            serde_json::from_str(value).expect("it is JSON");
        let [passed, failed, skipped] = conform(kind);
        let expected = [passed - 1, failed + 1, skipped];
        let tally = conform_altered(kind, "an_altered_case", &altered);
        assert_eq!(tally, expected, "{kind}{pointer}");
    }
}

#[test]
fn data_of_an_unknown_shape_fails_and_words_are_skipped() {
    for kind in [
        "bloom",
        "countmin",
        "crc32c",
        "hll",
        "indexes",
        "leader_epoch",
        "log_retention",
        "partitioner",
        "record_batch",
        "replica_placement",
        "replication_hw_isr",
        "reservoir",
        "topic_names",
        "varint",
        "assign",
        "beam_panes",
        "flink_merging_set",
        "flink_operator",
        "joins",
        "kafka_streams",
        "proc_count_punct",
        "sessions_batch",
        "spark_dstream",
        "spark_structured",
    ] {
        let strange = json!({
            "topic": "nothing we know",
            "cases": [{"a": 1}, {"told": "in words"}, [1, 2, 3], 7],
            "more": {"deep": {"deeper": [[[1]]]}, "n": 1},
        });
        let tally = conform_altered(kind, "unknown_shape", &strange);
        assert_eq!(tally, [0, 5, 1], "{kind}");
        assert_eq!(
            conform_altered(kind, "unknown_shape", &json!({})),
            [0, 0, 0]
        );
    }
}

#[test]
fn a_field_that_would_go_unseen_fails() {
    let extra = json!({"upstream_murmur2": [{"key": "21", "hash": -973_932_308, "murmur3": 1}]});
    assert_eq!(conform_altered("partitioner", "unseen", &extra), [1, 1, 0]);
}

/// Sessions beside altered clicks: each difference is a failure.
#[test]
fn altered_sessions_fail_and_so_do_those_left_out() {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("sessions_altered");
    std::fs::create_dir_all(&directory).expect("a place to write");
    let from = vectors("clicks_100u.sessions.spark");
    let clicks = from.with_file_name("clicks_100u.csv");
    std::fs::copy(clicks, directory.join("few.csv")).expect("it can be copied");
    let text = std::fs::read_to_string(from).expect("it is there");
    let whole: Value = serde_json::from_str(&text).expect("it is JSON");
    let list = directory.join("few.sessions.json");
    let judged = |alter: &dyn Fn(&mut Vec<Value>)| {
        let mut sessions = whole.as_array().expect("a list").clone();
        alter(&mut sessions);
        std::fs::write(&list, Value::from(sessions).to_string()).expect("it can be written");
        let ran = millrace(&["conform", list.to_str().expect("UTF-8")]);
        (ran.code, tally(&ran.stdout))
    };
    assert_eq!(judged(&|_| {}), (0, [338, 0, 0]));
    for (field, value) in [
        ("end_ms", json!(1)),
        ("n", json!(1)),
        ("first_ms", json!(1)),
        ("last_ms", json!(1)),
        ("symbols", json!("1")),
        ("shape", json!(5)),
    ] {
        let altered = judged(&|sessions| sessions[0][field] = value.clone());
        let passed = if field == "shape" { 338 } else { 337 };
        assert_eq!(altered, (1, [passed, 1, 0]), "{field}");
    }
    let moved = judged(&|sessions| sessions[0]["start_ms"] = json!(1));
    assert_eq!(
        moved,
        (1, [337, 2, 0]),
        "one is not found, another is too many"
    );
    let fewer = judged(&|sessions| drop(sessions.pop()));
    assert_eq!(fewer, (1, [337, 1, 0]));
    std::fs::remove_file(directory.join("few.csv")).expect("it was there");
    assert_eq!(
        judged(&|_| {}).0,
        2,
        "without the clicks there is nothing to judge"
    );
}

#[test]
fn unknown_kinds_and_unreadable_files_are_errors() {
    let path = vectors("NOTICE");
    let ran = millrace(&["conform", path.to_str().expect("UTF-8")]);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (2, "0 passed, 0 failed, 0 skipped\n")
    );
    assert!(
        ran.stderr
            .contains("vectors of kind 'NOTICE' are not known")
    );
    let ran = millrace(&["conform", "nowhere/varint.json"]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.starts_with("millrace: nowhere/varint.json: "));
}

#[test]
fn partition_prints_key_hash_and_partition() {
    let ran = millrace(&["partition", "--partitions", "4", "alice", "", "--", "-é"]);
    assert_eq!(ran.code, 0);
    assert_eq!(ran.stdout.lines().next(), Some("alice\t1951417749\t1"));
    assert_eq!(ran.stdout.lines().count(), 3);
    for args in [
        &["partition", "--partitions", "0", "k"][..],
        &["partition", "--partitions", "4"],
        &["partition", "k"],
        &["nonsense"],
    ] {
        let ran = millrace(args);
        assert_eq!((ran.code, ran.stdout.as_str()), (2, ""), "{args:?}");
        assert!(!ran.stderr.is_empty());
    }
}
