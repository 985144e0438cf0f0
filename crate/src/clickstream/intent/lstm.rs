//! A recurrent network with a long short-term memory (Hochreiter and Schmidhuber, 1997; with the
//! forget gate of Gers et al., 2000): one layer on the symbols, and a weighted sum of what it holds.

use super::bytes::{Reader, Writer};
use crate::clickstream::features::place;

/// A layer of `hidden` cells. Rows are gates of cells: all input gates, all forget gates, all
/// candidates, all output gates.
#[derive(Clone, PartialEq, Debug)]
pub struct Lstm {
    hidden: usize,
    /// What each symbol adds to each row, biases included: symbols × 4 `hidden`.
    input: Vec<f32>,
    /// What each cell's last output adds to each row: 4 `hidden` × `hidden`.
    recurrent: Vec<f32>,
    /// The log-odds' weights of the outputs.
    head: Vec<f32>,
    bias: f32,
}

/// What the cells hold and gave last; nothing if no click was seen.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct State {
    output: Vec<f32>,
    cells: Vec<f32>,
    begun: bool,
}

/// More cells than this are not read from a file.
const MOST: usize = 512;

fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + libm::expf(-x))
}

impl Lstm {
    /// A network from weights as they are trained: `input` is 4 `hidden` × 5, one column for each
    /// symbol; `biases` are 4 `hidden`.
    ///
    /// # Panics
    /// If the lengths do not fit each other.
    #[must_use]
    pub fn new(
        input: &[f32],
        recurrent: Vec<f32>,
        biases: &[f32],
        head: Vec<f32>,
        bias: f32,
    ) -> Self {
        let hidden = head.len();
        let rows = 4 * hidden;
        assert_eq!(
            (input.len(), recurrent.len(), biases.len()),
            (rows * 5, rows * hidden, rows)
        );
        let column = |symbol| (0..rows).map(move |row| input[row * 5 + symbol] + biases[row]);
        Self {
            hidden,
            input: (0..5).flat_map(column).collect(),
            recurrent,
            head,
            bias,
        }
    }

    pub(super) fn start(&self) -> State {
        State {
            output: vec![0.0; self.hidden],
            cells: vec![0.0; self.hidden],
            begun: false,
        }
    }

    pub(super) fn see(&self, state: &mut State, symbol: u8) {
        let Some(symbol) = place(symbol) else { return };
        let hidden = self.hidden;
        let rows = 4 * hidden;
        let input = &self.input[symbol * rows..(symbol + 1) * rows];
        let gates: Vec<f32> = self
            .recurrent
            .chunks_exact(hidden)
            .zip(input)
            .map(|(weights, input)| {
                let terms = weights.iter().zip(&state.output);
                input + terms.map(|(weight, output)| weight * output).sum::<f32>()
            })
            .collect();
        for cell in 0..hidden {
            let gate = |which: usize| gates[which * hidden + cell];
            let kept = sigmoid(gate(1)) * state.cells[cell];
            let new = kept + sigmoid(gate(0)) * libm::tanhf(gate(2));
            state.cells[cell] = new;
            state.output[cell] = sigmoid(gate(3)) * libm::tanhf(new);
        }
        state.begun = true;
    }

    pub(super) fn log_odds(&self, state: &State) -> f64 {
        if !state.begun {
            return 0.0;
        }
        let terms = self.head.iter().zip(&state.output);
        let sum = terms.map(|(weight, output)| weight * output).sum::<f32>();
        f64::from(self.bias + sum)
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, &'static str> {
        let hidden = usize::from(reader.u16()?);
        if !(1..=MOST).contains(&hidden) {
            return Err("a network of more cells than are read, or of none");
        }
        Ok(Self {
            hidden,
            input: reader.reals(4 * hidden * 5)?,
            recurrent: reader.reals(4 * hidden * hidden)?,
            head: reader.reals(hidden)?,
            bias: reader.real()?,
        })
    }

    pub(super) fn write(&self, writer: &mut Writer) {
        writer.u16(self.hidden as u16);
        writer.reals(&self.input);
        writer.reals(&self.recurrent);
        writer.reals(&self.head);
        writer.reals(&[self.bias]);
    }
}
