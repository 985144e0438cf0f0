//! How the quorum's log is replicated: voters and observers fetch from the leader.

use super::{FETCH_WAIT, MAX_FETCH_BYTES, Quorum, Role, Waiting};
use crate::protocol::{
    ControlRequest, ControlResponse, ErrorCode, Fact, Out, QuorumFetched, Request, Response,
};
use crate::time::in_order;
use crate::time::{Span, Time};

impl Quorum {
    /// Asks the leader for more, if there is one and nothing is on its way.
    pub(super) fn ask(&mut self, now: Time, out: &mut Out) {
        if self.line.busy() || now < self.idle_until {
            return;
        }
        let peer = match &self.role {
            Role::Following { leader, .. } => *leader,
            Role::Unattached { .. } if !self.votes() && !self.voters.is_empty() => {
                self.next_voter += 1;
                self.voters[self.next_voter % self.voters.len()]
            }
            _ => return,
        };
        let request = ControlRequest::FetchQuorum {
            epoch: self.epoch,
            offset: self.log.end(),
            last_fetched_epoch: self.log.last_epoch(),
            high_watermark: self.high_watermark,
            max_wait: FETCH_WAIT,
        };
        let deadline = now + Span::millis(self.config.request_timeout_ms);
        self.line
            .ask(peer, deadline, Request::Control(request), out);
    }

    /// Takes what the leader sent.
    pub(super) fn take(&mut self, now: Time, fetched: QuorumFetched, out: &mut Out) {
        let until = now + self.fetch_timeout();
        if let Role::Following {
            until: given_up,
            fetched: had,
            ..
        } = &mut self.role
        {
            (*given_up, *had) = (until, true);
        }
        if let Some((epoch, end)) = fetched.diverging {
            let own = self.log.epochs().end_offset_for(epoch, self.log.end());
            let own_end = own.map_or(0, |(_, end)| end);
            let to = end.min(own_end).min(self.log.end());
            assert!(
                to >= self.high_watermark,
                "committed metadata would be cut off: to {to}, committed {}",
                self.high_watermark
            );
            self.log.truncate_to(to);
            out.tell(Fact::QuorumTruncated { node: self.me, to });
            return;
        }
        for batch in fetched.batches {
            let appended = self.log.append_as_follower(batch, now);
            appended.expect("the leader of the quorum sends what comes next");
        }
        let committed = fetched.high_watermark.min(self.log.end());
        self.high_watermark = self.high_watermark.max(committed);
    }

    pub(super) fn refuse_fetch(&self, fetch: Waiting, error: ErrorCode, out: &mut Out) {
        let response = ControlResponse::FetchQuorum {
            epoch: self.epoch,
            leader: self.leader(),
            result: Err(error),
        };
        out.respond(fetch.from, fetch.id, Response::Control(response));
    }

    pub(super) fn fetched_by(
        &mut self,
        now: Time,
        epoch: i32,
        last_epoch: i32,
        fetch: Waiting,
        out: &mut Out,
    ) {
        if !self.leads() {
            return self.refuse_fetch(fetch, ErrorCode::NotLeaderOrFollower, out);
        }
        match epoch.cmp(&self.epoch) {
            std::cmp::Ordering::Less => {
                return self.refuse_fetch(fetch, ErrorCode::FencedLeaderEpoch, out);
            }
            std::cmp::Ordering::Greater => {
                return self.refuse_fetch(fetch, ErrorCode::UnknownLeaderEpoch, out);
            }
            std::cmp::Ordering::Equal => {}
        }
        if let Some(diverging) = self.log.diverging(fetch.offset, last_epoch) {
            return self.answer(fetch, Some(diverging), out);
        }
        if let Role::Leading(leading) = &mut self.role
            && let Some(voter) = leading.voters.get_mut(&fetch.from)
        {
            *voter = (fetch.offset, now);
            self.advance(now, out);
        }
        let news = self.log.end() > fetch.offset || self.high_watermark > fetch.high_watermark;
        if news || fetch.until <= now {
            self.answer(fetch, None, out);
        } else if let Role::Leading(leading) = &mut self.role {
            leading.waiting.push(fetch);
        }
        self.answer_waiting(now, out);
    }

    pub(super) fn answer(&self, fetch: Waiting, diverging: Option<(i32, i64)>, out: &mut Out) {
        let batches = match diverging {
            Some(_) => Vec::new(),
            None => {
                let read = self.log.log().read(fetch.offset, MAX_FETCH_BYTES, i64::MAX);
                read.map(|batches| batches.cloned().collect())
                    .unwrap_or_default()
            }
        };
        let fetched = QuorumFetched {
            batches,
            high_watermark: self.high_watermark,
            diverging,
        };
        let response = ControlResponse::FetchQuorum {
            epoch: self.epoch,
            leader: self.leader(),
            result: Ok(fetched),
        };
        out.respond(fetch.from, fetch.id, Response::Control(response));
    }

    /// Raises the high watermark to what a majority has, once that includes a record of this epoch.
    pub(super) fn advance(&mut self, now: Time, out: &mut Out) {
        let majority = self.majority();
        let Role::Leading(leading) = &self.role else {
            return;
        };
        let mut ends: Vec<i64> = leading.voters.values().map(|&(end, _)| end).collect();
        ends.push(self.log.end());
        ends.sort_by_cached_key(|&end| !in_order(end));
        let had_by_majority = ends[majority - 1];
        if had_by_majority > leading.epoch_start && had_by_majority > self.high_watermark {
            self.high_watermark = had_by_majority;
            self.answer_waiting(now, out);
        }
    }

    pub(super) fn answer_waiting(&mut self, now: Time, out: &mut Out) {
        let (end, high_watermark) = (self.log.end(), self.high_watermark);
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        let due = |waiting: &mut Waiting| {
            end > waiting.offset || high_watermark > waiting.high_watermark || waiting.until <= now
        };
        let due: Vec<Waiting> = leading.waiting.extract_if(.., due).collect();
        for waiting in due {
            self.answer(waiting, None, out);
        }
    }
}
