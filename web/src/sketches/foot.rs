//! The bar at the foot: step, play, speed, and how far the stream has come.

use super::{RATES, Wish};
use crate::transport::{BACK, FORWARD, PAUSE, PLAY, icon};
use crate::ui::{Action, Ui};
use millrace::view::sketches::Bench;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The bar.
pub fn foot(ui: &Ui, bench: &Bench, playing: bool, rate: usize) -> Html {
    let (play, sign) = if playing {
        ("Pause", PAUSE)
    } else {
        ("Play", PLAY)
    };
    let (at, len, seed) = (bench.setup().at, bench.len(), bench.setup().seed);
    let step = !ui.locked("step");
    let part = f64::from(at) / f64::from(len.max(1)) * 100.0;
    html! {
        <footer class="bar" aria-label="Steps">
            <div class="buttons" role="group" aria-label="Playing">
                if step {
                    <button class="icon" aria-label="One step back" title="One step back (,)" onclick={ui.does::<MouseEvent>(Action::StepBack)} data-testid="step-back">{ icon(BACK) }</button>
                }
                <button class="icon primary" aria-label={play} title={format!("{play} (space)")} disabled={ui.locked("play")} onclick={ui.does::<MouseEvent>(Action::Toggle)} data-testid="play">{ icon(sign) }</button>
                if step {
                    <button class="icon" aria-label="One step forward" title="One step forward (.)" onclick={ui.does::<MouseEvent>(Action::StepForward)} data-testid="step-forward">{ icon(FORWARD) }</button>
                }
                { rates(ui, rate) }
            </div>
            <div class="line" style={format!("--at: {part:.2}%")}>{ scrubber(ui, at, len) }</div>
            <span></span>
            <div class="where">
                <span>{ "step " }<b data-testid="at">{ at }</b>{ format!(" of {len}") }</span>
                <span aria-hidden="true">{ " · " }</span>
                <button class="plain" disabled={ui.locked("seed")} title="Another stream of the same kind" onclick={ui.does::<MouseEvent>(Action::Seed(Some(seed.wrapping_add(1))))} data-testid="next-seed">{ "seed " }<b>{ seed }</b></button>
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
        <select class="speed" aria-label="Steps a second" title="Steps a second ([ and ])" disabled={ui.locked("speed")} {onchange} data-testid="speed">
            { for RATES.iter().enumerate().map(|(n, per_s)| html! { <option selected={n == rate}>{ format!("{per_s}/s") }</option> }) }
        </select>
    }
}

fn scrubber(ui: &Ui, at: u32, len: u32) -> Html {
    let oninput = {
        let on = ui.on.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let at = input.value_as_number();
            if at.is_finite() && at >= 0.0 {
                on.emit(Action::Sketch(Wish::At(at as u32)));
            }
        })
    };
    html! {
        <input type="range" class="scrubber" min="0" max={len.to_string()} value={at.to_string()} disabled={ui.locked("seek")} style="--played: 100%"
            aria-label="Step" aria-valuetext={format!("step {at} of {len}")} {oninput} data-testid="scrubber" />
    }
}
