//! Chromium and the ChromeDriver that fits it.

use crate::Result;
use crate::run::ask;
use crate::tools::on_path;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

const NAMES: &[&str] = &[
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
    "chrome",
];
/// Where macOS keeps applications, which are not on the PATH.
const APPLICATIONS: &[&str] = &[
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
];

/// A browser and a driver of the same major version.
pub struct Browser {
    /// Chromium or Chrome.
    pub chrome: PathBuf,
    /// Its ChromeDriver.
    pub driver: PathBuf,
}

/// Finds a pair whose versions fit, or says what is wrong.
pub fn find(path: &OsStr) -> Result<Browser> {
    let named = |name| on_path(path, name);
    let browsers = NAMES.iter().copied().filter_map(named);
    let browsers = browsers.chain(
        APPLICATIONS
            .iter()
            .map(PathBuf::from)
            .filter(|file| file.is_file()),
    );
    // One that does not even tell its version is a stub: Ubuntu has such, in place of a snap.
    let browsers: Vec<_> = browsers
        .filter_map(|file| Some((major(&file)?, file)))
        .collect();
    let driver = named("chromedriver").and_then(|file| Some((major(&file)?, file)));
    match (browsers.first(), driver) {
        (None, None) => Err("neither Chromium nor Chrome nor ChromeDriver is on the PATH".into()),
        (None, _) => Err("ChromeDriver is there, Chromium or Chrome is not".into()),
        (_, None) => Err("the browser is there, its ChromeDriver is not".into()),
        (Some((first, _)), Some((wanted, driver))) => browsers
            .iter()
            .find(|(major, _)| *major == wanted)
            .map(|(_, chrome)| Browser {
                chrome: chrome.clone(),
                driver,
            })
            .ok_or(format!(
                "the browser is version {first}, ChromeDriver is version {wanted}"
            )),
    }
}

fn major(program: &Path) -> Option<u32> {
    major_in(&ask(Command::new(program).arg("--version"))?)
}

/// `Chromium 156.0.8078.79 built on …` and `ChromeDriver 156.0.8078.79 (a21…)` are 156.
fn major_in(text: &str) -> Option<u32> {
    let version = text
        .split_whitespace()
        .find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
    version.split('.').next()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_major_version() {
        assert_eq!(
            major_in("Chromium 156.0.8078.79 built on Debian GNU/Linux 12"),
            Some(156)
        );
        assert_eq!(major_in("ChromeDriver 155.0.1.2 (a21ce95c)"), Some(155));
        assert_eq!(major_in("Google Chrome for Testing"), None);
    }

    #[test]
    fn an_empty_path_names_both() {
        if cfg!(target_os = "linux") {
            assert_eq!(
                find(OsStr::new("")).err().as_deref(),
                Some("neither Chromium nor Chrome nor ChromeDriver is on the PATH")
            );
        }
    }
}
