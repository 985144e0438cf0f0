//! The strip of crashes, in the Faults tab of the Cluster page: drag the moment of a crash, and read
//! what comes of it.

use super::fields::{Change, part, pick, sets};
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

const HOW: [(&str, Stop); 3] = [
    ("kill", Stop::Killed),
    ("cut power", Stop::Crashed),
    ("stop", Stop::Clean),
];
/// The shortest shows the way of one record.
const SPANS: [(&str, Span); 4] = [
    ("spread over the next 0.1 s", Span::millis(100)),
    ("spread over the next 1 s", Span::secs(1)),
    ("spread over the next 10 s", Span::secs(10)),
    ("spread over the next 60 s", Span::secs(60)),
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
    type Message = Change<Self>;
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

    fn update(&mut self, _: &Context<Self>, change: Change<Self>) -> bool {
        change(self);
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let CrashProps { ui, brokers, data } = ctx.props();
        let wanted = &self.wanted;
        let locked = ui.locked("stop") || ui.locked("seek");
        let who = &WHO[..=(*brokers).min(WHO.len() - 1)];
        let how = HOW.iter().position(|(_, how)| *how == wanted.how);
        let span = SPANS.iter().position(|(_, span)| *span == wanted.span);
        let sets_who = sets(ctx, |form: &mut Self, n: usize| {
            form.wanted.broker = (n > 0).then_some(n as u32);
        });
        let sets_how = sets(ctx, |form: &mut Self, n: usize| {
            form.wanted.how = HOW[n.min(HOW.len() - 1)].1;
        });
        let sets_span = sets(ctx, |form: &mut Self, n: usize| {
            form.wanted.span = SPANS[n.min(SPANS.len() - 1)].1;
        });
        let onclick = ui.does::<MouseEvent>(Action::TryCrashes(wanted.clone()));
        let controls = html! {
            <>
                <p class="hint">{ "Tries the same crash at 80 moments from now on, each in a run of its own, and tells what comes of it for the chosen partition." }</p>
                { pick(ui, ("crash-who", "Who"), locked, who, wanted.broker.unwrap_or(0) as usize, sets_who) }
                { pick(ui, ("crash-how", "How"), locked, &HOW.map(|how| how.0), how.unwrap_or(0), sets_how) }
                { pick(ui, ("crash-span", "When"), locked, &SPANS.map(|span| span.0), span.unwrap_or(0), sets_span) }
                <div class="row"><button type="button" disabled={locked} {onclick} data-testid="crash-try">{ "Try 80 moments" }</button></div>
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
        let sets_moment = sets(ctx, |form: &mut Self, n: usize| form.moment = n);
        let oninput = sets_moment.reform(|event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            input.value_as_number().max(0.0) as usize
        });
        let id = ui.id("crash-moment");
        let tried = data.cells.len();
        html! {
            <>
                <label class="hint" for={id.clone()}>{ format!("{}: crashes from {} to {}, each watched for {}", data.place, data.moment(0), data.moment(most), data.watched) }</label>
                <div class="crashes">
                    <div class="bars calm" aria-hidden="true">{ for data.without.iter().map(|cell| bar((usize::MAX, cell))) }</div>
                    <div class="bars" aria-hidden="true">{ for data.cells.iter().enumerate().map(bar) }</div>
                    <input type="range" {id} min="0" max={most.to_string()} step="1" value={self.moment.to_string()} aria-valuetext={told.clone()} {oninput} data-testid="crash-moment" />
                </div>
                <ul class="outcomes" data-testid="crash-legend">
                    { for data.without.iter().map(|cell| html! { <li data-testid="crash-without"><i class={cell.kind.name()}></i>{ cell.words.clone() }</li> }) }
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
