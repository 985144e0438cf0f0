//! Somebody in the network's place: which message arrives next.

use super::command::Command;
use super::kernel::{Message, Undeliverable};
use super::problem::Problem;
use super::trace::cargo;
use super::traffic::Carried;
use super::world::World;
use crate::id::NodeId;
use crate::protocol::{Body, Sink};

impl World {
    /// Whether messages between brokers and producers wait to be chosen.
    #[must_use]
    pub fn is_by_hand(&self) -> bool {
        match self.held_nodes()[..] {
            [a, b, ..] => self.kernel.is_by_hand(a, b),
            _ => false,
        }
    }

    /// The messages that wait to be chosen, in the order they were sent.
    #[must_use]
    pub fn waiting(&self) -> Vec<&Message<Body>> {
        self.kernel.waiting()
    }

    /// The same as the picture shows messages: what they carry.
    #[must_use]
    pub fn waiting_cargo(&self) -> Vec<Carried> {
        let mut all = Vec::new();
        for message in self.waiting() {
            let (from, to) = (message.from, message.to);
            let (sent_at, due_at) = (message.sent_at, message.due_at);
            cargo(&message.body, |what, at, records| {
                all.push(Carried {
                    from,
                    to,
                    what,
                    at,
                    records,
                    sent_at,
                    due_at,
                });
            });
        }
        all
    }

    /// Whether messages from one to the other wait to be chosen.
    #[must_use]
    pub fn is_held(&self, from: NodeId, to: NodeId) -> bool {
        self.kernel.is_by_hand(from, to)
    }

    /// Whose messages to each other can be held: brokers and producers.
    fn held_nodes(&self) -> Vec<NodeId> {
        let sources = self.feed.iter().flat_map(|feed| feed.sources.iter());
        let shop = self.shops.iter().map(|shops| &shops.async_shop);
        let all = self.brokers.iter().chain(sources).chain(shop);
        all.copied().collect()
    }

    /// Commands of somebody in the network's place.
    pub(super) fn carry_out_by_hand<S: Sink>(
        &mut self,
        command: &Command,
        sink: &mut S,
    ) -> Result<(), Problem> {
        match command {
            Command::HoldMessages { hold } => {
                let among = self.held_nodes();
                self.kernel.set_by_hand(&among, *hold);
            }
            Command::Deliver { from, to } => {
                let (a, b) = (self.one(from)?, self.one(to)?);
                let message = self.kernel.deliver(a, b);
                let message = message.map_err(|why| self.undeliverable(why, a, b))?;
                if let Some(message) = message {
                    self.arrived(message, sink);
                }
            }
            Command::BreakConnection { a, b } => {
                let (a, b) = (self.one(a)?, self.one(b)?);
                if a == b || !self.kernel.have_talked(a, b) {
                    let (a, b) = (self.name(a), self.name(b));
                    let why = format!("{a} and {b} have no connection that could break");
                    return Err(Problem::new(why));
                }
                self.kernel.disconnect(a, b);
            }
            _ => unreachable!("the other commands are carried out elsewhere"),
        }
        Ok(())
    }

    fn undeliverable(&self, why: Undeliverable, from: NodeId, to: NodeId) -> Problem {
        let (from, to) = (self.name(from), self.name(to));
        Problem::new(match why {
            Undeliverable::Nothing => format!("nothing is on its way from {from} to {to}"),
            Undeliverable::Cut => format!("the network between {from} and {to} is cut"),
            Undeliverable::Frozen => format!("{to} is frozen: it reads nothing now"),
        })
    }

    /// The one node that a name means.
    fn one(&self, name: &str) -> Result<NodeId, Problem> {
        match self.named(name)?[..] {
            [node] => Ok(node),
            _ => Err(Problem::new(format!(
                "“{name}” means several nodes: name one"
            ))),
        }
    }
}

#[cfg(test)]
mod tests;
