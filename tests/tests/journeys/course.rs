//! The sample course page of `docs/`, as it is there, beside the files of the build.

use super::{NONE, Visit, setting};
use millrace_tests::browser::Browser;
use millrace_tests::site::Site;
use serde_json::json;

const PAGE: &str = include_str!("../../../docs/course-page/index.html");

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn all_three_scenes_run_in_one_course_page() {
    const PATH: &str = "/course-page/";
    let dist = setting("MILLRACE_DIST");
    let visit = Visit {
        browser: Browser::start(),
        site: Site::serve(&dist, "/course-page/millrace/", &[(PATH, PAGE)]),
    };
    let page = format!("{}{PATH}", visit.site.origin());
    visit.browser.open(&page);
    for (frame, title) in [
        ("orders", "Orders"),
        ("layers", "Lambda · Kappa"),
        ("clicks", "Clickstream"),
    ] {
        let scroll = "document.getElementById(arguments[0]).scrollIntoView()";
        visit.browser.run(scroll, &[json!(frame)]);
        let high = format!("parseInt(document.getElementById('{frame}').style.height) >= 480");
        visit.browser.wait_until("the frame has its height", &high);
        visit.browser.enter_frame(&format!("#{frame}"));
        visit.browser.element("main h1");
        assert_eq!(visit.eval("window.origin"), "null", "{title} is sandboxed");
        // It is in sight, so it plays.
        visit.wait_past(0);
        assert_eq!(visit.browser.errors(), NONE, "{title}");
        visit.browser.leave_frames();
    }
    let beyond = visit.browser.requests_beyond(&visit.site.origin());
    assert_eq!(beyond, NONE);
}
