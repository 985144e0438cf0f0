//! Millrace inside somebody's page: what we tell the page around us, and when we may play.
//!
//! We post `{millrace: 1, type: "height" | "score" | "error", …}` and accept no message.

use crate::crash;
use crate::dom;
use js_sys::{Array, Object, Reflect};
use millrace::view::predict::Score;
use std::cell::Cell;
use wasm_bindgen::prelude::*;
use web_sys::{Element, IntersectionObserver, IntersectionObserverEntry, ResizeObserver};

/// Posts to the page around us. Without one it does nothing.
fn post(kind: &str, members: &[(&str, JsValue)]) {
    let window = dom::window();
    let Ok(Some(parent)) = window.parent() else {
        return;
    };
    if parent == window {
        return;
    }
    let message = Object::new();
    let set = |name: &str, value: &JsValue| Reflect::set(&message, &name.into(), value);
    let _ = set("millrace", &1.into());
    let _ = set("type", &kind.into());
    for (name, value) in members {
        let _ = set(name, value);
    }
    // Who embeds us is not known, and nothing of this is a secret.
    let _ = parent.post_message(&message, "*");
}

/// Tells how high we would like to be.
fn post_height(height: f64) {
    post("height", &[("height", height.into())]);
}

/// Tells the score of the questions.
pub fn post_score(score: Score) {
    post(
        "score",
        &[
            ("right", score.right.into()),
            ("graded", score.graded.into()),
            ("asked", score.asked.into()),
        ],
    );
}

/// Tells what went wrong.
pub fn post_error(message: &str) {
    post("error", &[("message", message.into())]);
}

/// What an observer calls.
type Call = Closure<dyn FnMut(Array)>;

/// Watches an embedded scene: its height, and whether anybody can see it. Dropping it stops that.
pub struct Watch {
    height: ResizeObserver,
    sight: IntersectionObserver,
    _calls: [Call; 2],
}

impl Watch {
    /// Watches `root`; `seen` is told when it comes into sight or leaves it.
    pub fn new(root: &Element, seen: impl Fn(bool) + 'static) -> Option<Self> {
        let told = Cell::new(-1.0);
        let watched = root.clone();
        let height = Call::new(move |_| {
            if crash::dead() {
                return;
            }
            let height = watched.scroll_height().into();
            if told.replace(height) != height {
                post_height(height);
            }
        });
        let sight = Call::new(move |entries: Array| {
            if let Some(last) = entries.iter().last()
                && !crash::dead()
            {
                seen(
                    last.unchecked_into::<IntersectionObserverEntry>()
                        .is_intersecting(),
                );
            }
        });
        let heights = ResizeObserver::new(height.as_ref().unchecked_ref()).ok()?;
        heights.observe(root);
        let sights = IntersectionObserver::new(sight.as_ref().unchecked_ref()).ok()?;
        sights.observe(root);
        let (blind, numb) = (sights.clone(), heights.clone());
        crash::on_death(move || {
            blind.disconnect();
            numb.disconnect();
        });
        Some(Self {
            height: heights,
            sight: sights,
            _calls: [height, sight],
        })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.height.disconnect();
        self.sight.disconnect();
    }
}
