//! Pictures of a real run: a leader is killed, fenced, replaced, and comes back.

use super::*;
use crate::stage::hit::Hit;
use crate::stage::ink::Theme;
use crate::stage::shapes::Shape;
use millrace::id::{TopicId, TopicPartition};
use millrace::protocol::Stop;
use millrace::scenario;
use millrace::sim::{Command, Timeline};
use millrace::time::Time;
use millrace::view::cluster::scene::scene;

const MARKS: Marks<'static> = Marks {
    wall_ms: 16.0,
    markers: &[],
    selection: None,
    speed: 1.0,
    reduced: true,
    theme: Theme::Light,
    locked: false,
};

fn moments() -> Vec<ClusterScene> {
    let cluster = scenario::by_name("cluster").expect("the scene is there");
    let mut timeline = Timeline::new(cluster, 7).expect("it starts");
    let at = TopicPartition::new(TopicId(0), 0);
    let mut scenes = Vec::new();
    let mut look = |timeline: &mut Timeline, until: u64| {
        timeline.run_until(Time(until), u64::MAX);
        let mut picture = ClusterScene::default();
        scene(timeline.moment(), timeline.now(), at, &mut picture);
        scenes.push(picture);
    };
    look(&mut timeline, 0);
    look(&mut timeline, 4_000_000);
    let node = "broker-1".to_owned();
    let how = Stop::Killed;
    timeline
        .act(Command::Stop { node, how })
        .expect("it can be killed");
    look(&mut timeline, 4_100_000);
    look(&mut timeline, 16_000_000);
    let node = "broker-1".to_owned();
    timeline.act(Command::Start { node }).expect("it starts");
    look(&mut timeline, 25_000_000);
    scenes
}

fn painted(painter: &mut Painter, size: (f32, f32), scene: &ClusterScene) -> Vec<String> {
    let view = View {
        scene,
        marks: &MARKS,
        pointer: Some((300.0, 100.0)),
    };
    painter.paint(size, &view);
    let list = painter.list();
    let (width, height) = painter.size();
    let mut said = Vec::new();
    for shape in &list.shapes {
        match shape {
            Shape::Text { at, words, set } => {
                let words = list.words(words);
                let wide = set.face.width(words);
                let (from, to) = match set.align {
                    crate::stage::text::Align::Left => (at.0, at.0 + wide),
                    crate::stage::text::Align::Center => (at.0 - wide / 2.0, at.0 + wide / 2.0),
                    crate::stage::text::Align::Right => (at.0 - wide, at.0),
                };
                assert!(
                    from >= -1.0 && to <= width + 1.0,
                    "“{words}” sticks out: {from}..{to} of {width}"
                );
                assert!(at.1 <= height, "“{words}” lies below the stage");
                said.push(words.to_owned());
            }
            Shape::Box { at, .. } => assert!(at.x >= -1.0 && at.right() <= width + 1.0, "{at:?}"),
            _ => {}
        }
    }
    said
}

#[test]
fn everything_lies_on_the_stage_at_every_size() {
    let scenes = moments();
    for size in [
        (390.0, 0.0),
        (320.0, 500.0),
        (680.0, 0.0),
        (940.0, 530.0),
        (1_500.0, 900.0),
    ] {
        let mut painter = Painter::default();
        for scene in &scenes {
            let said = painted(&mut painter, size, scene);
            for name in ["Broker 1", "Broker 3", "orders-0"] {
                assert!(
                    said.iter().any(|words| words == name),
                    "no {name} at {size:?}"
                );
            }
        }
    }
}

#[test]
fn the_picture_tells_who_leads_before_and_after() {
    let scenes = moments();
    let leads = |scene: &ClusterScene| {
        let (broker, replica) = scene.ruler().next().expect("there are replicas");
        (broker.number, replica.role, broker.serves())
    };
    assert_eq!(leads(&scenes[1]), (1, Role::Leader, true));
    // Killed, and nobody knows it yet.
    assert_eq!(leads(&scenes[2]), (1, Role::Leader, false));
    let (heir, role, serves) = leads(&scenes[3]);
    assert_eq!((role, serves), (Role::Leader, true));
    assert_ne!(heir, 1);
    let said = painted(&mut Painter::default(), (940.0, 530.0), &scenes[3]);
    assert!(
        said.iter().any(|words| words.starts_with("fenced")),
        "{said:?}"
    );
    assert!(said.iter().any(|words| words == "epoch 1"), "{said:?}");
}

#[test]
fn pressing_a_replica_chooses_its_partition() {
    let scenes = moments();
    let mut painter = Painter::default();
    painted(&mut painter, (940.0, 530.0), &scenes[1]);
    let row = painter.layout.row_of(1, 2).expect("it is drawn");
    let (_, hit) = painter
        .hits()
        .at(row.center(), 0.0)
        .expect("it can be pressed");
    assert_eq!(hit, Hit::Replica { partition: 2 });
}

#[test]
fn pressing_a_cell_follows_its_record() {
    let mut scene = moments().swap_remove(1);
    let mut painter = Painter::default();
    let mut shapes = |scene: &ClusterScene| {
        painted(&mut painter, (940.0, 530.0), scene);
        painter.list().shapes.len()
    };
    let without = shapes(&scene);
    let end = scene.ruler().map(|(_, replica)| replica.log_end).max();
    let offset = end.expect("there are replicas") - 2;
    scene.record = Some(offset);
    assert_eq!(shapes(&scene), without + 1, "a frame round it");
    let record = Hit::Cell {
        topic: 0,
        partition: 0,
        offset,
        order: None,
    };
    let cells = painter.hits().iter().filter(|(_, hit)| *hit == record);
    let cells: Vec<Rect> = cells.map(|(at, _)| *at).collect();
    assert_eq!(cells.len(), 3, "one on each broker");
    let hit = painter.hits().at(cells[1].center(), 0.0).map(|hit| hit.1);
    assert_eq!(hit, Some(record));
    let told = tip::describe(record, &scene).join("; ");
    assert!(told.contains("broker 3: committed"), "{told}");
}

/// Beside another picture all of it is seen at once, and what differs has its sign; what lies before
/// the ruler's beginning has no words there.
#[test]
fn two_pictures_fit_side_by_side_and_mark_what_differs() {
    let mut scene = moments().swap_remove(3);
    let signs = |said: &[String]| said.iter().filter(|words| *words == "≠").count();
    let mut painter = Painter::default();
    let said = painted(&mut painter, (470.0, 595.0), &scene);
    assert_eq!(painter.size(), (470.0, 595.0));
    assert_eq!(signs(&said), 0);
    scene.brokers[0].unlike = true;
    let replica = &mut scene.brokers[0].replicas[0];
    replica.unlike = true;
    replica.parts_at = Some(replica.log_end - 1);
    let said = painted(&mut painter, (470.0, 595.0), &scene);
    assert_eq!(
        signs(&said),
        3,
        "the broker, its replica, and that on the ruler"
    );
    assert!(
        said.iter().any(|words| words.contains("records behind")),
        "{said:?}"
    );
}
