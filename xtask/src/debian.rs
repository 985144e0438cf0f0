//! Packages of Debian and Ubuntu, which xtask installs by itself where it may.

use crate::Result;
use crate::run::{announce, ask, quietly};
use std::process::Command;

/// What comes from the system's packages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Package {
    /// Chromium and ChromeDriver.
    Chromium,
    /// Node.js and npm.
    Node,
}

impl Package {
    const fn names(self, ubuntu: bool) -> &'static [&'static str] {
        match (self, ubuntu) {
            (Self::Chromium, false) => &["chromium", "chromium-driver"],
            (Self::Chromium, true) => &["chromium-browser", "chromium-chromedriver"],
            (Self::Node, _) => &["nodejs", "npm"],
        }
    }

    const fn why(self) -> &'static str {
        match self {
            Self::Chromium => "the browser that the tests drive",
            Self::Node => "shrinks the wasm and checks accessibility",
        }
    }
}

/// Whether this is Debian or Ubuntu, and we may install.
pub fn can_install() -> bool {
    system().is_some() && privilege().is_some()
}

/// Installs packages, if there are any to install.
pub fn install(packages: &[Package]) -> Result {
    if packages.is_empty() {
        return Ok(());
    }
    let (Some(ubuntu), Some(sudo)) = (system().map(|id| id == "ubuntu"), privilege()) else {
        return Err("these packages can only be installed as root on Debian or Ubuntu".into());
    };
    let apt = |args: &[&str]| {
        let mut command = Command::new(sudo.first().unwrap_or(&"apt-get"));
        if !sudo.is_empty() {
            // sudo drops the environment, so the setting goes through `env`.
            command
                .args(&sudo[1..])
                .args(["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        }
        command.args(args).env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    announce(
        "the list of packages",
        "to know what the system offers",
        "ten seconds",
    );
    quietly(&mut apt(&["update"]))?;
    for package in packages {
        let names = package.names(ubuntu);
        announce(&names.join(" and "), package.why(), "a minute");
        quietly(apt(&["install", "-y", "--no-install-recommends"]).args(names))?;
    }
    Ok(())
}

/// `debian` or `ubuntu`, or neither.
fn system() -> Option<&'static str> {
    Command::new("apt-get").arg("--version").output().ok()?;
    system_in(&std::fs::read_to_string("/etc/os-release").ok()?)
}

fn system_in(release: &str) -> Option<&'static str> {
    let words = |key: &str| {
        let line = release.lines().find_map(|line| line.strip_prefix(key));
        line.unwrap_or_default()
            .trim_matches('"')
            .split_whitespace()
            .collect::<Vec<_>>()
    };
    let ids = [words("ID="), words("ID_LIKE=")].concat();
    ["ubuntu", "debian"].into_iter().find(|id| ids.contains(id))
}

/// What stands before `apt-get`: nothing for root, `sudo` where it asks for no password.
fn privilege() -> Option<&'static [&'static str]> {
    if ask(Command::new("id").arg("-u")).as_deref() == Some("0") {
        return Some(&[]);
    }
    ask(Command::new("sudo").args(["-n", "true"])).map(|_| &["sudo", "-n"][..])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_debian_ubuntu_and_their_children_apart() {
        assert_eq!(system_in("NAME=x\nID=debian\n"), Some("debian"));
        assert_eq!(system_in("ID=ubuntu\nID_LIKE=debian\n"), Some("ubuntu"));
        assert_eq!(
            system_in("ID=linuxmint\nID_LIKE=\"ubuntu debian\"\n"),
            Some("ubuntu")
        );
        assert_eq!(system_in("ID=raspbian\nID_LIKE=debian\n"), Some("debian"));
        assert_eq!(system_in("ID=fedora\n"), None);
    }
}
