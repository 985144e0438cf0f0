//! How a run answers questions about two architectures.

use super::figures::{RIGHT_PPM, fixed_at, right_at};
use super::name;
use crate::layers::Architecture;
use crate::sim::Timeline;
use crate::time::{Span, Time};

/// Which side served right answers to both questions first after the fix? Options: the first, the
/// second, both at once.
pub fn right_first(timeline: &Timeline, until: Time) -> (usize, String) {
    let (moment, scene) = (timeline.moment(), timeline.scenario());
    let at = Architecture::ALL.map(|of| {
        let fixed = fixed_at(moment, of, until);
        let right = right_at(moment, fixed, |sample| {
            let side = sample.of[of as usize];
            side.trend_ppm.max(side.deep_ppm) <= RIGHT_PPM
        });
        right.filter(|at| *at < until)
    });
    let said = Architecture::ALL.map(|of| match at[of as usize] {
        Some(at) => format!("{} at {}", name(of, true), scene.clock(at)),
        None => format!("{} not by {}", name(of, true), scene.clock(until)),
    });
    // Without an answer in time a side is later than any other.
    let [lambda, kappa] = at.map(|at| at.unwrap_or(Time::MAX));
    let option = match lambda.cmp(&kappa) {
        std::cmp::Ordering::Less => 0,
        std::cmp::Ordering::Greater => 1,
        std::cmp::Ordering::Equal => 2,
    };
    (option, format!("{}, {}.", said[0], said[1]))
}

/// Whose wrong answers about what trends add up to less? Options: the first, the second, the same
/// (within a twentieth).
pub fn less_wrong(timeline: &Timeline, until: Time) -> (usize, String) {
    let moment = timeline.moment();
    let last = moment
        .reckoning
        .samples()
        .take_while(|(at, _)| *at < until)
        .last();
    let speed = moment
        .world
        .layers()
        .is_some_and(|layers| layers.speed.is_some());
    let wrong =
        Architecture::ALL.map(|of| last.map_or(0, |(_, sample)| sample.of[of as usize].wrong));
    let said = Architecture::ALL.map(|of| {
        let pct_h = wrong[of as usize] as f64 / 10_000.0 / Span::secs(3_600).0 as f64 * 1e6;
        format!("{} {pct_h:.1} %·h", name(of, speed))
    });
    let [lambda, kappa] = wrong;
    let option = if lambda.abs_diff(kappa) * 20 <= lambda.max(kappa) {
        2
    } else {
        usize::from(kappa < lambda)
    };
    (option, format!("{}, {}.", said[0], said[1]))
}
