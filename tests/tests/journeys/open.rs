//! Opening the page: it runs by itself, asks no one else, and says so where it cannot.

use super::{COURSE_PATH, NONE, Visit, host, in_ms, site, test};
use millrace_tests::browser::{Browser, setting};
use std::time::{Duration, Instant};

/// A fresh browser has a cold cache.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn runs_by_itself_within_five_seconds_and_asks_no_one_else() {
    let (browser, site) = (Browser::start(), site());
    let started = Instant::now();
    browser.open(&site.url());
    let marked = "performance.getEntriesByName('millrace:first-record').length";
    browser.wait_until("a record moves", marked);
    assert!(
        started.elapsed() < Duration::from_secs(5),
        "{:?}",
        started.elapsed()
    );
    let first = browser.run(
        "return performance.getEntriesByName('millrace:first-record')[0].startTime",
        &[],
    );
    assert!(first.as_f64().is_some_and(|ms| ms < 5_000.0), "{first}");

    // Time passes by itself, and a newcomer is told what to look at.
    let before = in_ms(&browser.text(&test("time")));
    browser.wait_text(&test("time"), "goes on", |text| in_ms(text) > before);
    assert_eq!(browser.text(&test("seed")), "41");
    let said = browser.text(".watch .say");
    assert!(said.contains("Watch. ") && said.contains("Try. "), "{said}");
    assert!(
        browser
            .attribute(".stage canvas", "aria-label")
            .is_some_and(|l| l.contains("waiting"))
    );
    assert_ne!(browser.text(&test("explain")), "");

    assert_eq!(browser.errors(), NONE);
    assert_eq!(browser.requests_beyond(&site.origin()), NONE);
}

/// Half an upload is a blank page on most sites. Also shows that the harness sees errors in the
/// console of a sandboxed frame, without which the journeys would prove little.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn says_so_when_its_files_are_missing() {
    let folder = std::env::temp_dir().join(format!("millrace-half-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for name in ["index.html", "boot.js"] {
        std::fs::copy(setting("MILLRACE_DIST").join(name), folder.join(name)).unwrap();
    }
    let (browser, site) = (Browser::start(), host(&folder));
    browser.open(&site.url());
    browser.wait_text("[role=alert]", "says what failed", |text| {
        text.contains("could not start")
    });
    assert_ne!(browser.errors(), NONE);

    browser.open(&format!("{}{COURSE_PATH}", site.origin()));
    browser.enter_frame("iframe");
    browser.wait_text("[role=alert]", "says what failed", |text| {
        text.contains("could not start")
    });
    let errors = browser.errors();
    assert!(
        errors.iter().any(|error| error.contains("app.wasm.js")),
        "{errors:?}"
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A panic of ours would end in words and a link. There is none, whatever one presses at random.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn survives_somebody_who_presses_everything() {
    let visit = Visit::to("");
    for tab in ["faults", "topic", "explain", "metrics", "code"] {
        visit.tab(tab);
        // Every part open, then every button of the panel once, while it runs.
        let pressed = visit.eval(
            "(() => {
                const panel = document.querySelector('[role=tabpanel]');
                panel.querySelectorAll('details').forEach((part) => part.open = true);
                const buttons = [...panel.querySelectorAll('button')].slice(0, 40);
                buttons.forEach((button) => button.isConnected && button.click());
                return buttons.length;
            })()",
        );
        assert!(
            tab == "metrics" || pressed.as_u64() > Some(0),
            "{tab}: {pressed}"
        );
        visit.settle();
    }
    // And every field to something absurd.
    for value in ["-1", "0", "1e9", ""] {
        for tab in ["faults", "topic"] {
            visit.tab(tab);
            visit.browser.run(
                "for (const field of document.querySelectorAll('[role=tabpanel] input')) {
                    if (!field.isConnected) continue;
                    field.value = arguments[0];
                    for (const kind of ['input', 'change']) field.dispatchEvent(new Event(kind, {bubbles: true}));
                }",
                &[serde_json::json!(value)],
            );
            visit.settle();
        }
    }
    for ms in [0, 60_000, 100, 30_000] {
        visit.browser.set_value(&test("scrubber"), &ms.to_string());
        visit.settle();
    }
    visit.ends_well();
}
