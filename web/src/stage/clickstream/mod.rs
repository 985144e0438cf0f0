//! The Clickstream stage: visitors as rows with their clicks on the axis of event time, and below them
//! one session in its three layers.

mod layers;
mod rows;

use super::hit::Hits;
use super::ink::Ink;
use super::shapes::{List, Point, Rect, Style, filled, solid};
use super::text::Face;
use millrace::view::clickstream::ClickScene;

/// Paints frames; nothing moves but what the scene moves.
#[derive(Default)]
pub struct Painter {
    pen: Pen,
    size: (f32, f32),
}

/// What parts paint with.
#[derive(Default)]
struct Pen {
    list: List,
    hits: Hits,
    /// How wide the stage is.
    width: f32,
}

/// Below this width parts stand one below the other.
const NARROW: f32 = 700.0;

impl Painter {
    /// What the last frame drew.
    pub fn list(&self) -> &List {
        &self.pen.list
    }

    /// Hands over what the last frame drew, and takes a list whose buffers the next frame may use.
    pub fn swap(&mut self, list: &mut List) {
        std::mem::swap(&mut self.pen.list, list);
    }

    /// What lies where in the last frame.
    pub fn hits(&self) -> &Hits {
        &self.pen.hits
    }

    /// How large the last frame was.
    pub fn size(&self) -> (f32, f32) {
        self.size
    }

    /// Whether something still moves to its place.
    #[allow(clippy::unused_self)] // as all painters
    pub fn moving(&self) -> bool {
        false
    }

    /// Paints one frame for a stage of `size` CSS pixels; a height of zero means as high as the
    /// content.
    pub fn paint(&mut self, size: (f32, f32), scene: &ClickScene) {
        let pen = &mut self.pen;
        pen.list.clear();
        pen.hits.clear();
        pen.width = size.0;
        let below = rows::paint(pen, size.1, scene);
        let bottom = match &scene.chosen {
            Some(chosen) => layers::paint(pen, below, size.1, chosen),
            None => below,
        };
        self.size = (size.0, size.1.max(bottom));
    }
}

impl Pen {
    /// Whether parts stand one below the other.
    fn narrow(&self) -> bool {
        self.width < NARROW
    }

    fn margin(&self) -> f32 {
        if self.narrow() { 12.0 } else { 20.0 }
    }

    /// A click: its symbol's number on its colour.
    fn symbol(&mut self, (x, y): Point, size: f32, symbol: u8) {
        let at = Rect::new(x - size / 2.0, y - size / 2.0, size, size);
        self.list.rect(at, 3.0, filled(ink(symbol)));
        let face = if size < 15.0 {
            Face::TinyName
        } else {
            Face::SmallName
        };
        let set = face.center(Ink::Card);
        self.list
            .text((x, y + face.size() * 0.36), set, format_args!("{symbol}"));
    }
}

/// A symbol's colour: grey for a view, the keys' hues for the others. They are the edges' shades, on
/// which the card's colour can be read on light paper and on dark.
fn ink(symbol: u8) -> Ink {
    match symbol {
        2 => Ink::KeyEdge(0),
        3 => Ink::KeyEdge(2),
        4 => Ink::KeyEdge(3),
        5 => Ink::KeyEdge(1),
        6 => Ink::KeyEdge(4),
        _ => Ink::Muted,
    }
}

/// A line of dots.
fn dotted(ink: Ink) -> Style {
    let mut style = solid(ink, 1.3);
    if let Some(line) = &mut style.line {
        line.dash = super::shapes::Dash::Dotted;
    }
    style
}

#[cfg(test)]
mod tests;
