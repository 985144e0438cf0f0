//! The estimate against the truth, with the band in which it should lie; for a reservoir, how much
//! of each part of the stream is kept.

use millrace::view::sketches::{self, Bench, Kind, Point};
use std::fmt::Write as _;
use yew::prelude::*;

/// The picture is stretched to where it stands; words are set beside it, so that they are not.
const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 150.0;

/// The chart.
pub fn chart(bench: &Bench) -> Html {
    let caption = sketches::chart(bench);
    let fairness = bench.fairness();
    let rates = bench.setup().kind == Kind::Bloom;
    let (at, len) = (bench.setup().at, bench.len());
    let (inside, most, end) = if bench.setup().kind == Kind::Reservoir {
        let (inside, most) = bars(bench, &fairness);
        (inside, most, format!("arrival {at}"))
    } else {
        let (inside, most) = lines(bench, rates);
        (inside, most, format!("{len} steps"))
    };
    let shares = rates || !fairness.is_empty();
    let top = if shares {
        format!("{:.1} %", most * 100.0)
    } else {
        format!("{most:.0}")
    };
    let (sketch, truth) = match bench.setup().kind {
        Kind::Bloom => ("by the bits set", "stated"),
        Kind::Reservoir => ("kept", "fair"),
        _ => ("sketch", "exactly"),
    };
    let viewbox = format!("0 0 {WIDTH} {HEIGHT}");
    html! {
        <figure class="curve" data-testid="chart">
            <figcaption class="hint">{ &caption }</figcaption>
            <p class="hint" aria-hidden="true"><i class="estimate"></i>{ sketch }<i class="exact"></i>{ truth }</p>
            <div class="plot">
                <span class="most" aria-hidden="true">{ top }</span><span class="zero" aria-hidden="true">{ "0" }</span><span class="last" aria-hidden="true">{ end }</span>
                <svg viewBox={viewbox} preserveAspectRatio="none" role="img" aria-label={format!("{caption}. The Tables tab has the numbers.")}>{ inside }</svg>
            </div>
        </figure>
    }
}

/// Where values lie on the chart.
struct Scale {
    steps: f64,
    most: f64,
}

impl Scale {
    fn x(&self, step: f64) -> f64 {
        step / self.steps.max(1.0) * WIDTH
    }

    fn y(&self, value: f64) -> f64 {
        HEIGHT * (1.0 - (value / self.most).clamp(0.0, 1.0))
    }

    fn path(&self, points: &[Point], value: impl Fn(&Point) -> f64) -> String {
        let mut path = String::new();
        for (n, point) in points.iter().enumerate() {
            let (x, y) = (self.x(point.at.into()), self.y(value(point)));
            let _ = write!(path, "{}{x:.1} {y:.1}", if n == 0 { 'M' } else { 'L' });
        }
        path
    }
}

/// The lines, and what the top of the chart is: of `rates`, no more than all.
fn lines(bench: &Bench, rates: bool) -> (Html, f64) {
    let curve = bench.curve();
    let highest = curve.iter().flat_map(|p| [p.estimate, p.exact, p.band.1]);
    let (least, greatest) = if rates { (0.01, 1.0) } else { (1.0, f64::MAX) };
    let most = (highest.fold(least, f64::max) * 1.05).min(greatest);
    let scale = Scale {
        steps: bench.len().into(),
        most,
    };
    let mut band = scale.path(curve, |p| p.band.1);
    for point in curve.iter().rev() {
        let (x, y) = (scale.x(point.at.into()), scale.y(point.band.0));
        let _ = write!(band, "L{x:.1} {y:.1}");
    }
    let inside = html! {
        <>
            <path class="band" d={band} />
            <path class="exact" d={scale.path(curve, |p| p.exact)} />
            <path class="estimate" d={scale.path(curve, |p| p.estimate)} />
        </>
    };
    (inside, most)
}

/// The bars, and what the top of the chart is.
fn bars(bench: &Bench, fairness: &[f64]) -> (Html, f64) {
    let at = bench.setup().at;
    let fair = f64::from(bench.setup().sizes[0].min(at)) / f64::from(at.max(1));
    let most = fairness.iter().copied().fold(fair, f64::max).max(0.01) * 1.15;
    let scale = Scale {
        steps: fairness.len() as f64,
        most,
    };
    let bar = |(n, share): (usize, &f64)| {
        let (from, to) = (scale.x(n as f64) + 3.0, scale.x(n as f64 + 1.0) - 3.0);
        let top = scale.y(*share);
        html! { <path class="part-kept" d={format!("M{from:.1} {HEIGHT}V{top:.1}H{to:.1}V{HEIGHT}z")} /> }
    };
    let inside = html! {
        <>
            { for fairness.iter().enumerate().map(bar) }
            <path class="exact" d={format!("M0 {0:.1}H{WIDTH}", scale.y(fair))} />
        </>
    };
    (inside, most)
}
