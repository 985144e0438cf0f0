//! The strip of crashes: what would come of the same crash at many moments, by kind, in words and as a
//! table.

use super::scene::number;
use crate::protocol::{Acks, Stop};
use crate::sim::{Aftermath, Crashes, Problem, Promise, World};
use crate::time::{Span, Time};
use crate::view::panel::Table;

/// What came of a crash, the worst of it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Kind {
    /// Writers hardly noticed, and nothing is lost.
    Unnoticed,
    /// Writers waited, and nothing is lost.
    Waited,
    /// Acknowledged records are lost.
    Lost,
    /// A promise was broken.
    Broken,
    /// There was nobody to crash.
    Impossible,
}

/// One moment of the strip.
#[derive(Clone, PartialEq, Debug)]
pub struct Cell {
    /// The moment of the crash; where there is none, until when nothing crashed.
    pub at: Time,
    /// The worst that came of it.
    pub kind: Kind,
    /// How high to draw it, in hundredths: the longer writers wait, the higher.
    pub height: u8,
    /// What came of it, in a few sentences.
    pub words: String,
}

/// A wait that a person notices.
const NOTICED: Span = Span::secs(1);

impl Kind {
    /// All of them, in the order of the legend.
    pub const ALL: [Self; 5] = [
        Self::Unnoticed,
        Self::Waited,
        Self::Lost,
        Self::Broken,
        Self::Impossible,
    ];

    /// In style sheets.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Unnoticed => "unnoticed",
            Self::Waited => "waited",
            Self::Lost => "lost",
            Self::Broken => "flawed",
            Self::Impossible => "impossible",
        }
    }

    /// In the legend and the table.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Unnoticed => "writes go on, nothing lost",
            Self::Waited => "writes wait, nothing lost",
            Self::Lost => "acknowledged records lost",
            Self::Broken => "a promise broken",
            Self::Impossible => "nobody to crash",
        }
    }

    fn of(tried: &Result<Aftermath, Problem>) -> Self {
        match tried {
            Err(_) => Self::Impossible,
            Ok(after) if after.broken.is_some() => Self::Broken,
            Ok(after) if after.lost > Some(0) => Self::Lost,
            Ok(after) if after.waited >= NOTICED => Self::Waited,
            Ok(_) => Self::Unnoticed,
        }
    }

    /// The same where nothing crashed.
    fn without(after: &Aftermath) -> Self {
        match after.broken_anyway {
            Some(_) => Self::Broken,
            None => Self::of(&Ok(*after)),
        }
    }

    /// How high to draw what came, in hundredths.
    fn height(self, waited: Span, watched: Span) -> u8 {
        match self {
            Self::Unnoticed | Self::Waited => 20 + (waited.0 * 60 / watched.0.max(1)).min(60) as u8,
            Self::Lost | Self::Broken => 100,
            Self::Impossible => 10,
        }
    }
}

/// The moments tried so far.
#[must_use]
pub fn cells(crashes: &Crashes) -> Vec<Cell> {
    let tried = crashes.tried().iter().enumerate();
    let cell = |(n, tried): (usize, &Result<Aftermath, Problem>)| {
        let kind = Kind::of(tried);
        let waited = tried.as_ref().map_or(Span::ZERO, |after| after.waited);
        Cell {
            at: crashes.moment(n),
            kind,
            height: kind.height(waited, crashes.watched()),
            words: words(crashes, n, tried),
        }
    };
    tried.map(cell).collect()
}

/// What comes of no crash: what the others are to be held against.
#[must_use]
pub fn without(crashes: &Crashes) -> Cell {
    let (after, until) = crashes.without();
    let kind = Kind::without(&after);
    let mut words = vec![format!("Without this crash, until {until}:")];
    words.push(match kind {
        Kind::Unnoticed => "writes go on and nothing is lost.".into(),
        _ if after.waited >= NOTICED => {
            format!("a record waits {} for its answer.", seconds(after.waited))
        }
        _ => "writes go on.".into(),
    });
    if let Some(lost @ 1..) = after.lost {
        words.push(count_lost(lost));
    }
    let world = &crashes.run().moment().world;
    words.extend(after.broken_anyway.map(|promise| breaks(world, promise)));
    Cell {
        at: until,
        kind,
        height: kind.height(after.waited, crashes.watched()),
        words: words.join(" "),
    }
}

fn count_lost(lost: u64) -> String {
    match lost {
        1 => "1 acknowledged record is lost.".into(),
        lost => format!("{lost} acknowledged records are lost."),
    }
}

fn breaks(world: &World, promise: Promise) -> String {
    let whose = match world.flaw() {
        Some(flaw) => format!("the mistake {} does it", flaw.name()),
        None => "a bug in Millrace".into(),
    };
    format!("Broken: “{}” ({whose}).", promise.text())
}

/// What came of one crash.
fn words(crashes: &Crashes, n: usize, tried: &Result<Aftermath, Problem>) -> String {
    let at = crashes.moment(n);
    let after = match tried {
        Ok(after) => after,
        Err(why) => return format!("{at}: {why}."),
    };
    let world = &crashes.run().moment().world;
    let how = match crashes.crash().how {
        Stop::Clean => "is stopped",
        Stop::Killed => "is killed",
        Stop::Crashed => "loses power",
        Stop::DiskFull => "stops, for its disk is full",
    };
    let who = after
        .node
        .map_or_else(String::new, |node| broker(world, node));
    let mut words = vec![format!("{at}: {who} {how}.")];
    words.push(waiting(world, crashes.watched(), after));
    words.push(match after.lost {
        Some(0) if after.acks == Acks::Zero => {
            "With acks=0 nothing is acknowledged, so nobody knows what is lost.".into()
        }
        Some(0) => "Nothing acknowledged is lost.".into(),
        Some(lost) => count_lost(lost),
        None => "What is lost shows when somebody leads.".into(),
    });
    match (after.lost_anyway, after.lost) {
        (0, _) => {}
        (1, Some(1)) => words.push("Without the crash it is lost as well.".into()),
        (all, Some(lost)) if all == lost => {
            words.push("Without the crash they are lost as well.".into());
        }
        (some, _) => words.push(format!("Without the crash {some} of them as well.")),
    }
    words.extend(after.broken.map(|promise| breaks(world, promise)));
    if let Some(promise) = after.broken_anyway {
        let text = promise.text();
        words.push(format!("“{text}” is broken without the crash too."));
    }
    words.join(" ")
}

/// How writers fared.
fn waiting(world: &World, watched: Span, after: &Aftermath) -> String {
    let leads = match after.leader {
        Some(leader) if Some(leader) == after.node => {
            format!("{} leads again", broker(world, leader))
        }
        Some(leader) => format!("{} leads", broker(world, leader)),
        None => "nobody leads".into(),
    };
    let refused = if after.refused >= NOTICED {
        format!(
            " For {} too few are in sync: sends are refused.",
            seconds(after.refused)
        )
    } else {
        String::new()
    };
    let (waited, watched) = (seconds(after.waited), seconds(watched));
    if after.waits >= NOTICED {
        let waits = seconds(after.waits);
        format!("{watched} later a record still waits, for {waits} by then; {leads}.{refused}")
    } else if after.waited >= NOTICED {
        format!("A record waits {waited} for its answer; then {leads}.{refused}")
    } else if after.acks == Acks::Zero {
        format!("Nobody waits for an answer; {watched} later {leads}.")
    } else {
        format!("Writes go on: none waits for a second; {watched} later {leads}.")
    }
}

fn broker(world: &World, node: crate::id::NodeId) -> String {
    format!("broker {}", number(world, node))
}

/// To a tenth: more is not looked at.
fn seconds(span: Span) -> String {
    let tenths = (span.0 + 50_000) / 100_000;
    format!("{}.{} s", tenths / 10, tenths % 10)
}

/// How many moments there are of each kind, those that there are.
#[must_use]
pub fn legend(cells: &[Cell]) -> Vec<(Kind, usize)> {
    let count = |kind: Kind| (kind, cells.iter().filter(|cell| cell.kind == kind).count());
    let all = Kind::ALL.map(count).into_iter();
    all.filter(|(_, count)| *count > 0).collect()
}

/// The strip as a table: moments in a row of which the same came are one row.
#[must_use]
pub fn table(crashes: &Crashes) -> Table {
    let tried = crashes.tried();
    let without = without(crashes);
    let mut rows = vec![vec!["no crash".to_owned(), without.words]];
    let mut from = 0;
    for run in tried.chunk_by(|a, b| Kind::of(a) == Kind::of(b)) {
        let last = from + run.len() - 1;
        let at = match run.len() {
            1 => crashes.moment(from).to_string(),
            _ => format!("{} – {}", crashes.moment(from), crashes.moment(last)),
        };
        rows.push(vec![at, told(run)]);
        from = last + 1;
    }
    Table {
        caption: "The strip as a table".into(),
        heads: ["crash at", "what comes of it"].map(String::from).into(),
        rows,
    }
}

/// What came of several crashes of one kind, with the least and the most.
fn told(run: &[Result<Aftermath, Problem>]) -> String {
    let kind = run.first().map_or(Kind::Impossible, Kind::of);
    let after = || run.iter().flatten();
    let between = |least: Option<String>, most: Option<String>| match (least, most) {
        (Some(least), Some(most)) if least == most => least,
        (Some(least), Some(most)) => format!("{least} to {most}"),
        _ => String::new(),
    };
    let waits = between(
        after().map(|a| a.waited).min().map(seconds),
        after().map(|a| a.waited).max().map(seconds),
    );
    let lost = || after().filter_map(|a| a.lost);
    let lost = between(
        lost().min().map(|n| n.to_string()),
        lost().max().map(|n| n.to_string()),
    );
    let text = kind.text();
    match kind {
        Kind::Waited => format!("writes wait {waits}, nothing lost"),
        Kind::Lost => format!("acknowledged records lost: {lost}; writes wait {waits}"),
        Kind::Broken if !lost.is_empty() => format!("{text}; acknowledged records lost: {lost}"),
        _ => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cluster::Flaw;
    use crate::id::{TopicId, TopicPartition};
    use crate::scenario;
    use crate::sim::{Command, Crash, Timeline};

    #[test]
    fn every_moment_is_in_the_legend_and_in_the_table() {
        let scene = scenario::by_name("acks-one").expect("the scene is there");
        let mut run = Timeline::new(scene, 41).expect("the scene holds together");
        run.run_until(Time(3_000_000), u64::MAX);
        let slow = Command::SlowLink {
            a: "leader of orders-0".into(),
            b: "followers of orders-0".into(),
            factor: 40.0,
        };
        run.act(slow).expect("there is a link");
        let crash = Crash {
            node: "leader of orders-0".into(),
            how: Stop::Killed,
            at: TopicPartition::new(TopicId(0), 0),
            step: Span::millis(20),
            count: 40,
        };
        let mut crashes = Crashes::new(&run, crash);
        while !crashes.done() {
            crashes.slice();
        }
        let cells = cells(&crashes);
        let legend = legend(&cells);
        assert_eq!(legend.iter().map(|(_, n)| n).sum::<usize>(), 40);
        assert!(legend.len() >= 2, "{legend:?}");
        let table = table(&crashes);
        let changes = cells.windows(2).filter(|w| w[0].kind != w[1].kind).count();
        assert_eq!(table.rows.len(), changes + 2);
        assert_eq!(table.rows[0][0], "no crash");
        for cell in cells {
            let (words, lost) = (&cell.words, cell.kind == Kind::Lost);
            assert!(
                words.starts_with(&format!("{}: broker ", cell.at)),
                "{words}"
            );
            assert!(words.contains(" is killed. "), "{words}");
            assert_eq!(
                lost,
                words.contains("are lost.") || words.contains("1 acknowledged record is lost."),
                "{words}"
            );
        }
    }

    /// A run in which a mistake breaks a promise says so, and does not blame the crash.
    #[test]
    fn what_breaks_without_a_crash_is_not_the_crashs_doing() {
        let strip = |flaw| {
            let scene = scenario::by_name("cluster").expect("the scene is there");
            let mut run = Timeline::new(scene, 41).expect("the scene holds together");
            run.act(Command::SetFlaw { flaw })
                .expect("there are brokers");
            run.run_until(Time(3_000_000), u64::MAX);
            let crash = Crash {
                node: "leader of orders-0".into(),
                how: Stop::Killed,
                at: TopicPartition::new(TopicId(0), 0),
                step: Span::millis(200),
                count: 3,
            };
            let mut crashes = Crashes::new(&run, crash);
            while !crashes.done() {
                crashes.slice();
            }
            crashes
        };
        let calm = strip(None);
        let cell = without(&calm);
        assert_eq!(cell.kind, Kind::Unnoticed, "{cell:?}");
        let until = calm.moment(2) + calm.watched();
        let said = format!("Without this crash, until {until}: writes go on and nothing is lost.");
        assert_eq!(cell.words, said);

        let flawed = strip(Some(Flaw::AckBeforeReplication));
        let cell = without(&flawed);
        assert_eq!(cell.kind, Kind::Broken, "{cell:?}");
        assert!(
            cell.words
                .contains("(the mistake ack-before-replication does it)"),
            "{cell:?}"
        );
        for cell in cells(&flawed) {
            assert_ne!(cell.kind, Kind::Broken, "{cell:?}");
            assert!(
                cell.words.ends_with("is broken without the crash too."),
                "{cell:?}"
            );
        }
    }

    #[test]
    fn spans_are_told_to_a_tenth() {
        let texts = [0, 49_999, 50_000, 9_249_999, 15_000_000].map(|us| seconds(Span(us)));
        assert_eq!(texts.join(", "), "0.0 s, 0.0 s, 0.1 s, 9.2 s, 15.0 s");
    }
}
