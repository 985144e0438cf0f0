//! Which sketch, which stream, how big.

use super::Wish;
use crate::ui::{Action, Ui};
use millrace::view::sketches::{Bench, ITEMS, Kind, Stream};
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// A button for each sketch.
pub fn kinds(ui: &Ui, bench: &Bench) -> Html {
    let kind = |kind: &Kind| {
        let here = *kind == bench.setup().kind;
        html! {
            <button aria-pressed={here.to_string()} disabled={ui.locked("seed")} onclick={ui.does::<MouseEvent>(Action::Sketch(Wish::Kind(*kind)))}
                data-testid={format!("sketch-{}", kind.name())}>{ kind.name() }</button>
        }
    };
    html! { <div class="row" role="group" aria-label="Sketch">{ for Kind::ALL.iter().map(kind) }</div> }
}

/// The stream and the sizes.
pub fn controls(ui: &Ui, bench: &Bench) -> Html {
    let setup = bench.setup();
    let streams = setup.kind.streams();
    let pick = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok();
            if let Some(stream) = chosen.and_then(|n| streams.get(n)) {
                on.emit(Action::Sketch(Wish::Stream(*stream)));
            }
        })
    };
    let sizes = setup.kind.sizes().iter().zip(setup.sizes);
    let free = setup.example_sizes().is_none();
    html! {
        <div class="sizes">
            <label>{ "Stream" }
                <select disabled={ui.locked("seed")} onchange={pick} data-testid="stream">
                    { for streams.iter().map(|stream| html! {
                        <option selected={*stream == setup.stream}>{ stream.name() }</option>
                    }) }
                </select>
            </label>
            if !setup.stream.is_example() && setup.stream != Stream::Own { { items(ui, setup.items) } }
            if free {
                { for sizes.enumerate().map(|(n, (&(name, least, most), size))| slider(ui, n, name, (least, most), size)) }
                if let Some(name) = setup.kind.variant() { { variant(ui, name, setup.variant) } }
            }
        </div>
    }
}

fn items(ui: &Ui, items: u32) -> Html {
    let pick = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(items) = select.value().parse() {
                on.emit(Action::Sketch(Wish::Items(items)));
            }
        })
    };
    let beside = (!ITEMS.contains(&items)).then_some(items);
    html! {
        <label>{ "Items" }
            <select disabled={ui.locked("size")} onchange={pick} data-testid="items">
                { for ITEMS.into_iter().chain(beside).map(|n| html! { <option value={n.to_string()} selected={n == items}>{ n }</option> }) }
            </select>
        </label>
    }
}

fn slider(ui: &Ui, which: usize, name: &'static str, (least, most): (u32, u32), size: u32) -> Html {
    let oninput = {
        let on = ui.on.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let size = input.value_as_number();
            if size.is_finite() && size >= 0.0 {
                on.emit(Action::Sketch(Wish::Size(which, size as u32)));
            }
        })
    };
    html! {
        <label>{ name }{ " " }<output>{ size }</output>
            <input type="range" min={least.to_string()} max={most.to_string()} value={size.to_string()} disabled={ui.locked("size")} {oninput}
                aria-label={name} data-testid={format!("size-{which}")} />
        </label>
    }
}

fn variant(ui: &Ui, name: &'static str, on: bool) -> Html {
    let toggle = ui.does::<Event>(Action::Sketch(Wish::Variant(!on)));
    html! {
        <label class="check"><input type="checkbox" checked={on} disabled={ui.locked("size")} onchange={toggle} data-testid="variant" />{ name }</label>
    }
}
