//! The course notes' example: which hashtags are in the tweets of the last ten minutes, every second.
//!
//! Three ways to the same counts, each with what it takes:
//!
//! - naive, `hashtags.window(Minutes(10), Seconds(1)).countByValue()`: every tag in the window is
//!   counted each second;
//! - from partial counts, `reduceByKeyAndWindow(_ + _)`: the counts of 600 seconds are added up;
//! - smart, `reduceByKeyAndWindow(_ + _, _ - _)`: the second that enters is added, the one that
//!   leaves is taken off.

use crate::rng::{Rng, Salt};
use crate::stream::topology::hashtags;
use crate::stream::{
    Aggregate, Engine, Keys, Method, Out, Record, Rows, Rules, Sliding, TimeKind, Value, Windows,
};
use std::collections::VecDeque;

/// Length of the window.
const WINDOW_S: u64 = 600;

/// Tags, the frequent ones first.
const TAGS: [&str; 24] = [
    "news", "music", "football", "love", "kafka", "weather", "food", "travel", "spark", "coffee",
    "flink", "cats", "rain", "books", "monday", "data", "films", "dogs", "trains", "chess",
    "garden", "storm", "maths", "bread",
];
const WORDS: [&str; 8] = ["so", "what", "a", "day", "look", "at", "this", "again"];

/// How many steps of counting, adding or taking off a way took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// Of the naive way.
    pub naive: u64,
    /// From partial counts.
    pub partial: u64,
    /// Of the smart way.
    pub smart: u64,
}

/// A second of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Second {
    /// How many went before, and itself.
    pub at_s: u64,
    /// Tags in the window that ends with it.
    pub tags: u64,
    /// What this second took.
    pub costs: Costs,
    /// The most frequent tags in the window, with their counts; ties by name.
    pub top: Vec<(String, i64)>,
}

/// Tweets that come and are counted.
#[derive(Clone, Debug)]
pub struct Hashtags {
    rng: Rng,
    per_s: u32,
    at_s: u64,
    keys: Keys,
    /// By second, the tags of the window: what the naive way counts.
    window: VecDeque<Vec<u32>>,
    partial: Sliding,
    smart: Sliding,
}

impl Hashtags {
    /// With so many tweets a second.
    #[must_use]
    pub fn new(seed: u64, per_s: u32) -> Self {
        let windows = Windows::Hopping {
            size: WINDOW_S as i64 * 1_000,
            slide: 1_000,
            offset: 0,
        };
        let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
        let sliding = |method, rows| {
            let sliding = Sliding::new(&windows, Aggregate::Count, rules, method, rows);
            sliding.expect("a count has an inverse")
        };
        Self {
            rng: Rng::new(seed, Salt::Workload, 2),
            per_s,
            at_s: 0,
            keys: Keys::new(),
            window: VecDeque::new(),
            partial: sliding(Method::Recompute, Rows::Present),
            smart: sliding(Method::Inverse, Rows::NonZero),
        }
    }

    /// Some words and one tag or two, a few far more often than the rest. From the fifth minute on for
    /// two minutes one is in the news.
    fn tweet(&mut self) -> String {
        let rng = &mut self.rng;
        let mut tweet = String::new();
        for _ in 0..3 + rng.below(4) {
            tweet += WORDS[rng.below(WORDS.len() as u64) as usize];
            tweet.push(' ');
        }
        for _ in 0..1 + rng.below(2) {
            let rank = (rng.unit() * rng.unit() * TAGS.len() as f64) as usize;
            let trending = rng.chance(0.7) && (300..420).contains(&self.at_s);
            tweet += " #";
            tweet += if trending { "eclipse" } else { TAGS[rank] };
        }
        tweet
    }

    /// Another second goes by.
    ///
    /// # Panics
    /// If the three ways do not give the same counts.
    pub fn second(&mut self) -> Second {
        let before = (self.partial.work(), self.smart.work());
        let (mut partial, mut smart) = (Out::default(), Out::default());
        let mut batch = Vec::new();
        let start = self.at_s as i64 * 1_000;
        for n in 0..self.per_s {
            let ts = start + i64::from(n) * 1_000 / i64::from(self.per_s);
            let tweet = self.tweet();
            for tag in hashtags(&tweet) {
                let key = self.keys.id(tag.as_bytes());
                batch.push(key);
                let record = Record {
                    key,
                    ts,
                    value: 1,
                    marks: false,
                };
                self.partial.record(record, &mut partial);
                self.smart.record(record, &mut smart);
            }
        }
        self.window.push_back(batch);
        if self.window.len() as u64 > WINDOW_S {
            self.window.pop_front();
        }
        self.at_s += 1;
        let end = self.at_s as i64 * 1_000;
        self.partial.advance(end - 1, end, &mut partial);
        self.smart.advance(end - 1, end, &mut smart);
        let mut counts = vec![0i64; self.keys.len()];
        let mut tags = 0;
        for &key in self.window.iter().flatten() {
            counts[key as usize] += 1;
            tags += 1;
        }
        for (way, out) in [("partial", &partial), ("smart", &smart)] {
            let mut theirs = vec![0i64; counts.len()];
            for result in &out.emitted {
                if let Value::Number(n) = result.value {
                    theirs[result.key as usize] = n;
                }
            }
            assert_eq!(theirs, counts, "the {way} way counts otherwise");
        }
        let took = |now: &Sliding, before: u64| now.work().operations - before;
        Second {
            at_s: self.at_s,
            tags,
            costs: Costs {
                naive: tags,
                partial: took(&self.partial, before.0.operations),
                smart: took(&self.smart, before.1.operations),
            },
            top: self.top(&counts),
        }
    }

    fn top(&self, counts: &[i64]) -> Vec<(String, i64)> {
        let named = (0..).zip(counts).filter(|&(_, &n)| n > 0);
        let mut top: Vec<(String, i64)> = named
            .map(|(key, &n)| (self.keys.name(key).into_owned(), n))
            .collect();
        top.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
        top.truncate(3);
        top
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smart_way_costs_the_same_however_long_the_window_is() {
        let mut hashtags = Hashtags::new(1, 20);
        let seconds: Vec<Second> = (0..700).map(|_| hashtags.second()).collect();
        let (early, late) = (&seconds[9], &seconds[699]);
        assert!(late.costs.naive > 30 * early.costs.naive);
        assert!(late.costs.partial > 30 * early.costs.partial);
        assert!(late.costs.smart < 3 * early.costs.smart);
        assert!(late.costs.naive > 100 * late.costs.smart);
        assert_eq!(seconds[450].top[0].0, "eclipse");
        let mut again = Hashtags::new(1, 20);
        assert_eq!(again.second(), seconds[0]);
    }
}
