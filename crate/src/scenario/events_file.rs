//! A person's own events: a CSV file of records with a time, for windows. Good rows are read, bad
//! ones listed.

use crate::stream::{Aggregate, Keys, Record};

/// What to read of a file.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// `count`, or `sum`, `min`, `max`, `avg` or `collect` of the column `value` or, as in
    /// `sum:price`, of another.
    pub agg: &'a str,
    /// The column of the keys; without it `key`, if there is one.
    pub key: Option<&'a str>,
    /// Records with this value are marked: in the column `value`, or `event` if there is no such, or,
    /// as in `kind=end`, another.
    pub marker: Option<&'a str>,
    /// Whether it must say when records came.
    pub clock: bool,
}

/// A record, and what there is about it besides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// The record.
    pub record: Record,
    /// The clock on the wall when it came, in ms; its own time where the file does not say.
    pub arrival: i64,
    /// The partition it came from, counted in the order in which they are first seen.
    pub partition: u32,
    /// The micro-batch it came in, counted likewise.
    pub batch: u32,
}

/// What a file held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventsFile {
    /// The good rows, in the file's order.
    pub rows: Vec<Row>,
    /// The bad ones: line number from 1, and what is wrong.
    pub bad: Vec<(u64, String)>,
    /// The keys by their numbers, in order of their names; `all` where there is no such column.
    pub keys: Vec<String>,
    /// How many partitions there are.
    pub partitions: u32,
    /// Whether there is a column of batches.
    pub batches: bool,
    /// Values are multiples of 10 to the minus so much.
    pub decimals: u32,
    /// What is made of the values.
    pub aggregate: Aggregate,
}

/// Where the columns are.
struct Columns {
    ts: usize,
    key: Option<usize>,
    value: Option<usize>,
    marker: Option<(usize, String)>,
    arrival: Option<usize>,
    partition: Option<usize>,
    batch: Option<usize>,
}

fn columns(
    wanted: &Wanted<'_>,
    header: &csv::StringRecord,
) -> Result<(Columns, Aggregate), String> {
    let names = || header.iter().collect::<Vec<_>>().join(", ");
    let find = |name: &str| header.iter().position(|column| column == name);
    let must = |name: &str, why: &str| {
        find(name).ok_or_else(|| format!("there is no column {name}{why}; there are: {}", names()))
    };
    let (agg, column) = match wanted.agg.split_once(':') {
        Some((agg, column)) => (agg, Some(column)),
        None => (wanted.agg, None),
    };
    let aggregate: Aggregate = agg.parse()?;
    let value = match column {
        Some(column) => Some(must(column, "")?),
        None if aggregate == Aggregate::Count => None,
        None => Some(must(
            "value",
            &format!(" to take the {agg} of (or say {agg}:COLUMN)"),
        )?),
    };
    let marker = wanted.marker.map(|marker| match marker.split_once('=') {
        Some((column, marker)) => Ok((must(column, "")?, marker.to_owned())),
        None => {
            let found = find("value").or_else(|| find("event"));
            let hint = format!(" to find {marker} in (or say COLUMN={marker})");
            let found = found.map_or_else(|| must("value", &hint), Ok)?;
            Ok::<_, String>((found, marker.to_owned()))
        }
    });
    let marker = marker.transpose()?;
    let arrival = if wanted.clock {
        Some(must(
            "arrival_ms",
            ", the clock on the wall when a record came",
        )?)
    } else {
        find("arrival_ms")
    };
    let columns = Columns {
        ts: must("ts_ms", "")?,
        key: match wanted.key {
            Some(key) => Some(must(key, "")?),
            None => find("key"),
        },
        value,
        marker,
        arrival,
        partition: find("partition"),
        batch: find("batch"),
    };
    Ok((columns, aggregate))
}

/// Reads a file with a header line. `ts_ms` is a record's time; `arrival_ms`, if there is one, the
/// clock on the wall when it came; `partition` and `batch` are heeded if there are such columns.
///
/// # Errors
/// When a column is not there that must be, or the aggregate is none; the sentence says which there
/// are.
pub fn parse(bytes: &[u8], wanted: &Wanted<'_>) -> Result<EventsFile, String> {
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text);
    let header = reader.headers().map_err(|error| error.to_string())?;
    let (columns, aggregate) = columns(wanted, header)?;
    let width = header.len();
    let mut file = EventsFile {
        rows: Vec::new(),
        bad: Vec::new(),
        keys: Vec::new(),
        partitions: 0,
        batches: columns.batch.is_some(),
        decimals: 0,
        aggregate,
    };
    let [mut keys, mut partitions, mut batches] = [Keys::new(), Keys::new(), Keys::new()];
    let mut decimals = Vec::new();
    let mut row = csv::StringRecord::new();
    let mut line = 1;
    loop {
        match reader.read_record(&mut row) {
            Ok(false) => break,
            Ok(true) => {}
            Err(error) => {
                let at = error.position().map_or(line, csv::Position::line);
                file.bad.push((at, error.to_string()));
                continue;
            }
        }
        line = row.position().map_or(line, csv::Position::line);
        match one(&row, width, &columns) {
            Ok((mut read, value)) => {
                let label =
                    |of: &mut Keys, at: Option<usize>| at.map_or(0, |at| of.id(row[at].as_bytes()));
                read.record.key = keys.id(columns.key.map_or("all", |at| &row[at]).as_bytes());
                read.partition = label(&mut partitions, columns.partition);
                read.batch = label(&mut batches, columns.batch);
                decimals.push((line, value));
                file.rows.push(read);
            }
            Err(why) => file.bad.push((line, why)),
        }
    }
    file.partitions = partitions.len() as u32;
    name(&mut file, &keys);
    scale(&mut file, &decimals);
    Ok(file)
}

/// Numbers the keys in order of their names, so that what comes out at one moment does.
fn name(file: &mut EventsFile, keys: &Keys) {
    let mut order: Vec<u32> = (0..keys.len() as u32).collect();
    order.sort_unstable_by(|&a, &b| keys.bytes(a).cmp(keys.bytes(b)));
    let mut place = vec![0; order.len()];
    for (new, &old) in (0..).zip(&order) {
        place[old as usize] = new;
        file.keys.push(keys.name(old).into_owned());
    }
    for row in &mut file.rows {
        row.record.key = place[row.record.key as usize];
    }
}

/// A number with digits after the point: how many, and the number without the point.
type Decimal = (u32, i64);

/// A row, without its key and labels; and its value.
fn one(row: &csv::StringRecord, width: usize, columns: &Columns) -> Result<(Row, Decimal), String> {
    if row.len() != width {
        return Err(format!(
            "{} fields, where the header has {width}",
            row.len()
        ));
    }
    let whole = |at: usize, name: &str| {
        let text = &row[at];
        let number = text.parse::<i64>();
        number.map_err(|_| format!("{name} is “{text}”, which is no whole number of milliseconds"))
    };
    if let Some(at) = columns.key.filter(|&at| row[at].is_empty()) {
        return Err(format!("field {} is empty, and is the key", at + 1));
    }
    let ts = whole(columns.ts, "ts_ms")?;
    let arrival = columns
        .arrival
        .map(|at| whole(at, "arrival_ms"))
        .transpose()?;
    let value = columns.value.map(|at| decimal(&row[at])).transpose()?;
    let marks = columns.marker.as_ref();
    let marks = marks.is_some_and(|(at, marker)| row[*at] == **marker);
    let record = Record {
        key: 0,
        ts,
        value: 0,
        marks,
    };
    let row = Row {
        record,
        arrival: arrival.unwrap_or(ts),
        partition: 0,
        batch: 0,
    };
    Ok((row, value.unwrap_or((0, 1))))
}

fn decimal(text: &str) -> Result<Decimal, String> {
    let number = || {
        let (whole, after) = text.split_once('.').unwrap_or((text, ""));
        let after = after.trim_end_matches('0');
        let digits = after.bytes().all(|b| b.is_ascii_digit()) && after.len() <= 9;
        let joined = format!("{whole}{after}");
        let number = joined
            .parse()
            .ok()
            .filter(|_| digits && !whole.is_empty())?;
        Some((after.len() as u32, number))
    };
    number().ok_or_else(|| format!("“{text}” is no number (nine digits after the point at most)"))
}

/// Gives all values as many digits after the point, so that they are whole and exact. A row whose
/// value is too large for that is left out.
fn scale(file: &mut EventsFile, values: &[(u64, Decimal)]) {
    let most = values.iter().map(|&(_, (after, _))| after).max();
    file.decimals = most.unwrap_or(0);
    let mut keep = Vec::with_capacity(values.len());
    for (row, &(line, (after, number))) in file.rows.iter_mut().zip(values) {
        let more = 10i64.pow(file.decimals - after);
        let value = number.checked_mul(more);
        row.record.value = value.unwrap_or(0);
        keep.push(value.is_some());
        if value.is_none() {
            let why = "the value is too large to be exact".to_owned();
            file.bad.push((line, why));
        }
    }
    let mut keep = keep.into_iter();
    file.rows.retain(|_| keep.next() == Some(true));
    file.bad.sort_by_cached_key(|&(line, _)| line);
}
