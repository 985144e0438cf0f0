//! A social platform: what people do there, as records, and what can be counted of it.
//!
//! Two questions are asked of the counts: which hashtags trend in the last hour, and who was most
//! influential since the log began.

mod event;
mod view;

pub use event::{Act, Event, TAGS, USERS};
pub use view::{Answer, Row, Rows, View, off_ppm, top};

/// How many places the rankings have.
pub const PLACES: usize = 20;

/// How long a hashtag's mentions count for its trend, in minutes: the last one is the minute that
/// is not over yet.
pub const TREND_MINUTES: usize = 60;
