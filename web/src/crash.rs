//! When we make a mistake: say so through plain DOM, with the way back to this instant, and never
//! call this instance again.

use crate::dom;
use millrace::link::ENGINE;
use std::cell::{Cell, RefCell};
use std::panic::PanicHookInfo;
use web_sys::Element;

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
    /// The elements we live in, and whether the page around each is ours.
    static PLACES: RefCell<Vec<(Element, bool)>> = const { RefCell::new(Vec::new()) };
    /// Takes back what the browser would call us by.
    static UNDO: RefCell<Vec<Box<dyn Fn()>>> = const { RefCell::new(Vec::new()) };
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

/// Says where to tell of it; `owner` if the whole page is ours.
pub fn place(element: &Element, owner: bool) {
    PLACES.with_borrow_mut(|places| places.push((element.clone(), owner)));
}

/// Says how to take back something that the browser calls us by: a listener, an observer, a frame
/// asked for. Doing it when that is gone already must do no harm.
pub fn on_death(undo: impl Fn() + 'static) {
    UNDO.with_borrow_mut(|all| all.push(Box::new(undo)));
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
    UNDO.with(|all| {
        if let Ok(all) = all.try_borrow() {
            all.iter().for_each(|undo| undo());
        }
    });
    crate::embed::post_error(&message);
    show(&message, &crumb);
}

/// Puts what happened in place of every element we live in. What Yew listens to leaves the document
/// with it, so nothing calls us again.
fn show(message: &str, crumb: &Breadcrumb) -> Option<()> {
    let places = PLACES.with(|places| places.try_borrow().map(|p| p.clone()));
    for (place, owner) in places.ok()? {
        let told = tell(message, crumb, owner)?;
        told.set_id(&place.id());
        let parent = place.parent_node()?;
        parent.replace_child(&told, &place).ok()?;
    }
    Some(())
}

fn tell(message: &str, crumb: &Breadcrumb, owner: bool) -> Option<Element> {
    let all = make(if owner { "main" } else { "section" }, "crash", "")?;
    all.set_attribute("role", "alert").ok()?;
    // boot.js says something of its own unless it finds that we have.
    all.set_attribute("data-millrace-failed", "").ok()?;
    all.set_attribute("data-testid", "crash").ok()?;
    let add = |to: &Element, child: Element| to.append_child(&child).ok().map(drop);
    add(&all, make("h1", "", "That should not have happened")?)?;
    let told = "Millrace made a mistake and stopped: a bug of ours, nothing that you did. Nothing \
                of yours is lost; the link below leads back to shortly before it.";
    add(&all, make("p", "", told)?)?;
    let facts = make("dl", "", "")?;
    for (name, value) in [
        ("Seed", crumb.seed.to_string()),
        ("Event", crumb.instant.to_string()),
        ("Engine", ENGINE.to_owned()),
    ] {
        let pair = make("div", "", "")?;
        add(&pair, make("dt", "", name)?)?;
        add(&pair, make("dd", "", &value)?)?;
        add(&facts, pair)?;
    }
    add(&all, facts)?;
    add(&all, make("pre", "", message)?)?;
    if owner {
        let href = format!("{}#{}", again(&dom::query()), crumb.link);
        let way = make("a", "way", "Open that moment again")?;
        way.set_attribute("href", &href).ok()?;
        add(&all, way)?;
        add(&all, make("p", "", "The same as a link, for a report:")?)?;
        let link = format!("{}#{}", dom::address(), crumb.link);
        add(&all, make("code", "", &link)?)?;
    } else {
        let told = "Reload the page to go on. That moment as a link, for mount() or for a report:";
        add(&all, make("p", "", told)?)?;
        add(&all, make("code", "", &format!("#{}", crumb.link))?)?;
    }
    Some(all)
}

fn make(name: &str, class: &str, text: &str) -> Option<Element> {
    let element = dom::document().create_element(name).ok()?;
    if !class.is_empty() {
        element.set_class_name(class);
    }
    element.set_text_content(Some(text));
    Some(element)
}

/// Another query that means the same: a new fragment alone would not load the page anew, and a new
/// tab is more than a sandboxed frame may open.
fn again(query: &str) -> String {
    const AGAIN: &str = "again";
    let pairs = query.trim_start_matches('?').split('&');
    let mut pairs: Vec<&str> = pairs.filter(|pair| !pair.is_empty()).collect();
    match pairs.iter().position(|pair| *pair == AGAIN) {
        Some(at) => drop(pairs.remove(at)),
        None => pairs.push(AGAIN),
    }
    format!("?{}", pairs.join("&"))
}

#[cfg(test)]
mod tests {
    use super::again;

    #[test]
    fn the_way_back_always_has_another_query() {
        assert_eq!(again(""), "?again");
        assert_eq!(again("?again"), "?");
        assert_eq!(again("?embed=1&lock=rate"), "?embed=1&lock=rate&again");
        assert_eq!(again("?embed=1&again&exam=1"), "?embed=1&exam=1");
    }
}
