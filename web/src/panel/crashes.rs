//! The strip of crashes, in the Faults tab of the Cluster page: drag the moment of a crash, and read
//! what comes of it.

use super::fields::{part, pick};
use super::parts::data_table;
use crate::ui::{Action, CrashWanted, CrashesData, Ui};
use millrace::protocol::Stop;
use millrace::time::Span;
use std::rc::Rc;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// Properties of [`CrashPart`].
#[derive(Properties, PartialEq)]
pub struct CrashProps {
    /// Who acts.
    pub ui: Ui,
    /// How many brokers there are.
    pub brokers: usize,
    /// The strip, if one was made.
    pub data: Option<Rc<CrashesData>>,
}

/// What is chosen, and which moment is looked at.
pub struct CrashPart {
    wanted: CrashWanted,
    moment: usize,
}

/// What a person chooses.
pub enum Choose {
    /// Who crashes: 0 for the leader, then the brokers.
    Who(usize),
    /// A place in [`HOW`].
    How(usize),
    /// A place in [`SPANS`].
    Span(usize),
    /// A moment.
    Moment(usize),
}

const HOW: [(&str, Stop); 3] = [
    ("kill", Stop::Killed),
    ("cut power", Stop::Crashed),
    ("stop", Stop::Clean),
];
/// The shortest shows the way of one record.
const SPANS: [(&str, Span); 4] = [
    ("0.1 s from now", Span::millis(100)),
    ("1 s from now", Span::secs(1)),
    ("10 s from now", Span::secs(10)),
    ("60 s from now", Span::secs(60)),
];
/// More brokers than any scene has.
const WHO: [&str; 10] = [
    "its leader",
    "broker 1",
    "broker 2",
    "broker 3",
    "broker 4",
    "broker 5",
    "broker 6",
    "broker 7",
    "broker 8",
    "broker 9",
];

impl Component for CrashPart {
    type Message = Choose;
    type Properties = CrashProps;

    fn create(_: &Context<Self>) -> Self {
        Self {
            wanted: CrashWanted {
                broker: None,
                how: HOW[0].1,
                span: SPANS[2].1,
            },
            moment: 0,
        }
    }

    fn update(&mut self, _: &Context<Self>, choose: Choose) -> bool {
        match choose {
            Choose::Who(n) => self.wanted.broker = (n > 0).then_some(n as u32),
            Choose::How(n) => self.wanted.how = HOW[n.min(HOW.len() - 1)].1,
            Choose::Span(n) => self.wanted.span = SPANS[n.min(SPANS.len() - 1)].1,
            Choose::Moment(n) => self.moment = n,
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let CrashProps { ui, brokers, data } = ctx.props();
        let (link, wanted) = (ctx.link(), &self.wanted);
        let locked = ui.locked("stop") || ui.locked("seek");
        let who = &WHO[..=(*brokers).min(WHO.len() - 1)];
        let how = HOW.iter().position(|(_, how)| *how == wanted.how);
        let span = SPANS.iter().position(|(_, span)| *span == wanted.span);
        let onclick = ui.does::<MouseEvent>(Action::TryCrashes(wanted.clone()));
        let controls = html! {
            <>
                <p class="hint">{ "Tries the same crash at 80 moments from now on, each in a run of its own, and tells what comes of it for the chosen partition." }</p>
                { pick(ui, ("crash-who", "Who"), locked, who, wanted.broker.unwrap_or(0) as usize, link.callback(Choose::Who)) }
                { pick(ui, ("crash-how", "How"), locked, &HOW.map(|how| how.0), how.unwrap_or(0), link.callback(Choose::How)) }
                { pick(ui, ("crash-span", "When"), locked, &SPANS.map(|span| span.0), span.unwrap_or(0), link.callback(Choose::Span)) }
                <div class="row"><button type="button" disabled={locked} {onclick} data-testid="crash-try">{ "Try every moment" }</button></div>
                { for data.iter().map(|data| self.strip(ctx, data)) }
            </>
        };
        part(ui, "The moment of a crash", &[], data.is_some(), controls)
    }
}

impl CrashPart {
    fn strip(&self, ctx: &Context<Self>, data: &CrashesData) -> Html {
        let ui = &ctx.props().ui;
        let bar = |(n, cell): (usize, &millrace::view::cluster::crashes::Cell)| {
            let here = (n == self.moment).then_some("here");
            html! { <i class={classes!(cell.kind.name(), here)} style={format!("height:{}%", cell.height)}></i> }
        };
        let most = data.all.saturating_sub(1);
        let told = match data.cells.get(self.moment) {
            Some(cell) => cell.words.clone(),
            None => format!("{}: not tried yet.", data.moment(self.moment)),
        };
        let oninput = ctx.link().callback(|event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            Choose::Moment(input.value_as_number().max(0.0) as usize)
        });
        let id = ui.id("crash-moment");
        let tried = data.cells.len();
        html! {
            <>
                <label class="hint" for={id.clone()}>{ format!("{}: crashes from {} to {}, each watched for {}", data.place, data.moment(0), data.moment(most), data.watched) }</label>
                <div class="crashes">
                    <div class="bars" aria-hidden="true">{ for data.cells.iter().enumerate().map(bar) }</div>
                    <input type="range" {id} min="0" max={most.to_string()} step="1" value={self.moment.to_string()} aria-valuetext={told.clone()} {oninput} data-testid="crash-moment" />
                </div>
                <ul class="outcomes" data-testid="crash-legend">
                    { for data.legend.iter().map(|(kind, n)| html! { <li><i class={kind.name()}></i>{ format!("{n} of {}: {}", data.all, kind.text()) }</li> }) }
                    if tried < data.all {
                        <li>{ format!("{} not tried yet", data.all - tried) }</li>
                    }
                </ul>
                <p data-testid="crash-told">{ told }</p>
                <div class="row"><button type="button" class="primary" disabled={self.moment >= tried} onclick={ui.does::<MouseEvent>(Action::PlayCrash(self.moment))} data-testid="crash-play">{ "Play this crash" }</button></div>
                <details><summary>{ "As a table" }</summary>{ data_table(&data.table, Some("crash-table")) }</details>
            </>
        }
    }
}
