//! Time: playing, pausing, speeds, steps, the way back, and acting in the past.

use super::{Visit, span_ms, test};

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn plays_pauses_and_changes_its_speed() {
    let visit = Visit::to("");
    visit.wait_past(300);
    visit.pause();
    let stood = visit.time();
    visit.settle();
    assert_eq!(visit.time(), stood, "what is paused stands");

    visit.browser.press(" ");
    visit.wait_playing(true);
    visit.wait_past(stood);
    visit.browser.press(" ");
    visit.wait_playing(false);

    let speed = || {
        visit.settle();
        visit.eval("document.querySelector('[data-testid=speed]').selectedOptions[0].text")
    };
    assert_eq!(speed(), "1×");
    visit.browser.press("]]");
    assert_eq!(speed(), "5×");
    visit.browser.press("[[[");
    assert_eq!(speed(), "0.25×");
    visit.browser.press("]]]]");
    visit.ends_well();
}

/// The time line ends where the scene does at first; who wants to see more makes it longer.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_time_line_goes_on_beyond_its_end() {
    let visit = Visit::to("");
    visit.pause();
    let reach = || {
        visit.settle();
        let max = visit.eval("+document.querySelector('[data-testid=scrubber]').max");
        max.as_f64().expect("a number")
    };
    let end = reach();
    assert_eq!(end, 90_000.0);
    assert_eq!(visit.text("longer"), "01:30 +");
    visit.click("longer");
    assert_eq!(reach(), 2.0 * end);
    visit.seek(95_000);
    assert_eq!(visit.text("longer"), "03:00 +");
    // The way back is as long.
    visit.seek(1_000);
    assert_eq!(reach(), 2.0 * end);
    visit.open("?lock=seek");
    assert_eq!(visit.browser.count(&test("longer")), 0);
    visit.ends_well();
}

/// Done-when 6: slow payment, see the numbers in the text twins change, go back and see them
/// return exactly.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn the_past_comes_back_to_the_last_digit() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(5_900);
    let before = visit.all_numbers();
    let answers = visit.table("twin-answers");
    let lag = visit.lag();

    // Payment becomes slow; then twelve seconds more.
    visit.seek(6_000);
    visit.tab("faults");
    visit.enter("payment-work", "900");
    visit.click("play");
    visit.wait_past(6_500);
    visit.pause();
    visit.seek(18_000);
    visit.tab("metrics");
    visit.settle();
    assert!(
        visit.lag() > lag + 20,
        "lag was {lag} and is {}",
        visit.lag()
    );
    assert_ne!(visit.table("twin-answers"), answers);
    assert_ne!(visit.all_numbers(), before);

    // One step back and one forward is no step at all.
    let here = (visit.text("time"), visit.all_numbers());
    for _ in 0..3 {
        visit.browser.press(",");
    }
    visit.settle();
    assert_ne!((visit.text("time"), visit.all_numbers()), here);
    for _ in 0..3 {
        visit.browser.press(".");
    }
    visit.settle();
    // The clock shows the instant of the last event, which lies just before the time sought.
    let (stepped, later) = (visit.all_numbers(), visit.time());
    assert!(later <= 18_000 && later > 17_900, "{later}");
    visit.click("step-back");
    visit.click("step-forward");
    visit.settle();
    assert_eq!(visit.all_numbers(), stepped);

    // Before the fault, everything is as it was.
    visit.seek(5_900);
    assert_eq!(visit.all_numbers(), before);
    visit.seek(18_000);
    assert_eq!((visit.text("time"), visit.all_numbers()), here);
    visit.seek(5_900);
    assert_eq!(visit.all_numbers(), before);
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn acting_in_the_past_forks_and_the_other_future_is_kept() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(4_000);
    visit.tab("faults");
    visit.enter("rate", "30");
    visit.seek(10_000);
    let old = visit.all_numbers();

    visit.seek(3_000);
    assert_eq!(visit.browser.count(&test("fork")), 0);
    visit.tab("faults");
    visit.enter("rate", "5");
    let told = visit
        .browser
        .wait_text(&test("fork"), "tells of the fork", |t| !t.is_empty());
    assert!(told.contains("forked at 00:03"), "{told}");
    visit.seek(10_000);
    assert_ne!(visit.all_numbers(), old);

    visit.click("fork");
    visit.settle();
    visit.seek(10_000);
    assert_eq!(visit.all_numbers(), old, "the other future is what it was");
    visit.ends_well();
}

/// Done-when 5, through the page.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn slow_payment_makes_one_shop_wait_and_the_other_not() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(5_000);
    visit.tab("faults");
    visit.enter("payment-work", "900");
    visit.seek(14_500);
    visit.tab("metrics");
    visit.settle();
    let number = |row: &str, column| visit.number("metrics-numbers", row, column);
    let p99 = |column| span_ms(&visit.cell("metrics-numbers", "Answered, p99", column));
    assert!(p99(1) > 5_000.0, "sync p99 {} ms", p99(1));
    assert!(p99(2) < 50.0, "async p99 {} ms", p99(2));
    visit.seek(35_000);
    assert!(p99(2) < 50.0, "async p99 {} ms", p99(2));
    assert!(number("Gave up waiting", 1) > 100);
    assert_eq!(number("Gave up waiting", 2), 0);
    let behind = visit.lag();
    assert!(behind > 100, "{behind}");

    visit.tab("faults");
    visit.enter("payment-work", "80");
    visit.seek(88_000);
    visit.tab("metrics");
    visit.settle();
    assert!(visit.lag() < behind / 5, "{} after {behind}", visit.lag());
    assert_eq!((number("Lost", 2), number("Processed twice", 2)), (0, 0));
    assert_eq!(number("Gave up waiting", 2), 0);
    assert!(p99(1) < 5_000.0 && p99(2) < 50.0);
    let promises = visit.text("promises");
    assert!(!promises.contains("bug in Millrace"), "{promises}");
    visit.ends_well();
}

/// Where the settings allow a loss the page names the setting.
#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn a_loss_names_the_setting_that_allows_it() {
    let visit = Visit::to("?scenario=fire-and-forget");
    visit.pause();
    visit.seek(30_000);
    visit.tab("metrics");
    visit.settle();
    assert!(visit.number("metrics-numbers", "Lost", 2) > 0);
    let promises = visit.text("promises");
    assert!(promises.contains("not promised, and broken"), "{promises}");
    assert!(promises.contains("fire and forget"), "{promises}");
    assert!(!promises.contains("bug in Millrace"), "{promises}");
    // The Code tab says the same where one would write it.
    visit.tab("code");
    let code = visit.text("panel-code");
    assert!(code.contains("flush"), "{code}");
    visit.ends_well();
}
