//! `millrace grade`: plays a submitted run again and grades its answers.

use super::{FAILED, OK, Streams, USAGE, input, run::report_commands};
use crate::link::{ENGINE, Link, Opened, OwnFile, hex};
use crate::scenario::Workload;
use crate::sim::Timeline;
use crate::view::panel::Asked;
use crate::view::predict::{Answers, Score, grade};
use serde::Serialize;
use serde_json::{Map, Value};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// Play a submitted run again and grade its answers, so that no score need be believed.
#[derive(clap::Args)]
pub(super) struct Args {
    /// What was submitted: a link, or JSON with scenario, seed, commands, until_us, answers (the
    /// number of the chosen option, from 0, by the question's name) and, to be compared, trace_hash.
    file: PathBuf,
    /// The orders that the run replays, where it was made with a file.
    #[arg(long, value_name = "FILE.csv")]
    orders: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Give up on a run that takes more events: grading many must come to an end.
    #[arg(long, value_name = "N", default_value_t = 20_000_000)]
    most_events: u64,
}

/// What grading found.
#[derive(Serialize)]
struct Report {
    engine: &'static str,
    scenario: String,
    seed: u64,
    until_us: u64,
    commands: usize,
    trace_hash: String,
    /// Whether the replay ends at the hash submitted, if there is one.
    replays: Option<bool>,
    /// What was amiss with the submission.
    notes: Vec<String>,
    questions: Vec<Graded>,
    score: Score,
}

#[derive(Serialize)]
struct Graded {
    id: String,
    asked_at_us: u64,
    text: String,
    options: Vec<String>,
    chosen: Option<usize>,
    right: Option<usize>,
    correct: bool,
    why: String,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    let prepared = match open(&args.file) {
        Ok((link, notes)) => prepare(&link, args.orders.as_deref(), streams.stderr)?
            .map(|timeline| (link, notes, timeline)),
        Err(trouble) => Err(trouble),
    };
    let replayed = prepared
        .and_then(|(link, notes, timeline)| replay(&link, notes, timeline, args.most_events));
    let (report, timeline) = match replayed {
        Ok(replayed) => replayed,
        Err(trouble) => {
            writeln!(
                streams.stderr,
                "millrace: {}: {trouble}",
                args.file.display()
            )?;
            return Ok(USAGE);
        }
    };
    report_commands(&timeline, streams.stderr)?;
    for note in &report.notes {
        writeln!(streams.stderr, "millrace: {}: {note}", args.file.display())?;
    }
    if args.json {
        serde_json::to_writer_pretty(&mut *streams.stdout, &report)?;
        writeln!(streams.stdout)?;
    } else {
        print(&report, &timeline, streams.stdout)?;
    }
    Ok(if report.notes.is_empty() { OK } else { FAILED })
}

/// What the file holds, and what of it could not be read.
fn open(path: &Path) -> Result<(Link, Vec<String>), String> {
    let text = std::fs::read(path).map_err(|error| error.to_string())?;
    let text = String::from_utf8(text).map_err(|_| "neither a link nor JSON: not text")?;
    let text = text.trim().trim_start_matches('\u{feff}');
    let opened = if text.starts_with('{') {
        let members: Map<String, Value> =
            serde_json::from_str(text).map_err(|error| format!("not JSON: {error}"))?;
        from_json(members)
    } else {
        // Of a whole address, what follows its `#`.
        Link::open(text.rsplit_once('#').map_or(text, |(_, fragment)| fragment))
    };
    match opened {
        Opened {
            link: Some(link),
            complaints,
        } => Ok((link, complaints)),
        Opened { complaints, .. } if complaints.is_empty() => Err("there is no link in it".into()),
        Opened { complaints, .. } => Err(complaints.join(" ")),
    }
}

/// The members of `millrace run --json` are known by their names too.
fn from_json(mut members: Map<String, Value>) -> Opened {
    for (theirs, ours) in [("until_us", "at_us"), ("trace_hash", "hash")] {
        if let Some(value) = members.remove(theirs) {
            members.entry(ours).or_insert(value);
        }
    }
    // By hand nobody writes the engine's version.
    members.entry("engine").or_insert_with(|| ENGINE.into());
    Link::from_members(members)
}

fn prepare(
    link: &Link,
    orders: Option<&Path>,
    stderr: &mut dyn Write,
) -> io::Result<Result<Timeline, String>> {
    let mut scene = match input::scene(&link.scenario) {
        Ok(scene) => scene,
        Err(trouble) => return Ok(Err(trouble)),
    };
    match (&link.file, orders) {
        (None, None) => {}
        (None, Some(_)) => return Ok(Err("this run has no orders from a file".into())),
        (Some(OwnFile { name, .. }), None) => {
            let needs =
                format!("this run replays the orders of “{name}”: name that file with --orders");
            return Ok(Err(needs));
        }
        (Some(file), Some(path)) => match input::orders(path, file.speed, stderr)? {
            Ok(Workload::Recorded { hash, .. }) if hash != file.hash => {
                let (path, name) = (path.display(), &file.name);
                return Ok(Err(format!(
                    "{path} is not the “{name}” that this run replays"
                )));
            }
            Ok(workload) => scene.workload = workload,
            Err(trouble) => return Ok(Err(trouble)),
        },
    }
    Ok(Timeline::new(scene, link.seed).map_err(|trouble| trouble.to_string()))
}

fn replay(
    link: &Link,
    mut notes: Vec<String>,
    mut timeline: Timeline,
    most_events: u64,
) -> Result<(Report, Timeline), String> {
    let too_long =
        || format!("this run takes more than {most_events} events, too many to be graded");
    timeline.script(link.commands.clone());
    if !timeline.run_until(link.at_us, most_events) {
        return Err(too_long());
    }
    // One microsecond can hold many events: those after the very one are taken back.
    if let Some(instant) = link.instant.filter(|&instant| instant < timeline.instant()) {
        timeline.seek_instant(instant);
    }
    let hash = timeline.trace_hash();
    let differs = link.differs(hash);
    let replays = link.hash.as_ref().map(|_| differs.is_none());
    notes.extend(differs);

    let answers: Answers = link
        .answers
        .iter()
        .map(|(question, &option)| (question.clone(), option as usize))
        .collect();
    notes.extend(unheard_of(&timeline, &answers));
    let (asked, score) =
        grade(&mut timeline, link.at_us, &answers, most_events).ok_or_else(too_long)?;
    let report = Report {
        engine: ENGINE,
        scenario: link.scenario.clone(),
        seed: link.seed,
        until_us: link.at_us.0,
        commands: link.commands.len(),
        trace_hash: hex(hash),
        replays,
        notes,
        questions: asked.into_iter().map(Graded::from).collect(),
        score,
    };
    Ok((report, timeline))
}

/// Answers that no question or no option of the scene fits.
fn unheard_of(timeline: &Timeline, answers: &Answers) -> Vec<String> {
    let questions = &timeline.scenario().questions;
    let trouble = answers.iter().filter_map(|(id, &option)| {
        match questions.iter().find(|question| question.id == *id) {
            None => Some(format!(
                "an answer to “{id}”, which this scene does not ask"
            )),
            Some(question) if option >= question.options.len() => {
                let last = question.options.len() - 1;
                Some(format!(
                    "option {option} of “{id}”, which has options 0 to {last}"
                ))
            }
            Some(_) => None,
        }
    });
    trouble.collect()
}

impl From<Asked> for Graded {
    fn from(asked: Asked) -> Self {
        let (right, why) = asked.outcome.unzip();
        Self {
            id: asked.id,
            asked_at_us: asked.at.0,
            text: asked.text,
            options: asked.options,
            chosen: asked.chosen,
            right,
            correct: right.is_some() && asked.chosen == right,
            why: why.unwrap_or_default(),
        }
    }
}

fn print(report: &Report, timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let Report {
        scenario,
        seed,
        commands,
        trace_hash,
        ..
    } = report;
    writeln!(out, "{scenario}: {}", timeline.scenario().title)?;
    let until = crate::time::Time(report.until_us);
    let replays = match report.replays {
        Some(true) => ", as submitted",
        Some(false) => ", not as submitted",
        None => "",
    };
    writeln!(
        out,
        "seed {seed} · {until} played · {commands} commands · trace {trace_hash}{replays}"
    )?;
    for (number, question) in report.questions.iter().enumerate() {
        let option = |n: Option<usize>| n.map_or("–", |n| question.options[n].as_str());
        let verdict = match (question.chosen, question.correct) {
            (None, _) => "not answered",
            (_, true) => "right",
            (_, false) => "wrong",
        };
        let (chosen, right) = (option(question.chosen), option(question.right));
        writeln!(out, "\n{}. {}", number + 1, question.text)?;
        writeln!(out, "   answered   {chosen} ({verdict})")?;
        writeln!(out, "   the run    {right}")?;
        writeln!(out, "   why        {}", question.why)?;
    }
    let Score { right, asked, .. } = report.score;
    if asked == 0 {
        return writeln!(out, "\nNo question came up in this run.");
    }
    writeln!(out, "\nscore      {right} of {asked}")
}
