//! One's own orders: by button or drop. Nothing leaves the browser.

use crate::actions::Loaded;
use crate::ui::{Action, use_ui};
use std::rc::Rc;
use web_sys::{File, HtmlInputElement};
use yew::prelude::*;

/// Properties of [`Load`].
#[derive(Properties, PartialEq)]
pub struct LoadProps {
    /// What was loaded.
    pub loaded: Option<Rc<Loaded>>,
}

/// A file is read as a whole: beyond this it would not fit the page's memory in comfort.
const LARGEST: f64 = 64.0 * 1024.0 * 1024.0;

/// Reads a file and hands its name and text on.
fn read(file: File, on: Callback<Action>, said: UseStateHandle<String>) {
    if file.size() > LARGEST {
        said.set(format!("{} is larger than 64 MiB.", file.name()));
        return;
    }
    wasm_bindgen_futures::spawn_local(async move {
        let name = file.name();
        match wasm_bindgen_futures::JsFuture::from(file.text()).await {
            Ok(text) => {
                said.set(String::new());
                on.emit(Action::Load(name, text.as_string().unwrap_or_default()));
            }
            Err(_) => said.set(format!("{name} could not be read.")),
        }
    });
}

/// The Load dialog.
#[component]
pub fn Load(props: &LoadProps) -> Html {
    let ui = use_ui();
    let over = use_state(|| false);
    let said = use_state(String::new);
    let chosen = {
        let (on, said) = (ui.on.clone(), said.clone());
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                read(file, on.clone(), said.clone());
            }
        })
    };
    let dropped = {
        let (on, said, over) = (ui.on.clone(), said.clone(), over.clone());
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(false);
            let files = event.data_transfer().and_then(|data| data.files());
            if let Some(file) = files.and_then(|files| files.get(0)) {
                read(file, on.clone(), said.clone());
            }
        })
    };
    let dragged = |to: bool| {
        let over = over.clone();
        Callback::from(move |event: DragEvent| {
            event.prevent_default();
            over.set(to);
        })
    };
    html! {
        <>
            <p>{ "A CSV or JSON-lines file with " }<code>{ "ts_ms, customer, order, cents, items" }</code>{ ". Further columns stay in the record’s value. Nothing leaves this browser." }</p>
            <div class={classes!("drop", over.then_some("over"))} ondrop={dropped} ondragover={dragged(true)} ondragleave={dragged(false)} data-testid="drop">
                <label for="file">{ "Choose a file, or drop it here" }</label>
                <input id="file" type="file" accept=".csv,.jsonl,.ndjson,.json,text/csv,application/json" onchange={chosen} data-testid="file" />
            </div>
            <p class="row"><button onclick={ui.does(Action::Sample)} data-testid="sample">{ "Use the sample: 2,000 orders of one day" }</button></p>
            <p role="status">{ &*said }</p>
            if let Some(loaded) = &props.loaded { <Outcome loaded={loaded.clone()} /> }
        </>
    }
}

/// Properties of [`Outcome`].
#[derive(Properties, PartialEq)]
struct OutcomeProps {
    loaded: Rc<Loaded>,
}

/// How many bad rows are listed one by one.
const LISTED: usize = 200;

#[component]
fn Outcome(props: &OutcomeProps) -> Html {
    let loaded = &props.loaded;
    let (good, bad) = (loaded.orders.len(), loaded.bad.len());
    let verdict = match (good, bad) {
        (0, _) => "No row could be read, so nothing changed.".to_owned(),
        (good, 0) => format!("{good} orders are being replayed."),
        (good, bad) => format!("{good} orders are being replayed; {bad} rows were skipped:"),
    };
    let on = props.loaded.file.speed;
    html! {
        <div role="status" data-testid="load-outcome">
            <p><b>{ &loaded.file.name }</b>{ ": " }{ verdict }</p>
            if good > 0 { <p class="hint">{ format!("At {on} times the recorded speed; Faults, Customers changes that.") }</p> }
            if bad > 0 {
                <div class="scroller" tabindex="0" role="region" aria-label="Rows that were skipped">
                <table class="data" data-testid="bad-rows"><caption class="hidden">{ "Rows that were skipped" }</caption>
                    <thead><tr><th scope="col">{ "line" }</th><th scope="col">{ "why" }</th></tr></thead>
                    <tbody>{ for loaded.bad.iter().take(LISTED).map(|(line, why)| html! { <tr><th scope="row">{ line }</th><td>{ why }</td></tr> }) }</tbody>
                </table></div>
                if bad > LISTED { <p>{ format!("and {} more", bad - LISTED) }</p> }
            }
        </div>
    }
}
