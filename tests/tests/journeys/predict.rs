//! Predict, then see.

use super::{Visit, test};

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_question_is_graded_by_what_the_run_does() {
    let visit = Visit::to("");
    visit.pause();
    visit.browser.set_value(&test("scene"), "payment-stops");
    visit.browser.wait_text("main h1", "is that scene", |_| {
        visit.eval("document.querySelector('main h1').textContent")
            == "Payment stops for ten seconds"
    });
    visit.settle();
    assert_eq!(visit.time(), 0);
    assert_eq!(
        visit.browser.count(&test("question-where-lost")),
        0,
        "not before its time"
    );
    visit.seek(10_500);
    let question = visit.text("question-where-lost");
    assert!(
        question.contains("In which shop will orders be lost?"),
        "{question}"
    );
    visit.click("option-1");
    visit
        .browser
        .wait_text(".predict .outcome", "is noted", |text| {
            text.contains("The run will tell")
        });
    // The first choice stands.
    assert!(
        visit
            .browser
            .attribute(&test("option-2"), "disabled")
            .is_some()
    );

    visit.seek(45_000);
    let outcome = visit.browser.text(".predict .outcome");
    let score = visit.text("score");
    visit.tab("metrics");
    visit.settle();
    let lost = visit.number("metrics-numbers", "Lost", 2);
    assert!(
        outcome.contains(&format!("{lost} in the other")),
        "{outcome}"
    );
    assert_eq!(score, "0 of 1 predicted right", "{outcome}");

    // It goes with the link, and it is the run that grades: elsewhere it comes to the same.
    visit.tab("explain");
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("score"), "is the same", |text| text == score);
    assert_eq!(visit.browser.text(".predict .outcome"), outcome);
    visit.ends_well();
}

/// A person's own doing asks too.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn what_a_person_does_brings_a_question_up() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(2_000);
    visit.tab("faults");
    visit.click("burst");
    visit.tab("explain");
    visit.settle();
    visit.browser.element(&test("question-burst-sync-fast"));
    visit.click("option-1");
    visit.seek(11_000);
    visit
        .browser
        .wait_text(".predict .outcome", "is graded", |text| {
            text.starts_with("Right. ") || text.starts_with("Not so. ")
        });
    // And a What if… button does what it says.
    let markers = visit.browser.count(".marker");
    visit.click("what-if-0");
    visit.settle();
    assert!(visit.browser.count(".marker") > markers);
    visit.ends_well();
}
