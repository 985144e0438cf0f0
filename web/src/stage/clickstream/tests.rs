use super::*;
use crate::stage::hit::Hit;
use crate::stage::shapes::Shape;
use crate::stage::text::Align;
use millrace::scenario;
use millrace::sim::Timeline;
use millrace::time::Time;
use millrace::view::clickstream::{Heavy, Look, scene};

fn painted(minutes: u64, size: (f32, f32)) -> (Painter, ClickScene) {
    let scenario = scenario::by_name("clickstream").expect("the scene is there");
    let mut timeline = Timeline::new(scenario, 12).expect("it holds together");
    timeline.run_until(Time(minutes * 60_000_000), u64::MAX);
    let mut picture = ClickScene::default();
    let hours = timeline.scenario().hours;
    let look = (Look::default(), &Heavy::default());
    scene(timeline.moment(), hours, timeline.now(), look, &mut picture);
    let mut painter = Painter::default();
    painter.paint(size, &picture);
    (painter, picture)
}

#[test]
fn everything_lies_on_the_stage_and_every_session_can_be_pressed() {
    for size in [
        (940.0, 620.0),
        (1_500.0, 860.0),
        (700.0, 0.0),
        (366.0, 0.0),
        (366.0, 300.0),
    ] {
        for minutes in [0, 30, 78, 130, 178] {
            let (painter, picture) = painted(minutes, size);
            let (width, height) = painter.size();
            let list = painter.list();
            for shape in &list.shapes {
                let (left, right, y) = match shape {
                    Shape::Text { at, words, set } => {
                        let words = list.words(words);
                        let wide = set.face.width(words);
                        let left = match set.align {
                            Align::Left => at.0,
                            Align::Center => at.0 - wide / 2.0,
                            Align::Right => at.0 - wide,
                        };
                        (left, left + wide, at.1)
                    }
                    Shape::Box { at, .. } => (at.x, at.right(), at.bottom()),
                    Shape::Dot { at, r, .. } => (at.0 - r, at.0 + r, at.1 + r),
                    _ => continue,
                };
                let within = left > -1.0 && right < width + 1.0 && y < height + 1.0;
                assert!(within, "{size:?} at {minutes} min: {shape:?}");
            }
            let sessions = painter.hits().iter();
            let sessions =
                sessions.filter(|(_, hit)| matches!(hit, Hit::Session { at: Some(_), .. }));
            let all: usize = picture.rows.iter().map(|row| row.sessions.len()).sum();
            assert_eq!(sessions.count(), all);
        }
    }
}
