//! A person's own orders.

use super::{Visit, test};
use serde_json::json;
use std::path::PathBuf;

/// Four good rows, and bad ones on lines 3, 5 and 7.
const CSV: &str = "ts_ms,customer,order,cents,items,channel
1000,ada,a-1,1999,1,web
yesterday,bob,b-1,500,1,web
1500,bob,b-2,500,2,app
1700,,c-1,500,1,web
2600,ada,a-2,2500,3,web
2700,eve,e-1,-5,1,web
3100,zoë,z-1,100,1,shop
";

/// A file of its own for each test, gone afterwards.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("millrace-orders-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join(name);
        std::fs::write(&path, text).unwrap();
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("a path in UTF-8")
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn load(visit: &Visit, file: &File) {
    visit.click("load");
    visit.browser.type_into(&test("file"), file.path());
}

fn close(visit: &Visit) {
    visit.browser.click("dialog [aria-label=Close]");
    visit.browser.wait_gone("dialog");
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn good_rows_are_replayed_and_bad_ones_listed() {
    let file = File::new("shop.csv", CSV);
    let visit = Visit::to("");
    visit.pause();
    load(&visit, &file);
    let outcome = visit
        .browser
        .wait_text(&test("load-outcome"), "says what came of it", |text| {
            text.contains("shop.csv")
        });
    assert!(
        outcome.contains("4 orders are being replayed; 3 rows were skipped"),
        "{outcome}"
    );
    let bad = visit.rows("bad-rows");
    let lines: Vec<&str> = bad.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(lines, ["3", "5", "7"]);
    assert!(
        bad[0][1].contains("ts_ms")
            && bad[1][1].contains("customer")
            && bad[2][1].contains("cents"),
        "{bad:?}"
    );
    close(&visit);

    // The run has these orders, at their times, and no others.
    visit.seek(5_000);
    visit.tab("metrics");
    visit.settle();
    assert_eq!(visit.number("metrics-numbers", "Placed", 1), 4);
    assert_eq!(visit.number("metrics-numbers", "Placed", 2), 4);
    visit.tab("topic");
    let rows = visit.table("topic-rows");
    assert!(
        rows.contains("ada") && rows.contains("zoë") && rows.contains("a-2"),
        "{rows}"
    );
    assert!(!rows.contains("eve") && !rows.contains("cust-"), "{rows}");
    assert!(
        rows.contains("channel"),
        "further columns stay in the value: {rows}"
    );

    // A link to it asks for the file, takes no other, and then leads to the very instant.
    let numbers = visit.all_numbers();
    let link = visit.copy_link();
    assert!(!link.contains("ada"), "nobody’s orders are in a link");
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("notice"), "asks for the file", |text| {
            text.contains("shop.csv")
        });
    let other = File::new("other.csv", "ts_ms,customer\n1,x\n2,y\n");
    load(&visit, &other);
    visit
        .browser
        .wait_text(&test("notice"), "says that it differs", |text| {
            text.contains("differs")
        });
    close(&visit);
    load(&visit, &file);
    visit
        .browser
        .wait_text(&test("time"), "gets there", |text| text == "00:05.000");
    close(&visit);
    assert_eq!(visit.all_numbers(), numbers);
    assert_eq!(visit.browser.count(&test("notice")), 0);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_file_of_nothing_but_bad_rows_changes_nothing() {
    let file = File::new("notes.jsonl", "{\"ts_ms\": 5}\nnot json\n[1]\n");
    let visit = Visit::to("");
    visit.pause();
    visit.seek(3_000);
    let before = visit.all_numbers();
    load(&visit, &file);
    visit
        .browser
        .wait_text(&test("load-outcome"), "says so", |text| {
            text.contains("nothing changed")
        });
    assert_eq!(visit.rows("bad-rows").len(), 3);
    close(&visit);
    assert_eq!(visit.all_numbers(), before);

    // The sample that comes with the page.
    visit.click("load");
    visit.click("sample");
    visit
        .browser
        .wait_text(&test("load-outcome"), "has the sample", |text| {
            text.contains("2000 orders are being replayed.")
        });
    close(&visit);
    visit.click("play");
    visit.tab("metrics");
    visit.browser.patiently("an order of the sample", || {
        (visit.number("metrics-numbers", "Placed", 1) > 0).then_some(())
    });
    visit.ends_well();
}

/// Drops a file on an element, as a browser tells a page of it; whether the page took it.
fn drop_on(visit: &Visit, css: &str, name: &str, text: &str) -> bool {
    visit.browser.element(css);
    let taken = visit.browser.run(
        "const [css, name, text] = arguments;
         const dataTransfer = new DataTransfer();
         dataTransfer.items.add(new File([text], name, { type: 'text/csv' }));
         const at = document.querySelector(css);
         const tell = (type) => at.dispatchEvent(new DragEvent(type, { bubbles: true, cancelable: true, dataTransfer }));
         tell('dragenter');
         // A page that wants the file says so on both.
         const [over, drop] = [!tell('dragover'), !tell('drop')];
         return over && drop",
        &[json!(css), json!(name), json!(text)],
    );
    taken == true
}

fn told_of_bad_rows(visit: &Visit, name: &str) {
    visit
        .browser
        .wait_text(&test("load-outcome"), "says what came of it", |text| {
            text.contains(name) && text.contains("4 orders are being replayed; 3 rows were skipped")
        });
    let bad = visit.rows("bad-rows");
    let lines: Vec<&str> = bad.iter().map(|row| row[0].as_str()).collect();
    assert_eq!(lines, ["3", "5", "7"]);
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_file_may_be_dropped_anywhere_on_the_page() {
    let visit = Visit::to("");
    visit.pause();
    assert!(drop_on(&visit, "main h1", "dropped.csv", CSV));
    told_of_bad_rows(&visit, "dropped.csv");
    close(&visit);
    visit.seek(5_000);
    visit.tab("metrics");
    visit.settle();
    assert_eq!(visit.number("metrics-numbers", "Placed", 1), 4);
    visit.tab("topic");
    let rows = visit.table("topic-rows");
    assert!(rows.contains("ada") && !rows.contains("cust-"), "{rows}");

    // And on the place for it in the dialog, which takes it once.
    visit.click("load");
    assert!(drop_on(&visit, &test("drop"), "again.csv", CSV));
    told_of_bad_rows(&visit, "again.csv");
    close(&visit);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_page_whose_orders_are_frozen_takes_no_file_and_stays() {
    let visit = Visit::to("?lock=load");
    visit.pause();
    // The page must take the drop: the browser would open the file in its place.
    assert!(drop_on(&visit, "main h1", "dropped.csv", CSV));
    visit.settle();
    assert_eq!(visit.browser.count("dialog"), 0);
    visit.seek(3_000);
    visit.tab("topic");
    assert!(!visit.table("topic-rows").contains("ada"));
    visit.ends_well();
}
