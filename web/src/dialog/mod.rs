//! What lies over the page. The browser's own `<dialog>` keeps the focus inside and closes on Esc.

mod embed;
mod load;
mod snippet;

pub use load::LARGEST;

use crate::actions::Loaded;
use crate::dom;
use crate::keys::KEYS;
use crate::panel::Entry;
use crate::ui::{Action, Over, Snapshot, Ui};
use snippet::Snippet;
use std::rc::Rc;
use web_sys::{HtmlDialogElement, HtmlSelectElement};
use yew::prelude::*;

/// What lies over the page: the dialog with its content. `link` is the one to copy
/// by hand, or to embed.
pub fn dialog(
    ui: &Ui,
    over: Over,
    link: &str,
    shown: &Snapshot,
    loaded: Option<&Rc<Loaded>>,
) -> Html {
    let (scenario, seed) = (&shown.scenario.0, shown.transport.seed);
    let (title, content) = match over {
        Over::Help => ("Help", help()),
        Over::Embed => {
            let page = if ui.page.has_stage() {
                ""
            } else {
                ui.page.name()
            };
            let content = html! { <embed::Embed scenario={scenario.clone()} {seed} {page} title={ui.page.title()} link={link.to_owned()} /> };
            ("Put this scene in a page", content)
        }
        Over::Load => {
            let content = html! { <load::Load on={ui.on.clone()} loaded={loaded.cloned()} /> };
            ("Your own orders", content)
        }
        Over::Run => ("Seed and scenario", run(ui, seed, scenario)),
        Over::Link => ("Link to this instant", by_hand(link)),
    };
    let onclose = ui.does::<Event>(Action::Over(None));
    html! { <Modal {title} {onclose}>{ content }</Modal> }
}

/// Properties of [`Modal`].
#[derive(Properties, PartialEq)]
struct ModalProps {
    title: &'static str,
    onclose: Callback<Event>,
    children: Html,
}

/// The dialog: it opens when it comes onto the page.
struct Modal {
    node: NodeRef,
}

impl Component for Modal {
    type Message = ();
    type Properties = ModalProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            node: NodeRef::default(),
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ModalProps {
            title,
            onclose,
            children,
        } = ctx.props();
        // The browser's own close gives the focus back to where it was, and then tells of it.
        let node = self.node.clone();
        let close = Callback::from(move |_: MouseEvent| {
            if let Some(dialog) = node.cast::<HtmlDialogElement>() {
                dialog.close();
            }
        });
        html! {
            <dialog ref={&self.node} aria-label={*title} {onclose} data-testid="dialog">
                <div class="head"><h2>{ *title }</h2><button class="quiet" onclick={close} aria-label="Close">{ "×" }</button></div>
                { children.clone() }
            </dialog>
        }
    }

    fn rendered(&mut self, _: &Context<Self>, first: bool) {
        if first && let Some(dialog) = self.node.cast::<HtmlDialogElement>() {
            let _ = dialog.show_modal();
        }
    }
}

fn help() -> Html {
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

/// A link for browsers that keep us from the clipboard.
fn by_hand(link: &str) -> Html {
    html! {
        <>
            <p>{ "This page may not use the clipboard here. The text is selected: copy it." }</p>
            <Snippet text={link.to_owned()} label="Link" selected=true testid="link-text" />
        </>
    }
}

fn done(ui: &Ui, action: Action) {
    ui.on.emit(action);
    ui.on.emit(Action::Over(None));
}

/// Another seed, another scenario.
fn run(ui: &Ui, seed: u64, scenario: &str) -> Html {
    let onsubmit = {
        let ui = ui.clone();
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            if let Ok(seed) = dom::field(&event, &ui.id("seed")).trim().parse() {
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
                <div class="field"><label for={ui.id("seed")}>{ "Seed" }</label>
                    <Entry id={ui.id("seed")} testid="seed-input" kind="number" min="0" step="1" value={seed.to_string()} keep=true /></div>
                <div class="row">
                    <button type="submit" class="primary" data-testid="seed-set">{ "Start with this seed" }</button>
                    <button type="button" onclick={fresh} data-testid="seed-new">{ "A new seed" }</button>
                </div>
            </form>
            <div class="form"><div class="field"><label for={ui.id("scenario")}>{ "Scenario" }</label>
                <select id={ui.id("scenario")} onchange={choose} data-testid="scenario">
                    { for ui.page.scenes().into_iter().map(|s| html! { <option value={s.name.clone()} selected={s.name == scenario}>{ s.title }</option> }) }
                </select></div></div>
        </>
    }
}
