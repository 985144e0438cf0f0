//! The stage: a canvas that shows a scene.
//!
//! `layout` finds the places, `paint` makes shapes of a scene, `canvas` draws them, `hit` tells
//! what a pointer means. Only `canvas`, `handle` and this file know a browser.

pub mod canvas;
mod clickstream;
mod cluster;
mod handle;
mod hit;
pub mod ink;
mod layers;
mod layout;
mod paint;
mod picture;
pub mod shapes;
pub mod text;
mod tween;

#[cfg(test)]
mod demo;

pub use handle::StageHandle;
pub use hit::Gesture;
pub use ink::Theme;
pub use paint::Marks;
pub use picture::Picture;

use wasm_bindgen::JsCast as _;
use wasm_bindgen::closure::Closure;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, PointerEvent, ResizeObserver};
use yew::prelude::*;

/// What the stage is given.
#[derive(Properties, PartialEq, Clone)]
pub struct Props {
    /// Through which frames are drawn.
    pub handle: StageHandle,
    /// What a person does on the stage.
    pub on_gesture: Callback<Gesture>,
    /// Called when a pointer or a new size calls for a frame although the simulation may stand
    /// still.
    #[prop_or_default]
    pub on_wake: Callback<()>,
    /// Whether the stage is as high as its content, and the page scrolls; otherwise it fills the
    /// element it is in and scrolls by itself where it must.
    #[prop_or_default]
    pub flow: bool,
    /// What a screen reader says of the picture; the facts are in its text twin.
    #[prop_or(AttrValue::Static("The two shops, drawn. The same facts follow as tables."))]
    pub label: AttrValue,
}

/// The canvas and its events. It renders when its properties change and never for a frame: frames
/// go through [`StageHandle::draw`].
pub struct Stage {
    wrap: NodeRef,
    canvas: NodeRef,
    resize: Option<(ResizeObserver, Closure<dyn FnMut()>)>,
}

impl Component for Stage {
    type Message = ();
    type Properties = Props;

    fn create(_: &Context<Self>) -> Self {
        Self {
            wrap: NodeRef::default(),
            canvas: NodeRef::default(),
            resize: None,
        }
    }

    fn update(&mut self, _: &Context<Self>, (): ()) -> bool {
        false
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let Props {
            handle,
            on_gesture,
            on_wake,
            flow,
            label,
        } = ctx.props().clone();
        let moved = {
            let (handle, wake) = (handle.clone(), on_wake.clone());
            Callback::from(move |event: PointerEvent| {
                handle.pointer_moved(&event);
                wake.emit(());
            })
        };
        let down = {
            let (handle, wake) = (handle.clone(), on_wake.clone());
            Callback::from(move |event: PointerEvent| {
                handle.pointer_down(&event);
                wake.emit(());
            })
        };
        let up = {
            let (handle, wake) = (handle.clone(), on_wake.clone());
            Callback::from(move |event: PointerEvent| {
                if let Some(gesture) = handle.pointer_up(&event) {
                    on_gesture.emit(gesture);
                }
                wake.emit(());
            })
        };
        let gone = Callback::from(move |event: PointerEvent| {
            handle.pointer_gone(&event);
            on_wake.emit(());
        });
        let style = if flow {
            "overflow: hidden"
        } else {
            "height: 100%; overflow: hidden auto; overscroll-behavior: contain"
        };
        // Sideways drags are ours, up and down scrolls.
        html! {
            <div ref={&self.wrap} class="stage" tabindex={(!flow).then_some("0")} {style}>
                <canvas ref={&self.canvas} role="img" aria-label={label}
                    style="display: block; touch-action: pan-y"
                    onpointermove={moved} onpointerdown={down} onpointerup={up}
                    onpointerleave={gone.clone()} onpointercancel={gone} />
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, first: bool) {
        let Some(wrap) = self.wrap.cast::<Element>() else {
            return;
        };
        let handle = ctx.props().handle.clone();
        handle.resize(&wrap, ctx.props().flow);
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
        handle.attach(canvas, context);
        let wake = ctx.props().on_wake.clone();
        let observed = wrap.clone();
        let resized = Closure::<dyn FnMut()>::new(move || {
            handle.resize(&observed, handle.flows());
            wake.emit(());
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
        ctx.props().handle.detach();
    }
}
