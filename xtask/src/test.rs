//! `cargo xtask test`: every suite, one after another, and the sum of them.

use crate::Result;
use crate::build::trunk_build;
use crate::project::{dist_under_test, read, root, scratch, write};
use crate::run::{aloud, announce};
use crate::tools::{EVERYTHING, Tools, set_up};
use std::path::PathBuf;
use std::process::Command;

/// How many tests ran, and how they ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Tests that held.
    pub passed: u32,
    /// Tests that did not, and suites that broke before they could count.
    pub failed: u32,
}

impl std::fmt::Display for Tally {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} passed, {} failed", self.passed, self.failed)
    }
}

/// Runs every suite, also after one has failed, and ends with the sum on a line of its own.
pub fn test() -> Result {
    let tools = set_up(EVERYTHING)?;
    let mut sum = Tally::default();
    let mut troubles = Vec::new();
    let mut count = |name: &str, outcome: Result<Tally>| {
        let tally = outcome.unwrap_or_else(|why| {
            eprintln!("error: {name}: {why}");
            troubles.push(format!("{name}: {why}"));
            // What broke before it could count its tests has failed at least once.
            Tally {
                passed: 0,
                failed: 1,
            }
        });
        if tally.failed > 0 && troubles.iter().all(|trouble| !trouble.starts_with(name)) {
            troubles.push(format!("{name}: {} failed", tally.failed));
        }
        sum.passed += tally.passed;
        sum.failed += tally.failed;
    };

    announce(
        "native tests",
        "the core, the tools and the checks from outside",
        "6 minutes the first time, 3 after",
    );
    count(
        "native tests",
        suite(tools.command("cargo").args([
            "test",
            "--workspace",
            "--all-features",
            "--no-fail-fast",
        ])),
    );
    for member in ["crate", "web"] {
        let name = format!("wasm tests of {member}/");
        announce(
            &name,
            "the same code in headless Chromium",
            "2 minutes the first time, seconds after",
        );
        count(
            &name,
            wasm_pack(&tools, member).and_then(|mut command| suite(&mut command)),
        );
    }
    announce(
        "browser journeys",
        "the built page, used as a person would",
        "5 minutes",
    );
    count(
        "browser journeys",
        trunk_build(&tools, false, &dist_under_test()).and_then(|()| suite(&mut journeys(&tools)?)),
    );

    for trouble in &troubles {
        eprintln!("failed: {trouble}");
    }
    println!("\n{sum}");
    if troubles.is_empty() {
        Ok(())
    } else {
        Err("not all tests passed; what failed is named above".into())
    }
}

/// Runs one suite and counts its tests. That none ran is a failure: a wasm test crate without
/// `wasm_bindgen_test_configure!(run_in_browser)`, for one, runs nothing and exits with success.
pub fn suite(command: &mut Command) -> Result<Tally> {
    let (status, text) = aloud(command)?;
    let tally = tally(&text);
    match (tally, status.success()) {
        (Tally { failed: 0, .. }, false) => Err(format!("it ended early ({status}); see above")),
        (
            Tally {
                passed: 0,
                failed: 0,
            },
            true,
        ) => Err("it ran no test".into()),
        _ => Ok(tally),
    }
}

/// Adds up the closing lines of libtest and of wasm-bindgen's runner, which are alike:
/// `test result: ok. 5 passed; 0 failed; 1 ignored; …`
fn tally(text: &str) -> Tally {
    let mut sum = Tally::default();
    for line in text.lines().filter(|line| line.contains("test result: ")) {
        let number = |what: &str| {
            let before = line
                .split(what)
                .next()
                .filter(|before| before.len() < line.len());
            before
                .and_then(|before| before.split_whitespace().last()?.parse::<u32>().ok())
                .unwrap_or(0)
        };
        sum.passed += number(" passed");
        sum.failed += number(" failed");
    }
    sum
}

fn wasm_pack(tools: &Tools, member: &str) -> Result<Command> {
    let browser = tools.browser.as_ref().ok_or("no browser was set up")?;
    let mut command = tools.command("wasm-pack");
    command.args([
        "test",
        "--headless",
        "--chrome",
        "--mode",
        "no-install",
        "--chromedriver",
    ]);
    command.arg(&browser.driver).arg(member);
    command.env("WASM_BINDGEN_TEST_WEBDRIVER_JSON", webdriver_json(tools)?);
    Ok(command)
}

/// The flags of webdriver.json with the browser that was found: ChromeDriver would look for one
/// itself, and may find another.
fn webdriver_json(tools: &Tools) -> Result<PathBuf> {
    const OPTIONS: &str = "\"goog:chromeOptions\": {";
    let browser = tools.browser.as_ref().ok_or("no browser was set up")?;
    let flags = String::from_utf8_lossy(&read(&root().join("webdriver.json"))?).into_owned();
    if !flags.contains(OPTIONS) {
        return Err("webdriver.json has no goog:chromeOptions".into());
    }
    let chrome = browser.chrome.display().to_string().replace('\\', "\\\\");
    let file = scratch().join("webdriver.json");
    write(
        &file,
        flags.replacen(
            OPTIONS,
            &format!("{OPTIONS}\n    \"binary\": \"{chrome}\","),
            1,
        ),
    )?;
    Ok(file)
}

/// What the browser harness in tests/ reads from its environment.
pub fn with_browser(tools: &Tools, command: &mut Command) -> Result {
    let browser = tools.browser.as_ref().ok_or("no browser was set up")?;
    let axe = tools
        .npm_file("axe-core/axe.min.js")
        .ok_or("axe-core is missing its axe.min.js")?;
    command
        .env("MILLRACE_DIST", dist_under_test())
        .env("MILLRACE_AXE", axe)
        .env("MILLRACE_CHROMEDRIVER", &browser.driver)
        .env("MILLRACE_WEBDRIVER_JSON", webdriver_json(tools)?);
    Ok(())
}

/// One at a time: two browsers on two cores make each other late. Journeys are marked `#[ignore]`, so that a plain `cargo test` says it leaves them out.
fn journeys(tools: &Tools) -> Result<Command> {
    let mut command = tools.command("cargo");
    command.args([
        "test",
        "--workspace",
        "--all-features",
        "--test",
        "journeys",
    ]);
    command.args(["--", "--ignored", "--test-threads=1"]);
    with_browser(tools, &mut command)?;
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_up_closing_lines() {
        let text = "test result: ok. 12 passed; 0 failed; 1 ignored; 0 measured; 0 filtered out\n\
                    test a ... ok\n\
                    test result: FAILED. 3 passed; 2 failed; 0 ignored; finished in 0.1s\n";
        assert_eq!(
            tally(text),
            Tally {
                passed: 15,
                failed: 2
            }
        );
        assert_eq!(tally("no tests to run!\n"), Tally::default());
    }

    fn print(text: &str, code: u8) -> Command {
        let mut command = Command::new("sh");
        command.args(["-c", &format!("echo '{text}'; exit {code}")]);
        command
    }

    #[test]
    fn a_suite_that_ran_no_test_has_failed() {
        assert!(suite(&mut print("no tests to run!", 0)).is_err());
        assert!(suite(&mut print("test result: ok. 0 passed; 0 failed;", 0)).is_err());
        assert!(suite(&mut print("test result: ok. 1 passed; 0 failed;", 0)).is_ok());
    }

    #[test]
    fn a_suite_that_ended_early_has_failed() {
        assert!(suite(&mut print("test result: ok. 9 passed; 0 failed;", 1)).is_err());
        let failed = suite(&mut print("test result: FAILED. 9 passed; 1 failed;", 101));
        assert_eq!(
            failed,
            Ok(Tally {
                passed: 9,
                failed: 1
            })
        );
    }
}
