//! A Lambda and a Kappa architecture in a world: who is who, and what commands do to them.

use super::carry_out::within;
use super::node::Node;
use super::problem::Problem;
use super::world::World;
use crate::id::{NodeId, TopicId};
use crate::layers::{
    Architecture, Batch, Kit, Layer, LayerChange, LayersSpec, Role, Serving, Side, StreamJob,
};
use crate::protocol::{Out, Sink};
use crate::time::{Span, Time};
use std::sync::Arc;

/// Who is who.
#[derive(Clone, Debug)]
pub struct Layers {
    /// How they are set.
    pub set: Arc<LayersSpec>,
    /// The log that all of them read.
    pub topic: TopicId,
    /// Lambda's batch layer.
    pub batch: Option<NodeId>,
    /// Lambda's speed layer.
    pub speed: Option<NodeId>,
    /// Lambda's serving layer: `serving-lambda`.
    pub lambda: NodeId,
    /// Kappa's two places for jobs: `job-1` and `job-2`.
    pub jobs: [NodeId; 2],
    /// Kappa's serving layer: `serving-kappa`.
    pub kappa: NodeId,
    /// How long the log keeps records.
    pub retention: Span,
    /// The version of Kappa's newest job.
    newest: u32,
}

/// A span between two others, or what to say.
fn between(what: &str, us: u64, least: Span, most: Span) -> Result<Span, Problem> {
    if (least.0..=most.0).contains(&us) {
        return Ok(Span(us));
    }
    let us = Span(us);
    Err(Problem::new(format!(
        "{what} is between {least} and {most}, not {us}"
    )))
}

const MINUTE: Span = Span::secs(60);
const DAY: Span = Span::secs(86_400);

/// Whether the settings make sense.
fn check(spec: &LayersSpec) -> Result<(), Problem> {
    within("the scale", f64::from(spec.scale), 1.0, 1e6)?;
    between("the batch period", spec.batch_every.0, MINUTE, DAY)?;
    between(
        "the start of a batch run",
        spec.batch_startup.0,
        Span::ZERO,
        DAY,
    )?;
    between("the allowed lateness", spec.grace.0, Span::ZERO, DAY)?;
    between(
        "the time between checkpoints",
        spec.checkpoint.0,
        Span::secs(1),
        DAY,
    )?;
    within("failures an hour", spec.failures_per_hour, 0.0, 60.0)?;
    within("one record in", f64::from(spec.one_in), 1.0, 100.0)?;
    for (&workers, &per_worker) in spec.workers.iter().zip(&spec.per_worker) {
        let most = f64::from(LayersSpec::MOST_WORKERS);
        within("the number of workers", f64::from(workers), 1.0, most)?;
        within("what a worker does", f64::from(per_worker), 1.0, 1e7)?;
    }
    Ok(())
}

impl World {
    /// Makes the layers, which read the topic of the scenario's feed.
    pub(super) fn lay_out_layers(&mut self, spec: &LayersSpec) -> Result<(), Problem> {
        check(spec)?;
        let Some(topic) = self.feed.as_ref().map(|feed| feed.topic) else {
            return Err(Problem::new("layers need a log, and so a feed".to_owned()));
        };
        let set = Arc::new(spec.clone());
        let mut serving = |name: &str, of| {
            let set = Arc::clone(&set);
            self.add_node(name, |id| {
                Node::Serving(Box::new(Serving::new(id, set, of)))
            })
        };
        let lambda = serving("serving-lambda", Architecture::Lambda);
        let kappa = serving("serving-kappa", Architecture::Kappa);
        let kit = |world: &Self, serving| {
            Arc::new(Kit {
                spec: Arc::clone(&set),
                topic,
                name: Arc::clone(world.topic_name(topic)),
                partitions: world.partitions(topic),
                bootstrap: Arc::from(&world.brokers[..]),
                serving,
                seed: world.seed,
            })
        };
        let (of_lambda, of_kappa) = (kit(self, lambda), kit(self, kappa));
        let batch = spec.batch.then(|| {
            let kit = Arc::clone(&of_lambda);
            self.add_node("batch", |id| Node::Batch(Box::new(Batch::new(id, kit))))
        });
        let mut stream = |name: &str, kit: &Arc<Kit>, role| {
            let kit = Arc::clone(kit);
            self.add_node(name, |id| {
                Node::StreamJob(Box::new(StreamJob::new(id, kit, role)))
            })
        };
        let speed = spec.speed.then(|| stream("speed", &of_lambda, Role::Speed));
        let jobs = [("job-1", 0), ("job-2", 1)]
            .map(|(name, slot)| stream(name, &of_kappa, Role::Job { slot }));
        let retention = self.retention_of(topic);
        self.layers = Some(Layers {
            set,
            topic,
            batch,
            speed,
            lambda,
            jobs,
            kappa,
            retention,
            newest: u32::from(spec.kappa),
        });
        Ok(())
    }

    /// How long a topic keeps records.
    fn retention_of(&self, topic: TopicId) -> Span {
        let ms = self.cluster().topics.get(&topic);
        let ms = ms.map_or(-1, |topic| topic.config.retention.ms);
        u64::try_from(ms).map_or(Span::MAX, Span::millis)
    }

    /// Who is who in the two architectures, if they are played.
    #[must_use]
    pub fn layers(&self) -> Option<&Layers> {
        self.layers.as_ref()
    }

    /// The machine of a batch layer.
    #[must_use]
    pub fn batch(&self) -> Option<&Batch> {
        match self.node(self.layers.as_ref()?.batch?) {
            Node::Batch(batch) => Some(batch),
            _ => None,
        }
    }

    /// The machine of a streaming process.
    #[must_use]
    pub fn stream_job(&self, id: NodeId) -> Option<&StreamJob> {
        match self.node(id) {
            Node::StreamJob(job) => Some(job),
            _ => None,
        }
    }

    /// The machine of a serving layer.
    #[must_use]
    pub fn serving(&self, id: NodeId) -> Option<&Serving> {
        match self.node(id) {
            Node::Serving(serving) => Some(serving),
            _ => None,
        }
    }

    /// Kappa's job in a slot, if there is one, and its version.
    fn job_in(&self, layers: &Layers, slot: usize) -> Option<u32> {
        let version = self.stream_job(layers.jobs[slot])?.version();
        (version > 0).then_some(version)
    }

    /// The slot that Kappa serves.
    fn served_slot(&self, layers: &Layers) -> usize {
        match self.serving(layers.kappa).map(Serving::side) {
            Some(Side::Kappa { served, .. }) => usize::from(*served),
            _ => 0,
        }
    }

    pub(super) fn unshared_in_layers(&self) -> usize {
        let Some(layers) = &self.layers else {
            return 0;
        };
        let streams = layers.speed.iter().chain(&layers.jobs);
        let streams = streams.filter_map(|&id| self.stream_job(id));
        let batch = self.batch().map_or(0, Batch::unshared_bytes);
        streams.map(StreamJob::unshared_bytes).sum::<usize>() + batch
    }

    /// What a person or a script does to the layers.
    pub(super) fn change_layers<S: Sink>(
        &mut self,
        change: LayerChange,
        sink: &mut S,
    ) -> Result<(), Problem> {
        let Some(mut layers) = self.layers.clone() else {
            let none =
                "there is no batch layer and no job here: this scene has no such architectures";
            return Err(Problem::new(none.to_owned()));
        };
        let mut set = (*layers.set).clone();
        match change {
            LayerChange::BatchEvery { us } => set.batch_every = Span(us),
            LayerChange::Workers { layer, workers } => set.workers[layer as usize] = workers,
            LayerChange::Grace { us } => set.grace = Span(us),
            LayerChange::Failures { per_hour } => set.failures_per_hour = per_hour,
            LayerChange::Sampling { one_in } => set.one_in = one_in,
            LayerChange::Delivery { layer, delivery } => match layer {
                Layer::Speed => set.delivery[0] = delivery,
                Layer::Job => set.delivery[1] = delivery,
                Layer::Batch => {
                    let why =
                        "a batch run that dies begins over: each record counts once in any case";
                    return Err(Problem::new(why.to_owned()));
                }
            },
            LayerChange::Late { share, by_us } => {
                let share = within("the share that comes late", share, 0.0, 1.0)?;
                self.settings.late = (share, between("lateness", by_us, Span::ZERO, DAY)?);
            }
            LayerChange::Retention { us } => {
                layers.retention = between("the time to keep", us, MINUTE, Span(DAY.0 * 30))?;
                self.keep_for(&layers, sink)?;
            }
            LayerChange::Ship { code, bug } => self.ship(&layers, code, bug, sink)?,
            LayerChange::Reprocess { bug } => {
                let slot = self.free_slot(&layers)?;
                layers.newest += 1;
                let version = layers.newest;
                self.with_job(layers.jobs[slot], sink, |job, now, out| {
                    job.begin(version, bug, now, out);
                });
            }
            LayerChange::CutOver | LayerChange::RollBack => {
                let other = 1 - self.served_slot(&layers);
                self.may_serve(&layers, other, change)?;
                self.with_serving(layers.kappa, sink, |serving, out| {
                    serving.switch_to(other as u8, out);
                });
            }
            LayerChange::DropOld => {
                let other = 1 - self.served_slot(&layers);
                let Some(version) = self.job_in(&layers, other) else {
                    let none = "there is only one job, and its view is served";
                    return Err(Problem::new(none.to_owned()));
                };
                self.with_job(layers.jobs[other], sink, |job, _, out| job.end(out));
                self.with_serving(layers.kappa, sink, |serving, _| {
                    serving.forget(other as u8, version);
                });
            }
        }
        check(&set)?;
        if set != *layers.set {
            layers.set = Arc::new(set);
            self.set_layers(&layers, sink);
        }
        self.layers = Some(layers);
        Ok(())
    }

    /// Hands the settings to everyone.
    fn set_layers<S: Sink>(&mut self, layers: &Layers, sink: &mut S) {
        let all = (0..self.slots.len()).map(NodeId::from);
        for id in all.collect::<Vec<NodeId>>() {
            self.with_node(id, sink, |node, now, _, out| match node {
                Node::Batch(batch) => batch.set(&layers.set, now, out),
                Node::StreamJob(job) => job.set(&layers.set),
                Node::Serving(serving) => serving.set(&layers.set),
                _ => {}
            });
        }
    }

    fn with_job<S: Sink>(
        &mut self,
        id: NodeId,
        sink: &mut S,
        act: impl FnOnce(&mut StreamJob, Time, &mut Out),
    ) {
        self.with_node(id, sink, |node, now, _, out| {
            if let Node::StreamJob(job) = node {
                act(job, now, out);
            }
        });
    }

    fn with_serving<S: Sink>(
        &mut self,
        id: NodeId,
        sink: &mut S,
        act: impl FnOnce(&mut Serving, &mut Out),
    ) {
        self.with_node(id, sink, |node, _, _, out| {
            if let Node::Serving(serving) = node {
                act(serving, out);
            }
        });
    }

    /// Other code goes live in one place. Of Kappa's jobs it is the one that is served.
    fn ship<S: Sink>(
        &mut self,
        layers: &Layers,
        code: Layer,
        bug: bool,
        sink: &mut S,
    ) -> Result<(), Problem> {
        let served = self.served_slot(layers);
        let node = match code {
            Layer::Batch => layers.batch,
            Layer::Speed => layers.speed,
            Layer::Job => self.job_in(layers, served).map(|_| layers.jobs[served]),
        };
        let Some(node) = node else {
            let name = code.name();
            return Err(Problem::new(format!("there is no {name} here to ship to")));
        };
        self.with_node(node, sink, |node, now, _, out| match node {
            Node::Batch(batch) => batch.ship(bug, out),
            Node::StreamJob(job) => job.ship(bug, now, out),
            _ => {}
        });
        Ok(())
    }

    fn free_slot(&self, layers: &Layers) -> Result<usize, Problem> {
        let served = self.served_slot(layers);
        for slot in [served, 1 - served] {
            if self.job_in(layers, slot).is_none() {
                return Ok(slot);
            }
        }
        let both = "two jobs run already: delete the view that is not served first";
        Err(Problem::new(both.to_owned()))
    }

    fn may_serve(&self, layers: &Layers, slot: usize, change: LayerChange) -> Result<(), Problem> {
        let served = self.served_slot(layers);
        let (new, old) = (self.job_in(layers, slot), self.job_in(layers, served));
        let ahead = change == LayerChange::CutOver;
        let why = match (new, old) {
            (None, _) => "there is no second view to serve",
            (Some(new), Some(old)) if ahead && new < old => {
                "the newest view is served already; the other one is older"
            }
            (Some(new), Some(old)) if !ahead && new > old => {
                "the view that is not served is newer, so that is no way back"
            }
            _ => return Ok(()),
        };
        Err(Problem::new(why.to_owned()))
    }

    /// The log keeps records as long as the layers say, in segments of a tenth of that: whole segments
    /// are deleted.
    fn keep_for<S: Sink>(&mut self, layers: &Layers, sink: &mut S) -> Result<(), Problem> {
        let name = Arc::clone(self.topic_name(layers.topic));
        let ms = layers.retention.0 / 1_000;
        for (setting, ms) in [("retention.ms", ms), ("segment.ms", ms / 10)] {
            let value = ms.to_string();
            self.administer(sink, |node, now, out| match node {
                Node::Broker(broker) => broker.alter_config(now, &name, setting, Some(&value), out),
                Node::Controller(controller) => {
                    controller.alter_config(now, &name, setting, Some(&value), out)
                }
                _ => Ok(()),
            })?;
        }
        Ok(())
    }
}
