//! Explain: what happens now, a question before the event, and what to try.

use super::parts::{DataTable, Promises, Records, Trouble, rich};
use crate::ui::{Action, ExplainData, use_ui};
use millrace::view::panel::Asked;
use millrace::view::predict::Score;
use std::rc::Rc;
use yew::prelude::*;

/// Properties of [`ExplainPanel`].
#[derive(Properties, PartialEq)]
pub struct ExplainPanelProps {
    /// What to show.
    pub data: Rc<ExplainData>,
    /// How the answers did.
    pub score: Score,
}

/// The Explain tab; in an exam only its questions.
#[component]
pub fn ExplainPanel(props: &ExplainPanelProps) -> Html {
    let data = &props.data;
    if use_ui().params.exam {
        return html! { <Questions asked={data.asked.clone()} score={props.score} /> };
    }
    let Score { right, graded, .. } = props.score;
    html! {
        <>
            <h2 data-testid="explain-heading">{ &data.explain.heading }</h2>
            { for data.asked.iter().rev().take(2).map(|asked| html! { <Predict key={asked.id.clone()} asked={asked.clone()} /> }) }
            if graded > 0 {
                <p class="score" data-testid="score">{ format!("{right} of {graded} predicted right") }</p>
            }
            <div class="now" data-testid="explain">{ rich(&data.explain.now) }</div>
            <Told heading={data.explain.heading.clone()} now={data.explain.now.plain()} />
            if !data.explain.hint.is_empty() { <p class="hint">{ &data.explain.hint }</p> }
            <WhatIfs data={data.clone()} />
            <DataTable table={data.numbers.clone()} bare=true testid="numbers" />
            if !data.live_topic.is_empty() {
                <h3>{ format!("Live topic · {}", data.live_topic) }</h3>
                <Records rows={data.live.clone()} brief=true caption={format!("The youngest records of {}", data.live_topic)} />
            }
            <h3>{ "Promises" }</h3>
            <Promises rows={data.promises.clone()} />
        </>
    }
}

/// Properties of [`Questions`].
#[derive(Properties, PartialEq)]
struct QuestionsProps {
    asked: Vec<Asked>,
    score: Score,
}

/// What an exam asks, the latest first.
#[component]
fn Questions(props: &QuestionsProps) -> Html {
    let Score { right, graded, .. } = props.score;
    html! {
        <>
            <h2>{ "Questions" }</h2>
            { for props.asked.iter().rev().map(|asked| html! { <Predict key={asked.id.clone()} asked={asked.clone()} /> }) }
            if props.asked.is_empty() {
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
    now: String,
}

/// The explanation for a screen reader: told when its subject changes, not with every number.
#[component]
fn Told(props: &ToldProps) -> Html {
    let now = use_memo(props.heading.clone(), |_| props.now.clone());
    html! { <p class="hidden" aria-live="polite">{ format!("{}: {}", props.heading, now) }</p> }
}

/// Properties of [`Predict`].
#[derive(Properties, PartialEq)]
struct PredictProps {
    asked: Asked,
}

/// A question before the event, and after it what the run showed.
#[component]
fn Predict(props: &PredictProps) -> Html {
    let ui = use_ui();
    let asked = &props.asked;
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
        <div class="predict" role="group" aria-label={asked.text.clone()} data-testid={format!("question-{}", asked.id)}>
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

/// Properties of [`WhatIfs`].
#[derive(Properties, PartialEq)]
struct WhatIfsProps {
    data: Rc<ExplainData>,
}

/// Buttons for the interventions that teach most here.
#[component]
fn WhatIfs(props: &WhatIfsProps) -> Html {
    let ui = use_ui();
    if ui.locked("whatif") || props.data.what_if.is_empty() {
        return html! {};
    }
    html! {
        <div class="what-if">
            <span>{ "What if…" }</span>
            { for props.data.what_if.iter().enumerate().map(|(n, what)| html! {
                <button onclick={ui.does(Action::Act("whatif", what.commands.clone()))} data-testid={format!("what-if-{n}")}>{ &what.label }</button>
            }) }
            <Trouble from="whatif" />
        </div>
    }
}
