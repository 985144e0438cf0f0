//! `millrace sessionize`: files of clicks as sessions.

use millrace_tests::millrace;
use serde_json::{Value, json};
use std::path::{Path, PathBuf};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/clickstream/clicks_100u.csv")
}

fn written(name: &str, text: &str) -> String {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    std::fs::write(&path, text).expect("it can be written");
    path.to_str().expect("UTF-8").to_owned()
}

fn lines(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

#[test]
fn the_sample_is_338_sessions_in_any_order_of_arrival() {
    let path = sample();
    let ran = millrace(&["sessionize", path.to_str().expect("UTF-8"), "--json"]);
    assert_eq!((ran.code, ran.stderr.as_str()), (0, ""));
    let sessions = lines(&ran.stdout);
    assert_eq!(sessions.len(), 338);
    let events = sessions
        .iter()
        .map(|s| s["events"].as_u64().expect("a count"));
    assert_eq!(events.sum::<u64>(), 1_967);
    assert_eq!(
        sessions[0],
        json!({"user": "u000", "start_ms": -499_512, "end_ms": 11_698_377, "events": 13,
               "symbols": "1121222421561"})
    );
    let text = std::fs::read_to_string(&path).expect("it is there");
    let (header, rows) = text.split_once('\n').expect("a header");
    let mut rows: Vec<&str> = rows.lines().collect();
    rows.reverse();
    let backwards = written("backwards.csv", &format!("{header}\n{}\n", rows.join("\n")));
    assert_eq!(
        millrace(&["sessionize", &backwards, "--json"]).stdout,
        ran.stdout
    );
}

#[test]
fn the_gap_can_be_set_and_people_get_a_table() {
    let path = written(
        "small.csv",
        "user,ts_ms,event\nbob,60000,add\nann,0,view\nann,60000,2\n",
    );
    let ran = millrace(&["sessionize", &path, "--gap", "1m"]);
    let expected = "\
user   start_ms   end_ms   events   symbols
ann           0   120000        2        12
bob       60000   120000        1         3

2 sessions of 3 events from 2 users
";
    assert_eq!((ran.code, ran.stdout.as_str()), (0, expected));
    let ran = millrace(&["sessionize", &path, "--gap", "59999ms", "--json"]);
    assert_eq!(lines(&ran.stdout).len(), 3);
}

#[test]
fn the_research_format_is_read_and_bad_rows_are_listed_with_their_lines() {
    let path = written(
        "research.csv",
        "session_id_hash,event_type,product_action,product_skus_hash,server_timestamp_epoch_ms,hashed_url\n\
         s1,pageview,,,1550885210881,u1\n\
         s1,event_product,detail,k1,1550885213307,u2\n\
         s1,event_product,wave,k1,1550885213308,u2\n\
         s1,event_product,purchase,k1,1550885313307,u3\n",
    );
    let ran = millrace(&["sessionize", &path, "--json"]);
    assert_eq!(ran.code, 0);
    assert_eq!(
        lines(&ran.stdout),
        [
            json!({"user": "s1", "start_ms": 1_550_885_210_881_i64, "end_ms": 1_550_887_113_307_i64,
                "events": 3, "symbols": "125"})
        ]
    );
    assert!(
        ran.stderr
            .contains("research.csv:4: “wave” is none of view,"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("1 rows left out, 3 read"),
        "{}",
        ran.stderr
    );
}

#[test]
fn what_cannot_be_done_is_said() {
    let strange = written("strange.csv", "a,b\n1,2\n");
    let ran = millrace(&["sessionize", &strange]);
    assert_eq!(ran.code, 2);
    assert!(ran.stderr.contains("there are: a, b"), "{}", ran.stderr);
    let empty = written("empty.csv", "user,ts_ms,event\nann,soon,view\n");
    assert_eq!(millrace(&["sessionize", &empty]).code, 1);
    assert_eq!(millrace(&["sessionize", "no-such-file.csv"]).code, 2);
    let ran = millrace(&["sessionize", &empty, "--gap", "0s"]);
    assert_eq!(ran.code, 2, "{}", ran.stderr);
}
