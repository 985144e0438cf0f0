//! Two runs of one scene and seed side by side: what each did since they were one, where what happened
//! parts, and one partition in both.

use super::scene::{decision, number, numbers};
use super::{BrokerScene, ClusterScene, Role};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::protocol::Fact;
use crate::sim::{Acted, Feed, Flaw, Happening, Moment, Promise, Timeline, World, lost};
use crate::time::Time;
use crate::view::markers::command_label;
use crate::view::numbers::concerned;
use crate::view::panel::Table;
use crate::view::scene::committed;

/// Two runs at one time, in words and numbers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Comparison {
    /// What was done on each side since they were one, in a few words.
    pub sides: [String; 2],
    /// Where they part, and by what: a sentence or two.
    pub told: String,
    /// The chosen partition on both sides: what, here, there.
    pub table: Table,
}

/// The first difference in what happened, once there is one: how it looks on each side.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Parting {
    /// When.
    pub at: Time,
    /// What happened at that time on each side; empty for nothing of the kind.
    pub sides: [String; 2],
}

/// Compares two runs at one time, as far as they concern the partition on the rulers of their scenes.
/// `parting` is what [`parting`] found of them.
#[must_use]
pub fn compare(
    runs: [&Timeline; 2],
    scenes: [&ClusterScene; 2],
    parting: Option<&Parting>,
) -> Comparison {
    Comparison {
        sides: sides(runs),
        told: told(runs, parting),
        table: table(runs.map(Timeline::moment), scenes),
    }
}

/// The mistakes on both sides, if they are not the same.
fn flaws(runs: [&Timeline; 2]) -> Option<[Option<Flaw>; 2]> {
    let flaws = runs.map(|run| run.moment().world.flaw());
    (flaws[0] != flaws[1]).then_some(flaws)
}

fn sides(runs: [&Timeline; 2]) -> [String; 2] {
    match flaws(runs) {
        Some([Some(a), Some(b)]) => return [a, b].map(|flaw| format!("mistake: {}", flaw.name())),
        Some(flaws) => {
            return flaws.map(|flaw| {
                let with = if flaw.is_some() { "with" } else { "without" };
                format!("{with} the mistake")
            });
        }
        None => {}
    }
    let from = runs[0].parts_from(runs[1]);
    let side = |n: usize| {
        let run = runs[n];
        let Some(first) = from[n] else {
            return "as it was".to_owned();
        };
        let done = &run.commands()[..run.commands_done()];
        let since = done.iter().position(|acted| std::ptr::eq(acted, first));
        let since = since.map_or(&[][..], |since| &done[since..]);
        let Some(first) = since.first() else {
            return "as it was".to_owned();
        };
        let label = label(run, first);
        match since.len() - 1 {
            0 => label,
            more => format!("{label}, and {more} more"),
        }
    };
    [side(0), side(1)]
}

/// A command in a few words.
fn label(run: &Timeline, acted: &Acted) -> String {
    command_label(&acted.command, &run.scenario().settings).0
}

fn told(runs: [&Timeline; 2], parting: Option<&Parting>) -> String {
    let now = runs[0].now();
    let differ = runs[0].parts_from(runs[1]);
    let Some(at) = differ.into_iter().flatten().map(|acted| acted.at_us).min() else {
        return "Both are one run so far: the same events to the last.".to_owned();
    };
    if runs[0].is_one_with(runs[1]) && runs[1].is_one_with(runs[0]) {
        return format!("Up to {at} both are one run.");
    }
    let one = match flaws(runs) {
        Some([Some(flaw), None]) => Some((flaw, "A makes", "B does not")),
        Some([None, Some(flaw)]) => Some((flaw, "B makes", "A does not")),
        _ => None,
    };
    let did = |n: usize| match differ[n].filter(|acted| acted.at_us == at) {
        Some(acted) => label(runs[n], acted),
        None => "nothing".to_owned(),
    };
    let done = match one {
        Some((flaw, makes, not)) => format!(
            "Same seed, but {makes} the mistake {} ({}), {not}.",
            flaw.name(),
            flaw.text()
        ),
        None => format!(
            "Done differently first, at {at}: A {}, B {}.",
            did(0),
            did(1)
        ),
    };
    let Some(parting) = parting.filter(|parting| parting.at < now) else {
        return format!("{done} Nothing else that happened differs yet.");
    };
    let side = |n: usize| match &*parting.sides[n] {
        "" => "nothing of the kind",
        words => words,
    };
    let mut told = format!(
        "{done} First that came of it, at {}: in A {}; in B {}.",
        parting.at,
        side(0),
        side(1)
    );
    let promised = runs.map(|run| broken(run.moment(), true));
    for (n, letter) in ["A", "B"].into_iter().enumerate() {
        let alone = |promise: &&&str| !promised[1 - n].contains(*promise);
        let alone: Vec<&str> = promised[n].iter().filter(alone).copied().collect();
        if !alone.is_empty() {
            let promises = alone.join("; ");
            told.push_str(&format!(
                " Promised, and broken in {letter} alone: {promises}."
            ));
        }
    }
    told
}

/// The first difference in what happened on both sides from `since` on, by which time they must have
/// been the same, and before `until`. What was carried is left out, and so are processes that end or
/// begin: a command does that. Where the trail has forgotten what records did, the chronicle alone
/// is asked.
#[must_use]
pub fn parting(moments: [&Moment; 2], since: Time, until: Time) -> Option<Parting> {
    let spans = |at: Time| since <= at && at < until;
    let decided = apart(moments.map(|moment| {
        let entries = moment.chronicle.entries();
        let entries = entries.filter(|(stamp, what)| spans(stamp.at) && decides(what));
        entries.map(|(stamp, what)| (stamp.at, *what)).collect()
    }));
    let known = moments.iter().all(|moment| moment.trail.reaches(since));
    let moved = apart(moments.map(|moment| {
        let facts = moment.trail.facts().rev();
        let facts = facts.take_while(|(stamp, _)| known && since <= stamp.at);
        let facts = facts.filter(|(stamp, fact)| stamp.at < until && of_records(fact));
        let mut facts: Vec<_> = facts.map(|(stamp, fact)| (stamp.at, *fact)).collect();
        facts.reverse();
        facts
    }));
    let world = |n: usize| &moments[n].world;
    let sides =
        |words: &dyn Fn(usize) -> Option<String>| [0, 1].map(|n| words(n).unwrap_or_default());
    match (decided, moved) {
        (Some((at, what)), moved) if moved.is_none_or(|(earlier, _)| at <= earlier) => {
            let words = |n: usize| befell(world(n), &what[n]?);
            Some(Parting {
                at,
                sides: sides(&words),
            })
        }
        (_, Some((at, what))) => {
            let words = |n: usize| record(world(n), &what[n]?);
            Some(Parting {
                at,
                sides: sides(&words),
            })
        }
        _ => None,
    }
}

/// Where two courses of events part: when, and what happened then on each side.
fn apart<T: Copy + PartialEq>(all: [Vec<(Time, T)>; 2]) -> Option<(Time, [Option<T>; 2])> {
    let alike = all[0].iter().zip(&all[1]).take_while(|(a, b)| a == b);
    let place = alike.count();
    let next = all.map(|side| side.get(place).copied());
    let at = next.iter().flatten().map(|(at, _)| *at).min()?;
    let then = next.map(|next| next.filter(|(when, _)| *when == at));
    Some((at, then.map(|then| then.map(|(_, what)| what))))
}

fn decides(what: &Happening) -> bool {
    match what {
        Happening::Stopped(..) | Happening::Started(_) | Happening::Truncated { .. } => false,
        Happening::Changed { at, .. } => !at.topic.is_internal(),
        _ => true,
    }
}

fn befell(world: &World, what: &Happening) -> Option<String> {
    decision(world, what).map(|words| format!("the controllers write “{words}”"))
}

/// Whether [`record`] has words for it.
fn of_records(fact: &Fact) -> bool {
    match fact {
        Fact::Appended { at, .. }
        | Fact::Replicated { at, .. }
        | Fact::HighWatermark { at, .. }
        | Fact::Truncated { at, .. }
        | Fact::Acked { at, .. }
        | Fact::Delivered { at, .. } => !at.topic.is_internal(),
        _ => false,
    }
}

/// What became of records, in a few words.
fn record(world: &World, fact: &Fact) -> Option<String> {
    let place = |at: TopicPartition| format!("{}-{}", world.topic_name(at.topic), at.partition);
    let offsets = |base: i64, records: u32| match records {
        1 => format!("{base}"),
        records => format!("{base}–{}", base + i64::from(records) - 1),
    };
    Some(match *fact {
        Fact::Appended {
            broker,
            at,
            base_offset,
            records,
            leader_epoch,
            ..
        } => format!(
            "broker {} appends {} to {} in epoch {leader_epoch}",
            number(world, broker),
            offsets(base_offset, records),
            place(at)
        ),
        Fact::Replicated {
            broker,
            at,
            base_offset,
            records,
            leader_epoch,
            ..
        } => format!(
            "broker {} copies {} of {}, of epoch {leader_epoch}",
            number(world, broker),
            offsets(base_offset, records),
            place(at)
        ),
        Fact::HighWatermark { broker, at, offset } => format!(
            "broker {} has {} committed below {offset}",
            number(world, broker),
            place(at)
        ),
        Fact::Truncated {
            broker,
            at,
            from,
            to,
            ..
        } => format!(
            "broker {} cuts {} back from {from} to {to}",
            number(world, broker),
            place(at)
        ),
        Fact::Acked {
            producer,
            at,
            base_offset,
            records,
            ..
        } => format!(
            "{} is told that {} of {} is written",
            world.name(producer),
            offsets(base_offset, records),
            place(at)
        ),
        Fact::Delivered {
            consumer,
            at,
            first,
            next,
            ..
        } => format!(
            "{} reads {} of {}",
            world.name(consumer),
            offsets(first, u32::try_from(next - first).unwrap_or(1)),
            place(at)
        ),
        _ => return None,
    })
}

/// One partition on both sides.
fn table(moments: [&Moment; 2], scenes: [&ClusterScene; 2]) -> Table {
    let [a, b] = [0, 1].map(|n| facts(moments[n], scenes[n]));
    let rows = a.into_iter().zip(b);
    Table {
        caption: format!("{} at {}", scenes[0].chosen_name(), scenes[0].now),
        heads: ["what", "A", "B"].map(String::from).into(),
        rows: rows.map(|((what, a), (_, b))| vec![what, a, b]).collect(),
    }
}

/// What there is to say of the chosen partition: the same rows for any moment of one scene.
fn facts(moment: &Moment, scene: &ClusterScene) -> Vec<(String, String)> {
    let world = &moment.world;
    let topic = world.topic_id(&scene.topic).unwrap_or(TopicId(0));
    let at = TopicPartition::new(topic, scene.chosen);
    let state = world.cluster().partition(at);
    let list = |brokers: Option<&Vec<NodeId>>| {
        let brokers = brokers.filter(|brokers| !brokers.is_empty());
        brokers.map_or_else(
            || "–".to_owned(),
            |brokers| numbers(world, brokers.iter().copied()),
        )
    };
    let leader = state.and_then(|state| state.leader);
    let leads = scene.ruler().next().filter(|(_, r)| r.role == Role::Leader);
    let mut rows = vec![
        (
            "Leader".to_owned(),
            leads.map_or_else(
                || "nobody".to_owned(),
                |(broker, replica)| match broker.role(replica) {
                    "leader" => format!("broker {}", broker.number),
                    _ => format!("broker {}, on paper", broker.number),
                },
            ),
        ),
        (
            "Leader epoch".to_owned(),
            state.map_or_else(|| "–".to_owned(), |s| s.leader_epoch.to_string()),
        ),
        ("In sync (ISR)".to_owned(), list(state.map(|s| &s.isr))),
        ("Eligible (ELR)".to_owned(), list(state.map(|s| &s.elr))),
    ];
    for broker in &scene.brokers {
        let [is, ends] = kept(scene, broker);
        rows.push((format!("Broker {}", broker.number), is));
        rows.push((format!("Broker {}, end/HW", broker.number), ends));
    }
    let traffic = moment.metrics.traffic();
    let gone = leader.map_or_else(
        || "nobody leads".to_owned(),
        |leader| lost(moment, at, leader).to_string(),
    );
    let committed_below = moment.promises.committed(at);
    rows.extend([
        ("Committed below".to_owned(), committed_below.to_string()),
        ("Acknowledged, lost".to_owned(), gone),
        (
            "Acknowledged in all".to_owned(),
            traffic.acked().to_string(),
        ),
        ("Given up in all".to_owned(), traffic.failed().to_string()),
    ]);
    if let Some(feed) = world.feed().filter(|feed| !feed.readers.is_empty()) {
        let position = committed(world, Feed::GROUP, at);
        rows.push((
            format!("Read by {}, below", feed.group),
            position.to_string(),
        ));
    }
    let broken = |promised| broken(moment, promised).len().to_string();
    rows.push(("Promises broken".to_owned(), broken(true)));
    rows.push(("Unpromised, broken".to_owned(), broken(false)));
    rows
}

/// Guarantees that did not hold, though they were promised or because they were not.
fn broken(moment: &Moment, promised: bool) -> Vec<&'static str> {
    let broken = concerned(&moment.world).filter(|promise| {
        let breach = moment.promises.breach(*promise);
        breach.is_some_and(|breach| breach.promised() == promised)
    });
    broken.map(Promise::text).collect()
}

/// What a broker is in the chosen partition or, if it keeps no copy, how it stands; and where its log
/// ends and its high watermark is.
fn kept(scene: &ClusterScene, broker: &BrokerScene) -> [String; 2] {
    let mut replicas = broker.replicas.iter();
    let Some(replica) = replicas.find(|replica| replica.partition == scene.chosen) else {
        return ["no copy".to_owned(), "–".to_owned()];
    };
    let role = broker.role(replica);
    let is = match (replica.parts_at, broker.serves()) {
        (Some(from), _) => format!("{role}, parts from {from}"),
        (None, false) if !role.ends_with("on paper") => format!("{role}, away"),
        (None, _) => role.to_owned(),
    };
    let ends = format!("{} / {}", replica.log_end, replica.high_watermark);
    [is, ends]
}

/// Marks what differs in two pictures: brokers by how they stand, replicas by what they are and where
/// they end.
pub fn mark(a: &mut ClusterScene, b: &mut ClusterScene) {
    for (a, b) in a.brokers.iter_mut().zip(&mut b.brokers) {
        let unlike = (a.status, a.frozen, a.fenced) != (b.status, b.frozen, b.fenced);
        (a.unlike, b.unlike) = (unlike, unlike);
        for replica in a.replicas.iter_mut().chain(&mut b.replicas) {
            replica.unlike = true;
        }
        for replica in &mut a.replicas {
            let other = b.replicas.iter_mut();
            let mut other = other.filter(|other| other.partition == replica.partition);
            if let Some(other) = other.next() {
                // Both have the mark by now, so it does not count.
                let unlike = *replica != *other;
                (replica.unlike, other.unlike) = (unlike, unlike);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sim::Status;
    use crate::view::cluster::ReplicaScene;

    #[test]
    fn the_first_that_differs_is_told_with_who_did_nothing_then() {
        let course = |all: &[(u64, char)]| -> Vec<(Time, char)> {
            all.iter().map(|&(at, what)| (Time(at), what)).collect()
        };
        let both = |a: &[_], b: &[_]| apart([course(a), course(b)]);
        assert_eq!(both(&[], &[]), None);
        assert_eq!(both(&[(1, 'a'), (2, 'b')], &[(1, 'a'), (2, 'b')]), None);
        let other = Some((Time(2), [Some('b'), Some('c')]));
        assert_eq!(both(&[(1, 'a'), (2, 'b')], &[(1, 'a'), (2, 'c')]), other);
        let later = Some((Time(2), [Some('b'), None]));
        assert_eq!(both(&[(1, 'a'), (2, 'b')], &[(1, 'a'), (3, 'b')]), later);
        let never = Some((Time(2), [None, Some('b')]));
        assert_eq!(both(&[(1, 'a')], &[(1, 'a'), (2, 'b')]), never);
    }

    #[test]
    fn what_differs_is_marked_in_both_pictures() {
        let replica = |partition| ReplicaScene {
            partition,
            role: Role::InSync,
            leader_epoch: 0,
            log_start: 0,
            log_end: 5,
            high_watermark: 5,
            parts_at: None,
            unlike: false,
        };
        let broker = |number| BrokerScene {
            number,
            rack: None,
            status: Status::Up,
            frozen: false,
            fenced: false,
            disk: "",
            note: String::new(),
            fate: String::new(),
            replicas: vec![replica(0), replica(1)],
            unlike: false,
        };
        let mut a = ClusterScene {
            brokers: vec![broker(1), broker(2)],
            ..ClusterScene::default()
        };
        let mut b = a.clone();
        b.brokers[0].fenced = true;
        b.brokers[1].replicas[1].log_end = 6;
        b.brokers[1].note = "words do not count".into();
        mark(&mut a, &mut b);
        for scene in [&a, &b] {
            let marked = |broker: &BrokerScene| {
                let replicas = broker.replicas.iter().map(|replica| replica.unlike);
                (broker.unlike, replicas.collect::<Vec<bool>>())
            };
            let marked: Vec<_> = scene.brokers.iter().map(marked).collect();
            assert_eq!(marked[0], (true, vec![false, false]));
            assert_eq!(marked[1], (false, vec![false, true]));
        }
        b = a.clone();
        mark(&mut a, &mut b);
        assert!(!a.brokers[0].unlike && !a.brokers[1].replicas[1].unlike);
    }
}
