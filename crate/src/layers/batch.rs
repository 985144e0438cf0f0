//! Lambda's batch layer: at set times it counts everything again.
//!
//! It keeps every record it ever read (the notes' Hadoop; Marz's master dataset), so that it can count
//! again what the log has deleted. A run first takes in what is new in the log, then counts it all.

use super::tap::Tap;
use super::{AGAIN, Done, Kit, Layer, LayersSpec, work};
use crate::id::NodeId;
use crate::pile::Pile;
use crate::protocol::{Fact, Input, LayerStep, LayersMessage, Out, Timer};
use crate::rng::{Rng, Salt};
use crate::social::{Event, View};
use crate::time::{Span, Time};
use std::sync::Arc;

/// What a batch layer does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Phase {
    /// It waits for its time.
    Waiting {
        /// When it begins next.
        until: Time,
    },
    /// It takes in what is new in the log.
    Reading {
        /// When the run began.
        since: Time,
    },
    /// It counts.
    Counting {
        /// When the run began.
        since: Time,
        /// When it will be done.
        until: Time,
        /// Whether the code it counts with has the bug.
        bug: bool,
    },
}

/// A record as the archive keeps it.
#[derive(Clone, Copy, Debug)]
struct Archived {
    event: Event,
    ms: i64,
}

/// What a run made.
#[derive(Clone, Debug)]
struct Made {
    run: u32,
    ends: Arc<[i64]>,
    view: Arc<View>,
    bug: bool,
}

/// The machine.
#[derive(Clone, Debug)]
pub struct Batch {
    node: NodeId,
    kit: Arc<Kit>,
    set: Arc<LayersSpec>,
    tap: Tap,
    rng: Rng,
    phase: Phase,
    /// On disk: every record, and how far the log is read.
    archive: Pile<Archived>,
    archive_bytes: u64,
    positions: Vec<i64>,
    /// Counts runs.
    run: u32,
    /// Whether the code has the bug that the next run will be made with.
    bug: bool,
    /// Counts what made the timers set before meaningless.
    turn: u32,
    made: Option<Made>,
    last_took: Option<Span>,
    done: Done,
}

impl Batch {
    /// A batch layer of `node`, not yet started.
    #[must_use]
    pub fn new(node: NodeId, kit: Arc<Kit>) -> Self {
        Self {
            node,
            tap: Tap::new(node, &kit, false),
            rng: Rng::new(kit.seed, Salt::Service, u64::from(node.0)),
            set: Arc::clone(&kit.spec),
            phase: Phase::Waiting {
                until: Time::ZERO + kit.spec.batch_every,
            },
            archive: Pile::default(),
            archive_bytes: 0,
            positions: vec![0; kit.partitions as usize],
            kit,
            run: 0,
            bug: false,
            turn: 0,
            made: None,
            last_took: None,
            done: Done::default(),
        }
    }

    /// What it does.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.phase
    }

    /// How many runs it has begun.
    #[must_use]
    pub fn run(&self) -> u32 {
        self.run
    }

    /// Whether its code has the bug.
    #[must_use]
    pub fn has_bug(&self) -> bool {
        self.bug
    }

    /// How many records it keeps, and about how many bytes they are.
    #[must_use]
    pub fn archived(&self) -> (u64, u64) {
        (self.archive.len() as u64, self.archive_bytes)
    }

    /// How long its last finished run took.
    #[must_use]
    pub fn last_took(&self) -> Option<Span> {
        self.last_took
    }

    /// What it has done.
    #[must_use]
    pub fn done(&self) -> &Done {
        &self.done
    }

    /// What a clone may have to copy.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        self.archive.unshared_bytes() + 1_000
    }

    /// Its code is another from the next run on.
    pub fn ship(&mut self, bug: bool, out: &mut Out) {
        self.bug = bug;
        self.tell(LayerStep::Shipped(Layer::Batch, bug), out);
    }

    /// The settings changed.
    pub fn set(&mut self, set: &Arc<LayersSpec>, now: Time, out: &mut Out) {
        let period = self.set.batch_every != set.batch_every;
        self.set = Arc::clone(set);
        if period && matches!(self.phase, Phase::Waiting { .. }) {
            self.wait(now, out);
        }
    }

    /// The process dies: a run that was under way is gone, what is on disk is not.
    pub fn crash(&mut self) {
        self.tap.end();
        self.turn += 1;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => {
                out.wake(now + AGAIN, Timer::Retry(0));
                match self.phase {
                    Phase::Waiting { until } if until > now => self.wait(now, out),
                    // Its time came while it was away, or it was at work: it begins, or begins over.
                    _ => self.begin(now, out),
                }
            }
            Input::Stop => out.exit(),
            Input::Timer(Timer::Arrival(turn)) if turn == self.turn => self.begin(now, out),
            Input::Timer(Timer::Work(turn)) if turn == self.turn => self.counted(now, out),
            Input::Timer(Timer::Retry(_)) => {
                self.send(out);
                out.wake(now + AGAIN, Timer::Retry(0));
            }
            input => self.tap.handle(now, input, out),
        }
        if let Phase::Reading { since } = self.phase {
            self.read(since, now, out);
        }
    }

    fn tell(&self, step: LayerStep, out: &mut Out) {
        let node = self.node;
        out.tell(Fact::Layer { node, step });
    }

    fn wait(&mut self, now: Time, out: &mut Out) {
        let every = self.set.batch_every.0;
        let until = Time((now.0 / every + 1) * every);
        self.phase = Phase::Waiting { until };
        self.turn += 1;
        out.wake(until, Timer::Arrival(self.turn));
    }

    /// Another run begins.
    fn begin(&mut self, now: Time, out: &mut Out) {
        self.turn += 1;
        self.run += 1;
        self.phase = Phase::Reading { since: now };
        self.tap.begin(&self.positions, now, out);
        self.tell(LayerStep::BatchBegan(self.run), out);
    }

    /// Takes in what is new, and counts when there is no more.
    fn read(&mut self, since: Time, now: Time, out: &mut Out) {
        while let Some(records) = self.tap.poll(now, out) {
            for (at, record) in records.iter() {
                let position = &mut self.positions[at.partition as usize];
                self.done.lost += (record.offset - *position).max(0).cast_unsigned();
                *position = record.offset + 1;
                let value = record.value.unwrap_or_default();
                if let Some(event) = Event::read(value) {
                    let ms = record.timestamp;
                    self.archive.push(Archived { event, ms });
                    self.archive_bytes += value.len() as u64;
                }
            }
        }
        if self.tap.lag() != Some(0) {
            return;
        }
        self.tap.end();
        let until = now + self.set.batch_startup + self.takes();
        let bug = self.bug;
        self.phase = Phase::Counting { since, until, bug };
        let hours = until.since(now).0 as f64 / 3_600e6;
        let share = self.rng.unit();
        let fails = self
            .rng
            .chance((self.set.failures_per_hour * hours).min(1.0));
        let ends_at = if fails {
            now + Span((until.since(now).0 as f64 * share) as u64)
        } else {
            until
        };
        out.wake(ends_at, Timer::Work(self.turn));
    }

    fn takes(&self) -> Span {
        let batch = Layer::Batch as usize;
        let (workers, per_worker) = (self.set.workers[batch], self.set.per_worker[batch]);
        work(
            self.archive.len() as u64,
            self.set.scale,
            workers,
            per_worker,
        )
    }

    /// It is done, or failed before that.
    fn counted(&mut self, now: Time, out: &mut Out) {
        let Phase::Counting { since, until, bug } = self.phase else {
            return;
        };
        if now < until {
            self.done.failures += 1;
            let whole = self.takes().0.max(1);
            let left = until.since(now).0.min(whole);
            let read = u128::from(whole - left) * self.archive.len() as u128 / u128::from(whole);
            self.done.records += read as u64;
            self.tell(LayerStep::Failed, out);
            self.begin(now, out);
            return;
        }
        let mut view = View::default();
        for Archived { event, ms } in self.archive.iter() {
            if !(bug && event.capital) {
                view.count(event, *ms, 1);
            }
        }
        let records = self.archive.len() as u64;
        self.done.records += records;
        self.last_took = Some(now.since(since));
        self.made = Some(Made {
            run: self.run,
            ends: Arc::from(&self.positions[..]),
            view: Arc::new(view),
            bug,
        });
        self.tell(
            LayerStep::BatchDone {
                run: self.run,
                records,
                since,
            },
            out,
        );
        self.send(out);
        self.wait(now, out);
    }

    fn send(&self, out: &mut Out) {
        if let Some(made) = self.made.clone() {
            let message = LayersMessage::BatchView {
                run: made.run,
                ends: made.ends,
                view: made.view,
                bug: made.bug,
            };
            out.send(self.kit.serving, message.into());
        }
    }
}
