//! The Cluster picture as tables: the same facts, for those who do not see it and for the curious.

use super::tasks;
use super::{BrokerScene, Cargo, ClusterScene, Place, rack};
use crate::id::TopicPartition;
use crate::sim::{Status, World};
use crate::view::panel::Table;

/// Every part of the picture as a table.
#[must_use]
pub fn tables(world: &World, scene: &ClusterScene) -> Vec<Table> {
    let mut tables = vec![
        brokers(scene),
        epochs(world, scene),
        partitions(scene),
        controllers(scene),
        metadata(scene),
        flights(scene),
    ];
    tables.extend(tasks::table(world));
    tables
}

/// Every replica of a partition: what it is, where it ends, what it knows to be committed.
#[must_use]
pub fn replicas(scene: &ClusterScene) -> Table {
    let rows = scene.ruler().map(|(broker, replica)| {
        vec![
            format!("broker {}", broker.number),
            broker.role(replica).to_owned(),
            replica.log_end.to_string(),
            replica.high_watermark.to_string(),
            replica.leader_epoch.to_string(),
        ]
    });
    Table {
        caption: format!("The replicas of {}", scene.chosen_name()),
        heads: ["replica", "role", "log end", "HW", "epoch"]
            .map(String::from)
            .into(),
        rows: rows.collect(),
    }
}

fn table<const N: usize>(caption: String, heads: [&str; N], rows: Vec<Vec<String>>) -> Table {
    Table {
        caption,
        heads: heads.map(String::from).into(),
        rows,
    }
}

fn brokers(scene: &ClusterScene) -> Table {
    let row = |broker: &BrokerScene| {
        let process = match broker.status {
            Status::Up if broker.frozen => "frozen",
            Status::Up => "up",
            Status::Stopping { .. } => "stopping",
            Status::Down => "down",
        };
        vec![
            format!("broker {}", broker.number),
            process.to_owned(),
            if broker.fenced { "fenced" } else { "unfenced" }.to_owned(),
            broker.rack.map_or_else(|| "–".to_owned(), rack),
        ]
    };
    table(
        "Brokers".into(),
        ["broker", "process", "controller says", "rack"],
        scene.brokers.iter().map(row).collect(),
    )
}

/// The leader epochs of every replica: where they differ, the logs part.
fn epochs(world: &World, scene: &ClusterScene) -> Table {
    let at = world.topic_id(&scene.topic);
    let at = at.map(|topic| TopicPartition::new(topic, scene.chosen));
    let rows = (1..).zip(world.brokers()).filter_map(|(number, broker)| {
        let replica = broker.replica(at?)?;
        let entries = replica.epoch_log().epochs().entries().iter();
        let entries: Vec<String> = entries
            .map(|(epoch, start)| format!("{epoch} from {start}"))
            .collect();
        Some(vec![format!("broker {number}"), entries.join(", ")])
    });
    table(
        format!(
            "Leader epochs of {}, each with its first offset",
            scene.chosen_name()
        ),
        ["replica", "epochs"],
        rows.collect(),
    )
}

fn partitions(scene: &ClusterScene) -> Table {
    let mut rows = Vec::new();
    for broker in &scene.brokers {
        for replica in &broker.replicas {
            rows.push(vec![
                format!(
                    "{}-{} on broker {}",
                    scene.topic, replica.partition, broker.number
                ),
                broker.role(replica).to_owned(),
                replica.log_start.to_string(),
                replica.high_watermark.to_string(),
                replica.log_end.to_string(),
                replica.leader_epoch.to_string(),
            ]);
        }
    }
    table(
        format!("All replicas of {}", scene.topic),
        ["replica", "role", "start", "HW", "end", "epoch"],
        rows,
    )
}

fn controllers(scene: &ClusterScene) -> Table {
    let rows = scene.controllers.iter().map(|controller| {
        let is = match (controller.up, controller.active) {
            (false, _) => "down",
            (true, true) => "active",
            (true, false) => "follows",
        };
        vec![
            format!("controller {}", controller.number),
            is.to_owned(),
            controller.epoch.to_string(),
            controller.log_end.to_string(),
        ]
    });
    table(
        "Controllers: a KRaft quorum".into(),
        ["controller", "is", "epoch", "log end"],
        rows.collect(),
    )
}

fn metadata(scene: &ClusterScene) -> Table {
    let rows = scene.metadata.iter().map(|words| vec![words.clone()]);
    table(
        "What the controllers wrote last, newest first".into(),
        ["metadata log"],
        rows.collect(),
    )
}

fn flights(scene: &ClusterScene) -> Table {
    let flies = scene
        .flights
        .iter()
        .filter(|f| f.sent_at <= scene.now && scene.now < f.due_at);
    let rows = flies.map(|flight| {
        let carries = match flight.cargo {
            Cargo::Records(n) => format!("records: {n}"),
            Cargo::Ask => "a fetch".to_owned(),
            Cargo::Answer => "an answer".to_owned(),
        };
        vec![
            place(scene, flight.from),
            place(scene, flight.to),
            format!("{}-{}", scene.topic, flight.partition),
            carries,
        ]
    });
    table(
        "On its way at this instant".into(),
        ["from", "to", "about", "carries"],
        rows.collect(),
    )
}

fn place(scene: &ClusterScene, place: Place) -> String {
    match place {
        Place::Client(n) => {
            let client = scene.clients.get(usize::from(n));
            client.map_or_else(String::new, |client| client.name.clone())
        }
        Place::Broker(n) => {
            let broker = scene.brokers.get(usize::from(n));
            broker.map_or_else(String::new, |broker| format!("broker {}", broker.number))
        }
    }
}
