//! When we make a mistake: say so through plain DOM, with the way back to this instant, and never
//! call this instance again.

use crate::dom;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;

/// What the hook needs to know, kept aside because everything else may be borrowed or broken when
/// it runs.
#[derive(Clone, Default)]
pub struct Breadcrumb {
    /// The seed of the run.
    pub seed: u64,
    /// How many events had been dispatched.
    pub instant: u64,
    /// The last link that could be made: a fragment without its `#`.
    pub link: String,
}

thread_local! {
    static CRUMB: RefCell<Breadcrumb> = RefCell::new(Breadcrumb::default());
    static DEAD: Cell<bool> = const { Cell::new(false) };
}

/// Whether this instance has panicked. Whoever is called from outside looks here first.
pub fn dead() -> bool {
    DEAD.get()
}

/// Drops a breadcrumb.
pub fn at(seed: u64, instant: u64) {
    CRUMB.with_borrow_mut(|crumb| {
        crumb.seed = seed;
        crumb.instant = instant;
    });
}

/// Drops the link of this instant.
pub fn link(fragment: String) {
    CRUMB.with_borrow_mut(|crumb| crumb.link = fragment);
}

/// Sees to it that a panic is told.
pub fn watch() {
    yew::set_custom_panic_hook(Box::new(hook));
}

fn hook(info: &PanicHookInfo<'_>) {
    DEAD.set(true);
    let crumb = CRUMB.with(|crumb| crumb.try_borrow().map(|c| c.clone()).unwrap_or_default());
    let message = info.to_string();
    let _ = js_sys::Reflect::get(&dom::window(), &"console".into()).and_then(|console| {
        let error = js_sys::Reflect::get(&console, &"error".into())?;
        js_sys::Function::from(error).call1(&console, &message.as_str().into())
    });
    crate::embed::post_error(&message);
    show(&message, &crumb);
}

/// Replaces the page. Elements that Yew listens to leave the document, so nothing calls us again.
fn show(message: &str, crumb: &Breadcrumb) -> Option<()> {
    let document = dom::document();
    let body = document.body()?;
    body.set_text_content(None);
    let make = |name: &str, text: &str| {
        let element = document.create_element(name).ok()?;
        element.set_text_content(Some(text));
        Some(element)
    };
    let main = make("main", "")?;
    main.set_class_name("crash");
    main.set_attribute("role", "alert").ok()?;
    // boot.js says something of its own unless it finds that we have.
    main.set_attribute("data-millrace-failed", "").ok()?;
    main.set_attribute("data-testid", "crash").ok()?;
    let told = format!(
        "Millrace made a mistake and stopped, at event {} of the run with seed {}. Nothing of \
         yours is lost: the link below leads back to shortly before it.",
        crumb.instant, crumb.seed
    );
    for element in [
        make("h1", "That should not have happened")?,
        make("p", &told)?,
        make("pre", message)?,
    ] {
        main.append_child(&element).ok()?;
    }
    let way = make("a", "Open that instant again")?;
    let href = format!("{}#{}", dom::query(), crumb.link);
    way.set_attribute("href", &href).ok()?;
    // The fragment alone would not load the page anew.
    let again = make("p", "")?;
    again.append_child(&way).ok()?;
    main.append_child(&again).ok()?;
    main.append_child(&make("p", "Or copy the address of that link for a report.")?.into())
        .ok()?;
    body.append_child(&main).ok()?;
    way.set_attribute("target", "_blank").ok()?;
    way.set_attribute("rel", "opener").ok()?;
    Some(())
}
