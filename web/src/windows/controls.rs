//! Which windows, whose rules, and every setting there is for them.

use super::{State, Wish};
use crate::panel::Entry;
use crate::ui::{Action, Ui};
use millrace::stream::{Asked, Early, Engine, Windows, millis};
use millrace::view::windows::{AGGREGATES, Change, KINDS, MODES, Scene, grace, kind_of, length};
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A button for each kind of windows.
pub(super) fn kinds(ui: &Ui, state: &State) -> Html {
    let here = kind_of(&state.setup().windows);
    let kind = |(n, (id, title)): (usize, &(&'static str, &'static str))| {
        let onclick = ui.does::<MouseEvent>(does("window", Change::Kind(n)));
        html! {
            <button aria-pressed={(n == here).to_string()} disabled={ui.locked("window")} {onclick} data-testid={format!("kind-{id}")}>{ *title }</button>
        }
    };
    html! { <div class="row" role="group" aria-label="Windows">{ for KINDS.iter().enumerate().map(kind) }</div> }
}

/// A button for each engine.
pub(super) fn engines(ui: &Ui, state: &State) -> Html {
    let engine = |engine: &Engine| {
        let here = *engine == state.setup().engine;
        let onclick = ui.does::<MouseEvent>(does("engine", Change::Engine(*engine)));
        html! {
            <button aria-pressed={here.to_string()} disabled={ui.locked("window")} {onclick} data-testid={format!("engine-{}", engine.id())}>{ engine.name() }</button>
        }
    };
    html! { <div class="row engines" role="group" aria-label="Engine">{ for Engine::ALL.iter().map(engine) }</div> }
}

fn does(from: &'static str, change: Change) -> Action {
    Action::Windows(Wish::Do(from, change))
}

/// What the engine does not have of what is set, with what it offers; and what was typed wrong.
pub(super) fn refusals(state: &State) -> Html {
    let refused = match state.play.run() {
        Ok(run) => run.refused.clone(),
        Err(why) => vec![why.clone()],
    };
    let troubles = state.troubles.values().cloned();
    let grace = grace(state.setup());
    let grace =
        grace.filter(|_| state.setup().engine == Engine::KafkaStreams && state.play.run().is_ok());
    html! {
        <div class="refused" role="status" data-testid="refused">
            if let Some(grace) = grace { <p class="hint">{ grace }</p> }
            { for refused.into_iter().chain(troubles).map(|why| html! { <p>{ format!("{why}.") }</p> }) }
        </div>
    }
}

/// The settings of the windows, of the watermark, and of what comes out.
pub(super) fn settings(ui: &Ui, state: &State) -> Html {
    let setup = state.setup();
    let time = |from, label, ms, make: fn(i64) -> Change| {
        let read = Rc::new(move |text: &str| millis(text).map(make));
        typed(ui, from, label, length(ms), read)
    };
    let of_windows = match &setup.windows {
        Windows::Tumbling { size, offset } => html! {
            <>{ time("size", "Size", *size, Change::Size) }{ time("offset", "Offset", *offset, Change::Offset) }</>
        },
        Windows::Hopping {
            size,
            slide,
            offset,
        } => html! {
            <>{ time("size", "Size", *size, Change::Size) }{ time("slide", "Slide", *slide, Change::Slide) }{ time("offset", "Offset", *offset, Change::Offset) }</>
        },
        Windows::Session { gap } => time("size", "Gap", *gap, Change::Size),
        Windows::Aligned { difference } => time("size", "Size", *difference, Change::Size),
        Windows::Count { size, slide } => html! {
            <>{ number(ui, "count", "Records", *size, Change::Count) }{ number(ui, "count-slide", "Every", *slide, Change::CountSlide) }</>
        },
        Windows::Punctuation { marker } if setup.scene == Scene::Own => {
            let read = Rc::new(|text: &str| Ok(Change::Marker(text.to_owned())));
            typed(ui, "marker", "Ended by", marker.clone(), read)
        }
        Windows::Punctuation { .. } | Windows::Global => html! {},
    };
    let idle = setup.idle.map_or_else(|| "never".to_owned(), length);
    html! {
        <div class="sizes" data-testid="settings">
            { of_windows }
            { time("delay", "Watermark delay", setup.delay, Change::Delay) }
            { time("lateness", "Lateness", setup.lateness, Change::Lateness) }
            if setup.engine == Engine::Spark { { time("batch", "Micro-batch", setup.batch, Change::Batch) } }
            if setup.engine != Engine::Spark && (setup.idle.is_some() || setup.scene == Scene::Idle) {
                { typed(ui, "idle", "Idle after", idle, Rc::new(|text: &str| match text.trim() {
                    "" | "never" | "-" | "–" => Ok(Change::Idle(None)),
                    text => millis(text).map(|ms| Change::Idle(Some(ms))),
                })) }
            }
            if setup.is_timed() { { triggers(ui, setup.trigger) } }
            { modes(ui, state) }
            { aggregates(ui, state) }
            { check(ui, "keyed", "Per key", setup.keyed, Change::Keyed) }
            { check(ui, "ends", "Input ends", setup.ends, Change::Ends) }
        </div>
    }
}

/// What was typed, as a change, or why it is none.
type Reading = Rc<dyn Fn(&str) -> Result<Change, String>>;

/// A field to type into; what is no such thing is said.
fn typed(ui: &Ui, from: &'static str, label: &'static str, value: String, read: Reading) -> Html {
    let settle = {
        let on = ui.on.clone();
        Callback::from(move |input: HtmlInputElement| {
            on.emit(Action::Windows(match read(&input.value()) {
                Ok(change) => Wish::Do(from, change),
                Err(why) => Wish::Wrong(from, why),
            }));
        })
    };
    let id = ui.id(&format!("set-{from}"));
    html! {
        <label for={id.clone()}>{ label }
            <Entry {id} testid={Some(from)} kind="text" value={value} disabled={ui.locked("window")} onsettle={settle} />
        </label>
    }
}

fn number(
    ui: &Ui,
    from: &'static str,
    label: &'static str,
    n: u32,
    make: fn(u32) -> Change,
) -> Html {
    let read = move |text: &str| {
        let n = text.trim().parse().ok().filter(|&n: &u32| n > 0);
        n.map(make)
            .ok_or_else(|| format!("“{text}” is no number of records"))
    };
    typed(ui, from, label, n.to_string(), Rc::new(read))
}

fn check(
    ui: &Ui,
    id: &'static str,
    name: &'static str,
    on: bool,
    make: fn(bool) -> Change,
) -> Html {
    let toggle = ui.does::<Event>(does(id, make(!on)));
    html! {
        <label class="check"><input type="checkbox" checked={on} disabled={ui.locked("window")} onchange={toggle} data-testid={id} />{ name }</label>
    }
}

/// A choice of one among several.
fn choice(
    ui: &Ui,
    id: &'static str,
    label: &'static str,
    options: &[(String, bool)],
    make: Rc<dyn Fn(usize) -> Option<Change>>,
) -> Html {
    let onchange = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok();
            if let Some(change) = chosen.and_then(&*make) {
                on.emit(does(id, change));
            }
        })
    };
    html! {
        <label>{ label }
            <select disabled={ui.locked("window")} {onchange} data-testid={id}>
                { for options.iter().map(|(name, here)| html! { <option selected={*here}>{ name }</option> }) }
            </select>
        </label>
    }
}

const TRIGGERS: [Asked; 6] = [
    Asked::Watermark,
    Asked::Early(Early::Count(2)),
    Asked::Early(Early::Count(5)),
    Asked::Early(Early::Every(5_000)),
    Asked::Early(Early::Every(10_000)),
    Asked::Each,
];

fn triggers(ui: &Ui, here: Asked) -> Html {
    let name = |trigger: Asked| match trigger {
        Asked::Early(Early::Count(n)) => format!("and early, every {n} records"),
        Asked::Early(Early::Every(ms)) => format!("and early, every {}", length(ms)),
        Asked::Each => "with each record".to_owned(),
        _ => "at the watermark".to_owned(),
    };
    let beside = (!TRIGGERS.contains(&here)).then_some(here);
    let all: Vec<Asked> = TRIGGERS.into_iter().chain(beside).collect();
    let options: Vec<_> = all
        .iter()
        .map(|&trigger| (name(trigger), trigger == here))
        .collect();
    let make = move |n: usize| all.get(n).map(|&trigger| Change::Trigger(trigger));
    choice(ui, "trigger", "Answers", &options, Rc::new(make))
}

fn modes(ui: &Ui, state: &State) -> Html {
    let here = state.setup().mode;
    let spark = state.setup().engine == Engine::Spark;
    let name = |n: usize| match (n, spark) {
        (0, true) => "append".to_owned(),
        _ => MODES[n].to_owned(),
    };
    let options: Vec<_> = (0..MODES.len()).map(|n| (name(n), n == here)).collect();
    let make = Rc::new(|n| Some(Change::Mode(n)));
    choice(ui, "mode", "Results", &options, make)
}

fn aggregates(ui: &Ui, state: &State) -> Html {
    let here = state.setup().aggregate;
    let options: Vec<_> = AGGREGATES
        .iter()
        .map(|(name, aggregate)| ((*name).to_owned(), *aggregate == here))
        .collect();
    let make = |n: usize| {
        let chosen = AGGREGATES.get(n);
        chosen.map(|(_, aggregate)| Change::Aggregate(*aggregate))
    };
    choice(ui, "agg", "Aggregate", &options, Rc::new(make))
}
