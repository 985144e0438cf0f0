//! Inference against the crates that trained, and what every model must do.

use super::measure::{early, measure};
use super::table::Table;
use super::*;
use crate::clickstream::shoppers::Visit;
use crate::rng::{Rng, Salt};
use serde_json::Value;

macro_rules! weights {
    ($($name:literal),*) => {
        [$(($name, include_bytes!(concat!("../../../weights/", $name)).as_slice())),*]
    };
}

/// All that is shipped.
const WEIGHTS: [(&str, &[u8]); 9] = weights![
    "length.bin",
    "markov.bin",
    "logistic-kgram.bin",
    "logistic-hvg.bin",
    "logistic-both.bin",
    "forest-kgram.bin",
    "forest-hvg.bin",
    "forest-both.bin",
    "lstm.bin"
];

fn models() -> impl Iterator<Item = (&'static str, Model)> {
    WEIGHTS
        .into_iter()
        .map(|(name, bytes)| (name, Model::from_bytes(bytes).expect("it is whole")))
}

fn table() -> Table {
    Table::from_json(include_bytes!("../../../weights/table.json")).expect("it is a table")
}

/// Sessions that no model was trained on, as many that buy as that do not.
fn sessions(n: usize) -> Vec<(Vec<u8>, bool)> {
    let mut rng = Rng::new(77, Salt::Shoppers, 0);
    let visits = (0..n).map(|_| Visit::draw(&mut rng, BALANCED));
    visits
        .map(|visit| (before_purchase(&visit.symbols).to_vec(), visit.buys))
        .collect()
}

/// Each answer is what the crate's own model gave when it was trained. Weights have 32 bits here and
/// a forest's shares 16; candle adds in another order.
#[test]
fn answers_are_those_of_the_crates_that_trained() {
    let golden = include_bytes!("../../../weights/golden.json");
    let golden: Value = serde_json::from_slice(golden).expect("it is JSON");
    let cases = golden["cases"].as_array().expect("it has cases");
    assert!(cases.len() >= 40);
    for case in cases {
        let digits = case["symbols"].as_str().expect("symbols").bytes();
        let symbols: Vec<u8> = digits.map(|digit| digit - b'0').collect();
        for (name, model) in models() {
            let theirs = case["answers"][name].as_f64().expect("an answer");
            let (ours, theirs) = if model.kind() == Kind::Forest {
                (
                    model.probability_for(&symbols, BALANCED),
                    theirs.clamp(0.001, 0.999),
                )
            } else {
                (
                    log_odds_of(model.probability_for(&symbols, BALANCED)),
                    theirs,
                )
            };
            let off = (ours - theirs).abs();
            assert!(
                off < 2e-4 * theirs.abs().max(1.0),
                "{name} of {}: {theirs} expected, {ours} found",
                case["symbols"]
            );
        }
    }
}

/// A model that is read is written as it was; the names are those of the files.
#[test]
fn weights_are_read_and_written_and_named() {
    for (name, model) in models() {
        let bytes = WEIGHTS.iter().find(|(known, _)| *known == name);
        assert_eq!(
            Some(model.to_bytes().as_slice()),
            bytes.map(|known| known.1)
        );
        let features = model.features().unwrap_or(Features::Both);
        assert_eq!(Model::file_name(model.kind(), features), name);
        let small = Model::small(model.kind(), features);
        let large = matches!(model.kind(), Kind::Forest | Kind::Lstm);
        assert_eq!(small, (!large).then_some(model));
    }
}

/// The bytes that training made from its seed, so that nobody changes them unseen.
#[test]
fn weights_are_those_that_were_trained() {
    let fold = |bytes: &[u8]| {
        bytes.iter().fold(0xcbf2_9ce4_8422_2325_u64, |hash, &byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        })
    };
    let found = WEIGHTS.map(|(name, bytes)| (name, fold(bytes)));
    assert_eq!(
        found, HASHES,
        "cargo xtask train --check tells whether they are made again"
    );
}

const HASHES: [(&str, u64); 9] = [
    ("length.bin", 13_187_596_084_008_850_000),
    ("markov.bin", 17_742_484_718_060_446_947),
    ("logistic-kgram.bin", 15_644_075_056_869_795_737),
    ("logistic-hvg.bin", 16_497_918_769_295_771_128),
    ("logistic-both.bin", 12_378_348_073_717_659_411),
    ("forest-kgram.bin", 13_288_589_390_201_396_535),
    ("forest-hvg.bin", 18_389_684_778_859_287_088),
    ("forest-both.bin", 13_315_153_471_529_082_773),
    ("lstm.bin", 625_170_472_240_184_592),
];

/// Whatever is cut off or altered is refused or gives a model that answers; nothing panics.
#[test]
fn damaged_weights_are_refused_or_answer() {
    for (name, bytes) in WEIGHTS {
        for cut in [0, 3, 4, 5, 6, 7, bytes.len() - 1] {
            assert!(
                Model::from_bytes(&bytes[..cut]).is_err(),
                "{name} cut at {cut}"
            );
        }
        assert!(
            Model::from_bytes(&[bytes, &[0]].concat()).is_err(),
            "{name} and more"
        );
        let mut rng = Rng::new(5, Salt::Resample, 2);
        for _ in 0..200 {
            let mut altered = bytes.to_vec();
            altered[rng.below(bytes.len() as u64) as usize] = rng.bits() as u8;
            if let Ok(model) = Model::from_bytes(&altered) {
                let probability = model.probability_for(&[1, 2, 3, 3, 1, 6, 4], BALANCED);
                assert!((0.0..=1.0).contains(&probability), "{name}: {probability}");
                let _ = model.moved(&[1, 2, 3, 3, 1]);
            }
        }
    }
}

#[test]
fn nothing_leaks_from_a_purchase_on() {
    for (name, model) in models() {
        let before = model.probability_for(&[1, 2, 3, 3], BALANCED);
        for after in [&[5][..], &[5, 3, 3], &[5, 5, 1, 2, 6]] {
            let symbols = [&[1, 2, 3, 3], after].concat();
            assert_eq!(model.probability_for(&symbols, BALANCED), before, "{name}");
            assert_eq!(model.course(&symbols, BALANCED).len(), 4, "{name}");
            assert_eq!(model.moved(&symbols), model.moved(&[1, 2, 3, 3]), "{name}");
        }
        assert_eq!(
            model.probability_for(&[], 0.25),
            0.25,
            "{name} has seen nothing"
        );
        assert_eq!(
            model.probability_for(&[5, 1], 0.25),
            0.25,
            "{name} has seen nothing"
        );
        assert!(model.moved(&[]).is_empty() && model.course(&[], BALANCED).is_empty());
    }
}

/// What moved the answer adds up to it.
#[test]
fn parts_add_up_to_the_answer() {
    for (symbols, _) in sessions(40) {
        for (name, model) in models() {
            let sum: f64 = model.moved(&symbols).iter().map(|part| part.1).sum();
            let answer = model.probability_for(&symbols, BALANCED);
            let whole = match &model {
                Model::Forest(forest) => {
                    let roots = forest.trees.iter().map(|tree| f64::from(tree[0].share));
                    answer - roots.sum::<f64>() / 65_535.0 / forest.trees.len() as f64
                }
                Model::Logistic(logistic) => log_odds_of(answer) - f64::from(logistic.bias),
                _ => log_odds_of(answer),
            };
            assert!((sum - whole).abs() < 0.002, "{name}: {sum} of {whole}");
            let moved = model.moved(&symbols);
            assert!(moved.windows(2).all(|two| two[0].1.abs() >= two[1].1.abs()));
        }
    }
}

/// On sessions that are neither those it was trained on nor those of the table, each model is as good
/// as the table says, within chance.
#[test]
fn models_are_as_good_as_the_table_says() {
    let sessions = sessions(10_000);
    let rows = table().rows;
    for (name, model) in models() {
        let answers = sessions
            .iter()
            .map(|(symbols, bought)| (model.probability_for(symbols, BALANCED), *bought));
        let ours = measure(answers.collect()).expect("both classes").auc;
        let row = rows.iter().find(|row| {
            let features = model.features().map(Features::name);
            row.model == model.kind().name()
                && row.features.as_deref() == features
                && row.buying == BALANCED
        });
        let theirs = row.expect("the table has it").measures.auc;
        assert!(
            ours.low <= theirs.high && theirs.low <= ours.high,
            "{name}: {ours:?} here, {theirs:?} in the table"
        );
    }
}

/// With more clicks of the same sessions the answers get better: never worse than before beyond
/// their intervals, and in the end by far.
#[test]
fn quality_grows_with_clicks() {
    let sessions = sessions(3_000);
    for (name, model) in models() {
        // Length says nothing of beginnings that are equally long; motifs alone very little.
        if matches!(name, "length.bin" | "logistic-hvg.bin" | "forest-hvg.bin") {
            continue;
        }
        let sessions = sessions
            .iter()
            .map(|(symbols, bought)| (symbols.as_slice(), *bought));
        let course = early(&model, sessions, 1..=20, BALANCED);
        assert_eq!(course.len(), 20);
        let mut best = 0.0_f64;
        for (clicks, measures) in &course {
            let auc = measures.auc;
            assert!(
                auc.high >= best,
                "{name} after {clicks}: {auc:?} after {best}"
            );
            best = best.max(auc.value);
        }
        let (first, last) = (course[0].1.auc, course[19].1.auc);
        assert!(last.low > first.high + 0.1, "{name}: {first:?} to {last:?}");
    }
}

/// Of all trained models the table tells; one of k-grams and motifs reaches 0.9.
#[test]
fn the_table_tells_of_every_model() {
    let table = table();
    assert_eq!((table.rows.len(), table.early.len()), (18, 9));
    let reached = table.rows.iter().filter(|row| {
        row.features.as_deref() == Some("both")
            && row.buying == BALANCED
            && row.measures.auc.low >= 0.9
    });
    assert!(reached.count() >= 1);
    assert!(table.early.iter().all(|early| early.auc.len() == 20));
}

#[test]
fn measures_are_what_they_are_called() {
    assert_eq!(measure(Vec::new()), None);
    assert_eq!(measure(vec![(0.2, true), (0.7, true)]), None);
    let answers = vec![
        (0.9, true),
        (0.8, false),
        (0.6, true),
        (0.6, false),
        (0.1, false),
        (0.3, true),
    ];
    let measures = measure(answers).expect("both classes");
    assert_eq!(measures.confusion, [2, 2, 1, 1]);
    assert!((measures.accuracy.value - 0.5).abs() < 1e-12);
    // Precision 2/4 and recall 2/3.
    assert!((measures.f1.value - 4.0 / 7.0).abs() < 1e-12);
    // Of nine pairs, 0.9 wins three, 0.6 one and a half, 0.3 one.
    assert!((measures.auc.value - 5.5 / 9.0).abs() < 1e-12);
    // Bins of 0.1, 0.3, 0.6 (two, of which one bought), 0.8 and 0.9, one each.
    let off = (0.1 + 0.7 + 2.0 * 0.1 + 0.8 + 0.1) / 6.0;
    assert!((measures.calibration.value - off).abs() < 1e-12);
    assert_eq!(measures.bins.len(), 5);
    for figure in [measures.accuracy, measures.f1, measures.auc] {
        assert!(figure.low <= figure.value && figure.value <= figure.high);
    }
}
