use super::*;
use crate::stage::demo::{Demo, Kind};
use crate::stage::hit::Hit;
use crate::stage::shapes::Shape;
use crate::stage::text::Align;
use millrace::view::orders::{Flight, Place};

const SIZES: [(f32, f32); 8] = [
    (940.0, 676.0),
    (1280.0, 676.0),
    (1580.0, 956.0),
    (768.0, 900.0),
    (640.0, 360.0),
    (390.0, 720.0),
    (390.0, 0.0),
    (320.0, 0.0),
];

fn kinds() -> [Kind; 6] {
    let slow = Kind::SLOW;
    [
        slow,
        Kind {
            slow: false,
            ..slow
        },
        Kind {
            stopped: true,
            extra: 2,
            ..slow
        },
        Kind {
            fan_out: true,
            extra: 9,
            ..slow
        },
        Kind {
            partitions: 64,
            ..slow
        },
        Kind {
            partitions: 12,
            flights: 1_000,
            ..slow
        },
    ]
}

const QUIET: Marks<'static> = Marks {
    wall_ms: 0.0,
    markers: &[],
    selection: None,
    speed: 1.0,
    reduced: true,
    theme: Theme::Light,
    locked: false,
};

struct Picture {
    demo: Demo,
    at: f64,
    painter: Painter,
}

impl Picture {
    fn new(kind: Kind, at: f64) -> Self {
        Self {
            demo: Demo::new(kind, at),
            at,
            painter: Painter::default(),
        }
    }

    fn paint(&mut self, size: (f32, f32), marks: &Marks<'_>) -> OrdersScene {
        let scene = self.demo.scene(self.at);
        let view = View {
            scene: &scene,
            unfinished: &self.demo.unfinished(self.at),
            answers: &self.demo.answers(self.at),
            marks,
            pointer: None,
            drag: None,
        };
        self.painter.paint(size, &view);
        scene
    }

    /// The boxes of all words, and the words.
    fn texts(&self) -> Vec<(Rect, String)> {
        let list = self.painter.list();
        let texts = list.shapes.iter().filter_map(|shape| match shape {
            Shape::Text { at, words, set } => {
                let words = list.words(words);
                let width = set.face.width(words);
                let left = match set.align {
                    Align::Left => at.0,
                    Align::Center => at.0 - width / 2.0,
                    Align::Right => at.0 - width,
                };
                let rise = set.face.size() * 0.72;
                Some((Rect::new(left, at.1 - rise, width, rise), words.to_owned()))
            }
            _ => None,
        });
        texts.collect()
    }
}

#[test]
fn no_words_are_clipped_or_lie_on_other_words() {
    for kind in kinds() {
        let mut picture = Picture::new(kind, 31.0);
        let markers = picture.demo.markers();
        for size in SIZES {
            picture.paint(
                size,
                &Marks {
                    markers: &markers,
                    ..QUIET
                },
            );
            let layout = &picture.painter.layout;
            let stage = Rect::new(0.0, 0.0, layout.width, layout.height);
            let texts = picture.texts();
            for (i, (at, words)) in texts.iter().enumerate() {
                assert!(
                    stage.holds(*at),
                    "“{words}” is clipped at {size:?}: {at:?}, {kind:?}"
                );
                for (there, other) in &texts[..i] {
                    let apart = !at.grown(-0.5).overlaps(*there);
                    assert!(apart, "“{words}” lies on “{other}” at {size:?}, {kind:?}");
                }
            }
        }
    }
}

#[test]
fn every_dot_lies_on_the_stage_and_within_the_hull_of_its_way() {
    for kind in kinds() {
        let mut picture = Picture::new(kind, 20.0);
        for size in SIZES {
            let scene = picture.paint(
                size,
                &Marks {
                    reduced: false,
                    ..QUIET
                },
            );
            let layout = &picture.painter.layout;
            let stage = Rect::new(0.0, 0.0, layout.width, layout.height).grown(0.1);
            for flight in &scene.flights {
                let way =
                    flights::route(layout, &scene, flight).expect("every place is on the stage");
                let [xs, ys] = [way.0.map(|p| p.0), way.0.map(|p| p.1)];
                let low = |v: [f32; 4]| v.into_iter().fold(f32::INFINITY, f32::min);
                let high = |v: [f32; 4]| v.into_iter().fold(f32::NEG_INFINITY, f32::max);
                let hull = Rect::new(low(xs), low(ys), high(xs) - low(xs), high(ys) - low(ys));
                for step in 0_u8..=20 {
                    let at = way.at(f32::from(step) / 20.0);
                    assert!(hull.grown(0.1).has(at), "{flight:?} strays to {at:?}");
                    assert!(stage.has(at), "{flight:?} leaves the stage at {at:?}");
                }
                assert_eq!((way.at(0.0), way.at(1.0)), (way.0[0], way.0[3]));
            }
        }
    }
}

#[test]
fn every_record_is_a_cell_or_counted_beside_the_strip() {
    for kind in kinds() {
        let mut picture = Picture::new(kind, 31.0);
        for size in SIZES {
            let scene = picture.paint(size, &QUIET);
            for (t, at) in picture.painter.layout.topics.iter().enumerate() {
                if at.shares_rows() {
                    continue;
                }
                for (p, strip) in scene.topics[t].strips.iter().enumerate() {
                    let mine = |hit: &Hit| {
                        matches!(hit, Hit::Cell { topic, partition, .. }
                        if usize::from(*topic) == t && usize::from(*partition) == p)
                    };
                    let cells = picture
                        .painter
                        .hits()
                        .iter()
                        .filter(|(_, hit)| mine(hit))
                        .count();
                    let (unread, read) = strips::beyond(strip, at.cells);
                    let all = (strip.log_end - strip.log_start) as u64;
                    assert_eq!(
                        cells as u64 + unread + read,
                        all,
                        "{size:?} {kind:?} {t}-{p}"
                    );
                }
            }
        }
    }
}

#[test]
fn a_short_flight_is_slowed_only_as_long_as_it_is_kept_and_never_at_low_speed() {
    let at = |speed, reduced| {
        Marks {
            speed,
            reduced,
            ..QUIET
        }
        .min_visible()
    };
    assert_eq!(at(1.0, false), Span::millis(220));
    assert_eq!(at(0.1, false), Span::millis(22));
    assert_eq!(at(0.01, false), Span::ZERO);
    assert_eq!(at(16.0, false), OrdersScene::RECENT);
    assert_eq!(at(1.0, true), Span::ZERO);
}

#[test]
fn a_record_in_the_air_has_no_filled_cell_yet() {
    let mut picture = Picture::new(Kind::SLOW, 20.0);
    let scene = picture.paint(
        SIZES[0],
        &Marks {
            reduced: false,
            ..QUIET
        },
    );
    let landing = |f: &&Flight| {
        matches!(f.to, Place::Partition(0, _))
            && f.due_at <= scene.now
            && scene.now < f.sent_at + Span::millis(220)
    };
    let expected = scene.flights.iter().filter(landing).count();
    let shown: u16 = (0..6).map(|p| picture.painter.flights.landing(0, p)).sum();
    assert!(expected > 0);
    assert_eq!(usize::from(shown), expected);
}

#[test]
fn the_same_instant_gives_the_same_picture_and_then_stands_still() {
    let mut picture = Picture::new(Kind::SLOW, 31.0);
    let marks = |wall_ms| Marks {
        wall_ms,
        reduced: false,
        ..QUIET
    };
    picture.paint(SIZES[0], &marks(0.0));
    let first = picture.painter.list().clone();
    picture.paint(SIZES[0], &marks(16.0));
    assert!(first == *picture.painter.list());
    assert!(!picture.painter.moving());
}

#[test]
fn what_changes_place_moves_there_unless_motion_is_reduced() {
    for reduced in [false, true] {
        let mut picture = Picture::new(Kind::SLOW, 40.0);
        let marks = |wall_ms| Marks {
            wall_ms,
            reduced,
            ..QUIET
        };
        picture.at = 30.0;
        picture.paint(SIZES[0], &marks(0.0));
        picture.at = 30.3;
        picture.paint(SIZES[0], &marks(16.0));
        assert_eq!(picture.painter.moving(), !reduced);
        for frame in 2..50 {
            picture.paint(SIZES[0], &marks(16.0 * f64::from(frame)));
        }
        assert!(!picture.painter.moving(), "everything arrives");
    }
}

#[test]
fn a_followed_order_is_ringed_wherever_it_is() {
    let mut picture = Picture::new(Kind::SLOW, 31.0);
    let scene = picture.paint(SIZES[0], &QUIET);
    let order = scene.sync.waiting[0].order;
    picture.paint(
        SIZES[0],
        &Marks {
            selection: Some(order),
            ..QUIET
        },
    );
    let name = format!("#{}", order.0);
    assert!(picture.texts().iter().any(|(_, words)| *words == name));
}

#[test]
fn states_are_said_in_words_not_by_colour_alone() {
    let mut picture = Picture::new(
        Kind {
            stopped: true,
            ..Kind::SLOW
        },
        20.0,
    );
    picture.paint(SIZES[0], &QUIET);
    let texts = picture.texts();
    for word in ["stopped", "4 of 6 up", "paused", "rebalancing"] {
        assert!(texts.iter().any(|(_, words)| words == word), "{word}");
    }
}

#[test]
fn everything_that_can_be_pointed_at_says_what_it_is() {
    let picture = &mut Picture::new(
        Kind {
            extra: 3,
            ..Kind::SLOW
        },
        31.0,
    );
    let marks = Marks {
        reduced: false,
        ..QUIET
    };
    let scene = picture.paint(SIZES[0], &marks);
    let (unfinished, answers) = (picture.demo.unfinished(31.0), picture.demo.answers(31.0));
    let view = View {
        scene: &scene,
        unfinished: &unfinished,
        answers: &answers,
        marks: &marks,
        pointer: None,
        drag: None,
    };
    for (_, hit) in picture.painter.hits().iter() {
        assert!(!tip::describe(*hit, &view).is_empty(), "{hit:?}");
    }
}

#[test]
fn a_stage_with_nothing_to_show_yet_is_painted_all_the_same() {
    let empty = Demo::new(Kind::SLOW, 0.0);
    let scene = OrdersScene::default();
    for size in SIZES {
        let mut painter = Painter::default();
        let view = View {
            scene: &scene,
            unfinished: &Unfinished::default(),
            answers: &Answers::default(),
            marks: &QUIET,
            pointer: Some((100.0, 100.0)),
            drag: None,
        };
        painter.paint(size, &view);
        painter.paint(
            size,
            &View {
                scene: &empty.scene(0.0),
                ..view
            },
        );
    }
}
