//! When we make a mistake. None is known, so these take away something that a page relies on: a
//! canvas that throws in the midst of a picture.

use super::{COURSE, COURSE_PATH, Visit, in_ms, test};
use serde_json::{Value, json};

/// Counts every call into the wasm from outside, whatever the glue does.
const COUNTING: &str = r"
    window.__calls = 0;
    const counted = (exports) => {
        const wrapped = {};
        for (const [name, value] of Object.entries(exports)) {
            wrapped[name] = typeof value !== 'function' ? value : (...all) => { window.__calls += 1; return value(...all); };
        }
        return wrapped;
    };
    for (const name of ['instantiate', 'instantiateStreaming']) {
        const real = WebAssembly[name].bind(WebAssembly);
        WebAssembly[name] = async (...all) => {
            const { instance, module } = await real(...all);
            const exports = counted(instance.exports);
            return { module, instance: new Proxy(instance, { get: (of, key) => key === 'exports' ? exports : Reflect.get(of, key) }) };
        };
    }";

/// From now on the canvas throws, and it has thrown.
const BREAK: &str = "
    window.__thrown = 0;
    for (const name of ['setTransform', 'clearRect', 'fillRect', 'beginPath', 'fillText']) {
        CanvasRenderingContext2D.prototype[name] = () => { window.__thrown += 1; throw new Error('taken away'); };
    }";

fn counting(visit: &Visit) {
    visit.browser.devtools(
        "Page.addScriptToEvaluateOnNewDocument",
        json!({ "source": COUNTING }),
    );
}

/// Lets it crash, without anybody doing anything.
fn crash(visit: &Visit) -> String {
    visit.browser.run(BREAK, &[]);
    visit
        .browser
        .wait_until("the canvas threw", "window.__thrown > 0");
    visit
        .browser
        .wait_text(&test("crash"), "tells of it", |text| {
            text.contains("That should not have happened")
        })
}

fn calls(visit: &Visit) -> Value {
    visit.eval("window.__calls")
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_mistake_of_ours_is_told_and_leads_back() {
    let visit = Visit::to("");
    counting(&visit);
    visit.open("?seed=97");
    visit.wait_past(3_000);
    assert!(calls(&visit).as_u64() > Some(0), "the calls are counted");
    let told = crash(&visit);
    let left = calls(&visit);
    for words in ["Seed\n97", "Event\n", "panicked at", "taken away", "#v1."] {
        assert!(told.contains(words), "no “{words}”: {told}");
    }
    assert_eq!(visit.browser.count("[data-millrace-failed]"), 1);
    assert_eq!(visit.browser.count(".millrace"), 0);
    for scheme in ["light", "dark"] {
        visit.browser.prefers(scheme, "no-preference");
        let problems = visit.browser.accessibility_problems();
        assert!(problems.is_empty(), "{problems:#?}");
    }

    // Nothing that a person does reaches the instance any more, nor what was under way.
    visit.browser.press(" ");
    visit.browser.press("?");
    visit.browser.size(900, 700);
    visit.browser.drag((100.0, 100.0), (300.0, 300.0));
    visit.browser.click(".crash h1");
    visit.browser.run("location.hash = '#notes'", &[]);
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert_eq!(calls(&visit), left, "the instance was called again");
    if let Some(folder) = std::env::var_os("MILLRACE_SHOTS") {
        let folder = std::path::PathBuf::from(folder);
        visit.browser.size(1280, 800);
        visit.browser.screenshot(&folder.join("crash-dark.png"));
        visit.browser.prefers("light", "no-preference");
        visit.browser.screenshot(&folder.join("crash-light.png"));
        visit.browser.size(390, 844);
        visit.browser.screenshot(&folder.join("crash-phone.png"));
    }
    // The console has what we and the browser say of it, and nobody else's concern.
    assert!(!visit.browser.errors().is_empty());

    // The way back: the same run, shortly before.
    visit.browser.click(".crash .way");
    visit.browser.element("main h1");
    visit.browser.patiently("the moment again", || {
        (in_ms(&visit.text("time")) > 0).then_some(())
    });
    assert_eq!(visit.browser.count(&test("notice")), 0);
    assert!(visit.copy_link().contains("#v1."));
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn in_a_sandboxed_frame_the_page_around_hears_of_it_and_the_way_back_works() {
    let site = super::site();
    let visit = Visit {
        browser: millrace_tests::browser::Browser::start(),
        site,
    };
    assert!(COURSE.contains("sandbox"));
    visit
        .browser
        .open(&format!("{}{COURSE_PATH}", visit.site.origin()));
    visit.browser.enter_frame("iframe");
    visit.wait_past(3_000);
    crash(&visit);
    visit.browser.leave_frames();
    visit.browser.wait_until(
        "the page around is told",
        "told.some((m) => m.type === 'error' && m.message.includes('panicked'))",
    );
    visit.browser.enter_frame("iframe");
    let _ = visit.browser.errors();
    visit.browser.click(".crash .way");
    visit.browser.element("main h1");
    visit.browser.patiently("the moment again", || {
        (in_ms(&visit.text("time")) > 0).then_some(())
    });
    visit.ends_well();
}
