//! Tweets: some words and one tag or two.

use crate::rng::Rng;

/// Tags, the frequent ones first.
const TAGS: [&str; 24] = [
    "news", "music", "football", "love", "kafka", "weather", "food", "travel", "spark", "coffee",
    "flink", "cats", "rain", "books", "monday", "data", "films", "dogs", "trains", "chess",
    "garden", "storm", "maths", "bread",
];
const WORDS: [&str; 8] = ["so", "what", "a", "day", "look", "at", "this", "again"];

/// Some words and one tag or two, a few far more often than the rest; with `in_the_news` mostly one
/// that is not among them otherwise.
pub fn tweet(rng: &mut Rng, in_the_news: bool) -> String {
    let mut tweet = String::new();
    for _ in 0..3 + rng.below(4) {
        tweet += WORDS[rng.below(WORDS.len() as u64) as usize];
        tweet.push(' ');
    }
    for _ in 0..1 + rng.below(2) {
        let rank = (rng.unit() * rng.unit() * TAGS.len() as f64) as usize;
        let trending = rng.chance(0.7) && in_the_news;
        tweet += " #";
        tweet += if trending { "eclipse" } else { TAGS[rank] };
    }
    tweet
}
