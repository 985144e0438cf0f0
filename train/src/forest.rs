//! The forests: smartcore's random forest of regression trees, which gives a probability where the
//! targets are 0 and 1.

use crate::data::Data;
use crate::{Result, Trained};
use millrace::clickstream::features::{Features, Tally};
use millrace::clickstream::intent::{Forest, Model, Node, Split};
use serde::Deserialize;
use smartcore::ensemble::random_forest_regressor::{
    RandomForestRegressor, RandomForestRegressorParameters,
};
use smartcore::linalg::basic::matrix::DenseMatrix;

const TREES: usize = 40;
const DEPTH: u16 = 8;
/// A leaf speaks for at least so many examples.
const LEAF: usize = 40;
const SEED: u64 = 1;

/// What smartcore says of itself through serde.
#[derive(Deserialize)]
struct Theirs {
    forest_regressor: Trees,
}

#[derive(Deserialize)]
struct Trees {
    trees: Vec<Tree>,
}

#[derive(Deserialize)]
struct Tree {
    nodes: Vec<TheirNode>,
}

#[derive(Deserialize)]
struct TheirNode {
    output: f64,
    split_feature: usize,
    split_value: Option<f64>,
    true_child: Option<usize>,
    false_child: Option<usize>,
}

pub fn forest(data: &Data, features: Features) -> Result<Trained> {
    let examples = data.examples();
    let row = move |symbols: &[u8]| -> Vec<f64> {
        let all = Tally::of(symbols).features();
        all[features.range()]
            .iter()
            .map(|&x| f64::from(x))
            .collect()
    };
    let rows: Vec<Vec<f64>> = examples
        .iter()
        .map(|session| row(&session.symbols))
        .collect();
    let bought = examples
        .iter()
        .map(|session| f64::from(u8::from(session.bought)));
    let tried = rows[0].len().div_ceil(4);
    let parameters = RandomForestRegressorParameters::default()
        .with_n_trees(TREES)
        .with_max_depth(DEPTH)
        .with_min_samples_leaf(LEAF)
        .with_min_samples_split(2 * LEAF)
        .with_m(tried)
        .with_seed(SEED);
    let x = DenseMatrix::from_2d_vec(&rows)?;
    let grown = RandomForestRegressor::fit(&x, &bought.collect::<Vec<f64>>(), parameters)?;
    let theirs: Theirs = serde_json::from_value(serde_json::to_value(&grown)?)?;
    let trees = theirs.forest_regressor.trees.iter().map(|tree| {
        let mut nodes = Vec::new();
        lay_out(&tree.nodes, 0, features.range().start, &mut nodes);
        nodes
    });
    let model = Model::Forest(Forest {
        features,
        trees: trees.collect(),
    });
    Ok(Trained {
        model,
        theirs: Box::new(move |symbols| {
            let x = DenseMatrix::from_2d_vec(&vec![row(symbols)])?;
            Ok(grown.predict(&x)?[0])
        }),
    })
}

/// Puts a node and what is below it one after the other: first where the feature is at most the
/// limit, then where it is above.
fn lay_out(theirs: &[TheirNode], at: usize, first_feature: usize, nodes: &mut Vec<Node>) {
    let node = &theirs[at];
    let place = nodes.len();
    nodes.push(Node {
        share: (node.output * 65_535.0).round() as u16,
        split: None,
    });
    if let (Some(limit), Some(below), Some(above)) =
        (node.split_value, node.true_child, node.false_child)
    {
        lay_out(theirs, below, first_feature, nodes);
        nodes[place].split = Some(Split {
            feature: (first_feature + node.split_feature) as u8,
            limit: at_most(limit),
            above: nodes.len() as u16,
        });
        lay_out(theirs, above, first_feature, nodes);
    }
}

/// The largest number of 32 bits that is not above `limit`: features have 32 bits, so it parts them
/// alike.
fn at_most(limit: f64) -> f32 {
    let near = limit as f32;
    if f64::from(near) > limit {
        near.next_down()
    } else {
        near
    }
}
