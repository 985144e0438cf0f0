//! The hunt: without a mistake every promise holds, and every mistake is caught.
//!
//! `MILLRACE_SEEDS=20000 cargo test --release -p millrace-tests --test hunt nothing_breaks` plays more.

use millrace::cluster::Flaw;
use millrace::link::Link;
use millrace::scenario;
use millrace::sim::Promise;
use millrace::sim::faults::Intensity;
use millrace::sim::{Command, Hunt, Prey, Search, Timeline};
use millrace::time::{Span, Time};
use millrace::view::cluster::hunt as view;

fn hunt(faults: Intensity, flaw: Option<Flaw>) -> Hunt {
    let scene = scenario::by_name("hunt").expect("the scene is there");
    Hunt::new(scene, faults, flaw)
}

fn tried(hunt: &Hunt, seed: u64) -> Option<Prey> {
    hunt.try_seed(seed).expect("the scene holds together")
}

/// A number that the person may set.
fn number(name: &str, usual: u64) -> u64 {
    let asked = std::env::var(name).ok();
    asked.and_then(|n| n.parse().ok()).unwrap_or(usual)
}

#[test]
fn nothing_breaks_without_a_mistake() {
    let began = std::time::Instant::now();
    let count = number("MILLRACE_SEEDS", 500);
    std::thread::scope(|scope| {
        for half in 0..2 {
            scope.spawn(move || {
                for seed in (0..count).filter(|seed| seed % 2 == half) {
                    let faults = [Intensity::Low, Intensity::Medium, Intensity::High];
                    let hunt = hunt(faults[(seed % 3) as usize], None);
                    if let Some(prey) = tried(&hunt, seed) {
                        let prey = hunt.shrink(prey).expect("the scene holds together");
                        panic!("seed {seed}: {:?}\n{:#?}", prey.breach, prey.commands);
                    }
                }
            });
        }
    });
    let per_s = count as f64 / began.elapsed().as_secs_f64();
    println!("{count} seeds, {per_s:.0} a second");
}

/// Seed 11,546 killed a producer whose batches waited for a stalled replica; the answers reached its
/// next process, which took them for answers to its own and was told offsets of others' records.
#[test]
fn a_new_process_is_not_told_what_the_old_one_asked() {
    let script = [
        r#"{"at_us":419043,"stop":{"node":"controller-1","how":"crashed"}}"#,
        r#"{"at_us":1484201,"fill_disk":{"node":"broker-3"}}"#,
        r#"{"at_us":6143609,"cut":{"a":"controller-1","b":"broker-1"}}"#,
        r#"{"at_us":6163393,"cut":{"a":"controller-2","b":"broker-2"}}"#,
        r#"{"at_us":7153268,"stop":{"node":"producer-2","how":"killed"}}"#,
        r#"{"at_us":7657791,"start":{"node":"producer-2"}}"#,
    ];
    let scene = scenario::by_name("hunt").expect("the scene is there");
    let mut timeline = Timeline::new(scene, 11_546).expect("the scene holds together");
    timeline.script(
        script
            .map(|line| serde_json::from_str(line).expect("a command"))
            .to_vec(),
    );
    timeline.run_until(Time::ZERO + Span::secs(11), u64::MAX);
    assert_eq!(timeline.commands_done(), script.len());
    let promises = &timeline.moment().promises;
    assert_eq!(promises.breaches(Promise::AcknowledgedReadable), 0);
}

/// Each mistake, and how many seeds it took; `MILLRACE_STARTS=5` begins in five places, so that there
/// is a median.
#[test]
fn every_mistake_is_caught() {
    let mut missed = Vec::new();
    let starts = number("MILLRACE_STARTS", 1);
    for flaw in Flaw::ALL {
        let hunt = hunt(Intensity::High, Some(flaw));
        let mut took: Vec<u64> = (0..starts)
            .filter_map(|n| {
                let from = n * 10_000;
                (from..from + 2_000)
                    .find(|&seed| tried(&hunt, seed).is_some())
                    .map(|seed| seed - from + 1)
            })
            .collect();
        took.sort_unstable();
        println!("{}: {took:?}", flaw.name());
        if (took.len() as u64) < starts {
            missed.push(flaw.name());
        }
    }
    assert!(
        missed.is_empty(),
        "not caught within 2,000 seeds: {missed:?}"
    );
}

/// What is left of a script breaks the promise, and without any one command it holds.
#[test]
fn a_failure_is_shrunk_to_what_it_takes() {
    let hunt = hunt(Intensity::High, Some(Flaw::AckBeforeReplication));
    let prey = (0..2_000).find_map(|seed| tried(&hunt, seed));
    let prey = prey.expect("it is caught");
    let all = prey.commands.len();
    let again = tried(&hunt, prey.seed).expect("the same seed, the same failure");
    assert_eq!(again.breach, prey.breach);
    let least = hunt.shrink(prey).expect("the scene holds together");
    assert!(
        least.commands.len() < all,
        "{} of {all}",
        least.commands.len()
    );
    let first = &least.commands[0].command;
    assert!(matches!(first, Command::SetFlaw { .. }), "{first:?}");
}

/// Slice by slice it finds the same, and shrinks it to the same.
#[test]
fn slices_find_what_one_call_finds() {
    let hunt = hunt(Intensity::High, Some(Flaw::KeepDivergentRecords));
    let first = (0..2_000).find_map(|seed| tried(&hunt, seed));
    let first = first.expect("it is caught");
    let mut search = Search::new(hunt.clone(), 0..2_000);
    assert_eq!(
        view::progress(&search),
        "0 of 2,000 seeds, nothing broken so far."
    );
    while search.prey().is_none() {
        search.slice().expect("the scene holds together");
    }
    assert_eq!(search.tried(), first.seed + 1);
    assert!(!search.done());
    while !search.done() {
        search.slice().expect("the scene holds together");
    }
    let least = hunt.shrink(first).expect("the scene holds together");
    assert_eq!(search.prey(), Some((&least, true)));
    let verdict = view::verdict(&search).expect("something broke");
    let few = least.commands.len() - 1;
    assert!(verdict.contains(least.breach.promise.text()), "{verdict}");
    assert!(
        few == 1 || verdict.contains(&format!("these {few} steps")),
        "{verdict}"
    );
    let steps = view::steps(&search).expect("something broke").rows;
    assert_eq!(steps.len(), least.commands.len());
    assert_eq!(steps[0][1], "mistake: keep-divergent-records");

    // After the last seed there is none.
    for seeds in [u64::MAX - 2..u64::MAX, 7..7] {
        let mut last = Search::new(self::hunt(Intensity::Low, None), seeds.clone());
        while !last.done() {
            last.slice().expect("the scene holds together");
        }
        last.slice().expect("nothing more happens");
        assert_eq!((last.tried(), last.prey()), (seeds.end - seeds.start, None));
        let told = view::progress(&last);
        assert!(told.ends_with("nothing broken."), "{told}");
    }
}

/// The command line: what it prints, how it ends, and a link that opens the very failure.
#[test]
fn the_command_line_hunts() {
    let run = |args: &[&str]| {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let args = [&["millrace", "hunt"], args].concat();
        let code = millrace::cli::run(args, &mut std::io::empty(), &mut out, &mut err);
        let text = |bytes| String::from_utf8(bytes).expect("text");
        (code, text(out), text(err))
    };
    let (code, out, _) = run(&["--seeds", "4", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!((code, &report["seeds"]), (0, &4.into()));
    assert!(report["broken"].is_null());

    let flaw = ["--seeds", "50", "--flaw", "ack-before-replication"];
    let (code, out, _) = run(&[&flaw[..], &["--json"]].concat());
    let report: serde_json::Value = serde_json::from_str(&out).expect("JSON");
    assert_eq!(code, 1);
    let broken = &report["broken"];
    let link = Link::open(broken["link"].as_str().expect("a link"));
    assert_eq!(link.complaints, Vec::<String>::new());
    let link = link.link.expect("it opens");
    assert_eq!(broken["seed"], link.seed);
    assert_eq!(
        broken["commands"],
        serde_json::to_value(&link.commands).expect("plain")
    );
    let scene = scenario::by_name(&link.scenario).expect("its scene is there");
    let mut timeline = Timeline::new(scene, link.seed).expect("it starts");
    timeline.script(link.commands.clone());
    timeline.run_until(link.at_us, u64::MAX);
    let breach = timeline.moment().promises.broken().expect("it broke");
    assert_eq!(broken["promise"], breach.promise.name());
    let shows = breach.witness.partition().expect("a partition shows it");
    assert_eq!(link.partition.unwrap_or(0), shows.partition);

    let (code, out, _) = run(&flaw);
    assert!(code == 1 && out.contains("#v1."), "{out}");
    let (code, _, err) = run(&["--flaw", "no-such-thing"]);
    assert!(code == 2 && err.contains("join-isr-too-soon"), "{err}");
}
