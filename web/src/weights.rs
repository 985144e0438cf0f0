//! Files beside the page that are only loaded when they are wanted.

use crate::dom;
use js_sys::{ArrayBuffer, Function, Promise, Reflect, Uint8Array};
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

/// The bytes of a file beside the page; none where it cannot be had, as in a sandboxed frame.
pub async fn load(name: &str) -> Option<Vec<u8>> {
    let address = dom::address();
    let (folder, _) = address.rsplit_once('/')?;
    let asked = dom::window().fetch_with_str(&format!("{folder}/{name}"));
    let response = JsFuture::from(asked).await.ok()?;
    let ok = Reflect::get(&response, &JsValue::from_str("ok")).ok()?;
    if !ok.is_truthy() {
        return None;
    }
    let method = Reflect::get(&response, &JsValue::from_str("arrayBuffer")).ok()?;
    let promise = method.dyn_into::<Function>().ok()?.call0(&response).ok()?;
    let buffer = JsFuture::from(promise.dyn_into::<Promise>().ok()?).await;
    let buffer = buffer.ok()?.dyn_into::<ArrayBuffer>().ok()?;
    Some(Uint8Array::new(&buffer).to_vec())
}
