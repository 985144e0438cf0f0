//! Plain data for people to look at, made from a moment. Painting reads this and nothing else.

pub mod biography;
pub mod clickstream;
pub mod cluster;
pub mod code;
pub mod describe;
pub mod explain;
pub mod layers;
pub mod markers;
pub mod numbers;
pub mod orders;
mod outage;
pub mod panel;
pub mod predict;
pub mod proposal;
pub mod scene;
pub mod sketches;
pub mod summary;
pub mod topics;
pub mod windows;
