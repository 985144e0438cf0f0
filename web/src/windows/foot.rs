//! The bar at the foot: step, play, speed, and the clock on the wall.

use super::{RATES, State, Wish};
use crate::foot::{Foot, seed};
use crate::ui::{Action, Ui};
use millrace::view::windows::{Change, Scene, clock};
use yew::prelude::*;

/// The time line has room for so many markers.
const MARKERS: usize = 24;

/// The bar.
pub(super) fn foot(ui: &Ui, state: &State) -> Html {
    let (setup, range) = (state.setup(), state.play.range());
    let (from, on) = (range.from, ui.on.clone());
    Foot {
        label: "Time",
        step: "One event",
        playing: state.playing,
        rates: RATES.iter().map(|times| format!("{times}×")).collect(),
        rate_label: "Speed",
        rate: state.rate,
        at: setup.at - from,
        end: range.to - from,
        by: range.step().min(100),
        told: clock(setup.at),
        seek: Callback::from(move |ms: i64| {
            let at = from.saturating_add(ms);
            on.emit(Action::Windows(Wish::Do("seek", Change::At(at))));
        }),
        markers: markers(ui, state),
        place: html! {
            <>
                <span>{ "t " }<b data-testid="at">{ clock(setup.at - setup.at.rem_euclid(100)) }</b></span>
                if setup.scene == Scene::Crowd { { seed(ui, setup.seed, "Other events of the same kind") } }
            </>
        },
    }
    .view(ui)
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
    let few = dropped.len() == 1;
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
