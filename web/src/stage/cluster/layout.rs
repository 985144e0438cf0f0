//! Where everything lies on the Cluster stage.

use crate::stage::shapes::{Point, Rect};
use millrace::view::cluster::ClusterScene;

/// What the places depend on, beside the size.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Topology {
    /// Brokers.
    pub brokers: usize,
    /// Partitions of the topic shown: rows in a broker's box.
    pub rows: usize,
    /// Clients.
    pub clients: usize,
    /// Replicas of the chosen partition: rows on the ruler.
    pub replicas: usize,
}

impl Topology {
    /// What a scene asks for.
    pub fn of(scene: &ClusterScene) -> Self {
        let rows = scene.brokers.iter().flat_map(|b| &b.replicas);
        let rows = rows.map(|replica| replica.partition + 1).max().unwrap_or(0);
        Self {
            brokers: scene.brokers.len(),
            rows: (rows as usize).min(MOST_ROWS),
            clients: scene.clients.len(),
            replicas: scene.ruler().count(),
        }
    }
}

/// More partitions than this are not drawn in the boxes.
pub const MOST_ROWS: usize = 8;
/// Below this width brokers stand one below the other: what is said of them would not fit.
const NARROW: f32 = 860.0;
const MARGIN: f32 = 20.0;
/// From client to client at least.
const CLIENT: f32 = 54.0;

/// The places.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Layout {
    /// The stage.
    pub width: f32,
    /// The stage, or higher where it must be.
    pub height: f32,
    /// Whether brokers stand side by side.
    pub wide: bool,
    /// Where the title begins.
    pub title: Point,
    /// A box for each client.
    pub clients: Vec<Rect>,
    /// A box for each broker.
    pub brokers: Vec<Rect>,
    /// From the top of a broker's box to its first row.
    pub head: f32,
    /// From row to row in a broker's box.
    pub row: f32,
    /// Above the brokers: where what is produced goes.
    pub above: f32,
    /// Below the brokers: where what is fetched goes.
    pub below: f32,
    /// The baseline of the ruler's title.
    pub ruler_title: Point,
    /// The cells of the ruler, with the names of its epochs above them.
    pub ruler: Rect,
    /// From row to row on the ruler.
    pub ruler_row: f32,
    /// The baseline of what the controllers do.
    pub controllers: Point,
}

/// Room for the names of epochs.
pub const EPOCHS: f32 = 20.0;
/// Room for offsets below the ruler.
const AXIS: f32 = 22.0;
/// Room below the controllers, where the metadata log is on a line of its own.
const FOOT: f32 = 26.0;

impl Layout {
    /// Places for a stage of this size; a height of 0 means as high as it must be.
    pub fn new(width: f32, height: f32, topology: &Topology) -> Self {
        if width >= NARROW {
            Self::wide(width, height, topology)
        } else {
            Self::narrow(width, height, topology)
        }
    }

    fn wide(width: f32, height: f32, t: &Topology) -> Self {
        let rows = t.rows.max(1) as f32;
        let replicas = t.replicas.max(1) as f32;
        let (top, head) = (54.0, 36.0);
        // Many clients stand closer, so that the ruler can be seen.
        let (box_high, pitch) = if t.clients > 3 {
            (38.0, 44.0)
        } else {
            (48.0, CLIENT)
        };
        let least = 34.0 + t.clients as f32 * pitch;
        let boxes = |row: f32| (head + rows * row + 8.0).max(least);
        // What the rows need, and what there is to give them, or to take from the ruler's.
        let (mut row, mut ruler_row) = (40.0_f32, 36.0_f32);
        let fixed = top + 56.0 + EPOCHS + AXIS + 40.0;
        let room = height - fixed - boxes(row) - replicas * ruler_row;
        let more = (room / (rows + replicas)).clamp(-4.0, 14.0);
        row += more.max(0.0);
        ruler_row += more;
        let left = 196.0;
        let gap = 22.0;
        let columns = t.brokers.max(1) as f32;
        let column = ((width - left - MARGIN - gap * (columns - 1.0)) / columns).min(300.0);
        let high = boxes(row);
        let brokers: Vec<Rect> = (0..t.brokers)
            .map(|n| Rect::new(left + n as f32 * (column + gap), top, column, high))
            .collect();
        let clients = (0..t.clients).map(|n| {
            let pitch = ((high - 40.0) / t.clients.max(1) as f32).max(pitch);
            Rect::new(MARGIN, top + 34.0 + n as f32 * pitch, 124.0, box_high)
        });
        let below = top + high + 16.0;
        let ruler_top = below + 40.0;
        let ruler = Rect::new(
            150.0,
            ruler_top,
            width - 150.0 - MARGIN,
            EPOCHS + replicas * ruler_row,
        );
        let controllers = (MARGIN, ruler.bottom() + AXIS + 22.0);
        Self {
            width,
            height: height.max(controllers.1 + 18.0),
            wide: true,
            title: (MARGIN, 28.0),
            clients: clients.collect(),
            brokers,
            head,
            row,
            above: top - 14.0,
            below,
            ruler_title: (MARGIN, ruler_top - 10.0),
            ruler,
            ruler_row,
            controllers,
        }
    }

    fn narrow(width: f32, height: f32, t: &Topology) -> Self {
        let margin = 12.0;
        let rows = t.rows.max(1) as f32;
        let (columns, replicas) = (t.brokers as f32, t.replicas.max(1) as f32);
        let roomy = [44.0, 28.0, 24.0, 46.0, 14.0];
        let tight = [36.0, 22.0, 19.0, 32.0, 6.0];
        let needs = |[client, head, row, ruler_row, gap]: [f32; 5]| {
            let broker = head + rows * row + 6.0 + gap;
            let first = if t.clients == 0 { 48.0 } else { 68.0 + client };
            let ruler = EPOCHS + replicas * ruler_row + AXIS;
            first + columns * broker + ruler + 26.0 + 22.0 + FOOT
        };
        // Drawn closer where all of it can be seen then, as beside another picture.
        let close = height < needs(roomy) && height >= needs(tight);
        let [client, head, row, ruler_row, gap] = if close { tight } else { roomy };
        // Where hardly more than the ruler can be seen, as with two pictures on a phone, it is first.
        let ruler_first = height > 0.0 && height < 300.0;
        let ruler_high = EPOCHS + replicas * ruler_row;
        let top = if ruler_first {
            58.0 + ruler_high + AXIS + 22.0 + FOOT
        } else {
            44.0
        };
        let first = top + if t.clients == 0 { 4.0 } else { 24.0 + client };
        let inner = width - 2.0 * margin;
        let wide = (inner - 10.0 * (t.clients.max(1) - 1) as f32) / t.clients.max(1) as f32;
        let clients =
            (0..t.clients).map(|n| Rect::new(margin + n as f32 * (wide + 10.0), top, wide, client));
        let high = head + rows * row + 6.0;
        let brokers: Vec<Rect> = (0..t.brokers)
            .map(|n| Rect::new(margin, first + n as f32 * (high + gap), inner, high))
            .collect();
        let below = brokers.last().map_or(first, |last| last.bottom()) + gap - 4.0;
        let ruler_top = if ruler_first { 58.0 } else { below + 30.0 };
        let ruler = Rect::new(margin + 62.0, ruler_top, inner - 62.0, ruler_high);
        let controllers = (margin, ruler.bottom() + AXIS + 22.0);
        Self {
            width,
            height: height.max(below + 16.0).max(controllers.1 + FOOT),
            wide: false,
            title: (margin, 26.0),
            clients: clients.collect(),
            brokers,
            head,
            row,
            above: first - 12.0,
            below,
            ruler_title: (margin, ruler_top - 10.0),
            ruler,
            ruler_row,
            controllers,
        }
    }

    /// The row of a partition in a broker's box.
    pub fn row_of(&self, broker: usize, partition: u32) -> Option<Rect> {
        let at = self.brokers.get(broker)?;
        if partition as usize >= MOST_ROWS {
            return None;
        }
        let y = at.y + self.head + partition as f32 * self.row;
        Some(Rect::new(at.x + 6.0, y, at.w - 12.0, self.row - 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing lies on anything else, and everything lies on the stage, however large it is.
    #[test]
    fn nothing_overlaps() {
        for width in [320.0, 390.0, 640.0, 768.0, 940.0, 1580.0] {
            for height in [0.0, 214.0, 480.0, 900.0] {
                for (brokers, rows, clients) in [
                    (3, 3, 2),
                    (1, 1, 1),
                    (5, 6, 3),
                    (3, 8, 2),
                    (3, 2, 3),
                    (3, 1, 2),
                    (1, 1, 4),
                ] {
                    let topology = Topology {
                        brokers,
                        rows,
                        clients,
                        replicas: brokers.min(3),
                    };
                    let layout = Layout::new(width, height, &topology);
                    let stage = Rect::new(0.0, 0.0, layout.width, layout.height);
                    let mut boxes = layout.brokers.clone();
                    boxes.extend(&layout.clients);
                    boxes.push(layout.ruler);
                    for (n, at) in boxes.iter().enumerate() {
                        assert!(stage.holds(*at), "{at:?} on {width}×{height}");
                        let others = &boxes[n + 1..];
                        assert!(others.iter().all(|other| !other.overlaps(*at)), "{at:?}");
                    }
                    assert!(layout.controllers.1 < layout.height);
                    for broker in 0..brokers {
                        for row in 0..rows {
                            let row = layout.row_of(broker, row as u32).expect("it is drawn");
                            assert!(layout.brokers[broker].holds(row), "{row:?}");
                        }
                    }
                }
            }
        }
    }
}
