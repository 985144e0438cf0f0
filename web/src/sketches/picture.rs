//! The stage: what came, the sketch cell by cell, and the chart below it.

use super::Wish;
use super::chart::chart;
use super::controls::{controls, kinds};
use crate::ui::{Action, Ui};
use millrace::view::sketches::{self, Bench, Kind, Picture, Row};
use yew::prelude::*;

/// So many of the latest items are shown.
const RECENT: usize = 10;

/// The stage.
pub fn stage(ui: &Ui, bench: &Bench) -> Html {
    let title = sketches::title(bench);
    let setup = bench.setup();
    let picture = Picture::of(bench);
    html! {
        <section class="stage-box" aria-label={title.clone()} data-testid="stage">
            <h1 class="hidden">{ &title }</h1>
            <div class="sketch">
                if !ui.params.embed { { kinds(ui, bench) } }
                <p class="asks"><b>{ setup.kind.question() }</b>{ " " }{ bench.note() }</p>
                { controls(ui, bench) }
                { recent(ui, bench) }
                if let Some(hash) = &picture.hash { { row(hash, 1, "hash".to_owned(), "") }
                    <p class="hint">{ hash_hint(setup.kind) }</p> }
                <div role="img" aria-label="The sketch. The Tables tab has it as a table." data-testid="cells">
                    { for picture.rows.iter().enumerate().map(|(n, cells)| row(cells, picture.letters, cells.label.clone(), looks(&picture, n))) }
                </div>
                { chart(bench) }
            </div>
        </section>
    }
}

fn hash_hint(kind: Kind) -> &'static str {
    match kind {
        Kind::Hll => "Shaded is the register’s number; what is outlined are the zeros that count.",
        _ => "What is outlined are the zeros that count.",
    }
}

/// Few cells are large, and in short rows the places are numbered as the notes number them.
fn looks(picture: &Picture, row: usize) -> &'static str {
    let (all, wide) = picture.rows.iter().fold((0, 0), |(all, wide), row| {
        (all + row.cells.len(), wide.max(row.cells.len()))
    });
    match (all <= 64, wide > 1 && wide <= 16 && row == 0) {
        (true, true) => "large numbered",
        (true, false) => "large",
        (false, true) => "numbered",
        (false, false) => "",
    }
}

/// The latest items; one is looked at where it is pressed.
fn recent(ui: &Ui, bench: &Bench) -> Html {
    let names = bench.names(RECENT);
    let asked = bench.setup().item.is_some();
    let chip = |(n, name): (usize, &&str)| {
        let onclick = ui.does::<MouseEvent>(Action::Sketch(Wish::Ask((*name).to_owned())));
        let class = classes!("chip", (n == 0).then_some("latest"));
        html! { <button {class} {onclick} aria-label={format!("Look at {name}")}>{ *name }</button> }
    };
    html! {
        <div class="row recent" role="group" aria-label="The latest items">
            <span class="hint">{ "latest" }</span>
            { for names.iter().enumerate().map(chip) }
            if names.is_empty() { <span class="hint">{ "nothing yet" }</span> }
            if asked { <button class="quiet" onclick={ui.does::<MouseEvent>(Action::Sketch(Wish::Ask(String::new())))} data-testid="follow">{ "Follow the latest" }</button> }
        </div>
    }
}

fn row(row: &Row, letters: u32, label: String, looks: &'static str) -> Html {
    html! {
        <div class="cells-row">
            <span class="hint">{ label }</span>
            <div class={classes!("cells", looks)} style={format!("--letters: {letters}")} aria-hidden="true">
                { for row.cells.iter().map(|cell| html! {
                    <i class={classes!(format!("s{}", cell.shade), cell.touched.then_some("touched"))}>{ &cell.text }</i>
                }) }
            </div>
        </div>
    }
}
