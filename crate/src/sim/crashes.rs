//! The same crash at many moments of a run: what comes of each. A run is forked at each moment, one
//! node stops there, and both the script and the world go on. Beside them goes a run without any crash:
//! what happens there too is not the crash's doing.

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

/// What came of a crash, or of none, for one partition by a time.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Aftermath {
    /// When the crash was.
    pub at: Time,
    /// Who stopped; `None` where nobody did.
    pub node: Option<NodeId>,
    /// Records that a producer was told are appended, and that the leader lacks at the end. `None`
    /// where nobody leads then. Counted among the records of which the [`super::Trail`] still knows.
    pub lost: Option<u64>,
    /// Those among them that are lost without the crash too, by the same time.
    pub lost_anyway: u64,
    /// A guarantee that was given and did not hold after the crash, and did without it.
    pub broken: Option<Promise>,
    /// One that did not hold without the crash either.
    pub broken_anyway: Option<Promise>,
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
    /// The same on its way to the end of the next try.
    calm: Box<Trial>,
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
            calm: Box::new(Trial::of(run.ahead(), None)),
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

    /// What came of no crash, from the first moment on, and until when.
    #[must_use]
    pub fn without(&self) -> (Aftermath, Time) {
        let calm = &self.calm;
        let lost = calm.lost(self.crash.at).map(|lost| count(&lost));
        let after = Aftermath {
            lost,
            lost_anyway: lost.unwrap_or(0),
            broken_anyway: calm.broken().next(),
            ..calm.so_far
        };
        (after, calm.looked)
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
                let (at, end) = (self.crash.at, until + self.watched());
                if self.calm.looked < end {
                    self.calm.play(at, end);
                } else if trial.looked < end {
                    trial.play(at, end);
                }
                if trial.looked < end {
                    self.trial = Some(trial);
                } else {
                    self.tried.push(Ok(trial.end(at, &self.calm)));
                }
            }
        }
    }
}

impl Trial {
    fn new(run: &Timeline, node: &str, crash: Command) -> Result<Self, Problem> {
        let run = run.ahead();
        let world = &run.moment().world;
        let named = world.named(node)?;
        let &node = named
            .first()
            .ok_or_else(|| Problem::new(format!("there is no {node} at that moment")))?;
        if world.status(node) == Status::Down {
            let name = world.name(node);
            return Err(Problem::new(format!("{name} is down at that moment")));
        }
        let mut trial = Self::of(run, Some(node));
        trial.run.act(crash)?;
        Ok(trial)
    }

    fn of(run: Timeline, node: Option<NodeId>) -> Self {
        let moment = run.moment();
        let so_far = Aftermath {
            at: run.now(),
            node,
            lost: None,
            lost_anyway: 0,
            broken: None,
            broken_anyway: None,
            waited: Span::ZERO,
            waits: Span::ZERO,
            refused: Span::ZERO,
            leader: None,
            acks: moment.world.settings().acks,
        };
        Self {
            looked: run.now(),
            before: breaches(moment),
            so_far,
            run,
        }
    }

    /// Goes on, to `end` at most, and looks at the partition if it is time.
    fn play(&mut self, at: TopicPartition, end: Time) {
        let look = (self.looked + Crashes::LOOK).min(end);
        if self.run.run_until(look, Crashes::SLICE) {
            self.look(at);
        }
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

    /// What came of it, beside what came of no crash by the same time.
    fn end(self, at: TopicPartition, calm: &Self) -> Aftermath {
        let anyway: Vec<Promise> = calm.broken().collect();
        let mut broken = self.broken();
        let lost = self.lost(at);
        let lost_there = calm.lost(at).unwrap_or_default();
        let mut both = lost.clone().unwrap_or_default();
        both.retain(|batch| lost_there.contains(batch));
        Aftermath {
            lost: lost.map(|lost| count(&lost)),
            lost_anyway: count(&both),
            broken_anyway: self.broken().find(|promise| anyway.contains(promise)),
            broken: broken.find(|promise| !anyway.contains(promise)),
            ..self.so_far
        }
    }

    fn lost(&self, at: TopicPartition) -> Option<Vec<Lost>> {
        let leader = self.so_far.leader?;
        Some(lost_batches(self.run.moment(), at, leader))
    }

    /// The guarantees that were given and did not hold since it began.
    fn broken(&self) -> impl Iterator<Item = Promise> {
        let moment = self.run.moment();
        let since = breaches(moment).into_iter().zip(&self.before);
        let broken = Promise::ALL.into_iter().zip(since);
        let broken = broken.filter(|(_, (now, before))| now > *before);
        broken.map(|(promise, _)| promise).filter(|&promise| {
            let breach = moment.promises.breach(promise);
            breach.is_some_and(Breach::promised)
        })
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
    count(&lost_batches(moment, at, leader))
}

/// A batch that is lost: its base offset, its checksum, and how many records it has.
type Lost = (i64, u32, u32);

fn count(lost: &[Lost]) -> u64 {
    lost.iter().map(|&(.., records)| u64::from(records)).sum()
}

/// The batches that hold them.
fn lost_batches(moment: &Moment, at: TopicPartition, leader: NodeId) -> Vec<Lost> {
    let broker = moment.world.broker(leader);
    let Some(log) = broker.and_then(|broker| broker.replica(at)) else {
        return Vec::new();
    };
    let log = log.log();
    let kept: Vec<(i64, u32)> = log.batches().map(|b| (b.base_offset, b.crc())).collect();
    let start = log.log_start_offset();
    let mut appended: Vec<(NodeId, i64, u32)> = Vec::new();
    let mut lost = Vec::new();
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
                let gone = by.filter(|&&(_, base, crc)| {
                    let place = kept.partition_point(|k| k.0 < base);
                    kept.get(place) != Some(&(base, crc))
                });
                lost.extend(gone.map(|&(_, base, crc)| (base, crc, records)));
            }
            _ => {}
        }
    }
    lost
}

#[cfg(test)]
mod tests;
