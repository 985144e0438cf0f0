//! What is played beside the run on the stage, in the time that frames leave: a hunt for failures, and
//! the same crash at many moments. No browser in here; the host gives it a clock.

use crate::lab::Lab;
use crate::models::{self, Look};
use crate::ui::{CrashWanted, CrashesData, HuntData, Hunting};
use millrace::link::Link;
use millrace::scenario;
use millrace::sim::{Acted, Crash, Crashes, Hunt, Moment, Search, Timeline};
use millrace::time::{Span, Time};
use millrace::view::cluster::{crashes, hunt};
use std::rc::Rc;

/// All that is.
#[derive(Default)]
pub struct Aside {
    /// A hunt.
    pub hunt: Option<Chase>,
    /// A strip of crashes.
    pub strip: Option<Strip>,
    /// What will come of a run if nobody does anything more.
    forecast: Option<Forecast>,
}

/// A run played ahead: it stays true until somebody acts, wherever in it one looks.
struct Forecast {
    run: Timeline,
    commands: Vec<Acted>,
    end: Time,
}

impl Forecast {
    fn is_of(&self, timeline: &Timeline) -> bool {
        self.run.seed() == timeline.seed()
            && self.run.scenario().name == timeline.scenario().name
            && self.commands == timeline.commands()
    }
}

impl Aside {
    /// One animation frame, of which it may take so much; whether anything came further. The strip
    /// goes before the hunt: it takes seconds, and somebody waits for it.
    pub fn frame(&mut self, budget_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let until = clock() + budget_ms;
        match (&mut self.strip, &mut self.hunt) {
            (Some(strip), _) if !strip.crashes.done() => strip.play(until, clock),
            (_, Some(chase)) if chase.on() => chase.play(until, clock),
            _ => return false,
        }
        true
    }
}

impl Aside {
    /// Plays ahead to where the time line ends, a slice at a time; whether it has just come there.
    pub fn foresee(&mut self, lab: &Lab, budget_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let (timeline, end) = (lab.timeline(), lab.end());
        // A link on its way gives its commands as it goes.
        if lab.opening().is_some() {
            return false;
        }
        let fits = |known: &&mut Forecast| known.is_of(timeline) && known.end == end;
        let known = match self.forecast.as_mut().filter(fits) {
            Some(known) => known,
            None => self.forecast.insert(Forecast {
                run: timeline.ahead(),
                commands: timeline.commands().to_vec(),
                end,
            }),
        };
        if known.run.now() >= end {
            return false;
        }
        let until = clock() + budget_ms;
        while !known.run.run_until(end, SLICE) {
            if clock() >= until {
                return false;
            }
        }
        true
    }

    /// The end of what will come of this run, once it is known.
    pub fn ahead_of(&self, timeline: &Timeline) -> Option<&Moment> {
        let known = self.forecast.as_ref()?;
        let whole = known.is_of(timeline) && known.run.now() >= known.end;
        whole.then(|| known.run.moment())
    }
}

/// Events between two looks at the clock.
const SLICE: u64 = 500;

/// The scene to hunt in.
const SCENE: &str = "hunt";

/// A hunt that goes on, or has ended.
pub struct Chase {
    search: Search,
    cancelled: bool,
}

impl Chase {
    /// Begins it.
    pub fn new(what: &Hunting) -> Self {
        let scene = scenario::by_name(SCENE).expect("the scene to hunt in is there");
        let hunt = Hunt::new(scene, what.faults, what.flaw);
        let seeds = what.from..what.from.saturating_add(what.seeds);
        Self {
            search: Search::new(hunt, seeds),
            cancelled: false,
        }
    }

    /// Ends it. What it found by then stays.
    pub fn cancel(&mut self) {
        self.cancelled = true;
    }

    fn on(&self) -> bool {
        !self.cancelled && !self.search.done()
    }

    fn play(&mut self, until: f64, clock: &dyn Fn() -> f64) {
        while self.on() && clock() < until {
            let what = self.search.slice();
            what.expect("the scene to hunt in holds together");
        }
    }

    /// What the panel shows of it.
    pub fn data(&self) -> HuntData {
        let search = &self.search;
        let seeds = search.seeds();
        HuntData {
            on: self.on(),
            played: (search.tried(), seeds.end - seeds.start),
            progress: hunt::progress(search),
            verdict: hunt::verdict(search),
            steps: hunt::steps(search),
            link: search
                .prey()
                .and_then(|(prey, _)| Link::from(prey).encode().ok()),
        }
    }
}

/// A crash tried at many moments of a run.
pub struct Strip {
    crashes: Crashes,
    /// The partition's name.
    place: String,
    /// What the panel shows of it, as far as it had come then.
    shown: Rc<CrashesData>,
}

impl Strip {
    /// How many moments it has.
    const MOMENTS: usize = 80;

    /// Begins one at the moment shown.
    pub fn new(run: &Timeline, look: &Look, wanted: &CrashWanted) -> Self {
        let world = &run.moment().world;
        let at = models::partition(world, look);
        let place = format!("{}-{}", world.topic_name(at.topic), at.partition);
        let node = match wanted.broker {
            Some(number) => format!("broker-{number}"),
            None => format!("leader of {place}"),
        };
        let crash = Crash {
            node,
            how: wanted.how,
            at,
            step: Span(wanted.span.0 / Self::MOMENTS as u64),
            count: Self::MOMENTS,
        };
        let mut strip = Self {
            crashes: Crashes::new(run, crash),
            place,
            shown: Rc::default(),
        };
        strip.look();
        strip
    }

    fn play(&mut self, until: f64, clock: &dyn Fn() -> f64) {
        let tried = self.crashes.tried().len();
        while !self.crashes.done() && clock() < until {
            self.crashes.slice();
        }
        if self.crashes.tried().len() > tried {
            self.look();
        }
    }

    fn look(&mut self) {
        let cells = crashes::cells(&self.crashes);
        let (from, all) = (self.crashes.moment(0), self.crashes.crash().count);
        self.shown = Rc::new(CrashesData {
            place: self.place.clone(),
            from,
            step: self.crashes.crash().step,
            watched: self.crashes.watched(),
            all,
            legend: crashes::legend(&cells),
            table: crashes::table(&self.crashes),
            without: Some(crashes::without(&self.crashes)),
            cells,
        });
    }

    /// What the panel shows of it beside this run: nothing beside another scene or seed.
    pub fn data(&self, run: &Timeline) -> Option<Rc<CrashesData>> {
        let of = self.crashes.run();
        let same = of.seed() == run.seed() && of.scenario().name == run.scenario().name;
        same.then(|| Rc::clone(&self.shown))
    }

    /// The commands of the run in which the crash is at the moment of this number, and that moment.
    pub fn commands(&self, n: usize) -> (Vec<Acted>, Time) {
        (self.crashes.commands(n), self.crashes.moment(n))
    }
}
