//! What the stage shows: one page's picture, and the painter that knows how.

use super::clickstream;
use super::cluster;
use super::hit::{Drag, Hits};
use super::layers;
use super::paint::{self, Marks};
use super::shapes::{List, Point};
use millrace::view::clickstream::ClickScene;
use millrace::view::cluster::ClusterScene;
use millrace::view::layers::scene::LayersScene;
use millrace::view::orders::{Answers, OrdersScene, Unfinished};

/// What to show.
#[derive(Clone, Copy)]
pub enum Picture<'a> {
    /// Two shops, with their charts.
    Orders(&'a OrdersScene, &'a Unfinished, &'a Answers),
    /// A cluster.
    Cluster(&'a ClusterScene),
    /// Two architectures.
    Layers(&'a LayersScene),
    /// Visitors' clicks.
    Clicks(&'a ClickScene),
}

/// The painters; one of them painted last.
#[derive(Default)]
pub struct Painters {
    orders: paint::Painter,
    cluster: cluster::Painter,
    layers: layers::Painter,
    clicks: clickstream::Painter,
    last: Last,
}

/// Who painted last.
#[derive(Clone, Copy, Default)]
enum Last {
    #[default]
    Orders,
    Cluster,
    Layers,
    Clicks,
}

macro_rules! whoever {
    ($self:ident, $name:ident($($arg:expr)?)) => {
        match $self.last {
            Last::Orders => $self.orders.$name($($arg)?),
            Last::Cluster => $self.cluster.$name($($arg)?),
            Last::Layers => $self.layers.$name($($arg)?),
            Last::Clicks => $self.clicks.$name($($arg)?),
        }
    };
}

impl Painters {
    /// Paints one frame.
    pub fn paint(
        &mut self,
        size: (f32, f32),
        picture: Picture<'_>,
        marks: &Marks<'_>,
        (pointer, drag): (Option<Point>, Option<Drag>),
    ) {
        self.last = match picture {
            Picture::Orders(..) => Last::Orders,
            Picture::Cluster(_) => Last::Cluster,
            Picture::Layers(_) => Last::Layers,
            Picture::Clicks(_) => Last::Clicks,
        };
        match picture {
            Picture::Orders(scene, unfinished, answers) => {
                let view = paint::View {
                    scene,
                    unfinished,
                    answers,
                    marks,
                    pointer,
                    drag,
                };
                self.orders.paint(size, &view);
            }
            Picture::Cluster(scene) => {
                let view = cluster::View {
                    scene,
                    marks,
                    pointer,
                };
                self.cluster.paint(size, &view);
            }
            Picture::Layers(scene) => self.layers.paint(size, scene),
            Picture::Clicks(scene) => self.clicks.paint(size, scene),
        }
    }

    /// What the last frame drew.
    pub fn list(&self) -> &List {
        whoever!(self, list())
    }

    /// Hands over what the last frame drew, and takes a list whose buffers the next may use.
    pub fn swap(&mut self, list: &mut List) {
        whoever!(self, swap(list));
    }

    /// What lies where in the last frame.
    pub fn hits(&self) -> &Hits {
        whoever!(self, hits())
    }

    /// How large the last frame was.
    pub fn size(&self) -> (f32, f32) {
        whoever!(self, size())
    }

    /// Whether something still moves to its place.
    pub fn moving(&self) -> bool {
        whoever!(self, moving())
    }
}
