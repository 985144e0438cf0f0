//! What was measured of both architectures, and what formulas say it should be.

use crate::layers::{Architecture, Done, Layer, Serving};
use crate::protocol::LayerStep;
use crate::sim::{Moment, Reckoned, Standing, Timeline};
use crate::time::{Span, Time};
use serde::Serialize;

/// From how many parts per million on an answer counts as wrong: what is under way to a stream is
/// less.
pub const RIGHT_PPM: u32 = 20_000;

/// One architecture's figures. Counts are of events: records times the scale.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct SideFigures {
    /// How old the newest event is that the answer knows of, in microseconds.
    pub age_us: Span,
    /// The same on average since it first had an answer.
    pub mean_age_us: Option<Span>,
    /// How far the answer of what trends now is off, in percent.
    pub trend_off_pct: f64,
    /// How far the answer of who was most influential is off.
    pub deep_off_pct: f64,
    /// The first of them over time: percent times hours.
    pub wrong_pct_h: f64,
    /// Events read and counted, each as often as that was.
    pub processed: u64,
    /// Events that it keeps for itself beside the log.
    pub kept: u64,
    /// Numbers in its views, a speed layer's rows among them.
    pub cells: u64,
    /// How many places the counting is written down in that are in use.
    pub code_paths: u32,
    /// Events that its streams counted twice.
    pub twice: u64,
    /// Events that are missing in its views: passed over after a crash, or deleted before they were
    /// read.
    pub lost: u64,
    /// Events that came too late for its streams.
    pub late: u64,
    /// How often a process of it failed by itself.
    pub failures: u32,
    /// When the bug was fixed last, if it was.
    pub fixed_at_us: Option<Time>,
    /// When the answer of what trends was right again after that.
    pub trend_right_at_us: Option<Time>,
    /// When both answers were.
    pub right_at_us: Option<Time>,
}

/// A formula with this run's numbers, and what was measured.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Formula {
    /// What it is of.
    pub name: &'static str,
    /// The formula with the numbers in it.
    pub text: String,
    /// What it comes to, in the unit.
    pub says: f64,
    /// What was measured.
    pub measured: f64,
    /// The unit.
    pub unit: &'static str,
}

/// All figures of a run of two architectures.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Figures {
    /// As how many events each record stands.
    pub scale: u32,
    /// Events that were ever in the log, and those that are left there.
    pub events: u64,
    /// Events that are left in the log.
    pub in_log: u64,
    /// Batch and speed, or batch alone.
    pub lambda: SideFigures,
    /// Streams alone.
    pub kappa: SideFigures,
    /// How far batch and speed were apart when the last batch view came, in percent.
    pub disagreement_pct: Option<f64>,
    /// Those that apply.
    pub formulas: Vec<Formula>,
}

fn percent(ppm: u32) -> f64 {
    f64::from(ppm) / 10_000.0
}

/// When the bug was fixed in one architecture for the last time before `until`, after it was there.
pub(super) fn fixed_at(moment: &Moment, of: Architecture, until: Time) -> Option<Time> {
    let (mut bug, mut fixed) = (false, None);
    let steps = moment.reckoning.steps();
    for (stamp, _, step) in steps.take_while(|(stamp, ..)| stamp.at < until) {
        let (kappa, has_bug) = match *step {
            LayerStep::Shipped(layer, bug) => (layer == Layer::Job, bug),
            LayerStep::JobBegan { bug, .. } => (true, bug),
            _ => continue,
        };
        if kappa != (of == Architecture::Kappa) {
            continue;
        }
        if has_bug {
            (bug, fixed) = (true, None);
        } else if bug && fixed.is_none() {
            fixed = Some(stamp.at);
        }
    }
    fixed
}

/// When an architecture was right first after `from`.
pub(super) fn right_at(
    moment: &Moment,
    from: Option<Time>,
    is: impl Fn(&Reckoned) -> bool,
) -> Option<Time> {
    let from = from?;
    let mut after = moment.reckoning.samples().filter(|(at, _)| *at >= from);
    after.find(|(_, sample)| is(sample)).map(|(at, _)| at)
}

fn side(timeline: &Timeline, of: Architecture, scale: u64) -> SideFigures {
    let moment = timeline.moment();
    let last = moment.reckoning.last().copied().unwrap_or_default();
    let Standing {
        age,
        trend_ppm,
        deep_ppm,
        wrong,
        done,
        kept,
    } = last.of[of as usize];
    let Done {
        records,
        twice,
        lost,
        late,
        failures,
    } = done;
    let fixed = fixed_at(moment, of, Time::MAX);
    let stands = move |sample: &Reckoned| sample.of[of as usize];
    let samples = moment.reckoning.samples().map(|(_, sample)| stands(sample));
    let answered = samples.filter(|s| s.trend_ppm < 1_000_000);
    let (n, sum) = answered.fold((0, 0), |(n, sum), s| (n + 1, sum + s.age.0));
    SideFigures {
        age_us: age,
        mean_age_us: (n > 0).then(|| Span(sum / n)),
        trend_off_pct: percent(trend_ppm),
        deep_off_pct: percent(deep_ppm),
        wrong_pct_h: wrong as f64 / 10_000.0 / 3_600.0,
        processed: records * scale,
        kept: kept.0 * scale,
        cells: kept.1,
        code_paths: code_paths(moment, of),
        twice: twice * scale,
        lost: lost * scale,
        late: late * scale,
        failures,
        fixed_at_us: fixed,
        trend_right_at_us: right_at(moment, fixed, move |s| stands(s).trend_ppm <= RIGHT_PPM),
        right_at_us: right_at(moment, fixed, move |s| {
            stands(s).trend_ppm.max(stands(s).deep_ppm) <= RIGHT_PPM
        }),
    }
}

fn code_paths(moment: &Moment, of: Architecture) -> u32 {
    let world = &moment.world;
    let Some(layers) = world.layers() else {
        return 0;
    };
    match of {
        Architecture::Lambda => {
            u32::from(layers.batch.is_some()) + u32::from(layers.speed.is_some())
        }
        Architecture::Kappa => {
            let jobs = layers.jobs.iter().filter_map(|&id| world.stream_job(id));
            jobs.filter(|job| job.version() > 0).count() as u32
        }
    }
}

/// A batch run that is done.
#[derive(Clone, Copy)]
struct Run {
    number: u32,
    began: Time,
    done: Time,
}

impl Figures {
    /// Of the moment shown; `None` where no architectures are played.
    #[must_use]
    pub fn of(timeline: &Timeline) -> Option<Self> {
        let moment = timeline.moment();
        let layers = moment.world.layers()?;
        let scale = layers.set.scale;
        let last = moment.reckoning.last().copied().unwrap_or_default();
        let serving = moment.world.serving(layers.lambda);
        Some(Self {
            scale,
            events: last.log.0 * u64::from(scale),
            in_log: last.log.1 * u64::from(scale),
            lambda: side(timeline, Architecture::Lambda, scale.into()),
            kappa: side(timeline, Architecture::Kappa, scale.into()),
            disagreement_pct: serving.and_then(Serving::disagreement).map(percent),
            formulas: formulas(timeline).unwrap_or_default(),
        })
    }

    /// One side's.
    #[must_use]
    pub fn side(&self, of: Architecture) -> &SideFigures {
        match of {
            Architecture::Lambda => &self.lambda,
            Architecture::Kappa => &self.kappa,
        }
    }
}

/// Events a second that come.
pub(super) fn arriving(timeline: &Timeline) -> f64 {
    let world = &timeline.moment().world;
    let producers = world.feed().map_or(0, |feed| feed.sources.len());
    let scale = world.layers().map_or(1, |layers| layers.set.scale);
    world.settings().per_s * producers as f64 * f64::from(scale)
}

/// How many events were in the log at a time, those that it has deleted since among them; `left`:
/// those that it still had.
pub(super) fn there(timeline: &Timeline, at: Time, left: bool) -> f64 {
    let moment = timeline.moment();
    let scale = moment.world.layers().map_or(1, |layers| layers.set.scale);
    let before = moment.reckoning.samples();
    let before = before.take_while(|(when, _)| *when <= at);
    let log = before.last().map_or((0, 0), |(_, sample)| sample.log);
    (if left { log.1 } else { log.0 }) as f64 * f64::from(scale)
}

fn runs(moment: &Moment) -> Vec<Run> {
    let steps = moment.reckoning.steps();
    let runs = steps.filter_map(|(stamp, _, step)| match *step {
        LayerStep::BatchDone { run, since, .. } => Some(Run {
            number: run,
            began: since,
            done: stamp.at,
        }),
        _ => None,
    });
    runs.collect()
}

fn seconds(span: Span) -> f64 {
    span.0 as f64 / 1e6
}

/// Millions, as people read them.
fn millions(events: f64) -> String {
    format!("{:.1} M", events / 1e6)
}

fn formulas(timeline: &Timeline) -> Option<Vec<Formula>> {
    let moment = timeline.moment();
    let layers = moment.world.layers()?;
    let runs = runs(moment);
    let mut all = Vec::new();
    let startup = seconds(layers.set.batch_startup);
    let batch = f64::from(layers.set.per_s(Layer::Batch));
    // A run counts everything there was when it began.
    let counts = |run: &Run| there(timeline, run.began, false);
    let takes = |run: &Run| startup + counts(run) / batch;
    if let [.., one, two] = runs[..] {
        let period = seconds(two.began.since(one.began));
        let (first, second) = (takes(&one), takes(&two));
        let says = (first + period + second) / 2.0;
        let between = moment.reckoning.samples();
        let between = between.filter(|(at, _)| (one.done..two.done).contains(at));
        let (n, sum) = between.fold((0.0, 0.0), |(n, sum), (_, sample)| {
            (n + 1.0, sum + seconds(sample.batch_age))
        });
        all.push(Formula {
            name: "age of the batch view, on average",
            text: format!(
                "(D + P + D′) / 2 = ({first:.0} + {period:.0} + {second:.0}) / 2 s: it is D old when it \
                 comes and P + D′ old when the next one does"
            ),
            says,
            measured: sum / f64::max(n, 1.0),
            unit: "s",
        });
    }
    if let Some(last) = runs.last() {
        let says = takes(last);
        all.push(Formula {
            name: "how long a batch run takes",
            text: format!(
                "{startup:.0} s + N / μ = {startup:.0} + {} / {batch:.0}",
                millions(counts(last))
            ),
            says,
            measured: seconds(last.done.since(last.began)),
            unit: "s",
        });
    }
    let sound = |batch: &&crate::layers::Batch| batch.done().failures == 0;
    if let Some(last) = runs.last()
        && let Some(batch) = moment.world.batch().filter(sound)
    {
        let all_runs: f64 = runs.iter().map(counts).sum();
        let counted = batch.done().records;
        all.push(Formula {
            name: "events counted by batch runs",
            text: format!(
                "N₁ + … + N{} = {} in {} runs: each counts everything again",
                last.number,
                millions(all_runs),
                runs.len()
            ),
            says: all_runs,
            measured: counted as f64 * f64::from(layers.set.scale),
            unit: "events",
        });
    }
    all.extend(catch_up(timeline, arriving(timeline)));
    Some(all)
}

/// Of the last job that began when there was something to catch up with, and has.
fn catch_up(timeline: &Timeline, rate: f64) -> Option<Formula> {
    let moment = timeline.moment();
    let layers = moment.world.layers()?;
    let caught = moment
        .reckoning
        .steps()
        .rev()
        .find_map(|(stamp, node, step)| match *step {
            LayerStep::CaughtUp { since, .. }
                if layers.jobs.contains(node) && since > Time::ZERO =>
            {
                Some((since, stamp.at))
            }
            _ => None,
        });
    let (since, at) = caught?;
    let failed = layers
        .jobs
        .iter()
        .filter_map(|&id| moment.world.stream_job(id));
    if failed.map(|job| job.done().failures).sum::<u32>() > 0 {
        return None;
    }
    let there = there(timeline, since, true);
    let does = f64::from(layers.set.per_s(Layer::Job));
    let says = there / (does - rate);
    Some(Formula {
        name: "how long a new job takes to catch up",
        text: format!(
            "N / (μ − λ) = {} / ({does:.0} − {rate:.0})",
            millions(there)
        ),
        says,
        measured: seconds(at.since(since)),
        unit: "s",
    })
}
