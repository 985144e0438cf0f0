//! The tools the tasks need: found if they are there, installed if not.

use crate::project::{cache, locked, root};
use crate::run::{announce, ask, quietly};
use crate::{Result, browser, debian};
use std::path::{Path, PathBuf};
use std::process::Command;

const TRUNK: &str = "0.21.14";
const WASM_PACK: &str = "0.15.1";
const BINARYEN: &str = "132.0.0";
const AXE: &str = "4.14.1";

/// Something a task cannot do without.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The standard library for wasm32.
    WasmTarget,
    /// Builds the page and serves it.
    Trunk,
    /// Writes the JavaScript between the page and the wasm; holds the wasm test runner too.
    WasmBindgen,
    /// Runs the wasm tests in a browser.
    WasmPack,
    /// Chromium (or Chrome) and its ChromeDriver.
    Browser,
    /// Node, for the accessibility rules and the measure of the page's weight.
    Node,
}

/// What is needed to build the page.
pub const TO_BUILD: &[Need] = &[Need::WasmTarget, Need::WasmBindgen, Need::Trunk];
/// What is needed for everything.
pub const EVERYTHING: &[Need] = &[
    Need::WasmTarget,
    Need::WasmBindgen,
    Need::Trunk,
    Need::WasmPack,
    Need::Browser,
    Need::Node,
];

/// Tools that are there, and the environment that lets child processes find them.
pub struct Tools {
    path: std::ffi::OsString,
    toolchain: Option<String>,
    offline: bool,
    /// Chromium and ChromeDriver, where they were asked for.
    pub browser: Option<browser::Browser>,
    node_modules: Option<PathBuf>,
}

impl Tools {
    /// A command that finds our tools first, and stays off the network where it can.
    pub fn command(&self, program: &str) -> Command {
        let mut command = Command::new(on_path(&self.path, program).unwrap_or(program.into()));
        command.current_dir(root()).env("PATH", &self.path);
        if let Some(toolchain) = &self.toolchain {
            command.env("RUSTUP_TOOLCHAIN", toolchain);
        }
        if self.offline {
            command.env("CARGO_NET_OFFLINE", "true");
        }
        command
    }

    /// A file of an npm package, where Node was asked for.
    pub fn npm_file(&self, path: &str) -> Option<PathBuf> {
        self.node_modules
            .as_ref()
            .map(|modules| modules.join(path))
            .filter(|file| file.is_file())
    }
}

/// Finds all that is needed, installs what is missing, or says in one message what only a person
/// can get.
pub fn set_up(needs: &[Need]) -> Result<Tools> {
    let bin = cache()?.join("tools/bin");
    let path = path_with(&bin)?;
    let mut tools = Tools {
        path,
        toolchain: toolchain(),
        offline: false,
        browser: None,
        node_modules: None,
    };

    let missing: Vec<Need> = needs
        .iter()
        .copied()
        .filter(|need| !tools.has(*need))
        .collect();
    let by_hand: Vec<String> = missing
        .iter()
        .filter_map(|need| tools.only_by_hand(*need))
        .collect();
    if !by_hand.is_empty() {
        return Err(format!(
            "these are missing, and only you can install them here:\n\n{}\n\nThen run the same command again.",
            by_hand.join("\n")
        ));
    }
    debian::install(
        &missing
            .iter()
            .flat_map(|need| need.packages())
            .copied()
            .collect::<Vec<_>>(),
    )?;
    for need in missing {
        tools.install(need)?;
    }
    if needs.contains(&Need::Browser) {
        tools.browser = Some(browser::find(&tools.path)?);
    }
    if needs.contains(&Need::Node) {
        tools.npm_packages()?;
    }
    tools.fetch_crates()?;
    Ok(tools)
}

impl Need {
    /// The packages of Debian and Ubuntu that bring it.
    pub const fn packages(self) -> &'static [debian::Package] {
        match self {
            Self::Browser => &[debian::Package::Chromium],
            Self::Node => &[debian::Package::Node],
            _ => &[],
        }
    }
}

impl Tools {
    fn has(&self, need: Need) -> bool {
        let same = |program: &str, version: &str| {
            version_of(&self.path, program).as_deref() == Some(version)
        };
        match need {
            Need::WasmTarget => self
                .sysroot()
                .is_some_and(|root| root.join("lib/rustlib/wasm32-unknown-unknown").is_dir()),
            Need::Trunk => same("trunk", TRUNK),
            Need::WasmPack => same("wasm-pack", WASM_PACK),
            Need::WasmBindgen => locked("wasm-bindgen").is_ok_and(|version| {
                same("wasm-bindgen", &version) && same("wasm-bindgen-test-runner", &version)
            }),
            Need::Browser => browser::find(&self.path).is_ok(),
            Need::Node => {
                on_path(&self.path, "node").is_some() && on_path(&self.path, "npm").is_some()
            }
        }
    }

    /// What a person has to do, if xtask cannot do it here.
    fn only_by_hand(&self, need: Need) -> Option<String> {
        match need {
            Need::WasmTarget if on_path(&self.path, "rustup").is_none() => Some(
                "  the wasm32-unknown-unknown target of Rust: get Rust by rustup (https://rustup.rs), or your system's package for that target".into(),
            ),
            Need::Browser if !debian::can_install() => {
                let why = browser::find(&self.path).err().unwrap_or_default();
                Some(format!("  Chromium or Chrome with the ChromeDriver of the same version ({why}): {}", by_system("chromium")))
            }
            Need::Node if !debian::can_install() => Some(format!("  Node.js with npm: {}", by_system("node"))),
            _ => None,
        }
    }

    fn install(&self, need: Need) -> Result {
        match need {
            Need::WasmTarget => {
                announce(
                    "the wasm32-unknown-unknown target",
                    "compiles Rust for the browser",
                    "half a minute",
                );
                quietly(
                    self.command("rustup")
                        .args(["target", "add", "wasm32-unknown-unknown"]),
                )
            }
            Need::Trunk => self.cargo_install(
                "trunk",
                TRUNK,
                "builds the page and serves it",
                "5 minutes",
                &["--locked", "--no-default-features", "--features", "rustls"],
            ),
            Need::WasmPack => self.cargo_install(
                "wasm-pack",
                WASM_PACK,
                "runs the wasm tests in a browser",
                "2 minutes",
                &["--locked"],
            ),
            // Without --locked: its lock file names a version that has been withdrawn.
            Need::WasmBindgen => self.cargo_install(
                "wasm-bindgen-cli",
                &locked("wasm-bindgen")?,
                "writes the JavaScript beside the wasm",
                "2 minutes",
                &[],
            ),
            Need::Browser => browser::find(&self.path).map(drop).map_err(|why| {
                format!(
                    "the browser's packages are installed, and still {why}. Ubuntu's packages are \
                     snaps, which do not run everywhere; Google Chrome and the ChromeDriver of the \
                     same version, both on the PATH, will do"
                )
            }),
            Need::Node => {
                if self.has(need) {
                    Ok(())
                } else {
                    Err("the nodejs and npm packages were installed, but `node` and `npm` are not on the PATH".into())
                }
            }
        }
    }

    fn cargo_install(
        &self,
        name: &str,
        version: &str,
        why: &str,
        usual: &str,
        how: &[&str],
    ) -> Result {
        announce(&format!("{name} {version}"), why, usual);
        let place = cache()?.join("tools");
        quietly(
            self.command("cargo")
                .args(["install", name, "--version", version, "--force"])
                .args(how)
                .arg("--root")
                .arg(place),
        )
    }

    /// Binaryen shrinks the wasm; axe-core holds the accessibility rules.
    fn npm_packages(&mut self) -> Result {
        let place = cache()?.join("node");
        let modules = place.join("node_modules");
        let wanted = [("binaryen", BINARYEN), ("axe-core", AXE)];
        if !wanted
            .iter()
            .all(|(name, version)| has_npm(&modules, name, version))
        {
            announce(
                "binaryen and axe-core from npm",
                "shrink the wasm, check accessibility",
                "half a minute",
            );
            std::fs::create_dir_all(&place)
                .map_err(|why| format!("cannot make {}: {why}", place.display()))?;
            let mut npm = self.command("npm");
            npm.args([
                "install",
                "--no-audit",
                "--no-fund",
                "--ignore-scripts",
                "--save-exact",
                "--prefix",
            ])
            .arg(&place);
            quietly(npm.args(wanted.map(|(name, version)| format!("{name}@{version}"))))?;
        }
        self.node_modules = Some(modules);
        Ok(())
    }

    /// After this the build itself needs no network.
    fn fetch_crates(&mut self) -> Result {
        let fetch = |how: &[&str]| {
            let mut command = self.command("cargo");
            command.args(["fetch", "--locked", "--quiet"]).args(how);
            command
        };
        if ask(&mut fetch(&["--offline"])).is_none() {
            announce(
                "the crates of Cargo.lock",
                "what Millrace is built from",
                "half a minute",
            );
            quietly(&mut fetch(&[]))?;
        }
        self.offline = true;
        Ok(())
    }

    fn sysroot(&self) -> Option<PathBuf> {
        ask(self.command("rustc").args(["--print", "sysroot"])).map(PathBuf::from)
    }
}

/// Wasm-opt of npm's binaryen, if it and Node are there already. Looks, never installs: a build
/// that Trunk started by itself comes by here too.
pub fn wasm_opt() -> Option<Command> {
    let modules = cache().ok()?.join("node/node_modules");
    let script = modules.join("binaryen/bin/wasm-opt");
    let node = on_path(&std::env::var_os("PATH")?, "node")?;
    (has_npm(&modules, "binaryen", BINARYEN) && script.is_file()).then(|| {
        let mut command = Command::new(node);
        command.arg(script);
        command
    })
}

fn has_npm(modules: &Path, name: &str, version: &str) -> bool {
    let about =
        std::fs::read_to_string(modules.join(name).join("package.json")).unwrap_or_default();
    about
        .replace(": ", ":")
        .contains(&format!("\"version\":\"{version}\""))
}

/// The toolchain in force, so that every child uses the same whatever folder it runs in.
fn toolchain() -> Option<String> {
    std::env::var("RUSTUP_TOOLCHAIN").ok().or_else(|| {
        let active = ask(Command::new("rustup")
            .args(["show", "active-toolchain"])
            .current_dir(root()))?;
        active.split_whitespace().next().map(String::from)
    })
}

/// The PATH of child processes: our tools first, then everything that was there.
fn path_with(bin: &Path) -> Result<std::ffi::OsString> {
    let old = std::env::var_os("PATH").unwrap_or_default();
    let all = std::iter::once(bin.to_path_buf()).chain(std::env::split_paths(&old));
    std::env::join_paths(all)
        .map_err(|why| format!("the PATH cannot hold {}: {why}", bin.display()))
}

/// The first file of that name on a PATH.
pub fn on_path(path: &std::ffi::OsStr, program: &str) -> Option<PathBuf> {
    let name = format!("{program}{}", std::env::consts::EXE_SUFFIX);
    std::env::split_paths(path)
        .map(|folder| folder.join(&name))
        .find(|file| file.is_file())
}

/// The last word of the first line that `program --version` prints: `trunk 0.21.14`.
fn version_of(path: &std::ffi::OsStr, program: &str) -> Option<String> {
    let text = ask(Command::new(on_path(path, program)?).arg("--version"))?;
    text.lines()
        .next()?
        .split_whitespace()
        .last()
        .map(String::from)
}

/// The command that brings something on systems where xtask does not install by itself.
fn by_system(what: &str) -> &'static str {
    match (what, std::env::consts::OS) {
        ("chromium", "macos") => "brew install --cask google-chrome chromedriver",
        ("node", "macos") => "brew install node",
        ("chromium", "windows") => {
            "winget install Google.Chrome, and ChromeDriver from https://googlechromelabs.github.io/chrome-for-testing"
        }
        ("node", "windows") => "winget install OpenJS.NodeJS",
        ("chromium", _) => {
            "sudo apt-get install chromium chromium-driver, or your system's packages of that name"
        }
        _ => "sudo apt-get install nodejs npm, or your system's packages of that name",
    }
}
