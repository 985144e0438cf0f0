//! `millrace sessionize`: a file of clicks as sessions.

use super::{FAILED, OK, Streams, USAGE, input, report};
use crate::clickstream::session::Sessionizer;
use crate::clickstream::symbol::digits;
use crate::scenario::clicks_file::ClicksFile;
use crate::time::Span;
use serde::Serialize;
use std::io;
use std::path::{Path, PathBuf};

/// Make sessions of clicks: a visitor's clicks with no more than a gap between one and the next, by
/// event time, in whichever order they stand in the file. A session ends one gap after its last click.
/// A file is `user,ts_ms,event` (view, detail, add, remove, purchase, click, or 1 to 6) or the
/// published research format with `session_id_hash`, `product_action` and
/// `server_timestamp_epoch_ms`. Rows that cannot be read are listed with their lines, the rest is done.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The clicks.
    file: PathBuf,
    /// Clicks this far apart are still one session.
    #[arg(long, default_value = "30m", value_parser = input::span)]
    gap: Span,
    /// One JSON object a line, in place of a table.
    #[arg(long)]
    json: bool,
}

/// A session as a line of JSON.
#[derive(Serialize)]
struct Line<'a> {
    user: &'a str,
    start_ms: i64,
    end_ms: i64,
    events: usize,
    symbols: String,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let gap_ms = (args.gap.0 / 1_000) as i64;
    let (file, sessions) = match read(&args.file, gap_ms) {
        Ok(read) => read,
        Err(trouble) => {
            writeln!(streams.stderr, "millrace: {trouble}")?;
            return Ok(USAGE);
        }
    };
    bad_rows(&args.file, &file, streams)?;
    let good = file.rows() - file.bad_rows();
    let mut rows = Vec::new();
    for session in file
        .by_name()
        .into_iter()
        .flat_map(|user| sessions.of(user))
    {
        let user = file.users().name(session.user);
        let line = Line {
            user: &user,
            start_ms: session.start(),
            end_ms: session.end(),
            events: session.len(),
            symbols: digits(&session.symbols()),
        };
        if args.json {
            serde_json::to_writer(&mut *streams.stdout, &line)?;
            writeln!(streams.stdout)?;
        } else {
            rows.push(vec![
                line.user.to_owned(),
                line.start_ms.to_string(),
                line.end_ms.to_string(),
                line.events.to_string(),
                line.symbols,
            ]);
        }
    }
    if !args.json {
        let names = ["user", "start_ms", "end_ms", "events", "symbols"];
        report::table(streams.stdout, &names, &rows)?;
        let (users, sessions) = (file.users().len(), rows.len());
        writeln!(
            streams.stdout,
            "\n{sessions} sessions of {good} events from {users} users"
        )?;
    }
    Ok(if good == 0 { FAILED } else { OK })
}

/// A file, and its clicks by user.
pub(super) fn read(path: &Path, gap_ms: i64) -> Result<(ClicksFile, Sessionizer), String> {
    let named = |error: String| format!("{}: {error}", path.display());
    let mut sessions = Sessionizer::new(gap_ms)?;
    let bytes = std::fs::read(path).map_err(|error| named(error.to_string()))?;
    let mut file = ClicksFile::open(bytes).map_err(named)?;
    let mut take = |click| {
        let taken = sessions.click(click);
        debug_assert!(taken, "the file's times are within a session's");
    };
    while file.read(100_000, &mut take) {}
    while sessions.settle(usize::MAX) {}
    Ok((file, sessions))
}

/// Lists the rows that could not be read.
pub(super) fn bad_rows(
    path: &Path,
    file: &ClicksFile,
    streams: &mut Streams<'_>,
) -> io::Result<()> {
    let path = path.display();
    for (line, why) in file.bad() {
        writeln!(streams.stderr, "{path}:{line}: {why}")?;
    }
    let (bad, good) = (file.bad_rows(), file.rows() - file.bad_rows());
    if bad > 0 {
        writeln!(streams.stderr, "{path}: {bad} rows left out, {good} read")?;
    }
    Ok(())
}
