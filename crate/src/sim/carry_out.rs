//! What each command does to the world.

use super::command::Command;
use super::node::Node;
use super::problem::Problem;
use super::shops::Shops;
use super::world::World;
use crate::cluster::{Broker, Flaw, NewTopic, TopicError};
use crate::feed::{FeedSpec, Source};
use crate::id::{NodeId, TopicPartition};
use crate::map::Map;
use crate::protocol::{Out, Service, Sink};
use crate::rng::mix;
use crate::time::{Span, Time};
use std::sync::Arc;

/// The most partitions a topic may be given: a real cluster takes more, but each costs a tab memory.
const MOST_PARTITIONS: u32 = 1_000;

/// The most that a slow disk adds to a write: well below the time-outs of those who wait for it.
const SLOWEST_WRITE: Span = Span::secs(10);

impl World {
    /// Does what a person or a script asks. What it tells goes to `sink`.
    ///
    /// # Errors
    /// The command does not make sense here: why, in words for the person. Nothing was changed.
    pub fn apply<S: Sink>(&mut self, command: &Command, sink: &mut S) -> Result<(), Problem> {
        self.carry_out(command, sink)?;
        let text = serde_json::to_string(command).expect("a command has only plain members");
        self.stamp_command(digest(&text));
        Ok(())
    }

    /// Commands about clients and processes. What concerns topics and the network, and what only
    /// shops know, is carried out elsewhere.
    fn carry_out<S: Sink>(&mut self, command: &Command, sink: &mut S) -> Result<(), Problem> {
        match command {
            Command::SetRate { per_s } => {
                let feeds = self.feed.is_some();
                let most = if feeds { FeedSpec::MOST_PER_S } else { 1_000.0 };
                self.settings.per_s = within("the rate", *per_s, 0.0, most)?;
                self.change_pace(sink);
            }
            Command::Burst { factor, for_us } => {
                let factor = within("the factor of a burst", *factor, 0.01, 100.0)?;
                self.burst(factor, self.now() + Span(*for_us), sink);
            }
            Command::Stop { node, how } => {
                for node in self.named(node)? {
                    self.stop(node, *how, sink);
                }
            }
            Command::Start { node } => {
                for node in self.named(node)? {
                    if self.is_wanted(node) {
                        self.start(node, sink);
                    }
                }
            }
            Command::SetAcks { acks } => {
                self.settings.acks = *acks;
                self.reconfigure_producers(sink);
            }
            Command::SetPartitioning { partitioning } => {
                self.settings.partitioning = *partitioning;
                self.reconfigure_producers(sink);
            }
            Command::SetCommit { commit } => {
                self.settings.commit = *commit;
                self.restart_readers(sink);
            }
            Command::CreateTopic { .. }
            | Command::DeleteTopic { .. }
            | Command::AddPartitions { .. }
            | Command::Cut { .. }
            | Command::Heal
            | Command::SetFlaw { .. }
            | Command::SetLoss { .. }
            | Command::Freeze { .. }
            | Command::SlowLink { .. }
            | Command::SlowDisk { .. }
            | Command::FillDisk { .. }
            | Command::DelayRequests { .. }
            | Command::RepeatRequests { .. } => self.carry_out_beside(command, sink)?,
            Command::HoldMessages { .. }
            | Command::Deliver { .. }
            | Command::BreakConnection { .. } => self.carry_out_by_hand(command, sink)?,
            Command::Layers(change) => self.change_layers(*change, sink)?,
            _ => self.carry_out_in_shops(command, sink)?,
        }
        Ok(())
    }

    /// Commands about topics and the network, which any scenario has.
    fn carry_out_beside<S: Sink>(
        &mut self,
        command: &Command,
        sink: &mut S,
    ) -> Result<(), Problem> {
        match command {
            Command::CreateTopic {
                topic,
                partitions,
                configs,
            } => {
                self.create_topic(topic, *partitions, configs, sink)?;
            }
            Command::DeleteTopic { topic } => {
                self.administer(sink, |node, now, out| match node {
                    Node::Broker(broker) => broker.delete_topic(now, topic, out),
                    Node::Controller(controller) => {
                        controller.delete_topic(now, topic, out).map(drop)
                    }
                    _ => Ok(()),
                })?;
            }
            Command::AddPartitions { topic, to } => {
                few_partitions(*to)?;
                self.administer(sink, |node, now, out| match node {
                    Node::Broker(broker) => broker.add_partitions(now, topic, *to, out),
                    Node::Controller(controller) => controller.add_partitions(now, topic, *to, out),
                    _ => Ok(()),
                })?;
            }
            Command::Cut { a, b } => {
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.cut(a, b);
                }
            }
            Command::Heal => {
                self.kernel.heal();
                let brokers = self.brokers.clone();
                self.with_brokers(&brokers, sink, Broker::mend_disk);
            }
            Command::SetFlaw { flaw } => self.set_flaw(*flaw, sink),
            Command::SetLoss { a, b, rate } => {
                let rate = within("the share lost", *rate, 0.0, 0.95)?;
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.set_loss(a, b, rate);
                }
            }
            Command::Freeze { node, for_us } => {
                let until = self.now() + no_longer(*for_us)?;
                for node in self.named(node)? {
                    self.kernel.freeze(node, until);
                }
            }
            Command::SlowLink { a, b, factor } => {
                let factor = within("the factor of a latency", *factor, 1.0, 10_000.0)?;
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.set_slow(a, b, factor);
                }
            }
            Command::DelayRequests { a, b, rate, by_us } => {
                let rate = within("the share delayed", *rate, 0.0, 0.95)?;
                let by = no_longer(*by_us)?;
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.set_late(a, b, rate, by);
                }
            }
            Command::RepeatRequests { a, b, rate } => {
                let rate = within("the share repeated", *rate, 0.0, 0.95)?;
                for (a, b) in self.pairs(a, b)? {
                    self.kernel.set_twice(a, b, rate);
                }
            }
            Command::SlowDisk { node, by_us } => {
                let by = Span(*by_us);
                if by > SLOWEST_WRITE {
                    let most = format!("a write takes at most {SLOWEST_WRITE} longer");
                    return Err(Problem::new(most));
                }
                let brokers = self.brokers_named(node)?;
                self.with_brokers(&brokers, sink, |broker| broker.slow_disk(by));
            }
            Command::FillDisk { node } => {
                let brokers = self.brokers_named(node)?;
                self.with_brokers(&brokers, sink, Broker::fill_disk);
            }
            _ => unreachable!("the other commands are carried out elsewhere"),
        }
        Ok(())
    }

    pub(super) fn create_topic<S: Sink>(
        &mut self,
        name: &str,
        partitions: u32,
        configs: &Map<String, String>,
        sink: &mut S,
    ) -> Result<(), Problem> {
        few_partitions(partitions)?;
        let known = self.topic_id(name);
        let id = self.intern(name);
        let shared = Arc::clone(self.topic_name(id));
        let new = NewTopic {
            partitions: Some(partitions),
            configs: configs.clone(),
            ..NewTopic::default()
        };
        let made = self.administer(sink, |node, now, out| match node {
            Node::Broker(broker) => broker.create_topic(now, id, &shared, &new, out),
            Node::Controller(controller) => controller.create_topic(now, id, &shared, &new, out),
            _ => Ok(()),
        });
        if made.is_err() && known.is_none() {
            self.forget_last_topic_name();
        }
        made
    }

    /// Does what an admin tool asks for, at whoever decides: the active controller, or the broker
    /// alone.
    pub(super) fn administer<S: Sink>(
        &mut self,
        sink: &mut S,
        act: impl FnOnce(&mut Node, Time, &mut Out) -> Result<(), TopicError>,
    ) -> Result<(), Problem> {
        let decides = self.active_controller().ok_or(TopicError::NoController);
        let done =
            decides.and_then(|node| self.with_node(node, sink, |n, now, _, out| act(n, now, out)));
        done.map_err(|error| Problem::new(error.to_string()))
    }

    fn change_pace<S: Sink>(&mut self, sink: &mut S) {
        self.with_customers(sink, |people, now, set, out| {
            people.change_pace(now, set, out);
        });
        self.with_sources(sink, Source::change_pace);
    }

    fn burst<S: Sink>(&mut self, factor: f64, until: Time, sink: &mut S) {
        self.with_customers(sink, |people, now, set, out| {
            people.burst(factor, until, now, set, out);
        });
        self.with_sources(sink, |source, now, set, out| {
            source.burst(factor, until, now, set, out);
        });
    }

    fn reconfigure_producers<S: Sink>(&mut self, sink: &mut S) {
        self.with_sources(sink, |source, _, set, _| source.reconfigure(set));
        if let Some(shops) = &self.shops {
            self.with_node(shops.async_shop, sink, |node, _, settings, _| {
                if let Node::AsyncShop(shop) = node {
                    shop.reconfigure(settings);
                }
            });
            // Its workers have producers too.
            self.restart_readers(sink);
        }
    }

    /// A client reads its settings when it is made: consumers whose settings changed start anew.
    pub(super) fn restart_readers<S: Sink>(&mut self, sink: &mut S) {
        let workers = self.shops.iter().flat_map(|shops| shops.workers.iter());
        let readers = self.feed.iter().flat_map(|feed| &feed.readers);
        let readers: Vec<NodeId> = workers.flatten().chain(readers).copied().collect();
        for node in readers {
            self.ask_to_stop(node, true, sink);
        }
    }

    /// The nodes a person means by a name: a service in both shops, both shops, all brokers, all
    /// controllers, or one node's own name.
    pub(super) fn named(&self, name: &str) -> Result<Vec<NodeId>, Problem> {
        if let Some(many) = self.kind_named(name) {
            return Ok(many);
        }
        if let Some(found) = self.by_role(name) {
            return found;
        }
        // Customers are people, not a process.
        if name == "customers" {
            return Err(Problem::new("customers cannot be stopped or cut off"));
        }
        let found = self
            .nodes()
            .find(|(_, own, ..)| *own == name)
            .map(|(id, ..)| vec![id]);
        found.ok_or_else(|| {
            let kinds = KINDS.iter().copied();
            let kinds: Vec<&str> = kinds
                .filter(|kind| self.kind_named(kind).is_some())
                .collect();
            let names: Vec<&str> = self.nodes().map(|(_, own, ..)| own).collect();
            Problem::new(format!(
                "there is no node named “{name}”. There are: {}, and each by its own name: {}",
                kinds.join(", "),
                names.join(", ")
            ))
        })
    }

    /// The same where only brokers can be meant.
    fn brokers_named(&self, name: &str) -> Result<Vec<NodeId>, Problem> {
        let nodes = self.named(name)?;
        if nodes.iter().any(|node| self.broker(*node).is_none()) {
            return Err(Problem::new(format!(
                "only brokers keep logs on a disk here, and {name} is none"
            )));
        }
        Ok(nodes)
    }

    fn with_brokers<S: Sink>(
        &mut self,
        brokers: &[NodeId],
        sink: &mut S,
        act: impl Fn(&mut Broker),
    ) {
        for &node in brokers {
            self.with_node(node, sink, |machine, _, _, _| {
                if let Node::Broker(broker) = machine {
                    act(broker);
                }
            });
        }
    }

    /// The nodes that have a part in a partition at this moment: `leader of orders-0`, `followers of
    /// orders-0` (everyone else with a replica), `follower of orders-0` (the first of them in sync).
    /// `None` if the name is not of that form.
    fn by_role(&self, name: &str) -> Option<Result<Vec<NodeId>, Problem>> {
        let (role, partition) = name.split_once(" of ")?;
        let (topic, number) = partition.rsplit_once('-')?;
        let state = self.topic_id(topic).zip(number.parse().ok());
        let state = state.and_then(|(topic, number)| {
            self.cluster().partition(TopicPartition::new(topic, number))
        });
        let Some(state) = state else {
            return Some(Err(Problem::new(format!(
                "there is no partition {partition}"
            ))));
        };
        let follows = |node: &&NodeId| Some(**node) != state.leader;
        let found: Vec<NodeId> = match role {
            "leader" => state.leader.into_iter().collect(),
            "follower" => state
                .isr
                .iter()
                .find(follows)
                .copied()
                .into_iter()
                .collect(),
            "followers" => state.replicas.iter().filter(follows).copied().collect(),
            _ => return None,
        };
        Some(if found.is_empty() {
            Err(Problem::new(format!("{partition} has no {role} now")))
        } else {
            Ok(found)
        })
    }

    /// Every broker and controller makes this mistake from now on.
    fn set_flaw<S: Sink>(&mut self, flaw: Option<Flaw>, sink: &mut S) {
        for node in [&self.brokers[..], &self.controllers[..]].concat() {
            self.with_node(node, sink, |machine, _, _, _| match machine {
                Node::Broker(broker) => broker.set_flaw(flaw),
                Node::Controller(controller) => controller.set_flaw(flaw),
                _ => {}
            });
        }
    }

    /// The nodes of a kind, where there are any.
    fn kind_named(&self, name: &str) -> Option<Vec<NodeId>> {
        let of_shops = |shops: &Shops| {
            if name == "shop" {
                return Some(vec![shops.sync_shop, shops.async_shop]);
            }
            let service = Service::ALL.iter().find(|s| s.name() == name)?.index();
            let sync = std::iter::once(shops.sync_services[service]);
            Some(sync.chain(shops.workers[service].iter().copied()).collect())
        };
        match name {
            "broker" => Some(self.brokers.clone()),
            "controller" => Some(self.controllers.clone()),
            "producer" => self.feed.as_ref().map(|feed| feed.sources.clone()),
            "consumer" => self.feed.as_ref().map(|feed| feed.readers.clone()),
            "worker" => self.app.as_ref().map(|app| app.workers.clone()),
            _ => self.shops.as_ref().and_then(of_shops),
        }
        .filter(|nodes| !nodes.is_empty())
    }

    fn pairs(&self, a: &str, b: &str) -> Result<Vec<(NodeId, NodeId)>, Problem> {
        let (a, b) = (self.named(a)?, self.named(b)?);
        let pairs = a.iter().flat_map(|&a| b.iter().map(move |&b| (a, b)));
        Ok(pairs.filter(|(a, b)| a != b).collect())
    }
}

/// The names that stand for several nodes.
const KINDS: [&str; 9] = [
    "payment",
    "warehouse",
    "shipping",
    "shop",
    "broker",
    "controller",
    "producer",
    "consumer",
    "worker",
];

/// A span that a fault may last.
fn no_longer(us: u64) -> Result<Span, Problem> {
    let most = Span::secs(600);
    if Span(us) > most {
        return Err(Problem::new(format!("a fault lasts at most {most}")));
    }
    Ok(Span(us))
}

/// Too few is for the broker to refuse, in its own words.
fn few_partitions(partitions: u32) -> Result<(), Problem> {
    let (most, wanted) = (MOST_PARTITIONS, f64::from(partitions));
    within("the number of partitions", wanted, 0.0, f64::from(most)).map(drop)
}

/// `value`, if it lies within these bounds; otherwise what to say.
pub(super) fn within(what: &str, value: f64, least: f64, most: f64) -> Result<f64, Problem> {
    if (least..=most).contains(&value) {
        Ok(value)
    } else {
        Err(Problem::new(format!(
            "{what} lies between {least} and {most}, not at {value}"
        )))
    }
}

/// A fold of a command's text, for the trace.
fn digest(text: &str) -> u64 {
    text.bytes()
        .fold(text.len() as u64, |hash, byte| mix(hash ^ u64::from(byte)))
}
