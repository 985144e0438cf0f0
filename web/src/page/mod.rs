//! Pages beside the lab.

mod exercise;
mod glossary;
mod miniatures;
mod schedule;

use exercise::exercise;
use glossary::glossary;
use miniatures::miniatures;
use yew::prelude::*;

/// Notes: the course's words, each with a moment that shows it.
pub struct Notes {
    /// What is chosen in the exercise.
    chosen: Option<usize>,
    /// What never changes, made once: the glossary's links take a while.
    miniatures: Html,
    glossary: Html,
}

impl Component for Notes {
    type Message = usize;
    type Properties = ();

    fn create(_: &Context<Self>) -> Self {
        Self {
            chosen: None,
            miniatures: miniatures(),
            glossary: glossary(),
        }
    }

    fn update(&mut self, _: &Context<Self>, chosen: usize) -> bool {
        self.chosen = Some(chosen);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        html! {
            <main class="notes">
                <h1>{ "The words of the course, at work" }</h1>
                <p class="lead">{ "What does each word mean, and where can I see it happen? Every entry leads to a moment of a run; every moment can be played on, taken back, and changed." }</p>
                { self.miniatures.clone() }
                { exercise(self.chosen, &ctx.link().callback(|chosen| chosen)) }
                { self.glossary.clone() }
            </main>
        }
    }
}
