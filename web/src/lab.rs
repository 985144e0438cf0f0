//! What is played and where one is in it: the time line, the player, the person's answers.
//! No browser in here; the host gives it frames and a clock.

use crate::beside::{Beside, Compare};
use crate::player::Player;
use crate::ui::Page;
use millrace::link::{ENGINE, Link, OwnFile, hex};
use millrace::protocol::Service;
use millrace::scenario::{self, RecordedOrder, Scenario, Workload};
use millrace::sim::{Acted, Command, Timeline};
use millrace::time::{Span, Time};
use millrace::view::predict::Answers;
use std::sync::Arc;

/// The scenario shown when nothing else is asked for.
pub const FIRST: &str = "orders";
/// The seed of the pictures in the documentation.
pub const FIRST_SEED: u64 = 41;

/// Orders a second that keep more than a thousand records on their way: a test counts them.
const CROWD: f64 = 300.0;

/// A run with its player.
pub struct Lab {
    timeline: Timeline,
    /// The run beside it, always where it is.
    beside: Option<Box<Beside>>,
    player: Player,
    /// Where the person wants to be, while the simulation is on its way there.
    seeking: Option<Time>,
    /// A link on its way to its instant.
    opening: Option<Box<Link>>,
    /// The chosen option of each question.
    answers: Answers,
    /// The person's own orders, if they are what is played.
    file: Option<OwnFile>,
    /// What the page should say about all this, newest last.
    notices: Vec<String>,
    /// How far the person wants the time line to reach at least.
    reach: Time,
    /// Raised whenever the moment shown may have changed.
    changed: bool,
}

/// Where a link begins that needs the person's own file first.
pub enum Start {
    /// It plays.
    Ready(Box<Lab>),
    /// It plays once this file is loaded.
    NeedsFile(Box<Lab>, OwnFile),
}

impl Lab {
    /// A run of the scenario named `name`, or of `page`'s first one with a notice that there is none.
    pub fn named(name: &str, page: Page, seed: u64) -> Self {
        if let Some(found) = scenario::by_name(name) {
            return Self::of(found, seed);
        }
        let mut lab = Self::first_of(page, seed);
        let instead = &lab.timeline.scenario().name;
        lab.notices.push(format!(
            "There is no scenario “{name}” here. This is “{instead}”."
        ));
        lab
    }

    /// A run of a page's first scene.
    pub fn first_of(page: Page, seed: u64) -> Self {
        match page.scenes().into_iter().next() {
            Some(first) => Self::of(first, seed),
            None => Self::named(FIRST, Page::Orders, seed),
        }
    }

    /// A run of `scenario`. One that cannot start is replaced by the first, with its reason.
    pub fn of(scenario: Scenario, seed: u64) -> Self {
        let (timeline, notices) = match Timeline::new(scenario, seed) {
            Ok(timeline) => (timeline, Vec::new()),
            Err(why) => {
                let first = scenario::by_name(FIRST).expect("the first scenario is there");
                let timeline = Timeline::new(first, seed).expect("the first scenario starts");
                (timeline, vec![why.to_string()])
            }
        };
        Self {
            timeline,
            beside: None,
            player: Player::default(),
            seeking: None,
            opening: None,
            answers: Answers::new(),
            file: None,
            notices,
            reach: Time::ZERO,
            changed: true,
        }
    }

    /// The state of a link. The way to its instant is simulated frame by frame: see [`Lab::frame`].
    pub fn opened(link: Link) -> Start {
        let name = if link.scenario.is_empty() {
            FIRST
        } else {
            &link.scenario
        };
        let page = Page::by_name(&link.page).unwrap_or_default();
        let mut lab = Self::named(name, page, link.seed);
        lab.recall(&link);
        let needs = link.file.clone();
        match needs {
            Some(file) => {
                lab.notices.push(format!(
                    "This link replays the orders of “{}”, which stays on its maker’s computer. \
                     Load that file to see it; until then these are the scenario’s own customers.",
                    file.name
                ));
                Start::NeedsFile(Box::new(lab), file)
            }
            None => {
                lab.replay(link);
                Start::Ready(Box::new(lab))
            }
        }
    }

    /// Takes up what was answered in a link.
    fn recall(&mut self, link: &Link) {
        let answers = link.answers.iter();
        self.answers.clear();
        self.answers
            .extend(answers.map(|(question, option)| (question.clone(), *option as usize)));
    }

    /// Begins to replay a link's commands on this (fresh) run.
    pub fn replay(&mut self, link: Link) {
        self.recall(&link);
        self.timeline.script(link.commands.clone());
        let page = Page::by_name(&link.page);
        let page = page.unwrap_or(Page::home(self.timeline.scenario()));
        let beside = link.beside.as_ref().filter(|_| page != Page::Orders);
        self.beside = beside.map(|beside| {
            let commands = beside.commands.clone();
            Box::new(Beside::afresh(&self.timeline, commands, beside.first))
        });
        self.opening = Some(Box::new(link));
    }

    /// The scenario `name` with the orders of a file in place of its own customers.
    pub fn with_orders(
        name: &str,
        seed: u64,
        file: OwnFile,
        orders: Arc<[RecordedOrder]>,
    ) -> Result<Self, String> {
        let mut scenario = scenario::by_name(name)
            .filter(|scene| scene.feed.is_none())
            .or_else(|| scenario::by_name(FIRST))
            .ok_or("the first scenario is missing")?;
        scenario.workload = Workload::Recorded {
            name: file.name.clone(),
            hash: file.hash.clone(),
            speed: file.speed,
            orders,
        };
        let timeline = Timeline::new(scenario, seed).map_err(|why| why.to_string())?;
        let mut lab = Self {
            timeline,
            ..Self::named(name, Page::Orders, seed)
        };
        lab.file = Some(file);
        Ok(lab)
    }

    /// One animation frame. `clock` gives the wall time in milliseconds. Returns whether what is
    /// shown changed.
    pub fn frame(&mut self, wall_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let mut changed = std::mem::take(&mut self.changed);
        if self.opening.is_some() {
            return self.open_on(clock) || changed;
        }
        if let Some(to) = self.seeking {
            changed = true;
            if self.slices(to, 12.0, clock) {
                self.timeline.seek(to, u64::MAX);
                self.keep_up();
                self.seeking = None;
            }
            return changed;
        }
        let (shown, pace) = (self.timeline.now(), self.timeline.scenario().pace());
        if let Some(plan) = self.player.frame(wall_ms, shown, pace) {
            if shown >= self.timeline.scenario().latest() {
                self.player.play(false);
                return changed;
            }
            let reached = self.run(plan.target, plan.slice_events, plan.budget_ms, clock);
            self.player.ran(reached);
            changed |= plan.target > shown;
        }
        changed
    }

    /// Runs towards `target`; whether it got there within the budget.
    fn run(&mut self, target: Time, slice: u64, budget_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let until = clock() + budget_ms;
        loop {
            let there = self.timeline.run_until(target, slice);
            self.keep_up();
            if there {
                return true;
            }
            if clock() >= until {
                return false;
            }
        }
    }

    /// On the way to `to`: back at once, forward through what has not been played yet in slices.
    fn slices(&mut self, to: Time, budget_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let played = self.timeline.played();
        let both = self.beside.as_ref().map(|beside| beside.run().played());
        let played = both.map_or(played, |both| both.min(played));
        to <= played || {
            if self.timeline.now() < played {
                self.timeline.seek(played, u64::MAX);
                self.keep_up();
            }
            self.run(to, 4_000, budget_ms, clock)
        }
    }

    /// One frame's worth of replaying a link. Returns whether what is shown changed.
    fn open_on(&mut self, clock: &dyn Fn() -> f64) -> bool {
        let Some(link) = self.opening.clone() else {
            return false;
        };
        if !self.run(link.at_us, 4_000, 12.0, clock) {
            return false;
        }
        // One microsecond can hold many events: those after the very one are taken back.
        if let Some(instant) = link.instant
            && instant < self.timeline.instant()
        {
            self.timeline.seek_instant(instant);
            self.keep_up();
        }
        self.opening = None;
        self.notices
            .extend(link.differs(self.timeline.trace_hash()));
        self.changed = false;
        true
    }

    /// Makes a crowd for the bench: a thousand records and more on their way at once.
    pub fn crowd(&mut self) {
        let service = |service| {
            [
                Command::SetWorkers {
                    service,
                    workers: 64,
                },
                Command::SetWork {
                    service,
                    mean_us: 20_000,
                },
            ]
        };
        let mut commands: Vec<Command> = Service::ALL.into_iter().flat_map(service).collect();
        commands.push(Command::SetShopWorkers { workers: 200 });
        commands.push(Command::SetRate { per_s: CROWD });
        for command in commands {
            if let Err(why) = self.act(command) {
                self.notices.push(why);
            }
        }
    }

    /// Whether it is where the person wants to be.
    #[cfg(test)]
    pub fn settled(&self) -> bool {
        self.opening.is_none() && self.seeking.is_none()
    }

    /// How far a link being opened has come, 0 to 1.
    pub fn opening(&self) -> Option<f64> {
        let link = self.opening.as_ref()?;
        let end = link.at_us.0.max(1) as f64;
        Some((self.timeline.now().0 as f64 / end).min(1.0))
    }

    /// The run.
    pub fn timeline(&self) -> &Timeline {
        &self.timeline
    }

    /// The player.
    pub fn player(&self) -> &Player {
        &self.player
    }

    /// The player, to turn its knobs.
    pub fn player_mut(&mut self) -> &mut Player {
        self.changed = true;
        &mut self.player
    }

    /// The chosen options.
    pub fn answers(&self) -> &Answers {
        &self.answers
    }

    /// Chooses an option; the first choice stands.
    pub fn answer(&mut self, question: &str, option: usize) {
        self.answers.or_insert_with(question.to_owned(), || option);
        self.changed = true;
    }

    /// The person's own file, if its orders are played.
    pub fn file(&self) -> Option<&OwnFile> {
        self.file.as_ref()
    }

    /// Does something to the world, now.
    pub fn act(&mut self, command: Command) -> Result<(), String> {
        self.changed = true;
        if command == (Command::HoldMessages { hold: true }) {
            // Who chooses needs time to stand still.
            self.player.play(false);
        }
        let what = self.timeline.act(command).map_err(|why| why.to_string());
        if what.is_ok() {
            self.acted(self.timeline.now());
        }
        what
    }

    /// The run was changed from this time on.
    fn acted(&mut self, at: Time) {
        self.changed = true;
        if let Some(beside) = &mut self.beside {
            beside.acted(at);
        }
        self.keep_up();
    }

    /// Brings the run beside to where this one is.
    fn keep_up(&mut self) {
        if let Some(beside) = &mut self.beside {
            beside.keep_up(&self.timeline);
        }
    }

    /// The run beside this one, if two are compared.
    pub fn beside(&self) -> Option<&Beside> {
        self.beside.as_deref()
    }

    /// Two runs side by side.
    pub fn compare(&mut self, what: Compare) {
        self.changed = true;
        match what {
            Compare::Choose(first) => {
                if let Some(beside) = &mut self.beside {
                    beside.choose(first, &mut self.timeline);
                }
            }
            Compare::Keep(first) => {
                self.compare(Compare::Choose(first));
                self.beside = None;
            }
            begins => {
                let now = self.seeking.unwrap_or(self.timeline.now());
                self.beside = Beside::begin(begins, &self.timeline).map(Box::new);
                let behind = |beside: &Beside| beside.run().now() < self.timeline.now();
                if self.beside().is_some_and(behind) {
                    // Both go there together from the beginning.
                    self.timeline.seek(Time::ZERO, u64::MAX);
                    self.keep_up();
                    self.seek(now);
                }
            }
        }
    }

    /// Plays these commands in place of those known, from a time on; what they leave is kept as a fork.
    pub fn go_otherwise(&mut self, commands: Vec<Acted>, from: Time) {
        self.timeline.go_otherwise(commands);
        self.acted(self.timeline.now());
        self.seek(from);
    }

    /// Goes to a time; at once if it has been played, otherwise as fast as it goes.
    pub fn seek(&mut self, to: Time) {
        self.seeking = Some(to.min(self.timeline.scenario().latest()));
    }

    /// The end of the time line: the scenario's own length, and beyond it in steps, so that the
    /// scale stands still for a while.
    pub fn end(&self) -> Time {
        let far = self.timeline.played().max(self.reach);
        let scenario = self.timeline.scenario();
        end_of(scenario.length, far).min(scenario.latest())
    }

    /// Makes the time line a step longer.
    pub fn lengthen(&mut self) {
        self.reach = self.end() + Span::micros(1);
        self.changed = true;
    }

    /// One event forward.
    pub fn step_forward(&mut self) {
        self.player.play(false);
        self.timeline.step_forward();
        self.keep_up();
        self.changed = true;
    }

    /// One event back.
    pub fn step_back(&mut self) {
        self.player.play(false);
        self.timeline.step_back();
        self.keep_up();
        self.changed = true;
    }

    /// Takes up the future that acting in the past left; the present one is left in its stead.
    pub fn return_to(&mut self, fork: usize) {
        let at = self.timeline.forks().get(fork).map(|fork| fork.at);
        self.timeline.take_up(fork, u64::MAX);
        self.acted(at.unwrap_or(Time::ZERO));
    }

    /// What there is to say, and from now on said.
    pub fn take_notices(&mut self) -> Vec<String> {
        std::mem::take(&mut self.notices)
    }

    /// This very instant as a link; page and selection are the caller's to fill in.
    pub fn link(&self) -> Link {
        let timeline = &self.timeline;
        let commands: Vec<Acted> = timeline.commands().to_vec();
        let mut answers = millrace::map::Map::new();
        answers.extend(self.answers.iter().map(|(q, n)| (q.clone(), *n as u32)));
        Link {
            engine: ENGINE.to_owned(),
            scenario: timeline.scenario().name.clone(),
            seed: timeline.seed(),
            commands,
            instant: Some(timeline.instant()),
            at_us: timeline.now(),
            hash: Some(hex(timeline.trace_hash())),
            file: self.file.clone(),
            answers,
            beside: self.beside().map(Beside::link),
            ..Link::default()
        }
    }
}

fn end_of(length: Span, far: Time) -> Time {
    let step = length.0.max(10_000_000);
    let steps = far.0.div_ceil(step).max(1);
    Time(step.saturating_mul(steps))
}

#[cfg(test)]
mod tests {
    use super::*;
    use millrace::protocol::Stop;
    use millrace::view::scene;

    /// A wall clock that goes on by a little whenever it is looked at.
    fn clock() -> impl Fn() -> f64 {
        let now = std::cell::Cell::new(0.0);
        move || {
            now.set(now.get() + 0.5);
            now.get()
        }
    }

    fn settle(lab: &mut Lab) {
        let clock = clock();
        for frame in 0..10_000 {
            lab.frame(f64::from(frame) * 16.0, &clock);
            if lab.settled() {
                return;
            }
        }
        panic!("still on its way");
    }

    #[test]
    fn the_scrubber_grows_in_steps() {
        let minute = Span::secs(60);
        assert_eq!(end_of(minute, Time::ZERO), Time(60_000_000));
        assert_eq!(end_of(minute, Time(60_000_000)), Time(60_000_000));
        assert_eq!(end_of(minute, Time(60_000_001)), Time(120_000_000));
        assert_eq!(end_of(Span::ZERO, Time::ZERO), Time(10_000_000));
        let mut lab = Lab::named(FIRST, Page::Orders, 7);
        let end = lab.end();
        lab.lengthen();
        assert_eq!(lab.end(), Time(2 * end.0));
        (0..10_000).for_each(|_| lab.lengthen());
        assert_eq!(lab.end(), millrace::sim::LATEST);
    }

    #[test]
    fn the_bench_sees_a_crowd() {
        let mut lab = Lab::named(FIRST, Page::Orders, FIRST_SEED);
        lab.crowd();
        assert_eq!(lab.take_notices(), Vec::<String>::new());
        for at in [5, 10, 13] {
            lab.timeline.run_until(Time(at * 1_000_000), u64::MAX);
            let (mut picture, timeline) = (Default::default(), lab.timeline());
            let usual = &timeline.scenario().settings;
            scene::scene(timeline.moment(), usual, timeline.now(), &mut picture);
            assert!(picture.flights.len() > 1_000, "{}", picture.flights.len());
        }
    }

    #[test]
    fn a_link_leads_back_to_the_very_instant() {
        let mut lab = Lab::named(FIRST, Page::Orders, 7);
        lab.seek(Time(4_000_000));
        settle(&mut lab);
        let node = "payment-1".to_owned();
        lab.act(Command::Stop {
            node,
            how: Stop::Killed,
        })
        .unwrap();
        lab.seek(Time(9_000_000));
        settle(&mut lab);
        lab.step_back();
        lab.step_back();
        lab.answer("where-lost", 2);
        let link = lab.link();
        let Start::Ready(mut again) = Lab::opened(link.clone()) else {
            panic!("it needs no file");
        };
        settle(&mut again);
        assert_eq!(again.take_notices(), Vec::<String>::new());
        assert_eq!(again.link(), link);
    }

    #[test]
    fn a_link_that_plays_differently_says_so() {
        let mut lab = Lab::named(FIRST, Page::Orders, 7);
        lab.seek(Time(2_000_000));
        settle(&mut lab);
        let link = Link {
            engine: "0.0.9".into(),
            hash: Some(hex(1)),
            ..lab.link()
        };
        let Start::Ready(mut again) = Lab::opened(link) else {
            panic!("it needs no file");
        };
        settle(&mut again);
        assert!(again.take_notices()[0].contains("0.0.9"));
    }

    #[test]
    fn what_is_not_there_is_replaced_and_told() {
        for page in Page::ALL {
            let mut lab = Lab::named("nowhere", page, 1);
            let first = page.scenes().into_iter().next();
            let first = first.map_or(FIRST.to_owned(), |scene| scene.name);
            assert_eq!(lab.timeline().scenario().name, first);
            let notice = &lab.take_notices()[0];
            assert!(
                notice.contains("nowhere") && notice.contains(&first),
                "{notice}"
            );
        }
    }

    #[test]
    fn acting_in_the_past_keeps_the_old_future() {
        let mut lab = Lab::named(FIRST, Page::Orders, 7);
        lab.act(Command::SetRate { per_s: 20.0 }).unwrap();
        lab.seek(Time(3_000_000));
        settle(&mut lab);
        lab.act(Command::SetRate { per_s: 30.0 }).unwrap();
        lab.seek(Time(1_000_000));
        settle(&mut lab);
        lab.act(Command::SetRate { per_s: 10.0 }).unwrap();
        assert_eq!(lab.timeline().forks().len(), 1);
        lab.return_to(0);
        let rates: Vec<_> = lab
            .timeline()
            .commands()
            .iter()
            .map(|a| a.command.clone())
            .collect();
        assert_eq!(rates[1], Command::SetRate { per_s: 30.0 });
    }
}
