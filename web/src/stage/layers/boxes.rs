//! One architecture: what counts, what it makes, and who serves that.

use super::progress;
use crate::stage::ink::Ink;
use crate::stage::shapes::{List, Point, Rect, Style, dashed, solid};
use crate::stage::text::Face;
use millrace::view::layers::scene::{SideScene, Station};

/// Draws the `n`-th side in its place.
pub fn paint(list: &mut List, at: Rect, side: &SideScene, n: usize) {
    let ink = super::chart::ink(n);
    list.text(
        (at.x, at.y + 14.0),
        Face::Title.left(ink),
        format_args!("{}", side.name),
    );
    let (high, top) = (50.0, at.y + 38.0);
    let widths = [at.w * 0.37, at.w * 0.26, at.w * 0.23];
    let gap = (at.w - widths.iter().sum::<f32>()) / 2.0;
    let below = high + 32.0;
    let serving = Rect::new(at.right() - widths[2], top + below / 2.0, widths[2], high);
    for row in 0..2 {
        let y = top + row as f32 * below;
        let maker = Rect::new(at.x, y, widths[0], high);
        let view = Rect::new(maker.right() + gap, y, widths[1], high);
        let (made, kept) = (&side.makers[row], &side.views[row]);
        let middle = y + high / 2.0;
        let flows = if made.empty || made.down {
            dashed(Ink::StrongRule, 1.2)
        } else {
            solid(Ink::StrongRule, 1.2)
        };
        list.line((maker.right(), middle), (view.x, middle), flows);
        let style = match (kept.served, kept.empty) {
            (true, _) => solid(Ink::Accent, 1.8),
            (false, false) => dashed(Ink::StrongRule, 1.2),
            (false, true) => dashed(Ink::Rule, 1.0),
        };
        bend(
            list,
            (view.right(), middle),
            (serving.x, serving.center().1),
            style,
        );
        station(list, maker, made);
        station(list, view, kept);
        if let Some(share) = made.progress {
            progress(
                list,
                Rect::new(maker.x, maker.bottom() + 4.0, maker.w, 4.0),
                share,
            );
        }
        for (has, at) in [(made.bug, maker), (kept.bug, view)] {
            if has {
                bug(list, (at.x + 8.0, at.y - 8.0));
            }
        }
    }
    station(list, serving, &side.serving);
}

/// A curve from one box to another.
fn bend(list: &mut List, from: Point, to: Point, style: Style) {
    let point = |n: u8| {
        let t = f32::from(n) / 12.0;
        // Level at both ends.
        let ease = t * t * (3.0 - 2.0 * t);
        (
            from.0 + (to.0 - from.0) * t,
            from.1 + (to.1 - from.1) * ease,
        )
    };
    list.path((0..=12).map(point), style);
}

fn station(list: &mut List, at: Rect, station: &Station) {
    let style = match (station.down, station.empty) {
        (true, _) => dashed(Ink::Bad, 1.5).on(Ink::BadSoft),
        (_, true) => dashed(Ink::StrongRule, 1.2),
        _ => solid(Ink::StrongRule, 1.2).on(Ink::Card),
    };
    list.rect(at, 8.0, style);
    let x = at.center().0;
    let room = at.w - 10.0;
    let ink = if station.empty { Ink::Faint } else { Ink::Main };
    let face = match Face::Name.width(&station.name) <= room {
        true => Face::Name,
        false if Face::SmallName.width(&station.name) <= room => Face::SmallName,
        false => Face::TinyName,
    };
    let says = if Face::Small.width(&station.says) <= room {
        Face::Small
    } else {
        Face::Tiny
    };
    let single = station.says.is_empty();
    let y = at.y + if single { at.h / 2.0 + 4.0 } else { 21.0 };
    list.text_in(
        room,
        (x, y),
        face.center(ink),
        format_args!("{}", station.name),
    );
    let set = says.center(if station.down { Ink::Bad } else { Ink::Muted });
    list.text_in(
        room,
        (x, at.y + 38.0),
        set,
        format_args!("{}", station.says),
    );
}

/// The sign of a bug.
fn bug(list: &mut List, (x, y): Point) {
    let (r, line) = (4.0, solid(Ink::Warn, 2.0));
    list.line((x - r, y - r), (x + r, y + r), line);
    list.line((x - r, y + r), (x + r, y - r), line);
    list.text(
        (x + 10.0, y + 4.0),
        Face::SmallName.left(Ink::Warn),
        format_args!("bug"),
    );
}
