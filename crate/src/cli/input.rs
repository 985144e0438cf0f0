//! What a person gives: files, scenes, runs. Every mistake becomes a sentence.

use crate::scenario::{self, Scenario, Workload, orders_file};
use crate::time::Span;
use std::io::{self, Write};
use std::path::Path;

/// A file's text.
pub(super) fn text(path: &Path) -> Result<String, String> {
    let bytes = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    String::from_utf8(bytes).map_err(|error| {
        let valid = error.utf8_error().valid_up_to();
        format!("{}: not UTF-8 text, from byte {valid} on", path.display())
    })
}

/// The scene of this name.
pub(super) fn scene(name: &str) -> Result<Scenario, String> {
    scenario::by_name(name).ok_or_else(|| {
        let names: Vec<String> = scenario::all()
            .into_iter()
            .map(|scene| scene.name)
            .collect();
        format!(
            "there is no scenario “{name}”. There are: {}",
            names.join(", ")
        )
    })
}

/// A length of time, for clap.
pub(super) fn span(text: &str) -> Result<Span, String> {
    text.parse()
}

/// How many times faster than recorded orders are replayed, for clap.
pub(super) fn speed(text: &str) -> Result<f64, String> {
    let speed = text.parse().ok();
    speed
        .filter(|speed| (1e-3..=1e6).contains(speed))
        .ok_or_else(|| "a speed lies between 0.001 and 1000000".into())
}

/// The orders of a file as a workload. Bad rows are listed on `stderr` and left out.
pub(super) fn orders(
    path: &Path,
    speed: f64,
    stderr: &mut dyn Write,
) -> io::Result<Result<Workload, String>> {
    let text = match text(path) {
        Ok(text) => text,
        Err(why) => return Ok(Err(why)),
    };
    let name = path
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    let file = orders_file::parse(&name, &text);
    let path = path.display();
    for (line, why) in &file.bad {
        writeln!(stderr, "{path}:{line}: {why}")?;
    }
    if file.orders.is_empty() {
        return Ok(Err(format!("{path}: no order could be read")));
    }
    if !file.bad.is_empty() {
        let (bad, good) = (file.bad.len(), file.orders.len());
        writeln!(stderr, "{path}: {bad} lines left out, {good} orders read")?;
    }
    Ok(Ok(Workload::Recorded {
        name,
        hash: file.hash,
        speed,
        orders: file.orders.into(),
    }))
}
