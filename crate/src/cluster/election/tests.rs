//! The cases of Kafka's `PartitionChangeBuilderTest` and of a real cluster, in our words.

use super::*;
use proptest::prelude::*;

fn nodes(ids: &[u32]) -> Vec<NodeId> {
    ids.iter().copied().map(NodeId).collect()
}

fn state(replicas: &[u32], isr: &[u32], elr: &[u32], last_known: &[u32]) -> PartitionState {
    PartitionState {
        replicas: nodes(replicas),
        isr: nodes(isr),
        elr: nodes(elr),
        last_known_elr: nodes(last_known),
        leader: isr.first().copied().map(NodeId),
        leader_epoch: 100,
        partition_epoch: 200,
        ..PartitionState::default()
    }
}

fn to_isr(ids: &[u32]) -> Change<'static> {
    Change {
        target_isr: Some(nodes(ids)),
        ..Change::default()
    }
}

/// Everyone is alive but these.
fn but(dead: &[u32]) -> impl Fn(NodeId) -> bool {
    move |node| !dead.contains(&node.0)
}

/// The state as `kafka-topics --describe` tells it, and both epochs.
fn told(state: &PartitionState) -> (String, i32, i32) {
    let list = |nodes: &[NodeId]| {
        let ids: Vec<_> = nodes.iter().map(|node| node.0.to_string()).collect();
        ids.join(",")
    };
    let leader = state
        .leader
        .map_or("none".to_owned(), |id| id.0.to_string());
    let parts = [&state.isr, &state.elr, &state.last_known_elr].map(|nodes| list(nodes));
    let [isr, elr, known] = parts;
    let recovering = if state.recovering { " recovering" } else { "" };
    (
        format!("{leader} isr {isr} elr {elr} known {known}{recovering}"),
        state.leader_epoch - 100,
        state.partition_epoch - 200,
    )
}

fn after(
    state: &PartitionState,
    change: &Change<'_>,
    rules: &Rules,
    dead: &[u32],
) -> (String, i32, i32) {
    match apply(state, change, rules, but(dead)) {
        Some(after) => told(&after),
        None => ("no change".to_owned(), 0, 0),
    }
}

fn is(words: &str, leaders: i32, changes: i32) -> (String, i32, i32) {
    (words.to_owned(), leaders, changes)
}

/// Former eligible replicas are noted, as in Kafka's older tests.
fn former(min_isr: usize) -> Rules {
    Rules {
        last_known_leader: false,
        ..Rules::new(min_isr)
    }
}

fn without_elr() -> Rules {
    Rules {
        elr: false,
        ..Rules::new(1)
    }
}

#[test]
fn an_isr_that_only_shrinks_or_grows_has_the_same_leader_epoch() {
    let three = state(&[0, 1, 2], &[0, 1, 2], &[], &[]);
    let rules = Rules::new(1);
    let found = after(&three, &to_isr(&[0, 1]), &rules, &[]);
    assert_eq!(found, is("0 isr 0,1 elr  known ", 0, 1));
    let old = Rules {
        bump_on_isr_shrink: true,
        ..rules
    };
    let found = after(&three, &to_isr(&[0, 1]), &old, &[]);
    assert_eq!(found, is("0 isr 0,1 elr  known ", 1, 1));
    let two = state(&[0, 1, 2], &[0, 1], &[], &[]);
    for rules in [rules, old] {
        let found = after(&two, &to_isr(&[0, 1, 2]), &rules, &[]);
        assert_eq!(found, is("0 isr 0,1,2 elr  known ", 0, 1));
        assert_eq!(apply(&two, &to_isr(&[0, 1]), &rules, but(&[])), None);
    }
}

#[test]
fn the_first_living_replica_in_sync_leads_and_a_leader_stays() {
    let three = state(&[0, 1, 2], &[0, 1, 2], &[], &[]);
    let rules = Rules::new(1);
    let found = after(&three, &to_isr(&[1, 2]), &rules, &[0]);
    assert_eq!(found, is("1 isr 1,2 elr  known ", 1, 1));
    // The order is that of the assignment, not of the ISR.
    let found = after(&three, &to_isr(&[2, 1]), &rules, &[0]);
    assert_eq!(found, is("1 isr 2,1 elr  known ", 1, 1));
    // 0 is back; 1 leads on until somebody asks for the preferred leader.
    let back = PartitionState {
        leader: Some(NodeId(1)),
        ..state(&[0, 1, 2], &[1, 2, 0], &[], &[])
    };
    assert_eq!(apply(&back, &Change::default(), &rules, but(&[])), None);
    let elected = elect(&back, Election::Preferred, &rules, but(&[])).map(|after| told(&after));
    assert_eq!(elected, Ok(is("0 isr 1,2,0 elr  known ", 1, 1)));
}

#[test]
fn asked_elections_say_why_they_change_nothing() {
    let rules = Rules::new(1);
    let ask = |state: &PartitionState, election, dead: &[u32]| {
        elect(state, election, &rules, but(dead)).map(|after| told(&after))
    };
    let healthy = state(&[0, 1], &[0, 1], &[], &[]);
    let not_needed = Err(ElectionError::NotNeeded);
    assert_eq!(ask(&healthy, Election::Preferred, &[]), not_needed);
    assert_eq!(ask(&healthy, Election::Unclean, &[]), not_needed);
    let moved = state(&[0, 1], &[1], &[], &[]);
    let unavailable = Err(ElectionError::PreferredLeaderNotAvailable);
    assert_eq!(ask(&moved, Election::Preferred, &[]), unavailable);
    let lost = PartitionState {
        leader: None,
        ..state(&[0, 1], &[0], &[], &[])
    };
    let nobody = Err(ElectionError::EligibleLeadersNotAvailable);
    assert_eq!(ask(&lost, Election::Unclean, &[0, 1]), nobody);
    let unclean = Ok(is("1 isr 1 elr  known  recovering", 1, 1));
    assert_eq!(ask(&lost, Election::Unclean, &[0]), unclean);
}

#[test]
fn without_eligible_replicas_the_isr_keeps_its_last_member() {
    // As in the transcript of a real cluster: epoch 1 is nobody's, epoch 2 that of the unclean leader.
    let rules = without_elr();
    let one = state(&[0, 1], &[0], &[], &[]);
    let lost = apply(&one, &to_isr(&[]), &rules, but(&[0])).expect("it has no leader");
    assert_eq!(told(&lost), is("none isr 0 elr  known ", 1, 1));
    let unclean = Rules {
        unclean_allowed: true,
        ..rules
    };
    let found = after(&lost, &Change::default(), &unclean, &[0]);
    assert_eq!(found, is("1 isr 1 elr  known  recovering", 2, 2));
    assert_eq!(apply(&lost, &Change::default(), &rules, but(&[0])), None);
}

#[test]
fn who_leaves_an_isr_below_its_minimum_stays_eligible() {
    let four = state(&[1, 2, 3, 4], &[1, 2, 3, 4], &[], &[]);
    for rules in [Rules::new(3), former(3)] {
        let found = after(&four, &to_isr(&[1, 2]), &rules, &[3]);
        assert_eq!(found, is("1 isr 1,2 elr 3,4 known ", 0, 1));
    }
    let below = state(&[1, 2, 3, 4], &[1, 2], &[3], &[4]);
    let found = after(&below, &to_isr(&[1, 2, 3]), &former(3), &[]);
    assert_eq!(found, is("1 isr 1,2,3 elr  known ", 0, 1));
    let one = state(&[1, 2, 3, 4], &[1], &[3], &[2]);
    let found = after(&one, &to_isr(&[1, 4]), &former(3), &[3]);
    assert_eq!(found, is("1 isr 1,4 elr 3 known 2", 0, 1));
    let unclean = Change {
        unclean_shutdown: &[NodeId(3)],
        ..Change::default()
    };
    let found = after(
        &state(&[1, 2, 3, 4], &[1], &[2, 3], &[]),
        &unclean,
        &former(3),
        &[3],
    );
    assert_eq!(found, is("1 isr 1 elr 2 known 3", 0, 1));
}

#[test]
fn an_eligible_replica_is_elected_cleanly_from_an_empty_isr() {
    let rules = Rules::new(3);
    let one = state(&[1, 2, 3, 4], &[1], &[3], &[]);
    let found = after(&one, &to_isr(&[]), &rules, &[1]);
    assert_eq!(found, is("3 isr 3 elr 1 known ", 1, 1));
    let all = state(&[1, 2, 3, 4], &[1, 2, 3, 4], &[], &[]);
    let found = after(&all, &to_isr(&[]), &rules, &[1, 2, 3, 4]);
    assert_eq!(found, is("none isr  elr 1,2,3,4 known 1", 1, 1));
    let found = after(&all, &to_isr(&[]), &former(3), &[1, 2, 3, 4]);
    assert_eq!(found, is("none isr  elr 1,2,3,4 known ", 1, 1));
}

#[test]
fn the_last_known_leader_is_elected_when_nobody_is_eligible() {
    let rules = Rules::new(3);
    let lost = |elr: &[u32]| state(&[1, 2, 3, 4], &[], elr, &[1]);
    let preferred = Change {
        election: Election::Preferred,
        ..to_isr(&[])
    };
    let found = after(&lost(&[]), &preferred, &rules, &[]);
    assert_eq!(found, is("1 isr 1 elr  known  recovering", 1, 1));
    // Not while it is dead (KAFKA-19522), nor while somebody is eligible, nor where names are others'.
    assert_eq!(apply(&lost(&[]), &preferred, &rules, but(&[1])), None);
    assert_eq!(apply(&lost(&[3]), &preferred, &rules, but(&[3])), None);
    let many = state(&[1, 2, 3, 4], &[], &[], &[1, 2]);
    assert_eq!(apply(&many, &preferred, &rules, but(&[])), None);
    // Where unclean elections are allowed, the first that is alive is next.
    let unclean = Rules {
        unclean_allowed: true,
        ..rules
    };
    let found = after(&lost(&[3]), &Change::default(), &unclean, &[1, 3]);
    assert_eq!(found, is("2 isr 2 elr  known  recovering", 1, 1));
}

/// The transcript `elr_kip966` of a real cluster: brokers are killed one after another.
#[test]
fn kills_go_as_on_a_real_cluster() {
    let rules = Rules::new(2);
    let mut now = state(&[0, 1, 2], &[0, 1, 2], &[], &[]);
    let mut step = |isr: Option<&[u32]>, unclean: &[u32], dead: &[u32]| {
        let unclean = nodes(unclean);
        let change = Change {
            target_isr: isr.map(nodes),
            unclean_shutdown: &unclean,
            ..Change::default()
        };
        now = apply(&now, &change, &rules, but(dead)).expect("something changes");
        told(&now)
    };
    let found = step(Some(&[0, 1]), &[], &[2]);
    assert_eq!(found, is("0 isr 0,1 elr  known ", 0, 1));
    let found = step(Some(&[0]), &[], &[1, 2]);
    assert_eq!(found, is("0 isr 0 elr 1 known ", 0, 2));
    let found = step(Some(&[]), &[], &[0, 1, 2]);
    assert_eq!(found, is("none isr  elr 0,1 known 0", 1, 3));
    // 1 comes back, but had not shut down cleanly.
    let found = step(None, &[1], &[0, 2]);
    assert_eq!(found, is("none isr  elr 0 known 0", 1, 4));
    // So does 0: nobody is eligible, and 0 led last.
    let found = step(None, &[0], &[0, 2]);
    assert_eq!(found, is("none isr  elr  known 0", 1, 5));
    let found = step(None, &[], &[2]);
    assert_eq!(found, is("0 isr 0 elr  known  recovering", 2, 6));
    let found = step(Some(&[0, 1]), &[], &[2]);
    assert_eq!(found, is("0 isr 0,1 elr  known  recovering", 2, 7));
}

#[test]
fn a_leader_says_that_it_recovered() {
    let recovering = PartitionState {
        recovering: true,
        ..state(&[0, 1], &[0], &[], &[])
    };
    let change = Change {
        recovering: Some(false),
        ..Change::default()
    };
    let found = after(&recovering, &change, &Rules::new(1), &[]);
    assert_eq!(found, is("0 isr 0 elr  known ", 0, 1));
}

#[test]
fn a_reassignment_completes_when_all_that_stay_are_in_sync() {
    let rules = Rules::new(1);
    let before = state(&[0, 1, 2], &[0, 1, 2], &[], &[]);
    let change = Change::reassign(&before, &nodes(&[3, 1, 2]));
    let moving = apply(&before, &change, &rules, but(&[])).expect("it begins");
    assert_eq!(told(&moving), is("0 isr 0,1,2 elr  known ", 0, 1));
    assert_eq!(moving.replicas, nodes(&[3, 1, 2, 0]));
    assert_eq!(
        (&moving.adding, &moving.removing),
        (&nodes(&[3]), &nodes(&[0]))
    );
    // A part of them in sync is not enough.
    let found = apply(&moving, &to_isr(&[0, 1, 3]), &rules, but(&[])).expect("3 joins");
    assert_eq!(found.replicas, moving.replicas);
    let done = apply(&moving, &to_isr(&[0, 1, 2, 3]), &rules, but(&[])).expect("3 joins");
    assert_eq!(told(&done), is("3 isr 1,2,3 elr  known ", 1, 2));
    assert_eq!(done.replicas, nodes(&[3, 1, 2]));
    assert_eq!((done.adding, done.removing), (vec![], vec![]));
}

#[test]
fn a_reassignment_that_only_removes_has_a_new_epoch_with_the_same_leader() {
    let rules = Rules::new(1);
    let before = state(&[0, 1, 2], &[0, 1, 2], &[], &[]);
    let change = Change::reassign(&before, &nodes(&[0, 1]));
    let done = apply(&before, &change, &rules, but(&[])).expect("it is done at once");
    assert_eq!(told(&done), is("0 isr 0,1 elr  known ", 1, 1));
    assert_eq!(done.replicas, nodes(&[0, 1]));
    // Only the order changes: nobody goes.
    let change = Change::reassign(&before, &nodes(&[1, 0, 2]));
    let found = after(&before, &change, &rules, &[]);
    assert_eq!(found, is("0 isr 0,1,2 elr  known ", 0, 1));
}

proptest! {
    /// Whatever fails in whatever order: epochs do not go back and tell of every change, a leader is
    /// alive and alone or in the ISR, nobody is both in sync and eligible, and with eligible replicas
    /// an empty ISR has no leader.
    #[test]
    fn any_sequence_keeps_the_invariants(
        steps in proptest::collection::vec((0u32..4, any::<bool>(), any::<bool>()), 1..40),
        min_isr in 1usize..4,
        elr in any::<bool>(),
        unclean_allowed in any::<bool>(),
    ) {
        let rules = Rules { elr, unclean_allowed, ..Rules::new(min_isr) };
        let mut now = PartitionState::new(nodes(&[0, 1, 2, 3]));
        let mut alive = [true; 4];
        for (id, up, clean) in steps {
            let node = NodeId(id);
            let was = std::mem::replace(&mut alive[id as usize], up);
            let mut isr = now.isr.clone();
            let unclean = [node];
            let mut change = Change::default();
            if up && was && now.leader.is_some() && !isr.contains(&node) {
                isr.push(node);
            } else if !up || !clean {
                isr = now.isr_without(node);
            }
            if up && !clean {
                change.unclean_shutdown = &unclean;
            }
            change.target_isr = Some(isr);
            let is_alive = |node: NodeId| alive[node.index()] && (clean || !up || node.0 != id);
            let Some(next) = apply(&now, &change, &rules, is_alive) else { continue };
            prop_assert_eq!(next.partition_epoch, now.partition_epoch + 1);
            prop_assert_eq!(next.leader_epoch > now.leader_epoch, next.leader != now.leader);
            match next.leader {
                Some(leader) => {
                    prop_assert!(next.isr.contains(&leader) && is_alive(leader));
                    prop_assert!(next.last_known_elr.is_empty());
                }
                None => prop_assert!(elr || !next.isr.is_empty()),
            }
            prop_assert!(next.elr.iter().all(|replica| !next.isr.contains(replica)));
            prop_assert!(next.elr.is_empty() || (elr && next.isr.len() < min_isr));
            // A leader that is not in sync or eligible was elected uncleanly, and it is told.
            if let Some(leader) = next.leader.filter(|_| next.leader != now.leader) {
                let eligible = now.isr.contains(&leader) || now.elr.contains(&leader);
                prop_assert!(eligible || next.recovering);
            }
            now = next;
        }
    }
}
