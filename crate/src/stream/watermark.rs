//! Watermarks: how far event time has come, by what has been seen.

/// How a watermark comes about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watermarking {
    /// The newest timestamp less a delay: no record is expected to come later than that. `behind` is
    /// what an engine takes off besides: 1 in Flink, where a watermark says that nothing up to it
    /// comes any more.
    Bounded {
        /// How much out of order records may come, in ms.
        delay: i64,
        /// What else lies between, in ms.
        behind: i64,
    },
    /// The timestamps of records that are marked, and nothing else.
    Punctuated,
    /// None until the input ends.
    None,
}

/// One partition of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Partition {
    reached: i64,
    /// When the last record came from it, by the clock on the wall.
    seen_at: i64,
    idle: bool,
}

/// The watermark of an input with partitions: the least of theirs, those left out that have been
/// idle too long.
#[derive(Clone, Debug)]
pub struct Watermarks {
    strategy: Watermarking,
    idle_after: Option<i64>,
    partitions: Vec<Partition>,
    current: i64,
}

impl Watermarks {
    /// For so many partitions, of which one without records for `idle_after` ms does not hold back
    /// the others.
    #[must_use]
    pub fn new(strategy: Watermarking, partitions: usize, idle_after: Option<i64>) -> Self {
        let fresh = Partition {
            reached: i64::MIN,
            seen_at: 0,
            idle: false,
        };
        Self {
            strategy,
            idle_after,
            partitions: vec![fresh; partitions.max(1)],
            current: i64::MIN,
        }
    }

    /// Where it is; `i64::MIN` before anything is known.
    #[must_use]
    pub const fn current(&self) -> i64 {
        self.current
    }

    /// Whether a partition is left out as idle.
    #[must_use]
    pub fn is_idle(&self, partition: usize) -> bool {
        self.partitions.get(partition).is_some_and(|p| p.idle)
    }

    /// A record with timestamp `ts` came from `partition` at `now`. Gives the watermark after it. A
    /// partition that is not there is the last one.
    pub fn record(&mut self, partition: usize, ts: i64, marked: bool, now: i64) -> i64 {
        let last = self.partitions.len() - 1;
        let partition = &mut self.partitions[partition.min(last)];
        partition.seen_at = now;
        partition.idle = false;
        let reached = match self.strategy {
            Watermarking::Bounded { delay, behind } => {
                ts.saturating_sub(delay).saturating_sub(behind)
            }
            Watermarking::Punctuated if marked => ts,
            Watermarking::Punctuated | Watermarking::None => i64::MIN,
        };
        partition.reached = partition.reached.max(reached);
        self.tick(now)
    }

    /// The clock on the wall went on. Gives the watermark.
    pub fn tick(&mut self, now: i64) -> i64 {
        if let Some(after) = self.idle_after {
            for partition in &mut self.partitions {
                partition.idle |= now.saturating_sub(partition.seen_at) >= after;
            }
        }
        // Where all are idle it stays.
        let busy = self.partitions.iter().filter(|p| !p.idle);
        if let Some(least) = busy.map(|p| p.reached).min() {
            self.current = self.current.max(least);
        }
        self.current
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOUNDED: Watermarking = Watermarking::Bounded {
        delay: 2_000,
        behind: 1,
    };

    #[test]
    fn it_follows_the_newest_and_never_goes_back() {
        let mut marks = Watermarks::new(BOUNDED, 1, None);
        assert_eq!(marks.current(), i64::MIN);
        assert_eq!(marks.record(0, 10_000, false, 0), 7_999);
        assert_eq!(marks.record(0, 3_000, false, 0), 7_999);
        assert_eq!(marks.record(0, i64::MIN, false, 0), 7_999);
        assert_eq!(marks.record(9, i64::MAX, false, 0), i64::MAX - 2_001);
    }

    #[test]
    fn the_slowest_partition_holds_it_until_it_is_idle() {
        let mut marks = Watermarks::new(BOUNDED, 2, Some(500));
        assert_eq!(marks.record(0, 10_000, false, 0), i64::MIN);
        assert_eq!(marks.record(1, 5_000, false, 100), 2_999);
        assert_eq!(marks.record(0, 20_000, false, 599), 2_999);
        assert_eq!(marks.record(0, 20_000, false, 600), 17_999);
        assert!(marks.is_idle(1) && !marks.is_idle(0));
        // It comes back with an old record: the watermark stays, and the record is late.
        assert_eq!(marks.record(1, 6_000, false, 700), 17_999);
        assert_eq!(marks.record(0, 30_000, false, 800), 17_999);
        // All idle: nothing moves it.
        assert_eq!(marks.tick(10_000), 17_999);
    }

    #[test]
    fn a_punctuated_one_moves_with_marked_records_only() {
        let mut marks = Watermarks::new(Watermarking::Punctuated, 1, None);
        assert_eq!(marks.record(0, 10_000, false, 0), i64::MIN);
        assert_eq!(marks.record(0, 7_000, true, 0), 7_000);
        let mut none = Watermarks::new(Watermarking::None, 1, None);
        assert_eq!(none.record(0, 10_000, true, 0), i64::MIN);
    }
}
