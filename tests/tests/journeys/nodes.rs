//! One node by itself, stopped, started and cut off with the keyboard alone.

use super::{NONE, Visit, test};
use thirtyfour::Key;

/// How many of payment's consumers are up.
fn payments_up(visit: &Visit, wanted: &str) {
    visit
        .browser
        .wait_text(&test("panel-faults"), wanted, |text| text.contains(wanted));
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_single_node_is_killed_started_and_cut_off_from_the_keyboard() {
    let visit = Visit::to("");
    visit.tab("faults");
    visit
        .browser
        .type_into(".part:has(#node) summary", Key::Enter);
    visit.browser.type_into(&test("node"), "payment-3");
    payments_up(&visit, "6 of 6 consumers up");
    // From the list: Stop, then Kill.
    visit.browser.press(Key::Tab + Key::Tab);
    assert_eq!(visit.eval("document.activeElement.textContent"), "Kill");
    visit.browser.press(Key::Enter);
    payments_up(&visit, "5 of 6 consumers up");
    visit
        .browser
        .wait_text("#node", "shows who is down", |text| {
            text.contains("payment-3 (down)") && !text.contains("payment-2 (down)")
        });
    assert_eq!(
        visit.eval("document.querySelector('#node').value"),
        "payment-3"
    );
    visit.browser.press(Key::Tab);
    visit.browser.press(Key::Enter);
    payments_up(&visit, "6 of 6 consumers up");
    visit.browser.press(Key::Tab);
    assert_eq!(visit.eval("document.activeElement.textContent"), "Cut off");
    visit.browser.press(Key::Enter);
    let cut = "[...document.querySelectorAll('button[title]')].some((marker) => marker.title.includes('payment-3 cut from broker'))";
    visit.browser.wait_until("the time line has the cut", cut);
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit.browser.wait_until("the link has it too", cut);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn one_partition_is_rewound_and_the_others_stay() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(12_000);
    visit.tab("metrics");
    visit.settle();
    let lags = || -> Vec<(String, u64)> {
        let rows = visit.rows("lag").into_iter();
        let of = rows.filter(|row| row[0].starts_with("payment ·"));
        of.map(|row| (row.join(" "), row[3].parse().expect("a lag")))
            .collect()
    };
    let before = lags();
    visit.tab("faults");
    visit.browser.run(
        "for (const part of document.querySelectorAll('details.part')) part.open = true",
        &[],
    );
    visit.browser.set_value(&test("rewind-partition"), "2");
    visit.click("rewind-earliest");
    visit.seek(13_500);
    visit.tab("metrics");
    visit.settle();
    let after = lags();
    assert_eq!(before.len(), after.len());
    for (place, (was, is)) in before.iter().zip(&after).enumerate() {
        let far = is.1 > was.1 + 5;
        assert_eq!(far, place == 2, "partition {place}: {was:?}, {is:?}");
    }
    visit.ends_well();
}
