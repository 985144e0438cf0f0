//! Windows that depend on the key's other records: sessions, windows aligned with events, counts,
//! and those without an end of their own.

use super::operator::Operator;
use super::out::{Kind, Out, Record};
use super::pane::Pane;
use super::trigger::{Early, Mode};
use super::window::{Window, Windows};

impl Operator {
    pub(super) fn session(&mut self, record: Record, gap: i64, out: &mut Out) {
        let own = Window::new(record.ts, record.ts.saturating_add(gap));
        if self.rules.alone() && self.rules.is_late(own.end, self.watermark) {
            self.miss(record, own, out);
            return;
        }
        let touching = self.rules.touching();
        let panes = &self.keys[record.key as usize].panes;
        // Sessions of a key do not meet, so those that this record joins lie side by side.
        let after = panes.iter().rev();
        let after =
            after.take_while(|p| p.window.start > own.start && !p.window.joins(own, touching));
        let end = panes.len() - after.count();
        let joined = panes[..end].iter().rev();
        let joined = joined.take_while(|p| p.window.joins(own, touching)).count();
        let begin = end - joined;
        let around = panes[begin..end].iter().fold(own, |w, p| w.cover(p.window));
        let finished = panes[begin..end].iter().any(|p| p.finished);
        if finished || (!self.rules.alone() && self.rules.is_late(around.end, self.watermark)) {
            self.miss(record, around, out);
            self.missed_session(record, out);
            return;
        }
        self.take_back(record, own, begin..end, around, out);
        self.merge(record, begin..end, around);
        self.took(record.key, begin, out);
    }

    fn missed_session(&mut self, record: Record, out: &mut Out) {
        if !self.rules.drops_by_window() {
            self.drop(record, None, out);
        }
    }

    /// Before sessions grow into one `around` them: takes back what was said of them. Kafka Streams
    /// removes every session that it found, even one that stays as it is, unless the new one is the
    /// record's own; it says so at once, where it says anything before the end.
    fn take_back(
        &mut self,
        record: Record,
        own: Window,
        which: std::ops::Range<usize>,
        around: Window,
        out: &mut Out,
    ) {
        let table = self.rules.from_zero() && self.trigger.early == Early::Count(1);
        for at in which {
            let pane = &mut self.keys[record.key as usize].panes[at];
            let window = pane.window;
            if table && around != own {
                let value = self.aggregate.result(&pane.acc);
                self.retract(record.key, window, value, out);
            } else if self.mode == Mode::Retracting
                && window != around
                && let Some(said) = pane.said.take()
            {
                self.retract(record.key, window, *said, out);
            }
        }
    }

    /// Makes one session of those in `which` and the record, in the place of the first.
    fn merge(&mut self, record: Record, which: std::ops::Range<usize>, around: Window) {
        let aggregate = self.aggregate;
        let panes = &mut self.keys[record.key as usize].panes;
        let begin = which.start;
        let start = panes.get(begin).filter(|_| !which.is_empty());
        let start = start.map(|pane| pane.window.start);
        if start.is_none() {
            panes.insert(begin, Pane::new(around, aggregate.empty()));
        }
        let (first, rest) = panes[begin..which.end.max(begin + 1)]
            .split_first_mut()
            .expect("it has a session at least");
        for other in rest.iter() {
            aggregate.merge(&mut first.acc, &other.acc);
            first.absorb(other);
        }
        first.window = around;
        aggregate.add(&mut first.acc, record.value);
        first.took(record.ts);
        let out_at = self.rules.out_at(around.end);
        first.complete = out_at <= self.watermark && !self.rules.by_clock;
        // One that was complete, and is not any more, waits for the end of its lateness.
        let too_late = !first.complete && out_at < first.armed;
        let merged = rest.len();
        panes.drain(begin + 1..=begin + merged);
        // A session that only grew at its end has a timer already, which will look again.
        let moved = start != Some(around.start);
        if moved || too_late {
            self.arm(record.key, begin);
        }
        // The alarm it took over rings for the start of another.
        if moved || merged > 0 {
            self.arm_alarm(record.key, begin);
        }
    }

    /// Kafka Streams' sliding windows (`KStreamSlidingWindowAggregate`, KIP-450). A record is in
    /// every window there is around it; it makes one that ends with it, one that begins after the
    /// record before it, and one that begins after itself if records follow within.
    pub(super) fn aligned(&mut self, record: Record, difference: i64, out: &mut Out) {
        let ts = record.ts;
        let length = difference.saturating_add(1);
        let latest = Window::new(ts, ts.saturating_add(length).saturating_add(1));
        if self.rules.is_late(latest.end, self.watermark) {
            self.miss(record, latest, out);
            return;
        }
        let watermark = self.watermark;
        let oldest = watermark.saturating_sub(self.rules.out);
        let oldest = oldest.saturating_sub(length).saturating_sub(1);
        let keyed = &mut self.keys[record.key as usize];
        let old = keyed.recent.partition_point(|&(t, _)| t < oldest);
        keyed.recent.drain(..old);
        let place = keyed.recent.partition_point(|&(t, _)| t <= ts);
        keyed.recent.insert(place, (ts, record.value));
        let first = ts.saturating_sub(difference).max(0);
        let reaches = |start: i64| start <= ts && ts <= start.saturating_add(difference);
        let mut starts: Vec<i64> = keyed.panes.iter().map(|p| p.window.start).collect();
        starts.retain(|&start| reaches(start));
        starts.push(first);
        let before = keyed.recent[..place].iter().rev().find(|&&(t, _)| t < ts);
        starts.extend(
            before
                .map(|&(t, _)| t.saturating_add(1))
                .filter(|&t| reaches(t)),
        );
        let follows = keyed.recent.get(place + 1);
        let follows = follows.is_some_and(|&(t, _)| t <= ts.saturating_add(length));
        starts.sort_unstable();
        starts.dedup();
        for start in starts {
            self.put_aligned(
                record,
                Window::new(start, start.saturating_add(length)),
                out,
            );
        }
        let after = ts.saturating_add(1);
        let panes = &self.keys[record.key as usize].panes;
        let there = panes.binary_search_by_key(&after, |p| p.window.start);
        if follows && there.is_err() {
            self.put_aligned(
                record,
                Window::new(after, after.saturating_add(length)),
                out,
            );
        }
    }

    /// Puts a record into a window, which is filled from what came before if it is new.
    fn put_aligned(&mut self, record: Record, window: Window, out: &mut Out) {
        if self.rules.is_late(window.end, self.watermark) {
            self.miss(record, window, out);
            return;
        }
        let keyed = &self.keys[record.key as usize];
        let found = keyed
            .panes
            .binary_search_by_key(&window.start, |p| p.window.start);
        match found {
            Ok(at) => {
                let pane = &mut self.keys[record.key as usize].panes[at];
                self.aggregate.add(&mut pane.acc, record.value);
                pane.took(record.ts);
                self.took(record.key, at, out);
            }
            Err(at) => {
                let inside = keyed.recent.iter().filter(|&&(t, _)| window.contains(t));
                let acc = self.fold(inside.map(|&(_, value)| value));
                let mut pane = Pane::new(window, acc);
                for &(t, _) in keyed.recent.iter().filter(|&&(t, _)| window.contains(t)) {
                    pane.took(t);
                }
                self.keys[record.key as usize].panes.insert(at, pane);
                self.arm(record.key, at);
                self.took(record.key, at, out);
            }
        }
    }

    /// The last `size` records of a key, every `slide` of them. (Flink's `countWindow`: the first
    /// results of one that slides are of fewer.)
    pub(super) fn counted(&mut self, record: Record, size: u32, slide: u32, out: &mut Out) {
        let keyed = &mut self.keys[record.key as usize];
        if keyed.panes.is_empty() {
            let acc = self.aggregate.empty();
            keyed.panes.push(Pane::new(Window::ALWAYS, acc));
        }
        let pane = &mut keyed.panes[0];
        keyed.recent.push((record.ts, record.value));
        // What falls out for good is dropped now and then, so that a record costs little.
        let size = size as usize;
        if keyed.recent.len() / 2 > size {
            let old = keyed.recent.len() - size;
            keyed.recent.drain(..old);
        }
        pane.took(record.ts);
        if pane.since < slide {
            return;
        }
        pane.since = 0;
        let inside = keyed.recent.len().saturating_sub(size);
        let inside = keyed.recent[inside..].to_vec();
        let times = || inside.iter().map(|&(t, _)| t);
        let span = (times().min(), times().max());
        let acc = self.fold(inside.iter().map(|&(_, value)| value));
        let keyed = &mut self.keys[record.key as usize];
        if let (Some(first), Some(last)) = span {
            keyed.panes[0].span = (first, last);
        }
        keyed.panes[0].acc = acc;
        self.fire(record.key, 0, Kind::OnTime, out);
        let keyed = &mut self.keys[record.key as usize];
        keyed.panes[0].acc = self.aggregate.empty();
        keyed.panes[0].span = (i64::MAX, i64::MIN);
    }

    /// A window without an end: that a record ends, or that only its trigger fires.
    pub(super) fn endless(&mut self, record: Record, out: &mut Out) {
        let punctuated = matches!(self.windows, Windows::Punctuation { .. });
        let panes = &mut self.keys[record.key as usize].panes;
        if panes.is_empty() {
            panes.push(Pane::new(Window::ALWAYS, self.aggregate.empty()));
        }
        self.aggregate.add(&mut panes[0].acc, record.value);
        panes[0].took(record.ts);
        if !punctuated {
            self.took(record.key, 0, out);
        } else if record.marks {
            self.fire(record.key, 0, Kind::OnTime, out);
            self.keys[record.key as usize].panes.clear();
        }
    }
}
