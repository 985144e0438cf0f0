//! The types that web/src/api.d.ts gives an outcome are those it has.

use millrace_tests::headless;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const TYPES: &str = include_str!("../../web/src/api.d.ts");

/// The members of each interface, by its name.
fn interfaces() -> BTreeMap<&'static str, BTreeSet<&'static str>> {
    let blocks = TYPES.split("export interface ").skip(1);
    let interface = blocks.map(|block| {
        let (name, rest) = block.split_once(" {\n").expect("a body");
        let (body, _) = rest.split_once("\n}").expect("its end");
        let members = body.lines().filter_map(|line| {
            let member = line.strip_prefix("  ")?.split_once(": ")?.0;
            let member = member.trim_end_matches('?');
            let plain = member
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || c == '_');
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
    let printed = headless::ok(&[
        "run",
        "slow-payment",
        "--seed",
        "41",
        "--until",
        "30s",
        "--json",
    ]);
    let outcome: Value = serde_json::from_str(&printed).expect("JSON");
    let types = interfaces();
    let has = |name: &str, value: &Value| assert_eq!(keys(value), types[name], "{name}");
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
    let lessons = outcome["promises"]["lessons"].as_array().expect("a list");
    for lesson in lessons {
        has("Breached", lesson);
    }
}
