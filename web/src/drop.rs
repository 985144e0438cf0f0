//! A file of orders dropped anywhere on the page. The Load dialog has a place of its own for it;
//! but whoever misses that, or never opened it, means the same, and without us the browser would
//! leave the page for the file.

use crate::dialog::LARGEST;
use crate::ui::{Action, Over};
use wasm_bindgen::JsCast;
use web_sys::{DragEvent, Event, File};
use yew::Callback;

/// Hears of a drag over the page (`dragover`) or of its end (`drop`); `locked` if a teacher froze
/// loading.
pub fn heard(event: &Event, locked: bool, on: &Callback<Action>) {
    let Some(drag) = event.dyn_ref::<DragEvent>() else {
        return;
    };
    // The dialog's own place has taken it.
    if event.default_prevented() {
        return;
    }
    let Some(data) = drag.data_transfer() else {
        return;
    };
    // Text dragged into a field is the browser's business.
    if !data.types().includes(&"Files".into(), 0) {
        return;
    }
    event.prevent_default();
    if event.type_() != "drop" || locked {
        return;
    }
    let Some(file) = data.files().and_then(|files| files.get(0)) else {
        return;
    };
    on.emit(Action::Over(Some(Over::Load)));
    read(file, on);
}

/// Reads a file, and tells its name and text. What cannot be read is told as a file without rows.
pub fn read(file: File, on: &Callback<Action>) {
    let on = on.clone();
    if file.size() > LARGEST {
        let name = format!("{} (larger than 160 MiB, so it was not read)", file.name());
        on.emit(Action::Load(name, String::new()));
        return;
    }
    wasm_bindgen_futures::spawn_local(async move {
        let text = wasm_bindgen_futures::JsFuture::from(file.text()).await;
        let text = text.ok().and_then(|text| text.as_string());
        on.emit(Action::Load(file.name(), text.unwrap_or_default()));
    });
}
