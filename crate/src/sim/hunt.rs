//! The hunt for failures: seeds with random faults, every promise watched, and the script of one that
//! breaks a promise shrunk to what it takes.

use super::command::{Acted, Command};
use super::faults::{Intensity, Mischief, mend_all, random_choices, random_faults};
use super::problem::Problem;
use super::promise::Breach;
use super::scenario::Scenario;
use super::timeline::Timeline;
use crate::cluster::Flaw;
use crate::protocol::Acks;
use crate::time::{Span, Time};
use std::ops::Range;

/// What is hunted for, and where.
#[derive(Clone, Debug)]
pub struct Hunt {
    scene: Scenario,
    faults: Intensity,
    flaw: Option<Flaw>,
}

/// A promise that broke.
#[derive(Clone, PartialEq, Debug)]
pub struct Prey {
    /// In the scene of this name.
    pub scene: String,
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
    const SLICE: u64 = 1_000;

    /// A hunt in a scene of brokers and plain clients, with a mistake switched on, or none.
    #[must_use]
    pub fn new(scene: Scenario, faults: Intensity, flaw: Option<Flaw>) -> Self {
        Self {
            scene,
            faults,
            flaw,
        }
    }

    /// Where it is hunted.
    #[must_use]
    pub fn scene(&self) -> &Scenario {
        &self.scene
    }

    /// The mistake that is switched on.
    #[must_use]
    pub fn flaw(&self) -> Option<Flaw> {
        self.flaw
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
        let faults = random_faults(
            seed,
            &self.scene,
            Self::FAULTS_UNTIL,
            self.faults,
            Mischief::Anything,
        );
        let mend = mend_all(&self.scene).into_iter();
        mistake
            .into_iter()
            .chain(alone)
            .chain(faults)
            .chain(self.choices(seed))
            .chain(mend.map(|command| acted(Self::FAULTS_UNTIL, command)))
            .collect()
    }

    /// Somebody in the network's place, under two seeds of sixteen where most goes wrong, one of them with
    /// acks=1. Not more often: while messages wait to be chosen little happens that a fault could
    /// disturb, and a script has some hundred commands more.
    fn choices(&self, seed: u64) -> Vec<Acted> {
        if self.faults != Intensity::High || !matches!(seed % 16, 5 | 11) {
            return Vec::new();
        }
        let mut choices = random_choices(seed, &self.scene, Self::FAULTS_UNTIL);
        // Mending lets go what waits then.
        choices.retain(|acted| acted.at_us < Self::FAULTS_UNTIL);
        choices
    }

    /// Plays one seed. `None` if every promise held.
    ///
    /// # Errors
    /// The scene contradicts itself.
    pub fn try_seed(&self, seed: u64) -> Result<Option<Prey>, Problem> {
        let mut run = Run::new(self, seed, self.commands(seed))?;
        loop {
            if let Some(end) = run.slice() {
                return Ok(end);
            }
        }
    }

    /// The same failure with as few commands as one by one can be left out: what is left breaks the
    /// same promise, and without any one of them it holds. The mistake that is switched on stays.
    ///
    /// # Errors
    /// The scene contradicts itself.
    pub fn shrink(&self, prey: Prey) -> Result<Prey, Problem> {
        let mut shrinking = Shrinking::new(self, prey);
        while !shrinking.slice(self)? {}
        Ok(shrinking.best)
    }
}

/// One seed being played.
#[derive(Clone, Debug)]
struct Run {
    timeline: Timeline,
    commands: Vec<Acted>,
}

impl Run {
    fn new(hunt: &Hunt, seed: u64, commands: Vec<Acted>) -> Result<Self, Problem> {
        let mut timeline = Timeline::new(hunt.scene.clone(), seed)?;
        timeline.script(commands.clone());
        Ok(Self { timeline, commands })
    }

    /// Plays a slice. `None` while there is more to play; then what broke, or that nothing did.
    fn slice(&mut self) -> Option<Option<Prey>> {
        let done = self
            .timeline
            .run_until(Time::ZERO + Hunt::LENGTH, Hunt::SLICE);
        let moment = self.timeline.moment();
        let mut broken = moment.promises.broken().copied();
        if broken.is_none() && done {
            let mut promises = moment.promises.clone();
            promises.recheck(&moment.world);
            broken = promises.broken().copied();
        }
        let prey = broken.map(|breach| Prey {
            scene: self.timeline.scenario().name.clone(),
            seed: self.timeline.seed(),
            breach,
            commands: std::mem::take(&mut self.commands),
        });
        (done || prey.is_some()).then_some(prey)
    }
}

/// A failure on its way to as few commands as it takes.
#[derive(Clone, Debug)]
struct Shrinking {
    best: Prey,
    /// So many commands at the front stay.
    kept: usize,
    /// So many are left out at a time…
    size: usize,
    /// …from here on.
    from: usize,
    /// Whether any could be left out since the front.
    shrunk: bool,
    run: Option<Run>,
}

impl Shrinking {
    fn new(hunt: &Hunt, mut best: Prey) -> Self {
        // What came after it did not break it.
        let until = best.breach.stamp.at;
        best.commands.retain(|acted| acted.at_us <= until);
        let kept = usize::from(hunt.flaw.is_some());
        Self {
            kept,
            size: best.commands.len().saturating_sub(kept).max(1),
            from: kept,
            shrunk: false,
            run: None,
            best,
        }
    }

    /// Plays a slice; whether it is done.
    fn slice(&mut self, hunt: &Hunt) -> Result<bool, Problem> {
        if let Some(run) = &mut self.run {
            if let Some(end) = run.slice() {
                self.run = None;
                match end {
                    Some(prey) if prey.breach.promise == self.best.breach.promise => {
                        (self.best, self.shrunk) = (prey, true);
                    }
                    _ => self.from += self.size,
                }
            }
        } else if self.from < self.best.commands.len() {
            let mut fewer = self.best.commands.clone();
            fewer.drain(self.from..(self.from + self.size).min(fewer.len()));
            self.run = Some(Run::new(hunt, self.best.seed, fewer)?);
        } else if self.size > 1 || self.shrunk {
            self.size = self.size.div_ceil(2);
            (self.from, self.shrunk) = (self.kept, false);
        } else {
            return Ok(true);
        }
        Ok(false)
    }
}

/// A hunt that is played in slices, so that whoever plays it can do other things between them: seed
/// after seed, and what is found is shrunk.
#[derive(Clone, Debug)]
pub struct Search {
    hunt: Hunt,
    seeds: Range<u64>,
    /// How many were played to their end.
    tried: u64,
    at: Stage,
}

#[derive(Clone, Debug)]
enum Stage {
    Trying(Option<Box<Run>>),
    Shrinking(Box<Shrinking>),
    Found(Prey),
}

impl Search {
    /// A hunt through these seeds.
    #[must_use]
    pub fn new(hunt: Hunt, seeds: Range<u64>) -> Self {
        Self {
            hunt,
            seeds,
            tried: 0,
            at: Stage::Trying(None),
        }
    }

    /// What is hunted for, and where.
    #[must_use]
    pub fn hunt(&self) -> &Hunt {
        &self.hunt
    }

    /// The seeds to play.
    #[must_use]
    pub fn seeds(&self) -> Range<u64> {
        self.seeds.clone()
    }

    /// How many of them were played to their end, the one that broke a promise among them.
    #[must_use]
    pub fn tried(&self) -> u64 {
        self.tried
    }

    /// What broke, and whether its commands are as few as it takes.
    #[must_use]
    pub fn prey(&self) -> Option<(&Prey, bool)> {
        match &self.at {
            Stage::Trying(_) => None,
            Stage::Shrinking(shrinking) => Some((&shrinking.best, false)),
            Stage::Found(prey) => Some((prey, true)),
        }
    }

    /// Whether there is no more to play: it is found and shrunk, or no seed is left.
    #[must_use]
    pub fn done(&self) -> bool {
        match &self.at {
            Stage::Trying(_) => self.next().is_none(),
            Stage::Shrinking(_) => false,
            Stage::Found(_) => true,
        }
    }

    /// The seed at hand.
    fn next(&self) -> Option<u64> {
        let next = self.seeds.start.checked_add(self.tried)?;
        self.seeds.contains(&next).then_some(next)
    }

    /// Plays a slice: a thousand events at most, or the beginning of a run.
    ///
    /// # Errors
    /// The scene contradicts itself.
    pub fn slice(&mut self) -> Result<(), Problem> {
        match &mut self.at {
            Stage::Trying(None) => {
                if let Some(seed) = self.next() {
                    let run = Run::new(&self.hunt, seed, self.hunt.commands(seed))?;
                    self.at = Stage::Trying(Some(Box::new(run)));
                }
            }
            Stage::Trying(Some(run)) => {
                if let Some(end) = run.slice() {
                    self.tried += 1;
                    self.at = end.map_or(Stage::Trying(None), |prey| {
                        Stage::Shrinking(Box::new(Shrinking::new(&self.hunt, prey)))
                    });
                }
            }
            Stage::Shrinking(shrinking) => {
                if shrinking.slice(&self.hunt)? {
                    self.at = Stage::Found(shrinking.best.clone());
                }
            }
            Stage::Found(_) => {}
        }
        Ok(())
    }
}
