//! A day of a shop's visitors: what its pages send home, at the times at which that comes.
//!
//! Five visitors have names, and their first hour and a half is told: it has what sessions are about,
//! a click that comes 40 minutes late and joins two, somebody who comes back, somebody whose tab
//! crashes. From then on they, and all others from the start, are drawn from the shop's statistics.

use crate::clickstream::Symbol;
use crate::clickstream::session::GAP_MS;
use crate::clickstream::shoppers::{Crowd, Page, Shoppers};
use crate::rng::{Rng, Salt};
use crate::time::{EVENT_EPOCH_MS, Span, Time};
use std::sync::Arc;

/// What a page sends home: a click, or that its tab closes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Tracked {
    /// Whose, from 0.
    pub user: u32,
    /// When it was, in ms of event time.
    pub ts: i64,
    /// When it comes.
    pub arrives: Time,
    /// What was clicked; none where the tab closes.
    pub symbol: Option<Symbol>,
    /// Where.
    pub page: Page,
    /// The product that it is about.
    pub sku: Option<u32>,
}

/// Those whose beginning is told.
const NAMES: [&str; 5] = ["alice", "bob", "carol", "dan", "erin"];
/// When the told part is over, in minutes of the day's beginning.
const TOLD_MIN: i64 = 100;
/// The day's length.
const DAY_MS: i64 = 24 * 3_600_000;
/// The share of visits whose tab is closed, so that the page can say so; the others' crash, or sleep.
const CLOSES: f64 = 0.8;

/// A visitor's name: five have one, the others a number from 6.
#[must_use]
pub fn name(user: u32) -> String {
    let named = NAMES.get(user as usize);
    named.map_or_else(|| format!("v{:02}", user + 1), |&name| name.to_owned())
}

/// The told clicks: whose, minutes and seconds after the beginning, and the symbol's number, 0 where
/// the tab closes.
const TOLD: [(u32, i64, i64, u8); 35] = [
    (2, 8, 4, 1),
    (2, 9, 55, 2),
    (0, 11, 2, 1),
    (0, 14, 0, 2),
    (2, 15, 3, 3),
    (2, 17, 0, 5),
    (2, 17, 50, 0),
    (0, 19, 4, 2),
    (1, 22, 2, 1),
    (0, 23, 0, 1),
    (1, 26, 0, 1),
    (1, 28, 3, 6),
    (3, 32, 1, 1),
    (1, 33, 2, 1),
    (1, 34, 0, 0),
    (3, 36, 0, 1),
    (0, 37, 0, 2),
    (3, 41, 4, 2),
    (4, 58, 1, 6),
    (4, 60, 0, 2),
    (2, 62, 2, 1),
    (4, 63, 3, 3),
    (0, 65, 0, 3),
    (2, 66, 1, 6),
    (4, 67, 4, 4),
    (0, 69, 2, 3),
    (4, 70, 0, 2),
    (2, 71, 3, 2),
    (4, 74, 1, 3),
    (2, 73, 0, 0),
    (0, 79, 0, 2),
    (1, 83, 2, 1),
    (1, 84, 1, 2),
    (0, 85, 0, 3),
    (1, 90, 0, 0),
];
/// Which of them comes late, and by how much: Alice's of 37 min.
const LATE: (u32, i64, Span) = (0, 37, Span(39 * 60_000_000));

/// A day from the beginning of the run on, in the order in which it comes.
#[must_use]
pub fn day(seed: u64, visitors: u32) -> Arc<[Tracked]> {
    let mut rng = Rng::new(seed, Salt::Shoppers, 1 << 32);
    let mut all = told(&mut rng);
    let crowd = Crowd {
        users: visitors,
        pause_ms: 2 * 3_600_000,
        ..Crowd::default()
    };
    let drawn = Shoppers::new(seed, crowd, EVENT_EPOCH_MS);
    // What each visitor clicked last: a visit is over when the next click is a gap away.
    let mut last: Vec<Option<Tracked>> = vec![None; visitors as usize];
    for click in drawn.take_while(|click| click.at_ms < EVENT_EPOCH_MS + DAY_MS) {
        let untold = EVENT_EPOCH_MS + TOLD_MIN * 60_000;
        let (Some(symbol), true) = (
            Symbol::from_number(click.symbol),
            click.user >= NAMES.len() as u32 || click.at_ms > untold,
        ) else {
            continue;
        };
        let click = Tracked {
            user: click.user,
            ts: click.at_ms,
            arrives: arrival(click.arrives_ms),
            symbol: Some(symbol),
            page: click.page,
            sku: click.sku,
        };
        let before = last[click.user as usize].replace(click);
        let over = before.filter(|before| click.ts - before.ts > GAP_MS);
        if let Some(over) = over.filter(|_| rng.chance(CLOSES)) {
            let ts = over.ts + 5_000 + rng.below(60_000) as i64;
            all.push(Tracked {
                ts,
                arrives: arrival(ts + 100),
                symbol: None,
                sku: None,
                ..over
            });
        }
        all.push(click);
    }
    all.sort_by_cached_key(|click| click.arrives.0);
    all.into()
}

fn arrival(ms: i64) -> Time {
    Time((ms - EVENT_EPOCH_MS).max(0).cast_unsigned() * 1_000)
}

/// The told clicks, and whether Alice buys in the end, which is drawn.
fn told(rng: &mut Rng) -> Vec<Tracked> {
    let alice: &[(u32, i64, i64, u8)] = match rng.chance(0.6) {
        true => &[(0, 88, 0, 3), (0, 91, 3, 5), (0, 92, 0, 0)],
        false => &[(0, 88, 0, 4), (0, 91, 3, 1), (0, 92, 0, 0)],
    };
    let clicks = TOLD.iter().chain(alice);
    let tracked = clicks.map(|&(user, minute, second, number)| {
        let ts = EVENT_EPOCH_MS + (minute * 60 + second) * 1_000;
        let product = 1_000 + user * 40 + (minute % 7) as u32;
        let page = match number {
            1 => Page::Category(user),
            4 | 0 => Page::Cart,
            5 => Page::Checkout,
            6 => Page::Search,
            _ => Page::Product(product),
        };
        let late = if (user, minute) == (LATE.0, LATE.1) {
            LATE.2
        } else {
            Span::millis(150 + rng.below(300))
        };
        Tracked {
            user,
            ts,
            arrives: arrival(ts) + late,
            symbol: Symbol::from_number(number),
            page,
            sku: matches!(number, 2..=6).then_some(product),
        }
    });
    tracked.collect()
}

impl Tracked {
    /// Whose it is, by name.
    #[must_use]
    pub fn visitor(&self) -> String {
        name(self.user)
    }

    /// What the page sends: the click with all that it knows about it.
    #[must_use]
    pub fn json(&self) -> String {
        const AGENTS: [&str; 4] = ["Firefox/133", "Chrome/131", "Safari/18", "Edge/131"];
        let event = self.symbol.map_or("end", Symbol::name);
        let sku = self
            .sku
            .map_or(String::new(), |sku| format!(r#""sku":"{sku}","#));
        format!(
            r#"{{"user":"{}","ts_ms":{},"event":"{event}","url":"{}",{sku}"agent":"{}"}}"#,
            name(self.user),
            self.ts,
            self.page.path(),
            AGENTS[self.user as usize % AGENTS.len()],
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_comes_in_order_and_its_told_part_is_the_same_for_all() {
        let day_of = |seed| day(seed, 40);
        let first = day_of(1);
        assert_eq!(first, day_of(1));
        assert!(first.is_sorted_by_key(|click| click.arrives));
        assert!(first.iter().all(|click| arrival(click.ts) <= click.arrives));
        assert!((2_000..20_000).contains(&first.len()), "{}", first.len());
        let ends = first.iter().filter(|click| click.symbol.is_none()).count();
        assert!(ends > 100, "{ends}");
        let late = first
            .iter()
            .filter(|c| c.arrives > arrival(c.ts) + Span::secs(60));
        assert!(late.count() > 20);
        let said = first
            .iter()
            .filter(|c| c.user < 5 && c.arrives < Time(80 * 60_000_000));
        assert_eq!(
            said.count(),
            31,
            "those of the table before that, and none drawn"
        );
        let buys = (0..40).filter(|&seed| {
            let told = told(&mut Rng::new(seed, Salt::Shoppers, 1 << 32));
            told.iter()
                .any(|c| c.user == 0 && c.symbol == Some(Symbol::Purchase))
        });
        assert!((10..35).contains(&buys.count()), "Alice may buy or not");
    }

    #[test]
    fn what_a_page_sends_is_json() {
        for click in day(3, 6).iter().take(200) {
            let sent: serde_json::Value = serde_json::from_str(&click.json()).expect("JSON");
            assert_eq!(sent["user"], click.visitor());
            assert_eq!(sent["ts_ms"], click.ts);
        }
        assert_eq!((name(0).as_str(), name(5).as_str()), ("alice", "v06"));
    }
}
