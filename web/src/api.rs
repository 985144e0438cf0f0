//! Millrace for scripts: `run`, `mount`, `Simulation`, `version`.

use crate::app::{App, AppProps};
use crate::crash;
use crate::params::Params;
use millrace::link::{ENGINE, hex, read_acted};
use millrace::scenario;
use millrace::sim::{Command, Timeline};
use millrace::time::Time;
use millrace::view::explain;
use millrace::view::summary::Summary;
use serde::Deserialize;
use serde_json::Value;
use std::rc::Rc;
use wasm_bindgen::prelude::*;
use yew::AttrValue;

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = include_str!("api.d.ts");

/// What to run.
#[derive(Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Run {
    scenario: String,
    seed: u64,
    until_us: u64,
    commands: Vec<Value>,
}

impl Default for Run {
    fn default() -> Self {
        Self {
            scenario: crate::lab::FIRST.to_owned(),
            seed: crate::lab::FIRST_SEED,
            until_us: 60_000_000,
            commands: Vec::new(),
        }
    }
}

fn error(why: impl ToString) -> JsError {
    JsError::new(&why.to_string())
}

/// An instance that panicked is not to be called again: whatever it holds may be half done.
fn alive() -> Result<(), JsError> {
    if crash::dead() {
        return Err(error(
            "Millrace made a mistake and stopped; reload the page to use it again",
        ));
    }
    Ok(())
}

fn begin(run: &Run) -> Result<Timeline, JsError> {
    let scenario = scenario::by_name(&run.scenario)
        .ok_or_else(|| error(format!("there is no scenario “{}”", run.scenario)))?;
    let mut timeline = Timeline::new(scenario, run.seed).map_err(error)?;
    let commands = run.commands.iter().cloned().map(read_acted);
    timeline.script(commands.collect::<Result<Vec<_>, _>>().map_err(error)?);
    Ok(timeline)
}

fn limited(us: f64, timeline: &Timeline) -> Result<Time, JsError> {
    if !(us.is_finite() && us >= 0.0) {
        return Err(error("a time is a number of microseconds, 0 or more"));
    }
    let at = Time(us as u64);
    let latest = timeline.scenario().latest();
    if at > latest {
        return Err(error(format!("times go up to {} µs", latest.0)));
    }
    Ok(at)
}

/// The engine's version.
#[wasm_bindgen]
pub fn version() -> String {
    ENGINE.to_owned()
}

/// Runs what the JSON text says and returns what came of it.
#[wasm_bindgen(unchecked_return_type = "Outcome")]
pub fn run(json: &str) -> Result<JsValue, JsError> {
    alive()?;
    let run: Run = serde_json::from_slice(json.as_bytes()).map_err(error)?;
    let mut simulation = Simulation {
        timeline: begin(&run)?,
    };
    simulation.run_until(run.until_us as f64)?;
    simulation.outcome()
}

/// Puts the page into an element of somebody's page, at the state of a link (its fragment, or the
/// whole address; empty for the first scene).
#[wasm_bindgen]
pub fn mount(element: web_sys::Element, link: &str) -> Result<(), JsError> {
    alive()?;
    let (before, fragment) = link.split_once('#').unwrap_or_else(|| {
        if link.starts_with("v1.") {
            ("", link)
        } else {
            (link, "")
        }
    });
    let query = before.split_once('?').map_or("", |(_, query)| query);
    let props = AppProps {
        params: Rc::new(Params::read(query)),
        fragment: AttrValue::from(fragment.to_owned()),
        owner: false,
    };
    crash::place(&element, false);
    yew::Renderer::<App>::with_root_and_props(element, props).render();
    Ok(())
}

/// A run under a script's control.
#[wasm_bindgen]
pub struct Simulation {
    timeline: Timeline,
}

#[wasm_bindgen]
impl Simulation {
    /// Begins what the JSON text says (`until_us` is not looked at).
    #[wasm_bindgen(constructor)]
    pub fn new(json: &str) -> Result<Simulation, JsError> {
        alive()?;
        let run: Run = serde_json::from_slice(json.as_bytes()).map_err(error)?;
        Ok(Self {
            timeline: begin(&run)?,
        })
    }

    /// Plays on to a time, in microseconds.
    pub fn run_until(&mut self, us: f64) -> Result<(), JsError> {
        alive()?;
        let at = limited(us, &self.timeline)?;
        self.timeline.run_until(at, u64::MAX);
        Ok(())
    }

    /// Goes to a time, back or ahead.
    pub fn seek(&mut self, us: f64) -> Result<(), JsError> {
        alive()?;
        let at = limited(us, &self.timeline)?;
        self.timeline.seek(at, u64::MAX);
        Ok(())
    }

    /// One event, or one command, forward.
    pub fn step(&mut self) -> Result<(), JsError> {
        alive()?;
        self.timeline.step_forward();
        Ok(())
    }

    /// One event, or one command, back.
    pub fn step_back(&mut self) -> Result<(), JsError> {
        alive()?;
        self.timeline.step_back();
        Ok(())
    }

    /// Does a command, as JSON, now.
    pub fn act(&mut self, command: &str) -> Result<(), JsError> {
        alive()?;
        let command: Value = serde_json::from_slice(command.as_bytes()).map_err(error)?;
        let command: Command = serde_json::from_value(command).map_err(error)?;
        self.timeline.act(command).map_err(error)
    }

    /// The time shown, in microseconds.
    #[wasm_bindgen(getter)]
    pub fn now_us(&self) -> f64 {
        self.timeline.now().0 as f64
    }

    /// How many events there were.
    #[wasm_bindgen(getter)]
    pub fn events(&self) -> f64 {
        self.timeline.instant() as f64
    }

    /// The run's hash, 16 hex digits.
    #[wasm_bindgen(getter)]
    pub fn trace_hash(&self) -> String {
        hex(self.timeline.trace_hash())
    }

    /// What happens now, in words.
    pub fn explain(&self) -> String {
        let told = explain::explain(&self.timeline);
        format!("{}: {}", told.heading, told.now.plain())
    }

    /// What the run came to so far: the same as `millrace run --json` prints. The guarantees are
    /// checked again from the logs, which takes time in proportion to them.
    #[wasm_bindgen(unchecked_return_type = "Outcome")]
    pub fn outcome(&self) -> Result<JsValue, JsError> {
        alive()?;
        let text = serde_json::to_string(&Summary::of(&self.timeline)).map_err(error)?;
        js_sys::JSON::parse(&text).map_err(|_| error("the browser cannot read the outcome"))
    }
}
