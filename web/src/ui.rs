//! What the parts of the page say to each other.

pub use crate::pages::{Page, Tab};

use crate::beside::{Compare, Compared};
use crate::panel::layers::{LayersFaultsData, LayersMetrics, LayersNow};
use crate::panel::nodes::NodeRow;
use crate::params::{Params, Theme};
use crate::player::SPEEDS;
use crate::sketches::Wish;
use crate::stage::Gesture;
use crate::windows;
use millrace::cluster::Flaw;
use millrace::id::OrderId;
use millrace::map::Map;
use millrace::protocol::{Acks, Stop};
use millrace::scenario::Settings;
use millrace::sim::faults::Intensity;
use millrace::sim::{Command, Hours};
use millrace::time::{Span, Time};
use millrace::view::biography::Course;
use millrace::view::cluster::ClusterScene;
use millrace::view::cluster::crashes::{Cell, Kind};
use millrace::view::cluster::network::Choices;
use millrace::view::cluster::record::Story;
use millrace::view::cluster::zookeeper::Znode;
use millrace::view::code::Listing;
use millrace::view::orders::{Answers, OrdersScene, Unfinished};
use millrace::view::panel::{
    Asked, Explain, LifeStep, Marker, PromiseRow, Table, TopicRow, WhatIf,
};
use millrace::view::predict::Score;
use std::rc::Rc;
use yew::prelude::*;

/// What lies over the page.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Over {
    /// Keys and what they do.
    Help,
    /// Lines to put a scene in a page.
    Embed,
    /// One's own orders.
    Load,
    /// Scenario and seed.
    Run,
    /// A link for browsers that keep us from the clipboard.
    Link,
}

/// What the topic table shows.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct TopicView {
    /// The topic; empty for the first.
    pub topic: String,
    /// Only keys that contain this.
    pub filter: String,
    /// Rows stay as they are.
    pub frozen: bool,
    /// The first offset of each partition shown; the youngest rows if there is none.
    pub from: Option<i64>,
    /// The record whose bytes are shown.
    pub bytes: Option<(u32, i64)>,
}

/// What a person did to the page.
#[derive(Clone, PartialEq, Debug)]
pub enum Action {
    /// Play or pause.
    Toggle,
    /// One event back.
    StepBack,
    /// One event forward.
    StepForward,
    /// To this time.
    Seek(Time),
    /// This place in [`SPEEDS`].
    Speed(usize),
    /// The next speed up or down.
    Faster(bool),
    /// From the start with this seed, or with a fresh one.
    Seed(Option<u64>),
    /// From the start with this scenario.
    Scenario(String),
    /// Commands, and which control they are from, where a problem is shown.
    Act(&'static str, Vec<Command>),
    /// An option of a question.
    Answer(String, usize),
    /// The life of this order, or of none.
    Order(Option<OrderId>),
    /// Another look at the topic table.
    Topic(TopicView),
    /// Another partition on the ruler.
    Partition(u32),
    /// This visitor's sessions, by the row; the one around this moment of event time, or the newest.
    Visitor(u32, Option<i64>),
    /// The way of the record at this offset of this partition, or of none.
    Record(Option<(u32, i64)>),
    /// Back to the future that acting in the past set aside.
    Fork(usize),
    /// A tab.
    Tab(Tab),
    /// Something over the page, or nothing.
    Over(Option<Over>),
    /// The next theme.
    Theme(Theme),
    /// Two runs side by side.
    Compare(Compare),
    /// A hunt for failures begins, or the one that is on ends.
    Hunt(Option<Hunting>),
    /// A crash is to be tried at many moments.
    TryCrashes(CrashWanted),
    /// The crash of this number of those tried is to be played.
    PlayCrash(usize),
    /// What a link shows.
    Open(String),
    /// The link to the clipboard.
    CopyLink,
    /// A file of orders: its name and text.
    Load(String, String),
    /// The sample of orders that comes with us.
    Sample,
    /// How many times faster than recorded.
    FileSpeed(f64),
    /// The time line is to reach further.
    Lengthen,
    /// What was said is read.
    Dismiss,
    /// Something done on the stage itself.
    Gesture(Gesture),
    /// Something done to a sketch.
    Sketch(Wish),
    /// Something done with one's own clicks.
    Own(OwnWish),
    /// Something done to windows.
    Windows(windows::Wish),
}

/// What every part of the page may need.
#[derive(Clone, PartialEq)]
pub struct Ui {
    /// Does it.
    pub on: Callback<Action>,
    /// What the address asked for.
    pub params: Rc<Params>,
    /// The page that is open.
    pub page: Page,
    /// How many others were in this document before us: ids are a document's.
    pub others: u32,
    /// What went wrong, by the control it was from.
    pub errors: Rc<Map<&'static str, String>>,
}

impl Ui {
    /// A callback that does `action` whatever it is handed.
    pub fn does<E: 'static>(&self, action: Action) -> Callback<E> {
        let on = self.on.clone();
        Callback::from(move |_| on.emit(action.clone()))
    }
}

/// The transport.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Transport {
    /// The time shown.
    pub now: Time,
    /// The furthest time played.
    pub played: Time,
    /// Where the scrubber ends.
    pub end: Time,
    /// Beyond which it cannot be made longer.
    pub latest: Time,
    /// The hours of the day, if that is what the scene takes.
    pub hours: Option<Hours>,
    /// Whether time passes.
    pub playing: bool,
    /// The place in [`SPEEDS`].
    pub speed: usize,
    /// Whether the simulation is slower than that.
    pub behind: bool,
    /// The seed.
    pub seed: u64,
    /// Points of the scrubber.
    pub markers: Rc<Vec<Marker>>,
    /// Futures set aside by acting in the past: when each forked.
    pub forks: Rc<Vec<Time>>,
}

impl Transport {
    /// The speed in simulated seconds per second at the pace of the scene.
    pub fn factor(&self) -> f64 {
        SPEEDS[self.speed.min(SPEEDS.len() - 1)]
    }

    /// A time without its milliseconds.
    pub fn clock(&self, at: Time) -> String {
        let text = self
            .hours
            .map_or_else(|| at.to_string(), |hours| hours.clock(at));
        text.split('.').next().unwrap_or_default().to_owned()
    }
}

/// The Explain tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ExplainData {
    /// What happens now.
    pub explain: Explain,
    /// Questions asked so far.
    pub asked: Vec<Asked>,
    /// Interventions that teach.
    pub what_if: Vec<WhatIf>,
    /// The numbers of both shops.
    pub numbers: Table,
    /// The youngest records of the first topic.
    pub live: Vec<TopicRow>,
    /// That topic's name.
    pub live_topic: String,
    /// The guarantees.
    pub promises: Vec<PromiseRow>,
}

/// The Topic tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TopicData {
    /// All topics: name and number of partitions.
    pub topics: Vec<(String, u32)>,
    /// What is looked at.
    pub view: TopicView,
    /// Its rows.
    pub rows: Vec<TopicRow>,
    /// The bytes asked for, as a hex dump.
    pub bytes: Option<String>,
    /// What `kafka-topics --describe` prints of it.
    pub describe: String,
    /// The order looked at.
    pub order: Option<OrderId>,
    /// Its life.
    pub life: Vec<LifeStep>,
    /// Its way through both shops.
    pub courses: Vec<Course>,
}

/// The Metrics tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct MetricsData {
    /// The numbers of both shops.
    pub numbers: Table,
    /// Lag of each group.
    pub lag: Table,
    /// The lag of each service's group over time, `Metrics::EVERY` apart.
    pub lags: Vec<[u32; 3]>,
    /// How busy each service is.
    pub load: Table,
    /// The guarantees.
    pub promises: Vec<PromiseRow>,
    /// Pictures as tables.
    pub scene: Rc<OrdersScene>,
    /// The chart of unfinished orders.
    pub unfinished: Unfinished,
    /// The histogram.
    pub answers: Answers,
}

/// The Faults tab.
#[derive(Clone, PartialEq, Debug)]
pub struct FaultsData {
    /// The settings in force.
    pub settings: Settings,
    /// Which services' consumers are paused, in the order of `Service::ALL`.
    pub paused: [bool; 3],
    /// How many of each service's processes are up, in both shops.
    pub up: [u32; 3],
    /// Every node that can be stopped by itself.
    pub nodes: Vec<NodeRow>,
    /// How many partitions the topic has that each service reads.
    pub partitions: [u32; 3],
}

/// What happens now on the Cluster page.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClusterNow {
    /// In words.
    pub explain: Explain,
    /// Questions asked so far.
    pub asked: Vec<Asked>,
    /// Interventions that teach.
    pub what_if: Vec<WhatIf>,
    /// The chosen partition's replicas.
    pub replicas: Table,
    /// What would come of it if a broker died now.
    pub if_it_died: Table,
    /// The guarantees.
    pub promises: Vec<PromiseRow>,
}

/// What happens now on the Clickstream page.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClicksNow {
    /// In words.
    pub explain: Explain,
    /// Questions asked so far.
    pub asked: Vec<Asked>,
    /// Interventions that teach.
    pub what_if: Vec<WhatIf>,
    /// The visitors shown, and which is looked at.
    pub users: Vec<String>,
    /// See `users`.
    pub visitor: u32,
    /// What models make of the session that is looked at.
    pub courses: Option<Table>,
    /// The youngest records of the topic of sessions.
    pub live: Table,
    /// The picture as a table.
    pub sessions: Table,
    /// The guarantees.
    pub promises: Vec<PromiseRow>,
    /// Whether these are a person's own clicks.
    pub own: bool,
}

/// What a person does with clicks of their own.
#[derive(Clone, PartialEq, Debug)]
pub enum OwnWish {
    /// Stop reading them, or show the scene again.
    Close,
    /// Show the users from this place on.
    Turn(usize),
    /// Show the user of this name.
    Find(String),
}

/// A person's own clicks.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct OwnClicks {
    /// While they are read: how far, in percent, and what is done.
    pub progress: Option<(u32, String)>,
    /// What came of it.
    pub told: String,
    /// The same as tables.
    pub tables: Vec<Table>,
    /// Rows that were left out.
    pub bad: Option<Table>,
    /// The place of the first user shown, and how many there are.
    pub first: usize,
    /// See `first`.
    pub users: usize,
}

/// The Models tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct ClicksModels {
    /// What models make of the session that is looked at.
    pub courses: Option<Table>,
    /// What moved the regression.
    pub moved: Option<Table>,
    /// Of all sessions.
    pub totals: Vec<Table>,
    /// How good the models are, as training measured it.
    pub measured: Vec<Table>,
    /// Files that could not be loaded.
    pub missing: Vec<&'static str>,
}

/// The Partition tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct PartitionData {
    /// The picture.
    pub scene: ClusterScene,
    /// The record that is followed.
    pub record: Option<Story>,
    /// What the text twins show.
    pub tables: Vec<Table>,
    /// The same cluster as ZooKeeper kept it.
    pub znodes: Vec<Znode>,
    /// How many partitions the topic has.
    pub partitions: u32,
    /// What `kafka-topics --describe` prints of its topic.
    pub console: String,
}

/// How a broker's or controller's process stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NodeState {
    /// It runs.
    Up,
    /// It does nothing for a while.
    Frozen,
    /// It does not run.
    Down,
}

/// The Faults tab of the Cluster page.
#[derive(Clone, PartialEq, Debug)]
pub struct ClusterFaultsData {
    /// The settings in force.
    pub settings: Settings,
    /// Brokers, controllers and stream workers, and how they stand.
    pub nodes: Vec<(AttrValue, NodeState)>,
    /// Brokers whose disks are slow or full, and how.
    pub disks: Vec<(String, String)>,
    /// The topic shown, and how many partitions it has.
    pub topic: (String, u32),
    /// The mistake that is switched on.
    pub flaw: Option<Flaw>,
    /// The hunt for failures, if there is or was one.
    pub hunt: Option<HuntData>,
    /// A crash at many moments of this run, if one was tried.
    pub crashes: Option<Rc<CrashesData>>,
}

/// Which crash to try at many moments.
#[derive(Clone, PartialEq, Debug)]
pub struct CrashWanted {
    /// The broker's number; none for whoever leads the chosen partition.
    pub broker: Option<u32>,
    /// How it stops.
    pub how: Stop,
    /// From the first moment to the last.
    pub span: Span,
}

/// A crash at many moments.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CrashesData {
    /// The partition whose writers are watched.
    pub place: String,
    /// The first moment.
    pub from: Time,
    /// From one moment to the next.
    pub step: Span,
    /// For how long the aftermath is watched.
    pub watched: Span,
    /// How many moments there will be.
    pub all: usize,
    /// What comes of no crash.
    pub without: Option<Cell>,
    /// Those tried so far.
    pub cells: Vec<Cell>,
    /// How many of each kind.
    pub legend: Vec<(Kind, usize)>,
    /// The same as a table.
    pub table: Table,
}

/// What a person hunts for, and where.
#[derive(Clone, PartialEq, Debug)]
pub struct Hunting {
    /// How many seeds.
    pub seeds: u64,
    /// The first of them.
    pub from: u64,
    /// How much goes wrong.
    pub faults: Intensity,
    /// The mistake that is switched on.
    pub flaw: Option<Flaw>,
}

/// A hunt for failures.
#[derive(Clone, PartialEq, Debug)]
pub struct HuntData {
    /// Whether it goes on.
    pub on: bool,
    /// How many seeds were played, and how many there are.
    pub played: (u64, u64),
    /// The same in words.
    pub progress: String,
    /// What broke.
    pub verdict: Option<String>,
    /// What it takes.
    pub steps: Option<Table>,
    /// The fragment of a link to where it broke.
    pub link: Option<String>,
}

impl CrashesData {
    /// The moment of a crash.
    pub fn moment(&self, n: usize) -> Time {
        self.from + Span(self.step.0 * n as u64)
    }
}

/// The Network tab.
#[derive(Clone, PartialEq, Debug)]
pub struct NetworkData {
    /// What there is to choose from.
    pub choices: Choices,
    /// What would come of it if a broker died now.
    pub if_it_died: Table,
    /// Interventions that teach.
    pub what_if: Vec<WhatIf>,
    /// The time shown.
    pub now: Time,
    /// How many copies producers ask for.
    pub acks: Acks,
}

/// The Code tab.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct CodeData {
    /// Programs in both languages.
    pub listings: Vec<Listing>,
}

/// The tab that is open.
#[derive(Clone, PartialEq, Debug)]
pub enum PanelData {
    /// Explain.
    Explain(Rc<ExplainData>),
    /// Topic.
    Topic(Rc<TopicData>),
    /// Metrics.
    Metrics(Rc<MetricsData>),
    /// Faults.
    Faults(Rc<FaultsData>),
    /// Code.
    Code(Rc<CodeData>),
    /// Explain, on the Cluster page.
    ClusterNow(Rc<ClusterNow>),
    /// Partition.
    Partition(Rc<PartitionData>),
    /// Faults, on the Cluster page.
    ClusterFaults(Rc<ClusterFaultsData>),
    /// Network.
    Network(Rc<NetworkData>),
    /// Explain, on the Lambda · Kappa page.
    LayersNow(Rc<LayersNow>),
    /// Metrics, on that page.
    LayersMetrics(Rc<LayersMetrics>),
    /// Faults, on that page.
    LayersFaults(Rc<LayersFaultsData>),
    /// Explain, on the Clickstream page.
    ClicksNow(Rc<ClicksNow>),
    /// Models.
    ClicksModels(Rc<ClicksModels>),
    /// One's own clicks.
    ClicksOwn(Rc<OwnClicks>),
}

/// What the panels show, about eight times a second.
#[derive(Clone, PartialEq, Debug)]
pub struct Snapshot {
    /// The transport.
    pub transport: Transport,
    /// The name and title of what is played.
    pub scenario: (String, String),
    /// What to watch, and one thing to try; empty when it is done, or it is too late.
    pub watch: (String, String),
    /// The picture in one sentence, for those who do not see it.
    pub summary: String,
    /// What a console prints of what is looked at; empty where the page has none.
    pub console: String,
    /// The open tab.
    pub panel: PanelData,
    /// How the answers did.
    pub score: Score,
    /// How far a link being opened has come.
    pub opening: Option<f64>,
    /// The two runs that are compared, if two are.
    pub compared: Option<Rc<Compared>>,
    /// Whether a mistake of the past is switched on.
    pub mistaken: bool,
    /// The file that is played: its name and speed.
    pub file: Option<(String, f64)>,
}

impl Ui {
    /// The id of the element of this name.
    pub fn id(&self, name: &str) -> AttrValue {
        AttrValue::from(match self.others {
            0 => name.to_owned(),
            others => format!("{name}-{others}"),
        })
    }

    /// Whether a teacher froze the control of this name.
    pub fn locked(&self, name: &str) -> bool {
        self.params.locked(name)
    }
}
