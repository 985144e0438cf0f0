//! What several panels are made of.

use crate::ui::{Action, Ui};
use millrace::view::panel::{Mark, PromiseRow, Table, Text, TopicRow};
use yew::prelude::*;

/// A table: the first column names the row, the others hold numbers.
pub fn data_table(table: &Table, testid: Option<&'static str>) -> Html {
    captioned(table, testid, "")
}

/// The same under a heading of its own: its caption is for screen readers only.
pub fn bare_table(table: &Table, testid: &'static str) -> Html {
    captioned(table, Some(testid), "hidden")
}

fn captioned(table: &Table, testid: Option<&'static str>, caption: &'static str) -> Html {
    let row = |row: &Vec<String>| {
        let mut cells = row.iter();
        let name = cells.next().cloned().unwrap_or_default();
        html! { <tr><th scope="row">{ name }</th>{ for cells.map(|cell| html! { <td>{ cell }</td> }) }</tr> }
    };
    html! {
        <table class="data" data-testid={testid}>
            <caption class={caption}>{ &table.caption }</caption>
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

/// What went wrong, where the person acted.
pub fn trouble(ui: &Ui, from: &str) -> Html {
    match ui.errors.get(from) {
        Some(why) => html! {
            <p class="trouble" role="alert" data-testid={format!("trouble-{from}")}>{ why }</p>
        },
        None => html! {},
    }
}

/// The guarantees and how they stand: a sign, words, and only then a colour.
pub fn promises(ui: &Ui, rows: &[PromiseRow]) -> Html {
    let row = |row: &PromiseRow| {
        let (sign, class, words) = match row.mark {
            Mark::Held => ("✓", "held", "promised and held"),
            Mark::Unpromised => ("○", "unpromised", "not promised, held so far"),
            Mark::Lesson => ("◐", "lesson", "not promised, and broken"),
            Mark::Flawed => (
                "✗",
                "lesson",
                "promised, and broken by a mistake that is or was switched on",
            ),
            Mark::Broken => ("✗", "broken", "promised and broken: a bug in Millrace"),
        };
        html! {
            <li {class}>
                <span class="sign" aria-hidden="true">{ sign }</span>
                <details>
                    <summary>{ &row.name }<small>{ format!("{words}. {}", row.why) }</small></summary>
                    <p><b>{ "Promised: " }</b>{ row.given_when }{ "." }</p>
                    <p><b>{ "To break it: " }</b>{ row.broken_by }{ "." }</p>
                    if let Some((scene, title)) = row.scene.clone().filter(|_| !ui.locked("seed")) {
                        <p><button class="plain" onclick={ui.does::<MouseEvent>(Action::Scenario(scene))}>{ format!("Play “{title}”") }</button></p>
                    }
                </details>
            </li>
        }
    };
    html! { <ul class="promises" data-testid="promises">{ for rows.iter().map(row) }</ul> }
}

/// Records of a topic. Without a callback that asks for the bytes of one it is only a glance: no
/// timestamps, nothing to press.
pub fn records(
    ui: &Ui,
    rows: &[TopicRow],
    caption: &str,
    bytes: Option<&Callback<(u32, i64)>>,
) -> Html {
    let brief = bytes.is_none();
    let row = |row: &TopicRow| {
        let life = row
            .order
            .map(|order| ui.does::<MouseEvent>(Action::Order(Some(order))));
        let value = match life.filter(|_| !brief) {
            Some(onclick) => {
                html! { <button class="plain value" {onclick} title="The life of this order">{ &row.value }</button> }
            }
            None => html! { <span class="value">{ &row.value }</span> },
        };
        let at = (row.partition, row.offset);
        let bytes = bytes.cloned().map(|ask| {
            let onclick = Callback::from(move |_: MouseEvent| ask.emit(at));
            html! { <td><button class="plain" {onclick} aria-label={format!("hex: the bytes of partition {}, offset {}", at.0, at.1)}>{ "hex" }</button></td> }
        });
        html! {
            <tr key={format!("{}-{}", row.partition, row.offset)}>
                <td class="p"><i class={format!("key key-{}", row.hue % 6)} aria-hidden="true"></i>{ row.partition }</td>
                <td>{ row.offset }</td>
                <td class="k">{ &row.key }</td>
                if !brief { <td>{ time_of_day(row.timestamp_ms) }</td> }
                <td class="v">{ value }</td>
                { bytes }
            </tr>
        }
    };
    html! {
        <table class="records" data-testid={if brief { "live-topic" } else { "topic-rows" }}>
            <caption class="hidden">{ caption }</caption>
            <thead><tr>
                <th scope="col"><abbr title="partition">{ "p" }</abbr></th><th scope="col">{ "offset" }</th><th scope="col">{ "key" }</th>
                if !brief { <th scope="col">{ "time" }</th> }
                <th scope="col">{ "value" }</th>
                if !brief { <th scope="col"><span class="hidden">{ "bytes" }</span></th> }
            </tr></thead>
            <tbody>{ for rows.iter().map(row) }</tbody>
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
