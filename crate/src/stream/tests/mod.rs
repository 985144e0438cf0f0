//! The window core against its rules, against itself in another order, and against brute force.

mod engines;
#[cfg(not(target_arch = "wasm32"))]
mod properties;

use super::*;

fn record(key: Key, ts: i64, value: i64) -> Record {
    Record {
        key,
        ts,
        value,
        marks: false,
    }
}

/// An operator of `engine` for event time.
fn operator(
    engine: Engine,
    windows: Windows,
    aggregate: Aggregate,
    lateness: i64,
    trigger: Trigger,
    mode: Mode,
) -> Operator {
    let rules = Rules::new(engine, &windows, lateness, TimeKind::Event);
    Operator::new(windows, aggregate, rules, trigger, mode)
}

fn options(engine: Engine, windows: &str) -> Options {
    Options {
        engine,
        windows: windows.parse().expect("a window"),
        time: TimeKind::Event,
        watermark: None,
        punctuated: false,
        lateness: None,
        trigger: None,
        mode: None,
    }
}

/// `[start, end) value kind` of each.
fn told(out: &Out) -> Vec<String> {
    let told = out.emitted.iter().map(|e| {
        let Emission {
            window,
            value,
            kind,
            ..
        } = e;
        format!("{}..{} {value} {}", window.start, window.end, kind.name())
    });
    told.collect()
}
