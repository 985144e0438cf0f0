//! What is generated against what is published.
//!
//! Two kinds of tolerance: what is drawn by chance may be off by some standard errors of these
//! seeded draws; and where two published figures cannot both be met (the transitions have two
//! digits, were read from a picture, and leave out how sessions begin and end), by what the fit
//! leaves over.

use super::*;
use crate::clickstream::Symbol;
use serde_json::Value;

/// A published figure, by its place in the file.
fn published(place: &str) -> f64 {
    let text = include_bytes!("../../../../tests/vectors/clickstream/coveo_dataset_stats.json");
    let file: Value = serde_json::from_slice(text).expect("the file is JSON");
    let found = file["derived_by_third_party_notebook"].pointer(place);
    let number = found.and_then(Value::as_f64);
    number.unwrap_or_else(|| panic!("no number at {place}"))
}

const TRUNCATED: &str = "/after_truncating_at_first_purchase";
const NAMES: [&str; 5] = ["view", "detail", "add", "remove", "click"];

fn drawn(n: usize, buying: f64) -> Vec<Visit> {
    let mut rng = Rng::new(41, Salt::Shoppers, 0);
    (0..n).map(|_| Visit::draw(&mut rng, buying)).collect()
}

fn before_purchase(visit: &Visit) -> &[u8] {
    let end = visit.symbols.iter().position(|&symbol| symbol == 5);
    &visit.symbols[..end.unwrap_or(visit.symbols.len())]
}

fn entry(symbol: u8) -> usize {
    SYMBOLS.iter().position(|&s| s == symbol).expect("not 5")
}

fn shares(visits: &[Visit]) -> ([f64; 5], f64) {
    let mut counts = [0.0; 5];
    for visit in visits {
        for &symbol in before_purchase(visit) {
            counts[entry(symbol)] += 1.0;
        }
    }
    let sum: f64 = counts.iter().sum();
    (counts.map(|count| count / sum), sum / visits.len() as f64)
}

fn near(what: &str, ours: f64, theirs: f64, tolerance: f64) {
    assert!(
        (ours - theirs).abs() <= tolerance,
        "{what}: {theirs} published, {ours} generated, {tolerance} allowed"
    );
}

#[test]
fn rows_add_up() {
    for rows in [
        OTHERS_LOOK,
        OTHERS_FILL,
        BUYERS_LOOK,
        BUYERS_FILL,
        [FIRST; 5],
    ] {
        for row in rows {
            assert_eq!(u64::from(row.iter().sum::<u32>()), WHOLE, "{row:?}");
        }
    }
}

/// Both classes before the first purchase: how many events, and which.
#[test]
fn each_class_has_its_own_lengths_and_symbols() {
    for (buying, class, mean) in [
        (1.0, "purchase", "mean_events_before_purchase"),
        (0.0, "other", "mean_events_other"),
    ] {
        let (ours, ours_mean) = shares(&drawn(40_000, buying));
        let mean = published(&format!("{TRUNCATED}/{mean}"));
        // A mean of 40,000 lengths has a standard error of 0.6 % for buyers, 1.1 % for the others;
        // the fit of the buyers' lengths to all else leaves 1.2 %.
        near("mean length", ours_mean, mean, 0.04 * mean);
        let count = |symbol| {
            published(&format!(
                "{TRUNCATED}/symbol_counts_{class}_sessions/{symbol}"
            ))
        };
        let sum: f64 = SYMBOLS.iter().map(count).sum();
        for (symbol, ours) in SYMBOLS.iter().zip(ours) {
            // Left over by the fit: at most 0.4 points. By chance: a long session weighs much, so
            // a share's standard error is about 0.3 points.
            let what = format!("symbol {symbol} in {class} sessions");
            near(&what, ours, count(symbol) / sum, 0.012);
        }
    }
}

/// The two classes are not told apart by length alone: their chains differ.
#[test]
fn the_chains_of_both_classes_differ() {
    let adds_after_detail = |buying| {
        let visits = drawn(10_000, buying);
        let pairs = visits.iter().flat_map(|v| before_purchase(v).windows(2));
        let from: Vec<_> = pairs.filter(|pair| pair[0] == 2).collect();
        from.iter().filter(|pair| pair[1] == 3).count() as f64 / from.len() as f64
    };
    let (buyers, others) = (adds_after_detail(1.0), adds_after_detail(0.0));
    assert!(
        buyers > 3.0 * others,
        "{buyers} of buyers, {others} of others"
    );
}

/// One large crowd as the shop's: conversion, all symbols, the pooled transitions.
#[test]
fn the_whole_is_as_published() {
    let visits = drawn(150_000, CONVERSION);
    let n = visits.len() as f64;
    let buyers = visits.iter().filter(|visit| visit.buys).count() as f64;
    // Its standard error is 0.037 points.
    let conversion = published("/sessions/conversion_rate");
    near("conversion", buyers / n, conversion, 0.001_2);
    let events: usize = visits.iter().map(|visit| visit.symbols.len()).sum();
    let mean = published("/mean_events_per_session");
    near("events", events as f64 / n, mean, 0.04 * mean);
    let mut counts = [0.0; 7];
    let mut transitions = [[0.0; 5]; 5];
    for visit in &visits {
        for &symbol in &visit.symbols {
            counts[usize::from(symbol)] += 1.0;
        }
        for pair in before_purchase(visit).windows(2) {
            transitions[entry(pair[0])][entry(pair[1])] += 1.0;
        }
    }
    for symbol in Symbol::ALL {
        let number = symbol.number();
        let what = format!("{number} {}", symbol.name());
        let theirs = published(&format!("/symbols/{what}")) / 5_433_611.0;
        // As for a class alone, above.
        near(
            &what,
            counts[usize::from(number)] / events as f64,
            theirs,
            0.01,
        );
    }
    for (from, row) in NAMES.iter().zip(transitions) {
        let rate = |to| {
            let matrix = "transition_matrix_rows_view_detail_add_remove_click";
            published(&format!("{TRUNCATED}/{matrix}/{from}/{to}"))
        };
        let (sum, whole): (f64, f64) = (row.iter().sum(), NAMES.iter().map(rate).sum());
        for (to, ours) in NAMES.iter().zip(row) {
            // Two digits are good for 0.5 points; the fit leaves 0.8 at most beside that.
            let what = format!("from {from} to {to}");
            near(&what, ours / sum, rate(to) / whole, 0.015);
        }
    }
}

/// How many buy, by how many events there are and how long they take. Buyers weigh as many as there
/// are, but are drawn on their own, so that there are enough of them.
#[test]
fn conversion_grows_with_events_and_with_time_as_published() {
    let (buyers, others) = (drawn(20_000, 1.0), drawn(60_000, 0.0));
    let conversion = |within: &dyn Fn(&Visit) -> bool| {
        let share = |of: &[Visit]| of.iter().filter(|v| within(v)).count() as f64 / of.len() as f64;
        let (buy, not) = (
            CONVERSION * share(&buyers),
            (1.0 - CONVERSION) * share(&others),
        );
        buy / (buy + not)
    };
    // Read from a chart, whose bars are good for about a tenth; the rest is chance, as few sessions
    // of the others are so long.
    let events = [(1, 10), (11, 30), (31, 50), (51, 70), (71, 80), (81, 100)];
    for (least, most) in events {
        let ours = conversion(&|visit| (least..=most).contains(&visit.symbols.len()));
        let what = format!("/conversion_by_event_count_approx/{least}-{most}");
        let theirs = published(&what);
        near(&what, ours, theirs, 0.2 * theirs);
    }
    let minutes = |visit: &Visit| visit.gaps_ms.iter().sum::<u64>() / 60_000;
    for (from, to) in [(1, 5), (5, 10), (10, 20), (20, 30), (30, 60)] {
        let ours = conversion(&|visit| (from..to).contains(&minutes(visit)));
        let what = format!("/conversion_by_duration_approx/{from}-{to}");
        let theirs = published(&what);
        near(&what, ours, theirs, 0.2 * theirs);
    }
    let at_once = conversion(&|visit| minutes(visit) < 1);
    let theirs = published("/conversion_by_duration_approx/<1min");
    near("under a minute", at_once, theirs, 0.002);
}

fn crowd(seed: u64) -> Shoppers {
    let users = 40;
    Shoppers::new(
        seed,
        Crowd {
            users,
            ..Crowd::default()
        },
        0,
    )
}

#[test]
fn a_crowd_clicks_in_order_and_comes_again_after_a_gap() {
    let clicks: Vec<Click> = crowd(7).take(20_000).collect();
    assert_eq!(clicks, crowd(7).take(20_000).collect::<Vec<_>>());
    assert_ne!(clicks, crowd(8).take(20_000).collect::<Vec<_>>());
    assert!(clicks.windows(2).all(|two| two[0].at_ms <= two[1].at_ms));
    assert!(clicks.iter().all(|click| click.arrives_ms > click.at_ms));
    let disorder = clicks
        .windows(2)
        .filter(|two| two[0].arrives_ms > two[1].arrives_ms);
    assert!(disorder.count() > 100, "some come out of order");
    // Each has several sessions, and what is one visit is never torn apart.
    for user in 0..40 {
        let times: Vec<i64> = clicks
            .iter()
            .filter(|c| c.user == user)
            .map(|c| c.at_ms)
            .collect();
        let pauses = times
            .windows(2)
            .filter(|two| two[1] - two[0] > GAP_MS)
            .count();
        assert!(pauses >= 2, "user {user} came {} times", pauses + 1);
        assert!(times.windows(2).all(|two| two[1] - two[0] != GAP_MS));
    }
}

#[test]
fn one_more_shopper_changes_nothing_for_the_others() {
    let of = |users, n| {
        let crowd = Crowd {
            users,
            ..Crowd::default()
        };
        let clicks = Shoppers::new(3, crowd, 1_000).take(n);
        clicks
            .filter(|click| click.user == 0)
            .take(50)
            .collect::<Vec<_>>()
    };
    assert_eq!(of(1, 50), of(2, 2_000));
    assert_eq!(
        Shoppers::new(
            3,
            Crowd {
                users: 0,
                ..Crowd::default()
            },
            0
        )
        .next(),
        None
    );
}

/// A product is added where it is shown, and a detail is a page of the product itself.
#[test]
fn pages_and_products_hang_together() {
    for click in crowd(5).take(5_000) {
        match (click.symbol, click.page) {
            (1, page) => assert!(click.sku.is_none() && !matches!(page, Page::Product(_))),
            (2, Page::Product(product)) => assert_eq!(click.sku, Some(product)),
            (3, Page::Product(_) | Page::Category(_))
            | (4, Page::Cart)
            | (5, Page::Checkout)
            | (6, Page::Search) => assert!(click.sku.is_some()),
            (symbol, page) => panic!("symbol {symbol} on {page:?}"),
        }
    }
    assert_eq!(Page::Product(8_812).path(), "/p/8812");
    assert_ne!(Page::Product(1).hash(), Page::Category(1).hash());
}
