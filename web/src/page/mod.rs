//! Pages beside the lab.

mod exercise;
mod glossary;
mod miniatures;
mod schedule;

use exercise::Exercise;
use glossary::Glossary;
use miniatures::Miniatures;
use yew::prelude::*;

/// Notes: the course's words, each with a moment that shows it.
#[component]
pub fn Notes() -> Html {
    html! {
        <main class="notes" id="notes">
            <h1>{ "The words of the course, at work" }</h1>
            <p class="lead">{ "What does each word mean, and where can I see it happen? Every entry leads to a moment of a run; every moment can be played on, taken back, and changed." }</p>
            <Miniatures />
            <Exercise />
            <Glossary />
        </main>
    }
}
