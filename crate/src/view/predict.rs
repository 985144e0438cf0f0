//! Predict, then see: questions that come up, and what the run answered.

use super::cluster::outcome as cluster;
use super::layers::outcome as layers;
use super::panel::Asked;
use crate::map::Map;
use crate::protocol::{Lane, Service};
use crate::scenario::{Cue, Question, Rule, clickstream};
use crate::sim::{Breach, Command, Metrics, Moment, Promise, Sample, Timeline, Told, Witness};
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// What a person answered: the option's index by the question's name.
pub type Answers = Map<String, usize>;

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

/// The questions that have come up by now, each with when.
fn come_up(timeline: &Timeline) -> impl Iterator<Item = (Time, &Question)> {
    let questions = timeline.scenario().questions.iter();
    questions.filter_map(|question| {
        let at = cued_at(timeline, question.ask)?;
        (at <= timeline.now()).then_some((at, question))
    })
}

/// The questions that have come up by now, oldest first, with what the run has shown.
#[must_use]
pub fn asked(timeline: &Timeline, answers: &Answers) -> Vec<Asked> {
    let mut asked: Vec<Asked> = come_up(timeline)
        .map(|(at, question)| {
            let graded_at = at + question.graded_after;
            let answered = timeline.now() >= graded_at;
            let chosen = answers.get(&question.id).copied();
            Asked {
                id: question.id.clone(),
                at,
                text: question.text.clone(),
                options: question.options.clone(),
                chosen: chosen.filter(|&n| n < question.options.len()),
                outcome: answered.then(|| outcome(timeline, question, at, graded_at)),
            }
        })
        .collect();
    asked.sort_by_cached_key(|question| question.at.0);
    asked
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
    for acted in timeline.carried_out() {
        let cued = match (&acted.command, cue) {
            (Command::SetWork { service, mean_us }, Cue::Slowed(slowed)) if *service == slowed => {
                *mean_us >= 3 * usual.work_of(slowed).mean().0.max(1)
            }
            (Command::SetWork { service, mean_us }, Cue::Recovered(back)) if *service == back => {
                let slow = *mean_us >= 3 * usual.work_of(back).mean().0.max(1);
                std::mem::replace(&mut was_slow, slow) && !slow
            }
            (Command::Stop { node, .. }, Cue::Stopped(service)) => node == service.name(),
            (Command::Stop { node, .. }, Cue::BrokerStopped) => {
                node.starts_with("broker") || node.contains(" of ")
            }
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
            let Sample { behind, lag, .. } = sample(moment, until);
            let text = format!(
                "{behind} partitions were ten or more behind, {} records in all.",
                lag[Service::Payment.index()]
            );
            (behind.min(2) as usize, text)
        }
        Rule::ProcessedTwice => {
            let twice = broken_by(moment, Promise::NoOrderTwice, until);
            let text = twice.map_or_else(
                || "No order was processed twice.".into(),
                |breach| {
                    format!(
                        "The first order was processed again at {}.",
                        breach.stamp.at
                    )
                },
            );
            (usize::from(twice.is_some()), text)
        }
        Rule::Overtaken => {
            let overtaken = broken_by(moment, Promise::OrderPerKey, until);
            let text = match overtaken.map(|breach| breach.witness) {
                Some(Witness::Overtaken(early, late)) => format!(
                    "Order {} was paid after order {} of the same customer.",
                    early.0, late.0
                ),
                _ => "No order was paid after a later one of the same customer.".into(),
            };
            (usize::from(overtaken.is_some()), text)
        }
        Rule::AcknowledgedLost => acknowledged_lost(moment, until),
        Rule::Breaks { promise } => breaks(moment, *promise, until),
        Rule::LeaderlessFor {
            topic,
            partition,
            bounds,
        } => cluster::leaderless_for(moment, (topic, *partition), (at, until), bounds),
        Rule::StillTaken { topic, partition } => {
            cluster::still_taken(moment, (topic, *partition), until)
        }
        Rule::RightFirst => layers::right_first(timeline, until),
        Rule::LessWrong => layers::less_wrong(timeline, until),
        Rule::SyncStillFast => sync_still_fast(moment, until),
        Rule::Buys { user } => buys(timeline, user, at, until),
    }
}

/// The first time a guarantee did not hold, if that was by then.
fn broken_by(moment: &Moment, promise: Promise, until: Time) -> Option<&Breach> {
    let first = moment.promises.breach(promise);
    first.filter(|breach| breach.stamp.at <= until)
}

/// Whether a record was lost that a producer was told is appended: no, yes.
fn acknowledged_lost(moment: &Moment, until: Time) -> (usize, String) {
    let lost = broken_by(moment, Promise::AcknowledgedReadable, until);
    let text = lost.map_or_else(
        || "Every acknowledged record can be read.".into(),
        |breach| {
            let what = super::numbers::witness(&moment.world, breach.witness);
            format!("Yes, at {}: {what}.", breach.stamp.at)
        },
    );
    (usize::from(lost.is_some()), text)
}

/// Whether a promise was broken: no, yes.
fn breaks(moment: &Moment, promise: Promise, until: Time) -> (usize, String) {
    let broken = broken_by(moment, promise, until);
    let says = promise.text();
    let text = broken.map_or_else(
        || format!("No. Held: {says}."),
        |breach| {
            let what = super::numbers::witness(&moment.world, breach.witness);
            format!("Yes. Broken at {}: {says} ({what}).", breach.stamp.at)
        },
    );
    (usize::from(broken.is_some()), text)
}

/// Half of the last five seconds' answers within half a second.
fn sync_still_fast(moment: &Moment, until: Time) -> (usize, String) {
    let lately = |told_at: Time| told_at <= until && until.since(told_at) <= Span::secs(5);
    let mut spans: Vec<Span> = moment
        .metrics
        .orders()
        .filter(|row| row.lanes[0].told != Told::Nothing)
        .filter(|row| lately(row.placed_at + row.lanes[0].told_after))
        .map(|row| row.lanes[0].told_after)
        .collect();
    let Some(median) = super::numbers::quantile(&mut spans, 0.5) else {
        return (1, "Nobody was answered in the last five seconds.".into());
    };
    let slow = median > Span::millis(500);
    let text = format!("Half of the customers answered last had waited {median} or less.");
    (usize::from(slow), text)
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
    let every = Metrics::EVERY.0;
    let records: Vec<u32> = moment.metrics.samples().map(|s| s.records).collect();
    let sample = |time: Time| records.get((time.0 / every) as usize).copied().unwrap_or(0);
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

/// The run as it was then.
fn sample(moment: &Moment, at: Time) -> Sample {
    let place = (at.0 / Metrics::EVERY.0) as usize;
    let samples = &moment.metrics;
    samples
        .samples()
        .nth(place)
        .copied()
        .unwrap_or_else(|| samples.sample())
}

/// A submitted run, graded by playing it again: nobody's score need be believed. It is played on
/// until it has answered every question that had come up by `until`. `None` if that takes more than
/// `budget` events.
#[must_use]
pub fn grade(
    timeline: &mut Timeline,
    until: Time,
    answers: &Answers,
    budget: u64,
) -> Option<(Vec<Asked>, Score)> {
    let done = timeline.run_until(until, budget);
    let last = come_up(timeline)
        .map(|(at, question)| at + question.graded_after)
        .max();
    let left = budget.saturating_sub(timeline.instant());
    let done = done && timeline.run_until(last.unwrap_or(until), left);
    let mut asked = asked(timeline, answers);
    asked.retain(|question| question.at <= until);
    done.then(|| {
        let score = score(&asked);
        (asked, score)
    })
}

fn buys(timeline: &Timeline, user: &str, at: Time, until: Time) -> (usize, String) {
    let world = &timeline.moment().world;
    let buys = clickstream::bought(world, user, at, until);
    let clock = |time| timeline.scenario().clock(time);
    let (from, to) = (clock(at), clock(until));
    let what = if buys { "bought" } else { "did not buy" };
    let text = format!("Between {from} and {to} {user} {what}.");
    (usize::from(buys), text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;

    fn played(scene: &str, until: Span) -> Timeline {
        let scene = scenario::by_name(scene).expect("the scene is there");
        let mut timeline = Timeline::new(scene, 41).expect("the scene holds together");
        timeline.run_until(Time::ZERO + until, u64::MAX);
        timeline
    }

    #[test]
    fn an_answer_stays_what_it_was_when_it_was_due() {
        let mut graded = 0;
        for scene in scenario::all() {
            let mut timeline = played(&scene.name, Span::secs(100));
            let late = asked(&timeline, &Answers::new());
            for question in late {
                let all = &timeline.scenario().questions;
                let due = all
                    .iter()
                    .find(|q| q.id == question.id)
                    .expect("it was asked");
                timeline.seek(question.at + due.graded_after, u64::MAX);
                let then = asked(&timeline, &Answers::new());
                let then = then
                    .iter()
                    .find(|q| q.id == question.id)
                    .expect("it was asked");
                assert_eq!(then.outcome, question.outcome, "{}", question.text);
                graded += u32::from(question.outcome.is_some());
            }
        }
        assert!(graded >= 8, "{graded} questions");
    }

    #[test]
    fn a_run_is_played_on_until_its_questions_are_answered() {
        let mut timeline = played("slow-payment", Span::ZERO);
        let answers = Answers::from([("who-gives-up".into(), 0)]);
        let until = Time(13_000_000);
        let (asked, score) =
            grade(&mut timeline, until, &answers, u64::MAX).expect("no end is set");
        assert_eq!(asked.len(), 1, "what comes up later is not asked");
        let [right, graded] = [score.right, score.graded];
        assert_eq!([right, graded, score.asked], [1, 1, 1], "{asked:?}");
        assert_eq!(
            grade(&mut played("slow-payment", Span::ZERO), until, &answers, 99),
            None
        );
    }
}
