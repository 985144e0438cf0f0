//! Shapes onto a 2D context. Neighbours of one style share one path, and the context is told a
//! colour, a font or a dash only when it changes: calls into the browser are what a frame costs.

use super::ink::{Ink, Theme};
use super::shapes::{Dash, List, Rect, Shape, Stroke, Style};
use super::text::{Align, Face, Type};
use std::f64::consts::TAU;
use wasm_bindgen::JsValue;
use web_sys::CanvasRenderingContext2d as Context;

/// A context and what it was last told.
pub struct Canvas {
    context: Context,
    solid: JsValue,
    dashed: JsValue,
    dotted: JsValue,
    fill: Option<Ink>,
    line: Option<Stroke>,
    face: Option<Face>,
    align: Option<Align>,
    theme: Theme,
}

impl Canvas {
    /// Draws on `context`.
    #[must_use]
    pub fn new(context: Context) -> Self {
        let pattern = |lengths: &[f64]| {
            let array = js_sys::Array::new();
            for &length in lengths {
                array.push(&length.into());
            }
            JsValue::from(array)
        };
        Self {
            context,
            solid: pattern(&[]),
            dashed: pattern(&[3.0, 3.0]),
            dotted: pattern(&[1.5, 3.0]),
            fill: None,
            line: None,
            face: None,
            align: None,
            theme: Theme::Light,
        }
    }

    /// Draws the whole picture of `width`×`height` CSS pixels at `ratio` device pixels each.
    pub fn draw(&mut self, list: &List, theme: Theme, (width, height): (f32, f32), ratio: f64) {
        // A canvas that was resized forgot everything, so each frame begins from nothing.
        (self.fill, self.line, self.face, self.align) = (None, None, None, None);
        self.theme = theme;
        // Setting a transform of finite numbers cannot fail.
        let _ = self.context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0);
        self.context.set_line_join("round");
        self.set_fill(Ink::Paper);
        self.context
            .fill_rect(0.0, 0.0, f64::from(width), f64::from(height));
        let mut open = Style::default();
        for shape in &list.shapes {
            let style = match shape {
                Shape::Box { style, .. }
                | Shape::Line { style, .. }
                | Shape::Path { style, .. }
                | Shape::Arc { style, .. }
                | Shape::Dot { style, .. } => *style,
                Shape::Text { .. } => Style::default(),
            };
            if style != open {
                self.finish(open);
                open = style;
                self.context.begin_path();
            }
            self.trace(list, shape);
        }
        self.finish(open);
    }

    /// Fills and strokes the path that is open.
    fn finish(&mut self, style: Style) {
        if let Some(ink) = style.fill {
            self.set_fill(ink);
            self.context.fill();
        }
        if let Some(line) = style.line {
            self.set_line(line);
            self.context.stroke();
        }
    }

    /// Adds a shape to the open path; words go straight to the picture.
    fn trace(&mut self, list: &List, shape: &Shape) {
        let c = &self.context;
        match shape {
            Shape::Box { at, r, .. } => rounded(c, *at, *r),
            Shape::Line { from, to, .. } => {
                c.move_to(from.0.into(), from.1.into());
                c.line_to(to.0.into(), to.1.into());
            }
            Shape::Path { points, .. } => {
                for (i, &(x, y)) in list.points(points).iter().enumerate() {
                    if i == 0 {
                        c.move_to(x.into(), y.into());
                    } else {
                        c.line_to(x.into(), y.into());
                    }
                }
            }
            Shape::Arc {
                at, r, from, to, ..
            } => {
                // The browser's own: ours would be 3 kB.
                let (radius, from) = (f64::from(*r), f64::from(*from));
                c.move_to(
                    f64::from(at.0) + radius * js_sys::Math::cos(from),
                    f64::from(at.1) + radius * js_sys::Math::sin(from),
                );
                arc(c, at.0, at.1, *r, from, f64::from(*to));
            }
            Shape::Dot { at, r, .. } => {
                c.move_to((at.0 + r).into(), at.1.into());
                arc(c, at.0, at.1, *r, 0.0, TAU);
            }
            Shape::Text { at, words, set } => {
                self.set_type(*set);
                // A text of finite position cannot fail.
                let _ = self
                    .context
                    .fill_text(list.words(words), at.0.into(), at.1.into());
            }
        }
    }

    fn set_fill(&mut self, ink: Ink) {
        if self.fill != Some(ink) {
            self.fill = Some(ink);
            self.context.set_fill_style_str(ink.css(self.theme));
        }
    }

    fn set_line(&mut self, line: Stroke) {
        let before = self.line.replace(line);
        if before.is_none_or(|b| b.ink != line.ink) {
            self.context.set_stroke_style_str(line.ink.css(self.theme));
        }
        if before.is_none_or(|b| b.width != line.width) {
            self.context.set_line_width(line.width.into());
        }
        if before.is_none_or(|b| b.dash != line.dash) {
            let pattern = match line.dash {
                Dash::Solid => &self.solid,
                Dash::Dashed => &self.dashed,
                Dash::Dotted => &self.dotted,
            };
            // These patterns are arrays of numbers, which cannot fail.
            let _ = self.context.set_line_dash(pattern);
        }
    }

    fn set_type(&mut self, set: Type) {
        self.set_fill(set.ink);
        if self.face.replace(set.face) != Some(set.face) {
            self.context.set_font(set.face.css());
        }
        if self.align.replace(set.align) != Some(set.align) {
            self.context.set_text_align(match set.align {
                Align::Left => "left",
                Align::Center => "center",
                Align::Right => "right",
            });
        }
    }
}

fn rounded(c: &Context, at: Rect, r: f32) {
    let (x, y, w, h) = (at.x.into(), at.y.into(), at.w.into(), at.h.into());
    // `roundRect` is younger than the rest of the context; square corners will do without it.
    if r <= 0.0 || c.round_rect_with_f64(x, y, w, h, r.into()).is_err() {
        c.rect(x, y, w, h);
    }
}

fn arc(c: &Context, x: f32, y: f32, r: f32, from: f64, to: f64) {
    // Only a negative radius fails.
    let _ = c.arc(x.into(), y.into(), r.into(), from, to);
}
