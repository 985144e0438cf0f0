//! A second run beside the one that is acted on: the other side of a fork. No browser in here.

use millrace::link;
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::Time;
use millrace::view::cluster::compare::{self, Comparison, Parting};

/// What a person does with two runs side by side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Compare {
    /// The run parts here: A stays as it is, B gets what is done next.
    Fork,
    /// This run, and the same without the mistake that is switched on.
    WithoutMistake,
    /// This run, and a future that acting in the past set aside: its place among them.
    WithFork(usize),
    /// What is done next is done to A (`true`) or B.
    Choose(bool),
    /// Only A (`true`) or B goes on.
    Keep(bool),
}

/// What the page shows of two runs.
#[derive(Clone, PartialEq, Debug)]
pub struct Compared {
    /// Whether A is the one that is acted on.
    pub first: bool,
    /// What differs.
    pub comparison: Comparison,
    /// The picture of the one that is not acted on, in a sentence.
    pub summary: String,
}

/// The run that is not acted on.
pub struct Beside {
    run: Timeline,
    /// Whether it is A.
    first: bool,
    parting: Option<Parting>,
    /// Nothing that happened before differs.
    same_until: Time,
}

impl Beside {
    /// The other side of `run`. Where it is not a copy, it is at its beginning.
    pub fn begin(what: Compare, run: &Timeline) -> Option<Self> {
        match what {
            Compare::Fork => Some(Self {
                run: run.fork(),
                first: true,
                parting: None,
                same_until: run.now(),
            }),
            Compare::WithoutMistake => Some(Self::without_mistake(run)),
            Compare::WithFork(n) => {
                let fork = run.forks().get(n)?;
                Some(Self::afresh(run, fork.commands.clone(), true))
            }
            Compare::Choose(_) | Compare::Keep(_) => None,
        }
    }

    /// A run of the same scene and seed with other commands, at its beginning.
    pub fn afresh(run: &Timeline, commands: Vec<Acted>, first: bool) -> Self {
        Self {
            run: run.afresh(commands),
            first,
            parting: None,
            same_until: Time::ZERO,
        }
    }

    /// `run` without the mistakes that its scene and its person switch on, at its beginning: B.
    fn without_mistake(run: &Timeline) -> Self {
        let mistaken = |acted: &&Acted| matches!(acted.command, Command::SetFlaw { .. });
        let script = run.scenario().script.iter().filter(mistaken);
        let right = script.map(|acted| Acted {
            command: Command::SetFlaw { flaw: None },
            ..acted.clone()
        });
        let own = run.commands().iter().filter(|acted| !mistaken(acted));
        // At which of its events a command acts is another in a run that goes otherwise.
        let own = own.map(|acted| Acted {
            instant: None,
            ..acted.clone()
        });
        Self::afresh(run, right.chain(own).collect(), false)
    }

    /// The run.
    pub fn run(&self) -> &Timeline {
        &self.run
    }

    /// Whether it is A.
    pub fn is_first(&self) -> bool {
        self.first
    }

    /// The first difference in what happened.
    pub fn parting(&self) -> Option<&Parting> {
        self.parting.as_ref()
    }

    /// Goes to where the other one is.
    pub fn keep_up(&mut self, with: &Timeline) {
        self.run.keep_up_with(with);
        let now = with.now();
        if self.parting.is_none() && self.same_until < now {
            let sides = self.sides(with).map(Timeline::moment);
            self.parting = compare::parting(sides, self.same_until, now);
            self.same_until = now;
        }
    }

    /// Both, A first.
    pub fn sides<'a>(&'a self, other: &'a Timeline) -> [&'a Timeline; 2] {
        if self.first {
            [&self.run, other]
        } else {
            [other, &self.run]
        }
    }

    /// Somebody acted on the other one at this time.
    pub fn acted(&mut self, at: Time) {
        self.parting.take_if(|parting| at <= parting.at);
        self.same_until = self.same_until.min(at);
    }

    /// Has A (`true`) or B acted on from now on: `other`, or this one in its place.
    pub fn choose(&mut self, first: bool, other: &mut Timeline) {
        if self.first == first {
            std::mem::swap(&mut self.run, other);
            self.first = !first;
        }
    }

    /// For a link.
    pub fn link(&self) -> link::Beside {
        link::Beside {
            commands: self.run.commands().to_vec(),
            first: self.first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lab::{Lab, Start};
    use crate::ui::Page;
    use millrace::protocol::Stop;

    fn settle(lab: &mut Lab) {
        let now = std::cell::Cell::new(0.0);
        let clock = || {
            now.set(now.get() + 0.5);
            now.get()
        };
        for frame in 0..10_000 {
            lab.frame(f64::from(frame) * 16.0, &clock);
            let there = lab
                .beside()
                .is_none_or(|b| b.run().now() == lab.timeline().now());
            assert!(there, "both are at one time after every frame");
            if lab.settled() {
                return;
            }
        }
        panic!("still on its way");
    }

    fn at(scene: &str, ms: u64) -> Lab {
        let mut lab = Lab::named(scene, Page::Cluster, 41);
        lab.seek(Time(ms * 1_000));
        settle(&mut lab);
        lab
    }

    fn kill(lab: &mut Lab) {
        let stop = Command::Stop {
            node: "leader of orders-0".into(),
            how: Stop::Killed,
        };
        lab.act(stop).expect("somebody leads");
    }

    fn hashes(lab: &Lab) -> [u64; 2] {
        let beside = lab.beside().expect("two are compared");
        beside.sides(lab.timeline()).map(Timeline::trace_hash)
    }

    #[test]
    fn what_is_done_is_done_to_the_side_that_is_chosen() {
        let mut lab = at("cluster", 4_000);
        lab.compare(Compare::Fork);
        assert_eq!(hashes(&lab)[0], hashes(&lab)[1]);
        kill(&mut lab);
        lab.compare(Compare::Choose(true));
        assert!(lab.timeline().commands().is_empty(), "A is as it was");
        lab.act(Command::Heal).expect("always");
        lab.seek(Time(8_000_000));
        settle(&mut lab);
        let beside = lab.beside().expect("two");
        let [a, b] = beside.sides(lab.timeline());
        assert_eq!((a.commands().len(), b.commands().len()), (1, 1));
        assert_ne!(a.commands(), b.commands());
        assert!(beside.parting().is_some_and(|p| p.at >= Time(4_000_000)));
        let kept = b.trace_hash();
        lab.compare(Compare::Keep(false));
        assert!(lab.beside().is_none());
        assert_eq!(lab.timeline().trace_hash(), kept);
    }

    #[test]
    fn both_go_back_and_forth_together_and_a_link_leads_back_to_both() {
        let mut lab = at("cluster", 4_000);
        lab.compare(Compare::Fork);
        kill(&mut lab);
        for ms in [16_000, 2_000, 9_000] {
            lab.seek(Time(ms * 1_000));
            settle(&mut lab);
            let [a, b] = hashes(&lab);
            assert_eq!(a == b, ms < 4_000, "at {ms} ms");
        }
        lab.step_back();
        lab.step_back();
        settle(&mut lab);
        for first in [true, false] {
            lab.compare(Compare::Choose(first));
            let link = lab.link();
            let Start::Ready(mut again) = Lab::opened(link.clone()) else {
                panic!("it needs no file");
            };
            settle(&mut again);
            assert_eq!(again.take_notices(), Vec::<String>::new());
            assert_eq!(hashes(&again), hashes(&lab));
            assert_eq!(again.link(), link);
        }
    }

    #[test]
    fn old_beside_new_is_the_same_run_without_its_mistake() {
        let mut lab = at("ack-before-replication", 6_000);
        lab.act(Command::Heal).expect("always");
        let old = lab.timeline().trace_hash();
        lab.compare(Compare::WithoutMistake);
        settle(&mut lab);
        assert_eq!(lab.timeline().now(), Time(6_000_000), "where it was");
        assert_eq!(hashes(&lab)[0], old);
        let beside = lab.beside().expect("two");
        let [a, b] = beside
            .sides(lab.timeline())
            .map(|run| run.moment().world.flaw());
        assert!(a.is_some() && b.is_none());
        assert_eq!(
            beside.run().carried_out().len(),
            lab.timeline().carried_out().len() + 1
        );
    }

    #[test]
    fn a_future_that_was_left_can_be_put_beside() {
        let mut lab = at("cluster", 6_000);
        kill(&mut lab);
        lab.seek(Time(8_000_000));
        settle(&mut lab);
        let left = lab.timeline().trace_hash();
        lab.seek(Time(5_000_000));
        settle(&mut lab);
        lab.act(Command::Heal).expect("always");
        lab.compare(Compare::WithFork(0));
        settle(&mut lab);
        lab.seek(Time(8_000_000));
        settle(&mut lab);
        assert_eq!(hashes(&lab)[0], left);
    }
}
