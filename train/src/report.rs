//! The table: how good each model is, for people and for the page.

use crate::data::{Data, SEED, Session, TRAIN};
use crate::{Result, name};
use millrace::clickstream::intent::measure::{Answer, Figure, Measures, early, measure};
use millrace::clickstream::intent::table::{Early, Row, Table};
use millrace::clickstream::intent::{BALANCED, Model};
use millrace::clickstream::shoppers::CONVERSION;

/// Models are asked after each of so many clicks.
const EARLY: usize = 20;

fn row(model: &Model, sessions: &[Session], buying: f64) -> Result<Row> {
    let answers: Vec<Answer> = sessions
        .iter()
        .map(|session| {
            (
                model.probability_for(&session.symbols, buying),
                session.bought,
            )
        })
        .collect();
    let measures = measure(answers).ok_or("sessions of one class alone")?;
    Ok(Row {
        model: name(model).to_owned(),
        features: model.features().map(|features| features.name().to_owned()),
        buying,
        measures,
    })
}

pub fn report(models: &[&Model], data: &Data) -> Result<Vec<u8>> {
    let mut rows = Vec::new();
    let mut earlies = Vec::new();
    for model in models {
        rows.push(row(model, &data.balanced, BALANCED)?);
        rows.push(row(model, &data.shop, CONVERSION)?);
        let sessions = data
            .balanced
            .iter()
            .map(|s| (s.symbols.as_slice(), s.bought));
        let early = early(model, sessions, 1..=EARLY, BALANCED);
        earlies.push(Early {
            model: name(model).to_owned(),
            features: model.features().map(|features| features.name().to_owned()),
            sessions: early.first().map_or(0, |(_, measures)| measures.sessions),
            auc: early
                .into_iter()
                .map(|(_, measures)| measures.auc)
                .collect(),
        });
    }
    print(&rows, &earlies);
    let table = Table {
        what: "Sessions made up from a seed, with the published statistics of a real shop: \
               synthetic data, not the shop's own. Models saw none of the sessions that they are \
               measured on."
            .to_owned(),
        seed: SEED,
        trained_on: TRAIN as u64,
        rows,
        early: earlies,
    };
    let mut text = serde_json::to_vec(&table.rounded())?;
    text.push(b'\n');
    Ok(text)
}

fn print(rows: &[Row], earlies: &[Early]) {
    let figure = |f: &Figure| format!("{:.3} ({:.3}–{:.3})", f.value, f.low, f.high);
    println!("| model | features | buying | accuracy | F1 | AUC | calibration error |");
    println!("|---|---|---|---|---|---|---|");
    for row in rows {
        let Measures {
            accuracy,
            f1,
            auc,
            calibration,
            ..
        } = &row.measures;
        let figures = [accuracy, f1, auc, calibration].map(figure).join(" | ");
        let features = row.features.as_deref().unwrap_or("–");
        println!(
            "| {} | {features} | {:.2} % | {figures} |",
            row.model,
            row.buying * 100.0
        );
    }
    println!("\n| AUC after clicks | 1 | 2 | 3 | 5 | 7 | 10 | 15 | 20 |");
    println!("|---|---|---|---|---|---|---|---|---|");
    for early in earlies {
        let at = [1, 2, 3, 5, 7, 10, 15, 20].map(|clicks: usize| {
            let auc = early.auc.get(clicks - 1);
            auc.map_or("–".to_owned(), |auc| format!("{:.3}", auc.value))
        });
        let features = early.features.as_deref().unwrap_or("");
        println!("| {} {features} | {} |", early.model, at.join(" | "));
    }
}
