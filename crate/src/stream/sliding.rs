//! Hopping windows at a cost that does not grow with their overlap.
//!
//! Time is cut into slices as long as the greatest common divisor of size and slide ("panes" in Li et
//! al., "No Pane, No Gain", 2005), and a record goes into its slice alone. A window is made of slices:
//!
//! - all of them anew each time ([`Method::Recompute`], Spark's `reduceByKeyAndWindow`),
//! - what the one before was, less the slices that left, and those that entered
//!   ([`Method::Inverse`], the same with an inverse function),
//! - from two stacks, where nothing can be taken out of the aggregate ([`Method::TwoStacks`]).
//!
//! The [`Operator`](super::Operator) puts a record into each of its windows instead; both give the
//! same.

use super::Key;
use super::aggregate::{Acc, Aggregate};
use super::engine::Rules;
use super::out::{Dropped, Emission, Kind, Out, Record};
use super::window::{Window, Windows};
use std::collections::VecDeque;

/// How a window is made of its slices.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// From all of them. Costs a step for each key in each slice of each window.
    Recompute,
    /// From the window before. Costs two steps for each key in each slice.
    Inverse,
    /// From sums of the older slices, made when there are none left, and one of the newer. Costs at
    /// most three steps for each key in each slice, and takes any aggregate.
    TwoStacks,
}

/// Which keys a window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those with a record in it.
    Present,
    /// With [`Method::Inverse`], every one that was ever in it (Spark without a filter function).
    EverSeen,
    /// Those whose value is not 0 (Spark with the filter that its documentation recommends).
    NonZero,
}

/// What it took: calls of the aggregate's functions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Work {
    /// Records that were put in.
    pub records: u64,
    /// Calls of the aggregate's functions: for records, slices and results.
    pub operations: u64,
    /// What they would be if each record were put into each of its windows.
    pub by_window: u64,
    /// Results that came out.
    pub results: u64,
}

impl Work {
    /// Operations for each record.
    #[must_use]
    pub fn per_record(&self) -> f64 {
        self.operations as f64 / self.records.max(1) as f64
    }
}

#[derive(Clone, Debug)]
struct Slice {
    at: i64,
    /// What each key has in it. A key whose records came out of order may have more than one entry.
    entries: Vec<(Key, Acc)>,
    /// With two stacks, in the older one: what each entry's key has in the slices after.
    after: Vec<Acc>,
}

/// Hopping windows of every key, made of slices. A result comes out once, at the watermark; a record
/// is dropped when it has missed all its windows, and is in those that are still to come if it has
/// missed some.
#[derive(Clone, Debug)]
pub struct Sliding {
    size: i64,
    slide: i64,
    offset: i64,
    step: i64,
    aggregate: Aggregate,
    rules: Rules,
    method: Method,
    rows: Rows,
    slices: VecDeque<Slice>,
    /// So many of the slices, the oldest, are in the sums, and lie before `entered_until`.
    entered: usize,
    entered_until: i64,
    /// By key, what the entered slices hold; with two stacks those of the newer one.
    sums: Vec<Acc>,
    /// By key, with two stacks: what the older one holds; so many slices are in it.
    older: Vec<Acc>,
    older_len: usize,
    /// Whether a record came into a slice of the older stack.
    stale: bool,
    /// By key, whether it was ever in a window.
    seen: Vec<bool>,
    /// By key, the start of the slice of its last record and the entry there.
    place: Vec<(i64, usize)>,
    /// The slice of the last record: where in the list, from when to when, the end of its last window.
    current: (usize, Window, i64),
    /// The end of the next window that may come out.
    next_end: Option<i64>,
    /// No window that ends here or before comes out any more.
    passed: i64,
    watermark: i64,
    work: Work,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The greatest `offset + n · step` that is not above `ts`.
fn floor(ts: i64, step: i64, offset: i64) -> i64 {
    let since = (ts.rem_euclid(step) - offset.rem_euclid(step)).rem_euclid(step);
    ts.saturating_sub(since)
}

impl Sliding {
    /// For tumbling or hopping windows.
    ///
    /// # Errors
    /// In words, where the windows are of another kind, or the method needs an inverse and the
    /// aggregate has none.
    pub fn new(
        windows: &Windows,
        aggregate: Aggregate,
        rules: Rules,
        method: Method,
        rows: Rows,
    ) -> Result<Self, String> {
        windows.check()?;
        let Some((size, slide, offset)) = windows.grid() else {
            return Err(format!("{} windows have no slices", windows.kind()));
        };
        if method == Method::Inverse && !aggregate.has_inverse() {
            return Err(format!(
                "nothing can be taken out of a {aggregate:?}: two stacks keep it"
            ));
        }
        Ok(Self {
            size,
            slide,
            offset,
            step: gcd(size, slide),
            aggregate,
            rules,
            method,
            rows,
            slices: VecDeque::new(),
            entered: 0,
            entered_until: i64::MIN,
            sums: Vec::new(),
            older: Vec::new(),
            older_len: 0,
            stale: false,
            seen: Vec::new(),
            place: Vec::new(),
            current: (0, Window::new(0, 0), 0),
            next_end: None,
            passed: i64::MIN,
            watermark: i64::MIN,
            work: Work::default(),
        })
    }

    /// What it took so far.
    #[must_use]
    pub const fn work(&self) -> Work {
        self.work
    }

    /// Where the watermark is.
    #[must_use]
    pub const fn watermark(&self) -> i64 {
        self.watermark
    }

    /// The slices that are kept: from when to when, and what each key has in them.
    pub fn slices(&self) -> impl Iterator<Item = (Window, &[(Key, Acc)])> {
        self.slices.iter().map(|slice| {
            let window = Window::new(slice.at, slice.at.saturating_add(self.step));
            (window, &slice.entries[..])
        })
    }

    /// A record arrives.
    #[inline]
    pub fn record(&mut self, record: Record, out: &mut Out) {
        if !self.current.1.contains(record.ts) && !self.find_slice(record.ts) {
            return;
        }
        let (index, slice, last_end) = self.current;
        if self.rules.is_late(last_end, self.watermark) {
            out.dropped.push(Dropped {
                record,
                window: None,
                watermark: self.watermark,
            });
            return;
        }
        let key = record.key as usize;
        if key >= self.place.len() {
            self.add_keys(key + 1);
        }
        self.work.records += 1;
        self.work.operations += 1;
        self.work.by_window += (self.size / self.slide).max(1) as u64;
        let (aggregate, at) = (self.aggregate, slice.start);
        let entries = &mut self.slices[index].entries;
        let (seen_at, entry) = self.place[key];
        if seen_at == at && entry < entries.len() && entries[entry].0 == record.key {
            aggregate.add(&mut entries[entry].1, record.value);
        } else {
            let mut acc = aggregate.empty();
            aggregate.add(&mut acc, record.value);
            self.place[key] = (at, entries.len());
            entries.push((record.key, acc));
        }
        if at < self.entered_until {
            self.late_for_some(record, index);
        }
    }

    /// A record came into a slice that is in the sums already.
    fn late_for_some(&mut self, record: Record, index: usize) {
        if self.method == Method::TwoStacks && index < self.older_len {
            self.stale = true;
        } else if self.method != Method::Recompute {
            self.work.operations += 1;
            let sum = &mut self.sums[record.key as usize];
            self.aggregate.add(sum, record.value);
            self.seen[record.key as usize] = true;
        }
    }

    fn add_keys(&mut self, len: usize) {
        self.place.resize(len, (i64::MIN, usize::MAX));
        self.sums.resize(len, self.aggregate.empty());
        self.older.resize(len, self.aggregate.empty());
        self.seen.resize(len, false);
    }

    /// Makes the slice of `ts` the current one. Says no if no window holds it.
    fn find_slice(&mut self, ts: i64) -> bool {
        let last_start = floor(ts, self.slide, self.offset);
        if ts.saturating_sub(last_start) >= self.size {
            return false;
        }
        let at = floor(ts, self.step, self.offset);
        let last_end = last_start.saturating_add(self.size);
        let window = Window::new(at, at.saturating_add(self.step));
        let index = self.slices.partition_point(|slice| slice.at < at);
        self.current = (index, window, last_end);
        if self.slices.get(index).is_none_or(|slice| slice.at != at) {
            if self.rules.is_late(last_end, self.watermark) {
                // It stays without a slice: the record is dropped.
                return true;
            }
            let slice = Slice {
                at,
                entries: Vec::new(),
                after: Vec::new(),
            };
            self.slices.insert(index, slice);
            if at < self.entered_until {
                self.entered += 1;
                if index < self.older_len {
                    self.older_len += 1;
                    self.stale = true;
                }
            }
        }
        let next = self.first_end(at);
        let next = self.next_end.map_or(next, |end| end.min(next));
        self.next_end = Some(next);
        true
    }

    /// The end of the first window that holds the slice at `at` and may still come out.
    fn first_end(&self, at: i64) -> i64 {
        // Ends lie where starts do, the size later.
        let shift = self.offset.wrapping_add(self.size);
        floor(at.max(self.passed), self.slide, shift).saturating_add(self.slide)
    }

    /// The watermark comes to `to`: windows come out, in order of their ends, then of keys.
    pub fn advance(&mut self, to: i64, now: i64, out: &mut Out) {
        self.watermark = self.watermark.max(to);
        while let Some(end) = self.next_end {
            if self.rules.out_at(end) > self.watermark {
                break;
            }
            self.fire(end, now, out);
            self.passed = end;
            let next = end.saturating_add(self.slide);
            // With nothing left the windows are empty, and skipped unless they show what was there.
            let start = next.saturating_sub(self.size);
            let rest = self.slices.partition_point(|slice| slice.at < start);
            let rest = self.slices.get(rest).map(|slice| self.first_end(slice.at));
            self.next_end = match (self.rows, rest) {
                _ if next == end => None,
                (Rows::EverSeen, None) if self.watermark == i64::MAX => None,
                (Rows::EverSeen, _) => Some(next),
                (_, rest) => rest.map(|first| first.max(next)),
            };
        }
        let passed = self.watermark.saturating_sub(self.rules.out);
        self.passed = self.passed.max(passed);
        // Its place in the list may be another's now.
        self.current.1 = Window::new(0, 0);
    }

    fn fire(&mut self, end: i64, now: i64, out: &mut Out) {
        let start = end.saturating_sub(self.size);
        if self.stale {
            self.flip();
        }
        while self.slices.front().is_some_and(|slice| slice.at < start) {
            self.leave();
        }
        match self.method {
            Method::Recompute => self.recompute(end),
            _ => self.enter(end),
        }
        self.entered_until = end;
        let window = Window::new(start, end);
        for key in 0..self.sums.len() {
            let both;
            let mut acc = &self.sums[key];
            if self.method == Method::TwoStacks && !self.older[key].is_empty() {
                let mut sum = self.older[key].clone();
                self.aggregate.merge(&mut sum, acc);
                self.work.operations += 1;
                both = sum;
                acc = &both;
            }
            let shown = match self.rows {
                Rows::Present => !acc.is_empty(),
                Rows::EverSeen => self.seen[key] || !acc.is_empty(),
                Rows::NonZero => !matches!(acc, Acc::Number { total: 0, .. }),
            };
            if shown {
                out.emitted.push(Emission {
                    key: key as Key,
                    window,
                    value: self.aggregate.result(acc),
                    kind: Kind::OnTime,
                    at: now,
                    index: 0,
                    early: 0,
                    last: true,
                    earliest_new: start,
                    newest: end.saturating_sub(1),
                });
                self.work.results += 1;
            }
        }
    }

    /// The oldest slice leaves.
    fn leave(&mut self) {
        if self.entered == 0 {
            self.slices.pop_front();
            return;
        }
        if self.method == Method::TwoStacks && self.older_len == 0 {
            self.flip();
        }
        let Some(slice) = self.slices.pop_front() else {
            return;
        };
        self.entered -= 1;
        match self.method {
            Method::Recompute => {}
            Method::Inverse => {
                self.work.operations += slice.entries.len() as u64;
                for (key, acc) in &slice.entries {
                    self.aggregate.subtract(&mut self.sums[*key as usize], acc);
                }
            }
            Method::TwoStacks => {
                self.older_len -= 1;
                for ((key, _), after) in slice.entries.iter().zip(slice.after) {
                    self.older[*key as usize] = after;
                }
            }
        }
    }

    /// Slices up to `end` enter.
    fn enter(&mut self, end: i64) {
        while let Some(slice) = self.slices.get(self.entered).filter(|slice| slice.at < end) {
            self.entered += 1;
            self.work.operations += slice.entries.len() as u64;
            for (key, acc) in &slice.entries {
                self.aggregate.merge(&mut self.sums[*key as usize], acc);
                self.seen[*key as usize] = true;
            }
        }
    }

    fn recompute(&mut self, end: i64) {
        for sum in &mut self.sums {
            *sum = self.aggregate.empty();
        }
        self.entered = 0;
        self.enter(end);
    }

    /// All entered slices go to the older stack: each entry learns what its key has in the slices
    /// after it.
    fn flip(&mut self) {
        for sum in self.sums.iter_mut().chain(&mut self.older) {
            *sum = self.aggregate.empty();
        }
        for slice in self.slices.iter_mut().take(self.entered).rev() {
            self.work.operations += slice.entries.len() as u64;
            slice.after.clear();
            for (key, acc) in slice.entries.iter().rev() {
                let older = &mut self.older[*key as usize];
                let mut sum = acc.clone();
                self.aggregate.merge(&mut sum, older);
                slice.after.push(std::mem::replace(older, sum));
            }
            slice.after.reverse();
        }
        self.older_len = self.entered;
        self.stale = false;
    }
}
