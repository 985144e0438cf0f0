//! The bar at the foot: step, play, speed, and the clock on the wall.

use super::{RATES, State, Wish};
use crate::transport::{BACK, FORWARD, PAUSE, PLAY, icon};
use crate::ui::{Action, Ui};
use millrace::view::windows::{Change, Scene, clock};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The time line has room for so many markers.
const MARKERS: usize = 24;

/// The bar.
pub(super) fn foot(ui: &Ui, state: &State) -> Html {
    let (play, sign) = if state.playing {
        ("Pause", PAUSE)
    } else {
        ("Play", PLAY)
    };
    let (setup, range) = (state.setup(), state.play.range());
    let step = !ui.locked("step");
    let part = (setup.at - range.from) as f64 / (range.to - range.from).max(1) as f64 * 100.0;
    let seed = setup.seed;
    html! {
        <footer class="bar" aria-label="Time">
            <div class="buttons" role="group" aria-label="Playing">
                if step {
                    <button class="icon" aria-label="To the event before" title="To the event before (,)" onclick={ui.does::<MouseEvent>(Action::StepBack)} data-testid="step-back">{ icon(BACK) }</button>
                }
                <button class="icon primary" aria-label={play} title={format!("{play} (space)")} disabled={ui.locked("play")} onclick={ui.does::<MouseEvent>(Action::Toggle)} data-testid="play">{ icon(sign) }</button>
                if step {
                    <button class="icon" aria-label="To the next event" title="To the next event (.)" onclick={ui.does::<MouseEvent>(Action::StepForward)} data-testid="step-forward">{ icon(FORWARD) }</button>
                }
                { rates(ui, state.rate) }
            </div>
            <div class="line" style={format!("--at: {part:.2}%")}>{ markers(ui, state) }{ scrubber(ui, state) }</div>
            <span></span>
            <div class="where">
                <span>{ "t " }<b data-testid="at">{ clock(setup.at - setup.at.rem_euclid(100)) }</b></span>
                if setup.scene == Scene::Crowd {
                    <span aria-hidden="true">{ " · " }</span>
                    <button class="plain" disabled={ui.locked("seed")} title="Other events of the same kind" onclick={ui.does::<MouseEvent>(Action::Seed(Some(seed.wrapping_add(1))))} data-testid="next-seed">{ "seed " }<b>{ seed }</b></button>
                }
            </div>
        </footer>
    }
}

fn rates(ui: &Ui, rate: usize) -> Html {
    let onchange = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(rate) = usize::try_from(select.selected_index()) {
                on.emit(Action::Speed(rate));
            }
        })
    };
    html! {
        <select class="speed" aria-label="Speed" title="Speed ([ and ])" disabled={ui.locked("speed")} {onchange} data-testid="speed">
            { for RATES.iter().enumerate().map(|(n, times)| html! { <option selected={n == rate}>{ format!("{times}×") }</option> }) }
        </select>
    }
}

/// Where events were dropped.
fn markers(ui: &Ui, state: &State) -> Html {
    let (range, locked) = (state.play.range(), ui.locked("seek"));
    let Ok(run) = state.play.run() else {
        return html! {};
    };
    // What is to come is not told before.
    let seen = |n: &&u32| {
        let fate = run.fates[**n as usize];
        fate.is_dropped() && fate.seen_at <= state.setup().at
    };
    let dropped: Vec<i64> = state
        .play
        .order()
        .iter()
        .filter(seen)
        .map(|&n| run.fates[n as usize].seen_at)
        .collect();
    let few = dropped.len() <= 2;
    let marker = |&at: &i64| {
        let part = (at - range.from) as f64 / (range.to - range.from).max(1) as f64 * 100.0;
        let class = classes!("marker", "tone-bad", (part > 70.0).then_some("leftward"));
        let style = format!("left: {part:.2}%");
        let told = format!("{}, an event is dropped", clock(at));
        let label = few.then(|| html! { <span>{ "dropped" }</span> });
        if locked {
            return html! { <span {class} {style} title={told}>{ label }</span> };
        }
        let onclick = ui.does::<MouseEvent>(Action::Windows(Wish::Do("seek", Change::At(at))));
        html! { <button {class} {style} title={told.clone()} aria-label={told} {onclick}>{ label }</button> }
    };
    let from = dropped.len().saturating_sub(MARKERS);
    html! { <div class="markers" role="group" aria-label="What happened">{ for dropped[from..].iter().map(marker) }</div> }
}

fn scrubber(ui: &Ui, state: &State) -> Html {
    let (range, at) = (state.play.range(), state.setup().at);
    let from = range.from;
    let oninput = {
        let on = ui.on.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let ms = input.value_as_number();
            if ms.is_finite() && ms >= 0.0 {
                let at = from.saturating_add(ms as i64);
                on.emit(Action::Windows(Wish::Do("seek", Change::At(at))));
            }
        })
    };
    html! {
        <input type="range" class="scrubber" min="0" step={range.step().min(100).to_string()} max={(range.to - from).to_string()} value={(at - from).to_string()} disabled={ui.locked("seek")} style="--played: 100%"
            aria-label="Time" aria-valuetext={clock(at)} {oninput} data-testid="scrubber" />
    }
}
