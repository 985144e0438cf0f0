//! How far a hunt for failures has come, and what it found.

use crate::sim::Search;
use crate::view::markers::command_label;
use crate::view::panel::Table;

/// How far it has come, in a sentence: "412 of 2,000 seeds, nothing broken."
#[must_use]
pub fn progress(search: &Search) -> String {
    let seeds = search.seeds();
    let all = seeds.end.saturating_sub(seeds.start);
    let so_far = if search.done() { "" } else { " so far" };
    let found = match search.prey() {
        None => format!("nothing broken{so_far}"),
        Some((prey, _)) => format!("seed {} broke a promise", prey.seed),
    };
    format!(
        "{} of {} seeds, {found}.",
        grouped(search.tried()),
        grouped(all)
    )
}

/// Which promise broke, when, and how many steps that takes.
#[must_use]
pub fn verdict(search: &Search) -> Option<String> {
    let (prey, least) = search.prey()?;
    let flaw = search.hunt().flaw();
    let whose = match flaw {
        Some(flaw) => format!("The mistake is caught: {}.", flaw.text()),
        None => "No mistake was switched on: this is a bug in Millrace.".to_owned(),
    };
    // The mistake is what is hunted for, and no step that could be left out.
    let takes = match flaw {
        Some(_) => "Beside the mistake it takes",
        None => "It takes",
    };
    let steps = match prey.commands.len() - usize::from(flaw.is_some()) {
        0 => format!("{takes} no fault at all."),
        1 if least => format!("{takes} this one step."),
        n if least => format!("{takes} these {n} steps: none can be left out."),
        n => format!("{n} of its steps are enough; perhaps fewer are."),
    };
    Some(format!(
        "With seed {}, “{}” is broken at {}. {whose} {steps}",
        prey.seed,
        prey.breach.promise.text(),
        prey.breach.stamp.at
    ))
}

/// What it takes to break that promise.
#[must_use]
pub fn steps(search: &Search) -> Option<Table> {
    let (prey, _) = search.prey()?;
    let usual = &search.hunt().scene().settings;
    let rows = prey.commands.iter().map(|acted| {
        let (what, _) = command_label(&acted.command, usual);
        vec![acted.at_us.to_string(), what]
    });
    Some(Table {
        caption: "What it takes".into(),
        heads: ["at", "what is done"].map(String::from).into(),
        rows: rows.collect(),
    })
}

/// A number with a comma between every three digits.
fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_numbers_are_grouped() {
        let numbers = [0, 7, 999, 1_000, 20_000, 1_234_567];
        let texts = numbers.map(grouped).join(" ");
        assert_eq!(texts, "0 7 999 1,000 20,000 1,234,567");
    }
}
