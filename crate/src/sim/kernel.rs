//! Time, the network and process lives: what carries messages and rings timers.
//!
//! The kernel knows nodes only by number. It is generic over what messages say, so that its cost can
//! be measured alone.

mod by_hand;
mod links;

use super::queue::Queue;
use crate::id::NodeId;
use crate::protocol::Timer;
use crate::rng::{Dist, Rng, Salt, mix};
use crate::time::{Span, Time};
pub use by_hand::Undeliverable;
use links::{Link, NEW_LINK};

/// What the trace hash takes from a message: its kind and up to eight bytes of ids.
pub trait Traced {
    /// The kind, and the ids packed into a word.
    fn trace(&self) -> (u32, u64);

    /// The same once more, if it is something that whoever sent it might send again.
    fn again(&self) -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// A message on its way.
#[derive(Clone, Debug)]
pub struct Message<B> {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
    /// When it was sent.
    pub sent_at: Time,
    /// When it arrives.
    pub due_at: Time,
    /// When it would have, had nothing held it up on its way.
    pub expected_at: Time,
    /// What it says.
    pub body: B,
    connection: u32,
    /// Counts what is sent: on a connection, what was sent first arrives first.
    number: u64,
}

/// Something that happens to a node.
#[derive(Clone, Debug)]
enum Event<B> {
    Message(Message<B>),
    Timer {
        node: NodeId,
        life: u32,
        timer: Timer,
    },
    /// `node` learns that its connection to `peer` is gone.
    Disconnected {
        node: NodeId,
        peer: NodeId,
        life: u32,
    },
    /// `node` goes on, unless it was frozen anew: after everything else that was due by now.
    Thaw {
        node: NodeId,
        last: bool,
    },
}

/// What [`Kernel::dispatch`] hands to the world.
#[derive(Debug)]
pub enum Delivery<B> {
    /// A message arrived.
    Message(Message<B>),
    /// A timer of `node` rang.
    Timer(NodeId, Timer),
    /// The connection of the first node to the second is gone.
    Disconnected(NodeId, NodeId),
    /// A frozen process goes on; what queued meanwhile follows.
    Thawed(NodeId),
    /// The event concerned a process or a connection that is no more: nothing to do.
    Nothing,
}

/// The first retransmission time-out; it doubles with each further loss (RFC 6298 has a minimum of
/// 1 s, Linux 200 ms; we take Linux's).
const RETRANSMIT: Span = Span::millis(200);

/// Carries messages, rings timers, counts instants and keeps the trace hash.
#[derive(Clone, Debug)]
pub struct Kernel<B> {
    now: Time,
    instant: u64,
    hash: u64,
    queue: Queue<Event<B>>,
    latency: Dist,
    rng: Rng,
    /// One process life per node: counts stops, so that what was meant for an earlier one is dropped.
    lives: Vec<u32>,
    up: Vec<bool>,
    /// `lives.len()` squared, by sender then receiver.
    links: Vec<Link>,
    /// Messages that met a cut, or wait for somebody to choose them, in order of arrival there.
    held: Vec<Message<B>>,
    /// How many messages were sent.
    sent: u64,
    /// Until when each node's process is frozen, if it is.
    frozen_until: Vec<Option<Time>>,
    /// What waits for frozen processes, in order.
    stalled: Vec<(NodeId, Event<B>)>,
}

impl<B: Traced> Kernel<B> {
    /// An empty network with this latency on every link.
    #[must_use]
    pub fn new(seed: u64, latency: Dist) -> Self {
        Self {
            now: Time::ZERO,
            instant: 0,
            hash: mix(seed),
            queue: Queue::default(),
            latency,
            rng: Rng::new(seed, Salt::Network, 0),
            lives: Vec::new(),
            up: Vec::new(),
            links: Vec::new(),
            held: Vec::new(),
            sent: 0,
            frozen_until: Vec::new(),
            stalled: Vec::new(),
        }
    }

    /// Adds a node, up and connected to all.
    pub fn add_node(&mut self) -> NodeId {
        let old = self.lives.len();
        let new = old + 1;
        let mut links = vec![NEW_LINK; new * new];
        for from in 0..old {
            links[from * new..from * new + old]
                .copy_from_slice(&self.links[from * old..(from + 1) * old]);
        }
        self.links = links;
        self.lives.push(0);
        self.up.push(true);
        self.frozen_until.push(None);
        NodeId::from(old)
    }

    /// The time of the last event, or later if [`Kernel::idle_until`] said so.
    #[must_use]
    pub fn now(&self) -> Time {
        self.now
    }

    /// How many events have been dispatched.
    #[must_use]
    pub fn instant(&self) -> u64 {
        self.instant
    }

    /// A fold of everything dispatched so far.
    #[must_use]
    pub fn hash(&self) -> u64 {
        self.hash
    }

    /// When the next event is due.
    #[must_use]
    pub fn next_at(&self) -> Option<Time> {
        self.queue.next_at()
    }

    /// How many events are pending.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.queue.len()
    }

    /// About how much a clone of this may come to cost, in bytes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.links.len() * size_of::<Link>() + self.queue.len() * (size_of::<Event<B>>() + 32)
    }

    /// Messages on their way.
    pub fn in_flight(&self) -> impl Iterator<Item = &Message<B>> {
        self.queue.pending().filter_map(|event| match event {
            Event::Message(message) => Some(message),
            _ => None,
        })
    }

    /// Whether a node's process runs.
    #[must_use]
    pub fn is_up(&self, node: NodeId) -> bool {
        self.up[node.index()]
    }

    /// Lets time pass to `at` without an event; nothing may be due before.
    pub fn idle_until(&mut self, at: Time) {
        debug_assert!(
            self.next_at().is_none_or(|next| next >= at),
            "an event was due before {at}"
        );
        self.now = self.now.max(at);
    }

    /// Sends `body`. Returns when it will arrive if nothing stands in its way.
    pub fn send(&mut self, from: NodeId, to: NodeId, body: B) -> Time {
        let due_at = self.transmit(from, to);
        self.post(from, to, due_at, body);
        due_at
    }

    /// The second half of [`Kernel::send`], for who wants to look at the body in between.
    pub(super) fn post(&mut self, from: NodeId, to: NodeId, due_at: Time, body: B) {
        let link = self.links[self.link(from, to)];
        let connection = link.connection;
        let twice = link.twice > 0 && self.rng.below(65_536) < u64::from(link.twice);
        let again = body.again().filter(|_| twice);
        let push = |kernel: &mut Self, due_at, body| {
            let message = Message {
                from,
                to,
                sent_at: kernel.now,
                due_at,
                expected_at: due_at,
                body,
                connection,
                number: kernel.sent,
            };
            kernel.sent += 1;
            kernel.queue.push(due_at, Event::Message(message));
        };
        push(self, due_at, body);
        if let Some(body) = again {
            let due_at = self.transmit(from, to);
            push(self, due_at, body);
        }
    }

    /// Rings `timer` at `at`, or now if that has passed.
    pub fn wake(&mut self, node: NodeId, at: Time, timer: Timer) {
        let life = self.lives[node.index()];
        self.queue
            .push(at.max(self.now), Event::Timer { node, life, timer });
    }

    /// Takes the next event, moves time to it, and says what it means for whom.
    pub fn dispatch(&mut self) -> Option<Delivery<B>> {
        let (at, seq, event) = self.queue.pop()?;
        self.now = at;
        Some(match event {
            Event::Thaw { node, last } => {
                self.stamp(seq, node, 3, u64::from(last));
                self.go_on(node, last)
            }
            Event::Message(message) => {
                let (kind, ids) = message.body.trace();
                self.stamp(seq, message.to, kind, ids ^ u64::from(message.from.0) << 48);
                self.arrive(message)
            }
            Event::Timer { node, life, timer } => {
                let (kind, ids) = timer_trace(timer);
                self.stamp(seq, node, kind, ids);
                if self.lives[node.index()] == life && self.up[node.index()] {
                    if self.is_frozen(node) {
                        self.stalled.push((node, event));
                        return Some(Delivery::Nothing);
                    }
                    Delivery::Timer(node, timer)
                } else {
                    Delivery::Nothing
                }
            }
            Event::Disconnected { node, peer, life } => {
                self.stamp(seq, node, 2, u64::from(peer.0));
                if self.lives[node.index()] == life && self.up[node.index()] {
                    if self.is_frozen(node) {
                        self.stalled.push((node, event));
                        return Some(Delivery::Nothing);
                    }
                    Delivery::Disconnected(node, peer)
                } else {
                    Delivery::Nothing
                }
            }
        })
    }

    /// Counts something done from outside as an event of its own, so that it has its instant and
    /// its place in the hash.
    pub fn stamp_command(&mut self, digest: u64) {
        self.stamp(u64::MAX, NodeId(u32::MAX), 1, digest);
    }

    /// The process of `node` is gone: its timers will not ring and its connections are closed. Peers
    /// that are up are told after one latency. What a process that ended by itself (`cleanly`) had
    /// sent still arrives before that; what a killed one had sent does not.
    pub fn take_down(&mut self, node: NodeId, cleanly: bool) {
        if !self.up[node.index()] {
            return;
        }
        self.up[node.index()] = false;
        self.lives[node.index()] += 1;
        self.frozen_until[node.index()] = None;
        self.stalled.retain(|(whose, _)| *whose != node);
        for peer in (0..self.lives.len()).map(NodeId::from) {
            let talked = self.links[self.link(node, peer)].last_due > Time::ZERO
                || self.links[self.link(peer, node)].last_due > Time::ZERO;
            if peer == node || !talked {
                continue;
            }
            // A farewell is not chosen: it would overtake what waits to be, which is lost with it.
            if cleanly && !self.is_by_hand(node, peer) {
                let back = self.link(peer, node);
                self.links[back].connection += 1;
                self.tell_closed(node, peer);
            } else {
                self.disconnect(node, peer);
            }
        }
    }

    /// A new process of `node` runs.
    pub fn bring_up(&mut self, node: NodeId) {
        self.up[node.index()] = true;
    }

    /// `node` closes its connection to `peer`: nothing on its way in either direction arrives. All of
    /// `node` learns of it at once (two clients in a process share the connection), and the peer
    /// after one latency, unless a cut keeps even that from it.
    pub fn disconnect(&mut self, node: NodeId, peer: NodeId) {
        for link in [self.link(node, peer), self.link(peer, node)] {
            self.links[link].connection += 1;
            // Order is a connection's: what the old one still sends again holds up nothing.
            self.links[link].last_due = self.now;
        }
        self.held
            .retain(|m| !((m.from, m.to) == (node, peer) || (m.from, m.to) == (peer, node)));
        self.tell_closed(node, peer);
        if self.up[node.index()] {
            let life = self.lives[node.index()];
            self.queue
                .push(self.now, Event::Disconnected { node, peer, life });
        }
    }

    /// Tells `peer` that its connection to `node` is gone.
    fn tell_closed(&mut self, node: NodeId, peer: NodeId) {
        if self.up[peer.index()] && !self.is_cut(node, peer) {
            let due_at = self.transmit(node, peer);
            let life = self.lives[peer.index()];
            self.queue.push(
                due_at,
                Event::Disconnected {
                    node: peer,
                    peer: node,
                    life,
                },
            );
        }
    }

    /// The process of `node` does nothing until then, as in a long garbage collection: what arrives
    /// and what rings waits, and then comes in its order.
    pub fn freeze(&mut self, node: NodeId, until: Time) {
        if self.up[node.index()] {
            self.frozen_until[node.index()] = Some(until);
            self.queue.push(until, Event::Thaw { node, last: false });
        }
    }

    /// A frozen process goes on at once.
    pub fn thaw(&mut self, node: NodeId) {
        if self.is_frozen(node) {
            self.freeze(node, self.now);
        }
    }

    /// Whether a process is frozen. It is until the last event of the microsecond in which it goes
    /// on, so that nothing overtakes what waited.
    #[must_use]
    pub fn is_frozen(&self, node: NodeId) -> bool {
        self.frozen_until[node.index()].is_some()
    }

    fn go_on(&mut self, node: NodeId, last: bool) -> Delivery<B> {
        if self.frozen_until[node.index()].is_none_or(|until| until > self.now) {
            return Delivery::Nothing;
        }
        if !last {
            self.queue.push(self.now, Event::Thaw { node, last: true });
            return Delivery::Nothing;
        }
        self.frozen_until[node.index()] = None;
        let mine = self.stalled.extract_if(.., |(whose, _)| *whose == node);
        for (_, event) in mine {
            self.queue.push(self.now, event);
        }
        Delivery::Thawed(node)
    }

    /// When a packet sent now arrives: after one latency and the retransmissions that losses cost,
    /// and never before what was sent earlier.
    pub(super) fn transmit(&mut self, from: NodeId, to: NodeId) -> Time {
        let drawn = self.latency.draw(&mut self.rng);
        let link = self.link(from, to);
        let ails = self.links[link];
        let mut due = self.now + Span(drawn.0 * u64::from(ails.slow) / 1_000);
        if ails.late > 0 && self.rng.below(65_536) < u64::from(ails.late) {
            due += ails.late_by;
        }
        if self.links[link].loss > 0 {
            let mut wait = RETRANSMIT;
            while self.rng.below(65_536) < u64::from(self.links[link].loss) {
                due += wait;
                wait = wait * 2;
            }
        }
        let due = due.max(self.links[link].last_due);
        self.links[link].last_due = due;
        due
    }

    fn arrive(&mut self, mut message: Message<B>) -> Delivery<B> {
        let link = self.links[self.link(message.from, message.to)];
        if message.connection != link.connection {
            return Delivery::Nothing;
        }
        if self.now < link.held_until {
            // It overtook what a cut held back: it waits behind that.
            message.due_at = link.held_until;
            self.queue.push(message.due_at, Event::Message(message));
            return Delivery::Nothing;
        }
        if link.cut || link.by_hand {
            self.held.push(message);
            return Delivery::Nothing;
        }
        if !self.up[message.to.index()] {
            // Nobody listens there: the connection is refused.
            self.disconnect(message.to, message.from);
            return Delivery::Nothing;
        }
        if self.is_frozen(message.to) {
            self.stalled.push((message.to, Event::Message(message)));
            return Delivery::Nothing;
        }
        Delivery::Message(message)
    }

    fn link(&self, from: NodeId, to: NodeId) -> usize {
        from.index() * self.lives.len() + to.index()
    }

    /// Counts one dispatched event and folds it into the hash: four fixed-width words by our own
    /// writer, since `derive(Hash)` differs between 32 and 64 bits.
    fn stamp(&mut self, seq: u64, target: NodeId, kind: u32, ids: u64) {
        self.instant += 1;
        let mut hash = self.hash;
        for word in [
            self.now.0,
            seq,
            u64::from(target.0) << 32 | u64::from(kind),
            ids,
        ] {
            hash = (hash ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            hash ^= hash >> 32;
        }
        self.hash = hash;
    }
}

fn timer_trace(timer: Timer) -> (u32, u64) {
    match timer {
        Timer::Producer => (16, 0),
        Timer::Consumer => (17, 0),
        Timer::Broker => (18, 0),
        Timer::Arrival(n) => (19, u64::from(n)),
        Timer::Patience(n) => (20, u64::from(n)),
        Timer::Work(n) => (21, u64::from(n)),
        Timer::Retry(n) => (22, u64::from(n)),
    }
}

#[cfg(test)]
mod tests;
