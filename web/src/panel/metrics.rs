//! Metrics: numbers of both shops, lag, promises, and every picture as a table.

use super::parts::{DataTable, Promises};
use super::twins;
use crate::ui::MetricsData;
use std::rc::Rc;
use yew::prelude::*;

/// Properties of [`MetricsPanel`].
#[derive(Properties, PartialEq)]
pub struct MetricsPanelProps {
    /// What to show.
    pub data: Rc<MetricsData>,
}

/// The Metrics tab.
#[component]
pub fn MetricsPanel(props: &MetricsPanelProps) -> Html {
    let data = &props.data;
    html! {
        <>
            <h2>{ "Numbers" }</h2>
            <DataTable table={data.numbers.clone()} bare=true testid="metrics-numbers" />
            <h3>{ "Lag" }</h3>
            <DataTable table={data.lag.clone()} bare=true testid="lag" />
            <h3>{ "Load" }</h3>
            <DataTable table={data.load.clone()} bare=true testid="load-table" />
            <h3>{ "Promises" }</h3>
            <p class="hint">{ "What the settings in force guarantee, checked at every event." }</p>
            <Promises rows={data.promises.clone()} />
            <h2>{ "The pictures as tables" }</h2>
            <h3>{ "Orders not finished" }</h3>
            <DataTable table={twins::unfinished(&data.unfinished)} testid="twin-unfinished" />
            <h3>{ "Time to an answer" }</h3>
            <DataTable table={twins::answers(&data.answers)} testid="twin-answers" />
            <h3>{ "Shops and services" }</h3>
            <DataTable table={twins::stations(&data.scene)} testid="twin-stations" />
            <h3>{ "Partitions" }</h3>
            <DataTable table={twins::strips(&data.scene)} testid="twin-partitions" />
            <h3>{ "On its way" }</h3>
            <DataTable table={twins::flights(&data.scene)} testid="twin-flights" />
        </>
    }
}
