//! The disk of a broker's log directory, when it is slow or full.
//!
//! A broker with one log directory that cannot write to it halts (`LogDirFailureHandler`: "Shutdown
//! broker because all log dirs have failed"); what it wrote before stays readable to its next life.

use super::Broker;
use crate::protocol::{Body, ErrorCode, Input, Out, Request, Response};
use crate::time::{Span, Time};
use std::collections::VecDeque;

/// How a disk is. It outlives the process.
#[derive(Clone, Debug, Default)]
pub(super) struct Disk {
    /// Each write takes so much longer.
    slow_by: Span,
    /// No write succeeds.
    full: bool,
    /// What is being written, in order, and when it will be.
    writing: VecDeque<(Time, Input)>,
}

impl Disk {
    /// When the next write is done.
    pub(super) fn next_deadline(&self) -> Option<Time> {
        self.writing.front().map(|(at, _)| *at)
    }

    /// Takes what must be written first; gives back what can be handled at once.
    pub(super) fn write(&mut self, now: Time, input: Input) -> Option<Input> {
        let idle = self.slow_by == Span::ZERO && self.writing.is_empty();
        if idle || !writes(&input) {
            return Some(input);
        }
        // Faster than before, it still writes in order.
        let last = self.writing.back().map_or(Time::ZERO, |(at, _)| *at);
        let done = (now + self.slow_by).max(last);
        self.writing.push_back((done, input));
        None
    }

    /// The next write that is done by now.
    pub(super) fn written(&mut self, now: Time) -> Option<Input> {
        let (at, _) = self.writing.front()?;
        (*at <= now).then(|| self.writing.pop_front())?.map(|w| w.1)
    }

    /// The process is gone.
    pub(super) fn forget(&mut self) {
        self.writing.clear();
    }
}

/// Whether records come with it.
fn writes(input: &Input) -> bool {
    let Input::Message { body, .. } = input else {
        return false;
    };
    match body {
        Body::Request { request, .. } => matches!(**request, Request::Produce { .. }),
        Body::Response { response, .. } => match &**response {
            Response::Fetch { partitions } => partitions.iter().any(|p| !p.batches.is_empty()),
            _ => false,
        },
        _ => false,
    }
}

impl Broker {
    /// From now on each write to its disk takes so much longer; what is being written is not hurried.
    pub fn slow_disk(&mut self, by: Span) {
        self.disk.slow_by = by;
    }

    /// No write to its disk succeeds from now on.
    pub fn fill_disk(&mut self) {
        self.disk.full = true;
    }

    /// Its disk is as it was in the beginning: quick, and with room.
    pub fn mend_disk(&mut self) {
        self.disk.slow_by = Span::ZERO;
        self.disk.full = false;
    }

    /// How much longer a write to its disk takes.
    #[must_use]
    pub fn disk_slow_by(&self) -> Span {
        self.disk.slow_by
    }

    /// Whether its disk is full.
    #[must_use]
    pub fn disk_is_full(&self) -> bool {
        self.disk.full
    }

    /// Asks for room to write. Without any the process halts.
    pub(super) fn room(&self, out: &mut Out) -> Result<(), ErrorCode> {
        if self.disk.full {
            out.halt();
            return Err(ErrorCode::KafkaStorageError);
        }
        Ok(())
    }
}
