//! Time to an answer: one logarithmic scale for both shops.

use super::Pen;
use crate::stage::ink::Ink;
use crate::stage::layout::Chart;
use crate::stage::shapes::{Point, Rect, dashed, filled, solid};
use crate::stage::text::Face;
use millrace::time::Span;
use millrace::view::orders::Answers;

/// Buckets a decade.
const DECADE: usize = 20;
/// What is shown if nothing lies outside: 1 ms to 30 s.
const USUAL: (usize, usize) = (DECADE, 5 * DECADE + 10);

pub(super) fn paint(pen: &mut Pen, chart: &Chart, answers: &Answers) {
    heading(pen, chart);
    let shops = [
        (&answers.sync, "sync", Ink::Main),
        (&answers.async_, "async", Ink::Warn),
    ];
    let used = |counts: &[u32]| {
        let first = counts.iter().position(|&n| n > 0)?;
        Some((first, counts.iter().rposition(|&n| n > 0)? + 1))
    };
    let mut range = USUAL;
    for (first, last) in shops.iter().filter_map(|(counts, ..)| used(counts)) {
        range = (range.0.min(first.saturating_sub(2)), range.1.max(last + 2));
    }
    let plot = chart.plot;
    let x = |bucket: f32| {
        let share = (bucket - range.0 as f32) / (range.1 - range.0) as f32;
        plot.x + plot.w * share.clamp(0.0, 1.0)
    };
    let row_h = plot.h / 2.0;
    for (i, (counts, name, ink)) in shops.into_iter().enumerate() {
        let at = Rect::new(plot.x, plot.y + row_h * i as f32, plot.w, row_h);
        shop(pen, at, counts, (name, ink), &x);
    }
    axis(pen, plot, range, &x);
}

fn heading(pen: &mut Pen, chart: &Chart) {
    let Rect { x, y, w, .. } = chart.title;
    let set = Face::Name.left(Ink::Main);
    let wide = pen
        .list
        .text_in(w, (x, y + 13.0), set, format_args!("Time to an answer"));
    for words in ["one scale for both, last 5 s", "last 5 s"] {
        if wide + 14.0 + Face::Body.width(words) <= w {
            let at = (x + wide + 14.0, y + 13.0);
            pen.list
                .text(at, Face::Body.left(Ink::Muted), format_args!("{words}"));
            break;
        }
    }
}

/// One shop: its name and figures, and below them the density.
fn shop(
    pen: &mut Pen,
    at: Rect,
    counts: &[u32],
    (name, ink): (&str, Ink),
    x: &impl Fn(f32) -> f32,
) {
    let base = at.y + 15.0;
    let floor = (at.bottom() - 1.0).round() + 0.5;
    let wide = pen.list.text(
        (at.x, base),
        Face::SmallName.left(ink),
        format_args!("{name}"),
    );
    pen.list.line(
        (at.x, floor),
        (at.right(), floor),
        solid(Ink::StrongRule, 1.0),
    );
    let total: u32 = counts.iter().sum();
    let words = (at.x + wide + 8.0, base);
    let set = Face::Small.left(Ink::Muted);
    let room = at.w - wide - 8.0;
    if total == 0 {
        pen.list
            .text_in(room, words, set, format_args!("no answers"));
        return;
    }
    let [half, tail] = [0.5, 0.99].map(|q| quantile(counts, total, q));
    let figures = format_args!("p50 {} · p99 {}", value(half), value(tail));
    pen.list.text_in(room, words, set, figures);

    let peak = (0..counts.len())
        .map(|i| smooth(counts, i))
        .fold(0.0, f32::max)
        .max(f32::MIN_POSITIVE);
    let height = (floor - base - 8.0).max(4.0);
    let point =
        |i: usize| -> Point { (x(i as f32 + 0.5), floor - height * smooth(counts, i) / peak) };
    let used = |i: &usize| smooth(counts, *i) > 0.0;
    let first = (0..counts.len()).find(used).unwrap_or(0);
    let last = (0..counts.len()).rfind(used).unwrap_or(0);
    let hill = (first..=last).map(point);
    let [from, to] = [
        (x(first as f32 - 0.5), floor),
        (x(last as f32 + 1.5), floor),
    ];
    pen.list
        .path(std::iter::once(from).chain(hill).chain([to]), filled(ink));
    pen.list.line(
        (x(half), floor - height),
        (x(half), floor + 3.0),
        solid(Ink::Accent, 1.5),
    );
    pen.list.line(
        (x(tail), floor - height),
        (x(tail), floor + 3.0),
        dashed(Ink::Accent, 1.5),
    );
}

/// A count and its neighbours', so that small numbers make a hill and not a comb.
fn smooth(counts: &[u32], i: usize) -> f32 {
    const WEIGHTS: [f32; 5] = [1.0, 2.0, 3.0, 2.0, 1.0];
    let mut sum = 0.0;
    for (k, weight) in WEIGHTS.into_iter().enumerate() {
        if let Some(&n) = (i + k).checked_sub(2).and_then(|j| counts.get(j)) {
            sum += weight * n as f32;
        }
    }
    sum
}

/// The bucket, with its fraction, below which a share `q` of all answers lies.
fn quantile(counts: &[u32], total: u32, q: f32) -> f32 {
    let goal = q * total as f32;
    let mut below = 0.0;
    for (i, &n) in counts.iter().enumerate() {
        let n = n as f32;
        if n > 0.0 && below + n >= goal {
            return i as f32 + ((goal - below) / n).clamp(0.0, 1.0);
        }
        below += n;
    }
    counts.len() as f32
}

/// What a place on the scale means, to two figures.
fn value(bucket: f32) -> Span {
    let us = 100.0 * 10f64.powf(f64::from(bucket) / DECADE as f64);
    let unit = 10f64.powf(us.log10().floor() - 1.0);
    Span::micros(((us / unit).round() * unit) as u64)
}

fn axis(pen: &mut Pen, plot: Rect, (first, last): (usize, usize), x: &impl Fn(f32) -> f32) {
    let mut end = f32::NEG_INFINITY;
    for bucket in (first.div_ceil(DECADE) * DECADE..=last).step_by(DECADE) {
        let at = x(bucket as f32);
        let base = plot.bottom();
        pen.list
            .line((at, base), (at, base + 4.0), solid(Ink::StrongRule, 1.0));
        let (label, half) = (value(bucket as f32), Face::Tiny.width("100 ms") / 2.0);
        let at = at.clamp(plot.x - 8.0 + half * 0.7, plot.right() + 8.0 - half * 0.7);
        if at - half > end {
            pen.list.text(
                (at, base + 15.0),
                Face::Tiny.center(Ink::Faint),
                format_args!("{label}"),
            );
            end = at + half;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_reads_back_what_was_put_in() {
        let mut counts = vec![0; Answers::BUCKETS];
        // 10 ms is two decades above 0.1 ms.
        counts[2 * DECADE] = 100;
        let ms = value(quantile(&counts, 100, 0.5)).as_millis_f64();
        assert!((10.0..=11.3).contains(&ms), "{ms}");
        assert_eq!(value(0.0).to_string(), "100 µs");
        assert_eq!(value(5.0 * DECADE as f32).to_string(), "10 s");
    }

    #[test]
    fn a_single_answer_makes_one_hill() {
        let mut counts = vec![0; Answers::BUCKETS];
        counts[50] = 1;
        let hill: Vec<f32> = (47..=53).map(|i| smooth(&counts, i)).collect();
        assert_eq!(hill, [0.0, 1.0, 2.0, 3.0, 2.0, 1.0, 0.0]);
    }
}
