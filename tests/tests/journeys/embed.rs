//! A scene in a page of somebody else's, sandboxed, from a host as plain as they come.

use super::{COURSE_PATH, NONE, Visit, in_ms, test};
use serde_json::{Value, json};

/// The course's page with the scene at this address in its frame.
fn course(query: &str) -> Visit {
    let visit = Visit {
        browser: millrace_tests::browser::Browser::start(),
        site: super::site(),
    };
    visit
        .browser
        .open(&format!("{}{COURSE_PATH}", visit.site.origin()));
    if !query.is_empty() {
        visit.browser.run(
            "told.length = 0; document.querySelector('iframe').src = '/course/week-3/' + arguments[0];",
            &[json!(query)],
        );
    }
    visit
}

/// Waits for what the page was told last of this kind, if it is as wanted.
fn told(visit: &Visit, kind: &str, wanted: impl Fn(&Value) -> bool) -> Value {
    visit.browser.leave_frames();
    let found = visit.browser.patiently(&format!("a message “{kind}”"), || {
        let told = visit.browser.run(
            "return told.filter((m) => m.millrace === 1 && m.type === arguments[0])",
            &[json!(kind)],
        );
        told.as_array()?.iter().rev().find(|m| wanted(m)).cloned()
    });
    visit.browser.enter_frame("iframe");
    found
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn runs_sandboxed_and_tells_its_height() {
    let visit = course("");
    visit.browser.enter_frame("iframe");
    visit.browser.element("main h1");
    assert_eq!(visit.eval("window.origin"), "null");
    let height = told(&visit, "height", |m| m["height"].as_f64() > Some(300.0));
    assert_eq!(height["origin"], "null");
    // It is in sight, so it plays.
    visit.wait_past(0);

    // Neither storage nor clipboard are ours here; nothing breaks for it.
    visit.pause();
    let link = visit.copy_link();
    assert!(link.contains("/course/week-3/#v1."), "{link}");
    visit.browser.click("dialog [aria-label=Close]");
    visit.browser.wait_gone("dialog");
    visit.tab("faults");
    visit.enter("payment-work", "900");
    visit.tab("metrics");
    assert!(visit.table("load-table").contains("900 ms"));
    assert_eq!(visit.browser.errors(), NONE);
    assert_eq!(visit.browser.requests_beyond(&visit.site.origin()), NONE);

    // The frame grows and the page is told.
    visit.browser.leave_frames();
    visit.browser.run(
        "told.length = 0; document.querySelector('iframe').width = 420",
        &[],
    );
    told(&visit, "height", |m| m["height"].as_f64() > Some(300.0));
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn posts_the_score_of_its_questions_and_its_errors() {
    let visit = course("?embed=1&scenario=payment-stops");
    visit.browser.enter_frame("iframe");
    visit.browser.element("main h1");
    visit.pause();
    visit.seek(11_000);
    told(&visit, "score", |m| m["asked"] == 1 && m["graded"] == 0);
    visit.click("option-0");
    visit.seek(45_000);
    let score = told(&visit, "score", |m| m["graded"] == 1);
    let right = visit.browser.count(".options .right.chosen");
    assert_eq!(score["right"], json!(right));

    // A broken link: at once, and where only the fragment changes.
    for address in ["?embed=1&seed=2#v1.broken", "?embed=1&seed=2#hello"] {
        visit.browser.leave_frames();
        visit.browser.run(
            "told.length = 0; document.querySelector('iframe').src = '/course/week-3/' + arguments[0];",
            &[json!(address)],
        );
        told(&visit, "error", |m| {
            let words = m["message"].as_str().unwrap_or_default();
            words.contains("damaged") || words.contains("not a Millrace link")
        });
    }
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn waits_until_it_is_in_sight() {
    let visit = course("?embed=1");
    visit.browser.run(
        "document.querySelector('iframe').style.marginTop = '3000px'",
        &[],
    );
    visit.browser.run("location.reload()", &[]);
    visit.browser.run(
        "document.querySelector('iframe').style.marginTop = '3000px'; document.querySelector('iframe').src += '&seed=3'",
        &[],
    );
    visit.browser.enter_frame("iframe");
    visit
        .browser
        .wait_text(&test("seed"), "has the seed", |text| text == "3");
    visit.settle();
    assert_eq!(
        (visit.time(), visit.playing()),
        (0, false),
        "nobody can see it"
    );
    visit.browser.leave_frames();
    visit
        .browser
        .run("document.querySelector('iframe').scrollIntoView()", &[]);
    visit.browser.enter_frame("iframe");
    visit.wait_past(0);
    visit.ends_well();
}

fn disabled(visit: &Visit, testid: &str) -> bool {
    visit.browser.attribute(&test(testid), "disabled").is_some()
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_teacher_freezes_controls_and_sets_the_theme() {
    let visit = Visit::to("?embed=1&lock=seek,work,topics,step&theme=dark");
    visit.browser.prefers("light", "no-preference");
    let paper = visit.eval("getComputedStyle(document.body).backgroundColor");
    assert_eq!(
        paper, "rgb(18, 22, 28)",
        "theme= goes before what the system prefers"
    );
    visit.wait_past(500);
    visit.pause();
    assert!(disabled(&visit, "scrubber"));
    assert_eq!(visit.browser.count(&test("step-back")), 0);
    let stood = visit.time();
    visit.browser.press(",.");
    visit.settle();
    assert_eq!(visit.time(), stood, "keys are locked as their buttons are");
    visit.tab("faults");
    assert!(disabled(&visit, "payment-work") && !disabled(&visit, "rate"));
    visit.tab("topic");
    assert_eq!(visit.browser.count(&test("create-topic")), 0);
    visit.open("?lock=all");
    visit.tab("faults");
    let free = visit.eval("document.querySelectorAll('[role=tabpanel] :is(input, select, button):not([disabled])').length");
    assert_eq!(free, 0, "everything is frozen");
    assert!(disabled(&visit, "play") && disabled(&visit, "speed") && disabled(&visit, "scrubber"));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn an_exam_asks_and_explains_nothing() {
    let visit = Visit::to("?embed=1&exam=1&scenario=payment-stops");
    assert!(disabled(&visit, "scrubber"));
    assert_eq!(visit.browser.count(&test("step-back")), 0);
    assert_eq!(visit.browser.count(&test("explain")), 0, "no Explain");
    visit.browser.press("]]]");
    visit
        .browser
        .wait_text(&test("time"), "gets to the question", |text| {
            in_ms(text) > 10_200
        });
    // The questions are what an exam is for.
    visit.click("option-0");
    visit
        .browser
        .wait_text(".predict .outcome", "notes it", |text| !text.is_empty());
    assert_eq!(visit.browser.count(&test("explain")), 0);
    assert_eq!(visit.browser.count(&test("what-if-0")), 0);
    visit.ends_well();
}
