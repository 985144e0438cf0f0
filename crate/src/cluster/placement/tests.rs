//! Cases of Kafka's `StripedReplicaPlacerTest` and `AdminRackAwareTest` that the vectors leave out.

use super::*;
use crate::rng::{Rng, Salt};
use proptest::prelude::*;
use std::collections::BTreeSet;

fn broker(id: u32, rack: Option<&str>, fenced: bool) -> UsableBroker {
    UsableBroker {
        id: NodeId(id),
        rack: rack.map(str::to_owned),
        fenced,
    }
}

fn ids(placed: &[Vec<NodeId>]) -> Vec<Vec<u32>> {
    let ids = |replicas: &Vec<NodeId>| replicas.iter().map(|id| id.0).collect();
    placed.iter().map(ids).collect()
}

/// Always the first.
fn first(_: usize) -> usize {
    0
}

#[test]
fn stripes_go_over_racks_and_the_only_broker_alive_leads_everything() {
    let brokers = ["a", "b", "c"].map(|rack| {
        let base = 10 * (u32::from(rack.as_bytes()[0]) - 96);
        [0, 1, 2].map(|i| broker(base + i, Some(rack), false))
    });
    let placed = striped(&brokers.concat(), &[], 3, 3, &mut first).expect("there are enough");
    let expected = [[10, 20, 30], [21, 31, 11], [32, 12, 22]].map(Vec::from);
    assert_eq!(ids(&placed), expected);

    let lonely = [broker(0, None, false), broker(1, None, true)];
    let placed = striped(&lonely, &[], 3, 1, &mut first).expect("there are enough");
    assert_eq!(ids(&placed), [[0], [0], [0]].map(Vec::from));
}

#[test]
fn added_partitions_go_on_where_the_topic_ended() {
    let racks = [("1", 0), ("2", 1), ("3", 2), ("4", 3)];
    let brokers = racks.map(|(rack, id)| broker(id, Some(rack), false));
    let mut all = vec![vec![NodeId(0), NodeId(1)]];
    for expected in [[1, 2], [2, 3], [3, 0]] {
        let added = striped(&brokers, &all, 1, 2, &mut first).expect("there are enough");
        assert_eq!(ids(&added), [expected.to_vec()]);
        all.extend(added);
    }
}

#[test]
fn refusals_are_in_kafkas_words() {
    let two = [broker(1, None, false), broker(2, None, true)];
    let says = |brokers: &[UsableBroker], factor| {
        let error = striped(brokers, &[], 1, factor, &mut first).expect_err("it cannot be");
        error.to_string()
    };
    assert_eq!(
        says(&two, 3),
        "The target replication factor of 3 cannot be reached because only 2 broker(s) are \
         registered."
    );
    assert_eq!(
        says(&two, 0),
        "Invalid replication factor 0: the replication factor must be positive."
    );
    assert_eq!(says(&two[1..], 1), "All brokers are currently fenced.");
    assert_eq!(says(&[], 1), "All brokers are currently fenced.");
    let error = striped(&two, &[], 1, 4, &mut first).expect_err("it cannot be");
    assert_eq!(
        error.on_creation(4),
        "Unable to replicate the partition 4 time(s): The target replication factor of 4 cannot \
         be reached because only 2 broker(s) are registered."
    );
    let old = |brokers: &[UsableBroker], partitions, factor| {
        let start = Start::default();
        let placed = assign_replicas_to_brokers(brokers, partitions, factor, start, &mut first);
        placed.expect_err("it cannot be").to_string()
    };
    assert_eq!(
        old(&two, 0, 1),
        "Number of partitions must be larger than 0."
    );
    assert_eq!(old(&two, 1, 0), "Replication factor must be larger than 0.");
    assert_eq!(
        old(&two, 1, 3),
        "Replication factor: 3 larger than available brokers: 2."
    );
    let half = [broker(1, Some("a"), false), broker(2, None, false)];
    assert_eq!(
        old(&half, 1, 1),
        "Not all brokers have rack information for replica rack aware assignment."
    );
}

proptest! {
    /// Whatever the cluster: a partition has as many different brokers as asked for, the controller's
    /// leaders are alive, fenced ones come last, and racks come before repetitions of racks where
    /// they are alike.
    #[test]
    fn replicas_are_apart(
        count in 1u32..9,
        racks in 0u32..4,
        fenced in any::<u8>(),
        factor in 1i32..9,
        partitions in 1usize..30,
        seed in any::<u64>(),
    ) {
        let rack = |id: u32| (racks > 0).then(|| format!("r{}", id % racks));
        let brokers: Vec<UsableBroker> = (0..count)
            .map(|id| broker(id, rack(id).as_deref(), fenced >> id & 1 == 1))
            .collect();
        let mut rng = Rng::new(seed, Salt::Client, 0);
        let alive = brokers.iter().filter(|broker| !broker.fenced).count();
        let enough = factor as usize <= brokers.len();
        let new = striped(&brokers, &[], partitions, factor, &mut draws(&mut rng));
        prop_assert_eq!(new.is_ok(), enough && alive > 0);
        let start = Start::default();
        let old = assign_replicas_to_brokers(
            &brokers, partitions as i32, factor, start, &mut draws(&mut rng),
        );
        prop_assert_eq!(old.is_ok(), enough);
        for (by_controller, placed) in [(true, new), (false, old)] {
            let Ok(placed) = placed else { continue };
            prop_assert_eq!(placed.len(), partitions);
            for replicas in placed {
                let different: BTreeSet<NodeId> = replicas.iter().copied().collect();
                prop_assert_eq!(different.len(), factor as usize);
                prop_assert!(!by_controller || !brokers[replicas[0].index()].fenced);
                let over: BTreeSet<_> = replicas.iter().map(|id| rack(id.0)).collect();
                let there = racks.clamp(1, count) as usize;
                if racks > 0 && (!by_controller || alive == brokers.len()) {
                    prop_assert_eq!(over.len(), there.min(factor as usize));
                }
            }
        }
    }
}
