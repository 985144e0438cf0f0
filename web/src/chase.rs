//! A hunt for failures on the page: it is played beside the run on the stage, in the time that frames
//! leave. No browser in here; the host gives it a clock.

use crate::ui::{HuntData, Hunting};
use millrace::link::Link;
use millrace::scenario;
use millrace::sim::{Hunt, Search};
use millrace::view::cluster::hunt;

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

    /// One animation frame, of which it may take so much; whether it came further.
    pub fn frame(&mut self, budget_ms: f64, clock: &dyn Fn() -> f64) -> bool {
        let on = self.on();
        let until = clock() + budget_ms;
        while self.on() && clock() < until {
            let what = self.search.slice();
            what.expect("the scene to hunt in holds together");
        }
        on
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
