//! A random forest: the mean of what many trees say.

use super::bytes::{Reader, Writer};
use super::logistic::features;
use super::{Feature, Features, Moved, Part, Tally};

/// A random forest of regression trees on whether a session buys (1) or not (0).
#[derive(Clone, PartialEq, Debug)]
pub struct Forest {
    /// Those that it reads.
    pub features: Features,
    /// The trees, each by its nodes, the root first.
    pub trees: Vec<Vec<Node>>,
}

/// A node of a tree.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Node {
    /// The share that bought of the sessions that came here in training, in 65,535ths.
    pub share: u16,
    /// Where it goes on, unless it is a leaf.
    pub split: Option<Split>,
}

/// Where a tree goes on: to the next node if a feature is at most a limit, else to another.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Split {
    /// The place of the feature among all.
    pub feature: u8,
    /// The limit.
    pub limit: f32,
    /// The place of the other node in its tree, beyond this one.
    pub above: u16,
}

/// A leaf, where a feature would stand.
const LEAF: u8 = u8::MAX;
const WHOLE: f64 = 65_535.0;

impl Node {
    fn share(&self) -> f64 {
        f64::from(self.share) / WHOLE
    }
}

impl Forest {
    /// The way down a tree: each node that is passed.
    fn way<'a>(
        tree: &'a [Node],
        features: &'a [f32; Features::COUNT],
    ) -> impl Iterator<Item = &'a Node> {
        let mut at = Some(0);
        std::iter::from_fn(move || {
            let place = at?;
            let node: &Node = tree.get(place)?;
            at = node.split.map(|split| {
                let below = features[usize::from(split.feature)] <= split.limit;
                if below {
                    place + 1
                } else {
                    usize::from(split.above)
                }
            });
            Some(node)
        })
    }

    pub(super) fn probability(&self, tally: &Tally) -> f64 {
        let features = tally.features();
        let leaves = self
            .trees
            .iter()
            .filter_map(|tree| Self::way(tree, &features).last());
        let sum: f64 = leaves.map(Node::share).sum();
        // No forest is as sure as that; and log-odds stay finite.
        (sum / self.trees.len() as f64).clamp(0.001, 0.999)
    }

    /// On the way down a tree each split moves the answer from one node's share to the next one's,
    /// which is what its feature did (Saabas, 2014).
    pub(super) fn moved(&self, tally: &Tally) -> Vec<Moved> {
        let features = tally.features();
        let mut by = [0.0; Features::COUNT];
        for tree in &self.trees {
            let mut from: Option<&Node> = None;
            for node in Self::way(tree, &features) {
                if let Some((before, split)) = from.and_then(|from| Some((from, from.split?))) {
                    by[usize::from(split.feature)] += node.share() - before.share();
                }
                from = Some(node);
            }
        }
        let moved = by.into_iter().enumerate();
        let trees = self.trees.len() as f64;
        moved
            .map(|(place, by)| (Part::Feature(Feature::at(place)), by / trees))
            .collect()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let features = features(reader)?;
        let trees = (0..reader.u16()?)
            .map(|_| {
                let nodes = reader.u16()?;
                (0..nodes)
                    .map(|place| Self::read_node(reader, features, place, nodes))
                    .collect()
            })
            .collect::<Result<Vec<Vec<Node>>, _>>()?;
        if trees.is_empty() || trees.iter().any(Vec::is_empty) {
            return Err("a forest without a tree, or a tree without a node");
        }
        Ok(Self { features, trees })
    }

    /// Every way leads onward and ends in the tree, so that none has no end.
    fn read_node(
        reader: &mut Reader<'_>,
        features: Features,
        place: u16,
        nodes: u16,
    ) -> Result<Node, &'static str> {
        let feature = reader.u8()?;
        let share = reader.u16()?;
        if feature == LEAF {
            return Ok(Node { share, split: None });
        }
        let split = Split {
            feature,
            limit: reader.real()?,
            above: reader.u16()?,
        };
        if !features.range().contains(&usize::from(feature)) {
            return Err("a tree asks for a feature that it should not read");
        }
        if split.above <= place || split.above >= nodes {
            return Err("a tree's way leads nowhere");
        }
        let split = Some(split);
        Ok(Node { share, split })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.features as u8);
        writer.u16(self.trees.len() as u16);
        for tree in &self.trees {
            writer.u16(tree.len() as u16);
            for node in tree {
                writer.u8(node.split.map_or(LEAF, |split| split.feature));
                writer.u16(node.share);
                if let Some(split) = node.split {
                    writer.reals(&[split.limit]);
                    writer.u16(split.above);
                }
            }
        }
    }
}
