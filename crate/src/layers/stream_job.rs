//! A streaming process: Lambda's speed layer, or a job of Kappa's.
//!
//! It takes records as they come, works on them for as long as that takes, and then sends what it has
//! counted to its serving layer. Now and then it writes counts and positions to a store that outlives
//! it (a checkpoint); [`Delivery`] says what of the rest counts when it died in between.

use super::tap::Tap;
use super::{AGAIN, Delivery, Done, Kit, Layer, LayersSpec, RESTART, work};
use crate::client::Records;
use crate::id::NodeId;
use crate::protocol::{Body, Fact, Input, LayerStep, LayersMessage, Out, Timer};
use crate::rng::{Rng, Salt};
use crate::social::{Event, Row, Rows, View};
use crate::time::Time;
use std::sync::Arc;

/// What a streaming process is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It keeps a row for each record that the batch view does not have.
    Speed,
    /// It keeps a view of everything. Kappa has room for two of them.
    Job {
        /// Which, 0 or 1.
        slot: u8,
    },
}

impl Role {
    /// The layer whose settings it has.
    #[must_use]
    pub fn layer(self) -> Layer {
        match self {
            Self::Speed => Layer::Speed,
            Self::Job { .. } => Layer::Job,
        }
    }
}

/// What it has counted, and from where on it will go on.
#[derive(Clone, Debug)]
struct State {
    /// Of a job.
    view: View,
    /// Of a speed layer.
    rows: Rows,
    positions: Vec<i64>,
    /// The latest event time of each partition.
    latest: Vec<i64>,
    /// Whether some of it was counted with the bug.
    bug: bool,
}

impl State {
    fn at(positions: &[i64]) -> Self {
        Self {
            view: View::default(),
            rows: Rows::default(),
            latest: vec![0; positions.len()],
            positions: positions.to_vec(),
            bug: false,
        }
    }
}

/// The machine.
#[derive(Clone, Debug)]
pub struct StreamJob {
    node: NodeId,
    kit: Arc<Kit>,
    set: Arc<LayersSpec>,
    role: Role,
    tap: Tap,
    rng: Rng,
    /// Which version of the job it is; 0: none, the place is free.
    version: u32,
    /// Whether its code has the bug.
    bug: bool,
    state: State,
    /// In a store that outlives it.
    checkpoint: State,
    checkpoint_at: Time,
    /// Since when it is up, works or waits for records; for how often it fails.
    looked_at: Time,
    /// When it began to read, and whether it has since had everything there was.
    began_at: Time,
    caught_up: bool,
    /// The process runs.
    up: bool,
    /// It works on what it took last.
    busy: bool,
    /// Counts what made the timers set before meaningless.
    turn: u32,
    /// Counts deaths: a supervisor starts it again after the last.
    deaths: u32,
    /// How far the batch view reaches, for a speed layer.
    covered: Vec<i64>,
    done: Done,
}

impl StreamJob {
    /// A streaming process of `node`, not yet started. A job begins as version 1 where the spec says
    /// so, else when it is asked to.
    #[must_use]
    pub fn new(node: NodeId, kit: Arc<Kit>, role: Role) -> Self {
        let zeros = vec![0; kit.partitions as usize];
        let begins = match role {
            Role::Speed => true,
            Role::Job { slot } => slot == 0 && kit.spec.kappa,
        };
        Self {
            node,
            tap: Tap::new(node, &kit, true),
            rng: Rng::new(kit.seed, Salt::Service, u64::from(node.0)),
            set: Arc::clone(&kit.spec),
            kit,
            role,
            version: u32::from(begins),
            bug: false,
            state: State::at(&zeros),
            checkpoint: State::at(&zeros),
            checkpoint_at: Time::ZERO,
            looked_at: Time::ZERO,
            began_at: Time::ZERO,
            caught_up: false,
            up: false,
            busy: false,
            turn: 0,
            deaths: 0,
            covered: zeros,
            done: Done::default(),
        }
    }

    /// What it is for.
    #[must_use]
    pub fn role(&self) -> Role {
        self.role
    }

    /// Which version it is; 0 if it is none.
    #[must_use]
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether its code has the bug.
    #[must_use]
    pub fn has_bug(&self) -> bool {
        self.bug
    }

    /// Whether it has had everything there was since it began to read.
    #[must_use]
    pub fn has_caught_up(&self) -> bool {
        self.caught_up
    }

    /// When it began to read.
    #[must_use]
    pub fn began_at(&self) -> Time {
        self.began_at
    }

    /// Whether it is up, where its process is: it may wait for its supervisor.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.up
    }

    /// The next offset it will take, by partition.
    #[must_use]
    pub fn positions(&self) -> &[i64] {
        &self.state.positions
    }

    /// How many numbers or rows it keeps.
    #[must_use]
    pub fn cells(&self) -> u64 {
        match self.role {
            Role::Speed => self.state.rows.len() as u64,
            Role::Job { .. } => self.state.view.cells(),
        }
    }

    /// What it has done.
    #[must_use]
    pub fn done(&self) -> &Done {
        &self.done
    }

    /// What a clone may have to copy.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        let of = |state: &State| state.rows.unshared_bytes() + state.view.unshared_bytes();
        of(&self.state) + of(&self.checkpoint) + 1_000
    }

    /// The settings changed.
    pub fn set(&mut self, set: &Arc<LayersSpec>) {
        self.set = Arc::clone(set);
    }

    /// Another code goes live. A speed layer counts anew from where the batch view ends, and goes on
    /// showing what it had until it has caught up; a job goes on with what it has.
    pub fn ship(&mut self, bug: bool, now: Time, out: &mut Out) {
        self.bug = bug;
        self.tell(LayerStep::Shipped(self.role.layer(), bug), out);
        if self.role == Role::Speed {
            let covered = self.covered.clone();
            self.count_from(&covered, now, out);
        }
    }

    /// A job of this version begins here, at the start of the log.
    pub fn begin(&mut self, version: u32, bug: bool, now: Time, out: &mut Out) {
        self.version = version;
        self.bug = bug;
        self.tell(LayerStep::JobBegan { version, bug }, out);
        let start = vec![0; self.kit.partitions as usize];
        self.count_from(&start, now, out);
    }

    /// The job ends, and what it counted goes.
    pub fn end(&mut self, out: &mut Out) {
        self.tell(LayerStep::JobEnded(self.version), out);
        self.version = 0;
        self.caught_up = false;
        self.rest();
        self.state = State::at(&vec![0; self.kit.partitions as usize]);
        self.checkpoint = self.state.clone();
    }

    /// The process dies.
    pub fn crash(&mut self) {
        self.rest();
        self.up = false;
        self.deaths += 1;
    }

    /// Nothing is under way any more.
    fn rest(&mut self) {
        self.tap.end();
        self.turn += 1;
        self.busy = false;
    }

    /// One step.
    pub fn handle(&mut self, now: Time, input: Input, out: &mut Out) {
        match input {
            Input::Start => {
                out.wake(now + AGAIN, Timer::Retry(0));
                self.up = true;
                if self.version > 0 {
                    self.resume(now, out);
                }
            }
            Input::Stop => {
                self.checkpoint = self.state.clone();
                out.exit();
            }
            Input::Timer(Timer::Work(turn)) if turn == self.turn => self.worked(now, out),
            Input::Timer(Timer::Arrival(deaths)) if deaths == self.deaths => {
                self.up = true;
                if self.version > 0 {
                    self.resume(now, out);
                }
            }
            Input::Timer(Timer::Retry(_)) => {
                self.look_whether_caught_up(out);
                self.publish(out);
                out.wake(now + AGAIN, Timer::Retry(0));
            }
            Input::Message {
                body: Body::Layers(LayersMessage::Covered { ends }),
                ..
            } => {
                self.state.rows.drop_covered(&ends);
                self.covered = ends.to_vec();
                // What it was about to count anew the batch view has.
                let behind = self.state.positions.iter().zip(&self.covered);
                if !self.caught_up && behind.clone().all(|(at, end)| at <= end) {
                    let covered = self.covered.clone();
                    self.count_from(&covered, now, out);
                }
            }
            input => self.tap.handle(now, input, out),
        }
        if self.up && !self.busy && self.version > 0 {
            self.take(now, out);
        }
    }

    fn tell(&self, step: LayerStep, out: &mut Out) {
        let node = self.node;
        out.tell(Fact::Layer { node, step });
    }

    /// Counts anew from these offsets on.
    fn count_from(&mut self, positions: &[i64], now: Time, out: &mut Out) {
        self.rest();
        self.state = State::at(positions);
        self.checkpoint = self.state.clone();
        self.caught_up = false;
        self.began_at = now;
        if self.up {
            self.resume(now, out);
        }
    }

    /// Goes on after a start, with what it finds.
    fn resume(&mut self, now: Time, out: &mut Out) {
        let since = self.since_checkpoint();
        let delivery = self.set.delivery_of(self.role.layer());
        match delivery {
            Delivery::ExactlyOnce => self.state = self.checkpoint.clone(),
            Delivery::AtLeastOnce => {
                self.done.twice += since;
                self.state.positions.clone_from(&self.checkpoint.positions);
            }
            Delivery::AtMostOnce => {
                self.done.lost += since;
                let positions = std::mem::take(&mut self.state.positions);
                self.state = State {
                    positions,
                    ..self.checkpoint.clone()
                };
            }
        }
        if since > 0 && delivery != Delivery::ExactlyOnce {
            self.tell(LayerStep::Resumed { delivery, since }, out);
        }
        // What it goes on with is what it would find after another crash.
        self.checkpoint = self.state.clone();
        self.checkpoint_at = now;
        self.looked_at = now;
        self.busy = false;
        self.turn += 1;
        self.tap.begin(&self.state.positions, now, out);
    }

    /// How many records it has counted since its last checkpoint.
    fn since_checkpoint(&self) -> u64 {
        let both = self.state.positions.iter().zip(&self.checkpoint.positions);
        both.map(|(now, then)| (now - then).max(0).cast_unsigned())
            .sum()
    }

    /// Takes what is there, if anything is, and works on it.
    fn take(&mut self, now: Time, out: &mut Out) {
        let Some(records) = self.tap.poll(now, out) else {
            return;
        };
        let taken = self.count(&records);
        self.done.records += taken;
        self.busy = true;
        let layer = self.role.layer() as usize;
        let (workers, per_worker) = (self.set.workers[layer], self.set.per_worker[layer]);
        let took = work(taken, self.set.scale, workers, per_worker);
        out.wake(now + took, Timer::Work(self.turn));
    }

    /// Counts records; says how many it had to work on.
    fn count(&mut self, records: &Records) -> u64 {
        let mut taken = 0;
        let grace = (self.set.grace.0 / 1_000).cast_signed();
        let one_in = match self.role {
            Role::Speed => self.set.one_in.max(1),
            Role::Job { .. } => 1,
        };
        for (at, record) in records.iter() {
            let partition = at.partition as usize;
            let position = &mut self.state.positions[partition];
            self.done.lost += (record.offset - *position).max(0).cast_unsigned();
            *position = record.offset + 1;
            let latest = &mut self.state.latest[partition];
            let ms = record.timestamp;
            *latest = (*latest).max(ms);
            if record.offset % i64::from(one_in) != 0 {
                continue;
            }
            taken += 1;
            if ms < *latest - grace {
                self.done.late += 1;
                continue;
            }
            let Some(event) = Event::read(record.value.unwrap_or_default()) else {
                continue;
            };
            if self.bug && event.capital {
                self.state.bug = true;
                continue;
            }
            match self.role {
                Role::Speed => {
                    let mut row = Row::of(&event);
                    (row.offset, row.ms) = (record.offset, ms);
                    (row.weight, row.partition) = (one_in, at.partition as u8);
                    self.state.rows.push(row);
                }
                Role::Job { .. } => self.state.view.count(&event, ms, 1),
            }
        }
        taken
    }

    /// The work on what it took last is done.
    fn worked(&mut self, now: Time, out: &mut Out) {
        self.busy = false;
        let hours = now.since(self.looked_at).0 as f64 / 3_600e6;
        self.looked_at = now;
        if self
            .rng
            .chance((self.set.failures_per_hour * hours).min(1.0))
        {
            self.done.failures += 1;
            self.tell(LayerStep::Failed, out);
            self.crash();
            out.wake(now + RESTART, Timer::Arrival(self.deaths));
            return;
        }
        if now.since(self.checkpoint_at) >= self.set.checkpoint {
            self.checkpoint = self.state.clone();
            self.checkpoint_at = now;
        }
        self.look_whether_caught_up(out);
        self.publish(out);
    }

    /// Whether it has everything that the log had when it last fetched.
    fn look_whether_caught_up(&mut self, out: &mut Out) {
        let has_all = self.up && !self.busy && self.tap.lag() == Some(0);
        if self.caught_up || self.version == 0 || !has_all {
            return;
        }
        self.caught_up = true;
        let records = self.state.positions.iter().sum::<i64>().max(0);
        self.tell(
            LayerStep::CaughtUp {
                version: self.version,
                records: records.cast_unsigned(),
                since: self.began_at,
            },
            out,
        );
    }

    /// Sends what it has counted. A speed layer that counts anew is asked again when it has caught up.
    fn publish(&self, out: &mut Out) {
        if !self.up || self.version == 0 {
            return;
        }
        let message = match self.role {
            Role::Speed if !self.caught_up => return,
            Role::Speed => LayersMessage::SpeedView {
                rows: self.state.rows.clone(),
                newest_ms: self.newest_ms(),
            },
            Role::Job { slot } => LayersMessage::JobView {
                slot,
                version: self.version,
                view: Arc::new(self.state.view.clone()),
                newest_ms: self.newest_ms(),
                caught_up: self.caught_up,
                bug: self.state.bug,
            },
        };
        out.send(self.kit.serving, message.into());
    }

    /// The latest event time it has seen, in milliseconds since the Unix epoch; 0 before it has any.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        self.state.latest.iter().copied().max().unwrap_or(0)
    }
}
