use super::*;
use crate::protocol::Service;
use crate::sim::Command;
use proptest::prelude::*;

fn sample() -> Link {
    Link {
        engine: ENGINE.into(),
        scenario: "orders".into(),
        seed: u64::MAX,
        commands: vec![Acted {
            at_us: Time(12_400_000),
            instant: Some(9_001),
            command: Command::SetWork {
                service: Service::Payment,
                mean_us: 900_000,
            },
        }],
        instant: Some(20_000),
        at_us: Time(32_000_000),
        tab: "topic".into(),
        topic: "orders".into(),
        partition: Some(2),
        record: Some(17),
        order: Some(OrderId(813)),
        hash: Some(hex(7)),
        answers: Map::from([("where-lost".to_owned(), 2)]),
        beside: Some(Beside {
            commands: vec![Acted {
                at_us: Time(12_400_000),
                instant: None,
                command: Command::Heal,
            }],
            first: true,
        }),
        ..Link::default()
    }
}

fn fragment_of(json: &str) -> String {
    let packed = miniz_oxide::deflate::compress_to_vec(json.as_bytes(), 6);
    format!("#v1.{}", URL_SAFE_NO_PAD.encode(packed))
}

#[test]
fn a_link_comes_back_as_it_was() {
    let text = sample().encode().unwrap();
    assert!(text.len() < 400, "{} characters", text.len());
    for text in [text.clone(), format!("#{text}"), format!("#{text}==\n")] {
        let opened = Link::open(&text);
        assert_eq!(opened.complaints, Vec::<String>::new());
        assert_eq!(opened.link, Some(sample()));
    }
    assert_eq!(Link::open("#"), Opened::default());
}

#[test]
fn a_bad_link_gets_a_sentence() {
    let whole = sample().encode().unwrap();
    let cut = &whole[..whole.len() / 2];
    for (text, says) in [
        ("#hello", "not a Millrace link"),
        ("#v2.abc", "newer kind"),
        ("#v", "not a Millrace link"),
        ("#vé", "not a Millrace link"),
        ("#v1.%%%", "damaged"),
        ("#v1.", "damaged"),
        (cut, "damaged"),
        (&format!("#v1.{}", "A".repeat(9_000)), "too long"),
        (&fragment_of("[1]"), "not a state"),
        (&fragment_of("{"), "not a state"),
    ] {
        let opened = Link::open(text);
        assert_eq!(opened.link, None, "{text}");
        assert!(opened.complaints[0].contains(says), "{text}: {opened:?}");
    }
}

#[test]
fn a_bomb_is_not_inflated() {
    let bomb = fragment_of(&" ".repeat(MAX_JSON + 1));
    assert!(bomb.len() < MAX_FRAGMENT);
    assert!(Link::open(&bomb).complaints[0].contains("damaged"));
}

#[test]
fn one_bad_member_spoils_nothing_else() {
    let opened = Link::open(&fragment_of(
        r#"{"scenario":"orders","seed":-1,"at_us":5000000,"unheard":1,"beside":7,"commands":[
            {"at_us":1,"set_rate":{"per_s":20}},
            {"at_us":2,"set_rate":{"per_s":"many"}},
            {"at_us":3,"heal":null}]}"#,
    ));
    let link = opened.link.unwrap();
    assert_eq!((link.seed, link.at_us), (0, Time(5_000_000)));
    assert_eq!(link.commands.len(), 1);
    assert_eq!(opened.complaints.len(), 3, "{:?}", opened.complaints);
    assert!(opened.complaints[1].contains("Command 2 of 3"));
}

#[test]
fn what_no_page_would_do_is_kept_within_bounds() {
    let opened = Link::open(&fragment_of(
        r#"{"at_us":18446744073709551615,"instant":5,"file":{"speed":-3},"commands":[
            {"at_us":9,"heal":null},{"at_us":4,"heal":null},
            {"at_us":18446744073709551615,"heal":null}]}"#,
    ));
    let link = opened.link.unwrap();
    assert_eq!((link.at_us, link.instant), (LATEST, None));
    assert_eq!(link.file.unwrap().speed, 1.0);
    let times: Vec<u64> = link.commands.iter().map(|c| c.at_us.0).collect();
    assert_eq!(times, [4, 9]);
    assert_eq!(opened.complaints.len(), 3);
}

#[test]
fn a_run_too_long_for_a_link_says_so() {
    let mut link = sample();
    let mut at = 1u64;
    link.commands = std::iter::repeat_with(|| {
        at = at.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        Acted {
            at_us: Time(at >> 33),
            instant: Some(at >> 20),
            command: Command::Heal,
        }
    })
    .take(600)
    .collect();
    assert!(matches!(link.encode(), Err(TooLong::Fragment(_))));
    link.commands = std::iter::repeat_n(link.commands[0].clone(), 4_000).collect();
    assert!(matches!(link.encode(), Err(TooLong::Json(_))));
}

#[test]
fn another_engine_with_another_hash_is_told() {
    let mut link = sample();
    assert_eq!(link.differs(7), None);
    assert!(link.differs(8).unwrap().contains("bug in Millrace"));
    link.engine = "0.0.1".into();
    assert_eq!(link.differs(7), None);
    assert!(link.differs(8).unwrap().contains("made by Millrace 0.0.1"));
    link.hash = None;
    assert_eq!(link.differs(8), None);
}

/// Opening must end in words or in a link that can be made again; and never in a panic.
fn opens_well(text: &str) {
    let opened = Link::open(text);
    assert!(opened.link.is_some() || !opened.complaints.is_empty() || text.len() < 2);
    if let Some(link) = opened.link {
        assert!(link.at_us <= LATEST);
        if let Ok(again) = link.encode() {
            let opened = Link::open(&again);
            assert_eq!(opened.complaints, Vec::<String>::new());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn fuzz_link_random_text(text in "\\PC{0,200}") {
        opens_well(&text);
        opens_well(&format!("#v1.{text}"));
    }

    #[test]
    fn fuzz_link_random_bytes(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        opens_well(&format!("#v1.{}", URL_SAFE_NO_PAD.encode(&bytes)));
        let packed = miniz_oxide::deflate::compress_to_vec(&bytes, 1);
        opens_well(&format!("#v1.{}", URL_SAFE_NO_PAD.encode(packed)));
    }

    #[test]
    fn fuzz_link_mutated_fragment(at in any::<prop::sample::Index>(), with in any::<char>()) {
        let mut text: Vec<char> = sample().encode().unwrap().chars().collect();
        let at = at.index(text.len());
        text[at] = with;
        opens_well(&text.into_iter().collect::<String>());
    }

    #[test]
    fn fuzz_link_mutated_json(
        edits in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6),
    ) {
        let mut json = serde_json::to_vec(&sample()).unwrap();
        for (at, with) in edits {
            let at = at.index(json.len());
            json[at] = with;
        }
        let packed = miniz_oxide::deflate::compress_to_vec(&json, 1);
        opens_well(&format!("#v1.{}", URL_SAFE_NO_PAD.encode(packed)));
    }

    #[test]
    fn fuzz_link_any_numbers(
        seed in any::<u64>(), at_us in any::<u64>(), instant in any::<Option<u64>>(),
        order in any::<Option<u32>>(), tab in "\\PC{0,20}", times in prop::collection::vec(any::<u64>(), 0..20),
    ) {
        let link = Link {
            seed, at_us: Time(at_us), instant, tab, order: order.map(OrderId),
            commands: times.into_iter()
                .map(|t| Acted { at_us: Time(t), instant, command: Command::Heal }).collect(),
            ..Link::default()
        };
        if let Ok(text) = link.encode() {
            opens_well(&text);
            prop_assert_eq!(Link::open(&text).link.unwrap().seed, seed);
        }
    }
}

/// 5,000 in the test run; `cargo xtask fuzz` asks for more through proptest's own variable.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES")
        .ok()
        .and_then(|n| n.parse().ok())
        .unwrap_or(5_000)
}
