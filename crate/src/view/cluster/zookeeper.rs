//! The same cluster as ZooKeeper kept it: what the course notes teach, and what took its place.
//! Paths and contents as a broker of Kafka 3 writes them (`zookeeper_mode_real` in the vectors).

use super::ClusterScene;
use crate::cluster::election::PartitionState;
use crate::cluster::metadata::TopicImage;
use crate::id::NodeId;
use crate::sim::World;
use crate::view::describe::number;

/// A node of ZooKeeper's tree.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Znode {
    /// Its path.
    pub path: String,
    /// What it would hold at this instant.
    pub holds: String,
    /// What it was for, and what does that today.
    pub today: &'static str,
}

/// The nodes that tell of the chosen topic and of those that keep it. Of the partitions' states only
/// the chosen one's.
#[must_use]
pub fn znodes(world: &World, scene: &ClusterScene) -> Vec<Znode> {
    let image = world.cluster();
    let znode = |path: String, holds: String, today| Znode { path, holds, today };
    let mut all = Vec::new();
    for (&broker, registration) in image.brokers.iter() {
        // The session of a fenced broker has ended, and with it what was ephemeral.
        let holds = if registration.fenced {
            "gone: its session ended".to_owned()
        } else {
            let rack = registration.rack.map(super::rack);
            let rack = rack.map_or_else(String::new, |rack| format!(",\"rack\":\"{rack}\""));
            format!("{{\"version\":5,\"port\":9092{rack}}}")
        };
        all.push(znode(
            format!("/brokers/ids/{}", number(world, broker)),
            holds,
            "Ephemeral: it went with the broker's session. Today the broker registers with the \
             controllers and sends heartbeats; without them it is fenced.",
        ));
    }
    let active = scene.controllers.iter().find(|c| c.active && c.up);
    let (controller, epoch) = match active {
        Some(active) => (
            format!("controller {}", active.number),
            active.epoch.to_string(),
        ),
        None if scene.controllers.is_empty() => ("broker 1".to_owned(), "1".to_owned()),
        None => (
            "gone: nobody is elected".to_owned(),
            scene
                .controllers
                .iter()
                .map(|controller| controller.epoch)
                .max()
                .unwrap_or_default()
                .to_string(),
        ),
    };
    all.push(znode(
        "/controller".into(),
        controller,
        "Ephemeral: the first broker to write it was the controller. Today the controllers elect one \
         of themselves by majority (KRaft).",
    ));
    all.push(znode(
        "/controller_epoch".into(),
        epoch,
        "So that an old controller is not obeyed. Today the epoch of the quorum's leader.",
    ));
    let Some((_, topic)) = image.topic_named(&scene.topic) else {
        return all;
    };
    let name = &scene.topic;
    all.push(znode(
        format!("/brokers/topics/{name}"),
        replicas(world, topic),
        "Who keeps which partition. Today a TopicRecord and a PartitionRecord for each partition in \
         the metadata log.",
    ));
    if let Some(state) = topic.partitions.get(scene.chosen as usize) {
        all.push(znode(
            format!("/brokers/topics/{name}/partitions/{}/state", scene.chosen),
            leadership(world, state),
            "Who leads, and who is in sync; written by the leader too. Today a PartitionChangeRecord, \
             written by the active controller alone (AlterPartition).",
        ));
    }
    let configs = topic.config.overrides();
    let configs: Vec<String> = configs
        .map(|(name, value)| format!("\"{name}\":\"{value}\""))
        .collect();
    all.push(znode(
        format!("/config/topics/{name}"),
        format!("{{\"version\":1,\"config\":{{{}}}}}", configs.join(",")),
        "The topic's own settings. Today ConfigRecords in the metadata log.",
    ));
    all.push(znode(
        "/kafka-acl".into(),
        "empty: nobody is allowed or denied anything here".into(),
        "Who may do what. Today AccessControlEntryRecords in the metadata log.",
    ));
    all
}

fn list(world: &World, brokers: &[NodeId]) -> String {
    let numbers = brokers.iter().map(|&broker| number(world, broker));
    format!("[{}]", numbers.collect::<Vec<_>>().join(","))
}

fn replicas(world: &World, topic: &TopicImage) -> String {
    let partitions = topic.partitions.iter().enumerate();
    let partitions = partitions.map(|(n, state)| {
        let replicas = list(world, &state.replicas);
        format!("\"{n}\":{replicas}")
    });
    let partitions = partitions.collect::<Vec<_>>().join(",");
    format!("{{\"partitions\":{{{partitions}}}}}")
}

fn leadership(world: &World, state: &PartitionState) -> String {
    let leader = state
        .leader
        .map_or("-1".into(), |leader| number(world, leader));
    format!(
        "{{\"leader\":{leader},\"leader_epoch\":{},\"isr\":{}}}",
        state.leader_epoch,
        list(world, &state.isr)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TopicPartition;
    use crate::protocol::Stop;
    use crate::scenario;
    use crate::sim::{Command, Timeline};
    use crate::time::Time;
    use crate::view::cluster::scene::scene;

    fn holds(timeline: &Timeline, path: &str) -> String {
        let moment = timeline.moment();
        let mut picture = ClusterScene::default();
        let topic = moment.world.topic_id("orders").unwrap();
        let at = TopicPartition::new(topic, 0);
        scene(moment, timeline.now(), at, &mut picture);
        let all = znodes(&moment.world, &picture);
        let found = all.iter().find(|znode| znode.path == path);
        found
            .unwrap_or_else(|| panic!("{path} of {all:?}"))
            .holds
            .clone()
    }

    #[test]
    fn a_dead_brokers_node_goes_with_its_session() {
        let first = scenario::by_name("cluster").unwrap();
        let timeout = first.cluster.broker_session_timeout_ms * 1_000;
        let mut timeline = Timeline::new(first, 41).unwrap();
        timeline.run_until(Time(2_000_000), u64::MAX);
        let state = "/brokers/topics/orders/partitions/0/state";
        let before = holds(&timeline, state);
        assert!(
            before.ends_with("\"leader_epoch\":0,\"isr\":[3,1,2]}"),
            "{before}"
        );
        assert_eq!(
            holds(&timeline, "/brokers/topics/orders"),
            "{\"partitions\":{\"0\":[3,1,2],\"1\":[1,2,3],\"2\":[2,3,1]}}"
        );
        assert_eq!(
            holds(&timeline, "/config/topics/orders"),
            "{\"version\":1,\"config\":{\"min.insync.replicas\":\"2\"}}"
        );
        assert_eq!(holds(&timeline, "/controller"), "controller 1");
        let node = "broker-3".to_owned();
        let how = Stop::Killed;
        timeline.act(Command::Stop { node, how }).unwrap();
        timeline.run_until(Time(2_000_000 + timeout / 2), u64::MAX);
        assert!(!holds(&timeline, "/brokers/ids/3").starts_with("gone"));
        timeline.run_until(Time(4_000_000 + timeout), u64::MAX);
        assert!(holds(&timeline, "/brokers/ids/3").starts_with("gone"));
        assert!(!holds(&timeline, "/brokers/ids/1").starts_with("gone"));
        assert_ne!(holds(&timeline, state), before);
    }

    #[test]
    fn without_a_majority_nobody_is_the_controller() {
        let mut timeline = Timeline::new(scenario::by_name("cluster").unwrap(), 41).unwrap();
        timeline.run_until(Time(2_000_000), u64::MAX);
        let node = "controller".to_owned();
        let how = Stop::Killed;
        timeline.act(Command::Stop { node, how }).unwrap();
        timeline.run_until(Time(3_000_000), u64::MAX);
        assert!(holds(&timeline, "/controller").starts_with("gone"));
    }
}
