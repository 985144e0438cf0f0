//! The desktop and everything down to a small embed: both shops from left to right, boxes of one
//! service above each other, charts side by side below.

use super::{
    Chart, Lane, Layout, Queue, Rect, Strips, TITLES, Topology, answers_chart, most_rows,
    name_face, share, unfinished_chart,
};
use crate::stage::text::Face;

/// Below this height there is no room for charts under the shops.
const COMPACT: f32 = 480.0;
/// The least height of the charts with their titles and axes.
const CHARTS: f32 = 170.0;
const FOOTER: f32 = 22.0;
const TITLE: f32 = 22.0;
/// What the longest of the usual topic names needs.
const SHIPMENTS: f32 = 78.0;

/// The columns both shops share.
struct Columns {
    margin: f32,
    content: f32,
    queue: f32,
    queue_cols: usize,
    /// Left edges of boxes.
    boxes: Vec<f32>,
    box_w: f32,
    /// Left edges of strips, gutters included.
    strips: Vec<f32>,
    strip_w: f32,
    gutter: f32,
    gap: f32,
}

impl Columns {
    fn new(width: f32, stations: usize) -> Self {
        let margin = if width >= 760.0 { 20.0 } else { 14.0 };
        let content = width - 2.0 * margin;
        let box_w = (width * 0.0957).clamp(72.0, 132.0);
        let queue_cols = ((width - 400.0) / 48.0).clamp(5.0, 11.0).floor();
        let queue = queue_cols * (content / 81.0).clamp(9.6, 15.0);
        let door = (width * 0.022).clamp(14.0, 32.0);
        let gap = (width * 0.012).clamp(7.0, 20.0);
        let gutter = if width >= 1_200.0 { 46.0 } else { 26.0 };
        let slots = stations.saturating_sub(1).max(1) as f32;
        let fixed = queue + door + box_w * (slots + 1.0) + 2.0 * gap * slots;
        let strip_w = ((content - fixed) / slots).max(gutter + 12.0);
        let mut columns = Self {
            margin,
            content,
            queue,
            queue_cols: queue_cols as usize,
            boxes: Vec::new(),
            box_w,
            strips: Vec::new(),
            strip_w,
            gutter,
            gap,
        };
        let mut x = margin + queue + door;
        for station in 0..stations {
            columns.boxes.push(x);
            x += box_w + gap;
            if station + 1 < stations {
                columns.strips.push(x);
                x += strip_w + gap;
            }
        }
        columns
    }

    /// A shop whose boxes stand in the middle of `body`.
    fn lane(&self, top: f32, title: &str, body: Rect, box_h: f32, n: usize) -> Lane {
        let title_w = Face::Title.width(title);
        let title = Rect::new(self.margin, top, title_w, TITLE);
        let x = title.right() + 12.0;
        let subtitle = Rect::new(x, top, self.margin + self.content - x, TITLE);
        let dx = self.queue / self.queue_cols as f32;
        let area = Rect::new(self.margin, body.y, self.queue, body.h);
        let y = body.center().1 - box_h / 2.0 - 3.0;
        let boxes = self.boxes.iter().take(n);
        let stations: Vec<_> = boxes.map(|&x| Rect::new(x, y, self.box_w, box_h)).collect();
        let note = |at: &Rect| Rect::new(at.x - 6.0, at.bottom() + 3.0, at.w + 12.0, 14.0);
        let caption = if box_h < 60.0 { 18.0 } else { 32.0 };
        let mut queue = Queue::new(area, self.queue_cols, (dx * 1.4).clamp(13.0, 18.0), caption);
        queue.caption_w = self
            .boxes
            .first()
            .map_or(self.queue, |x| x - self.margin - 8.0);
        Lane {
            title,
            subtitle,
            queue,
            notes: stations.iter().map(note).collect(),
            stations,
            name: Some(name_face(self.box_w)),
        }
    }
}

pub(super) fn layout(width: f32, height: f32, topology: &Topology) -> Layout {
    let compact = height > 0.0 && height < COMPACT;
    let tall = (height / 676.0).clamp(1.0, 1.5);
    let stations = topology.stations[0].max(topology.stations[1]);
    let columns = Columns::new(width, stations);
    let box_h = if compact { 52.0 } else { 64.0 * tall.min(1.2) };
    let pad = if compact { 4.0 } else { 10.0 };

    let body_h = if compact { 76.0 } else { 108.0 * tall };
    let body = Rect::new(0.0, pad + TITLE + pad * 0.6, width, body_h);
    let sync = columns.lane(pad, TITLES[0], body, box_h, topology.stations[0]);
    let rule = body.bottom() + pad;

    let top = rule + pad;
    let strips_top = top + TITLE + if compact { 20.0 } else { 28.0 };
    let in_pipeline = topology.in_pipeline();
    let extra_h = extra_height(topology, columns.content);
    let below = 26.0 + extra_h + if compact { 0.0 } else { CHARTS + FOOTER + 14.0 };
    let room = height - strips_top - below;
    let room = if compact {
        room.max(76.0)
    } else {
        room.clamp(120.0, 170.0 * tall)
    };
    let partitions = topology.topics[..in_pipeline]
        .iter()
        .copied()
        .max()
        .unwrap_or(1);
    // A strip less than seven pixels high shows no cells: then rows stand for several partitions.
    let max_rows = (room / 9.0).floor() as usize;
    let max_rows = if partitions > max_rows {
        max_rows.min(10)
    } else {
        max_rows
    };
    let rows = most_rows(&topology.topics[..in_pipeline], max_rows);
    let dy = (room / rows as f32).min(if compact { 28.0 } else { 23.0 * tall });
    let body_h = (dy * rows as f32).max(box_h + 34.0);
    let body = Rect::new(0.0, strips_top, width, body_h);
    let async_ = columns.lane(top, TITLES[1], body, box_h, topology.stations[1]);

    let mut out = Layout {
        width,
        wide: true,
        lanes: [sync, async_],
        rule,
        ..Layout::default()
    };
    for (&partitions, &x) in topology
        .topics
        .iter()
        .zip(&columns.strips)
        .take(in_pipeline)
    {
        let (_, rows) = share(partitions, max_rows);
        let y = strips_top + (body_h - dy * rows as f32) / 2.0;
        let (width, gutter) = (columns.strip_w, columns.gutter);
        let mut topic = Strips {
            x,
            y,
            width,
            gutter,
            dy,
            max_rows,
        }
        .lay(partitions);
        let end = x + columns.strip_w + columns.gap - 2.0;
        // A name too long for its strip begins over the gutter.
        let strip = x + gutter;
        let left = if end - strip < SHIPMENTS { x } else { strip };
        topic.title = Rect::new(left, y - 19.0, end - left, 16.0);
        topic.face = Some(if end - left < SHIPMENTS {
            Face::SmallName
        } else {
            Face::Name
        });
        out.topics.push(topic);
    }
    captions(&mut out, &columns, body.bottom() + 6.0);
    let below = out.lag.bottom() + 4.0;
    let y = extras(&mut out, &columns, topology, below);
    charts(&mut out, &columns, y, height, compact);
    out
}

/// The line under the strips: where records wait, and what fill means.
fn captions(out: &mut Layout, columns: &Columns, y: f32) {
    let right = columns.margin + columns.content;
    // Where there is room, several groups' bars are named.
    let most = if columns.content < 1_000.0 {
        310.0
    } else {
        460.0
    };
    let legend = (columns.content * 0.5).min(most);
    out.legend = Rect::new(right - legend, y, legend, 18.0);
    out.lag = Rect::new(columns.margin, y, columns.content - legend - 16.0, 18.0);
}

/// One extra topic's width, and how many fit side by side.
fn extra_columns(content: f32) -> (f32, usize) {
    let columns = (content / 290.0).floor().max(1.0);
    (content / columns, columns as usize)
}

const EXTRA_ROW: f32 = 24.0;
const EXTRA_LINES: usize = 2;

fn extra_height(topology: &Topology, content: f32) -> f32 {
    let extra = topology.topics.len() - topology.in_pipeline();
    let (_, columns) = extra_columns(content);
    EXTRA_ROW * extra.div_ceil(columns).min(EXTRA_LINES) as f32
}

/// Further topics in one or two lines: the name, then a strip. Gives back where they end.
fn extras(out: &mut Layout, columns: &Columns, topology: &Topology, y: f32) -> f32 {
    let extra = &topology.topics[topology.in_pipeline()..];
    let (width, across) = extra_columns(columns.content);
    let room = across * EXTRA_LINES;
    let shown = if extra.len() > room {
        room - 1
    } else {
        extra.len()
    };
    let place = |i: usize| {
        let x = columns.margin + width * (i % across) as f32;
        Rect::new(
            x,
            y + EXTRA_ROW * (i / across) as f32,
            width - 16.0,
            EXTRA_ROW,
        )
    };
    for (i, &partitions) in extra[..shown].iter().enumerate() {
        let at = place(i);
        let name = (at.w * 0.5).min(130.0);
        let mut topic = Strips {
            x: at.x + name + 4.0,
            y: at.y + 4.0,
            width: (at.w - name - 4.0).min(200.0),
            gutter: 28.0,
            dy: if partitions == 2 { 9.0 } else { 18.0 },
            max_rows: if partitions == 2 { 2 } else { 1 },
        }
        .lay(partitions);
        topic.title = Rect::new(at.x, at.y + 3.0, name, 16.0);
        topic.in_pipeline = false;
        out.topics.push(topic);
    }
    if shown < extra.len() {
        out.more = Some(Rect {
            h: 18.0,
            ..place(shown)
        });
    }
    y + extra_height(topology, columns.content)
}

fn charts(out: &mut Layout, columns: &Columns, y: f32, height: f32, compact: bool) {
    let top = y + 12.0;
    let room = height - top - FOOTER;
    out.height = height.max(y + 4.0);
    if compact && room < CHARTS {
        return;
    }
    let h = room.max(CHARTS);
    let left = columns.content * 0.6;
    let gap = 28.0;
    let area = Rect::new(columns.margin, top, left, h);
    let unfinished: Chart = unfinished_chart(area);
    let answers = Rect::new(area.right() + gap, top, columns.content - left - gap, h);
    out.unfinished = Some(unfinished);
    out.answers = Some(answers_chart(answers));
    out.footer = Some(Rect::new(
        columns.margin,
        area.bottom() + 3.0,
        columns.content,
        15.0,
    ));
    out.height = height.max(area.bottom() + FOOTER);
}
