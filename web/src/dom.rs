//! The few things we ask of a browser, each of which may be absent in a sandboxed frame.

use wasm_bindgen::{JsCast, JsValue};
use web_sys::{
    Document, Element, HtmlElement, HtmlInputElement, MouseEvent, Storage, SubmitEvent, Window,
};

/// The window.
pub fn window() -> Window {
    web_sys::window().expect("a page has a window")
}

/// The document.
pub fn document() -> Document {
    window().document().expect("a window has a document")
}

/// Wall time in milliseconds.
pub fn clock() -> f64 {
    window()
        .performance()
        .map_or_else(js_sys::Date::now, |p| p.now())
}

/// Marks a moment for whoever measures the page.
pub fn mark(name: &str) {
    if let Some(performance) = window().performance() {
        let _ = js_sys::Reflect::get(&performance, &"mark".into())
            .and_then(JsCast::dyn_into::<js_sys::Function>)
            .and_then(|mark| mark.call1(&performance, &name.into()));
    }
}

/// What the person chose on an earlier visit. A sandboxed frame throws at the mere mention.
fn storage() -> Option<Storage> {
    window().local_storage().ok().flatten()
}

/// Recalls a choice.
pub fn recall(name: &str) -> Option<String> {
    storage()?.get_item(&format!("millrace.{name}")).ok()?
}

/// Remembers a choice, where that is possible.
pub fn remember(name: &str, value: &str) {
    if let Some(storage) = storage() {
        let _ = storage.set_item(&format!("millrace.{name}"), value);
    }
}

/// Whether the person asked for less motion.
pub fn still() -> bool {
    matches(r"(prefers-reduced-motion: reduce)")
}

/// Whether the system is dark.
pub fn dark() -> bool {
    matches(r"(prefers-color-scheme: dark)")
}

fn matches(query: &str) -> bool {
    window()
        .match_media(query)
        .ok()
        .flatten()
        .is_some_and(|list| list.matches())
}

/// The fragment, with its `#`; empty if there is none.
pub fn fragment() -> String {
    window().location().hash().unwrap_or_default()
}

/// The query, with its `?`.
pub fn query() -> String {
    window().location().search().unwrap_or_default()
}

/// The origin; `null` in a sandboxed frame and for a file opened from disk. `location.origin`
/// would still name the host there.
fn origin() -> String {
    js_sys::Reflect::get(&window(), &"origin".into())
        .ok()
        .and_then(|origin| origin.as_string())
        .unwrap_or_default()
}

/// The address of our page without query and fragment. Where somebody else's page loaded us
/// through the JavaScript API, that is the folder of the script it did so with.
pub fn address() -> String {
    let script = document().query_selector("script[data-api][src]");
    if let Ok(Some(script)) = script
        && let Some(src) = script.get_attribute("src")
        && let Some((folder, _)) = src.rsplit_once('/')
    {
        return format!("{folder}/");
    }
    let href = window().location().href().unwrap_or_default();
    let page = href.split(['?', '#']).next();
    page.unwrap_or_default().to_owned()
}

/// The fragment that a click leads to.
pub fn followed(event: &MouseEvent) -> Option<String> {
    let on: Element = event.target()?.dyn_into().ok()?;
    let link = on.closest("a[href^='#']").ok()??;
    link.get_attribute("href")
}

/// Puts text on the clipboard; whether that worked. It fails in sandboxed frames and where the
/// person said no.
pub async fn copy(text: &str) -> bool {
    // There the browser refuses anyway, and complains in the console.
    if origin() == "null" {
        return false;
    }
    let navigator = window().navigator();
    // `navigator.clipboard` is undefined on plain http, which web-sys does not expect.
    let Ok(clipboard) = js_sys::Reflect::get(&navigator, &"clipboard".into()) else {
        return false;
    };
    if clipboard.is_undefined() || clipboard.is_null() {
        return false;
    }
    let clipboard: web_sys::Clipboard = clipboard.unchecked_into();
    let promise = clipboard.write_text(text);
    wasm_bindgen_futures::JsFuture::from(promise).await.is_ok()
}

/// A fresh seed: a whole number that JavaScript can hold and a person can read out.
pub fn fresh_seed() -> u64 {
    #[cfg(target_arch = "wasm32")]
    {
        getrandom::u32().map_or(1, u64::from) % 1_000_000
    }
    #[cfg(not(target_arch = "wasm32"))]
    {
        1
    }
}

/// Sets the only text of an element that Yew renders empty.
pub fn set_text(element: &Element, text: &str) {
    element.set_text_content(Some(text));
}

/// What was typed into a field of the form that is sent.
pub fn field(event: &SubmitEvent, id: &str) -> String {
    let form = event
        .target()
        .and_then(|form| form.dyn_into::<Element>().ok());
    form.and_then(|form| form.query_selector(&format!("#{id}")).ok().flatten())
        .and_then(|field| field.dyn_into::<HtmlInputElement>().ok())
        .map(|field| field.value())
        .unwrap_or_default()
}

/// Moves the keyboard's focus.
pub fn focus(id: &str) {
    if let Some(element) = document().get_element_by_id(id)
        && let Ok(element) = element.dyn_into::<HtmlElement>()
    {
        let _ = element.focus();
    }
}

/// Scrolls what holds an element sideways, so that the element is in its middle.
pub fn bring_in_sight(element: &Element) {
    if let (Some(element), Some(around)) = (
        element.dyn_ref::<HtmlElement>(),
        element
            .parent_element()
            .and_then(|e| e.dyn_into::<HtmlElement>().ok()),
    ) {
        let from = element.offset_left() - around.offset_left();
        around.set_scroll_left(from - (around.client_width() - element.offset_width()) / 2);
    }
}

/// A property of the window, for tests and benches to read.
pub fn publish(name: &str, value: &JsValue) {
    let _ = js_sys::Reflect::set(&window(), &name.into(), value);
}
