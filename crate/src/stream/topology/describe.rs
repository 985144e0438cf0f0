//! A topology as Kafka's tools print it.

use super::plan::{Node, Op, Plan};
use std::fmt::Write as _;

impl Plan {
    /// As `Topology.describe()` prints it.
    #[must_use]
    pub fn describe(&self) -> String {
        let mut text = "Topologies:\n".to_owned();
        for (number, sub) in self.subs.iter().enumerate() {
            let _ = writeln!(text, "   Sub-topology: {number}");
            for &node in &sub.nodes {
                self.describe_node(&mut text, &self.nodes[node]);
            }
            text.push('\n');
        }
        text
    }

    fn describe_node(&self, text: &mut String, node: &Node) {
        let names = |nodes: &mut dyn Iterator<Item = usize>| {
            let names: Vec<&str> = nodes.map(|node| &*self.nodes[node].name).collect();
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        };
        let name = &node.name;
        let _ = match &node.op {
            Op::Read { topics, .. } => {
                let topics: Vec<&str> = topics.iter().map(|&t| &*self.topics[t].name).collect();
                writeln!(text, "    Source: {name} (topics: [{}])", topics.join(", "))
            }
            Op::Write { topic, .. } => {
                writeln!(
                    text,
                    "    Sink: {name} (topic: {})",
                    self.topics[*topic].name
                )
            }
            op => {
                let store = match op {
                    Op::Lookup { table, .. } => &*self.nodes[*table].name,
                    _ if node.changelog.is_some() => &**name,
                    _ => "",
                };
                writeln!(text, "    Processor: {name} (stores: [{store}])")
            }
        };
        if !matches!(node.op, Op::Write { .. }) {
            let to = names(&mut node.children.iter().map(|&(child, _)| child));
            let _ = writeln!(text, "      --> {to}");
        }
        if !matches!(node.op, Op::Read { .. }) {
            let from = names(&mut node.parents.iter().copied());
            let _ = writeln!(text, "      <-- {from}");
        }
    }
}
