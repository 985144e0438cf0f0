//! The Cluster page's panels: who leads and what is committed, and one partition in full.

use super::Entry;
use super::biography::drawing;
use super::explain::{questions, told, what_ifs};
use super::parts::{bare_table, data_table, promises};
use crate::beside::Compared;
use crate::ui::{Action, ClusterNow, PartitionData, Ui};
use millrace::client::partitioner::{murmur2, partition_for_key};
use millrace::time::Time;
use millrace::view::cluster::record::RecordWay;
use millrace::view::predict::Score;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The Explain tab; in an exam only its questions.
pub fn now(ui: &Ui, data: &ClusterNow, score: Score, compared: Option<&Compared>) -> Html {
    if ui.params.exam {
        return questions(ui, &data.asked, score);
    }
    html! {
        <>
            { for compared.map(compare) }
            { told(ui, &data.explain, &data.asked, score) }
            { bare_table(&data.replicas, "replicas") }
            { what_ifs(ui, &data.what_if) }
            <h3>{ &data.if_it_died.caption }</h3>
            <dl class="fates" data-testid="if-it-died">
                { for data.if_it_died.rows.iter().map(|row| html! {
                    <><dt>{ row.first() }</dt><dd>{ row.get(1) }</dd></>
                }) }
            </dl>
            <h3>{ "Promises" }</h3>
            { promises(ui, &data.promises) }
        </>
    }
}

/// Two runs, and what differs in them.
fn compare(compared: &Compared) -> Html {
    let comparison = &compared.comparison;
    let table = &comparison.table;
    let row = |row: &Vec<String>| {
        let [what, a, b] = &row[..] else {
            return html! {};
        };
        let unlike = a != b;
        html! {
            <tr class={unlike.then_some("unlike")}>
                <th scope="row">
                    <span aria-hidden="true" class="sign">{ if unlike { "≠" } else { "" } }</span>
                    if unlike { <span class="hidden">{ "differs: " }</span> }
                    { what }
                </th>
                <td>{ a }</td><td>{ b }</td>
            </tr>
        }
    };
    html! {
        <section class="compared" aria-label="Two runs side by side" data-testid="compared">
            <p data-testid="compared-told">{ &comparison.told }</p>
            <table class="data" data-testid="compared-table">
                <caption>{ &table.caption }{ ". What differs has a ≠." }</caption>
                <thead><tr>{ for table.heads.iter().map(|head| html! { <th scope="col">{ head }</th> }) }</tr></thead>
                <tbody>{ for table.rows.iter().map(row) }</tbody>
            </table>
        </section>
    }
}

/// The Partition tab: what to look at, and the picture as tables.
pub fn partition(ui: &Ui, data: &PartitionData) -> Html {
    let on = ui.on.clone();
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Ok(partition) = select.value().parse() {
            on.emit(Action::Partition(partition));
        }
    });
    let id = ui.id("partition");
    let topic = &data.scene.topic;
    html! {
        <>
            <h2>{ "One partition" }</h2>
            <div class="form"><div class="field">
                <label for={id.clone()}>{ "Partition" }</label>
                <select {id} {onchange} data-testid="partition">
                    { for (0..data.partitions).map(|n| html! {
                        <option value={n.to_string()} selected={n == data.scene.chosen}>{ format!("{topic}-{n}") }</option>
                    }) }
                </select>
            </div></div>
            { follow(ui, data) }
            <KeyProbe id={ui.id("key")} topic={topic.clone()} partitions={data.partitions} />
            <pre class="console" tabindex="0" aria-label="kafka-topics --describe" data-testid="describe">{ &data.console }</pre>
            { for data.tables.iter().filter(|table| !table.rows.is_empty()).map(|table| html! {
                <div class="scroller" tabindex="0" role="region" aria-label={table.caption.clone()}>{ data_table(table, None) }</div>
            }) }
            <h3>{ "ZooKeeper, as taught" }</h3>
            <p class="hint">{ "Until Kafka 3 the brokers kept this in ZooKeeper. What its nodes would hold now, and what took their place:" }</p>
            <dl class="znodes" data-testid="znodes">
                { for data.znodes.iter().map(|znode| html! {
                    <><dt>{ &znode.path }</dt><dd><code>{ &znode.holds }</code>{ znode.today }</dd></>
                }) }
            </dl>
        </>
    }
}

/// A record to choose, and its way through the cluster.
fn follow(ui: &Ui, data: &PartitionData) -> Html {
    let (on, partition) = (ui.on.clone(), data.scene.chosen);
    let onsettle = Callback::from(move |input: HtmlInputElement| {
        let offset = input.value().trim().parse().ok();
        on.emit(Action::Record(offset.map(|offset| (partition, offset))));
    });
    let id = ui.id("record");
    let offset = data.record.as_ref().map(|story| story.offset);
    let value = offset.map(|n| n.to_string()).unwrap_or_default();
    html! {
        <>
            <div class="form"><div class="field">
                <label for={id.clone()}>{ "Follow a record: its offset" }</label>
                <Entry {id} testid="record" kind="number" min="0" step="1" {value} {onsettle} />
            </div>
            if data.record.is_none() { <p class="hint">{ "Or press its cell on the ruler." }</p> }
            </div>
            if let Some(story) = &data.record {
                <section class="inset" aria-label="The way of a record" data-testid="record-way">
                    <div class="head"><h3>{ &story.name }</h3>
                        <button class="quiet" aria-label="Close the way of the record" onclick={ui.does::<MouseEvent>(Action::Record(None))}>{ "×" }</button></div>
                    if !story.missing.is_empty() { <p>{ &story.missing }</p> }
                    { for story.ways.iter().map(|way| record_way(ui, &story.name, way)) }
                </section>
            }
        </>
    }
}

/// One record that lies or lay at the offset: its way drawn, in a sentence, and step by step.
fn record_way(ui: &Ui, whose: &str, way: &RecordWay) -> Html {
    let first = way.steps.first().map_or(Time::ZERO, |(at, _)| *at);
    let step = |(at, what): &(Time, String)| {
        html! {
            <li>
                <button class="plain at" disabled={ui.locked("seek")} title={format!("Go to {at}")} onclick={ui.does::<MouseEvent>(Action::Seek(*at))}>{ format!("+{}", at.since(first)) }</button>
                <span>{ what }</span>
            </li>
        }
    };
    html! {
        <>
            { drawing(&way.course, whose) }
            <p>{ &way.told }</p>
            <p class="hint">{ format!("Step by step, counted from {first}; a press on a time goes there:") }</p>
            <ol class="life steps" data-testid="record-steps">{ for way.steps.iter().map(step) }</ol>
        </>
    }
}

/// Properties of [`KeyProbe`].
#[derive(Properties, PartialEq)]
struct KeyProbeProps {
    id: AttrValue,
    topic: String,
    partitions: u32,
}

/// A key to type, and where the Java client's default partitioner puts it.
struct KeyProbe {
    key: String,
}

impl Component for KeyProbe {
    type Message = String;
    type Properties = KeyProbeProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            key: "k-01".to_owned(),
        }
    }

    fn update(&mut self, _: &Context<Self>, key: String) -> bool {
        self.key = key;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let KeyProbeProps {
            id,
            topic,
            partitions,
        } = ctx.props();
        let ontype = ctx.link().callback(|input: HtmlInputElement| input.value());
        html! {
            <div class="form"><div class="field">
                <label for={id.clone()}>{ "Where does a key go?" }</label>
                <Entry id={id.clone()} testid="key" kind="text" value={self.key.clone()} {ontype} keep=true />
            </div>
            if *partitions > 0 {
                <p class="hint" role="status" data-testid="key-goes">{ format!(
                    "murmur2(“{}”) = {}; without its sign, modulo {partitions}: {topic}-{}",
                    self.key,
                    murmur2(self.key.as_bytes()),
                    partition_for_key(self.key.as_bytes(), *partitions)
                ) }</p>
            }
            </div>
        }
    }
}
