//! Links: the same instant elsewhere, and links that are broken.

use super::{Visit, test};

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_link_opens_the_same_instant_in_a_new_page() {
    let visit = Visit::to("?seed=7");
    visit.pause();
    visit.seek(4_000);
    visit.tab("faults");
    visit.enter("payment-work", "500");
    visit.seek(9_300);
    visit.browser.press(",,");
    visit.settle();
    let there = (visit.text("time"), visit.text("seed"), visit.all_numbers());
    let link = visit.copy_link();
    assert!(
        link.starts_with(&visit.site.url()) && link.contains("#v1."),
        "{link}"
    );

    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("time"), "gets there", |text| text == there.0);
    visit.settle();
    assert_eq!(
        visit.browser.count(&test("panel-metrics")),
        1,
        "the same tab"
    );
    assert_eq!(
        (visit.text("time"), visit.text("seed"), visit.all_numbers()),
        there
    );
    assert!(!visit.playing(), "a moment to look at stands still");
    assert_eq!(visit.browser.count(&test("notice")), 0);
    // It is a run like any other: it goes on, and back.
    visit.click("play");
    visit.wait_past(9_400);
    visit.pause();
    visit.seek(2_000);
    visit.tab("faults");
    assert_eq!(
        visit.eval("document.querySelector('#payment-work').value"),
        "80"
    );
    visit.ends_well();
}

/// Nothing need be copied first: the line for a course page holds what Copy link would give now.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn an_embedded_scene_begins_at_this_instant() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(3_000);
    visit.copy_link();
    visit.seek(6_500);
    visit.click("embed");
    visit.click("embed-here");
    visit.settle();
    let html = visit.eval("document.querySelector('[data-testid=embed-html]').value");
    let html = html.as_str().expect("a line").to_owned();
    visit.browser.click("dialog [aria-label=Close]");
    visit.browser.wait_gone("dialog");
    let link = visit.copy_link();
    let fragment = link.split_once('#').expect("a fragment").1;
    assert!(html.contains(&format!("#{fragment}\"")), "{html} {link}");
    visit.ends_well();
}

/// The link is in the address too, so that reloading stays there, and "back" leads back.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn reloading_stays_at_the_copied_instant() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(5_200);
    visit.tab("topic");
    visit.copy_link();
    visit.browser.run("location.reload()", &[]);
    visit.browser.element("main h1");
    visit
        .browser
        .wait_text(&test("time"), "gets there", |text| text == "00:05.200");
    visit.browser.element(&test("panel-topic"));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_broken_link_gets_words_and_the_nearest_good_state() {
    let visit = Visit::to("?seed=5");
    visit.pause();
    visit.seek(3_000);
    let link = visit.copy_link();
    let fragment = link.split_once('#').expect("a fragment").1;

    let cut = &fragment[..fragment.len() / 2];
    let middle = fragment.len() / 2;
    let swapped = format!(
        "{}{}{}",
        &fragment[..middle],
        "xY_z",
        &fragment[middle + 4..]
    );
    for (broken, words) in [
        ("hello", "not a Millrace link"),
        ("v2.AAAA", "newer kind"),
        (cut, "damaged"),
        (swapped.as_str(), "damaged"),
        (&format!("v1.{}", "A".repeat(9_000)), "too long"),
    ] {
        visit.open(&format!("#{broken}"));
        let told = visit.text("notice");
        assert!(told.contains(words), "{broken}: {told}");
        // A page, and a run that goes on.
        let before = visit.time();
        visit.wait_past(before);
        assert_ne!(visit.text("explain"), "");
        visit.browser.click(".notices button");
        visit.browser.wait_gone(&test("notice"));
    }

    // Pasted over a running page, a broken link leaves that run alone.
    visit.open("?seed=5");
    visit.pause();
    visit.seek(3_000);
    visit.browser.run("location.hash = '#v1.broken'", &[]);
    visit
        .browser
        .wait_text(&test("notice"), "says so", |text| text.contains("damaged"));
    assert_eq!((visit.time(), visit.text("seed").as_str()), (3_000, "5"));
    visit.ends_well();
}

/// A link of another version, or one that was changed by hand, says that it plays differently.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_link_that_names_no_scenario_we_know_says_so() {
    let visit = Visit::to("?scenario=nowhere");
    assert!(visit.text("notice").contains("nowhere"));
    visit.wait_past(100);
    visit.ends_well();
}
