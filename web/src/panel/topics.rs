//! Making, describing, growing and deleting topics, with the wording the real tools use.

use super::parts::Trouble;
use crate::ui::{Action, Ui, use_ui};
use millrace::cluster::topic_name;
use millrace::sim::Command;
use std::collections::BTreeMap;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`Manage`].
#[derive(Properties, PartialEq)]
pub struct ManageProps {
    /// All topics: name and number of partitions.
    pub topics: Vec<(String, u32)>,
    /// The one looked at.
    pub topic: String,
    /// What `kafka-topics --describe` prints of it.
    pub describe: String,
}

/// The forms under the table.
#[component]
pub fn Manage(props: &ManageProps) -> Html {
    let ui = use_ui();
    html! {
        <>
            <h3>{ "kafka-topics --describe" }</h3>
            <pre class="describe" tabindex="0" data-testid="describe">{ &props.describe }</pre>
            if !ui.locked("topics") {
                <Create />
                <Grow topics={props.topics.clone()} topic={props.topic.clone()} />
                <Trouble from="topics" />
            }
        </>
    }
}

fn act(ui: &Ui, command: Command) {
    ui.on.emit(Action::Act("topics", vec![command]));
}

fn value(node: &NodeRef) -> String {
    node.cast::<HtmlInputElement>()
        .map(|input| input.value())
        .unwrap_or_default()
}

fn number(node: &NodeRef) -> u32 {
    value(node).trim().parse().unwrap_or(0)
}

#[component]
fn Create() -> Html {
    let ui = use_ui();
    let (name, partitions, configs) = (use_node_ref(), use_node_ref(), use_node_ref());
    let onsubmit = {
        let (ui, name, partitions, configs) =
            (ui, name.clone(), partitions.clone(), configs.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            let pairs = value(&configs);
            let configs: BTreeMap<String, String> = pairs
                .split([',', '\n'])
                .filter_map(|pair| pair.split_once('='))
                .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()))
                .collect();
            act(
                &ui,
                Command::CreateTopic {
                    topic: value(&name),
                    partitions: number(&partitions),
                    configs,
                },
            );
        })
    };
    let typed = use_state(String::new);
    let oninput = {
        let typed = typed.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            typed.set(input.value());
        })
    };
    let advice = (!typed.is_empty())
        .then(|| topic_name::hint(&typed))
        .flatten();
    html! {
        <form class="form tight" {onsubmit}>
            <h3>{ "kafka-topics --create" }</h3>
            <label for="new-topic">{ "--topic" }</label>
            <input id="new-topic" ref={name} type="text" {oninput} placeholder="shop.order.returned" autocomplete="off" data-testid="new-topic" />
            <label for="new-partitions">{ "--partitions" }</label>
            <input id="new-partitions" ref={partitions} type="number" min="0" max="1000" value="3" data-testid="new-partitions" />
            <label for="new-configs">{ "--config" }</label>
            <input id="new-configs" ref={configs} type="text" placeholder="max.message.bytes=1000" autocomplete="off" />
            <div class="row"><button type="submit" data-testid="create-topic">{ "Create" }</button></div>
            if topic_name::can_collide(&typed) {
                <p class="hint warn" role="status">{ topic_name::COLLISION_WARNING }</p>
            }
            if let Some(advice) = advice {
                <p class="hint" role="status">{ advice }</p>
            }
        </form>
    }
}

/// Properties of [`Grow`].
#[derive(Properties, PartialEq)]
struct GrowProps {
    topics: Vec<(String, u32)>,
    topic: String,
}

#[component]
fn Grow(props: &GrowProps) -> Html {
    let ui = use_ui();
    let to = use_node_ref();
    let now = props
        .topics
        .iter()
        .find(|(name, _)| *name == props.topic)
        .map_or(0, |(_, n)| *n);
    let onsubmit = {
        let (ui, to, topic) = (ui.clone(), to.clone(), props.topic.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            act(
                &ui,
                Command::AddPartitions {
                    topic: topic.clone(),
                    to: number(&to),
                },
            );
        })
    };
    let delete = ui.does::<MouseEvent>(Action::Act(
        "topics",
        vec![Command::DeleteTopic {
            topic: props.topic.clone(),
        }],
    ));
    html! {
        <form class="form tight" {onsubmit}>
            <h3>{ format!("{}: grow or delete", props.topic) }</h3>
            <label for="grow">{ "--alter --partitions" }</label>
            <input id="grow" key={props.topic.clone()} ref={to} type="number" min="1" max="1000" value={(now + 1).to_string()} data-testid="grow-to" />
            <div class="row">
                <button type="submit" data-testid="grow">{ "Add partitions" }</button>
                <button type="button" class="grave" onclick={delete} data-testid="delete-topic">{ "Delete the topic" }</button>
            </div>
            <p class="hint">{ "More partitions move keys: a key’s younger records go elsewhere than its older ones, and its order across both is no longer promised." }</p>
        </form>
    }
}
