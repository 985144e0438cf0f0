//! `cargo xtask bench`: one JSON object a line on standard output, everything else on the other.

use crate::Result;
use crate::build::{kb_brotli, page_kb_brotli, trunk_build};
use crate::project::{dist_under_test, root};
use crate::run::{announce, plainly};
use crate::test::with_browser;
use crate::tools::{EVERYTHING, Tools, set_up};

/// Measures natively, then the page, then its weight; what cannot be measured does not keep the
/// rest from being.
pub fn bench() -> Result {
    let tools = set_up(EVERYTHING)?;
    let outcomes = [native(&tools), page(&tools)];
    let failed: Vec<String> = outcomes.into_iter().filter_map(Result::err).collect();
    if failed.is_empty() {
        Ok(())
    } else {
        Err(failed.join("\n       "))
    }
}

/// `crate/benches/core.rs` prints the same lines, with `native` for a target.
fn native(tools: &Tools) -> Result {
    announce(
        "native",
        "the core without a browser",
        "2 minutes the first time, half a minute after",
    );
    plainly(tools.command("cargo").args([
        "bench",
        "--quiet",
        "--package",
        "millrace",
        "--bench",
        "core",
    ]))
}

fn page(tools: &Tools) -> Result {
    trunk_build(tools, false, &dist_under_test())?;
    let weight = page_kb_brotli(tools, &dist_under_test())?;
    println!(
        "{{\"name\":\"page_kb_brotli\",\"target\":\"wasm\",\"value\":{weight:.1},\"unit\":\"kB\"}}"
    );
    let lstm = kb_brotli(tools, &root().join("crate/weights/lstm.bin"))?;
    println!(
        "{{\"name\":\"lstm_kb_brotli\",\"target\":\"wasm\",\"value\":{lstm:.1},\"unit\":\"kB\"}}"
    );
    announce(
        "the page",
        "the core in wasm, frames, the first record",
        "2 minutes",
    );
    let mut command = tools.command("cargo");
    command.args([
        "run",
        "--quiet",
        "--package",
        "millrace-tests",
        "--bin",
        "page-bench",
    ]);
    with_browser(tools, &mut command)?;
    plainly(&mut command)
}
