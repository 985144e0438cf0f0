//! Two runs of one scene and seed beside each other: how one is made from the other, and how it keeps
//! up with it.

use super::{Acted, Timeline};
use crate::time::Time;
use std::sync::Arc;

impl Timeline {
    /// The same run once more, to go on otherwise. Its past and future are those of this one until
    /// somebody acts in either; moments kept to go back to are shared, not copied. Futures that this
    /// one left are not the other's.
    #[must_use]
    pub fn fork(&self) -> Self {
        Self {
            forks: Vec::new(),
            ..self.clone()
        }
    }

    /// Another run of the same scene and seed, at its beginning, in which these are the person's
    /// commands.
    #[must_use]
    pub fn afresh(&self, commands: Vec<Acted>) -> Self {
        let first = Arc::clone(&self.checkpoints[0]);
        let mut other = Self {
            scenario: Arc::clone(&self.scenario),
            seed: self.seed,
            commands: Vec::new(),
            refused: self.refused.clone(),
            present: (*first).clone(),
            checkpoints: vec![first],
            shown: Time::ZERO,
            played: Time::ZERO,
            played_instant: 0,
            forks: Vec::new(),
        };
        other.script(commands);
        other
    }

    /// The first commands in which this run and another of the same scene and seed differ: this
    /// one's, the other's. Up to the earlier of them both are one run.
    #[must_use]
    pub fn parts_from<'a>(&'a self, other: &'a Self) -> [Option<&'a Acted>; 2] {
        let alike = |(a, b): &(&Acted, &Acted)| {
            let apart = a.instant.zip(b.instant).is_some_and(|(a, b)| a != b);
            a.at_us == b.at_us && a.command == b.command && !apart
        };
        let both = self.commands.iter().zip(&other.commands);
        let alike = both.take_while(alike).count();
        [self, other].map(|run| run.commands.get(alike))
    }

    /// Whether everything before the moment shown is also the other's past.
    #[must_use]
    pub fn is_one_with(&self, other: &Self) -> bool {
        let instant = self.instant();
        let ahead = |acted: &Acted| match acted.instant {
            Some(at) => instant <= at,
            None => self.shown < acted.at_us,
        };
        self.parts_from(other).into_iter().flatten().all(ahead)
    }

    /// Goes to where the other run is: to the very instant while both are one, then to its time.
    /// Takes as long as it takes; the other should not be far.
    pub fn keep_up_with(&mut self, other: &Self) {
        if !other.is_one_with(self) {
            self.seek(other.shown, u64::MAX);
            return;
        }
        let instant = other.instant();
        if instant < self.instant() || instant <= self.played_instant {
            self.seek_instant(instant);
        }
        while self.instant() < instant && self.advance(other.shown) {}
        self.show(other.shown);
    }
}
