//! The Sketches page: what a person does to a bench, and the clock that plays it. What there is to
//! see and read is made in the core (`millrace::view::sketches`) and set here.

mod chart;
mod controls;
mod foot;
mod panel;
mod picture;

pub use foot::foot;

use crate::crash;
use crate::dom;
use crate::panel::frame;
use crate::ui::{Action, Page, Tab, Ui};
use millrace::link::{ENGINE, Link};
use millrace::map::Map;
use millrace::scenario::keys_file;
use millrace::view::predict::Score;
use millrace::view::sketches::{self, Bench, Kind, Own, Setup, Stream};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

/// What a person does to a sketch.
#[derive(Clone, PartialEq, Debug)]
pub enum Wish {
    /// Another sketch.
    Kind(Kind),
    /// Another stream.
    Stream(Stream),
    /// Another size: which, and how much.
    Size(usize, u32),
    /// So many items.
    Items(u32),
    /// The other way of doing it, or the usual one.
    Variant(bool),
    /// This item is looked at; the latest, if the name is empty.
    Ask(String),
    /// To this step.
    At(u32),
    /// The clock struck.
    Tick,
    /// The column of an own file that is read.
    Column(String),
}

/// Steps a second that one may choose from.
pub const RATES: [u32; 5] = [1, 4, 16, 64, 256];
/// The clock strikes no oftener.
const TICKS_PER_S: u32 = 8;

/// The page's state.
pub struct Sketches {
    bench: Bench,
    /// The tab that is open.
    tab: Tab,
    rate: usize,
    clock: Option<Clock>,
    answers: Map<String, u32>,
    own: Option<Rc<Own>>,
    file: OwnFile,
}

/// A person's own file, as it was read.
#[derive(Default)]
struct OwnFile {
    name: String,
    text: String,
    /// The column asked for; empty for the usual one.
    column: String,
    /// Bad rows by line, or why nothing was read.
    bad: Vec<(usize, String)>,
    trouble: String,
}

/// Strikes until it is dropped.
struct Clock {
    id: i32,
    _strike: Closure<dyn FnMut()>,
}

impl Clock {
    fn new(per_s: u32, on: Callback<Action>) -> Option<Self> {
        let strike = Closure::<dyn FnMut()>::new(move || {
            if !crash::dead() {
                on.emit(Action::Sketch(Wish::Tick));
            }
        });
        let function = strike.as_ref().unchecked_ref();
        let id = dom::window()
            .set_interval_with_callback_and_timeout_and_arguments_0(
                function,
                (1_000 / per_s) as i32,
            )
            .ok()?;
        Some(Self {
            id,
            _strike: strike,
        })
    }
}

impl Drop for Clock {
    fn drop(&mut self) {
        dom::window().clear_interval_with_handle(self.id);
    }
}

impl Default for Sketches {
    fn default() -> Self {
        Self::opened(Setup::default(), Tab::Explain, Map::new())
    }
}

impl Sketches {
    /// As a link has it.
    pub fn opened(setup: Setup, tab: Tab, answers: Map<String, u32>) -> Self {
        Self {
            bench: Bench::new(setup, None),
            tab: if Page::Sketches.tabs().contains(&tab) {
                tab
            } else {
                Tab::Explain
            },
            rate: 1,
            clock: None,
            answers,
            own: None,
            file: OwnFile::default(),
        }
    }

    /// This state as a link.
    pub fn link(&self) -> Link {
        Link {
            engine: ENGINE.to_owned(),
            scenario: crate::lab::FIRST.to_owned(),
            seed: crate::lab::FIRST_SEED,
            page: Page::Sketches.name().to_owned(),
            tab: self.tab.name().to_owned(),
            answers: self.answers.clone(),
            sketch: Some(self.bench.setup().clone()),
            ..Link::default()
        }
    }

    /// Plays, or no longer. At the end it begins anew.
    pub fn play(&mut self, play: bool, on: &Callback<Action>) {
        if !play {
            self.clock = None;
            return;
        }
        if self.bench.at_end() {
            self.bench.go(0);
        }
        if !self.bench.is_empty() {
            let per_s = RATES[self.rate].min(TICKS_PER_S);
            self.clock = Clock::new(per_s, on.clone());
        }
    }

    /// Whether nothing was played yet.
    pub fn fresh(&self) -> bool {
        self.bench.setup().at == 0
    }

    /// How the answers did.
    pub fn score(&self) -> Score {
        let mut score = Score::default();
        if let Some(asked) = self.asked() {
            score.asked = 1;
            if let (Some(chosen), Some((right, _))) = (asked.chosen, asked.outcome) {
                score.graded = 1;
                score.right = u32::from(chosen == right) as _;
            }
        }
        score
    }

    fn asked(&self) -> Option<millrace::view::panel::Asked> {
        let chosen = sketches::asked(&self.bench, None)
            .and_then(|asked| self.answers.get(&asked.id).copied());
        sketches::asked(&self.bench, chosen)
    }

    /// Does what is for this page; whether it was.
    pub fn act(&mut self, ui: &Ui, action: &Action) -> bool {
        let on = &ui.on;
        match action {
            Action::Toggle if !ui.locked("play") => self.play(self.clock.is_none(), on),
            Action::StepBack if !ui.locked("step") => self.step(self.at().saturating_sub(1)),
            Action::StepForward if !ui.locked("step") => self.step(self.at() + 1),
            Action::Faster(up) if !ui.locked("speed") => {
                self.pace(
                    if *up {
                        self.rate + 1
                    } else {
                        self.rate.saturating_sub(1)
                    },
                    on,
                );
            }
            Action::Speed(rate) if !ui.locked("speed") => self.pace(*rate, on),
            Action::Answer(question, option) => {
                self.answers.insert(question.clone(), *option as u32);
            }
            Action::Tab(tab) => self.tab = *tab,
            Action::Seed(seed) if !ui.locked("seed") => {
                let seed = seed.unwrap_or_else(dom::fresh_seed);
                self.change(|setup| setup.seed = seed);
            }
            Action::Sketch(wish) => self.wish(ui, wish),
            Action::Load(name, text) if !ui.locked("load") => {
                self.file.name.clone_from(name);
                self.file.text.clone_from(text);
                self.read();
            }
            // A dropped file says so; the page has a tab for it.
            Action::Over(Some(crate::ui::Over::Load)) => self.tab = Tab::Data,
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

    fn wish(&mut self, ui: &Ui, wish: &Wish) {
        match wish {
            Wish::Kind(kind) if !ui.locked("seed") => {
                let again = self.clock.is_some();
                self.restart(Setup::first_of(*kind));
                self.play(again, &ui.on);
            }
            Wish::Stream(stream) if !ui.locked("seed") => {
                let kind = self.bench.setup().kind;
                self.restart(Setup::of(kind, *stream));
                if *stream == Stream::Own && self.own.is_none() {
                    self.tab = Tab::Data;
                }
                self.play(*stream != Stream::Own && self.clock.is_some(), &ui.on);
            }
            Wish::Size(which, size) if !ui.locked("size") => {
                let (which, size) = (*which, *size);
                self.change(|setup| {
                    if let Some(old) = setup.sizes.get_mut(which) {
                        *old = size;
                    }
                });
            }
            Wish::Items(items) if !ui.locked("size") => {
                let items = *items;
                self.change(|setup| setup.items = items);
            }
            Wish::Variant(variant) if !ui.locked("size") => {
                let variant = *variant;
                self.change(|setup| setup.variant = variant);
            }
            Wish::Ask(name) => self.bench.ask_for(name),
            Wish::At(at) if !ui.locked("seek") => self.step(*at),
            Wish::Tick => self.tick(),
            Wish::Column(column) => {
                self.file.column.clone_from(column);
                self.read();
            }
            _ => {}
        }
    }

    fn at(&self) -> u32 {
        self.bench.setup().at
    }

    /// To a step, and stays there.
    fn step(&mut self, at: u32) {
        self.clock = None;
        self.bench.go(at);
    }

    fn tick(&mut self) {
        let per_tick = (RATES[self.rate] / TICKS_PER_S).max(1);
        self.bench.go(self.at() + per_tick);
        if self.bench.at_end() {
            self.clock = None;
        }
    }

    fn pace(&mut self, rate: usize, on: &Callback<Action>) {
        self.rate = rate.min(RATES.len() - 1);
        if self.clock.is_some() {
            self.play(true, on);
        }
    }

    /// The same moment of another setup: everything recomputes at once.
    fn change(&mut self, change: impl FnOnce(&mut Setup)) {
        let mut setup = self.bench.setup().clone();
        change(&mut setup);
        self.restart(setup);
    }

    fn restart(&mut self, setup: Setup) {
        self.bench = Bench::new(setup, self.own.as_deref());
    }

    /// Reads the person's file, and shows it.
    fn read(&mut self) {
        let file = &mut self.file;
        self.tab = Tab::Data;
        self.clock = None;
        let wanted = Some(&*file.column).filter(|column| !column.is_empty());
        match keys_file::parse(file.text.as_bytes(), wanted) {
            Ok(read) if read.keys.is_empty() => {
                file.trouble = "No row could be read, so nothing changed.".to_owned();
                file.bad = read.bad;
            }
            Ok(read) => {
                file.trouble.clear();
                self.own = Some(Rc::new(Own {
                    name: file.name.clone(),
                    keys: read.keys.into_iter().map(|(_, key)| key).collect(),
                    bad: read.bad.len(),
                }));
                file.bad = read.bad;
                let setup = self.bench.setup();
                self.restart(Setup {
                    stream: Stream::Own,
                    at: u32::MAX,
                    ..Setup::of(setup.kind, Stream::Own)
                });
            }
            Err(why) => {
                file.trouble = why;
                file.bad.clear();
            }
        }
    }

    /// The page without its head; `up` and `sheet` as for [`frame`].
    pub fn view(&self, ui: &Ui, up: bool, sheet: &Callback<()>) -> Html {
        html! {
            <>
                <main class="lab">
                    { picture::stage(ui, &self.bench) }
                    { frame(ui, Page::Sketches, self.tab, up, sheet, panel::inside(ui, self)) }
                </main>
                { foot(ui, &self.bench, self.clock.is_some(), self.rate) }
            </>
        }
    }
}
