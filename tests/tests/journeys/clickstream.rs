//! The Clickstream page: sessions, a late click, a question, and a file of one's own.

use super::{NONE, Visit, test};
use std::path::PathBuf;

/// Goes to a moment, of which the clock then shows this.
fn go(visit: &Visit, minutes: u64, clock: &str) {
    let ms = (minutes * 60_000).to_string();
    visit.browser.set_value(&test("scrubber"), &ms);
    let there = |text: &str| text.trim() == clock;
    visit
        .browser
        .wait_text(&test("time"), &format!("shows {clock}"), there);
    visit.settle();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn clicks_become_sessions_and_a_late_one_joins_two() {
    let visit = Visit::to("#clickstream");
    visit.pause();
    go(&visit, 66, "10:36:00");
    assert_eq!(visit.text("explain-heading"), "Will Alice buy?");
    let rows = visit.rows("sessions");
    let first = &rows[0];
    assert_eq!(first[..2], ["alice", "09:41"]);
    assert_eq!(first[3..], ["4", "1221", "told"]);
    go(&visit, 81, "10:51:00");
    let told = visit.text("explain");
    assert!(
        told.contains("A click of 10:07 arrived at 10:46, 39 minutes late"),
        "{told}"
    );
    assert!(
        told.contains("1221 had been told as a session of its own"),
        "{told}"
    );
    visit.click("option-1");
    visit.settle();
    assert!(visit.text("question-alice-buys").contains("Noted"));

    visit.browser.set_value(&test("visitor"), "2");
    visit.settle();
    assert_eq!(visit.text("explain-heading"), "Will Carol buy?");
    visit.tab("models");
    let text = visit.text("panel-models");
    assert!(text.contains("k-grams + motifs, logistic"), "{text}");
    assert!(text.contains("the tab crashed"), "{text}");
    let loaded = |text: &str| text.contains("LSTM on the symbols") && text.contains("95 %");
    visit
        .browser
        .wait_text(&test("panel-models"), "has all models", loaded);
    let link = visit.copy_link();
    let fragment = link.split_once('#').expect("a fragment").1.to_owned();

    visit.tab("explain");
    visit.click("what-if-0");
    visit.settle();
    assert!(visit.text("explain").contains("Worker 1 was killed"));
    go(&visit, 118, "11:28:00");
    let asked = visit.text("question-alice-buys");
    assert!(
        asked.contains("alice bought.") || asked.contains("alice did not buy."),
        "{asked}"
    );

    visit.open(&format!("#{fragment}"));
    visit.browser.element(&test("panel-models"));
    visit.settle();
    assert_eq!(visit.text("time").trim(), "10:51:00");
    for tab in ["models", "explain", "data"] {
        visit.tab(tab);
        assert_eq!(visit.browser.accessibility_problems(), NONE, "{tab}");
    }
    visit.ends_well();
}

/// A file, gone afterwards.
struct File(PathBuf);

impl File {
    fn new(name: &str, text: &str) -> Self {
        let path = std::env::temp_dir().join(format!("{}-{name}", std::process::id()));
        std::fs::write(&path, text).expect("it can be written");
        Self(path)
    }

    fn load(&self, visit: &Visit) {
        let path = self.0.to_str().expect("a path in UTF-8");
        visit.browser.type_into(&test("clicks-file"), path);
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_file_of_clicks_is_read_while_the_page_stays_live() {
    let visit = Visit::to("#clickstream");
    visit.pause();
    visit.click("load-clicks");
    let small = File::new(
        "small.csv",
        "user,ts_ms,event\nann,0,view\nann,soon,view\nbob,5,purchase\n",
    );
    small.load(&visit);
    let wanted = |text: &str| text.contains("2 clicks of 2 users are 2 sessions");
    let told = visit
        .browser
        .wait_text(&test("own-told"), "says what came of it", wanted);
    assert!(told.contains("1 rows could not be read"), "{told}");
    assert_eq!(visit.rows("own-bad")[0][0], "3");
    visit.tab("explain");
    assert_eq!(visit.rows("sessions").len(), 2);
    visit.tab("data");
    visit.enter("own-user", "bob");
    let strange = File::new("strange.csv", "a,b\n1,2\n");
    strange.load(&visit);
    let panel = test("panel-data");
    visit.browser.wait_text(&panel, "refuses it", |text| {
        text.contains("there are: a, b")
    });

    // Half a million rows.
    let rows = (0..500_000_u64).map(|n| {
        let user = n * 7_919 % 20_011;
        format!(
            "user-{user},{},{}\n",
            1_700_000_000_000 + n * 977,
            1 + n % 4
        )
    });
    let large = File::new(
        "large.csv",
        &format!("user,ts_ms,event\n{}", rows.collect::<String>()),
    );
    large.load(&visit);
    visit.browser.element(&test("own-progress"));
    visit.click("own-cancel");
    visit.browser.wait_gone(&test("own-progress"));
    large.load(&visit);
    let wanted = |text: &str| text.contains("500000 clicks of 20011 users");
    visit
        .browser
        .wait_text(&test("own-told"), "reads all of it", wanted);
    visit.click("own-close");
    visit.tab("explain");
    assert!(visit.rows("sessions").iter().all(|row| row[0] != "user-0"));
    visit.ends_well();
}
