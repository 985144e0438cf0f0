//! A client's requests in flight, and how its connections do.

use crate::id::NodeId;
use crate::map::Map;
use crate::protocol::{Out, Request};
use crate::rng::Rng;
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// `reconnect.backoff.ms`, the pause after a first lost connection.
const RECONNECT_BACKOFF: Span = Span::millis(50);
/// `reconnect.backoff.max.ms`.
const RECONNECT_BACKOFF_MAX: Span = Span::millis(1_000);

/// Which of a node's clients speaks. A node has one connection to a broker, so its producer takes
/// the even correlation ids and its consumer the odd ones; a second consumer begins halfway.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(crate) enum Role {
    Producer = 0,
    Consumer = 1,
    SecondConsumer = 0x8000_0001,
}

impl Role {
    /// Whether a response with this correlation id is for this client.
    pub(crate) fn owns(self, id: u32) -> bool {
        const HALFWAY: u32 = Role::SecondConsumer as u32;
        match self {
            Self::Producer => id.is_multiple_of(2),
            Self::Consumer => id % 2 == 1 && id < HALFWAY,
            Self::SecondConsumer => id % 2 == 1 && id >= HALFWAY,
        }
    }
}

/// The pause before attempt `attempts + 1`: `initial` doubled for every attempt, give or take a
/// fifth, at most `max` (KIP-580).
pub(crate) fn backoff(initial: Span, max: Span, attempts: u32, rng: &mut Rng) -> Span {
    let doubled = initial * (1u64 << attempts.min(32));
    let fifths = 800_000 + rng.below(400_001);
    let jittered = u128::from(doubled.0.min(max.0)) * u128::from(fifths) / 1_000_000;
    Span(u64::try_from(jittered).unwrap_or(u64::MAX).min(max.0))
}

/// A request that was sent and not answered yet. `T` is what the client keeps about it.
#[derive(Clone, Debug)]
struct Call<T> {
    id: u32,
    peer: NodeId,
    deadline: Time,
    what: T,
}

/// A broker, as the client's network layer knows it.
#[derive(Clone, Copy, Debug, Default)]
struct Peer {
    in_flight: u32,
    /// Connections lost since the last answer.
    failures: u32,
    /// No new connection before.
    not_before: Time,
}

/// All requests of one client.
#[derive(Clone, Debug)]
pub(crate) struct Calls<T> {
    next_id: u32,
    /// In the order sent.
    pending: VecDeque<Call<T>>,
    peers: Map<NodeId, Peer>,
}

impl<T> Calls<T> {
    pub(crate) fn new(role: Role) -> Self {
        Self {
            next_id: role as u32,
            pending: VecDeque::new(),
            peers: Map::new(),
        }
    }

    /// Goes on counting correlation ids where `last`, of the process before, stopped. A broker that
    /// was not told that the connection is gone answers a request of that process on the next one;
    /// in Kafka that answer has no socket left, here it has an id that nobody waits for.
    pub(crate) fn follow_on(&mut self, last: &Self) {
        self.next_id = last.next_id;
    }

    fn peer(&self, peer: NodeId) -> Peer {
        self.peers.get(&peer).copied().unwrap_or_default()
    }

    /// Requests that `peer` has not answered.
    pub(crate) fn in_flight(&self, peer: NodeId) -> u32 {
        self.peer(peer).in_flight
    }

    /// When a connection to `peer` may be tried; in the past if there is one.
    pub(crate) fn connectable_at(&self, peer: NodeId) -> Time {
        self.peer(peer).not_before
    }

    /// Sends a request, to be answered within `timeout`.
    pub(crate) fn send(
        &mut self,
        now: Time,
        timeout: Span,
        peer: NodeId,
        request: Request,
        what: T,
        out: &mut Out,
    ) {
        let id = self.send_unanswered(peer, request, out);
        self.peers.or_default(peer).in_flight += 1;
        self.pending.push_back(Call {
            id,
            peer,
            deadline: now + timeout,
            what,
        });
    }

    /// Sends a request that gets no answer (`acks=0`). Returns its correlation id.
    pub(crate) fn send_unanswered(&mut self, peer: NodeId, request: Request, out: &mut Out) -> u32 {
        let id = self.next_id;
        self.next_id = self.next_id.wrapping_add(2);
        out.request(peer, id, request);
        id
    }

    /// Takes the request that this answers; `None` if the client no longer waits for it.
    pub(crate) fn answered(&mut self, peer: NodeId, id: u32) -> Option<T> {
        let place = self
            .pending
            .iter()
            .position(|call| call.id == id && call.peer == peer)?;
        let call = self.pending.remove(place)?;
        let peer = self.peers.or_default(peer);
        peer.in_flight -= 1;
        peer.failures = 0;
        Some(call.what)
    }

    /// The connection to `peer` is gone: takes what was in flight on it, in the order sent, and
    /// pauses before the next connection.
    pub(crate) fn dropped(&mut self, now: Time, peer: NodeId, rng: &mut Rng) -> Vec<T> {
        let state = self.peers.or_default(peer);
        // A second word about a connection that is already down changes nothing.
        if state.in_flight > 0 || state.not_before <= now {
            let pause = backoff(
                RECONNECT_BACKOFF,
                RECONNECT_BACKOFF_MAX,
                state.failures,
                rng,
            );
            state.not_before = now + pause;
            state.failures += 1;
        }
        state.in_flight = 0;
        let (gone, kept) = std::mem::take(&mut self.pending)
            .into_iter()
            .partition::<VecDeque<_>, _>(|call| call.peer == peer);
        self.pending = kept;
        gone.into_iter().map(|call| call.what).collect()
    }

    /// A broker that has not answered in time. Kafka closes the connection then, which fails
    /// everything in flight on it.
    pub(crate) fn overdue(&self, now: Time) -> Option<NodeId> {
        self.pending
            .iter()
            .find(|call| call.deadline <= now)
            .map(|call| call.peer)
    }

    /// When the first answer is overdue.
    pub(crate) fn next_deadline(&self) -> Option<Time> {
        self.pending.iter().map(|call| call.deadline).min()
    }

    /// What is kept about the requests in flight, in the order sent.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (NodeId, &T)> {
        self.pending.iter().map(|call| (call.peer, &call.what))
    }

    /// The same, to change it.
    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.pending.iter_mut().map(|call| &mut call.what)
    }

    /// The broker with the fewest requests in flight among those that can be reached now; the first
    /// in the order given where several have equally few.
    pub(crate) fn least_loaded(
        &self,
        now: Time,
        brokers: impl Iterator<Item = NodeId>,
    ) -> Option<NodeId> {
        brokers
            .filter(|&broker| self.peer(broker).not_before <= now)
            .min_by_key(|&broker| self.peer(broker).in_flight)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_to_the_last_process_is_not_one_to_this() {
        let (broker, mut out) = (NodeId(0), Out::default());
        let ask = |calls: &mut Calls<&'static str>, what, out: &mut Out| {
            let request = Request::Metadata {
                topics: None,
                allow_auto_create: false,
            };
            calls.send(Time::ZERO, Span::secs(30), broker, request, what, out);
        };
        let mut last = Calls::new(Role::Producer);
        ask(&mut last, "old", &mut out);
        let mut next = Calls::new(Role::Producer);
        next.follow_on(&last);
        ask(&mut next, "new", &mut out);
        assert_eq!(
            next.answered(broker, 0),
            None,
            "the id of what was asked before"
        );
        assert_eq!(next.answered(broker, 2), Some("new"));
    }
}
