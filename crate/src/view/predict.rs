//! Predict, then see: questions that come up, and what the run answered.

use super::explain::acted;
use super::numbers::lag_of;
use super::panel::Asked;
use crate::id::TopicPartition;
use crate::protocol::{Lane, Service};
use crate::scenario::{Cue, Question, Rule};
use crate::sim::{Command, Counts, Moment, Promise, Timeline, Told, World};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What a person answered: the option's index by the question's name.
pub type Answers = BTreeMap<String, usize>;

/// A mark for a run's answers.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize, Deserialize)]
pub struct Score {
    /// Answered as the run did.
    pub right: u32,
    /// Answered and graded.
    pub graded: u32,
    /// Asked so far.
    pub asked: u32,
}

/// The questions that have come up by now, oldest first, with what the run has shown.
#[must_use]
pub fn asked(timeline: &Timeline, answers: &Answers) -> Vec<Asked> {
    let mut asked: Vec<(Time, Asked)> = Vec::new();
    for question in &timeline.scenario().questions {
        let Some(at) = cued_at(timeline, question.ask).filter(|at| *at <= timeline.now()) else {
            continue;
        };
        let graded_at = at + question.graded_after;
        let outcome =
            (timeline.now() >= graded_at).then(|| outcome(timeline, question, at, graded_at));
        asked.push((
            at,
            Asked {
                id: question.id.clone(),
                text: question.text.clone(),
                options: question.options.clone(),
                chosen: answers
                    .get(&question.id)
                    .copied()
                    .filter(|&n| n < question.options.len()),
                outcome,
            },
        ));
    }
    asked.sort_by_key(|(at, _)| *at);
    asked.into_iter().map(|(_, asked)| asked).collect()
}

/// How the answers did.
#[must_use]
pub fn score(asked: &[Asked]) -> Score {
    let mut score = Score {
        asked: asked.len() as u32,
        ..Score::default()
    };
    for question in asked {
        if let (Some(chosen), Some((right, _))) = (question.chosen, &question.outcome) {
            score.graded += 1;
            score.right += u32::from(chosen == *right);
        }
    }
    score
}

/// When something made the question come up: the first time.
fn cued_at(timeline: &Timeline, cue: Cue) -> Option<Time> {
    if let Cue::At(at) = cue {
        return Some(at);
    }
    let usual = &timeline.scenario().settings;
    let mut was_slow = false;
    for acted in acted(timeline) {
        let cued = match (&acted.command, cue) {
            (Command::SetWork { service, mean_us }, Cue::Slowed(slowed)) if *service == slowed => {
                *mean_us >= 3 * usual.work_of(slowed).mean().0.max(1)
            }
            (Command::SetWork { service, mean_us }, Cue::Recovered(back)) if *service == back => {
                let slow = *mean_us >= 3 * usual.work_of(back).mean().0.max(1);
                std::mem::replace(&mut was_slow, slow) && !slow
            }
            (Command::Stop { node, .. }, Cue::Stopped(service)) => node == service.name(),
            (Command::Burst { .. }, Cue::Burst)
            | (Command::AddPartitions { .. }, Cue::PartitionsAdded) => true,
            (Command::SetSkew { share }, Cue::Skewed) => *share >= 0.5,
            _ => false,
        };
        if cued {
            return Some(acted.at_us);
        }
    }
    None
}

/// What the run answered. Looks only at orders and records of the time between, so that it is the
/// same however much later it is asked for.
fn outcome(timeline: &Timeline, question: &Question, at: Time, until: Time) -> (usize, String) {
    let moment = timeline.moment();
    match &question.rule {
        Rule::WhereLost => {
            let lost = [Lane::Sync, Lane::Async].map(|lane| {
                told_between(moment, lane, at, until, |o| match lane {
                    Lane::Sync => o.given_up_on.is_some(),
                    Lane::Async => o.unsent && o.told == Told::Answered,
                })
            });
            (
                which(lost),
                format!(
                    "Lost: {} in the synchronous shop, {} in the other.",
                    lost[0], lost[1]
                ),
            )
        }
        Rule::WhereGaveUp => {
            let gave_up = [Lane::Sync, Lane::Async]
                .map(|lane| told_between(moment, lane, at, until, |o| o.told == Told::GaveUp));
            let [sync, async_] = gave_up;
            (
                which(gave_up),
                format!("Gave up: {sync} in the synchronous shop, {async_} in the other."),
            )
        }
        Rule::BacklogGone { within } => backlog_gone(moment, at, until, within),
        Rule::LaggingPartitions => {
            let lagging = lagging_partitions(&moment.world);
            let lag = lag_of(&moment.world, Service::Payment);
            let text =
                format!("{lagging} partitions are ten or more behind, {lag} records in all.");
            (lagging.min(2), text)
        }
        Rule::ProcessedTwice => {
            let twice = moment.metrics.counts(Lane::Async).duplicated;
            (
                usize::from(twice > 0),
                format!("{twice} orders were processed twice."),
            )
        }
        Rule::Overtaken => {
            let times = moment.promises.breaches(Promise::OrderPerKey);
            (
                usize::from(times > 0),
                format!("{times} orders were paid after a later one of the same customer."),
            )
        }
        Rule::SyncStillFast => {
            let mut spans: Vec<Span> = moment
                .metrics
                .orders()
                .filter(|row| row.placed_at >= at && row.placed_at <= until)
                .map(|row| &row.lanes[0])
                .filter(|o| o.told != Told::Nothing)
                .map(|o| o.told_after)
                .collect();
            let median = super::numbers::quantile(&mut spans, 0.5).unwrap_or(Span::MAX);
            let slow = median > Span::millis(500);
            (
                usize::from(slow),
                format!("Half of its customers were answered within {median}."),
            )
        }
    }
}

/// Options: the synchronous, the asynchronous, both, neither.
fn which([sync, async_]: [u32; 2]) -> usize {
    match (sync > 0, async_ > 0) {
        (true, false) => 0,
        (false, true) => 1,
        (true, true) => 2,
        (false, false) => 3,
    }
}

/// Orders of a shop whose customers were told something in that time, and of which `what` holds.
fn told_between(
    moment: &Moment,
    lane: Lane,
    at: Time,
    until: Time,
    what: impl Fn(&crate::sim::OrderInShop) -> bool,
) -> u32 {
    let told = |row: &&crate::sim::OrderRow| {
        let order = &row.lanes[lane as usize];
        let told_at = row.placed_at + order.told_after;
        order.told != Told::Nothing && told_at >= at && told_at <= until && what(order)
    };
    moment.metrics.orders().filter(told).count() as u32
}

fn backlog_gone(moment: &Moment, at: Time, until: Time, within: &[Span]) -> (usize, String) {
    let every = crate::sim::Metrics::EVERY.0;
    let samples: Vec<u32> = moment.metrics.samples().map(|s| s.records).collect();
    let sample = |time: Time| samples.get((time.0 / every) as usize).copied().unwrap_or(0);
    let before = sample(at);
    // As many as are in hand anyway, when nothing has piled up.
    let gone = (at.0 / every..=until.0 / every)
        .map(|n| Time(n * every))
        .find(|time| sample(*time) <= 15);
    match gone {
        Some(time) => {
            let took = time.since(at);
            let option = within
                .iter()
                .position(|bound| took <= *bound)
                .unwrap_or(within.len());
            (
                option,
                format!("{before} records waited; they were gone after {took}."),
            )
        }
        None => (
            within.len(),
            format!("{before} records waited; {} still do.", sample(until)),
        ),
    }
}

fn lagging_partitions(world: &World) -> usize {
    let topic = world.pipeline().topics.orders;
    (0..world.partitions(topic))
        .filter(|&partition| {
            let at = TopicPartition::new(topic, partition);
            let end = world.log(at).map_or(0, crate::log::Log::log_end_offset);
            end - super::scene::committed(world, Service::Payment, at) >= 10
        })
        .count()
}

/// A submitted run, graded by playing it again: nobody's score need be believed.
#[must_use]
pub fn grade(
    timeline: &mut Timeline,
    until: Time,
    answers: &Answers,
) -> (Vec<Asked>, Score, Counts) {
    timeline.run_until(until, u64::MAX);
    let asked = asked(timeline, answers);
    let score = score(&asked);
    (asked, score, *timeline.moment().metrics.counts(Lane::Async))
}
