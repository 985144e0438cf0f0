//! What was heard of a record, made into a drawing and a sentence.

use super::{RecordWay, Way};
use crate::id::NodeId;
use crate::time::{Span, Time};
use crate::view::biography::{Course, Sent, Stay};

impl Way<'_> {
    fn told(&self, now: Time) -> String {
        let birth = self.birth;
        let lead = &self.copies[0];
        let mut told = match self.sent {
            Some(sent) => format!(
                "It was {} on its way to {}",
                birth.stamp.at.since(sent),
                self.broker(birth.leader)
            ),
            None => format!(
                "{} appended it",
                self.broker(birth.leader).replacen('b', "B", 1)
            ),
        };
        match (lead.passed, lead.lost) {
            (Some(passed), _) => {
                let wait = passed.since(birth.stamp.at);
                let mut copies = self.copies[1..].iter().filter(|copy| copy.from <= passed);
                match copies.next_back() {
                    Some(last) => told.push_str(&format!(
                        ", then waited {wait} to be committed; the last to copy it before that was {}.",
                        self.broker(last.broker)
                    )),
                    None => told.push_str(&format!(", and was committed {wait} later without a copy.")),
                }
            }
            (None, Some(lost)) => told.push_str(&format!(
                ", lay there for {} without being committed by it, and was cut off.",
                lost.since(birth.stamp.at)
            )),
            (None, None) => told.push_str(&format!(
                "; since {} it waits there to be committed.",
                now.since(birth.stamp.at)
            )),
        }
        if let (Some(sent), Some(acked)) = (self.sent, self.acked) {
            told.push_str(&format!(
                " Its producer had the acknowledgement {} after it sent it.",
                acked.since(sent)
            ));
        }
        told
    }

    /// When it was in every hand that fetched it, committed, acknowledged and read, as far as it ever
    /// was; `None` if it is not committed. What followers and the group learn of it later takes a
    /// hundred times as long, and would leave no room for this.
    fn settled(&self) -> Option<Time> {
        let committed = self.copies.iter().filter_map(|copy| copy.passed).min()?;
        let with = |at: &Time| at.since(committed) < Span::millis(100);
        let copies = self.copies.iter().map(|copy| copy.from);
        let reads = self.reads.iter().map(|read| read.at);
        let all = copies.chain(reads).chain(self.acked).filter(with);
        Some(all.max().map_or(committed, |last| last.max(committed)))
    }

    /// What took time, since `zero`, and where.
    fn stays(&self, place: impl Fn(NodeId) -> Option<usize>, zero: Time) -> Vec<Stay> {
        let mut stays = Vec::new();
        let mut stay = |node, what: &str, waits, from: Time, to: Option<Time>| {
            if let Some(place) = place(node).filter(|_| to.is_none_or(|to| to > from)) {
                stays.push(Stay {
                    place,
                    what: what.to_owned(),
                    waits,
                    from: from.since(zero),
                    to: to.map(|to| to.since(zero)),
                });
            }
        };
        if let (Some(producer), Some(sent), Some(acked)) = (self.producer, self.sent, self.acked) {
            stay(producer, "until its ack", true, sent, Some(acked));
        }
        for (n, copy) in self.copies.iter().enumerate() {
            let what = match (copy.passed.or(copy.lost), n) {
                (Some(_), _) if copy.passed.is_none() => "until cut off",
                (_, 0) => "not committed",
                _ => "HW not past it",
            };
            stay(
                copy.broker,
                what,
                true,
                copy.from,
                copy.passed.or(copy.lost),
            );
            if let (Some(passed), Some(lost)) = (copy.passed, copy.lost) {
                stay(
                    copy.broker,
                    if copy.deleted {
                        "committed, then deleted"
                    } else {
                        "committed, then lost"
                    },
                    false,
                    passed,
                    Some(lost),
                );
            }
        }
        for read in self.reads.iter().filter(|read| read.group.is_some()) {
            stay(read.consumer, "position not kept", true, read.at, read.kept);
        }
        stays
    }

    /// Everything heard, as what there is to draw and to tell.
    pub(super) fn finish(mut self, now: Time) -> RecordWay {
        self.steps.sort_by_cached_key(|(at, _)| at.0);
        let told = self.told(now);
        let zero = self.sent.unwrap_or(self.birth.stamp.at);
        let mut nodes: Vec<NodeId> = self.producer.into_iter().collect();
        for node in self
            .copies
            .iter()
            .map(|c| c.broker)
            .chain(self.reads.iter().map(|read| read.consumer))
        {
            if !nodes.contains(&node) {
                nodes.push(node);
            }
        }
        let place = |node| nodes.iter().position(|&n| n == node);
        let mut stays = self.stays(place, zero);
        stays.sort_by_cached_key(|stay| stay.from.0);
        let known = self
            .messages
            .iter()
            .filter_map(|&(from, to, what, sent, due)| {
                Some(Sent {
                    from: place(from)?,
                    to: place(to)?,
                    what: what.to_owned(),
                    sent: sent.since(zero),
                    due: due.since(zero),
                })
            });
        let messages: Vec<Sent> = known.collect();
        let open = stays.iter().any(|stay| stay.to.is_none());
        let ends = stays.iter().filter_map(|stay| stay.to);
        let last = ends.chain(messages.iter().map(|m| m.due)).max();
        let span = if open {
            now.since(zero)
        } else {
            last.unwrap_or(Span::ZERO)
        };
        let drawn = self
            .settled()
            .map_or(span, |at| Span(at.since(zero).0 * 5 / 4).min(span));
        let world = self.world;
        let name = |node: &NodeId| match world.broker_ids().contains(node) {
            true => self.broker(*node),
            false => world.name(*node).to_owned(),
        };
        let course = Course {
            name: format!(
                "Record {} of {}-{}, epoch {}",
                self.offset,
                world.topic_name(self.at.topic),
                self.at.partition,
                self.birth.leader_epoch
            ),
            since: if self.sent.is_some() {
                "its batch was sent"
            } else {
                "it was appended"
            },
            who: nodes.iter().map(name).collect(),
            stays,
            messages,
            span,
            drawn,
            open,
        };
        RecordWay {
            course,
            told,
            steps: self.steps,
        }
    }
}
