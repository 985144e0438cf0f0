//! Measures the built page in headless Chromium: one JSON object a line, as `cargo xtask bench`
//! prints them.
//!
//! What the page offers for it:
//! - a performance mark `millrace:first-record` when the first record moves;
//! - with `?bench=1`, `window.__millrace_frames`, to which each frame appends
//!   `[milliseconds since the last one, milliseconds of our script]`;
//! - three exports of the wasm: `bench_names()` gives the names, `bench_start(name)` prepares one,
//!   `bench_round()` does a round of it and returns how many things it did (events, records).

use millrace_tests::browser::{Browser, setting};
use millrace_tests::site::Site;
use serde_json::{Value, json};
use std::process::ExitCode;
use std::time::Duration;

/// Pages opened for `first_record_ms`, each in a browser of its own, so with a cold cache.
const COLD_STARTS: usize = 5;
/// How long frames are watched, after as long as a page takes to settle.
const SETTLE: Duration = Duration::from_secs(3);
const WATCH: Duration = Duration::from_secs(10);

const FIRST_RECORD: &str = "performance.getEntriesByName('millrace:first-record')[0]";

/// Rounds for three seconds after one to warm up; the names ending in `_ms` want each round's own
/// time, 300 of them. Times are in milliseconds.
const ROUNDS: &str = "
    const [name, each] = arguments;
    const { bench_start, bench_round } = wasm_bindgen;
    bench_start(name);
    for (const end = performance.now() + 1000; performance.now() < end;) bench_round();
    if (each) {
        return Array.from({length: 300}, () => {
            const begin = performance.now();
            bench_round();
            return performance.now() - begin;
        });
    }
    let done = 0;
    const begin = performance.now();
    while (performance.now() - begin < 3000) done += Number(bench_round());
    return [done * 1000 / (performance.now() - begin)];";

/// Measures something on a fresh page and prints it.
type Part = fn(&Site);

fn main() -> ExitCode {
    let site = Site::serve(&setting("MILLRACE_DIST"), "/", &[]);
    let parts: [(&str, Part); 5] = [
        ("rounds in wasm", rounds),
        ("frames", frames),
        ("frames while an event is dragged", windows_drag),
        ("half a million clicks", clicks_file),
        ("first record", first_record),
    ];
    let mut missing = false;
    for (name, part) in parts {
        // A part that cannot be measured says why and leaves the others to be measured.
        let outcome = std::panic::catch_unwind(|| part(&site));
        if outcome.is_err() {
            eprintln!("not measured: {name}");
            missing = true;
        }
    }
    if missing {
        ExitCode::FAILURE
    } else {
        ExitCode::SUCCESS
    }
}

fn rounds(site: &Site) {
    let browser = open(site, "?bench=1");
    // Its functions have names before there is anything behind them.
    let ready = "performance.getEntriesByName('millrace:first-record').length > 0";
    browser.wait_until("the first record", ready);
    let names = browser.run("return Array.from(wasm_bindgen.bench_names())", &[]);
    for name in names.as_array().expect("bench_names() gives a list") {
        let name = name.as_str().expect("a name is text");
        let each = name.ends_with("_ms");
        let mut values = numbers(&browser.run(ROUNDS, &[json!(name), json!(each)]));
        if each {
            tell(name, percentile(&mut values, 95), "ms");
        } else {
            tell(name, values[0], "1/s");
        }
    }
}

fn frames(site: &Site) {
    let browser = open(site, "?bench=1#orders");
    browser.wait_until(
        "frames in window.__millrace_frames",
        "window.__millrace_frames?.length",
    );
    std::thread::sleep(SETTLE);
    browser.run("window.__millrace_frames.length = 0", &[]);
    std::thread::sleep(WATCH);
    let (mut intervals, mut scripts) = (column(&browser, 0), column(&browser, 1));
    tell("frame_p50_ms", percentile(&mut intervals, 50), "ms");
    tell("frame_p95_ms", percentile(&mut intervals, 95), "ms");
    tell("frame_script_p95_ms", percentile(&mut scripts, 95), "ms");
}

/// The frames since they were last forgotten: their intervals (0) or what our script took (1).
fn column(browser: &Browser, index: usize) -> Vec<f64> {
    let script = format!("return window.__millrace_frames.map((frame) => frame[{index}])");
    numbers(&browser.run(&script, &[]))
}

/// Drags one of 2,000 events round and round, a move each frame, as a hand does.
const DRAG: &str = "
    const canvas = document.querySelector('[data-testid=picture]'), box = canvas.getBoundingClientRect();
    const send = (type, x, y) => canvas.dispatchEvent(new PointerEvent(type, {clientX: x, clientY: y, pointerType: 'mouse', bubbles: true}));
    const [x, y] = (() => {
        for (let y = box.top + box.height * .4; y < box.bottom; y += 3)
            for (let x = box.left + 80; x < box.right - 100; x += 3) {
                send('pointermove', x, y);
                if (canvas.style.cursor === 'grab') return [x, y];
            }
    })();
    send('pointerdown', x, y);
    let step = 0;
    const go = () => {
        if (window.__dragged) return send('pointerup', x, y);
        step += 1;
        send('pointermove', x + 90 * Math.sin(step / 20), y + 60 * Math.cos(step / 13));
        requestAnimationFrame(go);
    };
    requestAnimationFrame(go);";

fn windows_drag(site: &Site) {
    let browser = open(site, "?bench=1#windows");
    browser.wait_until(
        "the Windows page",
        "document.querySelector('[data-testid=scene]')",
    );
    browser.run(
        "const select = document.querySelector('[data-testid=scene]');
         select.value = 'crowd';
         select.dispatchEvent(new Event('change', {bubbles: true}));
         document.querySelector('[data-testid=play]').click();",
        &[],
    );
    std::thread::sleep(SETTLE);
    browser.set_value("[data-testid=scrubber]", "1000000");
    std::thread::sleep(SETTLE);
    browser.run(DRAG, &[]);
    std::thread::sleep(SETTLE);
    browser.run("window.__millrace_frames.length = 0", &[]);
    std::thread::sleep(WATCH);
    let (mut intervals, mut scripts) = (column(&browser, 0), column(&browser, 1));
    browser.run("window.__dragged = true", &[]);
    // What was dragged is another event now.
    browser.wait_until("an edit", "document.querySelector('[data-testid=restore]')");
    tell(
        "windows_drag_frame_p50_ms",
        percentile(&mut intervals, 50),
        "ms",
    );
    tell(
        "windows_drag_frame_p95_ms",
        percentile(&mut intervals, 95),
        "ms",
    );
    tell(
        "windows_drag_script_p95_ms",
        percentile(&mut scripts, 95),
        "ms",
    );
}

/// A file of 500,000 clicks, given to the page as by a person, until its sessions are counted.
const LOAD: &str = "
    const rows = ['user,ts_ms,event'];
    for (let n = 0; n < 500000; n++)
        rows.push(`user-${n * 7919 % 20011},${1700000000000 + n * 977},${1 + n % 4}`);
    const data = new DataTransfer();
    data.items.add(new File([rows.join('\\n')], 'clicks.csv'));
    const input = document.querySelector('[data-testid=clicks-file]');
    input.files = data.files;
    const begin = performance.now();
    window.__millrace_frames.length = 0;
    input.dispatchEvent(new Event('change', {bubbles: true}));
    const look = () => {
        if (document.querySelector('[data-testid=own-told]')) window.__loaded = performance.now() - begin;
        else requestAnimationFrame(look);
    };
    requestAnimationFrame(look);";

fn clicks_file(site: &Site) {
    let browser = open(site, "?bench=1#clickstream");
    browser.click("[data-testid=tab-data]");
    browser.wait_until(
        "the field of a file",
        "document.querySelector('[data-testid=clicks-file]')",
    );
    browser.run(LOAD, &[]);
    browser.wait_until("all of the file", "window.__loaded");
    let time = browser.run("return window.__loaded", &[]);
    let mut scripts = column(&browser, 1);
    tell("load_500k_rows_ms", time.as_f64().expect("a time"), "ms");
    tell(
        "load_500k_script_p95_ms",
        percentile(&mut scripts, 95),
        "ms",
    );
}

fn first_record(site: &Site) {
    let cold = || {
        let browser = open(site, "");
        browser.wait_until("the performance mark millrace:first-record", FIRST_RECORD);
        let time = browser.run(&format!("return {FIRST_RECORD}.startTime"), &[]);
        time.as_f64().expect("a mark has a time")
    };
    let mut times: Vec<f64> = (0..COLD_STARTS).map(|_| cold()).collect();
    tell("first_record_ms", percentile(&mut times, 50), "ms");
}

fn open(site: &Site, rest: &str) -> Browser {
    let browser = Browser::start();
    browser.open(&format!("{}{rest}", site.url()));
    browser
}

fn numbers(list: &Value) -> Vec<f64> {
    list.as_array()
        .expect("a list of numbers")
        .iter()
        .filter_map(Value::as_f64)
        .collect()
}

/// The nearest-rank percentile.
fn percentile(values: &mut [f64], rank: usize) -> f64 {
    assert!(!values.is_empty(), "nothing was measured");
    values.sort_by(f64::total_cmp);
    values[(values.len() * rank).div_ceil(100).max(1) - 1]
}

fn tell(name: &str, value: f64, unit: &str) {
    let value = (value * 10.0).round() / 10.0;
    println!(
        "{}",
        json!({"name": name, "target": "wasm", "value": value, "unit": unit})
    );
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let mut values: Vec<f64> = (1..=20).rev().map(f64::from).collect();
        assert_eq!(percentile(&mut values, 50).to_bits(), 10_f64.to_bits());
        assert_eq!(percentile(&mut values, 95).to_bits(), 19_f64.to_bits());
        assert_eq!(percentile(&mut [7.0], 95).to_bits(), 7_f64.to_bits());
    }
}
