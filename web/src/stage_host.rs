//! The stage in the page: the picture, its words for those who do not see it, what to watch.

use crate::host::Host;
use crate::stage::Stage;
use crate::ui::{Action, Page, Snapshot, Ui};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The stage. Frames never pass through here: the host draws through the stage's handle.
pub fn stage(ui: &Ui, host: &Host, shown: &Snapshot) -> Html {
    let on_gesture = ui.on.reform(Action::Gesture);
    let on_wake = {
        let host = host.clone();
        Callback::from(move |()| host.wake())
    };
    let (name, title) = &shown.scenario;
    let (watch, try_this) = &shown.watch;
    html! {
        <section class="stage-box" aria-label={title.clone()} data-testid="stage">
            <h1 class="hidden">{ title }</h1>
            <div class="picture">
                <Stage handle={host.stage()} {on_gesture} {on_wake} flow={ui.params.embed} label={shown.summary.clone()} />
            </div>
            if !shown.console.is_empty() && !ui.params.embed {
                <pre class="console" tabindex="0" aria-label="A console: the topic described" data-testid="console">{ &shown.console }</pre>
            }
            <div class="watch">
                { scenes(ui, name, title) }
                <p class="say"><b>{ "Watch. " }</b>{ watch }if !try_this.is_empty() { <span class="try">{ " " }<b>{ "Try. " }</b>{ try_this }</span> }</p>
            </div>
            <p class="hidden">{ if ui.page == Page::Cluster {
                "The Partition tab has this picture as tables."
            } else {
                "The Metrics tab has this picture as tables."
            } }</p>
        </section>
    }
}

/// The scenes there are, and the one that is played if it is another page's.
fn scenes(ui: &Ui, chosen: &str, title: &str) -> Html {
    if ui.locked("seed") || ui.params.embed {
        return html! {};
    }
    let onchange = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            on.emit(Action::Scenario(select.value()));
        })
    };
    let scenes = ui.page.scenes();
    let elsewhere = !scenes.iter().any(|scene| scene.name == chosen);
    html! {
        <select class="scene" aria-label="Scene" {onchange} data-testid="scene">
            if elsewhere {
                <option value={chosen.to_owned()} selected=true>{ title }</option>
            }
            { for scenes.into_iter().map(|scene| html! {
                <option value={scene.name.clone()} selected={scene.name == chosen}>{ scene.title }</option>
            }) }
        </select>
    }
}
