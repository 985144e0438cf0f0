//! The Lambda · Kappa page: a bug and its fix, what a person can do, links, embeds, text twins.

use super::{NONE, Visit, test};

/// Moves to so many minutes after 13:00; the clock shows the time of day.
fn go(visit: &Visit, minutes: u64, clock: &str) {
    let ms = (minutes * 60_000).to_string();
    visit.browser.set_value(&test("scrubber"), &ms);
    visit
        .browser
        .wait_text(&test("time"), &format!("gets to {clock}"), |text| {
            text.trim() == clock
        });
    visit.settle();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_bug_ships_and_kappa_is_right_first() {
    let visit = Visit::to("?seed=5#layers");
    visit.pause();
    go(&visit, 40, "13:40:00");
    let told = visit.text("explain");
    assert!(
        told.contains("the batch code, the speed code, job v1"),
        "{told}"
    );
    go(&visit, 65, "14:05:00");
    assert!(visit.text("question-right-first").contains("right answers"));
    visit.click("option-1");
    go(&visit, 75, "14:15:00");
    let told = visit.text("explain");
    assert!(
        told.contains("Job v2 began with 9.4 million events"),
        "{told}"
    );
    assert!(
        told.contains("The batch view that is served was counted with the bug"),
        "{told}"
    );
    // The answer is known when the scene is nearly over, and the person was right.
    go(&visit, 155, "15:35:00");
    let outcome = visit.browser.text(".predict .outcome");
    assert!(
        outcome.contains("Right. ") && outcome.contains("Kappa at 14:2"),
        "{outcome}"
    );
    assert_ne!(visit.cell("layer-figures", "right again at", 2), "–");
    assert_eq!(visit.cell("layer-figures", "code paths", 2), "1");
    assert!(visit.rows("formulas").len() >= 3);
    // The picture as tables.
    visit.tab("metrics");
    let numbers = visit.all_numbers();
    assert!(numbers.contains("Lambda: Batch layer"), "{numbers}");
    assert!(numbers.contains("trend, Kappa"), "{numbers}");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn what_is_done_to_the_layers_goes_with_the_link() {
    let visit = Visit::to("?seed=5&scenario=late-events#layers");
    visit.pause();
    go(&visit, 20, "13:20:00");
    visit.tab("faults");
    visit.click("bug-speed");
    visit.settle();
    visit.enter("workers-batch", "0");
    let trouble = visit.text("trouble-workers");
    assert!(trouble.contains("between 1 and 64"), "{trouble}");
    visit.enter("workers-batch", "20");
    visit.enter("grace", "60");
    visit.click("reprocess");
    visit.settle();
    visit.click("reprocess");
    let trouble = visit.text("trouble-code");
    assert!(trouble.contains("two jobs run already"), "{trouble}");
    visit.click("kill-speed");
    visit.settle();
    visit.tab("explain");
    let heading = visit.text("explain-heading");
    assert!(heading.contains("Job v2 reads the log"), "{heading}");
    go(&visit, 60, "14:00:00");
    let table = visit.table("layer-figures");
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("time"), "is there too", |text| {
            text.trim() == "14:00:00"
        });
    visit.settle();
    assert_eq!(visit.table("layer-figures"), table);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_page_of_two_architectures_is_accessible_and_fits() {
    let visit = Visit::to("?seed=5&scenario=twitter-2021#layers");
    visit.pause();
    go(&visit, 100, "14:40:00");
    assert!(visit.text("published").contains("400 billion events a day"));
    let mut found: Vec<String> = Vec::new();
    for (width, height) in [(1280, 800), (390, 844)] {
        visit.browser.size(width, height);
        for scheme in ["dark", "light"] {
            visit.browser.prefers(scheme, "reduce");
            for tab in ["explain", "topic", "metrics", "faults"] {
                visit.tab(tab);
                visit.settle();
                let problems = visit.browser.accessibility_problems();
                found.extend(
                    problems
                        .into_iter()
                        .map(|p| format!("{tab}, {scheme}: {p}")),
                );
            }
        }
    }
    assert_eq!(found, NONE);
    visit.open("?embed=1&scenario=batch-stream");
    visit.browser.wait_text("main h1", "is that scene", |_| {
        visit.eval("document.querySelector('main h1').textContent") == "Batch or stream, on one log"
    });
    visit.ends_well();
}
