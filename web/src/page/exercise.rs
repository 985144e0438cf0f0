//! The notes' exercise: event or directive?

use yew::prelude::*;

/// The messages, and what to say of each.
const MESSAGES: [(&str, &str, bool); 3] = [
    (
        r#"{"directive": "increase_volume", "level": 7}"#,
        "A directive: it asks somebody to do something, has one right receiver, and says nothing of what happened. Replayed from a log, it would turn the volume up again.",
        false,
    ),
    (
        r#"{"event": "volume_changed", "previous_level": 6, "new_level": 7}"#,
        "An event: it tells what happened, stays true for ever, and anyone may read it, today or in a year. That is what a log is for.",
        true,
    ),
    (
        r#"{"message": "Hello World", "recipient": "user123"}"#,
        "A letter to one reader: no change of state is told, and whoever else reads it learns nothing.",
        false,
    ),
];

/// The exercise: what is chosen, and what to do with a choice.
pub fn exercise(chosen: Option<usize>, choose: &Callback<usize>) -> Html {
    let option = |n: usize| choose.reform(move |_: Event| n);
    html! {
        <section>
            <h2>{ "Exercise: which message suits an event log?" }</h2>
            <fieldset class="exercise" data-testid="exercise">
                <legend class="hidden">{ "Which of these is more indicative of an event-driven system such as Kafka?" }</legend>
                { for MESSAGES.iter().enumerate().map(|(n, (text, _, _))| html! {
                    <label class={classes!((chosen == Some(n)).then_some("chosen"))}>
                        <input type="radio" name="exercise" checked={chosen == Some(n)} onchange={option(n)} data-testid={format!("exercise-{n}")} />
                        <b>{ ["A", "B", "C"][n] }</b><code>{ *text }</code>
                    </label>
                }) }
            </fieldset>
            <p class="verdict" role="status">
                if let Some(n) = chosen {
                    <b>{ if MESSAGES[n].2 { "Right. " } else { "Not this one. " } }</b>{ MESSAGES[n].1 }
                }
            </p>
        </section>
    }
}
