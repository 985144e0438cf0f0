//! `millrace topology`: applications as data.

use millrace_tests::millrace;
use serde_json::Value;
use std::path::PathBuf;

fn file(name: &str, text: &str) -> String {
    let directory = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("topology");
    std::fs::create_dir_all(&directory).expect("a place to write");
    let path = directory.join(name);
    std::fs::write(&path, text).expect("it can be written");
    path.to_str().expect("UTF-8").to_owned()
}

fn sample() -> String {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../samples/hashtags.json");
    path.to_str().expect("UTF-8").to_owned()
}

#[test]
fn the_sample_is_described_and_runs() {
    let described = millrace(&["topology", &sample(), "--partitions", "3"]);
    assert_eq!(described.code, 0, "{}", described.stderr);
    for line in [
        "   Sub-topology: 1",
        "    Source: by-tag-repartition-source (topics: [hashtags-by-tag-repartition])",
        "    Processor: counts (stores: [counts])",
        "hashtags-counts-changelog: internal, changelog, 3 partitions",
        "6 tasks",
    ] {
        assert!(
            described.stdout.lines().any(|l| l == line),
            "{line}: {}",
            described.stdout
        );
    }
    let tweets = file(
        "tweets.jsonl",
        "{\"key\":\"ann\",\"value\":\"so #Rain\",\"ts_ms\":610000}\n\
         not json\n\
         {\"key\":\"bob\",\"value\":\"#rain and #sun\",\"ts_ms\":640000}\n\
         {\"topic\":\"other\",\"value\":\"#x\"}\n",
    );
    let ran = millrace(&[
        "topology",
        &sample(),
        "--partitions",
        "3",
        "--input",
        &tweets,
        "--stores",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.stderr);
    assert!(ran.stderr.contains("tweets.jsonl:2: "), "{}", ran.stderr);
    assert!(
        ran.stderr
            .contains("tweets.jsonl:4: `topic` is one of tweets"),
        "{}",
        ran.stderr
    );
    let lines: Vec<Value> = ran
        .stdout
        .lines()
        .map(|l| serde_json::from_str(l).expect("JSON"))
        .collect();
    let count = |key: &str| {
        lines
            .iter()
            .rfind(|l| l["key"] == key)
            .map(|l| l["value"].clone())
    };
    assert_eq!(count("[rain@600000/1200000]"), Some(2.into()));
    assert_eq!(count("[sun@60000/660000]"), Some(1.into()));
    assert_eq!(count("[sun@0/600000]"), None);
    // One of the stores has it too, in the words of the store.
    assert_eq!(count("rain@600000"), Some("2".into()));
    assert_eq!(
        lines.iter().filter(|l| l.get("topic").is_some()).count(),
        20,
        "ten windows a tag"
    );
}

#[test]
fn what_is_wrong_is_said() {
    let no_group = file(
        "no-group.json",
        r#"{"application.id": "a", "steps": [
            {"name": "in", "does": {"source": {"topics": ["in"]}}},
            {"name": "n", "from": ["in"], "does": {"aggregate": {"fold": "count"}}}]}"#,
    );
    let ran = millrace(&["topology", &no_group]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.stderr
            .contains("step “n”: “in” is no group: put a `group` step between"),
        "{}",
        ran.stderr
    );
    let no_json = file("no.json", "{");
    assert_eq!(millrace(&["topology", &no_json]).code, 2);
    assert_eq!(millrace(&["topology", "/nowhere.json"]).code, 2);
}
