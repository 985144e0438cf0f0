//! The bar at the foot: steps, and how far the stream has come.

use super::{RATES, Wish};
use crate::foot::{Foot, seed};
use crate::ui::{Action, Ui};
use millrace::view::sketches::Bench;
use yew::prelude::*;

/// The bar.
pub fn foot(ui: &Ui, bench: &Bench, playing: bool, rate: usize) -> Html {
    let (at, len) = (bench.setup().at, bench.len());
    let on = ui.on.clone();
    Foot {
        label: "Step",
        step: "One step",
        playing,
        rates: RATES.iter().map(|per_s| format!("{per_s}/s")).collect(),
        rate_label: "Steps a second",
        rate,
        at: at.into(),
        end: len.into(),
        by: 1,
        told: format!("step {at} of {len}"),
        seek: Callback::from(move |at: i64| on.emit(Action::Sketch(Wish::At(at as u32)))),
        markers: html! {},
        place: html! {
            <>
                <span>{ "step " }<b data-testid="at">{ at }</b>{ format!(" of {len}") }</span>
                { seed(ui, bench.setup().seed, "Another stream of the same kind") }
            </>
        },
    }
    .view(ui)
}
