//! Protocol scripts: one step a line, what is to be seen after a bar.
//!
//! ```text
//! brokers 3
//! create t1 0:1:2 min.insync.replicas=2
//! produce t1 all m0 m1 | 0 1
//! kill 2
//! wait 12s
//! describe t1 | leader 0 isr 0,1
//! ```

use crate::cluster_net::ClusterNet;
use millrace::cluster::election::Election;
use millrace::cluster::{Death, NewTopic};
use millrace::id::NodeId;
use millrace::protocol::{Acks, EpochAsked, Input};
use millrace::time::{Span, Time};
use std::sync::Arc;

impl ClusterNet {
    /// Does one step of a script. Returns what is to be seen.
    ///
    /// # Panics
    /// The step is none.
    pub fn act(&mut self, step: &str) -> String {
        let words: Vec<&str> = step.split_whitespace().collect();
        match words[0] {
            "create" | "config" | "elect" | "reassign" => self.administrate(&words),
            "stop" | "kill" | "crash" | "start" | "freeze" | "wake" | "cut" | "heal" | "wait" => {
                self.meddle(&words)
            }
            "coordinator" | "commit" | "position" | "join" | "sync" | "heartbeat" => {
                self.deal_with_group(&words)
            }
            _ => self.look(&words),
        }
    }

    /// What an operator does.
    fn administrate(&mut self, words: &[&str]) -> String {
        match *words {
            ["create", name, replicas, ref configs @ ..] => {
                let (id, name) = (self.topic(name), Arc::from(name));
                let replicas = replicas.split(':').map(node).collect();
                let configs = configs.iter().map(|config| {
                    let (name, value) = config.split_once('=').expect("name=value");
                    (name.to_owned(), value.to_owned())
                });
                let new = NewTopic {
                    assignment: Some(vec![replicas]),
                    configs: configs.collect(),
                    ..NewTopic::default()
                };
                let said = self.administer(|c, now, out| c.create_topic(now, id, &name, &new, out));
                self.run(Span::secs(1));
                said
            }
            ["config", name, setting, value] => {
                self.administer(|c, now, out| c.alter_config(now, name, setting, Some(value), out))
            }
            ["elect", how, name] => {
                let how = match how {
                    "preferred" => Election::Preferred,
                    "unclean" => Election::Unclean,
                    other => panic!("elect {other}?"),
                };
                let at = self.at(name);
                let said = self.administer(|c, now, out| c.elect_leader(now, at, how, out));
                self.run(Span::secs(1));
                said
            }
            ["reassign", name, replicas] => {
                let at = self.at(name);
                let replicas: Vec<NodeId> = replicas.split(':').map(node).collect();
                self.administer(|c, now, out| c.reassign(now, at, &replicas, out))
            }
            _ => panic!("`{}` is no step", words.join(" ")),
        }
    }

    /// What befalls processes and the network.
    fn meddle(&mut self, words: &[&str]) -> String {
        match *words {
            ["stop", who] => {
                let who = node(who);
                self.input(who, Input::Stop);
                self.run(Span::secs(3));
                if self.kernel.is_up(who) {
                    "stopping"
                } else {
                    "stopped"
                }
                .into()
            }
            ["kill" | "crash", who] => {
                let death = if words[0] == "kill" {
                    Death::Process
                } else {
                    Death::Machine
                };
                self.die(node(who), death);
                self.kernel.take_down(node(who), false);
                String::new()
            }
            ["start", who] => {
                self.kernel.bring_up(node(who));
                self.input(node(who), Input::Start);
                String::new()
            }
            // As SIGSTOP: the process is there and does nothing.
            ["freeze", who] => {
                self.kernel.freeze(node(who), Time::MAX);
                String::new()
            }
            // As SIGCONT.
            ["wake", who] => {
                self.kernel.thaw(node(who));
                String::new()
            }
            ["cut", a, b] => {
                self.kernel.cut(node(a), node(b));
                String::new()
            }
            ["heal"] => {
                self.kernel.heal();
                String::new()
            }
            ["wait", span] => {
                self.run(span.parse().expect("a span such as 12s"));
                String::new()
            }
            _ => panic!("`{}` is no step", words.join(" ")),
        }
    }

    /// What clients do, and what is to be seen.
    fn look(&mut self, words: &[&str]) -> String {
        match *words {
            ["describe", name] => self.describe(name),
            ["produce", name, how, ref values @ ..] => {
                let said: Vec<String> = values
                    .iter()
                    .map(|value| self.produce(name, acks(how), value))
                    .collect();
                said.join(" ")
            }
            ["consume", name] => self.consume(name),
            ["latest", name] => self.latest(name),
            ["epochs", broker, name] => {
                let at = self.at(name);
                let replica = self
                    .broker(node(broker).index())
                    .replica(at)
                    .expect("kept there");
                let entries = replica.epoch_log().epochs().entries();
                let entries: Vec<String> = entries
                    .iter()
                    .map(|(epoch, start)| format!("{epoch}:{start}"))
                    .collect();
                entries.join(" ")
            }
            // Where an epoch ended, as its leader says to who knows the latest epoch, or this one.
            ["ended", name, epoch, ref knowing @ ..] => {
                let at = self.at(name);
                let latest = self.state(at).map_or(-1, |state| state.leader_epoch);
                let number = |word: &str| word.parse().expect("an epoch");
                let asked = EpochAsked {
                    at,
                    current_leader_epoch: knowing.last().map_or(latest, |word| number(word)),
                    leader_epoch: number(epoch),
                };
                self.epoch_end(asked)
            }
            ["offsets", name] => {
                let at = self.at(name);
                let kept = (0..self.brokers).filter_map(|number| {
                    let replica = self.broker(number).replica(at)?;
                    let (hw, end) = (replica.high_watermark(), replica.log().log_end_offset());
                    Some(format!("{number}: hw {hw} end {end}"))
                });
                kept.collect::<Vec<String>>().join(", ")
            }
            _ => panic!("`{}` is no step", words.join(" ")),
        }
    }
}

pub(crate) fn node(word: &str) -> NodeId {
    NodeId(word.parse().expect("a node's number"))
}

fn acks(word: &str) -> Acks {
    match word {
        "0" => Acks::Zero,
        "1" => Acks::One,
        "all" => Acks::All,
        other => panic!("acks {other}?"),
    }
}

/// Plays a script and compares what is seen with what it says after the bars. Returns what differs.
///
/// # Panics
/// A line is no step.
#[must_use]
pub fn play(script: &str, seed: u64) -> Vec<String> {
    let (mut brokers, mut controllers, mut eligible) = (3, 1, false);
    let mut net: Option<ClusterNet> = None;
    let mut differs = Vec::new();
    for (number, line) in script.lines().enumerate() {
        let line = line.split('#').next().unwrap_or_default().trim();
        if line.is_empty() {
            continue;
        }
        let (step, wanted) = match line.split_once('|') {
            Some((step, wanted)) => (step.trim(), Some(wanted.trim())),
            None => (line, None),
        };
        if let Some(count) = step.strip_prefix("brokers ") {
            brokers = count.parse().expect("a number");
            continue;
        }
        if let Some(count) = step.strip_prefix("controllers ") {
            controllers = count.parse().expect("a number");
            continue;
        }
        if step == "eligible leader replicas" {
            eligible = true;
            continue;
        }
        let net = net.get_or_insert_with(|| ClusterNet::new(seed, brokers, controllers, eligible));
        let seen = net.act(step);
        if let Some(wanted) = wanted
            && seen != wanted
        {
            differs.push(format!(
                "line {}: {step}\n  wanted: {wanted}\n  seen:   {seen}",
                number + 1
            ));
        }
    }
    differs
}
