//! The built page, used as a person would use it, in headless Chromium.
//!
//! `cargo xtask test` builds the page, finds the browser and runs these; a plain `cargo test`
//! says that it leaves them out.

use millrace_tests::browser::{Browser, setting};
use millrace_tests::site::Site;
use std::path::Path;

const NONE: [&str; 0] = [];

/// A course's page that embeds Millrace from a sub-path of the same plain host.
const COURSE: &str = r#"<!doctype html><title>Course</title><link rel="icon" href="data:,">
<iframe sandbox="allow-scripts" src="/course/week-3/?embed=1" width="900" height="600"></iframe>"#;

/// The built page under a sub-path, as on a course's site.
fn site() -> Site {
    host(&setting("MILLRACE_DIST"))
}

fn host(folder: &Path) -> Site {
    Site::serve(folder, "/course/week-3/", &[("/course/", COURSE)])
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn opens_from_a_sub_path_and_asks_no_one_else() {
    let (browser, site) = (Browser::start(), site());
    browser.open(&site.url());
    browser.element("main h1");
    assert_eq!(browser.errors(), NONE);
    assert_eq!(browser.requests_beyond(&site.origin()), NONE);
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn runs_in_a_sandboxed_iframe_of_a_plain_host() {
    let (browser, site) = (Browser::start(), site());
    browser.open(&format!("{}/course/", site.origin()));
    browser.enter_frame("iframe");
    assert_eq!(browser.run("return window.origin", &[]), "null");
    browser.element("main h1");
    assert_eq!(browser.errors(), NONE);
    assert_eq!(browser.requests_beyond(&site.origin()), NONE);
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn has_no_accessibility_problem_in_light_or_dark() {
    let (browser, site) = (Browser::start(), site());
    browser.open(&site.url());
    browser.element("main h1");
    assert_eq!(browser.accessibility_problems(), NONE);
}

/// Half an upload is a blank page on most sites. Also shows that the harness sees errors in the
/// console of a sandboxed frame, without which the journeys above would prove little.
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

    browser.open(&format!("{}/course/", site.origin()));
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
