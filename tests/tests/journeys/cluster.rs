//! The Cluster page: who leads, what is committed, what would be lost.

use super::{NONE, Visit, in_ms, test};
use serde_json::json;
use thirtyfour::Key;

/// The replica table of the Explain tab, as one row's cells: role, log end, high watermark, epoch.
fn leader(visit: &Visit) -> (String, Vec<String>) {
    let rows = visit.rows("replicas");
    let row = rows.into_iter().find(|row| row[1].starts_with("leader"));
    let row = row.expect("somebody leads");
    (row[0].clone(), row)
}

/// A leader is killed, the page says who leads on paper, and nine seconds later who leads; the past
/// comes back, and the link opens the same instant.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_leader_is_killed_and_another_takes_over() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.seek(3_000);
    let (first, row) = leader(&visit);
    assert_eq!(row[1], "leader");
    let number = first.trim_start_matches("broker ").to_owned();
    let fate = visit.text("if-it-died");
    assert!(fate.contains("it would be replaced: broker"), "{fate}");

    visit.click("what-if-0");
    visit.settle();
    assert_eq!(leader(&visit).1[1], "leader on paper");
    let told = visit.text("explain");
    assert!(told.contains("does not know it yet"), "{told}");
    visit.seek(14_000);
    let (heir, row) = leader(&visit);
    assert_ne!(heir, first);
    assert_eq!(row[4], "1", "a new epoch: {row:?}");
    let told = visit.text("explain");
    assert!(
        told.contains(&format!("Broker {number} was killed")),
        "{told}"
    );
    let console = visit.text("console");
    let leads = heir.trim_start_matches("broker ");
    assert!(
        console.contains(&format!("Partition: 0 Leader: {leads}")),
        "{console}"
    );

    let (there, table) = (visit.text("time"), visit.table("replicas"));
    let link = visit.copy_link();
    visit.seek(2_000);
    assert_eq!(leader(&visit).0, first, "it leads in the past");
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("time"), "gets there", |text| text == there);
    visit.settle();
    assert_eq!(visit.table("replicas"), table);
    visit.ends_well();
}

/// Another partition, by the list and by a press on the picture; every table of the picture.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn every_partition_has_its_replicas() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.seek(4_000);
    visit.tab("partition");
    visit.browser.set_value(&test("partition"), "2");
    visit.settle();
    // As the Java client and kafka-console-producer have it.
    visit.enter("key", "alice");
    let goes = visit.text("key-goes");
    assert!(
        goes.contains("1951417749") && goes.ends_with("orders-0"),
        "{goes}"
    );
    visit.tab("explain");
    visit
        .browser
        .wait_text(&test("explain-heading"), "of orders-2", |text| {
            text.contains("orders-2")
        });
    let link = visit.copy_link();
    visit.open("");
    visit.browser.open(&link);
    visit
        .browser
        .wait_text(&test("explain-heading"), "of orders-2 again", |text| {
            text.contains("orders-2")
        });
    visit.ends_well();
}

/// A record is followed: chosen by its offset or from the topic's table, told step by step, the same
/// after seeking back and forth, and in a link.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_record_is_followed_through_the_cluster() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.seek(8_000);
    visit.tab("partition");
    visit.enter("record", "9999");
    assert!(
        visit
            .text("record-way")
            .contains("No broker has a record there")
    );
    visit.enter("record", "12");
    let way = visit.text("record-way");
    for words in [
        "Offset 12 of orders-0",
        "Record 12 of orders-0, epoch 0",
        "leader in epoch 0, appended it",
        "its leader, passed it: it is committed",
        "had its acknowledgement",
        "learned that it is committed",
        "the position of group billing was kept past it",
    ] {
        assert!(way.contains(words), "no “{words}” in {way}");
    }
    assert_eq!(visit.browser.count(".course > svg"), 1);
    visit.seek(1_000);
    assert!(
        visit
            .text("record-way")
            .contains("No broker has a record there")
    );
    visit.seek(8_000);
    assert_eq!(
        visit.text("record-way"),
        way,
        "the same at the same instant"
    );
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("record-way"), "the same way", |text| text == way);

    // A step leads to its instant: there, it is not read yet.
    visit.browser.click(".steps li:nth-child(2) button");
    visit.settle();
    let then = visit.text("record-steps");
    assert!(
        then.contains("appended it") && !then.contains("it is committed"),
        "{then}"
    );

    visit.seek(8_000);
    visit
        .browser
        .click("[aria-label='Close the way of the record']");
    visit.tab("topic");
    visit
        .browser
        .click(&format!("{} tbody tr button", test("topic-rows")));
    visit.click("follow-record");
    visit.browser.element(&test("record-steps"));
    let problems = visit.browser.accessibility_problems();
    assert_eq!(problems, NONE);
    visit.ends_well();
}

/// Somebody is the network: nothing arrives until it is chosen, step by step, back again, and in a
/// link; with acks=1 an acknowledged record is lost.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn one_is_the_network_and_loses_a_record() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.seek(3_000);
    visit.tab("network");
    visit.browser.set_value(&test("acks"), "1");
    visit.seek(4_000);
    visit.click("hold");
    visit.settle();
    let before = visit.text("stands");
    visit.click("pass-500");
    visit.settle();
    assert_eq!(visit.time(), 4_500);
    assert_eq!(visit.text("stands"), before, "nothing arrived");

    // The batches for the leader of orders-0, and its answers.
    let leads = before
        .split("broker ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next());
    let leads = leads.expect("somebody leads").to_owned();
    let (to, from) = (
        format!("deliver-producer-1-broker-{leads}"),
        format!("deliver-broker-{leads}-producer-1"),
    );
    visit.click(&to);
    visit.settle();
    let after = visit.text("stands");
    assert_ne!(after, before, "it is appended");
    assert!(after.contains("not committed yet"), "{after}");
    assert_eq!(visit.time(), 4_500, "time stands still");
    visit.click("step-back");
    visit.settle();
    assert_eq!(visit.text("stands"), before, "taken back");
    visit.click("step-forward");
    visit.settle();
    assert_eq!(visit.text("stands"), after);
    visit.click(&from);
    visit.settle();
    assert_eq!(visit.browser.accessibility_problems(), NONE);

    let link = visit.copy_link();
    let wires = visit.text("wires");
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("wires"), "the same on its way", |text| text == wires);
    assert_eq!(visit.text("stands"), after);

    visit.tab("faults");
    visit.click(&format!("kill-broker-{leads}"));
    visit.tab("network");
    visit.click("hold");
    visit.settle();
    visit.seek(25_000);
    let promises = visit.text("promises");
    assert!(promises.contains("not promised, and broken"), "{promises}");
    visit.ends_well();
}

/// Each page keeps its own run while the other is open.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_orders_wait_while_one_looks_at_the_cluster() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(5_000);
    visit.click("page-cluster");
    visit.browser.element(&test("if-it-died"));
    visit.pause();
    visit.seek(2_000);
    visit.click("page-orders");
    visit
        .browser
        .wait_text(&test("time"), "the orders’ own time", |text| {
            text == "00:05.000"
        });
    visit.click("page-cluster");
    visit
        .browser
        .wait_text(&test("time"), "the cluster’s own time", |text| {
            text == "00:02.000"
        });
    visit.ends_well();
}

/// Faults by button, in every scene, on a phone too; nothing is inaccessible.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_cluster_is_accessible_and_every_scene_plays() {
    let visit = Visit::to("#cluster");
    visit.pause();
    let scenes = visit
        .eval("[...document.querySelectorAll('[data-testid=scene] option')].map((o) => o.value)");
    let scenes: Vec<String> = serde_json::from_value(scenes).expect("names");
    assert!(scenes.len() >= 8, "{scenes:?}");
    let mut found: Vec<String> = Vec::new();
    for (n, scene) in scenes.iter().enumerate() {
        visit.browser.run(
            "const s = document.querySelector('[data-testid=scene]'); s.value = arguments[0]; s.dispatchEvent(new Event('change', {bubbles: true}))",
            &[json!(scene)],
        );
        visit.pause();
        visit.seek(24_000);
        let wide = n % 2 == 0;
        visit
            .browser
            .size(if wide { 1280 } else { 390 }, if wide { 800 } else { 844 });
        visit
            .browser
            .prefers(if n % 3 == 0 { "dark" } else { "light" }, "reduce");
        for tab in ["explain", "partition", "topic", "network", "faults"] {
            visit.tab(tab);
            visit.settle();
            let problems = visit.browser.accessibility_problems();
            found.extend(problems.into_iter().map(|p| format!("{scene}, {tab}: {p}")));
        }
    }
    assert_eq!(found, NONE);
    visit.click("kill-broker-2");
    visit.browser.element(&test("start-broker-2"));
    visit.click("start-broker-2");
    visit.browser.element(&test("kill-broker-2"));
    let disks = ".part:has([data-testid=fill-disk])";
    visit.browser.click(&format!("{disks} summary"));
    visit.click("fill-disk");
    visit
        .browser
        .wait_text(disks, "whose disk is full", |text| {
            text.contains("broker-1: full")
        });
    visit.click("mend-disks");
    visit.ends_well();
}

/// A hunt for a mistake finds it, leaves out what it does not take, and opens it; one for nothing in
/// particular goes on until it is cancelled, and the page can be used meanwhile.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_hunt_finds_a_mistake_and_opens_it() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.tab("faults");
    visit.browser.click(".part:has(#hunt-seeds) summary");
    visit.enter("hunt-seeds", "100000");
    visit.click("hunt-start");
    let tried = |text: &str| -> Option<u64> {
        let (tried, rest) = text.split_once(" of ")?;
        let tried = tried.replace(',', "").parse().ok()?;
        rest.starts_with("100,000 seeds, nothing broken so far.")
            .then_some(tried)
    };
    let further = |than: u64| {
        visit
            .browser
            .wait_text(&test("hunt-progress"), "it goes on", |text| {
                tried(text).is_some_and(|n| n > than)
            })
    };
    let before = tried(&further(0));
    visit.seek(6_000);
    visit.tab("explain");
    visit.tab("faults");
    further(before.expect("it said how many"));
    visit.click("hunt-cancel");
    visit.browser.element(&test("hunt-start"));
    let there = visit.text("hunt-progress");
    assert!(there.ends_with("Cancelled."), "{there}");
    visit.seek(8_000);
    assert_eq!(visit.text("hunt-progress"), there);
    assert_eq!(visit.browser.count(&test("hunt-open")), 0);

    visit
        .browser
        .set_value(&test("hunt-flaw"), "keep-divergent-records");
    visit.click("hunt-start");
    let verdict = visit
        .browser
        .wait_text(&test("hunt-verdict"), "it is found", |text| {
            text.contains("none can be left out") || text.contains("this one step")
        });
    let steps = visit.rows("hunt-steps");
    assert_eq!(steps[0][1], "mistake: keep-divergent-records");
    let (_, at) = verdict.split_once("is broken at ").expect("when");
    let (at, _) = at.split_once(". ").expect("and more");
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    visit.click("hunt-open");
    visit
        .browser
        .wait_text(&test("time"), "where it broke", |text| text == at);
    visit.settle();
    let flawed = visit.text("promises");
    assert!(
        flawed.contains("promised, and broken by a mistake"),
        "{flawed}"
    );
    visit.tab("faults");
    assert_eq!(visit.rows("hunt-steps"), steps, "what was found stays");
    visit.ends_well();
}

/// The moment of a crash is dragged along a strip: late ones lose acknowledged records, early ones do
/// not, and what is told of one is what is seen when it is played.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_crash_is_tried_at_every_moment_and_one_is_played() {
    let visit = Visit::to("?scenario=acks-one#cluster");
    visit.pause();
    visit.seek(4_200);
    visit.tab("faults");
    visit.browser.click(".part:has(#crash-who) summary");
    visit
        .browser
        .set_value(&test("crash-span"), "spread over the next 1 s");
    visit.click("crash-try");
    let all_tried = |text: &str| !text.contains("not tried");
    let legend = visit
        .browser
        .wait_text(&test("crash-legend"), "all are tried", all_tried);
    assert!(legend.contains("acknowledged records lost"), "{legend}");
    assert!(legend.contains("writes wait, nothing lost"), "{legend}");
    let early = visit.text("crash-told");
    assert!(early.starts_with("00:04.200: broker "), "{early}");
    assert!(early.ends_with("Nothing acknowledged is lost."), "{early}");
    visit
        .browser
        .type_into(&test("crash-moment"), Key::End + "");
    let late = visit
        .browser
        .wait_text(&test("crash-told"), "the last moment", |text| text != early);
    assert!(late.contains(" lost. Without the crash "), "{late}");
    let (at, rest) = late.split_once(": broker ").expect("when and who");
    let (number, _) = rest.split_once(" is killed").expect("who");
    visit
        .browser
        .click("details:has(> [data-testid=crash-table]) summary");
    let rows = visit.rows("crash-table");
    assert!(rows.len() >= 3 && rows[0][0] == "no crash", "{rows:?}");
    assert!(
        visit
            .text("crash-without")
            .starts_with("Without this crash, until ")
    );
    assert_eq!(visit.browser.accessibility_problems(), NONE);

    visit.click("crash-play");
    visit.wait_past(in_ms(at));
    visit.pause();
    visit.seek(20_500);
    visit.tab("explain");
    let heir = leader(&visit).0;
    assert_ne!(heir, format!("broker {number}"));
    assert!(late.contains(&format!("then {heir} leads")), "{late}");
    let promises = visit.text("promises");
    assert!(promises.contains("not promised, and broken"), "{promises}");

    // The other crash of the strip is another future.
    visit.tab("faults");
    visit.click("crash-play");
    visit.browser.element(&test("fork"));
    visit.ends_well();
}
