//! The side panel: five tabs. On a phone it is a sheet at the foot of the page.

mod biography;
mod clickstream;
mod cluster;
mod cluster_faults;
mod code;
mod crashes;
mod explain;
mod faults;
pub mod fields;
mod hunt;
pub mod layers;
mod metrics;
mod network;
pub mod nodes;
mod parts;
mod topic;
mod topics;
mod twins;

pub use code::Code;
pub use explain::{questions, told};
pub use fields::Entry;
pub use parts::{bare_table, data_table};

use crate::dom;
use crate::ui::{Action, Page, PanelData, Snapshot, Tab, Ui};
use yew::prelude::*;

impl PanelData {
    fn tab(&self) -> Tab {
        match self {
            Self::Explain(_) | Self::ClusterNow(_) | Self::LayersNow(_) | Self::ClicksNow(_) => {
                Tab::Explain
            }
            Self::Partition(_) => Tab::Partition,
            Self::Topic(_) => Tab::Topic,
            Self::Metrics(_) | Self::LayersMetrics(_) => Tab::Metrics,
            Self::Faults(_) | Self::ClusterFaults(_) | Self::LayersFaults(_) => Tab::Faults,
            Self::Code(_) => Tab::Code,
            Self::Network(_) => Tab::Network,
            Self::ClicksModels(_) => Tab::Models,
            Self::ClicksOwn(_) => Tab::Data,
        }
    }
}

/// The side panel; `up` tells whether a phone's sheet is drawn up, `sheet` draws it up or down.
pub fn side(ui: &Ui, page: Page, shown: &Snapshot, up: bool, sheet: &Callback<()>) -> Html {
    let open = shown.panel.tab();
    let inside = match &shown.panel {
        PanelData::Explain(data) => explain::explain(ui, data, shown.score),
        PanelData::Topic(data) => topic::topic(ui, data),
        PanelData::Metrics(data) => metrics::metrics(ui, data),
        PanelData::Faults(data) => {
            html! { <faults::Faults ui={ui.clone()} data={data.clone()} file={shown.file.clone()} /> }
        }
        PanelData::Code(data) => html! { <code::Code data={data.clone()} /> },
        PanelData::ClusterNow(data) => {
            cluster::now(ui, data, shown.score, shown.compared.as_deref())
        }
        PanelData::Network(data) => network::network(ui, data),
        PanelData::LayersNow(data) => layers::now(ui, data, shown.score),
        PanelData::LayersMetrics(data) => layers::metrics(data),
        PanelData::LayersFaults(data) => layers::faults(ui, data),
        PanelData::ClicksNow(data) => clickstream::now(ui, data, shown.score),
        PanelData::ClicksModels(data) => clickstream::models(data),
        PanelData::ClicksOwn(data) => clickstream::own(ui, data),
        PanelData::Partition(data) => cluster::partition(ui, data),
        PanelData::ClusterFaults(data) => {
            html! { <cluster_faults::ClusterFaults ui={ui.clone()} data={data.clone()} /> }
        }
    };
    frame(ui, page, open, up, sheet, inside)
}

/// The side panel around what its open tab shows.
pub fn frame(ui: &Ui, page: Page, open: Tab, up: bool, sheet: &Callback<()>, inside: Html) -> Html {
    let raise = (!up).then(|| sheet.clone());
    html! {
        <aside class="side" aria-label="About this moment">
            <button class="grip" onclick={sheet.reform(|_: MouseEvent| ())} aria-expanded={up.to_string()} aria-controls={ui.id("panel")}
                aria-label={if up { "Draw the panel down" } else { "Draw the panel up" }} data-testid="grip"><i></i></button>
            { tabs(ui, page.tabs(), open, raise) }
            <div key={open.name()} class="panel" role="tabpanel" id={ui.id("panel")} tabindex="0" aria-labelledby={ui.id(&format!("tab-{}", open.name()))} data-testid={format!("panel-{}", open.name())}>
                { inside }
            </div>
        </aside>
    }
}

/// The tabs: arrow keys move between them, as the ARIA practices have it. `raise` draws the sheet
/// up, if it is down.
fn tabs(ui: &Ui, all: &'static [Tab], open: Tab, raise: Option<Callback<()>>) -> Html {
    let exam = ui.params.exam;
    let onkeydown = {
        let ui = ui.clone();
        Callback::from(move |event: KeyboardEvent| {
            if let Some(next) = neighbour(all, open, &event.key()) {
                event.prevent_default();
                ui.on.emit(Action::Tab(next));
                dom::focus(&ui.id(&format!("tab-{}", next.name())));
            }
        })
    };
    let tab = |tab: &Tab| {
        let (tab, here) = (*tab, *tab == open);
        // An exam asks and does not explain.
        let title = if exam && tab == Tab::Explain {
            "Questions"
        } else {
            tab.title()
        };
        let (on, raise) = (ui.on.clone(), raise.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            on.emit(Action::Tab(tab));
            if let Some(raise) = raise.as_ref().filter(|_| narrow()) {
                raise.emit(());
            }
        });
        html! {
            <button role="tab" id={ui.id(&format!("tab-{}", tab.name()))} aria-selected={here.to_string()} aria-controls={ui.id("panel")}
                tabindex={if here { "0" } else { "-1" }} {onclick} data-testid={format!("tab-{}", tab.name())}>{ title }</button>
        }
    };
    html! { <div class="tabs" role="tablist" aria-label="About this moment" {onkeydown}>{ for all.iter().map(tab) }</div> }
}

/// Whether the panel is a sheet now: style.css draws the same line.
fn narrow() -> bool {
    dom::window()
        .inner_width()
        .ok()
        .and_then(|w| w.as_f64())
        .is_some_and(|w| w < 760.0)
}

/// The tab that a key leads to.
fn neighbour(tabs: &[Tab], open: Tab, key: &str) -> Option<Tab> {
    let here = tabs.iter().position(|tab| *tab == open)?;
    let to = match key {
        "ArrowRight" => (here + 1) % tabs.len(),
        "ArrowLeft" => (here + tabs.len() - 1) % tabs.len(),
        "Home" => 0,
        "End" => tabs.len() - 1,
        _ => return None,
    };
    tabs.get(to).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrow_keys_go_round_the_tabs() {
        let tabs = Page::Orders.tabs();
        assert_eq!(neighbour(tabs, Tab::Explain, "ArrowLeft"), Some(Tab::Code));
        assert_eq!(neighbour(tabs, Tab::Code, "ArrowRight"), Some(Tab::Explain));
        assert_eq!(neighbour(tabs, Tab::Faults, "Home"), Some(Tab::Explain));
        assert_eq!(neighbour(tabs, Tab::Faults, "x"), None);
    }
}
