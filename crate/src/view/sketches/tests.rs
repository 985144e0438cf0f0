use super::*;

fn played(kind: Kind, stream: Stream, at: u32) -> Bench {
    let setup = Setup {
        at,
        ..Setup::of(kind, stream)
    };
    Bench::new(setup, None)
}

fn row(table: &crate::view::panel::Table, n: usize) -> Vec<&str> {
    table.rows[n].iter().map(String::as_str).collect()
}

/// The cells of the sketch as the notes print them.
fn grid(bench: &Bench) -> Vec<String> {
    let texts = |row: &Row| {
        row.cells
            .iter()
            .map(|cell| cell.text.as_str())
            .collect::<String>()
    };
    Picture::of(bench).rows.iter().map(texts).collect()
}

#[test]
fn the_bloom_example_is_that_of_the_notes() {
    let mut bench = played(Kind::Bloom, Stream::Notes, 0);
    assert_eq!(grid(&bench), ["000000000000"]);
    assert!(asked(&bench, None).is_none());
    bench.go(1);
    assert_eq!(grid(&bench), ["010010000010"], "bits 2, 5 and 11");
    assert!(asked(&bench, Some(1)).is_some_and(|asked| asked.outcome.is_none()));
    bench.go(2);
    assert_eq!(
        row(&answers(&bench), 0),
        ["x was put in", "maybe", "yes", "no is certain"]
    );
    bench.go(3);
    assert_eq!(
        row(&answers(&bench), 0),
        ["y was put in", "no", "no", "no is certain"]
    );
    let outcome = asked(&bench, None).and_then(|asked| asked.outcome);
    assert_eq!(
        outcome,
        Some((1, "Bit 6 is 0, and x would have had to set it.".to_owned()))
    );
    assert!(bench.at_end());
}

#[test]
fn the_count_min_example_is_that_of_the_notes() {
    let mut bench = played(Kind::CountMin, Stream::Notes, 1);
    assert_eq!(
        grid(&bench),
        [
            "010000000000",
            "000010000000",
            "000000000010",
            "000100000000"
        ]
    );
    bench.go(2);
    assert_eq!(
        grid(&bench),
        [
            "020000000000",
            "000020000000",
            "000000000020",
            "000200000000"
        ]
    );
    bench.go(3);
    let all = [
        "020001000000",
        "000030000000",
        "000000000021",
        "010200000000",
    ];
    assert_eq!(grid(&bench), all);
    bench.go(4);
    assert_eq!(row(&answers(&bench), 0)[..3], ["x came", "2", "2"]);
    bench.go(5);
    assert_eq!(row(&answers(&bench), 0)[..3], ["y came", "1", "1"]);
    assert_eq!(grid(&bench), all, "to ask changes nothing");
    let outcome = asked(&bench, None).and_then(|asked| asked.outcome);
    assert_eq!(outcome.map(|(right, _)| right), Some(0));
}

#[test]
fn reservoirs_keep_what_the_notes_say_they_keep() {
    let bench = played(Kind::Reservoir, Stream::Notes, 11);
    assert!(explain(&bench).now.plain().contains("probability 10/11"));
    let outcome = asked(&bench, None).and_then(|asked| asked.outcome);
    assert_eq!(outcome.map(|(right, _)| right), Some(2));
    let proof = played(Kind::Reservoir, Stream::Proof, 5);
    assert_eq!(proof.setup().sizes[0], 4);
    assert!(
        how(&proof)
            .iter()
            .any(|step| step.contains("is 4/5 = 80.0 %")),
        "{:?}",
        how(&proof)
    );
    for (_, share) in (0..)
        .zip(proof.fairness())
        .map(|(n, share): (u32, f64)| (n, share))
    {
        assert!((share - 0.8).abs() < 0.12, "{share}");
    }
}

#[test]
fn one_register_is_fooled_by_one_item_and_hyperloglog_by_one_register() {
    let bench = played(Kind::Register, Stream::Adversary, 1);
    let says: f64 = row(&answers(&bench), 0)[1].parse().expect("a number");
    assert!(says >= 65_536.0, "{says}");
    let bench = played(Kind::Hll, Stream::Adversary, u32::MAX);
    let said = answers(&bench);
    let says: f64 = row(&said, 0)[1].parse().expect("a number");
    assert!(
        says < 4.0,
        "of {} different items: {says}",
        row(&said, 0)[2]
    );
}

#[test]
fn who_knows_the_hash_breaks_the_bound_of_bloom_and_count_min() {
    let bench = played(Kind::Bloom, Stream::Adversary, u32::MAX);
    let last = bench.curve().last().expect("a chart");
    assert!(last.estimate > 1.5 * last.exact, "{last:?}");
    let bench = played(Kind::CountMin, Stream::Adversary, u32::MAX);
    let last = bench.curve().last().expect("a chart");
    assert!(last.estimate > last.band.1, "{last:?}");
    // The sender who comes last gets no more of a reservoir than its share.
    let bench = played(Kind::Reservoir, Stream::Adversary, u32::MAX);
    for share in bench.fairness() {
        assert!((share - 0.05).abs() < 0.02, "{share}");
    }
}

#[test]
fn estimates_stay_within_the_band_where_nobody_means_ill() {
    for stream in [
        Stream::Visitors,
        Stream::Skewed,
        Stream::Distinct,
        Stream::Same,
    ] {
        for kind in [Kind::Hll, Kind::CountMin] {
            for seed in 1..20 {
                let setup = Setup {
                    seed,
                    at: u32::MAX,
                    ..Setup::of(kind, stream)
                };
                let bench = Bench::new(setup, None);
                let last = bench.curve().last().expect("a chart");
                let over = (last.band.1 - last.exact).max(2.0);
                assert!(
                    (last.estimate - last.exact).abs() <= 2.0 * over,
                    "{kind:?} {stream:?} {seed}: {last:?}"
                );
            }
        }
    }
}

#[test]
fn going_back_is_as_if_one_had_never_gone_further() {
    for kind in Kind::ALL {
        for &stream in kind.streams() {
            let own = Own {
                name: "a.csv".to_owned(),
                keys: (0..90).map(|n| format!("k{}", n * n % 31)).collect(),
                bad: 2,
            };
            let setup = Setup {
                variant: true,
                ..Setup::of(kind, stream)
            };
            let mut bench = Bench::new(setup.clone(), Some(&own));
            bench.go(u32::MAX);
            assert!(bench.at_end() && !bench.is_empty());
            bench.go(7);
            assert_eq!(
                bench,
                Bench::new(Setup { at: 7, ..setup }, Some(&own)),
                "{kind:?} {stream:?}"
            );
        }
    }
}

#[test]
fn everything_is_told_in_every_state() {
    for kind in Kind::ALL {
        for &stream in kind.streams() {
            for variant in [false, true] {
                let setup = Setup {
                    variant,
                    ..Setup::of(kind, stream)
                };
                let mut bench = Bench::new(setup, None);
                for at in [0, 1, 2, 3, 12, 40, u32::MAX] {
                    bench.go(at);
                    for name in ["", "nobody", "7", "#3", "y"] {
                        bench.ask_for(name);
                        let words = [
                            explain(&bench).now.plain(),
                            how(&bench).join(" "),
                            title(&bench),
                        ];
                        for words in &words {
                            assert!(
                                !words.is_empty()
                                    && !words.contains("NaN")
                                    && !words.contains("inf"),
                                "{words}"
                            );
                        }
                        for table in tables(&bench).into_iter().chain([answers(&bench)]) {
                            let cells = table.rows.iter().flatten();
                            assert!(
                                cells
                                    .clone()
                                    .all(|cell| !cell.contains("NaN") && !cell.contains("inf")),
                                "{table:?}"
                            );
                            assert!(table.rows.iter().all(|row| row.len() == table.heads.len()));
                        }
                        assert!(
                            Picture::of(&bench)
                                .rows
                                .iter()
                                .all(|row| !row.cells.is_empty())
                        );
                    }
                }
            }
        }
    }
}

#[test]
fn what_a_link_asks_for_is_held_within_what_there_is() {
    let wild = Setup {
        kind: Kind::Hll,
        stream: Stream::Proof,
        items: u32::MAX,
        sizes: [u32::MAX, u32::MAX],
        variant: true,
        seed: u64::MAX,
        at: u32::MAX,
        item: Some(u64::MAX),
    };
    for kind in Kind::ALL {
        let bench = Bench::new(
            Setup {
                kind,
                ..wild.clone()
            },
            None,
        );
        assert!(bench.len() as usize <= MOST_STEPS && bench.at_end());
        let bench = Bench::new(
            Setup {
                kind,
                sizes: [0, 0],
                items: 0,
                ..wild.clone()
            },
            None,
        );
        assert!(bench.at_end());
        let again: Setup =
            serde_json::from_slice(&serde_json::to_vec(bench.setup()).expect("JSON"))
                .expect("a setup");
        assert_eq!(&again, bench.setup());
    }
}
