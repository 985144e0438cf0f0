//! The head of the page: the mark, the pages that exist, and what one does with a scene.

use crate::actions::next_theme;
use crate::params::Theme;
use crate::ui::{Action, Over, Page, use_ui};
use yew::prelude::*;

/// Properties of [`Header`].
#[derive(Properties, PartialEq)]
pub struct HeaderProps {
    /// The open page.
    pub page: Page,
    /// The theme.
    pub theme: Theme,
    /// Whether the address bar is ours, so that pages are links.
    pub owner: bool,
}

/// The head of the page.
#[component]
pub fn Header(props: &HeaderProps) -> Html {
    let ui = use_ui();
    if ui.params.embed {
        return html! { <Slim /> };
    }
    let more = use_state(|| false);
    let toggle = {
        let more = more.clone();
        Callback::from(move |_: MouseEvent| more.set(!*more))
    };
    let lab = props.page == Page::Orders;
    html! {
        <header class="top">
            <a class="brand" href="#orders" aria-label="Millrace, to the Orders page"><Wave />{ "Millrace" }</a>
            <nav aria-label="Pages">
                { for Page::ALL.iter().map(|page| html! { <PageLink page={*page} here={*page == props.page} owner={props.owner} /> }) }
            </nav>
            <button class="more quiet" aria-expanded={more.to_string()} aria-controls="actions" onclick={toggle} aria-label="More">{ "⋯" }</button>
            <div class={classes!("actions", more.then_some("open"))} id="actions">
                <ThemeButton theme={props.theme} />
                if lab {
                    if !ui.locked("load") {
                        <button onclick={ui.does(Action::Over(Some(Over::Load)))} data-testid="load">{ "Load orders…" }</button>
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

/// Properties of [`PageLink`].
#[derive(Properties, PartialEq)]
struct PageLinkProps {
    page: Page,
    here: bool,
    owner: bool,
}

#[component]
fn PageLink(props: &PageLinkProps) -> Html {
    let ui = use_ui();
    let page = props.page;
    let onclick = (!props.owner).then(|| {
        let on = ui.on.clone();
        Callback::from(move |event: MouseEvent| {
            event.prevent_default();
            on.emit(Action::Page(page));
        })
    });
    html! {
        <a href={format!("#{}", page.name())} aria-current={props.here.then_some("page")} {onclick}
            data-testid={format!("page-{}", page.name())}>{ page.title() }</a>
    }
}

/// The head of an embedded scene: who we are, and the way to the whole page.
#[component]
fn Slim() -> Html {
    let ui = use_ui();
    html! {
        <header class="top slim">
            <span class="brand"><Wave />{ "Millrace" }</span>
            if !ui.params.exam {
                <a class="whole" target="_blank" rel="noopener" href="./">{ "Open the whole page" }</a>
            }
            <button class="quiet" onclick={ui.does(Action::CopyLink)} data-testid="copy-link">{ "Copy link" }</button>
        </header>
    }
}

#[component]
fn Wave() -> Html {
    html! {
        <svg class="wave" viewBox="0 0 24 24" width="24" height="24" aria-hidden="true">
            <path class="far" d="M1.5 9.5c3.5-6 7-6 10.5 0s7 6 10.5 0" />
            <path class="near" d="M1.5 16c3.5-6 7-6 10.5 0s7 6 10.5 0" />
        </svg>
    }
}

/// Properties of [`ThemeButton`].
#[derive(Properties, PartialEq)]
struct ThemeButtonProps {
    theme: Theme,
}

#[component]
fn ThemeButton(props: &ThemeButtonProps) -> Html {
    let ui = use_ui();
    let (sign, name) = match props.theme {
        Theme::System => ("◐", "as the system has it"),
        Theme::Light => ("○", "light"),
        Theme::Dark => ("●", "dark"),
    };
    let label = format!("Colours: {name}. Change.");
    html! {
        <button class="quiet sign" onclick={ui.does(Action::Theme(next_theme(props.theme)))}
            title={label.clone()} aria-label={label} data-testid="theme">{ sign }</button>
    }
}
