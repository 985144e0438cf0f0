//! What must be the same on every machine: these run natively and in a browser.

use millrace::clickstream::features::Features;
use millrace::clickstream::intent::{Kind, Model};
use millrace::clickstream::shoppers::{Click, Crowd, Shoppers};
use millrace::rng::{Dist, Rng, Salt};
use millrace::sim::Timeline;
use millrace::time::Time;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// Every distribution draws the same spans wherever it runs: the logarithms, exponentials and
/// cosines agree to the bit, so that one seed is one history.
#[wasm_bindgen_test(unsupported = test)]
fn draws_are_the_same_everywhere() {
    let dists = [
        Dist::Constant { us: 7 },
        Dist::Exponential { mean_us: 80_000 },
        Dist::LogNormal {
            mean_us: 80_000,
            sigma: 0.25,
        },
    ];
    let mut rng = Rng::new(41, Salt::Service, 3);
    let fold = (0..30_000).fold(0_u64, |hash, turn| {
        hash.wrapping_mul(0x100_0000_01b3) ^ dists[turn % 3].draw(&mut rng).0
    });
    assert_eq!(fold, 804_797_191_132_094_364);
}

/// A run of the order pipeline has one history wherever it is played, also when it is gone back in
/// and played again.
#[wasm_bindgen_test(unsupported = test)]
fn a_run_has_one_history_everywhere() {
    assert_eq!(
        history("slow-payment"),
        (1_115_130_933_772_513_056, 15_363_320_145_532_530_066)
    );
}

/// So has a run of a cluster whose leader is killed and comes back.
#[wasm_bindgen_test(unsupported = test)]
fn a_cluster_has_one_history_everywhere() {
    assert_eq!(
        history("leader-killed"),
        (6_152_074_509_907_103_891, 5_828_561_257_731_207_609)
    );
}

/// The hashes at 30 and at 45 seconds.
fn history(scene: &str) -> (u64, u64) {
    let scene = millrace::scenario::by_name(scene).expect("the scene is there");
    let mut timeline = Timeline::new(scene, 41).expect("the scene holds together");
    let hash = |timeline: &mut Timeline, s: u64| {
        timeline.seek(Time(s * 1_000_000), u64::MAX);
        timeline.trace_hash()
    };
    let at_30 = hash(&mut timeline, 30);
    let at_45 = hash(&mut timeline, 45);
    assert_eq!(hash(&mut timeline, 30), at_30);
    assert_eq!(hash(&mut timeline, 45), at_45);
    (at_30, at_45)
}

/// Shoppers, their features and a model's answers are the same to the bit.
#[wasm_bindgen_test(unsupported = test)]
fn purchase_intent_is_the_same_everywhere() {
    let models = [
        Model::small(Kind::Length, Features::Both),
        Model::small(Kind::Markov, Features::Both),
        Model::small(Kind::Logistic, Features::Both),
        Model::from_bytes(include_bytes!("../weights/forest-both.bin")).ok(),
        Model::from_bytes(include_bytes!("../weights/lstm.bin")).ok(),
    ];
    let crowd = Crowd {
        users: 20,
        ..Crowd::default()
    };
    let clicks: Vec<Click> = Shoppers::new(41, crowd, 0).take(2_000).collect();
    let fold = |hash: u64, word: u64| (hash ^ word).wrapping_mul(0x100_0000_01b3);
    let shoppers = clicks.iter().fold(0, |hash, click| {
        let hash = fold(hash, click.at_ms.cast_unsigned());
        let hash = fold(hash, click.arrives_ms.cast_unsigned());
        fold(fold(hash, click.page.hash()), u64::from(click.symbol))
    });
    let answers = models.map(|model| {
        let model = model.expect("its weights are whole");
        let mut seen = model.start();
        clicks.iter().fold(0, |hash, click| {
            if click.symbol == 5 {
                seen = model.start();
            } else {
                model.see(&mut seen, click.symbol);
            }
            fold(hash, model.probability(&seen, 0.25).to_bits())
        })
    });
    assert_eq!(shoppers, 16_501_708_075_915_528_346);
    assert_eq!(
        answers,
        [
            8_002_500_023_645_903_842,
            3_640_572_002_839_598_084,
            293_326_369_426_520_665,
            14_652_043_181_637_666_040,
            17_839_107_555_314_739_270
        ]
    );
}
