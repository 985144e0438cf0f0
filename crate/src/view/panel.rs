//! What the side panel and the transport show: words and tables, ready to set.

use crate::id::OrderId;
use crate::sim::Command;
use crate::time::Time;

/// Running text with emphasis.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text(pub Vec<Piece>);

/// A piece of running text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Piece {
    /// The words.
    pub words: String,
    /// Whether to set them bold.
    pub strong: bool,
}

impl Text {
    /// Adds plain words.
    #[must_use]
    pub fn say(mut self, words: impl Into<String>) -> Self {
        self.0.push(Piece {
            words: words.into(),
            strong: false,
        });
        self
    }

    /// Adds words to be set bold.
    #[must_use]
    pub fn stress(mut self, words: impl Into<String>) -> Self {
        self.0.push(Piece {
            words: words.into(),
            strong: true,
        });
        self
    }

    /// All words, plain.
    #[must_use]
    pub fn plain(&self) -> String {
        self.0.iter().map(|p| p.words.as_str()).collect()
    }

    /// The words that are set bold.
    #[must_use]
    pub fn stressed(&self) -> String {
        let strong = self.0.iter().filter(|p| p.strong);
        strong.map(|p| p.words.as_str()).collect()
    }
}

/// What is happening now, made from facts.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Explain {
    /// The question of this moment: "Payment is slow. Who waits?"
    pub heading: String,
    /// One or two sentences with real numbers.
    pub now: Text,
    /// What to watch or to try next, in one sentence.
    pub hint: String,
}

/// A table: the first column names the row, the others hold numbers.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Table {
    /// What it is a table of.
    pub caption: String,
    /// Column heads, one more than the numbers in a row.
    pub heads: Vec<String>,
    /// Rows.
    pub rows: Vec<Vec<String>>,
}

/// A question asked before the event and graded by the run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Asked {
    /// Its name, unique in the scenario.
    pub id: String,
    /// When it came up.
    pub at: Time,
    /// The question.
    pub text: String,
    /// What one may answer.
    pub options: Vec<String>,
    /// What the person chose, an index into `options`.
    pub chosen: Option<usize>,
    /// What the run showed, once it has: the index of the right option, and why, with numbers.
    pub outcome: Option<(usize, String)>,
}

/// A button for an intervention that teaches.
#[derive(Clone, PartialEq, Debug)]
pub struct WhatIf {
    /// What the button says.
    pub label: String,
    /// What it does, in order.
    pub commands: Vec<Command>,
}

/// A point on the scrubber.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Marker {
    /// When.
    pub at: Time,
    /// In a few words.
    pub label: String,
    /// What kind of thing.
    pub tone: Tone,
}

/// How a thing is coloured: never by colour alone, the words say it too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Tone {
    /// Nothing in particular.
    Plain,
    /// Something recovered or began well.
    Good,
    /// Something a learner should look at.
    Warn,
    /// Something stopped or was lost.
    Bad,
}

/// One row of the live topic table.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicRow {
    /// The partition.
    pub partition: u32,
    /// The offset.
    pub offset: i64,
    /// The key's colour, 0..6.
    pub hue: u8,
    /// The key, decoded, empty if there is none.
    pub key: String,
    /// The value, decoded.
    pub value: String,
    /// The record's timestamp, in milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The order in the value, if there is one.
    pub order: Option<OrderId>,
}

/// One guarantee and how it stands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PromiseRow {
    /// What is promised: "no acknowledged order is lost".
    pub name: String,
    /// How it stands.
    pub mark: Mark,
    /// Why it is or is not promised (the setting), or the record that broke it.
    pub why: String,
    /// Under which settings it is promised.
    pub given_when: &'static str,
    /// What it would take to break it.
    pub broken_by: &'static str,
    /// A scene of this page in which it breaks: its name and title.
    pub scene: Option<(String, String)>,
}

/// How a guarantee stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Mark {
    /// Promised and held.
    Held,
    /// Not promised by the settings in force, held so far.
    Unpromised,
    /// Not promised and broken: a lesson.
    Lesson,
    /// Promised and broken by a mistake that somebody switched on.
    Flawed,
    /// Promised and broken: a bug of ours, the only thing ever shown in red as wrong.
    Broken,
}

/// One stop in the life of an order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LifeStep {
    /// When.
    pub at: Time,
    /// Which shop: `sync` or `async`, or empty for both.
    pub lane: String,
    /// What happened: "appended to orders-3 at offset 188".
    pub what: String,
}
