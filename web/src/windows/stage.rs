//! The stage: which windows, whose rules, and the canvas with the hand and the keys on it.

use super::controls::{engines, kinds, refusals, settings};
use super::places::Grip;
use super::{State, Windows, Wish};
use crate::ui::{Action, Ui};
use millrace::view::windows::{Change, Event, Scene, brief, summary};
use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{
    CanvasRenderingContext2d, Element, HtmlCanvasElement, HtmlSelectElement, PointerEvent,
    ResizeObserver,
};
use yew::prelude::*;

/// The stage.
pub(super) fn stage(ui: &Ui, page: &Windows, state: &State) -> Html {
    let setup = state.setup();
    let told = match setup.picked {
        Some(n) => brief(&state.play, n),
        None => String::new(),
    };
    html! {
        <section class="stage-box windows" aria-label="Windows" data-testid="stage">
            <h1 class="hidden">{ format!("Windows · {}", setup.scene.title()) }</h1>
            <div class="choose">
                { kinds(ui, state) }
                { engines(ui, state) }
            </div>
            { settings(ui, state) }
            { refusals(state) }
            <Canvas key={page.id()} page={page.clone()} ui={ui.clone()} label={summary(&state.play)} />
            <p class="hidden" aria-live="polite" data-testid="picked">{ told }</p>
            <div class="watch">
                <div class="tools">
                    { scenes(ui, setup.scene) }
                    { events(ui, state) }
                </div>
                <p class="say"><b>{ "Watch. " }</b>{ setup.scene.watch() }</p>
            </div>
            <p class="hidden">{ "The Results and Events tabs have this picture as tables." }</p>
        </section>
    }
}

/// The scenes there are.
fn scenes(ui: &Ui, here: Scene) -> Html {
    if ui.locked("seed") || ui.params.embed {
        return html! {};
    }
    let onchange = {
        let on = ui.on.clone();
        Callback::from(move |event: yew::Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            let chosen = usize::try_from(select.selected_index()).ok();
            if let Some(scene) = chosen.and_then(|n| Scene::ALL.get(n)) {
                on.emit(Action::Windows(Wish::Do("scene", Change::Scene(*scene))));
            }
        })
    };
    html! {
        <select class="scene" aria-label="Scene" {onchange} data-testid="scene">
            { for Scene::ALL.iter().map(|scene| html! {
                <option value={scene.id()} selected={*scene == here}>{ scene.title() }</option>
            }) }
        </select>
    }
}

/// What may be done to events besides dragging them.
fn events(ui: &Ui, state: &State) -> Html {
    if ui.locked("events") {
        return html! {};
    }
    let setup = state.setup();
    let does = |wish| ui.does::<MouseEvent>(Action::Windows(wish));
    // There also where nothing is chosen, so that nothing moves when something is.
    let remove = setup
        .picked
        .map(|n| does(Wish::Do("events", Change::Event(n, None))));
    html! {
        <>
            <button onclick={does(Wish::Add)} title="An event that has just arrived" data-testid="add-event">{ "Add event" }</button>
            <button disabled={remove.is_none()} onclick={remove} title="Take the chosen event away (Delete)" data-testid="remove-event">{ "Remove" }</button>
            if !setup.edits.is_empty() {
                <button class="quiet" onclick={does(Wish::Do("events", Change::Restore))} data-testid="restore">{ "All as it was" }</button>
            }
        </>
    }
}

/// Properties of [`Canvas`].
#[derive(Properties, PartialEq)]
struct CanvasProps {
    page: Windows,
    ui: Ui,
    /// The picture in words.
    label: String,
}

/// The canvas. It renders when its words change and never for a frame.
struct Canvas {
    wrap: NodeRef,
    canvas: NodeRef,
    resize: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

impl Component for Canvas {
    type Message = ();
    type Properties = CanvasProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            wrap: NodeRef::default(),
            canvas: NodeRef::default(),
            resize: None,
        }
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let CanvasProps { page, ui, label } = ctx.props();
        let free = {
            let ui = ui.clone();
            move |grip: Grip| !ui.locked(grip.lock())
        };
        let moved = {
            let (page, free) = (page.clone(), free.clone());
            Callback::from(move |event: PointerEvent| {
                page.0.borrow_mut().grasp.moved(&event, &free);
            })
        };
        let down = {
            let page = page.clone();
            Callback::from(move |event: PointerEvent| {
                let state = &mut *page.0.borrow_mut();
                state.grasp.down(&event, &state.play, &free);
            })
        };
        let up = {
            let (page, on) = (page.clone(), ui.on.clone());
            Callback::from(move |event: PointerEvent| {
                let clicked = page.0.borrow_mut().grasp.up(&event);
                if let Some(picked) = clicked {
                    on.emit(Action::Windows(Wish::Do("pick", Change::Pick(picked))));
                }
            })
        };
        let gone = {
            let page = page.clone();
            Callback::from(move |event: PointerEvent| page.0.borrow_mut().grasp.gone(&event))
        };
        let onkeydown = {
            let (page, ui) = (page.clone(), ui.clone());
            Callback::from(move |event: KeyboardEvent| {
                let done = page.0.borrow().key(&event.key(), event.shift_key());
                if let Some(change) = done {
                    event.prevent_default();
                    event.stop_propagation();
                    ui.on.emit(Action::Windows(Wish::Do("events", change)));
                }
            })
        };
        html! {
            <div ref={&self.wrap} class="plane" tabindex="0" role="application" aria-label="The events. Page up and page down choose one; left and right move when it happened, up and down when it arrived; delete takes it away."
                {onkeydown} data-testid="plane">
                <canvas ref={&self.canvas} role="img" aria-label={label.clone()} data-testid="picture"
                    onpointermove={moved} onpointerdown={down} onpointerup={up}
                    onpointerleave={gone.clone()} onpointercancel={gone} />
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(wrap) = self.wrap.cast::<Element>() else {
            return;
        };
        let page = ctx.props().page.clone();
        if !first {
            return;
        }
        let Some(canvas) = self.canvas.cast::<HtmlCanvasElement>() else {
            return;
        };
        let Ok(Some(context)) = canvas.get_context("2d") else {
            return;
        };
        let Ok(context) = context.dyn_into::<CanvasRenderingContext2d>() else {
            return;
        };
        page.0.borrow_mut().grasp.attach(canvas, context);
        let observed = wrap.clone();
        let resized = Closure::<dyn FnMut()>::new(move || {
            let size = (
                observed.client_width() as f32,
                observed.client_height() as f32,
            );
            page.0.borrow_mut().grasp.resize(size);
        });
        if let Ok(observer) = ResizeObserver::new(resized.as_ref().unchecked_ref()) {
            observer.observe(&wrap);
            self.resize = Some((observer, resized));
        }
    }

    fn destroy(&mut self, ctx: &Context<Self>) {
        if let Some((observer, _)) = self.resize.take() {
            observer.disconnect();
        }
        ctx.props().page.0.borrow_mut().grasp.detach();
    }
}

impl State {
    /// What a key does to the events; with shift ten times as much.
    fn key(&self, key: &str, shift: bool) -> Option<Change> {
        let (play, range) = (&self.play, self.play.range());
        let order = play.order();
        let picked = self.setup().picked;
        let place = picked.and_then(|n| order.iter().position(|&other| other == n));
        let step = range.step() * if shift { 10 } else { 1 };
        let to = match key {
            "PageDown" => place.map_or(0, |place| place + 1),
            "PageUp" => place.map_or(order.len(), |place| place).wrapping_sub(1),
            "Home" => 0,
            "End" => order.len().wrapping_sub(1),
            "Escape" => return picked.map(|_| Change::Pick(None)),
            "Delete" | "Backspace" => return picked.map(|n| Change::Event(n, None)),
            _ => {
                let (across, down) = match key {
                    "ArrowLeft" => (-step, 0),
                    "ArrowRight" => (step, 0),
                    "ArrowUp" => (0, -step),
                    "ArrowDown" => (0, step),
                    _ => return None,
                };
                // The first arrow takes hold of the latest that has arrived.
                let Some(n) = picked else {
                    let at = self.setup().at;
                    let by = order.partition_point(|&n| play.event(n).arrival <= at);
                    return order
                        .get(by.saturating_sub(1))
                        .map(|&n| Change::Pick(Some(n)));
                };
                let event = *play.event(n);
                return Some(Change::Event(
                    n,
                    Some(Event {
                        ts: (event.ts + across).clamp(range.from, range.ts_to),
                        arrival: (event.arrival + down).clamp(range.from, range.to),
                        ..event
                    }),
                ));
            }
        };
        order.get(to).map(|&n| Change::Pick(Some(n)))
    }
}
