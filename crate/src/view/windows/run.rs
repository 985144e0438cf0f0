//! A stream of events through the windows of one engine, and what became of each.

use super::Setup;
use super::scenes::Event;
use crate::stream::{Asked, Emission, Engine, Job, Key, Kind, Out, Rules, Window, Windows};

/// The clock is looked at so often between events, in ms; more seldom in long streams.
const TICK: i64 = 200;
/// It is looked at no more often than this in a run.
const MOST_TICKS: i64 = 2_000;

/// What became of an event.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Fate {
    /// When the windows saw it, by the clock: when it arrived; with Spark, when its batch ended.
    pub seen_at: i64,
    /// The watermark that it met.
    pub watermark: i64,
    /// So many of its windows were over.
    pub missed: u32,
    /// So many windows it is in by its time.
    pub windows: u32,
    /// Whether one that took it had its time before.
    pub late: bool,
    /// The results that came out with it, as a range in [`Run::emitted`].
    pub answers: (u32, u32),
}

/// Before it is seen.
const UNSEEN: Fate = Fate {
    seen_at: i64::MAX,
    watermark: i64::MIN,
    missed: 0,
    windows: 0,
    late: false,
    answers: (0, 0),
};

impl Fate {
    /// Whether no window took it.
    #[must_use]
    pub const fn is_dropped(&self) -> bool {
        self.missed > 0 && self.missed == self.windows
    }
}

/// A window of a key as it was for a while.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Life {
    /// Whose.
    pub key: Key,
    /// Of when, as the engine shows it.
    pub window: Window,
    /// Whether its time had come.
    pub complete: bool,
    /// From when on, by the clock.
    pub from: i64,
    /// Until when; `i64::MAX` if it was there to the end.
    pub to: i64,
}

/// What came of a run.
#[derive(Clone, Debug)]
pub struct Run {
    /// By whose rules.
    pub engine: Engine,
    /// What else was wanted and the engine does not have.
    pub refused: Vec<String>,
    /// What became of each event, by its number.
    pub fates: Vec<Fate>,
    /// When the watermark moved, and where to.
    pub marks: Vec<(i64, i64)>,
    /// Results, in the order they came out.
    pub emitted: Vec<Emission>,
    /// Windows and how they grew.
    pub lives: Vec<Life>,
    /// What the engine makes of a window's end.
    pub rules: Rules,
}

impl Run {
    /// Whether the windows have seen the event by `at`.
    #[must_use]
    pub fn has_seen(&self, n: u32, at: i64) -> bool {
        self.fates[n as usize].seen_at <= at
    }

    /// The watermark at `at`, if there is any by then.
    #[must_use]
    pub fn watermark(&self, at: i64) -> Option<i64> {
        let moved = self.marks.partition_point(|&(when, _)| when <= at);
        moved.checked_sub(1).map(|last| self.marks[last].1)
    }

    /// Results by `at`.
    #[must_use]
    pub fn emitted_by(&self, at: i64) -> &[Emission] {
        let by = self.emitted.partition_point(|result| result.at <= at);
        &self.emitted[..by]
    }
}

/// Runs `events`, in this `order`, until `until` by the clock.
///
/// # Errors
/// In words, where the engine has no such windows.
pub fn run(
    setup: &Setup,
    engine: Engine,
    events: &[Event],
    order: &[u32],
    until: i64,
) -> Result<Run, String> {
    let request = setup.request(engine);
    let options = request.options?;
    let partitions = order.iter().map(|&n| events[n as usize].partition).max();
    let partitions = partitions.map_or(1, |most| most as usize + 1);
    let job = Job::new(&options, setup.aggregate, partitions, setup.idle)?;
    let mut runner = Runner {
        run: Run {
            engine,
            refused: request.refused,
            fates: vec![UNSEEN; events.len()],
            marks: Vec::new(),
            emitted: Vec::new(),
            lives: Vec::new(),
            rules: *job.rules(),
        },
        // Nothing is before this watermark: with Spark it begins at 0.
        watermark: job.watermark().max(0),
        job,
        windows: &options.windows,
        out: Out::default(),
        waiting: Vec::new(),
        keyed: setup.keyed,
        open: Vec::new(),
        fresh: Vec::new(),
    };
    let first = order.first().map_or(until, |&n| events[n as usize].arrival);
    // Only these make the clock matter.
    let clocked = setup.idle.is_some() || matches!(setup.trigger, Asked::Early(_));
    let tick = TICK.max((until - first) / MOST_TICKS);
    let mut now = first;
    for &n in order {
        let event = &events[n as usize];
        runner.batch_until(setup, event.arrival, now, events);
        if clocked {
            runner.tick_until(tick, event.arrival, now);
        }
        now = event.arrival;
        if engine == Engine::Spark {
            runner
                .job
                .record(event.record(setup.keyed), 0, now, &mut runner.out);
            runner.waiting.push(n);
        } else {
            runner.event(n, event);
        }
    }
    if setup.ends {
        runner.end(now, events);
    } else {
        runner.batch_until(setup, until, now, events);
        if clocked {
            runner.tick_until(tick, until, now);
        }
    }
    runner.close();
    Ok(runner.run)
}

struct Runner<'a> {
    run: Run,
    job: Job,
    windows: &'a Windows,
    out: Out,
    watermark: i64,
    /// The events of the batch that has not ended.
    waiting: Vec<u32>,
    keyed: bool,
    /// The windows that are open.
    open: Vec<Life>,
    /// Kept for its room.
    fresh: Vec<Life>,
}

impl Runner<'_> {
    /// Ends the micro-batches whose time has come by `to`; it ends at multiples of its length.
    fn batch_until(&mut self, setup: &Setup, to: i64, now: i64, events: &[Event]) {
        let end = (now.div_euclid(setup.batch) + 1).saturating_mul(setup.batch);
        if !self.waiting.is_empty() && end <= to {
            self.end_batch(end, events);
        }
    }

    fn end_batch(&mut self, at: i64, events: &[Event]) {
        let (watermark, answers) = (self.job.watermark(), self.run.emitted.len() as u32);
        self.job.end_batch(at, &mut self.out);
        // What was dropped lies there in the order of the records.
        let mut dropped = self.out.dropped.iter().peekable();
        let batch = std::mem::take(&mut self.waiting);
        for &n in &batch {
            let event = &events[n as usize];
            let record = event.record(self.keyed);
            let missed = u32::from(dropped.next_if(|d| d.record == record).is_some());
            let mut fate = judged(self.windows, &self.run.rules, event, watermark, missed);
            fate.seen_at = at;
            self.run.fates[n as usize] = fate;
        }
        self.told(at);
        let answers = (answers, self.run.emitted.len() as u32);
        for n in batch {
            self.run.fates[n as usize].answers = answers;
        }
    }

    fn event(&mut self, n: u32, event: &Event) {
        let now = event.arrival;
        self.job.clock(now, &mut self.out);
        self.told(now);
        let before = self.job.watermark();
        // Stream time is that of the record, whatever becomes of it.
        let watermark = match self.run.engine {
            Engine::KafkaStreams => before.max(event.ts),
            _ => before,
        };
        let answers = self.run.emitted.len() as u32;
        let partition = event.partition as usize;
        let record = event.record(self.keyed);
        self.job.record(record, partition, now, &mut self.out);
        let missed = self.out.dropped.len() as u32;
        self.told(now);
        let mut fate = judged(self.windows, &self.run.rules, event, watermark, missed);
        fate.seen_at = now;
        fate.answers = (answers, self.run.emitted.len() as u32);
        let answered = &self.run.emitted[answers as usize..];
        fate.late |= answered.iter().any(|result| result.kind == Kind::Late);
        self.run.fates[n as usize] = fate;
    }

    /// Lets the clock go on.
    fn tick_until(&mut self, tick: i64, to: i64, now: i64) {
        let mut at = (now.div_euclid(tick) + 1).saturating_mul(tick);
        while at < to {
            self.job.clock(at, &mut self.out);
            if !self.out.emitted.is_empty() || self.job.watermark() > self.watermark {
                self.told(at);
            }
            at += tick;
        }
    }

    fn end(&mut self, now: i64, events: &[Event]) {
        if !self.waiting.is_empty() {
            self.end_batch(now, events);
        }
        self.job.finish(now, &mut self.out);
        self.told(now);
    }

    /// Keeps what came out, and how the windows are now.
    fn told(&mut self, now: i64) {
        self.run.emitted.append(&mut self.out.emitted);
        self.out.dropped.clear();
        let watermark = self.job.watermark();
        if watermark > self.watermark {
            self.watermark = watermark;
            self.run.marks.push((now, watermark));
        }
        let operator = self.job.operator();
        self.fresh.clear();
        self.fresh.extend(operator.open().filter_map(|(key, pane)| {
            let window = operator.shown(pane);
            let life = Life {
                key,
                window,
                complete: pane.is_complete(),
                from: now,
                to: i64::MAX,
            };
            (window.start <= window.end).then_some(life)
        }));
        // Both are in order of keys and starts.
        let mut old = std::mem::take(&mut self.open).into_iter().peekable();
        for mut life in self.fresh.drain(..) {
            let place = (life.key, life.window);
            while let Some(mut gone) = old.next_if(|old| (old.key, old.window) < place) {
                gone.to = now;
                self.run.lives.push(gone);
            }
            if let Some(mut same) = old.next_if(|old| (old.key, old.window) == place) {
                if same.complete == life.complete {
                    life = same;
                } else {
                    same.to = now;
                    self.run.lives.push(same);
                }
            }
            self.open.push(life);
        }
        for mut gone in old {
            gone.to = now;
            self.run.lives.push(gone);
        }
    }

    fn close(&mut self) {
        self.run.lives.append(&mut self.open);
        self.run.lives.retain(|life| life.from < life.to);
    }
}

/// What becomes of an event that meets this watermark; `missed` is what the engine itself told.
fn judged(windows: &Windows, rules: &Rules, event: &Event, watermark: i64, missed: u32) -> Fate {
    let mut fate = Fate {
        watermark,
        ..Fate::default()
    };
    let mut look = |window: Window| {
        fate.windows += 1;
        if rules.is_late(window.end, watermark) {
            fate.missed += 1;
        } else {
            fate.late |= rules.out_at(window.end) <= watermark;
        }
    };
    match *windows {
        Windows::Tumbling { .. } | Windows::Hopping { .. } => {
            windows.assign(event.ts, rules.from_zero(), look);
            if fate.windows == 0 && missed > 0 {
                (fate.windows, fate.missed) = (1, 1);
            }
        }
        Windows::Aligned { difference } => {
            let end = event.ts.saturating_add(difference).saturating_add(2);
            look(Window::new(event.ts, end));
        }
        Windows::Session { gap } => {
            look(Window::new(event.ts, event.ts.saturating_add(gap)));
            // Which session it joined, and whether that was over, only the engine knows.
            (fate.missed, fate.late) = (missed.min(1), false);
        }
        Windows::Count { .. } | Windows::Punctuation { .. } | Windows::Global => {
            (fate.windows, fate.missed) = (1, missed.min(1));
        }
    }
    fate
}
