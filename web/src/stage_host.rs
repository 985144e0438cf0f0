//! The stage in the page: the picture, its words for those who do not see it, what to watch.

use crate::host::Host;
use crate::stage;
use crate::ui::{Action, use_ui};
use millrace::scenario;
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// Properties of [`Stage`].
#[derive(Properties, PartialEq)]
pub struct StageProps {
    /// What draws.
    pub host: Host,
    /// The picture in a sentence.
    pub summary: String,
    /// What to watch, and one thing to try.
    pub watch: (String, String),
    /// The scene's name and title.
    pub scenario: (String, String),
}

/// The stage. Frames never pass through here: the host draws through the stage's handle.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let ui = use_ui();
    let on_gesture = ui.on.reform(Action::Gesture);
    let on_wake = {
        let host = props.host.clone();
        Callback::from(move |()| host.wake())
    };
    let (watch, try_this) = &props.watch;
    html! {
        <section class="stage-box" aria-label={props.scenario.1.clone()} data-testid="stage">
            <h1 class="hidden">{ &props.scenario.1 }</h1>
            <div class="picture">
                <stage::Stage handle={props.host.stage()} {on_gesture} {on_wake} flow={ui.params.embed} label={props.summary.clone()} />
            </div>
            <div class="watch">
                <Scenes chosen={props.scenario.0.clone()} />
                <p class="say"><b>{ "Watch. " }</b>{ watch }<span class="try">{ " " }<b>{ "Try. " }</b>{ try_this }</span></p>
            </div>
            <p class="hidden">{ "The Metrics tab has this picture as tables." }</p>
        </section>
    }
}

/// Properties of [`Scenes`].
#[derive(Properties, PartialEq)]
struct ScenesProps {
    chosen: String,
}

/// The scenes there are.
#[component]
fn Scenes(props: &ScenesProps) -> Html {
    let ui = use_ui();
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
    html! {
        <select class="scene" aria-label="Scene" {onchange} data-testid="scene">
            { for scenario::all().into_iter().map(|scene| html! {
                <option value={scene.name.clone()} selected={scene.name == props.chosen}>{ scene.title }</option>
            }) }
        </select>
    }
}
