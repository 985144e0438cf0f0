//! `millrace intent`, as a script would call it.

use millrace::clickstream::features::Features;
use millrace::clickstream::intent::Kind;
use millrace::clickstream::shoppers::{Crowd, Shoppers};
use millrace_tests::headless::{Scratch, ok, refused};
use millrace_tests::millrace;
use serde_json::Value;
use std::fmt::Write;

/// Clicks of a crowd as a file, in the order in which they arrive.
fn shoppers(scratch: &Scratch, buying: f64, clicks: usize) -> String {
    let crowd = Crowd {
        users: 400,
        buying,
        ..Crowd::default()
    };
    let mut clicks: Vec<_> = Shoppers::new(23, crowd, 0).take(clicks).collect();
    clicks.sort_by_key(|click| click.arrives_ms);
    let mut text = String::from("user,ts_ms,event\n");
    for click in clicks {
        let (user, at, symbol) = (click.user, click.at_ms, click.symbol);
        writeln!(text, "u{user},{at},{symbol}").expect("text takes it");
    }
    scratch.write("shoppers.csv", text)
}

fn asked(file: &str, args: &[&str]) -> Vec<Value> {
    let printed = ok(&[&["intent", file, "--json"], args].concat());
    let lines = printed.lines();
    lines
        .map(|line| serde_json::from_str(line).expect("a line of JSON"))
        .collect()
}

fn number(line: &Value, place: &str) -> f64 {
    let found = line.pointer(place).and_then(Value::as_f64);
    found.unwrap_or_else(|| panic!("no {place} in {line}"))
}

/// Every model is asked, and of whole sessions each says more than chance; those that read what is
/// clicked say more than length alone.
#[test]
fn every_model_tells_made_up_shoppers_that_buy() {
    let scratch = Scratch::new("intent");
    let file = shoppers(&scratch, 0.5, 60_000);
    let auc = |kind: Kind, features: Option<Features>| {
        let mut args = vec!["--model", kind.name()];
        args.extend(
            features
                .map(Features::name)
                .iter()
                .flat_map(|name| ["--features", name]),
        );
        let lines = asked(&file, &args);
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0]["model"], kind.name());
        let named = features.or(kind.reads_features().then_some(Features::Both));
        assert_eq!(lines[0]["features"].as_str(), named.map(Features::name));
        let auc = ["low", "value", "high"].map(|of| number(&lines[0], &format!("/auc/{of}")));
        assert!(
            auc[0] > 0.7 && auc.is_sorted() && auc[2] < 1.0,
            "{kind:?}: {auc:?}"
        );
        auc[1]
    };
    let length = auc(Kind::Length, None);
    for kind in [Kind::Logistic, Kind::Forest, Kind::Lstm] {
        assert!(auc(kind, None) > length + 0.01, "{kind:?} of {length}");
    }
    for features in Features::ALL {
        auc(Kind::Logistic, Some(features));
        auc(Kind::Forest, Some(features));
    }
    auc(Kind::Markov, None);
}

#[test]
fn balanced_leaves_out_what_is_too_much() {
    let scratch = Scratch::new("intent-balanced");
    let file = shoppers(&scratch, 0.1, 30_000);
    let all = &asked(&file, &[])[0];
    let half = &asked(&file, &["--balanced"])[0];
    let (sessions, bought) = (number(all, "/sessions"), number(all, "/bought"));
    assert!(
        bought > 50.0 && bought < sessions / 5.0,
        "{bought} of {sessions}"
    );
    assert!((number(all, "/buying") - bought / sessions).abs() < 1e-9);
    assert_eq!(number(half, "/bought"), bought, "all that buy stay");
    assert_eq!(number(half, "/sessions"), 2.0 * bought);
    assert_eq!(number(half, "/buying"), 0.5);
    assert_eq!(half["confusion"].as_array().map(Vec::len), Some(4));
    // Mostly no where few buy; where half do, about as often yes as no.
    let yes = |line: &Value| number(line, "/confusion/0") + number(line, "/confusion/1");
    assert!(yes(all) < 0.2 * sessions && yes(half) > 0.25 * 2.0 * bought);
}

#[test]
fn early_answers_are_given_to_the_same_sessions_and_get_better() {
    let scratch = Scratch::new("intent-early");
    let file = shoppers(&scratch, 0.5, 60_000);
    let lines = asked(&file, &["--model", "lstm", "--early", "1..20"]);
    assert_eq!(lines.len(), 20);
    for (line, clicks) in lines.iter().zip(1..) {
        assert_eq!(number(line, "/clicks"), f64::from(clicks));
        assert_eq!(line["sessions"], lines[0]["sessions"]);
    }
    assert!(number(&lines[19], "/auc/low") > number(&lines[2], "/auc/high"));
    let alone = asked(&file, &["--model", "lstm", "--early", "20"]);
    assert_eq!(alone, lines[19..]);
    // Length alone says nothing then.
    let length = asked(&file, &["--model", "length", "--early", "20"]);
    assert_eq!(number(&length[0], "/auc/value"), 0.5);
    let table = ok(&["intent", &file, "--early", "5..7"]);
    let rows = table.lines().filter(|line| line.contains('–'));
    assert_eq!(rows.count(), 3, "{table}");
}

#[test]
fn people_get_tables() {
    let scratch = Scratch::new("intent-table");
    let file = shoppers(&scratch, 0.3, 20_000);
    let text = ok(&["intent", &file, "--model", "forest"]);
    for words in [
        "forest on both: ",
        " buy",
        "accuracy",
        "AUC",
        "did not",
        "probability given",
    ] {
        assert!(text.contains(words), "no {words} in {text}");
    }
}

#[test]
fn what_cannot_be_asked_is_said() {
    let scratch = Scratch::new("intent-refused");
    let rows = |name: &str, rows: &str| scratch.write(name, format!("user,ts_ms,event\n{rows}"));
    let fails = |file: &str, args: &[&str], words: &str| {
        let ran = millrace(&[&["intent", file], args].concat());
        assert_eq!((ran.code, ran.stdout.as_str()), (1, ""));
        assert!(ran.stderr.contains(words), "{}", ran.stderr);
    };
    fails(
        &rows("empty.csv", ""),
        &[],
        "there is no session to ask about",
    );
    let looks = rows("looks.csv", "a,0,view\nb,5,detail\n");
    fails(&looks, &[], "none of the 2 sessions buys");
    let buys = rows("buys.csv", "a,0,view\na,5,purchase\n");
    fails(&buys, &["--balanced"], "all 1 sessions buy");
    // A session that begins with its purchase is nobody's question.
    fails(
        &rows("at-once.csv", "a,0,purchase\na,1,view\n"),
        &[],
        "there is no session",
    );
    let both = rows(
        "both.csv",
        "a,0,view\na,5,purchase\nb,0,view\nc,0,purchase\nd,0,nonsense\n",
    );
    fails(
        &both,
        &["--early", "2"],
        "with 2 clicks or more before a purchase",
    );
    let ran = millrace(&["intent", &both]);
    assert_eq!(ran.code, 0);
    assert!(ran.stderr.contains("both.csv:6: "), "{}", ran.stderr);
    assert!(
        ran.stdout.contains("1 more begin with a purchase"),
        "{}",
        ran.stdout
    );
    refused(
        &["intent", &both, "--model", "lstm", "--features", "hvg"],
        &["lstm reads no features"],
    );
    refused(
        &["intent", &both, "--model", "oracle"],
        &["length, markov, logistic"],
    );
    refused(
        &["intent", &both, "--features", "all"],
        &["kgram, hvg, both"],
    );
    for early in ["0", "21", "7..5", "1..", "x"] {
        refused(&["intent", &both, "--early", early], &["from 1 to 20"]);
    }
    refused(&["intent", "no-such-file.csv"], &["no-such-file.csv"]);
}
