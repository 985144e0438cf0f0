//! Two runs side by side on the Cluster page.

use super::{NONE, Visit, test};
use thirtyfour::Key;

/// The rows of the comparison that are marked: what differs.
fn unlike(visit: &Visit) -> Vec<String> {
    let marked = visit.eval(
        "[...document.querySelectorAll('[data-testid=compared-table] tr.unlike th')].map((th) => th.textContent.replace('≠differs: ', ''))",
    );
    serde_json::from_value(marked).expect("names")
}

/// A run is forked, the leader killed in B alone; both go back and forth together, what is chosen is
/// acted on, a link opens both, and one goes on alone. All with the keyboard where a person may.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_run_is_forked_and_both_sides_are_compared() {
    let visit = Visit::to("#cluster");
    visit.pause();
    visit.seek(4_000);
    visit.browser.type_into(&test("fork-here"), Key::Enter + "");
    let told = |part: &'static str| {
        let text = |text: &str| text.contains(part);
        visit.browser.wait_text(&test("compared-told"), part, text)
    };
    told("Both are one run so far");
    assert_eq!(unlike(&visit), NONE);
    assert_eq!(visit.browser.count(".pictures canvas"), 2);
    visit.click("what-if-0");
    told("Done differently first, at 00:04.000: A nothing, B broker-");
    visit.seek(16_000);
    let there = told("First that came of it, at 00:04.");
    let differs = unlike(&visit);
    for row in ["Leader", "Leader epoch", "In sync (ISR)"] {
        assert!(differs.iter().any(|d| d == row), "{row}: {differs:?}");
    }
    assert_eq!(
        visit.cell("compared-table", "≠differs: Leader epoch", 1),
        "0"
    );
    assert_eq!(
        visit.cell("compared-table", "≠differs: Leader epoch", 2),
        "1"
    );
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    let table = visit.table("compared-table");

    visit.seek(3_000);
    told("Up to 00:04.000 both are one run.");
    assert_eq!(unlike(&visit), NONE);
    visit.seek(16_000);
    assert_eq!(visit.table("compared-table"), table);
    let link = visit.copy_link();

    // In A its leader still leads; what is done there is not done in B.
    visit.browser.type_into(&test("side-A"), Key::Enter + "");
    visit.settle();
    let pressed = |side: &str| visit.browser.attribute(&test(side), "aria-pressed");
    assert_eq!(pressed("side-A").as_deref(), Some("true"));
    assert_eq!(pressed("side-B").as_deref(), Some("false"));
    visit.tab("faults");
    visit.browser.element(&test("kill-broker-1"));
    assert_eq!(visit.browser.count("[data-testid^=start-broker]"), 0);
    visit.click("side-B");
    visit.browser.element("[data-testid^=start-broker]");
    visit.tab("explain");
    assert_eq!(visit.table("compared-table"), table);

    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("compared-told"), "the same two", |text| text == there);
    visit.settle();
    assert_eq!(visit.table("compared-table"), table);
    visit.browser.size(390, 844);
    visit.browser.prefers("dark", "reduce");
    visit.settle();
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    visit.click("keep-B");
    visit.browser.element(&test("fork-here"));
    assert_eq!(visit.browser.count(".pictures canvas"), 1);
    assert_eq!(visit.browser.count(&test("compared")), 0);
    visit.ends_well();
}

/// A famous failure, old beside new: the mistake breaks a promise in A, and in B nothing breaks. In an
/// exam nobody compares.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_famous_failure_is_seen_old_beside_new() {
    let visit = Visit::to("?scenario=ack-before-replication#cluster");
    visit.pause();
    visit.seek(20_000);
    visit.click("old-new");
    let told = visit
        .browser
        .wait_text(&test("compared-told"), "who makes it", |text| {
            text.contains("First that came of it")
        });
    let makes = "A makes the mistake ack-before-replication (";
    assert!(told.contains(makes), "{told}");
    visit
        .browser
        .wait_text(&test("time"), "where it was", |text| text == "00:20.000");
    visit.settle();
    assert!(visit.text("side-A").contains("with the mistake"));
    assert!(visit.text("side-B").contains("without the mistake"));
    let broken = "Promised, and broken in A alone: an acknowledged record can be read";
    assert!(told.contains(broken), "{told}");
    let row = "≠differs: Promises broken";
    assert_eq!(visit.cell("compared-table", row, 2), "0");
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    let link = visit.copy_link();
    let (_, fragment) = link.split_once('#').expect("a fragment");

    visit.open("?exam=1&scenario=ack-before-replication#cluster");
    visit.browser.element(&test("play"));
    for button in ["old-new", "fork-here"] {
        assert_eq!(visit.browser.count(&test(button)), 0, "{button}");
    }
    visit.open(&format!("?exam=1#{fragment}"));
    visit.settle();
    assert_eq!(visit.browser.count(".pictures canvas"), 1);
    visit.ends_well();
}
