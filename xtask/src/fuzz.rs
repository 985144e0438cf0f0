//! `cargo xtask fuzz`: the property tests with far more inputs than a test run has time for.

use crate::Result;
use crate::run::announce;
use crate::test::suite;
use crate::tools::set_up;

/// Runs every test named `fuzz_…` with that many random inputs.
pub fn fuzz(cases: u32) -> Result {
    let tools = set_up(&[])?;
    announce(
        "property tests",
        &format!("{cases} random inputs for each"),
        "10 minutes to build the first time, and as long for a million",
    );
    let mut cargo = tools.command("cargo");
    cargo.args([
        "test",
        "--workspace",
        "--all-features",
        "--no-fail-fast",
        "--profile",
        "fuzz",
    ]);
    cargo.args(["--", "fuzz_"]);
    let tally = suite(cargo.env("PROPTEST_CASES", cases.to_string()))?;
    println!("\n{tally}");
    if tally.failed == 0 {
        Ok(())
    } else {
        Err("an input that breaks is printed above".into())
    }
}
