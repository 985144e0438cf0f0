//! The picture of the told part, and what is said of it.

use super::*;
use crate::scenario;
use crate::sim::Timeline;
use crate::time::Time;

fn seen(minutes: u64, look: Look) -> (Timeline, ClickScene) {
    let scenario = scenario::by_name("clickstream").expect("the scene is there");
    let mut timeline = Timeline::new(scenario, 12).expect("it holds together");
    timeline.run_until(Time(minutes * 60_000_000), u64::MAX);
    let mut picture = ClickScene::default();
    let hours = timeline.scenario().hours;
    scene(
        timeline.moment(),
        hours,
        timeline.now(),
        (look, &Heavy::default()),
        &mut picture,
    );
    (timeline, picture)
}

#[test]
fn a_session_is_open_then_told_and_a_late_click_takes_it_back() {
    let (timeline, before) = seen(66, Look::default());
    let alice = &before.rows[0];
    assert_eq!(alice.user, "alice");
    let states: Vec<State> = alice.sessions.iter().map(|session| session.state).collect();
    assert_eq!(states, [State::Told, State::Open], "{alice:?}");
    assert_eq!(alice.sessions[0].marks.len(), 4);
    let told = explain(&timeline, &before);
    assert_eq!(told.heading, "Will Alice buy?");
    let first = Look {
        visitor: 0,
        session: Some(alice.sessions[0].start()),
    };
    let (timeline, picture) = seen(66, first);
    let told = explain(&timeline, &picture);
    assert!(
        told.now.plain().ends_with("the session is told as 1221."),
        "{told:?}"
    );

    let (timeline, after) = seen(78, Look::default());
    let [one] = &after.rows[0].sessions[..] else {
        panic!("both are one: {:?}", after.rows[0]);
    };
    assert_eq!((one.marks.len(), one.state), (7, State::Open));
    let joint = one.joint().expect("one click joins two");
    assert_eq!(after.clock(joint.ts), "10:07");
    let told = explain(&timeline, &after).now.plain();
    assert!(
        told.contains("A click of 10:07 arrived at 10:46, 39 minutes late"),
        "{told}"
    );
    assert!(
        told.contains("1221 had been told as a session of its own"),
        "{told}"
    );
    let live = live_table(&timeline, 6);
    assert!((2..=6).contains(&live.rows.len()), "{live:?}");
    let chosen = after.chosen.as_ref().expect("a session is looked at");
    assert_eq!(chosen.symbols, [1, 2, 2, 1, 2, 3, 3]);
    assert_eq!(
        chosen.edges.len(),
        7,
        "each sees the next, and 2 sees 2 over 1"
    );
    assert!(
        chosen.sent.contains(r#""event":"detail""#),
        "{}",
        chosen.sent
    );
    assert!(chosen.courses.iter().all(|course| course.after.len() == 7));
}

#[test]
fn a_bought_session_is_told_and_every_row_stands_in_the_table() {
    let (_, picture) = seen(
        60,
        Look {
            visitor: 2,
            session: None,
        },
    );
    let chosen = picture.chosen.as_ref().expect("Carol has a session");
    assert_eq!(chosen.symbols, [1, 2, 3, 5]);
    assert!(chosen.courses.iter().all(|course| course.after.len() == 3));
    let table = sessions_table(&picture);
    let sessions: usize = picture.rows.iter().map(|row| row.sessions.len()).sum();
    assert_eq!(table.rows.len(), sessions);
    assert!(
        table
            .rows
            .iter()
            .any(|row| row[0] == "carol" && row[4] == "1235")
    );
    assert!(
        summary(&picture).starts_with("At 10:30: "),
        "{}",
        summary(&picture)
    );
    assert_eq!(course_table(chosen).rows.len(), 3);
    assert!(!moved_table(chosen, 5).rows.is_empty());
}

#[test]
fn before_the_first_click_nothing_is_looked_at() {
    let (timeline, picture) = seen(1, Look::default());
    assert_eq!(picture.chosen, None);
    assert_eq!(explain(&timeline, &picture).heading, "Who clicks?");
    assert_eq!(what_if(&timeline).len(), 2);
    assert_eq!(totals(&timeline).len(), 2);
}

#[test]
fn a_file_is_read_a_little_at_a_time_and_looked_at() {
    let rows = (0..3_000).map(|n| format!("u{},{},{}\n", n % 7, n * 60_000, 1 + n % 6));
    let text = format!(
        "user,ts_ms,event\n{}ann,soon,view\n",
        rows.collect::<String>()
    );
    let mut own = Own::open("clicks.csv", text.into_bytes()).expect("a header");
    let mut last = 0;
    let mut steps = 0;
    while own.step() {
        let (percent, _) = own.progress();
        assert!(percent >= last && percent <= 100, "{percent} after {last}");
        last = percent;
        steps += 1;
    }
    assert!(
        steps >= 7 && own.is_done() && own.progress().0 == 100,
        "{steps}"
    );
    assert_eq!(
        own.told(),
        "clicks.csv: 3000 clicks of 7 users are 7 sessions (user, ts_ms, event). 1 rows could not be read \
         and are left out."
    );
    assert_eq!(own.bad().expect("one bad row").rows[0][0], "3002");
    let tables = own.tables();
    assert_eq!(tables[0].rows.last().expect("all")[1..], ["7", "100.00 %"]);
    assert_eq!(own.find("u6"), Some(6));
    assert_eq!(own.find("zoe"), None);
    let mut picture = ClickScene::default();
    let none = Heavy::default();
    own.scene(5, (Look::default(), &none), &mut picture);
    assert_eq!(picture.rows.len(), 2);
    let chosen = picture.chosen.as_ref().expect("a session is looked at");
    assert_eq!(chosen.user, "u5");
    assert_eq!(chosen.symbols.len(), 428);
    assert!(chosen.sent.starts_with("u5,"), "{}", chosen.sent);
    let early = Look {
        visitor: 9,
        session: Some(-5),
    };
    own.scene(0, (early, &none), &mut picture);
    assert_eq!(
        picture.chosen.map(|chosen| chosen.user).as_deref(),
        Some("u4")
    );
}

#[test]
fn a_file_without_clicks_is_an_empty_picture() {
    let mut own = Own::open("none.csv", b"user,ts_ms,event\n".to_vec()).expect("a header");
    while own.step() {}
    let mut picture = ClickScene::default();
    own.scene(0, (Look::default(), &Heavy::default()), &mut picture);
    assert_eq!((picture.rows.len(), picture.chosen), (0, None));
    assert!(Own::open("x.csv", b"a,b\n".to_vec()).is_err());
}

#[cfg(not(target_arch = "wasm32"))] // it reads files
#[test]
fn loaded_models_answer_too_and_what_is_no_model_is_said() {
    let mut heavy = Heavy::default();
    let weights = |file: &str| {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("weights");
        std::fs::read(folder.join(file)).expect("it is there")
    };
    for file in Heavy::files() {
        heavy.take(file, Some(&weights(file)));
    }
    assert_eq!((heavy.models.len(), heavy.missing.len()), (2, 0));
    let tables = heavy.tables();
    assert_eq!(tables.len(), 5);
    assert_eq!((tables[0].rows.len(), tables[1].rows.len()), (9, 9));
    for table in &tables {
        assert!(!table.rows.is_empty(), "{}", table.caption);
        let right = |row: &Vec<String>| row.len() == table.heads.len();
        assert!(table.rows.iter().all(right), "{table:?}");
    }
    let mut broken = Heavy::default();
    broken.take("lstm.bin", Some(b"MRIN"));
    broken.take("table.json", None);
    assert_eq!(broken.missing, ["lstm.bin", "table.json"]);
    assert!(broken.tables().is_empty());
}
