//! The phone: everything below each other, and the stage scrolls. In the asynchronous shop each
//! topic stands left of the service that reads it, so records zigzag down.

use super::{
    Lane, Layout, Queue, Rect, Strips, Topology, answers_chart, most_rows, name_face, share,
    unfinished_chart,
};

const MARGIN: f32 = 16.0;
const BOX_H: f32 = 60.0;
const GUTTER: f32 = 28.0;
const NOTE: f32 = 16.0;
const CAPTION: f32 = 18.0;
const MAX_ROWS: usize = 12;

pub(super) fn layout(width: f32, height: f32, topology: &Topology) -> Layout {
    let content = width - 2.0 * MARGIN;
    let mut out = Layout {
        width,
        ..Layout::default()
    };
    let y = sync_lane(&mut out, content, topology.stations[0]);
    out.rule = y + 8.0;
    let y = async_lane(&mut out, content, topology, y + 16.0);
    out.lag = Rect::new(MARGIN, y, content, 18.0);
    out.legend = Rect::new(MARGIN, y + 20.0, content, 18.0);
    let y = extras(&mut out, content, topology, y + 46.0);

    // What height is left over goes to the charts.
    let (unfinished, answers, footer) = (176.0, 160.0, 46.0);
    let spare = (height - (y + unfinished + 16.0 + answers + footer + 12.0)).max(0.0) / 2.0;
    let area = Rect::new(MARGIN, y, content, unfinished + spare);
    out.unfinished = Some(unfinished_chart(area));
    let area = Rect::new(MARGIN, area.bottom() + 16.0, content, answers + spare);
    out.answers = Some(answers_chart(area));
    out.footer = Some(Rect::new(MARGIN, area.bottom() + 4.0, content, footer));
    out.height = height.max(area.bottom() + footer + 10.0);
    out
}

fn titles(lane: &mut Lane, y: f32, content: f32) -> f32 {
    lane.title = Rect::new(MARGIN, y, content, 22.0);
    lane.subtitle = Rect::new(MARGIN, y + 22.0, content, 18.0);
    y + 46.0
}

fn place(lane: &mut Lane, at: Rect) {
    lane.stations.push(at);
    lane.notes
        .push(Rect::new(at.x - 3.0, at.bottom() + 2.0, at.w + 6.0, 14.0));
}

/// Customers above, boxes in one line below them.
fn sync_lane(out: &mut Layout, content: f32, stations: usize) -> f32 {
    let lane = &mut out.lanes[0];
    let y = titles(lane, 8.0, content);
    let cols = (content / 14.5).floor().min(24.0);
    let rows = (48.0 / cols).ceil();
    let area = Rect::new(MARGIN, y, content, rows * 17.0 + CAPTION);
    lane.queue = Queue::new(area, cols as usize, 17.0, CAPTION);
    let n = stations.max(1) as f32;
    let gap = 12.0;
    let width = ((content - gap * (n - 1.0)) / n).min(120.0);
    lane.name = Some(name_face(width));
    for i in 0..stations {
        let x = MARGIN + (width + gap) * i as f32;
        place(lane, Rect::new(x, area.bottom() + 10.0, width, BOX_H));
    }
    area.bottom() + 10.0 + BOX_H + NOTE
}

/// Customers and the shop, then a line for each topic and the service that reads it.
fn async_lane(out: &mut Layout, content: f32, topology: &Topology, y: f32) -> f32 {
    let lane = &mut out.lanes[1];
    let mut y = titles(lane, y, content);
    let width = (content * 0.28).clamp(74.0, 120.0);
    let x = MARGIN + content - width;
    let left = content - width - 18.0;
    lane.name = Some(name_face(width));
    let cols = (left / 14.5).floor();
    lane.queue = Queue::new(
        Rect::new(MARGIN, y, left, BOX_H),
        cols as usize,
        15.0,
        CAPTION,
    );
    let stations = topology.stations[1];
    if stations > 0 {
        place(lane, Rect::new(x, y, width, BOX_H));
    }
    y += BOX_H + NOTE + 4.0;
    let in_pipeline = topology.in_pipeline();
    let most = most_rows(&topology.topics[..in_pipeline], MAX_ROWS);
    let dy = if most <= 8 { 16.0 } else { 12.0 };
    for slot in 0..stations.saturating_sub(1) {
        let partitions = topology.topics[..in_pipeline].get(slot).copied();
        let (_, rows) = share(partitions.unwrap_or(0), MAX_ROWS);
        let strips = rows as f32 * dy;
        let height = strips.max(BOX_H + NOTE);
        let top = y + 20.0;
        if let Some(partitions) = partitions {
            let strips = Strips {
                x: MARGIN,
                y: top + (height - strips) / 2.0,
                width: left,
                gutter: GUTTER,
                dy,
                max_rows: MAX_ROWS,
            };
            let mut topic = strips.lay(partitions);
            topic.title = Rect::new(MARGIN + GUTTER, strips.y - 18.0, left - GUTTER, 16.0);
            out.topics.push(topic);
        }
        place(
            lane,
            Rect::new(x, top + (height - BOX_H - NOTE) / 2.0, width, BOX_H),
        );
        y = top + height + 6.0;
    }
    y + 4.0
}

/// Further topics, each with its name above its strip. Gives back where they end.
fn extras(out: &mut Layout, content: f32, topology: &Topology, mut y: f32) -> f32 {
    const SHOWN: usize = 6;
    let extra = &topology.topics[topology.in_pipeline()..];
    for &partitions in extra.iter().take(SHOWN) {
        let strips = Strips {
            x: MARGIN,
            y: y + 18.0,
            width: content,
            gutter: GUTTER,
            dy: 14.0,
            max_rows: if partitions <= 3 { 3 } else { 1 },
        };
        let mut topic = strips.lay(partitions);
        topic.title = Rect::new(MARGIN, y, content, 16.0);
        topic.in_pipeline = false;
        y = topic.rows.last().map_or(y + 18.0, |row| row.strip.bottom()) + 8.0;
        out.topics.push(topic);
    }
    if extra.len() > SHOWN {
        out.more = Some(Rect::new(MARGIN, y, content, 16.0));
        y += 20.0;
    }
    y + 10.0
}
