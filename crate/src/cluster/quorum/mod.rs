//! The metadata quorum: a replicated log with an elected leader (KRaft: KIP-595, KIP-996, KIP-1166).
//!
//! Controllers vote; brokers only fetch. Every record and every vote is on disk before it is
//! answered for, so a crash loses nothing here.

mod elect;
mod replicate;

use super::call::{Asker, BACKOFF, Line};
use super::epoch_log::EpochLog;
use crate::id::NodeId;
use crate::log::{Batch, LogConfig};
use crate::map::Map;
use crate::protocol::{ControlRequest, ControlResponse, ErrorCode, Fact, Out, Request, Response};
use crate::rng::{Rng, Salt};
use crate::time::{Span, Time, in_order};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Settings of the quorum, by their names in Kafka and with the defaults of 4.0, in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct QuorumConfig {
    /// How long without a leader before standing for election, and how long to wait for votes.
    #[serde(rename = "controller.quorum.election.timeout.ms")]
    pub election_timeout_ms: u64,
    /// The longest pause after an election that nobody won.
    #[serde(rename = "controller.quorum.election.backoff.max.ms")]
    pub election_backoff_max_ms: u64,
    /// How long without a fetch from the leader before a follower stands, and one and a half times
    /// it without fetches of a majority before a leader steps down.
    #[serde(rename = "controller.quorum.fetch.timeout.ms")]
    pub fetch_timeout_ms: u64,
    /// How long to wait for an answer.
    #[serde(rename = "controller.quorum.request.timeout.ms")]
    pub request_timeout_ms: u64,
}

impl Default for QuorumConfig {
    fn default() -> Self {
        Self {
            election_timeout_ms: 1_000,
            election_backoff_max_ms: 1_000,
            fetch_timeout_ms: 2_000,
            request_timeout_ms: 2_000,
        }
    }
}

/// The most bytes of one answer (`KafkaRaftClient.MAX_BATCH_SIZE_BYTES`).
const MAX_FETCH_BYTES: usize = 8 << 20;
/// How long a fetch waits for something new (`KafkaRaftClient.MAX_FETCH_WAIT_MS`).
const FETCH_WAIT: Span = Span::millis(500);

/// What a process is in the quorum.
#[derive(Clone, Debug)]
enum Role {
    /// It knows of no leader in its epoch. A voter stands for election at `until`; an observer looks
    /// for a leader.
    Unattached { until: Time },
    /// It asks whether it would win (`pre_vote`) or stands.
    Standing {
        pre_vote: bool,
        for_it: Vec<NodeId>,
        against: Vec<NodeId>,
        until: Time,
    },
    /// It fetches from a leader, and gives it up at `until`. Until the first fetch succeeded it has only
    /// heard of it.
    Following {
        leader: NodeId,
        until: Time,
        fetched: bool,
    },
    /// It leads.
    Leading(Leading),
}

#[derive(Clone, Debug)]
struct Leading {
    /// Where its epoch began: nothing is committed before a record of its own is.
    epoch_start: i64,
    /// Of the other voters: where the log of each ends, and when it last fetched.
    voters: Map<NodeId, (i64, Time)>,
    waiting: Vec<Waiting>,
    /// When the voters that do not fetch are told again who leads.
    announce: Time,
}

/// A fetch that waits for something new.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    from: NodeId,
    id: u32,
    offset: i64,
    high_watermark: i64,
    until: Time,
}

/// One process's part in the quorum.
#[derive(Clone, Debug)]
pub struct Quorum {
    me: NodeId,
    voters: Arc<[NodeId]>,
    config: QuorumConfig,
    // On disk.
    log: EpochLog,
    epoch: i32,
    voted: Option<NodeId>,
    // In memory.
    role: Role,
    high_watermark: i64,
    line: Line,
    /// Ask nobody before.
    idle_until: Time,
    /// Which voter an observer asks next.
    next_voter: usize,
    rng: Rng,
}

impl Quorum {
    /// A process that was never started. `voters` are the controllers; a process that is not among
    /// them observes.
    #[must_use]
    pub fn new(me: NodeId, voters: Arc<[NodeId]>, config: QuorumConfig, seed: u64) -> Self {
        Self {
            me,
            voters,
            config,
            log: EpochLog::new(LogConfig::default(), Time::ZERO),
            epoch: 0,
            voted: None,
            role: Role::Unattached { until: Time::MAX },
            high_watermark: 0,
            line: Line::new(Asker::Quorum),
            idle_until: Time::ZERO,
            next_voter: me.index(),
            rng: Rng::new(seed, Salt::Quorum, me.0.into()),
        }
    }

    /// The log has this from the beginning, committed: a cluster that was there before the run.
    pub fn found(&mut self, batch: Batch) {
        let appended = self.log.append_as_leader(batch, 0, Time::ZERO);
        appended.expect("the first records of a cluster are few");
        self.high_watermark = self.log.end();
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &EpochLog {
        &self.log
    }

    /// The epoch it is in.
    #[must_use]
    pub fn epoch(&self) -> i32 {
        self.epoch
    }

    /// Records below this are committed.
    #[must_use]
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Who leads, as far as this process knows.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        match &self.role {
            Role::Leading(_) => Some(self.me),
            Role::Following { leader, .. } => Some(*leader),
            _ => None,
        }
    }

    /// Whether this process leads.
    #[must_use]
    pub fn leads(&self) -> bool {
        matches!(self.role, Role::Leading(_))
    }

    /// Whether this process stands for election, or asks whether it should.
    #[must_use]
    pub fn stands(&self) -> bool {
        matches!(self.role, Role::Standing { .. })
    }

    /// The process starts: it has its log and its vote, and nothing else.
    pub fn start(&mut self, now: Time, out: &mut Out) {
        self.crash();
        // In a cluster that was there before the run the first voter led, and is elected at once.
        let led_before = now == Time::ZERO && self.voters.first() == Some(&self.me);
        let wait = if led_before {
            Span::ZERO
        } else {
            self.election_timeout()
        };
        self.role = Role::Unattached { until: now + wait };
        if self.votes() && self.voters.len() == 1 {
            self.stand(now, false, out);
        }
        self.ask(now, out);
    }

    /// The process died.
    pub fn crash(&mut self) {
        self.role = Role::Unattached { until: Time::MAX };
        self.line.clear();
        self.idle_until = Time::ZERO;
    }

    /// The process is asked to stop: a leader tells who should follow it.
    pub fn resign(&mut self, now: Time, out: &mut Out) {
        if let Role::Leading(leading) = &self.role {
            let mut successors: Vec<(i64, NodeId)> = leading
                .voters
                .iter()
                .map(|(&v, &(end, _))| (end, v))
                .collect();
            // The voters are in the order of their numbers, and equals keep their places.
            successors.sort_by_cached_key(|&(end, _)| !in_order(end));
            let successors: Arc<[NodeId]> = successors.into_iter().map(|(_, v)| v).collect();
            for &voter in successors.iter() {
                let request = ControlRequest::EndQuorumEpoch {
                    epoch: self.epoch,
                    successors: successors.clone(),
                };
                out.request(voter, 0, Request::Control(request));
            }
            self.become_unattached(now, self.epoch, out);
        }
    }

    /// Appends as the leader. Returns the offset after the batch.
    ///
    /// # Panics
    /// This process does not lead.
    pub fn append(&mut self, now: Time, batch: Batch, out: &mut Out) -> i64 {
        assert!(self.leads(), "only the leader of the quorum writes");
        let appended = self.log.append_as_leader(batch, self.epoch, now);
        appended.expect("metadata batches are small");
        self.advance(now, out);
        self.answer_waiting(now, out);
        self.log.end()
    }

    /// A request of the quorum's own. Others are ignored.
    pub fn on_request(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        request: &ControlRequest,
        out: &mut Out,
    ) {
        match request {
            &ControlRequest::Vote {
                epoch,
                last_epoch,
                log_end_offset,
                pre_vote,
            } => {
                let last = (last_epoch, log_end_offset);
                let granted = self.vote(now, from, epoch, last, pre_vote, out);
                let response = ControlResponse::Vote {
                    epoch: self.epoch,
                    leader: self.leader(),
                    granted,
                    pre_vote,
                };
                out.respond(from, id, Response::Control(response));
            }
            &ControlRequest::BeginQuorumEpoch { epoch } => {
                self.hear_of(now, epoch, Some(from), out);
                self.tell_epoch(from, id, out);
            }
            ControlRequest::EndQuorumEpoch { epoch, successors } => {
                if *epoch == self.epoch && self.leader() == Some(from) && self.votes() {
                    let place = successors.iter().position(|&voter| voter == self.me);
                    let wait = match place {
                        Some(0) => Span::ZERO,
                        _ => self.backoff(),
                    };
                    self.role = Role::Unattached { until: now + wait };
                    self.line.clear();
                }
                self.tell_epoch(from, id, out);
            }
            &ControlRequest::FetchQuorum {
                epoch,
                offset,
                last_fetched_epoch,
                high_watermark,
                max_wait,
            } => {
                let waiting = Waiting {
                    from,
                    id,
                    offset,
                    high_watermark,
                    until: now + max_wait,
                };
                self.fetched_by(now, epoch, last_fetched_epoch, waiting, out);
            }
            _ => {}
        }
        self.ask(now, out);
    }

    /// An answer to something the quorum asked.
    pub fn on_response(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        response: ControlResponse,
        out: &mut Out,
    ) {
        match response {
            ControlResponse::Vote {
                epoch,
                leader,
                granted,
                pre_vote,
            } => {
                self.hear_of(now, epoch, leader, out);
                self.count_vote(now, from, epoch, granted, pre_vote, out);
            }
            ControlResponse::Epoch { epoch, leader } => self.hear_of(now, epoch, leader, out),
            ControlResponse::FetchQuorum {
                epoch,
                leader,
                result,
            } => {
                if !self.line.answered(from, id) {
                    return;
                }
                self.hear_of(now, epoch, leader, out);
                match result {
                    Ok(fetched) if self.leader() == Some(from) && epoch == self.epoch => {
                        self.take(now, fetched, out);
                    }
                    Ok(_) => {}
                    Err(_) => self.idle_until = now + BACKOFF,
                }
            }
            _ => {}
        }
        self.ask(now, out);
    }

    /// When something is due.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Time> {
        let role = match &self.role {
            Role::Unattached { until } | Role::Following { until, .. } => {
                // An observer never stands.
                self.votes().then_some(*until)
            }
            Role::Standing { until, .. } => Some(*until),
            Role::Leading(leading) => {
                let waiting = leading.waiting.iter().map(|waiting| waiting.until).min();
                let resign = self.quorum_lost_at(leading);
                let announce = (!leading.voters.is_empty()).then_some(leading.announce);
                [waiting, resign, announce].into_iter().flatten().min()
            }
        };
        let fetches = match self.role {
            Role::Following { .. } => true,
            Role::Unattached { .. } => !self.votes(),
            _ => false,
        };
        let idle = (fetches && !self.line.busy()).then_some(self.idle_until);
        [role, self.line.deadline(), idle]
            .into_iter()
            .flatten()
            .min()
    }

    /// Does what is due.
    pub fn on_timer(&mut self, now: Time, out: &mut Out) {
        if self.line.overdue(now, out) {
            self.idle_until = now + BACKOFF;
            self.look_elsewhere(now);
        }
        match &self.role {
            Role::Unattached { until } | Role::Following { until, .. }
                if *until <= now && self.votes() =>
            {
                self.stand(now, true, out);
            }
            Role::Standing { until, .. } if *until <= now => {
                let until = now + self.backoff();
                self.role = Role::Unattached { until };
            }
            Role::Leading(leading) => {
                if self.quorum_lost_at(leading).is_some_and(|at| at <= now) {
                    self.become_unattached(now, self.epoch, out);
                } else {
                    self.announce(now, out);
                    self.answer_waiting(now, out);
                }
            }
            _ => {}
        }
        self.ask(now, out);
    }

    /// The connection to `peer` is gone.
    pub fn on_disconnect(&mut self, now: Time, peer: NodeId, out: &mut Out) {
        if self.line.lost(peer) {
            self.idle_until = now + BACKOFF;
            self.look_elsewhere(now);
        }
        if let Role::Leading(leading) = &mut self.role {
            leading.waiting.retain(|waiting| waiting.from != peer);
        }
        self.ask(now, out);
    }

    fn votes(&self) -> bool {
        self.voters.contains(&self.me)
    }

    fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// One to two times the setting, so that voters do not stand together.
    fn election_timeout(&mut self) -> Span {
        let least = self.config.election_timeout_ms;
        Span::millis(least + self.rng.below(least.max(1)))
    }

    fn backoff(&mut self) -> Span {
        Span::millis(self.rng.below(self.config.election_backoff_max_ms.max(1)) + 1)
    }

    fn fetch_timeout(&self) -> Span {
        Span::millis(self.config.fetch_timeout_ms)
    }

    /// An observer that hears nothing of its leader asks another voter.
    fn look_elsewhere(&mut self, now: Time) {
        if !self.votes() {
            self.role = Role::Unattached { until: now };
        }
    }

    /// When a leader whom a majority no longer fetches from steps down (KAFKA-15489).
    fn quorum_lost_at(&self, leading: &Leading) -> Option<Time> {
        let others = self.majority() - 1;
        let mut heard: Vec<Time> = leading.voters.values().map(|&(_, at)| at).collect();
        heard.sort_by_cached_key(|at| !at.0);
        let last = *heard.get(others.checked_sub(1)?)?;
        Some(last + Span(self.fetch_timeout().0 * 3 / 2))
    }

    fn become_unattached(&mut self, now: Time, epoch: i32, out: &mut Out) {
        if epoch > self.epoch {
            self.epoch = epoch;
            self.voted = None;
        }
        let until = now + self.election_timeout();
        let before = std::mem::replace(&mut self.role, Role::Unattached { until });
        if let Role::Leading(leading) = before {
            out.tell(Fact::QuorumLeader {
                node: self.me,
                epoch: self.epoch,
                leads: false,
            });
            for waiting in leading.waiting {
                self.refuse_fetch(waiting, ErrorCode::NotLeaderOrFollower, out);
            }
        }
        self.line.clear();
    }

    /// Somebody spoke of this epoch and its leader.
    fn hear_of(&mut self, now: Time, epoch: i32, leader: Option<NodeId>, out: &mut Out) {
        if epoch < self.epoch || leader == Some(self.me) {
            return;
        }
        if epoch > self.epoch {
            self.become_unattached(now, epoch, out);
        }
        if let Some(leader) = leader
            && !self.leads()
            && self.leader() != Some(leader)
        {
            let until = now + self.fetch_timeout();
            self.role = Role::Following {
                leader,
                until,
                fetched: false,
            };
            self.line.clear();
            self.idle_until = now;
        }
    }

    fn lead(&mut self, now: Time, out: &mut Out) {
        let others = self.voters.iter().filter(|&&voter| voter != self.me);
        self.role = Role::Leading(Leading {
            epoch_start: self.log.end(),
            voters: others.map(|&voter| (voter, (-1, now))).collect(),
            waiting: Vec::new(),
            announce: now,
        });
        out.tell(Fact::QuorumLeader {
            node: self.me,
            epoch: self.epoch,
            leads: true,
        });
        // A record of its own, so that what went before it can be committed (KIP-595).
        self.append(now, super::metadata::leader_change(now, self.me), out);
        self.announce(now, out);
    }

    /// Tells the voters that have not fetched lately who leads.
    fn announce(&mut self, now: Time, out: &mut Out) {
        let (every, epoch) = (Span(self.fetch_timeout().0 / 2), self.epoch);
        let Role::Leading(leading) = &mut self.role else {
            return;
        };
        if leading.announce > now {
            return;
        }
        leading.announce = now + every;
        for (&voter, &(end, at)) in leading.voters.iter() {
            if end < 0 || now.since(at) >= every {
                let request = ControlRequest::BeginQuorumEpoch { epoch };
                out.request(voter, 0, Request::Control(request));
            }
        }
    }

    fn tell_epoch(&self, to: NodeId, id: u32, out: &mut Out) {
        let response = ControlResponse::Epoch {
            epoch: self.epoch,
            leader: self.leader(),
        };
        out.respond(to, id, Response::Control(response));
    }
}
