//! Whether a session will buy: models that read its symbols as they come.
//!
//! A model is trained elsewhere (`train/`, by crates that are made for it) and only its weights are
//! here, with the few lines that use them. What a model is asked is how likely a session of which it
//! has seen the beginning is to end in a purchase. It never sees the purchase or what follows it,
//! which would tell.
//!
//! Models are trained on as many sessions that buy as that do not. The share that buys where they
//! are used is an argument, [`BALANCED`] or another; it moves the log-odds by a constant.

mod bytes;
mod forest;
mod logistic;
mod lstm;
mod markov;
pub mod measure;
pub mod table;

pub use forest::{Forest, Node, Split};
pub use logistic::{Length, Logistic};
pub use lstm::Lstm;
pub use markov::Markov;

use super::features::{Feature, Features, Tally};
use bytes::{Reader, Writer};

/// Half of the sessions buy.
pub const BALANCED: f64 = 0.5;

/// A model for the question whether a session will buy.
#[derive(Clone, PartialEq, Debug)]
pub enum Model {
    /// Only how long it is: what any other must beat.
    Length(Length),
    /// Two Markov chains, one for each class.
    Markov(Markov),
    /// Logistic regression on features.
    Logistic(Logistic),
    /// A random forest on features.
    Forest(Forest),
    /// A recurrent network on the symbols themselves.
    Lstm(Lstm),
}

/// The kinds of models.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Kind {
    /// [`Model::Length`].
    Length = 0,
    /// [`Model::Markov`].
    Markov = 1,
    /// [`Model::Logistic`].
    Logistic = 2,
    /// [`Model::Forest`].
    Forest = 3,
    /// [`Model::Lstm`].
    Lstm = 4,
}

impl Kind {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 5] = [
        Self::Length,
        Self::Markov,
        Self::Logistic,
        Self::Forest,
        Self::Lstm,
    ];

    /// What it is called: `length`, `markov`, `logistic`, `forest`, `lstm`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Length => "length",
            Self::Markov => "markov",
            Self::Logistic => "logistic",
            Self::Forest => "forest",
            Self::Lstm => "lstm",
        }
    }

    /// Whether it reads features, so that there is one for each choice of them.
    #[must_use]
    pub const fn reads_features(self) -> bool {
        matches!(self, Self::Logistic | Self::Forest)
    }
}

/// What a model made of the clicks that it has seen.
#[derive(Clone, PartialEq, Debug)]
pub struct Seen {
    bought: bool,
    state: State,
}

#[derive(Clone, PartialEq, Debug)]
enum State {
    Tally(Tally),
    Chain(markov::State),
    Lstm(lstm::State),
}

/// What may have moved a probability.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Part {
    /// How many clicks there are.
    Length,
    /// This is the first.
    First(u8),
    /// A feature, or for a Markov chain a pair, which adds up as often as it occurs.
    Feature(Feature),
    /// The click at this place, from 0.
    Click(usize),
}

/// A part, and by how much it moved the answer, up or down: in log-odds, for a forest in
/// probability.
pub type Moved = (Part, f64);

/// What comes before the first purchase: all that a model may see of a session.
#[must_use]
pub fn before_purchase(symbols: &[u8]) -> &[u8] {
    let bought = symbols.iter().position(|&symbol| symbol == 5);
    &symbols[..bought.unwrap_or(symbols.len())]
}

/// The probability at these log-odds.
#[must_use]
pub fn probability_of(log_odds: f64) -> f64 {
    1.0 / (1.0 + libm::exp(-log_odds))
}

/// The log-odds of this probability, which is more than 0 and less than 1.
#[must_use]
pub fn log_odds_of(probability: f64) -> f64 {
    libm::log(probability / (1.0 - probability))
}

impl Model {
    /// Which kind it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        match self {
            Self::Length(_) => Kind::Length,
            Self::Markov(_) => Kind::Markov,
            Self::Logistic(_) => Kind::Logistic,
            Self::Forest(_) => Kind::Forest,
            Self::Lstm(_) => Kind::Lstm,
        }
    }

    /// The features that it reads, if it reads features.
    #[must_use]
    pub const fn features(&self) -> Option<Features> {
        match self {
            Self::Logistic(logistic) => Some(logistic.features),
            Self::Forest(forest) => Some(forest.features),
            Self::Length(_) | Self::Markov(_) | Self::Lstm(_) => None,
        }
    }

    /// The name of the file with the weights of a model, `forest-both.bin`; they lie in
    /// `crate/weights/`.
    #[must_use]
    pub fn file_name(kind: Kind, features: Features) -> String {
        if kind.reads_features() {
            format!("{}-{}.bin", kind.name(), features.name())
        } else {
            format!("{}.bin", kind.name())
        }
    }

    /// A model whose weights are so few that the program carries them: all but forests and the LSTM,
    /// whose files are to be loaded. The features do not matter to a model that reads none.
    #[must_use]
    pub fn small(kind: Kind, features: Features) -> Option<Self> {
        let bytes: &[u8] = match (kind, features) {
            (Kind::Length, _) => include_bytes!("../../../weights/length.bin"),
            (Kind::Markov, _) => include_bytes!("../../../weights/markov.bin"),
            (Kind::Logistic, Features::Kgram) => {
                include_bytes!("../../../weights/logistic-kgram.bin")
            }
            (Kind::Logistic, Features::Hvg) => include_bytes!("../../../weights/logistic-hvg.bin"),
            (Kind::Logistic, Features::Both) => {
                include_bytes!("../../../weights/logistic-both.bin")
            }
            (Kind::Forest | Kind::Lstm, _) => return None,
        };
        Some(Self::from_bytes(bytes).expect("the weights that we carry are whole"))
    }

    /// Reads what [`Self::to_bytes`] writes.
    ///
    /// # Errors
    /// In words, if the bytes are not a model's.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, &'static str> {
        let mut reader = Reader::new(bytes)?;
        let model = match reader.u8()? {
            0 => Self::Length(Length::read(&mut reader)?),
            1 => Self::Markov(Markov::read(&mut reader)?),
            2 => Self::Logistic(Logistic::read(&mut reader)?),
            3 => Self::Forest(Forest::read(&mut reader)?),
            4 => Self::Lstm(Lstm::read(&mut reader)?),
            _ => return Err("weights of a kind of model that is not known"),
        };
        reader.end()?;
        Ok(model)
    }

    /// The model in bytes: `MRIN`, the kind, and its weights, little-endian (real numbers in 32
    /// bits).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut writer = Writer::new(self.kind() as u8);
        match self {
            Self::Length(length) => length.write(&mut writer),
            Self::Markov(markov) => markov.write(&mut writer),
            Self::Logistic(logistic) => logistic.write(&mut writer),
            Self::Forest(forest) => forest.write(&mut writer),
            Self::Lstm(lstm) => lstm.write(&mut writer),
        }
        writer.bytes()
    }

    /// Nothing seen yet.
    #[must_use]
    pub fn start(&self) -> Seen {
        let state = match self {
            Self::Length(_) | Self::Logistic(_) | Self::Forest(_) => State::Tally(Tally::default()),
            Self::Markov(_) => State::Chain(markov::State::default()),
            Self::Lstm(lstm) => State::Lstm(lstm.start()),
        };
        Seen {
            bought: false,
            state,
        }
    }

    /// One more click is seen, unless something has been bought. What is no symbol is not seen.
    pub fn see(&self, seen: &mut Seen, symbol: u8) {
        seen.bought |= symbol == 5;
        if seen.bought {
            return;
        }
        match (self, &mut seen.state) {
            (Self::Markov(markov), State::Chain(state)) => markov.see(state, symbol),
            (Self::Lstm(lstm), State::Lstm(state)) => lstm.see(state, symbol),
            (_, State::Tally(tally)) => tally.push(symbol),
            _ => panic!("what one model has seen is nothing to another"),
        }
    }

    /// The log-odds that it ends in a purchase, where half of the sessions do. 0 if nothing was
    /// seen.
    #[must_use]
    pub fn log_odds(&self, seen: &Seen) -> f64 {
        match (self, &seen.state) {
            (Self::Markov(_), State::Chain(state)) => state.log_odds(),
            (Self::Lstm(lstm), State::Lstm(state)) => lstm.log_odds(state),
            (_, State::Tally(tally)) if tally.clicks() == 0 => 0.0,
            (Self::Length(length), State::Tally(tally)) => length.log_odds(tally.clicks()),
            (Self::Logistic(logistic), State::Tally(tally)) => logistic.log_odds(tally),
            (Self::Forest(forest), State::Tally(tally)) => log_odds_of(forest.probability(tally)),
            _ => panic!("what one model has seen is nothing to another"),
        }
    }

    /// The probability that it ends in a purchase, where the share `buying` of all sessions does
    /// (more than 0, less than 1).
    #[must_use]
    pub fn probability(&self, seen: &Seen, buying: f64) -> f64 {
        probability_of(self.log_odds(seen) + log_odds_of(buying))
    }

    /// The same for a session, or its beginning, at once.
    #[must_use]
    pub fn probability_for(&self, symbols: &[u8], buying: f64) -> f64 {
        let mut seen = self.start();
        symbols
            .iter()
            .for_each(|&symbol| self.see(&mut seen, symbol));
        self.probability(&seen, buying)
    }

    /// The probability after each click before the purchase.
    #[must_use]
    pub fn course(&self, symbols: &[u8], buying: f64) -> Vec<f64> {
        let mut seen = self.start();
        let before = before_purchase(symbols).iter();
        let after = before.map(|&symbol| {
            self.see(&mut seen, symbol);
            self.probability(&seen, buying)
        });
        after.collect()
    }

    /// What moved the answer for these symbols from what it is for a session of which nothing is
    /// known, the strongest first; parts that moved nothing are left out.
    #[must_use]
    pub fn moved(&self, symbols: &[u8]) -> Vec<Moved> {
        let symbols = before_purchase(symbols);
        let tally = Tally::of(symbols);
        let mut moved = match self {
            _ if symbols.is_empty() => Vec::new(),
            Self::Length(length) => vec![(Part::Length, length.log_odds(tally.clicks()))],
            Self::Markov(markov) => markov.moved(symbols),
            Self::Logistic(logistic) => logistic.moved(&tally),
            Self::Forest(forest) => forest.moved(&tally),
            Self::Lstm(_) => self.by_click(symbols),
        };
        moved.retain(|&(_, by)| by != 0.0);
        // The most moving first: bits of positive numbers sort as the numbers do.
        moved.sort_by_cached_key(|&(_, by)| u64::MAX - by.abs().to_bits());
        moved
    }

    /// How each click moved the log-odds.
    fn by_click(&self, symbols: &[u8]) -> Vec<Moved> {
        let mut seen = self.start();
        let mut before = self.log_odds(&seen);
        let clicks = symbols.iter().enumerate().map(|(place, &symbol)| {
            self.see(&mut seen, symbol);
            let after = self.log_odds(&seen);
            (
                Part::Click(place),
                after - std::mem::replace(&mut before, after),
            )
        });
        clicks.collect()
    }
}

#[cfg(test)]
mod tests;
