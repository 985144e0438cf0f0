//! Old records are deleted: what is left, who misses what, and that nothing else is gone.

use millrace::id::{OrderId, TopicPartition};
use millrace::protocol::{Fact, Lane, OrderStep, Sink};
use millrace::scenario;
use millrace::sim::faults::{Intensity, Mischief, mend_all, random_faults};
use millrace::sim::{Acted, Breach, Promise, Scenario, Timeline};
use millrace::time::Time;
use millrace::view::{self, cluster::ClusterScene};
use millrace_tests::{acked_and_lag, play};

/// Each replica's log start and end, of every partition of `orders`.
fn bounds(timeline: &Timeline) -> Vec<(i64, i64)> {
    let world = &timeline.moment().world;
    let topic = world.topic_id("orders").expect("it is there");
    let kept = world.brokers().flat_map(|broker| {
        let kept = broker.replicas().filter(|(at, _)| at.topic == topic);
        let logs = kept.map(|(_, replica)| replica.log());
        logs.map(|log| (log.log_start_offset(), log.log_end_offset()))
            .collect::<Vec<_>>()
    });
    kept.collect()
}

#[test]
fn what_is_too_old_is_deleted_everywhere_and_who_was_away_misses_it() {
    let scene = scenario::by_name("retention").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 11).expect("the scene holds together");
    play(&mut timeline, 29);
    assert!(bounds(&timeline).iter().all(|(start, _)| *start == 0));
    let lag = acked_and_lag(&timeline).1;
    assert!(lag > 80, "{lag}: the group is away");
    play(&mut timeline, 48);
    for (start, end) in bounds(&timeline) {
        // A segment of 4 s goes when its youngest record is 10 s old, at a look every 5 s.
        let kept_s = (end - start) * 48 / end;
        assert!(
            (8..25).contains(&kept_s),
            "{kept_s} s from {start} to {end}"
        );
    }
    play(&mut timeline, 70);
    let (_, lag) = acked_and_lag(&timeline);
    assert!(lag < 5, "{lag}: it read what was left");
    let moment = timeline.moment();
    let mut promises = moment.promises.clone();
    promises.recheck(&moment.world);
    assert_eq!(promises.broken(), None);
    let orders = moment.world.topic_id("orders").expect("it is there");
    let (now, at) = (timeline.now(), TopicPartition::new(orders, 0));
    let mut shown = ClusterScene::default();
    view::cluster::scene::scene(moment, now, at, &mut shown);
    let starts = shown.brokers.iter().flat_map(|broker| &broker.replicas);
    assert!(
        starts
            .map(|replica| replica.log_start)
            .all(|start| start > 100)
    );
}

/// Whatever goes wrong while old segments are deleted, no promise breaks.
#[test]
fn promises_hold_where_records_are_deleted() {
    let scene = scenario::by_name("retention").expect("the scene is there");
    for seed in 0..40 {
        let intensity = [Intensity::Medium, Intensity::High][seed as usize % 2];
        let (until, mischief) = (Time(60_000_000), Mischief::Anything);
        let mut script = random_faults(seed, &scene, until, intensity, mischief);
        let mended = mend_all(&scene).into_iter().map(|command| Acted {
            at_us: until,
            instant: None,
            command,
        });
        script.extend(mended);
        let mut timeline = Timeline::new(scene.clone(), seed).expect("the scene holds together");
        timeline.script(script);
        play(&mut timeline, 120);
        let moment = timeline.moment();
        let mut promises = moment.promises.clone();
        promises.recheck(&moment.world);
        assert_eq!(
            promises.broken(),
            None,
            "seed {seed}\n{:#?}",
            timeline.commands()
        );
        assert!(
            bounds(&timeline).iter().any(|(start, _)| *start > 0),
            "seed {seed}"
        );
    }
}

/// The order pipeline with records kept for 10 s, in segments of 4 s.
fn orders_kept_for_10_s() -> Scenario {
    let mut scene = scenario::by_name("orders").expect("the scene is there");
    scene.cluster.log_retention_check_interval_ms = 5_000;
    let configs = [("retention.ms", "10000"), ("segment.ms", "4000")];
    for topic in &mut scene.topics {
        let configs = configs.map(|(name, value)| (name.to_owned(), value.to_owned()));
        topic.configs.extend(configs);
    }
    scene
}

/// An order that is deleted is not lost; one that was not deleted, and is not there, is.
#[test]
fn an_order_is_lost_unless_retention_deleted_it() {
    let mut timeline = Timeline::new(orders_kept_for_10_s(), 5).expect("the scene holds together");
    play(&mut timeline, 60);
    let moment = timeline.moment();
    let orders = moment.world.topic_id("orders").expect("it is there");
    let at = TopicPartition::new(orders, 0);
    let log = moment.world.log(at).expect("it is there");
    let (start, end) = (log.log_start_offset(), log.log_end_offset());
    assert!(start > 100, "{start}");
    let lost = |facts: &[Fact]| {
        let mut promises = moment.promises.clone();
        for fact in facts {
            promises.hear(moment.world.stamp(), *fact);
        }
        promises.recheck(&moment.world);
        let breach = promises.breach(Promise::NoOrderLost);
        breach.map(Breach::promised)
    };
    assert_eq!(lost(&[]), None);
    // One more order, which the log never had.
    let order = OrderId::from(moment.metrics.orders().count());
    let lane = Lane::Async;
    let step = |step| Fact::Order { lane, order, step };
    let stored = |offset| Fact::OrderStored { order, at, offset };
    let placed = [OrderStep::Placed { customer: 0 }, OrderStep::Answered].map(step);
    let stored_at = |offset| lost(&[placed[0], placed[1], stored(offset)]);
    assert_eq!(stored_at(start - 1), None, "it was deleted");
    assert_eq!(stored_at(start), Some(true));
    assert_eq!(stored_at(end - 1), Some(true));
    assert_eq!(lost(&placed), None, "nobody was told where it was");
}

/// Whatever goes wrong while orders are deleted, none is lost in another way.
#[test]
fn no_order_is_lost_where_some_are_deleted() {
    let scene = orders_kept_for_10_s();
    for seed in 0..12 {
        let intensity = [Intensity::Medium, Intensity::High][seed as usize % 2];
        let (until, mischief) = (Time(40_000_000), Mischief::Anything);
        let script = random_faults(seed, &scene, until, intensity, mischief);
        let mut timeline = Timeline::new(scene.clone(), seed).expect("the scene holds together");
        timeline.script(script);
        play(&mut timeline, 60);
        let moment = timeline.moment();
        let mut promises = moment.promises.clone();
        promises.recheck(&moment.world);
        let commands = timeline.commands();
        assert_eq!(promises.broken(), None, "seed {seed}\n{commands:#?}");
        let deleted = moment
            .world
            .order_logs()
            .any(|log| log.log_start_offset() > 0);
        assert!(deleted, "seed {seed}");
    }
}
