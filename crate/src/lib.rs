//! Millrace: a deterministic simulator of an event-streaming platform.
//!
//! The same seed, scenario and commands give the same history, natively and in a browser.
//! Nothing here reads a clock, a file or the network; see `ARCHITECTURE.md` for the map.

pub mod app;
pub mod bench;
#[cfg(feature = "cli")]
pub mod cli;
pub mod clickstream;
pub mod client;
pub mod cluster;
pub mod feed;
pub mod group;
pub mod id;
pub mod layers;
pub mod link;
pub mod log;
pub mod map;
mod pile;
pub mod protocol;
pub mod rng;
pub mod scenario;
pub mod shop;
pub mod sim;
pub mod sketch;
pub mod social;
pub mod stream;
pub mod time;
pub mod view;
