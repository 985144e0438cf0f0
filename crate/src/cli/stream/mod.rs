//! `millrace stream`: a file of records through windows, by the rules of one engine.

use super::{OK, Streams, USAGE};
use crate::scenario::events_file::{self, EventsFile, Wanted};
use crate::stream::{
    Aggregate, Asked, Emission, Engine, Job, Key, Options, Out, TimeKind, Value, Windows, millis,
};
use serde_json::json;
use std::io::{self, Read, Write};
use std::path::PathBuf;

/// Put the records of a CSV file into windows and print what comes out, in that order: `key,
/// start_ms, end_ms, value, kind, emitted_at`.
///
/// The file has a header line. `ts_ms` is a record's time; `arrival_ms`, if there is one, the clock
/// on the wall when it came, otherwise that is the newest time so far. `partition` and, for Spark,
/// `batch` are heeded if there are such columns. The kind is on_time, early, late, update or retract;
/// `emitted_at` is the clock on the wall.
///
/// Without --watermark nothing is late: Flink and Beam give everything when the file ends, and Spark
/// asks for it as for a table. With one, Flink and Beam still give the rest when the file ends; Spark
/// and Kafka Streams go on waiting, and what is left open is told.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The records; - is standard input.
    #[arg(long, value_name = "FILE.csv")]
    input: PathBuf,
    /// tumbling:SIZE[,OFFSET], sliding:SIZE,SLIDE[,OFFSET], sliding:SIZE (Kafka Streams, aligned with
    /// events), session:GAP, count:N[,SLIDE], punctuation:[COLUMN=]VALUE or global. Times are 500ms,
    /// 10s, 5m, 2h, 1d.
    #[arg(long, value_parser = windows)]
    window: Windows,
    /// count, or sum, min, max, avg or collect of the column `value` or, as in sum:price, another.
    #[arg(long, default_value = "count", value_name = "AGG[:COLUMN]")]
    agg: String,
    /// The column to group by. Without it `key`, if there is such a column; otherwise all records are
    /// of one key, `all`.
    #[arg(long, value_name = "COLUMN")]
    key: Option<String>,
    /// How much out of order records are expected to come; or punctuated:[COLUMN=]VALUE, where records
    /// with that value move it to their time and no other does (Flink, Beam).
    #[arg(long, value_parser = mark, value_name = "TIME", allow_hyphen_values = true)]
    watermark: Option<Mark>,
    /// How long a complete window still takes records: Flink's and Beam's allowed lateness, Kafka
    /// Streams' grace.
    #[arg(long, value_parser = millis, value_name = "TIME", allow_hyphen_values = true)]
    lateness: Option<i64>,
    /// watermark, early:N, early:TIME, count:N or each (Flink, Beam); each or final (Kafka Streams);
    /// batch:N (Spark).
    #[arg(long, value_name = "TRIGGER")]
    trigger: Option<Asked>,
    /// accumulating, discarding or retracting; for Spark append, update or complete.
    #[arg(long)]
    mode: Option<String>,
    /// Whose rules: flink, spark, kafka-streams or beam.
    #[arg(long, default_value = "flink")]
    engine: Engine,
    /// By which time: event, ingestion or processing.
    #[arg(long, default_value = "event", value_parser = time)]
    time: TimeKind,
    /// A partition without records for so long does not hold back the watermark.
    #[arg(long, value_parser = millis, value_name = "TIME")]
    idle: Option<i64>,
    /// One JSON object a line.
    #[arg(long)]
    json: bool,
}

/// What moves the watermark.
#[derive(Clone)]
enum Mark {
    /// Every record, with a delay.
    Delay(i64),
    /// Those with a value, in a column that may be named before it.
    Value(String),
}

fn mark(text: &str) -> Result<Mark, String> {
    match text.strip_prefix("punctuated:") {
        Some(value) => Ok(Mark::Value(value.to_owned())),
        None => millis(text).map(Mark::Delay),
    }
}

fn windows(text: &str) -> Result<Windows, String> {
    text.parse()
}

fn time(text: &str) -> Result<TimeKind, String> {
    match text {
        "event" => Ok(TimeKind::Event),
        "ingestion" => Ok(TimeKind::Ingestion),
        "processing" => Ok(TimeKind::Processing),
        _ => Err(format!(
            "“{text}” is no time: event, ingestion or processing"
        )),
    }
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let table = match read(args, streams.stdin) {
        Ok(table) => table,
        Err(why) => {
            writeln!(streams.stderr, "millrace: {why}")?;
            return Ok(USAGE);
        }
    };
    let mut job = match job(args, &table) {
        Ok(job) => job,
        Err(why) => {
            writeln!(streams.stderr, "millrace: {why}")?;
            return Ok(USAGE);
        }
    };
    let path = args.input.display();
    for (line, why) in &table.bad {
        writeln!(streams.stderr, "{path}:{line}: {why}")?;
    }
    if !table.bad.is_empty() {
        let (bad, good) = (table.bad.len(), table.rows.len());
        writeln!(
            streams.stderr,
            "{path}: {bad} lines left out, {good} records read"
        )?;
    }
    let mut print = Print {
        json: args.json,
        table: &table,
        out: streams.stdout,
    };
    print.header()?;
    let mut out = Out::default();
    let (mut dropped, mut now) = (0, i64::MIN);
    let mut batch = None;
    for row in &table.rows {
        if batch.is_some_and(|batch| batch != row.batch) {
            job.end_batch(now, &mut out);
        }
        batch = Some(row.batch);
        now = now.max(row.arrival);
        job.record(row.record, row.partition as usize, now, &mut out);
        print.results(&out.emitted)?;
        dropped += out.dropped.len();
        out.clear();
    }
    job.finish(now, &mut out);
    print.results(&out.emitted)?;
    dropped += out.dropped.len();
    tell(&job, args.engine, dropped, streams)?;
    Ok(OK)
}

/// What did not come out.
fn tell(job: &Job, engine: Engine, dropped: usize, streams: &mut Streams<'_>) -> io::Result<()> {
    if dropped > 0 {
        writeln!(
            streams.stderr,
            "{dropped} dropped as late (by the rules of {engine})"
        )?;
    }
    let open = job.operator().open();
    let open = open.filter(|(_, pane)| pane.has_news()).count();
    if open > 0 && job.leaves_open() {
        writeln!(
            streams.stderr,
            "{open} windows are still open: {engine} waits for more records"
        )?;
    }
    Ok(())
}

/// Reads the file; rows that cannot be read are listed.
fn read(args: &Args, stdin: &mut dyn Read) -> Result<EventsFile, String> {
    let path = args.input.display();
    let mut bytes = Vec::new();
    let read = if args.input.as_os_str() == "-" {
        stdin.read_to_end(&mut bytes)
    } else {
        std::fs::File::open(&args.input).and_then(|mut file| file.read_to_end(&mut bytes))
    };
    read.map_err(|error| format!("{path}: {error}"))?;
    let marker = match (&args.window, &args.watermark) {
        (Windows::Punctuation { .. }, Some(Mark::Value(_))) => {
            return Err(format!(
                "{path}: a record marks the end of a window or the watermark, not both"
            ));
        }
        (Windows::Punctuation { marker }, _) | (_, Some(Mark::Value(marker))) => Some(&**marker),
        _ => None,
    };
    let wanted = Wanted {
        agg: &args.agg,
        key: args.key.as_deref(),
        marker,
        clock: args.time != TimeKind::Event,
    };
    events_file::parse(&bytes, &wanted).map_err(|why| format!("{path}: {why}"))
}

fn job(args: &Args, table: &EventsFile) -> Result<Job, String> {
    let mut options = Options {
        engine: args.engine,
        windows: args.window.clone(),
        time: args.time,
        watermark: match args.watermark {
            Some(Mark::Delay(delay)) => Some(delay),
            _ => None,
        },
        punctuated: matches!(args.watermark, Some(Mark::Value(_))),
        lateness: args.lateness,
        trigger: args.trigger,
        mode: args.mode.clone(),
    };
    if table.batches && args.engine == Engine::Spark && args.trigger.is_none() {
        // The file says where a batch ends.
        options.trigger = Some(Asked::Batch(u32::MAX));
    }
    let partitions = table.partitions as usize;
    Job::new(&options, table.aggregate, partitions, args.idle)
}

/// Prints results.
struct Print<'a> {
    json: bool,
    table: &'a EventsFile,
    out: &'a mut dyn Write,
}

const FIELDS: [&str; 6] = ["key", "start_ms", "end_ms", "value", "kind", "emitted_at"];

impl<'a> Print<'a> {
    fn header(&mut self) -> io::Result<()> {
        if self.json {
            return Ok(());
        }
        writeln!(self.out, "{}", FIELDS.join(","))
    }

    fn results(&mut self, emitted: &[Emission]) -> io::Result<()> {
        for result in emitted {
            let key = self.name(result.key);
            let (start, end) = (result.window.start, result.window.end);
            let (kind, at) = (result.kind.name(), result.at);
            if self.json {
                let value = match &result.value {
                    Value::Number(n) => self.number(*n),
                    Value::Mean(sum, n) => json!(self.mean(*sum, *n)),
                    Value::List(values) => values.iter().map(|&n| self.number(n)).collect(),
                    Value::Counts(counts) => {
                        let counts = counts.iter();
                        counts
                            .map(|&(n, times)| json!([self.number(n), times]))
                            .collect()
                    }
                };
                let line = json!({
                    FIELDS[0]: key, FIELDS[1]: start, FIELDS[2]: end,
                    FIELDS[3]: value, FIELDS[4]: kind, FIELDS[5]: at,
                });
                writeln!(self.out, "{line}")?;
            } else {
                let value = match &result.value {
                    Value::Number(n) => self.digits(*n),
                    Value::Mean(sum, n) => self.mean(*sum, *n).to_string(),
                    Value::List(values) => {
                        let values: Vec<String> = values.iter().map(|&n| self.digits(n)).collect();
                        values.join(" ")
                    }
                    Value::Counts(counts) => {
                        let counts = counts.iter();
                        let counts =
                            counts.map(|&(n, times)| format!("{}:{times}", self.digits(n)));
                        counts.collect::<Vec<String>>().join(" ")
                    }
                };
                let key = quoted(key);
                writeln!(self.out, "{key},{start},{end},{value},{kind},{at}")?;
            }
        }
        Ok(())
    }

    fn name(&self, key: Key) -> &'a str {
        self.table.keys.get(key as usize).map_or("", String::as_str)
    }

    /// Counts have no digits after the point, whatever is counted.
    fn decimals(&self) -> u32 {
        match self.table.aggregate {
            Aggregate::Count | Aggregate::Distinct { .. } | Aggregate::Members { .. } => 0,
            _ => self.table.decimals,
        }
    }

    fn mean(&self, sum: i64, n: u64) -> f64 {
        sum as f64 / n.max(1) as f64 / 10i64.pow(self.decimals()) as f64
    }

    fn number(&self, n: i64) -> serde_json::Value {
        match self.decimals() {
            0 => json!(n),
            decimals => json!(n as f64 / 10i64.pow(decimals) as f64),
        }
    }

    fn digits(&self, n: i64) -> String {
        let decimals = self.decimals();
        if decimals == 0 {
            return n.to_string();
        }
        let sign = if n < 0 { "-" } else { "" };
        let (all, unit) = (n.unsigned_abs(), 10u64.pow(decimals));
        let (whole, after) = (all / unit, all % unit);
        let after = format!("{after:0width$}", width = decimals as usize);
        let after = after.trim_end_matches('0');
        let point = if after.is_empty() { "" } else { "." };
        format!("{sign}{whole}{point}{after}")
    }
}

/// A field of a CSV file.
fn quoted(text: &str) -> std::borrow::Cow<'_, str> {
    if text.contains(['"', ',', '\n', '\r']) {
        format!("\"{}\"", text.replace('"', "\"\"")).into()
    } else {
        text.into()
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
