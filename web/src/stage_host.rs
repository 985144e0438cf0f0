//! The stage in the page: the picture, or two side by side; its words for those who do not see it,
//! what to watch.

use crate::beside::{Compare, Compared};
use crate::host::Host;
use crate::stage::Stage;
use crate::ui::{Action, Page, Snapshot, Ui};
use web_sys::HtmlSelectElement;
use yew::prelude::*;

/// The stage. Frames never pass through here: the host draws through the stages' handles.
pub fn stage(ui: &Ui, host: &Host, shown: &Snapshot) -> Html {
    let (name, title) = &shown.scenario;
    let (watch, try_this) = &shown.watch;
    let compared = shown.compared.as_deref();
    let both: &[bool] = match compared {
        Some(_) => &[true, false],
        None => &[true],
    };
    // Famous failures propose to compare, which may be locked.
    let locked = shown.mistaken && ui.locked("fork");
    let tries = !locked && !try_this.is_empty();
    let console = !shown.console.is_empty() && !ui.params.embed && compared.is_none();
    html! {
        <section class="stage-box" aria-label={title.clone()} data-testid="stage">
            <h1 class="hidden">{ title }</h1>
            <div class={classes!("pictures", compared.map(|_| "two"))}>
                { for both.iter().map(|first| picture(ui, host, shown, compared, *first)) }
            </div>
            if console {
                <pre class="console" tabindex="0" aria-label="A console: the topic described" data-testid="console">{ &shown.console }</pre>
            }
            <div class="watch">
                <div class={classes!("tools", shown.mistaken.then_some("many"))}>
                    { scenes(ui, name, title) }
                    if ui.page == Page::Cluster && compared.is_none() && !ui.locked("fork") {
                        { forks(ui, shown.mistaken) }
                    }
                </div>
                <p class="say"><b>{ "Watch. " }</b>{ watch }if tries { <span class="try">{ " " }<b>{ "Try. " }</b>{ try_this }</span> }</p>
            </div>
            <p class="hidden">{ match ui.page {
                Page::Cluster => "The Partition tab has this picture as tables.",
                Page::Clickstream => "The Explain and Models tabs have this picture as tables.",
                _ => "The Metrics tab has this picture as tables.",
            } }</p>
        </section>
    }
}

/// One run drawn: A or the only one, or B. What is done on a picture is done to its run.
fn picture(
    ui: &Ui,
    host: &Host,
    shown: &Snapshot,
    compared: Option<&Compared>,
    first: bool,
) -> Html {
    let in_front = compared.is_none_or(|compared| compared.first == first);
    let on_gesture = {
        let on = ui.on.clone();
        Callback::from(move |gesture| {
            if !in_front {
                on.emit(Action::Compare(Compare::Choose(first)));
            }
            on.emit(Action::Gesture(gesture));
        })
    };
    let on_wake = {
        let host = host.clone();
        Callback::from(move |()| host.wake())
    };
    let label = match compared {
        Some(compared) if !in_front => compared.summary.clone(),
        _ => shown.summary.clone(),
    };
    html! {
        <div class="picture" key={if first { "a" } else { "b" }}>
            if let Some(compared) = compared {
                { side(ui, compared, first) }
            }
            <div class="canvas"><Stage handle={host.stage(first)} {on_gesture} {on_wake} flow={ui.params.embed} {label} /></div>
        </div>
    }
}

/// The head of one of two pictures: what was done in it, whether commands go to it, and how to go on
/// with it alone.
fn side(ui: &Ui, compared: &Compared, first: bool) -> Html {
    let (letter, done) = if first {
        ("A", &compared.comparison.sides[0])
    } else {
        ("B", &compared.comparison.sides[1])
    };
    let chosen = compared.first == first;
    let (choose, keep) = (Compare::Choose(first), Compare::Keep(first));
    let locked = ui.locked("fork");
    html! {
        <div class="side-head" role="group" aria-label={format!("Run {letter}")}>
            <button aria-pressed={chosen.to_string()} disabled={locked} title={format!("What is done next is done to {letter}")}
                onclick={ui.does::<MouseEvent>(Action::Compare(choose))} data-testid={format!("side-{letter}")}>
                <b>{ letter }</b>{ " · " }{ done }</button>
            if chosen { <span class="hint">{ "commands go here" }</span> }
            <button class="quiet" disabled={locked} title={format!("Close the other and go on with {letter} alone")}
                onclick={ui.does::<MouseEvent>(Action::Compare(keep))} data-testid={format!("keep-{letter}")}>{ format!("Keep {letter}") }</button>
        </div>
    }
}

/// Two runs from here on; or old beside new, where a mistake of the past is switched on.
fn forks(ui: &Ui, mistaken: bool) -> Html {
    let does = |what| ui.does::<MouseEvent>(Action::Compare(what));
    html! {
        <>
            if mistaken {
                <button class="primary" title="The same seed and faults with the mistake and without it"
                    onclick={does(Compare::WithoutMistake)} data-testid="old-new">{ "Old beside new" }</button>
            }
            <button title="Two runs side by side: A stays as it is, B gets what you do next"
                onclick={does(Compare::Fork)} data-testid="fork-here">{ "Fork here" }</button>
        </>
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
