//! The hunt for failures, in the Faults tab of the Cluster page.

use super::fields::{Change, Number, flaw_at, flaws, part, pick, sets};
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

impl Component for HuntPart {
    type Message = Change<Self>;
    type Properties = HuntProps;

    fn create(ctx: &Context<Self>) -> Self {
        Self(Hunting {
            seeds: 2_000,
            from: 0,
            faults: Intensity::High,
            flaw: ctx.props().flaw,
        })
    }

    fn update(&mut self, _: &Context<Self>, change: Change<Self>) -> bool {
        change(self);
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
        let sets_seeds = sets(ctx, |form: &mut Self, n: f64| {
            form.0.seeds = n.clamp(1.0, MOST_SEEDS) as u64;
        });
        let sets_from = sets(ctx, |form: &mut Self, n: f64| {
            form.0.from = n.clamp(0.0, LAST_SEED) as u64;
        });
        let sets_faults = sets(ctx, |form: &mut Self, n: usize| {
            form.0.faults = Intensity::ALL[n.min(Intensity::ALL.len() - 1)];
        });
        let sets_flaw = sets(ctx, |form: &mut Self, n: usize| form.0.flaw = flaw_at(n));
        let on = data.as_ref().is_some_and(|data| data.on);
        let number = |id: &str, label, value, (min, max)| Number {
            id: id.to_owned(),
            min,
            ..Number::new("seed", label, value, max)
        };
        let locked = ui.locked("seed");
        let intensities = Intensity::ALL.map(Intensity::name);
        let intensity = Intensity::ALL.iter().position(|known| *known == faults);
        let (flaws, flaw) = flaws(flaw);
        let hint = format!(
            "Plays seed after seed in a small cluster of its own: random faults for {} s, then everything is mended, {} s in all. It stops at the first promise that breaks, and leaves out every step that is not needed for it. With no mistake, whatever it finds is a bug in Millrace.",
            Hunt::FAULTS_UNTIL.0 / 1_000_000,
            Hunt::LENGTH.0 / 1_000_000,
        );
        let controls = html! {
            <>
                <p class="hint">{ hint }</p>
                { number("hunt-seeds", "Seeds", seeds as f64, (1.0, MOST_SEEDS)).settle(ui, sets_seeds) }
                { number("hunt-from", "From seed", from as f64, (0.0, LAST_SEED)).settle(ui, sets_from) }
                { pick(ui, ("hunt-faults", "Faults"), locked, &intensities, intensity.unwrap_or(0), sets_faults) }
                { pick(ui, ("hunt-flaw", "Mistake"), locked || ui.locked("flaw"), &flaws, flaw, sets_flaw) }
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
