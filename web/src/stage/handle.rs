//! The shell's grip on the stage: it draws frames through it, past Yew.

use super::canvas::Canvas;
use super::hit::{Drag, Gesture};
use super::ink::Theme;
use super::paint::Marks;
use super::picture::{Painters, Picture};
use super::shapes::{List, Point};
use std::cell::RefCell;
use std::rc::Rc;
use web_sys::{CanvasRenderingContext2d, Element, HtmlCanvasElement, PointerEvent};

/// A handle of one stage; clones mean the same one.
#[derive(Clone, Default)]
pub struct StageHandle(Rc<RefCell<Inner>>);

impl PartialEq for StageHandle {
    fn eq(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }
}

#[derive(Default)]
struct Inner {
    target: Option<Target>,
    painter: Painters,
    size: (f32, f32),
    flow: bool,
    pointer: Option<Point>,
    drag: Option<Drag>,
    cursor: &'static str,
}

/// A canvas and what is on it.
struct Target {
    element: HtmlCanvasElement,
    canvas: Canvas,
    shown: List,
    theme: Theme,
    /// Width and height in device pixels.
    pixels: (u32, u32),
    css: (f32, f32),
}

/// More device pixels than this in one CSS pixel cost time and show nothing.
const MOST_DENSE: f64 = 3.0;
/// How far off a finger or a mouse may be.
const SLOP: [f32; 2] = [10.0, 2.0];

impl StageHandle {
    /// A handle of a stage that is not on the page yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Shows a scene. Cheap where nothing has changed; says whether anything was drawn.
    pub fn draw(&self, picture: Picture<'_>, marks: &Marks<'_>) -> bool {
        let Inner {
            target,
            painter,
            size,
            pointer,
            drag,
            ..
        } = &mut *self.0.borrow_mut();
        let Some(target) = target.as_mut().filter(|_| size.0 > 0.0) else {
            return false;
        };
        painter.paint(*size, picture, marks, (*pointer, *drag));
        target.show(painter, marks.theme)
    }

    /// Whether something still moves to its place: draw again even if the simulation stands
    /// still.
    #[must_use]
    pub fn moving(&self) -> bool {
        self.0.borrow().painter.moving()
    }

    pub(super) fn attach(&self, element: HtmlCanvasElement, context: CanvasRenderingContext2d) {
        self.0.borrow_mut().target = Some(Target {
            element,
            canvas: Canvas::new(context),
            shown: List::default(),
            theme: Theme::default(),
            pixels: (0, 0),
            css: (0.0, 0.0),
        });
    }

    pub(super) fn detach(&self) {
        self.0.borrow_mut().target = None;
    }

    pub(super) fn flows(&self) -> bool {
        self.0.borrow().flow
    }

    pub(super) fn resize(&self, element: &Element, flow: bool) {
        let mut inner = self.0.borrow_mut();
        inner.flow = flow;
        let height = if flow { 0 } else { element.client_height() };
        inner.size = (element.client_width() as f32, height as f32);
    }

    pub(super) fn pointer_moved(&self, event: &PointerEvent) {
        let inner = &mut *self.0.borrow_mut();
        let at = point(event);
        inner.pointer = Some(at);
        if let Some(drag) = &mut inner.drag {
            drag.to = at;
        } else {
            let hit = inner.painter.hits().at(at, slop(event));
            let cursor = hit.map_or("default", |(_, hit)| hit.cursor());
            inner.point_with(cursor);
        }
    }

    pub(super) fn pointer_down(&self, event: &PointerEvent) {
        let inner = &mut *self.0.borrow_mut();
        let (at, slop) = (point(event), slop(event));
        inner.pointer = Some(at);
        let hits = inner.painter.hits();
        let (hit, grip) = (hits.at(at, slop).map(|(_, hit)| hit), hits.grip(at, slop));
        inner.drag = Some(Drag {
            hit,
            grip,
            from: at,
            to: at,
        });
        if grip.is_some()
            && let Some(target) = &inner.target
        {
            // Without capture the drag still works as long as it stays on the stage.
            let _ = target.element.set_pointer_capture(event.pointer_id());
        }
    }

    /// Ends a click or a drag. A click on nothing follows no order.
    pub(super) fn pointer_up(&self, event: &PointerEvent) -> Option<Gesture> {
        let inner = &mut *self.0.borrow_mut();
        let mut drag = inner.drag.take()?;
        drag.to = point(event);
        let nothing = drag.hit.is_none() && !drag.moved();
        drag.gesture()
            .or_else(|| nothing.then_some(Gesture::Select(None)))
    }

    pub(super) fn pointer_gone(&self, event: &PointerEvent) {
        let inner = &mut *self.0.borrow_mut();
        if event.type_() == "pointercancel" {
            inner.drag = None;
        }
        // A finger is gone when it is lifted, but what it asked for should stay to be read.
        if event.pointer_type() == "mouse" && inner.drag.is_none() {
            inner.pointer = None;
        }
    }
}

impl Inner {
    fn point_with(&mut self, cursor: &'static str) {
        if self.cursor != cursor
            && let Some(target) = &self.target
        {
            self.cursor = cursor;
            // The names are valid, and a pointer of the wrong shape harms nobody.
            let _ = target.element.style().set_property("cursor", cursor);
        }
    }
}

impl Target {
    fn show(&mut self, painter: &mut Painters, theme: Theme) -> bool {
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let ratio = ratio.clamp(0.5, MOST_DENSE);
        let css = painter.size();
        let pixel = |length: f32| (f64::from(length) * ratio).round() as u32;
        let pixels = (pixel(css.0), pixel(css.1));
        if self.pixels == pixels && self.theme == theme && self.shown == *painter.list() {
            return false;
        }
        if self.pixels != pixels {
            self.element.set_width(pixels.0);
            self.element.set_height(pixels.1);
        }
        if self.css != css {
            let style = self.element.style();
            for (name, length) in [("width", css.0), ("height", css.1)] {
                // These are valid lengths.
                let _ = style.set_property(name, &format!("{length}px"));
            }
        }
        (self.pixels, self.css, self.theme) = (pixels, css, theme);
        painter.swap(&mut self.shown);
        self.canvas.draw(&self.shown, theme, css, ratio);
        true
    }
}

fn point(event: &PointerEvent) -> Point {
    (event.offset_x() as f32, event.offset_y() as f32)
}

fn slop(event: &PointerEvent) -> f32 {
    SLOP[usize::from(event.pointer_type() == "mouse")]
}
