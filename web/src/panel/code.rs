//! Code: what the picture does, as real client code with the settings in force.

use crate::dom;
use crate::ui::CodeData;
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
    let copied = use_state(|| "");
    let text = if *java { &props.data.java } else { &props.data.python };
    let choose = |to: bool| {
        let (java, copied) = (java.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            java.set(to);
            copied.set("");
        })
    };
    let copy = {
        let (text, copied) = (text.clone(), copied.clone());
        Callback::from(move |_: MouseEvent| {
            let (text, copied) = (text.clone(), copied.clone());
            wasm_bindgen_futures::spawn_local(async move {
                let done = dom::copy(&text).await;
                copied.set(if done { "Copied." } else { "This page may not use the clipboard: select the text." });
            });
        })
    };
    html! {
        <>
            <h2>{ "The same in code" }</h2>
            <p class="hint">{ "With the settings in force now; it changes as you change them." }</p>
            <div class="row">
                <button aria-pressed={(!*java).to_string()} onclick={choose(false)} data-testid="python">{ "Python" }</button>
                <button aria-pressed={java.to_string()} onclick={choose(true)} data-testid="java">{ "Java" }</button>
                <span class="grow"></span>
                <button onclick={copy} data-testid="copy-code">{ "Copy" }</button>
            </div>
            <p class="hint" role="status">{ *copied }</p>
            <pre class="code" tabindex="0" data-testid="code"><code>{ text }</code></pre>
            <h3>{ "About flush()" }</h3>
            <p class="now">{ &props.data.note }</p>
        </>
    }
}
