//! `millrace run`: plays a scene without its pictures and says what came of it.

use super::{FAILED, OK, Streams, USAGE, app, export, input, layers, report};
use crate::scenario::commands_file;
use crate::sim::Timeline;
use crate::time::{Span, Time};
use crate::view::summary::Summary;
use std::io::{self, Write};
use std::path::PathBuf;

/// Play a scene and print what came of it.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The scene's name; `millrace scenarios` lists them.
    scenario: String,
    /// What decides every draw: the same seed, the same run.
    #[arg(long, default_value_t = 41)]
    seed: u64,
    /// How far to play, in simulated time: 60s, 90000ms, 1m30s. By default the scene's own length,
    /// or that of the orders and half a minute more.
    #[arg(long, value_name = "TIME", value_parser = input::span)]
    until: Option<Span>,
    /// What is done meanwhile: JSON lines, such as
    /// {"at_us":12000000,"set_work":{"service":"payment","mean_us":900000}}.
    #[arg(long, value_name = "FILE")]
    commands: Option<PathBuf>,
    /// Your own orders in place of the scene's, CSV or JSON lines, with the columns ts_ms, customer
    /// and, if you like, order, cents, items and others.
    #[arg(long, value_name = "FILE.csv")]
    orders: Option<PathBuf>,
    /// How many times faster than recorded those orders come.
    #[arg(long, value_name = "X", default_value_t = 1.0, requires = "orders", value_parser = input::speed)]
    speed: f64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Write every partition's segment files into this new or empty folder.
    #[arg(long, value_name = "DIR")]
    export: Option<PathBuf>,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let (mut timeline, until) = match prepare(args, streams.stderr)? {
        Ok(prepared) => prepared,
        Err(trouble) => {
            writeln!(streams.stderr, "millrace: {trouble}")?;
            return Ok(USAGE);
        }
    };
    timeline.run_until(until, u64::MAX);
    report_commands(&timeline, streams.stderr)?;
    let summary = Summary::of(&timeline);
    if args.json {
        let mut whole = serde_json::to_value(&summary)?;
        app::add_to(&mut whole, &timeline);
        layers::add_to(&mut whole, &timeline)?;
        serde_json::to_writer_pretty(&mut *streams.stdout, &whole)?;
        writeln!(streams.stdout)?;
    } else {
        report::print(&summary, timeline.scenario(), streams.stdout)?;
        app::print(&timeline, streams.stdout)?;
        layers::print(&timeline, streams.stdout)?;
    }
    if let Some(dir) = &args.export {
        let dir_name = dir.display();
        match export::write(&timeline.moment().world, dir) {
            Ok(_) if args.json => {}
            Ok(n) => writeln!(streams.stdout, "\n{n} partitions written to {dir_name}")?,
            Err(error) => {
                writeln!(streams.stderr, "millrace: {dir_name}: {error}")?;
                return Ok(FAILED);
            }
        }
    }
    for bug in &summary.promises.bugs {
        let (promise, at, witness) = (bug.promise, bug.first_at_us, &bug.witness);
        writeln!(
            streams.stderr,
            "millrace: {promise} was promised and broken at {at}: {witness}. This is a bug in Millrace."
        )?;
    }
    Ok(if summary.promises.bugs.is_empty() {
        OK
    } else {
        FAILED
    })
}

/// The run as asked for, at its beginning, and how far to play it.
fn prepare(args: &Args, stderr: &mut dyn Write) -> io::Result<Result<(Timeline, Time), String>> {
    let mut scene = match input::scene(&args.scenario) {
        Ok(scene) => scene,
        Err(trouble) => return Ok(Err(trouble)),
    };
    if let Some(dir) = &args.export
        && let Err(trouble) = export::check(dir)
    {
        return Ok(Err(trouble));
    }
    let mut commands = Vec::new();
    if let Some(path) = &args.commands {
        let text = match input::text(path) {
            Ok(text) => text,
            Err(trouble) => return Ok(Err(trouble)),
        };
        match commands_file::parse(&text) {
            Ok(read) => commands = read,
            Err(bad) => {
                let path = path.display();
                for (line, why) in &bad {
                    writeln!(stderr, "{path}:{line}: {why}")?;
                }
                return Ok(Err(format!(
                    "{path}: not a file of commands, so nothing was run"
                )));
            }
        }
    }
    let mut until = scene.length;
    if args.orders.is_some() && scene.feed.is_some() {
        let name = scene.name;
        return Ok(Err(format!("{name} has no shops that could take orders")));
    }
    if let Some(path) = &args.orders {
        scene.workload = match input::orders(path, args.speed, stderr)? {
            Ok(workload) => workload,
            Err(trouble) => return Ok(Err(trouble)),
        };
        until = scene.workload.lasts().unwrap_or(until) + Span::secs(30);
    }
    let until = Time::ZERO + args.until.unwrap_or(until);
    Ok(match Timeline::new(scene, args.seed) {
        Ok(mut timeline) => {
            timeline.script(commands);
            Ok((timeline, until))
        }
        Err(trouble) => Err(trouble.to_string()),
    })
}

/// Says which commands had no effect, and why.
pub(super) fn report_commands(timeline: &Timeline, stderr: &mut dyn Write) -> io::Result<()> {
    for (acted, why) in timeline.refused() {
        let command = serde_json::to_string(&acted.command)?;
        writeln!(
            stderr,
            "millrace: at {}, {command} had no effect: {why}",
            acted.at_us
        )?;
    }
    let late = timeline.commands().len() - timeline.commands_done();
    if late > 0 {
        let end = timeline.now();
        writeln!(
            stderr,
            "millrace: {late} of the commands come after the end of the run at {end}"
        )?;
    }
    Ok(())
}
