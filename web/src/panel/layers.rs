//! The Lambda · Kappa page's panels: what happens now, the figures, and everything a person can do.

use super::explain::{questions, told, what_ifs};
use super::fields::{Number, act, part};
use super::parts::{bare_table, data_table, promises, trouble};
use crate::ui::{Action, Ui};
use millrace::layers::{Delivery, LayerChange, LayersSpec};
use millrace::protocol::{Layer, Stop};
use millrace::sim::Command;
use millrace::time::Span;
use millrace::view::layers::TWITTER;
use millrace::view::panel::{Asked, Explain, PromiseRow, Table, WhatIf};
use millrace::view::predict::Score;
use yew::prelude::*;

/// What happens now on the Lambda · Kappa page.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LayersNow {
    /// In words.
    pub explain: Explain,
    /// Questions asked so far.
    pub asked: Vec<Asked>,
    /// Interventions that teach.
    pub what_if: Vec<WhatIf>,
    /// The figures of both sides.
    pub figures: Table,
    /// Formulas beside what was measured.
    pub formulas: Table,
    /// The guarantees.
    pub promises: Vec<PromiseRow>,
    /// Whether the scene follows Twitter's migration.
    pub twitter: bool,
}

/// The Metrics tab of the Lambda · Kappa page.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct LayersMetrics {
    /// All figures of both sides.
    pub figures: Table,
    /// The pictures as tables.
    pub tables: Vec<Table>,
}

/// The Faults tab of the Lambda · Kappa page.
#[derive(Clone, PartialEq, Debug)]
pub struct LayersFaultsData {
    /// How the layers are set.
    pub set: LayersSpec,
    /// Where the counting code is, what that is called, and whether it has the bug.
    pub code: Vec<(Layer, &'static str, bool)>,
    /// Machines, and whether they run.
    pub nodes: Vec<(AttrValue, bool)>,
    /// Records a second.
    pub per_s: f64,
    /// The share of events that come late, and by how much at most.
    pub late: (f64, Span),
    /// How long the log keeps records.
    pub retention: Span,
}

/// The Explain tab; in an exam only its questions.
pub fn now(ui: &Ui, data: &LayersNow, score: Score) -> Html {
    if ui.params.exam {
        return questions(ui, &data.asked, score);
    }
    html! {
        <>
            { told(ui, &data.explain, &data.asked, score) }
            { bare_table(&data.figures, "layer-figures") }
            { what_ifs(ui, &data.what_if) }
            if data.twitter { { published() } }
            if !data.formulas.rows.is_empty() {
                <h3>{ "Formulas, and what was measured" }</h3>
                { bare_table(&data.formulas, "formulas") }
            }
            <h3>{ "Promises" }</h3>
            { promises(ui, &data.promises) }
        </>
    }
}

/// What Twitter said of its own migration.
fn published() -> Html {
    html! {
        <section data-testid="published">
            <h3>{ "What Twitter published" }</h3>
            <ul class="published">{ for TWITTER.figures.iter().map(|figure| html! { <li>{ *figure }</li> }) }</ul>
            <p class="hint">{ TWITTER.source }{ " Here one record stands for 1,000 events, and what is measured is the table above: another log, another load." }</p>
        </section>
    }
}

/// The Metrics tab: all figures, and the pictures as tables.
pub fn metrics(data: &LayersMetrics) -> Html {
    html! {
        <>
            { data_table(&data.figures, Some("layer-metrics")) }
            { for data.tables.iter().map(|table| html! {
                <div class="scroller" tabindex="0" role="region" aria-label={table.caption.clone()}>{ data_table(table, None) }</div>
            }) }
        </>
    }
}

fn layers(change: LayerChange) -> Command {
    Command::Layers(change)
}

/// The Faults tab: everything a person can do here.
pub fn faults(ui: &Ui, data: &LayersFaultsData) -> Html {
    html! {
        <>
            <h2>{ "What a person can do" }</h2>
            { code(ui, data) }
            { for data.nodes.iter().map(|node| machine(ui, node)) }
            { trouble(ui, "stop") }
            { batch_and_streams(ui, data) }
            { events(ui, data) }
        </>
    }
}

/// The counting code, and Kappa's jobs.
fn code(ui: &Ui, data: &LayersFaultsData) -> Html {
    let place = |(layer, name, bug): &(Layer, &'static str, bool)| {
        let change = LayerChange::Ship {
            code: *layer,
            bug: !*bug,
        };
        let (says, word) = if *bug {
            (" has the bug", "Fix")
        } else {
            ("", "Plant the bug")
        };
        html! {
            <div class="row machine" role="group" aria-label={*name}>
                <b class={bug.then_some("down")}>{ *name }{ says }</b>
                { act(ui, "code", word, Some(format!("{word}: {name}")), &format!("bug-{}", layer.name()), layers(change)) }
            </div>
        }
    };
    let kappa = html! {
        <div class="row" role="group" aria-label="Kappa’s jobs">
            { act(ui, "code", "Count again from the start", None, "reprocess", layers(LayerChange::Reprocess { bug: false })) }
            { act(ui, "code", "Cut over", None, "cut-over", layers(LayerChange::CutOver)) }
            { act(ui, "code", "Roll back", None, "roll-back", layers(LayerChange::RollBack)) }
            { act(ui, "code", "Delete the other view", None, "drop-old", layers(LayerChange::DropOld)) }
        </div>
    };
    let controls = html! {
        <>
            { for data.code.iter().map(place) }
            { kappa }
            <p class="hint">{ "The bug drops every event whose hashtag has a capital. The batch code works from its next run on; the speed layer counts anew what the batch view does not have; a job goes on with the counts it has, so Kappa counts again from the start of the log." }</p>
        </>
    };
    part(ui, "Code and jobs", &["code"], true, controls)
}

/// One machine.
fn machine(ui: &Ui, (name, up): &(AttrValue, bool)) -> Html {
    let node = || name.to_string();
    html! {
        <div class="row machine" role="group" aria-label={name.clone()} key={name.to_string()}>
            <b class={(!*up).then_some("down")}>{ name }{ if *up { "" } else { " (down)" } }</b>
            if *up {
                { act(ui, "stop", "Kill", Some(format!("Kill {name}")), &format!("kill-{name}"), Command::Stop { node: node(), how: Stop::Killed }) }
            } else {
                { act(ui, "stop", "Start", Some(format!("Start {name}")), &format!("start-{name}"), Command::Start { node: node() }) }
            }
        </div>
    }
}

/// A number whose settled value makes a change.
fn number(
    ui: &Ui,
    (id, from, label): (&str, &'static str, &'static str),
    (value, min, max, step): (f64, f64, f64, f64),
    unit: &'static str,
    make: impl Fn(f64) -> Command + 'static,
) -> Html {
    let number = Number {
        id: id.to_owned(),
        min,
        step,
        unit,
        ..Number::new(from, label, value, max)
    };
    number.view(ui, Callback::from(make))
}

fn minutes(span: Span) -> f64 {
    span.0 as f64 / 60e6
}

/// Minutes as microseconds.
fn us(minutes: f64) -> u64 {
    (minutes.max(0.0) * 60e6) as u64
}

fn batch_and_streams(ui: &Ui, data: &LayersFaultsData) -> Html {
    let set: &LayersSpec = &data.set;
    let most = f64::from(LayersSpec::MOST_WORKERS);
    let workers = |layer: Layer, label: &'static str| {
        let now = f64::from(set.workers[layer as usize]);
        let id = format!("workers-{}", layer.name());
        number(
            ui,
            (&id, "workers", label),
            (now, 1.0, most, 1.0),
            "",
            move |n| {
                let workers = n.clamp(0.0, 1e6) as u32;
                layers(LayerChange::Workers { layer, workers })
            },
        )
    };
    let delivery = |layer: Layer, label: &'static str| {
        let chosen = Delivery::ALL
            .iter()
            .position(|d| *d == set.delivery_of(layer));
        let names = Delivery::ALL.map(Delivery::name);
        let on = ui.on.clone();
        let settle = move |n: usize| {
            let delivery = Delivery::ALL[n.min(2)];
            let change = layers(LayerChange::Delivery { layer, delivery });
            on.emit(Action::Act("delivery", vec![change]));
        };
        let id = if layer == Layer::Speed {
            "delivery-speed"
        } else {
            "delivery-job"
        };
        super::fields::pick(
            ui,
            (id, label),
            ui.locked("delivery"),
            &names,
            chosen.unwrap_or(0),
            settle.into(),
        )
    };
    let controls = html! {
        <>
            { number(ui, ("batch-every", "batch", "Batch every"), (minutes(set.batch_every), 1.0, 1_440.0, 5.0), "min", |n| layers(LayerChange::BatchEvery { us: us(n) })) }
            { workers(Layer::Batch, "Workers of the batch layer") }
            if set.speed { { workers(Layer::Speed, "Workers of the speed layer") } }
            { workers(Layer::Job, "Workers of each job") }
            { number(ui, ("grace", "late", "Streams wait for late events"), (minutes(set.grace), 0.0, 1_440.0, 5.0), "min", |n| layers(LayerChange::Grace { us: us(n) })) }
            { number(ui, ("failures", "failure", "Processes fail"), (set.failures_per_hour, 0.0, 60.0, 1.0), "an hour", |per_hour| layers(LayerChange::Failures { per_hour })) }
            if set.speed {
                { delivery(Layer::Speed, "The speed layer counts after a crash") }
                { number(ui, ("one-in", "delivery", "The speed layer counts one in"), (f64::from(set.one_in), 1.0, 100.0, 1.0), "", |n| layers(LayerChange::Sampling { one_in: n.clamp(0.0, 1e6) as u32 })) }
            }
            { delivery(Layer::Job, "A job counts after a crash") }
        </>
    };
    part(
        ui,
        "Batch and streams",
        &["batch", "workers", "failure", "delivery"],
        true,
        controls,
    )
}

fn events(ui: &Ui, data: &LayersFaultsData) -> Html {
    let (share, by) = data.late;
    let scale = f64::from(data.set.scale);
    let per_s = data.per_s * scale;
    let late = move |share: f64, by_us: u64| layers(LayerChange::Late { share, by_us });
    let controls = html! {
        <>
            { number(ui, ("events-rate", "rate", "Events"), (per_s, 0.0, 100_000.0, 100.0), "a second", move |n| Command::SetRate { per_s: n / scale }) }
            { number(ui, ("late-share", "late", "Come late"), ((share * 100.0).round(), 0.0, 100.0, 5.0), "%", move |n| late(n / 100.0, by.0)) }
            { number(ui, ("late-by", "late", "By up to"), (minutes(by), 0.0, 1_440.0, 5.0), "min", move |n| late(share, us(n))) }
            { number(ui, ("retention", "retention", "The log keeps them"), (minutes(data.retention).min(43_200.0), 1.0, 43_200.0, 10.0), "min", |n| layers(LayerChange::Retention { us: us(n) })) }
        </>
    };
    part(
        ui,
        "Events and the log",
        &["rate", "late", "retention"],
        true,
        controls,
    )
}
