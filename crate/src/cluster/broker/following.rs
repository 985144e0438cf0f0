//! How a broker follows leaders: one fetcher for each broker that leads something kept here
//! (`ReplicaFetcherThread`; `num.replica.fetchers` is 1).

use super::super::call::{Asker, Line};
use super::super::election::PartitionState;
use super::super::replica::Reign;
use super::super::{Flaw, Replica};
use super::{Broker, tell_log_start};
use crate::id::{NodeId, TopicPartition};
use crate::log::epochs::truncation;
use crate::map::Map;
use crate::protocol::{ErrorCode, Fact, FetchPartition, Fetched, Out, Request, Truncation};
use crate::time::{Span, Time};

/// How long a fetch may go unanswered beyond its wait (`replica.socket.timeout.ms`).
const SOCKET_TIMEOUT: Span = Span::secs(30);

/// Fetches from one leader, one request at a time.
#[derive(Clone, Debug)]
pub(super) struct Fetcher {
    line: Line,
    /// The partitions, and before when each is left alone.
    partitions: Map<TopicPartition, Time>,
    /// What the request on its way asked: where, in which reign, from which offset.
    asked: Vec<(TopicPartition, Reign, i64)>,
    idle_until: Time,
}

impl Fetcher {
    fn new() -> Self {
        Self {
            line: Line::new(Asker::Fetcher),
            partitions: Map::new(),
            asked: Vec::new(),
            idle_until: Time::ZERO,
        }
    }

    /// The process died. Its correlation ids go on counting: an old answer is nobody's.
    pub(super) fn crash(&mut self) {
        self.line.clear();
        self.partitions.clear();
        self.idle_until = Time::ZERO;
    }

    fn next_deadline(&self) -> Option<Time> {
        self.line.deadline().or_else(|| {
            let next = self.partitions.values().min().copied()?;
            Some(next.max(self.idle_until))
        })
    }
}

impl Broker {
    /// A replica here follows from now on.
    pub(super) fn follow(
        &mut self,
        now: Time,
        at: TopicPartition,
        state: &PartitionState,
        out: &mut Out,
    ) {
        self.stop_following(at);
        let broker = self.me;
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        let led = replica.leads();
        if replica.follow(state) || led {
            if self.flaw == Some(Flaw::TruncateToHighWatermark) {
                let to = replica.high_watermark();
                cut(broker, at, replica, to, out);
            }
            out.tell(Fact::Follows {
                broker,
                at,
                incarnation: replica.incarnation(),
                leader: state.leader,
                leader_epoch: state.leader_epoch,
            });
        }
        let alive = state
            .leader
            .filter(|leader| self.image.brokers.contains_key(leader));
        if let Some(leader) = alive {
            let fetcher = self.fetchers.or_insert_with(leader, Fetcher::new);
            fetcher.partitions.insert(at, now);
        }
    }

    pub(super) fn stop_following(&mut self, at: TopicPartition) {
        for fetcher in self.fetchers.values_mut() {
            fetcher.partitions.remove(&at);
        }
    }

    pub(super) fn fetchers_due(&self) -> Option<Time> {
        // Without an epoch nothing is fetched.
        self.broker_epoch()?;
        self.fetchers
            .values()
            .filter_map(Fetcher::next_deadline)
            .min()
    }

    fn fetch_backoff(&self) -> Span {
        Span::millis(self.config.replica_fetch_backoff_ms)
    }

    pub(super) fn fetchers_timer(&mut self, now: Time, out: &mut Out) {
        let backoff = self.fetch_backoff();
        for fetcher in self.fetchers.values_mut() {
            if fetcher.line.overdue(now, out) {
                fetcher.idle_until = now + backoff;
            }
        }
    }

    /// The connection to `peer` is gone.
    pub(super) fn fetcher_lost(&mut self, now: Time, peer: NodeId) {
        let backoff = self.fetch_backoff();
        if let Some(fetcher) = self.fetchers.get_mut(&peer)
            && fetcher.line.lost(peer)
        {
            fetcher.idle_until = now + backoff;
        }
    }

    /// Sends what fetchers have to ask. A broker without an epoch asks nothing.
    pub(super) fn fetch_more(&mut self, now: Time, out: &mut Out) {
        if self.fetchers.is_empty() {
            return;
        }
        let Some(broker_epoch) = self.broker_epoch() else {
            return;
        };
        let config = self.config;
        // Without the epoch of its last record the leader cannot tell where histories part.
        let blind = self.has(Flaw::TruncateToHighWatermark) || self.has(Flaw::KeepDivergentRecords);
        let wait = Span::millis(config.replica_fetch_wait_max_ms);
        for (&leader, fetcher) in self.fetchers.iter_mut() {
            if fetcher.line.busy() || fetcher.idle_until > now {
                continue;
            }
            fetcher.asked.clear();
            let mut partitions = Vec::new();
            for (&at, &from) in fetcher.partitions.iter() {
                let Some(replica) = self.replicas.get(&at).filter(|_| from <= now) else {
                    continue;
                };
                let log = replica.epoch_log();
                fetcher.asked.push((at, replica.reign(), log.end()));
                partitions.push(FetchPartition {
                    at,
                    offset: log.end(),
                    max_bytes: config.replica_fetch_max_bytes,
                    incarnation: replica.incarnation(),
                    current_leader_epoch: replica.leader_epoch(),
                    last_fetched_epoch: if blind { -1 } else { log.last_epoch() },
                });
            }
            if partitions.is_empty() {
                continue;
            }
            let request = Request::Fetch {
                max_wait: wait,
                min_bytes: 1,
                max_bytes: config.replica_fetch_response_max_bytes,
                partitions,
                follower: Some(broker_epoch),
            };
            fetcher
                .line
                .ask(leader, now + wait + SOCKET_TIMEOUT, request, out);
        }
    }

    /// A leader answered.
    pub(super) fn fetched(
        &mut self,
        now: Time,
        from: NodeId,
        id: u32,
        partitions: Vec<Fetched>,
        out: &mut Out,
    ) {
        let Some(fetcher) = self.fetchers.get_mut(&from) else {
            return;
        };
        if !fetcher.line.answered(from, id) {
            return;
        }
        let asked = std::mem::take(&mut fetcher.asked);
        for fetched in partitions {
            let at = fetched.at;
            let asked = asked.iter().find(|(asked, ..)| *asked == at);
            if let Some(&(_, reign, offset)) = asked {
                self.take(now, from, (reign, offset), fetched, out);
            }
        }
    }

    /// Takes what a leader sent of one partition, if nothing changed here since it was asked.
    fn take(
        &mut self,
        now: Time,
        leader: NodeId,
        (reign, offset): (Reign, i64),
        fetched: Fetched,
        out: &mut Out,
    ) {
        let (broker, at, backoff) = (self.me, fetched.at, self.fetch_backoff());
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        let same = replica.leader() == Some(leader)
            && replica.reign() == reign
            && replica.log().log_end_offset() == offset;
        if !same {
            return;
        }
        if let Some(error) = fetched.error {
            if error == ErrorCode::OffsetOutOfRange && fetched.log_start_offset > offset {
                let from = replica.log().log_end_offset();
                replica.begin_at(fetched.log_start_offset, now);
                out.tell(Fact::Truncated {
                    broker,
                    at,
                    from,
                    to: fetched.log_start_offset,
                    why: Truncation::OutOfRange,
                });
            } else if error == ErrorCode::OffsetOutOfRange
                && self.flaw == Some(Flaw::TruncateToHighWatermark)
            {
                // Its leader's log is shorter: an old follower cut there.
                cut(broker, at, replica, fetched.high_watermark, out);
            } else if let Some(fetcher) = self.fetchers.get_mut(&leader)
                && let Some(from) = fetcher.partitions.get_mut(&at)
            {
                *from = now + backoff;
            }
            return;
        }
        if let Some(diverging) = fetched.diverging {
            let log = replica.epoch_log();
            let told = Some(diverging).filter(|(epoch, _)| *epoch >= 0);
            let to = truncation(log.epochs(), log.end(), replica.high_watermark(), told).offset;
            cut(broker, at, replica, to, out);
            return;
        }
        if !fetched.batches.is_empty() && self.room(out).is_err() {
            return;
        }
        let Some(replica) = self.replicas.get_mut(&at) else {
            return;
        };
        for batch in fetched.batches {
            let (records, crc, leader_epoch) = (batch.count(), batch.crc(), batch.leader_epoch);
            if let Some(base_offset) = replica.replicate(now, batch) {
                out.tell(Fact::Replicated {
                    broker,
                    leader_epoch,
                    at,
                    base_offset,
                    records,
                    crc,
                });
            }
        }
        if replica.learn_high_watermark(fetched.high_watermark) {
            out.tell(Fact::FollowerHighWatermark {
                broker,
                at,
                offset: replica.high_watermark(),
            });
        }
        if let Some(from) = replica.learn_log_start(fetched.log_start_offset) {
            tell_log_start(broker, at, from, replica, out);
        }
    }
}

/// Cuts a replica off at `to`, if it reaches beyond.
fn cut(broker: NodeId, at: TopicPartition, replica: &mut Replica, to: i64, out: &mut Out) {
    if let Some(from) = replica.truncate_to(to) {
        out.tell(Fact::Truncated {
            broker,
            at,
            from,
            to,
            why: Truncation::Diverged,
        });
    }
}
