//! The bar at the foot: step, play, speed, the time line with its markers, time and seed.

use crate::beside::Compare;
use crate::host::Dials;
use crate::player::{SPEEDS, speed_label};
use crate::ui::{Action, Over, Page, Transport, Ui};
use millrace::time::Time;
use millrace::view::panel::{Marker, Tone};
use web_sys::{HtmlElement, HtmlInputElement, HtmlSelectElement};
use yew::prelude::*;

/// The elements of the bar that are set on every frame.
#[derive(Default)]
pub struct Nodes {
    time: NodeRef,
    scrubber: NodeRef,
    line: NodeRef,
}

impl Nodes {
    /// Those that are on the page now.
    pub fn dials(&self) -> Dials {
        Dials {
            time: self.time.cast::<HtmlElement>(),
            scrubber: self.scrubber.cast::<HtmlInputElement>(),
            line: self.line.cast::<HtmlElement>(),
        }
    }
}

/// The bar at the foot; `opening` is how far a link being opened has come.
pub fn bar(ui: &Ui, nodes: &Nodes, t: &Transport, opening: Option<f64>) -> Html {
    let (play, sign) = if t.playing {
        ("Pause", PAUSE)
    } else {
        ("Play", PLAY)
    };
    let step = !ui.locked("step");
    html! {
        <footer class="bar" aria-label="Time">
            <div class="buttons" role="group" aria-label="Playing">
                if step {
                    <button class="icon" aria-label="One step back" title="One step back (,)" onclick={ui.does(Action::StepBack)} data-testid="step-back">{ icon(BACK) }</button>
                }
                <button class="icon primary" aria-label={play} title={format!("{play} (space)")} disabled={ui.locked("play")} onclick={ui.does(Action::Toggle)} data-testid="play">{ icon(sign) }</button>
                if step {
                    <button class="icon" aria-label="One step forward" title="One step forward (.)" onclick={ui.does(Action::StepForward)} data-testid="step-forward">{ icon(FORWARD) }</button>
                }
                { speeds(ui, t.speed) }
            </div>
            <div class="line" ref={&nodes.line}>
                { markers(ui, t) }
                { scrubber(ui, &nodes.scrubber, t) }
            </div>
            { end(ui, t) }
            <div class="where">
                <span class="clock">{ "t " }<b ref={&nodes.time} data-testid="time"></b></span>
                { seed(ui, t.seed) }
                { news(ui, t, opening) }
            </div>
        </footer>
    }
}

/// Where the time line ends, and how to go on beyond it.
fn end(ui: &Ui, t: &Transport) -> Html {
    let at = t.clock(t.end);
    if ui.locked("seek") || t.end >= t.latest {
        return html! { <span class="end">{ at }</span> };
    }
    let label = format!("The time line ends at {at}: make it longer");
    html! {
        <button class="plain end" title={label.clone()} aria-label={label} onclick={ui.does(Action::Lengthen)}
            data-testid="longer">{ format!("{at} +") }</button>
    }
}

fn seed(ui: &Ui, seed: u64) -> Html {
    html! {
        <>
            <span aria-hidden="true" class="dot">{ " · " }</span>
            if ui.locked("seed") {
                <span>{ "seed " }<b data-testid="seed">{ seed }</b></span>
            } else {
                <button class="plain" title="Another seed or scenario" onclick={ui.does(Action::Over(Some(Over::Run)))}>
                    { "seed " }<b data-testid="seed">{ seed }</b>
                </button>
            }
        </>
    }
}

/// What a person should know about the time shown.
fn news(ui: &Ui, t: &Transport, opening: Option<f64>) -> Html {
    let behind = t.behind && t.playing;
    html! {
        <span class="news" role="status">
            if let Some(part) = opening {
                { format!("Replaying the link… {:.0} %", part * 100.0) }
            } else if behind {
                <span data-testid="behind" title="There is more to simulate than this computer does in that time.">{ format!("runs behind {}×", t.factor()) }</span>
            } else if !t.forks.is_empty() && !ui.params.exam {
                { forks(ui, t) }
            }
        </span>
    }
}

/// Acting in the past set a future aside: here is the way back to it.
fn forks(ui: &Ui, t: &Transport) -> Html {
    let last = t.forks.len() - 1;
    let at = t.clock(t.forks[last]);
    html! {
        <>
            <button class="plain" data-testid="fork" onclick={ui.does(Action::Fork(last))}
                title="You acted in the past. What had happened after it is kept.">
                { format!("forked at {at}: back to the old future") }
            </button>
            if ui.page == Page::Cluster && !ui.locked("fork") {
                { ", or " }
                <button class="plain" data-testid="fork-beside" onclick={ui.does(Action::Compare(Compare::WithFork(last)))}
                    title="The old future as A, this one as B.">{ "both side by side" }</button>
            }
        </>
    }
}

fn speeds(ui: &Ui, speed: usize) -> Html {
    let onchange = {
        let on = ui.on.clone();
        Callback::from(move |event: Event| {
            let select: HtmlSelectElement = event.target_unchecked_into();
            if let Ok(speed) = select.value().parse() {
                on.emit(Action::Speed(speed));
            }
        })
    };
    html! {
        <select class="speed" aria-label="Speed" title="Speed ([ and ])" disabled={ui.locked("speed")} {onchange} data-testid="speed">
            { for (0..SPEEDS.len()).map(|n| html! {
                <option value={n.to_string()} selected={n == speed}>{ speed_label(n) }</option>
            }) }
        </select>
    }
}

/// The time line itself. Its value is set on every frame from outside Yew.
fn scrubber(ui: &Ui, node: &NodeRef, t: &Transport) -> Html {
    let oninput = {
        let on = ui.on.clone();
        Callback::from(move |event: InputEvent| {
            let input: HtmlInputElement = event.target_unchecked_into();
            let ms = input.value_as_number();
            if ms.is_finite() && ms >= 0.0 {
                on.emit(Action::Seek(Time(ms as u64 * 1_000)));
            }
        })
    };
    let played = t.played.0 as f64 / t.end.0.max(1) as f64 * 100.0;
    html! {
        <input ref={node} type="range" class="scrubber" min="0" step="100"
            max={(t.end.0 / 1_000).to_string()} disabled={ui.locked("seek")}
            style={format!("--played: {played:.2}%")}
            aria-label="Time" aria-valuetext={t.clock(t.now)} {oninput} data-testid="scrubber" />
    }
}

/// The width that labels are set for, in pixels: the time line of a 1280-pixel window. On a
/// narrower one the style sheet hides them.
const LINE_WIDTH: f64 = 880.0;
/// The widest a letter gets on average at the size of labels, in pixels.
const LETTER: f64 = 6.2;

fn markers(ui: &Ui, t: &Transport) -> Html {
    let locked = ui.locked("seek");
    let places = places(&t.markers, t.end, LINE_WIDTH);
    let marker = |(marker, place): (&Marker, &Place)| {
        let tone = tone(marker.tone);
        let told = format!("{}, {}", t.clock(marker.at), marker.label);
        let label = place
            .labelled
            .then(|| html! { <span>{ &marker.label }</span> });
        let style = format!("left: {:.2}%", place.part * 100.0);
        let class = classes!("marker", tone, place.leftward.then_some("leftward"));
        if locked {
            return html! { <span {class} {style} title={told}>{ label }</span> };
        }
        html! {
            <button {class} {style} title={told.clone()} aria-label={told} onclick={ui.does(Action::Seek(marker.at))}>{ label }</button>
        }
    };
    html! {
        <div class="markers" role="group" aria-label="What happened">
            { for t.markers.iter().zip(&places).map(marker) }
        </div>
    }
}

/// Where a marker stands on the time line, and whether there is room for its words.
#[derive(Clone, Copy, PartialEq, Debug)]
struct Place {
    /// 0 at the left end, 1 at the right.
    part: f64,
    labelled: bool,
    /// Whether the words stand to its left, because the line ends.
    leftward: bool,
}

/// Sets the labels so that none overlaps another or a marker. Where two fight for room, what
/// stopped or was lost goes before what is merely of interest, and the later before the earlier.
fn places(markers: &[Marker], end: Time, width: f64) -> Vec<Place> {
    let end = end.0.max(1) as f64;
    let mut places: Vec<Place> = markers
        .iter()
        .map(|marker| Place {
            part: (marker.at.0 as f64 / end).clamp(0.0, 1.0),
            labelled: false,
            leftward: false,
        })
        .collect();
    let mut order: Vec<usize> = (0..markers.len()).collect();
    order.reverse();
    order.sort_by_cached_key(|&n| weight(markers[n].tone));
    let mut taken: Vec<(f64, f64)> = places
        .iter()
        .map(|place| (place.part * width - 6.0, place.part * width + 6.0))
        .collect();
    for n in order {
        let x = places[n].part * width;
        let wide = markers[n].label.chars().count() as f64 * LETTER + 4.0;
        for (leftward, from, to) in [
            (false, x + 7.0, x + 9.0 + wide),
            (true, x - 9.0 - wide, x - 7.0),
        ] {
            let free = |&(a, b): &(f64, f64)| to <= a || from >= b;
            if from >= 0.0 && to <= width + 8.0 && taken.iter().all(free) {
                places[n].labelled = true;
                places[n].leftward = leftward;
                taken.push((from, to));
                break;
            }
        }
    }
    places
}

fn weight(tone: Tone) -> u64 {
    match tone {
        Tone::Bad => 0,
        Tone::Warn => 1,
        Tone::Good => 2,
        Tone::Plain => 3,
    }
}

fn tone(tone: Tone) -> &'static str {
    match tone {
        Tone::Plain => "tone-plain",
        Tone::Good => "tone-good",
        Tone::Warn => "tone-warn",
        Tone::Bad => "tone-bad",
    }
}

/// The sign of a button.
pub const BACK: &str = "M11 3.5v9L4.5 8zM4 3.5v9";
/// The sign of a button.
pub const FORWARD: &str = "M5 3.5v9L11.5 8zM12 3.5v9";
/// The sign of a button.
pub const PLAY: &str = "M5 3v10l8-5z";
/// The sign of a button.
pub const PAUSE: &str = "M5.5 3.5v9M10.5 3.5v9";

/// A button's sign.
pub fn icon(d: &'static str) -> Html {
    html! {
        <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true"><path {d} /></svg>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marker(at_s: u64, label: &str, tone: Tone) -> Marker {
        Marker {
            at: Time(at_s * 1_000_000),
            label: label.into(),
            tone,
        }
    }

    #[test]
    fn labels_do_not_overlap_and_the_grave_one_wins() {
        let markers = [
            marker(1, "start", Tone::Good),
            marker(20, "payment slow", Tone::Warn),
            marker(21, "payment killed", Tone::Bad),
            marker(59, "rebalance", Tone::Warn),
        ];
        let places = places(&markers, Time(60_000_000), 800.0);
        assert!(places[0].labelled && places[2].labelled);
        assert!(places[1].leftward, "there is room on its left: {places:?}");
        assert!(
            places[3].labelled && places[3].leftward,
            "the line ends there"
        );
        let narrow = super::places(&markers, Time(60_000_000), 120.0);
        assert!(
            narrow.iter().filter(|p| p.labelled).count() <= 1,
            "{narrow:?}"
        );
    }

    #[test]
    fn a_crowd_of_markers_is_still_readable() {
        let crowd: Vec<Marker> = (0..200)
            .map(|n| marker(n % 60, "payment slow", Tone::Warn))
            .collect();
        let places = places(&crowd, Time(60_000_000), 800.0);
        let mut spans: Vec<(f64, f64)> = places
            .iter()
            .filter(|p| p.labelled)
            .map(|p| {
                let x = p.part * 800.0;
                let wide = 12.0 * LETTER;
                if p.leftward {
                    (x - wide, x)
                } else {
                    (x, x + wide)
                }
            })
            .collect();
        spans.sort_by(|a, b| a.0.total_cmp(&b.0));
        assert!(spans.windows(2).all(|pair| pair[0].1 <= pair[1].0));
    }

    #[test]
    fn a_clock_needs_no_milliseconds() {
        let mut bar = Transport::default();
        assert_eq!(bar.clock(Time(32_500_000)), "00:32");
        bar.hours = Some(millrace::sim::Hours {
            from_s: 23 * 3_600,
            pace: 360,
        });
        assert_eq!(bar.clock(Time(32_500_000)), "23:00:32");
        assert_eq!(bar.clock(Time(5_400_000_000)), "00:30:00");
    }
}
