//! The same events in every engine: what each counts and drops, and why they differ.

use super::Setup;
use super::play::Play;
use super::run::Run;
use super::words::{clock, length, windows_words};
use crate::stream::{Asked, Engine, Windows};
use crate::view::panel::Table;

/// How many were counted, missed some of their windows, were dropped; how many results there are.
pub(super) fn counts(play: &Play, run: &Run) -> [usize; 4] {
    let fates = || play.order().iter().map(|&n| &run.fates[n as usize]);
    let seen = || fates().filter(|fate| fate.seen_at < i64::MAX);
    [
        seen().filter(|fate| !fate.is_dropped()).count(),
        seen()
            .filter(|fate| fate.missed > 0 && !fate.is_dropped())
            .count(),
        seen().filter(|fate| fate.is_dropped()).count(),
        run.emitted.len(),
    ]
}

/// A table of all engines, and what tells them apart, a sentence each.
#[must_use]
pub fn elsewhere(play: &Play) -> (Table, Vec<String>) {
    let runs = play.others();
    let all: Vec<Option<[usize; 4]>> = runs
        .iter()
        .map(|run| run.as_ref().ok().map(|run| counts(play, run)))
        .collect();
    let partly = all.iter().flatten().any(|counts| counts[1] > 0);
    let names = [
        "counted",
        "of these, not in all windows",
        "dropped",
        "results",
    ];
    let rows = names.iter().enumerate().filter(|&(n, _)| n != 1 || partly);
    let rows = rows.map(|(n, name)| {
        let cells = all.iter().map(|counts| match counts {
            Some(counts) => counts[n].to_string(),
            None => "–".to_owned(),
        });
        std::iter::once((*name).to_owned()).chain(cells).collect()
    });
    let heads = ["", "Flink", "Spark", "K. Streams", "Beam"];
    let table = Table {
        caption: format!(
            "All {} events, to the end of the picture",
            play.order().len()
        ),
        heads: heads.iter().map(|&head| head.to_owned()).collect(),
        rows: rows.collect(),
    };
    (table, sentences(play, runs))
}

fn sentences(play: &Play, runs: &[Result<Run, String>]) -> Vec<String> {
    let setup = play.setup();
    let mut told = Vec::new();
    let here = runs.iter().flatten().find(|run| run.engine == setup.engine);
    // Where the chosen engine has nothing of the kind, the first that has it is what others differ
    // from.
    let here = here.or_else(|| runs.iter().flatten().next());
    let Some(here) = here else {
        return vec![format!("No engine has {}.", windows_words(setup))];
    };
    let mut differ = false;
    for (engine, run) in Engine::ALL.into_iter().zip(runs) {
        match run {
            Err(why) => told.push(format!("{why}.")),
            Ok(run) if engine != here.engine => {
                if let Some(sentence) = difference(play, here, run) {
                    told.push(sentence);
                    differ = true;
                }
            }
            Ok(_) => {}
        }
    }
    if !differ {
        let few = if runs.iter().all(Result::is_ok) {
            "All four count and drop"
        } else {
            "Those that have such windows count and drop"
        };
        told.insert(0, format!("{few} the same events here."));
    }
    if matches!(runs.get(2), Some(Ok(_))) && setup.engine != Engine::KafkaStreams {
        told.extend(grace(setup));
    }
    told
}

/// What the watermark's delay and lateness become in Kafka Streams.
#[must_use]
pub fn grace(setup: &Setup) -> Option<String> {
    let grace = length(setup.delay.saturating_add(setup.lateness));
    let how = match setup.trigger {
        Asked::Each => "gives an update with each record",
        _ => "holds each result back until then (suppress)",
    };
    setup.is_timed().then(|| {
        format!(
            "Kafka Streams has no watermark but stream time. Here its grace is {grace}, the delay and the \
             lateness together, and it {how}."
        )
    })
}

/// In what one run differs from the one that is shown, by the first event or result in which it does.
fn difference(play: &Play, here: &Run, there: &Run) -> Option<String> {
    let dropped = |run: &Run, n: u32| run.fates[n as usize].is_dropped();
    let unlike: Vec<u32> = play
        .order()
        .iter()
        .copied()
        .filter(|&n| there.fates[n as usize].seen_at < i64::MAX)
        .filter(|&n| dropped(here, n) != dropped(there, n))
        .collect();
    let Some(&n) = unlike.first() else {
        return otherwise(play, here, there);
    };
    let engine = there.engine;
    let which = match unlike.len() {
        1 => format!("the event of {}", clock(play.event(n).ts)),
        more => format!(
            "{more} others, such as the event of {}",
            clock(play.event(n).ts)
        ),
    };
    let (ours, theirs) = (here.fates[n as usize], there.fates[n as usize]);
    let does = if theirs.is_dropped() {
        "drops"
    } else {
        "counts"
    };
    let why = if engine == Engine::Spark && ours.watermark > theirs.watermark {
        format!(
            "it moves its watermark after a batch, and this event shared the batch that ended at {} \
             with newer ones",
            clock(theirs.seen_at)
        )
    } else if here.engine == Engine::Spark && theirs.watermark > ours.watermark {
        format!(
            "its watermark moves with each event and stood at {} by then",
            clock(theirs.watermark)
        )
    } else if matches!(play.setup().windows, Windows::Session { .. })
        && ours.watermark == theirs.watermark
    {
        match theirs.is_dropped() {
            true => "the session that it would be alone was over".to_owned(),
            false => "the session that it joins was still open".to_owned(),
        }
    } else {
        format!(
            "it met {} there, and {} in {}",
            mark(there, theirs.watermark),
            mark(here, ours.watermark),
            here.engine
        )
    };
    Some(format!("{engine} {does} {which}: {why}."))
}

fn mark(run: &Run, watermark: i64) -> String {
    match run.engine {
        Engine::KafkaStreams => format!("a stream time of {}", clock(watermark)),
        _ => format!("a watermark of {}", clock(watermark)),
    }
}

/// Where the same events are dropped: whether the results are as many.
fn otherwise(play: &Play, here: &Run, there: &Run) -> Option<String> {
    let (ours, theirs) = (here.emitted.len(), there.emitted.len());
    if ours == theirs {
        return None;
    }
    let engine = there.engine;
    let partitions = play.order().iter().any(|&n| play.event(n).partition > 0);
    let why = match (engine, &play.setup().windows) {
        (Engine::Spark, _) if partitions => {
            ": its watermark follows the newest event of any partition"
        }
        (Engine::KafkaStreams, _) if partitions => {
            ": its stream time is that of the newest event of any partition"
        }
        (Engine::Beam, Windows::Session { .. }) => {
            ": there, events exactly a gap apart are two sessions"
        }
        (Engine::Spark, _) => ": there, windows answer when a batch ends",
        (Engine::KafkaStreams, _) if play.setup().trigger == Asked::Watermark => {
            ": there, a window answers once, when nothing can change it any more"
        }
        (Engine::KafkaStreams, _) => ": there, a result is a row of a table that is updated",
        _ => "",
    };
    let (results, than) = (theirs, here.engine);
    Some(format!(
        "{engine} gives {results} results, {than} {ours}{why}."
    ))
}
