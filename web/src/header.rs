//! The head of the page: the mark, the pages that exist, and what one does with a scene.

use crate::actions::next_theme;
use crate::dom;
use crate::params::Theme;
use crate::ui::{Action, Over, Page, Ui};
use yew::prelude::*;

/// The head of the page.
pub struct Header {
    /// The open page.
    pub page: Page,
    /// The theme.
    pub theme: Theme,
    /// Whether a phone shows the actions.
    pub more: bool,
    /// Shows or hides them.
    pub toggle: Callback<MouseEvent>,
}

impl Header {
    /// Draws it.
    pub fn view(self, ui: &Ui) -> Html {
        if ui.params.embed {
            return slim(ui);
        }
        let lab = self.page.plays();
        html! {
            <header class="top">
                <a class="brand" href="#orders" aria-label="Millrace, to the Orders page">{ wave() }<span>{ "Millrace" }</span></a>
                <nav aria-label="Pages">
                    { for Page::ALL.iter().map(|page| page_link(*page, *page == self.page)) }
                </nav>
                <button class="more quiet" aria-expanded={self.more.to_string()} aria-controls={ui.id("actions")} onclick={self.toggle} aria-label="More">{ "⋯" }</button>
                <div class={classes!("actions", self.more.then_some("open"))} id={ui.id("actions")}>
                    { theme_button(ui, self.theme) }
                    <button onclick={ui.does(Action::Over(Some(Over::Help)))} title="Help (?)" data-testid="help">{ "Help" }</button>
                    if lab {
                        if self.page == Page::Orders && !ui.locked("load") {
                            <button onclick={ui.does(Action::Over(Some(Over::Load)))} data-testid="load">{ "Load orders…" }</button>
                        }
                        if self.page == Page::Clickstream && !ui.locked("load") {
                            <button onclick={ui.does(Action::Over(Some(Over::Load)))} data-testid="load-clicks">{ "Load clicks…" }</button>
                        }
                        <button onclick={ui.does(Action::Over(Some(Over::Embed)))} data-testid="embed">{ "Embed" }</button>
                    }
                </div>
                if lab {
                    <button class="primary" onclick={ui.does(Action::CopyLink)} data-testid="copy-link">{ "Copy link" }</button>
                }
            </header>
        }
    }
}

fn page_link(page: Page, here: bool) -> Html {
    html! {
        <a href={format!("#{}", page.name())} aria-current={here.then_some("page")}
            data-testid={format!("page-{}", page.name())}>{ page.title() }</a>
    }
}

/// The head of an embedded scene: who we are, and the way to the whole page.
fn slim(ui: &Ui) -> Html {
    html! {
        <header class="top slim">
            <span class="brand">{ wave() }{ "Millrace" }</span>
            if !ui.params.exam {
                <a class="whole" target="_blank" rel="noopener" href={dom::address()}>{ "Open the whole page" }</a>
            }
            <button class="quiet" onclick={ui.does(Action::CopyLink)} data-testid="copy-link">{ "Copy link" }</button>
        </header>
    }
}

fn wave() -> Html {
    html! {
        <svg class="wave" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path class="far" d="M1.5 9.5c3.5-6 7-6 10.5 0s7 6 10.5 0" />
            <path class="near" d="M1.5 16c3.5-6 7-6 10.5 0s7 6 10.5 0" />
        </svg>
    }
}

fn theme_button(ui: &Ui, theme: Theme) -> Html {
    let (sign, name) = match theme {
        Theme::System => ("◐", "as the system has it"),
        Theme::Light => ("○", "light"),
        Theme::Dark => ("●", "dark"),
    };
    let label = format!("Colours: {name}. Change.");
    html! {
        <button class="quiet sign" onclick={ui.does(Action::Theme(next_theme(theme)))}
            title={label.clone()} aria-label={label} data-testid="theme">{ sign }</button>
    }
}
