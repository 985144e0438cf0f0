//! Faults: everything a person can do to the shops while they run.

use super::fields::{Choice, Do, Make, Number, Part};
use crate::ui::{Action, FaultsData, use_ui};
use millrace::protocol::{Acks, OffsetSpec, Service, Stop};
use millrace::scenario::{CommitMode, Partitioning, Sending, Settings, Wiring};
use millrace::sim::Command;
use millrace::time::EVENT_EPOCH_MS;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`FaultsPanel`].
#[derive(Properties, PartialEq)]
pub struct FaultsPanelProps {
    /// What is in force.
    pub data: Rc<FaultsData>,
    /// The file that is played: its name and speed.
    pub file: Option<(String, f64)>,
}

fn make(command: impl Fn(f64) -> Command + 'static) -> Make {
    Callback::from(move |value| vec![command(value)])
}

/// A whole number in a command: what is out of range becomes the nearest, and the core says no.
fn whole(value: f64) -> u32 {
    value.clamp(0.0, f64::from(u32::MAX)) as u32
}

/// The Faults tab.
#[component]
pub fn FaultsPanel(props: &FaultsPanelProps) -> Html {
    let data = &props.data;
    let settings = &data.settings;
    html! {
        <>
            <h2>{ "What a person can do" }</h2>
            <p class="hint">{ "A fault acts on both shops alike, at the time shown." }</p>
            <Customers settings={settings.clone()} file={props.file.clone()} />
            { for Service::ALL.iter().map(|service| html! { <ServicePart service={*service} data={data.clone()} /> }) }
            <Shops settings={settings.clone()} />
            <Clients settings={settings.clone()} />
            <Groups />
            <Network />
        </>
    }
}

/// Properties of the parts that show only settings.
#[derive(Properties, PartialEq)]
struct SettingsProps {
    settings: Settings,
    #[prop_or_default]
    file: Option<(String, f64)>,
}

#[component]
fn Customers(props: &SettingsProps) -> Html {
    let ui = use_ui();
    let s = &props.settings;
    let burst = vec![Command::Burst {
        factor: 10.0,
        for_us: 5_000_000,
    }];
    let speed = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let speed = input.value_as_number();
            if speed.is_finite() && speed > 0.0 {
                on.emit(Action::FileSpeed(speed));
            }
        })
    };
    html! {
        <Part title="Customers" from={vec!["rate", "skew"]} open=true>
            if let Some((name, factor)) = &props.file {
                <p class="hint">{ format!("They come as recorded in {name}.") }</p>
                <div class="field"><label for="file-speed">{ "Times as fast as recorded" }</label>
                    <input id="file-speed" type="number" min="0.1" step="any" value={factor.to_string()} disabled={ui.locked("load")} onchange={speed} /></div>
            } else {
                <Number id="rate" from="rate" label="Orders" unit="/s" value={s.per_s} max=1000.0 step=0.5
                    make={make(|per_s| Command::SetRate { per_s })} />
            }
            <Do from="rate" label="Burst: ×10 for 5 s" commands={burst} testid="burst" />
            <Number id="skew" from="skew" label="From one customer" unit="%" value={s.skew * 100.0} max=100.0 step=5.0
                make={make(|percent| Command::SetSkew { share: percent / 100.0 })} />
        </Part>
    }
}

/// Properties of [`ServicePart`].
#[derive(Properties, PartialEq)]
struct ServicePartProps {
    service: Service,
    data: Rc<FaultsData>,
}

fn title(service: Service) -> &'static str {
    match service {
        Service::Payment => "Payment",
        Service::Warehouse => "Warehouse",
        Service::Shipping => "Shipping",
    }
}

#[component]
fn ServicePart(props: &ServicePartProps) -> Html {
    let service = props.service;
    let (n, name) = (service.index(), service.name());
    let (data, s) = (&props.data, &props.data.settings);
    let id = |what: &str| AttrValue::from(format!("{name}-{what}"));
    let mean_ms = s.work[n].mean().as_millis_f64().round();
    let node = name.to_owned();
    let stop = |how| {
        vec![Command::Stop {
            node: node.clone(),
            how,
        }]
    };
    let full = |what: &str| Some(AttrValue::from(format!("{what} {name}")));
    let paused = data.paused[n];
    let pause = if paused {
        Command::Resume { service }
    } else {
        Command::Pause { service }
    };
    html! {
        <Part title={title(service)} from={vec!["work", "workers", "decline", "failure", "stop", "pause"]} open={service == Service::Payment}>
            <Number id={id("work")} from="work" label="One piece of work" unit="ms" value={mean_ms} min=1.0 max=3_600_000.0 step=10.0
                make={make(move |ms| Command::SetWork { service, mean_us: (ms.clamp(0.0, 1e9) * 1_000.0) as u64 })} />
            <Number id={id("workers")} from="workers" label="Workers" value={f64::from(s.workers[n])} max=64.0
                make={make(move |workers| Command::SetWorkers { service, workers: whole(workers) })} />
            <Number id={id("failure")} from="failure" label="Fails at" unit="%" value={s.failure[n] * 100.0} max=100.0 step=5.0
                make={make(move |percent| Command::SetFailure { service, rate: percent / 100.0 })} />
            if service == Service::Payment {
                <Number id="decline" from="decline" label="Declines" unit="%" value={s.decline * 100.0} max=100.0
                    make={make(|percent| Command::SetDecline { rate: percent / 100.0 })} />
            }
            <p class="hint">{ format!("{} of {} consumers up", data.up[n], s.workers[n]) }</p>
            <div class="row">
                <Do from="stop" label="Stop" full={full("Stop")} commands={stop(Stop::Clean)} testid={id("stop")} />
                <Do from="stop" label="Kill" full={full("Kill")} commands={stop(Stop::Killed)} testid={id("kill")} />
                <Do from="stop" label="Start" full={full("Start")} commands={vec![Command::Start { node: node.clone() }]} testid={id("start")} />
                <Do from="pause" label={if paused { "Resume" } else { "Pause" }} full={full(if paused { "Resume the consumers of" } else { "Pause the consumers of" })} commands={vec![pause]} testid={id("pause")} />
            </div>
        </Part>
    }
}

#[component]
fn Shops(props: &SettingsProps) -> Html {
    let on = |node: &str, how: Option<Stop>| {
        let node = node.to_owned();
        vec![match how {
            Some(how) => Command::Stop { node, how },
            None => Command::Start { node },
        }]
    };
    html! {
        <Part title="Shops and broker" from={vec!["workers", "stop"]}>
            <Number id="shop-workers" from="workers" label="Customers served at once, synchronous" value={f64::from(props.settings.shop_workers)} min=1.0 max=1000.0
                make={make(|workers| Command::SetShopWorkers { workers: whole(workers) })} />
            <div class="row"><span>{ "Shops" }</span>
                <Do from="stop" label="Stop" full="Stop both shops" commands={on("shop", Some(Stop::Clean))} testid="shop-stop" />
                <Do from="stop" label="Kill" full="Kill both shops" commands={on("shop", Some(Stop::Killed))} testid="shop-kill" />
                <Do from="stop" label="Start" full="Start both shops" commands={on("shop", None)} testid="shop-start" />
            </div>
            <div class="row"><span>{ "Broker" }</span>
                <Do from="stop" label="Stop" full="Stop the broker" commands={on("broker", Some(Stop::Clean))} testid="broker-stop" />
                <Do from="stop" label="Kill" full="Kill the broker" commands={on("broker", Some(Stop::Killed))} testid="broker-kill" />
                <Do from="stop" label="Start" full="Start the broker" commands={on("broker", None)} testid="broker-start" />
            </div>
        </Part>
    }
}

const SENDING: [Sending; 3] = [
    Sending::Synchronous,
    Sending::Callback,
    Sending::FireAndForget,
];
const ACKS: [Acks; 2] = [Acks::Zero, Acks::One];
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

#[component]
fn Clients(props: &SettingsProps) -> Html {
    let s = &props.settings;
    let sending = Callback::from(|n: usize| {
        vec![Command::SetSending {
            sending: SENDING[n % 3],
        }]
    });
    let acks = Callback::from(|n: usize| vec![Command::SetAcks { acks: ACKS[n % 2] }]);
    let partitioning = Callback::from(|n: usize| {
        vec![Command::SetPartitioning {
            partitioning: PARTITIONING[n % 4],
        }]
    });
    let commit = Callback::from(|n: usize| {
        vec![Command::SetCommit {
            commit: COMMIT[n % 2],
        }]
    });
    let wiring = Callback::from(|n: usize| {
        vec![Command::SetWiring {
            wiring: WIRING[n % 2],
        }]
    });
    html! {
        <Part title="Producer, consumers, wiring" from={vec!["sending", "acks", "partitioning", "commit", "wiring"]}>
            <Choice id="sending" from="sending" label="The shop sends" options={vec!["and waits: send().get()", "with a callback", "and forgets"]} chosen={place(&SENDING, &s.sending)} make={sending} />
            <Choice id="acks" from="acks" label="acks" options={vec!["0: no answer", "1: the leader has it"]} chosen={place(&ACKS, &s.acks)} make={acks} />
            <Choice id="partitioning" from="partitioning" label="Partition" options={vec!["murmur2 of the key (Java)", "sticky, keys ignored", "round robin", "CRC-32 of the key (the notes’ Python client)"]} chosen={place(&PARTITIONING, &s.partitioning)} make={partitioning} />
            <Choice id="commit" from="commit" label="Consumers commit" options={vec!["after each record", "enable.auto.commit"]} chosen={place(&COMMIT, &s.commit)} make={commit} />
            <Choice id="wiring" from="wiring" label="Services" options={vec!["one after another", "all read orders"]} chosen={place(&WIRING, &s.wiring)} make={wiring} />
        </Part>
    }
}

/// Rewinding a group: what it has read is read again.
#[component]
fn Groups() -> Html {
    let service = use_state(|| 0_usize);
    let seconds = use_state(|| 10.0_f64);
    let choose = {
        let service = service.clone();
        Callback::from(move |event: Event| {
            let select: web_sys::HtmlSelectElement = event.target_unchecked_into();
            service.set(usize::try_from(select.selected_index()).unwrap_or_default());
        })
    };
    let set = {
        let seconds = seconds.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            seconds.set(input.value_as_number());
        })
    };
    let ui = use_ui();
    let chosen = Service::ALL[*service % 3];
    let at = EVENT_EPOCH_MS + (seconds.max(0.0) * 1_000.0) as i64;
    let to = |to| {
        vec![Command::Rewind {
            service: chosen,
            to,
        }]
    };
    html! {
        <Part title="Rewind a group" from={vec!["rewind"]}>
            <div class="field"><label for="rewind-group">{ "Group" }</label>
                <select id="rewind-group" onchange={choose} disabled={ui.locked("rewind")}>
                    { for Service::ALL.iter().map(|service| html! { <option selected={*service == chosen}>{ service.name() }</option> }) }
                </select></div>
            <div class="row">
                <Do from="rewind" label="To the beginning" commands={to(OffsetSpec::Earliest)} testid="rewind-earliest" />
                <Do from="rewind" label="To the end" commands={to(OffsetSpec::Latest)} testid="rewind-latest" />
            </div>
            <div class="field"><label for="rewind-at">{ "To the records of second" }</label>
                <input id="rewind-at" type="number" min="0" step="1" value={seconds.to_string()} onchange={set} disabled={ui.locked("rewind")} /></div>
            <Do from="rewind" label="To that time" commands={to(OffsetSpec::Timestamp(at))} testid="rewind-time" />
            <p class="hint">{ "What lies after is read, and done, again: the log does not forget what was read." }</p>
        </Part>
    }
}

/// The two ends of a cut: groups of nodes that commands know.
const ENDS: [&str; 5] = ["shop", "broker", "payment", "warehouse", "shipping"];

#[component]
fn Network() -> Html {
    let ui = use_ui();
    let (a, b) = (use_state(|| 0_usize), use_state(|| 1_usize));
    let loss = use_state(|| 20.0_f64);
    let end = |id: &'static str, label: &'static str, state: &UseStateHandle<usize>| {
        let now = **state;
        let state = state.clone();
        let onchange = Callback::from(move |event: Event| {
            let select: web_sys::HtmlSelectElement = event.target_unchecked_into();
            state.set(usize::try_from(select.selected_index()).unwrap_or_default());
        });
        html! {
            <div class="field"><label for={id}>{ label }</label>
                <select {id} {onchange} disabled={ui.locked("network")}>{ for ENDS.iter().enumerate().map(|(n, name)| html! { <option selected={n == now}>{ name }</option> }) }</select></div>
        }
    };
    let set = {
        let loss = loss.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            loss.set(input.value_as_number());
        })
    };
    let (from, to) = (ENDS[*a % 5].to_owned(), ENDS[*b % 5].to_owned());
    let lose = Command::SetLoss {
        a: from.clone(),
        b: to.clone(),
        rate: *loss / 100.0,
    };
    html! {
        <Part title="Network" from={vec!["network"]}>
            { end("cut-a", "Between", &a) }
            { end("cut-b", "and", &b) }
            <div class="field"><label for="loss">{ "Lose" }</label>
                <span class="with-unit"><input id="loss" type="number" min="0" max="95" step="5" value={loss.to_string()} onchange={set} disabled={ui.locked("network")} /><span class="unit">{ "% of packets" }</span></span></div>
            <div class="row">
                <Do from="network" label="Cut" commands={vec![Command::Cut { a: from, b: to }]} testid="cut" />
                <Do from="network" label="Lose" commands={vec![lose]} testid="lose" />
                <Do from="network" label="Mend everything" commands={vec![Command::Heal]} testid="heal" />
            </div>
        </Part>
    }
}
