//! `cargo xtask train`: the weights of the models of purchase intent, made again from their seed.

use crate::Result;
use crate::project::{read, root, scratch};
use crate::run::{announce, plainly};
use crate::tools::set_up;
use std::path::Path;

/// Trains every model and writes what is shipped of it into `crate/weights/`; or, to `check`, into a
/// folder of its own, and compares the two byte by byte.
pub fn train(check: bool) -> Result {
    let tools = set_up(&[])?;
    announce(
        "training",
        "the models of purchase intent",
        "8 minutes to build the first time, 1 to train",
    );
    let shipped = root().join("crate/weights");
    let into = if check {
        scratch().join("weights")
    } else {
        shipped.clone()
    };
    let mut cargo = tools.command("cargo");
    cargo.args(["run", "--quiet", "--release", "--locked", "--manifest-path"]);
    cargo
        .arg(root().join("train/Cargo.toml"))
        .arg("--")
        .arg(&into);
    // A target directory of its own, and one thread: sums of several come in any order.
    cargo.env("CARGO_TARGET_DIR", scratch().join("train"));
    plainly(cargo.env("RAYON_NUM_THREADS", "1"))?;
    if check { same(&into, &shipped) } else { Ok(()) }
}

/// Whether each file that was made is the one that is shipped.
fn same(made: &Path, shipped: &Path) -> Result {
    let unreadable = |why: std::io::Error| format!("cannot read {}: {why}", made.display());
    let mut differ = Vec::new();
    for entry in std::fs::read_dir(made).map_err(unreadable)? {
        let name = entry.map_err(unreadable)?.file_name();
        if read(&made.join(&name))? != read(&shipped.join(&name))? {
            differ.push(name.to_string_lossy().into_owned());
        }
    }
    differ.sort();
    if differ.is_empty() {
        println!("the same bytes as those shipped");
        Ok(())
    } else {
        Err(format!(
            "not the bytes that are shipped: {} (compare {} with {})",
            differ.join(", "),
            made.display(),
            shipped.display()
        ))
    }
}
