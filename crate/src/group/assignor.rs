//! Who gets which partitions. Runs in the consumer that leads the group.

use crate::id::{TopicId, TopicPartition};
use crate::protocol::MemberId;

/// What each member may read, in member order; who gets nothing sits idle.
pub type Assignment = Vec<(MemberId, Vec<TopicPartition>)>;

/// Kafka's range assignor: topic by topic, each subscriber gets a run of partitions, and where they
/// do not divide evenly the first subscribers get one more. So two topics of equal partition counts
/// are paired, and the first members carry every topic's remainder.
///
/// `members` with their subscriptions; `partitions` says how many a topic has, 0 if it does not
/// exist. Members are taken in the order of their ids (`RangeAssignor.java`).
#[must_use]
pub fn range(
    members: &[(MemberId, Vec<TopicId>)],
    partitions: impl Fn(TopicId) -> u32,
) -> Assignment {
    let mut assignment: Assignment = members.iter().map(|(id, _)| (*id, Vec::new())).collect();
    assignment.sort_by_cached_key(|(id, _)| u64::from(id.client.0) << 32 | u64::from(id.serial));
    let mut topics: Vec<TopicId> = members.iter().flat_map(|(_, t)| t).copied().collect();
    topics.sort_by_cached_key(|topic| u64::from(topic.0));
    topics.dedup();
    for topic in topics {
        let reads = |id: MemberId| {
            members
                .iter()
                .any(|(member, topics)| *member == id && topics.contains(&topic))
        };
        let mut readers: Vec<&mut Vec<TopicPartition>> = assignment
            .iter_mut()
            .filter(|(id, _)| reads(*id))
            .map(|(_, assigned)| assigned)
            .collect();
        let count = partitions(topic);
        let each = count / readers.len() as u32;
        let more = count as usize % readers.len();
        let mut next = 0;
        for (place, assigned) in readers.iter_mut().enumerate() {
            let run = each + u32::from(place < more);
            assigned.extend((next..next + run).map(|p| TopicPartition::new(topic, p)));
            next += run;
        }
    }
    assignment
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::NodeId;

    fn member(n: u32) -> MemberId {
        MemberId {
            client: NodeId(n),
            serial: n,
        }
    }

    /// The partitions of each member, as (topic, partition).
    fn assign(members: &[(u32, &[u32])], counts: &[u32]) -> Vec<Vec<(u32, u32)>> {
        let members: Vec<_> = members
            .iter()
            .map(|&(n, topics)| (member(n), topics.iter().map(|&t| TopicId(t)).collect()))
            .collect();
        range(&members, |topic| counts[topic.index()])
            .into_iter()
            .map(|(_, all)| all.iter().map(|tp| (tp.topic.0, tp.partition)).collect())
            .collect()
    }

    #[test]
    fn the_sequence_of_a_real_cluster() {
        // Topics ga and gb of three partitions; b joins a, then c (group_protocol, "range").
        let both: &[u32] = &[0, 1];
        assert_eq!(
            assign(&[(0, both), (1, both)], &[3, 3]),
            [vec![(0, 0), (0, 1), (1, 0), (1, 1)], vec![(0, 2), (1, 2)]]
        );
        assert_eq!(
            assign(&[(2, both), (0, both), (1, both)], &[3, 3]),
            [
                vec![(0, 0), (1, 0)],
                vec![(0, 1), (1, 1)],
                vec![(0, 2), (1, 2)]
            ]
        );
    }

    #[test]
    fn what_kafkas_own_code_gives() {
        // `kafka_code_result` of `assignors`, by name.
        let (one, two): (&[u32], &[u32]) = (&[0], &[0, 1]);
        // testMultipleConsumersMixedTopics
        assert_eq!(
            assign(&[(1, one), (2, two), (3, one)], &[3, 2]),
            [vec![(0, 0)], vec![(0, 1), (1, 0), (1, 1)], vec![(0, 2)]]
        );
        // sticky-javadoc-example2-unequal-initial
        assert_eq!(
            assign(&[(0, one), (1, two), (2, &[0, 1, 2])], &[1, 2, 3]),
            [
                vec![(0, 0)],
                vec![(1, 0)],
                vec![(1, 1), (2, 0), (2, 1), (2, 2)]
            ]
        );
        // teach-3topics-2p-each-4c (range skew)
        let all: &[u32] = &[0, 1, 2];
        assert_eq!(
            assign(&[(1, all), (2, all), (3, all), (4, all)], &[2, 2, 2]),
            [
                vec![(0, 0), (1, 0), (2, 0)],
                vec![(0, 1), (1, 1), (2, 1)],
                vec![],
                vec![]
            ]
        );
        // teach-10p-3c
        let counts: Vec<usize> = assign(&[(1, one), (2, one), (3, one)], &[10])
            .iter()
            .map(Vec::len)
            .collect();
        assert_eq!(counts, [4, 3, 3]);
    }

    #[test]
    fn members_beyond_the_partitions_sit_idle_and_topics_that_are_not_there_give_nothing() {
        assert_eq!(
            assign(&[(0, &[0]), (1, &[0, 1]), (2, &[1])], &[1, 0]),
            [vec![(0, 0)], vec![], vec![]]
        );
        assert_eq!(assign(&[], &[]), Vec::<Vec<(u32, u32)>>::new());
    }
}
