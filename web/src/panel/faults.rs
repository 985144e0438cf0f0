//! Faults: everything a person can do to the shops while they run.

use super::fields::{Entry, Number, act, choice, part};
use super::nodes::one_node;
use crate::ui::{Action, FaultsData, Ui};
use millrace::protocol::{Acks, OffsetSpec, Service, Stop};
use millrace::scenario::{CommitMode, Partitioning, Sending, Settings, Wiring};
use millrace::sim::Command;
use millrace::time::EVENT_EPOCH_MS;
use std::rc::Rc;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`Faults`].
#[derive(Properties, PartialEq)]
pub struct FaultsProps {
    /// Who acts.
    pub ui: Ui,
    /// What is in force.
    pub data: Rc<FaultsData>,
    /// The file that is played: its name and speed.
    pub file: Option<(String, f64)>,
}

/// The Faults tab, and what is chosen there but not yet done.
pub struct Faults {
    /// The group to rewind: a place in `Service::ALL`.
    group: usize,
    partition: Option<u32>,
    /// To the records of this second.
    second: f64,
    /// The two ends of a cut: places in [`ENDS`].
    ends: [usize; 2],
    /// The percentage of packets to lose.
    loss: f64,
}

/// What a person chooses.
pub enum Choose {
    /// The group to rewind.
    Group(usize),
    /// Its partition to rewind; all if none.
    Partition(Option<u32>),
    /// The second to rewind it to.
    Second(f64),
    /// One end of a cut.
    End(usize, usize),
    /// The percentage of packets to lose.
    Loss(f64),
}

impl Component for Faults {
    type Message = Choose;
    type Properties = FaultsProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            group: 0,
            partition: None,
            second: 10.0,
            ends: [0, 1],
            loss: 20.0,
        }
    }

    fn update(&mut self, _: &Context<Self>, choose: Choose) -> bool {
        match choose {
            Choose::Group(group) => self.group = group,
            Choose::Partition(partition) => self.partition = partition,
            Choose::Second(second) => self.second = second.max(0.0),
            Choose::End(n, end) => self.ends[n] = end,
            Choose::Loss(loss) => self.loss = loss.max(0.0),
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let FaultsProps { ui, data, file } = ctx.props();
        let settings = &data.settings;
        html! {
            <>
                <h2>{ "What a person can do" }</h2>
                <p class="hint">{ "A fault acts on both shops alike, at the time shown." }</p>
                { customers(ui, settings, file.as_ref()) }
                { for Service::ALL.iter().map(|service| service_part(ui, *service, data)) }
                { shops(ui, settings) }
                { one_node(ui, &data.nodes) }
                { clients(ui, settings) }
                { self.groups(ctx) }
                { self.network(ctx) }
            </>
        }
    }
}

/// A whole number in a command: what is out of range becomes the nearest, and the core says no.
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

fn customers(ui: &Ui, s: &Settings, file: Option<&(String, f64)>) -> Html {
    let burst = Command::Burst {
        factor: 10.0,
        for_us: 5_000_000,
    };
    let on = ui.on.clone();
    let speed = Callback::from(move |input: HtmlInputElement| {
        let speed = input.value_as_number();
        if speed.is_finite() && speed > 0.0 {
            on.emit(Action::FileSpeed(speed));
        }
    });
    let rate = Number {
        unit: "/s",
        step: 0.5,
        ..Number::new("rate", "Orders", s.per_s, 1000.0)
    };
    let skew = Number {
        unit: "%",
        step: 5.0,
        ..Number::new("skew", "From one customer", s.skew * 100.0, 100.0)
    };
    let controls = html! {
        <>
            if let Some((name, factor)) = file {
                <p class="hint">{ format!("They come as recorded in {name}.") }</p>
                <div class="field"><label for={ui.id("file-speed")}>{ "Times as fast as recorded" }</label>
                    <Entry id={ui.id("file-speed")} kind="number" min="0.1" step="any" value={factor.to_string()} disabled={ui.locked("load")} onsettle={speed} /></div>
            } else {
                { rate.view(ui, (|per_s| Command::SetRate { per_s }).into()) }
            }
            { act(ui, "rate", "Burst: ×10 for 5 s", None, "burst", burst) }
            { skew.view(ui, (|percent| Command::SetSkew { share: percent / 100.0 }).into()) }
        </>
    };
    part(ui, "Customers", &["rate", "skew"], true, controls)
}

fn title(service: Service) -> &'static str {
    match service {
        Service::Payment => "Payment",
        Service::Warehouse => "Warehouse",
        Service::Shipping => "Shipping",
    }
}

fn service_part(ui: &Ui, service: Service, data: &FaultsData) -> Html {
    let (n, name, s) = (service.index(), service.name(), &data.settings);
    let id = |what: &str| format!("{name}-{what}");
    let mean_ms = s.work[n].mean().as_millis_f64().round();
    let work = Number {
        id: id("work"),
        unit: "ms",
        min: 1.0,
        step: 10.0,
        ..Number::new("work", "One piece of work", mean_ms, 3_600_000.0)
    };
    let workers = Number {
        id: id("workers"),
        ..Number::new("workers", "Workers", f64::from(s.workers[n]), 64.0)
    };
    let failure = Number {
        id: id("failure"),
        unit: "%",
        step: 5.0,
        ..Number::new("failure", "Fails at", s.failure[n] * 100.0, 100.0)
    };
    let decline = Number {
        unit: "%",
        ..Number::new("decline", "Declines", s.decline * 100.0, 100.0)
    };
    let (pause, consumers, paused) = if data.paused[n] {
        (
            "Resume",
            "Resume the consumers of",
            Command::Resume { service },
        )
    } else {
        (
            "Pause",
            "Pause the consumers of",
            Command::Pause { service },
        )
    };
    let set_work = move |ms: f64| Command::SetWork {
        service,
        mean_us: (ms.clamp(0.0, 1e9) * 1_000.0) as u64,
    };
    let set_workers = move |workers| Command::SetWorkers {
        service,
        workers: whole(workers),
    };
    let set_failure = move |percent| Command::SetFailure {
        service,
        rate: percent / 100.0,
    };
    let controls = html! {
        <>
            { work.view(ui, set_work.into()) }
            { workers.view(ui, set_workers.into()) }
            { failure.view(ui, set_failure.into()) }
            if service == Service::Payment {
                { decline.view(ui, (|percent| Command::SetDecline { rate: percent / 100.0 }).into()) }
            }
            <p class="hint">{ format!("{} of {} consumers up", data.up[n], s.workers[n]) }</p>
            <div class="row">
                { lives(ui, name, name, name) }
                { act(ui, "pause", pause, Some(format!("{consumers} {name}")), &id("pause"), paused) }
            </div>
        </>
    };
    let from = ["work", "workers", "decline", "failure", "stop", "pause"];
    part(
        ui,
        title(service),
        &from,
        service == Service::Payment,
        controls,
    )
}

/// Buttons that stop, kill and start the processes of a name; `full` is what they are called in
/// full, `id` what tests call them.
fn lives(ui: &Ui, node: &str, full: &str, id: &str) -> Html {
    let button = |label, testid: &str, how: Option<Stop>| {
        let node = node.to_owned();
        let command = match how {
            Some(how) => Command::Stop { node, how },
            None => Command::Start { node },
        };
        let full = format!("{label} {full}");
        act(
            ui,
            "stop",
            label,
            Some(full),
            &format!("{id}-{testid}"),
            command,
        )
    };
    html! {
        <>
            { button("Stop", "stop", Some(Stop::Clean)) }
            { button("Kill", "kill", Some(Stop::Killed)) }
            { button("Start", "start", None) }
        </>
    }
}

fn shops(ui: &Ui, s: &Settings) -> Html {
    let workers = Number {
        id: "shop-workers".to_owned(),
        min: 1.0,
        ..Number::new(
            "workers",
            "Customers served at once, synchronous",
            f64::from(s.shop_workers),
            1000.0,
        )
    };
    let set_workers = |workers| Command::SetShopWorkers {
        workers: whole(workers),
    };
    let controls = html! {
        <>
            { workers.view(ui, set_workers.into()) }
            <div class="row"><span>{ "Shops" }</span>{ lives(ui, "shop", "both shops", "shop") }</div>
            <div class="row"><span>{ "Brokers" }</span>{ lives(ui, "broker", "all three brokers", "broker") }</div>
        </>
    };
    part(
        ui,
        "Shops and brokers",
        &["workers", "stop"],
        false,
        controls,
    )
}

const SENDING: [Sending; 3] = [
    Sending::Synchronous,
    Sending::Callback,
    Sending::FireAndForget,
];
const ACKS: [Acks; 3] = [Acks::Zero, Acks::One, Acks::All];
const PARTITIONING: [Partitioning; 4] = [
    Partitioning::Murmur2,
    Partitioning::Sticky,
    Partitioning::RoundRobin,
    Partitioning::Crc32,
];
const COMMIT: [CommitMode; 2] = [CommitMode::EachRecord, CommitMode::Auto];
const WIRING: [Wiring; 2] = [Wiring::Chain, Wiring::FanOut];

fn place<T: PartialEq>(all: &[T], it: &T) -> usize {
    all.iter().position(|one| one == it).unwrap_or_default()
}

fn clients(ui: &Ui, s: &Settings) -> Html {
    let controls = html! {
        <>
            { choice(ui, "sending", "The shop sends",
                &["and waits: send().get()", "with a callback", "and forgets"],
                place(&SENDING, &s.sending), |n| Command::SetSending { sending: SENDING[n % 3] }) }
            { choice(ui, "acks", "acks",
                &["0: no answer", "1: the leader has it", "all: every in-sync replica has it"],
                place(&ACKS, &s.acks), |n| Command::SetAcks { acks: ACKS[n % 3] }) }
            { choice(ui, "partitioning", "Partition",
                &["murmur2 of the key (Java)", "sticky, keys ignored", "round robin", "CRC-32 of the key (the notes’ Python client)"],
                place(&PARTITIONING, &s.partitioning), |n| Command::SetPartitioning { partitioning: PARTITIONING[n % 4] }) }
            { choice(ui, "commit", "Consumers commit",
                &["after each record", "enable.auto.commit"],
                place(&COMMIT, &s.commit), |n| Command::SetCommit { commit: COMMIT[n % 2] }) }
            { choice(ui, "wiring", "Services",
                &["one after another", "all read orders"],
                place(&WIRING, &s.wiring), |n| Command::SetWiring { wiring: WIRING[n % 2] }) }
        </>
    };
    let from = ["sending", "acks", "partitioning", "commit", "wiring"];
    part(ui, "Producer, consumers, wiring", &from, false, controls)
}

/// The two ends of a cut: groups of nodes that commands know.
const ENDS: [&str; 5] = ["shop", "broker", "payment", "warehouse", "shipping"];

/// The place of what was chosen.
fn selected(event: &Event) -> usize {
    let select: HtmlSelectElement = event.target_unchecked_into();
    usize::try_from(select.selected_index()).unwrap_or_default()
}

impl Faults {
    /// Rewinding a group: what it has read is read again.
    fn groups(&self, ctx: &Context<Self>) -> Html {
        let (ui, link) = (&ctx.props().ui, ctx.link());
        let choose = link.callback(|event: Event| Choose::Group(selected(&event)));
        let set = link.callback(|input: HtmlInputElement| Choose::Second(input.value_as_number()));
        let narrow = link.callback(|event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            Choose::Partition(select.value().parse().ok())
        });
        let (service, partition) = (Service::ALL[self.group % 3], self.partition);
        let partitions = ctx.props().data.partitions[service.index()];
        let at = EVENT_EPOCH_MS + (self.second * 1_000.0) as i64;
        let to = |label, testid, to| {
            let rewind = Command::Rewind {
                service,
                to,
                partition,
            };
            act(ui, "rewind", label, None, testid, rewind)
        };
        let controls = html! {
            <>
                <div class="field"><label for={ui.id("rewind-group")}>{ "Group" }</label>
                    <select id={ui.id("rewind-group")} onchange={choose} disabled={ui.locked("rewind")}>
                        { for Service::ALL.iter().map(|it| html! { <option selected={*it == service}>{ it.name() }</option> }) }
                    </select></div>
                <div class="field"><label for={ui.id("rewind-partition")}>{ "Partition" }</label>
                    <select id={ui.id("rewind-partition")} onchange={narrow} disabled={ui.locked("rewind")} data-testid="rewind-partition">
                        <option value="" selected={partition.is_none()}>{ "all" }</option>
                        { for (0..partitions).map(|n| html! { <option value={n.to_string()} selected={partition == Some(n)}>{ n }</option> }) }
                    </select></div>
                <div class="row">
                    { to("To the beginning", "rewind-earliest", OffsetSpec::Earliest) }
                    { to("To the end", "rewind-latest", OffsetSpec::Latest) }
                </div>
                <div class="field"><label for={ui.id("rewind-at")}>{ "To the records of second" }</label>
                    <Entry id={ui.id("rewind-at")} kind="number" min="0" step="1" value={self.second.to_string()} onsettle={set} disabled={ui.locked("rewind")} /></div>
                { to("To that time", "rewind-time", OffsetSpec::Timestamp(at)) }
                <p class="hint">{ "What lies after is read, and done, again: the log does not forget what was read." }</p>
            </>
        };
        part(ui, "Rewind a group", &["rewind"], false, controls)
    }

    fn network(&self, ctx: &Context<Self>) -> Html {
        let (ui, link) = (&ctx.props().ui, ctx.link());
        let end = |name: &str, label: &'static str, n: usize| {
            let id = ui.id(name);
            let onchange = link.callback(move |event: Event| Choose::End(n, selected(&event)));
            html! {
                <div class="field"><label for={id.clone()}>{ label }</label>
                    <select {id} {onchange} disabled={ui.locked("network")}>
                        { for (0..).zip(ENDS).map(|(place, name)| html! { <option selected={place == self.ends[n]}>{ name }</option> }) }
                    </select></div>
            }
        };
        let set = link.callback(|input: HtmlInputElement| Choose::Loss(input.value_as_number()));
        let [a, b] = self.ends.map(|end| ENDS[end % 5].to_owned());
        let lose = Command::SetLoss {
            a: a.clone(),
            b: b.clone(),
            rate: self.loss / 100.0,
        };
        let controls = html! {
            <>
                { end("cut-a", "Between", 0) }
                { end("cut-b", "and", 1) }
                <div class="field"><label for={ui.id("loss")}>{ "Lose" }</label>
                    <span class="with-unit"><Entry id={ui.id("loss")} kind="number" min="0" max="95" step="5" value={self.loss.to_string()} onsettle={set} disabled={ui.locked("network")} /><span class="unit">{ "% of packets" }</span></span></div>
                <div class="row">
                    { act(ui, "network", "Cut", None, "cut", Command::Cut { a, b }) }
                    { act(ui, "network", "Lose", None, "lose", lose) }
                    { act(ui, "network", "Mend everything", None, "heal", Command::Heal) }
                </div>
            </>
        };
        part(ui, "Network", &["network"], false, controls)
    }
}
