//! Everything by keyboard.

use super::{Visit, test};
use thirtyfour::Key;

/// What can be worked, in view and not frozen, that Tab leads to; as paths.
const REACHABLE: &str = "
    window.pathOf = (e) => {
        const parts = [];
        for (; e && e !== document.body; e = e.parentElement) parts.unshift(e.localName + ':' + [...e.parentElement.children].indexOf(e));
        return parts.join('>');
    };
    return [...document.querySelectorAll('a[href], button, input, select, textarea, summary, [tabindex]')]
        .filter((e) => !e.disabled && e.tabIndex >= 0 && e.checkVisibility({visibilityProperty: true}))
        .map(pathOf)";

/// Presses Tab round the page and returns what had the focus.
fn round(visit: &Visit, most: usize) -> Vec<String> {
    let mut seen: Vec<String> = Vec::new();
    for _ in 0..most {
        visit.browser.press(Key::Tab + "");
        let here = visit.eval("pathOf(document.activeElement)");
        let here = here.as_str().unwrap_or_default().to_owned();
        if here.is_empty() || seen.contains(&here) {
            break;
        }
        seen.push(here);
    }
    seen
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn tab_leads_to_every_control() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(1_000);
    for tab in ["faults", "topic", "explain"] {
        visit.tab(tab);
        visit.settle();
        let wanted: Vec<String> =
            serde_json::from_value(visit.browser.run(REACHABLE, &[])).expect("paths");
        assert!(wanted.len() > 15, "{wanted:?}");
        // From the top of the page.
        visit.browser.run("document.activeElement.blur(); document.body.tabIndex = -1; document.body.focus(); document.body.removeAttribute('tabindex');", &[]);
        let seen = round(&visit, wanted.len() + 20);
        let missed: Vec<&String> = wanted.iter().filter(|path| !seen.contains(path)).collect();
        assert!(missed.is_empty(), "{tab}: Tab never leads to {missed:?}");
    }
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn keys_open_close_and_turn() {
    let visit = Visit::to("");
    visit.browser.press(" ");
    visit.wait_playing(false);

    // Help, by key, and away by Esc; the same for a dialog opened by Enter on its button, after
    // which the focus is where it was.
    visit.browser.press("?");
    visit
        .browser
        .wait_text("dialog[open] h2", "is the help", |text| text == "Help");
    visit.browser.press(Key::Escape + "");
    visit.browser.wait_gone("dialog");
    for close in ["by Esc", "by its button"] {
        visit
            .browser
            .run("document.querySelector('[data-testid=load]').focus()", &[]);
        visit.browser.press(Key::Enter + "");
        visit.browser.element("dialog[open]");
        // Keys of the page do not work through it.
        let stood = visit.time();
        visit.browser.press(".");
        visit.settle();
        assert_eq!(visit.time(), stood);
        if close == "by Esc" {
            visit.browser.press(Key::Escape + "");
        } else {
            visit.browser.run(
                "document.querySelector('dialog [aria-label=Close]').focus()",
                &[],
            );
            visit.browser.press(Key::Enter + "");
        }
        visit.browser.wait_gone("dialog");
        let focus =
            visit.eval("document.activeElement.dataset.testid ?? document.activeElement.localName");
        assert_eq!(focus, "load", "closed {close}, the focus goes back");
    }

    // Tabs by arrow keys, round in both directions.
    visit.browser.run(
        "document.querySelector('[role=tab][tabindex=\"0\"]').focus()",
        &[],
    );
    let open = |visit: &Visit| {
        visit.settle();
        let here = visit.eval("[document.querySelector('[role=tab][aria-selected=true]').textContent, document.activeElement.textContent, document.querySelector('[role=tabpanel]').dataset.testid]");
        let here: Vec<String> = serde_json::from_value(here).expect("three texts");
        assert_eq!(here[0], here[1], "the focus goes with the tab");
        assert_eq!(here[2], format!("panel-{}", here[0].to_lowercase()));
        here[0].clone()
    };
    visit.browser.press(Key::Right + "");
    assert_eq!(open(&visit), "Topic");
    visit.browser.press(Key::Left + "");
    assert_eq!(open(&visit), "Explain");
    visit.browser.press(Key::Left + "");
    assert_eq!(open(&visit), "Code");
    visit.browser.press(Key::Home + "");
    assert_eq!(open(&visit), "Explain");

    // The scrubber by arrow keys: a tenth of a second each.
    visit.seek(2_000);
    visit.browser.run(
        "document.querySelector('[data-testid=scrubber]').focus()",
        &[],
    );
    visit.browser.press(Key::Left + "");
    visit
        .browser
        .wait_text(&test("time"), "goes back", |text| text == "00:01.900");
    visit.browser.press(Key::Right + "");
    visit
        .browser
        .wait_text(&test("time"), "goes on", |text| text == "00:02.000");

    // Where one types, letters are letters.
    visit.tab("topic");
    visit.click("new-topic");
    visit.browser.press("a.b,c ?");
    visit.settle();
    assert_eq!(
        visit.eval("document.querySelector('#new-topic').value"),
        "a.b,c ?"
    );
    assert_eq!(visit.browser.count("dialog"), 0);
    assert_eq!(visit.time(), 2_000);
    visit.ends_well();
}

/// Whoever has no keyboard finds the help by touch, on a phone behind the dots.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn help_needs_no_keyboard() {
    let visit = Visit::to("");
    for phone in [false, true] {
        if phone {
            visit.browser.size(390, 844);
            visit.settle();
            visit.browser.click(".more");
        }
        visit.click("help");
        visit
            .browser
            .wait_text("dialog[open] h2", "is the help", |text| text == "Help");
        visit.browser.click("dialog [aria-label=Close]");
        visit.browser.wait_gone("dialog");
    }
    visit.ends_well();
}

/// The panels are drawn anew many times a second; a value typed at a person's pace survives that.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn what_is_being_typed_stays_while_it_runs() {
    // A scene that does not set what is being typed itself.
    let visit = Visit::to("");
    visit.tab("faults");
    visit.click("payment-work");
    visit
        .browser
        .type_into(&test("payment-work"), Key::Control + "a");
    // Meanwhile a service stops and starts, so that this very panel has something new to say.
    for (digit, meanwhile) in [
        ("9", "payment-stop"),
        ("0", "payment-start"),
        ("0", "burst"),
    ] {
        visit.browser.press(digit);
        visit.browser.run(
            "document.querySelector(arguments[0]).click()",
            &[serde_json::json!(test(meanwhile))],
        );
        visit.settle();
    }
    assert_eq!(
        visit.eval("document.querySelector('#payment-work').value"),
        "900"
    );
    visit.browser.press(Key::Enter + "");
    visit.tab("metrics");
    visit.browser.patiently("payment at 900 ms", || {
        visit.table("load-table").contains("900 ms").then_some(())
    });
    assert!(visit.playing());

    visit.tab("topic");
    visit.click("filter");
    for letter in ["c", "u", "s", "t"] {
        visit.browser.press(letter);
        visit.settle();
    }
    assert_eq!(
        visit.eval("document.querySelector('#filter').value"),
        "cust"
    );
    visit.ends_well();
}
