//! The Clickstream page's panels: what happens to a session, and what models make of it.

use super::explain::{questions, told, what_ifs};
use super::fields::Entry;
use super::parts::{bare_table, data_table, promises, trouble};
use crate::ui::{Action, ClicksModels, ClicksNow, OwnClicks, OwnWish, Ui};
use millrace::view::predict::Score;
use web_sys::{HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The Explain tab; in an exam only its questions.
pub fn now(ui: &Ui, data: &ClicksNow, score: Score) -> Html {
    if ui.params.exam {
        return questions(ui, &data.asked, score);
    }
    html! {
        <>
            { told(ui, &data.explain, &data.asked, score) }
            { visitors(ui, &data.users, data.visitor) }
            if let Some(courses) = &data.courses {
                { data_table(courses, None) }
                if !data.own {
                    <p class="hint">{ "Made-up shoppers with the statistics of a published shop, in which 2.08 % of sessions buy. The Models tab has the totals." }</p>
                }
            }
            { what_ifs(ui, &data.what_if) }
            if !data.own {
                <h3>{ "Live topic · sessions" }</h3>
                <div class="scroller" tabindex="0" role="region" aria-label="The youngest records of sessions">{ data_table(&data.live, None) }</div>
            }
            <div class="scroller" tabindex="0" role="region" aria-label={data.sessions.caption.clone()} data-testid="sessions">{ data_table(&data.sessions, None) }</div>
            if !data.own {
                <h3>{ "Promises" }</h3>
                { promises(ui, &data.promises) }
            }
        </>
    }
}

/// Whose sessions are looked at.
fn visitors(ui: &Ui, users: &[String], chosen: u32) -> Html {
    let on = ui.on.clone();
    let onchange = Callback::from(move |event: Event| {
        let select: HtmlSelectElement = event.target_unchecked_into();
        if let Ok(visitor) = select.value().parse() {
            on.emit(Action::Visitor(visitor, None));
        }
    });
    let id = ui.id("visitor");
    html! {
        <div class="form"><div class="field">
            <label for={id.clone()}>{ "Visitor" }</label>
            <select {id} {onchange} data-testid="visitor">
                { for (0..).zip(users).map(|(n, user)| html! {
                    <option value={n.to_string()} selected={n == chosen}>{ user }</option>
                }) }
            </select>
        </div></div>
    }
}

/// The Models tab.
pub fn models(data: &ClicksModels) -> Html {
    html! {
        <>
            <h2>{ "What models make of it" }</h2>
            if let Some(courses) = &data.courses {
                { data_table(courses, None) }
            }
            if let Some(moved) = &data.moved {
                { data_table(moved, None) }
            }
            <p class="hint">{ "A model sees the clicks before the first purchase and nothing after. It was trained on made-up shoppers, not on a real shop’s." }</p>
            if !data.missing.is_empty() {
                <p class="hint" data-testid="missing">{ format!("Could not be loaded here: {}.", data.missing.join(", ")) }</p>
            }
            { for data.totals.iter().map(|table| html! {
                <><h3>{ &table.caption }</h3>{ bare_table(table, "totals") }</>
            }) }
            { for data.measured.iter().map(|table| html! {
                <div class="scroller" tabindex="0" role="region" aria-label={table.caption.clone()}>{ data_table(table, None) }</div>
            }) }
        </>
    }
}

/// The tab of one's own clicks.
pub fn own(ui: &Ui, data: &OwnClicks) -> Html {
    let on = ui.on.clone();
    let chosen = Callback::from(move |event: Event| {
        let input: HtmlInputElement = event.target_unchecked_into();
        if let Some(file) = input.files().and_then(|files| files.get(0)) {
            crate::drop::read(file, &on);
            // So that the same file can be chosen again.
            input.set_value("");
        }
    });
    let id = ui.id("clicks-file");
    html! {
        <>
            <h2>{ "Your own clicks" }</h2>
            <p>{ "A CSV file with " }<code>{ "user,ts_ms,event" }</code>{ " (view, detail, add, remove, purchase, click, or 1 to 6), or the published research format. Nothing leaves this browser." }</p>
            if !ui.locked("load") {
                <div class="form"><div class="field">
                    <label for={id.clone()}>{ "Choose a file, or drop it on the page" }</label>
                    <input {id} type="file" accept=".csv,text/csv" onchange={chosen} data-testid="clicks-file" />
                </div></div>
            }
            { trouble(ui, "own") }
            if let Some((percent, what)) = &data.progress {
                <div role="status" data-testid="own-progress">
                    <progress max="100" value={percent.to_string()} aria-label="Reading the file"></progress>
                    <p>{ format!("{percent} %: {what}") }</p>
                </div>
                <button onclick={ui.does::<MouseEvent>(Action::Own(OwnWish::Close))} data-testid="own-cancel">{ "Cancel" }</button>
            } else if !data.told.is_empty() {
                <p role="status" data-testid="own-told">{ &data.told }</p>
                { turns(ui, data) }
                { for data.tables.iter().map(|table| data_table(table, None)) }
                if let Some(bad) = &data.bad {
                    <div class="scroller" tabindex="0" role="region" aria-label={bad.caption.clone()} data-testid="own-bad">{ data_table(bad, None) }</div>
                }
            }
        </>
    }
}

/// Which users are shown.
fn turns(ui: &Ui, data: &OwnClicks) -> Html {
    let on = ui.on.clone();
    let onsettle = Callback::from(move |input: HtmlInputElement| {
        on.emit(Action::Own(OwnWish::Find(input.value())));
    });
    let turn = |to: usize| ui.does::<MouseEvent>(Action::Own(OwnWish::Turn(to)));
    let (first, users) = (data.first, data.users);
    let last = (first + 5).min(users);
    html! {
        <>
            <div class="row">
                <button disabled={first == 0} onclick={turn(first.saturating_sub(5))}>{ "Five before" }</button>
                <button disabled={last >= users} onclick={turn(last)} data-testid="own-next">{ "Five after" }</button>
                <span>{ format!("users {} to {last} of {users}", (first + 1).min(users)) }</span>
            </div>
            <div class="form"><div class="field">
                <label for={ui.id("own-user")}>{ "Find a user" }</label>
                <Entry id={ui.id("own-user")} testid="own-user" kind="text" value="" {onsettle} />
            </div></div>
            <button onclick={ui.does::<MouseEvent>(Action::Own(OwnWish::Close))} data-testid="own-close">{ "Back to the made-up shoppers" }</button>
        </>
    }
}
