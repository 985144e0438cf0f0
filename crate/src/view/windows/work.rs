//! What it costs to keep hopping windows, measured: calls of the aggregate's functions.

use super::play::Play;
use super::words::length;
use crate::scenario::hashtags::Hashtags;
use crate::stream::{Engine, Method, Out, Rows, Rules, Sliding, TimeKind, Windows};

/// A way to keep windows.
#[derive(Clone, PartialEq, Debug)]
pub struct Bar {
    /// In words.
    pub label: String,
    /// Operations for each record.
    pub per_record: f64,
}

/// Several ways to the same results.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Work {
    /// What was counted.
    pub caption: String,
    /// The ways.
    pub bars: Vec<Bar>,
    /// What to know about it.
    pub note: String,
}

fn bar(label: &str, operations: u64, records: u64) -> Bar {
    Bar {
        label: label.to_owned(),
        per_record: operations as f64 / records.max(1) as f64,
    }
}

/// What the windows of a play cost, each way.
#[must_use]
pub fn work(play: &Play) -> Work {
    let setup = play.setup();
    let (size, slide) = match setup.windows {
        Windows::Tumbling { size, .. } => (size, size),
        Windows::Hopping { size, slide, .. } => (size, slide),
        _ => {
            return Work {
                note: "Only windows on a grid can share slices. Choose tumbling or hopping ones."
                    .to_owned(),
                ..Work::default()
            };
        }
    };
    let rules = Rules::new(Engine::Flink, &setup.windows, 0, TimeKind::Event);
    let mut bars = Vec::new();
    for (method, label) in [
        (Method::Recompute, "each window anew from its slices"),
        (Method::TwoStacks, "two stacks"),
        (Method::Inverse, "with an inverse"),
    ] {
        let made = Sliding::new(
            &setup.windows,
            setup.aggregate,
            rules,
            method,
            Rows::Present,
        );
        // Only the inverse can be missing.
        let Ok(mut sliding) = made else { continue };
        let mut out = Out::default();
        let mut newest = i64::MIN;
        for &n in play.order() {
            let event = play.event(n);
            sliding.record(event.record(setup.keyed), &mut out);
            newest = newest.max(event.ts);
            sliding.advance(newest - setup.delay - 1, event.arrival, &mut out);
        }
        let work = sliding.work();
        if bars.is_empty() {
            bars.push(bar(
                "each record into each of its windows",
                work.by_window,
                work.records,
            ));
        }
        bars.push(bar(label, work.operations, work.records));
    }
    let note = if setup.aggregate.has_inverse() {
        String::new()
    } else {
        "Nothing can be taken out of a least or a greatest again, so there is no inverse: two stacks \
         do without."
            .to_owned()
    };
    Work {
        caption: format!(
            "Operations for each of these records: windows of {} every {}",
            length(size),
            length(slide)
        ),
        bars,
        note,
    }
}

/// Tweets a second of the example.
const TWEETS: u32 = 10;
/// It is measured over so many seconds, after its first window is full.
const MEASURED: u64 = 60;

/// The notes' hashtags of the last 10 minutes, every second.
#[must_use]
pub fn hashtags() -> Work {
    let mut hashtags = Hashtags::new(1, TWEETS);
    let (mut naive, mut partial, mut smart) = (0, 0, 0);
    for _ in 0..600 {
        hashtags.second();
    }
    for _ in 0..MEASURED {
        let costs = hashtags.second().costs;
        naive += costs.naive;
        partial += costs.partial;
        smart += costs.smart;
    }
    Work {
        caption: format!(
            "The notes’ hashtags: 600 s sliding by 1 s, {TWEETS} tweets a second. Operations a second"
        ),
        bars: vec![
            bar("every tag in the window counted", naive, MEASURED),
            bar("the counts of 600 seconds added up", partial, MEASURED),
            bar("one second in, one out (inverse)", smart, MEASURED),
        ],
        note: "reduceByKeyAndWindow(_ + _, _ - _, Minutes(10), Seconds(1)): the cost no longer depends \
               on how long the window is."
            .to_owned(),
    }
}
