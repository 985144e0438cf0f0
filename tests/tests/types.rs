//! The types that web/src/api.d.ts gives an outcome are those it has.

use millrace_tests::headless;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const TYPES: &str = include_str!("../../web/src/api.d.ts");

/// The members of each interface, by its name; of those that may be left out, with a question mark.
fn interfaces() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let blocks = TYPES.split("export interface ").skip(1);
    let interface = blocks.map(|block| {
        let (name, rest) = block.split_once(" {\n").expect("a body");
        let (body, _) = rest.split_once("\n}").expect("its end");
        let members = body.lines().filter_map(|line| {
            let member = line.strip_prefix("  ")?.split_once(": ")?.0;
            let name = member.trim_end_matches('?');
            let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
            plain.then_some(member)
        });
        (name, members.collect())
    });
    interface.collect()
}

fn keys(value: &Value) -> BTreeSet<&str> {
    let members = value.as_object().expect("an object");
    members.keys().map(String::as_str).collect()
}

#[test]
fn an_outcome_has_the_members_that_its_types_name() {
    // With a lesson in it: fire and forget promises nothing, and a killed broker shows it.
    let run = |scene| -> Value {
        let printed = headless::ok(&["run", scene, "--seed", "41", "--until", "30s", "--json"]);
        serde_json::from_str(&printed).expect("JSON")
    };
    let outcome = run("slow-payment");
    let types = interfaces();
    let has = |name: &str, value: &Value| {
        let has = keys(value);
        let there = |member: &&&str| has.contains(member.trim_end_matches('?'));
        let named = types[name].iter();
        let wanted = named.filter(|member| !member.ends_with('?') || there(member));
        let wanted = wanted.map(|member| member.trim_end_matches('?'));
        assert_eq!(has, wanted.collect(), "{name}");
    };
    has("Outcome", &outcome);
    has("SyncOrders", &outcome["sync"]);
    has("AsyncOrders", &outcome["async"]);
    has("Times", &outcome["async"]["shipped_ms"]);
    has(
        "PartitionSummary",
        &outcome["topics"]["orders"]["partitions"][0],
    );
    has("GroupSummary", &outcome["groups"]["payment"]);
    has("PromiseSummary", &outcome["promises"]);
    let of_cluster = run("cluster");
    has("Outcome", &of_cluster);
    has("ProducerSummary", &of_cluster["producers"]);
    let lessons = outcome["promises"]["lessons"].as_array().expect("a list");
    for lesson in lessons {
        has("Breached", lesson);
    }
}
