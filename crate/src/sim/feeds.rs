//! Plain clients in a world: who is who, and what commands do to them.

use super::apps;
use super::carry_out::within;
use super::node::Node;
use super::problem::Problem;
use super::scenario::Scenario;
use super::world::World;
use crate::feed::{FeedSpec, Reader, ReaderKit, Source, SourceKit, Values, day};
use crate::id::{GroupId, NodeId, TopicId};
use crate::protocol::{Out, Sink};
use crate::shop::Settings;
use crate::time::Time;
use std::sync::Arc;

/// Who sends and who reads where there are no shops.
#[derive(Clone, Debug)]
pub struct Feed {
    /// The programs that send: `producer-1` and so on.
    pub sources: Vec<NodeId>,
    /// The members of the group: `consumer-1` and so on.
    pub readers: Vec<NodeId>,
    /// The topic.
    pub topic: TopicId,
    /// The group's name.
    pub group: Arc<str>,
}

impl Feed {
    /// The group that reads.
    pub const GROUP: GroupId = GroupId(0);
}

/// Whether a scenario's clients make sense.
fn check(scenario: &Scenario, feed: &FeedSpec) -> Result<(), Problem> {
    let most = f64::from(FeedSpec::MOST_CLIENTS);
    let (producers, readers) = (f64::from(feed.producers), f64::from(feed.readers));
    within("the number of producers", producers, 0.0, most)?;
    within("the number of consumers", readers, 0.0, most)?;
    within("the number of keys", f64::from(feed.keys), 0.0, 1e6)?;
    let (bytes, most) = (feed.record_bytes, f64::from(FeedSpec::MOST_BYTES));
    within("the size of a record", f64::from(bytes), 0.0, most)?;
    if let Values::Clicks { visitors } = feed.values {
        let most = f64::from(FeedSpec::MOST_VISITORS);
        within("the number of visitors", f64::from(visitors), 5.0, most)?;
        within("the number of producers of clicks", producers, 1.0, 1.0)?;
    }
    let per_s = scenario.settings.per_s;
    within("the rate", per_s, 0.0, FeedSpec::MOST_PER_S)?;
    Ok(())
}

impl World {
    /// Makes the brokers and the clients of a scenario without shops.
    pub(super) fn lay_out_feed<S: Sink>(
        &mut self,
        scenario: &Scenario,
        feed: &FeedSpec,
        sink: &mut S,
    ) -> Result<(), Problem> {
        check(scenario, feed)?;
        let plan = apps::plan(scenario)?;
        let topic = self.intern(&feed.topic);
        let group: Arc<str> = Arc::from(&*feed.group);
        let groups = plan.iter().map(|plan| Arc::clone(&plan.application));
        let groups: Vec<Arc<str>> = std::iter::once(Arc::clone(&group)).chain(groups).collect();
        let internal = plan.as_ref().map(|plan| apps::internal_topics(plan));
        let internal = internal.unwrap_or_default();
        self.lay_out_cluster(scenario, &internal, Arc::from(groups), sink)?;
        let bootstrap: Arc<[NodeId]> = Arc::from(&self.brokers[..]);
        let name = Arc::clone(self.topic_name(topic));
        let seed = self.seed;
        let clicks = match feed.values {
            Values::Clicks { visitors } => day(seed, visitors),
            _ => Arc::from([]),
        };
        let source = SourceKit {
            clicks,
            spec: feed.clone(),
            topic,
            name: Arc::clone(&name),
            bootstrap: Arc::clone(&bootstrap),
            seed,
        };
        let sources = (1..=feed.producers).map(|number| {
            let kit = source.clone();
            self.add_node(&format!("producer-{number}"), |id| {
                Node::Source(Source::new(id, kit))
            })
        });
        let sources = sources.collect();
        let reader = ReaderKit {
            group: Feed::GROUP,
            topic,
            name,
            bootstrap,
            seed,
        };
        let readers = (1..=feed.readers).map(|number| {
            let kit = reader.clone();
            self.add_node(&format!("consumer-{number}"), |id| {
                Node::Reader(Reader::new(id, kit))
            })
        });
        let readers = readers.collect();
        self.feed = Some(Feed {
            sources,
            readers,
            topic,
            group,
        });
        if let (Some(spec), Some(plan)) = (&scenario.app, plan) {
            self.lay_out_app(spec, plan);
        }
        if let Some(spec) = &scenario.layers {
            self.lay_out_layers(spec)?;
        }
        Ok(())
    }

    /// Does something to each source that runs.
    pub(super) fn with_sources<S: Sink>(
        &mut self,
        sink: &mut S,
        act: impl Fn(&mut Source, Time, &Settings, &mut Out),
    ) {
        let sources = self.feed.iter().flat_map(|feed| feed.sources.iter());
        let sources: Vec<NodeId> = sources.copied().collect();
        for id in sources {
            if self.kernel.is_up(id) {
                self.with_node(id, sink, |node, now, settings, out| {
                    if let Node::Source(source) = node {
                        act(source, now, settings, out);
                    }
                });
            }
        }
    }
}
