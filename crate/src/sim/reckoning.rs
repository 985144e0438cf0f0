//! How right and how new two architectures are: an observer that counts for itself.
//!
//! It reads the log beside them, record by record, and so knows the exact answers. Every
//! [`Reckoning::EVERY`] it holds what is served against them. Nothing here is input to anything.

use super::world::{Status, World};
use crate::id::{NodeId, TopicId, TopicPartition};
use crate::layers::{Architecture, Batch, Done, Serving, StreamJob};
use crate::map::Map;
use crate::pile::Pile;
use crate::protocol::{Fact, LayerStep, Sink, Stamp};
use crate::social::{Answer, Event, View, off_ppm};
use crate::time::{EVENT_EPOCH_MS, Span, Time};

/// How one architecture stood at one time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Standing {
    /// How old the newest event is that the answer knows of.
    pub age: Span,
    /// How far the answer of what trends now is off, in parts per million.
    pub trend_ppm: u32,
    /// How far the answer of who was most influential is off.
    pub deep_ppm: u32,
    /// [`Standing::trend_ppm`] times seconds, added up since the run began: the wrong answers served.
    pub wrong: u64,
    /// Records read and counted so far, each as often as that was.
    pub done: Done,
    /// Records that it keeps for itself, and the numbers in its views.
    pub kept: (u64, u64),
}

/// How both stood at one time.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Reckoned {
    /// By architecture.
    pub of: [Standing; 2],
    /// How many records were ever in the log, and how many still are.
    pub log: (u64, u64),
    /// How old the batch view is.
    pub batch_age: Span,
}

/// A record as it is in the log.
#[derive(Clone, Copy, Debug)]
struct Truth {
    event: Option<Event>,
    ms: i64,
}

/// The observer.
#[derive(Clone, Debug, Default)]
pub struct Reckoning {
    truth: View,
    /// What was read of each partition; a record's number is its offset.
    read: Vec<Pile<Truth>>,
    /// Partitions that lost records since they were read, and from which offset on.
    cut: Map<TopicPartition, i64>,
    samples: Pile<Reckoned>,
    steps: Pile<(Stamp, NodeId, LayerStep)>,
}

impl Reckoning {
    /// Time between samples: the first is at the start.
    pub const EVERY: Span = Span::secs(15);

    /// How both stood at each multiple of [`Reckoning::EVERY`].
    pub fn samples(&self) -> impl DoubleEndedIterator<Item = (Time, &Reckoned)> + Clone {
        let all = 0..self.samples.len();
        all.filter_map(|n| Some((Time(n as u64 * Self::EVERY.0), self.samples.get(n)?)))
    }

    /// How both stood last.
    #[must_use]
    pub fn last(&self) -> Option<&Reckoned> {
        self.samples.get(self.samples.len().checked_sub(1)?)
    }

    /// What the layers did, oldest first.
    pub fn steps(&self) -> impl DoubleEndedIterator<Item = &(Stamp, NodeId, LayerStep)> + Clone {
        self.steps.iter()
    }

    /// The exact answers, of what was in the log when the last sample was taken.
    #[must_use]
    pub fn answer(&self, now_ms: i64) -> Answer {
        self.truth.answer(now_ms)
    }

    /// What a clone may have to copy.
    pub(super) fn unshared_bytes(&self) -> usize {
        let read = self.read.iter().map(Pile::unshared_bytes);
        read.sum::<usize>() + self.samples.unshared_bytes() + self.truth.unshared_bytes()
    }

    /// Takes the samples that are due before the world's next event.
    pub(super) fn look(&mut self, world: &World) {
        let Some(next) = world.next_at() else {
            return;
        };
        if world.layers().is_none() {
            return;
        }
        while self.samples.len() as u64 * Self::EVERY.0 < next.0 {
            let at = Time(self.samples.len() as u64 * Self::EVERY.0);
            self.sample(world, at);
        }
    }

    fn sample(&mut self, world: &World, at: Time) {
        let Some(layers) = world.layers() else {
            return;
        };
        let left = self.read_log(world, layers.topic);
        let now_ms = at.event_ms();
        let truth = self.truth.answer(now_ms);
        let before = self.last().copied().unwrap_or_default();
        let mut new = Reckoned {
            of: before.of,
            log: (self.truth.records, left),
            batch_age: batch_age(world, now_ms),
        };
        for of in Architecture::ALL {
            let standing = &mut new.of[of as usize];
            let serving = match of {
                Architecture::Lambda => layers.lambda,
                Architecture::Kappa => layers.kappa,
            };
            let machine = world.serving(serving);
            let up = world.status(serving) == Status::Up;
            let answer = machine.filter(|_| up).and_then(|s| s.answer(now_ms));
            let (trend, deep) = answer.map_or((1_000_000, 1_000_000), |answer| {
                (
                    off_ppm(&truth.mentions, &answer.mentions),
                    off_ppm(&truth.influence, &answer.influence),
                )
            });
            let newest = machine.map_or(0, Serving::newest_ms).max(EVENT_EPOCH_MS);
            standing.age = Span::millis((now_ms - newest).max(0).cast_unsigned());
            standing.trend_ppm = trend;
            standing.deep_ppm = deep;
            if truth.mentions.iter().any(|&n| n > 0) {
                standing.wrong += u64::from(trend) * Self::EVERY.0 / 1_000_000;
            }
            (standing.done, standing.kept) = done(world, of);
        }
        self.samples.push(new);
    }

    /// Reads what is new in the log, and takes back what is no more. Says how many records are there.
    fn read_log(&mut self, world: &World, topic: TopicId) -> u64 {
        let mut left = 0;
        for partition in 0..world.partitions(topic) {
            let at = TopicPartition::new(topic, partition);
            let Some(log) = world.log(at) else {
                continue;
            };
            let place = partition as usize;
            if self.read.len() <= place {
                self.read.resize(place + 1, Pile::default());
            }
            let read = &mut self.read[place];
            let end = log.log_end_offset();
            left += (end - log.log_start_offset()).max(0).cast_unsigned();
            let cut = self.cut.remove(&at).unwrap_or(end).min(end);
            let cut = usize::try_from(cut).unwrap_or(0);
            for gone in read.range(cut..read.len()) {
                if let Some(event) = &gone.event {
                    self.truth.take_back(event, gone.ms);
                }
            }
            read.truncate(cut);
            let next = read.len() as i64;
            let new = log.batches().rev().take_while(|b| b.next_offset() > next);
            let new: Vec<_> = new.collect();
            for record in new.iter().rev().flat_map(|b| b.records()).flatten() {
                if record.offset < next {
                    continue;
                }
                let ms = record.timestamp;
                let event = record.value.and_then(Event::read);
                // Records that are gone before they could be read leave a gap.
                while (read.len() as i64) < record.offset {
                    read.push(Truth { event: None, ms });
                }
                read.push(Truth { event, ms });
                if let Some(event) = &event {
                    self.truth.count(event, ms, 1);
                }
            }
        }
        left
    }
}

/// How old the newest event of the batch view is.
fn batch_age(world: &World, now_ms: i64) -> Span {
    let lambda = world
        .layers()
        .and_then(|layers| world.serving(layers.lambda));
    let newest = lambda.and_then(|serving| Some(serving.served()?.newest_ms));
    let newest = newest.unwrap_or(EVENT_EPOCH_MS);
    Span::millis((now_ms - newest).max(0).cast_unsigned())
}

/// What the machines of an architecture have done, added up, and what they keep.
fn done(world: &World, of: Architecture) -> (Done, (u64, u64)) {
    let Some(layers) = world.layers() else {
        return Default::default();
    };
    let streams = match of {
        Architecture::Lambda => layers.speed.as_slice(),
        Architecture::Kappa => &layers.jobs[..],
    };
    let streams = streams.iter().filter_map(|&id| world.stream_job(id));
    let batch = world.batch().filter(|_| of == Architecture::Lambda);
    let parts = streams.map(StreamJob::done).chain(batch.map(Batch::done));
    let mut all = Done::default();
    for part in parts {
        all.records += part.records;
        all.twice += part.twice;
        all.lost += part.lost;
        all.late += part.late;
        all.failures += part.failures;
    }
    let serving = match of {
        Architecture::Lambda => layers.lambda,
        Architecture::Kappa => layers.kappa,
    };
    let cells = world.serving(serving).map_or(0, Serving::cells);
    (all, (batch.map_or(0, |batch| batch.archived().0), cells))
}

impl Sink for Reckoning {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        match fact {
            Fact::Layer { node, step } => self.steps.push((stamp, node, step)),
            Fact::Truncated { at, to, .. } => {
                let cut = self.cut.or_insert_with(at, || to);
                *cut = (*cut).min(to);
            }
            _ => {}
        }
    }
}
