//! What happens now in two architectures, in words; what to try; and the figures as tables.

use super::figures::{Figures, Formula, SideFigures, arriving, there};
use super::{long, name};
use crate::layers::{Architecture, Batch, LayerChange, Names, Phase, Serving, StreamJob};
use crate::protocol::{Layer, Stop};
use crate::sim::{Command, Layers, Status, Timeline, World};
use crate::time::{Span, Time};
use crate::view::panel::{Explain, Table, Text, WhatIf};

/// An answer that is off by less is right, in percent.
const RIGHT_PCT: f64 = super::figures::RIGHT_PPM as f64 / 10_000.0;

/// Kappa's job that reads what there was, if one does, and the version it has.
fn replaying<'a>(world: &'a World, layers: &Layers) -> Option<&'a StreamJob> {
    let jobs = layers.jobs.iter().filter_map(|&id| world.stream_job(id));
    let mut jobs = jobs.filter(|job| job.version() > 0 && !job.has_caught_up());
    jobs.find(|job| job.began_at() > Time::ZERO)
}

fn millions(events: f64) -> String {
    format!("{:.1} million", events / 1e6)
}

/// In a few sentences with the numbers of the moment shown.
#[must_use]
pub fn explain(timeline: &Timeline) -> Explain {
    let (moment, scenario) = (timeline.moment(), timeline.scenario());
    let world = &moment.world;
    let (Some(layers), Some(figures)) = (world.layers(), Figures::of(timeline)) else {
        return Explain::default();
    };
    let down = world
        .nodes()
        .find(|(_, _, status, _)| *status != Status::Up);
    let with_bug = with_bug(world, layers);
    let heading = if let Some(job) = replaying(world, layers) {
        format!("Job v{} reads the log from its start.", job.version())
    } else if let Some((_, node, ..)) = down {
        format!("{node} is down.")
    } else if !with_bug.is_empty() {
        "A bug is live. Who serves wrong answers?".to_owned()
    } else {
        match [&figures.lambda, &figures.kappa].map(is_right) {
            [true, true] => "Both answers are right.".to_owned(),
            [true, false] => format!("{} is right.", side_name(layers, Architecture::Lambda)),
            [false, true] => format!("{} is right.", side_name(layers, Architecture::Kappa)),
            [false, false] => "Neither answer is right.".to_owned(),
        }
    };
    let mut now = Text::default();
    if !with_bug.is_empty() {
        let places = with_bug.join(", ");
        now = now.say("The bug is in: ").stress(places).say(". ");
    }
    let batch_view = world.serving(layers.lambda).and_then(Serving::served);
    if batch_view.is_some_and(|kept| kept.bug) {
        now = now
            .stress("The batch view")
            .say(" that is served was counted with the bug. ");
    }
    now = lambda(now, timeline, layers);
    now = kappa(now, timeline, layers);
    for of in Architecture::ALL {
        let side = figures.side(of);
        now = now
            .say(format!("{} is ", side_name(layers, of)))
            .stress(format!("{:.1} %", side.trend_off_pct))
            .say(format!(
                " off on what trends and {:.1} % on who was influential. ",
                side.deep_off_pct
            ));
    }
    Explain {
        heading,
        now,
        hint: scenario.watch.clone(),
    }
}

fn side_name(layers: &Layers, of: Architecture) -> &'static str {
    name(of, layers.speed.is_some())
}

fn is_right(side: &SideFigures) -> bool {
    side.trend_off_pct.max(side.deep_off_pct) <= RIGHT_PCT
}

/// Where the bug is.
fn with_bug(world: &World, layers: &Layers) -> Vec<String> {
    let batch = world.batch().filter(|batch| batch.has_bug());
    let batch = batch.map(|_| "the batch code".to_owned());
    let speed = layers.speed.and_then(|id| world.stream_job(id));
    let speed = speed.filter(|job| job.has_bug());
    // A job whose view is not served harms nobody.
    let served = world.serving(layers.kappa).and_then(Serving::served);
    let served = served.map_or(0, |kept| kept.number);
    let jobs = layers.jobs.iter().filter_map(|&id| world.stream_job(id));
    let jobs = jobs.filter(|job| job.version() == served && job.has_bug());
    let jobs = jobs.map(|job| format!("job v{}", job.version()));
    let of_lambda = batch
        .into_iter()
        .chain(speed.map(|_| "the speed code".to_owned()));
    of_lambda.chain(jobs).collect()
}

/// Where the counting code is, what that is called, and whether it has the bug. Kappa's is that of the
/// job that is served.
#[must_use]
pub fn code_places(world: &World) -> Vec<(Layer, &'static str, bool)> {
    let Some(layers) = world.layers() else {
        return Vec::new();
    };
    let batch = world
        .batch()
        .map(|b| (Layer::Batch, "batch code", b.has_bug()));
    let speed = layers.speed.and_then(|id| world.stream_job(id));
    let speed = speed.map(|job| (Layer::Speed, "speed code", job.has_bug()));
    let served = world.serving(layers.kappa).and_then(Serving::served);
    let jobs = layers.jobs.iter().filter_map(|&id| world.stream_job(id));
    let mut jobs = jobs.filter(|job| served.is_some_and(|kept| kept.number == job.version()));
    let job = jobs
        .next()
        .map(|job| (Layer::Job, "code of the job served", job.has_bug()));
    batch.into_iter().chain(speed).chain(job).collect()
}

/// Whether the scene follows Twitter's migration.
#[must_use]
pub fn is_twitter(timeline: &Timeline) -> bool {
    let layers = timeline.scenario().layers.as_ref();
    layers.is_some_and(|layers| layers.names == Names::Twitter)
}

/// What the batch layer does.
fn lambda(text: Text, timeline: &Timeline, layers: &Layers) -> Text {
    let world = &timeline.moment().world;
    let (Some(batch), Some(id)) = (world.batch(), layers.batch) else {
        return text;
    };
    let clock = |at: Time| timeline.scenario().clock(at);
    let events = |batch: &Batch| batch.archived().0 as f64 * f64::from(layers.set.scale);
    if world.status(id) != Status::Up {
        return text.say("The batch layer does not run. ");
    }
    match batch.phase() {
        Phase::Waiting { until } => {
            text.say(format!("The next batch run begins at {}. ", clock(until)))
        }
        Phase::Reading { .. } => text.say("A batch run begins: it takes in what is new. "),
        Phase::Counting { since, until, bug } => text
            .say(format!(
                "The batch run of {} counts {} events, {}, and should be done at ",
                clock(since),
                millions(events(batch)),
                if bug { "with the bug" } else { "all again" }
            ))
            .stress(clock(until))
            .say(". "),
    }
}

/// What a job that replays does.
fn kappa(text: Text, timeline: &Timeline, layers: &Layers) -> Text {
    let world = &timeline.moment().world;
    let Some(job) = replaying(world, layers) else {
        return text;
    };
    let (does, rate) = (f64::from(layers.set.per_s(Layer::Job)), arriving(timeline));
    let begins = there(timeline, job.began_at(), true);
    if does <= rate {
        return text.say(format!(
            "Job v{} does {does:.0} events a second and {rate:.0} come: it never catches up. ",
            job.version()
        ));
    }
    let takes = Span((begins / (does - rate) * 1e6) as u64);
    text.say(format!(
        "Job v{} began with {} events before it; at {does:.0} a second, while {rate:.0} come, it should \
         have caught up at about ",
        job.version(),
        millions(begins)
    ))
    .stress(timeline.scenario().clock(job.began_at() + takes))
    .say(". ")
}

/// Buttons for what teaches most here.
#[must_use]
pub fn what_if(timeline: &Timeline) -> Vec<WhatIf> {
    let world = &timeline.moment().world;
    let Some(layers) = world.layers() else {
        return Vec::new();
    };
    let change = |label: &str, changes: &[LayerChange]| WhatIf {
        label: label.to_owned(),
        commands: changes.iter().map(|c| Command::Layers(*c)).collect(),
    };
    let hour = Span::secs(3_600).0;
    let mut all = Vec::new();
    let running = world
        .stream_job(layers.jobs[0])
        .is_some_and(|job| job.version() > 0)
        || world
            .stream_job(layers.jobs[1])
            .is_some_and(|job| job.version() > 0);
    let ship = |bug: bool| {
        let places = [
            layers.batch.map(|_| Layer::Batch),
            layers.speed.map(|_| Layer::Speed),
            (running && bug).then_some(Layer::Job),
        ];
        let places = places.into_iter().flatten();
        places.map(move |code| LayerChange::Ship { code, bug })
    };
    let bugs = with_bug(world, layers);
    if bugs.is_empty() {
        let changes: Vec<LayerChange> = ship(true).collect();
        all.push(change("a bug ships everywhere", &changes));
    } else {
        let mut changes: Vec<LayerChange> = ship(false).collect();
        let both = layers.jobs.iter().filter_map(|&id| world.stream_job(id));
        if both.filter(|job| job.version() > 0).count() < 2 {
            changes.push(LayerChange::Reprocess { bug: false });
        }
        all.push(change("the fix ships everywhere", &changes));
    }
    if layers.retention.0 > hour {
        all.push(change(
            "keep only 1 h of log",
            &[LayerChange::Retention { us: hour }],
        ));
    }
    if let Some(speed) = layers.speed.filter(|&id| world.status(id) == Status::Up) {
        all.push(WhatIf {
            label: "the speed layer crashes".into(),
            commands: vec![Command::Stop {
                node: world.name(speed).to_owned(),
                how: Stop::Killed,
            }],
        });
    }
    if layers.set.batch_every.0 > 600_000_000 && layers.batch.is_some() {
        let us = Span::secs(600).0;
        all.push(change(
            "a batch every 10 min",
            &[LayerChange::BatchEvery { us }],
        ));
    }
    all
}

/// The figures of both sides.
#[must_use]
pub fn figures_table(timeline: &Timeline, all: bool) -> Table {
    let (Some(figures), Some(layers)) = (Figures::of(timeline), timeline.moment().world.layers())
    else {
        return Table::default();
    };
    let clock = |at: Option<Time>| at.map_or("–".to_owned(), |at| timeline.scenario().clock(at));
    let row = |what: &str, cell: &dyn Fn(&SideFigures) -> String| {
        let sides = [&figures.lambda, &figures.kappa];
        std::iter::once(what.to_owned())
            .chain(sides.map(cell))
            .collect()
    };
    let events = |n: u64| match n {
        0 => "0".to_owned(),
        1..=99_999 => n.to_string(),
        _ => format!("{:.1} M", n as f64 / 1e6),
    };
    let mut rows: Vec<Vec<String>> = vec![
        row("age of the answer", &|s| long(s.age_us)),
        row("what trends: off by", &|s| {
            format!("{:.1} %", s.trend_off_pct)
        }),
        row("influence: off by", &|s| format!("{:.1} %", s.deep_off_pct)),
        row("wrong answers served", &|s| {
            format!("{:.1} %·h", s.wrong_pct_h)
        }),
        row("events counted", &|s| events(s.processed)),
        row("right again at", &|s| clock(s.right_at_us)),
        row("code paths", &|s| s.code_paths.to_string()),
        row("counted twice", &|s| events(s.twice)),
        row("lost", &|s| events(s.lost)),
        row("too late for streams", &|s| events(s.late)),
    ];
    if let Some(apart) = figures.disagreement_pct {
        let cells = ["batch and speed differ", &format!("{apart:.1} %"), "–"];
        rows.push(cells.map(str::to_owned).into());
    }
    if all {
        rows.extend([
            row("age on average", &|s| {
                s.mean_age_us.map_or("–".into(), long)
            }),
            row("events kept beside the log", &|s| events(s.kept)),
            row("numbers in views", &|s| s.cells.to_string()),
            row("failures", &|s| s.failures.to_string()),
            row("fixed at", &|s| clock(s.fixed_at_us)),
            row("what trends right again", &|s| clock(s.trend_right_at_us)),
        ]);
    }
    Table {
        caption: format!("So far, of {} events", events(figures.events)),
        heads: std::iter::once("so far".to_owned())
            .chain(Architecture::ALL.map(|of| side_name(layers, of).to_owned()))
            .collect(),
        rows,
    }
}

/// Formulas with this run's numbers, beside what was measured.
#[must_use]
pub fn formulas_table(timeline: &Timeline) -> Table {
    let formulas = Figures::of(timeline).map(|figures| figures.formulas);
    let round = |formula: &Formula, n: f64| match formula.unit {
        "s" => long(Span((n.max(0.0) * 1e6) as u64)),
        _ => format!("{:.1} M", n / 1e6),
    };
    let rows = formulas.unwrap_or_default().into_iter().map(|formula| {
        let (says, measured) = (
            round(&formula, formula.says),
            round(&formula, formula.measured),
        );
        vec![
            format!("{}: {}", formula.name, formula.text),
            says,
            measured,
        ]
    });
    Table {
        caption: "Formulas with this run’s numbers".into(),
        heads: ["formula", "says", "measured"].map(str::to_owned).into(),
        rows: rows.collect(),
    }
}

/// The picture in one sentence.
#[must_use]
pub fn summary(timeline: &Timeline) -> String {
    let (Some(figures), Some(layers)) = (Figures::of(timeline), timeline.moment().world.layers())
    else {
        return String::new();
    };
    let side = |of: Architecture| {
        let side = figures.side(of);
        format!(
            "{}’s answer is {} old and {:.1} % off on what trends",
            side_name(layers, of),
            long(side.age_us),
            side.trend_off_pct
        )
    };
    format!(
        "At {}: {}; {}.",
        timeline.scenario().clock(timeline.now()),
        side(Architecture::Lambda),
        side(Architecture::Kappa)
    )
}

/// The pictures as tables: the boxes, and both errors every ten minutes.
#[must_use]
pub fn twins(timeline: &Timeline, scene: &super::scene::LayersScene) -> Vec<Table> {
    let row = |what: &str, station: &super::scene::Station| {
        let mut says = station.says.clone();
        for (is, words) in [(station.bug, "has the bug"), (station.served, "served")] {
            if is && !says.contains(words) {
                let comma = if says.is_empty() { "" } else { ", " };
                says = format!("{says}{comma}{words}");
            }
        }
        vec![format!("{what}: {}", station.name), says]
    };
    let boxes = scene.sides.iter().flat_map(|side| {
        let makers = side.makers.iter().map(|s| row(side.name, s));
        let views = side.views.iter().map(|s| row(side.name, s));
        makers.chain(views).chain([row(side.name, &side.serving)])
    });
    let boxes = Table {
        caption: "The boxes of the picture".into(),
        heads: ["box", "how it stands"].map(str::to_owned).into(),
        rows: boxes.collect(),
    };
    let every = Span::secs(600).0;
    let [trend, deep] = [&scene.trend, &scene.deep];
    let times = trend[0]
        .iter()
        .enumerate()
        .filter(|(_, (at, _))| at.0 % every == 0);
    let percent = |curve: &super::scene::Curve, n: usize| {
        curve.get(n).map_or_else(String::new, |(_, ppm)| {
            format!("{:.1} %", f64::from(*ppm) / 10_000.0)
        })
    };
    let rows = times.map(|(n, (at, _))| {
        let cells = [&trend[0], &trend[1], &deep[0], &deep[1]];
        let cells = cells.into_iter().map(|curve| percent(curve, n));
        std::iter::once(timeline.scenario().clock(*at))
            .chain(cells)
            .collect()
    });
    let [one, two] = scene.sides.each_ref().map(|side| side.name);
    let heads = [
        "time".to_owned(),
        format!("trend, {one}"),
        format!("trend, {two}"),
    ];
    let heads = heads
        .into_iter()
        .chain([format!("influence, {one}"), format!("influence, {two}")]);
    let errors = Table {
        caption: "How far each answer was off".into(),
        heads: heads.collect(),
        rows: rows.collect(),
    };
    vec![boxes, errors]
}
