//! A log together with the leader epochs in it: what a replica writes, and what it cuts off when it
//! parts from its leader's (KIP-101, KIP-279, KIP-595).

use crate::log::epochs::{Divergence, UNDEFINED_EPOCH, divergence};
use crate::log::{AppendError, AppendInfo, Batch, LeaderEpochs, Log, LogConfig, Retention};
use crate::time::Time;

/// A log and the offset at which each leader epoch in it began.
#[derive(Clone, Debug)]
pub struct EpochLog {
    log: Log,
    epochs: LeaderEpochs,
}

impl EpochLog {
    /// An empty one.
    #[must_use]
    pub fn new(config: LogConfig, now: Time) -> Self {
        Self {
            log: Log::new(config, now),
            epochs: LeaderEpochs::default(),
        }
    }

    /// An empty one whose first record will have `offset`.
    #[must_use]
    pub fn starting_at(offset: i64, config: LogConfig, now: Time) -> Self {
        Self {
            log: Log::starting_at(offset, config, now),
            epochs: LeaderEpochs::default(),
        }
    }

    /// The log.
    #[must_use]
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// The leader epochs.
    #[must_use]
    pub fn epochs(&self) -> &LeaderEpochs {
        &self.epochs
    }

    /// Changes the settings; what is written stays as it is.
    pub fn set_config(&mut self, config: LogConfig) {
        self.log.set_config(config);
    }

    /// The offset the next record will get.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.log.log_end_offset()
    }

    /// The latest epoch, -1 if there is none.
    #[must_use]
    pub fn last_epoch(&self) -> i32 {
        self.epochs.latest().map_or(-1, |(epoch, _)| epoch)
    }

    /// A leader of `epoch` begins to write here.
    pub fn begin_epoch(&mut self, epoch: i32) {
        self.epochs.assign(epoch, self.end());
    }

    /// Appends as the leader of `epoch`.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_as_leader(
        &mut self,
        batch: Batch,
        epoch: i32,
        now: Time,
    ) -> Result<AppendInfo, AppendError> {
        let info = self.log.append(batch, epoch, now)?;
        self.epochs.assign(epoch, info.base_offset);
        Ok(info)
    }

    /// Appends what a leader sent.
    ///
    /// # Errors
    /// As [`Log::append_as_follower`].
    pub fn append_as_follower(
        &mut self,
        batch: Batch,
        now: Time,
    ) -> Result<AppendInfo, AppendError> {
        let epoch = batch.leader_epoch;
        let info = self.log.append_as_follower(batch, now)?;
        self.epochs.assign(epoch, info.base_offset);
        Ok(info)
    }

    /// Takes away everything from `offset` on. Returns whether anything was there.
    pub fn truncate_to(&mut self, offset: i64) -> bool {
        self.epochs.truncate_from_end(offset);
        self.log.truncate_to(offset)
    }

    /// Deletes what need not be kept. Returns where the log began before, if it begins later now.
    pub fn delete_old(&mut self, now: Time, upto: i64, retention: Retention) -> Option<i64> {
        let before = self.log.log_start_offset();
        self.log.delete_old(now, upto, retention);
        self.epochs_begin(before)
    }

    /// Begins at `offset`, if that is later. Returns where the log began before, if it did.
    pub fn begin_at(&mut self, offset: i64) -> Option<i64> {
        let before = self.log.log_start_offset();
        self.log.begin_at(offset);
        self.epochs_begin(before)
    }

    fn epochs_begin(&mut self, before: i64) -> Option<i64> {
        let start = self.log.log_start_offset();
        if start == before {
            return None;
        }
        self.epochs.truncate_from_start(start);
        Some(before)
    }

    /// As the leader: where the log of a follower that ends at `offset` with a record of
    /// `last_epoch` parts from this one, as the largest epoch both may share and where it ends.
    /// `None` if this log goes on from that one.
    #[must_use]
    pub fn diverging(&self, offset: i64, last_epoch: i32) -> Option<(i32, i64)> {
        if last_epoch < 0 {
            return None;
        }
        match divergence(&self.epochs, self.end(), last_epoch, offset) {
            Divergence::None => None,
            Divergence::At(epoch, end) => Some((epoch, end)),
            Divergence::Unknown => Some((UNDEFINED_EPOCH, -1)),
        }
    }
}
