//! The simulation: hosts the machines, carries their messages, keeps their history.

mod carry_out;
mod chronicle;
mod command;
pub mod faults;
mod feeds;
mod founding;
mod kernel;
mod ledger;
mod metrics;
mod node;
mod passages;
mod problem;
mod promise;
mod queue;
mod scenario;
mod shops;
mod timeline;
mod trace;
mod traffic;
mod world;

pub use chronicle::{Chronicle, Happening, Leadership};
pub use command::{Acted, Command};
pub use feeds::Feed;
pub use kernel::{Delivery, Kernel, Message, Traced};
pub use ledger::{Counts, OrderInShop, OrderRow, Told};
pub use metrics::{Event, Metrics, Moved, Sample, Waited};
pub use node::Node;
pub use passages::{Passage, Passed};
pub use problem::Problem;
pub use promise::{Breach, Promise, Promises, Terms, Witness};
pub use scenario::{Caption, ClusterSpec, Cue, Question, Rule, Scenario, TopicSpec};
pub use shops::Shops;
pub use timeline::{Fork, Moment, Timeline};
pub use traffic::{Carried, Traffic};
pub use world::{Status, World};
