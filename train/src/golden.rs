//! Cases that hold our inference to the crates that trained: symbols, and what each crate's own
//! model answers.

use crate::data::Data;
use crate::{Result, Trained, file_name};
use serde_json::{Map, Value, json};

/// So many sessions of both classes, of all lengths.
const CASES: usize = 40;

pub fn golden(trained: &[Trained], data: &Data) -> Result<Vec<u8>> {
    let mut cases = Vec::new();
    for session in data.balanced.iter().take(CASES) {
        let mut answers = Map::new();
        for trained in trained {
            let theirs = (trained.theirs)(&session.symbols)?;
            answers.insert(file_name(&trained.model), json!(theirs));
        }
        let digits = session
            .symbols
            .iter()
            .map(|symbol| char::from(b'0' + symbol));
        cases.push(json!({ "symbols": digits.collect::<String>(), "answers": answers }));
    }
    let what = "log-odds (forests: probabilities) that smartcore's and candle's own models give; \
                markov: by counts in 64 bits";
    let mut text = String::from("{\n");
    text += &format!("\"what\": {},\n\"cases\": [\n", Value::from(what));
    let lines: Vec<String> = cases.iter().map(Value::to_string).collect();
    text += &lines.join(",\n");
    text += "\n]}\n";
    Ok(text.into_bytes())
}
