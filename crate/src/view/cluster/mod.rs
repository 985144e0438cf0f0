//! The Cluster page: brokers with their replicas, one partition's replicas on a ruler, the
//! controllers, the clients, and what is on its way between them. Plain data, made by
//! [`scene`](self::scene::scene).

pub mod compare;
pub mod crashes;
pub mod disks;
pub mod explain;
pub mod fate;
pub mod hunt;
pub mod network;
pub mod outcome;
pub mod record;
pub mod scene;
pub mod tables;
pub mod tasks;
pub mod zookeeper;

use crate::sim::Status;
use crate::time::{Span, Time};

/// The picture of one instant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClusterScene {
    /// The instant.
    pub now: Time,
    /// The topic shown.
    pub topic: String,
    /// The partition whose replicas are on the ruler.
    pub chosen: u32,
    /// The record that a person follows, by its offset in that partition. Who shows the picture
    /// sets it.
    pub record: Option<i64>,
    /// Whether messages wait to be chosen.
    pub held: bool,
    /// The brokers, in order of their numbers.
    pub brokers: Vec<BrokerScene>,
    /// The controllers, in order of their numbers.
    pub controllers: Vec<ControllerScene>,
    /// What the controllers wrote last, newest first, in words; at most [`ClusterScene::RECORDS`].
    pub metadata: Vec<String>,
    /// The leader epochs of the chosen partition: each with the offset of its first record.
    pub epochs: Vec<(i32, i64)>,
    /// Producers and groups.
    pub clients: Vec<ClientScene>,
    /// What is on its way, or was within the last [`ClusterScene::RECENT`]; what waits to be chosen
    /// is halfway.
    pub flights: Vec<Flight>,
}

impl ClusterScene {
    /// How many records of the metadata log are told.
    pub const RECORDS: usize = 6;
    /// Flights are kept this long after they arrive, so that a painter may show a short one slower
    /// than it was.
    pub const RECENT: Span = Span::millis(400);

    /// The chosen partition's name: `orders-0`.
    #[must_use]
    pub fn chosen_name(&self) -> String {
        format!("{}-{}", self.topic, self.chosen)
    }

    /// The replicas of the chosen partition, the leader first, then by broker: broker's place and
    /// replica.
    pub fn ruler(&self) -> impl Iterator<Item = (&BrokerScene, &ReplicaScene)> {
        let all = || {
            self.brokers.iter().filter_map(|broker| {
                let mut replicas = broker.replicas.iter();
                let replica = replicas.find(|replica| replica.partition == self.chosen)?;
                Some((broker, replica))
            })
        };
        let leads = |replica: &ReplicaScene| replica.role == Role::Leader;
        let leader = all().filter(move |(_, replica)| leads(replica));
        leader.chain(all().filter(move |(_, replica)| !leads(replica)))
    }
}

/// A broker.
#[derive(Clone, PartialEq, Debug)]
pub struct BrokerScene {
    /// Its number, from 1.
    pub number: u32,
    /// Its rack, from 1.
    pub rack: Option<u32>,
    /// How its process stands.
    pub status: Status,
    /// Whether its process does nothing for a while, as in a long garbage collection.
    pub frozen: bool,
    /// Whether the controller keeps it from leading and being in sync.
    pub fenced: bool,
    /// What ails its disk, in two words; empty if nothing does.
    pub disk: &'static str,
    /// How it is, where that is worth a word: `killed 00:05.000`, `fenced 00:14.000`.
    pub note: String,
    /// What would come of the chosen partition if its process died now; empty if it has no replica.
    pub fate: String,
    /// Its replicas of the topic shown, by partition.
    pub replicas: Vec<ReplicaScene>,
    /// Whether it stands otherwise in the run that this one is compared with.
    pub unlike: bool,
}

impl BrokerScene {
    /// Whether its process runs, is awake, and the controller lets it take part.
    #[must_use]
    pub fn serves(&self) -> bool {
        self.status != Status::Down && !self.frozen && !self.fenced
    }
}

/// What a replica is, as the controllers have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It leads.
    Leader,
    /// It has everything that is committed.
    InSync,
    /// Out of sync, but it had everything committed when it left, and nothing was committed since.
    Eligible,
    /// It lacks something, or may.
    OutOfSync,
}

impl BrokerScene {
    /// What one of its replicas is, in words. What the controllers still have of a broker that does
    /// not run is so on paper only.
    #[must_use]
    pub fn role(&self, replica: &ReplicaScene) -> &'static str {
        let runs = self.status != Status::Down && !self.frozen;
        match (replica.role, runs) {
            (Role::Leader, true) => "leader",
            (Role::Leader, false) => "leader on paper",
            (Role::InSync, true) => "in sync",
            (Role::InSync, false) => "in sync on paper",
            (Role::Eligible, _) => "eligible",
            (Role::OutOfSync, _) => "out of sync",
        }
    }
}

/// One copy of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ReplicaScene {
    /// Of which partition.
    pub partition: u32,
    /// What it is.
    pub role: Role,
    /// The leader epoch of its last record or of the leader it follows, whichever is later.
    pub leader_epoch: i32,
    /// The first offset still in its log.
    pub log_start: i64,
    /// The offset its next record will have.
    pub log_end: i64,
    /// Records below it are committed, as far as it knows.
    pub high_watermark: i64,
    /// From here on its records are not those of the leader's log: they will be truncated.
    pub parts_at: Option<i64>,
    /// Whether it is otherwise in the run that this one is compared with.
    pub unlike: bool,
}

/// A controller.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ControllerScene {
    /// Its number, from 1.
    pub number: u32,
    /// Whether its process runs.
    pub up: bool,
    /// Whether it is the active one.
    pub active: bool,
    /// The epoch of the quorum as it knows it.
    pub epoch: i32,
    /// Where its metadata log ends.
    pub log_end: i64,
}

/// A producer, or a group of consumers.
#[derive(Clone, PartialEq, Debug)]
pub struct ClientScene {
    /// `Producer`, `Consumer ×3`.
    pub name: String,
    /// `acks=all`, `group billing`.
    pub detail: String,
    /// Whether it produces; otherwise it reads.
    pub produces: bool,
    /// Whether any of its processes runs.
    pub up: bool,
    /// Since when the oldest of its requests waits for an acknowledgement.
    pub waits_since: Option<Time>,
    /// Until when it waits at most (`delivery.timeout.ms`): the ring round it drains towards it.
    pub waits_until: Option<Time>,
}

/// Where a flight begins or ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// A client, by its place in [`ClusterScene::clients`].
    Client(u8),
    /// A broker, by its place in [`ClusterScene::brokers`].
    Broker(u8),
}

/// What a message is about.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Cargo {
    /// Records: produced, replicated or read. How many.
    Records(u32),
    /// A question without records: a fetch.
    Ask,
    /// An answer without records: an acknowledgement.
    Answer,
}

/// A message on its way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Flight {
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// The partition it is about; its colour.
    pub partition: u32,
    /// What it carries.
    pub cargo: Cargo,
    /// When it set off.
    pub sent_at: Time,
    /// When it arrives.
    pub due_at: Time,
}

/// A broker's rack as a letter: `rack a`.
#[must_use]
pub fn rack(rack: u32) -> String {
    let letter = char::from_u32(u32::from('a') + rack.saturating_sub(1)).unwrap_or('?');
    format!("rack {letter}")
}

#[cfg(test)]
mod tests;
