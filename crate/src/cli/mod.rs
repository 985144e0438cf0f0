//! The command line. [`run`] is the whole program, so that tests call it in process.

mod app;
mod conform;
mod dump_log;
mod export;
mod grade;
mod hashtags;
mod hunt;
mod input;
mod intent;
mod layers;
mod partition;
mod report;
mod run;
mod scenes;
mod sessionize;
mod sketch;
mod stream;
mod topology;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, ErrorKind, Read, Write};

/// All went well.
pub const OK: u8 = 0;
/// The command ran and found something wrong.
pub const FAILED: u8 = 1;
/// The command could not be understood, or what it was given could not be read.
pub const USAGE: u8 = 2;

/// A simulator of an event-streaming platform, without its pictures.
#[derive(Parser)]
#[command(name = "millrace", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    Run(run::Args),
    Grade(grade::Args),
    Hunt(hunt::Args),
    /// List the scenes that `run` plays.
    Scenarios,
    /// Print a sample of 2,000 orders as CSV: a day of a shop.
    SampleOrders,
    DumpLog(dump_log::Args),
    Partition(partition::Args),
    Sketch(sketch::Args),
    Conform(conform::Args),
    Stream(stream::Args),
    Topology(topology::Args),
    Hashtags(hashtags::Args),
    Sessionize(sessionize::Args),
    Intent(intent::Args),
}

/// Where a command reads and writes.
pub struct Streams<'a> {
    /// Standard input.
    pub stdin: &'a mut dyn Read,
    /// Standard output: what was asked for.
    pub stdout: &'a mut dyn Write,
    /// Standard error: what went wrong.
    pub stderr: &'a mut dyn Write,
}

/// Runs the command in `args` (the program's name first) and gives its exit code: [`OK`],
/// [`FAILED`] or [`USAGE`].
pub fn run(
    args: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    stdin: &mut dyn Read,
    stdout: &mut dyn Write,
    stderr: &mut dyn Write,
) -> u8 {
    let mut streams = Streams {
        stdin,
        stdout,
        stderr,
    };
    let done = match Cli::try_parse_from(args) {
        Ok(cli) => execute(&cli.command, &mut streams),
        Err(error) => explain(&error, &mut streams),
    };
    match done {
        Ok(code) => code,
        // `millrace … | head` is no error.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => OK,
        Err(error) => {
            // If even this cannot be written, the exit code must do.
            let _ = writeln!(streams.stderr, "millrace: {error}");
            FAILED
        }
    }
}

fn execute(command: &Command, streams: &mut Streams<'_>) -> io::Result<u8> {
    match command {
        Command::Run(args) => run::run(args, streams),
        Command::Grade(args) => grade::run(args, streams),
        Command::Hunt(args) => hunt::run(args, streams),
        Command::Scenarios => scenes::list(streams),
        Command::SampleOrders => scenes::sample_orders(streams),
        Command::DumpLog(args) => dump_log::run(args, streams),
        Command::Partition(args) => partition::run(args, streams),
        Command::Sketch(args) => sketch::run(args, streams),
        Command::Conform(args) => conform::run(args, streams),
        Command::Stream(args) => stream::run(args, streams),
        Command::Topology(args) => topology::run(args, streams),
        Command::Hashtags(args) => hashtags::run(args, streams),
        Command::Sessionize(args) => sessionize::run(args, streams),
        Command::Intent(args) => intent::run(args, streams),
    }
}

/// Help and version are asked for and go to standard output; the rest are mistakes.
fn explain(error: &clap::Error, streams: &mut Streams<'_>) -> io::Result<u8> {
    if error.use_stderr() {
        write!(streams.stderr, "{error}")?;
        Ok(USAGE)
    } else {
        write!(streams.stdout, "{error}")?;
        Ok(OK)
    }
}
