//! The window operator: the open windows of every key.

use super::Key;
use super::aggregate::{Acc, Aggregate, Value};
use super::engine::{Engine, Rules};
use super::out::{Dropped, Emission, Kind, Out, Record};
use super::pane::{NEVER, Pane};
use super::trigger::{Early, Mode, Trigger};
use super::window::{Window, Windows};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// What an operator keeps of one key.
#[derive(Clone, Debug, Default)]
pub(super) struct Keyed {
    /// Its windows, in order of their starts.
    pub(super) panes: Vec<Pane>,
    /// Timestamps and values of records that windows to come may hold: for windows aligned with
    /// events in order of time, for sliding counts in order of arrival.
    pub(super) recent: Vec<(i64, i64)>,
    /// Whether it is among the changed keys.
    pub(super) changed: bool,
}

/// When something is due: the time, the key, the start of the window.
type Timer = Reverse<(i64, Key, i64)>;

/// Keyed windows. A pure state machine: records, watermarks and the clock go in, results come out.
#[derive(Clone, Debug)]
pub struct Operator {
    pub(super) windows: Windows,
    pub(super) aggregate: Aggregate,
    pub(super) rules: Rules,
    pub(super) trigger: Trigger,
    pub(super) mode: Mode,
    pub(super) keys: Vec<Keyed>,
    /// By the watermark. A timer cannot be taken back: one that nothing is due at is ignored.
    timers: BinaryHeap<Timer>,
    /// By the clock on the wall, for early results.
    alarms: BinaryHeap<Timer>,
    pub(super) watermark: i64,
    pub(super) now: i64,
    /// The windows of the last record, where they are the same for all keys.
    assigned: Window,
    /// Keys that are not as the changelog has them.
    pub(super) changed: Vec<Key>,
    dropped: u64,
}

impl Operator {
    /// With nothing in it.
    #[must_use]
    pub fn new(
        windows: Windows,
        aggregate: Aggregate,
        rules: Rules,
        trigger: Trigger,
        mode: Mode,
    ) -> Self {
        Self {
            windows,
            aggregate,
            rules,
            trigger,
            mode,
            keys: Vec::new(),
            timers: BinaryHeap::new(),
            alarms: BinaryHeap::new(),
            watermark: i64::MIN,
            now: i64::MIN,
            assigned: Window::new(0, 0),
            changed: Vec::new(),
            dropped: 0,
        }
    }

    /// Where the watermark is; `i64::MIN` before the first.
    #[must_use]
    pub const fn watermark(&self) -> i64 {
        self.watermark
    }

    /// How many records (or, where the engine counts so, windows of records) were dropped as late.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The windows that are kept, by key and start.
    pub fn open(&self) -> impl Iterator<Item = (Key, &Pane)> {
        let keys = (0..).zip(&self.keys);
        keys.flat_map(|(key, keyed)| keyed.panes.iter().map(move |pane| (key, pane)))
    }

    /// Whether it has one window a key, for all of time.
    #[must_use]
    pub fn is_endless(&self) -> bool {
        self.windows == Windows::Global
    }

    /// What would come out of `pane` now.
    #[must_use]
    pub fn value_of(&self, pane: &Pane) -> Value {
        self.aggregate.result(&pane.acc)
    }

    /// How the engine shows the window of `pane`.
    #[must_use]
    pub fn shown(&self, pane: &Pane) -> Window {
        match self.windows {
            Windows::Punctuation { .. } | Windows::Global | Windows::Count { .. } => {
                Window::new(pane.span.0, pane.span.1)
            }
            _ => self.rules.shown(&self.windows, pane.window),
        }
    }

    /// A record arrives at `now`.
    #[inline]
    pub fn record(&mut self, record: Record, now: i64, out: &mut Out) {
        self.now = now;
        let key = record.key as usize;
        if key >= self.keys.len() {
            self.keys.resize_with(key + 1, Keyed::default);
        }
        if record.ts < 0 && self.rules.from_zero() {
            self.drop(record, None, out);
            return;
        }
        self.touch(record.key);
        match self.windows {
            // Most records fall into the window of the one before.
            Windows::Tumbling { .. } if self.assigned.contains(record.ts) => {
                if !self.put(record, self.assigned, out) {
                    self.missed(record, 1, 1, out);
                }
            }
            Windows::Tumbling { .. } | Windows::Hopping { .. } => self.assign(record, out),
            Windows::Session { gap } => self.session(record, gap, out),
            Windows::Aligned { difference } => self.aligned(record, difference, out),
            Windows::Count { size, slide } => self.counted(record, size, slide, out),
            Windows::Punctuation { .. } | Windows::Global => self.endless(record, out),
        }
    }

    fn assign(&mut self, record: Record, out: &mut Out) {
        let (mut windows, mut missed) = (0, 0);
        let assigner = self.windows.clone();
        assigner.assign(record.ts, self.rules.from_zero(), |window| {
            windows += 1;
            self.assigned = window;
            if !self.put(record, window, out) {
                missed += 1;
            }
        });
        self.missed(record, windows, missed, out);
    }

    /// After a record missed so many of its windows. (Flink: it is late if it missed all; between
    /// windows that leave gaps there is none to miss.)
    fn missed(&mut self, record: Record, windows: u32, missed: u32, out: &mut Out) {
        let late = missed > 0
            || self
                .rules
                .is_late(record.ts.saturating_add(1), self.watermark);
        if !self.rules.drops_by_window() && missed == windows && late {
            self.drop(record, None, out);
        }
    }

    pub(super) fn drop(&mut self, record: Record, window: Option<Window>, out: &mut Out) {
        self.dropped += 1;
        out.dropped.push(Dropped {
            record,
            window,
            watermark: self.watermark,
        });
    }

    /// Says so of a window that a record misses, where the engine counts windows.
    pub(super) fn miss(&mut self, record: Record, window: Window, out: &mut Out) {
        if self.rules.drops_by_window() {
            let shown = self.rules.shown(&self.windows, window);
            self.drop(record, Some(shown), out);
        }
    }

    /// Puts a record into a window. Gives whether the window took it.
    #[inline]
    pub(super) fn put(&mut self, record: Record, window: Window, out: &mut Out) -> bool {
        let panes = &mut self.keys[record.key as usize].panes;
        // The newest window is at the end, and most records are for it.
        let place = match panes.last() {
            Some(last) if last.window.start > window.start => {
                panes.partition_point(|p| p.window.start <= window.start)
            }
            _ => panes.len(),
        };
        let found = place.checked_sub(1);
        let found = found.filter(|&at| panes[at].window.start == window.start);
        let is_late = self.rules.is_late(window.end, self.watermark);
        if is_late || found.is_some_and(|at| panes[at].finished) {
            self.miss(record, window, out);
            return false;
        }
        let at = match found {
            Some(at) => at,
            None => {
                // Most keys have one or two windows open at a time: no room for more, so that many
                // keys lie close together.
                if panes.len() < 3 {
                    panes.reserve_exact(1);
                }
                panes.insert(place, Pane::new(window, self.aggregate.empty()));
                self.arm(record.key, place);
                place
            }
        };
        let pane = &mut self.keys[record.key as usize].panes[at];
        self.aggregate.add(&mut pane.acc, record.value);
        pane.took(record.ts);
        self.took(record.key, at, out);
        true
    }

    /// Sets the timer of a pane that has none for its start.
    pub(super) fn arm(&mut self, key: Key, at: usize) {
        let pane = &mut self.keys[key as usize].panes[at];
        let out_at = self.rules.out_at(pane.window.end);
        pane.complete = out_at <= self.watermark && !self.rules.by_clock;
        pane.armed = if pane.complete {
            self.rules.over_at(pane.window.end)
        } else {
            out_at
        };
        let timer = (pane.armed, key, pane.window.start);
        self.timers.push(Reverse(timer));
    }

    /// Sets the timers of a pane as they were.
    pub(super) fn arm_again(&mut self, key: Key, at: usize) {
        let pane = &self.keys[key as usize].panes[at];
        if pane.armed != NEVER {
            self.timers
                .push(Reverse((pane.armed, key, pane.window.start)));
        }
        self.arm_alarm(key, at);
    }

    /// A pane took a record: what its trigger makes of that.
    #[inline]
    pub(super) fn took(&mut self, key: Key, at: usize, out: &mut Out) {
        let pane = &mut self.keys[key as usize].panes[at];
        if pane.complete && self.trigger.at_watermark {
            self.fire(key, at, Kind::Late, out);
            return;
        }
        match self.trigger.early {
            Early::Never => {}
            Early::Count(n) if pane.since >= n => {
                pane.since = 0;
                let kind = match (self.rules.engine, pane.complete) {
                    (Engine::KafkaStreams, _) => Kind::Update,
                    (_, true) => Kind::Late,
                    (_, false) if pane.window == Window::ALWAYS => Kind::OnTime,
                    (_, false) => Kind::Early,
                };
                self.fire(key, at, kind, out);
            }
            Early::Count(_) => {}
            Early::Every(ms) if pane.alarm == NEVER => {
                // Flink's interval begins at multiples of it, Beam's with the record.
                let since = match self.rules.engine {
                    Engine::Flink => self.now.rem_euclid(ms),
                    _ => 0,
                };
                pane.alarm = self.now.saturating_sub(since).saturating_add(ms);
                self.arm_alarm(key, at);
            }
            Early::Every(_) => {}
        }
    }

    /// Sets the alarm of a pane for an early result, if it has one.
    pub(super) fn arm_alarm(&mut self, key: Key, at: usize) {
        let pane = &self.keys[key as usize].panes[at];
        if pane.alarm != NEVER {
            let alarm = (pane.alarm, key, pane.window.start);
            self.alarms.push(Reverse(alarm));
        }
    }

    /// Says what a pane holds.
    pub(super) fn fire(&mut self, key: Key, at: usize, kind: Kind, out: &mut Out) {
        self.touch(key);
        let pane = &self.keys[key as usize].panes[at];
        if pane.acc.is_empty() {
            return;
        }
        let shown = self.shown(pane);
        let value = self.aggregate.result(&pane.acc);
        let over = self.rules.over_at(pane.window.end) <= self.watermark;
        let pane = &mut self.keys[key as usize].panes[at];
        let mut emission = Emission {
            key,
            window: shown,
            value,
            kind,
            at: self.now,
            index: pane.index,
            early: pane.early,
            last: over || pane.finished,
            earliest_new: pane.earliest_new,
            newest: pane.span.1,
        };
        if self.mode == Mode::Retracting
            && let Some(said) = pane.said.replace(Box::new(emission.value.clone()))
        {
            let value = std::mem::replace(&mut emission.value, *said);
            emission.kind = Kind::Retract;
            out.emitted.push(emission.clone());
            (emission.value, emission.kind) = (value, kind);
        }
        out.emitted.push(emission);
        pane.index += 1;
        pane.early += u32::from(kind == Kind::Early);
        pane.fresh = false;
        pane.earliest_new = i64::MAX;
        if self.mode == Mode::Discarding {
            pane.acc = self.aggregate.empty();
            pane.span = (i64::MAX, i64::MIN);
        }
    }

    /// Takes back what was said of `window`.
    pub(super) fn retract(&self, key: Key, window: Window, value: Value, out: &mut Out) {
        out.emitted.push(Emission {
            key,
            window: self.rules.shown(&self.windows, window),
            value,
            kind: Kind::Retract,
            at: self.now,
            index: 0,
            early: 0,
            last: true,
            earliest_new: i64::MAX,
            newest: i64::MIN,
        });
    }

    /// The watermark (stream time, or the clock where that is in its place) comes to `to`: what is
    /// complete comes out, what is over is forgotten, in order of time, then of keys.
    pub fn advance(&mut self, to: i64, now: i64, out: &mut Out) {
        self.now = now;
        self.watermark = self.watermark.max(to);
        while let Some(&Reverse((time, key, start))) = self.timers.peek() {
            if time > self.watermark {
                break;
            }
            self.timers.pop();
            let panes = &self.keys[key as usize].panes;
            let found = panes.binary_search_by_key(&start, |pane| pane.window.start);
            if let Some(at) = found.ok().filter(|&at| panes[at].armed == time) {
                self.due(key, at, time, out);
            }
        }
    }

    /// A pane's timer rings.
    fn due(&mut self, key: Key, at: usize, time: i64, out: &mut Out) {
        self.touch(key);
        let pane = &mut self.keys[key as usize].panes[at];
        let over_at = self.rules.over_at(pane.window.end);
        if !pane.complete && self.rules.out_at(pane.window.end) <= time {
            pane.complete = true;
            if self.trigger.at_watermark {
                self.fire(key, at, Kind::OnTime, out);
            }
        }
        let pane = &mut self.keys[key as usize].panes[at];
        if pane.complete && over_at <= time {
            // Beam says at the end what it has not said yet.
            if pane.fresh && !pane.finished && self.rules.engine == Engine::Beam {
                let kind = match pane.index - pane.early {
                    0 => Kind::OnTime,
                    _ => Kind::Late,
                };
                self.fire(key, at, kind, out);
            }
            self.keys[key as usize].panes.remove(at);
            return;
        }
        // It grew since, or lateness lies ahead.
        pane.armed = if pane.complete {
            over_at
        } else {
            self.rules.out_at(pane.window.end)
        };
        let timer = (pane.armed, key, pane.window.start);
        self.timers.push(Reverse(timer));
    }

    /// The watermark comes to `to` and no timer rings yet; a later [`Operator::advance`] lets them.
    pub fn watermark_ahead(&mut self, to: i64) {
        self.watermark = self.watermark.max(to);
    }

    /// The clock on the wall comes to `now`: early results that it is time for. A window that is
    /// over gives none.
    pub fn tick(&mut self, now: i64, out: &mut Out) {
        self.now = now;
        while let Some(&Reverse((time, key, start))) = self.alarms.peek() {
            if time > now {
                break;
            }
            self.alarms.pop();
            let panes = &mut self.keys[key as usize].panes;
            let found = panes.binary_search_by_key(&start, |pane| pane.window.start);
            let Some(at) = found.ok().filter(|&at| panes[at].alarm <= now) else {
                continue;
            };
            panes[at].alarm = NEVER;
            self.touch(key);
            let pane = &self.keys[key as usize].panes[at];
            if pane.fresh && !self.rules.is_late(pane.window.end, self.watermark) {
                let kind = if pane.complete {
                    Kind::Late
                } else {
                    Kind::Early
                };
                self.fire(key, at, kind, out);
            }
        }
    }

    /// Fires a key's window by hand, at the timestamp `ts` of a record that it took; with `finish`
    /// it takes nothing more. Gives whether there is such a window.
    pub fn fire_now(&mut self, key: Key, ts: i64, finish: bool, out: &mut Out) -> bool {
        let Some(keyed) = self.keys.get_mut(key as usize) else {
            return false;
        };
        let Some(at) = keyed.panes.iter().position(|p| p.window.contains(ts)) else {
            return false;
        };
        let pane = &mut keyed.panes[at];
        pane.finished = finish;
        let kind = if pane.complete {
            Kind::Late
        } else {
            Kind::Early
        };
        self.fire(key, at, kind, out);
        true
    }

    /// The input ends: all that is complete then comes out, and what has no end of its own. A count
    /// that is not full does not.
    pub fn finish(&mut self, now: i64, out: &mut Out) {
        self.advance(i64::MAX, now, out);
        if matches!(self.windows, Windows::Punctuation { .. } | Windows::Global) {
            let fresh = |_: Key, pane: &Pane| pane.fresh;
            self.fire_all(fresh, Kind::OnTime, out);
            for key in 0..self.keys.len() as Key {
                self.touch(key);
                self.keys[key as usize].panes.clear();
            }
        }
    }

    /// Fires every pane that `which` says, by key and start.
    pub(super) fn fire_all(
        &mut self,
        which: impl Fn(Key, &Pane) -> bool,
        kind: Kind,
        out: &mut Out,
    ) {
        for key in 0..self.keys.len() as Key {
            for at in 0..self.keys[key as usize].panes.len() {
                if which(key, &self.keys[key as usize].panes[at]) {
                    self.fire(key, at, kind, out);
                }
            }
        }
    }

    /// Fires what changed since it was last said: Spark's update mode after a batch.
    pub fn fire_changed(&mut self, out: &mut Out) {
        self.fire_all(|_, pane| pane.fresh, Kind::Update, out);
    }

    /// Fires everything: Spark's complete mode after a batch, or a query of a whole file.
    pub fn fire_everything(&mut self, kind: Kind, out: &mut Out) {
        self.fire_all(|_, _| true, kind, out);
    }

    /// What `values` are in one.
    pub(super) fn fold(&self, values: impl Iterator<Item = i64>) -> Acc {
        let mut acc = self.aggregate.empty();
        for value in values {
            self.aggregate.add(&mut acc, value);
        }
        acc
    }
}
