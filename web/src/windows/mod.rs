//! The Windows page: what a person does to a play, and the clock that plays it. What there is to see
//! and read is made in the core (`millrace::view::windows`) and set and painted here.

mod axes;
mod controls;
mod foot;
mod grasp;
mod paint;
mod panel;
mod places;
mod stage;

use crate::dom;
use crate::panel::frame;
use crate::stage::Theme;
use crate::ui::{Action, Page, Tab, Ui};
use grasp::Grasp;
use millrace::link::{ENGINE, Link, content_hash};
use millrace::map::Map;
use millrace::stream::{Aggregate, Windows as Kind};
use millrace::view::predict::Score;
use millrace::view::windows::{
    self, AGGREGATES, Change, Event, Own, Play, Saved, SavedOwn, Scene, Setup, Work, asked,
};
use std::cell::{OnceCell, Ref, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use yew::prelude::*;

/// What a person does on this page.
#[derive(Clone, PartialEq, Debug)]
pub enum Wish {
    /// A change of the setup, and the control it is from.
    Do(&'static str, Change),
    /// Something was typed that is no such change; said where it was typed.
    Wrong(&'static str, String),
    /// An event is added at the moment shown.
    Add,
    /// The parts of the page are to be drawn anew: time went on, or something was dragged.
    News,
}

/// Seconds of the stream in a second.
pub const RATES: [u32; 6] = [1, 2, 5, 10, 60, 600];
/// Panels get news about eight times a second.
const NEWS_EVERY_MS: f64 = 125.0;
/// A frame's share of a longer gap.
const LONGEST_GAP_MS: f64 = 100.0;

/// The page. Clones are the same one: the app draws its panels, the frame loop its picture.
#[derive(Clone)]
pub struct Windows(Rc<RefCell<State>>);

impl PartialEq for Windows {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

struct State {
    play: Play,
    /// The tab that is open.
    tab: Tab,
    rate: usize,
    playing: bool,
    /// Milliseconds of the stream that did not make a whole one yet.
    rest: f64,
    last_wall: f64,
    last_news: f64,
    /// Whether the panels have not heard of what is now.
    untold: bool,
    answers: Map<String, u32>,
    /// What whoever embeds us knows of them.
    told_score: Score,
    /// What was wrong with what was typed, by the control.
    troubles: Map<&'static str, String>,
    file: OwnFile,
    /// The notes' example, measured once.
    tags: OnceCell<Work>,
    grasp: Grasp,
}

/// A person's own file, as it was read.
#[derive(Default)]
struct OwnFile {
    name: String,
    text: String,
    /// Bad rows by line, or why nothing was read.
    bad: Vec<(u64, String)>,
    trouble: String,
    /// The file that a link is about and that is not here yet: its name and hash.
    awaited: Option<(String, String)>,
}

impl Default for Windows {
    fn default() -> Self {
        Self::opened(Setup::default(), None, Tab::Explain, Map::new())
    }
}

impl Windows {
    fn opened(setup: Setup, own: Option<Own>, tab: Tab, answers: Map<String, u32>) -> Self {
        let play = Play::new(setup, own.map(Arc::new));
        Self(Rc::new(RefCell::new(State {
            rate: rate_of(&play),
            play,
            tab: if Page::Windows.tabs().contains(&tab) {
                tab
            } else {
                Tab::Explain
            },
            playing: false,
            rest: 0.0,
            last_wall: 0.0,
            last_news: 0.0,
            untold: true,
            answers,
            told_score: Score::default(),
            troubles: Map::new(),
            file: OwnFile::default(),
            tags: OnceCell::new(),
            grasp: Grasp::default(),
        })))
    }

    /// As a link has it, and what is wrong with the link.
    pub fn linked(saved: &Saved, tab: Tab, answers: Map<String, u32>) -> (Self, Vec<String>) {
        let (setup, mut complaints) = saved.setup();
        let own = saved.own.as_ref().and_then(SavedOwn::own);
        let awaited = saved.own.as_ref().filter(|_| own.is_none());
        let page = Self::opened(setup, own, tab, answers);
        if let Some(file) = awaited {
            complaints.push(format!(
                "This link is about your file {}, which it does not carry: open it in the Events tab.",
                file.name
            ));
            let state = &mut *page.0.borrow_mut();
            state.file.awaited = Some((file.name.clone(), file.hash.clone()));
            state.tab = Tab::Events;
        }
        (page, complaints)
    }

    /// Tells it from others that were there before.
    fn id(&self) -> usize {
        Rc::as_ptr(&self.0) as usize
    }

    fn state(&self) -> Ref<'_, State> {
        self.0.borrow()
    }

    /// Whether this state was just made: nothing was played yet.
    pub fn fresh(&self) -> bool {
        let play = &self.state().play;
        play.setup().at <= play.range().from
    }

    /// Plays, or no longer.
    pub fn play(&self, play: bool) {
        self.0.borrow_mut().go_on(play);
    }

    /// This state as a link.
    pub fn link(&self) -> Link {
        let state = self.state();
        Link {
            engine: ENGINE.to_owned(),
            scenario: crate::lab::FIRST.to_owned(),
            seed: crate::lab::FIRST_SEED,
            page: Page::Windows.name().to_owned(),
            tab: state.tab.name().to_owned(),
            answers: state.answers.clone(),
            windows: Some(Saved::of(state.play.setup(), state.play.own())),
            ..Link::default()
        }
    }

    /// How the answers did, if that is news.
    pub fn new_score(&self) -> Option<Score> {
        let state = &mut *self.0.borrow_mut();
        let score = state.score();
        (std::mem::replace(&mut state.told_score, score) != score).then_some(score)
    }

    /// Plays on and paints; the panels hear of it now and then.
    pub fn frame(&self, wall_ms: f64, theme: Theme, on: &Callback<Action>) {
        let news = {
            let state = &mut *self.0.borrow_mut();
            state.go(wall_ms);
            let State { play, grasp, .. } = state;
            grasp.show(play, theme);
            let due = state.untold && wall_ms - state.last_news >= NEWS_EVERY_MS;
            if due {
                (state.untold, state.last_news) = (false, wall_ms);
            }
            due
        };
        if news {
            on.emit(Action::Windows(Wish::News));
        }
    }

    /// Does what is for this page; whether it was.
    pub fn act(&self, ui: &Ui, action: &Action) -> bool {
        self.0.borrow_mut().act(ui, action)
    }

    /// The page without its head; `up` and `sheet` as for [`frame`].
    pub fn view(&self, ui: &Ui, up: bool, sheet: &Callback<()>) -> Html {
        let state = self.state();
        html! {
            <>
                <main class="lab">
                    { stage::stage(ui, self, &state) }
                    { frame(ui, Page::Windows, state.tab, up, sheet, panel::inside(ui, &state)) }
                </main>
                { foot::foot(ui, &state) }
            </>
        }
    }
}

/// The least rate at which a minute shows everything.
fn rate_of(play: &Play) -> usize {
    let range = play.range();
    let rates = RATES.iter().skip(2);
    let fits = |rate: &&u32| (range.to - range.from) / i64::from(**rate) <= 60_000;
    2 + rates
        .take_while(|rate| !fits(rate))
        .count()
        .min(RATES.len() - 3)
}

impl State {
    fn setup(&self) -> &Setup {
        self.play.setup()
    }

    fn go_on(&mut self, play: bool) {
        if play && self.setup().at >= self.play.range().to {
            self.go_to(i64::MIN);
        }
        self.playing = play;
        self.untold = true;
    }

    fn go_to(&mut self, at: i64) {
        let _ = self.play.change(Change::At(at));
        self.changed();
    }

    /// The picture and the panels are to be made anew.
    fn changed(&mut self) {
        self.untold = true;
        self.grasp.stale();
    }

    /// A frame: what is dragged, and time.
    fn go(&mut self, wall_ms: f64) {
        let gap = (wall_ms - self.last_wall).clamp(0.0, LONGEST_GAP_MS);
        self.last_wall = wall_ms;
        if let Some(change) = self.grasp.pull(&self.play) {
            let _ = self.play.change(change);
            self.changed();
        }
        if self.grasp.let_go() {
            self.play.fit_again();
            self.changed();
        }
        if self.playing {
            let passed = self.rest + gap * f64::from(RATES[self.rate]);
            self.rest = passed.fract();
            self.go_to(self.setup().at.saturating_add(passed as i64));
            self.playing = self.setup().at < self.play.range().to;
        }
    }

    fn questions(&self) -> Vec<millrace::view::panel::Asked> {
        asked(&self.play, &self.answers)
    }

    fn score(&self) -> Score {
        let mut score = Score::default();
        for question in self.questions() {
            score.asked += 1;
            if let (Some(chosen), Some((right, _))) = (question.chosen, question.outcome) {
                score.graded += 1;
                score.right += u32::from(chosen == right);
            }
        }
        score
    }

    fn act(&mut self, ui: &Ui, action: &Action) -> bool {
        match action {
            Action::Toggle if !ui.locked("play") => self.go_on(!self.playing),
            Action::StepBack if !ui.locked("step") => self.step(false),
            Action::StepForward if !ui.locked("step") => self.step(true),
            Action::Faster(up) if !ui.locked("speed") => {
                let rate = self.rate + usize::from(*up);
                self.rate = if *up { rate } else { rate.saturating_sub(1) }.min(RATES.len() - 1);
            }
            Action::Speed(rate) if !ui.locked("speed") => self.rate = (*rate).min(RATES.len() - 1),
            Action::Answer(question, option) => {
                self.answers.insert(question.clone(), *option as u32);
            }
            Action::Tab(tab) => self.tab = *tab,
            Action::Seed(seed) if !ui.locked("seed") => {
                let seed = seed.unwrap_or_else(dom::fresh_seed);
                self.wish(ui, &Wish::Do("seed", Change::Seed(seed)));
            }
            Action::Windows(wish) => self.wish(ui, wish),
            Action::Load(name, text) if !ui.locked("load") => {
                self.file.name.clone_from(name);
                self.file.text.clone_from(text);
                self.read(true);
            }
            // A dropped file says so; the page has a tab for it.
            Action::Over(Some(crate::ui::Over::Load)) => self.tab = Tab::Events,
            Action::Toggle
            | Action::StepBack
            | Action::StepForward
            | Action::Faster(_)
            | Action::Speed(_)
            | Action::Seed(_)
            | Action::Load(..) => {}
            _ => return false,
        }
        true
    }

    fn step(&mut self, forward: bool) {
        self.playing = false;
        let at = self.play.neighbour(forward);
        self.go_to(at);
    }

    fn wish(&mut self, ui: &Ui, wish: &Wish) {
        match wish {
            Wish::Do(_, change) if ui.locked(lock_of(change)) => {}
            Wish::Do(from, change) => {
                let scene = match change {
                    Change::Scene(scene) => Some(*scene),
                    _ => None,
                };
                let reads = matches!(change, Change::Aggregate(_) | Change::Marker(_));
                if matches!(change, Change::At(_)) {
                    self.playing = false;
                }
                self.troubles.remove(from);
                if let Err(why) = self.play.change(change.clone()) {
                    self.troubles.insert(from, why);
                }
                if let Some(scene) = scene {
                    self.rate = rate_of(&self.play);
                    self.playing = scene != Scene::Own && !ui.locked("play");
                    self.tab = if scene == Scene::Own {
                        Tab::Events
                    } else {
                        self.tab
                    };
                }
                // Another column may be needed.
                if reads && self.setup().scene == Scene::Own && !self.file.text.is_empty() {
                    self.read(false);
                }
                if matches!(change, Change::Event(_, None) | Change::Restore) {
                    self.play.fit_again();
                }
            }
            Wish::Wrong(from, why) => {
                self.troubles.insert(from, why.clone());
            }
            Wish::Add if !ui.locked("events") => self.add(),
            Wish::Add | Wish::News => {}
        }
        self.changed();
    }

    /// Adds an event that has just arrived, and picks it.
    fn add(&mut self) {
        let (n, at) = (self.play.next(), self.setup().at);
        let range = self.play.range();
        let ts = (at - 5 * self.play.range().step()).clamp(range.from, range.ts_to);
        let event = Event {
            ts,
            arrival: at,
            value: 1,
            ..Event::default()
        };
        let _ = self.play.change(Change::Event(n, Some(event)));
        let _ = self.play.change(Change::Pick(Some(n)));
    }

    /// Reads the person's file, and shows it from its end; as it was looked at, unless it is `new`.
    fn read(&mut self, new: bool) {
        let file = &mut self.file;
        self.tab = if new { Tab::Events } else { self.tab };
        let agg = AGGREGATES
            .iter()
            .find(|(_, aggregate)| *aggregate == self.play.setup().aggregate);
        let agg = agg.map_or("count", |(name, _)| name);
        let marker = match &self.play.setup().windows {
            Kind::Punctuation { marker } => Some(marker.clone()),
            _ => None,
        };
        let hash = content_hash(file.text.as_bytes());
        let known = (&*file.name, &*hash);
        let mut read = Own::read(known, &file.text, agg, marker.as_deref());
        if read.is_err() && new && self.play.setup().aggregate != Aggregate::Count {
            // What was aggregated before may not be in this file.
            let _ = self.play.change(Change::Aggregate(Aggregate::Count));
            read = Own::read(known, &file.text, "count", marker.as_deref());
        }
        match read {
            Ok((own, bad)) if own.events.is_empty() => {
                file.trouble = "No row could be read, so nothing changed.".to_owned();
                file.bad = bad;
            }
            Ok((own, bad)) => {
                file.trouble.clear();
                file.bad = bad;
                let awaited = file.awaited.take_if(|(_, awaited)| *awaited == hash);
                self.playing = false;
                self.play.load(Arc::new(own), !new || awaited.is_some());
                self.rate = rate_of(&self.play);
            }
            Err(why) => {
                file.trouble = why;
                file.bad.clear();
            }
        }
        self.changed();
    }

    /// The notes' example.
    fn tags(&self) -> &Work {
        self.tags.get_or_init(windows::hashtags)
    }
}

/// The lock that covers a change.
const fn lock_of(change: &Change) -> &'static str {
    match change {
        Change::Scene(_) | Change::Seed(_) => "seed",
        Change::Event(..) | Change::Restore => "events",
        Change::At(_) => "seek",
        // One may always look at something.
        Change::Pick(_) => "",
        _ => "window",
    }
}
