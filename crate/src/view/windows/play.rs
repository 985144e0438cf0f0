//! A setup that is played: its events, and what the engine makes of them.

use super::run::{self, Run};
use super::scenes::{Event, NOON, Own, Scene};
use super::{Change, Setup};
use crate::stream::{Engine, Windows};
use std::cell::OnceCell;
use std::sync::Arc;

/// The times that are shown: event time across, arrival down.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Range {
    /// The earliest of both.
    pub from: i64,
    /// The latest event time.
    pub ts_to: i64,
    /// The latest arrival.
    pub to: i64,
}

impl Range {
    fn of(events: impl Iterator<Item = Event> + Clone) -> Self {
        let least = events.clone().map(|e| e.ts.min(e.arrival)).min();
        let (newest, last) = (
            events.clone().map(|e| e.ts).max(),
            events.map(|e| e.arrival).max(),
        );
        // Nothing yet: room for what is added.
        let Some(from) = least else {
            return Self {
                from: NOON,
                ts_to: NOON + 80_000,
                to: NOON + 90_000,
            };
        };
        let (newest, last) = (newest.unwrap_or(from), last.unwrap_or(from));
        let step = nice((newest.max(last) - from) / 10);
        let up = |ms: i64| (ms.div_euclid(step) + 1) * step;
        Self {
            from: from.div_euclid(step) * step,
            ts_to: up(newest),
            to: up(last + step / 2),
        }
    }

    /// What a drag moves by, in ms: small, and round.
    #[must_use]
    pub fn step(&self) -> i64 {
        nice((self.to - self.from) / 200)
    }
}

/// Round lengths of time, in ms.
const NICE: [i64; 27] = [
    1,
    2,
    5,
    10,
    20,
    50,
    100,
    200,
    500,
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    30_000,
    60_000,
    120_000,
    300_000,
    600_000,
    1_200_000,
    3_600_000,
    7_200_000,
    21_600_000,
    43_200_000,
    86_400_000,
    604_800_000,
    2_592_000_000,
];

/// The least round length that is not shorter.
#[must_use]
pub fn nice(ms: i64) -> i64 {
    let found = NICE.into_iter().find(|&step| step >= ms);
    found.unwrap_or_else(|| (ms / 2_592_000_000 + 1) * 2_592_000_000)
}

/// A setup that is played.
#[derive(Clone, Debug)]
pub struct Play {
    setup: Setup,
    own: Option<Arc<Own>>,
    /// The scene's events and those that were added, by their numbers.
    events: Vec<Event>,
    /// The numbers of those that are there, as they arrive.
    order: Vec<u32>,
    /// The scene's alone, as they were.
    given: Vec<Event>,
    names: Vec<String>,
    range: Range,
    run: Result<Run, String>,
    /// The same in every engine, once somebody asks.
    others: OnceCell<Vec<Result<Run, String>>>,
}

impl Play {
    /// Plays a setup, with a person's own events if that is its scene.
    #[must_use]
    pub fn new(mut setup: Setup, own: Option<Arc<Own>>) -> Self {
        setup.hold();
        let mut play = Self {
            setup,
            own,
            events: Vec::new(),
            order: Vec::new(),
            given: Vec::new(),
            names: Vec::new(),
            range: Range {
                from: 0,
                ts_to: 1,
                to: 1,
            },
            run: Err(String::new()),
            others: OnceCell::new(),
        };
        play.restart();
        play
    }

    /// Takes the scene's events anew.
    fn restart(&mut self) {
        let own = self
            .own
            .as_deref()
            .filter(|_| self.setup.scene == Scene::Own);
        (self.given, self.names) = match own {
            Some(own) => (own.events.clone(), own.keys.clone()),
            None => (
                self.setup.scene.events(self.setup.seed),
                self.setup.scene.keys(),
            ),
        };
        self.edit();
        self.fit();
        self.setup.at = self.setup.at.clamp(self.range.from, self.range.to);
        self.rerun();
    }

    /// Puts the edits on top of what is given.
    fn edit(&mut self) {
        // Added events are numbered on from the scene's; a gap would be of nobody.
        let mut next = self.given.len() as u32;
        self.setup.edits.retain(|edit| {
            let fits = edit.n <= next;
            next += u32::from(edit.n == next);
            fits
        });
        self.events.clone_from(&self.given);
        let mut gone = Vec::new();
        for edit in &self.setup.edits {
            match (edit.event, self.events.get_mut(edit.n as usize)) {
                (Some(event), Some(old)) => *old = event,
                (Some(event), None) => self.events.push(event),
                (None, Some(_)) => gone.push(edit.n),
                (None, None) => {
                    self.events.push(Event::default());
                    gone.push(edit.n);
                }
            }
        }
        let keys = self.names.len() as u32;
        for event in &mut self.events {
            event.key = event.key.min(keys.saturating_sub(1));
        }
        self.order.clear();
        self.order.extend(0..self.events.len() as u32);
        self.order.retain(|n| !gone.contains(n));
        let events = &self.events;
        self.order
            .sort_by_cached_key(|&n| events[n as usize].arrival as u64 ^ 1 << 63);
        self.setup.picked = self.setup.picked.filter(|n| self.order.contains(n));
    }

    /// Makes the picture large enough for all events; while one is dragged it stays as it is.
    pub fn fit_again(&mut self) {
        self.fit();
        self.setup.at = self.setup.at.clamp(self.range.from, self.range.to);
        self.rerun();
    }

    fn fit(&mut self) {
        let order = self.order.iter();
        self.range = Range::of(order.map(|&n| self.events[n as usize]));
    }

    fn rerun(&mut self) {
        let engine = self.setup.engine;
        self.run = run::run(
            &self.setup,
            engine,
            &self.events,
            &self.order,
            self.range.to,
        );
        self.others = OnceCell::new();
    }

    /// Does something, and everything recomputes.
    ///
    /// # Errors
    /// In words; nothing changed then.
    pub fn change(&mut self, change: Change) -> Result<(), String> {
        let reruns = change.reruns();
        let scene = matches!(change, Change::Scene(_));
        let seed = matches!(change, Change::Seed(_));
        let events = matches!(change, Change::Event(..) | Change::Restore);
        change.apply(&mut self.setup)?;
        if scene {
            self.setup.at = i64::MIN;
        }
        if scene || seed {
            self.restart();
            return Ok(());
        }
        if events {
            self.edit();
        }
        if reruns {
            self.rerun();
        }
        self.setup.at = self.setup.at.clamp(self.range.from, self.range.to);
        self.setup.picked = self.setup.picked.filter(|n| self.order.contains(n));
        Ok(())
    }

    /// Another file of a person's own; what was done to the events stays only if `keep`.
    pub fn load(&mut self, own: Arc<Own>, keep: bool) {
        let scaled = keep || self.setup.scene == Scene::Own;
        self.own = Some(own);
        if !keep {
            self.setup.edits.clear();
            self.setup.picked = None;
            self.setup.at = i64::MAX;
        }
        self.setup.scene = Scene::Own;
        self.restart();
        if !scaled {
            self.scale();
        }
    }

    /// Takes windows and a delay of a length that can be seen in these events, if those that are set
    /// cannot.
    fn scale(&mut self) {
        let span = self.range.ts_to - self.range.from;
        let (size, delay) = (nice(span / 8), nice(span / 40));
        let seen = |ms: i64| (1..=60).contains(&(span / ms.max(1)));
        match &mut self.setup.windows {
            Windows::Tumbling {
                size: length,
                offset,
            } if !seen(*length) => {
                (*length, *offset) = (size, 0);
            }
            Windows::Session { gap: length } | Windows::Aligned { difference: length }
                if !seen(*length) =>
            {
                *length = size;
            }
            _ => return,
        }
        self.setup.delay = delay;
        self.setup.hold();
        self.rerun();
    }

    /// What is played.
    #[must_use]
    pub const fn setup(&self) -> &Setup {
        &self.setup
    }

    /// The person's own file, if there is one.
    #[must_use]
    pub fn own(&self) -> Option<&Own> {
        self.own.as_deref()
    }

    /// The event of this number.
    #[must_use]
    pub fn event(&self, n: u32) -> &Event {
        &self.events[n as usize]
    }

    /// The numbers of the events, in the order in which they arrive.
    #[must_use]
    pub fn order(&self) -> &[u32] {
        &self.order
    }

    /// The number that an event would get that is added now.
    #[must_use]
    pub const fn next(&self) -> u32 {
        self.events.len() as u32
    }

    /// The keys' names.
    #[must_use]
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Whose this result is; nobody's, where windows are of all keys.
    #[must_use]
    pub fn whose(&self, key: u32) -> Option<&str> {
        let name = self.names.get(key as usize).map(String::as_str);
        name.filter(|_| self.setup.keyed)
    }

    /// Values are multiples of 10 to the minus so much.
    #[must_use]
    pub fn decimals(&self) -> u32 {
        let own = self.own.as_ref().filter(|_| self.setup.scene == Scene::Own);
        own.map_or(0, |own| own.decimals)
    }

    /// The times that are shown.
    #[must_use]
    pub const fn range(&self) -> Range {
        self.range
    }

    /// What came of it, or why the engine has nothing of the kind.
    ///
    /// # Errors
    /// The reason, in words.
    pub const fn run(&self) -> Result<&Run, &String> {
        self.run.as_ref()
    }

    /// What comes of another setup of the same events.
    ///
    /// # Errors
    /// In words, where the engine has nothing of the kind.
    pub fn what_if(&self, setup: &Setup) -> Result<Run, String> {
        run::run(
            setup,
            setup.engine,
            &self.events,
            &self.order,
            self.range.to,
        )
    }

    /// The same in every engine, in the order of [`Engine::ALL`].
    pub fn others(&self) -> &[Result<Run, String>] {
        self.others.get_or_init(|| {
            let run = |engine| {
                if engine == self.setup.engine {
                    self.run.clone()
                } else {
                    run::run(
                        &self.setup,
                        engine,
                        &self.events,
                        &self.order,
                        self.range.to,
                    )
                }
            };
            Engine::ALL.into_iter().map(run).collect()
        })
    }

    /// The moment of the next arrival or result after the one shown, or of the last before it.
    #[must_use]
    pub fn neighbour(&self, forward: bool) -> i64 {
        let at = self.setup.at;
        let arrivals = self.order.iter().map(|&n| self.events[n as usize].arrival);
        let results = self
            .run
            .iter()
            .flat_map(|run| run.emitted.iter().map(|result| result.at));
        let moments = arrivals.chain(results);
        if forward {
            moments.filter(|&t| t > at).min().unwrap_or(self.range.to)
        } else {
            moments.filter(|&t| t < at).max().unwrap_or(self.range.from)
        }
    }
}
