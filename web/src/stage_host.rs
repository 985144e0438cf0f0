//! The stage in the page: the canvas, its words for those who do not see it, what to watch.

use crate::dom;
use crate::host::Host;
use crate::stage_view::StageView;
use web_sys::HtmlCanvasElement;
use yew::prelude::*;

/// Properties of [`Stage`].
#[derive(Properties, PartialEq)]
pub struct StageProps {
    /// What draws.
    pub host: Host,
    /// Whether the page is dark.
    pub dark: bool,
    /// The picture in a sentence.
    pub summary: String,
    /// What to watch, and one thing to try.
    pub watch: (String, String),
    /// The scene's title.
    pub scenario: String,
}

/// The stage. Frames never pass through here: the host draws on the canvas.
#[component]
pub fn Stage(props: &StageProps) -> Html {
    let canvas = use_node_ref();
    {
        let (host, canvas, dark) = (props.host.clone(), canvas.clone(), props.dark);
        use_effect_with((), move |()| {
            let view = canvas
                .cast::<HtmlCanvasElement>()
                .and_then(|canvas| StageView::new(canvas, dark, dom::still()));
            host.set_stage(view);
            move || host.set_stage(None)
        });
    }
    let (watch, try_this) = &props.watch;
    html! {
        <section class="stage" aria-label={props.scenario.clone()}>
            <h1 class="hidden">{ &props.scenario }</h1>
            <div class="picture">
                <canvas ref={canvas} role="img" aria-label={props.summary.clone()} aria-describedby="twin-note"
                    data-testid="stage"></canvas>
            </div>
            <p class="watch"><b>{ "Watch" }</b>{ " " }{ watch }{ " " }<b>{ "Try" }</b>{ " " }{ try_this }</p>
            <p class="hidden" id="twin-note">{ "The Metrics tab has this picture as tables." }</p>
        </section>
    }
}
