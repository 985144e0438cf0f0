//! What is kept of each order, and what is counted.

use crate::protocol::Service;
use crate::time::{Span, Time};

/// How an order's customer was told, if at all.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Told {
    /// Not yet.
    #[default]
    Nothing,
    /// Accepted or complete.
    Answered,
    /// Declined.
    Declined,
    /// It failed.
    Refused,
    /// The customer had left.
    GaveUp,
}

/// One order in one shop. Times are since it was placed.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct OrderInShop {
    /// What the customer was told.
    pub told: Told,
    /// When.
    pub told_after: Span,
    /// When each service first did its part.
    pub done_after: [Option<Span>; 3],
    /// How many times each service did its part.
    pub times: [u8; 3],
    /// Payment declined it.
    pub declined: bool,
    /// A service gave up on it.
    pub given_up_on: Option<Service>,
    /// The producer could not send it, or died with it.
    pub unsent: bool,
    /// Its place among the orders handed to the producer.
    pub sent: Option<u32>,
    /// Nothing more will happen to it.
    pub(super) finished: bool,
}

impl OrderInShop {
    /// Whether nothing more will happen to it: shipped, declined, given up on, or never sent.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.finished
    }
}

/// One order in both shops.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct OrderRow {
    /// When it was placed.
    pub placed_at: Time,
    /// By which customer.
    pub customer: u32,
    /// In the synchronous shop, in the asynchronous one.
    pub lanes: [OrderInShop; 2],
}

/// Counts of orders in one shop, over the run.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Counts {
    /// Placed.
    pub placed: u32,
    /// Told that they are accepted (asynchronous) or complete (synchronous).
    pub answered: u32,
    /// Shipped.
    pub shipped: u32,
    /// Told that it failed.
    pub refused: u32,
    /// Customers who stopped waiting.
    pub gave_up: u32,
    /// Declined by payment.
    pub declined: u32,
    /// Told that they are accepted, then declined.
    pub confirmed_then_declined: u32,
    /// Given up on by a service. Asynchronous: they lie in the dead-letter topic.
    pub given_up_on: u32,
    /// Taken up and never to be finished: synchronous, given up on by a service; asynchronous,
    /// accepted but not in the log.
    pub lost: u32,
    /// Orders that some service worked on more than once.
    pub duplicated: u32,
    /// Accepted and not yet paid for or declined.
    pub unpaid: u32,
    /// Accepted and not yet finished.
    pub open: u32,
}
