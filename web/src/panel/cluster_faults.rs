//! Faults on the Cluster page: everything a person can do to brokers, controllers and the network.

use super::fields::{Number, act, choice, part};
use super::nodes::NodeRow;
use crate::ui::{ClusterFaultsData, Ui};
use millrace::cluster::Flaw;
use millrace::protocol::{Acks, Stop};
use millrace::sim::Command;
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`ClusterFaults`].
#[derive(Properties, PartialEq)]
pub struct ClusterFaultsProps {
    /// Who acts.
    pub ui: Ui,
    /// What is in force.
    pub data: Rc<ClusterFaultsData>,
}

/// The Faults tab, and what is chosen there but not yet done.
pub struct ClusterFaults {
    /// The two ends of a link: places among the nodes.
    ends: [usize; 2],
    /// The percentage of packets to lose.
    loss: f64,
}

/// What a person chooses.
pub enum Choose {
    /// One end of a link.
    End(usize, usize),
    /// The percentage of packets to lose.
    Loss(f64),
}

impl Component for ClusterFaults {
    type Message = Choose;
    type Properties = ClusterFaultsProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            ends: [0, 1],
            loss: 20.0,
        }
    }

    fn update(&mut self, _: &Context<Self>, choose: Choose) -> bool {
        match choose {
            Choose::End(n, end) => self.ends[n] = end,
            Choose::Loss(loss) => self.loss = loss.max(0.0),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ClusterFaultsProps { ui, data } = ctx.props();
        html! {
            <>
                <h2>{ "What a person can do" }</h2>
                <p class="hint">{ "Stop: the broker hands over first. Kill: its process is gone, the page cache stays. Power: what was not on disk is gone too." }</p>
                { for data.nodes.iter().map(|node| self::node(ui, node)) }
                { self.network(ctx) }
                { clients(ui, data) }
                { flaws(ui, data.flaw) }
            </>
        }
    }
}

/// One broker or controller.
fn node(ui: &Ui, (name, up): &NodeRow) -> Html {
    let node = || name.to_string();
    let stop = |label: &'static str, short: &str, how| {
        let full = Some(format!("{label} {name}"));
        let command = Command::Stop { node: node(), how };
        act(ui, "stop", label, full, &format!("{short}-{name}"), command)
    };
    html! {
        <div class="row machine" role="group" aria-label={name.clone()} key={name.to_string()}>
            <b class={(!*up).then_some("down")}>{ name }{ if *up { "" } else { " (down)" } }</b>
            if *up {
                { stop("Stop", "stop", Stop::Clean) }
                { stop("Kill", "kill", Stop::Killed) }
                { stop("Power", "crash", Stop::Crashed) }
            } else {
                { act(ui, "stop", "Start", Some(format!("Start {name}")), &format!("start-{name}"), Command::Start { node: node() }) }
            }
        </div>
    }
}

/// Mistakes of the past, one at a time.
fn flaws(ui: &Ui, flaw: Option<Flaw>) -> Html {
    let chosen = flaw.and_then(|flaw| Flaw::ALL.iter().position(|known| *known == flaw));
    let names: Vec<&'static str> = std::iter::once("none")
        .chain(Flaw::ALL.map(Flaw::name))
        .collect();
    let controls = html! {
        <>
            { choice(ui, "flaw", "Mistake", &names, chosen.map_or(0, |n| n + 1), |n| Command::SetFlaw {
                flaw: n.checked_sub(1).and_then(|n| Flaw::ALL.get(n).copied()),
            }) }
            <p class="hint">{ flaw.map_or("Brokers and controllers make it from then on. See which promises notice.", Flaw::text) }</p>
        </>
    };
    part(ui, "A mistake of the past", &["flaw"], false, controls)
}

fn clients(ui: &Ui, data: &ClusterFaultsData) -> Html {
    let acks = [
        "0: no answer",
        "1: the leader has it",
        "all: every in-sync replica has it",
    ];
    let (name, partitions) = data.topic.clone();
    let more = Number {
        id: "partitions".to_owned(),
        min: f64::from(partitions),
        ..Number::new("topics", "Partitions", f64::from(partitions), 1_000.0)
    };
    let controls = html! {
        <>
            { choice(ui, "acks", "acks", &acks, data.settings.acks as usize, |n| Command::SetAcks {
                acks: [Acks::Zero, Acks::One, Acks::All][n.min(2)],
            }) }
            { more.view(ui, Callback::from(move |to: f64| Command::AddPartitions {
                topic: name.clone(),
                to: to.clamp(0.0, f64::from(u32::MAX)) as u32,
            })) }
        </>
    };
    part(
        ui,
        "Producer and topic",
        &["acks", "topics"],
        true,
        controls,
    )
}

impl ClusterFaults {
    fn network(&self, ctx: &Context<Self>) -> Html {
        let ClusterFaultsProps { ui, data } = ctx.props();
        let end = |n: usize, label: &'static str| {
            let onchange = ctx.link().callback(move |event: Event| {
                let select: HtmlSelectElement = event.target_unchecked_into();
                Choose::End(n, usize::try_from(select.selected_index()).unwrap_or(0))
            });
            let id = ui.id(&format!("end-{n}"));
            html! {
                <div class="field"><label for={id.clone()}>{ label }</label>
                    <select {id} disabled={ui.locked("network")} {onchange} data-testid={format!("end-{n}")}>
                        { for data.nodes.iter().enumerate().map(|(place, (name, _))| html! {
                            <option selected={place == self.ends[n]}>{ name }</option>
                        }) }
                    </select></div>
            }
        };
        let name = |n: usize| {
            data.nodes
                .get(self.ends[n])
                .map_or_else(String::new, |(name, _)| name.to_string())
        };
        let (a, b) = (name(0), name(1));
        let onsettle = ctx
            .link()
            .callback(|input: HtmlInputElement| Choose::Loss(input.value_as_number()));
        let id = ui.id("loss");
        let controls = html! {
            <>
                { end(0, "Between") }
                { end(1, "and") }
                <div class="field"><label for={id.clone()}>{ "Loss" }</label>
                    <span class="with-unit"><super::Entry {id} kind="number" min="0" max="95" step="5" value={self.loss.to_string()} disabled={ui.locked("network")} {onsettle} /><span class="unit">{ "%" }</span></span></div>
                <div class="row">
                    { act(ui, "network", "Cut", None, "cut", Command::Cut { a: a.clone(), b: b.clone() }) }
                    { act(ui, "network", "Lose packets", None, "lose", Command::SetLoss { a, b, rate: self.loss / 100.0 }) }
                    { act(ui, "network", "Mend all", None, "heal", Command::Heal) }
                </div>
            </>
        };
        part(ui, "Network", &["network", "stop"], true, controls)
    }
}
