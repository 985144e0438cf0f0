//! The Lambda · Kappa stage: the log, both architectures as boxes, and how far each answer was off.

mod boxes;
mod chart;

use super::hit::Hits;
use super::ink::Ink;
use super::shapes::{List, Point, Rect, Style, dashed, filled, solid};
use super::text::Face;
use millrace::time::Time;
use millrace::view::layers::scene::{Cell, CellState, LayersScene};

/// What parts paint with: the list, and where the time axis lies.
#[derive(Default)]
struct Pen {
    list: List,
    left: f32,
    right: f32,
    end: Time,
}

impl Pen {
    /// Where a time is.
    fn x(&self, at: Time) -> f32 {
        let share = at.0 as f32 / self.end.0.max(1) as f32;
        self.left + (self.right - self.left) * share.min(1.0)
    }
}

/// Paints frames. Nothing in them moves by itself.
#[derive(Default)]
pub struct Painter {
    pen: Pen,
    hits: Hits,
    size: (f32, f32),
}

/// Below this width the architectures lie one below the other.
const WIDE: f32 = 680.0;
/// The margins of the picture.
const MARGIN: f32 = 22.0;
/// How high everything but the charts is, where the architectures lie side by side.
const HEAD: f32 = 158.0;
/// How high an architecture is.
const SIDE: f32 = 184.0;
/// The least heights of both charts with their captions.
const CHARTS: [f32; 2] = [150.0, 100.0];

impl Painter {
    /// What the last frame drew.
    pub fn list(&self) -> &List {
        &self.pen.list
    }

    /// Hands over what the last frame drew, and takes a list whose buffers the next frame may use.
    pub fn swap(&mut self, list: &mut List) {
        std::mem::swap(&mut self.pen.list, list);
    }

    /// Nothing here is to be pressed.
    pub fn hits(&self) -> &Hits {
        &self.hits
    }

    /// How large the last frame was.
    pub fn size(&self) -> (f32, f32) {
        self.size
    }

    /// Whether something still moves to its place.
    pub fn moving(&self) -> bool {
        false
    }

    /// Paints one frame for a stage of `size` CSS pixels; a height of zero means as high as the
    /// content.
    pub fn paint(&mut self, (width, height): (f32, f32), scene: &LayersScene) {
        let pen = &mut self.pen;
        pen.list.clear();
        let width = width.max(320.0);
        let wide = width >= WIDE;
        pen.left = if wide { 60.0 } else { 40.0 };
        pen.right = width - MARGIN - 12.0;
        pen.end = scene.end;
        let sides = if wide { SIDE } else { 2.0 * SIDE };
        let least = HEAD + sides + CHARTS[0] + CHARTS[1];
        let spare = (height - least).clamp(0.0, 160.0);
        let charts = [CHARTS[0] + spare * 0.6, CHARTS[1] + spare * 0.4];
        log(pen, scene, width);
        let mut top = HEAD;
        let gap = 40.0;
        let half = (width - 2.0 * MARGIN - gap) / 2.0;
        for (n, side) in scene.sides.iter().enumerate() {
            let at = if wide {
                Rect::new(MARGIN + n as f32 * (half + gap), top, half, SIDE)
            } else {
                let below = top + n as f32 * SIDE;
                Rect::new(MARGIN, below, width - 2.0 * MARGIN, SIDE)
            };
            boxes::paint(&mut pen.list, at, side, n);
        }
        if wide {
            let x = width / 2.0;
            let rule = solid(Ink::Rule, 1.0);
            pen.list.line((x, top - 4.0), (x, top + SIDE - 22.0), rule);
        }
        top += sides;
        let names = scene.sides.each_ref().map(|side| side.name);
        let captions = [
            (
                "What trends: how far the answer is off",
                "of the 20 hashtags of the last hour, in %",
            ),
            (
                "Who is influential: how far the answer is off",
                "of the 20 people of all time, in %",
            ),
        ];
        let curves = [&scene.trend, &scene.deep];
        for (n, curves) in curves.into_iter().enumerate() {
            let at = Rect::new(0.0, top, width, charts[n]);
            let view = chart::View {
                caption: captions[n],
                names,
                curves,
                forecast: &scene.forecast[n],
                scene,
                lines: n == 0,
            };
            chart::paint(pen, at, &view);
            top += charts[n];
        }
        self.size = (width, top.max(height));
    }
}

/// How a stretch of the log looks: its colour, and paler where the batch view has it.
fn looks(cell: Cell) -> Style {
    let Cell { hue, state } = cell;
    match state {
        CellState::Young => solid(Ink::KeyEdge(hue), 1.0).on(Ink::Key(hue)),
        CellState::Covered => solid(Ink::KeySoft(hue), 1.0).on(Ink::Card),
        CellState::Deleted => dashed(Ink::StrongRule, 1.0),
    }
}

/// The log: a row for each partition, and who reads where.
fn log(pen: &mut Pen, scene: &LayersScene, width: f32) {
    let named = match scene.sides[0].name {
        "Batch" => "One log, batch and stream",
        _ => "One log, two architectures",
    };
    let title = Face::Title.left(Ink::Main);
    let wide = pen
        .list
        .text((MARGIN, 30.0), title, format_args!("{named}"));
    let hint: Point = (MARGIN + wide + 12.0, 30.0);
    let set = Face::Body.left(Ink::Muted);
    if hint.0 + 200.0 < width {
        let words =
            "both answer: which hashtags trend in the last hour, and who was most influential";
        pen.list
            .text_in(width - hint.0 - 8.0, hint, set, format_args!("{words}"));
    }
    let name = Face::Name.left(Ink::Main);
    let wide = pen
        .list
        .text((MARGIN, 58.0), name, format_args!("{}", scene.topic));
    let told = (MARGIN + wide + 10.0, 58.0);
    let set = Face::Small.left(Ink::Muted);
    pen.list.text_in(
        width - told.0 - 8.0,
        told,
        set,
        format_args!("{}", scene.told),
    );
    let (top, row, gap) = (70.0, 12.0, 3.0);
    let pitch = pen.x(Time(LayersScene::CELL.0)) - pen.left;
    for (n, strip) in scene.strips.iter().enumerate() {
        let y = top + n as f32 * (row + gap);
        let set = Face::Tiny.right(Ink::Faint);
        pen.list
            .text((pen.left - 6.0, y + 9.5), set, format_args!("{n}"));
        for (place, cell) in strip.iter().enumerate() {
            if let Some(cell) = cell {
                let x = pen.left + pitch * place as f32;
                let at = Rect::new(x + 0.5, y, (pitch - 2.0).max(1.0), row);
                pen.list.rect(at, 2.0, looks(*cell));
            }
        }
    }
    let bottom = top + scene.strips.len() as f32 * (row + gap);
    reads(pen, scene, (top, bottom));
    let words =
        "filled: newer than the batch view · outlined: in it · dashed: deleted from the log";
    let set = Face::Tiny.left(Ink::Faint);
    let at = (pen.left, bottom + 30.0);
    pen.list
        .text_in(pen.right - pen.left, at, set, format_args!("{words}"));
}

/// Bars where somebody reads, each with its name.
fn reads(pen: &mut Pen, scene: &LayersScene, (top, bottom): (f32, f32)) {
    let live = scene.reads.len().saturating_sub(1);
    // Where words stand already: those that would meet others are left out, the first of them first.
    let mut taken: Vec<(f32, f32)> = Vec::new();
    for (n, read) in scene.reads.iter().enumerate().rev() {
        let x = pen.x(read.at);
        let ink = if n == live { Ink::Main } else { Ink::Accent };
        let style = solid(ink, if n == live { 1.2 } else { 2.0 });
        pen.list.line((x, top - 4.0), (x, bottom + 4.0), style);
        // The end of the log is named at the right of its bar, those behind it at the left.
        let y = bottom + 14.0;
        let room = Face::Small.width(&read.label);
        let from = match n == live {
            true => x.min(pen.right + 12.0 - room),
            false if x - room > pen.left => x - room,
            false => x,
        };
        let (before, after) = (from - 6.0, from + room + 6.0);
        if taken
            .iter()
            .any(|(left, right)| before < *right && *left < after)
        {
            continue;
        }
        taken.push((from, from + room));
        let (x, set) = (from, Face::Small.left(ink));
        pen.list.text((x, y), set, format_args!("{}", read.label));
    }
}

/// A bar that fills.
fn progress(list: &mut List, at: Rect, share: f32) {
    list.rect(at, 2.0, filled(Ink::Rule));
    let done = Rect::new(at.x, at.y, at.w * share.clamp(0.0, 1.0), at.h);
    list.rect(done, 2.0, filled(Ink::Accent));
}
