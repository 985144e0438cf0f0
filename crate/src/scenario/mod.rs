//! What is played: nodes, topics, workload, script of commands, captions, questions, as values.

pub use crate::shop::{CommitMode, RecordedOrder, Sending, Settings, Wiring, Workload};

use crate::sim::Acted;
use crate::time::{Span, Time};
use serde::{Deserialize, Serialize};

/// Everything that is played, as one value.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Scenario {
    /// Its name in links and on the command line.
    pub name: String,
    /// The title of the scene.
    pub title: String,
    /// What to watch, in one sentence.
    pub watch: String,
    /// One thing to try, in one sentence.
    pub try_this: String,
    /// The shops as they begin.
    pub settings: Settings,
    /// The topics as they begin.
    pub topics: Vec<TopicSpec>,
    /// The topic that the asynchronous shop sends orders to; one that is not in `topics` is a
    /// mistake with a lesson.
    pub orders_topic: String,
    /// The broker's `auto.create.topics.enable`.
    pub auto_create_topics: bool,
    /// A sentence shown at its time.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Caption {
    /// From when.
    pub at: Time,
    /// The sentence.
    pub text: String,
}

/// A question graded by the run itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Question {
    /// Its name, unique in the scenario.
    pub id: String,
    /// When it is asked.
    pub ask_at: Time,
    /// When the run has answered it.
    pub graded_at: Time,
    /// The question.
    pub text: String,
    /// What one may answer.
    pub options: Vec<String>,
    /// How the run answers.
    pub rule: Rule,
}

/// How a run answers a question: looks at its own outcome and names an option.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// In which shop were orders lost between asking and grading? Options: synchronous,
    /// asynchronous, both, neither.
    WhereLost,
    /// In which shop did customers give up? Options as for [`Rule::WhereLost`].
    WhereGaveUp,
    /// How long after `ask_at` was the asynchronous backlog gone? Options: one for each bound, and
    /// one for "not yet".
    BacklogGone {
        /// Upper bounds, ascending.
        within: Vec<Span>,
    },
    /// How many partitions got new records between asking and grading? Options: one, some, all.
    PartitionsUsed {
        /// Of which topic.
        topic: String,
    },
    /// Were any orders processed twice in the asynchronous shop? Options: no, yes.
    ProcessedTwice,
}
