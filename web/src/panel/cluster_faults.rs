//! Faults on the Cluster page: everything a person can do to brokers, controllers and the network.

use super::crashes::CrashPart;
use super::fields::{Change, Number, act, choice, flaw_at, flaws, part, pick, sets};
use super::hunt::HuntPart;
use crate::ui::{ClusterFaultsData, NodeState, Ui};
use millrace::cluster::Flaw;
use millrace::protocol::{Acks, Stop};
use millrace::sim::Command;
use millrace::time::Span;
use std::rc::Rc;
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
    /// Whose disk: a place among the nodes.
    disk: usize,
}

/// How long a frozen process does nothing: longer than `broker.session.timeout.ms`.
const FROZEN: Span = Span::secs(15);
/// How many times as long messages take on a slow link.
const SLOW: f64 = 200.0;
/// How much longer a write to a slow disk takes.
const SLOW_WRITE: Span = Span::secs(1);
/// How much longer a delayed message takes.
const DELAY: Span = Span::secs(1);

impl Component for ClusterFaults {
    type Message = Change<Self>;
    type Properties = ClusterFaultsProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            ends: [0, 1],
            loss: 20.0,
            disk: 0,
        }
    }

    fn update(&mut self, _: &Context<Self>, change: Change<Self>) -> bool {
        change(self);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let ClusterFaultsProps { ui, data } = ctx.props();
        let brokers = data.nodes.iter();
        let brokers = brokers
            .filter(|(name, _)| name.starts_with("broker-"))
            .count();
        html! {
            <>
                <h2>{ "What a person can do" }</h2>
                <p class="hint">{ "Stop: the broker hands over first. Kill: its process is gone, the page cache stays. Cut power: what was not on disk is gone too. Freeze: it does nothing for 15 s, as in a long garbage collection." }</p>
                { for data.nodes.iter().map(|node| self::node(ui, node)) }
                { self.network(ctx) }
                { self.disk(ctx) }
                { clients(ui, data) }
                { mistakes(ui, data.flaw) }
                // In an exam they would play what is asked.
                if !ui.params.exam {
                    <CrashPart ui={ui.clone()} brokers={brokers} data={data.crashes.clone()} />
                    <HuntPart ui={ui.clone()} flaw={data.flaw} data={data.hunt.clone()} />
                }
            </>
        }
    }
}

/// One broker, controller or stream worker.
fn node(ui: &Ui, (name, state): &(AttrValue, NodeState)) -> Html {
    // What it says behind its name, and the word of the button that ends it.
    let (up, word, again) = match state {
        NodeState::Up => (true, "", ""),
        NodeState::Frozen => (false, " (frozen)", "Wake"),
        NodeState::Down => (false, " (down)", "Start"),
    };
    let node = || name.to_string();
    let stop = |label: &'static str, short: &str, how| {
        let full = Some(format!("{label} {name}"));
        let command = Command::Stop { node: node(), how };
        act(ui, "stop", label, full, &format!("{short}-{name}"), command)
    };
    html! {
        <div class="row machine" role="group" aria-label={name.clone()} key={name.to_string()}>
            <b class={(!up).then_some("down")}>{ name }{ word }</b>
            if up {
                { stop("Stop", "stop", Stop::Clean) }
                { stop("Kill", "kill", Stop::Killed) }
                { stop("Cut power", "crash", Stop::Crashed) }
                { act(ui, "stop", "Freeze", Some(format!("Freeze {name} for 15 s")), &format!("freeze-{name}"), Command::Freeze { node: node(), for_us: FROZEN.0 }) }
            } else {
                { act(ui, "stop", again, Some(format!("{again} {name}")), &format!("start-{name}"), Command::Start { node: node() }) }
            }
        </div>
    }
}

/// Mistakes of the past, one at a time.
fn mistakes(ui: &Ui, flaw: Option<Flaw>) -> Html {
    let (names, chosen) = flaws(flaw);
    let controls = html! {
        <>
            { choice(ui, "flaw", "Mistake", &names, chosen, |n| Command::SetFlaw { flaw: flaw_at(n) }) }
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
        let locked = ui.locked("network");
        let nodes: Vec<&str> = data.nodes.iter().map(|(name, _)| &**name).collect();
        let end = |n: usize, id, label| {
            let sets = sets(ctx, move |form: &mut Self, place: usize| {
                form.ends[n] = place;
            });
            pick(ui, (id, label), locked, &nodes, self.ends[n], sets)
        };
        let name = |n: usize| {
            nodes
                .get(self.ends[n])
                .map_or_else(String::new, ToString::to_string)
        };
        let (a, b, rate) = (name(0), name(1), self.loss / 100.0);
        let loss = Number {
            id: "loss".to_owned(),
            step: 5.0,
            unit: "%",
            ..Number::new("network", "Share", self.loss, 95.0)
        };
        let sets_loss = sets(ctx, |form: &mut Self, loss: f64| form.loss = loss.max(0.0));
        let controls = html! {
            <>
                { end(0, "end-0", "Between") }
                { end(1, "end-1", "and") }
                { loss.settle(ui, sets_loss) }
                <div class="row">
                    { act(ui, "network", "Cut", None, "cut", Command::Cut { a: a.clone(), b: b.clone() }) }
                    { act(ui, "network", "Slow down", None, "slow", Command::SlowLink { a: a.clone(), b: b.clone(), factor: SLOW }) }
                    { act(ui, "network", "Lose packets", None, "lose", Command::SetLoss { a: a.clone(), b: b.clone(), rate }) }
                    { act(ui, "network", "Delay", None, "delay", Command::DelayRequests { a: a.clone(), b: b.clone(), rate, by_us: DELAY.0 }) }
                    { act(ui, "network", "Repeat", None, "repeat", Command::RepeatRequests { a, b, rate }) }
                    { act(ui, "network", "Mend all", None, "heal", Command::Heal) }
                </div>
            </>
        };
        part(ui, "Network", &["network", "stop"], true, controls)
    }

    /// The disks of the brokers' log directories. Brokers come first among the nodes.
    fn disk(&self, ctx: &Context<Self>) -> Html {
        let ClusterFaultsProps { ui, data } = ctx.props();
        let brokers = data.nodes.iter().map(|(name, _)| &**name);
        let brokers: Vec<&str> = brokers.filter(|name| name.starts_with("broker")).collect();
        let sets_disk = sets(ctx, |form: &mut Self, place: usize| form.disk = place);
        let node = || {
            brokers
                .get(self.disk)
                .map_or_else(String::new, ToString::to_string)
        };
        let controls = html! {
            <>
                { pick(ui, ("disk", "Disk of"), ui.locked("disk"), &brokers, self.disk, sets_disk) }
                <div class="row">
                    { act(ui, "disk", "Slow writes", None, "slow-disk", Command::SlowDisk { node: node(), by_us: SLOW_WRITE.0 }) }
                    { act(ui, "disk", "Fill", None, "fill-disk", Command::FillDisk { node: node() }) }
                    { act(ui, "disk", "Mend all", None, "mend-disks", Command::Heal) }
                </div>
                { for data.disks.iter().map(|(name, what)| html! {
                    <p class="hint">{ format!("{name}: {what}.") }</p>
                }) }
                <p class="hint">{ "Slow: each write of records takes 1 s longer. Full: at its next write the broker halts, and so does each process started there. “Mend all” heals links and disks." }</p>
            </>
        };
        part(ui, "Disks", &["disk"], false, controls)
    }
}
