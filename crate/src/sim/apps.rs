//! A stream application in a world: its workers and its internal topics.

use super::carry_out::within;
use super::node::Node;
use super::problem::Problem;
use super::scenario::{Scenario, TopicSpec};
use super::world::World;
use crate::app::{AppSpec, StreamWorker, WorkerKit};
use crate::id::{GroupId, NodeId, TopicId};
use crate::stream::topology::{Plan, TopicRole};
use std::sync::Arc;

/// A stream application.
#[derive(Clone, Debug)]
pub struct App {
    /// Its workers: `worker-1` and so on.
    pub workers: Vec<NodeId>,
    /// What they run.
    pub plan: Arc<Plan>,
    /// The plan's topics.
    pub topics: Vec<TopicId>,
}

impl App {
    /// The group of its workers; that of plain readers comes before.
    pub const GROUP: GroupId = GroupId(1);
}

/// What a scenario's application runs, if it has one and that is sound.
pub(super) fn plan(scenario: &Scenario) -> Result<Option<Arc<Plan>>, Problem> {
    let Some(spec) = &scenario.app else {
        return Ok(None);
    };
    let most = f64::from(AppSpec::MOST_WORKERS);
    within("the number of workers", f64::from(spec.workers), 0.0, most)?;
    let (commit, session) = (
        spec.commit_interval_ms as f64,
        spec.session_timeout_ms as f64,
    );
    within("commit.interval.ms", commit, 1.0, 3_600_000.0)?;
    within("session.timeout.ms", session, 1_000.0, 3_600_000.0)?;
    let there = |name: &str| scenario.topics.iter().find(|topic| topic.name == name);
    let partitions = |name: &str| there(name).map(|topic| topic.partitions);
    let plan = spec.topology.plan(partitions).map_err(Problem::new)?;
    let sinks = plan
        .topics
        .iter()
        .filter(|topic| topic.role == TopicRole::Sink);
    for sink in sinks {
        if there(&sink.name).is_none() {
            return Err(Problem::new(format!(
                "the application writes to {}, and there is no such topic: it makes its internal ones only",
                sink.name
            )));
        }
    }
    Ok(Some(Arc::new(plan)))
}

/// The topics that an application makes for itself (`InternalTopicConfig`): records on their way to
/// their keys are kept until they are deleted, changes of stores are compacted.
pub(super) fn internal_topics(plan: &Plan) -> Vec<TopicSpec> {
    let topics = plan.topics.iter().filter_map(|topic| {
        let configs: &[(&str, &str)] = match topic.role {
            TopicRole::Repartition => &[("cleanup.policy", "delete"), ("retention.ms", "-1")],
            TopicRole::Changelog(_) => &[("cleanup.policy", "compact")],
            TopicRole::Source | TopicRole::Sink => return None,
        };
        let configs = configs
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Some(TopicSpec {
            name: topic.name.to_string(),
            partitions: topic.partitions,
            configs: configs.collect(),
        })
    });
    topics.collect()
}

impl World {
    /// Makes the workers of an application, whose topics are there.
    pub(super) fn lay_out_app(&mut self, spec: &AppSpec, plan: Arc<Plan>) {
        let names = plan.topics.iter().map(|topic| Arc::clone(&topic.name));
        let names: Vec<Arc<str>> = names.collect();
        let topics: Vec<TopicId> = names.iter().map(|name| self.intern(name)).collect();
        let kit = WorkerKit {
            spec: spec.clone(),
            plan: Arc::clone(&plan),
            topics: topics.iter().copied().zip(names).collect(),
            group: App::GROUP,
            bootstrap: Arc::from(&self.brokers[..]),
            seed: self.seed,
        };
        let workers = (1..=spec.workers).map(|number| {
            let kit = kit.clone();
            self.add_node(&format!("worker-{number}"), |id| {
                Node::StreamWorker(Box::new(StreamWorker::new(id, kit)))
            })
        });
        self.app = Some(App {
            workers: workers.collect(),
            plan,
            topics,
        });
    }

    /// The stream application, if there is one.
    #[must_use]
    pub fn app(&self) -> Option<&App> {
        self.app.as_ref()
    }

    /// The machine of a stream worker.
    #[must_use]
    pub fn worker(&self, id: NodeId) -> Option<&StreamWorker> {
        match self.node(id) {
            Node::StreamWorker(worker) => Some(worker),
            _ => None,
        }
    }
}
