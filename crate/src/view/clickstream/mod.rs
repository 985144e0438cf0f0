//! The Clickstream page: visitors' clicks as they become sessions, and one session in its three layers.
//!
//! [`scene`] makes the picture of a moment from what brokers and tasks have: the clicks in their topic,
//! the sessions that are told in theirs, and the watermark of the tasks. The rest makes words and tables
//! of it.

mod models;
mod own;
mod scene;
mod words;

pub use models::Heavy;
pub use own::Own;
pub use scene::{Look, scene};
pub use words::{
    course_table, explain, live_table, moved_table, part, sessions_table, summary, totals, what_if,
};

use crate::clickstream::intent::Moved;
use crate::sim::Hours;

/// The picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClickScene {
    /// The hours of its clock.
    pub hours: Option<Hours>,
    /// The clock, in ms of event time, as all times here.
    pub now: i64,
    /// The watermark, the least of the tasks'; none before the first click.
    pub watermark: Option<i64>,
    /// How many tasks make sessions now, and how many there are.
    pub tasks: (usize, usize),
    /// From where to where the axis goes.
    pub axis: (i64, i64),
    /// A row for each visitor shown.
    pub rows: Vec<Row>,
    /// The session that is looked at.
    pub chosen: Option<Chosen>,
}

/// A visitor.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Row {
    /// The name.
    pub user: String,
    /// The sessions, by their starts.
    pub sessions: Vec<Boxed>,
    /// When a tab was closed.
    pub ends: Vec<i64>,
}

/// A session as it is drawn.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Boxed {
    /// Its clicks, one at least.
    pub marks: Vec<Mark>,
    /// A gap after the last.
    pub end: i64,
    /// How it stands.
    pub state: State,
    /// How much of the gap the watermark has still to pass, 1 to 0.
    pub left: f32,
    /// Whether it is the one that is looked at.
    pub chosen: bool,
}

impl Boxed {
    /// The first click.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.marks.first().map_or(self.end, |mark| mark.ts)
    }

    /// The last click.
    #[must_use]
    pub fn last(&self) -> i64 {
        self.marks.last().map_or(self.end, |mark| mark.ts)
    }

    /// The click that came late and joined two, if there is one.
    #[must_use]
    pub fn joint(&self) -> Option<&Mark> {
        self.marks.iter().find(|mark| mark.joins.is_some())
    }
}

/// How a session stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum State {
    /// Clicks may follow.
    #[default]
    Open,
    /// The watermark has passed its end, and it is not told yet.
    Over,
    /// It is in the topic of sessions.
    Told,
}

/// A click as it is drawn.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Mark {
    /// When it was.
    pub ts: i64,
    /// Its symbol's number.
    pub symbol: u8,
    /// When it came, if that was after the watermark had passed it.
    pub late: Option<i64>,
    /// The clicks around it, if without it they were two sessions.
    pub joins: Option<(i64, i64)>,
}

/// The session that is looked at.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Chosen {
    /// Whose.
    pub user: String,
    /// Its place among the visitor's sessions that are shown, from 0, and how many these are.
    pub place: (usize, usize),
    /// The session.
    pub session: Boxed,
    /// Layer A: what the page sent with the newest click to come.
    pub sent: String,
    /// Layer C: its symbols.
    pub symbols: Vec<u8>,
    /// Which clicks see each other in the visibility graph, by their places.
    pub edges: Vec<(usize, usize)>,
    /// How each model saw it, click by click, as far as nothing was bought.
    pub courses: Vec<Course>,
    /// What moved the logistic regression, the strongest first.
    pub moved: Vec<Moved>,
    /// The rows that were told of it before and taken back: their symbols.
    pub taken_back: Vec<String>,
}

/// A model's probability after each click, where half of all sessions buy.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Course {
    /// The model, in words.
    pub model: String,
    /// The probabilities.
    pub after: Vec<f64>,
}

#[cfg(test)]
mod tests;
