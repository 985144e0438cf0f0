//! Sessions: clicks of one visitor without a gap between them.
//!
//! Clicks exactly one gap apart are one session, and a click that comes late may join two, as with the
//! session windows of `stream` by Flink's rules. Here all clicks are waited for, as a batch job does,
//! so that sorting and cutting is all there is to do, at several times the speed; the tests hold the
//! two against each other. A stream that does not wait is the topology of the scene `clickstream`.

use super::Symbol;
use super::packed::{pack, unpack};

/// A session ends when nothing is clicked for longer than this, in ms: half an hour, as is usual.
pub const GAP_MS: i64 = 30 * 60_000;

/// One click.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Click {
    /// Whose, as a dense number.
    pub user: u32,
    /// When, in ms of event time.
    pub ts: i64,
    /// What it did.
    pub symbol: Symbol,
}

/// A session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Session<'a> {
    /// Whose.
    pub user: u32,
    gap: i64,
    /// Its clicks, packed, one at least.
    words: &'a [i64],
}

impl Session<'_> {
    /// When its first click was, in ms.
    #[must_use]
    pub fn start(&self) -> i64 {
        unpack(self.words[0]).0
    }

    /// When its last click was, in ms.
    #[must_use]
    pub fn last(&self) -> i64 {
        unpack(self.words[self.words.len() - 1]).0
    }

    /// A gap after its last click, in ms: the end, which is outside, though a click at that very
    /// moment still joins.
    #[must_use]
    pub fn end(&self) -> i64 {
        self.last().saturating_add(self.gap)
    }

    /// How many clicks it has.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // there is none without a click
    pub const fn len(&self) -> usize {
        self.words.len()
    }

    /// When each click was and the number of its symbol, by time and then by number.
    pub fn clicks(&self) -> impl Iterator<Item = (i64, u8)> {
        self.words.iter().map(|&word| unpack(word))
    }

    /// The numbers of its symbols, in order.
    #[must_use]
    pub fn symbols(&self) -> Vec<u8> {
        self.clicks().map(|(_, symbol)| symbol).collect()
    }
}

/// A user's clicks, packed.
#[derive(Clone, Debug, Default)]
struct User {
    words: Vec<i64>,
    /// Some do not lie in order.
    mixed: bool,
}

/// Takes clicks in any order and makes sessions of them.
#[derive(Clone, Debug)]
pub struct Sessionizer {
    gap: i64,
    users: Vec<User>,
    /// The users before this one lie in order.
    settled: usize,
    clicks: u64,
}

impl Sessionizer {
    /// With a gap of so many ms, 1 or more.
    ///
    /// # Errors
    /// In words, where the gap is none.
    pub fn new(gap_ms: i64) -> Result<Self, String> {
        if gap_ms < 1 {
            return Err("a gap is a millisecond at least".into());
        }
        Ok(Self {
            gap: gap_ms,
            users: Vec::new(),
            settled: 0,
            clicks: 0,
        })
    }

    /// Takes one. `false` if its time is beyond what a session can hold: some 36 million years from
    /// 1970.
    #[inline]
    pub fn click(&mut self, click: Click) -> bool {
        let Some(word) = pack(click.ts, click.symbol.number()) else {
            return false;
        };
        let at = click.user as usize;
        if at >= self.users.len() {
            self.users.resize_with(at + 1, User::default);
        }
        let user = &mut self.users[at];
        user.mixed |= user.words.last().is_some_and(|&last| word < last);
        user.words.push(word);
        self.settled = self.settled.min(at);
        self.clicks += 1;
        true
    }

    /// How many it took.
    #[must_use]
    pub const fn clicks(&self) -> u64 {
        self.clicks
    }

    /// How many users there are.
    #[must_use]
    pub fn users(&self) -> u32 {
        self.users.len() as u32
    }

    /// Brings the clicks of so many more users into order; `false` once all are.
    pub fn settle(&mut self, users: usize) -> bool {
        let end = self.users.len().min(self.settled.saturating_add(users));
        for user in &mut self.users[self.settled..end] {
            if std::mem::take(&mut user.mixed) {
                user.words.sort_unstable();
            }
        }
        self.settled = end;
        end < self.users.len()
    }

    /// The sessions of a user, by their starts; none of a user who is not there.
    ///
    /// # Panics
    /// In tests, before [`Sessionizer::settle`] came that far.
    pub fn of(&self, user: u32) -> impl Iterator<Item = Session<'_>> {
        let words = self.users.get(user as usize).map(|user| {
            debug_assert!(!user.mixed, "clicks are settled first");
            &user.words[..]
        });
        let gap = self.gap;
        let apart = move |&a: &i64, &b: &i64| unpack(b).0 - unpack(a).0 <= gap;
        let sessions = words.unwrap_or_default().chunk_by(apart);
        sessions.map(move |words| Session { user, gap, words })
    }

    /// All sessions, by user and start.
    pub fn sessions(&mut self) -> impl Iterator<Item = Session<'_>> {
        while self.settle(usize::MAX) {}
        (0..self.users()).flat_map(|user| self.of(user))
    }
}

#[cfg(test)]
#[cfg(not(target_arch = "wasm32"))]
mod tests {
    use super::*;
    use crate::stream::{
        Acc, Aggregate, Engine, Mode, Operator, Out, Record, Rules, TimeKind, Trigger, Windows,
    };
    use proptest::prelude::*;

    /// User, start, end and clicks.
    type Whole = (u32, i64, i64, Vec<(i64, u8)>);

    fn sessions(gap: i64, clicks: &[Click]) -> Vec<Whole> {
        let mut sessionizer = Sessionizer::new(gap).expect("a gap");
        for &click in clicks {
            assert!(sessionizer.click(click));
        }
        let whole = |s: Session<'_>| (s.user, s.start(), s.end(), s.clicks().collect());
        sessionizer.sessions().map(whole).collect()
    }

    const fn click(user: u32, ts: i64, symbol: Symbol) -> Click {
        Click { user, ts, symbol }
    }

    #[test]
    fn clicks_one_gap_apart_are_one_session_and_a_late_one_joins_two() {
        let [view, add] = [Symbol::View, Symbol::Add];
        let two = [click(0, 0, view), click(0, 11, add)];
        let found = sessions(10, &two);
        assert_eq!(
            found,
            [(0, 0, 10, vec![(0, 1)]), (0, 11, 21, vec![(11, 3)])]
        );
        let one = sessions(10, &[two[0], two[1], click(0, 10, view)]);
        assert_eq!(one, [(0, 0, 21, vec![(0, 1), (10, 1), (11, 3)])]);
        assert_eq!(sessions(10, &[two[0], click(0, 10, add)]).len(), 1);
    }

    #[test]
    fn clicks_may_come_after_sessions_were_looked_at() {
        let mut sessionizer = Sessionizer::new(10).expect("a gap");
        for ts in [50, 0, 20] {
            sessionizer.click(click(1, ts, Symbol::View));
            sessionizer.click(click(0, 0, Symbol::View));
            let ones = sessionizer.sessions().filter(|session| session.user == 1);
            let starts: Vec<i64> = ones.map(|session| session.start()).collect();
            assert!(starts.is_sorted() && starts.contains(&ts), "{starts:?}");
        }
        assert_eq!((sessionizer.clicks(), sessionizer.users()), (6, 2));
        assert_eq!(sessionizer.of(7).count(), 0);
    }

    #[test]
    fn a_click_beyond_all_time_is_refused_and_so_is_no_gap() {
        let mut sessionizer = Sessionizer::new(1).expect("a gap");
        assert!(!sessionizer.click(click(0, i64::MAX, Symbol::View)));
        assert!(!sessionizer.click(click(0, i64::MIN, Symbol::View)));
        assert_eq!(sessionizer.sessions().count(), 0);
        assert!(Sessionizer::new(0).is_err());
    }

    /// Clicks, drawn so that gaps are met exactly.
    fn clicks() -> impl Strategy<Value = Vec<Click>> {
        let one = (0u32..4, -30i64..60, 0usize..6);
        let one = one.prop_map(|(user, ts, symbol)| click(user, ts, Symbol::ALL[symbol]));
        proptest::collection::vec(one, 0..60)
    }

    /// What the session windows of a stream make of it.
    fn streamed(gap: i64, clicks: &[Click]) -> Vec<Whole> {
        let windows = Windows::Session { gap };
        let rules = Rules::new(Engine::Flink, &windows, 0, TimeKind::Event);
        let (trigger, mode) = (Trigger::NEVER, Mode::Accumulating);
        let mut operator = Operator::new(windows, Aggregate::Collect, rules, trigger, mode);
        for click in clicks {
            let record = Record {
                key: click.user,
                ts: click.ts,
                value: pack(click.ts, click.symbol.number()).expect("in range"),
                marks: false,
            };
            operator.record(record, 0, &mut Out::default());
        }
        let sessions = operator.open().map(|(user, pane)| {
            let Acc::List(words) = pane.held() else {
                panic!("all are collected");
            };
            let mut words = words.clone();
            words.sort_unstable();
            let window = pane.window();
            let clicks = words.into_iter().map(unpack).collect();
            (user, window.start, window.end, clicks)
        });
        sessions.collect()
    }

    proptest! {
        #[test]
        fn any_order_of_arrival_gives_the_sessions_of_a_stream(
            (clicks, other) in clicks().prop_flat_map(|clicks| {
                (Just(clicks.clone()), Just(clicks).prop_shuffle())
            }),
            gap in 1i64..12,
        ) {
            let found = sessions(gap, &clicks);
            prop_assert_eq!(&found, &sessions(gap, &other));
            prop_assert_eq!(&found, &streamed(gap, &clicks));
        }
    }
}
