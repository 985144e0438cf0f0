//! Protocol scripts: what a cluster does step by step, as real clusters did it.

use millrace_tests::script::play;

#[test]
fn scripts_play_as_written() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/scripts");
    let mut scripts: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("readable").path())
        .collect();
    scripts.sort();
    assert!(scripts.len() >= 3, "scripts are missing");
    let mut wrong = String::new();
    for path in scripts {
        let script = std::fs::read_to_string(&path).expect("readable");
        // Another seed, other latencies: the same history.
        for seed in [1, 2, 3] {
            for differs in play(&script, seed) {
                let name = path.file_name().unwrap_or_default().display();
                wrong += &format!("{name}, seed {seed}, {differs}\n");
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
