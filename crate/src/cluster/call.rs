//! One request at a time to one peer, with a time-out: how brokers and controllers ask each other.

use crate::id::NodeId;
use crate::protocol::{Out, Request};
use crate::time::{Span, Time};

/// How long to wait after something went wrong on the way before asking again (Kafka's
/// `reconnect.backoff.ms`).
pub(super) const BACKOFF: Span = Span::millis(50);

/// Which part of a process asked. It is in the low bits of its correlation ids, so that an answer
/// finds its way.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u32)]
pub(super) enum Asker {
    Quorum = 0,
    Lifecycle = 1,
    Isr = 2,
    Fetcher = 3,
    Topics = 4,
}

const BITS: u32 = 3;

impl Asker {
    /// Whose answer this is.
    pub fn of(id: u32) -> Self {
        match id & ((1 << BITS) - 1) {
            0 => Self::Quorum,
            1 => Self::Lifecycle,
            2 => Self::Isr,
            3 => Self::Fetcher,
            _ => Self::Topics,
        }
    }
}

/// At most one request on its way.
#[derive(Clone, Debug)]
pub(super) struct Line {
    asker: Asker,
    serial: u32,
    open: Option<Open>,
}

#[derive(Clone, Copy, Debug)]
struct Open {
    peer: NodeId,
    id: u32,
    deadline: Time,
}

impl Line {
    pub fn new(asker: Asker) -> Self {
        Self {
            asker,
            serial: 0,
            open: None,
        }
    }

    /// Asks, and gives up on what was asked before.
    pub fn ask(&mut self, peer: NodeId, deadline: Time, request: Request, out: &mut Out) {
        self.serial = self.serial.wrapping_add(1);
        let id = self.serial << BITS | self.asker as u32;
        self.open = Some(Open { peer, id, deadline });
        out.request(peer, id, request);
    }

    /// Whether an answer is awaited.
    pub fn busy(&self) -> bool {
        self.open.is_some()
    }

    /// An answer came: whether it is the one awaited, and then it no longer is.
    pub fn answered(&mut self, from: NodeId, id: u32) -> bool {
        self.open
            .take_if(|open| open.peer == from && open.id == id)
            .is_some()
    }

    /// When the answer is given up on.
    pub fn deadline(&self) -> Option<Time> {
        self.open.map(|open| open.deadline)
    }

    /// Gives up on an answer that is overdue, and closes the connection: whatever was asked may still
    /// be on its way. Returns whether it was.
    pub fn overdue(&mut self, now: Time, out: &mut Out) -> bool {
        let overdue = self.open.take_if(|open| open.deadline <= now);
        if let Some(open) = overdue {
            out.disconnect(open.peer);
        }
        overdue.is_some()
    }

    /// The connection to `peer` is gone: whether an answer was awaited from there.
    pub fn lost(&mut self, peer: NodeId) -> bool {
        self.open.take_if(|open| open.peer == peer).is_some()
    }

    /// Forgets what was asked.
    pub fn clear(&mut self) {
        self.open = None;
    }
}
