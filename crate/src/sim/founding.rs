//! The cluster a scenario begins with.

use super::node::Node;
use super::problem::Problem;
use super::scenario::{Scenario, TopicSpec};
use super::shops::Shops;
use super::world::World;
use crate::cluster::{
    Broker, BrokerConfig, Controller, ControllerConfig, Founding, NewTopic, offsets_topic,
};
use crate::group::GroupConfig;
use crate::id::{NodeId, TopicId};
use crate::protocol::Sink;
use std::sync::Arc;

/// The most brokers: facts carry sets of them in 64 bits.
const MOST_BROKERS: u32 = 60;
/// The partitions of `__consumer_offsets`: three services form groups.
const OFFSETS_PARTITIONS: u32 = 3;

impl World {
    /// Makes the nodes and topics of a scenario.
    pub(super) fn lay_out<S: Sink>(
        &mut self,
        scenario: &Scenario,
        sink: &mut S,
    ) -> Result<(), Problem> {
        if let Some(feed) = &scenario.feed {
            return self.lay_out_feed(scenario, feed, sink);
        }
        let (topics, sent_to) = self.name_shop_topics(scenario);
        self.lay_out_cluster(scenario, &[], Shops::group_names(), sink)?;
        self.lay_out_shops(scenario, topics, sent_to);
        Ok(())
    }

    /// Makes brokers, controllers and topics, those of the scenario and `more`. `groups` has the groups'
    /// names by their numbers.
    pub(super) fn lay_out_cluster<S: Sink>(
        &mut self,
        scenario: &Scenario,
        more: &[TopicSpec],
        groups: Arc<[Arc<str>]>,
        sink: &mut S,
    ) -> Result<(), Problem> {
        let (seed, spec) = (self.seed, &scenario.cluster);
        let brokers = spec.brokers.clamp(1, MOST_BROKERS);
        let config = |number: u32| BrokerConfig {
            auto_create_topics: scenario.auto_create_topics,
            replica_lag_time_max_ms: spec.replica_lag_time_max_ms,
            log_retention_check_interval_ms: spec.log_retention_check_interval_ms,
            rack: (spec.racks > 0).then(|| (number - 1) % spec.racks + 1),
            offsets_topic_partitions: OFFSETS_PARTITIONS,
            offsets_topic_replication_factor: spec.replication_factor,
            // Long enough for the members of a service that start together to be one generation.
            group: GroupConfig {
                initial_rebalance_delay_ms: 50,
                ..GroupConfig::default()
            },
            ..BrokerConfig::default()
        };
        if spec.controllers == 0 {
            let alone = |id| {
                let mut broker = Broker::alone(id, config(1));
                broker.name_groups(groups.clone());
                Node::Broker(broker)
            };
            self.brokers = vec![self.add_node("broker-1", alone)];
            for topic in scenario.topics.iter().chain(more) {
                self.create_topic(&topic.name, topic.partitions, &topic.configs, sink)?;
            }
            return Ok(());
        }
        let first = brokers as usize;
        let voters = first..first + spec.controllers as usize;
        let voters: Arc<[NodeId]> = voters.map(NodeId::from).collect();
        for number in 1..=brokers {
            let broker = |id| {
                let mut broker = Broker::of_cluster(id, config(number), voters.clone(), seed);
                broker.name_groups(groups.clone());
                Node::Broker(broker)
            };
            let broker = self.add_node(&format!("broker-{number}"), broker);
            self.brokers.push(broker);
        }
        let config_of_controllers = ControllerConfig {
            broker_session_timeout_ms: spec.broker_session_timeout_ms,
            eligible_leader_replicas: spec.eligible_leader_replicas,
            default_replication_factor: spec.replication_factor,
            leader_imbalance_check_interval_s: spec.leader_imbalance_check_interval_s,
            ..ControllerConfig::default()
        };
        for number in 1..=spec.controllers {
            let controller = |id| {
                Node::Controller(Controller::new(
                    id,
                    voters.clone(),
                    config_of_controllers,
                    seed,
                ))
            };
            let controller = self.add_node(&format!("controller-{number}"), controller);
            self.controllers.push(controller);
        }
        let racks = (1..)
            .zip(&self.brokers)
            .map(|(n, &id)| (id, config(n).rack));
        let racks: Vec<(NodeId, Option<u32>)> = racks.collect();
        let mut founding = Founding::new(&racks, config_of_controllers, seed);
        let min_isr = spec.min_insync_replicas.to_string();
        let mut topics = Vec::new();
        for topic in scenario.topics.iter().chain(more) {
            let new = NewTopic {
                partitions: Some(topic.partitions),
                replication_factor: Some(spec.replication_factor),
                configs: topic.configs.clone(),
                ..NewTopic::default()
            };
            topics.push((self.intern(&topic.name), new));
        }
        topics.push((TopicId::CONSUMER_OFFSETS, offsets_topic(&config(1))));
        for (id, mut new) in topics {
            let name = Arc::clone(self.topic_name(id));
            let configs = &mut new.configs;
            configs.or_insert_with("min.insync.replicas".to_owned(), || min_isr.clone());
            let made = founding.create_topic(id, &name, &new);
            made.map_err(|error| Problem::new(error.to_string()))?;
        }
        for node in 0..self.brokers.len() + self.controllers.len() {
            self.with_node(NodeId::from(node), sink, |node, _, _, out| match node {
                Node::Broker(broker) => founding.tell_broker(broker, out),
                Node::Controller(controller) => founding.tell_controller(controller),
                _ => {}
            });
        }
        Ok(())
    }
}
