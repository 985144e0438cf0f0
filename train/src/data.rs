//! The sessions that models learn from and are measured on: made up, from seeds.

use millrace::clickstream::intent::{BALANCED, before_purchase};
use millrace::clickstream::shoppers::{CONVERSION, Visit};
use millrace::rng::{Rng, Salt};

/// What a model may see of a session, and whether it bought.
#[derive(Clone, Debug)]
pub struct Session {
    pub symbols: Vec<u8>,
    pub bought: bool,
}

pub struct Data {
    /// To learn from: half of them buy.
    pub train: Vec<Session>,
    /// To measure with: half of them buy.
    pub balanced: Vec<Session>,
    /// To measure with: as many buy as in the shop.
    pub shop: Vec<Session>,
}

/// The seed of everything here; each set has a lane of its own.
pub const SEED: u64 = 2_025;
pub const TRAIN: usize = 16_000;
const BALANCED_TEST: usize = 10_000;
const SHOP_TEST: usize = 60_000;

impl Data {
    pub fn draw() -> Self {
        Self {
            train: sessions(0, TRAIN, BALANCED),
            balanced: sessions(1, BALANCED_TEST, BALANCED),
            shop: sessions(2, SHOP_TEST, CONVERSION),
        }
    }

    /// Each session whole (up to the purchase), and cut somewhere: a model is asked while a session
    /// goes on, and must know beginnings too.
    pub fn examples(&self) -> Vec<Session> {
        let mut rng = stream(3);
        let both = self.train.iter().flat_map(|session| {
            let cut = 1 + rng.below(session.symbols.len() as u64) as usize;
            let beginning = Session {
                symbols: session.symbols[..cut].to_vec(),
                bought: session.bought,
            };
            [session.clone(), beginning]
        });
        both.collect()
    }
}

/// A stream of random numbers for a purpose, by its number.
pub fn stream(purpose: u64) -> Rng {
    Rng::new(SEED, Salt::Shoppers, purpose)
}

fn sessions(set: u64, n: usize, buying: f64) -> Vec<Session> {
    let mut rng = stream(set);
    let visits = (0..n).map(|_| Visit::draw(&mut rng, buying));
    let sessions = visits.map(|visit| Session {
        symbols: before_purchase(&visit.symbols).to_vec(),
        bought: visit.buys,
    });
    sessions.collect()
}
