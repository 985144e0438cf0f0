//! What a consumer knows of the partitions it reads (`SubscriptionState`).

use crate::id::{TopicId, TopicPartition};
use crate::map::Map;
use crate::protocol::{OffsetAndEpoch, OffsetSpec};
use crate::time::Time;
use regex_lite::Regex;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a consumer wants to read.
#[derive(Clone, Debug)]
pub(super) enum Subscription {
    Nothing,
    /// Topics, shared with the group.
    Topics(Map<TopicId, Arc<str>>),
    /// Topics of matching names, shared with the group.
    Pattern(Arc<Regex>),
    /// These partitions, whatever the group does.
    Assigned(Map<TopicId, Arc<str>>),
}

impl Subscription {
    /// Whether the group says which partitions are read.
    pub fn is_shared(&self) -> bool {
        matches!(self, Self::Topics(_) | Self::Pattern(_))
    }
}

/// What is missing before a partition can be fetched.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Need {
    Nothing,
    /// What the group committed.
    Committed,
    /// The offset of this.
    Offset(OffsetSpec),
    /// The leader's word that what was read is in its log.
    Validation,
}

#[derive(Clone, Debug)]
pub(super) struct Partition {
    /// The offset of the next record to give to the application, unless something is missing.
    pub position: i64,
    pub need: Need,
    /// The epoch of the record before the position, -1 if it is not known: of the last one given
    /// out, or as a commit or the leader has it.
    pub last_epoch: i32,
    /// The leader epoch under which the position was right, or is being found so.
    pub leader_epoch: i32,
    /// A request for what is missing is on its way.
    pub asked: bool,
    pub paused: bool,
    /// Backing off after an error.
    pub not_before: Time,
    pub high_watermark: Option<i64>,
    /// Whether to tell that it is owned, once its position is known.
    pub announce: bool,
}

impl Partition {
    pub fn new(announce: bool) -> Self {
        Self {
            position: 0,
            need: Need::Committed,
            last_epoch: -1,
            leader_epoch: -1,
            asked: false,
            paused: false,
            not_before: Time::ZERO,
            high_watermark: None,
            announce,
        }
    }

    /// The position, if it is known.
    pub fn position(&self) -> Option<i64> {
        (self.need == Need::Nothing).then_some(self.position)
    }

    pub fn needs(&mut self, need: Need) {
        self.need = need;
        self.asked = false;
    }

    /// Whether a leader is to be asked for what is needed now.
    pub fn is_due(&self, now: Time) -> bool {
        !self.asked && self.not_before <= now
    }

    /// What was asked was not told: it is asked again from `at` on.
    pub fn asks_again(&mut self, at: Time) {
        self.asked = false;
        self.not_before = at;
    }

    /// The position is this, and nothing is missing.
    pub fn moves(&mut self, to: OffsetAndEpoch) {
        self.needs(Need::Nothing);
        self.position = to.offset;
        self.last_epoch = to.leader_epoch;
    }

    /// The leader of `epoch` must say first whether what was read is in its log.
    pub fn doubt(&mut self, epoch: i32) {
        self.leader_epoch = epoch;
        self.needs(Need::Validation);
    }
}

/// The partitions assigned, and in which order they are fetched.
#[derive(Clone, Debug, Default)]
pub(super) struct Assignment {
    partitions: Map<TopicPartition, Partition>,
    /// A partition that gave records goes to the end, so that all get their turn (KIP-74).
    order: VecDeque<TopicPartition>,
    /// Counts assignments, to know answers meant for an earlier one.
    pub epoch: u32,
}

impl Assignment {
    pub fn replace(&mut self, partitions: &[TopicPartition], announce: bool) {
        self.epoch = self.epoch.wrapping_add(1);
        self.partitions.clear();
        self.partitions
            .extend(partitions.iter().map(|&at| (at, Partition::new(announce))));
        self.order = self.partitions.keys().copied().collect();
    }

    pub fn len(&self) -> usize {
        self.partitions.len()
    }

    pub fn get(&self, at: TopicPartition) -> Option<&Partition> {
        self.partitions.get(&at)
    }

    pub fn get_mut(&mut self, at: TopicPartition) -> Option<&mut Partition> {
        self.partitions.get_mut(&at)
    }

    pub fn iter(&self) -> impl Iterator<Item = (TopicPartition, &Partition)> {
        self.partitions.iter().map(|(&at, p)| (at, p))
    }

    pub fn iter_mut(&mut self) -> impl Iterator<Item = (TopicPartition, &mut Partition)> {
        self.partitions.iter_mut().map(|(&at, p)| (at, p))
    }

    /// In the order to fetch.
    pub fn in_turn(&self) -> impl Iterator<Item = (TopicPartition, &Partition)> {
        self.order
            .iter()
            .filter_map(|&at| Some((at, self.partitions.get(&at)?)))
    }

    pub fn had_its_turn(&mut self, at: TopicPartition) {
        if let Some(place) = self.order.iter().position(|&other| other == at) {
            self.order.remove(place);
            self.order.push_back(at);
        }
    }

    /// What a commit of everything polled so far says.
    pub fn consumed(&self) -> Vec<(TopicPartition, OffsetAndEpoch)> {
        let known = self.iter().filter_map(|(at, p)| {
            let position = OffsetAndEpoch {
                offset: p.position()?,
                leader_epoch: p.last_epoch,
            };
            Some((at, position))
        });
        known.collect()
    }
}
