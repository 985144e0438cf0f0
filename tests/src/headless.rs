//! What checks of the command line share.

use crate::{Ran, millrace};
use std::fs;
use std::path::PathBuf;

/// A folder of a test's own, gone when the test is done.
pub struct Scratch(PathBuf);

impl Scratch {
    /// `name` tells it from those of other tests.
    ///
    /// # Panics
    /// If none can be made.
    #[must_use]
    pub fn new(name: &str) -> Self {
        let dir = std::env::temp_dir().join(format!("millrace-{name}-{}", std::process::id()));
        fs::create_dir_all(&dir).expect("a folder can be made here");
        Self(dir)
    }

    /// The path of a file in it.
    ///
    /// # Panics
    /// If the system's folder for such things is not named in UTF-8.
    #[must_use]
    pub fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("a plain path").into()
    }

    /// Writes a file and returns its path.
    ///
    /// # Panics
    /// If it cannot be written.
    #[must_use]
    pub fn write(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        fs::write(&path, text).expect("a file can be written here");
        path
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Runs the command line, which must have nothing to complain of, and returns what it prints.
///
/// # Panics
/// If it has.
#[must_use]
pub fn ok(args: &[&str]) -> String {
    let Ran {
        code,
        stdout,
        stderr,
    } = millrace(args);
    assert_eq!((code, stderr.as_str()), (0, ""), "{args:?}");
    stdout
}

/// Runs the command line, which must refuse: exit code 2, nothing on standard output, these words
/// on standard error.
///
/// # Panics
/// If it does not.
pub fn refused(args: &[&str], words: &[&str]) {
    let ran = millrace(args);
    assert_eq!(
        (ran.code, ran.stdout.as_str()),
        (2, ""),
        "{args:?}: {}",
        ran.stderr
    );
    for word in words {
        assert!(
            ran.stderr.contains(word),
            "{args:?}: no “{word}” in {}",
            ran.stderr
        );
    }
}
