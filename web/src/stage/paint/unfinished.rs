//! Orders not finished over time: people in one shop and records in the other, in one unit. The
//! wait did not vanish, it moved.

use super::{Pen, View, tone_ink};
use crate::stage::hit::Hit;
use crate::stage::ink::Ink;
use crate::stage::layout::Chart;
use crate::stage::shapes::{Dash, Rect, Stroke, Style, dashed, filled, solid};
use crate::stage::text::{Count, Face};
use millrace::time::{Span, Time};
use millrace::view::orders::{Ahead, Unfinished};

/// The chart shows at least this much time, and at most that much.
const LEAST: Span = Span::secs(20);
const MOST: Span = Span::secs(120);
/// The scale never shows less than this many orders, or noise would look like news.
const CALM: u32 = 20;

/// The chart's scales.
struct Scales {
    plot: Rect,
    from: Time,
    to: Time,
    top: f64,
}

impl Scales {
    fn x(&self, at: Time) -> f32 {
        let share = at.since(self.from).0 as f32 / self.to.since(self.from).0.max(1) as f32;
        self.plot.x + self.plot.w * share.min(1.0)
    }

    fn y(&self, orders: f64) -> f32 {
        self.plot.bottom() - self.plot.h * (orders / self.top).min(1.0) as f32
    }

    fn at(&self, x: f32) -> Time {
        let share = ((x - self.plot.x) / self.plot.w).clamp(0.0, 1.0);
        self.from + Span((self.to.since(self.from).0 as f64 * f64::from(share)) as u64)
    }
}

pub(super) fn paint(pen: &mut Pen, chart: &Chart, view: &View<'_>) {
    let now = view.scene.now;
    let from = now - MOST;
    let data = Samples {
        of: view.unfinished,
        from,
        now,
    };
    let peak = data
        .points()
        .map(|(_, people, records)| people.max(records))
        .max()
        .unwrap_or(0);
    let ahead = view.unfinished.ahead.as_ref();
    let peak = ahead.map_or(peak, |a| peak.max(a.people.1).max(a.records.1));
    let (top, step) = nice_top(f64::from(peak.max(CALM)));
    let [top] = pen.scales.show(0, [top], 0.05);
    let room = if ahead.is_some() {
        Ahead::SPAN
    } else {
        Span::ZERO
    };
    let to = (now + room).max(Time::ZERO + LEAST);
    let scales = Scales {
        plot: chart.plot,
        from,
        to,
        top,
    };

    heading(pen, chart, ahead.is_some());
    axes(pen, &scales, step);
    let columns = (chart.plot.w as usize).max(1);
    let line = |pick: fn((Time, u32, u32)) -> u32| {
        data.thinned(columns)
            .map(move |p| (p.0, f64::from(pick(p))))
    };
    let at = |(t, n): (Time, f64)| (scales.x(t), scales.y(n));
    let floor = |x: f32| (x, scales.plot.bottom());
    let people = || line(|p| p.1).map(at);
    if let Some(last) = data.last() {
        let x = scales.x(last.0);
        let area = std::iter::once(floor(scales.x(data.first_at())));
        pen.list
            .path(area.chain(people()).chain([floor(x)]), filled(Ink::Mass));
        events(pen, &scales, view);
        pen.list.path(people(), solid(Ink::Main, 1.8));
        pen.list.path(line(|p| p.2).map(at), solid(Ink::Warn, 2.0));
        let mut ends = [(x, last.1), (x, last.2)];
        if let Some(ahead) = ahead {
            let ways = [(ahead.people, Ink::Main), (ahead.records, Ink::Warn)];
            for (end, ((after, orders), ink)) in ends.iter_mut().zip(ways) {
                let from = (x, scales.y(f64::from(end.1)));
                *end = (scales.x(last.0 + after), orders);
                let to = (end.0, scales.y(f64::from(orders)));
                pen.list.line(from, to, dashed(ink, 1.6));
            }
        }
        let right = ends[0].0.max(ends[1].0);
        let ends = ends.map(|(_, orders)| (scales.y(f64::from(orders)), orders));
        labels(pen, chart, right, ends, [last.1, last.2]);
    }
    hover(pen, &scales, view);
}

fn heading(pen: &mut Pen, chart: &Chart, ahead: bool) {
    let Rect { x, y, w, .. } = chart.title;
    let set = Face::Name.left(Ink::Main);
    let wide = pen
        .list
        .text_in(w, (x, y + 13.0), set, format_args!("Orders not finished"));
    let words = if ahead {
        Ahead::ASSUMES
    } else {
        "where they wait"
    };
    if wide + 14.0 + Face::Body.width(words) <= w {
        let at = (x + wide + 14.0, y + 13.0);
        pen.list
            .text(at, Face::Body.left(Ink::Muted), format_args!("{words}"));
    }
}

/// A round number at or above `peak`, and the step between lines below it.
pub(super) fn nice_top(peak: f64) -> (f64, f64) {
    let raw = peak / 3.0;
    let unit = 10f64.powf(raw.log10().floor());
    let step = [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .find(|s| s * unit >= raw)
        .unwrap_or(10.0)
        * unit;
    let step = step.max(1.0);
    ((peak / step).ceil() * step, step)
}

fn axes(pen: &mut Pen, scales: &Scales, step: f64) {
    let plot = scales.plot;
    let mut n = 0.0;
    while n <= scales.top + step * 0.01 {
        let y = scales.y(n).round() + 0.5;
        let ink = if n == 0.0 { Ink::StrongRule } else { Ink::Rule };
        pen.list
            .line((plot.x, y), (plot.right(), y), solid(ink, 1.0));
        let set = Face::Tiny.right(Ink::Faint);
        pen.list.text(
            (plot.x - 6.0, y + 3.5),
            set,
            format_args!("{}", Count(n as u64)),
        );
        n += step;
    }
    let whole = scales.to.since(scales.from).0 as f64 / 1e6;
    let fit = f64::from(plot.w / 64.0).max(1.0);
    let steps = [1u64, 2, 5, 10, 20, 30, 60, 120];
    let step = steps
        .into_iter()
        .find(|s| whole / *s as f64 <= fit)
        .unwrap_or(300);
    let first = (scales.from.0.div_ceil(1_000_000)).div_ceil(step) * step;
    let mut second = first;
    while second <= scales.to.0 / 1_000_000 {
        let x = scales.x(Time(second * 1_000_000));
        pen.list.line(
            (x, plot.bottom()),
            (x, plot.bottom() + 3.0),
            solid(Ink::StrongRule, 1.0),
        );
        let set = Face::Tiny.center(Ink::Faint);
        let words = format_args!("{:02}:{:02}", second / 60, second % 60);
        pen.list.text((x, plot.bottom() + 14.0), set, words);
        second += step;
    }
}

/// Events as dashed verticals with their names in two lines above the plot. A name that finds no
/// room is left out; its line stays.
fn events(pen: &mut Pen, scales: &Scales, view: &View<'_>) {
    let plot = scales.plot;
    // From the youngest back: an older name goes over the line of a younger event, not through it.
    let mut free = [f32::INFINITY; 2];
    for marker in view.marks.markers.iter().rev() {
        if marker.at < scales.from || marker.at > view.scene.now || marker.at == Time::ZERO {
            continue;
        }
        let x = scales.x(marker.at).round() + 0.5;
        let ink = tone_ink(marker.tone);
        let width = Face::Tiny.width(&marker.label);
        let inside = x + 4.0 + width <= plot.right() + 60.0;
        let left = if inside { x + 4.0 } else { x - 4.0 - width };
        let row = (0..2).find(|&row| left + width + 5.0 <= free[row]);
        let rise = row.map_or(0.0, |row| 4.0 + 11.0 * row as f32);
        pen.list
            .line((x, plot.y - rise), (x, plot.bottom()), dashed(ink, 1.0));
        if let Some(row) = row {
            free[..=row].fill(left.min(x));
            let at = (left, plot.y - 11.0 * row as f32 - 4.0);
            pen.list
                .text(at, Face::Tiny.left(ink), format_args!("{}", marker.label));
        }
    }
}

/// The two lines' names beside their ends, apart from each other even where the lines meet: how many
/// there are `now`, and where that leads.
fn labels(pen: &mut Pen, chart: &Chart, x: f32, ends: [(f32, u32); 2], now: [u32; 2]) {
    let [people, records] = ends.map(|(y, _)| y);
    const APART: f32 = 14.0;
    let (mut upper, mut lower) = (people.min(records), people.max(records));
    let lack = (APART - (lower - upper)).max(0.0) / 2.0;
    (upper, lower) = (upper - lack, lower + lack);
    let over = (lower - chart.plot.bottom()).max(0.0);
    (upper, lower) = (upper - over, lower - over);
    let people_above = people < records;
    let (people, records) = if people_above {
        (upper, lower)
    } else {
        (lower, upper)
    };
    let width = chart.area.right() - x - 6.0;
    for (place, name, y, ink) in [
        (0, "people", people, Ink::Main),
        (1, "records", records, Ink::Warn),
    ] {
        let (at, set) = ((x + 6.0, y + 4.0), Face::Small.left(ink));
        let (is, will) = (Count(now[place].into()), Count(ends[place].1.into()));
        if now[place] == ends[place].1 {
            pen.list
                .text_in(width, at, set, format_args!("{is} {name}"));
        } else {
            let words = format_args!("{is} → {will} {name}");
            pen.list.text_in(width, at, set, words);
        }
    }
}

/// The whole plot answers to the pointer: what was at that instant.
fn hover(pen: &mut Pen, scales: &Scales, view: &View<'_>) {
    let plot = scales.plot;
    let at = view
        .pointer
        .map_or(view.scene.now, |(x, _)| scales.at(x).min(view.scene.now));
    pen.hits.note(plot, Hit::Instant { at });
    if view.drag.is_none()
        && let Some(pointer) = view.pointer
        && plot.has(pointer)
    {
        let x = scales.x(at);
        let line = Stroke {
            ink: Ink::Accent,
            width: 1.0,
            dash: Dash::Solid,
        };
        pen.list.line(
            (x, plot.y),
            (x, plot.bottom()),
            Style {
                fill: None,
                line: Some(line),
            },
        );
    }
}

/// The samples in the chart's time.
#[derive(Clone, Copy)]
struct Samples<'a> {
    of: &'a Unfinished,
    from: Time,
    now: Time,
}

impl<'a> Samples<'a> {
    fn range(&self) -> (usize, usize) {
        let every = self.of.every.0.max(1);
        let first = (self.from.0.div_ceil(every)) as usize;
        let end = ((self.now.0 / every) as usize + 1).min(self.of.samples.len());
        (first.min(end), end)
    }

    fn at(&self, i: usize) -> Time {
        Time(i as u64 * self.of.every.0)
    }

    fn points(self) -> impl Iterator<Item = (Time, u32, u32)> + 'a {
        self.thinned(usize::MAX)
    }

    /// At most about `most` points: of several samples the highest of each, so that no peak is
    /// lost.
    fn thinned(self, most: usize) -> impl Iterator<Item = (Time, u32, u32)> + 'a {
        let (first, end) = self.range();
        let each = (end - first).div_ceil(most).max(1);
        // Groups begin at multiples of their size, or the line would shimmer as it moves.
        let start = first / each * each;
        (start..end).step_by(each).map(move |i| {
            let group = &self.of.samples[i.max(first)..(i + each).min(end)];
            let people = group.iter().map(|s| s.0).max().unwrap_or(0);
            let records = group.iter().map(|s| s.1).max().unwrap_or(0);
            (self.at(i.max(first)), people, records)
        })
    }

    fn first_at(&self) -> Time {
        self.at(self.range().0)
    }

    fn last(&self) -> Option<(Time, u32, u32)> {
        let (first, end) = self.range();
        (end > first).then(|| {
            let (people, records) = self.of.samples[end - 1];
            (self.at(end - 1), people, records)
        })
    }
}

/// What the chart shows at an instant.
pub(super) fn at(unfinished: &Unfinished, at: Time) -> Option<(u32, u32)> {
    unfinished
        .samples
        .get((at.0 / unfinished.every.0.max(1)) as usize)
        .copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_ends_at_a_round_number() {
        assert_eq!(nice_top(163.0), (200.0, 100.0));
        assert_eq!(nice_top(10.0), (10.0, 5.0));
        assert_eq!(nice_top(1.0), (1.0, 1.0));
        for peak in 1..5_000 {
            let (top, step) = nice_top(f64::from(peak));
            assert!(top >= f64::from(peak) && top / step <= 4.0 && top < f64::from(peak) * 2.0);
        }
    }

    #[test]
    fn thinning_loses_no_peak() {
        let mut samples = vec![(1, 2); 1_000];
        samples[617] = (90, 2);
        samples[999] = (1, 70);
        let of = Unfinished {
            ahead: None,
            every: Span::millis(100),
            samples,
        };
        let data = Samples {
            of: &of,
            from: Time::ZERO,
            now: Time(99_900_000),
        };
        let thin: Vec<_> = data.thinned(50).collect();
        assert!(thin.len() <= 51);
        assert_eq!(thin.iter().map(|p| p.1).max(), Some(90));
        assert_eq!(thin.iter().map(|p| p.2).max(), Some(70));
    }

    #[test]
    fn samples_of_the_future_are_not_shown() {
        let of = Unfinished {
            ahead: None,
            every: Span::millis(100),
            samples: vec![(1, 1); 100],
        };
        let data = Samples {
            of: &of,
            from: Time::ZERO,
            now: Time(1_000_000),
        };
        assert_eq!(data.points().count(), 11);
    }
}
