//! What befell the cluster, in order: an observer of facts, kept beside the world.
//!
//! It holds what the controllers decided and what replicas lost by it, a handful of entries for each
//! fault; the words are made when shown.

use crate::id::{NodeId, TopicPartition};
use crate::map::Map;
use crate::pile::Pile;
use crate::protocol::{Brokers, Fact, Sink, Stamp, Stop, Truncation};
use crate::time::Time;
use std::collections::BTreeMap;

/// A partition as the controllers have it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Leadership {
    /// Who leads, if anyone does.
    pub leader: Option<NodeId>,
    /// Counts leaders.
    pub leader_epoch: i32,
    /// The in-sync replicas.
    pub isr: Brokers,
    /// The eligible leader replicas (KIP-966).
    pub elr: Brokers,
    /// Whether the leader was elected though it may lack committed records.
    pub unclean: bool,
}

impl Leadership {
    /// Whether a new leader epoch began, after `was`. Partitions begin with epoch 0.
    #[must_use]
    pub fn begins_epoch(&self, was: Option<Self>) -> bool {
        self.leader_epoch != was.map_or(0, |was| was.leader_epoch)
    }
}

/// Something that befell the cluster.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Happening {
    /// A broker's or controller's process ended.
    Stopped(NodeId, Stop),
    /// It began again.
    Started(NodeId),
    /// The controller fenced a broker.
    Fenced(NodeId),
    /// The controller let a broker take part again.
    Unfenced(NodeId),
    /// The controller changed a partition: how it was, if that is known, and how it is.
    Changed {
        /// The partition.
        at: TopicPartition,
        /// Before.
        was: Option<Leadership>,
        /// From now on.
        is: Leadership,
    },
    /// A replica lost its records from one offset on.
    Truncated {
        /// Whose.
        broker: NodeId,
        /// Of which partition.
        at: TopicPartition,
        /// Where it ended before.
        from: i64,
        /// Where it ends now.
        to: i64,
        /// Why.
        why: Truncation,
    },
    /// A controller became the active one, in this epoch of the quorum.
    Active(NodeId, i32),
    /// A stream worker has a task that another had, or nobody.
    TaskMoved {
        /// The worker.
        worker: NodeId,
        /// Who had it, if anybody did.
        from: Option<NodeId>,
        /// Sub-topology and partition.
        task: (u32, u32),
    },
    /// A task's stores have what their changelogs had.
    TaskRestored {
        /// The worker.
        worker: NodeId,
        /// Sub-topology and partition.
        task: (u32, u32),
        /// How many changes were read.
        records: u64,
        /// Since when.
        since: Time,
    },
}

/// Everything that befell the cluster so far.
#[derive(Clone, Debug, Default)]
pub struct Chronicle {
    entries: Pile<(Stamp, Happening)>,
    partitions: BTreeMap<TopicPartition, Leadership>,
    /// Who had each stream task last.
    tasks: Map<(u32, u32), NodeId>,
}

impl Chronicle {
    /// What happened, oldest first.
    pub fn entries(&self) -> impl DoubleEndedIterator<Item = &(Stamp, Happening)> {
        (0..self.entries.len()).filter_map(|n| self.entries.get(n))
    }
}

impl Sink for Chronicle {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        let happening = match fact {
            // Everyone starts at the beginning.
            Fact::Started { node } if stamp.instant > 0 => Happening::Started(node),
            Fact::Stopped { node, how } => Happening::Stopped(node, how),
            Fact::Fenced { broker } => Happening::Fenced(broker),
            Fact::Unfenced { broker } => Happening::Unfenced(broker),
            Fact::PartitionChanged {
                at,
                leader,
                leader_epoch,
                partition_epoch,
                isr,
                elr,
                unclean,
                ..
            } => {
                let is = Leadership {
                    leader,
                    leader_epoch,
                    isr,
                    elr,
                    unclean,
                };
                let was = self.partitions.insert(at, is);
                // A controller that becomes active tells what it finds, which is mostly known, and
                // how partitions began.
                if was.map_or(partition_epoch == 0, |was| was == is) {
                    return;
                }
                Happening::Changed { at, was, is }
            }
            Fact::Truncated {
                broker,
                at,
                from,
                to,
                why,
            } => Happening::Truncated {
                broker,
                at,
                from,
                to,
                why,
            },
            Fact::QuorumLeader {
                node,
                epoch,
                leads: true,
            } => Happening::Active(node, epoch),
            Fact::TaskAssigned {
                worker,
                sub,
                partition,
                ..
            } => {
                let task = (sub, partition);
                let from = self.tasks.insert(task, worker);
                if from == Some(worker) {
                    return;
                }
                Happening::TaskMoved { worker, from, task }
            }
            // What was empty was restored at once.
            Fact::TaskRestored { records: 0, .. } => return,
            Fact::TaskRestored {
                worker,
                sub,
                partition,
                records,
                since,
            } => Happening::TaskRestored {
                worker,
                task: (sub, partition),
                records,
                since,
            },
            _ => return,
        };
        self.entries.push((stamp, happening));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::id::TopicId;

    #[test]
    fn a_change_remembers_what_was() {
        let (mut chronicle, at) = (Chronicle::default(), TopicPartition::new(TopicId(0), 1));
        let stamp = Stamp {
            at: Time(5),
            instant: 3,
        };
        let changed = |leader, leader_epoch| Fact::PartitionChanged {
            incarnation: 1,
            replicas: Brokers::default(),
            last_known: Brokers::default(),
            at,
            leader,
            leader_epoch,
            partition_epoch: leader_epoch,
            isr: Brokers(0b11),
            elr: Brokers(0),
            unclean: false,
        };
        chronicle.hear(stamp, changed(Some(NodeId(0)), 1));
        chronicle.hear(stamp, changed(None, 2));
        let happened: Vec<_> = chronicle.entries().map(|(_, h)| *h).collect();
        let [
            Happening::Changed {
                was: None,
                is: first,
                ..
            },
            Happening::Changed {
                was: Some(was), is, ..
            },
        ] = happened[..]
        else {
            panic!("two changes: {happened:?}");
        };
        assert_eq!((was, is.leader), (first, None));
    }
}
