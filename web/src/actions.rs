//! What a person's doing does.

use crate::app::{App, Msg, Opening, stage_of};
use crate::beside::Compare;
use crate::dom;
use crate::embed;
use crate::lab::{FIRST_SEED, Lab};
use crate::models::Look;
use crate::params::Theme;
use crate::sketches;
use crate::stage::Gesture;
use crate::ui::{Action, Over, OwnWish, Page, Tab, TopicView};
use crate::windows;
use millrace::id::OrderId;
use millrace::link::OwnFile;
use millrace::protocol::{OffsetSpec, Service};
use millrace::scenario::RecordedOrder;
use millrace::scenario::orders_file;
use millrace::sim::Command;
use millrace::time::Span;
use millrace::view::clickstream::{self, Own};
use millrace::view::orders::OrdersScene;
use millrace::view::topics::{self, Wanted};
use std::rc::Rc;
use std::sync::Arc;
use yew::prelude::*;

/// A file of orders that a person opened.
#[derive(Clone, PartialEq)]
pub struct Loaded {
    /// Its name, hash and speed.
    pub file: OwnFile,
    /// The good rows.
    pub orders: Arc<[RecordedOrder]>,
    /// The bad ones: line number, and why.
    pub bad: Vec<(usize, String)>,
}

impl App {
    /// Does it; whether the page must be drawn anew.
    pub(crate) fn act(&mut self, ctx: &Context<Self>, action: Action) -> bool {
        // That time goes on is nothing that a person did.
        let by_itself = matches!(
            action,
            Action::Windows(windows::Wish::News) | Action::Sketch(sketches::Wish::Tick)
        );
        if !by_itself {
            self.said.clear();
        }
        if self.page == Page::Sketches {
            let ui = self.ui(ctx);
            let before = self.sketches.score();
            if self.sketches.act(&ui, &action) {
                let score = self.sketches.score();
                if score != before {
                    embed::post_score(score);
                }
                return true;
            }
        }
        if self.page == Page::Windows {
            let ui = self.ui(ctx);
            if self.windows.act(&ui, &action) {
                if let Some(score) = self.windows.new_score() {
                    embed::post_score(score);
                }
                return true;
            }
        }
        match action {
            Action::Act(from, commands) => self.command(ctx, from, commands),
            Action::Over(Some(Over::Embed)) => {
                // What cannot be put into a link is told, and the scene begins at its beginning.
                if self.present_link().is_none() {
                    self.link_text.clear();
                }
                self.over = Some(Over::Embed);
            }
            Action::Theme(theme) => self.set_theme(ctx, theme),
            Action::CopyLink => self.copy_link(ctx),
            Action::Over(Some(Over::Load)) if self.page == Page::Clickstream => {
                self.host.look(|look| look.tab = Tab::Data);
            }
            Action::Load(name, text) if self.page == Page::Clickstream => {
                self.load_clicks(&name, text);
            }
            Action::Over(over) => self.over = over,
            Action::Own(wish) => self.own(wish),
            Action::Load(name, text) => {
                self.turn_to_orders(ctx);
                self.load(&name, &text);
            }
            Action::Sample => self.load("sample-orders.csv", &orders_file::sample()),
            Action::FileSpeed(speed) => self.file_speed(speed),
            Action::Dismiss => self.notices.clear(),
            Action::Tab(tab) => self.host.look(|look| look.tab = tab),
            Action::Topic(topic) => self.host.look(|look| {
                // An offset is one of another record in another topic.
                look.record = look.record.filter(|_| look.topic.topic == topic.topic);
                look.topic = topic;
            }),
            Action::Partition(partition) => self.show_partition(partition),
            Action::Record(record) => self.follow_record(record),
            Action::Visitor(visitor, session) => self.show_visitor(visitor, session),
            Action::Order(order) => self.follow(order),
            Action::Gesture(gesture) => self.gesture(ctx, gesture),
            Action::Compare(what) => self.compare(ctx, what),
            Action::Hunt(what) => self.host.hunt(what.as_ref()),
            Action::TryCrashes(wanted) => self.host.try_crashes(&wanted),
            Action::PlayCrash(n) => {
                self.touched = true;
                self.host.play_crash(n);
                let play = !ctx.props().params.locked("play");
                self.host.lab(|lab| lab.player_mut().play(play));
            }
            Action::Open(fragment) => return self.open(ctx, &fragment),
            other => self.transport(ctx, other),
        }
        true
    }

    /// Two runs side by side: what differs is told on the Explain tab.
    fn compare(&self, ctx: &Context<Self>, what: Compare) {
        if ctx.props().params.locked("fork") || self.staged != Page::Cluster {
            return;
        }
        self.host.lab(|lab| lab.compare(what));
        let begins = !matches!(what, Compare::Choose(_) | Compare::Keep(_));
        self.host.look(|look| {
            if begins {
                look.tab = Tab::Explain;
            }
        });
    }

    /// Follows an order: its life is on the Topic tab.
    fn follow(&self, order: Option<OrderId>) {
        self.host.look(|look| {
            look.order = order;
            if order.is_some() {
                look.tab = Tab::Topic;
            }
        });
    }

    /// Shows a partition's replicas; an offset is one of another record in another partition.
    fn show_partition(&self, partition: u32) {
        self.host.look(|look| {
            look.record = look.record.filter(|_| look.partition == partition);
            look.partition = partition;
        });
    }

    /// Begins to read a file of clicks. The scene stands still meanwhile, and while they are shown.
    fn load_clicks(&mut self, name: &str, text: String) {
        let errors = Rc::make_mut(&mut self.errors);
        errors.remove("own");
        match Own::open(name, text.into_bytes()) {
            Ok(own) => {
                self.host.lab(|lab| lab.player_mut().play(false));
                self.host.set_own(Some(own));
            }
            Err(why) => drop(errors.insert("own", why)),
        }
        self.host.look(|look| look.tab = Tab::Data);
    }

    fn own(&mut self, wish: OwnWish) {
        let errors = Rc::make_mut(&mut self.errors);
        errors.remove("own");
        let to = match wish {
            OwnWish::Close => {
                self.host.set_own(None);
                return;
            }
            OwnWish::Turn(to) => Some(to),
            OwnWish::Find(name) => self.host.find_own(&name),
        };
        match to {
            Some(to) => self.host.look(|look| {
                look.first_user = to;
                look.clicks = clickstream::Look::default();
            }),
            None => drop(errors.insert("own", "No user has such a name.".to_owned())),
        }
    }

    /// Shows a visitor's sessions.
    fn show_visitor(&self, visitor: u32, session: Option<i64>) {
        self.host
            .look(|look| look.clicks = clickstream::Look { visitor, session });
    }

    /// Follows a record: its way is on the Partition tab.
    fn follow_record(&self, record: Option<(u32, i64)>) {
        self.host.look(|look| {
            look.record = record.map(|(_, offset)| offset);
            if let Some((partition, _)) = record {
                look.partition = partition;
                look.tab = Tab::Partition;
            }
        });
    }

    /// What was done on the stage itself.
    fn gesture(&mut self, ctx: &Context<Self>, gesture: Gesture) {
        match gesture {
            Gesture::Select(order) => self.follow(order),
            Gesture::Seek(at) => self.transport(ctx, Action::Seek(at)),
            Gesture::Partition(partition) => self.show_partition(partition),
            Gesture::Session(visitor, session) => self.show_visitor(visitor, session),
            Gesture::Work { station, mean } => {
                if let Some(&service) = Service::ALL.get(station.wrapping_sub(1)) {
                    let work = Command::SetWork {
                        service,
                        mean_us: mean.0,
                    };
                    self.command(ctx, "work", vec![work]);
                }
            }
            Gesture::Rewind {
                topic,
                group,
                partition,
                offset,
            } => {
                let rewind = self.rewind_to(topic, group, partition, offset);
                self.command(ctx, "rewind", rewind.into_iter().collect());
            }
            Gesture::Record {
                partition, offset, ..
            } if self.staged == Page::Cluster => {
                let partition = u32::try_from(partition).unwrap_or_default();
                self.follow_record(Some((partition, offset)));
            }
            Gesture::Record {
                topic,
                partition,
                offset,
                order,
            } => {
                let name = self.topic_name(topic);
                self.host.look(|look| {
                    look.tab = Tab::Topic;
                    look.order = order;
                    look.topic = TopicView {
                        topic: name,
                        bytes: u32::try_from(partition).ok().map(|p| (p, offset)),
                        ..TopicView::default()
                    };
                });
            }
        }
    }

    fn topic_name(&self, topic: usize) -> String {
        let name = |scene: &OrdersScene, _: &Lab| scene.topics.get(topic).map(|t| t.name.clone());
        self.host.with_scene(name).unwrap_or_default()
    }

    /// A bar dragged to a record: in that partition the group goes to that record's time.
    fn rewind_to(
        &self,
        topic: usize,
        group: usize,
        partition: usize,
        offset: i64,
    ) -> Option<Command> {
        let name = self.topic_name(topic);
        self.host.with_scene(|scene, lab| {
            let group = scene.topics.get(topic)?.groups.get(group)?;
            let service = Service::ALL.into_iter().find(|s| s.name() == group)?;
            let wanted = Wanted {
                partition: u32::try_from(partition).ok(),
                from: Some(offset),
                most: 1,
                ..Wanted::default()
            };
            let rows = topics::topic_rows(&lab.timeline().moment().world, &name, &wanted);
            let to = rows.first().map_or(OffsetSpec::Latest, |row| {
                OffsetSpec::Timestamp(row.timestamp_ms)
            });
            Some(Command::Rewind {
                service,
                to,
                partition: wanted.partition,
            })
        })
    }

    /// What has to do with time.
    fn transport(&mut self, ctx: &Context<Self>, action: Action) {
        // Who goes on in time wants to see the scene again.
        let stays = matches!(
            action,
            Action::Speed(_) | Action::Faster(_) | Action::Answer(..) | Action::Lengthen
        );
        if !stays && self.page == Page::Clickstream && self.host.has_own() {
            self.host.set_own(None);
        }
        let locked = |name| ctx.props().params.locked(name);
        match action {
            Action::Toggle if !locked("play") => {
                self.touched = true;
                self.host.lab(|lab| {
                    let playing = lab.player().playing();
                    lab.player_mut().play(!playing);
                });
            }
            Action::StepBack if !locked("step") => self.host.lab(Lab::step_back),
            Action::StepForward if !locked("step") => self.host.lab(Lab::step_forward),
            Action::Seek(to) if !locked("seek") => self.host.lab(|lab| lab.seek(to)),
            Action::Lengthen if !locked("seek") => self.host.lab(Lab::lengthen),
            Action::Speed(speed) if !locked("speed") => {
                self.host.lab(|lab| lab.player_mut().set_speed(speed));
            }
            Action::Faster(up) if !locked("speed") => self.host.lab(|lab| {
                let speed = lab.player().speed();
                let next = if up {
                    speed + 1
                } else {
                    speed.saturating_sub(1)
                };
                lab.player_mut().set_speed(next);
            }),
            Action::Answer(question, option) => {
                self.host.lab(|lab| lab.answer(&question, option));
            }
            Action::Fork(index) => self.host.lab(|lab| lab.return_to(index)),
            Action::Seed(seed) if !locked("seed") => {
                let seed = seed.unwrap_or_else(dom::fresh_seed);
                let name = self.shown.scenario.0.clone();
                self.begin(&name, seed);
            }
            Action::Scenario(name) if !locked("seed") => {
                if self.staged == Page::Orders {
                    self.loaded = None;
                }
                let seed = self.shown.transport.seed;
                self.begin(&name, seed);
            }
            _ => {}
        }
    }

    /// Starts a run from the beginning, with the person's own orders if they have loaded some.
    fn begin(&mut self, name: &str, seed: u64) {
        self.errors = Rc::default();
        match self.loaded.as_ref().filter(|_| self.staged == Page::Orders) {
            Some(loaded) => {
                let (file, orders) = (loaded.file.clone(), loaded.orders.clone());
                match Lab::with_orders(name, seed, file, orders) {
                    Ok(lab) => self.host.replace(lab),
                    Err(why) => self.notices.push(why),
                }
            }
            None => self.host.replace(Lab::named(name, self.staged, seed)),
        }
    }

    fn command(&mut self, ctx: &Context<Self>, from: &'static str, commands: Vec<Command>) {
        if ctx.props().params.locked(from) {
            return;
        }
        let what = self
            .host
            .lab(|lab| commands.into_iter().try_for_each(|c| lab.act(c)));
        let errors = Rc::make_mut(&mut self.errors);
        errors.remove(from);
        if let Err(why) = what {
            errors.insert(from, why);
        }
    }

    /// Opens a page. Each page with a stage has a run of its own, which waits while another is open.
    fn turn_to(&mut self, ctx: &Context<Self>, page: Page) {
        if page != self.page {
            self.host.lab(|lab| lab.player_mut().play(false));
            self.sketches.play(false, &self.on);
            self.windows.play(
                page == Page::Windows && self.windows.fresh() && !ctx.props().params.locked("play"),
            );
            if page == Page::Sketches && self.sketches.fresh() {
                let play = !ctx.props().params.locked("play");
                self.sketches.play(play, &self.on);
            }
        }
        if page.has_stage() && page != self.staged {
            let waits = self.parked.iter().position(|(parked, ..)| *parked == page);
            let (lab, look) = match waits.map(|n| self.parked.swap_remove(n)) {
                Some((_, lab, look)) => (lab, look),
                None => {
                    let params = &ctx.props().params;
                    let mut lab = Lab::first_of(page, params.seed.unwrap_or(FIRST_SEED));
                    lab.player_mut().play(!params.locked("play"));
                    (lab, Look::default())
                }
            };
            let (lab, look) = self.host.exchange(lab, look);
            self.parked.push((self.staged, lab, look));
            self.staged = page;
            self.errors = Rc::default();
        }
        self.page = page;
        self.host.open_page(page);
        if ctx.props().owner {
            dom::document().set_title(&format!("{} · Millrace", page.title()));
        }
    }

    /// Opens a fragment that a link of ours has, or that somebody put into the address.
    pub(crate) fn open(&mut self, ctx: &Context<Self>, fragment: &str) -> bool {
        let name = fragment.trim_start_matches('#');
        self.notices.clear();
        self.over = None;
        let page = Page::by_name(name).or(name.is_empty().then(Page::default));
        if let Some(page) = page {
            self.turn_to(ctx, page);
            return true;
        }
        let opening = Opening::of(fragment, &ctx.props().params);
        self.notices = opening.complaints;
        self.post_notices();
        if !opening.still {
            // What cannot be opened leaves what is open alone.
            return true;
        }
        if let Some(sketches) = opening.sketches {
            self.sketches = *sketches;
            self.page = Page::Sketches;
            self.turn_to(ctx, Page::Sketches);
            return true;
        }
        if let Some(windows) = opening.windows {
            self.host.set_windows(windows.clone(), self.on.clone());
            self.windows = windows;
            self.page = Page::Windows;
            self.turn_to(ctx, Page::Windows);
            return true;
        }
        self.awaited = opening.awaited;
        self.host.lab(|lab| lab.player_mut().play(false));
        // What is played on another page waits there; only a run of the same page is replaced.
        let stage = stage_of(opening.page, &opening.lab);
        self.parked.retain(|(parked, ..)| *parked != stage);
        let (lab, look) = self.host.exchange(opening.lab, opening.look);
        if stage != self.staged {
            self.parked.push((self.staged, lab, look));
            self.staged = stage;
        }
        self.turn_to(ctx, opening.page);
        true
    }

    /// Orders of one's own are for the shops.
    fn turn_to_orders(&mut self, ctx: &Context<Self>) {
        if self.staged != Page::Orders {
            self.turn_to(ctx, Page::Orders);
        }
    }

    fn set_theme(&mut self, ctx: &Context<Self>, theme: Theme) {
        self.theme = theme;
        dom::remember("theme", theme.name());
        self.paint_root(ctx);
        self.host.recolour(self.dark());
    }

    /// Makes the link to this very instant, and gives back its fragment.
    fn present_link(&mut self) -> Option<String> {
        let link = if self.page == Page::Sketches {
            self.sketches.link().encode()
        } else if self.page == Page::Windows {
            self.windows.link().encode()
        } else {
            self.host.link(self.page)
        };
        match link {
            Ok(fragment) => {
                self.link_text = format!("{}#{fragment}", dom::address());
                Some(fragment)
            }
            Err(why) => {
                self.notices.push(why.to_string());
                None
            }
        }
    }

    fn copy_link(&mut self, ctx: &Context<Self>) {
        let Some(fragment) = self.present_link() else {
            return;
        };
        if ctx.props().owner
            && let Ok(history) = dom::window().history()
        {
            // So that the address bar says the same, and reloading stays here.
            let here = format!("{}#{fragment}", dom::query());
            let _ = history.replace_state_with_url(&wasm_bindgen::JsValue::NULL, "", Some(&here));
        }
        let text = self.link_text.clone();
        let done = ctx.link().callback(Msg::Copied);
        wasm_bindgen_futures::spawn_local(async move {
            let copied = dom::copy(&text).await;
            done.emit(copied);
        });
    }

    fn load(&mut self, name: &str, text: &str) {
        let parsed = orders_file::parse(name, text);
        let file = OwnFile {
            name: name.to_owned(),
            hash: parsed.hash,
            speed: speed_for(&parsed.orders),
        };
        let loaded = Loaded {
            file,
            orders: parsed.orders.into(),
            bad: parsed.bad,
        };
        if loaded.orders.is_empty() {
            self.loaded = Some(Rc::new(loaded));
            return;
        }
        self.play_file(loaded);
    }

    fn file_speed(&mut self, speed: f64) {
        if let Some(loaded) = &self.loaded {
            let mut loaded = (**loaded).clone();
            loaded.file.speed = speed;
            self.play_file(loaded);
        }
    }

    /// Plays a file's orders: afresh, or as the link that waited for this very file has it.
    fn play_file(&mut self, mut loaded: Loaded) {
        let awaited = self
            .awaited
            .take_if(|(_, file)| file.hash == loaded.file.hash);
        if let Some((_, file)) = &awaited {
            loaded.file.speed = file.speed;
        }
        let (name, seed) = match &awaited {
            Some((link, _)) => (link.scenario.clone(), link.seed),
            None => self.host.lab(|lab| {
                let timeline = lab.timeline();
                (timeline.scenario().name.clone(), timeline.seed())
            }),
        };
        let (file, orders) = (loaded.file.clone(), loaded.orders.clone());
        self.loaded = Some(Rc::new(loaded));
        match Lab::with_orders(&name, seed, file, orders) {
            Ok(mut lab) => {
                if let Some((link, _)) = awaited {
                    lab.replay(link);
                }
                self.host.replace(lab);
            }
            Err(why) => self.notices.push(why),
        }
        if let Some((_, wanted)) = &self.awaited {
            self.notices.push(format!(
                "This is not the file that the link was made with (“{}”): its content differs.",
                wanted.name
            ));
        } else {
            self.notices.clear();
        }
    }
}

/// How fast to replay a file at first: all of it within two minutes, and never slower than it was.
fn speed_for(orders: &[RecordedOrder]) -> f64 {
    let length = orders.last().map_or(Span::ZERO, |last| last.at);
    (length.0 as f64 / 120e6).ceil().max(1.0)
}

/// Light, dark, system, and round again.
pub fn next_theme(theme: Theme) -> Theme {
    match theme {
        Theme::System => Theme::Light,
        Theme::Light => Theme::Dark,
        Theme::Dark => Theme::System,
    }
}
