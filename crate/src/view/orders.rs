//! The Orders page: two shops, one stream of customers.

use crate::id::OrderId;
use crate::time::{Span, Time};

/// The picture of one instant.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OrdersScene {
    /// The instant.
    pub now: Time,
    /// The shop where the customer waits for everything.
    pub sync: ShopScene,
    /// The shop that answers when the log has the order.
    pub async_: ShopScene,
    /// The topics of the asynchronous shop, in the order the pipeline passes them; further topics
    /// (dead letters, a person's own) after them.
    pub topics: Vec<TopicScene>,
    /// What is on its way, or was within the last [`OrdersScene::RECENT`] of simulated time.
    pub flights: Vec<Flight>,
}

impl OrdersScene {
    /// Flights are kept this long after they arrive, so that a painter may show a short one
    /// slower than it was.
    pub const RECENT: Span = Span::millis(400);
}

/// One shop.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ShopScene {
    /// Customers who wait for an answer, longest first; at most [`ShopScene::SHOWN`].
    pub waiting: Vec<Waiting>,
    /// How many wait in all.
    pub waiting_total: u32,
    /// The shop itself, then payment, warehouse, shipping.
    pub stations: Vec<Station>,
}

impl ShopScene {
    /// How many waiting customers are listed one by one.
    pub const SHOWN: usize = 48;
}

/// A customer who waits.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Waiting {
    /// For which order.
    pub order: OrderId,
    /// The key's colour, 0..6.
    pub hue: u8,
    /// Since when.
    pub since: Time,
    /// Until when at most: the ring round the customer drains towards it.
    pub until: Time,
}

/// A box: a shop or a service with its workers.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Station {
    /// `Shop`, `Payment`, …
    pub name: String,
    /// The mean time one piece of work takes now.
    pub work: Span,
    /// The mean time it takes in the scenario as it was set out; `work` over this is "slow".
    pub usual: Span,
    /// How many workers (threads or consumers) there are.
    pub workers: u32,
    /// How many of them are up.
    pub up: u32,
    /// How many are at work.
    pub busy: u32,
    /// How many consumers have no partition.
    pub idle: u32,
    /// Whether its consumers are paused.
    pub paused: bool,
    /// Whether its group is rebalancing.
    pub rebalancing: bool,
    /// Each piece of work in hand: its order, colour, when it began and when it will be done.
    pub in_hand: Vec<InHand>,
}

/// A piece of work in hand.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct InHand {
    /// Which order.
    pub order: OrderId,
    /// The key's colour, 0..6.
    pub hue: u8,
    /// When it began.
    pub since: Time,
    /// When it will be done.
    pub until: Time,
}

/// A topic as partition strips.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TopicScene {
    /// Its name.
    pub name: String,
    /// The groups that read it, by name: where strips have several bars, in this order.
    pub groups: Vec<String>,
    /// One strip a partition.
    pub strips: Vec<Strip>,
}

/// One partition: its youngest records, oldest at the left.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Strip {
    /// The first offset still in the log.
    pub log_start: i64,
    /// The offset the next record will have.
    pub log_end: i64,
    /// The youngest records, oldest first; at most [`Strip::CELLS`].
    pub cells: Vec<Cell>,
    /// Each group's committed offset (the next it will read), in the order of
    /// [`TopicScene::groups`].
    pub committed: Vec<i64>,
}

impl Strip {
    /// How many records are listed one by one.
    pub const CELLS: usize = 24;
}

/// One record of a strip.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Cell {
    /// Its offset.
    pub offset: i64,
    /// The key's colour, 0..6.
    pub hue: u8,
    /// The order in its value, if there is one.
    pub order: Option<OrderId>,
}

/// Where a flight begins or ends.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Place {
    /// The customers of the synchronous shop.
    SyncCustomers,
    /// A box of the synchronous shop, by its index in [`ShopScene::stations`].
    SyncStation(u8),
    /// The customers of the asynchronous shop.
    AsyncCustomers,
    /// A box of the asynchronous shop.
    AsyncStation(u8),
    /// A partition of [`OrdersScene::topics`]: the topic's index, the partition.
    Partition(u8, u16),
}

/// A dot on its way.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Flight {
    /// From where.
    pub from: Place,
    /// To where.
    pub to: Place,
    /// When it set off.
    pub sent_at: Time,
    /// When it arrives.
    pub due_at: Time,
    /// The key's colour, 0..6.
    pub hue: u8,
    /// Which order.
    pub order: OrderId,
}

/// How many orders are not finished, over the run so far.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Unfinished {
    /// The time between two samples.
    pub every: Span,
    /// Samples from the start of the run: people waiting in the synchronous shop, records
    /// (answered orders not yet shipped, declined or given up on) in the other.
    pub samples: Vec<(u32, u32)>,
    /// How it would go on, where that would make a difference.
    pub ahead: Option<Ahead>,
}

/// How the chart of unfinished orders would go on if the next [`Ahead::SPAN`] went like the last:
/// the straight line through those samples, carried on from the last of them, and no further than
/// to nobody.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Ahead {
    /// How long from the last sample on, and how many people would wait then.
    pub people: (Span, u32),
    /// The same of records.
    pub records: (Span, u32),
}

impl Ahead {
    /// How far it looks back, and ahead.
    pub const SPAN: Span = Span::secs(5);
    /// What it assumes.
    pub const ASSUMES: &'static str = "dashed: if the next 5 s go like the last";
    /// A change of fewer orders than this is noise.
    pub const LEAST: u32 = 8;
}

/// Times to an answer on a logarithmic scale, over the last [`Answers::WINDOW`].
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Answers {
    /// Counts, 20 buckets a decade from 0.1 ms to 100 s: `bucket = 20 · log10(ms / 0.1)`.
    pub sync: Vec<u32>,
    /// The same of the other shop.
    pub async_: Vec<u32>,
}

impl Answers {
    /// How far back the histogram looks.
    pub const WINDOW: Span = Span::secs(5);
    /// How many buckets: six decades.
    pub const BUCKETS: usize = 120;
}
