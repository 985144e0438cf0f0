//! The canvas: what is drawn on it, and what a pointer takes hold of. A drag is looked at once a
//! frame, however often the pointer moves.

use super::paint::{Painter, View};
use super::places::{Grip, Places, ruler};
use crate::stage::Theme;
use crate::stage::canvas::Canvas;
use crate::stage::shapes::{List, Point};
use millrace::stream::Windows;
use millrace::view::windows::{Change, Event, LONGEST, Play};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement, PointerEvent};

/// More device pixels than this in one CSS pixel cost time and show nothing.
const MOST_DENSE: f64 = 3.0;
/// How far off a finger or a mouse may be.
const SLOP: [f32; 2] = [16.0, 5.0];
/// So far a pointer must move for a click to be a drag.
const CLICK: f32 = 3.0;

/// The canvas and the hand on it.
#[derive(Default)]
pub struct Grasp {
    target: Option<Target>,
    painter: Painter,
    size: (f32, f32),
    drag: Option<Drag>,
    /// What lies under the mouse.
    over: Option<Grip>,
    /// Whether the pointer moved since the last frame.
    moved: bool,
    /// Whether a drag has just ended.
    ended: bool,
    fresh: bool,
}

struct Target {
    element: HtmlCanvasElement,
    canvas: Canvas,
    shown: List,
    theme: Theme,
    pixels: (u32, u32),
    cursor: &'static str,
}

/// A drag, with what was there when it began.
struct Drag {
    grip: Grip,
    from: Point,
    to: Point,
    event: Event,
    delay: i64,
    windows: Windows,
    /// Whether it is more than a click.
    moved: bool,
    /// Whether it may only be looked at.
    fixed: bool,
}

impl Grasp {
    /// The picture must be painted again.
    pub fn stale(&mut self) {
        self.fresh = false;
    }

    /// A canvas is there.
    pub fn attach(&mut self, element: HtmlCanvasElement, context: CanvasRenderingContext2d) {
        self.target = Some(Target {
            element,
            canvas: Canvas::new(context),
            shown: List::default(),
            theme: Theme::default(),
            pixels: (0, 0),
            cursor: "",
        });
        self.fresh = false;
    }

    /// It is gone.
    pub fn detach(&mut self) {
        self.target = None;
        self.drag = None;
    }

    /// It has this size now, in CSS pixels.
    pub fn resize(&mut self, size: (f32, f32)) {
        self.size = size;
        self.fresh = false;
    }

    /// Paints, if there is anything new to see.
    pub fn show(&mut self, play: &Play, theme: Theme) {
        let Some(target) = self.target.as_mut().filter(|_| self.size.0 > 0.0) else {
            return;
        };
        let ratio = web_sys::window().map_or(1.0, |window| window.device_pixel_ratio());
        let ratio = ratio.clamp(0.5, MOST_DENSE);
        let pixel = |length: f32| (f64::from(length) * ratio).round() as u32;
        let pixels = (pixel(self.size.0), pixel(self.size.1));
        if self.fresh && target.pixels == pixels && target.theme == theme {
            return;
        }
        self.fresh = true;
        let view = View {
            play,
            over: self.drag.as_ref().map(|drag| drag.grip).or(self.over),
        };
        self.painter.paint(self.size, &view);
        if target.pixels == pixels && target.theme == theme && target.shown == self.painter.list {
            return;
        }
        if target.pixels != pixels {
            target.element.set_width(pixels.0);
            target.element.set_height(pixels.1);
        }
        (target.pixels, target.theme) = (pixels, theme);
        std::mem::swap(&mut target.shown, &mut self.painter.list);
        target.canvas.draw(&target.shown, theme, self.size, ratio);
    }

    /// The pointer moved; over what it is, if it holds nothing.
    pub fn moved(&mut self, event: &PointerEvent, free: impl Fn(Grip) -> bool) {
        let at = point(event);
        if let Some(drag) = &mut self.drag {
            let far = distance(at, drag.from) > CLICK;
            drag.moved |= far;
            drag.to = at;
            self.moved |= drag.moved;
            return;
        }
        let over = self.painter.hit(at, slop(event)).filter(|&grip| free(grip));
        if over != self.over {
            self.over = over;
            self.fresh = false;
            self.point_with(match over {
                None => "default",
                Some(Grip::Event(_)) => "grab",
                Some(_) => "ew-resize",
            });
        }
    }

    /// The pointer is down; what it took hold of.
    pub fn down(&mut self, event: &PointerEvent, play: &Play, free: impl Fn(Grip) -> bool) {
        let at = point(event);
        let Some(grip) = self.painter.hit(at, slop(event)) else {
            return;
        };
        if !free(grip) && !matches!(grip, Grip::Event(_)) {
            return;
        }
        let held = match grip {
            Grip::Event(n) => *play.event(n),
            _ => Event::default(),
        };
        self.drag = Some(Drag {
            grip,
            from: at,
            to: at,
            event: held,
            delay: play.setup().delay,
            windows: play.setup().windows.clone(),
            moved: false,
            fixed: !free(grip),
        });
        if let Some(target) = &self.target {
            // Without capture the drag still works as long as it stays on the stage.
            let _ = target.element.set_pointer_capture(event.pointer_id());
        }
    }

    /// The pointer is up: the event that was clicked, if it was a click; `None` within for a click on
    /// nothing.
    pub fn up(&mut self, event: &PointerEvent) -> Option<Option<u32>> {
        let Some(drag) = &mut self.drag else {
            return Some(None);
        };
        drag.to = point(event);
        self.moved |= drag.moved;
        self.ended = true;
        match (drag.moved, drag.grip) {
            (false, Grip::Event(n)) => Some(Some(n)),
            _ => None,
        }
    }

    /// The pointer is gone, or the drag is taken away from us.
    pub fn gone(&mut self, event: &PointerEvent) {
        if event.type_() == "pointercancel" {
            self.ended = self.drag.is_some();
        }
        if self.over.take().is_some() {
            self.fresh = false;
        }
    }

    /// Whether a drag has ended since it was last asked.
    pub fn let_go(&mut self) -> bool {
        let ended = std::mem::take(&mut self.ended);
        ended && self.drag.take().is_some_and(|drag| drag.moved)
    }

    /// What the drag asks for, once a frame.
    pub fn pull(&mut self, play: &Play) -> Option<Change> {
        let moved = std::mem::take(&mut self.moved);
        let drag = self
            .drag
            .as_ref()
            .filter(|drag| moved && drag.moved && !drag.fixed)?;
        let places = Places::new(self.size, play);
        let (range, step) = (play.range(), play.range().step());
        let round = |ms: i64| (ms + step / 2).div_euclid(step) * step;
        let across = places.span(drag.to.0 - drag.from.0);
        Some(match drag.grip {
            Grip::Event(n) => {
                let (_, from) = places.times(drag.from);
                let (_, to) = places.times(drag.to);
                let event = Event {
                    ts: round(drag.event.ts.saturating_add(across)).clamp(range.from, range.ts_to),
                    arrival: round(drag.event.arrival.saturating_add(to - from))
                        .clamp(range.from, range.to),
                    ..drag.event
                };
                Change::Event(n, Some(event))
            }
            // To the left is further behind.
            Grip::Delay => Change::Delay(round(drag.delay - across).clamp(0, LONGEST)),
            Grip::Size => {
                let size = match drag.windows {
                    Windows::Tumbling { size, .. }
                    | Windows::Hopping { size, .. }
                    | Windows::Session { gap: size }
                    | Windows::Aligned { difference: size } => size,
                    _ => return None,
                };
                Change::Size(round(size + across).max(step))
            }
            Grip::Slide => match drag.windows {
                Windows::Hopping { slide, .. } => Change::Slide(round(slide + across).max(step)),
                _ => return None,
            },
            Grip::Offset => match drag.windows {
                Windows::Tumbling { offset, .. } | Windows::Hopping { offset, .. } => {
                    Change::Offset(round(offset + across))
                }
                _ => return None,
            },
        })
        .filter(|_| ruler(play).is_some() || !matches!(drag.grip, Grip::Size | Grip::Offset))
    }

    fn point_with(&mut self, cursor: &'static str) {
        if let Some(target) = self
            .target
            .as_mut()
            .filter(|target| target.cursor != cursor)
        {
            target.cursor = cursor;
            // The names are valid, and a pointer of the wrong shape harms nobody.
            let _ = target.element.style().set_property("cursor", cursor);
        }
    }
}

/// How far apart two points are.
pub fn distance(a: Point, b: Point) -> f32 {
    let (x, y) = (a.0 - b.0, a.1 - b.1);
    (x * x + y * y).sqrt()
}

fn point(event: &PointerEvent) -> Point {
    (event.offset_x() as f32, event.offset_y() as f32)
}

fn slop(event: &PointerEvent) -> f32 {
    SLOP[usize::from(event.pointer_type() == "mouse")]
}
