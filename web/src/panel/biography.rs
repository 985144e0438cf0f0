//! The way of an order or a record as a space-time diagram: who took part from left to right, time
//! downward, a bar for each stay, an arrow for each message, and their numbers beside them.

use super::parts::data_table;
use millrace::time::Span;
use millrace::view::biography::{Course, Sent, Stay};
use yew::prelude::*;

/// Measures of the drawing, in its own units: pixels in a panel of the usual width.
const WIDTH: f32 = 284.0;
const LEFT: f32 = 44.0;
const PITCH: f32 = 20.0;
const TOP: f32 = 50.0;
/// From one line of numbers to the next.
const LINE: f32 = 13.0;
/// Half a bar.
const HALF: f32 = 4.0;
/// The least height of the time shown, and the most lines of numbers.
const LEAST: f32 = 190.0;
const LINES: usize = 28;

/// A drawing of a way of `whose`: "order 7".
pub fn drawing(course: &Course, whose: &str) -> Html {
    let name = course.name.split(' ').next().unwrap_or_default();
    let sofar = if course.open { " so far" } else { "" };
    let first = if course.drawn < course.span {
        format!("the first {} of ", course.drawn)
    } else {
        String::new()
    };
    let title = format!("{}: {first}{}{sofar}", course.name, course.span);
    html! {
        <figure class="course" data-testid={format!("course-{}", name.to_lowercase())}>
            <figcaption>{ &title }</figcaption>
            { picture(course, &format!("{title}. The way of {whose}; its table follows.")) }
            <details><summary>{ "As a table" }</summary>{ data_table(&course.table(), None) }</details>
        </figure>
    }
}

/// A line of numbers.
struct Note {
    /// What it is about: the time, and the place of who took part.
    at: Span,
    place: usize,
    /// Whether it is about a message.
    faint: bool,
    words: String,
}

fn picture(course: &Course, label: &str) -> Html {
    let notes = notes(course);
    let height = (notes.len() as f32 * LINE).max(LEAST);
    let y = |at: Span| TOP + scaled(at, course.drawn) * height;
    let lines = lines(notes.iter().map(|note| y(note.at)), TOP + height);
    let right = lane(course.who.len() - 1) + 10.0;
    let foot = TOP + height;
    html! {
        <svg viewBox={format!("0 0 {WIDTH} {}", foot + 8.0)} role="img" aria-label={label.to_owned()}>
            { for ticks(course.drawn).into_iter().map(|at| html! {
                <g class="tick">
                    <path d={format!("M{} {1:.1}H{right}", LEFT - 8.0, y(at))} />
                    <text x={(LEFT - 10.0).to_string()} y={format!("{:.1}", y(at) + 3.0)} text-anchor="end">{ if at == Span::ZERO { "0".to_owned() } else { at.to_string() } }</text>
                </g>
            }) }
            { for course.who.iter().enumerate().map(|(n, who)| html! {
                <g class="who">
                    <path d={format!("M{} {}V{foot:.1}", lane(n), TOP - 4.0)} />
                    <text transform={format!("translate({} {}) rotate(-38)", lane(n) - 1.0, TOP - 8.0)}>{ who }</text>
                </g>
            }) }
            { for notes.iter().zip(&lines).map(|(note, line)| html! {
                <path class="lead" d={format!("M{:.1} {:.1}H{right}L{:.1} {line:.1}", lane(note.place) + HALF, y(note.at), right + 6.0)} />
            }) }
            { for course.stays.iter().map(|stay| bar(stay, course, y)) }
            { for course.messages.iter().filter(|sent| sent.sent < course.drawn || course.drawn == course.span).map(|sent| arrow(sent, course, y)) }
            { for notes.iter().zip(&lines).map(|(note, line)| html! {
                <text class={note.faint.then_some("faint")} x={(right + 8.0).to_string()} y={format!("{:.1}", line + 3.5)}>{ &note.words }</text>
            }) }
        </svg>
    }
}

fn lane(n: usize) -> f32 {
    LEFT + PITCH * n as f32
}

/// A time as a share of all.
fn scaled(at: Span, all: Span) -> f32 {
    (at.0 as f32 / all.0.max(1) as f32).min(1.0)
}

fn bar(stay: &Stay, course: &Course, y: impl Fn(Span) -> f32) -> Html {
    let (top, foot) = (y(stay.from), y(stay.to.unwrap_or(course.span)));
    let class = classes!(
        if stay.waits { "waits" } else { "works" },
        stay.to
            .is_none_or(|to| to > course.drawn)
            .then_some("lasts"),
    );
    html! {
        <rect {class} x={(lane(stay.place) - HALF).to_string()} y={format!("{top:.1}")} width={(2.0 * HALF).to_string()}
            height={format!("{:.1}", (foot - top).max(1.5))} rx="1.5" />
    }
}

fn arrow(sent: &Sent, course: &Course, y: impl Fn(Span) -> f32) -> Html {
    let (from, to) = (lane(sent.from), lane(sent.to));
    let side = (to - from).signum();
    let (x, end) = (from + side * HALF, to - side * (HALF + 1.0));
    let (top, foot) = (y(sent.sent), y(sent.due));
    let length = (end - x).hypot(foot - top).max(1.0);
    let (ux, uy) = ((end - x) / length, (foot - top) / length);
    // Back from the point by four, and two to each side.
    let wing = |s: f32| {
        format!(
            "{:.1} {:.1}",
            end - 4.5 * ux - 2.3 * s * uy,
            foot - 4.5 * uy + 2.3 * s * ux
        )
    };
    let head = format!("M{end:.1} {foot:.1}L{}L{}z", wing(1.0), wing(-1.0));
    html! {
        <g class={classes!("sent", (sent.due > course.span).then_some("lasts"))}>
            <title>{ format!("{}: sent at {}, arrives at {}", sent.what, sent.sent, sent.due) }</title>
            <path d={format!("M{x:.1} {top:.1}L{end:.1} {foot:.1}")} />
            <path class="head" d={head} />
        </g>
    }
}

/// What stands beside the drawing, by time. Where it would be too much, messages are left to the
/// table.
fn notes(course: &Course) -> Vec<Note> {
    let note = |at, place, faint, what: &str, from: Span, to: Span| Note {
        at,
        place,
        faint,
        words: format!("{what} {}", Span(to.0.saturating_sub(from.0))),
    };
    let stays = course.stays.iter().map(|stay| {
        let end = stay.to.unwrap_or(course.span);
        let middle = Span(stay.from.0.midpoint(end.0));
        // Who is at work is said in a word.
        let what = match stay.what.as_str() {
            "at work" => &course.who[stay.place],
            what => what,
        };
        note(middle, stay.place, false, what, stay.from, end)
    });
    let mut all: Vec<Note> = stays.collect();
    let flown = || {
        course
            .messages
            .iter()
            .filter(|sent| sent.due > sent.sent && sent.sent <= course.drawn)
    };
    if all.len() + flown().count() <= LINES {
        all.extend(flown().map(|m| {
            // The arrow says that it is an answer.
            let what = m.what.trim_start_matches("answer: ");
            note(m.due, m.to, true, what, m.sent, m.due)
        }));
    }
    all.truncate(LINES);
    all.sort_by_cached_key(|note| note.at.0);
    all
}

/// Where lines stand that would like to be at these heights: in their order, apart from each other,
/// and none below `foot`.
fn lines(wanted: impl Iterator<Item = f32>, foot: f32) -> Vec<f32> {
    let mut lines: Vec<f32> = Vec::new();
    for y in wanted {
        let free = lines.last().map_or(f32::MIN, |last| last + LINE);
        lines.push(y.max(free));
    }
    let mut most = foot;
    for line in lines.iter_mut().rev() {
        *line = line.min(most);
        most = *line - LINE;
    }
    lines
}

/// Round times, about five of them.
fn ticks(span: Span) -> Vec<Span> {
    let mut step = 1;
    let mut factors = [2, 5, 10].into_iter().cycle();
    let mut unit = 1;
    while span.0 / step > 5 {
        let factor = factors.next().unwrap_or(10);
        step = unit * factor;
        if factor == 10 {
            unit = step;
        }
    }
    (0..=span.0 / step).map(|n| Span(n * step)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_keep_their_order_and_their_distance() {
        let placed = lines([10.0, 11.0, 12.0, 90.0, 99.0].into_iter(), 100.0);
        assert!(
            placed.windows(2).all(|two| two[1] - two[0] >= LINE - 0.01),
            "{placed:?}"
        );
        assert!(placed.iter().all(|y| *y <= 100.0));
        assert_eq!(placed[0], 10.0);
    }

    #[test]
    fn ticks_are_round_and_few() {
        assert_eq!(
            ticks(Span(295_000)),
            [0, 50, 100, 150, 200, 250].map(|ms| Span(ms * 1_000))
        );
        assert_eq!(ticks(Span(9_620_000))[1], Span::secs(2));
        assert_eq!(ticks(Span::ZERO), [Span::ZERO]);
        for us in 1..3_000 {
            assert!((1..=6).contains(&ticks(Span(us * 977)).len()));
        }
    }
}
