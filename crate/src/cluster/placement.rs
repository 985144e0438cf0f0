//! On which brokers the replicas of a new partition are put: Kafka's two placers.
//!
//! [`striped`] is what the controller does ([`StripedPlacer`], `StripedReplicaPlacer`, KRaft);
//! [`assign_replicas_to_brokers`] is what brokers did with ZooKeeper (`AdminUtils`, KIP-36 for racks).
//! Random numbers come by an argument: called with `n`, it draws from `0..n`.

use crate::id::NodeId;
use crate::map::Map;
use crate::rng::Rng;
use std::fmt;

/// A broker that may get replicas (`UsableBroker`, `BrokerMetadata`).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UsableBroker {
    /// The broker.
    pub id: NodeId,
    /// `broker.rack`, if it is set.
    pub rack: Option<String>,
    /// Whether the controller does not hear of it. It can get replicas, but not lead.
    pub fenced: bool,
}

impl UsableBroker {
    /// A broker that is alive and in no rack.
    #[must_use]
    pub fn new(id: NodeId) -> Self {
        Self {
            id,
            rack: None,
            fenced: false,
        }
    }
}

/// Why replicas cannot be placed, in Kafka's words.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum PlacementError {
    /// The controller was asked for this many replicas.
    NotPositive(i32),
    /// The controller was asked for more replicas than there are brokers, fenced ones included.
    TooFewRegistered {
        /// `replication.factor`.
        replication_factor: i32,
        /// The brokers there are.
        brokers: usize,
    },
    /// Nobody could lead.
    AllFenced,
    /// No partitions are asked for (`AdminUtils`).
    NoPartitions,
    /// No replicas are asked for (`AdminUtils`).
    NoReplicas,
    /// More replicas than brokers are asked for (`AdminUtils`).
    TooFewAvailable {
        /// `replication.factor`.
        replication_factor: i32,
        /// The brokers there are.
        brokers: usize,
    },
    /// Some brokers have a rack, and some have none (`AdminUtils`).
    IncompleteRacks,
}

impl PlacementError {
    /// The exception's name: `InvalidReplicationFactorException` is error 38 of the protocol,
    /// `InvalidPartitionsException` 37.
    #[must_use]
    pub fn class(&self) -> &'static str {
        match self {
            Self::NoPartitions => "InvalidPartitionsException",
            Self::IncompleteRacks => "AdminOperationException",
            _ => "InvalidReplicationFactorException",
        }
    }

    /// The controller's answer to the creation of a topic
    /// (`ReplicationControlManager.createTopic`).
    #[must_use]
    pub fn on_creation(&self, replication_factor: i32) -> String {
        format!("Unable to replicate the partition {replication_factor} time(s): {self}")
    }
}

impl fmt::Display for PlacementError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPositive(factor) => write!(
                f,
                "Invalid replication factor {factor}: the replication factor must be positive."
            ),
            Self::TooFewRegistered {
                replication_factor,
                brokers,
            } => write!(
                f,
                "The target replication factor of {replication_factor} cannot be reached because \
                 only {brokers} broker(s) are registered."
            ),
            Self::AllFenced => f.write_str("All brokers are currently fenced."),
            Self::NoPartitions => f.write_str("Number of partitions must be larger than 0."),
            Self::NoReplicas => f.write_str("Replication factor must be larger than 0."),
            Self::TooFewAvailable {
                replication_factor,
                brokers,
            } => write!(
                f,
                "Replication factor: {replication_factor} larger than available brokers: {brokers}."
            ),
            Self::IncompleteRacks => f.write_str(
                "Not all brokers have rack information for replica rack aware assignment.",
            ),
        }
    }
}

impl std::error::Error for PlacementError {}

/// Draws from `0..n` of a stream of ours, for either placer.
pub fn draws(rng: &mut Rng) -> impl FnMut(usize) -> usize {
    move |n| rng.below(n as u64) as usize
}

/// Where `AdminUtils` begins.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Start {
    /// The number in the list of brokers where the first leader is, and the first shift; at random if
    /// it is not given.
    pub fixed_index: Option<usize>,
    /// The first partition's number: more than 0 when partitions are added.
    pub partition: usize,
}

/// Places partitions as brokers with ZooKeeper did: leaders in turn, followers behind them at a
/// distance that grows with each turn. Where brokers have racks, the list alternates between them, and
/// a partition has every rack before it has one twice.
///
/// # Errors
/// As [`PlacementError`] says.
pub fn assign_replicas_to_brokers(
    brokers: &[UsableBroker],
    partitions: i32,
    replication_factor: i32,
    start: Start,
    draw: &mut dyn FnMut(usize) -> usize,
) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    if partitions <= 0 {
        return Err(PlacementError::NoPartitions);
    }
    if replication_factor <= 0 {
        return Err(PlacementError::NoReplicas);
    }
    if replication_factor as usize > brokers.len() {
        return Err(PlacementError::TooFewAvailable {
            replication_factor,
            brokers: brokers.len(),
        });
    }
    let racks: Map<NodeId, &str> = brokers
        .iter()
        .filter_map(|broker| Some((broker.id, broker.rack.as_deref()?)))
        .collect();
    let by_rack = by_rack(&racks);
    let list: Vec<NodeId> = if racks.is_empty() {
        brokers.iter().map(|broker| broker.id).collect()
    } else if racks.len() < brokers.len() {
        return Err(PlacementError::IncompleteRacks);
    } else {
        alternated(&by_rack)
    };
    let n = list.len();
    let rack_count = by_rack.len();
    let first = start.fixed_index.unwrap_or_else(|| draw(n));
    let mut shift = start.fixed_index.unwrap_or_else(|| draw(n));
    let placed = (start.partition..).take(partitions as usize).map(|p| {
        if p > 0 && p % n == 0 {
            shift += 1;
        }
        let leader = (p + first) % n;
        let mut replicas = vec![list[leader]];
        // A leader's followers: each of the others once, from the shift on. With racks the shift is
        // that many rounds of the racks.
        let from = if racks.is_empty() {
            shift
        } else {
            shift * rack_count
        };
        let mut others = (from..).map(|k| list[(leader + 1 + k % (n - 1)) % n]);
        let mut used: Vec<&str> = racks.get(&list[leader]).copied().into_iter().collect();
        while replicas.len() < replication_factor as usize {
            let broker = others.next().expect("it goes on for ever");
            if let Some(rack) = racks.get(&broker) {
                let new = !used.contains(rack);
                if !(new || used.len() == rack_count) || replicas.contains(&broker) {
                    continue;
                }
                used.extend(new.then_some(rack));
            }
            replicas.push(broker);
        }
        replicas
    });
    Ok(placed.collect())
}

/// The racks by name, the brokers of each by number.
fn by_rack<'a>(racks: &Map<NodeId, &'a str>) -> Map<&'a str, Vec<NodeId>> {
    let mut by_rack: Map<&str, Vec<NodeId>> = Map::new();
    for (&id, &rack) in racks.iter() {
        by_rack.or_default(rack).push(id);
    }
    by_rack
}

/// The brokers, one of each rack in turn.
fn alternated(by_rack: &Map<&str, Vec<NodeId>>) -> Vec<NodeId> {
    let longest = by_rack.values().map(Vec::len).max().unwrap_or(0);
    (0..longest)
        .flat_map(|i| by_rack.values().filter_map(move |ids| ids.get(i)))
        .copied()
        .collect()
}

/// Places `partitions` partitions as the controller does. `existing` are the topic's present ones
/// when partitions are added: the stripes go on from there.
///
/// # Errors
/// As [`PlacementError`] says.
pub fn striped(
    brokers: &[UsableBroker],
    existing: &[Vec<NodeId>],
    partitions: usize,
    replication_factor: i32,
    draw: &mut dyn FnMut(usize) -> usize,
) -> Result<Vec<Vec<NodeId>>, PlacementError> {
    let mut placer = StripedPlacer::new(brokers, existing, draw);
    // In Kafka's order, which is another than for one partition.
    if replication_factor <= 0 {
        return Err(PlacementError::NotPositive(replication_factor));
    }
    if placer.unfenced == 0 {
        return Err(PlacementError::AllFenced);
    }
    (0..partitions)
        .map(|_| placer.place(replication_factor, draw))
        .collect()
}

/// Brokers of one rack that are alike, given out in turn from a place that moves on with each
/// partition (`BrokerList`).
#[derive(Clone, Default, Debug)]
struct BrokerList {
    brokers: Vec<NodeId>,
    index: usize,
    offset: usize,
    epoch: usize,
}

impl BrokerList {
    fn next(&mut self, epoch: usize) -> Option<NodeId> {
        let n = self.brokers.len();
        if n == 0 {
            return None;
        }
        if self.epoch != epoch {
            self.epoch = epoch;
            self.index = 0;
            self.offset = (self.offset + 1) % n;
        }
        if self.index >= n {
            return None;
        }
        self.index += 1;
        Some(self.brokers[(self.index - 1 + self.offset) % n])
    }

    fn begin_anywhere(&mut self, draw: &mut dyn FnMut(usize) -> usize) {
        if !self.brokers.is_empty() {
            self.offset = draw(self.brokers.len());
        }
    }
}

#[derive(Clone, Default, Debug)]
struct Rack {
    fenced: BrokerList,
    unfenced: BrokerList,
}

/// Deals out replicas to racks in turn, and in a rack to brokers in turn, fenced ones last and never
/// as leaders. Each partition begins one rack and one broker further; after as many partitions as
/// there are brokers alive, everything is shuffled (`RackList`).
#[derive(Clone, Debug)]
pub struct StripedPlacer {
    racks: Map<Option<String>, Rack>,
    /// The racks in the order in which the draws for them are made.
    drawn: Vec<Option<String>>,
    /// The racks in the order of the stripes; no rack is a rack, and the first.
    names: Vec<Option<String>>,
    brokers: usize,
    unfenced: usize,
    epoch: usize,
    offset: usize,
}

impl StripedPlacer {
    /// Loads the brokers and draws where to begin. `existing` is empty for a new topic.
    pub fn new(
        brokers: &[UsableBroker],
        existing: &[Vec<NodeId>],
        draw: &mut dyn FnMut(usize) -> usize,
    ) -> Self {
        let mut racks: Map<Option<String>, Rack> = Map::new();
        let mut drawn: Vec<Option<String>> = Vec::new();
        for broker in brokers {
            if !racks.contains_key(&broker.rack) {
                drawn.push(broker.rack.clone());
            }
            let rack = racks.or_default(broker.rack.clone());
            let list = if broker.fenced {
                &mut rack.fenced
            } else {
                &mut rack.unfenced
            };
            list.brokers.push(broker.id);
        }
        in_hash_order(&mut drawn);
        let rack_of = |id: NodeId| {
            let broker = brokers.iter().find(|broker| broker.id == id);
            broker.map(|broker| &broker.rack)
        };
        let by_number = |id: &NodeId| u64::from(id.0);
        for name in &drawn {
            let rack = racks.get_mut(name).expect("it was just made");
            // Kafka looks the last one up before it sorts.
            let newest = existing.iter().rev().flatten();
            let previous = newest
                .copied()
                .find(|&id| rack_of(id) == Some(name))
                .and_then(|last| rack.unfenced.brokers.iter().position(|&id| id == last));
            rack.fenced.brokers.sort_by_cached_key(by_number);
            rack.unfenced.brokers.sort_by_cached_key(by_number);
            rack.fenced.begin_anywhere(draw);
            match previous {
                Some(at) => rack.unfenced.offset = (at + 1) % rack.unfenced.brokers.len(),
                None => rack.unfenced.begin_anywhere(draw),
            }
        }
        let names: Vec<Option<String>> = racks.keys().cloned().collect();
        let last_leader = existing.last().and_then(|replicas| replicas.first());
        let previous = last_leader
            .and_then(|&leader| rack_of(leader))
            .and_then(|rack| names.iter().position(|name| name == rack));
        let offset = match previous {
            Some(at) => (at + 1) % names.len(),
            None if names.is_empty() => 0,
            None => draw(names.len()),
        };
        Self {
            unfenced: brokers.iter().filter(|broker| !broker.fenced).count(),
            brokers: brokers.len(),
            racks,
            drawn,
            names,
            epoch: 0,
            offset,
        }
    }

    /// The replicas of the next partition, its leader first.
    ///
    /// # Errors
    /// As [`PlacementError`] says.
    pub fn place(
        &mut self,
        replication_factor: i32,
        draw: &mut dyn FnMut(usize) -> usize,
    ) -> Result<Vec<NodeId>, PlacementError> {
        if replication_factor <= 0 {
            return Err(PlacementError::NotPositive(replication_factor));
        }
        if replication_factor as usize > self.brokers {
            return Err(PlacementError::TooFewRegistered {
                replication_factor,
                brokers: self.brokers,
            });
        }
        if self.unfenced == 0 {
            return Err(PlacementError::AllFenced);
        }
        if self.epoch == self.unfenced && self.unfenced > 1 {
            self.shuffle(draw);
            self.epoch = 0;
        }
        let racks = self.names.len();
        if self.offset == racks {
            self.offset = 0;
        }
        let mut first = self.offset;
        let leader = loop {
            let epoch = self.epoch;
            if let Some(leader) = self.rack(first).unfenced.next(epoch) {
                break leader;
            }
            first = (first + 1) % racks;
        };
        let mut replicas = vec![leader];
        // The leader's rack has had its turn in the first round.
        let mut had_its_turn = Some(first);
        let mut at = self.offset;
        while replicas.len() < replication_factor as usize {
            if had_its_turn == Some(at) {
                had_its_turn = None;
            } else {
                let epoch = self.epoch;
                let rack = self.rack(at);
                let next = rack.unfenced.next(epoch);
                replicas.extend(next.or_else(|| rack.fenced.next(epoch)));
            }
            at = (at + 1) % racks;
        }
        self.epoch += 1;
        self.offset += 1;
        Ok(replicas)
    }

    fn rack(&mut self, number: usize) -> &mut Rack {
        let name = &self.names[number];
        self.racks.get_mut(name).expect("every name has its rack")
    }

    fn shuffle(&mut self, draw: &mut dyn FnMut(usize) -> usize) {
        shuffle(&mut self.names, draw);
        for name in &self.drawn {
            let rack = self.racks.get_mut(name).expect("every name has its rack");
            shuffle(&mut rack.fenced.brokers, draw);
            shuffle(&mut rack.unfenced.brokers, draw);
        }
    }
}

/// `Collections.shuffle`: from the end, each with one before it or itself.
fn shuffle<T>(list: &mut [T], draw: &mut dyn FnMut(usize) -> usize) {
    for i in (1..list.len()).rev() {
        list.swap(i, draw(i + 1));
    }
}

/// Kafka keeps the racks in a `HashMap` and draws for them in its order: by the lowest bits of the
/// hash of the name, then as they came. The draws would otherwise fall to other racks than there.
fn in_hash_order(names: &mut [Option<String>]) {
    let mut buckets = 16;
    while names.len() as u64 > buckets / 4 * 3 {
        buckets *= 2;
    }
    names.sort_by_cached_key(|name| {
        let units = name.iter().flat_map(|name| name.encode_utf16());
        let hash = units.fold(0u32, |hash, unit| {
            hash.wrapping_mul(31).wrapping_add(u32::from(unit))
        });
        u64::from(hash ^ (hash >> 16)) & (buckets - 1)
    });
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
