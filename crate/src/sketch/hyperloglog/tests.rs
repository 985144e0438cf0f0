use super::*;

fn filled(p: u8, items: std::ops::Range<u64>) -> HyperLogLog {
    let mut sketch = HyperLogLog::new(p).expect("a precision there is");
    for item in items {
        sketch.add(item);
    }
    sketch
}

#[test]
fn an_empty_sketch_counts_none_and_one_item_is_one() {
    for p in PRECISIONS {
        let empty = filled(p, 0..0);
        assert_eq!(empty.estimate(), 0.0);
        assert_eq!(empty.estimate_2007(), 0.0);
        assert_eq!(empty.estimate_plus_plus(), 0.0);
        let one = filled(p, 0..1);
        for estimate in [
            one.estimate(),
            one.estimate_2007(),
            one.estimate_plus_plus(),
        ] {
            assert!((0.99..1.04).contains(&estimate), "p = {p}: {estimate}");
        }
    }
}

#[test]
fn an_item_seen_again_changes_nothing() {
    let mut sketch = filled(10, 0..500);
    let before = sketch.clone();
    assert!((0..500).all(|item| !sketch.add(item)));
    assert_eq!(sketch, before);
}

#[test]
fn registers_that_are_full_still_give_a_number() {
    for p in PRECISIONS {
        let mut sketch = filled(p, 0..0);
        sketch.registers.fill(65 - p);
        assert!(sketch.estimate() > 1e18 || sketch.estimate().is_infinite());
        assert!(sketch.estimate_2007().is_finite() && sketch.estimate_2007() > 1e18);
        assert!(sketch.estimate_plus_plus() > 1e18);
    }
}

#[test]
fn the_greatest_rank_is_that_of_a_hash_without_ones() {
    // mix is a bijection: some item has any hash, found by undoing it.
    let undo = |hash: u64| {
        let mut z = hash;
        z = (z ^ (z >> 31) ^ (z >> 62)).wrapping_mul(0x3196_42b2_d24d_8ec3);
        z = (z ^ (z >> 27) ^ (z >> 54)).wrapping_mul(0x96de_1b17_3f11_9089);
        z = z ^ (z >> 30) ^ (z >> 60);
        z.wrapping_sub(0x9e37_79b9_7f4a_7c15)
    };
    for p in PRECISIONS {
        let sketch = filled(p, 0..0);
        assert_eq!(sketch.place(undo(0b11)), (3, 65 - p));
        assert_eq!(sketch.place(undo(1 << p)), (0, 64 - p));
        assert_eq!(sketch.place(undo(u64::MAX)), ((1 << p) - 1, 1));
    }
    assert_eq!(SingleRegister::zeros(undo(0)), 64);
    let mut one = SingleRegister::default();
    assert!(one.add(undo(0)));
    assert_eq!(one.estimate(), 18_446_744_073_709_551_616.0);
}

#[test]
fn the_points_of_the_bias_are_in_order_and_end_where_it_no_longer_matters() {
    for (points, p) in BIAS.iter().zip(PRECISIONS) {
        assert!(points.len() >= 79);
        assert!(points.is_sorted_by(|a, b| a.0 < b.0));
        let &(n, bias) = points.last().expect("points");
        let raw = f64::from(n) + f64::from(bias) / 10_000.0;
        assert!(
            (4.8..5.1).contains(&(raw / f64::from(1_u32 << p))),
            "{p}: {raw}"
        );
    }
}

#[test]
fn no_precision_but_those_there_are() {
    for p in [0, 3, 19, 64, 255] {
        let error = HyperLogLog::new(p).expect_err("there is none").to_string();
        assert!(error.contains("from 4 to 18"), "{error}");
    }
    assert_eq!(
        filled(4, 0..1).merge(&filled(5, 0..1)),
        Err(SketchError::Unlike)
    );
}
