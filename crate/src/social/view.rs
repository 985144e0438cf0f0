//! Counts: a view that was made of records, and rows that are added to one.

use super::event::{Event, TAGS, USERS};
use super::{PLACES, TREND_MINUTES};
use crate::pile::Pile;
use crate::time::EVENT_EPOCH_MS;
use std::sync::Arc;

/// Mentions of each hashtag by minute of event time, and each person's influence. A clone shares
/// what neither of the two changes afterwards.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct View {
    minutes: Vec<Arc<Vec<u32>>>,
    influence: Arc<Vec<u32>>,
    /// The latest event time in it, in milliseconds since the Unix epoch; 0 if it is empty.
    pub newest_ms: i64,
    /// How many records are in it.
    pub records: u64,
}

/// The minute of the run that a time falls into; what was before the run counts as its first.
fn minute(ms: i64) -> usize {
    ((ms - EVENT_EPOCH_MS).max(0) / 60_000) as usize
}

impl View {
    /// Counts an event of time `ms` as `weight` events.
    pub fn count(&mut self, event: &Event, ms: i64, weight: u32) {
        self.add(&Row {
            ms,
            weight,
            ..Row::of(event)
        });
    }

    fn add(&mut self, row: &Row) {
        let minute = minute(row.ms);
        if self.minutes.len() <= minute {
            let empty = Arc::new(vec![0; TAGS.len()]);
            self.minutes.resize(minute + 1, empty);
        }
        Arc::make_mut(&mut self.minutes[minute])[usize::from(row.tag)] += row.weight;
        let influence = Arc::make_mut(&mut self.influence);
        influence.resize(USERS, 0);
        influence[usize::from(row.of)] += row.points * row.weight;
        self.newest_ms = self.newest_ms.max(row.ms);
        self.records += 1;
    }

    /// Takes back what [`View::count`] counted once.
    pub fn take_back(&mut self, event: &Event, ms: i64) {
        let row = Row::of(event);
        if let Some(counts) = self.minutes.get_mut(minute(ms)) {
            Arc::make_mut(counts)[usize::from(row.tag)] -= 1;
            Arc::make_mut(&mut self.influence)[usize::from(row.of)] -= row.points;
            self.records -= 1;
        }
    }

    /// The answers to both questions at `now_ms`.
    #[must_use]
    pub fn answer(&self, now_ms: i64) -> Answer {
        let mut answer = Answer::default();
        for counts in self.trend(now_ms) {
            let sums = answer.mentions.iter_mut().zip(counts.iter());
            sums.for_each(|(sum, n)| *sum += n);
        }
        let sums = answer.influence.iter_mut().zip(self.influence.iter());
        sums.for_each(|(sum, n)| *sum += n);
        answer
    }

    fn trend(&self, now_ms: i64) -> impl Iterator<Item = &Arc<Vec<u32>>> {
        let end = minute(now_ms) + 1;
        let first = end.saturating_sub(TREND_MINUTES);
        self.minutes.iter().take(end).skip(first)
    }

    /// How many numbers it has that are not 0: what a store would keep of it.
    #[must_use]
    pub fn cells(&self) -> u64 {
        let minutes = self.minutes.iter().flat_map(|counts| counts.iter());
        let cells = minutes.chain(self.influence.iter()).filter(|&&n| n > 0);
        cells.count() as u64
    }

    /// About how many bytes a clone may come to cost.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.minutes.len() * size_of::<Arc<Vec<u32>>>() + (2 * TAGS.len() + USERS) * 4
    }
}

/// The answers to both questions, not yet ranked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Answer {
    /// Mentions of each hashtag in the last hour.
    pub mentions: Vec<u32>,
    /// Each person's influence since the log began.
    pub influence: Vec<u32>,
}

impl Default for Answer {
    fn default() -> Self {
        Self {
            mentions: vec![0; TAGS.len()],
            influence: vec![0; USERS],
        }
    }
}

/// One record as it is added to a view, and where it is in the log.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Row {
    /// Its offset.
    pub offset: i64,
    /// Its event time, in milliseconds since the Unix epoch.
    pub ms: i64,
    /// As how many events it counts.
    pub weight: u32,
    points: u32,
    of: u16,
    tag: u8,
    /// Its partition.
    pub partition: u8,
}

impl Row {
    /// An event that counts once, without its place and time.
    #[must_use]
    pub fn of(event: &Event) -> Self {
        Self {
            offset: 0,
            ms: 0,
            weight: 1,
            points: event.act.points(),
            of: event.of,
            tag: event.tag,
            partition: 0,
        }
    }

    fn is_before(&self, ends: &[i64]) -> bool {
        let end = ends.get(usize::from(self.partition));
        end.is_some_and(|&end| self.offset < end)
    }
}

/// Rows in the order they were counted: what a speed layer keeps. Clones share them.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Rows(Pile<Row>);

impl Rows {
    /// Adds one.
    pub fn push(&mut self, row: Row) {
        self.0.push(row);
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len() - self.0.first()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Lets those at the beginning go that are before these offsets, by partition.
    pub fn drop_covered(&mut self, ends: &[i64]) {
        let covered = self.0.iter().take_while(|row| row.is_before(ends)).count();
        self.0.drop_before(self.0.first() + covered);
    }

    /// Adds those from `from` on, and before `to` if that is said, to an answer as of `now_ms`.
    pub fn add_to(&self, answer: &mut Answer, now_ms: i64, from: &[i64], to: Option<&[i64]>) {
        let end = minute(now_ms) + 1;
        let trend = end.saturating_sub(TREND_MINUTES)..end;
        for row in self.0.iter() {
            if row.is_before(from) || to.is_some_and(|to| !row.is_before(to)) {
                continue;
            }
            if trend.contains(&minute(row.ms)) {
                answer.mentions[usize::from(row.tag)] += row.weight;
            }
            answer.influence[usize::from(row.of)] += row.points * row.weight;
        }
    }

    /// What the next row may have to copy.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.0.unshared_bytes()
    }
}

/// The first [`PLACES`] by count, most first: place in `counts` and count. Ties by place.
#[must_use]
pub fn top(counts: &[u32]) -> Vec<(usize, u32)> {
    let mut all: Vec<(usize, u32)> = counts.iter().copied().enumerate().collect();
    all.sort_by_cached_key(|&(place, n)| u64::from(u32::MAX - n) << 32 | place as u64);
    all.truncate(PLACES);
    all.retain(|&(_, n)| n > 0);
    all
}

/// How far an answer is off, in parts per million: over the true first [`PLACES`], what their counts
/// differ by in all, of what they are in all; a million at most.
#[must_use]
pub fn off_ppm(truth: &[u32], served: &[u32]) -> u32 {
    let (mut off, mut all) = (0_u64, 0_u64);
    for (place, n) in top(truth) {
        off += u64::from(served.get(place).copied().unwrap_or(0).abs_diff(n));
        all += u64::from(n);
    }
    (off * 1_000_000)
        .checked_div(all)
        .unwrap_or(0)
        .min(1_000_000) as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::social::Act;

    fn event(tag: u8, of: u16) -> Event {
        Event {
            act: Act::Share,
            by: 1,
            of,
            tag,
            capital: false,
        }
    }

    const MINUTE: i64 = 60_000;

    #[test]
    fn a_trend_is_of_the_last_hour_and_influence_is_of_all_time() {
        let mut view = View::default();
        let at = |minute: i64| EVENT_EPOCH_MS + minute * MINUTE;
        view.count(&event(3, 7), at(0), 1);
        view.count(&event(3, 7), at(59), 1);
        let before = view.clone();
        view.count(&event(5, 8), at(60), 2);
        let answer = |view: &View, minute| {
            let answer = view.answer(at(minute));
            let place = |n: usize| (answer.mentions[n], answer.influence[n + 4]);
            (place(3), place(5).0, answer.influence[8])
        };
        assert_eq!(answer(&view, 59), ((2, 6), 0, 6));
        assert_eq!(answer(&view, 60), ((1, 6), 2, 6));
        assert_eq!(answer(&view, 200), ((0, 6), 0, 6));
        assert_eq!(answer(&before, 60), ((1, 6), 0, 0), "a clone is its own");
        view.take_back(&event(3, 7), at(59));
        assert_eq!(answer(&view, 60), ((0, 3), 2, 6));
    }

    #[test]
    fn rows_add_to_a_view_what_it_does_not_have() {
        let mut rows = Rows::default();
        for offset in 0..10 {
            rows.push(Row {
                offset,
                ms: EVENT_EPOCH_MS,
                partition: (offset % 2) as u8,
                ..Row::of(&event(3, 7))
            });
        }
        let sum = |rows: &Rows, from: &[i64], to: Option<&[i64]>| {
            let mut answer = Answer::default();
            rows.add_to(&mut answer, EVENT_EPOCH_MS, from, to);
            answer.mentions[3]
        };
        assert_eq!(sum(&rows, &[], None), 10);
        assert_eq!(sum(&rows, &[6, 1], None), 7, "0, 2 and 4 are before");
        assert_eq!(sum(&rows, &[], Some(&[6, 2])), 4);
        rows.drop_covered(&[6, 2]);
        assert_eq!(rows.len(), 7, "only those at the beginning go");
        assert_eq!(sum(&rows, &[6, 2], None), 6);
    }

    #[test]
    fn an_answer_is_off_by_what_its_counts_differ_of_what_they_are() {
        assert_eq!(off_ppm(&[60, 40], &[60, 40]), 0);
        assert_eq!(off_ppm(&[60, 40], &[50, 40]), 100_000);
        assert_eq!(off_ppm(&[60, 40], &[70, 30]), 200_000);
        assert_eq!(off_ppm(&[60, 40], &[900, 40]), 1_000_000);
        assert_eq!(off_ppm(&[0, 0], &[3, 0]), 0, "nothing to be right about");
        let truth: Vec<u32> = (1..=30).collect();
        assert_eq!(top(&truth).len(), PLACES);
        assert_eq!(top(&truth)[0], (29, 30));
        assert_eq!(top(&[2, 5, 5]), [(1, 5), (2, 5), (0, 2)]);
    }
}
