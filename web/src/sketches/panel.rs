//! What stands beside the stage: what happens, how an answer comes about, the tables, own data.

use super::{Sketches, Wish};
use crate::panel::{Entry, bare_table, data_table, questions, told};
use crate::ui::{Action, Tab, Ui};
use millrace::view::sketches;
use web_sys::HtmlInputElement;
use yew::prelude::*;

/// What the open tab shows.
pub fn inside(ui: &Ui, page: &Sketches) -> Html {
    match page.tab {
        Tab::How => how(ui, page),
        Tab::Tables => {
            html! { { for sketches::tables(&page.bench).iter().enumerate().map(|(n, table)| {
                // The first holds cells, the others numbers.
                let testid = if n == 0 { "twin-sketch" } else { "sketch-numbers" };
                html! { <div class="scroller" tabindex="0" role="region" aria-label={table.caption.clone()}>{ data_table(table, Some(testid)) }</div> }
            }) } }
        }
        Tab::Data => data(ui, page),
        _ => explain(ui, page),
    }
}

fn explain(ui: &Ui, page: &Sketches) -> Html {
    let bench = &page.bench;
    let asked: Vec<_> = page.asked().into_iter().collect();
    if ui.params.exam {
        return questions(ui, &asked, page.score());
    }
    html! {
        <>
            { told(ui, &sketches::explain(bench), &asked, page.score()) }
            { bare_table(&sketches::answers(bench), "sketch-answers") }
        </>
    }
}

fn how(ui: &Ui, page: &Sketches) -> Html {
    let bench = &page.bench;
    let ask = {
        let on = ui.on.clone();
        Callback::from(move |input: HtmlInputElement| {
            on.emit(Action::Sketch(Wish::Ask(input.value())));
        })
    };
    let id = ui.id("ask");
    html! {
        <>
            <h2>{ "How was this answered?" }</h2>
            <div class="field"><label for={id.clone()}>{ "Ask for an item" }</label><Entry {id} testid={Some("ask")} kind="search" value="" onsettle={ask} /></div>
            <ol class="how" data-testid="how">{ for sketches::how(bench).into_iter().map(|step| html! { <li>{ step }</li> }) }</ol>
            { bare_table(&sketches::answers(bench), "how-answers") }
        </>
    }
}

fn data(ui: &Ui, page: &Sketches) -> Html {
    let file = &page.file;
    let chosen = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let input: HtmlInputElement = event.target_unchecked_into();
            if let Some(file) = input.files().and_then(|files| files.get(0)) {
                crate::drop::read(file, &on);
            }
        })
    };
    let column = {
        let on = ui.on.clone();
        Callback::from(move |input: HtmlInputElement| {
            on.emit(Action::Sketch(Wish::Column(input.value())));
        })
    };
    let (file_id, column_id) = (ui.id("sketch-file"), ui.id("column"));
    html! {
        <>
            <h2>{ "Your own data" }</h2>
            <p>{ "A CSV file whose first line names the columns, such as " }<code>{ "ts_ms,key,value" }</code>{ ". Each row is an item: its key. Nothing leaves this browser, and a link does not carry it." }</p>
            if ui.locked("load") {
                <p class="hint">{ "Loading is switched off here." }</p>
            } else {
                <label for={file_id.clone()}>{ "Choose a file, or drop it on the page" }</label>
                <input id={file_id} type="file" accept=".csv,text/csv" onchange={chosen} data-testid="sketch-file" />
                <div class="field"><label for={column_id.clone()}>{ "Column of the keys" }</label><Entry id={column_id} testid={Some("column")} kind="text" value={file.column.clone()} onsettle={column} /></div>
            }
            <div role="status" data-testid="own-outcome">
                if !file.trouble.is_empty() {
                    <p class="trouble">{ &file.trouble }</p>
                } else if let Some(own) = &page.own {
                    <p>{ format!("{}: {} rows read, {} left out.", own.name, own.keys.len(), own.bad) }</p>
                }
                if !file.bad.is_empty() {
                    <ul class="bad-lines">{ for file.bad.iter().take(50).map(|(line, why)| html! { <li>{ format!("line {line}: {why}") }</li> }) }</ul>
                }
            </div>
        </>
    }
}
