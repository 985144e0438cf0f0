//! The bar at the foot of pages that play something without a simulated cluster: step, play, speed,
//! and how far it has come.

use crate::transport::{BACK, FORWARD, PAUSE, PLAY, icon};
use crate::ui::{Action, Ui};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The bar.
pub struct Foot {
    /// What it is a bar of.
    pub label: &'static str,
    /// What one step is: “One step”, “One event”.
    pub step: &'static str,
    /// Whether it plays.
    pub playing: bool,
    /// The speeds there are, and what they are speeds of.
    pub rates: Vec<String>,
    /// The name of the speed's control.
    pub rate_label: &'static str,
    /// Which of them.
    pub rate: usize,
    /// How far it has come, and how far that can be.
    pub at: i64,
    /// The end.
    pub end: i64,
    /// One place on the line to the next.
    pub by: i64,
    /// The place, for a screen reader.
    pub told: String,
    /// Goes to a place.
    pub seek: Callback<i64>,
    /// What is marked on the line.
    pub markers: Html,
    /// The place in words, and what else stands at the right.
    pub place: Html,
}

impl Foot {
    /// Draws it.
    pub fn view(self, ui: &Ui) -> Html {
        let (play, sign) = if self.playing {
            ("Pause", PAUSE)
        } else {
            ("Play", PLAY)
        };
        let step = !ui.locked("step");
        let part = self.at as f64 / self.end.max(1) as f64 * 100.0;
        let button = |words: String, key: &str, sign, action, testid: &'static str| {
            let title = format!("{words} ({key})");
            html! { <button class="icon" aria-label={words} {title} onclick={ui.does::<MouseEvent>(action)} data-testid={testid}>{ icon(sign) }</button> }
        };
        html! {
            <footer class="bar" aria-label={self.label}>
                <div class="buttons" role="group" aria-label="Playing">
                    if step { { button(format!("{} back", self.step), ",", BACK, Action::StepBack, "step-back") } }
                    <button class="icon primary" aria-label={play} title={format!("{play} (space)")} disabled={ui.locked("play")} onclick={ui.does::<MouseEvent>(Action::Toggle)} data-testid="play">{ icon(sign) }</button>
                    if step { { button(format!("{} forward", self.step), ".", FORWARD, Action::StepForward, "step-forward") } }
                    { self.speeds(ui) }
                </div>
                <div class="line" style={format!("--at: {part:.2}%")}>{ self.markers.clone() }{ self.scrubber(ui) }</div>
                <span></span>
                <div class="where">{ self.place }</div>
            </footer>
        }
    }

    fn speeds(&self, ui: &Ui) -> Html {
        let onchange = {
            let on = ui.on.clone();
            Callback::from(move |event: Event| {
                let select: HtmlSelectElement = event.target_unchecked_into();
                if let Ok(rate) = usize::try_from(select.selected_index()) {
                    on.emit(Action::Speed(rate));
                }
            })
        };
        let label = self.rate_label;
        html! {
            <select class="speed" aria-label={label} title={format!("{label} ([ and ])")} disabled={ui.locked("speed")} {onchange} data-testid="speed">
                { for self.rates.iter().enumerate().map(|(n, rate)| html! { <option selected={n == self.rate}>{ rate }</option> }) }
            </select>
        }
    }

    fn scrubber(&self, ui: &Ui) -> Html {
        let seek = self.seek.clone();
        let oninput = Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let at = input.value_as_number();
            if at.is_finite() && at >= 0.0 {
                seek.emit(at as i64);
            }
        });
        html! {
            <input type="range" class="scrubber" min="0" max={self.end.to_string()} step={self.by.to_string()} value={self.at.to_string()} disabled={ui.locked("seek")} style="--played: 100%"
                aria-label={self.label} aria-valuetext={self.told.clone()} {oninput} data-testid="scrubber" />
        }
    }
}

/// Another draw of what is played.
pub fn seed(ui: &Ui, seed: u64, title: &'static str) -> Html {
    let next = ui.does::<MouseEvent>(Action::Seed(Some(seed.wrapping_add(1))));
    html! {
        <>
            <span aria-hidden="true">{ " · " }</span>
            <button class="plain" disabled={ui.locked("seed")} {title} onclick={next} data-testid="next-seed">{ "seed " }<b>{ seed }</b></button>
        </>
    }
}
