//! Topics: partitions as strips of cells, with the positions of the groups that read them.

use super::flights::{Flights, first_shown};
use super::{Pen, View};
use crate::stage::hit::{Gesture, Hit};
use crate::stage::ink::Ink;
use crate::stage::layout::{Layout, Row, TopicBox};
use crate::stage::shapes::{Dash, Point, Rect, Stroke, Style, dashed, filled, solid};
use crate::stage::text::{Brief, Count, Face};
use millrace::view::orders::{Cell, OrdersScene, Strip, TopicScene};

pub(super) fn paint(pen: &mut Pen, layout: &Layout, view: &View<'_>, flights: &Flights) {
    for (t, (topic, at)) in view.scene.topics.iter().zip(&layout.topics).enumerate() {
        title(pen, topic, at);
        for row in &at.rows {
            if !at.shares_rows() {
                let strip = &topic.strips[row.first];
                let painter = StripPainter {
                    t,
                    topic,
                    at,
                    row,
                    strip,
                    view,
                };
                painter.paint(pen, flights.landing(t, row.first));
            } else {
                bar_row(pen, t, topic, at, row);
            }
        }
    }
    if let Some(at) = layout.more {
        let more = view.scene.topics.len() - layout.topics.len();
        let words = format_args!("and {more} more topics");
        pen.list.text_in(
            at.w,
            (at.x, at.y + 12.0),
            Face::Small.left(Ink::Muted),
            words,
        );
    }
    lag(pen, layout, view.scene);
    legend(pen, layout.legend, view.scene);
}

fn title(pen: &mut Pen, topic: &TopicScene, at: &TopicBox) {
    let Rect { x, y, w, .. } = at.title;
    let face = if at.in_pipeline {
        Face::Name
    } else {
        Face::Small
    };
    let set = face.left(if at.in_pipeline {
        Ink::Main
    } else {
        Ink::Muted
    });
    let wide = pen
        .list
        .text_in(w, (x, y + 12.0), set, format_args!("{}", topic.name));
    let records: u64 = topic.strips.iter().map(retained).sum();
    let words = " 00000 records";
    if wide + Face::Tiny.width(words) + 8.0 <= w {
        let set = Face::Tiny.left(Ink::Muted);
        let plural = if records == 1 { "" } else { "s" };
        let at = (x + wide + 8.0, y + 12.0);
        let said = pen
            .list
            .text(at, set, format_args!("{} record{plural}", Count(records)));
        let left = w - wide - 8.0 - said;
        if topic.groups.is_empty() && Face::Tiny.width(NOBODY) <= left {
            let at = (at.0 + said, at.1);
            pen.list.text(at, set, format_args!("{NOBODY}"));
        }
    }
}

/// What is said of a topic that no group reads.
const NOBODY: &str = ", read by nobody";

fn retained(strip: &Strip) -> u64 {
    strip.log_end.saturating_sub(strip.log_start).max(0) as u64
}

/// The first offset some group has not read. Where no group reads, nothing waits to be read.
pub(super) fn unread_from(strip: &Strip) -> i64 {
    let behind = strip.committed.iter().copied().min();
    behind.unwrap_or(strip.log_end).max(strip.log_start)
}

/// Records left of a strip: not read yet, and read.
pub(super) fn beyond(strip: &Strip, cells: usize) -> (u64, u64) {
    let first = first_shown(strip, cells);
    let unread = (first - unread_from(strip)).max(0);
    let all = (first - strip.log_start).max(0);
    (unread as u64, (all - unread).max(0) as u64)
}

/// One partition.
struct StripPainter<'a> {
    t: usize,
    topic: &'a TopicScene,
    at: &'a TopicBox,
    row: &'a Row,
    strip: &'a Strip,
    view: &'a View<'a>,
}

impl StripPainter<'_> {
    fn key(&self) -> (u8, u16) {
        (self.t as u8, self.row.first as u16)
    }

    fn paint(&self, pen: &mut Pen, landing: u16) {
        self.gutter(pen);
        // The strip slides: a new record pushes the others to the left.
        let goal = first_shown(self.strip, self.at.cells) as f64;
        let [first] = pen.first.show(self.key(), [goal], 0.02);
        // After a long jump there is nothing to follow with the eye.
        let first = if (goal - first).abs() > self.at.cells as f64 {
            goal
        } else {
            first
        };
        let unread = (!self.topic.groups.is_empty()).then(|| unread_from(self.strip));
        let landed = self.strip.log_end - i64::from(landing);
        let mut followed = None;
        for cell in &self.strip.cells {
            let Some(at) = self.cell_at(first, cell.offset) else {
                continue;
            };
            pen.list
                .rect(at, self.radius(at), style(cell, unread, landed));
            let (topic, partition) = self.key();
            let Cell { offset, order, .. } = *cell;
            pen.hits.note(
                at,
                Hit::Cell {
                    topic,
                    partition,
                    offset,
                    order,
                },
            );
            if let Some(order) = order
                && self.view.selected(order)
            {
                followed = Some((at, order));
            }
        }
        if let Some(at) = self.cell_at(first, self.strip.log_end) {
            pen.list
                .rect(at, self.radius(at), dashed(Ink::StrongRule, 1.0));
        }
        for (g, &committed) in self.strip.committed.iter().enumerate() {
            self.bar(pen, first, g, committed);
        }
        if let Some((at, order)) = followed {
            pen.follow(at.center(), at.w.min(at.h) / 2.0, order);
        }
    }

    fn radius(&self, at: Rect) -> f32 {
        (at.w.min(at.h) * 0.3).min(2.5)
    }

    /// Where the cell of `offset` is, cut at the strip's ends; `None` beyond them.
    fn cell_at(&self, first: f64, offset: i64) -> Option<Rect> {
        let strip = self.row.strip;
        let x = strip.x + ((offset as f64 - first) as f32) * self.at.pitch;
        let (left, right) = (x.max(strip.x), (x + self.at.pitch - 1.6).min(strip.right()));
        (right - left > 0.8).then(|| {
            Rect::new(
                left + 0.5,
                strip.y + 0.5,
                (right - left - 0.5).max(0.5),
                strip.h - 1.0,
            )
        })
    }

    /// What lies beyond the strip: in ink what is not read yet, else what was read.
    fn gutter(&self, pen: &mut Pen) {
        let at = self.row.gutter;
        let base = at.center().1 + 3.6;
        if at.w >= 40.0 && self.topic.strips.len() > 1 {
            let p = format_args!("{}", self.row.first);
            pen.list
                .text((at.x + 4.0, base), Face::Tiny.left(Ink::Faint), p);
        }
        let (unread, read) = beyond(self.strip, self.at.cells);
        let (count, ink) = if unread > 0 {
            (unread, Ink::Main)
        } else {
            (read, Ink::Faint)
        };
        if count > 0 {
            let words = format_args!("+{}", Brief(count));
            pen.list
                .text((at.right(), base), Face::Tiny.right(ink), words);
        }
    }

    fn bar(&self, pen: &mut Pen, first: f64, group: usize, committed: i64) {
        let (topic, partition) = self.key();
        let committed = committed.max(self.strip.log_start).min(self.strip.log_end);
        let dragged = self
            .view
            .drag
            .filter(super::Drag::moved)
            .and_then(|drag| drag.gesture());
        let held = match dragged {
            Some(Gesture::Rewind {
                topic,
                group: g,
                partition,
                offset,
            }) if topic == self.t && g == group && partition == self.row.first => Some(offset),
            _ => None,
        };
        let goal = held.unwrap_or(committed) as f64;
        let [shown] = pen.bars.show((topic, partition, group as u8), [goal], 0.02);
        let strip = self.row.strip;
        let x = strip.x + (shown - first) as f32 * self.at.pitch - 0.8;
        let x = x.clamp(strip.x - 1.5, strip.right());
        let ink = if held.is_some() {
            Ink::Accent
        } else {
            Ink::Main
        };
        let reach = (self.row.strip.h * 0.15).clamp(1.0, 3.0);
        let ends = [(x, strip.y - reach), (x, strip.bottom() + reach)];
        let line = Stroke {
            ink,
            width: 2.0,
            dash: dash_of(group),
        };
        pen.list.line(
            ends[0],
            ends[1],
            Style {
                fill: None,
                line: Some(line),
            },
        );
        if !self.view.marks.locked {
            pen.hits.note(
                Rect::new(x - 3.0, strip.y - 2.0, 6.0, strip.h + 4.0),
                Hit::Bar {
                    topic,
                    group: group as u8,
                    partition,
                    committed,
                    range: (self.strip.log_start, self.strip.log_end),
                    pitch: self.at.pitch,
                },
            );
        }
    }
}

/// Groups' bars differ in their dashes where several read one topic.
fn dash_of(group: usize) -> Dash {
    match group {
        0 => Dash::Solid,
        1 => Dash::Dashed,
        _ => Dash::Dotted,
    }
}

/// `unread` is the first offset not read yet; none where nobody reads.
fn style(cell: &Cell, unread: Option<i64>, landed: i64) -> Style {
    let Some(unread) = unread else {
        return solid(Ink::KeyEdge(cell.hue), 1.0).on(Ink::KeySoft(cell.hue));
    };
    if cell.offset >= landed {
        dashed(Ink::KeyEdge(cell.hue), 1.0)
    } else if cell.offset >= unread {
        solid(Ink::KeyEdge(cell.hue), 1.0).on(Ink::Key(cell.hue))
    } else {
        solid(Ink::KeySoft(cell.hue), 1.0)
    }
}

/// Several partitions in one row: how much of what they hold is not read yet.
fn bar_row(pen: &mut Pen, t: usize, topic: &TopicScene, at: &TopicBox, row: &Row) {
    let count = |r: &Row| {
        let strips = &topic.strips[r.first..r.first + r.count];
        let unread: u64 = strips
            .iter()
            .map(|s| (s.log_end - unread_from(s)).max(0) as u64)
            .sum();
        (unread, strips.iter().map(retained).sum::<u64>())
    };
    let most = at.rows.iter().map(|r| count(r).1).max().unwrap_or(0).max(1);
    let (unread, all) = count(row);
    let [unread_w, all_w] = [unread, all].map(|n| row.strip.w * n as f32 / most as f32);
    let base = row.gutter.center().1 + 3.6;
    let set = Face::Tiny.right(Ink::Faint);
    if at.rows.len() > 1 {
        let words = format_args!("{}–", row.first);
        pen.list.text((row.gutter.right(), base), set, words);
    }
    let strip = Rect {
        h: row.strip.h - 1.0,
        ..row.strip
    };
    pen.list.rect(strip, 2.0, dashed(Ink::StrongRule, 1.0));
    pen.list.rect(
        Rect { w: all_w, ..strip },
        2.0,
        solid(Ink::StrongRule, 1.0).on(Ink::Card),
    );
    // Read records lie on the left, as in a strip of cells.
    let unread_at = Rect {
        x: strip.x + all_w - unread_w,
        w: unread_w,
        ..strip
    };
    pen.list.rect(unread_at, 2.0, filled(Ink::Muted));
    if strip.h >= 9.0 {
        let label = Face::Tiny.width("00000");
        let (x, ink) = if unread_w > label + 6.0 {
            (unread_at.x + 4.0, Ink::Paper)
        } else {
            (strip.x + 4.0, Ink::Main)
        };
        if all_w - unread_w > label + 6.0 || ink == Ink::Paper || unread == 0 {
            pen.list.text(
                (x, base),
                Face::Tiny.left(ink),
                format_args!("{}", Brief(unread)),
            );
        }
    }
    let hit = Hit::Row {
        topic: t as u8,
        first: row.first as u16,
        count: row.count as u16,
    };
    pen.hits.note(
        Rect {
            x: row.gutter.x,
            w: strip.right() - row.gutter.x,
            ..strip
        },
        hit,
    );
}

/// How far a group is behind in a topic.
fn lag_of(topic: &TopicScene, group: usize) -> u64 {
    let behind = |s: &Strip| {
        let at = s.committed.get(group).copied().unwrap_or(s.log_end);
        (s.log_end - at.max(s.log_start)).max(0) as u64
    };
    topic.strips.iter().map(behind).sum()
}

/// Where records wait, in a sentence.
fn lag(pen: &mut Pen, layout: &Layout, scene: &OrdersScene) {
    let lags = || {
        let groups = |topic: &'_ TopicScene| topic.groups.len();
        let each = scene
            .topics
            .iter()
            .flat_map(move |t| (0..groups(t)).map(move |g| (t, g)));
        each.map(|(t, g)| (lag_of(t, g), t.groups[g].as_str()))
            .filter(|(lag, _)| *lag > 0)
    };
    let total: u64 = lags().map(|(lag, _)| lag).sum();
    // Under the first topic, as long as the sentence ends before the legend.
    let indent = layout
        .topics
        .first()
        .filter(|_| layout.wide)
        .map_or(0.0, |topic| {
            let slack = layout.lag.w - Face::Body.width("lag 0000, most of it before warehouse");
            (topic.strips().x - layout.lag.x).min(slack).max(0.0)
        });
    let at: Point = (layout.lag.x + indent, layout.lag.y + 13.0);
    let width = layout.lag.w - indent;
    let set = Face::Body.left(Ink::Main);
    match lags().max_by_key(|(lag, _)| *lag) {
        None => {
            let set = Face::Body.left(Ink::Muted);
            pen.list.text_in(
                width,
                at,
                set,
                format_args!("lag 0: every group has read everything"),
            );
        }
        Some((most, group)) => {
            let total_words = Count(total);
            let words = if most == total { "all" } else { "most" };
            if most * 2 > total {
                let words = format_args!("lag {total_words}, {words} of it before {group}");
                pen.list.text_in(width, at, set, words);
            } else {
                each(pen, at, width, lags());
            }
        }
    }
}

/// Where no group has most of the lag, each says its own.
fn each<'a>(pen: &mut Pen, at: Point, width: f32, lags: impl Iterator<Item = (u64, &'a str)>) {
    let set = Face::Body.left(Ink::Main);
    let mut used = pen.list.text(at, set, format_args!("lag"));
    for (lag, group) in lags {
        let left = width - used - 8.0;
        let words = format_args!("{group} {}", Count(lag));
        used += 8.0
            + pen
                .list
                .text_in(left, (at.0 + used + 8.0, at.1), set, words);
        if left < 40.0 {
            break;
        }
    }
}

/// What fill and bars mean.
fn legend(pen: &mut Pen, at: Rect, scene: &OrdersScene) {
    let set = Face::Small.left(Ink::Muted);
    let samples: [(&str, Style); 2] = [
        ("not read yet", solid(Ink::KeyEdge(0), 1.0).on(Ink::Key(0))),
        ("read, still in the log", solid(Ink::KeySoft(0), 1.0)),
    ];
    let bars = scene
        .topics
        .iter()
        .find(|t| t.groups.len() > 1)
        .or(scene.topics.first());
    let widths = samples.map(|(words, _)| 12.0 + Face::Small.width(words) + 14.0);
    let used: f32 = widths.iter().sum();
    // The bars' meaning, if it still fits.
    let groups = bars.map_or(0, |t| t.groups.len()).min(3);
    let name = |g: usize| match bars {
        Some(topic) if groups > 1 => topic.groups[g].as_str(),
        _ => "position",
    };
    let bars_w: f32 = (0..groups)
        .map(|g| 8.0 + Face::Small.width(name(g)) + 10.0)
        .sum();
    let with_bars = used + bars_w - 10.0 <= at.w;
    let whole = if with_bars {
        used + bars_w - 10.0
    } else {
        used - 14.0
    };
    let (mut x, y) = (
        if at.x > 60.0 {
            at.right() - whole
        } else {
            at.x
        },
        at.y + 13.0,
    );
    for ((words, style), width) in samples.into_iter().zip(widths) {
        pen.list
            .rect(Rect::new(x + 0.5, y - 9.0, 7.0, 10.0), 2.0, style);
        pen.list.text((x + 12.0, y), set, format_args!("{words}"));
        x += width;
    }
    if with_bars {
        for g in 0..groups {
            let line = Stroke {
                ink: Ink::Main,
                width: 2.0,
                dash: dash_of(g),
            };
            let style = Style {
                fill: None,
                line: Some(line),
            };
            pen.list
                .line((x + 1.0, y - 10.0), (x + 1.0, y + 2.0), style);
            let wide = pen
                .list
                .text((x + 8.0, y), set, format_args!("{}", name(g)));
            x += 8.0 + wide + 10.0;
        }
    }
}
