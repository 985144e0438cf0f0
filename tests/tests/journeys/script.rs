//! The JavaScript API, from a teacher's own page beside the files of the build.

use super::{NONE, Visit, setting};
use millrace_tests::browser::Browser;
use millrace_tests::headless;
use millrace_tests::site::Site;
use serde_json::{Value, json};

const README: &str = include_str!("../../../README.md");

/// The nth HTML of the README's section on JavaScript, as it is written there.
fn snippet(nth: usize) -> &'static str {
    let section = README.split("\n## From JavaScript\n").nth(1);
    let block = section.and_then(|section| section.split("```html\n").nth(nth + 1));
    let html = block.and_then(|block| block.split("```").next());
    html.unwrap_or_else(|| panic!("the README has no HTML number {nth} there"))
}

/// A page with this in its body, which keeps what is logged.
fn lesson(html: &str) -> Visit {
    const PATH: &str = "/course/lesson";
    let page = format!(
        "<!doctype html><title>Lesson</title><link rel=\"icon\" href=\"data:,\">
         <script>window.logged = []; console.log = (...said) => logged.push(said);</script>
         <h1>Lesson</h1>\n{html}"
    );
    let site = Site::serve(
        &setting("MILLRACE_DIST"),
        "/course/millrace/",
        &[(PATH, &page)],
    );
    let visit = Visit {
        browser: Browser::start(),
        site,
    };
    visit
        .browser
        .open(&format!("{}{PATH}", visit.site.origin()));
    visit
}

impl Visit {
    /// What a function of the API (`m`) and one more value (`x`) gives, or the message it throws.
    fn script(&self, body: &str, x: Value) -> Value {
        self.browser.run(
            &format!(
                "const x = arguments[0];
                 return millrace.then((m) => {{ {body} }}).catch((why) => 'thrown: ' + why.message)"
            ),
            &[x],
        )
    }
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn three_lines_put_a_scene_into_a_page() {
    let visit = lesson(snippet(0));
    visit.browser.element("#here main h1");
    // It is in sight, so it plays.
    visit.wait_past(0);
    visit.pause();
    visit.tab("metrics");
    assert!(visit.table("metrics-numbers").contains("Placed"));
    // What is around it looks as it did.
    assert_eq!(visit.eval("getComputedStyle(document.body).margin"), "8px");
    let ours = "getComputedStyle(document.querySelector('#here .millrace')).backgroundColor";
    let theirs = "getComputedStyle(document.body).backgroundColor";
    assert_eq!(visit.eval(theirs), "rgba(0, 0, 0, 0)");
    assert_ne!(visit.eval(ours), "rgba(0, 0, 0, 0)");
    assert_eq!(visit.eval("document.title"), "Lesson");
    visit.ends_well();

    // Another beside it: another scene, with a run of its own.
    visit.browser.run(
        "const second = document.body.appendChild(document.createElement('div'));
         second.id = 'second';
         return millrace.then(({ mount }) => mount(second, '?embed=1&scenario=slow-payment&seed=7'))",
        &[],
    );
    visit.browser.wait_text(
        "#second [data-testid=seed]",
        "is the one asked for",
        |text| text == "7",
    );
    assert_eq!(visit.browser.count("#here .millrace"), 1);
    let twice = visit.eval(
        "(() => { const ids = [...document.querySelectorAll('[id]')].map((element) => element.id);
         return ids.filter((id, n) => ids.indexOf(id) !== n) })()",
    );
    assert_eq!(twice, json!([]), "an id of two elements");
    visit.ends_well();
}

/// Names that are ours inside our element are the page's own outside it, and links lead to our page
/// or stay in our element: the address is not ours.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_scene_in_a_page_keeps_to_its_element() {
    let visit = lesson(
        r#"<div id="here" style="height: 700px"></div><p class="bar head row top" id="theirs">Theirs</p>
        <script src="millrace/millrace.js"></script>
        <script>millrace.then(({ mount }) => mount(here))</script>"#,
    );
    visit.browser.element("#here main h1");
    let style = "(({display, padding, minHeight}) => [display, padding, minHeight])(getComputedStyle(theirs))";
    assert_eq!(visit.eval(style), json!(["block", "0px", "0px"]));

    let address = visit.browser.url();
    visit.pause();
    visit.click("embed");
    let html = visit.eval("document.querySelector('[data-testid=embed-html]').value");
    let ours = format!("src=\"{}?embed=1", visit.site.url());
    assert!(
        html.as_str().is_some_and(|html| html.contains(&ours)),
        "{html}"
    );
    visit.browser.click("dialog [aria-label=Close]");

    visit.click("page-notes");
    visit.browser.element("#here .notes h1");
    visit.browser.click(".terms a");
    visit.browser.element("#here [data-testid=stage]");
    assert_eq!(visit.browser.url(), address);
    assert_eq!(visit.eval("document.title"), "Lesson");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_readmes_script_runs() {
    let visit = lesson(snippet(1));
    visit
        .browser
        .wait_until("everything is logged", "logged.length === 2");
    let outcome = visit.eval("logged[0][0]");
    assert_eq!(outcome["until_us"], 30_000_000);
    let told = visit.eval("logged[1]");
    let words = told[0].as_str().expect("a sentence");
    assert!(words.contains(": "), "{words}");
    assert_eq!(told[1].as_str().map(str::len), Some(16), "{told}");
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn an_outcome_is_what_the_command_line_prints() {
    let visit = lesson(r#"<script src="millrace/millrace.js"></script>"#);
    let version = visit.script("return m.version()", Value::Null);
    assert_eq!(version, millrace::link::ENGINE);
    let printed = headless::ok(&[
        "run",
        "slow-payment",
        "--seed",
        "7",
        "--until",
        "20s",
        "--json",
    ]);
    let what = r#"{"scenario":"slow-payment","seed":7,"until_us":20000000}"#;
    // Both as the browser writes them: it knows one kind of number.
    let same = "const [what, printed] = x;
        const outcome = JSON.stringify(m.run(what));
        return outcome === JSON.stringify(JSON.parse(printed)) || outcome";
    let same = visit.script(same, json!([what, printed]));
    assert_eq!(same, true, "not what the command line prints: {printed}");

    // A command at its time changes the run.
    let commanded = visit.script(
        "return m.run(JSON.stringify({ scenario: 'slow-payment', seed: 7, until_us: 20e6,
             commands: [{ at_us: 3e6, set_rate: { per_s: 40 } }] }))",
        Value::Null,
    );
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    assert_ne!(commanded["trace_hash"], printed["trace_hash"]);
    assert!(commanded["sync"]["placed"].as_u64() > printed["sync"]["placed"].as_u64());
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_simulation_steps_seeks_and_acts() {
    let visit = lesson(r#"<script src="millrace/millrace.js"></script>"#);
    let seen = visit.script(
        "const s = new m.Simulation('{\"seed\": 7}');
         const at = () => [s.now_us, s.events, s.trace_hash];
         const seen = {};
         s.run_until(5e6); seen.five = at();
         s.step(); seen.stepped = at();
         s.step_back(); seen.back = at();
         s.seek(9e6); seen.nine = at();
         s.seek(5e6); seen.five_again = at();
         s.act(JSON.stringify({ set_rate: { per_s: 40 } }));
         s.run_until(9e6); seen.other_nine = at();
         seen.outcome = s.outcome();
         seen.words = s.explain();
         s.free();
         return seen",
        Value::Null,
    );
    let five = &seen["five"];
    assert_eq!(five[0], 5_000_000, "{seen}");
    assert_eq!(seen["five_again"], *five);
    assert_eq!(
        seen["stepped"][1].as_u64(),
        five[1].as_u64().map(|events| events + 1)
    );
    assert_eq!(
        seen["back"][1], five[1],
        "the clock may show that event's time"
    );
    assert_eq!(seen["back"][2], five[2]);
    assert_eq!(seen["nine"][0], 9_000_000);
    assert_ne!(seen["nine"][2], seen["other_nine"][2]);
    let outcome = &seen["outcome"];
    assert_eq!(
        (&outcome["events"], &outcome["trace_hash"]),
        (&seen["other_nine"][1], &seen["other_nine"][2])
    );
    assert!(outcome["sync"]["placed"].as_u64() > Some(100), "{outcome}");
    assert_ne!(seen["words"], "");

    // A person's mistakes throw in words, and leave what is there usable.
    for (mistake, words) in [
        ("m.run('{')", "line 1"),
        (
            r#"m.run('{"scenario":"nowhere"}')"#,
            "there is no scenario “nowhere”",
        ),
        (r#"m.run('{"until_us":1e6,"speed":2}')"#, ""),
        (r#"m.run('{"speed":2}')"#, "unknown field `speed`"),
        ("new m.Simulation('{}').run_until(NaN)", "0 or more"),
        ("new m.Simulation('{}').seek(1e18)", "up to"),
        (
            r#"new m.Simulation('{}').act('{"stop":{"node":"nobody","how":"killed"}}')"#,
            "nobody",
        ),
        (r#"new m.Simulation('{}').act('{"dance":{}}')"#, "dance"),
    ] {
        let said = visit.script(mistake, Value::Null);
        let said = said.as_str().unwrap_or("nothing was thrown").to_owned();
        assert!(
            said.starts_with("thrown: ") && said.contains(words),
            "{mistake}: {said}"
        );
    }
    assert_eq!(visit.script("return m.version()", Value::Null), "0.1.0");
    assert_eq!(visit.browser.errors(), NONE);
    visit.ends_well();
}
