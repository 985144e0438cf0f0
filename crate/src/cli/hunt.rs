//! `millrace hunt`: plays seeds with random faults until a promise breaks.

use super::{FAILED, OK, Streams, USAGE};
use crate::cluster::Flaw;
use crate::link::Link;
use crate::scenario;
use crate::sim::faults::Intensity;
use crate::sim::{Acted, Hunt, Prey, Problem};
use clap::builder::PossibleValuesParser;
use clap::builder::TypedValueParser as _;
use serde::Serialize;
use std::io;
use std::ops::Range;

/// Play seeds with random faults in a small cluster, watch every promise, and stop at the first seed
/// that breaks one; its script is shrunk to the fewest commands that still do.
///
/// Exit code 1 when a promise broke. With no flaw, that is a bug in Millrace.
#[derive(clap::Args)]
pub(super) struct Args {
    /// How many seeds.
    #[arg(long, value_name = "N", default_value_t = 200)]
    seeds: u64,
    /// The first of them.
    #[arg(long, value_name = "K", default_value_t = 0)]
    from: u64,
    /// How much goes wrong.
    #[arg(long, value_name = "HOW", default_value = "high", value_parser = PossibleValuesParser::new(Intensity::ALL.map(Intensity::name)).map(|name| Intensity::by_name(&name).expect("it is listed")))]
    faults: Intensity,
    /// A mistake to switch on: to see that the promises notice it.
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(Flaw::ALL.map(Flaw::name)).map(|name| Flaw::by_name(&name).expect("it is listed")))]
    flaw: Option<Flaw>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// What is printed with `--json`.
#[derive(Serialize)]
struct Report {
    /// How many seeds were played.
    seeds: u64,
    /// What broke, if anything did.
    broken: Option<Broken>,
}

#[derive(Serialize)]
struct Broken {
    seed: u64,
    promise: &'static str,
    commands: Vec<Acted>,
    link: String,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let Some(scene) = scenario::by_name("hunt") else {
        writeln!(streams.stderr, "millrace: the scene to hunt in is missing")?;
        return Ok(USAGE);
    };
    let hunt = Hunt::new(scene, args.faults, args.flaw);
    let seeds = args.from..args.from.saturating_add(args.seeds);
    let found = first(&hunt, seeds.clone());
    let found = found.and_then(|prey| prey.map(|prey| hunt.shrink(prey)).transpose());
    let prey = match found {
        Ok(prey) => prey,
        Err(why) => {
            writeln!(streams.stderr, "millrace: {why}")?;
            return Ok(USAGE);
        }
    };
    let played = prey
        .as_ref()
        .map_or(args.seeds, |prey| prey.seed - args.from + 1);
    let broken = prey.as_ref().map(broken);
    let code = if broken.is_some() { FAILED } else { OK };
    if args.json {
        let report = Report {
            seeds: played,
            broken,
        };
        serde_json::to_writer_pretty(&mut *streams.stdout, &report)?;
        writeln!(streams.stdout)?;
        return Ok(code);
    }
    match (broken, prey) {
        (Some(broken), Some(prey)) => {
            let (seed, promise, at) = (broken.seed, broken.promise, prey.breach.stamp.at);
            writeln!(
                streams.stdout,
                "seed {seed}: {promise} broken at {at}, after {played} seeds"
            )?;
            for acted in &broken.commands {
                writeln!(streams.stdout, "{}", serde_json::to_string(acted)?)?;
            }
            writeln!(
                streams.stdout,
                "open it: put this behind the page's address\n{}",
                broken.link
            )?;
        }
        _ => writeln!(streams.stdout, "{played} seeds, every promise held")?,
    }
    Ok(code)
}

/// The lowest seed that breaks a promise. Seeds are played by all processors, a few at a time.
fn first(hunt: &Hunt, seeds: Range<u64>) -> Result<Option<Prey>, Problem> {
    let threads = std::thread::available_parallelism().map_or(1, usize::from) as u64;
    let mut from = seeds.start;
    while from < seeds.end {
        let to = seeds.end.min(from + threads * 8);
        let prey = std::thread::scope(|scope| {
            let hunters: Vec<_> = (0..threads)
                .map(|n| {
                    scope.spawn(move || {
                        let mine = (from..to).filter(|seed| seed % threads == n);
                        let mut tried = mine.map(|seed| hunt.try_seed(seed));
                        tried.find_map(Result::transpose).transpose()
                    })
                })
                .collect();
            let found = hunters.into_iter().map(|hunter| {
                hunter
                    .join()
                    .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
            });
            found.collect::<Result<Vec<_>, Problem>>()
        })?;
        if let Some(prey) = prey.into_iter().flatten().min_by_key(|prey| prey.seed) {
            return Ok(Some(prey));
        }
        from = to;
    }
    Ok(None)
}

fn broken(prey: &Prey) -> Broken {
    Broken {
        seed: prey.seed,
        promise: prey.breach.promise.name(),
        commands: prey.commands.clone(),
        link: Link::from(prey)
            .encode()
            .map_or_else(|why| why.to_string(), |text| format!("#{text}")),
    }
}
