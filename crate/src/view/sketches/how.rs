//! How an answer comes about, step by step.

use super::bench::{Bench, Sketch};
use super::words::{count, often, percent};
use crate::rng::mix;
use crate::sketch::{CountMin, HyperLogLog, Reservoir, SingleRegister};

/// How the answer for the item looked at comes about, step by step.
#[must_use]
pub fn how(bench: &Bench) -> Vec<String> {
    let Some((item, name, times)) = bench.subject() else {
        return vec!["Nothing has come yet.".to_owned()];
    };
    match &bench.sketch {
        Sketch::Reservoir(reservoir) => by_reservoir(bench, reservoir, item, &name, times),
        Sketch::Register(register) => by_register(bench, *register, item, &name),
        Sketch::Hll(sketch) => by_hll(bench, sketch, item, &name),
        Sketch::Bloom(_) | Sketch::Counting(_) => by_bloom(bench, item, &name, times),
        Sketch::CountMin(sketch) => by_count_min(sketch, item, &name, times),
    }
}

fn by_reservoir(
    bench: &Bench,
    reservoir: &Reservoir,
    item: u64,
    name: &str,
    times: u32,
) -> Vec<String> {
    let (k, n) = (reservoir.capacity(), bench.came);
    let mut steps = vec![format!("{name} came {} among {n} arrivals.", often(times))];
    if n > k {
        steps.push(format!("When it came as arrival i, it was kept with probability {k}/i (or 1, for the first {k})."));
        steps.push(format!("Each later arrival j left it in its slot with probability (j − 1)/j: it is thrown out with {k}/j · 1/{k}."));
        let share = percent(reservoir.inclusion());
        steps.push(format!(
            "The product of all of these is {k}/{n} = {share}, whichever i it was."
        ));
    } else {
        steps.push("All arrivals so far fit in.".to_owned());
    }
    let (has, of) = (bench.slots_of(item), reservoir.items().len());
    steps.push(format!("It is in {has} of {of} slots now."));
    steps
}

fn by_register(bench: &Bench, register: SingleRegister, item: u64, name: &str) -> Vec<String> {
    let hash = mix(item);
    let zeros = hash.leading_zeros();
    vec![
        format!("The hash of {name} begins {:032b}.", hash >> 32),
        format!(
            "That is {} in front: one hash in {} has so many or more.",
            count_of(zeros),
            1_u64 << zeros.min(63)
        ),
        format!(
            "The longest run so far is {}. The estimate is 2^{0} = {1:.0}.",
            register.longest(),
            bench.register_says(register)
        ),
        format!(
            "Exactly {} came. One lucky item is enough to be far off.",
            count(bench.distinct, "different item", "different items")
        ),
    ]
}

fn by_hll(bench: &Bench, sketch: &HyperLogLog, item: u64, name: &str) -> Vec<String> {
    let (register, rank) = sketch.place(item);
    let (p, m) = (sketch.precision(), sketch.registers().len());
    let index = mix(item) & (m as u64 - 1);
    let width = usize::from(p);
    vec![
        format!(
            "The last {p} bits of the hash of {name} are {index:0width$b}: register {register}."
        ),
        format!(
            "The rest begins with {}, and one more is the rank: {rank}.",
            count_of(u32::from(rank) - 1)
        ),
        format!(
            "Register {register} keeps the highest rank that came: {}.",
            sketch.registers()[register]
        ),
        format!(
            "From all {m} registers, {} of them still 0, comes the estimate {:.1}. Exactly {} came.",
            sketch.zeros(),
            bench.hll_says(sketch),
            bench.distinct
        ),
    ]
}

fn by_bloom(bench: &Bench, item: u64, name: &str, times: u32) -> Vec<String> {
    let places = bench.bits_of(item);
    let told = (1..).zip(&places).map(|(n, &place): (u32, _)| {
        format!(
            "Hash {n} of {name} is {}: {} there.",
            place + 1,
            bench.at_bit(place)
        )
    });
    let mut steps: Vec<String> = told.collect();
    let verdict = if bench.contains(item) {
        "None is 0: the filter says maybe."
    } else {
        "One is 0: the filter says no."
    };
    steps.push(verdict.to_owned());
    steps.push(format!("Exactly, {name} came {}.", often(times)));
    steps
}

fn by_count_min(sketch: &CountMin, item: u64, name: &str, times: u32) -> Vec<String> {
    let width = sketch.size().width as usize;
    let told = (1..)
        .zip(sketch.places(item))
        .map(|(row, place): (u32, _)| {
            format!(
                "Hash {row} of {name} is {}: {} in row {row}.",
                place % width + 1,
                sketch.cells()[place]
            )
        });
    let mut steps: Vec<String> = told.collect();
    steps.push(format!(
        "The least is the answer: {}. Exactly, {name} came {}.",
        sketch.estimate(item),
        often(times)
    ));
    steps
}

fn count_of(zeros: u32) -> String {
    match zeros {
        0 => "no zero".to_owned(),
        n => count(n, "zero", "zeros"),
    }
}
