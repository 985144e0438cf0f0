//! The way of one record through the cluster: who sent it, who has a copy since when, when it was
//! committed, who knows that, who read it. Every time in it was told when it happened.

mod course;

use super::scene::number;
use crate::id::{GroupId, NodeId, TopicPartition};
use crate::map::Map;
use crate::protocol::{Carries, Fact, Stamp, Truncation};
use crate::sim::{Moment, Trail, World};
use crate::time::Time;
use crate::view::biography::Course;
use crate::view::markers::group_name;

/// The way of a record, and in words what it waited for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RecordWay {
    /// What there is to draw.
    pub course: Course,
    /// One or two sentences.
    pub told: String,
    /// What happened to it and when, in order.
    pub steps: Vec<(Time, String)>,
}

/// What is known of the records at one offset of a partition.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Story {
    /// The offset.
    pub offset: i64,
    /// "Offset 7 of orders-0".
    pub name: String,
    /// The ways of the records that lie or lay there, the newest first.
    pub ways: Vec<RecordWay>,
    /// Why there is none, if there is none.
    pub missing: String,
}

/// What is known of the records at this offset.
#[must_use]
pub fn story(moment: &Moment, now: Time, at: TopicPartition, offset: i64) -> Story {
    let world = &moment.world;
    let name = format!(
        "Offset {offset} of {}-{}",
        world.topic_name(at.topic),
        at.partition
    );
    let ways = ways(moment, now, at, offset);
    let mut logs = world.brokers().filter_map(|broker| broker.replica(at));
    let there = logs.any(|replica| {
        let log = replica.log();
        (log.log_start_offset()..log.log_end_offset()).contains(&offset)
    });
    let missing = match (ways.is_empty(), there) {
        (false, _) => String::new(),
        (true, false) => "No broker has a record there now.".to_owned(),
        (true, true) => format!(
            "A record lies there, but how it came is not remembered any more: what is kept are the latest {} steps or more, of all records.",
            Trail::KEPT
        ),
    };
    Story {
        offset,
        name,
        ways,
        missing,
    }
}

/// The ways of the records that lay at this offset, the newest first: a record that was truncated
/// left its offset to another. Empty if nothing was appended there, or so long ago that
/// [`Trail`] has forgotten it.
fn ways(moment: &Moment, now: Time, at: TopicPartition, offset: i64) -> Vec<RecordWay> {
    let facts = || moment.trail.facts().copied();
    let appends = facts().filter_map(|(stamp, fact)| match fact {
        Fact::Appended {
            broker,
            leader_epoch,
            at: there,
            base_offset,
            records,
            crc,
            ..
        } if there == at && covers(base_offset, records, offset) => Some(Birth {
            stamp,
            leader: broker,
            leader_epoch,
            base_offset,
            records,
            crc,
        }),
        _ => None,
    });
    let mut all: Vec<RecordWay> = appends
        .map(|birth| Way::new(&moment.world, at, offset, birth, facts()).finish(now))
        .collect();
    all.reverse();
    all
}

fn covers(base: i64, records: u32, offset: i64) -> bool {
    (base..base + i64::from(records)).contains(&offset)
}

/// How its batch came into its first log.
#[derive(Clone, Copy)]
struct Birth {
    stamp: Stamp,
    leader: NodeId,
    leader_epoch: i32,
    base_offset: i64,
    records: u32,
    crc: u32,
}

/// A copy in a broker's log.
struct Copy {
    broker: NodeId,
    from: Time,
    /// When this broker's high watermark passed it.
    passed: Option<Time>,
    /// When it was cut off, given up or deleted.
    lost: Option<Time>,
    /// Whether it was deleted, as its topic's retention has it.
    deleted: bool,
}

struct Way<'a> {
    world: &'a World,
    at: TopicPartition,
    offset: i64,
    birth: Birth,
    producer: Option<NodeId>,
    sent: Option<Time>,
    acked: Option<Time>,
    copies: Vec<Copy>,
    reads: Vec<Read>,
    messages: Vec<(NodeId, NodeId, &'static str, Time, Time)>,
    /// What was carried about the partition: from, to, what, set off, due.
    carried: Vec<(NodeId, NodeId, Carries, Time, Time)>,
    /// Whom each broker follows, and in which epoch.
    follows: Map<NodeId, (NodeId, i32)>,
    /// Epochs that began with an unclean election.
    unclean: Vec<i32>,
    steps: Vec<(Time, String)>,
}

/// Who read it first in a group, when, and when the group's position was kept past it.
struct Read {
    consumer: NodeId,
    group: Option<GroupId>,
    at: Time,
    kept: Option<Time>,
}

impl<'a> Way<'a> {
    fn new(
        world: &'a World,
        at: TopicPartition,
        offset: i64,
        birth: Birth,
        facts: impl Iterator<Item = (Stamp, Fact)>,
    ) -> Self {
        let mut way = Self {
            world,
            at,
            offset,
            birth,
            producer: None,
            sent: None,
            acked: None,
            copies: Vec::new(),
            reads: Vec::new(),
            messages: Vec::new(),
            carried: Vec::new(),
            follows: Map::new(),
            unclean: Vec::new(),
            steps: Vec::new(),
        };
        for (stamp, fact) in facts {
            way.hear(stamp, fact);
        }
        way
    }

    /// Notes the message that came from one to the other at this very instant, if one did.
    fn came(
        &mut self,
        from: Option<NodeId>,
        to: NodeId,
        what: Carries,
        now: Time,
        word: &'static str,
    ) -> Option<(NodeId, Time)> {
        let fits = |c: &&(NodeId, NodeId, Carries, Time, Time)| {
            from.is_none_or(|from| from == c.0) && (c.1, c.2, c.4) == (to, what, now)
        };
        let &(from, to, _, sent, due) = self.carried.iter().rev().find(fits)?;
        self.messages.push((from, to, word, sent, due));
        Some((from, sent))
    }

    fn copy(&mut self, broker: NodeId) -> Option<&mut Copy> {
        let holds = |copy: &&mut Copy| copy.broker == broker && copy.lost.is_none();
        self.copies.iter_mut().find(holds)
    }

    fn broker(&self, node: NodeId) -> String {
        format!("broker {}", number(self.world, node))
    }

    fn step(&mut self, now: Time, words: String) {
        self.steps.push((now, words));
    }

    fn begin(&mut self, broker: NodeId, from: Time) {
        self.copies.push(Copy {
            broker,
            from,
            passed: None,
            lost: None,
            deleted: false,
        });
    }

    fn pass(&mut self, broker: NodeId, now: Time) {
        if let Some(copy) = self.copy(broker).filter(|copy| copy.passed.is_none()) {
            copy.passed = Some(now);
            let named = self.broker(broker);
            self.step(now, format!("{named} learned that it is committed"));
            self.came(None, broker, Carries::Given, now, "HW");
        }
    }

    /// A leader's high watermark passed it.
    fn commit(&mut self, leader: NodeId, now: Time) {
        let known = self.copies.iter().any(|copy| copy.passed.is_some());
        if let Some(copy) = self.copy(leader).filter(|copy| copy.passed.is_none()) {
            copy.passed = Some(now);
            let named = self.broker(leader);
            self.step(
                now,
                match known {
                    false => format!(
                        "the high watermark of {named}, its leader, passed it: it is committed"
                    ),
                    true => {
                        format!("the high watermark of {named}, the leader by now, passed it too")
                    }
                },
            );
        }
    }

    fn lose(&mut self, broker: NodeId, now: Time, why: Option<Truncation>) {
        let Some(copy) = self.copy(broker) else {
            return;
        };
        copy.lost = Some(now);
        let named = self.broker(broker);
        let words = match (why, self.follows.get(&broker)) {
            (Some(Truncation::Diverged), Some(&(leader, epoch))) => {
                let leader = self.broker(leader);
                let how = match self.unclean.contains(&epoch) {
                    true => "elected uncleanly",
                    false => "elected",
                };
                format!(
                    "{named} cut it off: it is not in the log of {leader}, {how} leader for epoch {epoch}"
                )
            }
            (Some(Truncation::Diverged), None) => {
                format!("{named} cut it off: its leader does not have it")
            }
            (Some(Truncation::Unflushed), _) => {
                format!("{named} lost it with its power: it was not on disk yet")
            }
            (Some(Truncation::OutOfRange), _) => {
                format!("{named} began anew: its leader has nothing as old")
            }
            (None, _) => format!("{named} gave up its copy of the partition"),
        };
        self.step(now, words);
    }

    fn delete(&mut self, broker: NodeId, now: Time, start: i64) {
        if let Some(copy) = self.copy(broker) {
            (copy.lost, copy.deleted) = (Some(now), true);
            let named = self.broker(broker);
            self.step(
                now,
                format!("{named} deleted it: its log begins at {start} now"),
            );
        }
    }

    /// Who follows whom, and how it came about.
    fn elected(&mut self, fact: Fact) {
        match fact {
            Fact::Follows {
                broker,
                at,
                leader: Some(leader),
                leader_epoch,
                ..
            } if at == self.at => {
                self.follows.insert(broker, (leader, leader_epoch));
            }
            Fact::PartitionChanged {
                at,
                leader_epoch,
                unclean: true,
                ..
            } if at == self.at => self.unclean.push(leader_epoch),
            _ => {}
        }
    }

    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        let (now, at, offset, birth) = (stamp.at, self.at, self.offset, self.birth);
        if stamp.instant > birth.stamp.instant && self.copies.is_empty() {
            return;
        }
        match fact {
            Fact::Carried {
                from,
                to,
                what,
                at: Some(there),
                due_at,
                ..
            } if there == at => {
                self.carried.push((from, to, what, now, due_at));
            }
            Fact::CameLate {
                from,
                to,
                what,
                at: Some(there),
                sent_at,
            } if there == at => {
                self.carried.push((from, to, what, sent_at, now));
            }
            Fact::Appended {
                at: there,
                base_offset,
                crc,
                ..
            } if (stamp, there, base_offset, crc)
                == (birth.stamp, at, birth.base_offset, birth.crc) =>
            {
                self.begin(birth.leader, now);
                let batch = self.came(None, birth.leader, Carries::Batch, now, "batch");
                if let Some((from, sent)) = batch {
                    (self.producer, self.sent) = (Some(from), Some(sent));
                    let name = self.world.name(from);
                    self.step(
                        sent,
                        format!("{name} sent it in a batch of {}", birth.records),
                    );
                }
                let (leader, epoch) = (self.broker(birth.leader), birth.leader_epoch);
                self.step(
                    now,
                    format!("{leader}, leader in epoch {epoch}, appended it"),
                );
            }
            Fact::Replicated {
                broker,
                leader_epoch,
                at: there,
                base_offset,
                crc,
                ..
            } if (there, base_offset, leader_epoch, crc)
                == (at, birth.base_offset, birth.leader_epoch, birth.crc) =>
            {
                self.begin(broker, now);
                let copy = self.came(None, broker, Carries::Given, now, "copy");
                let named = self.broker(broker);
                let whom =
                    copy.map_or_else(|| "its leader".to_owned(), |(from, _)| self.broker(from));
                self.step(
                    now,
                    format!("{named} had fetched it from {whom}: one more copy"),
                );
            }
            Fact::HighWatermark {
                broker,
                at: there,
                offset: mark,
            } if there == at && mark > offset => self.commit(broker, now),
            Fact::FollowerHighWatermark {
                broker,
                at: there,
                offset: mark,
            } if there == at && mark > offset => self.pass(broker, now),
            Fact::Truncated {
                broker,
                at: there,
                to,
                why,
                ..
            } if there == at && to <= offset => self.lose(broker, now, Some(why)),
            Fact::LogStartMoved {
                broker,
                at: there,
                to,
                ..
            } if there == at && to > offset => self.delete(broker, now, to),
            Fact::Dropped { broker, at: there } if there == at => self.lose(broker, now, None),
            other => self.clients(now, other),
        }
    }

    /// What clients were told, handed and kept.
    fn clients(&mut self, now: Time, fact: Fact) {
        let (at, offset, birth) = (self.at, self.offset, self.birth);
        match fact {
            Fact::Acked {
                producer,
                leader,
                at: there,
                base_offset,
                records,
                ..
            } if (there, leader) == (at, birth.leader)
                && (base_offset, records) == (birth.base_offset, birth.records)
                && self.acked.is_none()
                && self.copy(leader).is_some()
                && self.producer.is_none_or(|known| known == producer) =>
            {
                self.producer = Some(producer);
                self.acked = Some(now);
                self.came(Some(leader), producer, Carries::Ack, now, "ack");
                let name = self.world.name(producer);
                self.step(now, format!("{name} had its acknowledgement"));
            }
            Fact::Delivered {
                consumer,
                group,
                at: there,
                first,
                next,
                ..
            } if there == at && (first..next).contains(&offset) => {
                self.read(consumer, group, now);
            }
            Fact::Committed {
                group,
                at: there,
                offset: position,
            } if there == at && position > offset => {
                let of = |read: &&mut Read| read.group == Some(group) && read.kept.is_none();
                if let Some(read) = self.reads.iter_mut().find(of) {
                    read.kept = Some(now);
                    let name = group_name(self.world, group).unwrap_or_default();
                    self.step(
                        now,
                        format!("the position of group {name} was kept past it"),
                    );
                }
            }
            other => self.elected(other),
        }
    }

    /// A consumer was handed what lies at the offset. It is this record if who gave it has this one.
    fn read(&mut self, consumer: NodeId, group: Option<GroupId>, now: Time) {
        let gave = |c: &&(NodeId, NodeId, Carries, Time, Time)| {
            (c.1, c.2) == (consumer, Carries::Given) && c.4 <= now
        };
        let Some(&(from, to, _, sent, due)) = self.carried.iter().rev().find(gave) else {
            return;
        };
        let known = self
            .reads
            .iter()
            .any(|read| read.group == group && (group.is_some() || read.consumer == consumer));
        if known || self.copy(from).is_none() {
            return;
        }
        self.messages.push((from, to, "read", sent, due));
        self.reads.push(Read {
            consumer,
            group,
            at: now,
            kept: None,
        });
        let name = self.world.name(consumer);
        let words = match group {
            Some(group) => {
                let group = group_name(self.world, group).unwrap_or_default();
                format!("{name} of group {group} was handed it")
            }
            None => format!("{name} was handed it"),
        };
        self.step(now, words);
    }
}

#[cfg(test)]
mod tests;
