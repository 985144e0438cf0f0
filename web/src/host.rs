//! The animation loop: wall time in, pictures and now and then a snapshot out. Yew is not asked
//! for frames: what moves at 60 Hz is set from here.

use crate::aside::{Aside, Chase, Strip};
use crate::crash;
use crate::dom;
use crate::lab::Lab;
use crate::models::{self, Look};
use crate::params::Params;
use crate::player::SPEEDS;
pub use crate::scenes::Scenes;
use crate::stage::{Marks, Picture, StageHandle, Theme};
use crate::ui::{Action, CrashWanted, Hunting, Page, Snapshot, Tab};
use crate::weights;
use crate::windows::Windows;
use js_sys::Array;
use millrace::link::{Link, TooLong};
use millrace::view::clickstream::{self, Heavy, Own};
use millrace::view::cluster;
use millrace::view::layers::scene as layers;
use millrace::view::orders::{Answers, OrdersScene, Unfinished};
use millrace::view::panel::Marker;
use millrace::view::scene;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use web_sys::{HtmlElement, HtmlInputElement};
use yew::Callback;

/// Panels get news about eight times a second.
const NEWS_EVERY_MS: f64 = 125.0;
/// The breadcrumb's link is made anew at most so often: it is only for accidents.
const CRUMB_EVERY_MS: f64 = 2_000.0;

/// What is played beside the run on the stage may take so much of a frame: while that plays, and
/// while it does not.
const ASIDE_MS: [f64; 2] = [8.0, 12.0];

/// The elements that are set on every frame.
#[derive(Default)]
pub struct Dials {
    /// The clock.
    pub time: Option<HtmlElement>,
    /// The scrubber.
    pub scrubber: Option<HtmlInputElement>,
    /// What holds the scrubber: Yew writes the scrubber's own style, so the place goes here.
    pub line: Option<HtmlElement>,
}

/// The loop and what it shows. Clones are the same loop.
#[derive(Clone)]
pub struct Host(Rc<Inner>);

/// What an animation frame calls.
type Frame = Closure<dyn FnMut(f64)>;

/// `frame` with a net. What a function of the browser throws (a canvas, say) is no panic: it would
/// leave the frame half done and the loop ended, and nothing would be said.
fn caught(frame: &Frame) -> Frame {
    let frame: js_sys::Function = frame.as_ref().unchecked_ref::<js_sys::Function>().clone();
    Closure::new(move |wall_ms: f64| {
        if let Err(thrown) = frame.call1(&JsValue::NULL, &wall_ms.into())
            && !crash::dead()
        {
            panic!("the browser threw in a frame: {thrown:?}");
        }
    })
}

struct Inner {
    lab: RefCell<Lab>,
    look: RefCell<Look>,
    scenes: RefCell<Scenes>,
    /// The stage; and a second for B, while two runs are compared.
    stages: [StageHandle; 2],
    charts: RefCell<(Unfinished, Answers)>,
    aside: RefCell<Aside>,
    /// The Windows page, which has a stage of its own, and whom it tells of news.
    windows: RefCell<Option<(Windows, Callback<Action>)>>,
    markers: RefCell<Rc<Vec<Marker>>>,
    dark: Cell<bool>,
    still: Cell<bool>,
    locked: bool,
    /// Whether the models that have files of their own were asked for.
    asked_models: Cell<bool>,
    /// Raised when the stage wants a frame although the simulation stands still.
    awake: Cell<bool>,
    dials: RefCell<Dials>,
    shown: RefCell<Option<Snapshot>>,
    news: Callback<Snapshot>,
    /// Raised when the panels should not wait for their turn.
    urgent: Cell<bool>,
    /// Something changed since the panels were told.
    untold: Cell<bool>,
    last_news: Cell<f64>,
    last_crumb: Cell<f64>,
    last_frame: Cell<f64>,
    moved: Cell<bool>,
    bench: Option<Array>,
    /// The frame, and the same with a net, which is what the browser calls.
    frame: RefCell<Option<[Frame; 2]>>,
    request: Cell<i32>,
}

impl PartialEq for Host {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

impl Host {
    /// Begins the loop.
    pub fn new(lab: Lab, look: Look, params: &Params, news: Callback<Snapshot>) -> Self {
        let locked = params.locked("work") || params.exam;
        let bench = params.bench.then(|| {
            let pairs = Array::new();
            dom::publish("__millrace_frames", &pairs);
            pairs
        });
        let host = Self(Rc::new(Inner {
            lab: RefCell::new(lab),
            look: RefCell::new(look),
            scenes: RefCell::default(),
            stages: [StageHandle::new(), StageHandle::new()],
            charts: RefCell::default(),
            aside: RefCell::default(),
            windows: RefCell::default(),
            markers: RefCell::default(),
            dark: Cell::new(false),
            still: Cell::new(dom::still()),
            locked,
            asked_models: Cell::new(false),
            awake: Cell::new(true),
            dials: RefCell::default(),
            shown: RefCell::default(),
            news,
            urgent: Cell::new(true),
            untold: Cell::new(true),
            last_news: Cell::new(f64::MIN),
            last_crumb: Cell::new(f64::MIN),
            last_frame: Cell::new(0.0),
            moved: Cell::new(false),
            bench,
            frame: RefCell::default(),
            request: Cell::new(0),
        }));
        let weak = Rc::downgrade(&host.0);
        let frame = Closure::new(move |wall_ms| {
            if let Some(inner) = weak.upgrade()
                && !crash::dead()
            {
                Self(inner).on_frame(wall_ms);
            }
        });
        let net = caught(&frame);
        *host.0.frame.borrow_mut() = Some([frame, net]);
        let weak = Rc::downgrade(&host.0);
        crash::on_death(move || {
            if let Some(inner) = weak.upgrade() {
                let _ = dom::window().cancel_animation_frame(inner.request.get());
            }
        });
        host.ask();
        host
    }

    /// Asks for the next frame.
    fn ask(&self) {
        if let Some([_, net]) = &*self.0.frame.borrow() {
            let asked = dom::window().request_animation_frame(net.as_ref().unchecked_ref());
            self.0.request.set(asked.unwrap_or_default());
        }
    }

    /// Ends the loop.
    pub fn stop(&self) {
        let _ = dom::window().cancel_animation_frame(self.0.request.get());
        *self.0.frame.borrow_mut() = None;
    }

    fn on_frame(&self, wall_ms: f64) {
        let started = dom::clock();
        let inner = &*self.0;
        let changed = inner.lab.borrow_mut().frame(wall_ms, &dom::clock);
        if changed {
            inner.untold.set(true);
            self.look_again();
        }
        if self.page().has_stage() {
            self.paint(wall_ms, changed);
        } else if self.page() == Page::Windows {
            self.play_windows(wall_ms);
        }
        self.turn_dials();
        self.play_aside();
        self.read_on();
        let due = wall_ms - inner.last_news.get() >= NEWS_EVERY_MS;
        if inner.urgent.get() || due && inner.untold.get() {
            inner.last_news.set(wall_ms);
            self.tell(wall_ms);
        }
        if let Some(pairs) = &inner.bench {
            let interval = wall_ms - inner.last_frame.replace(wall_ms);
            pairs.push(&Array::of2(
                &interval.into(),
                &(dom::clock() - started).into(),
            ));
        }
        self.ask();
    }

    /// A frame of the Windows page.
    fn play_windows(&self, wall_ms: f64) {
        let page = self.0.windows.borrow().clone();
        if let Some((page, on)) = page {
            page.frame(wall_ms, self.theme(), &on);
        }
    }

    fn theme(&self) -> Theme {
        if self.0.dark.get() {
            Theme::Dark
        } else {
            Theme::Light
        }
    }

    /// Hands over the Windows page.
    pub fn set_windows(&self, page: Windows, on: Callback<Action>) {
        *self.0.windows.borrow_mut() = Some((page, on));
    }

    /// Goes on with what is played beside the run: on the Cluster page hunts and crashes, on the
    /// Lambda · Kappa page what will come of it. It waits while another is open.
    fn play_aside(&self) {
        let playing = self.0.lab.borrow().player().playing();
        let budget = ASIDE_MS[usize::from(!playing)];
        let mut aside = self.0.aside.borrow_mut();
        let further = match self.page() {
            Page::Cluster => aside.frame(budget, &dom::clock),
            Page::Layers => aside.foresee(&self.0.lab.borrow(), budget, &dom::clock),
            _ => false,
        };
        drop(aside);
        if further {
            self.0.untold.set(true);
        }
        if further && self.page() == Page::Layers {
            self.look_again();
            self.wake();
        }
    }

    /// Reads a person's own clicks further.
    fn read_on(&self) {
        let begin = dom::clock();
        let more = {
            let mut scenes = self.0.scenes.borrow_mut();
            let reading = scenes.own.as_mut().filter(|own| !own.is_done());
            let Some(own) = reading else { return };
            let mut more = true;
            while more && dom::clock() - begin < ASIDE_MS[0] {
                more = own.step();
            }
            more
        };
        self.0.untold.set(true);
        if !more {
            self.0.urgent.set(true);
            self.look_again();
            self.wake();
        }
    }

    /// Loads the models that have files of their own, once.
    fn load_models(&self) {
        if self.0.asked_models.replace(true) {
            return;
        }
        let host = self.clone();
        wasm_bindgen_futures::spawn_local(async move {
            let mut heavy = Heavy::default();
            for file in Heavy::files() {
                heavy.take(file, weights::load(file).await.as_deref());
            }
            host.0.scenes.borrow_mut().heavy = heavy;
            host.0.urgent.set(true);
            host.look_again();
            host.wake();
        });
    }

    /// Begins to read clicks, or goes back to the scene's.
    pub fn set_own(&self, own: Option<Own>) {
        self.0.scenes.borrow_mut().own = own;
        self.look(|look| {
            look.first_user = 0;
            look.clicks = clickstream::Look::default();
        });
    }

    /// Whether a person's own clicks are read or shown.
    pub fn has_own(&self) -> bool {
        self.0.scenes.borrow().own.is_some()
    }

    /// The place of a user of this name among one's own.
    pub fn find_own(&self, name: &str) -> Option<usize> {
        self.0.scenes.borrow().own()?.find(name)
    }

    /// Begins a hunt, or ends the one that is on.
    pub fn hunt(&self, what: Option<&Hunting>) {
        self.0.urgent.set(true);
        let hunt = &mut self.0.aside.borrow_mut().hunt;
        match what {
            Some(what) => *hunt = Some(Chase::new(what)),
            None => hunt.iter_mut().for_each(Chase::cancel),
        }
    }

    /// Tries a crash at many moments from the one shown on.
    pub fn try_crashes(&self, wanted: &CrashWanted) {
        self.0.urgent.set(true);
        let (lab, look) = (self.0.lab.borrow(), self.0.look.borrow());
        let strip = Strip::new(lab.timeline(), &look, wanted);
        self.0.aside.borrow_mut().strip = Some(strip);
    }

    /// Plays the crash of this number of those tried.
    pub fn play_crash(&self, n: usize) {
        if let Some(strip) = &self.0.aside.borrow().strip {
            let (commands, at) = strip.commands(n);
            self.lab(|lab| lab.go_otherwise(commands, at));
        }
    }

    /// Makes the picture of the moment shown.
    fn look_again(&self) {
        let inner = &*self.0;
        let (lab, look) = (inner.lab.borrow(), inner.look.borrow());
        let (timeline, scenes) = (lab.timeline(), &mut *inner.scenes.borrow_mut());
        let (moment, now) = (timeline.moment(), timeline.now());
        match scenes.page {
            Page::Orders => {
                let usual = &timeline.scenario().settings;
                scene::scene(moment, usual, now, &mut scenes.orders);
            }
            Page::Cluster => {
                let at = models::partition(&moment.world, &look);
                cluster::scene::scene(moment, now, at, &mut scenes.cluster);
                scenes.cluster.record = look.record;
                if let Some(beside) = lab.beside() {
                    let moment = beside.run().moment();
                    cluster::scene::scene(moment, now, at, &mut scenes.beside);
                    scenes.beside.record = look.record;
                    cluster::compare::mark(&mut scenes.cluster, &mut scenes.beside);
                }
            }
            Page::Layers => {
                let aside = inner.aside.borrow();
                let ahead = aside.ahead_of(timeline);
                scenes.layers = layers::scene(timeline, lab.end(), ahead);
            }
            Page::Clickstream => {
                let hours = timeline.scenario().hours;
                let wanted = (look.clicks, &scenes.heavy);
                match scenes.own.as_ref().filter(|own| own.is_done()) {
                    Some(own) => own.scene(look.first_user, wanted, &mut scenes.clicks),
                    None => {
                        clickstream::scene(moment, hours, now, wanted, &mut scenes.clicks);
                    }
                }
            }
            Page::Windows | Page::Sketches | Page::Notes => {}
        }
    }

    fn page(&self) -> Page {
        self.0.scenes.borrow().page
    }

    fn paint(&self, wall_ms: f64, changed: bool) {
        let inner = &*self.0;
        let woken = inner.awake.take();
        if !(changed || woken || inner.stages.iter().any(StageHandle::moving)) {
            return;
        }
        let (lab, scenes) = (inner.lab.borrow(), inner.scenes.borrow());
        let on_orders = scenes.page == Page::Orders;
        if on_orders && changed {
            let (metrics, now) = (&lab.timeline().moment().metrics, lab.timeline().now());
            *inner.charts.borrow_mut() = (scene::unfinished(metrics), scene::answers(metrics, now));
        }
        let (unfinished, answers) = &*inner.charts.borrow();
        let marks = Marks {
            wall_ms,
            markers: &inner.markers.borrow(),
            selection: inner.look.borrow().order,
            speed: SPEEDS[lab.player().speed()],
            reduced: inner.still.get(),
            theme: self.theme(),
            locked: inner.locked,
        };
        let (own, other) = (&scenes.cluster, Picture::Cluster(&scenes.beside));
        let [a, b] = &inner.stages;
        match lab.beside() {
            _ if scenes.page == Page::Layers => {
                a.draw(Picture::Layers(&scenes.layers), &marks);
            }
            _ if scenes.page == Page::Clickstream => {
                a.draw(Picture::Clicks(&scenes.clicks), &marks);
            }
            _ if on_orders => {
                a.draw(Picture::Orders(&scenes.orders, unfinished, answers), &marks);
            }
            None => {
                a.draw(Picture::Cluster(own), &marks);
            }
            Some(beside) => {
                let (own_stage, its) = if beside.is_first() { (b, a) } else { (a, b) };
                own_stage.draw(Picture::Cluster(own), &marks);
                its.draw(other, &marks);
            }
        }
        if !inner.moved.get() && !scenes.orders.flights.is_empty() {
            inner.moved.set(true);
            dom::mark("millrace:first-record");
        }
    }

    /// Sets the clock and the scrubber.
    fn turn_dials(&self) {
        let inner = &*self.0;
        let (now, shown) = {
            let lab = inner.lab.borrow();
            let now = lab.timeline().now();
            (now, lab.timeline().scenario().clock(now))
        };
        let dials = inner.dials.borrow();
        if let Some(time) = &dials.time {
            dom::set_text(time, &shown);
        }
        if let (Some(scrubber), Some(line)) = (&dials.scrubber, &dials.line) {
            let ms = now.0 as f64 / 1_000.0;
            scrubber.set_value_as_number(ms.floor());
            let end = inner.lab.borrow().end().0.max(1);
            let at = (now.0 as f64 / end as f64 * 100.0).min(100.0);
            let _ = line.style().set_property("--at", &format!("{at:.2}%"));
        }
    }

    /// Makes a snapshot, and tells it if it says anything new.
    fn tell(&self, wall_ms: f64) {
        let inner = &*self.0;
        inner.urgent.set(false);
        inner.untold.set(false);
        let fresh = {
            let (lab, look) = (inner.lab.borrow(), inner.look.borrow());
            let timeline = lab.timeline();
            crash::at(timeline.seed(), timeline.instant());
            if wall_ms - inner.last_crumb.get() >= CRUMB_EVERY_MS {
                inner.last_crumb.set(wall_ms);
                if let Ok(fragment) = lab.link().encode() {
                    crash::link(fragment);
                }
            }
            let before = inner.shown.borrow();
            if self.page() == Page::Clickstream && look.tab == Tab::Models {
                self.load_models();
            }
            let (scenes, aside) = (inner.scenes.borrow(), inner.aside.borrow());
            models::snapshot(&lab, &look, &scenes, &aside, before.as_ref())
        };
        *inner.markers.borrow_mut() = fresh.transport.markers.clone();
        let old = inner.shown.borrow_mut().replace(fresh.clone());
        if old.as_ref() != Some(&fresh) {
            inner.news.emit(fresh);
        }
    }

    /// What the panels show now, made at once.
    pub fn snapshot(&self) -> Snapshot {
        let inner = &*self.0;
        self.look_again();
        let (lab, look) = (inner.lab.borrow(), inner.look.borrow());
        let (scenes, aside) = (inner.scenes.borrow(), inner.aside.borrow());
        let fresh = models::snapshot(&lab, &look, &scenes, &aside, None);
        *inner.shown.borrow_mut() = Some(fresh.clone());
        fresh
    }

    /// Does something to the lab; the panels hear of it on the next frame.
    pub fn lab<T>(&self, act: impl FnOnce(&mut Lab) -> T) -> T {
        self.0.urgent.set(true);
        act(&mut self.0.lab.borrow_mut())
    }

    /// Puts another lab in place of this one, as fast and as much playing as it was.
    pub fn replace(&self, mut lab: Lab) {
        {
            let old = self.0.lab.borrow();
            lab.player_mut().set_speed(old.player().speed());
            let playing = old.player().playing();
            lab.player_mut().play(playing);
        }
        *self.0.lab.borrow_mut() = lab;
        self.0.urgent.set(true);
    }

    /// Puts another page's lab and look in place of these, and gives these back.
    pub fn exchange(&self, lab: Lab, look: Look) -> (Lab, Look) {
        self.0.urgent.set(true);
        (self.0.lab.replace(lab), self.0.look.replace(look))
    }

    /// What the lab has to say. Taking it is no reason for news, or there would be some every frame.
    pub fn take_notices(&self) -> Vec<String> {
        self.0.lab.borrow_mut().take_notices()
    }

    /// Changes where the person looks.
    pub fn look(&self, change: impl FnOnce(&mut Look)) {
        self.0.urgent.set(true);
        self.wake();
        change(&mut self.0.look.borrow_mut());
        self.look_again();
    }

    /// Says which page is open.
    pub fn open_page(&self, page: Page) {
        self.0.scenes.borrow_mut().page = page;
        self.0.urgent.set(true);
        self.look_again();
        self.wake();
    }

    /// The handle of a stage: the first for A or the only run, the second for B.
    pub fn stage(&self, first: bool) -> StageHandle {
        self.0.stages[usize::from(!first)].clone()
    }

    /// The stage wants a frame.
    pub fn wake(&self) {
        self.0.awake.set(true);
    }

    /// Tells the stage its colours, and whether things may move.
    pub fn recolour(&self, dark: bool) {
        self.0.dark.set(dark);
        self.0.still.set(dom::still());
        self.wake();
    }

    /// The picture as it was last made.
    pub fn with_scene<T>(&self, read: impl FnOnce(&OrdersScene, &Lab) -> T) -> T {
        read(&self.0.scenes.borrow().orders, &self.0.lab.borrow())
    }

    /// Hands over the elements that are set on every frame.
    pub fn set_dials(&self, dials: Dials) {
        *self.0.dials.borrow_mut() = dials;
    }

    /// This instant as a link.
    pub fn link(&self, page: Page) -> Result<String, TooLong> {
        let (lab, look) = (self.0.lab.borrow(), self.0.look.borrow());
        let name = |name: &str, first: &str| {
            if name == first {
                String::new()
            } else {
                name.to_owned()
            }
        };
        let link = Link {
            page: name(page.name(), Page::home(lab.timeline().scenario()).name()),
            partition: Some(look.partition).filter(|&partition| partition > 0),
            record: look.record,
            visitor: Some(look.clicks.visitor).filter(|&visitor| visitor > 0),
            session: look.clicks.session,
            tab: name(look.tab.name(), ""),
            topic: look.topic.topic.clone(),
            order: look.order,
            ..lab.link()
        };
        link.encode()
    }
}
