//! Two Markov chains, one of the sessions that buy and one of those that do not: the log-odds are
//! how much more likely the one makes the symbols than the other.

use super::bytes::{Reader, Writer};
use super::{Feature, Moved, Part};
use crate::clickstream::features::{SYMBOLS, place};

/// Two Markov chains.
#[derive(Clone, PartialEq, Debug)]
pub struct Markov {
    /// For each symbol at the beginning, the logarithm of its probability among buyers by that among
    /// the others.
    pub first: [f32; 5],
    /// For each symbol (rows) and the next, the same.
    pub next: [[f32; 5]; 5],
}

/// The last symbol's place, and the sum so far.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub(super) struct State {
    last: Option<usize>,
    sum: f64,
}

impl State {
    pub(super) const fn log_odds(&self) -> f64 {
        self.sum
    }
}

impl Markov {
    pub(super) fn see(&self, state: &mut State, symbol: u8) {
        let Some(at) = place(symbol) else { return };
        let row = state.last.map_or(&self.first, |last| &self.next[last]);
        state.last = Some(at);
        state.sum += f64::from(row[at]);
    }

    pub(super) fn moved(&self, symbols: &[u8]) -> Vec<Moved> {
        let places: Vec<usize> = symbols.iter().filter_map(|&symbol| place(symbol)).collect();
        let Some(&first) = places.first() else {
            return Vec::new();
        };
        let mut moved = vec![(Part::First(SYMBOLS[first]), f64::from(self.first[first]))];
        let mut pairs = [[0.0; 5]; 5];
        for pair in places.array_windows::<2>() {
            pairs[pair[0]][pair[1]] += f64::from(self.next[pair[0]][pair[1]]);
        }
        for (from, row) in SYMBOLS.iter().zip(pairs) {
            for (to, by) in SYMBOLS.iter().zip(row) {
                moved.push((Part::Feature(Feature::Two(*from, *to)), by));
            }
        }
        moved
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let mut markov = Self {
            first: [0.0; 5],
            next: [[0.0; 5]; 5],
        };
        let next = markov.next.as_flattened_mut();
        for weight in markov.first.iter_mut().chain(next) {
            *weight = reader.real()?;
        }
        Ok(markov)
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.reals(&self.first);
        writer.reals(self.next.as_flattened());
    }
}
