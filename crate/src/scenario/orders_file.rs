//! A person's own orders: CSV or JSON lines, read row by row. Good rows load, bad ones are listed.

use crate::rng::{Dist, Rng, Salt};
use crate::shop::RecordedOrder;
use crate::time::{Span, in_order};
use serde_json::{Map, Value};
use std::fmt::Write as _;
use std::sync::Arc;

/// What a file held.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OrdersFile {
    /// The good rows, by time.
    pub orders: Vec<RecordedOrder>,
    /// The bad ones: line number from 1, and what is wrong.
    pub bad: Vec<(usize, String)>,
    /// A hash of the text, so that a link can ask for the same file again.
    pub hash: String,
}

/// The columns we know; others are kept in the record's value.
const COLUMNS: [&str; 5] = ["ts_ms", "customer", "order", "cents", "items"];
/// More rows than this are not read: a tab has only so much memory.
const MOST_ROWS: usize = 500_000;
/// The longest span between the first order and the last, in milliseconds: ten years.
const LONGEST_MS: i64 = 10 * 366 * 24 * 3_600_000;
/// The longest customer name, in bytes. It is the key of every record.
const LONGEST_KEY: usize = 1_000;

/// Reads a file. JSON lines if its name ends in `.jsonl`, `.ndjson` or `.json`, or if it begins with
/// a brace; CSV with a header line otherwise.
///
/// `ts_ms` (milliseconds, from any origin) and `customer` are required. `order` may be any text and
/// is kept in the value as `ref`, since inside a run orders are numbered from 0; `cents` (whole,
/// 0 or more) and `items` (1 or more) default to 0 and 1.
#[must_use]
pub fn parse(name: &str, text: &str) -> OrdersFile {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let lower = name.to_ascii_lowercase();
    let json = [".jsonl", ".ndjson", ".json"]
        .iter()
        .any(|end| lower.ends_with(end))
        || text.trim_start().starts_with('{');
    let mut file = OrdersFile {
        hash: hash(text),
        ..OrdersFile::default()
    };
    let mut rows = Vec::new();
    let mut take = |line: usize, row: Result<Row, String>| match row {
        _ if rows.len() >= MOST_ROWS => {
            if file
                .bad
                .last()
                .is_none_or(|(_, why)| !why.starts_with("only the first"))
            {
                let why = format!(
                    "only the first {MOST_ROWS} rows are read; this one and those after it are not"
                );
                file.bad.push((line, why));
            }
        }
        Ok(row) => rows.push((line, row)),
        Err(why) => file.bad.push((line, why)),
    };
    if json {
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            take(index + 1, json_row(line));
        }
    } else if let Err((line, why)) = csv_rows(text, &mut take) {
        file.bad.push((line, why));
    }
    rows.sort_by_cached_key(|(_, row)| in_order(row.ts_ms));
    let first = rows.first().map_or(0, |(_, row)| row.ts_ms);
    for (line, row) in rows {
        match row.ts_ms.checked_sub(first).filter(|ms| *ms <= LONGEST_MS) {
            Some(ms) => file.orders.push(row.order(Span::millis(ms.unsigned_abs()))),
            None => file.bad.push((
                line,
                "ts_ms lies more than ten years after the first".into(),
            )),
        }
    }
    file.bad.sort_by_cached_key(|(line, _)| *line as u64);
    file
}

/// 2,000 orders of one day as CSV: quiet nights, a lunch bump, an evening peak, and customers who
/// come back. The same text every time.
#[must_use]
pub fn sample() -> String {
    let mut rng = Rng::new(2_025, Salt::Workload, 1);
    let day_ms = 24 * 3_600_000;
    let mut times: Vec<u64> = Vec::new();
    while times.len() < 2_000 {
        let ms = rng.below(day_ms);
        if rng.chance(busyness(ms as f64 / 3_600_000.0)) {
            times.push(ms);
        }
    }
    times.sort_by_cached_key(|ms| *ms);
    let price = Dist::LogNormal {
        mean_us: 3_990,
        sigma: 0.7,
    };
    let channels = ["web", "web", "web", "app", "app", "shop"];
    let mut text = String::from("ts_ms,customer,order,cents,items,channel\n");
    for (number, ms) in times.into_iter().enumerate() {
        // The square makes a few customers frequent and most rare.
        let customer = (rng.unit() * rng.unit() * 420.0) as u32 + 1;
        let items = 1 + rng.below(4) * rng.below(2);
        let cents = price.draw(&mut rng).0.max(99);
        let channel = channels[rng.below(channels.len() as u64) as usize];
        let ts = crate::time::EVENT_EPOCH_MS + ms as i64;
        let order = number + 1_001;
        writeln!(
            text,
            "{ts},cust-{customer:03},{order},{cents},{items},{channel}"
        )
        .expect("writing to a string cannot fail");
    }
    text
}

/// How busy the shop is at an hour of the day, 0 to 1.
fn busyness(hour: f64) -> f64 {
    let bump = |at: f64, width: f64| libm::exp(-((hour - at) / width) * ((hour - at) / width));
    (0.04 + 0.35 * bump(9.5, 2.5) + 0.55 * bump(12.5, 1.6) + 0.9 * bump(20.0, 2.4)).min(1.0)
}

struct Row {
    ts_ms: i64,
    customer: String,
    cents: u64,
    items: u32,
    /// Sorted by name: what a record holds must not hang on how a JSON library keeps its maps.
    extra: Map<String, Value>,
}

impl Row {
    fn order(self, at: Span) -> RecordedOrder {
        let extra = (!self.extra.is_empty()).then(|| {
            let text = serde_json::to_string(&self.extra).expect("plain values have JSON");
            Arc::from(&text[1..text.len() - 1])
        });
        let Self { cents, items, .. } = self;
        RecordedOrder {
            at,
            customer: Arc::from(self.customer),
            cents,
            items,
            extra,
        }
    }

    /// From named values, however they were written.
    fn read(mut members: Map<String, Value>) -> Result<Self, String> {
        let ts_ms = whole(members.remove("ts_ms").as_ref(), "ts_ms")?
            .ok_or("ts_ms is missing: when was the order placed, in milliseconds?")?;
        let customer = match members.remove("customer") {
            Some(Value::String(name)) if !name.trim().is_empty() => name.trim().to_owned(),
            Some(Value::Number(number)) => number.to_string(),
            _ => return Err("customer is missing: who ordered?".into()),
        };
        if customer.len() > LONGEST_KEY {
            return Err(format!("customer is longer than {LONGEST_KEY} bytes"));
        }
        let cents = whole(members.remove("cents").as_ref(), "cents")?.unwrap_or(0);
        let items = whole(members.remove("items").as_ref(), "items")?.unwrap_or(1);
        let cents = u64::try_from(cents).map_err(|_| format!("cents is {cents}, below 0"))?;
        let items = u32::try_from(items)
            .ok()
            .filter(|items| *items > 0)
            .ok_or_else(|| format!("items is {items}: at least 1, at most {}", u32::MAX))?;
        let mut extra = Map::new();
        if let Some(order) = members.remove("order").filter(|order| !is_empty(order)) {
            extra.insert("ref".into(), order);
        }
        // What the pipeline itself reads must not be overwritten by a column of that name.
        extra.extend(
            members
                .into_iter()
                .filter(|(name, value)| name != "status" && !is_empty(value)),
        );
        // The library keeps names in order, unless somebody in the build asks it not to.
        extra.sort_keys();
        Ok(Self {
            ts_ms,
            customer,
            cents,
            items,
            extra,
        })
    }
}

fn is_empty(value: &Value) -> bool {
    value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty())
}

/// A whole number given as a number or as text; `None` if it is not given at all.
fn whole(value: Option<&Value>, name: &str) -> Result<Option<i64>, String> {
    let Some(value) = value.filter(|value| !is_empty(value)) else {
        return Ok(None);
    };
    let number = match value {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number
        .map(Some)
        .ok_or_else(|| format!("{name} is not a whole number: {value}"))
}

fn json_row(line: &str) -> Result<Row, String> {
    match serde_json::from_slice(line.as_bytes()) {
        Ok(Value::Object(members)) => Row::read(members),
        Ok(_) => Err("not a JSON object".into()),
        Err(error) => Err(format!("not JSON: {error}")),
    }
}

type Take<'a> = dyn FnMut(usize, Result<Row, String>) + 'a;

fn csv_rows(text: &str, take: &mut Take<'_>) -> Result<(), (usize, String)> {
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let heads: Vec<String> = match reader.headers() {
        Ok(heads) => heads.iter().map(String::from).collect(),
        Err(error) => return Err((1, format!("not CSV: {error}"))),
    };
    let known = COLUMNS.join(", ");
    for wanted in ["ts_ms", "customer"] {
        if !heads.iter().any(|head| head == wanted) {
            let why = format!(
                "the first line has no column “{wanted}”. Columns are {known}; the first two are \
                 required, others are kept"
            );
            return Err((1, why));
        }
    }
    let mut record = csv::StringRecord::new();
    loop {
        let line = reader.position().line() as usize;
        match reader.read_record(&mut record) {
            Ok(false) => return Ok(()),
            Ok(true) if record.len() != heads.len() => {
                let line = record.position().map_or(line, |p| p.line() as usize);
                let (has, wants) = (record.len(), heads.len());
                take(line, Err(format!("{has} values for {wants} columns")));
            }
            Ok(true) => {
                let line = record.position().map_or(line, |p| p.line() as usize);
                let members = heads.iter().zip(record.iter());
                let members = members.map(|(head, text)| (head.clone(), Value::from(text)));
                take(line, Row::read(members.collect()));
            }
            Err(error) => take(line, Err(format!("not CSV: {error}"))),
        }
    }
}

/// A short hash of a text: 16 hex digits.
fn hash(text: &str) -> String {
    let folded = text.bytes().fold(text.len() as u64, |hash, byte| {
        (hash ^ u64::from(byte))
            .wrapping_mul(0x0000_0100_0000_01b3)
            .rotate_left(7)
    });
    format!("{:016x}", crate::rng::mix(folded))
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn good_rows_load_in_order_of_time_and_bad_ones_are_named_by_line() {
        let text = "ts_ms,customer,order,cents,items,channel\n\
                    2000,bob,7,500,1,web\n\
                    1000,alice,6,1250,2,\"app, phone\"\n\
                    soon,carol,8,1,1,web\n\
                    3000,,9,1,1,web\n\
                    4000,dave,10,-5,1,web\n\
                    5000,erin,11\n\
                    6000,frank,12,100,0,web\n";
        let file = parse("orders.csv", text);
        let names: Vec<&str> = file.orders.iter().map(|order| &*order.customer).collect();
        assert_eq!(names, ["alice", "bob"]);
        assert_eq!(file.orders[1].at, Span::secs(1));
        let extra = file.orders[0].extra.as_deref();
        assert_eq!(extra, Some(r#""channel":"app, phone","ref":"6""#));
        let lines: Vec<usize> = file.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [4, 5, 6, 7, 8], "{:?}", file.bad);
    }

    #[test]
    fn json_lines_are_read_too() {
        let text = "{\"ts_ms\":5,\"customer\":\"a\",\"cents\":10,\"gift\":true}\n\n[1]\n{\"customer\":\"b\"}\n";
        let file = parse("orders.jsonl", text);
        assert_eq!(file.orders.len(), 1);
        assert_eq!(file.orders[0].extra.as_deref(), Some(r#""gift":true"#));
        let lines: Vec<usize> = file.bad.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [3, 4]);
    }

    #[test]
    fn a_file_without_our_columns_says_which() {
        let file = parse("x.csv", "a,b\n1,2\n");
        assert!(file.orders.is_empty());
        assert!(file.bad[0].1.contains("ts_ms"), "{:?}", file.bad);
        assert_eq!(parse("empty.csv", "").bad.len(), 1);
    }

    #[test]
    fn the_sample_is_a_day_of_two_thousand_orders_with_an_evening_peak() {
        let file = parse("sample.csv", &sample());
        assert_eq!((file.orders.len(), file.bad.len()), (2_000, 0));
        let in_hours = |from: u64, to: u64| {
            let hours = from * 3_600_000_000..to * 3_600_000_000;
            file.orders
                .iter()
                .filter(|order| hours.contains(&order.at.0))
                .count()
        };
        assert!(
            in_hours(19, 21) > 10 * in_hours(2, 4),
            "the evening is busier than the night"
        );
        let mut customers: Vec<&str> = file.orders.iter().map(|o| &*o.customer).collect();
        customers.sort_unstable();
        customers.dedup();
        assert!(
            (150..420).contains(&customers.len()),
            "{} customers",
            customers.len()
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(
            std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(5_000)
        ))]

        #[test]
        fn fuzz_files_never_panic_and_account_for_every_row(
            text in "(ts_ms,customer,cents\n)?([-0-9a-z\",{}:.é\u{0}\n\\\\]{0,80}\n){0,6}",
            json in any::<bool>(),
        ) {
            let file = parse(if json { "a.jsonl" } else { "a.csv" }, &text);
            prop_assert!(file.orders.is_sorted_by_key(|order| order.at));
            prop_assert!(file.orders.len() + file.bad.len() <= text.lines().count() + 1);
        }

        #[test]
        fn fuzz_files_mutated(place in 0usize..400, byte in any::<char>()) {
            let mut text: Vec<char> = sample().chars().take(400).collect();
            text[place] = byte;
            let file = parse("a.csv", &text.into_iter().collect::<String>());
            prop_assert!(file.orders.len() <= 10);
        }
    }
}
