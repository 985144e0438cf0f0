//! Lines that put a scene in a course page.

use super::Snippet;
use crate::dom;
use crate::params::LOCKS;
use crate::ui::Snapshot;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`Embed`].
#[derive(Properties, PartialEq)]
pub struct EmbedProps {
    /// What the panels show.
    pub shown: Snapshot,
}

/// What a teacher chooses.
#[derive(Clone, PartialEq, Default)]
struct Choice {
    exam: bool,
    here: bool,
    theme: &'static str,
    locks: Vec<&'static str>,
}

/// The Embed dialog.
#[component]
pub fn Embed(props: &EmbedProps) -> Html {
    let choice = use_state(|| Choice {
        theme: "system",
        ..Choice::default()
    });
    let set = |change: fn(&mut Choice, bool)| {
        let choice = choice.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let mut next = (*choice).clone();
            change(&mut next, input.checked());
            choice.set(next);
        })
    };
    let lock = |name: &'static str| {
        let choice = choice.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let mut next = (*choice).clone();
            next.locks.retain(|lock| *lock != name);
            if input.checked() {
                next.locks.push(name);
            }
            choice.set(next);
        })
    };
    let fragment = if choice.here {
        dom::fragment()
    } else {
        String::new()
    };
    let url = address(&dom::address(), &props.shown, &choice, &fragment);
    html! {
        <>
            <p>{ "The scene starts paused until it is in sight, and posts its height and the score of its questions to the page around it." }</p>
            <div class="form">
                <label class="check"><input type="checkbox" checked={choice.here} onchange={set(|c, on| c.here = on)} />{ "Begin at the instant of the last copied link" }</label>
                <label class="check"><input type="checkbox" checked={choice.exam} onchange={set(|c, on| c.exam = on)} />{ "Exam: questions but no Explain, no going back" }</label>
                <label class="check"><input type="checkbox" checked={choice.theme == "light"} onchange={set(|c, on| c.theme = if on { "light" } else { "system" })} />{ "Always light" }</label>
                <details class="part"><summary>{ "Freeze controls" }</summary>
                    <div class="checks">{ for LOCKS.iter().map(|(name, what)| html! {
                        <label class="check"><input type="checkbox" checked={choice.locks.contains(name)} onchange={lock(name)} />{ *what }</label>
                    }) }</div>
                </details>
            </div>
            <Snippet label="HTML" text={html_line(&url)} testid="embed-html" />
            <Snippet label="MkDocs Material" text={mkdocs(&url)} />
            <Snippet label="reveal.js" text={reveal(&url)} />
        </>
    }
}

fn address(page: &str, shown: &Snapshot, choice: &Choice, fragment: &str) -> String {
    let mut url = format!("{page}?embed=1");
    if fragment.is_empty() {
        url.push_str(&format!(
            "&scenario={}&seed={}",
            shown.scenario.0, shown.transport.seed
        ));
    }
    if choice.exam {
        url.push_str("&exam=1");
    }
    if choice.theme != "system" {
        url.push_str(&format!("&theme={}", choice.theme));
    }
    if !choice.locks.is_empty() {
        url.push_str(&format!("&lock={}", choice.locks.join(",")));
    }
    url + fragment
}

/// An attribute's value: our own addresses hold no quotes, but the host's might.
fn quoted(url: &str) -> String {
    url.replace('&', "&amp;").replace('"', "&quot;")
}

fn html_line(url: &str) -> String {
    format!(
        "<iframe src=\"{}\" title=\"Millrace: the order pipeline\" width=\"100%\" height=\"760\" loading=\"lazy\" sandbox=\"allow-scripts allow-popups\" style=\"border:0\"></iframe>",
        quoted(url)
    )
}

fn mkdocs(url: &str) -> String {
    format!(
        "<div class=\"result\" markdown>\n{}\n</div>",
        html_line(url)
    )
}

fn reveal(url: &str) -> String {
    format!(
        "<section>\n  <iframe data-src=\"{}\" title=\"Millrace: the order pipeline\" width=\"1200\" height=\"640\" sandbox=\"allow-scripts allow-popups\" style=\"border:0\"></iframe>\n</section>",
        quoted(url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_safe_in_attributes() {
        let line = html_line("https://host/a\"b/?embed=1&exam=1");
        assert!(
            line.contains("src=\"https://host/a&quot;b/?embed=1&amp;exam=1\""),
            "{line}"
        );
        assert!(reveal("x").contains("data-src=\"x\""));
        assert!(mkdocs("x").contains("sandbox=\"allow-scripts"));
    }
}
