//! A person's own clicks: a CSV file, read a few rows at a time so that a page stays live. Good rows
//! are read, bad ones listed.
//!
//! Two formats, told apart by their header line. The simple one is `user,ts_ms,event`, where an event
//! is a symbol's name or its number. The other is that of published research data (Requena et al.
//! 2020): `session_id_hash,event_type,product_action,product_skus_hash,server_timestamp_epoch_ms,
//! hashed_url`, where `product_action` says what was done to a product, and nothing of a plain view.

use crate::clickstream::Symbol;
use crate::clickstream::session::Click;
use crate::stream::Keys;
use std::io::Cursor;

/// The simple format's columns.
const SIMPLE: [&str; 3] = ["user", "ts_ms", "event"];
/// Those of the research format that are read.
const RESEARCH: [&str; 3] = [
    "session_id_hash",
    "server_timestamp_epoch_ms",
    "product_action",
];
/// The furthest times that are taken, in ms either side of 1970: some 30,000 years.
const FURTHEST_MS: i64 = 1_000_000_000_000_000;
/// More bad rows than this are counted and not listed.
const MOST_LISTED: usize = 1_000;

/// Which format a file has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClicksFormat {
    /// `user,ts_ms,event`.
    Simple,
    /// The published research data's: a key is one of its sessions.
    Research,
}

/// A file that is being read.
#[derive(Debug)]
pub struct ClicksFile {
    reader: csv::Reader<Cursor<Vec<u8>>>,
    row: csv::ByteRecord,
    format: ClicksFormat,
    /// How many columns the header has, and where those are that are read.
    width: usize,
    columns: [usize; 3],
    bytes: u64,
    keys: Keys,
    rows: u64,
    bad: Vec<(u64, String)>,
    bad_rows: u64,
}

impl ClicksFile {
    /// Begins to read a file, by its header line.
    ///
    /// # Errors
    /// In words, where the header has the columns of neither format.
    pub fn open(bytes: Vec<u8>) -> Result<Self, String> {
        let len = bytes.len() as u64;
        let mut bytes = Cursor::new(bytes);
        if bytes.get_ref().starts_with(b"\xef\xbb\xbf") {
            bytes.set_position(3);
        }
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .trim(csv::Trim::All)
            .from_reader(bytes);
        let header = reader.byte_headers().map_err(|error| error.to_string())?;
        let find = |name: &&str| header.iter().position(|column| column == name.as_bytes());
        let all = |names: &[&str; 3]| -> Option<[usize; 3]> {
            let found: Vec<usize> = names.iter().filter_map(find).collect();
            found.try_into().ok()
        };
        let found = all(&SIMPLE).map(|at| (ClicksFormat::Simple, at));
        let found = found.or_else(|| all(&RESEARCH).map(|at| (ClicksFormat::Research, at)));
        let Some((format, columns)) = found else {
            let there: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
            return Err(format!(
                "the first line names the columns, and must have {}, or, as the published research data \
                 has it, {}; there are: {}",
                SIMPLE.join(", "),
                RESEARCH.join(", "),
                there.join(", ").chars().take(200).collect::<String>(),
            ));
        };
        let width = header.len();
        Ok(Self {
            reader,
            row: csv::ByteRecord::new(),
            format,
            width,
            columns,
            bytes: len,
            keys: Keys::new(),
            rows: 0,
            bad: Vec::new(),
            bad_rows: 0,
        })
    }

    /// Reads so many rows at most and hands on the good ones, in the file's order. `false` at the end
    /// of the file.
    pub fn read(&mut self, rows: usize, mut each: impl FnMut(Click)) -> bool {
        for _ in 0..rows {
            match self.reader.read_byte_record(&mut self.row) {
                Ok(false) => return false,
                Ok(true) => {
                    self.rows += 1;
                    match self.click() {
                        Ok(click) => each(click),
                        Err(why) => {
                            let line = self.row.position().map_or(0, csv::Position::line);
                            self.refuse(line, why);
                        }
                    }
                }
                Err(error) => {
                    self.rows += 1;
                    let line = error.position().map_or(0, csv::Position::line);
                    self.refuse(line, error.to_string());
                }
            }
        }
        true
    }

    fn refuse(&mut self, line: u64, why: String) {
        self.bad_rows += 1;
        if self.bad.len() < MOST_LISTED {
            self.bad.push((line, why));
        }
    }

    fn click(&mut self) -> Result<Click, String> {
        let row = &self.row;
        if row.len() != self.width {
            let (has, wants) = (row.len(), self.width);
            return Err(format!("{has} fields, where the header has {wants}"));
        }
        let [user, ts, event] = self.columns.map(|at| &row[at]);
        let text = |bytes: &[u8]| -> String {
            let text = String::from_utf8_lossy(bytes);
            text.chars().take(40).collect()
        };
        let (user_name, ts_name) = match self.format {
            ClicksFormat::Simple => (SIMPLE[0], SIMPLE[1]),
            ClicksFormat::Research => (RESEARCH[0], RESEARCH[1]),
        };
        if user.is_empty() {
            return Err(format!("{user_name} is empty"));
        }
        let Some(ms) = whole(ts) else {
            return Err(format!(
                "{ts_name} is “{}”, which is no whole number of milliseconds",
                text(ts)
            ));
        };
        if ms.unsigned_abs() > FURTHEST_MS.unsigned_abs() {
            return Err(format!("{ts_name} is {ms}, beyond all calendars"));
        }
        let symbol = match (self.format, event) {
            (ClicksFormat::Research, b"") => Some(Symbol::View),
            (ClicksFormat::Simple, &[digit]) => Symbol::from_digit(digit),
            (_, name) => Symbol::from_name(name),
        };
        let Some(symbol) = symbol else {
            let names = Symbol::ALL.map(Symbol::name).join(", ");
            return Err(format!("“{}” is none of {names}", text(event)));
        };
        Ok(Click {
            user: self.keys.id(user),
            ts: ms,
            symbol,
        })
    }

    /// Which format it has.
    #[must_use]
    pub const fn format(&self) -> ClicksFormat {
        self.format
    }

    /// The users by their numbers, in the order in which they are first seen.
    #[must_use]
    pub const fn users(&self) -> &Keys {
        &self.keys
    }

    /// The users' numbers, by their names.
    #[must_use]
    pub fn by_name(&self) -> Vec<u32> {
        let mut users: Vec<u32> = (0..self.keys.len() as u32).collect();
        users.sort_unstable_by(|&a, &b| self.keys.bytes(a).cmp(self.keys.bytes(b)));
        users
    }

    /// How many rows were read so far, good and bad; empty lines are none.
    #[must_use]
    pub const fn rows(&self) -> u64 {
        self.rows
    }

    /// The bad rows: line numbers from 1, and what is wrong. Of very many the first thousand.
    #[must_use]
    pub fn bad(&self) -> &[(u64, String)] {
        &self.bad
    }

    /// How many bad rows there were.
    #[must_use]
    pub const fn bad_rows(&self) -> u64 {
        self.bad_rows
    }

    /// How far it is read, and how long it is, in bytes.
    #[must_use]
    pub fn progress(&self) -> (u64, u64) {
        (self.reader.position().byte().min(self.bytes), self.bytes)
    }
}

/// A whole number in decimal digits.
fn whole(text: &[u8]) -> Option<i64> {
    let (sign, digits) = match text.split_first() {
        Some((b'-', rest)) => (-1, rest),
        _ => (1, text),
    };
    if digits.is_empty() || digits.len() > 18 {
        return None;
    }
    let mut number = 0;
    for &digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i64::from(digit - b'0');
    }
    Some(sign * number)
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> (ClicksFile, Vec<Click>) {
        let mut file = ClicksFile::open(text.as_bytes().to_vec()).expect("a header");
        let mut clicks = Vec::new();
        while file.read(3, |click| clicks.push(click)) {}
        (file, clicks)
    }

    #[test]
    fn the_simple_format_is_read_and_bad_rows_are_named_by_line() {
        let text = "\u{feff}user,ts_ms,event\n\
                    ann,0,view\n\
                    bob,-5,3\n\
                    ann,soon,view\n\
                    ,7,view\n\
                    ann,7,look\n\
                    ann,7\n\
                    ann,9000000000000000,view\n\
                    \n\
                    ann,60000,purchase\n";
        let (file, clicks) = read(text);
        let found: Vec<_> = clicks.iter().map(|c| (c.user, c.ts, c.symbol)).collect();
        let [view, add, bought] = [Symbol::View, Symbol::Add, Symbol::Purchase];
        assert_eq!(found, [(0, 0, view), (1, -5, add), (0, 60_000, bought)]);
        let lines: Vec<u64> = file.bad().iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 5, 6, 7, 8], "{:?}", file.bad());
        assert_eq!((file.rows(), file.bad_rows()), (8, 5));
        assert_eq!(file.users().name(1), "bob");
        let (read, len) = file.progress();
        assert!(read <= len && len as usize == text.len());
    }

    #[test]
    fn the_research_format_is_told_by_its_header() {
        let text = "session_id_hash,event_type,product_action,product_skus_hash,server_timestamp_epoch_ms,hashed_url\n\
                    s1,pageview,,,1550885210881,u1\n\
                    s1,event_product,detail,k1,1550885213307,u2\n\
                    s1,event_product,purchase,k1,1550885313307,u3\n\
                    s1,event_product,1,k1,1550885313307,u3\n";
        let (file, clicks) = read(text);
        assert_eq!(file.format(), ClicksFormat::Research);
        let symbols: Vec<u8> = clicks.iter().map(|c| c.symbol.number()).collect();
        assert_eq!(symbols, [1, 2, 5]);
        assert_eq!(file.bad_rows(), 1);
        let error = ClicksFile::open(b"a,b\n1,2\n".to_vec()).expect_err("no such columns");
        assert!(
            error.contains("ts_ms") && error.contains("there are: a, b"),
            "{error}"
        );
        assert!(ClicksFile::open(Vec::new()).is_err());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(
            std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(3_000)
        ))]

        #[test]
        fn fuzz_files_never_panic_and_account_for_every_row(
            rows in "([-0-9a-z\",.:é\u{0}\n\\\\]{0,60}\n){0,6}",
        ) {
            let (file, clicks) = read(&format!("user,ts_ms,event\n{rows}"));
            prop_assert_eq!(file.rows(), clicks.len() as u64 + file.bad_rows());
            prop_assert!(file.rows() <= rows.lines().count() as u64);
            for click in clicks {
                prop_assert!((click.user as usize) < file.users().len());
            }
        }

        #[test]
        fn fuzz_headers_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(mut file) = ClicksFile::open(bytes) {
                while file.read(10, |_| {}) {}
            }
        }
    }
}
