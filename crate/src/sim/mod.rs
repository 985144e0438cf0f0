//! The simulation: hosts the machines, carries their messages, keeps their history.

mod carry_out;
mod command;
pub mod faults;
mod founding;
mod kernel;
mod metrics;
mod node;
mod passages;
mod promise;
mod queue;
mod scenario;
mod shops;
mod timeline;
mod trace;
mod world;

pub use command::{Acted, Command};
pub use kernel::{Delivery, Kernel, Message, Traced};
pub use metrics::{Counts, Event, Metrics, Moved, OrderInShop, OrderRow, Sample, Told, Waited};
pub use node::Node;
pub use passages::{Passage, Passed};
pub use promise::{Breach, Promise, Promises, Terms, Witness};
pub use scenario::{Caption, ClusterSpec, Cue, Question, Rule, Scenario, TopicSpec};
pub use shops::Shops;
pub use timeline::{Fork, Moment, Timeline};
pub use world::{Problem, Status, World};
