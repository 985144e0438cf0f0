//! The keys of a CSV file: one column of it, row by row. Good rows are read, bad ones listed.

use csv::{ErrorKind, StringRecord};

/// What a file held.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct KeysFile {
    /// The column that was read.
    pub column: String,
    /// Each good row: line number from 1, and its key.
    pub keys: Vec<(usize, String)>,
    /// The bad ones: line number, and what is wrong.
    pub bad: Vec<(usize, String)>,
}

/// The column read if none is named.
const USUAL: &str = "key";
/// The longest key, in bytes.
const LONGEST: usize = 1_000;

/// Reads the column `wanted` of a CSV file with a header line; if none is named, `key` or else the
/// only one there is.
///
/// # Errors
/// When there is no such column; the sentence says which there are.
pub fn parse(bytes: &[u8], wanted: Option<&str>) -> Result<KeysFile, String> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(bytes);
    let heads = reader.headers().map_err(|error| wrong(&error))?;
    let heads: Vec<String> = heads.iter().map(str::to_owned).collect();
    let place = match (wanted, &heads[..]) {
        (None, [_]) => Some(0),
        (wanted, heads) => {
            let wanted = wanted.unwrap_or(USUAL);
            heads.iter().position(|head| head == wanted)
        }
    };
    let Some(place) = place.filter(|_| heads != [""]) else {
        return Err(no_column(wanted, &heads));
    };
    let mut file = KeysFile {
        column: heads[place].clone(),
        ..KeysFile::default()
    };
    let mut record = StringRecord::new();
    loop {
        let before = reader.position().line();
        let more = reader.read_record(&mut record);
        let line = record.position().map_or(before, csv::Position::line) as usize;
        match more {
            Ok(false) => return Ok(file),
            Ok(true) => match key(&record, place, heads.len()) {
                Ok(key) => file.keys.push((line, key)),
                Err(why) => file.bad.push((line, why)),
            },
            Err(error) => file.bad.push((before as usize, wrong(&error))),
        }
    }
}

fn wrong(error: &csv::Error) -> String {
    match error.kind() {
        ErrorKind::Utf8 { .. } => "not UTF-8 text".to_owned(),
        _ => format!("not CSV: {error}"),
    }
}

fn key(record: &StringRecord, place: usize, columns: usize) -> Result<String, String> {
    let has = record.len();
    let key = record.get(place).filter(|_| has == columns);
    let key = key.ok_or_else(|| format!("{has} values for {columns} columns"))?;
    match key.len() {
        0 => Err("the key is empty".to_owned()),
        1..=LONGEST => Ok(key.to_owned()),
        _ => Err(format!("the key is longer than {LONGEST} bytes")),
    }
}

fn no_column(wanted: Option<&str>, heads: &[String]) -> String {
    if heads.iter().all(String::is_empty) {
        return "the file is empty: its first line should name the columns".to_owned();
    }
    let there = heads.join(", ");
    match wanted {
        Some(wanted) => format!("there is no column “{wanted}”; there are: {there}"),
        None => format!("say which column holds the keys; there are: {there}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn good_rows_are_read_and_bad_ones_named_by_line() {
        let text = b"ts_ms,user\n1,ann\n2\n3,\n4,\" bob, jr\"\n5,\xff\n6,ann\n";
        let file = parse(text, Some("user")).expect("there is such a column");
        let keys: Vec<(usize, &str)> = file.keys.iter().map(|(n, key)| (*n, &**key)).collect();
        assert_eq!(keys, [(2, "ann"), (5, "bob, jr"), (7, "ann")]);
        let lines: Vec<usize> = file.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4, 6], "{:?}", file.bad);
    }

    #[test]
    fn the_column_is_the_named_one_the_usual_one_or_the_only_one() {
        let column = |text: &str, wanted| parse(text.as_bytes(), wanted).map(|file| file.column);
        assert_eq!(column("a,key\n", None), Ok("key".to_owned()));
        assert_eq!(column("\u{feff}a\n", None), Ok("a".to_owned()));
        assert_eq!(column("a,b\n", Some("b")), Ok("b".to_owned()));
        let none = column("a,b\n", None).expect_err("which?");
        assert!(none.ends_with("there are: a, b"), "{none}");
        assert!(column("a,b\n", Some("c")).is_err());
        assert!(column("", None).is_err_and(|why| why.contains("empty")));
    }
}
