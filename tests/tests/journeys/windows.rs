//! The Windows page: what is late, dragging by mouse, touch and keyboard, engines, own events, links.

use super::{NONE, Visit, test};
use serde_json::{Value, json};
use thirtyfour::Key;

const SCENES: [&str; 9] = [
    "late", "on-time", "idle", "sessions", "hopping", "minute", "bursts", "marks", "crowd",
];

impl Visit {
    /// Opens a scene of the Windows page, and stands still at this moment, in ms from its beginning.
    fn scene_at(&self, scene: &str, ms: u64) {
        self.browser.run(
            "const select = document.querySelector('[data-testid=scene]');
             select.value = arguments[0];
             select.dispatchEvent(new Event('change', { bubbles: true }));",
            &[json!(scene)],
        );
        self.pause();
        self.browser.set_value(&test("scrubber"), &ms.to_string());
        self.settle();
    }

    /// Where on the window an event of the first scene lies: seconds of its time and its arrival.
    fn place(&self, (ts, arrival): (f64, f64)) -> (f64, f64) {
        let found = self.browser.run(
            "const box = document.querySelector('[data-testid=picture]').getBoundingClientRect();
             const [ts, arrival] = arguments;
             return [box.left + 74 + ts / 80 * (box.width - 170), box.top + 48 + arrival / 90 * (box.height - 82)];",
            &[json!(ts), json!(arrival)],
        );
        serde_json::from_value(found).expect("a place")
    }

    /// What the engines count, and what they drop.
    fn elsewhere(&self, row: &str) -> Vec<String> {
        let rows = self.rows("elsewhere");
        let found = rows.into_iter().find(|cells| cells[0] == row);
        found.expect("a row")[1..].to_vec()
    }

    fn touch(&self, kind: &str, at: Option<(f64, f64)>) {
        let points: Vec<Value> = at
            .map(|(x, y)| json!({"x": x, "y": y}))
            .into_iter()
            .collect();
        let touch = json!({"type": kind, "touchPoints": points});
        self.browser.devtools("Input.dispatchTouchEvent", touch);
    }
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_late_event_is_dropped_and_every_engine_says_why() {
    let visit = Visit::to("#windows");
    visit
        .browser
        .wait_text(&test("at"), "it plays", |text| text > "12:00:03");
    visit.browser.press(" ");
    visit.wait_playing(false);
    visit.scene_at("late", 70_000);
    // Predict, then see.
    visit
        .browser
        .click("[data-testid='question-late-fate'] [data-testid=option-0]");
    visit.browser.press("......");
    visit.browser.set_value(&test("scrubber"), "78000");
    visit
        .browser
        .wait_text(&test("question-late-fate"), "grades it", |text| {
            text.contains("Right. ")
        });
    let now = visit.text("explain");
    assert!(
        now.contains("The watermark stood at 12:01:01.999, past the end of its window")
            && now.contains("With 10 s of allowed lateness the window would answer again, with 6"),
        "{now}"
    );
    assert_eq!(visit.elsewhere("counted"), ["21", "22", "21", "21"]);
    assert_eq!(visit.elsewhere("dropped"), ["1", "0", "1", "1"]);
    assert!(visit.text("why-elsewhere").contains("shared the batch"));
    // What was said comes true.
    visit.enter("lateness", "10 s");
    assert!(visit.text("explain").contains("answers again, with 6"));
    let last = visit.rows("latest-results").pop().expect("a row");
    assert_eq!(last, ["12:00:40", "6", "12:01:18", "late"]);
    // Another engine has no such setting, and says what it has.
    visit.click("engine-spark");
    visit.settle();
    let refused = visit.text("refused");
    assert!(
        refused.contains("Spark has no allowed lateness"),
        "{refused}"
    );
    visit.click("kind-count");
    visit.settle();
    let refused = visit.text("refused");
    assert!(
        refused.contains("Spark has no windows of a number"),
        "{refused}"
    );
    visit.click("engine-flink");
    visit.click("kind-hopping");
    visit.enter("slide", "10ms");
    assert!(visit.text("refused").contains("slide further"));
    visit.enter("slide", "tea");
    assert!(visit.text("refused").contains("“tea” is no length of time"));
    // Steps go from event to event.
    visit.click("step-back");
    visit.settle();
    assert_eq!(visit.text("at"), "12:01:16");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn events_are_dragged_by_mouse_touch_and_keyboard() {
    let visit = Visit::to("#windows");
    visit.scene_at("late", 80_000);
    assert_eq!(visit.elsewhere("dropped")[0], "1");
    // By mouse: the late event arrives a quarter of a minute sooner.
    let (from, to) = (visit.place((41.0, 78.0)), visit.place((41.0, 60.0)));
    visit.browser.drag(from, to);
    visit.settle();
    assert_eq!(visit.elsewhere("dropped")[0], "0");
    assert!(visit.browser.count(&test("restore")) == 1);
    visit.click("restore");
    visit.settle();
    assert_eq!(visit.elsewhere("dropped")[0], "1");
    // By touch.
    let (x, y) = visit.place((41.0, 78.0));
    let end = visit.place((41.0, 60.0));
    visit.touch("touchStart", Some((x, y)));
    for n in 1..=8 {
        let part = f64::from(n) / 8.0;
        visit.touch(
            "touchMove",
            Some((x + (end.0 - x) * part, y + (end.1 - y) * part)),
        );
        std::thread::sleep(std::time::Duration::from_millis(30));
    }
    visit.touch("touchEnd", None);
    visit.settle();
    assert_eq!(visit.elsewhere("dropped")[0], "0");
    visit.click("restore");
    visit.settle();
    // By keyboard: the last one is chosen, and moved up by its arrival.
    visit
        .browser
        .run("document.querySelector('[data-testid=plane]').focus()", &[]);
    let keys = |keys: &str| visit.browser.type_into(&test("plane"), keys);
    keys(&char::from(Key::End).to_string());
    visit.settle();
    let picked = visit.eval("document.querySelector('[data-testid=picked]').textContent");
    let picked = picked.as_str().expect("words");
    assert!(
        picked.contains("event of 12:00:41, arrived 12:01:18: 37 s late, window closed, dropped"),
        "{picked}"
    );
    let ups: String = (0..20).map(|_| char::from(Key::Up)).collect();
    keys(&ups);
    visit.settle();
    let picked = visit.eval("document.querySelector('[data-testid=picked]').textContent");
    assert!(
        picked.as_str().expect("words").ends_with("counted"),
        "{picked}"
    );
    assert_eq!(visit.elsewhere("dropped")[0], "0");
    keys(&char::from(Key::Delete).to_string());
    visit.settle();
    assert_eq!(visit.elsewhere("counted")[0], "21");
    visit.click("add-event");
    visit.settle();
    assert_eq!(visit.elsewhere("counted")[0], "22");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_watermark_and_the_window_are_dragged_too() {
    let visit = Visit::to("#windows");
    visit.scene_at("late", 80_000);
    let value = |id: &str| {
        let value = visit.eval(&format!(
            "document.querySelector('[data-testid={id}]').value"
        ));
        value.as_str().expect("a value").to_owned()
    };
    // The watermark stands 8 s behind 12:01:10; its handle goes 12 s to the left.
    visit
        .browser
        .drag(visit.place((62.0, 80.0)), visit.place((50.0, 80.0)));
    visit.settle();
    assert_eq!(value("delay"), "20 s");
    // The end of the window on the ruler, above the picture.
    let (from, to) = (visit.place((20.0, 0.0)), visit.place((30.0, 0.0)));
    visit
        .browser
        .drag((from.0, from.1 - 16.0), (to.0, to.1 - 16.0));
    visit.settle();
    assert_eq!(value("size"), "30 s");
    visit.open("?lock=window,events#windows");
    visit.pause();
    visit.browser.set_value(&test("scrubber"), "80000");
    visit.settle();
    visit
        .browser
        .drag(visit.place((62.0, 80.0)), visit.place((50.0, 80.0)));
    visit
        .browser
        .drag(visit.place((41.0, 78.0)), visit.place((41.0, 60.0)));
    visit.settle();
    assert_eq!(value("delay"), "8 s");
    assert_eq!(visit.elsewhere("dropped")[0], "1", "everything is frozen");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn ones_own_events_are_played_and_bad_rows_named() {
    let folder = std::env::temp_dir().join(format!("millrace-windows-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("clicks.csv");
    let rows: String = (0..30)
        .map(|n| format!("{},user{},{n},{}\n", n * 1_000, n % 3, n * 1_000 + 500))
        .collect();
    let bad = "soon,user1,1,40000\n31000,,1,40000\n";
    let late = "2000,user1,1,41000\n";
    std::fs::write(
        &path,
        format!("ts_ms,key,value,arrival_ms\n{rows}{bad}{late}"),
    )
    .expect("a file");
    let visit = Visit::to("#windows");
    visit.tab("events");
    visit
        .browser
        .type_into(&test("events-file"), path.to_str().expect("UTF-8"));
    visit
        .browser
        .wait_text(&test("own-outcome"), "reads it", |text| {
            text.contains("31 events read, 2 lines left out")
        });
    let outcome = visit.text("own-outcome");
    assert!(
        outcome.contains("line 32: ts_ms is “soon”")
            && outcome.contains("line 33: field 2 is empty"),
        "{outcome}"
    );
    visit.tab("explain");
    visit.settle();
    assert_eq!(visit.elsewhere("counted")[0], "30");
    // A small file travels in the link.
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit.browser.element(&test("elsewhere"));
    assert_eq!(visit.elsewhere("counted")[0], "30");
    let _ = std::fs::remove_dir_all(folder);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_link_carries_everything() {
    let visit = Visit::to("#windows");
    visit.scene_at("sessions", 50_000);
    visit.click("engine-beam");
    visit.enter("size", "7 s");
    visit.enter("delay", "3 s");
    visit
        .browser
        .run("document.querySelector('[data-testid=plane]').focus()", &[]);
    let left: String = [Key::Home, Key::Right, Key::Right, Key::Down]
        .map(char::from)
        .iter()
        .collect();
    visit.browser.type_into(&test("plane"), left);
    visit.tab("results");
    visit.settle();
    let there = (
        visit.table("results"),
        visit.table("open-windows"),
        visit.text("at"),
    );
    let link = visit.copy_link();
    visit.browser.open_in_new_tab(&link);
    visit.browser.element(&test("results"));
    visit.settle();
    assert!(!visit.playing(), "a moment to look at stands still");
    assert_eq!(
        (
            visit.table("results"),
            visit.table("open-windows"),
            visit.text("at")
        ),
        there
    );
    assert_eq!(visit.browser.count(&test("restore")), 1);
    assert_eq!(visit.browser.count(&test("notice")), 0);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn it_is_embedded_asks_in_an_exam_and_the_words_of_the_notes_lead_to_it() {
    let visit = Visit::to("#notes");
    visit
        .browser
        .click("[aria-label='See it happen: Out-of-order delivery']");
    visit
        .browser
        .wait_text(&test("at"), "gets there", |text| text == "12:01:18");
    assert!(!visit.playing(), "a moment to look at stands still");
    visit.open("?embed=1#windows");
    visit
        .browser
        .wait_text(&test("at"), "it plays", |text| text > "12:00:03");
    visit.pause();
    assert_eq!(
        visit.browser.count(&test("scene")),
        0,
        "one scene, as it was put there"
    );
    assert_eq!(visit.browser.accessibility_problems(), NONE);
    visit.open("?exam=1#windows");
    visit.pause();
    assert_eq!(visit.browser.count(&test("explain")), 0);
    assert_eq!(visit.browser.count("[data-testid=scrubber]:disabled"), 1);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn every_scene_and_tab_is_shown_without_a_fault_and_fits() {
    let visit = Visit::to("#windows");
    let mut found: Vec<String> = Vec::new();
    for (width, height) in [(1280, 800), (390, 844)] {
        visit.browser.size(width, height);
        for scheme in ["light", "dark"] {
            visit.browser.prefers(scheme, "reduce");
            for scene in SCENES {
                visit.scene_at(scene, 60_000);
                let tabs: &[&str] = match scene {
                    "late" => &["explain", "results", "events", "work", "code"],
                    _ => &["explain"],
                };
                for tab in tabs {
                    visit.tab(tab);
                    visit.settle();
                    let problems = visit.browser.accessibility_problems();
                    found.extend(
                        problems
                            .into_iter()
                            .map(|p| format!("{scene}, {tab}, {width}, {scheme}: {p}")),
                    );
                }
                visit.tab("explain");
                let wide = visit.eval("document.documentElement.scrollWidth");
                assert_eq!(wide, width, "{scene} is too wide");
            }
        }
    }
    assert_eq!(found, NONE);
    visit.ends_well();
}
