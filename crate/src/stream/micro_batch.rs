//! Spark's way: records come in batches, and the watermark moves when a batch is done.
//!
//! So a very late record in the same batch as the newest is kept. When the watermark has moved, a
//! batch without data follows at once, which brings out what that makes complete
//! (`MicroBatchExecution`, `WatermarkTracker`).

use super::engine::{OutputMode, Plan};
use super::operator::Operator;
use super::out::{Dropped, Kind, Out, Record};
use super::{Aggregate, Windows};

/// What Spark's `StreamingQueryProgress` tells of a batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Its number, from 0 on.
    pub batch: u64,
    /// Its records.
    pub rows: u64,
    /// The watermark in it.
    pub watermark: i64,
    /// `numRowsDroppedByWatermark`: keys and windows, since records of one key and window are one
    /// row by then.
    pub dropped: u64,
    /// How many results came out.
    pub emitted: usize,
}

/// Windows fed by micro-batches.
#[derive(Clone, Debug)]
pub struct MicroBatches {
    operator: Operator,
    delay: Option<i64>,
    output: OutputMode,
    /// The kind of what comes out in complete mode.
    complete: Kind,
    newest: i64,
    watermark: i64,
    batch: u64,
}

impl MicroBatches {
    /// By a plan of Spark's; without a `delay` there is no watermark.
    #[must_use]
    pub fn new(windows: Windows, aggregate: Aggregate, plan: &Plan, delay: Option<i64>) -> Self {
        let mut operator = Operator::new(windows, aggregate, plan.rules, plan.trigger, plan.mode);
        if delay.is_some() && plan.output != OutputMode::Complete {
            operator.watermark_ahead(0);
        }
        Self {
            operator,
            delay,
            output: plan.output,
            complete: if plan.batch == 0 {
                Kind::OnTime
            } else {
                Kind::Update
            },
            newest: i64::MIN,
            watermark: 0,
            batch: 0,
        }
    }

    /// The windows.
    #[must_use]
    pub const fn operator(&self) -> &Operator {
        &self.operator
    }

    /// The watermark of the next batch.
    #[must_use]
    pub const fn watermark(&self) -> i64 {
        self.watermark
    }

    /// Runs a batch, and the one without data that may follow. Gives what each of them was.
    pub fn batch(&mut self, rows: &[Record], now: i64, out: &mut Out) -> Vec<Progress> {
        let mut told = vec![self.run(rows, now, out)];
        if let Some(delay) = self.delay {
            let newest = rows.iter().map(|row| row.ts).max().unwrap_or(i64::MIN);
            self.newest = self.newest.max(newest);
            let moved = self.newest.saturating_sub(delay);
            if moved > self.watermark {
                self.watermark = moved;
                if self.output != OutputMode::Complete {
                    told.push(self.run(&[], now, out));
                }
            }
        }
        told
    }

    fn run(&mut self, rows: &[Record], now: i64, out: &mut Out) -> Progress {
        let (emitted, dropped) = (out.emitted.len(), out.dropped.len());
        for &row in rows {
            self.operator.record(row, now, out);
        }
        match self.output {
            OutputMode::Append => {}
            OutputMode::Update => self.operator.fire_changed(out),
            OutputMode::Complete => self.operator.fire_everything(self.complete, out),
        }
        if self.delay.is_some() && self.output != OutputMode::Complete {
            self.operator.advance(self.watermark, now, out);
        }
        let progress = Progress {
            batch: self.batch,
            rows: rows.len() as u64,
            watermark: self.watermark,
            dropped: rows_of(&out.dropped[dropped..]),
            emitted: out.emitted.len() - emitted,
        };
        self.batch += 1;
        progress
    }
}

/// How many keys and windows there are among the dropped.
fn rows_of(dropped: &[Dropped]) -> u64 {
    let mut rows: Vec<_> = dropped.iter().map(|d| (d.record.key, d.window)).collect();
    rows.sort_unstable();
    rows.dedup();
    rows.len() as u64
}
