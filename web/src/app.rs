//! The page: what is open, and what happens when a person does something.

use crate::actions::Loaded;
use crate::dialog::dialog;
use crate::dom;
use crate::embed::{self, Watch};
use crate::header::Header;
use crate::host::Host;
use crate::keys;
use crate::lab::{FIRST, FIRST_SEED, Lab, Start};
use crate::models::Look;
use crate::page::Notes;
use crate::panel::side;
use crate::params::{Params, Theme};
use crate::sketches::Sketches;
use crate::stage_host::stage;
use crate::transport::{Nodes, bar};
use crate::ui::{Action, Over, Page, Snapshot, Ui};
use crate::windows::Windows;
use millrace::link::{Link, OwnFile};
use millrace::map::Map;
use std::cell::Cell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

/// How the page begins.
#[derive(Properties, PartialEq, Clone)]
pub struct AppProps {
    /// What the address asks for.
    pub params: Rc<Params>,
    /// The link to open, with or without its `#`.
    pub fragment: AttrValue,
    /// Whether the address bar, the keyboard and the title are ours.
    #[prop_or(true)]
    pub owner: bool,
}

/// What the page hears.
pub enum Msg {
    /// The panels have something new to show.
    News(Box<Snapshot>),
    /// Somebody did something.
    Do(Action),
    /// Whether the link is on the clipboard.
    Copied(bool),
    /// A fragment is to be opened: the address changed, or a link of ours was followed where the
    /// address is somebody else's.
    Open(String),
    /// The embedded scene came into sight or left it.
    Seen(bool),
    /// The system went light or dark, or wants less motion, or no longer.
    Recolour,
    /// The panel of a phone is drawn up or down.
    Sheet,
    /// The actions of a phone's head are shown or hidden.
    More,
}

/// The page.
pub struct App {
    pub(crate) host: Host,
    pub(crate) shown: Snapshot,
    pub(crate) page: Page,
    /// The page whose stage the lab in the host is on.
    pub(crate) staged: Page,
    /// What was played on other pages with a stage, and where one looked.
    pub(crate) parked: Vec<(Page, Lab, Look)>,
    /// The Sketches page.
    pub(crate) sketches: Sketches,
    /// The Windows page.
    pub(crate) windows: Windows,
    pub(crate) over: Option<Over>,
    pub(crate) theme: Theme,
    pub(crate) notices: Vec<String>,
    pub(crate) errors: Rc<Map<&'static str, String>>,
    pub(crate) loaded: Option<Rc<Loaded>>,
    /// A link that waits for this file.
    pub(crate) awaited: Option<(Link, OwnFile)>,
    pub(crate) link_text: String,
    /// A sentence that goes away by itself: "Link copied".
    pub(crate) said: String,
    /// Whether the person has played or paused: from then on being out of sight changes nothing.
    pub(crate) touched: bool,
    sheet: bool,
    more: bool,
    /// How many were in this document before us.
    others: u32,
    nodes: Nodes,
    /// One callback for ever: a new one at each drawing would draw every part of the page anew.
    pub(crate) on: Callback<Action>,
    root: NodeRef,
    /// The page whose name is in sight in the head, where not all are.
    in_sight: Option<Page>,
    watch: Option<Watch>,
    _ears: Vec<Ear>,
}

thread_local! {
    /// How many of us this document has had.
    static OTHERS: Cell<u32> = const { Cell::new(0) };
}

/// A listener of the window or document that ends with its owner.
struct Ear {
    target: web_sys::EventTarget,
    event: &'static str,
    call: Closure<dyn FnMut(web_sys::Event)>,
}

impl Ear {
    fn new(
        target: impl Into<web_sys::EventTarget>,
        event: &'static str,
        mut heard: impl FnMut(web_sys::Event) + 'static,
    ) -> Self {
        let target = target.into();
        let call = Closure::<dyn FnMut(web_sys::Event)>::new(move |event| {
            if !crate::crash::dead() {
                heard(event);
            }
        });
        let function: js_sys::Function = call.as_ref().unchecked_ref::<js_sys::Function>().clone();
        let _ = target.add_event_listener_with_callback(event, &function);
        let deaf = target.clone();
        crate::crash::on_death(move || {
            let _ = deaf.remove_event_listener_with_callback(event, &function);
        });
        Self {
            target,
            event,
            call,
        }
    }
}

impl Drop for Ear {
    fn drop(&mut self) {
        let call = self.call.as_ref().unchecked_ref();
        let _ = self
            .target
            .remove_event_listener_with_callback(self.event, call);
    }
}

/// What a fragment opens.
pub(crate) struct Opening {
    pub lab: Lab,
    pub look: Look,
    pub page: Page,
    pub complaints: Vec<String>,
    pub awaited: Option<(Link, OwnFile)>,
    /// Whether it is a moment to look at rather than a run to watch.
    pub still: bool,
    /// The Sketches page, where it is what is linked to.
    pub sketches: Option<Box<Sketches>>,
    /// The Windows page, likewise.
    pub windows: Option<Windows>,
}

impl Opening {
    /// Opens a fragment: a link, a page's name, or nothing.
    pub fn of(fragment: &str, params: &Params) -> Self {
        let name = fragment.trim_start_matches('#');
        let seed = params.seed.unwrap_or(FIRST_SEED);
        let plain = |page: Option<Page>, complaints| {
            let lab = match (&params.scenario, page) {
                (None, Some(page)) => Lab::first_of(page, seed),
                (scenario, page) => {
                    let name = scenario.as_deref().unwrap_or(FIRST);
                    Lab::named(name, page.unwrap_or_default(), seed)
                }
            };
            Self {
                page: fitting(page, &lab),
                lab,
                look: Look::default(),
                complaints,
                awaited: None,
                still: false,
                sketches: None,
                windows: None,
            }
        };
        if let Some(page) = Page::by_name(name) {
            return plain(Some(page), Vec::new());
        }
        let opened = Link::open(fragment);
        let Some(mut link) = opened.link else {
            return plain(None, opened.complaints);
        };
        // What an exam asks is not to be seen in a run beside.
        link.beside.take_if(|_| params.exam);
        let mut look = Look {
            tab: crate::ui::Tab::by_name(&link.tab),
            order: link.order,
            partition: link.partition.unwrap_or(0),
            record: link.record,
            clicks: millrace::view::clickstream::Look {
                visitor: link.visitor.unwrap_or(0),
                session: link.session,
            },
            ..Look::default()
        };
        look.topic.topic.clone_from(&link.topic);
        let named = Page::by_name(&link.page);
        let sketches = (named == Some(Page::Sketches)).then(|| {
            let setup = link.sketch.clone().unwrap_or_default();
            Box::new(Sketches::opened(setup, look.tab, link.answers.clone()))
        });
        let mut complaints = opened.complaints;
        let windows = (named == Some(Page::Windows)).then(|| {
            let saved = link.windows.clone().unwrap_or_default();
            let (page, mut wrong) = Windows::linked(&saved, look.tab, link.answers.clone());
            complaints.append(&mut wrong);
            page
        });
        let (lab, awaited) = match Lab::opened(link.clone()) {
            Start::Ready(lab) => (*lab, None),
            Start::NeedsFile(lab, file) => (*lab, Some((link, file))),
        };
        let page = fitting(named, &lab);
        Self {
            lab,
            look,
            page,
            complaints,
            awaited,
            still: true,
            sketches,
            windows,
        }
    }
}

/// The page to show a lab on: the one wanted, if it can show it.
fn fitting(wanted: Option<Page>, lab: &Lab) -> Page {
    let scenario = lab.timeline().scenario();
    let home = Page::home(scenario);
    let fits = |page: &Page| match page {
        Page::Orders | Page::Layers | Page::Clickstream => *page == home,
        _ => true,
    };
    wanted.filter(fits).unwrap_or(home)
}

/// The page on whose stage a lab is, while this page is open.
pub(crate) fn stage_of(page: Page, lab: &Lab) -> Page {
    if page.has_stage() {
        page
    } else {
        Page::home(lab.timeline().scenario())
    }
}

fn ears(link: &yew::html::Scope<App>, owner: bool, params: &Params) -> Vec<Ear> {
    let mut ears = Vec::new();
    if owner {
        let on = link.callback(Msg::Do);
        ears.push(Ear::new(dom::document(), "keydown", move |event| {
            if let Some(event) = event.dyn_ref::<web_sys::KeyboardEvent>()
                && let Some(action) = keys::action(event)
            {
                event.prevent_default();
                on.emit(action);
            }
        }));
        for event in ["dragover", "drop"] {
            let (on, locked) = (link.callback(Msg::Do), params.locked("load"));
            ears.push(Ear::new(dom::document(), event, move |event| {
                crate::drop::heard(&event, locked, &on);
            }));
        }
        let on = link.callback(|()| Msg::Open(dom::fragment()));
        ears.push(Ear::new(dom::window(), "hashchange", move |_| on.emit(())));
    }
    for wish in [
        "(prefers-color-scheme: dark)",
        "(prefers-reduced-motion: reduce)",
    ] {
        if let Ok(Some(list)) = dom::window().match_media(wish) {
            let on = link.callback(|()| Msg::Recolour);
            ears.push(Ear::new(list, "change", move |_| on.emit(())));
        }
    }
    ears
}

impl Component for App {
    type Message = Msg;
    type Properties = AppProps;

    fn create(ctx: &Context<Self>) -> Self {
        let AppProps {
            params,
            fragment,
            owner,
        } = ctx.props();
        let mut opening = Opening::of(fragment, params);
        let news = ctx.link().callback(|fresh| Msg::News(Box::new(fresh)));
        let mut notices = opening.lab.take_notices();
        notices.append(&mut opening.complaints);
        // What a link shows stands still; so does what nobody may be looking at yet.
        let play = !opening.still && !params.embed && opening.page.has_stage();
        opening.lab.player_mut().play(play);
        let staged = stage_of(opening.page, &opening.lab);
        if params.bench && staged == Page::Orders {
            opening.lab.crowd();
        }
        let on = ctx.link().callback(Msg::Do);
        let mut sketches = opening
            .sketches
            .take()
            .map_or_else(Sketches::default, |page| *page);
        let play = !opening.still && !params.embed && !params.locked("play");
        sketches.play(play && opening.page == Page::Sketches, &on);
        let windows = opening.windows.take().unwrap_or_default();
        windows.play(play && opening.page == Page::Windows);
        let host = Host::new(opening.lab, opening.look, params, news);
        host.set_windows(windows.clone(), on.clone());
        host.open_page(opening.page);
        let shown = host.snapshot();
        let remembered = dom::recall("theme").and_then(|name| Theme::by_name(&name));
        let theme = params.theme.or(remembered).unwrap_or_default();
        Self {
            host,
            shown,
            page: opening.page,
            staged,
            parked: Vec::new(),
            sketches,
            windows,
            over: None,
            theme,
            notices,
            errors: Rc::default(),
            loaded: None,
            awaited: opening.awaited,
            link_text: String::new(),
            said: String::new(),
            touched: opening.still,
            sheet: false,
            more: false,
            others: OTHERS.replace(OTHERS.get() + 1),
            nodes: Nodes::default(),
            on,
            root: NodeRef::default(),
            in_sight: None,
            watch: None,
            _ears: ears(ctx.link(), *owner, params),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::News(fresh) => {
                if fresh.score != self.shown.score {
                    embed::post_score(fresh.score);
                }
                self.shown = *fresh;
                let fresh = self.host.take_notices();
                fresh.iter().for_each(|notice| embed::post_error(notice));
                self.notices.extend(fresh);
                true
            }
            Msg::Do(action) => self.act(ctx, action),
            Msg::Copied(true) => {
                self.said = "Link copied.".to_owned();
                true
            }
            Msg::Copied(false) => {
                self.over = Some(Over::Link);
                true
            }
            Msg::Open(fragment) => self.open(ctx, &fragment),
            Msg::Seen(seen) => {
                if self.page == Page::Sketches {
                    // What a link shows stands still.
                    let play = seen && self.sketches.fresh();
                    self.sketches.play(play, &self.on);
                } else if self.page == Page::Windows {
                    self.windows.play(seen && self.windows.fresh());
                } else if !self.touched || !seen {
                    self.host.lab(|lab| lab.player_mut().play(seen));
                }
                false
            }
            Msg::Recolour => {
                self.host.recolour(self.dark());
                true
            }
            Msg::Sheet => {
                self.sheet = !self.sheet;
                true
            }
            Msg::More => {
                self.more = !self.more;
                true
            }
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let AppProps { params, owner, .. } = ctx.props();
        let ui = self.ui(ctx);
        let header = Header {
            page: self.page,
            theme: self.theme,
            more: self.more,
            toggle: ctx.link().callback(|_| Msg::More),
        };
        let class = classes!(
            "millrace",
            params.embed.then_some("embed"),
            (self.page == Page::Notes).then_some("on-notes"),
            self.sheet.then_some("sheet-up"),
        );
        // Where the address is somebody else's, links to moments and pages stay within our element.
        let onclick = (!owner).then(|| {
            let open = ctx.link().callback(Msg::Open);
            Callback::from(move |event: MouseEvent| {
                if let Some(fragment) = dom::followed(&event) {
                    event.prevent_default();
                    open.emit(fragment);
                }
            })
        });
        html! {
            <div {class} data-theme={self.theme.name()} ref={self.root.clone()} {onclick}>
                { header.view(&ui) }
                { self.view_notices(ctx) }
                if self.page == Page::Notes {
                    <Notes />
                } else if self.page == Page::Sketches {
                    { self.sketches.view(&ui, self.sheet, &ctx.link().callback(|()| Msg::Sheet)) }
                } else if self.page == Page::Windows {
                    { self.windows.view(&ui, self.sheet, &ctx.link().callback(|()| Msg::Sheet)) }
                } else {
                    { self.view_lab(ctx, &ui) }
                }
                if let Some(over) = self.over {
                    { dialog(&ui, over, &self.link_text, &self.shown, self.loaded.as_ref()) }
                }
                <p class="said" role="status">{ &self.said }</p>
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        self.host.set_dials(self.nodes.dials());
        if self.in_sight.replace(self.page) != Some(self.page) {
            let root = self.root.cast::<web_sys::Element>();
            let name = root.and_then(|root| root.query_selector("nav [aria-current]").ok()?);
            name.as_ref().inspect(|name| dom::bring_in_sight(name));
        }
        if !first {
            return;
        }
        self.paint_root(ctx);
        self.host.recolour(self.dark());
        if ctx.props().params.embed
            && let Some(root) = self.root.cast::<web_sys::Element>()
        {
            let seen = ctx.link().callback(Msg::Seen);
            self.watch = Watch::new(&root, move |now| seen.emit(now));
        }
        self.post_notices();
    }

    fn destroy(&mut self, _: &Context<Self>) {
        self.watch = None;
        self.host.stop();
    }
}

impl App {
    /// Tells the page around us what ours says.
    pub(crate) fn post_notices(&self) {
        for complaint in &self.notices {
            embed::post_error(complaint);
        }
    }

    /// What every part of the page may need.
    pub(crate) fn ui(&self, ctx: &Context<Self>) -> Ui {
        Ui {
            on: self.on.clone(),
            params: ctx.props().params.clone(),
            page: self.page,
            others: self.others,
            errors: self.errors.clone(),
        }
    }

    /// Whether the page is dark now.
    pub(crate) fn dark(&self) -> bool {
        match self.theme {
            Theme::System => dom::dark(),
            Theme::Light => false,
            Theme::Dark => true,
        }
    }

    /// The theme where our own element does not reach.
    pub(crate) fn paint_root(&self, ctx: &Context<Self>) {
        if ctx.props().owner
            && let Some(root) = dom::document().document_element()
        {
            let _ = root.set_attribute("data-theme", self.theme.name());
        }
    }

    fn view_lab(&self, ctx: &Context<Self>, ui: &Ui) -> Html {
        let shown = &self.shown;
        let sheet = ctx.link().callback(|()| Msg::Sheet);
        html! {
            <>
                <main class="lab">
                    { stage(ui, &self.host, shown) }
                    { side(ui, self.page, shown, self.sheet, &sheet) }
                </main>
                { bar(ui, &self.nodes, &shown.transport, shown.opening) }
            </>
        }
    }

    fn view_notices(&self, ctx: &Context<Self>) -> Html {
        if self.notices.is_empty() {
            return html! {};
        }
        let dismiss = ctx
            .link()
            .callback(|_: MouseEvent| Msg::Do(Action::Dismiss));
        html! {
            <div class="notices" role="alert" data-testid="notice">
                <div>{ for self.notices.iter().map(|notice| html! { <p>{ notice }</p> }) }</div>
                <button class="quiet" onclick={dismiss} aria-label="Dismiss">{ "×" }</button>
            </div>
        }
    }
}
