//! Topic: the live table of a topic, the bytes of a record, the life of an order.

use super::biography::drawing;
use super::fields::Entry;
use super::parts::records;
use super::topics::manage;
use crate::ui::{Action, Page, TopicData, TopicView, Ui};
use millrace::view::panel::LifeStep;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

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
pub fn topic(ui: &Ui, data: &TopicData) -> Html {
    let view = &data.view;
    let ask = change(ui, view, |view, at: (u32, i64)| view.bytes = Some(at));
    let caption = format!("Records of {}", view.topic);
    html! {
        <>
            <h2>{ "Live topic" }</h2>
            { choose(ui, data) }
            if let Some(order) = data.order {
                { life(ui, order.0, data) }
            }
            if let Some(text) = &data.bytes {
                { bytes(ui, text, view.bytes.unwrap_or_default(), change(ui, view, |view, _: MouseEvent| view.bytes = None)) }
            }
            <div class="scroller" tabindex="0" role="region" aria-label={caption.clone()}>
                { records(ui, &data.rows, &caption, Some(&ask)) }
            </div>
            if data.rows.is_empty() { <p class="hint">{ "No record matches." }</p> }
            { manage(ui, data) }
        </>
    }
}

/// Which topic, which keys, from where.
fn choose(ui: &Ui, data: &TopicData) -> Html {
    let view = &data.view;
    let onchange = change(ui, view, |view, event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        *view = TopicView {
            topic: select.value(),
            ..TopicView::default()
        };
    });
    let onfilter = change(ui, view, |view, input: HtmlInputElement| {
        view.filter = input.value();
        view.frozen = false;
    });
    let onjump = change(ui, view, |view, input: HtmlInputElement| {
        view.from = input.value().trim().parse().ok();
        view.frozen = false;
    });
    let following = view.from.is_none() && !view.frozen;
    html! {
        <div class="form tight">
            <label for={ui.id("topic")}>{ "Topic" }</label>
            <select id={ui.id("topic")} {onchange} data-testid="topic">
                { for data.topics.iter().map(|(name, n)| html! {
                    <option value={name.clone()} selected={*name == view.topic}>{ format!("{name} ({n})") }</option>
                }) }
            </select>
            <label for={ui.id("filter")}>{ "Key contains" }</label>
            <Entry id={ui.id("filter")} kind="search" value={view.filter.clone()} ontype={onfilter} />
            <label for={ui.id("jump")}>{ "From offset" }</label>
            <Entry id={ui.id("jump")} kind="number" min="0" step="1" value={view.from.map(|n| n.to_string()).unwrap_or_default()} onsettle={onjump} />
            <div class="row">
                <button aria-pressed={following.to_string()} data-testid="follow"
                    onclick={change(ui, view, |view, _: MouseEvent| { view.from = None; view.frozen = false; })}>{ "Follow" }</button>
                <button aria-pressed={view.frozen.to_string()} data-testid="freeze"
                    onclick={change(ui, view, |view, _: MouseEvent| view.frozen = !view.frozen)}>{ "Hold still" }</button>
            </div>
        </div>
    }
}

/// A record's batch as it lies in the log.
fn bytes(
    ui: &Ui,
    text: &str,
    (partition, offset): (u32, i64),
    close: Callback<MouseEvent>,
) -> Html {
    let follow = ui.does::<MouseEvent>(Action::Record(Some((partition, offset))));
    html! {
        <section class="inset" aria-label="Bytes" data-testid="bytes">
            <div class="head"><h3>{ format!("Partition {partition}, offset {offset}") }</h3>
                <button class="quiet" aria-label="Close the bytes" onclick={close}>{ "×" }</button></div>
            if ui.page == Page::Cluster {
                <p><button class="plain" onclick={follow} data-testid="follow-record">{ "Follow it through the cluster" }</button></p>
            }
            <pre tabindex="0">{ text }</pre>
        </section>
    }
}

/// The life of one order across both shops and all topics.
fn life(ui: &Ui, order: u32, data: &TopicData) -> Html {
    let steps = &data.life;
    let first = steps.first().map(|step| step.at);
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
            <div class="head"><h3>{ format!("The life of order {order}") }</h3>
                <button class="quiet" aria-label="Close the life of the order" onclick={ui.does(Action::Order(None))}>{ "×" }</button></div>
            if let Some(first) = first { <p class="hint">{ format!("Placed at {first}; times are since then.") }</p> }
            { for data.courses.iter().map(|course| drawing(course, &format!("order {order}"))) }
            <ol class="life">{ for steps.iter().map(step) }</ol>
        </section>
    }
}
