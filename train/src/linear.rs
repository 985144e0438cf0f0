//! The models of few weights: by length, two Markov chains, logistic regression (smartcore's).

use crate::data::{Data, Session};
use crate::{Result, Trained};
use millrace::clickstream::features::{Features, SYMBOLS, Tally};
use millrace::clickstream::intent::{Length, Logistic, Markov, Model};
use smartcore::linalg::basic::matrix::DenseMatrix;
use smartcore::linear::logistic_regression::{LogisticRegression, LogisticRegressionParameters};

/// A quadratic penalty on the weights of standardised features: as much as one session says.
const PENALTY: f64 = 1.0;

/// Standardised columns with logistic regression on them.
struct Fitted {
    means: Vec<f64>,
    deviations: Vec<f64>,
    weights: Vec<f64>,
    bias: f64,
}

impl Fitted {
    fn fit(rows: &[Vec<f64>], bought: Vec<u32>) -> Result<Self> {
        let n = rows.len() as f64;
        let columns = rows[0].len();
        let column = |at: usize| rows.iter().map(move |row| row[at]);
        let means: Vec<f64> = (0..columns).map(|at| column(at).sum::<f64>() / n).collect();
        let deviations: Vec<f64> = (0..columns)
            .map(|at| (column(at).map(|x| (x - means[at]).powi(2)).sum::<f64>() / n).sqrt())
            .map(|deviation| if deviation > 1e-9 { deviation } else { 1.0 })
            .collect();
        let standard: Vec<Vec<f64>> = rows
            .iter()
            .map(|row| {
                (0..columns)
                    .map(|at| (row[at] - means[at]) / deviations[at])
                    .collect()
            })
            .collect();
        let parameters = LogisticRegressionParameters::default().with_alpha(PENALTY);
        let x = DenseMatrix::from_2d_vec(&standard)?;
        let fitted = LogisticRegression::fit(&x, &bought, parameters)?;
        let row = |matrix: &DenseMatrix<f64>| {
            use smartcore::linalg::basic::arrays::Array;
            matrix.iterator(0).copied().collect::<Vec<f64>>()
        };
        Ok(Self {
            means,
            deviations,
            weights: row(fitted.coefficients()),
            bias: row(fitted.intercept())[0],
        })
    }

    /// The log-odds of smartcore's own numbers.
    fn log_odds(&self, row: &[f64]) -> f64 {
        let terms = (0..row.len())
            .map(|at| self.weights[at] * (row[at] - self.means[at]) / self.deviations[at]);
        self.bias + terms.sum::<f64>()
    }
}

fn bought(examples: &[Session]) -> Vec<u32> {
    examples
        .iter()
        .map(|session| u32::from(session.bought))
        .collect()
}

fn length_row(symbols: &[u8]) -> Vec<f64> {
    Length::terms(symbols.len() as u32)[1..].to_vec()
}

pub fn length(data: &Data) -> Result<Trained> {
    // On whole sessions alone: on their beginnings it would learn how they were cut.
    let rows: Vec<Vec<f64>> = data.train.iter().map(|s| length_row(&s.symbols)).collect();
    let fitted = Fitted::fit(&rows, bought(&data.train))?;
    let by = |at: usize| fitted.weights[at] / fitted.deviations[at];
    let constant = fitted.bias - by(0) * fitted.means[0] - by(1) * fitted.means[1];
    let weights = [constant, by(0), by(1)].map(|weight| weight as f32);
    Ok(Trained {
        model: Model::Length(Length { weights }),
        theirs: Box::new(move |symbols| Ok(fitted.log_odds(&length_row(symbols)))),
    })
}

fn features_row(symbols: &[u8], features: Features) -> Vec<f64> {
    let all = Tally::of(symbols).features();
    all[features.range()]
        .iter()
        .map(|&x| f64::from(x))
        .collect()
}

pub fn logistic(data: &Data, features: Features) -> Result<Trained> {
    let examples = data.examples();
    let rows: Vec<Vec<f64>> = examples
        .iter()
        .map(|session| features_row(&session.symbols, features))
        .collect();
    let fitted = Fitted::fit(&rows, bought(&examples))?;
    let weights = (0..rows[0].len()).map(|at| {
        let weight = fitted.weights[at] / fitted.deviations[at];
        (fitted.means[at] as f32, weight as f32)
    });
    let model = Model::Logistic(Logistic {
        features,
        bias: fitted.bias as f32,
        weights: weights.collect(),
    });
    Ok(Trained {
        model,
        theirs: Box::new(move |symbols| Ok(fitted.log_odds(&features_row(symbols, features)))),
    })
}

/// Counted, with one added to each count so that nothing is impossible.
pub fn markov(data: &Data) -> Trained {
    let place = |symbol: &u8| {
        SYMBOLS
            .iter()
            .position(|s| s == symbol)
            .expect("no purchase")
    };
    let count = |bought: bool| {
        let (mut first, mut next) = ([1.0_f64; 5], [[1.0_f64; 5]; 5]);
        for session in data.train.iter().filter(|session| session.bought == bought) {
            first[place(&session.symbols[0])] += 1.0;
            for pair in session.symbols.windows(2) {
                next[place(&pair[0])][place(&pair[1])] += 1.0;
            }
        }
        let share = |row: [f64; 5]| row.map(|count| count / row.iter().sum::<f64>());
        (share(first), next.map(share))
    };
    let (buyers, others) = (count(true), count(false));
    let logs = |ours: [f64; 5], theirs: [f64; 5]| -> [f64; 5] {
        std::array::from_fn(|at| (ours[at] / theirs[at]).ln())
    };
    let first = logs(buyers.0, others.0);
    let next: [[f64; 5]; 5] = std::array::from_fn(|at| logs(buyers.1[at], others.1[at]));
    let model = Model::Markov(Markov {
        first: first.map(|x| x as f32),
        next: next.map(|row| row.map(|x| x as f32)),
    });
    Trained {
        model,
        theirs: Box::new(move |symbols| {
            let pairs = symbols
                .windows(2)
                .map(|pair| next[place(&pair[0])][place(&pair[1])]);
            Ok(first[place(&symbols[0])] + pairs.sum::<f64>())
        }),
    }
}
