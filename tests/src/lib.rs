//! Checks of Millrace from outside, and what they share.

pub mod browser;
pub mod cluster_net;
mod group_steps;
pub mod headless;
pub mod script;
pub mod site;

use millrace::sim::Timeline;
use millrace::time::Time;
use millrace::view::summary::Summary;
use proptest::test_runner::Config;

/// How long a property test of hostile input goes on: 5,000 cases, or `PROPTEST_CASES`. Their names
/// begin with `fuzz_`, by which `cargo xtask fuzz` finds them.
#[must_use]
pub fn fuzz() -> Config {
    cases(5_000)
}

/// `normally` many cases, or `PROPTEST_CASES`.
#[must_use]
pub fn cases(normally: u32) -> Config {
    let asked = std::env::var("PROPTEST_CASES").ok();
    Config {
        cases: asked.and_then(|n| n.parse().ok()).unwrap_or(normally),
        ..Config::default()
    }
}

/// Plays on until `s` seconds of the run.
///
/// # Panics
/// The run is longer than anything a test plays.
pub fn play(timeline: &mut Timeline, s: u64) {
    assert!(timeline.run_until(Time(s * 1_000_000), 20_000_000));
}

/// Records that producers were told are appended, and those the group has not committed.
///
/// # Panics
/// The scene has no plain clients.
#[must_use]
pub fn acked_and_lag(timeline: &Timeline) -> (u64, u64) {
    let summary = Summary::of(timeline);
    let producers = summary.producers.expect("there are producers");
    (producers.acked, summary.groups[0].1.lag)
}

/// What a run of the command line left behind.
#[derive(Debug)]
pub struct Ran {
    /// The exit code.
    pub code: u8,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// Runs the command line in process, without input. `args` begin after the program's name.
#[must_use]
pub fn millrace(args: &[&str]) -> Ran {
    let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
    let args = std::iter::once("millrace").chain(args.iter().copied());
    let code = millrace::cli::run(args, &mut std::io::empty(), &mut stdout, &mut stderr);
    Ran {
        code,
        stdout: String::from_utf8_lossy(&stdout).into_owned(),
        stderr: String::from_utf8_lossy(&stderr).into_owned(),
    }
}
