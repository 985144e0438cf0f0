//! What is refused, and how what is sound is cut.

use super::*;

fn hashtags() -> Json {
    json!([
        {"name": "tweets", "does": {"source": {"topics": ["tweets"], "values": "text"}}},
        {"name": "tags", "from": ["tweets"], "does": {"flat_map": {"hashtags": "value"}}},
        {"name": "by-tag", "from": ["tags"], "does": {"group": {"by": "value"}}},
        {"name": "counts", "from": ["by-tag"], "does": {"aggregate": {
            "fold": "count", "windows": {"windows": "sliding:60s,5s"},
        }}},
        {"name": "end", "from": ["counts"], "does": {"sink": {"topic": "hashtag-counts"}}},
    ])
}

#[test]
fn a_topology_is_cut_where_keys_change() {
    let plan = plan(true, 3, &hashtags()).expect("sound");
    assert_eq!(
        plan.describe(),
        "\
Topologies:
   Sub-topology: 0
    Source: tweets (topics: [tweets])
      --> tags
    Processor: tags (stores: [])
      --> by-tag-by
      <-- tweets
    Processor: by-tag-by (stores: [])
      --> by-tag-repartition-sink
      <-- tags
    Sink: by-tag-repartition-sink (topic: app-by-tag-repartition)
      <-- by-tag-by

   Sub-topology: 1
    Source: by-tag-repartition-source (topics: [app-by-tag-repartition])
      --> counts
    Processor: counts (stores: [counts])
      --> end
      <-- by-tag-repartition-source
    Sink: end (topic: hashtag-counts)
      <-- counts

"
    );
    let topics: Vec<_> = plan
        .topics
        .iter()
        .map(|t| (&*t.name, t.partitions))
        .collect();
    assert_eq!(
        topics,
        [
            ("tweets", 3),
            ("app-by-tag-repartition", 3),
            ("app-counts-changelog", 3),
            ("hashtag-counts", 0),
        ]
    );
    assert_eq!(plan.tasks().count(), 6);
}

#[test]
fn what_is_grouped_by_its_own_key_goes_through_no_topic() {
    let steps = json!([
        {"name": "in", "does": {"source": {"topics": ["in"]}}},
        {"name": "g", "from": ["in"], "does": {"group": {}}},
        {"name": "n", "from": ["g"], "does": {"aggregate": {"fold": "count"}}},
    ]);
    let plan = plan(true, 4, &steps).expect("sound");
    assert_eq!(plan.subs.len(), 1);
    assert_eq!(plan.topics.len(), 2);
}

#[test]
fn a_topic_of_its_own_brings_what_is_joined_to_as_many_partitions() {
    let steps = |through: bool| {
        let right = if through { "again" } else { "b" };
        json!([
            {"name": "a", "does": {"source": {"topics": ["a"]}}},
            {"name": "b", "does": {"source": {"topics": ["b"]}}},
            {"name": "again", "from": ["b"], "does": {"repartition": {}}},
            {"name": "j", "from": ["a", right], "does": {"join_stream": {
                "kind": "inner", "before_ms": 1, "after_ms": 1,
            }}},
        ])
    };
    let plan = |through| {
        topology(true, &steps(through)).plan(|topic| Some(if topic == "a" { 3 } else { 2 }))
    };
    let error = plan(false).unwrap_err();
    assert!(
        error.starts_with(
            "Following topics do not have the same number of partitions: [a(3), b(2)]"
        ),
        "{error}"
    );
    let plan = plan(true).expect("sound");
    let again = plan.topic("app-again-repartition").expect("made");
    assert_eq!(plan.topics[again].partitions, 3);
}

#[test]
#[allow(clippy::too_many_lines)] // one case after the other
fn what_is_wrong_is_said_with_what_would_do() {
    let steps = |more: Json| {
        let mut all = vec![
            json!({"name": "in", "does": {"source": {"topics": ["in"]}}}),
            json!({"name": "g", "from": ["in"], "does": {"group": {}}}),
            json!({"name": "end", "from": ["in"], "does": {"sink": {"topic": "out"}}}),
        ];
        all.extend(more.as_array().expect("steps").iter().cloned());
        Json::Array(all)
    };
    for (more, why) in [
        (
            json!([{"name": "in", "from": ["in"], "does": "table"}]),
            "another step of this name",
        ),
        (
            json!([{"name": "a b", "from": ["in"], "does": "table"}]),
            "is no name",
        ),
        (
            json!([{"name": "x", "from": ["y"], "does": "table"}]),
            "there are in, g, end",
        ),
        (
            json!([{"name": "x", "from": [], "does": "table"}]),
            "it reads one step, and `from` has 0",
        ),
        (
            json!([{"name": "x", "from": ["in"], "does": "union"}]),
            "two steps or more",
        ),
        (
            json!([{"name": "x", "from": ["end"], "does": "table"}]),
            "is a sink",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": "table"}]),
            "only `aggregate` and `top` read",
        ),
        (
            json!([{"name": "x", "from": ["in"], "does": {"aggregate": {"fold": "count"}}}]),
            "put a `group` step",
        ),
        (
            json!([{"name": "x", "from": ["in", "in"], "does": {"join_table": {}}}]),
            "no `table` step",
        ),
        (
            json!([{"name": "x", "from": ["in"], "does": {"map": "so_far"}}]),
            "so_far is what",
        ),
        (
            json!([{"name": "x", "does": {"source": {"topics": ["none"]}}}]),
            "there is no topic none",
        ),
        (
            json!([{"name": "x", "does": {"source": {"topics": ["in"]}}}]),
            "let both read that step",
        ),
        (
            json!([{"name": "x", "from": ["in"], "does": {"sink": {"topic": "in"}}}]),
            "read and written",
        ),
        (
            json!([{"name": "x", "from": ["in"], "does": {"repartition": {"partitions": 0}}}]),
            "1 to 1000",
        ),
        (
            json!([{"name": "x", "from": ["in", "in"], "does": {"join_stream": {
                "kind": "inner", "before_ms": -5, "after_ms": 1,
            }}}]),
            "is empty",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"aggregate": {
                "fold": "count", "windows": {"windows": "tumbling:0s"},
            }}}]),
            "above 0",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"aggregate": {
                "fold": "count", "windows": {"windows": "count:5"},
            }}}]),
            "Kafka Streams has no windows of a number",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"aggregate": {
                "fold": "count", "windows": {"windows": "tumbling:5s", "engine": "spark"},
            }}}]),
            "millrace stream --engine spark",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"aggregate": {
                "fold": {"reduce": "value"}, "windows": {"windows": "tumbling:5s"},
            }}}]),
            "go without windows",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"aggregate": {
                "fold": {"distinct": {"of": "value", "precision": 40}},
            }}}]),
            "4",
        ),
        (
            json!([{"name": "x", "from": ["g"], "does": {"top": {"n": 0, "name": "key", "number": "value"}}}]),
            "1 to 1000",
        ),
    ] {
        let error = plan(true, 1, &steps(more.clone())).unwrap_err();
        assert!(error.contains(why), "{more}: {error}");
    }
    assert!(
        plan(true, 1, &json!([]))
            .unwrap_err()
            .contains("nothing reads a topic")
    );
    let loose = json!({"application.id": "a/b", "steps": []});
    let loose: Topology = serde_json::from_value(loose).expect("a topology");
    assert!(
        loose
            .plan(|_| None)
            .unwrap_err()
            .starts_with("application.id")
    );
}

#[test]
fn a_topology_is_the_same_after_writing_and_reading() {
    let topology = topology(true, &hashtags());
    let text = serde_json::to_string(&topology).expect("written");
    assert_eq!(
        serde_json::from_str::<Topology>(&text).expect("read"),
        topology
    );
    let wrong = text.replace("\"steps\"", "\"stages\"");
    assert!(
        serde_json::from_str::<Topology>(&wrong)
            .unwrap_err()
            .to_string()
            .contains("stages")
    );
}
