//! Logistic regression: log-odds are a weighted sum.

use super::bytes::{Reader, Writer};
use super::{Feature, Features, Moved, Part, Tally};

/// Logistic regression on the logarithm of the number of clicks, and its square: exactly what the
/// odds are where the lengths of both classes are log-normal.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Length {
    /// The constant, and what the logarithm and its square are multiplied by.
    pub weights: [f32; 3],
}

impl Length {
    /// What the weights are multiplied by, for so many clicks (1 or more).
    #[must_use]
    pub fn terms(clicks: u32) -> [f64; 3] {
        let log = libm::log(f64::from(clicks));
        [1.0, log, log * log]
    }

    pub(super) fn log_odds(&self, clicks: u32) -> f64 {
        let terms = Self::terms(clicks).into_iter().zip(self.weights);
        terms.map(|(term, weight)| term * f64::from(weight)).sum()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let weights = [reader.real()?, reader.real()?, reader.real()?];
        Ok(Self { weights })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.reals(&self.weights);
    }
}

/// Logistic regression on features.
#[derive(Clone, PartialEq, Debug)]
pub struct Logistic {
    /// Those that it reads.
    pub features: Features,
    /// The log-odds of a session whose features are all in the mean.
    pub bias: f32,
    /// Of each feature the mean, and by how much the log-odds grow with it.
    pub weights: Vec<(f32, f32)>,
}

impl Logistic {
    fn terms(&self, tally: &Tally) -> impl Iterator<Item = (usize, f64)> {
        let all = tally.features();
        let places = self.features.range().zip(&self.weights);
        places.map(move |(place, &(mean, weight))| {
            let above = f64::from(all[place]) - f64::from(mean);
            (place, f64::from(weight) * above)
        })
    }

    pub(super) fn log_odds(&self, tally: &Tally) -> f64 {
        let terms = self.terms(tally).map(|(_, by)| by);
        f64::from(self.bias) + terms.sum::<f64>()
    }

    pub(super) fn moved(&self, tally: &Tally) -> Vec<Moved> {
        let terms = self.terms(tally);
        terms
            .map(|(place, by)| (Part::Feature(Feature::at(place)), by))
            .collect()
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let features = features(reader)?;
        let bias = reader.real()?;
        let weights = features
            .range()
            .map(|_| Ok((reader.real()?, reader.real()?)))
            .collect::<Result<_, &'static str>>()?;
        Ok(Self {
            features,
            bias,
            weights,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u8(self.features as u8);
        writer.reals(&[self.bias]);
        for &(mean, weight) in &self.weights {
            writer.reals(&[mean, weight]);
        }
    }
}

/// Which features, by their number.
pub(super) fn features(reader: &mut Reader<'_>) -> Result<Features, &'static str> {
    let number = usize::from(reader.u8()?);
    let found = Features::ALL.get(number).copied();
    found.ok_or("weights for features that are not known")
}
