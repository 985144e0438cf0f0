//! What is said and shown of real runs.

use super::explain::{explain, what_if};
use super::fate::fate;
use super::scene::scene;
use super::*;
use crate::id::{TopicId, TopicPartition};
use crate::scenario;
use crate::sim::{Command, Timeline};

const AT: TopicPartition = TopicPartition {
    topic: TopicId(0),
    partition: 0,
};

/// A scene at its second `s`, with its mistake or without.
fn played(name: &str, mistake: bool, s: u64) -> Timeline {
    let mut scene = scenario::by_name(name).expect("the scene is there");
    if !mistake {
        let is_mistake = |command: &Command| matches!(command, Command::SetFlaw { .. });
        scene.script.retain(|acted| !is_mistake(&acted.command));
    }
    let mut timeline = Timeline::new(scene, 41).expect("the scene holds together");
    timeline.run_until(Time(s * 1_000_000), u64::MAX);
    timeline
}

fn picture(timeline: &Timeline) -> ClusterScene {
    let mut picture = ClusterScene::default();
    scene(timeline.moment(), timeline.now(), AT, &mut picture);
    picture
}

/// What would come of each broker's death, in order of their numbers.
fn fates(timeline: &Timeline) -> Vec<String> {
    let world = &timeline.moment().world;
    let all = world.broker_ids().iter();
    all.map(|&node| fate(world, AT, node).expect("it has a replica"))
        .collect()
}

/// Nobody is in sync and nobody leads: what the dead ones have is committed, and nobody will cut it off.
#[test]
fn without_a_leader_nothing_is_said_to_be_cut_off() {
    let timeline = played("elect-outside-isr", false, 33);
    let words = explain(&timeline, AT).now.plain();
    assert!(words.contains("orders-0 has no leader."), "{words}");
    assert!(!words.contains("cuts them off"), "{words}");
    let picture = picture(&timeline);
    let parted = picture.ruler().filter(|(_, r)| r.parts_at.is_some());
    assert_eq!(parted.count(), 0);
    let fates = fates(&timeline);
    let may = fates.iter().filter(|f| f.contains("as soon as it is back"));
    assert_eq!(may.count(), 2, "both are eligible: {fates:?}");
    assert!(!fates.concat().contains("cut off"), "{fates:?}");
}

/// With the mistake whoever is alive leads, and what both others have will be cut off: it is told of
/// both in one sentence.
#[test]
fn who_would_lead_is_told_as_the_mistake_has_it() {
    let before = played("elect-outside-isr", true, 19);
    let leader = before.moment().world.cluster().partition(AT);
    let leader = leader.and_then(|state| state.leader).expect("one leads");
    let number = scene::number(&before.moment().world, leader) as usize;
    let told = &fates(&before)[number - 1];
    assert!(told.contains("leads. "), "{told}");
    let down = played("elect-outside-isr", true, 24);
    let told = &fates(&down)[number - 1];
    assert!(
        told.starts_with("It is down, and will be fenced. Then broker "),
        "{told}"
    );
    let after = played("elect-outside-isr", true, 33);
    let words = explain(&after, AT).now.plain();
    let parted = picture(&after);
    let parted = parted.ruler().filter(|(_, r)| r.parts_at.is_some());
    assert_eq!(parted.count(), 2);
    assert!(
        words.contains("they cut them off when they follow again"),
        "{words}"
    );
    assert!(words.contains("It broke “"), "{words}");
    let alone = fates(&after);
    assert!(
        alone
            .iter()
            .any(|f| f.starts_with("It would be fenced. Then nobody can lead")),
        "{alone:?}"
    );
}

#[test]
fn a_cut_is_seen_and_can_be_mended_while_it_is_there() {
    let cut = played("acks-one", true, 7);
    let words = explain(&cut, AT).now.plain();
    assert!(words.contains("do not reach it any more"), "{words}");
    let notes: Vec<String> = picture(&cut).brokers.into_iter().map(|b| b.note).collect();
    assert!(notes.contains(&"cut from 1,2".to_owned()), "{notes:?}");
    let mends = |timeline: &Timeline| {
        let all = what_if(timeline, AT);
        all.iter().any(|offer| offer.label == "Mend the network")
    };
    assert!(mends(&cut));
    assert!(!mends(&played("acks-one", true, 40)));
}
