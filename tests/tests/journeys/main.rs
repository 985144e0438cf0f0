//! The built page, used as a person would use it, in headless Chromium.
//!
//! `cargo xtask test` builds the page, finds the browser and runs these; a plain `cargo test`
//! says that it leaves them out.

mod access;
mod clickstream;
mod cluster;
mod compare;
mod course;
mod crash;
mod embed;
mod keyboard;
mod layers;
mod nodes;
mod notes;
mod open;
mod orders_file;
mod past;
mod predict;
mod script;
mod share;
mod sketches;
mod stage;
mod tasks;
mod topics;
mod windows;

use millrace_tests::browser::{Browser, setting};
use millrace_tests::site::Site;
use serde_json::{Value, json};
use std::path::Path;
use thirtyfour::Key;

const NONE: [&str; 0] = [];

/// A course's page that embeds Millrace from a sub-path of the same plain host, and keeps what it
/// is told.
const COURSE: &str = r#"<!doctype html><title>Course</title><link rel="icon" href="data:,">
<script>window.told = []; addEventListener("message", (e) => told.push({...e.data, origin: e.origin}));</script>
<iframe sandbox="allow-scripts" src="/course/week-3/?embed=1" width="900" height="600"></iframe>"#;
/// Where that page is.
const COURSE_PATH: &str = "/course/";

/// The built page under a sub-path, as on a course's site.
fn site() -> Site {
    host(&setting("MILLRACE_DIST"))
}

fn host(folder: &Path) -> Site {
    Site::serve(folder, "/course/week-3/", &[(COURSE_PATH, COURSE)])
}

/// A person at the page.
struct Visit {
    browser: Browser,
    site: Site,
}

impl Visit {
    /// Opens the page; `rest` is the address after its folder.
    fn to(rest: &str) -> Self {
        let visit = Self {
            browser: Browser::start(),
            site: site(),
        };
        visit.open(rest);
        visit
    }

    /// Opens another address of the page in the same tab, and waits until it is drawn.
    fn open(&self, rest: &str) {
        // Else only a fragment that differs would not load the page anew.
        self.browser.open("about:blank");
        self.browser.open(&format!("{}{rest}", self.site.url()));
        self.browser.element("main h1");
    }

    /// What must be true at the end of every visit: no exception, no failed request, nothing the
    /// policy refused, and the page still there.
    fn ends_well(&self) {
        assert_eq!(self.browser.errors(), NONE);
        assert_eq!(self.browser.count("[data-millrace-failed]"), 0);
        assert_eq!(self.browser.requests_beyond(&self.site.origin()), NONE);
    }

    fn click(&self, testid: &str) {
        self.browser.click(&test(testid));
    }

    fn text(&self, testid: &str) -> String {
        self.browser.text(&test(testid))
    }

    /// Opens a tab of the panel.
    fn tab(&self, name: &str) {
        self.click(&format!("tab-{name}"));
        self.browser.element(&test(&format!("panel-{name}")));
    }

    /// The time shown, in milliseconds.
    fn time(&self) -> u64 {
        in_ms(&self.text("time"))
    }

    /// Waits until the time shown is past this.
    fn wait_past(&self, ms: u64) {
        let past = |text: &str| in_ms(text) > ms;
        self.browser.wait_text(&test("time"), "goes on", past);
    }

    fn playing(&self) -> bool {
        let label = self.browser.attribute(&test("play"), "aria-label");
        label.as_deref() == Some("Pause")
    }

    fn wait_playing(&self, wanted: bool) {
        let what = if wanted { "it plays" } else { "it stands" };
        self.browser
            .patiently(what, || (self.playing() == wanted).then_some(()));
    }

    /// Presses the button, if the page plays.
    fn pause(&self) {
        if self.playing() {
            self.click("play");
        }
        self.wait_playing(false);
        self.settle();
    }

    /// Waits until the panels have caught up with the clock: they hear of it eight times a second.
    fn settle(&self) {
        std::thread::sleep(std::time::Duration::from_millis(350));
    }

    /// Moves the scrubber there and waits until the page is there.
    fn seek(&self, ms: u64) {
        self.browser.set_value(&test("scrubber"), &ms.to_string());
        let there = |text: &str| in_ms(text) == ms;
        self.browser
            .wait_text(&test("time"), &format!("gets to {ms} ms"), there);
        self.settle();
    }

    /// Types a value into a field, as one does: select what is there, type, Enter.
    fn enter(&self, testid: &str, value: &str) {
        self.browser.click(&test(testid));
        self.browser.type_into(&test(testid), Key::Control + "a");
        self.browser.type_into(&test(testid), value);
        self.browser.type_into(&test(testid), Key::Enter);
        self.settle();
    }

    /// The cells of a table's body, row by row; the first is the row's head.
    fn rows(&self, testid: &str) -> Vec<Vec<String>> {
        self.browser.element(&test(testid));
        let rows = self.browser.run(
            "return [...document.querySelectorAll(arguments[0] + ' tbody tr')].map((row) => [...row.children].map((cell) => cell.textContent))",
            &[json!(test(testid))],
        );
        serde_json::from_value(rows).expect("rows of cells")
    }

    /// A cell: of the row with this head, in this column.
    fn cell(&self, testid: &str, head: &str, column: usize) -> String {
        let rows = self.rows(testid);
        let row = rows.iter().find(|row| row[0] == head);
        row.unwrap_or_else(|| panic!("no row “{head}” in {rows:?}"))[column].clone()
    }

    /// A whole number in a cell.
    fn number(&self, testid: &str, head: &str, column: usize) -> u64 {
        let cell = self.cell(testid, head, column);
        cell.parse()
            .unwrap_or_else(|_| panic!("{head} is no number: {cell}"))
    }

    /// A table as one text, to compare.
    fn table(&self, testid: &str) -> String {
        let rows = self.rows(testid).into_iter().map(|row| row.join("\t"));
        rows.collect::<Vec<_>>().join("\n")
    }

    /// Every number and every text twin of the open Metrics tab as one text.
    fn all_numbers(&self) -> String {
        self.tab("metrics");
        self.settle();
        let text = self.browser.run(
            "return document.querySelector('[data-testid=panel-metrics]').textContent",
            &[],
        );
        text.as_str().expect("a text").to_owned()
    }

    /// How far all groups are behind, summed over the rows of the lag table.
    fn lag(&self) -> u64 {
        let rows = self.rows("lag");
        rows.iter()
            .map(|row| row[3].parse::<u64>().expect("a lag"))
            .sum()
    }

    /// The text of the link to this instant: from the dialog where the clipboard is not ours, from
    /// the address otherwise, where the page has put it.
    fn copy_link(&self) -> String {
        self.click("copy-link");
        self.browser.patiently("the link", || {
            let field = test("link-text");
            if self.browser.count(&field) > 0 {
                let value = self.browser.run(
                    "return document.querySelector(arguments[0]).value",
                    &[json!(field)],
                );
                return value.as_str().map(str::to_owned);
            }
            let said = self.browser.text(".said").contains("Link copied");
            said.then(|| self.browser.url())
        })
    }

    /// An expression of the page.
    fn eval(&self, expression: &str) -> Value {
        self.browser.run(&format!("return {expression}"), &[])
    }
}

/// The selector of what is marked for tests.
fn test(id: &str) -> String {
    format!("[data-testid=\"{id}\"]")
}

/// `01:02.345` is 62345.
fn in_ms(clock: &str) -> u64 {
    let (rest, ms) = clock.trim().split_once('.').unwrap_or((clock, "0"));
    let whole = rest
        .split(':')
        .fold(0, |sum, part| sum * 60 + part.parse::<u64>().unwrap_or(0));
    whole * 1_000 + ms.parse::<u64>().unwrap_or(0)
}

/// `12 ms`, `1.5 s`, `900 µs` in milliseconds.
fn span_ms(text: &str) -> f64 {
    let (number, unit) = text
        .split_once(' ')
        .unwrap_or_else(|| panic!("“{text}” is no span"));
    let number: f64 = number
        .parse()
        .unwrap_or_else(|_| panic!("“{text}” is no span"));
    number
        * match unit {
            "µs" => 0.001,
            "ms" => 1.0,
            "s" => 1_000.0,
            _ => panic!("“{text}” is no span"),
        }
}
