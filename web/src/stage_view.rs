//! The stage's place in the page: a canvas, its size, and what the pointer touches.

use crate::lab::Lab;
use millrace::view::orders::OrdersScene;
use web_sys::HtmlCanvasElement;

/// A canvas that shows the Orders picture.
pub struct StageView {
    canvas: HtmlCanvasElement,
}

impl StageView {
    /// Takes over a canvas.
    pub fn new(canvas: HtmlCanvasElement, dark: bool, still: bool) -> Option<Self> {
        let _ = (dark, still);
        Some(Self { canvas })
    }

    /// Draws a frame.
    pub fn frame(&mut self, wall_ms: f64, changed: bool, lab: &Lab, scene: &OrdersScene) {
        let _ = (&self.canvas, wall_ms, changed, lab, scene);
    }

    /// The run is another one: nothing moves over from the old picture.
    pub fn forget(&mut self) {}

    /// Light or dark.
    pub fn set_dark(&mut self, dark: bool) {
        let _ = dark;
    }
}
