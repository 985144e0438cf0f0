//! One node by itself: to stop, kill, start or cut off.

use super::fields::part;
use crate::ui::{Action, Ui};
use millrace::protocol::Stop;
use millrace::sim::Command;
use wasm_bindgen::JsCast;
use web_sys::{Element, HtmlSelectElement};
use yew::prelude::*;

/// A node's own name, and whether it runs.
pub type NodeRow = (AttrValue, bool);

/// The part of the Faults tab about a single node. Which one is chosen is the list's own business:
/// the buttons ask it when they are pressed.
pub fn one_node(ui: &Ui, nodes: &[NodeRow]) -> Html {
    let option = |(name, up): &NodeRow| {
        let state = if *up { "" } else { " (down)" };
        html! { <option value={name.clone()}>{ name }{ state }</option> }
    };
    let locked = ui.locked("stop") && ui.locked("network");
    let controls = html! {
        <>
            <div class="field"><label for={ui.id("node")}>{ "Node" }</label>
                <select id={ui.id("node")} disabled={locked} data-testid="node">{ for nodes.iter().map(option) }</select></div>
            <div class="row" role="group" aria-label="The chosen node">
                { button(ui, "stop", "Stop", "node-stop", |node| vec![Command::Stop { node, how: Stop::Clean }]) }
                { button(ui, "stop", "Kill", "node-kill", |node| vec![Command::Stop { node, how: Stop::Killed }]) }
                { button(ui, "stop", "Start", "node-start", |node| vec![Command::Start { node }]) }
                { button(ui, "network", "Cut off", "node-cut", cut_off) }
            </div>
            <p class="hint">{ "The other shop has no such fault, so the two are no longer alike. Network mends what is cut." }</p>
        </>
    };
    part(ui, "One node", &["stop", "network"], false, controls)
}

fn button(
    ui: &Ui,
    from: &'static str,
    label: &'static str,
    testid: &'static str,
    commands: fn(String) -> Vec<Command>,
) -> Html {
    let on = ui.on.clone();
    let onclick = Callback::from(move |event: MouseEvent| {
        if let Some(node) = chosen(&event) {
            on.emit(Action::Act(from, commands(node)));
        }
    });
    html! { <button type="button" disabled={ui.locked(from)} {onclick} data-testid={testid}>{ label }</button> }
}

/// What the list beside the button pressed is at.
fn chosen(event: &MouseEvent) -> Option<String> {
    let button: Element = event.target_dyn_into()?;
    let list = button.closest(".part").ok()??.query_selector("select");
    let list: HtmlSelectElement = list.ok()??.dyn_into().ok()?;
    Some(list.value())
}

/// Cuts a node from everyone it talks to.
fn cut_off(node: String) -> Vec<Command> {
    let peers: &[&str] = match &*node {
        other if other.starts_with("broker-") => &[
            "broker",
            "controller",
            "async-shop",
            "payment",
            "warehouse",
            "shipping",
        ],
        other if other.starts_with("controller-") => &["broker", "controller"],
        "sync-shop" => &["payment", "warehouse", "shipping"],
        other if other.starts_with("sync-") => &["sync-shop"],
        _ => &["broker"],
    };
    let cut = |peer: &&str| Command::Cut {
        a: node.clone(),
        b: (*peer).to_owned(),
    };
    peers.iter().map(cut).collect()
}

#[cfg(test)]
mod tests {
    use super::cut_off;
    use millrace::scenario;
    use millrace::sim::Timeline;
    use millrace::time::Time;

    /// Every node that the list offers can be cut off, and then nothing more reaches it.
    #[test]
    fn whoever_is_cut_off_hears_nothing() {
        let orders = || scenario::by_name("orders").expect("the scene is there");
        for node in [
            "broker-1",
            "controller-1",
            "async-shop",
            "sync-shop",
            "sync-payment",
            "payment-3",
            "shipping-6",
        ] {
            let mut timeline = Timeline::new(orders(), 41).expect("it starts");
            timeline.run_until(Time(2_000_000), u64::MAX);
            let before = timeline.trace_hash();
            for command in cut_off(node.to_owned()) {
                timeline
                    .act(command)
                    .unwrap_or_else(|why| panic!("{node}: {why}"));
            }
            assert_ne!(timeline.trace_hash(), before, "{node}");
        }
    }
}
