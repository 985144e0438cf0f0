//! A task that a worker has: what it has fetched for it, and how far its stores are restored.

use crate::client::{Consumer, PartitionRecords};
use crate::id::TopicPartition;
use crate::stream::topology::{Plan, Task, TaskOut};
use crate::time::Time;
use std::collections::VecDeque;
use std::sync::Arc;

/// How a task stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TaskState {
    /// Its stores are filled from their changelogs.
    Restoring,
    /// It takes records.
    Running,
}

/// A record that is fetched and waits for its turn.
#[derive(Clone, Debug)]
struct Buffered {
    offset: i64,
    key: Option<Arc<[u8]>>,
    value: Option<Arc<[u8]>>,
    timestamp: i64,
    /// Its time as the source takes it; -1 if it is left out.
    time: i64,
}

/// A partition of a source (`RecordQueue`).
#[derive(Clone, Debug)]
struct Queue {
    at: TopicPartition,
    /// Which of the plan's topics.
    topic: usize,
    buffered: VecDeque<Buffered>,
    /// The offset after the last record taken, if one was since the last commit.
    taken: Option<i64>,
}

/// A store's changelog, and how far it is read.
#[derive(Clone, Debug)]
pub(super) struct StoreLog {
    pub at: TopicPartition,
    topic: usize,
    /// The offset from which on the store lacks changes (Kafka Streams: the checkpoint).
    pub next: i64,
    /// Where the log ended when restoring began, once that is known.
    pub end: Option<i64>,
}

impl StoreLog {
    /// Whether the store has everything that the log had.
    pub fn is_restored(&self) -> bool {
        self.end.is_some_and(|end| self.next >= end)
    }
}

/// A task with its queues and stores.
#[derive(Clone, Debug)]
pub struct RunningTask {
    task: Task,
    state: TaskState,
    queues: Vec<Queue>,
    pub(super) logs: Vec<StoreLog>,
    /// Whether it took records since the last commit.
    dirty: bool,
    /// Since when it is restored, or was.
    pub(super) since: Time,
    /// How many changes were read for that.
    pub(super) restored: u64,
}

/// A queue with more records is not filled further (`buffered.records.per.partition`).
const ENOUGH: usize = 1_000;

impl RunningTask {
    pub(super) fn new(
        plan: &Arc<Plan>,
        sub: usize,
        partition: u32,
        at: impl Fn(usize) -> TopicPartition,
    ) -> Self {
        let queues = plan.subs[sub].sources.iter().map(|&(topic, _)| Queue {
            at: at(topic),
            topic,
            buffered: VecDeque::new(),
            taken: None,
        });
        let logs = plan.subs[sub].stores.iter().map(|&(_, topic)| StoreLog {
            at: at(topic),
            topic,
            next: 0,
            end: None,
        });
        Self {
            queues: queues.collect(),
            logs: logs.collect(),
            task: Task::new(Arc::clone(plan), sub, partition),
            state: TaskState::Running,
            dirty: false,
            since: Time::ZERO,
            restored: 0,
        }
    }

    /// The machine.
    #[must_use]
    pub fn task(&self) -> &Task {
        &self.task
    }

    /// How it stands.
    #[must_use]
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// How many records wait in its queues.
    #[must_use]
    pub fn buffered(&self) -> usize {
        self.queues.iter().map(|queue| queue.buffered.len()).sum()
    }

    /// How many changes were read from changelogs when it was restored last.
    #[must_use]
    pub fn restored(&self) -> u64 {
        self.restored
    }

    /// Whether it took records since the last commit.
    pub(super) fn is_dirty(&self) -> bool {
        self.dirty
    }

    /// It begins, with what it has: first its stores catch up with their changelogs.
    pub(super) fn begin(&mut self, now: Time) {
        for queue in &mut self.queues {
            queue.buffered.clear();
            queue.taken = None;
        }
        for log in &mut self.logs {
            log.end = None;
        }
        self.dirty = false;
        self.since = now;
        self.restored = 0;
        self.state = match self.logs.is_empty() {
            true => TaskState::Running,
            false => TaskState::Restoring,
        };
    }

    /// Takes records of a changelog.
    pub(super) fn restore(&mut self, records: &PartitionRecords) {
        // What was written since it runs is in its stores.
        let waits = |log: &&mut StoreLog| log.at == records.at && !log.is_restored();
        let Some(log) = self.logs.iter_mut().find(waits) else {
            return;
        };
        for record in records.iter() {
            self.task
                .restore(log.topic, record.key, record.value, record.timestamp);
            self.restored += 1;
        }
        log.next = records.next;
    }

    /// If its stores have everything, it runs from now on.
    pub(super) fn is_now_restored(&mut self) -> bool {
        let done =
            self.state == TaskState::Restoring && self.logs.iter().all(StoreLog::is_restored);
        if done {
            self.state = TaskState::Running;
        }
        done
    }

    /// Its own change is in the changelog at the offset before `next`.
    pub(super) fn logged(&mut self, at: TopicPartition, next: i64) {
        if let Some(log) = self.logs.iter_mut().find(|log| log.at == at) {
            log.next = log.next.max(next);
        }
    }

    /// Puts records into their queue. `false` if they are none of its.
    pub(super) fn fetched(&mut self, records: &PartitionRecords, now: i64) -> bool {
        let Some(queue) = self.queues.iter_mut().find(|queue| queue.at == records.at) else {
            return false;
        };
        for record in records.iter() {
            let (value, timestamp) = (record.value, record.timestamp);
            let time = self.task.time_of(queue.topic, value, timestamp, now);
            queue.buffered.push_back(Buffered {
                offset: record.offset,
                key: record.key.map(Arc::from),
                value: value.map(Arc::from),
                timestamp,
                time: time.unwrap_or(-1),
            });
        }
        true
    }

    /// Which partitions need no records for now: its queue is full, or the task does not run.
    pub(super) fn full(&self) -> impl Iterator<Item = (TopicPartition, bool)> + '_ {
        let waits = self.state == TaskState::Restoring;
        self.queues
            .iter()
            .map(move |queue| (queue.at, waits || queue.buffered.len() > ENOUGH))
    }

    /// The queue whose next record is the oldest, if the task may go on: each queue has one, or there
    /// is nothing to wait for in its partition (`PartitionGroup.readyToProcess`, with
    /// `max.task.idle.ms` = 0).
    fn next(&self, consumer: &Consumer) -> Option<usize> {
        if self.state == TaskState::Restoring {
            return None;
        }
        let mut oldest: Option<(i64, usize)> = None;
        for (n, queue) in self.queues.iter().enumerate() {
            let Some(record) = queue.buffered.front() else {
                // What is known to be there, or not known at all, must be fetched first.
                if consumer.lag(queue.at) != Some(0) {
                    return None;
                }
                continue;
            };
            if oldest.is_none_or(|(time, _)| record.time < time) {
                oldest = Some((record.time, n));
            }
        }
        oldest.map(|(_, n)| n)
    }

    /// Takes the next record, if there is one.
    pub(super) fn take(&mut self, consumer: &Consumer, now: i64, out: &mut TaskOut) -> bool {
        let Some(queue) = self.next(consumer) else {
            return false;
        };
        let Queue {
            topic,
            buffered,
            taken,
            ..
        } = &mut self.queues[queue];
        let Some(record) = buffered.pop_front() else {
            return false;
        };
        *taken = Some(record.offset + 1);
        let (key, value) = (record.key.as_deref(), record.value.as_deref());
        self.task
            .take(*topic, key, value, record.timestamp, now, out);
        self.dirty = true;
        true
    }

    /// What its caches hold goes on, before positions are committed.
    pub(super) fn flush(&mut self, now: i64, out: &mut TaskOut) {
        self.task.flush(now, out);
    }

    /// The positions to commit.
    pub(super) fn positions(&self) -> impl Iterator<Item = (TopicPartition, i64)> + '_ {
        self.queues
            .iter()
            .filter_map(|queue| Some((queue.at, queue.taken?)))
    }

    /// They are committed.
    pub(super) fn committed(&mut self) {
        self.dirty = false;
        self.queues.iter_mut().for_each(|queue| queue.taken = None);
    }
}
