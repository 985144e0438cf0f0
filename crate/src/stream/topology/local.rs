//! A topology in one place: topics are lists, and every task runs at once.

use super::plan::{Plan, TopicRole};
use super::task::{Task, TaskOut};
use std::collections::VecDeque;
use std::sync::Arc;

/// A record in a topic.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// Its key.
    pub key: Option<Arc<str>>,
    /// Its value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its timestamp, in ms.
    pub ts: i64,
}

/// All tasks of a topology and its topics.
#[derive(Clone, Debug)]
pub struct Local {
    plan: Arc<Plan>,
    tasks: Vec<Task>,
    /// By topic and partition, what was written.
    logs: Vec<Vec<Vec<Line>>>,
    /// The partitions that no task has read to their ends, with how far they are read.
    unread: VecDeque<(usize, u32, Line)>,
    /// Which partition a key belongs to.
    partition: fn(&[u8], u32) -> u32,
}

impl Local {
    /// With nothing in any topic. `partition` says which partition of so many a key belongs to;
    /// records without a key go to the first.
    #[must_use]
    pub fn new(plan: Arc<Plan>, partition: fn(&[u8], u32) -> u32) -> Self {
        let tasks = plan
            .tasks()
            .map(|(sub, n)| Task::new(Arc::clone(&plan), sub, n));
        let logs = plan.topics.iter();
        let logs = logs.map(|topic| vec![Vec::new(); topic.partitions.max(1) as usize]);
        Self {
            tasks: tasks.collect(),
            logs: logs.collect(),
            plan,
            unread: VecDeque::new(),
            partition,
        }
    }

    /// What runs.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// The tasks.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// What was written to a topic, partition by partition.
    #[must_use]
    pub fn log(&self, topic: usize) -> &[Vec<Line>] {
        &self.logs[topic]
    }

    /// Writes a record to a topic, and lets everything run that follows from it, at `now` in ms.
    pub fn write(&mut self, topic: usize, line: Line, now: i64) {
        self.append(topic, None, line);
        self.run(now);
    }

    /// Commits: caches are emptied and changes logged, again and again until nothing is left.
    pub fn commit(&mut self, now: i64) {
        // What one sub-topology lets go another takes in: as many rounds as there are of them.
        for _ in 0..self.plan.subs.len() {
            for task in 0..self.tasks.len() {
                let mut out = TaskOut::default();
                self.tasks[task].flush(now, &mut out);
                self.take(out);
            }
            self.run(now);
        }
    }

    /// The clock comes to `now`.
    pub fn tick(&mut self, now: i64) {
        for task in 0..self.tasks.len() {
            let mut out = TaskOut::default();
            self.tasks[task].tick(now, &mut out);
            self.take(out);
        }
        self.run(now);
    }

    /// Loses what a task has in memory, and restores it from its changelogs.
    pub fn kill(&mut self, task: usize) {
        let (sub, partition) = (self.tasks[task].sub(), self.tasks[task].partition());
        let mut task_again = Task::new(Arc::clone(&self.plan), sub, partition);
        for &(_, topic) in &self.plan.subs[sub].stores {
            for line in &self.logs[topic][partition as usize] {
                let key = line.key.as_ref().map(|key| key.as_bytes());
                task_again.restore(topic, key, line.value.as_deref(), line.ts);
            }
        }
        self.tasks[task] = task_again;
    }

    fn append(&mut self, topic: usize, partition: Option<u32>, line: Line) {
        let partitions = self.logs[topic].len() as u32;
        let partition = partition.unwrap_or_else(|| match &line.key {
            Some(key) if partitions > 1 => (self.partition)(key.as_bytes(), partitions),
            _ => 0,
        });
        let role = self.plan.topics[topic].role;
        if matches!(role, TopicRole::Source | TopicRole::Repartition) {
            self.unread.push_back((topic, partition, line.clone()));
        }
        self.logs[topic][partition as usize].push(line);
    }

    fn take(&mut self, out: TaskOut) {
        for produced in out.produced {
            let line = Line {
                key: produced.key,
                value: produced.value,
                ts: produced.ts,
            };
            self.append(produced.topic, produced.partition, line);
        }
    }

    fn run(&mut self, now: i64) {
        while let Some((topic, partition, line)) = self.unread.pop_front() {
            let reads = |task: &Task| {
                let sources = &self.plan.subs[task.sub()].sources;
                task.partition() == partition && sources.iter().any(|(read, _)| *read == topic)
            };
            let Some(task) = self.tasks.iter().position(reads) else {
                continue;
            };
            let mut out = TaskOut::default();
            let key = line.key.as_ref().map(|key| key.as_bytes());
            let value = line.value.as_deref();
            self.tasks[task].take(topic, key, value, line.ts, now, &mut out);
            self.take(out);
        }
    }
}
