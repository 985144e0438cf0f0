//! Shoppers: seeded sessions of a shop that never was, with the statistics of one that is.
//!
//! What is published of a real shop's clickstream (5.4 million events, 443,660 sessions, 2.08 % of
//! which buy; `tests/vectors/clickstream/coveo_dataset_stats.json` names the sources) is only
//! counts, so a model of sessions is chosen here and fitted to them:
//!
//! - **Whether** a session buys is drawn first. **How long** it is then comes from a log-normal of
//!   its own for each class. Two of them give the share that buys at each number of events, since
//!   that share is nothing but the ratio of the two.
//! - **What** is clicked is a chain with a hidden mode. A session looks around; most that buy, and
//!   some that do not, begin sooner or later to fill a cart. So an abandoned cart looks much like a
//!   bought one, and no model of single clicks, Markov's chains included, is the truth here.
//! - **When**: the gaps of both classes are alike; a session has a pace, and clicks vary around it.
//!
//! The rows of the chain were fitted by raking: the counts that follow from the lengths and the
//! rows were brought to the published ones, the pooled transitions and each class's shares in turn,
//! until nothing moved. Both cannot be met to the last digit, since the transitions are published
//! with two. The tests say how near all of it comes. How many fill a cart, and how soon, nobody has
//! published; it was chosen so that models tell buyers about as well as they do in the real shop,
//! where an area under the curve of 0.95 is known, or a little worse.

use super::session::GAP_MS;
use crate::rng::{Dist, Rng, Salt, mix};
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The share of sessions that end in a purchase: 9,232 of 443,660.
pub const CONVERSION: f64 = 9_232.0 / 443_660.0;

/// Longer sessions are drawn again: what is published of them is too little to tell.
const LONGEST: u64 = 400;

/// Pages of the catalogue: so many categories of so many products.
const CATEGORIES: u64 = 24;
const PRODUCTS: u64 = 40;

/// Who clicks, and how.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Crowd {
    /// How many people there are.
    pub users: u32,
    /// The mean pause between two sessions of one of them, in milliseconds; the gap comes on top.
    pub pause_ms: u64,
    /// The share of sessions that buy; [`CONVERSION`] is the published one.
    pub buying: f64,
    /// The share of clicks that come late.
    pub late: f64,
    /// By how much these are late, in the mean, in milliseconds.
    pub late_by_ms: u64,
}

impl Default for Crowd {
    /// Five people who come about once in two hours; one click in fifty is some minutes late.
    fn default() -> Self {
        Self {
            users: 5,
            pause_ms: 90 * 60 * 1_000,
            buying: CONVERSION,
            late: 0.02,
            late_by_ms: 8 * 60 * 1_000,
        }
    }
}

/// What somebody has before them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Page {
    /// The shop's first page.
    Home,
    /// Results of a search.
    Search,
    /// The products of a category.
    Category(u32),
    /// One product.
    Product(u32),
    /// What is to be bought.
    Cart,
    /// Where it is paid.
    Checkout,
}

impl Page {
    /// The page's path, as `/p/8812`.
    #[must_use]
    pub fn path(self) -> String {
        match self {
            Self::Home => "/".to_owned(),
            Self::Search => "/search".to_owned(),
            Self::Category(category) => format!("/c/{category}"),
            Self::Product(product) => format!("/p/{product}"),
            Self::Cart => "/cart".to_owned(),
            Self::Checkout => "/checkout".to_owned(),
        }
    }

    /// What stands for the path where paths are not told, as in the public research format.
    #[must_use]
    pub fn hash(self) -> u64 {
        mix(match self {
            Self::Home => 0,
            Self::Search => 1,
            Self::Cart => 2,
            Self::Checkout => 3,
            Self::Category(category) => 1 << 32 | u64::from(category),
            Self::Product(product) => 2 << 32 | u64::from(product),
        })
    }
}

/// One click.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Click {
    /// Whose, from 0.
    pub user: u32,
    /// When it was made, in milliseconds of event time.
    pub at_ms: i64,
    /// When it is heard of: never before it was made.
    pub arrives_ms: i64,
    /// What it was: 1 view, 2 detail, 3 add, 4 remove, 5 purchase, 6 click on a search's result.
    pub symbol: u8,
    /// Where.
    pub page: Page,
    /// The product that it is about, if it is about one.
    pub sku: Option<u32>,
}

/// A session as it was meant, without its time: what is clicked and the gaps between.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Visit {
    /// Whether it buys.
    pub buys: bool,
    /// What is clicked, one to 402 clicks.
    pub symbols: Vec<u8>,
    /// How long after the click before each comes, in milliseconds, less than [`GAP_MS`]; 0 for the
    /// first.
    pub gaps_ms: Vec<u64>,
}

/// What a session does at a moment, unseen: the rows of its chain.
type Rows = [[u32; 5]; 5];

/// What the rows' entries add up to.
const WHOLE: u64 = 100_000;

/// From view, detail, add, remove, click (down) to the same (across), in 100,000ths.
const OTHERS_LOOK: Rows = [
    [50_737, 47_676, 267, 545, 775],
    [73_301, 21_000, 3_172, 48, 2_479],
    [38_850, 10_335, 50_789, 24, 2],
    [90_726, 2_159, 10, 7_105, 0],
    [50_078, 44_776, 5_058, 2, 86],
];
const OTHERS_FILL: Rows = [
    [44_504, 38_927, 748, 15_243, 578],
    [40_989, 6_583, 51_041, 166, 1_221],
    [4_887, 325, 94_764, 23, 1],
    [80_812, 407, 19, 18_762, 0],
    [28_990, 25_200, 45_747, 1, 62],
];
const BUYERS_LOOK: Rows = [
    [52_756, 44_788, 124, 243, 2_089],
    [73_195, 18_946, 1_418, 21, 6_420],
    [54_762, 13_163, 32_053, 15, 7],
    [94_775, 2_038, 5, 3_182, 0],
    [53_836, 43_490, 2_434, 1, 239],
];
const BUYERS_FILL: Rows = [
    [50_547, 39_946, 380, 7_423, 1_704],
    [56_128, 8_145, 31_292, 98, 4_337],
    [10_262, 617, 89_093, 21, 7],
    [90_563, 412, 10, 9_015, 0],
    [40_040, 31_447, 28_290, 1, 222],
];

/// What a session begins with, in 100,000ths.
const FIRST: [u32; 5] = [73_500, 19_000, 5_000, 0, 2_500];

/// What the entries stand for: there is no purchase among them.
const SYMBOLS: [u8; 5] = [1, 2, 3, 4, 6];

/// How sessions of a class go.
struct Class {
    look: Rows,
    fill: Rows,
    /// The share that will fill a cart, and how soon each click may begin it.
    fills: f64,
    begins: f64,
    /// The median of the length's log-normal, the deviation of its logarithm, and what comes on top.
    median: f64,
    sigma: f64,
    least: u64,
}

const OTHERS: Class = Class {
    look: OTHERS_LOOK,
    fill: OTHERS_FILL,
    fills: 0.16,
    begins: 0.12,
    median: 3.139,
    sigma: 1.6,
    least: 1,
};
const BUYERS: Class = Class {
    look: BUYERS_LOOK,
    fill: BUYERS_FILL,
    fills: 0.96,
    begins: 0.25,
    median: 44.88,
    sigma: 1.3,
    least: 2,
};

/// How often each click after a purchase is another one: 694 second purchases among 123,228.
const AGAIN: f64 = 0.005_63;

/// Seconds between clicks: the median of a session's pace, how paces differ, and gaps within one.
const PACE_S: f64 = 25.0;
const PACE_SIGMA: f64 = 0.8;
const GAP_SIGMA: f64 = 1.1;

/// A draw from a log-normal by its median, in millionths.
fn log_normal(rng: &mut Rng, median: f64, sigma: f64) -> u64 {
    let mean_us = (median * 1e6 * libm::exp(sigma * sigma / 2.0)) as u64;
    Dist::LogNormal { mean_us, sigma }.draw(rng).0
}

/// The entry that a draw falls on.
fn pick(rng: &mut Rng, row: &[u32; 5]) -> usize {
    let mut left = rng.below(WHOLE) as u32;
    for (entry, &weight) in row.iter().enumerate() {
        if left < weight {
            return entry;
        }
        left -= weight;
    }
    0
}

impl Visit {
    /// A session that buys with probability `buying`.
    #[must_use]
    pub fn draw(rng: &mut Rng, buying: f64) -> Self {
        let buys = rng.chance(buying);
        let class = if buys { &BUYERS } else { &OTHERS };
        let length = class.length(rng);
        // Most buy at the end; some go on long after it. The mean of u⁴ is a fifth.
        let u = rng.unit();
        let after = ((length - 1) as f64 * (u * u * u * u)) as u64;
        let purchase = buys.then(|| (length - 1 - after).max(1));
        let symbols = class.symbols(rng, length, purchase);
        let pace = log_normal(rng, PACE_S, PACE_SIGMA) as f64 / 1e6;
        let gaps_ms = (0..length)
            .map(|click| match click {
                0 => 0,
                _ => (log_normal(rng, pace, GAP_SIGMA) / 1_000).min(GAP_MS as u64 - 60_000),
            })
            .collect();
        Self {
            buys,
            symbols,
            gaps_ms,
        }
    }
}

impl Class {
    fn length(&self, rng: &mut Rng) -> u64 {
        loop {
            let drawn = log_normal(rng, self.median, self.sigma) / 1_000_000;
            if drawn < LONGEST {
                return self.least + drawn;
            }
        }
    }

    /// What is clicked: `length` clicks, the first purchase at `purchase`.
    fn symbols(&self, rng: &mut Rng, length: u64, purchase: Option<u64>) -> Vec<u8> {
        let fills = rng.chance(self.fills);
        let mut filling = false;
        let mut at: Option<usize> = None;
        (0..length)
            .map(|click| {
                let again = purchase.is_some_and(|first| click > first) && rng.chance(AGAIN);
                if purchase == Some(click) || again {
                    // One goes on as after looking at a page.
                    at = Some(0);
                    return 5;
                }
                filling |= fills && rng.chance(self.begins);
                let rows = if filling { &self.fill } else { &self.look };
                let next = pick(rng, at.map_or(&FIRST, |at| &rows[at]));
                at = Some(next);
                SYMBOLS[next]
            })
            .collect()
    }
}

/// Where somebody is in the shop.
#[derive(Clone, Copy, Debug)]
struct Place {
    category: u32,
    product: u32,
    last: u8,
}

impl Place {
    fn new(rng: &mut Rng) -> Self {
        let category = rng.below(CATEGORIES) as u32;
        Self {
            category,
            product: product(rng, category),
            last: 0,
        }
    }

    /// The page and product of the next click.
    fn go(&mut self, rng: &mut Rng, symbol: u8) -> (Page, Option<u32>) {
        let before = std::mem::replace(&mut self.last, symbol);
        match symbol {
            2 => {
                self.product = product(rng, self.category);
                (Page::Product(self.product), Some(self.product))
            }
            // Adding again and again is done from a list, of one product after another.
            3 if before == 3 => {
                self.product = product(rng, self.category);
                (Page::Category(self.category), Some(self.product))
            }
            3 => (Page::Product(self.product), Some(self.product)),
            4 => (Page::Cart, Some(self.product)),
            5 => (Page::Checkout, Some(self.product)),
            6 => {
                self.category = rng.below(CATEGORIES) as u32;
                self.product = product(rng, self.category);
                (Page::Search, Some(self.product))
            }
            _ => (self.view(rng, before), None),
        }
    }

    /// From a category to itself or one of its two neighbours, sometimes home or to the cart.
    fn view(&mut self, rng: &mut Rng, before: u8) -> Page {
        match (rng.below(10), before) {
            (0..=3, 3 | 4) => return Page::Cart,
            (0, _) => return Page::Home,
            (1, _) => return Page::Search,
            (2, _) => self.category = (self.category + 1) % CATEGORIES as u32,
            (3, _) => self.category = (self.category * 5 + 1) % CATEGORIES as u32,
            _ => {}
        }
        Page::Category(self.category)
    }
}

/// A product of the category: some are looked at far more than others.
fn product(rng: &mut Rng, category: u32) -> u32 {
    let u = rng.unit();
    1_000 + category * PRODUCTS as u32 + (u * u * PRODUCTS as f64) as u32
}

/// One of the crowd, with the session under way.
#[derive(Clone, Debug)]
struct Shopper {
    rng: Rng,
    visit: Visit,
    place: Place,
    /// The click of the visit that comes next, and when.
    next: usize,
    at_ms: i64,
}

/// The clicks of a crowd in the order of event time, without end.
#[derive(Clone, Debug)]
pub struct Shoppers {
    crowd: Crowd,
    shoppers: Vec<Shopper>,
    due: BinaryHeap<Reverse<(i64, u32)>>,
}

impl Shoppers {
    /// The crowd from `start_ms` of event time on. Each of them has a stream of their own, so that
    /// one more changes nothing for the others.
    #[must_use]
    pub fn new(seed: u64, crowd: Crowd, start_ms: i64) -> Self {
        let shoppers: Vec<Shopper> = (0..crowd.users)
            .map(|user| {
                let mut rng = Rng::new(seed, Salt::Shoppers, u64::from(user));
                let visit = Visit::draw(&mut rng, crowd.buying);
                let place = Place::new(&mut rng);
                let at_ms = start_ms + rng.below(crowd.pause_ms.max(1)) as i64;
                Shopper {
                    rng,
                    visit,
                    place,
                    next: 0,
                    at_ms,
                }
            })
            .collect();
        let first = shoppers.iter().zip(0..);
        let due = first.map(|(shopper, user)| Reverse((shopper.at_ms, user)));
        Self {
            crowd,
            due: due.collect(),
            shoppers,
        }
    }
}

impl Shopper {
    fn click(&mut self, user: u32, crowd: &Crowd) -> Click {
        let rng = &mut self.rng;
        let symbol = self.visit.symbols[self.next];
        let (page, sku) = self.place.go(rng, symbol);
        // Part of a second on the way; some wait in a pocket without reception.
        let late = rng.chance(crowd.late);
        let way = 50 + rng.below(400);
        let mean_us = crowd.late_by_ms * 1_000;
        let waited = Dist::Exponential { mean_us }.draw(rng).0 / 1_000;
        let click = Click {
            user,
            at_ms: self.at_ms,
            arrives_ms: self.at_ms + (way + if late { waited } else { 0 }) as i64,
            symbol,
            page,
            sku,
        };
        self.next += 1;
        if let Some(&gap) = self.visit.gaps_ms.get(self.next) {
            self.at_ms += gap as i64;
        } else {
            let mean_us = crowd.pause_ms * 1_000;
            let pause = Dist::Exponential { mean_us }.draw(rng).0 / 1_000;
            // Clicks exactly one gap apart are one session still.
            self.at_ms += GAP_MS + 1 + pause as i64;
            self.visit = Visit::draw(rng, crowd.buying);
            self.place = Place::new(rng);
            self.next = 0;
        }
        click
    }
}

impl Iterator for Shoppers {
    type Item = Click;

    /// The next click; none if nobody is there.
    fn next(&mut self) -> Option<Click> {
        let Reverse((_, user)) = self.due.pop()?;
        let shopper = &mut self.shoppers[user as usize];
        let click = shopper.click(user, &self.crowd);
        self.due.push(Reverse((shopper.at_ms, user)));
        Some(click)
    }
}

#[cfg(test)]
mod tests;
