//! Millrace in a browser tab.

mod actions;
mod api;
mod app;
mod crash;
mod dialog;
mod dom;
mod embed;
mod header;
mod host;
mod keys;
mod lab;
mod models;
mod page;
mod panel;
mod params;
mod player;
mod stage_host;
mod stage_view;
mod transport;
mod ui;

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
    yew::Renderer::<App>::with_root_and_props(place, props).render();
}
