//! Ordinary form controls that make commands when their value is settled.

use super::parts::trouble;
use crate::ui::{Action, Ui};
use millrace::cluster::Flaw;
use millrace::sim::Command;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// Properties of [`Entry`].
#[derive(Properties, PartialEq)]
pub struct EntryProps {
    /// Its id, unique in the document.
    pub id: AttrValue,
    /// Its name for tests, if that is another.
    #[prop_or_default]
    pub testid: Option<&'static str>,
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
}

/// A field to type into. The panels are drawn anew many times a second; what is being typed stays.
pub struct Entry {
    draft: Option<String>,
}

impl Component for Entry {
    type Message = Option<String>;
    type Properties = EntryProps;

    fn create(_: &Context<Self>) -> Self {
        Self { draft: None }
    }

    fn update(&mut self, _: &Context<Self>, draft: Option<String>) -> bool {
        self.draft = draft;
        true
    }

    fn view(&self, ctx: &Context<Self>) -> Html {
        let props = ctx.props();
        let oninput = {
            let (link, ontype) = (ctx.link().clone(), props.ontype.clone());
            Callback::from(move |event: InputEvent| {
                let input: HtmlInputElement = event.target_unchecked_into();
                link.send_message(Some(input.value()));
                ontype.emit(input);
            })
        };
        let onchange = {
            let (link, onsettle, keep) = (ctx.link().clone(), props.onsettle.clone(), props.keep);
            Callback::from(move |event: Event| {
                onsettle.emit(event.target_unchecked_into());
                if !keep {
                    link.send_message(None);
                }
            })
        };
        let value = match &self.draft {
            Some(draft) => AttrValue::from(draft.clone()),
            None => props.value.clone(),
        };
        let testid = props.testid.map_or(props.id.clone(), AttrValue::Static);
        html! {
            <input id={props.id.clone()} type={props.kind} min={props.min.clone()} max={props.max.clone()}
                step={props.step.clone()} disabled={props.disabled} {value} {oninput} {onchange} data-testid={testid} />
        }
    }
}

/// A number with its unit. It acts when the value is settled, not with every digit.
pub struct Number {
    /// Its name, unique on the page.
    pub id: String,
    /// The control it belongs to, as `lock=` names it.
    pub from: &'static str,
    /// What it is called.
    pub label: &'static str,
    /// The value in force.
    pub value: f64,
    /// The least.
    pub min: f64,
    /// The most.
    pub max: f64,
    /// The step.
    pub step: f64,
    /// The unit.
    pub unit: &'static str,
}

impl Number {
    /// A number of this name, which is its id and its control's name too: whole, from 0 up to
    /// `max`.
    pub fn new(from: &'static str, label: &'static str, value: f64, max: f64) -> Self {
        Self {
            id: from.to_owned(),
            from,
            label,
            value,
            min: 0.0,
            max,
            step: 1.0,
            unit: "",
        }
    }

    /// Draws it; the value makes a command.
    pub fn view(self, ui: &Ui, make: Callback<f64, Command>) -> Html {
        let (on, from) = (ui.on.clone(), self.from);
        let settle = move |value| on.emit(Action::Act(from, vec![make.emit(value)]));
        self.settle(ui, settle.into())
    }

    /// Draws it; the value is told when it is settled.
    pub fn settle(self, ui: &Ui, settle: Callback<f64>) -> Html {
        let now = self.value;
        let onsettle = Callback::from(move |input: HtmlInputElement| {
            let value = input.value_as_number();
            if value.is_finite() {
                settle.emit(value);
            } else {
                input.set_value(&now.to_string());
            }
        });
        let id = ui.id(&self.id);
        html! {
            <div class="field">
                <label for={id.clone()}>{ self.label }</label>
                <span class="with-unit">
                    <Entry {id} kind="number" min={self.min.to_string()} max={self.max.to_string()}
                        step={self.step.to_string()} value={plain(now)} disabled={ui.locked(self.from)} {onsettle} />
                    <span class="unit">{ self.unit }</span>
                </span>
            </div>
        }
    }
}

/// A number without digits that only come from binary fractions.
fn plain(value: f64) -> String {
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// One of a few. `name` is its id and its control's name; the place of what is chosen makes a
/// command.
pub fn choice(
    ui: &Ui,
    name: &'static str,
    label: &'static str,
    options: &[&str],
    chosen: usize,
    make: fn(usize) -> Command,
) -> Html {
    let on = ui.on.clone();
    let settle = move |n| on.emit(Action::Act(name, vec![make(n)]));
    pick(
        ui,
        (name, label),
        ui.locked(name),
        options,
        chosen,
        settle.into(),
    )
}

/// A change of what a form has chosen and not yet done: the message of a component that keeps it.
pub type Change<C> = Box<dyn FnOnce(&mut C)>;

/// Sets something of a form to what a control is settled to.
pub fn sets<C, V>(ctx: &Context<C>, set: impl Fn(&mut C, V) + Copy + 'static) -> Callback<V>
where
    C: Component<Message = Change<C>>,
    V: 'static,
{
    let link = ctx.link();
    link.callback(move |value| -> Change<C> { Box::new(move |form| set(form, value)) })
}

/// One of a few, by its place. `name` is its id, `label` what it is called.
pub fn pick(
    ui: &Ui,
    (name, label): (&'static str, &'static str),
    locked: bool,
    options: &[&str],
    chosen: usize,
    settle: Callback<usize>,
) -> Html {
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Ok(n) = usize::try_from(select.selected_index()) {
            settle.emit(n);
        }
    });
    let id = ui.id(name);
    html! {
        <div class="field">
            <label for={id.clone()}>{ label }</label>
            <select {id} disabled={locked} {onchange} data-testid={name}>
                { for options.iter().enumerate().map(|(n, option)| html! {
                    <option selected={n == chosen}>{ (*option).to_owned() }</option>
                }) }
            </select>
        </div>
    }
}

/// The mistakes of the past, none of them first, and the place of the one that is chosen.
pub fn flaws(chosen: Option<Flaw>) -> (Vec<&'static str>, usize) {
    let names = std::iter::once("none").chain(Flaw::ALL.map(Flaw::name));
    let place = Flaw::ALL.iter().position(|flaw| Some(*flaw) == chosen);
    (names.collect(), place.map_or(0, |n| n + 1))
}

/// The mistake at such a place.
pub fn flaw_at(place: usize) -> Option<Flaw> {
    Flaw::ALL.get(place.checked_sub(1)?).copied()
}

/// A button that acts. `from` is the control it belongs to, as `lock=` names it; `full` is what it
/// says in full, where it stands among others of the same word.
pub fn act(
    ui: &Ui,
    from: &'static str,
    label: &'static str,
    full: Option<String>,
    testid: &str,
    command: Command,
) -> Html {
    html! {
        <button type="button" disabled={ui.locked(from)} aria-label={full}
            onclick={ui.does::<MouseEvent>(Action::Act(from, vec![command]))} data-testid={testid.to_owned()}>{ label }</button>
    }
}

/// A group of controls, and under it what went wrong with them: with those named in `from`.
pub fn part(ui: &Ui, title: &'static str, from: &[&str], open: bool, controls: Html) -> Html {
    html! {
        <details class="part" {open}>
            <summary>{ title }</summary>
            <div class="form">
                { controls }
                { for from.iter().map(|from| trouble(ui, from)) }
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
