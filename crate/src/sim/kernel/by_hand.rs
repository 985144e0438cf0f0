//! Somebody in the network's place: who chooses which message arrives next.

use super::{Event, Kernel, Message, Traced};
use crate::id::NodeId;

/// Why a message cannot be chosen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Undeliverable {
    /// Nothing is on its way there.
    Nothing,
    /// The network is cut between the two.
    Cut,
    /// The receiver's process does nothing for a while.
    Frozen,
}

impl<B: Traced> Kernel<B> {
    /// Whether nothing arrives at `to` from `from` until somebody chooses it.
    #[must_use]
    pub fn is_by_hand(&self, from: NodeId, to: NodeId) -> bool {
        self.links[self.link(from, to)].by_hand
    }

    /// From now on nothing arrives on the links between these nodes until somebody chooses it, or
    /// everything does again, in the order it was sent.
    pub fn set_by_hand(&mut self, among: &[NodeId], by_hand: bool) {
        for &a in among {
            for &b in among {
                let link = self.link(a, b);
                self.links[link].by_hand = by_hand && a != b;
            }
        }
        self.go_their_way();
    }

    /// What somebody may choose from, in the order it was sent. On each connection only the first
    /// can be next: connections are ordered.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Message<B>> {
        let mut all: Vec<&Message<B>> = self
            .on_the_way()
            .filter(|m| self.is_by_hand(m.from, m.to))
            .collect();
        all.sort_by_cached_key(|message| message.number);
        all
    }

    /// Everything on its way that may still arrive.
    fn on_the_way(&self) -> impl Iterator<Item = &Message<B>> {
        let open = |m: &&Message<B>| m.connection == self.links[self.link(m.from, m.to)].connection;
        self.in_flight().chain(&self.held).filter(open)
    }

    /// What was sent first of what is on its way from `from` to `to` arrives now. `None` if nobody
    /// listens there: the connection is refused.
    ///
    /// # Errors
    /// There is nothing that could arrive. Nothing was changed.
    pub fn deliver(
        &mut self,
        from: NodeId,
        to: NodeId,
    ) -> Result<Option<Message<B>>, Undeliverable> {
        if self.is_cut(from, to) {
            return Err(Undeliverable::Cut);
        }
        if self.is_frozen(to) {
            return Err(Undeliverable::Frozen);
        }
        let there = self.on_the_way().filter(|m| (m.from, m.to) == (from, to));
        let first = there.map(|message| message.number).min();
        let number = first.ok_or(Undeliverable::Nothing)?;
        let held = self.held.iter().position(|m| m.number == number);
        let message = match held {
            Some(place) => self.held.remove(place),
            None => {
                let chosen =
                    |event: &Event<B>| matches!(event, Event::Message(m) if m.number == number);
                match self.queue.take(chosen) {
                    Some(Event::Message(message)) => message,
                    _ => return Err(Undeliverable::Nothing),
                }
            }
        };
        if self.is_up(to) {
            return Ok(Some(message));
        }
        self.disconnect(to, from);
        Ok(None)
    }

    /// Whether the two have talked.
    #[must_use]
    pub fn have_talked(&self, a: NodeId, b: NodeId) -> bool {
        [self.link(a, b), self.link(b, a)]
            .iter()
            .any(|&link| self.links[link].last_due > crate::time::Time::ZERO)
    }
}
