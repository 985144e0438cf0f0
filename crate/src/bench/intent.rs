//! Predictions as the Clickstream page makes them: one after each click.

use crate::clickstream::features::Features;
use crate::clickstream::intent::{BALANCED, Kind, Model, Seen, before_purchase};
use crate::clickstream::shoppers::Visit;
use crate::rng::{Rng, Salt};

/// Sessions of which half buy, click by click, again and again; and the logistic regression on all
/// features, asked after each.
#[derive(Debug)]
pub struct Predictor {
    model: Model,
    sessions: Vec<Vec<u8>>,
    session: usize,
    click: usize,
    seen: Seen,
}

impl Default for Predictor {
    fn default() -> Self {
        let model = Model::small(Kind::Logistic, Features::Both).expect("it is small");
        let mut rng = Rng::new(41, Salt::Shoppers, 0);
        let sessions = (0..1_000).map(|_| {
            let visit = Visit::draw(&mut rng, BALANCED);
            before_purchase(&visit.symbols).to_vec()
        });
        Self {
            seen: model.start(),
            sessions: sessions.collect(),
            model,
            session: 0,
            click: 0,
        }
    }
}

impl Predictor {
    /// Sees `n` more clicks and answers after each. Gives how often a purchase was thought likely.
    pub fn predictions(&mut self, n: u64) -> u64 {
        let likely = (0..n).filter(|_| {
            if self.click == self.sessions[self.session].len() {
                self.session = (self.session + 1) % self.sessions.len();
                self.click = 0;
                self.seen = self.model.start();
            }
            let symbol = self.sessions[self.session][self.click];
            self.click += 1;
            self.model.see(&mut self.seen, symbol);
            self.model.probability(&self.seen, BALANCED) > 0.5
        });
        likely.count() as u64
    }
}
