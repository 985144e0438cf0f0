//! Where everything goes: a pure function of the size and of what there is to show.

mod narrow;
mod wide;

use super::shapes::Rect;
use super::text::Face;
use millrace::view::orders::OrdersScene;

/// What there is to show, as far as it decides places.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Topology {
    /// Boxes in each shop.
    pub stations: [usize; 2],
    /// Partitions of each topic.
    pub topics: Vec<usize>,
}

impl Topology {
    /// Reads it from a scene; says whether it changed.
    pub fn read(&mut self, scene: &OrdersScene) -> bool {
        let stations = [scene.sync.stations.len(), scene.async_.stations.len()];
        let partitions = || scene.topics.iter().map(|topic| topic.strips.len());
        if self.stations == stations && self.topics.iter().copied().eq(partitions()) {
            return false;
        }
        self.stations = stations;
        self.topics.clear();
        self.topics.extend(partitions());
        true
    }

    /// How many topics stand between the asynchronous shop's boxes; the others go below.
    fn in_pipeline(&self) -> usize {
        self.topics.len().min(self.stations[1].saturating_sub(1))
    }
}

/// The places.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layout {
    /// Width of the picture.
    pub width: f32,
    /// Its height: at least what was asked for, more where the content needs it.
    pub height: f32,
    /// Whether the asynchronous shop runs from left to right; otherwise downwards.
    pub wide: bool,
    /// The synchronous and the asynchronous shop.
    pub lanes: [Lane; 2],
    /// The rule between them.
    pub rule: f32,
    /// Every topic that is shown; in the scene's order.
    pub topics: Vec<TopicBox>,
    /// Where the topics that are not shown are counted, and flights to them end.
    pub more: Option<Rect>,
    /// The caption that says where records wait.
    pub lag: Rect,
    /// What fill means.
    pub legend: Rect,
    /// The chart of unfinished orders.
    pub unfinished: Option<Chart>,
    /// The chart of times to an answer.
    pub answers: Option<Chart>,
    /// What one may do here.
    pub footer: Option<Rect>,
}

/// The places of one shop.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Lane {
    /// Its name.
    pub title: Rect,
    /// What is special about it.
    pub subtitle: Rect,
    /// The customers who wait.
    pub queue: Queue,
    /// Its boxes.
    pub stations: Vec<Rect>,
    /// A line under each box for its state.
    pub notes: Vec<Rect>,
    /// The face of the boxes' names.
    pub name: Option<Face>,
}

/// Where customers wait: rows of dots and a caption below them.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Queue {
    /// Dots and caption.
    pub area: Rect,
    /// Dots in a row.
    pub cols: usize,
    /// Rows that fit.
    pub rows: usize,
    /// From one dot to the next.
    pub dx: f32,
    /// From one row to the next.
    pub dy: f32,
    /// The caption's height.
    pub caption: f32,
    /// The caption's width: it may reach under the arrow to the first box.
    pub caption_w: f32,
}

impl Queue {
    fn new(area: Rect, cols: usize, dy: f32, caption: f32) -> Self {
        let rows = ((area.h - caption) / dy).floor().max(1.0) as usize;
        let cols = cols.max(1);
        Self {
            area,
            cols,
            rows,
            dx: area.w / cols as f32,
            dy,
            caption,
            caption_w: area.w,
        }
    }

    /// How many customers can be shown one by one.
    #[must_use]
    pub fn room(&self) -> usize {
        self.cols * self.rows
    }
}

/// The places of one topic.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct TopicBox {
    /// Its name.
    pub title: Rect,
    /// The name's face.
    pub face: Option<Face>,
    /// Its strips, or bars that stand for several.
    pub rows: Vec<Row>,
    /// Cells in a strip, the empty one at the log end not counted.
    pub cells: usize,
    /// From one cell to the next.
    pub pitch: f32,
    /// Whether it stands between the shop's boxes.
    pub in_pipeline: bool,
}

impl TopicBox {
    /// The row that shows `partition`.
    #[must_use]
    pub fn row_of(&self, partition: usize) -> Option<&Row> {
        let first = self.rows.first()?;
        self.rows
            .get(partition / first.count.max(1))
            .or(self.rows.last())
    }

    /// Whether its rows are bars that stand for several partitions, because cells would be too
    /// small to see.
    #[must_use]
    pub fn shares_rows(&self) -> bool {
        self.rows.first().is_some_and(|row| row.count > 1)
    }

    /// Everything between its first and its last strip.
    #[must_use]
    pub fn strips(&self) -> Rect {
        let (Some(first), Some(last)) = (self.rows.first(), self.rows.last()) else {
            return self.title;
        };
        Rect {
            h: last.strip.bottom() - first.strip.y,
            ..first.strip
        }
    }
}

/// One row of a topic.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Row {
    /// Its first partition.
    pub first: usize,
    /// How many partitions it stands for: one is drawn as cells, more as a bar.
    pub count: usize,
    /// Left of the strip: what lies beyond it.
    pub gutter: Rect,
    /// The strip.
    pub strip: Rect,
}

/// A chart.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Chart {
    /// Everything that belongs to it.
    pub area: Rect,
    /// Its title's line.
    pub title: Rect,
    /// Where data is drawn.
    pub plot: Rect,
}

/// What the two shops are called.
pub const TITLES: [&str; 2] = ["Synchronous", "Asynchronous"];
/// Room right of the chart of unfinished orders for `183 → 215 records`.
const UNFINISHED_LABELS: f32 = 122.0;
/// Room below a plot for its axis.
const AXIS: f32 = 20.0;
/// From here on the asynchronous shop fits side by side.
const WIDE: f32 = 600.0;

impl Layout {
    /// Lays out `topology` for a stage of `width` × `height` CSS pixels. A height of zero means
    /// as high as the content is.
    #[must_use]
    pub fn new(width: f32, height: f32, topology: &Topology) -> Self {
        let width = width.max(240.0);
        if width >= WIDE {
            wide::layout(width, height, topology)
        } else {
            narrow::layout(width, height, topology)
        }
    }
}

/// The face in which `Warehouse`, the longest of the usual names, fits into a box of this width;
/// `shipments` is about as long.
fn name_face(width: f32) -> Face {
    match width {
        88.0.. => Face::Name,
        76.0.. => Face::SmallName,
        _ => Face::TinyName,
    }
}

/// How partitions share rows: how many in each, and how many rows.
fn share(partitions: usize, max_rows: usize) -> (usize, usize) {
    let each = partitions.div_ceil(max_rows.max(1)).max(1);
    (each, partitions.div_ceil(each))
}

/// The most rows any of these topics takes: not always the one with the most partitions.
fn most_rows(topics: &[usize], max_rows: usize) -> usize {
    topics
        .iter()
        .map(|&partitions| share(partitions, max_rows).1)
        .max()
        .unwrap_or(1)
        .max(1)
}

/// How strips are set.
#[derive(Clone, Copy)]
struct Strips {
    /// Upper left corner of the first row, gutter included.
    x: f32,
    y: f32,
    /// Room for gutter and strip.
    width: f32,
    gutter: f32,
    /// From row to row.
    dy: f32,
    max_rows: usize,
}

impl Strips {
    /// So many cells if they can be of a pleasant size.
    const CELLS: f32 = 14.0;
    /// From cell to cell at least and at best.
    const PITCH: (f32, f32) = (8.4, 13.0);
    const MAX_PITCH: f32 = 16.0;

    fn lay(self, partitions: usize) -> TopicBox {
        let width = (self.width - self.gutter).max(12.0);
        let pitch = (width / Self::CELLS).clamp(Self::PITCH.0, Self::PITCH.1);
        let slots = (width / pitch).floor().clamp(3.0, 25.0);
        let pitch = (width / slots).min(Self::MAX_PITCH);
        let (count, rows) = share(partitions, self.max_rows);
        let height = (self.dy - (self.dy * 0.2).clamp(1.0, 5.0)).max(2.0);
        let rows = (0..rows).map(|row| {
            let y = self.y + self.dy * row as f32;
            Row {
                first: row * count,
                count: count.min(partitions - row * count),
                gutter: Rect::new(self.x, y, self.gutter - 4.0, height),
                strip: Rect::new(self.x + self.gutter, y, pitch * slots, height),
            }
        });
        TopicBox {
            title: Rect::default(),
            face: None,
            rows: rows.collect(),
            cells: slots as usize - 1,
            pitch,
            in_pipeline: true,
        }
    }
}

/// A chart of unfinished orders in `area`: room on the left for numbers, on the right for labels.
fn unfinished_chart(area: Rect) -> Chart {
    let plot = Rect::new(
        area.x + 30.0,
        area.y + 40.0,
        area.w - 30.0 - UNFINISHED_LABELS,
        0.0,
    );
    Chart {
        area,
        title: Rect { h: 18.0, ..area },
        plot: Rect {
            h: area.bottom() - AXIS - plot.y,
            ..plot
        },
    }
}

/// A chart of times to an answer in `area`.
fn answers_chart(area: Rect) -> Chart {
    let plot = Rect::new(area.x + 8.0, area.y + 26.0, area.w - 16.0, 0.0);
    Chart {
        area,
        title: Rect { h: 18.0, ..area },
        plot: Rect {
            h: area.bottom() - AXIS - plot.y,
            ..plot
        },
    }
}

#[cfg(all(test, not(target_arch = "wasm32")))]
mod tests;
