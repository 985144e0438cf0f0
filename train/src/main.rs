//! Trains the models of purchase intent from a seed, measures them, and writes what the project
//! ships of them: weights, the table, and cases that hold our inference to the crates' own.
//!
//! `cargo xtask train` runs it; `crate/weights/README.md` tells what comes of it and how.

mod data;
mod forest;
mod golden;
mod linear;
mod lstm;
mod report;

use data::Data;
use millrace::clickstream::features::Features;
use millrace::clickstream::intent::Model;
use std::error::Error;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What any part may fail with.
pub type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// What answers to symbols.
pub type Answering = dyn Fn(&[u8]) -> Result<f64>;

/// A trained model, ours, and the model of the crate that trained it, which answers with log-odds;
/// a forest with a probability.
pub struct Trained {
    pub model: Model,
    pub theirs: Box<Answering>,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("error: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<()> {
    // Sums of several threads come in any order, and then differ.
    if std::env::var("RAYON_NUM_THREADS").as_deref() != Ok("1") {
        return Err("this runs in one thread alone: cargo xtask train".into());
    }
    let into = std::env::args().nth(1);
    let into = PathBuf::from(into.ok_or("where to write to is the one argument")?);
    std::fs::create_dir_all(&into)?;
    let data = Data::draw();
    let mut trained = vec![linear::length(&data)?, linear::markov(&data)];
    for features in Features::ALL {
        trained.push(linear::logistic(&data, features)?);
    }
    for features in Features::ALL {
        trained.push(forest::forest(&data, features)?);
    }
    trained.push(lstm::lstm(&data)?);
    for Trained { model, .. } in &trained {
        write(&into, &file_name(model), &model.to_bytes())?;
    }
    let models: Vec<&Model> = trained.iter().map(|trained| &trained.model).collect();
    write(&into, "table.json", &report::report(&models, &data)?)?;
    write(&into, "golden.json", &golden::golden(&trained, &data)?)
}

/// What a model's file is called.
pub fn file_name(model: &Model) -> String {
    Model::file_name(model.kind(), model.features().unwrap_or(Features::Both))
}

/// What a model is called in the table.
pub fn name(model: &Model) -> &'static str {
    model.kind().name()
}

fn write(into: &Path, name: &str, bytes: &[u8]) -> Result<()> {
    std::fs::write(into.join(name), bytes)?;
    println!("{name}: {} bytes", bytes.len());
    Ok(())
}
