//! Ordinary form controls that make commands when their value is settled.

use super::parts::Trouble;
use crate::ui::{Action, use_ui};
use millrace::sim::Command;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`Entry`].
#[derive(Properties, PartialEq)]
pub struct EntryProps {
    /// Its id, unique on the page, and its name for tests.
    pub id: AttrValue,
    /// `number`, `search`, …
    pub kind: &'static str,
    /// The value in force.
    pub value: AttrValue,
    /// The least.
    #[prop_or_default]
    pub min: Option<AttrValue>,
    /// The most.
    #[prop_or_default]
    pub max: Option<AttrValue>,
    /// The step.
    #[prop_or_default]
    pub step: Option<AttrValue>,
    /// Whether it is frozen.
    #[prop_or_default]
    pub disabled: bool,
    /// Whether what was typed stays after the field is left: in a form that is sent as a whole.
    #[prop_or_default]
    pub keep: bool,
    /// Told of every letter.
    #[prop_or_default]
    pub ontype: Callback<HtmlInputElement>,
    /// Told when the value is settled: Enter, or the field is left.
    #[prop_or_default]
    pub onsettle: Callback<HtmlInputElement>,
    /// The element, for whoever reads it later.
    #[prop_or_default]
    pub node: NodeRef,
}

/// A field to type into. The panels are drawn anew many times a second; what is being typed stays.
#[component]
pub fn Entry(props: &EntryProps) -> Html {
    let draft = use_state(|| None::<String>);
    let oninput = {
        let (draft, ontype) = (draft.clone(), props.ontype.clone());
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            draft.set(Some(input.value()));
            ontype.emit(input);
        })
    };
    let onchange = {
        let (draft, onsettle, keep) = (draft.clone(), props.onsettle.clone(), props.keep);
        Callback::from(move |event: Event| {
            onsettle.emit(event.target_unchecked_into());
            if !keep {
                draft.set(None);
            }
        })
    };
    let value = (*draft)
        .clone()
        .map_or(props.value.clone(), AttrValue::from);
    html! {
        <input id={props.id.clone()} ref={props.node.clone()} type={props.kind} min={props.min.clone()} max={props.max.clone()}
            step={props.step.clone()} disabled={props.disabled} {value} {oninput} {onchange} data-testid={props.id.clone()} />
    }
}

/// What a number makes.
pub type Make = Callback<f64, Vec<Command>>;

/// Properties of [`Number`].
#[derive(Properties, PartialEq)]
pub struct NumberProps {
    /// Its id, unique on the page.
    pub id: AttrValue,
    /// The control it belongs to, as `lock=` names it.
    pub from: &'static str,
    /// What it is called.
    pub label: AttrValue,
    /// The value in force.
    pub value: f64,
    /// The least.
    #[prop_or(0.0)]
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The step.
    #[prop_or(1.0)]
    pub step: f64,
    /// The unit.
    #[prop_or_default]
    pub unit: &'static str,
    /// The commands.
    pub make: Make,
}

/// A number with its unit. It acts when the value is settled, not with every digit.
#[component]
pub fn Number(props: &NumberProps) -> Html {
    let ui = use_ui();
    let onsettle = {
        let (on, from, make, now) = (ui.on.clone(), props.from, props.make.clone(), props.value);
        Callback::from(move |input: HtmlInputElement| {
            let value = input.value_as_number();
            if value.is_finite() {
                on.emit(Action::Act(from, make.emit(value)));
            } else {
                input.set_value(&now.to_string());
            }
        })
    };
    html! {
        <div class="field">
            <label for={props.id.clone()}>{ &props.label }</label>
            <span class="with-unit">
                <Entry id={props.id.clone()} kind="number" min={props.min.to_string()} max={props.max.to_string()}
                    step={props.step.to_string()} value={plain(props.value)} disabled={ui.locked(props.from)} {onsettle} />
                <span class="unit">{ props.unit }</span>
            </span>
        </div>
    }
}

/// A number without digits that only come from binary fractions.
fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// Properties of [`Choice`].
#[derive(Properties, PartialEq)]
pub struct ChoiceProps {
    /// Its id, unique on the page.
    pub id: &'static str,
    /// The control it belongs to, as `lock=` names it.
    pub from: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// What one may choose.
    pub options: Vec<&'static str>,
    /// Which is in force.
    pub chosen: usize,
    /// The command for each option.
    pub make: Callback<usize, Vec<Command>>,
}

/// One of a few.
#[component]
pub fn Choice(props: &ChoiceProps) -> Html {
    let ui = use_ui();
    let onchange = {
        let (on, from, make) = (ui.on.clone(), props.from, props.make.clone());
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(n) = usize::try_from(select.selected_index()) {
                on.emit(Action::Act(from, make.emit(n)));
            }
        })
    };
    html! {
        <div class="field">
            <label for={props.id}>{ props.label }</label>
            <select id={props.id} disabled={ui.locked(props.from)} {onchange} data-testid={props.id}>
                { for props.options.iter().enumerate().map(|(n, option)| html! {
                    <option selected={n == props.chosen}>{ option }</option>
                }) }
            </select>
        </div>
    }
}

/// Properties of [`Do`].
#[derive(Properties, PartialEq)]
pub struct DoProps {
    /// The control it belongs to, as `lock=` names it.
    pub from: &'static str,
    /// What the button says.
    pub label: AttrValue,
    /// What it says in full, where it stands among others of the same word.
    #[prop_or_default]
    pub full: Option<AttrValue>,
    /// What it does.
    pub commands: Vec<Command>,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<AttrValue>,
}

/// A button that acts.
#[component]
pub fn Do(props: &DoProps) -> Html {
    let ui = use_ui();
    html! {
        <button type="button" disabled={ui.locked(props.from)} aria-label={props.full.clone()}
            onclick={ui.does(Action::Act(props.from, props.commands.clone()))} data-testid={props.testid.clone()}>{ &props.label }</button>
    }
}

/// Properties of [`Part`].
#[derive(Properties, PartialEq)]
pub struct PartProps {
    /// What it is about.
    pub title: AttrValue,
    /// The controls in it whose trouble is told at its foot.
    pub from: Vec<&'static str>,
    /// Whether it is open at first.
    #[prop_or_default]
    pub open: bool,
    /// The controls.
    pub children: Html,
}

/// A group of controls, and under it what went wrong with them.
#[component]
pub fn Part(props: &PartProps) -> Html {
    html! {
        <details class="part" open={props.open}>
            <summary>{ &props.title }</summary>
            <div class="form">
                { props.children.clone() }
                { for props.from.iter().map(|&from| html! { <Trouble {from} /> }) }
            </div>
        </details>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_set_plainly() {
        assert_eq!(plain(15.0), "15");
        assert_eq!(plain(0.1 + 0.2), "0.3");
        assert_eq!(plain(81.004_9), "81.005");
        assert_eq!(plain(0.0), "0");
    }
}
