//! Metrics: numbers of both shops, lag, promises, and every picture as a table.

use super::parts::{bare_table, data_table, promises};
use super::twins;
use crate::ui::{MetricsData, Ui};
use millrace::protocol::Service;
use millrace::sim::Metrics;
use millrace::time::Time;
use yew::prelude::*;

/// The Metrics tab.
pub fn metrics(ui: &Ui, data: &MetricsData) -> Html {
    html! {
        <>
            <h2>{ "Numbers" }</h2>
            { bare_table(&data.numbers, "metrics-numbers") }
            <h3>{ "Lag" }</h3>
            { lags(&data.lags) }
            { bare_table(&data.lag, "lag") }
            <h3>{ "Load" }</h3>
            { bare_table(&data.load, "load-table") }
            <h3>{ "Promises" }</h3>
            <p class="hint">{ "What the settings in force guarantee, checked at every event." }</p>
            { promises(ui, &data.promises) }
            <h2>{ "The pictures as tables" }</h2>
            <h3>{ "Lag over time" }</h3>
            { data_table(&twins::lags(&data.lags), Some("twin-lags")) }
            <h3>{ "Orders not finished" }</h3>
            { data_table(&twins::unfinished(&data.unfinished), Some("twin-unfinished")) }
            <h3>{ "Time to an answer" }</h3>
            { data_table(&twins::answers(&data.answers), Some("twin-answers")) }
            <h3>{ "Shops and services" }</h3>
            { data_table(&twins::stations(&data.scene), Some("twin-stations")) }
            <h3>{ "Partitions" }</h3>
            { data_table(&twins::strips(&data.scene), Some("twin-partitions")) }
            <h3>{ "On its way" }</h3>
            { data_table(&twins::flights(&data.scene), Some("twin-flights")) }
        </>
    }
}

/// Pixels of the small chart: width, height, and room at the left and the foot for words.
const CHART: (f64, f64) = (306.0, 92.0);
const MARGIN: (f64, f64) = (26.0, 14.0);
/// More points than this would only be drawn over each other.
const POINTS: usize = 150;

/// The lag of each group over time: three lines that differ in their dashes too.
fn lags(samples: &[[u32; 3]]) -> Html {
    let most = samples
        .iter()
        .flatten()
        .copied()
        .max()
        .unwrap_or_default()
        .max(10);
    let end = Time::ZERO + Metrics::EVERY * samples.len().saturating_sub(1) as u64;
    let (left, foot) = (MARGIN.0.to_string(), (CHART.1 - MARGIN.1).to_string());
    let label = format!(
        "Lag of the three groups up to {end}; the highest is {most}. The table below has the numbers."
    );
    html! {
        <>
            <svg class="lags" viewBox={format!("0 0 {} {}", CHART.0, CHART.1)} role="img" aria-label={label}>
                <line x1={left.clone()} x2={CHART.0.to_string()} y1="6" y2="6" />
                <line x1={left.clone()} x2={CHART.0.to_string()} y1={foot.clone()} y2={foot.clone()} />
                <text x="0" y="10">{ most }</text>
                <text x="0" y={foot}>{ "0" }</text>
                <text x={left} y={CHART.1.to_string()}>{ "00:00" }</text>
                <text x={CHART.0.to_string()} y={CHART.1.to_string()} text-anchor="end">{ end.to_string() }</text>
                { for (0..3).map(|group| html! { <path class={format!("s{group}")} d={line(samples, group, most)} /> }) }
            </svg>
            <p class="legend" aria-hidden="true">
                { for Service::ALL.iter().map(|service| html! {
                    <span><svg class="lags" viewBox="0 0 18 3" style="width: 18px"><path class={format!("s{}", service.index())} d="M0 1.5h18" /></svg>{ service.name() }</span>
                }) }
            </p>
        </>
    }
}

/// A group's line.
fn line(samples: &[[u32; 3]], group: usize, most: u32) -> String {
    let step = samples.len().div_ceil(POINTS).max(1);
    let last = samples.len().saturating_sub(1).max(1) as f64;
    let (width, height) = (CHART.0 - MARGIN.0, CHART.1 - MARGIN.1 - 6.0);
    let mut path = String::new();
    for (n, sample) in samples.iter().enumerate().rev().step_by(step) {
        let x = MARGIN.0 + n as f64 / last * width;
        let y = 6.0 + height - f64::from(sample[group]) / f64::from(most) * height;
        let pen = if path.is_empty() { 'M' } else { 'L' };
        path.push_str(&format!("{pen}{x:.1} {y:.1}"));
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_stays_in_its_chart() {
        let samples: Vec<[u32; 3]> = (0..4_000).map(|n| [n, 0, n / 2]).collect();
        let path = line(&samples, 0, 3_999);
        assert!(path.starts_with("M306.0 6.0L"), "{path}");
        assert!(path.matches('L').count() <= POINTS);
        assert_eq!(line(&[], 0, 10), "");
        assert_eq!(line(&[[0; 3]], 1, 10), "M26.0 78.0");
    }
}
