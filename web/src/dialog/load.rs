//! One's own orders: by button or drop. Nothing leaves the browser.

use crate::actions::Loaded;
use crate::ui::Action;
use std::rc::Rc;
use web_sys::{File, FileList, HtmlInputElement};
use yew::prelude::*;

/// Properties of [`Load`].
#[derive(Properties, PartialEq)]
pub struct LoadProps {
    /// Does what a person does.
    pub on: Callback<Action>,
    /// What was loaded.
    pub loaded: Option<Rc<Loaded>>,
}

/// A file is read as a whole: beyond this it would not fit the page's memory in comfort.
pub const LARGEST: f64 = 160.0 * 1024.0 * 1024.0;

/// The Load dialog.
pub struct Load {
    /// A file is held over it.
    over: bool,
    said: String,
}

/// What the Load dialog hears.
pub enum Msg {
    /// A file is held over it, or no longer.
    Over(bool),
    /// A file was chosen or dropped.
    File(Option<File>),
    /// A file was read: its name, and its text if that worked.
    Read(String, Option<String>),
}

/// The first of these files.
fn first(files: Option<FileList>) -> Msg {
    Msg::File(files.and_then(|files| files.get(0)))
}

impl Component for Load {
    type Message = Msg;
    type Properties = LoadProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            over: false,
            said: String::new(),
        }
    }

    fn update(&mut self, ctx: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Over(over) => self.over = over,
            Msg::File(file) => {
                self.over = false;
                if let Some(file) = file {
                    self.read(ctx, file);
                }
            }
            Msg::Read(name, Some(text)) => {
                self.said.clear();
                ctx.props().on.emit(Action::Load(name, text));
            }
            Msg::Read(name, None) => self.said = format!("{name} could not be read."),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let link = ctx.link();
        let chosen = link.callback(|event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            first(input.files())
        });
        let dropped = link.callback(|event: DragEvent| {
            event.prevent_default();
            first(event.data_transfer().and_then(|data| data.files()))
        });
        let dragged = |over: bool| {
            link.callback(move |event: DragEvent| {
                event.prevent_default();
                Msg::Over(over)
            })
        };
        let on = ctx.props().on.clone();
        let sample = Callback::from(move |_: MouseEvent| on.emit(Action::Sample));
        html! {
            <>
                <p>{ "A CSV or JSON-lines file with " }<code>{ "ts_ms, customer, order, cents, items" }</code>{ ". Further columns stay in the record’s value. Nothing leaves this browser." }</p>
                <div class={classes!("drop", self.over.then_some("over"))} ondrop={dropped} ondragover={dragged(true)} ondragleave={dragged(false)} data-testid="drop">
                    <label for="file">{ "Choose a file, or drop it here" }</label>
                    <input id="file" type="file" accept=".csv,.jsonl,.ndjson,.json,text/csv,application/json" onchange={chosen} data-testid="file" />
                </div>
                <p class="row"><button onclick={sample} data-testid="sample">{ "Use the sample: 2,000 orders of one day" }</button></p>
                <p role="status">{ &self.said }</p>
                if let Some(loaded) = &ctx.props().loaded { { outcome(loaded) } }
            </>
        }
    }
}

impl Load {
    /// Reads a file and hands its name and text on.
    fn read(&mut self, ctx: &Context<Self>, file: File) {
        let name = file.name();
        if file.size() > LARGEST {
            self.said = format!("{name} is larger than 160 MiB.");
            return;
        }
        ctx.link().send_future(async move {
            let text = wasm_bindgen_futures::JsFuture::from(file.text()).await;
            let text = text.ok().map(|text| text.as_string().unwrap_or_default());
            Msg::Read(name, text)
        });
    }
}

/// How many bad rows are listed one by one.
const LISTED: usize = 200;

fn outcome(loaded: &Loaded) -> Html {
    let (good, bad) = (loaded.orders.len(), loaded.bad.len());
    let verdict = match (good, bad) {
        (0, _) => "No row could be read, so nothing changed.".to_owned(),
        (good, 0) => format!("{good} orders are being replayed."),
        (good, bad) => format!("{good} orders are being replayed; {bad} rows were skipped:"),
    };
    let on = loaded.file.speed;
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
