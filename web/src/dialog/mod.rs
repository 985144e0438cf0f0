//! What lies over the page. The browser's own `<dialog>` keeps the focus inside and closes on Esc.

mod embed;
mod load;

use crate::actions::Loaded;
use crate::dom;
use crate::keys::KEYS;
use crate::ui::{Action, Over, Snapshot, Ui, use_ui};
use millrace::scenario;
use std::rc::Rc;
use web_sys::{HtmlDialogElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`Dialogs`].
#[derive(Properties, PartialEq)]
pub struct DialogsProps {
    /// What is open.
    pub over: Option<Over>,
    /// The link to copy by hand.
    pub link: String,
    /// What the panels show.
    pub shown: Snapshot,
    /// The person's own orders.
    pub loaded: Option<Rc<Loaded>>,
}

/// What lies over the page, if anything.
#[component]
pub fn Dialogs(props: &DialogsProps) -> Html {
    match props.over {
        None => html! {},
        Some(Over::Help) => html! { <Modal title="Help"><Help /></Modal> },
        Some(Over::Embed) => {
            html! { <Modal title="Put this scene in a page"><embed::Embed shown={props.shown.clone()} /></Modal> }
        }
        Some(Over::Load) => {
            html! { <Modal title="Your own orders"><load::Load loaded={props.loaded.clone()} /></Modal> }
        }
        Some(Over::Run) => {
            html! { <Modal title="Seed and scenario"><Run seed={props.shown.transport.seed} scenario={props.shown.scenario.0.clone()} /></Modal> }
        }
        Some(Over::Link) => {
            html! { <Modal title="Link to this instant"><ByHand text={props.link.clone()} /></Modal> }
        }
    }
}

/// Properties of [`Modal`].
#[derive(Properties, PartialEq)]
struct ModalProps {
    title: &'static str,
    children: Html,
}

#[component]
fn Modal(props: &ModalProps) -> Html {
    let ui = use_ui();
    let node = use_node_ref();
    {
        let node = node.clone();
        use_effect_with((), move |()| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                let _ = dialog.show_modal();
            }
        });
    }
    // The browser's own close gives the focus back to where it was, and then tells of it.
    let close = {
        let node = node.clone();
        Callback::from(move |_: MouseEvent| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        })
    };
    html! {
        <dialog ref={node} aria-label={props.title} onclose={ui.does::<Event>(Action::Over(None))} data-testid="dialog">
            <div class="head"><h2>{ props.title }</h2><button class="quiet" onclick={close} aria-label="Close">{ "×" }</button></div>
            { props.children.clone() }
        </dialog>
    }
}

#[component]
fn Help() -> Html {
    html! {
        <>
            <p>{ "Two shops serve the same customers. In one, everybody waits until every step is done. In the other, an order is written to a log and each service reads it at its own pace. Slow something down and see where the wait goes." }</p>
            <table class="data keys"><caption class="hidden">{ "Keys" }</caption><tbody>
                { for KEYS.iter().map(|(key, does)| html! { <tr><th scope="row"><kbd>{ *key }</kbd></th><td>{ *does }</td></tr> }) }
            </tbody></table>
            <p>{ "The same seed and the same doings give the same run, to the last byte. Drag the time line to go back; act in the past and the run forks, with a way back. “Copy link” keeps this very instant." }</p>
            <p class="hint">{ format!("Millrace {}. Nothing you load or do leaves this browser.", millrace::link::ENGINE) }</p>
        </>
    }
}

/// Properties of [`ByHand`].
#[derive(Properties, PartialEq)]
struct ByHandProps {
    text: String,
}

/// A link for browsers that keep us from the clipboard.
#[component]
fn ByHand(props: &ByHandProps) -> Html {
    html! {
        <>
            <p>{ "This page may not use the clipboard here. The text is selected: copy it." }</p>
            <Snippet text={props.text.clone()} label="Link" selected=true testid="link-text" />
        </>
    }
}

/// Properties of [`Snippet`].
#[derive(Properties, PartialEq)]
pub struct SnippetProps {
    /// The text.
    pub text: String,
    /// What it is.
    pub label: &'static str,
    /// Whether it is selected from the start.
    #[prop_or_default]
    pub selected: bool,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<&'static str>,
}

/// A text to copy: a button where that works, selected text where it does not.
#[component]
pub fn Snippet(props: &SnippetProps) -> Html {
    let node = use_node_ref();
    let said = use_state(|| "");
    {
        let (node, selected) = (node.clone(), props.selected);
        use_effect_with(props.text.clone(), move |_| {
            if selected && let Some(area) = node.cast::<web_sys::HtmlTextAreaElement>() {
                area.select();
            }
        });
    }
    let copy = {
        let (node, said, text) = (node.clone(), said.clone(), props.text.clone());
        Callback::from(move |_: MouseEvent| {
            let (node, said, text) = (node.clone(), said.clone(), text.clone());
            wasm_bindgen_futures::spawn_local(async move {
                if dom::copy(&text).await {
                    said.set("Copied.");
                } else if let Some(area) = node.cast::<web_sys::HtmlTextAreaElement>() {
                    area.select();
                    said.set("Selected: copy it.");
                }
            });
        })
    };
    html! {
        <div class="snippet">
            <div class="head"><h3>{ props.label }</h3><span role="status">{ *said }</span><button onclick={copy}>{ "Copy" }</button></div>
            <textarea ref={node} readonly=true rows="3" spellcheck="false" aria-label={props.label} value={props.text.clone()} data-testid={props.testid} />
        </div>
    }
}

/// Properties of [`Run`].
#[derive(Properties, PartialEq)]
struct RunProps {
    seed: u64,
    scenario: String,
}

fn done(ui: &Ui, action: Action) {
    ui.on.emit(action);
    ui.on.emit(Action::Over(None));
}

/// Another seed, another scenario.
#[component]
fn Run(props: &RunProps) -> Html {
    let ui = use_ui();
    let seed = use_node_ref();
    let onsubmit = {
        let (ui, seed) = (ui.clone(), seed.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let text = seed
                .cast::<HtmlInputElement>()
                .map(|input| input.value())
                .unwrap_or_default();
            if let Ok(seed) = text.trim().parse() {
                done(&ui, Action::Seed(Some(seed)));
            }
        })
    };
    let fresh = {
        let ui = ui.clone();
        Callback::from(move |_: MouseEvent| done(&ui, Action::Seed(None)))
    };
    let choose = {
        let ui = ui.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            done(&ui, Action::Scenario(select.value()));
        })
    };
    html! {
        <>
            <p>{ "Everything drawn by chance comes from the seed: the same seed gives the same customers, latencies and faults. A change starts the run afresh." }</p>
            <form class="form" {onsubmit}>
                <div class="field"><label for="seed">{ "Seed" }</label>
                    <input id="seed" ref={seed} type="number" min="0" step="1" value={props.seed.to_string()} data-testid="seed-input" /></div>
                <div class="row">
                    <button type="submit" class="primary" data-testid="seed-set">{ "Start with this seed" }</button>
                    <button type="button" onclick={fresh} data-testid="seed-new">{ "A new seed" }</button>
                </div>
            </form>
            <div class="form"><div class="field"><label for="scenario">{ "Scenario" }</label>
                <select id="scenario" onchange={choose} data-testid="scenario">
                    { for scenario::all().into_iter().map(|s| html! { <option value={s.name.clone()} selected={s.name == props.scenario}>{ s.title }</option> }) }
                </select></div></div>
        </>
    }
}
