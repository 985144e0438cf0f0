//! What `kafka-topics --describe` prints of a topic.

use crate::cluster::TopicError;
use crate::cluster::metadata::TopicImage;
use crate::id::NodeId;
use crate::sim::World;
use std::fmt::Write as _;

/// The lines of `kafka-topics --describe --topic NAME` of Kafka 4, where the feature
/// `eligible.leader.replicas.version` is on: the configs are those that were set on the topic.
///
/// # Errors
/// There is no such topic.
pub fn describe(world: &World, name: &str) -> Result<String, TopicError> {
    let (_, topic) = world
        .cluster()
        .topic_named(name)
        .ok_or_else(|| TopicError::NotFound(name.to_owned()))?;
    let configs = topic.config.overrides();
    let configs: Vec<String> = configs.map(|(n, v)| format!("{n}={v}")).collect();
    let mut text = format!(
        "Topic: {name}\tTopicId: {}\tPartitionCount: {}\tReplicationFactor: {}\tConfigs: {}\n",
        topic_id(topic),
        topic.partitions.len(),
        topic.partitions.first().map_or(0, |p| p.replicas.len()),
        configs.join(",")
    );
    let list = |brokers: &[NodeId]| {
        let numbers = brokers.iter().map(|&broker| number(world, broker));
        numbers.collect::<Vec<String>>().join(",")
    };
    for (partition, state) in topic.partitions.iter().enumerate() {
        let leader = state
            .leader
            .map_or("none".into(), |leader| number(world, leader));
        let _ = writeln!(
            text,
            "\tTopic: {name}\tPartition: {partition}\tLeader: {leader}\tReplicas: {}\tIsr: {}\t\
             Elr: {}\tLastKnownElr: {}",
            list(&state.replicas),
            list(&state.isr),
            list(&state.elr),
            list(&state.last_known_elr)
        );
    }
    Ok(text)
}

/// A broker's `node.id`: brokers count from 1.
pub(super) fn number(world: &World, broker: NodeId) -> String {
    let place = world.broker_ids().iter().position(|&known| known == broker);
    place.map_or(0, |place| place + 1).to_string()
}

/// A topic's UUID as Kafka writes it: 22 characters of base64url. Made from the name and from which
/// making of a topic by that name this is, so that one made again has another. A real one is drawn
/// by chance.
#[must_use]
pub fn topic_id(topic: &TopicImage) -> String {
    // Kafka draws again where the text would begin with a dash, which command lines take amiss.
    (0_u32..)
        .map(|turn| uuid(&topic.name, topic.incarnation, turn))
        .find(|text| !text.starts_with('-'))
        .unwrap_or_default()
}

fn uuid(name: &str, incarnation: u32, turn: u32) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let numbers = [incarnation, turn].map(u32::to_le_bytes).concat();
    // FNV-1a, 128 bits.
    let mut bits = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d_u128;
    for byte in name.bytes().chain([0]).chain(numbers) {
        bits = (bits ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }
    // Version 4, variant 1, as `java.util.UUID.randomUUID` has them.
    bits = bits & !(0xf << 76) | 4 << 76;
    bits = bits & !(3 << 62) | 2 << 62;
    // 128 bits are 21 digits of six and one of two, which is padded with zeros.
    let digit = |n: u32| match 122_u32.checked_sub(6 * n) {
        Some(shift) => bits >> shift,
        None => bits << 4,
    };
    let digits = (0..22).map(|n| DIGITS[digit(n) as usize & 63] as char);
    digits.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use crate::sim::{Command, Timeline};
    use std::collections::BTreeMap;

    fn run() -> Timeline {
        let mut orders = scenario::by_name("orders").expect("the scene is there");
        // One broker: it is its own controller, so topics can be made from the first instant on.
        orders.cluster = scenario::ClusterSpec::default();
        Timeline::new(orders, 41).expect("it starts")
    }

    fn make(timeline: &mut Timeline, configs: &[(&str, &str)]) {
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        let create = Command::CreateTopic {
            topic: "compacted".into(),
            partitions: 2,
            configs: configs.iter().map(owned).collect(),
        };
        timeline.act(create).expect("there is none yet");
    }

    fn described(timeline: &Timeline, topic: &str) -> String {
        describe(&timeline.moment().world, topic).unwrap_or_else(|error| error.to_string())
    }

    /// As a real 4.0 cluster printed a topic made with these configs, but for its id, its count of
    /// partitions and the broker's number.
    #[test]
    fn a_topic_is_described_as_the_real_tool_does() {
        let mut timeline = run();
        make(
            &mut timeline,
            &[("segment.ms", "1000"), ("cleanup.policy", "compact")],
        );
        let text = described(&timeline, "compacted");
        let (before, rest) = text.split_once("TopicId: ").expect("it has an id");
        let (id, after) = rest.split_once('\t').expect("more follows");
        assert_eq!(before, "Topic: compacted\t");
        assert_eq!(
            after,
            "PartitionCount: 2\tReplicationFactor: 1\tConfigs: \
             cleanup.policy=compact,segment.ms=1000\n\
             \tTopic: compacted\tPartition: 0\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n\
             \tTopic: compacted\tPartition: 1\tLeader: 1\tReplicas: 1\tIsr: 1\tElr: \tLastKnownElr: \n"
        );
        let word = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        assert!(id.len() == 22 && id.chars().all(word), "{id}");
        assert!(described(&timeline, "orders").contains("\tConfigs: \n"));
        assert_eq!(
            described(&timeline, "none"),
            "Topic 'Optional[none]' does not exist as expected"
        );
    }

    #[test]
    fn a_topic_made_again_has_another_id_and_a_replayed_one_the_same() {
        let id = |timeline: &Timeline| described(timeline, "compacted")[..60].to_owned();
        let mut timeline = run();
        make(&mut timeline, &[]);
        let first = id(&timeline);
        let topic = "compacted".to_owned();
        timeline
            .act(Command::DeleteTopic { topic })
            .expect("it is there");
        make(&mut timeline, &[]);
        let second = id(&timeline);
        assert_ne!(first, second);
        let mut other = run();
        make(&mut other, &[]);
        assert_eq!(id(&other), first);
    }

    #[test]
    fn ids_are_uuids_of_version_4_and_never_begin_with_a_dash() {
        let mut seen = BTreeMap::new();
        for n in 0..2_000 {
            let topic = TopicImage {
                name: format!("t{n}").into(),
                incarnation: n % 3,
                config: Default::default(),
                partitions: Vec::new(),
            };
            let id = topic_id(&topic);
            assert!(!id.starts_with('-') && id.len() == 22, "{id}");
            // The 13th hex digit is in the 9th character's high four bits, and the last character
            // holds two bits.
            assert!("AQgw".contains(&id[21..]), "{id}");
            let ninth = id.as_bytes()[8];
            assert!((b'Q'..=b'T').contains(&ninth), "{id}");
            assert_eq!(seen.insert(id, n), None);
        }
    }
}
