//! Topic: the live table of a topic, the bytes of a record, the life of an order.

use super::fields::Entry;
use super::parts::Records;
use super::topics::Manage;
use crate::ui::{Action, TopicData, TopicView, Ui, use_ui};
use millrace::view::panel::LifeStep;
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`TopicPanel`].
#[derive(Properties, PartialEq)]
pub struct TopicPanelProps {
    /// What to show.
    pub data: Rc<TopicData>,
}

/// A callback that changes the look at the table.
fn change<E: 'static>(
    ui: &Ui,
    view: &TopicView,
    with: impl Fn(&mut TopicView, E) + 'static,
) -> Callback<E> {
    let (on, view) = (ui.on.clone(), view.clone());
    Callback::from(move |event: E| {
        let mut view = view.clone();
        with(&mut view, event);
        on.emit(Action::Topic(view));
    })
}

/// The Topic tab.
#[component]
pub fn TopicPanel(props: &TopicPanelProps) -> Html {
    let ui = use_ui();
    let data = &props.data;
    let view = &data.view;
    let bytes = change(&ui, view, |view, at: (u32, i64)| view.bytes = Some(at));
    let caption = format!("Records of {}", view.topic);
    html! {
        <>
            <h2>{ "Live topic" }</h2>
            <Choose data={data.clone()} />
            if let Some(order) = data.order {
                <Life order={order.0} steps={data.life.clone()} />
            }
            if let Some(bytes) = &data.bytes {
                <Bytes text={bytes.clone()} at={view.bytes.unwrap_or_default()} close={change(&ui, view, |view, _: MouseEvent| view.bytes = None)} />
            }
            <div class="scroller" tabindex="0" role="region" aria-label={caption.clone()}>
                <Records rows={data.rows.clone()} {caption} bytes={Some(bytes)} />
            </div>
            if data.rows.is_empty() { <p class="hint">{ "No record matches." }</p> }
            <Manage topics={data.topics.clone()} topic={view.topic.clone()} describe={data.describe.clone()} />
        </>
    }
}

/// Properties of [`Choose`].
#[derive(Properties, PartialEq)]
struct ChooseProps {
    data: Rc<TopicData>,
}

/// Which topic, which keys, from where.
#[component]
fn Choose(props: &ChooseProps) -> Html {
    let ui = use_ui();
    let data = &props.data;
    let view = &data.view;
    let onchange = change(&ui, view, |view, event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        *view = TopicView {
            topic: select.value(),
            ..TopicView::default()
        };
    });
    let onfilter = change(&ui, view, |view, input: HtmlInputElement| {
        view.filter = input.value();
        view.frozen = false;
    });
    let onjump = change(&ui, view, |view, input: HtmlInputElement| {
        view.from = input.value().trim().parse().ok();
        view.frozen = false;
    });
    let following = view.from.is_none() && !view.frozen;
    html! {
        <div class="form tight">
            <label for="topic">{ "Topic" }</label>
            <select id="topic" {onchange} data-testid="topic">
                { for data.topics.iter().map(|(name, n)| html! {
                    <option value={name.clone()} selected={*name == view.topic}>{ format!("{name} ({n})") }</option>
                }) }
            </select>
            <label for="filter">{ "Key contains" }</label>
            <Entry id="filter" kind="search" value={view.filter.clone()} ontype={onfilter} />
            <label for="jump">{ "From offset" }</label>
            <Entry id="jump" kind="number" min="0" step="1" value={view.from.map(|n| n.to_string()).unwrap_or_default()} onsettle={onjump} />
            <div class="row">
                <button aria-pressed={following.to_string()} data-testid="follow"
                    onclick={change(&ui, view, |view, _: MouseEvent| { view.from = None; view.frozen = false; })}>{ "Follow" }</button>
                <button aria-pressed={view.frozen.to_string()} data-testid="freeze"
                    onclick={change(&ui, view, |view, _: MouseEvent| view.frozen = !view.frozen)}>{ "Hold still" }</button>
            </div>
        </div>
    }
}

/// Properties of [`Bytes`].
#[derive(Properties, PartialEq)]
struct BytesProps {
    text: String,
    at: (u32, i64),
    close: Callback<MouseEvent>,
}

/// A record's batch as it lies in the log.
#[component]
fn Bytes(props: &BytesProps) -> Html {
    let (partition, offset) = props.at;
    html! {
        <section class="inset" aria-label="Bytes" data-testid="bytes">
            <div class="head"><h3>{ format!("Partition {partition}, offset {offset}") }</h3>
                <button class="quiet" aria-label="Close the bytes" onclick={props.close.clone()}>{ "×" }</button></div>
            <pre tabindex="0">{ &props.text }</pre>
        </section>
    }
}

/// Properties of [`Life`].
#[derive(Properties, PartialEq)]
struct LifeProps {
    order: u32,
    steps: Vec<LifeStep>,
}

/// The life of one order across both shops and all topics.
#[component]
fn Life(props: &LifeProps) -> Html {
    let ui = use_ui();
    let first = props.steps.first().map(|step| step.at);
    let step = |step: &LifeStep| {
        let lane = if step.lane.is_empty() {
            "both"
        } else {
            &step.lane
        };
        let after = first
            .map(|first| step.at.since(first).to_string())
            .unwrap_or_default();
        html! {
            <li class={format!("lane-{lane}")}>
                <span class="at">{ format!("+{after}") }</span>
                <span class="lane">{ lane }</span>
                <span>{ &step.what }</span>
            </li>
        }
    };
    html! {
        <section class="inset" aria-label="Life of an order" data-testid="life">
            <div class="head"><h3>{ format!("The life of order {}", props.order) }</h3>
                <button class="quiet" aria-label="Close the life of the order" onclick={ui.does(Action::Order(None))}>{ "×" }</button></div>
            if let Some(first) = first { <p class="hint">{ format!("Placed at {first}; times are since then.") }</p> }
            <ol class="life">{ for props.steps.iter().map(step) }</ol>
        </section>
    }
}
