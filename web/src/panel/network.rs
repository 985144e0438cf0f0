//! Network: somebody in the network's place chooses which message arrives next.

use super::explain::what_ifs;
use super::fields::{act, choice};
use super::parts::promises;
use crate::ui::{Action, NetworkData, Ui};
use millrace::protocol::Acks;
use millrace::sim::Command;
use millrace::time::Span;
use millrace::view::cluster::network::Wire;
use yew::prelude::*;

/// Times that may pass at a press.
const PASSES: [Span; 3] = [Span::millis(10), Span::millis(500), Span::secs(10)];

/// The Network tab.
pub fn network(ui: &Ui, data: &NetworkData) -> Html {
    let held = data.choices.held;
    let hold = Command::HoldMessages { hold: !held };
    let onclick = ui.does::<MouseEvent>(Action::Act("network", vec![hold]));
    html! {
        <>
            <h2>{ "Be the network" }</h2>
            <p class="hint">{ "Choose which message arrives next, and try to lose a committed record. Brokers and the producer wait for what you choose; what consumers and controllers send goes by itself." }</p>
            <p><button class={(!held).then_some("primary")} disabled={ui.locked("network")} {onclick} data-testid="hold">{
                if held { "Let them all go" } else { "Hold the messages" }
            }</button></p>
            { super::parts::trouble(ui, "network") }
            <p data-testid="stands">{ &data.choices.stands }</p>
            if held { { choose(ui, data) } }
            <h3>{ &data.if_it_died.caption }</h3>
            <dl class="fates">
                { for data.if_it_died.rows.iter().map(|row| html! {
                    <><dt>{ row.first() }</dt><dd>{ row.get(1) }</dd></>
                }) }
            </dl>
            <h3>{ "Can you break them?" }</h3>
            { promises(ui, &data.choices.promises) }
            <div class="form">{ choice(ui, "acks", "acks", &["0", "1", "all"], data.acks as usize, |n| Command::SetAcks {
                acks: [Acks::Zero, Acks::One, Acks::All][n.min(2)],
            }) }</div>
            <p class="hint">{ "With acks=1, deliver a batch and its answer, kill the leader before anybody has fetched it, and let them all go. Then try the same with acks=all." }</p>
            { what_ifs(ui, &data.what_if) }
        </>
    }
}

/// What is on its way, and how long nothing is chosen.
fn choose(ui: &Ui, data: &NetworkData) -> Html {
    let pass = |by: &Span| {
        let to = data.now + *by;
        html! { <button disabled={ui.locked("seek")} onclick={ui.does::<MouseEvent>(Action::Seek(to))} data-testid={format!("pass-{}", by.0 / 1_000)}>{ by.to_string() }</button> }
    };
    html! {
        <>
            <p class="hint">{ "Messages on one connection arrive in the order sent (TCP), so only the first of each can be next. Nothing gets lost from the middle: a network can only break the connection, with all that is on its way on it, both ways, and both ends learn of it." }</p>
            <div class="row passes" role="group" aria-label="Let time pass"><span>{ "Let time pass:" }</span>{ for PASSES.iter().map(pass) }</div>
            if data.choices.wires.is_empty() { <p data-testid="nothing-waits">{ "Nothing is on its way at this very moment: what the picture showed has arrived. Let time pass." }</p> }
            <ol class="wires" data-testid="wires">
                { for data.choices.wires.iter().map(|one| wire(ui, data, one)) }
            </ol>
        </>
    }
}

fn wire(ui: &Ui, data: &NetworkData, wire: &Wire) -> Html {
    let name = format!("{}-{}", wire.from, wire.to);
    let deliver = Command::Deliver {
        from: wire.from.clone(),
        to: wire.to.clone(),
    };
    let cut = Command::BreakConnection {
        a: wire.from.clone(),
        b: wire.to.clone(),
    };
    let waits = data.now.since(wire.sent_at);
    let behind = match wire.behind {
        0 => String::new(),
        1 => "; 1 more behind it".to_owned(),
        n => format!("; {n} more behind it"),
    };
    html! {
        <li key={name.clone()}>
            <b>{ &wire.route }</b>
            <span>{ &wire.next }</span>
            <small>{ format!("sent {waits} ago{behind}") }</small>
            <span class="row">
                { act(ui, "network", "Deliver next", Some(format!("Deliver next: {}: {}", wire.route, wire.next)), &format!("deliver-{name}"), deliver) }
                { act(ui, "network", "Break", Some(format!("Break the connection of {}", wire.route)), &format!("break-{name}"), cut) }
            </span>
        </li>
    }
}
