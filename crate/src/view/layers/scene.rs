//! The page's picture: the log, the two architectures as boxes, and how far each was off.

use super::{long, name};
use crate::id::{NodeId, TopicPartition};
use crate::layers::{Architecture, LayerChange, Names, Phase, Serving, Side, StreamJob};
use crate::log::Log;
use crate::shop::hue_of;
use crate::sim::{Command, Moment, Scenario, Status, Timeline, World};
use crate::time::{EVENT_EPOCH_MS, Span, Time};

/// A stretch of a partition.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cell {
    /// The colour of its first record's key, 0..6; no record, no colour.
    pub hue: u8,
    /// Where it is.
    pub state: CellState,
}

/// Where the records of a stretch are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum CellState {
    /// The log has them, and so has Lambda's batch view.
    Covered,
    /// The log has them; of the views only those of streams can.
    Young,
    /// The log has deleted them.
    Deleted,
}

/// A box of the picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Station {
    /// Its name.
    pub name: String,
    /// How it stands, in a few words.
    pub says: String,
    /// Whether the code in it, or what it was counted with, has the bug.
    pub bug: bool,
    /// Whether its process is down.
    pub down: bool,
    /// Whether there is none: an empty place.
    pub empty: bool,
    /// How far it has come with what it does at length, 0 to 1.
    pub progress: Option<f32>,
    /// Whether what it makes is served.
    pub served: bool,
}

/// The boxes of one architecture: what counts, what it makes, and what serves that.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct SideScene {
    /// Its name.
    pub name: &'static str,
    /// Two machines that count.
    pub makers: [Station; 2],
    /// What each makes.
    pub views: [Station; 2],
    /// Who answers.
    pub serving: Station,
}

/// A line at a time.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// When.
    pub at: Time,
    /// What it is.
    pub label: String,
}

/// What was off, by time, in parts per million.
pub type Curve = Vec<(Time, u32)>;

/// All of the picture.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LayersScene {
    /// The time shown.
    pub now: Time,
    /// Where the time axes end.
    pub end: Time,
    /// What the clock shows at the left edge, in seconds of the day.
    pub from_s: u32,
    /// The topic.
    pub topic: String,
    /// What comes, and how long it is kept.
    pub told: String,
    /// By partition, cells of [`LayersScene::CELL`] each.
    pub strips: Vec<Vec<Option<Cell>>>,
    /// Where in the log somebody reads who is not at its end.
    pub reads: Vec<Line>,
    /// By architecture.
    pub sides: [SideScene; 2],
    /// What trends now: by architecture, how far its answer was off.
    pub trend: [Curve; 2],
    /// Who was most influential.
    pub deep: [Curve; 2],
    /// What comes of both if nobody does anything more; empty until it is known.
    pub forecast: [[Curve; 2]; 2],
    /// What was done, and when an answer was right again.
    pub lines: Vec<Line>,
}

impl LayersScene {
    /// How much of the log a cell stands for.
    pub const CELL: Span = Span::secs(180);
    /// Points of a curve are so far apart.
    pub const STEP: Span = Span::secs(60);
}

/// Curves of both questions from a time on: by question, then by architecture.
#[must_use]
pub fn curves(moment: &Moment, from: Time) -> [[Curve; 2]; 2] {
    let mut all: [[Curve; 2]; 2] = Default::default();
    let samples = moment.reckoning.samples();
    let last = samples.clone().next_back().map_or(Time::ZERO, |(at, _)| at);
    for (at, sample) in samples {
        let due = at.0 % LayersScene::STEP.0 == 0 || at == last;
        if at < from || !due {
            continue;
        }
        for of in Architecture::ALL {
            let standing = sample.of[of as usize];
            all[0][of as usize].push((at, standing.trend_ppm));
            all[1][of as usize].push((at, standing.deep_ppm));
        }
    }
    all
}

/// The picture of the moment shown; `ahead` is a moment of the same run later on, if there is one.
#[must_use]
pub fn scene(timeline: &Timeline, end: Time, ahead: Option<&Moment>) -> LayersScene {
    let (moment, scenario, now) = (timeline.moment(), timeline.scenario(), timeline.now());
    let world = &moment.world;
    let Some(layers) = world.layers() else {
        return LayersScene::default();
    };
    let [trend, deep] = curves(moment, Time::ZERO);
    let per_s = world.settings().per_s * f64::from(layers.set.scale);
    let kept = match layers.retention {
        Span::MAX => "for ever".to_owned(),
        retention => long(retention),
    };
    LayersScene {
        now,
        end,
        from_s: scenario.hours.map_or(0, |hours| hours.from_s),
        topic: world.topic_name(layers.topic).to_string(),
        told: format!(
            "{per_s:.0} a second, kept {kept}; one record stands for {}",
            layers.set.scale
        ),
        strips: strips(world, now),
        reads: reads(world, now),
        sides: [lambda(world, now, scenario), kappa(world, now, scenario)],
        trend,
        deep,
        forecast: ahead.map_or_else(Default::default, |later| curves(later, now)),
        lines: lines(timeline),
    }
}

fn strips(world: &World, now: Time) -> Vec<Vec<Option<Cell>>> {
    let Some(layers) = world.layers() else {
        return Vec::new();
    };
    let ends = world.serving(layers.lambda).and_then(Serving::served);
    (0..world.partitions(layers.topic))
        .filter_map(|partition| {
            let log = world.log(TopicPartition::new(layers.topic, partition))?;
            let covered = ends.and_then(|kept| kept.ends.get(partition as usize));
            Some(strip(log, now, covered.copied().unwrap_or(0)))
        })
        .collect()
}

/// A partition's cells. What was deleted has lost its colour with its records.
fn strip(log: &Log, now: Time, covered: i64) -> Vec<Option<Cell>> {
    let cells = now.0.div_ceil(LayersScene::CELL.0);
    let mut all = vec![None; cells as usize];
    let place = |ms: i64| {
        let us = (ms - EVENT_EPOCH_MS).max(0).cast_unsigned() * 1_000;
        (us / LayersScene::CELL.0) as usize
    };
    let mut reached = 0;
    // Batches lie in the order they came; what came late does not count for where that is.
    for batch in log.batches() {
        let at = place(batch.max_timestamp()).min(all.len().saturating_sub(1));
        if at < reached || all.is_empty() {
            continue;
        }
        reached = at + 1;
        let first = batch.records().flatten().next();
        let key = first.and_then(|record| record.key);
        let state = if batch.base_offset < covered {
            CellState::Covered
        } else {
            CellState::Young
        };
        all[at] = Some(Cell {
            hue: hue_of(key.unwrap_or_default()),
            state,
        });
    }
    if log.log_start_offset() > 0 {
        let (hue, state) = (0, CellState::Deleted);
        let gone = all.iter_mut().take_while(|cell| cell.is_none());
        gone.for_each(|cell| *cell = Some(Cell { hue, state }));
    }
    all
}

/// When what a time of events says was.
fn when(ms: i64) -> Time {
    Time((ms - EVENT_EPOCH_MS).max(0).cast_unsigned() * 1_000)
}

fn reads(world: &World, now: Time) -> Vec<Line> {
    let Some(layers) = world.layers() else {
        return Vec::new();
    };
    let mut all = Vec::new();
    for &id in layers.speed.iter().chain(&layers.jobs) {
        let Some(job) = world.stream_job(id).filter(|job| job.version() > 0) else {
            continue;
        };
        if job.has_caught_up() {
            continue;
        }
        let label = match layers.speed {
            Some(speed) if speed == id => "speed layer counts anew".to_owned(),
            _ => format!("job v{} replays", job.version()),
        };
        let at = when(job.newest_ms());
        all.push(Line { at, label });
    }
    all.push(Line {
        at: now,
        label: "live".into(),
    });
    all
}

fn is_down(world: &World, id: NodeId) -> bool {
    world.status(id) == Status::Down || world.is_frozen(id)
}

fn lambda(world: &World, now: Time, scenario: &Scenario) -> SideScene {
    let Some(layers) = world.layers() else {
        return SideScene::default();
    };
    let twitter = layers.set.names == Names::Twitter;
    let serving = world.serving(layers.lambda);
    let parts = match serving.map(Serving::side) {
        Some(Side::Lambda { batch, speed, .. }) => (batch.as_ref(), speed.as_ref()),
        _ => (None, None),
    };
    let clock = |at: Time| scenario.clock(at);
    let batch_view = Station {
        name: "Batch view".into(),
        says: parts.0.map_or("none yet".into(), |kept| {
            format!("as of {}", short(&clock(when(kept.newest_ms))))
        }),
        empty: parts.0.is_none(),
        bug: parts.0.is_some_and(|kept| kept.bug),
        served: parts.0.is_some(),
        ..Station::default()
    };
    let from = parts.0.map_or(Time::ZERO, |kept| when(kept.newest_ms));
    let speed_view = Station {
        name: "Speed view".into(),
        says: parts
            .1
            .map_or("none".into(), |(rows, _)| match rows.is_empty() {
                true => "nothing".into(),
                false => format!("since {}", short(&clock(from))),
            }),
        empty: parts.1.is_none(),
        served: parts.1.is_some(),
        ..Station::default()
    };
    let both = layers.speed.is_some();
    SideScene {
        name: name(Architecture::Lambda, both),
        makers: [
            batch_layer(world, now, scenario, twitter),
            speed_layer(world, twitter),
        ],
        views: [batch_view, speed_view],
        serving: Station {
            name: if twitter { "TSAR" } else { "Serving" }.into(),
            says: if both { "adds both" } else { "the batch view" }.into(),
            down: is_down(world, layers.lambda),
            ..Station::default()
        },
    }
}

/// A clock without seconds that are none.
fn short(clock: &str) -> &str {
    clock.strip_suffix(":00").unwrap_or(clock)
}

fn batch_layer(world: &World, now: Time, scenario: &Scenario, twitter: bool) -> Station {
    let name = if twitter {
        "Scalding on Hadoop"
    } else {
        "Batch layer"
    };
    let (Some(batch), Some(id)) = (world.batch(), world.layers().and_then(|l| l.batch)) else {
        return Station {
            name: name.into(),
            says: "there is none".into(),
            empty: true,
            ..Station::default()
        };
    };
    let mut station = Station {
        name: name.into(),
        bug: batch.has_bug(),
        down: is_down(world, id),
        ..Station::default()
    };
    match batch.phase() {
        _ if station.down => station.says = "stopped".into(),
        Phase::Waiting { until } => {
            station.says = format!("next run at {}", short(&scenario.clock(until)));
        }
        Phase::Reading { .. } => station.says = "reads what is new".into(),
        Phase::Counting { since, until, bug } => {
            station.says = format!("done at {}", short(&scenario.clock(until)));
            station.bug |= bug;
            let whole = until.since(since).0.max(1);
            station.progress = Some(now.since(since).0 as f32 / whole as f32);
        }
    }
    station
}

fn speed_layer(world: &World, twitter: bool) -> Station {
    let name = if twitter { "Heron" } else { "Speed layer" };
    let id = world.layers().and_then(|layers| layers.speed);
    let Some((id, job)) = id.and_then(|id| Some((id, world.stream_job(id)?))) else {
        return Station {
            name: name.into(),
            says: "there is none".into(),
            empty: true,
            ..Station::default()
        };
    };
    let down = is_down(world, id) || !job.is_up();
    Station {
        name: name.into(),
        says: match (down, job.has_caught_up()) {
            (true, _) => "down".into(),
            (_, true) => "since the last batch".into(),
            (_, false) => "catches up".into(),
        },
        bug: job.has_bug(),
        down,
        ..Station::default()
    }
}

fn kappa(world: &World, now: Time, scenario: &Scenario) -> SideScene {
    let Some(layers) = world.layers() else {
        return SideScene::default();
    };
    let twitter = layers.set.names == Names::Twitter;
    let serving = world.serving(layers.kappa);
    let (views, served) = match serving.map(Serving::side) {
        Some(Side::Kappa { views, served, .. }) => (views.clone(), usize::from(*served)),
        _ => ([None, None], 0),
    };
    let makers = layers.jobs.map(|id| match world.stream_job(id) {
        Some(job) => job_station(world, id, job, now, twitter),
        None => Station::default(),
    });
    let view = |slot: usize| {
        let is_served = served == slot;
        let kept = views[slot].as_ref();
        Station {
            name: match (twitter, kept) {
                (false, Some(kept)) => format!("View {}", kept.number),
                (true, Some(kept)) => format!("BigTable {}", kept.number),
                (_, None) => "no view".into(),
            },
            says: match kept {
                Some(_) if is_served => "served".into(),
                Some(kept) if kept.caught_up => "ready".into(),
                Some(kept) => format!("as of {}", short(&scenario.clock(when(kept.newest_ms)))),
                None => String::new(),
            },
            empty: kept.is_none(),
            bug: kept.is_some_and(|kept| kept.bug),
            served: is_served && kept.is_some(),
            ..Station::default()
        }
    };
    SideScene {
        name: name(Architecture::Kappa, layers.speed.is_some()),
        views: [view(0), view(1)],
        makers,
        serving: Station {
            name: if twitter { "BigQuery" } else { "Serving" }.into(),
            says: "one switch".into(),
            down: is_down(world, layers.kappa),
            ..Station::default()
        },
    }
}

fn job_station(world: &World, id: NodeId, job: &StreamJob, now: Time, twitter: bool) -> Station {
    let version = job.version();
    if version == 0 {
        return Station {
            name: "room for a job".into(),
            says: String::new(),
            empty: true,
            ..Station::default()
        };
    }
    let what = if twitter { "Dataflow job" } else { "Job" };
    let down = is_down(world, id) || !job.is_up();
    // A replay has come as far as it has read of what there is.
    let share = when(job.newest_ms()).0 as f32 / now.0.max(1) as f32;
    let share = (!job.has_caught_up()).then_some(share.min(1.0));
    Station {
        name: format!("{what} v{version}"),
        says: match (down, share) {
            (true, _) => "down".into(),
            (_, Some(share)) => format!("replays, {:.0} %", share * 100.0),
            _ if job.has_bug() => "live, has the bug".into(),
            _ => "live".into(),
        },
        bug: job.has_bug(),
        down,
        progress: share,
        ..Station::default()
    }
}

/// What was done to the layers, and when answers were right again.
fn lines(timeline: &Timeline) -> Vec<Line> {
    let figures = super::Figures::of(timeline);
    let mut all: Vec<Line> = Vec::new();
    for acted in timeline.carried_out() {
        let label = match &acted.command {
            Command::Layers(LayerChange::Ship { bug: true, .. }) => "bug ships".to_owned(),
            Command::Layers(LayerChange::Ship { bug: false, .. }) => "fix ships".to_owned(),
            Command::Layers(
                change @ (LayerChange::Reprocess { .. }
                | LayerChange::CutOver
                | LayerChange::RollBack
                | LayerChange::DropOld),
            ) => super::label(change).0,
            Command::Stop { node, .. } => format!("{node} stops"),
            _ => continue,
        };
        if all.last().is_none_or(|last| last.at != acted.at_us) {
            let at = acted.at_us;
            all.push(Line { at, label });
        }
    }
    let both = timeline
        .moment()
        .world
        .layers()
        .is_some_and(|l| l.speed.is_some());
    if let Some(figures) = figures {
        for of in Architecture::ALL {
            if let Some(at) = figures.side(of).right_at_us {
                let label = format!("{} right again", name(of, both));
                all.push(Line { at, label });
            }
        }
    }
    all
}
