//! A text to copy.

use crate::dom;
use web_sys::HtmlTextAreaElement;
use yew::prelude::*;

/// Properties of [`Snippet`].
#[derive(Properties, PartialEq)]
pub struct SnippetProps {
    /// The text.
    pub text: String,
    /// What it is.
    pub label: &'static str,
    /// Whether it is selected from the start.
    #[prop_or_default]
    pub selected: bool,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<&'static str>,
}

/// A text to copy: a button where that works, selected text where it does not.
pub struct Snippet {
    node: NodeRef,
    /// The text was not drawn before.
    fresh: bool,
    said: &'static str,
}

impl Snippet {
    fn select(&self) -> bool {
        let area = self.node.cast::<HtmlTextAreaElement>();
        if let Some(area) = &area {
            area.select();
        }
        area.is_some()
    }
}

impl Component for Snippet {
    /// Whether the text is on the clipboard.
    type Message = bool;
    type Properties = SnippetProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            node: NodeRef::default(),
            fresh: true,
            said: "",
        }
    }

    fn update(&mut self, _: &Context<Self>, copied: bool) -> bool {
        if copied {
            self.said = "Copied.";
        } else if self.select() {
            self.said = "Selected: copy it.";
        }
        true
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &SnippetProps) -> bool {
        self.fresh |= ctx.props().text != old.text;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let copy = {
            let (text, told) = (props.text.clone(), ctx.link().callback(|copied| copied));
            Callback::from(move |_: MouseEvent| {
                let (text, told) = (text.clone(), told.clone());
                wasm_bindgen_futures::spawn_local(async move {
                    told.emit(dom::copy(&text).await);
                });
            })
        };
        html! {
            <div class="snippet">
                <div class="head"><h3>{ props.label }</h3><span role="status">{ self.said }</span><button onclick={copy}>{ "Copy" }</button></div>
                <textarea ref={&self.node} readonly=true rows="3" spellcheck="false" aria-label={props.label} value={props.text.clone()} data-testid={props.testid} />
            </div>
        }
    }

    fn rendered(&mut self, ctx: &Context<Self>, _: bool) {
        if std::mem::take(&mut self.fresh) && ctx.props().selected {
            self.select();
        }
    }
}
