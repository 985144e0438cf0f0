//! Who may import whom: nothing points back.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// Each room of the core and the rooms it may name. ARCHITECTURE.md tells why.
const MAY_USE: &[(&str, &[&str])] = &[
    ("id", &[]),
    ("time", &[]),
    ("pile", &[]),
    ("map", &[]),
    ("rng", &["time"]),
    ("sketch", &["map", "rng"]),
    ("clickstream", &["map", "rng"]),
    ("log", &["id", "time", "rng", "pile"]),
    ("social", &["time", "rng", "pile"]),
    ("protocol", &["id", "map", "time", "log", "social"]),
    ("stream", &["sketch", "clickstream"]),
    (
        "cluster",
        &["id", "map", "time", "rng", "log", "protocol", "group"],
    ),
    (
        "client",
        &["id", "map", "time", "rng", "log", "protocol", "group"],
    ),
    ("group", &["id", "map", "time", "rng", "log", "protocol"]),
    ("shop", &["id", "time", "rng", "log", "protocol", "client"]),
    (
        "feed",
        &[
            "id",
            "time",
            "rng",
            "log",
            "social",
            "protocol",
            "client",
            "shop",
            "clickstream",
        ],
    ),
    (
        "layers",
        &["id", "time", "rng", "pile", "social", "protocol", "client"],
    ),
    (
        "app",
        &["id", "time", "rng", "log", "protocol", "client", "stream"],
    ),
    (
        "sim",
        &[
            "id", "map", "time", "rng", "pile", "log", "protocol", "cluster", "client", "group",
            "shop", "feed", "app", "stream", "layers", "social",
        ],
    ),
    (
        "scenario",
        &[
            "id",
            "map",
            "time",
            "rng",
            "protocol",
            "shop",
            "feed",
            "app",
            "sim",
            "stream",
            "clickstream",
            "layers",
        ],
    ),
    (
        "link",
        &[
            "id", "map", "time", "rng", "protocol", "shop", "sim", "scenario", "view",
        ],
    ),
    (
        "view",
        &[
            "id",
            "map",
            "time",
            "rng",
            "sketch",
            "log",
            "protocol",
            "cluster",
            "client",
            "group",
            "shop",
            "feed",
            "app",
            "sim",
            "scenario",
            "stream",
            "clickstream",
            "layers",
            "social",
        ],
    ),
    (
        "bench",
        &[
            "id",
            "time",
            "rng",
            "sketch",
            "log",
            "protocol",
            "sim",
            "scenario",
            "stream",
            "clickstream",
        ],
    ),
    (
        "cli",
        &[
            "id",
            "map",
            "time",
            "rng",
            "sketch",
            "log",
            "protocol",
            "cluster",
            "client",
            "group",
            "shop",
            "sim",
            "scenario",
            "link",
            "view",
            "stream",
            "clickstream",
            "layers",
        ],
    ),
];

fn sources(under: &Path, into: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(under).expect("the sources are there") {
        let path = entry.expect("a readable folder").path();
        if path.is_dir() {
            sources(&path, into);
        } else if path.extension().is_some_and(|ext| ext == "rs") {
            into.push(path);
        }
    }
}

#[test]
fn nothing_points_back() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crate/src");
    let rules: BTreeMap<&str, &[&str]> = MAY_USE.iter().copied().collect();
    let mut files = Vec::new();
    sources(&root, &mut files);
    let mut wrong = Vec::new();
    let mut uses = 0;
    for file in files {
        let inside = file.strip_prefix(&root).expect("it is below the root");
        let first = inside
            .iter()
            .next()
            .expect("it has a name")
            .to_string_lossy();
        let room = first.trim_end_matches(".rs");
        // Tests may bring together what the product keeps apart.
        if matches!(room, "lib" | "bin")
            || inside
                .iter()
                .any(|part| part == "tests" || part == "tests.rs")
        {
            continue;
        }
        let text = std::fs::read_to_string(&file).expect("sources are text");
        let product = text.split("#[cfg(test)]").next().unwrap_or_default();
        let product = product.split("#[cfg(all(test").next().unwrap_or_default();
        let allowed = rules
            .get(room)
            .unwrap_or_else(|| panic!("{room} has no rule: add it here and to ARCHITECTURE.md"));
        for part in product.split("crate::").skip(1) {
            let named: String = part
                .chars()
                .take_while(|c| c.is_ascii_alphanumeric() || *c == '_')
                .collect();
            uses += 1;
            if named != room
                && rules.contains_key(named.as_str())
                && !allowed.contains(&named.as_str())
            {
                wrong.push(format!("{}: {room} may not use {named}", inside.display()));
            }
        }
    }
    assert!(
        uses > 200,
        "only {uses} uses found: the test does not see the sources"
    );
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
