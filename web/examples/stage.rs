//! The stage with scenes made by hand, for looking at: `stage.html?slow&t=32&speed=1&select=300`.
//!
//! Words in the query choose the scene: `slow`, `stopped`, `fanout`, `many`, `extra`, `dark`,
//! `reduced`, `bench` (a thousand dots; the title tells what a frame costs), `paused`.

#[allow(dead_code, unused_imports)]
#[path = "../src/stage/mod.rs"]
mod stage;

#[path = "../src/stage/demo.rs"]
mod demo;

use demo::{Demo, Kind};
use millrace::id::OrderId;
use millrace::view::orders::OrdersScene;
use stage::{Gesture, Marks, Picture, Stage, StageHandle, Theme};
use std::cell::RefCell;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew::prelude::*;

#[derive(Properties, PartialEq)]
struct Props {
    handle: StageHandle,
    flow: bool,
}

#[component]
fn App(props: &Props) -> Html {
    let on_gesture = Callback::from(|gesture: Gesture| {
        web_sys::console::log_1(&format!("{gesture:?}").into());
    });
    html! { <Stage handle={props.handle.clone()} flow={props.flow} {on_gesture} /> }
}

struct Query(String);

impl Query {
    fn has(&self, word: &str) -> bool {
        self.0.split('&').any(|part| part == word)
    }

    fn number(&self, name: &str) -> Option<f64> {
        self.0
            .split('&')
            .find_map(|part| part.strip_prefix(name)?.strip_prefix('=')?.parse().ok())
    }
}

fn main() {
    let window = web_sys::window().expect("a window");
    let search = window.location().search().unwrap_or_default();
    let query = Query(search.trim_start_matches('?').to_owned());
    let media = |q: &str| {
        window
            .match_media(q)
            .ok()
            .flatten()
            .is_some_and(|m| m.matches())
    };
    let dark = query.has("dark") || media("(prefers-color-scheme: dark)");
    let kind = Kind {
        slow: query.has("slow"),
        stopped: query.has("stopped"),
        partitions: query.number("partitions").map_or(6, |n| n as usize),
        extra: query.number("extra").map_or(0, |n| n as usize),
        fan_out: query.has("fanout"),
        flights: if query.has("bench") { 1_000 } else { 0 },
    };
    let handle = StageHandle::new();
    let props = Props {
        handle: handle.clone(),
        flow: query.has("flow"),
    };
    yew::Renderer::<App>::with_props(props).render();

    let from = query.number("t").unwrap_or(5.0);
    let demo = Demo::new(kind, from + 60.0);
    let markers = demo.markers();
    let speed = query.number("speed").unwrap_or(1.0);
    let selection = query.number("select").map(|n| OrderId(n as u32));
    let (reduced, paused, bench) = (
        query.has("reduced"),
        query.has("paused"),
        query.has("bench"),
    );
    let performance = window.performance().expect("a clock");
    let next: Rc<RefCell<Option<Frame>>> = Rc::default();
    let again = Rc::clone(&next);
    let (mut first, mut costs) = (None, Vec::<f64>::new());
    let (mut unfinished, mut answers) = (demo.unfinished(from), demo.answers(from));
    let mut frame = 0u32;
    *next.borrow_mut() = Some(Closure::new(move |wall_ms: f64| {
        let start = *first.get_or_insert(wall_ms);
        let passed = if paused {
            0.0
        } else {
            (wall_ms - start) / 1e3 * speed
        };
        let now = from + passed;
        let scene: OrdersScene = demo.scene(now);
        frame += 1;
        if frame.is_multiple_of(12) && !bench {
            (unfinished, answers) = (demo.unfinished(now), demo.answers(now));
        }
        let marks = Marks {
            wall_ms,
            markers: &markers,
            selection,
            speed,
            reduced,
            theme: if dark { Theme::Dark } else { Theme::Light },
            locked: false,
        };
        let before = performance.now();
        handle.draw(Picture::Orders(&scene, &unfinished, &answers), &marks);
        costs.push(performance.now() - before);
        if bench && costs.len() == 300 {
            costs.sort_by(f64::total_cmp);
            let (p50, p95) = (costs[150], costs[285]);
            costs.clear();
            let words = format!(
                "{} dots: p50 {p50:.2} ms, p95 {p95:.2} ms",
                scene.flights.len()
            );
            web_sys::console::warn_1(&words.into());
        }
        request(again.borrow().as_ref());
    }));
    request(next.borrow().as_ref());
}

type Frame = Closure<dyn FnMut(f64)>;

fn request(frame: Option<&Frame>) {
    if let (Some(window), Some(frame)) = (web_sys::window(), frame) {
        let _ = window.request_animation_frame(frame.as_ref().unchecked_ref());
    }
}
