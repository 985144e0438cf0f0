//! Code: what the picture does, as real client code with the settings in force.

use crate::dom;
use crate::ui::CodeData;
use millrace::view::code::Listing;
use std::rc::Rc;
use yew::prelude::*;

/// Properties of [`CodePanel`].
#[derive(Properties, PartialEq)]
pub struct CodePanelProps {
    /// What to show.
    pub data: Rc<CodeData>,
}

/// The Code tab.
#[component]
pub fn CodePanel(props: &CodePanelProps) -> Html {
    let java = use_state(|| false);
    let choose = |to: bool| {
        let java = java.clone();
        Callback::from(move |_: MouseEvent| java.set(to))
    };
    let wanted = if *java { "Java" } else { "Python" };
    let listings = props.data.listings.iter();
    let listings = listings.filter(|listing| listing.language.starts_with(wanted));
    html! {
        <>
            <h2>{ "The same in code" }</h2>
            <p class="hint">{ "With the settings in force now; it changes as you change them." }</p>
            <div class="row">
                <button aria-pressed={(!*java).to_string()} onclick={choose(false)} data-testid="python">{ "Python" }</button>
                <button aria-pressed={java.to_string()} onclick={choose(true)} data-testid="java">{ "Java" }</button>
            </div>
            { for listings.map(|listing| html! { <Program key={listing.title.clone()} listing={listing.clone()} /> }) }
        </>
    }
}

/// Properties of [`Program`].
#[derive(Properties, PartialEq)]
struct ProgramProps {
    listing: Listing,
}

#[component]
fn Program(props: &ProgramProps) -> Html {
    let said = use_state(|| "");
    let listing = &props.listing;
    let copy = {
        let (text, said) = (listing.code.clone(), said.clone());
        Callback::from(move |_: MouseEvent| {
            let (text, said) = (text.clone(), said.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let copied = dom::copy(&text).await;
                said.set(if copied {
                    "Copied."
                } else {
                    "The clipboard is not ours here: select the text."
                });
            });
        })
    };
    let name = format!("{}, {}", listing.title, listing.language);
    html! {
        <div class="program">
            <div class="head"><h3>{ &listing.title }</h3><span class="hint" role="status">{ *said }</span>
                <button onclick={copy} aria-label={format!("Copy {name}")}>{ "Copy" }</button></div>
            <p class="hint">{ &listing.language }</p>
            <pre class="code" tabindex="0" role="region" aria-label={name} data-testid="code"><code>{ &listing.code }</code></pre>
            if !listing.note.is_empty() { <p class="now">{ &listing.note }</p> }
        </div>
    }
}
