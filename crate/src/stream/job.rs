//! A stream from its records to its results, by the rules of one engine.

use super::aggregate::Aggregate;
use super::engine::{Engine, Options, OutputMode, Plan, Rules, TimeKind};
use super::micro_batch::{MicroBatches, Progress};
use super::operator::Operator;
use super::out::{Out, Record};
use super::watermark::{Watermarking, Watermarks};

/// What drives the windows.
#[derive(Clone, Debug)]
enum Machine {
    /// Records one by one, with a watermark (stream time, the clock) behind them.
    OneByOne {
        marks: Watermarks,
        operator: Box<Operator>,
    },
    /// Spark's micro-batches.
    Batches {
        batches: Box<MicroBatches>,
        waiting: Vec<Record>,
    },
}

/// A stream of keyed records into windows.
#[derive(Clone, Debug)]
pub struct Job {
    engine: Engine,
    time: TimeKind,
    plan: Plan,
    machine: Machine,
}

impl Job {
    /// For input of so many partitions, of which one without records for `idle_after` ms does not
    /// hold back the watermark.
    ///
    /// # Errors
    /// In words, where the engine does not have what is asked for.
    pub fn new(
        options: &Options,
        aggregate: Aggregate,
        partitions: usize,
        idle_after: Option<i64>,
    ) -> Result<Self, String> {
        let plan = options.plan()?;
        let windows = options.windows.clone();
        let machine = if options.engine == Engine::Spark {
            let batches = MicroBatches::new(windows, aggregate, &plan, options.watermark);
            Machine::Batches {
                batches: Box::new(batches),
                waiting: Vec::new(),
            }
        } else {
            let behind = i64::from(options.engine == Engine::Flink);
            let strategy = match options.watermark {
                _ if options.engine == Engine::KafkaStreams => Watermarking::Bounded {
                    delay: 0,
                    behind: 0,
                },
                _ if options.punctuated => Watermarking::Punctuated,
                Some(delay) => Watermarking::Bounded { delay, behind },
                // What arrives is stamped in order.
                None if options.time == TimeKind::Ingestion => {
                    Watermarking::Bounded { delay: 0, behind }
                }
                None => Watermarking::None,
            };
            let (rules, trigger) = (plan.rules, plan.trigger);
            let operator = Operator::new(windows, aggregate, rules, trigger, plan.mode);
            // A stream task's time is that of all its partitions.
            let partitions = match options.engine {
                Engine::KafkaStreams => 1,
                _ => partitions,
            };
            Machine::OneByOne {
                marks: Watermarks::new(strategy, partitions, idle_after),
                operator: Box::new(operator),
            }
        };
        Ok(Self {
            engine: options.engine,
            time: options.time,
            plan,
            machine,
        })
    }

    /// The windows.
    #[must_use]
    pub fn operator(&self) -> &Operator {
        match &self.machine {
            Machine::OneByOne { operator, .. } => operator,
            Machine::Batches { batches, .. } => batches.operator(),
        }
    }

    /// What it makes of a window's end.
    #[must_use]
    pub const fn rules(&self) -> &Rules {
        &self.plan.rules
    }

    /// Where the watermark (stream time, the clock) is; `i64::MIN` before the first, with Spark 0.
    #[must_use]
    pub const fn watermark(&self) -> i64 {
        match &self.machine {
            Machine::OneByOne { operator, .. } => operator.watermark(),
            Machine::Batches { batches, .. } => batches.watermark(),
        }
    }

    /// The clock comes to `now`: early results that it is time for, and what follows from a partition
    /// that has been idle too long. Spark looks at it only when a batch ends.
    pub fn clock(&mut self, now: i64, out: &mut Out) {
        if let Machine::OneByOne { marks, operator } = &mut self.machine {
            operator.tick(now, out);
            // A timer rings when its millisecond is over (`ProcessingTimeServiceUtil`).
            let mark = match self.time {
                TimeKind::Processing => now.saturating_sub(1),
                _ => marks.tick(now),
            };
            operator.advance(mark, now, out);
        }
    }

    /// Whether [`Job::finish`] leaves windows open that more records could still complete.
    #[must_use]
    pub fn leaves_open(&self) -> bool {
        match self.engine {
            Engine::KafkaStreams => self.plan.trigger.at_watermark,
            Engine::Spark => self.plan.output == OutputMode::Append,
            Engine::Flink | Engine::Beam => true,
        }
    }

    /// A record of `partition` arrives at `now`.
    pub fn record(&mut self, mut record: Record, partition: usize, now: i64, out: &mut Out) {
        if self.time != TimeKind::Event {
            record.ts = now;
        }
        // What the clock brought about since the last record comes first.
        self.clock(now, out);
        match &mut self.machine {
            Machine::Batches { waiting, .. } => {
                waiting.push(record);
                if self.plan.batch > 0 && waiting.len() >= self.plan.batch as usize {
                    self.end_batch(now, out);
                }
            }
            Machine::OneByOne { marks, operator } => {
                if self.time == TimeKind::Processing {
                    operator.record(record, now, out);
                } else if self.engine == Engine::KafkaStreams {
                    // Stream time is that of the record, whatever becomes of it.
                    if record.ts >= 0 {
                        operator.watermark_ahead(record.ts);
                    }
                    operator.record(record, now, out);
                    operator.advance(operator.watermark(), now, out);
                } else {
                    operator.record(record, now, out);
                    let mark = marks.record(partition, record.ts, record.marks, now);
                    operator.advance(mark, now, out);
                }
            }
        }
    }

    /// The micro-batch is full. Nothing happens where there are none.
    pub fn end_batch(&mut self, now: i64, out: &mut Out) -> Vec<Progress> {
        match &mut self.machine {
            Machine::Batches { batches, waiting } if !waiting.is_empty() => {
                let rows = std::mem::take(waiting);
                batches.batch(&rows, now, out)
            }
            _ => Vec::new(),
        }
    }

    /// The input ends. Flink and Beam move the watermark to the end of time then, so that everything
    /// comes out; Spark runs what waits; Kafka Streams goes on waiting. See [`Operator::open`] for
    /// what is left.
    pub fn finish(&mut self, now: i64, out: &mut Out) {
        self.end_batch(now, out);
        if let Machine::OneByOne { operator, .. } = &mut self.machine {
            operator.tick(now, out);
            if self.engine != Engine::KafkaStreams {
                operator.finish(now, out);
            }
        }
    }
}
