//! Millrace in a browser tab.

use yew::prelude::*;

#[component]
fn App() -> Html {
    html! { <main><h1>{ "Millrace" }</h1></main> }
}

fn main() {
    yew::Renderer::<App>::new().render();
}
