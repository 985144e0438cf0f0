//! The hunt for failures, in the Faults tab of the Cluster page.

use super::fields::{Number, part, pick};
use super::parts::data_table;
use crate::ui::{Action, HuntData, Hunting, Ui};
use millrace::cluster::Flaw;
use millrace::sim::Hunt;
use millrace::sim::faults::Intensity;
use yew::prelude::*;

/// The most seeds to ask for at once: many hours of them.
const MOST_SEEDS: f64 = 1_000_000.0;
/// Whole numbers up to here are exact in the browser.
const LAST_SEED: f64 = 9e15;

/// Properties of [`HuntPart`].
#[derive(Properties, PartialEq)]
pub struct HuntProps {
    /// Who acts.
    pub ui: Ui,
    /// The mistake that is switched on in the run shown.
    pub flaw: Option<Flaw>,
    /// The hunt that is on, or was.
    pub data: Option<HuntData>,
}

/// What is chosen, and how far the hunt has come.
pub struct HuntPart(Hunting);

/// What a person chooses.
pub enum Choose {
    /// How many seeds.
    Seeds(f64),
    /// The first.
    From(f64),
    /// How much goes wrong: a place in `Intensity::ALL`.
    Faults(usize),
    /// The mistake: 0 for none, then the places in `Flaw::ALL`.
    Flaw(usize),
}

impl Component for HuntPart {
    type Message = Choose;
    type Properties = HuntProps;

    fn create(ctx: &Context<Self>) -> Self {
        Self(Hunting {
            seeds: 2_000,
            from: 0,
            faults: Intensity::High,
            flaw: ctx.props().flaw,
        })
    }

    fn update(&mut self, _: &Context<Self>, choose: Choose) -> bool {
        let wanted = &mut self.0;
        match choose {
            Choose::Seeds(n) => wanted.seeds = n.clamp(1.0, MOST_SEEDS) as u64,
            Choose::From(n) => wanted.from = n.clamp(0.0, LAST_SEED) as u64,
            Choose::Faults(n) => wanted.faults = Intensity::ALL[n.min(Intensity::ALL.len() - 1)],
            Choose::Flaw(n) => {
                wanted.flaw = n.checked_sub(1).and_then(|n| Flaw::ALL.get(n).copied());
            }
        }
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let HuntProps { ui, data, .. } = ctx.props();
        let Hunting {
            seeds,
            from,
            faults,
            flaw,
        } = self.0;
        let link = ctx.link();
        let on = data.as_ref().is_some_and(|data| data.on);
        let place = |names: &[&'static str], chosen| {
            names.iter().position(|name| *name == chosen).unwrap_or(0)
        };
        let number = |id: &str, label, value, (min, max)| Number {
            id: id.to_owned(),
            min,
            ..Number::new("seed", label, value, max)
        };
        let locked = ui.locked("seed");
        let intensities = Intensity::ALL.map(Intensity::name);
        let flaws: Vec<&'static str> = std::iter::once("none")
            .chain(Flaw::ALL.map(Flaw::name))
            .collect();
        let flaw = place(&flaws, flaw.map_or("none", Flaw::name));
        let hint = format!(
            "Plays seed after seed in a small cluster of its own: random faults for {} s, then everything is mended, {} s in all. It stops at the first promise that breaks, and leaves out every step that is not needed for it. With no mistake, whatever it finds is a bug in Millrace.",
            Hunt::FAULTS_UNTIL.0 / 1_000_000,
            Hunt::LENGTH.0 / 1_000_000,
        );
        let controls = html! {
            <>
                <p class="hint">{ hint }</p>
                { number("hunt-seeds", "Seeds", seeds as f64, (1.0, MOST_SEEDS)).settle(ui, link.callback(Choose::Seeds)) }
                { number("hunt-from", "From seed", from as f64, (0.0, LAST_SEED)).settle(ui, link.callback(Choose::From)) }
                { pick(ui, ("hunt-faults", "Faults"), locked, &intensities, place(&intensities, faults.name()), link.callback(Choose::Faults)) }
                { pick(ui, ("hunt-flaw", "Mistake"), locked || ui.locked("flaw"), &flaws, flaw, link.callback(Choose::Flaw)) }
                <div class="row">
                    if on {
                        <button type="button" onclick={ui.does::<MouseEvent>(Action::Hunt(None))} data-testid="hunt-cancel">{ "Cancel" }</button>
                    } else {
                        <button type="button" disabled={locked} onclick={ui.does::<MouseEvent>(Action::Hunt(Some(self.0.clone())))} data-testid="hunt-start">{ "Hunt" }</button>
                    }
                </div>
                { for data.iter().map(|data| found(ui, data)) }
            </>
        };
        part(ui, "Hunt for a failure", &[], data.is_some(), controls)
    }
}

/// How far it has come, and what it found.
fn found(ui: &Ui, data: &HuntData) -> Html {
    let (played, all) = data.played;
    let stopped = !data.on && data.verdict.is_none() && played < all;
    html! {
        <>
            <progress max={all.to_string()} value={played.to_string()} aria-label="Seeds played"></progress>
            <p data-testid="hunt-progress">{ &data.progress }if stopped { { " Cancelled." } }</p>
            <p role="status" data-testid="hunt-verdict">{ data.verdict.clone() }</p>
            if let Some(steps) = &data.steps {
                { data_table(steps, Some("hunt-steps")) }
            }
            if let Some(link) = &data.link {
                <div class="row"><button type="button" class="primary" onclick={ui.does::<MouseEvent>(Action::Open(link.clone()))} data-testid="hunt-open">{ "Open this run where it breaks" }</button></div>
            }
        </>
    }
}
