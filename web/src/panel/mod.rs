//! The side panel: five tabs. On a phone it is a sheet at the foot of the page.

mod code;
mod explain;
mod faults;
mod fields;
mod metrics;
mod parts;
mod topic;
mod topics;
mod twins;

pub use parts::DataTable;

use crate::dom;
use crate::ui::{Action, PanelData, Tab, use_ui};
use millrace::view::predict::Score;
use yew::prelude::*;

/// Properties of [`Side`].
#[derive(Properties, PartialEq)]
pub struct SideProps {
    /// What the open tab shows.
    pub panel: PanelData,
    /// How the answers did.
    pub score: Score,
    /// Whether a phone's sheet is drawn up.
    pub up: bool,
    /// Draws it up or down.
    pub sheet: Callback<()>,
    /// The file that is played: its name and speed.
    pub file: Option<(String, f64)>,
}

impl PanelData {
    fn tab(&self) -> Tab {
        match self {
            Self::Explain(_) => Tab::Explain,
            Self::Topic(_) => Tab::Topic,
            Self::Metrics(_) => Tab::Metrics,
            Self::Faults(_) => Tab::Faults,
            Self::Code(_) => Tab::Code,
        }
    }
}

/// The side panel.
#[component]
pub fn Side(props: &SideProps) -> Html {
    let open = props.panel.tab();
    let inside = match &props.panel {
        PanelData::Explain(data) => {
            html! { <explain::ExplainPanel data={data.clone()} score={props.score} /> }
        }
        PanelData::Topic(data) => html! { <topic::TopicPanel data={data.clone()} /> },
        PanelData::Metrics(data) => html! { <metrics::MetricsPanel data={data.clone()} /> },
        PanelData::Faults(data) => {
            html! { <faults::FaultsPanel data={data.clone()} file={props.file.clone()} /> }
        }
        PanelData::Code(data) => html! { <code::CodePanel data={data.clone()} /> },
    };
    let sheet = props.sheet.reform(|_: MouseEvent| ());
    html! {
        <aside class="side" aria-label="About this moment">
            <button class="grip" onclick={sheet} aria-expanded={props.up.to_string()} aria-controls="panel"
                aria-label={if props.up { "Draw the panel down" } else { "Draw the panel up" }} data-testid="grip"><i></i></button>
            <Tabs {open} raise={(!props.up).then(|| props.sheet.clone())} />
            <div class="panel" role="tabpanel" id="panel" tabindex="0" aria-labelledby={format!("tab-{}", open.name())} data-testid={format!("panel-{}", open.name())}>
                { inside }
            </div>
        </aside>
    }
}

/// Properties of [`Tabs`].
#[derive(Properties, PartialEq)]
struct TabsProps {
    open: Tab,
    /// Draws the sheet up, if it is down.
    raise: Option<Callback<()>>,
}

/// The tabs: arrow keys move between them, as the ARIA practices have it.
#[component]
fn Tabs(props: &TabsProps) -> Html {
    let ui = use_ui();
    let exam = ui.params.exam;
    let onkeydown = {
        let (on, open) = (ui.on.clone(), props.open);
        Callback::from(move |event: KeyboardEvent| {
            if let Some(next) = neighbour(&Tab::ALL, open, &event.key()) {
                event.prevent_default();
                on.emit(Action::Tab(next));
                dom::focus(&format!("tab-{}", next.name()));
            }
        })
    };
    let tab = |tab: &Tab| {
        let (tab, here) = (*tab, *tab == props.open);
        // An exam asks and does not explain.
        let title = if exam && tab == Tab::Explain {
            "Questions"
        } else {
            tab.title()
        };
        let (on, raise) = (ui.on.clone(), props.raise.clone());
        let onclick = Callback::from(move |_: MouseEvent| {
            on.emit(Action::Tab(tab));
            if let Some(raise) = raise.as_ref().filter(|_| narrow()) {
                raise.emit(());
            }
        });
        html! {
            <button role="tab" id={format!("tab-{}", tab.name())} aria-selected={here.to_string()} aria-controls="panel"
                tabindex={if here { "0" } else { "-1" }} {onclick} data-testid={format!("tab-{}", tab.name())}>{ title }</button>
        }
    };
    html! { <div class="tabs" role="tablist" aria-label="About this moment" {onkeydown}>{ for Tab::ALL.iter().map(tab) }</div> }
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
        let tabs = Tab::ALL;
        assert_eq!(neighbour(&tabs, Tab::Explain, "ArrowLeft"), Some(Tab::Code));
        assert_eq!(
            neighbour(&tabs, Tab::Code, "ArrowRight"),
            Some(Tab::Explain)
        );
        assert_eq!(neighbour(&tabs, Tab::Faults, "Home"), Some(Tab::Explain));
        assert_eq!(neighbour(&tabs, Tab::Faults, "x"), None);
    }
}
