//! What tasks keep, and how their changelogs have it: JSON, by the record's key.

use super::super::aggregate::{Acc, Aggregate, Value};
use super::super::changelog::KeyState;
use super::super::engine::{Engine, Options, Rules, TimeKind};
use super::super::join::{JoinState, StreamJoin, StreamJoinKind};
use super::super::keys::Keys;
use super::super::operator::Operator;
use super::super::out::{Kind, Out, Record};
use super::super::pane::Pane;
use super::super::trigger::{Mode, Trigger};
use super::super::window::{Window, Windows, millis};
use super::{Event, Expr, Fold, Windowing};
use crate::clickstream::{Symbol, packed};
use crate::sketch::fingerprint;
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// A change of a store, for its changelog.
pub(super) struct Change {
    pub key: Arc<str>,
    /// None takes the key away.
    pub value: Option<Vec<u8>>,
    pub ts: i64,
}

/// An aggregate that the window operator keeps, and how its watermark moves.
#[derive(Clone, Debug)]
pub(super) struct Windowed {
    aggregate: Aggregate,
    of: Option<Expr>,
    windows: Windows,
    rules: Rules,
    trigger: Trigger,
    mode: Mode,
    /// How far the watermark is behind the newest record.
    behind: i64,
}

impl Windowed {
    /// What `fold` takes by these windows; `None` where its values are not numbers but any JSON.
    pub fn new(fold: &Fold, windows: Option<&Windowing>) -> Result<Option<Self>, String> {
        let (aggregate, of) = match fold {
            Fold::Count => (Aggregate::Count, None),
            Fold::Sum(of) => (Aggregate::Sum, Some(of)),
            Fold::Min(of) => (Aggregate::Min, Some(of)),
            Fold::Max(of) => (Aggregate::Max, Some(of)),
            Fold::Average(of) => (Aggregate::Average, Some(of)),
            Fold::Distinct { of, precision } => {
                let precision = *precision;
                (Aggregate::Distinct { precision }, Some(of))
            }
            Fold::Frequent { of, percent } => {
                let percent = *percent;
                (Aggregate::Frequent { percent }, Some(of))
            }
            Fold::Sample { of, size } => (Aggregate::Sample { size: *size }, Some(of)),
            Fold::Members { of, items } => (Aggregate::Members { items: *items }, Some(of)),
            Fold::Symbols(of) => (Aggregate::Collect, Some(of)),
            Fold::Reduce(_) | Fold::Aggregate { .. } if windows.is_some() => {
                return Err("windows hold numbers and sketches: reduce and aggregate go without windows; \
                            by windows there are count, sum, min, max, average, distinct, frequent, \
                            sample and members"
                    .into());
            }
            Fold::Reduce(_) | Fold::Aggregate { .. } => return Ok(None),
        };
        aggregate.check()?;
        let of = of.cloned();
        let Some(asked) = windows else {
            let windows = Windows::Global;
            return Ok(Some(Self {
                aggregate,
                of,
                rules: Rules::new(Engine::KafkaStreams, &windows, 0, TimeKind::Event),
                windows,
                trigger: Trigger::EACH,
                mode: Mode::Accumulating,
                behind: 0,
            }));
        };
        let options = asked.options()?;
        let plan = options.plan()?;
        let behind = match options.engine {
            Engine::KafkaStreams => 0,
            engine => options.watermark.unwrap_or(0) + i64::from(engine == Engine::Flink),
        };
        Ok(Some(Self {
            aggregate,
            of,
            windows: options.windows,
            rules: plan.rules,
            trigger: plan.trigger,
            mode: plan.mode,
            behind,
        }))
    }

    /// Whether it gives newer values of the same rows, of which a cache may hold back all but the last.
    pub fn updates(&self) -> bool {
        self.rules.engine == Engine::KafkaStreams && !self.trigger.at_watermark
    }
}

impl Windowing {
    fn options(&self) -> Result<Options, String> {
        let engine = match &self.engine {
            None => Engine::KafkaStreams,
            Some(name) => name.parse()?,
        };
        if engine == Engine::Spark {
            return Err("Spark runs micro-batches, not records one by one: `millrace stream --engine spark` \
                        does that; here there are kafka-streams, flink and beam"
                .into());
        }
        let length = |text: &Option<String>| text.as_deref().map(millis).transpose();
        Ok(Options {
            engine,
            windows: self.windows.parse()?,
            time: TimeKind::Event,
            watermark: length(&self.watermark)?,
            punctuated: false,
            lateness: length(&self.grace)?,
            trigger: self.emit.as_deref().map(str::parse).transpose()?,
            mode: self.mode.clone(),
        })
    }
}

/// The windows of an aggregate.
#[derive(Clone, Debug)]
pub(super) struct WindowStore {
    of: Option<Expr>,
    aggregate: Aggregate,
    operator: Operator,
    keys: Keys,
    /// The newest timestamp (stream time).
    newest: i64,
    behind: i64,
    /// The texts of items that sketches know by themselves.
    names: BTreeMap<i64, Json>,
    out: Out,
}

/// A key's entry in the changelog.
#[derive(Serialize, Deserialize)]
struct Entry {
    #[serde(flatten)]
    state: KeyState,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    names: Vec<(i64, Json)>,
}

impl WindowStore {
    pub fn new(windowed: &Windowed) -> Self {
        let Windowed {
            aggregate,
            rules,
            trigger,
            mode,
            ..
        } = *windowed;
        Self {
            of: windowed.of.clone(),
            aggregate,
            operator: Operator::new(windowed.windows.clone(), aggregate, rules, trigger, mode),
            keys: Keys::new(),
            newest: i64::MIN,
            behind: windowed.behind,
            names: BTreeMap::new(),
            out: Out::default(),
        }
    }

    pub fn operator(&self) -> &Operator {
        &self.operator
    }

    /// Whether it collects the symbols of clicks.
    fn collects(&self) -> bool {
        self.aggregate == Aggregate::Collect
    }

    /// What a window holds, for looking at.
    pub fn text(&self, pane: &Pane) -> String {
        match self.operator.value_of(pane) {
            Value::List(words) if self.collects() => packed::digits(&words),
            value => value.to_string(),
        }
    }

    pub fn key(&self, key: u32) -> std::borrow::Cow<'_, str> {
        self.keys.name(key)
    }

    /// Takes a record; `false` if it is left out, for want of a key or of something to aggregate.
    /// Kafka Streams leaves out such records too, and counts them (`dropped-records-total`).
    pub fn take(&mut self, event: &Event, now: i64, results: &mut Vec<Event>) -> bool {
        let Some(key) = event.written_key() else {
            return false;
        };
        let item = self.of.as_ref().map_or(Json::Bool(true), |of| of.of(event));
        let value = match (&self.of, Sketches::of(self.aggregate)) {
            _ if item.is_null() || event.value.is_null() => None,
            (None, _) => Some(1),
            _ if self.collects() => symbol(&item).and_then(|number| packed::pack(event.ts, number)),
            (_, Sketches::None) => item.as_i64(),
            (_, kind) => {
                let value = fingerprint(super::expr::text(&item).as_bytes()).cast_signed();
                if kind == Sketches::Named {
                    self.names.entry(value).or_insert(item);
                }
                Some(value)
            }
        };
        let Some(value) = value else {
            return false;
        };
        let record = Record {
            key: self.keys.id(key.as_bytes()),
            ts: event.ts,
            value,
            marks: false,
        };
        self.newest = self.newest.max(event.ts);
        let (operator, out) = (&mut self.operator, &mut self.out);
        operator.tick(now, out);
        let watermark = self.newest.saturating_sub(self.behind);
        if self.behind == 0 {
            // Stream time is that of the record, whatever becomes of it.
            operator.watermark_ahead(watermark);
        }
        operator.record(record, now, out);
        operator.advance(watermark, now, out);
        self.results(results);
        true
    }

    /// The clock comes to `now`: early results that it is time for.
    pub fn tick(&mut self, now: i64, results: &mut Vec<Event>) {
        self.operator.tick(now, &mut self.out);
        self.results(results);
    }

    fn results(&mut self, results: &mut Vec<Event>) {
        for emission in &self.out.emitted {
            let whole = emission.window.start == i64::MIN || self.operator.is_endless();
            results.push(Event {
                key: Some(self.keys.name(emission.key).into()),
                window: (!whole).then_some(emission.window),
                value: match emission.kind {
                    Kind::Retract => Json::Null,
                    _ => self.json(&emission.value),
                },
                ts: match emission.newest {
                    i64::MIN => self.newest,
                    newest => newest,
                },
            });
        }
        self.out.clear();
    }

    fn json(&self, value: &Value) -> Json {
        let name = |item: i64| self.names.get(&item).cloned().unwrap_or(item.into());
        match value {
            Value::Number(n) => (*n).into(),
            Value::Mean(sum, n) if sum.checked_rem(*n as i64) == Some(0) => {
                (sum / *n as i64).into()
            }
            Value::Mean(sum, n) => json!(*sum as f64 / (*n).max(1) as f64),
            Value::List(words) if self.collects() => packed::digits(words).into(),
            Value::List(items) => items.iter().map(|&item| name(item)).collect(),
            Value::Counts(counts) => counts
                .iter()
                .map(|&(item, n)| json!([name(item), n]))
                .collect(),
        }
    }

    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        let taken = self.operator.take_changes();
        for (key, state) in taken {
            let value = state.map(|state| {
                let names = self.names_of(&state);
                serde_json::to_vec(&Entry { state, names }).expect("an entry is plain data")
            });
            changes.push(Change {
                key: self.keys.name(key).into(),
                value,
                ts: self.newest.max(0),
            });
        }
        if Sketches::of(self.aggregate) == Sketches::Named {
            self.forget_names();
        }
    }

    fn names_of(&self, state: &KeyState) -> Vec<(i64, Json)> {
        let mut names = BTreeMap::new();
        for item in state.panes().iter().flat_map(|pane| known(pane.held())) {
            if let Some(name) = self.names.get(&item) {
                names.insert(item, name.clone());
            }
        }
        names.into_iter().collect()
    }

    /// Keeps the texts of what the open windows know, and no others.
    fn forget_names(&mut self) {
        let mut kept = BTreeMap::new();
        for item in self
            .operator
            .open()
            .flat_map(|(_, pane)| known(pane.held()))
        {
            if let Some((item, name)) = self.names.remove_entry(&item) {
                kept.insert(item, name);
            }
        }
        self.names = kept;
    }

    pub fn restore(&mut self, key: &str, value: Option<&[u8]>, ts: i64) -> bool {
        let entry = value.map(serde_json::from_slice::<Entry>);
        let Ok(entry) = entry.transpose() else {
            return false;
        };
        self.newest = self.newest.max(ts);
        self.operator
            .watermark_ahead(self.newest.saturating_sub(self.behind));
        let key = self.keys.id(key.as_bytes());
        let state = entry.map(|entry| {
            self.names.extend(entry.names);
            entry.state
        });
        self.operator.restore(key, state);
        true
    }
}

/// The number of a symbol, as a topology writes it.
fn symbol(item: &Json) -> Option<u8> {
    let number = u8::try_from(item.as_u64()?).ok()?;
    Some(Symbol::from_number(number)?.number())
}

/// The items that a window's sketch knows by themselves.
fn known(acc: &Acc) -> Vec<i64> {
    match acc {
        Acc::Sketch(_, sketch) => sketch.items(),
        _ => Vec::new(),
    }
}

/// What an aggregate makes of items that are no numbers.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sketches {
    /// Nothing.
    None,
    /// It takes their fingerprints.
    Counted,
    /// And gives some of them back.
    Named,
}

impl Sketches {
    const fn of(aggregate: Aggregate) -> Self {
        match aggregate {
            Aggregate::Distinct { .. } | Aggregate::Members { .. } => Self::Counted,
            Aggregate::Frequent { .. } | Aggregate::Sample { .. } => Self::Named,
            _ => Self::None,
        }
    }
}

/// Rows by key: a table, or what `reduce`, `aggregate` and `top` keep.
#[derive(Clone, Debug, Default)]
pub(super) struct Rows {
    keys: Keys,
    /// Value and timestamp.
    rows: Vec<Option<(Json, i64)>>,
    changed: Vec<u32>,
}

impl Rows {
    pub fn get(&mut self, key: &str) -> Option<&(Json, i64)> {
        let key = self.keys.id(key.as_bytes()) as usize;
        self.rows.get(key)?.as_ref()
    }

    pub fn iter(&self) -> impl Iterator<Item = (std::borrow::Cow<'_, str>, &Json)> {
        let rows = (0..).zip(&self.rows);
        rows.filter_map(|(key, row)| Some((self.keys.name(key), &row.as_ref()?.0)))
    }

    /// The key's row is this from now on; null takes it away.
    pub fn set(&mut self, key: &str, value: Json, ts: i64) {
        let key = self.keys.id(key.as_bytes());
        let place = key as usize;
        if place >= self.rows.len() {
            self.rows.resize(place + 1, None);
        }
        self.rows[place] = (!value.is_null()).then_some((value, ts));
        if self.changed.last() != Some(&key) {
            self.changed.push(key);
        }
    }

    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        let mut changed = std::mem::take(&mut self.changed);
        changed.sort_unstable();
        changed.dedup();
        for key in changed {
            let row = self.rows[key as usize].as_ref();
            changes.push(Change {
                key: self.keys.name(key).into(),
                value: row.map(|(value, _)| serde_json::to_vec(value).expect("JSON is written")),
                ts: row.map_or(0, |(_, ts)| (*ts).max(0)),
            });
        }
    }

    pub fn restore(&mut self, key: &str, value: Option<&[u8]>, ts: i64) -> bool {
        let value = value.map_or(Ok(Json::Null), serde_json::from_slice);
        let Ok(value) = value else {
            return false;
        };
        self.set(key, value, ts);
        self.changed.clear();
        true
    }
}

/// The records that a join of two streams keeps.
#[derive(Clone, Debug)]
pub(super) struct JoinStore {
    pub join: StreamJoin<Json>,
    pub keys: Keys,
}

pub(super) fn new_join(
    kind: StreamJoinKind,
    before_ms: i64,
    after_ms: i64,
    grace_ms: i64,
) -> Result<JoinStore, String> {
    Ok(JoinStore {
        join: StreamJoin::new(kind, before_ms, after_ms, grace_ms)?,
        keys: Keys::new(),
    })
}

impl JoinStore {
    pub fn take_changes(&mut self, changes: &mut Vec<Change>) {
        let ts = self.join.stream_time().max(0);
        for (key, state) in self.join.take_changes() {
            changes.push(Change {
                key: self.keys.name(key).into(),
                value: state.map(|s| serde_json::to_vec(&s).expect("an entry is plain data")),
                ts,
            });
        }
    }

    pub fn restore(&mut self, key: &str, value: Option<&[u8]>, ts: i64) -> bool {
        let state = value.map(serde_json::from_slice::<JoinState<Json>>);
        let Ok(state) = state.transpose() else {
            return false;
        };
        let key = self.keys.id(key.as_bytes());
        self.join.restore(key, state, ts);
        true
    }
}

/// Results that wait in a cache: of each key and window the newest, in the order of their keys.
#[derive(Clone, Debug, Default)]
pub(super) struct Cache(BTreeMap<(Option<Arc<str>>, Option<Window>), Event>);

impl Cache {
    pub fn put(&mut self, event: Event) {
        self.0.insert((event.key.clone(), event.window), event);
    }

    pub fn take(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.0).into_values().collect()
    }
}
