//! Clicks of a shop's visitors: what each one did, as a symbol, and what symbols add up to.

pub mod features;
pub mod intent;
pub mod packed;
pub mod session;
pub mod shoppers;
pub mod symbol;

pub use symbol::Symbol;
