//! The estimate, the exact answer, and the bound.

use super::bench::{Bench, STRANGERS, Sketch};
use super::words::percent;
use crate::sketch::{BloomFilter, CountMin, HyperLogLog, Reservoir, expected_replacements};
use crate::view::panel::Table;

/// The estimate, the exact answer, and the bound.
#[must_use]
pub fn answers(bench: &Bench) -> Table {
    let rows = match &bench.sketch {
        Sketch::Reservoir(reservoir) => of_reservoir(bench, reservoir),
        Sketch::Register(register) => vec![row(
            "different items",
            format!("{:.0}", bench.register_says(*register)),
            bench.distinct.to_string(),
            "none: a factor of 2 and more",
        )],
        Sketch::Hll(sketch) => of_hll(bench, sketch),
        Sketch::Bloom(filter) => of_bloom(bench, filter),
        Sketch::Counting(filter) => of_bloom(bench, &filter.to_filter()),
        Sketch::CountMin(sketch) => of_count_min(bench, sketch),
    };
    Table {
        caption: "The answer, the truth and the bound".to_owned(),
        heads: ["", "sketch", "exactly", "bound"].map(str::to_owned).into(),
        rows,
    }
}

fn row(what: &str, estimate: String, exact: String, bound: &str) -> Vec<String> {
    vec![what.to_owned(), estimate, exact, bound.to_owned()]
}

fn of_reservoir(bench: &Bench, reservoir: &Reservoir) -> Vec<Vec<String>> {
    let (came, k) = (bench.came, reservoir.capacity());
    let mut rows = vec![
        row(
            "each arrival kept",
            percent(reservoir.inclusion()),
            format!("{}/{}", k.min(came), came.max(1)),
            "always so",
        ),
        row(
            "replaced",
            reservoir.replaced().to_string(),
            format!("{:.1} expected", expected_replacements(came.into(), k)),
            "on average",
        ),
    ];
    if let Some((item, name, count)) = bench.subject() {
        let share = bench.slots_of(item) as f64 / reservoir.items().len().max(1) as f64;
        let exact = f64::from(count) / f64::from(came.max(1));
        let left = f64::from(came.saturating_sub(k)) / f64::from(came.saturating_sub(1).max(1));
        let error = libm::sqrt(exact * (1.0 - exact) / f64::from(k.min(came).max(1)) * left);
        rows.push(row(
            &format!("share of {name}"),
            percent(share),
            percent(exact),
            &format!("± {}, 2 times in 3", percent(error)),
        ));
    }
    rows
}

fn of_hll(bench: &Bench, sketch: &HyperLogLog) -> Vec<Vec<String>> {
    let said = |what: &str, estimate: f64, bound: &str| {
        let exact = bench.distinct.to_string();
        row(what, format!("{estimate:.1}"), exact, bound)
    };
    let bound = format!(
        "± {}, 19 times in 20",
        percent(2.0 * sketch.standard_error())
    );
    let (other, says) = if bench.setup.variant {
        ("by Ertl, 2017", sketch.estimate())
    } else {
        ("as in 2007", sketch.estimate_2007())
    };
    vec![
        said("different items", bench.hll_says(sketch), &bound),
        said(other, says, ""),
        said("raw, uncorrected", sketch.raw(), ""),
    ]
}

fn of_count_min(bench: &Bench, sketch: &CountMin) -> Vec<Vec<String>> {
    let over = |&(&item, &n): &(&u64, &u32)| {
        n > 0 && (sketch.estimate(item) - u64::from(n)) as f64 > sketch.bound()
    };
    let items = bench.steps.items.iter().zip(&bench.counts);
    let beyond = items.filter(over).count();
    let mut rows = Vec::new();
    if let Some((item, name, count)) = bench.subject() {
        rows.push(row(
            &format!("{name} came"),
            sketch.estimate(item).to_string(),
            count.to_string(),
            &format!("{count} to {:.1}", f64::from(count) + sketch.bound()),
        ));
    }
    rows.push(row(
        "answers beyond that",
        beyond.to_string(),
        format!("of {}", bench.distinct),
        &format!("{} each at most", percent(sketch.size().delta())),
    ));
    rows
}

fn of_bloom(bench: &Bench, filter: &BloomFilter) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    if let Some((item, name, count)) = bench.subject() {
        let yes = bench.contains(item);
        let exact = if count > 0 { "yes" } else { "no" };
        rows.push(row(
            &format!("{name} was put in"),
            if yes { "maybe" } else { "no" }.to_owned(),
            exact.to_owned(),
            "no is certain",
        ));
    }
    let stated = filter.size().false_positive_rate(bench.distinct.into());
    let items = filter.items();
    let items = if items.is_finite() {
        format!("{items:.1}")
    } else {
        "all bits are set".to_owned()
    };
    rows.push(row(
        "false positives",
        percent(filter.false_positive_rate()),
        format!("{} of {STRANGERS}", bench.false_positives()),
        &format!("stated {}", percent(stated)),
    ));
    rows.push(row(
        "different items",
        items,
        bench.distinct.to_string(),
        "by the bits set",
    ));
    rows
}
