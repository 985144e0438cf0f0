//! Plain data for people to look at, made from a moment. Painting reads this and nothing else.

pub mod orders;
pub mod panel;
