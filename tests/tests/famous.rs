//! Famous failures: with its mistake each scene breaks the promise it is about; without, on the same
//! seed and with the same faults, nothing that is promised breaks.

use millrace::scenario::famous::{self, Famous};
use millrace::sim::{Breach, Command, Promise, Promises, Timeline};
use millrace::time::Time;

/// What was promised and broke by the end of a scene.
fn played(famous: &Famous, seed: u64, with_mistake: bool) -> (Promises, Option<Breach>) {
    let mut scene = famous.scene.clone();
    if !with_mistake {
        scene
            .script
            .retain(|acted| !matches!(acted.command, Command::SetFlaw { .. }));
    }
    let end = Time::ZERO + scene.length;
    let mut timeline = Timeline::new(scene, seed).expect("the scene holds together");
    assert!(timeline.run_until(end, 5_000_000), "it ends");
    let moment = timeline.moment();
    let mut promises = moment.promises.clone();
    promises.recheck(&moment.world);
    let broken = promises.broken().copied();
    (promises, broken)
}

#[test]
fn the_mistake_breaks_its_promise_and_without_it_nothing_breaks() {
    let all = famous::all();
    assert!(all.len() >= 8, "{} scenes", all.len());
    let mut wrong = Vec::new();
    for famous in &all {
        let name = famous.flaw.name();
        for seed in [7, 41, 2_025] {
            let (promises, _) = played(famous, seed, true);
            let broken = |promise| promises.breach(promise).is_some_and(Breach::promised);
            if !broken(famous.breaks) {
                let others = Promise::ALL.into_iter().filter(|p| broken(*p));
                let others: Vec<&str> = others.map(Promise::name).collect();
                wrong.push(format!("{name}, seed {seed}: broke {others:?}"));
            }
            let (_, broken) = played(famous, seed, false);
            if let Some(breach) = broken {
                wrong.push(format!(
                    "{name} without its mistake, seed {seed}: {breach:?}"
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
