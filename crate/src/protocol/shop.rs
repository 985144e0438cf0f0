//! What customers, shops and services say to each other in the order pipeline.

use crate::id::OrderId;
use crate::time::Time;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// One order, as the customer places it: the same in both shops.
#[derive(Clone, PartialEq, Debug)]
pub struct Order {
    /// Its number.
    pub id: OrderId,
    /// Who ordered: the record's key.
    pub customer: Arc<str>,
    /// The key's colour, 0..6: the partition it has in a topic of six partitions.
    pub hue: u8,
    /// What it costs, in cents.
    pub cents: u64,
    /// How many things.
    pub items: u32,
    /// When it was placed.
    pub placed_at: Time,
    /// Further columns of a person's own file, as the members of a JSON object without its braces.
    pub extra: Option<Arc<str>>,
}

/// The three services behind a shop, in the order an order passes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Service {
    /// Charges the customer.
    Payment,
    /// Packs the order.
    Warehouse,
    /// Chooses a carrier and sends it.
    Shipping,
}

impl Service {
    /// All three, in order.
    pub const ALL: [Self; 3] = [Self::Payment, Self::Warehouse, Self::Shipping];

    /// The name in node names, group ids and commands.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Payment => "payment",
            Self::Warehouse => "warehouse",
            Self::Shipping => "shipping",
        }
    }

    /// Its place in [`Service::ALL`].
    #[must_use]
    pub fn index(self) -> usize {
        self as usize
    }
}

/// What the customer is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Asynchronous shop: we have your order.
    Accepted,
    /// Synchronous shop: paid, packed and on its way.
    Completed,
    /// The payment was declined.
    Declined,
    /// Something is broken; the order was not taken.
    Failed,
}

/// How one attempt at a piece of work ended.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum WorkOutcome {
    /// Done.
    Done,
    /// Payment only: the bank said no. Trying again will not help.
    Declined,
    /// It failed; another attempt may not.
    Failed,
}

/// A call or an answer in the order pipeline.
#[derive(Clone, Debug)]
pub enum ShopMessage {
    /// Customer to shop: I order this.
    Place(Order),
    /// Shop to customer.
    Answer {
        /// Which order.
        order: OrderId,
        /// What became of it.
        answer: Answer,
    },
    /// Customer to shop: I have waited long enough.
    GiveUp {
        /// Which order.
        order: OrderId,
    },
    /// Synchronous shop to service: do your part now.
    Call {
        /// Which order.
        order: OrderId,
        /// Its colour, for the picture.
        hue: u8,
        /// Which of the shop's workers waits.
        worker: u32,
    },
    /// Service to synchronous shop.
    Return {
        /// Which order.
        order: OrderId,
        /// Its colour, for the picture.
        hue: u8,
        /// Which of the shop's workers waits.
        worker: u32,
        /// How it ended.
        outcome: WorkOutcome,
    },
}
