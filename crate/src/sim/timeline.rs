//! Seed + scenario + commands = the entire history. Any instant of it can be reached in either
//! direction; acting in the past forks.

use super::chronicle::Chronicle;
use super::command::{Acted, Command};
use super::metrics::Metrics;
use super::problem::Problem;
use super::promise::Promises;
use super::reckoning::Reckoning;
use super::scenario::Scenario;
use super::trail::Trail;
use super::world::World;
use crate::map::Map;
use crate::protocol::{Fact, Sink, Stamp};
use crate::time::Time;
use std::sync::Arc;

mod beside;

/// A world, and what its observers have made of it so far.
#[derive(Clone, Debug)]
pub struct Moment {
    /// The world.
    pub world: World,
    /// What the numbers are made of.
    pub metrics: Metrics,
    /// What befell the cluster.
    pub chronicle: Chronicle,
    /// What became of the newest records.
    pub trail: Trail,
    /// How right and how new two architectures are, where they are played.
    pub reckoning: Reckoning,
    /// The guarantees.
    pub promises: Promises,
    /// How many of the scenario's own commands have acted.
    script_done: usize,
    /// How many of the person's commands have acted.
    commands_done: usize,
}

/// The observers of one moment, listening together.
struct Observers<'a>(
    &'a mut Metrics,
    &'a mut Chronicle,
    &'a mut Trail,
    &'a mut Reckoning,
    &'a mut Promises,
);

impl Sink for Observers<'_> {
    fn hear(&mut self, stamp: Stamp, fact: Fact) {
        self.0.hear(stamp, fact);
        self.1.hear(stamp, fact);
        self.2.hear(stamp, fact);
        self.3.hear(stamp, fact);
        self.4.hear(stamp, fact);
    }
}

impl Moment {
    /// The beginning of a scenario under a seed.
    ///
    /// # Errors
    /// The scenario contradicts itself: what is wrong with it.
    pub fn new(scenario: &Scenario, seed: u64) -> Result<Self, Problem> {
        let mut metrics = Metrics::default();
        let mut chronicle = Chronicle::default();
        let mut trail = Trail::default();
        let mut reckoning = Reckoning::default();
        let mut promises = Promises::default();
        promises.terms_mut().note(&scenario.settings);
        promises.terms_mut().replicated = scenario.cluster.replication_factor > 1;
        let world = World::new(
            scenario,
            seed,
            &mut Observers(
                &mut metrics,
                &mut chronicle,
                &mut trail,
                &mut reckoning,
                &mut promises,
            ),
        )?;
        Ok(Self {
            world,
            metrics,
            chronicle,
            trail,
            reckoning,
            promises,
            script_done: 0,
            commands_done: 0,
        })
    }

    /// Dispatches the next event. `false` if there is none.
    pub fn step(&mut self) -> bool {
        self.reckoning.look(&self.world);
        self.world.step(&mut Observers(
            &mut self.metrics,
            &mut self.chronicle,
            &mut self.trail,
            &mut self.reckoning,
            &mut self.promises,
        ))
    }

    /// Does what a person or the script asks.
    fn act(&mut self, command: &Command) -> Result<(), Problem> {
        let mut observers = Observers(
            &mut self.metrics,
            &mut self.chronicle,
            &mut self.trail,
            &mut self.reckoning,
            &mut self.promises,
        );
        self.world.apply(command, &mut observers)?;
        self.promises.terms_mut().note(self.world.settings());
        match command {
            Command::AddPartitions { .. } => self.promises.terms_mut().partitions_added = true,
            Command::SetFlaw { flaw: Some(flaw) } => {
                self.promises.terms_mut().flaw = Some(*flaw);
            }
            Command::Rewind { .. } => {
                self.promises.terms_mut().rewound = true;
                self.promises.forget_positions();
            }
            Command::DeleteTopic { topic } => {
                self.promises.terms_mut().topic_deleted = true;
                if let Some(topic) = self.world.topic_id(topic) {
                    self.promises.forget_topic(topic);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn unshared_bytes(&self) -> usize {
        self.world.unshared_bytes()
            + self.metrics.unshared_bytes()
            + self.trail.unshared_bytes()
            + self.reckoning.unshared_bytes()
    }

    /// What is in memory for the sake of this one alone, in bytes, since `later` has it no more.
    fn gone_in(&self, later: &Self) -> usize {
        self.world.deleted_in(&later.world) + self.trail.forgotten_in(&later.trail)
    }
}

/// A future that was left by acting in its past.
#[derive(Clone, PartialEq, Debug)]
pub struct Fork {
    /// Where it was left.
    pub at: Time,
    /// Every command of it, those before the fork included.
    pub commands: Vec<Acted>,
}

/// The history of one run.
#[derive(Clone, Debug)]
pub struct Timeline {
    scenario: Arc<Scenario>,
    seed: u64,
    /// What the person did, in order, each with its instant once it is known.
    commands: Vec<Acted>,
    /// Commands that made no sense when they were to act, by their place among [`Self::commands`].
    refused: Map<usize, Problem>,
    /// Moments kept to go back to, oldest first; the first is the beginning. Forks share them.
    checkpoints: Vec<Arc<Moment>>,
    present: Moment,
    /// The time shown: the present world as it stands until its next event.
    shown: Time,
    /// The furthest time and instant played.
    played: Time,
    played_instant: u64,
    forks: Vec<Fork>,
}

/// Events between checkpoints: as many as a browser plays in 40 ms, so that a seek is not felt.
const EVERY: u64 = 8_000;
/// What all checkpoints together may come to cost.
const CHECKPOINT_BYTES: usize = 64 << 20;

impl Timeline {
    /// The history of `scenario` under `seed`, at its beginning.
    ///
    /// # Errors
    /// The scenario contradicts itself: what is wrong with it.
    pub fn new(scenario: Scenario, seed: u64) -> Result<Self, Problem> {
        let present = Moment::new(&scenario, seed)?;
        Ok(Self {
            scenario: Arc::new(scenario),
            seed,
            commands: Vec::new(),
            refused: Map::new(),
            checkpoints: vec![Arc::new(present.clone())],
            played_instant: present.world.instant(),
            present,
            shown: Time::ZERO,
            played: Time::ZERO,
            forks: Vec::new(),
        })
    }

    /// What is played.
    #[must_use]
    pub fn scenario(&self) -> &Scenario {
        &self.scenario
    }

    /// The seed.
    #[must_use]
    pub fn seed(&self) -> u64 {
        self.seed
    }

    /// The time shown.
    #[must_use]
    pub fn now(&self) -> Time {
        self.shown
    }

    /// How many events lie before the moment shown.
    #[must_use]
    pub fn instant(&self) -> u64 {
        self.present.world.instant()
    }

    /// The furthest time played.
    #[must_use]
    pub fn played(&self) -> Time {
        self.played
    }

    /// The moment shown.
    #[must_use]
    pub fn moment(&self) -> &Moment {
        &self.present
    }

    /// What the person did, in order; those after the moment shown included.
    #[must_use]
    pub fn commands(&self) -> &[Acted] {
        &self.commands
    }

    /// How many of [`Timeline::commands`] lie before the moment shown.
    #[must_use]
    pub fn commands_done(&self) -> usize {
        self.present.commands_done
    }

    /// Commands before the moment shown that made no sense there and were passed over, and why.
    pub fn refused(&self) -> impl Iterator<Item = (&Acted, &Problem)> {
        self.refused
            .iter()
            .take_while(|(place, _)| **place < self.present.commands_done)
            .map(|(&place, why)| (&self.commands[place], why))
    }

    /// Everything that was carried out up to the moment shown: the script's commands and the
    /// person's, by time.
    #[must_use]
    pub fn carried_out(&self) -> Vec<&Acted> {
        let script = &self.scenario.script[..self.present.script_done];
        let own = self.commands[..self.present.commands_done].iter();
        let own = own
            .enumerate()
            .filter(|(n, _)| !self.refused.contains_key(n));
        let mut all: Vec<&Acted> = script.iter().chain(own.map(|(_, acted)| acted)).collect();
        all.sort_by_cached_key(|acted| acted.at_us.0);
        all
    }

    /// Futures that were left by acting in their past, oldest first.
    #[must_use]
    pub fn forks(&self) -> &[Fork] {
        &self.forks
    }

    /// The fold of every event up to the moment shown.
    #[must_use]
    pub fn trace_hash(&self) -> u64 {
        self.present.world.trace_hash()
    }

    /// Plays on to `target` (which may lie anywhere ahead), dispatching at most `budget` events.
    /// `true` when it got there.
    pub fn run_until(&mut self, target: Time, budget: u64) -> bool {
        for _ in 0..budget {
            if !self.advance(target) {
                self.show(self.shown.max(target));
                return true;
            }
        }
        self.show(self.present.world.now());
        false
    }

    /// Goes to `to`, back or ahead, dispatching at most `budget` events. `true` when it got there;
    /// otherwise the moment shown is on the way, and calling again goes on.
    pub fn seek(&mut self, to: Time, budget: u64) -> bool {
        // A command at exactly `to` is not undone.
        let back = to < self.shown;
        self.take_nearest(back, |moment| moment.world.now() <= to);
        self.run_until(to, budget)
    }

    /// Goes to just after the `instant`-th event, which must have been played; later ones are as far
    /// as it goes.
    pub fn seek_instant(&mut self, instant: u64) {
        let instant = instant.min(self.played_instant);
        let back = instant < self.instant();
        self.take_nearest(back, |moment| moment.world.instant() <= instant);
        while self.instant() < instant && self.advance(Time::MAX) {}
        self.show(self.present.world.now());
    }

    /// One event on.
    pub fn step_forward(&mut self) {
        if self.advance(Time::MAX) {
            self.show(self.present.world.now());
        }
    }

    /// One event back.
    pub fn step_back(&mut self) {
        self.seek_instant(self.instant().saturating_sub(1).max(self.first_instant()));
    }

    /// Does `command` now. In the past, the future as it was is left and kept as a fork.
    ///
    /// # Errors
    /// The command does not make sense here: why, in words for the person. Nothing was changed.
    pub fn act(&mut self, command: Command) -> Result<(), Problem> {
        let mut next = self.present.clone();
        next.world.idle_until(self.shown);
        let instant = Some(next.world.instant());
        next.act(&command)?;
        next.commands_done += 1;
        if self.shown < self.played || self.instant() < self.played_instant {
            self.leave_future();
        }
        self.present = next;
        let place = self.present.commands_done - 1;
        self.commands.truncate(place);
        self.refused.retain(|&refused, _| refused < place);
        self.commands.push(Acted {
            at_us: self.shown,
            instant,
            command,
        });
        self.show(self.shown);
        Ok(())
    }

    /// The same run from the moment shown on. It remembers nothing to go back to, and nothing of what
    /// the person did later.
    #[must_use]
    pub fn ahead(&self) -> Self {
        let done = self.present.commands_done;
        let mut refused = self.refused.clone();
        refused.retain(|&place, _| place < done);
        Self {
            scenario: Arc::clone(&self.scenario),
            seed: self.seed,
            commands: self.commands[..done].to_vec(),
            refused,
            checkpoints: vec![Arc::new(self.present.clone())],
            present: self.present.clone(),
            shown: self.shown,
            played: self.shown,
            played_instant: self.instant(),
            forks: Vec::new(),
        }
    }

    /// Plays these commands from where they differ from those known, and leaves the future that was
    /// known. The moment shown is just before the first that differs.
    pub fn go_otherwise(&mut self, commands: Vec<Acted>) {
        let alike = self.commands.iter().zip(&commands);
        let alike = alike.take_while(|(known, wanted)| known == wanted).count();
        let differ = [&self.commands, &commands].map(|all| all.get(alike));
        let Some(at) = differ.into_iter().flatten().map(|acted| acted.at_us).min() else {
            return;
        };
        self.return_to(|moment| moment.commands_done <= alike && moment.world.now() < at);
        if at > Time::ZERO {
            self.run_until(Time(at.0 - 1), u64::MAX);
        }
        self.leave_future();
        self.commands = commands;
    }

    /// Takes up a future that was left; the one now known is left in its stead. The time shown
    /// stays.
    pub fn take_up(&mut self, fork: usize, budget: u64) -> bool {
        if fork >= self.forks.len() {
            return true;
        }
        let fork = self.forks.remove(fork);
        let to = self.shown;
        self.return_to(|moment| moment.world.now() < fork.at);
        self.leave_future();
        self.commands = fork.commands;
        self.run_until(to.max(fork.at), budget)
    }

    /// Plays these commands as if the person had given them at their times. Commands already there
    /// are replaced, and the moment shown is the beginning.
    pub fn script(&mut self, mut commands: Vec<Acted>) {
        commands.sort_by_cached_key(|acted| acted.at_us.0);
        self.return_to(|moment| moment.commands_done == 0 && moment.world.now() == Time::ZERO);
        self.checkpoints.truncate(1);
        self.commands = commands;
        self.refused.clear();
        self.forks.clear();
        self.played = Time::ZERO;
        self.played_instant = self.instant();
    }

    fn first_instant(&self) -> u64 {
        self.checkpoints[0].world.instant()
    }

    fn show(&mut self, at: Time) {
        self.shown = at;
        self.played = self.played.max(at);
        self.played_instant = self.played_instant.max(self.instant());
    }

    /// Puts the latest checkpoint that `reaches` lets pass in the present's place, if the way from
    /// there is shorter: always on the way back.
    fn take_nearest(&mut self, back: bool, reaches: impl Fn(&Moment) -> bool) {
        let place = self.checkpoints.iter().rposition(|kept| reaches(kept));
        let instant = place.map(|place| self.checkpoints[place].world.instant());
        if back || instant.is_some_and(|instant| instant > self.instant()) {
            self.return_to(reaches);
        }
    }

    /// Puts the latest checkpoint that `reaches` lets pass in the present's place.
    fn return_to(&mut self, reaches: impl Fn(&Moment) -> bool) {
        let place = self.checkpoints.iter().rposition(|kept| reaches(kept));
        let place = place.unwrap_or(0);
        self.present = (*self.checkpoints[place]).clone();
        self.shown = self.present.world.now();
    }

    /// Forgets everything after the moment shown, but keeps its commands as a fork if there are any.
    fn leave_future(&mut self) {
        let done = self.present.commands_done;
        self.refused.retain(|&refused, _| refused < done);
        if self.commands.len() > done {
            let commands = std::mem::take(&mut self.commands);
            self.commands = commands[..done].to_vec();
            self.forks.push(Fork {
                at: self.shown,
                commands,
            });
        }
        let instant = self.instant();
        self.checkpoints
            .retain(|moment| moment.world.instant() <= instant);
        self.played = self.shown;
        self.played_instant = instant;
    }

    /// One event, or one command, if it comes at or before `target`.
    fn advance(&mut self, target: Time) -> bool {
        let next_event = self.present.world.next_at().filter(|&at| at <= target);
        if self.act_if_due(next_event, target) {
            return true;
        }
        if next_event.is_none() {
            return false;
        }
        self.present.step();
        self.keep();
        true
    }

    /// A command acts after the last event of its microsecond, or at its very instant where that is
    /// known. One that makes no sense there is passed over: it made none when it was given.
    fn act_if_due(&mut self, next_event: Option<Time>, target: Time) -> bool {
        let present = &mut self.present;
        let due = |at: Time| at <= target && next_event.is_none_or(|next| next > at);
        let own = self.commands.get(present.commands_done);
        let reached = |instant: u64| present.world.instant() >= instant;
        // Where time and instant contradict each other, as in a link made by hand, time decides.
        let own_due = own.is_some_and(|acted| {
            due(acted.at_us)
                || acted.at_us <= target
                    && next_event.is_none_or(|next| next >= acted.at_us)
                    && acted.instant.is_some_and(reached)
        });
        let scripted = self.scenario.script.get(present.script_done);
        let script_due = scripted.is_some_and(|acted| due(acted.at_us));
        // At one microsecond the script goes first, unless the person was there before it.
        let first = |script: &Acted, own: &Acted| {
            script.at_us < own.at_us
                || script.at_us == own.at_us && !own.instant.is_some_and(reached)
        };
        let both = scripted.zip(own);
        if script_due && (!own_due || both.is_none_or(|(script, own)| first(script, own))) {
            let acted = &self.scenario.script[present.script_done];
            present.script_done += 1;
            present.world.idle_until(acted.at_us);
            if let Err(why) = present.act(&acted.command) {
                // What the person did before may have taken its sense away, nothing else.
                let alone = present.commands_done == 0;
                debug_assert!(!alone, "the script itself makes no sense: {why}");
                present.world.pass_over();
            }
            return true;
        }
        if own_due {
            let place = present.commands_done;
            let acted = &mut self.commands[place];
            present.commands_done += 1;
            present.world.idle_until(acted.at_us);
            acted.instant = Some(present.world.instant());
            if let Err(why) = present.act(&acted.command) {
                present.world.pass_over();
                self.refused.insert(place, why);
            }
            return true;
        }
        false
    }

    /// Keeps the present to come back to, if the last one kept is far enough back and nothing
    /// further on is kept already.
    fn keep(&mut self) {
        let last = self
            .checkpoints
            .last()
            .map_or(0, |moment| moment.world.instant());
        if self.instant() < last + EVERY {
            return;
        }
        let Moment {
            world, promises, ..
        } = &mut self.present;
        // One broker at a time, in turn: it costs time for every batch there is.
        let turn = self.checkpoints.len() % world.brokers().count().max(1);
        if let Some(broker) = world.brokers().nth(turn) {
            promises.recheck_logs(world.stamp(), broker);
        }
        self.checkpoints.push(Arc::new(self.present.clone()));
        while self.checkpoints.len() > 8 && self.kept_bytes() > CHECKPOINT_BYTES {
            self.thin();
        }
    }

    /// What checkpoints cost beside the present: what each may not share, and what the next has no
    /// more.
    fn kept_bytes(&self) -> usize {
        let own = self.checkpoints.iter().map(|m| m.unshared_bytes());
        let pairs = self.checkpoints.windows(2);
        let gone = pairs.map(|two| two[0].gone_in(&two[1]));
        own.sum::<usize>() + gone.sum::<usize>()
    }

    /// Lets go of every second checkpoint of the older half: the past grows coarser as it ages.
    fn thin(&mut self) {
        let half = self.checkpoints.len() / 2;
        let mut place = 0;
        self.checkpoints.retain(|_| {
            let stays = place == 0 || place >= half || place % 2 == 0;
            place += 1;
            stays
        });
    }
}

#[cfg(test)]
mod tests;
