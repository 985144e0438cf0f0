//! The hunt for failures: seeds with random faults, every promise watched, and the script of one that
//! breaks a promise shrunk to what it takes.

use super::command::{Acted, Command};
use super::faults::{Intensity, mend_cluster, random_faults};
use super::problem::Problem;
use super::promise::Breach;
use super::scenario::Scenario;
use super::timeline::Timeline;
use crate::cluster::Flaw;
use crate::protocol::Acks;
use crate::time::{Span, Time};

/// What is hunted for, and where.
#[derive(Clone, Debug)]
pub struct Hunt {
    scene: Scenario,
    faults: Intensity,
    flaw: Option<Flaw>,
}

/// A promise that broke.
#[derive(Clone, Debug)]
pub struct Prey {
    /// Under this seed.
    pub seed: u64,
    /// The promise, when, and with what.
    pub breach: Breach,
    /// What was done, in order of time.
    pub commands: Vec<Acted>,
}

impl Hunt {
    /// Faults come before this; then everything is mended.
    pub const FAULTS_UNTIL: Time = Time(12_000_000);
    /// A run is this long: what was cut off has had time to come back.
    pub const LENGTH: Span = Span::secs(30);
    /// Promises are looked at after so many events.
    const SLICE: u64 = 4_000;

    /// A hunt in a scene of brokers and plain clients, with a mistake switched on, or none.
    #[must_use]
    pub fn new(scene: Scenario, faults: Intensity, flaw: Option<Flaw>) -> Self {
        Self {
            scene,
            faults,
            flaw,
        }
    }

    /// What is done under a seed.
    #[must_use]
    pub fn commands(&self, seed: u64) -> Vec<Acted> {
        let acted = |at_us, command| Acted {
            at_us,
            instant: None,
            command,
        };
        let flaw = self.flaw;
        let mistake = flaw.map(|_| acted(Time::ZERO, Command::SetFlaw { flaw }));
        // Every fourth run with acks=1: then a leader goes on alone, where it would refuse.
        let acks = Acks::One;
        let alone = (seed % 4 == 3).then(|| acted(Time::ZERO, Command::SetAcks { acks }));
        let faults = random_faults(seed, &self.scene, Self::FAULTS_UNTIL, self.faults);
        let mend = mend_cluster().into_iter();
        mistake
            .into_iter()
            .chain(alone)
            .chain(faults)
            .chain(mend.map(|command| acted(Self::FAULTS_UNTIL, command)))
            .collect()
    }

    /// Plays one seed. `None` if every promise held.
    ///
    /// # Errors
    /// The scene contradicts itself.
    pub fn try_seed(&self, seed: u64) -> Result<Option<Prey>, Problem> {
        self.play(seed, self.commands(seed))
    }

    fn play(&self, seed: u64, commands: Vec<Acted>) -> Result<Option<Prey>, Problem> {
        let mut timeline = Timeline::new(self.scene.clone(), seed)?;
        timeline.script(commands.clone());
        let end = Time::ZERO + Self::LENGTH;
        let found = loop {
            let done = timeline.run_until(end, Self::SLICE);
            if let Some(breach) = timeline.moment().promises.broken() {
                break Some(*breach);
            }
            if done {
                let moment = timeline.moment();
                let mut promises = moment.promises.clone();
                promises.recheck(&moment.world);
                break promises.broken().copied();
            }
        };
        Ok(found.map(|breach| Prey {
            seed,
            breach,
            commands,
        }))
    }

    /// The same failure with as few commands as one by one can be left out: what is left breaks the
    /// same promise, and without any one of them it holds. The mistake that is switched on stays.
    ///
    /// # Errors
    /// The scene contradicts itself.
    pub fn shrink(&self, prey: Prey) -> Result<Prey, Problem> {
        let mut best = prey;
        // What came after it did not break it.
        let until = best.breach.stamp.at;
        best.commands.retain(|acted| acted.at_us <= until);
        let kept = usize::from(self.flaw.is_some());
        let mut size = best.commands.len().saturating_sub(kept).max(1);
        loop {
            let mut from = kept;
            let mut shrunk = false;
            while from < best.commands.len() {
                let mut fewer = best.commands.clone();
                fewer.drain(from..(from + size).min(best.commands.len()));
                match self.play(best.seed, fewer)? {
                    Some(prey) if prey.breach.promise == best.breach.promise => {
                        (best, shrunk) = (prey, true);
                    }
                    _ => from += size,
                }
            }
            if size > 1 {
                size = size.div_ceil(2);
            } else if !shrunk {
                return Ok(best);
            }
        }
    }
}
