//! Famous failures: with its mistake each scene breaks the promise it is about; without, on the same
//! seed and with the same faults, nothing that is promised breaks. Each asks about it, and the run
//! answers yes and no.

use millrace::cluster::Flaw;
use millrace::scenario::famous::{self, Famous};
use millrace::sim::{Breach, Command, Promise, Timeline};
use millrace::time::Time;
use millrace::view::panel::Asked;
use millrace::view::predict::{self, Answers};

/// A scene played to its end.
fn played(famous: &Famous, seed: u64, with_mistake: bool) -> Timeline {
    let mut scene = famous.scene.clone();
    if !with_mistake {
        scene
            .script
            .retain(|acted| !matches!(acted.command, Command::SetFlaw { .. }));
    }
    let end = Time::ZERO + scene.length;
    let mut timeline = Timeline::new(scene, seed).expect("the scene holds together");
    assert!(timeline.run_until(end, 5_000_000), "it ends");
    timeline
}

/// What the run answered to the scene's question: the option, in words, and why.
fn answer(timeline: &Timeline) -> String {
    let asked = predict::asked(timeline, &Answers::new());
    let [
        Asked {
            options,
            outcome: Some((right, told)),
            ..
        },
    ] = &asked[..]
    else {
        panic!("one question, and it is graded: {asked:?}");
    };
    format!("{}: {told}", options[*right])
}

#[test]
fn every_mistake_has_a_scene_that_asks_before_anything_fails_and_tells_what_does() {
    let all = famous::all();
    for flaw in Flaw::ALL {
        assert!(all.iter().any(|f| f.flaw == flaw), "{}", flaw.name());
    }
    for famous in &all {
        let scene = &famous.scene;
        let faults = &scene.script[1..];
        let timeline = played(famous, 7, true);
        let asked = predict::asked(&timeline, &Answers::new());
        assert!(asked[0].at < faults[0].at_us, "{}", scene.name);
        let graded_at = asked[0].at + scene.questions[0].graded_after;
        assert!(graded_at <= Time::ZERO + scene.length, "{}", scene.name);
        for fault in faults {
            let told = scene.captions.iter().find(|c| c.at == fault.at_us);
            assert!(told.is_some_and(|c| c.text.ends_with('.')), "{fault:?}");
        }
    }
}

#[test]
fn the_mistake_breaks_its_promise_and_without_it_nothing_breaks() {
    let mut wrong = Vec::new();
    for famous in &famous::all() {
        let name = famous.flaw.name();
        for seed in [7, 41, 2_025] {
            let timeline = played(famous, seed, true);
            let mut promises = timeline.moment().promises.clone();
            promises.recheck(&timeline.moment().world);
            let broken = |promise| promises.breach(promise).is_some_and(Breach::promised);
            if !broken(famous.breaks) {
                let others = Promise::ALL.into_iter().filter(|p| broken(*p));
                let others: Vec<&str> = others.map(Promise::name).collect();
                wrong.push(format!("{name}, seed {seed}: broke {others:?}"));
            }
            let says = answer(&timeline);
            if !says.starts_with("yes: ") {
                wrong.push(format!("{name}, seed {seed}: {says}"));
            }
            let timeline = played(famous, seed, false);
            let mut promises = timeline.moment().promises.clone();
            promises.recheck(&timeline.moment().world);
            if let Some(breach) = promises.broken() {
                wrong.push(format!(
                    "{name} without its mistake, seed {seed}: {breach:?}"
                ));
            }
            let says = answer(&timeline);
            if !says.starts_with("no: ") {
                wrong.push(format!("{name} without its mistake, seed {seed}: {says}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
