//! What the numbers on the page are made of: an observer of facts.
//!
//! It holds nothing that a world needs; it is kept beside the world and goes back with it.

use super::ledger::{Counts, OrderInShop, OrderRow, Told};
use super::passages::{Passage, Passages, Passed};
use super::traffic::Traffic;
use crate::id::{GroupId, NodeId, OrderId, TopicPartition};
use crate::map::Map;
use crate::pile::Pile;
use crate::protocol::{Fact, Lane, OrderStep, Service, Sink, Stamp, Stop};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// A dot of the picture.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Moved {
    /// From.
    pub from: NodeId,
    /// To.
    pub to: NodeId,
    /// The partition at the broker's end.
    pub log: Option<TopicPartition>,
    /// When it set off.
    pub sent_at: Time,
    /// When it arrives.
    pub due_at: Time,
    /// Its colour.
    pub hue: u8,
    /// Its order.
    pub order: OrderId,
}

/// Something for the scrubber.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Event {
    /// A node stopped.
    Stopped(NodeId, Stop),
    /// A node started again.
    Started(NodeId),
    /// A group has a new generation.
    Rebalanced(GroupId, u32),
    /// A member was taken for dead.
    MemberExpired(GroupId),
    /// The first customer of a shop gave up since the last such event was more than ten seconds ago.
    GivingUp(Lane),
    /// The first order of a shop was lost.
    FirstLost(Lane),
    /// The first order was worked on twice.
    FirstDuplicate(OrderId),
}

/// One sample of the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Sample {
    /// Customers who wait in the synchronous shop.
    pub people: u32,
    /// Accepted orders not finished in the asynchronous shop.
    pub records: u32,
    /// Records that each service's group has not committed.
    pub lag: [u32; 3],
    /// Partitions in which payment's group is [`Sample::BEHIND`] records behind, or more.
    pub behind: u32,
}

impl Sample {
    /// From how many records on a partition counts as behind.
    pub const BEHIND: i64 = 10;
}

/// A finished wait: to an answer, or to shipping.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waited {
    /// When it ended.
    pub at: Time,
    /// In which shop.
    pub lane: Lane,
    /// To shipping rather than to an answer.
    pub shipped: bool,
    /// How long.
    pub span: Span,
}

/// All of it.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    orders: Pile<OrderRow>,
    counts: [Counts; 2],
    waiting: [u32; 2],
    sent: u32,
    samples: Pile<Sample>,
    recent: VecDeque<Waited>,
    moved: VecDeque<Moved>,
    passages: Passages,
    traffic: Traffic,
    events: Pile<(Stamp, Event)>,
    last_giving_up: [Option<Time>; 2],
    ends: Map<TopicPartition, i64>,
    committed: Map<(GroupId, TopicPartition), i64>,
    lag: [u32; 3],
}

impl Metrics {
    /// Time between samples.
    pub const EVERY: Span = Span::millis(250);
    /// How long finished waits and flights are kept.
    const WAITS_KEPT: Span = Span::secs(5);
    const MOVES_KEPT: Span = Span::millis(400);
    /// The scrubber has room for so many; a run with more has a deeper problem to look at.
    const EVENTS_KEPT: usize = 400;
    /// A batch of many records is shown as so many dots.
    const DOTS: usize = 8;

    /// Every order so far; an order's number is its place.
    pub fn orders(&self) -> impl DoubleEndedIterator<Item = &OrderRow> + Clone {
        self.orders.iter()
    }

    /// One order.
    #[must_use]
    pub fn order(&self, id: OrderId) -> Option<&OrderRow> {
        self.orders.get(id.index())
    }

    /// A shop's counts.
    #[must_use]
    pub fn counts(&self, lane: Lane) -> &Counts {
        &self.counts[lane as usize]
    }

    /// How many customers wait for an answer.
    #[must_use]
    pub fn waiting(&self, lane: Lane) -> u32 {
        self.waiting[lane as usize]
    }

    /// Samples from the start of the run, [`Metrics::EVERY`] apart.
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = &Sample> + Clone {
        self.samples.iter()
    }

    /// As of now.
    #[must_use]
    pub fn sample(&self) -> Sample {
        let [people, _] = self.waiting;
        Sample {
            people,
            records: self.counts[1].open,
            lag: self.lag,
            behind: self.behind(),
        }
    }

    fn behind(&self) -> u32 {
        let payment = GroupId::from(Service::Payment.index());
        let positions = self
            .committed
            .iter()
            .filter(|((group, _), _)| *group == payment);
        let lags = positions.map(|((_, at), position)| self.ends.get(at).unwrap_or(&0) - position);
        lags.filter(|lag| *lag >= Sample::BEHIND).count() as u32
    }

    /// Waits that ended within the last five seconds.
    pub fn recent(&self) -> impl Iterator<Item = &Waited> {
        self.recent.iter()
    }

    /// Dots that set off lately.
    pub fn moved(&self) -> impl Iterator<Item = &Moved> {
        self.moved.iter()
    }

    /// What happened to one order, by time.
    pub fn passages(&self, order: OrderId) -> impl Iterator<Item = &Passage> {
        let placed_at = self.order(order).map_or(Time::MAX, |row| row.placed_at);
        self.passages.of(order, placed_at)
    }

    /// What clients and brokers sent each other.
    #[must_use]
    pub fn traffic(&self) -> &Traffic {
        &self.traffic
    }

    /// Events for the scrubber.
    pub fn events(&self) -> impl DoubleEndedIterator<Item = &(Stamp, Event)> + Clone {
        self.events.iter()
    }

    /// Where a group's position stands.
    #[must_use]
    pub fn committed(&self, group: GroupId, at: TopicPartition) -> Option<i64> {
        self.committed.get(&(group, at)).copied()
    }

    /// A service's lag: records it has not committed.
    #[must_use]
    pub fn lag(&self, service: Service) -> u32 {
        self.lag[service.index()]
    }

    /// Every wait for an answer that ended with one (or with "declined"), in order of the orders.
    pub fn responses(&self, lane: Lane) -> impl Iterator<Item = Span> {
        self.orders
            .iter()
            .map(move |row| &row.lanes[lane as usize])
            .filter(|o| matches!(o.told, Told::Answered | Told::Declined))
            .map(|o| o.told_after)
    }

    /// Every wait for shipping that ended.
    pub fn shippings(&self, lane: Lane) -> impl Iterator<Item = Span> {
        self.orders
            .iter()
            .filter_map(move |row| row.lanes[lane as usize].done_after[Service::Shipping.index()])
    }

    /// About how much a clone of this may come to cost, in bytes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.orders.unshared_bytes()
            + self.samples.unshared_bytes()
            + self.passages.unshared_bytes()
            + self.traffic.unshared_bytes()
            + self.recent.len() * size_of::<Waited>()
            + self.moved.len() * size_of::<Moved>()
    }

    fn event(&mut self, stamp: Stamp, event: Event) {
        if self.events.len() < Self::EVENTS_KEPT {
            self.events.push((stamp, event));
        }
    }

    /// Keeps a message for the picture; of a batch only the first few records.
    fn show_moved(&mut self, moved: Moved) {
        let same = |m: &Moved| {
            (m.from, m.to, m.log, m.sent_at) == (moved.from, moved.to, moved.log, moved.sent_at)
        };
        let before = self.moved.iter().rev().take_while(|m| same(m));
        if before.take(Self::DOTS).count() < Self::DOTS {
            self.moved.push_back(moved);
        }
    }

    fn sample_until(&mut self, now: Time) {
        while now.0 >= self.samples.len() as u64 * Self::EVERY.0 {
            self.samples.push(self.sample());
        }
        while self
            .recent
            .front()
            .is_some_and(|w| now.since(w.at) > Self::WAITS_KEPT)
        {
            self.recent.pop_front();
        }
        while self
            .moved
            .front()
            .is_some_and(|m| now.since(m.due_at) > Self::MOVES_KEPT)
        {
            self.moved.pop_front();
        }
    }

    fn order_step(&mut self, stamp: Stamp, lane: Lane, id: OrderId, step: OrderStep) {
        if let OrderStep::Placed { customer } = step {
            self.placed(stamp, lane, id, customer);
            return;
        }
        self.passages.add(stamp.at, id, Passed::Step(lane, step));
        let Some(row) = self.orders.get_mut(id.index()) else {
            return;
        };
        let placed_at = row.placed_at;
        let order = &mut row.lanes[lane as usize];
        let before = *order;
        let after = stamp.at.since(placed_at);
        let tell = |order: &mut OrderInShop, told| {
            (order.told, order.told_after) = (told, after);
        };
        match step {
            OrderStep::Placed { .. } | OrderStep::Began(_) => {}
            OrderStep::Sent => order.sent = Some(self.sent),
            OrderStep::Answered => tell(order, Told::Answered),
            OrderStep::ToldDeclined => tell(order, Told::Declined),
            OrderStep::Refused => tell(order, Told::Refused),
            OrderStep::GaveUp => tell(order, Told::GaveUp),
            OrderStep::Done(service) => {
                order.times[service.index()] = order.times[service.index()].saturating_add(1);
                order.done_after[service.index()].get_or_insert(after);
                order.finished |= service == Service::Shipping;
            }
            OrderStep::Declined => {
                order.declined = true;
                order.finished = true;
            }
            OrderStep::GivenUpOn(service) => {
                order.given_up_on = Some(service);
                order.finished = true;
            }
            OrderStep::Unsent => {
                order.unsent = true;
                order.finished = true;
            }
        }
        let order = *order;
        if step == OrderStep::Sent {
            self.sent += 1;
        }
        self.count(stamp, lane, id, before, order);
    }

    fn placed(&mut self, stamp: Stamp, lane: Lane, id: OrderId, customer: u32) {
        self.counts[lane as usize].placed += 1;
        self.waiting[lane as usize] += 1;
        if id.index() == self.orders.len() {
            let lanes = [OrderInShop::default(); 2];
            self.orders.push(OrderRow {
                placed_at: stamp.at,
                customer,
                lanes,
            });
        }
    }

    /// Counts what one step changed.
    fn count(&mut self, at: Stamp, lane: Lane, id: OrderId, was: OrderInShop, is: OrderInShop) {
        let counts = &mut self.counts[lane as usize];
        let up = |count: &mut u32, was: bool, is: bool| {
            *count = (*count + u32::from(is)) - u32::from(was);
        };
        let told = |o: &OrderInShop, told| o.told == told;
        let paid = |o: &OrderInShop| o.done_after[0].is_some() || o.declined || o.finished;
        let lost = |o: &OrderInShop| match lane {
            Lane::Sync => o.given_up_on.is_some(),
            Lane::Async => o.unsent && o.told == Told::Answered,
        };
        let twice = |o: &OrderInShop| o.times.iter().any(|&n| n > 1);
        let answered = |o: &OrderInShop| o.told == Told::Answered;
        let shipped = |o: &OrderInShop| o.done_after[2].is_some();

        up(&mut counts.answered, answered(&was), answered(&is));
        up(
            &mut counts.refused,
            told(&was, Told::Refused),
            told(&is, Told::Refused),
        );
        up(
            &mut counts.gave_up,
            told(&was, Told::GaveUp),
            told(&is, Told::GaveUp),
        );
        up(&mut counts.shipped, shipped(&was), shipped(&is));
        up(&mut counts.declined, was.declined, is.declined);
        let regretted = |o: &OrderInShop| answered(o) && o.declined;
        up(
            &mut counts.confirmed_then_declined,
            regretted(&was),
            regretted(&is),
        );
        up(
            &mut counts.given_up_on,
            was.given_up_on.is_some(),
            is.given_up_on.is_some(),
        );
        up(&mut counts.lost, lost(&was), lost(&is));
        up(&mut counts.duplicated, twice(&was), twice(&is));
        up(
            &mut counts.unpaid,
            answered(&was) && !paid(&was),
            answered(&is) && !paid(&is),
        );
        up(
            &mut counts.open,
            answered(&was) && !was.finished,
            answered(&is) && !is.finished,
        );
        let (first_lost, first_twice) = (
            counts.lost == 1 && lost(&is) && !lost(&was),
            twice(&is) && !twice(&was),
        );
        let first_twice = first_twice && counts.duplicated == 1;

        if was.told == Told::Nothing && is.told != Told::Nothing {
            self.waiting[lane as usize] -= 1;
            if answered(&is) || told(&is, Told::Declined) {
                self.recent.push_back(Waited {
                    at: at.at,
                    lane,
                    shipped: false,
                    span: is.told_after,
                });
            }
        }
        if let (None, Some(span)) = (was.done_after[2], is.done_after[2]) {
            self.recent.push_back(Waited {
                at: at.at,
                lane,
                shipped: true,
                span,
            });
        }
        if told(&is, Told::GaveUp) && !told(&was, Told::GaveUp) {
            let last = self.last_giving_up[lane as usize].replace(at.at);
            if last.is_none_or(|last| at.at.since(last) > Span::secs(10)) {
                self.event(at, Event::GivingUp(lane));
            }
        }
        if first_lost {
            self.event(at, Event::FirstLost(lane));
        }
        if first_twice {
            self.event(at, Event::FirstDuplicate(id));
        }
    }

    fn lag_of(&mut self, group: GroupId) -> Option<&mut u32> {
        self.lag.get_mut(group.index())
    }

    fn appended(&mut self, at: TopicPartition, base_offset: i64, records: u32) {
        let next = base_offset + i64::from(records);
        let end = self.ends.or_default(at);
        // A topic deleted and made again begins at 0, and its groups with it.
        let before = *end;
        let anew = base_offset < before;
        *end = next;
        let groups = self.committed.iter_mut().filter(|((_, p), _)| *p == at);
        for ((group, _), position) in groups {
            if let Some(lag) = self.lag.get_mut(group.index()) {
                if anew {
                    *lag = lag.saturating_sub((before - *position).max(0) as u32);
                    *position = 0;
                }
                *lag += records;
            }
        }
    }

    fn position(&mut self, group: GroupId, at: TopicPartition, offset: i64) {
        let end = self.ends.get(&at).copied().unwrap_or(0);
        let old = self.committed.insert((group, at), offset);
        let old_lag = old.map_or(0, |old| (end - old).max(0)) as u32;
        let new_lag = (end - offset).max(0) as u32;
        if let Some(lag) = self.lag_of(group) {
            *lag = (*lag + new_lag).saturating_sub(old_lag);
        }
    }
}

impl Sink for Metrics {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        self.sample_until(stamp.at);
        self.traffic.hear(stamp, fact);
        match fact {
            Fact::Order { lane, order, step } => self.order_step(stamp, lane, order, step),
            Fact::Appended {
                at,
                base_offset,
                records,
                ..
            } => {
                self.appended(at, base_offset, records);
            }
            Fact::Committed { group, at, offset } => self.position(group, at, offset),
            Fact::Owns {
                group,
                at,
                position,
                ..
            } if !self.committed.contains_key(&(group, at)) => {
                self.position(group, at, position);
            }
            Fact::Moved {
                from,
                to,
                log,
                due_at,
                hue,
                order,
            } => {
                let sent_at = stamp.at;
                let took_us = u32::try_from(due_at.since(sent_at).0).unwrap_or(u32::MAX);
                let what = Passed::Moved {
                    from,
                    to,
                    log,
                    took_us,
                };
                self.passages.add(sent_at, order, what);
                self.show_moved(Moved {
                    from,
                    to,
                    log,
                    sent_at,
                    due_at,
                    hue,
                    order,
                });
            }
            Fact::Stopped { node, how } => self.event(stamp, Event::Stopped(node, how)),
            Fact::Started { node } if stamp.at > Time::ZERO => {
                self.event(stamp, Event::Started(node));
            }
            Fact::Rebalanced { group, members, .. } => {
                self.event(stamp, Event::Rebalanced(group, members));
            }
            Fact::MemberExpired { group } => self.event(stamp, Event::MemberExpired(group)),
            _ => {}
        }
    }
}
