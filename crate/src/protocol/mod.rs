//! Everything nodes say to each other and tell about themselves, as plain data.
//!
//! A node is a state machine: an [`Input`] in, effects and [`Fact`]s out through [`Out`]. The rooms
//! that hold the machines (`cluster`, `client`, `group`, `shop`) know this vocabulary and not each
//! other; `sim` carries the messages.

mod control;
mod fact;
mod kafka;
mod layers;
mod shop;

pub use control::*;
pub use fact::{
    Brokers, Carries, Fact, Lane, OrderStep, Sink, Stamp, Stop, Truncation, fingerprint,
};
pub use kafka::*;
pub use layers::{Delivery, Layer, LayerStep, LayersMessage};
pub use shop::{Answer, Order, Service, ShopMessage, WorkOutcome};

use crate::id::NodeId;
use crate::time::Time;

/// What travels between nodes.
#[derive(Clone, Debug)]
pub enum Body {
    /// A client asks a broker. `id` is the correlation id, unique per connection and direction.
    Request {
        /// The correlation id that the response repeats.
        id: u32,
        /// What is asked.
        request: Box<Request>,
    },
    /// A broker answers.
    Response {
        /// The correlation id of the request.
        id: u32,
        /// The answer.
        response: Box<Response>,
    },
    /// The order pipeline's own calls: customers, shops, services.
    Shop(ShopMessage),
    /// Views on their way to those who serve them.
    Layers(LayersMessage),
}

/// What a node is handed in one step.
#[derive(Clone, Debug)]
pub enum Input {
    /// The process starts, for the first time or again. What it had in memory is gone.
    Start,
    /// The process is asked to stop: it finishes what it must and calls [`Out::exit`].
    Stop,
    /// A setting that the node reads changed: it looks whether there is something to do.
    Settings,
    /// A message arrived.
    Message {
        /// Who sent it.
        from: NodeId,
        /// What it says.
        body: Body,
    },
    /// A timer rang.
    Timer(Timer),
    /// The connection to `peer` is gone: it closed, or its process died. Nothing that was on its
    /// way in either direction will arrive.
    Disconnected {
        /// The other end.
        peer: NodeId,
    },
}

/// What a node asked to be woken for. Timers cannot be taken back: one that is no longer wanted is
/// ignored when it rings. All timers of a node die with its process.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Timer {
    /// The node's producer has something due (linger, back-off, a time-out).
    Producer,
    /// The node's consumer has something due (heartbeat, auto-commit, a time-out).
    Consumer,
    /// A broker has something due (a waiting fetch, a member's session, a rebalance).
    Broker,
    /// The next customer comes. The number counts changes of the rate, so that an arrival drawn at
    /// an earlier rate is let go.
    Arrival(u32),
    /// The customer of this order has waited long enough. The number is the order's.
    Patience(u32),
    /// A worker's piece of work is done. The number is the worker's.
    Work(u32),
    /// A pause before another attempt is over. The number is the worker's.
    Retry(u32),
}

/// What a node does to the world.
#[derive(Clone, Debug)]
pub enum Effect {
    /// Send `body` to `to`. Messages from one node to another arrive in the order sent.
    Send {
        /// The receiver.
        to: NodeId,
        /// What is said.
        body: Body,
    },
    /// Ring `timer` at `at`, or at once if that has passed.
    Wake {
        /// When.
        at: Time,
        /// Which.
        timer: Timer,
    },
    /// Close the connection to `peer`: what is on its way in either direction is dropped, and the
    /// peer is told after one latency.
    Disconnect {
        /// The other end.
        peer: NodeId,
    },
    /// The process ends, cleanly.
    Exit,
    /// The process ends at once, since it cannot write.
    Halt,
}

/// Where a step puts what it does and what it tells. Reused from step to step.
#[derive(Clone, Debug, Default)]
pub struct Out {
    /// Done to the world, in order.
    pub effects: Vec<Effect>,
    /// Told about the step, in order; empty unless someone listens.
    pub facts: Vec<Fact>,
    /// Whether anyone listens to facts.
    pub telling: bool,
}

impl Out {
    /// Sends `body` to `to`.
    pub fn send(&mut self, to: NodeId, body: Body) {
        self.effects.push(Effect::Send { to, body });
    }

    /// Asks a broker.
    pub fn request(&mut self, to: NodeId, id: u32, request: Request) {
        self.send(
            to,
            Body::Request {
                id,
                request: Box::new(request),
            },
        );
    }

    /// Answers a client.
    pub fn respond(&mut self, to: NodeId, id: u32, response: Response) {
        self.send(
            to,
            Body::Response {
                id,
                response: Box::new(response),
            },
        );
    }

    /// Rings `timer` at `at`.
    pub fn wake(&mut self, at: Time, timer: Timer) {
        self.effects.push(Effect::Wake { at, timer });
    }

    /// Closes the connection to `peer`.
    pub fn disconnect(&mut self, peer: NodeId) {
        self.effects.push(Effect::Disconnect { peer });
    }

    /// Ends this process, cleanly.
    pub fn exit(&mut self) {
        self.effects.push(Effect::Exit);
    }

    /// Ends this process at once: what it would have handed over it does not (`Exit.halt`).
    pub fn halt(&mut self) {
        self.effects.push(Effect::Halt);
    }

    /// Tells a fact, if anyone listens. A fact is ids and numbers, so making one costs nothing much.
    pub fn tell(&mut self, fact: Fact) {
        if self.telling {
            self.facts.push(fact);
        }
    }
}

/// Keeps one timer set at the earliest thing due, since timers cannot be taken back.
///
/// The owner calls [`Alarm::set`] with its earliest deadline after each step and
/// [`Alarm::rang`] when the timer rings.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Alarm(Option<Time>);

impl Alarm {
    /// Sees to it that `timer` rings at `deadline` or before.
    pub fn set(&mut self, deadline: Option<Time>, timer: Timer, out: &mut Out) {
        if let Some(at) = deadline
            && self.0.is_none_or(|armed| at < armed)
        {
            self.0 = Some(at);
            out.wake(at, timer);
        }
    }

    /// The timer rang at `now`; an earlier ring than the one now set is a stale one, and does no harm.
    pub fn rang(&mut self, now: Time) {
        if self.0.is_some_and(|armed| armed <= now) {
            self.0 = None;
        }
    }
}
