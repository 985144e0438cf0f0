//! What stands beside the stage: what happens, results, events, what it costs, code.

use super::State;
use crate::panel::{Code, bare_table, data_table, questions, told};
use crate::ui::{CodeData, Tab, Ui};
use millrace::view::windows::{self, Scene, Work};
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// So many of the latest results stand below the explanation.
const FEW: usize = 6;

/// What the open tab shows.
pub(super) fn inside(ui: &Ui, state: &State) -> Html {
    match state.tab {
        Tab::Results => html! {
            <>
                { scroller(&windows::results_table(&state.play, None), "results") }
                { scroller(&windows::windows_table(&state.play), "open-windows") }
            </>
        },
        Tab::Events => events(ui, state),
        Tab::Work => work(state),
        Tab::Code => code(state),
        _ => explain(ui, state),
    }
}

fn scroller(table: &millrace::view::panel::Table, testid: &'static str) -> Html {
    html! { <div class="scroller" tabindex="0" role="region" aria-label={table.caption.clone()}>{ data_table(table, Some(testid)) }</div> }
}

fn explain(ui: &Ui, state: &State) -> Html {
    let (play, asked) = (&state.play, state.questions());
    if ui.params.exam {
        return questions(ui, &asked, state.score());
    }
    let (elsewhere, sentences) = windows::elsewhere(play);
    html! {
        <>
            { told(ui, &windows::explain(play), &asked, state.score()) }
            { bare_table(&windows::results_table(play, Some(FEW)), "latest-results") }
            <h3>{ "The same events elsewhere" }</h3>
            { bare_table(&elsewhere, "elsewhere") }
            <div class="hint" data-testid="why-elsewhere">{ for sentences.into_iter().map(|sentence| html! { <p>{ sentence }</p> }) }</div>
        </>
    }
}

fn work(state: &State) -> Html {
    html! {
        <>
            <h2>{ "What does it cost?" }</h2>
            <p class="hint">{ "Measured: calls of the aggregate’s functions. All ways give the same results." }</p>
            { bars(&windows::work(&state.play), "work") }
            { bars(state.tags(), "work-tags") }
        </>
    }
}

fn count(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn bars(work: &Work, testid: &'static str) -> Html {
    let most = work
        .bars
        .iter()
        .map(|bar| bar.per_record)
        .fold(0.0, f64::max);
    let bar = |bar: &windows::Bar| {
        let part = bar.per_record / most.max(f64::MIN_POSITIVE) * 100.0;
        let number = if bar.per_record < 100.0 {
            format!("{:.1}", bar.per_record)
        } else {
            format!("{:.0}", bar.per_record)
        };
        html! {
            <div class="cost"><span>{ &bar.label }</span><b>{ number }</b><i style={format!("width: {part:.1}%")}></i></div>
        }
    };
    html! {
        <div class="costs" data-testid={testid}>
            if !work.caption.is_empty() { <h3>{ &work.caption }</h3> }
            { for work.bars.iter().map(bar) }
            if !work.note.is_empty() { <p class="hint">{ &work.note }</p> }
        </div>
    }
}

fn code(state: &State) -> Html {
    let listings = windows::listings(&state.play);
    if listings.is_empty() {
        return html! {
            <><h2>{ "The same in code" }</h2><p>{ format!("{} has no such windows.", state.setup().engine) }</p></>
        };
    }
    html! { <Code data={Rc::new(CodeData { listings })} /> }
}

fn events(ui: &Ui, state: &State) -> Html {
    let file = &state.file;
    let chosen = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                crate::drop::read(file, &on);
            }
        })
    };
    let id = ui.id("events-file");
    let own = state
        .play
        .own()
        .filter(|_| state.setup().scene == Scene::Own);
    html! {
        <>
            <h2>{ "Your own events" }</h2>
            if ui.locked("load") {
                <p class="hint">{ "Loading is switched off here." }</p>
            } else {
                <p>{ "A CSV file with " }<code>{ "ts_ms,key,value" }</code>{ ", and " }<code>{ "arrival_ms" }</code>{ " if you know when each arrived, as " }<code>{ "millrace stream" }</code>{ " reads it. Nothing leaves this browser; a link carries 200 events at most." }</p>
                <label for={id.clone()}>{ "Choose a file, or drop it on the page" }</label>
                <input {id} type="file" accept=".csv,text/csv" onchange={chosen} data-testid="events-file" />
            }
            <div role="status" data-testid="own-outcome">
                if let Some((name, _)) = &file.awaited {
                    <p class="trouble">{ format!("The link is about {name}. Open that file to see it.") }</p>
                }
                if !file.trouble.is_empty() {
                    <p class="trouble">{ &file.trouble }</p>
                } else if let Some(own) = own {
                    <p>{ format!("{}: {} read, {} left out.", own.name, count(own.events.len(), "event"), count(file.bad.len(), "line")) }</p>
                }
                if !file.bad.is_empty() {
                    <ul class="bad-lines">{ for file.bad.iter().take(50).map(|(line, why)| html! { <li>{ match line {
                        0 => why.clone(),
                        line => format!("line {line}: {why}"),
                    } }</li> }) }</ul>
                }
            </div>
            { scroller(&windows::events_table(&state.play), "events") }
        </>
    }
}
