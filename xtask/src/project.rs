//! Where things are: the workspace, its output, the cache of tools.

use crate::Result;
use std::path::{Path, PathBuf};

/// The root of the workspace.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .expect("xtask lives in a folder of the workspace")
}

/// The page, for a host to serve.
pub fn dist() -> PathBuf {
    root().join("dist")
}

/// The page that tests and measures use: not [`dist`], which someone may be serving meanwhile.
pub fn dist_under_test() -> PathBuf {
    scratch().join("dist")
}

/// Where xtask keeps what it makes for itself, beside Cargo's own output.
pub fn scratch() -> PathBuf {
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root().join("target"), PathBuf::from);
    target.join("xtask")
}

/// Where tools that no system package brings are kept, shared by all clones on the machine.
pub fn cache() -> Result<PathBuf> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
    let base = set("XDG_CACHE_HOME").map(PathBuf::from);
    base.or_else(|| {
        set("HOME")
            .or_else(|| set("USERPROFILE"))
            .map(|home| Path::new(&home).join(".cache"))
    })
    .map(|base| base.join("millrace"))
    .ok_or(
        "neither XDG_CACHE_HOME nor HOME is set, so there is no place to keep tools; set one"
            .into(),
    )
}

/// The version of `package` that Cargo.lock names, so that a tool always fits the library.
pub fn locked(package: &str) -> Result<String> {
    let path = root().join("Cargo.lock");
    let lock = std::fs::read_to_string(&path)
        .map_err(|why| format!("cannot read {}: {why}", path.display()))?;
    version_in(&lock, package).ok_or(format!("Cargo.lock does not name {package}"))
}

fn version_in(lock: &str, package: &str) -> Option<String> {
    let (_, rest) = lock.split_once(&format!("name = \"{package}\"\nversion = \""))?;
    rest.split_once('"').map(|(version, _)| version.into())
}

/// Writes a file, naming it if that fails.
pub fn write(path: &Path, bytes: impl AsRef<[u8]>) -> Result {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)
            .map_err(|why| format!("cannot make {}: {why}", folder.display()))?;
    }
    std::fs::write(path, bytes).map_err(|why| format!("cannot write {}: {why}", path.display()))
}

/// Reads a file, naming it if that fails.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    std::fs::read(path).map_err(|why| format!("cannot read {}: {why}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_locked_version_of_exactly_that_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-macro\"\nversion = \"9.9.9\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\n";
        assert_eq!(version_in(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(version_in(lock, "yew"), None);
    }

    #[test]
    fn the_workspace_is_where_we_think() {
        assert!(root().join("Trunk.toml").is_file());
    }
}
