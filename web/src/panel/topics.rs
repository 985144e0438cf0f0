//! Making, describing, growing and deleting topics, with the wording the real tools use.

use super::fields::Entry;
use super::parts::trouble;
use crate::dom;
use crate::ui::{Action, TopicData, Ui};
use millrace::cluster::topic_name;
use millrace::map::Map;
use millrace::sim::Command;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// The forms under the table: of all topics, and of the one looked at.
pub fn manage(ui: &Ui, data: &TopicData) -> Html {
    html! {
        <>
            <h3>{ "kafka-topics --describe" }</h3>
            <pre class="describe" tabindex="0" data-testid="describe">{ &data.describe }</pre>
            if !ui.locked("topics") {
                <Create ui={ui.clone()} />
                { grow(ui, data) }
                { trouble(ui, "topics") }
            }
        </>
    }
}

fn act(ui: &Ui, command: Command) {
    ui.on.emit(Action::Act("topics", vec![command]));
}

/// What was typed into a field of the form that is sent; 0 for what is no number.
fn number(event: &SubmitEvent, id: &str) -> u32 {
    dom::field(event, id).trim().parse().unwrap_or(0)
}

/// Properties of [`Create`].
#[derive(Properties, PartialEq)]
struct CreateProps {
    ui: Ui,
}

/// The form for a new topic, and the name that is being typed into it.
struct Create {
    typed: String,
}

impl Component for Create {
    type Message = String;
    type Properties = CreateProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            typed: String::new(),
        }
    }

    fn update(&mut self, _: &Context<Self>, typed: String) -> bool {
        self.typed = typed;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ui = &ctx.props().ui;
        let to = ui.clone();
        let onsubmit = Callback::from(move |event: SubmitEvent| {
            let ui = &to;
            event.prevent_default();
            let mut configs = Map::new();
            configs.extend(
                dom::field(&event, &ui.id("new-configs"))
                    .split([',', '\n'])
                    .filter_map(|pair| pair.split_once('='))
                    .map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned())),
            );
            let topic = dom::field(&event, &ui.id("new-topic"));
            let partitions = number(&event, &ui.id("new-partitions"));
            act(
                ui,
                Command::CreateTopic {
                    topic,
                    partitions,
                    configs,
                },
            );
        });
        let oninput = ctx.link().callback(|event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            input.value()
        });
        let typed = &self.typed;
        let advice = (!typed.is_empty())
            .then(|| topic_name::hint(typed))
            .flatten();
        html! {
            <form class="form tight" {onsubmit}>
                <h3>{ "kafka-topics --create" }</h3>
                <label for={ui.id("new-topic")}>{ "--topic" }</label>
                <input id={ui.id("new-topic")} type="text" {oninput} placeholder="shop.order.returned" autocomplete="off" data-testid="new-topic" />
                <label for={ui.id("new-partitions")}>{ "--partitions" }</label>
                <Entry id={ui.id("new-partitions")} kind="number" min="0" max="1000" value="3" keep=true />
                <label for={ui.id("new-configs")}>{ "--config" }</label>
                <input id={ui.id("new-configs")} type="text" placeholder="max.message.bytes=1000" autocomplete="off" />
                <div class="row"><button type="submit" data-testid="create-topic">{ "Create" }</button></div>
                if topic_name::can_collide(typed) {
                    <p class="hint warn" role="status">{ topic_name::COLLISION_WARNING }</p>
                }
                if let Some(advice) = advice {
                    <p class="hint" role="status">{ advice }</p>
                }
            </form>
        }
    }
}

fn grow(ui: &Ui, data: &TopicData) -> Html {
    let topic = &data.view.topic;
    let now = data
        .topics
        .iter()
        .find(|(name, _)| name == topic)
        .map_or(0, |(_, n)| *n);
    let onsubmit = {
        let (ui, topic) = (ui.clone(), topic.clone());
        Callback::from(move |event: SubmitEvent| {
            event.prevent_default();
            act(
                &ui,
                Command::AddPartitions {
                    topic: topic.clone(),
                    to: number(&event, &ui.id("grow-to")),
                },
            );
        })
    };
    let delete = ui.does::<MouseEvent>(Action::Act(
        "topics",
        vec![Command::DeleteTopic {
            topic: topic.clone(),
        }],
    ));
    html! {
        <form class="form tight" {onsubmit}>
            <h3>{ format!("{topic}: grow or delete") }</h3>
            <label for={ui.id("grow-to")}>{ "--alter --partitions" }</label>
            <Entry id={ui.id("grow-to")} key={format!("{topic} {now}")} kind="number" min="1" max="1000" value={(now + 1).to_string()} keep=true />
            <div class="row">
                <button type="submit" data-testid="grow">{ "Add partitions" }</button>
                <button type="button" class="grave" onclick={delete} data-testid="delete-topic">{ "Delete the topic" }</button>
            </div>
            <p class="hint">{ "More partitions move keys: a key’s younger records go elsewhere than its older ones, and its order across both is no longer promised." }</p>
        </form>
    }
}
