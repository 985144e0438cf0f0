//! How good a model's answers are, each figure with the interval that chance leaves it.

use super::Model;
use crate::rng::{Rng, Salt};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// One answer: the probability that was given, and whether the session did buy.
pub type Answer = (f64, bool);

/// A figure with the bounds within which it lies for 95 % of resamples (the bootstrap's percentile
/// interval, Efron 1979).
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Figure {
    /// The figure.
    pub value: f64,
    /// The lower bound.
    pub low: f64,
    /// The upper bound.
    pub high: f64,
}

/// Answers of about the same probability, against what happened.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Bin {
    /// How many there are.
    pub sessions: u64,
    /// The mean probability that was given.
    pub given: f64,
    /// The share that bought.
    pub bought: f64,
}

/// How good answers are.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Measures {
    /// How many answers there are.
    pub sessions: u64,
    /// How many of the sessions bought.
    pub bought: u64,
    /// True and false positives, false and true negatives, where a probability of a half or more is
    /// a yes.
    pub confusion: [u64; 4],
    /// The share of right answers.
    pub accuracy: Figure,
    /// The harmonic mean of precision and recall; 0 if no yes was right.
    pub f1: Figure,
    /// The probability that a session that bought was given more than one that did not; ties count
    /// half.
    pub auc: Figure,
    /// The expected calibration error: by how much the probability given in each of ten bins of
    /// equal width is off, in the mean.
    pub calibration: Figure,
    /// The ten bins; empty ones are left out.
    pub bins: Vec<Bin>,
}

const BINS: usize = 10;
const RESAMPLES: usize = 200;

/// The figures of answers of which some count more than once, in the order of [`Measures`].
fn figures(answers: &[Answer], weights: &[u32]) -> [f64; 4] {
    let counts = counts(answers, weights);
    let [tp, fp, fn_, tn] = counts.confusion.map(|count| count as f64);
    let all = tp + fp + fn_ + tn;
    let f1 = if tp > 0.0 {
        2.0 * tp / (2.0 * tp + fp + fn_)
    } else {
        0.0
    };
    let pairs = (tp + fn_) * (fp + tn);
    let auc = if pairs > 0.0 {
        counts.wins / pairs
    } else {
        0.5
    };
    let off = counts
        .bins
        .iter()
        .map(|bin| (bin.1 - bin.2).abs())
        .sum::<f64>();
    [(tp + tn) / all, f1, auc, off / all]
}

#[derive(Default)]
struct Counts {
    confusion: [u64; 4],
    /// Pairs of a session that bought and one that did not, in which the former was given more.
    wins: f64,
    /// Answers, the sum of what was given, and how many bought.
    bins: [(u64, f64, f64); BINS],
}

/// One pass over answers that are sorted by what was given.
fn counts(answers: &[Answer], weights: &[u32]) -> Counts {
    let mut counts = Counts::default();
    // Of those given less; and of those given the same.
    let (mut lower, mut given) = (0.0, f64::NEG_INFINITY);
    let (mut same_bought, mut same_not) = (0.0, 0.0);
    for (&(probability, bought), &weight) in answers.iter().zip(weights) {
        let place = match (probability >= 0.5, bought) {
            (true, true) => 0,
            (true, false) => 1,
            (false, true) => 2,
            (false, false) => 3,
        };
        counts.confusion[place] += u64::from(weight);
        let bin = &mut counts.bins[((probability * BINS as f64) as usize).min(BINS - 1)];
        let weight = f64::from(weight);
        bin.0 += weight as u64;
        bin.1 += weight * probability;
        if probability > given {
            counts.wins += same_bought * (lower + same_not / 2.0);
            lower += same_not;
            (same_bought, same_not, given) = (0.0, 0.0, probability);
        }
        if bought {
            bin.2 += weight;
            same_bought += weight;
        } else {
            same_not += weight;
        }
    }
    counts.wins += same_bought * (lower + same_not / 2.0);
    counts
}

/// Measures answers; none if there are none, or all of one class. Probabilities lie from 0 to 1.
#[must_use]
pub fn measure(mut answers: Vec<Answer>) -> Option<Measures> {
    let bought = answers.iter().filter(|answer| answer.1).count();
    if bought == 0 || bought == answers.len() {
        return None;
    }
    // Bits of positive numbers sort as the numbers do; which of equals is first does not matter.
    answers.sort_by_cached_key(|&(probability, bought)| {
        probability.to_bits() << 1 | u64::from(bought)
    });
    let n = answers.len();
    let once = vec![1; n];
    let values = figures(&answers, &once);
    let mut rng = Rng::new(0, Salt::Resample, 0);
    let mut drawn: Vec<[f64; 4]> = Vec::with_capacity(RESAMPLES);
    let mut weights = vec![0; n];
    for _ in 0..RESAMPLES {
        weights.fill(0);
        (0..n).for_each(|_| weights[rng.below(n as u64) as usize] += 1);
        drawn.push(figures(&answers, &weights));
    }
    let [accuracy, f1, auc, calibration] = std::array::from_fn(|which| {
        let mut drawn: Vec<f64> = drawn.iter().map(|figures| figures[which]).collect();
        drawn.sort_by_cached_key(|figure| figure.to_bits());
        let at = |share: f64| drawn[(share * (RESAMPLES - 1) as f64 + 0.5) as usize];
        // A resample is calibrated worse than the whole, since some of it is there twice.
        Figure {
            value: values[which],
            low: at(0.025).min(values[which]),
            high: at(0.975),
        }
    });
    let counted = counts(&answers, &once);
    let bins = counted.bins.iter().filter(|bin| bin.0 > 0);
    let bins = bins.map(|&(sessions, given, bought)| Bin {
        sessions,
        given: given / sessions as f64,
        bought: bought / sessions as f64,
    });
    Some(Measures {
        sessions: n as u64,
        bought: bought as u64,
        confusion: counted.confusion,
        accuracy,
        f1,
        auc,
        calibration,
        bins: bins.collect(),
    })
}

/// A model's answers after each number of clicks in `clicks`, to sessions that have at least the
/// most of these before any purchase: always the same sessions, so that more clicks can only help,
/// and that nothing is learned from where a session ends. Each session's symbols come with whether
/// it bought. Nothing, if those are none or of one class.
#[must_use]
pub fn early<'a>(
    model: &Model,
    sessions: impl Iterator<Item = (&'a [u8], bool)>,
    clicks: RangeInclusive<usize>,
    buying: f64,
) -> Vec<(usize, Measures)> {
    let mut answers = vec![Vec::new(); clicks.clone().count()];
    let long = sessions.filter(|(symbols, _)| symbols.len() >= *clicks.end());
    for (symbols, bought) in long {
        let course = model.course(&symbols[..*clicks.end()], buying);
        for (answers, clicks) in answers.iter_mut().zip(clicks.clone()) {
            answers.extend(course.get(clicks - 1).map(|&given| (given, bought)));
        }
    }
    let measured = clicks.zip(answers.into_iter().map(measure));
    measured
        .filter_map(|(clicks, measures)| Some((clicks, measures?)))
        .collect()
}
