//! The Cluster stage: brokers with their replicas, one partition on a ruler, the controllers, and
//! what is on its way.

mod boxes;
mod flights;
mod layout;
mod ruler;
mod tip;

use super::hit::Hits;
use super::ink::Ink;
use super::paint::Marks;
use super::shapes::{List, Point, Rect, filled, solid};
use super::text::Face;
use super::tween::{Pace, Tween};
use layout::{Layout, Topology};
use millrace::view::cluster::{BrokerScene, ClusterScene, ReplicaScene, Role};

/// Everything one frame is made from.
pub struct View<'a> {
    /// The instant.
    pub scene: &'a ClusterScene,
    /// How to show it.
    pub marks: &'a Marks<'a>,
    /// A pointer that is over the stage.
    pub pointer: Option<Point>,
}

/// What parts paint with.
#[derive(Default)]
struct Pen {
    list: List,
    hits: Hits,
    /// The first offset shown, by partition; the ruler's under [`RULER`].
    first: Tween<u32, 1>,
    /// High watermarks on the ruler, by broker.
    marks: Tween<u32, 1>,
}

/// The ruler's key among first offsets.
const RULER: u32 = u32::MAX;

/// Paints frames, and remembers between them only what moves.
#[derive(Default)]
pub struct Painter {
    layout: Layout,
    topology: Topology,
    size: (f32, f32),
    pen: Pen,
    last_ms: f64,
    moving: bool,
}

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
        (self.layout.width, self.layout.height)
    }

    /// Whether something still moves to its place.
    pub fn moving(&self) -> bool {
        self.moving
    }

    /// Paints one frame for a stage of `size` CSS pixels; a height of zero means as high as the
    /// content.
    pub fn paint(&mut self, size: (f32, f32), view: &View<'_>) {
        let topology = Topology::of(view.scene);
        if self.topology != topology || self.size != size {
            (self.topology, self.size) = (topology, size);
            self.layout = Layout::new(size.0, size.1, &topology);
        }
        let elapsed = view.marks.wall_ms - self.last_ms;
        self.last_ms = view.marks.wall_ms;
        let pace = Pace::after(elapsed * view.marks.speed.max(1.0), view.marks.reduced);
        let (pen, layout) = (&mut self.pen, &self.layout);
        pen.list.clear();
        pen.hits.clear();
        pen.first.begin(pace);
        pen.marks.begin(pace);
        let title = Face::Title.left(Ink::Main);
        let name = &view.scene.topic;
        let wide = pen.list.text(
            layout.title,
            title,
            format_args!("{}, topic {name}", count(view.scene.brokers.len())),
        );
        let hint = (layout.title.0 + wide + 16.0, layout.title.1);
        if layout.wide {
            let words = if view.scene.held {
                "messages are held: choose on the Network tab which arrives next"
            } else {
                "choose a partition to see its replicas on one ruler"
            };
            let set = Face::Body.left(Ink::Muted);
            pen.list.text_in(
                layout.width - hint.0 - 8.0,
                hint,
                set,
                format_args!("{words}"),
            );
        }
        flights::wires(pen, layout, view);
        boxes::paint(pen, layout, view.scene);
        ruler::paint(pen, layout, view.scene);
        controllers(pen, layout, view.scene);
        flights::paint(pen, layout, view);
        tip::paint(pen, layout, view);
        self.moving = [pen.first.end(), pen.marks.end()].contains(&true);
    }
}

/// How many brokers, in words.
fn count(n: usize) -> String {
    const WORDS: [&str; 7] = ["No", "One", "Two", "Three", "Four", "Five", "Six"];
    let number = WORDS
        .get(n)
        .map_or_else(|| n.to_string(), |w| (*w).to_owned());
    format!("{number} {}", if n == 1 { "broker" } else { "brokers" })
}

/// What a replica is, in a word and its colour, with what became of its broker.
fn role(broker: &BrokerScene, replica: &ReplicaScene) -> (&'static str, Ink) {
    let runs = broker.status != millrace::sim::Status::Down && !broker.frozen;
    let ink = match replica.role {
        Role::Leader if runs => Ink::Accent,
        Role::InSync if runs => Ink::Good,
        Role::Leader | Role::InSync | Role::Eligible => Ink::Warn,
        Role::OutOfSync => Ink::Bad,
    };
    (broker.role(replica), ink)
}

/// The sign of what is otherwise in the run beside this one, in the margin at the left of its name.
fn unlike(pen: &mut Pen, at: Point) {
    let set = Face::SmallName.center(Ink::Warn);
    pen.list.text(at, set, format_args!("≠"));
}

/// One record: filled if committed, outlined above the high watermark, hatched if it parts from the
/// leader's log.
fn cell(pen: &mut Pen, at: Rect, offset: i64, replica: &ReplicaScene, faded: bool) {
    let hue = (replica.partition % u32::from(Ink::HUES)) as u8;
    let edge = if faded {
        Ink::KeySoft(hue)
    } else {
        Ink::KeyEdge(hue)
    };
    if replica.parts_at.is_some_and(|from| offset >= from) {
        hatched(pen, at);
    } else if offset < replica.high_watermark {
        let fill = if faded {
            Ink::KeySoft(hue)
        } else {
            Ink::Key(hue)
        };
        pen.list.rect(at, 2.0, solid(edge, 1.0).on(fill));
    } else {
        pen.list.rect(at, 2.0, solid(edge, 1.2).on(Ink::Card));
    }
}

/// A cell with lines across it: what will be cut off.
fn hatched(pen: &mut Pen, at: Rect) {
    let line = solid(Ink::Bad, 1.0);
    pen.list.rect(at, 2.0, line.on(Ink::BadSoft));
    let (w, h) = (at.w, at.h);
    let mut k = 6.0;
    while k < w + h {
        let from = (at.x + k.min(w), at.y + (k - w).max(0.0));
        let to = (at.x + (k - h).max(0.0), at.y + k.min(h));
        pen.list.line(from, to, line);
        k += 6.0;
    }
}

/// The controllers, and what they wrote last.
fn controllers(pen: &mut Pen, layout: &Layout, scene: &ClusterScene) {
    let (x, base) = layout.controllers;
    if scene.controllers.is_empty() {
        return;
    }
    let name = Face::SmallName.left(Ink::Main);
    let mut at = x + pen.list.text((x, base), name, format_args!("Controllers")) + 14.0;
    for controller in &scene.controllers {
        let (center, r) = ((at + 6.0, base - 4.0), 6.5);
        let style = match (controller.up, controller.active) {
            (false, _) => super::shapes::dashed(Ink::Bad, 1.4).on(Ink::BadSoft),
            (true, true) => filled(Ink::Accent),
            (true, false) => solid(Ink::Accent, 1.4).on(Ink::Card),
        };
        pen.list.dot(center, r, style);
        let set = Face::TinyName.center(if controller.active && controller.up {
            Ink::Card
        } else {
            Ink::Muted
        });
        pen.list.text(
            (center.0, center.1 + 3.5),
            set,
            format_args!("{}", controller.number),
        );
        at += 22.0;
    }
    let words = if scene.metadata.is_empty() {
        "metadata log: nothing has changed yet".to_owned()
    } else {
        format!("metadata log: {}", scene.metadata.join(" · "))
    };
    let (at, base) = if layout.wide {
        (at + 8.0, base)
    } else {
        (x, base + 20.0)
    };
    let set = Face::Small.left(Ink::Muted);
    let room = layout.width - at - 14.0;
    pen.list
        .text_in(room, (at, base), set, format_args!("{words}"));
}

#[cfg(test)]
mod tests;
