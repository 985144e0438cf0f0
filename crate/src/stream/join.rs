//! Joins: of two streams within a time, of two streams by window, of a stream with a table.
//!
//! The join of two streams is that of Kafka Streams (`KStreamKStreamJoin`): a record meets those of
//! the other side that are no further away than said, at once. With a left or outer join one that
//! met nobody comes out alone, when stream time has passed the last moment at which it could have.

use super::Key;
use super::window::{Window, Windows};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

/// Of which stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Side {
    /// The second. (First in order, as in Kafka Streams' store of those that wait.)
    Right,
    /// The first.
    Left,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::Left => Self::Right,
            Self::Right => Self::Left,
        }
    }
}

/// Which records come out alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StreamJoinKind {
    /// None.
    Inner,
    /// Those of the left.
    Left,
    /// Those of both sides.
    Outer,
}

/// A pair, or a record that met nobody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Joined<V> {
    /// Their key.
    pub key: Key,
    /// Of the left.
    pub left: Option<V>,
    /// Of the right.
    pub right: Option<V>,
    /// The later of their timestamps.
    pub ts: i64,
}

#[derive(Clone, Debug)]
struct Kept<V> {
    ts: i64,
    /// In the order of arrival.
    seq: u64,
    value: V,
}

/// Records of one side, by key and then time.
#[derive(Clone, Debug)]
struct Store<V> {
    keys: Vec<VecDeque<Kept<V>>>,
    /// The newest timestamp that was put in.
    newest: i64,
}

/// A join of two streams, of pairs with `right.ts − left.ts` from −before to +after, both inside.
#[derive(Clone, Debug)]
pub struct StreamJoin<V> {
    kind: StreamJoinKind,
    before: i64,
    after: i64,
    grace: i64,
    left: Store<V>,
    right: Store<V>,
    /// Those that may come out alone: time, side, key, order of arrival.
    alone: BTreeMap<(i64, Side, Key, u64), V>,
    stream_time: i64,
    seq: u64,
    compared: u64,
    /// Keys that are not as the changelog has them.
    changed: Vec<Key>,
}

/// What a join keeps of a key, as its changelog has it: time, order of arrival and value of each
/// record. (Kafka Streams logs each record for itself; here an entry is all of a key.)
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoinState<V> {
    left: Vec<(i64, u64, V)>,
    right: Vec<(i64, u64, V)>,
    /// Those that may come out alone, of the left and of the right.
    alone: [Vec<(i64, u64, V)>; 2],
}

impl<V: Clone> StreamJoin<V> {
    /// With nothing in it. All lengths are ms; `before + after` is not below 0.
    ///
    /// # Errors
    /// In words, where the window would be empty or the grace is below 0.
    pub fn new(kind: StreamJoinKind, before: i64, after: i64, grace: i64) -> Result<Self, String> {
        if before.saturating_add(after) < 0 {
            return Err(format!(
                "a join from {} to {after} ms is empty",
                before.saturating_neg()
            ));
        }
        if grace < 0 {
            return Err(format!("the grace must be 0 or more, and is {grace}"));
        }
        let store = || Store {
            keys: Vec::new(),
            newest: i64::MIN,
        };
        Ok(Self {
            kind,
            before,
            after,
            grace,
            left: store(),
            right: store(),
            alone: BTreeMap::new(),
            stream_time: i64::MIN,
            seq: 0,
            compared: 0,
            changed: Vec::new(),
        })
    }

    /// The newest timestamp of both sides.
    #[must_use]
    pub const fn stream_time(&self) -> i64 {
        self.stream_time
    }

    /// How many records are kept for others to meet.
    #[must_use]
    pub fn kept(&self) -> usize {
        let stores = [&self.left, &self.right];
        stores.iter().flat_map(|s| &s.keys).map(VecDeque::len).sum()
    }

    /// How many pairs were made.
    #[must_use]
    pub const fn pairs(&self) -> u64 {
        self.compared
    }

    /// A record arrives on `side`. Those that can meet nobody any more come out first, then its pairs
    /// in order of time, or itself alone.
    pub fn record(
        &mut self,
        side: Side,
        key: Key,
        ts: i64,
        value: V,
        out: &mut impl FnMut(Joined<V>),
    ) {
        self.stream_time = self.stream_time.max(ts);
        self.changed.push(key);
        if ts == self.stream_time {
            self.expire(out);
        }
        // How long a record is kept: a window and its grace.
        let keep = self
            .before
            .saturating_add(self.after)
            .saturating_add(self.grace);
        let (before, after) = self.reach(side);
        let (mine, theirs) = match side {
            Side::Left => (&mut self.left, &mut self.right),
            Side::Right => (&mut self.right, &mut self.left),
        };
        let seq = self.seq;
        self.seq += 1;
        if ts > mine.newest.saturating_sub(keep) || mine.newest == i64::MIN {
            mine.put(
                key,
                Kept {
                    ts,
                    seq,
                    value: value.clone(),
                },
                keep,
            );
        }
        let first = ts.saturating_sub(before);
        let last = ts.saturating_add(after);
        let oldest = theirs.newest.saturating_sub(keep);
        let mut met = false;
        if let Some(kept) = theirs.keys.get(key as usize) {
            let from = kept.partition_point(|k| k.ts < first || k.ts <= oldest);
            for other in kept.range(from..).take_while(|k| k.ts <= last) {
                met = true;
                self.compared += 1;
                if self.kind != StreamJoinKind::Inner {
                    self.alone.remove(&(other.ts, side.other(), key, other.seq));
                }
                let (left, right) = match side {
                    Side::Left => (value.clone(), other.value.clone()),
                    Side::Right => (other.value.clone(), value.clone()),
                };
                out(Joined {
                    key,
                    left: Some(left),
                    right: Some(right),
                    ts: ts.max(other.ts),
                });
            }
        }
        let may_be_alone = match self.kind {
            StreamJoinKind::Inner => false,
            StreamJoinKind::Left => side == Side::Left,
            StreamJoinKind::Outer => true,
        };
        if may_be_alone && !met {
            if last < self.stream_time {
                out(alone(side, key, ts, value));
            } else {
                self.alone.insert((ts, side, key, seq), value);
            }
        }
    }

    /// What changed since this was last called: each key once, with what is kept of it now.
    pub fn take_changes(&mut self) -> Vec<(Key, Option<JoinState<V>>)> {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        let changes = changed.into_iter().map(|key| {
            let kept = |store: &Store<V>| -> Vec<(i64, u64, V)> {
                let kept = store.keys.get(key as usize).into_iter().flatten();
                kept.map(|k| (k.ts, k.seq, k.value.clone())).collect()
            };
            let alone = |wanted: Side| -> Vec<(i64, u64, V)> {
                let waiting = self.alone.iter();
                let waiting = waiting.filter(|((_, side, k, _), _)| (*side, *k) == (wanted, key));
                waiting
                    .map(|(&(ts, .., seq), value)| (ts, seq, value.clone()))
                    .collect()
            };
            let state = JoinState {
                left: kept(&self.left),
                right: kept(&self.right),
                alone: [alone(Side::Left), alone(Side::Right)],
            };
            let all = [&state.left, &state.right, &state.alone[0], &state.alone[1]];
            let is_empty = all.iter().all(|list| list.is_empty());
            (key, (!is_empty).then_some(state))
        });
        changes.collect()
    }

    /// The key is as its newest entry says, whatever it was before, and stream time was at
    /// `stream_time` when that was written.
    pub fn restore(&mut self, key: Key, state: Option<JoinState<V>>, stream_time: i64) {
        self.stream_time = self.stream_time.max(stream_time);
        self.alone.retain(|(_, _, k, _), _| *k != key);
        let (left, right, alone) = match state {
            Some(state) => (state.left, state.right, state.alone),
            None => (Vec::new(), Vec::new(), [Vec::new(), Vec::new()]),
        };
        for (store, list) in [(&mut self.left, left), (&mut self.right, right)] {
            if key as usize >= store.keys.len() {
                store.keys.resize_with(key as usize + 1, VecDeque::new);
            }
            let kept = &mut store.keys[key as usize];
            kept.clear();
            for (ts, seq, value) in list {
                store.newest = store.newest.max(ts);
                self.seq = self.seq.max(seq + 1);
                kept.push_back(Kept { ts, seq, value });
            }
        }
        for (side, list) in [Side::Left, Side::Right].into_iter().zip(alone) {
            for (ts, seq, value) in list {
                self.seq = self.seq.max(seq + 1);
                self.alone.insert((ts, side, key, seq), value);
            }
        }
    }

    /// How far back and ahead a record of this side looks.
    const fn reach(&self, side: Side) -> (i64, i64) {
        match side {
            Side::Left => (self.before, self.after),
            Side::Right => (self.after, self.before),
        }
    }

    /// Lets out those whose time is over.
    fn expire(&mut self, out: &mut impl FnMut(Joined<V>)) {
        let nearest = self.before.min(self.after);
        let mut over = Vec::new();
        for &waiting in self.alone.keys() {
            let (ts, side, ..) = waiting;
            let until = |ahead: i64| ts.saturating_add(ahead).saturating_add(self.grace);
            if until(nearest) >= self.stream_time {
                break;
            }
            if until(self.reach(side).1) < self.stream_time {
                over.push(waiting);
            }
        }
        for waiting in over {
            let (ts, side, key, _) = waiting;
            self.changed.push(key);
            if let Some(value) = self.alone.remove(&waiting) {
                out(alone(side, key, ts, value));
            }
        }
    }
}

fn alone<V>(side: Side, key: Key, ts: i64, value: V) -> Joined<V> {
    let (left, right) = match side {
        Side::Left => (Some(value), None),
        Side::Right => (None, Some(value)),
    };
    Joined {
        key,
        left,
        right,
        ts,
    }
}

impl<V> Store<V> {
    fn put(&mut self, key: Key, record: Kept<V>, keep: i64) {
        self.newest = self.newest.max(record.ts);
        let key = key as usize;
        if key >= self.keys.len() {
            self.keys.resize_with(key + 1, VecDeque::new);
        }
        let kept = &mut self.keys[key];
        let oldest = self.newest.saturating_sub(keep);
        while kept.front().is_some_and(|k| k.ts <= oldest) {
            kept.pop_front();
        }
        let place = kept.partition_point(|k| k.ts <= record.ts);
        kept.insert(place, record);
    }
}

/// Pairs of the records of two streams that fall into the same tumbling window, by window, then left,
/// then right (Spark's and Flink's window join). Timestamps that are missing are left out.
#[must_use]
pub fn window_join<V: Clone>(
    size: i64,
    left: &[(Option<i64>, V)],
    right: &[(Option<i64>, V)],
) -> Vec<(Window, V, V)> {
    let windows = Windows::Tumbling { size, offset: 0 };
    let mut by_window: BTreeMap<Window, (Vec<V>, Vec<V>)> = BTreeMap::new();
    for (is_left, records) in [(true, left), (false, right)] {
        for (ts, value) in records {
            let Some(ts) = *ts else { continue };
            windows.assign(ts, false, |window| {
                let sides = by_window.entry(window).or_default();
                let side = if is_left { &mut sides.0 } else { &mut sides.1 };
                side.push(value.clone());
            });
        }
    }
    let mut pairs = Vec::new();
    for (window, (left, right)) in by_window {
        for l in &left {
            pairs.extend(right.iter().map(|r| (window, l.clone(), r.clone())));
        }
    }
    pairs
}

/// A table that records of a stream look their key up in: as it is when they come. It changes with
/// the records of another stream (a stream–table join), or never (stream–static).
#[derive(Clone, Debug, Default)]
pub struct Lookup<T> {
    rows: Vec<Option<T>>,
}

impl<T: Clone> Lookup<T> {
    /// Without a row.
    #[must_use]
    pub const fn new() -> Self {
        Self { rows: Vec::new() }
    }

    /// The key's row is this from now on; none takes it away (a tombstone).
    pub fn set(&mut self, key: Key, row: Option<T>) {
        let key = key as usize;
        if key >= self.rows.len() {
            self.rows.resize(key + 1, None);
        }
        self.rows[key] = row;
    }

    /// What the record's key has. With an inner join one without a row gives nothing.
    #[must_use]
    pub fn get(&self, key: Key) -> Option<&T> {
        self.rows.get(key as usize)?.as_ref()
    }
}
