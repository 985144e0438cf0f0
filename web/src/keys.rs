//! The keyboard: everywhere but where one types.

use crate::ui::{Action, Over};
use wasm_bindgen::JsCast;
use web_sys::{Element, KeyboardEvent};

/// What each key does, for the help.
pub const KEYS: [(&str, &str); 7] = [
    ("Space", "play or pause"),
    (",", "one step back"),
    (".", "one step forward"),
    ("[", "slower"),
    ("]", "faster"),
    ("?", "this help"),
    ("Esc", "close what lies over the page"),
];

/// What a key press does, if anything.
pub fn action(event: &KeyboardEvent) -> Option<Action> {
    if event.ctrl_key() || event.meta_key() || event.alt_key() {
        return None;
    }
    let target = event.target().and_then(|t| t.dyn_into::<Element>().ok());
    let key = event.key();
    if let Some(target) = target
        && wants(&target, &key)
    {
        return None;
    }
    by_key(&key)
}

fn by_key(key: &str) -> Option<Action> {
    Some(match key {
        " " => Action::Toggle,
        "," => Action::StepBack,
        "." => Action::StepForward,
        "[" => Action::Faster(false),
        "]" => Action::Faster(true),
        "?" => Action::Over(Some(Over::Help)),
        _ => return None,
    })
}

/// Whether the element with the focus has its own use for a key.
fn wants(target: &Element, key: &str) -> bool {
    if target.closest("dialog").ok().flatten().is_some() {
        return true;
    }
    match target.tag_name().as_str() {
        "TEXTAREA" | "SELECT" => true,
        "INPUT" => target.get_attribute("type").as_deref() != Some("range"),
        "BUTTON" | "A" | "SUMMARY" => key == " ",
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_of_the_help_does_something() {
        for (key, _) in KEYS {
            let key = if key == "Space" { " " } else { key };
            assert!(key == "Esc" || by_key(key).is_some(), "{key}");
        }
        assert_eq!(by_key("x"), None);
    }
}
