//! What a bench says: what just happened, and what an example asks.

use super::bench::{Bench, Sketch};
use super::{Kind, Stream};
use crate::rng::mix;
use crate::sketch::Offer;
use crate::time::Time;
use crate::view::panel::{Asked, Explain, Text};

/// What is played.
#[must_use]
pub fn title(bench: &Bench) -> String {
    format!(
        "{} · {}",
        bench.setup.kind.name(),
        bench.setup.stream.name()
    )
}

pub(super) fn count(n: u32, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

pub(super) fn often(n: u32) -> String {
    match n {
        0 => "never".to_owned(),
        1 => "once".to_owned(),
        n => format!("{n} times"),
    }
}

pub(super) fn percent(share: f64) -> String {
    format!("{:.1} %", share * 100.0)
}

/// What the latest step did, what it means, and what to try.
#[must_use]
pub fn explain(bench: &Bench) -> Explain {
    let mut now = Text::default();
    let latest = bench.latest();
    match latest {
        None if bench.is_empty() => now = now.say(bench.note()),
        None => {
            let ahead = bench.len();
            now = now.say(format!("{ahead} steps are ahead. Press play, or step."));
        }
        Some(step) => {
            let name = &bench.steps.names[step.which as usize];
            let item = bench.steps.items[step.which as usize];
            now = if step.ask {
                now.say("Asked for ").stress(name.clone()).say(". ")
            } else {
                now.stress(name.clone()).say(" came. ")
            };
            now = now.say(if step.ask {
                asked_for(bench, item, step.which)
            } else {
                came(bench, item)
            });
        }
    }
    let hint = match bench.setup.stream {
        Stream::Adversary => "The bound holds for whoever does not know the hash. Try the same number of items at random.".to_owned(),
        _ if bench.is_empty() => String::new(),
        _ => bench.setup.kind.variant().filter(|_| !bench.setup.stream.is_example()).map_or(String::new(), |variant| format!("Try another size, or “{variant}”.")),
    };
    Explain {
        heading: bench.setup.kind.question().to_owned(),
        now,
        hint,
    }
}

/// What it means that an item came.
fn came(bench: &Bench, item: u64) -> String {
    match &bench.sketch {
        Sketch::Reservoir(reservoir) => {
            let (k, n) = (reservoir.capacity(), bench.came);
            match bench.offer {
                Some(Offer::Filled(slot)) => {
                    format!("The first {k} are all kept: it fills slot {}.", slot + 1)
                }
                Some(Offer::Replaced(slot)) => format!(
                    "Arrival {n} is kept with probability {k}/{n}. It was, and took slot {} from what was there.",
                    slot + 1
                ),
                _ => format!("Arrival {n} is kept with probability {k}/{n}. It was not."),
            }
        }
        Sketch::Register(register) => {
            let zeros = mix(item).leading_zeros();
            let told = format!("Its hash begins with {}. ", count(zeros, "zero", "zeros"));
            if bench.changed {
                format!(
                    "{told}No hash before had so many, so the estimate is 2^{0} = {1:.0} now.",
                    register.longest(),
                    bench.register_says(*register)
                )
            } else {
                format!(
                    "{told}{} had been seen, so nothing changes.",
                    register.longest()
                )
            }
        }
        Sketch::Hll(sketch) => {
            let (register, rank) = sketch.place(item);
            let told = format!("Its hash leads to register {register}, with rank {rank}. ");
            if bench.changed {
                format!("{told}That is the highest there so far, and is kept.")
            } else {
                format!(
                    "{told}The register has {} already, so nothing changes.",
                    sketch.registers()[register]
                )
            }
        }
        Sketch::Bloom(_) | Sketch::Counting(_) => {
            let places = one_based(&bench.bits_of(item));
            if bench.changed {
                format!(
                    "Its hashes are {places}. At least one of these bits was 0; all are set now."
                )
            } else if bench.counts[bench.latest().map_or(0, |step| step.which as usize)] > 1 {
                format!("Its hashes are {places}, and all were set, for it had come before.")
            } else {
                format!(
                    "Its hashes are {places}. All were set by others before it came: the filter would have said that it was there."
                )
            }
        }
        Sketch::CountMin(sketch) => {
            let places: Vec<u64> = sketch
                .places(item)
                .map(|place| place as u64 % u64::from(sketch.size().width))
                .collect();
            let places = one_based(&places);
            if sketch.is_conservative() {
                format!(
                    "Its counters are {places}. Only those that were least are raised; the answer is {} now.",
                    sketch.estimate(item)
                )
            } else {
                format!(
                    "Its counters are {places}: each is one more now, and the least is {}.",
                    sketch.estimate(item)
                )
            }
        }
    }
}

/// What is answered for an item.
fn asked_for(bench: &Bench, item: u64, which: u32) -> String {
    let count = bench.counts[which as usize];
    match &bench.sketch {
        Sketch::Bloom(_) | Sketch::Counting(_) => {
            let yes = bench.contains(item);
            let places = one_based(&bench.bits_of(item));
            match (yes, count > 0) {
                (true, true) => {
                    format!("Its bits {places} are all 1, so the filter says yes. It was put in.")
                }
                (true, false) => format!(
                    "Its bits {places} are all 1, so the filter says yes, and is wrong: others set them."
                ),
                (false, _) => format!(
                    "One of its bits {places} is 0, so the filter says no, and that is certain."
                ),
            }
        }
        Sketch::CountMin(sketch) => {
            let cells: Vec<String> = sketch
                .places(item)
                .map(|place| sketch.cells()[place].to_string())
                .collect();
            format!(
                "Its counters hold {}. The least is {}; it came {}.",
                cells.join(", "),
                sketch.estimate(item),
                often(count)
            )
        }
        _ => String::new(),
    }
}

/// Places counted from 1, as the notes count.
fn one_based(places: &[u64]) -> String {
    let places: Vec<String> = places.iter().map(|place| (place + 1).to_string()).collect();
    places.join(", ")
}

/// The question of an example, with what was chosen, and graded once the steps have shown it.
#[must_use]
pub fn asked(bench: &Bench, chosen: Option<u32>) -> Option<Asked> {
    let at = bench.setup.at;
    let (id, from, until, text, options): (&str, u32, u32, &str, [String; 3]) = match (
        bench.setup.kind,
        bench.setup.stream,
    ) {
        (Kind::Bloom, Stream::Notes) => (
            "bloom-y",
            1,
            3,
            "y has the hashes 2, 6, 9 and was never put in. What will the filter say of it?",
            [
                "Yes".to_owned(),
                "No".to_owned(),
                "It depends on the order".to_owned(),
            ],
        ),
        (Kind::CountMin, Stream::Notes) => (
            "cms-y",
            3,
            5,
            "x came twice and y once; they share a counter in row 2. How often will the sketch say that y came?",
            ["Once".to_owned(), "Twice".to_owned(), "3 times".to_owned()],
        ),
        (Kind::Reservoir, Stream::Notes) => (
            "reservoir-11",
            5,
            11,
            "The reservoir holds 10. How likely is the 11th arrival to be kept?",
            ["1/11".to_owned(), "1/2".to_owned(), "10/11".to_owned()],
        ),
        _ => return None,
    };
    if at < from {
        return None;
    }
    let outcome = (at >= until).then(|| match (bench.setup.kind, &bench.sketch) {
        (Kind::Bloom, _) => {
            let y = bench.steps.items[1];
            let zero = bench.bits_of(y).into_iter().find(|&place| bench.at_bit(place) == 0);
            match zero {
                Some(place) => (1, format!("Bit {} is 0, and x would have had to set it.", place + 1)),
                None => (0, "All of its bits are 1.".to_owned()),
            }
        }
        (_, Sketch::CountMin(sketch)) => {
            let says = sketch.estimate(bench.steps.items[1]);
            (says.saturating_sub(1).min(2) as usize, format!("The least of its counters is {says}: only row 2 holds x as well."))
        }
        _ => (2, "S/K: 10 of the 11 that came are kept, and each is as likely to be among them as any other.".to_owned()),
    });
    Some(Asked {
        id: id.to_owned(),
        at: Time::ZERO,
        text: text.to_owned(),
        options: options.into(),
        chosen: chosen.map(|n| n as usize),
        outcome,
    })
}
