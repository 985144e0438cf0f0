//! The same crash at many moments of a run: what comes of each. A run is forked at each moment, one
//! node stops there, and both the script and the world go on.

use super::command::{Acted, Command};
use super::node::Node;
use super::problem::Problem;
use super::promise::{Breach, Promise};
use super::timeline::{Moment, Timeline};
use super::world::{Status, World};
use crate::id::{NodeId, TopicPartition};
use crate::protocol::{Acks, Fact, Stop};
use crate::time::{Span, Time};

/// What is to be tried.
#[derive(Clone, PartialEq, Debug)]
pub struct Crash {
    /// The node that stops, as in [`Command::Stop`]; the first, if it names several.
    pub node: String,
    /// How.
    pub how: Stop,
    /// The partition whose writers are watched.
    pub at: TopicPartition,
    /// From one moment to the next.
    pub step: Span,
    /// How many moments.
    pub count: usize,
}

/// What came of a crash for one partition by a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Aftermath {
    /// When the crash was.
    pub at: Time,
    /// Who stopped.
    pub node: NodeId,
    /// Records that a producer was told are appended, and that the leader lacks at the end. `None`
    /// where nobody leads then. Counted among the records of which the [`super::Trail`] still knows.
    pub lost: Option<u64>,
    /// A guarantee that was given and did not hold after the crash.
    pub broken: Option<Promise>,
    /// The longest that a record waited for its answer, as far as it was seen: every
    /// [`Crashes::LOOK`].
    pub waited: Span,
    /// How long the oldest record without an answer has waited at the end.
    pub waits: Span,
    /// How long a leader had too few in-sync replicas for `acks=all`, looked at as often.
    pub refused: Span,
    /// Who leads at the end, if it runs.
    pub leader: Option<NodeId>,
    /// How many copies the producers asked for at the end.
    pub acks: Acks,
}

/// A crash that is tried at one moment after another, in slices.
#[derive(Clone, Debug)]
pub struct Crashes {
    crash: Crash,
    from: Time,
    /// The run without the crash, on its way to the next moment.
    run: Timeline,
    trial: Option<Box<Trial>>,
    tried: Vec<Result<Aftermath, Problem>>,
}

/// A run that parted from the other by a crash.
#[derive(Clone, Debug)]
struct Trial {
    run: Timeline,
    /// When it was looked at last.
    looked: Time,
    so_far: Aftermath,
    /// How often each promise was broken before.
    before: Vec<u32>,
}

impl Crashes {
    /// So often the partition is looked at after a crash.
    pub const LOOK: Span = Span::millis(100);
    /// A fork is watched for longer than it takes to notice a dead broker, by so much.
    const BEYOND: Span = Span::secs(6);
    /// At most so many events are played at a time.
    const SLICE: u64 = 1_000;

    /// Tries a crash at moments of this run, the first of which is the one shown. What the person did
    /// later is left out.
    #[must_use]
    pub fn new(run: &Timeline, crash: Crash) -> Self {
        Self {
            from: run.now(),
            run: run.ahead(),
            crash,
            trial: None,
            tried: Vec::new(),
        }
    }

    /// What is tried.
    #[must_use]
    pub fn crash(&self) -> &Crash {
        &self.crash
    }

    /// The run without the crash.
    #[must_use]
    pub fn run(&self) -> &Timeline {
        &self.run
    }

    /// The moment of a try.
    #[must_use]
    pub fn moment(&self, n: usize) -> Time {
        self.from + Span(self.crash.step.0 * n as u64)
    }

    /// How long after a crash its aftermath is counted.
    #[must_use]
    pub fn watched(&self) -> Span {
        Span::millis(self.run.scenario().cluster.broker_session_timeout_ms) + Self::BEYOND
    }

    /// What came of the crash at the moments tried so far, in their order; or why it could not be.
    pub fn tried(&self) -> &[Result<Aftermath, Problem>] {
        &self.tried
    }

    /// Whether all moments were tried.
    #[must_use]
    pub fn done(&self) -> bool {
        self.tried.len() >= self.crash.count
    }

    /// The commands of the run in which the crash is at the moment of a try.
    #[must_use]
    pub fn commands(&self, n: usize) -> Vec<Acted> {
        let mut commands = self.run.commands().to_vec();
        commands.push(Acted {
            at_us: self.moment(n),
            instant: None,
            command: self.command(),
        });
        commands
    }

    fn command(&self) -> Command {
        Command::Stop {
            node: self.crash.node.clone(),
            how: self.crash.how,
        }
    }

    /// Plays a slice: a thousand events at most.
    pub fn slice(&mut self) {
        if self.done() {
            return;
        }
        let until = self.moment(self.tried.len());
        match self.trial.take() {
            None if self.run.run_until(until, Self::SLICE) => {
                match Trial::new(&self.run, &self.crash.node, self.command()) {
                    Ok(trial) => self.trial = Some(Box::new(trial)),
                    Err(why) => self.tried.push(Err(why)),
                }
            }
            None => {}
            Some(mut trial) => {
                let end = until + self.watched();
                let look = (trial.looked + Self::LOOK).min(end);
                if trial.run.run_until(look, Self::SLICE) {
                    trial.look(self.crash.at);
                }
                if trial.looked < end {
                    self.trial = Some(trial);
                } else {
                    self.tried.push(Ok(trial.end(self.crash.at)));
                }
            }
        }
    }
}

impl Trial {
    fn new(run: &Timeline, node: &str, crash: Command) -> Result<Self, Problem> {
        let mut run = run.ahead();
        let world = &run.moment().world;
        let named = world.named(node)?;
        let &node = named
            .first()
            .ok_or_else(|| Problem::new(format!("there is no {node} at that moment")))?;
        if world.status(node) == Status::Down {
            let name = world.name(node);
            return Err(Problem::new(format!("{name} is down at that moment")));
        }
        let so_far = Aftermath {
            at: run.now(),
            node,
            lost: None,
            broken: None,
            waited: Span::ZERO,
            waits: Span::ZERO,
            refused: Span::ZERO,
            leader: None,
            acks: world.settings().acks,
        };
        let before = breaches(run.moment());
        run.act(crash)?;
        Ok(Self {
            looked: run.now(),
            run,
            so_far,
            before,
        })
    }

    /// Looks at the partition after a crash.
    fn look(&mut self, at: TopicPartition) {
        let (now, world) = (self.run.now(), &self.run.moment().world);
        let seen = &mut self.so_far;
        seen.waits = waits(world, at, now);
        seen.waited = seen.waited.max(seen.waits);
        seen.leader = leader(world, at);
        seen.acks = world.settings().acks;
        if seen.acks == Acks::All && seen.leader.is_some() && too_few(world, at) {
            seen.refused = seen.refused + now.since(self.looked);
        }
        self.looked = now;
    }

    /// What came of it.
    fn end(self, at: TopicPartition) -> Aftermath {
        let moment = self.run.moment();
        let since = breaches(moment).into_iter().zip(self.before);
        let mut broken = Promise::ALL.into_iter().zip(since);
        let promised = |promise| {
            moment
                .promises
                .breach(promise)
                .is_some_and(Breach::promised)
        };
        let broken = broken.find(|(promise, (now, before))| now > before && promised(*promise));
        Aftermath {
            lost: self.so_far.leader.map(|leader| lost(moment, at, leader)),
            broken: broken.map(|(promise, _)| promise),
            ..self.so_far
        }
    }
}

/// How often each promise was broken.
fn breaches(moment: &Moment) -> Vec<u32> {
    let count = |promise| moment.promises.breaches(promise);
    Promise::ALL.map(count).to_vec()
}

/// How long the oldest record for a partition has waited for its answer.
fn waits(world: &World, at: TopicPartition, now: Time) -> Span {
    let sources = world.feed().into_iter().flat_map(|feed| &feed.sources);
    let batches = sources.flat_map(|&source| match world.node(source) {
        Node::Source(source) => Some(source.producer().buffered()),
        _ => None,
    });
    let waits = batches
        .flatten()
        .filter(|batch| batch.at == at)
        .map(|batch| now.since(batch.since));
    waits.max().unwrap_or(Span::ZERO)
}

/// Who leads a partition, if it runs.
fn leader(world: &World, at: TopicPartition) -> Option<NodeId> {
    let leader = world.cluster().partition(at)?.leader?;
    (world.status(leader) == Status::Up).then_some(leader)
}

/// Whether a partition has too few in-sync replicas for `acks=all`.
fn too_few(world: &World, at: TopicPartition) -> bool {
    let image = world.cluster();
    let in_sync = image.partition(at).map_or(0, |state| state.isr.len());
    in_sync < image.min_isr(at)
}

/// How many records of a partition a producer was told of that its leader does not have in their
/// place, among those of which the trail still knows. Those that retention deleted are not lost.
#[must_use]
pub fn lost(moment: &Moment, at: TopicPartition, leader: NodeId) -> u64 {
    let broker = moment.world.broker(leader);
    let Some(log) = broker.and_then(|broker| broker.replica(at)) else {
        return 0;
    };
    let log = log.log();
    let kept: Vec<(i64, u32)> = log.batches().map(|b| (b.base_offset, b.crc())).collect();
    let start = log.log_start_offset();
    let mut appended: Vec<(NodeId, i64, u32)> = Vec::new();
    let mut lost = 0;
    for (_, fact) in moment.trail.facts() {
        match *fact {
            Fact::Appended {
                broker,
                at: there,
                base_offset,
                crc,
                ..
            } if there == at => appended.push((broker, base_offset, crc)),
            Fact::Acked {
                leader,
                at: there,
                base_offset,
                records,
                ..
            } if there == at && base_offset >= start => {
                let by = appended
                    .iter()
                    .rfind(|a| (a.0, a.1) == (leader, base_offset));
                let gone = by.is_some_and(|&(_, base, crc)| {
                    let place = kept.partition_point(|k| k.0 < base);
                    kept.get(place) != Some(&(base, crc))
                });
                lost += u64::from(records) * u64::from(gone);
            }
            _ => {}
        }
    }
    lost
}

#[cfg(test)]
mod tests;
