//! The table of how good each model is, as training wrote it (`crate/weights/table.json`).

use super::measure::{Figure, Measures};
use serde::{Deserialize, Serialize};

/// All that training found out about its models.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Table {
    /// What was measured on, in words for people.
    pub what: String,
    /// The seed of all sessions.
    pub seed: u64,
    /// How many sessions the models learned from.
    pub trained_on: u64,
    /// Each model on sessions of which half buy, and on sessions of which as many buy as in the
    /// shop.
    pub rows: Vec<Row>,
    /// Each model on the beginnings of sessions.
    pub early: Vec<Early>,
}

/// One model on one set of sessions.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Row {
    /// Which kind of model, by name.
    pub model: String,
    /// The features that it reads, by name, if it reads features.
    pub features: Option<String>,
    /// The share of sessions that buy.
    pub buying: f64,
    /// How good it is.
    pub measures: Measures,
}

/// One model on the beginnings of the same sessions, all of which are longer.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Early {
    /// Which kind of model, by name.
    pub model: String,
    /// The features that it reads, by name, if it reads features.
    pub features: Option<String>,
    /// How many sessions there are.
    pub sessions: u64,
    /// The area under the curve after one click, two, and so on.
    pub auc: Vec<Figure>,
}

impl Table {
    /// Reads the table.
    ///
    /// # Errors
    /// If this is no table.
    pub fn from_json(json: &[u8]) -> Result<Self, serde_json::Error> {
        serde_json::from_slice(json)
    }

    /// With four digits behind the point, which is more than is known.
    #[must_use]
    pub fn rounded(mut self) -> Self {
        let short = |x: &mut f64| *x = libm::round(*x * 1e4) / 1e4;
        let figure = |figure: &mut Figure| {
            let Figure { value, low, high } = figure;
            [value, low, high].into_iter().for_each(short);
        };
        for Row { measures, .. } in &mut self.rows {
            let Measures {
                accuracy,
                f1,
                auc,
                calibration,
                bins,
                ..
            } = measures;
            [accuracy, f1, auc, calibration]
                .into_iter()
                .for_each(figure);
            for bin in bins {
                short(&mut bin.given);
                short(&mut bin.bought);
            }
        }
        for early in &mut self.early {
            early.auc.iter_mut().for_each(figure);
        }
        self
    }
}
