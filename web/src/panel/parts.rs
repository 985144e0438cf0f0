//! What several panels are made of.

use crate::ui::{Action, use_ui};
use millrace::view::panel::{Mark, PromiseRow, Table, Text, TopicRow};
use yew::prelude::*;

/// Properties of [`DataTable`].
#[derive(Properties, PartialEq)]
pub struct DataTableProps {
    /// The table.
    pub table: Table,
    /// For tests.
    #[prop_or_default]
    pub testid: Option<&'static str>,
    /// Whether its caption is for screen readers only.
    #[prop_or_default]
    pub bare: bool,
}

/// A table: the first column names the row, the others hold numbers.
#[component]
pub fn DataTable(props: &DataTableProps) -> Html {
    let table = &props.table;
    let row = |row: &Vec<String>| {
        let mut cells = row.iter();
        let name = cells.next().cloned().unwrap_or_default();
        html! { <tr><th scope="row">{ name }</th>{ for cells.map(|cell| html! { <td>{ cell }</td> }) }</tr> }
    };
    html! {
        <table class="data" data-testid={props.testid}>
            <caption class={classes!(props.bare.then_some("hidden"))}>{ &table.caption }</caption>
            <thead><tr>{ for table.heads.iter().map(|head| html! { <th scope="col">{ head }</th> }) }</tr></thead>
            <tbody>{ for table.rows.iter().map(row) }</tbody>
        </table>
    }
}

/// Running text with emphasis.
pub fn rich(text: &Text) -> Html {
    let piece = |piece: &millrace::view::panel::Piece| {
        if piece.strong {
            html! { <b>{ &piece.words }</b> }
        } else {
            html! { <>{ &piece.words }</> }
        }
    };
    html! { <>{ for text.0.iter().map(piece) }</> }
}

/// Properties of [`Trouble`].
#[derive(Properties, PartialEq)]
pub struct TroubleProps {
    /// The control it is about.
    pub from: &'static str,
}

/// What went wrong, where the person acted.
#[component]
pub fn Trouble(props: &TroubleProps) -> Html {
    let ui = use_ui();
    match ui.errors.get(props.from) {
        Some(why) => html! {
            <p class="trouble" role="alert" data-testid={format!("trouble-{}", props.from)}>{ why }</p>
        },
        None => html! {},
    }
}

/// Properties of [`Promises`].
#[derive(Properties, PartialEq)]
pub struct PromisesProps {
    /// The guarantees.
    pub rows: Vec<PromiseRow>,
}

/// The guarantees and how they stand: a sign, words, and only then a colour.
#[component]
pub fn Promises(props: &PromisesProps) -> Html {
    let row = |row: &PromiseRow| {
        let (sign, class, words) = match row.mark {
            Mark::Held => ("✓", "held", "promised and held"),
            Mark::Unpromised => ("○", "unpromised", "not promised, held so far"),
            Mark::Lesson => ("◐", "lesson", "not promised, and broken"),
            Mark::Broken => ("✗", "broken", "promised and broken: a bug in Millrace"),
        };
        html! {
            <li {class}>
                <span class="sign" aria-hidden="true">{ sign }</span>
                <span>{ &row.name }<small>{ format!("{words}. {}", row.why) }</small></span>
            </li>
        }
    };
    html! { <ul class="promises" data-testid="promises">{ for props.rows.iter().map(row) }</ul> }
}

/// Properties of [`Records`].
#[derive(Properties, PartialEq)]
pub struct RecordsProps {
    /// The rows.
    pub rows: Vec<TopicRow>,
    /// Whether it is only a glance: no timestamps, nothing to press.
    #[prop_or_default]
    pub brief: bool,
    /// What it is a table of.
    pub caption: String,
    /// Asks for the bytes of a record.
    #[prop_or_default]
    pub bytes: Option<Callback<(u32, i64)>>,
}

/// Records of a topic.
#[component]
pub fn Records(props: &RecordsProps) -> Html {
    let ui = use_ui();
    let row = |row: &TopicRow| {
        let life = row
            .order
            .map(|order| ui.does::<MouseEvent>(Action::Order(Some(order))));
        let value = match life.filter(|_| !props.brief) {
            Some(onclick) => {
                html! { <button class="plain value" {onclick} title="The life of this order">{ &row.value }</button> }
            }
            None => html! { <span class="value">{ &row.value }</span> },
        };
        let at = (row.partition, row.offset);
        let bytes = props.bytes.clone().map(|ask| {
            let onclick = Callback::from(move |_: MouseEvent| ask.emit(at));
            html! { <td><button class="plain" {onclick} aria-label={format!("hex: the bytes of partition {}, offset {}", at.0, at.1)}>{ "hex" }</button></td> }
        });
        html! {
            <tr key={format!("{}-{}", row.partition, row.offset)}>
                <td class="p"><i class={format!("key key-{}", row.hue % 6)} aria-hidden="true"></i>{ row.partition }</td>
                <td>{ row.offset }</td>
                <td class="k">{ &row.key }</td>
                if !props.brief { <td>{ time_of_day(row.timestamp_ms) }</td> }
                <td class="v">{ value }</td>
                { bytes }
            </tr>
        }
    };
    html! {
        <table class="records" data-testid={if props.brief { "live-topic" } else { "topic-rows" }}>
            <caption class="hidden">{ &props.caption }</caption>
            <thead><tr>
                <th scope="col"><abbr title="partition">{ "p" }</abbr></th><th scope="col">{ "offset" }</th><th scope="col">{ "key" }</th>
                if !props.brief { <th scope="col">{ "time" }</th> }
                <th scope="col">{ "value" }</th>
                if props.bytes.is_some() { <th scope="col"><span class="hidden">{ "bytes" }</span></th> }
            </tr></thead>
            <tbody>{ for props.rows.iter().map(row) }</tbody>
        </table>
    }
}

/// A timestamp's time of day in UTC: all records of a scene are of one day.
pub fn time_of_day(ms: i64) -> String {
    let ms = ms.rem_euclid(86_400_000);
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1_000 % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03}", ms % 1_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timestamps_read_as_a_time_of_day() {
        assert_eq!(time_of_day(1_735_689_600_000), "00:00:00.000");
        assert_eq!(time_of_day(1_735_689_600_000 + 3_723_004), "01:02:03.004");
        assert_eq!(time_of_day(-1), "23:59:59.999");
    }
}
