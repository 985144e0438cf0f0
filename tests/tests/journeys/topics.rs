//! The topic table, the life of an order, bytes, and kafka-topics.

use super::{Visit, test};
use serde_json::json;

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_record_tells_its_bytes_and_its_order_its_life() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(6_000);
    visit.tab("topic");
    let all = visit.rows("topic-rows");
    assert!(all.len() > 10, "{all:?}");
    let key = all[0][2].clone();
    visit.browser.type_into(&test("filter"), key.as_str());
    visit.settle();
    let some = visit.rows("topic-rows");
    assert!(!some.is_empty() && some.len() < all.len());
    assert!(some.iter().all(|row| row[2].contains(&key)), "{some:?}");
    // A key has one partition.
    assert!(some.iter().all(|row| row[0] == some[0][0]), "{some:?}");

    visit.browser.click("[data-testid=topic-rows] button.value");
    let life = visit.text("life");
    assert!(life.contains("sent to orders-"), "{life}");
    // Drawn for both shops, and the drawing has its table: the same times, whatever they are.
    for (shop, who) in [("synchronous", "sync"), ("asynchronous", "async")] {
        let figure = test(&format!("course-{shop}"));
        let label = visit
            .browser
            .attribute(&format!("{figure} svg[role=img]"), "aria-label")
            .expect("a picture has words");
        visit.browser.click(&format!("{figure} summary"));
        let table = visit.browser.text(&format!("{figure} details[open] table"));
        assert!(table.contains("customer → shop"), "{who}: {table}");
        let stays = visit.browser.count(&format!("{figure} rect"));
        let sent = visit.browser.count(&format!("{figure} .sent"));
        let rows = visit.browser.count(&format!("{figure} tbody tr"));
        assert_eq!(stays + sent, rows, "{who}: {label}: {table}");
        assert!(stays > 0 && sent > 0);
    }
    // The life goes on with the run, in both shops.
    let steps = visit.browser.count(".life li");
    visit.seek(9_000);
    assert!(visit.browser.count(".life li") > steps + 3);
    let life = visit.text("life");
    assert!(
        life.contains("\nsync\n") && life.contains("\nasync\n"),
        "{life}"
    );
    assert!(
        life.contains("payments") && life.contains("shipments"),
        "{life}"
    );

    visit
        .browser
        .click("[data-testid=topic-rows] td:last-child button");
    let bytes = visit.text("bytes");
    assert!(
        bytes.contains("magic 2") && bytes.contains("Partition"),
        "{bytes}"
    );
    visit.browser.click("[aria-label='Close the bytes']");
    visit.browser.wait_gone(&test("bytes"));
    visit
        .browser
        .click("[aria-label='Close the life of the order']");
    visit.browser.wait_gone(&test("life"));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_table_follows_holds_still_and_jumps() {
    let visit = Visit::to("");
    visit.tab("topic");
    visit.wait_past(1_500);
    visit.click("freeze");
    visit.settle();
    let held = visit.table("topic-rows");
    let at = visit.time();
    visit.wait_past(at + 1_000);
    assert_eq!(visit.table("topic-rows"), held);
    visit.click("follow");
    visit.browser.patiently("new records", || {
        (visit.table("topic-rows") != held).then_some(())
    });

    // Typed while it runs, one digit after the other, as a person does.
    visit.click("jump");
    for digit in ["0", "2"] {
        visit.browser.press(digit);
        visit.settle();
    }
    visit.browser.press("\u{e007}");
    visit.browser.patiently("offsets from 2 on", || {
        let rows = visit.rows("topic-rows");
        let offsets = rows
            .iter()
            .map(|row| row[1].parse::<u64>().expect("an offset"));
        (offsets.min() == Some(2)).then_some(())
    });
    visit.click("follow");
    visit.browser.set_value(&test("topic"), "payments");
    visit
        .browser
        .wait_text(&test("describe"), "is about payments", |text| {
            text.contains("Topic: payments")
        });
    visit.ends_well();
}

fn create(visit: &Visit, name: &str, partitions: &str) {
    visit.enter("new-partitions", partitions);
    visit.enter("new-topic", name);
}

fn topics(visit: &Visit) -> String {
    let names = visit.browser.run(
        "return [...document.querySelectorAll(arguments[0] + ' option')].map((o) => o.value).join(' ')",
        &[json!(test("topic"))],
    );
    names.as_str().expect("names").to_owned()
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn topics_are_made_and_deleted_in_kafkas_words() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(2_000);
    visit.tab("topic");
    create(&visit, "orders, new", "3");
    let why = visit.text("trouble-topics");
    let words = "contains one or more characters other than ASCII alphanumerics, '.', '_' and '-'";
    assert!(why.contains(words), "{why}");
    create(&visit, "..", "3");
    assert!(
        visit.text("trouble-topics").contains("'..' is not allowed"),
        "{}",
        visit.text("trouble-topics")
    );
    create(&visit, "orders", "3");
    assert!(
        visit.text("trouble-topics").contains("already exists"),
        "{}",
        visit.text("trouble-topics")
    );
    create(&visit, "returns", "0");
    assert!(
        visit.text("trouble-topics").contains("greater than 0"),
        "{}",
        visit.text("trouble-topics")
    );

    create(&visit, "shop.order.returned", "2");
    visit.browser.wait_gone(&test("trouble-topics"));
    assert!(topics(&visit).contains("shop.order.returned"));
    create(&visit, "shop_order_returned", "2");
    assert!(
        visit.text("trouble-topics").contains("collides"),
        "{}",
        visit.text("trouble-topics")
    );

    visit
        .browser
        .set_value(&test("topic"), "shop.order.returned");
    visit
        .browser
        .wait_text(&test("describe"), "is that topic", |text| {
            text.contains("Topic: shop.order.returned") && text.contains("PartitionCount: 2")
        });
    visit.enter("grow-to", "5");
    visit
        .browser
        .wait_text(&test("describe"), "has grown", |text| {
            text.contains("PartitionCount: 5")
        });
    visit.enter("grow-to", "4");
    assert_ne!(visit.text("trouble-topics"), "");
    visit.click("delete-topic");
    visit.browser.patiently("the topic gone", || {
        (!topics(&visit).contains("shop.order")).then_some(())
    });
    visit.ends_well();
}
