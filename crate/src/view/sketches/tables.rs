//! The pictures as tables.

use super::bench::{Bench, SAMPLES};
use super::words::percent;
use super::{Kind, Picture, Row};
use crate::view::panel::Table;

/// The pictures as tables: the sketch, the chart, and for a reservoir how fair it is.
#[must_use]
pub fn tables(bench: &Bench) -> Vec<Table> {
    let picture = Picture::of(bench);
    let cells = |row: &Row| {
        let texts = row.cells.iter().map(|cell| {
            if cell.touched {
                format!("[{}]", cell.text)
            } else {
                cell.text.clone()
            }
        });
        vec![row.label.clone(), texts.collect::<Vec<_>>().join(" ")]
    };
    let mut tables = vec![Table {
        caption: "The sketch; in brackets what the item looked at belongs to".to_owned(),
        heads: ["", "cells"].map(str::to_owned).into(),
        rows: picture.rows.iter().map(cells).collect(),
    }];
    let curve = bench.curve();
    if !curve.is_empty() {
        let every = curve.len().div_ceil(12);
        let shown = curve.iter().rev().step_by(every).collect::<Vec<_>>();
        tables.push(Table {
            caption: chart(bench),
            heads: ["step", "sketch", "exactly", "from", "to"]
                .map(str::to_owned)
                .into(),
            rows: shown
                .iter()
                .rev()
                .map(|point| {
                    let say = |x: f64| number(x, bench.setup.kind);
                    vec![
                        point.at.to_string(),
                        say(point.estimate),
                        say(point.exact),
                        say(point.band.0),
                        say(point.band.1),
                    ]
                })
                .collect(),
        });
    }
    let fairness = bench.fairness();
    if !fairness.is_empty() {
        tables.push(Table {
            caption: chart(bench),
            heads: ["part of the stream", "kept"].map(str::to_owned).into(),
            rows: (1..)
                .zip(&fairness)
                .map(|(n, &share): (u32, _)| {
                    vec![format!("{n} of {}", fairness.len()), percent(share)]
                })
                .collect(),
        });
    }
    tables
}

fn number(x: f64, kind: Kind) -> String {
    match kind {
        Kind::Bloom => percent(x),
        _ => format!("{x:.1}"),
    }
}

/// What the chart shows.
#[must_use]
pub fn chart(bench: &Bench) -> String {
    match bench.setup.kind {
        Kind::Reservoir => format!(
            "How much of each part of the stream is kept, in {SAMPLES} samples drawn anew: {} of each, if it is fair",
            percent(f64::from(bench.setup.sizes[0].min(bench.came)) / f64::from(bench.came.max(1)))
        ),
        Kind::Register => "Different items: the register against the truth".to_owned(),
        Kind::Hll => {
            "Different items: the estimate against the truth, and two standard errors around it"
                .to_owned()
        }
        Kind::Bloom => {
            "False positives: by the bits set, and as stated for so many items".to_owned()
        }
        Kind::CountMin => {
            let name = bench.watched().map_or(String::new(), |(_, name, _)| name);
            format!("How often {name} came: the answer, the truth, and the bound above it")
        }
    }
}
