//! No serious or critical accessibility problem, by axe-core, anywhere.

use super::{NONE, Visit, test};
use thirtyfour::Key;

/// The dialogs: what opens them, and what is there once they are open.
const DIALOGS: [&str; 3] = ["load", "embed", "seed"];

/// Looks at every tab, dialog and page in light and in dark, at this size.
fn everywhere(width: u32, height: u32) {
    let visit = Visit::to("?scenario=payment-stops");
    visit.pause();
    visit.seek(12_000);
    let phone = width < 760;
    visit.browser.size(width, height);
    let mut found: Vec<String> = Vec::new();
    for scheme in ["dark", "light"] {
        visit.browser.prefers(scheme, "reduce");
        let mut look = |what: &str| {
            let problems = visit.browser.accessibility_problems();
            found.extend(
                problems
                    .into_iter()
                    .map(|p| format!("{what}, {scheme}: {p}")),
            );
        };
        for tab in ["explain", "topic", "metrics", "faults", "code"] {
            visit.tab(tab);
            visit.browser.run(
                "document.querySelectorAll('.panel details').forEach((part) => part.open = true)",
                &[],
            );
            visit.settle();
            look(tab);
        }
        for dialog in DIALOGS {
            if phone && dialog != "seed" {
                visit.browser.click(".more");
            }
            visit.click(dialog);
            visit.browser.element("dialog[open]");
            visit.settle();
            look(&format!("the dialog of {dialog}"));
            visit.browser.press(Key::Escape + "");
            visit.browser.wait_gone("dialog");
            if phone && dialog != "seed" {
                visit.browser.click(".more");
            }
        }
        visit.browser.press("?");
        visit.browser.element("dialog[open]");
        look("the help");
        visit.browser.press(Key::Escape + "");
        visit.browser.wait_gone("dialog");
        // A notice, and trouble where one acted.
        visit.tab("topic");
        visit.enter("new-topic", "no such name!");
        look("trouble");
        visit.click("page-notes");
        visit.browser.element(".notes h1");
        visit.browser.run(
            "document.querySelectorAll('.mini details').forEach((part) => part.open = true)",
            &[],
        );
        look("notes");
        visit.click("page-orders");
        visit.browser.element(&test("stage"));
    }
    assert_eq!(found, NONE);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn no_accessibility_problem_on_a_desk() {
    everywhere(1280, 800);
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn no_accessibility_problem_on_a_phone() {
    everywhere(390, 844);
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn no_accessibility_problem_where_it_is_embedded() {
    let visit = Visit::to("?embed=1#v1.broken");
    visit.browser.size(900, 600);
    visit.pause();
    let mut found = Vec::new();
    for scheme in ["dark", "light"] {
        visit.browser.prefers(scheme, "reduce");
        visit.settle();
        found.extend(visit.browser.accessibility_problems());
    }
    visit.open("?embed=1&exam=1&lock=work,seek");
    visit.settle();
    found.extend(visit.browser.accessibility_problems());
    assert_eq!(found, NONE);
    visit.ends_well();
}

/// Nothing wider than the window, at the sizes of the design: a page that scrolls sideways is not
/// one for a phone.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn fits_the_sizes_of_the_design() {
    let visit = Visit::to("");
    visit.pause();
    for (width, height) in [(1280, 800), (1920, 1080), (768, 1024), (390, 844)] {
        visit.browser.size(width, height);
        for tab in ["explain", "topic", "metrics", "faults", "code"] {
            visit.tab(tab);
            visit.settle();
            let (wide, high) = (
                visit.eval("document.documentElement.scrollWidth"),
                visit.eval("document.documentElement.scrollHeight"),
            );
            assert!(
                wide.as_u64() <= Some(width.into()),
                "{tab} at {width}: {wide} wide"
            );
            assert!(
                high.as_u64() <= Some(height.into()),
                "{tab} at {width}×{height}: {high} high"
            );
        }
        // What plays it is in sight.
        let foot = visit
            .eval("document.querySelector('[data-testid=play]').getBoundingClientRect().bottom");
        assert!(
            foot.as_f64() <= Some(f64::from(height)),
            "{foot} at {width}×{height}"
        );
        visit.click("page-notes");
        visit.browser.element(".notes h1");
        let wide = visit.eval("document.documentElement.scrollWidth");
        assert!(
            wide.as_u64() <= Some(width.into()),
            "notes at {width}: {wide} wide"
        );
        visit.click("page-orders");
        visit.browser.element(&test("stage"));
    }
    visit.ends_well();
}
