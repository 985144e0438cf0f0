//! Millrace in a browser tab.

mod actions;
mod api;
mod app;
mod aside;
mod bench;
mod beside;
mod crash;
mod dialog;
mod dom;
mod drop;
mod embed;
mod foot;
mod header;
mod host;
mod keys;
mod lab;
mod models;
mod page;
mod pages;
mod panel;
mod params;
mod player;
mod scenes;
mod sketches;
mod stage;
mod stage_host;
mod transport;
mod ui;
mod weights;
mod windows;

use app::{App, AppProps};
use params::Params;
use std::rc::Rc;
use yew::AttrValue;

/// The element that the page leaves for us; a page of somebody else's has none and calls the
/// JavaScript API.
const PLACE: &str = "millrace";

fn main() {
    crash::watch();
    let Some(place) = dom::document().get_element_by_id(PLACE) else {
        return;
    };
    let props = AppProps {
        params: Rc::new(Params::read(&dom::query())),
        fragment: AttrValue::from(dom::fragment()),
        owner: true,
    };
    crash::place(&place, true);
    yew::Renderer::<App>::with_root_and_props(place, props).render();
}

#[cfg(all(test, target_arch = "wasm32"))]
mod tests {
    use super::*;
    use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

    wasm_bindgen_test_configure!(run_in_browser);

    /// Puts the page into an element of its own and waits until it is drawn.
    async fn mounted(fragment: &'static str) -> web_sys::Element {
        let place = dom::document().create_element("div").unwrap();
        dom::document()
            .body()
            .unwrap()
            .append_child(&place)
            .unwrap();
        let props = AppProps {
            params: Rc::default(),
            fragment: AttrValue::from(fragment),
            owner: false,
        };
        yew::Renderer::<App>::with_root_and_props(place.clone(), props).render();
        yew::platform::time::sleep(std::time::Duration::from_millis(300)).await;
        place
    }

    fn text(place: &web_sys::Element, selector: &str) -> String {
        let found = place.query_selector(selector).unwrap();
        found
            .and_then(|element| element.text_content())
            .unwrap_or_default()
    }

    #[wasm_bindgen_test]
    async fn the_page_runs_and_tells_its_time() {
        let place = mounted("").await;
        assert!(text(&place, ".brand").contains("Millrace"));
        assert_ne!(text(&place, "[data-testid=time]"), "00:00.000");
        assert!(!text(&place, "[data-testid=explain]").is_empty());
    }

    #[wasm_bindgen_test]
    async fn a_bad_link_gets_words_and_a_page() {
        let place = mounted("#v1.garbage").await;
        assert!(text(&place, "[data-testid=notice]").contains("damaged"));
        assert!(!text(&place, "[data-testid=explain]").is_empty());
    }
}
