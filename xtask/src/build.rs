//! Building the page, and the two steps after Trunk: shrinking the wasm, and `app.wasm.js`.

use crate::Result;
use crate::project::{dist, read, root, scratch, write};
use crate::run::{announce, ask, plainly, quietly};
use crate::tools::{Need, TO_BUILD, Tools, on_path, set_up, wasm_opt};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// What wasm-opt is told. The features are those of Rust's own target, by name: given
/// `--all-features` it writes encodings that no browser reads yet.
const WASM_OPT: &[&str] = &[
    "-O3",
    "--mvp-features",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-call-indirect-overlong",
    "--enable-multivalue",
    "--enable-mutable-globals",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--strip-debug",
    "--strip-producers",
];

/// Makes `dist/`.
pub fn build(dev: bool) -> Result {
    let mut needs = TO_BUILD.to_vec();
    // Only for the page's size, so only where Node is there already.
    if std::env::var_os("PATH").is_some_and(|path| on_path(&path, "npm").is_some()) {
        needs.push(Need::Node);
    }
    let tools = set_up(&needs)?;
    trunk_build(&tools, dev, &dist())?;
    eprintln!("==> dist/ is ready: put it on any static host, under any path");
    Ok(())
}

/// Builds the page into a folder; Trunk calls [`post_build`] before it is done.
pub fn trunk_build(tools: &Tools, dev: bool, dist: &Path) -> Result {
    announce(
        "the page",
        "as a host would serve it",
        if dev {
            "a minute the first time, seconds later"
        } else {
            "3 minutes the first time, 1 after a change"
        },
    );
    let mut trunk = tools.command("trunk");
    // Standard output is for results: of tests, of measures.
    trunk
        .args(["build", "--offline", "true", "--dist"])
        .arg(dist);
    trunk.stdout(std::io::stderr());
    if !dev {
        trunk.arg("--release");
    }
    plainly(&mut trunk)
}

/// What Trunk runs when it has built: see Trunk.toml.
pub fn post_build() -> Result {
    let staging = std::env::var_os("TRUNK_STAGING_DIR").map(PathBuf::from);
    let staging = staging
        .ok_or("`post-build` is a step of `trunk build`, which says where the page is; run that")?;
    let wasm = the_wasm(&staging)?;
    if std::env::var("TRUNK_PROFILE").as_deref() == Ok("release") {
        shrink(&wasm)?;
    }
    write(&staging.join("app.wasm.js"), embedded(&read(&wasm)?))?;
    let loader = String::from_utf8_lossy(&read(&root().join("millrace.js"))?).into_owned();
    write(
        &staging.join("millrace.js"),
        named(&loader, &staging, &wasm)?,
    )
}

/// `millrace.js` with the names of this build: a page of somebody else's need not know them.
fn named(loader: &str, staging: &Path, wasm: &Path) -> Result<String> {
    let wasm = wasm.file_name().unwrap_or_default().to_string_lossy();
    let css = the_one(staging, "css")?;
    let css = css.file_name().unwrap_or_default().to_string_lossy();
    Ok(loader
        .replace("{css}", &css)
        .replace("{js}", &wasm.replace("_bg.wasm", ".js"))
        .replace("{wasm}", &wasm))
}

/// The one wasm file of a built page.
pub fn the_wasm(dist: &Path) -> Result<PathBuf> {
    the_one(dist, "wasm")
}

fn the_one(dist: &Path, kind: &str) -> Result<PathBuf> {
    let entries =
        std::fs::read_dir(dist).map_err(|why| format!("cannot list {}: {why}", dist.display()))?;
    let mut found = entries
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == kind));
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(format!(
            "{} holds no {kind}: did the build end early?",
            dist.display()
        )),
        (Some(_), Some(_)) => Err(format!("{} holds more than one {kind}", dist.display())),
    }
}

/// Makes the wasm smaller, if binaryen is there. The result is kept by the hash of what went in,
/// so that an unchanged build costs nothing.
fn shrink(wasm: &Path) -> Result {
    let Some(mut opt) = wasm_opt() else {
        eprintln!(
            "    the wasm stays as it is: `cargo xtask build` with Node on the PATH makes it smaller"
        );
        return Ok(());
    };
    let before = read(wasm)?;
    let mut hasher = DefaultHasher::new();
    (&before, WASM_OPT).hash(&mut hasher);
    let kept = scratch().join(format!("wasm-opt/{:016x}.wasm", hasher.finish()));
    if !kept.is_file() {
        announce("wasm-opt", "a smaller page", "20 seconds");
        let fresh = kept.with_extension("part");
        write(&fresh, [])?;
        quietly(opt.args(WASM_OPT).arg(wasm).arg("-o").arg(&fresh))?;
        std::fs::rename(&fresh, &kept)
            .map_err(|why| format!("cannot keep {}: {why}", kept.display()))?;
    }
    let after = read(&kept)?;
    eprintln!(
        "    wasm: {} kB, after wasm-opt {} kB",
        before.len() / 1000,
        after.len() / 1000
    );
    write(wasm, after)
}

/// The wasm as a script: what a page can load where it may not `fetch`. boot.js reads it.
fn embedded(wasm: &[u8]) -> String {
    format!("window.millraceWasm=\"{}\";\n", base64(wasm))
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |index: usize| u32::from(chunk.get(index).copied().unwrap_or(0));
        let word = at(0) << 16 | at(1) << 8 | at(2);
        for digit in 0..4 {
            let value = (word >> (18 - 6 * digit)) as usize & 63;
            text.push(if digit <= chunk.len() {
                DIGITS[value].into()
            } else {
                '='
            });
        }
    }
    text
}

/// The size of the page over the wire, in kB: brotli, without `app.wasm.js`, which only sandboxed
/// iframes load (instead of the wasm), and `millrace.js`, which only other people's pages load.
pub fn page_kb_brotli(tools: &Tools, dist: &Path) -> Result<f64> {
    const PAGE: &str = "fs.readdirSync(path)
        .filter((f) => /[.](html|js|css|wasm|svg)$/.test(f) && !['app.wasm.js', 'millrace.js'].includes(f))
        .map((f) => `${path}/${f}`)";
    brotli(tools, PAGE, dist)
}

/// The size of one file over the wire, in kB.
pub fn kb_brotli(tools: &Tools, file: &Path) -> Result<f64> {
    brotli(tools, "[path]", file)
}

/// The size of some files, in kB: `files` is an expression of `path`.
fn brotli(tools: &Tools, files: &str, path: &Path) -> Result<f64> {
    let sum = format!(
        "const fs = require('fs'), zlib = require('zlib'), path = process.argv[1];
        const bytes = (f) => zlib.brotliCompressSync(fs.readFileSync(f)).length;
        console.log({files}.reduce((sum, f) => sum + bytes(f), 0));"
    );
    let bytes = ask(tools.command("node").args(["-e", &sum]).arg(path));
    let bytes = bytes.and_then(|bytes| bytes.parse::<u32>().ok());
    bytes
        .map(|bytes| f64::from(bytes) / 1000.0)
        .ok_or(format!("Node could not compress {}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_is_the_standard_one() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
        ];
        for (plain, coded) in cases {
            assert_eq!(base64(plain.as_bytes()), coded);
        }
        assert_eq!(base64(&[0xfb, 0xef, 0xff]), "++//");
    }

    #[test]
    fn a_page_without_wasm_is_told() {
        let why = the_wasm(Path::new(env!("CARGO_MANIFEST_DIR"))).unwrap_err();
        assert!(why.contains("no wasm"), "{why}");
    }
}
