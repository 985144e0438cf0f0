//! A task: a sub-topology at work on one partition.

use super::expr::text;
use super::plan::{Op, Plan, TopicRole};
use super::store::{Cache, Change, JoinStore, Rows, WindowStore, new_join};
use super::{Does, Event, Extractor, Fold, Format};
use crate::stream::{Pane, Side};
use serde_json::{Map, Value as Json, json};
use std::cmp::Reverse;
use std::sync::Arc;

/// A record that a task gives.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Produced {
    /// For which of the plan's topics.
    pub topic: usize,
    /// Into which partition: of a changelog the task's own; else its key says.
    pub partition: Option<u32>,
    /// Its key.
    pub key: Option<Arc<str>>,
    /// Its value; none is a tombstone.
    pub value: Option<Vec<u8>>,
    /// Its timestamp, in ms.
    pub ts: i64,
}

/// What a task gives, in the order it did.
#[derive(Clone, Debug, Default)]
pub struct TaskOut {
    /// Records for topics.
    pub produced: Vec<Produced>,
}

/// What a node keeps.
#[derive(Clone, Debug)]
enum Kept {
    Nothing,
    Windows(Box<WindowStore>),
    Rows(Rows),
    Join(Box<JoinStore>),
}

#[derive(Clone, Debug)]
struct Held {
    node: usize,
    kept: Kept,
    cache: Cache,
}

/// A sub-topology at work on one partition of its sources: a pure state machine.
#[derive(Clone, Debug)]
pub struct Task {
    plan: Arc<Plan>,
    sub: usize,
    partition: u32,
    /// What each node keeps, in the order of the sub-topology's nodes.
    held: Vec<Held>,
    /// Records taken.
    taken: u64,
    /// Records left out.
    left_out: u64,
}

impl Task {
    /// With empty stores.
    #[must_use]
    pub fn new(plan: Arc<Plan>, sub: usize, partition: u32) -> Self {
        let held = plan.subs[sub].nodes.iter().map(|&node| {
            let kept = match &plan.nodes[node].op {
                Op::Windowed(windowed) => Kept::Windows(Box::new(WindowStore::new(windowed))),
                Op::Step(does) => match **does {
                    Does::Table | Does::Top { .. } | Does::Aggregate { .. } => {
                        Kept::Rows(Rows::default())
                    }
                    Does::JoinStream {
                        kind,
                        before_ms,
                        after_ms,
                        grace_ms,
                    } => {
                        let join = new_join(kind, before_ms, after_ms, grace_ms);
                        Kept::Join(Box::new(join.expect("the plan was checked")))
                    }
                    _ => Kept::Nothing,
                },
                _ => Kept::Nothing,
            };
            Held {
                node,
                kept,
                cache: Cache::default(),
            }
        });
        Self {
            held: held.collect(),
            plan,
            sub,
            partition,
            taken: 0,
            left_out: 0,
        }
    }

    /// Which sub-topology.
    #[must_use]
    pub const fn sub(&self) -> usize {
        self.sub
    }

    /// Which partition.
    #[must_use]
    pub const fn partition(&self) -> u32 {
        self.partition
    }

    /// How many records it took.
    #[must_use]
    pub const fn taken(&self) -> u64 {
        self.taken
    }

    /// How many it left out, since they had no key, no time or nothing to aggregate.
    #[must_use]
    pub const fn left_out(&self) -> u64 {
        self.left_out
    }

    /// The time of a record of one of its topics, as its source takes it; `None` if it is left out.
    #[must_use]
    pub fn time_of(&self, topic: usize, value: Option<&[u8]>, ts: i64, now: i64) -> Option<i64> {
        let Op::Read { values, time, .. } = &self.plan.nodes[self.reader(topic)?].op else {
            return None;
        };
        let ts = match time {
            Extractor::Record => ts,
            Extractor::WallClock => now,
            Extractor::Field(name) => read(*values, value).get(name)?.as_i64()?,
        };
        (ts >= 0).then_some(ts)
    }

    fn reader(&self, topic: usize) -> Option<usize> {
        let sources = &self.plan.subs[self.sub].sources;
        let found = sources.iter().find(|(read, _)| *read == topic);
        found.map(|(_, node)| *node)
    }

    /// Takes a record of one of its topics, at `now` in ms.
    pub fn take(
        &mut self,
        topic: usize,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        ts: i64,
        now: i64,
        out: &mut TaskOut,
    ) {
        self.taken += 1;
        let (Some(node), Some(ts)) = (self.reader(topic), self.time_of(topic, value, ts, now))
        else {
            self.left_out += 1;
            return;
        };
        let Op::Read { values, .. } = self.plan.nodes[node].op else {
            return;
        };
        let event = Event {
            key: key.map(|key| String::from_utf8_lossy(key).into()),
            window: None,
            value: read(values, value),
            ts,
        };
        self.forward(node, vec![event], now, out);
        self.log_changes(false, out);
    }

    /// The clock comes to `now` (a punctuation by the clock on the wall).
    pub fn tick(&mut self, now: i64, out: &mut TaskOut) {
        for place in 0..self.held.len() {
            if let Kept::Windows(store) = &mut self.held[place].kept {
                let mut results = Vec::new();
                store.tick(now, &mut results);
                self.give(place, results, now, out);
            }
        }
        self.log_changes(false, out);
    }

    /// What caches hold goes on, and what stores changed goes to their changelogs: before positions
    /// are committed.
    pub fn flush(&mut self, now: i64, out: &mut TaskOut) {
        // Each node after those it reads, so that all that is given on is flushed in its turn.
        for place in 0..self.held.len() {
            let results = self.held[place].cache.take();
            let node = self.held[place].node;
            self.forward(node, results, now, out);
        }
        self.log_changes(true, out);
    }

    /// A record of a changelog, oldest first; `false` if it is none of ours.
    pub fn restore(
        &mut self,
        topic: usize,
        key: Option<&[u8]>,
        value: Option<&[u8]>,
        ts: i64,
    ) -> bool {
        let TopicRole::Changelog(node) = self.plan.topics[topic].role else {
            return false;
        };
        let held = self.held.iter_mut().find(|held| held.node == node);
        let key = key.map(String::from_utf8_lossy);
        match (held.map(|held| &mut held.kept), key) {
            (Some(Kept::Windows(store)), Some(key)) => store.restore(&key, value, ts),
            (Some(Kept::Rows(rows)), Some(key)) => rows.restore(&key, value, ts),
            (Some(Kept::Join(join)), Some(key)) => join.restore(&key, value, ts),
            _ => false,
        }
    }

    /// The watermark (stream time) of the windows it keeps, the least of them; `None` before the first
    /// record, and if it keeps none.
    #[must_use]
    pub fn watermark(&self) -> Option<i64> {
        let marks = self.held.iter().filter_map(|held| match &held.kept {
            Kept::Windows(store) => Some(store.operator().watermark()),
            _ => None,
        });
        marks.min().filter(|&mark| mark > i64::MIN)
    }

    /// How many records its windows dropped since they came too late.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        let dropped = self.held.iter().map(|held| match &held.kept {
            Kept::Windows(store) => store.operator().dropped(),
            _ => 0,
        });
        dropped.sum()
    }

    /// About how many bytes a clone of it takes.
    #[must_use]
    pub fn unshared_bytes(&self) -> usize {
        let kept = self.held.iter().map(|held| match &held.kept {
            Kept::Windows(store) => store.operator().open().count() * size_of::<Pane>(),
            Kept::Rows(rows) => rows.iter().count() * 64,
            Kept::Join(join) => join.join.kept() * 64,
            Kept::Nothing => 0,
        });
        kept.sum()
    }

    /// What the store of a node holds, for looking at: key, with its window where it has one, and
    /// value.
    #[must_use]
    pub fn rows(&self, node: usize) -> Vec<(String, String)> {
        let held = self.held.iter().find(|held| held.node == node);
        match held.map(|held| &held.kept) {
            Some(Kept::Windows(store)) => {
                let operator = store.operator();
                let rows = operator.open().map(|(key, pane)| {
                    let window = operator.shown(pane);
                    let key = match operator.is_endless() {
                        true => store.key(key).into_owned(),
                        false => format!("{}@{}", store.key(key), window.start),
                    };
                    (key, store.text(pane))
                });
                rows.collect()
            }
            Some(Kept::Rows(rows)) => {
                let rows = rows.iter();
                rows.map(|(key, value)| (key.into_owned(), value.to_string()))
                    .collect()
            }
            Some(Kept::Join(join)) => vec![("kept".to_owned(), join.join.kept().to_string())],
            _ => Vec::new(),
        }
    }

    /// What changed since the last time goes to the changelogs: of stores with a cache at flushes only.
    fn log_changes(&mut self, flushing: bool, out: &mut TaskOut) {
        let mut changes: Vec<Change> = Vec::new();
        for &(node, topic) in &self.plan.subs[self.sub].stores {
            if self.plan.nodes[node].logs_at_commit && !flushing {
                continue;
            }
            match self
                .held
                .iter_mut()
                .find(|held| held.node == node)
                .map(|held| &mut held.kept)
            {
                Some(Kept::Windows(store)) => store.take_changes(&mut changes),
                Some(Kept::Rows(rows)) => rows.take_changes(&mut changes),
                Some(Kept::Join(join)) => join.take_changes(&mut changes),
                _ => {}
            }
            out.produced
                .extend(changes.drain(..).map(|change| Produced {
                    topic,
                    partition: Some(self.partition),
                    key: Some(change.key),
                    value: change.value,
                    ts: change.ts,
                }));
        }
    }

    /// Results of the node in this place: to its cache, or on.
    fn give(&mut self, place: usize, results: Vec<Event>, now: i64, out: &mut TaskOut) {
        let Held { node, cache, .. } = &mut self.held[place];
        if self.plan.nodes[*node].cached {
            results.into_iter().for_each(|event| cache.put(event));
        } else {
            let node = *node;
            self.forward(node, results, now, out);
        }
    }

    /// Hands events of a node to those that read it, one event after the other, each to all and as deep
    /// as it goes, as Kafka Streams does.
    fn forward(&mut self, node: usize, events: Vec<Event>, now: i64, out: &mut TaskOut) {
        let plan = Arc::clone(&self.plan);
        // The last is the next.
        let mut waiting: Vec<(usize, usize, Event)> = Vec::new();
        let push = |waiting: &mut Vec<(usize, usize, Event)>, node: usize, events: Vec<Event>| {
            for event in events.into_iter().rev() {
                for &(child, input) in plan.nodes[node].children.iter().rev() {
                    waiting.push((child, input, event.clone()));
                }
            }
        };
        push(&mut waiting, node, events);
        while let Some((node, input, event)) = waiting.pop() {
            let results = self.process(&plan, node, input, event, now, out);
            if plan.nodes[node].cached {
                let place = self.place(node);
                let cache = &mut self.held[place].cache;
                results.into_iter().for_each(|event| cache.put(event));
            } else {
                push(&mut waiting, node, results);
            }
        }
    }

    fn place(&self, node: usize) -> usize {
        let place = self.held.iter().position(|held| held.node == node);
        place.expect("a task has its sub-topology's nodes")
    }

    /// What a node makes of an event.
    fn process(
        &mut self,
        plan: &Plan,
        node: usize,
        input: usize,
        event: Event,
        now: i64,
        out: &mut TaskOut,
    ) -> Vec<Event> {
        match &plan.nodes[node].op {
            Op::Read { .. } | Op::Pass => vec![event],
            &Op::Write {
                topic,
                values,
                keyed,
            } => {
                if keyed && event.key.is_none() {
                    self.left_out += 1;
                    return Vec::new();
                }
                out.produced.push(Produced {
                    topic,
                    partition: None,
                    key: event.written_key(),
                    value: write(values, &event.value),
                    ts: event.ts,
                });
                Vec::new()
            }
            Op::Windowed(_) => {
                let place = self.place(node);
                let mut results = Vec::new();
                if let Kept::Windows(store) = &mut self.held[place].kept
                    && !store.take(&event, now, &mut results)
                {
                    self.left_out += 1;
                }
                results
            }
            &Op::Lookup { table, left } => {
                if input == 1 {
                    // A change of the table gives nothing by itself.
                    return Vec::new();
                }
                let Some(key) = event.written_key() else {
                    self.left_out += 1;
                    return Vec::new();
                };
                let place = self.place(table);
                let row = match &mut self.held[place].kept {
                    Kept::Rows(rows) => rows.get(&key).map(|(value, _)| value.clone()),
                    _ => None,
                };
                joined(event, row, left)
            }
            Op::Step(does) => self.step(does, node, input, event),
        }
    }

    fn step(&mut self, does: &Does, node: usize, input: usize, mut event: Event) -> Vec<Event> {
        match does {
            Does::Filter(keep) => {
                if keep.is_true_of(&event) {
                    vec![event]
                } else {
                    Vec::new()
                }
            }
            Does::Map(to) => {
                event.value = to.of(&event);
                vec![event]
            }
            Does::FlatMap(to) => match to.of(&event) {
                Json::Array(list) => {
                    let events = list.into_iter().map(|value| Event {
                        value,
                        ..event.clone()
                    });
                    events.collect()
                }
                _ => Vec::new(),
            },
            Does::SelectKey(by) => {
                let key = by.of(&event);
                event.key = (!key.is_null()).then(|| text(&key).into());
                event.window = None;
                vec![event]
            }
            Does::JoinStatic { rows, by, left } => {
                let key = match by {
                    Some(by) => Some(by.of(&event))
                        .filter(|key| !key.is_null())
                        .map(|k| text(&k)),
                    None => event.key.as_ref().map(ToString::to_string),
                };
                let row = rows.iter().find(|(name, _)| Some(name) == key.as_ref());
                joined(event, row.map(|(_, row)| row.clone()), *left)
            }
            Does::JoinStream { .. } => self.join(node, input, event),
            Does::Table | Does::Top { .. } | Does::Aggregate { .. } => {
                self.keep_row(does, node, event)
            }
            _ => vec![event],
        }
    }

    fn join(&mut self, node: usize, input: usize, event: Event) -> Vec<Event> {
        let Some(key) = event.written_key().filter(|_| !event.value.is_null()) else {
            self.left_out += 1;
            return Vec::new();
        };
        let place = self.place(node);
        let Kept::Join(store) = &mut self.held[place].kept else {
            return Vec::new();
        };
        let side = if input == 0 { Side::Left } else { Side::Right };
        let mut pairs = Vec::new();
        let id = store.keys.id(key.as_bytes());
        let JoinStore { join, keys } = &mut **store;
        join.record(side, id, event.ts, event.value, &mut |joined| {
            pairs.push(Event {
                key: Some(keys.name(joined.key).into()),
                window: None,
                value: json!({"left": joined.left, "right": joined.right}),
                ts: joined.ts,
            });
        });
        pairs
    }

    /// A table, `reduce`, `aggregate` and `top`: the row of the event's key changes.
    fn keep_row(&mut self, does: &Does, node: usize, event: Event) -> Vec<Event> {
        let place = self.place(node);
        let Some(key) = event.written_key() else {
            self.left_out += 1;
            return Vec::new();
        };
        let Kept::Rows(rows) = &mut self.held[place].kept else {
            return Vec::new();
        };
        let (was, was_ts) = rows.get(&key).cloned().unwrap_or((Json::Null, i64::MIN));
        let (row, result) = match does {
            Does::Top { n, name, number } => {
                let row = ranked(was, &name.of(&event), &number.of(&event));
                let result = top(&row, *n as usize);
                (row, result)
            }
            Does::Aggregate { .. } if event.value.is_null() => {
                self.left_out += 1;
                return Vec::new();
            }
            Does::Aggregate { fold, .. } => {
                let row = match fold {
                    Fold::Reduce(_) if was.is_null() => event.value.clone(),
                    Fold::Reduce(with) => with.with(&event, &was),
                    Fold::Aggregate { initial, with } if was.is_null() => {
                        with.with(&event, initial)
                    }
                    Fold::Aggregate { with, .. } => with.with(&event, &was),
                    _ => Json::Null,
                };
                (row.clone(), row)
            }
            _ => (event.value.clone(), event.value.clone()),
        };
        let ts = match does {
            Does::Table => event.ts,
            _ => event.ts.max(was_ts),
        };
        rows.set(&key, row, ts);
        vec![Event {
            value: result,
            ts,
            ..event
        }]
    }
}

/// A record with a row, or with null where there is none and it may go on alone.
fn joined(event: Event, row: Option<Json>, left: bool) -> Vec<Event> {
    if row.is_none() && !left {
        return Vec::new();
    }
    let value = json!({"left": event.value, "right": row});
    vec![Event { value, ..event }]
}

/// The numbers by name, with one more, another, or one less.
fn ranked(was: Json, name: &Json, number: &Json) -> Json {
    let mut numbers = match was {
        Json::Object(numbers) => numbers,
        _ => Map::new(),
    };
    match number.as_i64() {
        Some(number) => {
            numbers.insert(text(name), number.into());
        }
        None => {
            numbers.remove(&text(name));
        }
    }
    numbers.into()
}

/// The `n` greatest numbers with their names, and by name where equal.
fn top(numbers: &Json, n: usize) -> Json {
    let numbers = numbers.as_object().into_iter().flatten();
    let numbers = numbers.map(|(name, number)| (number.as_i64().unwrap_or(0), name));
    let mut ranked: Vec<(i64, &String)> = numbers.collect();
    ranked.sort_by_key(|&(number, name)| (Reverse(number), name));
    ranked.truncate(n);
    ranked
        .into_iter()
        .map(|(number, name)| json!([name, number]))
        .collect()
}

fn read(values: Format, value: Option<&[u8]>) -> Json {
    let Some(value) = value else {
        return Json::Null;
    };
    let plain = || String::from_utf8_lossy(value).into();
    match values {
        Format::Text => plain(),
        Format::Json => serde_json::from_slice(value).unwrap_or_else(|_| plain()),
    }
}

fn write(values: Format, value: &Json) -> Option<Vec<u8>> {
    match (values, value) {
        (_, Json::Null) => None,
        (Format::Text, value) => Some(text(value).into_bytes()),
        (Format::Json, value) => Some(value.to_string().into_bytes()),
    }
}
