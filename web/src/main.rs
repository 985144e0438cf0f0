//! Millrace in a browser tab.

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <main><h1>{ "Millrace" }</h1></main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    #[wasm_bindgen_test]
    async fn the_page_has_its_name() {
        let document = web_sys::window().unwrap().document().unwrap();
        let place = document.create_element("div").unwrap();
        yew::Renderer::<super::App>::with_root(place.clone()).render();
        yew::platform::time::sleep(std::time::Duration::ZERO).await;
        assert_eq!(place.text_content().as_deref(), Some("Millrace"));
    }
}
