//! One replica of a partition: its log, and what it does as leader or follower
//! (`Partition.scala`, `Replica.scala`).

use super::Flaw;
use super::election::PartitionState;
use super::epoch_log::EpochLog;
use super::isr::{Progress, follower_high_watermark, high_watermark};
use super::topic_config::TopicConfig;
use crate::id::NodeId;
use crate::log::{AppendError, Batch, Log};
use crate::protocol::ErrorCode;
use crate::time::{Span, Time};
use std::sync::Arc;

/// How long the machine keeps what was written in its page cache before it is on disk (Linux's
/// `vm.dirty_expire_centisecs`): Kafka itself forces nothing by default.
const DIRTY_FOR: Span = Span::secs(30);

/// Of which making of a topic, and in which leader epoch. A topic made again begins with the same
/// epoch and offset, so what was asked of its first making must not be taken for the second (KIP-516).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Reign {
    /// Which making of the topic.
    pub incarnation: u32,
    /// The leader epoch, -1 before the first leader is known.
    pub leader_epoch: i32,
}

/// One replica of a partition.
#[derive(Clone, Debug)]
pub struct Replica {
    me: NodeId,
    /// Which making of its topic it belongs to: one deleted and made again is another.
    incarnation: u32,
    log: EpochLog,
    high_watermark: i64,
    disk: Disk,
    leader: Option<NodeId>,
    /// -1 before the first leader is known.
    leader_epoch: i32,
    partition_epoch: i32,
    leading: Option<Arc<Leading>>,
}

/// What would be left if the machine lost power, and what the process would know of it.
#[derive(Clone, Debug, Default)]
struct Disk {
    /// Records below this are on disk.
    flushed: i64,
    /// Where the log ended at past looks at it, oldest first.
    dirty: Vec<(Time, i64)>,
    /// The high watermark in `replication-offset-checkpoint`.
    high_watermark: i64,
}

/// What only a leader knows.
#[derive(Clone, Debug)]
struct Leading {
    /// Where its epoch began.
    epoch_start: i64,
    /// The in-sync set as the controller has it.
    isr: Vec<NodeId>,
    /// The set it asked the controller for, with broker epochs, until that answers.
    asked: Option<Vec<(NodeId, i64)>>,
    /// The other replicas.
    followers: Vec<Follower>,
}

/// What a leader knows of a follower.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Follower {
    /// Its broker.
    pub broker: NodeId,
    /// The broker epoch it fetched with, -1 before it did.
    pub broker_epoch: i64,
    /// How far it has come; its log end offset is -1 before its first fetch.
    pub progress: Progress,
}

impl Follower {
    fn new(broker: NodeId, last_caught_up: Time) -> Self {
        Self {
            broker,
            broker_epoch: -1,
            progress: Progress {
                log_end_offset: -1,
                last_caught_up,
                ..Progress::default()
            },
        }
    }
}

/// What a leader goes by.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// `min.insync.replicas`, or the number of replicas if that is less.
    pub min_isr: usize,
    /// A follower that has not had everything for so long is out of sync
    /// (`replica.lag.time.max.ms`).
    pub lag_max: Span,
    /// A mistake that is switched on.
    pub flaw: Option<Flaw>,
}

impl Replica {
    /// An empty replica on broker `me`.
    #[must_use]
    pub fn new(me: NodeId, incarnation: u32, config: &TopicConfig, now: Time) -> Self {
        Self {
            me,
            incarnation,
            log: EpochLog::new(config.log, now),
            high_watermark: 0,
            disk: Disk::default(),
            leader: None,
            leader_epoch: -1,
            partition_epoch: -1,
            leading: None,
        }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        self.log.log()
    }

    /// Which making of its topic it belongs to.
    #[must_use]
    pub fn incarnation(&self) -> u32 {
        self.incarnation
    }

    /// The reign it is in.
    #[must_use]
    pub fn reign(&self) -> Reign {
        Reign {
            incarnation: self.incarnation,
            leader_epoch: self.leader_epoch,
        }
    }

    /// The log with its leader epochs.
    #[must_use]
    pub fn epoch_log(&self) -> &EpochLog {
        &self.log
    }

    /// Records below it are committed, as far as this replica knows.
    #[must_use]
    pub fn high_watermark(&self) -> i64 {
        self.high_watermark
    }

    /// Records below it are on disk: what a loss of power leaves.
    #[must_use]
    pub fn flushed(&self) -> i64 {
        self.disk.flushed
    }

    /// Who leads, as far as this broker knows.
    #[must_use]
    pub fn leader(&self) -> Option<NodeId> {
        self.leader
    }

    /// Counts leaders; -1 before the first.
    #[must_use]
    pub fn leader_epoch(&self) -> i32 {
        self.leader_epoch
    }

    /// Counts what the controller changed.
    #[must_use]
    pub fn partition_epoch(&self) -> i32 {
        self.partition_epoch
    }

    /// Whether this replica leads.
    #[must_use]
    pub fn leads(&self) -> bool {
        self.leading.is_some()
    }

    /// The in-sync set that the controller confirmed, as the leader knows it; empty for others.
    #[must_use]
    pub fn isr(&self) -> &[NodeId] {
        self.leading.as_ref().map_or(&[], |leading| &leading.isr)
    }

    /// The followers, as the leader knows them; none for others.
    #[must_use]
    pub fn followers(&self) -> &[Follower] {
        self.leading.as_ref().map_or(&[], |l| &l.followers)
    }

    /// The in-sync set with those the leader would have in it: all of them count for the high
    /// watermark (KIP-497).
    pub fn maximal_isr(&self) -> impl Iterator<Item = NodeId> + Clone + '_ {
        let leading = self.leading.as_deref();
        let isr = leading.map_or(&[][..], |l| &l.isr);
        let asked = leading.and_then(|l| l.asked.as_deref()).unwrap_or(&[]);
        let more = asked.iter().map(|&(broker, _)| broker);
        let more = more.filter(|broker| !isr.contains(broker));
        isr.iter().copied().chain(more)
    }

    /// Whether the leader waits for the controller's word on the in-sync set.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.leading.as_ref().is_some_and(|l| l.asked.is_some())
    }

    /// The settings of its topic changed.
    pub fn set_config(&mut self, config: &TopicConfig) {
        self.log.set_config(config.log);
    }

    fn leading_mut(&mut self) -> Option<&mut Leading> {
        self.leading.as_mut().map(Arc::make_mut)
    }

    /// Begins to lead.
    pub fn lead(&mut self, now: Time, state: &PartitionState, lag_max: Span) {
        let end = self.log.end();
        self.leader = Some(self.me);
        self.leader_epoch = state.leader_epoch;
        self.partition_epoch = state.partition_epoch;
        self.log.begin_epoch(state.leader_epoch);
        let others = state.replicas.iter().filter(|&&broker| broker != self.me);
        // Who is in sync has that long to fetch; the others have not caught up yet.
        let long_ago = now - lag_max - Span(1);
        let follower = |&broker: &NodeId| {
            let in_sync = state.isr.contains(&broker);
            Follower::new(broker, if in_sync { now } else { long_ago })
        };
        self.leading = Some(Arc::new(Leading {
            epoch_start: end,
            isr: state.isr.clone(),
            asked: None,
            followers: others.map(follower).collect(),
        }));
    }

    /// Goes on leading in the same epoch, with another in-sync set or other replicas.
    pub fn update(&mut self, now: Time, state: &PartitionState, lag_max: Span) {
        self.partition_epoch = state.partition_epoch;
        let me = self.me;
        if let Some(leading) = self.leading_mut() {
            leading.isr.clone_from(&state.isr);
            leading.asked = None;
            leading
                .followers
                .retain(|f| state.replicas.contains(&f.broker));
            for &broker in state.replicas.iter().filter(|&&broker| broker != me) {
                if leading.followers.iter().all(|f| f.broker != broker) {
                    leading
                        .followers
                        .push(Follower::new(broker, now - lag_max - Span(1)));
                }
            }
        }
    }

    /// Follows from now on. Whether the epoch is a new one, so that it fetches anew.
    pub fn follow(&mut self, state: &PartitionState) -> bool {
        let new = state.leader_epoch > self.leader_epoch;
        self.leading = None;
        self.leader = state.leader;
        self.leader_epoch = state.leader_epoch;
        self.partition_epoch = state.partition_epoch;
        new
    }

    /// Appends a producer's batch as the leader. Returns the base offset.
    ///
    /// # Errors
    /// The batch is too large, or its timestamps are too far from the broker's clock; this replica
    /// does not lead.
    pub fn append(
        &mut self,
        now: Time,
        config: &TopicConfig,
        batch: &Batch,
    ) -> Result<i64, ErrorCode> {
        if !self.leads() {
            return Err(ErrorCode::NotLeaderOrFollower);
        }
        if batch.size_in_bytes() > config.max_message_bytes {
            return Err(ErrorCode::MessageTooLarge);
        }
        let batch = if config.log_append_time {
            batch.with_append_time(now.event_ms())
        } else {
            check_timestamps(batch, now.event_ms(), config)?;
            batch.clone()
        };
        let appended = self.log.append_as_leader(batch, self.leader_epoch, now);
        let info = appended.map_err(|error| match error {
            AppendError::TooLarge { .. } => ErrorCode::RecordListTooLarge,
            _ => ErrorCode::InvalidRecord,
        })?;
        Ok(info.base_offset)
    }

    /// A follower fetches from `offset` on: it has everything before.
    pub fn fetched_by(&mut self, now: Time, broker: NodeId, epoch: i64, offset: i64) {
        let end = self.log.end();
        let Some(leading) = self.leading_mut() else {
            return;
        };
        let mut followers = leading.followers.iter_mut();
        let Some(follower) = followers.find(|follower| follower.broker == broker) else {
            return;
        };
        follower.broker_epoch = epoch;
        follower.progress = follower.progress.fetched(offset, end, now);
    }

    /// Whether a follower that fetched should be in sync, is not, and nobody asked for it: it has
    /// what is committed and everything from before this leader's epoch.
    #[must_use]
    pub fn may_join_isr(&self, broker: NodeId, flaw: Option<Flaw>) -> bool {
        let Some(leading) = &self.leading else {
            return false;
        };
        let mut followers = leading.followers.iter();
        let follower = followers.find(|follower| follower.broker == broker);
        leading.asked.is_none()
            && !leading.isr.contains(&broker)
            && follower.is_some_and(|f| {
                flaw == Some(Flaw::JoinIsrTooSoon)
                    || f.progress
                        .may_join(self.high_watermark, leading.epoch_start)
            })
    }

    /// The in-sync followers that have not had everything for too long.
    #[must_use]
    pub fn out_of_sync(&self, now: Time, rules: Rules) -> Vec<NodeId> {
        let Some(leading) = self.leading.as_ref().filter(|l| l.asked.is_none()) else {
            return Vec::new();
        };
        let end = self.log.end();
        let late = |f: &&Follower| {
            leading.isr.contains(&f.broker) && !f.progress.is_caught_up(end, now, rules.lag_max)
        };
        leading
            .followers
            .iter()
            .filter(late)
            .map(|f| f.broker)
            .collect()
    }

    /// The leader asks for `isr`; `own_epoch` is its broker epoch. Returns what to ask.
    pub fn ask_for(&mut self, isr: &[NodeId], own_epoch: i64) -> Vec<(NodeId, i64)> {
        let me = self.me;
        let Some(leading) = self.leading_mut() else {
            return Vec::new();
        };
        let epoch_of = |broker: NodeId| {
            let mut followers = leading.followers.iter();
            let follower = followers.find(|follower| follower.broker == broker);
            follower.map_or(own_epoch, |f| f.broker_epoch)
        };
        let asked: Vec<(NodeId, i64)> = isr
            .iter()
            .map(|&broker| {
                (
                    broker,
                    if broker == me {
                        own_epoch
                    } else {
                        epoch_of(broker)
                    },
                )
            })
            .collect();
        leading.asked = Some(asked.clone());
        asked
    }

    /// What was asked for is refused, or no longer of use.
    pub fn take_back(&mut self) {
        if let Some(leading) = self.leading_mut() {
            leading.asked = None;
        }
    }

    /// The controller's word on the in-sync set.
    pub fn confirm(&mut self, isr: Vec<NodeId>, partition_epoch: i32) {
        self.partition_epoch = partition_epoch;
        if let Some(leading) = self.leading_mut() {
            leading.isr = isr;
            leading.asked = None;
        }
    }

    /// Raises the leader's high watermark to where every replica that counts has come: those in sync,
    /// those it asked for, and those that have caught up and may join. Not while fewer are in sync
    /// than `min.insync.replicas` (KAFKA-15583). Returns whether it rose.
    pub fn advance(
        &mut self,
        now: Time,
        rules: Rules,
        may_join: impl Fn(&Follower) -> bool,
    ) -> bool {
        let Some(leading) = &self.leading else {
            return false;
        };
        let end = self.log.end();
        let alone = rules.flaw == Some(Flaw::ShrinkIsrAlone);
        let asked = leading.asked.as_deref().filter(|_| alone);
        let counts = |f: &&Follower| {
            let at = f.progress;
            if let Some(asked) = asked {
                return asked.iter().any(|&(broker, _)| broker == f.broker);
            }
            self.maximal_isr().any(|broker| broker == f.broker)
                || at.log_end_offset >= 0 && at.is_caught_up(end, now, rules.lag_max) && may_join(f)
        };
        let waited_for = leading.followers.iter().filter(counts);
        let ends = waited_for.map(|f| f.progress.log_end_offset);
        let ends = ends.filter(|_| rules.flaw != Some(Flaw::HighWatermarkAheadOfIsr));
        let (before, isr) = (self.high_watermark, leading.isr.len());
        let least = match rules.flaw {
            Some(Flaw::HighWatermarkBelowMinIsr) => 0,
            _ => rules.min_isr,
        };
        let new = high_watermark(before, end, ends, isr, least);
        self.high_watermark = new;
        new > before
    }

    /// Where this epoch began, for a leader.
    #[must_use]
    pub fn epoch_start(&self) -> i64 {
        self.leading.as_ref().map_or(0, |l| l.epoch_start)
    }

    /// Appends what the leader sent. Returns the batch's base offset, or `None` if it is there.
    pub fn replicate(&mut self, now: Time, batch: Batch) -> Option<i64> {
        // A leader sends what comes next; only what was not cut where histories part begins before it.
        if batch.base_offset < self.log.end() {
            return None;
        }
        let base_offset = batch.base_offset;
        let appended = self.log.append_as_follower(batch, now);
        appended.expect("a leader sends what comes next, as it could write it itself");
        Some(base_offset)
    }

    /// The leader's high watermark came with a fetch. Returns whether this one changed.
    pub fn learn_high_watermark(&mut self, leaders: i64) -> bool {
        // A new leader may not know yet how much is committed that was deleted here.
        let start = self.log.log().log_start_offset();
        let new = follower_high_watermark(leaders, self.log.end()).max(start);
        std::mem::replace(&mut self.high_watermark, new) != new
    }

    /// Deletes what is committed and need not be kept. Returns where the log began before, if it
    /// begins later now.
    pub fn delete_old(&mut self, now: Time, config: &TopicConfig) -> Option<i64> {
        let before = self
            .log
            .delete_old(now, self.high_watermark, config.retention)?;
        self.start_moved();
        Some(before)
    }

    /// The leader's log start came with a fetch. Returns where this log began before, if it begins
    /// later now.
    pub fn learn_log_start(&mut self, leaders: i64) -> Option<i64> {
        let before = self.log.begin_at(leaders.min(self.high_watermark))?;
        self.start_moved();
        Some(before)
    }

    /// What was deleted need not be written to disk any more.
    fn start_moved(&mut self) {
        let start = self.log.log().log_start_offset();
        self.disk.flushed = self.disk.flushed.max(start);
        self.disk.high_watermark = self.disk.high_watermark.max(start);
    }

    /// Cuts everything off from `offset` on. Returns where the log ended before, if it was after it.
    pub fn truncate_to(&mut self, offset: i64) -> Option<i64> {
        let before = self.log.end();
        let cut = self.log.truncate_to(offset);
        self.high_watermark = self.high_watermark.min(self.log.end());
        self.disk.forget_from(self.log.end());
        cut.then_some(before)
    }

    /// Begins anew at the leader's log start: it has nothing as old as this replica's end.
    pub fn begin_at(&mut self, offset: i64, now: Time) {
        self.log = EpochLog::starting_at(offset, *self.log.log().config(), now);
        self.high_watermark = offset;
        self.disk = Disk {
            flushed: offset,
            dirty: Vec::new(),
            high_watermark: offset,
        };
    }

    /// The machine writes back what has been in memory long enough, and the process notes its high
    /// watermark. Called every few seconds.
    pub fn write_back(&mut self, now: Time) {
        let end = self.log.end();
        let disk = &mut self.disk;
        disk.high_watermark = self.high_watermark;
        let old = disk
            .dirty
            .iter()
            .take_while(|(at, _)| now.since(*at) >= DIRTY_FOR);
        let old = old.count();
        if let Some((_, flushed)) = disk.dirty.drain(..old).next_back() {
            disk.flushed = disk.flushed.max(flushed);
        }
        if disk.dirty.last().map_or(disk.flushed, |&(_, end)| end) < end {
            disk.dirty.push((now, end));
        }
    }

    /// Writes everything to disk, as a process does that stops cleanly.
    pub fn flush(&mut self) {
        self.disk = Disk {
            flushed: self.log.end(),
            dirty: Vec::new(),
            high_watermark: self.high_watermark,
        };
    }

    /// The process starts: it knows the high watermark that its last life noted.
    pub fn begin(&mut self) {
        self.high_watermark = self.disk.high_watermark.min(self.log.end());
    }

    /// The process is gone; what it wrote is in the machine's page cache.
    pub fn process_died(&mut self) {
        self.leading = None;
        self.leader = None;
    }

    /// The machine lost power: only what is on disk remains. Returns where the log ended before, if
    /// records were lost.
    pub fn power_lost(&mut self) -> Option<i64> {
        let lost = self.truncate_to(self.disk.flushed);
        self.process_died();
        lost
    }

    /// What a clone may come to cost, in bytes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        size_of::<Self>() + self.log.log().heap_bytes_unshared()
    }
}

impl Disk {
    fn forget_from(&mut self, offset: i64) {
        self.flushed = self.flushed.min(offset);
        self.high_watermark = self.high_watermark.min(offset);
        self.dirty.retain(|&(_, end)| end <= offset);
    }
}

fn check_timestamps(batch: &Batch, now_ms: i64, config: &TopicConfig) -> Result<(), ErrorCode> {
    let latest = now_ms.saturating_add(config.timestamp_after_max_ms);
    if batch.max_timestamp() > latest {
        return Err(ErrorCode::InvalidTimestamp);
    }
    if config.timestamp_before_max_ms == i64::MAX {
        return Ok(());
    }
    let earliest = now_ms.saturating_sub(config.timestamp_before_max_ms);
    let early = |t: i64| t != -1 && t < earliest;
    let mut records = batch.records().map_while(Result::ok);
    if records.any(|record| early(record.timestamp)) {
        return Err(ErrorCode::InvalidTimestamp);
    }
    Ok(())
}
