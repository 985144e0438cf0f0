//! Consumer groups: who reads which partition, and how far a group has come.
//!
//! The classic protocol. Members join through the coordinator, one of them assigns, all of them
//! commit positions to it.

pub mod assignor;
mod coordinator;
mod member;
mod offsets;
mod rebalance;
mod record;
mod storing;

#[cfg(test)]
mod tests;

pub use coordinator::{Coordinator, GroupConfig};
pub use member::{GroupError, GroupState, GroupView, MemberView};
pub use record::GroupWrite;
