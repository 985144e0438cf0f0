use super::*;
use proptest::prelude::*;

fn topology(partitions: &[usize]) -> Topology {
    Topology {
        stations: [4, 4],
        topics: partitions.to_vec(),
    }
}

/// Every place that is drawn in, by name.
fn places(layout: &Layout) -> Vec<(String, Rect)> {
    let mut all = Vec::new();
    for (l, lane) in layout.lanes.iter().enumerate() {
        all.push((format!("title {l}"), lane.title));
        all.push((format!("subtitle {l}"), lane.subtitle));
        all.push((format!("queue {l}"), lane.queue.area));
        for (i, (&station, &note)) in lane.stations.iter().zip(&lane.notes).enumerate() {
            all.push((format!("station {l}.{i}"), station));
            all.push((format!("note {l}.{i}"), note));
        }
    }
    for (t, topic) in layout.topics.iter().enumerate() {
        all.push((format!("topic {t}"), topic.title));
        for (r, row) in topic.rows.iter().enumerate() {
            all.push((format!("gutter {t}.{r}"), row.gutter));
            all.push((format!("strip {t}.{r}"), row.strip));
        }
    }
    all.push(("lag".into(), layout.lag));
    all.push(("legend".into(), layout.legend));
    all.extend(layout.more.map(|at| ("more".into(), at)));
    all.extend(
        layout
            .unfinished
            .map(|chart| ("unfinished".into(), chart.area)),
    );
    all.extend(layout.answers.map(|chart| ("answers".into(), chart.area)));
    all.extend(layout.footer.map(|at| ("footer".into(), at)));
    all
}

fn check(width: f32, height: f32, topology: &Topology) -> Layout {
    let layout = Layout::new(width, height, topology);
    let whole = Rect::new(0.0, 0.0, layout.width, layout.height);
    let places = places(&layout);
    for (i, (name, at)) in places.iter().enumerate() {
        assert!(
            at.w > 0.0 && at.h > 0.0,
            "{name} is empty at {width}×{height}: {at:?}"
        );
        assert!(
            whole.holds(*at),
            "{name} is clipped at {width}×{height}: {at:?} in {whole:?}"
        );
        for (other, there) in &places[..i] {
            assert!(
                !at.grown(-0.01).overlaps(*there),
                "{name} {at:?} lies on {other} {there:?} at {width}×{height}, {topology:?}"
            );
        }
    }
    for chart in [layout.unfinished, layout.answers].into_iter().flatten() {
        assert!(
            chart.area.holds(chart.plot) && chart.plot.h >= 60.0,
            "{chart:?}"
        );
        assert!(!chart.title.overlaps(chart.plot));
    }
    for topic in &layout.topics {
        let shown: usize = topic.rows.iter().map(|row| row.count).sum();
        assert!(
            topology.topics.contains(&shown),
            "every partition is in one row"
        );
        assert!(topic.cells >= 2);
    }
    layout
}

#[test]
fn nothing_overlaps_or_is_clipped_at_the_sizes_we_promise() {
    for (width, height) in [
        (940.0, 676.0),
        (1280.0, 676.0),
        (1580.0, 956.0),
        (1920.0, 1000.0),
        (768.0, 900.0),
        (390.0, 700.0),
        (390.0, 0.0),
        (320.0, 500.0),
        (640.0, 360.0),
        (800.0, 450.0),
        (600.0, 0.0),
    ] {
        for topics in [
            &[6, 6, 6][..],
            &[6, 6, 6, 1],
            &[7, 6, 6, 1, 3],
            &[1, 1, 1],
            &[64, 12, 3],
            &[16, 16, 16, 2, 2, 2, 2, 2, 2, 2, 2, 2],
            &[6],
            &[],
        ] {
            check(width, height, &topology(topics));
        }
    }
}

#[test]
fn the_desktop_fills_its_window_exactly_and_a_small_embed_has_no_charts() {
    let desk = check(940.0, 676.0, &topology(&[6, 6, 6, 1]));
    assert_eq!(desk.height, 676.0);
    assert!(desk.unfinished.is_some());
    let embed = check(640.0, 360.0, &topology(&[6, 6, 6]));
    assert_eq!(embed.height, 360.0);
    assert!(embed.unfinished.is_none());
}

#[test]
fn many_partitions_become_bars_that_stand_for_several() {
    let six = check(940.0, 676.0, &topology(&[6, 6, 6]));
    assert!(!six.topics[0].shares_rows());
    let many = check(940.0, 676.0, &topology(&[64, 6, 6]));
    assert!(many.topics[0].shares_rows());
    assert_eq!(many.topics[0].row_of(63), many.topics[0].rows.last());
}

proptest! {
    #[test]
    fn nothing_overlaps_or_is_clipped(
        width in 280.0f32..2600.0,
        height in 0.0f32..1600.0,
        topics in proptest::collection::vec(1usize..65, 0..14),
        stations in 2usize..5,
    ) {
        let mut topology = topology(&topics);
        topology.stations = [stations; 2];
        check(width, height, &topology);
    }
}
