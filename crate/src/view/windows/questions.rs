//! Questions before the event, graded by the run with the settings in force.

use super::play::Play;
use super::run::Run;
use super::scenes::{Event, NOON, Scene};
use super::words::{clock, window_text};
use crate::map::Map;
use crate::stream::{Kind, Windows};
use crate::time::Time;
use crate::view::panel::Asked;

/// A question: asked from a moment on, and graded from another.
struct Question {
    id: &'static str,
    from: i64,
    until: i64,
    text: String,
    options: Vec<String>,
    right: usize,
    why: String,
}

/// The questions that have come up by the moment shown, with what was chosen.
#[must_use]
pub fn asked(play: &Play, answers: &Map<String, u32>) -> Vec<Asked> {
    let at = play.setup().at;
    let Ok(run) = play.run() else {
        return Vec::new();
    };
    let asks: [fn(&Play, &Run) -> Option<Question>; 6] =
        [first_answer, late_fate, idle_mark, merging, overlap, marked];
    let asked = asks.into_iter().filter_map(|ask| ask(play, run));
    let asked = asked.filter(|question| question.from <= at && question.from < question.until);
    asked
        .map(|question| {
            let graded = at >= question.until;
            Asked {
                id: question.id.to_owned(),
                at: Time::ZERO,
                text: question.text,
                options: question.options,
                chosen: answers.get(question.id).map(|&n| n as usize),
                outcome: graded.then_some((question.right, question.why)),
            }
        })
        .collect()
}

fn options<const N: usize>(options: [&str; N]) -> Vec<String> {
    options.iter().map(|&option| option.to_owned()).collect()
}

/// The scene's own event of this time and key, if it is still there.
fn find(play: &Play, ts_s: i64, key: u32) -> Option<(u32, &Event)> {
    let ts = NOON + ts_s * 1_000;
    let order = play.order().iter();
    let mut events = order.map(|&n| (n, play.event(n)));
    events.find(|(_, event)| event.ts == ts && event.key == key)
}

/// When does the first window answer?
fn first_answer(play: &Play, run: &Run) -> Option<Question> {
    let setup = play.setup();
    let (Scene::OnTime | Scene::Late, Windows::Tumbling { .. }) = (setup.scene, &setup.windows)
    else {
        return None;
    };
    let first = run
        .emitted
        .iter()
        .find(|result| result.kind == Kind::OnTime)?;
    let (end, by) = (first.window.end, first.window.end + setup.delay);
    let from = play.order().iter().map(|&n| play.event(n).arrival).min()?;
    let right = match first.at {
        at if at == end => 0,
        at if at == by => 1,
        _ => 2,
    };
    Some(Question {
        id: "first-answer",
        from,
        until: first.at,
        text: format!(
            "When will {} answer for the window {}?",
            run.engine,
            window_text(first.window)
        ),
        options: vec![
            format!("at {} on the clock", clock(end)),
            format!("at {} on the clock", clock(by)),
            format!("when some event of {} or later has come", clock(by)),
        ],
        right,
        why: format!(
            "It answered at {}. Only events move event time on, so the clock alone does nothing.",
            clock(first.at)
        ),
    })
}

/// What becomes of the late event?
fn late_fate(play: &Play, run: &Run) -> Option<Question> {
    let setup = play.setup();
    if setup.scene != Scene::Late || !setup.is_timed() {
        return None;
    }
    let (n, event) = find(play, 41, 0)?;
    let fate = run.fates[n as usize];
    let right = match (fate.is_dropped(), fate.late) {
        (true, _) => 0,
        (false, true) => 1,
        (false, false) => 2,
    };
    let why = match right {
        0 => "It was dropped: its window was over by then.",
        1 => "Its window took it, after it had answered.",
        _ => "It was counted like any other: its window was still open.",
    };
    Some(Question {
        id: "late-fate",
        from: event.arrival - 15_000,
        until: fate.seen_at,
        text: format!(
            "An event of {} is on its way and arrives at {}. What will {} do with it?",
            clock(event.ts),
            clock(event.arrival),
            run.engine
        ),
        options: options([
            "drop it",
            "count it, and answer again",
            "count it like any other",
        ]),
        right,
        why: why.to_owned(),
    })
}

/// What does the watermark do while a partition is silent?
fn idle_mark(play: &Play, run: &Run) -> Option<Question> {
    if play.setup().scene != Scene::Idle {
        return None;
    }
    let (from, until) = (NOON + 36_000, NOON + 70_000);
    let (before, after) = (run.watermark(from)?, run.watermark(until)?);
    // While the last events of the silent partition are heard it may still move a little.
    let went = after - before;
    let (right, what) = match went {
        ..=5_000 => (
            0,
            "It stood still, and so did every window, although events came",
        ),
        _ => (1, "It went on without the silent partition"),
    };
    Some(Question {
        id: "idle-mark",
        from,
        until,
        text: "cat’s partition sends nothing for a while; the other one goes on. What will the watermark do \
               until 12:01:10?"
            .to_owned(),
        options: options(["stand still", "go on", "go back"]),
        right,
        why: format!("{what}: {} then, {} now.", clock(before), clock(after)),
    })
}

/// How many sessions are left when the late event has come?
fn merging(play: &Play, run: &Run) -> Option<Question> {
    let setup = play.setup();
    let (Scene::Sessions, true, Windows::Session { .. }) =
        (setup.scene, setup.keyed, &setup.windows)
    else {
        return None;
    };
    let (n, event) = find(play, 19, 0)?;
    let seen = run.fates[n as usize].seen_at;
    let open = |at: i64| {
        let mine = run.lives.iter().filter(|life| life.key == event.key);
        mine.filter(|life| life.from <= at && at < life.to).count()
    };
    let (before, after) = (open(event.arrival - 1), open(seen));
    (1..4).contains(&after).then(|| Question {
        id: "merging",
        from: event.arrival - 5_000,
        until: seen,
        text: format!(
            "ana has {before} open sessions. Her event of {} arrives at {}. How many will she have then?",
            clock(event.ts),
            clock(event.arrival)
        ),
        options: options(["1", "2", "3"]),
        right: after - 1,
        why: format!("There were {before} before, and {after} after."),
    })
}

/// How many windows take one event?
fn overlap(play: &Play, run: &Run) -> Option<Question> {
    let setup = play.setup();
    let (Scene::Hopping, Windows::Hopping { .. }) = (setup.scene, &setup.windows) else {
        return None;
    };
    let (n, event) = find(play, 27, 0)?;
    let fate = run.fates[n as usize];
    let took = fate.windows - fate.missed;
    let mut counts = vec![1, 2, 4];
    if !counts.contains(&took) {
        counts.push(took);
    }
    Some(Question {
        id: "overlap",
        from: event.arrival - 6_000,
        until: fate.seen_at,
        text: format!(
            "How many windows will take the event of {}?",
            clock(event.ts)
        ),
        right: counts.iter().position(|&n| n == took)?,
        options: counts.iter().map(u32::to_string).collect(),
        why: format!("{took}: one begins every slide, and those that hold it take it."),
    })
}

/// What does a window hold that a mark ends?
fn marked(play: &Play, run: &Run) -> Option<Question> {
    let setup = play.setup();
    let (Scene::Marks, Windows::Punctuation { .. }, crate::stream::Aggregate::Count) =
        (setup.scene, &setup.windows, setup.aggregate)
    else {
        return None;
    };
    let (n, event) = find(play, 15, 0)?;
    let fate = run.fates[n as usize];
    let result = run.emitted.get(fate.answers.0 as usize)?;
    let crate::stream::Value::Number(value) = result.value else {
        return None;
    };
    let before = play.order().iter().filter(|&&m| {
        let other = play.event(m);
        (other.key == event.key || !setup.keyed) && other.arrival < event.arrival
    });
    let before = before.count() as i64;
    let right = [before, before + 1]
        .iter()
        .position(|&n| n == value)
        .unwrap_or(2);
    Some(Question {
        id: "marked",
        from: event.arrival - 5_000,
        until: fate.seen_at,
        text: format!(
            "“end” of ana arrives at {}. What will her window count?",
            clock(event.arrival)
        ),
        options: vec![
            format!("{before}: what came before it"),
            format!("{}: with the mark itself", before + 1),
            "something else".to_owned(),
        ],
        right,
        why: format!("{value}. The mark is the last record of the window that it ends."),
    })
}
