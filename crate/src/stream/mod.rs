//! Streams: records go into windows, and windows give results.
//!
//! All of it is state machines without a clock: time is an argument, and results go into an [`Out`]
//! that the caller passes. [`Operator`] keeps the windows of each key; [`Windows`] says where a
//! record falls, [`Trigger`] and [`Mode`] when a result comes out and what it is of, [`Rules`] what
//! the engine makes of a window's end. [`Job`] puts a watermark before it, and micro-batches for
//! Spark. [`Sliding`] keeps hopping windows at a cost that does not grow with their overlap.

mod aggregate;
mod changelog;
mod engine;
mod job;
mod join;
mod keys;
mod merging;
mod micro_batch;
mod operator;
mod out;
mod pane;
mod sketched;
mod sliding;
#[cfg(test)]
mod tests;
pub mod topology;
mod trigger;
mod watermark;
mod window;

pub use aggregate::{Acc, Aggregate, Value};
pub use changelog::KeyState;
pub use engine::{Engine, Options, OutputMode, Plan, Rules, TimeKind};
pub use job::Job;
pub use join::{JoinState, Joined, Lookup, Side, StreamJoin, StreamJoinKind, window_join};
pub use keys::Keys;
pub use micro_batch::{MicroBatches, Progress};
pub use operator::Operator;
pub use out::{Dropped, Emission, Kind, Out, Record};
pub use pane::Pane;
pub use sketched::Sketched;
pub use sliding::{Method, Rows, Sliding, Work};
pub use trigger::{Asked, Early, Mode, Trigger};
pub use watermark::{Watermarking, Watermarks};
pub use window::{GRAMMAR as WINDOW_GRAMMAR, MOST_WINDOWS, Window, Windows, merged, millis};

/// A record's key, as a dense number: see [`Keys`].
pub type Key = u32;
