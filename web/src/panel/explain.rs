//! Explain: what happens now, a question before the event, and what to try.

use super::parts::{bare_table, promises, records, rich, trouble};
use crate::ui::{Action, ExplainData, Ui};
use millrace::view::panel::{Asked, Explain, WhatIf};
use millrace::view::predict::Score;
use yew::prelude::*;

/// The Explain tab; in an exam only its questions.
pub fn explain(ui: &Ui, data: &ExplainData, score: Score) -> Html {
    if ui.params.exam {
        return questions(ui, &data.asked, score);
    }
    html! {
        <>
            { told(ui, &data.explain, &data.asked, score) }
            { what_ifs(ui, &data.what_if) }
            { bare_table(&data.numbers, "numbers") }
            if !data.live_topic.is_empty() {
                <h3>{ format!("Live topic · {}", data.live_topic) }</h3>
                { records(ui, &data.live, &format!("The youngest records of {}", data.live_topic), None) }
            }
            <h3>{ "Promises" }</h3>
            { promises(ui, &data.promises) }
        </>
    }
}

/// What happens now in words, below the questions that it raises.
pub fn told(ui: &Ui, explain: &Explain, asked: &[Asked], score: Score) -> Html {
    let Score { right, graded, .. } = score;
    html! {
        <>
            <h2 data-testid="explain-heading">{ &explain.heading }</h2>
            { for asked.iter().rev().take(2).map(|asked| predict(ui, asked)) }
            if graded > 0 {
                <p class="score" data-testid="score">{ format!("{right} of {graded} predicted right") }</p>
            }
            <div class="now" data-testid="explain">{ rich(&explain.now) }</div>
            <Told heading={explain.heading.clone()} stressed={explain.now.stressed()} now={explain.now.plain()} />
            if !explain.hint.is_empty() { <p class="hint">{ &explain.hint }</p> }
        </>
    }
}

/// What an exam asks, the latest first.
pub fn questions(ui: &Ui, asked: &[Asked], score: Score) -> Html {
    let Score { right, graded, .. } = score;
    html! {
        <>
            <h2>{ "Questions" }</h2>
            { for asked.iter().rev().map(|asked| predict(ui, asked)) }
            if asked.is_empty() {
                <p class="hint">{ "They come up while the scene runs." }</p>
            }
            if graded > 0 {
                <p class="score" data-testid="score">{ format!("{right} of {graded} predicted right") }</p>
            }
        </>
    }
}

/// Properties of [`Told`].
#[derive(Properties, PartialEq)]
struct ToldProps {
    heading: String,
    /// What is stressed in it.
    stressed: String,
    now: String,
}

impl ToldProps {
    /// What it is about, without its numbers.
    fn subject(&self) -> impl Iterator<Item = char> {
        let words = self.heading.chars().chain(self.stressed.chars());
        words.filter(char::is_ascii_alphabetic)
    }
}

/// The explanation for a screen reader: told when its subject changes, not with every number.
struct Told;

impl Component for Told {
    type Message = ();
    type Properties = ToldProps;

    fn create(_: &Context<Self>) -> Self {
        Self
    }

    fn changed(&mut self, ctx: &Context<Self>, old: &ToldProps) -> bool {
        !ctx.props().subject().eq(old.subject())
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ToldProps { heading, now, .. } = ctx.props();
        html! { <p class="hidden" aria-live="polite">{ format!("{heading}: {now}") }</p> }
    }
}

/// A question before the event, and after it what the run showed.
fn predict(ui: &Ui, asked: &Asked) -> Html {
    let settled = asked.chosen.is_some() || asked.outcome.is_some();
    let option = |(n, words): (usize, &String)| {
        let chosen = asked.chosen == Some(n);
        let right = asked.outcome.as_ref().is_some_and(|(right, _)| *right == n);
        let class = classes!(chosen.then_some("chosen"), right.then_some("right"));
        let sign = match (right, chosen) {
            (true, _) => " ✓",
            (false, true) if asked.outcome.is_some() => " ✗",
            _ => "",
        };
        let onclick = ui.does::<MouseEvent>(Action::Answer(asked.id.clone(), n));
        html! {
            <button {class} disabled={settled} aria-pressed={chosen.to_string()} {onclick} data-testid={format!("option-{n}")}>
                { words }{ sign }
            </button>
        }
    };
    html! {
        <div key={asked.id.clone()} class="predict" role="group" aria-label={asked.text.clone()} data-testid={format!("question-{}", asked.id)}>
            <p><b>{ "Predict. " }</b>{ &asked.text }</p>
            <div class="options">{ for asked.options.iter().enumerate().map(option) }</div>
            if let Some((right, why)) = &asked.outcome {
                <p class="outcome" role="status">
                    if let Some(chosen) = asked.chosen {
                        <b>{ if chosen == *right { "Right. " } else { "Not so. " } }</b>
                    }
                    { why }
                </p>
            } else if asked.chosen.is_some() {
                <p class="outcome" role="status">{ "Noted. The run will tell." }</p>
            }
        </div>
    }
}

/// Buttons for the interventions that teach most here.
pub fn what_ifs(ui: &Ui, what_if: &[WhatIf]) -> Html {
    if ui.locked("whatif") || what_if.is_empty() {
        return html! {};
    }
    html! {
        <div class="what-if">
            <span>{ "What if…" }</span>
            { for what_if.iter().enumerate().map(|(n, what)| html! {
                <button onclick={ui.does(Action::Act("whatif", what.commands.clone()))} data-testid={format!("what-if-{n}")}>{ &what.label }</button>
            }) }
            { trouble(ui, "whatif") }
        </div>
    }
}
