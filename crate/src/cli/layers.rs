//! What `millrace run` says of two architectures: how new and how right their answers were, what that
//! took, and what formulas say of it.

use super::report;
use crate::layers::Architecture;
use crate::protocol::LayerStep;
use crate::scenario::Scenario;
use crate::sim::Timeline;
use crate::time::{Span, Time};
use crate::view::layers::{Figures, SideFigures, long, name};
use serde_json::{Value, json};
use std::io::{self, Write};

/// What the layers did, oldest first.
fn steps(timeline: &Timeline) -> Vec<Value> {
    let moment = timeline.moment();
    let steps = moment.reckoning.steps().map(|(stamp, node, step)| {
        let mut told = match *step {
            LayerStep::BatchBegan(run) => json!({"batch_began": run}),
            LayerStep::BatchDone {
                run,
                records,
                since,
            } => {
                json!({"batch_done": run, "records": records, "took_us": stamp.at.since(since)})
            }
            LayerStep::Shipped(layer, bug) => json!({"shipped": layer, "bug": bug}),
            LayerStep::JobBegan { version, bug } => json!({"job_began": version, "bug": bug}),
            LayerStep::CaughtUp {
                version,
                records,
                since,
            } => {
                json!({"caught_up": version, "records": records, "took_us": stamp.at.since(since)})
            }
            LayerStep::Serves(version) => json!({"serves": version}),
            LayerStep::JobEnded(version) => json!({"job_ended": version}),
            LayerStep::Failed => json!({"failed": true}),
            LayerStep::Resumed { delivery, since } => {
                json!({"resumed": delivery, "records": since})
            }
        };
        told["at_us"] = json!(stamp.at);
        told["node"] = json!(moment.world.name(*node));
        told
    });
    steps.collect()
}

/// Adds `layers` to the summary: all figures, how both stood each minute, and what they did.
pub(super) fn add_to(whole: &mut Value, timeline: &Timeline) -> io::Result<()> {
    let Some(figures) = Figures::of(timeline) else {
        return Ok(());
    };
    let mut layers = serde_json::to_value(&figures)?;
    let samples = timeline.moment().reckoning.samples();
    let minutes = samples.filter(|(at, _)| at.0 % 60_000_000 == 0);
    let minutes = minutes.map(|(at, sample)| {
        let of = sample.of.map(|side| {
            json!({"age_us": side.age, "trend_off_ppm": side.trend_ppm, "deep_off_ppm": side.deep_ppm})
        });
        json!({"at_us": at, "lambda": of[0], "kappa": of[1]})
    });
    layers["minutes"] = minutes.collect();
    layers["steps"] = steps(timeline).into();
    whole["layers"] = layers;
    Ok(())
}

/// A row for each figure.
fn rows(figures: &Figures, scene: &Scenario) -> Vec<Vec<String>> {
    let row = |what: &str, cell: &dyn Fn(&SideFigures) -> String| {
        let sides = [&figures.lambda, &figures.kappa];
        std::iter::once(what.to_owned())
            .chain(sides.map(cell))
            .collect()
    };
    let time = |at: Option<Time>| at.map_or("–".into(), |at| scene.clock(at));
    vec![
        row("age of the answer", &|s| long(s.age_us)),
        row("the same on average", &|s| {
            s.mean_age_us.map_or("–".into(), long)
        }),
        row("what trends is off by, %", &|s| {
            format!("{:.1}", s.trend_off_pct)
        }),
        row("influence is off by, %", &|s| {
            format!("{:.1}", s.deep_off_pct)
        }),
        row("wrong answers served, %·h", &|s| {
            format!("{:.1}", s.wrong_pct_h)
        }),
        row("events counted", &|s| s.processed.to_string()),
        row("events kept beside the log", &|s| s.kept.to_string()),
        row("numbers in views", &|s| s.cells.to_string()),
        row("code paths", &|s| s.code_paths.to_string()),
        row("events counted twice", &|s| s.twice.to_string()),
        row("events lost", &|s| s.lost.to_string()),
        row("events too late for streams", &|s| s.late.to_string()),
        row("failures", &|s| s.failures.to_string()),
        row("fixed at", &|s| time(s.fixed_at_us)),
        row("what trends right again at", &|s| time(s.trend_right_at_us)),
        row("both right again at", &|s| time(s.right_at_us)),
    ]
}

/// Prints the same for people.
pub(super) fn print(timeline: &Timeline, out: &mut dyn Write) -> io::Result<()> {
    let Some(figures) = Figures::of(timeline) else {
        return Ok(());
    };
    let speed = timeline.scenario().layers.as_ref().is_some_and(|l| l.speed);
    let [lambda, kappa] = Architecture::ALL.map(|of| name(of, speed));
    let (events, in_log, scale) = (figures.events, figures.in_log, figures.scale);
    writeln!(
        out,
        "\n{events} events, {in_log} of them still in the log; each record stands for {scale}\n"
    )?;
    report::table(
        out,
        &["", lambda, kappa],
        &rows(&figures, timeline.scenario()),
    )?;
    if let Some(apart) = figures.disagreement_pct {
        writeln!(
            out,
            "\nbatch and speed differed by {apart:.1} % when the last batch view came"
        )?;
    }
    for formula in &figures.formulas {
        let round = |n: f64| match formula.unit {
            "s" => long(Span((n * 1e6) as u64)),
            unit => format!("{n:.0} {unit}"),
        };
        let (name, text) = (formula.name, &formula.text);
        let (says, measured) = (round(formula.says), round(formula.measured));
        writeln!(out, "\n{name}: {text}\n  = {says}; measured {measured}")?;
    }
    Ok(())
}
