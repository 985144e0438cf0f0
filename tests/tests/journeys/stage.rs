//! The picture itself, by mouse: what can be dragged is dragged, what can be chosen is chosen.

use super::{Visit, test};
use serde_json::json;

/// Moves over the picture and returns the middle of the first thing, from the top, over which the
/// pointer looks so, and which is so wide. Narrow things are looked for in the lower shop: in the
/// upper one they are what shows of a box between its workers.
fn place(visit: &Visit, cursor: &str, least: u32, most: u32) -> (f64, f64) {
    let found = visit.browser.run(
        "const canvas = document.querySelector('.stage canvas'), box = canvas.getBoundingClientRect();
         const [cursor, least, most] = arguments;
         for (let y = box.top + (most < 20 ? 0.3 * box.height : 4); y < Math.min(box.bottom, innerHeight); y += 7) {
             let from = null;
             for (let x = box.left + 4; x < box.right - 130; x += 2) {
                 canvas.dispatchEvent(new PointerEvent('pointermove', {clientX: x, clientY: y, pointerType: 'mouse', bubbles: true}));
                 const on = canvas.style.cursor === cursor;
                 if (on) from ??= x;
                 else if (from !== null) {
                     if (x - from >= least && x - from <= most) return [(from + x - 2) / 2, y];
                     from = null;
                 }
             }
         }
         return null",
        &[json!(cursor), json!(least), json!(most)],
    );
    serde_json::from_value(found).unwrap_or_else(|_| panic!("nothing to {cursor} in the picture"))
}

/// How long each service works, in both shops.
fn work(visit: &Visit) -> Vec<String> {
    visit.tab("metrics");
    visit.settle();
    let rows = visit.rows("twin-stations").into_iter();
    rows.map(|row| row[1].clone()).collect()
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn boxes_and_positions_are_dragged_and_records_chosen() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(8_000);
    let before = work(&visit);
    let (x, y) = place(&visit, "ew-resize", 60, 200);
    visit.browser.drag((x, y), (x + 90.0, y));
    let after = work(&visit);
    let slower = after.iter().zip(&before).filter(|(a, b)| a != b);
    assert_eq!(slower.count(), 2, "one service, in both shops: {after:?}");

    // A group's position, far to the left: the group goes back to the start and has more to read.
    visit.seek(9_500);
    let lag = visit.lag();
    visit.seek(8_000);
    let (x, y) = place(&visit, "ew-resize", 2, 16);
    visit.browser.drag((x, y), (x - 200.0, y));
    visit.settle();
    visit.browser.press(".");
    visit.seek(9_500);
    assert!(visit.lag() > lag + 8, "{} after {lag}", visit.lag());

    // Choosing a record leads to its topic and to the life of its order.
    let at = place(&visit, "pointer", 4, 400);
    visit.browser.drag(at, at);
    visit.browser.element(&test("panel-topic"));
    visit.browser.element(&test("life"));

    // A place on the chart of unfinished orders is an instant.
    let (x, y) = place(&visit, "crosshair", 40, 600);
    visit.browser.drag((x - 100.0, y), (x - 100.0, y));
    visit.browser.patiently("an earlier instant", || {
        (visit.time() < 8_000).then_some(())
    });
    visit.ends_well();
}

#[test]
#[ignore = "needs a browser: cargo xtask test"]
fn what_is_locked_is_locked_in_the_picture() {
    let visit = Visit::to("");
    visit.pause();
    visit.seek(3_000);
    let (x, y) = place(&visit, "ew-resize", 60, 200);
    let chart = place(&visit, "crosshair", 40, 600);
    visit.open("?lock=work,seek");
    visit.wait_past(1_500);
    visit.pause();
    let before = (work(&visit), visit.time());
    visit.browser.drag((x, y), (x + 90.0, y));
    visit
        .browser
        .drag((chart.0 - 100.0, chart.1), (chart.0 - 100.0, chart.1));
    assert_eq!((work(&visit), visit.time()), before);
    visit.ends_well();
}
