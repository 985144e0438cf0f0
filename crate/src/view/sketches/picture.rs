//! What a sketch looks like: rows of cells.

use super::Kind;
use super::bench::{Bench, Sketch};
use crate::rng::mix;

/// How dark a cell is: nothing, then by fourths.
pub type Shade = u8;

/// The darkest.
const DARKEST: u32 = 4;

/// A slot, bit, register or counter.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Cell {
    /// What is in it.
    pub text: String,
    /// How much that is, 0 to 4.
    pub shade: Shade,
    /// Whether the item looked at belongs here.
    pub touched: bool,
}

/// Cells side by side.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Row {
    /// What it is.
    pub label: String,
    /// The cells.
    pub cells: Vec<Cell>,
}

/// What a sketch looks like.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Picture {
    /// The bits of the hash of the item looked at, where the sketch reads them one by one.
    pub hash: Option<Row>,
    /// The sketch.
    pub rows: Vec<Row>,
    /// How wide a cell is: in letters.
    pub letters: u32,
}

impl Picture {
    /// Of a bench as it is now.
    #[must_use]
    pub fn of(bench: &Bench) -> Self {
        let subject = bench.subject();
        let item = subject.as_ref().map(|(item, ..)| *item);
        let rows = match &bench.sketch {
            Sketch::Reservoir(_) => vec![slots(bench)],
            Sketch::Register(register) => vec![Row {
                label: "longest run of zeros".to_owned(),
                cells: vec![Cell {
                    text: register.longest().to_string(),
                    shade: shade(register.longest().into(), 16),
                    touched: bench.changed,
                }],
            }],
            Sketch::Hll(sketch) => {
                let touched = item.map(|item| sketch.place(item).0);
                let most = sketch.registers().iter().copied().max().unwrap_or(0);
                let cells = sketch
                    .registers()
                    .iter()
                    .enumerate()
                    .map(|(n, &rank)| Cell {
                        text: rank.to_string(),
                        shade: shade(rank.into(), most.into()),
                        touched: touched == Some(n),
                    });
                vec![Row {
                    label: "registers".to_owned(),
                    cells: cells.collect(),
                }]
            }
            Sketch::Bloom(_) | Sketch::Counting(_) => vec![bits(bench, item)],
            Sketch::CountMin(sketch) => {
                let touched: Vec<usize> =
                    item.map_or(Vec::new(), |item| sketch.places(item).collect());
                let width = sketch.size().width as usize;
                let most = sketch.cells().iter().copied().max().unwrap_or(0);
                let row = |(row, cells): (usize, &[u64])| Row {
                    label: format!("row {}", row + 1),
                    cells: (0..)
                        .zip(cells)
                        .map(|(n, &count)| Cell {
                            text: count.to_string(),
                            shade: shade(count as u32, most as u32),
                            touched: touched.contains(&(row * width + n)),
                        })
                        .collect(),
                };
                sketch.cells().chunks(width).enumerate().map(row).collect()
            }
        };
        let letters = rows
            .iter()
            .flat_map(|row| &row.cells)
            .map(|cell| cell.text.chars().count() as u32);
        Self {
            letters: letters.max().unwrap_or(1),
            hash: item.and_then(|item| hash(bench, item)),
            rows,
        }
    }
}

fn shade(n: u32, most: u32) -> Shade {
    if n == 0 {
        return 0;
    }
    (n * DARKEST).div_ceil(most.max(1)).clamp(1, DARKEST) as Shade
}

fn slots(bench: &Bench) -> Row {
    let Sketch::Reservoir(reservoir) = &bench.sketch else {
        return Row::default();
    };
    let fresh = bench.offer.and_then(crate::sketch::Offer::slot);
    let asked = bench.setup.item;
    let cell = |slot: usize| {
        let arrival = reservoir
            .items()
            .get(slot)
            .map(|&arrival| bench.steps.steps[arrival as usize].which as usize);
        Cell {
            text: arrival.map_or(String::new(), |which| bench.steps.names[which].clone()),
            shade: u8::from(arrival.is_some()),
            touched: match asked {
                Some(item) => arrival.is_some_and(|which| bench.steps.items[which] == item),
                None => fresh == Some(slot),
            },
        }
    };
    Row {
        label: "slots".to_owned(),
        cells: (0..reservoir.capacity() as usize).map(cell).collect(),
    }
}

fn bits(bench: &Bench, item: Option<u64>) -> Row {
    let touched = item.map_or(Vec::new(), |item| bench.bits_of(item));
    let [m, _] = bench.setup.sizes;
    let counts = bench.setup.variant;
    let cell = |place: u32| {
        let n = bench.at_bit(place.into());
        Cell {
            text: n.to_string(),
            shade: if counts { shade(n.into(), 4) } else { n * 4 },
            touched: touched.contains(&place.into()),
        }
    };
    Row {
        label: if counts { "counters" } else { "bits" }.to_owned(),
        cells: (0..m).map(cell).collect(),
    }
}

/// The first 32 bits of the hash of an item, those that matter touched: the leading zeros. Of
/// HyperLogLog the last p bits come first, since they choose the register.
fn hash(bench: &Bench, item: u64) -> Option<Row> {
    let hash = mix(item);
    let bit = |at: u32, part: u8, counts: bool| Cell {
        text: (hash >> at & 1).to_string(),
        shade: part,
        touched: counts,
    };
    let zeros = hash.leading_zeros();
    let cells: Vec<Cell> = match bench.setup.kind {
        Kind::Register => (0..32)
            .map(|n| bit(63 - n, u8::from(n < zeros), n < zeros))
            .collect(),
        Kind::Hll => {
            let p = bench.setup.sizes[0];
            let index = (0..p).rev().map(|at| bit(at, 3, false));
            let rest = (0..24).map(|n| bit(63 - n, u8::from(n < zeros), n < zeros));
            index.chain(rest).collect()
        }
        _ => return None,
    };
    Some(Row {
        label: String::new(),
        cells,
    })
}
