//! Models whose weights are loaded when somebody wants to see them, and how good all of them are, as
//! training measured it.

use crate::clickstream::intent::measure::Figure;
use crate::clickstream::intent::table::Table as Measured;
use crate::clickstream::intent::{BALANCED, Model};
use crate::view::panel::Table;

/// The files, by their names in `crate/weights/`, and what their models are called.
const FILES: [(&str, &str); 2] = [
    ("forest-both.bin", "k-grams + motifs, forest"),
    ("lstm.bin", "LSTM on the symbols"),
];
/// The file of the figures.
const FIGURES: &str = "table.json";

/// What was loaded, of what there is.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Heavy {
    /// Models with their names in words.
    pub models: Vec<(&'static str, Model)>,
    measured: Option<Measured>,
    /// What could not be loaded or read.
    pub missing: Vec<&'static str>,
}

impl Heavy {
    /// What is to be loaded.
    pub fn files() -> impl Iterator<Item = &'static str> {
        FILES.iter().map(|(file, _)| *file).chain([FIGURES])
    }

    /// Takes a file, or that it could not be loaded.
    pub fn take(&mut self, file: &'static str, bytes: Option<&[u8]>) {
        let model = FILES.iter().find(|(name, _)| *name == file);
        let taken = match (model, bytes) {
            (_, None) => false,
            (Some((_, name)), Some(bytes)) => match Model::from_bytes(bytes) {
                Ok(model) => {
                    self.models.push((name, model));
                    true
                }
                Err(_) => false,
            },
            (None, Some(bytes)) => {
                self.measured = Measured::from_json(bytes).ok();
                self.measured.is_some()
            }
        };
        if !taken {
            self.missing.push(file);
        }
    }

    /// How good each model is, how soon it knows, and whether its probabilities are what they say.
    #[must_use]
    pub fn tables(&self) -> Vec<Table> {
        let Some(measured) = &self.measured else {
            return Vec::new();
        };
        let name = |model: &str, features: Option<&str>| {
            let words = features.map(|features| format!("{model}, {features}"));
            words.unwrap_or_else(|| model.to_owned())
        };
        let figure = |f: &Figure| format!("{:.3} ({:.3}–{:.3})", f.value, f.low, f.high);
        let good = |balanced: bool| {
            let rows = measured.rows.iter();
            let rows = rows.filter(move |row| (row.buying >= BALANCED) == balanced);
            let cells = rows.map(|row| {
                let measures = &row.measures;
                let figures = [&measures.auc, &measures.accuracy, &measures.f1].map(figure);
                let name = name(&row.model, row.features.as_deref());
                std::iter::once(name).chain(figures).collect()
            });
            cells.collect()
        };
        const GOOD: [&str; 4] = ["model", "AUC (95 %)", "accuracy", "F1"];
        let at = [1usize, 3, 5, 10, 20];
        let early = measured.early.iter().map(|early| {
            let auc = at.map(|clicks| {
                let figure = early.auc.get(clicks - 1);
                figure.map_or_else(|| "–".into(), |figure| format!("{:.2}", figure.value))
            });
            let first = name(&early.model, early.features.as_deref());
            std::iter::once(first).chain(auc).collect()
        });
        let rare = measured.rows.iter().find(|row| {
            row.buying < BALANCED
                && row.model == "logistic"
                && row.features.as_deref() == Some("both")
        });
        let bins = rare.iter().flat_map(|row| &row.measures.bins).map(|bin| {
            vec![
                format!("{:.1} %", bin.given * 100.0),
                format!("{:.1} %", bin.bought * 100.0),
                bin.sessions.to_string(),
            ]
        });
        let table = |caption: String, heads: &[&str], rows: Vec<Vec<String>>| Table {
            caption,
            heads: heads.iter().map(|head| (*head).to_owned()).collect(),
            rows,
        };
        let mut tables = vec![
            table(
                format!("How good models are, where half buy. {}", measured.what),
                &GOOD,
                good(true),
            ),
            table(
                "The same, where 2.08 % buy and a yes begins at 50 %: saying no to all is 98 % right"
                    .into(),
                &GOOD,
                good(false),
            ),
            table(
                "AUC by the clicks seen, of longer sessions".into(),
                &["model", "1", "3", "5", "10", "20"],
                early.collect(),
            ),
        ];
        if let Some(row) = rare {
            let [hits, alarms, missed, right] = row.measures.confusion;
            tables.push(table(
                "Logistic regression where 2.08 % buy: said and done".into(),
                &["said", "bought", "sessions"],
                bins.collect(),
            ));
            tables.push(table(
                "Its answers, with a yes from 50 % on".into(),
                &["", "said yes", "said no"],
                vec![
                    vec!["bought".into(), hits.to_string(), missed.to_string()],
                    vec!["did not buy".into(), alarms.to_string(), right.to_string()],
                ],
            ));
        }
        tables
    }
}
