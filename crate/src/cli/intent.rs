//! `millrace intent`: how well the models that we ship tell the sessions of a file that buy from
//! those that do not.

use super::{FAILED, OK, Streams, USAGE, input, report, sessionize};
use crate::clickstream::features::Features;
use crate::clickstream::intent::measure::{Figure, Measures, early, measure};
use crate::clickstream::intent::{BALANCED, Kind, Model, before_purchase};
use crate::rng::{Rng, Salt};
use crate::time::Span;
use serde::Serialize;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::path::PathBuf;

/// Ask a model of each session of a file whether it will buy, and say how good the answers are. The
/// model sees what comes before the first purchase. The file is one that `millrace sessionize` reads.
/// Models were trained on made-up sessions with the statistics of one real shop; yours may differ.
#[derive(clap::Args)]
pub(super) struct Args {
    /// The clicks.
    file: PathBuf,
    /// logistic, forest, markov, lstm; or length, which heeds nothing but the number of clicks.
    #[arg(long, default_value = "logistic", value_parser = kind)]
    model: Kind,
    /// What a logistic regression or a forest reads: kgram, hvg or both (unless said).
    #[arg(long, value_parser = features)]
    features: Option<Features>,
    /// As many sessions that buy as that do not: of the more frequent ones some are left out.
    #[arg(long)]
    balanced: bool,
    /// Ask after so many clicks already, 1 to 20, or after each of a range, 1..20. Only sessions with
    /// at least the most of these before a purchase are asked about.
    #[arg(long, value_name = "CLICKS", value_parser = clicks)]
    early: Option<RangeInclusive<usize>>,
    /// Clicks this far apart are still one session.
    #[arg(long, default_value = "30m", value_parser = input::span)]
    gap: Span,
    /// JSON objects, one a line, in place of tables.
    #[arg(long)]
    json: bool,
}

fn kind(text: &str) -> Result<Kind, String> {
    let found = Kind::ALL.into_iter().find(|kind| kind.name() == text);
    found.ok_or_else(|| format!("a model is one of {}", Kind::ALL.map(Kind::name).join(", ")))
}

fn features(text: &str) -> Result<Features, String> {
    let found = Features::ALL.into_iter().find(|set| set.name() == text);
    let names = || Features::ALL.map(Features::name).join(", ");
    found.ok_or_else(|| format!("features are one of {}", names()))
}

/// One number, or two with dots between.
fn clicks(text: &str) -> Result<RangeInclusive<usize>, String> {
    let number = |text: &str| text.parse().ok().filter(|n| (1..=20).contains(n));
    let range = match text.split_once("..") {
        Some((from, to)) => number(from).zip(number(to.trim_start_matches('='))),
        None => number(text).map(|n| (n, n)),
    };
    range
        .filter(|(from, to)| from <= to)
        .map(|(from, to)| from..=to)
        .ok_or_else(|| "a number of clicks from 1 to 20, or two with dots between: 1..20".into())
}

/// The model, of the weights that the program carries.
fn load(kind: Kind, features: Features) -> Model {
    let bytes: &[u8] = match (kind, features) {
        (Kind::Lstm, _) => include_bytes!("../../weights/lstm.bin"),
        (Kind::Forest, Features::Kgram) => include_bytes!("../../weights/forest-kgram.bin"),
        (Kind::Forest, Features::Hvg) => include_bytes!("../../weights/forest-hvg.bin"),
        (Kind::Forest, Features::Both) => include_bytes!("../../weights/forest-both.bin"),
        (Kind::Length | Kind::Markov | Kind::Logistic, _) => &[],
    };
    Model::small(kind, features)
        .or_else(|| Model::from_bytes(bytes).ok())
        .expect("the weights that we carry are whole")
}

/// A session's symbols before any purchase, and whether there is one.
type Session = (Vec<u8>, bool);

/// What was asked, and of what: the same for each line of answers.
#[derive(Serialize)]
struct Asked {
    model: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<&'static str>,
    balanced: bool,
    /// The share of these sessions that buys, which the model is told.
    buying: f64,
    /// Sessions that begin with a purchase, of which nothing can be asked.
    bought_at_once: u64,
}

#[derive(Serialize)]
struct Line<'a> {
    #[serde(flatten)]
    asked: &'a Asked,
    #[serde(skip_serializing_if = "Option::is_none")]
    clicks: Option<usize>,
    #[serde(flatten)]
    measures: &'a Measures,
}

pub(super) fn run(args: &Args, streams: &mut Streams<'_>) -> io::Result<u8> {
    if args.features.is_some() && !args.model.reads_features() {
        let name = args.model.name();
        let what = "reads no features, so leave --features out; logistic and forest take them";
        writeln!(streams.stderr, "millrace: {name} {what}")?;
        return Ok(USAGE);
    }
    let gap_ms = (args.gap.0 / 1_000) as i64;
    let (file, sessions) = match sessionize::read(&args.file, gap_ms) {
        Ok(read) => read,
        Err(trouble) => {
            writeln!(streams.stderr, "millrace: {trouble}")?;
            return Ok(USAGE);
        }
    };
    sessionize::bad_rows(&args.file, &file, streams)?;
    let by_name = file.by_name().into_iter();
    let all = by_name.flat_map(|user| sessions.of(user)).map(|session| {
        let symbols = session.symbols();
        let before = before_purchase(&symbols).to_vec();
        let bought = before.len() < symbols.len();
        (before, bought)
    });
    let (mut sessions, at_once): (Vec<Session>, Vec<Session>) =
        all.partition(|(before, _)| !before.is_empty());
    if let Some(most) = args.early.as_ref().map(|early| *early.end()) {
        sessions.retain(|(before, _)| before.len() >= most);
    }
    let buyers = sessions.iter().filter(|session| session.1).count();
    if let Some(why) = nothing_to_tell(args, sessions.len(), buyers) {
        writeln!(streams.stderr, "millrace: {}: {why}", args.file.display())?;
        return Ok(FAILED);
    }
    if args.balanced {
        sessions = balance(sessions, buyers);
    }
    let asked = Asked {
        model: args.model.name(),
        features: args
            .model
            .reads_features()
            .then(|| args.features.unwrap_or(Features::Both).name()),
        balanced: args.balanced,
        buying: if args.balanced {
            BALANCED
        } else {
            buyers as f64 / sessions.len() as f64
        },
        bought_at_once: at_once.len() as u64,
    };
    let measured = measured(args, &sessions, asked.buying);
    tell(args, &asked, &measured, streams.stdout)?;
    Ok(OK)
}

/// Why no answer could be right or wrong, if so.
fn nothing_to_tell(args: &Args, sessions: usize, buyers: usize) -> Option<String> {
    let which = args.early.as_ref().map_or_else(String::new, |early| {
        format!(" with {} clicks or more before a purchase", early.end())
    });
    let advice = "a file needs both sessions with the event purchase and sessions without";
    match (sessions, buyers) {
        (0, _) => Some(format!("there is no session{which} to ask about")),
        (_, 0) => Some(format!(
            "none of the {sessions} sessions{which} buys: {advice}"
        )),
        _ if buyers == sessions => Some(format!("all {sessions} sessions{which} buy: {advice}")),
        _ => None,
    }
}

/// As many of both classes: all of the rarer, and of the other those that chance chooses.
fn balance(sessions: Vec<Session>, buyers: usize) -> Vec<Session> {
    let others = sessions.len() - buyers;
    let mut rng = Rng::new(0, Salt::Resample, 1);
    // Of what is left, so many are still wanted: each is taken with that probability.
    let wanted = buyers.min(others) as u64;
    let (mut left, mut want) = ([others as u64, buyers as u64], [wanted; 2]);
    let chosen = sessions.into_iter().filter(|&(_, bought)| {
        let class = usize::from(bought);
        let take = rng.below(left[class]) < want[class];
        left[class] -= 1;
        want[class] -= u64::from(take);
        take
    });
    chosen.collect()
}

/// The measures, after each number of clicks if beginnings are asked about.
fn measured(args: &Args, sessions: &[Session], buying: f64) -> Vec<(Option<usize>, Measures)> {
    let model = load(args.model, args.features.unwrap_or(Features::Both));
    if let Some(clicks) = args.early.clone() {
        let sessions = sessions
            .iter()
            .map(|(symbols, bought)| (symbols.as_slice(), *bought));
        let measured = early(&model, sessions, clicks, buying).into_iter();
        return measured
            .map(|(clicks, measures)| (Some(clicks), measures))
            .collect();
    }
    let answers = sessions
        .iter()
        .map(|(symbols, bought)| (model.probability_for(symbols, buying), *bought));
    let measures = measure(answers.collect());
    measures
        .into_iter()
        .map(|measures| (None, measures))
        .collect()
}

fn tell(
    args: &Args,
    asked: &Asked,
    measured: &[(Option<usize>, Measures)],
    out: &mut dyn Write,
) -> io::Result<()> {
    if args.json {
        for (clicks, measures) in measured {
            let clicks = *clicks;
            serde_json::to_writer(
                &mut *out,
                &Line {
                    asked,
                    clicks,
                    measures,
                },
            )?;
            writeln!(out)?;
        }
        return Ok(());
    }
    let Some((_, first)) = measured.first() else {
        return Ok(());
    };
    let reads = asked
        .features
        .map_or_else(String::new, |name| format!(" on {name}"));
    let (sessions, bought) = (first.sessions, first.bought);
    writeln!(
        out,
        "{}{reads}: {sessions} sessions, {bought} buy",
        asked.model
    )?;
    if asked.bought_at_once > 0 {
        let n = asked.bought_at_once;
        writeln!(
            out,
            "{n} more begin with a purchase: there is nothing to see before it"
        )?;
    }
    writeln!(out)?;
    match measured {
        [(None, measures)] => tell_whole(measures, out),
        _ => {
            let rows = measured.iter().map(|(clicks, measures)| {
                let Measures {
                    accuracy,
                    f1,
                    auc,
                    calibration,
                    ..
                } = measures;
                let clicks = clicks.map_or_else(String::new, |clicks| clicks.to_string());
                let figures = [accuracy, f1, auc, calibration].map(within);
                [vec![clicks], figures.to_vec()].concat()
            });
            let names = ["clicks", "accuracy", "F1", "AUC", "calibration error"];
            report::table(out, &names, &rows.collect::<Vec<_>>())
        }
    }
}

/// A figure and its interval.
fn within(Figure { value, low, high }: &Figure) -> String {
    format!("{value:.3} ({low:.3}–{high:.3})")
}

fn tell_whole(measures: &Measures, out: &mut dyn Write) -> io::Result<()> {
    let Measures {
        accuracy,
        f1,
        auc,
        calibration,
        ..
    } = measures;
    let figures = [
        ("accuracy", accuracy),
        ("F1", f1),
        ("AUC", auc),
        ("calibration error", calibration),
    ];
    let rows = figures.map(|(name, figure)| vec![name.to_owned(), within(figure)]);
    report::table(out, &["measure", "value (95 %)"], &rows)?;
    writeln!(out)?;
    let [tp, fp, missed, right_no] = measures.confusion.map(|count| count.to_string());
    let rows = [
        vec!["yes".to_owned(), tp, fp],
        vec!["no".to_owned(), missed, right_no],
    ];
    report::table(out, &["answer", "bought", "did not"], &rows)?;
    writeln!(out)?;
    let bins = measures.bins.iter().map(|bin| {
        let share = |share: f64| format!("{:.1} %", share * 100.0);
        vec![
            bin.sessions.to_string(),
            share(bin.given),
            share(bin.bought),
        ]
    });
    let names = ["sessions", "probability given", "bought"];
    report::table(out, &names, &bins.collect::<Vec<_>>())
}
