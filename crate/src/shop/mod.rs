//! The e-commerce order pipeline of the course notes: customers, and two shops that take the same
//! orders.

mod async_shop;
mod call_queue;
mod crew;
mod customers;
mod order;
mod settings;
mod sync_shop;
mod worker;

pub use async_shop::{AsyncShop, Taking};
pub use call_queue::{InService, SyncService};
pub use customers::{Customers, WaitingCustomer};
pub use order::{OrderEvent, Verdict, hue_of};
pub use settings::{CommitMode, Partitioning, RecordedOrder, Sending, Settings, Wiring, Workload};
pub use sync_shop::Serving;
pub use sync_shop::SyncShop;
pub use worker::{Topics, Worker, WorkerKit, WorkerState, producer_config};

/// How often a piece of work that fails is tried in all, in either shop.
pub const ATTEMPTS: u32 = 3;

/// The pause before the second attempt; it doubles before each further one.
pub const FIRST_PAUSE: crate::time::Span = crate::time::Span::millis(100);
