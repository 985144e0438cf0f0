//! The Sketches page: the notes' examples step by step, sizes, adversaries, own data, links.

use super::{NONE, Visit, test};
use thirtyfour::Key;

const KINDS: [&str; 5] = [
    "Reservoir",
    "One register",
    "HyperLogLog",
    "Bloom filter",
    "Count-Min",
];

impl Visit {
    fn at(&self) -> u64 {
        self.text("at").parse().expect("a step")
    }

    fn sketch(&self, kind: &str) {
        self.click(&format!("sketch-{kind}"));
        self.pause();
    }

    /// Chooses the stream of this name.
    fn stream(&self, name: &str) {
        self.browser.run(
            "const select = document.querySelector('[data-testid=stream]');
             select.selectedIndex = [...select.options].findIndex((option) => option.text === arguments[0]);
             select.dispatchEvent(new Event('change', { bubbles: true }));",
            &[name.into()],
        );
        self.pause();
    }

    /// To this step.
    fn step_to(&self, at: u64) {
        self.browser.set_value(&test("scrubber"), &at.to_string());
        self.settle();
        assert_eq!(self.at(), at);
    }

    /// The cells of the sketch, row by row, as the notes print them.
    fn cells(&self) -> Vec<String> {
        let rows = self.eval("[...document.querySelectorAll('[data-testid=cells] .cells')].map((row) => row.textContent)");
        serde_json::from_value(rows).expect("rows of cells")
    }
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn it_runs_when_it_is_opened_and_every_key_works() {
    let visit = Visit::to("#sketches");
    visit
        .browser
        .patiently("steps", || (visit.at() > 3).then_some(()));
    visit.browser.press(" ");
    visit.wait_playing(false);
    let at = visit.at();
    visit.browser.press("..");
    visit.settle();
    assert_eq!(visit.at(), at + 2);
    visit.browser.press(",");
    visit.settle();
    assert_eq!(visit.at(), at + 1);
    visit.browser.press("]]]");
    visit.browser.press(" ");
    visit
        .browser
        .patiently("the end", || (visit.at() == 200).then_some(()));
    visit.wait_playing(false);
    // The estimate stands beside the truth.
    let exact = visit.number("sketch-answers", "different items", 2);
    let estimate: f64 = visit
        .cell("sketch-answers", "different items", 1)
        .parse()
        .expect("a number");
    assert!(
        (estimate / exact as f64 - 1.0).abs() < 0.39,
        "{estimate} of {exact}: within three standard errors"
    );
    // And plays again from the beginning.
    visit.click("play");
    visit
        .browser
        .patiently("the beginning", || (visit.at() < 200).then_some(()));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_examples_of_the_notes_play_step_by_step() {
    let visit = Visit::to("#sketches");
    visit.sketch("Bloom filter");
    assert_eq!(visit.at(), 0);
    visit.click("step-forward");
    visit.settle();
    assert_eq!(visit.cells(), ["010010000010"]);
    // Predict, then see.
    visit
        .browser
        .click("[data-testid='question-bloom-y'] [data-testid=option-1]");
    visit.browser.press("..");
    visit
        .browser
        .wait_text(&test("question-bloom-y"), "grades it", |text| {
            text.contains("Right. ")
        });
    assert_eq!(visit.text("score"), "1 of 1 predicted right");
    assert_eq!(visit.cell("sketch-answers", "y was put in", 1), "no");

    visit.sketch("Count-Min");
    for _ in 0..5 {
        visit.click("step-forward");
    }
    visit.settle();
    assert_eq!(
        visit.cells(),
        [
            "020001000000",
            "000030000000",
            "000000000021",
            "010200000000"
        ]
    );
    assert_eq!(visit.number("sketch-answers", "y came", 1), 1);
    visit.tab("how");
    let how = visit.text("how");
    assert!(how.contains("The least is the answer: 1."), "{how}");

    visit.sketch("Reservoir");
    visit.step_to(11);
    visit.tab("explain");
    let now = visit.text("explain");
    assert!(now.contains("probability 10/11"), "{now}");
    visit.stream("The notes’ proof, S = 4");
    visit.step_to(5);
    visit.tab("how");
    assert!(visit.text("how").contains("4/5 = 80.0 %"));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn sizes_change_everything_at_once_and_a_link_carries_it_all() {
    let visit = Visit::to("#sketches");
    visit.pause();
    visit.step_to(150);
    visit.browser.set_value(&test("size-0"), "4");
    visit.settle();
    assert_eq!(
        (visit.at(), visit.browser.count("[data-testid=cells] i")),
        (150, 16)
    );
    visit.click("variant");
    visit.settle();
    visit.click("next-seed");
    visit.tab("how");
    visit.enter("ask", "7");
    let there = (visit.cells(), visit.text("how"), visit.at());
    assert!(there.1.contains("#7"), "{}", there.1);
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit
        .browser
        .wait_text(&test("at"), "gets there", |text| text == "150");
    visit.settle();
    assert!(!visit.playing(), "a moment to look at stands still");
    assert_eq!((visit.cells(), visit.text("how"), visit.at()), there);
    assert_eq!(visit.browser.count(&test("notice")), 0);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn ones_own_keys_are_counted_and_bad_rows_named() {
    let folder = std::env::temp_dir().join(format!("millrace-sketch-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("clicks.csv");
    let rows: String = (0..40).map(|n| format!("{n},user{},1\n", n % 9)).collect();
    std::fs::write(&path, format!("ts_ms,who,value\n{rows}41\n")).expect("a file");
    let visit = Visit::to("#sketches");
    visit.sketch("Count-Min");
    visit.tab("data");
    visit
        .browser
        .type_into(&test("sketch-file"), path.to_str().expect("UTF-8"));
    visit.browser.wait_text(
        &test("own-outcome"),
        "says which columns there are",
        |text| text.contains("ts_ms, who, value"),
    );
    visit.enter("column", "who");
    let outcome = visit.text("own-outcome");
    assert!(
        outcome.contains("40 rows read, 1 left out")
            && outcome.contains("line 42: 1 values for 3 columns"),
        "{outcome}"
    );
    assert_eq!(visit.at(), 40);
    visit.tab("how");
    visit.enter("ask", "user3");
    assert_eq!(visit.number("how-answers", "user3 came", 2), 5);
    let _ = std::fs::remove_dir_all(folder);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn every_sketch_and_stream_is_shown_without_a_fault_and_fits() {
    let visit = Visit::to("#sketches");
    let mut found: Vec<String> = Vec::new();
    for (width, height) in [(1280, 800), (390, 844)] {
        visit.browser.size(width, height);
        for scheme in ["light", "dark"] {
            visit.browser.prefers(scheme, "reduce");
            for kind in KINDS {
                visit.sketch(kind);
                visit.browser.press("......");
                for tab in ["explain", "how", "tables", "data"] {
                    visit.tab(tab);
                    let problems = visit.browser.accessibility_problems();
                    found.extend(
                        problems
                            .into_iter()
                            .map(|p| format!("{kind}, {tab}, {width}, {scheme}: {p}")),
                    );
                }
                let wide = visit.eval("document.documentElement.scrollWidth");
                assert_eq!(wide, width, "{kind} is too wide");
            }
        }
    }
    assert_eq!(found, NONE);
    for kind in KINDS {
        visit.sketch(kind);
        let streams = visit.eval(
            "[...document.querySelectorAll('[data-testid=stream] option')].map((o) => o.text)",
        );
        let streams: Vec<String> = serde_json::from_value(streams).expect("streams");
        for stream in streams {
            visit.stream(&stream);
            let end = visit.eval("+document.querySelector('[data-testid=scrubber]').max");
            if let Some(end) = end.as_u64().filter(|&end| end > 0) {
                visit.step_to(end);
                assert_ne!(visit.cells().concat(), "", "{kind}, {stream}");
            }
        }
    }
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn it_is_embedded_and_the_words_of_the_notes_lead_to_it() {
    let visit = Visit::to("#notes");
    visit
        .browser
        .click("[aria-label='See it happen: Count-Min sketch']");
    visit
        .browser
        .wait_text(&test("at"), "gets there", |text| text == "5");
    assert!(visit.text("explain").contains("y"));
    visit.open("?embed=1#sketches");
    visit
        .browser
        .patiently("steps", || (visit.at() > 1).then_some(()));
    visit.pause();
    assert_eq!(
        visit.browser.count(&test("sketch-HyperLogLog")),
        0,
        "one sketch, as it was put there"
    );
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    visit.open("?lock=all#sketches");
    visit.browser.press(" .".to_owned() + Key::Home);
    visit.settle();
    assert_eq!(visit.at(), 0, "everything is frozen");
    visit.ends_well();
}
