//! Code: what the picture does, as real client code with the settings in force.

use crate::dom;
use crate::ui::CodeData;
use millrace::view::code::Listing;
use std::rc::Rc;
use yew::prelude::*;

/// Properties of [`Code`].
#[derive(Properties, PartialEq)]
pub struct CodeProps {
    /// What to show.
    pub data: Rc<CodeData>,
}

/// The Code tab.
pub struct Code {
    /// Which of the languages.
    chosen: usize,
    /// The program that was last to be copied, and what came of it.
    said: (String, &'static str),
}

/// What the Code tab hears.
pub enum Msg {
    /// Another of the languages.
    Language(usize),
    /// Whether the program of this title is on the clipboard.
    Copied(String, bool),
}

impl Component for Code {
    type Message = Msg;
    type Properties = CodeProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            chosen: 0,
            said: Default::default(),
        }
    }

    fn update(&mut self, _: &Context<Self>, msg: Msg) -> bool {
        match msg {
            Msg::Language(chosen) => {
                self.chosen = chosen;
                self.said = Default::default();
            }
            Msg::Copied(title, true) => self.said = (title, "Copied."),
            Msg::Copied(title, false) => {
                self.said = (title, "The clipboard is not ours here: select the text.");
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let all = &ctx.props().data.listings;
        let mut languages: Vec<&str> = all.iter().map(language).collect();
        languages.dedup();
        let chosen = self.chosen.min(languages.len().saturating_sub(1));
        let wanted = languages.get(chosen).copied().unwrap_or_default();
        let listings = all.iter().filter(|listing| language(listing) == wanted);
        let choice = |(n, name): (usize, &&str)| {
            let onclick = ctx.link().callback(move |_: MouseEvent| Msg::Language(n));
            let testid = name.to_ascii_lowercase();
            html! { <button aria-pressed={(n == chosen).to_string()} {onclick} data-testid={testid}>{ *name }</button> }
        };
        html! {
            <>
                <h2>{ "The same in code" }</h2>
                <p class="hint">{ "With the settings in force now; it changes as you change them." }</p>
                if languages.len() > 1 {
                    <div class="row">{ for languages.iter().enumerate().map(choice) }</div>
                }
                { for listings.map(|listing| self.program(ctx, listing)) }
            </>
        }
    }
}

/// The language of a program: the first word.
fn language(listing: &Listing) -> &str {
    listing.language.split(' ').next().unwrap_or_default()
}

impl Code {
    fn program(&self, ctx: &Context<Self>, listing: &Listing) -> Html {
        let copy = {
            let (text, title) = (listing.code.clone(), listing.title.clone());
            let told = ctx
                .link()
                .callback(|(title, copied)| Msg::Copied(title, copied));
            Callback::from(move |_: MouseEvent| {
                let (text, title, told) = (text.clone(), title.clone(), told.clone());
                wasm_bindgen_futures::spawn_local(async move {
                    let copied = dom::copy(&text).await;
                    told.emit((title, copied));
                });
            })
        };
        let name = format!("{}, {}", listing.title, listing.language);
        let (last, words) = &self.said;
        let said = if *last == listing.title { words } else { "" };
        html! {
            <div class="program" key={listing.title.clone()}>
                <div class="head"><h3>{ &listing.title }</h3><span class="hint" role="status">{ said }</span>
                    <button onclick={copy} aria-label={format!("Copy {name}")}>{ "Copy" }</button></div>
                <p class="hint">{ &listing.language }</p>
                <pre class="code" tabindex="0" role="region" aria-label={name} data-testid="code"><code>{ &listing.code }</code></pre>
                if !listing.note.is_empty() { <p class="now">{ &listing.note }</p> }
            </div>
        }
    }
}
