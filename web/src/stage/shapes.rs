//! The display list: what to draw, in order, and nothing about how. Its buffers are kept from
//! frame to frame, so a steady picture allocates nothing.

use super::ink::Ink;
use super::text::Type;
use std::fmt::{self, Write as _};
use std::ops::Range;

/// A point, in CSS pixels from the upper left.
pub type Point = (f32, f32);

/// A rectangle.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Rect {
    /// Left.
    pub x: f32,
    /// Top.
    pub y: f32,
    /// Width.
    pub w: f32,
    /// Height.
    pub h: f32,
}

impl Rect {
    /// From its upper left corner and size.
    #[must_use]
    pub fn new(x: f32, y: f32, w: f32, h: f32) -> Self {
        Self { x, y, w, h }
    }

    /// Right edge.
    #[must_use]
    pub fn right(self) -> f32 {
        self.x + self.w
    }

    /// Lower edge.
    #[must_use]
    pub fn bottom(self) -> f32 {
        self.y + self.h
    }

    /// Its middle.
    #[must_use]
    pub fn center(self) -> Point {
        (self.x + self.w / 2.0, self.y + self.h / 2.0)
    }

    /// Wider and higher by `by` on every side.
    #[must_use]
    pub fn grown(self, by: f32) -> Self {
        Self::new(
            self.x - by,
            self.y - by,
            self.w + 2.0 * by,
            self.h + 2.0 * by,
        )
    }

    /// Whether `(x, y)` lies in it.
    #[must_use]
    pub fn has(self, (x, y): Point) -> bool {
        x >= self.x && x <= self.right() && y >= self.y && y <= self.bottom()
    }

    /// Whether the two share any area.
    #[cfg(test)]
    #[must_use]
    pub fn overlaps(self, other: Self) -> bool {
        self.x < other.right()
            && other.x < self.right()
            && self.y < other.bottom()
            && other.y < self.bottom()
    }

    /// Whether `other` lies wholly inside.
    #[cfg(test)]
    #[must_use]
    pub fn holds(self, other: Self) -> bool {
        other.x >= self.x
            && other.y >= self.y
            && other.right() <= self.right()
            && other.bottom() <= self.bottom()
    }
}

/// How a line is broken.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Dash {
    /// It is not.
    #[default]
    Solid,
    /// Short dashes.
    Dashed,
    /// Dots.
    Dotted,
}

/// A line's looks.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Stroke {
    /// Colour.
    pub ink: Ink,
    /// Width in CSS pixels.
    pub width: f32,
    /// Dashes.
    pub dash: Dash,
}

/// A solid line.
#[must_use]
pub fn solid(ink: Ink, width: f32) -> Style {
    Style {
        fill: None,
        line: Some(Stroke {
            ink,
            width,
            dash: Dash::Solid,
        }),
    }
}

/// A dashed line.
#[must_use]
pub fn dashed(ink: Ink, width: f32) -> Style {
    Style {
        fill: None,
        line: Some(Stroke {
            ink,
            width,
            dash: Dash::Dashed,
        }),
    }
}

/// A filled shape without an outline.
#[must_use]
pub fn filled(ink: Ink) -> Style {
    Style {
        fill: Some(ink),
        line: None,
    }
}

/// The looks of a shape.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Style {
    /// What its inside is filled with.
    pub fill: Option<Ink>,
    /// Its outline.
    pub line: Option<Stroke>,
}

impl Style {
    /// The same with an inside.
    #[must_use]
    pub fn on(self, fill: Ink) -> Self {
        Self {
            fill: Some(fill),
            ..self
        }
    }
}

/// One thing to draw.
#[derive(Clone, PartialEq, Debug)]
pub enum Shape {
    /// A rectangle with corners of radius `r`.
    Box { at: Rect, r: f32, style: Style },
    /// A straight line.
    Line {
        from: Point,
        to: Point,
        style: Style,
    },
    /// A polyline or a filled area; the points are in the list.
    Path { points: Range<u32>, style: Style },
    /// A part of a circle, clockwise from `from` to `to` (radians, 0 at three o'clock).
    Arc {
        at: Point,
        r: f32,
        from: f32,
        to: f32,
        style: Style,
    },
    /// A disc.
    Dot { at: Point, r: f32, style: Style },
    /// Words on a baseline; the letters are in the list.
    Text {
        at: Point,
        words: Range<u32>,
        set: Type,
    },
}

/// What to draw, in order.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct List {
    /// The shapes.
    pub shapes: Vec<Shape>,
    points: Vec<Point>,
    words: String,
}

impl List {
    /// Forgets the shapes and keeps the room they took.
    pub fn clear(&mut self) {
        self.shapes.clear();
        self.points.clear();
        self.words.clear();
    }

    /// The points of a path.
    #[must_use]
    pub fn points(&self, range: &Range<u32>) -> &[Point] {
        &self.points[range.start as usize..range.end as usize]
    }

    /// The letters of a text.
    #[must_use]
    pub fn words(&self, range: &Range<u32>) -> &str {
        &self.words[range.start as usize..range.end as usize]
    }

    /// Adds a rectangle.
    pub fn rect(&mut self, at: Rect, r: f32, style: Style) {
        self.shapes.push(Shape::Box { at, r, style });
    }

    /// Adds a straight line.
    pub fn line(&mut self, from: Point, to: Point, style: Style) {
        self.shapes.push(Shape::Line { from, to, style });
    }

    /// Adds a polyline, or an area if `style` has a fill.
    pub fn path(&mut self, points: impl IntoIterator<Item = Point>, style: Style) {
        let start = self.points.len() as u32;
        self.points.extend(points);
        let points = start..self.points.len() as u32;
        if points.len() > 1 {
            self.shapes.push(Shape::Path { points, style });
        }
    }

    /// Adds a disc.
    pub fn dot(&mut self, at: Point, r: f32, style: Style) {
        self.shapes.push(Shape::Dot { at, r, style });
    }

    /// Adds the part of a ring that is left when `left` (1 to 0) of a wait is still to come: it
    /// drains clockwise from the top.
    pub fn ring(&mut self, at: Point, r: f32, left: f32, style: Style) {
        use std::f32::consts::{FRAC_PI_2, TAU};
        let left = left.clamp(0.0, 1.0);
        if left > 0.0 {
            let to = TAU - FRAC_PI_2;
            self.shapes.push(Shape::Arc {
                at,
                r,
                from: to - TAU * left,
                to,
                style,
            });
        }
    }

    /// Adds words; gives back how wide they are at most.
    pub fn text(&mut self, at: Point, set: Type, words: fmt::Arguments<'_>) -> f32 {
        self.text_in(f32::INFINITY, at, set, words)
    }

    /// Adds words no wider than `width`: what does not fit becomes an ellipsis.
    pub fn text_in(&mut self, width: f32, at: Point, set: Type, words: fmt::Arguments<'_>) -> f32 {
        let start = self.words.len();
        // Writing to a String cannot fail.
        let _ = self.words.write_fmt(words);
        if width.is_finite() {
            let fits = set.face.fitting(&self.words[start..], width);
            if fits < self.words.len() - start {
                self.words.truncate(start + fits);
                self.words.push('…');
            }
        }
        let wide = set.face.width(&self.words[start..]);
        let words = start as u32..self.words.len() as u32;
        self.shapes.push(Shape::Text { at, words, set });
        wide
    }
}
