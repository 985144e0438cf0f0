//! What ails links, and what puts them right.

use super::{Event, Kernel, Message, Traced};
use crate::id::NodeId;
use crate::time::{Span, Time};

/// One direction of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Link {
    /// Nothing sent later arrives before this: connections are ordered.
    pub(super) last_due: Time,
    /// What a cut held back arrives now, and nothing sent later before it.
    pub(super) held_until: Time,
    /// Counts closings; messages of an earlier connection are dropped on arrival.
    pub(super) connection: u32,
    /// Packets lost, in 1/65536.
    pub(super) loss: u16,
    pub(super) cut: bool,
    /// How many thousandths of the usual a latency is.
    pub(super) slow: u32,
    /// Packets that take so much longer, in 1/65536.
    pub(super) late: u16,
    pub(super) late_by: Span,
    /// Messages sent twice, in 1/65536.
    pub(super) twice: u16,
    /// Nothing arrives until somebody chooses it.
    pub(super) by_hand: bool,
}

impl Link {
    /// Nothing ails it, and nobody chooses what arrives; order is kept as before.
    fn heal(&mut self) {
        *self = Self {
            last_due: self.last_due,
            held_until: self.held_until,
            connection: self.connection,
            ..NEW_LINK
        };
    }
}

/// A share in 1/65536, as links keep it.
fn share(rate: f64) -> u16 {
    (rate.clamp(0.0, 0.999) * 65_536.0) as u16
}

pub(super) const NEW_LINK: Link = Link {
    last_due: Time::ZERO,
    held_until: Time::ZERO,
    connection: 0,
    loss: 0,
    cut: false,
    slow: 1_000,
    late: 0,
    late_by: Span::ZERO,
    twice: 0,
    by_hand: false,
};

impl<B: Traced> Kernel<B> {
    /// Cuts both directions between two nodes: what is sent waits until the cut is mended or the
    /// connection closed.
    pub fn cut(&mut self, a: NodeId, b: NodeId) {
        for link in [self.link(a, b), self.link(b, a)] {
            self.links[link].cut = true;
        }
    }

    /// Loses this share of packets in both directions; each is sent again after a time-out.
    pub fn set_loss(&mut self, a: NodeId, b: NodeId, rate: f64) {
        for link in [self.link(a, b), self.link(b, a)] {
            self.links[link].loss = share(rate.min(0.95));
        }
    }

    /// Latencies in both directions are so many times what they usually are.
    pub fn set_slow(&mut self, a: NodeId, b: NodeId, factor: f64) {
        for link in [self.link(a, b), self.link(b, a)] {
            self.links[link].slow = (factor * 1_000.0) as u32;
        }
    }

    /// This share of messages takes so much longer, in both directions; what is sent after them on
    /// the same connection waits behind them.
    pub fn set_late(&mut self, a: NodeId, b: NodeId, rate: f64, by: Span) {
        for link in [self.link(a, b), self.link(b, a)] {
            (self.links[link].late, self.links[link].late_by) = (share(rate), by);
        }
    }

    /// This share of the messages that may be ([`Traced::again`]) are sent twice, in both directions.
    pub fn set_twice(&mut self, a: NodeId, b: NodeId, rate: f64) {
        for link in [self.link(a, b), self.link(b, a)] {
            self.links[link].twice = share(rate);
        }
    }

    /// Whether the way from `a` to `b` is cut.
    #[must_use]
    pub fn is_cut(&self, a: NodeId, b: NodeId) -> bool {
        self.links[self.link(a, b)].cut
    }

    /// Mends everything that ails links, somebody in the network's place included; what waited for that
    /// goes on its way in the order it came.
    pub fn heal(&mut self) {
        self.links.iter_mut().for_each(Link::heal);
        self.go_their_way();
    }

    /// What nothing holds any more goes on its way, in the order it came.
    pub(super) fn go_their_way(&mut self) {
        let (stay, held) = std::mem::take(&mut self.held).into_iter().partition(|m| {
            let link = self.links[self.link(m.from, m.to)];
            link.cut || link.by_hand
        });
        self.held = stay;
        let held: Vec<Message<B>> = held;
        for message in &held {
            self.transmit(message.from, message.to);
        }
        // What was sent after it and is still on its way is due before `last_due`.
        for message in &held {
            let link = self.link(message.from, message.to);
            let link = &mut self.links[link];
            link.held_until = link.held_until.max(link.last_due + Span::micros(1));
        }
        for mut message in held {
            let link = self.link(message.from, message.to);
            let link = &mut self.links[link];
            link.last_due = link.held_until + Span::micros(1);
            message.due_at = link.held_until;
            self.queue.push(message.due_at, Event::Message(message));
        }
    }
}
