//! The Notes page: words with their moments, miniatures, the exercise.

use super::{Visit, test};

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn every_word_leads_to_its_moment_and_back() {
    let visit = Visit::to("#notes");
    let links = visit.eval("[...document.querySelectorAll('.terms:nth-last-of-type(n + 3) a')].map((a) => [a.parentElement.previousElementSibling.textContent, a.hash])");
    let links: Vec<(String, String)> = serde_json::from_value(links).expect("links");
    assert!(links.len() >= 35, "{}", links.len());
    for (word, hash) in links.iter().step_by(7) {
        visit
            .browser
            .click(&format!("[aria-label='See it happen: {word}']"));
        visit.browser.element(&test("stage"));
        visit
            .browser
            .patiently(&format!("the moment of {word}"), || {
                let there = visit.time() > 1_000 && visit.browser.count(".news span") == 0;
                (there && visit.browser.text(".news").is_empty()).then_some(())
            });
        assert_eq!(visit.eval("location.hash"), hash.as_str());
        assert_eq!(visit.browser.count(&test("notice")), 0, "{word}");
        assert!(!visit.playing());
        visit.browser.run("history.back()", &[]);
        visit.browser.element(".notes h1");
    }
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn miniatures_have_tables_and_the_exercise_answers() {
    let visit = Visit::to("");
    visit.wait_past(200);
    visit.click("page-notes");
    visit.browser.element(".notes h1");
    assert!(
        visit
            .eval("document.title")
            .as_str()
            .is_some_and(|t| t.contains("Notes"))
    );
    assert_eq!(visit.browser.count(".mini svg[role=img][aria-label]"), 5);
    visit.browser.click(".mini summary");
    let table = visit.browser.text(".mini details[open] table");
    assert!(
        table.contains("waits for A") && table.contains("works at A"),
        "{table}"
    );

    visit.click("exercise-0");
    visit.browser.wait_text(".verdict", "says why not", |text| {
        text.starts_with("Not this one. ")
    });
    visit.click("exercise-1");
    visit
        .browser
        .wait_text(".verdict", "says why", |text| text.starts_with("Right. "));

    // The run stood meanwhile, and goes on where it was.
    visit.click("page-orders");
    visit.browser.element(&test("stage"));
    assert!(!visit.playing());
    let stood = visit.time();
    assert!(stood > 200);
    visit.click("play");
    visit.wait_past(stood);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn less_motion_is_less_motion() {
    let visit = Visit::to("#notes");
    let running = "document.getAnimations().filter((a) => a.playState === 'running').length";
    visit.browser.prefers("light", "no-preference");
    assert_ne!(visit.eval(running), 0, "the miniatures move");
    visit.browser.prefers("light", "reduce");
    visit.settle();
    assert_eq!(visit.eval(running), 0);
    visit.open("");
    visit.wait_past(1_000);
    visit.browser.run(
        "document.querySelector('[data-testid=tab-faults]').click()",
        &[],
    );
    assert_eq!(visit.eval(running), 0, "nothing slides or fades");
    visit.ends_well();
}
