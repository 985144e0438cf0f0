//! Lines that put a scene in a course page.

use super::snippet::Snippet;
use crate::dom;
use crate::panel::fields::{Change, sets};
use crate::params::LOCKS;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`Embed`].
#[derive(Properties, PartialEq)]
pub struct EmbedProps {
    /// The scene's name.
    pub scenario: String,
    /// The seed.
    pub seed: u64,
    /// The page, where it plays no scenario.
    pub page: &'static str,
    /// What the frame is called for those who do not see it.
    pub title: &'static str,
    /// The link to the instant at which the dialog was opened; empty if there can be none.
    pub link: String,
}

/// What a teacher chooses.
pub struct Choice {
    exam: bool,
    here: bool,
    theme: &'static str,
    locks: Vec<&'static str>,
}

/// The Embed dialog.
pub struct Embed {
    choice: Choice,
}

impl Component for Embed {
    type Message = Change<Self>;
    type Properties = EmbedProps;

    fn create(ctx: &Context<Self>) -> Self {
        Self {
            choice: Choice {
                exam: false,
                // What has no scenario's name is put there as it was set.
                here: !ctx.props().page.is_empty() && !ctx.props().link.is_empty(),
                theme: "system",
                locks: Vec::new(),
            },
        }
    }

    fn update(&mut self, _: &Context<Self>, change: Change<Self>) -> bool {
        change(self);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let choice = &self.choice;
        let set = |set: fn(&mut Choice, bool)| {
            sets(ctx, move |form: &mut Self, on| set(&mut form.choice, on)).reform(checked)
        };
        let lock = |name: &'static str| {
            let freeze = move |form: &mut Self, on| {
                form.choice.locks.retain(|lock| *lock != name);
                if on {
                    form.choice.locks.push(name);
                }
            };
            sets(ctx, freeze).reform(checked)
        };
        let EmbedProps { link, title, .. } = ctx.props();
        let place = link.find('#').filter(|_| choice.here);
        let fragment = place.map_or("", |place| &link[place..]);
        let url = address(&dom::address(), ctx.props(), choice, fragment);
        html! {
            <>
                <p>{ "The scene starts paused until it is in sight, and posts its height and the score of its questions to the page around it." }</p>
                <div class="form">
                    <label class="check"><input type="checkbox" checked={choice.here} disabled={link.is_empty()} onchange={set(|c, on| c.here = on)} data-testid="embed-here" />{ "Begin at the instant at which this was opened" }</label>
                    <label class="check"><input type="checkbox" checked={choice.exam} onchange={set(|c, on| c.exam = on)} />{ "Exam: questions but no Explain, no going back" }</label>
                    <label class="check"><input type="checkbox" checked={choice.theme == "light"} onchange={set(|c, on| c.theme = if on { "light" } else { "system" })} />{ "Always light" }</label>
                    <details class="part"><summary>{ "Freeze controls" }</summary>
                        <div class="checks">{ for LOCKS.iter().map(|(name, what)| html! {
                            <label class="check"><input type="checkbox" checked={choice.locks.contains(name)} onchange={lock(name)} />{ *what }</label>
                        }) }</div>
                    </details>
                </div>
                <Snippet label="HTML" text={html_line(&url, title)} testid="embed-html" />
                <Snippet label="MkDocs Material" text={mkdocs(&url, title)} />
                <Snippet label="reveal.js" text={reveal(&url, title)} />
            </>
        }
    }
}

fn checked(event: Event) -> bool {
    let input: HtmlInputElement = event.target_unchecked_into();
    input.checked()
}

fn address(page: &str, shown: &EmbedProps, choice: &Choice, fragment: &str) -> String {
    let mut url = format!("{page}?embed=1");
    if fragment.is_empty() && shown.page.is_empty() {
        url.push_str(&format!("&scenario={}&seed={}", shown.scenario, shown.seed));
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
    if fragment.is_empty() && !shown.page.is_empty() {
        url.push_str(&format!("#{}", shown.page));
    }
    url + fragment
}

/// An attribute's value: our own addresses hold no quotes, but the host's might.
fn quoted(url: &str) -> String {
    url.replace('&', "&amp;").replace('"', "&quot;")
}

fn html_line(url: &str, title: &str) -> String {
    format!(
        "<iframe src=\"{}\" title=\"Millrace: {title}\" width=\"100%\" height=\"760\" loading=\"lazy\" sandbox=\"allow-scripts allow-popups\" style=\"border:0\"></iframe>",
        quoted(url)
    )
}

fn mkdocs(url: &str, title: &str) -> String {
    format!(
        "<div class=\"result\" markdown>\n{}\n</div>",
        html_line(url, title)
    )
}

fn reveal(url: &str, title: &str) -> String {
    format!(
        "<section>\n  <iframe data-src=\"{}\" title=\"Millrace: {title}\" width=\"1200\" height=\"640\" sandbox=\"allow-scripts allow-popups\" style=\"border:0\"></iframe>\n</section>",
        quoted(url)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_safe_in_attributes() {
        let line = html_line("https://host/a\"b/?embed=1&exam=1", "Windows");
        assert!(
            line.contains("src=\"https://host/a&quot;b/?embed=1&amp;exam=1\""),
            "{line}"
        );
        assert!(line.contains("title=\"Millrace: Windows\""), "{line}");
        assert!(reveal("x", "Orders").contains("data-src=\"x\""));
        assert!(mkdocs("x", "Orders").contains("sandbox=\"allow-scripts"));
    }
}
