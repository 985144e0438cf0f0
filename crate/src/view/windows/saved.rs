//! A setup as a link carries it: in the words of `millrace stream`.

use super::scenes::{Event, NOON, Own, Scene};
use super::{AGGREGATES, Edit, MODES, Setup};
use crate::stream::{Asked, Early};
use serde::{Deserialize, Serialize};

/// A setup in a link.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Saved {
    /// The scene's name.
    pub scene: String,
    /// Which draw.
    pub seed: u64,
    /// As `--engine`.
    pub engine: String,
    /// As `--window`.
    pub window: String,
    /// As `--watermark`, in ms.
    pub delay: i64,
    /// As `--lateness`, in ms.
    pub lateness: i64,
    /// As `--trigger`.
    pub trigger: String,
    /// As `--mode`.
    pub mode: String,
    /// As `--agg`.
    pub agg: String,
    /// Whether each key has windows of its own.
    pub keyed: bool,
    /// As `--idle`, in ms.
    pub idle: Option<i64>,
    /// The length of a micro-batch in ms.
    pub batch: i64,
    /// Whether the input ends.
    pub ends: bool,
    /// The moment shown.
    pub at: i64,
    /// The event that is looked at.
    pub picked: Option<u32>,
    /// What was done to events: number, and time, arrival, key, value; nothing where it is gone.
    /// Times are from noon on.
    pub edits: Vec<(u32, Vec<i64>)>,
    /// A person's own events.
    pub own: Option<SavedOwn>,
}

/// A person's own events in a link, if they are few.
#[derive(Clone, PartialEq, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct SavedOwn {
    /// The file's name.
    pub name: String,
    /// The hash of its content.
    pub hash: String,
    /// The keys.
    pub keys: Vec<String>,
    /// Digits after the point.
    pub decimals: u32,
    /// Time, arrival, key, value, partition, mark of each, times from `from` on; none if they are too
    /// many.
    pub rows: Vec<[i64; 6]>,
    /// What times are counted from.
    pub from: i64,
}

/// So many of a person's own events a link can carry.
const FEW: usize = 200;

impl Saved {
    /// Of a setup.
    #[must_use]
    pub fn of(setup: &Setup, own: Option<&Own>) -> Self {
        let own = own.filter(|_| setup.scene == Scene::Own);
        let agg = AGGREGATES.iter().find(|(_, agg)| *agg == setup.aggregate);
        Self {
            scene: setup.scene.id().to_owned(),
            seed: setup.seed,
            engine: setup.engine.id().to_owned(),
            window: setup.windows.to_string(),
            delay: setup.delay,
            lateness: setup.lateness,
            trigger: written(setup.trigger),
            mode: MODES[setup.mode].to_owned(),
            agg: agg.map_or("count", |(name, _)| name).to_owned(),
            keyed: setup.keyed,
            idle: setup.idle,
            batch: setup.batch,
            ends: setup.ends,
            at: setup.at,
            picked: setup.picked,
            edits: setup.edits.iter().map(saved).collect(),
            own: own.map(SavedOwn::of),
        }
    }

    /// The setup, and a sentence for each thing in it that is none. What is missing is as the scene
    /// has it.
    #[must_use]
    pub fn setup(&self) -> (Setup, Vec<String>) {
        let mut complaints = Vec::new();
        let scene = Scene::ALL
            .into_iter()
            .find(|scene| scene.id() == self.scene);
        if scene.is_none() {
            complaints.push(format!("There is no scene “{}” here.", self.scene));
        }
        let mut setup = scene.unwrap_or_default().setup();
        let mut told = |what: &str, said: &str, trouble: bool| {
            if trouble && !said.is_empty() {
                complaints.push(format!(
                    "The link’s {what} “{said}” is none, and is left out."
                ));
            }
        };
        setup.seed = self.seed;
        match self.engine.parse() {
            Ok(engine) => setup.engine = engine,
            Err(_) => told("engine", &self.engine, true),
        }
        match self.window.parse() {
            Ok(windows) => setup.windows = windows,
            Err(_) => told("window", &self.window, true),
        }
        match self.trigger.parse() {
            Ok(trigger) => setup.trigger = trigger,
            Err(_) => told("trigger", &self.trigger, true),
        }
        match AGGREGATES.iter().find(|(name, _)| *name == self.agg) {
            Some((_, aggregate)) => setup.aggregate = *aggregate,
            None => told("aggregate", &self.agg, true),
        }
        match MODES.iter().position(|mode| *mode == self.mode) {
            Some(mode) => setup.mode = mode,
            None => told("mode", &self.mode, true),
        }
        (setup.delay, setup.lateness) = (self.delay, self.lateness);
        (setup.keyed, setup.ends) = (self.keyed, self.ends);
        (setup.idle, setup.at, setup.picked) = (self.idle, self.at, self.picked);
        if self.batch > 0 {
            setup.batch = self.batch;
        }
        setup.edits = self.edits.iter().map(read).collect();
        setup.hold();
        (setup, complaints)
    }
}

impl SavedOwn {
    fn of(own: &Own) -> Self {
        let from = own.events.first().map_or(0, |event| event.ts);
        let row = |e: &Event| {
            let (key, partition) = (e.key.into(), e.partition.into());
            [
                e.ts - from,
                e.arrival - from,
                key,
                e.value,
                partition,
                e.marks.into(),
            ]
        };
        let few = own.events.len() <= FEW;
        let events = own.events.iter().filter(|_| few);
        Self {
            name: own.name.clone(),
            hash: own.hash.clone(),
            keys: if few { own.keys.clone() } else { Vec::new() },
            decimals: own.decimals,
            rows: events.map(row).collect(),
            from,
        }
    }

    /// The events, unless the link had too many.
    #[must_use]
    pub fn own(&self) -> Option<Own> {
        let keys = self.keys.len().saturating_sub(1) as i64;
        let far = |ms: i64| ms.saturating_add(self.from).clamp(-(1 << 52), 1 << 52);
        let event = |&[ts, arrival, key, value, partition, marks]: &[i64; 6]| Event {
            ts: far(ts),
            arrival: far(arrival),
            key: key.clamp(0, keys) as u32,
            value,
            partition: partition.clamp(0, 1_000) as u32,
            marks: marks != 0,
        };
        (!self.rows.is_empty() && !self.keys.is_empty()).then(|| Own {
            name: self.name.clone(),
            hash: self.hash.clone(),
            events: self.rows.iter().map(event).collect(),
            keys: self.keys.clone(),
            decimals: self.decimals.min(9),
        })
    }
}

fn saved(edit: &Edit) -> (u32, Vec<i64>) {
    let event = edit.event.map_or(Vec::new(), |e| {
        vec![
            e.ts - NOON,
            e.arrival - NOON,
            e.key.into(),
            e.value,
            e.partition.into(),
            e.marks.into(),
        ]
    });
    (edit.n, event)
}

fn read((n, event): &(u32, Vec<i64>)) -> Edit {
    let far = |ms: i64| ms.saturating_add(NOON).clamp(-(1 << 52), 1 << 52);
    let event = match event[..] {
        [ts, arrival, key, value, partition, marks] => Some(Event {
            ts: far(ts),
            arrival: far(arrival),
            key: key.clamp(0, 1 << 20) as u32,
            value,
            partition: partition.clamp(0, 1_000) as u32,
            marks: marks != 0,
        }),
        _ => None,
    };
    Edit { n: *n, event }
}

/// A trigger as it is written.
#[must_use]
pub fn written(trigger: Asked) -> String {
    match trigger {
        Asked::Watermark | Asked::Early(Early::Never) => "watermark".to_owned(),
        Asked::Early(Early::Count(n)) => format!("early:{n}"),
        Asked::Early(Early::Every(ms)) => format!("early:{ms}ms"),
        Asked::Count(n) => format!("count:{n}"),
        Asked::Each => "each".to_owned(),
        Asked::Final => "final".to_owned(),
        Asked::Batch(n) => format!("batch:{n}"),
    }
}
